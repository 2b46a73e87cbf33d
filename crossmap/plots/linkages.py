"""Map of linkages: the place of the marker against the place of the trait's gene."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from crossmap.genome import GenomeAxis
from crossmap.plots.genome import draw_chromosome_grid, genome_words
from crossmap.plots.style import BLUE, ORANGE, legend_below, say_why_empty

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def linkage_points(
    peaks: pd.DataFrame, trait_table: pd.DataFrame, genome: GenomeAxis
) -> pd.DataFrame:
    """Place linkages on the map.

    Parameters
    ----------
    peaks
        Columns trait, chr, pos_bp, local: one row per linkage.
    trait_table
        As `Cross.trait_table`.
    genome
        Both axes of the map, in bp.

    Returns
    -------
    pandas.DataFrame
        x (marker), y (middle of the gene), is_local, for linkages of which both places are known
        and on the axes.
    """
    gene = trait_table.set_index("trait")
    middle = (gene["start_bp"] + gene["end_bp"]) / 2.0
    y = dict(zip(gene.index, genome.place(list(gene["chr"]), middle.to_numpy()), strict=True))
    points = pd.DataFrame(
        {
            "x": genome.place(list(peaks["chr"]), peaks["pos_bp"].to_numpy(dtype=np.float64)),
            "y": np.array([y.get(name, np.nan) for name in peaks["trait"]], dtype=np.float64),
            "is_local": peaks["local"].fillna(False).to_numpy(dtype=np.bool_),
        }
    )
    return points[points[["x", "y"]].notna().all(axis=1)].reset_index(drop=True)


def plot_linkages(axes: "Axes", points: pd.DataFrame, genome: GenomeAxis) -> "Axes":
    """Draw the map: local linkages lie on the diagonal, hot spots are vertical lines.

    Parameters
    ----------
    axes
        Where to draw.
    points
        As `linkage_points` made them.
    genome
        Both axes.

    Returns
    -------
    matplotlib.axes.Axes
    """
    if points.empty:
        return say_why_empty(axes, "No linkage of a trait whose gene has a place.")
    draw_chromosome_grid(axes, genome)
    # Local ones stand out by their shape too.
    for is_local, label, marker, colour in (
        (False, "distant", ".", BLUE), (True, "local", "x", ORANGE),
    ):  # fmt: skip
        part = points[points["is_local"] == is_local]
        axes.scatter(part["x"], part["y"], s=9, marker=marker, color=colour, linewidths=0.8,
                     label=f"{label} ({len(part):,})")  # fmt: skip
    axes.set_xlabel(f"marker ({genome_words(genome)})")
    axes.set_ylabel(f"gene of the trait ({genome_words(genome)})")
    return legend_below(axes, ncols=2)
