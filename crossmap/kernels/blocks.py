"""Blocks of columns (traits and permutations) whose next locus is searched for at one time.

A block holds segments: runs of columns of one group of traits, which share the loci already chosen
and so the cells, the weights and the loci that may enter. On yeast a thousand groups of six traits
would each pay for loops of 36 columns; side by side they share tiles of 64.
"""

import numpy as np

from crossmap.kernels._numba import kernel
from crossmap.kernels.sequential import decide, statistic
from crossmap.kernels.shuffles import lay_out, shuffle_lanes
from crossmap.kernels.stages import ADDITIVE, FULL
from crossmap.kernels.tile_search import (
    LANES,
    TILE,
    add_changes,
    additive_gains,
    full_gains,
    keep_best,
    search_one_cell,
    search_two_cells,
)

BLOCK = 512
"""Columns of a block at most."""

BLOCK_BYTES = 2**19
"""Size of a block's columns at most: half of a common second-level cache."""

BARRED = -1e30
"""Added to the gain of a locus that may not enter. Not -inf, of which 0 times is no number: the
next largest gain would be lost."""

WEIGHT_BYTES = 2**26
"""Size of the weights of a block's segments at most."""


@kernel
def make_block(n, n_loci, n_cells, n_columns_basis):
    """Make the arrays of a block.

    Parameters
    ----------
    n, n_loci, n_cells : int64. Samples, J, G: cells summed over, at most.
    n_columns_basis : int64. Columns of an additive model before; 0 for none.

    Returns
    -------
    columns : the tuple (y float32[W / TILE, n, G TILE], scale float32[W / TILE, G TILE],
        order int32[W, n])
        Tile by tile: traits side by side, each of sum of squares 1, cell by cell, 0 where sample
        k is not of cell g; c_g of every column, largest 1. Sample k of column c carries
        z[order[c, k]].
    segments : the tuple (weight32 float32[J, S, G + 1], weight float64[S, J, G],
        eligible bool[S, J], sum_cell int64[S, n], basis float64[S, n, P], place int64[S, 6])
        weight32 begins with 0, or BARRED where a locus may not enter. place: first lane, columns,
        number of the first column among all of the call, df1, df2, and the first lane after.
    found : the tuple (best, locus, second float32[W / TILE, TILE])
        Largest gain, its locus, and the next largest gain.
    """
    width = BLOCK_BYTES // (4 * n_cells * n) // TILE * TILE
    width = max(TILE, min(BLOCK, width))
    most = max(1, min(width // LANES, WEIGHT_BYTES // (n_loci * (12 * n_cells + 4))))
    columns = (
        np.zeros((width // TILE, n, n_cells * TILE), np.float32),
        np.ones((width // TILE, n_cells * TILE), np.float32),
        np.zeros((width, n), np.int32),
    )
    segments = (
        np.empty((n_loci, most, n_cells + 1), np.float32),
        np.empty((most, n_loci, n_cells)),
        np.empty((most, n_loci), np.bool_),
        np.zeros((most, n), np.int64),
        np.zeros((most, n, n_columns_basis)),
        np.zeros((most, 6), np.int64),
    )
    shape = (width // TILE, TILE)
    found = (np.zeros(shape, np.float32), np.zeros(shape, np.float32), np.zeros(shape, np.float32))
    return columns, segments, found


@kernel
def shuffle_scratch(n):
    """Make what `place_columns` works with.

    Parameters
    ----------
    n : int64. Samples.

    Returns
    -------
    tuple
        item, replicate uint64[TILE], words uint64[4, TILE], trait int64[TILE], norm float64[TILE],
        row float32[n].
    """
    return (
        np.zeros(TILE, np.uint64), np.zeros(TILE, np.uint64), np.zeros((4, TILE), np.uint64),
        np.zeros(TILE, np.int64), np.zeros(TILE), np.zeros(n, np.float32),
    )  # fmt: skip


@kernel
def place_segment(s, at, first, n_columns, search, segments):
    """Write down what the columns of one segment share.

    Parameters
    ----------
    s, at, first, n_columns : int64. Segment, its first lane, its first column among all of the
        call, and how many it has.
    search : from `group_model`.
    segments : from `make_block`. Segment s is overwritten.
    """
    weight32, weight, eligible, sum_cell, basis, place = segments
    n_cells = search[2].shape[1]
    eligible[s] = search[1]
    sum_cell[s] = search[0]
    basis[s] = 0.0
    basis[s, :, : search[4].shape[1]] = search[4]
    for j in range(weight.shape[1]):
        weight32[j, s, 0] = 0.0 if eligible[s, j] else BARRED
        for g in range(weight.shape[2]):
            w = search[2][j, g] if g < n_cells else 0.0
            weight[s, j, g] = w
            weight32[j, s, g + 1] = w
    place[s, 0], place[s, 1], place[s, 2] = at, n_columns, first
    place[s, 3], place[s, 4] = search[6], search[7]
    place[s, 5] = at + (n_columns + LANES - 1) // LANES * LANES


@kernel
def place_columns(at, first, n_columns, z, traits, replicates, cells, sum_cell, columns, scratch):
    """Permute traits within the cells of the loci already chosen and lay them side by side.

    Parameters
    ----------
    at, first, n_columns : as in `place_segment`.
    z : float64[T, n]. Residuals of all traits of the call.
    traits : the tuple (item uint64[T], base float64[T], scale float64[T, G]).
    replicates : the tuple (B1, key uint64), the key folded with the cells. Column c is replicate
        c % B1 of trait c // B1; replicate 0 is as observed.
    cells : the tuple (cell, members, start) from `group_model`.
    sum_cell : int64[n].
    columns : from `make_block`. Lanes from `at` on are overwritten, up to a multiple of LANES.
    scratch : from `shuffle_scratch`. Overwritten.
    """
    item, base, scale = traits
    n_per_trait, key = replicates
    _, members, start = cells
    y, scale32, order = columns
    lane_item, lane_replicate, words, trait, norm, row = scratch
    first_of_cell = sum_cell * TILE
    if y.shape[2] > TILE:
        for a in range(at, at + n_columns, LANES):
            for k in range(z.shape[1]):
                for g in range(a % TILE, y.shape[2], TILE):
                    y[a // TILE, k, g : g + LANES] = np.float32(0.0)
    done = 0
    while done < n_columns:  # as far as each tile goes
        tile, column = divmod(at + done, TILE)
        width = min(TILE - column, n_columns - done)
        for c in range(width):
            t, b = divmod(first + done + c, n_per_trait)
            trait[c] = t
            lane_item[c] = item[t]
            lane_replicate[c] = np.uint64(b)
            # Unit sum of squares: float32 neither overflows nor underflows whatever the units.
            norm[c] = 1.0 / np.sqrt(base[t]) if base[t] > 0.0 else 0.0
            for g in range(scale.shape[1]):
                scale32[tile, g * TILE + column + c] = scale[t, g] / scale[t].max()
        own = order[at + done : at + done + width]
        shuffle_lanes(key, lane_item, lane_replicate, members, start, words, own)
        lay_out(z, trait, norm, own, first_of_cell, column, row, y[tile])
        done += width


@kernel
def search_block(n_segments, coding, mode, columns, segments, found):
    """Best locus of every column of a block, in float32.

    Parameters
    ----------
    n_segments : int64. Segments in use.
    coding : the tuple (restart, offset, sample, sign, code) of J loci; sign float32.
    mode : int. FULL, ADDITIVE or INTERACTION.
    columns, segments : from `make_block`, filled.
    found : from `make_block`. Overwritten.

    Notes
    -----
    S_g(j) = S_g(j-1) + changes. What is best is kept without a branch, all in float32: a count or
    a locus of 64 bits would halve the vectors.
    """
    restart, offset, sample, sign, _ = coding
    y, scale, _ = columns
    weight32, place = segments[0], segments[5]
    best, locus, second = found
    segment = np.zeros((y.shape[0], TILE // LANES), np.int64)
    for s in range(n_segments):
        for at in range(place[s, 0], place[s, 5], LANES):
            segment[at // TILE, at % TILE // LANES] = s
    sums = np.zeros(y.shape[2], np.float32)
    gain = np.zeros(TILE, np.float32)
    cross = np.zeros(LANES, np.float32)
    spread = np.zeros(LANES, np.float32)
    n_cells = y.shape[2] // TILE
    for i in range((place[n_segments - 1, 5] + TILE - 1) // TILE):
        own, best_i, locus_i, second_i = segment[i], best[i], locus[i], second[i]
        if mode == FULL and n_cells == 1:
            search_one_cell(
                restart, offset, sample, sign, weight32, own, y[i], sums, best_i, locus_i, second_i
            )  # fmt: skip
            continue
        if mode == FULL and n_cells == 2:
            search_two_cells(
                restart, offset, sample, sign, weight32, own, y[i], sums, best_i, locus_i, second_i
            )  # fmt: skip
            continue
        y_i, scale_i = y[i], scale[i]
        best_i[:] = np.float32(-1.0)
        locus_i[:] = np.float32(-1.0)
        second_i[:] = np.float32(-1.0)
        for j in range(restart.shape[0]):
            if restart[j]:
                sums[:] = np.float32(0.0)
            add_changes(sums, y_i, sample, sign, offset[j], offset[j + 1])
            if mode == FULL:
                full_gains(j, sums, weight32, own, gain)
            else:
                additive_gains(
                    j, sums, weight32, own, scale_i, cross, spread, mode == ADDITIVE, gain
                )  # fmt: skip
            keep_best(j, gain, best_i, locus_i, second_i)


@kernel
def settle_block(n_segments, z, traits, n_per_trait, coding, mode, margin, block, out):
    """Decide and report every column of a block in float64.

    Parameters
    ----------
    n_segments : int64. Segments in use.
    z, traits, n_per_trait : as in `place_columns`.
    coding : the tuple (restart, offset, sample, sign, code), sign float64.
    mode : int.
    margin : float32. Relative difference of gains that float32 cannot be trusted with.
    block : the tuple (columns, segments, found), searched.
    out : the tuple (f float64[T, B1], locus int64[T], after float64[T]). The rows of the block's
        columns are overwritten: F of the best locus, NaN where no locus is eligible or nothing is
        left to explain; for the data as observed that locus, -1 where none, and the residual sum
        of squares with it.
    """
    (_, _, order), segments, (best, found, second) = block
    _, weight, eligible, sum_cell, basis, place = segments
    _, base, scale = traits
    f, locus, after = out
    least = np.float32(1.0) - margin
    sums = np.zeros(weight.shape[2])
    split = np.zeros(0, np.bool_)  # not looked at by what decides
    for s in range(n_segments):
        search = (
            sum_cell[s], eligible[s], weight[s], split, basis[s], mode, place[s, 3], place[s, 4]
        )  # fmt: skip
        for c in range(place[s, 1]):
            t, b = divmod(place[s, 2] + c, n_per_trait)
            lane = place[s, 0] + c
            at = (lane // TILE, lane % TILE)
            j = np.int64(found[at]) if base[t] > 0.0 else -1
            f[t, b] = np.nan
            rest = np.nan
            if j >= 0:
                if second[at] >= best[at] * least:
                    j = decide(z[t], order[lane], base[t], coding, search, scale[t])
                gain = 0.0
                if mode == FULL:
                    gain = full_gain(
                        z, t, order, lane, coding[4], j, sum_cell, s, weight, sums
                    )  # fmt: skip
                rest = base[t] - gain
                if mode != FULL or rest < 1e-3 * base[t]:
                    f[t, b], rest = statistic(
                        z[t], order[lane], base[t], coding, j, search, scale[t]
                    )  # fmt: skip
                else:
                    f[t, b] = (gain / place[s, 3]) / (rest / place[s, 4])
            if b == 0:
                locus[t] = j
                after[t] = rest


@kernel
def full_gain(z, t, order, lane, code, j, sum_cell, s, weight, sums):
    """Gain of one locus for one column, as `crossmap.kernels.sequential.locus_gain` has it.

    Parameters
    ----------
    z : float64[T, n]; t : int64. The trait.
    order : int32[W, n]; lane : int64. The column.
    code : uint8[J, n]; j : int64. The locus.
    sum_cell : int64[S, n]; weight : float64[S, J, G]; s : int64. The segment.
    sums : float64[G]. Overwritten.

    Returns
    -------
    float64

    Notes
    -----
    Whole arrays and numbers of rows: counting the references to rows took a tenth of a search.
    """
    n_cells = sums.shape[0]
    if n_cells == 1:  # a sum in a register
        total = 0.0
        for k in range(z.shape[1]):
            total += z[t, order[lane, k]] * code[j, k]
        sums[0] = total
    else:
        sums[:] = 0.0
        for k in range(z.shape[1]):
            sums[sum_cell[s, k]] += z[t, order[lane, k]] * code[j, k]
    gain = 0.0
    for g in range(n_cells):
        if weight[s, j, g] > 0.0:
            gain += sums[g] * sums[g] * weight[s, j, g]
    return gain
