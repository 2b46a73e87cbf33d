"""Shares of genetic variance, and strips of values, as numbers."""

import numpy as np
import pandas as pd
import pytest
from examples import example_cross

import crossmap
from crossmap.plots.strips import plot_share_of_variance, plot_strips, share_counts, strip_points


@pytest.fixture(scope="module")
def cross():
    return crossmap.simulate_cross(n_samples=30, n_traits=40, n_markers=40).cross


def test_every_estimate_is_counted_once(axes, cross):
    table = crossmap.heritability(cross)
    counts = share_counts(table)
    assert counts["n"].sum() == table["h2"].notna().sum() == 40
    negative = (table["h2"] < 0).sum()
    assert counts.loc[counts["high"] < 1e-12, "n"].sum() == negative
    plot_share_of_variance(axes, counts)


def test_far_below_zero_counts_in_the_first_bin():
    counts = share_counts(pd.DataFrame({"h2": [-7.0, 1.0, np.nan]}))
    assert (counts["n"].iloc[0], counts["n"].iloc[-1], counts["n"].sum()) == (1, 1, 2)


def test_strips_hold_all_values(axes, cross):
    names = cross.trait_names[:2]
    points = strip_points(cross, names)
    assert points.groupby(["trait", "group"]).size().tolist() == [6, 6, 30] * 2
    mine = points[(points["trait"] == names[1]) & (points["group"] == "segregants")]
    np.testing.assert_array_equal(mine["value"], cross.traits[1])
    theirs = points[(points["trait"] == names[0]) & (points["group"] == "B")]
    expected = cross.parents.loc[cross.parents["parent"] == "B", names[0]]
    np.testing.assert_array_equal(theirs["value"], expected)
    assert (np.diff(points.groupby(["trait", "group"])["x"].mean().unstack().mean()) != 0).all()
    plot_strips(axes, points)
    shapes = {tuple(map(tuple, c.get_paths()[0].vertices.round(3))) for c in axes.collections}
    assert len(shapes) == 3  # told apart without colour


def test_nothing_to_show_says_so(axes):
    plot_strips(axes, strip_points(example_cross("ordinary"), []))
    assert axes.texts[0].get_text() == "No trait was asked for."


def test_a_cross_without_parents_has_segregants_alone():
    points = strip_points(example_cross("ordinary"), ["t0"])
    assert set(points["group"]) == {"segregants"}


def test_no_estimate_says_so(axes):
    plot_share_of_variance(axes, share_counts(pd.DataFrame({"h2": [np.nan]})))
    assert axes.texts[0].get_text().startswith("No trait has replicates")
