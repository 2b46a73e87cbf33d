"""What the next locus is chosen between, against the search that chooses."""

import numpy as np
import pytest
from examples import example_cross
from genotyped import awkward_cross, with_traits

from crossmap.genotypes.hmm import genotype_probabilities
from crossmap.genotypes.loci import distinct_loci
from crossmap.genotypes.probable_loci import probable_loci
from crossmap.linkage.next_models import next_models
from crossmap.linkage.searches import searches_of
from crossmap.linkage.stages import SearchOptions


@pytest.mark.parametrize("kind", ["haploid", "f2", "bc"])
@pytest.mark.parametrize("variance", ["cell", "common"])
def test_they_are_those_of_the_search(kind, variance):
    if kind == "haploid":
        cross = example_cross("ordinary")
        loci = distinct_loci(cross)
    else:
        cross = with_traits(awkward_cross(kind, n_samples=90))
        loci = probable_loci(genotype_probabilities(cross), cross)
    options = SearchOptions(n_perm=1, min_cell=2, variance=variance, exclude_r2=0.5)
    search = searches_of(loci).loci(cross.traits, loci, names=cross.trait_names, options=options)
    for row in np.flatnonzero(search.stages[1].eligible)[:3]:
        for number, stage in enumerate(search.stages):
            chosen = tuple(search.locus[row, :number].tolist())
            models = next_models(cross.traits[[row]], loci, chosen, options=options)
            locus = stage.locus[row]
            assert models.eligible[locus]
            assert models.allowed[models.eligible].all()
            assert (models.df1[locus], models.df2[locus]) == (stage.df1[row], stage.df2[row])
            np.testing.assert_allclose(models.rss_before, stage.rss_before[row], rtol=1e-10)
            assert (models.df1[~models.eligible] == 0).all()
            assert not models.allowed[list(chosen)].any()
