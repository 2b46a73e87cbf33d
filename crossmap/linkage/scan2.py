"""Exhaustive search of all pairs of loci, trait by trait."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
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
from crossmap.linkage.f_test import neglog10_p
from crossmap.linkage.pair_blocks import N_PARAMETERS
from crossmap.linkage.permutation import whole_key
from crossmap.linkage.sequential import SearchData, search_data
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
        int64 [n_traits]: degrees of freedom of F, of the nulls too; 0 where no pair is eligible.
    f_null
        float64 [n_traits, n_perm]: largest F of each permutation.
    """

    locus1: np.ndarray
    locus2: np.ndarray
    f: np.ndarray
    rss: np.ndarray
    df1: np.ndarray
    df2: np.ndarray
    f_null: np.ndarray

    @property
    def is_uniform(self) -> bool:
        """Whether F has the same degrees of freedom for all traits that have a pair."""
        has = self.df1 > 0
        return len(np.unique(np.column_stack([self.df1, self.df2])[has], axis=0)) <= 1

    def evidence(self) -> tuple[np.ndarray, np.ndarray]:
        """F and its nulls; where traits differ in degrees of freedom, -log10 of nominal p-values.

        Returns
        -------
        observed : numpy.ndarray
            float64 [n_traits].
        null : numpy.ndarray
            float64 [n_traits, n_perm].
        """
        if self.is_uniform:
            return self.f, self.f_null
        df1, df2 = np.maximum(self.df1, 1), np.maximum(self.df2, 1)
        return neglog10_p(self.f, df1, df2), neglog10_p(self.f_null, df1[:, None], df2[:, None])

    def put(self, rows: np.ndarray, part: "PairTest") -> None:
        """Write what was found for some traits into its place."""
        for name in ("locus1", "locus2", "f", "rss", "df1", "df2", "f_null"):
            getattr(self, name)[rows] = getattr(part, name)


def no_test(n_traits: int, n_perm: int) -> PairTest:
    """Nothing found yet.

    Parameters
    ----------
    n_traits, n_perm
        Of the search.

    Returns
    -------
    PairTest
    """
    locus1, locus2 = np.full((2, n_traits), -1, dtype=np.int64)
    f, rss = np.full((2, n_traits), np.nan)
    df1, df2 = np.zeros((2, n_traits), dtype=np.int64)
    return PairTest(locus1, locus2, f, rss, df1, df2, np.full((n_traits, n_perm), np.nan))


