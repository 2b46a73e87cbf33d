"""Observed and null distributions of the statistic at each stage, and the posterior they give."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from crossmap.plots.style import BLUE, ORANGE, say_why_empty
from crossmap.significance.density_ratio import posterior_linked
from crossmap.significance.joint import JointLinkage, StageSignificance

if TYPE_CHECKING:
    from matplotlib.axes import Axes

N_BINS = 40
"""Most bins of a stage."""

FEWEST_BINS, PER_BIN = 15, 8
"""Where traits are few, bins are so many that each holds so many traits: narrow ones show noise."""

NOT_ELIGIBLE = "No locus was eligible at this stage."

DENSITY_COLUMNS = (
    "stage", "statistic", "low", "high", "n_observed", "n_null", "density_observed",
    "density_null", "density_alternative", "probability",
)  # fmt: skip


def density_table(joint: JointLinkage) -> pd.DataFrame:
    """Count observed and null statistics in bins of equal width on the log scale.

    Parameters
    ----------
    joint
        A finished analysis.

    Returns
    -------
    pandas.DataFrame
        A row per stage and bin (`N_BINS` at most, fewer of few traits): stage, statistic (``F`` or
        ``-log10 p``), low and high (ends of the bin), n_observed and n_null, density_observed and
        density_null (share per unit of natural log), density_alternative (of the statistics of
        linked loci: what is left of the observed density less pi0 times the null one, over
        1 - pi0, never below 0; NaN where pi0 is 1), probability (that a locus with a statistic in
        the middle of the bin is linked). Statistics of 0 or infinity count in the outermost bins.
        No rows for a stage without an eligible locus.
    """
    tables = [
        _stage_table(number, stage)
        for number, stage in enumerate(joint.significance, start=1)
        if stage.ratio is not None
    ]
    if not tables:
        return pd.DataFrame({name: pd.Series(dtype=object) for name in DENSITY_COLUMNS})
    return pd.concat(tables, ignore_index=True)


def _stage_table(number: int, stage: StageSignificance) -> pd.DataFrame:
    samples = [s[~np.isnan(s)] for s in (stage.evidence, stage.evidence_null)]
    together = np.concatenate([s.ravel() for s in samples])
    usable = together[(together > 0) & np.isfinite(together)]
    low, high = (usable.min(), usable.max()) if usable.size else (1.0, np.e)
    if low == high:
        low, high = low / np.e, high * np.e
    n_bins = min(N_BINS, max(FEWEST_BINS, samples[0].size // PER_BIN))
    edges = np.geomspace(low, high, n_bins + 1)
    counts = [np.histogram(np.clip(s, edges[0], edges[-1]), bins=edges)[0] for s in samples]
    width = np.diff(np.log(edges))
    middle = np.sqrt(edges[:-1] * edges[1:])
    observed, null = (c / (max(c.sum(), 1) * width) for c in counts)
    linked = 1.0 - stage.pi0
    alternative = (
        np.maximum(observed - stage.pi0 * null, 0.0) / linked
        if linked > 0
        else np.full(n_bins, np.nan)
    )
    assert stage.ratio is not None
    return pd.DataFrame(
        {
            "stage": number,
            "statistic": pd.Series([stage.evidence_name] * n_bins, dtype=object),
            "low": edges[:-1],
            "high": edges[1:],
            "n_observed": counts[0],
            "n_null": counts[1],
            "density_observed": observed,
            "density_null": null,
            "density_alternative": alternative,
            "probability": posterior_linked(middle, stage.ratio, pi0=stage.pi0),
        }
    )[list(DENSITY_COLUMNS)]


def plot_densities(axes: "Axes", table: pd.DataFrame) -> "Axes":
    """Draw the distributions of one stage: observed, permuted, and that of linked loci.

    Parameters
    ----------
    axes
        Where to draw.
    table
        Rows of `density_table` of one stage.

    Returns
    -------
    matplotlib.axes.Axes

    References
    ----------
    Storey, Akey & Kruglyak (2005) PLoS Biol 3:e267, figure 2.
    """
    if table.empty:
        return say_why_empty(axes, NOT_ELIGIBLE)
    edges = np.append(table["low"].to_numpy(), table["high"].iloc[-1])
    axes.stairs(table["density_null"], edges, fill=True, color="0.8", label="permuted (no linkage)")
    axes.stairs(table["density_observed"], edges, color=BLUE, linewidth=1.6, label="observed")
    if table["density_alternative"].notna().any():
        axes.stairs(
            table["density_alternative"], edges, color=ORANGE, linestyle="--", label="linked loci"
        )
    else:
        axes.plot([], [], color=ORANGE, linestyle="--", label="linked loci: not told (pi0 = 1)")
    _log_scale(axes, table)
    # Room above the highest bar for the legend.
    axes.set_ylim(0.0, axes.get_ylim()[1] / (1.0 - 0.11 * len(axes.get_legend_handles_labels()[1])))
    axes.set_xlabel(_statistic_words(table))
    axes.set_ylabel("density (per unit of ln)")
    axes.legend(loc="upper right", borderaxespad=0)
    return axes


def plot_posterior(axes: "Axes", table: pd.DataFrame) -> "Axes":
    """Draw the probability of linkage against the statistic of one stage.

    Parameters
    ----------
    axes
        Where to draw.
    table
        Rows of `density_table` of one stage.

    Returns
    -------
    matplotlib.axes.Axes
    """
    if table.empty:
        return say_why_empty(axes, NOT_ELIGIBLE)
    middle = np.sqrt(table["low"] * table["high"])
    axes.plot(middle, table["probability"], color=ORANGE, linewidth=1.6)
    _log_scale(axes, table)
    axes.set_ylim(-0.03, 1.03)
    axes.set_ylabel("probability of linkage")
    axes.set_xlabel(_statistic_words(table))
    return axes


def _statistic_words(table: pd.DataFrame) -> str:
    return f"{table['statistic'].iloc[0]} of the best locus (log scale)"


def _log_scale(axes: "Axes", table: pd.DataFrame) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    low, high = float(table["low"].iloc[0]), float(table["high"].iloc[-1])
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    several_decades = high > 1000 * low
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0,) if several_decades else (1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
