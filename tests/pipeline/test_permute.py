"""permute_scan1 as its users call it."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from changed import binomial_limits, remade, with_covariates
from genotyped import awkward_cross

from crossmap import (
    ArgumentError,
    CrossmapError,
    CrossmapWarning,
    DataError,
    Execution,
    permute_scan1,
    scan1,
    simulate_cross,
)
from crossmap.cross import make_cross

COLUMNS = [
    "trait", "marker", "chr", "pos_bp", "pos_cm", "n", "df1", "df2", "r2", "lod", "p_value",
    "neglog10_p", "n_perm", "n_reached", "p_adjusted", "q_value", "p_pooled", "p_beta", "q_beta",
    "beta_shape1", "beta_shape2", "beta_df", "beta_distance", "beta_fits",
]  # fmt: skip


@pytest.fixture(scope="module")
def cross():
    return simulate_cross(n_samples=60, n_traits=40, n_markers=120, seed=5).cross


def null_cross(n_traits, *, n=60, seed=0, n_markers=60, covariates=None):
    """A cross whose traits have nothing to do with its genotypes."""
    made = simulate_cross(n_samples=n, n_traits=2, n_markers=n_markers, seed=seed).cross
    traits = np.random.default_rng(seed).normal(size=(n_traits, n))
    if covariates is not None:
        table = covariates(made)
        traits = traits + 1.5 * table.to_numpy().sum(axis=1)
    return make_cross(
        crosstype=made.crosstype, genotype_names=made.genotype_names, samples=made.samples,
        markers=made.markers, genotypes=made.genotypes,
        trait_names=[f"t{i}" for i in range(n_traits)], traits=traits,
        covariates=None if covariates is None else table,
    )  # fmt: skip


def test_the_table_says_of_every_trait_what_the_scan_and_the_permutations_say(cross):
    chance = permute_scan1(cross, n_perm=99)
    frame = chance.to_frame()
    assert list(frame) == COLUMNS
    best = scan1(cross).by_trait()
    assert frame["marker"].tolist() == best["marker"].tolist()
    np.testing.assert_allclose(frame["neglog10_p"], best["neglog10_p"], rtol=1e-9)
    reached = (chance.null >= chance.r2[:, None]).sum(axis=1)
    np.testing.assert_array_equal(frame["p_adjusted"], (1 + reached) / 100)
    pooled = [(chance.null >= r).sum() / chance.null.size for r in chance.r2]
    np.testing.assert_allclose(frame["p_pooled"], np.maximum(pooled, 1 / chance.null.size))
    np.testing.assert_allclose(frame["lod"], -30 * np.log10(1 - frame["r2"]))


def test_what_is_above_its_threshold_has_the_adjusted_p(cross):
    chance = permute_scan1(cross, n_perm=199, beta=False)
    for alpha in (0.05, 0.2, 0.01):
        table = chance.thresholds(alpha)
        is_above = chance.r2 > table["r2"].to_numpy()
        np.testing.assert_array_equal(is_above, chance.adjusted_p() <= alpha + 1e-12)
        np.testing.assert_allclose(table["lod"], -30 * np.log10(1 - table["r2"]))
        pooled = chance.pooled_thresholds(alpha)
        assert pooled["threshold"].tolist() == ["each trait"]
        assert (chance.null > pooled["r2"][0]).mean() == pytest.approx(alpha, abs=1e-3)


def test_one_threshold_for_the_experiment_needs_permutations_shared_by_all_traits(cross):
    chance = permute_scan1(cross, n_perm=99, shared=True, beta=False)
    table = chance.pooled_thresholds(0.1).set_index("threshold")
    largest = np.sort(chance.null.max(axis=0))[::-1]
    assert table["r2"]["all traits"] == largest[9]
    assert table["r2"]["each trait"] < table["r2"]["all traits"]


def test_same_bytes_for_any_threads_order_and_subset_of_traits(cross):
    one = permute_scan1(cross, n_perm=120, execution=Execution(threads=1))
    two = permute_scan1(cross, n_perm=120, execution=Execution(threads=2))
    pd.testing.assert_frame_equal(one.to_frame(), two.to_frame(), check_exact=True)
    rows = np.arange(cross.n_traits)[::-2]
    part = remade(
        cross, trait_names=[cross.trait_names[i] for i in rows], traits=cross.traits[rows],
        trait_positions=None,
    )  # fmt: skip
    some = permute_scan1(part, n_perm=120)
    own = [name for name in COLUMNS if name not in ("q_value", "p_pooled", "q_beta")]
    expected = one.to_frame().iloc[np.sort(rows)].reset_index(drop=True)
    pd.testing.assert_frame_equal(some.to_frame()[own], expected[own], check_exact=True)


def test_a_settled_trait_stops_where_enough_permutations_reached_it(cross):
    every = permute_scan1(cross, n_perm=1000, beta=False)
    early = permute_scan1(cross, n_perm=1000, stop_after=20, beta=False)
    made = ~np.isnan(early.null)
    np.testing.assert_array_equal(early.null[made], every.null[made])
    assert early.n_common == 100
    for t in range(cross.n_traits):
        reached = np.flatnonzero(every.null[t] >= every.r2[t] * (1 - 1e-12))
        if len(reached) >= 20:
            assert early.is_settled[t]
            assert early.n_used[t] == reached[19] + 1
            assert early.adjusted_p()[t] == 20 / early.n_used[t]
        else:
            assert early.adjusted_p()[t] == every.adjusted_p()[t]
    assert 0 < early.is_settled.sum() < cross.n_traits
    thresholds = early.thresholds(0.001)
    assert thresholds["r2"].isna().to_numpy().tolist() == (made.sum(axis=1) < 999).tolist()


def test_the_interaction_threshold_is_full_minus_additive_of_the_same_permutation():
    made = simulate_cross(n_samples=50, n_traits=3, n_markers=40, seed=4).cross
    sex = np.random.default_rng(0).integers(0, 2, 50)
    cross = remade(made, covariates=pd.DataFrame({"sex": sex * 1.0}, index=made.samples))
    chance = permute_scan1(cross, model="linear_cross", interactive=["sex"], n_perm=20, beta=False)
    from naive.philox import fold_cells, shuffle_within_cells
    from naive.scan1 import rss

    from crossmap.linkage.permutation import stage_key

    key = fold_cells(stage_key(1, 1), [0] * 50)
    one = np.ones(50)
    for b in range(4):
        order = shuffle_within_cells(key, 0, b, [0] * 50) if b else list(range(50))
        for t in range(3):
            y, s = cross.traits[t][order], sex[order]
            lods = []
            for x in cross.genotypes.astype(float):
                if np.ptp(x) == 0:
                    continue
                full, additive = rss(y, [one, s, x, x * s])[0], rss(y, [one, s, x])[0]
                lods.append(25 * np.log10(additive / full))
            found = chance.r2[t] if b == 0 else chance.null[t, b - 1]
            assert -25 * np.log10(1 - found) == pytest.approx(max(lods), rel=1e-7)
    assert chance.pooled_thresholds(0.05)["threshold"].tolist() == ["each trait", "all traits"]


def associated(cross):
    """Two covariates, one of them nearly a marker."""
    rng = np.random.default_rng(9)
    marker = cross.genotypes[20] + 0.4 * rng.normal(size=cross.n_samples)
    table = {"near": marker, "far": rng.normal(size=cross.n_samples)}
    return pd.DataFrame(table, index=cross.samples)


@pytest.mark.parametrize("covariates", [None, associated])
def test_type_1_error_of_thresholds_on_null_data(covariates):
    """2,000 traits: 5% within 99.9% binomial limits, per trait and pooled."""
    cross = null_cross(2000, covariates=covariates)
    names = None if covariates is None else ["near", "far"]
    chance = permute_scan1(cross, covariates=names, n_perm=199, beta=False)
    low, high = binomial_limits(2000)
    assert low < (chance.adjusted_p() <= 0.05).mean() < high
    assert low < (chance.r2 > chance.thresholds(0.05)["r2"]).mean() < high
    assert low < (chance.r2 > chance.pooled_thresholds(0.05)["r2"][0]).mean() < high
    settled = permute_scan1(cross, covariates=names, n_perm=199, stop_after=15, beta=False)
    assert low < (settled.adjusted_p() <= 0.05).mean() < high


def test_type_1_error_with_correlated_errors_and_with_strata():
    rng = np.random.default_rng(3)
    base = null_cross(1500, seed=2)
    kinship = np.corrcoef(base.genotypes.T) + 1.2 * np.eye(60)
    traits = rng.normal(size=(1500, 60)) @ np.linalg.cholesky(kinship).T
    cross = remade(base, traits=traits)
    covariance = pd.DataFrame(kinship, index=cross.samples, columns=cross.samples)
    chance = permute_scan1(cross, error_covariance=covariance, n_perm=199, beta=False)
    low, high = binomial_limits(1500)
    assert low < (chance.adjusted_p() <= 0.05).mean() < high
    batch = np.repeat([0.0, 1.0, 2.0], 20)
    cross = remade(
        base, traits=base.traits * (1 + batch) + batch,
        covariates=pd.DataFrame({"batch": batch.astype(int).astype(str)}, index=base.samples),
    )  # fmt: skip
    within = permute_scan1(cross, strata="batch", covariates=["batch"], n_perm=199, beta=False)
    assert low < (within.adjusted_p() <= 0.05).mean() < high


def test_traits_without_variance_or_values_have_no_number_and_stop_nobody(cross):
    values = cross.traits.copy()
    values[0] = 2.0
    values[1, 2:] = np.nan
    table = pd.DataFrame({"own": values[2]}, index=cross.samples)
    odd = remade(cross, traits=values, covariates=table)
    chance = permute_scan1(odd, covariates=["own"], n_perm=60)
    frame = chance.to_frame()
    assert frame.loc[:2, ["marker", "lod", "p_adjusted", "p_beta"]].isna().all().all()
    assert frame.loc[3:, "p_adjusted"].notna().all()
    assert chance.thresholds(0.05)["lod"].isna().tolist()[:4] == [True, True, True, False]


def test_one_level_and_one_covariate_need_no_list(cross):
    aged = with_covariates(cross)
    one = permute_scan1(aged, n_perm=99, alpha=0.1, covariates="age")
    several = permute_scan1(aged, n_perm=99, alpha=(0.1,), covariates=["age"])
    assert one.options == several.options
    np.testing.assert_array_equal(one.null, several.null)


def trusted(cross):
    """With covariates, one of them a weight."""
    plain = with_covariates(cross)
    return remade(plain, covariates=plain.covariates.assign(trust=1.0 + np.arange(60) % 3))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_perm": 18}, "n_perm: expected at least 19 for alpha 0.05, found 18"),
        ({"n_perm": 500, "alpha": (0.05, 0.001)}, "n_perm: expected at least 999 for alpha 0.001"),
        ({"n_perm": 0}, "n_perm: expected a whole number"),
        ({"alpha": (0.0,)}, "alpha: expected a number above 0"),
        ({"alpha": 0.0}, "alpha: expected a number above 0"),
        ({"alpha": ()}, "alpha: expected at least one number"),
        (
            {"strata": "colour"},
            r"strata: expected a column of the covariates \(age, age2, batch, trust\)",
        ),
        ({"stop_after": 0}, "stop_after: expected a whole number"),
        ({"strata": "batch", "weights": "trust"}, "strata: expected none with error_covariance"),
        ({"model": "linear_cross", "interactive": ["age"], "stop_after": 5}, "stop_after: expect"),
    ],
)
def test_bad_arguments_are_refused_in_the_words_of_the_call(cross, options, message):
    with pytest.raises(ArgumentError, match=message):
        permute_scan1(trusted(cross), **options)


def test_the_share_of_autosomes_is_in_the_first_refusal():
    """Not at first the number that would do without an X, then a larger one."""
    backcross = awkward_cross("bc", n_markers=12, missing=0.0)
    expected = r"n_perm: expected at least 1,\d\d\d for alpha 0.001, of which autosomes have 0.000"
    with pytest.raises(ArgumentError, match=expected):
        permute_scan1(backcross, n_perm=60, alpha=(0.05, 0.001))


def test_a_map_too_long_for_its_x_is_named():
    backcross = awkward_cross("bc", n_markers=12, missing=0.0)
    far = backcross.markers.copy()
    far.loc[3, "pos_cm"] = 1e10  # the last of chromosome 1
    expected = r"on X, which has [\d.]+ of the map's 1e\+10 cM; a marker misplaced far"
    with pytest.raises(CrossmapError, match=expected):
        permute_scan1(remade(backcross, markers=far), n_perm=60)


def test_strata_of_one_sample(cross):
    table = pd.DataFrame(
        {"alone": [f"s{i}" for i in range(60)], "few": ["a"] * 58 + ["b", "c"],
         "gap": [None, *["a"] * 59]}, index=cross.samples,
    )  # fmt: skip
    with_strata = remade(cross, covariates=table)
    with pytest.raises(DataError, match="found 60 of 1 each: nothing could move"):
        permute_scan1(with_strata, strata="alone")
    with pytest.raises(DataError, match="strata gap: expected a value for every sample"):
        permute_scan1(with_strata, strata="gap")
    with pytest.warns(CrossmapWarning, match="2 strata hold one sample each"):
        permute_scan1(with_strata, strata="few", n_perm=19)


def test_an_interaction_with_what_does_not_vary_is_refused(cross):
    table = pd.DataFrame({"one": "only", "number": 3.0}, index=cross.samples)
    constant = remade(cross, covariates=table)
    for name in ("one", "number"):
        with pytest.raises(DataError, match=f"interactive {name}: expected two or more values"):
            permute_scan1(constant, model="linear_cross", interactive=[name], n_perm=19)
        with pytest.raises(DataError, match=f"interactive {name}: expected two or more values"):
            scan1(constant, model="linear_cross", interactive=[name])


def test_more_permutations_than_memory_holds_are_refused(cross):
    with pytest.raises(CrossmapError, match="n_perm: expected as many as fit into 1 MB, found"):
        permute_scan1(cross, n_perm=10_000, execution=Execution(memory=1_000_000))


def test_a_share_that_rounds_above_1_has_p_values(cross):
    chance = permute_scan1(cross, n_perm=100)
    above = replace(chance, r2=np.full(cross.n_traits, np.nextafter(1.0, 2.0)))
    assert (above.lod(above.r2) == np.inf).all()
    frame = above.to_frame()
    assert (frame["p_adjusted"] == 1 / 101).all()
    assert (frame["p_pooled"] > 0).all()
    assert (frame["p_beta"] < 1e-20).all()


@pytest.mark.parametrize("model", ["linear", "anova"])
def test_numbers_of_the_best_marker_are_those_of_the_scan(cross, model):
    """With missing calls too, where permutations are compared on one scale."""
    genotypes = cross.genotypes.copy()
    genotypes[np.random.default_rng(3).random(genotypes.shape) < 0.08] = -1
    holed = with_covariates(remade(cross, genotypes=genotypes))
    how = {"model": model, "covariates": ["age"]}
    ours = permute_scan1(holed, n_perm=19, beta=False, **how)
    assert not ours.is_uniform.any()
    table = ours.to_frame()
    every = scan1(holed, threshold=1.0, **how).to_frame()
    both = table.merge(every, on=["trait", "marker"], suffixes=("", "_scan"))
    assert len(both) == len(table) == cross.n_traits
    for name in ("n", "r2", "lod", "p_value", "neglog10_p"):
        np.testing.assert_allclose(both[name], both[f"{name}_scan"], rtol=1e-9, err_msg=name)
    assert (both["df2"] == both["df"]).all()
    smallest = every.groupby("trait")["neglog10_p"].max()
    np.testing.assert_allclose(table["neglog10_p"], smallest[table["trait"]], rtol=1e-9)


def test_strong_linkage_with_missing_calls_loses_nothing():
    """1,500 samples, R2 of 0.99: p below 1e-308, where all p-values were one number."""
    base = simulate_cross(n_samples=1500, n_traits=2, n_markers=40, seed=4).cross
    rng = np.random.default_rng(2)
    genotypes = base.genotypes.copy()
    genotypes[rng.random(genotypes.shape) < 0.02] = -1
    y = base.genotypes[20] + 0.05 * rng.normal(size=1500)
    cross = remade(
        base, genotypes=genotypes, trait_names=["strong"], traits=y[None], trait_positions=None
    )
    row = permute_scan1(cross, n_perm=19, beta=False).to_frame().iloc[0]
    assert row["marker"] == base.markers["marker"][20]
    has = genotypes[20] >= 0
    left = [((y[has & (genotypes[20] == g)] - y[has & (genotypes[20] == g)].mean()) ** 2).sum()
            for g in (0, 1)]  # fmt: skip
    lod = has.sum() / 2 * np.log10(((y[has] - y[has].mean()) ** 2).sum() / sum(left))
    assert lod > 1000
    assert row["lod"] == pytest.approx(lod, rel=1e-10)
    assert row["n"] == has.sum()
    assert row["neglog10_p"] > 1000
    assert row["p_adjusted"] == 1 / 20
