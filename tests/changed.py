"""Crosses changed a little, and how far a share may stray by chance."""

from dataclasses import replace

import numpy as np
import pandas as pd

from crossmap.cross import make_cross


def remade(cross, **changes):
    """The cross with some of its parts changed."""
    parts = {
        "crosstype": cross.crosstype,
        "genotype_names": cross.genotype_names,
        "samples": cross.samples,
        "markers": cross.markers,
        "genotypes": cross.genotypes,
        "trait_names": cross.trait_names,
        "traits": cross.traits,
        "trait_positions": cross.trait_table,
        "covariates": cross.covariates,
    }
    return make_cross(**(parts | changes))


def with_covariates(cross):
    """A cross of 60 samples with two collinear covariates and a batch."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {"age": rng.normal(size=60), "age2": 0.0, "batch": ["a", "b", "c"] * 20},
        index=cross.samples,
    )
    return remade(cross, covariates=table.assign(age2=2 * table["age"]))


def with_many_traits(cross, n_traits):
    """Its traits over and over, for tests that need no more than many; without parents."""
    assert cross.parents.empty
    again = np.resize(np.arange(cross.n_traits), n_traits)
    names = [f"t{i:05}" for i in range(n_traits)]
    table = cross.trait_table.iloc[again].assign(trait=names).reset_index(drop=True)
    return replace(cross, traits=cross.traits[again], trait_table=table)


def binomial_limits(n, p=0.05, z=3.3):
    """Between which a share of n draws falls, 999 times of 1,000."""
    return p - z * np.sqrt(p * (1 - p) / n), p + z * np.sqrt(p * (1 - p) / n)
