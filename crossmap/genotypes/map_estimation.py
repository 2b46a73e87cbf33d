"""Genetic maps from the calls: distances by EM, recombination fractions of all pairs."""

from dataclasses import dataclass, replace
from functools import partial
from typing import get_args

import numpy as np
import pandas as pd

from crossmap.arguments import require_number, require_one_of, require_whole
from crossmap.cross import Cross
from crossmap.execution import Execution, run_tasks
from crossmap.genome import MapFunction, map_distance
from crossmap.genotypes.chains import Chain
from crossmap.genotypes.stretches import (
    Stretch,
    look_for_calls,
    require_error_prob,
    stretches,
    warn_of_markers_without_calls,
)
from crossmap.kernels import hmm as kernels

START_R = 0.1
"""Recombination fraction that EM starts from where markers have no distance yet."""

PAIR_STEPS = 1000
"""Most EM steps for one recombination fraction; some 20 suffice."""


@dataclass(frozen=True, eq=False)
class EstimatedMap:
    """A genetic map estimated from the calls.

    Parameters
    ----------
    markers
        marker, chr, pos_cm (estimated, the first marker of a chromosome where the given map has
        it, else 0), recombination (from the marker before, NaN for the first).
    chromosomes
        chr, log10_likelihood, n_iterations.
    """

    markers: pd.DataFrame
    chromosomes: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """The markers."""
        return self.markers


def estimate_map(
    cross: Cross,
    *,
    error_prob: float = 1e-4,
    map_function: MapFunction = "haldane",
    tolerance: float = 1e-6,
    n_iterations: int = 10_000,
    execution: Execution | None = None,
) -> EstimatedMap:
    """Estimate the distances between neighbouring markers, in the order they have.

    Parameters
    ----------
    cross
        Any cross. Distances of a map in centimorgans are where the search starts.
    error_prob, map_function
        As in `crossmap.genotype_probabilities`. Recombination fractions do not depend on the map
        function.
    tolerance
        Iterate until no recombination fraction r changes by more than tolerance (r + 100
        tolerance).
    n_iterations
        Most iterations.
    execution
        Threads and progress; never changes a result.

    Returns
    -------
    EstimatedMap

    Warns
    -----
    CrossmapWarning
        If calls on X are none that sex and direction allow. If a sample, a chromosome or a marker
        has no call at all: the distances of such markers are arbitrary.

    Raises
    ------
    ArgumentError
        For an option out of range.
    DataError
        As `crossmap.genotype_probabilities`, but no map is needed.

    References
    ----------
    Lander & Green (1987) PNAS 84:2363.

    Examples
    --------
    >>> from crossmap import estimate_map, simulate_cross
    >>> cross = simulate_cross(n_samples=100, n_markers=60, n_traits=2).cross
    >>> estimate_map(cross).markers.columns.tolist()
    ['marker', 'chr', 'pos_cm', 'recombination']
    """
    require_error_prob(error_prob)
    require_number("tolerance", tolerance, least=1e-14, most=0.1)
    require_whole("n_iterations", n_iterations, least=1)
    require_one_of("map_function", map_function, get_args(MapFunction))
    look_for_calls(cross)
    warn_of_markers_without_calls(cross)
    positions = cross.markers.assign(row=np.arange(cross.n_markers))
    start_cm = positions["pos_cm"].fillna(0.0).to_numpy()
    has_map = bool(positions["pos_cm"].notna().all())
    if not has_map:
        positions["pos_cm"] = 0.0
    found = list(stretches(cross, positions, error_prob=error_prob, map_function="haldane"))
    work = partial(_fitted, has_map=has_map, tolerance=tolerance, n_iterations=n_iterations)
    by_chromosome = [[s for s in found if s.rows == rows] for rows in _distinct_rows(found)]
    recombination = np.full(cross.n_markers, np.nan)
    pos_cm = np.zeros(cross.n_markers)
    table = []
    results = run_tasks(work, by_chromosome, execution=execution, stage="map estimation")
    for group, (r, likelihood, steps) in zip(by_chromosome, results, strict=True):
        rows = group[0].rows
        recombination[rows.start + 1 : rows.stop] = r[1:]
        pos_cm[rows] = start_cm[rows.start] + np.concatenate(
            [[0.0], np.cumsum(map_distance(r[1:], map_function))]
        )
        table.append((positions["chr"][rows.start], likelihood, steps))
    return EstimatedMap(
        markers=pd.DataFrame(
            {
                "marker": cross.markers["marker"],
                "chr": cross.markers["chr"],
                "pos_cm": pos_cm,
                "recombination": recombination,
            }
        ),
        chromosomes=pd.DataFrame(table, columns=["chr", "log10_likelihood", "n_iterations"]),
    )


def _distinct_rows(found: list[Stretch]) -> list[slice]:
    rows: list[slice] = []
    for stretch in found:
        if stretch.rows not in rows:
            rows.append(stretch.rows)
    return rows


def _fitted(
    groups: list[Stretch], *, has_map: bool, tolerance: float, n_iterations: int
) -> tuple[np.ndarray, float, int]:
    """Recombination fractions of one chromosome, its log10 likelihood, iterations made."""
    r = np.clip(groups[0].r, 1e-6, 0.5 - 1e-6) if has_map else np.full_like(groups[0].r, START_R)
    n = sum(len(group.samples) for group in groups)
    n_states = len(groups[0].chain.classes)
    number = 0
    while number < n_iterations:
        number += 1
        # Groups of one chromosome have as many states, and change by the same rule.
        expected = np.empty((len(r), n_states, n_states))
        total = np.zeros_like(expected)
        for group in groups:
            for block in replace(group, r=r).blocks():
                kernels.expected_steps(block.posterior_steps(), expected)
                total += expected
        new = groups[0].chain.fitted_r(total, r, n)
        change = np.abs(new - r)[1:]
        r = new
        if (change <= tolerance * (r[1:] + 100.0 * tolerance)).all():
            break
    log10_likelihood = 0.0
    for group in groups:
        likelihood = np.empty(len(group.samples))
        state = np.empty((len(r), n_states, len(group.samples)))
        here = replace(group, r=r)
        kernels.state_probabilities(group.observed, *here.model, likelihood, state)
        log10_likelihood += float(likelihood.sum()) / np.log(10.0)
    return r, log10_likelihood, number


