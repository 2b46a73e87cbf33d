"""Sequential selection of loci, trait by trait, with nulls permuted within genotype groups."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from crossmap.errors import DataError
from crossmap.execution import Execution, run_tasks
from crossmap.genotypes.loci import Loci
from crossmap.kernels import sequential as kernels
from crossmap.linkage.permutation import shuffle_key, trait_items
from crossmap.linkage.stages import (
    SearchOptions,
    StageModel,
    Variance,
    stage_model,
    stage_residuals,
)

COLUMNS_PER_TASK = 4096
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
        float64 [n_traits]: degrees of freedom of F; 0 where `locus` is -1.
    f_null
        float64 [n_traits, n_perm]: largest F of each permutation; NaN where `locus` is -1.
    """

    locus: np.ndarray
    f: np.ndarray
    rss_before: np.ndarray
    rss_after: np.ndarray
    df1: np.ndarray
    df2: np.ndarray
    f_null: np.ndarray

    @property
    def eligible(self) -> np.ndarray:
        """Traits for which a locus could be chosen: bool [n_traits]."""
        return self.locus >= 0

    def lod(self, n_samples: int) -> np.ndarray:
        """LOD of this locus given those before, n/2 log10(RSS_before/RSS_after)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return 0.5 * n_samples * np.log10(self.rss_before / self.rss_after)


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
    """

    loci: Loci
    traits: tuple[str, ...]
    stages: tuple[SearchStage, ...]
    options: SearchOptions

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
    execution: Execution | None = None,
) -> SequentialSearch:
    """Choose L loci for every trait, one after another.

    Stage l keeps the loci chosen before and takes the one with the largest
    F = ((RSS_{l-1} - RSS_l)/(r_l - r_{l-1}))/(RSS_l/(n - r_l)). Its null distribution comes from
    permuting the trait's samples within the genotype combinations of the loci already chosen.

    Parameters
    ----------
    traits
        float64 [n_traits, n_samples], no NaN.
    loci
        Distinct loci with complete calls of the same samples.
    names
        Trait names; permutations are keyed by them.
    options
        How loci are chosen.
    execution
        Threads and progress; never changes a result.

    Returns
    -------
    SequentialSearch

    Raises
    ------
    DataError
        If traits have missing values, or no locus is eligible in the first stage.

    References
    ----------
    Storey, Akey & Kruglyak (2005) PLoS Biol 3:e267, "Sequential Search" and "Statistical Methods".
    """
    choice = options or SearchOptions()
    if np.isnan(traits).any():
        msg = f"traits: expected complete values, found {int(np.isnan(traits).sum())} missing"
        raise DataError(msg)
    y = np.ascontiguousarray(traits, dtype=np.float64)
    total, varies = total_sum_of_squares(y)
    items = trait_items(names)
    chosen = np.empty((len(y), 0), dtype=np.int64)
    stages: list[SearchStage] = []
    for stage in range(1, choice.n_loci + 1):
        alive = varies if not stages else stages[-1].eligible
        result = _search_stage(y, total, items, chosen, alive, loci, choice, stage, execution)
        stages.append(result)
        chosen = np.column_stack([chosen, result.locus])
    return SequentialSearch(loci, tuple(names), tuple(stages), choice)


