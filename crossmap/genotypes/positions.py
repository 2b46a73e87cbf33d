"""Where genotypes are wanted: markers and, between them, pseudomarkers on a genetic map."""

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd

from crossmap.arguments import require_number
from crossmap.cross import Cross
from crossmap.errors import ArgumentError, CrossmapWarning, DataError

NEAR_CM = 0.01
"""A pseudomarker so near a marker is that marker, as R/qtl2 has it. It matters: the chain of inbred
lines is not exactly a Markov chain, so that every position taken in moves the others a little."""

LONGEST_STEP = 1e6
"""Centimorgans; no chromosome is as long."""

MOST_PSEUDOMARKERS = 1_000_000
"""Of all chromosomes together."""


def genetic_map(cross: Cross, *, cm_per_mb: float | None = None) -> np.ndarray:
    """Positions of the markers in centimorgans.

    Parameters
    ----------
    cross
        Any cross.
    cm_per_mb
        Centimorgans per megabase, for markers with a place in base pairs alone. The positions in
        centimorgans that there are stay as they are.

    Returns
    -------
    numpy.ndarray
        float64 [n_markers], nowhere falling along a chromosome.

    Warns
    -----
    CrossmapWarning
        If the map in centimorgans has gaps: it says how many markers were placed, and how.

    Raises
    ------
    ArgumentError
        If the rate is not above 0, or if every marker has a place in centimorgans already.
    DataError
        If a rate is needed and there is none, if positions fall while those in base pairs rise, or
        if every chromosome has length 0.

    Notes
    -----
    A marker without a place in centimorgans stands between its neighbours that have one in
    proportion to base pairs; before the first of its chromosome or after the last, at the rate from
    there (without one, at the mean rate between those two); on a chromosome without any, at the
    rate from base pair 0.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from crossmap.simulate import simulate_cross
    >>> cross = simulate_cross(n_samples=10, n_markers=40, n_traits=2).cross
    >>> physical = replace(cross, markers=cross.markers.assign(pos_cm=float("nan")))
    >>> cross.markers["pos_bp"].tolist()[:2], genetic_map(physical, cm_per_mb=300.0).tolist()[:2]
    ([2030.0, 229628.0], [0.609, 68.8884])
    """
    if cm_per_mb is not None:
        require_number("cm_per_mb", cm_per_mb, least=1e-9, most=1e9)
    table = cross.markers
    position = table["pos_cm"].to_numpy()
    chromosome = pd.factorize(table["chr"])[0]
    _refuse_falling(table.assign(code=chromosome)[~np.isnan(position)])
    if np.isnan(position).any():
        position = _filled_map(table, chromosome, cm_per_mb)
    elif cm_per_mb is not None:
        msg = (
            "cm_per_mb: expected none, as every marker has a position in centimorgans, found "
            f"{cm_per_mb:g}"
        )
        raise ArgumentError(msg)
    is_near = np.diff(chromosome) == 0
    gap = np.diff(position)
    if is_near.any() and not (gap[is_near] > 0).any():
        msg = "markers: expected a genetic map, found every marker of a chromosome at one place"
        raise DataError(msg)
    return position


def on_genetic_map(cross: Cross, cm_per_mb: float) -> Cross:
    """Place every marker in centimorgans.

    Parameters
    ----------
    cross
        Some or all of its markers are placed in base pairs alone.
    cm_per_mb
        As in `genetic_map`.

    Returns
    -------
    Cross

    Raises
    ------
    ArgumentError, DataError
        As `genetic_map`.
    """
    cm = genetic_map(cross, cm_per_mb=cm_per_mb)
    return replace(cross, markers=cross.markers.assign(pos_cm=cm))


def _refuse_falling(known: pd.DataFrame) -> None:
    """Refuse markers with a place in centimorgans whose places fall along a chromosome."""
    is_near = np.diff(known["code"]) == 0
    falls = np.flatnonzero(is_near & (np.diff(known["pos_cm"]) < 0))
    if len(falls):
        one, other = known.iloc[int(falls[0])], known.iloc[int(falls[0]) + 1]
        msg = (
            f"chromosome {one['chr']}: expected a genetic map that rises with base pairs, found "
            f"{other['marker']} at {other['pos_cm']:g} cM after {one['marker']} at "
            f"{one['pos_cm']:g} cM"
        )
        raise DataError(msg)


