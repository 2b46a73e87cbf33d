"""Pooled p-values, q-values, and false discovery rates of sets of posterior probabilities."""

import numpy as np

from crossmap.errors import ArgumentError

TIE = 1e-10
"""Relative difference below which a null statistic counts as reaching what was observed: those of
the same split of the samples differ by rounding alone, which depends on the trait's unit and on
which genotype is which."""

NOTHING = 1e-14
"""A statistic smaller than this counts as 0: beyond lies rounding, whose logarithm is anything."""


def pooled_p_values(
    observed: np.ndarray, null: np.ndarray, *, weight: np.ndarray | None = None
) -> np.ndarray:
    """p_i = #{F0 >= F_i} / N_null, at least 1 / N_null.

    Parameters
    ----------
    observed
        float64 [n], 0 or more, larger is more significant; NaN (no statistic) gives NaN.
    null
        Null statistics of any shape, pooled; NaN are left out. Those `TIE` smaller count as equal,
        and all below `NOTHING` as 0.
    weight
        float64, broadcast to the shape of `null`: how much each counts, 0 or more; None counts
        all alike.

    Returns
    -------
    numpy.ndarray
        float64 [n].

    Raises
    ------
    ArgumentError
        If there is no null statistic, or none of positive weight.

    Examples
    --------
    >>> pooled_p_values(np.array([0.5, 2.0, 9.0]), np.array([1.0, 2.0, 3.0, 4.0]))
    array([1.  , 0.75, 0.25])
    """
    pooled, counts = sorted_with_weights(null, weight)
    below = np.concatenate([[0.0], np.cumsum(counts)])
    if not below[-1] > 0:
        msg = "null: expected at least one null statistic, found none"
        raise ArgumentError(msg)
    least = np.where(observed < NOTHING, 0.0, observed * (1.0 - TIE))
    at_least = below[-1] - below[np.searchsorted(pooled, least, side="left")]
    p = np.minimum(np.maximum(at_least, 1.0) / below[-1], 1.0)
    return np.where(np.isnan(observed), np.nan, p)


