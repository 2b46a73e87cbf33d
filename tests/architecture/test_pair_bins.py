"""Pairs of bins against plain counting, and what chance gives."""

from collections import defaultdict

import numpy as np
import pandas as pd
import pytest

from crossmap import joint_linkage, simulate_cross
from crossmap.architecture.linkage_table import linkage_table
from crossmap.architecture.pair_bins import pairwise_bins
from crossmap.errors import ArgumentError


@pytest.fixture(scope="module")
def cross():
    return simulate_cross(n_samples=20, n_traits=2, n_markers=600, even_markers=True).cross


def scattered(cross, n_traits, seed):
    rng = np.random.default_rng(seed)
    rows = rng.integers(cross.n_markers, size=2 * n_traits)
    place = cross.markers.iloc[rows]
    return pd.DataFrame(
        {
            "trait": np.repeat([f"t{i:04d}" for i in range(n_traits)], 2),
            "number": [1, 2] * n_traits,
            "chr": place["chr"].to_numpy(),
            "start_bp": place["pos_bp"].to_numpy(),
            "end_bp": place["pos_bp"].to_numpy() + 500,
        }
    )


def test_counts_are_those_of_a_dictionary(cross):
    linkages = scattered(cross, 400, seed=1)
    found = pairwise_bins(cross, linkages, bin_bp=300_000, fewest=2, n_simulated=5)
    held = defaultdict(set)
    for trait, part in linkages.groupby("trait"):
        places = [
            (c, (s + 250) // 300_000) for c, s in zip(part["chr"], part["start_bp"], strict=True)
        ]
        held[frozenset(places)].add(trait)
    expected = sorted((len(v) for v in held.values()), reverse=True)
    assert found.table["n_traits"].tolist() == expected
    assert found.n_shared == sum(n >= 2 for n in expected) == len(found.shared())
    row = found.table.iloc[0]
    key = frozenset((row[f"chr{k}"], row[f"start{k}_bp"] // 300_000) for k in (1, 2))
    assert set(row["traits"].split(",")) == held[key]


def test_the_order_of_the_loci_does_not_matter(cross):
    linkages = scattered(cross, 200, seed=2)
    other = linkages.assign(number=3 - linkages["number"])
    one, two = (pairwise_bins(cross, t, bin_bp=400_000, n_simulated=3) for t in (linkages, other))
    pd.testing.assert_frame_equal(one.table, two.table)


def test_scattered_pairs_are_as_chance_gives():
    cross = simulate_cross(n_samples=9, n_traits=1, n_markers=4000, even_markers=True).cross
    counts, means, p_values = [], [], []
    for seed in range(30):
        found = pairwise_bins(cross, scattered(cross, 300, seed), bin_bp=500_000, n_simulated=40)
        counts.append(found.n_shared)
        means.append(found.chance["mean"].to_numpy())
        p_values.append(found.chance["p_value"].to_numpy())
    error = np.std(counts, ddof=1) / np.sqrt(len(counts))
    assert np.abs(np.mean(means, axis=0) - np.mean(counts)).max() < 4 * error + 0.3
    assert ((np.array(p_values) <= 0.05).mean(axis=0) <= 0.2).all()


def test_shared_pairs_stand_out_and_hot_spots_alone_do_not(cross):
    linkages = scattered(cross, 150, seed=3)
    hot = linkages.copy()
    first = hot["number"] == 1
    hot.loc[first, ["chr", "start_bp", "end_bp"]] = ["4", 500_000.0, 500_500.0]
    found = pairwise_bins(cross, hot, bin_bp=500_000, n_simulated=99).chance.set_index("null")
    assert found["p_value"]["uniform"] == 0.01
    assert found["p_value"]["shuffled"] > 0.05
    pair = linkages["trait"] < "t0020"
    places = {1: ["4", 500_000.0, 500_500.0], 2: ["9", 100_000.0, 100_500.0]}
    for number, place in places.items():
        linkages.loc[pair & (linkages["number"] == number), ["chr", "start_bp", "end_bp"]] = place
    shared = pairwise_bins(cross, linkages, bin_bp=50_000, n_simulated=99)
    assert shared.table["n_traits"][0] == 20
    assert shared.chance["p_value"].tolist()[0] == 0.01


def test_traits_with_one_locus_and_none_at_all(cross):
    one = scattered(cross, 5, seed=4).query("number == 1")
    found = pairwise_bins(cross, one, n_simulated=3)
    assert (found.n_linked, found.n_shared, len(found.table)) == (0, 0, 0)
    assert (found.chance["p_value"] == 1).all()
    with pytest.raises(ArgumentError, match="fewest: expected"):
        pairwise_bins(cross, one, fewest=0)
    with pytest.raises(ArgumentError, match="expected a column number"):
        pairwise_bins(cross, one.drop(columns="number"))


def test_the_pair_that_a_simulation_shares_is_found():
    from crossmap.trait_model import TraitModel

    model = TraitModel(shared_pair_share=0.5, variance_share=(0.2, 0.35))
    simulated = simulate_cross(n_samples=112, n_traits=300, n_markers=600, seed=3,
                               trait_model=model)  # fmt: skip
    table = linkage_table(joint_linkage(simulated.cross), simulated.cross)
    found = pairwise_bins(simulated.cross, table, bin_bp=100_000, n_simulated=99)
    pair = simulated.truth[simulated.truth["role"] == "pair"]
    places = set(zip(pair["chr"], pair["pos_bp"], strict=True))
    best = found.table.iloc[0]
    assert best["n_traits"] >= 10
    assert {best["chr1"], best["chr2"]} == {c for c, _ in places}
    assert found.chance["p_value"][0] == 0.01
