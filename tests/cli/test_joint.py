"""crossmap joint, from a folder to a folder."""

import json
import re
import shutil

import numpy as np
import pandas as pd
import pytest
from processes import SMALL

from crossmap import joint_linkage, read_cross
from crossmap.cli import joint
from crossmap.cli.program import run
from crossmap.errors import DataError

TABLES = [
    "called.tsv", "densities.tsv", "joint.tsv", "loci.tsv", "n_linked_loci.tsv", "rules.tsv",
    "shared.tsv",
]  # fmt: skip
OTHER = [
    "called_data.parquet", "cells.png", "curves.parquet", "curves.png", "densities.png", "fdr.png",
    "manifest.json", "pairs.png", "report.html", "summary.json", "summary.txt",
]  # fmt: skip


def content(folder):
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def read(folder, name):
    # Numbers by Python's float: pandas 2 rounds the last digit.
    table = pd.read_csv(folder / name, sep="\t", dtype=str)
    for column in table:
        if not re.match("trait|locus|chr|statistic|rule", column):
            table[column] = [float(cell) for cell in table[column]]
    return table


def test_files_and_columns(analysed):
    assert sorted(content(analysed)) == sorted(TABLES + OTHER)
    table = read(analysed, "joint.tsv")
    per_locus = "locus{0} chr{0} start{0}_bp end{0}_bp start{0}_cm end{0}_cm f{0} prob{0}"
    expected = ["trait", *per_locus.format(1).split(), *per_locus.format(2).split()]
    assert list(table.columns) == [*expected, "pair_r2", "joint_prob", "q_value", "local"]
    assert len(table) == 150
    assert table["trait"].is_monotonic_increasing
    assert (analysed / "joint.tsv").read_text().count("\r") == 0


def test_tables_read_back_to_what_python_returns(small, analysed):
    result = joint_linkage(read_cross(small))
    for name, table in (("joint.tsv", result.to_frame()), ("called.tsv", result.called(0.1))):
        back = read(analysed, name)
        assert len(back) == len(table)
        for column in table.columns:
            if table[column].dtype.kind == "f":
                np.testing.assert_array_equal(back[column], table[column])
            else:
                assert back[column].tolist() == table[column].tolist()


def test_summary_holds_what_the_contract_names_and_neither_times_nor_paths(small, analysed):
    text = (analysed / "summary.json").read_text()
    summary = json.loads(text)
    assert set(summary) >= {
        "format_version", "n_samples", "n_traits", "n_markers", "n_distinct_loci", "n_selected",
        "n_perm", "seed", "model", "variance", "exclude_r2", "pi0", "expected_joint", "fdr",
        "threshold", "n_called", "locus_fdr", "n_called_local", "prob_090",
    }  # fmt: skip
    assert set(summary["prob_090"]) == {"n", "fdr"}
    assert (summary["n_samples"], summary["n_traits"], summary["n_markers"]) == (100, 150, 120)
    called = read(analysed, "called.tsv")
    assert summary["n_called"] == len(called) > 10
    assert summary["threshold"] == called["joint_prob"].min()
    for file in ("summary.json", "summary.txt"):
        text = (analysed / file).read_text()
        assert str(small) not in text
        assert str(analysed) not in text
        assert not re.search(r"20\d\d-\d\d-\d\d", text)


def test_manifest_says_how_to_do_it_again(small, analysed):
    manifest = json.loads((analysed / "manifest.json").read_text())
    assert manifest["command"] == "joint"
    assert manifest["options"]["cross"] == str(small)
    assert manifest["options"]["n_perm"] == 5
    assert manifest["options"]["fdr"] == 0.1
    assert manifest["seed"] == 1
    assert len(manifest["samples_used"]) == 100
    assert {len(sha) for sha in manifest["inputs"].values()} == {64}
    assert any(name.endswith("geno.csv") for name in manifest["inputs"])


