"""Power against simulation of whole scans and searches."""

import numpy as np
import pytest
from scipy import stats

from crossmap import joint_linkage, simulate_cross
from crossmap.architecture.linkage_rules import probability_of_f
from crossmap.architecture.linkage_table import r2_of_p
from crossmap.architecture.power import detection_bound, detection_probability, pair_power, power
from crossmap.errors import ArgumentError
from crossmap.trait_model import TraitModel


@pytest.mark.parametrize("n", [20, 50, 112, 400])
@pytest.mark.parametrize("v", [0.05, 0.15, 0.3])
def test_power_of_one_locus_is_what_simulation_gives(n, v):
    rng = np.random.default_rng([n, int(100 * v)])
    n_draws = 4000
    x = rng.integers(0, 2, (n_draws, n)) * 2.0 - 1
    y = np.sqrt(v) * x + np.sqrt(1 - v) * rng.normal(size=(n_draws, n))
    x -= x.mean(axis=1, keepdims=True)
    y -= y.mean(axis=1, keepdims=True)
    r2 = (x * y).sum(axis=1) ** 2 / ((x**2).sum(axis=1) * (y**2).sum(axis=1))
    threshold = 1e-3
    found = (r2 >= r2_of_p(threshold, n)).mean()
    expected = float(detection_probability(np.array(v), n, threshold=threshold))
    # Genotypes are not always equally frequent: a small bias at few samples.
    assert abs(found - expected) < 4 * np.sqrt(expected * (1 - expected) / n_draws) + 0.3 / n


def test_power_of_strong_loci_is_a_number():
    """Where the noncentrality is large; 25-digit quadrature over the residual variance."""
    found = detection_probability(np.array([0.999, 0.97, 0.5]), np.array([5, 50, 1368]),
                                  threshold=1e-6)  # fmt: skip
    np.testing.assert_allclose(found, [0.12865432352359024, 1.0, 1.0], rtol=1e-9)
    # The limit taken over at a noncentrality of 1e5 meets the exact one.
    for n, threshold in ((4, 5e-6), (5, 1e-7)):
        share = np.linspace(0.99, 1.01, 41) * 1e5 / (n - 1)
        power = detection_probability(share / (1 + share), n, threshold=threshold)
        assert 0.1 < power[0] < power[-1] < 0.9
        assert np.diff(power).min() > 0
        assert np.diff(power).max() < 1.5 * np.median(np.diff(power))
    assert np.isfinite(detection_probability(np.array([1 - 1e-12]), 10**6, threshold=1e-9)).all()


def test_the_table_and_the_samples_needed():
    table = power(112, variance_share=(0.0, 0.05, 0.2), threshold=1e-4, target=0.9)
    assert table["power"][0] == pytest.approx(1e-4)
    assert np.isnan(table["n_needed"][0])
    for row in table.iloc[1:].itertuples():
        n = int(row.n_needed)
        enough, short = detection_probability(
            np.array([row.variance_share] * 2), np.array([n, n - 1]), threshold=1e-4
        )
        assert enough >= 0.9 > short
    cross = simulate_cross(n_samples=50, n_traits=2, n_markers=20).cross
    assert power(cross)["n_samples"].tolist() == [50] * 8


@pytest.fixture(scope="module", params=["common", "cell"])
def joint(request):
    cross = simulate_cross(n_samples=112, n_traits=500, n_markers=300, seed=4).cross
    return joint_linkage(cross, n_perm=5, variance=request.param)


def left_over(y, group):
    """Residual sum of squares of every row about the means of its groups."""
    out = (y**2).sum(axis=1)
    for g in range(group.max() + 1):
        inside = group == g
        out -= (y * inside).sum(axis=1) ** 2 / np.maximum(inside.sum(axis=1), 1)
    return out


def scaled_f(y, first, second):
    """F of the second locus, every genotype of the first with a variance of its own."""
    n, gain = y.shape[1], 0.0
    for g in (0, 1):
        inside = first == g
        m = inside.sum(axis=1)
        before = left_over(np.where(inside, y, 0.0), np.where(inside, 0, 1))
        after = left_over(np.where(inside, y, 0.0), np.where(inside, second, 2))
        gain = gain + (m - 1) * (before - after) / before
    return gain / 2 / ((n - 2 - gain) / (n - 4))


