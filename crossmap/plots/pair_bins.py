"""Map of pairs of bins: how many traits are jointly linked to each."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from crossmap.genome import GenomeAxis
from crossmap.plots.genome import draw_chromosome_grid, genome_words
from crossmap.plots.style import BLUE, CHARACTER, GREY, ORANGE, say_why_empty

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SMALLEST = 3.0
"""Side of the smallest square, in points."""

SMALLEST_NUMBER = 4.0
"""Font below which no number is written."""

BESIDE = 3.0
"""Points between the middle of a mark and its number."""

GAP = 1.5
"""Points between a number and what is near it: 4 and 9 must not read as 49."""

N_STEPS = 15
"""Points of a short line that are looked at, whether they are free; of a long one, more."""

CAPITAL = 0.8
"""Height of a number, as a share of the size of the font."""

N_LED = 10
"""Pairs, the most shared, whose numbers may stand away, with a line that leads to them."""

# Right, left, above, below, between them; then so many lines of text farther away.
_AROUND = np.array([[1, 0], [-1, 0], [0, 1], [0, -1], [1, -1], [-1, 1], [1, 1], [-1, -1]])
_RINGS = [(ring, where) for ring in range(10) for where in _AROUND[: 4 if ring == 0 else 8]]
_LINE = {"arrowstyle": "-", "color": GREY, "linewidth": 0.5, "shrinkA": 0.0, "shrinkB": 0.0}


def pair_squares(table: pd.DataFrame, genome: GenomeAxis, *, fewest: int) -> pd.DataFrame:
    """Place pairs of bins on the map.

    Parameters
    ----------
    table
        As `PairBins.table`.
    genome
        Both axes, in the unit of the bins.
    fewest
        Traits that make a pair shared.

    Returns
    -------
    pandas.DataFrame
        x, y (middles of the bins, within their chromosomes; y is the later one), width, height,
        n_traits, is_shared.
    """
    ends = dict(zip(genome.chromosomes, genome.offset[1:], strict=True))
    columns: dict[str, np.ndarray] = {}
    for k, (middle, size) in ((1, ("x", "width")), (2, ("y", "height"))):
        names = list(table[f"chr{k}"])
        start, stop = (
            genome.place(names, table[f"{side}{k}_{genome.unit}"].to_numpy(np.float64))
            for side in ("start", "end")
        )
        stop = np.minimum(stop, [ends[name] for name in names])
        columns[middle], columns[size] = (start + stop) / 2.0, stop - start
    return pd.DataFrame(
        {
            **columns,
            "n_traits": table["n_traits"].to_numpy(),
            "is_shared": table["n_traits"].to_numpy() >= fewest,
        }
    )


def plot_pair_bins(axes: "Axes", squares: pd.DataFrame, genome: GenomeAxis) -> "Axes":
    """Draw a square for every pair of bins with a trait, shared ones with their number.

    A number too large for its square stands beside it, that of one of the `N_LED` most shared pairs
    farther away if need be; those that would stand on marks or other numbers are left out.

    Parameters
    ----------
    axes
        Where to draw.
    squares
        As `pair_squares` made them.
    genome
        Both axes.

    Returns
    -------
    matplotlib.axes.Axes
    """
    if squares.empty:
        return say_why_empty(axes, "No trait with two loci is called.")
    draw_chromosome_grid(axes, genome)
    axes.plot([0, genome.offset[-1]], [0, genome.offset[-1]], color="0.6", linewidth=0.6, zorder=1)
    small = squares["width"].max() < genome.offset[-1] / 60.0
    for is_shared, colour in ((False, BLUE), (True, ORANGE)):
        part = squares[squares["is_shared"] == is_shared]
        if small:  # bins too small to be seen: marks of one size
            axes.scatter(part["x"], part["y"], marker="s", s=SMALLEST**2 * (1 + is_shared),
                         color=colour, linewidths=0, zorder=2 + is_shared)  # fmt: skip
        else:
            _rectangles(axes, part, colour, most=int(squares["n_traits"].max()))
    _number(axes, squares, small=small, span=float(genome.offset[-1]))
    axes.set_xlabel(f"one locus ({genome_words(genome)})")
    axes.set_ylabel(f"the other locus ({genome_words(genome)})")
    return axes


def _number(axes: "Axes", squares: pd.DataFrame, *, small: bool, span: float) -> None:
    """Write the traits of shared pairs: in their squares if they fit, else beside them.

    The most shared have their numbers farther away, with a line, where there is no room beside.
    """
    from matplotlib import rcParams

    largest = 0.78 * float(rcParams["font.size"])
    panel = axes.get_window_extent()
    points = np.array([panel.width, panel.height]) * 72.0 / axes.figure.dpi / span
    # Middles of marks, then of numbers, and half their extent, all in points.
    taken = squares[["x", "y"]].to_numpy(np.float64) * points
    is_shared = squares["is_shared"].to_numpy()
    sides = SMALLEST * np.sqrt(1.0 + is_shared)[:, None] * np.ones(2)
    if not small:
        sides = squares[["width", "height"]].to_numpy(np.float64) * points
    half, n_marks = sides / 2.0, len(squares)
    # The most shared first, so that it is others that are left out.
    numbers = squares["n_traits"].to_numpy()
    order = np.argsort(-numbers, kind="stable")
    for rank, i in enumerate(order[is_shared[order]].tolist()):
        number, place = f"{numbers[i]:.0f}", taken[i]
        size = min(largest, *(0.9 * sides[i] / [CHARACTER * len(number), CAPITAL]))
        if not small and size >= SMALLEST_NUMBER:
            axes.annotate(number, place / points, va="center", ha="center", fontsize=size, zorder=5)
            own = np.array([CHARACTER * len(number), CAPITAL]) * size / 2.0
            taken, half = np.vstack([taken, place]), np.vstack([half, own])
            continue
        own = np.array([CHARACTER * len(number), 1.0]) * largest / 2.0
        near = half[i] + own + BESIDE - SMALLEST / 2.0
        for ring, where in _RINGS[: len(_RINGS) if rank < N_LED else 4]:
            middle = place + where * (near + ring * largest)
            within = (middle >= own).all() and (middle <= span * points - own).all()
            free = not (np.abs(taken - middle) < half + own).all(axis=1).any()
            # A line that crosses another number, line or shared pair would seem to lead to it.
            others = np.append(is_shared, np.ones(len(taken) - n_marks, dtype=np.bool_))
            others[i] = False
            way = middle - place
            out = min(0.15, float(np.min(half[i] / np.maximum(np.abs(way), GAP))))  # of its square
            steps = max(N_STEPS, round(float(np.abs(way).max()) / GAP))
            line = place + np.linspace(out, 0.85, steps)[:, None] * way
            crossed = np.abs(taken[others] - line[:, None]) < half[others]
            if within and free and not (ring and crossed.all(axis=2).any()):
                taken, half = np.vstack([taken, middle]), np.vstack([half, own + GAP])
                if ring:
                    taken, half = np.vstack([taken, line]), np.vstack([half, 0.0 * line + GAP])
                axes.annotate(
                    number, place / points, xytext=middle - place, textcoords="offset points",
                    va="center", ha="center", fontsize=largest, zorder=5,
                    arrowprops=_LINE if ring else None,
                )  # fmt: skip
                break


def _rectangles(axes: "Axes", part: pd.DataFrame, colour: str, *, most: int) -> None:
    from matplotlib.patches import Rectangle

    numbers = part[["x", "y", "width", "height", "n_traits"]].to_numpy(np.float64).tolist()
    for x, y, width, height, n in numbers:
        corner, alpha = (x - width / 2, y - height / 2), 0.25 + 0.65 * n / most
        axes.add_patch(
            Rectangle(corner, width, height, facecolor=colour, linewidth=0, zorder=2, alpha=alpha)
        )
