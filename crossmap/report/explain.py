"""One trait and two loci, the calculation written out, as a folder."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from crossmap.architecture.explain import Explanation
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
from crossmap.plots.explain import draw_explanation
from crossmap.plots.style import picture
from crossmap.report.cross import cross_summary, describe_cross
from crossmap.report.fit import FILES as FIT_FILES
from crossmap.report.fit import TABLES
from crossmap.report.html import write_html

PICTURES = ("explain",)
FILES: Mapping[str, str] = {
    "steps": "models, sums of squares, F, df, p and thresholds of both steps",
    "null": "the largest F of every permutation",
    "curves": "LOD of every locus at both steps",
    **FIT_FILES,
}


def save_explanation(
    found: Explanation, cross: Cross, out: str | Path, *, format: TableFormat = "tsv"
) -> str:
    """Write an explanation into a folder of its own, as ``crossmap explain`` does.

    Parameters
    ----------
    found
        What `crossmap.explain` returned.
    cross
        The cross that was analysed.
    out
        The folder: new, empty, or earlier results of crossmap, which are replaced whole.
    format
        Of the tables: ``tsv`` or ``parquet``.

    Returns
    -------
    str
        What was found, in plain words.

    Raises
    ------
    ArgumentError
        For an unknown format.
    OutputError
        If the folder is refused or cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> import crossmap
    >>> cross = crossmap.simulate_cross(n_samples=60, n_traits=2, n_markers=40).cross
    >>> out = Path(tempfile.mkdtemp()) / "results"
    >>> text = save_explanation(crossmap.explain(cross, "g0001", n_perm=19), cross, out)
    >>> (out / "steps.tsv").exists(), (out / "report.html").exists()
    (True, True)
    """
    require_format(format)
    options = {
        **asdict(found.options), "trait": found.trait,
        "genotype_probabilities": found.genotype_probabilities, "format": format,
    }  # fmt: skip
    seed = found.options.seed
    provenance = Provenance.of(cross, command="explain", options=options, seed=seed)
    with result_folder(out, provenance) as folder:
        return write_explanation(found, cross, folder, format=format)


def write_explanation(
    found: Explanation, cross: Cross, folder: str | Path, *, format: TableFormat = "tsv"
) -> str:
    """Write tables, explain.png, summary.json and summary.txt into a folder.

    Parameters
    ----------
    found
        What `crossmap.explain` returned.
    cross
        The cross it was made of.
    folder
        A folder that exists.
    format
        Of steps, null and curves (the fields of `Explanation`) and of the tables of its `fit`:
        ``tsv`` or ``parquet``.

    Returns
    -------
    str
        The text of summary.txt.

    Raises
    ------
    ArgumentError
        For an unknown format.
    OutputError
        If a file cannot be written.
    """
    require_format(format)
    for name in ("steps", "null", "curves"):
        write_table(getattr(found, name), folder, name, format=format)
    for name in TABLES:
        write_table(getattr(found.fit, name), folder, name, format=format)
    with picture(Path(folder) / "explain.png", width=10, height=9.5) as figure:
        draw_explanation(figure, found)
    summary = {
        **cross_summary(cross),
        **asdict(found.options),
        "trait": found.trait,
        "n_used": found.n_samples,
        "genotype_probabilities": found.genotype_probabilities,
        "steps": found.steps.to_dict("records"),
    }
    write_summary(summary, folder)
    text = f"{describe_cross(cross)}\n\n{found.summary()}"
    write_text(text, folder, "summary.txt")
    write_html(
        folder, title=f"Trait {found.trait}", text=text, tables={f"steps.{format}": found.steps}
    )
    return text
