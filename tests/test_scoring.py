import itertools
import re

import numpy as np
import pandas as pd
import pytest

from crossmap.errors import ArgumentError, DataError
from crossmap.pipeline.joint import joint_linkage
from crossmap.scoring import Score, score, score_joint
from crossmap.simulate import simulate_cross

# Trait a: two loci; b: two on one chromosome, 30 cM apart; c: three; d: one; e: none.
TRUTH = pd.DataFrame(
    [
        ("a", 1, "1", 100.0),
        ("a", 2, "2", 50.0),
        ("b", 1, "3", 40.0),
        ("b", 2, "3", 70.0),
        ("c", 1, "1", 10.0),
        ("c", 2, "4", 20.0),
        ("c", 3, "5", 30.0),
        ("d", 1, "7", 5.0),
        ("e", 0, None, np.nan),
    ],
    columns=["trait", "locus", "chr", "pos_cm"],
)


def claim(*rows):
    """Rows (trait, chr1, pos1, chr2, pos2, ...) as a table of claims."""
    n = (len(rows[0]) - 1) // 2
    columns = ["trait", *(c for i in range(1, n + 1) for c in (f"chr{i}", f"pos{i}_cm"))]
    return pd.DataFrame(list(rows), columns=columns)


@pytest.mark.parametrize(
    ("row", "is_true"),
    [
        (("a", "1", 100.0, "2", 50.0), [True, True]),
        (("a", "2", 50.0, "1", 100.0), [True, True]),  # the order does not matter
        (("a", "1", 120.0, "2", 30.0), [True, True]),  # 20 cM is near enough
        (("a", "1", 120.5, "2", 50.0), [False, True]),
        (("a", "2", 100.0, "2", 50.0), [False, True]),  # right place, wrong chromosome
        (("a", "1", 99.0, "1", 101.5), [True, False]),  # one locus named twice: the nearer counts
        (("a", "1", 101.5, "1", 99.0), [False, True]),
        (("b", "3", 54.0, "3", 56.0), [True, True]),  # both near both; distinct matches exist
        (("b", "3", 56.0, "3", 54.0), [True, True]),
        (("b", "3", 56.0, "3", 75.0), [True, True]),  # the nearest match would leave one out
        (("b", "3", 71.0, "3", 69.5), [False, True]),
        (("c", "5", 30.0, "1", 10.0), [True, True]),
        (("d", "7", 5.0, "7", 5.0), [True, False]),
        (("d", "7", 5.0, "1", 5.0), [True, False]),
        (("e", "1", 5.0, "2", 5.0), [False, False]),
    ],
)
def test_one_claim_by_hand(row, is_true):
    score = score_joint(claim(row), TRUTH)
    assert score.locus_fdr == tuple(float(not t) for t in is_true)
    assert score.n_claims == 1
    assert score.n_true == int(all(is_true))
    assert score.fdr == 1.0 - score.n_true
    assert score.n_findable == 3
    assert score.power == pytest.approx(score.n_true / 3)


def test_a_table_by_hand():
    claims = claim(
        ("a", "1", 103.0, "2", 50.0),  # true; errors 3 and 0
        ("b", "3", 40.0, "3", 41.0),  # locus 1 twice; error 0
        ("c", "4", 25.0, "5", 29.0),  # true; errors 5 and 1
        ("e", "1", 1.0, "2", 2.0),  # nothing there
    )
    score = score_joint(claims, TRUTH)
    assert score == Score(
        n_claims=4,
        n_true=2,
        n_findable=3,
        fdr=0.5,
        fdr_se=0.25,
        fdr_linked=0.25,  # the trait named on chromosome 3 twice has two loci there
        power=2 / 3,
        locus_fdr=(0.25, 0.5),
        median_error_cm=1.0,
        within_cm=20.0,
    )
    frame = score.to_frame()
    assert frame.shape == (1, 11)
    assert frame["locus_fdr2"].tolist() == [0.5]


