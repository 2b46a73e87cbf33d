"""What must hold of every public analysis whatever the data: invariances, ranges, monotony."""

import importlib
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from property_crosses import (
    PROPERTY_TESTS,
    assert_alike,
    assert_tables_alike,
    crosses,
    few,
    many,
    outcome,
    property_of,
    rescaled,
    shares,
    swapped,
)

import crossmap
from crossmap.errors import CrossmapError
from crossmap.execution import Execution
from crossmap.significance.density_ratio import fit_density_ratio, posterior_linked
from crossmap.significance.fdr import (
    floor_rule,
    pooled_p_values,
    posterior_q_values,
    q_values,
    recorded_fdr,
    unknown_number_of_loci,
)
from crossmap.significance.pi0 import estimate_pi0

pytestmark = pytest.mark.filterwarnings("ignore::crossmap.errors.CrossmapWarning")

p_values = hnp.arrays(float, st.integers(1, 60), elements=shares)
statistics = st.floats(0, 1e6) | st.just(np.nan)


def single(cross):
    return crossmap.single_locus_table(cross, threshold=0.5)


def tables_of(found, *names):
    return {name: getattr(found, name) for name in names}


def explained(cross, execution):
    return tables_of(
        crossmap.explain(cross, "t1", n_perm=9, execution=execution), "steps", "null", "curves"
    )


def hotspots(cross, execution):
    found = crossmap.find_hotspots(
        cross, kind="all", threshold=0.2, bin_bp=2000, n_perm=19, execution=execution
    )
    return {"bins": found.bins, "linkages": found.linkages}


def architecture(cross, execution):
    joint = crossmap.joint_linkage(cross, n_perm=2, execution=execution)
    found = crossmap.genetic_architecture(cross, joint, fdr=1.0, threshold=0.2, execution=execution)
    tables = tables_of(found, "units", "local_tests", "shared", "heritability", "power")
    return tables | {"single": found.single.table}


def fitted(cross, execution):
    found = crossmap.fit(cross, "t2", ["m00", str(cross.markers["marker"].iloc[-1])])
    terms = found.effects.iloc[1:]  # the intercept is in the trait's units, and so is its t
    return tables_of(found, "anova", "drop_one") | {"effects": terms}


def compared(cross, execution):
    found = crossmap.compare_searches(cross, n_perm=2, min_cell=2, execution=execution)
    return {"by_fdr": found.called_by_fdr(), "traits": found.to_frame()}


