import numpy as np
import pandas as pd
import pytest

from crossmap.errors import ArgumentError, CrossmapWarning
from crossmap.significance.pi0 import CUTS, estimate_pi0, pi0_at_cuts, smoothing_spline


@pytest.mark.parametrize("method", ["smoother", "bootstrap"])
def test_pi0_equals_qvalue(reference, method):
    p = pd.read_csv(reference / "qvalue" / "qvalue_mix5000.tsv.gz", sep="\t")["p"].to_numpy()
    expected = pd.read_csv(reference / "qvalue" / "qvalue_pi0.tsv", sep="\t")
    got = estimate_pi0(p, method=method)
    assert got == pytest.approx(expected[f"pi0_{method}"][0], abs=1e-5)


def test_pi0_at_cuts_and_their_spline_equal_qvalue(reference):
    p = pd.read_csv(reference / "qvalue" / "qvalue_mix5000.tsv.gz", sep="\t")["p"].to_numpy()
    table = pd.read_csv(reference / "qvalue" / "qvalue_mix5000_pi0lambda.tsv", sep="\t")
    at_cuts = pi0_at_cuts(p, np.array(CUTS))
    np.testing.assert_allclose(at_cuts, table["pi0_lambda"], rtol=1e-12)
    smooth = smoothing_spline(np.array(CUTS), at_cuts, df=3)
    np.testing.assert_allclose(smooth, table["pi0_smooth"], atol=1e-5)


def test_smoothing_spline_has_the_asked_trace():
    x = np.sort(np.random.default_rng(0).random(15))
    hat = np.column_stack([smoothing_spline(x, column, df=4.5) for column in np.eye(15)])
    assert np.trace(hat) == pytest.approx(4.5, abs=1e-9)
    np.testing.assert_allclose(hat @ (2 + 3 * x), 2 + 3 * x, atol=1e-9)


def test_few_p_values_give_one_with_a_warning():
    with pytest.warns(CrossmapWarning, match="99 p-values are too few"):
        assert estimate_pi0(np.linspace(0, 1, 99)) == 1.0


def test_p_values_that_all_are_small_give_one_with_a_warning():
    with pytest.warns(CrossmapWarning, match="no p-values near 1"):
        assert estimate_pi0(np.full(500, 0.01)) == 1.0


def test_p_values_piled_up_at_one_give_one():
    assert estimate_pi0(np.full(500, 1.0)) == 1.0


def test_missing_p_values_do_not_count():
    p = np.random.default_rng(1).random(1000)
    assert estimate_pi0(p) == estimate_pi0(np.append(p, [np.nan] * 50))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"p": np.full(200, 1.2)}, "p: expected values from 0 to 1"),
        ({"p": np.full(200, 0.5), "cuts": (0.5, 0.4, 0.6, 0.7)}, "cuts"),
        ({"p": np.full(200, 0.5), "cuts": (0.5, 1.0)}, "cuts"),
        ({"p": np.full(200, 0.5), "method": "other"}, "pi0_method: expected smoother"),
    ],
)
def test_bad_arguments_are_refused(arguments, says):
    with pytest.raises(ArgumentError, match=says):
        estimate_pi0(**arguments)
