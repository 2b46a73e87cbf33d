"""All pairs of loci for a block of traits, by the recombination coding of pairs."""

import numpy as np

from crossmap.kernels._numba import kernel, search_kernel
from crossmap.kernels.pairs import LEAST_LEFT, decide_pair, pair_statistic, search_pairs
from crossmap.kernels.philox import shuffle_within_cells

BLOCK = 512
"""Columns side by side."""

BOTH_SIGNS = np.int64(-0x7FFFFFFF80000000)
"""Sign bits of two float32 side by side. Whether any column improves is read from the signs of
what is missing, two at a time: a count, being of 64 bits, would halve the vectors of the loop
that makes the gains (54 against 47 ns a pair and 128 columns on yeast)."""

N_KEPT = 16
"""Pairs kept per column that float32 cannot tell from the best; more are searched for anew."""


@kernel
def partners(locus, begin, first, stop, min_cell, n1, coding, row):
    """Prepare one locus's pass over its partners: recombinants and weights.

    Parameters
    ----------
    locus : int64. The first locus of the pairs, i.
    begin, first, stop : int64. Sums begin at `begin` (a restart); pairs are first <= j < stop.
    min_cell : int64, 1 or more. Fewest samples in each of the four cells.
    n1 : int64[J]. Samples in class 1.
    coding : the tuple (restart, offset, sample, sign, code).
    row : the tuple (chunk int64[J + 1], sample int64[...], weight float32[J, 5], eligible bool[J],
        enter int64[n], leave int64[n]). Overwritten from `begin` to `stop`: the recombinants
        inside class 1 of i at locus j stand at 4 chunk[j]:4 chunk[j + 1], in chunks of two that
        enter class 1 of j and two that leave it, padded with row n (of zeros); at least one
        chunk. weight holds W, p, q, r, c of `scan_row`.

    Returns
    -------
    int64
        Eligible pairs.

    Notes
    -----
    The list depends on i alone, so it is made once for all blocks of traits.
    """
    restart, offset, sample, sign, code = coding
    chunk, group_sample, weight, eligible, enter, leave = row
    n = code.shape[1]
    spread = n1[locus] * (n - n1[locus]) / n
    used = 0
    n11 = 0
    n_pairs = 0
    for j in range(begin, stop):
        if restart[j]:
            n11 = 0
        n_enter = 0
        n_leave = 0
        for e in range(offset[j], offset[j + 1]):
            # Written whether kept or not: a branch that is taken at random costs more.
            inside = np.int64(code[locus, sample[e]])
            enters = inside * np.int64(sign[e] > 0.0)
            enter[n_enter] = sample[e]
            leave[n_leave] = sample[e]
            n_enter += enters
            n_leave += inside - enters
        n11 += n_enter - n_leave
        chunk[j] = used
        n_chunks = max(1, max((n_enter + 1) // 2, (n_leave + 1) // 2))
        for c in range(n_chunks):
            for slot in range(2):
                place = 2 * c + slot
                at = 4 * (used + c) + slot
                group_sample[at] = enter[place] if place < n_enter else n
                group_sample[at + 2] = leave[place] if place < n_leave else n
        used += n_chunks
        n10 = n1[locus] - n11
        n01 = n1[j] - n11
        n00 = n - n1[locus] - n01
        smallest = min(min(n11, n10), min(n01, n00))
        eligible[j] = j >= first and smallest >= min_cell
        if eligible[j]:
            n_pairs += 1
            w10, w01, w00 = 1.0 / n10, 1.0 / n01, 1.0 / n00
            w = 1.0 / n11 + w10 + w01 + w00
            a, b = w10 + w00, w01 + w00
            weight[j, 0] = w
            weight[j, 1] = a / w
            weight[j, 2] = b / w
            cov = n11 - n1[locus] * n1[j] / n
            slope = cov / spread
            weight[j, 3] = 1.0 / (n1[j] * (n - n1[j]) / n - cov * slope)
            weight[j, 4] = slope
    chunk[stop] = used
    return n_pairs


@kernel
def one_locus_sums(y, coding, sums):
    """S_j = sum of y over class 1 of every locus, for a block of columns.

    Parameters
    ----------
    y : float32[n + 1, BLOCK].
    coding : the tuple (restart, offset, sample, sign float32, code).
    sums : float32[J, BLOCK]. Overwritten.
    """
    restart, offset, sample, sign, _ = coding
    for j in range(sums.shape[0]):
        if restart[j]:
            for t in range(BLOCK):
                sums[j, t] = np.float32(0.0)
        else:
            for t in range(BLOCK):
                sums[j, t] = sums[j - 1, t]
        for e in range(offset[j], offset[j + 1]):
            k = sample[e]
            s = sign[e]
            for t in range(BLOCK):
                sums[j, t] += s * y[k, t]


@kernel
def keep_pair(rank, pair, t, margin, best, threshold, kept, n_kept):
    """Note a pair whose rank comes within `margin` of the best of column t.

    Parameters
    ----------
    rank : float32; pair : int64; t : int64; margin : float32.
    best, threshold : float32[BLOCK]. Updated: largest rank, and the least that is noted.
    kept : int64[BLOCK, N_KEPT]; n_kept : int64[BLOCK]. Updated: pairs that may be the best;
        n_kept may exceed N_KEPT, then some are lost.
    """
    one = np.float32(1.0)
    if n_kept[t] == 0 or rank > best[t] * (one + margin):
        n_kept[t] = 0
    if n_kept[t] < N_KEPT:
        kept[t, n_kept[t]] = pair
    n_kept[t] += 1
    best[t] = max(best[t], rank)
    threshold[t] = best[t] * (one - margin)


@kernel
def unpack(weight):
    """Return the five numbers W, p, q, r, c of a pair as scalars.

    Parameters
    ----------
    weight : float32[5].

    Returns
    -------
    tuple of float32
    """
    return weight[0], weight[1], weight[2], weight[3], weight[4]


@search_kernel
def scan_row(  # noqa: PLR0915 (three forms of one loop: two partners a pass, one, both tests)
    locus, begin, stop, y, sums, alone, restart, row, margin, linkage, epistasis
):
    """Pair one locus with its partners, for one block of columns.

    Parameters
    ----------
    locus, begin, stop, row : as in `partners`, prepared by it.
    y : float32[n + 1, BLOCK]. Columns side by side, each of mean 0 and sum of squares 1; the last
        row zeros.
    sums : float32[J, BLOCK]. From `one_locus_sums`.
    alone : float32. 1/v_i of the locus.
    restart : bool[J].
    margin : float32.
    linkage, epistasis : tuples (best float32[BLOCK], threshold float32[BLOCK], kept
        int64[BLOCK, N_KEPT], n_kept int64[BLOCK]). Updated: full model against the mean, and
        against the additive model; the latter only if its arrays are not empty.

    Notes
    -----
    a = S11(j), the sum of y over class 1 of both loci, is updated by the recombinants inside class
    1 of i alone. With u = S_i, v = S_j the other cells' sums are u - a, v - a, a - u - v, and
    the full model's gain a^2/n11 + (u-a)^2/n10 + (v-a)^2/n01 + (u+v-a)^2/n00 completes to
    W (a - p u - q v)^2 + r (v - c u)^2 + u^2/v_i:
    the interaction's gain, that of j given i, and that of i alone, which no partner changes. Here
    W = 1/n11 + 1/n10 + 1/n01 + 1/n00, p = (1/n10 + 1/n00)/W, q = (1/n01 + 1/n00)/W,
    v_i = n1 n0/n of locus i, c = cov_ij/v_i, r = 1/(v_j - cov_ij c).
    Four recombinants enter at a time, the last four in the pass that makes the gains, and two
    partners share a pass: passes over memory are what costs.
    """
    chunk, sample, weight, eligible, _, _ = row
    threshold, threshold_e = linkage[1], epistasis[1]
    with_epistasis = threshold_e.shape[0] > 0
    one = np.float32(1.0)
    least_left = np.float32(LEAST_LEFT)
    s11 = np.zeros(BLOCK, np.float32)
    before = np.zeros(BLOCK, np.float32)
    needed = np.zeros(BLOCK, np.float32)
    short = np.zeros(BLOCK, np.float32)
    short_signs = short.view(np.int64)
    for t in range(BLOCK):
        needed[t] = threshold[t] - sums[locus, t] * sums[locus, t] * alone
    j = begin
    while j < stop:
        if restart[j]:
            s11[:] = np.float32(0.0)
        last = chunk[j + 1] - 1
        fused = min(2 - with_epistasis, last + 1 - chunk[j]) if eligible[j] else 0
        for e in range(chunk[j], last + 1 - fused):
            add_chunk(s11, y, sample, 4 * e)
        if not eligible[j]:
            j += 1
            continue
        two = (
            not with_epistasis
            and fused == 1
            and j + 1 < stop
            and eligible[j + 1]
            and not restart[j + 1]
            and chunk[j + 2] - chunk[j + 1] == 1
        )
        e = 4 * last
        k0, k1, k2, k3 = sample[e], sample[e + 1], sample[e + 2], sample[e + 3]
        w, p, q, r, c = unpack(weight[j])
        if two:
            h0, h1, h2, h3 = sample[e + 4], sample[e + 5], sample[e + 6], sample[e + 7]
            w_, p_, q_, r_, c_ = unpack(weight[j + 1])
            for t in range(BLOCK):
                u = sums[locus, t]
                v = sums[j, t]
                a = s11[t] + ((y[k0, t] + y[k1, t]) - (y[k2, t] + y[k3, t]))
                d = (a - p * u) - q * v
                f = v - c * u
                g = w * d * d + r * f * f
                v = sums[j + 1, t]
                a += (y[h0, t] + y[h1, t]) - (y[h2, t] + y[h3, t])
                s11[t] = a
                d = (a - p_ * u) - q_ * v
                f = v - c_ * u
                g_ = w_ * d * d + r_ * f * f
                short[t] = max(g, g_) - needed[t]
        elif with_epistasis:
            for t in range(BLOCK):
                u = sums[locus, t]
                v = sums[j, t]
                a = s11[t] + ((y[k0, t] + y[k1, t]) - (y[k2, t] + y[k3, t]))
                s11[t] = a
                d = (a - p * u) - q * v
                f = v - c * u
                interaction = w * d * d
                g = interaction + r * f * f
                left = max(one - g - u * u * alone, least_left)
                short[t] = max(g - needed[t], interaction - threshold_e[t] * left)
        elif fused == 2:
            h0, h1, h2, h3 = sample[e - 4], sample[e - 3], sample[e - 2], sample[e - 1]
            for t in range(BLOCK):
                u = sums[locus, t]
                v = sums[j, t]
                a = s11[t] + ((y[k0, t] + y[k1, t]) - (y[k2, t] + y[k3, t]))
                a += (y[h0, t] + y[h1, t]) - (y[h2, t] + y[h3, t])
                s11[t] = a
                d = (a - p * u) - q * v
                f = v - c * u
                g = w * d * d + r * f * f
                short[t] = g - needed[t]
        else:
            for t in range(BLOCK):
                u = sums[locus, t]
                v = sums[j, t]
                a = s11[t] + ((y[k0, t] + y[k1, t]) - (y[k2, t] + y[k3, t]))
                s11[t] = a
                d = (a - p * u) - q * v
                f = v - c * u
                g = w * d * d + r * f * f
                short[t] = g - needed[t]
        signs = np.int64(-1)
        for t in range(BLOCK // 2):
            signs &= short_signs[t]
        improved = (signs & BOTH_SIGNS) != BOTH_SIGNS
        if improved and two:
            for t in range(BLOCK):
                before[t] = s11[t] - ((y[h0, t] + y[h1, t]) - (y[h2, t] + y[h3, t]))
            note_pair(locus, j, before, sums, alone, weight[j], margin, linkage, epistasis)
            note_pair(locus, j + 1, s11, sums, alone, weight[j + 1], margin, linkage, epistasis)
        elif improved:
            note_pair(locus, j, s11, sums, alone, weight[j], margin, linkage, epistasis)
        if improved:
            for t in range(BLOCK):
                needed[t] = threshold[t] - sums[locus, t] * sums[locus, t] * alone
        j += 2 if two else 1


@search_kernel
def note_pair(locus, partner, s11, sums, alone, weight, margin, linkage, epistasis):
    """Keep a pair for every column of the block in which it may be the best.

    Parameters
    ----------
    locus, partner : int64. i and j.
    s11 : float32[BLOCK]. Sums over class 1 of both.
    sums, alone, margin, linkage, epistasis : as in `scan_row`; weight : float32[5], that of j.
    """
    n_loci = sums.shape[0]
    one = np.float32(1.0)
    least_left = np.float32(LEAST_LEFT)
    best, threshold, kept, n_kept = linkage
    best_e, threshold_e, kept_e, n_kept_e = epistasis
    with_epistasis = best_e.shape[0] > 0
    w, p, q, r, c = unpack(weight)
    pair = locus * n_loci + partner
    for t in range(BLOCK):
        u = sums[locus, t]
        v = sums[partner, t]
        d = (s11[t] - p * u) - q * v
        f = v - c * u
        interaction = w * d * d
        g = interaction + r * f * f + u * u * alone
        if g > threshold[t]:
            keep_pair(g, pair, t, margin, best, threshold, kept, n_kept)
        if with_epistasis:
            rank = interaction / max(one - g, least_left)
            if rank > threshold_e[t]:
                keep_pair(rank, pair, t, margin, best_e, threshold_e, kept_e, n_kept_e)


@search_kernel
def add_chunk(s11, y, sample, e):
    """Let two recombinants enter the sums of a block and two leave them.

    Parameters
    ----------
    s11 : float32[BLOCK]. Updated.
    y : float32[n + 1, BLOCK]; sample : int64[...]; e : int64, the first of the four.
    """
    k0, k1, k2, k3 = sample[e], sample[e + 1], sample[e + 2], sample[e + 3]
    for t in range(BLOCK):
        s11[t] += (y[k0, t] + y[k1, t]) - (y[k2, t] + y[k3, t])


@kernel
def scan_pairs(z, traits, columns, replicates, coding, coding32, ranges, how, out):
    """Best pairs of traits and of their permutations.

    Parameters
    ----------
    z : float64[T, n]. Centred traits.
    traits : the tuple (item uint64[T], base float64[T]): keys of the shuffles, sums of squares.
    columns : the tuple (first, stop). Column c is trait c // B1, replicate c % B1.
    replicates : the tuple (B1, key uint64).
    coding, coding32 : the tuple (restart, offset, sample, sign, code), sign float64 and float32.
    ranges : int64[J, 3]. Partners of locus i: sums begin at ranges[i, 0] (a restart), pairs are
        ranges[i, 1] <= j < ranges[i, 2].
    how : the tuple (min_cell int64, with_epistasis bool, margin float32).
    out : the tuple (f float64[2, columns], pair int64[2, columns], after float64[2, columns]).
        Overwritten: F, pair i * J + j and residual sum of squares of the full model, for LINKAGE
        and EPISTASIS; NaN and -1 where no pair is eligible or nothing varies.

    Returns
    -------
    int64
        Eligible pairs.

    Notes
    -----
    float32 sums search; float64 decides between pairs within the margin and makes every number
    reported. Twin: tests/naive/scan2.py.
    """
    base = traits[1]
    n_per_trait = replicates[0]
    min_cell, with_epistasis, margin = how
    restart, code = coding[0], coding[4]
    n_loci, n = code.shape
    first, stop = columns
    n_blocks = max(1, (stop - first + BLOCK - 1) // BLOCK)
    y = np.zeros((n_blocks, n + 1, BLOCK), np.float32)
    order = np.zeros((n_blocks * BLOCK, n), np.int64)
    fill_blocks(z, traits, first, stop, replicates, order, y)
    sums = np.zeros((n_blocks, n_loci, BLOCK), np.float32)
    for b in range(n_blocks):
        one_locus_sums(y[b], coding32, sums[b])
    n_tests = 2 if with_epistasis else 1
    best = np.zeros((2, n_blocks, BLOCK), np.float32)
    # Columns not in use, and traits that do not vary, never find a better pair.
    threshold = np.full((2, n_blocks, BLOCK), np.inf, np.float32)
    for at in range(stop - first):
        if base[(first + at) // n_per_trait] > 0.0:
            threshold[:, at // BLOCK, at % BLOCK] = np.float32(0.0)
    kept = np.zeros((2, n_blocks, BLOCK, N_KEPT), np.int64)
    n_kept = np.zeros((2, n_blocks, BLOCK), np.int64)
    width_e = BLOCK if with_epistasis else 0
    n_slots = 4 * (coding[2].shape[0] + n_loci)
    row = (
        np.zeros(n_loci + 1, np.int64), np.zeros(n_slots, np.int64),
        np.zeros((n_loci, 5), np.float32), np.zeros(n_loci, np.bool_),
        np.zeros(n + 1, np.int64), np.zeros(n + 1, np.int64),
    )  # fmt: skip
    n1 = np.zeros(n_loci, np.int64)
    for j in range(n_loci):
        for k in range(n):
            n1[j] += code[j, k]
    n_pairs = 0
    for i in range(n_loci):
        begin, start, end = ranges[i, 0], ranges[i, 1], ranges[i, 2]
        if start >= end or min(n1[i], n - n1[i]) < 2 * min_cell:
            continue
        n_pairs += partners(i, begin, start, end, min_cell, n1, coding, row)
        for b in range(n_blocks):
            scan_row(
                i, begin, end, y[b], sums[b], np.float32(n / (n1[i] * (n - n1[i]))), restart, row,
                margin,
                (best[0, b], threshold[0, b], kept[0, b], n_kept[0, b]),
                (best[1, b, :width_e], threshold[1, b, :width_e], kept[1, b], n_kept[1, b]),
            )  # fmt: skip
    f, pair, after = out
    for at in range(stop - first):
        t = (first + at) // n_per_trait
        b, c = at // BLOCK, at % BLOCK
        for test in range(2):
            f[test, at] = np.nan
            pair[test, at] = -1
            after[test, at] = np.nan
            if test >= n_tests or n_pairs == 0 or not base[t] > 0.0:
                continue
            n_close = n_kept[test, b, c]
            if 0 < n_close <= N_KEPT:
                found = decide_pair(z[t], order[at], base[t], code, kept[test, b, c], n_close, test)
            else:
                found = search_pairs(z[t], order[at], base[t], code, ranges, min_cell, test)
            pair[test, at] = found
            f[test, at], _, after[test, at] = pair_statistic(
                z[t], order[at], base[t], code[found // n_loci], code[found % n_loci], test
            )
    return n_pairs


@kernel
def fill_blocks(z, traits, first, stop, replicates, order, y):
    """Set traits and their permutations side by side, each with sum of squares 1.

    Parameters
    ----------
    z, traits, replicates : as in `scan_pairs`; first, stop : int64, its columns.
    order : int64[columns, n]. Overwritten: sample k of a column carries z[order[k]].
    y : float32[n_blocks, n + 1, BLOCK]. Overwritten; row n stays as it is.
    """
    item, base = traits
    n_per_trait, key = replicates
    n = z.shape[1]
    members = np.arange(n)
    cell_start = np.array([0, n])
    word = np.zeros(4, np.uint64)
    for at in range(stop - first):
        t = (first + at) // n_per_trait
        replicate = (first + at) % n_per_trait
        if replicate == 0:
            for k in range(n):
                order[at, k] = k
        else:
            shuffle_within_cells(
                key, item[t], np.uint64(replicate), members, cell_start, word, order[at]
            )
        # Unit sum of squares: float32 neither overflows nor underflows whatever the units.
        norm = 1.0 / np.sqrt(base[t]) if base[t] > 0.0 else 0.0
        for k in range(n):
            y[at // BLOCK, k, at % BLOCK] = z[t, order[at, k]] * norm
