"""The published analysis from the raw files, by the commands alone."""

import json

import pandas as pd
import pytest

from crossmap.cli.program import run


@pytest.fixture(scope="module")
def results(shared, tmp_path_factory):
    """Folder of the published analysis of the yeast cross."""
    folder, yeast = tmp_path_factory.mktemp("yeast"), shared / "yeast"
    convert = [
        "convert", "--genotypes", yeast / "genotype.tsv.gz", "--markers",
        yeast / "marker_pos.tsv.gz", "--traits", yeast / "expression.tsv.gz", "--trait-positions",
        yeast / "gene_pos.tsv.gz", "--crosstype", "haploid", "--codes", "1=BY,2=RM",
        "--out", folder / "cross", "--quiet",
    ]  # fmt: skip
    assert run([str(argument) for argument in convert]) == 0
    joint = [
        "joint", folder / "cross", "--as-published", "--permutations", "5", "--seed", "1",
        "--out", folder / "results", "--quiet",
    ]  # fmt: skip
    assert run([str(argument) for argument in joint]) == 0
    return folder / "results"


def test_the_numbers_of_the_paper(results):
    # Ranges of several seeds of independent prototypes; the paper: 1,226 loci, 2,300 traits
    # expected, 170 called at 0.84, 72 with P >= 0.90 at FDR 6.7%.
    summary = json.loads((results / "summary.json").read_text())
    assert (summary["n_samples"], summary["n_traits"], summary["n_markers"]) == (112, 6216, 3244)
    assert summary["n_distinct_loci"] == 1226
    assert 0.13 <= summary["pi0"][0] <= 0.18
    assert 0.56 <= summary["pi0"][1] <= 0.63
    assert 2150 <= summary["expected_joint"] <= 2400
    assert 140 <= summary["n_called"] <= 205
    assert 0.81 <= summary["threshold"] <= 0.87
    assert 60 <= summary["prob_090"]["n"] <= 100
    assert 0.05 <= summary["prob_090"]["fdr"] <= 0.08
    assert summary["locus_fdr"][0] < 0.004


def test_mat_and_gpa1_act_together_on_about_a_dozen_traits(results):
    shared_places = pd.read_csv(results / "shared.tsv", sep="\t", dtype={"chr1": str, "chr2": str})
    mat = shared_places["chr1"].eq("3") & shared_places["start1_bp"].between(150e3, 250e3)
    gpa1 = shared_places["chr2"].eq("8") & shared_places["end2_bp"].between(90e3, 135e3)
    (pair,) = shared_places[mat & gpa1].query("n_traits >= 3").to_dict("records")
    assert 8 <= pair["n_traits"] <= 16
    called = pd.read_csv(results / "called.tsv", sep="\t", dtype={"chr1": str, "chr2": str})
    named = called[called["trait"].isin(pair["traits"].split(","))]
    assert len(named) == pair["n_traits"]
    assert {frozenset(row) for row in named[["chr1", "chr2"]].to_numpy()} == {frozenset("38")}
    text = (results / "summary.txt").read_text()
    assert f"{pair['n_traits']} traits  chr 3" in text
