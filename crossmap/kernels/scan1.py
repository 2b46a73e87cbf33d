"""The single-locus scan: which tests are worth deciding on, and deciding them.

A search walks every (locus, trait) pair and keeps those that may matter: past the threshold of the
locus, or best of their trait, or best of their locus, as far as its rounding can tell.
`exact_tests` decides on those in float64, sums in the order of the samples. What comes out depends
on neither the precision of the search nor its blocks.

Symbols: r_k = q_k . y, q_k the orthonormal columns of a locus, y a trait's residual of unit length;
g0 = sum of r_k^2 over the columns of the null model, g1 over the tested ones; partial
R2 = g1/(1 - g0). All errors are bounded in ||r||, so R2 >= c is searched for as
g1 + c g0 >= (sqrt(c) - eps)^2.
"""

import numpy as np

from crossmap.kernels._numba import kernel
from crossmap.kernels.regression import dot

BLOCK = 128
"""Traits side by side: a block of 112 samples in float32 stays in the first-level cache or near."""

CANCELLED = 1e-3
"""Below this share of the sum of squares a difference has lost digits; it is summed directly."""


@kernel
def sift(j, first, width, gains, rules, state, found):
    """Keep the tests of one locus that may matter.

    Parameters
    ----------
    j : int. The locus; first, width : ints. The traits first .. first + width - 1.
    gains : the tuple (g1, g0), float[BLOCK] each; g0 is not read where n_before is 0.
    rules, state, found : as in `search_coded`.
    """
    g1, g0 = gains
    _, critical, limit, df_class, eps, n_before = rules
    trait_r2, trait_limit, locus_r2, locus_limit, widest = state
    found_locus, found_trait, n_found = found
    c = df_class[j]
    low = min(limit[j], locus_limit[j])
    count = 0
    if n_before == 0:
        for t in range(width):
            count += (g1[t] >= low) | (g1[t] >= trait_limit[c, first + t])
        if count == 0:
            return
    e = eps[j]
    zero = g1[0] - g1[0]
    one = zero + g1.dtype.type(1.0)
    for t in range(width):
        a = g1[t]
        b = g0[t] if n_before > 0 else zero
        s = first + t
        if (
            a + critical[j] * b >= limit[j]
            or a + trait_r2[c, s] * b >= trait_limit[c, s]
            or a + locus_r2[j] * b >= locus_limit[j]
        ):
            found_locus[n_found[0]] = j
            found_trait[n_found[0]] = s
            n_found[0] += 1
            # What the partial R2 is at least, and so the best of this trait and of this locus.
            tested = max(np.sqrt(a) - e, zero)
            before = max(np.sqrt(b) - e, zero)
            least = tested * tested / (one - before * before)
            if least > trait_r2[c, s]:
                trait_r2[c, s] = least
                root = max(np.sqrt(least) - widest[0], zero)
                trait_limit[c, s] = root * root
            if least > locus_r2[j]:
                locus_r2[j] = least
                root = max(np.sqrt(least) - e, zero)
                locus_limit[j] = root * root


@kernel
def count_bins(j, first, width, gains, rules, bins, exact):
    """Count the tests of one locus by bins of their partial R2.

    Parameters
    ----------
    j, first, width, gains, rules : as in `sift`.
    bins : the tuple (edges float64[C, B + 1], guide int64[C, N + 1], weight int64[L],
        counts int64[B]). Ascending edges of R2 for each class of degrees of freedom; the bin
        in which g/N lies; how often a test of the locus counts; overwritten counts.
    exact : the tuple (columns float64[L, K, n], y float64[T, n]).

    Notes
    -----
    A test too near an edge for its rounding is decided by `exact_test`.
    """
    g1, g0 = gains
    _, _, _, df_class, eps, n_before = rules
    edges, guide, weight, counts = bins
    columns, y = exact
    c = df_class[j]
    n_cells = guide.shape[1] - 1
    last = counts.shape[0] - 1
    for t in range(width):
        left = 1.0 - g0[t] if n_before > 0 else 1.0
        r2 = min(g1[t] / left, 1.0)
        b = guide[c, int(r2 * n_cells)]
        while b < last and r2 >= edges[c, b + 1]:
            b += 1
        margin = 4.0 * eps[j] / left
        if r2 - edges[c, b] < margin or edges[c, b + 1] - r2 < margin:
            _, tested, rest = exact_test(columns, j, y, first + t, n_before)
            r2 = tested / (tested + rest)
            b = guide[c, int(r2 * n_cells)]
            while b < last and r2 >= edges[c, b + 1]:
                b += 1
        counts[b] += weight[j]


