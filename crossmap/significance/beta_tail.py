"""Tail of a permutation distribution beyond its permutations: the beta approximation.

The smallest of many p-values, most of them correlated, is distributed about as the smallest of b
independent ones, Beta(1, b) (Dudbridge & Koeleman 2004, Am J Hum Genet 75:424), once p is taken
with effective residual degrees of freedom (Ongen et al. 2016).

Of 50 yeast traits with genome-wide p from 1e-4 to 1, fitted to 1,000 permutations, p is within 0.15
decades (root mean square) of that counted in 100,000, log-log slope 0.94:
tests/benchmarks/permute.py prints and draws it.
"""

from collections.abc import Callable
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

ROOT_TOLERANCE = 1e-4
"""Of the logarithm of the degrees of freedom."""

MOST_STEPS = 100

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

    def r2_at(self, p: np.ndarray, df1: np.ndarray) -> np.ndarray:
        """R2 that chance exceeds anywhere on the genome with a probability: the inverse of p_value.

        Parameters
        ----------
        p
            float64 [n_traits]: genome-wide p-values.
        df1
            int64 [n_traits]: degrees of freedom of the tests.

        Returns
        -------
        numpy.ndarray
            float64 [n_traits]; NaN where nothing was fitted.
        """
        from scipy import special

        smallest = special.betaincinv(self.shape1, self.shape2, p)
        return special.betainccinv(np.asarray(df1) / 2.0, self.df2 / 2.0, smallest)


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
        of_task = slice(start, start + len(part))
        fitted = (count[of_task] >= FEWEST_FITTED) & (df1[of_task] > 0)
        for kind in np.unique(np.stack([count, df1])[:, of_task][:, fitted], axis=1).T:
            alike = fitted & (count[of_task] == kind[0]) & (df1[of_task] == kind[1])
            rows = null[of_task][alike]
            r2 = np.stack([row[~np.isnan(row)][: kind[0]] for row in rows])
            part[alike] = _fit(r2, int(kind[1]), df2[of_task][alike].astype(np.float64))
        return part

    results = run_tasks(work, list(starts), execution=execution, stage="beta approximation")
    for start, part in zip(starts, results, strict=True):
        found[start : start + len(part)] = part
    return BetaTail(found[:, 0], found[:, 1], found[:, 2], found[:, 3], count)


