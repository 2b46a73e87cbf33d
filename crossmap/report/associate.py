"""Traits against any other measurements of the samples, as a folder of tables, a picture, words."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from crossmap.cross import Cross
from crossmap.io.folder import result_folder
from crossmap.io.results import (
    Provenance,
    TableFormat,
    require_format,
    write_parts,
    write_summary,
    write_table,
    write_text,
)
from crossmap.plots.p_values import plot_p_histogram, plot_qq, qq_points
from crossmap.plots.style import picture
from crossmap.report.cross import cross_summary, describe_cross
from crossmap.report.html import write_html
from crossmap.report.words import count, fill
from crossmap.significance.scan1 import Scan1, peaks_of

PICTURES = ("p_values",)
FILES: Mapping[str, str] = {
    "associations": "every test past the threshold",
    "best_by_trait": "the smallest p-value of every trait",
    "best_by_predictor": "the smallest p-value of every predictor",
    "histogram": "p-values of all tests, counted",
}


def save_associations(
    scan: Scan1, cross: Cross, out: str | Path, *, format: TableFormat = "tsv"
) -> str:
    """Write associations into a folder of their own, as ``crossmap associate`` does.

    Parameters
    ----------
    scan
        What `associate` returned.
    cross
        The cross whose traits they are of.
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
    >>> from crossmap import associate, simulate_cross
    >>> cross = simulate_cross(n_samples=60, n_traits=10, n_markers=40).cross
    >>> out = Path(tempfile.mkdtemp()) / "results"
    >>> text = save_associations(associate(cross, threshold=0.01), cross, out)
    >>> (out / "associations.tsv").exists(), (out / "report.html").exists()
    (True, True)
    """
    require_format(format)
    options = {**asdict(scan.options), "format": format}
    with result_folder(out, Provenance.of(cross, command="associate", options=options)) as folder:
        return write_associations(scan, cross, folder, format=format)


def write_associations(
    scan: Scan1, cross: Cross, folder: str | Path, *, format: TableFormat = "tsv"
) -> str:
    """Write tables, a picture, report.html and the summaries of associations into a folder.

    Parameters
    ----------
    scan
        What `associate` returned.
    cross
        The cross whose traits they are of.
    folder
        A folder that exists.
    format
        Of the tables: ``tsv`` or ``parquet``.

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
    best: list[pd.DataFrame] = []

    def associations() -> Iterator[pd.DataFrame]:
        for frame in scan.frames():
            best.append(peaks_of(frame))
            yield frame

    write_parts(associations(), folder, "associations", format=format)
    histogram = scan.histogram()
    tables = {
        "best_by_trait": scan.by_trait(), "best_by_predictor": scan.by_marker(),
        "histogram": histogram,
    }  # fmt: skip
    for name, table in tables.items():
        write_table(table, folder, name, format=format)
    if scan.options.p_edges is not None:
        with picture(Path(folder) / "p_values.png", width=5, height=4) as figure:
            axes = figure.subplots()
            if scan.options.histogram == "qq":
                plot_qq(axes, qq_points(histogram))
            else:
                plot_p_histogram(axes, histogram)
            axes.set_title("p-values of all tests")
    found = pd.concat(best, ignore_index=True).sort_values(
        "neglog10_p", ascending=False, kind="stable"
    )
    numbers = {"n_predictors": len(scan.predictors), **scan.summary()}
    numbers["n_associations"] = numbers.pop("n_linkages")
    numbers["n_associated_traits"] = numbers.pop("n_linked_traits")
    write_summary({**cross_summary(cross), **numbers}, folder)
    text = f"{describe_cross(cross)}\n\n{_described(scan, len(found))}"
    write_text(text, folder, "summary.txt")
    write_html(
        folder, title="Traits and other measurements", text=text,
        tables={f"associations.{format}": found},
    )  # fmt: skip
    return text


def _described(scan: Scan1, n_traits: int) -> str:
    tests, n, threshold = scan.n_tests, scan.n_linkages, scan.options.threshold
    text = (
        f"{count(len(scan.traits), 'trait')} and {count(len(scan.predictors), 'predictor')}: "
        f"{count(n, 'association')} of {count(n_traits, 'trait')} at p <= {threshold:g} in "
        f"{count(tests, 'test')}, where chance alone would give {tests * threshold:,.1f}."
    )
    if scan.effect_of is not None:
        text += f" beta is the effect of {scan.effect_of}."
    left_out = [
        count(k, what)
        for k, what in (
            (scan.n_constant_predictors, "constant predictor"),
            (scan.n_constant_traits, "constant trait"),
        )
        if k
    ]
    text += f" Left out: {', '.join(left_out)}." if left_out else ""
    if n:
        text += " fdr is the false discovery rate among all tests made; near the threshold it is "
        text += "an upper bound."
    return fill(text)
