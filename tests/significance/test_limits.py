"""Runs whose error rates cannot be relied on say so, and others do not."""

import numpy as np
import pytest

from crossmap import joint_linkage
from crossmap.errors import CrossmapWarning
from crossmap.scenarios import SCENARIOS
from crossmap.significance.limits import linked_pairs_limit, pi0_spread
from crossmap.simulate import simulate_cross


def test_unequal_variances_are_told_where_they_are_held_common():
    cross = SCENARIOS["variance-1-4"].simulate(seed=1).cross
    with pytest.warns(CrossmapWarning, match="variance differs twofold between genotypes") as seen:
        joint = joint_linkage(cross, variance="common")
    assert len(seen) == len(joint.limits) == 1
    assert joint.summary()["limits"] == list(joint.limits)
    assert joint_linkage(cross).limits == ()


@pytest.mark.parametrize("scenario", ["plain", "correlated-traits", "heavy-tails", "batch"])
def test_the_default_has_nothing_to_say_of_ordinary_crosses(scenario):
    assert joint_linkage(SCENARIOS[scenario].simulate(seed=2).cross).limits == ()


def test_cells_too_small_for_a_second_locus_are_told():
    cross = simulate_cross(n_samples=12, n_traits=150, n_markers=60, seed=1).cross
    with pytest.warns(CrossmapWarning):  # few p-values are left, too
        limits = joint_linkage(cross, min_cell=4, n_perm=1).limits
    assert "too small for a locus 2 of" in limits[0]
    assert "of 150 traits (min_cell 4); they cannot be called" in limits[0]


def test_many_linked_pairs_are_told():
    r2 = np.array([0.9] * 15 + [0.01] * 85)
    everything = np.ones(100, dtype=bool)
    assert "15 of 100 traits called name linked loci" in linked_pairs_limit(r2, everything)[0]
    assert linked_pairs_limit(r2[6:], everything[6:]) == ()  # too few
    assert linked_pairs_limit(np.r_[r2, np.full(100, np.nan)], np.ones(200, bool)) == ()
    assert linked_pairs_limit(r2, ~everything) == ()


def test_the_spread_of_pi0_is_larger_where_correlated_traits_go_together():
    rng = np.random.default_rng(3)
    block = np.repeat(np.arange(12), 60)
    values = rng.standard_normal((12, 100))[block] + 0.3 * rng.standard_normal((720, 100))
    p = np.where(block % 2, rng.random(720), 0.01 * rng.random(720))
    together, apart = pi0_spread(p, values), pi0_spread(rng.permutation(p), values)
    # Of 12 blocks half are null: a standard error of about sqrt(0.25 / 12) = 0.14.
    assert 0.1 < together < 0.25
    assert together > 1.5 * apart
    assert np.isnan(pi0_spread(np.full(50, 0.5), values[:50]))
