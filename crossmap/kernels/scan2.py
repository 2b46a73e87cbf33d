"""All pairs of loci for a block of traits, by the recombination coding of pairs."""

import numpy as np

from crossmap.kernels._numba import kernel, search_kernel
from crossmap.kernels.pair_rows import (
    BOTH_SIGNS,
    add_one,
    any_improves,
    gains_and_interaction,
    gains_of_one,
    gains_of_two,
    spare_threshold,
    unpack,
)
from crossmap.kernels.pair_tiles import TILE_I, TILE_J, tile_lists
from crossmap.kernels.pairs import decide_pair, pair_statistic, search_pairs
from crossmap.kernels.philox import shuffle_within_cells
from crossmap.kernels.sequential import LEAST_LEFT

BLOCK = 512
"""Columns side by side, about: blocks of one task are of equal width."""

LANES = 16
"""Widths are multiples of it: float32 in the widest vector."""

N_KEPT = 16
"""Pairs kept per column that float32 cannot tell from the best; more are searched for anew."""


@kernel
def one_locus_sums(y, coding, sums):
    """S_j = sum of y over class 1 of every locus, for a block of columns.

    Parameters
    ----------
    y : float32[n + 1, W].
    coding : the tuple (restart, offset, sample, sign float32, code).
    sums : float32[J, W]. Overwritten.
    """
    restart, offset, sample, sign, _ = coding
    for j in range(sums.shape[0]):
        if restart[j]:
            for t in range(y.shape[1]):
                sums[j, t] = np.float32(0.0)
        else:
            for t in range(y.shape[1]):
                sums[j, t] = sums[j - 1, t]
        for e in range(offset[j], offset[j + 1]):
            k = sample[e]
            s = sign[e]
            for t in range(y.shape[1]):
                sums[j, t] += s * y[k, t]


