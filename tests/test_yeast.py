"""The published yeast analysis, from the raw files."""

import numpy as np
import pytest

from crossmap.errors import CrossmapWarning
from crossmap.genome import interval_gap_bp
from crossmap.pipeline.joint import AS_PUBLISHED, joint_linkage


@pytest.fixture(scope="module")
def published(yeast):
    """As published: common variance, nothing excluded; three seeds."""
    with pytest.warns(CrossmapWarning, match="variance differs twofold"):
        return [joint_linkage(yeast, n_perm=5, seed=seed, **AS_PUBLISHED) for seed in (1, 2, 3)]


def test_numbers_of_the_published_analysis(published):
    for result in published:
        s = result.summary(0.10)
        assert s["n_distinct_loci"] == 1226
        assert 0.13 <= s["pi0"][0] <= 0.18
        assert 0.56 <= s["pi0"][1] <= 0.63
        assert 2150 <= s["expected_joint"] <= 2400
        assert 140 <= s["n_called"] <= 205
        assert 0.81 <= s["threshold"] <= 0.87
        assert 60 <= s["prob_090"]["n"] <= 100
        assert 0.05 <= s["prob_090"]["fdr"] <= 0.08
        assert s["locus_fdr"][0] < 0.004


def test_cell_variance_calls_three_times_as_many(yeast):
    called = joint_linkage(yeast, exclude_r2=None, seed=1).is_called(0.10).sum()
    assert 480 <= called <= 590


@pytest.mark.slow
def test_a_hundred_permutations_settle_the_number_called(yeast):
    with pytest.warns(CrossmapWarning, match="variance differs twofold"):
        results = [joint_linkage(yeast, n_perm=100, seed=s, **AS_PUBLISHED) for s in (1, 2, 3)]
    called = [result.is_called(0.10).sum() for result in results]
    assert max(called) <= 1.05 * min(called)


def test_mating_type_pairs_with_gpa1(published):
    """MAT (chr 3, about 200 kb) with GPA1 (chr 8, about 113 kb): the paper's largest bin."""
    counts = []
    for result in published:
        called = result.called(0.10)
        hits = np.zeros(len(called), dtype=bool)
        for a, b in ((1, 2), (2, 1)):
            mat = near(called, a, "3", 200_000)
            gpa1 = near(called, b, "8", 113_000)
            hits |= mat & gpa1
        counts.append(int(hits.sum()))
    assert all(8 <= n <= 18 for n in counts), counts


def near(called, number, chromosome, place_bp, within_bp=50_000):
    gap = interval_gap_bp(
        called[f"start{number}_bp"], called[f"end{number}_bp"], place_bp, place_bp
    )
    return ((called[f"chr{number}"] == chromosome) & (gap <= within_bp)).to_numpy()


def test_a_trait_subset_keeps_its_first_stage(yeast, published):
    some = yeast.subset(traits=yeast.trait_names[::10])
    part = joint_linkage(some, seed=1)  # the first stage has one cell: its variance is common
    whole = published[0].search.stages[0]
    stage = part.search.stages[0]
    assert stage.f.tobytes() == whole.f[::10].tobytes()
    assert stage.f_null.tobytes() == np.ascontiguousarray(whole.f_null[::10]).tobytes()
