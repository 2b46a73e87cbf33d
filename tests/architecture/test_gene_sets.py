"""Enrichment against Fisher's test; genes at places."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from crossmap import simulate_cross
from crossmap.architecture.gene_sets import enrich, genes_at, groups_of_places
from crossmap.errors import ArgumentError


def test_p_values_are_fishers_one_sided_and_q_values_count_all_tests():
    rng = np.random.default_rng(1)
    universe = [f"g{i:03d}" for i in range(200)]
    groups = {f"group {k}": rng.choice(universe, 12 + k, replace=False).tolist() for k in (1, 2)}
    sets = {f"s{k}": [*rng.choice(universe, 20, replace=False), "alien"] for k in range(9)}
    sets["planted"] = groups["group 1"][:8]
    sets["tiny"] = ["g001", "other alien"]
    found = enrich(groups, sets, universe=universe)
    assert found.n_tests == 2 * 10  # the tiny set has one gene of the universe
    assert found.n_unknown == 2
    row = found.table.iloc[0]
    assert (row["group"], row["set"], row["n_both"]) == ("group 1", "planted", 8)
    for r in found.table.to_dict("records"):
        a, b, c = r["n_both"], r["n_group"] - r["n_both"], r["n_set"] - r["n_both"]
        square = [[a, b], [c, 200 - a - b - c]]
        expected = stats.fisher_exact(square, alternative="greater").pvalue
        assert r["p_value"] == pytest.approx(expected)
    assert row["q_value"] == pytest.approx(min(1, row["p_value"] * 20))
    assert (found.table["q_value"] >= found.table["p_value"]).all()


def test_random_groups_are_seldom_enriched():
    rng = np.random.default_rng(2)
    universe = [f"g{i:04d}" for i in range(1000)]
    sets = {f"s{k}": rng.choice(universe, 40, replace=False).tolist() for k in range(20)}
    hits = 0
    for _ in range(100):
        groups = {"one": rng.choice(universe, 30, replace=False).tolist()}
        found = enrich(groups, sets, universe=universe)
        hits += bool((found.table["q_value"] <= 0.05).any())
    assert hits <= 5 + 3 * np.sqrt(100 * 0.05 * 0.95)


def test_nothing_to_test():
    for groups, sets in (
        ({}, {"s": ["a", "b"]}),
        ({"g": []}, {"s": ["a", "b"]}),
        ({"g": ["a"]}, {}),
    ):
        found = enrich(groups, sets, universe=["a", "b", "c"])
        assert len(found.table) == 0
        assert "q_value" in found.table
    with pytest.raises(ArgumentError, match="fewest"):
        enrich({}, {}, universe=[], fewest=0)


def test_groups_of_a_table():
    table = pd.DataFrame({"n_traits": [3, 2], "traits": ["a,b,c", "d,e"]})
    assert groups_of_places(table, name="pair") == {"pair 1": ("a", "b", "c")}


def test_genes_at_places():
    cross = simulate_cross(n_samples=9, n_traits=300, n_markers=50).cross
    genes = cross.trait_table
    places = pd.DataFrame(
        {"chr": ["4", "mt", "7"], "start_bp": [2e5, 0.0, 5e5], "end_bp": [4e5, 9e9, 5.1e5]}
    )
    found = genes_at(cross, places, window_bp=1000)
    low, high = genes[["start_bp", "end_bp"]].min(axis=1), genes[["start_bp", "end_bp"]].max(axis=1)
    for row, (name, start, end) in enumerate(places.itertuples(index=False)):
        inside = (genes["chr"] == name) & (low <= end + 1000) & (high >= start - 1000)
        assert found["gene"][found["row"] == row].tolist() == genes["trait"][inside].tolist()
    assert len(found) > 5
    assert len(genes_at(cross, places.iloc[:0])) == 0
