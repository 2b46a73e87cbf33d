"""How many traits are called at each false discovery rate."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from crossmap.plots.style import BLUE, ORANGE, say_why_empty
from crossmap.words import count

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LARGEST_FDR = 0.30


def called_by_fdr(joint: pd.DataFrame) -> pd.DataFrame:
    """Count the traits called at each false discovery rate.

    Parameters
    ----------
    joint
        Columns joint_prob and q_value, a row per trait.

    Returns
    -------
    pandas.DataFrame
        fdr, ascending, the first 0, and n_called, traits called at this rate or below.
    """
    q = np.sort(joint["q_value"].to_numpy()[joint["joint_prob"].to_numpy() > 0])
    rates = np.unique(np.concatenate([[0.0], q]))
    return pd.DataFrame({"fdr": rates, "n_called": np.searchsorted(q, rates, side="right")})


def plot_called_by_fdr(axes: "Axes", table: pd.DataFrame, *, fdr: float) -> "Axes":
    """Draw the number called against the false discovery rate.

    Parameters
    ----------
    axes
        Where to draw.
    table
        As `called_by_fdr` made it.
    fdr
        The rate asked for, which is marked.

    Returns
    -------
    matplotlib.axes.Axes
    """
    largest = min(1.0, max(LARGEST_FDR, 1.5 * fdr))
    shown = table[table["fdr"] <= largest]
    if shown["n_called"].max() == 0:
        return say_why_empty(axes, f"No trait is called at any FDR up to {largest:.0%}.")
    n_at_fdr = int(table["n_called"].to_numpy()[table["fdr"].to_numpy() <= fdr].max())
    axes.step(
        [*shown["fdr"], largest], [*shown["n_called"], shown["n_called"].iloc[-1]], where="post",
        color=BLUE, linewidth=1.6,
    )  # fmt: skip
    axes.plot([fdr, fdr, 0], [0, n_at_fdr, n_at_fdr], color=ORANGE, linewidth=0.9, linestyle="--")
    axes.plot(fdr, n_at_fdr, marker="o", color=ORANGE)
    # Beside the point it would stand on the curve, or on the axis where few are called.
    axes.set_title(f"{count(n_at_fdr, 'trait')} called at joint FDR {fdr:.3g}")
    axes.set_xlim(0, largest)
    axes.set_ylim(0, 1.05 * float(shown["n_called"].max()))
    axes.locator_params(axis="y", integer=True)
    axes.set_xlabel("joint-linkage false discovery rate")
    axes.set_ylabel("traits called")
    return axes
