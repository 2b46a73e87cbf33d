"""A cross at one glance: segregation, crossovers, samples alike, missing calls."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from crossmap.cross import Cross
from crossmap.genome import genome_axis
from crossmap.genotypes.quality import Quality, has_no_ratio
from crossmap.plots.genome import draw_chromosomes, genome_words
from crossmap.plots.style import BLUE, GREEN, GREY, ORANGE, legend_below, say_why_empty, short

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Two standard errors: where 95% of the loci lie by chance.
_BAND = 1.96
_MOST_BINS = 30
# Of the height of a histogram, what bars may take.
_BARS = 0.87


def genotype_shares(cross: Cross) -> pd.DataFrame:
    """Share of each genotype at every marker.

    Parameters
    ----------
    cross
        Any cross.

    Returns
    -------
    pandas.DataFrame
        chr, position (bp where every marker has it, else cM), n (calls), and a column for each
        genotype, its share of the calls; NaN without calls.
    """
    unit = _unit(cross)
    n = (cross.genotypes >= 0).sum(axis=1)
    table = pd.DataFrame(
        {"chr": cross.markers["chr"], "position": cross.markers[f"pos_{unit}"], "n": n}
    )
    for g, name in enumerate(cross.genotype_names):
        counted = (cross.genotypes == g).sum(axis=1)
        table[name] = np.where(n > 0, counted / np.maximum(n, 1), np.nan)
    return table


def _unit(cross: Cross) -> str:
    return "bp" if cross.markers["pos_bp"].notna().all() else "cm"


def draw_quality(figure: "Figure", quality: Quality, cross: Cross) -> "Figure":
    """Draw the four pictures.

    Parameters
    ----------
    figure
        Where to draw.
    quality, cross
        The measures and the cross.

    Returns
    -------
    matplotlib.figure.Figure
    """
    grid = figure.add_gridspec(2, 3)
    plot_segregation(figure.add_subplot(grid[0, :]), cross)
    plot_crossovers(figure.add_subplot(grid[1, 0]), quality)
    plot_closest(figure.add_subplot(grid[1, 1]), quality)
    plot_missing(figure.add_subplot(grid[1, 2]), quality, cross)
    return figure


def plot_segregation(axes: "Axes", cross: Cross) -> "Axes":
    """Draw the share of each genotype along the genome, and what chance allows.

    Chromosomes on which no ratio is due (`has_no_ratio`) have no bands.

    Parameters
    ----------
    axes
        Where to draw.
    cross
        Any cross.

    Returns
    -------
    matplotlib.axes.Axes
    """
    unit = _unit(cross)
    shares = genotype_shares(cross)
    position = shares["position"].to_numpy() - min(0.0, float(shares["position"].min()))
    genome = genome_axis(list(shares["chr"]), position, unit="bp" if unit == "bp" else "cm")
    if not genome.offset[-1] > 0:
        return say_why_empty(axes, "All markers stand at the start of their chromosomes.")
    draw_chromosomes(axes, genome)
    x = genome.place(list(shares["chr"]), position)
    due = (0.25, 0.5, 0.25) if cross.n_genotypes == 3 else (0.5, 0.5)
    starts, ends = genome.offset[:-1], genome.offset[1:]
    has_ratio = ~has_no_ratio(cross.crosstype, genome.chromosomes)
    # Of two genotypes one says it all.
    shown = range(3) if cross.n_genotypes == 3 else (0,)
    looks = ((BLUE, "."), (GREEN, "+"), (ORANGE, "^"))
    for g, (colour, marker) in zip(shown, looks, strict=False):
        name = cross.genotype_names[g]
        spread = _BAND * np.sqrt(due[g] * (1 - due[g]) / max(float(shares["n"].median()), 1.0))
        axes.bar(
            starts[has_ratio], 2 * spread, ends[has_ratio] - starts[has_ratio], due[g] - spread,
            align="edge", color=colour, alpha=0.12, linewidth=0, zorder=0.5,
        )  # fmt: skip
        axes.plot(
            x, shares[name], marker, color=colour, markersize=3, markeredgewidth=0.6,
            label=short(name),
        )  # fmt: skip
    axes.set_ylim(0, 1)
    axes.set_xlabel(genome_words(genome))
    axes.set_ylabel("share of the calls")
    without = ", ".join(np.array(genome.chromosomes, dtype=object)[~has_ratio])
    axes.set_title(
        "Segregation: shares of genotypes, and bands that hold 95% by chance"
        + (f" (none is due on {without})" if without else "")
    )
    return legend_below(axes, ncols=3, markerscale=2.0)


def plot_crossovers(axes: "Axes", quality: Quality) -> "Axes":
    """Draw the crossovers of the samples beside what the map lets expect.

    Parameters
    ----------
    axes
        Where to draw.
    quality
        The measures.

    Returns
    -------
    matplotlib.axes.Axes
    """
    counts = quality.samples["n_crossovers"].to_numpy()
    # Whole numbers in every bin, so that none is wider than its neighbour.
    width = max(1, int(np.ceil((counts.max() - counts.min() + 1) / _MOST_BINS)))
    edges = np.arange(counts.min(), counts.max() + width + 1, width) - 0.5
    axes.hist(counts, bins=edges.tolist(), color=BLUE)
    axes.locator_params(axis="x", integer=True)
    expected = quality.samples["expected_crossovers"].mean()
    if np.isfinite(expected):
        _mark(axes, expected, "due by the map", color=ORANGE, linestyle="--")
    axes.set_xlabel("crossovers")
    axes.set_ylabel("samples")
    axes.set_title("Crossovers of a sample")
    return axes


def plot_closest(axes: "Axes", quality: Quality) -> "Axes":
    """Draw how well samples agree with the one most like them.

    Parameters
    ----------
    axes
        Where to draw.
    quality
        The measures.

    Returns
    -------
    matplotlib.axes.Axes
    """
    if not len(quality.pairs):
        return say_why_empty(axes, "One sample has none to be like.")
    axes.hist(quality.pairs["share"], bins=np.linspace(0.0, 1.0, 51).tolist(), color=BLUE)
    _mark(axes, 1.0, "one sample twice", color=GREY, linestyle=":")
    axes.set_xlabel("share of markers that agree")
    axes.set_ylabel("pairs")
    axes.set_title("Samples most alike")
    return axes


def _mark(axes: "Axes", x: float, what: str, **style: Any) -> None:
    """Mark a place in a histogram, and say what it is in the room above the highest bar."""
    axes.set_ylim(0.0, axes.get_ylim()[1] / _BARS)
    axes.axvline(x, ymax=_BARS, label=what, **style)
    axes.locator_params(axis="y", integer=True)
    axes.legend(loc="upper left")


def plot_missing(axes: "Axes", quality: Quality, cross: Cross) -> "Axes":
    """Draw the share of missing calls of the samples, the worst first.

    Parameters
    ----------
    axes
        Where to draw.
    quality, cross
        The measures and the cross.

    Returns
    -------
    matplotlib.axes.Axes
    """
    if not quality.samples["n_missing"].any():
        return say_why_empty(axes, "No genotype call is missing.")
    shares = np.sort(quality.samples["n_missing"].to_numpy() / cross.n_markers)[::-1]
    axes.plot(np.arange(1, len(shares) + 1), shares, color=BLUE)
    axes.set_ylim(0, 1)
    axes.set_xlabel("samples, the worst first")
    axes.set_ylabel("share of calls missing")
    axes.set_title("Missing calls")
    return axes