def _filled_map(table: pd.DataFrame, chromosome: np.ndarray, cm_per_mb: float | None) -> np.ndarray:
    """Positions in centimorgans, the missing ones from those in base pairs: float64 [n_markers]."""
    cm = table["pos_cm"].to_numpy(dtype=np.float64, copy=True)
    mb = table["pos_bp"].to_numpy() * 1e-6
    unknown = np.isnan(cm)
    lacking: list[int] = []
    n_between = n_beyond = 0
    for number in range(chromosome.max() + 1):
        here = chromosome == number
        known, wanted = np.flatnonzero(here & ~unknown), np.flatnonzero(here & unknown)
        if not len(known):
            lacking.extend(wanted)
            cm[wanted] = mb[wanted] * (np.nan if cm_per_mb is None else cm_per_mb)
            continue
        first, last = known[0], known[-1]
        length_mb = mb[last] - mb[first]
        mean_rate = (cm[last] - cm[first]) / length_mb if length_mb > 0 else np.nan
        rate = mean_rate if cm_per_mb is None else cm_per_mb
        before, after = wanted[wanted < first], wanted[wanted > last]
        cm[wanted] = np.interp(mb[wanted], mb[known], cm[known])
        cm[before] = cm[first] - (mb[first] - mb[before]) * rate
        cm[after] = cm[last] + (mb[after] - mb[last]) * rate
        if np.isnan(rate):
            lacking.extend([*before, *after])
        n_beyond += len(before) + len(after)
        n_between += len(wanted) - len(before) - len(after)
    if lacking and cm_per_mb is None:
        msg = (
            "markers: expected positions in centimorgans or a rate, cm_per_mb, for those in "
            f"base pairs, found neither (as for {table['marker'][int(min(lacking))]})"
        )
        raise DataError(msg)
    if not unknown.all():
        beyond = "the mean rate there" if cm_per_mb is None else f"{cm_per_mb:g} cM/Mb"
        ways = (
            (n_between, "between their neighbours in proportion to base pairs"),
            (n_beyond, f"before the first or after the last of their chromosome at {beyond}"),
            (len(lacking), f"on chromosomes without any at {cm_per_mb} cM/Mb"),
        )
        said = ", ".join(f"{n} {how}" for n, how in ways if n)
        # Always this line, so that it is said once whoever asks.
        warnings.warn(
            f"the genetic map lacks {int(unknown.sum())} of {len(cm)} markers; they were placed: "
            f"{said}",
            CrossmapWarning,
            stacklevel=1,
        )
    return cm


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

    Raises
    ------
    ArgumentError
        If the step is out of range, or so small that there would be millions of pseudomarkers; for
        the rate, as `genetic_map`.
    DataError
        As `genetic_map`.

    Examples
    --------
    >>> from crossmap.simulate import simulate_cross
    >>> cross = simulate_cross(n_samples=10, n_markers=40, n_traits=2).cross
    >>> table = scan_positions(cross, step=20)
    >>> table[table["row"] < 0]["marker"].tolist()[:2]
    ['c1.loc20.812', 'c1.loc40.812']
    """
    require_number("step", step, least=0.0, most=LONGEST_STEP)
    position = genetic_map(cross, cm_per_mb=cm_per_mb)
    chromosome = cross.markers["chr"].to_numpy(dtype=object)
    length = sum(np.ptp(position[chromosome == c]) for c in cross.chromosomes)
    if 0.0 < step * MOST_PSEUDOMARKERS < length:  # else of a slip of the pen comes a lack of memory
        msg = (
            f"step: expected 0 or at least {length / MOST_PSEUDOMARKERS:.3g} cM on a map of "
            f"{length:,.0f} cM, found {step!r}"
        )
        raise ArgumentError(msg)
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
