"""Where the error rates of a joint analysis cannot be relied on, as far as a run can tell."""

from itertools import pairwise

import numpy as np

from crossmap.linkage.sequential import SequentialSearch
from crossmap.linkage.stages import LINKED_R2
from crossmap.significance.pi0 import FEWEST_P_VALUES, Pi0Method, estimate_pi0
from crossmap.words import count

TAIL = 0.05
"""Share of all nulls of a stage beyond the point at which groups of traits are compared."""

FEWEST_TRAITS, LEAST_SHARE = 50, 0.15
"""A group of fewer traits, or of a smaller share of them, is not judged: it can do little harm."""

MOST_TIMES, FEWEST_ERRORS = 1.5, 4.0
"""A group's nulls are not those of the pool if they pass the point so many times as often, and by
so many standard errors."""

UNEQUAL_LOG2_RATIO, HEAVY_KURTOSIS, RARE_SHARE = 1.0, 3.0, 0.2

MOST_LINKED_SHARE, FEWEST_LINKED = 0.1, 10

N_FACTORS, N_BOOTSTRAP = 20, 100


def search_limits(search: SequentialSearch, values: np.ndarray) -> tuple[str, ...]:
    """Say which traits' chance statistics are not those they are compared with.

    The null statistics of a stage are pooled over traits, which is right where they do not depend
    on the trait. So groups of traits whose own nulls are past a high quantile of the pool much more
    often than all are named: those whose primary locus has a rare genotype, whose noise differs
    between its genotypes, or whose noise has heavy tails.

    Parameters
    ----------
    search
        A finished search.
    values
        float64 [n_traits, n_samples], the traits that were searched; NaN missing.

    Returns
    -------
    tuple of str
        A sentence for each limit met, without its full stop.

    References
    ----------
    Storey, Akey & Kruglyak (2005) PLoS Biol 3:e267 pool nulls over traits.
    """
    found: list[str] = []
    for number, (before, stage) in enumerate(pairwise(search.stages), start=2):
        n_traits = int(before.eligible.sum())
        n_without = int((before.eligible & ~stage.eligible).sum())
        if n_without >= FEWEST_TRAITS and n_without > 0.1 * n_traits:
            found.append(
                f"genotype combinations are too small for a locus {number} of {n_without:,} of "
                f"{count(n_traits, 'trait')} (min_cell {search.options.min_cell}); they cannot "
                "be called"
            )
    if len(search.stages) > 1:
        second = search.stages[1]
        for what, members in _groups(search, values).items():
            times = _times_past(second.f_null, second.eligible & members)
            if times:
                found.append(
                    f"chance statistics of locus 2 of the {int(members.sum()):,} traits {what} "
                    f"pass the pooled {TAIL:.0%} point {times:.1f} times as often: too many of "
                    f"these traits are called"
                )
    return tuple(found)


def _groups(search: SequentialSearch, values: np.ndarray) -> dict[str, np.ndarray]:
    """What distinguishes traits -> bool [n_traits]; nothing where loci have three genotypes."""
    if search.loci.genotypes.max(initial=0) > 1:
        return {}
    first = search.stages[0].locus
    x = search.loci.genotypes[np.maximum(first, 0)].astype(np.float64)
    known = ~np.isnan(values) & (first >= 0)[:, None]
    y = np.where(known, values, 0.0)
    residual, variance, share = np.zeros_like(y), [], []
    for genotype in (0.0, 1.0):
        own = known & (x == genotype)
        n = np.maximum(own.sum(axis=1), 1)
        mean = np.where(own, y, 0.0).sum(axis=1) / n
        centred = np.where(own, y - mean[:, None], 0.0)
        variance.append((centred**2).sum(axis=1) / np.maximum(n - 1, 1))
        share.append(n / np.maximum(known.sum(axis=1), 1))
        residual += centred
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.abs(np.log2(variance[1] / variance[0]))
        second = (residual**2).mean(axis=1)
        kurtosis = (residual**4).mean(axis=1) / second**2 - 3.0
    return {
        "whose variance differs twofold between genotypes of locus 1": ratio > UNEQUAL_LOG2_RATIO,
        "with heavy tails": kurtosis > HEAVY_KURTOSIS,
        "with a rare genotype at locus 1": np.minimum(*share) < RARE_SHARE,
    }


