"""Filling missing calls: what was there stays, what is filled is right as often as it says."""

from dataclasses import replace

import numpy as np
import pytest
from genotyped import awkward_cross

from crossmap import joint_linkage, simulate_cross
from crossmap.errors import ArgumentError, DataError
from crossmap.genotypes.fill import MOST_WRONG, fill
from crossmap.genotypes.hmm import genotype_probabilities


@pytest.mark.parametrize("crosstype", ["haploid", "riself", "risib", "bc", "f2"])
def test_calls_that_are_there_stay(crosstype):
    cross = awkward_cross(crosstype, n_samples=60, n_markers=30)
    filled = fill(cross, max_wrong=1.0)
    there = cross.genotypes >= 0
    np.testing.assert_array_equal(filled.cross.genotypes[there], cross.genotypes[there])
    assert (filled.cross.genotypes >= 0).all()
    assert filled.cross.ruled_out is None
    assert filled.n_missing == filled.n_filled == (~there).sum()
    assert filled.markers["n_filled"].sum() == filled.samples["n_filled"].sum()
    surest = genotype_probabilities(cross).probability.max(axis=0)[~there]
    np.testing.assert_allclose(filled.expected_wrong, (1 - surest).sum())
    assert filled.n_unsure == (surest < 0.95).sum()
    assert "missing genotype calls were filled" in filled.cross.report.notes[-1]


def test_unsure_calls_may_stay_missing():
    cross = awkward_cross("f2", n_samples=60, n_markers=30)
    filled = fill(cross, min_probability=0.95, max_wrong=1.0)
    assert 0 < filled.n_filled < filled.n_missing
    assert filled.n_unsure == 0
    assert filled.cross.ruled_out is not None
    assert (filled.cross.genotypes < 0).sum() == filled.n_missing - filled.n_filled
    assert filled.summary()["n_left"] == filled.n_missing - filled.n_filled
    for name in ("min_probability", "max_wrong"):
        with pytest.raises(ArgumentError, match=name):
            fill(cross, **{name: 1.5})


def test_filled_calls_are_wrong_as_often_as_expected():
    truth = simulate_cross(n_samples=100, n_markers=800, n_traits=2, seed=4).cross
    rng = np.random.default_rng(1)
    calls = np.where(rng.random(truth.genotypes.shape) < 0.3, np.int8(-1), truth.genotypes)
    filled = fill(replace(truth, genotypes=calls), error_prob=1e-6, max_wrong=1.0)
    n_wrong = int((filled.cross.genotypes != truth.genotypes).sum())
    sd = np.sqrt(filled.expected_wrong)
    assert abs(n_wrong - filled.expected_wrong) < 5 * sd
    assert n_wrong < 0.06 * filled.n_filled


def test_what_cannot_be_analysed_before_can_be_after():
    cross = simulate_cross(n_samples=60, n_markers=100, n_traits=120, seed=4).cross
    calls = cross.genotypes.copy()
    calls[10:20, 3] = -1
    with pytest.raises(DataError, match=r"10 missing of 6000 .*fill them \(crossmap fill\)"):
        joint_linkage(replace(cross, genotypes=calls), n_perm=2)
    filled = fill(replace(cross, genotypes=calls)).cross
    assert joint_linkage(filled, n_perm=2).to_frame().shape[0] == 120


SHARES = [(300, 0.1, True), (300, 0.3, False), (300, 0.5, False), (1200, 0.5, True)]


@pytest.mark.parametrize(("n_markers", "share", "is_allowed"), SHARES)
def test_a_share_of_wrong_calls_that_costs_loci_is_refused(n_markers, share, is_allowed):
    """The maps and shares of which tests/calibration/test_missing_calls.py knows error rates."""
    truth = simulate_cross(n_samples=112, n_markers=n_markers, n_traits=2, seed=4).cross
    gone = np.random.default_rng(1).random(truth.genotypes.shape) < share
    cross = replace(truth, genotypes=np.where(gone, np.int8(-1), truth.genotypes))
    wrong = fill(cross, max_wrong=1.0).expected_wrong / gone.size
    assert (wrong <= MOST_WRONG) == is_allowed
    if is_allowed:
        assert fill(cross).n_filled == gone.sum()
        return
    with pytest.raises(DataError, match=rf"at most 2% .*found {100 * wrong:.3g}%.*--genotype-prob"):
        fill(cross)
    np.testing.assert_array_equal(fill(cross, max_wrong=1.001 * wrong).cross.genotypes >= 0, True)
