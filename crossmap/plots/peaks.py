"""The LOD curve of a trait with its threshold and the intervals of its peaks."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from crossmap.genome import GenomeAxis
from crossmap.plots.curves import plot_curves
from crossmap.plots.style import GREY, ORANGE

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def interval_points(peaks: pd.DataFrame, trait: str, genome: GenomeAxis) -> pd.DataFrame:
    """Place the intervals of a trait's peaks on the genome.

    Parameters
    ----------
    peaks
        As `Peaks.to_frame` gives it.
    trait
        Which trait.
    genome
        The axis.

    Returns
    -------
    pandas.DataFrame
        lod, and for the LOD drop and the Bayes interval drop_lo, drop_hi, bayes_lo,
        bayes_hi on the axis.
    """
    rows = peaks[peaks["trait"] == trait]
    points = {"lod": rows["lod"].to_numpy(dtype=np.float64)}
    for end in ("drop_lo", "drop_hi", "bayes_lo", "bayes_hi"):
        position = rows[f"{end}_{genome.unit}"].to_numpy(dtype=np.float64)
        points[end] = genome.place(list(rows["chr"]), position)
    return pd.DataFrame(points)


def plot_peak_curve(
    axes: "Axes",
    points: pd.DataFrame,
    intervals: pd.DataFrame,
    genome: GenomeAxis,
    *,
    threshold: pd.DataFrame,
) -> "Axes":
    """Draw a LOD curve, its threshold, and below it the interval of every peak.

    The LOD drop is a thin line with ends, the Bayes interval a thick one, so that they differ by
    shape too. The legend is left to the caller.

    Parameters
    ----------
    axes
        Where to draw.
    points
        As `crossmap.plots.curves.curve_points` made them, of one stage.
    intervals
        As `interval_points` made them.
    genome
        The axis.
    threshold
        As `points`, lod being what a peak is above there.

    Returns
    -------
    matplotlib.axes.Axes
    """
    plot_curves(axes, points, genome)
    x, level = (threshold[name].to_numpy(dtype=np.float64) for name in ("x", "lod"))
    top = axes.get_ylim()[1]
    axes.plot(x, level, color=GREY, linewidth=1.0, linestyle=":", label="threshold")
    for name, what, width, marker in (
        ("drop", "LOD-drop interval", 1.0, "|"), ("bayes", "Bayes interval", 3.5, ""),
    ):  # fmt: skip
        ends = intervals[[f"{name}_lo", f"{name}_hi"]].to_numpy(np.float64)
        for number, (low, high) in enumerate(ends):
            axes.plot(
                [low, high], [-0.07 * top] * 2, color=ORANGE, linewidth=width, marker=marker,
                markersize=7, solid_capstyle="butt", label=what if number == 0 else "_",
            )  # fmt: skip
    axes.set_ylim(-0.14 * top, top)
    return axes
