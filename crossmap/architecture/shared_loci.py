"""Linkages of different traits that share a place, and how far the traits vary together."""

import numpy as np
import pandas as pd

from crossmap.architecture.effect_columns import EffectColumns, effect_columns
from crossmap.architecture.linkage_table import check_table, table_unit
from crossmap.cross import Cross
from crossmap.errors import ArgumentError
from crossmap.genotypes.loci import Loci

MOST_PAIRS = 1_000_000

PAIRS_AT_ONCE = 10_000


def colocalised(
    cross: Cross,
    linkages: pd.DataFrame,
    others: pd.DataFrame | None = None,
    *,
    loci: Loci | None = None,
) -> pd.DataFrame:
    """Pair the traits whose linkages have overlapping support intervals.

    Parameters
    ----------
    cross
        Any cross; without probabilities two genotypes per locus and complete calls.
    linkages
        Columns trait, locus, chr, start_bp, end_bp, lo_bp, hi_bp (or all in _cm), as from
        `single_locus_table`.
    others
        The same of other traits (growth, say, where `linkages` are of expression); None pairs
        `linkages` with themselves, each pair of traits once.
    loci
        Positions with genotype probabilities that the linkages are among, as `JointLinkage.search`
        has them; None takes calls.

    Returns
    -------
    pandas.DataFrame
        A row per pair of traits, the most correlated first: trait1, trait2, n_shared (places where
        intervals overlap), chr, start_bp, end_bp (overlap of the first of them), same_direction
        (places where the same genotype raises both), r_trait (correlation of the traits),
        r_genetic (of their genetic values, each the fit of all the trait's own loci), r_residual
        (of what those leave; one locus acting on trait 2 by way of trait 1 leaves none).

    Raises
    ------
    ArgumentError
        If a column is missing or more than a million pairs overlap.
    DataError
        If the cross has three genotypes or missing calls (of calls).

    Notes
    -----
    Overlap alone does not prove one locus: intervals hold dozens of genes. Genetic values come from
    the same data that chose the loci, so |r_genetic| is too large where effects are weak.

    Examples
    --------
    >>> from crossmap import simulate_cross
    >>> from crossmap.architecture.linkage_table import single_locus_table
    >>> cross = simulate_cross(n_samples=100, n_traits=60, n_markers=200, seed=3).cross
    >>> list(colocalised(cross, single_locus_table(cross)).columns[:3])
    ['trait1', 'trait2', 'n_shared']
    """
    one = check_table(linkages, "locus", "lo_", "hi_")
    two = one if others is None else check_table(others, "locus", "lo_", "hi_")
    unit = table_unit(one)
    start, end, low, high = (f"{side}_{unit}" for side in ("start", "end", "lo", "hi"))
    left, right = _overlaps(one, two, itself=others is None)
    if len(left) > MOST_PAIRS:
        msg = f"linkages: expected at most {MOST_PAIRS:,} overlapping pairs, found {len(left):,}"
        raise ArgumentError(msg)
    columns = ["trait1", "trait2", "n_shared", "chr", start, end, "same_direction",
               "r_trait", "r_genetic", "r_residual"]  # fmt: skip
    if not len(left):
        return pd.DataFrame({name: pd.Series(dtype=object) for name in columns})
    both = pd.concat([one, two], ignore_index=True)
    coded = effect_columns(cross, loci, both["locus"].tolist())
    fits = _fits(cross, both, coded)
    slope = {**_slopes(cross, one, "one", coded), **_slopes(cross, two, "two", coded)}
    pairs = pd.DataFrame(
        {
            "trait1": one["trait"].to_numpy(dtype=object)[left],
            "trait2": two["trait"].to_numpy(dtype=object)[right],
            "chr": one["chr"].to_numpy(dtype=object)[left],
            start: np.maximum(one[low].to_numpy()[left], two[low].to_numpy()[right]),
            end: np.minimum(one[high].to_numpy()[left], two[high].to_numpy()[right]),
            "same": [
                slope["one", i] * slope["two", j] > 0 for i, j in zip(left, right, strict=True)
            ],
        }
    )
    by = pairs.groupby(["trait1", "trait2"], sort=True)
    table = by.agg(
        n_shared=("chr", "size"), chr=("chr", "first"), same_direction=("same", "sum"),
        **{place: (place, "first") for place in (start, end)},
    ).reset_index()  # fmt: skip
    number = {name: i for i, name in enumerate(fits)}
    a, b = (np.array([number[str(t)] for t in table[c]], dtype=np.int64)
            for c in ("trait1", "trait2"))  # fmt: skip
    for place, what in enumerate(("trait", "genetic", "residual")):
        rows = np.array([values[place] for values in fits.values()])
        table[f"r_{what}"] = _correlations(rows, a, b)
    table = table[columns]
    # Rounding must not order traits of the same one locus, all correlated by 1.
    strength = table["r_genetic"].abs().fillna(-1).round(9)
    order = np.lexsort((np.arange(len(table)), -strength))
    return table.iloc[order].reset_index(drop=True)