def test_near_enough_is_an_option():
    claims = claim(("a", "1", 103.0, "2", 50.0))
    assert score_joint(claims, TRUTH, within_cm=2.9).n_true == 0
    assert score_joint(claims, TRUTH, within_cm=3).n_true == 1
    assert score_joint(claim(("a", "1", 100.0, "2", 50.0)), TRUTH, within_cm=0).n_true == 1


def test_an_earlier_claim_takes_its_locus():
    claims = claim(("a", "1", 90.0), ("a", "1", 100.0), ("d", "7", 5.0), ("a", "2", 50.0))
    score = score_joint(claims, TRUTH)
    assert (score.n_claims, score.n_true, score.fdr) == (4, 3, 0.25)
    # Traits, not claims, are found: a and d of a, b, c, d.
    assert (score.n_findable, score.power) == (4, 0.5)
    assert score.median_error_cm == 0.0


def test_a_locus_that_is_not_claimed_is_not_judged():
    claims = claim(("a", "1", 100.0, "2", 50.0), ("c", "1", 10.0, None, np.nan))
    score = score_joint(claims, TRUTH)
    assert score.n_true == 2
    assert score.locus_fdr == (0.0, 0.0)
    # The claim of one locus does not find the pair.
    assert score.power == pytest.approx(1 / 3)


def test_a_table_of_joint_linkages_is_taken_as_it_is():
    table = pd.DataFrame(
        {
            "trait": ["a"], "locus1": ["m1"], "chr1": ["1"], "start1_bp": [1.0], "end1_bp": [2.0],
            "start1_cm": [110.0], "end1_cm": [128.0], "chr2": ["2"], "start2_cm": [50.0],
            "end2_cm": [92.0], "q_value": [0.01],
        }
    )  # fmt: skip
    score = score_joint(table, TRUTH)
    assert score.locus_fdr == (0.0, 1.0)
    assert score.median_error_cm == 19.0


def test_no_claims():
    score = score_joint(claim(("a", "1", 1.0, "2", 2.0)).iloc[:0], TRUTH)
    assert (score.n_claims, score.n_true, score.fdr, score.power) == (0, 0, 0.0, 0.0)
    assert np.isnan([score.fdr_se, score.median_error_cm, *score.locus_fdr]).all()
    assert np.isnan(score_joint(claim(("e", "1", 1.0)), TRUTH[TRUTH["trait"] == "e"]).power)


def test_numbers_as_chromosome_names_do_not_matter():
    claims = claim(("a", 1, 100, 2, 50))
    assert score_joint(claims, TRUTH).n_true == 1


def test_matching_is_the_best_of_all():
    rng = np.random.default_rng(1)
    for _ in range(200):
        places = rng.uniform(0, 60, 6)
        truth = pd.DataFrame({"trait": "t", "locus": [1, 2, 3], "chr": "1", "pos_cm": places[:3]})
        row = ("t", *(x for p in places[3:] for x in ("1", p)))
        score = score_joint(claim(row), truth, within_cm=10)
        n_best = max(
            sum(abs(a - b) <= 10 for a, b in zip(places[3:], order, strict=True))
            for order in itertools.permutations(places[:3])
        )
        assert 3 - sum(score.locus_fdr) == n_best


@pytest.mark.parametrize(
    ("claims", "kind", "message"),
    [
        (claim(("z", "1", 1.0)), DataError, "expected traits that the truth knows, found 'z'"),
        (claim(("a", None, np.nan)), DataError, "trait a: expected at least one locus, found none"),
        (claim(("a", "1", np.nan)), DataError, "trait a: expected chromosome and position"),
        (claim(("a", None, 1.0)), DataError, "trait a: expected chromosome and position"),
        (pd.DataFrame({"trait": ["a"]}), ArgumentError, "expected columns trait, chr1, pos1_cm"),
        (pd.DataFrame({"chr1": ["1"], "pos1_cm": [1.0]}), ArgumentError, "expected columns trait"),
        (pd.DataFrame({"trait": ["a"], "chr1": ["1"]}), ArgumentError, "found trait, chr1"),
    ],
)
def test_claims_that_cannot_be_judged_are_refused(claims, kind, message):
    with pytest.raises(kind, match=message):
        score_joint(claims, TRUTH)


