"""condition_linkages as its users call it."""

import numpy as np
import pandas as pd
import pytest
from naive.scan1 import scan_test
from test_permute import binomial_limits
from test_scan1 import remade

from crossmap import ArgumentError, DataError, condition_linkages, permute_scan1, simulate_cross

N = 120


@pytest.fixture(scope="module")
def base():
    made = simulate_cross(n_samples=N, n_traits=2, n_markers=80, seed=9).cross
    medium = np.array(["ethanol", "glucose"], dtype=object)[np.arange(N) % 2]
    table = pd.DataFrame({"medium": medium, "age": np.arange(N) * 0.1}, index=made.samples)
    return remade(made, covariates=table)


def crossed(base, effects, *, n=12, seed=0):
    """Traits with one effect of a marker in ethanol and one in glucose."""
    rng = np.random.default_rng(seed)
    is_glucose = np.arange(N) % 2
    x = base.genotypes[40]
    signal = np.where(is_glucose, effects[1], effects[0]) * x + 3.0 * is_glucose
    traits = signal + rng.normal(size=(n, N))
    names = [f"t{i:03d}" for i in range(n)]
    return remade(base, trait_names=names, traits=traits, trait_positions=None)


@pytest.mark.parametrize(
    ("effects", "pattern"), [((1.6, 1.6), "shared"), ((2.2, 0.0), "specific"),
                             ((1.8, -1.8), "opposite")],
)  # fmt: skip
def test_patterns_that_were_put_in_come_out(base, effects, pattern):
    cross = crossed(base, effects)
    table = condition_linkages(cross, condition="medium", n_perm=99)
    near = table[table["chr"] == base.markers["chr"][40]]
    assert near["trait"].nunique() >= 11
    assert (near["pattern"] == pattern).mean() >= 0.8
    for level, effect in zip(("ethanol", "glucose"), effects, strict=True):
        assert near[f"beta_{level}"].mean() == pytest.approx(effect, abs=0.4)


def test_numbers_are_those_of_least_squares(base):
    cross = crossed(base, (2.0, -0.5), n=3)
    table = condition_linkages(cross, condition="medium", covariates=["age"], n_perm=39)
    names = list(cross.markers["marker"])
    is_glucose = (np.arange(N) % 2).astype(float)
    age = cross.covariates["age"].to_numpy()
    assert len(table) >= 3
    for _, row in table.iterrows():
        y = cross.traits[cross.trait_names.index(row["trait"])]
        x = cross.genotypes[names.index(row["marker"])]
        whole = scan_test(
            y, x, model="linear_cross", covariates=[age], interactive=[is_glucose]
        )  # fmt: skip
        assert row["p_marker"] == pytest.approx(whole["p"], rel=1e-6)
        for level, number in (("ethanol", 0), ("glucose", 1)):
            keep = is_glucose == number
            alone = scan_test(y[keep], x[keep], model="linear", covariates=[age[keep]])
            assert row[f"n_{level}"] == 60
            for name in ("beta", "se", "p"):
                assert row[f"{name}_{level}"] == pytest.approx(alone[name], rel=1e-6)


def test_traits_with_the_same_effect_everywhere_rarely_seem_to_differ(base):
    """300 traits: the interaction scan at 5% within 99.9% binomial limits."""
    cross = crossed(base, (1.2, 1.2), n=300, seed=4)
    chance = permute_scan1(
        cross, model="linear_cross", interactive=["medium"], n_perm=99, beta=False
    )
    low, high = binomial_limits(300)
    assert low < (chance.adjusted_p() <= 0.05).mean() < high


def test_nothing_found_and_bad_input(base):
    cross = crossed(base, (0.0, 0.0), n=2)
    table = condition_linkages(cross, condition="medium", n_perm=999, alpha=0.001)
    assert len(table) == 0
    assert {"pattern", "beta_ethanol"} <= set(table)
    with pytest.raises(ArgumentError, match="condition: expected a column of the covariates"):
        condition_linkages(cross, condition="tissue")
    with pytest.raises(DataError, match="expected 2 to 12 conditions, found 120"):
        condition_linkages(cross, condition="age")
    few = cross.covariates.assign(rare=["a"] * 3 + ["b"] * (N - 3))
    with pytest.raises(DataError, match="expected 5 or more samples of each, found 3 of a"):
        condition_linkages(remade(cross, covariates=few), condition="rare")
