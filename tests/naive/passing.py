"""Tests past a threshold, one by one, and counts of traits in bins."""

import numpy as np
from naive.scan1 import one_test


def passing(y, genotypes, least_r2, order=None):
    """{(trait, locus): r2} of all tests that pass, the samples of every trait permuted alike."""
    found = {}
    for t, values in enumerate(y):
        if order is not None:
            values = [values[order[k]] for k in range(len(values))]
        if np.ptp(values) == 0:
            continue
        for j, calls in enumerate(genotypes):
            r2 = one_test(np.array(values), [np.ones(len(values))], [calls.astype(float)])["r2"]
            if r2 >= least_r2:
                found[t, j] = r2
    return found


def peaks(found, chromosome):
    """The first of the best on every chromosome of a trait, ties within 1e-12."""
    best = {}
    for (t, j), r2 in sorted(found.items()):
        key = (t, chromosome[j])
        if key not in best or r2 > best[key][1] * (1 + 1e-9):
            best[key] = (j, r2)
    return sorted((t, j) for (t, _), (j, _) in best.items())


def traits_per_bin(linkages, bin_bp):
    """{(chr, number of bin): distinct traits} of rows of a linkage table."""
    held = {}
    for row in linkages.to_dict("records"):
        middle = (row["start_bp"] + row["end_bp"]) / 2
        held.setdefault((row["chr"], int(middle // bin_bp)), set()).add(row["trait"])
    return {place: len(names) for place, names in held.items()}
