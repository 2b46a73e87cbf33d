"""Linkage tables of a single-locus scan, against the scan itself."""

import numpy as np
import pytest
from genotyped import awkward_cross

import crossmap
from crossmap.architecture.linkage_rules import groups_of_samples
from crossmap.architecture.linkage_table import single_locus_table
from crossmap.genotypes.loci import distinct_loci
from crossmap.genotypes.probable_loci import probable_loci


def test_p_values_are_those_of_scan1():
    cross = crossmap.simulate_cross(n_samples=80, n_traits=30, n_markers=150, seed=4).cross
    table = single_locus_table(cross, threshold=1e-3)
    peaks = crossmap.scan1(cross, threshold=1e-3).peaks()
    ours, theirs = (frame.set_index(["trait", "chr"])["neglog10_p"] for frame in (table, peaks))
    assert len(ours) > 10
    theirs = theirs.loc[ours.index]
    np.testing.assert_allclose(ours, theirs, rtol=1e-9)
    assert len(ours) == len(peaks)


@pytest.mark.parametrize(("crosstype", "n_groups"), [("bc", 2), ("f2", 3), ("haploid", 1)])
def test_samples_change_places_within_the_groups_that_x_tells_apart(crosstype, n_groups):
    cross = awkward_cross(crosstype)
    loci = probable_loci(crossmap.genotype_probabilities(cross), cross)
    assert loci.n_groups == n_groups
    group = groups_of_samples(loci)
    if n_groups == 1:
        assert group is None
        assert groups_of_samples(distinct_loci(awkward_cross(crosstype, missing=0.0))) is None
    else:
        is_male = (cross.covariates["sex"] == "male").to_numpy()
        assert not set(group[is_male]) & set(group[~is_male])
        assert len(set(group)) == n_groups
