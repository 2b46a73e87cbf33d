"""Sequential selection of loci, trait by trait, with nulls permuted within genotype groups."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from crossmap.errors import DataError
from crossmap.execution import DEFAULT, Execution, run_tasks
from crossmap.genotypes.loci import Loci
from crossmap.kernels import groups as kernels
from crossmap.kernels.stages import INTERACTION, residuals
from crossmap.linkage.permutation import stage_key, trait_items
from crossmap.linkage.predictors import group_patterns
from crossmap.linkage.stages import (
    SearchOptions,
    allowed_loci,
    exact_coding,
    search_coding,
    search_margin,
)

COLUMNS_PER_TASK = 16384
"""Columns of one task: long enough that calling costs nothing, short enough to share out."""


@dataclass(frozen=True, eq=False)
class SearchStage:
    """The l-th locus of every trait, given the loci before.

    Parameters
    ----------
    locus
        int64 [n_traits]: row of the loci; -1 where no locus was eligible or nothing varied.
    f
        float64 [n_traits]: its F statistic; NaN where `locus` is -1.
    rss_before, rss_after
        float64 [n_traits]: residual sums of squares without and with it (of the scaled residuals
        where variances are per cell); NaN where `locus` is -1.
    df1, df2
        int64 [n_traits]: degrees of freedom of F; 0 where `locus` is -1.
    f_null
        float64 [n_traits, n_perm]: largest F of each permutation; NaN where `locus` is -1.
    neglog10_p_null
        float64 [n_traits, n_perm]: -log10 of their nominal p-values, where loci differ in degrees
        of freedom; None where they do not.
    """

    locus: np.ndarray
    f: np.ndarray
    rss_before: np.ndarray
    rss_after: np.ndarray
    df1: np.ndarray
    df2: np.ndarray
    f_null: np.ndarray
    neglog10_p_null: np.ndarray | None = None

    @property
    def eligible(self) -> np.ndarray:
        """Traits for which a locus could be chosen: bool [n_traits]."""
        return self.locus >= 0

    def lod(self, n_samples: int | np.ndarray) -> np.ndarray:
        """LOD of this locus given those before, n/2 log10(RSS_before/RSS_after)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return 0.5 * n_samples * np.log10(self.rss_before / self.rss_after)


