"""Tail of a permutation distribution beyond its permutations: the beta approximation.

The smallest of many p-values, most of them correlated, is distributed about as the smallest of b
independent ones, Beta(1, b) (Dudbridge & Koeleman 2004, Am J Hum Genet 75:424), once p is taken
with effective residual degrees of freedom (Ongen et al. 2016).
"""

from dataclasses import dataclass

import numpy as np

from crossmap.execution import Execution, run_tasks
from crossmap.linkage.permuted_scan import p_of_r2

FEWEST_FITTED = 50
"""Permutations below which nothing is fitted."""

MOST_FITTED = 2000
"""Permutations that are fitted: more change p by less than the approximation errs."""

CRITICAL_DISTANCE = 1.15
"""Of the distance times sqrt(B): a sample of a beta distribution, two parameters fitted, exceeds it
in some 0.5% of cases (tests/significance/test_beta_tail.py)."""

NODES = 16
"""Of the interpolation of log p: five digits of p or more."""

TRAITS_PER_TASK = 64

_SMALLEST = float(np.finfo(np.float64).tiny)


@dataclass(frozen=True, eq=False)
class BetaTail:
    """Fitted null distributions of the smallest p-value over the genome, one for each trait.

    Parameters
    ----------
    df2
        float64 [n_traits]: effective residual degrees of freedom; NaN where nothing was fitted.
    shape1, shape2
        float64 [n_traits]: of the beta distribution of the smallest p-value.
    distance
        float64 [n_traits]: largest difference between the fitted and the permuted distribution
        function (Kolmogorov's).
    n_fitted
        int64 [n_traits]: permutations that were fitted.
    """

    df2: np.ndarray
    shape1: np.ndarray
    shape2: np.ndarray
    distance: np.ndarray
    n_fitted: np.ndarray

    @property
    def fits(self) -> np.ndarray:
        """Whether the distance is one that chance explains: bool [n_traits]."""
        return self.distance * np.sqrt(self.n_fitted) <= CRITICAL_DISTANCE

    def p_value(self, r2: np.ndarray, df1: np.ndarray) -> np.ndarray:
        """Probability that chance gives an R2 as large anywhere on the genome.

        Parameters
        ----------
        r2
            float64 [n_traits]: largest partial R2.
        df1
            int64 [n_traits]: degrees of freedom of the tests.

        Returns
        -------
        numpy.ndarray
            float64 [n_traits], above 0; NaN where nothing was fitted.
        """
        from scipy import special

        with np.errstate(invalid="ignore"):
            p = p_of_r2(r2, df1, self.df2)
            adjusted = special.betainc(self.shape1, self.shape2, p)
        return np.maximum(adjusted, _SMALLEST)


def fit_beta_tail(
    null: np.ndarray, df1: np.ndarray, df2: np.ndarray, *, execution: Execution | None = None
) -> BetaTail:
    """Fit the beta approximation to the largest R2 of permuted traits.

    Parameters
    ----------
    null
        float64 [n_traits, n_perm]: largest partial R2 of each permutation; NaN where there is none.
    df1, df2
        int64 [n_traits]: nominal degrees of freedom; 0 where a trait has no test.
    execution
        Threads and progress; never changes a result.

    Returns
    -------
    BetaTail
        NaN for traits with fewer than `FEWEST_FITTED` permutations, or without spread.

    Notes
    -----
    Maximum likelihood. The effective degrees of freedom are those with which the first shape is 1:
    with p of them, mean log p = psi(1) - psi(1 + b) and b = -1/mean log(1 - p).

    References
    ----------
    Ongen, Buil, Brown, Dermitzakis & Delaneau (2016) Bioinformatics 32:1479 (FastQTL).
    """
    n_traits = len(null)
    found = np.full((n_traits, 4), np.nan)
    count = np.minimum((~np.isnan(null)).sum(axis=1), MOST_FITTED)
    starts = range(0, n_traits, TRAITS_PER_TASK)

    def work(start: int) -> np.ndarray:
        part = np.full((min(TRAITS_PER_TASK, n_traits - start), 4), np.nan)
        for i, t in enumerate(range(start, start + len(part))):
            if count[t] >= FEWEST_FITTED and df1[t] > 0:
                row = null[t]
                part[i] = _fit(row[~np.isnan(row)][:MOST_FITTED], int(df1[t]), float(df2[t]))
        return part

    results = run_tasks(work, list(starts), execution=execution, stage="beta approximation")
    for start, part in zip(starts, results, strict=True):
        found[start : start + len(part)] = part
    return BetaTail(found[:, 0], found[:, 1], found[:, 2], found[:, 3], count)


