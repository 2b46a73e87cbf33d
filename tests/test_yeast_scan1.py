"""The whole yeast scan."""

import pytest

from crossmap import Execution, scan1


@pytest.fixture(scope="module")
def scan(yeast):
    return scan1(yeast, histogram=100)


def test_the_number_of_linkages_at_1e_5(scan):
    assert scan.n_tests == 6216 * 3244
    assert scan.n_linkages == len(scan.to_frame()) == 46_950
    assert scan.histogram()["n"].sum() == scan.n_tests


@pytest.mark.parametrize("compat", [None, "matrixeqtl"])
def test_local_and_distant_tests_within_100_kb(yeast, compat):
    summary = scan1(yeast, local_threshold=1e-5, local_window_bp=1e5, compat=compat).summary()
    assert summary["local"]["n_tests"] == 295_083
    assert summary["distant"]["n_tests"] == 19_869_621
    assert summary["local"]["n_linkages"] + summary["distant"]["n_linkages"] == 46_950


def test_same_table_from_one_thread(yeast, scan):
    again = scan1(yeast, histogram=100, execution=Execution(threads=1))
    for name in ("to_frame", "by_trait", "by_marker", "histogram", "peaks"):
        assert getattr(again, name)().equals(getattr(scan, name)()), name
