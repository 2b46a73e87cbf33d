"""How the number of traits called settles as permutations are added."""

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from crossmap.arguments import require_number, require_whole
from crossmap.errors import CrossmapWarning
from crossmap.plots.style import BLUE, ORANGE, legend_below, say_why_empty
from crossmap.significance.joint import JointLinkage, joint_significance

if TYPE_CHECKING:
    from matplotlib.axes import Axes

STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


def called_by_permutations(
    joint: JointLinkage, *, fdr: float = 0.10, n_subsets: int = 5
) -> pd.DataFrame:
    """Count the traits called with fewer permutations than were made.

    Parameters
    ----------
    joint
        An analysis with B permutations.
    fdr
        Joint-linkage false discovery rate at which traits are called.
    n_subsets
        Most subsets of the permutations for each number of them; no permutation is in two.

    Returns
    -------
    pandas.DataFrame
        n_perm (1, 2, 5, 10 ... up to B), subset (from 1), n_called.

    Raises
    ------
    ArgumentError
        For an option out of range.

    Examples
    --------
    >>> from crossmap import joint_linkage, simulate_cross
    >>> cross = simulate_cross(n_samples=60, n_traits=120, n_markers=80).cross
    >>> joint = joint_linkage(cross, n_perm=4)
    >>> table = called_by_permutations(joint)
    >>> table["n_perm"].tolist()
    [1, 1, 1, 1, 2, 2, 4]
    >>> int(table["n_called"].iloc[-1]) == len(joint.called())
    True
    """
    require_number("fdr", fdr, least=0.0, most=1.0)
    require_whole("n_subsets", n_subsets, least=1)
    n_perm = joint.search.options.n_perm
    nowhere = pd.DataFrame(
        {"chr": None, "start_bp": np.nan, "end_bp": np.nan}, index=range(len(joint.search.traits))
    )
    rows = []
    for n in sorted({*(step for step in STEPS if step < n_perm), n_perm}):
        for subset in range(min(n_subsets, n_perm // n)):
            part = slice(subset * n, (subset + 1) * n)
            stages = tuple(
                replace(stage, f_null=np.ascontiguousarray(stage.f_null[:, part]))
                for stage in joint.search.stages
            )
            with warnings.catch_warnings():
                # Too few p-values were warned of when all permutations were taken.
                warnings.simplefilter("ignore", CrossmapWarning)
                again = joint_significance(
                    replace(joint.search, stages=stages), trait_table=nowhere,
                    pi0_method=joint.pi0_method, posterior=joint.posterior,
                )  # fmt: skip
            rows.append((n, subset + 1, int(again.is_called(fdr).sum())))
    return pd.DataFrame(rows, columns=["n_perm", "subset", "n_called"])


def plot_convergence(axes: "Axes", table: pd.DataFrame) -> "Axes":
    """Draw the number of traits called against the number of permutations.

    Parameters
    ----------
    axes
        Where to draw.
    table
        As `called_by_permutations` made it.

    Returns
    -------
    matplotlib.axes.Axes
    """
    if table.empty:
        return say_why_empty(axes, "No permutation was made.")
    if table["n_perm"].nunique() == 1:
        return say_why_empty(axes, "One permutation of each trait leaves nothing to compare.")
    if not table["n_called"].any():
        return say_why_empty(axes, "No trait is called with any number of permutations.")
    means = table.groupby("n_perm")["n_called"].mean()
    axes.plot(means.index, means, color=ORANGE, linewidth=1.2, label="mean")
    axes.plot(
        table["n_perm"], table["n_called"], "o", color=BLUE, markersize=4, fillstyle="none",
        label="separate permutations",
        clip_on=False,
    )  # fmt: skip
    axes.set_xscale("log")
    ticks = sorted(set(table["n_perm"]))
    axes.set_xticks(ticks, [f"{n:g}" for n in ticks])
    axes.minorticks_off()
    axes.locator_params(axis="y", integer=True)
    axes.set_ylim(0, 1.15 * max(1, int(table["n_called"].max())))
    axes.set_xlabel("permutations of each trait")
    axes.set_ylabel("traits called")
    return legend_below(axes, ncols=2)
