"""Awkward crosses that every search is tried on."""

import numpy as np
import pandas as pd

from crossmap.cross import make_cross


def example_cross(kind, seed=0):
    """A small cross of a named kind, with traits of every awkward sort."""
    rng = np.random.default_rng(seed)
    n, n_markers, chromosomes = {
        "eight": (8, 10, 2),
        "dozen": (12, 14, 2),
        "one_chromosome": (24, 20, 1),
        "ordinary": (40, 24, 4),
        "skewed": (30, 16, 3),
        "unlinked": (26, 12, 12),
    }[kind]
    chromosome = np.sort(np.arange(n_markers) % chromosomes)
    genotypes = np.empty((n_markers, n), dtype=np.int8)
    for m in range(n_markers):
        fresh = m == 0 or chromosome[m] != chromosome[m - 1]
        share = 0.2 if kind == "skewed" and m % 3 else 0.5
        if fresh or kind in ("unlinked", "skewed"):
            genotypes[m] = rng.random(n) < share
        else:
            genotypes[m] = genotypes[m - 1] ^ (rng.random(n) < 0.15)
    genotypes[3] = 1 - genotypes[2] if chromosome[3] == chromosome[2] else genotypes[3]
    genotypes[5] = genotypes[4] if chromosome[5] == chromosome[4] else genotypes[5]
    genotypes[7] = 0  # monomorphic
    a, b = genotypes[1].astype(float), genotypes[n_markers - 2].astype(float)
    traits = [
        rng.normal(size=n),
        rng.normal(size=n) + 2 * a,
        rng.normal(size=n) + 1.5 * a * b + 1e6,
        rng.normal(size=n) * (0.3 + 3 * a) + b,
        rng.integers(0, 3, n).astype(float),  # tied values
        np.full(n, 0.1),  # constant
        1e-7 * (rng.normal(size=n) + a - b),
        a.copy(),  # explained without remainder
    ]
    return make_cross(
        crosstype="haploid",
        genotype_names=("A", "B"),
        samples=[f"s{k:02d}" for k in range(n)],
        markers=pd.DataFrame(
            {
                "marker": [f"m{m:02d}" for m in range(n_markers)],
                "chr": [str(c + 1) for c in chromosome],
                "pos_bp": np.arange(n_markers) // 2 * 1000.0,  # two markers at one place
            }
        ),
        genotypes=genotypes,
        trait_names=[f"t{t}" for t in range(len(traits))],
        traits=np.array(traits),
    )


KINDS = ("eight", "dozen", "one_chromosome", "ordinary", "skewed", "unlinked")
