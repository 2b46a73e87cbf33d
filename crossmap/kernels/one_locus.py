"""Gains of all loci for columns side by side, where each locus has one feature and one cell."""

import numpy as np

from crossmap.kernels._numba import kernel, search_kernel
from crossmap.kernels.shuffles import LANES

CHUNK = 32
"""Loci of which the largest gain is kept: where it is, only those few are looked through."""


@search_kernel
def column_gains(y, coding, weight, gains, largest, best):
    """Gain of every locus for every column, in float32.

    Parameters
    ----------
    y : float32[n, LANES]. Columns side by side: residuals, sum of squares 1.
    coding : the tuple (restart, offset, sample, sign, code) of J loci; sign float32.
    weight : float32[J]. 1/v; 0 for a locus that may not be chosen.
    gains : float32[J, LANES]. Overwritten.
    largest : float32[ceil(J / CHUNK), LANES]. Overwritten: largest gain of every chunk.
    best : float32[LANES]. Overwritten: largest gain.

    Notes
    -----
    S(j) = S(j-1) + changes; the last one to three changes of a locus enter in the pass that makes
    the gains: passes over memory are what costs.
    """
    restart, offset, sample, sign, _ = coding
    n_loci = weight.shape[0]
    zero = np.float32(0.0)
    sums = np.zeros(LANES, np.float32)
    top = np.zeros(LANES, np.float32)
    best[:] = zero
    for j in range(n_loci):
        if restart[j]:
            sums[:] = zero
        if j % CHUNK == 0:
            top[:] = zero
        e = offset[j]
        stop = offset[j + 1]
        while stop - e > 3:
            a, b, s, r = sample[e], sample[e + 1], sign[e], sign[e + 1]
            for t in range(LANES):
                sums[t] += s * y[a, t] + r * y[b, t]
            e += 2
        w = weight[j]
        left = stop - e
        if left == 1:
            a, s = sample[e], sign[e]
            for t in range(LANES):
                v = sums[t] + s * y[a, t]
                sums[t] = v
                g = v * v * w
                gains[j, t] = g
                top[t] = g if g > top[t] else top[t]
        elif left == 2:
            a, b, s, r = sample[e], sample[e + 1], sign[e], sign[e + 1]
            for t in range(LANES):
                v = sums[t] + (s * y[a, t] + r * y[b, t])
                sums[t] = v
                g = v * v * w
                gains[j, t] = g
                top[t] = g if g > top[t] else top[t]
        else:
            for i in range(e, stop):
                a, s = sample[i], sign[i]
                for t in range(LANES):
                    sums[t] += s * y[a, t]
            for t in range(LANES):
                g = sums[t] * sums[t] * w
                gains[j, t] = g
                top[t] = g if g > top[t] else top[t]
        if j % CHUNK == CHUNK - 1 or j == n_loci - 1:
            for t in range(LANES):
                largest[j // CHUNK, t] = top[t]
                best[t] = top[t] if top[t] > best[t] else best[t]


@kernel
def lay_out(z, first, n_per_trait, base, order, block):
    """Lay permuted traits side by side, each of unit sum of squares.

    Parameters
    ----------
    z : float64[T, n]; base : float64[T]. Residuals, and their sums of squares.
    first, n_per_trait : ints. Column c holds trait (first + c) // n_per_trait, where there is one.
    order : uint16[n, LANES]. From `shuffle_lanes`.
    block : float32[n, LANES]. Overwritten.
    """
    n_traits, n = z.shape
    trait = np.zeros(LANES, np.int64)
    norm = np.zeros(LANES)
    for c in range(LANES):
        t = (first + c) // n_per_trait
        if t < n_traits:
            trait[c] = t
            # Unit sum of squares: float32 neither overflows nor underflows whatever the units.
            norm[c] = 1.0 / np.sqrt(base[t]) if base[t] > 0.0 else 0.0
    for k in range(n):
        for c in range(LANES):
            block[k, c] = z[trait[c], order[k, c]] * norm[c]
