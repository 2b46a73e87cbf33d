"""The genome in bins of equal length."""

from dataclasses import dataclass

import numpy as np

from crossmap.arguments import require_number
from crossmap.cross import Cross
from crossmap.errors import DataError


@dataclass(frozen=True, eq=False)
class GenomeBins:
    """Bins of every chromosome, from the one of its first marker to that of its last.

    Parameters
    ----------
    chr
        object [n_bins]: chromosome names, in map order.
    start_bp, end_bp
        float64 [n_bins]: multiples of the bin's length; a place p lies in the bin with
        start <= p < end.
    share
        float64 [n_bins]: of the genome between first and last markers.
    bin_bp
        Their length.
    """

    chr: np.ndarray
    start_bp: np.ndarray
    end_bp: np.ndarray
    share: np.ndarray
    bin_bp: float

    def __len__(self) -> int:
        return len(self.chr)

    def of(self, chromosome: np.ndarray, position_bp: np.ndarray) -> np.ndarray:
        """Find the bins of places.

        Parameters
        ----------
        chromosome
            object [n]; position_bp
            float64 [n].

        Returns
        -------
        numpy.ndarray
            int64 [n]; -1 for a place outside all bins.
        """
        names, first, size = np.unique(self.chr, return_index=True, return_counts=True)
        which = np.searchsorted(names, chromosome)
        which = np.minimum(which, len(names) - 1)
        offset = self.start_bp[first[which]]
        inside = np.floor((position_bp - offset) / self.bin_bp).astype(np.int64)
        known = (names[which] == chromosome) & (inside >= 0) & (inside < size[which])
        return np.where(known, first[which] + inside, -1)

    def counts(self, trait: np.ndarray, bin_: np.ndarray) -> np.ndarray:
        """Count the distinct traits of every bin.

        Parameters
        ----------
        trait
            int64 [N]: rows of traits.
        bin_
            int64 [N]: bins of their linkages; -1 is left out.

        Returns
        -------
        numpy.ndarray
            int64 [n_bins].
        """
        kept = bin_ >= 0
        pairs = np.unique(trait[kept] * len(self) + bin_[kept])
        return np.bincount(pairs % len(self), minlength=len(self))


def genome_bins(cross: Cross, *, bin_bp: float) -> GenomeBins:
    """Cut the genome into bins.

    Parameters
    ----------
    cross
        It has the map, in base pairs.
    bin_bp
        Length of a bin, at least 1.

    Returns
    -------
    GenomeBins

    Raises
    ------
    ArgumentError
        If `bin_bp` is below 1.
    DataError
        If the map has no base pairs.

    Examples
    --------
    >>> from crossmap import simulate_cross
    >>> cross = simulate_cross(n_samples=9, n_traits=1, n_markers=60).cross
    >>> len(genome_bins(cross, bin_bp=550_000))
    29
    """
    require_number("bin_bp", bin_bp, least=1.0)
    markers = cross.markers
    if markers["pos_bp"].isna().any():
        name = markers["marker"][int(markers["pos_bp"].isna().to_numpy().argmax())]
        msg = f"markers: expected positions in bp, found none for {name}"
        raise DataError(msg)
    names, starts, lengths = [], [], []
    for name, position in markers.groupby("chr", sort=False)["pos_bp"]:
        first, last = position.min(), position.max()
        start = np.arange(np.floor(first / bin_bp), np.floor(last / bin_bp) + 1) * bin_bp
        covered = np.minimum(start + bin_bp, last) - np.maximum(start, first)
        starts.append(start)
        lengths.append(np.maximum(covered, 0.0))
        names += [name] * len(start)
    start, length = np.concatenate(starts), np.concatenate(lengths)
    total = length.sum()
    share = length / total if total > 0 else np.full(len(start), 1.0 / len(start))
    return GenomeBins(np.array(names, dtype=object), start, start + bin_bp, share, float(bin_bp))
