"""Largest partial R2 over the genome, for every permutation of every trait.

A float32 search walks all loci for a tile of permuted traits side by side; wherever its rounding
leaves doubt, and for what is reported, float64 decides.

Symbols: e a trait's residuals in the coordinates that are permuted (m of them), p = e permuted; the
trait of the panel is y = A p, less its projection on the basis; q_k the orthonormal columns of a
locus, r_k = q_k . y/||y||, R2 = sum of r_k^2.
"""

import numpy as np

from crossmap.kernels._numba import kernel, search_kernel
from crossmap.kernels.regression import TIE, dot
from crossmap.kernels.shuffles import lay_out, shuffle_lanes
from crossmap.kernels.tile_search import CHUNK, TILE, tile_gains

NO_VARIANCE = 1e-12
"""Share of a permuted trait's sum of squares below which what covariates leave is rounding."""


@search_kernel
def factor_gains(y, changes, transform, gains, largest, best):
    """Gain of every locus for every column where a locus has several features, in float32.

    Parameters
    ----------
    y : float32[n, TILE]. Columns side by side, sum of squares 1.
    changes : the tuple (restart bool[J], offset int64[F, J + 1], sample int64[E],
        step float32[E]).
    transform : float32[J, F, F]. From `crossmap.kernels.regression.orthonormal_columns`; all 0
        where a locus is not tested.
    gains : float32[J, TILE]. Overwritten.
    largest : float32[ceil(J / CHUNK), TILE]. Overwritten: largest gain of every chunk.
    best : float32[TILE]. Overwritten: largest gain.

    Notes
    -----
    `crossmap.kernels.tile_search.tile_gains` is this with one feature.
    """
    restart, offset, sample, step = changes
    n_loci, n_features, _ = transform.shape
    zero = np.float32(0.0)
    sums = np.zeros((n_features, TILE), np.float32)
    r = np.zeros(TILE, np.float32)
    best[:] = zero
    largest[:] = zero
    for j in range(n_loci):
        if restart[j]:
            sums[:] = zero
        for f in range(n_features):
            for e in range(offset[f, j], offset[f, j + 1]):
                k, s = sample[e], step[e]
                for t in range(TILE):
                    sums[f, t] += s * y[k, t]
        for t in range(TILE):
            gains[j, t] = zero
        for c in range(n_features):
            r[:] = zero
            for i in range(c + 1):
                w = transform[j, c, i]
                for t in range(TILE):
                    r[t] += w * sums[i, t]
            for t in range(TILE):
                gains[j, t] += r[t] * r[t]
        chunk = j // CHUNK
        for t in range(TILE):
            g = gains[j, t]
            largest[chunk, t] = g if g > largest[chunk, t] else largest[chunk, t]
            best[t] = g if g > best[t] else best[t]


@kernel
def panel_columns(e, trait, order, panel, wide, square, block):
    """Turn permuted residuals into the traits of a panel, of unit length and in float32.

    Parameters
    ----------
    e : float64[T, m]. Residuals.
    trait : int64[TILE]. Which of them each column is, -1 for none.
    order : int32[TILE, m]. From `crossmap.kernels.shuffles.shuffle_lanes`.
    panel : as in `permuted_maxima`.
    wide : float64[max(m, n), TILE]. Scratch.
    square : float64[TILE]. Overwritten: ||y||^2, 0 where nothing but rounding is left.
    block : float32[n, TILE]. Overwritten: what is summed over the raw genotypes.
    """
    take, basis, summed, shown = panel
    m, n = e.shape[1], block.shape[0]
    is_mapped = summed.shape[0] > 0
    whole = np.zeros(TILE)
    for k in range(m if is_mapped else n):
        row = k if is_mapped else take[k]
        for c in range(TILE):
            v = e[trait[c], order[c, row]] if trait[c] >= 0 else 0.0
            wide[k, c] = v
            whole[c] += v * v
    square[:] = whole
    sums = np.zeros(TILE)
    if is_mapped and shown.shape[0] > 0:
        square[:] = 0.0
        for k in range(n):
            sums[:] = 0.0
            for i in range(m):
                for c in range(TILE):
                    sums[c] += shown[k, i] * wide[i, c]
            for c in range(TILE):
                square[c] += sums[c] * sums[c]
    for p in range(basis.shape[0]):
        sums[:] = 0.0
        for k in range(n):
            for c in range(TILE):
                sums[c] += basis[p, k] * wide[k, c]
        for c in range(TILE):
            square[c] -= sums[c] * sums[c]
        for k in range(n):
            for c in range(TILE):
                wide[k, c] -= basis[p, k] * sums[c]
    norm = np.zeros(TILE)
    for c in range(TILE):
        if square[c] <= NO_VARIANCE * whole[c]:
            square[c] = 0.0
        else:
            norm[c] = 1.0 / np.sqrt(square[c])
    for k in range(n):
        if is_mapped:
            sums[:] = 0.0
            for i in range(m):
                for c in range(TILE):
                    sums[c] += summed[k, i] * wide[i, c]
            for c in range(TILE):
                block[k, c] = sums[c] * norm[c]
        else:
            for c in range(TILE):
                block[k, c] = wide[k, c] * norm[c]


