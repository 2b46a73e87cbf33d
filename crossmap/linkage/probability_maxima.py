"""Two-locus surfaces of permuted traits on probabilities: what their best pairs leave."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from crossmap.errors import ArgumentError
from crossmap.execution import DEFAULT, Execution, one_blas_thread, run_tasks
from crossmap.genotypes.probable_loci import ProbableLoci
from crossmap.linkage.map_regions import PairRegion
from crossmap.linkage.pair_blocks import ROWS
from crossmap.linkage.permutation import permuted_rows
from crossmap.linkage.probability_pairs import (
    ROWS_PER_BLOCK,
    pairs_of,
    unit_residuals,
)
from crossmap.linkage.probability_stage import ProbabilityStage

COLUMNS = 128
"""Permutations in one product. Fixed: the shape of a product decides how it rounds."""

MOST_PRODUCTS = 64
"""Products whose permutations are held at once, where memory allows: the columns of every pair are
made anew for each such batch, which is then a small part of the work."""


def permuted_shares(
    y: np.ndarray,
    loci: ProbableLoci,
    region: PairRegion,
    *,
    trait: str,
    n_perm: int,
    seed: int,
    min_cell: int,
    same_chromosome: bool,
    execution: Execution | None = None,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Permute a trait and find the least that pairs of a region leave, by Haley-Knott regression.

    Residuals on the means of sex and direction, where there is an X, move within these groups; else
    whole samples, by the permutations of calls.

    Parameters
    ----------
    y
        float64 [n]: the trait, no NaN.
    loci
        Of the same samples.
    region
        Which pairs.
    trait
        Its name: permutations are keyed by it.
    n_perm, seed
        Of the permutations.
    min_cell, same_chromosome
        As in `crossmap.linkage.probability_pairs.pairs_of`.
    execution
        Threads, progress, and the memory that bounds how many permutations are held at once; never
        changes a result.

    Yields
    ------
    left : numpy.ndarray
        float64 [2, B, C, C]: of the next B permutations the least share of the sum of squares that
        the full and the additive model leave, by pair of the C chromosomes; infinite where there is
        none.
    single : numpy.ndarray
        float64 [B, C]: the same of single loci.

    Raises
    ------
    ArgumentError
        If not even one product fits into the memory budget.
    DataError
        If the trait does not vary.
    """
    run = execution or DEFAULT
    null, unit = unit_residuals(y, loci, trait=trait, min_cell=min_cell)
    starts = np.flatnonzero(np.diff(loci.chr_index, prepend=-1))
    edges, n_chromosomes = [*starts.tolist(), len(loci)], len(starts)
    held = 8 * (len(y) + len(loci) + 2 * n_chromosomes**2 + 2 * n_chromosomes * run.n_threads)
    # What a thread holds of the pairs it is at: their columns, and these times residuals.
    n_columns = loci.product_columns.shape[1] ** 2
    at_work = 8 * run.n_threads * ROWS_PER_BLOCK * n_columns * (3 * len(y) + COLUMNS)
    room = run.memory_bytes - min(at_work, run.memory_bytes // 2)
    n_products = min(-(-n_perm // COLUMNS), MOST_PRODUCTS, room // (COLUMNS * held))
    if n_products < 1:
        msg = (
            f"memory: expected room for {min(n_perm, COLUMNS):,} permutations of the pairs of "
            f"{n_chromosomes} chromosomes, {COLUMNS * held / 2**20:,.1f} MiB, found "
            f"{run.memory_bytes / 2**20:,.1f} MiB"
        )
        raise ArgumentError(msg)
    chromosome = np.repeat(np.arange(n_chromosomes), np.diff(edges))
    blocks = [
        range(first, min(first + ROWS, stop))
        for start, stop in pairwise(edges)
        for first in range(start, stop, ROWS)
        if region.has_pairs(loci.on_x, first)
    ]
    batch = n_products * COLUMNS
    for made in range(0, n_perm, batch):
        wanted = min(batch, n_perm - made)
        chunks = _permuted(unit, null, trait, seed, made, wanted)
        share_one = np.full((len(loci), len(chunks) * COLUMNS), -np.inf)
        with one_blas_thread():
            for columns, z in chunks:
                share_one[null.rows, columns] = null.gains(z)
        single = 1.0 - np.maximum.reduceat(share_one, starts, axis=0).T[:wanted]

        def work(
            block: range,
            chunks: list[tuple[slice, np.ndarray]] = chunks,
            share_one: np.ndarray = share_one,
        ) -> np.ndarray:
            share = np.full((2, n_chromosomes, share_one.shape[1]), -np.inf)
            for locus in block:
                for pairs in pairs_of(
                    loci, null, locus, min_cell=min_cell, same_chromosome=same_chromosome,
                    among=region.partners(loci.on_x, locus),
                ):  # fmt: skip
                    there = chromosome[pairs.others]
                    first = np.flatnonzero(np.diff(there, prepend=-1))
                    for columns, z in chunks:
                        additive, interaction = pairs.gains(z)
                        additive += share_one[locus, columns]
                        interaction += additive
                        for of_model, gain in zip(share, (interaction, additive), strict=True):
                            best = of_model[there[first], columns]
                            np.fmax(best, np.maximum.reduceat(gain, first, axis=0), out=best)
                            of_model[there[first], columns] = best
            return share

        left = np.full((2, wanted, n_chromosomes, n_chromosomes), np.inf)
        pairs_words = f"pairs {region.name}" if region.name else "pairs"
        stage = f"permutations {made + 1:,} to {made + wanted:,} of {trait}, {pairs_words}"
        results = run_tasks(work, blocks, execution=run, stage=stage)
        for block, share in zip(blocks, results, strict=True):
            part = left[:, :, chromosome[block[0]]]
            np.minimum(part, 1.0 - share[:, :, :wanted].swapaxes(1, 2), out=part)
        yield left, single


def _permuted(
    unit: np.ndarray, null: ProbabilityStage, trait: str, seed: int, made: int, wanted: int
) -> list[tuple[slice, np.ndarray]]:
    """The next permuted traits, in chunks that fill whole products, whatever their number."""
    moved = permuted_rows(unit, null.cells, trait=trait, seed=seed, first=made, n_perm=wanted)
    rows = np.zeros((-(-wanted // COLUMNS) * COLUMNS, len(unit)))
    rows[:wanted] = null.residuals(moved)
    return [
        (slice(first, first + COLUMNS), rows[first : first + COLUMNS])
        for first in range(0, len(rows), COLUMNS)
    ]
