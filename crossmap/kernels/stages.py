"""The model before the next locus: cells, residuals, and which loci may enter it."""

import numpy as np

from crossmap.kernels._numba import kernel

FULL, ADDITIVE, INTERACTION = 0, 1, 2
"""What the new locus adds: one effect per cell, one effect, or the difference of the two."""

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
    # Every other change is counted apart: each waits for the one before it in the same place.
    ones = np.zeros((2, n_cells), np.int64)
    any_split = (sizes >= 2 * min_cell).any()
    for j in range(n_loci):
        if restart[j]:
            ones[:] = 0
        for e in range(offset[j], offset[j + 1]):
            ones[e & 1, cell[sample[e]]] += np.int64(sign[e])
        may_enter = any_split
        for g in range(n_cells):
            n1 = ones[0, g] + ones[1, g]
            n0 = sizes[g] - n1
            splits = sizes[g] >= 2 * min_cell
            may_enter &= not splits or min(n0, n1) >= min_cell
            weight[j, g] = sizes[g] / (n1 * n0) if splits and n1 > 0 and n0 > 0 else 0.0
        eligible[j] = may_enter


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
    # Cell by cell, in the order of the samples: a running sum in a register, not in memory.
    members = np.argsort(cell, kind="mergesort")
    start = np.searchsorted(cell[members], np.arange(n_cells + 1))
    for t in range(y.shape[0]):
        for g in range(n_cells):
            some = members[start[g] : start[g + 1]]
            mean = 0.0
            for k in some:
                mean += y[t, k]
            mean /= some.shape[0]
            rest = 0.0
            for k in some:
                z[t, k] = y[t, k] - mean
                rest += z[t, k]
            rest /= some.shape[0]
            squares = 0.0
            for k in some:
                z[t, k] -= rest
                squares += z[t, k] * z[t, k]
            sum_squares[t, g] = squares


@kernel
def refine_cells(cell, sizes, code, least, labels, scratch, members, start):
    """Split cells of at least `least` samples by the genotype of a locus, in place.

    Parameters
    ----------
    cell : int64[n]. Cell of each sample. Overwritten with the finer cells.
    sizes : int64[n]. Samples in each cell, numbered from 0. Overwritten.
    code : uint8[n]. Coded genotypes of the locus.
    least : int64.
    labels : int64[n]; scratch : int64[2 n]. Scratch.
    members : int64[n]; start : int64[2 n + 1]. Overwritten, as in `number_cells`.

    Returns
    -------
    int64
        The number of finer cells.
    """
    n = cell.shape[0]
    for k in range(n):
        labels[k] = 2 * cell[k]
        if sizes[cell[k]] >= least:
            labels[k] += code[k]
    n_finer = number_cells(labels, scratch, cell, members, start)
    for g in range(n_finer):
        sizes[g] = start[g + 1] - start[g]
    return n_finer


@kernel
def orthonormal_basis(code, chosen):
    """Orthonormal columns of the additive model of the chosen loci, the constant first.

    Parameters
    ----------
    code : uint8[J, n]; chosen : int64[l].

    Returns
    -------
    float64[n, P]
        Gram-Schmidt, twice; loci that add nothing to those before get no column.
    """
    n = code.shape[1]
    basis = np.zeros((n, chosen.shape[0] + 1))
    basis[:, 0] = 1.0 / np.sqrt(n)
    used = 1
    v = np.empty(n)
    for locus in chosen:
        for k in range(n):
            v[k] = code[locus, k]
        norm = np.sqrt((v * v).sum())
        if norm == 0.0:
            continue
        v /= norm
        for _ in range(2):
            for p in range(used):
                dot = (basis[:, p] * v).sum()
                for k in range(n):
                    v[k] -= dot * basis[k, p]
        norm = np.sqrt((v * v).sum())
        if norm > 1e-8:
            basis[:, used] = v / norm
            used += 1
    return basis[:, :used].copy()


@kernel
def additive_weights(restart, offset, sample, sign, basis, eligible, weight):
    """Weigh loci that enter an additive model: 1/||x_j less its projection on the model||^2.

    Parameters
    ----------
    restart, offset, sample, sign : recombination coding of J loci.
    basis : float64[n, P]. Orthonormal columns of the model.
    eligible : bool[J]. Overwritten: False where the model already determines the locus.
    weight : float64[J, 1]. Overwritten.
    """
    n_loci = weight.shape[0]
    n_columns = basis.shape[1]
    dot = np.zeros(n_columns)
    ones = 0.0
    for j in range(n_loci):
        if restart[j]:
            dot[:] = 0.0
            ones = 0.0
        for e in range(offset[j], offset[j + 1]):
            ones += sign[e]
            for p in range(n_columns):
                dot[p] += sign[e] * basis[sample[e], p]
        spread = ones - (dot * dot).sum()
        if spread > 1e-8:
            weight[j, 0] = 1.0 / spread
        else:
            weight[j, 0] = 0.0
            eligible[j] = False


