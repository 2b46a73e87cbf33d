"""What can be wrong with the genotypes and traits of a cross, measured.

Nothing is judged here: `crossmap.report.check` says which numbers are findings, in words.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from crossmap.cross import Cross
from crossmap.genome import recombination_fraction
from crossmap.genotypes.x_chromosome import is_x

MANY_MARKERS = 20_000
"""Samples are compared on so many markers at most, evenly along the map."""

_EM_STEPS = 500
# Transitions per interval between neighbouring markers, from the recombination fraction r.
_LINES = {"riself": (2.0, 2.0), "risib": (4.0, 6.0)}


@dataclass(frozen=True, eq=False)
class Quality:
    """Measures of a cross, one table for each kind of thing.

    Parameters
    ----------
    markers
        marker, chr, pos_bp, pos_cm, n_missing (dominant calls among them), n_dominant, is_constant
        (dominant calls not looked at), pattern (number of the distinct
        genotype pattern on its chromosome, -1 without variation), is_flipped (its alleles look
        exchanged against the rest of its chromosome).
    patterns
        One row per distinct pattern, in map order: marker (the first), chr, n_markers,
        n_runs (stretches of neighbouring markers it comes in), counts of the genotypes
        ``n_<name>``, n_dominant, p_segregation (NaN where no ratio is expected; dominant calls
        counted in).
    samples
        sample, n_missing (calls, dominant ones among them), n_dominant, n_crossovers (fewest that
        explain the calls; 2 where an F2 changes from one homozygote to the other),
        expected_crossovers (number of them by the genetic map and Haldane, between the markers
        called in this sample; NaN without such a map).
    intervals
        Between neighbouring markers of a chromosome that vary: marker1, marker2, chr, n_compared,
        n_changes, correlation (of the genotypes, NaN if one is constant among those compared).
    pairs
        The two samples most alike for each sample, once each: sample1, sample2, n_compared
        (markers called in both), share (of them that agree), p_chance (that any two of so many
        unrelated samples would agree so much on this map; rather too large), p_identical (that two
        would agree in every marker: near 1 the map cannot tell samples apart).
    traits
        trait, n_missing, is_constant, has_place, on_map (its chromosome carries markers).
    length_cm
        Of the genetic map, from first to last marker of each chromosome; NaN without one.
    length_bp
        Likewise.
    """

    markers: pd.DataFrame
    patterns: pd.DataFrame
    samples: pd.DataFrame
    intervals: pd.DataFrame
    pairs: pd.DataFrame
    traits: pd.DataFrame
    length_cm: float
    length_bp: float


def cross_quality(cross: Cross) -> Quality:
    """Measure what can be wrong with a cross.

    Parameters
    ----------
    cross
        Any cross, calls missing or not.

    Returns
    -------
    Quality

    Examples
    --------
    >>> from crossmap.simulate import simulate_cross
    >>> quality = cross_quality(simulate_cross(n_samples=20, n_markers=60, n_traits=3).cross)
    >>> len(quality.samples), len(quality.markers), bool(quality.markers["is_flipped"].any())
    (20, 60, False)
    """
    chromosome = pd.factorize(cross.markers["chr"])[0]
    is_constant = _is_constant(cross.genotypes)
    pattern = _pattern_of(cross.genotypes, chromosome, is_constant)
    varying = np.flatnonzero(~is_constant)
    intervals, rows = _intervals(cross, varying, chromosome)
    markers = cross.markers.assign(
        n_missing=(cross.genotypes < 0).sum(axis=1),
        n_dominant=_dominant(cross).sum(axis=(0, 2)),
        is_constant=is_constant,
        pattern=pattern,
        is_flipped=_flipped(cross.n_markers, intervals, rows),
    )
    return Quality(
        markers=markers,
        patterns=_patterns(cross, pattern),
        samples=pd.DataFrame(
            {
                "sample": pd.Series(cross.samples, dtype=object),
                "n_missing": (cross.genotypes < 0).sum(axis=0),
                "n_dominant": _dominant(cross).sum(axis=(0, 1)),
                "n_crossovers": _crossovers(cross.genotypes, chromosome),
                "expected_crossovers": _expected_crossovers(cross, chromosome),
            }
        ),
        intervals=intervals,
        pairs=_closest_pairs(cross),
        traits=_traits(cross),
        length_cm=_length(cross, "pos_cm"),
        length_bp=_length(cross, "pos_bp"),
    )


def _dominant(cross: Cross) -> np.ndarray:
    """Dominant calls, not the last genotype and not the first: bool [2, n_markers, n_samples]."""
    if cross.ruled_out is None:
        return np.zeros((2, 1, 1), dtype=np.bool_) & (cross.genotypes < 0)
    return np.stack([cross.ruled_out == cross.n_genotypes - 1, cross.ruled_out == 0])


def _is_constant(genotypes: np.ndarray) -> np.ndarray:
    """Whether the calls of a marker, missing ones aside, are all one."""
    highest = genotypes.max(axis=1, initial=-1)
    called = np.where(genotypes < 0, np.int8(127), genotypes)
    lowest = called.min(axis=1, initial=127)
    is_constant: np.ndarray = lowest >= highest
    return is_constant


def _pattern_of(
    genotypes: np.ndarray, chromosome: np.ndarray, is_constant: np.ndarray
) -> np.ndarray:
    """Number of each marker's pattern: equal calls on one chromosome, whatever the labels."""
    top = genotypes.max(initial=1)
    pattern = np.full(len(genotypes), -1, dtype=np.int64)
    seen: dict[tuple[int, bytes], int] = {}
    for row in np.flatnonzero(~is_constant):
        calls = genotypes[row]
        homozygous = calls[(calls == 0) | (calls == top)]
        if len(homozygous) and homozygous[0] == top:  # labels exchanged; the first call is class 0
            calls = np.where(calls < 0, calls, top - calls).astype(np.int8)
        key = (int(chromosome[row]), calls.tobytes())
        pattern[row] = seen.setdefault(key, len(seen))
    return pattern


