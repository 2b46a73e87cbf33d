"""Effects of loci, raw against freed of selection."""

from typing import TYPE_CHECKING

import pandas as pd

from crossmap.plots.style import BLUE, GREY, ORANGE, legend_below, say_why_empty

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_corrected(axes: "Axes", loci: pd.DataFrame) -> "Axes":
    """Draw the corrected share of variance of every locus against the raw one.

    Parameters
    ----------
    axes
        Where to draw.
    loci
        As `Effects.loci`.

    Returns
    -------
    matplotlib.axes.Axes
    """
    if loci.empty:
        return say_why_empty(axes, "No linked locus.")
    most = 1.03 * float(loci["r2"].max())
    axes.plot([0, most], [0, most], color=GREY, linewidth=0.7, zorder=1, label="no correction")
    for number, colour, marker in ((1, BLUE, "."), (2, ORANGE, "x")):
        part = loci[loci["number"] == number if number == 1 else loci["number"] > 1]
        if not part.empty:
            axes.scatter(part["r2"], part["r2_corrected"], s=14, marker=marker, color=colour,
                         linewidths=0.8, label="first locus" if number == 1 else "later loci",
                         zorder=2)  # fmt: skip
    axes.set_xlim(0, most)
    axes.set_ylim(0, most)
    axes.set_aspect("equal")
    axes.set_xlabel("share of variance, raw")
    axes.set_ylabel("share of variance, corrected")
    return legend_below(axes, ncols=3)
