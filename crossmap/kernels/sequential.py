"""Scans for the next locus given the cells of the loci already chosen, permutations included."""

import numpy as np

from crossmap.kernels._numba import kernel
from crossmap.kernels.regression import TIE
from crossmap.kernels.stages import (
    ADDITIVE,
    EXACT_FIT,
    FULL,
    INTERACTION,
)

LEAST_LEFT = 1e-6
"""Share of the sum of squares that a full model is taken to leave at least, while ranking."""


@kernel
def locus_gain(sums, weight, scale, mode):
    """Drop in the residual sum of squares when one locus enters.

    Parameters
    ----------
    sums : float64[G]. S_g, sum of z over the samples of class 1 in cell g.
    weight : float64[G]. 1/v_g with v_g = n_g1 n_g0/n_g; 0 where the cell is not split.
    scale : float64[G]. c_g: z is the trait's residual times c_g (1 unless variances are per cell).
    mode : int. FULL, ADDITIVE or INTERACTION.

    Returns
    -------
    gain : float64
        FULL sum_g S_g^2/v_g; ADDITIVE (sum_g c_g S_g)^2 / sum_g c_g^2 v_g; INTERACTION their
        difference.
    total : float64
        Drop with all that enters: the full gain where mode is INTERACTION, else `gain`.

    Notes
    -----
    With S_g and v_g of the raw trait and s_g^2 its variance in cell g, c_g = 1/s_g and
    sums[g] = S_g/s_g, so these are sum_g S_g^2/(v_g s_g^2) and
    (sum_g S_g/s_g^2)^2 / sum_g v_g/s_g^2.
    """
    full = 0.0
    cross = 0.0
    spread = 0.0
    for g in range(sums.shape[0]):
        if weight[g] > 0.0:
            full += sums[g] * sums[g] * weight[g]
            cross += scale[g] * sums[g]
            spread += scale[g] * scale[g] / weight[g]
    if mode == FULL:
        return full, full
    additive = cross * cross / spread if spread > 0.0 else 0.0
    if mode == ADDITIVE:
        return additive, additive
    return max(full - additive, 0.0), full


@kernel
def rank_by(gain, total, base, mode):
    """What is compared between loci of one trait: it orders them as their F does.

    Parameters
    ----------
    gain, total : float64. From `locus_gain`.
    base : float64. Residual sum of squares before.
    mode : int.

    Returns
    -------
    float64
        The gain; for an INTERACTION over what the full model leaves, since that differs by locus.
    """
    if mode == INTERACTION:
        return gain / max(base - total, LEAST_LEFT * base)
    return gain


@kernel
def locus_sums(z, order, code, sum_cell, sums):
    """Sum a permuted trait over the samples of class 1 in each cell, in the order of the samples.

    Parameters
    ----------
    z : float64[n]. Residuals; order : int[n], sample k carries z[order[k]].
    code : uint8[n]. Coded genotypes of the locus.
    sum_cell : int64[n]. Cell of each sample.
    sums : float64[G]. Overwritten.
    """
    sums[:] = 0.0
    for k in range(z.shape[0]):
        # A branch would be mispredicted half the time.
        sums[sum_cell[k]] += z[order[k]] * code[k]