def test_the_same_bytes_with_two_threads_a_second_time_and_over_old_results(cli, small, analysed):
    before = content(analysed)
    (analysed / "stale.txt").write_text("of an older version")
    done = cli("joint", small, "--out", analysed, "--threads", "2", "--memory", "1G")
    assert done.status == 0
    after = content(analysed)
    assert before.keys() == after.keys()
    for name in before:
        if name != "manifest.json":
            assert before[name] == after[name], name
    assert before["manifest.json"] != after["manifest.json"]  # it holds times


@pytest.fixture(scope="module")
def dense(tmp_path_factory):
    """Folder of a cross whose places are known: there is nothing to warn of."""
    out = tmp_path_factory.mktemp("joint") / "dense"
    assert run(["simulate", "--traits", "300", "--out", str(out), "--quiet"]) == 0
    return out


@pytest.mark.usefixtures("unrendered")
@pytest.mark.usefixtures("unrendered")
def test_stdout_is_the_summary_and_stderr_is_empty(cli, dense, tmp_path):
    out = tmp_path / "out"
    done = cli("joint", dense, "--out", out)
    assert done.err == ""
    text = (out / "summary.txt").read_text()
    assert done.out.startswith(text)
    assert f"Results are in {out}:" in done.out
    assert_rate_of_places(done, out, fdr=0.1, is_told=False)
    quiet = cli("joint", dense, "--out", out, "--quiet")
    assert (quiet.status, quiet.out, quiet.err) == (0, "", "")


@pytest.mark.usefixtures("unrendered")
def test_a_rate_that_places_cannot_keep_is_told(cli, dense, tmp_path):
    done = cli("joint", dense, "--fdr", "0.01", "--out", tmp_path / "out")
    assert_rate_of_places(done, tmp_path / "out", fdr=0.01, is_told=True)


def assert_rate_of_places(done, out, *, fdr, is_told):
    assert done.status == 0
    assert ("more than 20 cM from its place" in done.err) == is_told
    assert ("Beware: of the traits called at 1%" in " ".join(done.out.split())) == is_told
    summary = json.loads((out / "summary.json").read_text())
    assert len(summary["limits"]) == is_told
    called = read(out, "called.tsv")
    assert summary["located"]["n_located"] == (called["located_q"] <= fdr).sum()


@pytest.mark.usefixtures("unrendered")
def test_parquet_tables_hold_what_the_tsv_hold_and_stdout_names_them(
    cli, small, analysed, tmp_path
):
    done = cli("joint", small, "--out", tmp_path / "out", "--format", "parquet")
    assert done.status == 0
    named = re.findall(r"[a-z_]+\.(?:tsv|png|json|txt|parquet)", done.out)
    assert len(named) >= 10
    for name in named:
        assert (tmp_path / "out" / name).exists(), name
    assert not list((tmp_path / "out").glob("*.tsv"))
    for name in TABLES:
        tsv = read(analysed, name)
        parquet = pd.read_parquet(tmp_path / "out" / name.replace("tsv", "parquet"))
        assert list(parquet.columns) == list(tsv.columns)
        assert len(parquet) == len(tsv)
        for column in parquet.columns:
            if parquet[column].dtype.kind == "f":
                np.testing.assert_array_equal(parquet[column], tsv[column])


@pytest.mark.usefixtures("unrendered")
@pytest.mark.usefixtures("unrendered")
def test_options_reach_the_analysis(cli, small, tmp_path):
    done = cli(
        "joint", small, "--out", tmp_path / "out", "--loci", 2, "--permutations", 3, "--seed", 9,
        "--variance", "cell", "--model", "additive", "--min-cell", 4, "--fdr", 0.05,
        "--exclude-r2", 0.3, "--exclude-window-bp", 1e4, "--exclude-window-cm", 2,
        "--other-chromosome", "--pi0-method", "bootstrap", "--local-window-bp", 5000,
    )  # fmt: skip
    assert done.status == 0
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    expected = {
        "n_selected": 2, "n_perm": 3, "seed": 9, "variance": "cell", "model": "additive",
        "min_cell": 4, "fdr": 0.05, "exclude_r2": 0.3, "exclude_window_bp": 1e4,
        "exclude_window_cm": 2.0, "other_chromosome": True, "pi0_method": "bootstrap",
        "local_window_bp": 5000.0,
    }  # fmt: skip
    assert {key: summary[key] for key in expected} == expected


