"""Loops over the columns of a block for one pair of loci or two, in float32."""

import numpy as np

from crossmap.kernels._numba import kernel, row_kernel, search_kernel
from crossmap.kernels.sequential import LEAST_LEFT

BOTH_SIGNS = np.int64(-0x7FFFFFFF80000000)
"""Sign bits of two float32 side by side. Whether any column improves is read from the signs of
what is missing, two at a time: a count, being of 64 bits, would halve the vectors of the loop
that makes the gains (54 against 47 ns a pair and 128 columns on yeast)."""


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


@row_kernel
def spare_threshold(threshold, u, alone, needed):
    """What partners must gain beyond the first locus alone.

    Parameters
    ----------
    threshold, u : float32[W]; alone : float32.
    needed : float32[W]. Overwritten.
    """
    for t in range(needed.shape[0]):
        needed[t] = threshold[t] - u[t] * u[t] * alone


@row_kernel
def add_one(change, y, s):
    """Let one sample enter (s = 1) or leave (s = -1).

    Parameters
    ----------
    change : float32[W]. Updated; y : float32[W]; s : float32.
    """
    for t in range(change.shape[0]):
        change[t] += s * y[t]


@search_kernel
def any_improves(words):
    """Whether any of many numbers is not negative, by their signs.

    Parameters
    ----------
    words : int64[W / 2]. float32, two in each.

    Returns
    -------
    bool
    """
    signs = np.int64(-1)
    for t in range(words.shape[0]):
        signs &= words[t]
    return (signs & BOTH_SIGNS) != BOTH_SIGNS


@row_kernel
def gains_of_two(s11, s11_, change, y, y_, entering, u, v, v_, weight, weight_, needed, short):
    """Gains of two neighbouring partners in one pass; see `gains_of_one`.

    Parameters
    ----------
    s11, s11_, change : float32[W]. Updated.
    y, y_, u, v, v_, needed : float32[W]; entering : the tuple (s, s_) of float32; weight, weight_ :
        float32[5]. The second partner's are marked by a trailing underscore.
    short : float32[W]. Overwritten with what the larger gain has beyond what is needed.
    """
    s, s_ = entering
    w, p, q, r, c = unpack(weight)
    w1, p1, q1, r1, c1 = unpack(weight_)
    for t in range(change.shape[0]):
        d = change[t] + s * y[t]
        a = s11[t] + d
        s11[t] = a
        x = (a - p * u[t]) - q * v[t]
        f = v[t] - c * u[t]
        g = w * x * x + r * f * f
        d += s_ * y_[t]
        change[t] = d
        a = s11_[t] + d
        s11_[t] = a
        x = (a - p1 * u[t]) - q1 * v_[t]
        f = v_[t] - c1 * u[t]
        short[t] = max(g, w1 * x * x + r1 * f * f) - needed[t]


@row_kernel
def gains_of_one(s11, change, y, s, u, v, weight, needed, short):
    """Gain of one partner given the first locus; the formula is in `scan_tile`.

    Parameters
    ----------
    s11, change : float32[W]. Updated: S(i, j) from S(i - 1, j), D(i, j) from D(i, j - 1).
    y : float32[W]. The sample that enters; s : float32. Its sign.
    u, v : float32[W]. Sums over class 1 of either locus.
    weight : float32[5]; needed : float32[W].
    short : float32[W]. Overwritten with what the gain has beyond what is needed.
    """
    w, p, q, r, c = unpack(weight)
    for t in range(change.shape[0]):
        d = change[t] + s * y[t]
        change[t] = d
        a = s11[t] + d
        s11[t] = a
        x = (a - p * u[t]) - q * v[t]
        f = v[t] - c * u[t]
        short[t] = w * x * x + r * f * f - needed[t]


@row_kernel
def gains_and_interaction(s11, change, y, s, u, v, weight, alone, needed, threshold, short):
    """Gains by both tests; see `gains_of_one`.

    Parameters
    ----------
    s11, change : float32[W]. Updated.
    y, s, u, v, weight, needed : as in `gains_of_one`; alone : float32, 1/v_i.
    threshold : float32[W]. Least interaction gain per residual sum of squares that is noted.
    short : float32[W]. Overwritten with the larger excess over what either test needs.
    """
    w, p, q, r, c = unpack(weight)
    one = np.float32(1.0)
    least_left = np.float32(LEAST_LEFT)
    for t in range(change.shape[0]):
        d = change[t] + s * y[t]
        change[t] = d
        a = s11[t] + d
        s11[t] = a
        x = (a - p * u[t]) - q * v[t]
        f = v[t] - c * u[t]
        interaction = w * x * x
        g = interaction + r * f * f
        left = max(one - g - u[t] * u[t] * alone, least_left)
        short[t] = max(g - needed[t], interaction - threshold[t] * left)
