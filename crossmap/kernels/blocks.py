"""Blocks of columns (traits and permutations) whose next locus is searched for at one time.

A block holds segments: runs of columns of one group of traits, which share the loci already chosen
and so the cells, the weights and the loci that may enter. On yeast a thousand groups of six traits
would each pay for loops of 36 columns; side by side they share loops of 512.
"""

import numpy as np

from crossmap.kernels._numba import kernel, row_kernel
from crossmap.kernels.philox import shuffle_within_cells
from crossmap.kernels.sequential import LEAST_LEFT, decide, statistic
from crossmap.kernels.shuffles import LANES as SHUFFLES
from crossmap.kernels.shuffles import MOST_SAMPLES, shuffle_lanes
from crossmap.kernels.stages import ADDITIVE, FULL

LANES = 16
"""Columns that one vector instruction handles at most; segments begin at multiples of it."""

BLOCK = 512
"""Columns of a block at most."""

BLOCK_BYTES = 2**19
"""Size of a block's columns at most: half of a common second-level cache."""

WEIGHT_BYTES = 2**26
"""Size of the weights of a block's segments at most."""

FEW = 16
"""Up to so many columns are shuffled one by one; more in lanes, which cost the same for 128."""


@kernel
def make_block(n, n_loci, n_cells, n_columns_basis):
    """Make the arrays of a block.

    Parameters
    ----------
    n, n_loci, n_cells : int64. Samples, J, G: cells summed over, at most.
    n_columns_basis : int64. Columns of an additive model before; 0 for none.

    Returns
    -------
    columns : the tuple (y float32[G, n + 1, W], scale float32[G, W], order int32[W, n])
        Traits side by side, each of sum of squares 1, cell by cell: y[g, k] is 0 where sample k
        is not of cell g; row n stays 0. c_g of every column, largest 1. Sample k of column c
        carries z[order[c, k]].
    segments : the tuple (weight32 float32[J, S, G + 1], weight float64[S, J, G],
        eligible bool[S, J], sum_cell int64[S, n], basis float64[S, n, P], place int64[S, 6])
        weight32 begins with 0, or -inf where a locus may not enter. place: first lane, columns,
        number of the first column among all of the call, df1, df2, and the first lane after.
    found : the tuple (best, locus, second float32[W / LANES, LANES])
        Largest gain, its locus, and the next largest gain.
    """
    width = BLOCK_BYTES // (4 * n_cells * (n + 1)) // LANES * LANES
    width = max(LANES, min(BLOCK, width))
    most = max(1, min(width // LANES, WEIGHT_BYTES // (n_loci * (12 * n_cells + 4))))
    columns = (
        np.zeros((n_cells, n + 1, width), np.float32),
        np.ones((n_cells, width), np.float32),
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
    shape = (width // LANES, LANES)
    found = (np.zeros(shape, np.float32), np.zeros(shape, np.float32), np.zeros(shape, np.float32))
    return columns, segments, found


@kernel
def shuffle_scratch(n):
    """Make what `place_columns` works with: lanes of `shuffle_lanes`, and one permutation.

    Parameters
    ----------
    n : int64. Samples.

    Returns
    -------
    tuple
        item, replicate uint64[128], words uint64[4, 128], order uint16[n, 128], one int64[n],
        trait int64[128].
    """
    return (
        np.zeros(SHUFFLES, np.uint64), np.zeros(SHUFFLES, np.uint64),
        np.zeros((4, SHUFFLES), np.uint64), np.zeros((n, SHUFFLES), np.uint16),
        np.zeros(n, np.int64), np.zeros(SHUFFLES, np.int64),
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
        weight32[j, s, 0] = 0.0 if eligible[s, j] else -np.inf
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
    lane_item, lane_replicate, words, lane_order, one, trait = scratch
    n = z.shape[1]
    stop = at + (n_columns + LANES - 1) // LANES * LANES
    y[:, :, at:stop] = np.float32(0.0)
    by_lanes = n_columns > FEW and n <= MOST_SAMPLES
    norm = np.zeros(SHUFFLES)
    for done in range(0, n_columns, SHUFFLES):
        width = min(SHUFFLES, n_columns - done)
        a = at + done
        for c in range(width):
            t, b = divmod(first + done + c, n_per_trait)
            trait[c] = t
            lane_item[c] = item[t]
            lane_replicate[c] = np.uint64(b)
            # Unit sum of squares: float32 neither overflows nor underflows whatever the units.
            norm[c] = 1.0 / np.sqrt(base[t]) if base[t] > 0.0 else 0.0
            for g in range(scale.shape[1]):
                scale32[g, a + c] = scale[t, g] / scale[t].max()
        if by_lanes:
            lanes = (width + LANES - 1) // LANES * LANES
            lane_replicate[width:lanes] = np.uint64(0)
            shuffle_lanes(key, lane_item, lane_replicate, members, start, words, lane_order, lanes)
            for c in range(width):
                for k in range(n):
                    order[a + c, k] = lane_order[k, c]
            for k in range(n):
                lay_out(z, trait[:width], lane_order[k], norm, y[sum_cell[k], k, a:stop])
            continue
        for c in range(width):
            for k in range(n):
                one[k] = k
            if lane_replicate[c] > 0:
                shuffle_within_cells(
                    key, lane_item[c], lane_replicate[c], members, start, words[0], one
                )
            for k in range(n):
                order[a + c, k] = one[k]
                y[sum_cell[k], k, a + c] = z[trait[c], one[k]] * norm[c]


@row_kernel
def lay_out(z, trait, order, norm, y):
    """Values of one sample for many columns.

    Parameters
    ----------
    z : float64[T, n]; trait : int64[C]; order : uint16[C or more]; norm : float64[C or more].
    y : float32[C or more]. The first C are overwritten with z[trait, order] norm.
    """
    for c in range(trait.shape[0]):
        y[c] = z[trait[c], order[c]] * norm[c]


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
    S_g(j) = S_g(j-1) + changes, four at a time. What is best is kept without a branch, all in
    float32: a count or a locus of 64 bits would halve the vectors.
    """
    restart, offset, sample, sign, _ = coding
    y, scale, _ = columns
    weight32, place = segments[0], segments[5]
    best, locus, second = found
    nothing = np.float32(0.0)
    used = place[n_segments - 1, 5]
    segment = np.zeros(used // LANES, np.int64)
    for s in range(n_segments):
        segment[place[s, 0] // LANES : place[s, 5] // LANES] = s
    n_cells = y.shape[0]
    sums = np.zeros((n_cells, used), np.float32)
    gain = np.zeros(used, np.float32)
    by_lanes = (n_cells, used // LANES, LANES)
    sums_by_lanes = sums.reshape(by_lanes)
    gain_by_lanes = gain.reshape(by_lanes[1:])
    scale_by_lanes = np.ascontiguousarray(scale[:, :used]).reshape(by_lanes)
    cross = np.zeros(LANES, np.float32)
    spread = np.zeros(LANES, np.float32)
    n_lanes = used // LANES
    best, locus, second = best[:n_lanes], locus[:n_lanes], second[:n_lanes]
    best[:] = np.float32(-1.0)
    locus[:] = np.float32(-1.0)
    second[:] = np.float32(-1.0)
    for j in range(restart.shape[0]):
        if restart[j]:
            sums[:] = nothing
        add_changes(sums, y, sample, sign, offset[j], offset[j + 1])
        if mode == FULL and n_cells <= 2:
            keep_best_of_two(j, sums_by_lanes, weight32, segment, best, locus, second)
            continue
        if mode == FULL:
            full_gains(j, sums_by_lanes, weight32, segment, gain_by_lanes)
        else:
            additive_gains(
                j, sums_by_lanes, weight32, segment, scale_by_lanes, cross, spread,
                mode == ADDITIVE, gain_by_lanes,
            )  # fmt: skip
        keep_best(j, gain_by_lanes, best, locus, second)


@row_kernel
def add_changes(sums, y, sample, sign, start, stop):
    """Let the samples that recombine before a locus change sides.

    Parameters
    ----------
    sums : float32[G, W]. Updated.
    y : float32[G, n + 1, W or more]. See `make_block`.
    sample : int64[...]; sign : float32[...]; start, stop : int64. Who, and where they stand.
    """
    nobody = y.shape[1] - 1
    nothing = np.float32(0.0)
    for e in range(start, stop, 4):
        k0, s0 = sample[e], sign[e]
        k1, s1 = (sample[e + 1], sign[e + 1]) if e + 1 < stop else (nobody, nothing)
        k2, s2 = (sample[e + 2], sign[e + 2]) if e + 2 < stop else (nobody, nothing)
        k3, s3 = (sample[e + 3], sign[e + 3]) if e + 3 < stop else (nobody, nothing)
        for g in range(sums.shape[0]):
            for t in range(sums.shape[1]):
                sums[g, t] += (s0 * y[g, k0, t] + s1 * y[g, k1, t]) + (
                    s2 * y[g, k2, t] + s3 * y[g, k3, t]
                )


@row_kernel
def full_gains(j, sums, weight, segment, gain):
    """sum_g S_g^2/v_g, segment by segment.

    Parameters
    ----------
    j : int64. The locus.
    sums : float32[G, W / LANES, LANES]; weight : float32[J, S, G + 1]. See `make_block`.
    segment : int64[W / LANES]. Segment of every vector of columns.
    gain : float32[W / LANES, LANES]. Overwritten.
    """
    for lane in range(gain.shape[0]):
        s = segment[lane]
        v, extra = weight[j, s, 1], weight[j, s, 0]
        for t in range(LANES):
            gain[lane, t] = extra + sums[0, lane, t] * sums[0, lane, t] * v
        for g in range(1, sums.shape[0]):
            v = weight[j, s, g + 1]
            for t in range(LANES):
                gain[lane, t] += sums[g, lane, t] * sums[g, lane, t] * v


@row_kernel
def additive_gains(j, sums, weight, segment, scale, cross, spread, alone, gain):
    """(sum_g c_g S_g)^2 / sum_g c_g^2 v_g, or what the full model gains beyond it.

    Parameters
    ----------
    j, sums, weight, segment : as in `full_gains`; scale : as sums.
    cross, spread : float32[LANES]. Scratch.
    alone : bool. The additive gain; else the interaction's over what the full model leaves.
    gain : float32[W / LANES, LANES]. Overwritten.
    """
    one = np.float32(1.0)
    zero = np.float32(0.0)
    tiny = np.float32(1e-30)
    least_left = np.float32(LEAST_LEFT)
    for lane in range(gain.shape[0]):
        s = segment[lane]
        for t in range(LANES):
            gain[lane, t] = zero
            cross[t] = zero
            spread[t] = zero
        for g in range(sums.shape[0]):
            w = weight[j, s, g + 1]
            if w > zero:
                v = one / w
                for t in range(LANES):
                    gain[lane, t] += sums[g, lane, t] * sums[g, lane, t] * w
                    cross[t] += scale[g, lane, t] * sums[g, lane, t]
                    spread[t] += scale[g, lane, t] * scale[g, lane, t] * v
        for t in range(LANES):
            additive = cross[t] * cross[t] / max(spread[t], tiny)
            left = max(one - gain[lane, t], least_left)
            rank = additive if alone else (gain[lane, t] - additive) / left
            gain[lane, t] = weight[j, s, 0] + rank


@row_kernel
def keep_best(j, gain, best, locus, second):
    """Keep the largest gain, where it was, and the next largest.

    Parameters
    ----------
    j : int64. The locus, larger than those before; float32 holds it exactly below 2^24.
    gain : float32[W / LANES, LANES].
    best, locus, second : float32[W / LANES, LANES]. Updated; equal gains leave the first.
    """
    here = np.float32(j)
    none = np.float32(-1.0)
    for lane in range(gain.shape[0]):
        for t in range(LANES):
            g = gain[lane, t]
            b = best[lane, t]
            # As a maximum: a store of some lanes alone costs as much as all of this.
            locus[lane, t] = max(locus[lane, t], here if g > b else none)
            second[lane, t] = max(second[lane, t], min(g, b))
            best[lane, t] = max(b, g)


@row_kernel
def keep_best_of_two(j, sums, weight, segment, best, locus, second):
    """Do what `full_gains` and `keep_best` do for one or two cells, in one pass.

    Parameters
    ----------
    j, sums, weight, segment : as in `full_gains`.
    best, locus, second : float32[W / LANES, LANES]. Updated.
    """
    here = np.float32(j)
    none = np.float32(-1.0)
    n_cells = sums.shape[0]
    for lane in range(best.shape[0]):
        s = segment[lane]
        extra, v = weight[j, s, 0], weight[j, s, 1]
        w = weight[j, s, 2] if n_cells > 1 else np.float32(0.0)
        for t in range(LANES):
            a = sums[0, lane, t]
            c = sums[n_cells - 1, lane, t]
            g = extra + (a * a * v + c * c * w)
            b = best[lane, t]
            locus[lane, t] = max(locus[lane, t], here if g > b else none)
            second[lane, t] = max(second[lane, t], min(g, b))
            best[lane, t] = max(b, g)


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
    split = np.zeros(0, np.bool_)  # not looked at by what decides
    for s in range(n_segments):
        search = (
            sum_cell[s], eligible[s], weight[s], split, basis[s], mode, place[s, 3], place[s, 4]
        )  # fmt: skip
        for c in range(place[s, 1]):
            t, b = divmod(place[s, 2] + c, n_per_trait)
            lane = place[s, 0] + c
            at = (lane // LANES, lane % LANES)
            j = np.int64(found[at]) if base[t] > 0.0 else -1
            f[t, b] = np.nan
            rest = np.nan
            if j >= 0:
                if second[at] >= best[at] * least:
                    j = decide(z[t], order[lane], base[t], coding, search, scale[t])
                f[t, b], rest = statistic(z[t], order[lane], base[t], coding, j, search, scale[t])
            if b == 0:
                locus[t] = j
                after[t] = rest
