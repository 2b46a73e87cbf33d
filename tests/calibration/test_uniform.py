"""Every p-value of every test is uniform where its null hypothesis holds.

Exact enumeration on tiny crosses, chi-square and Kolmogorov-Smirnov tests on larger ones. All tests
of this file together raise a false alarm with probability N_TESTS x FALSE_ALARM < 0.01.
"""

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from calibration import checks
from scipy import stats

from crossmap import fit, permute_scan1, scan1, scan2, simulate_cross, trait_surface
from crossmap.errors import CrossmapWarning
from crossmap.genotypes.loci import distinct_loci
from crossmap.linkage.sequential import next_locus
from crossmap.linkage.stages import SearchOptions
from crossmap.significance.fdr import pooled_p_values
from crossmap.trait_model import TraitModel

FALSE_ALARM = 2e-4
N_TESTS = 49
pytestmark = pytest.mark.calibration


def test_the_false_alarm_rate_is_as_stated():
    assert N_TESTS * FALSE_ALARM < 0.01


@pytest.mark.parametrize("first", [None, 0], ids=["first locus", "second locus"])
@pytest.mark.parametrize("variance", ["common", "cell"])
def test_drawn_nulls_are_those_of_all_permutations(first, variance):
    assert checks.enumerated(first=first, variance=variance) > FALSE_ALARM


@pytest.mark.parametrize("variance", ["common", "cell"])
@pytest.mark.parametrize("ratio", [1.0, 9.0])
@pytest.mark.parametrize("noise", ["gaussian", "heavy_tailed"])
def test_a_second_locus_beside_a_strong_first_ranks_evenly_among_its_permutations(
    variance, ratio, noise
):
    stage = checks.second_stage(variance=variance, ratio=ratio, noise=noise)
    assert checks.uniform_ranks(stage.f, stage.f_null) > FALSE_ALARM


def test_pooled_p_values_of_a_first_locus():
    assert checks.null_p_values() > FALSE_ALARM


def mixed_variances(variance):
    """Pooled p-values of traits with groups of variance 1:25, half of all traits having 1:1."""
    parts = [
        checks.second_stage(variance=variance, ratio=r, seed=s, n_perm=20)
        for r, s in ((1.0, 1), (25.0, 2))
    ]
    null = np.concatenate([part.f_null for part in parts])
    return pooled_p_values(parts[1].f, null)


def test_pooled_p_values_need_a_variance_per_cell_where_groups_differ():
    # The pool's own error at 1% (80,000 statistics) is far below that of 2,000 traits.
    n = 2000
    low, high = stats.binom.ppf([FALSE_ALARM, 1 - FALSE_ALARM], n, 0.01)
    assert low <= (mixed_variances("cell") <= 0.01).sum() <= high
    # The finding behind `variance="cell"`: with a common variance the pooled null is not theirs.
    assert (mixed_variances("common") <= 0.01).sum() > high


@pytest.fixture(scope="module")
def null_cross():
    return simulate_cross(
        n_samples=70, n_traits=1500, n_markers=60, trait_model=TraitModel(n_loci_shares=(1.0,)),
        seed=8,
    ).cross  # fmt: skip


@pytest.mark.parametrize("model", ["linear", "anova"])
def test_p_values_of_single_locus_tests(null_cross, model):
    table = scan1(null_cross, model=model, threshold=1.0).to_frame()
    markers = table["marker"].unique()
    # Tests of one trait depend on each other: one marker apiece.
    p = table[table["marker"] == markers[7]]["p_value"]
    assert len(p) == 1500
    assert stats.kstest(p, "uniform").pvalue > FALSE_ALARM


# What a null model can hold besides the mean; the marker tested goes with all of it.
NULL_MODELS = {
    "covariates": {"model": "linear", "covariates": ["age", "batch"]},
    "anova, covariates": {"model": "anova", "covariates": ["age", "batch"]},
    "interaction": {"model": "linear_cross", "covariates": ["batch"], "interactive": ["age"]},
    "interaction, two columns": {"model": "linear_cross", "interactive": ["age", "batch"]},
    "weights": {"model": "linear", "weights": "weight"},
    "error covariance": {"model": "linear"},
}


def adjusted_cross(kind, *, n_traits, seed):
    """A cross whose traits depend on covariates and not on the genotype but through them.

    Of an interaction the additive terms are there, that of the genotype too. Returns the cross,
    the marker that goes with the covariates, and the options of the right analysis.
    """
    rng = np.random.default_rng([seed, len(kind)])
    crosstype = "f2" if "anova" in kind else "haploid"
    base = simulate_cross(
        n_samples=90, n_traits=n_traits, n_markers=60, crosstype=crosstype, n_parent_replicates=0,
        n_backcrosses=0 if crosstype == "f2" else 1,
        trait_model=TraitModel(n_loci_shares=(1.0,)), seed=seed,
    ).cross  # fmt: skip
    x = base.genotypes[20].astype(float)
    n = len(x)
    age = x + 0.7 * rng.standard_normal(n)
    batch = np.where(x + rng.standard_normal(n) > 0.7, "b", "a")
    noise = rng.standard_normal((n_traits, n))
    options = dict(NULL_MODELS[kind])
    if kind == "weights":
        weight = np.where(x == 1, 0.15, 1.0) * rng.uniform(0.5, 2, n)
        traits = noise / np.sqrt(weight)
    elif kind == "error covariance":
        # Lines alike at this marker are alike in what no marker shows.
        of_kin = 0.6 * np.equal.outer(x, x) + 0.2 * np.equal.outer(batch, batch)
        matrix = of_kin + np.diag(rng.uniform(0.5, 2, n))
        traits = (np.linalg.cholesky(matrix) @ noise.T).T
        options["error_covariance"] = pd.DataFrame(matrix, base.samples, base.samples)
        weight = np.ones(n)
    else:
        weight = np.ones(n)
        traits = noise + 2.0 * age + 1.5 * (batch == "b") + (0.8 * x if "inter" in kind else 0.0)
    covariates = pd.DataFrame(
        {"age": age, "batch": batch, "weight": weight}, index=pd.Index(base.samples, name="sample")
    )
    return replace(base, traits=traits, covariates=covariates), 20, options


