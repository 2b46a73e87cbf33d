"""Heat map of a two-locus surface: one LOD above the diagonal, another below it."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from crossmap.genome import GenomeAxis
from crossmap.linkage.surface import Surface
from crossmap.plots.genome import draw_chromosome_grid, genome_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Kind = Literal["full", "add", "int", "fv1", "av1"]

N_PIXELS = 700
"""Cells of the picture's side; each shows the largest LOD of the pairs in it."""

# Blue and orange, light where LOD is small: told apart with any kind of colour vision.
_COLOURS: Mapping[str, str] = MappingProxyType({"upper": "Blues", "lower": "Oranges"})

_SAYS: Mapping[str, str] = MappingProxyType(
    {
        "full": "full model against the mean (full)",
        "add": "additive model against the mean (add)",
        "int": "interaction (int)",
        "fv1": "full model against the best single locus (fv1)",
        "av1": "additive model against the best single locus (av1)",
    }
)


@dataclass(frozen=True, eq=False)
class SurfaceImage:
    """A surface as it is drawn.

    Parameters
    ----------
    upper, lower
        float64 [N, N]: rows are places on the y axis, columns on the x axis; `upper` where y is
        past x, `lower` where x is past y, NaN elsewhere and where no pair is eligible.
    upper_kind, lower_kind
        Which LODs they are: ``full``, ``add``, ``int``, ``fv1`` or ``av1``.
    length
        Of the genome, in the unit of its axis: both sides run from 0 to it.
    upper_threshold, lower_threshold
        What the largest of each LOD reaches in a share `alpha` of the permutations; NaN without.
    alpha
        That share.
    """

    upper: np.ndarray
    lower: np.ndarray
    upper_kind: str
    lower_kind: str
    length: float
    upper_threshold: float = np.nan
    lower_threshold: float = np.nan
    alpha: float = 0.05


def surface_image(
    surface: Surface,
    genome: GenomeAxis,
    *,
    upper: Kind = "int",
    lower: Kind = "full",
    n_pixels: int = N_PIXELS,
    alpha: float = 0.05,
) -> SurfaceImage:
    """Lay a surface on the genome.

    Parameters
    ----------
    surface
        LODs of all pairs.
    genome
        Both axes.
    upper, lower
        Which LOD is above and which below the diagonal: ``full`` (against the mean), ``add`` (main
        effects alone), ``int`` (full less add), ``fv1`` or ``av1`` (full or add less the best
        single locus). The defaults are those of R/qtl's ``plot`` of a ``scantwo``.
    n_pixels
        N, cells of a side. Every locus reaches half-way to its neighbours on the chromosome; a
        cell shows the largest LOD of the pairs that lie in it, so that no peak is lost. Infinite
        LODs are shown as the largest finite one.
    alpha
        Genome-wide error rate of the thresholds, if the surface has permutations.

    Returns
    -------
    SurfaceImage
    """
    edges = _cell_edges(surface, genome)
    borders = np.linspace(0.0, genome.offset[-1], n_pixels + 1)
    # Loci first[p] .. last[p] - 1 reach into cell p.
    first = np.searchsorted(edges, borders[:-1], side="right") - 1
    last = np.searchsorted(edges, borders[1:], side="left")
    cuts = np.column_stack([first, np.maximum(last, first + 1)]).ravel()
    images = []
    for kind, keep in ((upper, np.tril), (lower, np.triu)):
        # Row j, column i: second locus upwards, first to the right.
        lod = np.where(
            keep(np.ones(surface.lod_full.shape), 0), getattr(surface, f"lod_{kind}"), np.nan
        )
        finite = lod[np.isfinite(lod)]
        lod[np.isposinf(lod)] = finite.max(initial=0.0)
        for axis in (0, 1):
            padded = np.concatenate([lod, np.full_like(lod.take([0], axis), np.nan)], axis)
            lod = np.fmax.reduceat(padded, cuts, axis=axis).take(np.arange(0, len(cuts), 2), axis)
        images.append(lod)
    levels = surface.thresholds.quantiles(alpha) if surface.thresholds is not None else {}
    return SurfaceImage(
        images[0], images[1], upper, lower, float(genome.offset[-1]),
        levels.get(upper, np.nan), levels.get(lower, np.nan), alpha,
    )  # fmt: skip


