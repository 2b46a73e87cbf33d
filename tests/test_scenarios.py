"""The named simulations."""

from dataclasses import replace

import pytest

from crossmap import simulate_scenario
from crossmap.errors import ArgumentError
from crossmap.scenarios import SCENARIOS
from crossmap.simulate import simulate_cross
from crossmap.trait_model import TraitModel


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_can_be_simulated(name):
    scenario = SCENARIOS[name]
    small = {"n_samples": 12, "n_traits": 8, "n_markers": 40}
    made = scenario.simulate(seed=3, **small)
    assert made.cross.traits.shape == (8, 12)
    assert made.truth["n_loci"].max() < len(scenario.traits.n_loci_shares)
    assert scenario.name == name
    assert scenario.description


def test_every_scenario_departs_from_the_plain_one():
    plain = SCENARIOS["plain"]
    assert plain.traits == TraitModel()
    for name, scenario in SCENARIOS.items():
        assert name == "plain" or (scenario.cross, scenario.traits) != (plain.cross, plain.traits)


def test_a_scenario_is_simulate_cross_with_its_arguments():
    made = simulate_scenario("traits-50", seed=4)
    expected = simulate_cross(n_traits=50, n_parent_replicates=0, seed=4)
    assert made.truth.equals(expected.truth)
    assert (made.cross.traits == expected.cross.traits).all()
    linked = replace(SCENARIOS["linked-10-20cm"].traits, pair_distance_cm=None)
    assert linked.n_loci_shares == (0.4, 0.0, 0.6)


def test_what_a_scenario_asks_of_the_search_is_in_its_cross():
    for scenario in SCENARIOS.values():
        cross = scenario.simulate(seed=3, n_samples=12, n_traits=3, n_markers=40).cross
        assert set(scenario.search.get("covariates", ())) <= set(cross.covariates)


def test_an_unknown_scenario_is_refused():
    with pytest.raises(ArgumentError, match=r"scenario: expected plain or .*, found 'x'"):
        simulate_scenario("x")