ANALYSES = {
    "scan1": lambda cross, e: crossmap.scan1(cross, threshold=1.0, execution=e).to_frame(),
    "scan1, anova with weights": lambda cross, e: crossmap.scan1(
        cross, model="anova", covariates=["age"], weights="weight", threshold=1.0, execution=e
    ).to_frame(),
    "scan1, by medium": lambda cross, e: crossmap.scan1(
        cross,
        model="linear_cross",
        covariates=["medium"],
        interactive=["medium"],
        threshold=1.0,
        execution=e,
    ).to_frame(),
    "joint_linkage": lambda cross, e: crossmap.joint_linkage(
        cross, n_perm=2, execution=e
    ).to_frame(),
    "joint_linkage, weighted": lambda cross, e: crossmap.joint_linkage(
        cross, n_perm=2, posterior="weighted", execution=e
    ).to_frame(),
    "scan2": lambda cross, e: crossmap.scan2(
        cross, n_perm=2, same_chromosome=True, execution=e
    ).to_frame(),
    "compare_searches": compared,
    "permute_scan1": lambda cross, e: crossmap.permute_scan1(
        cross, n_perm=20, execution=e
    ).to_frame(),
    "find_peaks": lambda cross, e: crossmap.find_peaks(
        cross, threshold=0.3, peakdrop=0.2, execution=e
    ).to_frame(),
    "conditional_peaks": lambda cross, e: crossmap.conditional_peaks(
        cross, n_loci=2, n_perm=19, alpha=0.2, execution=e
    ),
    "condition_linkages": lambda cross, e: crossmap.condition_linkages(
        cross, condition="medium", covariates=["age"], n_perm=19, alpha=0.3, execution=e
    ).to_frame(),
    "associate": lambda cross, e: crossmap.associate(cross, threshold=1.0, execution=e).to_frame(),
    "trait_surface": lambda cross, e: crossmap.trait_surface(
        cross, "t1", n_perm=3, execution=e
    ).to_frame(),
    "fit": fitted,
    "explain": explained,
    "single_locus_table": lambda cross, e: single(cross),
    "local_linkage": lambda cross, e: crossmap.local_linkage(cross, local_window_bp=1500.0),
    "classify_linkages": lambda cross, e: crossmap.classify_linkages(cross, single(cross)).table,
    "colocalised": lambda cross, e: crossmap.colocalised(cross, single(cross)),
    "effects": lambda cross, e: tables_of(
        crossmap.effects(cross, single(cross), threshold=0.5), "loci", "pairs"
    ),
    "pairwise_bins": lambda cross, e: tables_of(
        crossmap.pairwise_bins(cross, single(cross), bin_bp=2000, n_simulated=9), "table", "chance"
    ),
    "linkage_table": lambda cross, e: crossmap.linkage_table(
        crossmap.joint_linkage(cross, n_perm=2, execution=e), cross, fdr=1.0
    ),
    "heritability": lambda cross, e: crossmap.heritability(cross),
    "inheritance": lambda cross, e: crossmap.inheritance(cross, n_bootstrap=19, execution=e),
    "find_hotspots": hotspots,
    "genetic_architecture": architecture,
}
# Of so few traits what rounding does to the smoothness of a density ratio shows.
ROUGH = dict.fromkeys(
    ("joint_linkage", "joint_linkage, weighted", "linkage_table", "genetic_architecture",
     "compare_searches"), 1e-4,
)  # fmt: skip
IN_UNITS_OF_THE_TRAIT = (
    "beta", "se", "effect", "estimate", "ss", "ms", "rss_before", "rss_after", "effect_corrected",
    "mean_11", "mean_12", "mean_21", "mean_22", "interaction", "v_total", "v_env", "mean_parent1",
    "mean_parent2", "mean_samples", "sd_parents", "beta_ethanol", "beta_glucose", "se_ethanol",
    "se_glucose",
)  # fmt: skip
OF_A_CELL = [f"{what}_{a}{b}" for what in ("mean", "n") for a in (1, 2) for b in (1, 2)]
WITH_SIGN = (
    "beta", "statistic", "t", "effect", "estimate", "effect_corrected", "interaction",
    "beta_ethanol", "beta_glucose",
)  # fmt: skip


@property_of(*ANALYSES)
@pytest.mark.parametrize("analysis", ANALYSES)
@given(cross=crosses())
@few
def test_units_of_a_trait_change_nothing_but_effects(analysis, cross):
    run = ANALYSES[analysis]
    assert_alike(
        outcome(run, cross, None), outcome(run, rescaled(cross), None),
        but=IN_UNITS_OF_THE_TRAIT, rtol=ROUGH.get(analysis, 1e-6),
    )  # fmt: skip


@property_of(*ANALYSES)
@pytest.mark.parametrize("analysis", ANALYSES)
@given(cross=crosses())
@few
def test_names_of_the_genotypes_change_nothing_but_signs(analysis, cross):
    run = ANALYSES[analysis]
    assert_alike(
        outcome(run, cross, None), outcome(run, swapped(cross), None),
        but=OF_A_CELL,
        unsigned=WITH_SIGN, rtol=ROUGH.get(analysis, 1e-6),
    )  # fmt: skip


ONE, SEVERAL = Execution(threads=1), Execution(threads=3, memory=1 << 20)


@property_of(*ANALYSES)
@pytest.mark.parametrize("analysis", ANALYSES)
@given(cross=crosses())
@few
def test_threads_and_memory_change_no_bit(analysis, cross):
    one, other = (outcome(ANALYSES[analysis], cross, e) for e in (ONE, SEVERAL))
    assert isinstance(one, type) == isinstance(other, type)
    for name in one if isinstance(one, dict) else ():
        pd.testing.assert_frame_equal(one[name], other[name], check_exact=True)


# Of each trait by itself; what is pooled over traits is left out.
PER_TRAIT = {
    "scan1": ("fdr",),
    "scan1, anova with weights": ("fdr",),
    "scan1, by medium": ("fdr",),
    "permute_scan1": ("q_value", "p_pooled"),
    "find_peaks": (),
    "conditional_peaks": ("q_value",),
    "single_locus_table": (),
    "local_linkage": ("q_value",),
    "heritability": ("q_value",),
    "inheritance": ("q_directional", "q_transgressive", "q_interaction"),
}


