"""Hot spots: traits linked to each bin of the genome, and both thresholds."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from crossmap.genome import GenomeAxis
from crossmap.plots.genome import draw_chromosomes, genome_words
from crossmap.plots.style import BLUE, GREY, ORANGE, legend_below, say_why_empty
from crossmap.words import count

if TYPE_CHECKING:
    from matplotlib.axes import Axes

EDGE = 0.0025
"""Room at either end, as a share of the genome: bins there are narrower than a line."""


def hotspot_bars(bins: pd.DataFrame, regions: pd.DataFrame, genome: GenomeAxis) -> pd.DataFrame:
    """Place bins on the genome, and number the best bin of every hot spot.

    Parameters
    ----------
    bins
        As `Hotspots.bins`.
    regions
        As `Hotspots.regions`.
    genome
        The axis, in the unit of the bins.

    Returns
    -------
    pandas.DataFrame
        left, width (on the axis, cut at the end of the chromosome), n_traits, threshold_uniform,
        threshold_permutation, significant, hotspot (number at its best bin, else 0).
    """
    start = bins[f"start_{genome.unit}"].to_numpy(np.float64)
    left = genome.place(list(bins["chr"]), start)
    end = np.array([dict(zip(genome.chromosomes, genome.offset[1:], strict=True))[c]
                    for c in bins["chr"]])  # fmt: skip
    number = np.zeros(len(bins), dtype=np.int64)
    for row in regions.to_dict("records"):
        peak = (bins["chr"] == row["chr"]) & (start == row[f"peak_start_{genome.unit}"])
        number[peak.to_numpy()] = row["hotspot"]
    return pd.DataFrame(
        {
            "left": left,
            "width": np.minimum(left + (bins[f"end_{genome.unit}"].to_numpy() - start), end) - left,
            **{name: bins[name].to_numpy() for name in (
                "n_traits", "threshold_uniform", "threshold_permutation", "significant",
            )},
            "hotspot": number,
        }
    )  # fmt: skip


def plot_hotspots(axes: "Axes", bars: pd.DataFrame, genome: GenomeAxis) -> "Axes":
    """Draw traits per bin as bars, thresholds as lines, hot spots with their numbers.

    Parameters
    ----------
    axes
        Where to draw.
    bars
        As `hotspot_bars` made them.
    genome
        The axis.

    Returns
    -------
    matplotlib.axes.Axes
    """
    if not bars["n_traits"].any():
        return say_why_empty(axes, "No linkage of this kind.")
    draw_chromosomes(axes, genome)
    for significant, colour, label in ((False, BLUE, "bin"), (True, ORANGE, "hot spot")):
        part = bars[bars["significant"] == significant]
        if len(part):
            axes.bar(part["left"], part["n_traits"], width=part["width"], align="edge",
                     color=colour, edgecolor=colour,
                     linewidth=1.0 if significant else 0.5,  # else some fall between pixels
                     label=label, zorder=2 + significant)  # fmt: skip
    most = bars["threshold_uniform"].max()
    axes.axhline(most, color=GREY, linewidth=0.9, linestyle=(0, (1, 1)), zorder=4,
                 label=f"uniform scatter: {count(round(most), 'trait')}")  # fmt: skip
    permutation = bars["threshold_permutation"].iloc[0]
    if np.isfinite(permutation):
        axes.axhline(permutation, color=GREY, linewidth=0.9, linestyle=(0, (5, 2)), zorder=4,
                     label=f"permutation: {count(round(permutation), 'trait')}")  # fmt: skip
    axes.set_ylim(0, 1.08 * max(bars["n_traits"].max(), most, np.nan_to_num(permutation)))
    span = float(genome.offset[-1])
    axes.set_xlim(-EDGE * span, (1.0 + EDGE) * span)
    _number_hot_spots(axes, bars[bars["hotspot"] > 0], near=0.02 * span)
    axes.locator_params(axis="y", integer=True)
    axes.set_xlabel(genome_words(genome))
    axes.set_ylabel("traits linked")
    return legend_below(axes, ncols=4)


def _number_hot_spots(axes: "Axes", named: pd.DataFrame, *, near: float) -> None:
    """Write their numbers over hot spots; of near neighbours to the left and to the right."""
    x = (named["left"] + named["width"] / 2.0).to_numpy()
    for i, (number, height) in enumerate(named[["hotspot", "n_traits"]].to_numpy().tolist()):
        before = i > 0 and x[i] - x[i - 1] < near
        after = i + 1 < len(x) and x[i + 1] - x[i] < near
        side = "center" if before == after else "left" if before else "right"
        axes.annotate(f"{number:.0f}", (x[i], height), xytext=(0, 2), textcoords="offset points",
                      ha=side, color=ORANGE)  # fmt: skip