@pytest.mark.usefixtures("unrendered")
def test_as_published_fixes_its_options_and_refuses_others(cli, small, tmp_path, monkeypatch):
    option = next(p for p in joint.command.params if p.name == "variance")
    monkeypatch.setattr(option, "default", "cell")  # should the default ever change
    out, asked = tmp_path / "out", []

    def no_further(_, **options):
        asked.append((options["variance"], options["exclude_r2"]))
        msg = "far enough"
        raise DataError(msg)

    with monkeypatch.context() as patch:
        patch.setattr(joint, "joint_linkage", no_further)
        for words in ((), ("--as-published", "--variance", "common")):
            assert cli("joint", small, "--out", out, *words).status == 3
    assert asked == [("cell", 0.3), ("common", None)]
    assert cli("joint", small, "--out", out, "--as-published").status == 0
    summary = json.loads((out / "summary.json").read_text())
    assert (summary["variance"], summary["exclude_r2"]) == ("common", None)
    refused = cli("joint", small, "--out", out, "--as-published", "--exclude-r2", "0.1")
    assert refused.status == 2
    assert "--as-published and --exclude-r2 0.1 cannot both be had" in refused.err


def test_nothing_called_is_a_result(cli, tmp_path):
    null = tmp_path / "null"
    assert run(["simulate", *SMALL, "--loci-shares", "1", "--out", str(null), "--quiet"]) == 0
    done = cli("joint", null, "--out", tmp_path / "out", "--fdr", "0.01")
    assert done.status == 0
    assert "no trait is called" in " ".join(done.out.split())
    out = tmp_path / "out"
    summary = json.loads((out / "summary.json").read_text())
    assert (summary["n_called"], summary["threshold"]) == (0, None)
    lines = {name: len((out / name).read_text().splitlines()) for name in TABLES}
    assert (lines["called.tsv"], lines["shared.tsv"], lines["joint.tsv"]) == (1, 1, 151)
    assert len(pd.read_parquet(out / "curves.parquet")) == 0
    assert len(pd.read_parquet(out / "called_data.parquet")) == 0
    assert sorted(content(out)) == sorted(TABLES + OTHER)


