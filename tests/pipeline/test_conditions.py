"""condition_linkages as its users call it."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from changed import binomial_limits, remade
from genotyped import awkward_cross
from naive.scan1 import scan_test
from scipy import stats

from crossmap import (
    ArgumentError,
    CrossmapWarning,
    DataError,
    condition_linkages,
    permute_scan1,
    simulate_cross,
)
from crossmap.cross import make_cross
from crossmap.pipeline.conditions import _in_conditions

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
    table = condition_linkages(cross, condition="medium", n_perm=99).to_frame()
    near = table[table["chr"] == base.markers["chr"][40]]
    assert near["trait"].nunique() >= 11
    assert (near["pattern"] == pattern).mean() >= 0.8
    for level, effect in zip(("ethanol", "glucose"), effects, strict=True):
        assert near[f"beta_{level}"].mean() == pytest.approx(effect, abs=0.4)


@pytest.mark.parametrize("scale", [1.0, -20.0])
def test_one_locus_that_both_scans_find_at_neighbouring_markers_is_one_row(base, scale):
    cross = crossed(base, (1.6, 0.1), n=40)
    cross = remade(cross, traits=scale * cross.traits)
    found = condition_linkages(cross, condition="medium", n_perm=99)
    table = found.to_frame()
    scans = {"common": found.common, "interaction": found.interaction}
    p = {name: scan.adjusted_p() for name, scan in scans.items()}
    nominal = {name: scan.to_frame()["p_value"].to_numpy() for name, scan in scans.items()}
    best = {name: scan.best_marker for name, scan in scans.items()}
    chromosomes = cross.markers["chr"].to_numpy()
    twice = 0
    for t, name in enumerate(cross.trait_names):
        rows = table[table["trait"] == name]
        mine = {kind: int(best[kind][t]) for kind in scans if p[kind][t] <= 0.05}
        if len(mine) < 2:
            assert list(rows["found_by"]) == list(mine)
            continue
        one, two = mine.values()
        r2 = np.corrcoef(cross.genotypes[one], cross.genotypes[two])[0, 1] ** 2
        if chromosomes[one] == chromosomes[two] and r2 > 0.3:
            first = min(mine, key=lambda kind: (p[kind][t], nominal[kind][t]))
            assert list(rows["found_by"]) == ["both"]
            assert list(rows["marker"]) == [cross.markers["marker"].iloc[mine[first]]]
            twice += one != two
        else:
            assert sorted(rows["found_by"]) == ["common", "interaction"]
    assert twice >= 5
    assert not table.duplicated(["trait", "chr"]).any()


def test_missing_calls_do_not_part_one_locus(base):
    whole = crossed(base, (1.6, 0.1), n=24)
    calls = whole.genotypes.copy()
    is_missing = np.random.default_rng(1).random(calls.shape) < 0.1
    calls[is_missing & (base.markers["chr"] == "8").to_numpy()[:, None]] = -1
    found = condition_linkages(remade(whole, genotypes=calls), condition="medium", n_perm=39)
    table = found.to_frame()
    assert (found.common.best_marker != found.interaction.best_marker)[
        (found.common.adjusted_p() <= 0.05) & (found.interaction.adjusted_p() <= 0.05)
    ].any()
    assert not table.duplicated(["trait", "chr"]).any()


def test_loci_far_apart_on_one_chromosome_stay_two(base):
    """A common effect at one end of chromosome 8, an opposite one at the other."""
    on_8 = np.flatnonzero(base.markers["chr"] == "8")
    x = base.genotypes.astype(float)
    r2 = np.corrcoef(x[on_8[[0, -1]]])[0, 1] ** 2
    assert r2 < 0.3
    rng = np.random.default_rng(6)
    signal = 1.5 * x[on_8[0]] + np.where(np.arange(N) % 2, 1.5, -1.5) * x[on_8[-1]]
    cross = remade(
        base, trait_names=["t"], traits=signal[None] + 0.7 * rng.normal(size=(1, N)),
        trait_positions=None,
    )  # fmt: skip
    table = condition_linkages(cross, condition="medium", n_perm=99).to_frame()
    assert list(table["found_by"]) == ["common", "interaction"]
    assert list(table["chr"]) == ["8", "8"]


def test_numbers_are_those_of_least_squares(base):
    cross = crossed(base, (2.0, -0.5), n=3)
    table = condition_linkages(cross, condition="medium", covariates=["age"], n_perm=39).to_frame()
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
    table = condition_linkages(cross, condition="medium", n_perm=999, alpha=0.001).to_frame()
    assert len(table) == 0
    assert {"pattern", "beta_ethanol"} <= set(table)
    with pytest.raises(ArgumentError, match="condition: expected a column of the covariates"):
        condition_linkages(cross, condition="tissue")
    with pytest.raises(DataError, match="expected 2 to 12 conditions, found 120"):
        condition_linkages(cross, condition="age")
    few = cross.covariates.assign(rare=["a"] * 3 + ["b"] * (N - 3))
    with pytest.raises(DataError, match="expected 5 or more samples of each, found 3 of a"):
        condition_linkages(remade(cross, covariates=few), condition="rare")


def both_media(*, n=70, n_traits=60, share=0.0, effect=(0.0, 0.0), seed=0):
    """Individuals measured in both media; `share` of the variance is the individual's own."""
    made = simulate_cross(n_samples=n, n_traits=2, n_markers=60, seed=9).cross
    rng = np.random.default_rng(seed)
    own = np.sqrt(share) * rng.normal(size=(n_traits, n))
    traits, x = [], made.genotypes[25]
    for level, size in enumerate(effect):
        noise = np.sqrt(1.0 - share) * rng.normal(size=(n_traits, n))
        traits.append(own + noise + size * x + 2.0 * level)
    names = [f"{sample}.{medium}" for medium in ("e", "g") for sample in made.samples]
    age = np.tile(np.arange(n) * 0.1, 2) + np.repeat([0.0, 1.0], n) * rng.random(2 * n)
    table = pd.DataFrame(
        {"medium": np.repeat(["ethanol", "glucose"], n), "line": made.samples * 2, "age": age},
        index=names,
    )
    return make_cross(
        crosstype=made.crosstype, genotype_names=made.genotype_names, samples=names,
        markers=made.markers, genotypes=np.hstack([made.genotypes, made.genotypes]),
        trait_names=[f"t{i:02d}" for i in range(n_traits)], traits=np.hstack(traits),
        covariates=table,
    )  # fmt: skip


