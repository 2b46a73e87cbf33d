"""Proportion of true null hypotheses from the p-values that are too large to be anything else."""

import warnings
from typing import Literal

import numpy as np

from crossmap.arguments import require_one_of
from crossmap.errors import ArgumentError, CrossmapWarning
from crossmap.significance.fdr import q_values, sorted_with_weights
from crossmap.words import count

Pi0Method = Literal["smoother", "bootstrap"]

CUTS = tuple(np.arange(1, 20) * 0.05)
"""Cuts a = 0.05, 0.10 ... 0.95 above which p-values are counted."""

FEWEST_P_VALUES = 100
"""Below this pi0(a) at the largest cuts counts less than a handful: its error exceeds 0.2."""

SURE_P_VALUES = 500
"""From here on the error of pi0 raises the realised rate of q-values by a tenth at most."""


def pi0_at_cuts(p: np.ndarray, cuts: np.ndarray, *, weight: np.ndarray | None = None) -> np.ndarray:
    """pi0(a) = #{p_i >= a} / ((1 - a) T) at every cut a.

    Parameters
    ----------
    p
        float64 [n_tests], no NaN.
    cuts
        float64 [n_cuts], in [0, 1).
    weight
        float64 [n_tests]: how much each test counts; None counts all alike.

    Returns
    -------
    numpy.ndarray
        float64 [n_cuts], may exceed 1.
    """
    ordered, counts = sorted_with_weights(p, weight)
    below = np.concatenate([[0.0], np.cumsum(counts)])
    at_least = below[-1] - below[np.searchsorted(ordered, cuts, side="left")]
    return at_least / ((1.0 - cuts) * below[-1])


def estimate_pi0(
    p: np.ndarray,
    *,
    method: Pi0Method = "smoother",
    cuts: np.ndarray | tuple[float, ...] = CUTS,
    weight: np.ndarray | None = None,
) -> float:
    """Estimate the proportion of true nulls among tests.

    Parameters
    ----------
    p
        float64 p-values in [0, 1]; NaN are left out.
    method
        ``smoother``: a cubic smoothing spline of 3 degrees of freedom through pi0(a), read at the
        largest cut. ``bootstrap``: the cut that minimises an estimated mean squared error.
    cuts
        Cuts a, ascending, in [0, 1); at least 4 for the smoother.
    weight
        float64 [n_tests]: how much each test counts, from 0 to 1; None counts all alike.

    Returns
    -------
    float
        In (0, 1].

    Warns
    -----
    CrossmapWarning
        If there are fewer than `FEWEST_P_VALUES` p-values, or the estimate is not above 0 (no
        p-value near 1); then it is 1, which can only make later error rates larger.

    Raises
    ------
    ArgumentError
        For p-values or cuts out of range, or an unknown method.

    Notes
    -----
    q-values divide by what is estimated here, and the mean of 1 / estimate is above 1 / pi0. So
    with few p-values, most of them not null, the smoother's q-values realise more than they say: in
    simulations with pi0 = 0.3, at nominal 1% and 5%, 1.8 and 7.4% with 100 p-values, 1.3 and 6.3%
    with 200, 1.1 and 5.6% with 500 (bootstrap: 1.3 and 6.4, 1.2 and 6.1, 1.1 and 5.5); with
    pi0 = 0.9
    1.1 and 5.9% with 100 p-values. See `few_p_values_limit`.

    References
    ----------
    Storey (2002) JRSS-B 64:479; Storey & Tibshirani (2003) PNAS 100:9440 (smoother); Storey,
    Taylor & Siegmund (2004) JRSS-B 66:187 (bootstrap; closed form as in qvalue 2).

    Examples
    --------
    >>> p = np.concatenate([(np.arange(800) + 0.5) / 800, np.full(200, 0.001)])
    >>> round(estimate_pi0(p), 2)
    0.8
    """
    a = np.asarray(cuts, dtype=np.float64)
    heavy = np.ones(p.shape) if weight is None else weight
    p, heavy = p[~np.isnan(p)], heavy[~np.isnan(p)]
    n_tests = float(np.sort(heavy).sum())
    if p.size and (p.min() < 0 or p.max() > 1):
        msg = f"p: expected values from 0 to 1, found {p.min()} to {p.max()}"
        raise ArgumentError(msg)
    if a.ndim != 1 or a.size < 4 or (np.diff(a) <= 0).any() or a[0] < 0 or a[-1] >= 1:
        msg = "cuts: expected at least 4 ascending numbers, from 0 to below 1"
        raise ArgumentError(msg)
    require_one_of("pi0_method", method, ("smoother", "bootstrap"))
    if n_tests < FEWEST_P_VALUES:
        _warn(
            f"{count(round(n_tests), 'p-value is', 'p-values are')} too few to estimate pi0 from "
            f"({FEWEST_P_VALUES} are needed)"
        )
        return 1.0
    at_cuts = pi0_at_cuts(p, a, weight=heavy)
    if method == "smoother":
        estimate = float(smoothing_spline(a, at_cuts, df=3.0)[-1])
    else:
        estimate = _bootstrap(n_tests, a, at_cuts)
    if not estimate > 0:
        _warn(f"pi0 came out at {estimate:.3g} (no p-values near 1)")
        return 1.0
    return min(estimate, 1.0)


