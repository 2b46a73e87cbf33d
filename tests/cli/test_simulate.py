"""crossmap simulate, and that it makes the shipped cross."""

import json

from processes import SMALL

from crossmap import read_cross, simulate_cross
from crossmap.io.truth import read_truth
from crossmap.scenarios import SCENARIOS
from crossmap.trait_model import TraitModel


def test_the_folder_holds_the_cross_and_its_truth(small):
    expected = simulate_cross(
        n_samples=100, n_traits=150, n_markers=120, seed=3,
        trait_model=TraitModel(variance_share=(0.2, 0.4)),
    )  # fmt: skip
    assert (read_cross(small).traits == expected.cross.traits).all()
    assert read_truth(small / "truth.tsv").equals(expected.truth)
    summary = json.loads((small / "summary.json").read_text())
    assert summary["n_traits"] == sum(summary["n_traits_by_n_loci"]) == 150
    assert json.loads((small / "manifest.json").read_text())["seed"] == 3


def test_options_reach_cross_and_traits(cli, tmp_path):
    done = cli(
        "simulate", *SMALL, "--crosstype", "riself", "--even-markers", "--parent-replicates", 2,
        "--loci-shares", "0.5,0.5", "--variance-share", "0.2,0.3", "--out", tmp_path / "x",
    )  # fmt: skip
    assert (done.status, done.err) == (0, "")
    cross = read_cross(tmp_path / "x")
    assert cross.crosstype == "riself"
    assert len(cross.parents) == 4
    truth = read_truth(tmp_path / "x" / "truth.tsv")
    assert truth["n_loci"].max() == 1
    assert truth["variance_share"].dropna().between(0.2, 0.3).all()
    manifest = json.loads((tmp_path / "x" / "manifest.json").read_text())
    assert manifest["options"]["n_loci_shares"] == [0.5, 0.5]
    assert "Traits by true loci: 0 loci " in done.out


def test_a_scenario_is_a_set_of_options_that_may_be_changed(cli, tmp_path):
    done = cli(
        "simulate", "--scenario", "variance-1-4", "--samples", 40, "--markers", 60, "--traits", 12,
        "--seed", 5, "--out", tmp_path / "x",
    )  # fmt: skip
    assert (done.status, done.err) == (0, "")
    expected = SCENARIOS["variance-1-4"].simulate(n_samples=40, n_markers=60, n_traits=12, seed=5)
    cross = read_cross(tmp_path / "x")
    assert (cross.traits == expected.cross.traits).all()
    assert cross.parents.empty
    options = json.loads((tmp_path / "x" / "manifest.json").read_text())["options"]
    assert (options["scenario"], options["variance_ratio"]) == ("variance-1-4", 4.0)
    assert "linked-10-20cm  " in cli("simulate", "--list-scenarios").out
    unknown = cli("simulate", "--scenario", "none", "--out", tmp_path / "y")
    assert (unknown.status, "'none' is not one of" in unknown.err) == (2, True)


def test_what_cannot_be_simulated_is_refused(cli, tmp_path):
    done = cli("simulate", "--crosstype", "f3", "--out", tmp_path / "x")
    assert done.status == 2
    assert "crosstype: expected one of haploid, dh, riself, risib, bc, f2, found 'f3'" in done.err
    assert list(tmp_path.iterdir()) == []
