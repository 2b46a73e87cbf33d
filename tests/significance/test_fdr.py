import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from naive import significance as naive

from crossmap.errors import ArgumentError
from crossmap.significance.fdr import (
    floor_rule,
    pooled_p_values,
    posterior_q_values,
    q_values,
    unknown_number_of_loci,
)

probabilities = hnp.arrays(
    np.float64,
    st.tuples(st.integers(1, 12), st.integers(1, 3)),
    elements=st.sampled_from([0.0, 0.2, 0.5, 0.5, 0.9, 0.97, 1.0]),
)


@given(
    hnp.arrays(np.float64, st.integers(1, 20), elements=st.integers(0, 6)),
    hnp.arrays(np.float64, st.integers(1, 30), elements=st.integers(0, 6)),
)
def test_pooled_p_values_count_nulls_as_large(observed, null):
    observed[0] = np.nan
    np.testing.assert_array_equal(pooled_p_values(observed, null), naive.pooled_p(observed, null))


def test_pooled_p_values_leave_out_ineligible_nulls():
    null = np.array([[1.0, 5.0], [np.nan, np.nan]])
    assert pooled_p_values(np.array([2.0]), null)[0] == 0.5


def test_a_null_that_rounding_makes_smaller_counts_as_large():
    """Statistics of the same split of the samples are equal, whatever the unit of the trait."""
    observed, up = np.array([3.0, 7.0]), np.nextafter(1.0, 2.0)
    null = np.array([1.0, 3.0, 3.0, 7.0])
    expected = pooled_p_values(observed, null)
    for k in (1.0 / up, 1.0, up):
        np.testing.assert_array_equal(pooled_p_values(observed * k, null / k), expected)
    assert pooled_p_values(observed * (1 + 1e-6), null).tolist() == [0.25, 0.25]


def test_statistics_of_rounding_are_all_nothing():
    null = np.array([0.0, 3e-32, 2.0, 3.0])
    assert pooled_p_values(np.array([0.0, 3e-32, 1.0]), null).tolist() == [1.0, 1.0, 0.5]


def test_pooled_p_values_need_a_null():
    with pytest.raises(ArgumentError, match="null"):
        pooled_p_values(np.array([1.0]), np.array([np.nan]))


@pytest.mark.parametrize("method", ["smoother", "bootstrap"])
def test_q_values_equal_qvalue(reference, method):
    table = pd.read_csv(reference / "qvalue" / "qvalue_mix5000.tsv.gz", sep="\t")
    pi0 = pd.read_csv(reference / "qvalue" / "qvalue_pi0.tsv", sep="\t")[f"pi0_{method}"][0]
    got = q_values(table["p"].to_numpy(), pi0=pi0)
    np.testing.assert_allclose(got, table[f"qvalue_{method}"], rtol=1e-10)


@given(hnp.arrays(np.float64, st.integers(1, 20), elements=st.integers(0, 9)), st.booleans())
def test_q_values_equal_their_definition(p, missing):
    p = (p + 1) / 10
    if missing:
        p[0] = np.nan
    np.testing.assert_allclose(q_values(p, pi0=0.7), naive.q_values(p, 0.7), rtol=1e-12)


@given(probabilities)
def test_posterior_q_values_equal_their_definition(probability):
    joint = probability.prod(axis=1)
    q = posterior_q_values(joint)
    np.testing.assert_allclose(q, naive.posterior_q(joint), rtol=1e-10, atol=1e-14)
    assert (np.diff(q[np.argsort(-joint, kind="stable")]) >= -1e-15).all()


@given(probabilities)
def test_floor_rule_equals_its_definition(probability):
    floors = np.array([0.0, 0.3, 0.5, 0.9, 1.0])
    for got, expected in zip(
        floor_rule(probability, floors), naive.floor_rule(probability, floors), strict=True
    ):
        np.testing.assert_allclose(got, expected, rtol=1e-10, atol=1e-14)


@given(probabilities, st.sampled_from([0.1, 0.5, 0.9]))
def test_unknown_number_of_loci_equals_its_definition(probability, threshold):
    n_loci, fdr = unknown_number_of_loci(probability, threshold=threshold)
    expected, expected_fdr = naive.unknown_number(probability, threshold)
    np.testing.assert_array_equal(n_loci, expected)
    assert fdr == pytest.approx(expected_fdr, rel=1e-10, abs=1e-14)
    assert fdr <= 1 - threshold + 1e-12


@pytest.mark.parametrize("bad", [0.0, 1.5])
def test_thresholds_out_of_range_are_refused(bad):
    with pytest.raises(ArgumentError, match="threshold"):
        unknown_number_of_loci(np.array([[0.5]]), threshold=bad)
    with pytest.raises(ArgumentError, match="pi0"):
        q_values(np.array([0.5]), pi0=bad)
