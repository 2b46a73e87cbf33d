"""Searches of genotype probabilities: permutations within cells, and gains of all loci at once."""

import numpy as np

from crossmap.kernels._numba import kernel
from crossmap.kernels.cell_weights import factor
from crossmap.kernels.philox import shuffle_within_cells
from crossmap.kernels.regression import COLLINEAR

NOTHING_LEFT = 1e-20
"""Share of a trait's sum of squares below which its residuals are rounding."""


@kernel
def permute_within_cells(y, item, key, members, cell_start, first, out):
    """Permute the samples of every trait within cells, each trait and replicate its own way.

    Parameters
    ----------
    y : float64[T, n]. Traits.
    item : uint64[T]; key : uint64; members, cell_start : as in
        `crossmap.kernels.philox.shuffle_within_cells`.
    first : int. Replicates made before: those that follow are first + 1, first + 2 ...
    out : float64[T, B1, n]. Overwritten: [:, 0] the traits as they are, then the replicates.
    """
    n_traits, n_columns, n = out.shape
    word = np.zeros(4, np.uint64)
    order = np.zeros(n, np.int64)
    for t in range(n_traits):
        for k in range(n):
            out[t, 0, k] = y[t, k]
        for b in range(1, n_columns):
            replicate = np.uint64(first + b)
            shuffle_within_cells(key, item[t], replicate, members, cell_start, word, order)
            for k in range(n):
                out[t, b, k] = y[t, order[k]]


# A stage adds Q columns to the model for locus j, the products z_q x_kj of its own K main columns
# with columns z of the loci chosen (the intercept first), so that sums over samples for all loci at
# once are matrix products: of the main columns with z_q W e, and of their products with z_q z_r.
# Symbols as in `crossmap.kernels.cell_weights`; loci stand side by side, one vector wide.

LOCI = 256
"""Loci side by side: what a step writes stays in the first-level cache."""


@kernel
def factor_of_loci(weight, before, sums, first, width, reach, lower, least, n_added):
    """Cholesky factors of D of many loci for the weights of one trait.

    Parameters
    ----------
    weight : float64[G]. Of the cells.
    before : float64[P, P]. Factor of B' W B.
    sums : the tuple (bx float64[K, q, G, P, m], xx float64[K (K+1)/2, q (q+1)/2, G, m]): sums over
        the samples of a cell of z_q x_k b_p, and of z_q x_k z_r x_l, pairs in the order of a lower
        triangle.
    first, width : int. The loci.
    reach : float64[q K, P, LOCI]. Overwritten.
    lower : float64[q K, q K, LOCI]. Overwritten: L below the diagonal, on it 1/L, 0 where a column
        adds nothing.
    least : float64[LOCI]. Overwritten: smallest share of a column's sum of squares that those
        before it leave, columns that are 0 throughout apart.
    n_added : int64[q K, LOCI]. Overwritten: 1 where the column adds something.
    """
    bx, xx = sums
    n_main, n_z, n_cells, n_basis, _ = bx.shape
    diagonal = np.zeros(LOCI)
    least[:width] = 1.0
    for c in range(n_main * n_z):
        q, k = c // n_main, c % n_main
        for p in range(n_basis):
            own = reach[c, p]
            own[:width] = 0.0
            if before[p, p] == 0.0:
                continue
            for g in range(n_cells):
                for j in range(width):
                    own[j] += weight[g] * bx[k, q, g, p, first + j]
            for a in range(p):
                for j in range(width):
                    own[j] -= before[p, a] * reach[c, a, j]
            for j in range(width):
                own[j] /= before[p, p]
        for a in range(c + 1):
            r, i = a // n_main, a % n_main
            high, low = max(k, i), min(k, i)
            pair = high * (high + 1) // 2 + low
            of_z = q * (q + 1) // 2 + r
            own = lower[c, a]
            own[:width] = 0.0
            for g in range(n_cells):
                for j in range(width):
                    own[j] += weight[g] * xx[pair, of_z, g, first + j]
            if a == c:
                diagonal[:width] = own[:width]
            for p in range(n_basis):
                for j in range(width):
                    own[j] -= reach[c, p, j] * reach[a, p, j]
            for b in range(a):
                for j in range(width):
                    own[j] -= lower[c, b, j] * lower[a, b, j]
            if a < c:
                for j in range(width):
                    own[j] *= lower[a, a, j]
        for j in range(width):
            share = lower[c, c, j] / diagonal[j] if diagonal[j] > 0.0 else 0.0
            if diagonal[j] > 0.0:
                least[j] = min(least[j], share)
            n_added[c, j] = 1 if share > COLLINEAR else 0
            lower[c, c, j] = 1.0 / np.sqrt(lower[c, c, j]) if share > COLLINEAR else 0.0


