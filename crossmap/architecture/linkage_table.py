"""Linkages of any search as one table: a row for each trait and locus."""

from typing import Literal, get_args

import numpy as np
import pandas as pd

from crossmap.arguments import require_number, require_one_of
from crossmap.cross import Cross, complete_traits
from crossmap.errors import ArgumentError, DataError
from crossmap.genotypes.loci import Loci, distinct_loci
from crossmap.linkage.curves import lod_curves
from crossmap.linkage.f_test import neglog10_p
from crossmap.linkage.intervals import bayes_interval, lod_interval
from crossmap.linkage.passing import TIE, PassingTests, SharedScan
from crossmap.linkage.search_traits import search_traits
from crossmap.linkage.stages import SearchOptions
from crossmap.significance.joint import JointLinkage

COLUMNS = (
    "trait", "number", "locus", "chr", "start_bp", "end_bp", "r2", "neglog10_p", "lo_bp", "hi_bp",
)  # fmt: skip
"""Columns of a linkage table; see `linkage_table`."""

IntervalKind = Literal["lod", "bayes"]

LOD_DROP, BAYES_PROB = 1.5, 0.95


def linkage_table(
    joint: JointLinkage,
    cross: Cross,
    *,
    fdr: float = 0.10,
    interval: IntervalKind | None = "lod",
) -> pd.DataFrame:
    """Write the loci of the traits called by joint linkage one below the other.

    Parameters
    ----------
    joint
        What `joint_linkage` returned.
    cross
        The cross that was analysed.
    fdr
        Joint-linkage false discovery rate at which traits are called.
    interval
        Support interval: ``lod`` (drop of 1.5), ``bayes`` (probability 95%), or None, which leaves
        lo_bp and hi_bp NaN.

    Returns
    -------
    pandas.DataFrame
        By trait and locus number: trait, number (from 1), locus, chr, start_bp, end_bp (ends of
        the locus), r2 (share of the trait's variance that it adds to those before; with a variance
        for each cell, of the variance scaled within cells), neglog10_p (nominal, given those
        before), lo_bp, hi_bp (support interval of the locus given those before).

    Raises
    ------
    ArgumentError
        If `fdr` is out of range.
    DataError
        If the map has no base pairs.

    Examples
    --------
    >>> from crossmap import joint_linkage, simulate_cross
    >>> cross = simulate_cross(n_samples=100, n_traits=200, n_markers=300, seed=1).cross
    >>> table = linkage_table(joint_linkage(cross, n_perm=5), cross)
    >>> list(table.columns[:6])
    ['trait', 'number', 'locus', 'chr', 'start_bp', 'end_bp']
    """
    require_number("fdr", fdr, least=0.0, most=1.0)
    search = joint.search
    require_bp(search.loci)
    rows = np.flatnonzero(joint.is_called(fdr))
    values = search_traits(cross, joint.covariates).values[rows]
    left = np.ones(len(rows))
    parts = []
    for number, stage in enumerate(search.stages, start=1):
        f, df1, df2 = stage.f[rows], stage.df1[rows], stage.df2[rows]
        partial = np.where(np.isinf(f), 1.0, df1 * f / np.maximum(df1 * f + df2, 1e-300))
        locus = stage.locus[rows]
        intervals = np.full((len(rows), 2), np.nan)
        if interval is not None:
            before = search.locus[rows, : number - 1]
            lod = lod_curves(values, search.loci, before, options=search.options)
            intervals = support_interval(lod, search.loci, locus, kind=interval)
        part = _rows(
            np.array(search.traits, dtype=object)[rows], search.loci, locus, left * partial,
            neglog10_p(f, df1, df2), intervals,
        )  # fmt: skip
        parts.append(part.assign(number=number)[locus >= 0])
        left = left * (1.0 - partial)
    table = pd.concat(parts, ignore_index=True)
    table = table.sort_values(["trait", "number"], kind="stable", ignore_index=True)
    return table[list(COLUMNS)]


