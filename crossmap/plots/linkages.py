"""Map of linkages: the place of the marker against that of the gene, or against the trait."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from crossmap.genome import GenomeAxis
from crossmap.plots.genome import draw_chromosome_grid, draw_chromosomes, genome_words
from crossmap.plots.style import BLUE, ORANGE, legend_below, say_why_empty
from crossmap.words import count

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


def say_how_many_are_left_out(n_linkages: int, points: pd.DataFrame) -> str:
    """Give the end of a map's title: linkages of traits whose genes are not on the map.

    Parameters
    ----------
    n_linkages
        All of them.
    points
        Those of the map.

    Returns
    -------
    str
        A line of its own; empty if all are on the map.
    """
    lost = n_linkages - len(points)
    if not lost or points.empty:
        return ""
    return f"\n(not shown: {count(lost, 'linkage')} of traits without a place)"


def linkage_rows(
    peaks: pd.DataFrame, trait_names: Sequence[str], genome: GenomeAxis
) -> pd.DataFrame:
    """Place linkages of traits whose genes have no place: each trait has a row.

    Parameters
    ----------
    peaks
        Columns trait, chr, pos_bp or pos_cm (the unit of the axis): one row per linkage.
    trait_names
        Of all traits, in the order of the rows.
    genome
        The x axis.

    Returns
    -------
    pandas.DataFrame
        trait, x (marker), y (number of the trait in `trait_names`, from 1).
    """
    row_of = {name: number for number, name in enumerate(trait_names, start=1)}
    position = peaks[f"pos_{genome.unit}"].to_numpy(dtype=np.float64)
    return pd.DataFrame(
        {
            "trait": peaks["trait"].to_numpy(dtype=object),
            "x": genome.place(list(peaks["chr"]), position),
            "y": np.array([row_of[name] for name in peaks["trait"]], dtype=np.int64),
        }
    )


def plot_linkage_rows(
    axes: "Axes", points: pd.DataFrame, genome: GenomeAxis, *, n_traits: int
) -> "Axes":
    """Draw a row for each trait: hot spots are vertical lines.

    Parameters
    ----------
    axes
        Where to draw.
    points
        As `linkage_rows` made them.
    genome
        The x axis.
    n_traits
        Rows.

    Returns
    -------
    matplotlib.axes.Axes
    """
    if points.empty:
        return say_why_empty(axes, "No test passes the threshold, so there is no linkage to show.")
    draw_chromosomes(axes, genome)
    axes.scatter(points["x"], points["y"], s=9, marker=".", color=BLUE, linewidths=0.8,
                 clip_on=False)  # fmt: skip
    axes.set_ylim(0.5, n_traits + 0.5)
    axes.locator_params(axis="y", integer=True)
    axes.set_xlabel(f"marker ({genome_words(genome)})")
    axes.set_ylabel("number of the trait in the file (genes have no place)")
    return axes


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
                     label=f"{label} ({len(part):,})", clip_on=False)  # fmt: skip
    axes.set_xlabel(f"marker ({genome_words(genome)})")
    axes.set_ylabel(f"gene of the trait ({genome_words(genome)})")
    return legend_below(axes, ncols=2)
