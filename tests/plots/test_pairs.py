"""The map of pairs, as numbers."""

from itertools import combinations

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from crossmap.architecture.shared import shared_places
from crossmap.genome import genome_axis
from crossmap.plots.pair_bins import plot_pair_bins
from crossmap.plots.pairs import pair_marks, pair_points, plot_pairs

GENOME = genome_axis(["1", "2"], np.array([1e6, 5e5]))


def called(n):
    """n traits with one pair of places, and one more of its own with no second locus."""
    return pd.DataFrame(
        {
            "trait": pd.Series([*(f"t{i}" for i in range(n)), "lonely"], dtype=object),
            "chr1": pd.Series(["2"] * (n + 1), dtype=object),
            "start1_bp": 1000.0,
            "end1_bp": 3000.0,
            "chr2": pd.Series([*["1"] * n, None], dtype=object),
            "start2_bp": [*np.full(n, 9000.0), np.nan],
            "end2_bp": [*np.full(n, 9000.0), np.nan],
        }
    )


def points(n):
    table = called(n)
    return pair_points(table, shared_places(table, chromosomes=("1", "2")), GENOME)


def test_points_stand_at_the_middles_of_both_loci():
    table = points(4)
    assert table["trait"].tolist() == ["t0", "t1", "t2", "t3"]  # no pair, no point
    assert table["x"].tolist() == [1_002_000.0] * 4
    assert table["y"].tolist() == [9000.0] * 4
    assert table["n_sharing"].tolist() == [4] * 4
    assert table["rank"].tolist() == [1] * 4


@pytest.mark.parametrize(("n", "numbers", "n_marks"), [(2, [], 1), (3, ["3"], 2), (9, ["9"], 2)])
def test_pairs_of_three_traits_or_more_stand_out_and_are_numbered_once(axes, n, numbers, n_marks):
    plot_pairs(axes, points(n), GENOME)
    assert [text.get_text() for text in axes.texts] == numbers
    assert len(axes.collections) == n_marks


def test_the_more_traits_share_a_pair_the_larger_its_mark(axes):
    plot_pairs(axes, points(3), GENOME)
    plot_pairs(axes, points(12), GENOME)
    few, many = (c.get_sizes().max() for c in axes.collections[1::2])
    assert many > 2 * few


def test_traits_are_points_and_what_they_share_one_diamond_on_each_side(axes):
    table = pd.DataFrame(
        {
            "trait": list("abcdefg"),
            "x": [10.0, 12.0, 17.0, 900.0, 910.0, 500.0, 510.0],
            "y": [800.0, 810.0, 890.0, 20.0, 30.0, 400.0, 410.0],
            "n_sharing": [5] * 5 + [2] * 2,
            "rank": [1] * 5 + [2] * 2,
        }
    )
    marks = pair_marks(table)
    assert marks.to_numpy().tolist() == [[12.0, 810.0, 3, 5], [905.0, 25.0, 2, 5]]
    plot_pairs(axes, table, genome_axis(["1"], np.array([1000.0])))
    dots, diamonds = axes.collections
    np.testing.assert_array_equal(dots.get_offsets(), table[["x", "y"]])
    np.testing.assert_array_equal(diamonds.get_offsets(), marks[["x", "y"]])
    assert [text.get_text() for text in axes.texts] == ["3", "2"]


@pytest.mark.parametrize("font", [7.0, 9.0])
def test_numbers_of_crowded_pairs_stand_clear_of_diamonds_and_of_each_other(font):
    rng = np.random.default_rng(2)
    n = 40
    corners = rng.uniform(0, 1.5e6, (n, 2))
    corners[:12] = rng.uniform([3.4e5, 1.14e6], [4.6e5, 1.26e6], (12, 2))  # in a heap, as on an F2
    size = rng.integers(3, 30, n)
    table = pd.DataFrame(
        {
            "trait": "t", "x": np.repeat(corners[:, 0], size), "y": np.repeat(corners[:, 1], size),
            "n_sharing": np.repeat(size, size), "rank": np.repeat(np.arange(n), size),
        }
    )  # fmt: skip
    with mpl.rc_context({"font.size": font}):
        figure = Figure(figsize=(7, 7.4), layout="compressed")
        FigureCanvasAgg(figure)
        axes = figure.subplots()
        plot_pairs(axes, table, GENOME)
        figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in axes.texts]
    assert len(boxes) >= 6
    diamonds = axes.collections[1]
    places = axes.transData.transform(diamonds.get_offsets())
    reach = np.sqrt(diamonds.get_sizes()) / np.sqrt(2.0) / 72.0 * figure.dpi
    for k, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:k])
        # The nearest point of the number lies outside of every diamond.
        near = np.clip(places, [box.x0 + 1, box.y0 + 1], [box.x1 - 1, box.y1 - 1])
        assert (np.abs(near - places).sum(axis=1) >= 0.75 * reach).all()


