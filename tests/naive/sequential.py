"""Sequential search as METHOD says it, by least squares on dummy variables; no shortcuts."""

import numpy as np


def rss(y, design, weights=None):
    """Residual sum of squares of weighted least squares, and the rank of the design."""
    w = np.ones(len(y)) if weights is None else weights
    root = np.sqrt(w)
    a = design * root[:, None]
    u, s, _ = np.linalg.svd(a, full_matrices=False)
    rank = int((s > 1e-9 * s.max()).sum())
    b = (y - y.mean()) * root  # every design holds the constant; keeps the digits of large offsets
    rest = b - u[:, :rank] @ (u[:, :rank].T @ b)
    rest = rest - u[:, :rank] @ (u[:, :rank].T @ rest)
    return float(rest @ rest), rank


def dummies(labels):
    return np.array([[float(a == b) for b in dict.fromkeys(labels)] for a in labels])


def combinations(genotypes, chosen, n):
    """Genotype combination of every sample."""
    return [tuple(int(genotypes[locus][k]) for locus in chosen) for k in range(n)]


def fitted_cells(genotypes, chosen, n, min_cell):
    """Cells with a mean of their own: a cell of fewer than 2 min_cell samples stays whole."""
    cells = [()] * n
    for locus in chosen:
        sizes = {c: cells.count(c) for c in set(cells)}
        cells = [
            (*c, int(genotypes[locus][k])) if sizes[c] >= 2 * min_cell else c
            for k, c in enumerate(cells)
        ]
    return cells


def is_eligible(genotypes, chosen, candidate, n, min_cell):
    cells = combinations(genotypes, chosen, n)
    large = [c for c in set(cells) if cells.count(c) >= 2 * min_cell]
    if not large or candidate in chosen:
        return False
    for cell in large:
        inside = [int(genotypes[candidate][k]) for k in range(n) if cells[k] == cell]
        if min(inside.count(0), inside.count(1)) < min_cell:
            return False
    return True


def cell_weights(y, cells):
    """1 / s_g^2 of each sample's cell; 0 where the cell does not vary."""
    weights = np.zeros(len(y))
    total = float(((y - y.mean()) ** 2).sum())
    for cell in set(cells):
        members = [k for k in range(len(y)) if cells[k] == cell]
        values = y[members]
        ss = float(((values - values.mean()) ** 2).sum())
        if ss > 1e-22 * total:
            weights[members] = (len(members) - 1) / ss
    return weights


def statistic(y, genotypes, chosen, candidate, *, min_cell, model, variance):
    """F and residual sums of squares without and with the candidate."""
    n = len(y)
    combos = combinations(genotypes, chosen, n)
    x = np.array([float(genotypes[candidate][k]) for k in range(n)])
    if model == "additive":
        if variance == "common":
            columns = [np.ones(n)] + [np.array(genotypes[c], dtype=float) for c in chosen]
            before = np.column_stack(columns)
            weights, counted = np.ones(n), np.ones(n, dtype=bool)
        else:
            before = dummies(combos)
            weights = cell_weights(y, combos)
            counted = weights > 0
            if not chosen:
                weights = np.ones(n)
        large = np.array([combos.count(c) >= 2 * min_cell for c in combos])
        entering = x if variance == "common" else np.where(large, x, 0.0)
        after = np.column_stack([before, entering])
        df1 = 1
        df2 = n - rss(y, before)[1] - 1
    else:
        fitted = fitted_cells(genotypes, chosen, n, min_cell)
        before = dummies(fitted)
        large = [combos.count(c) >= 2 * min_cell for c in combos]
        split = [(f, int(x[k])) if large[k] else (f, None) for k, f in enumerate(fitted)]
        after = dummies(split)
        df1 = len(set(split)) - len(set(fitted))
        df2 = n - len(set(split))
        if variance == "cell" and chosen:
            weights = cell_weights(y, fitted)
            counted = weights > 0
        else:
            weights, counted = np.ones(n), np.ones(n, dtype=bool)
    used = counted
    if not used.any():
        return np.nan, 0.0, 0.0, df1, df2  # nothing varies: nothing is left to explain
    rss0, _ = rss(y[used], before[used], weights[used])
    rss1, _ = rss(y[used], after[used], weights[used])
    if rss1 <= 1e-20 * rss0:
        return np.inf, rss0, 0.0, df1, df2
    return ((rss0 - rss1) / df1) / (rss1 / df2), rss0, rss1, df1, df2


def best_locus(y, genotypes, chosen, *, min_cell, model, variance, barred=()):
    """Locus of largest F; the first within 1e-12 of it."""
    found = {}
    for candidate in range(len(genotypes)):
        if candidate in barred:
            continue
        if is_eligible(genotypes, chosen, candidate, len(y), min_cell):
            result = statistic(
                y, genotypes, chosen, candidate, min_cell=min_cell, model=model, variance=variance
            )
            if result[4] > 0:
                found[candidate] = result
    if not found:
        return -1, np.nan
    if all(np.isnan(r[0]) for r in found.values()):
        return next(iter(found.items()))
    best = max(r[0] for r in found.values())
    for candidate, r in found.items():
        if r[0] == best or r[0] >= best * (1 - 1e-9):
            return candidate, r
    raise AssertionError


def permuted(y, chosen, genotypes, order, *, model, variance):
    """What stage l permutes: the trait within cells, or residuals of an additive model."""
    if model == "additive" and variance == "common" and len(chosen) > 1:
        n = len(y)
        columns = [np.ones(n)] + [np.array(genotypes[c], dtype=float) for c in chosen]
        design = np.column_stack(columns)
        fit = design @ np.linalg.lstsq(design, y, rcond=None)[0]
        return (y - fit)[order]
    return y[order]
