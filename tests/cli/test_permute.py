"""crossmap permute."""

import json

import numpy as np
import pandas as pd
import pytest
from genotyped import awkward_cross

from crossmap import conditional_peaks, find_peaks, permute_scan1, read_cross
from crossmap.io.rqtl2 import write_rqtl2


def test_the_folder_holds_what_python_returns(cli, small, tmp_path):
    out = tmp_path / "out"
    done = cli(
        "permute", small, "--permutations", "99", "--alpha", "0.1,0.05", "--shared", "--seed", "3",
        "--out", out,
    )  # fmt: skip
    assert done.status == 0
    assert done.err == ""
    chance = permute_scan1(read_cross(small), n_perm=99, alpha=(0.1, 0.05), shared=True, seed=3)
    frame = pd.read_csv(out / "traits.tsv", sep="\t")
    expected = chance.to_frame()
    assert list(frame) == list(expected)
    for name in ("lod", "p_adjusted", "p_beta", "p_pooled"):
        np.testing.assert_allclose(frame[name], expected[name], rtol=1e-14)
    assert len(pd.read_csv(out / "thresholds.tsv", sep="\t")) == 2 * len(frame)
    pooled = pd.read_csv(out / "pooled_thresholds.tsv", sep="\t")
    assert pooled["threshold"].tolist() == ["each trait", "all traits"] * 2
    peaks = find_peaks(read_cross(small), chance=chance, alpha=0.1).to_frame()
    written = pd.read_csv(out / "peaks.tsv", sep="\t")
    assert written["marker"].tolist() == peaks["marker"].tolist()
    assert len(peaks) > 3
    assert (out / "peaks.png").stat().st_size > 1000
    summary = json.loads((out / "summary.json").read_text())
    assert summary["n_perm"] == 99
    called = frame[frame["p_adjusted"] <= 0.05]
    assert summary["levels"][1]["n_significant"] == len(called) > 0
    units = summary["units"]["0.05"]["all"]
    assert (units["n_traits"], units["n_linkages"]) == (len(called), len(called))
    assert units["n_loci"] == len(called[["chr", "pos_bp"]].drop_duplicates())
    assert units["variance"] == pytest.approx(called["r2"].sum())
    manifest = json.loads((out / "manifest.json").read_text())
    assert (manifest["command"], manifest["seed"]) == ("permute", 3)
    assert (out / "beta.png").stat().st_size > 1000
    assert "linked at a genome-wide p of 0.1, where chance" in done.out.replace("\n", " ")


@pytest.mark.usefixtures("unrendered")
def test_same_bytes_for_any_threads(cli, small, tmp_path):
    for threads in ("1", "2"):
        arguments = ("--permutations", "40", "--stop-after", "5", "--threads", threads)
        assert cli("permute", small, *arguments, "--out", tmp_path / threads).status == 0
    for name in ("traits.tsv", "thresholds.tsv", "pooled_thresholds.tsv", "summary.json"):
        one, two = ((tmp_path / t / name).read_bytes() for t in ("1", "2"))
        assert one == two, name


def test_bad_options_are_usage_errors_and_write_nothing(cli, small, tmp_path):
    done = cli("permute", small, "--permutations", "5", "--out", tmp_path / "out")
    assert done.status == 2
    assert "--permutations: expected at least 19 for alpha 0.05, found 5" in done.err
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("unrendered")
def test_further_loci_and_the_layout_of_qtl2(cli, small, tmp_path):
    out = tmp_path / "out"
    done = cli("permute", small, "--permutations", "39", "--loci", "2", "--layout", "qtl2",
               "--out", out)  # fmt: skip
    assert done.status == 0
    table = pd.read_csv(out / "conditional.tsv", sep="\t")
    expected = conditional_peaks(read_cross(small), n_loci=2, n_perm=39)
    assert table["marker"].tolist() == expected["marker"].tolist()
    theirs = pd.read_csv(out / "find_peaks.tsv", sep="\t")
    assert list(theirs)[:4] == ["lodindex", "lodcolumn", "chr", "pos"]
    names = read_cross(small).trait_names
    assert [names[i - 1] for i in theirs["lodindex"]] == theirs["lodcolumn"].tolist()
    said = " ".join(done.out.split())
    assert "No beta approximation was fitted" in said
    assert "that needs 50 permutations" in said
    assert "doubtful" not in said
    done = cli("permute", small, "--loci", "2", "--model", "linear_cross", "--interactive", "x",
               "--out", tmp_path / "no")  # fmt: skip
    assert done.status == 2
    assert "model: expected linear or anova, found linear_cross" in done.err


@pytest.mark.usefixtures("unrendered")
def test_further_loci_on_probabilities_are_told_of_and_written_as_parquet(cli, small, tmp_path):
    out = tmp_path / "chance"
    done = cli("permute", small, "--permutations", "39", "--loci", "2", "--layout", "qtl2",
               "--genotype-probabilities", "--error-prob", "0", "--format", "parquet",
               "--out", out)  # fmt: skip
    assert done.status == 0, done.err
    expected = conditional_peaks(
        read_cross(small), n_loci=2, n_perm=39, genotype_probabilities=True, error_prob=0.0
    )
    written = pd.read_parquet(out / "conditional.parquet")
    assert written["lod"].tolist() == expected["lod"].tolist()
    assert {"n", "neglog10_p"} <= set(written)
    summary = json.loads((out / "summary.json").read_text())["conditional"]
    by_rank = expected["rank"].value_counts().sort_index().tolist()
    assert summary == {"n_traits_by_rank": by_rank, "n_loci": len(expected)}
    said = " ".join((out / "summary.txt").read_text().split())
    assert f"{by_rank[0]} traits have a first locus" in said
    assert "Loci one after another" in (out / "report.html").read_text()
    theirs = pd.read_parquet(out / "find_peaks.parquet")
    assert "lodcolumn" in theirs
    assert not (out / "find_peaks.tsv").exists()


