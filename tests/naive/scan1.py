"""One test of the single-locus scan by plain least squares, nothing shared between tests."""

from functools import lru_cache

import numpy as np
from scipy import stats


def dummies(labels):
    """Columns of a factor, the first level left out."""
    levels = sorted(set(labels))
    return [np.array([float(a == b) for a in labels]) for b in levels[1:]]


def inverse_root(covariance):
    """K^(-1/2) by its eigenvectors: symmetric, where crossmap takes a triangular root."""
    return _inverse_root(covariance.tobytes(), len(covariance))


@lru_cache(maxsize=256)
def _inverse_root(covariance, n):  # of the same samples it is the same
    values, vectors = np.linalg.eigh(np.frombuffer(covariance).reshape(n, n))
    return vectors @ np.diag(values**-0.5) @ vectors.T


def rss(y, columns):
    """Residual sum of squares, rank, coefficients."""
    a = np.column_stack(columns)
    scale = np.sqrt((a**2).sum(axis=0))
    scale[scale == 0] = 1.0
    coefficients, _, rank, _ = np.linalg.lstsq(a / scale, y, rcond=1e-9)
    rest = y - (a / scale) @ coefficients
    return float(rest @ rest), int(rank), coefficients / scale


def one_test(y, before, tested, covariance=None):
    """What the tested columns explain beyond those before (the constant among them).

    Returns a dict with df1, df2, f, t, beta, se (of the last tested column), r2, lod, p.
    """
    n = len(y)
    root = np.eye(n) if covariance is None else inverse_root(covariance)
    y = root @ y
    before = [root @ c for c in before]
    tested = [root @ c for c in tested]
    rss0, rank0, _ = rss(y, before)
    rss1, rank1, coefficients = rss(y, [*before, *tested])
    df1, df2 = rank1 - rank0, n - rank1
    if df1 < 1 or df2 < 1:
        return None
    f = ((rss0 - rss1) / df1) / (rss1 / df2)
    beta = coefficients[-1]
    _, _, others = rss(tested[-1], [*before, *tested[:-1]])
    alone = tested[-1] - np.column_stack([*before, *tested[:-1]]) @ others
    se = np.sqrt(rss1 / df2 / float(alone @ alone))
    return {
        "n": n,
        "df1": df1,
        "df2": df2,
        "f": f,
        "t": beta / se,
        "beta": beta,
        "se": se,
        "r2": 1 - rss1 / rss0,
        "lod": n / 2 * np.log10(rss0 / rss1),
        "p": stats.f.sf(f, df1, df2),
    }


def columns_of(genotypes, model, interactive):
    """The columns before and the tested ones, from one marker's genotypes (no missing)."""
    x = np.asarray(genotypes, dtype=float)
    if model == "linear":
        return [], [x]
    if model == "anova":
        return [], dummies(list(x))
    return [x], [x * c for c in interactive]


def scan_test(y, genotypes, *, model, covariates=(), interactive=(), covariance=None):
    """One test on the samples that have both a trait value and a genotype (NaN or -1 missing)."""
    x = np.asarray(genotypes, dtype=float)
    keep = ~np.isnan(y) & ~np.isnan(x) & (x != -1)
    y, x = y[keep], x[keep]
    if len(y) < 3 or np.ptp(y) == 0 or np.ptp(x) == 0:
        return None
    cut = [np.asarray(c, dtype=float)[keep] for c in (*covariates, *interactive)]
    before, tested = columns_of(x, model, cut[len(covariates) :])
    if covariance is not None:
        covariance = covariance[np.ix_(keep, keep)]
    return one_test(y, [np.ones(len(y)), *cut, *before], tested, covariance)


def benjamini_hochberg(p, n_tests):
    """FDR_k = min over l >= k of p_(l) N / l, test by test."""
    ordered = sorted(p)
    by_rank = [q * n_tests / rank for rank, q in enumerate(ordered, start=1)]
    return [
        min(1.0, min(f for q, f in zip(ordered, by_rank, strict=True) if q >= one)) for one in p
    ]
