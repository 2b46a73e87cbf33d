"""Observed and null distributions, as numbers."""

import numpy as np
import pytest
from examples import example_cross

from crossmap.errors import CrossmapWarning
from crossmap.pipeline.joint import joint_linkage
from crossmap.plots.densities import (
    DENSITY_COLUMNS,
    FEWEST_BINS,
    N_BINS,
    PER_BIN,
    density_table,
    plot_densities,
    plot_posterior,
)
from crossmap.significance.density_ratio import posterior_linked
from crossmap.simulate import simulate_cross


@pytest.fixture(scope="module")
def joint():
    cross = simulate_cross(n_samples=80, n_traits=120, n_markers=100, seed=2).cross
    return joint_linkage(cross, n_perm=3)


def test_every_statistic_is_counted_once(joint):
    table = density_table(joint)
    assert list(table.columns) == list(DENSITY_COLUMNS)
    assert table.groupby("stage").size().tolist() == [FEWEST_BINS, FEWEST_BINS]  # 120 traits
    assert table.groupby("stage")["n_observed"].sum().tolist() == [120, 120]
    assert table.groupby("stage")["n_null"].sum().tolist() == [360, 360]
    assert set(table["statistic"]) == {"F"}


def test_densities_integrate_to_one(joint):
    table = density_table(joint)
    width = np.log(table["high"] / table["low"])
    for name in ("density_observed", "density_null"):
        areas = (table[name] * width).groupby(table["stage"]).sum()
        np.testing.assert_allclose(areas, 1.0, rtol=1e-12)


def test_observed_is_the_mixture_of_null_and_alternative(joint):
    table = density_table(joint)
    for number, stage in enumerate(joint.significance, start=1):
        rows = table[table["stage"] == number]
        null, alternative = rows["density_null"], rows["density_alternative"]
        if stage.pi0 == 1.0:
            assert alternative.isna().all()
            continue
        mixture = stage.pi0 * null + (1 - stage.pi0) * alternative
        above = rows["density_observed"] >= stage.pi0 * null
        np.testing.assert_allclose(mixture[above], rows["density_observed"][above], atol=1e-12)
        assert (alternative[~above] == 0).all()
        assert above.sum() > len(rows) / 4


def test_bins_join_and_hold_all_statistics(joint):
    table = density_table(joint)
    for number, stage in enumerate(joint.significance, start=1):
        rows = table[table["stage"] == number]
        np.testing.assert_allclose(rows["low"].to_numpy()[1:], rows["high"].to_numpy()[:-1])
        together = np.append(stage.evidence, stage.evidence_null)
        ends = rows["low"].iloc[0], rows["high"].iloc[-1]
        assert ends == pytest.approx((np.nanmin(together), np.nanmax(together)), rel=1e-9)


def test_probability_is_that_of_the_analysis(joint):
    rows = density_table(joint).query("stage == 2")
    stage = joint.significance[1]
    middle = np.sqrt(rows["low"] * rows["high"]).to_numpy()
    expected = posterior_linked(middle, stage.ratio, pi0=stage.pi0)
    np.testing.assert_array_equal(rows["probability"], expected)
    assert (np.diff(rows["probability"]) >= 0).all()


def test_infinite_statistics_count_in_the_last_bin():
    with pytest.warns(CrossmapWarning, match="too few to estimate pi0"):
        joint = joint_linkage(example_cross("ordinary"), n_perm=2)
    assert np.isinf(joint.search.stages[0].f).any()
    table = density_table(joint)
    first = table[table["stage"] == 1]
    assert first["n_observed"].sum() == joint.search.stages[0].eligible.sum()
    assert np.isfinite(table[["low", "high", "density_observed"]].to_numpy()).all()


def test_drawings(axes, joint):
    rows = density_table(joint).query("stage == 1")
    plot_densities(axes, rows)
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [
        "permuted (no linkage)", "observed", "linked loci",
    ]  # fmt: skip
    assert axes.get_xscale() == "log"
    plot_posterior(axes, rows)
    assert axes.get_xlabel() == "F of the best locus (log scale)"


def test_bins_are_as_many_as_the_traits_bear():
    cross = simulate_cross(n_samples=60, n_traits=N_BINS * PER_BIN, n_markers=20, seed=2).cross
    table = density_table(joint_linkage(cross, n_perm=2))
    assert table.groupby("stage").size().tolist() == [N_BINS, N_BINS]
    few = density_table(joint_linkage(cross.subset(traits=cross.trait_names[:200]), n_perm=2))
    assert few.groupby("stage").size().tolist() == [200 // PER_BIN] * 2


def test_where_linked_loci_are_not_told_apart_the_legend_says_so(axes, joint):
    rows = density_table(joint).query("stage == 1").assign(density_alternative=np.nan)
    plot_densities(axes, rows)
    assert "pi0 = 1" in axes.get_legend().get_texts()[-1].get_text()
    assert axes.get_xlabel() == "F of the best locus (log scale)"


def test_an_empty_stage_says_so(axes, joint):
    plot_densities(axes, density_table(joint).iloc[:0])
    plot_posterior(axes, density_table(joint).iloc[:0])
    assert [text.get_text() for text in axes.texts] == ["No locus was eligible at this stage."] * 2
