"""Two-locus models of one trait for many pairs at once, by matrix products in float64."""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from crossmap.arguments import require_whole
from crossmap.errors import ArgumentError, DataError
from crossmap.execution import DEFAULT, Execution
from crossmap.genotypes.loci import Loci
from crossmap.kernels.stages import EXACT_FIT
from crossmap.linkage.sequential import total_sum_of_squares

ROWS = 32
"""Loci of a block. Fixed, not fitted to memory: the shape of a product decides how it rounds."""

CANCELLED = 1e-3
"""Below this share of the sum of squares a difference has lost digits; it is summed directly."""

PAIRS_AT_ONCE = 4096
"""Pairs whose residuals are summed directly at one time."""

SIGN = (1.0, -1.0, 1.0, -1.0)
"""Of the genotype combinations 11, 10, 00, 01 in the interaction."""

N_PARAMETERS = 4
"""Means of the full model of a pair."""


@dataclass(frozen=True, eq=False)
class PairScan:
    """One trait and the loci whose pairs are to explain it.

    Parameters
    ----------
    loci
        All loci.
    samples
        int64 [n]: rows of the samples that have a value of the trait.
    z
        float64 [n]: the trait, centred, with sum of squares 1.
    calls
        float64 [n_loci, n]: genotypes, 0 or 1.
    chromosome_start
        int64 [n_chromosomes]: first locus of each chromosome that has any.
    min_cell
        Fewest samples in every genotype combination that occurs; pairs with a smaller one are not
        eligible.
    same_chromosome
        Whether pairs on one chromosome are eligible.
    """

    loci: Loci
    samples: np.ndarray
    z: np.ndarray
    calls: np.ndarray
    chromosome_start: np.ndarray
    min_cell: int
    same_chromosome: bool

    @property
    def n_samples(self) -> int:
        """Samples used."""
        return len(self.z)

    @property
    def blocks(self) -> list[tuple[int, int]]:
        """Runs of at most `ROWS` loci of one chromosome: where each starts and stops."""
        edges = [*self.chromosome_start.tolist(), len(self.loci)]
        return [
            (start, min(start + ROWS, end))
            for begin, end in pairwise(edges)
            for start in range(begin, end, ROWS)
        ]


def pair_scan(
    y: np.ndarray, loci: Loci, *, trait: str, min_cell: int, same_chromosome: bool
) -> PairScan:
    """Check one trait and its loci, and bring them into the form that blocks are computed from.

    Parameters
    ----------
    y
        float64 [n_samples]; samples where it is NaN are left out.
    loci
        Distinct loci, perhaps thinned, with complete calls of the same samples.
    trait
        Name, for messages.
    min_cell, same_chromosome
        As the fields of `PairScan`.

    Returns
    -------
    PairScan

    Raises
    ------
    ArgumentError
        If `y` has another length than the samples of `loci`, or `min_cell` is no whole number.
    DataError
        If the trait does not vary or has no more than 4 values, or there are no two loci.
    """
    require_whole("min_cell", min_cell, least=1)
    y = np.asarray(y, dtype=np.float64)
    if y.shape != loci.genotypes.shape[1:]:
        msg = f"y: expected shape {loci.genotypes.shape[1:]}, found {y.shape}"
        raise ArgumentError(msg)
    samples = np.flatnonzero(~np.isnan(y))
    if len(samples) <= N_PARAMETERS:
        msg = (
            f"trait {trait}: expected values of more than {N_PARAMETERS} samples, found "
            f"{len(samples)}"
        )
        raise DataError(msg)
    present = np.ascontiguousarray(y[samples])
    if not total_sum_of_squares(present[None])[1][0]:
        msg = f"trait {trait}: expected values that vary, found {present[0]:g} in all samples"
        raise DataError(msg)
    if len(loci) < 2:
        msg = f"genotypes: expected at least 2 distinct loci, found {len(loci)}"
        raise DataError(msg)
    z = present - present.mean()
    z -= z.mean()  # takes out the rounding of the first mean
    return PairScan(
        loci=loci,
        samples=samples,
        z=z / np.sqrt(z @ z),
        calls=np.ascontiguousarray(loci.genotypes[:, samples], dtype=np.float64),
        chromosome_start=np.flatnonzero(np.diff(loci.chr_index, prepend=-1)),
        min_cell=min_cell,
        same_chromosome=same_chromosome,
    )


