"""Least squares on many rows at once: residuals, orthonormal columns, sums in a fixed order."""

import numpy as np

from crossmap.kernels._numba import kernel

ROWS = 128
"""Rows side by side, so that the compiler's vectors run over rows and every row's sums are added in
the order of the samples, whatever rows stand beside it."""

COLLINEAR = 1e-10
"""Share of a column's sum of squares below which what is left of it is rounding."""

TIE = 1e-12
"""Relative difference below which two statistics count as equal: of two loci or pairs the first in
map order stands, and a permutation has reached what was observed."""


@kernel
def dot(a, i, b, j):
    """Sum of the products of two rows, in an order that depends on their length alone.

    Parameters
    ----------
    a : float64[R, n]; i : int. Row of `a`.
    b : float64[S, n]; j : int. Row of `b`.

    Returns
    -------
    float64

    Notes
    -----
    Four running sums: one alone waits for each addition before it starts the next.
    """
    n = a.shape[1]
    s0 = 0.0
    s1 = 0.0
    s2 = 0.0
    s3 = 0.0
    whole = n - n % 4
    for k in range(0, whole, 4):
        s0 += a[i, k] * b[j, k]
        s1 += a[i, k + 1] * b[j, k + 1]
        s2 += a[i, k + 2] * b[j, k + 2]
        s3 += a[i, k + 3] * b[j, k + 3]
    for k in range(whole, n):
        s0 += a[i, k] * b[j, k]
    return (s0 + s1) + (s2 + s3)


@kernel
def row_squares(rows, out):
    """Sum of squares of every row.

    Parameters
    ----------
    rows : float64[R, n].
    out : float64[R]. Overwritten.
    """
    for r in range(rows.shape[0]):
        out[r] = dot(rows, r, rows, r)


@kernel
def residual_rows(rows, basis, out):
    """Take the projection on orthonormal columns out of every row.

    Parameters
    ----------
    rows : float64[R, n], no NaN.
    basis : float64[n, P]. Orthonormal columns.
    out : float64[R, n]. Overwritten.

    Notes
    -----
    Twice, so that a large common offset costs no digits. O(R n P).
    """
    n_rows, n = rows.shape
    block = np.zeros((n, ROWS))
    sums = np.zeros(ROWS)
    for start in range(0, n_rows, ROWS):
        width = min(ROWS, n_rows - start)
        for r in range(width):
            for k in range(n):
                block[k, r] = rows[start + r, k]
        for _ in range(2):
            for p in range(basis.shape[1]):
                sums[:] = 0.0
                for k in range(n):
                    b = basis[k, p]
                    for r in range(ROWS):
                        sums[r] += b * block[k, r]
                for k in range(n):
                    b = basis[k, p]
                    for r in range(ROWS):
                        block[k, r] -= b * sums[r]
        for r in range(width):
            for k in range(n):
                out[start + r, k] = block[k, r]


@kernel
def orthonormal_columns(columns, reference, n_before, transform, rank):
    """Make the columns of each locus orthonormal, those of its null model first.

    Parameters
    ----------
    columns : float64[L, K, n]. Residuals of the columns of each locus on the common null model.
        Overwritten: orthonormal, 0 where a column adds nothing to those before it.
    reference : float64[L, K]. Sum of squares of each column before the common null model was taken
        out, about its mean: what "nothing is left" is measured against.
    n_before : int. How many of the K columns are in the null model.
    transform : float64[L, K, K]. Overwritten, lower triangular: the orthonormal columns are these
        multiples of the residuals.
    rank : int64[L, 2]. Overwritten: columns that add something, in the null model and tested.

    Notes
    -----
    Gram-Schmidt, twice.
    """
    n_loci, n_columns, n = columns.shape
    for j in range(n_loci):
        rank[j, 0] = 0
        rank[j, 1] = 0
        for c in range(n_columns):
            for i in range(n_columns):
                transform[j, c, i] = 0.0
            transform[j, c, c] = 1.0
            for _ in range(2):
                for p in range(c):
                    s = 0.0
                    for k in range(n):
                        s += columns[j, p, k] * columns[j, c, k]
                    for k in range(n):
                        columns[j, c, k] -= s * columns[j, p, k]
                    for i in range(p + 1):
                        transform[j, c, i] -= s * transform[j, p, i]
            square = 0.0
            for k in range(n):
                square += columns[j, c, k] * columns[j, c, k]
            adds = reference[j, c] > 0.0 and square > COLLINEAR * reference[j, c]
            scale = 1.0 / np.sqrt(square) if adds else 0.0
            for k in range(n):
                columns[j, c, k] *= scale
            for i in range(c + 1):
                transform[j, c, i] *= scale
            if adds:
                rank[j, 0 if c < n_before else 1] += 1
