"""Hot spots: bins, both thresholds, what is counted, what is refused."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from examples import example_cross
from naive.passing import traits_per_bin
from scipy import stats

from crossmap import Execution, find_hotspots, joint_linkage, simulate_cross
from crossmap.architecture.bins import genome_bins
from crossmap.architecture.linkage_rules import JointRule, SingleLocusRule
from crossmap.errors import ArgumentError, DataError
from crossmap.genotypes.loci import distinct_loci
from crossmap.linkage.passing import shared_order
from crossmap.trait_model import TraitModel


@pytest.fixture(scope="module")
def simulated():
    model = TraitModel(hotspot_share=0.4, variance_share=(0.15, 0.4), local_share=0.3)
    return simulate_cross(n_samples=100, n_traits=240, n_markers=400, trait_model=model, seed=9)


@pytest.fixture(scope="module")
def found(simulated):
    return find_hotspots(simulated.cross, n_perm=99)


def test_the_simulated_hot_spot_is_the_largest_one(simulated, found):
    place = simulated.truth.query("role == 'hotspot'").iloc[0]
    regions = found.regions()
    top = regions.loc[regions["n_traits"].idxmax()]
    assert top["chr"] == place["chr"]
    assert top["start_bp"] - 40_000 <= place["pos_bp"] <= top["end_bp"] + 40_000
    assert top["n_traits"] >= 20


def test_bins_count_distinct_traits(found):
    expected = traits_per_bin(found.linkages, 20_000)
    table = found.bins
    number = (table["start_bp"] // 20_000).astype(int)
    got = {(c, b): n for c, b, n in zip(table["chr"], number, table["n_traits"], strict=True) if n}
    assert got == expected
    assert (table["n_loci"] <= table["n_traits"]).all()
    assert table["expected"].sum() == pytest.approx(len(found.linkages))
    assert (table["significant"] == (table["n_traits"] >= table["threshold"])).all()


def test_the_uniform_threshold_is_the_binomial_one_with_bonferroni(found):
    n, table = len(found.linkages), found.bins
    share = table["expected"] / n
    for threshold, p in zip(table["threshold_uniform"], share, strict=True):
        assert len(table) * stats.binom.sf(threshold - 1, n, p) <= 0.05
        assert threshold == 1 or len(table) * stats.binom.sf(threshold - 2, n, p) > 0.05


def test_the_permutation_threshold_is_the_smallest_count_that_is_rare_enough(found):
    largest, threshold = found.largest, found.bins["threshold_permutation"][0]
    assert (1 + (largest >= threshold).sum()) / 100 <= 0.05
    assert threshold == 1 or (1 + (largest >= threshold - 1).sum()) / 100 > 0.05
    best = found.bins.loc[found.bins["n_traits"].idxmax()]
    assert best["p_adjusted"] == (1 + (largest >= best["n_traits"]).sum()) / 100
    assert (found.bins["threshold"] == found.bins["threshold_uniform"].clip(lower=threshold)).all()


def test_each_kind_counts_its_own(simulated):
    cross = simulated.cross
    kinds = {
        kind: find_hotspots(cross, kind=kind, n_perm=0) for kind in ("local", "distant", "all")
    }
    n = {kind: len(h.linkages) for kind, h in kinds.items()}
    assert n["local"] + n["distant"] == n["all"]
    assert (kinds["local"].linkages["by_window"] == "local").all()
    assert n["local"] > 10
    assert kinds["all"].bins["threshold_permutation"].isna().all()


def test_traits_without_a_place_are_kept_and_never_local(simulated, found):
    bare = replace(
        simulated.cross,
        trait_table=simulated.cross.trait_table.assign(chr=None, start_bp=np.nan, end_bp=np.nan),
    )
    assert len(find_hotspots(bare, kind="local", n_perm=0).linkages) == 0
    whole = find_hotspots(bare, n_perm=0)
    assert set(whole.linkages["by_window"]) == {"unplaced"}
    assert len(whole.linkages) == len(find_hotspots(simulated.cross, kind="all", n_perm=0).linkages)


@pytest.mark.parametrize("kind", ["ordinary", "one_chromosome", "unlinked", "skewed"])
def test_awkward_crosses_and_what_permutations_count(kind):
    cross = example_cross(kind, seed=3)
    rule = SingleLocusRule(cross, distinct_loci(cross), threshold=0.05)
    order = shared_order(1, 1, cross.n_samples)
    moved = replace(cross, traits=cross.traits[:, order])
    permuted = SingleLocusRule(moved, distinct_loci(cross), threshold=0.05)
    trait, locus = rule.permuted(order)
    table = permuted.observed()
    names = np.array(cross.trait_names, dtype=object)[trait]
    loci = np.array(rule.loci.names, dtype=object)[locus]
    assert sorted(zip(names, loci, strict=True)) == sorted(
        zip(table["trait"], table["locus"], strict=True)
    )
    found = find_hotspots(cross, n_perm=19, bin_bp=1500)
    assert found.bins["n_traits"].sum() <= len(found.linkages)


def test_joint_linkages_are_counted_locus_by_locus_and_permuted_by_their_own_rule(simulated):
    cross = simulated.cross
    joint = joint_linkage(cross, n_perm=5)
    found = find_hotspots(cross, joint, n_perm=19, kind="all")
    assert len(found.linkages) == 2 * joint.is_called(0.10).sum() > 40
    rule = JointRule(joint, cross, fdr=0.10)
    trait, locus = rule.permuted(np.arange(cross.n_samples))
    same = rule.observed()
    assert set(np.array(cross.trait_names, dtype=object)[trait]) == set(same["trait"])
    assert sorted(np.array(joint.search.loci.names, dtype=object)[locus]) == sorted(same["locus"])
    none = find_hotspots(cross, joint, n_perm=19, fdr=0.0)
    assert len(none.linkages) == 0
    assert none.largest.tolist() == [0] * 19


def test_a_table_of_linkages_has_the_uniform_threshold_alone(simulated, found):
    table = found.linkages[["trait", "chr", "start_bp", "end_bp"]]
    again = find_hotspots(simulated.cross, table, n_perm=0, kind="all")
    np.testing.assert_array_equal(again.bins["n_traits"], found.bins["n_traits"])
    with pytest.raises(ArgumentError, match="n_perm: expected 0 with a table of linkages"):
        find_hotspots(simulated.cross, table)


def test_threads_and_order_of_traits_do_not_matter(simulated, found):
    cross = simulated.cross
    for threads in (1, 3):
        again = find_hotspots(cross, n_perm=99, execution=Execution(threads=threads))
        pd.testing.assert_frame_equal(again.bins, found.bins, check_exact=True)
        pd.testing.assert_frame_equal(again.linkages, found.linkages, check_exact=True)


def test_names_of_alleles_and_units_of_traits_do_not_matter(simulated, found):
    cross = simulated.cross
    flipped = replace(cross, genotypes=1 - cross.genotypes, traits=5.0 - 1e-3 * cross.traits)
    again = find_hotspots(flipped, n_perm=99)
    for name in ("n_traits", "threshold", "p_value"):
        np.testing.assert_array_equal(again.bins[name], found.bins[name])


def test_traits_that_vary_together_make_no_hot_spot_by_the_permutation_threshold():
    """30 data sets without any linkage; the uniform threshold calls a hot spot in most of them."""
    model = TraitModel(n_loci_shares=(1.0,), correlated_share=0.95, n_factors=2)
    n_sets, called = 30, {"threshold_uniform": 0, "threshold_permutation": 0, "threshold": 0}
    for seed in range(n_sets):
        cross = simulate_cross(
            n_samples=60, n_traits=200, n_markers=200, trait_model=model, seed=seed
        ).cross
        bins = find_hotspots(cross, threshold=1e-2, n_perm=19, seed=seed).bins
        for name in called:
            called[name] += int((bins["n_traits"] >= bins[name]).any())
    assert called["threshold_uniform"] > 0.6 * n_sets
    for name in ("threshold_permutation", "threshold"):
        assert stats.binom.sf(called[name] - 1, n_sets, 0.05) > 1e-3, called


def test_nothing_linked_gives_empty_tables(simulated):
    nothing = find_hotspots(simulated.cross, n_perm=19, threshold=1e-60)
    assert len(nothing.linkages) == len(nothing.regions()) == len(nothing.members()) == 0
    assert not nothing.bins["significant"].any()
    assert (nothing.bins["p_value"] == 1).all()
    assert nothing.summary()["n_hotspots"] == 0


def test_neighbouring_bins_are_one_hot_spot(found):
    table = found.bins.assign(significant=False)
    table.loc[[3, 4, 6], "significant"] = True
    assert table["chr"][3] == table["chr"][6]
    merged = replace(found, bins=table)
    assert merged.regions()["n_bins"].tolist() == [2, 1]
    every = replace(found, bins=table.assign(significant=True))
    assert len(every.regions()) == 16


def test_bins_cover_all_markers_and_know_what_lies_outside(simulated):
    cross = simulated.cross
    bins = genome_bins(cross, bin_bp=7_777)
    at = bins.of(cross.markers["chr"].to_numpy(dtype=object), cross.markers["pos_bp"].to_numpy())
    assert (at >= 0).all()
    assert (bins.chr[at] == cross.markers["chr"]).all()
    assert (bins.start[at] <= cross.markers["pos_bp"]).all()
    assert (cross.markers["pos_bp"] < bins.end[at]).all()
    assert bins.share.sum() == pytest.approx(1)
    outside = bins.of(np.array(["1", "zz", "16"], dtype=object), np.array([1e12, 5.0, -1.0]))
    assert outside.tolist() == [-1, -1, -1]


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"kind": "cis"}, "kind: expected distant or local or all, found 'cis'"),
        ({"bin_bp": 0}, "bin_bp: expected a number of at least 1"),
        ({"threshold": 0}, "threshold: expected"),
        ({"threshold": 1.0}, "threshold: expected a p-value above 0 and below 1"),
        ({"n_perm": 18}, "n_perm: expected 0 or at least 19 for alpha 0.05, found 18"),
        ({"local_window_bp": -1}, "local_window_bp: expected a number of at least 0"),
        ({"alpha": 0}, "alpha: expected"),
    ],
)
def test_options_out_of_range(simulated, how, message):
    with pytest.raises(ArgumentError, match=message):
        find_hotspots(simulated.cross, **how)


def test_without_base_pairs_bins_are_in_centimorgans_and_nothing_is_local(simulated):
    cross = replace(simulated.cross, markers=simulated.cross.markers.assign(pos_bp=np.nan))
    found = find_hotspots(cross, n_perm=0)
    assert (found.bin_cm, found.unit) == (5.0, "cm")
    assert set(found.linkages["by_window"]) == {"unplaced"}
    with_bp = find_hotspots(simulated.cross, n_perm=0, kind="all", bin_cm=5.0)
    assert found.bins["n_traits"].tolist() == with_bp.bins["n_traits"].tolist()
    assert len(found.regions()) == len(with_bp.regions()) > 0
    with pytest.raises(DataError, match="markers: expected positions in bp, in which genes"):
        find_hotspots(cross, kind="local")
