"""Penalised natural cubic splines with a knot at every point, by banded factorisation."""

import numpy as np

from crossmap.kernels._numba import kernel

HALF_BAND = 3
"""Unknowns f_1, (f_2, gamma_2), ..., f_m interleaved: no row couples further than this."""

MAX_STEP = 4.0
"""Largest change of a logit in one Newton step."""


@kernel
def saddle_band(h, w, lam, band):
    """Fill the band of the system that a smoothing-spline step solves.

    Parameters
    ----------
    h : float64[m - 1]. Distances between neighbouring knots, above 0.
    w : float64[m]. Weights, 0 or more.
    lam : float64. Smoothing parameter, above 0.
    band : float64[2 m - 2, HALF_BAND + 1]. Overwritten: band[i, d] = A[i, i - d].

    Notes
    -----
    Minimising sum_i w_i (z_i - f_i)^2 + lam int f''^2 over natural cubic splines with values f
    and second derivatives gamma at the knots gives (Green & Silverman 1994, section 2.3.3)
    W f + lam Q gamma = W z,  Q' f - R gamma = 0;  symmetric:
    [W, lam Q; lam Q', -lam R] [f; gamma] = [W z; 0].
    It is quasi-definite, so it factorises without pivoting in any order (Vanderbei 1995, SIAM J
    Optim 5:100), and unlike the classic Reinsch form it never divides by a weight. f_i stands at
    position max(2 i - 1, 0), gamma_i (1 <= i <= m - 2) at 2 i.
    """
    m = w.shape[0]
    band[:, :] = 0.0
    for i in range(m):
        band[max(2 * i - 1, 0), 0] = w[i]
    for i in range(1, m - 1):
        g = 2 * i
        band[g, 0] = -lam * (h[i - 1] + h[i]) / 3.0
        left = max(2 * i - 3, 0)
        band[g, g - left] = lam / h[i - 1]
        band[g, 1] = -lam * (1.0 / h[i - 1] + 1.0 / h[i])
        band[g + 1, 1] = lam / h[i]
        if i > 1:
            band[g, 2] = -lam * h[i - 1] / 6.0


@kernel
def factorise(band):
    """LDL' of a symmetric band in place, without pivoting.

    Parameters
    ----------
    band : float64[N, HALF_BAND + 1]. On entry band[i, d] = A[i, i - d]. Overwritten: band[i, 0]
        the diagonal of D, band[i, d] the unit lower triangle L[i, i - d].
    """
    size = band.shape[0]
    for i in range(size):
        first = max(i - HALF_BAND, 0)
        for j in range(first, i):
            total = band[i, i - j]
            for k in range(max(first, j - HALF_BAND), j):
                total -= band[i, i - k] * band[k, 0] * band[j, j - k]
            band[i, i - j] = total / band[j, 0]
        total = band[i, 0]
        for k in range(first, i):
            total -= band[i, i - k] * band[i, i - k] * band[k, 0]
        band[i, 0] = total


@kernel
def back_substitute(band, x):
    """Solve L D L' x = b.

    Parameters
    ----------
    band : float64[N, HALF_BAND + 1]. From `factorise`.
    x : float64[N]. On entry b. Overwritten with the solution.
    """
    size = band.shape[0]
    for i in range(size):
        for d in range(1, min(HALF_BAND, i) + 1):
            x[i] -= band[i, d] * x[i - d]
    for i in range(size):
        x[i] /= band[i, 0]
    for i in range(size - 1, -1, -1):
        for d in range(1, min(HALF_BAND, size - 1 - i) + 1):
            x[i] -= band[i + d, d] * x[i + d]


@kernel
def penalised_step(h, w, right, lam, band, solution, f, gamma):
    """Solve the weighted smoothing spline for given weights and right-hand side W z.

    Parameters
    ----------
    h, w, lam, band : as in `saddle_band`; band is overwritten with its factors.
    right : float64[m]. W z.
    solution : float64[2 m - 2]. Scratch.
    f, gamma : float64[m]. Overwritten: values and second derivatives at the knots.
    """
    m = w.shape[0]
    saddle_band(h, w, lam, band)
    factorise(band)
    solution[:] = 0.0
    for i in range(m):
        solution[max(2 * i - 1, 0)] = right[i]
    back_substitute(band, solution)
    gamma[0] = 0.0
    gamma[m - 1] = 0.0
    for i in range(m):
        f[i] = solution[max(2 * i - 1, 0)]
        if 0 < i < m - 1:
            gamma[i] = solution[2 * i]


@kernel
def roughness(h, gamma):
    """Integral of the squared second derivative of a natural cubic spline.

    Parameters
    ----------
    h : float64[m - 1]; gamma : float64[m], 0 at both ends.

    Returns
    -------
    float64
    """
    total = 0.0
    for i in range(h.shape[0]):
        a = gamma[i]
        b = gamma[i + 1]
        total += h[i] * (a * a + a * b + b * b) / 3.0
    return total


