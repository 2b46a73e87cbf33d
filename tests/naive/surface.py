"""Two-locus surfaces by least squares on dummy variables, one pair after another."""

from itertools import combinations

import numpy as np
from naive.sequential import dummies, rss

EXACT = 1e-20


def lod(y, design):
    total = float(((y - y.mean()) ** 2).sum())
    left = rss(y, design)[0]
    return np.inf if left <= EXACT * total else len(y) / 2 * np.log10(total / left)


def gain(larger, smaller):
    """Difference of two LODs; nothing can be gained on a model that leaves nothing."""
    return 0.0 if larger == smaller == np.inf else larger - smaller


def is_eligible(labels, min_cell):
    return all(labels.count(label) >= min_cell for label in set(labels))


def surface(y, genotypes, chromosome, *, min_cell=1, same_chromosome=True):
    """LOD of every single locus, full and additive LOD of every pair (i, j), i < j."""
    n = len(y)
    one = {}
    for i, x in enumerate(genotypes):
        if is_eligible(x.tolist(), min_cell):
            one[i] = lod(y, dummies(x.tolist()))
    full, additive = {}, {}
    for i, j in combinations(range(len(genotypes)), 2):
        labels = list(zip(genotypes[i].tolist(), genotypes[j].tolist(), strict=True))
        if chromosome[i] == chromosome[j] and not same_chromosome:
            continue
        if is_eligible(labels, min_cell):
            full[i, j] = lod(y, dummies(labels))
            main = np.column_stack([np.ones(n), genotypes[i], genotypes[j]]).astype(float)
            additive[i, j] = lod(y, main)
    return one, full, additive


def best_one(one, chromosome, *chromosomes):
    """M1: the best single locus of whole chromosomes."""
    return max(value for i, value in one.items() if chromosome[i] in chromosomes)


def summary(one, full, additive, chromosome):
    """(chr1, chr2) -> full, fv1, int, add, av1 of the two maxima, and M1."""
    rows = {}
    for a in range(max(chromosome) + 1):
        for b in range(a, max(chromosome) + 1):
            pairs = [p for p in full if (chromosome[p[0]], chromosome[p[1]]) == (a, b)]
            if pairs:
                f, m = max(full[p] for p in pairs), max(additive[p] for p in pairs)
                single = best_one(one, chromosome, a, b)
                rows[a, b] = {
                    "full": f, "fv1": gain(f, single), "int": gain(f, m), "add": m,
                    "av1": gain(m, single),
                }  # fmt: skip
    return rows
