"""Exhaustive search of all pairs of loci, trait by trait."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from crossmap.arguments import require_one_of, require_whole
from crossmap.errors import ArgumentError, DataError
from crossmap.execution import Execution, run_tasks
from crossmap.genotypes.loci import Loci
from crossmap.kernels import pair_tiles
from crossmap.kernels import scan2 as kernels
from crossmap.kernels.pairs import EPISTASIS, LINKAGE
from crossmap.kernels.stages import residuals
from crossmap.linkage.permutation import trait_items, whole_key
from crossmap.linkage.sequential import total_sum_of_squares
from crossmap.linkage.stages import exact_coding, search_coding, search_margin

PairTests = Literal["linkage", "epistasis", "both"]

BLOCKS_PER_TASK = 4
"""Blocks of columns that share one pass over the pairs: what changes from pair to pair is listed
once for all of them, 40 ns a pair (tests/benchmarks/scan2.py)."""


@dataclass(frozen=True)
class PairOptions:
    """Which pairs are searched, and how.

    Parameters
    ----------
    n_perm
        B, permutations of the samples per trait; 0 makes no nulls.
    min_cell
        Fewest samples in each of the four genotype combinations of a pair.
    same_chromosome
        Search pairs on one chromosome too.
    test
        ``linkage`` (full model against the mean), ``epistasis`` (against the additive model), or
        ``both``.
    seed
        Every permutation is a function of it, b and the trait's name: those of the first stage of
        the sequential search.
    """

    n_perm: int = 5
    min_cell: int = 3
    same_chromosome: bool = False
    test: PairTests = "both"
    seed: int = 1

    def __post_init__(self) -> None:
        require_whole("n_perm", self.n_perm, least=0)
        require_whole("min_cell", self.min_cell, least=1)
        require_whole("seed", self.seed, least=0)
        require_one_of("test", self.test, ("linkage", "epistasis", "both"))


@dataclass(frozen=True, eq=False)
class PairTest:
    """Best pair of every trait by one test.

    Parameters
    ----------
    locus1, locus2
        int64 [n_traits]: rows of the loci, in map order; -1 where nothing varies.
    f
        float64 [n_traits]: F of the pair; NaN where none.
    rss
        float64 [n_traits]: residual sum of squares of its full model.
    df1, df2
        Degrees of freedom of F.
    f_null
        float64 [n_traits, n_perm]: largest F of each permutation.
    """

    locus1: np.ndarray
    locus2: np.ndarray
    f: np.ndarray
    rss: np.ndarray
    df1: int
    df2: int
    f_null: np.ndarray


@dataclass(frozen=True, eq=False)
class PairSearch:
    """Best pairs of every trait, and the null statistics.

    Parameters
    ----------
    loci
        The loci searched.
    traits
        Trait names.
    n_pairs
        Eligible pairs.
    rss0
        float64 [n_traits]: sums of squares about the mean.
    linkage, epistasis
        Either test; None where it was not asked for.
    options
        How the search was made.
    """

    loci: Loci
    traits: tuple[str, ...]
    n_pairs: int
    rss0: np.ndarray
    linkage: PairTest | None
    epistasis: PairTest | None
    options: PairOptions

    @property
    def linkage_test(self) -> PairTest:
        """The linkage test, where it was made.

        Raises
        ------
        ArgumentError
            If it was not.
        """
        return _made(self.linkage, "linkage")

    @property
    def epistasis_test(self) -> PairTest:
        """The test of epistasis, where it was made.

        Raises
        ------
        ArgumentError
            If it was not.
        """
        return _made(self.epistasis, "epistasis")


def _made(test: PairTest | None, name: str) -> PairTest:
    if test is None:
        msg = f"test: expected a search with {name}, found one without"
        raise ArgumentError(msg)
    return test


def pair_search(
    traits: np.ndarray,
    loci: Loci,
    *,
    names: Sequence[str],
    options: PairOptions | None = None,
    execution: Execution | None = None,
) -> PairSearch:
    """Find the best pair of loci of every trait among all pairs.

    Parameters
    ----------
    traits
        float64 [n_traits, n_samples], no NaN.
    loci
        Distinct loci, perhaps thinned, with complete calls of the same samples.
    names
        Trait names; permutations are keyed by them.
    options
        Which pairs, which tests.
    execution
        Threads, memory budget and progress; never changes a result.

    Returns
    -------
    PairSearch

    Raises
    ------
    DataError
        If traits have missing values, there are fewer than 5 samples, or no pair is eligible.

    Notes
    -----
    Linkage: F of the full two-locus model (four means) against the mean, 3 and n - 4 degrees of
    freedom. Epistasis: F of the full against the additive model, 1 and n - 4. Nulls permute whole
    samples, so the null hypothesis of the linkage test is no linkage to either locus.

    References
    ----------
    Storey, Akey & Kruglyak (2005) PLoS Biol 3:e267, "Exhaustive Two-Dimensional Search".
    """
    choice = options or PairOptions()
    y = np.ascontiguousarray(traits, dtype=np.float64)
    if np.isnan(y).any():
        msg = f"traits: expected complete values, found {int(np.isnan(y).sum())} missing"
        raise DataError(msg)
    n = y.shape[1]
    ranges = partner_ranges(loci, same_chromosome=choice.same_chromosome)
    if (ranges[:, 2] <= ranges[:, 1]).all():
        msg = (
            "genotypes: expected loci on at least two chromosomes, found one; pairs on one "
            "chromosome are searched with same_chromosome (--same-chromosome)"
        )
        raise DataError(msg)
    z, base = _centred(y)
    items = trait_items(names)
    exact, search = exact_coding(loci), search_coding(loci)
    n_columns = choice.n_perm + 1
    # Completing the square loses up to n units in the last place for cells of one sample.
    margin = np.float32(max(float(search_margin(loci, pair_tiles.TILE_I)), 8 * n * 2.0**-24))
    how = (choice.min_cell, choice.test != "linkage", margin)
    key = whole_key(choice.seed, y)

    def work(columns: tuple[int, int]) -> tuple[tuple[np.ndarray, ...], int]:
        width = columns[1] - columns[0]
        out = (
            np.empty((2, width)),
            np.empty((2, width), dtype=np.int64),
            np.empty((2, width)),
        )
        n_pairs = kernels.scan_pairs(
            z, (items, base), columns, (n_columns, key), exact, search, ranges, how, out
        )
        return out, n_pairs

    tasks = _column_tasks(len(y) * n_columns, len(loci), n, execution)
    parts = list(run_tasks(work, tasks, execution=execution, stage="pairs of loci"))
    n_pairs = parts[0][1]
    if n_pairs == 0:
        msg = (
            f"genotypes: expected a pair of loci with at least {choice.min_cell} samples in each "
            f"of its four genotype combinations (min_cell), found none among {len(loci)} loci"
        )
        raise DataError(msg)
    f, pair, rss = (
        np.concatenate([part[0][i] for part in parts], axis=1).reshape(2, len(y), n_columns)
        for i in range(3)
    )
    tests = [
        PairTest(
            locus1=np.where(pair[i, :, 0] < 0, -1, pair[i, :, 0] // len(loci)),
            locus2=np.where(pair[i, :, 0] < 0, -1, pair[i, :, 0] % len(loci)),
            f=np.ascontiguousarray(f[i, :, 0]),
            rss=np.ascontiguousarray(rss[i, :, 0]),
            df1=df1,
            df2=n - 4,
            f_null=np.ascontiguousarray(f[i, :, 1:]),
        )
        for i, df1 in ((LINKAGE, 3), (EPISTASIS, 1))
    ]
    return PairSearch(
        loci=loci,
        traits=tuple(names),
        n_pairs=n_pairs,
        rss0=base,
        linkage=tests[0] if choice.test != "epistasis" else None,
        epistasis=tests[1] if choice.test != "linkage" else None,
        options=choice,
    )


def pairs_by_chromosome(
    traits: np.ndarray,
    loci: Loci,
    *,
    names: Sequence[str],
    options: PairOptions,
    search: Callable[..., PairSearch] | None = None,
    execution: Execution | None = None,
) -> Iterator[PairSearch]:
    """Find the best pair of every trait on every two chromosomes (and on one, if asked for).

    Parameters
    ----------
    traits, loci, names, options
        As in `pair_search`; no permutations are made.
    search
        How two chromosomes are searched; None for `pair_search`.
    execution
        As in `pair_search`.

    Yields
    ------
    PairSearch
        For every two chromosomes with an eligible pair, in map order; its loci are those of the
        two chromosomes.
    """
    chromosomes = np.unique(loci.chr_index)
    for a in chromosomes:
        for b in chromosomes[chromosomes >= a]:
            if a == b and not options.same_chromosome:
                continue
            some = loci.take(np.flatnonzero(np.isin(loci.chr_index, (a, b))))
            within = replace(options, n_perm=0, same_chromosome=bool(a == b))
            try:
                yield (search or pair_search)(
                    traits, some, names=names, options=within, execution=execution
                )
            except DataError:  # no eligible pair on these two
                continue


def _centred(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Traits less their means, and sums of squares; 0 where a trait does not vary."""
    total, varies = total_sum_of_squares(y)
    z, squares = np.empty_like(y), np.empty((len(y), 1))
    residuals(y, np.zeros(y.shape[1], dtype=np.int64), 1, z, squares)
    return z, np.where(varies, total, 0.0)