def test_no_pairs_say_so(axes):
    plot_pairs(axes, points(0), GENOME)
    assert axes.texts[0].get_text() == "No trait with two loci is called."


def test_numbers_of_small_pair_bins_stand_clear_of_marks_and_of_each_other(axes):
    rng = np.random.default_rng(1)
    x, y = np.sort(rng.uniform(0, 1.5e6, (2, 80)), axis=0)
    squares = pd.DataFrame({"x": x, "y": y, "width": 1e4, "height": 1e4, "n_traits": 1})
    squares.loc[:19, "n_traits"] = np.arange(3, 23)
    plot_pair_bins(axes, squares.assign(is_shared=squares["n_traits"] >= 3), GENOME)
    axes.figure.draw_without_rendering()
    boxes = [Text.get_window_extent(text) for text in axes.texts]  # without the lines to them
    assert len(boxes) >= 10
    assert "22" in [text.get_text() for text in axes.texts]  # the most shared has its number
    marks = axes.transData.transform(np.column_stack([x, y]))
    for k, box in enumerate(boxes):
        wider = box.expanded(1.0, 0.6).padded(1.0, 0.0)  # two numbers must not read as one
        assert not any(wider.overlaps(other) for other in boxes[:k])
        inner = box.padded(-2.0)
        assert not any(inner.contains(*mark) for mark in marks)


@pytest.mark.parametrize("seed", [1, 2])
def test_lines_to_numbers_do_not_cross_even_beside_their_marks(axes, seed):
    genome = genome_axis(["1", "2"], np.array([1e6, 1e6]))
    rng = np.random.default_rng(seed)
    x, y = rng.normal([[0.6e6], [1.2e6]], [[6e4], [1.2e5]], (2, 60))  # a crowd
    squares = pd.DataFrame({"x": x, "y": y, "width": 1e4, "height": 1e4, "n_traits": 1})
    squares.loc[:9, "n_traits"] = np.arange(3, 13)
    plot_pair_bins(axes, squares.assign(is_shared=squares["n_traits"] >= 3), genome)
    led = [text for text in axes.texts if text.arrow_patch is not None]
    starts = axes.transData.transform([text.xy for text in led])
    ends = starts + np.array([text.xyann for text in led]) * axes.figure.dpi / 72.0
    assert len(led) >= 4

    def side(a, b, c):
        return np.sign((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))

    for (a, b), (c, d) in combinations(zip(starts, ends, strict=True), 2):
        assert side(a, b, c) == side(a, b, d) or side(c, d, a) == side(c, d, b)


def test_a_number_that_its_square_cannot_hold_stands_beside_it_or_is_led_to(axes):
    genome = genome_axis([str(i) for i in range(30)], np.full(30, 20e6))
    span = genome.offset[-1]
    # A dense block of squares with the most shared in its middle, and one thin square at the edge.
    x, y = (axis.ravel() for axis in np.meshgrid(np.arange(9), np.arange(9)))
    squares = pd.DataFrame({"x": 0.2 * span + x * 10e6, "y": 0.5 * span + y * 10e6,
                            "width": 10e6, "height": 10e6, "n_traits": 2})  # fmt: skip
    squares.loc[40, "n_traits"] = 197
    edge = pd.DataFrame({"x": [1e6], "y": [0.3 * span], "width": 2e6, "height": 10e6,
                         "n_traits": 11})  # fmt: skip
    squares = pd.concat([squares, edge], ignore_index=True)
    plot_pair_bins(axes, squares.assign(is_shared=squares["n_traits"] >= 3), genome)
    axes.figure.draw_without_rendering()
    panel = axes.get_window_extent()
    numbers = {text.get_text(): text for text in axes.texts}
    assert set(numbers) == {"197", "11"}
    ends = squares[["x", "y"]].to_numpy(), squares[["width", "height"]].to_numpy() / 2.0
    low, high = (axes.transData.transform(ends[0] + sign * ends[1]) for sign in (-1, 1))
    for text in numbers.values():
        box = Text.get_window_extent(text)  # of the text alone, not of the line
        assert panel.x0 <= box.x0
        assert box.x1 <= panel.x1
        inner = box.padded(-1.0)
        on = (low < [inner.x1, inner.y1]).all(axis=1) & (high > [inner.x0, inner.y0]).all(axis=1)
        assert not on.any()
    assert numbers["197"].arrow_patch is not None
