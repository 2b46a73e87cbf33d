"""Map of pairs: the place of the primary locus against that of the secondary."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from crossmap.genome import GenomeAxis
from crossmap.plots.genome import draw_chromosome_grid, genome_words
from crossmap.plots.style import BLUE, CHARACTER, ORANGE, say_why_empty

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEWEST_SHARING = 3
"""Traits that must share a pair of places for it to stand out."""

N_NAMED = 12
"""Pairs, of the most traits, that are numbered in the map."""

_SMALLEST, _FOR_EACH = 40.0, 9.0  # square points of a diamond, and more of them for each trait
_DOT = 2.0  # points, half the width of a trait's
_SIDES = ((1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0), (0.7, 0.7), (-0.7, -0.7))
_SHARE_LEFT = 0.85  # of the axis, once the layout has made room for what stands around it


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


def pair_marks(points: pd.DataFrame) -> pd.DataFrame:
    """Gather the traits that share a pair of places into one mark each.

    Parameters
    ----------
    points
        As `pair_points` made them.

    Returns
    -------
    pandas.DataFrame
        A row for each pair of `FEWEST_SHARING` traits or more and each side of the diagonal on
        which it has some: x and y (medians of these traits), n_traits (how many they are),
        n_sharing (of both sides together). The most traits first.
    """
    often = points[points["n_sharing"] >= FEWEST_SHARING]
    sides = often.groupby(["rank", often["y"] > often["x"]], sort=True)
    marks = sides.agg(
        x=("x", "median"), y=("y", "median"), n_traits=("x", "size"),
        n_sharing=("n_sharing", "first"),
    )  # fmt: skip
    return marks.sort_values("n_traits", ascending=False, kind="stable").reset_index(drop=True)


def plot_pairs(axes: "Axes", points: pd.DataFrame, genome: GenomeAxis) -> "Axes":
    """Draw the map of pairs; the legend is left to the caller.

    Parameters
    ----------
    axes
        Where to draw.
    points
        As `pair_points` made them; what `pair_marks` makes of them is drawn around them.
    genome
        Both axes.

    Returns
    -------
    matplotlib.axes.Axes
    """
    if points.empty:
        return say_why_empty(axes, "No trait with two loci is called.")
    draw_chromosome_grid(axes, genome)
    # In the middle of its place a square hides from the layout what stands above it.
    axes.set_anchor("N")
    axes.plot([0, genome.offset[-1]], [0, genome.offset[-1]], color="0.6", linewidth=0.6, zorder=1)
    axes.scatter(
        points["x"], points["y"], s=12, color=BLUE, linewidths=0, zorder=3, clip_on=False,
        label="a trait",
    )  # fmt: skip
    marks = pair_marks(points)
    if not marks.empty:
        axes.scatter(
            marks["x"], marks["y"], s=_SMALLEST + _FOR_EACH * marks["n_traits"], marker="D",
            zorder=4, facecolors="none", edgecolors=ORANGE, linewidths=1.1, clip_on=False,
            label=f"pair of {FEWEST_SHARING} traits or more; beside it, how many stand there",
        )  # fmt: skip
        _number_marks(axes, marks, points, genome)
    axes.set_xlabel(f"place of the primary locus ({genome_words(genome)})")
    axes.set_ylabel(f"place of the secondary locus ({genome_words(genome)})")
    return axes


def _number_marks(
    axes: "Axes", marks: pd.DataFrame, points: pd.DataFrame, genome: GenomeAxis
) -> None:
    """Write beside the marks of the most traits how many they are.

    A number goes to that side of its mark on which it touches no mark, no other number and, if
    there is such a side, no point; a white rim keeps it readable on points. Where marks or numbers
    are on all sides it is left out.
    """
    from matplotlib import rcParams
    from matplotlib.patheffects import withStroke

    length = float(genome.offset[-1])
    points_long = _SHARE_LEFT * axes.get_window_extent().width * 72.0 / axes.figure.dpi
    centre, dots = (
        table[["x", "y"]].to_numpy(np.float64) * points_long / length for table in (marks, points)
    )
    dots = np.column_stack([dots, np.full_like(dots, _DOT)])
    reach = np.sqrt(_SMALLEST + _FOR_EACH * marks["n_traits"].to_numpy(np.float64)) / np.sqrt(2.0)
    size = 0.9 * float(rcParams["font.size"])
    taken = np.column_stack([centre, 0.7 * reach, 0.7 * reach])  # a diamond fills half its square
    for k, n in enumerate(marks["n_traits"].head(N_NAMED)):
        half = np.array([len(str(n)) * CHARACTER * size, 1.1 * size]) / 2.0
        far = reach[k] + half + 1.0
        others = np.delete(taken, k, axis=0)
        sides = [
            side
            for in_the_way in (np.vstack([others, dots]), others)
            for side in _SIDES
            if _is_free(centre[k] + far * side, half, in_the_way, points_long)
        ]
        if not sides:
            continue
        side = sides[0]
        taken = np.vstack([taken, [*(centre[k] + far * side), *half]])
        axes.annotate(
            str(n), centre[k] * length / points_long, xytext=far * side, ha="center", va="center",
            textcoords="offset points", color=ORANGE, size=size, zorder=6,
            path_effects=[withStroke(linewidth=2.5, foreground="white")],
        )  # fmt: skip


def _is_free(at: np.ndarray, half: np.ndarray, taken: np.ndarray, end: float) -> bool:
    """Whether a box about a place lies within the axes and overlaps none of those taken."""
    if (at - half < 0).any() or (at + half > end).any():
        return False
    apart = np.abs(taken[:, :2] - at) - taken[:, 2:] - half
    return bool((apart.max(axis=1) >= 0).all())