class _LogP:
    """log p and log(1 - p) of many R2 of several traits, each for any degrees of freedom.

    The incomplete beta function is costly (5 us): it is taken at Chebyshev's nodes alone, between
    which log p of R2 is smooth. Of all R2 of a trait only the means of the polynomials are needed.

    Parameters
    ----------
    r2
        float64 [n_traits, n]: not all equal in any trait.
    df1
        Nominal degrees of freedom.
    """

    def __init__(self, r2: np.ndarray, df1: int) -> None:
        r = np.sqrt(r2)  # p has a root at R2 = 0
        low, high = r.min(axis=1, keepdims=True), r.max(axis=1, keepdims=True)
        nodes = np.cos(np.pi * (np.arange(NODES) + 0.5) / NODES)
        self.df1 = df1
        self.r2_nodes = (low + (high - low) * (nodes + 1.0) / 2.0) ** 2
        self.x = 2.0 * (r - low) / (high - low) - 1.0
        self.to_coefficients = np.polynomial.chebyshev.chebvander(nodes, NODES - 1) * (2.0 / NODES)
        self.to_coefficients[:, 0] /= 2.0
        self.means = np.ones_like(self.r2_nodes)  # of the polynomials T_k, T_k+1 = 2x T_k - T_k-1
        before, here = np.ones_like(self.x), self.x
        for k in range(1, NODES):
            self.means[:, k] = here.mean(axis=1)
            before, here = here, 2.0 * self.x * here - before

    def coefficients(self, df: np.ndarray, which: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Of log p and log(1 - p) of some of the traits: float64 [n, NODES]."""
        p = np.clip(p_of_r2(self.r2_nodes[which], self.df1, df[:, None]), _SMALLEST, 1.0 - 1e-16)
        # Sums of each trait by itself: a matrix product may add in an order that depends on others.
        low, high = (
            (values[:, :, None] * self.to_coefficients).sum(axis=1)
            for values in (np.log(p), np.log1p(-p))
        )
        return low, high

    def mean(self, df: np.ndarray, which: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Means of log p and log(1 - p) of some of the traits, by their numbers: float64 [n]."""
        low, high = self.coefficients(df, which)
        return (self.means[which] * low).sum(axis=1), (self.means[which] * high).sum(axis=1)

    def p_and_means(self, df: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Every p of every trait, float64 [n_traits, n], and the means of `mean`."""
        low, high = self.coefficients(df, np.arange(len(self.x)))
        log_p = np.polynomial.chebyshev.chebval(self.x, low.T[:, :, None], tensor=False)
        means = (self.means * low).sum(axis=1), (self.means * high).sum(axis=1)
        return np.exp(np.minimum(log_p, 0.0)), *means


def _fit(r2: np.ndarray, df1: int, df2: np.ndarray) -> np.ndarray:
    """Degrees of freedom, shapes and distance of traits: float64 [n_traits, 4]."""
    from scipy import special

    found = np.full((len(r2), 4), np.nan)
    varies = np.ptp(r2, axis=1) > 0
    if not varies.any():
        return found
    r2, df2 = r2[varies], df2[varies]
    log_p = _LogP(r2, df1)
    log_df = _root(
        lambda x, which: _excess(log_p, x, which),
        np.log(np.maximum(1.0, df2 / 2.0)),
        np.log(2.0 * df2),
    )
    shape1 = np.ones(len(r2))
    has_root = ~np.isnan(log_df)
    df = np.where(has_root, np.exp(log_df), df2)
    p, low, high = log_p.p_and_means(df)
    shape2 = -1.0 / high
    for t in np.flatnonzero(~has_root):  # far from any beta distribution of first shape 1
        shape1[t], shape2[t] = _both_shapes(low[t], high[t])
    p = np.sort(p, axis=1)
    share = -np.expm1(shape2[:, None] * np.log1p(-p))
    share[~has_root] = special.betainc(
        shape1[~has_root, None], shape2[~has_root, None], p[~has_root]
    )
    steps = np.arange(r2.shape[1] + 1) / r2.shape[1]
    distance = np.maximum(
        np.abs(share - steps[:-1]).max(axis=1), np.abs(share - steps[1:]).max(axis=1)
    )
    found[varies] = np.column_stack([df, shape1, shape2, distance])
    return found


def _excess(log_p: _LogP, log_df: np.ndarray, which: np.ndarray) -> np.ndarray:
    """Of the first shape's score at 1, the second at its best."""
    from scipy import special

    low, high = log_p.mean(np.exp(log_df), which)
    return low - (special.digamma(1.0) - special.digamma(1.0 - 1.0 / high))


def _root(
    f: Callable[[np.ndarray, np.ndarray], np.ndarray], low: np.ndarray, high: np.ndarray
) -> np.ndarray:
    """Where f(x, numbers of the elements) is 0, element by element; NaN where no sign changes.

    Regula falsi with the Illinois rule (Dowell & Jarratt 1971, BIT 11:168). Each element stops by
    itself, so that its root does not depend on which others are sought together with it.
    """
    everything = np.arange(len(low))
    a, b, fa, fb = low, high, f(low, everything), f(high, everything)
    root = np.full(len(low), np.nan)
    going = np.flatnonzero(fa * fb < 0)
    a, b, fa, fb = a[going], b[going], fa[going], fb[going]
    for _ in range(MOST_STEPS):
        if not len(going):
            break
        c = b - fb * (b - a) / (fb - fa)
        fc = f(c, going)
        crossed = fc * fb < 0
        moved = np.abs(c - b)
        a, fa = np.where(crossed, b, a), np.where(crossed, fb, fa / 2.0)
        b, fb = c, fc
        root[going] = c
        rest = (moved > ROOT_TOLERANCE) & (fc != 0)
        going, a, b, fa, fb = (values[rest] for values in (going, a, b, fa, fb))
    return root


def _both_shapes(low: float, high: float) -> tuple[float, float]:
    """Shapes of greatest likelihood, given the means of log p and log(1 - p)."""
    from scipy import optimize, special

    def cost(x: np.ndarray) -> float:
        a, b = np.exp(x)
        return float(special.betaln(a, b) - (a - 1.0) * low - (b - 1.0) * high)

    exact = {"xatol": 1e-8, "fatol": 1e-12, "maxiter": 2000}
    best = optimize.minimize(cost, [0.0, np.log(-1.0 / high)], method="Nelder-Mead", options=exact)
    a, b = np.exp(best.x)
    return float(a), float(b)