def _cell_edges(surface: Surface, genome: GenomeAxis) -> np.ndarray:
    """Where each locus's stretch of the axis begins, and where the last ends."""
    place = _places(surface, genome)
    edges = np.concatenate([[0.0], (place[:-1] + place[1:]) / 2.0, [genome.offset[-1]]])
    border = genome.place(list(surface.loci.chr), np.zeros(len(place)))
    starts = np.flatnonzero(np.diff(surface.loci.chr_index)) + 1
    edges[starts] = border[starts]
    return np.maximum.accumulate(edges)


def _places(surface: Surface, genome: GenomeAxis) -> np.ndarray:
    start = getattr(surface.loci, f"start_{genome.unit}")
    return genome.place(list(surface.loci.chr), start)


def surface_marks(surface: Surface, genome: GenomeAxis, *, alpha: float = 0.05) -> pd.DataFrame:
    """Choose the pairs that the picture points at.

    Parameters
    ----------
    surface
        LODs of all pairs.
    genome
        Both axes.
    alpha
        Genome-wide error rate of each threshold.

    Returns
    -------
    pandas.DataFrame
        trait, locus1f, locus2f, x, y (x before y): the best pair of every pair of chromosomes
        that R/qtl's rule calls; where there are no thresholds, the pair of the largest full LOD.
    """
    table = surface.summary()
    if surface.thresholds is not None:
        chosen = table[surface.thresholds.is_called(table, alpha=alpha)]
    else:
        chosen = table.iloc[[int(table["lod_full"].to_numpy().argmax())]]
    marks = chosen[["trait", "locus1f", "locus2f"]].reset_index(drop=True)
    at = dict(zip(surface.loci.names, _places(surface, genome), strict=True))
    for column, locus in (("x", "locus1f"), ("y", "locus2f")):
        marks[column] = np.array([at[name] for name in marks[locus]], dtype=np.float64)
    return marks


def plot_surface(
    axes: "Axes", image: SurfaceImage, genome: GenomeAxis, *, marks: pd.DataFrame | None = None
) -> "Axes":
    """Draw a surface with a colour bar for either triangle.

    Each triangle has its own scale, from 0 to the largest LOD; where there are thresholds it goes
    to twice the threshold at least, so that what chance gives stays light, and a line in the
    colour bar marks the threshold.

    Parameters
    ----------
    axes
        Where to draw.
    image
        As `surface_image` made it.
    genome
        Both axes.
    marks
        As `surface_marks` made them: circles in both triangles.

    Returns
    -------
    matplotlib.axes.Axes
    """
    from matplotlib import colormaps
    from matplotlib.patheffects import withStroke

    sides = (("upper", "above", "right"), ("lower", "below", "bottom"))
    for side, where, location in sides:
        values, kind = getattr(image, side), getattr(image, f"{side}_kind")
        top = max(float(np.nanmax(values)), 1e-9) if np.isfinite(values).any() else 1.0
        threshold = getattr(image, f"{side}_threshold")
        says = f"{where} the diagonal: LOD, {_SAYS[kind]}"
        if np.isfinite(threshold):
            top = max(top, 2.0 * threshold)
            says += f"\nline: {threshold:.3g}, which {100 * image.alpha:g}% of permutations exceed"
        drawn = axes.imshow(
            np.ma.masked_invalid(values), origin="lower", vmin=0.0, vmax=top, zorder=-1,
            extent=(0.0, image.length, 0.0, image.length), interpolation="nearest",
            cmap=colormaps[_COLOURS[side]],
        )  # fmt: skip
        bar = axes.figure.colorbar(
            drawn, ax=axes, location=location, shrink=0.7, pad=0.02, aspect=35, label=says
        )
        if np.isfinite(threshold):
            draw_line = bar.ax.axhline if location == "right" else bar.ax.axvline
            draw_line(threshold, color="black", linewidth=1.4)
    draw_chromosome_grid(axes, genome)
    if marks is not None and not marks.empty:
        both = [marks[["x", "y"]].to_numpy(), marks[["y", "x"]].to_numpy()]
        x, y = np.concatenate(both).T
        axes.scatter(
            x, y, s=70, marker="o", facecolors="none", edgecolors="black", linewidths=1.3,
            clip_on=False, zorder=3,
            path_effects=[withStroke(linewidth=3.2, foreground="white")],  # light or dark below
        )  # fmt: skip
    axes.set_xlabel(f"one locus ({genome_words(genome)})")
    axes.set_ylabel(f"the other locus ({genome_words(genome)})")
    return axes
