"""Many permutations at once: the shuffles of `philox`, one to a lane of vector instructions."""

import numpy as np

from crossmap.kernels._numba import kernel
from crossmap.kernels.philox import _LOW, _M0, _M1, _W0, _W1, _32

LANES = 128
"""Shuffles side by side."""

MOST_SAMPLES = 65_536
"""Samples that 16 bits number: half the cache that 32 would take."""


@kernel
def philox_lanes(block, replicate, item, key, words, n_lanes=LANES):
    """Ten rounds of Philox4x32 in every lane.

    Parameters
    ----------
    block : uint64. Counter common to all lanes.
    replicate : uint64[LANES], below 2**32; item : uint64[LANES]. Counters of the lanes.
    key : uint64.
    words : uint64[4, LANES]. Overwritten with random words below 2**32.
    n_lanes : int64. Lanes in use.

    Notes
    -----
    The same words as `crossmap.kernels.philox.philox4x32`; that function's loop over rounds is the
    outer one here, so that every round is one loop over lanes (0.3 ns a word instead of 7).
    """
    w0, w1, w2, w3 = words[0], words[1], words[2], words[3]
    for c in range(n_lanes):
        w0[c] = block & _LOW
        w1[c] = replicate[c] & _LOW
        w2[c] = item[c] & _LOW
        w3[c] = item[c] >> _32
    key0 = key & _LOW
    key1 = key >> _32
    for _ in range(10):
        for c in range(n_lanes):
            # Masked, so that the compiler sees factors of 32 bits.
            product0 = _M0 * (w0[c] & _LOW)
            product1 = _M1 * (w2[c] & _LOW)
            w0[c] = (product1 >> _32) ^ w1[c] ^ key0
            w2[c] = (product0 >> _32) ^ w3[c] ^ key1
            w1[c] = product1 & _LOW
            w3[c] = product0 & _LOW
        key0 = (key0 + _W0) & _LOW
        key1 = (key1 + _W1) & _LOW


@kernel
def shuffle_lanes(key, item, replicate, members, cell_start, words, order, n_lanes=LANES):
    """Permute samples within cells, every lane its own way.

    Parameters
    ----------
    key : uint64; item, replicate : uint64[LANES]. As in
        `crossmap.kernels.philox.shuffle_within_cells`; replicate 0 leaves a lane as it is.
    members, cell_start : as there.
    words : uint64[4, LANES]. Scratch.
    order : uint16[n, LANES]. Overwritten: in lane c sample k receives the value of sample
        order[k, c].
    n_lanes : int64. Lanes in use.
    """
    n = members.shape[0]
    for k in range(n):
        for c in range(n_lanes):
            order[k, c] = k
    block = np.uint64(0)
    used = 4
    for g in range(cell_start.shape[0] - 1):
        start = cell_start[g]
        for i in range(cell_start[g + 1] - 1, start, -1):
            if used == 4:
                philox_lanes(block, replicate, item, key, words, n_lanes)
                block += np.uint64(1)
                used = 0
            m = np.uint64(i - start + 1)
            a = members[i]
            for c in range(n_lanes):
                b = members[start + np.int64((words[used, c] * m) >> _32)]
                keep = order[a, c]
                order[a, c] = order[b, c]
                order[b, c] = keep
            used += 1
    for c in range(n_lanes):
        if replicate[c] == 0:
            for k in range(n):
                order[k, c] = k
