"""Map of pairs: the place of the primary locus against that of the secondary."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from crossmap.genome import GenomeAxis
from crossmap.plots.genome import draw_chromosome_grid, genome_words
from crossmap.plots.style import BLUE, ORANGE, say_why_empty

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEWEST_SHARING = 3
"""Traits that must share a pair of places for it to stand out."""

N_NAMED = 8
"""Pairs that are numbered in the map."""


def pair_points(called: pd.DataFrame, shared: pd.DataFrame, genome: GenomeAxis) -> pd.DataFrame:
    """Place called traits on the map of pairs.

    Parameters
    ----------
    called
        Rows of `JointLinkage.to_frame`, with two loci at least.
    shared
        As `shared_places` made it of the same rows.
    genome
        Both axes of the map.

    Returns
    -------
    pandas.DataFrame
        A row per trait with two loci: trait, x and y (middles of its first and second locus on
        the axes), n_sharing (traits with the same pair of places, itself included), rank (of that
        pair by n_sharing, from 1).
    """
    n_sharing, rank = {}, {}
    for number, (names, n) in enumerate(zip(shared["traits"], shared["n_traits"], strict=True)):
        for name in names.split(","):
            n_sharing[name], rank[name] = int(n), number + 1
    places = []
    for k in (1, 2):
        ends = called[[f"start{k}_{genome.unit}", f"end{k}_{genome.unit}"]].to_numpy(np.float64)
        places.append(genome.place(list(called[f"chr{k}"]), ends.mean(axis=1)))
    points = pd.DataFrame(
        {
            "trait": called["trait"].to_numpy(dtype=object),
            "x": places[0],
            "y": places[1],
            "n_sharing": [n_sharing.get(name, 1) for name in called["trait"]],
            "rank": [rank.get(name, 0) for name in called["trait"]],
        }
    )
    return points[points[["x", "y"]].notna().all(axis=1)].reset_index(drop=True)


def plot_pairs(axes: "Axes", points: pd.DataFrame, genome: GenomeAxis) -> "Axes":
    """Draw the map of pairs; the legend is left to the caller.

    Parameters
    ----------
    axes
        Where to draw.
    points
        As `pair_points` made them.
    genome
        Both axes.

    Returns
    -------
    matplotlib.axes.Axes
    """
    if points.empty:
        return say_why_empty(axes, "No trait with two loci is called.")
    draw_chromosome_grid(axes, genome)
    axes.plot([0, genome.offset[-1]], [0, genome.offset[-1]], color="0.6", linewidth=0.6, zorder=1)
    single = points[points["n_sharing"] < FEWEST_SHARING]
    often = points[points["n_sharing"] >= FEWEST_SHARING]
    axes.scatter(
        single["x"], single["y"], s=14, color=BLUE, linewidths=0, zorder=3,
        label=f"pair of 1 or {FEWEST_SHARING - 1} traits",
    )  # fmt: skip
    if not often.empty:
        axes.scatter(
            often["x"], often["y"], s=14 + 9 * often["n_sharing"], marker="D", zorder=2,
            facecolors="none", edgecolors=ORANGE, linewidths=1.1,
            label=f"pair shared by {FEWEST_SHARING} traits or more, larger the more",
        )  # fmt: skip
        _number_the_most_shared(axes, often, genome)
    axes.set_xlabel(f"place of the primary locus ({genome_words(genome)})")
    axes.set_ylabel(f"place of the secondary locus ({genome_words(genome)})")
    return axes


def _number_the_most_shared(axes: "Axes", often: pd.DataFrame, genome: GenomeAxis) -> None:
    """Write beside the most shared pairs how many traits share them, once for each.

    A number that would stand on another one is left out; a white rim keeps the rest readable.
    """
    from matplotlib.patheffects import withStroke

    apart = 0.035 * genome.offset[-1]
    placed: list[tuple[float, float]] = []
    top = often.sort_values("rank", kind="stable").drop_duplicates("rank").head(N_NAMED)
    places = top[["x", "y"]].to_numpy(np.float64).tolist()
    for (x, y), n_sharing in zip(places, top["n_sharing"], strict=True):
        if any(abs(x - other) < apart and abs(y - level) < apart for other, level in placed):
            continue
        placed.append((x, y))
        left = x > 0.9 * genome.offset[-1]
        axes.annotate(
            str(n_sharing), (x, y), xytext=(-9 if left else 9, 5),
            textcoords="offset points", ha="right" if left else "left", color=ORANGE,
            zorder=6,
            path_effects=[withStroke(linewidth=2.5, foreground="white")],
        )  # fmt: skip
