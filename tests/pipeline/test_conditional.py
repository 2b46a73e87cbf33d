"""conditional_peaks as its users call it."""

import numpy as np
import pandas as pd
import pytest
from changed import binomial_limits, remade
from naive import permute as naive
from naive.scan1 import rss, scan_test

from crossmap import (
    ArgumentError,
    Execution,
    conditional_peaks,
    permute_scan1,
    simulate_cross,
)


@pytest.fixture(scope="module")
def two_loci():
    """Traits with two strong additive loci on different chromosomes, and traits with none."""
    cross = simulate_cross(n_samples=90, n_traits=2, n_markers=120, seed=2).cross
    rng = np.random.default_rng(0)
    a, b = cross.genotypes[5], cross.genotypes[100]
    signal = 1.4 * a + 1.2 * b
    traits = rng.normal(size=(40, 90))
    traits[:20] += signal
    names = [f"t{i:02d}" for i in range(40)]
    return remade(cross, trait_names=names, traits=traits, trait_positions=None)


def test_the_first_locus_is_that_of_the_permutations_and_both_are_found(two_loci):
    table = conditional_peaks(two_loci, n_perm=99, n_loci=4)
    chance = permute_scan1(two_loci, n_perm=99, beta=False)
    first = table[table["rank"] == 1]
    called = chance.adjusted_p() <= 0.05
    assert set(first["trait"]) == set(chance.traits[called])
    np.testing.assert_allclose(first["lod"], chance.lod(chance.r2)[called], rtol=1e-12)
    linked = table[table["trait"] < "t20"].groupby("trait")["rank"].max()
    assert (linked >= 2).mean() > 0.8
    assert table.groupby("trait")["rank"].apply(lambda r: list(r) == [*range(1, len(r) + 1)]).all()


def test_every_number_is_that_of_least_squares_within_genotype_groups(two_loci):
    n_perm = 39
    table = conditional_peaks(two_loci, n_perm=n_perm, n_loci=2, alpha=0.05)
    names = list(two_loci.markers["marker"])
    for trait in ("t00", "t03"):
        t = two_loci.trait_names.index(trait)
        one, two = (table[table["trait"] == trait].iloc[i] for i in (0, 1))
        x = two_loci.genotypes[names.index(one["marker"])].astype(float)
        y = two_loci.traits[t]
        tests = [scan_test(y, g, model="linear", covariates=[x]) for g in two_loci.genotypes]
        best = max((v for v in tests if v is not None), key=lambda v: v["r2"])
        assert two["lod"] == pytest.approx(best["lod"], rel=1e-8)
        z = two_loci.genotypes[names.index(two["marker"])].astype(float)
        ones = np.ones(90)
        full = rss(y, [ones, x, z])[0]
        for row, other in ((one, z), (two, x)):
            lod = 45 * np.log10(rss(y, [ones, other])[0] / full)
            assert row["lod_dropped"] == pytest.approx(lod, rel=1e-8)
        assert two["pair_r2"] == pytest.approx(np.corrcoef(x, z)[0, 1] ** 2)
        reached = 0
        for b in range(1, n_perm + 1):
            p = naive.permuted(y, trait, b, covariates=[x], strata=x, stage=2)
            r2 = naive.best(p, two_loci.genotypes, model="linear", covariates=[x])["r2"]
            reached += r2 >= two["r2"] * (1 - 1e-12)
        assert two["p_adjusted"] == (1 + reached) / (1 + n_perm)


def test_a_second_locus_is_not_invented_where_there_is_one():
    """400 traits with one locus between markers' patterns: second locus at 5%, 99.9% limits."""
    cross = simulate_cross(n_samples=80, n_traits=2, n_markers=80, seed=4).cross
    rng = np.random.default_rng(1)
    traits = rng.normal(size=(800, 80)) + 1.5 * cross.genotypes[30]
    one = remade(cross, trait_names=[f"t{i:03d}" for i in range(800)], traits=traits,
                 trait_positions=None)  # fmt: skip
    table = conditional_peaks(one, n_perm=99, n_loci=2)
    n_first = (table["rank"] == 1).sum()
    low, high = binomial_limits(n_first)
    assert n_first > 700
    assert 0.5 * low < (table["rank"] == 2).sum() / n_first < high


def test_same_table_for_any_threads_and_settled_early_or_not(two_loci):
    one, two = (
        conditional_peaks(two_loci, n_perm=120, n_loci=2, execution=Execution(threads=n))
        for n in (1, 2)
    )
    pd.testing.assert_frame_equal(one, two, check_exact=True)
    early = conditional_peaks(two_loci, n_perm=120, n_loci=2, stop_after=10)
    key = ["trait", "rank", "marker"]
    assert early[key].values.tolist() == one[key].values.tolist()


def test_false_discovery_rate_instead_of_a_level(two_loci):
    table = conditional_peaks(two_loci, n_perm=199, n_loci=2, fdr=0.05)
    assert (table["q_value"] <= 0.05).all()
    assert len(table) > 20


def test_nothing_found_and_bad_options():
    cross = simulate_cross(n_samples=40, n_traits=3, n_markers=40, seed=1).cross
    null = remade(cross, traits=np.random.default_rng(5).normal(size=(3, 40)))
    table = conditional_peaks(null, n_perm=999, alpha=0.001)
    assert len(table) == 0
    assert "lod_dropped" in table
    with pytest.raises(ArgumentError, match="n_loci: expected a whole number"):
        conditional_peaks(cross, n_loci=0)
    with pytest.raises(ArgumentError, match="n_perm: expected at least 19 for alpha"):
        conditional_peaks(cross, n_perm=5)
    with pytest.raises(ArgumentError, match="fdr: expected a number above 0"):
        conditional_peaks(cross, fdr=0.0)


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_a_trait_that_is_a_marker_has_one_locus_without_bound(two_loci):
    values = two_loci.traits.copy()
    values[3] = two_loci.genotypes[5]
    table = conditional_peaks(remade(two_loci, traits=values), n_perm=39, n_loci=2)
    own = table[table["trait"] == "t03"]
    assert own["rank"].tolist() == [1]
    assert own["lod_dropped"].tolist() == [np.inf]
    assert np.isfinite(table["lod_dropped"].drop(own.index)).all()