def _patterns(cross: Cross, pattern: np.ndarray) -> pd.DataFrame:
    rows = np.flatnonzero(pattern >= 0)
    numbers, first = np.unique(pattern[rows], return_index=True)
    first_row = rows[first]
    # A pattern that comes back after others have come between has another run.
    begins = np.ones(len(rows), dtype=np.bool_)
    begins[1:] = pattern[rows][1:] != pattern[rows][:-1]
    calls = cross.genotypes[first_row]
    counts = np.column_stack([(calls == g).sum(axis=1) for g in range(cross.n_genotypes)])
    table = pd.DataFrame(
        {
            "marker": cross.markers["marker"].to_numpy(dtype=object)[first_row],
            "chr": cross.markers["chr"].to_numpy(dtype=object)[first_row],
            "n_markers": np.bincount(pattern[rows], minlength=len(numbers)),
            "n_runs": np.bincount(pattern[rows][begins], minlength=len(numbers)),
        }
    )
    for g, name in enumerate(cross.genotype_names):
        table[f"n_{name}"] = counts[:, g]
    partial = _dominant(cross)[:, first_row].sum(axis=2).T
    table["n_dominant"] = partial.sum(axis=1)
    table["p_segregation"] = segregation_p(counts, cross.crosstype, partial=partial)
    untested = has_no_ratio(cross.crosstype, table["chr"].tolist())
    return table.assign(p_segregation=table["p_segregation"].mask(untested))


def has_no_ratio(crosstype: str, chromosomes: Sequence[str]) -> np.ndarray:
    """Tell chromosomes on which the cross type gives genotypes no ratio: X, where sexes differ.

    Parameters
    ----------
    crosstype
        One of `crossmap.cross.CROSSTYPES`.
    chromosomes
        Names.

    Returns
    -------
    numpy.ndarray
        bool, one for each name.

    Examples
    --------
    >>> has_no_ratio("f2", ["1", "X"]).tolist(), has_no_ratio("dh", ["X"]).tolist()
    ([False, True], [False])
    """
    sexed = crosstype in ("bc", "f2", "risib")
    return np.array([sexed and is_x(name) for name in chromosomes], dtype=np.bool_)