@kernel
def group_model(coding, chosen, allowed, min_cell, mode, common):
    """Everything about the next locus that depends on the loci already chosen, not on a trait.

    Parameters
    ----------
    coding : the tuple (restart, offset, sample, sign, code) of J loci.
    chosen : int64[l]. Loci already chosen, in the order of choice.
    allowed : bool[J] or bool[0]. Loci that no rule of exclusion bars; empty bars none.
    min_cell : int64.
    mode : int. FULL, ADDITIVE or INTERACTION.
    common : bool. One residual variance for all cells.

    Returns
    -------
    cells : the tuple (cell int64[n], members int64[n], start int64[C + 1]).
        Genotype combinations of the chosen loci.
    fitted : the tuple (cell int64[n], sizes int64[R]).
        Cells with a mean of their own in the model before: small cells stay whole.
    search : the tuple (sum_cell int64[n], eligible bool[J], weight float64[J, G], split bool[G],
        basis float64[n, P], mode int, df1 int, df2 int).
        What a scan needs; an additive model of a common variance becomes FULL on one cell of all
        samples, with the model's columns in `basis`.
    """
    restart, offset, sample, sign, code = coding
    n_loci, n = code.shape
    labels = np.empty(n, np.int64)
    scratch = np.empty(2 * n, np.int64)
    members = np.arange(n)
    start = np.zeros(2 * n + 1, np.int64)
    start[1:] = n
    cell = np.zeros(n, np.int64)
    sizes = np.zeros(n, np.int64)
    sizes[0] = n
    fitted = np.zeros(n, np.int64)
    fitted_sizes = sizes.copy()
    n_cells, n_fitted = 1, 1
    for locus in chosen:
        n_fitted = refine_cells(
            fitted, fitted_sizes, code[locus], 2 * min_cell, labels, scratch,
            members, start,
        )  # fmt: skip
        n_cells = refine_cells(cell, sizes, code[locus], 0, labels, scratch, members, start)
    start = start[: n_cells + 1].copy()
    sizes = sizes[:n_cells].copy()
    split = sizes >= 2 * min_cell
    eligible = np.empty(n_loci, np.bool_)
    weight = np.empty((n_loci, n_cells))
    cell_weights(restart, offset, sample, sign, cell, sizes, min_cell, weight, eligible)
    if allowed.shape[0] > 0:
        eligible &= allowed
    for locus in chosen:
        eligible[locus] = False
    basis = np.zeros((n, 0))
    sum_cell = cell
    if mode == ADDITIVE:
        fitted = cell
        fitted_sizes = sizes
        n_fitted = n_cells
        if common and chosen.shape[0] > 0:
            mode = FULL
            basis = orthonormal_basis(code, chosen)
            sum_cell = np.zeros(n, np.int64)
            split = np.ones(1, np.bool_)
            weight = np.empty((n_loci, 1))
            additive_weights(restart, offset, sample, sign, basis, eligible, weight)
            n_fitted = basis.shape[1]
        df1 = 1
        df2 = n - n_fitted - 1
    else:
        df1 = split.sum()
        df2 = n - n_fitted - df1
        if mode == INTERACTION:
            df1 -= 1
    if df1 < 1 or df2 < 1:
        eligible[:] = False
    return (
        (cell, members, start),
        (fitted, fitted_sizes[: fitted.max() + 1].copy()),
        (sum_cell, eligible, weight, split, basis, mode, df1, df2),
    )


@kernel
def group_residuals(y, total, cells, fitted, search, common):
    """Residuals of the model before, in the scale in which they are summed.

    Parameters
    ----------
    y : float64[T, n]. Traits, no NaN.
    total : float64[T]. Sum of squares about the mean.
    cells, fitted, search : from `group_model`.
    common : bool. One residual variance for all cells.

    Returns
    -------
    z : float64[T, n]
        Residuals, times c_g where every cell has its own variance.
    base : float64[T]
        Residual sum of squares; 0 where only rounding is left.
    scale : float64[T, G]
        c_g of `locus_gain`: 1, or 1/s_g with s_g^2 = SS_g/(n_g - 1).
    """
    _, members, start = cells
    fitted_cell, sizes = fitted
    _, _, weight, split, basis, _, _, _ = search
    n_traits, n = y.shape
    z = np.empty_like(y)
    squares = np.empty((n_traits, sizes.shape[0]))
    base = np.zeros(n_traits)
    scale = np.ones((n_traits, weight.shape[1]))
    if basis.shape[1] > 0:
        for t in range(n_traits):
            z[t] = y[t]
            for _ in range(2):  # the second pass takes out the rounding of the first
                for p in range(basis.shape[1]):
                    dot = (basis[:, p] * z[t]).sum()
                    for k in range(n):
                        z[t, k] -= dot * basis[k, p]
            base[t] = (z[t] * z[t]).sum()
            if base[t] <= EXACT_FIT * total[t]:
                base[t] = 0.0
        return z, base, scale
    residuals(y, fitted_cell, sizes.shape[0], z, squares)
    if common or sizes.shape[0] == 1:
        for t in range(n_traits):
            base[t] = squares[t].sum()
            if base[t] <= EXACT_FIT * total[t]:
                base[t] = 0.0
        return z, base, scale
    c = np.empty(sizes.shape[0])
    for t in range(n_traits):
        for g in range(sizes.shape[0]):
            c[g] = 0.0
            if squares[t, g] > EXACT_FIT * total[t]:
                c[g] = np.sqrt((sizes[g] - 1) / squares[t, g])
                # sum_g SS_g/s_g^2 = sum_g (n_g - 1) over the cells that vary
                base[t] += sizes[g] - 1
        for k in range(n):
            z[t, k] *= c[fitted_cell[k]]
        varies = False
        for g in range(scale.shape[1]):
            # A combination that is split is a fitted cell of its own, with that cell's scale.
            scale[t, g] = c[fitted_cell[members[start[g]]]]
            varies |= split[g] and scale[t, g] > 0.0
        if not varies:
            base[t] = 0.0
    return z, base, scale
