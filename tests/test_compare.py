from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from examples import example_cross
from genotyped import awkward_cross, with_traits
from naive import compare as naive
from naive import scan2 as naive_scan2
from naive import significance as naive_significance

from crossmap.compare import compare_searches
from crossmap.errors import ArgumentError, DataError
from crossmap.execution import Execution
from crossmap.genotypes.loci import distinct_loci
from crossmap.linkage.f_test import neglog10_p
from crossmap.linkage.permutation import permuted_traits
from crossmap.linkage.sequential import next_locus, sequential_search
from crossmap.linkage.stages import SearchOptions
from crossmap.report.compare import describe_comparison
from crossmap.simulate import simulate_cross

N_PERM = 2


@pytest.fixture(scope="module")
def simulated():
    return simulate_cross(
        n_samples=40, n_traits=100, n_markers=40, n_parent_replicates=0, seed=12
    ).cross


@pytest.fixture(scope="module")
def versus(simulated):
    return compare_searches(simulated, n_grid=20, n_perm=N_PERM, min_cell=2, seed=4)


def test_every_search_equals_its_slow_twin(simulated, versus):
    loci, y = versus.loci, simulated.traits
    x, chromosomes = loci.genotypes, loci.chr
    nulls = [permuted_traits(y, versus.traits, seed=4, replicate=b) for b in range(1, N_PERM + 1)]
    for t in range(12):
        pair, f = naive.sequential_pair(y[t], x, chromosomes, min_cell=2)
        got = versus.sequential_pair
        assert (got.locus1[t], got.locus2[t]) == pair
        assert got.f[t] == pytest.approx(f, rel=1e-10)
        for b, null in enumerate(nulls):
            _, f = naive.sequential_pair(null[t], x, chromosomes, min_cell=2)
            assert got.f_null[t, b] == pytest.approx(f, rel=1e-10)
        exhaustive = versus.exhaustive.linkage_test
        both = (exhaustive.locus1[t], exhaustive.locus2[t])
        assert versus.same_pair[t] == naive.same_places(loci, pair, both)
    p = naive_significance.pooled_p(versus.sequential_pair.f, versus.sequential_pair.f_null)
    np.testing.assert_allclose(versus.sequential.p_value, p, rtol=1e-12)


def test_interaction_and_second_peak_equal_their_twins(simulated, versus):
    loci, y = versus.loci, simulated.traits[:10]
    names = versus.traits[:10]
    options = SearchOptions(n_loci=1, n_perm=0, min_cell=2, other_chromosome=True, seed=4)
    primary = sequential_search(y, loci, names=names, options=options).stages[0]
    stage = next_locus(
        y, loci, names=names, chosen=primary.locus[:, None], options=options, interaction=True
    )
    barred = loci.chr_index[primary.locus]
    second = next_locus(
        y, loci, names=names, chosen=np.empty((10, 0), np.int64), options=options,
        barred_chromosome=barred,
    )  # fmt: skip
    for t in range(10):
        locus, f = naive.interaction(y[t], loci.genotypes, loci.chr, min_cell=2)
        assert stage.locus[t] == locus
        assert stage.f[t] == pytest.approx(f, rel=1e-10)
        assert (stage.df1[t], stage.df2[t]) == (1, simulated.n_samples - 4)
        peak = naive.second_peak(y[t], loci.genotypes, loci.chr, min_cell=2)
        assert second.f[t] == pytest.approx(peak, rel=1e-10)


def test_interaction_nulls_are_permuted_within_the_groups_of_the_primary(simulated, versus):
    """The null of an interaction keeps the primary's effect: permuting does not move it."""
    loci, y = versus.loci, simulated.traits[:40]
    names = versus.traits[:40]
    options = SearchOptions(n_loci=1, n_perm=20, min_cell=2, other_chromosome=True, seed=4)
    primary = sequential_search(y, loci, names=names, options=options).stages[0]
    shifted = y + 50.0 * loci.genotypes[primary.locus]
    a, b = (
        next_locus(
            z, loci, names=names, chosen=primary.locus[:, None], options=options, interaction=True
        )
        for z in (y, shifted)
    )
    np.testing.assert_allclose(a.f_null, b.f_null, rtol=1e-7)


