"""Pairs of loci in float64: their statistics, and which of several is the best."""

import numpy as np

from crossmap.kernels._numba import kernel
from crossmap.kernels.regression import TIE
from crossmap.kernels.sequential import LEAST_LEFT
from crossmap.kernels.stages import EXACT_FIT

LINKAGE, EPISTASIS = 0, 1
"""Tests of a pair: full model against the mean, full against additive."""


@kernel
def pair_gains(z, order, code_i, code_j, sums, sizes):
    """Gains of one pair for one column, in float64, sums in the order of the samples.

    Parameters
    ----------
    z : float64[n]. Centred; order : int64[n], sample k carries z[order[k]].
    code_i, code_j : uint8[n].
    sums, sizes : float64[4]. Overwritten: sum and number of samples of cell 2 x_i + x_j.

    Returns
    -------
    full, interaction : float64
    """
    sums[:] = 0.0
    sizes[:] = 0.0
    for k in range(z.shape[0]):
        cell = 2 * code_i[k] + code_j[k]
        sums[cell] += z[order[k]]
        sizes[cell] += 1.0
    full = 0.0
    contrast = 0.0
    spread = 0.0
    for cell in range(4):
        if sizes[cell] > 0.0:
            mean = sums[cell] / sizes[cell]
            full += sums[cell] * mean
            contrast += mean if cell == 0 or cell == 3 else -mean
            spread += 1.0 / sizes[cell]
        else:
            spread = np.inf
    return full, contrast * contrast / spread


@kernel
def pair_statistic(z, order, base, code_i, code_j, test):
    """F of one pair for one column, in float64.

    Parameters
    ----------
    z, order, code_i, code_j : as in `pair_gains`; base : float64, sum of squares of z.
    test : int. LINKAGE (3 degrees of freedom) or EPISTASIS (1).

    Returns
    -------
    f, rank, after : float64
        F with n - 4 residual degrees of freedom (inf where only rounding remains), what it is
        ranked by, the residual sum of squares of the full model.
    """
    sums = np.zeros(4)
    sizes = np.zeros(4)
    full, interaction = pair_gains(z, order, code_i, code_j, sums, sizes)
    n = z.shape[0]
    after = base - full
    if after < 1e-3 * base:
        after = 0.0
        for k in range(n):
            cell = 2 * code_i[k] + code_j[k]
            rest = z[order[k]] - sums[cell] / sizes[cell]
            after += rest * rest
    gain = full / 3.0 if test == LINKAGE else interaction
    rank = full if test == LINKAGE else interaction / max(after, LEAST_LEFT * base)
    if after <= EXACT_FIT * base:
        return np.inf, rank, 0.0
    return gain / (after / (n - 4)), rank, after


@kernel
def decide_pair(z, order, base, code, kept, n_kept, test):
    """Best of the pairs that float32 could not tell apart; ties within `TIE` go to the first.

    Parameters
    ----------
    z, order, base, test : as in `pair_statistic`; code : uint8[J, n].
    kept : int64[N_KEPT]; n_kept : int64. Pairs i * J + j, in any order.

    Returns
    -------
    int64
        The pair.
    """
    n_loci = code.shape[0]
    rank = np.empty(n_kept)
    best = -1.0
    for p in range(n_kept):
        i, j = kept[p] // n_loci, kept[p] % n_loci
        _, rank[p], _ = pair_statistic(z, order, base, code[i], code[j], test)
        best = max(best, rank[p])
    first = n_loci * n_loci
    for p in range(n_kept):
        if rank[p] >= best * (1.0 - TIE):
            first = min(first, kept[p])
    return first


@kernel
def search_pairs(z, order, base, code, ranges, min_cell, test):
    """Best pair of one column by going through all of them in float64.

    Parameters
    ----------
    z, order, base, code, ranges, min_cell, test : as in `scan_block`, `pair_statistic`.

    Returns
    -------
    int64
        The pair i * J + j; the first of those within `TIE` of the best; -1 if none is eligible.

    Notes
    -----
    For columns with more ties than `scan_block` keeps (traits of few distinct values).
    """
    n_loci = code.shape[0]
    sums = np.zeros(4)
    sizes = np.zeros(4)
    best = -1.0
    found = -1
    for i in range(n_loci):
        for j in range(ranges[i, 1], ranges[i, 2]):
            full, interaction = pair_gains(z, order, code[i], code[j], sums, sizes)
            if sizes.min() < min_cell:
                continue
            rank = full
            if test == EPISTASIS:
                rank = interaction / max(base - full, LEAST_LEFT * base)
            if rank > best * (1.0 + TIE) or found < 0:
                best = rank
                found = i * n_loci + j
    return found
