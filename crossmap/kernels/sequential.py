"""Scans for the next locus given the cells of the loci already chosen, permutations included."""

import numpy as np

from crossmap.kernels._numba import kernel
from crossmap.kernels.philox import shuffle_within_cells

BLOCK = 128
"""Columns (traits and their permutations) side by side: 112 samples of them stay in the cache."""

LANES = 16
"""Columns that one vector instruction handles at most; a block is worked on in whole vectors."""

FULL, ADDITIVE, INTERACTION = 0, 1, 2
"""What the new locus adds: one effect per cell, one effect, or the difference of the two."""

TIE = 1e-12
"""Relative difference below which two loci count as equal; the first in map order wins."""

EXACT_FIT = 1e-22
"""Share of the sum of squares below which a residual is rounding noise."""


@kernel
def number_cells(labels, first_seen, cell, members, start):
    """Number groups of samples by first appearance.

    Parameters
    ----------
    labels : int64[n], each in 0..len(first_seen)-1.
    first_seen : int64[n_labels]. Scratch.
    cell : int64[n]. Overwritten: the number of each sample's group.
    members : int64[n]. Overwritten: samples group by group, in sample order within.
    start : int64[n_labels + 1]. Overwritten: where each group begins in members; entries past the
        number of groups are n.

    Returns
    -------
    int64
        The number of groups.
    """
    n = labels.shape[0]
    n_cells = 0
    first_seen[:] = -1
    start[:] = 0
    for k in range(n):
        if first_seen[labels[k]] < 0:
            first_seen[labels[k]] = n_cells
            n_cells += 1
        cell[k] = first_seen[labels[k]]
        start[cell[k] + 1] += 1
    for g in range(start.shape[0] - 1):
        start[g + 1] += start[g]
    first_seen[:] = 0  # now: how many of each group are placed
    for k in range(n):
        g = cell[k]
        members[start[g] + first_seen[g]] = k
        first_seen[g] += 1
    return n_cells


@kernel
def cell_weights(restart, offset, sample, sign, cell, sizes, min_cell, weight, eligible):
    """Weigh every cell at every locus, and tell which loci may be chosen.

    Parameters
    ----------
    restart, offset, sample, sign : recombination coding of J loci.
    cell : int64[n]. Cell of each sample, 0..G-1.
    sizes : int64[G]. Samples in each cell.
    min_cell : int64. Cells of at least 2 min_cell samples must be split with at least min_cell on
        either side; smaller ones stay whole.
    weight : float64[J, G]. Overwritten: 1/v_g = n_g/(n_g1 n_g0); 0 where the cell stays whole.
    eligible : bool[J]. Overwritten.
    """
    n_loci, n_cells = weight.shape
    ones = np.zeros(n_cells, np.int64)
    any_split = False
    for g in range(n_cells):
        any_split |= sizes[g] >= 2 * min_cell
    for j in range(n_loci):
        if restart[j]:
            ones[:] = 0
        for e in range(offset[j], offset[j + 1]):
            ones[cell[sample[e]]] += 1 if sign[e] > 0 else -1
        eligible[j] = any_split
        for g in range(n_cells):
            weight[j, g] = 0.0
            if sizes[g] >= 2 * min_cell:
                zeros = sizes[g] - ones[g]
                if min(zeros, ones[g]) < min_cell:
                    eligible[j] = False
                if ones[g] > 0 and zeros > 0:
                    weight[j, g] = sizes[g] / (ones[g] * zeros)


