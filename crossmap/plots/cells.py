"""A trait's values in the genotype combinations of its loci."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from crossmap.architecture.fit import LocusFit
from crossmap.plots.style import BLUE, GREY, ORANGE, characters_across, say_why_empty, short

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GOLDEN = (np.sqrt(5.0) - 1.0) / 2.0
"""Multiples of it, modulo 1, spread points evenly without chance."""

HALF_WIDTH = 0.28

_TO_LABELS = 7.0  # points from an axis to the labels of its ticks

FEW_CHARACTERS = 8
"""Names shortened to fewer keep their beginning, not both ends."""

MOST_PROBABLE = "by most probable genotype; bars: model means"
"""Title of samples where genotypes are probabilities, with `estimated_cells`."""

SEPARATOR = " · "
"""Between the genotypes of a combination."""


def value_column(data: pd.DataFrame) -> str:
    """Column of a trait's values that is drawn: what covariates left of them, if there were any.

    Parameters
    ----------
    data
        As in `cell_points`.

    Returns
    -------
    str
    """
    return "residual" if "residual" in data else "value"


def cell_points(data: pd.DataFrame, trait: str) -> pd.DataFrame:
    """Put one trait's samples into the genotype combinations of its first two loci.

    Parameters
    ----------
    data
        Columns trait, sample, value (or residual, which is taken where it is there), genotype1
        and, with two loci, genotype2: categorical in the order in which genotypes are to stand
        (other columns are taken in that of the alphabet).
    trait
        Which trait.

    Returns
    -------
    pandas.DataFrame
        sample, value, first (genotype of the first locus), combination (genotypes joined by a
        dot), x (number of the combination, from 0, and a spread). Sorted by the genotypes of the
        first locus, then of the second, then value. Samples without a genotype at these loci are
        left out.
    """
    rows = data[data["trait"] == trait]
    genotypes = [pd.Categorical(rows[g]) for g in ("genotype1", "genotype2") if g in rows]
    typed = np.logical_and.reduce([g.codes >= 0 for g in genotypes])
    names = [g.categories.to_numpy(dtype=object)[g.codes[typed]] for g in genotypes]
    points = pd.DataFrame(
        {
            "sample": rows["sample"].to_numpy(dtype=object)[typed],
            "value": rows[value_column(data)].to_numpy(np.float64)[typed],
            "first": pd.Series(names[0], dtype=object),
            "combination": pd.Series(
                [SEPARATOR.join(pair) for pair in zip(*names, strict=True)], dtype=object
            ),
        }
    )
    codes = {f"_{k}": g.codes[typed] for k, g in enumerate(genotypes)}
    points = points.assign(**codes).sort_values([*codes, "value", "sample"], ignore_index=True)
    points = points.drop(columns=list(codes))
    number = pd.factorize(points["combination"])[0]
    spread = (np.arange(1, len(points) + 1) * GOLDEN) % 1.0 - 0.5
    points["x"] = number + 2 * HALF_WIDTH * spread
    return points


def cell_means(points: pd.DataFrame) -> pd.DataFrame:
    """Mean and standard error of each genotype combination.

    Parameters
    ----------
    points
        As `cell_points` made them.

    Returns
    -------
    pandas.DataFrame
        combination, n, mean, se (NaN for a single sample), in the order of the points.
    """
    grouped = points.groupby("combination", sort=False)["value"]
    return pd.DataFrame(
        {"n": grouped.size(), "mean": grouped.mean(), "se": grouped.sem()}
    ).reset_index()


def estimated_cells(fit: LocusFit) -> pd.DataFrame:
    """Means that a model gives each genotype combination, as `cell_means` gives those of samples.

    Parameters
    ----------
    fit
        A model of one locus or two, on genotype probabilities.

    Returns
    -------
    pandas.DataFrame
        combination, n (samples of which it is the most probable), mean, se; where the model cannot
        tell (on X, where genotypes go with sex) mean and standard error of these samples.
    """
    table = fit.cell_means
    keys = [name for name in table if str(name).startswith("genotype")]
    of_samples = table["estimate"].isna()
    return pd.DataFrame(
        {
            "combination": table[keys].agg(SEPARATOR.join, axis=1),
            "n": table["n"],
            "mean": table["estimate"].where(~of_samples, table["mean"]),
            "se": table["estimate_se"].where(~of_samples, table["se"]),
        }
    )


def _name_combinations(axes: "Axes", means: pd.DataFrame, loci: Sequence[str]) -> None:
    """Write genotypes side by side, or one above the other, as far as there is room for them.

    Lines that do not say by themselves what they are have a name on the left.
    """
    # Glyphs are rounded up to whole pixels, which on screens takes a tenth more.
    room = max(3, int(0.9 * characters_across(axes) / (len(means) + 0.2)) - 1)
    names = [name.split(SEPARATOR) for name in means["combination"]]
    # The separator is as wide as two letters, the spaces of "n = " as one.
    is_narrow = max(len(SEPARATOR.join(name)) - 1 for name in names) > room
    joined = "\n" if is_narrow else SEPARATOR
    says_n = room >= 5 and not is_narrow
    counts = [f"n = {n}" if says_n else str(n) for n in means["n"]]
    brief = _brief([g for name in names for g in name], room)
    labels = [
        f"{joined.join(brief[g] for g in name)}\n{n}" for name, n in zip(names, counts, strict=True)
    ]
    axes.set_xticks(np.arange(len(means)), labels)
    if not says_n:
        lines = [*loci[: len(names[0])], "n"] if is_narrow else ["", "n"]
        axes.annotate(
            "\n".join(lines), (0, 0), xytext=(-4, -_TO_LABELS), xycoords="axes fraction",
            textcoords="offset points", ha="right", va="top", color=GREY,
        )  # fmt: skip


def plot_cells(
    axes: "Axes",
    points: pd.DataFrame,
    means: pd.DataFrame | None = None,
    *,
    loci: Sequence[str] = ("locus 1", "locus 2"),
) -> "Axes":
    """Draw values, means and standard errors by genotype combination.

    Parameters
    ----------
    axes
        Where to draw.
    points
        As `cell_points` made them.
    means
        As `cell_means`, of the same combinations; None: those of the points.
    loci
        What the loci are called where their genotypes stand one above the other.

    Returns
    -------
    matplotlib.axes.Axes
    """
    if points.empty:
        return say_why_empty(axes, "No loci were chosen.")
    looks = ((BLUE, "o"), (ORANGE, "^"), (GREY, "s"))
    for (_, of_first), (colour, marker) in zip(
        points.groupby("first", sort=False), looks, strict=False
    ):
        axes.scatter(
            of_first["x"], of_first["value"], s=12, marker=marker, facecolors="none",
            edgecolors=colour, linewidths=0.8,
        )  # fmt: skip
    means = cell_means(points) if means is None else means
    at = np.arange(len(means))
    axes.hlines(means["mean"], at - HALF_WIDTH, at + HALF_WIDTH, color="black", linewidth=1.8)
    axes.errorbar(at, means["mean"], yerr=means["se"], fmt="none", color="black", capsize=4)
    _name_combinations(axes, means, loci)
    axes.set_xlim(-0.6, len(means) - 0.4)
    axes.set_ylabel("trait value")
    return axes


def _head(name: str, longest: int) -> str:
    """Begin a name, without what joined it to the rest."""
    return name[:longest].rstrip("._-/ ") or name[:longest]


def _brief(names: list[str], longest: int) -> dict[str, str]:
    """Cut names of genotypes, at another place where two would look alike."""
    distinct = list(dict.fromkeys(names))
    ways = (
        [short(name, longest=longest) for name in distinct],
        [short(name if len(name) <= longest else _head(name, longest)) for name in distinct],
        [short(name[-longest:]) for name in distinct],
    )
    if longest < FEW_CHARACTERS:
        ways = (ways[1], ways[0], ways[2])
    best = max(ways, key=lambda cut: len(set(cut)))  # the first of those that keep most apart
    return dict(zip(distinct, best, strict=True))
