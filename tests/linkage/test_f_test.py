import numpy as np
import pytest

from crossmap.linkage.f_test import f_of_p, neglog10_p, share_of_p


@pytest.mark.parametrize(
    ("f", "df1", "df2", "ln_p"),
    [(1e6, 1, 800, -2856.25), (2e3, 2, 5000, -1469.47), (1e4, 3, 5000, -4860.82)],
)
def test_tail_that_underflows(f, df1, df2, ln_p):
    assert -neglog10_p(f, df1, df2) * np.log(10) == pytest.approx(ln_p, abs=0.005)


def test_equals_scipy_where_that_is_finite():
    from scipy import stats

    f = np.array([0.0, 0.3, 1.0, 4.0, 20.0, 90.0])
    for df1, df2 in ((1, 110), (2, 108), (3, 5)):
        np.testing.assert_allclose(
            neglog10_p(f, df1, df2),
            -stats.f.logsf(f, df1, df2) / np.log(10),
            rtol=1e-11,
            atol=1e-14,
        )


def test_series_joins_the_ordinary_tail_without_a_step():
    """Either side of where the ordinary tail is given up, to 1e-11."""
    import mpmath

    for f in np.geomspace(2000, 20000, 9):
        x = mpmath.mpf(800) / (800 + mpmath.mpf(f))
        exact = -mpmath.log10(mpmath.betainc(400, 0.5, 0, x, regularized=True))
        assert float(neglog10_p(f, 1, 800)) == pytest.approx(float(exact), rel=1e-11)


def test_missing_and_infinite():
    np.testing.assert_array_equal(neglog10_p(np.array([np.nan, np.inf]), 1, 9), [np.nan, np.inf])


@pytest.mark.parametrize("df1", [1, 2, 3, 8])
@pytest.mark.parametrize("p_value", [0.5, 1e-3, 1e-12, 1e-200])
def test_statistics_of_p_values_are_where_the_test_has_them(df1, p_value):
    from scipy import stats

    f = f_of_p(p_value, 60, df1=df1)
    assert neglog10_p(np.array([f]), df1, 60)[0] == pytest.approx(-np.log10(p_value), rel=1e-10)
    assert p_value < 1e-6 or f == pytest.approx(stats.f.isf(p_value, df1, 60), rel=1e-8)
    share = share_of_p(p_value, 60, df1=df1)
    assert share / (1 - share) * 60 / df1 == pytest.approx(f, rel=1e-6)