@pytest.mark.parametrize(
    ("first", "second", "both"),
    [(0.25, 0.12, 0.0), (0.2, 0.1, 0.0), (0.1, 0.1, 0.0), (0.15, 0.02, 0.2)],
)
def test_power_of_a_pair_is_what_simulated_traits_of_two_loci_give(joint, first, second, both):
    n, n_draws = 112, 4000
    rng = np.random.default_rng([int(100 * first), int(100 * second)])
    a, b = rng.integers(0, 2, (2, n_draws, n))
    u, v = 2 * a - 1, 2 * b - 1
    y = np.sqrt(first) * u + np.sqrt(second) * v + np.sqrt(both) * u * v
    y = y + np.sqrt(1 - first - second - both) * rng.normal(size=(n_draws, n))
    none, full = left_over(y, 0 * a), left_over(y, 2 * a + b)
    by_a, by_b = left_over(y, a), left_over(y, b)
    one = np.minimum(by_a, by_b)
    f1, f2 = (none - one) / (one / (n - 2)), (one - full) / 2 / (full / (n - 4))
    if joint.search.options.variance == "cell":
        is_a = (by_a <= by_b)[:, None]
        f2 = scaled_f(y, np.where(is_a, a, b), np.where(is_a, b, a))
    p = probability_of_f(f1, 1, n - 2, joint.significance[0]) * probability_of_f(
        f2, 2, n - 4, joint.significance[1]
    )
    found = (p >= joint.joint_prob[joint.is_called(0.10)].min()).mean()
    table = pair_power(joint, variance_share=(second, first), interaction_share=both)
    row = table[(table["variance_share1"] == first) & (table["variance_share2"] == second)].iloc[0]
    error = np.sqrt(found * (1 - found) / n_draws + row["se_both"] ** 2)
    # Genotypes are not always equally frequent: a small bias besides.
    assert abs(found - row["power_both"]) < 4 * error + 0.01
    assert row["power_first"] >= row["power_both"]


def test_traits_of_many_loci_are_told_from_traits_of_few():
    n_traits = 300
    rng = np.random.default_rng(2)
    for n_loci in (1, 4):
        v = 0.6 / n_loci
        power_ = float(detection_probability(np.array(v), 112, threshold=1e-5))
        found = rng.binomial(n_loci, power_, n_traits)
        table = detection_bound(np.full(n_traits, 0.6), found, n_samples=112)
        smallest = int((~table["excluded"]).idxmax()) + 1
        assert smallest <= n_loci <= smallest + 1
        row = table.iloc[n_loci - 1]
        assert row["expected_traits"] == pytest.approx(n_traits * (1 - (1 - power_) ** n_loci))
        assert row["expected_linkages"] == pytest.approx(n_traits * n_loci * power_)


def test_p_values_and_shares_are_two_sides():
    for n in (30, 112, 900):
        for p in (0.5, 1e-5, 1e-30):
            r2 = r2_of_p(p, n)
            assert stats.f.sf(r2 / (1 - r2) * (n - 2), 1, n - 2) == pytest.approx(p, rel=1e-6)


def test_what_is_refused():
    with pytest.raises(ArgumentError, match="variance_share: expected shares"):
        power(112, variance_share=(1.0,))
    with pytest.raises(ArgumentError, match="n_samples: expected"):
        power(2)
    with pytest.raises(ArgumentError, match="target: expected"):
        power(112, target=1.0)
    cross = simulate_cross(n_samples=60, n_traits=120, n_markers=60,
                           trait_model=TraitModel()).cross  # fmt: skip
    joint = joint_linkage(cross, n_perm=2, model="additive")
    with pytest.raises(ArgumentError, match="joint: expected an analysis of two loci, full model"):
        pair_power(joint)
    with pytest.raises(ArgumentError, match="leave some variance unexplained"):
        pair_power(joint_linkage(cross, n_perm=2), variance_share=(0.5,))
    with pytest.raises(ArgumentError, match="n_detected: expected shape"):
        detection_bound(np.ones(3), np.ones(2), n_samples=112)