def single_locus_table(
    cross: Cross,
    *,
    threshold: float = 1e-5,
    interval: IntervalKind = "lod",
    loci: Loci | None = None,
) -> pd.DataFrame:
    """Find the best locus of every trait on every chromosome that passes a threshold.

    Parameters
    ----------
    cross
        Two genotypes per locus, complete calls; traits with missing values are left out.
    threshold
        Largest nominal p-value of a linkage.
    interval
        Support interval: ``lod`` (drop of 1.5) or ``bayes`` (probability 95%).
    loci
        Distinct loci of the cross, if they are at hand.

    Returns
    -------
    pandas.DataFrame
        As `linkage_table`, loci numbered by the strength of their linkage.

    Raises
    ------
    ArgumentError
        If `threshold` is out of range.
    DataError
        If the cross has three genotypes, missing calls, or no base pairs.

    Examples
    --------
    >>> from crossmap import simulate_cross
    >>> cross = simulate_cross(n_samples=100, n_traits=50, n_markers=200, seed=3).cross
    >>> bool((single_locus_table(cross)["neglog10_p"] >= 5).all())
    True
    """
    loci = loci if loci is not None else distinct_loci(cross)
    require_bp(loci)
    names, values = complete_traits(cross)
    scan = SharedScan(values, loci, least_r2=r2_of_p(threshold, cross.n_samples))
    return peaks_table(
        scan.tests().peaks(loci.chr_index), values, names["trait"].to_numpy(dtype=object), loci,
        interval=interval,
    )  # fmt: skip


def peaks_table(
    peaks: PassingTests,
    values: np.ndarray,
    names: np.ndarray,
    loci: Loci,
    *,
    interval: IntervalKind = "lod",
) -> pd.DataFrame:
    """Write peaks of a single-locus scan as a linkage table.

    Parameters
    ----------
    peaks
        Best tests by trait and chromosome.
    values
        float64 [n_traits, n_samples]: the traits scanned.
    names
        object [n_traits].
    loci
        The loci scanned.
    interval
        As in `single_locus_table`.

    Returns
    -------
    pandas.DataFrame
        As `linkage_table`, loci numbered by the strength of their linkage.
    """
    n = values.shape[1]
    traits, row = np.unique(peaks.trait, return_inverse=True)
    none_yet = np.empty((len(traits), 0), dtype=np.int64)
    lod = lod_curves(values[traits], loci, none_yet, options=SearchOptions(min_cell=1))
    intervals = support_interval(lod[row.reshape(-1)], loci, peaks.locus, kind=interval)
    with np.errstate(divide="ignore"):
        f = peaks.r2 / ((1.0 - np.minimum(peaks.r2, 1.0)) / (n - 2))
    table = _rows(names[peaks.trait], loci, peaks.locus, peaks.r2, neglog10_p(f, 1, n - 2),
                  intervals)  # fmt: skip
    order = np.lexsort((-peaks.r2, peaks.trait))
    # Two that differ by rounding alone stand in the order of the map: which is the larger then
    # depends on the names of the genotypes.
    trait, r2 = peaks.trait[order], peaks.r2[order]
    is_less = np.zeros(len(order), dtype=np.bool_)
    is_less[1:] = (np.diff(trait) != 0) | (r2[1:] < r2[:-1] * (1.0 - TIE))
    order = order[np.lexsort((peaks.locus[order], np.cumsum(is_less)))]
    rank = np.empty(len(order), dtype=np.int64)
    sorted_trait = peaks.trait[order]
    first = np.searchsorted(sorted_trait, sorted_trait, side="left")
    rank[order] = np.arange(len(order)) - first + 1
    return table.assign(number=rank).iloc[order].reset_index(drop=True)[list(COLUMNS)]


def _rows(
    traits: np.ndarray,
    loci: Loci,
    locus: np.ndarray,
    r2: np.ndarray,
    neglog10: np.ndarray,
    intervals: np.ndarray,
) -> pd.DataFrame:
    names = np.array([*loci.names, None], dtype=object)
    return pd.DataFrame(
        {
            "trait": pd.Series(traits, dtype=object),
            "locus": pd.Series(names[locus], dtype=object),
            "chr": pd.Series(loci.chr[locus], dtype=object),
            "start_bp": loci.start_bp[locus],
            "end_bp": loci.end_bp[locus],
            "r2": r2,
            "neglog10_p": neglog10,
            "lo_bp": intervals[:, 0],
            "hi_bp": intervals[:, 1],
        }
    )


