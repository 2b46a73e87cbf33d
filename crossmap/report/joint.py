"""A joint-linkage analysis as a folder of tables, pictures and plain words."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from crossmap.architecture.located import locate_loci
from crossmap.arguments import require_number
from crossmap.cross import Cross
from crossmap.io.folder import result_folder
from crossmap.io.results import (
    Provenance,
    TableFormat,
    require_format,
    write_summary,
    write_table,
    write_text,
)
from crossmap.report.convergence import write_convergence
from crossmap.report.html import write_html
from crossmap.report.joint_pictures import draw_joint
from crossmap.report.joint_tables import JointTables, joint_tables
from crossmap.report.joint_text import describe_joint, joint_summary
from crossmap.report.truth import describe_score
from crossmap.scoring import score_joint
from crossmap.significance.joint import JointLinkage

FDR = 0.10

PICTURES = ("pairs", "curves", "cells", "densities", "fdr", "convergence")
FILES: Mapping[str, str] = {
    "called": "the traits called at --fdr, the most probable first",
    "joint": "every trait, without where its loci may lie",
    "shared": "pairs of places that several called traits share (each locus within 50 kb, "
    "or 20 cM where there are no base pairs)",
    "loci": "the distinct loci: first marker, ends, number of markers",
    "densities": "observed and permuted statistics, and the probability they give",
    "rules": "number called and FDR by the paper's other rules: every locus at least so probable "
    "(floor), or an unknown_number of loci",
    "n_linked_loci": "loci to name for each trait if their number is not known, each with "
    "probability at least 1 - FDR",
    "curves": "(Parquet) LOD along the genome at each stage, of the 1,000 best called traits",
    "called_data": "(Parquet) values and genotypes of the called traits at their loci",
}

FILES_IF_ASKED: Mapping[str, str] = {
    "convergence": "with --convergence: traits called with 1, 2, 5, 10 ... of the permutations, in "
    "up to 5 separate sets of each size, and its picture",
}


def save_joint(
    joint: JointLinkage,
    cross: Cross,
    out: str | Path,
    *,
    fdr: float = FDR,
    format: TableFormat = "tsv",
    convergence: bool = False,
) -> str:
    """Write an analysis into a folder of its own, as ``crossmap joint`` does.

    Parameters
    ----------
    joint
        What `joint_linkage` returned.
    cross
        The cross that was analysed.
    out
        The folder: new, empty, or earlier results of crossmap, which are replaced whole.
    fdr
        Joint-linkage false discovery rate at which traits are called.
    format
        Of the tables: ``tsv`` or ``parquet``.
    convergence
        As in `write_joint`.

    Returns
    -------
    str
        What was found, in plain words.

    Raises
    ------
    ArgumentError
        For an option out of range.
    OutputError
        If the folder is refused or cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from crossmap import joint_linkage, simulate_cross
    >>> cross = simulate_cross(n_samples=60, n_traits=120, n_markers=100).cross
    >>> out = Path(tempfile.mkdtemp()) / "results"
    >>> text = save_joint(joint_linkage(cross, n_perm=2), cross, out)
    >>> (out / "called.tsv").exists(), text.splitlines()[0]
    (True, '60 samples, 100 markers on 16 chromosomes, 120 traits (crosstype haploid, genotypes A')
    """
    check_options(fdr=fdr, format=format)
    options = {**joint_options(joint), "fdr": fdr, "format": format, "convergence": convergence}
    seed = joint.search.options.seed
    provenance = Provenance.of(cross, command="joint", options=options, seed=seed)
    with result_folder(out, provenance) as folder:
        return write_joint(joint, cross, folder, fdr=fdr, format=format, convergence=convergence)


def check_options(*, fdr: float, format: TableFormat) -> None:
    """Refuse options of `write_joint` that are out of range, before the work begins.

    Parameters
    ----------
    fdr, format
        As in `write_joint`.

    Raises
    ------
    ArgumentError
        If one is.
    """
    require_format(format)
    require_number("fdr", fdr, least=0, most=1)


def joint_options(joint: JointLinkage) -> Mapping[str, object]:
    """Options of an analysis, named as the arguments of `joint_linkage`.

    Parameters
    ----------
    joint
        A finished analysis.

    Returns
    -------
    Mapping
    """
    return {
        **asdict(joint.search.options),
        **joint.genotype_options,
        "covariates": list(joint.covariates),
        "pi0_method": joint.pi0_method,
        "posterior": joint.posterior,
        "local_window_bp": joint.local_window_bp,
    }


def write_joint(
    joint: JointLinkage,
    cross: Cross,
    folder: str | Path,
    *,
    fdr: float = FDR,
    format: TableFormat = "tsv",
    convergence: bool = False,
    truth: pd.DataFrame | None = None,
) -> str:
    """Write tables, pictures, summary.json and summary.txt of an analysis into a folder.

    Parameters
    ----------
    joint
        What `joint_linkage` returned.
    cross
        The cross that was analysed.
    folder
        A folder that exists.
    fdr
        Joint-linkage false discovery rate at which traits are called.
    format
        Of all tables but curves and called_data, which are always Parquet: ``tsv`` or
        ``parquet``.
    convergence
        Whether to count the traits called with fewer permutations too (convergence, the table and
        the picture): no permutation is made anew, but every count takes what learning the
        probabilities takes; of 100 permutations that is about as long as the analysis.
    truth
        Of a simulated cross, as `SimulatedCross.truth`: the traits called are compared with it.

    Returns
    -------
    str
        The text of summary.txt: what was found, in plain words.

    Raises
    ------
    ArgumentError
        For an option out of range.
    OutputError
        If a file cannot be written.
    """
    check_options(fdr=fdr, format=format)
    located = locate_loci(joint, cross, fdr=fdr)
    tables = joint_tables(joint, cross, located, fdr=fdr)
    _write_tables(tables, folder, format)
    draw_joint(tables, folder, fdr=fdr)
    summary = joint_summary(joint, cross, tables, located, fdr=fdr)
    text = describe_joint(joint, cross, tables, located, fdr=fdr)
    if convergence:
        text += f"\n\n{write_convergence(joint, folder, fdr=fdr, format=format)}"
    if truth is not None:
        score = score_joint(tables.called, truth)
        summary["truth"] = asdict(score)
        text += f"\n\n{describe_score(score, fdr=fdr)}"
    write_summary(summary, folder)
    write_text(text, folder, "summary.txt")
    write_html(
        folder,
        title="Joint linkage",
        text=text,
        tables={f"{name}.{format}": getattr(tables, name) for name in ("called", "shared")},
    )
    return text


def _write_tables(tables: JointTables, folder: str | Path, format: TableFormat) -> None:
    for name in (
        "joint", "called", "loci", "shared", "densities", "rules", "n_linked_loci",
    ):  # fmt: skip
        write_table(getattr(tables, name), folder, name, format=format)
    for name in ("curves", "called_data"):
        write_table(getattr(tables, name), folder, name, format="parquet")
