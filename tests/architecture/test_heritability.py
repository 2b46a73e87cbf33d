"""Heritability against textbook formulas and simulated truth."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm

from crossmap import simulate_cross
from crossmap.architecture.heritability import heritability
from crossmap.errors import ArgumentError, DataError


@pytest.fixture(scope="module")
def simulated():
    return simulate_cross(n_samples=112, n_traits=600, n_markers=40, seed=5)


def test_one_trait_by_hand(simulated):
    cross = simulated.cross
    row = heritability(cross).iloc[3]
    parents = cross.parents
    name = cross.trait_names[3]
    v_env = parents.groupby("parent")[name].var(ddof=1).mean()  # equal numbers
    v_seg = cross.traits[3].var(ddof=1)
    assert row["h2"] == pytest.approx(1 - v_env / v_seg)
    assert row["p_value"] == pytest.approx(stats.f.sf(v_seg / v_env, 111, 10))
    assert row["h2_lo"] == pytest.approx(1 - v_env / v_seg / stats.f.ppf(0.025, 10, 111))
    assert (row["df_total"], row["df_env"]) == (111, 10)


def test_intervals_hold_the_truth_and_negative_values_are_kept(simulated):
    table = heritability(simulated.cross, confidence=0.9)
    truth = simulated.truth.groupby("trait")["variance_share"].sum().to_numpy()
    held = ((table["h2_lo"] <= truth) & (truth <= table["h2_hi"])).mean()
    assert abs(held - 0.9) < 3 * np.sqrt(0.09 / 600) + 0.02  # samples' own share varies too
    assert (table["h2"] < 0).sum() > 20
    null = table["p_value"][truth == 0]
    assert stats.kstest(null, "uniform").pvalue > 1e-3


def test_lines_are_a_one_way_analysis_of_variance():
    rng = np.random.default_rng(2)
    cross = simulate_cross(n_samples=90, n_traits=300, n_markers=30, seed=1).cross
    line = np.repeat([f"l{i:02d}" for i in range(30)], 3)
    y = rng.normal(size=(300, 30))[:, np.repeat(np.arange(30), 3)] + rng.normal(size=(300, 90))
    y[0, :4] = np.nan
    lines = pd.DataFrame({"line": line}, index=cross.covariates.index)
    cross = replace(cross, traits=y, covariates=lines)
    table = heritability(cross, lines="line")
    assert table["h2"].mean() == pytest.approx(0.5, abs=0.03)
    assert ((table["h2_lo"] <= 0.5) & (table["h2_hi"] >= 0.5)).mean() > 0.9
    frame = pd.DataFrame({"y": y[7], "line": line})
    anova = anova_lm(ols("y ~ line", frame).fit())
    assert table["p_value"][7] == pytest.approx(anova["PR(>F)"]["line"])
    assert table["v_env"][7] == pytest.approx(anova["mean_sq"]["Residual"])
    assert table["df_total"][0] == 28  # a whole line is missing
    with pytest.raises(ArgumentError, match="lines: expected a column of the covariates"):
        heritability(cross, lines="plot")
    single = replace(cross, covariates=lines.assign(line=np.arange(90)))
    with pytest.raises(DataError, match="expected lines with two measurements or more"):
        heritability(single, lines="line")


def test_no_parents_and_single_replicates_are_refused(simulated):
    cross = simulated.cross
    with pytest.raises(DataError, match="parents: expected replicated measurements"):
        heritability(replace(cross, parents=cross.parents.iloc[:0]))
    with pytest.raises(DataError, match="expected two replicates of one of them at least, found 1"):
        heritability(replace(cross, parents=cross.parents.iloc[[0, 7]]))


def test_missing_values_of_parents_and_constant_traits_give_nan(simulated):
    parents, traits = simulated.cross.parents.copy(), simulated.cross.traits.copy()
    parents.iloc[:, 2] = np.nan
    traits[3] = 7.0
    table = heritability(replace(simulated.cross, parents=parents, traits=traits))
    assert table["h2"].isna().to_numpy().nonzero()[0].tolist() == [1, 3]
    assert table["q_value"].isna().sum() == 2
