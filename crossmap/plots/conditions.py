"""Effects of the same loci in two conditions."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from crossmap.plots.style import BLUE, GREY, ORANGE, PURPLE, legend_below, say_why_empty, short

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MARKS = {
    "shared": ("o", GREY),
    "specific": ("s", BLUE),
    "opposite": ("X", ORANGE),
    "different": ("^", PURPLE),
}

MOST_BARS = 200
"""Points up to which standard errors are drawn."""


def condition_points(
    table: pd.DataFrame, conditions: Sequence[str], sd: Mapping[str, float]
) -> pd.DataFrame:
    """Take from a table of linkages by condition what is drawn.

    Parameters
    ----------
    table
        As `ConditionLinkages.to_frame` gives it.
    conditions
        Two of its conditions: across and up.
    sd
        Standard deviation of every trait, so that effects can stand on one scale.

    Returns
    -------
    pandas.DataFrame
        trait, marker, pattern, x, x_se, y, y_se (per allele, in standard deviations of the trait);
        loci without an effect in one of the two left out.
    """
    one, two = conditions
    scale = table["trait"].map(sd).astype(float)
    points = pd.DataFrame(
        {
            "trait": table["trait"],
            "marker": table["marker"],
            "pattern": table["pattern"],
            "x": table[f"beta_{one}"] / scale,
            "x_se": table[f"se_{one}"] / scale,
            "y": table[f"beta_{two}"] / scale,
            "y_se": table[f"se_{two}"] / scale,
        }
    )
    return points.dropna(subset=["x", "y"]).reset_index(drop=True)


def plot_conditions(axes: "Axes", points: pd.DataFrame, conditions: Sequence[str]) -> "Axes":
    """Draw the effect of every locus in one condition against that in another.

    Parameters
    ----------
    axes
        Where to draw.
    points
        As `condition_points` made them.
    conditions
        Names of the two.

    Returns
    -------
    matplotlib.axes.Axes
    """
    if not len(points):
        return say_why_empty(axes, "No locus was found.")
    has_bars = len(points) <= MOST_BARS
    reach = points[["x", "y"]].abs().to_numpy()
    if has_bars:
        reach = reach + points[["x_se", "y_se"]].fillna(0.0).to_numpy()
    edge = 1.1 * float(reach.max()) or 1.0
    axes.axhline(0.0, color=GREY, linewidth=0.5)
    axes.axvline(0.0, color=GREY, linewidth=0.5)
    axes.plot([-edge, edge], [-edge, edge], color=GREY, linewidth=0.8, linestyle=(0, (4, 2)))
    for pattern, (marker, colour) in MARKS.items():
        part = points[points["pattern"] == pattern]
        if not len(part):
            continue
        if has_bars:
            axes.errorbar(
                part["x"], part["y"], xerr=part["x_se"], yerr=part["y_se"], fmt="none",
                ecolor=colour, elinewidth=0.5, alpha=0.5,
            )  # fmt: skip
        axes.scatter(
            part["x"], part["y"], s=14, marker=marker, color=colour, linewidths=0.3,
            edgecolors="white", label=f"{pattern} ({len(part):,})", zorder=3,
        )  # fmt: skip
    axes.set_xlim(-edge, edge)
    axes.set_ylim(-edge, edge)
    axes.set_aspect("equal")
    one, two = (short(name, longest=24) for name in conditions)
    axes.set_xlabel(f"effect in {one} (sd)")
    axes.set_ylabel(f"effect in {two} (sd)")
    return legend_below(axes, ncols=2)
