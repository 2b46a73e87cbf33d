"""What chance gives on a two-locus surface: the largest LODs of permuted traits."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from crossmap.arguments import require_number, require_one_of, require_whole
from crossmap.errors import ArgumentError
from crossmap.execution import DEFAULT, Execution, one_blas_thread, run_tasks
from crossmap.genotypes.loci import Loci
from crossmap.genotypes.probable_loci import ProbableLoci
from crossmap.kernels.philox import fold_cells
from crossmap.kernels.probability_search import permute_within_cells
from crossmap.linkage.pair_blocks import (
    ROWS,
    PairScan,
    lod_gain,
    lod_of,
    no_eligible_pair,
    pair_block,
    pair_scan,
    shares_left,
    single_shares_left,
    within_memory,
)
from crossmap.linkage.permutation import stage_key, trait_items
from crossmap.linkage.probability_pairs import no_probable_pair, pairs_of, unit_residuals

KINDS = ("full", "fv1", "int", "add", "av1", "one")
"""LODs whose largest value each permutation gives; ``one`` is that of single loci."""

COLUMNS = 128
"""Permutations in one product on probabilities. Fixed: the shape of a product decides how it
rounds."""


@dataclass(frozen=True, eq=False)
class SurfaceThresholds:
    """Largest LODs of permuted traits, over the whole genome.

    Parameters
    ----------
    trait
        Name of the trait.
    maxima
        float64 [n_perm, 6], columns `KINDS`. As in R/qtl, fv1, int and av1 are differences of
        maxima within a pair of chromosomes, the largest over all such pairs.
    seed
        Of the permutations.
    """

    trait: str
    maxima: np.ndarray
    seed: int

    @property
    def n_perm(self) -> int:
        """Number of permutations."""
        return len(self.maxima)

    def to_frame(self) -> pd.DataFrame:
        """One row per permutation: permutation (from 1) and lod_full .. lod_one."""
        frame = pd.DataFrame(self.maxima, columns=[f"lod_{kind}" for kind in KINDS])
        frame.insert(0, "permutation", np.arange(1, self.n_perm + 1))
        return frame

    def quantiles(self, alpha: float = 0.05) -> Mapping[str, float]:
        """Give the thresholds at a genome-wide error rate, each kind by itself.

        Parameters
        ----------
        alpha
            Share of the permutations that exceed each threshold, 0 to 1.

        Returns
        -------
        dict of str to float
            One for each of `KINDS`.

        Raises
        ------
        ArgumentError
            If `alpha` is out of range.
        """
        require_number("alpha", alpha, least=0.0, most=1.0)
        # Interpolating to an infinite LOD (an exact fit) would give NaN.
        method = "linear" if np.isfinite(self.maxima).all() else "higher"
        found = np.quantile(self.maxima, 1.0 - alpha, axis=0, method=method)  # type: ignore[call-overload]
        return dict(zip(KINDS, found.tolist(), strict=True))

    def p_value(self, kind: str, lod: np.ndarray) -> np.ndarray:
        """Genome-wide permutation p-values, (1 + number as large)/(1 + n_perm).

        Parameters
        ----------
        kind
            One of `KINDS`.
        lod
            float64; NaN gives NaN.

        Returns
        -------
        numpy.ndarray
            float64, same shape, never 0.

        Raises
        ------
        ArgumentError
            For an unknown kind.
        """
        require_one_of("kind", kind, KINDS)
        null = np.sort(self.maxima[:, KINDS.index(kind)])
        lod = np.asarray(lod, dtype=np.float64)
        as_large = self.n_perm - np.searchsorted(null, lod, side="left")
        return np.where(np.isnan(lod), np.nan, (1.0 + as_large) / (1.0 + self.n_perm))

    def is_called(self, summary: pd.DataFrame, *, alpha: float = 0.05) -> np.ndarray:
        """Say which pairs of chromosomes R/qtl's rule calls.

        Parameters
        ----------
        summary
            As `Surface.summary` gives it, of the same trait.
        alpha
            Genome-wide error rate of each threshold T.

        Returns
        -------
        numpy.ndarray
            bool, one for each row: full >= T_full and (fv1 >= T_fv1 or int >= T_int), or
            add >= T_add and av1 >= T_av1.
        """
        reached = {
            kind: summary[f"lod_{kind}"].to_numpy(np.float64) >= threshold
            for kind, threshold in self.quantiles(alpha).items()
            if kind != "one"
        }
        interacting = reached["full"] & (reached["fv1"] | reached["int"])
        return interacting | (reached["add"] & reached["av1"])


def surface_thresholds(
    y: np.ndarray,
    loci: Loci,
    *,
    trait: str,
    n_perm: int = 1000,
    min_cell: int = 1,
    same_chromosome: bool = True,
    seed: int = 1,
    execution: Execution | None = None,
) -> SurfaceThresholds:
    """Permute a trait's samples and keep the largest LODs of each two-locus surface.

    Parameters
    ----------
    y
        float64 [n_samples]: the trait; samples where it is NaN are left out.
    loci
        Distinct loci, perhaps thinned, with complete calls of the same samples; or positions with
        probabilities of their genotypes, in any cross.
    trait
        Its name: permutations are keyed by it.
    n_perm
        B, how many permutations.
    min_cell, same_chromosome
        As in `crossmap.linkage.surface.two_locus_surface`.
    seed
        Permutation b is that of the first stage of the sequential search: a function of seed, b
        and the trait's name. On probabilities, where there is an X, residuals on the means of sex
        and direction of the cross move within these groups.
    execution
        Threads, memory budget and progress; never changes a result.

    Returns
    -------
    SurfaceThresholds

    Raises
    ------
    ArgumentError
        For an option out of range.
    DataError
        If the trait does not vary or has no more than 4 values, or no pair is eligible.

    References
    ----------
    Churchill & Doerge (1994) Genetics 138:963.

    Examples
    --------
    >>> from crossmap import simulate_cross
    >>> from crossmap.genotypes.loci import distinct_loci
    >>> cross = simulate_cross(n_samples=40, n_traits=2, n_markers=40).cross
    >>> loci = distinct_loci(cross)
    >>> chance = surface_thresholds(cross.traits[0], loci, trait="t1", n_perm=20)
    >>> thresholds = chance.quantiles(0.05)
    >>> thresholds["full"] > thresholds["add"] > thresholds["one"] > 2
    True
    """
    require_whole("n_perm", n_perm, least=1)
    require_whole("seed", seed, least=0)
    if isinstance(loci, ProbableLoci):
        samples = np.flatnonzero(~np.isnan(y))
        shares = _shares_of_probabilities(
            y[samples],
            loci.on(samples),
            trait,
            (n_perm, seed),
            min_cell,
            same_chromosome,
            execution,
        )
        n_samples = len(samples)
    else:
        scan = pair_scan(y, loci, trait=trait, min_cell=min_cell, same_chromosome=same_chromosome)
        shares = _shares_of_calls(scan, trait, (n_perm, seed), execution)
        n_samples = scan.n_samples
    return SurfaceThresholds(trait, _largest_lods(*shares, n_samples), seed)


def _shares_of_calls(
    scan: PairScan, trait: str, permutations: tuple[int, int], execution: Execution | None
) -> tuple[np.ndarray, np.ndarray]:
    """Least shares left in each permutation.

    Float64 [2, n_perm, C, C] of the full and the additive model by pair of the C chromosomes, and
    [n_perm, C] of single loci; infinite where there is none.
    """
    n_perm, seed = permutations
    n_chromosomes = len(scan.chromosome_start)
    run = within_memory(
        execution, scan, kept_bytes=8 * n_perm * (scan.n_samples + 6 * n_chromosomes**2)
    )
    cells = np.arange(scan.n_samples), np.array([0, scan.n_samples])
    permuted = _permuted(
        scan.z, (*cells, np.zeros(scan.n_samples, dtype=np.int64)), trait, n_perm, seed
    )
    with one_blas_thread():
        single = np.array([_by_chromosome(single_shares_left(scan, z), scan) for z in permuted])
    left = np.full((2, n_perm, n_chromosomes, n_chromosomes), np.inf)

    def work(place: tuple[int, int]) -> np.ndarray:
        block = pair_block(scan, place)
        return np.array(
            [
                [
                    _by_chromosome(share.min(axis=0), scan, place[0])
                    for share in shares_left(block, z)
                ]
                for z in permuted
            ]
        )

    stage = f"{n_perm} permutations of {trait}"
    for found in run_tasks(work, scan.blocks, execution=run, stage=stage):
        row = n_chromosomes - found.shape[2]  # a block has no column before its own chromosome
        for model in (0, 1):
            part = left[model, :, row, row:]
            np.minimum(part, found[:, model], out=part)
    if np.isinf(left).all():
        raise no_eligible_pair(scan)
    return left, single


def _shares_of_probabilities(
    y: np.ndarray,
    loci: ProbableLoci,
    trait: str,
    permutations: tuple[int, int],
    min_cell: int,
    same_chromosome: bool,
    execution: Execution | None,
) -> tuple[np.ndarray, np.ndarray]:
    """As `_shares_of_calls`, by Haley-Knott regression.

    Residuals on the means of sex and direction, where there is an X, move within these groups; else
    whole samples, by the permutations of calls.
    """
    n_perm, seed = permutations
    null, unit = unit_residuals(y, loci, trait=trait, min_cell=min_cell)
    starts = np.flatnonzero(np.diff(loci.chr_index, prepend=-1))
    edges, n_chromosomes = [*starts.tolist(), len(loci)], len(starts)
    n_columns = -(-n_perm // COLUMNS) * COLUMNS
    needed = 8 * (2 * n_perm * n_chromosomes**2 + n_columns * (len(y) + n_chromosomes))
    run = execution or DEFAULT
    if needed > run.memory_bytes:
        msg = (
            f"memory: expected room for {n_perm:,} permutations of the pairs of {n_chromosomes} "
            f"chromosomes, {needed / 2**20:,.1f} MiB, found {run.memory_bytes / 2**20:,.1f} MiB"
        )
        raise ArgumentError(msg)
    permuted = np.zeros((n_columns, len(y)))  # as many as fill whole products, whatever n_perm
    permuted[:n_perm] = null.residuals(_permuted(unit, null.cells, trait, n_perm, seed))
    chunks = np.split(permuted, n_columns // COLUMNS)
    share_one = np.full((len(loci), n_columns), -np.inf)
    with one_blas_thread():
        for number, z in enumerate(chunks):
            columns = slice(number * COLUMNS, (number + 1) * COLUMNS)
            share_one[null.rows, columns] = null.gains(z)
    single = 1.0 - np.maximum.reduceat(share_one, starts, axis=0).T[:n_perm]
    chromosome = np.repeat(np.arange(n_chromosomes), np.diff(edges))
    blocks = [
        range(first, min(first + ROWS, stop))
        for start, stop in pairwise(edges)
        for first in range(start, stop, ROWS)
    ]

    def work(block: range) -> np.ndarray:
        share = np.full((2, n_chromosomes, n_columns), -np.inf)
        for locus in block:
            for pairs in pairs_of(
                loci, null, locus, min_cell=min_cell, same_chromosome=same_chromosome
            ):
                there = chromosome[pairs.others]
                first = np.flatnonzero(np.diff(there, prepend=-1))
                for number, z in enumerate(chunks):
                    columns = slice(number * COLUMNS, (number + 1) * COLUMNS)
                    additive, interaction = pairs.gains(z)
                    additive += share_one[locus, columns]
                    interaction += additive
                    for of_model, gain in zip(share, (interaction, additive), strict=True):
                        best = of_model[there[first], columns]
                        np.fmax(best, np.maximum.reduceat(gain, first, axis=0), out=best)
                        of_model[there[first], columns] = best
        return share[:, :, :n_perm]

    left = np.full((2, n_perm, n_chromosomes, n_chromosomes), np.inf)
    stage = f"{n_perm} permutations of {trait}"
    for block, share in zip(
        blocks, run_tasks(work, blocks, execution=run, stage=stage), strict=True
    ):
        part = left[:, :, chromosome[block[0]]]
        np.minimum(part, 1.0 - share.swapaxes(1, 2), out=part)
    if np.isinf(left).all():
        raise no_probable_pair(loci)
    return left, single


def _permuted(
    z: np.ndarray,
    cells: tuple[np.ndarray, np.ndarray, np.ndarray],
    trait: str,
    n_perm: int,
    seed: int,
) -> np.ndarray:
    """Permuted traits, float64 [n_perm, n]: those of the search's first stage, within cells."""
    members, start, cell = cells
    # numba gives a Python int, which it would take back as a signed one.
    key = np.uint64(fold_cells(stage_key(seed, 1), cell))
    columns = np.empty((1, n_perm + 1, len(z)))
    permute_within_cells(z[None], trait_items([trait]), key, members, start, columns)
    return columns[0, 1:]


def _by_chromosome(left: np.ndarray, scan: PairScan, first: int = 0) -> np.ndarray:
    """Smallest value among the loci, from locus `first` on, of each chromosome from its on."""
    starts = scan.chromosome_start
    starts = starts[np.searchsorted(starts, first, side="right") - 1 :]
    return np.minimum.reduceat(left, np.maximum(starts - first, 0))


def _largest_lods(left: np.ndarray, single: np.ndarray, n_samples: int) -> np.ndarray:
    """Largest LODs over the genome, float64 [n_perm, 6], from what is left by chromosome pair."""
    full, additive = lod_of(left, n_samples)
    one = lod_of(single, n_samples)
    best_one = np.fmax(one[:, :, None], one[:, None, :])
    kinds = {
        "full": full,
        "fv1": lod_gain(full, best_one),
        "int": lod_gain(full, additive),
        "add": additive,
        "av1": lod_gain(additive, best_one),
    }
    largest = [np.nanmax(kinds[kind], axis=(1, 2)) for kind in KINDS[:-1]]
    return np.column_stack([*largest, np.nanmax(one, axis=1)])
