"""Distribution of p-values, and the map of linkages, as numbers."""

import numpy as np
import pandas as pd
import pytest

from crossmap.genome import genome_axis
from crossmap.plots.linkages import (
    linkage_points,
    linkage_rows,
    plot_linkage_rows,
    plot_linkages,
    say_how_many_are_left_out,
)
from crossmap.plots.p_values import plot_p_histogram, plot_qq, qq_points


def bins(p, edges):
    counts, _ = np.histogram(p, edges)
    return pd.DataFrame({"low": edges[:-1], "high": edges[1:], "n": counts})


def test_qq_points_are_shares_at_or_below_each_edge():
    p = np.random.default_rng(0).random(2000) ** 2
    edges = np.concatenate([[0.0], 10.0 ** np.linspace(-6, 0, 25)])
    points = qq_points(bins(p, edges))
    assert (np.diff(points["observed"]) > 0).all()
    for expected, observed in points.itertuples(index=False):
        share = (p <= 10**-observed * (1 + 1e-12)).mean()
        assert np.isclose(10**-expected, share)
    assert points.iloc[0].tolist() == [0.0, 0.0]
    assert 10 ** -points["observed"].iloc[-1] >= p.min()


def test_the_histogram_is_drawn_as_multiples_of_chance(axes):
    table = bins(np.array([0.01, 0.02, 0.3, 0.9]), np.array([0.0, 0.05, 0.5, 1.0]))
    plot_p_histogram(axes, table)
    heights = axes.patches[0].get_data().values
    np.testing.assert_allclose(heights, [2 / 4 / 0.05, 1 / 4 / 0.45, 1 / 4 / 0.5])


def test_pictures_of_nothing_say_so(axes):
    empty = bins(np.array([]), np.array([0.0, 1.0]))
    plot_p_histogram(axes, empty)
    plot_qq(axes, qq_points(empty))
    assert [text.get_text() for text in axes.texts] == ["No test was made."] * 2


def test_linkages_lie_where_marker_and_gene_lie(axes):
    genome = genome_axis(["1", "1", "2"], np.array([10.0, 100.0, 50.0]))
    peaks = pd.DataFrame({
        "trait": ["a", "b", "c"], "chr": ["1", "2", "1"], "pos_bp": [10.0, 50.0, 100.0],
        "local": pd.array([True, False, None], dtype="boolean"),
    })  # fmt: skip
    traits = pd.DataFrame({
        "trait": ["a", "b", "c"], "chr": ["1", "1", None],
        "start_bp": [20.0, 40.0, np.nan], "end_bp": [10.0, 60.0, np.nan],
    })  # fmt: skip
    points = linkage_points(peaks, traits, genome)
    assert points.values.tolist() == [[10.0, 15.0, True], [150.0, 50.0, False]]
    plot_linkages(axes, points, genome)
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [
        "distant (1)",
        "local (1)",
    ]


def test_linkages_left_out_of_the_map_are_counted():
    points = pd.DataFrame({"x": [1.0], "y": [1.0], "is_local": [False]})
    assert say_how_many_are_left_out(1, points) == ""
    assert "(not shown: 1 linkage of" in say_how_many_are_left_out(2, points)
    assert "(not shown: 1,000 linkages of" in say_how_many_are_left_out(1001, points)


@pytest.mark.parametrize("unit", ["bp", "cm"])
def test_where_genes_have_no_place_each_trait_has_a_row(axes, unit):
    genome = genome_axis(["1", "1", "2"], np.array([10.0, 100.0, 50.0]), unit=unit)
    peaks = pd.DataFrame(
        {"trait": ["c", "a", "c"], "chr": ["1", "2", "2"], f"pos_{unit}": [10.0, 20.0, 50.0]}
    )
    points = linkage_rows(peaks, ["a", "b", "c"], genome)
    assert points.to_numpy().tolist() == [["c", 10.0, 3], ["a", 120.0, 1], ["c", 150.0, 3]]
    plot_linkage_rows(axes, points, genome, n_traits=3)
    assert axes.get_ylim() == (0.5, 3.5)
    assert "number of the trait in the file" in axes.get_ylabel()
    drawn = axes.collections[0].get_offsets()
    np.testing.assert_array_equal(drawn, points[["x", "y"]].to_numpy(dtype=float))


def test_rows_of_nothing_say_so(axes):
    genome = genome_axis(["1"], np.array([10.0]))
    peaks = pd.DataFrame({"trait": [], "chr": [], "pos_bp": []})
    plot_linkage_rows(axes, linkage_rows(peaks, ["a"], genome), genome, n_traits=1)
    assert "no linkage to show" in axes.texts[0].get_text()


def test_a_map_of_nothing_says_so(axes):
    points = pd.DataFrame({"x": [], "y": [], "is_local": []})
    plot_linkages(axes, points, genome_axis(["1"], np.array([10.0])))
    assert "No linkage" in axes.texts[0].get_text()
