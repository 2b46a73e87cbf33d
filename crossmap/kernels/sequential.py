"""Scans for the next locus given the cells of the loci already chosen, permutations included."""

import numpy as np

from crossmap.kernels._numba import kernel
from crossmap.kernels.philox import shuffle_within_cells
from crossmap.kernels.stages import (
    ADDITIVE,
    EXACT_FIT,
    FULL,
    INTERACTION,
)

BLOCK = 128
"""Columns (traits and their permutations) side by side: 112 samples of them stay in the cache."""

LANES = 16
"""Columns that one vector instruction handles at most; a block is worked on in whole vectors."""

LEAST_LEFT = 1e-6
"""Share of the sum of squares that a full model is taken to leave at least, while ranking."""

TIE = 1e-12
"""Relative difference below which two loci count as equal; the first in map order wins."""


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
    z : float64[n]. Residuals; order : int64[n], sample k carries z[order[k]].
    code : uint8[n]. Coded genotypes of the locus.
    sum_cell : int64[n]. Cell of each sample.
    sums : float64[G]. Overwritten.
    """
    sums[:] = 0.0
    for k in range(z.shape[0]):
        if code[k] == 1:
            sums[sum_cell[k]] += z[order[k]]


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
def search_block(y, width, coding, sum_cell, eligible, weight, scale, mode, margin, out):
    """Best locus of every column of a block, in float32.

    Parameters
    ----------
    y : float32[n, BLOCK]. Columns side by side, residuals as in `locus_gain`, sum of squares 1.
    width : int. Columns in use.
    coding : the tuple (restart, offset, sample, sign, code); sign float32 here.
    sum_cell : int64[n].
    eligible : bool[J].
    weight : float32[J, G]; scale : float32[G, BLOCK].
    mode : int.
    margin : float32. Relative difference that float32 cannot be trusted with.
    out : the tuple (best float32[BLOCK], locus int64[BLOCK], close int64[BLOCK]). Overwritten:
        largest gain, its locus (-1 if none), and how many other loci came within `margin` of it.

    Notes
    -----
    S(j) = S(j-1) + changes, one addition per crossover and column (DESIGN: the idea that makes it
    fast). The running maximum is touched only if some column improves: a comparison that counts
    vectorises, a branch per column does not.
    """
    restart, offset, sample, sign, _ = coding
    best, locus, close = out
    n_loci, n_cells = weight.shape
    used = min(BLOCK, (width + LANES - 1) // LANES * LANES)
    one = np.float32(1.0)
    zero = np.float32(0.0)
    tiny = np.float32(1e-30)
    least_left = np.float32(LEAST_LEFT)
    sums = np.zeros((n_cells, BLOCK), np.float32)
    gain = np.zeros(BLOCK, np.float32)
    threshold = np.full(BLOCK, -one, np.float32)
    cross = np.zeros(BLOCK, np.float32)
    spread = np.zeros(BLOCK, np.float32)
    best[:] = -one
    locus[:] = -1
    close[:] = 0
    for j in range(n_loci):
        if restart[j]:
            sums[:] = zero
        for e in range(offset[j], offset[j + 1]):
            k = sample[e]
            g = sum_cell[k]
            s = sign[e]
            for t in range(used):
                sums[g, t] += s * y[k, t]
        if not eligible[j]:
            continue
        if mode == ADDITIVE:
            for t in range(used):
                gain[t] = zero
        else:
            w = weight[j, 0]
            for t in range(used):
                gain[t] = sums[0, t] * sums[0, t] * w
            for g in range(1, n_cells):
                w = weight[j, g]
                for t in range(used):
                    gain[t] += sums[g, t] * sums[g, t] * w
        if mode != FULL:
            cross[:] = zero
            spread[:] = zero
            for g in range(n_cells):
                if weight[j, g] > zero:
                    v = one / weight[j, g]
                    for t in range(used):
                        cross[t] += scale[g, t] * sums[g, t]
                        spread[t] += scale[g, t] * scale[g, t] * v
            for t in range(used):
                additive = cross[t] * cross[t] / max(spread[t], tiny)
                if mode == ADDITIVE:
                    gain[t] = additive
                else:
                    left = max(one - gain[t], least_left)
                    gain[t] = (gain[t] - additive) / left
        improved = 0
        for t in range(used):
            improved += gain[t] >= threshold[t]
        if improved > 0:
            for t in range(width):
                if gain[t] >= threshold[t]:
                    if gain[t] > best[t] * (one + margin) or locus[t] < 0:
                        locus[t] = j
                        close[t] = 0
                    else:
                        close[t] += 1
                    best[t] = max(best[t], gain[t])
                    threshold[t] = best[t] * (one - margin)


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
    F = ((RSS_before - RSS_after)/df1) / (RSS_after/df2); METHOD section 3.
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


@kernel
def scan_group(
    z, traits, replicates, coding, coding32, cells, search, margin, scratch, out
):  # fmt: skip
    """Best next locus of the traits of one group and of their permutations.

    Parameters
    ----------
    z : float64[T, n]. From `group_residuals`.
    traits : the tuple (item uint64[T], base float64[T], scale float64[T, G]): what each trait's
        shuffles are keyed by, its residual sum of squares, its c_g.
    replicates : the tuple (B1, key uint64): columns per trait (the first as observed) and the key
        of the shuffles.
    coding : the tuple (restart, offset, sample, sign, code) of J loci.
    coding32 : the same with sign float32.
    cells, search : from `group_model`.
    margin : float32. Relative difference that float32 sums cannot be trusted with.
    scratch : from `block_scratch`. Overwritten.
    out : the tuple (f float64[T, B1], locus int64[T], after float64[T]). Overwritten: F of the
        best locus, NaN where no locus is eligible or nothing is left to explain; for the data as
        observed that locus, -1 where none, and the residual sum of squares with it.

    Notes
    -----
    float32 sums search; wherever a second locus comes within `margin` of the best, and for every
    number reported, float64 decides. Twin: tests/naive/sequential.py.
    """
    item, base, scale = traits
    n_per_trait, key = replicates
    _, members, cell_start = cells
    sum_cell, eligible, weight, _, _, mode, _, _ = search
    n_traits, n = z.shape
    n_cells = weight.shape[1]
    weight32 = weight.astype(np.float32)
    scale32 = np.ones((n_cells, BLOCK), np.float32)
    block, order, best, found, close, word = scratch
    f, locus, after = out
    stop = n_traits * n_per_trait
    for start in range(0, stop, BLOCK):
        width = min(BLOCK, stop - start)
        for c in range(width):
            t = (start + c) // n_per_trait
            b = (start + c) % n_per_trait
            if b == 0:
                for k in range(n):
                    order[c, k] = k
            else:
                shuffle_within_cells(
                    key, item[t], np.uint64(b), members, cell_start, word, order[c]
                )
            # Unit sum of squares: float32 neither overflows nor underflows whatever the units.
            norm = 1.0 / np.sqrt(base[t]) if base[t] > 0.0 else 0.0
            for k in range(n):
                block[k, c] = z[t, order[c, k]] * norm
            if mode != FULL:
                for g in range(n_cells):
                    scale32[g, c] = scale[t, g] / scale[t].max()
        search_block(
            block, width, coding32, sum_cell, eligible, weight32, scale32, mode, margin,
            (best, found, close),
        )  # fmt: skip
        for c in range(width):
            t = (start + c) // n_per_trait
            b = (start + c) % n_per_trait
            j = found[c] if base[t] > 0.0 else -1
            if j >= 0 and close[c] > 0:
                j = decide(z[t], order[c], base[t], coding, search, scale[t])
            f[t, b] = np.nan
            rest = np.nan
            if j >= 0:
                f[t, b], rest = statistic(z[t], order[c], base[t], coding, j, search, scale[t])
            if b == 0:
                locus[t] = j
                after[t] = rest


@kernel
def block_scratch(n):
    """Make the working arrays of `scan_group`, once for all groups of a call.

    Parameters
    ----------
    n : int64. Samples.

    Returns
    -------
    tuple
        block float32[n, BLOCK], order int64[BLOCK, n], best float32[BLOCK], found int64[BLOCK],
        close int64[BLOCK], word uint64[4].

    Notes
    -----
    Zeroing them anew for each of a thousand groups took a tenth of the scan.
    """
    return (
        np.zeros((n, BLOCK), np.float32),
        np.zeros((BLOCK, n), np.int64),
        np.zeros(BLOCK, np.float32),
        np.zeros(BLOCK, np.int64),
        np.zeros(BLOCK, np.int64),
        np.zeros(4, np.uint64),
    )
