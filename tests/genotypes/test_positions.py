"""Genetic maps from places in centimorgans, base pairs, or some of each."""

from dataclasses import replace

import numpy as np
import pytest
from genotyped import awkward_cross

from crossmap.errors import ArgumentError, CrossmapWarning, DataError
from crossmap.genotypes.hmm import genotype_probabilities
from crossmap.genotypes.positions import genetic_map


def with_places(cross, pos_cm):
    bp = np.arange(cross.n_markers) * 1e5
    return replace(cross, markers=cross.markers.assign(chr="1", pos_bp=bp, pos_cm=pos_cm))


def test_a_rate_beside_a_whole_map_is_refused():
    cross = awkward_cross("haploid", n_samples=10, n_markers=10)
    with pytest.raises(ArgumentError, match=r"cm_per_mb: expected none, as every marker .*found 3"):
        genotype_probabilities(cross, cm_per_mb=3.0)


def test_gaps_of_a_genetic_map_are_filled_and_known_places_stay():
    cross = awkward_cross("haploid", n_samples=10, n_markers=8)
    nan = np.nan
    gaps = with_places(cross, [nan, 10.0, nan, nan, 16.0, 20.0, nan, nan])
    with pytest.warns(CrossmapWarning, match=r"lacks 5 of 8 markers; they were placed: 2 between "
                      r".*, 3 before the first or after .* at 10 cM/Mb"):  # fmt: skip
        filled = genetic_map(gaps, cm_per_mb=10.0)
    np.testing.assert_allclose(filled, [9.0, 10.0, 12.0, 14.0, 16.0, 20.0, 21.0, 22.0])
    with pytest.warns(CrossmapWarning, match="at the mean rate there"):
        by_mean = genetic_map(gaps)  # 10 cM in 0.4 Mb
    np.testing.assert_allclose(by_mean, [7.5, 10.0, 12.0, 14.0, 16.0, 20.0, 22.5, 25.0])
    # One chromosome wholly, another with one place alone: only a rate can tell.
    two = replace(gaps, markers=gaps.markers.assign(chr=list("11112222")))
    for pos_cm, marker in (([1.0, 2.0, 3.0, 4.0, nan, nan, nan, nan], "m0004"),
                           ([1.0, 2.0, 3.0, 4.0, nan, 7.0, nan, nan], "m0004")):  # fmt: skip
        lacking = replace(two, markers=two.markers.assign(pos_cm=pos_cm))
        with pytest.raises(DataError, match=f"or a rate, cm_per_mb, .*as for {marker}"):
            genetic_map(lacking)
        with pytest.warns(CrossmapWarning, match="at 20 cM/Mb|at 20.0 cM/Mb"):
            filled = genetic_map(lacking, cm_per_mb=20.0)
        np.testing.assert_allclose(filled[:4], [1.0, 2.0, 3.0, 4.0])
        np.testing.assert_allclose(np.diff(filled[4:]), 2.0)
    # Of places that fall those of the file are named.
    with pytest.raises(DataError, match=r"found m0003 at 5 cM after m0001 at 10 cM"):
        genetic_map(with_places(cross, [1, 10, nan, 5, 6, 7, 8, 9]))


def test_the_same_step_on_a_filled_map_and_on_the_map_it_becomes():
    cross = awkward_cross("f2", n_samples=30, n_markers=24)
    autosomes = cross.subset(markers=cross.markers["marker"][cross.markers["chr"] != "X"].tolist())
    markers = autosomes.markers.assign(pos_bp=autosomes.markers["pos_cm"] * 1e5)
    whole = genotype_probabilities(replace(autosomes, markers=markers), step=2)
    gaps = markers.assign(pos_cm=markers["pos_cm"].where(np.arange(len(markers)) % 3 != 1))
    with pytest.warns(CrossmapWarning, match="the genetic map lacks"):
        found = genotype_probabilities(replace(autosomes, markers=gaps), step=2)
    np.testing.assert_allclose(found.probability, whole.probability, atol=1e-9)
