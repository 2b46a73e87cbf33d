"""The LOD curve of a trait with its threshold and the intervals of its peaks."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from crossmap.genome import GenomeAxis
from crossmap.plots.curves import plot_curves

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
        lod, and for the LOD drop and the Bayes interval drop_low, drop_high, bayes_low,
        bayes_high on the axis.
    """
    rows = peaks[peaks["trait"] == trait]
    points = {"lod": rows["lod"].to_numpy(dtype=np.float64)}
    for end in ("drop_low", "drop_high", "bayes_low", "bayes_high"):
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
    """Draw a LOD curve, its threshold, and the interval of every peak.

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
    axes.plot(x, level, color="black", linewidth=0.8, linestyle=":")
    label = "LOD drop and (dark) Bayes interval"
    for _, row in intervals.iterrows():
        drop, bayes = ((float(row[f"{k}_low"]), float(row[f"{k}_high"])) for k in ("drop", "bayes"))
        axes.axvspan(*drop, color="#D55E00", alpha=0.2, linewidth=0)
        axes.axvspan(*bayes, color="#D55E00", alpha=0.35, linewidth=0, label=label)
        label = "_"
    return axes
