"""Chromosomes and places on them: base pairs, centimorgans, windows, map functions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from crossmap.arguments import require_one_of

if TYPE_CHECKING:
    import pandas as pd

MapFunction = Literal["haldane", "kosambi", "carter_falconer", "morgan"]
Unit = Literal["bp", "cm"]

WITHIN_CM = 20.0
"""Distance within which a place named for a locus passes for its own."""


def in_map_units(table: "pd.DataFrame", markers: "pd.DataFrame") -> "pd.DataFrame":
    """Leave out the columns of a unit in which the map has no place at all.

    All tables of places keep this rule: base pairs where the map has base pairs, centimorgans where
    it has centimorgans, and no column that is missing throughout.

    Parameters
    ----------
    table
        Of places of markers; the unit ends the name of a column: ``pos_bp``, ``end_cm``.
    markers
        Columns pos_bp and pos_cm of the map.

    Returns
    -------
    pandas.DataFrame

    Examples
    --------
    >>> import pandas as pd
    >>> markers = pd.DataFrame({"pos_bp": [np.nan, np.nan], "pos_cm": [0.0, 5.5]})
    >>> list(in_map_units(markers.assign(lod=1.0), markers))
    ['pos_cm', 'lod']
    """
    absent = tuple(f"_{u}" for u in get_args(Unit) if markers[f"pos_{u}"].isna().all())
    return table.drop(columns=[c for c in table.columns if absent and str(c).endswith(absent)])


def recombination_fraction(
    distance_cm: np.ndarray | float, map_function: MapFunction = "haldane"
) -> np.ndarray:
    """Recombination fraction over a genetic distance.

    Parameters
    ----------
    distance_cm
        Distances in centimorgans, 0 or more.
    map_function
        ``haldane`` (no interference), ``kosambi``, ``carter_falconer`` (strong interference), or
        ``morgan`` (r = d, at most one half).

    Returns
    -------
    numpy.ndarray
        float64, between 0 and 0.5, same shape.

    Raises
    ------
    ArgumentError
        For an unknown map function.

    References
    ----------
    Haldane (1919) J Genet 8:299; Kosambi (1944) Ann Eugen 12:172; Carter & Falconer (1951) J
    Genet 50:307.

    Examples
    --------
    >>> float(recombination_fraction(50.0).round(4))
    0.3161
    """
    require_one_of("map_function", map_function, get_args(MapFunction))
    distance = np.asarray(distance_cm, dtype=np.float64) / 100.0
    if map_function == "haldane":
        return -0.5 * np.expm1(-2.0 * distance)
    if map_function == "kosambi":
        return 0.5 * np.tanh(2.0 * distance)
    if map_function == "morgan":
        return np.minimum(distance, 0.5)
    return _carter_falconer(distance)


def map_distance(
    recombination: np.ndarray | float, map_function: MapFunction = "haldane"
) -> np.ndarray:
    """Genetic distance of a recombination fraction, the inverse of `recombination_fraction`.

    Parameters
    ----------
    recombination
        Between 0 and 0.5; 0.5 counts as 0.5 - 1e-14, so that every distance is finite.
    map_function
        As there.

    Returns
    -------
    numpy.ndarray
        float64, centimorgans, same shape.

    Raises
    ------
    ArgumentError
        For an unknown map function.

    Examples
    --------
    >>> float(map_distance(recombination_fraction(50.0, "kosambi"), "kosambi").round(9))
    50.0
    """
    require_one_of("map_function", map_function, get_args(MapFunction))
    r = np.minimum(np.asarray(recombination, dtype=np.float64), 0.5 - 1e-14)
    if map_function == "haldane":
        return -50.0 * np.log1p(-2.0 * r)
    if map_function == "kosambi":
        return 50.0 * np.arctanh(2.0 * r)
    if map_function == "morgan":
        return 100.0 * r
    return 25.0 * (np.arctan(2.0 * r) + np.arctanh(2.0 * r))


def _carter_falconer(distance: np.ndarray) -> np.ndarray:
    """Solve 2 d = (arctan 2r + artanh 2r) / 2 for r, by Newton's method.

    With u = 2r the slope of the right side is 1/(1 - u^4); it is convex, so that steps from the
    right go down to the root and never past it. Kosambi's r lies to the right of it.
    """
    u = np.minimum(np.tanh(4.0 * distance), 1.0 - 1e-15)
    for _ in range(60):
        excess = 0.5 * (np.arctan(u) + np.arctanh(u)) - 2.0 * distance
        u = np.clip(u - excess * (1.0 - u**4), 0.0, 1.0 - 1e-15)
    return 0.5 * u


def interval_gap_bp(
    start_bp: np.ndarray, end_bp: np.ndarray, other_start_bp: np.ndarray, other_end_bp: np.ndarray
) -> np.ndarray:
    """Base pairs between two intervals on one chromosome; 0 where they touch or overlap.

    Parameters
    ----------
    start_bp, end_bp, other_start_bp, other_end_bp
        float64, broadcast together. The ends of an interval may stand in either order (genes on
        the reverse strand start past their end). NaN gives NaN.

    Returns
    -------
    numpy.ndarray
        float64, 0 or more.

    Examples
    --------
    >>> interval_gap_bp([100.0], [200.0], [260.0], [230.0])
    array([30.])
    """
    low = np.minimum(start_bp, end_bp)
    high = np.maximum(start_bp, end_bp)
    other_low = np.minimum(other_start_bp, other_end_bp)
    other_high = np.maximum(other_start_bp, other_end_bp)
    # np.maximum propagates NaN, so that an unknown place is never near anything.
    return np.maximum(np.maximum(other_low - high, low - other_high), 0.0)


@dataclass(frozen=True, eq=False)
class GenomeAxis:
    """Chromosomes end to end on one axis.

    Parameters
    ----------
    chromosomes
        Names, in map order.
    offset
        float64 [n_chromosomes + 1]: where each begins, and where the last ends.
    unit
        Of positions: ``bp`` or ``cm``.
    """

    chromosomes: tuple[str, ...]
    offset: np.ndarray
    unit: Unit = "bp"

    @property
    def middle(self) -> np.ndarray:
        """Middle of each chromosome: float64 [n_chromosomes]."""
        return (self.offset[:-1] + self.offset[1:]) / 2.0

    def place(self, chromosome: Sequence[str | None], position: np.ndarray) -> np.ndarray:
        """Put places on the axis.

        Parameters
        ----------
        chromosome
            [n] names.
        position
            float64 [n], in the unit of the axis.

        Returns
        -------
        numpy.ndarray
            float64 [n]; NaN for a chromosome that the axis does not have.
        """
        start: dict[str | None, float] = dict(zip(self.chromosomes, self.offset, strict=False))
        return np.array([start.get(name, np.nan) for name in chromosome]) + position


def genome_axis(
    chromosome: Sequence[str], position: np.ndarray, *, unit: Unit = "bp"
) -> GenomeAxis:
    """Lay chromosomes end to end, each as long as its last place.

    Parameters
    ----------
    chromosome
        [n] names of chromosomes in map order, one for each place.
    position
        float64 [n], 0 or more.
    unit
        Of the positions.

    Returns
    -------
    GenomeAxis

    Examples
    --------
    >>> axis = genome_axis(["1", "1", "2"], np.array([10.0, 50.0, 30.0]))
    >>> axis.offset.tolist(), axis.place(["2"], np.array([5.0])).tolist()
    ([0.0, 50.0, 80.0], [55.0])
    """
    length: dict[str, float] = {}
    for name, end in zip(chromosome, np.asarray(position, dtype=np.float64).tolist(), strict=True):
        length[name] = max(length.get(name, 0.0), end)
    ends = np.cumsum(list(length.values()))
    return GenomeAxis(tuple(length), np.concatenate([[0.0], ends]), unit)