def support_interval(
    lod: np.ndarray,
    loci: Loci,
    locus: np.ndarray,
    *,
    kind: IntervalKind = "lod",
    drop: float = LOD_DROP,
    prob: float = BAYES_PROB,
) -> np.ndarray:
    """Interval of a chromosome in which the locus behind a peak lies.

    Parameters
    ----------
    lod
        float64 [n, n_loci]; NaN where a locus was not eligible.
    loci
        The loci.
    locus
        int64 [n]: the best loci of their chromosomes; -1 gives NaN.
    kind
        ``lod``: where the LOD stays within `drop` of its peak, out to the loci beyond; ``bayes``:
        of posterior probability `prob`, out to the loci beyond too.
    drop
        LOD units.
    prob
        Posterior probability.

    Returns
    -------
    numpy.ndarray
        float64 [n, 2], in base pairs: start of the first and end of the last locus.

    Raises
    ------
    ArgumentError
        For an unknown kind.

    References
    ----------
    Dupuis & Siegmund (1999) Genetics 151:373 (a drop of 1.5 covers 95% on a dense map); Sen &
    Churchill (2001) Genetics 159:371.
    """
    require_one_of("interval", kind, get_args(IntervalKind))
    interval = np.full((len(locus), 2), np.nan)
    for row, best in enumerate(locus):
        if best < 0:
            continue
        on = np.flatnonzero((loci.chr_index == loci.chr_index[best]) & ~np.isnan(lod[row]))
        curve = lod[row, on]
        with np.errstate(invalid="ignore"):  # an exact fit has an infinite LOD
            if kind == "lod":
                found = lod_interval(curve, drop=drop)
            else:  # out to the next loci: the place sought may lie between two
                found = bayes_interval(curve, loci.start_bp[on], prob=prob, ends="between")
        first, last = on[found.low], on[found.high]
        interval[row, 0] = min(loci.start_bp[first], loci.start_bp[best])
        interval[row, 1] = max(loci.end_bp[last], loci.end_bp[best])
    return interval


def r2_of_p(p_value: float, n_samples: int) -> float:
    """Share of variance that one locus of two genotypes takes at a nominal p-value.

    Parameters
    ----------
    p_value
        Above 0 and below 1.
    n_samples
        n, at least 3.

    Returns
    -------
    float
        F / (F + n - 2), F the upper quantile of F(1, n - 2).

    Raises
    ------
    ArgumentError
        If `p_value` is out of range.
    DataError
        If there are fewer than 3 samples.

    Examples
    --------
    >>> round(r2_of_p(1e-5, 112), 4)
    0.1632
    """
    f = f_of_p(p_value, n_samples)
    return f / (f + n_samples - 2)


def f_of_p(p_value: float, n_samples: int) -> float:
    """Give the F statistic of one locus of two genotypes at a nominal p-value.

    Parameters
    ----------
    p_value
        Above 0 and below 1.
    n_samples
        n, at least 3.

    Returns
    -------
    float
        Upper quantile of F(1, n - 2).

    Raises
    ------
    ArgumentError
        If `p_value` is out of range.
    DataError
        If there are fewer than 3 samples.
    """
    from scipy import special

    if not 0.0 < p_value < 1.0:
        msg = f"threshold: expected a p-value above 0 and below 1, found {p_value!r}"
        raise ArgumentError(msg)
    if n_samples < 3:
        msg = f"samples: expected at least 3, found {n_samples}"
        raise DataError(msg)
    # The square of a t quantile keeps its digits where 1 - p does not.
    return float(special.stdtrit(n_samples - 2, p_value / 2.0)) ** 2


def require_bp(loci: Loci) -> None:
    """Refuse a map without base pairs, in which genes have no place.

    Parameters
    ----------
    loci
        Distinct loci.

    Raises
    ------
    DataError
        If a locus has none.
    """
    without = np.flatnonzero(np.isnan(loci.start_bp) | np.isnan(loci.end_bp))
    if len(without):
        msg = f"markers: expected positions in bp, found none for {loci.names[without[0]]}"
        raise DataError(msg)


def check_table(linkages: pd.DataFrame, *needed: str) -> pd.DataFrame:
    """Refuse a table that lacks what an analysis needs.

    Parameters
    ----------
    linkages
        A linkage table, of crossmap or the user's own; a single place ``pos_bp`` may stand for
        ``start_bp`` and ``end_bp``.
    *needed
        Columns beside trait, chr, start_bp and end_bp.

    Returns
    -------
    pandas.DataFrame
        With start_bp and end_bp, rows numbered from 0.

    Raises
    ------
    ArgumentError
        If a column is missing, or a place is.
    """
    table = linkages.reset_index(drop=True)
    if "pos_bp" in table and "start_bp" not in table:
        table = table.assign(start_bp=table["pos_bp"], end_bp=table["pos_bp"])
    for name in ("trait", "chr", "start_bp", "end_bp", *needed):
        if name not in table:
            msg = f"linkages: expected a column {name}, found {', '.join(map(str, table.columns))}"
            raise ArgumentError(msg)
    holes = np.flatnonzero(table[["chr", "start_bp", "end_bp"]].isna().any(axis=1).to_numpy())
    if len(holes):
        msg = f"linkages, row {holes[0] + 1}: expected chr, start_bp and end_bp, found none"
        raise ArgumentError(msg)
    return table
