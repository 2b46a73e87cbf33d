"""The genome as an axis of a picture."""

from collections.abc import Iterable, Sequence
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

FEW_CHROMOSOMES = 3
"""Up to so many, positions are written along each."""

POSITION_SIZE = 0.75
"""Font of positions, as a share of the usual size."""

_SHARE_LEFT = 0.9  # of the axis, once the layout has made room for what stands around it
_STEPS = (1.0, 2.0, 5.0, 10.0)


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
    has_bp = "end_bp" in loci and loci["end_bp"].notna().all()
    unit: Literal["bp", "cm"] = "bp" if has_bp else "cm"
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
    _write_positions(axes.xaxis, genome)
    axes.set_xlim(0, genome.offset[-1])
    return axes


def genome_words(genome: GenomeAxis) -> str:
    """Say what is written along a genome axis, for the label of the axis.

    Parameters
    ----------
    genome
        The chromosomes.

    Returns
    -------
    str
        ``chromosome``, and the unit of positions where these are written: on `FEW_CHROMOSOMES` at
        most.

    Examples
    --------
    >>> genome_words(genome_axis(["I"], np.array([2.3e6])))
    'chromosome, position in Mb'
    >>> genome_words(genome_axis(["1", "2", "3", "4"], np.full(4, 80.0), unit="cm"))
    'chromosome'
    """
    if len(genome.chromosomes) > FEW_CHROMOSOMES:
        return "chromosome"
    return f"chromosome, position in {_position_unit(genome)[0]}"


def _position_unit(genome: GenomeAxis) -> tuple[str, float]:
    """Name of the unit in which positions are written, and its size in the unit of the axis."""
    if genome.unit == "cm":
        return "cM", 1.0
    return ("Mb", 1e6) if np.diff(genome.offset).max() >= 1e6 else ("kb", 1e3)


def position_ticks(genome: GenomeAxis, *, most: float) -> pd.DataFrame:
    """Choose round positions on every chromosome, so that their labels do not touch.

    Parameters
    ----------
    genome
        The chromosomes.
    most
        Labels that the whole axis holds, side by side.

    Returns
    -------
    pandas.DataFrame
        chr, at (on the axis), label (the position in Mb, kb or cM, as `genome_words` says), in
        order. On every chromosome multiples of one step (1, 2 or 5 times a power of ten) from 0,
        less those that would touch the next chromosome's 0.

    Examples
    --------
    >>> ticks = position_ticks(genome_axis(["1", "2"], np.array([2.3e6, 1.1e6])), most=6)
    >>> ticks["chr"].tolist(), ticks["label"].tolist()
    (['1', '1', '2', '2'], ['0', '1', '0', '1'])
    """
    scale, length = _position_unit(genome)[1], np.diff(genome.offset)
    apart = float(genome.offset[-1]) / most
    power = 10.0 ** np.floor(np.log10(max(apart, 1e-12) / scale))
    step = scale * power * next(s for s in _STEPS if s * power * scale >= apart)
    ticks = []
    for name, start, size in zip(genome.chromosomes, genome.offset, length, strict=False):
        places = step * np.arange(int(size / step + 1e-9) + 1)
        if name != genome.chromosomes[-1]:
            places = places[(places == 0) | (size - places >= apart)]
        ticks += [(name, start + place, f"{place / scale:g}") for place in places]
    return pd.DataFrame(ticks, columns=["chr", "at", "label"])


def _write_positions(axis: "Axis", genome: GenomeAxis) -> None:
    """Write positions between the axis and the names of few chromosomes."""
    from matplotlib import rcParams

    if len(genome.chromosomes) > FEW_CHROMOSOMES:
        return
    axes = axis.axes
    is_x = axis is axes.xaxis
    box = axes.get_window_extent()
    points = _SHARE_LEFT * (box.width if is_x else box.height) * 72.0 / axes.figure.dpi
    size = POSITION_SIZE * float(rcParams["font.size"])
    # Four characters and a gap: lines one above the other have room for more, but a square's
    # sides are to have the same ones.
    ticks = position_ticks(genome, most=max(points / (5 * CHARACTER * size), 1.0))
    axis.remove_overlapping_locs = False  # a name may stand where a position does
    axis.set_ticks(ticks["at"], labels=ticks["label"], minor=True)
    axis.set_tick_params(which="minor", labelsize=size, length=2.5, pad=1.5)
    deep = 1.3 if is_x else CHARACTER * max(map(len, ticks["label"])) + 0.4
    axis.set_tick_params(which="major", pad=deep * size + 4.0)


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
        _write_positions(axis, genome)
    return axes


def name_last_panel_alone(panels: Iterable["Axes"]) -> None:
    """Leave names and positions to the last of panels that stand one above the other.

    Parameters
    ----------
    panels
        Drawn by `draw_chromosomes` on one genome, from above.
    """
    for axes in list(panels)[:-1]:
        axes.tick_params(axis="x", which="both", labelbottom=False)
