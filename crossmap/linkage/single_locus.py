"""The single-locus scan of many traits: who is tested on which samples, cut how.

Traits are grouped by their pattern of missing values and predictors by theirs; each pair of groups
is a panel with samples and a null model of its own. What comes of a panel does not depend on how it
is cut.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import groupby

import numpy as np

from crossmap.errors import DataError
from crossmap.execution import DEFAULT, Execution, run_tasks
from crossmap.kernels.scan1 import BLOCK
from crossmap.linkage.block_scan import ScanRequest, scan_block
from crossmap.linkage.hits import Piece
from crossmap.linkage.locus_block import LocusBlock, locus_block
from crossmap.linkage.null_model import NullDesign, NullModel, UnitTraits
from crossmap.linkage.predictors import Missing, Predictors, group_patterns

STAGE = "single-locus scan"

TRAITS_PER_TASK = 512
"""Long enough that calling costs little, short enough to share out."""

ROWS_PER_PRODUCT = 1024
"""Rows of one matrix product: enough that the product runs at full speed."""

TRAITS_PER_PRODUCT = 8192
"""Columns of one matrix product."""

PROBED_ROWS = 256
"""Rows looked at to tell whether neighbours are alike."""

FEWEST_SAMPLES = 3
"""An intercept, a slope and one degree of freedom."""

SMALL_PANEL = 1 << 22
"""Tests below which a panel is one task."""


@dataclass(frozen=True, eq=False)
class Panel:
    """Traits and rows of the predictors that are tested on the same samples.

    Parameters
    ----------
    traits, rows, samples
        int64, ascending.
    """

    traits: np.ndarray
    rows: np.ndarray
    samples: np.ndarray


@dataclass(frozen=True, eq=False)
class Scan:
    """All that a task needs to know.

    Parameters
    ----------
    values, predictors, request
        As in `scan_pieces`.
    null_of
        Gives the null model of samples, named by the bytes of an int64 array.
    memory_bytes
        Budget.
    """

    values: np.ndarray
    predictors: Predictors
    request: ScanRequest
    null_of: Callable[[bytes], NullModel]
    memory_bytes: int

    def block(self, rows: np.ndarray, null: NullModel) -> LocusBlock:
        """Make rows of the predictors ready."""
        return locus_block(
            self.predictors,
            rows,
            null,
            model=self.request.model,
            three_class=self.request.three_class,
        )

    def unit_traits(self, traits: np.ndarray, null: NullModel) -> UnitTraits:
        """Residuals of some traits."""
        return null.unit_traits(np.ascontiguousarray(self.values[np.ix_(traits, null.samples)]))


def scan_pieces(
    values: np.ndarray,
    predictors: Predictors,
    design: NullDesign,
    request: ScanRequest,
    *,
    execution: Execution | None = None,
) -> Iterator[Piece]:
    """Test every trait with every row of the predictors.

    Parameters
    ----------
    values
        float64 [n_traits, n_samples], NaN missing.
    predictors, design
        Of the same samples.
    request
        What is tested and what is kept.
    execution
        Threads, memory and progress; never changes a result.

    Yields
    ------
    Piece
        In an order that depends on the data alone; a trait's tests may be spread over several.

    Raises
    ------
    DataError
        If covariates leave no degree of freedom, or the error covariance is not positive definite.
    """
    run = execution or DEFAULT
    usable = np.flatnonzero(design.is_complete)

    @lru_cache(maxsize=4)
    def null_of(samples: bytes) -> NullModel:
        return design.on(np.frombuffer(samples, dtype=np.int64))

    n_tested = 1 + (len(design.interactive) if request.model == "linear_cross" else 0)
    rank = null_of(usable.tobytes()).rank if len(usable) else 1 + len(design.columns)
    if len(usable) - rank - n_tested < 1:
        msg = (
            "covariates: expected at least 1 residual degree of freedom, found "
            f"{len(usable)} samples for {rank + n_tested} coefficients"
        )
        raise DataError(msg)
    scan = Scan(values, predictors, request, null_of, run.memory_bytes)
    panels = list(_panels(values, predictors, usable, request.missing))
    for is_small, group in groupby(panels, key=lambda p: len(p.traits) * len(p.rows) < SMALL_PANEL):
        if is_small:
            yield from run_tasks(
                partial(_whole_panel, scan), list(group), execution=run, stage=STAGE
            )
        else:
            for panel in group:
                yield from _large_panel(scan, panel, run)


def _panels(
    values: np.ndarray, predictors: Predictors, usable: np.ndarray, missing: Missing
) -> Iterator[Panel]:
    """Pair the groups of traits and of predictors; where too few samples are left, no test."""
    for traits, samples in group_patterns(np.isnan(values[:, usable]), usable):
        if len(samples) < FEWEST_SAMPLES:
            continue
        if missing == "mean":
            yield Panel(traits, np.arange(len(predictors)), samples)
        else:
            for rows, kept in predictors.patterns(samples):
                if len(kept) >= FEWEST_SAMPLES:
                    yield Panel(traits, rows, kept)


def _whole_panel(scan: Scan, panel: Panel) -> Piece:
    null = scan.null_of(panel.samples.tobytes())
    return _traits_piece(scan, scan.block(panel.rows, null), panel.traits)


def _traits_piece(scan: Scan, block: LocusBlock, traits: np.ndarray) -> Piece:
    unit = scan.unit_traits(traits, block.null)
    return scan_block(block, scan.predictors, unit, traits, scan.request)


def _rows_piece(
    scan: Scan, null: NullModel, unit: UnitTraits, traits: np.ndarray, rows: np.ndarray
) -> Piece:
    return scan_block(scan.block(rows, null), scan.predictors, unit, traits, scan.request)


def _large_panel(scan: Scan, panel: Panel, run: Execution) -> Iterator[Piece]:
    """Cut a panel by traits where neighbouring rows are alike, else by rows."""
    null = scan.null_of(panel.samples.tobytes())
    probe = scan.block(panel.rows[:PROBED_ROWS], null)
    if probe.is_coded:
        # What making a block takes: its columns, raw and residual, its features and their changes.
        row_bytes = 40 * probe.columns.shape[1] * null.n_samples
        for rows in _cut(panel.rows, max(PROBED_ROWS, scan.memory_bytes // (2 * row_bytes))):
            block = scan.block(rows, null)
            # What a search may find must fit into memory, if need be.
            fits = scan.memory_bytes // (256 * run.n_threads * len(rows))
            width = max(1, min(TRAITS_PER_TASK, fits) // BLOCK) * BLOCK
            work = partial(_traits_piece, scan, block)
            yield from run_tasks(work, _cut(panel.traits, width), execution=run, stage=STAGE)
        return
    for traits in _cut(panel.traits, TRAITS_PER_PRODUCT):
        unit = scan.unit_traits(traits, null)
        work = partial(_rows_piece, scan, null, unit, traits)
        # A block, its columns raw and residual, and its product with all these traits.
        row_bytes = 40 * probe.columns.shape[1] * null.n_samples + 32 * len(traits)
        height = scan.memory_bytes // (4 * run.n_threads * row_bytes)
        rows_of = _cut(panel.rows, min(ROWS_PER_PRODUCT, max(16, height)))
        yield from run_tasks(work, rows_of, execution=run, stage=STAGE)


def _cut(items: np.ndarray, length: int) -> list[np.ndarray]:
    return [items[start : start + length] for start in range(0, len(items), length)]