def segregation_p(
    counts: np.ndarray, crosstype: str, *, partial: np.ndarray | None = None
) -> np.ndarray:
    """Test genotype counts against the ratio that the cross type gives.

    Parameters
    ----------
    counts
        int64 [n_loci, G].
    crosstype
        One of `crossmap.cross.CROSSTYPES`: 1:2:1 in an F2 (chi-square, 2 df), else 1:1 (exact,
        two-sided).
    partial
        int64 [n_loci, 2]: dominant calls of an F2, not the last genotype and not the first. Loci
        that have some are tested by their likelihood ratio to the best proportions (chi-square; 2
        df, 1 where only one genotype is ever told from the others), since single genotypes among
        dominant calls are mostly the one that shows.

    Returns
    -------
    numpy.ndarray
        float64 [n_loci]; NaN where nothing was counted.

    Examples
    --------
    >>> import numpy as np
    >>> segregation_p(np.array([[5, 5], [10, 0]]), "haploid").tolist()
    [1.0, 0.001953125]
    """
    from scipy import stats

    total = counts.sum(axis=1)
    if crosstype == "f2":
        expected = total[:, None] * np.array([0.25, 0.5, 0.25])
        with np.errstate(invalid="ignore", divide="ignore"):
            statistic = ((counts - expected) ** 2 / expected).sum(axis=1)
        p = stats.chi2.sf(statistic, 2)
        if partial is not None and partial.any():
            some = np.flatnonzero(partial.any(axis=1))
            p[some] = _partial_p(counts[some], partial[some])
            total = total + partial.sum(axis=1)
    else:
        rarer = np.minimum(counts[:, 0], counts[:, 1])
        p = np.minimum(2.0 * stats.binom.cdf(rarer, total, 0.5), 1.0)
    return np.where(total > 0, p, np.nan)


def _partial_p(counts: np.ndarray, partial: np.ndarray) -> np.ndarray:
    """Likelihood ratio test of 1:2:1 where some calls leave two genotypes open."""
    from scipy import special, stats

    due = np.array([0.25, 0.5, 0.25])
    total = counts.sum(axis=1) + partial.sum(axis=1)
    p = np.broadcast_to(due, counts.shape)
    for _ in range(_EM_STEPS):
        not_last, not_first = p[:, :2], p[:, 1:]
        filled = counts.astype(np.float64)
        with np.errstate(invalid="ignore"):
            share = np.nan_to_num(not_last / not_last.sum(axis=1, keepdims=True))
            filled[:, :2] += partial[:, :1] * share
            share = np.nan_to_num(not_first / not_first.sum(axis=1, keepdims=True))
            filled[:, 1:] += partial[:, 1:] * share
        p = filled / total[:, None]

    def log_likelihood(q: np.ndarray) -> np.ndarray:
        seen: np.ndarray = special.xlogy(counts, q).sum(axis=1)
        seen = seen + special.xlogy(partial[:, 0], q[:, 0] + q[:, 1])
        return seen + special.xlogy(partial[:, 1], q[:, 1] + q[:, 2])

    gain = 2.0 * (log_likelihood(p) - log_likelihood(np.broadcast_to(due, p.shape)))
    cells = np.column_stack([counts, partial]) > 0
    # CC and not CC alone, or BB and not BB: one proportion is all that can be told.
    one = ~cells[:, 1] & ((~cells[:, 2] & ~cells[:, 3]) | (~cells[:, 0] & ~cells[:, 4]))
    return stats.chi2.sf(np.maximum(gain, 0.0), np.where(one, 1, 2))


def _crossovers(genotypes: np.ndarray, chromosome: np.ndarray) -> np.ndarray:
    """Changes between successive calls of each sample, chromosome by chromosome."""
    counts = np.zeros(genotypes.shape[1], dtype=np.int64)
    for c in np.unique(chromosome):
        block = genotypes[chromosome == c]
        last = _last_call(block)
        is_both = (last[:-1] >= 0) & (block[1:] >= 0)
        step = np.abs(block[1:].astype(np.int64) - last[:-1])
        counts += np.where(is_both, step, 0).sum(axis=0)
    return counts


def _last_call(block: np.ndarray) -> np.ndarray:
    """At each marker the latest call so far, -1 before the first."""
    row = np.where(block >= 0, np.arange(len(block))[:, None], 0)
    latest: np.ndarray = np.take_along_axis(block, np.maximum.accumulate(row, axis=0), axis=0)
    return latest