@kernel
def log_likelihood(f, n, successes):
    """Binomial log likelihood at logits f, without the binomial coefficients.

    Parameters
    ----------
    f, n, successes : float64[m].

    Returns
    -------
    float64
        sum of successes f - n log(1 + exp(f)), without overflow.
    """
    total = 0.0
    for i in range(f.shape[0]):
        soft = max(f[i], 0.0) + np.log1p(np.exp(-abs(f[i])))
        total += successes[i] * f[i] - n[i] * soft
    return total


@kernel
def fit_logistic(h, n, successes, lam, max_iterations, tolerance, f, gamma):
    """Penalised spline logistic regression at one smoothing parameter, by Newton's method.

    Parameters
    ----------
    h : float64[m - 1]. Distances between knots.
    n, successes : float64[m]. Trials (above 0) and successes at each knot.
    lam : float64. Maximises log likelihood - (lam/2) int f''^2.
    max_iterations : int.
    tolerance : float64. Largest last step in f.
    f, gamma : float64[m]. On entry the start, values and second derivatives of one natural cubic
        spline. Overwritten: logits and their second derivatives.

    Returns
    -------
    log_determinant : float64
        log |W + lam K| at the solution, K the penalty of the values f.
    iterations : int

    Notes
    -----
    No logit moves by more than `MAX_STEP` in one step, and a step that would lower the penalised
    likelihood is halved. Logits are held within +-40, where
    a probability is 1 to the last bit: with separated data they would otherwise run away.
    """
    m = n.shape[0]
    band = np.empty((2 * m - 2, HALF_BAND + 1))
    solution = np.empty(2 * m - 2)
    w = np.empty(m)
    right = np.empty(m)
    new_f = np.empty(m)
    new_gamma = np.empty(m)
    # The start is a straight line or an earlier fit's values with their second derivatives.
    objective = log_likelihood(f, n, successes) - 0.5 * lam * roughness(h, gamma)
    iteration = 0
    while iteration < max_iterations:
        iteration += 1
        for i in range(m):
            p = 1.0 / (1.0 + np.exp(-f[i]))
            w[i] = max(n[i] * p * (1.0 - p), 1e-12)
            right[i] = w[i] * f[i] + successes[i] - n[i] * p
        penalised_step(h, w, right, lam, band, solution, new_f, new_gamma)
        step = 0.0
        for i in range(m):
            step = max(step, abs(new_f[i] - f[i]))
        # A first step from a constant can overshoot by hundreds where successes are rare.
        share = min(1.0, MAX_STEP / step) if step > 0.0 else 1.0
        for _ in range(30):
            if step < 0.05:
                break  # Newton's own ground; differences of likelihoods are rounding by now
            for i in range(m):
                right[i] = f[i] + share * (new_f[i] - f[i])
                solution[i] = gamma[i] + share * (new_gamma[i] - gamma[i])
            value = log_likelihood(right, n, successes) - 0.5 * lam * roughness(h, solution[:m])
            if value >= objective - 1e-12 * abs(objective):
                break
            share *= 0.5
        largest = 0.0
        for i in range(m):
            f[i] += share * (new_f[i] - f[i])
            gamma[i] += share * (new_gamma[i] - gamma[i])
            largest = max(largest, abs(f[i]))
        objective = log_likelihood(f, n, successes) - 0.5 * lam * roughness(h, gamma)
        if share * step <= tolerance or largest > 40.0:
            break
    for i in range(m):
        p = 1.0 / (1.0 + np.exp(-f[i]))
        w[i] = max(n[i] * p * (1.0 - p), 1e-12)
    return log_determinant(h, w, lam, band), iteration


@kernel
def log_determinant(h, w, lam, band):
    """Compute log |W + lam K| for the penalty K = Q R^-1 Q' of the values at the knots.

    Parameters
    ----------
    h, w, lam, band : as in `saddle_band`; band is overwritten.

    Returns
    -------
    float64

    Notes
    -----
    |[W, lam Q; lam Q', -lam R]| = |-lam R| |W + lam Q R^-1 Q'|, and R is tridiagonal.
    """
    m = w.shape[0]
    saddle_band(h, w, lam, band)
    factorise(band)
    total = 0.0
    for i in range(band.shape[0]):
        total += np.log(abs(band[i, 0]))
    pivot = 1.0
    for i in range(1, m - 1):
        diagonal = lam * (h[i - 1] + h[i]) / 3.0
        if i > 1:
            off = lam * h[i - 1] / 6.0
            diagonal -= off * off / pivot
        pivot = diagonal
        total -= np.log(pivot)
    return total
