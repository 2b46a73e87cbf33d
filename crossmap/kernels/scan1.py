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
from crossmap.kernels.stages import EXACT_FIT

BLOCK = 128
"""Traits side by side: a block of 112 samples in float32 stays in the first-level cache or near."""

LANES = 16
"""Traits that one vector instruction handles at most."""

ROWS = 512
"""Loci whose gains are kept at a time: with a block of traits, a quarter of a megabyte."""

CANCELLED = 1e-3
"""Below this share of the sum of squares a difference has lost digits; it is summed directly."""


@kernel
def largest(values, scratch):
    """Largest of BLOCK numbers, or 0 if none is above it; NaN is never the largest.

    Parameters
    ----------
    values : float[BLOCK].
    scratch : float[BLOCK]. Overwritten; its first LANES: the largest of every LANES-th number.

    Returns
    -------
    float

    Notes
    -----
    By halves, comparing lane by lane: selections become vector instructions, where `max` and
    branches do not (0.2 ns a test against 0.7, tests/benchmarks/scan1.py).
    """
    zero = scratch[0] - scratch[0]
    half = BLOCK // 2
    for t in range(half):
        a = values[t] if values[t] > zero else zero
        scratch[t] = a if a > values[t + half] else values[t + half]
    for t in range(half):
        scratch[t] = scratch[t] if scratch[t] > zero else zero
    while half > LANES:
        half //= 2
        for t in range(half):
            scratch[t] = scratch[t] if scratch[t] > scratch[t + half] else scratch[t + half]
    best = zero
    for t in range(LANES):
        best = scratch[t] if scratch[t] > best else best
    return best


@kernel
def raise_bounds(first, gains, n_rows, start, rules, state):
    """Raise what the best test of each trait and of each locus is known to reach.

    Parameters
    ----------
    first : int. The first trait of the block.
    gains : the tuple (g1, g0), float[ROWS, BLOCK] each; g0 is not read where n_before is 0.
    n_rows, start : ints. Rows in use, of the loci start .. start + n_rows - 1.
    rules, state : as in `search_coded`.
    """
    g1, g0 = gains
    is_tested, _, _, df_class, eps, n_before = rules
    trait_r2, trait_limit, locus_r2, locus_limit, widest = state
    zero = eps[0] - eps[0]
    two = zero + g1.dtype.type(2.0)
    one = zero + g1.dtype.type(1.0)
    n_classes = trait_r2.shape[0]
    best = np.zeros((n_classes, BLOCK), g1.dtype)
    value = np.zeros(BLOCK, g1.dtype)
    scratch = np.zeros(BLOCK, g1.dtype)
    for row in range(n_rows):
        j = start + row
        if not is_tested[j]:
            continue
        c = df_class[j]
        e = eps[j]
        if n_before == 0:
            for t in range(BLOCK):
                value[t] = g1[row, t]
        else:
            for t in range(BLOCK):
                tested = np.sqrt(g1[row, t]) - e
                before = np.sqrt(g0[row, t]) - e
                tested = tested if tested > zero else zero
                before = before if before > zero else zero
                value[t] = tested * tested / (one - before * before)
        for t in range(BLOCK):
            best[c, t] = value[t] if value[t] > best[c, t] else best[c, t]
        v = largest(value, scratch)
        if v > locus_r2[j]:
            locus_r2[j] = v
            root = np.sqrt(v) - two * e
            locus_limit[j] = root * root if root > zero else zero
    for c in range(n_classes):
        for t in range(BLOCK):
            s = first + t
            v = best[c, t] if best[c, t] > trait_r2[c, s] else trait_r2[c, s]
            trait_r2[c, s] = v
            root = np.sqrt(v) - two * widest[0]
            trait_limit[c, s] = root * root if root > zero else zero


