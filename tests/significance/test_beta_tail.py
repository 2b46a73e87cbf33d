"""The beta approximation of the tail of permutations."""

import numpy as np
import pytest
from scipy import special, stats

from crossmap.execution import Execution
from crossmap.significance.beta_tail import CRITICAL_DISTANCE, _LogP, fit_beta_tail


def r2_of(p, df1=1, df2=100):
    return special.betainccinv(df1 / 2, df2 / 2, p)


def fitted(null, df1=1, df2=100, **how):
    n = len(null)
    return fit_beta_tail(null, np.full(n, df1), np.full(n, df2), **how)


@pytest.mark.parametrize("df1", [1, 2])
def test_the_interpolated_logarithms_have_five_digits(df1):
    r2 = r2_of(np.random.default_rng(0).beta(1, 100, (3, 500)), df1)
    log_p = _LogP(r2, df1)
    df = np.array([60.0, 97.3, 180.0])
    p = special.betaincc(df1 / 2, df[:, None] / 2, r2)
    found, *means = log_p.p_and_means(df)
    np.testing.assert_allclose(found, p, rtol=1e-5)
    low, high = log_p.mean(df[1:], np.array([1, 2]))
    np.testing.assert_array_equal([low, high], np.array(means)[:, 1:])
    np.testing.assert_allclose(low, np.log(p[1:]).mean(axis=1), rtol=1e-5)
    np.testing.assert_allclose(high, np.log1p(-p[1:]).mean(axis=1), rtol=1e-5)


def test_the_score_of_the_first_shape_is_zero_and_traits_do_not_depend_on_each_other():
    """With mean log p and log(1 - p) of exact p, at the degrees of freedom found."""
    rng = np.random.default_rng(6)
    null = r2_of(rng.beta(1, rng.uniform(20, 900, size=(40, 1)), size=(40, 300)))
    null[5:9, 200:] = np.nan
    null[11] = r2_of(rng.beta(30, 1, size=300))  # far from a first shape of 1
    tail = fitted(null)
    assert tail.shape1[11] != 1
    for t in (0, 5, 11, 39):
        alone = fitted(null[[t]])
        for name in ("df2", "shape1", "shape2", "distance", "n_fitted"):
            assert getattr(alone, name)[0] == getattr(tail, name)[t]
    for t in (0, 5, 39):
        p = special.betaincc(0.5, tail.df2[t] / 2, null[t][~np.isnan(null[t])])
        second = -1 / np.log1p(-p).mean()
        assert tail.shape2[t] == pytest.approx(second, rel=1e-4)
        score = np.log(p).mean() - special.digamma(1) + special.digamma(1 + second)
        assert abs(score) < 1e-4


def test_the_parameters_that_made_the_data_come_back():
    rng = np.random.default_rng(1)
    null = r2_of(rng.beta(1, [[20.0], [300.0]], size=(2, 2000)))
    tail = fitted(null)
    np.testing.assert_allclose(tail.shape2, [20, 300], rtol=0.35)
    np.testing.assert_allclose(tail.df2, 100, rtol=0.1)
    observed = r2_of(np.array([1e-3, 1e-9]))
    p = tail.p_value(observed, np.array([1, 1]))
    exact = stats.beta.cdf([1e-3, 1e-9], 1, [20, 300])
    error = np.abs(np.log10(p) - np.log10(exact))
    assert error[0] < 0.2
    assert error[1] < 1.2
    assert tail.fits.all()


def test_the_check_of_fit_has_its_false_alarm_rate_and_sees_a_wrong_shape():
    """5 of 1,000 false alarms expected; binomial 99.9% limits."""
    rng = np.random.default_rng(2)
    alarms = (~fitted(r2_of(rng.beta(1, 60, size=(1000, 200)))).fits).sum()
    assert alarms <= 15
    mixture = np.where(rng.random((5, 1000)) < 0.7, 0.001, 1) * rng.beta(1, 20, size=(5, 1000))
    assert not fitted(r2_of(mixture)).fits.any()
    assert CRITICAL_DISTANCE == 1.15


def test_nothing_is_fitted_to_little_and_threads_change_nothing():
    null = r2_of(np.random.default_rng(3).beta(1, 50, size=(150, 120)))
    null[0, 40:] = np.nan
    null[1] = 0.25
    df1, df2 = np.ones(150, dtype=int), np.full(150, 100)
    df1[2] = 0
    one, two = (fit_beta_tail(null, df1, df2, execution=Execution(threads=t)) for t in (1, 2))
    assert np.isnan(one.df2[:3]).all()
    assert not one.fits[:3].any()
    assert np.isfinite(one.df2[3:]).all()
    assert np.isnan(one.p_value(null[:, 0], df1)[:3]).all()
    for name in ("df2", "shape1", "shape2", "distance", "n_fitted"):
        assert getattr(one, name).tobytes() == getattr(two, name).tobytes()