def storey_q_values(p: np.ndarray) -> np.ndarray:
    """q-values of tests whose proportion of nulls is estimated, as far as there are enough.

    Parameters
    ----------
    p
        float64 p-values in [0, 1]; NaN are left out.

    Returns
    -------
    numpy.ndarray
        float64, as `q_values` with the pi0 of `estimate_pi0` (1 without a word where that would
        warn); NaN where p is.

    References
    ----------
    Storey & Tibshirani (2003) PNAS 100:9440.

    Examples
    --------
    >>> storey_q_values(np.array([0.001, 0.5, np.nan]))
    array([0.002, 0.5  ,   nan])
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CrossmapWarning)
        return q_values(p, pi0=estimate_pi0(p))


def few_p_values_limit(n_tests: int) -> tuple[str, ...]:
    """Say if q-values rest on a pi0 that is not well known.

    Parameters
    ----------
    n_tests
        How many p-values there were.

    Returns
    -------
    tuple of str
        A sentence without its full stop, or nothing: with fewer than `FEWEST_P_VALUES` pi0 is 1,
        which is safe; from `SURE_P_VALUES` on its error does little.

    Examples
    --------
    >>> few_p_values_limit(150)[0][:42], few_p_values_limit(2_000)
    ('pi0 from 150 p-values is uncertain: where ', ())
    """
    if not FEWEST_P_VALUES <= n_tests < SURE_P_VALUES:
        return ()
    times = "twice" if n_tests < 200 else "1.3 times"
    return (
        f"pi0 from {n_tests} p-values is uncertain: where most of them are not null, q-values may "
        f"realise up to {times} the rate they say",
    )


def _warn(reason: str) -> None:
    warnings.warn(f"{reason}; pi0 = 1 is used, which is safe", CrossmapWarning, stacklevel=3)


def _bootstrap(n_tests: float, a: np.ndarray, at_cuts: np.ndarray) -> float:
    """Cut of least variance + squared distance from the 10% quantile of pi0(a)."""
    share = at_cuts * (1.0 - a)
    variance = share * (1.0 - share) / (n_tests * (1.0 - a) ** 2)
    bias = at_cuts - np.quantile(at_cuts, 0.1)
    return float(at_cuts[np.argmin(variance + bias**2)])


def smoothing_spline(x: np.ndarray, y: np.ndarray, *, df: float) -> np.ndarray:
    """Natural cubic smoothing spline with a given number of effective degrees of freedom.

    Parameters
    ----------
    x
        float64 [n], ascending.
    y
        float64 [n].
    df
        Trace of the smoother, above 2 and below n.

    Returns
    -------
    numpy.ndarray
        float64 [n], fitted values at `x`.

    References
    ----------
    Green & Silverman (1994) Nonparametric Regression and Generalized Linear Models, section 2.3.
    """
    n = len(x)
    h = np.diff(x)
    q = np.zeros((n, n - 2))
    r = np.zeros((n - 2, n - 2))
    for i in range(n - 2):
        q[i : i + 3, i] = 1 / h[i], -1 / h[i] - 1 / h[i + 1], 1 / h[i + 1]
        r[i, i] = (h[i] + h[i + 1]) / 3
        if i:
            r[i, i - 1] = r[i - 1, i] = h[i] / 6
    # (I + lambda K)^-1 y with K = Q R^-1 Q'; the trace is a sum over the eigenvalues of K.
    values, vectors = np.linalg.eigh(q @ np.linalg.solve(r, q.T))
    values[:2] = 0.0  # straight lines are not penalised
    low, high = -40.0, 40.0
    for _ in range(200):
        middle = 0.5 * (low + high)
        if (1.0 / (1.0 + np.exp(middle) * values)).sum() > df:
            low = middle
        else:
            high = middle
    return vectors @ ((vectors.T @ y) / (1.0 + np.exp(0.5 * (low + high)) * values))
