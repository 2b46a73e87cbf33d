"""Where genotypes are wanted: markers and, between them, pseudomarkers on a genetic map."""

import numpy as np
import pandas as pd

from crossmap.arguments import require_number
from crossmap.cross import Cross
from crossmap.errors import DataError

NEAR_CM = 0.01
"""A pseudomarker so near a marker is that marker, as R/qtl2 has it. It matters: the chain of inbred
lines is not exactly a Markov chain, so that every position taken in moves the others a little."""


def genetic_map(cross: Cross, *, cm_per_mb: float | None = None) -> np.ndarray:
    """Positions of the markers in centimorgans.

    Parameters
    ----------
    cross
        Any cross.
    cm_per_mb
        Centimorgans per megabase, for a map in base pairs alone; a map in centimorgans is taken
        as it is.

    Returns
    -------
    numpy.ndarray
        float64 [n_markers], nowhere falling along a chromosome.

    Raises
    ------
    ArgumentError
        If the rate is not above 0.
    DataError
        If there are no positions in centimorgans and no rate, if they fall while those in base
        pairs rise, or if every chromosome has length 0.
    """
    if cm_per_mb is not None:
        require_number("cm_per_mb", cm_per_mb, least=1e-9, most=1e9)
    table = cross.markers
    position = table["pos_cm"].to_numpy()
    unknown = np.flatnonzero(np.isnan(position))
    if len(unknown):
        if cm_per_mb is None:
            msg = (
                "markers: expected positions in centimorgans or a rate, cm_per_mb, for those in "
                f"base pairs, found neither (as for {table['marker'][int(unknown[0])]})"
            )
            raise DataError(msg)
        position = table["pos_bp"].to_numpy() * 1e-6 * cm_per_mb
    chromosome = pd.factorize(table["chr"])[0]
    is_near = np.diff(chromosome) == 0
    gap = np.diff(position)
    falls = np.flatnonzero(is_near & (gap < 0))
    if len(falls):
        one, other = table.iloc[int(falls[0])], table.iloc[int(falls[0]) + 1]
        msg = (
            f"chromosome {one['chr']}: expected a genetic map that rises with base pairs, found "
            f"{other['marker']} at {other['pos_cm']:g} cM after {one['marker']} at "
            f"{one['pos_cm']:g} cM"
        )
        raise DataError(msg)
    if is_near.any() and not (gap[is_near] > 0).any():
        msg = "markers: expected a genetic map, found every marker of a chromosome at one place"
        raise DataError(msg)
    return position


def scan_positions(cross: Cross, *, step: float, cm_per_mb: float | None = None) -> pd.DataFrame:
    """Markers and pseudomarkers in map order.

    Parameters
    ----------
    cross
        Any cross.
    step
        Centimorgans from one pseudomarker to the next, from the first marker of each chromosome;
        0 for markers alone. Where a marker stands there is none.
    cm_per_mb
        As in `genetic_map`.

    Returns
    -------
    pandas.DataFrame
        marker (pseudomarkers are called c1.loc12.5 by chromosome and position), chr, pos_bp
        (between the flanking markers in proportion), pos_cm, row (of the marker in the cross, -1
        for pseudomarkers); RangeIndex.

    Examples
    --------
    >>> from crossmap.simulate import simulate_cross
    >>> cross = simulate_cross(n_samples=10, n_markers=40, n_traits=2).cross
    >>> table = scan_positions(cross, step=20)
    >>> table[table["row"] < 0]["marker"].tolist()[:2]
    ['c1.loc20.812', 'c1.loc40.812']
    """
    require_number("step", step, least=0.0)
    position = genetic_map(cross, cm_per_mb=cm_per_mb)
    markers = cross.markers.assign(pos_cm=position, row=np.arange(cross.n_markers))
    if step == 0:
        return markers
    parts = []
    for name in cross.chromosomes:
        here = markers[(markers["chr"] == name).to_numpy()]
        cm, bp = here["pos_cm"].to_numpy(), here["pos_bp"].to_numpy()
        grid = cm[0] + step * np.arange(int((cm[-1] - cm[0]) / step) + 1)
        nearest = np.abs(grid[:, None] - cm).min(axis=1) if len(grid) else grid
        grid = grid[nearest > NEAR_CM]
        between = pd.DataFrame(
            {
                "marker": [f"c{name}.loc{place:.7g}" for place in grid],
                "chr": name,
                "pos_bp": np.interp(grid, cm, bp),
                "pos_cm": grid,
                "row": -1,
            }
        )
        both = pd.concat([here, between]) if len(between) else here
        parts.append(both.iloc[np.argsort(both["pos_cm"].to_numpy(), kind="stable")])
    return pd.concat(parts).reset_index(drop=True)
