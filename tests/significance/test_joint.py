import numpy as np
import pandas as pd
import pytest
from naive import significance as naive

from crossmap.pipeline.joint import joint_linkage
from crossmap.significance.density_ratio import fit_density_ratio
from crossmap.significance.joint import joint_significance, stage_significance
from crossmap.significance.pi0 import CUTS, pi0_at_cuts, smoothing_spline
from crossmap.simulate import simulate_cross
from crossmap.trait_model import TraitModel


@pytest.fixture(scope="module")
def cross():
    model = TraitModel(n_loci_shares=(0.3, 0.2, 0.5), variance_share=(0.2, 0.4))
    return simulate_cross(
        n_samples=90, n_traits=160, n_markers=120, trait_model=model, seed=5
    ).cross


@pytest.fixture(scope="module", params=["full", "additive"])
def joint(request, cross):
    return joint_linkage(cross, n_loci=2, n_perm=3, model=request.param, seed=2)


def test_probabilities_q_values_and_rates_equal_their_definitions(joint):
    product = np.ones(160)
    for stage, sure in zip(joint.search.stages, joint.significance, strict=True):
        p = naive.pooled_p(stage.f, stage.f_null)
        np.testing.assert_allclose(sure.p_value, p, rtol=1e-12)
        ratio = fit_density_ratio(stage.f, stage.f_null)
        expected = naive.posterior(stage.f, ratio, sure.pi0)
        np.testing.assert_allclose(sure.probability, expected, rtol=1e-10, atol=1e-14)
        product = product * expected
    np.testing.assert_allclose(joint.joint_prob, product, rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(joint.q_value, naive.posterior_q(product), rtol=1e-10, atol=1e-14)
    summary = joint.summary(0.10)
    called = joint.is_called(0.10)
    assert summary["n_called"] == called.sum() > 5
    assert summary["threshold"] == joint.joint_prob[called].min()
    missed = 1 - joint.probability[called]
    np.testing.assert_allclose(summary["locus_fdr"], missed.mean(axis=0), rtol=1e-10)
    assert summary["expected_joint"] == pytest.approx(product.sum(), rel=1e-10)
    np.testing.assert_allclose(summary["expected_share"], joint.probability.mean(axis=0))
    assert min(summary["expected_share"]) >= summary["expected_joint"] / len(product)
    assert np.mean(1 - joint.joint_prob[called]) <= 0.10


@pytest.mark.parametrize("model", ["full", "additive"])
def test_the_weighted_posterior_equals_its_definition(model):
    traits = TraitModel(n_loci_shares=(0.3, 0.2, 0.5), variance_share=(0.2, 0.4))
    made = simulate_cross(n_samples=90, n_traits=320, n_markers=80, trait_model=traits, seed=6)
    joint = joint_linkage(made.cross, n_loci=2, n_perm=2, model=model, seed=2)
    search = joint.search
    table = pd.DataFrame(
        {"chr": None, "start_bp": np.nan, "end_bp": np.nan}, index=range(len(search.traits))
    )
    weighted = joint_significance(search, trait_table=table, posterior="weighted")
    first, second = weighted.significance
    assert first.probability.tobytes() == joint.significance[0].probability.tobytes()
    weight, stage = first.probability, search.stages[1]
    p = naive.weighted_p(stage.f, stage.f_null, weight)
    np.testing.assert_allclose(second.p_value, p, rtol=1e-9)
    at_cuts = [naive.weighted_pi0_at(p, weight, a) for a in CUTS]
    np.testing.assert_allclose(pi0_at_cuts(p, np.array(CUTS), weight=weight), at_cuts, rtol=1e-9)
    expected = smoothing_spline(np.array(CUTS), np.array(at_cuts), df=3.0)[-1]
    assert second.pi0 == pytest.approx(min(expected, 1.0), rel=1e-9)
    # The density ratio is that of data in which every item is repeated as often as it weighs.
    times = np.round(weight * 4).astype(int)
    repeated = fit_density_ratio(np.repeat(stage.f, times), np.repeat(stage.f_null, times, axis=0))
    whole = fit_density_ratio(stage.f, stage.f_null, weight=times.astype(float))
    at = np.linspace(0.5, 60, 40)
    np.testing.assert_allclose(whole(at), repeated(at), rtol=1e-5)
    product = weight * naive.posterior(stage.f, second.ratio, second.pi0)
    np.testing.assert_allclose(weighted.joint_prob, product, rtol=1e-10, atol=1e-14)


def test_weights_of_one_change_nothing(joint):
    stage = joint.search.stages[1]
    plain = stage_significance(stage, pi0_method="smoother")
    ones = stage_significance(stage, pi0_method="smoother", weight=np.ones(len(stage.f)))
    assert plain.probability.tobytes() == ones.probability.tobytes()
    assert plain.p_value.tobytes() == ones.p_value.tobytes()
    nothing = stage_significance(stage, pi0_method="smoother", weight=np.zeros(len(stage.f)))
    assert (nothing.pi0, nothing.probability.max()) == (1.0, 0.0)


def test_other_rules_equal_their_definitions(joint):
    table = joint.other_rules().set_index(["rule", "threshold"])
    thresholds = np.arange(50, 100) / 100
    n, fdr = naive.floor_rule(joint.probability.tolist(), thresholds.tolist())
    np.testing.assert_array_equal(table.loc["floor", "n_called"], n)
    np.testing.assert_allclose(table.loc["floor", "fdr"], fdr, rtol=1e-10, atol=1e-14)
    n_loci, fdr = naive.unknown_number(joint.probability.tolist(), 0.9)
    np.testing.assert_array_equal(joint.n_linked_loci(0.9), n_loci)
    assert table.loc[("unknown_number", 0.9), "n_called"] == (n_loci > 0).sum()
    assert table.loc[("unknown_number", 0.9), "fdr"] == pytest.approx(fdr, rel=1e-10)


def test_pair_r2_and_local_are_what_they_say(cross, joint):
    loci = joint.search.loci
    table = joint.to_frame()
    genes = cross.trait_table
    for t in range(0, 160, 7):
        a, b = joint.search.locus[t]
        r = np.corrcoef(loci.genotypes[a], loci.genotypes[b])[0, 1]
        assert table["pair_r2"][t] == pytest.approx(r**2, rel=1e-9)
        local = 0
        for number, locus in ((2, b), (1, a)):
            low, high = sorted((genes["start_bp"][t], genes["end_bp"][t]))
            gap = max(low - loci.end_bp[locus], loci.start_bp[locus] - high, 0)
            if loci.chr[locus] == genes["chr"][t] and gap <= 10_000:
                local = number
        assert table["local"][t] == local


def test_different_degrees_of_freedom_are_pooled_on_the_p_value():
    """Three loci of 36 samples leave small cells whole for some traits and not for others."""
    cross = simulate_cross(n_samples=36, n_traits=160, n_markers=120, seed=5).cross
    joint = joint_linkage(cross, n_loci=3, n_perm=2, seed=2)
    third = joint.search.stages[2]
    assert len(set(third.df1[third.eligible])) > 1
    assert joint.significance[2].evidence_name == "-log10 p"
    assert joint.significance[1].evidence_name == "F"
    assert ((joint.probability >= 0) & (joint.probability <= 1)).all()


@pytest.mark.filterwarnings("ignore::crossmap.errors.CrossmapWarning")
@pytest.mark.parametrize(("n_traits", "n_perm"), [(1, 5), (1, 100), (2, 100), (10, 5)])
def test_of_few_traits_without_a_locus_hardly_any_is_called(n_traits, n_perm):
    """Of 20 crosses 3 or more with a call: below 1% if one in fifty had one."""
    model = TraitModel(n_loci_shares=(1.0, 0.0, 0.0, 0.0))
    n_calls = 0
    for seed in range(20):
        cross = simulate_cross(
            n_samples=100, n_traits=n_traits, n_markers=200, seed=seed, trait_model=model,
            n_parent_replicates=0,
        ).cross  # fmt: skip
        n_calls += len(joint_linkage(cross, n_perm=n_perm).called(0.10)) > 0
    assert n_calls < 3
