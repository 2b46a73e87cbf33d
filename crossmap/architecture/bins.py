"""The genome in bins of equal length."""

from dataclasses import dataclass

import numpy as np

from crossmap.arguments import require_number
from crossmap.cross import Cross
from crossmap.errors import DataError
from crossmap.genome import Unit

UNIT_NAMES = {"bp": "bp", "cm": "cM"}


@dataclass(frozen=True, eq=False)
class GenomeBins:
    """Bins of every chromosome, from the one of its first marker to that of its last.

    Parameters
    ----------
    chr
        object [n_bins]: chromosome names, in map order.
    start, end
        float64 [n_bins]: multiples of the bin's length; a place p lies in the bin with
        start <= p < end.
    share
        float64 [n_bins]: of the genome between first and last markers.
    width
        Their length.
    unit
        Of places and lengths: ``bp`` or ``cm``.
    """

    chr: np.ndarray
    start: np.ndarray
    end: np.ndarray
    share: np.ndarray
    width: float
    unit: Unit

    def __len__(self) -> int:
        return len(self.chr)

    def of(self, chromosome: np.ndarray, position: np.ndarray) -> np.ndarray:
        """Find the bins of places.

        Parameters
        ----------
        chromosome
            object [n].
        position
            float64 [n], in `unit`.

        Returns
        -------
        numpy.ndarray
            int64 [n]; -1 for a place outside all bins.
        """
        names, first, size = np.unique(self.chr, return_index=True, return_counts=True)
        which = np.searchsorted(names, chromosome)
        which = np.minimum(which, len(names) - 1)
        offset = self.start[first[which]]
        inside = np.floor((position - offset) / self.width).astype(np.int64)
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


def genome_bins(cross: Cross, *, bin_bp: float, bin_cm: float | None = None) -> GenomeBins:
    """Cut the genome into bins.

    Parameters
    ----------
    cross
        It has the map.
    bin_bp
        Length of a bin, at least 1.
    bin_cm
        Length of a bin in centimorgans, instead; None on a map in base pairs.

    Returns
    -------
    GenomeBins

    Raises
    ------
    ArgumentError
        If a length is out of range.
    DataError
        If the map lacks positions in the unit of the bins.

    Examples
    --------
    >>> from crossmap import simulate_cross
    >>> cross = simulate_cross(n_samples=9, n_traits=1, n_markers=60).cross
    >>> len(genome_bins(cross, bin_bp=550_000))
    29
    """
    unit: Unit = "bp" if bin_cm is None else "cm"
    width = float(bin_bp if bin_cm is None else bin_cm)
    require_number(f"bin_{unit}", width, least=1.0 if unit == "bp" else 0.001)
    markers, place = cross.markers, f"pos_{unit}"
    if markers[place].isna().any():
        name = markers["marker"][int(markers[place].isna().to_numpy().argmax())]
        msg = f"markers: expected positions in {UNIT_NAMES[unit]}, found none for {name}"
        raise DataError(msg)
    names, starts, lengths = [], [], []
    for name, position in markers.groupby("chr", sort=False)[place]:
        first, last = position.min(), position.max()
        start = np.arange(np.floor(first / width), np.floor(last / width) + 1) * width
        covered = np.minimum(start + width, last) - np.maximum(start, first)
        starts.append(start)
        lengths.append(np.maximum(covered, 0.0))
        names += [name] * len(start)
    start, length = np.concatenate(starts), np.concatenate(lengths)
    total = length.sum()
    share = length / total if total > 0 else np.full(len(start), 1.0 / len(start))
    return GenomeBins(np.array(names, dtype=object), start, start + width, share, width, unit)


def map_unit(cross: Cross) -> Unit:
    """Tell the unit of a cross's map: base pairs where every marker has them.

    Parameters
    ----------
    cross
        Any cross.

    Returns
    -------
    str
    """
    return "cm" if cross.markers["pos_bp"].isna().any() else "bp"