@kernel
def gains_of_loci(product, weights, bb, sums, n_before, first, gain):
    """What every locus explains of every trait and permutation.

    Parameters
    ----------
    product : float64[K, q, T C, w]. Sums of z_q x_k W e, the C columns of a trait side by side.
    weights : float64[T, G]. Of the cells.
    bb : float64[G, P, P]. B_g' B_g.
    sums : as in `factor_of_loci`.
    n_before : int. The first so many columns of a locus are in its own model before; the share that
        the others explain of what these leave is then wanted, and e' W e is 1.
    first : int. Loci `first` to `first` + w are those of `product`.
    gain : float64[T C, m]. Overwritten for these loci.
    """
    n_main, n_z, n_all, n_loci = product.shape
    n_columns, n_basis, n_cells = n_main * n_z, bb.shape[1], weights.shape[1]
    n_each = n_all // weights.shape[0]
    gram, before = np.zeros((n_basis, n_basis)), np.zeros((n_basis, n_basis))
    scale, least = np.zeros(n_basis), np.zeros(LOCI)
    reach, lower = np.zeros((n_columns, n_basis, LOCI)), np.zeros((n_columns, n_columns, LOCI))
    v, n_added = np.zeros((n_columns, LOCI)), np.zeros((n_columns, LOCI), np.int64)
    main, rest = np.zeros(LOCI), np.zeros(LOCI)
    for t in range(weights.shape[0]):
        gram[:] = 0.0
        for g in range(n_cells):
            gram += weights[t, g] * bb[g]
        for a in range(n_basis):
            scale[a] = gram[a, a]
        factor(gram, scale, before)
        for start in range(0, n_loci, LOCI):
            width = min(LOCI, n_loci - start)
            factor_of_loci(
                weights[t], before, sums, first + start, width, reach, lower, least, n_added
            )
            for i in range(t * n_each, (t + 1) * n_each):
                main[:] = 0.0
                rest[:] = 0.0
                for c in range(n_columns):
                    own = v[c]
                    for j in range(width):
                        own[j] = product[c % n_main, c // n_main, i, start + j]
                    for a in range(c):
                        for j in range(width):
                            own[j] -= lower[c, a, j] * v[a, j]
                    total = main if c < n_before else rest
                    for j in range(width):
                        own[j] *= lower[c, c, j]
                        total[j] += own[j] * own[j]
                for j in range(width):
                    left = max(1.0 - main[j], NOTHING_LEFT) if n_before else 1.0
                    gain[i, first + start + j] = rest[j] / left


@kernel
def near_best(gain, kind, margin, start, locus):
    """List the loci that may be the best of every row, within rounding.

    Parameters
    ----------
    gain : float64[R, m]. What each explains.
    kind : int64[m]. Loci of one kind are compared; those of kind -1 are not sure, and listed of
        every row; those of kind -2 take no part.
    margin : float. Relative difference below which two gains may be in either order.
    start : int64[R + 1]. Overwritten: where in `locus` those of each row begin.
    locus : int64[N]. Overwritten, in ascending order, as far as N goes; where nothing is explained
        the first of each kind stands.
    """
    n_rows, m = gain.shape
    n_kinds = max(0, kind.max()) + 1
    largest = np.zeros(n_kinds)
    n = 0
    for r in range(n_rows):
        start[r] = n
        largest[:] = -1.0
        for j in range(m):
            if kind[j] >= 0 and gain[r, j] > largest[kind[j]]:
                largest[kind[j]] = gain[r, j]
        for j in range(m):
            c = kind[j]
            if c >= 0:
                if gain[r, j] < largest[c] * (1.0 - margin) or largest[c] < 0.0:
                    continue
                if largest[c] == 0.0:
                    largest[c] = -1.0
            if c >= -1:
                if n < locus.shape[0]:
                    locus[n] = j
                n += 1
    start[n_rows] = n