@kernel
def residuals(y, cell, n_cells, z, sum_squares):
    """Centre every trait within cells.

    Parameters
    ----------
    y : float64[T, n]. Traits, no NaN.
    cell : int64[n]. Cell of each sample, 0..n_cells-1.
    n_cells : int.
    z : float64[T, n]. Overwritten: y less the mean of its cell.
    sum_squares : float64[T, n_cells]. Overwritten: sum of z^2 in each cell.

    Notes
    -----
    A second pass takes out the rounding of the first mean, so that a large common offset of a
    trait costs no digits.
    """
    n_traits, n = y.shape
    total = np.empty(n_cells)
    size = np.zeros(n_cells)
    for k in range(n):
        size[cell[k]] += 1.0
    for t in range(n_traits):
        for k in range(n):
            z[t, k] = y[t, k]
        for _ in range(2):
            total[:] = 0.0
            for k in range(n):
                total[cell[k]] += z[t, k]
            for k in range(n):
                z[t, k] -= total[cell[k]] / size[cell[k]]
        for g in range(n_cells):
            sum_squares[t, g] = 0.0
        for k in range(n):
            sum_squares[t, cell[k]] += z[t, k] * z[t, k]


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
    float64
        FULL sum_g S_g^2/v_g; ADDITIVE (sum_g c_g S_g)^2 / sum_g c_g^2 v_g; INTERACTION their
        difference.

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
        return full
    additive = cross * cross / spread if spread > 0.0 else 0.0
    if mode == ADDITIVE:
        return additive
    return max(full - additive, 0.0)


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
def decide(z, order, coding, sum_cell, eligible, weight, scale, mode):
    """Best locus of one column in float64; ties within `TIE` go to the first.

    Parameters
    ----------
    z, order, sum_cell, scale, mode : as in `locus_sums`, `locus_gain`.
    coding : the tuple (restart, offset, sample, sign, code) of J loci.
    eligible : bool[J].
    weight : float64[J, G].

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
    n_loci, n_cells = weight.shape
    gain = np.full(n_loci, -1.0)
    sums = np.zeros(n_cells)
    best = -1.0
    for j in range(n_loci):
        if restart[j]:
            sums[:] = 0.0
        for e in range(offset[j], offset[j + 1]):
            sums[sum_cell[sample[e]]] += sign[e] * z[order[sample[e]]]
        if eligible[j]:
            gain[j] = locus_gain(sums, weight[j], scale, mode)
            best = max(best, gain[j])
    if best < 0.0:
        return -1
    exact_best = -1.0
    for j in range(n_loci):
        if gain[j] >= best * (1.0 - 1e-9):
            locus_sums(z, order, code[j], sum_cell, sums)
            gain[j] = locus_gain(sums, weight[j], scale, mode)
            exact_best = max(exact_best, gain[j])
        else:
            gain[j] = -1.0
    for j in range(n_loci):
        if gain[j] >= exact_best * (1.0 - TIE):
            return j
    return -1


@kernel
def search_block(y, width, coding, sum_cell, eligible, weight, scale, mode, margin, out):
    """Best locus of every column of a block, in float32.

    Parameters
    ----------
    y : float32[n, BLOCK]. Columns side by side, residuals as in `locus_gain`.
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
                additive = cross[t] * cross[t] / spread[t] if spread[t] > zero else zero
                gain[t] = additive if mode == ADDITIVE else gain[t] - additive
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
def statistic(z, order, coding, locus, sum_cell, base, weight, scale, basis, mode, q, df2):
    """F of one locus for one column, in float64, sums in the order of the samples.

    Parameters
    ----------
    z, order, sum_cell, weight, scale, basis, mode : as in `remaining`; weight float64[J, G].
    coding : the tuple (restart, offset, sample, sign, code).
    locus : int64.
    base : float64. Residual sum of squares before the locus.
    q, df2 : float64. Degrees of freedom of the gain and of the residual.

    Returns
    -------
    f, after : float64
        The F statistic (inf where nothing but rounding remains) and the residual sum of squares
        with the locus in.

    Notes
    -----
    F = ((RSS_before - RSS_after)/q) / (RSS_after/df2); METHOD section 3.
    """
    code = coding[4]
    sums = np.zeros(weight.shape[1])
    locus_sums(z, order, code[locus], sum_cell, sums)
    gain = locus_gain(sums, weight[locus], scale, mode)
    if mode == INTERACTION:
        full = locus_gain(sums, weight[locus], scale, FULL)
        after = base - full
        if after < 1e-3 * base:
            after = remaining(
                z, order, code[locus], sum_cell, sums, weight[locus], scale, basis, FULL
            )
    else:
        after = base - gain
        if after < 1e-3 * base:
            after = remaining(
                z, order, code[locus], sum_cell, sums, weight[locus], scale, basis, mode
            )
    if after <= EXACT_FIT * base:
        return np.inf, 0.0
    return (gain / q) / (after / df2), after


