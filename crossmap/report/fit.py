"""A model of several loci for one trait as a folder of tables, a picture and plain words."""

from collections.abc import Mapping
from pathlib import Path

from crossmap.architecture.fit import LocusFit
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
from crossmap.plots.cells import MOST_PROBABLE, cell_points, estimated_cells, plot_cells
from crossmap.plots.style import picture, short
from crossmap.report.cross import cross_summary, describe_cross
from crossmap.report.html import write_html

PICTURES = ("cells",)
FILES: Mapping[str, str] = {
    "anova": "the model against the mean (with X of each sex and direction), and the residual",
    "drop_one": "what is lost without a locus and all its interactions",
    "effects": "coefficients with standard errors",
    "cell_means": "mean of every genotype combination",
    "loci": "the loci and their places",
    "data": "value and genotypes of every sample used",
}

TABLES = tuple(FILES)


def save_fit(fit: LocusFit, cross: Cross, out: str | Path, *, format: TableFormat = "tsv") -> str:
    """Write a model into a folder of its own, as ``crossmap fit`` does.

    Parameters
    ----------
    fit
        What `crossmap.fit` returned.
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
    >>> found = crossmap.fit(cross, "g0001", [str(cross.markers["marker"][5])])
    >>> out = Path(tempfile.mkdtemp()) / "results"
    >>> text = save_fit(found, cross, out)
    >>> (out / "anova.tsv").exists(), (out / "report.html").exists()
    (True, True)
    """
    require_format(format)
    options = {
        "trait": fit.trait, "loci": fit.loci["locus"].tolist(), "formula": fit.formula,
        "format": format,
    }  # fmt: skip
    provenance = Provenance.of(cross, command="fit", options=options)
    with result_folder(out, provenance) as folder:
        return write_fit(fit, cross, folder, format=format)


def write_fit(
    fit: LocusFit, cross: Cross, folder: str | Path, *, format: TableFormat = "tsv"
) -> str:
    """Write the tables of a model, cells.png, report.html and its summaries into a folder.

    Parameters
    ----------
    fit
        What `crossmap.fit` returned.
    cross
        The cross it was fitted to.
    folder
        A folder that exists.
    format
        Of loci, anova, drop_one, effects, cell_means and data (the fields of `LocusFit`): ``tsv``
        or ``parquet``.

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
    for name in TABLES:
        write_table(getattr(fit, name), folder, name, format=format)
    _draw_cells(fit, Path(folder) / "cells.png")
    write_summary(_summary(fit, cross), folder)
    text = f"{describe_cross(cross)}\n\n{fit.summary()}"
    write_text(text, folder, "summary.txt")
    # summary() has the other tables, set in columns.
    write_html(
        folder, title=f"Trait {fit.trait}: {fit.formula}", text=text,
        tables={f"cell_means.{format}": fit.cell_means},
    )  # fmt: skip
    return text


def _summary(fit: LocusFit, cross: Cross) -> dict[str, object]:
    model = fit.anova.iloc[0]
    return {
        **cross_summary(cross),
        "trait": fit.trait,
        "loci": fit.loci["locus"].tolist(),
        "formula": fit.formula,
        "coding": fit.coding,
        "n_used": fit.n_samples,
        "n_left_out": {reason: len(names) for reason, names in fit.dropped.items()},
        "residual_sd": fit.residual_sd,
        "df": fit.anova["df"].tolist()[:2],
        **{name: float(model[name]) for name in ("lod", "percent_var", "p_f", "neglog10_p_f")},
        "effects": {
            row["term"]: {name: row[name] for name in ("estimate", "se")}
            for row in fit.effects.to_dict("records")
        },
    }


def _draw_cells(fit: LocusFit, file: Path) -> None:
    shown = fit.loci.head(2).to_dict("records")
    with picture(file, width=5.5, height=4.4) as figure:
        axes = figure.subplots()
        # Of the values as measured: `residual` is here what the loci left, not the covariates.
        measured = fit.data.drop(columns=["fitted", "residual"])
        points = cell_points(measured, fit.trait)
        terms = [q["term"] for q in shown]
        title = f"trait {short(fit.trait)}"
        if len(fit.loci) > 2:  # whose combinations are more than those of the picture
            plot_cells(axes, points, loci=terms)
            title += "\nby its first two loci"
        elif fit.genotype_probabilities:
            plot_cells(axes, points, estimated_cells(fit), loci=terms)
            title += f"\n{MOST_PROBABLE}"
        else:
            plot_cells(axes, points, loci=terms)
        axes.set_title(title)
        axes.set_xlabel(
            "\n".join(
                f"{q['term']}: {short(q['locus'], longest=24)} (chr {short(q['chr'], longest=8)})"
                for q in shown
            )
        )
