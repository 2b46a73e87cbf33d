"""Permutations from a counter-based generator: a shuffle is a pure function of its key.

Philox4x32-10 of Salmon, Moraes, Dror & Shaw (2011) "Parallel random numbers: as easy as 1, 2, 3",
SC'11. A numpy SeedSequence per trait and permutation would cost more than the scan.
"""

import numpy as np

from crossmap.kernels._numba import kernel

_M0 = np.uint64(0xD2511F53)
_M1 = np.uint64(0xCD9E8D57)
_W0 = np.uint64(0x9E3779B9)
_W1 = np.uint64(0xBB67AE85)
_LOW = np.uint64(0xFFFFFFFF)
_32 = np.uint64(32)
_33 = np.uint64(33)
_MIX0 = np.uint64(0xFF51AFD7ED558CCD)
_MIX1 = np.uint64(0xC4CEB9FE1A85EC53)


@kernel
def philox4x32(counter0, counter1, counter2, counter3, key0, key1, out):
    """Ten rounds of Philox4x32.

    Parameters
    ----------
    counter0, counter1, counter2, counter3, key0, key1 : uint64 scalars below 2**32.
    out : uint64[4]. Overwritten with four random words below 2**32.

    Notes
    -----
    Source: Salmon et al. (2011), section 3; checked against Random123's known answers.
    """
    for _ in range(10):
        product0 = _M0 * counter0
        product1 = _M1 * counter2
        counter0 = (product1 >> _32) ^ counter1 ^ key0
        counter2 = (product0 >> _32) ^ counter3 ^ key1
        counter1 = product1 & _LOW
        counter3 = product0 & _LOW
        key0 = (key0 + _W0) & _LOW
        key1 = (key1 + _W1) & _LOW
    out[0] = counter0
    out[1] = counter1
    out[2] = counter2
    out[3] = counter3


@kernel
def fold_cells(key, cell):
    """Fold a partition of the samples into a key.

    Parameters
    ----------
    key : uint64. What the shuffles belong to so far.
    cell : int64[n]. Cell of each sample, numbered by first appearance.

    Returns
    -------
    uint64

    Notes
    -----
    The 64-bit finaliser of MurmurHash3 (Appleby 2011, public domain) after every sample.
    """
    for k in range(cell.shape[0]):
        key ^= np.uint64(cell[k] + 1)
        key ^= key >> _33
        key *= _MIX0
        key ^= key >> _33
        key *= _MIX1
        key ^= key >> _33
    return key


@kernel
def shuffle_within_cells(key, item, replicate, members, cell_start, word, order):
    """Permutation of samples that moves none out of its cell.

    Parameters
    ----------
    key : uint64. What seed, stage and partition the shuffle belongs to.
    item : uint64. Which trait (0 where all traits share the permutation).
    replicate : uint64, below 2**32. Which permutation, b.
    members : int64[n]. Samples, cell by cell, in sample order within a cell.
    cell_start : int64[n_cells + 1]. Where each cell begins in `members`.
    word : uint64[4]. Scratch.
    order : int64[n]. Overwritten: sample k receives the value of sample order[k].

    Notes
    -----
    Fisher-Yates within each cell. A draw below m is the high word of (32 random bits) x m
    (Lemire 2019, ACM Trans Model Comput Simul 29:3) without rejection: with m < 2**12 no
    outcome's probability is off by more than one part in a million.
    """
    n_cells = cell_start.shape[0] - 1
    block = np.uint64(0)
    used = 4
    for g in range(n_cells):
        start = cell_start[g]
        stop = cell_start[g + 1]
        for i in range(start, stop):
            order[members[i]] = members[i]
        for i in range(stop - 1, start, -1):
            if used == 4:
                philox4x32(block, replicate, item & _LOW, item >> _32, key & _LOW, key >> _32, word)
                block += np.uint64(1)
                used = 0
            draw = (word[used] * np.uint64(i - start + 1)) >> _32
            used += 1
            a = members[i]
            b = members[start + np.int64(draw)]
            keep = order[a]
            order[a] = order[b]
            order[b] = keep


@kernel
def shuffle_rows(y, item, replicate, key, out):
    """Permute the samples of every trait, each trait its own way.

    Parameters
    ----------
    y : float64[T, n]. Traits.
    item : uint64[T]; replicate : uint64; key : uint64. As in `shuffle_within_cells`.
    out : float64[T, n]. Overwritten.
    """
    n_traits, n = y.shape
    members = np.arange(n)
    cell_start = np.array([0, n])
    word = np.zeros(4, np.uint64)
    order = np.zeros(n, np.int64)
    for t in range(n_traits):
        shuffle_within_cells(key, item[t], replicate, members, cell_start, word, order)
        for k in range(n):
            out[t, k] = y[t, order[k]]
