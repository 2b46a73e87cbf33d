"""Corrected effects: against direct integration, against simulated truth, against the others."""

import numpy as np
import pytest
from calibration.resampled_effects import bootstrap_share, half_split_share
from scipy import integrate, stats

from crossmap.architecture.linkage_table import r2_of_p
from crossmap.architecture.winners_curse import corrected_shares
from crossmap.errors import ArgumentError


@pytest.mark.parametrize(("r2", "least", "n"), [(0.2, 0.16, 112), (0.17, 0.16, 50), (0.5, 0.3, 40)])
def test_one_coordinate_is_the_normal_likelihood_truncated_on_both_sides(r2, least, n):
    s = 1 / np.sqrt(n - 3)
    z, c = np.arctanh(np.sqrt([r2, least]))

    def weight(zeta):
        passed = stats.norm.sf((c - zeta) / s) + stats.norm.cdf((-c - zeta) / s)
        both = stats.norm.pdf((z - zeta) / s) + stats.norm.pdf((z + zeta) / s)
        return both / passed

    total = integrate.quad(weight, 0, z + 10 * s, limit=200)[0]
    share = integrate.quad(lambda t: weight(t) * np.tanh(t) ** 2, 0, z + 10 * s, limit=200)[0]
    rho = integrate.quad(lambda t: weight(t) * np.tanh(t), 0, z + 10 * s, limit=200)[0]
    got, ratio = corrected_shares(np.array([r2]), least_r2=least, n_samples=n)
    assert got[0] == pytest.approx(share / total, rel=2e-3)
    assert ratio[0] * np.sqrt(r2) == pytest.approx(rho / total, rel=2e-3)


def test_estimates_far_above_the_threshold_stay_and_those_near_it_shrink():
    r2 = np.linspace(0.17, 0.95, 40)
    share, ratio = corrected_shares(r2, least_r2=0.16, n_samples=112)
    assert (np.diff(share) > 0).all()
    assert (share[:3] < 0.8 * r2[:3]).all()
    np.testing.assert_allclose(share[-10:], r2[-10:], atol=0.01)
    assert ((ratio > 0) & (ratio <= 1.01)).all()
    strict, _ = corrected_shares(np.array([0.6, 1.0]), least_r2=0.59, n_samples=112)
    assert np.isfinite(strict).all()


@pytest.mark.parametrize("k", [2, 3, 12])
def test_of_several_coefficients_no_corrected_share_is_larger_than_the_raw_one(k):
    """As when dominance, or interaction with the locus before, belongs to a locus."""
    r2 = np.linspace(0.17, 0.95, 40)
    share, _ = corrected_shares(r2, least_r2=0.16, n_samples=150, df_before=6, df_tested=k)
    assert (np.diff(share) > 0).all()
    assert (share < r2).all()


def simulated_bias(n, v, k=1, p=1e-4, n_draws=20_000, seed=1):
    """Power, and mean raw and corrected shares and effects of a locus where it was found."""
    rng = np.random.default_rng([seed, n, int(1000 * v), k])
    f = rng.noncentral_chisquare(k, n * v / (1 - v), n_draws) / rng.chisquare(n - 1 - k, n_draws)
    r2 = f / (1 + f)
    if k == 1:
        least = r2_of_p(p, n)
    else:
        bound = k * stats.f.isf(p, k, n - 1 - k)
        least = bound / (bound + n - 1 - k)
    found = r2[r2 >= least][:200]
    if len(found) < 100:
        return None
    share, ratio = corrected_shares(found, least_r2=least, n_samples=n, df_tested=k)
    rho = np.sqrt(found)
    means = [found.mean(), share.mean(), rho.mean(), (ratio * rho).mean()]
    return (r2 >= least).mean(), means, share.std() / np.sqrt(len(found))


@pytest.mark.parametrize("k", [1, 2, 3, 12])
@pytest.mark.parametrize("n", [50, 112, 200, 500, 1000])
def test_bias_is_smaller_than_that_of_the_raw_share_wherever_power_is_below_one_half(n, k):
    n_compared = 0
    for v in (0.01, 0.02, 0.05, 0.1, 0.2, 0.3):
        found = simulated_bias(n, v, k)
        if found is None:
            continue
        power, (raw, corrected, raw_effect, corrected_effect), se = found
        if power < 0.5:
            assert abs(corrected - v) < abs(raw - v) - 3 * se
            effect = np.sqrt(v)  # in standard deviations
            assert abs(corrected_effect - effect) < abs(raw_effect - effect)
            n_compared += 1
        if n == 112 and k == 1 and 0.05 <= v <= 0.3:
            assert abs(corrected - v) < 0.05
    assert n_compared >= 1


def test_half_split_and_bootstrap_without_any_selection_are_right():
    n, v, n_traits = 112, 0.2, 400
    rng = np.random.default_rng(7)
    x = rng.integers(0, 2, (1, n))
    y = np.sqrt(v) * (2.0 * x[0] - 1) + np.sqrt(1 - v) * rng.normal(size=(n_traits, n))
    for share in (half_split_share(y, x, n_splits=4), bootstrap_share(y, x, n_bootstrap=20)):
        assert share.mean() == pytest.approx(v, abs=4 * share.std() / np.sqrt(n_traits) + 0.005)


def test_choosing_among_loci_lowers_half_split_and_bootstrap_below_the_truth():
    """Over all traits, found or not: in a half the wrong locus is often the best."""
    n, v, n_traits = 112, 0.1, 200
    rng = np.random.default_rng(8)
    x = rng.integers(0, 2, (300, n))
    y = np.sqrt(v) * (2.0 * x[3] - 1) + np.sqrt(1 - v) * rng.normal(size=(n_traits, n))
    for share in (half_split_share(y, x, n_splits=4), bootstrap_share(y, x, n_bootstrap=20)):
        assert share.mean() < 0.8 * v


def test_what_is_refused():
    with pytest.raises(ArgumentError, match="least_r2: expected a share above 0 and below 1"):
        corrected_shares(np.array([0.2]), least_r2=0.0, n_samples=50)
    with pytest.raises(ArgumentError, match="n_samples: expected more than 3, found 3"):
        corrected_shares(np.array([0.2]), least_r2=0.1, n_samples=3)
    assert corrected_shares(np.empty(0), least_r2=0.1, n_samples=50)[0].shape == (0,)