@kernel
def sift(first, width, gains, n_rows, start, rules, state, found):
    """Keep the tests of a block that may matter.

    Parameters
    ----------
    first, width : ints. The traits first .. first + width - 1.
    gains, n_rows, start : as in `raise_bounds`.
    rules, state, found : as in `search_coded`.
    """
    g1, g0 = gains
    is_tested, critical, limit, df_class, _, n_before = rules
    trait_r2, trait_limit, locus_r2, locus_limit, _ = state
    found_locus, found_trait, found_gain, n_found = found
    zero = critical[0] - critical[0]
    one = zero + g1.dtype.type(1.0)
    reaches = np.zeros(BLOCK, g1.dtype)
    scratch = np.zeros(BLOCK, g1.dtype)
    bound = trait_limit[:, first : first + BLOCK].copy()
    weight = trait_r2[:, first : first + BLOCK].copy()
    for row in range(n_rows):
        j = start + row
        if not is_tested[j]:
            continue
        c = df_class[j]
        if n_before == 0:
            low = limit[j] if limit[j] < locus_limit[j] else locus_limit[j]
            for t in range(BLOCK):
                reaches[t] = one if (g1[row, t] >= low) | (g1[row, t] >= bound[c, t]) else zero
        else:
            for t in range(BLOCK):
                a = g1[row, t]
                b = g0[row, t]
                reaches[t] = (
                    one
                    if (a + critical[j] * b >= limit[j])
                    | (a + weight[c, t] * b >= bound[c, t])
                    | (a + locus_r2[j] * b >= locus_limit[j])
                    else zero
                )
        if largest(reaches, scratch) == zero:
            continue
        for lane in range(LANES):
            if scratch[lane] == zero:
                continue
            for t in range(lane, width, LANES):
                if reaches[t] > zero:
                    i = n_found[0]
                    found_locus[i] = j
                    found_trait[i] = first + t
                    found_gain[i, 0] = g1[row, t]
                    found_gain[i, 1] = g0[row, t] if n_before > 0 else zero
                    n_found[0] = i + 1


@kernel
def prune(rules, state, found):
    """Drop the tests kept early on that the bounds reached in the end rule out.

    Parameters
    ----------
    rules, state, found : as in `search_coded`.
    """
    _, critical, limit, df_class, _, _ = rules
    trait_r2, trait_limit, locus_r2, locus_limit, _ = state
    found_locus, found_trait, found_gain, n_found = found
    kept = 0
    for i in range(n_found[0]):
        j, s, a, b = found_locus[i], found_trait[i], found_gain[i, 0], found_gain[i, 1]
        c = df_class[j]
        if (
            a + critical[j] * b >= limit[j]
            or a + trait_r2[c, s] * b >= trait_limit[c, s]
            or a + locus_r2[j] * b >= locus_limit[j]
        ):
            found_locus[kept] = j
            found_trait[kept] = s
            kept += 1
    n_found[0] = kept


