"""The searches of a comparison, one trait at a time, by the naive twins."""

import numpy as np
from naive import sequential
from naive.scan2 import pair_statistics


def sequential_pair(y, genotypes, chromosomes, *, min_cell):
    """Primary, then secondary on another chromosome: loci and F of the pair against the mean."""
    how = {"min_cell": min_cell, "model": "full", "variance": "common"}
    first, _ = sequential.best_locus(y, genotypes, [], **how)
    same = [j for j in range(len(genotypes)) if chromosomes[j] == chromosomes[first]]
    second, _ = sequential.best_locus(y, genotypes, [first], barred=same, **how)
    return (first, second), pair_statistics(y, genotypes[first], genotypes[second])[0]


def second_peak(y, genotypes, chromosomes, *, min_cell):
    """F of the best locus off the chromosome of the best one."""
    how = {"min_cell": min_cell, "model": "full", "variance": "common"}
    first, _ = sequential.best_locus(y, genotypes, [], **how)
    same = [j for j in range(len(genotypes)) if chromosomes[j] == chromosomes[first]]
    return sequential.best_locus(y, genotypes, [], barred=same, **how)[1][0]


def interaction(y, genotypes, chromosomes, *, min_cell):
    """Locus whose interaction with the primary one is strongest, and its F."""
    how = {"min_cell": min_cell, "model": "full", "variance": "common"}
    first, _ = sequential.best_locus(y, genotypes, [], **how)
    found = {}
    for j in range(len(genotypes)):
        if chromosomes[j] != chromosomes[first] and sequential.is_eligible(
            genotypes, [first], j, len(y), min_cell
        ):
            found[j] = pair_statistics(y, genotypes[first], genotypes[j])[1]
    best = max(found, key=found.get)
    return best, found[best]


def same_places(loci, pair, other):
    def near(a, b):
        return loci.chr[a] == loci.chr[b] and abs(loci.start_bp[a] - loci.start_bp[b]) <= 50_000

    (a, b), (c, d) = pair, other
    return bool((near(a, c) and near(b, d)) or (near(a, d) and near(b, c)))


def lower_of_two_p(second, null_maxima):
    pool = np.ravel(null_maxima)
    return np.array([max((pool >= f).sum(), 1) / len(pool) for f in second])