@dataclass(frozen=True, eq=False)
class PairSearch:
    """Best pairs of every trait, and the null statistics.

    Parameters
    ----------
    loci
        The loci searched.
    traits
        Trait names.
    n_eligible
        int64 [n_traits]: eligible pairs, on the samples of each trait.
    n_samples
        int64 [n_traits]: samples with a value.
    rss0
        float64 [n_traits]: sums of squares about the mean.
    linkage, epistasis
        Either test; None where it was not asked for.
    options
        How the search was made.
    """

    loci: Loci
    traits: tuple[str, ...]
    n_eligible: np.ndarray
    n_samples: np.ndarray
    rss0: np.ndarray
    linkage: PairTest | None
    epistasis: PairTest | None
    options: PairOptions

    @property
    def n_pairs(self) -> int:
        """Eligible pairs of the trait that has most."""
        return int(self.n_eligible.max(initial=0))

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
        float64 [n_traits, n_samples]; NaN where a sample does not take part in the search of a
        trait, which then has its own n and eligible pairs.
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
        If no pair is eligible for any trait.

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
    data = search_data(traits, names)
    ranges = partner_ranges(loci, same_chromosome=choice.same_chromosome)
    if (ranges[:, 2] <= ranges[:, 1]).all():
        msg = (
            "genotypes: expected loci on at least two chromosomes, found one; pairs on one "
            "chromosome are searched with same_chromosome (--same-chromosome)"
        )
        raise DataError(msg)
    whole, n_pairs = _scan_pairs(data, loci, ranges, choice, execution)
    if not n_pairs.any():
        msg = (
            f"genotypes: expected a pair of loci with at least {choice.min_cell} samples in each "
            f"of its four genotype combinations (min_cell), found none among {len(loci)} loci"
        )
        raise DataError(msg)
    f, pair, rss = whole
    tests = [
        PairTest(
            locus1=np.where(pair[i, :, 0] < 0, -1, pair[i, :, 0] // len(loci)),
            locus2=np.where(pair[i, :, 0] < 0, -1, pair[i, :, 0] % len(loci)),
            f=np.ascontiguousarray(f[i, :, 0]),
            rss=np.ascontiguousarray(rss[i, :, 0]),
            df1=np.where(n_pairs > 0, df1, 0),
            df2=np.where(n_pairs > 0, data.n_samples - N_PARAMETERS, 0),
            f_null=np.ascontiguousarray(f[i, :, 1:]),
        )
        for i, df1 in ((LINKAGE, 3), (EPISTASIS, 1))
    ]
    return PairSearch(
        loci=loci,
        traits=tuple(names),
        n_eligible=n_pairs,
        n_samples=data.n_samples,
        rss0=_varying(data),
        linkage=tests[0] if choice.test != "epistasis" else None,
        epistasis=tests[1] if choice.test != "linkage" else None,
        options=choice,
    )


def _varying(data: SearchData) -> np.ndarray:
    """Sums of squares about the mean; 0 where a trait does not vary."""
    return np.where(data.spread[1], data.spread[0], 0.0)


def _scan_pairs(
    data: SearchData,
    loci: Loci,
    ranges: np.ndarray,
    choice: PairOptions,
    execution: Execution | None,
) -> tuple[tuple[np.ndarray, np.ndarray, np.ndarray], np.ndarray]:
    """Scan all pairs with every trait and its permutations, traits with the same samples together.

    Gives F, pair (locus1 J + locus2; -1 for none) and residual sum of squares [test, trait,
    permutation], and the number of eligible pairs of every trait.
    """
    n_columns = choice.n_perm + 1
    rss0 = _varying(data)

    @lru_cache(maxsize=4)  # where traits miss many different samples, each has its own
    def ready(pattern: int) -> tuple:
        rows, samples = data.patterns[pattern]
        n = len(samples)
        own = loci if n == data.y.shape[1] else loci.on(samples)
        # Completing the square loses up to n units in the last place for cells of one sample.
        margin = np.float32(max(float(search_margin(own, pair_tiles.TILE_I)), 8 * n * 2.0**-24))
        return (
            _centred(data.values(rows, samples)), (data.items[rows], rss0[rows]),
            whole_key(choice.seed, n), exact_coding(own), search_coding(own),
            (choice.min_cell, choice.test != "linkage", margin),
        )  # fmt: skip

    def work(task: tuple[int, tuple[int, int]]) -> tuple[tuple[np.ndarray, ...], int]:
        pattern, columns = task
        z, of_traits, key, exact, search, how = ready(pattern)
        width = columns[1] - columns[0]
        out = (
            np.empty((2, width)),
            np.empty((2, width), dtype=np.int64),
            np.empty((2, width)),
        )
        n_pairs = kernels.scan_pairs(
            z, of_traits, columns, (n_columns, key), exact, search, ranges, how, out
        )
        return out, n_pairs

    tasks = [
        (pattern, columns)
        for pattern, (rows, samples) in enumerate(data.patterns)
        if len(samples) > N_PARAMETERS
        for columns in _column_tasks(len(rows) * n_columns, len(loci), len(samples), execution)
    ]
    shape = (2, len(data.y), n_columns)
    whole = (np.full(shape, np.nan), np.full(shape, -1, dtype=np.int64), np.full(shape, np.nan))
    n_pairs = np.zeros(len(data.y), dtype=np.int64)
    results = run_tasks(work, tasks, execution=execution, stage="pairs of loci")
    for (pattern, columns), (parts, n_eligible) in zip(tasks, results, strict=True):
        row, column = np.divmod(np.arange(*columns), n_columns)
        row = data.patterns[pattern][0][row]
        for array, part in zip(whole, parts, strict=True):
            array[:, row, column] = part
        n_pairs[row] = n_eligible
    return whole, n_pairs


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


def _centred(y: np.ndarray) -> np.ndarray:
    """Traits less their means."""
    z = np.empty_like(y)
    residuals(y, np.zeros(y.shape[1], dtype=np.int64), 1, z, np.empty((len(y), 1)))
    return z


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
