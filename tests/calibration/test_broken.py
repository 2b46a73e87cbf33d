"""Methods broken on purpose: the suite's checks must fail on each."""

import numpy as np
import pytest
from calibration import checks

from crossmap.linkage import sequential
from crossmap.significance import fdr, pi0
from crossmap.significance.density_ratio import DensityRatio

CAUGHT = 1e-6
pytestmark = pytest.mark.calibration


@pytest.fixture
def whole_arrays(monkeypatch):
    """Stage l permutes a trait's samples over the whole cross, not within genotype groups."""
    right = sequential.kernels.scan_groups

    def wrong(y, traits, groups, replicates, coding, coding32, how, out):
        n_columns, key = replicates
        right(y, traits, groups, (1, key), coding, coding32, how, (out[0][:, :1], *out[1:]))
        rng = np.random.default_rng(int(key) % 2**32)
        for b in range(1, n_columns):
            shuffled = rng.permuted(y, axis=1)
            scratch = tuple(np.empty_like(array) for array in out[1:])
            one = np.empty((len(y), 1))
            right(shuffled, traits, groups, (1, key), coding, coding32, how, (one, *scratch))
            out[0][:, b] = one[:, 0]

    monkeypatch.setattr(sequential.kernels, "scan_groups", wrong)


def test_permuting_whole_arrays_is_caught(whole_arrays):
    assert checks.enumerated(first=0) < CAUGHT
    stage = checks.second_stage(variance="common", ratio=9.0)
    assert checks.uniform_ranks(stage.f, stage.f_null) < CAUGHT


def test_permuting_whole_arrays_is_right_for_a_first_locus(whole_arrays):
    # The break is in the later stages: the patched search itself works.
    assert checks.enumerated(first=None) > 2e-4


def test_forgetting_the_number_of_permutations_is_caught_in_p_values(monkeypatch):
    right = fdr.pooled_p_values

    def wrong(observed, null, **options):
        return np.minimum(right(observed, null, **options) * null.shape[1], 1.0)

    monkeypatch.setattr(fdr, "pooled_p_values", wrong)
    assert checks.null_p_values() < CAUGHT


def test_forgetting_the_number_of_permutations_is_caught_in_probabilities(monkeypatch):
    assert checks.mean_ratio(n_perm=5) == pytest.approx(1.0, abs=0.02)
    right = DensityRatio.__call__

    def wrong(ratio, statistic):
        return right(ratio, statistic) * ratio.n_null / ratio.n_observed

    monkeypatch.setattr(DensityRatio, "__call__", wrong)
    assert checks.mean_ratio(n_perm=5) > 4


def test_q_values_without_the_cut_of_pi0_are_caught(monkeypatch):
    realised, error = checks.small_sets(nominal=0.05)
    assert realised < 0.05 + 3 * error

    def uncut(p, **options):
        cuts = np.array(pi0.CUTS)
        return float(pi0.smoothing_spline(cuts, pi0.pi0_at_cuts(p, cuts), df=3.0)[-1])

    def q_values(p, *, pi0):
        order = np.argsort(p)
        scaled = pi0 * len(p) * p[order] / np.arange(1, len(p) + 1)
        q = np.empty(len(p))
        q[order] = np.minimum.accumulate(scaled[::-1])[::-1]
        return q

    monkeypatch.setattr(pi0, "estimate_pi0", uncut)
    monkeypatch.setattr(fdr, "q_values", q_values)
    realised, error = checks.small_sets(nominal=0.05)
    assert realised > 0.05 + 3 * error
