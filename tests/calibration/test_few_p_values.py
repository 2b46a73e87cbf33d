"""What q-values of few tests realise: the limit that is told is the one that is there."""

import pytest
from calibration import checks

from crossmap.significance.pi0 import FEWEST_P_VALUES, SURE_P_VALUES, few_p_values_limit

pytestmark = pytest.mark.calibration


@pytest.mark.parametrize(("n_tests", "times"), [(100, 2.0), (200, 1.4), (500, 1.15)])
@pytest.mark.parametrize("nominal", [0.01, 0.05])
def test_the_rate_exceeds_nominal_by_no_more_than_is_told(n_tests, times, nominal):
    """Three standard errors of the mean over the sets: a false alarm in 700 runs, each."""
    realised, error = checks.small_sets(nominal=nominal, n_tests=n_tests, share_null=0.3)
    assert realised < times * nominal + 3 * error


def test_from_the_fewest_p_values_on_the_excess_is_there_and_told():
    n_tests = FEWEST_P_VALUES
    realised, error = checks.small_sets(nominal=0.01, n_tests=n_tests, share_null=0.3, n_sets=2_000)
    assert realised > 0.01 + 3 * error
    assert few_p_values_limit(n_tests)
    assert not few_p_values_limit(SURE_P_VALUES)
    # Below, pi0 is 1: safe, and a warning of its own.
    realised, _ = checks.small_sets(nominal=0.01, n_tests=n_tests - 1, share_null=0.3)
    assert realised < 0.01
    assert not few_p_values_limit(n_tests - 1)
