"""Single-locus tests of probabilities past a p-value: those of scan1, permuted or not."""

from dataclasses import replace

import numpy as np
import pytest
from genotyped import awkward_cross, with_traits

from crossmap import genotype_probabilities, scan1
from crossmap.genotypes.loci import distinct_loci
from crossmap.genotypes.probable_loci import probable_loci
from crossmap.linkage.locus_models import locus_models
from crossmap.linkage.passing import shared_order
from crossmap.linkage.probability_passing import SharedProbabilityScan, shared_scan
from crossmap.simulate import simulate_cross


@pytest.mark.parametrize("crosstype", ["f2", "bc", "riself"])
def test_the_tests_are_those_of_scan1(crosstype):
    """X, sexes, both directions, dominant and missing calls; a constant trait among them."""
    cross = with_traits(awkward_cross(crosstype, n_samples=90))
    loci = probable_loci(genotype_probabilities(cross, step=4.0), cross)
    scan = SharedProbabilityScan(cross.traits, loci, threshold=0.3)
    group = loci.group if loci.n_groups > 1 else None
    for order in (np.arange(90), shared_order(5, 3, 90, group)):
        found = scan.tests(order)
        permuted = replace(cross, traits=cross.traits[:, order])
        theirs = scan1(permuted, genotype_probabilities=True, step=4.0, threshold=0.3).to_frame()
        key = list(zip(theirs["trait"], theirs["marker"], strict=True))
        ours = [(cross.trait_names[t], loci.names[j]) for t, j in zip(found.trait, found.locus,
                                                                     strict=True)]  # fmt: skip
        assert len(ours) > 20
        assert sorted(ours) == sorted(key)
        place = {name: row for row, name in enumerate(key)}
        rows = [place[name] for name in ours]
        np.testing.assert_allclose(found.r2, theirs["r2"].to_numpy()[rows], rtol=1e-8)
        np.testing.assert_allclose(
            found.neglog10_p, theirs["neglog10_p"].to_numpy()[rows], rtol=1e-8
        )
        peaks = found.peaks(loci.chr_index)
        for trait, locus, p in zip(peaks.trait, peaks.locus, peaks.neglog10_p, strict=True):
            same = (found.trait == trait) & (loci.chr[found.locus] == loci.chr[locus])
            assert p == pytest.approx(found.neglog10_p[same].max(), rel=1e-10)


def test_groups_keep_their_samples():
    group = np.arange(40) % 3
    order = shared_order(1, 2, 40, group)
    np.testing.assert_array_equal(group[order], group)
    assert (order != np.arange(40)).any()
    np.testing.assert_array_equal(shared_order(1, 2, 40, np.zeros(40)), shared_order(1, 2, 40))


def test_certain_genotypes_are_scanned_as_calls():
    cross = simulate_cross(n_samples=60, n_traits=30, n_markers=80, seed=3).cross
    calls = distinct_loci(cross)
    probable = probable_loci(genotype_probabilities(cross, error_prob=0.0), cross)
    one = shared_scan(cross.traits, calls, threshold=1e-2).tests().peaks(calls.chr_index)
    other = shared_scan(cross.traits, probable, threshold=1e-2).tests().peaks(probable.chr_index)
    np.testing.assert_array_equal(one.trait, other.trait)
    np.testing.assert_allclose(one.r2, other.r2, rtol=1e-9)
    models = locus_models(calls)
    y = cross.traits[3]
    r2 = [np.corrcoef(y, x)[0, 1] ** 2 for x in calls.genotypes[:5]]
    np.testing.assert_allclose(models.r2(np.arange(5), y), r2, rtol=1e-9)
