"""Many permutations at once: the shuffles of `philox`, side by side."""

import numpy as np

from crossmap.kernels._numba import kernel, row_kernel
from crossmap.kernels.philox import _LOW, _M0, _M1, _W0, _W1, _32

WORDS_TOGETHER = 16
"""Counters are enciphered in multiples of so many: whole vector instructions."""


@row_kernel
def philox_lanes(block, replicate, item, key, words, n_lanes):
    """Ten rounds of Philox4x32 in every lane.

    Parameters
    ----------
    block : uint64. Counter common to all lanes.
    replicate : uint64[C], below 2**32; item : uint64[C]. Counters of the lanes.
    key : uint64.
    words : uint64[4, C]. The first `n_lanes` columns are overwritten with random words below 2**32.
    n_lanes : int64. Lanes in use.

    Notes
    -----
    The same words as `crossmap.kernels.philox.philox4x32`. Ten rounds of a constant number unroll,
    so that the loop over lanes becomes one of vectors that never leave the registers.
    """
    start = block & _LOW
    for c in range(n_lanes):
        x0, x1, x2, x3 = start, replicate[c] & _LOW, item[c] & _LOW, item[c] >> _32
        key0, key1 = key & _LOW, key >> _32
        for _ in range(10):
            product0 = _M0 * x0
            product1 = _M1 * x2
            x0 = (product1 >> _32) ^ x1 ^ key0
            x2 = (product0 >> _32) ^ x3 ^ key1
            x1 = product1 & _LOW
            x3 = product0 & _LOW
            key0 = (key0 + _W0) & _LOW
            key1 = (key1 + _W1) & _LOW
        words[0, c], words[1, c], words[2, c], words[3, c] = x0, x1, x2, x3


@kernel
def shuffle_lanes(key, item, replicate, members, cell_start, words, order):
    """Permute samples within cells, every lane its own way.

    Parameters
    ----------
    key : uint64; item, replicate : uint64[C]. As in
        `crossmap.kernels.philox.shuffle_within_cells`; replicate 0 leaves a lane as it is. C is a
        multiple of WORDS_TOGETHER.
    members, cell_start : as there.
    words : uint64[4, C]. Scratch.
    order : int32[c, n], c at most C. Overwritten: in lane c sample k receives the value of sample
        order[c, k].
    """
    n_lanes, n = order.shape
    # Unsigned, since every index that may be negative is looked at twice.
    who = members.astype(np.uint64)
    together = (n_lanes + WORDS_TOGETHER - 1) // WORDS_TOGETHER * WORDS_TOGETHER
    for c in range(n_lanes):
        for k in range(n):
            order[c, k] = k
    block = np.uint64(0)
    used = 4
    for g in range(cell_start.shape[0] - 1):
        own = who[cell_start[g] : cell_start[g + 1]]
        for i in range(own.shape[0] - 1, 0, -1):
            if used == 4:
                philox_lanes(block, replicate, item, key, words, together)
                block += np.uint64(1)
                used = 0
            m = np.uint64(i + 1)
            a = own[i]
            for c in range(n_lanes):
                b = own[(words[used, c] * m) >> _32]
                keep = order[c, a]
                order[c, a] = order[c, b]
                order[c, b] = keep
            used += 1
    for c in range(n_lanes):
        if replicate[c] == 0:
            for k in range(n):
                order[c, k] = k


@row_kernel
def lay_out(z, trait, norm, order, first, column, row, y):
    """Lay shuffled traits side by side, each of unit sum of squares.

    Parameters
    ----------
    z : float64[T, n]; trait : int64[c or more]. The trait of every lane.
    norm : float64[c or more]. What it is multiplied by.
    order : int32[c, n]. From `shuffle_lanes`.
    first : int64[n]. Where in a row of y the columns of the sample's cell begin.
    column : int64. Where among them lane 0 goes.
    row : float32[n]. Scratch.
    y : float32[n, W]. Sample k of lane c goes to y[k, first[k] + column + c].
    """
    last = -1
    n = row.shape[0]
    for c in range(order.shape[0]):
        if trait[c] != last:
            last = trait[c]
            for k in range(n):
                row[k] = z[last, k] * norm[c]
        for k in range(n):
            y[k, first[k] + column + c] = row[order[c, k]]