@kernel
def decide(z, order, base, coding, search, scale):
    """Best locus of one column in float64; ties within `TIE` go to the first.

    Parameters
    ----------
    z, order : as in `locus_sums`; base : float64; scale : float64[G].
    coding : the tuple (restart, offset, sample, sign, code) of J loci.
    search : from `group_model`.

    Returns
    -------
    int64
        The locus, -1 if none is eligible.

    Notes
    -----
    Running sums find the loci within 1e-9 of the best; sums in the order of the samples decide
    among those, so the answer does not depend on the order of the loci before.
    """
    restart, offset, sample, sign, code = coding
    sum_cell, eligible, weight, _, _, mode, _, _ = search
    n_loci, n_cells = weight.shape
    rank = np.full(n_loci, -1.0)
    sums = np.zeros(n_cells)
    best = -1.0
    for j in range(n_loci):
        if restart[j]:
            sums[:] = 0.0
        for e in range(offset[j], offset[j + 1]):
            sums[sum_cell[sample[e]]] += sign[e] * z[order[sample[e]]]
        if eligible[j]:
            gain, total = locus_gain(sums, weight[j], scale, mode)
            rank[j] = rank_by(gain, total, base, mode)
            best = max(best, rank[j])
    exact_best = -1.0
    for j in range(n_loci):
        if eligible[j] and rank[j] >= best * (1.0 - 1e-9):
            locus_sums(z, order, code[j], sum_cell, sums)
            gain, total = locus_gain(sums, weight[j], scale, mode)
            rank[j] = rank_by(gain, total, base, mode)
            exact_best = max(exact_best, rank[j])
        else:
            rank[j] = -1.0
    for j in range(n_loci):
        if rank[j] >= 0.0 and rank[j] >= exact_best * (1.0 - TIE):
            return j
    return -1


@kernel
def remaining(z, order, code, sum_cell, sums, weight, scale, basis, mode):
    """Residual sum of squares with a locus in the model, summed directly (nothing cancels).

    Parameters
    ----------
    z, order, code, sum_cell, sums, weight, scale, mode : as in `locus_sums`, `locus_gain`, the
        sums being those of this locus.
    basis : float64[n, P]. Orthonormal columns of the model before, where it is not the cells'
        means (P = 0 where it is).

    Returns
    -------
    float64
    """
    n = z.shape[0]
    x = np.zeros(n)
    n_cells = sums.shape[0]
    if basis.shape[1] > 0:
        for k in range(n):
            x[k] = float(code[k])
        for p in range(basis.shape[1]):
            dot = 0.0
            for k in range(n):
                dot += basis[k, p] * code[k]
            for k in range(n):
                x[k] -= dot * basis[k, p]
    else:
        size = np.zeros(n_cells)
        ones = np.zeros(n_cells)
        for k in range(n):
            size[sum_cell[k]] += 1.0
            ones[sum_cell[k]] += code[k]
        for k in range(n):
            x[k] = code[k] - ones[sum_cell[k]] / size[sum_cell[k]]
    slope = np.zeros(n_cells)
    cross = 0.0
    spread = 0.0
    for g in range(n_cells):
        if weight[g] > 0.0:
            slope[g] = sums[g] * weight[g]
            cross += scale[g] * sums[g]
            spread += scale[g] * scale[g] / weight[g]
    if mode == ADDITIVE:
        for g in range(n_cells):
            slope[g] = cross / spread * scale[g] if weight[g] > 0.0 else 0.0
    total = 0.0
    for k in range(n):
        rest = z[order[k]] - slope[sum_cell[k]] * x[k]
        total += rest * rest
    return total


@kernel
def statistic(z, order, base, coding, locus, search, scale):
    """F of one locus for one column, in float64, sums in the order of the samples.

    Parameters
    ----------
    z, order, base, coding, search, scale : as in `decide`.
    locus : int64.

    Returns
    -------
    f, after : float64
        The F statistic (inf where nothing but rounding remains) and the residual sum of squares
        with the locus in.

    Notes
    -----
    F = ((RSS_before - RSS_after)/df1) / (RSS_after/df2).
    """
    code = coding[4]
    sum_cell, _, weight, _, basis, mode, df1, df2 = search
    sums = np.zeros(weight.shape[1])
    locus_sums(z, order, code[locus], sum_cell, sums)
    gain, total = locus_gain(sums, weight[locus], scale, mode)
    after = base - total
    if after < 1e-3 * base:
        whole = FULL if mode == INTERACTION else mode
        after = remaining(z, order, code[locus], sum_cell, sums, weight[locus], scale, basis, whole)
    if after <= EXACT_FIT * base:
        return np.inf, 0.0
    return (gain / df1) / (after / df2), after
