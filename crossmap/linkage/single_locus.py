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

TEST_BYTES = 640
"""What a test takes if it is past its threshold: decided on, recorded, sorted, and some four such
results of every thread waiting to be taken."""


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
        Budget of one thread.
    most_tests
        Tests of one task, so that all of them may be past their threshold.
    """

    values: np.ndarray
    predictors: Predictors
    request: ScanRequest
    null_of: Callable[[bytes], NullModel]
    memory_bytes: int
    most_tests: int

    def n_tests(self, panel: "Panel") -> int:
        """Tests of a panel."""
        return len(panel.traits) * int(self.predictors.n_members[panel.rows].sum())

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
    most_tests = max(1, run.memory_bytes // (2 * run.n_threads * TEST_BYTES))
    scan = Scan(values, predictors, request, null_of, run.memory_bytes // run.n_threads, most_tests)
    panels = list(_panels(values, predictors, usable, request.missing))
    most_small = min(SMALL_PANEL, most_tests)
    for is_small, group in groupby(panels, key=lambda p: scan.n_tests(p) < most_small):
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
    # What making a block takes: its columns, raw and residual, its features and their changes.
    row_bytes = 40 * probe.columns.shape[1] * null.n_samples
    members = max(1.0, scan.n_tests(panel) / len(panel.traits) / len(panel.rows))
    most_tests = int(scan.most_tests / members)
    most_rows = max(1, scan.memory_bytes // (4 * row_bytes))
    if probe.is_coded:
        # At least a block of traits, for the vectors; all rows that fit, for the runs of changes.
        height = max(1, min(most_rows, most_tests // BLOCK))
        width = max(1, min(TRAITS_PER_TASK, most_tests // min(height, len(panel.rows))))
        for rows in _cut(panel.rows, height):
            work = partial(_traits_piece, scan, scan.block(rows, null))
            yield from run_tasks(work, _cut(panel.traits, width), execution=run, stage=STAGE)
        return
    most_traits = scan.memory_bytes // (64 * null.n_samples)
    width = max(1, min(TRAITS_PER_PRODUCT, most_traits, most_tests))
    height = max(1, min(ROWS_PER_PRODUCT, most_rows, most_tests // min(width, len(panel.traits))))
    # Every thread as many blocks, of about one height: five of them would keep one of two idle.
    n_blocks = -(-len(panel.rows) // height)
    n_blocks = -(-n_blocks // run.n_threads) * run.n_threads
    height = -(-len(panel.rows) // n_blocks)
    for traits in _cut(panel.traits, width):
        work = partial(_rows_piece, scan, null, scan.unit_traits(traits, null), traits)
        yield from run_tasks(work, _cut(panel.rows, height), execution=run, stage=STAGE)


def _cut(items: np.ndarray, length: int) -> list[np.ndarray]:
    return [items[start : start + length] for start in range(0, len(items), length)]
