"""Scans of whole groups of traits that share the loci already chosen, models included."""

import numpy as np

from crossmap.kernels._numba import kernel
from crossmap.kernels.blocks import (
    make_block,
    place_columns,
    place_segment,
    search_block,
    settle_block,
    shuffle_scratch,
)
from crossmap.kernels.philox import fold_cells
from crossmap.kernels.stages import ADDITIVE, FULL, group_model, group_residuals


@kernel
def scan_groups(y, traits, groups, replicates, coding, coding32, how, out):
    """Best next locus of the traits of several groups that each share the loci already chosen.

    Parameters
    ----------
    y : float64[T, n]. Traits, no NaN, group by group.
    traits : the tuple (item uint64[T], total float64[T]): keys of the shuffles, sums of squares
        about the mean.
    groups : the tuple (start int64[N + 1], chosen int64[N, l], allowed bool[N, J] or bool[N, 0]):
        where each group begins, its loci, the loci that no rule of exclusion bars.
    replicates : the tuple (B1, key uint64): columns per trait, key of seed and stage.
    coding, coding32 : the tuple (restart, offset, sample, sign, code) of J loci, sign float64 and
        float32.
    how : the tuple (min_cell, mode, common, margin).
    out : the tuple (f float64[T, B1], locus int64[T], before float64[T], after float64[T],
        df1 int64[T], df2 int64[T], any_eligible bool[N]). Overwritten.

    Notes
    -----
    Models included: on yeast there are a thousand groups of six traits, and what a call costs would
    weigh as much as the scan. float32 sums search; wherever a second locus comes within `margin`
    of the best, and for every number reported, float64 decides. Twin: tests/naive/sequential.py.
    """
    item, total = traits
    start, chosen, allowed = groups
    n_per_trait, key = replicates
    min_cell, mode, common, margin = how
    f, locus, before, after, df1, df2, any_eligible = out
    n_loci, n = coding[4].shape
    n_chosen = chosen.shape[1]
    one_cell = mode == ADDITIVE and common
    n_cells = 1 if one_cell else min(2**n_chosen, n)
    block = make_block(n, n_loci, n_cells, n_chosen + 1 if one_cell and n_chosen > 0 else 0)
    columns, segments, found = block
    scratch = shuffle_scratch(n)
    z = np.empty_like(y)
    scale = np.ones((y.shape[0], n_cells))
    data = (item, before, scale)
    kernel_mode = FULL if one_cell else mode
    found_out = (f, locus, after)
    width, most = columns[2].shape[0], segments[1].shape[0]
    used, n_segments = 0, 0
    for number in range(start.shape[0] - 1):
        a, b = start[number], start[number + 1]
        cells, fitted, search = group_model(
            coding, chosen[number], allowed[number], min_cell, mode, common
        )
        any_eligible[number] = search[1].any()
        z[a:b], before[a:b], own = group_residuals(
            y[a:b], total[a:b], cells, fitted, search, common
        )
        scale[a:b, : own.shape[1]] = own
        df1[a:b] = search[6]
        df2[a:b] = search[7]
        column, stop = a * n_per_trait, b * n_per_trait
        while column < stop:
            take = min(width - used, stop - column)
            place_segment(n_segments, used, column, take, search, segments)
            place_columns(
                used, column, take, z, data, (n_per_trait, fold_cells(key, cells[0])), cells,
                search[0], columns, scratch,
            )  # fmt: skip
            used = segments[5][n_segments, 5]
            n_segments += 1
            column += take
            is_last = number == start.shape[0] - 2 and column == stop
            if used == width or n_segments == most or is_last:
                search_block(n_segments, coding32, kernel_mode, columns, segments, found)
                settle_block(
                    n_segments, z, data, n_per_trait, coding, kernel_mode, margin, block,
                    found_out,
                )  # fmt: skip
                used, n_segments = 0, 0
