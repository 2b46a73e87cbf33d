"""Weighted least squares on loci whose samples lie in cells with variances of their own.

The weights of a trait are constant within cells, so that what a locus adds to its model needs sums
over cells that no trait changes: X' W X = sum_g w_g X_g' X_g. Symbols: B the columns of the model
before, X_j those that locus j adds, W the weights of a trait, e what the model before leaves of it;
the locus explains b' D^-1 b of e' W e, where b = X_j' W e and
D = X_j' W X_j - X_j' W B (B' W B)^-1 B' W X_j.
"""

import numpy as np

from crossmap.kernels._numba import kernel
from crossmap.kernels.regression import COLLINEAR, dot


@kernel
def sums_by_cell(columns, basis, cell, bb, bx, xx):
    """Sums of products of columns over the samples of each cell.

    Parameters
    ----------
    columns : float64[m, K, n]. X.
    basis : float64[n, P]. B.
    cell : int64[n]. Cell of each sample.
    bb : float64[G, P, P]. Overwritten: B_g' B_g.
    bx : float64[G, m, K, P]. Overwritten: X_g' B_g.
    xx : float64[G, m, K, K]. Overwritten: X_g' X_g, lower triangle.
    """
    m, n_columns, n = columns.shape
    n_basis = basis.shape[1]
    bb[:] = 0.0
    bx[:] = 0.0
    xx[:] = 0.0
    for k in range(n):
        for a in range(n_basis):
            for b in range(n_basis):
                bb[cell[k], a, b] += basis[k, a] * basis[k, b]
    for j in range(m):
        for c in range(n_columns):
            for k in range(n):
                g = cell[k]
                x = columns[j, c, k]
                for a in range(n_basis):
                    bx[g, j, c, a] += x * basis[k, a]
                for a in range(c + 1):
                    xx[g, j, c, a] += x * columns[j, a, k]


@kernel
def factor(matrix, reference, out):
    """Cholesky factor of a positive semidefinite matrix, columns that add nothing left out.

    Parameters
    ----------
    matrix : float64[K, K]. Its lower triangle is read.
    reference : float64[K]. What a diagonal entry is compared with.
    out : float64[K, K]. Overwritten: L in its lower triangle; a row of 0 where nothing is added.
    """
    for c in range(matrix.shape[0]):
        for a in range(c):
            s = matrix[c, a]
            for i in range(a):
                s -= out[c, i] * out[a, i]
            out[c, a] = s / out[a, a] if out[a, a] > 0.0 else 0.0
        s = matrix[c, c]
        for i in range(c):
            s -= out[c, i] * out[c, i]
        adds = s > COLLINEAR * reference[c]
        out[c, c] = np.sqrt(s) if adds else 0.0
        if not adds:
            for i in range(c):
                out[c, i] = 0.0


@kernel
def solve_down(lower, b, out):
    """Solve L v = b, v being 0 where L has a row of 0.

    Parameters
    ----------
    lower : float64[K, K]. From `factor`.
    b : float64[K].
    out : float64[K]. Overwritten: v.
    """
    for c in range(b.shape[0]):
        s = b[c]
        for i in range(c):
            s -= lower[c, i] * out[i]
        out[c] = s / lower[c, c] if lower[c, c] > 0.0 else 0.0


@kernel
def locus_factor(weight, before, j, bx, xx, scratch, out):
    """Factor of D for one locus and the weights of one trait.

    Parameters
    ----------
    weight : float64[G]. Of the cells.
    before : float64[P, P]. Factor of B' W B.
    j : int. The locus.
    bx, xx : as in `sums_by_cell`.
    scratch : the tuple (reach float64[K, P], row float64[P], d float64[K, K], diagonal float64[K]).
        Overwritten.
    out : float64[K, K]. Overwritten.
    """
    reach, row, d, diagonal = scratch
    n_cells, _, n_columns, n_basis = bx.shape
    for c in range(n_columns):
        for a in range(n_basis):
            s = 0.0
            for g in range(n_cells):
                s += weight[g] * bx[g, j, c, a]
            row[a] = s
        solve_down(before, row, reach[c])
        for a in range(c + 1):
            s = 0.0
            for g in range(n_cells):
                s += weight[g] * xx[g, j, c, a]
            if a == c:
                diagonal[c] = s
            for p in range(n_basis):
                s -= reach[c, p] * reach[a, p]
            d[c, a] = s
    factor(d, diagonal, out)


@kernel
def weighted_gains(product, weights, sums, out):
    """What every locus explains of traits with weights of their own, and of their permutations.

    Parameters
    ----------
    product : float64[m, K, T C]. X_j' W e, the C columns of a trait side by side.
    weights : float64[T, G]. Of the cells.
    sums : the tuple (bb, bx, xx) of `sums_by_cell`.
    out : float64[m, T C]. Overwritten.
    """
    bb, bx, xx = sums
    m, n_columns, n_all = product.shape
    n_traits, n_cells = weights.shape
    n_basis = bb.shape[1]
    n_each = n_all // n_traits
    gram, before = np.zeros((n_basis, n_basis)), np.zeros((n_basis, n_basis))
    scale = np.zeros(n_basis)
    lower = np.zeros((n_columns, n_columns))
    scratch = (
        np.zeros((n_columns, n_basis)), np.zeros(n_basis), np.zeros((n_columns, n_columns)),
        np.zeros(n_columns),
    )  # fmt: skip
    b, v = np.zeros(n_columns), np.zeros(n_columns)
    for t in range(n_traits):
        gram[:] = 0.0
        for g in range(n_cells):
            gram += weights[t, g] * bb[g]
        for a in range(n_basis):
            scale[a] = gram[a, a]
        factor(gram, scale, before)
        for j in range(m):
            locus_factor(weights[t], before, j, bx, xx, scratch, lower)
            for i in range(t * n_each, (t + 1) * n_each):
                for c in range(n_columns):
                    b[c] = product[j, c, i]
                solve_down(lower, b, v)
                s = 0.0
                for c in range(n_columns):
                    s += v[c] * v[c]
                out[j, i] = s


@kernel
def chosen_gains(columns, z, locus, row, weights, sums, out):
    """What one locus explains of a trait or permutation, summed in the order of the samples.

    Parameters
    ----------
    columns : float64[m, K, n]. X.
    z : float64[T C, n]. W e.
    locus, row : int64[N]. The loci, and which rows of `z` each is tested on.
    weights, sums : as in `weighted_gains`.
    out : float64[N]. Overwritten.
    """
    m, n_columns, n = columns.shape
    flat = columns.reshape(m * n_columns, n)
    n_each = z.shape[0] // weights.shape[0]
    product = np.zeros((1, n_columns, 1))
    gain = np.zeros((1, 1))
    bb, bx, xx = sums
    for i in range(locus.shape[0]):
        j = locus[i]
        t = row[i] // n_each
        for c in range(n_columns):
            product[0, c, 0] = dot(flat, j * n_columns + c, z, row[i])
        own = (bb, bx[:, j : j + 1], xx[:, j : j + 1])
        weighted_gains(product, weights[t : t + 1], own, gain)
        out[i] = gain[0, 0]
