"""What must hold of every public analysis whatever the data: invariances, ranges, monotony."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import crossmap
from crossmap.cross import make_cross
from crossmap.errors import CrossmapError
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
few = settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
many = settings(max_examples=60, deadline=None)

shares = st.floats(0, 1)
p_values = hnp.arrays(float, st.integers(1, 60), elements=shares)
positive = st.floats(1e-3, 1e3)
statistics = st.floats(0, 1e6) | st.just(np.nan)


@st.composite
def crosses(draw):
    """A small cross: some loci linked, some traits with loci, some constant or tied."""
    n = draw(st.integers(10, 36))
    n_markers = draw(st.integers(3, 10))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    chromosome = np.sort(rng.integers(0, 3, n_markers))
    genotypes = (rng.random((n_markers, n)) < draw(st.floats(0.3, 0.7))).astype(np.int8)
    for m in range(1, n_markers):
        if chromosome[m] == chromosome[m - 1]:
            genotypes[m] = genotypes[m - 1] ^ (rng.random(n) < 0.2)
    a, b = genotypes[0], genotypes[-1]
    traits = np.round(
        [
            rng.normal(size=n),
            rng.normal(size=n) + 2.0 * a,
            rng.normal(size=n) + 1.5 * a * b,
            rng.integers(0, 4, n),
        ],
        3,
    )
    return make_cross(
        crosstype="haploid",
        genotype_names=("A", "B"),
        samples=[f"s{k:02d}" for k in range(n)],
        markers=pd.DataFrame(
            {
                "marker": [f"m{m:02d}" for m in range(n_markers)],
                "chr": [str(c) for c in chromosome],
                "pos_bp": np.arange(n_markers) * 1000.0,
                "pos_cm": np.arange(n_markers) * 10.0,
            }
        ),
        genotypes=genotypes,
        trait_names=[f"t{t}" for t in range(len(traits))],
        traits=traits,
    )


def swapped(cross):
    """The two genotypes called by each other's name."""
    return replace(cross, genotypes=(1 - cross.genotypes).astype(np.int8))


def rescaled(cross):
    return replace(cross, traits=cross.traits * 4.0 + 32.0)  # exact in binary


ANALYSES = {
    "scan1": lambda cross: crossmap.scan1(cross, threshold=1.0).to_frame(),
    "joint_linkage": lambda cross: crossmap.joint_linkage(cross, n_perm=2).to_frame(),
    "joint_linkage, weighted": lambda cross: crossmap.joint_linkage(
        cross, n_perm=2, posterior="weighted"
    ).to_frame(),
    "scan2": lambda cross: crossmap.scan2(cross, n_perm=2, same_chromosome=True).to_frame(),
    "permute_scan1": lambda cross: crossmap.permute_scan1(cross, n_perm=20).to_frame(),
    "trait_surface": lambda cross: crossmap.trait_surface(cross, "t1").to_frame(),
}
IN_UNITS_OF_THE_TRAIT = ("beta", "se", "effect")
WITH_SIGN = ("beta", "statistic", "t")


def outcome(analysis, cross):
    """The table, or the kind of error: a cross may be too small for an analysis."""
    try:
        return ANALYSES[analysis](cross)
    except CrossmapError as error:
        return type(error)


def assert_alike(one, other, *, but=(), unsigned=()):
    if isinstance(one, type) or isinstance(other, type):
        assert one is other
        return
    assert list(one.columns) == list(other.columns)
    for column in one.columns:
        a, b = one[column].to_numpy(), other[column].to_numpy()
        if column in but:
            continue
        if a.dtype.kind == "f":
            a, b = (np.abs(a), np.abs(b)) if column in unsigned else (a, b)
            # The smoothness of a density ratio is chosen to 0.1%: of four traits that shows.
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-9, err_msg=column)
        else:
            assert list(a) == list(b), column


@pytest.mark.parametrize("analysis", ANALYSES)
@given(cross=crosses())
@few
def test_units_of_a_trait_change_nothing_but_effects(analysis, cross):
    assert_alike(
        outcome(analysis, cross), outcome(analysis, rescaled(cross)), but=IN_UNITS_OF_THE_TRAIT
    )


@pytest.mark.parametrize("analysis", ANALYSES)
@given(cross=crosses())
@few
def test_names_of_the_genotypes_change_nothing_but_signs(analysis, cross):
    assert_alike(outcome(analysis, cross), outcome(analysis, swapped(cross)), unsigned=WITH_SIGN)


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


@given(
    n_samples=st.integers(1, 12), n_traits=st.integers(1, 8), n_markers=st.integers(1, 20),
    errors=st.floats(0, 0.5), backcrosses=st.integers(0, 2), seed=st.integers(0, 1000),
)  # fmt: skip
@few
def test_simulated_crosses_are_whole(n_samples, n_traits, n_markers, errors, backcrosses, seed):
    made = crossmap.simulate_cross(
        n_samples=n_samples, n_traits=n_traits, n_markers=n_markers, genotype_error=errors,
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
