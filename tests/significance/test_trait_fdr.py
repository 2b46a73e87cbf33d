"""q-values over traits, and the thresholds and tables that follow from them."""

import numpy as np
import pandas as pd
import pytest
from changed import remade
from genotyped import awkward_cross
from naive.scan1 import scan_test

from crossmap import (
    ArgumentError,
    permute_scan1,
    read_results,
    simulate_cross,
    tensorqtl_permutations,
)
from crossmap.significance.fdr import q_values
from crossmap.significance.pi0 import estimate_pi0


@pytest.fixture(scope="module")
def cross():
    made = simulate_cross(n_samples=70, n_traits=150, n_markers=100, seed=5).cross
    calls, values = made.genotypes.copy(), made.traits.copy()
    calls[10, :7] = -1
    values[3] = 1.0
    values[4, :9] = np.nan
    table = pd.DataFrame({"age": np.arange(70) % 9}, index=made.samples)
    return remade(made, genotypes=calls, traits=values, covariates=table)


@pytest.fixture(scope="module")
def chance(cross):
    return permute_scan1(cross, n_perm=99, covariates=["age"])


def test_q_is_storeys_of_the_beta_approximation(chance):
    table = chance.to_frame()
    p = table["p_beta"].to_numpy()
    np.testing.assert_array_equal(table["q_beta"], q_values(p, pi0=estimate_pi0(p)))
    assert estimate_pi0(p) < 0.9
    assert table.loc[3, ["p_beta", "q_beta"]].isna().all()


@pytest.mark.parametrize("fdr", [0.01, 0.05, 0.3])
def test_a_trait_is_called_where_its_best_marker_passes_its_nominal_threshold(chance, fdr):
    table, cuts = chance.to_frame(), chance.fdr_thresholds(fdr)
    is_called = (table["q_beta"] <= fdr).to_numpy()
    assert 5 < is_called.sum() < 149
    np.testing.assert_array_equal((table["p_value"] <= cuts["p_value"]).to_numpy(), is_called)
    uniform = chance.is_uniform & chance.has_test
    passes = (table["lod"] >= cuts["lod"]).to_numpy()
    np.testing.assert_array_equal(passes[uniform], is_called[uniform])
    at = chance.tail.p_value(cuts["r2"].to_numpy(), np.maximum(chance.df1, 1))
    kept = ~np.isnan(at)
    np.testing.assert_allclose(at[kept], cuts["p_beta"][kept], rtol=1e-9)


def test_nothing_called_and_nothing_fitted(cross):
    rng = np.random.default_rng(0)
    null = remade(cross, traits=rng.normal(size=cross.traits.shape))
    table = permute_scan1(null, n_perm=99).fdr_thresholds(1e-9)
    assert table[["p_beta", "p_value", "lod"]].isna().all().all()
    few = permute_scan1(cross, n_perm=19)
    assert few.to_frame()["q_beta"].isna().all()
    assert few.fdr_thresholds(0.05)["p_value"].isna().all()
    with pytest.raises(ArgumentError, match="fdr: expected permutations with the beta"):
        permute_scan1(cross, n_perm=19, beta=False).fdr_thresholds(0.05)
    with pytest.raises(ArgumentError, match="fdr: expected a number above 0"):
        few.fdr_thresholds(0.0)


def test_tensorqtls_table_holds_what_least_squares_gives_and_is_read_back(cross, chance, tmp_path):
    table = tensorqtl_permutations(chance, cross, fdr=0.05)
    assert list(table) == [
        "phenotype_id", "num_var", "beta_shape1", "beta_shape2", "true_df", "pval_true_df",
        "variant_id", "start_distance", "ma_samples", "ma_count", "af", "pval_nominal", "slope",
        "slope_se", "pval_perm", "pval_beta", "qval", "pval_nominal_threshold",
    ]  # fmt: skip
    assert len(table) == 149
    names = list(cross.markers["marker"])
    genes = cross.trait_table.set_index("trait")
    age = cross.covariates["age"].to_numpy(dtype=float)
    for _, row in table.iloc[::7].iterrows():
        y = cross.traits[cross.trait_names.index(row["phenotype_id"])]
        m = names.index(row["variant_id"])
        x = np.where(cross.genotypes[m] < 0, np.nan, cross.genotypes[m].astype(float))
        keep = ~np.isnan(y) & ~np.isnan(x)
        lone = scan_test(y[keep], x[keep], model="linear", covariates=[age[keep]])
        assert row["slope"] == pytest.approx(lone["beta"], rel=1e-9)
        assert row["slope_se"] == pytest.approx(lone["se"], rel=1e-9)
        assert row["pval_nominal"] == pytest.approx(lone["p"], rel=1e-7)
        assert row["af"] == pytest.approx(x[keep].mean())
        assert row["ma_count"] == min(x[keep].sum(), keep.sum() - x[keep].sum())
        gene = genes.loc[row["phenotype_id"]]
        here = cross.markers.iloc[m]
        if gene["chr"] == here["chr"]:
            assert row["start_distance"] == here["pos_bp"] - gene["start_bp"]
        else:
            assert np.isnan(row["start_distance"])
    file = tmp_path / "map_cis.txt"
    table.to_csv(file, sep="\t", index=False, na_rep="NA")
    back = read_results(file, layout="tensorqtl")
    ours = chance.to_frame().dropna(subset=["marker"]).reset_index(drop=True)
    assert back["marker"].tolist() == ours["marker"].tolist()
    for name in ("p_value", "p_adjusted", "p_beta", "q_beta", "beta_shape2", "beta_df"):
        np.testing.assert_allclose(back[name], ours[name], rtol=1e-14)
    assert {"beta", "se", "p_nominal_threshold", "n_markers"} <= set(back)


def test_a_table_of_tensorqtls_needs_what_it_tests(cross):
    for options in ({"model": "anova"}, {"beta": False}):
        chance = permute_scan1(cross, n_perm=19, **options)
        with pytest.raises(ArgumentError, match="layout tensorqtl: expected permutations of model"):
            tensorqtl_permutations(chance, cross)


def test_a_table_of_tensorqtls_with_x_apart_is_refused_in_plain_words():
    made = awkward_cross("bc", n_samples=40, n_markers=18, missing=0.0)
    with pytest.raises(ArgumentError, match="found X permuted apart from autosomes"):
        tensorqtl_permutations(permute_scan1(made, n_perm=39), made)


def test_in_an_f2_alleles_are_counted_twice():
    made = simulate_cross(n_samples=60, n_traits=4, n_markers=40, crosstype="f2", seed=2).cross
    table = tensorqtl_permutations(permute_scan1(made, n_perm=59, model="linear"), made)
    calls = made.genotypes[[list(made.markers["marker"]).index(m) for m in table["variant_id"]]]
    np.testing.assert_allclose(table["af"], calls.mean(axis=1) / 2)
    assert (table["ma_count"] >= table["ma_samples"]).all()
    assert (table["ma_count"] <= 60).all()
