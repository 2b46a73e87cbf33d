"""Local and distant linkages: whether a locus lies at the trait's own gene."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from crossmap.architecture.linkage_table import check_table, require_bp, table_unit
from crossmap.arguments import require_number
from crossmap.cross import Cross, complete_traits
from crossmap.genome import interval_gap_bp
from crossmap.genotypes.loci import Loci
from crossmap.genotypes.probable_loci import searchable_loci
from crossmap.linkage.hits import p_of
from crossmap.linkage.locus_models import locus_models
from crossmap.significance.fdr import q_values

CLASSES = ("local", "distant", "ambiguous", "unplaced")
"""``ambiguous``: the gene lies in a support interval too wide to say; ``unplaced``: the trait's
gene has no place (it is never local)."""

LOCAL_TESTS = ("trait", "locus", "r2", "n_tests", "p_value", "p_adjusted", "q_value")
"""Columns of `local_linkage`."""

WINDOWS_BP = (0.0, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5)

WIDE_BP = 100_000.0
"""Support intervals wider than this leave open whether a gene inside is the cause."""


@dataclass(frozen=True, eq=False)
class LinkageClasses:
    """Linkages with their classes.

    Parameters
    ----------
    table
        The linkages with gene_chr, gene_start_bp, gene_end_bp, gap_bp (between locus and gene; NaN
        on another chromosome or where the gene has no place), by_window and by_interval (one of
        `CLASSES`; by_interval is None where the table has no support intervals).
    by_window
        A row per window: window_bp, n_local, n_placed, share (of the linkages of placed traits),
        n_expected (of distant linkages that would fall so near by chance), n_excess.
    local_window_bp, wide_bp
        As asked for.
    """

    table: pd.DataFrame
    by_window: pd.DataFrame
    local_window_bp: float
    wide_bp: float

    def counts(self) -> pd.DataFrame:
        """Linkages and traits of every class: rule, class, n_linkages, n_traits."""
        rows = []
        for rule in ("by_window", "by_interval"):
            for name in CLASSES:
                part = self.table[self.table[rule] == name]
                rows.append((rule, name, len(part), part["trait"].nunique()))
        return pd.DataFrame(rows, columns=["rule", "class", "n_linkages", "n_traits"])


def classify_linkages(
    cross: Cross,
    linkages: pd.DataFrame,
    *,
    local_window_bp: float = 10_000.0,
    wide_bp: float = WIDE_BP,
    windows_bp: Sequence[float] = WINDOWS_BP,
) -> LinkageClasses:
    """Tell local linkages from distant ones, by a window and by support intervals.

    Parameters
    ----------
    cross
        It knows the places of the traits' genes, and the length of the genome.
    linkages
        Columns trait, chr, start_bp, end_bp (or pos_bp); lo_bp and hi_bp where support intervals
        are known. As from `linkage_table` or `Scan1.peaks`.
    local_window_bp
        By window, a linkage is local if the gap between the locus and the gene is at most this.
    wide_bp
        By interval, a linkage whose gene lies inside a support interval of up to this width is
        local, inside a wider one ambiguous.
    windows_bp
        Windows of `LinkageClasses.by_window`.

    Returns
    -------
    LinkageClasses
        Of a table in centimorgans every linkage is ``unplaced``: genes have their places in base
        pairs.

    Raises
    ------
    ArgumentError
        If a window is below 0, a column is missing, or a trait is not in the cross.

    References
    ----------
    Rockman & Kruglyak (2006) Nat Rev Genet 7:862.

    Examples
    --------
    >>> from crossmap import simulate_cross
    >>> cross = simulate_cross(n_samples=20, n_traits=2, n_markers=40).cross
    >>> gene = cross.trait_table.iloc[0]
    >>> linkages = pd.DataFrame(
    ...     {"trait": gene["trait"], "chr": [gene["chr"], "none"], "pos_bp": [gene["end_bp"], 5.0]}
    ... )
    >>> classify_linkages(cross, linkages).table["by_window"].tolist()
    ['local', 'distant']
    """
    require_number("local_window_bp", local_window_bp, least=0.0)
    require_number("wide_bp", wide_bp, least=0.0)
    for window in windows_bp:
        require_number("windows_bp", window, least=0.0)
    table, unit = check_table(linkages), table_unit(linkages)
    genes = cross.subset(traits=table["trait"].unique().tolist()).trait_table.set_index("trait")
    genes = genes.loc[table["trait"]]
    start, end = (table[f"{side}_{unit}"].to_numpy(dtype=np.float64) for side in ("start", "end"))
    gene_start, gene_end = (genes[f"{side}_bp"].to_numpy() for side in ("start", "end"))
    gene_chr = genes["chr"].to_numpy(dtype=object)
    same = gene_chr == table["chr"].to_numpy(dtype=object)
    is_placed = genes["chr"].notna().to_numpy() & ~np.isnan(gene_start + gene_end)
    if unit == "cm":
        same, is_placed = np.zeros_like(same), np.zeros_like(is_placed)
    gap = np.where(same, interval_gap_bp(start, end, gene_start, gene_end), np.nan)
    by_window = np.where(gap <= local_window_bp, "local", "distant").astype(object)
    by_window[~is_placed] = "unplaced"
    table = table.assign(
        gene_chr=pd.Series(gene_chr, dtype=object),
        gene_start_bp=gene_start,
        gene_end_bp=gene_end,
        gap_bp=gap,
        by_window=pd.Series(by_window, dtype=object),
        by_interval=pd.Series(_by_interval(table, same, is_placed, gene_start, gene_end, wide_bp),
                              dtype=object),
    )  # fmt: skip
    reach = (end - start) + np.abs(gene_end - gene_start)
    windows = _by_window(gap, is_placed, reach, np.asarray(windows_bp, float), _genome_bp(cross))
    return LinkageClasses(table, windows, float(local_window_bp), float(wide_bp))


def _by_interval(
    table: pd.DataFrame,
    same: np.ndarray,
    is_placed: np.ndarray,
    gene_start: np.ndarray,
    gene_end: np.ndarray,
    wide_bp: float,
) -> np.ndarray:
    classes = np.full(len(table), None, dtype=object)
    ends = [f"{end}_{table_unit(table)}" for end in ("lo", "hi")]
    if not set(ends) <= set(table):
        return classes
    lo, hi = table[ends].to_numpy(np.float64).T
    inside = same & (interval_gap_bp(lo, hi, gene_start, gene_end) == 0.0)
    classes[:] = "distant"
    classes[inside] = "local"
    classes[inside & (hi - lo > wide_bp)] = "ambiguous"
    classes[np.isnan(lo + hi)] = None
    classes[~is_placed] = "unplaced"
    return classes


def _genome_bp(cross: Cross) -> float:
    """Length of the genome between the first and the last marker of each chromosome."""
    position = cross.markers.groupby("chr", sort=False)["pos_bp"]
    return float((position.max() - position.min()).sum())


def _by_window(
    gap: np.ndarray, is_placed: np.ndarray, reach: np.ndarray, windows: np.ndarray, genome: float
) -> pd.DataFrame:
    """Share of local linkages by window, and what chance would give."""
    n_local = np.array([(gap <= w).sum() for w in windows], dtype=np.int64)
    n_placed = int(is_placed.sum())
    # A random place is near if it falls into the gene's window: both flanks, gene and locus.
    chance = np.array(
        [np.minimum((2.0 * w + reach[is_placed]) / max(genome, 1.0), 1.0).sum() for w in windows]
    )
    # Those that are local are not distant ones that fell there.
    expected = chance * (1.0 - n_local / max(n_placed, 1))
    return pd.DataFrame(
        {
            "window_bp": windows,
            "n_local": n_local,
            "n_placed": n_placed,
            "share": n_local / n_placed if n_placed else np.full(len(windows), np.nan),
            "n_expected": expected,
            "n_excess": n_local - expected,
        }
    )


def window_of_chance(cross: Cross, *, chance: float = 0.002) -> float:
    """Choose the window in which a distant linkage falls by chance with a given probability.

    Parameters
    ----------
    cross
        It knows the length of the genome.
    chance
        Probability that a random place lies in the window (both flanks of the gene; the gene
        itself is not counted).

    Returns
    -------
    float
        Base pairs.

    Raises
    ------
    ArgumentError
        If `chance` is not between 0 and 1.

    Examples
    --------
    >>> from crossmap import simulate_cross
    >>> 5_000 < window_of_chance(simulate_cross(n_samples=9, n_traits=1).cross) < 15_000
    True
    """
    require_number("chance", chance, least=0.0, most=1.0)
    return chance * _genome_bp(cross) / 2.0


def is_local(
    loci: Loci, locus: np.ndarray, trait_table: pd.DataFrame, *, window_bp: float
) -> np.ndarray:
    """Tell which loci lie at the genes of their traits.

    Parameters
    ----------
    loci
        Distinct loci.
    locus
        int64 [N].
    trait_table
        As `Cross.trait_table`, a row for each of `locus`.
    window_bp
        Largest gap between the two.

    Returns
    -------
    numpy.ndarray
        bool [N]; False where the gene has no place.
    """
    gene = trait_table[["start_bp", "end_bp"]].to_numpy(np.float64).T
    gap = interval_gap_bp(loci.start_bp[locus], loci.end_bp[locus], *gene)
    return (loci.chr[locus] == trait_table["chr"].to_numpy(dtype=object)) & (gap <= window_bp)


def local_linkage(
    cross: Cross, *, local_window_bp: float = 10_000.0, loci: Loci | None = None
) -> pd.DataFrame:
    """Test every trait with the loci at its own gene only: far fewer tests than a genome scan.

    Parameters
    ----------
    cross
        Any cross; traits with missing values are left out.
    local_window_bp
        Largest gap between a locus and the gene.
    loci
        As in `single_locus_table`.

    Returns
    -------
    pandas.DataFrame
        A row per trait with local loci: trait, locus (the best of them), r2, n_tests (distinct
        loci at the gene), p_value (nominal), p_adjusted (of the best of n_tests, by Sidak's rule,
        conservative where they are correlated), q_value (Benjamini-Hochberg over these traits).

    Raises
    ------
    ArgumentError
        If the window is below 0.
    DataError
        If the cross has three genotypes or missing calls (of calls), or the map no base pairs.

    Notes
    -----
    A genome scan asks a local linkage for the same evidence as a distant one. With its own, few
    tests it needs less; this is how many local linkages there are by that count.

    References
    ----------
    Rockman & Kruglyak (2006) Nat Rev Genet 7:862.

    Examples
    --------
    >>> from crossmap import simulate_cross
    >>> cross = simulate_cross(n_samples=100, n_traits=80, n_markers=400, seed=3).cross
    >>> table = local_linkage(cross)
    >>> bool((table["p_adjusted"] >= table["p_value"]).all())
    True
    """
    require_number("local_window_bp", local_window_bp, least=0.0)
    loci = searchable_loci(cross) if loci is None else loci
    require_bp(loci)
    genes, values = complete_traits(cross)
    models = locus_models(loci)
    y = values - values.mean(axis=1, keepdims=True)
    size = np.sqrt((y**2).sum(axis=1))
    rows = []
    for name in dict.fromkeys(loci.chr):
        on = np.flatnonzero((loci.chr == name) & (models.df1 > 0))
        for row in np.flatnonzero((genes["chr"] == name).to_numpy()):
            if size[row] <= 1e-12 * np.sqrt(cross.n_samples) * np.abs(values[row]).max():
                continue
            gap = interval_gap_bp(
                loci.start_bp[on], loci.end_bp[on], genes["start_bp"][row], genes["end_bp"][row]
            )
            near = on[gap <= local_window_bp]
            if len(near):
                r2 = models.r2(near, y[row])
                strength = r2 if np.ptp(models.df1[near]) == 0 else models.neglog10_p(near, r2)
                best = int(strength.argmax())
                rows.append((row, near[best], min(float(r2[best]), 1.0), len(near)))
    kinds = {"t": np.int64, "locus": np.int64, "r2": np.float64, "n_tests": np.int64}
    best_tests = pd.DataFrame(sorted(rows), columns=list(kinds)).astype(kinds)
    t, locus, r2, n_tests = (best_tests[name].to_numpy() for name in kinds)
    p = p_of(models.neglog10_p(locus, r2))
    adjusted = -np.expm1(n_tests * np.log1p(-np.minimum(p, 1.0 - 1e-16)))
    return pd.DataFrame(
        {
            "trait": pd.Series(genes["trait"].to_numpy(dtype=object)[t], dtype=object),
            "locus": pd.Series(np.array(loci.names, dtype=object)[locus], dtype=object),
            "r2": r2,
            "n_tests": n_tests,
            "p_value": p,
            "p_adjusted": np.maximum(adjusted, p),
            "q_value": q_values(np.maximum(adjusted, p), pi0=1.0),
        }
    )