def test_measurements_of_the_same_individuals_are_compared_within_them():
    """What individuals share hides the interaction unless their measurements are paired."""
    cross = both_media(share=0.8, effect=(0.5, -0.3))
    paired = condition_linkages(cross, condition="medium", individual="line", n_perm=99)
    with pytest.warns(CrossmapWarning, match="140 of 140 samples have exactly .* --individual"):
        apart = condition_linkages(cross, condition="medium", n_perm=99)
    n_paired, n_apart = (
        (found.interaction.adjusted_p() <= 0.05).sum() for found in (paired, apart)
    )
    assert n_paired > 2 * n_apart
    assert paired.individual == "line"
    table = paired.to_frame()
    names = list(cross.markers["marker"])
    is_glucose = cross.covariates["medium"].to_numpy() == "glucose"
    for _, row in table.head(20).iterrows():
        y = cross.traits[cross.trait_names.index(row["trait"])]
        x = cross.genotypes[names.index(row["marker"])][is_glucose]
        lone = scan_test(y[is_glucose] - y[~is_glucose], x, model="linear")
        assert row["p_marker"] == pytest.approx(lone["p"], rel=1e-6)
    with_age = condition_linkages(
        cross, condition="medium", individual="line", covariates=["age"], n_perm=19
    )
    age = cross.covariates["age"].to_numpy()
    row = with_age.to_frame().iloc[0]
    y = cross.traits[cross.trait_names.index(row["trait"])]
    x = cross.genotypes[names.index(row["marker"])][is_glucose]
    lone = scan_test(
        y[is_glucose] - y[~is_glucose], x, model="linear",
        covariates=[age[is_glucose] - age[~is_glucose]],
    )  # fmt: skip
    assert row["p_marker"] == pytest.approx(lone["p"], rel=1e-6)


