"""Which tests are local: the marker lies at the trait's own gene."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from crossmap.arguments import require_usual
from crossmap.errors import DataError

LOCAL_WINDOW_BP = 10_000.0
"""Usual window: genomes as dense as that of yeast."""


def require_window_of_use(
    window_bp: float, *, trait_table: pd.DataFrame, position_bp: pd.Series
) -> None:
    """Refuse a window that was asked for where no linkage can be local.

    Parameters
    ----------
    window_bp
        As asked for; `LOCAL_WINDOW_BP` is what nobody asks for.
    trait_table
        Columns chr and start_bp: places of the genes.
    position_bp
        Of the markers.

    Raises
    ------
    ArgumentError
        If no gene has a place, or the map has no base pairs.
    """
    if not (trait_table["chr"].notna() & trait_table["start_bp"].notna()).any():
        why = "where no trait has a gene with a place, so that no linkage is local"
    elif position_bp.isna().any():
        why = "where the map is not in bp, so that no linkage is local"
    else:
        return
    require_usual("local_window_bp", window_bp, LOCAL_WINDOW_BP, why)


@dataclass(frozen=True, eq=False)
class LocalRanges:
    """The markers within a window of each trait's gene.

    Parameters
    ----------
    order
        int64 [n_markers]: markers by chromosome and position.
    place
        int64 [n_markers]: where each marker stands in `order`.
    start, stop
        int64 [n_traits]: order[start:stop] are the local markers of a trait.
    is_placed
        bool [n_traits]: whether the place of the trait's gene is known, on a chromosome that
        carries markers or not.
    """

    order: np.ndarray
    place: np.ndarray
    start: np.ndarray
    stop: np.ndarray
    is_placed: np.ndarray

    def is_local(self, trait: np.ndarray, marker: np.ndarray) -> np.ndarray:
        """Tell which tests are local.

        Parameters
        ----------
        trait, marker
            int [n]: the tests.

        Returns
        -------
        numpy.ndarray
            int8 [n]: 1 local, 0 distant, -1 where the gene's place is not known.
        """
        place = self.place[marker]
        near = (self.start[trait] <= place) & (place < self.stop[trait])
        return np.where(self.is_placed[trait], near, -1).astype(np.int8)

    def markers_of(self, trait: int) -> np.ndarray:
        """Local markers of a trait: int64, ascending."""
        return np.sort(self.order[self.start[trait] : self.stop[trait]])

    def pairs(self, traits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """All local tests of some traits.

        Parameters
        ----------
        traits
            int64 [n]: rows of the traits.

        Returns
        -------
        which, marker : numpy.ndarray
            int64: number within `traits`, and marker, of each test.
        """
        start, count = self.start[traits], (self.stop - self.start)[traits]
        which = np.repeat(np.arange(len(traits)), count)
        before = np.cumsum(count) - count
        return which, self.order[np.arange(len(which)) - before[which] + start[which]]


def local_ranges(
    markers: pd.DataFrame, trait_table: pd.DataFrame, *, window_bp: float, open_start: bool = False
) -> LocalRanges:
    """Find the markers within a window of each trait's gene.

    Parameters
    ----------
    markers
        As `Cross.markers`; a marker without bp is local to no trait.
    trait_table
        As `Cross.trait_table`; ends in either order.
    window_bp
        Largest distance between a marker and the nearer end of the gene, both ends counted.
    open_start
        Matrix eQTL's rule: before the gene, a marker of up to 1 bp farther (but not just that).

    Returns
    -------
    LocalRanges

    Examples
    --------
    >>> markers = pd.DataFrame({"chr": ["1", "1", "1"], "pos_bp": [10.0, 50.0, 90.0]})
    >>> genes = pd.DataFrame({"chr": ["1"], "start_bp": [70.0], "end_bp": [60.0]})
    >>> local_ranges(markers, genes, window_bp=10.0).pairs(np.array([0]))
    (array([0]), array([1]))
    """
    chromosome, names = pd.factorize(markers["chr"])
    position = markers["pos_bp"].to_numpy(dtype=np.float64)
    order = np.lexsort((position, chromosome))  # NaN last
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    ends = trait_table[["start_bp", "end_bp"]].to_numpy(dtype=np.float64)
    low, high = ends.min(axis=1, initial=np.inf), ends.max(axis=1, initial=-np.inf)
    is_placed = ~np.isnan(ends).any(axis=1) & trait_table["chr"].notna().to_numpy()
    start = np.zeros(len(ends), dtype=np.int64)
    stop = np.zeros(len(ends), dtype=np.int64)
    gene_chr = pd.Index(names).get_indexer(pd.Index(trait_table["chr"]))
    for number in range(len(names)):
        here = order[chromosome[order] == number]
        offset = int(np.searchsorted(chromosome[order], number))
        sorted_bp = position[here][: int(np.isfinite(position[here]).sum())]
        genes = np.flatnonzero((gene_chr == number) & is_placed)
        if open_start:
            first = np.searchsorted(sorted_bp, low[genes] - window_bp - 1.0, side="right")
        else:
            first = np.searchsorted(sorted_bp, low[genes] - window_bp, side="left")
        start[genes] = offset + first
        stop[genes] = offset + np.searchsorted(sorted_bp, high[genes] + window_bp, side="right")
    return LocalRanges(order, place, start, np.maximum(stop, start), is_placed)


def require_places(markers: pd.DataFrame, trait_table: pd.DataFrame) -> np.ndarray:
    """Refuse local tests where no marker or no gene has a place in base pairs.

    Parameters
    ----------
    markers, trait_table
        As in `local_ranges`.

    Returns
    -------
    numpy.ndarray
        int64: traits without a place.

    Raises
    ------
    DataError
        If a marker has no place, or no trait has one.
    """
    unplaced = np.flatnonzero(markers["pos_bp"].isna().to_numpy())
    if len(unplaced):
        msg = (
            "markers: expected positions in bp for local tests, found none for "
            f"{markers['marker'].iloc[unplaced[0]]}"
            + (f" and {len(unplaced) - 1} others" if len(unplaced) > 1 else "")
        )
        raise DataError(msg)
    known = trait_table[["chr", "start_bp", "end_bp"]].notna().all(axis=1).to_numpy()
    if not known.any():
        name = trait_table["trait"].iloc[0]
        msg = f"traits: expected places of genes for local tests, found none (as for {name})"
        raise DataError(msg)
    return np.flatnonzero(~known)
