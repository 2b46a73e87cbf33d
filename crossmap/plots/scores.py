"""Claims against the truth: realised against nominal rates, and how near the claims lie."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from crossmap.plots.style import BLUE, GREY, ORANGE, legend_below, say_why_empty
from crossmap.scoring import Scores

if TYPE_CHECKING:
    from matplotlib.axes import Axes

N_NEAR = 10
"""Bars up to the distance that counts as near; then `N_FAR` of the same width."""

N_FAR = 10

_CONFIDENCE = 0.95


def rate_points(scores: Scores) -> pd.DataFrame:
    """Take from scores the realised rate at every nominal one, with its error.

    Parameters
    ----------
    scores
        What `crossmap.score` returned.

    Returns
    -------
    pandas.DataFrame
        nominal_fdr, n_claims, fdr, fdr_low, fdr_high (Wilson's 95% interval of `fdr`, which does
        not end at 0 where no claim is false), fdr_linked; rates without claims left out.
    """
    from statsmodels.stats.proportion import proportion_confint

    table = scores.to_frame()
    table = table[table["n_claims"] > 0].reset_index(drop=True)
    n_false = (table["n_claims"] - table["n_true"]).to_numpy()
    low, high = proportion_confint(
        n_false, table["n_claims"].to_numpy(), alpha=1.0 - _CONFIDENCE, method="wilson"
    )
    table = table[["nominal_fdr", "n_claims", "fdr", "fdr_linked"]]
    # Rounding may put an end on the wrong side of the rate.
    low, high = np.minimum(low, table["fdr"]), np.maximum(high, table["fdr"])
    return table.assign(fdr_low=np.maximum(low, 0.0), fdr_high=np.minimum(high, 1.0))


def distance_counts(distances: pd.DataFrame, *, within_cm: float) -> pd.DataFrame:
    """Count claimed loci by their distance from the true ones.

    Parameters
    ----------
    distances
        As `Scores.distances`.
    within_cm
        How near is near enough.

    Returns
    -------
    pandas.DataFrame
        low_cm, high_cm, n, is_near: bins of equal width, ascending (a locus at an edge is in the
        bin below it); then one of all farther ones on a true locus's chromosome (high_cm
        infinite), and one of those without any on theirs that is not taken (both NaN).
    """
    width = (within_cm or 1.0) / N_NEAR
    edges = width * np.arange(N_NEAR + N_FAR + 1)
    error = distances["error_cm"].to_numpy(dtype=np.float64)
    known = error[~np.isnan(error)]
    bins = np.clip(np.ceil(known / width - 1e-9).astype(np.int64) - 1, 0, len(edges) - 1)
    n = np.append(np.bincount(bins, minlength=len(edges)), len(error) - len(known))
    low = np.append(edges, np.nan)
    high = np.concatenate([edges[1:], [np.inf, np.nan]])
    return pd.DataFrame(
        {"low_cm": low, "high_cm": high, "n": n, "is_near": high <= within_cm * (1 + 1e-9)}
    )


def plot_rates(axes: "Axes", points: pd.DataFrame) -> "Axes":
    """Draw realised against nominal false discovery rates.

    Parameters
    ----------
    axes
        Where to draw.
    points
        As `rate_points` made them.

    Returns
    -------
    matplotlib.axes.Axes
    """
    if points.empty:
        return say_why_empty(axes, "No claim is made at these rates.")
    if points["nominal_fdr"].isna().any():
        return say_why_empty(axes, "The claims name no rate to compare with.")
    most = 1.08 * float(points[["nominal_fdr", "fdr_high", "fdr_linked"]].to_numpy().max())
    axes.plot([0, most], [0, most], color=GREY, linewidth=0.8, label="as promised")
    x, y = points["nominal_fdr"], points["fdr"]
    error = [y - points["fdr_low"], points["fdr_high"] - y]
    axes.errorbar(x, y, yerr=error, fmt="o-", color=BLUE, markersize=4, linewidth=1.0, capsize=3,
                  label="place, with 95% interval")  # fmt: skip
    axes.plot(x, points["fdr_linked"], color=ORANGE, marker="x", linewidth=1.0, markersize=5,
              linestyle=(0, (4, 1.5)), label="chromosome", clip_on=False)  # fmt: skip
    axes.set_xlim(0, 1.08 * float(x.max()) or 1.0)
    axes.set_ylim(0, most)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda share, _: f"{100 * share:g}%")
    axes.locator_params(axis="x", nbins=5)
    axes.set_xlabel("nominal FDR")
    axes.set_ylabel("realised FDR")
    return legend_below(axes, ncols=3)


def plot_distances(axes: "Axes", counts: pd.DataFrame) -> "Axes":
    """Draw how far claimed loci lie from the true ones.

    Parameters
    ----------
    axes
        Where to draw.
    counts
        As `distance_counts` made them.

    Returns
    -------
    matplotlib.axes.Axes
    """
    n = counts["n"].to_numpy()
    if not n.any():
        return say_why_empty(axes, "No claim is made at these rates.")
    width = float(counts["high_cm"].iloc[0])
    edge = width * (N_NEAR + N_FAR)
    left = np.append(width * np.arange(N_NEAR + N_FAR), [edge + width, edge + 8 * width])
    widths = np.append(np.full(N_NEAR + N_FAR, width), [2 * width] * 2)
    near = counts["is_near"].to_numpy()
    looks = ((near, BLUE, "", "true locus"), (~near, ORANGE, "////", "false locus"))
    for chosen, colour, hatch, label in looks:
        axes.bar(left[chosen], n[chosen], widths[chosen], align="edge", label=label, hatch=hatch,
                 facecolor=colour if not hatch else "white", edgecolor=colour,
                 linewidth=0.6)  # fmt: skip
    ticks = [0.0, edge / 4, edge / 2, 3 * edge / 4]
    names = [*(f"{tick:g}" for tick in ticks), "farther", "none on its\nchromosome"]
    axes.set_xticks([*ticks, *(left[-2:] + width)], names)
    axes.set_xlim(0, edge + 13 * width)
    axes.locator_params(axis="y", integer=True)
    axes.set_xlabel("distance from the true locus (cM)")
    axes.set_ylabel("claimed loci")
    return legend_below(axes, ncols=2)
