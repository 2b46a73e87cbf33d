"""How well calls and genetic map agree: double crossovers, unlikely calls, markers out of place."""

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd

from crossmap.cross import Cross
from crossmap.errors import CrossmapWarning
from crossmap.execution import Execution
from crossmap.genome import map_distance, recombination_fraction
from crossmap.genotypes.chains import Chain, chain_groups
from crossmap.genotypes.contradictions import contradictions
from crossmap.genotypes.hmm import error_lods
from crossmap.genotypes.map_estimation import estimate_map
from crossmap.genotypes.positions import genetic_map

UNLIKELY_LOD = 4.0
"""Error LOD of a call that deserves a look (Lincoln & Lander 1992)."""

CALL_ERROR = 0.01
"""Error probability that error LODs and maps are computed with."""


MOST_STEPS = 30
"""EM steps of the estimated map: lengths are then within a few per cent, which is enough here."""


LONGEST_CM = 100.0
"""Of an interval: beyond it markers tell of no linkage, and its length is anything."""


@dataclass(frozen=True, eq=False)
class MapQuality:
    """How well calls and genetic map agree.

    Parameters
    ----------
    markers
        marker, chr, n_double_crossovers (calls unlike those on both sides, which agree),
        expected_double_crossovers (number of them by the map, without interference), n_unlikely
        (calls with an error LOD above `UNLIKELY_LOD`).
    samples
        sample, n_double_crossovers, expected_double_crossovers, n_unlikely.
    chromosomes
        chr, length_cm (of the map given), estimated_cm (from the calls, at `CALL_ERROR`; an
        interval at most `LONGEST_CM`), z (sum of the differences in recombination fractions, in
        standard errors).
    unlikely
        Calls with an error LOD above `UNLIKELY_LOD`, the worst first: marker, chr, sample,
        genotype, error_lod.
    contradicting
        Neighbouring calls of a sample that differ, one of them surely wrong (error LOD of the pair
        above `UNLIKELY_LOD`) though none tells which, the worst first: as
        `crossmap.genotypes.contradictions.contradictions`.
    """

    markers: pd.DataFrame
    samples: pd.DataFrame
    chromosomes: pd.DataFrame
    unlikely: pd.DataFrame
    contradicting: pd.DataFrame


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
    cm = genetic_map(cross, cm_per_mb=cm_per_mb)
    is_double, expected = _double_crossovers(cross, cm)
    with warnings.catch_warnings():  # error_lods has said it
        warnings.simplefilter("ignore", CrossmapWarning)
        fitted = estimate_map(
            cross,
            error_prob=CALL_ERROR,
            tolerance=1e-4,
            n_iterations=MOST_STEPS,
            execution=execution,
        )
        pairs = contradictions(
            cross,
            above=UNLIKELY_LOD,
            error_prob=CALL_ERROR,
            cm_per_mb=cm_per_mb,
            execution=execution,
        )
    row, sample = np.nonzero(is_unlikely)
    worst = np.argsort(-lods[row, sample], kind="stable")
    row, sample = row[worst], sample[worst]
    names = cross.markers["marker"].to_numpy(dtype=object)
    genotypes = np.array([*cross.genotype_names, "dominant"], dtype=object)
    unlikely = pd.DataFrame(
        {
            "marker": pd.Series(names[row], dtype=object),
            "chr": pd.Series(cross.markers["chr"].to_numpy(dtype=object)[row], dtype=object),
            "sample": pd.Series(np.array(cross.samples, dtype=object)[sample], dtype=object),
            "genotype": pd.Series(genotypes[cross.genotypes[row, sample]], dtype=object),
            "error_lod": lods[row, sample],
        }
    )
    return MapQuality(
        markers=cross.markers[["marker", "chr"]].assign(
            n_double_crossovers=is_double.sum(axis=1),
            expected_double_crossovers=expected.sum(axis=1),
            n_unlikely=is_unlikely.sum(axis=1),
        ),
        samples=pd.DataFrame(
            {
                "sample": pd.Series(cross.samples, dtype=object),
                "n_double_crossovers": is_double.sum(axis=0),
                "expected_double_crossovers": expected.sum(axis=0),
                "n_unlikely": is_unlikely.sum(axis=0),
            }
        ),
        chromosomes=_chromosomes(cross, cm, fitted.markers),
        unlikely=unlikely,
        contradicting=pairs,
    )