def _times_past(f_null: np.ndarray, members: np.ndarray) -> float:
    """How many times as often as all the members' nulls pass the pool's point; 0 if in order."""
    if members.sum() < max(FEWEST_TRAITS, LEAST_SHARE * len(members)):
        return 0.0
    point = np.nanquantile(f_null, 1.0 - TAIL)
    past = (f_null[members] > point).mean(axis=1)
    error = max(float(past.std()) / np.sqrt(len(past)), 1e-12)
    is_off = past.mean() > MOST_TIMES * TAIL and past.mean() - TAIL > FEWEST_ERRORS * error
    return float(past.mean() / TAIL) if is_off else 0.0


def linked_pairs_limit(pair_r2: np.ndarray, is_called: np.ndarray) -> tuple[str, ...]:
    """Say if many traits called have two loci that may be one.

    Parameters
    ----------
    pair_r2
        float64 [n_traits], as `JointLinkage.pair_r2`.
    is_called
        bool [n_traits].

    Returns
    -------
    tuple of str
        A sentence without its full stop, or nothing.

    Examples
    --------
    >>> linked_pairs_limit(np.full(20, 0.8), np.arange(20) < 12)[0][:39]
    '12 of 12 traits called name linked loci'
    """
    n_linked, n_called = int((pair_r2[is_called] > LINKED_R2).sum()), int(is_called.sum())
    if n_linked < FEWEST_LINKED or n_linked <= MOST_LINKED_SHARE * n_called:
        return ()
    return (
        f"{n_linked:,} of {n_called:,} traits called name linked loci (pair_r2 above {LINKED_R2}), "
        f"which may be one locus named twice; exclude_r2={LINKED_R2} bars such pairs",
    )


def pi0_spread(
    p: np.ndarray, values: np.ndarray, *, method: Pi0Method = "smoother", seed: int = 1
) -> float:
    """Standard error of pi0 where traits are correlated, by a bootstrap over groups of traits.

    Traits are grouped by the common factor (principal component of the standardised traits) they
    load most on, and sign; groups are drawn, not traits.

    Parameters
    ----------
    p
        float64 [n_traits] p-values; NaN are left out.
    values
        float64 [n_traits, n_samples] of the same traits, NaN missing.
    method
        As in `estimate_pi0`.
    seed
        Of the draws.

    Returns
    -------
    float
        NaN where there are too few p-values.

    References
    ----------
    Storey (2002) JRSS-B 64:479 (bootstrap); Field & Welsh (2007) JRSS-B 69:369 (of clusters).
    """
    kept = ~np.isnan(p)
    if kept.sum() < 2 * FEWEST_P_VALUES:
        return float("nan")
    p, z = p[kept], values[kept]
    z = z - np.nanmean(z, axis=1, keepdims=True)
    z = np.nan_to_num(z / np.maximum(np.nanstd(z, axis=1, keepdims=True), 1e-300))
    _, vectors = np.linalg.eigh(z.T @ z)
    load = z @ vectors[:, ::-1][:, :N_FACTORS]
    best = np.abs(load).argmax(axis=1)
    group = 2 * best + (load[np.arange(len(load)), best] > 0)
    members = [p[group == g] for g in np.unique(group)]
    rng = np.random.default_rng(seed)
    drawn = []
    for _ in range(N_BOOTSTRAP):
        sample = np.concatenate([members[g] for g in rng.integers(len(members), size=len(members))])
        if len(sample) >= FEWEST_P_VALUES:
            drawn.append(estimate_pi0(sample, method=method))
    return float(np.std(drawn)) if len(drawn) > 1 else float("nan")
