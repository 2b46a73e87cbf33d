"""Beta-approximated against counted permutation p-values."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from crossmap.plots.style import BLUE, GREY, ORANGE, legend_below, say_why_empty

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def beta_points(traits: pd.DataFrame) -> pd.DataFrame:
    """Take what is drawn from the table of traits.

    Parameters
    ----------
    traits
        As `GenomeWide.to_frame` gives it, with the beta approximation.

    Returns
    -------
    pandas.DataFrame
        trait, p_adjusted, p_beta, beta_fits, is_bounded (no permutation reached what was observed,
        so that p_adjusted only says how many there were); traits without both left out.
    """
    columns = ["trait", "p_adjusted", "p_beta", "beta_fits"]
    points = traits[columns].assign(is_bounded=traits["n_reached"] == 0)
    return points.dropna(subset=["p_adjusted", "p_beta"]).reset_index(drop=True)


def plot_beta_tail(axes: "Axes", points: pd.DataFrame) -> "Axes":
    """Draw beta-approximated against counted p-values, both logarithmic.

    Parameters
    ----------
    axes
        Where to draw.
    points
        As `beta_points` made them.

    Returns
    -------
    matplotlib.axes.Axes
    """
    if not len(points):
        return say_why_empty(axes, "No beta approximation was fitted.")
    least = float(points["p_adjusted"].min()) / 100.0
    shown = np.maximum(points["p_beta"], least)  # what lies below stands at the lower edge
    kinds = {
        "counted": (~points["is_bounded"] & points["beta_fits"], "o", BLUE),
        "counted p is only a bound": (points["is_bounded"] & points["beta_fits"], "<", GREY),
        "fit doubtful": (~points["beta_fits"], "x", ORANGE),
    }
    for label, (chosen, marker, colour) in kinds.items():
        part = points[chosen]
        if len(part):
            axes.scatter(
                part["p_adjusted"], shown[chosen], s=9, marker=marker, color=colour, label=label,
                linewidths=0.8, rasterized=len(part) > 5000,
            )  # fmt: skip
    axes.plot([least, 1.0], [least, 1.0], color="black", linewidth=0.8, label="both the same")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_ylim(least / 1.5, 1.5)
    axes.set_xlim(least * 50.0, 1.5)
    axes.set_xlabel("p of each trait, counted")
    at_edge = "\n(lower edge: that or less)" if (points["p_beta"] < least).any() else ""
    axes.set_ylabel(f"p of each trait, beta approximation{at_edge}")
    return legend_below(axes, ncols=2)