def _chromosomes(cross: Cross, cm: np.ndarray, fitted: pd.DataFrame) -> pd.DataFrame:
    n_meioses = cross.n_samples * (2 if cross.crosstype == "f2" else 1)
    rows = []
    for name in cross.chromosomes:
        here = np.flatnonzero((cross.markers["chr"] == name).to_numpy())
        given = recombination_fraction(np.diff(cm[here]))
        found = fitted["recombination"].to_numpy()[here[1:]]
        # One crossover more or less, so that an interval without any does not count as sure.
        variance = np.maximum(given * (1.0 - given), 1.0 / n_meioses) / n_meioses
        z = (found - given).sum() / np.sqrt(variance.sum()) if len(given) else 0.0
        length = np.minimum(map_distance(found), LONGEST_CM).sum()
        rows.append((name, float(cm[here[-1]] - cm[here[0]]), float(length), float(z)))
    return pd.DataFrame(rows, columns=["chr", "length_cm", "estimated_cm", "z"])


def _double_crossovers(cross: Cross, cm: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Calls unlike the sample's last and next ones, which agree; the probability of each."""
    is_double = np.zeros(cross.genotypes.shape, dtype=np.bool_)
    expected = np.zeros(cross.genotypes.shape)
    chromosome = pd.factorize(cross.markers["chr"])[0]
    for number, name in enumerate(cross.chromosomes):
        rows = np.flatnonzero(chromosome == number)
        calls, place = cross.genotypes[rows], cm[rows]
        before, after = _neighbour(calls), len(rows) - 1 - _neighbour(calls[::-1])[::-1]
        is_flanked = (calls >= 0) & (before >= 0) & (after < len(rows))
        before, after = np.maximum(before, 0), np.minimum(after, len(rows) - 1)
        left = np.take_along_axis(calls, before, axis=0)
        right = np.take_along_axis(calls, after, axis=0)
        is_flanked &= left == right
        is_double[rows] = is_flanked & (calls != left)
        for group in chain_groups(cross, name):
            own = group.samples
            r1, r2 = (
                recombination_fraction(np.abs(place[at[:, own]] - place[:, None]))
                for at in (before, after)
            )
            expected[np.ix_(rows, own)] = np.where(
                is_flanked[:, own], _return_probability(group.chain, r1, r2, left[:, own]), 0.0
            )
    return is_double, expected


def _return_probability(
    chain: Chain, r1: np.ndarray, r2: np.ndarray, genotype: np.ndarray
) -> np.ndarray:
    """Probability to be in another state between two places in the same one."""
    shape = r1.shape
    one, other = (chain.transition(r.reshape(-1)) for r in (r1, r2))
    state = np.zeros(genotype.size, dtype=np.int64)
    for number, own in enumerate(chain.classes):
        state[genotype.reshape(-1) == own] = number
    path = one[np.arange(len(state)), state] * other[np.arange(len(state)), :, state]
    stay = path[np.arange(len(state)), state]
    probability: np.ndarray = 1.0 - stay / path.sum(axis=1)
    return probability.reshape(shape)


def _neighbour(calls: np.ndarray) -> np.ndarray:
    """Row of the latest call above each, -1 where there is none."""
    row = np.where(calls >= 0, np.arange(len(calls))[:, None], -1)
    latest = np.maximum.accumulate(row, axis=0)
    return np.vstack([np.full((1, calls.shape[1]), -1), latest[:-1]])
