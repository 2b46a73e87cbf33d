"""The genotypes of a cross as an image, and its map."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from crossmap.cross import Cross
from crossmap.plots.genome import name_chromosomes
from crossmap.plots.style import BLUE, GREY, NO_PLACES, legend_below, say_why_empty, short
from crossmap.words import count

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# From light to dark, so that they are told apart without colour; white is missing.
_SHADES = ("#F0E0A0", "#7FA8C9", "#08306B")
_MISSING = "#FFFFFF"


def genotype_image(cross: Cross) -> pd.DataFrame:
    """Lay out the genotype calls, a row per sample and a column per marker in map order.

    Parameters
    ----------
    cross
        Any cross.

    Returns
    -------
    pandas.DataFrame
        int8, the class of each call, -1 where missing; index the samples, columns the markers.
    """
    return pd.DataFrame(
        cross.genotypes.T,
        index=pd.Index(cross.samples, dtype=object),
        columns=pd.Index(cross.markers["marker"], dtype=object),
    )


def plot_genotypes(axes: "Axes", image: pd.DataFrame, cross: Cross) -> "Axes":
    """Draw the genotypes of all samples at all markers, chromosomes side by side.

    Parameters
    ----------
    axes
        Where to draw.
    image
        As `genotype_image` made it.
    cross
        The same cross.

    Returns
    -------
    matplotlib.axes.Axes
    """
    from matplotlib.colors import ListedColormap
    from matplotlib.patches import Patch

    n = cross.n_genotypes
    shades = (_SHADES[0], _SHADES[2]) if n == 2 else _SHADES
    axes.imshow(
        image.to_numpy(), aspect="auto", interpolation="nearest", vmin=-1.5, vmax=n - 0.5,
        cmap=ListedColormap([_MISSING, *shades]),
    )  # fmt: skip
    chromosome = cross.markers["chr"].to_numpy(dtype=object)
    starts = np.append(np.flatnonzero(np.r_[True, chromosome[1:] != chromosome[:-1]]), len(image.T))
    for start in starts[1:-1]:
        axes.axvline(start - 0.5, color="black", linewidth=0.6)
    name_chromosomes(axes.xaxis, starts - 0.5, [str(chromosome[s]) for s in starts[:-1]])
    axes.set_xlabel("markers in map order, by chromosome")
    axes.set_ylabel("samples, by name")
    names = [*cross.genotype_names, *(["missing"] if (image.to_numpy() < 0).any() else [])]
    handles = [
        Patch(facecolor=colour, edgecolor=GREY, linewidth=0.6, label=short(name))
        for name, colour in zip(names, [*shades, _MISSING], strict=False)
    ]
    return legend_below(axes, ncols=len(names), handles=handles)


def map_points(cross: Cross) -> pd.DataFrame:
    """Place the markers on their chromosomes.

    Parameters
    ----------
    cross
        Any cross.

    Returns
    -------
    pandas.DataFrame
        marker, chr, number (of the chromosome, from 0), position (cM where every marker has it,
        else Mb), unit. No rows where markers have no positions in one unit.
    """
    table = cross.markers
    for column, unit, scale in (("pos_cm", "cM", 1.0), ("pos_bp", "Mb", 1e-6)):
        if table[column].notna().all():
            return pd.DataFrame(
                {
                    "marker": table["marker"],
                    "chr": table["chr"],
                    "number": pd.factorize(table["chr"])[0],
                    "position": scale * table[column].to_numpy(dtype=np.float64),
                    "unit": unit,
                }
            )
    return pd.DataFrame(columns=["marker", "chr", "number", "position", "unit"])


def plot_map(axes: "Axes", points: pd.DataFrame) -> "Axes":
    """Draw the map: a line for each chromosome, a tick for each marker.

    Parameters
    ----------
    axes
        Where to draw.
    points
        As `map_points` made them.

    Returns
    -------
    matplotlib.axes.Axes
    """
    if points.empty:
        return say_why_empty(axes, NO_PLACES)
    ends = points.groupby("number")["position"].agg(["min", "max"])
    axes.vlines(ends.index, ends["min"], ends["max"], color=GREY, linewidth=1.0)
    number, position = points["number"].to_numpy(), points["position"].to_numpy()
    axes.hlines(position, number - 0.3, number + 0.3, color=BLUE, linewidth=0.5)
    names = points.drop_duplicates("number")["chr"]
    name_chromosomes(axes.xaxis, np.arange(len(ends) + 1) - 0.5, [str(name) for name in names])
    axes.set_xlim(-0.7, len(ends) - 0.3)
    axes.invert_yaxis()
    axes.set_xlabel("chromosome")
    axes.set_ylabel(f"position ({points['unit'].iloc[0]})")
    return axes


def draw_genotypes_and_map(figure: "Figure", cross: Cross) -> "Figure":
    """Draw the genotype image above the map.

    Parameters
    ----------
    figure
        Where to draw: 10 by 8 inches suit it.
    cross
        Any cross.

    Returns
    -------
    matplotlib.figure.Figure
    """
    upper, lower = figure.subplots(2, height_ratios=(3, 2))
    plot_genotypes(upper, genotype_image(cross), cross)
    size = f"{count(cross.n_samples, 'sample')}, {count(cross.n_markers, 'marker')}"
    upper.set_title(f"Genotypes: {size}")
    plot_map(lower, map_points(cross))
    lower.set_title("Map")
    return figure
