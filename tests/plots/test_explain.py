"""The picture of one trait and two loci, as numbers."""

from types import SimpleNamespace

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.textpath import TextPath

import crossmap
from crossmap.plots.cells import MOST_PROBABLE
from crossmap.plots.explain import _permuted_words, draw_explanation, null_counts, plot_null


def test_every_permutation_is_counted_once():
    null = pd.DataFrame({"stage": [1] * 5 + [2], "f": [1.0, 2.0, 2.0, np.nan, 9.0, 50.0]})
    counts = null_counts(null, 1)
    assert counts["n"].sum() == 4
    assert (counts["low"].iloc[0], counts["high"].iloc[-1]) == (1.0, 9.0)
    assert null_counts(null.iloc[3:4], 1).empty


def test_no_permutation_says_so(axes):
    plot_null(axes, null_counts(pd.DataFrame({"stage": [], "f": []}), 1), observed=1, threshold=1)
    assert axes.texts[0].get_text() == "In no permutation did anything vary."


def test_the_axis_of_counts_ends_where_bars_do(axes):
    counts = pd.DataFrame({"low": [0.0, 1.0], "high": [1.0, 2.0], "n": [100, 7]})
    plot_null(axes, counts, observed=1.5, threshold=1.2)
    assert 100 in axes.get_yticks() or max(axes.get_yticks()) >= 50
    assert max(axes.get_yticks()) <= 100
    assert axes.spines["left"].get_bounds()[1] <= 105


@pytest.mark.parametrize("font", [7.0, 9.0])
def test_titles_of_all_kinds_of_crosses_are_one_line_in_half_the_picture(font):
    with mpl.rc_context({"font.size": font, "axes.titlesize": font + 1}):
        half = (4.3 if font == 9.0 else 4.3 * 174 / 25.4 / 10) * 72
        for n_groups in (1, 4):
            for stage in (1, 2):
                words = _permuted_words(SimpleNamespace(n_groups=n_groups), stage)
                title = f"locus {stage}: {words}"
                assert "\n" not in title
                assert TextPath((0, 0), title, size=font + 1).get_extents().width < half
        assert TextPath((0, 0), MOST_PROBABLE, size=font + 1).get_extents().width < half


def test_the_panels_show_the_steps():
    cross = crossmap.simulate_cross(n_samples=60, n_traits=3, n_markers=60).cross
    found = crossmap.explain(cross, "g0002", n_perm=99)
    figure = Figure(figsize=(10, 9))
    FigureCanvasAgg(figure)
    draw_explanation(figure, found)
    figure.canvas.draw()
    curves, *nulls = figure.axes[:3]
    levels = [line.get_ydata()[0] for line in curves.lines if len(set(line.get_ydata())) == 1]
    for step in found.steps.to_dict("records"):
        assert np.isclose(levels, step["lod_threshold"]).any()
    for axes, f in zip(nulls, found.steps["f"], strict=True):
        assert any(np.isclose(line.get_xdata()[0], f) for line in axes.lines)
    n = [label.get_text().split("n = ")[1] for label in figure.axes[4].get_xticklabels()]
    assert list(map(int, n)) == found.fit.cell_means["n"].tolist()
