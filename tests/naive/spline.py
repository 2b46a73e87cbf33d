"""Penalised natural cubic spline logistic regression with dense matrices."""

import numpy as np


def penalty(x):
    """K of int f''^2 = f' K f for the natural cubic spline through values f at x."""
    h = np.diff(x)
    m = len(x)
    q, r = np.zeros((m, m - 2)), np.zeros((m - 2, m - 2))
    for i in range(m - 2):
        q[i, i], q[i + 1, i], q[i + 2, i] = 1 / h[i], -1 / h[i] - 1 / h[i + 1], 1 / h[i + 1]
        r[i, i] = (h[i] + h[i + 1]) / 3
        if i:
            r[i - 1, i] = r[i, i - 1] = h[i] / 6
    return q @ np.linalg.inv(r) @ q.T


def fit_logistic(x, n, successes, lam, iterations=200):
    """Newton's method; returns the logits and minus twice the restricted log likelihood."""
    k = penalty(x)
    f = np.full(len(x), np.log(successes.sum() / (n - successes).sum()))
    for _ in range(iterations):
        p = 1 / (1 + np.exp(-f))
        w = n * p * (1 - p)
        f = np.linalg.solve(np.diag(w) + lam * k, w * f + successes - n * p)
    p = 1 / (1 + np.exp(-f))
    w = n * p * (1 - p)
    loglik = (successes * f - n * np.log1p(np.exp(f))).sum()
    log_det = np.linalg.slogdet(np.diag(w) + lam * k)[1]
    reml = -2 * loglik + lam * f @ k @ f + log_det - (len(x) - 2) * np.log(lam)
    return f, reml
