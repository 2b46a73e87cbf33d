"""Searches side by side: traits called against the p-value and against the FDR."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from crossmap.plots.style import GREY, STAGE_COLOURS, STAGE_LINES, say_why_empty

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEW = 3
"""Lines whose legend finds a free corner."""

# Of lines that coincide the later, narrower one leaves the earlier one to be seen on both sides.
_WIDTHS = (2.0, 2.0, 1.4, 1.1)


def called_by_p_value(p_values: dict[str, np.ndarray], *, largest: float = 0.05) -> pd.DataFrame:
    """Count the traits with a p-value up to each threshold, for every search.

    Parameters
    ----------
    p_values
        Search -> float64 [n_traits]; NaN are left out.
    largest
        Largest threshold.

    Returns
    -------
    pandas.DataFrame
        search, p_value (100 thresholds from 0 to `largest`), n_called.

    References
    ----------
    Storey, Akey & Kruglyak (2005) PLoS Biol 3:e267, figure 1A.
    """
    grid = np.linspace(0.0, largest, 101)
    parts = []
    for name, p in p_values.items():
        ordered = np.sort(p[~np.isnan(p)])
        n_called = np.searchsorted(ordered, grid, side="right")
        parts.append(pd.DataFrame({"search": name, "p_value": grid, "n_called": n_called}))
    return pd.concat(parts, ignore_index=True)


def plot_searches(
    axes: "Axes",
    table: pd.DataFrame,
    *,
    by: str,
    label: str,
    searches: dict[str, str],
    n_traits: int | None = None,
) -> "Axes":
    """Draw the number called by every search against a p-value or an FDR.

    Parameters
    ----------
    axes
        Where to draw.
    table
        Column `by`, and a column of numbers called for every search.
    by
        What is on the x axis.
    label
        Its label.
    searches
        Column -> what the search is called in the legend.
    n_traits
        Where `by` is a p-value: number of traits; that many times p have it by chance, which is
        drawn too.

    Returns
    -------
    matplotlib.axes.Axes

    References
    ----------
    Storey, Akey & Kruglyak (2005) PLoS Biol 3:e267, figures 1A and 1B.
    """
    largest = table[list(searches)].to_numpy().max(initial=0)
    most = float(table[by].max())
    if largest == 0:
        return say_why_empty(axes, f"No trait up to a {label} of {most:g}.")
    for (column, name), colour, line, width in zip(
        searches.items(), STAGE_COLOURS, STAGE_LINES, _WIDTHS, strict=False
    ):
        axes.plot(table[by], table[column], label=name, color=colour, linestyle=line, lw=width)
    if n_traits is not None:
        axes.plot([0, most], [0, n_traits * most], label="by chance", color=GREY, linewidth=0.9)
        largest = max(largest, n_traits * most)
    axes.set_xlim(0, most)
    # Curves rise to the right from either corner: a legend of many rows needs room above them.
    n_lines = len(axes.lines)
    has_room = n_lines <= FEW
    axes.set_ylim(0, 1.05 * float(largest) / (1.0 if has_room else 1.0 - 0.085 * n_lines))
    axes.set_xlabel(label)
    axes.set_ylabel("traits called" if n_traits is None else f"traits with at most this {label}")
    axes.locator_params(axis="y", integer=True)
    axes.legend(
        loc="best" if has_room else "upper left", frameon=True, framealpha=0.85, edgecolor="none"
    )
    return axes
