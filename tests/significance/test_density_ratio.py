import numpy as np
import pandas as pd
import pytest
from naive import significance as naive
from naive import spline as naive_spline

from crossmap.errors import ArgumentError
from crossmap.significance import density_ratio
from crossmap.significance.density_ratio import (
    _Fitter,
    fit_density_ratio,
    fit_logistic_spline,
    posterior_linked,
)


def counts(seed=0, m=40):
    rng = np.random.default_rng(seed)
    x = np.sort(rng.uniform(0, 5, m))
    n = rng.integers(1, 30, m).astype(float)
    successes = rng.binomial(n.astype(int), 1 / (1 + np.exp(-np.sin(2 * x)))).astype(float)
    return x, n, successes


@pytest.mark.parametrize(
    ("lam", "tolerance"), [(0.1, 1e-6), (1, 1e-6), (10, 1e-6), (100, 1e-5), (1000, 1e-5)]
)
def test_solver_equals_the_exact_spline(reference, lam, tolerance):
    exact = pd.read_csv(reference / "spline" / "spline_exact_fit.tsv", sep="\t")
    x = exact["x"].to_numpy()
    spline = fit_logistic_spline(
        x,
        n=exact["n"].to_numpy(float),
        successes=exact["ysum"].to_numpy(float),
        smoothness=lam,
    )
    assert np.abs(spline(x) - exact[f"logit_lam{lam}"]).max() < tolerance


@pytest.mark.parametrize("lam", [1e-4, 0.01, 1.0, 100.0])
def test_fit_and_criterion_equal_the_dense_twin(lam):
    x, n, successes = counts()
    expected, criterion = naive_spline.fit_logistic(x, n, successes, lam)
    fitter = _Fitter(x, n, successes)
    got = fitter.fit(lam)
    np.testing.assert_allclose(fitter.f, expected, atol=1e-8)
    # Up to a constant: log |K|+ is left out of both.
    other = _Fitter(x, n, successes)
    base = other.fit(1.0)
    expected_base = naive_spline.fit_logistic(x, n, successes, 1.0)[1]
    assert got - base == pytest.approx(criterion - expected_base, abs=1e-6)


def test_chosen_smoothness_minimises_the_criterion():
    x, n, successes = counts(seed=3)
    chosen = fit_logistic_spline(x, n=n, successes=successes).smoothness
    at = [naive_spline.fit_logistic(x, n, successes, chosen * s)[1] for s in (0.9, 1.0, 1.1)]
    assert at[1] <= min(at[0], at[2])


def test_smoothness_is_sensible_beside_mgcv(shared):
    data = pd.read_csv(shared / "oracles/spline/spline_logistic_in.tsv.gz", sep="\t")
    x, y = data["x"].to_numpy(), data["y"].to_numpy()
    grid = pd.read_csv(shared / "oracles/spline/spline_logistic_grid.tsv", sep="\t")
    low, high = np.quantile(x, [0.01, 0.99])
    inside = grid[(grid["x"] > low) & (grid["x"] < high)]
    ratio = fit_density_ratio(x[y == 1], x[y == 0])
    logit = ratio.log_odds(np.log(inside["x"].to_numpy()))
    # mgcv smooths on x itself, we on log x; the two choices of mgcv's own differ by 0.55.
    assert np.abs(logit - inside["mgcv_cr40_REML"]).max() < 0.7


def test_ratio_of_known_densities_is_recovered():
    rng = np.random.default_rng(4)
    null = np.exp(rng.normal(0, 1, 40_000))
    observed = np.exp(np.concatenate([rng.normal(0, 1, 7000), rng.normal(2.5, 1, 3000)]))
    ratio = fit_density_ratio(observed, null)
    z = np.linspace(-1.5, 3.5, 11)
    g0 = np.exp(-0.5 * z**2)
    truth = g0 / (0.7 * g0 + 0.3 * np.exp(-0.5 * (z - 2.5) ** 2))
    np.testing.assert_allclose(ratio(np.exp(z)), truth, rtol=0.15, atol=0.005)


def test_scale_of_the_statistic_does_not_matter():
    rng = np.random.default_rng(5)
    observed, null = rng.gamma(3, 2, 900), rng.gamma(2, 2, 4500)
    one = fit_density_ratio(observed, null)
    other = fit_density_ratio(observed * 1e6, null * 1e6)
    np.testing.assert_allclose(one(observed), other(observed * 1e6), rtol=1e-5)


@pytest.mark.parametrize("seed", range(4))
def test_posteriors_are_those_of_the_best_smoothness(monkeypatch, seed):
    rng = np.random.default_rng(seed)
    null = rng.chisquare(2, 2000) / 2
    observed = np.concatenate([rng.chisquare(2, 300) / 2, 4 + rng.chisquare(3, 100)])
    found = posterior_linked(observed, fit_density_ratio(observed, null), pi0=0.7)
    monkeypatch.setattr(density_ratio, "SMOOTHNESS_TOLERANCE", 1e-9)
    best = posterior_linked(observed, fit_density_ratio(observed, null), pi0=0.7)
    np.testing.assert_allclose(found, best, rtol=0, atol=1e-6)