def total_sum_of_squares(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sum of squares about the mean, and which traits vary beyond the rounding of their values."""
    one_cell = np.zeros(y.shape[1], dtype=np.int64)
    z, total = np.empty_like(y), np.empty((len(y), 1))
    kernels.residuals(y, one_cell, 1, z, total)
    largest = np.abs(y).max(axis=1, initial=0.0)
    varies = total[:, 0] > 1e-24 * y.shape[1] * largest**2
    return total[:, 0], varies


def _search_stage(
    y: np.ndarray,
    total: np.ndarray,
    items: np.ndarray,
    chosen: np.ndarray,
    alive: np.ndarray,
    loci: Loci,
    options: SearchOptions,
    stage: int,
    execution: Execution | None,
) -> SearchStage:
    n_traits, n_columns = len(y), options.n_perm + 1
    locus = np.full(n_traits, -1, dtype=np.int64)
    statistics = np.full((n_traits, n_columns), np.nan)
    before, after, df1, df2 = (np.full(n_traits, np.nan) for _ in range(4))
    shared = _SharedCoding(loci)

    def work(task: tuple[tuple[int, ...], np.ndarray]) -> tuple[np.ndarray, "GroupScan"]:
        group, rows = task
        model = stage_model(loci, group, options)
        if not model.eligible.any():
            empty = np.full((len(rows), n_columns), np.nan)
            return rows, GroupScan(empty[:, 0], empty, empty[:, 0], np.full(len(rows), -1), model)
        key = shuffle_key(options.seed, stage, model.partition)
        return rows, scan_group(
            y[rows], total[rows], items[rows], model, shared, key, n_columns, options.variance
        )

    tasks = list(_tasks(chosen, alive, n_columns))
    what = f"locus {stage} of {options.n_loci}"
    any_eligible = not tasks
    for rows, scan in run_tasks(work, tasks, execution=execution, stage=what):
        any_eligible |= bool(scan.model.eligible.any())
        locus[rows] = scan.locus
        statistics[rows] = scan.f
        found = scan.locus >= 0
        before[rows] = np.where(found, scan.before, np.nan)
        after[rows] = np.where(found, scan.after, np.nan)
        df1[rows] = np.where(found, scan.model.df1, 0)
        df2[rows] = np.where(found, scan.model.df2, 0)
    if not any_eligible:
        msg = (
            f"genotypes: expected a locus eligible as number {stage} (at least {options.min_cell} "
            f"samples on either side of every split: min_cell; exclusions heeded), found none "
            f"among {len(loci)} distinct loci of {y.shape[1]} samples"
        )
        raise DataError(msg)
    return SearchStage(
        locus=locus,
        f=statistics[:, 0],
        rss_before=before,
        rss_after=after,
        df1=df1,
        df2=df2,
        f_null=statistics[:, 1:],
    )


def _tasks(
    chosen: np.ndarray, alive: np.ndarray, n_columns: int
) -> Iterator[tuple[tuple[int, ...], np.ndarray]]:
    """Traits that share the loci already chosen, cut into pieces of a task's length."""
    rows = np.flatnonzero(alive)
    per_task = max(1, COLUMNS_PER_TASK // n_columns)
    groups: dict[tuple[int, ...], list[int]] = {}
    for row in rows:
        groups.setdefault(tuple(chosen[row].tolist()), []).append(int(row))
    for group in sorted(groups):
        members = np.array(groups[group], dtype=np.int64)
        for start in range(0, len(members), per_task):
            yield group, members[start : start + per_task]


class _SharedCoding:
    """The recombination coding as the tuples that kernels take, in float64 and float32."""

    def __init__(self, loci: Loci) -> None:
        c = loci.coding
        self.exact = (c.restart, c.offset, c.sample, c.sign, c.code)
        self.search = (c.restart, c.offset, c.sample, c.sign.astype(np.float32), c.code)
        # Rounding of a sum of N terms stays below 8 sqrt(N) u but for a chance of 2 exp(-32)
        # (Higham & Mary 2019, SIAM J Sci Comput 41:A2815); twice that for a square, four times
        # for partial sums larger than the best one.
        self.margin = np.float32(max(1e-5, 64 * 2.0**-24 * np.sqrt(c.longest_run)))


@dataclass(frozen=True, eq=False)
class GroupScan:
    """What a scan of one group of traits found.

    Parameters
    ----------
    before, after
        float64 [n_traits]: residual sums of squares without and with the best locus.
    f
        float64 [n_traits, 1 + n_perm]: F as observed, then of the permutations.
    locus
        int64 [n_traits]: the best locus, -1 where none.
    model
        The group's model.
    """

    before: np.ndarray
    f: np.ndarray
    after: np.ndarray
    locus: np.ndarray
    model: StageModel


def scan_group(
    y: np.ndarray,
    total: np.ndarray,
    items: np.ndarray,
    model: StageModel,
    coding: _SharedCoding,
    key: np.uint64,
    n_columns: int,
    variance: Variance,
) -> GroupScan:
    """Scan the traits of one group and their permutations for the next locus."""
    z, base, scale = stage_residuals(y, total, model, variance)
    n_traits = len(z)
    f = np.full((n_traits, n_columns), np.nan)
    locus = np.full((n_traits, n_columns), -1, dtype=np.int64)
    after = np.full(n_traits, np.nan)
    kernels.scan_columns(
        z,
        (items, base, scale),
        (0, n_traits * n_columns),
        (n_columns, key),
        coding.exact,
        coding.search,
        (model.sum_cell, model.partition.members, model.partition.start),
        (
            model.eligible,
            model.weight,
            model.weight.astype(np.float32),
            model.basis,
            model.mode,
            float(model.df1),
            float(model.df2),
            coding.margin,
        ),
        f,
        locus,
        after,
    )
    spent = ~(base > 0)  # nothing left to explain: neither statistic nor nulls
    f[spent] = np.nan
    locus[spent] = -1
    return GroupScan(before=base, f=f, after=after, locus=locus[:, 0], model=model)