@property_of(*PER_TRAIT)
@pytest.mark.parametrize("analysis", PER_TRAIT)
@given(cross=crosses(), trait=st.sampled_from(["t0", "t1", "t2", "t3"]))
@few
def test_a_trait_alone_finds_what_it_finds_among_others(analysis, cross, trait):
    all_traits = outcome(ANALYSES[analysis], cross, None)
    alone = outcome(ANALYSES[analysis], cross.subset(traits=[trait]), None)
    if isinstance(all_traits, type):
        assert all_traits is alone
        return
    of_all = all_traits["table"]
    of_all = of_all[of_all["trait"] == trait].reset_index(drop=True)
    if isinstance(alone, type):
        assert of_all.drop(columns="trait").isna().all(axis=None)
        return
    assert_tables_alike(of_all, alone["table"], but=PER_TRAIT[analysis])


PROBABILITIES = re.compile(r"(p|q|p_value|q_value|fdr|prob\d?|joint_prob|power|share|r2)(_.*)?")


@property_of(*ANALYSES)
@pytest.mark.parametrize("analysis", ANALYSES)
@given(cross=crosses())
@few
def test_probabilities_and_shares_lie_between_0_and_1(analysis, cross):
    found = outcome(ANALYSES[analysis], cross, None)
    for table in found.values() if isinstance(found, dict) else ():
        for column in table.columns:
            values = table[column].to_numpy()
            if PROBABILITIES.fullmatch(column) and values.dtype.kind == "f":
                known = values[~np.isnan(values)]
                assert ((known >= 0) & (known <= 1)).all(), column
            if column.startswith(("p_", "p_value")) and values.dtype.kind == "f":
                assert (values[~np.isnan(values)] > 0).all(), column


def test_every_public_function_has_a_property_test():
    for file in Path(__file__).parent.glob("test_properties*.py"):
        importlib.import_module(file.stem)
    functions = {n for n in crossmap.__all__ if n.islower() and n != "__version__"}
    assert functions <= PROPERTY_TESTS.keys()
    assert PROPERTY_TESTS.keys() <= set(crossmap.__all__)


@property_of("joint_linkage")
@given(cross=crosses())
@few
def test_ranges_of_joint_linkage(cross):
    try:
        joint = crossmap.joint_linkage(cross, n_perm=2)
    except CrossmapError:
        return
    for value in (joint.probability, joint.joint_prob, joint.q_value):
        assert ((value >= 0) & (value <= 1)).all()
    assert (joint.joint_prob <= joint.probability.min(axis=1) + 1e-15).all()
    order = np.argsort(-joint.joint_prob, kind="stable")
    assert (np.diff(joint.q_value[order]) >= -1e-15).all()
    assert 0 <= joint.expected_joint <= len(joint.joint_prob)
    sizes = [joint.is_called(level).sum() for level in (0.01, 0.05, 0.1, 0.5, 1.0)]
    assert sizes == sorted(sizes)


@property_of("score")
@given(cross=crosses(), data=st.data())
@few
def test_a_claim_on_a_true_locus_is_true_and_no_score_leaves_its_range(cross, data):
    names = list(cross.trait_names)
    truth = pd.DataFrame(
        {"trait": names, "locus": 1, "chr": "1", "pos_cm": np.arange(len(names)) * 50.0}
    )
    claims = truth.rename(columns={"chr": "chr1", "pos_cm": "pos1_cm"})[
        ["trait", "chr1", "pos1_cm"]
    ]
    claims["fdr"] = data.draw(st.lists(shares, min_size=len(names), max_size=len(names)))
    found = crossmap.score(claims, truth).to_frame()
    assert (found["fdr"] == 0).all()
    shift = data.draw(st.floats(0, 100))
    moved = crossmap.score(claims.assign(pos1_cm=claims["pos1_cm"] + shift), truth).to_frame()
    assert (moved["n_true"] <= moved["n_claims"]).all()
    assert moved["n_claims"].is_monotonic_increasing
    assert ((moved["fdr"] == 0) | (moved["n_claims"] > 0)).all()
    assert (moved["n_true"] == moved["n_claims"]).all() == (
        shift <= 20 or not moved["n_claims"].max()
    )


@property_of("simulate_cross")
@given(
    n_samples=st.integers(1, 12), n_traits=st.integers(1, 8), n_markers=st.integers(1, 20),
    errors=st.floats(0, 0.5), backcrosses=st.integers(0, 2), seed=st.integers(0, 1000),
)  # fmt: skip
@few
def test_simulated_crosses_are_whole(n_samples, n_traits, n_markers, errors, backcrosses, seed):
    made = crossmap.simulate_cross(
        n_samples=n_samples, n_traits=n_traits, n_markers=n_markers, error_prob=errors,
        n_backcrosses=backcrosses, n_parent_replicates=0, seed=seed,
    )  # fmt: skip
    assert made.cross.genotypes.shape == (n_markers, n_samples)
    assert set(np.unique(made.cross.genotypes)) <= {0, 1}
    assert np.isfinite(made.cross.traits).all()
    counts = made.truth.groupby("trait")["locus"].max()
    assert (counts == made.truth.groupby("trait")["n_loci"].first()).all()


