"""Linkages of any search as one table: a row for each trait and locus."""

import numpy as np
import pandas as pd

from crossmap.arguments import require_number
from crossmap.cross import Cross, complete_traits
from crossmap.errors import ArgumentError, DataError
from crossmap.genotypes.loci import Loci, distinct_loci
from crossmap.linkage.curves import lod_curves
from crossmap.linkage.f_test import neglog10_p
from crossmap.linkage.passing import PassingTests, SharedScan
from crossmap.linkage.search_traits import search_traits
from crossmap.linkage.stages import SearchOptions
from crossmap.significance.joint import JointLinkage

COLUMNS = (
    "trait", "number", "locus", "chr", "start_bp", "end_bp", "r2", "neglog10_p", "lo_bp", "hi_bp",
)  # fmt: skip
"""Columns of a linkage table; see `linkage_table`."""

LOD_DROP = 1.5


def linkage_table(
    joint: JointLinkage, cross: Cross, *, fdr: float = 0.10, with_intervals: bool = True
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
    with_intervals
        Whether to work out support intervals; else lo_bp and hi_bp are NaN.

    Returns
    -------
    pandas.DataFrame
        By trait and locus number: trait, number (from 1), locus, chr, start_bp, end_bp (ends of
        the locus), r2 (share of the trait's variance that it adds to those before), neglog10_p
        (nominal, given those before), lo_bp, hi_bp (1.5-LOD support interval of the locus given
        those before, out to the next locus beyond it).

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
        if with_intervals:
            before = search.locus[rows, : number - 1]
            lod = lod_curves(values, search.loci, before, options=search.options)
            intervals = support_interval(lod, search.loci, locus)
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
    cross: Cross, *, threshold: float = 1e-5, loci: Loci | None = None
) -> pd.DataFrame:
    """Find the best locus of every trait on every chromosome that passes a threshold.

    Parameters
    ----------
    cross
        Two genotypes per locus, complete calls; traits with missing values are left out.
    threshold
        Largest nominal p-value of a linkage.
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
        scan.tests().peaks(loci.chr_index), values, names["trait"].to_numpy(dtype=object), loci
    )


def peaks_table(
    peaks: PassingTests, values: np.ndarray, names: np.ndarray, loci: Loci
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

    Returns
    -------
    pandas.DataFrame
        As `linkage_table`, loci numbered by the strength of their linkage.
    """
    n = values.shape[1]
    intervals = np.full((len(peaks), 2), np.nan)
    traits, row = np.unique(peaks.trait, return_inverse=True)
    none_yet = np.empty((len(traits), 0), dtype=np.int64)
    lod = lod_curves(values[traits], loci, none_yet, options=SearchOptions(min_cell=1))
    intervals = support_interval(lod[row.reshape(-1)], loci, peaks.locus)
    with np.errstate(divide="ignore"):
        f = peaks.r2 / ((1.0 - np.minimum(peaks.r2, 1.0)) / (n - 2))
    table = _rows(names[peaks.trait], loci, peaks.locus, peaks.r2, neglog10_p(f, 1, n - 2),
                  intervals)  # fmt: skip
    order = np.lexsort((peaks.locus, -peaks.r2, peaks.trait))
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
    lod: np.ndarray, loci: Loci, locus: np.ndarray, *, drop: float = LOD_DROP
) -> np.ndarray:
    """Interval of a chromosome where the LOD stays within a drop of its peak.

    Parameters
    ----------
    lod
        float64 [n, n_loci]; NaN where a locus was not eligible.
    loci
        The loci.
    locus
        int64 [n]: the peaks; -1 gives NaN.
    drop
        LOD units.

    Returns
    -------
    numpy.ndarray
        float64 [n, 2], in base pairs: from the locus before the first to the locus after the last
        on the chromosome whose LOD lies within the drop, as R/qtl's ``lodint`` takes it.

    References
    ----------
    Lander & Botstein (1989) Genetics 121:185; Dupuis & Siegmund (1999) Genetics 151:373 (a drop
    of 1.5 covers 95% on a dense map).
    """
    interval = np.full((len(locus), 2), np.nan)
    for chromosome in np.unique(loci.chr_index[locus[locus >= 0]]):
        on = np.flatnonzero(loci.chr_index == chromosome)
        rows = np.flatnonzero((locus >= 0) & (loci.chr_index[locus] == chromosome))
        curve = lod[np.ix_(rows, on)]
        peak = lod[rows, locus[rows]]
        near = curve >= np.where(np.isinf(peak), peak, peak - drop)[:, None]
        first = np.maximum(near.argmax(axis=1) - 1, 0)
        last = np.minimum(len(on) - near[:, ::-1].argmax(axis=1), len(on) - 1)
        interval[rows, 0] = np.minimum(loci.start_bp[on[first]], loci.start_bp[locus[rows]])
        interval[rows, 1] = np.maximum(loci.end_bp[on[last]], loci.end_bp[locus[rows]])
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
