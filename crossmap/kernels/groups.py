"""Scans of whole groups of traits that share the loci already chosen, models included."""

import numpy as np

from crossmap.kernels._numba import kernel
from crossmap.kernels.one_locus import (
    column_gains,
    lane_scratch,
    near_best,
    permute_columns,
    permuted_sum,
)
from crossmap.kernels.philox import fold_cells
from crossmap.kernels.sequential import block_scratch, decide, scan_group, statistic
from crossmap.kernels.shuffles import LANES, MOST_SAMPLES
from crossmap.kernels.stages import INTERACTION, group_model, group_residuals


@kernel
def scan_one_cell(
    z, traits, replicates, coding, coding32, cells, search, margin, scratch, out
):  # fmt: skip
    """Do what `scan_group` does where one cell is summed over, in half the time.

    Parameters
    ----------
    z, traits, replicates, coding, coding32, cells, search, margin, out : as in
        `crossmap.kernels.sequential.scan_group`.
    scratch : from `lane_scratch`. Overwritten.
    """
    _, base, scale = traits
    n_per_trait = replicates[0]
    _, eligible, weight, _, _, _, df1, df2 = search
    _, _, _, order, block, gains, largest, best, one = scratch
    f, locus, after = out
    n_loci = weight.shape[0]
    weight32 = np.zeros(n_loci, np.float32)
    for j in range(n_loci):
        if eligible[j]:
            weight32[j] = weight[j, 0]
    n_eligible = eligible.sum()
    stop = z.shape[0] * n_per_trait
    for first in range(0, stop, LANES):
        permute_columns(first, z, traits, replicates, cells, scratch)
        column_gains(block, coding32, weight32, gains, largest, best)
        for c in range(min(LANES, stop - first)):
            t = (first + c) // n_per_trait
            b = (first + c) % n_per_trait
            j = -1
            f[t, b] = np.nan
            rest = np.nan
            if base[t] > 0.0 and n_eligible > 0:
                j, n_others = near_best(c, gains, largest, best, margin)
                if n_others > 0:
                    one[:] = order[:, c]
                    j = decide(z[t], one, base[t], coding, search, scale[t])
                total = permuted_sum(z, t, order, c, coding[4], j)
                gain = total * total * weight[j, 0]
                rest = base[t] - gain
                f[t, b] = (gain / df1) / (rest / df2)
                if rest < 1e-3 * base[t]:  # a difference that has lost digits
                    one[:] = order[:, c]
                    f[t, b], rest = statistic(z[t], one, base[t], coding, j, search, scale[t])
            if b == 0:
                locus[t] = j
                after[t] = rest


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
    coding, coding32 : as in `scan_group`.
    how : the tuple (min_cell, mode, common, margin).
    out : the tuple (f float64[T, B1], locus int64[T], before float64[T], after float64[T],
        df1 int64[T], df2 int64[T], any_eligible bool[N]). Overwritten.

    Notes
    -----
    Whole groups at a time, models included: on yeast there are a thousand groups of six traits, and
    what a call costs would weigh as much as the scan.
    """
    item, total = traits
    start, chosen, allowed = groups
    n_per_trait, key = replicates
    min_cell, mode, common, margin = how
    f, locus, before, after, df1, df2, any_eligible = out
    scratch = block_scratch(y.shape[1])
    lanes = lane_scratch(y.shape[1], coding[0].shape[0])
    for number in range(start.shape[0] - 1):
        a, b = start[number], start[number + 1]
        cells, fitted, search = group_model(
            coding, chosen[number], allowed[number], min_cell, mode, common
        )
        any_eligible[number] = search[1].any()
        z, base, scale = group_residuals(y[a:b], total[a:b], cells, fitted, search, common)
        group = (item[a:b], base, scale)
        columns = (n_per_trait, fold_cells(key, cells[0]))
        found = (f[a:b], locus[a:b], after[a:b])
        is_one_cell = search[2].shape[1] == 1 and search[5] != INTERACTION
        if is_one_cell and y.shape[1] <= MOST_SAMPLES:
            scan_one_cell(z, group, columns, coding, coding32, cells, search, margin, lanes, found)
        else:
            scan_group(z, group, columns, coding, coding32, cells, search, margin, scratch, found)
        before[a:b] = base
        df1[a:b] = search[6]
        df2[a:b] = search[7]