@kernel
def keep_pair(rank, pair, t, margin, best, threshold, kept, n_kept):
    """Note a pair whose rank comes within `margin` of the best of column t.

    Parameters
    ----------
    rank : float32; pair : int64; t : int64; margin : float32.
    best, threshold : float32[W]. Updated: largest rank, and the least that is noted.
    kept : int64[W, N_KEPT]; n_kept : int64[W]. Updated: pairs that may be the best;
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


@search_kernel
def scan_tile(tile, y, sums, alone, restart, lists, work, margin, linkage, epistasis):
    """Scan the pairs of one tile for one block of columns.

    Parameters
    ----------
    tile, lists : as in `tile_lists`, prepared by it.
    y : float32[n + 1, W]. Columns side by side, each of mean 0 and sum of squares 1; the last
        row zeros.
    sums : float32[J, W]. From `one_locus_sums`.
    alone : float32[J]. 1/v_i of every locus.
    restart : bool[J].
    work : the tuple (s11 float32[TILE_J, W], change, needed, short float32[W]).
        Overwritten.
    margin : float32.
    linkage, epistasis : tuples (best float32[W], threshold float32[W], kept
        int64[W, N_KEPT], n_kept int64[W]). Updated: full model against the mean, and
        against the additive model; the latter only if its arrays are not empty.

    Notes
    -----
    With a = S(i, j) of `tile_lists`, u = S_i, v = S_j the other cells' sums are u - a, v - a,
    a - u - v, and the full model's gain a^2/n11 + (u-a)^2/n10 + (v-a)^2/n01 + (u+v-a)^2/n00
    completes to W (a - p u - q v)^2 + r (v - c u)^2 + u^2/v_i:
    the interaction's gain, that of j given i, and that of i alone, which no partner changes. Here
    W = 1/n11 + 1/n10 + 1/n01 + 1/n00, p = (1/n10 + 1/n00)/W, q = (1/n01 + 1/n00)/W,
    v_i = n1 n0/n of locus i, c = cov_ij/v_i, r = 1/(v_j - cov_ij c).
    One recombinant enters in the pass that makes the gains, further ones before it, and two
    partners share a pass.
    """
    i0, i1, j0, j1 = tile
    entry, sample, sign, weight, eligible, _, _ = lists
    s11, change, needed, short = work
    words = short.view(np.int64)
    nobody = y.shape[0] - 1
    for i in range(i0, i1):
        if i == i0 or restart[i]:
            s11[:] = np.float32(0.0)
        spare_threshold(linkage[1], sums[i], alone[i], needed)
        j = j0
        while j < j1:
            pair = (i - i0) * TILE_J + j - j0
            if j == j0 or restart[j]:
                change[:] = np.float32(0.0)
            last = entry[pair + 1] - 1
            for e in range(entry[pair], last):
                add_one(change, y[sample[e]], sign[e])
            some = last >= entry[pair]
            k, s = (sample[last], sign[last]) if some else (nobody, np.float32(0.0))
            two = (
                epistasis[0].shape[0] == 0
                and j + 1 < j1
                and eligible[pair]
                and eligible[pair + 1]
                and not restart[j + 1]
                and entry[pair + 2] - entry[pair + 1] <= 1
            )
            if not eligible[pair]:
                add_one(change, y[k], s)
                add_one(s11[j - j0], change, np.float32(1.0))
                j += 1
                continue
            if two:
                some = entry[pair + 2] > entry[pair + 1]
                h, s_ = (sample[last + 1], sign[last + 1]) if some else (nobody, np.float32(0.0))
                gains_of_two(
                    s11[j - j0], s11[j - j0 + 1], change, y[k], y[h], (s, s_), sums[i], sums[j],
                    sums[j + 1], weight[pair], weight[pair + 1], needed, short,
                )  # fmt: skip
            elif epistasis[0].shape[0] > 0:
                gains_and_interaction(
                    s11[j - j0], change, y[k], s, sums[i], sums[j], weight[pair], alone[i],
                    needed, epistasis[1], short,
                )  # fmt: skip
            else:
                gains_of_one(
                    s11[j - j0], change, y[k], s, sums[i], sums[j], weight[pair], needed, short
                )
            if any_improves(words):
                for m in range(1 + two):
                    note_pair(
                        i, j + m, words, s11[j - j0 + m], sums, alone[i], weight[pair + m],
                        margin, linkage, epistasis,
                    )  # fmt: skip
                spare_threshold(linkage[1], sums[i], alone[i], needed)
            j += 1 + two


@search_kernel
def note_pair(locus, partner, words, s11, sums, alone, weight, margin, linkage, epistasis):
    """Keep a pair for every column of the block in which it may be the best.

    Parameters
    ----------
    locus, partner : int64. i and j.
    words : int64[W / 2]. Two float32 each, negative where the pair cannot be.
    s11 : float32[W]. Sums over class 1 of both.
    sums, alone, margin, linkage, epistasis : as in `scan_tile`; weight : float32[5], that of j.
    """
    n_loci = sums.shape[0]
    one = np.float32(1.0)
    least_left = np.float32(LEAST_LEFT)
    best, threshold, kept, n_kept = linkage
    best_e, threshold_e, kept_e, n_kept_e = epistasis
    with_epistasis = best_e.shape[0] > 0
    w, p, q, r, c = unpack(weight)
    pair = locus * n_loci + partner
    for word in range(words.shape[0]):
        if words[word] & BOTH_SIGNS == BOTH_SIGNS:
            continue
        for t in range(2 * word, 2 * word + 2):
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
    n_blocks = max(1, (stop - first + BLOCK // 2) // BLOCK)
    width = (stop - first + n_blocks * LANES - 1) // (n_blocks * LANES) * LANES
    y = np.zeros((n_blocks, n + 1, width), np.float32)
    order = np.zeros((n_blocks * width, n), np.int64)
    fill_blocks(z, traits, first, stop, replicates, order, y)
    sums = np.zeros((n_blocks, n_loci, width), np.float32)
    for b in range(n_blocks):
        one_locus_sums(y[b], coding32, sums[b])
    n_tests = 2 if with_epistasis else 1
    best = np.zeros((2, n_blocks, width), np.float32)
    # Columns not in use, and traits that do not vary, never find a better pair.
    threshold = np.full((2, n_blocks, width), np.inf, np.float32)
    for at in range(stop - first):
        if base[(first + at) // n_per_trait] > 0.0:
            threshold[:, at // width, at % width] = np.float32(0.0)
    kept = np.zeros((2, n_blocks, width, N_KEPT), np.int64)
    n_kept = np.zeros((2, n_blocks, width), np.int64)
    width_e = width if with_epistasis else 0
    n1 = np.zeros(n_loci, np.int64)
    alone = np.zeros(n_loci, np.float32)
    for j in range(n_loci):
        for k in range(n):
            n1[j] += code[j, k]
        alone[j] = n / (n1[j] * (n - n1[j]))
    most = n_loci
    for j in range(n_loci):
        most = max(most, n + coding[1][min(n_loci, j + TILE_J)] - coding[1][j])
    lists = (
        np.zeros(TILE_I * TILE_J + 1, np.int64), np.zeros(TILE_I * most + 1, np.int64),
        np.zeros(TILE_I * most + 1, np.float32), np.zeros((TILE_I * TILE_J, 5), np.float32),
        np.zeros(TILE_I * TILE_J, np.bool_), np.zeros(n, np.float32), np.zeros(TILE_J, np.int64),
    )  # fmt: skip
    work = (
        np.zeros((TILE_J, width), np.float32), np.zeros(width, np.float32),
        np.zeros(width, np.float32), np.zeros(width, np.float32),
    )  # fmt: skip
    n_pairs = 0
    i0 = 0
    while i0 < n_loci:
        i1 = i0 + 1
        while i1 < min(n_loci, i0 + TILE_I) and not restart[i1]:
            i1 += 1
        for j0 in range(ranges[i0, 0], ranges[i0, 2], TILE_J):
            tile = (i0, i1, j0, min(j0 + TILE_J, ranges[i0, 2]))
            found = tile_lists(tile, ranges, min_cell, n1, coding32, lists)
            n_pairs += found
            if found == 0:
                continue
            for b in range(n_blocks):
                scan_tile(
                    tile, y[b], sums[b], alone, restart, lists, work, margin,
                    (best[0, b], threshold[0, b], kept[0, b], n_kept[0, b]),
                    (best[1, b, :width_e], threshold[1, b, :width_e], kept[1, b], n_kept[1, b]),
                )  # fmt: skip
        i0 = i1
    f, pair, after = out
    for at in range(stop - first):
        t = (first + at) // n_per_trait
        b, c = at // width, at % width
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
    y : float32[n_blocks, n + 1, W]. Overwritten; row n stays as it is.
    """
    item, base = traits
    n_per_trait, key = replicates
    n = z.shape[1]
    width = y.shape[2]
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
            y[at // width, k, at % width] = z[t, order[at, k]] * norm
