"""scan1 as its users call it."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest
from changed import remade, with_covariates, with_many_traits

from crossmap import (
    ArgumentError,
    CrossmapError,
    CrossmapWarning,
    DataError,
    Execution,
    scan1,
    simulate_cross,
)
from crossmap.linkage.scan1 import Scan1Options, preflight
from crossmap.pipeline.scan1 import preflight_scan1
from crossmap.report.scan1 import write_scan1

COLUMNS = [
    "trait", "marker", "chr", "pos_bp", "pos_cm", "n", "df", "beta", "se", "statistic", "r2", "lod",
    "p_value", "neglog10_p", "fdr", "local",
]  # fmt: skip


@pytest.fixture(scope="module")
def cross():
    return simulate_cross(n_samples=60, n_traits=80, n_markers=150, seed=5).cross


def test_the_table_has_the_columns_of_the_contract(cross):
    scan = scan1(cross, threshold=1e-3)
    frame = scan.to_frame()
    assert list(frame.columns) == COLUMNS
    assert frame["trait"].dtype == frame["chr"].dtype == object
    assert frame["local"].dtype == bool
    assert (frame["p_value"] <= 1e-3).all()
    assert len(frame) == scan.n_linkages > 20
    assert (frame["df"] == 58).all()
    keys = list(zip(frame["trait"], frame["marker"].map(
        {name: i for i, name in enumerate(cross.markers["marker"])}), strict=True))  # fmt: skip
    assert keys == sorted(keys)
    np.testing.assert_allclose(frame["beta"] / frame["se"], frame["statistic"], rtol=1e-12)
    np.testing.assert_allclose(frame["r2"], 1 - 10 ** (-2 * frame["lod"] / 60), rtol=1e-9)
    anova = scan1(cross, model="anova", threshold=1e-3).to_frame()
    assert list(anova.columns) == [*COLUMNS[:6], "df1", *COLUMNS[6:]]
    np.testing.assert_allclose(anova["statistic"], frame["statistic"] ** 2, rtol=1e-9)


def test_one_covariate_needs_no_list(cross):
    aged = with_covariates(cross)
    one = scan1(aged, covariates="batch", interactive="age", model="linear_cross")
    several = scan1(aged, covariates=["batch"], interactive=["age"], model="linear_cross")
    assert one.options == several.options
    pd.testing.assert_frame_equal(one.by_trait(), several.by_trait())
    with pytest.raises(ArgumentError, match="colour"):
        scan1(aged, covariates="colour")


def test_an_empty_result_is_a_header(cross):
    scan = scan1(cross, threshold=1e-300)
    assert scan.to_frame().shape == (0, 16)
    assert scan.peaks().shape == (0, 17)
    assert scan.summary()["n_linkages"] == 0
    assert scan.by_trait()["neglog10_p"].notna().all()


def test_peaks_are_the_best_of_each_chromosome(cross):
    scan = scan1(cross, threshold=1e-3)
    frame, peaks = scan.to_frame(), scan.peaks()
    groups = frame.groupby(["trait", "chr"], sort=False)
    assert len(peaks) == len(groups)
    for (_, group), (_, peak) in zip(groups, peaks.iterrows(), strict=True):
        first = group[group["neglog10_p"] == group["neglog10_p"].max()].iloc[0]
        assert first["marker"] == peak["marker"]
        assert peak["n_linkages"] == len(group)


def test_smallest_p_values_histogram_and_summary_agree_with_all_tests(cross):
    scan = scan1(cross, threshold=1e-3, local_threshold=0.05, local_window_bp=3e5, histogram=10)
    every = scan1(cross, threshold=1.0, local_window_bp=3e5).to_frame()
    near = every["local"]
    summary = scan.summary()
    assert summary["n_tests"] == len(every)
    assert summary["local"] == {
        "n_tests": int(near.sum()),
        "n_linkages": int((near & (every["p_value"] <= 0.05)).sum()),
        "threshold": 0.05,
    }
    assert summary["distant"]["n_linkages"] == int((~near & (every["p_value"] <= 1e-3)).sum())
    bins = scan.histogram()
    counts, _ = np.histogram(every["p_value"], np.arange(11) / 10)
    assert bins["n"].tolist() == counts.tolist()
    counts, _ = np.histogram(every["p_value"][near], np.arange(11) / 10)
    assert bins["n_local"].tolist() == counts.tolist()
    assert (bins["n_local"] + bins["n_distant"] == bins["n"]).all()
    for table, key in ((scan.by_trait(), "trait"), (scan.by_marker(), "marker")):
        least = every.groupby(key)["p_value"].min()
        np.testing.assert_allclose(
            table.set_index(key)["p_value"].dropna().sort_index(), least.sort_index(), rtol=1e-10
        )
    fdr = scan.to_frame()
    for is_local, n_tests in ((True, int(near.sum())), (False, int((~near).sum()))):
        part = fdr[fdr["local"] == is_local].sort_values("p_value")
        rank = part["p_value"].rank(method="max")
        raw = (part["p_value"] * n_tests / rank)[::-1].cummin()[::-1].clip(upper=1)
        np.testing.assert_allclose(part["fdr"], raw, rtol=1e-12)


def test_a_qq_histogram_counts_every_test_once(cross):
    bins = scan1(cross, histogram="qq").histogram()
    assert bins["n"].sum() == scan1(cross).n_tests
    assert bins["low"].iloc[0] == 0
    assert bins["high"].iloc[-1] == 1
    assert (bins["low"].iloc[1:].to_numpy() == bins["high"].iloc[:-1].to_numpy()).all()


def test_monomorphic_markers_and_constant_traits_are_counted_and_skipped(cross):
    genotypes, traits = cross.genotypes.copy(), cross.traits.copy()
    genotypes[[3, 50]] = 1
    genotypes[4, :59] = -1
    traits[5], traits[6] = 7.5, np.nan
    traits[7, 1:] = np.nan
    scan = scan1(remade(cross, genotypes=genotypes, traits=traits), threshold=1.0)
    summary = scan.summary()
    assert summary["n_monomorphic_markers"] == 3
    assert (summary["n_constant_traits"], summary["n_sparse_traits"]) == (1, 2)
    assert scan.n_tests == (150 - 3) * (80 - 3) == scan.n_linkages
    assert scan.by_trait()["p_value"].isna().sum() == 3
    assert scan.by_marker()["trait"].isna().sum() == 3


def test_dropped_covariates_are_named_and_samples_without_one_left_out(cross):
    full = with_covariates(cross)
    scan = scan1(full, covariates=["age", "age2", "batch"])
    assert scan.summary()["dropped_covariates"] == ["age2"]
    assert (scan.to_frame()["df"] == 60 - 2 - 3).all()
    table = full.covariates.copy()
    table.iloc[3, 0] = np.nan
    with pytest.warns(CrossmapWarning, match="1 of 60 samples lack a covariate"):
        scan = scan1(remade(cross, covariates=table), covariates=["age"], threshold=1e-2)
    assert scan.summary()["n_samples"] == 59
    assert (scan.to_frame()["n"] == 59).all()
    alone = cross.subset(samples=[s for s in cross.samples if s != cross.samples[3]])
    table = table.loc[list(alone.samples)]
    pd.testing.assert_frame_equal(
        scan.to_frame(),
        scan1(remade(alone, covariates=table), covariates=["age"], threshold=1e-2).to_frame(),
    )


def test_what_beta_is_the_effect_of(cross):
    assert scan1(cross).effect_of == "B instead of A"
    full = with_covariates(cross)
    crossed = scan1(full, model="linear_cross", interactive=["age"])
    assert crossed.effect_of == "B instead of A, per unit of age"
    two = scan1(full, model="linear_cross", interactive=["batch"], threshold=1e-2)
    assert two.effect_of is None
    assert (two.to_frame()["df1"] == 2).all()
    assert scan1(cross, model="anova").summary()["beta_is"] is None


def test_means_in_gaps_as_matrix_eqtl_and_samples_left_out_as_we_do(cross):
    traits = cross.traits.copy()
    traits[0, :5] = np.nan
    gaps = remade(cross, traits=traits)
    filled = traits.copy()
    filled[0, :5] = np.nanmean(traits[0])
    theirs = scan1(gaps, compat="matrixeqtl", threshold=1.0).to_frame()
    same = scan1(remade(cross, traits=filled), threshold=1.0).to_frame()
    pd.testing.assert_frame_equal(theirs, same)
    ours = scan1(gaps, threshold=1.0).to_frame()
    first = ours[ours["trait"] == cross.trait_names[0]]
    assert set(first["n"]) == {55}
    part = cross.subset(samples=cross.samples[5:], traits=cross.trait_names[:1])
    alone = scan1(part, threshold=1.0).to_frame()
    for name in ("beta", "statistic", "neglog10_p"):
        np.testing.assert_allclose(first[name], alone[name], rtol=1e-12)


def test_transforms_are_applied_and_written_down(cross):
    scan = scan1(cross, transform=["normal_scores"], n_components=3, threshold=1e-3)
    assert scan.summary()["transform"] == ["normal_scores"]
    assert scan.summary()["n_components"] == 3
    raw = scan1(cross, threshold=1e-3)
    assert not scan.to_frame()["beta"].equals(raw.to_frame()["beta"])


def test_traits_without_a_place_are_distant_and_told(cross):
    table = cross.trait_table.copy()
    table.loc[3, ["start_bp", "end_bp"]] = np.nan
    some = remade(cross, trait_positions=table)
    with pytest.warns(CrossmapWarning, match="1 of 80 traits have no place"):
        scan = scan1(some, local_threshold=0.01, threshold=1.0)
    frame = scan.to_frame()
    assert frame["local"].isna().sum() == 150
    assert scan1(some).to_frame()["local"].dtype == "boolean"
    table[["start_bp", "end_bp"]] = np.nan
    none = remade(cross, trait_positions=table)
    with pytest.raises(DataError, match="traits: expected places of genes for local tests"):
        scan1(none, local_threshold=0.01)
    assert scan1(none).to_frame()["local"].isna().all()


def test_markers_without_bp_have_no_local_tests(cross):
    markers = cross.markers.assign(pos_bp=np.nan)
    in_cm = remade(cross, markers=markers)
    name = cross.markers["marker"][0]
    with pytest.raises(DataError, match=f"positions in bp.*found none for {name} and 149 others"):
        scan1(in_cm, local_threshold=0.01)
    assert "pos_bp" not in scan1(in_cm).to_frame()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"threshold": 0}, "threshold: expected a number above 0 and at most 1, found 0"),
        ({"threshold": 1.5}, "found 1.5"),
        ({"threshold": float("nan")}, "found nan"),
        ({"threshold": "small"}, "found 'small'"),
        ({"local_threshold": -0.1}, "local_threshold: expected a number above 0"),
        ({"local_only": True}, "local_only: expected a local_threshold"),
        ({"model": "additive"}, "model: expected linear or anova or linear_cross"),
        ({"model": "linear_cross"}, "interactive: expected covariates with model linear_cross"),
        ({"interactive": ["age"]}, "found age with model linear"),
        ({"missing": "zero"}, "missing: expected drop or mean"),
        ({"compat": "plink"}, "compat: expected matrixeqtl"),
        ({"histogram": 0}, "histogram: expected a whole number"),
        ({"histogram": [0.5, 0.1]}, "histogram: expected ascending p-values"),
        ({"histogram": [0.5, 1.1]}, "histogram: expected a number from 0 to 1, found 1.1"),
        ({"histogram": "log"}, "histogram: expected qq"),
        ({"transform": ["sqrt"]}, "transform: expected log2"),
        ({"n_components": -2}, "n_components: expected a whole number"),
        ({"local_window_bp": -1}, "local_window_bp: expected a number"),
        ({"covariates": ["height"]}, "expected a column of the covariates"),
    ],
)
def test_options_out_of_range(cross, options, message):
    with pytest.raises(ArgumentError, match=message):
        scan1(cross, **options)


def test_covariates_must_leave_degrees_of_freedom(cross):
    few = cross.subset(samples=cross.samples[:6])
    rng = np.random.default_rng(1)
    names = [f"c{i}" for i in range(5)]
    table = pd.DataFrame(rng.normal(size=(6, 5)), index=few.samples, columns=names)
    full = remade(few, covariates=table)
    with pytest.raises(DataError, match="found 6 samples for 6 coefficients"):
        scan1(full, covariates=names[:4])
    assert set(scan1(full, covariates=names[:3], threshold=1.0).to_frame()["df"]) == {1}
    with pytest.raises(DataError, match="found 6 samples for 8 coefficients"):
        scan1(full, model="linear_cross", covariates=names[:2], interactive=names[3:4] + names[4:])


def test_an_absurd_threshold_is_refused_unless_forced():
    options = Scan1Options(threshold=1.0)
    size = preflight(options, n_traits=6216, n_markers=3244)
    assert str(size) == (
        "20,164,704 tests; by chance alone 20,164,704 linkages, a table of some 4.0 GB; "
        "real linkages come on top"
    )
    some = simulate_cross(n_samples=8, n_traits=40, n_markers=600, n_parent_replicates=0).cross
    big = with_many_traits(some, 20_000)
    with pytest.raises(
        ArgumentError, match=r"12,000,000 tests pass by chance.*force=True permits it"
    ):
        scan1(big, threshold=1.0)
    with pytest.raises(ArgumentError, match="threshold: expected"):
        scan1(big, threshold=0.9)
    assert preflight_scan1(big, Scan1Options(threshold=1.0, force=True)).n_tests == 12_000_000


def test_more_linkages_than_memory_go_to_a_file_and_come_back_the_same(cross):
    roomy = scan1(cross, threshold=0.5, local_threshold=0.9, execution=Execution(memory=1 << 30))
    tight = scan1(cross, threshold=0.5, local_threshold=0.9, execution=Execution(memory=400_000))
    assert roomy.outcome.store.is_in_memory
    assert not tight.outcome.store.is_in_memory
    frames = list(tight.frames())
    assert len(frames) > 5
    pd.testing.assert_frame_equal(pd.concat(frames, ignore_index=True), roomy.to_frame())
    pd.testing.assert_frame_equal(tight.peaks(), roomy.peaks())
    assert tight.summary() == roomy.summary()
    with pytest.raises(CrossmapError, match="expected as many as fit into 0 MB, found"):
        tight.to_frame()


def test_memory_stays_inside_its_budget():
    big = simulate_cross(n_samples=60, n_traits=1200, n_markers=400, seed=2).cross
    budget = 24 << 20
    scan1(big.subset(traits=big.trait_names[:10]))  # compiled code is nobody's working memory
    tracemalloc.start()
    try:
        scan = scan1(big, threshold=0.9, histogram=20, execution=Execution(memory=budget))
        n = sum(len(frame) for frame in scan.frames())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert n == scan.n_linkages > 400_000
    assert n * 80 > budget  # the records alone would not have fitted
    assert peak < budget, f"{peak / 1e6:.1f} MB of {budget / 1e6:.1f}"


def test_writing_stays_inside_the_budget_where_the_records_do(tmp_path):
    """Records that just fit into memory are written in parts too: their text would not fit."""
    big = simulate_cross(n_samples=30, n_traits=300, n_markers=220, seed=2).cross
    budget = 22 << 20
    write_scan1(scan1(big), big, tmp_path)
    tracemalloc.start()
    try:
        scan = scan1(big, threshold=0.9, execution=Execution(memory=budget))
        write_scan1(scan, big, tmp_path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert scan.outcome.store.is_in_memory
    assert scan.n_linkages * 17 * 50 > 2 * budget  # 17 columns, texts of 50 bytes and more
    assert peak < budget, f"{peak / 1e6:.1f} MB of {budget / 1e6:.1f}"


@pytest.mark.parametrize(
    ("given", "settled"),
    [
        ({}, {"model": "linear", "covariates": (), "transform": (), "histogram": None}),
        ({"genotype_probabilities": True}, {"model": "anova"}),
        ({"genotype_probabilities": True, "model": "linear"}, {"model": "linear"}),
        ({"covariates": "age", "transform": "log2"},
         {"covariates": ("age",), "transform": ("log2",)}),
        ({"covariates": ["age", "sex"], "transform": ["log2", "quantile"]},
         {"covariates": ("age", "sex"), "transform": ("log2", "quantile")}),
        ({"histogram": np.int64(5)}, {"histogram": 5}),
        ({"histogram": [0.0, 0.1, 1.0]}, {"histogram": (0.0, 0.1, 1.0)}),
        ({"histogram": "qq"}, {"histogram": "qq"}),
    ],
)  # fmt: skip
def test_options_are_settled_as_users_give_them(given, settled):
    made = Scan1Options.of(3, **given)
    assert {name: getattr(made, name) for name in settled} == settled
    assert Scan1Options.of(3, **vars(made)) == made
    assert Scan1Options.of(2, genotype_probabilities=True).model == "linear"
