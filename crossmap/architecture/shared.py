"""Places, and pairs of places, to which several traits are linked."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

WINDOW_BP = 50_000.0
WINDOW_CM = 20.0
"""What 50 kb of the yeast genome recombine."""


def shared_places(
    called: pd.DataFrame,
    *,
    chromosomes: Sequence[str],
    window_bp: float = WINDOW_BP,
    window_cm: float = WINDOW_CM,
) -> pd.DataFrame:
    """Gather traits whose first two loci are the same pair of places, in either order.

    Two pairs are the same if they name the same two chromosomes and each locus lies near its
    counterpart. The trait with the most such companions gathers them; then, among the rest, the
    next. With one locus a trait, single places are gathered.

    Parameters
    ----------
    called
        Rows of `JointLinkage.to_frame`, the best first.
    chromosomes
        Names in map order.
    window_bp
        Largest distance between the middles of two loci that are near.
    window_cm
        The same for a map without base pairs.

    Returns
    -------
    pandas.DataFrame
        One row per place or pair, the most shared first: n_traits, then for locus k = 1, 2 (in map
        order) chr{k}, start{k}_bp, end{k}_bp (or _cm), the extent of its traits' loci; traits,
        their names joined by commas, the best first.

    References
    ----------
    Storey, Akey & Kruglyak (2005) PLoS Biol 3:e267, "Exhaustive 2D scan": pairs within 50 kb.

    Examples
    --------
    >>> called = pd.DataFrame({
    ...     "trait": ["a", "b", "c"], "chr1": ["3", "8", "3"], "start1_bp": [10e3, 99e3, 900e3],
    ...     "end1_bp": [10e3, 99e3, 900e3], "chr2": ["8", "3", "8"],
    ...     "start2_bp": [90e3, 20e3, 90e3], "end2_bp": [95e3, 20e3, 90e3]})
    >>> shared_places(called, chromosomes=["3", "8"])[["n_traits", "end1_bp", "traits"]].values
    array([[2, 20000.0, 'a,b'],
           [1, 900000.0, 'c']], dtype=object)
    """
    n_loci = 2 if "chr2" in called else 1
    unit, window = ("bp", window_bp) if _has_bp(called, n_loci) else ("cm", window_cm)
    chr_, start, end = _in_map_order(called, n_loci, unit, chromosomes)
    groups = _gather(chr_, (start + end) / 2.0, window)
    traits = called["trait"].to_numpy(dtype=object)
    columns: dict[str, object] = {"n_traits": np.array([len(g) for g in groups], dtype=np.int64)}
    for k in range(n_loci):
        names = [chromosomes[chr_[members[0], k]] for members in groups]
        columns[f"chr{k + 1}"] = pd.Series(names, dtype=object)
        columns[f"start{k + 1}_{unit}"] = np.array([start[g, k].min() for g in groups])
        columns[f"end{k + 1}_{unit}"] = np.array([end[g, k].max() for g in groups])
    columns["traits"] = pd.Series([",".join(traits[g]) for g in groups], dtype=object)
    return pd.DataFrame(columns)


def _has_bp(called: pd.DataFrame, n_loci: int) -> bool:
    """Whether every locus has base pairs; a map may give them for some markers only."""
    if "start1_bp" not in called:
        return False
    if "start1_cm" not in called:
        return True
    return all(
        (called[f"start{k}_bp"].notna() | called[f"chr{k}"].isna()).all()
        for k in range(1, n_loci + 1)
    )


def _in_map_order(
    called: pd.DataFrame, n_loci: int, unit: str, chromosomes: Sequence[str]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Chromosome numbers (-1 where none), starts and ends [n, n_loci], each row in map order."""
    number = {name: i for i, name in enumerate(chromosomes)}
    loci = range(1, n_loci + 1)
    chr_ = np.array([[number.get(name, -1) for name in called[f"chr{k}"]] for k in loci]).T
    start, end = (
        np.column_stack([called[f"{side}{k}_{unit}"].to_numpy(np.float64) for k in loci])
        for side in ("start", "end")
    )
    chr_ = chr_.reshape(start.shape).astype(np.int64)
    rows, order = np.arange(len(called))[:, None], np.lexsort((start, chr_), axis=1)
    return chr_[rows, order], start[rows, order], end[rows, order]


def _gather(chr_: np.ndarray, middle: np.ndarray, window: float) -> list[np.ndarray]:
    """Rows that share their places, the largest group first, ties in the order of the rows."""
    groups: list[np.ndarray] = []
    complete = np.flatnonzero((chr_ >= 0).all(axis=1) & np.isfinite(middle).all(axis=1))
    kinds, kind_of = np.unique(chr_[complete], axis=0, return_inverse=True)
    for kind in range(len(kinds)):
        left = complete[kind_of.reshape(-1) == kind]
        near = np.ones((len(left), len(left)), dtype=np.bool_)
        for place in middle[left].T:
            near &= np.abs(place[:, None] - place) <= window
        while len(left):
            members = near[near.sum(axis=1).argmax()]
            groups.append(left[members])
            left, near = left[~members], near[np.ix_(~members, ~members)]
    return sorted(groups, key=lambda group: (-len(group), int(group[0])))