def test_numbers_called_and_overlap_come_from_the_tables(versus):
    table, called = versus.to_frame(), versus.called_by_fdr()
    assert called["fdr"].tolist() == [k / 100 for k in range(1, 11)]
    assert (called.drop(columns="fdr").diff().iloc[1:] >= 0).all().all()
    assert called["sequential"].iloc[4] == (table["sequential_q_value"] <= 0.05).sum()
    n, fraction = versus.overlap_top()
    best = np.argsort(-table["exhaustive_f"].to_numpy(), kind="stable")[:n]
    assert fraction == table["same_pair"].to_numpy()[best].mean()
    summary = versus.summary()
    assert summary["n_grid"] == 20
    assert summary["n_grid_kept"] == len(versus.loci)
    assert len(summary["joint_over_top_two"]["ratio"]) == 10


def test_same_bytes_for_threads(simulated, versus):
    again = compare_searches(
        simulated, n_grid=20, n_perm=N_PERM, min_cell=2, seed=4, execution=Execution(threads=1)
    )
    assert again.to_frame().equals(versus.to_frame())
    assert again.summary() == versus.summary()


def test_bad_input():
    cross = example_cross("one_chromosome")
    with pytest.raises(DataError, match="at least two chromosomes"):
        compare_searches(cross, n_perm=1)
    with pytest.raises(DataError, match="twice min_cell"):
        compare_searches(example_cross("dozen"), n_perm=1, min_cell=7)
    with pytest.raises(ArgumentError, match="n_grid: expected 1 to"):
        compare_searches(example_cross("ordinary"), n_grid=999, n_perm=1)


def test_the_papers_comparison_on_yeast(yeast):
    """613 loci, as published: the ranges that three prototypes and the paper span."""
    versus = compare_searches(yeast, n_grid=613, n_perm=5, min_cell=1, seed=1)
    s = versus.summary()
    assert 2620 <= s["sequential"]["fdr_0.01"] <= 2860
    assert 4150 <= s["sequential"]["fdr_0.05"] <= 4450
    assert 1600 <= s["exhaustive"]["fdr_0.01"] <= 2000
    assert 3400 <= s["exhaustive"]["fdr_0.05"] <= 3800
    assert 0.82 <= s["overlap_top"]["fraction"] <= 0.92
    assert 0.07 <= s["epistasis"]["sequential"] <= 0.16
    assert s["epistasis"]["exhaustive"] < 0.03


def test_certain_genotypes_are_compared_as_calls():
    cross = simulate_cross(
        n_samples=60, n_traits=110, n_markers=60, n_parent_replicates=0, seed=12
    ).cross
    cross = cross.subset(markers=list(distinct_loci(cross).names))
    one = compare_searches(cross, n_perm=2, seed=4)
    other = compare_searches(cross, n_perm=2, seed=4, genotype_probabilities=True, error_prob=0.0)
    assert one.loci.names == other.loci.names
    for name in ("sequential_pair", "exhaustive"):
        mine, theirs = (getattr(versus, name) for versus in (one, other))
        if name == "exhaustive":
            mine, theirs = mine.linkage_test, theirs.linkage_test
        assert (mine.locus1 == theirs.locus1).mean() > 0.98
        np.testing.assert_allclose(mine.f, theirs.f, rtol=1e-9)
        np.testing.assert_allclose(mine.f_null, theirs.f_null, rtol=1e-9)
        for pair in (mine, theirs):
            assert (set(pair.df1), set(pair.df2)) == ({3}, {56})
    for name in (
        "sequential", "exhaustive_linkage", "sequential_epistasis", "exhaustive_epistasis",
        "top_two",
    ):  # fmt: skip
        mine, theirs = (getattr(versus, name) for versus in (one, other))
        np.testing.assert_allclose(mine.p_value, theirs.p_value, atol=1e-12, err_msg=name)
    pd.testing.assert_frame_equal(one.called_by_fdr(), other.called_by_fdr())