@pytest.mark.parametrize("within_cm", [-1.0, float("nan")])
def test_a_negative_distance_is_refused(within_cm):
    with pytest.raises(ArgumentError, match="within_cm: expected 0 or more"):
        score_joint(claim(("a", "1", 1.0)), TRUTH, within_cm=within_cm)


def test_scores_at_nominal_rates():
    claims = pd.DataFrame(
        {
            "trait": ["a", "a", "d", "e"], "chr": ["1", "1", "7", "1"],
            "pos_cm": [101.0, 99.0, 6.0, 5.0], "fdr": [0.01, 0.02, 0.05, 0.2],
        }
    )  # fmt: skip
    found = score(claims, TRUTH, levels=(0.01, 0.05, 0.2))
    table = found.to_frame()
    assert table["nominal_fdr"].tolist() == [0.01, 0.05, 0.2]
    assert table["n_claims"].tolist() == [1, 3, 4]
    assert table["n_true"].tolist() == [1, 2, 2]  # the second claim names a's locus again
    assert found.reliability is None
    merged = score(claims, TRUTH, levels=(0.05,), repeats="merged").to_frame()
    assert merged[["n_claims", "n_true"]].to_numpy().tolist() == [[2, 2]]
    # Without a rate all claims are taken.
    unrated = score(claims.drop(columns="fdr"), TRUTH).to_frame()
    assert unrated["n_claims"].tolist() == [4]
    assert np.isnan(unrated["nominal_fdr"][0])


def test_scores_of_a_joint_analysis_equal_those_of_its_calls():
    made = simulate_cross(n_traits=300, n_markers=300, seed=2)
    joint = joint_linkage(made.cross, n_perm=2)
    found = score(joint.to_frame(), made.truth)
    for level, one in zip(found.levels, found.scores, strict=True):
        assert one == score_joint(joint.called(level), made.truth)
    table = found.reliability
    assert table["n"].sum() == 300
    prob = np.sort(joint.joint_prob)
    in_top = prob >= 0.9
    assert table["n"].iloc[-1] == in_top.sum() > 10
    assert table["joint_prob"].iloc[-1] == pytest.approx(prob[in_top].mean())
    everything = score_joint(joint.to_frame(), made.truth)
    assert (table["share_true"] * table["n"]).sum() == pytest.approx(everything.n_true)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"levels": (1.5,)}, "levels: expected a number from 0 to 1, found 1.5"),
        ({"repeats": "kept"}, "repeats: expected false or merged, found 'kept'"),
        ({"within_cm": -1.0}, "within_cm: expected"),
    ],
)
def test_scores_that_cannot_be_made_are_refused(options, message):
    with pytest.raises(ArgumentError, match=message):
        score(claim(("a", "1", 1.0)), TRUTH, **options)


def test_claims_of_pairs_cannot_be_merged():
    with pytest.raises(ArgumentError, match="repeats: expected false for claims of several loci"):
        score(claim(("a", "1", 1.0, "2", 2.0)), TRUTH, repeats="merged")


def test_chromosomes_named_unlike_those_of_the_truth_are_refused():
    strange = pd.DataFrame({"trait": ["a", "d"], "chr": ["chr1", "chr7"], "pos_cm": [1.0, 5.0]})
    message = (
        "claims: expected chromosomes of the truth (1, 2, 3, 4, 5, 7), found only others "
        "(chr1, chr7)"
    )
    with pytest.raises(DataError, match=re.escape(message)):
        score(strange, TRUTH)
    # One that the truth does not name may have no true locus; nor is there any without loci.
    mixed = strange.assign(chr=["6", "7"])
    assert [one.n_true for one in score(mixed, TRUTH).scores] == [1]
    assert score(strange, TRUTH.assign(locus=0)).scores[0].n_claims == 2
