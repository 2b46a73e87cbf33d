"""Tests past a fixed threshold under permutations that all traits share."""

import numpy as np
import pytest
from examples import KINDS, example_cross
from naive import passing as naive

from crossmap.genotypes.loci import distinct_loci
from crossmap.kernels.tile_search import TILE
from crossmap.linkage.passing import PassingTests, SharedScan, shared_order
from crossmap.simulate import simulate_cross


@pytest.mark.parametrize("least_r2", [0.0201, 0.2003])
@pytest.mark.parametrize("kind", KINDS)
def test_the_tests_found_are_those_of_plain_least_squares(kind, least_r2):
    cross = example_cross(kind, seed=2)
    loci = distinct_loci(cross)
    scan = SharedScan(cross.traits, loci, least_r2=least_r2)
    for order in (None, shared_order(5, 3, cross.n_samples)):
        found = scan.tests(order)
        expected = naive.passing(cross.traits, loci.genotypes, least_r2, order)
        got = dict(zip(zip(found.trait.tolist(), found.locus.tolist(), strict=True),
                       found.r2.tolist(), strict=True))  # fmt: skip
        assert got.keys() == expected.keys()
        np.testing.assert_allclose([got[k] for k in expected], list(expected.values()), rtol=1e-7)
        best = found.peaks(loci.chr_index)
        assert list(zip(best.trait.tolist(), best.locus.tolist(), strict=True)) == naive.peaks(
            expected, loci.chr_index
        )


def test_a_permutation_of_all_traits_is_a_scan_of_permuted_traits():
    cross = simulate_cross(n_samples=50, n_traits=TILE + 9, n_markers=200, seed=4).cross
    loci = distinct_loci(cross)
    order = shared_order(1, 7, cross.n_samples)
    here = SharedScan(cross.traits, loci, least_r2=0.1).tests(order)
    there = SharedScan(cross.traits[:, order], loci, least_r2=0.1).tests()
    np.testing.assert_array_equal(here.trait, there.trait)
    np.testing.assert_array_equal(here.locus, there.locus)
    np.testing.assert_allclose(here.r2, there.r2, rtol=1e-12)
    assert len(here) > 100


def test_more_tests_than_there_is_room_for_are_all_found():
    cross = simulate_cross(n_samples=30, n_traits=2, n_markers=900, seed=4).cross
    traits = np.tile(cross.traits, (40, 1))
    loci = distinct_loci(cross)
    found = SharedScan(traits, loci, least_r2=1e-9).tests()
    assert len(found) > 80 * len(loci) * 0.99 > 4 * 80 + 1024


def test_scale_and_shift_of_traits_do_not_matter():
    cross = simulate_cross(n_samples=60, n_traits=30, n_markers=200, seed=6).cross
    loci = distinct_loci(cross)
    one = SharedScan(cross.traits, loci, least_r2=0.05).tests()
    other = SharedScan(-1e-9 * cross.traits + 3.0, loci, least_r2=0.05).tests()
    np.testing.assert_array_equal(one.locus, other.locus)


def test_shared_orders_are_permutations_that_differ_and_depend_on_seed_and_replicate_alone():
    orders = [shared_order(seed, b, 40) for seed in (1, 2) for b in (1, 2, 3)]
    assert all(sorted(order) == list(range(40)) for order in orders)
    assert len({tuple(order) for order in orders}) == 6
    np.testing.assert_array_equal(orders[1], shared_order(1, 2, 40))


def test_peaks_of_nothing():
    nothing = PassingTests(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
    assert len(nothing.peaks(np.zeros(3, dtype=np.int64))) == 0
