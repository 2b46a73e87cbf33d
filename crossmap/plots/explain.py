"""One trait and two loci: LOD at each step, what chance gives, values by genotype."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from crossmap.architecture.explain import Explanation
from crossmap.genome import GenomeAxis
from crossmap.linkage.f_test import neglog10_p
from crossmap.plots.cells import MOST_PROBABLE, cell_points, estimated_cells, plot_cells
from crossmap.plots.curves import curve_points, plot_curves
from crossmap.plots.genome import axis_of_loci, genome_words
from crossmap.plots.style import ORANGE, STAGE_COLOURS, STAGE_LINES, say_why_empty, short

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

N_BINS = 40

_BARS = 0.7  # of the height: the legend stands above them


def null_counts(null: pd.DataFrame, stage: int, statistic: str = "f") -> pd.DataFrame:
    """Count the best loci of the permutations of one step in bins of equal width.

    Parameters
    ----------
    null
        As `Explanation.null`.
    stage
        1 or 2.
    statistic
        ``f`` or ``neglog10_p_f``.

    Returns
    -------
    pandas.DataFrame
        low, high, n; no rows without a permutation in which something varied.
    """
    f = null.loc[null["stage"] == stage, statistic].dropna().to_numpy()
    f = f[np.isfinite(f)]
    if not len(f):
        return pd.DataFrame({"low": [], "high": [], "n": []})
    counts, edges = np.histogram(f, bins=min(N_BINS, max(5, len(f) // 10)))
    return pd.DataFrame({"low": edges[:-1], "high": edges[1:], "n": counts})


def plot_null(axes: "Axes", counts: pd.DataFrame, *, observed: float, threshold: float) -> "Axes":
    """Draw the statistics of the permutations, and where the trait's own lies.

    Parameters
    ----------
    axes
        Where to draw.
    counts
        As `null_counts` made them.
    observed
        The statistic of the trait as it is.
    threshold
        Exceeded by 5% of the permutations.

    Returns
    -------
    matplotlib.axes.Axes
    """
    from matplotlib.ticker import MaxNLocator

    if counts.empty:
        return say_why_empty(axes, "In no permutation did anything vary.")
    edges = np.append(counts["low"].to_numpy(), counts["high"].iloc[-1])
    axes.stairs(counts["n"], edges, fill=True, color="0.75", label="permutations")
    axes.axvline(
        threshold, ymax=_BARS, color="black", linestyle=":", linewidth=1.2, label="5% are larger"
    )
    if np.isfinite(observed):
        axes.axvline(
            observed, ymax=_BARS, color=ORANGE, linewidth=1.8, label=f"this trait: {observed:.3g}"
        )
    most = float(counts["n"].max())
    axes.set_ylim(0.0, 1.05 * most / _BARS)
    # The axis goes as far as the bars do: above them is the legend alone.
    ticks = MaxNLocator(3, integer=True, min_n_ticks=2).tick_values(0.0, most)
    axes.set_yticks([tick for tick in ticks if tick <= most])
    axes.spines["left"].set_bounds(0.0, 1.05 * most)
    axes.set_ylabel("permutations", y=_BARS / 2.0)
    axes.legend(loc="upper right", ncols=2, borderaxespad=0, columnspacing=1.2, handlelength=1.6)
    return axes


def _genome(found: Explanation) -> GenomeAxis:
    places = found.curves[found.curves["stage"] == 1]
    return axis_of_loci(places.rename(columns={"pos_bp": "end_bp", "pos_cm": "end_cm"}))


def _permuted_words(found: Explanation, stage: int) -> str:
    """Say within which groups samples were permuted, in half the width of the figure."""
    if found.n_groups == 1:
        return "all samples permuted" if stage == 1 else "permuted within genotypes of locus 1"
    return "permuted within sex" + (" and direction" if stage == 1 else ", direction, locus 1")


def draw_explanation(figure: "Figure", found: Explanation) -> "Figure":
    """Draw the whole explanation.

    Parameters
    ----------
    figure
        Where to draw: 10 by 9 inches suit it.
    found
        As `crossmap.explain` returned it.

    Returns
    -------
    matplotlib.figure.Figure
    """
    grid = figure.add_gridspec(3, 2)
    genome = _genome(found)
    axes = figure.add_subplot(grid[0, :])
    plot_curves(axes, curve_points(found.curves, found.trait, genome), genome)
    steps = found.steps.to_dict("records")
    for step, colour, line in zip(steps, STAGE_COLOURS, STAGE_LINES, strict=False):
        axes.axhline(step["lod_threshold"], color=colour, linestyle=line, linewidth=0.7, alpha=0.8)
        if np.isfinite(step["lod_threshold"]):  # which may lie above every LOD
            axes.set_ylim(top=max(axes.get_ylim()[1], 1.05 * step["lod_threshold"]))
    axes.set_title(f"trait {short(found.trait, longest=20)}: LOD; level lines: genome-wide 5%")
    axes.set_xlabel(f"{genome_words(genome)}; triangles mark the best loci")
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, borderaxespad=0)
    for column, step in enumerate(steps):
        axes = figure.add_subplot(grid[1, column])
        name, threshold = step["statistic"], step["f_threshold"]
        label = f"largest F of the genome (df {step['df1']} and {step['df2']})"
        if name != "f":
            threshold = float(neglog10_p(np.array([threshold]), step["df1"], step["df2"])[0])
            label = "smallest p of the genome (-log10 p of F)"
        plot_null(
            axes, null_counts(found.null, step["stage"], name), observed=step[name],
            threshold=threshold,
        )  # fmt: skip
        axes.set_title(f"locus {step['stage']}: {_permuted_words(found, step['stage'])}")
        axes.set_xlabel(label)
    data = found.fit.data.drop(columns=["residual", "fitted"])
    for column, (left_out, of) in enumerate((("genotype2", "locus 1"), ("", "both loci"))):
        axes = figure.add_subplot(grid[2, column])
        points = cell_points(data.drop(columns=left_out, errors="ignore"), found.trait)
        fitted = (found.first_fit, found.fit)[column]
        plot_cells(axes, points, estimated_cells(fitted) if found.genotype_probabilities else None)
        axes.set_title(
            MOST_PROBABLE if found.genotype_probabilities else f"values by genotype of {of}"
        )
        axes.set_xlabel("\n".join(
            f"locus {step['stage']}: {short(step['marker'], longest=24)} "
            f"(chr {short(step['chr'], longest=8)})"
            for step in steps[: column + 1]
        ))  # fmt: skip
    return figure
