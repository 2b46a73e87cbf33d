"""Places of markers in R/qtl's csv: its third row, or the order alone."""

import warnings
from collections.abc import Collection

import pandas as pd

from crossmap.errors import CrossmapWarning, DataError
from crossmap.io.align import UNPLACED
from crossmap.io.cells import number_column, shown, shown_number
from crossmap.io.faults import Faults
from crossmap.io.grid import Grid

UNKNOWN_CM = 5.0
"""From marker to marker where the file has no positions; R/qtl takes as much."""

_MAP_ROW = 2


def has_map_row(grid: Grid, n_leading: int, codes: Collection[str]) -> bool:
    """Tell whether the third row holds positions; in some files individuals follow at once.

    Parameters
    ----------
    grid
        The file, individuals as rows.
    n_leading
        Columns before the markers.
    codes
        What a genotype cell may hold.

    Returns
    -------
    bool

    Raises
    ------
    DataError
        If it is neither blank under the phenotypes nor of genotypes alone.
    """
    found = "none"
    if len(grid.cells) > _MAP_ROW:
        row = grid.cells[_MAP_ROW]
        if not any(row[:n_leading]):
            return True
        if set(row[n_leading:].tolist()) <= set(codes):
            return False
        found = shown(row[0])
    expected = "positions of the markers, blank under phenotypes"
    raise grid.error(min(_MAP_ROW, len(grid.cells) - 1), 0, expected=expected, found=found)


def map_of(grid: Grid, columns: slice, names: list[str], faults: Faults) -> pd.DataFrame:
    """Chromosomes and positions of the second and third row.

    Parameters
    ----------
    grid
        The file, individuals as rows.
    columns
        Those of markers.
    names
        Of the markers.
    faults
        What to do with positions that are no numbers.

    Returns
    -------
    pandas.DataFrame
        marker, chr, pos (in the unit of the file).

    Raises
    ------
    DataError
        For a position that is no number.
    """
    rows = {name: i for i, name in enumerate(names, start=columns.start)}

    def error(marker: str, _: str, *, expected: str, found: object) -> DataError:
        return grid.error(_MAP_ROW, rows[marker], expected=expected, found=shown_number(str(found)))

    text = pd.DataFrame({"pos": grid.cells[_MAP_ROW, columns]}, index=names, dtype=object)
    position = number_column(text, "pos", error=error, faults=faults, remedy=UNPLACED)
    return _chromosomes(grid, columns, names).assign(pos=position)


def map_of_order(grid: Grid, columns: slice, names: list[str]) -> pd.DataFrame:
    """Chromosomes of the second row, and positions that say the order alone.

    Parameters
    ----------
    grid, columns, names
        As in `map_of`.

    Returns
    -------
    pandas.DataFrame
        marker, chr, pos (centimorgans, `UNKNOWN_CM` apart).

    Warns
    -----
    CrossmapWarning
        Always.
    """
    warnings.warn(
        f"{grid.name}: no row of positions: markers were put {UNKNOWN_CM:g} cM apart in the order "
        "of the file, as R/qtl does; crossmap.estimate_map gives their distances",
        CrossmapWarning,
        stacklevel=4,
    )
    markers = _chromosomes(grid, columns, names)
    return markers.assign(pos=UNKNOWN_CM * markers.groupby("chr", sort=False).cumcount())


def _chromosomes(grid: Grid, columns: slice, names: list[str]) -> pd.DataFrame:
    return pd.DataFrame({"marker": names, "chr": grid.cells[1, columns]}, dtype=object)
