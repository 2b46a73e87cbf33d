"""Permutations of each trait with the markers at its own gene alone."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from genotyped import awkward_cross
from naive import permute as naive
from scipy import stats

from crossmap import (
    ArgumentError,
    CrossmapWarning,
    DataError,
    Execution,
    find_peaks,
    permute_scan1,
    simulate_cross,
    tensorqtl_permutations,
)

WINDOW = 60_000.0


@pytest.fixture(scope="module")
def cross():
    return simulate_cross(n_samples=60, n_traits=40, n_markers=200, seed=5).cross


def near(cross, trait, window=WINDOW):
    """Markers within the window of the gene, by the words of the definition."""
    gene = cross.trait_table.iloc[trait]
    low, high = min(gene["start_bp"], gene["end_bp"]), max(gene["start_bp"], gene["end_bp"])
    markers = cross.markers
    return [
        i
        for i in range(cross.n_markers)
        if markers["chr"][i] == gene["chr"]
        and low - window <= markers["pos_bp"][i] <= high + window
    ]


def test_each_trait_is_permuted_as_the_naive_twin_does(cross):
    chance = permute_scan1(cross, n_perm=19, local_window_bp=WINDOW, beta=False, seed=3)
    n_tested = 0
    for t, name in enumerate(cross.trait_names):
        rows = [i for i in near(cross, t) if np.ptp(cross.genotypes[i]) > 0]
        assert chance.n_tested[t] == len(rows)
        if not rows:
            assert chance.marker[t] == -1
            assert np.isnan(chance.null[t]).all()
            continue
        n_tested += 1
        for b in range(20):
            z = naive.permuted(cross.traits[t], name, b, seed=3)
            test = naive.best(z, cross.genotypes[rows], model="linear")
            found = chance.r2[t] if b == 0 else chance.null[t, b - 1]
            np.testing.assert_allclose(found, test["r2"], rtol=1e-9, atol=1e-13)
        best = chance.marker[t]
        assert best in rows
        r2 = [np.corrcoef(cross.genotypes[i], cross.traits[t])[0, 1] ** 2 for i in rows]
        assert best == rows[int(np.argmax(np.round(r2, 12)))]
    assert n_tested > 25


@pytest.mark.parametrize("missing", ["drop", "mean"])
def test_it_is_the_whole_permutation_of_a_cross_of_these_markers(cross, missing):
    """With missing calls and traits, covariates and strata too."""
    rng = np.random.default_rng(0)
    calls, traits = cross.genotypes.copy(), cross.traits.copy()
    calls[rng.random(calls.shape) < 0.03] = -1
    traits[rng.random(traits.shape) < 0.02] = np.nan
    table = pd.DataFrame(
        {"age": rng.normal(size=60), "batch": np.where(np.arange(60) % 2, "a", "b")},
        index=list(cross.samples),
    )
    spoilt = replace(cross, genotypes=calls, traits=traits, covariates=table)
    options = {"n_perm": 39, "covariates": ["age"], "strata": "batch", "missing": missing}
    chance = permute_scan1(spoilt, local_window_bp=WINDOW, **options)
    frame = chance.to_frame()
    for t in (0, 7, 13, 21, 30):
        rows = near(spoilt, t)
        if not rows:
            continue
        name = spoilt.trait_names[t]
        part = spoilt.subset(markers=spoilt.markers["marker"].iloc[rows].tolist(), traits=[name])
        own = permute_scan1(part, **options)
        np.testing.assert_allclose(chance.null[t], own.null[0], rtol=1e-9)
        mine, theirs = frame.iloc[t], own.to_frame().iloc[0]
        assert mine["marker"] == theirs["marker"]
        for column in ("r2", "p_value", "p_adjusted", "beta_shape1", "beta_shape2", "beta_df"):
            np.testing.assert_allclose(mine[column], theirs[column], rtol=1e-6)


def test_a_window_as_wide_as_a_chromosome(cross):
    everywhere = permute_scan1(cross, n_perm=39, local_window_bp=1e12, beta=False)
    for name in cross.chromosomes[:3]:
        traits = np.flatnonzero((cross.trait_table["chr"] == name).to_numpy())
        part = cross.subset(
            markers=cross.markers["marker"][cross.markers["chr"] == name].tolist(),
            traits=[cross.trait_names[t] for t in traits],
        )
        own = permute_scan1(part, n_perm=39, beta=False)
        np.testing.assert_allclose(everywhere.null[traits], own.null, rtol=1e-9)


def test_same_bytes_for_any_threads_order_and_company(cross):
    options = {"n_perm": 99, "local_window_bp": WINDOW}
    whole = permute_scan1(cross, execution=Execution(threads=1), **options).to_frame()
    threads = permute_scan1(cross, execution=Execution(threads=3), **options).to_frame()
    pd.testing.assert_frame_equal(whole, threads, check_exact=True)
    some = [cross.trait_names[t] for t in (3, 8, 9, 33)]
    part = permute_scan1(cross.subset(traits=some), beta=False, **options).to_frame()
    expected = whole[whole["trait"].isin(some)].reset_index(drop=True)
    columns = ["trait", "marker", "n_markers", "r2", "p_value", "n_reached", "p_adjusted"]
    pd.testing.assert_frame_equal(part[columns], expected[columns], check_exact=True)


def test_early_stopping_counts_the_same_permutations(cross):
    options = {"n_perm": 299, "local_window_bp": WINDOW, "beta": False}
    whole = permute_scan1(cross, **options)
    early = permute_scan1(cross, stop_after=10, **options)
    assert early.is_settled.any()
    rows = np.flatnonzero(early.has_test & ~early.is_settled)
    np.testing.assert_array_equal(early.null[rows], whole.null[rows])


def test_x_has_the_whole_error_rate_of_its_genes():
    made = awkward_cross("bc", n_samples=60, n_markers=30)
    cross = replace(
        made,
        markers=made.markers.assign(pos_bp=made.markers["pos_cm"] * 1e6),
        trait_table=made.trait_table.assign(chr=["1", "X"], start_bp=[2e6, 3e6], end_bp=[4e6, 5e6]),
    )
    chance = permute_scan1(
        cross, n_perm=99, genotype_probabilities=True, local_window_bp=5e6, beta=False
    )
    assert chance.x is not None
    assert (chance.share, chance.x.share, chance.x.n_perm) == (1.0, 1.0, 99)
    frame = chance.to_frame()
    assert frame["region"].tolist() == ["A", "X"]
    assert frame["chr"].tolist() == ["1", "X"]
    assert (frame["n_markers"] > 0).all()
    assert frame["p_adjusted"].between(0.01, 1.0).all()


def test_what_has_no_test_and_what_is_refused(cross):
    table = cross.trait_table.copy()
    table.loc[3, "chr"] = None
    table.loc[4, ["start_bp", "end_bp"]] = [1e9, 1e9]
    lost = replace(cross, trait_table=table)
    with pytest.warns(CrossmapWarning, match=r"1 of 40 traits have no place .* no local test"):
        chance = permute_scan1(lost, n_perm=19, local_window_bp=WINDOW)
    assert not chance.has_test[[3, 4]].any()
    frame = chance.to_frame()
    assert frame.loc[[3, 4], "p_adjusted"].isna().all()
    with pytest.raises(DataError, match="expected places of genes for local tests, found none"):
        permute_scan1(replace(cross, trait_table=table.assign(chr=None)), local_window_bp=1e4)
    with pytest.raises(DataError, match="expected positions in bp for local tests"):
        permute_scan1(
            replace(cross, markers=cross.markers.assign(pos_bp=np.nan)), local_window_bp=1e4
        )
    for value in (-1.0, float("nan"), "10 kb"):
        with pytest.raises(ArgumentError, match="local_window_bp: expected a number"):
            permute_scan1(cross, local_window_bp=value)
    with pytest.raises(ArgumentError, match="chance: expected permutations of the whole genome"):
        find_peaks(cross, chance=chance)


def test_the_table_is_that_of_map_cis(cross):
    chance = permute_scan1(cross, n_perm=199, local_window_bp=WINDOW)
    table = tensorqtl_permutations(chance, cross)
    assert len(table) == chance.has_test.sum()
    place = {name: t for t, name in enumerate(cross.trait_names)}
    for _, row in table.iterrows():
        t = place[row["phenotype_id"]]
        rows = [i for i in near(cross, t) if np.ptp(cross.genotypes[i]) > 0]
        assert row["num_var"] == len(rows)
        p = [stats.linregress(cross.genotypes[i], cross.traits[t]).pvalue for i in rows]
        np.testing.assert_allclose(row["pval_nominal"], min(p), rtol=1e-8)
        gene, marker = cross.trait_table.iloc[t], rows[int(np.argmin(np.round(p, 14)))]
        distance = cross.markers["pos_bp"][marker] - gene["start_bp"]
        assert row["start_distance"] == distance


@pytest.mark.slow
def test_p_values_of_traits_without_a_locus_are_uniform():
    """1,000 traits, 199 permutations each; both p-values by Kolmogorov and Smirnov."""
    made = simulate_cross(n_samples=80, n_traits=1000, n_markers=400, seed=9).cross
    noise = np.random.default_rng(4).normal(size=made.traits.shape)
    chance = permute_scan1(replace(made, traits=noise), n_perm=199, local_window_bp=200_000.0)
    frame = chance.to_frame().dropna(subset=["p_beta"])
    assert len(frame) > 800
    assert stats.kstest(frame["p_beta"], "uniform").pvalue > 0.001
    share = (frame["p_adjusted"] <= 0.05).mean()
    assert abs(share - 0.05) < 3.3 * np.sqrt(0.05 * 0.95 / len(frame))
    assert (frame["q_beta"] <= 0.05).sum() <= 3