@dataclass(frozen=True, eq=False)
class SearchData:
    """Traits as a search takes them.

    Parameters
    ----------
    y
        float64 [n_traits, n_samples], NaN missing.
    items
        uint64 [n_traits]: keys of the shuffles.
    covariate_df
        int64 [n_traits]: degrees of freedom that covariates took.
    """

    y: np.ndarray
    items: np.ndarray
    covariate_df: np.ndarray

    @cached_property
    def patterns(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Traits with the same samples, and these samples."""
        return list(group_patterns(np.isnan(self.y), np.arange(self.y.shape[1])))

    @cached_property
    def spread(self) -> tuple[np.ndarray, np.ndarray]:
        """`total_sum_of_squares` of every trait on its own samples."""
        total, varies = np.zeros(len(self.y)), np.zeros(len(self.y), dtype=np.bool_)
        for rows, samples in self.patterns:
            total[rows], varies[rows] = total_sum_of_squares(self.values(rows, samples))
        return total, varies

    @property
    def n_samples(self) -> np.ndarray:
        """Samples of every trait: int64 [n_traits]."""
        return (~np.isnan(self.y)).sum(axis=1)

    def values(self, rows: np.ndarray, samples: np.ndarray) -> np.ndarray:
        """Some traits at some samples: float64 [n_rows, n], C order."""
        whole = len(samples) == self.y.shape[1]
        return self.y[rows] if whole else self.y[np.ix_(rows, samples)]


def search_data(
    traits: np.ndarray, names: Sequence[str], covariate_df: np.ndarray | None = None
) -> SearchData:
    """Make traits ready for a search.

    Parameters
    ----------
    traits, names, covariate_df
        As in `sequential_search`.

    Returns
    -------
    SearchData
    """
    y = np.ascontiguousarray(traits, dtype=np.float64)
    none = np.zeros(len(y), dtype=np.int64)
    return SearchData(y, trait_items(names), none if covariate_df is None else covariate_df)


@dataclass(frozen=True, eq=False)
class SequentialSearch:
    """Loci chosen one after another for every trait, and the null statistics of each stage.

    Parameters
    ----------
    loci
        The loci searched.
    traits
        Trait names.
    stages
        One `SearchStage` per locus.
    options
        How the search was made.
    is_used
        bool [n_traits, n_samples]: the samples each trait was searched on.
    covariate_df
        int64 [n_traits]: degrees of freedom that covariates took before the search.
    """

    loci: Loci
    traits: tuple[str, ...]
    stages: tuple[SearchStage, ...]
    options: SearchOptions
    is_used: np.ndarray
    covariate_df: np.ndarray

    @property
    def n_samples(self) -> np.ndarray:
        """int64 [n_traits]: how many samples each trait was searched on."""
        return self.is_used.sum(axis=1)

    @property
    def locus(self) -> np.ndarray:
        """int64 [n_traits, n_loci]: the chosen loci, -1 where none."""
        return np.column_stack([stage.locus for stage in self.stages])


def sequential_search(
    traits: np.ndarray,
    loci: Loci,
    *,
    names: Sequence[str],
    options: SearchOptions | None = None,
    covariate_df: np.ndarray | None = None,
    execution: Execution | None = None,
) -> SequentialSearch:
    """Choose L loci for every trait, one after another.

    Stage l keeps the loci chosen before and takes the one with the largest
    F = ((RSS_{l-1} - RSS_l)/(r_l - r_{l-1}))/(RSS_l/(n - r_l)). Its null distribution comes from
    permuting the trait's samples within the genotype combinations of the loci already chosen.

    Parameters
    ----------
    traits
        float64 [n_traits, n_samples]; NaN where a sample does not take part in the search of a
        trait, which then has its own n, cells and eligible loci.
    loci
        Distinct loci with complete calls of the same samples.
    names
        Trait names; permutations are keyed by them.
    options
        How loci are chosen.
    covariate_df
        int64 [n_traits]: degrees of freedom of covariates that were taken out of the traits; those
        of every F are fewer by as many. None: 0.
    execution
        Threads and progress; never changes a result.

    Returns
    -------
    SequentialSearch

    Raises
    ------
    DataError
        If no locus is eligible.

    References
    ----------
    Storey, Akey & Kruglyak (2005) PLoS Biol 3:e267, "Sequential Search" and "Statistical Methods".
    """
    choice = options or SearchOptions()
    data = search_data(traits, names, covariate_df)

    def search(chosen: np.ndarray, alive: np.ndarray) -> SearchStage:
        return _search_stage(data, chosen, alive, loci, choice, choice.mode, execution)

    return one_after_another(search, data, loci, names=names, options=choice)


def one_after_another(
    search: Callable[[np.ndarray, np.ndarray], SearchStage],
    data: SearchData,
    loci: Loci,
    *,
    names: Sequence[str],
    options: SearchOptions,
) -> SequentialSearch:
    """Search stage by stage, each given the loci chosen before.

    Parameters
    ----------
    search
        Makes a stage of the loci chosen (int64 [n_traits, l]) and of the traits that are still in
        the search (bool [n_traits]).
    data, loci, names, options
        Of the search.

    Returns
    -------
    SequentialSearch
    """
    chosen = np.empty((len(data.y), 0), dtype=np.int64)
    stages: list[SearchStage] = []
    for _ in range(options.n_loci):
        alive = data.spread[1] if not stages else stages[-1].eligible
        stages.append(search(chosen, alive))
        chosen = np.column_stack([chosen, stages[-1].locus])
    is_used = ~np.isnan(data.y)
    return SequentialSearch(loci, tuple(names), tuple(stages), options, is_used, data.covariate_df)


def next_locus(
    traits: np.ndarray,
    loci: Loci,
    *,
    names: Sequence[str],
    chosen: np.ndarray,
    options: SearchOptions,
    interaction: bool = False,
    barred_chromosome: np.ndarray | None = None,
    execution: Execution | None = None,
) -> SearchStage:
    """Choose one more locus for every trait, given those already chosen, whoever chose them.

    Parameters
    ----------
    traits, loci, names
        As in `sequential_search`.
    chosen
        int64 [n_traits, l]: loci already chosen; traits with -1 among them get none.
    options
        As in `sequential_search`.
    interaction
        Take the locus whose interaction with those chosen is strongest: F of the full model
        against the one with main effects only.
    barred_chromosome
        int64 [n_traits]: loci on this chromosome (as numbered in `loci.chr_index`) are barred.
    execution
        As in `sequential_search`.

    Returns
    -------
    SearchStage

    Raises
    ------
    DataError
        If no locus is eligible.

    References
    ----------
    Storey, Akey & Kruglyak (2005) PLoS Biol 3:e267, "Testing for epistasis".
    """
    data = search_data(traits, names)
    mode = INTERACTION if interaction else options.mode
    alive = data.spread[1] & (chosen >= 0).all(axis=1)
    return _search_stage(data, chosen, alive, loci, options, mode, execution, barred_chromosome)


def total_sum_of_squares(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sum of squares about the mean, and which traits vary beyond the rounding of their values.

    Parameters
    ----------
    y
        float64 [n_traits, n_samples], no NaN.

    Returns
    -------
    total : numpy.ndarray
        float64 [n_traits].
    varies : numpy.ndarray
        bool [n_traits].
    """
    one_cell = np.zeros(y.shape[1], dtype=np.int64)
    z, total = np.empty_like(y), np.empty((len(y), 1))
    residuals(y, one_cell, 1, z, total)
    largest = np.abs(y).max(axis=1, initial=0.0)
    varies = total[:, 0] > 1e-24 * y.shape[1] * largest**2
    return total[:, 0], varies


def _search_stage(
    data: SearchData,
    chosen: np.ndarray,
    alive: np.ndarray,
    loci: Loci,
    options: SearchOptions,
    mode: int,
    execution: Execution | None,
    barred_chromosome: np.ndarray | None = None,
) -> SearchStage:
    n_columns, stage = options.n_perm + 1, chosen.shape[1] + 1
    n_threads = (execution or DEFAULT).n_threads
    key = stage_key(options.seed, stage)
    shared = chosen  # what the traits of a group have in common
    if barred_chromosome is not None:
        shared = np.column_stack([chosen, barred_chromosome])

    @lru_cache(maxsize=4)  # where traits miss many different samples, each has its own
    def loci_on(pattern: int) -> Loci:
        samples = data.patterns[pattern][1]
        return loci if len(samples) == data.y.shape[1] else loci.on(samples)

    def work(task: tuple[int, np.ndarray, np.ndarray]) -> tuple[np.ndarray, ...]:
        pattern, rows, start = task
        own = loci_on(pattern)
        groups = chosen[rows[start[:-1]]]
        allowed = allowed_loci(own, groups, options)
        if barred_chromosome is not None:
            elsewhere = loci.chr_index != barred_chromosome[rows[start[:-1]]][:, None]
            allowed = allowed & elsewhere if allowed.shape[1] else elsewhere
        found = empty_stage(len(rows), n_columns)
        any_eligible = np.empty(len(groups), dtype=np.bool_)
        kernels.scan_groups(
            data.values(rows, data.patterns[pattern][1]),
            (data.items[rows], data.spread[0][rows]),
            (start, groups, allowed),
            (n_columns, key),
            exact_coding(own),
            search_coding(own),
            (options.min_cell, mode, options.variance == "common", search_margin(own)),
            (*found, any_eligible),
        )
        return (*found, any_eligible)

    tasks = [
        (pattern, *part)
        for pattern, (rows, _) in enumerate(data.patterns)
        for part in stage_tasks(shared, rows[alive[rows]], n_columns, n_threads)
    ]
    whole = empty_stage(len(data.y), n_columns)
    any_eligible = not tasks
    what = f"locus {stage} of {max(stage, options.n_loci)}"
    results = run_tasks(work, tasks, execution=execution, stage=what)
    for (_, rows, _), (*parts, eligible) in zip(tasks, results, strict=True):
        any_eligible |= bool(eligible.any())
        for array, part in zip(whole, parts, strict=True):
            array[rows] = part
    if not any_eligible:
        msg = (
            f"genotypes: expected a locus eligible as number {stage} (at least {options.min_cell} "
            f"samples on either side of every split: min_cell; exclusions heeded), found none "
            f"among {len(loci)} distinct loci of {data.y.shape[1]} samples"
        )
        raise DataError(msg)
    f, locus, before, after, df1, df2 = whole
    _reduce_df(data.covariate_df, whole)
    none = locus < 0
    before[none] = np.nan
    df1[none] = 0
    df2[none] = 0
    return SearchStage(
        locus=locus,
        f=np.ascontiguousarray(f[:, 0]),
        rss_before=before,
        rss_after=after,
        df1=df1,
        df2=df2,
        f_null=np.ascontiguousarray(f[:, 1:]),
    )


def _reduce_df(covariate_df: np.ndarray, whole: tuple[np.ndarray, ...]) -> None:
    """Make F of as many degrees of freedom as covariates leave; where none are left, no locus."""
    f, locus, _, after, _, df2 = whole
    rows = np.flatnonzero((covariate_df > 0) & (locus >= 0))
    left = df2[rows] - covariate_df[rows]
    some, none = rows[left > 0], rows[left < 1]
    f[some] *= (left[left > 0] / df2[some])[:, None]
    f[none], locus[none], after[none] = np.nan, -1, np.nan
    df2[rows] = left


def empty_stage(n_traits: int, n_columns: int) -> tuple[np.ndarray, ...]:
    """Make arrays f, locus, before, after, df1, df2 as `kernels.scan_groups` fills them.

    Parameters
    ----------
    n_traits
        Number of traits.
    n_columns
        Columns of each: itself and its permutations.

    Returns
    -------
    tuple of numpy.ndarray
    """
    return (
        np.full((n_traits, n_columns), np.nan),
        np.full(n_traits, -1, dtype=np.int64),
        np.full(n_traits, np.nan),
        np.full(n_traits, np.nan),
        np.zeros(n_traits, dtype=np.int64),
        np.zeros(n_traits, dtype=np.int64),
    )


def stage_tasks(
    shared: np.ndarray, rows: np.ndarray, n_columns: int, n_threads: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Sort traits by what they share (the loci already chosen), and cut them to equal tasks.

    Every thread gets as many.

    Parameters
    ----------
    shared
        int64 [n_traits, s]: what traits of one group have in common.
    rows
        int64: the traits.
    n_columns
        Columns of each: itself and its permutations.
    n_threads
        That share them.

    Yields
    ------
    rows, start
        int64: traits of a task, and where in them each group begins (and the last ends).
    """
    if shared.shape[1]:
        rows = rows[np.lexsort(shared[rows].T[::-1])]
    n_tasks = max(1, -(-len(rows) * n_columns // COLUMNS_PER_TASK))
    n_tasks = -(-n_tasks // n_threads) * n_threads
    per_task = max(1, -(-len(rows) // n_tasks))
    for first in range(0, len(rows), per_task):
        part = rows[first : first + per_task]
        changes = (np.diff(shared[part], axis=0) != 0).any(axis=1)
        start = np.concatenate([[0], np.flatnonzero(changes) + 1, [len(part)]])
        yield part, start.astype(np.int64)
