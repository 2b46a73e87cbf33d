"""Sequential selection of loci on genotype probabilities, in every cross type."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from crossmap.errors import DataError
from crossmap.execution import DEFAULT, Execution, one_blas_thread, run_tasks
from crossmap.genotypes.probable_loci import ProbableLoci
from crossmap.kernels.philox import fold_cells
from crossmap.kernels.probability_search import NOTHING_LEFT, permute_within_cells
from crossmap.kernels.regression import TIE, row_squares
from crossmap.kernels.scan1 import exact_tests
from crossmap.linkage.f_test import neglog10_p
from crossmap.linkage.permutation import stage_key
from crossmap.linkage.probability_sift import Sift, sift
from crossmap.linkage.probability_stage import (
    ProbabilityStage,
    eligible,
    entering_loci,
    model_before,
    probability_stage,
)
from crossmap.linkage.probability_weights import VarianceCells, variance_cells
from crossmap.linkage.sequential import (
    SearchData,
    SearchStage,
    SequentialSearch,
    empty_stage,
    one_after_another,
    search_data,
    stage_tasks,
)
from crossmap.linkage.stages import SearchOptions, allowed_loci

COLUMNS_PER_PRODUCT = 1024
"""Columns of one matrix product: traits times permutations."""


def probability_search(
    traits: np.ndarray,
    loci: ProbableLoci,
    *,
    names: Sequence[str],
    options: SearchOptions,
    covariate_df: np.ndarray | None = None,
    execution: Execution | None = None,
) -> SequentialSearch:
    """Choose L loci for every trait, one after another, by Haley-Knott regression.

    Stage l takes the locus that improves the model of the loci before with the smallest nominal
    p-value. Null statistics: the residuals of the model before are permuted within groups of the
    most probable genotypes of its loci, and it is fitted to them anew.

    Parameters
    ----------
    traits
        float64 [n_traits, n_samples]; NaN where a sample takes no part.
    loci
        Positions with probabilities of the genotypes of the same samples.
    names, options, covariate_df, execution
        As in `crossmap.linkage.sequential.sequential_search`.

    Returns
    -------
    SequentialSearch

    Raises
    ------
    DataError
        If no locus is eligible.

    Notes
    -----
    With ``variance="cell"`` every trait is fitted by weighted least squares, its weights the
    inverse residual variances of the groups of the most probable genotypes of the loci before; what
    is permuted are its residuals within these groups, so that the weights stay as they are. Where
    genotypes are certain this is what `crossmap.linkage.sequential.sequential_search` does.

    References
    ----------
    Storey, Akey & Kruglyak (2005) PLoS Biol 3:e267; Haley & Knott (1992) Heredity 69:315.
    """
    data = search_data(traits, names, covariate_df)

    def search(chosen: np.ndarray, alive: np.ndarray) -> SearchStage:
        return _search_stage(data, chosen, alive, loci, options, execution)

    return one_after_another(search, data, loci, names=names, options=options)


def next_probable_locus(
    traits: np.ndarray,
    loci: ProbableLoci,
    *,
    names: Sequence[str],
    chosen: np.ndarray,
    options: SearchOptions,
    interaction: bool = False,
    barred_chromosome: np.ndarray | None = None,
    execution: Execution | None = None,
) -> SearchStage:
    """Choose one more locus for every trait, as `crossmap.linkage.sequential.next_locus`.

    Parameters
    ----------
    traits, loci, names
        As in `probability_search`.
    chosen, options, interaction, barred_chromosome
        As in `crossmap.linkage.sequential.next_locus`.
    execution
        As in `probability_search`.

    Returns
    -------
    SearchStage

    Raises
    ------
    DataError
        If no locus is eligible.
    """
    data = search_data(traits, names)
    alive = data.spread[1] & (chosen >= 0).all(axis=1)
    return _search_stage(
        data, chosen, alive, loci, options, execution, interaction=interaction,
        barred_chromosome=barred_chromosome,
    )  # fmt: skip


def _search_stage(
    data: SearchData,
    chosen: np.ndarray,
    alive: np.ndarray,
    loci: ProbableLoci,
    options: SearchOptions,
    execution: Execution | None,
    *,
    interaction: bool = False,
    barred_chromosome: np.ndarray | None = None,
) -> SearchStage:
    n_columns, number = options.n_perm + 1, chosen.shape[1] + 1
    shared = chosen  # what the traits of a group have in common
    if barred_chromosome is not None:
        shared = np.column_stack([chosen, barred_chromosome])
    run = execution or DEFAULT
    key = stage_key(options.seed, number)
    tasks = [
        (pattern, *part)
        for pattern, (rows, _) in enumerate(data.patterns)
        for part in stage_tasks(shared, rows[alive[rows]], n_columns, run.n_threads)
    ]

    def work(
        task: tuple[int, np.ndarray, np.ndarray],
    ) -> tuple[tuple[np.ndarray, ...], set[int]]:
        pattern, rows, start = task
        samples = data.patterns[pattern][1]
        own = loci if len(samples) == data.y.shape[1] else loci.on(samples)
        allowed = allowed_loci(own, chosen[rows[start[:-1]]], options)
        if barred_chromosome is not None:
            elsewhere = loci.chr_index != barred_chromosome[rows[start[:-1]]][:, None]
            allowed = allowed & elsewhere if allowed.shape[1] else elsewhere
        found = (*empty_stage(len(rows), n_columns), np.full((len(rows), n_columns), np.nan))
        kinds: set[int] = set()
        for at, (first, last) in enumerate(pairwise(start)):
            group = rows[first:last]
            model = _group_model(
                own,
                tuple(chosen[group[0]].tolist()),
                allowed[at] if allowed.shape[1] else None,
                options,
                interaction,
            )
            part = tuple(array[first:last] for array in found)
            kinds.update(_search_group(data, group, samples, model, key, part))
        return found, kinds

    whole = (*empty_stage(len(data.y), n_columns), np.full((len(data.y), n_columns), np.nan))
    every_kind: set[int] = set()
    what = f"locus {number} of {max(number, options.n_loci)}"
    results = run_tasks(work, tasks, execution=execution, stage=what)
    for (_, rows, _), (parts, kinds) in zip(tasks, results, strict=True):
        every_kind |= kinds
        for array, part in zip(whole, parts, strict=True):
            array[rows] = part
    if tasks and not every_kind:
        msg = (
            f"genotypes: expected a locus eligible as number {number} (at least {options.min_cell} "
            "samples expected in every genotype combination: min_cell; exclusions heeded), found "
            f"none among {len(loci)} positions of {data.y.shape[1]} samples"
        )
        raise DataError(msg)
    f, locus, before, after, df1, df2, evidence = whole
    none = locus < 0
    before[none], after[none] = np.nan, np.nan
    df1[none], df2[none] = 0, 0
    return SearchStage(
        locus=locus,
        f=np.ascontiguousarray(f[:, 0]),
        rss_before=before,
        rss_after=after,
        df1=df1,
        df2=df2,
        f_null=np.ascontiguousarray(f[:, 1:]),
        neglog10_p_null=np.ascontiguousarray(evidence[:, 1:]) if len(every_kind) > 1 else None,
    )


@dataclass(frozen=True, eq=False)
class _GroupModel:
    """All that traits of one group share: their samples, the loci chosen, who may enter."""

    loci: ProbableLoci
    chosen: tuple[int, ...]
    before: ProbabilityStage
    cells: VarianceCells | None
    sift: Sift
    is_full: bool

    def entering(self, rows: np.ndarray) -> ProbabilityStage:
        """What some loci add to the model before."""
        stage = entering_loci(self.before, self.loci, self.chosen, rows, is_full=self.is_full)
        n_main = self.loci.main_columns.shape[1]
        return stage.of_interactions(n_main) if self.sift.n_before else stage


def _group_model(
    loci: ProbableLoci,
    chosen: tuple[int, ...],
    allowed: np.ndarray | None,
    options: SearchOptions,
    interaction: bool,
) -> _GroupModel:
    is_full = options.model == "full" or interaction
    is_eligible = eligible(loci, chosen, min_cell=options.min_cell, is_full=is_full)
    if allowed is not None:
        is_eligible &= allowed
    before = model_before(loci, chosen, is_full=is_full)
    cells = None if interaction else _variance_cells(loci, before, chosen, options)
    sums = sift(
        before, loci, chosen, is_eligible, cell=None if cells is None else cells.cell,
        is_full=is_full, n_before=loci.product_columns.shape[1] if interaction else 0,
    )  # fmt: skip
    return _GroupModel(loci, chosen, before, cells, sums, is_full)


def _search_group(
    data: SearchData,
    rows: np.ndarray,
    samples: np.ndarray,
    model: _GroupModel,
    key: np.uint64,
    out: tuple[np.ndarray, ...],
) -> set[int]:
    """Best next locus of traits that share samples and loci, and of their permutations.

    Returns the degrees of freedom of all loci that may enter.
    """
    before, cells = model.before, model.cells
    f, locus, rss_before, rss_after, df1, df2, evidence = out
    n, n_columns = len(samples), f.shape[1]
    members, start, cell = before.cells
    own_key = np.uint64(fold_cells(key, cell))
    kinds = set(model.sift.df1.tolist())
    per_block = max(1, COLUMNS_PER_PRODUCT // n_columns)
    for first in range(0, len(rows), per_block):
        part = rows[first : first + per_block]
        place = slice(first, first + len(part))
        residual = before.residuals(data.values(part, samples))
        columns = np.empty((len(part), n_columns, n))
        weights = None if cells is None else cells.weights(residual)
        if cells is not None and weights is not None:
            root = np.sqrt(weights)[:, cells.cell]
            residual = cells.residuals(residual, weights) / root
        permute_within_cells(residual, data.items[part], own_key, members, start, 0, columns)
        # The model before is fitted anew to what was permuted.
        permuted = columns.reshape(-1, n)
        if cells is None or weights is None:
            z = before.residuals(permuted)
        else:
            z = cells.residuals(permuted, weights)
        base = np.empty(len(z))
        row_squares(z, base)
        unit = z / np.sqrt(np.where(base > 0.0, base, 1.0))[:, None]
        if cells is not None and weights is not None:
            unit *= np.repeat(np.sqrt(weights)[:, cells.cell], n_columns, axis=0)
        at, row = model.sift.near_best(unit, np.ones((1, 1)) if weights is None else weights)
        stage = model.entering(np.unique(at))
        if not len(stage.rows):
            continue
        kinds.update(stage.df1.tolist())
        total = np.repeat(data.spread[0][part], n_columns)
        left = np.repeat(n - before.rank - data.covariate_df[part], n_columns)
        enters = np.isin(at, stage.rows)
        tests = np.searchsorted(stage.rows, at[enters]), row[enters]
        weighting = None
        if cells is not None and weights is not None:
            weighting = replace(cells, stage=stage), weights
        best, tested, rest = best_loci(stage, tests, unit, left, weighting=weighting)
        scale = 1.0 if weights is None else np.repeat(weights.min(axis=1), n_columns)
        is_found = (best >= 0) & (base > NOTHING_LEFT * total * scale)
        own_df1 = stage.df1[best]
        own_df2 = left - stage.df_before[best] - own_df1
        with np.errstate(divide="ignore", invalid="ignore"):
            statistic = (tested / own_df1) / (rest / own_df2)
        statistic[~is_found] = np.nan
        f[place] = statistic.reshape(-1, n_columns)
        p = neglog10_p(statistic, np.maximum(own_df1, 1), np.maximum(own_df2, 1))
        evidence[place] = p.reshape(-1, n_columns)
        observed = np.arange(len(part)) * n_columns
        locus[place] = np.where(is_found, stage.rows[best], -1)[observed]
        rss_before[place] = (base * (tested + rest))[observed]
        rss_after[place] = (base * rest)[observed]
        df1[place], df2[place] = own_df1[observed], own_df2[observed]
    return kinds


def _variance_cells(
    loci: ProbableLoci, stage: ProbabilityStage, chosen: tuple[int, ...], options: SearchOptions
) -> VarianceCells | None:
    """Cells with variances of their own; None for a common one."""
    if options.variance == "common" or not chosen:
        return None
    return variance_cells(loci, stage, chosen, min_cell=options.min_cell)


def best_loci(
    stage: ProbabilityStage,
    tests: tuple[np.ndarray, np.ndarray],
    unit: np.ndarray,
    left: np.ndarray,
    *,
    weighting: tuple[VarianceCells, np.ndarray] | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The locus with the smallest nominal p-value for each of some residuals.

    Parameters
    ----------
    stage
        What each locus adds.
    tests
        (locus, row) int64 [N], by row and then by locus: places in `stage.rows` and rows of `unit`,
        of loci that may be the best.
    unit
        float64 [C, n]: residuals on the model before, their sums of squares being 1; with weights
        W e where that of W^(1/2) e is 1.
    left
        int64 [C]: degrees of freedom that the model before leaves.
    weighting
        Cells with variances of their own, of this stage, and the weights float64 [T, G] of the
        traits that `unit` holds C / T rows of each.

    Returns
    -------
    best : numpy.ndarray
        int64 [C]: places in `stage.rows`; -1 where nothing can be tested.
    tested, rest : numpy.ndarray
        float64 [C]: shares of the sum of squares that it explains and that it leaves; decided in
        float64 in an order that does not depend on what else is searched.
    """
    locus, row = tests
    if weighting is None:
        exact = np.empty((len(locus), 3))
        at = (locus.astype(np.int32), row.astype(np.int32))
        exact_tests(stage.columns, unit, stage.n_before, *at, exact)
        gain, after = exact[:, 1], exact[:, 2]
    else:
        cells, weights = weighting
        gain = np.clip(cells.gains_of(locus, row, unit, weights), 0.0, 1.0)
        after = 1.0 - gain
    best, largest = np.full(len(unit), -1, dtype=np.int64), np.full(len(unit), -1.0)
    tested, rest = np.zeros(len(unit)), np.ones(len(unit))
    degrees = np.column_stack([stage.df1, stage.df_before])
    for df1, df_before in np.unique(degrees, axis=0).tolist():
        own = np.flatnonzero((degrees[locus] == (df1, df_before)).all(axis=1))
        with np.errstate(divide="ignore", invalid="ignore"):
            share = gain[own] / np.maximum(gain[own] + after[own], NOTHING_LEFT)
        most = np.full(len(unit), -1.0)
        np.maximum.at(most, row[own], share)
        near = own[share >= most[row[own]] * (1.0 - TIE)]
        rows, first = np.unique(row[near], return_index=True)
        own = near[first]
        df2 = left[rows] - df_before - df1
        with np.errstate(divide="ignore", invalid="ignore"):
            f = (gain[own] / df1) / (after[own] / df2)
        p = np.where(df2 > 0, neglog10_p(f, float(df1), np.maximum(df2, 1)), -1.0)
        better = p > largest[rows] * (1.0 + TIE)
        rows, own = rows[better], own[better]
        best[rows], largest[rows] = locus[own], p[better]
        tested[rows], rest[rows] = gain[own], after[own]
    return best, tested, rest