def _intervals(
    cross: Cross, varying: np.ndarray, chromosome: np.ndarray
) -> tuple[pd.DataFrame, np.ndarray]:
    """Neighbouring markers that vary, and their rows in the marker table."""
    is_near = chromosome[varying][1:] == chromosome[varying][:-1]
    left, right = varying[:-1][is_near], varying[1:][is_near]
    n_compared = np.zeros(len(left), dtype=np.int64)
    n_changes = np.zeros(len(left), dtype=np.int64)
    correlation = np.full(len(left), np.nan)
    for i, (a, b) in enumerate(zip(left, right, strict=True)):
        one, other = cross.genotypes[a], cross.genotypes[b]
        is_both = (one >= 0) & (other >= 0)
        one, other = one[is_both].astype(np.float64), other[is_both].astype(np.float64)
        n_compared[i] = len(one)
        n_changes[i] = int((one != other).sum())
        if len(one):
            one, other = one - one.mean(), other - other.mean()
            size = np.sqrt((one @ one) * (other @ other))
            correlation[i] = (one @ other) / size if size > 0 else np.nan
    names = cross.markers["marker"].to_numpy(dtype=object)
    table = pd.DataFrame(
        {
            "marker1": names[left],
            "marker2": names[right],
            "chr": cross.markers["chr"].to_numpy(dtype=object)[left],
            "n_compared": n_compared,
            "n_changes": n_changes,
            "correlation": correlation,
        }
    )
    return table, np.column_stack([left, right])


FLIP_P = 1e-6
"""Neighbours correlated so strongly the wrong way, by chance, are not (all intervals together)."""


def is_flip(intervals: pd.DataFrame) -> np.ndarray:
    """Tell intervals whose two markers are correlated the wrong way.

    Linked or not, neighbours with the same parent's allele in the same class are never correlated
    negatively, whatever the segregation at each of them.

    Parameters
    ----------
    intervals
        As in `Quality`.

    Returns
    -------
    numpy.ndarray
        bool [n_intervals].
    """
    from scipy import stats

    if not len(intervals):
        return np.zeros(0, dtype=np.bool_)
    z = intervals["correlation"].to_numpy() * np.sqrt(intervals["n_compared"].to_numpy())
    p: np.ndarray = stats.norm.cdf(z) * len(intervals)
    return p < FLIP_P  # NaN is none


def _flipped(n_markers: int, intervals: pd.DataFrame, rows: np.ndarray) -> np.ndarray:
    """The smaller party of each chromosome, where flips part its markers into two."""
    flipped = np.zeros(n_markers, dtype=np.bool_)
    flips = is_flip(intervals)
    for c in dict.fromkeys(intervals["chr"]):
        here = (intervals["chr"] == c).to_numpy()
        of_chromosome = np.append(rows[here][:, 0], rows[here][-1, 1])
        party = np.concatenate([[0], np.cumsum(flips[here]) % 2]).astype(np.bool_)
        flipped[of_chromosome] = party if party.sum() * 2 <= len(party) else ~party
    return flipped


