"""Commands scan2 and compare: folders, words, surfaces, refusals."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from crossmap.io.read import read_cross
from crossmap.io.rqtl2 import write_rqtl2
from crossmap.simulate import simulate_cross


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("crosses") / "small"
    place.mkdir()
    cross = simulate_cross(
        n_samples=60, n_traits=120, n_markers=80, n_parent_replicates=0, seed=3
    ).cross
    write_rqtl2(cross, place)
    return place


def test_scan2_writes_pairs_and_the_surfaces_asked_for(cli, folder, tmp_path):
    out = tmp_path / "pairs"
    done = cli(
        "scan2", str(folder), "--grid", "30", "--permutations", "2", "--trait", "g0002", "--trait",
        "g0005", "--all-traits", "--out", str(out),
    )  # fmt: skip
    assert done.status == 0, done.err
    pairs = pd.read_csv(out / "pairs.tsv", sep="\t", dtype={"chr1": str, "chr2": str})
    assert pairs["test"].value_counts().to_dict() == {"linkage": 120, "epistasis": 120}
    assert (pairs["chr1"] != pairs["chr2"]).all()
    summary = json.loads((out / "summary.json").read_text())
    assert summary["n_grid"] == 30
    assert (
        summary["linkage"]["fdr_0.05"]
        == (pairs[pairs["test"] == "linkage"]["q_value"] <= 0.05).sum()
    )
    assert [s["trait"] for s in summary["surfaces"]] == ["g0002", "g0005"]
    units = summary["units"]["linkage"]["all"]
    assert units["n_traits"] == summary["linkage"]["fdr_0.05"]
    assert units["n_linkages"] == 2 * units["n_traits"]
    assert sum(1 for f in out.iterdir() if f.suffix == ".png") == 3
    assert "pairs of 30 loci were tried" in done.out


def test_one_trait_is_searched_alone(cli, folder, tmp_path, monkeypatch):
    """Its files are those beside a search of all traits; that search is not made."""
    common = ("scan2", folder, "--grid", 20, "--trait", "g0002", "--surface-permutations", 6)
    both, alone = tmp_path / "both", tmp_path / "alone"
    assert cli(*common, "--all-traits", "--permutations", 1, "--out", both).status == 0
    config = tmp_path / "run.yaml"
    config.write_text("permutations: 7\n")  # of other commands

    def never(*_, **__):
        raise AssertionError

    monkeypatch.setattr("crossmap.cli.scan2.scan2", never)
    done = cli(*common, "--config", config, "--out", alone)
    assert done.status == 0, done.err
    surface = {file.name for file in both.iterdir() if file.name.startswith("surface")}
    assert len(surface) == 5
    words = {"summary.json", "summary.txt", "report.html", "manifest.json"}
    assert {file.name for file in alone.iterdir()} == surface | words
    for name in surface:
        assert (both / name).read_bytes() == (alone / name).read_bytes()
    summaries = [json.loads((f / "summary.json").read_text()) for f in (both, alone)]
    assert summaries[0]["surfaces"] == summaries[1]["surfaces"]
    assert "linkage" not in summaries[1]
    assert "surface_summary.tsv" in (alone / "report.html").read_text()
    assert "Trait g0002" in done.out
    options = json.loads((alone / "manifest.json").read_text())["options"]
    assert "n_perm" not in options
    assert options["surface_permutations"] == 6
    for option in (("--permutations", 1), ("--test", "linkage"), ("--min-cell", 3),
                   ("--same-chromosome",), ("--by-chromosome",)):  # fmt: skip
        done = cli(*common, *option, "--out", tmp_path / "no")
        assert done.status == 2
        assert f"{option[0]}: expected none with --trait alone" in done.err


@pytest.mark.usefixtures("unrendered")
def test_surface_permutations_of_probabilities(cli, folder, tmp_path):
    out = tmp_path / "x"
    done = cli(
        "scan2", folder, "--trait", "g0002", "--genotype-probabilities", "--surface-permutations",
        10, "--grid", 20, "--out", out,
    )  # fmt: skip
    assert done.status == 0, done.err
    assert len(pd.read_csv(out / "surface_null.tsv", sep="\t")) == 10
    assert pd.read_csv(out / "surface_summary.tsv", sep="\t")["p_full"].between(1 / 11, 1).all()
    assert "Thresholds of 10 permutations" in done.out


@pytest.mark.usefixtures("unrendered")
def test_incomplete_traits_are_kept(cli, folder, tmp_path):
    cross = read_cross(folder)
    traits = cross.traits.copy()
    traits[1, 4:6] = np.nan
    (tmp_path / "holed").mkdir()
    write_rqtl2(replace(cross, traits=traits), tmp_path / "holed")
    name = cross.trait_names[1]
    out = tmp_path / "pairs"
    done = cli(
        "scan2", tmp_path / "holed", "--trait", name, "--surface-permutations", 5, "--grid", 20,
        "--all-traits", "--permutations", 1, "--out", out,
    )  # fmt: skip
    assert done.status == 0, done.err
    table = pd.read_csv(out / "pairs.tsv", sep="\t")
    n = table[table["test"] == "linkage"].set_index("trait")["n"]
    assert len(n) == cross.n_traits
    assert n[name] == cross.n_samples - 2
    assert (n.drop(name) == cross.n_samples).all()
    assert f"{cross.n_samples - 2} samples; 2 have no value" in " ".join(done.out.split())


def test_compare_writes_what_the_contract_names(cli, folder, tmp_path):
    out = tmp_path / "versus"
    done = cli(
        "compare", str(folder), "--grid", "30", "--permutations", "2", "--as-published", "--out",
        str(out),
    )  # fmt: skip
    assert done.status == 0, done.err
    summary = json.loads((out / "summary.json").read_text())
    for key in (
        "n_grid", "n_grid_kept", "n_pairs", "sequential", "exhaustive", "overlap_top",
        "epistasis", "joint_over_top_two", "format_version",
    ):  # fmt: skip
        assert key in summary
    assert summary["min_cell"] == 1
    called = pd.read_csv(out / "called_by_fdr.tsv", sep="\t")
    assert summary["sequential"]["fdr_0.05"] == called["sequential"][4]
    for search in ("sequential", "exhaustive"):
        units = summary["units"][search]["all"]
        assert units["n_traits"] == summary[search]["fdr_0.05"]
        assert units["n_linkages"] == 2 * units["n_traits"]
    assert (out / "searches.png").stat().st_size > 10_000
    assert "sequential search" in done.out


@pytest.mark.usefixtures("unrendered")
def test_same_tables_for_any_number_of_threads(cli, folder, tmp_path):
    for threads in ("1", "2"):
        done = cli(
            "compare", str(folder), "--grid", "25", "--permutations", "1", "--threads", threads,
            "--out", str(tmp_path / threads),
        )  # fmt: skip
        assert done.status == 0
    for name in ("summary.json", "pairs.tsv", "called_by_fdr.tsv"):
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes()


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["scan2", "--grid", "9999"], 2, "--grid: expected 1 to"),
        (["scan2", "--trait", "nobody"], 2, "nobody"),
        (["scan2", "--min-cell", "40"], 3, "four genotype combinations"),
        (["compare", "--min-cell", "31"], 3, "twice --min-cell"),
    ],
)
def test_refusals_are_one_line(cli, folder, tmp_path, arguments, status, says):
    verb, *rest = arguments
    out = tmp_path / "out"
    few = [] if "--trait" in rest else ["--permutations", "1"]
    done = cli(verb, str(folder), *rest, *few, "--out", str(out))
    assert done.status == status
    assert says in done.err
    assert len(done.err.strip().splitlines()) == 1
    assert not out.exists()


@pytest.mark.usefixtures("unrendered")
def test_a_share_of_few_traits_is_not_said_to_be_none(cli, tmp_path):
    few = simulate_cross(n_samples=60, n_traits=9, n_markers=40, n_parent_replicates=0, seed=3)
    (tmp_path / "few").mkdir()
    write_rqtl2(few.cross, tmp_path / "few")
    for command in ("scan2", "compare"):
        done = cli(command, str(tmp_path / "few"), "--out", str(tmp_path / command))
        assert done.status == 0, done.err
        assert "9 traits are too few to estimate" in " ".join(done.out.split())
        assert "stimated 0%" not in done.out
        assert done.err.count("9 p-values are too few") == 1  # however many searches meet it


def test_compare_names_no_option_that_it_does_not_have(cli, tmp_path):
    one = simulate_cross(
        n_samples=60,
        n_traits=9,
        n_markers=20,
        chromosome_lengths_bp={"I": 400_000},
        n_parent_replicates=0,
        seed=3,
    )
    (tmp_path / "one").mkdir()
    write_rqtl2(one.cross, tmp_path / "one")
    done = cli("compare", str(tmp_path / "one"), "--out", str(tmp_path / "out"))
    assert done.status == 3
    assert "loci on at least two chromosomes" in done.err
    assert "--same-chromosome" not in done.err
