"""A single-locus scan as a folder of tables, pictures and plain words."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

import pandas as pd

from crossmap.architecture.counting import units_of_peaks, units_summary
from crossmap.cross import Cross
from crossmap.genome import Unit, genome_axis
from crossmap.io.folder import result_folder
from crossmap.io.layouts import to_layout
from crossmap.io.results import (
    Provenance,
    TableFormat,
    require_format,
    write_parts,
    write_summary,
    write_table,
    write_text,
)
from crossmap.plots.linkages import (
    linkage_points,
    linkage_rows,
    plot_linkage_rows,
    plot_linkages,
    say_how_many_are_left_out,
)
from crossmap.plots.p_values import plot_p_histogram, plot_qq, qq_points
from crossmap.plots.style import NO_PLACES, picture, say_why_empty
from crossmap.report.cross import cross_summary, describe_cross
from crossmap.report.html import write_html
from crossmap.report.words import count, fill
from crossmap.significance.scan1 import Scan1, peaks_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PICTURES = ("map", "p_values")
FILES: Mapping[str, str] = {
    "linkages": "every test past its threshold",
    "peaks": "the best of every trait on every chromosome",
    "best_by_trait": "the smallest p-value of every trait",
    "best_by_marker": "the smallest p-value of every marker",
    "histogram": "p-values of all tests, counted",
    "linkages.NAME": "with --layout: the linkages as this tool has them",
}


TRANSFORMS: Mapping[str, str] = {
    "log2": "logarithms to base 2",
    "quantile": "one distribution for all samples",
    "normal_scores": "normal scores",
}


def save_scan1(scan: Scan1, cross: Cross, out: str | Path, *, format: TableFormat = "tsv") -> str:
    """Write a scan into a folder of its own, as ``crossmap scan1`` does.

    Parameters
    ----------
    scan
        What `scan1` returned.
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
    >>> from crossmap import scan1, simulate_cross
    >>> cross = simulate_cross(n_samples=60, n_traits=40, n_markers=100).cross
    >>> out = Path(tempfile.mkdtemp()) / "results"
    >>> text = save_scan1(scan1(cross), cross, out)
    >>> (out / "linkages.tsv").exists(), (out / "summary.json").exists()
    (True, True)
    """
    require_format(format)
    options = {**asdict(scan.options), "format": format}
    provenance = Provenance.of(cross, command="scan1", options=options)
    with result_folder(out, provenance) as folder:
        return write_scan1(scan, cross, folder, format=format)


def write_scan1(
    scan: Scan1,
    cross: Cross,
    folder: str | Path,
    *,
    format: TableFormat = "tsv",
    layout: Literal["matrixeqtl", "tensorqtl"] | None = None,
) -> str:
    """Write tables, pictures, summary.json and summary.txt of a scan into a folder.

    Parameters
    ----------
    scan
        What `scan1` returned.
    cross
        The cross that was analysed.
    folder
        A folder that exists.
    format
        Of the tables: ``tsv`` or ``parquet``.
    layout
        Write the linkages also as this tool does, as linkages.matrixeqtl or linkages.tensorqtl.

    Returns
    -------
    str
        The text of summary.txt: what was found, in plain words.

    Raises
    ------
    ArgumentError
        For an unknown format.
    OutputError
        If a file cannot be written.
    """
    require_format(format)
    found: list[pd.DataFrame] = []

    def linkages() -> Iterator[pd.DataFrame]:
        for frame in scan.frames():
            found.append(peaks_of(frame))
            yield frame

    write_parts(linkages(), folder, "linkages", format=format)
    if layout is not None:
        table = to_layout(scan.to_frame(), layout)
        write_table(table, folder, f"linkages.{layout}", format=format)
    peaks = pd.concat(found, ignore_index=True)
    histogram = scan.histogram()
    tables = {
        "peaks": peaks,
        "best_by_trait": scan.by_trait(),
        "best_by_marker": scan.by_marker(),
        "histogram": histogram,
    }
    for name, table in tables.items():
        write_table(table, folder, name, format=format)
    _draw(scan, cross, peaks, histogram, Path(folder))
    units = units_of_peaks(peaks) if cross.markers["pos_bp"].notna().all() else None
    summary = {**cross_summary(cross), **scan.summary()}
    write_summary({**summary, "units": None if units is None else units_summary(units)}, folder)
    text = describe_scan1(scan, cross)
    write_text(text, folder, "summary.txt")
    # On the page the surest come first.
    surest = peaks.sort_values("neglog10_p", ascending=False, kind="stable")
    write_html(folder, title="Single-locus scan", text=text, tables={f"peaks.{format}": surest})
    return text


def _draw(
    scan: Scan1, cross: Cross, peaks: pd.DataFrame, histogram: pd.DataFrame, folder: Path
) -> None:
    if scan.options.p_edges is not None:
        with picture(folder / "p_values.png", width=5, height=4) as figure:
            axes = figure.subplots()
            if scan.options.histogram == "qq":
                plot_qq(axes, qq_points(histogram))
            else:
                plot_p_histogram(axes, histogram)
            axes.set_title("p-values of all tests")
    with picture(folder / "map.png", width=6, height=6.2) as figure:
        axes = figure.subplots()
        _draw_map(axes, cross, peaks)


def _draw_map(axes: "Axes", cross: Cross, peaks: pd.DataFrame) -> None:
    markers = cross.markers
    units = [unit for unit in get_args(Unit) if markers[f"pos_{unit}"].notna().all()]
    title = "Best marker of each trait and chromosome"
    if not units:
        say_why_empty(axes, NO_PLACES)
        return
    unit = units[0]
    genome = genome_axis(list(markers["chr"]), markers[f"pos_{unit}"].to_numpy(), unit=unit)
    if len(peaks) and unit == "bp" and cross.trait_table["start_bp"].notna().any():
        points = linkage_points(peaks, cross.trait_table, genome)
        plot_linkages(axes, points, genome)
        title += say_how_many_are_left_out(len(peaks), points)
    else:
        rows = linkage_rows(peaks, cross.trait_names, genome)
        plot_linkage_rows(axes, rows, genome, n_traits=cross.n_traits)
    axes.set_title(title)


def _few(number: float) -> str:
    """Write an expected count with one decimal, or with one digit if that would be 0."""
    return f"{number:,.1f}" if number >= 0.05 or number == 0 else f"{number:.1g}"


def describe_scan1(scan: Scan1, cross: Cross) -> str:
    """Say in plain words what a scan found.

    Parameters
    ----------
    scan
        What `scan1` returned.
    cross
        The cross that was analysed.

    Returns
    -------
    str
        Paragraphs, without a line end after the last.
    """
    numbers = scan.summary()
    paragraphs = [describe_cross(cross), fill(_what_was_done(scan)), _found(scan, numbers)]
    return "\n\n".join(paragraphs)


def _what_was_done(scan: Scan1) -> str:
    options = scan.options
    models = {
        "linear": "the number of alleles",
        "anova": "a mean for every genotype",
        "linear_cross": f"the interaction of genotype and {', '.join(options.interactive)}",
    }
    tests = count(scan.n_tests, "local test" if options.local_only else "test")
    if options.genotype_probabilities:
        models |= {
            "linear": "the expected number of alleles",
            "anova": "the probabilities of the genotypes",
        }
    text = [f"{tests}, each of {models[options.model]}"]
    if options.covariates:
        text.append(f" beside {', '.join(options.covariates)}")
    text.append(f" in at most {count(scan.n_samples, 'sample')}")
    errors = []
    if options.weights is not None:
        errors.append(f"weighted by {options.weights}")
    if scan.has_error_covariance:
        errors.append("correlated as given")
    text.append(f" (errors {' and '.join(errors)})." if errors else ".")
    prepared = [TRANSFORMS[name] for name in options.transform]
    if options.n_components:
        prepared.append(f"{count(options.n_components, 'principal component')} taken out")
    if prepared:
        text.append(f" Traits were changed first: {', '.join(prepared)}.")
    if options.is_matrixeqtl:
        text.append(" Gaps in genotypes and traits were filled with means, as Matrix eQTL does.")
    elif options.missing == "mean":
        text.append(" Samples without a genotype were given the mean of the others.")
    if scan.effect_of is not None:
        text.append(f" beta is the effect of {scan.effect_of}.")
    if scan.is_mixed:
        text.append(
            " On X each sex and direction of the cross has a mean and an effect of its own (F)."
        )
    left_out = [
        count(n, what, what.replace("trait with", "traits with") if "with" in what else None)
        for n, what in (
            (scan.n_constant_predictors, "monomorphic marker"),
            (scan.n_constant_traits, "constant trait"),
            (scan.n_sparse_traits, "trait with fewer than 3 values"),
        )
        if n
    ]
    if scan.n_on_x_left_out:
        left_out.append(
            f"{count(scan.n_on_x_left_out, 'position')} on X, which has "
            f"{', '.join(options.interactive)} in its model already"
        )
    if scan.dropped_covariates:
        names = ", ".join(scan.dropped_covariates)
        left_out.append(
            f"{count(len(scan.dropped_covariates), 'covariate')} that others determine ({names})"
        )
    if left_out:
        text.append(f" Left out: {', '.join(left_out)}.")
    return "".join(text)


def _found(scan: Scan1, numbers: Mapping[str, object]) -> str:
    sets = {
        name: numbers[name] for name in ("local", "distant") if isinstance(numbers[name], Mapping)
    }
    if not sets:
        sets = {
            "": {
                "n_tests": scan.n_tests,
                "n_linkages": scan.n_linkages,
                "threshold": scan.options.threshold,
            }
        }
    lines = []
    for name, part in sets.items():
        n, tests, threshold = (part[key] for key in ("n_linkages", "n_tests", "threshold"))  # type: ignore[index]
        what = f"{name} linkage".strip()
        lines.append(
            fill(
                f"{count(n, what)} at p <= {threshold:g} of {count(tests, 'test')}, where "
                f"chance alone would give {_few(tests * threshold)}."
            )
        )
    if scan.n_linkages:
        n_traits = int(str(numbers["n_linked_traits"]))
        made = "tests made"
        if len(sets) > 1:
            made = "local tests for a local linkage, among all distant ones for a distant one"
        concern = "concerns" if scan.n_linkages == 1 else "concern"
        lines.append(
            fill(
                f"{'It' if scan.n_linkages == 1 else 'They'} {concern} {count(n_traits, 'trait')}. "
                f"fdr is the false discovery rate among all {made}; near the threshold it is an "
                "upper bound."
            )
        )
    return "\n".join(lines)
