"""Share of genetic variance, and values of segregants beside those of their parents."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from crossmap.cross import Cross
from crossmap.plots.cells import GOLDEN, HALF_WIDTH
from crossmap.plots.style import BLUE, GREEN, GREY, ORANGE, legend_below, say_why_empty, short

if TYPE_CHECKING:
    from matplotlib.axes import Axes

N_BINS = 40


def share_counts(table: pd.DataFrame) -> pd.DataFrame:
    """Count traits by their share of genetic variance.

    Parameters
    ----------
    table
        As `crossmap.heritability` made it: column h2, negative where chance made it so.

    Returns
    -------
    pandas.DataFrame
        low, high, n: `N_BINS` bins of equal width; the first holds all below it too. Traits without
        an estimate are left out.
    """
    h2 = table["h2"].dropna().to_numpy(dtype=np.float64)
    edges = np.linspace(-1.0, 1.0, N_BINS + 1)
    counts = np.histogram(np.clip(h2, -1.0, 1.0), bins=edges)[0]
    return pd.DataFrame({"low": edges[:-1], "high": edges[1:], "n": counts})


def plot_share_of_variance(axes: "Axes", counts: pd.DataFrame) -> "Axes":
    """Draw how much of the traits' variance is genetic.

    Parameters
    ----------
    axes
        Where to draw.
    counts
        As `share_counts` made them.

    Returns
    -------
    matplotlib.axes.Axes

    References
    ----------
    Rockman & Kruglyak (2006) Nat Rev Genet 7:862, figure 1.
    """
    if not counts["n"].sum():
        return say_why_empty(axes, "No trait has replicates from which its noise could be told.")
    edges = np.append(counts["low"].to_numpy(), counts["high"].iloc[-1])
    axes.stairs(counts["n"], edges, fill=True, color=BLUE, alpha=0.8)
    axes.axvline(0.0, color=GREY, linewidth=0.9, linestyle=":")
    axes.set_xlim(-1, 1)
    axes.set_xlabel("share of variance that is genetic (below 0: by chance;\n-1: that or less)")
    axes.locator_params(axis="y", integer=True)
    axes.set_ylabel("traits")
    return axes


def strip_points(cross: Cross, traits: Sequence[str]) -> pd.DataFrame:
    """Gather the values of some traits in the samples and in the parents' replicates.

    Parameters
    ----------
    cross
        With replicated measurements of its parents, or without.
    traits
        Their names.

    Returns
    -------
    pandas.DataFrame
        trait, group (``segregants``, then the parents' names), sample, value, x (3 times the
        number of the trait, from 0, plus the group's number, and a spread). Missing values are left
        out.
    """
    names = list(cross.trait_names)
    parts = []
    for number, trait in enumerate(traits):
        groups = {"segregants": pd.Series(cross.traits[names.index(trait)], index=cross.samples)}
        for parent in dict.fromkeys(cross.parents["parent"]) if len(cross.parents) else ():
            groups[parent] = cross.parents.loc[cross.parents["parent"] == parent, trait]
        for place, (group, values) in enumerate(groups.items()):
            kept = values.dropna()
            spread = (np.arange(1, len(kept) + 1) * GOLDEN) % 1.0 - 0.5
            parts.append(
                pd.DataFrame(
                    {
                        "trait": pd.Series([trait] * len(kept), dtype=object),
                        "group": pd.Series([group] * len(kept), dtype=object),
                        "sample": pd.Series(kept.index, dtype=object),
                        "value": kept.to_numpy(dtype=np.float64),
                        "x": 3.0 * number + 0.8 * place + 2 * HALF_WIDTH * spread,
                    }
                )
            )
    columns = ["trait", "group", "sample", "value", "x"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def plot_strips(axes: "Axes", points: pd.DataFrame) -> "Axes":
    """Draw strips of values: the segregants of each trait, and its parents beside them.

    Parameters
    ----------
    axes
        Where to draw.
    points
        As `strip_points` made them.

    Returns
    -------
    matplotlib.axes.Axes

    References
    ----------
    Rockman & Kruglyak (2006) Nat Rev Genet 7:862, figure 2.
    """
    if points.empty:
        return say_why_empty(axes, "No trait was asked for.")
    looks = ((GREY, "."), (BLUE, "o"), (ORANGE, "^"), (GREEN, "s"))
    for group, (colour, marker) in zip(dict.fromkeys(points["group"]), looks, strict=False):
        part = points[points["group"] == group]
        axes.scatter(
            part["x"], part["value"], s=16, marker=marker, color=colour, linewidths=0.8,
            label=short(group), facecolors=colour if marker == "." else "none",
        )  # fmt: skip
    traits = list(dict.fromkeys(points["trait"]))
    axes.set_xticks(
        [3.0 * i + 0.8 for i in range(len(traits))], [short(t, longest=14) for t in traits]
    )
    axes.tick_params(axis="x", length=0)
    axes.set_xlabel("trait")
    axes.set_ylabel("trait value")
    return legend_below(axes, ncols=4)