def partner_ranges(loci: Loci, *, same_chromosome: bool) -> np.ndarray:
    """Partners of every locus among the later ones.

    Parameters
    ----------
    loci
        Loci in map order.
    same_chromosome
        Pair loci of one chromosome too.

    Returns
    -------
    numpy.ndarray
        int64 [n_loci, 3]: begin, first, stop; partners are first <= j < stop, and sums of the
        recombination coding start at `begin`, the first locus of a chromosome.
    """
    n = len(loci)
    chromosome_start = np.searchsorted(loci.chr_index, loci.chr_index, side="left")
    chromosome_stop = np.searchsorted(loci.chr_index, loci.chr_index, side="right")
    ranges = np.empty((n, 3), dtype=np.int64)
    ranges[:, 0] = chromosome_start if same_chromosome else chromosome_stop
    ranges[:, 1] = np.arange(1, n + 1) if same_chromosome else chromosome_stop
    ranges[:, 2] = n
    return ranges


def _column_tasks(
    n_columns: int, n_loci: int, n_samples: int, execution: Execution | None
) -> list[tuple[int, int]]:
    """Cut columns to equal tasks, as many for every thread, that the memory budget lets it hold."""
    run = execution or Execution()
    per_block = 4 * kernels.BLOCK * (n_loci + 3 * n_samples + 4 * kernels.N_KEPT)
    blocks = int(np.clip(run.memory_bytes // (per_block * run.n_threads), 1, BLOCKS_PER_TASK))
    n_tasks = -(-n_columns // (kernels.BLOCK * blocks))
    n_tasks = -(-n_tasks // run.n_threads) * run.n_threads
    width = max(kernels.LANES, -(-n_columns // n_tasks))
    return [(a, min(a + width, n_columns)) for a in range(0, n_columns, width)]