def _closest_pairs(cross: Cross) -> pd.DataFrame:
    """For each sample the one most like it, and whether chance could make them so alike."""
    rows = np.flatnonzero(~_is_constant(cross.genotypes))
    if len(rows) > MANY_MARKERS:
        rows = rows[np.arange(MANY_MARKERS) * len(rows) // MANY_MARKERS]
    chromosome = pd.factorize(cross.markers["chr"].iloc[rows])[0]
    n = cross.n_samples
    pair = np.triu_indices(n, k=1)
    same, compared = np.zeros((n, n), dtype=np.float32), np.zeros((n, n), dtype=np.float32)
    noise = 0.0  # variance of the number of markers that agree, of two unrelated samples
    for number in range(chromosome.max(initial=-1) + 1):
        calls = cross.genotypes[rows[chromosome == number]]
        # Counts below 2^24 are exact in single precision.
        here = np.zeros((n, n), dtype=np.float32)
        for g in range(cross.n_genotypes):
            is_g = (calls == g).astype(np.float32)
            here += is_g.T @ is_g
        called = (calls >= 0).astype(np.float32)
        both = called.T @ called
        noise += _spread(here[pair].astype(np.float64), both[pair].astype(np.float64))
        same += here
        compared += both
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(compared > 0, same / compared, -1.0)
    np.fill_diagonal(share, -1.0)
    closest = share.argmax(axis=1) if n > 1 else np.zeros(0, dtype=np.int64)
    found = sorted({(min(i, int(j)), max(i, int(j))) for i, j in enumerate(closest)})
    one, other = np.array(found, dtype=np.int64).reshape(-1, 2).T
    names = np.array(cross.samples, dtype=object)
    n_compared = compared[one, other].astype(np.int64)
    agree = same[one, other].astype(np.float64) / np.maximum(n_compared, 1)
    usual = float(same[pair].sum(dtype=np.float64) / max(compared[pair].sum(dtype=np.float64), 1.0))
    n_usual = float(compared[pair].mean(dtype=np.float64)) if n > 1 else 0.0
    n_loci = usual * (1.0 - usual) * n_usual**2 / noise if noise > 0 else 0.0
    table = pd.DataFrame(
        {
            "sample1": names[one],
            "sample2": names[other],
            "n_compared": n_compared,
            "share": agree,
            "p_chance": _chance_of(agree, usual, n_loci * n_compared / max(n_usual, 1.0), n),
            "p_identical": _chance_of(np.ones(len(one)), usual, n_loci, n),
        }
    )
    return table.sort_values("share", ascending=False, kind="stable").reset_index(drop=True)


def _spread(same: np.ndarray, compared: np.ndarray) -> float:
    """Variance over pairs of samples of how many markers of a chromosome agree; rather too large.

    One more pair, that agrees everywhere or nowhere, is added: with few samples the variance is
    known badly, and a chromosome has no less than one locus.
    """
    share = same[compared > 0] / compared[compared > 0]
    if not len(share):
        return 0.0
    mean = share.mean()
    variance = (((share - mean) ** 2).sum() + mean * (1.0 - mean)) / len(share)
    return float(min(variance, mean * (1.0 - mean)) * compared.mean() ** 2)


def _chance_of(share: np.ndarray, usual: float, n_loci: float | np.ndarray, n: int) -> np.ndarray:
    """Probability that any two of n unrelated samples agree in such a share of the markers.

    At most the number of pairs times the tail of a binomial distribution, of as many independent
    loci as have the variance that pairs of samples show. Of a chromosome's crossovers the true
    distribution has the lighter tail.
    """
    from scipy import special

    loci = np.broadcast_to(np.asarray(n_loci, dtype=np.float64), share.shape)
    tail = np.ones(share.shape)
    some = (loci > 0) & (share > 0)
    agreeing = share[some] * loci[some]
    tail[some] = special.betainc(agreeing, loci[some] - agreeing + 1.0, usual)
    return np.minimum(tail * (n * (n - 1) / 2), 1.0)


def _expected_crossovers(cross: Cross, chromosome: np.ndarray) -> np.ndarray:
    """Changes that the genetic map lets expect between the successive calls of each sample."""
    position = cross.markers["pos_cm"].to_numpy()
    if np.isnan(position).any():
        return np.full(cross.n_samples, np.nan)
    is_called = cross.genotypes >= 0
    if is_called.all():
        return np.full(cross.n_samples, _changes_due(position, chromosome, cross.crosstype))
    return np.array(
        [
            _changes_due(position[called], chromosome[called], cross.crosstype)
            for called in is_called.T
        ]
    )


def _changes_due(position_cm: np.ndarray, chromosome: np.ndarray, crosstype: str) -> float:
    is_near = chromosome[1:] == chromosome[:-1]
    r = recombination_fraction(np.abs(np.diff(position_cm))[is_near])
    if crosstype in _LINES:
        rise, fall = _LINES[crosstype]
        r = rise * r / (1.0 + fall * r)
    return float(r.sum() * (2.0 if crosstype == "f2" else 1.0))


def _length(cross: Cross, column: str) -> float:
    position = cross.markers.groupby("chr", sort=False)[column]
    return float((position.max() - position.min()).sum(skipna=False))


def _traits(cross: Cross) -> pd.DataFrame:
    is_known = ~np.isnan(cross.traits)
    highest = np.where(is_known, cross.traits, -np.inf).max(axis=1, initial=-np.inf)
    lowest = np.where(is_known, cross.traits, np.inf).min(axis=1, initial=np.inf)
    places = cross.trait_table[["chr", "start_bp", "end_bp"]].notna().all(axis=1)
    return pd.DataFrame(
        {
            "trait": cross.trait_table["trait"],
            "n_missing": (~is_known).sum(axis=1),
            "is_constant": lowest >= highest,
            "has_place": places,
            "on_map": places & cross.trait_table["chr"].isin(set(cross.markers["chr"])),
        }
    )
