"""Intercrosses with an X, both sexes and directions, and traits that differ between them."""

import numpy as np
import pandas as pd

from crossmap.cross import make_cross
from crossmap.meiosis import SimulatedGenome, draw_markers, inherit, stream
from crossmap.simulate import (
    GENOTYPE_NAMES,
    YEAST_CHROMOSOME_LENGTHS_BP,
    SimulatedCross,
    _gene_table,
    _marker_table,
    _numbered,
    _truth_table,
)
from crossmap.trait_model import draw_traits, trait_values

LENGTHS_BP = {"X" if name == "15" else name: bp for name, bp in YEAST_CHROMOSOME_LENGTHS_BP.items()}
"""A tenth of the map is X."""

SD_OF_MEANS = 2.0
"""Of the difference between the sexes, and between the females of either direction, in standard
deviations of the noise: more than any locus makes. X of males knows of no direction."""


def f2_with_x(*, n_samples, n_markers, n_traits, model, seed):
    """Like `crossmap.simulate_cross`, but that X is inherited as X is."""
    genome = SimulatedGenome.of(LENGTHS_BP, 400.0)
    sites = draw_markers(genome, n_markers, even=False, rng=stream(seed, "map"))
    traits = draw_traits(model, genome, n_traits, seed=seed)
    every, where = np.unique(
        np.concatenate([sites, *(trait.sites for trait in traits)]), return_inverse=True
    )
    mother, father = (
        inherit(genome, every, n_samples, rng=stream(seed, "meiosis", k)) for k in range(2)
    )
    rng = np.random.default_rng([seed, 10])
    is_male, is_reverse = rng.integers(0, 2, (2, n_samples)).astype(bool)
    on_x = genome.chromosome_names(every) == "X"
    # Of the father, who has one X, daughters have it whole: of the first strain, or of the second.
    of_daughters = mother + is_reverse
    genotypes = mother + father
    genotypes[on_x] = np.where(is_male, 2 * mother, of_daughters)[on_x]
    values = trait_values(traits, genotypes[where[len(sites) :]], model, n_genotypes=3, seed=seed)
    means = rng.normal(scale=SD_OF_MEANS, size=(2, n_traits, 1))
    names, samples = _numbered("g", n_traits, 4), _numbered("seg", n_samples, 3)
    cross = make_cross(
        crosstype="f2",
        genotype_names=GENOTYPE_NAMES["f2"],
        samples=samples,
        markers=_marker_table(genome, sites),
        genotypes=genotypes[where[: len(sites)]].astype(np.int8),
        trait_names=names,
        traits=values + means[0] * is_male + means[1] * (is_reverse & ~is_male),
        trait_positions=_gene_table(genome, names, traits),
        covariates=pd.DataFrame(
            {"sex": np.where(is_male, "male", "female"), "pgm": is_reverse.astype(int)},
            index=pd.Index(samples, dtype=object),
        ),
    )
    return SimulatedCross(cross=cross, truth=_truth_table(genome, names, traits), seed=seed)