def probability_curves(
    traits: np.ndarray, loci: ProbableLoci, chosen: np.ndarray, *, options: SearchOptions
) -> np.ndarray:
    """LOD of every locus as the next one, as `crossmap.linkage.curves.lod_curves`.

    Parameters
    ----------
    traits
        float64 [n_traits, n_samples], no NaN: traits that share their samples.
    loci
        Positions of the same samples.
    chosen
        int64 [n_traits, l - 1]: loci chosen before; -1 where none could be chosen.
    options
        How loci were chosen.

    Returns
    -------
    numpy.ndarray
        float64 [n_traits, n_loci]; NaN where a locus is not eligible.
    """
    lod = np.full((len(traits), len(loci)), np.nan)
    groups, group_of = np.unique(chosen, axis=0, return_inverse=True)
    for number, group in enumerate(groups):
        rows = np.flatnonzero(group_of.reshape(-1) == number)
        if not (group >= 0).all():
            continue
        allowed = allowed_loci(loci, group[None, :], options)
        stage = probability_stage(
            loci,
            tuple(group.tolist()),
            allowed[0] if allowed.shape[1] else None,
            min_cell=options.min_cell,
            is_full=options.model == "full",
        )
        cells = _variance_cells(loci, stage, tuple(group.tolist()), options)
        z = stage.residuals(traits[rows])
        weights = None if cells is None else cells.weights(z)
        if cells is not None and weights is not None:
            z = cells.residuals(traits[rows], weights)
        base = np.empty(len(z))
        row_squares(z, base)
        m, k, n = stage.columns.shape
        root = 1.0 if cells is None or weights is None else np.sqrt(weights)[:, cells.cell]
        with one_blas_thread():
            product = (stage.columns.reshape(m * k, n) @ (z * root).T).reshape(m, k, len(z))
        if cells is None or weights is None:
            gain = (product**2).sum(axis=1)
        else:
            gain = cells.gains(product, weights)
        with np.errstate(divide="ignore", invalid="ignore"):
            rest = np.maximum(1.0 - gain / base, 0.0)
            lod[np.ix_(rows, stage.rows)] = -0.5 * n * np.log10(rest).T
    return lod