def test_samples_that_are_alike_by_chance_or_are_few_are_not_taken_for_the_same_individuals():
    cross = both_media(n_traits=2)
    rng = np.random.default_rng(5)
    other = rng.integers(0, 2, cross.genotypes.shape, dtype=np.int8)
    one = np.flatnonzero(cross.covariates["medium"] == "ethanol")
    few = cross.genotypes.copy()
    few[:, one[:36]] = other[:, one[:36]]  # 68 of 140 are left
    with pytest.warns(CrossmapWarning, match="68 of 140 samples have exactly the genotypes"):
        condition_linkages(remade(cross, genotypes=few), condition="medium", n_perm=19)
    few[:, one[:54]] = other[:, one[:54]]  # 32
    condition_linkages(remade(cross, genotypes=few), condition="medium", n_perm=19)
    alike = np.repeat(other[:1], len(other), axis=0)  # two kinds of samples, in both media
    condition_linkages(remade(cross, genotypes=alike), condition="medium", n_perm=19)


def test_type_1_error_with_the_same_individuals():
    """400 traits with a common effect and 60% shared noise: 5% within 99.9% binomial limits."""
    cross = both_media(n_traits=400, share=0.6, effect=(1.0, 1.0), seed=3)
    found = condition_linkages(cross, condition="medium", individual="line", n_perm=99)
    low, high = binomial_limits(400)
    assert low < (found.interaction.adjusted_p() <= 0.05).mean() < high
    assert (found.common.adjusted_p() <= 0.05).mean() > 0.5