class _LogP:
    """log p and log(1 - p) of many R2 for any degrees of freedom.

    The incomplete beta function is costly (5 us): it is taken at Chebyshev's nodes alone, between
    which log p of R2 is smooth. Of all R2 together only the means of the polynomials are needed.
    """

    def __init__(self, r2: np.ndarray, df1: int) -> None:
        r = np.sqrt(r2)  # p has a root at R2 = 0
        low, high = float(r.min()), float(r.max())
        nodes = np.cos(np.pi * (np.arange(NODES) + 0.5) / NODES)
        self.df1 = df1
        self.r2_nodes = (low + (high - low) * (nodes + 1.0) / 2.0) ** 2
        at = np.polynomial.chebyshev.chebvander(2.0 * (r - low) / (high - low) - 1.0, NODES - 1)
        to_coefficients = np.polynomial.chebyshev.chebvander(nodes, NODES - 1).T * (2.0 / NODES)
        to_coefficients[0] /= 2.0
        self.values = at @ to_coefficients
        self.means = self.values.mean(axis=0)

    def at_nodes(self, df: float) -> tuple[np.ndarray, np.ndarray]:
        p = np.clip(p_of_r2(self.r2_nodes, self.df1, df), _SMALLEST, 1.0 - 1e-16)
        return np.log(p), np.log1p(-p)

    def mean(self, df: float) -> tuple[float, float]:
        """Means of log p and log(1 - p)."""
        low, high = self.at_nodes(df)
        return float(self.means @ low), float(self.means @ high)

    def p(self, df: float) -> np.ndarray:
        """Every p."""
        return np.exp(np.minimum(self.values @ self.at_nodes(df)[0], 0.0))


def _fit(r2: np.ndarray, df1: int, df2: float) -> tuple[float, float, float, float]:
    from scipy import optimize, special

    if not np.ptp(r2) > 0:
        return (np.nan,) * 4
    log_p = _LogP(r2, df1)

    def excess(log_df: float) -> float:
        """Of the first shape's score at 1, the second at its best."""
        low, high = log_p.mean(float(np.exp(log_df)))
        return low - (special.digamma(1.0) - special.digamma(1.0 - 1.0 / high))

    log_df, ends = np.log(df2), [np.log(max(1.0, df2 / 2.0)), np.log(2.0 * df2)]
    if excess(ends[0]) * excess(ends[1]) < 0:
        log_df = optimize.brentq(excess, *ends, xtol=1e-4)
        shape1, shape2 = 1.0, -1.0 / log_p.mean(float(np.exp(log_df)))[1]
    else:  # far from any beta distribution of first shape 1
        low, high = log_p.mean(df2)

        def cost(x: np.ndarray) -> float:
            a, b = np.exp(x)
            return float(special.betaln(a, b) - (a - 1.0) * low - (b - 1.0) * high)

        exact = {"xatol": 1e-8, "fatol": 1e-12, "maxiter": 2000}
        start = [0.0, np.log(-1.0 / high)]
        best = optimize.minimize(cost, start, method="Nelder-Mead", options=exact)
        shape1, shape2 = map(float, np.exp(best.x))
    df = float(np.exp(log_df))
    p = np.sort(log_p.p(df))
    share = (
        -np.expm1(shape2 * np.log1p(-p)) if shape1 == 1.0 else special.betainc(shape1, shape2, p)
    )
    steps = np.arange(len(r2) + 1) / len(r2)
    distance = max(np.abs(share - steps[:-1]).max(), np.abs(share - steps[1:]).max())
    return df, shape1, shape2, float(distance)
