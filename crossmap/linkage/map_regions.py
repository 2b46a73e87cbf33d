"""Autosomes and X apart: the share of the map that each has, and of an error rate."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np

from crossmap.genotypes.probable_loci import ProbableLoci


def map_lengths(
    chromosome: np.ndarray,
    pos_cm: np.ndarray,
    pos_bp: np.ndarray,
    parts: Sequence[np.ndarray],
) -> tuple[np.ndarray, str]:
    """Length of the map in each of some parts.

    Parameters
    ----------
    chromosome
        object [m]: of every position.
    pos_cm, pos_bp
        float64 [m]: NaN where not known.
    parts
        int64: the positions of each part.

    Returns
    -------
    length : numpy.ndarray
        float64 [n_parts]: in cM, else in bp; where that is 0 of a part, numbers of positions.
    unit : str
        ``cM``, ``bp`` or ``positions``.
    """
    length = np.zeros((2, len(parts)))
    place, unit = (pos_bp, "bp") if np.isnan(pos_cm).any() else (pos_cm, "cM")
    for number, rows in enumerate(parts):
        length[1, number] = len(rows)
        for name in dict.fromkeys(chromosome[rows]):
            length[0, number] += np.ptp(place[rows[chromosome[rows] == name]])
    return (length[0], unit) if (length[0] > 0).all() else (length[1], "positions")


def level_of_share(alpha: float, share: float) -> float:
    """Error rate in a part of the map that makes one of `alpha` on the whole.

    Parameters
    ----------
    alpha
        Genome-wide error rate.
    share
        Of the map, that the part has.

    Returns
    -------
    float
        1 - (1 - alpha)^share (Broman et al. 2006, Genetics 174:2151).
    """
    if share == 1.0 or alpha >= 1.0:
        return alpha
    return float(-np.expm1(np.log1p(-alpha) * share))


def p_of_whole_map(p: np.ndarray, share: float) -> np.ndarray:
    """Genome-wide p-values of p-values in a part of the map: the inverse of `level_of_share`.

    Parameters
    ----------
    p
        float64; NaN gives NaN.
    share
        Of the map, that the part has.

    Returns
    -------
    numpy.ndarray
        float64.
    """
    if share == 1.0:
        return p
    with np.errstate(divide="ignore"):
        whole: np.ndarray = -np.expm1(np.log1p(-p) / share)
    return whole


@dataclass(frozen=True)
class PairRegion:
    """Pairs of loci that have thresholds of their own.

    Parameters
    ----------
    name
        ``A:A``, ``A:X`` or ``X:X``; empty for all pairs together.
    n_x
        How many loci of a pair are on X; -1 for any number.
    share
        Of the area of the map of pairs.
    """

    name: str = ""
    n_x: int = -1
    share: float = 1.0

    def n_perm(self, n_perm: int, first: float) -> int:
        """Permutations that tell its threshold as well as those of the first region.

        Parameters
        ----------
        n_perm
            Those of the first region.
        first
            Its share.

        Returns
        -------
        int
            n_perm first / share, rounded up; at least n_perm.
        """
        return max(n_perm, ceil(round(n_perm * first / self.share, 6)))

    def has_pairs(self, on_x: np.ndarray, locus: int) -> bool:
        """Whether a locus is in any of the region's pairs, `on_x` telling all loci on X."""
        return self.n_x < 0 or 0 <= self.n_x - int(on_x[locus]) <= 1

    def partners(self, on_x: np.ndarray, locus: int) -> np.ndarray | None:
        """Loci that make a pair of the region with one: bool [m]; None for all."""
        return None if self.n_x < 0 else on_x == (self.n_x - int(on_x[locus]))


WHOLE = PairRegion()
"""All pairs together."""


def pair_regions(loci: ProbableLoci, *, same_chromosome: bool) -> tuple[PairRegion, ...]:
    """Regions of the map of pairs of loci, where pairs with X are tested otherwise than others.

    Parameters
    ----------
    loci
        All loci.
    same_chromosome
        Whether pairs on one chromosome count.

    Returns
    -------
    tuple of PairRegion
        One; or, of a backcross of both sexes or an F2 with autosomes and X, two autosomes, an
        autosome with X, and X alone, those that have pairs. Shares are of areas: half the square of
        a length for pairs of one part, the product of lengths for pairs of both.

    References
    ----------
    R/qtl's ``scantwo`` with ``perm.Xsp``; Broman et al. (2006) Genetics 174:2151.
    """
    is_apart = loci.n_groups > 1 or len(loci.probability) == 3
    if not (is_apart and loci.on_x.any() and not loci.on_x.all()):
        return (WHOLE,)
    runs = [np.flatnonzero(loci.chr_index == c) for c in np.unique(loci.chr_index)]
    length, _ = map_lengths(loci.chr, loci.start_cm, loci.start_bp, runs)
    on_x = np.array([bool(loci.on_x[rows[0]]) for rows in runs])
    area = []
    for one, other in ((~on_x, ~on_x), (~on_x, on_x), (on_x, on_x)):
        pairs = np.outer(length * one, length * other)
        is_square = bool((one == other).all())
        if is_square and not same_chromosome:
            np.fill_diagonal(pairs, 0.0)
        area.append(float(pairs.sum()) * (0.5 if is_square else 1.0))
    total = sum(area)
    names = ("A:A", "A:X", "X:X")
    return tuple(
        PairRegion(name, n_x, size / total)
        for n_x, (name, size) in enumerate(zip(names, area, strict=True))
        if size > 0
    )
