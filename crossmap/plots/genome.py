"""The genome as an axis of a picture."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from crossmap.genome import GenomeAxis, genome_axis
from crossmap.plots.style import CHARACTER, GREY, LIGHT, short

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

LONGEST_NAME = 12
"""Characters of a chromosome's name that are written."""

_SHARE_LEFT = 0.9  # of the axis, once the layout has made room for what stands around it


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
    name_chromosomes(axes.xaxis, genome.offset, genome.chromosomes)
    axes.set_xlim(0, genome.offset[-1])
    return axes


def name_chromosomes(axis: "Axis", ends: np.ndarray, names: Sequence[str]) -> None:
    """Write names of chromosomes along an axis so that none stands on another.

    Names too long for their places become smaller; if that does not do, those on an x axis stand
    upright, and those of the shortest chromosomes are left out where they would overlap.

    Parameters
    ----------
    axis
        The x or y axis; the size of its axes on the figure is taken as it is now.
    ends
        float64 [n + 1], ascending: where chromosomes begin and end, from one end of the axis to
        the other.
    names
        Of the n chromosomes; shortened to `LONGEST_NAME` characters.
    """
    from matplotlib import rcParams

    axes = axis.axes
    is_x = axis is axes.xaxis
    box = axes.get_window_extent()
    length = (box.width if is_x else box.height) * 72.0 / axes.figure.dpi
    middle, sizes = (ends[:-1] + ends[1:]) / 2.0, np.diff(ends)
    place = _SHARE_LEFT * length * (middle - ends[0]) / max(ends[-1] - ends[0], 1e-12)
    labels = [short(str(name), longest=LONGEST_NAME) for name in names]
    font = float(rcParams["font.size"])
    for size in (0.9 * font, 0.7 * font):
        widths = [len(label) * CHARACTER * size + 2.0 for label in labels]
        half = np.array(widths if is_x else [1.15 * size] * len(labels)) / 2.0
        if (np.diff(place) >= half[:-1] + half[1:]).all():
            break
    else:
        half = np.full(len(labels), 1.15 * size / 2.0)
        written: list[int] = []
        for i in np.argsort(-sizes, kind="stable").tolist():
            if all(abs(place[i] - place[j]) >= half[i] + half[j] for j in written):
                written.append(i)
            else:
                labels[i] = ""
        axis.set_tick_params(rotation=90 if is_x else 0)
    axis.set_ticks(middle, labels=labels)
    axis.set_tick_params(length=0, labelsize=size)


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
    axes.set_xlim(0, genome.offset[-1])
    axes.set_ylim(0, genome.offset[-1])
    axes.set_aspect("equal")
    axes.apply_aspect()
    for axis in (axes.xaxis, axes.yaxis):
        name_chromosomes(axis, genome.offset, genome.chromosomes)
    return axes
