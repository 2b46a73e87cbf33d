"""Largest statistic over all markers of permuted residuals, by plain least squares."""

import numpy as np
from naive import philox
from naive.scan1 import rss, scan_test

from crossmap.linkage.permutation import stage_key, trait_items


def residuals(y, covariates):
    """Of a trait on the intercept and covariates."""
    columns = [np.ones(len(y)), *covariates]
    _, _, coefficients = rss(y, columns)
    return y - np.column_stack(columns) @ coefficients


def permuted(y, name, replicate, *, covariates=(), strata=None, seed=1, stage=1, shared=False):
    """Residuals of the trait's samples, permuted; NaN where the trait is missing."""
    keep = np.flatnonzero(~np.isnan(y))
    cells = [0] * len(keep) if strata is None else [strata[k] for k in keep]
    key = philox.fold_cells(stage_key(seed, stage), cells)
    item = 0 if shared else trait_items([name])[0]
    order = philox.shuffle_within_cells(key, item, replicate, cells)
    if replicate == 0:
        order = range(len(keep))
    e = residuals(y[keep], [np.asarray(c, dtype=float)[keep] for c in covariates])
    out = np.full(len(y), np.nan)
    out[keep] = e[list(order)]
    return out


def best(y, genotypes, **model):
    """Smallest p-value over markers, and the test that has it."""
    tests = [scan_test(y, row, **model) for row in genotypes]
    tests = [t for t in tests if t is not None]
    return min(tests, key=lambda t: (t["p"], -t["r2"]))