def within_memory(execution: Execution | None, scan: PairScan, *, kept_bytes: int) -> Execution:
    """Use no more threads than the memory budget has room for.

    Parameters
    ----------
    execution
        Threads and budget as asked for.
    scan
        What is to be computed; every thread works on one block.
    kept_bytes
        Memory of what all blocks together give.

    Returns
    -------
    Execution

    Raises
    ------
    ArgumentError
        If not even one thread has room.
    """
    run = execution or DEFAULT
    n_loci, budget = len(scan.loci), run.memory_bytes
    n_arrays = 16  # ten of a `PairBlock`, six of `shares_left` at one time
    per_thread = 8 * n_arrays * ROWS * n_loci
    if kept_bytes + per_thread > budget:
        msg = (
            f"memory: expected room for all pairs of {n_loci:,} loci, "
            f"{(kept_bytes + per_thread) / 2**20:,.0f} MiB, found {budget / 2**20:,.0f} MiB; "
            "thin the loci (n_grid) or allow more memory"
        )
        raise ArgumentError(msg)
    return replace(run, threads=min(run.n_threads, (budget - kept_bytes) // per_thread))


def no_eligible_pair(scan: PairScan) -> DataError:
    """Make the error of a scan without a pair.

    Parameters
    ----------
    scan
        The loci and the rules of eligibility.

    Returns
    -------
    DataError
    """
    where = "" if scan.same_chromosome else " on different chromosomes"
    return DataError(
        f"genotypes: expected a pair of loci{where} with at least {scan.min_cell} samples in every "
        f"genotype combination that occurs (min_cell), found none among {len(scan.loci)} loci on "
        f"{len(scan.chromosome_start)} chromosomes and {scan.n_samples} samples"
    )


@dataclass(frozen=True, eq=False)
class PairBlock:
    """Pairs of some loci of one chromosome with one another and with all loci after them.

    Parameters
    ----------
    start, stop
        The loci that are rows; columns are all loci from `start` on.
    row_calls, column_calls
        float64 [R, n] and [C, n]: genotypes, 0 or 1.
    weight
        float64 [4, R, C]: 1/n of the genotype combinations 11, 10, 00, 01; 0 where one does not
        occur.
    harmonic
        float64 [R, C]: 1/sum(1/n) over the four combinations; 0 where one does not occur.
    penalty
        float64 [R, C]: 0 for an eligible pair, else infinity.
    scratch
        float64 [4, R, C]: where `shares_left` works; a block belongs to one thread.
    """

    start: int
    stop: int
    row_calls: np.ndarray
    column_calls: np.ndarray
    weight: np.ndarray
    harmonic: np.ndarray
    penalty: np.ndarray
    scratch: np.ndarray


def pair_block(scan: PairScan, place: tuple[int, int]) -> PairBlock:
    """Prepare what depends on the genotypes and not on the trait.

    Parameters
    ----------
    scan
        The loci and the rules of eligibility.
    place
        One of `PairScan.blocks`.

    Returns
    -------
    PairBlock
    """
    start, stop = place
    rows, columns = scan.calls[start:stop], scan.calls[start:]
    in_both = rows @ columns.T
    in_row, in_column = rows.sum(axis=1)[:, None], columns.sum(axis=1)[None, :]
    in_none = scan.n_samples - in_row - in_column + in_both
    sizes = np.array([in_both, in_row - in_both, in_none, in_column - in_both])
    weight = np.divide(1.0, sizes, out=np.zeros_like(sizes), where=sizes > 0)
    all_occur = (sizes > 0).all(axis=0)
    harmonic = np.divide(1.0, weight.sum(axis=0), out=np.zeros_like(in_both), where=all_occur)
    is_pair = np.arange(start, len(scan.calls)) > np.arange(start, stop)[:, None]
    if not scan.same_chromosome:
        chromosome = scan.loci.chr_index
        is_pair &= chromosome[start:] != chromosome[start]
    is_pair &= ((sizes == 0) | (sizes >= scan.min_cell)).all(axis=0)
    penalty = np.where(is_pair, 0.0, np.inf)
    scratch = np.empty_like(sizes)  # fresh arrays at every step would cost as much as the sums
    return PairBlock(start, stop, rows, columns, weight, harmonic, penalty, scratch)


def shares_left(block: PairBlock, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Share of a trait's sum of squares that the two models of each pair leave.

    Parameters
    ----------
    block
        The pairs.
    z
        float64 [n]: the trait, centred, with sum of squares 1.

    Returns
    -------
    full, additive : numpy.ndarray
        float64 [R, C]: of the full model (a mean for every genotype combination that occurs) and
        of the additive one; infinite for pairs that are not eligible. Overwritten by the next
        call for the same block.

    Notes
    -----
    S11 = X diag(z) X'; the sums of the other combinations follow from those of single loci, as the
    trait is centred: S10 = S_i - S11, S01 = S_j - S11, S00 = -(S_i + S01). The full model explains
    sum_g S_g^2/n_g; the additive one less by (m11 - m10 - m01 + m00)^2 / sum_g 1/n_g with
    m_g = S_g/n_g, by nothing where a combination does not occur.
    """
    total, part, full, additive = block.scratch
    in_row = (block.row_calls @ z)[:, None]
    in_column = (block.column_calls @ z)[None, :]
    np.matmul(block.row_calls * z, block.column_calls.T, out=total)
    contrast = np.multiply(total, block.weight[0], out=additive)
    np.multiply(contrast, total, out=full)
    np.subtract(in_row, total, out=total)
    # S10, then -S00 and S01: all three lessen m11 - m10 - m01 + m00.
    for weight, step in zip(block.weight[1:], (in_column, -in_row, None), strict=True):
        np.multiply(total, weight, out=part)
        contrast -= part
        part *= total
        full += part
        if step is not None:
            total += step
    np.subtract(1.0, full, out=full)
    full += block.penalty
    contrast *= contrast
    contrast *= block.harmonic
    if full.min(initial=np.inf) < CANCELLED:
        _sum_directly(block, z, full, contrast)
    additive += full
    return full, additive


def _sum_directly(
    block: PairBlock, z: np.ndarray, full: np.ndarray, interaction: np.ndarray
) -> None:
    """Replace what differences have cancelled by sums of squared residuals, in place."""
    close = np.argwhere(full < CANCELLED)
    for first in range(0, len(close), PAIRS_AT_ONCE):
        i, j = close[first : first + PAIRS_AT_ONCE].T
        a, b = block.row_calls[i], block.column_calls[j]
        left = np.tile(z, (len(i), 1))
        contrast = np.zeros(len(i))
        cells = (a * b, a * (1.0 - b), (1.0 - a) * (1.0 - b), (1.0 - a) * b)
        for sign, weight, cell in zip(SIGN, block.weight, cells, strict=True):
            mean = (cell @ z) * weight[i, j]
            left -= mean[:, None] * cell
            contrast += sign * mean
        full[i, j] = (left * left).sum(axis=1)
        interaction[i, j] = contrast**2 * block.harmonic[i, j]


def single_shares_left(scan: PairScan, z: np.ndarray) -> np.ndarray:
    """Share of a trait's sum of squares that each single locus leaves.

    Parameters
    ----------
    scan
        The loci.
    z
        float64 [n]: the trait, centred, with sum of squares 1.

    Returns
    -------
    numpy.ndarray
        float64 [n_loci]; infinite for loci with a genotype of fewer than `min_cell` samples, 1
        where only one genotype occurs.
    """
    n, sizes = scan.n_samples, scan.calls.sum(axis=1)
    smaller = np.minimum(sizes, n - sizes)
    weight = np.divide(n, sizes * (n - sizes), out=np.zeros_like(sizes), where=smaller > 0)
    sums = scan.calls @ z
    left = 1.0 - sums**2 * weight
    for row in np.flatnonzero(left < CANCELLED):
        means = np.where(
            scan.calls[row] == 1.0, sums[row] / sizes[row], -sums[row] / (n - sizes[row])
        )
        left[row] = ((z - means) ** 2).sum()
    left[(smaller > 0) & (smaller < scan.min_cell)] = np.inf
    return left


def lod_of(left: np.ndarray, n_samples: int) -> np.ndarray:
    """LOD of a model against the mean, from the share of the sum of squares that it leaves.

    Parameters
    ----------
    left
        float64, 0 to 1; infinite where a model is not eligible.
    n_samples
        n.

    Returns
    -------
    numpy.ndarray
        float64: -n/2 log10(left); infinite where only rounding remains, NaN where not eligible.
    """
    with np.errstate(divide="ignore"):
        lod = -0.5 * n_samples * np.log10(np.where(left <= EXACT_FIT, 0.0, left))
    # Rounding may leave a little more than all, a LOD below 0.
    return np.where(np.isposinf(left), np.nan, np.maximum(lod, 0.0) + 0.0)  # no -0


def lod_gain(lod: np.ndarray, smaller: np.ndarray) -> np.ndarray:
    """LOD of a model against a smaller one.

    Parameters
    ----------
    lod, smaller
        float64, broadcast: either LOD against the mean.

    Returns
    -------
    numpy.ndarray
        float64: their difference; 0 where the smaller model already leaves nothing.
    """
    with np.errstate(invalid="ignore"):
        return np.where(np.isposinf(lod) & np.isposinf(smaller), 0.0, lod - smaller)