def test_individuals_that_are_not_what_they_should_be():
    cross = both_media(n_traits=2)
    calls = cross.genotypes.copy()
    calls[3, 0] = 1 - calls[3, 0]
    few = cross.covariates.assign(line=[f"i{i}" for i in range(cross.n_samples)])
    lines = list(cross.covariates["line"].unique())
    again = cross.covariates.assign(line=cross.covariates["line"].replace(lines[0], lines[1]))
    three = cross.covariates.assign(medium=["a", "b", "c", "d"] * (cross.n_samples // 4))
    gone = cross.covariates.copy()
    gone.loc[gone.index[0], "line"] = None
    for changed, message in (
        (remade(cross, covariates=again), "expected one measurement in each condition, found"),
        (remade(cross, genotypes=calls), "expected the same genotypes in both of its samples"),
        (remade(cross, covariates=few), "expected 5 or more that were measured in both"),
        (remade(cross, covariates=three), "expected 2 conditions of the same individuals, found 4"),
    ):
        with pytest.raises(DataError, match=message):
            condition_linkages(changed, condition="medium", individual="line", n_perm=19)
    with pytest.raises(ArgumentError, match="individual: expected a column of the covariates"):
        condition_linkages(cross, condition="medium", individual="strain")
    with pytest.warns(CrossmapWarning, match="1 of 70 individuals were measured in one condition"):
        condition_linkages(
            remade(cross, covariates=gone), condition="medium", individual="line", n_perm=19
        )


def backcross_with_x():
    """Both sexes; an effect on X in ethanol alone, and twice as large means of males."""
    cross = awkward_cross("bc", n_samples=200, missing=0.0)
    rng = np.random.default_rng(3)
    medium = np.array(["ethanol", "glucose"], dtype=object)[rng.integers(0, 2, 200)]
    male = (cross.covariates["sex"] == "male").to_numpy()
    effect = 1.8 * (medium == "ethanol") * cross.genotypes[-3]
    traits = rng.normal(size=cross.traits.shape) + 6.0 * male + np.array([[1.0], [0.0]]) * effect
    table = cross.covariates.assign(medium=medium)
    return remade(cross, covariates=table, traits=traits), male, medium


def test_a_locus_on_x_is_named_and_sex_is_in_the_null_model():
    cross, male, medium = backcross_with_x()
    found = condition_linkages(cross, condition="medium", n_perm=60).to_frame()
    assert set(found["trait"]) == {"t0"}
    assert set(found["chr"]) == {"X"}
    row = found.iloc[-1]
    x = cross.genotypes[list(cross.markers["marker"]).index(row["marker"])].astype(float)
    here = medium == "ethanol"
    null = np.column_stack([np.ones(200), male, cross.covariates["pgm"]])[here][:, :2]
    full = np.column_stack([null, x[here]])
    beta = np.linalg.lstsq(full, cross.traits[0][here], rcond=None)[0][-1]
    assert row["beta_ethanol"] == pytest.approx(beta)


def test_measurements_of_the_same_individuals_keep_their_sex():
    cross, male, _ = backcross_with_x()
    n = 100
    one = cross.subset(samples=list(cross.samples[:n]))
    rng = np.random.default_rng(8)
    effect = np.array([[1.5], [0.0]]) * one.genotypes[-3] + 6.0 * male[:n]
    table = pd.concat([one.covariates.assign(medium=m, line=one.samples) for m in ("a", "b")])
    twice = make_cross(
        crosstype="bc", genotype_names=one.genotype_names,
        samples=[f"{s}{m}" for m in "ab" for s in one.samples], markers=one.markers,
        genotypes=np.tile(one.genotypes, 2), trait_names=one.trait_names,
        traits=np.concatenate([effect + rng.normal(size=(2, n)) for _ in "ab"], axis=1),
        covariates=table.set_axis([f"{s}{m}" for m in "ab" for s in one.samples]),
    )  # fmt: skip
    found = condition_linkages(twice, condition="medium", individual="line", n_perm=60).to_frame()
    assert set(found["trait"]) == {"t0"}
    assert set(found["chr"]) == {"X"}
    assert set(found["found_by"]) == {"common"}
    row = found.iloc[0]
    in_a = (twice.covariates["medium"] == "a").to_numpy()
    x = twice.genotypes[list(twice.markers["marker"]).index(row["marker"])][in_a].astype(float)
    is_male = (twice.covariates["sex"] == "male").to_numpy()[in_a].astype(float)
    alone = scan_test(twice.traits[0, in_a], x, model="linear", covariates=[is_male])
    assert row["beta_a"] == pytest.approx(alone["beta"])
    assert row["se_a"] == pytest.approx(alone["se"])


@pytest.mark.parametrize(("n_ethanol", "has"), [(2, False), (3, True), (9, True)])
def test_a_condition_needs_a_degree_of_freedom_for_an_effect(base, n_ethanol, has):
    genotype = base.genotypes[40]
    few = np.concatenate([np.flatnonzero(genotype == 0)[:1], np.flatnonzero(genotype == 1)])
    medium = np.full(N, "glucose", dtype=object)
    medium[few[:n_ethanol]] = "ethanol"
    cross = remade(base, covariates=pd.DataFrame({"medium": medium}, index=base.samples))
    y = np.random.default_rng(5).normal(size=N)
    n, beta, se, p = _in_conditions(cross, y, 40, "medium", ["ethanol", "glucose"], [])[:4]
    assert n == n_ethanol
    if not has:
        assert np.isnan([beta, se, p]).all()
        return
    fit = stats.linregress(genotype[medium == "ethanol"], y[medium == "ethanol"])
    np.testing.assert_allclose([beta, se, p], [fit.slope, fit.stderr, fit.pvalue], rtol=1e-9)


def test_conditions_of_numbers_are_named_as_written(base):
    """A column of floats, as one with missing values is, holds 0.0 and 1.0."""
    cross = crossed(base, (0.0, 0.0), n=2)
    levels = cross.covariates["medium"].astype("category").cat.codes.astype(float)
    number = replace(cross, covariates=cross.covariates.assign(medium=levels))
    found = condition_linkages(number, condition="medium", n_perm=19)
    assert list(found.conditions) == ["0", "1"]