def recombination_fractions(cross: Cross, *, execution: Execution | None = None) -> pd.DataFrame:
    """Recombination fraction of every two markers of a chromosome, from their calls alone.

    Parameters
    ----------
    cross
        Any cross; calls count as right. Samples without one of the two calls are left out.
    execution
        Threads and progress; never changes a result.

    Returns
    -------
    pandas.DataFrame
        marker1, marker2, chr, n (samples with both calls), recombination (of one meiosis, also for
        inbred lines; NaN without samples; far above 0.5 the alleles of one marker look exchanged),
        lod (log10 of the likelihood over that of 0.5).

    Raises
    ------
    DataError
        As `crossmap.genotypes.chains.chain_groups`.

    Notes
    -----
    Maximum likelihood. In an F2 by EM, the strands that carry two double heterozygotes not being
    known (Ott 1977, Ann Hum Genet 40:443).

    Examples
    --------
    >>> from crossmap import recombination_fractions, simulate_cross
    >>> cross = simulate_cross(n_samples=100, n_markers=40, n_traits=2).cross
    >>> bool(recombination_fractions(cross)["recombination"].between(0, 1).all())
    True
    """
    positions = cross.markers.assign(row=np.arange(cross.n_markers), pos_cm=0.0)
    found = list(stretches(cross, positions, error_prob=0.0, map_function="haldane"))
    by_chromosome = [[s for s in found if s.rows == rows] for rows in _distinct_rows(found)]
    names = cross.markers["marker"].to_numpy(dtype=object)
    parts = []
    for group, (one, other, n, r, lod) in zip(
        by_chromosome,
        run_tasks(_pairs, by_chromosome, execution=execution, stage="recombination fractions"),
        strict=True,
    ):
        start = group[0].rows.start
        parts.append(
            pd.DataFrame(
                {
                    "marker1": names[start + one],
                    "marker2": names[start + other],
                    "chr": cross.markers["chr"][start],
                    "n": n,
                    "recombination": r,
                    "lod": lod,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _pairs(
    groups: list[Stretch],
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Pairs of markers of one chromosome: one, other, samples, fraction, LOD."""
    m = len(groups[0].observed)
    one, other = np.triu_indices(m, 1)
    counts = []
    for group in groups:
        codes = 1 + np.flatnonzero((group.chain.emission(0.0)[:, 1:] > 0).any(axis=0))
        seen = np.array([group.observed == code for code in codes], dtype=np.float32)
        # [C, C, P]: counts below 2^24 are exact in single precision.
        table = np.array([[(a @ b.T)[one, other] for b in seen] for a in seen], dtype=np.float64)
        counts.append((group.chain, codes, table))
    n = sum((table.sum(axis=(0, 1)) for _, _, table in counts), np.zeros(len(one)))
    r = np.full(len(one), START_R)
    for _ in range(PAIR_STEPS):
        steps = sum(_expected_steps(chain, codes, table, r) for chain, codes, table in counts)
        new = counts[0][0].fitted_r(
            np.asarray(steps), np.nan_to_num(r, nan=0.5), np.maximum(n, 1), most=1.0
        )
        done = (np.abs(new - r) <= 1e-12) | (n == 0)
        r = np.where(n > 0, new, np.nan)
        if done.all():
            break
    lod = np.zeros(len(one))
    for chain, codes, table in counts:
        likelihood = [_cell_probability(chain, codes, at) for at in (r, np.full_like(r, 0.5))]
        with np.errstate(divide="ignore", invalid="ignore"):
            terms = table * (np.log10(likelihood[0]) - np.log10(likelihood[1]))
        lod += np.where(table > 0, terms, 0.0).sum(axis=(0, 1))
    return one, other, n.astype(np.int64), r, np.where(n > 0, np.maximum(lod, 0.0), np.nan)


def _cell_probability(chain: Chain, codes: np.ndarray, r: np.ndarray) -> np.ndarray:
    """Pr(two codes) at recombination fraction r: float64 [C, C, P]."""
    sees = chain.emission(0.0)[:, codes]
    step = chain.transition(np.nan_to_num(r, nan=0.5))
    joint = np.array(chain.initial)[None, :, None] * step
    return np.einsum("pgh,ga,hb->abp", joint, sees, sees)


def _expected_steps(
    chain: Chain, codes: np.ndarray, table: np.ndarray, r: np.ndarray
) -> np.ndarray:
    """Expected number of individuals that go from one state to the other: float64 [P, K, K]."""
    sees = chain.emission(0.0)[:, codes]
    joint = np.array(chain.initial)[None, :, None] * chain.transition(np.nan_to_num(r, nan=0.5))
    cell = np.einsum("pgh,ga,hb->abp", joint, sees, sees)
    with np.errstate(divide="ignore", invalid="ignore"):
        weight = np.where(table > 0, table / cell, 0.0)
    steps: np.ndarray = joint * np.einsum("abp,ga,hb->pgh", weight, sees, sees)
    return steps