@kernel
def count_bins(first, width, gains, n_rows, start, rules, bins, exact):
    """Count the tests of a block by bins of their partial R2.

    Parameters
    ----------
    first, width, gains, n_rows, start, rules : as in `sift`.
    bins : the tuple (edges float64[C, B + 1], guide int64[C, N + 1], weight int64[L],
        counts int64[B]). Ascending edges of R2 for each class of degrees of freedom; the bin
        in which g/N lies; how often a test of the locus counts; overwritten counts.
    exact : the tuple (columns float64[L, K, n], y float64[T, n]).

    Notes
    -----
    A test too near an edge for its rounding is decided by `exact_test`.
    """
    g1, g0 = gains
    is_tested, _, _, df_class, eps, n_before = rules
    edges, guide, weight, counts = bins
    columns, y = exact
    n_cells = guide.shape[1] - 1
    last = counts.shape[0] - 1
    for row in range(n_rows):
        j = start + row
        if not is_tested[j]:
            continue
        c = df_class[j]
        for t in range(width):
            left = 1.0 - g0[row, t] if n_before > 0 else 1.0
            r2 = g1[row, t] / left
            if not r2 >= 0.0:
                continue
            r2 = r2 if r2 < 1.0 else 1.0
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
def examine(first, width, gains, n_rows, start, rules, state, bins, exact, found):
    """Look at the tests of a block: bounds first, then who reaches them, then the count.

    Parameters
    ----------
    first, width, gains, n_rows, start : as in `sift`.
    rules, state, bins, exact, found : as in `search_coded`.
    """
    raise_bounds(first, gains, n_rows, start, rules, state)
    sift(first, width, gains, n_rows, start, rules, state, found)
    if bins[3].shape[0] > 0:
        count_bins(first, width, gains, n_rows, start, rules, bins, exact)


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
    state : the tuple (trait_r2 float[C, N BLOCK], trait_limit float[C, N BLOCK],
        locus_r2 float[L], locus_limit float[L], widest float[1]). Overwritten: largest R2 so far,
        at least, of each trait and of each locus, and what g1 + R2 g0 must reach to compete; the
        largest eps.
    bins : as in `count_bins`; no counts, no counting.
    exact : as in `count_bins`.
    found : the tuple (locus int32[L T], trait int32[L T], gain float[L T, 2], n int64[1]).
        Overwritten: the tests, g1 and g0 of each, how many.

    Notes
    -----
    S(j) = S(j-1) + changes, one addition per change and trait; r_k = sum_i transform[k, i] S_i.
    """
    restart, offset, sample, step = changes
    n_multipliers = z.shape[1]
    n_features = offset.shape[0]
    n_loci, n_columns, _ = transform.shape
    n_before = rules[5]
    sums = np.zeros((n_columns, BLOCK), z.dtype)
    g1 = np.zeros((ROWS, BLOCK), z.dtype)
    g0 = np.zeros((ROWS if n_before > 0 else 0, BLOCK), z.dtype)
    zero = sums[0, 0]
    for block in range(z.shape[0]):
        first = block * BLOCK
        width = min(BLOCK, n_traits - first)
        for start in range(0, n_loci, ROWS):
            n_rows = min(ROWS, n_loci - start)
            for row in range(n_rows):
                j = start + row
                if restart[j]:
                    sums[:] = zero
                for f in range(n_features):
                    for e in range(offset[f, j], offset[f, j + 1]):
                        k = sample[e]
                        s = step[e]
                        for m in range(n_multipliers):
                            for t in range(BLOCK):
                                sums[m * n_features + f, t] += s * z[block, m, k, t]
                if n_columns == 1:
                    w = transform[j, 0, 0] * transform[j, 0, 0]
                    for t in range(BLOCK):
                        g1[row, t] = sums[0, t] * sums[0, t] * w
                else:
                    gains_of_sums(sums, transform, j, n_before, g1, g0, row)
            examine(first, width, (g1, g0), n_rows, start, rules, state, bins, exact, found)
    prune(rules, state, found)


@kernel
def gains_of_sums(sums, transform, j, n_before, g1, g0, row):
    """Squared projections on the columns of a locus, from the sums over its features.

    Parameters
    ----------
    sums : float[K, BLOCK]. S_i.
    transform : float[L, K, K]; j : int. r_k = sum_i transform[j, k, i] S_i.
    n_before : int. Columns of the null model.
    g1, g0 : float[ROWS, BLOCK]. Overwritten in one row: sums of r_k^2, tested and before.
    row : int. Which.
    """
    r = np.zeros(BLOCK, sums.dtype)
    zero = sums[0, 0] - sums[0, 0]
    for t in range(BLOCK):
        g1[row, t] = zero
    if n_before > 0:
        for t in range(BLOCK):
            g0[row, t] = zero
    for c in range(sums.shape[0]):
        r[:] = zero
        for i in range(c + 1):
            w = transform[j, c, i]
            for t in range(BLOCK):
                r[t] += w * sums[i, t]
        if c < n_before:
            for t in range(BLOCK):
                g0[row, t] += r[t] * r[t]
        else:
            for t in range(BLOCK):
                g1[row, t] += r[t] * r[t]


@kernel
def search_product(r, n_traits, n_columns, rules, state, bins, exact, found):
    """Find the tests that may matter, from a product of the loci's columns and the traits.

    Parameters
    ----------
    r : float[L K, N BLOCK]. Projections q_k . y, the K columns of a locus one below the other;
        whole blocks of traits, the last filled up with 0.
    n_traits, n_columns : ints. T, K.
    rules, state, bins, exact, found : as in `search_coded`.
    """
    n_before = rules[5]
    n_loci = r.shape[0] // n_columns
    g1 = np.zeros((ROWS, BLOCK), r.dtype)
    g0 = np.zeros((ROWS if n_before > 0 else 0, BLOCK), r.dtype)
    for first in range(0, n_traits, BLOCK):
        width = min(BLOCK, n_traits - first)
        part = r[:, first : first + BLOCK]  # an index first + t would not become vectors
        for start in range(0, n_loci, ROWS):
            n_rows = min(ROWS, n_loci - start)
            for row in range(n_rows):
                i = (start + row) * n_columns
                for t in range(BLOCK):
                    g1[row, t] = part[i + n_before, t] * part[i + n_before, t]
                for c in range(n_before + 1, n_columns):
                    for t in range(BLOCK):
                        g1[row, t] += part[i + c, t] * part[i + c, t]
                if n_before > 0:
                    for t in range(BLOCK):
                        g0[row, t] = part[i, t] * part[i, t]
                for c in range(1, n_before):
                    for t in range(BLOCK):
                        g0[row, t] += part[i + c, t] * part[i + c, t]
            examine(first, width, (g1, g0), n_rows, start, rules, state, bins, exact, found)
    prune(rules, state, found)


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
        share that is left, 0 where that is only rounding.
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
        rest = rest if rest > EXACT_FIT else 0.0
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