def test_curves_peak_at_the_chosen_loci_and_data_are_those_of_the_cross(small, analysed):
    called = read(analysed, "called.tsv")
    curves = pd.read_parquet(analysed / "curves.parquet")
    n_loci = len(read(analysed, "loci.tsv"))
    assert list(curves.columns) == ["trait", "stage", "locus", "chr", "pos_bp", "pos_cm", "lod"]
    assert len(curves) == len(called) * 2 * n_loci
    for row in called.to_dict("records"):
        of_trait = curves[curves["trait"] == row["trait"]]
        for stage in (1, 2):
            of_stage = of_trait[of_trait["stage"] == stage]
            assert of_stage.loc[of_stage["lod"].idxmax(), "locus"] == row[f"locus{stage}"]
    data = pd.read_parquet(analysed / "called_data.parquet")
    assert list(data.columns) == ["trait", "sample", "value", "genotype1", "genotype2"]
    cross = read_cross(small)
    row = called.iloc[3]
    of_trait = data[data["trait"] == row["trait"]]
    assert of_trait["sample"].tolist() == list(cross.samples)
    t = cross.trait_names.index(row["trait"])
    np.testing.assert_array_equal(of_trait["value"], cross.traits[t])
    marker = cross.markers["marker"].tolist().index(row["locus2"])
    names = [cross.genotype_names[g] for g in cross.genotypes[marker]]
    assert of_trait["genotype2"].tolist() == names


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["missing.yaml"], 3, "missing.yaml: expected a file or folder, found none of this name"),
        (["{small}", "--fdr", "2"], 2, "fdr: expected a number from 0 to 1, found 2.0"),
        (["{small}", "--fdr", "nan"], 2, "fdr: expected a number"),
        (["{small}", "--permutations", "0"], 2, "--permutations: expected"),
        (["{small}", "--seed", "-1"], 2, "seed: expected"),
        (["{small}", "--threads", "0"], 2, "threads: expected 1 or more, found 0"),
        (["{small}", "--memory", "0"], 2, "memory: expected"),
        (["{small}", "--min-cell", "51"], 3, "--min-cell"),
        (["{small}", "--crosstype", "wheat"], 2, "crosstype: expected one of"),
        (["{small}", "--codes", "A=x,Q=y"], 3, "geno.csv"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(
    cli, small, tmp_path, monkeypatch, arguments, status, message
):
    monkeypatch.chdir(tmp_path)
    done = cli("joint", *(a.format(small=small) for a in arguments), "--out", "out")
    assert done.status == status
    assert message in done.err
    assert done.err.startswith("crossmap: error: ")
    assert done.err.count("\n") == 1
    assert done.out == ""
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def spoilt(small, tmp_path):
    """Copy the small cross, one of its tables changed by a function of its rows."""

    def copy(name, change):
        folder = tmp_path / "spoilt"
        shutil.copytree(small, folder)
        rows = pd.read_csv(folder / name, dtype=str, keep_default_na=False)
        change(rows).to_csv(folder / name, index=False)
        return folder

    return copy


def test_the_same_bytes_for_traits_and_samples_in_another_order(cli, spoilt, analysed, tmp_path):
    folder = spoilt("pheno.csv", lambda t: t[["pheno", *t.columns[:0:-1]]].iloc[::-1])
    genotypes = pd.read_csv(folder / "geno.csv", dtype=str)
    genotypes[["marker", *genotypes.columns[:0:-1]]].to_csv(folder / "geno.csv", index=False)
    assert cli("joint", folder, "--out", tmp_path / "out").status == 0
    before, after = content(analysed), content(tmp_path / "out")
    for name in set(before) - {"manifest.json"}:
        assert before[name] == after[name], name


def test_missing_calls_are_refused_with_their_number(cli, spoilt, tmp_path):
    def drop_two(table):
        table.iloc[3, 1:3] = "NA"
        return table

    done = cli("joint", spoilt("geno.csv", drop_two), "--out", tmp_path / "out")
    assert done.status == 3
    assert "genotypes: expected complete calls, found 2 missing of 12000" in done.err
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("unrendered")
def test_too_few_traits_for_pi0_are_analysed_with_a_warning(cli, spoilt, tmp_path):
    done = cli("joint", spoilt("pheno.csv", lambda t: t.head(20)), "--out", tmp_path / "out")
    assert done.status == 0
    assert done.err.startswith("crossmap: warning: 20 p-values are too few to estimate pi0 from")
    assert done.err.count("p-values are too few") == 1  # said once, not for each stage
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["pi0"] == [1.0, 1.0]


@pytest.mark.usefixtures("unrendered")
def test_traits_with_missing_values_are_searched_on_their_own_samples(cli, spoilt, tmp_path):
    def drop(table):
        table.iloc[:2, 5] = "NA"
        table.iloc[2, 3:] = "NA"
        return table

    done = cli("joint", spoilt("pheno.csv", drop), "--out", tmp_path / "out")
    assert done.status == 0
    assert "Left out: 1 trait with too few values." in done.out
    said = " ".join(done.out.split())
    assert "2 traits lack values: each was searched on its own samples (99 at the fewest)." in said
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert (summary["n_traits"], summary["n_traits_left_out"]) == (149, 1)
    assert (summary["n_traits_on_own_samples"], summary["fewest_samples"]) == (2, 99)
    table = pd.read_csv(tmp_path / "out" / "joint.tsv", sep="\t")
    assert sorted(table["n"])[:3] == [99, 99, 100]


def test_an_unknown_covariate_is_named(cli, small, tmp_path):
    done = cli("joint", small, "--covariates", "agee", "--out", tmp_path / "out")
    assert done.status == 2
    assert "covariates: expected a column of the covariates (none), found 'agee'" in done.err
    assert not (tmp_path / "out").exists()


def test_results_never_replace_the_cross_they_come_from(cli, small):
    before = content(small)
    done = cli("joint", small, "--out", small)
    assert done.status == 1
    assert "found the folder of the input" in done.err
    assert content(small) == before
