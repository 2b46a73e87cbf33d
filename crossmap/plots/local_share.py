"""How many linkages are local, by the window that makes them so."""

from typing import TYPE_CHECKING

import pandas as pd

from crossmap.plots.style import BLUE, GREY, ORANGE, say_why_empty

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_CURVES = 0.7  # of the height: the legend stands above them


def plot_local_share(axes: "Axes", by_window: pd.DataFrame, *, local_window_bp: float) -> "Axes":
    """Draw the number of local linkages against the window, and what chance gives.

    Parameters
    ----------
    axes
        Where to draw.
    by_window
        As `LinkageClasses.by_window`.
    local_window_bp
        The window that was used.

    Returns
    -------
    matplotlib.axes.Axes
    """
    if not by_window["n_placed"].any():
        return say_why_empty(axes, "No linkage of a trait whose gene has a place.")
    kb = by_window["window_bp"] / 1000.0
    axes.plot(kb, by_window["n_local"], marker="o", markersize=4, color=BLUE, label="local",
              clip_on=False)  # fmt: skip
    axes.plot(kb, by_window["n_expected"], marker="x", markersize=4, color=ORANGE,
              linestyle=(0, (4, 1.5)), label="distant ones there by chance",
              clip_on=False)  # fmt: skip
    axes.axvline(local_window_bp / 1000.0, ymax=_CURVES, color=GREY, linewidth=0.8,
                 linestyle=(0, (1, 1)), label="window used")  # fmt: skip
    axes.set_xscale("symlog", linthresh=1.0)
    shown = [w for w in (0, 1, 10, 100, 1000) if w <= kb.max()]
    axes.set_xticks(shown, [f"{w:,}" for w in shown])
    axes.locator_params(axis="y", integer=True)
    axes.set_xlim(left=0)
    # Room above the curves for the legend.
    axes.set_ylim(
        0, float(by_window[["n_local", "n_expected"]].to_numpy().max(initial=_CURVES)) / _CURVES
    )
    axes.set_xlabel("window (kb)")
    axes.set_ylabel(f"linkages, of {int(by_window['n_placed'].iloc[0]):,}")
    axes.legend(loc="upper left", frameon=True, framealpha=0.85, edgecolor="none")
    return axes
