"""Small crosses of every type with missing calls, errors, dominant markers and an X."""

from dataclasses import replace

import numpy as np
import pandas as pd

from crossmap.cross import NOT_FIRST, NOT_LAST, make_cross
from crossmap.genotypes.hmm import genotype_probabilities
from crossmap.io.read import read_cross

NAMES = {"haploid": ("A", "B"), "bc": ("AA", "AB"), "f2": ("AA", "AB", "BB")}


def awkward_cross(crosstype, *, n_samples=40, n_markers=24, missing=0.2, seed=1):
    """Three chromosomes, the last X; sexes and directions mixed; two markers at one place."""
    rng = np.random.default_rng(seed)
    chromosome = np.array(["1", "2", "X"], dtype=object)[np.arange(n_markers) * 3 // n_markers]
    cm = np.concatenate(
        [np.cumsum(rng.uniform(0.5, 6.0, (chromosome == c).sum())) for c in ("1", "2", "X")]
    )
    cm[1] = cm[0]
    is_male = np.arange(n_samples) % 3 == 1
    is_reverse = np.arange(n_samples) % 4 >= 2
    strands = np.empty((2, n_markers, n_samples), dtype=np.int8)
    for strand in strands:
        for m in range(n_markers):
            fresh = m == 0 or chromosome[m] != chromosome[m - 1]
            r = 0.5 if fresh else 0.5 * (1 - np.exp(-(cm[m] - cm[m - 1]) / 50))
            before = rng.integers(0, 2, n_samples) if fresh else strand[m - 1]
            strand[m] = before ^ (rng.random(n_samples) < (0 if fresh else r))
    genotypes = strands.sum(axis=0).astype(np.int8) if crosstype == "f2" else strands[0].copy()
    if crosstype == "f2":
        x = chromosome == "X"
        of_female = np.where(is_reverse, 1 + strands[0], strands[0])
        genotypes[x] = np.where(is_male, 2 * strands[0], of_female)[x]
    genotypes[rng.random(genotypes.shape) < missing] = -1
    if crosstype == "f2" and missing:
        dominant = (np.arange(n_markers) % 5 == 2) & (chromosome != "X")
        part = genotypes[dominant]
        first = part == 0
        genotypes[dominant] = np.where(
            rng.random(part.shape) < 0.5, part, np.where(part < 0, -1, np.where(
                first, NOT_LAST, NOT_FIRST))
        )  # fmt: skip
    return make_cross(
        crosstype=crosstype,
        genotype_names=NAMES.get(crosstype, ("AA", "BB")),
        samples=[f"s{k:03d}" for k in range(n_samples)],
        markers=pd.DataFrame(
            {"marker": [f"m{m:04d}" for m in range(n_markers)], "chr": chromosome, "pos_cm": cm}
        ),
        genotypes=genotypes,
        trait_names=["t0", "t1"],
        traits=rng.normal(size=(2, n_samples)),
        covariates=pd.DataFrame(
            {"sex": np.where(is_male, "male", "female"), "pgm": is_reverse.astype(int)},
            index=[f"s{k:03d}" for k in range(n_samples)],
        ),
    )


def with_traits(cross, n_traits=6, seed=5):
    """A cross with traits of two loci, noise, ties and a constant one."""
    rng = np.random.default_rng(seed)
    found = genotype_probabilities(cross).most_probable.astype(float)
    values = rng.normal(size=(n_traits, cross.n_samples))
    values[0] += 1.5 * found[3] * found[-12]
    values[1] += found[7]
    values[2] = np.round(values[2])
    values[3] = 7.0
    names = [f"t{i}" for i in range(n_traits)]
    table = cross.trait_table.iloc[[0] * n_traits].assign(trait=names).reset_index(drop=True)
    return replace(cross, traits=values, trait_table=table)


def listeria(shared):
    """R/qtl's intercross: 120 females, dominant markers, an X."""
    return read_cross(
        shared / "oracles" / "rqtl" / "rqtl_listeria.csv",
        crosstype="f2",
        codes={"CC": "CC", "CB": "CB", "BB": "BB", "not CC": "not CC"},
    )
