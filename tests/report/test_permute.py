"""What is said of permutations."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from genotyped import awkward_cross, with_traits

from crossmap import permute_scan1, simulate_cross
from crossmap.report.permute import describe_conditional, describe_permutations


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


def test_strata_are_named_where_there_are_some(cross):
    batch = pd.DataFrame({"batch": np.arange(60) % 3}, index=cross.samples)
    grouped = replace(cross, covariates=batch)
    assert "of every trait within batch." in said(
        permute_scan1(grouped, n_perm=19, strata="batch"), grouped
    )
    assert "within" not in said(permute_scan1(grouped, n_perm=19), grouped)


def test_thresholds_of_autosomes_and_of_x_are_told_as_such():
    cross = with_traits(awkward_cross("bc", missing=0.0), n_traits=12)
    chance = permute_scan1(cross, n_perm=60)
    made = chance.thresholds(0.05)
    text = said(chance, cross)
    for region, where in (("A", "autosomes"), ("X", "X")):
        low, high = made.loc[made["region"] == region, "lod"].quantile([0.05, 0.95])
        assert f"LOD thresholds of the traits on {where} are {low:.2f} to {high:.2f}" in text


def test_the_best_marker_is_where_the_genome_wide_p_is_smaller():
    cross = with_traits(awkward_cross("f2", n_samples=80, missing=0.0), n_traits=40)
    chance = permute_scan1(cross, n_perm=60)
    table = chance.to_frame()
    assert set(table["region"]) == {"A", "X"}
    has = chance.best_marker >= 0
    assert has.sum() == table["marker"].notna().sum() == 39  # one trait is constant
    names = chance.markers["marker"].to_numpy()
    assert (names[chance.best_marker[has]] == table["marker"][has]).all()
    assert ((table["chr"] == "X") == (table["region"] == "X"))[has].all()
    on_autosomes, on_x = replace(chance, x=None).adjusted_p(), chance.x.adjusted_p()
    is_on_x = (table["region"] == "X").to_numpy()
    assert (on_x <= on_autosomes)[has & is_on_x].all()
    assert (on_autosomes <= on_x)[has & ~is_on_x].all()


@pytest.mark.parametrize(
    ("missing", "n_gaps", "words"),
    [("drop", 0, ""), ("drop", 3, " A sample without a call at"), ("mean", 3, " Missing calls at")],
)
def test_further_loci_tell_of_gaps_where_there_are_some(cross, missing, n_gaps, words):
    calls = cross.genotypes.copy()
    calls[0, :n_gaps] = -1
    gaps = replace(cross, genotypes=calls)
    further = pd.DataFrame({"trait": ["g0001", "g0001", "g0002"], "rank": [1, 2, 1]})
    chance = permute_scan1(gaps, n_perm=19, missing=missing)
    text = " ".join(describe_conditional(further, chance, gaps).split())
    assert "2 traits have a first locus, 1 a further one given the first." in text
    asks = "is what crossmap joint asks."
    assert text[text.index(asks) + len(asks) :].startswith(words)
    assert bool(words) or text.endswith(asks)
