"""Loops over the columns of a block for one locus, in float32: sums, gains, and the best so far."""

import numpy as np

from crossmap.kernels._numba import row_kernel
from crossmap.kernels.sequential import LEAST_LEFT

LANES = 16
"""Columns that one vector instruction handles at most; segments begin at multiples of it."""


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
    zero = np.float32(0.0)
    one = np.float32(1.0)
    for lane in range(gain.shape[0]):
        for t in range(LANES):
            g = gain[lane, t]
            b = best[lane, t]
            # By products, not by choice: a store of some lanes alone costs as much as all of this.
            m = min(g, b)
            is_best = one if g > b else zero
            is_second = one if m > second[lane, t] else zero
            locus[lane, t] += is_best * (here - locus[lane, t])
            second[lane, t] += is_second * (m - second[lane, t])
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
    zero = np.float32(0.0)
    one = np.float32(1.0)
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
            m = min(g, b)
            is_best = one if g > b else zero
            is_second = one if m > second[lane, t] else zero
            locus[lane, t] += is_best * (here - locus[lane, t])
            second[lane, t] += is_second * (m - second[lane, t])
            best[lane, t] = max(b, g)


@row_kernel
def change_and_keep(j, sums, y, sample, sign, e, stop, weight, segment, best, locus, second):
    """Do what `add_changes` and `keep_best_of_two` do where there is one cell, in one pass.

    Parameters
    ----------
    j, weight, segment : as in `full_gains`.
    sums : float32[W / LANES, LANES]. Updated.
    y : float32[n + 1, W / LANES or more, LANES]. Row n is of zeros.
    sample, sign, e, stop : as in `add_changes`; at most four changes.
    best, locus, second : float32[W / LANES, LANES]. Updated.
    """
    nobody = y.shape[0] - 1
    nothing = np.float32(0.0)
    here = np.float32(j)
    zero = np.float32(0.0)
    one = np.float32(1.0)
    k0, s0 = (sample[e], sign[e]) if e < stop else (nobody, nothing)
    k1, s1 = (sample[e + 1], sign[e + 1]) if e + 1 < stop else (nobody, nothing)
    k2, s2 = (sample[e + 2], sign[e + 2]) if e + 2 < stop else (nobody, nothing)
    k3, s3 = (sample[e + 3], sign[e + 3]) if e + 3 < stop else (nobody, nothing)
    for lane in range(best.shape[0]):
        s = segment[lane]
        extra, v = weight[j, s, 0], weight[j, s, 1]
        for t in range(LANES):
            a = sums[lane, t] + (
                (s0 * y[k0, lane, t] + s1 * y[k1, lane, t])
                + (s2 * y[k2, lane, t] + s3 * y[k3, lane, t])
            )
            sums[lane, t] = a
            g = extra + a * a * v
            b = best[lane, t]
            m = min(g, b)
            is_best = one if g > b else zero
            is_second = one if m > second[lane, t] else zero
            locus[lane, t] += is_best * (here - locus[lane, t])
            second[lane, t] += is_second * (m - second[lane, t])
            best[lane, t] = max(b, g)
