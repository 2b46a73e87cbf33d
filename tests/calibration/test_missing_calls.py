"""Missing calls make no null too light, and no more false claims of linkage.

Tests of chance raise a false alarm with probability 4 x FALSE_ALARM.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from calibration import checks
from calibration.tables import ROOT
from scipy import stats

from crossmap import joint_linkage, simulate_cross
from crossmap.significance.fdr import pooled_p_values
from crossmap.trait_model import TraitModel

FALSE_ALARM = 2e-4
CHROMOSOME = 1e6
"""`within_cm` of any place on the chromosome of a true locus."""


@pytest.fixture(scope="module")
def removed():
    table = pd.read_csv(ROOT / "data" / "missing_calls.tsv", sep="\t")
    table = table[(table["crosstype"] == "haploid") & (table["nominal"] == 0.10)]
    return table.set_index(["n_markers", "within_cm", "way", "removed"]).sort_index()


def rise(table, key, way, share):
    """Of the realised rate over that with all calls, and its standard error."""
    before, after = table.loc[(*key, "complete", 0.0)], table.loc[(*key, way, share)]
    return after["fdr"] - before["fdr"], np.hypot(after["fdr_se"], before["fdr_se"])


def test_the_table_knows_rates_to_four_tenths_of_a_per_cent(removed):
    assert (removed.xs(CHROMOSOME, level="within_cm")["fdr_se"] < 0.004).all()
    assert (removed.loc[300].xs(40.0, level="within_cm")["fdr_se"] < 0.004).all()


@pytest.mark.parametrize("way", ["filled", "probabilities"])
@pytest.mark.parametrize(("n_markers", "share"), [(300, 0.1), (300, 0.3), (300, 0.5), (1200, 0.5)])
def test_the_rate_of_linkage_does_not_rise(removed, way, n_markers, share):
    more, error = rise(removed, (n_markers, CHROMOSOME), way, share)
    assert more < 2 * error
    assert removed.loc[(n_markers, CHROMOSOME, way, share), "fdr"] < 0.10


@pytest.mark.parametrize("within_cm", [20.0, 40.0, CHROMOSOME])
@pytest.mark.parametrize(
    ("way", "n_markers", "share"),
    [
        ("probabilities", 300, 0.1),
        ("probabilities", 1200, 0.5),
        ("filled", 300, 0.1),
        ("filled", 1200, 0.5),
    ],
)
def test_wherever_fill_does_not_refuse_no_rate_rises(removed, way, n_markers, share, within_cm):
    """`tests/genotypes/test_fill.py` has the shares that it refuses on these maps."""
    more, error = rise(removed, (n_markers, within_cm), way, share)
    assert more < 2 * error


def test_what_fill_refuses_finds_and_places_fewer_loci(removed):
    """Half of the calls 16 cM apart leave 7% of them wrong; by probabilities nothing rises."""
    for share in (0.1, 0.3, 0.5):
        more, error = rise(removed, (300, 40.0), "probabilities", share)
        assert more < 2 * error
        lost = removed.loc[(300, 40.0, "probabilities", share), "power"]
        assert removed.loc[(300, 40.0, "filled", share), "power"] < lost
    more, error = rise(removed, (300, 40.0), "filled", 0.5)
    assert more > 3 * error


def test_yeast_calls_no_more_traits_with_fewer_calls():
    table = pd.read_csv(ROOT / "data" / "missing_calls_yeast.tsv", sep="\t")
    few = table[table["removed"] > 0]
    assert (few["n_removals"] >= 5).all()
    error = few["called_sd"] / np.sqrt(few["n_removals"])
    assert (few["called"] < few["called_complete"] + 2 * error).all()
    by = few.set_index(["way", "removed"])["in_both"]
    assert (by["probabilities"] > by["filled"]).all()


@pytest.mark.calibration
@pytest.mark.filterwarnings("ignore::crossmap.errors.CrossmapWarning")  # where nothing is linked
@pytest.mark.parametrize(
    ("shares", "number"), [((1.0,), 0), ((0.0, 1.0), 1)], ids=["first of none", "second of one"]
)
def test_probabilities_of_half_the_calls_make_no_null_too_light(shares, number):
    """The second locus is searched beside a strong one whose genotypes are uncertain themselves."""
    model = TraitModel(n_loci_shares=shares, variance_share=(0.3, 0.6))
    made = simulate_cross(
        n_samples=112, n_markers=1200, n_traits=1500, trait_model=model, seed=61,
        n_parent_replicates=0,
    ).cross  # fmt: skip
    gone = np.random.default_rng(62).random(made.genotypes.shape) < 0.5
    cross = replace(made, genotypes=np.where(gone, np.int8(-1), made.genotypes))
    joint = joint_linkage(cross, n_loci=number + 1, genotype_probabilities=True, n_perm=19, seed=3)
    stage = joint.search.stages[number]
    assert checks.uniform_ranks(stage.f, stage.f_null) > FALSE_ALARM
    n_past = int((pooled_p_values(stage.f, stage.f_null) <= 0.05).sum())
    assert stats.binom.sf(n_past - 1, int(stage.eligible.sum()), 0.05) > FALSE_ALARM, n_past
