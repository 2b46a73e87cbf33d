"""Claims beside the truth, in words."""

import math

from crossmap.io.truth import truth_table
from crossmap.report.truth import describe_score, describe_truth, n_traits_by_n_loci
from crossmap.scoring import Score

NAN = math.nan
SCORE = Score(
    n_claims=1200, n_true=1080, n_findable=2000, fdr=0.1, fdr_se=0.0087, fdr_linked=0.07,
    power=0.54, locus_fdr=(0.01, 0.09), median_error_cm=2.44, within_cm=20.0,
)  # fmt: skip


def words(score, **options):
    return " ".join(describe_score(score, fdr=0.1, **options).split())


def test_claims_are_compared_with_the_truth():
    assert words(SCORE) == (
        "The cross is simulated, so the truth is known. Of 1,200 traits called 1,080 name 2 loci "
        "that are true (within 20 cM): the realised false discovery rate is 10% (standard "
        "error 0.87%), where at most 10% was asked for. Of 2,000 traits with 2 true loci or "
        "more 54% were found. True loci are named 2.4 cM from their place (median)."
    )


def test_no_claims_and_no_true_claims():
    nothing = Score(0, 0, 5, 0.0, NAN, 0.0, 0.0, (NAN, NAN), NAN, 20.0)
    assert words(nothing).endswith(
        "Nothing was called. Of 5 traits with 2 true loci or more 0% were found."
    )
    false = Score(2, 0, 0, 1.0, 0.0, 1.0, NAN, (1.0, 1.0), NAN, 20.0)
    text = words(false)
    assert "realised false discovery rate is 100%, where" in text
    assert text.endswith("No trait has 2 true loci.")
    assert "nan" not in text


def test_truth_is_counted_by_number_of_loci():
    row = ("1", 5.0, 5.0, "scattered", "additive", 1.0, 0.0, 0.2)
    none = (None, NAN, NAN, None, "none", NAN, NAN, NAN)
    truth = truth_table([("a", 2, 1, *row), ("a", 2, 2, *row), ("b", 0, 0, *none)])
    assert n_traits_by_n_loci(truth) == [1, 0, 1]
    assert describe_truth(truth) == "Traits by true loci: 0 loci 1, 1 locus 0, 2 loci 1."
