"""The walk over all loci for one tile of columns, in float32: sums, gains, and the best so far.

A tile is as wide as keeps four chains of additions going and no wider: with one or two cells its
sums and what is best so far stay in registers from the first locus to the last, and the traits of
a hundred samples in the first-level cache.
"""

from collections.abc import Callable

import numpy as np

from crossmap.kernels._numba import row_kernel
from crossmap.kernels.sequential import LEAST_LEFT

LANES = 16
"""Columns that one vector instruction handles at most; segments begin at multiples of it."""

TILE = 64
"""Columns of a tile."""

CHUNK = 32
"""Loci of which the largest gain is kept: where it is, only those few are looked through."""


def _search_few_cells(n_cells: int) -> Callable:
    """Make the kernel for tiles of one or two cells: loops of constant length, unlike other Gs."""
    width = n_cells * TILE

    @row_kernel
    def search_tile(restart, offset, sample, sign, weight, segment, y, sums, best, locus, second):
        """Best locus of every column under the full model: largest sum_g S_g^2/v_g.

        Parameters
        ----------
        restart, offset, sample, sign : from the coding of J loci; sign float32.
        weight : float32[J, S, G + 1]. 0, or BARRED where a locus may not enter; then 1/v_g.
        segment : int64[TILE / LANES]. Segment of every vector of columns.
        y : float32[n, G TILE]. Columns side by side, cell by cell.
        sums : float32[G TILE]. Scratch.
        best, locus, second : float32[TILE]. Overwritten: the largest gain, its locus (of equal
            gains the first; float32 holds it exactly below 2^24), and the next largest gain.
        """
        zero = np.float32(0.0)
        one = np.float32(1.0)
        sums[:] = zero
        best[:] = -one
        locus[:] = -one
        second[:] = -one
        for j in range(restart.shape[0]):
            # By a product, not by choice: what is stored at every locus can stay in a register.
            keep = zero if restart[j] else one
            for t in range(width):
                sums[t] = sums[t] * keep
            for e in range(offset[j], offset[j + 1]):
                k, s = sample[e], sign[e]
                for t in range(width):
                    sums[t] += s * y[k, t]
            here = np.float32(j)
            for lane in range(TILE // LANES):
                extra, v = weight[j, segment[lane], 0], weight[j, segment[lane], 1]
                w = weight[j, segment[lane], n_cells]
                for t in range(lane * LANES, (lane + 1) * LANES):
                    g = sums[t] * sums[t] * v
                    if n_cells == 2:
                        g += sums[TILE + t] * sums[TILE + t] * w
                    g += extra
                    b = best[t]
                    m = min(g, b)
                    is_best = one if g > b else zero
                    is_second = one if m > second[t] else zero
                    locus[t] += is_best * (here - locus[t])
                    second[t] += is_second * (m - second[t])
                    best[t] = max(b, g)

    return search_tile


@row_kernel
def tile_gains(restart, offset, sample, sign, weight, y, sums, top, gains, largest, best):
    """Gain of every locus for every column of a tile, one cell.

    Parameters
    ----------
    restart, offset, sample, sign : as in `search_one_cell`.
    weight : float32[J]. 1/v; 0 for a locus that may not be chosen.
    y : float32[n, TILE]. Columns side by side: residuals, sum of squares 1.
    sums, top : float32[TILE]. Scratch.
    gains : float32[J, TILE]. Overwritten.
    largest : float32[ceil(J / CHUNK), TILE]. Overwritten: largest gain of every chunk.
    best : float32[TILE]. Overwritten: largest gain.
    """
    zero = np.float32(0.0)
    one = np.float32(1.0)
    sums[:] = zero
    best[:] = zero
    n_loci = weight.shape[0]
    for chunk in range(largest.shape[0]):
        top[:] = zero
        for j in range(chunk * CHUNK, min((chunk + 1) * CHUNK, n_loci)):
            keep = zero if restart[j] else one
            for t in range(TILE):
                sums[t] = sums[t] * keep
            for e in range(offset[j], offset[j + 1]):
                k, s = sample[e], sign[e]
                for t in range(TILE):
                    sums[t] += s * y[k, t]
            w = weight[j]
            for t in range(TILE):
                g = sums[t] * sums[t] * w
                gains[j, t] = g
                top[t] = max(top[t], g)
        for t in range(TILE):
            largest[chunk, t] = top[t]
            best[t] = max(best[t], top[t])


search_one_cell = _search_few_cells(1)
search_two_cells = _search_few_cells(2)


@row_kernel
def add_changes(sums, y, sample, sign, start, stop):
    """Let the samples that recombine before a locus change sides.

    Parameters
    ----------
    sums : float32[W]. Updated.
    y : float32[n, W].
    sample : int64[...]; sign : float32[...]; start, stop : int64. Who, and where they stand.
    """
    for e in range(start, stop):
        k, s = sample[e], sign[e]
        for t in range(sums.shape[0]):
            sums[t] += s * y[k, t]


@row_kernel
def full_gains(j, sums, weight, segment, gain):
    """sum_g S_g^2/v_g of a tile, whatever the number of cells.

    Parameters
    ----------
    j : int64. The locus.
    sums : float32[G TILE]; weight, segment : as in `search_one_cell`.
    gain : float32[TILE]. Overwritten.
    """
    for lane in range(TILE // LANES):
        extra = weight[j, segment[lane], 0]
        for t in range(lane * LANES, (lane + 1) * LANES):
            gain[t] = extra
        for g in range(weight.shape[2] - 1):
            v = weight[j, segment[lane], g + 1]
            first = g * TILE
            for t in range(lane * LANES, (lane + 1) * LANES):
                gain[t] += sums[first + t] * sums[first + t] * v


@row_kernel
def additive_gains(j, sums, weight, segment, scale, cross, spread, alone, gain):
    """(sum_g c_g S_g)^2 / sum_g c_g^2 v_g of a tile, or what the full model gains beyond it.

    Parameters
    ----------
    j, sums, weight, segment : as in `full_gains`; scale : float32[G TILE]. c_g of every column.
    cross, spread : float32[LANES]. Scratch.
    alone : bool. The additive gain; else the interaction's over what the full model leaves.
    gain : float32[TILE]. Overwritten.
    """
    one = np.float32(1.0)
    zero = np.float32(0.0)
    tiny = np.float32(1e-30)
    least_left = np.float32(LEAST_LEFT)
    for lane in range(TILE // LANES):
        at = lane * LANES
        for t in range(LANES):
            gain[at + t] = zero
            cross[t] = zero
            spread[t] = zero
        for g in range(weight.shape[2] - 1):
            w = weight[j, segment[lane], g + 1]
            first = g * TILE + at
            if w > zero:
                v = one / w
                for t in range(LANES):
                    gain[at + t] += sums[first + t] * sums[first + t] * w
                    cross[t] += scale[first + t] * sums[first + t]
                    spread[t] += scale[first + t] * scale[first + t] * v
        for t in range(LANES):
            additive = cross[t] * cross[t] / max(spread[t], tiny)
            left = max(one - gain[at + t], least_left)
            rank = additive if alone else (gain[at + t] - additive) / left
            gain[at + t] = weight[j, segment[lane], 0] + rank


@row_kernel
def keep_best(j, gain, best, locus, second):
    """Keep the largest gain, where it was, and the next largest.

    Parameters
    ----------
    j : int64. The locus, larger than those before.
    gain : float32[TILE].
    best, locus, second : as in `search_one_cell`. Updated.
    """
    here = np.float32(j)
    zero = np.float32(0.0)
    one = np.float32(1.0)
    for t in range(TILE):
        g = gain[t]
        b = best[t]
        m = min(g, b)
        is_best = one if g > b else zero
        is_second = one if m > second[t] else zero
        locus[t] += is_best * (here - locus[t])
        second[t] += is_second * (m - second[t])
        best[t] = max(b, g)
