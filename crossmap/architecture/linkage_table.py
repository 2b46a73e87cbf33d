"""Linkages of any search as one table: a row for each trait and locus."""

from typing import Literal, get_args

import numpy as np
import pandas as pd

from crossmap.arguments import require_number, require_one_of
from crossmap.cross import Cross, complete_traits
from crossmap.errors import ArgumentError, DataError
from crossmap.genome import Unit
from crossmap.genotypes.loci import Loci
from crossmap.genotypes.probable_loci import searchable_loci
from crossmap.kernels.regression import TIE
from crossmap.linkage.curves import lod_curves
from crossmap.linkage.f_test import f_of_p as quantile_of_f
from crossmap.linkage.f_test import neglog10_p, share_of_p
from crossmap.linkage.intervals import bayes_interval, lod_interval
from crossmap.linkage.passing import PassingTests
from crossmap.linkage.probability_passing import shared_scan
from crossmap.linkage.search_traits import search_traits
from crossmap.linkage.stages import SearchOptions
from crossmap.significance.joint import JointLinkage


def columns_in(unit: Unit) -> list[str]:
    """Name the columns of a linkage table; see `linkage_table`.

    Parameters
    ----------
    unit
        Of places: ``bp`` or ``cm``.

    Returns
    -------
    list of str
    """
    places, ends = (f"start_{unit}", f"end_{unit}"), (f"lo_{unit}", f"hi_{unit}")
    return ["trait", "number", "locus", "chr", *places, "r2", "neglog10_p", *ends]