@kernel
def exact_maximum(c, one, square, columns, gains, largest, best, eps):
    """Largest R2 of one column in float64, among the loci that the search cannot rule out.

    Parameters
    ----------
    c : int. The column.
    one : float64[1, m]. Its permuted residuals.
    square : float64. ||y||^2, above 0.
    columns : float64[J, K, m]. Orthonormal columns of every locus in the permuted coordinates.
    gains, largest, best : from `tile_gains` or `factor_gains`.
    eps : float64. Bound on the error of the search's ||r||.

    Returns
    -------
    r2 : float64
    locus : int64
        The first within `TIE` of the best; -1 if no locus has a column.
    """
    n_loci, n_columns, m = columns.shape
    flat = columns.reshape(n_loci * n_columns, m)
    root = max(np.sqrt(np.float64(best[c])) - 2.0 * eps, 0.0)
    bound = root * root * (1.0 - 1e-6)
    r2 = 0.0
    locus = -1
    for chunk in range(largest.shape[0]):
        if largest[chunk, c] < bound:
            continue
        for j in range(chunk * CHUNK, min((chunk + 1) * CHUNK, n_loci)):
            if gains[j, c] >= bound:
                total = 0.0
                for k in range(n_columns):
                    r = dot(flat, j * n_columns + k, one, 0)
                    total += r * r
                total /= square
                if total > r2 * (1.0 + TIE) and total > 0.0:
                    locus = j
                r2 = max(r2, total)
    return r2, locus


@kernel
def permuted_maxima(e, items, replicates, cells, panel, loci, eps, out):
    """Largest R2 of every trait and permutation.

    Parameters
    ----------
    e : float64[T, m]. Residuals of the traits on the null model, unit sum of squares or all 0.
    items : uint64[T]. What the shuffles of each trait are keyed by.
    replicates : the tuple (first, n, key uint64). Permutations first .. first + n - 1, of which 0
        is the trait as it is, and the key of seed, stage and strata.
    cells : the tuple (members int64[m], start int64[G + 1]). Strata within which is permuted.
    panel : the tuple (take int64[n], basis float64[P, n], summed float64[n, m] or [0, 0],
        shown float64[n, m] or [0, 0]). Where among the permuted coordinates the samples of the
        panel are; what is projected out of them; where coordinates are no samples, what makes of
        them the numbers that are summed over raw genotypes, and y itself if its length differs.
    loci : the tuple (restart, offset int64[F, J + 1], sample, step float32,
        transform float32[J, F, F], columns float64[J, F, m]). As in `factor_gains` and
        `exact_maximum`.
    eps : float64. Bound on the error of the search's ||r||.
    out : the tuple (r2 float64[T, n], locus int64[T]). Overwritten: NaN for a trait of all 0,
        best locus of permutation 0, if it is among them, else -1.

    Notes
    -----
    Twin: tests/naive/permute.py.
    """
    first_replicate, n_replicates, key = replicates
    members, cell_start = cells
    restart, offset, sample, step, transform, columns = loci
    r2, locus = out
    n_traits, m = e.shape
    n, (n_loci, n_features, _) = panel[0].shape[0], transform.shape
    is_plain = n == m and panel[1].shape[0] == 0 and panel[2].shape[0] == 0
    base = np.zeros(n_traits)
    for t in range(n_traits):
        base[t] = dot(e, t, e, t)
    weight = transform[:, 0, 0] * transform[:, 0, 0]
    item, replicate = np.zeros(TILE, np.uint64), np.zeros(TILE, np.uint64)
    words, order = np.zeros((4, TILE), np.uint64), np.zeros((TILE, m), np.int32)
    trait, square, norm = np.zeros(TILE, np.int64), np.zeros(TILE), np.zeros(TILE)
    wide = np.zeros((0 if is_plain else max(m, n), TILE))
    row, one_cell = np.zeros(m, np.float32), np.zeros(m, np.int64)
    sums, top = np.zeros(TILE, np.float32), np.zeros(TILE, np.float32)
    block, gains = np.zeros((n, TILE), np.float32), np.zeros((n_loci, TILE), np.float32)
    largest = np.zeros(((n_loci + CHUNK - 1) // CHUNK, TILE), np.float32)
    best, one = np.zeros(TILE, np.float32), np.zeros((1, m))
    locus[:] = -1
    stop = n_traits * n_replicates
    for first in range(0, stop, TILE):
        used = min(TILE, stop - first)
        for c in range(TILE):
            t = (first + c) // n_replicates
            trait[c] = t if c < used else -1
            item[c] = items[t] if c < used else np.uint64(0)
            replicate[c] = np.uint64(first_replicate + (first + c) % n_replicates)
            norm[c] = 1.0 / np.sqrt(base[t]) if c < used and base[t] > 0.0 else 0.0
        shuffle_lanes(key, item, replicate, members, cell_start, words, order[:used])
        if is_plain:
            lay_out(e, trait, norm, order[:used], one_cell, 0, row, block)
        else:
            panel_columns(e, trait, order, panel, wide, square, block)
        if n_features == 1:
            tile_gains(
                restart, offset[0], sample, step, weight, block, sums, top, gains, largest, best
            )  # fmt: skip
        else:
            factor_gains(
                block, (restart, offset, sample, step), transform, gains, largest, best
            )  # fmt: skip
        for c in range(used):
            t = trait[c]
            b = (first + c) % n_replicates
            whole = base[t] if is_plain else square[c]
            if base[t] == 0.0:
                r2[t, b] = np.nan
                continue
            r2[t, b] = 0.0
            if whole > 0.0:
                for k in range(m):
                    one[0, k] = e[t, order[c, k]]
                r2[t, b], j = exact_maximum(c, one, whole, columns, gains, largest, best, eps)
                if first_replicate + b == 0:
                    locus[t] = j