@kernel
def search_coded(z, n_traits, changes, transform, rules, state, bins, exact, found):
    """Find the tests that may matter, by the samples that change from one locus to the next.

    Parameters
    ----------
    z : float[N, M, n, BLOCK]. Blocks of traits side by side, of unit length, whitened twice where
        errors are correlated, times the M multipliers (1, then interactive covariates); the last
        block is filled up with 0.
    n_traits : int.
    changes : the tuple (restart bool[L], offset int64[F, L + 1], sample int64[E], step float[E]).
        Feature f of locus j is that of the locus before plus step at the samples in
        offset[f, j]:offset[f, j + 1]; restart: the locus before is all 0.
    transform : float[L, K, K], K = M F. From `orthonormal_columns`; columns m F + f.
    rules : the tuple (is_tested bool[L], critical float[L], limit float[L], df_class int64[L],
        eps float[L], n_before int). Loci with a test at all; R2 at the threshold; what
        g1 + critical g0 must reach; which degrees of freedom; error of ||r||; columns of the null
        model.
    state : the tuple (trait_r2 float[C, T], trait_limit float[C, T], locus_r2 float[L],
        locus_limit float[L], widest float[1]). Overwritten: largest R2 so far, at least, of each
        trait and of each locus, and what g1 + R2 g0 must reach to compete; the largest eps.
    bins : as in `count_bins`; no counts, no counting.
    exact : as in `count_bins`.
    found : the tuple (locus int32[L T], trait int32[L T], n int64[1]). Overwritten.

    Notes
    -----
    S(j) = S(j-1) + changes, one addition per change and trait; r_k = sum_i transform[k, i] S_i.
    """
    restart, offset, sample, step = changes
    is_tested = rules[0]
    n_before = rules[5]
    n_counts = bins[3].shape[0]
    n_multipliers = z.shape[1]
    n_features = offset.shape[0]
    n_loci, n_columns, _ = transform.shape
    sums = np.zeros((n_columns, BLOCK), z.dtype)
    r = np.zeros(BLOCK, z.dtype)
    g1 = np.zeros(BLOCK, z.dtype)
    g0 = np.zeros(BLOCK, z.dtype)
    zero = g1[0]
    for block in range(z.shape[0]):
        first = block * BLOCK
        width = min(BLOCK, n_traits - first)
        for j in range(n_loci):
            if restart[j]:
                sums[:] = zero
            for f in range(n_features):
                for e in range(offset[f, j], offset[f, j + 1]):
                    k = sample[e]
                    s = step[e]
                    for m in range(n_multipliers):
                        for t in range(BLOCK):
                            sums[m * n_features + f, t] += s * z[block, m, k, t]
            if not is_tested[j]:
                continue
            if n_columns == 1:
                w = transform[j, 0, 0] * transform[j, 0, 0]
                for t in range(BLOCK):
                    g1[t] = sums[0, t] * sums[0, t] * w
            else:
                g1[:] = zero
                g0[:] = zero
                for c in range(n_columns):
                    r[:] = zero
                    for i in range(c + 1):
                        w = transform[j, c, i]
                        for t in range(BLOCK):
                            r[t] += w * sums[i, t]
                    if c < n_before:
                        for t in range(BLOCK):
                            g0[t] += r[t] * r[t]
                    else:
                        for t in range(BLOCK):
                            g1[t] += r[t] * r[t]
            sift(j, first, width, (g1, g0), rules, state, found)
            if n_counts > 0:
                count_bins(j, first, width, (g1, g0), rules, bins, exact)