def test_an_intercross_is_compared_on_probabilities():
    cross = with_traits(awkward_cross("f2", n_samples=120, n_markers=24), n_traits=110)
    versus = compare_searches(cross, n_perm=2, min_cell=2, genotype_probabilities=True)
    found = versus.sequential_pair
    table = versus.to_frame()
    assert (
        table["sequential_p_value"].between(0, 1).all() or table["sequential_p_value"].isna().any()
    )
    # The exhaustive scan sees all pairs, so its best is at least as good.
    p_one = neglog10_p(found.f, found.df1, found.df2)
    other = versus.exhaustive.linkage_test
    p_other = neglog10_p(other.f, other.df1, other.df2)
    there = (found.locus1 >= 0) & (other.locus1 >= 0)
    assert there.sum() > 100
    assert (p_one[there] <= p_other[there] * (1 + 1e-9)).all()
    with pytest.raises(ArgumentError, match="step: expected 0 without genotype_probabilities"):
        compare_searches(cross, step=1.0)


@pytest.mark.filterwarnings("ignore:.*too few:crossmap.errors.CrossmapWarning")
@pytest.mark.parametrize("probabilities", [False, True])
def test_every_search_sees_a_trait_on_its_own_samples(simulated, probabilities):
    """As if the other samples were not there: found by every search, nulls too."""
    traits = simulated.traits.copy()
    traits[:3, ::6] = np.nan
    traits[4, :3] = np.nan
    traits[5, 5:] = np.nan
    cross = replace(simulated, traits=traits)
    how = {"n_grid": 12, "n_perm": N_PERM, "min_cell": 1, "seed": 4}
    if probabilities:
        how |= {"genotype_probabilities": True, "error_prob": 0.0}
    found = compare_searches(cross, **how)
    assert len(found.traits) == cross.n_traits - 1  # one has 5 values
    assert found.exhaustive.n_samples[:5].tolist() == [33, 33, 33, 40, 37]
    table = found.to_frame()
    assert table["sequential_p_value"].notna().all()
    assert table["top_two_p_value"].notna().all()
    x = found.loci.genotypes
    for t in (0, 2, 4):
        own = ~np.isnan(traits[t])
        nulls = [
            permuted_traits(traits[t : t + 1], found.traits[t : t + 1], seed=4, replicate=b)[0]
            for b in (1, 2)
        ]
        for b, y in enumerate([traits[t], *nulls]):
            assert np.array_equal(np.isnan(y), ~own)
            assert sorted(y[own]) == sorted(traits[t, own])
            best, _ = naive_scan2.best_pairs(
                y[own], x[:, own], found.loci.chr, min_cell=1, same_chromosome=False
            )
            linkage = found.exhaustive.linkage_test
            got = linkage.f_null[t, b - 1] if b else linkage.f[t]
            assert got == pytest.approx(best[0][1], rel=1e-9)
            pair, f = naive.sequential_pair(y[own], x[:, own], found.loci.chr, min_cell=1)
            sequential = found.sequential_pair
            got = sequential.f_null[t, b - 1] if b else sequential.f[t]
            assert got == pytest.approx(f, rel=1e-9)
            assert b or (sequential.locus1[t], sequential.locus2[t]) == pair
    # Traits differ in degrees of freedom: pooled on p-values.
    p = naive_significance.pooled_p(
        neglog10_p(linkage.f, 3, linkage.df2), neglog10_p(linkage.f_null, 3, linkage.df2[:, None])
    )
    np.testing.assert_allclose(found.exhaustive_linkage.p_value, p, rtol=1e-12)
    n, share = found.overlap_top()
    assert n == len(found.traits)
    assert share == found.same_pair.mean()


@pytest.mark.filterwarnings("ignore:.*too few to estimate pi0")
def test_one_place_is_told_in_the_units_of_the_map(simulated):
    assert compare_searches(simulated, n_perm=1, n_grid=8).same_place == "50 kb"
    cross = with_traits(awkward_cross("riself", n_samples=60, n_markers=15, missing=0.1))
    found = compare_searches(cross, n_perm=1, genotype_probabilities=True)
    assert found.same_place == "20 cM"
    assert "the same pair in both (20 cM)" in " ".join(describe_comparison(found, cross).split())
