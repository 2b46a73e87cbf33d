"""How the number of traits called settles as permutations are added, as table, picture, words."""

from pathlib import Path

import pandas as pd

from crossmap.io.results import TableFormat, write_table
from crossmap.plots.convergence import called_by_permutations, plot_convergence
from crossmap.plots.style import picture
from crossmap.report.words import count, fill
from crossmap.significance.joint import JointLinkage


def write_convergence(
    joint: JointLinkage, folder: str | Path, *, fdr: float, format: TableFormat = "tsv"
) -> str:
    """Count the traits called with a part of the permutations, draw it, and say it.

    Parameters
    ----------
    joint
        A finished analysis; no permutation is made anew.
    folder
        Where convergence (the table) and convergence.png are written.
    fdr
        Joint-linkage false discovery rate at which traits are called.
    format
        Of the table: ``tsv`` or ``parquet``.

    Returns
    -------
    str
        One paragraph.

    Raises
    ------
    OutputError
        If a file cannot be written.
    """
    table = called_by_permutations(joint, fdr=fdr)
    write_table(table, folder, "convergence", format=format)
    with picture(Path(folder) / "convergence.png", width=5.5, height=4) as figure:
        axes = figure.subplots()
        plot_convergence(axes, table)
        axes.set_title(f"Traits called at joint FDR {fdr:.3g}")
    return describe_convergence(table)


def describe_convergence(table: pd.DataFrame) -> str:
    """Say how far the number called depends on the permutations.

    Parameters
    ----------
    table
        As `called_by_permutations` made it.

    Returns
    -------
    str
        One paragraph.

    Examples
    --------
    >>> print(describe_convergence(pd.DataFrame(
    ...     {"n_perm": [1, 1, 2], "subset": [1, 2, 1], "n_called": [7, 9, 8]})))
    Permutations: with all 2 of each trait 8 traits are called; 2 separate sets of 1 call 7
    to 9.
    """
    most = int(table["n_perm"].max())
    every = count(int(table["n_called"].iloc[-1]), "trait is", "traits are")
    sets = table.groupby("n_perm")["n_called"].agg(["size", "min", "max"])
    sets = sets[sets["size"] > 1]
    if sets.empty:
        return fill(
            f"Permutations: {every} called with one of each trait; whether more would change that "
            "needs two or more."
        )
    n, (size, low, high) = int(sets.index[-1]), sets.iloc[-1].tolist()
    calls = f"{low:,} to {high:,}" if low < high else f"{low:,} each"
    return fill(
        f"Permutations: with all {most:,} of each trait {every} called; {size} separate sets of "
        f"{n:,} call {calls}."
    )