def test_values_apart_by_rounding_are_one():
    """Of few distinct values each is a knot: which are equal must not hang on the last digit."""
    observed = np.array([3.5, 5.0, 3.0, 5.44])
    null = np.array([1.1, 1.4, 2.6, 3.0, 5.44, 5.44, 9.5, 13.5])
    jitter = 1.0 + 1e-15 * np.array([1, -1, 2, -2, 1, -1, 0, 2])
    one, other = fit_density_ratio(observed, null), fit_density_ratio(observed, null * jitter)
    np.testing.assert_allclose(other(observed), one(observed), rtol=1e-4)


def test_statistics_of_rounding_size_are_nought():
    observed, null = np.array([0.03, 7.7, 1.5, 1.0]), np.array([0.0, 0.04, 0.09, 0.35, 1.1, 1.6])
    least = np.where(null == 0.0, 7e-33, null)
    one, other = fit_density_ratio(observed, null), fit_density_ratio(observed, least)
    np.testing.assert_array_equal(other(observed), one(observed))
    np.testing.assert_array_equal(one(np.array([7e-33])), one(np.array([0.0])))


def test_linear_on_the_logit_beyond_the_largest_null():
    rng = np.random.default_rng(6)
    null = rng.gamma(2, 1, 3000)
    observed = np.concatenate([rng.gamma(2, 1, 400), rng.gamma(20, 2, 300)])
    ratio = fit_density_ratio(observed, null)
    beyond = np.log(null.max()) + np.array([0.0, 0.2, 0.4, 0.6, 5.0])
    logit = ratio.log_odds(beyond)
    slope = np.diff(logit) / np.diff(beyond)
    np.testing.assert_allclose(slope, slope[0], rtol=1e-6)
    before = ratio.log_odds(np.log(null.max()) - np.array([1e-5, 0.0]))
    assert np.diff(before)[0] / 1e-5 == pytest.approx(slope[0], rel=1e-3)


def test_posterior_equals_its_definition_with_zero_infinity_and_ties():
    rng = np.random.default_rng(7)
    null = rng.gamma(2, 1, 500)
    observed = np.round(np.concatenate([rng.gamma(2, 1, 60), rng.gamma(9, 1, 40)]), 1)
    observed[:3] = 0.0, np.inf, np.nan
    ratio = fit_density_ratio(observed, null)
    got = posterior_linked(observed, ratio, pi0=0.6)
    np.testing.assert_allclose(got, naive.posterior(observed, ratio, 0.6), rtol=1e-10, atol=1e-12)
    assert got[2] == 0
    assert got[1] == got.max()
    order = np.argsort(observed[3:])
    assert (np.diff(got[3:][order]) >= 0).all()


@pytest.mark.parametrize(
    ("observed", "null"),
    [
        (np.array([5.0]), np.array([1.0])),
        (np.array([2.0, 2.0]), np.array([2.0, 2.0])),
        (np.zeros(5), np.zeros(9)),
        (np.full(4, np.inf), np.array([1.0, 2.0])),
        (np.arange(50.0, 60.0), np.arange(1.0, 30.0)),  # separated
        (np.arange(1.0, 10.0), np.arange(50.0, 90.0)),  # separated the other way round
        (np.array([1.0, 1.0 + 1e-15, 3.0]), np.array([1.0, 2.0])),
        (np.array([1e-300, 1e300]), np.array([1.0, 1.0])),
    ],
)
def test_odd_samples_give_probabilities(observed, null):
    got = posterior_linked(observed, fit_density_ratio(observed, null), pi0=0.5)
    assert np.isfinite(got).all()
    assert (got >= 0).all()
    assert (got <= 1).all()


def test_nothing_to_fit_is_refused():
    with pytest.raises(ArgumentError, match="null: expected at least one statistic, found none"):
        fit_density_ratio(np.array([1.0]), np.array([np.nan]))


def test_many_nulls_per_observation_do_not_unsettle_newton():
    """A first step from a constant of -4.6 overshoots by a hundred; the fit once stopped there."""
    rng = np.random.default_rng(8)
    null = rng.f(2, 108, 300_000)
    observed = np.concatenate([rng.f(2, 108, 2000), 4 + rng.gamma(3, 3, 1000)])
    ratio = fit_density_ratio(observed, null)
    pr = posterior_linked(observed, ratio, pi0=2 / 3)
    assert pr[2000:].mean() > 0.8
    assert pr[:2000].mean() < 0.1
