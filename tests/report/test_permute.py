"""What is said of permutations."""

import numpy as np
import pytest

from crossmap import permute_scan1, simulate_cross
from crossmap.report.permute import describe_permutations


@pytest.fixture(scope="module")
def cross():
    return simulate_cross(n_samples=60, n_traits=20, n_markers=100, seed=3).cross


def said(chance, cross, pooled=None):
    pooled = chance.pooled_thresholds(0.05) if pooled is None else pooled
    return " ".join(describe_permutations(chance, cross, chance.to_frame(), pooled).split())


def test_too_few_permutations_for_a_beta_approximation_are_said_to_be(cross):
    few = said(permute_scan1(cross, n_perm=49), cross)
    assert "No beta approximation was fitted" in few
    assert "needs 50 permutations of a trait." in few
    assert "are called" not in few
    enough = said(permute_scan1(cross, n_perm=50), cross)
    assert "over traits (q_beta)" in enough
    assert "No beta" not in enough


def test_thresholds_are_one_sentence_with_pooled_ones_and_without(cross):
    chance = permute_scan1(cross, n_perm=99, shared=True)
    pooled = chance.pooled_thresholds(0.05)
    each, both = pooled["lod"]
    assert (
        f"(90% of them); pooled, for each trait: {each:.2f}, for all traits: {both:.2f}."
        in said(chance, cross)
    )
    assert "(90% of them). At a false" in said(chance, cross, pooled.assign(lod=np.nan))


def test_one_trait_has_one_threshold(cross):
    one = cross.subset(traits=cross.trait_names[:1])
    text = said(permute_scan1(one, n_perm=99), one)
    assert "The LOD threshold of the trait is " in text
    assert "90% of them" not in text
