"""All tests past a fixed threshold, the samples of all traits permuted alike."""

import numpy as np

from crossmap.kernels._numba import kernel
from crossmap.kernels.tile_search import CHUNK, TILE, tile_gains


@kernel
def exact_r2(z, base, t, code, j, weight, order):
    """Share of a permuted trait's sum of squares that a locus takes, in float64.

    Parameters
    ----------
    z, base, t : float64[T, n], float64[T], int. Traits less their means; sums of squares; which.
    code, j : uint8[J, n], int. The locus.
    weight : float64[J]. 1/v, v = n_1 n_0 / n.
    order : int64[n]. Sample k has the value of sample order[k].

    Returns
    -------
    float64
    """
    total = 0.0
    for k in range(z.shape[1]):
        total += z[t, order[k]] * code[j, k]
    return total * total * weight[j] / base[t]


@kernel
def passing_tests(blocks, traits, order, coding, weights, limits, scratch, found):
    """Find the tests whose share of variance reaches a threshold.

    Parameters
    ----------
    blocks : float32[B, n, TILE]. The traits side by side, each of unit sum of squares; 0 beyond
        the last and for a trait that does not vary.
    traits : the tuple (z float64[T, n], base float64[T]). Traits less their means, sums of squares.
    order : int64[n]. Sample k has the value of sample order[k], in every trait.
    coding : the tuple (restart, offset, sample, sign, code) of J loci; sign float32.
    weights : the tuple (float32[J], float64[J]). 1/v of every locus.
    limits : the tuple (least float64, bound float32). Smallest share that passes; what float32 may
        leave of it.
    scratch : the tuple (moved int64[E], gains float32[J, TILE], largest
        float32[ceil(J / CHUNK), TILE], best float32[TILE]). Overwritten.
    found : the tuple (trait int32[N], locus int32[N], r2 float64[N]). Overwritten as far as needed.

    Returns
    -------
    int64
        Number of tests that pass; if it is above N, only the first N were recorded.

    Notes
    -----
    Where all traits are permuted alike, the changes of the loci are permuted instead, once: the
    traits stay where they are, and a permutation costs what a scan costs.
    """
    z, base = traits
    restart, offset, sample, sign, code = coding
    least, bound = limits
    moved, gains, largest, best = scratch
    out_trait, out_locus, out_r2 = found
    n_loci = code.shape[0]
    for e in range(sample.shape[0]):
        moved[e] = order[sample[e]]
    sums, top = np.zeros(TILE, np.float32), np.zeros(TILE, np.float32)
    n_found = 0
    for b in range(blocks.shape[0]):
        tile_gains(
            restart, offset, moved, sign, weights[0], blocks[b], sums, top, gains, largest, best
        )  # fmt: skip
        for c in range(min(TILE, z.shape[0] - b * TILE)):
            t = b * TILE + c
            if best[c] < bound or base[t] == 0.0:
                continue
            for chunk in range(largest.shape[0]):
                if largest[chunk, c] < bound:
                    continue
                for j in range(chunk * CHUNK, min((chunk + 1) * CHUNK, n_loci)):
                    if gains[j, c] < bound:
                        continue
                    r2 = exact_r2(z, base, t, code, j, weights[1], order)
                    if r2 >= least:
                        if n_found < out_trait.shape[0]:
                            out_trait[n_found] = t
                            out_locus[n_found] = j
                            out_r2[n_found] = r2
                        n_found += 1
    return n_found
