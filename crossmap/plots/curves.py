"""LOD along the genome, one line for each stage of the search."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from crossmap.genome import GenomeAxis
from crossmap.plots.genome import draw_chromosomes
from crossmap.plots.style import STAGE_COLOURS, STAGE_LINES, say_why_empty

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TRIANGLE = 6.0
"""Points, the size of what marks a locus; it stands on the peak, not in it."""

_SHARE_LEFT = 0.65  # of the height of a panel, once titles and labels have theirs


def curve_points(curves: pd.DataFrame, trait: str, genome: GenomeAxis) -> pd.DataFrame:
    """Place one trait's LOD curves on the genome.

    Parameters
    ----------
    curves
        Columns trait, stage, chr, pos_bp (or pos_cm), lod, loci in map order.
    trait
        Which trait.
    genome
        The axis.

    Returns
    -------
    pandas.DataFrame
        stage, x, lod; a row of NaN after each chromosome, so that lines break there. LOD is NaN
        where a locus was not eligible.
    """
    rows = curves[curves["trait"] == trait]
    x = genome.place(list(rows["chr"]), rows[f"pos_{genome.unit}"].to_numpy(np.float64))
    points = pd.DataFrame(
        {"stage": rows["stage"].to_numpy(), "x": x, "lod": rows["lod"].to_numpy(np.float64)}
    )
    chromosome = rows["chr"].to_numpy(dtype=object)
    last = np.flatnonzero(chromosome[1:] != chromosome[:-1])
    breaks = pd.DataFrame({"stage": points["stage"].to_numpy()[last], "x": np.nan, "lod": np.nan})
    order = np.argsort(np.concatenate([np.arange(len(points)), last + 0.5]), kind="stable")
    return pd.concat([points, breaks], ignore_index=True).iloc[order].reset_index(drop=True)


def plot_curves(axes: "Axes", points: pd.DataFrame, genome: GenomeAxis) -> "Axes":
    """Draw the LOD curves of one trait; a triangle marks the locus chosen at each stage.

    Parameters
    ----------
    axes
        Where to draw.
    points
        As `curve_points` made them.
    genome
        The axis.

    Returns
    -------
    matplotlib.axes.Axes
    """
    if points["lod"].notna().sum() == 0:
        return say_why_empty(axes, "No locus was eligible.")
    from matplotlib.transforms import ScaledTranslation

    draw_chromosomes(axes, genome)
    scale = axes.figure.dpi_scale_trans
    on_the_peak = axes.transData + ScaledTranslation(0, TRIANGLE / 72.0, scale)
    finite = points["lod"].replace(np.inf, np.nan)
    top = float(np.nanmax(finite)) if finite.notna().any() else 1.0
    for stage in np.unique(points["stage"].to_numpy()):
        of_stage = points[points["stage"] == stage]
        x = of_stage["x"].to_numpy()
        lod = np.minimum(of_stage["lod"].to_numpy(), top)
        colour, line = (c[(stage - 1) % 4] for c in (STAGE_COLOURS, STAGE_LINES))
        axes.plot(x, lod, color=colour, linestyle=line, linewidth=1.0, label=stage_words(stage))
        if np.isfinite(lod).any():
            best = np.nanargmax(of_stage["lod"].to_numpy())
            axes.plot(
                x[best], lod[best], marker="v", markersize=TRIANGLE, color=colour, clip_on=False,
                linestyle="none", transform=on_the_peak,
            )  # fmt: skip
    height = _SHARE_LEFT * axes.get_window_extent().height * 72.0 / axes.figure.dpi
    axes.set_ylim(0, top / (1.0 - min(0.5, 2.0 * TRIANGLE / height)))
    axes.set_ylabel("LOD")
    return axes


def stage_words(stage: int) -> str:
    """Say which locus a stage of the search seeks.

    Parameters
    ----------
    stage
        From 1.

    Returns
    -------
    str

    Examples
    --------
    >>> stage_words(1), stage_words(2), stage_words(3)
    ('locus 1', 'locus 2, given locus 1', 'locus 3, given those before')
    """
    if stage == 1:
        return "locus 1"
    return f"locus {stage}, given {'locus 1' if stage == 2 else 'those before'}"