def table_unit(table: pd.DataFrame) -> Unit:
    """Tell the unit of a linkage table's places: base pairs if there are any.

    Parameters
    ----------
    table
        Columns start_bp (or pos_bp), or start_cm (or pos_cm).

    Returns
    -------
    str
    """

    def has(unit: Unit) -> bool:
        columns = {f"start_{unit}", f"pos_{unit}"} & set(table)
        return any(table.empty or table[name].notna().any() for name in columns)

    return "cm" if has("cm") and not has("bp") else "bp"


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
        its ends NaN.

    Returns
    -------
    pandas.DataFrame
        By trait and locus number: trait, number (from 1), locus, chr, start_bp, end_bp (ends of
        the locus), r2 (share of the trait's variance that it adds to those before; with a variance
        for each cell, of the variance scaled within cells), neglog10_p (nominal, given those
        before), lo_bp, hi_bp (support interval of the locus given those before). On a map without
        base pairs start_cm, end_cm, lo_cm, hi_cm.

    Raises
    ------
    ArgumentError
        If `fdr` is out of range.

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
    return table[columns_in(search.loci.unit)]


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
        Any cross; traits with missing values are left out.
    threshold
        Largest nominal p-value of a linkage.
    interval
        Support interval: ``lod`` (drop of 1.5) or ``bayes`` (probability 95%).
    loci
        What is scanned: genotype probabilities, as in `JointLinkage.search`. None takes calls,
        which must be complete and of two genotypes.

    Returns
    -------
    pandas.DataFrame
        As `linkage_table`, loci numbered by the strength of their linkage.

    Raises
    ------
    ArgumentError
        If `threshold` is out of range.
    DataError
        If the cross has three genotypes or missing calls (of calls).

    Examples
    --------
    >>> from crossmap import simulate_cross
    >>> cross = simulate_cross(n_samples=100, n_traits=50, n_markers=200, seed=3).cross
    >>> bool((single_locus_table(cross)["neglog10_p"] >= 5).all())
    True
    """
    loci = loci if loci is not None else searchable_loci(cross)
    names, values = complete_traits(cross)
    f_of_p(threshold, cross.n_samples)  # refuses what is no p-value
    scan = shared_scan(values, loci, threshold=threshold)
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
    strength = peaks.neglog10_p
    if strength is None:
        with np.errstate(divide="ignore"):
            f = peaks.r2 / ((1.0 - np.minimum(peaks.r2, 1.0)) / (n - 2))
        strength = neglog10_p(f, 1, n - 2)
    table = _rows(names[peaks.trait], loci, peaks.locus, peaks.r2, strength, intervals)
    size = peaks.r2 if peaks.neglog10_p is None else strength
    order = np.lexsort((-size, peaks.trait))
    # Two that differ by rounding alone stand in the order of the map: which is the larger then
    # depends on the names of the genotypes.
    trait, size = peaks.trait[order], size[order]
    is_less = np.zeros(len(order), dtype=np.bool_)
    is_less[1:] = (np.diff(trait) != 0) | (size[1:] < size[:-1] * (1.0 - TIE))
    order = order[np.lexsort((peaks.locus[order], np.cumsum(is_less)))]
    rank = np.empty(len(order), dtype=np.int64)
    sorted_trait = peaks.trait[order]
    first = np.searchsorted(sorted_trait, sorted_trait, side="left")
    rank[order] = np.arange(len(order)) - first + 1
    return table.assign(number=rank).iloc[order].reset_index(drop=True)[columns_in(loci.unit)]


def _rows(
    traits: np.ndarray,
    loci: Loci,
    locus: np.ndarray,
    r2: np.ndarray,
    neglog10: np.ndarray,
    intervals: np.ndarray,
) -> pd.DataFrame:
    names = np.array([*loci.names, None], dtype=object)
    unit = loci.unit
    return pd.DataFrame(
        {
            "trait": pd.Series(traits, dtype=object),
            "locus": pd.Series(names[locus], dtype=object),
            "chr": pd.Series(loci.chr[locus], dtype=object),
            f"start_{unit}": getattr(loci, f"start_{unit}")[locus],
            f"end_{unit}": getattr(loci, f"end_{unit}")[locus],
            "r2": r2,
            "neglog10_p": neglog10,
            f"lo_{unit}": intervals[:, 0],
            f"hi_{unit}": intervals[:, 1],
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
        float64 [n, 2], in `loci.unit`: start of the first and end of the last locus.

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
    start, end = (getattr(loci, f"{side}_{loci.unit}") for side in ("start", "end"))
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
                found = bayes_interval(curve, start[on], prob=prob, ends="between")
        first, last = on[found.low], on[found.high]
        interval[row, 0] = min(start[first], start[best])
        interval[row, 1] = max(end[last], end[best])
    return interval


def r2_of_p(p_value: float, n_samples: int, *, df: int = 1) -> float:
    """Share of variance that one locus takes at a nominal p-value.

    Parameters
    ----------
    p_value
        Above 0 and below 1.
    n_samples
        n, at least 2 more than `df`.
    df
        Degrees of freedom of the locus: 1 of two genotypes, 2 of three.

    Returns
    -------
    float
        df F / (df F + n - 1 - df), F the upper quantile of F(df, n - 1 - df).

    Raises
    ------
    ArgumentError
        If `p_value` is out of range.
    DataError
        If there are too few samples.

    Examples
    --------
    >>> round(r2_of_p(1e-5, 112), 4)
    0.1632
    """
    if not 0.0 < p_value < 1.0:
        msg = f"threshold: expected a p-value above 0 and below 1, found {p_value!r}"
        raise ArgumentError(msg)
    if n_samples < 2 + df:
        msg = f"samples: expected at least {2 + df}, found {n_samples}"
        raise DataError(msg)
    return share_of_p(p_value, n_samples - 1 - df, df1=df)


def f_of_p(p_value: float, n_samples: int, *, df: int = 1) -> float:
    """Give the F statistic of one locus at a nominal p-value.

    Parameters
    ----------
    p_value, n_samples, df
        As in `r2_of_p`.

    Returns
    -------
    float
        Upper quantile of F(df, n - 1 - df).

    Raises
    ------
    ArgumentError
        If `p_value` is out of range.
    DataError
        If there are too few samples.
    """
    r2_of_p(p_value, n_samples, df=df)  # refuses what is out of range
    return quantile_of_f(p_value, n_samples - 1 - df, df1=df)


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
        A linkage table, of crossmap or the user's own, its places in base pairs or, all of them, in
        centimorgans; a single place ``pos_bp`` may stand for ``start_bp`` and ``end_bp``.
    *needed
        Columns beside trait, chr, start_bp and end_bp; ``lo_`` and ``hi_`` for those in the unit of
        the table.

    Returns
    -------
    pandas.DataFrame
        With start_bp and end_bp (or _cm), rows numbered from 0.

    Raises
    ------
    ArgumentError
        If a column is missing, or a place is.
    """
    table, unit = linkages.reset_index(drop=True), table_unit(linkages)
    start, end, place = f"start_{unit}", f"end_{unit}", f"pos_{unit}"
    if place in table and start not in table:
        table = table.assign(**{start: table[place], end: table[place]})
    named = [f"{name}{unit}" if name.endswith("_") else name for name in needed]
    for name in ("trait", "chr", start, end, *named):
        if name not in table:
            msg = f"linkages: expected a column {name}, found {', '.join(map(str, table.columns))}"
            raise ArgumentError(msg)
    holes = np.flatnonzero(table[["chr", start, end]].isna().any(axis=1).to_numpy())
    if len(holes):
        msg = f"linkages, row {holes[0] + 1}: expected chr, {start} and {end}, found none"
        raise ArgumentError(msg)
    return table