def sorted_with_weights(
    values: np.ndarray, weight: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Sort values, NaN left out, and their weights with them, so that no order of items shows.

    Parameters
    ----------
    values
        float64 of any shape.
    weight
        float64, broadcast to the shape of `values`; None for 1.

    Returns
    -------
    values : numpy.ndarray
        float64 [n], ascending.
    weight : numpy.ndarray
        float64 [n]; of equal values the lighter first.
    """
    kept = ~np.isnan(values)
    if weight is None:
        ordered = np.sort(values[kept], axis=None)
        return ordered, np.ones(ordered.size)
    flat, heavy = values[kept], np.broadcast_to(weight, values.shape)[kept]
    order = np.lexsort((heavy, flat))
    return flat[order], heavy[order]


def q_values(p: np.ndarray, *, pi0: float) -> np.ndarray:
    """Smallest pi0-scaled Benjamini-Hochberg FDR of a set that holds each test.

    Parameters
    ----------
    p
        float64 [n]; NaN (no test) gives NaN and does not count.
    pi0
        Proportion of true nulls, in (0, 1].

    Returns
    -------
    numpy.ndarray
        float64 [n], at most 1; q_(k) = min over l >= k of pi0 n p_(l) / l.

    Raises
    ------
    ArgumentError
        If `pi0` is out of range.

    References
    ----------
    Storey (2002) JRSS-B 64:479; Storey & Tibshirani (2003) PNAS 100:9440, remark B.

    Examples
    --------
    >>> q_values(np.array([0.01, 0.5, 0.02]), pi0=1.0)
    array([0.03, 0.5 , 0.03])
    """
    if not 0 < pi0 <= 1:
        msg = f"pi0: expected a number above 0 and at most 1, found {pi0!r}"
        raise ArgumentError(msg)
    q = np.full(p.shape, np.nan)
    tested = np.flatnonzero(~np.isnan(p))
    order = tested[np.argsort(p[tested], kind="stable")]
    # The largest rank of a tie comes first in the running minimum, so tied p share their q.
    scaled = pi0 * len(order) * p[order] / np.arange(1, len(order) + 1)
    q[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return q


def posterior_q_values(probability: np.ndarray) -> np.ndarray:
    """Smallest expected share of false members of a set {i: P_i >= t} that holds each item.

    Parameters
    ----------
    probability
        float64 [n], posterior probabilities that the items are true.

    Returns
    -------
    numpy.ndarray
        float64 [n]: mean of 1 - P over the items at least as probable; equal P share the value at
        the end of their tie.

    References
    ----------
    Storey, Akey & Kruglyak (2005) PLoS Biol 3:e267, "Joint Linkage FDR".

    Examples
    --------
    >>> posterior_q_values(np.array([0.5, 1.0, 0.5])).round(3)
    array([0.333, 0.   , 0.333])
    """
    values, inverse, counts = np.unique(probability, return_inverse=True, return_counts=True)
    # From the most probable down; sums over sorted values, so no order of items can change them.
    down, size = values[::-1], counts[::-1]
    fdr = np.cumsum((1.0 - down) * size) / np.maximum(np.cumsum(size), 1)
    return fdr[::-1][inverse.reshape(-1)]


def floor_rule(probability: np.ndarray, floor: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """FDR of calling every trait whose least certain locus has at least a given probability.

    Parameters
    ----------
    probability
        float64 [n_traits, n_loci]: Pr(locus l linked | those before).
    floor
        float64 [n_floors]: least probability of every locus of a called trait.

    Returns
    -------
    n_called : numpy.ndarray
        int64 [n_floors]: traits called at each floor.
    fdr : numpy.ndarray
        float64 [n_floors]: mean of 1 - P over the called, made monotone: never larger than at a
        lower floor; 0 where nothing is called.
    """
    joint = probability.prod(axis=1)
    least = probability.min(axis=1)
    order = np.argsort(floor)
    n_called = np.empty(len(floor), dtype=np.int64)
    fdr = np.empty(len(floor))
    so_far = 1.0
    for index in order:
        members = np.sort(joint[least >= floor[index]])
        n_called[index] = len(members)
        so_far = min(so_far, float(np.mean(1.0 - members)) if len(members) else 0.0)
        fdr[index] = so_far
    return n_called, fdr


def unknown_number_of_loci(
    probability: np.ndarray, *, threshold: float
) -> tuple[np.ndarray, float]:
    """Number of loci to name for each trait when it is not known beforehand.

    Parameters
    ----------
    probability
        float64 [n_traits, n_loci]: Pr(locus l linked | those before).
    threshold
        t in (0, 1].

    Returns
    -------
    n_loci : numpy.ndarray
        int64 [n_traits]: the largest l with prod_{k <= l} Pr_k >= t, 0 if none. Traits with one
        or more are called jointly linked to that many loci.
    fdr : float
        Expected share of called traits of which a named locus is false, at most 1 - t; 0 if none
        is called.

    Raises
    ------
    ArgumentError
        If `threshold` is out of range.

    References
    ----------
    Storey, Akey & Kruglyak (2005) PLoS Biol 3:e267, "Generalization".
    """
    if not 0 < threshold <= 1:
        msg = f"threshold: expected a number above 0 and at most 1, found {threshold!r}"
        raise ArgumentError(msg)
    product = np.cumprod(probability, axis=1)
    n_loci = (product >= threshold).sum(axis=1)
    called = np.flatnonzero(n_loci)
    if not len(called):
        return n_loci, 0.0
    return n_loci, float(np.mean(np.sort(1.0 - product[called, n_loci[called] - 1])))


def recorded_fdr(neglog10_p: np.ndarray, *, n_tests: int) -> np.ndarray:
    """Benjamini-Hochberg FDR of tests of which only the best were recorded.

    Parameters
    ----------
    neglog10_p
        float64 [n]: of the recorded tests, all those past a threshold.
    n_tests
        N, all tests made.

    Returns
    -------
    numpy.ndarray
        float64 [n], at most 1: FDR_k = min over recorded l >= k of p_(l) N / l. Near the threshold
        an upper bound: tests that were not recorded might lower it.

    References
    ----------
    Benjamini & Hochberg (1995) JRSS-B 57:289; Shabalin (2012) Bioinformatics 28:1353.

    Examples
    --------
    >>> recorded_fdr(np.array([4.0, 2.0, 4.0]), n_tests=1000)
    array([0.05, 1.  , 0.05])
    """
    order = np.argsort(-neglog10_p, kind="stable")
    fdr = np.empty(len(neglog10_p))
    fdr[order], _ = fdr_of_ranks(neglog10_p[order], first=0, n_tests=n_tests, least=1.0)
    return fdr


def fdr_of_ranks(
    neglog10_p: np.ndarray, *, first: int, n_tests: int, least: float
) -> tuple[np.ndarray, float]:
    """FDR of consecutive ranks, the ranks after them being done.

    Parameters
    ----------
    neglog10_p
        float64 [n], descending: ranks first + 1 .. first + n.
    first
        Tests recorded before these.
    n_tests
        N, all tests made.
    least
        Smallest FDR of the ranks after these (1 if there are none).

    Returns
    -------
    fdr : numpy.ndarray
        float64 [n].
    least : float
        Smallest FDR of these and the later ranks.
    """
    rank = first + np.arange(1, len(neglog10_p) + 1)
    # No FDR is 0, as no p-value is.
    raw = np.maximum(10.0**-neglog10_p * (n_tests / rank), np.finfo(np.float64).tiny)
    fdr = np.minimum.accumulate(np.append(raw, least)[::-1])[::-1]
    return fdr[:-1], float(fdr[0])