@pytest.mark.usefixtures("unrendered")
def test_linkages_of_scan1_in_the_layout_of_other_tools(cli, small, tmp_path):
    for layout, first in (("matrixeqtl", "SNP"), ("tensorqtl", "variant_id")):
        out = tmp_path / layout
        assert cli("scan1", small, "--layout", layout, "--out", out).status == 0
        ours = pd.read_csv(out / "linkages.tsv", sep="\t")
        theirs = pd.read_csv(out / f"linkages.{layout}.tsv", sep="\t")
        assert next(iter(theirs)) == first
        assert len(theirs) == len(ours)


def test_probabilities_with_an_x(cli, tmp_path):
    cross = awkward_cross("f2", n_samples=80, n_markers=24)
    cross.traits[0] += 2.0 * np.maximum(cross.genotypes[3], 0)
    folder, out = tmp_path / "cross", tmp_path / "out"
    write_rqtl2(cross, folder)
    done = cli(
        "permute", folder, "--genotype-probabilities", "--step", "4", "--permutations", "60",
        "--out", out,
    )  # fmt: skip
    assert done.status == 0, done.err
    text = done.out.replace("\n", " ")
    assert "permutations on X, within sex and direction of the cross" in text
    assert "The LOD thresholds of the traits on X are" in text
    levels = pd.read_csv(out / "thresholds.tsv", sep="\t")
    assert levels["region"].tolist() == ["A", "X"] * 2
    chance = permute_scan1(read_cross(folder), genotype_probabilities=True, step=4.0, n_perm=60)
    np.testing.assert_allclose(levels["lod"], chance.thresholds(0.05)["lod"])
    summary = json.loads((out / "summary.json").read_text())
    assert summary["x"] == {"n_perm": chance.x.n_perm, "share_of_map": chance.x.share}
    assert (out / "peaks.png").stat().st_size > 1000


@pytest.mark.usefixtures("unrendered")
def test_the_layout_of_tensorqtl_and_the_rate_over_traits(cli, small, tmp_path):
    out = tmp_path / "out"
    done = cli("permute", small, "--permutations", "99", "--layout", "tensorqtl", "--fdr", "0.1",
               "--out", out)  # fmt: skip
    assert (done.status, done.err) == (0, "")
    theirs = pd.read_csv(out / "map_cis.tsv", sep="\t")
    traits = pd.read_csv(out / "traits.tsv", sep="\t")
    np.testing.assert_array_equal(theirs["qval"], traits["q_beta"].dropna())
    cuts = pd.read_csv(out / "fdr_thresholds.tsv", sep="\t")
    called = (theirs["pval_nominal"] <= theirs["pval_nominal_threshold"]).sum()
    assert called == (traits["q_beta"] <= 0.1).sum() > 5
    assert called == (traits["p_value"] <= cuts["p_value"]).sum()
    summary = json.loads((out / "summary.json").read_text())
    assert (summary["fdr"], summary["n_called"]) == (0.1, called)
    for arguments, status in (
        (("--layout", "tensorqtl", "--model", "anova"), 2), (("--fdr", "2"), 2),
    ):  # fmt: skip
        bad = cli("permute", small, "--permutations", "19", *arguments, "--out", tmp_path / "no")
        assert bad.status == status
    assert not (tmp_path / "no").exists()


@pytest.mark.usefixtures("unrendered")
def test_only_the_markers_at_each_gene(cli, small, tmp_path):
    out = tmp_path / "out"
    options = ["--local-window-bp", "50000", "--permutations", "99"]
    done = cli("permute", small, *options, "--layout", "tensorqtl", "--out", out)
    assert (done.status, done.err) == (0, "")
    text = " ".join(done.out.split())
    assert "tested with the markers within 50,000 bp of its own gene alone" in text
    assert "linked at a p over the markers at their genes of 0.05" in text
    assert json.loads((out / "summary.json").read_text())["local_window_bp"] == 50000.0
    chance = permute_scan1(read_cross(small), n_perm=99, local_window_bp=50_000.0)
    frame = pd.read_csv(out / "traits.tsv", sep="\t", dtype={"chr": str})
    assert frame["n_markers"].tolist() == chance.n_tested.tolist()
    np.testing.assert_allclose(frame["p_beta"], chance.to_frame()["p_beta"], rtol=1e-12)
    theirs = pd.read_csv(out / "map_cis.tsv", sep="\t")
    assert len(theirs) == chance.has_test.sum()
    assert not (out / "peaks.tsv").exists()
    for wrong in (["--loci", "2"], ["--layout", "qtl2"]):
        refused = cli("permute", small, *options, *wrong, "--out", tmp_path / "no")
        assert refused.status == 2
        assert f"--local-window-bp: expected without {wrong[0]}" in refused.err
    planned = cli("plan", "permute", small, *options, "--format", "json")
    assert json.loads(planned.out)["n_tests"] == 100 * int(chance.n_tested.sum())
