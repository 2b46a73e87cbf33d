"""Pairs of loci by least squares on dummy variables, one pair at a time."""

import numpy as np
from naive.sequential import dummies, rss


def is_eligible(x1, x2, min_cell):
    cells = [(int(a), int(b)) for a, b in zip(x1, x2, strict=True)]
    return min(cells.count(c) for c in ((0, 0), (0, 1), (1, 0), (1, 1))) >= min_cell


def pair_statistics(y, x1, x2):
    """F of the full model against the mean and against the additive model, and its RSS."""
    n = len(y)
    mean = np.ones((n, 1))
    additive = np.column_stack([mean, x1, x2]).astype(float)
    full = dummies([(int(a), int(b)) for a, b in zip(x1, x2, strict=True)])
    rss0, rss_add, rss_full = (rss(y, d)[0] for d in (mean, additive, full))
    if rss_full <= 1e-20 * rss0:  # an interaction that explains nothing is no infinite one
        return np.inf, np.inf if rss_add > 1e-20 * rss0 else 0.0, 0.0
    residual = rss_full / (n - 4)
    return (rss0 - rss_full) / 3 / residual, (rss_add - rss_full) / residual, rss_full


def best_pairs(y, genotypes, chromosomes, *, min_cell, same_chromosome):
    """Best pair by either F, the first within 1e-9: ((i, j), F) for linkage and epistasis."""
    found = []
    for i in range(len(genotypes)):
        for j in range(i + 1, len(genotypes)):
            if not same_chromosome and chromosomes[i] == chromosomes[j]:
                continue
            if is_eligible(genotypes[i], genotypes[j], min_cell):
                found.append(((i, j), pair_statistics(y, genotypes[i], genotypes[j])))
    best = []
    for test in (0, 1):
        if not found:
            best.append(((-1, -1), np.nan))
            continue
        largest = max(f[test] for _, f in found)
        best.append(
            next(
                (pair, f[test])
                for pair, f in found
                if f[test] == largest or f[test] >= largest * (1 - 1e-9)
            )
        )
    return best, len(found)
