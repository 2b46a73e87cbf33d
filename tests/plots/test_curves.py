"""LOD curves along the genome, as numbers."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from crossmap.genome import genome_axis
from crossmap.plots.curves import TRIANGLE, curve_points, plot_curves

GENOME = genome_axis(["1", "2"], np.array([30.0, 20.0]), unit="cm")


def curves(lod):
    """Two traits, two stages, three loci on two chromosomes."""
    n = 2 * 2 * 3
    return pd.DataFrame(
        {
            "trait": pd.Categorical(np.repeat(["a", "b"], 6)),
            "stage": np.tile(np.repeat([1, 2], 3), 2),
            "chr": pd.Categorical(["1", "1", "2"] * 4),
            "pos_cm": np.tile([5.0, 30.0, 10.0], 4),
            "lod": np.resize(np.array(lod, dtype=float), n),
        }
    )


def test_lines_break_between_chromosomes_and_stages():
    points = curve_points(curves([1, 2, 3, 4, 5, 6]), "b", GENOME)
    assert points["stage"].tolist() == [1, 1, 1, 1, 1, 2, 2, 2, 2]
    np.testing.assert_array_equal(points["x"], [5, 30, np.nan, 40, np.nan, 5, 30, np.nan, 40])
    np.testing.assert_array_equal(points["lod"], [1, 2, np.nan, 3, np.nan, 4, 5, np.nan, 6])


def marks(axes):
    return [
        (float(line.get_xdata()[0]), line.get_color())
        for line in axes.lines
        if line.get_marker() == "v"
    ]


def test_a_triangle_marks_the_best_locus_of_each_stage(axes):
    plot_curves(axes, curve_points(curves([1, 9, 3, 4, np.nan, 6]), "a", GENOME), GENOME)
    assert [x for x, _ in marks(axes)] == [30.0, 40.0]
    assert len({colour for _, colour in marks(axes)}) == 2
    styles = {line.get_linestyle() for line in axes.lines if line.get_marker() == "None"}
    assert len(styles) == 2  # told apart without colour too


@pytest.mark.parametrize("height", [1.0, 2.0, 6.0])
@pytest.mark.parametrize("font", [7.0, 9.0])
def test_triangles_stand_on_the_peaks_and_below_the_title(height, font):
    with mpl.rc_context({"font.size": font}):
        figure = Figure(figsize=(4, height), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots()
        plot_curves(axes, curve_points(curves([1, 9, 3, 4, np.nan, 6]), "a", GENOME), GENOME)
        axes.set_title("trait a")
        figure.draw_without_rendering()
        axes_top = axes.get_window_extent().y1
        assert len(marks(axes)) == 2
        for line in (one for one in axes.lines if one.get_marker() == "v"):
            box = line.get_window_extent()
            peak = axes.transData.transform(line.get_xydata()[0])[1]
            assert box.y0 + box.height / 2.0 >= peak + 0.45 * TRIANGLE / 72.0 * figure.dpi
            assert box.y1 <= axes_top + 1.5 / 72.0 * figure.dpi


def test_a_locus_that_explains_all_is_drawn_at_the_top(axes):
    plot_curves(
        axes, curve_points(curves([1, np.inf, 3, np.nan, np.nan, np.nan]), "a", GENOME), GENOME
    )
    assert [x for x, _ in marks(axes)] == [30.0]
    assert np.isfinite(axes.get_ylim()).all()


def test_nothing_eligible_says_so(axes):
    plot_curves(axes, curve_points(curves([np.nan]), "a", GENOME), GENOME)
    assert axes.texts[0].get_text() == "No locus was eligible."
