"""Tiles of pairs of loci: what changes from pair to pair, and the weights, for all traits."""

import numpy as np

from crossmap.kernels._numba import kernel

TILE_I, TILE_J = 64, 16
"""Loci and partners of a tile: its sums stay in the nearest cache."""


@kernel
def tile_lists(tile, ranges, min_cell, n1, coding, lists):
    """Prepare one tile of pairs: what changes from pair to pair, and the weights.

    Parameters
    ----------
    tile : the tuple (i0, i1, j0, j1) of int64. First loci i0 <= i < i1, partners j0 <= j < j1.
    ranges : int64[J, 3]. Pairs of locus i are ranges[i, 1] <= j < ranges[i, 2].
    min_cell : int64, 1 or more. Fewest samples in each of the four cells.
    n1 : int64[J]. Samples in class 1.
    coding : the tuple (restart, offset, sample, sign float32, code).
    lists : the tuple (entry int64[TILE_I * TILE_J + 1], sample int64[...], sign float32[...],
        weight float32[TILE_I * TILE_J, 5], eligible bool[TILE_I * TILE_J], step float32[n],
        n11 int64[TILE_J]). Overwritten: what enters the difference of pair p = (i - i0) TILE_J
        + j - j0 stands at entry[p]:entry[p + 1]; weight holds W, p, q, r, c of `scan_tile`.

    Returns
    -------
    int64
        Eligible pairs.

    Notes
    -----
    Let S(i, j) be the sum of y over class 1 of both loci, D(i, j) = S(i, j) - S(i - 1, j). Then
    D(i, j) - D(i, j - 1) runs over the samples that recombine both between i - 1 and i and
    between j - 1 and j, one pair in two having none on a dense map. At the first i of a tile or a
    chromosome S(i - 1, j) is 0, and all of class 1 of i counts as recombinant; so for j.
    The lists depend on genotypes alone, so they are made once for all blocks of traits.
    """
    restart, offset, sample, sign, code = coding
    i0, i1, j0, j1 = tile
    entry, entry_sample, entry_sign, weight, eligible, step, n11 = lists
    n = code.shape[1]
    used = 0
    n_pairs = 0
    for i in range(i0, i1):
        fresh = i == i0 or restart[i]
        step[:] = np.float32(0.0)
        if fresh:
            n11[:] = 0
            for k in range(n):
                step[k] = code[i, k]
        else:
            for e in range(offset[i], offset[i + 1]):
                step[sample[e]] = sign[e]
        spread = n1[i] * (n - n1[i]) / n
        change = 0
        for j in range(j0, j1):
            pair = (i - i0) * TILE_J + j - j0
            entry[pair] = used
            if j == j0 and not restart[j]:
                for k in range(n):
                    # Written whether kept or not: a branch that is taken at random costs more.
                    entry_sample[used] = k
                    entry_sign[used] = step[k]
                    kept = np.int64(step[k] != 0.0) * code[j, k]
                    used += kept
                    change += kept * np.int64(step[k])
            else:
                change = 0 if restart[j] else change
                for e in range(offset[j], offset[j + 1]):
                    both = sign[e] * step[sample[e]]
                    entry_sample[used] = sample[e]
                    entry_sign[used] = both
                    used += np.int64(both != 0.0)
                    change += np.int64(both)
            n11[j - j0] += change
            eligible[pair] = ranges[i, 1] <= j < ranges[i, 2] and pair_weights(
                n11[j - j0], n1[i], n1[j], n, spread, min_cell, weight[pair]
            )
            n_pairs += eligible[pair]
        entry[(i - i0) * TILE_J + j1 - j0] = used
    return n_pairs


@kernel
def pair_weights(n11, n1_i, n1_j, n, spread, min_cell, weight):
    """Weights of one pair, if it is eligible.

    Parameters
    ----------
    n11, n1_i, n1_j, n, min_cell : int64. Samples in class 1 of both, of either, and all.
    spread : float64. n1_i (n - n1_i) / n.
    weight : float32[5]. Overwritten with W, p, q, r, c of `scan_tile` if the pair is eligible.

    Returns
    -------
    bool
    """
    n10 = n1_i - n11
    n01 = n1_j - n11
    n00 = n - n1_i - n01
    if min(min(n11, n10), min(n01, n00)) < min_cell:
        return False
    w10, w01, w00 = 1.0 / n10, 1.0 / n01, 1.0 / n00
    w = 1.0 / n11 + w10 + w01 + w00
    cov = n11 - n1_i * n1_j / n
    slope = cov / spread
    weight[0] = w
    weight[1] = (w10 + w00) / w
    weight[2] = (w01 + w00) / w
    weight[3] = 1.0 / (n1_j * (n - n1_j) / n - cov * slope)
    weight[4] = slope
    return True
