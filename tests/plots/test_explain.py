"""The picture of one trait and two loci, as numbers."""

import numpy as np
import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

import crossmap
from crossmap.plots.explain import draw_explanation, null_counts, plot_null


def test_every_permutation_is_counted_once():
    null = pd.DataFrame({"stage": [1] * 5 + [2], "f": [1.0, 2.0, 2.0, np.nan, 9.0, 50.0]})
    counts = null_counts(null, 1)
    assert counts["n"].sum() == 4
    assert (counts["low"].iloc[0], counts["high"].iloc[-1]) == (1.0, 9.0)
    assert null_counts(null.iloc[3:4], 1).empty


def test_no_permutation_says_so(axes):
    plot_null(axes, null_counts(pd.DataFrame({"stage": [], "f": []}), 1), observed=1, threshold=1)
    assert axes.texts[0].get_text() == "In no permutation did anything vary."


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
