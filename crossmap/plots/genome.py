"""The genome as an axis of a picture."""

from typing import TYPE_CHECKING, Literal

import pandas as pd

from crossmap.genome import GenomeAxis, genome_axis
from crossmap.plots.style import GREY, LIGHT

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis


def axis_of_loci(loci: pd.DataFrame) -> GenomeAxis:
    """Make the axis on which a table of loci is drawn.

    Parameters
    ----------
    loci
        As `Loci.to_frame` gives it: chr and end_bp, or end_cm where there are no base pairs.

    Returns
    -------
    GenomeAxis
    """
    unit: Literal["bp", "cm"] = "bp" if loci["end_bp"].notna().all() else "cm"
    return genome_axis(list(loci["chr"]), loci[f"end_{unit}"].to_numpy(), unit=unit)


def draw_chromosomes(axes: "Axes", genome: GenomeAxis) -> "Axes":
    """Make the x axis the genome: every other chromosome shaded, all of them named.

    Parameters
    ----------
    axes
        Where to draw.
    genome
        The chromosomes.

    Returns
    -------
    matplotlib.axes.Axes
    """
    for start, end in list(zip(genome.offset[:-1], genome.offset[1:], strict=True))[1::2]:
        axes.axvspan(start, end, color=LIGHT, zorder=0, linewidth=0)
    _name_chromosomes(axes.xaxis, genome)
    axes.set_xlim(0, genome.offset[-1])
    return axes


def _name_chromosomes(axis: "Axis", genome: GenomeAxis) -> None:
    axis.set_ticks(genome.middle, labels=list(genome.chromosomes))
    axis.set_tick_params(length=0, labelsize=8 if len(genome.chromosomes) <= 20 else 6)


def draw_chromosome_grid(axes: "Axes", genome: GenomeAxis) -> "Axes":
    """Make both axes the genome, with a grid at the borders of chromosomes.

    Parameters
    ----------
    axes
        Where to draw.
    genome
        The chromosomes.

    Returns
    -------
    matplotlib.axes.Axes
    """
    for border in genome.offset:
        for line in (axes.axvline, axes.axhline):
            line(border, color=GREY, linewidth=0.4, alpha=0.6, zorder=0)
    _name_chromosomes(axes.xaxis, genome)
    _name_chromosomes(axes.yaxis, genome)
    axes.set_xlim(0, genome.offset[-1])
    axes.set_ylim(0, genome.offset[-1])
    axes.set_aspect("equal")
    return axes