@kernel
def scan_columns(
    z, traits, columns, replicates, coding, coding32, cells, model, f, locus, after
):  # fmt: skip
    """Best next locus of traits and of their permutations.

    Parameters
    ----------
    z : float64[T, n]. Residuals of the model before, scaled by c_g in each cell.
    traits : the tuple (item uint64[T], base float64[T], scale float64[T, G]): what each trait's
        shuffles are keyed by, its residual sum of squares, its c_g.
    columns : the tuple (first, stop). Column c is trait c // B1 with replicate c % B1, and
        replicate 0 is the data as observed.
    replicates : the tuple (B1, key uint64): columns per trait and the key of the shuffles.
    coding : the tuple (restart, offset, sample, sign, code) of J loci; coding32 the same with
        sign float32.
    cells : the tuple (sum_cell int64[n], members int64[n], cell_start int64[C + 1]): the cells of
        the sums, and those within which samples are shuffled.
    model : the tuple (eligible bool[J], weight float64[J, G], weight32 float32[J, G],
        basis float64[n, P], mode int, q float64, df2 float64, margin float32).
    f : float64[T, B1]. Overwritten: F of the best locus, NaN where no locus is eligible.
    locus : int64[T, B1]. Overwritten: that locus, -1 where none.
    after : float64[T]. Overwritten for the data as observed: residual sum of squares with it.

    Notes
    -----
    float32 sums search; wherever a second locus comes within `margin` of the best, and for every
    number reported, float64 decides. Twin: tests/naive/sequential.py.
    """
    item, base, scale = traits
    n_per_trait, key = replicates
    sum_cell, members, cell_start = cells
    eligible, weight, weight32, basis, mode, q, df2, margin = model
    n = z.shape[1]
    n_cells = weight.shape[1]
    first, stop = columns
    block = np.zeros((n, BLOCK), np.float32)
    order = np.zeros((BLOCK, n), np.int64)
    scale32 = np.zeros((n_cells, BLOCK), np.float32)
    best = np.zeros(BLOCK, np.float32)
    found = np.zeros(BLOCK, np.int64)
    close = np.zeros(BLOCK, np.int64)
    word = np.zeros(4, np.uint64)
    norm = np.zeros(BLOCK)
    for start in range(first, stop, BLOCK):
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
            norm[c] = 1.0 / np.sqrt(base[t]) if base[t] > 0.0 else 0.0
            for k in range(n):
                block[k, c] = z[t, order[c, k]] * norm[c]
            for g in range(n_cells):
                scale32[g, c] = scale[t, g] / scale[t].max()
        search_block(
            block, width, coding32, sum_cell, eligible, weight32, scale32, mode, margin,
            (best, found, close),
        )  # fmt: skip
        for c in range(width):
            t = (start + c) // n_per_trait
            b = (start + c) % n_per_trait
            j = found[c]
            if j >= 0 and close[c] > 0:
                j = decide(z[t], order[c], coding, sum_cell, eligible, weight, scale[t], mode)
            locus[t, b] = j
            f[t, b] = np.nan
            if j >= 0:
                f[t, b], rest = statistic(
                    z[t], order[c], coding, j, sum_cell, base[t], weight, scale[t], basis,
                    mode, q, df2,
                )  # fmt: skip
                if b == 0:
                    after[t] = rest
