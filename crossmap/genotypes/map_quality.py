"""How well calls and genetic map agree: double crossovers, unlikely calls, markers out of place."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from crossmap.cross import Cross
from crossmap.execution import Execution
from crossmap.genotypes.hmm import error_lods
from crossmap.genotypes.map_estimation import estimate_map

UNLIKELY_LOD = 4.0
"""Error LOD of a call that deserves a look (Lincoln & Lander 1992)."""

CALL_ERROR = 0.01
"""Error probability that error LODs and maps are computed with."""


@dataclass(frozen=True, eq=False)
class MapQuality:
    """How well calls and genetic map agree.

    Parameters
    ----------
    markers
        marker, chr, n_double_crossovers (calls unlike those on both sides, which agree),
        n_flanked (calls with one on both sides), n_unlikely (calls with an error LOD above
        `UNLIKELY_LOD`).
    samples
        sample, n_double_crossovers, n_unlikely.
    chromosomes
        chr, length_cm (of the map given), estimated_cm (from the calls, at `CALL_ERROR`).
    unlikely
        Calls with an error LOD above `UNLIKELY_LOD`, the worst first: marker, chr, sample,
        genotype, error_lod.
    """

    markers: pd.DataFrame
    samples: pd.DataFrame
    chromosomes: pd.DataFrame
    unlikely: pd.DataFrame


def map_quality(
    cross: Cross, *, cm_per_mb: float | None = None, execution: Execution | None = None
) -> MapQuality:
    """Measure how well calls and genetic map agree.

    Parameters
    ----------
    cross
        A cross with a genetic map, or one in base pairs and a rate.
    cm_per_mb
        Centimorgans per megabase, for a map in base pairs alone.
    execution
        Threads and progress; never changes a result.

    Returns
    -------
    MapQuality

    Raises
    ------
    ArgumentError, DataError
        As `crossmap.genotype_probabilities`.

    Examples
    --------
    >>> from crossmap.simulate import simulate_cross
    >>> cross = simulate_cross(n_samples=40, n_markers=200, n_traits=2).cross
    >>> found = map_quality(cross)
    >>> len(found.chromosomes), len(found.unlikely)
    (16, 0)
    """
    lods = error_lods(cross, error_prob=CALL_ERROR, cm_per_mb=cm_per_mb, execution=execution)
    is_unlikely = lods > UNLIKELY_LOD
    is_double, is_flanked = _double_crossovers(cross)
    fitted = estimate_map(cross, error_prob=CALL_ERROR, tolerance=1e-4, execution=execution)
    length = fitted.markers.groupby("chr", sort=False)["pos_cm"].agg(_reach)
    given = cross.markers["pos_cm"]
    if given.isna().any():
        given = cross.markers["pos_bp"] * 1e-6 * (np.nan if cm_per_mb is None else cm_per_mb)
    row, sample = np.nonzero(is_unlikely)
    worst = np.argsort(-lods[row, sample], kind="stable")
    row, sample = row[worst], sample[worst]
    names = cross.markers["marker"].to_numpy(dtype=object)
    genotypes = np.array([*cross.genotype_names, "dominant"], dtype=object)
    return MapQuality(
        markers=cross.markers[["marker", "chr"]].assign(
            n_double_crossovers=is_double.sum(axis=1),
            n_flanked=is_flanked.sum(axis=1),
            n_unlikely=is_unlikely.sum(axis=1),
        ),
        samples=pd.DataFrame(
            {
                "sample": pd.Series(cross.samples, dtype=object),
                "n_double_crossovers": is_double.sum(axis=0),
                "n_unlikely": is_unlikely.sum(axis=0),
            }
        ),
        chromosomes=pd.DataFrame(
            {
                "chr": pd.Series(cross.chromosomes, dtype=object),
                "length_cm": given.groupby(cross.markers["chr"], sort=False).agg(_reach).to_numpy(),
                "estimated_cm": length.to_numpy(),
            }
        ),
        unlikely=pd.DataFrame(
            {
                "marker": pd.Series(names[row], dtype=object),
                "chr": pd.Series(cross.markers["chr"].to_numpy(dtype=object)[row], dtype=object),
                "sample": pd.Series(np.array(cross.samples, dtype=object)[sample], dtype=object),
                "genotype": pd.Series(genotypes[cross.genotypes[row, sample]], dtype=object),
                "error_lod": lods[row, sample],
            }
        ),
    )


def _reach(position: pd.Series) -> float:
    return float(position.max() - position.min())


def _double_crossovers(cross: Cross) -> tuple[np.ndarray, np.ndarray]:
    """Calls unlike the sample's last and next ones, which agree; calls that have both."""
    is_double = np.zeros(cross.genotypes.shape, dtype=np.bool_)
    is_flanked = np.zeros_like(is_double)
    chromosome = pd.factorize(cross.markers["chr"])[0]
    for number in range(len(cross.chromosomes)):
        rows = np.flatnonzero(chromosome == number)
        calls = cross.genotypes[rows]
        before, after = _neighbour(calls), _neighbour(calls[::-1])[::-1]
        flanked = (calls >= 0) & (before >= 0) & (after >= 0)
        is_flanked[rows] = flanked
        is_double[rows] = flanked & (before == after) & (calls != before)
    return is_double, is_flanked


def _neighbour(calls: np.ndarray) -> np.ndarray:
    """The latest call above each, -1 where there is none."""
    row = np.where(calls >= 0, np.arange(len(calls))[:, None], 0)
    latest = np.take_along_axis(calls, np.maximum.accumulate(row, axis=0), axis=0)
    return np.vstack([np.full((1, calls.shape[1]), -1, dtype=calls.dtype), latest[:-1]])
