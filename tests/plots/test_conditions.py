"""Effects in two conditions, as they are drawn."""

import numpy as np
import pandas as pd

from crossmap.plots.conditions import condition_points, plot_conditions


def made():
    return pd.DataFrame(
        {
            "trait": ["a", "b", "b"], "marker": ["m1", "m2", "m3"],
            "pattern": ["shared", "opposite", "specific"],
            "beta_x": [2.0, 1.0, None], "se_x": [0.2, 0.1, None],
            "beta_y": [2.0, -1.0, 1.0], "se_y": [0.2, 0.1, 0.1],
        }
    )  # fmt: skip


def test_effects_are_in_standard_deviations_of_the_trait():
    points = condition_points(made(), ("x", "y"), {"a": 2.0, "b": 0.5})
    assert points["trait"].tolist() == ["a", "b"]
    assert points["x"].tolist() == [1.0, 2.0]
    assert points["y"].tolist() == [1.0, -2.0]
    assert points["y_se"].tolist() == [0.1, 0.2]


def test_every_pattern_has_its_mark_and_nothing_says_why(axes):
    points = condition_points(made(), ("x", "y"), {"a": 2.0, "b": 0.5})
    plot_conditions(axes, points, ("x", "y"))
    _, labels = axes.get_legend_handles_labels()
    assert labels == ["shared (1)", "opposite (1)"]
    axes.clear()
    plot_conditions(axes, points.iloc[:0], ("x", "y"))
    assert axes.texts[0].get_text() == "No locus was found."


def test_bars_of_standard_errors_lie_within_the_panel(axes):
    wide = made().assign(se_x=[0.2, 0.4, None])
    plot_conditions(axes, condition_points(wide, ("x", "y"), {"a": 2.0, "b": 0.5}), ("x", "y"))
    low, high = axes.get_xlim()
    bars = [part for part in axes.collections if hasattr(part, "get_segments")]
    ends = np.concatenate([segment[:, 0] for part in bars for segment in part.get_segments()])
    assert low < ends.min()
    assert ends.max() < high
    assert axes.get_ylim() == (low, high)