@kernel
def search_product(r, n_columns, rules, state, bins, exact, found):
    """Find the tests that may matter, from a product of the loci's columns and the traits.

    Parameters
    ----------
    r : float[L K, T]. Projections q_k . y, the K columns of a locus one below the other.
    n_columns : int. K.
    rules, state, bins, exact, found : as in `search_coded`.
    """
    is_tested = rules[0]
    n_before = rules[5]
    n_counts = bins[3].shape[0]
    n_traits = r.shape[1]
    n_loci = r.shape[0] // n_columns
    g1 = np.zeros(BLOCK, r.dtype)
    g0 = np.zeros(BLOCK, r.dtype)
    zero = g1[0]
    for j in range(n_loci):
        if not is_tested[j]:
            continue
        for first in range(0, n_traits, BLOCK):
            width = min(BLOCK, n_traits - first)
            g1[:] = zero
            g0[:] = zero
            for c in range(n_columns):
                row = j * n_columns + c
                if c < n_before:
                    for t in range(width):
                        g0[t] += r[row, first + t] * r[row, first + t]
                else:
                    for t in range(width):
                        g1[t] += r[row, first + t] * r[row, first + t]
            sift(j, first, width, (g1, g0), rules, state, found)
            if n_counts > 0:
                count_bins(j, first, width, (g1, g0), rules, bins, exact)


@kernel
def exact_test(columns, j, y, t, n_before):
    """Decide one test in float64.

    Parameters
    ----------
    columns : float64[L, K, n]. Orthonormal columns; j : int. The locus.
    y : float64[T, n]. Residuals of unit length; t : int. The trait.
    n_before : int. Columns of the null model.

    Returns
    -------
    last, tested, rest : float64
        Projection on the last column; share of the sum of squares that the tested columns take;
        share that is left.
    """
    n_columns, n = columns.shape[1], columns.shape[2]
    flat = columns.reshape(columns.shape[0] * n_columns, n)
    tested = 0.0
    before = 0.0
    last = 0.0
    for c in range(n_columns):
        last = dot(flat, j * n_columns + c, y, t)
        if c < n_before:
            before += last * last
        else:
            tested += last * last
    rest = 1.0 - before - tested
    if rest < CANCELLED:
        residual = y[t].copy()
        for c in range(n_columns):
            r = dot(flat, j * n_columns + c, y, t)
            for k in range(n):
                residual[k] -= r * columns[j, c, k]
        rest = 0.0
        for k in range(n):
            rest += residual[k] * residual[k]
    return last, tested, rest


@kernel
def exact_tests(columns, y, n_before, locus, trait, out):
    """Decide tests in float64.

    Parameters
    ----------
    columns, y, n_before : as in `exact_test`.
    locus, trait : int32[N]. The tests.
    out : float64[N, 3]. Overwritten: last, tested, rest of `exact_test`.
    """
    for i in range(locus.shape[0]):
        last, tested, rest = exact_test(columns, locus[i], y, trait[i], n_before)
        out[i, 0] = last
        out[i, 1] = tested
        out[i, 2] = rest


@kernel
def keep_best(locus, trait, r2, df_class, tie, best):
    """Which test is the best of every trait, and which of every locus.

    Parameters
    ----------
    locus, trait : int32[N]; r2 : float64[N]. The tests.
    df_class : int64[L]. Which degrees of freedom the locus has.
    tie : float. Relative difference below which two count as equal; the first then stands.
    best : the tuple (of_trait int64[C, T], of_locus int64[L]). Overwritten: numbers of tests, -1
        where there is none.
    """
    of_trait, of_locus = best
    trait_r2 = np.full(of_trait.shape, -1.0)
    locus_r2 = np.full(of_locus.shape[0], -1.0)
    for i in range(locus.shape[0]):
        j, t, c = locus[i], trait[i], df_class[locus[i]]
        trait_r2[c, t] = max(trait_r2[c, t], r2[i])
        locus_r2[j] = max(locus_r2[j], r2[i])
    of_trait[:] = -1
    of_locus[:] = -1
    for i in range(locus.shape[0]):
        j, t, c = locus[i], trait[i], df_class[locus[i]]
        if r2[i] >= trait_r2[c, t] * (1.0 - tie):
            so_far = of_trait[c, t]
            if so_far < 0 or j < locus[so_far]:
                of_trait[c, t] = i
        if r2[i] >= locus_r2[j] * (1.0 - tie):
            so_far = of_locus[j]
            if so_far < 0 or t < trait[so_far]:
                of_locus[j] = i
