"""Largest statistic over the genome for permuted traits: what chance gives in a single-locus scan.

Residuals of the null model are permuted and the model is fitted to them anew (Freedman & Lane), so
that covariates associated with the genotype stay in the null. Where errors are correlated the
whitened residuals are not exchangeable either: their coordinates in an orthonormal basis of what
the null model leaves are, and those are permuted.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from crossmap.errors import DataError
from crossmap.execution import DEFAULT, Execution, one_blas_thread, run_tasks
from crossmap.kernels.permute import permuted_maxima
from crossmap.kernels.philox import fold_cells
from crossmap.linkage.f_test import neglog10_p
from crossmap.linkage.local_tests import LocalRanges
from crossmap.linkage.locus_block import LocusBlock, Model, locus_block
from crossmap.linkage.null_model import NullDesign, NullModel, product_rows
from crossmap.linkage.permutation import stage_key, trait_items
from crossmap.linkage.predictors import Missing, Predictors, group_patterns

STAGE = "permutations"

COLUMNS_PER_TASK = 8192
"""Permuted traits of one task: long enough that calling costs nothing, short enough to share."""

FEWEST_SAMPLES = 3
"""An intercept, a slope and one degree of freedom."""


@dataclass(frozen=True, eq=False)
class Maxima:
    """Largest statistics over the genome, on one scale for all tests of a trait.

    Parameters
    ----------
    r2
        float64 [n_traits, n_replicates]: partial R2; NaN where a trait has no test. Tests whose
        degrees of freedom are not those of `df1` and `df2` enter with the R2 that has the same
        p-value there.
    row
        int64 [n_traits]: the row of the predictors that is best for the trait as it is; -1 where
        none, or where the trait as it is was not asked for.
    df1, df2, n_samples
        int64 [n_traits]: degrees of freedom of the test that most loci have, and its samples; 0
        where a trait has no test.
    is_uniform
        bool [n_traits]: whether all tests of the trait have these.
    """

    r2: np.ndarray
    row: np.ndarray
    df1: np.ndarray
    df2: np.ndarray
    n_samples: np.ndarray
    is_uniform: np.ndarray

    @classmethod
    def none(cls, n_traits: int, n_replicates: int) -> "Maxima":
        """Nothing found yet."""
        df1, df2, n_samples = np.zeros((3, n_traits), dtype=np.int64)
        return cls(
            r2=np.full((n_traits, n_replicates), np.nan),
            row=np.full(n_traits, -1, dtype=np.int64),
            df1=df1,
            df2=df2,
            n_samples=n_samples,
            is_uniform=np.ones(n_traits, dtype=np.bool_),
        )

    def put(self, traits: np.ndarray, part: "Maxima", at: slice = slice(None)) -> None:
        """Write what was found for some traits, in some replicates, into its place."""
        self.r2[traits, at] = part.r2
        has_row = part.row >= 0
        self.row[traits[has_row]] = part.row[has_row]
        for name in ("df1", "df2", "n_samples", "is_uniform"):
            getattr(self, name)[traits] = getattr(part, name)


@dataclass(frozen=True, eq=False)
class PermutedScan:
    """A single-locus scan that can be made of permuted traits.

    Parameters
    ----------
    values
        float64 [n_traits, n_samples], NaN missing.
    names
        Names of the traits.
    predictors, design
        Of the same samples.
    model
        ``linear`` or ``anova``.
    missing
        As in `crossmap.linkage.block_scan.ScanRequest`.
    strata
        int64 [n_samples]: values move only between samples of one stratum; None for no strata.
    seed, stage
        Of the permutations.
    is_shared
        All traits are permuted alike, so that what correlates them survives.
    local
        The markers at each trait's gene: these alone are tested. None for all markers.
    """

    values: np.ndarray
    names: Sequence[str]
    predictors: Predictors
    design: NullDesign
    model: Model = "linear"
    missing: Missing = "drop"
    strata: np.ndarray | None = None
    seed: int = 1
    stage: int = 1
    is_shared: bool = False
    local: LocalRanges | None = None

    @cached_property
    def items(self) -> np.ndarray:
        """What the shuffles of each trait are keyed by: uint64 [n_traits]."""
        if self.is_shared:
            return np.zeros(len(self.values), dtype=np.uint64)
        return trait_items(self.names)

    def maxima(
        self,
        first: int,
        stop: int,
        *,
        traits: np.ndarray | None = None,
        execution: Execution | None = None,
        label: str = STAGE,
    ) -> Maxima:
        """Find the largest statistic of every trait in every replicate.

        Parameters
        ----------
        first, stop
            Replicates first .. stop - 1; number 0 is the trait as it is.
        traits
            int64: which traits; None for all.
        execution
            Threads and progress; never changes a result.
        label
            What the work is, for progress.

        Returns
        -------
        Maxima
            Of those traits.

        Raises
        ------
        DataError
            If covariates leave no degree of freedom, or the error covariance is not positive
            definite.
        """
        chosen = np.arange(len(self.values)) if traits is None else traits
        usable = np.flatnonzero(self.design.is_complete)
        rank = self.design.on(usable).rank if len(usable) else 1 + len(self.design.columns)
        if len(usable) - rank - 1 < 1:
            msg = (
                "covariates: expected at least 1 residual degree of freedom, found "
                f"{len(usable)} samples for {rank + 1} coefficients"
            )
            raise DataError(msg)
        found = Maxima.none(len(chosen), stop - first)
        tasks = [
            (group[part], samples, rows)
            for group, samples in group_patterns(
                np.isnan(self.values[np.ix_(chosen, usable)]), usable
            )
            if len(samples) >= FEWEST_SAMPLES
            for part, rows in self._by_rows(chosen[group])
        ]
        run = execution or DEFAULT
        small = [t for t in tasks if len(t[0]) * (stop - first) <= COLUMNS_PER_TASK]
        large = [t for t in tasks if len(t[0]) * (stop - first) > COLUMNS_PER_TASK]

        def whole(task: tuple[np.ndarray, np.ndarray, np.ndarray | None]) -> Maxima:
            group = _TraitGroup(self, chosen[task[0]], *task[1:])
            return group.maxima(slice(0, len(task[0])), first, stop)

        if small:
            results = run_tasks(whole, small, execution=run, stage=label)
            for (group, _, _), part in zip(small, results, strict=True):
                found.put(group, part)
        for group, samples, rows in large:
            ready = _TraitGroup(self, chosen[group], samples, rows)
            pieces = list(_pieces(len(group), first, stop))
            results = run_tasks(
                lambda piece, ready=ready: ready.maxima(*piece),  # type: ignore[misc]
                pieces, execution=run, stage=label,
            )  # fmt: skip
            for (part_of, low, high), part in zip(pieces, results, strict=True):
                found.put(group[part_of], part, slice(low - first, high - first))
        return found

    def _by_rows(self, traits: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
        """Numbers of the traits that are tested with the same rows of the predictors."""
        if self.local is None:
            yield np.arange(len(traits)), None
            return
        groups: dict[bytes, tuple[list[int], np.ndarray]] = {}
        for number, trait in enumerate(traits.tolist()):
            rows = np.unique(self.predictors.row_of_marker[self.local.markers_of(trait)])
            rows = rows[rows >= 0]
            if len(rows):
                groups.setdefault(rows.tobytes(), ([], rows))[0].append(number)
        for numbers, rows in groups.values():
            yield np.array(numbers, dtype=np.int64), rows

    def best_marker(self, row: np.ndarray) -> np.ndarray:
        """First marker tested of the best row of every trait.

        Parameters
        ----------
        row
            int64 [n_traits]: as in `Maxima`.

        Returns
        -------
        numpy.ndarray
            int64 [n_traits], -1 where there is no row.
        """
        marker = np.full(len(row), -1, dtype=np.int64)
        has = np.flatnonzero(row >= 0)
        marker[has] = self.predictors.first_member(row[has])
        if self.local is not None:  # markers beyond the window may share the row
            for trait in has.tolist():
                near = self.local.markers_of(trait)
                marker[trait] = near[self.predictors.row_of_marker[near] == row[trait]][0]
        return marker

    def n_tested(self) -> np.ndarray:
        """Markers that each trait may be tested with: int64 [n_traits]."""
        if self.local is None:
            return np.full(len(self.values), len(self.predictors.member), dtype=np.int64)
        tested = self.predictors.row_of_marker[self.local.order] >= 0
        before = np.concatenate([[0], np.cumsum(tested)])
        return before[self.local.stop] - before[self.local.start]


def _pieces(n_traits: int, first: int, stop: int) -> Iterator[tuple[slice, int, int]]:
    """Cut traits by replicates into tasks."""
    width = max(1, COLUMNS_PER_TASK // (stop - first))
    for start in range(0, n_traits, width):
        for low in range(first, stop, COLUMNS_PER_TASK):
            yield slice(start, min(start + width, n_traits)), low, min(low + COLUMNS_PER_TASK, stop)


def strata_cells(
    scan: PermutedScan, samples: np.ndarray, n_permuted: int
) -> tuple[tuple[np.ndarray, np.ndarray], np.uint64]:
    """Make cells of the strata, as shuffles take them.

    Parameters
    ----------
    scan
        Whose strata, seed and stage.
    samples
        int64 [n]: samples that are permuted.
    n_permuted
        Numbers that are permuted: n, or fewer where they are coordinates and there are no strata.

    Returns
    -------
    cells : tuple
        (members int64[m], start int64[G + 1]).
    key : numpy.uint64
    """
    cell = np.zeros(n_permuted, dtype=np.int64)
    if scan.strata is not None:
        labels, cell_of = np.unique(scan.strata[samples], return_inverse=True)
        first = np.full(len(labels), n_permuted)
        np.minimum.at(first, cell_of, np.arange(n_permuted))
        cell = np.argsort(np.argsort(first))[cell_of]  # numbered by first appearance
    start = np.concatenate([[0], np.cumsum(np.bincount(cell))]).astype(np.int64)
    key = np.uint64(fold_cells(stage_key(scan.seed, scan.stage), cell))
    return (np.argsort(cell, kind="stable").astype(np.int64), start), key


@dataclass(frozen=True, eq=False)
class _Panel:
    """Loci tested on the same samples, with the same degrees of freedom."""

    rows: np.ndarray
    df1: int
    df2: int
    n_samples: int
    arrays: tuple
    loci: tuple
    eps: float


class _TraitGroup:
    """Traits that have values for the same samples, ready to be permuted."""

    def __init__(
        self,
        scan: PermutedScan,
        traits: np.ndarray,
        samples: np.ndarray,
        rows: np.ndarray | None = None,
    ) -> None:
        self.scan, self.samples, self.rows = scan, samples, rows
        self.predictors = scan.predictors if rows is None else scan.predictors.take(rows)
        null = scan.design.on(samples)
        unit = null.unit_traits(np.ascontiguousarray(scan.values[np.ix_(traits, samples)]))
        self.items = scan.items[traits]
        self.complement: np.ndarray | None = None
        self.e = unit.y
        if null.whitener is not None:
            with one_blas_thread():
                whole = np.linalg.qr(null.basis, mode="complete")[0]
            self.complement = np.ascontiguousarray(whole[:, null.rank :])
            self.e = product_rows(unit.y, self.complement)
        self.cells, self.key = strata_cells(scan, samples, self.e.shape[1])
        self.panels = list(self._panels(null))

    def _panels(self, null: NullModel) -> Iterator[_Panel]:
        scan = self.scan
        if scan.missing == "mean":
            patterns = [(np.arange(len(self.predictors)), self.samples)]
        else:
            patterns = list(self.predictors.patterns(self.samples))
        for rows, kept in patterns:
            if len(kept) < FEWEST_SAMPLES:
                continue
            of_panel = null if len(kept) == len(self.samples) else scan.design.on(kept)
            block = locus_block(self.predictors, rows, of_panel, model=scan.model)
            arrays, longest = self._arrays(null, of_panel)
            columns = self._columns(block, arrays)
            for kind, (df1, df2) in enumerate(block.degrees[0].tolist()):
                if df1 > 0:
                    yield self._panel(block, kind, (df1, df2), arrays, columns, longest)

    def _arrays(self, null: NullModel, of_panel: NullModel) -> tuple[tuple, float]:
        """`panel` of the kernel, and the largest norm of what is summed."""
        take = np.searchsorted(self.samples, of_panel.samples)
        nothing = np.empty((0, 0))
        is_whole = len(take) == len(self.samples)
        if self.complement is None or null.whitener is None or of_panel.whitener is None:
            # Residuals already sum to 0: the intercept has to be fitted only to a part of them.
            basis = of_panel.basis[:, 1:] if is_whole else of_panel.basis
            return (take, np.ascontiguousarray(basis.T), nothing, nothing), 1.0
        with one_blas_thread():
            if is_whole:
                shown = self.complement
            else:
                coloured = np.linalg.solve(null.whitener, self.complement)[take]
                shown = of_panel.whitener @ coloured
                shown = shown - of_panel.basis @ (of_panel.basis.T @ shown)
            summed = np.ascontiguousarray(of_panel.whitener.T @ shown)
            longest = float(np.linalg.norm(of_panel.whitener, 2))
        seen = nothing if is_whole else np.ascontiguousarray(shown)
        return (take, np.empty((0, len(take))), summed, seen), longest

    def _columns(self, block: LocusBlock, arrays: tuple) -> np.ndarray:
        """Orthonormal columns in the coordinates that are permuted: float64 [J, K, m]."""
        take, _, _, shown = arrays
        if self.complement is None:
            if len(take) == self.e.shape[1]:
                return block.columns
            columns = np.zeros((*block.columns.shape[:2], self.e.shape[1]))
            columns[:, :, take] = block.columns
            return columns
        to_coordinates = shown if len(shown) else self.complement
        with one_blas_thread():
            return np.ascontiguousarray(block.columns @ to_coordinates)

    def _panel(
        self,
        block: LocusBlock,
        kind: int,
        degrees: tuple[int, int],
        arrays: tuple,
        columns: np.ndarray,
        longest: float,
    ) -> _Panel:
        if block.coding is None:
            msg = "predictors: expected genotypes on a map, found a matrix"
            raise DataError(msg)
        is_kind = block.degrees[1] == kind
        changes, sign = block.coding
        error = block.search_error(np.dtype(np.float32), np.array([longest]))
        transform = block.transform * (sign * is_kind)[:, None, None]
        loci = (
            changes.restart, changes.offset, changes.sample, changes.step.astype(np.float32),
            transform.astype(np.float32), columns * is_kind[:, None, None],
        )  # fmt: skip
        eps = float(error[is_kind].max(initial=0.0))
        rows = block.rows if self.rows is None else self.rows[block.rows]
        return _Panel(rows, *degrees, block.null.n_samples, arrays, loci, eps)

    def maxima(self, part: slice, first: int, stop: int) -> Maxima:
        """Largest statistics of some of the traits."""
        e, items = self.e[part], self.items[part]
        n_loci = {(p.df1, p.df2, p.n_samples): 0 for p in self.panels}
        for panel in self.panels:
            used = int((panel.loci[4] != 0).any(axis=(1, 2)).sum())
            n_loci[panel.df1, panel.df2, panel.n_samples] += used
        found = Maxima.none(len(e), stop - first)
        if not n_loci:
            return found
        df1, df2, n_samples = max(n_loci, key=lambda kind: n_loci[kind])  # ties: the first
        best = np.full(len(e), -1.0)
        for panel in self.panels:
            r2, locus = np.empty((len(e), stop - first)), np.empty(len(e), dtype=np.int64)
            permuted_maxima(
                e, items, (first, stop - first, self.key), self.cells, panel.arrays, panel.loci,
                panel.eps, (r2, locus),
            )  # fmt: skip
            evidence = r2[:, 0]
            if len({kind[:2] for kind in n_loci}) > 1:  # p-values do not underflow here
                evidence = neglog10_p(f_of_r2(evidence, panel.df1, panel.df2), panel.df1, panel.df2)
            if (panel.df1, panel.df2) != (df1, df2):
                r2 = same_p(r2, (panel.df1, panel.df2), (df1, df2))
            np.fmax(found.r2, r2, out=found.r2)
            better = (locus >= 0) & (evidence > best)
            found.row[better] = panel.rows[locus[better]]
            best[better] = evidence[better]
        has_test = ~np.isnan(found.r2[:, 0])
        counted = replace(
            found,
            df1=np.where(has_test, df1, 0),
            df2=np.where(has_test, df2, 0),
            n_samples=np.where(has_test, n_samples, 0),
            is_uniform=np.full(len(e), len(n_loci) == 1),
        )
        return counted


def f_of_r2(r2: np.ndarray, df1: np.ndarray | int, df2: np.ndarray | int) -> np.ndarray:
    """F of a partial R2: infinite where nothing is left.

    Parameters
    ----------
    r2
        float64; NaN gives NaN.
    df1, df2
        Degrees of freedom, above 0, broadcast with `r2`.

    Returns
    -------
    numpy.ndarray
        float64.
    """
    share = np.minimum(r2, 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        f: np.ndarray = share / df1 / ((1.0 - share) / df2)
    return f


def p_of_r2(r2: np.ndarray | float, df1: np.ndarray | int, df2: np.ndarray | float) -> np.ndarray:
    """p-value of a partial R2: the upper tail of the beta distribution of df1/2 and df2/2.

    Parameters
    ----------
    r2
        float64; NaN gives NaN.
    df1, df2
        Degrees of freedom, above 0, broadcast with `r2`.

    Returns
    -------
    numpy.ndarray
        float64.
    """
    from scipy import special

    a, b = np.asarray(df1) / 2.0, np.asarray(df2) / 2.0
    return special.betaincc(a, b, np.clip(r2, 0.0, 1.0))


def same_p(r2: np.ndarray, have: tuple[int, int], want: tuple[int, int]) -> np.ndarray:
    """R2 that has the same p-value with other degrees of freedom.

    Parameters
    ----------
    r2
        float64; NaN gives NaN.
    have, want
        Degrees of freedom (df1, df2) of `r2` and of the result.

    Returns
    -------
    numpy.ndarray
        float64.
    """
    from scipy import special

    p = np.maximum(p_of_r2(r2, *have), np.finfo(np.float64).tiny)
    return special.betainccinv(want[0] / 2.0, want[1] / 2.0, p)
