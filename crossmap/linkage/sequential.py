"""Sequential selection of loci, trait by trait, with nulls permuted within genotype groups."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from crossmap.errors import ArgumentError, DataError
from crossmap.execution import Execution, run_tasks
from crossmap.genotypes.loci import Loci
from crossmap.kernels import sequential as kernels
from crossmap.linkage.permutation import (
    Partition,
    check_n_perm,
    check_seed,
    make_partition,
    refine,
    shuffle_key,
    trait_items,
)

Model = Literal["full", "additive"]
Variance = Literal["common", "cell"]

COLUMNS_PER_TASK = 4096
"""Columns of one task: long enough that calling costs nothing, short enough to share out."""


@dataclass(frozen=True)
class SearchOptions:
    """How loci are chosen.

    Parameters
    ----------
    n_loci
        L, how many loci are chosen for every trait.
    n_perm
        B, permutations per trait and stage.
    min_cell
        Fewest samples on either side of a split; cells of fewer than twice as many stay whole.
    model
        ``full`` (a free mean per genotype combination) or ``additive`` (main effects).
    variance
        ``common`` to all cells (the paper's) or each ``cell`` its own.
    exclude_r2
        Loci on the chromosome of a locus already chosen whose squared genotype correlation with
        it is larger are not eligible; None excludes none (the paper's).
    exclude_window_bp, exclude_window_cm
        Loci within this distance of a locus already chosen are not eligible; None excludes none.
    other_chromosome
        Each further locus must lie on a chromosome not used yet.
    seed
        Every permutation is a function of it, the stage, b, the trait's name and the cells.
    """

    n_loci: int = 2
    n_perm: int = 5
    min_cell: int = 3
    model: Model = "full"
    variance: Variance = "common"
    exclude_r2: float | None = None
    exclude_window_bp: float | None = None
    exclude_window_cm: float | None = None
    other_chromosome: bool = False
    seed: int = 1

    def __post_init__(self) -> None:
        check_n_perm(self.n_perm)
        check_seed(self.seed)
        for name in ("n_loci", "min_cell"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
                msg = f"{name}: expected a whole number, 1 or more, found {value!r}"
                raise ArgumentError(msg)
        for name, allowed in (("model", ("full", "additive")), ("variance", ("common", "cell"))):
            if getattr(self, name) not in allowed:
                msg = f"{name}: expected {' or '.join(allowed)}, found {getattr(self, name)!r}"
                raise ArgumentError(msg)
        if self.exclude_r2 is not None and not 0 <= self.exclude_r2 <= 1:
            msg = f"exclude_r2: expected a number from 0 to 1, found {self.exclude_r2!r}"
            raise ArgumentError(msg)
        for name in ("exclude_window_bp", "exclude_window_cm"):
            value = getattr(self, name)
            if value is not None and not value >= 0:
                msg = f"{name}: expected a distance, 0 or more, found {value!r}"
                raise ArgumentError(msg)


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


@dataclass(frozen=True, eq=False)
class StageModel:
    """One group of traits that share the loci already chosen: all a scan needs but the traits.

    Parameters
    ----------
    partition
        Genotype combinations of the loci already chosen.
    fitted
        The cells with a mean of their own in the model before (small cells stay whole).
    sum_cell
        int64 [n_samples]: cells of the kernel's sums.
    eligible
        bool [n_loci].
    weight
        float64 [n_loci, n_sum_cells]: 1/v of `kernels.locus_gain`.
    split
        bool [n_sum_cells]: cells in which the next locus gets a term.
    basis
        float64 [n_samples, P]: orthonormal columns of an additive model before; P = 0 else.
    mode
        `kernels.FULL` or `kernels.ADDITIVE`.
    df1, df2
        Degrees of freedom of the next locus and of the residual with it.
    """

    partition: Partition
    fitted: Partition
    sum_cell: np.ndarray
    eligible: np.ndarray
    weight: np.ndarray
    split: np.ndarray
    basis: np.ndarray
    mode: int
    df1: int
    df2: int


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
    total, varies = _total_sum_of_squares(y)
    items = trait_items(names)
    chosen = np.empty((len(y), 0), dtype=np.int64)
    stages: list[SearchStage] = []
    for stage in range(1, choice.n_loci + 1):
        alive = varies if not stages else stages[-1].eligible
        result = _search_stage(y, total, items, chosen, alive, loci, choice, stage, execution)
        stages.append(result)
        chosen = np.column_stack([chosen, result.locus])
    return SequentialSearch(loci, tuple(names), tuple(stages), choice)


def _total_sum_of_squares(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
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


def stage_residuals(
    y: np.ndarray, total: np.ndarray, model: StageModel, variance: Variance
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Residuals of the model before, in the scale the kernel sums them.

    Parameters
    ----------
    y
        float64 [n_traits, n_samples].
    total
        float64 [n_traits]: sum of squares about the mean.
    model
        The group's model.
    variance
        ``common`` or ``cell``.

    Returns
    -------
    z : numpy.ndarray
        float64 [n_traits, n_samples].
    base : numpy.ndarray
        float64 [n_traits]: residual sum of squares; 0 where only rounding is left.
    scale : numpy.ndarray
        float64 [n_traits, n_sum_cells]: c_g of `kernels.locus_gain`.
    """
    z = np.empty_like(y)
    squares = np.empty((len(y), model.fitted.n_cells))
    kernels.residuals(y, model.fitted.cell, model.fitted.n_cells, z, squares)
    n_sum_cells = model.weight.shape[1]
    scale = np.ones((len(y), n_sum_cells))
    if variance == "common" or model.partition.n_cells == 1:
        base = squares.sum(axis=1)
        if model.basis.shape[1]:
            for _ in range(2):  # the second pass takes out the rounding of the first
                source = y if _ == 0 else z
                z = np.ascontiguousarray(source - (source @ model.basis) @ model.basis.T)
            base = np.einsum("ij,ij->i", z, z)
        base[base <= kernels.EXACT_FIT * total] = 0.0
        return z, base, scale
    sizes = model.fitted.sizes
    squares[squares <= kernels.EXACT_FIT * total[:, None]] = 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.where(squares > 0, np.sqrt((sizes - 1) / squares), 0.0)
    z *= scale[:, model.fitted.cell]
    # sum_g SS_g/s_g^2 = sum_g (n_g - 1) over the cells that vary
    base = ((sizes - 1) * (squares > 0)).sum(axis=1).astype(np.float64)
    # A genotype combination that is split is a fitted cell of its own, with that cell's scale.
    combos = model.partition
    scale = np.ascontiguousarray(scale[:, model.fitted.cell[combos.members[combos.start[:-1]]]])
    base[~((scale > 0) & model.split).any(axis=1)] = 0.0
    return z, base, scale


def stage_model(loci: Loci, chosen: tuple[int, ...], options: SearchOptions) -> StageModel:
    """Everything about the next locus that depends on the loci already chosen and not on a trait.

    Parameters
    ----------
    loci
        The loci searched.
    chosen
        Rows of the loci already chosen, in the order of choice.
    options
        How loci are chosen.

    Returns
    -------
    StageModel
    """
    n = loci.genotypes.shape[1]
    combos = make_partition(np.zeros(n, dtype=np.int64))
    fitted = combos
    for locus in chosen:
        splits = fitted.sizes >= 2 * options.min_cell
        fitted = refine(fitted, loci.genotypes[locus], splits)
        combos = refine(combos, loci.genotypes[locus], np.ones(combos.n_cells, dtype=np.bool_))
    coding = loci.coding
    n1 = np.empty((len(loci), combos.n_cells), dtype=np.int64)
    kernels.count_cells(coding.restart, coding.offset, coding.sample, coding.sign, combos.cell, n1)
    n0 = combos.sizes - n1
    split = combos.sizes >= 2 * options.min_cell
    smaller = np.minimum(n1, n0)
    eligible = (smaller[:, split] >= options.min_cell).all(axis=1) & split.any()
    eligible &= _allowed(loci, chosen, options)

    additive_common = options.model == "additive" and options.variance == "common"
    if additive_common and chosen:
        x = loci.genotypes[list(chosen)].T.astype(np.float64)
        basis = _orthonormal(np.column_stack([np.ones(n), x]))
        code = coding.code.astype(np.float64)
        spread = (code**2).sum(axis=1) - ((code @ basis) ** 2).sum(axis=1)
        eligible &= spread > 1e-8  # a locus that the chosen ones determine adds nothing
        with np.errstate(divide="ignore"):
            weight = np.where(eligible, 1.0 / spread, 0.0)[:, None]
        return StageModel(
            partition=combos,
            fitted=combos,
            sum_cell=np.zeros(n, dtype=np.int64),
            eligible=eligible & (n - basis.shape[1] - 1 > 0),
            weight=np.ascontiguousarray(weight),
            split=np.ones(1, dtype=np.bool_),
            basis=basis,
            mode=kernels.FULL,
            df1=1,
            df2=n - basis.shape[1] - 1,
        )
    with np.errstate(divide="ignore", invalid="ignore"):
        weight = np.where(split & (smaller > 0), combos.sizes / (n1 * n0), 0.0)
    additive = options.model == "additive"
    rank = combos.n_cells if additive else fitted.n_cells
    df1 = 1 if additive else int(split.sum())
    df2 = n - rank - df1
    return StageModel(
        partition=combos,
        fitted=combos if additive else fitted,
        sum_cell=combos.cell,
        eligible=eligible & (df2 > 0),
        weight=np.ascontiguousarray(weight),
        split=split,
        basis=np.empty((n, 0)),
        mode=kernels.ADDITIVE if additive else kernels.FULL,
        df1=df1,
        df2=df2,
    )


def _orthonormal(design: np.ndarray) -> np.ndarray:
    """Orthonormal basis of the columns, dropping those that add nothing."""
    columns: list[np.ndarray] = []
    for raw in design.T:
        v = raw / np.linalg.norm(raw)
        for _ in range(2):
            for c in columns:
                v = v - c * (c @ v)
        length = np.linalg.norm(v)
        if length > 1e-8:
            columns.append(v / length)
    return np.ascontiguousarray(np.column_stack(columns))


def _allowed(loci: Loci, chosen: tuple[int, ...], options: SearchOptions) -> np.ndarray:
    """Loci that no exclusion rule bars."""
    allowed = np.ones(len(loci), dtype=np.bool_)
    for locus in chosen:
        same = loci.chr_index == loci.chr_index[locus]
        if options.other_chromosome:
            allowed &= ~same
        if options.exclude_r2 is not None:
            allowed &= ~(same & (squared_correlation(loci, locus) > options.exclude_r2))
        for unit, window in (("bp", options.exclude_window_bp), ("cm", options.exclude_window_cm)):
            if window is None:
                continue
            start, end = getattr(loci, f"start_{unit}"), getattr(loci, f"end_{unit}")
            if np.isnan(start).any():
                msg = f"exclude_window_{unit}: expected a map in {unit}, found none in this cross"
                raise ArgumentError(msg)
            gap = np.maximum(start - end[locus], start[locus] - end)
            allowed &= ~(same & (gap <= window))
        allowed[locus] = False
    return allowed


def squared_correlation(loci: Loci, locus: int) -> np.ndarray:
    """Squared genotype correlation of all loci with one of them: float64 [n_loci]."""
    x = loci.genotypes.astype(np.float64)
    centred = x - x.mean(axis=1, keepdims=True)
    dot = centred @ centred[locus]
    return dot**2 / ((centred**2).sum(axis=1) * (centred[locus] ** 2).sum())
