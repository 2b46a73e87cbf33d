"""Places on chromosomes."""

import numpy as np
import pytest

from crossmap.errors import ArgumentError
from crossmap.genome import genome_axis, interval_gap_bp, recombination_fraction


@pytest.mark.parametrize(
    ("function", "at_20_cm", "far"),
    [("haldane", 0.5 * (1 - np.exp(-0.4)), 0.5), ("kosambi", 0.5 * np.tanh(0.4), 0.5),
     ("morgan", 0.2, 0.5)],
)  # fmt: skip
def test_map_functions(function, at_20_cm, far):
    got = recombination_fraction(np.array([0.0, 20.0, 1e6]), function)
    np.testing.assert_allclose(got, [0.0, at_20_cm, far], rtol=1e-14)


def test_unknown_map_function_is_refused():
    with pytest.raises(ArgumentError, match="map_function: expected haldane or kosambi"):
        recombination_fraction(1.0, "carter")


@pytest.mark.parametrize(
    ("a", "b", "gap"),
    [
        ((10, 20), (30, 40), 10),
        ((30, 40), (10, 20), 10),
        ((10, 20), (40, 30), 10),  # reverse strand
        ((10, 30), (20, 40), 0),
        ((10, 40), (20, 30), 0),
        ((10, 20), (20, 30), 0),
        ((10, np.nan), (20, 30), np.nan),
    ],
)
def test_gap_between_intervals(a, b, gap):
    a, b = np.array(a, float), np.array(b, float)
    np.testing.assert_equal(float(interval_gap_bp(a[0], a[1], b[0], b[1])), gap)


def test_chromosomes_stand_end_to_end_in_map_order():
    axis = genome_axis(["2", "2", "10", "X"], np.array([7.0, 90.5, 40.0, 10.0]))
    assert axis.chromosomes == ("2", "10", "X")
    assert axis.offset.tolist() == [0.0, 90.5, 130.5, 140.5]
    assert axis.middle.tolist() == [45.25, 110.5, 135.5]
    placed = axis.place(["X", "2", None, "Y"], np.array([3.0, 7.0, 1.0, 1.0]))
    np.testing.assert_array_equal(placed, [133.5, 7.0, np.nan, np.nan])
