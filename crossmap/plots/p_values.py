"""How the p-values of all tests of a scan are distributed."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from crossmap.plots.style import BLUE, GREY, ORANGE, legend_below, say_why_empty

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SMALLEST_SHOWN = 1e-50


def qq_points(histogram: pd.DataFrame) -> pd.DataFrame:
    """Observed against expected quantiles of p-values, from counts in bins.

    Parameters
    ----------
    histogram
        Columns low, high, n, ascending, as `Scan1.histogram` has them.

    Returns
    -------
    pandas.DataFrame
        expected and observed, both -log10 p, ascending: at the upper edge of every bin that holds
        a test or follows one, what share of the tests lies at or below it, and the edge itself.

    Examples
    --------
    >>> bins = pd.DataFrame({"low": [0.0, 0.1], "high": [0.1, 1.0], "n": [2, 8]})
    >>> qq_points(bins).round(3).values.tolist()
    [[0.0, 0.0], [0.699, 1.0]]
    """
    below = np.cumsum(histogram["n"].to_numpy(dtype=np.int64))
    total = below[-1] if len(below) else 0
    edge = histogram["high"].to_numpy(dtype=np.float64)
    seen = (below > 0) & (edge >= SMALLEST_SHOWN)
    points = pd.DataFrame(
        {
            "expected": -np.log10(below[seen] / max(total, 1)) + 0.0,
            "observed": -np.log10(edge[seen]) + 0.0,
        }
    )
    return points.iloc[::-1].reset_index(drop=True)


def plot_p_histogram(axes: "Axes", histogram: pd.DataFrame) -> "Axes":
    """Draw the histogram of the p-values of all tests, and where it would lie without linkage.

    Parameters
    ----------
    axes
        Where to draw.
    histogram
        Columns low, high, n.

    Returns
    -------
    matplotlib.axes.Axes
    """
    total = histogram["n"].sum()
    if not total:
        return say_why_empty(axes, "No test was made.")
    low, high = (histogram[name].to_numpy(dtype=np.float64) for name in ("low", "high"))
    density = histogram["n"].to_numpy() / (total * (high - low))
    axes.stairs(density, np.append(low, high[-1]), fill=True, color=BLUE, alpha=0.7)
    axes.axhline(1.0, color=ORANGE, linewidth=1.0, linestyle="--", label="no linkage at all")
    axes.set_xlim(0, 1)
    axes.set_xlabel("p-value")
    axes.set_ylabel("tests, relative to chance")
    return legend_below(axes, ncols=1)


def plot_qq(axes: "Axes", points: pd.DataFrame) -> "Axes":
    """Draw observed against expected quantiles of p-values.

    Parameters
    ----------
    axes
        Where to draw.
    points
        As `qq_points` made them.

    Returns
    -------
    matplotlib.axes.Axes
    """
    if points.empty:
        return say_why_empty(axes, "No test was made.")
    most = float(points["expected"].max())
    axes.plot([0, most], [0, most], color=GREY, linewidth=0.9, label="no linkage at all")
    axes.plot(points["expected"], points["observed"], color=BLUE, linewidth=1.4, label="all tests")
    # Room beyond the last step, which would run along the edge.
    axes.set_xlim(0, 1.03 * max(most, 1e-3))
    axes.set_ylim(0, None)
    axes.set_xlabel("expected $-\\log_{10} p$")
    axes.set_ylabel("observed $-\\log_{10} p$")
    return legend_below(axes, ncols=2)