@given(
    observed=hnp.arrays(float, st.integers(1, 40), elements=statistics),
    null=hnp.arrays(float, st.tuples(st.integers(1, 20), st.integers(1, 4)), elements=statistics),
    data=st.data(),
)
@many
def test_pooled_p_values(observed, null, data):
    if np.isnan(null).all():
        return
    p = pooled_p_values(observed, null)
    assert (np.isnan(p) == np.isnan(observed)).all()
    kept = ~np.isnan(p)
    assert ((p[kept] > 0) & (p[kept] <= 1)).all()
    order = np.argsort(observed[kept])
    assert (np.diff(p[kept][order]) <= 0).all()
    shuffled = data.draw(st.permutations(range(null.size)))
    again = pooled_p_values(observed, null.ravel()[list(shuffled)])
    assert p.tobytes() == again.tobytes()
    weight = np.full((len(null), 1), 0.5)
    half = pooled_p_values(observed, null, weight=weight)
    assert (half[kept] >= p[kept] - 1e-12).all()  # the floor of one statistic weighs more


@given(p=p_values, pi0=st.floats(0.01, 1))
@many
def test_q_values(p, pi0):
    q = q_values(p, pi0=pi0)
    assert ((q >= 0) & (q <= 1)).all()
    assert (np.diff(q[np.argsort(p)]) >= 0).all()
    assert (q >= np.minimum(pi0 * p, 1) - 1e-12).all()
    assert (q_values(p, pi0=1.0) >= q).all()


@given(p=hnp.arrays(float, st.integers(1, 300), elements=shares), data=st.data())
@many
def test_pi0(p, data):
    method = data.draw(st.sampled_from(["smoother", "bootstrap"]))
    estimate = estimate_pi0(p, method=method)
    assert 0 < estimate <= 1
    assert estimate_pi0(p[::-1], method=method) == estimate
    assert estimate_pi0(p, method=method, weight=np.ones(len(p))) == estimate


@given(
    probability=hnp.arrays(float, st.tuples(st.integers(1, 40), st.integers(1, 3)), elements=shares)
)
@many
def test_rules_of_calling(probability):
    joint = probability.prod(axis=1)
    q = posterior_q_values(joint)
    assert ((q >= 0) & (q <= 1)).all()
    assert (np.diff(q[np.argsort(-joint, kind="stable")]) >= -1e-12).all()
    floors = np.linspace(0.05, 0.95, 10)
    n, fdr = floor_rule(probability, floors)
    assert (np.diff(n) <= 0).all()
    assert (np.diff(fdr) <= 1e-12).all()
    for threshold in (0.3, 0.9):
        n_loci, rate = unknown_number_of_loci(probability, threshold=threshold)
        assert ((n_loci >= 0) & (n_loci <= probability.shape[1])).all()
        assert 0 <= rate <= 1 - threshold + 1e-12


@given(neglog10_p=hnp.arrays(float, st.integers(0, 40), elements=st.floats(0, 400)), data=st.data())
@many
def test_fdr_of_recorded_tests(neglog10_p, data):
    n_tests = len(neglog10_p) + data.draw(st.integers(0, 1000))
    fdr = recorded_fdr(neglog10_p, n_tests=n_tests)
    assert ((fdr > 0) & (fdr <= 1)).all()
    assert (np.diff(fdr[np.argsort(-neglog10_p, kind="stable")]) >= 0).all()


@given(
    observed=hnp.arrays(float, st.integers(2, 60), elements=st.floats(1e-3, 1e3)),
    null=hnp.arrays(
        float, st.tuples(st.integers(2, 30), st.just(2)), elements=st.floats(1e-3, 1e3)
    ),
    pi0=st.floats(0.01, 1),
)
@many
def test_posterior_probabilities(observed, null, pi0):
    ratio = fit_density_ratio(observed, null)
    probability = posterior_linked(observed, ratio, pi0=pi0)
    assert ((probability >= 0) & (probability <= 1)).all()
    assert (np.diff(probability[np.argsort(observed)]) >= 0).all()
    assert (posterior_linked(observed, ratio, pi0=pi0 / 2) >= probability).all()
