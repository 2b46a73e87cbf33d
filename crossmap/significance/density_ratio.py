"""Ratio of null to observed density of a statistic, by spline logistic regression."""

from dataclasses import dataclass

import numpy as np

from crossmap.errors import ArgumentError
from crossmap.kernels import spline as kernels
from crossmap.significance.fdr import NOTHING, TIE, sorted_with_weights

N_BINS = 512
"""Grid on the log scale; counts are shared between the two neighbouring points. On yeast a grid
four times finer moves no posterior by more than 1e-4."""

MAX_ITERATIONS = 200
TOLERANCE = 1e-9

SMOOTHNESS_TOLERANCE = 1e-5
"""Of log lambda: posterior probabilities are those of the best to 1e-6 (with 0.01, to 1e-4)."""


@dataclass(frozen=True, eq=False)
class LogisticSpline:
    """Natural cubic spline of the log odds, linear beyond its ends.

    Parameters
    ----------
    knots
        float64 [m], ascending.
    value, curvature
        float64 [m]: log odds and their second derivative at the knots.
    smoothness
        lambda of log likelihood - (lambda/2) int f''^2.
    linear_from
        Where the straight line of the right end begins: the spline's tangent there.
    """

    knots: np.ndarray
    value: np.ndarray
    curvature: np.ndarray
    smoothness: float
    linear_from: float

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Log odds at `x`: float64, same shape; -inf and inf follow the lines at the ends."""
        x = np.asarray(x, dtype=np.float64)
        inside = np.clip(x, self.knots[0], min(self.knots[-1], self.linear_from))
        result = self._inside(inside)
        beyond = x != inside
        if beyond.any():
            slope = self._slope(inside[beyond])
            with np.errstate(invalid="ignore"):
                rise = slope * (x[beyond] - inside[beyond])
            result[beyond] += np.where(slope == 0.0, 0.0, rise)
        return result

    def _inside(self, x: np.ndarray) -> np.ndarray:
        if len(self.knots) == 1:
            return np.full(x.shape, self.value[0])
        left, h, u, v = self._place(x)
        g, f = self.curvature, self.value
        bend = (u**3 - u) * g[left] + (v**3 - v) * g[left + 1]
        return u * f[left] + v * f[left + 1] + h**2 / 6.0 * bend

    def _slope(self, x: np.ndarray) -> np.ndarray:
        if len(self.knots) == 1:
            return np.zeros(x.shape)
        left, h, u, v = self._place(x)
        g, f = self.curvature, self.value
        bend = (3 * v**2 - 1) * g[left + 1] - (3 * u**2 - 1) * g[left]
        return (f[left + 1] - f[left]) / h + h / 6.0 * bend

    def _place(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        left = np.clip(np.searchsorted(self.knots, x, side="right") - 1, 0, len(self.knots) - 2)
        h = self.knots[left + 1] - self.knots[left]
        v = (x - self.knots[left]) / h
        return left, h, 1.0 - v, v


@dataclass(frozen=True, eq=False)
class DensityRatio:
    """R(F) = g0(F)/g(F), null over observed density of a statistic.

    Parameters
    ----------
    log_odds
        Log odds that a statistic is an observed one, as a spline of its logarithm.
    n_observed, n_null
        How many of either went into the fit, or their total weight.
    """

    log_odds: LogisticSpline
    n_observed: float
    n_null: float

    def __call__(self, statistic: np.ndarray) -> np.ndarray:
        """Ratio R at `statistic` (0 to infinity): float64, same shape, 0 or more."""
        statistic = np.where(statistic < NOTHING, 0.0, statistic)
        with np.errstate(divide="ignore", over="ignore"):
            logit = self.log_odds(np.log(statistic))
            return (self.n_observed / self.n_null) * np.exp(-logit)


def fit_density_ratio(
    observed: np.ndarray, null: np.ndarray, *, weight: np.ndarray | None = None
) -> DensityRatio:
    """Estimate the ratio of null to observed density of a positive statistic.

    Logistic regression of observed (1) against null (0) on a natural cubic smoothing spline of
    the logarithm of the statistic, fitted to counts on a fine grid; beyond the largest null
    statistic the log odds go on along a straight line.

    Parameters
    ----------
    observed, null
        float64 statistics of any shape, 0 or more; NaN are left out; 0 and infinity count at the
        smallest and largest finite value, and less than `NOTHING` as 0.
    weight
        float64 of the shape of `observed`: how much each item and its nulls, the row of `null`,
        count in the likelihood; None counts all alike.

    Returns
    -------
    DensityRatio

    Raises
    ------
    ArgumentError
        If either holds no statistic.

    Notes
    -----
    Smoothness by restricted maximum likelihood (Laplace approximation; Wood 2011, JRSS-B 73:3).

    References
    ----------
    Anderson & Blair (1982) Biometrika 69:123; Storey, Akey & Kruglyak (2005) PLoS Biol 3:e267,
    "Estimating the posterior probabilities".
    """
    samples, weights = [], []
    of_null = None if weight is None else weight[:, None]
    for name, values, own in (("observed", observed, weight), ("null", null, of_null)):
        kept, heavy = sorted_with_weights(values, own)
        if not heavy.sum() > 0:
            msg = f"{name}: expected at least one statistic, found none"
            raise ArgumentError(msg)
        samples.append(kept[heavy > 0])
        weights.append(heavy[heavy > 0])
    together = np.concatenate(samples)
    usable = together[(together >= NOTHING) & np.isfinite(together)]
    low, high = (usable.min(), usable.max()) if usable.size else (1.0, 1.0)
    logs = [np.log(np.clip(s, low, high)) for s in samples]
    grid, counts = _count_on_grid(logs, weights, np.log(low), np.log(high))
    spline = fit_logistic_spline(
        grid, n=counts.sum(axis=0), successes=counts[0], linear_from=float(logs[1][-1])
    )
    n_observed, n_null = (float(heavy.sum()) for heavy in weights)
    return DensityRatio(spline, n_observed=n_observed, n_null=n_null)


def _count_on_grid(
    logs: list[np.ndarray], weights: list[np.ndarray], low: float, high: float
) -> tuple[np.ndarray, np.ndarray]:
    """Counts of each sample at the points of a grid that hold any; distinct values if few."""
    ordered = np.sort(np.concatenate(logs))
    # Values that differ by rounding alone are one: are they equal? That hangs on the trait's unit.
    distinct = ordered[np.concatenate([[True], np.diff(ordered) > TIE])]
    # Values this close must not become knots of their own.
    if len(distinct) <= N_BINS and (np.diff(distinct) > 1e-6 * (high - low)).all():
        place_of = [np.searchsorted(distinct, x, side="right") - 1 for x in logs]
        counts = np.array(
            [
                np.bincount(place, weights=heavy, minlength=len(distinct))
                for place, heavy in zip(place_of, weights, strict=True)
            ]
        )
        return distinct, counts
    grid = np.linspace(low, high, N_BINS)
    counts = np.zeros((len(logs), N_BINS))
    for row, x, heavy in zip(counts, logs, weights, strict=True):
        place = (x - low) / (high - low) * (N_BINS - 1)
        left = np.minimum(place.astype(np.int64), N_BINS - 2)
        right_share = place - left
        row += np.bincount(left, weights=heavy * (1.0 - right_share), minlength=N_BINS)
        row += np.bincount(left + 1, weights=heavy * right_share, minlength=N_BINS)
    used = counts.sum(axis=0) > 0
    return grid[used], np.ascontiguousarray(counts[:, used])


def fit_logistic_spline(
    x: np.ndarray,
    *,
    n: np.ndarray,
    successes: np.ndarray,
    smoothness: float | None = None,
    linear_from: float = np.inf,
) -> LogisticSpline:
    """Penalised natural cubic spline logistic regression with a knot at every point.

    Parameters
    ----------
    x
        float64 [m], distinct, ascending.
    n, successes
        float64 [m]: trials (above 0) and successes; need not be whole.
    smoothness
        lambda of log likelihood - (lambda/2) int f''^2; None chooses it by restricted maximum
        likelihood.
    linear_from
        Beyond this the fit is replaced by its tangent there.

    Returns
    -------
    LogisticSpline
    """
    m = len(x)
    if m == 1:
        logit = float(np.log((successes[0] + 0.5) / (n[0] - successes[0] + 0.5)))
        return LogisticSpline(x, np.array([logit]), np.zeros(1), np.inf, linear_from)
    fitter = _Fitter(x, n, successes)
    lam = fitter.best_smoothness() if smoothness is None else smoothness
    fitter.fit(lam)
    return LogisticSpline(x, fitter.f.copy(), fitter.gamma.copy(), lam, linear_from)


class _Fitter:
    """Fits one data set at several smoothing parameters, each starting where the last ended."""

    def __init__(self, x: np.ndarray, n: np.ndarray, successes: np.ndarray) -> None:
        self.h = np.diff(x)
        self.range = float(x[-1] - x[0])
        self.n = np.ascontiguousarray(n, dtype=np.float64)
        self.successes = np.ascontiguousarray(successes, dtype=np.float64)
        overall = successes.sum() / n.sum()
        self.start = np.full(len(x), np.log(overall / (1.0 - overall)) if 0 < overall < 1 else 0.0)
        self.f = self.start.copy()
        self.gamma = np.zeros(len(x))

    def fit(self, lam: float) -> float:
        """Fit at `lam` and return minus twice the restricted log likelihood, up to a constant."""
        if not (np.isfinite(self.f).all() and np.isfinite(self.gamma).all()):
            self.restart()
        log_det, _ = kernels.fit_logistic(
            self.h, self.n, self.successes, lam, MAX_ITERATIONS, TOLERANCE, self.f, self.gamma
        )
        penalised = kernels.log_likelihood(
            self.f, self.n, self.successes
        ) - 0.5 * lam * kernels.roughness(self.h, self.gamma)
        return -2.0 * penalised + log_det - (len(self.f) - 2) * np.log(lam)

    def restart(self) -> None:
        """Go back to the constant that fits best."""
        self.f[:] = self.start
        self.gamma[:] = 0.0

    def best_smoothness(self) -> float:
        """Minimise over log lambda: a coarse grid from smooth to rough, then Brent's method."""
        from scipy import optimize

        # int f''^2 has the unit of x to the power -3: scaled so that units do not matter.
        scale = 3.0 * np.log(self.range)
        total = np.log(self.n.sum())
        grid = scale + total + np.linspace(2.0, -20.0, 12)
        values = []
        for log_lam in grid:
            values.append(self.fit(float(np.exp(log_lam))))
            if len(values) > 3 and values[-1] > min(values) + 20.0:
                break  # far past the minimum: rougher fits only cost time
        best = int(np.argmin(values))
        low = grid[min(best + 1, len(grid) - 1)]
        high = grid[max(best - 1, 0)]
        found = optimize.minimize_scalar(
            lambda log_lam: self.fit(float(np.exp(log_lam))),
            bounds=(low, high), method="bounded", options={"xatol": SMOOTHNESS_TOLERANCE},
        )  # fmt: skip
        self.restart()  # the reported fit must not depend on the path of the search
        return float(np.exp(found.x))


def posterior_linked(observed: np.ndarray, ratio: DensityRatio, *, pi0: float) -> np.ndarray:
    """Pr(linked | F) = 1 - pi0 R(F), within [0, 1] and never falling as F rises.

    Parameters
    ----------
    observed
        float64 [n] statistics; NaN (no statistic) gives 0.
    ratio
        R.
    pi0
        Proportion of nulls.

    Returns
    -------
    numpy.ndarray
        float64 [n]: at each F the smallest of the raw values at F or above.

    References
    ----------
    Storey, Akey & Kruglyak (2005) PLoS Biol 3:e267, "Estimating the posterior probabilities".
    """
    probability = np.zeros(len(observed))
    kept = np.flatnonzero(~np.isnan(observed))
    values, inverse = np.unique(observed[kept], return_inverse=True)
    raw = np.clip(1.0 - pi0 * ratio(values), 0.0, 1.0)
    probability[kept] = np.minimum.accumulate(raw[::-1])[::-1][inverse.reshape(-1)]
    return probability