def p_at(cross, marker, **options):
    table = scan1(cross, threshold=1.0, **options).to_frame()
    return table.loc[table["marker"] == cross.markers["marker"][marker], "p_value"]


@pytest.mark.parametrize("kind", NULL_MODELS)
def test_p_values_given_a_null_model(kind):
    cross, marker, options = adjusted_cross(kind, n_traits=1500, seed=31)
    p = p_at(cross, marker, **options)
    assert len(p) == 1500
    assert stats.kstest(p, "uniform").pvalue > FALSE_ALARM
    # The test would see it: without its null model the scan finds the marker.
    wrong = p_at(cross, marker, covariates=[], model="anova" if "anova" in kind else "linear")
    assert stats.kstest(wrong, "uniform").pvalue < 1e-6


@pytest.mark.parametrize("kind", NULL_MODELS)
def test_genome_wide_p_values_given_a_null_model(kind):
    cross, _, options = adjusted_cross(kind, n_traits=400, seed=32)
    chance = permute_scan1(cross, n_perm=199, seed=4, **options)
    n = int((chance.adjusted_p() <= 0.05).sum())
    assert stats.binomtest(n, 400, 0.05).pvalue > FALSE_ALARM, n / 400


def test_genome_wide_thresholds_hold_their_level(null_cross):
    few = null_cross.subset(traits=null_cross.trait_names[:500])
    perm = permute_scan1(few, n_perm=199, seed=3)
    for alpha in (0.05, 0.2):
        n = int((perm.adjusted_p() <= alpha).sum())
        assert stats.binomtest(n, 500, alpha).pvalue > FALSE_ALARM, (alpha, n / 500)


@pytest.mark.parametrize("test", ["linkage", "epistasis"])
def test_best_pairs_are_as_good_as_those_of_permutations(null_cross, test):
    few = null_cross.subset(traits=null_cross.trait_names[:600])
    table = scan2(few, n_grid=30, n_perm=5, test=test, seed=2).to_frame()
    p = table["p_value"].to_numpy()
    effective = 600 * 5 / 6
    distance = stats.kstest(p, "uniform").statistic
    assert stats.kstwobign.sf(distance * np.sqrt(effective)) > FALSE_ALARM


def test_epistasis_given_a_strong_additive_pair():
    """The primary is named; the interaction with any other locus is then null."""
    rng = np.random.default_rng(4)
    n_traits = 1500
    cross = simulate_cross(n_samples=90, n_traits=1, n_markers=90, seed=4).cross
    loci = distinct_loci(cross)
    a = rng.integers(len(loci), size=n_traits)
    b = rng.integers(len(loci), size=n_traits)
    y = 1.5 * loci.genotypes[a] + 1.5 * loci.genotypes[b] + rng.standard_normal((n_traits, 90))
    stage = next_locus(
        y, loci, names=checks.names_of(n_traits), chosen=a[:, None],
        options=SearchOptions(n_perm=19, seed=5), interaction=True,
    )  # fmt: skip
    p = (1 + (stage.f_null >= stage.f[:, None]).sum(axis=1)) / 20
    share = (p <= 0.05).mean()
    # Not exact: permutation within groups spreads the second main effect, so a little conservative.
    assert 0.02 < share < 0.05 + 3.7 * np.sqrt(0.05 * 0.95 / n_traits)


def test_p_values_of_a_further_term_of_a_model(null_cross):
    loci = distinct_loci(null_cross)
    named = [loci.names[3], loci.names[-3]]
    p = []
    for trait in null_cross.trait_names[:300]:
        table = fit(null_cross, trait, named, formula="Q1 + Q2").drop_one
        p.append(table["p_f"].iloc[1])
    assert stats.kstest(p, "uniform").pvalue > FALSE_ALARM


def test_levels_of_a_traits_surface(null_cross):
    few = null_cross.subset(markers=list(null_cross.markers["marker"][::10]))
    past = []
    for trait in few.trait_names[:100]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CrossmapWarning)
            surface = trait_surface(few, trait, n_perm=19, seed=1)
        lod = surface.to_frame()["lod_full"].max()
        # The largest of 20 equally probable ones: a level of exactly 1/20.
        past.append(lod > surface.thresholds.to_frame()["lod_full"].max())
    assert stats.binomtest(int(sum(past)), 100, 0.05).pvalue > FALSE_ALARM
