"""crossmap simulate, and that it makes the shipped cross."""

import json

import pytest
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


@pytest.mark.usefixtures("unrendered")
@pytest.mark.parametrize(
    ("scenario", "asked"),
    [("covariate", "--covariates covariate"), ("f2", "--genotype-probabilities"), ("plain", None)],
)
def test_a_scenario_says_how_it_is_to_be_searched(cli, tmp_path, monkeypatch, scenario, asked):
    made = ("--samples", 60, "--markers", 60, "--traits", 120, "--out", tmp_path / "x")
    done = cli("simulate", "--scenario", scenario, *made)
    listed = cli("simulate", "--list-scenarios").out.splitlines()
    line = next(line for line in listed if line.split()[0] == scenario)
    if asked is None:
        assert "crossmap joint" not in done.out + line
        return
    assert line.endswith(f"; search it with: crossmap joint FOLDER {asked} --out results")
    said = done.out.splitlines()[-1]
    assert said.endswith(f"; search it with: crossmap joint {tmp_path / 'x'} {asked} --out results")
    monkeypatch.chdir(tmp_path)
    words = said.split(": crossmap ")[1].split()
    assert cli(*words, "--permutations", 1).status == 0


def test_a_scenario_that_options_changed_asks_for_no_other_search(cli, tmp_path):
    small = ("--samples", 40, "--markers", 60, "--traits", 5)
    for scenario, change in (
        ("f2", ("--crosstype", "bc")),
        ("covariate", ("--covariate-share", 0)),
    ):
        done = cli(
            "simulate", "--scenario", scenario, *change, *small, "--out", tmp_path / scenario
        )
        assert (done.status, "crossmap joint" in done.out) == (0, False)


def test_what_cannot_be_simulated_is_refused(cli, tmp_path):
    done = cli("simulate", "--crosstype", "f3", "--out", tmp_path / "x")
    assert done.status == 2
    assert "crosstype: expected one of haploid, dh, riself, risib, bc, f2, found 'f3'" in done.err
    assert list(tmp_path.iterdir()) == []