def _overlaps(one: pd.DataFrame, two: pd.DataFrame, *, itself: bool) -> tuple[np.ndarray, ...]:
    """Rows of linkages whose support intervals overlap, of different traits."""
    left, right = [], []
    ends = [f"{side}_{table_unit(one)}" for side in ("lo", "hi")]
    for name in one["chr"].unique():
        a = np.flatnonzero((one["chr"] == name).to_numpy())
        b = np.flatnonzero((two["chr"] == name).to_numpy())
        lo1, hi1 = (one[c].to_numpy(np.float64)[a][:, None] for c in ends)
        lo2, hi2 = (two[c].to_numpy(np.float64)[b][None] for c in ends)
        trait1 = one["trait"].to_numpy(dtype=object)[a][:, None]
        trait2 = two["trait"].to_numpy(dtype=object)[b][None]
        near = (lo1 <= hi2) & (lo2 <= hi1)
        near &= (trait1 < trait2) if itself else (trait1 != trait2)
        i, j = np.nonzero(near)
        left.append(a[i])
        right.append(b[j])
    none = [np.empty(0, dtype=np.int64)]
    return np.concatenate(none + left), np.concatenate(none + right)


def _slopes(
    cross: Cross, table: pd.DataFrame, side: str, coded: EffectColumns
) -> dict[tuple[str, int], float]:
    """Covariance of each linkage's trait and locus: its sign says which genotype raises it."""
    # On X the groups' alleles are in columns of their own; elsewhere the first has the alleles.
    alleles = np.where(coded.has_effect[:, None], coded.columns[:, 0], coded.columns.sum(axis=1))
    x = alleles[[coded.row_of[name] for name in table["locus"]]]
    trait_of = {name: i for i, name in enumerate(cross.trait_names)}
    y = cross.traits[[trait_of[name] for name in table["trait"]]]
    held = ~np.isnan(y)
    n = held.sum(axis=1)
    y0 = np.where(held, y, 0.0)
    covariance = (x * y0).sum(axis=1) - (x * held).sum(axis=1) * y0.sum(axis=1) / n
    return {(side, i): float(value) for i, value in enumerate(covariance)}


def _fits(
    cross: Cross, table: pd.DataFrame, coded: EffectColumns
) -> dict[str, tuple[np.ndarray, ...]]:
    """Values of each trait, its genetic values from all its loci, and what is left."""
    trait_of = {name: i for i, name in enumerate(cross.trait_names)}
    loci_of: dict[str, dict[str, None]] = {}
    for trait, locus in zip(table["trait"], table["locus"], strict=True):
        loci_of.setdefault(trait, {})[locus] = None
    fits: dict[str, tuple[np.ndarray, ...]] = {}
    for trait, loci in loci_of.items():
        y = cross.traits[trait_of[trait]]
        columns = coded.columns[[coded.row_of[locus] for locus in loci]].reshape(-1, len(y))
        design = np.column_stack([np.ones(len(y)), columns.T])
        held = ~np.isnan(y)
        coefficient = np.linalg.lstsq(design[held], y[held], rcond=None)[0]
        fitted = np.where(held, design @ coefficient, np.nan)
        fits[trait] = (y, fitted, y - fitted)
    return fits


def _correlations(rows: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Correlations of pairs of rows, each on the samples that both have: float64 [n_pairs]."""
    out = np.empty(len(a))
    for start in range(0, len(a), PAIRS_AT_ONCE):
        part = slice(start, start + PAIRS_AT_ONCE)
        x, y = rows[a[part]], rows[b[part]]
        held = ~np.isnan(x + y)
        n = np.maximum(held.sum(axis=1, keepdims=True), 1)
        x, y = np.where(held, x, 0.0), np.where(held, y, 0.0)
        x = np.where(held, x - x.sum(axis=1, keepdims=True) / n, 0.0)
        y = np.where(held, y - y.sum(axis=1, keepdims=True) / n, 0.0)
        size = np.sqrt((x**2).sum(axis=1) * (y**2).sum(axis=1))
        with np.errstate(invalid="ignore", divide="ignore"):
            out[part] = np.where(size > 0, (x * y).sum(axis=1) / size, np.nan)
    return np.clip(out, -1.0, 1.0)
