"""A scan of all pairs of loci as a folder of tables, a picture and plain words."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

from crossmap.architecture.counting import linkages_of_pairs, units_of_linkages
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
from crossmap.linkage.surface import Surface
from crossmap.plots.searches import called_by_p_value, plot_searches
from crossmap.plots.style import picture
from crossmap.plots.surface import Kind
from crossmap.report.cross import (
    cross_summary,
    describe_cross,
    describe_means,
    describe_samples,
    samples_summary,
)
from crossmap.report.html import write_html
from crossmap.report.surface import SurfaceReport, check_surface_options, write_surfaces
from crossmap.report.words import count, fill, percent
from crossmap.significance.pairs import PairSignificance, Scan2
from crossmap.significance.pi0 import FEWEST_P_VALUES, few_p_values_limit

TESTS = ("linkage", "epistasis")
CALLED_FDR = 0.05
"""At which summary.json counts linkages."""

PICTURES = ("called", "surface_NAME")
FILES: Mapping[str, str] = {
    "pairs": "the best pair of every trait for linkage and for epistasis: F, p, FDR; not with "
    "--trait alone",
    "loci": "the loci that were searched; not with --trait alone",
    "chromosome_pairs": "with --by-chromosome: the best pair of every two chromosomes",
    "surface_summary": "with --trait: LOD full, fv1, int, add, av1 by pair of chromosomes",
    "surface_thresholds": "with --trait: genome-wide thresholds of these LODs",
    "surface_null": "with --trait: the largest LODs of every permutation",
    "surface_NAME": "with --trait: every pair of loci",
}


def save_scan2(pairs: Scan2, cross: Cross, out: str | Path, *, format: TableFormat = "tsv") -> str:
    """Write a scan of all pairs into a folder of its own, as ``crossmap scan2`` does.

    Parameters
    ----------
    pairs
        What `scan2` returned.
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
    >>> from crossmap import scan2, simulate_cross
    >>> cross = simulate_cross(n_samples=60, n_traits=120, n_markers=40).cross
    >>> out = Path(tempfile.mkdtemp()) / "results"
    >>> text = save_scan2(scan2(cross, n_perm=2), cross, out)
    >>> (out / "pairs.tsv").exists(), (out / "report.html").exists()
    (True, True)
    """
    require_format(format)
    search = pairs.search.options
    options = {**asdict(search), "n_grid": pairs.n_grid, "format": format}
    provenance = Provenance.of(cross, command="scan2", options=options, seed=search.seed)
    with result_folder(out, provenance) as folder:
        return write_scan2(pairs, cross, folder, format=format)


def save_surface(
    surface: Surface,
    cross: Cross,
    out: str | Path,
    *,
    upper: Kind = "int",
    lower: Kind = "full",
    format: TableFormat = "tsv",
) -> str:
    """Write all pairs of loci for one trait into a folder, as ``crossmap scan2 --trait`` does.

    Parameters
    ----------
    surface
        What `trait_surface` returned.
    cross
        The cross that was analysed.
    out
        The folder: new, empty, or earlier results of crossmap, which are replaced whole.
    upper, lower
        Which LOD the picture shows above and below the diagonal: ``full``, ``add``, ``int``,
        ``fv1`` or ``av1``.
    format
        Of the tables: ``tsv`` or ``parquet``.

    Returns
    -------
    str
        What was found, in plain words.

    Raises
    ------
    ArgumentError
        For an unknown format, upper or lower.
    OutputError
        If the folder is refused or cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from crossmap import simulate_cross, trait_surface
    >>> cross = simulate_cross(n_samples=60, n_traits=2, n_markers=40).cross
    >>> out = Path(tempfile.mkdtemp()) / "results"
    >>> text = save_surface(trait_surface(cross, "g0001"), cross, out)
    >>> (out / "surface_summary.tsv").exists(), (out / "surface_g0001.png").exists()
    (True, True)
    """
    check_surface_options(upper=upper, lower=lower, format=format)
    chance = surface.thresholds
    options = {
        "traits": [surface.trait], "min_cell": surface.min_cell,
        "surface_permutations": 0 if chance is None else chance.n_perm,
        "upper": upper, "lower": lower, "format": format,
    }  # fmt: skip
    provenance = Provenance.of(cross, command="scan2", options=options)
    with result_folder(out, provenance) as folder:
        drawn = write_surfaces(
            [surface], folder, traits=[surface.trait], upper=upper, lower=lower, format=format
        )
        return write_scan2(None, cross, folder, format=format, surfaces=drawn)


def write_scan2(
    pairs: Scan2 | None,
    cross: Cross,
    folder: str | Path,
    *,
    format: TableFormat = "tsv",
    surfaces: SurfaceReport | None = None,
) -> str:
    """Write pairs, loci, a picture, summary.json and summary.txt of a pair scan into a folder.

    Parameters
    ----------
    pairs
        What `scan2` returned; None where surfaces alone were made.
    cross
        The cross that was analysed.
    folder
        A folder that exists.
    format
        Of the tables: ``tsv`` or ``parquet``.
    surfaces
        What was written of the surfaces of chosen traits, to be told of too.

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
    summary: dict[str, object] = dict(cross_summary(cross))
    texts: list[str] = []
    tables: dict[str, pd.DataFrame] = {}
    if pairs is not None:
        table = _write_pairs(pairs, folder, format)
        # On the page the surest come first.
        surest = table.sort_values(["p_value", "f"], ascending=[True, False], kind="stable")
        tables[f"pairs.{format}"] = surest
        summary |= pairs.summary() | samples_summary(pairs.search.n_samples, cross)
        summary["units"] = _units(table, cross)
        texts.append(describe_scan2(pairs, cross))
    else:
        texts.append(describe_cross(cross))
    if surfaces is not None:
        summary["surfaces"] = surfaces.summary
        texts.append(surfaces.text)
        if pairs is None:
            tables[f"surface_summary.{format}"] = surfaces.table
    write_summary(summary, folder)
    text = "\n\n".join(texts)
    write_text(text, folder, "summary.txt")
    write_html(folder, title="All pairs of loci", text=text, tables=tables)
    return text


def _write_pairs(pairs: Scan2, folder: str | Path, format: TableFormat) -> pd.DataFrame:
    table = pairs.to_frame()
    write_table(table, folder, "pairs", format=format)
    write_table(pairs.search.loci.to_frame(), folder, "loci", format=format)
    if pairs.by_chromosome:
        write_table(pairs.chromosome_frame(), folder, "chromosome_pairs", format="parquet")
    by_p = _called_by_p_value(pairs)
    made = {name: name for name in TESTS if name in by_p}
    with picture(Path(folder) / "called.png", width=5.5, height=4) as figure:
        axes = figure.subplots()
        n_traits = max(int(np.isfinite(getattr(pairs, name).p_value).sum()) for name in made)
        plot_searches(
            axes, by_p, by="p_value", label="pooled p-value", searches=made, n_traits=n_traits
        )
        axes.set_title("Traits by the p-value of their best pair")
    return table


def _units(table: pd.DataFrame, cross: Cross) -> dict[str, object]:
    """Loci of the pairs called at an FDR of 5%, in four units; by test."""
    return {
        str(name): units_of_linkages(cross, linkages_of_pairs(part[part["q_value"] <= CALLED_FDR]))
        for name, part in table.groupby("test", sort=False)
    }


def _called_by_p_value(pairs: Scan2) -> pd.DataFrame:
    p_values = {
        name: getattr(pairs, name).p_value for name in TESTS if getattr(pairs, name) is not None
    }
    long = called_by_p_value(p_values)
    return long.pivot(index="p_value", columns="search", values="n_called").reset_index()


def describe_scan2(pairs: Scan2, cross: Cross) -> str:
    """Say in plain words what a pair scan found.

    Parameters
    ----------
    pairs
        What `scan2` returned.
    cross
        The cross that was analysed.

    Returns
    -------
    str
        Paragraphs, without a line end after the last.
    """
    search = pairs.search
    options = search.options
    paragraphs = [
        describe_cross(cross),
        fill(
            f"{count(search.n_pairs, 'pair')} of {len(search.loci):,} loci "
            f"{'was' if search.n_pairs == 1 else 'were'} tried for each of "
            f"{count(len(search.traits), 'trait')}, every genotype combination with at least "
            f"{count(options.min_cell, 'sample')}; {count(options.n_perm, 'permutation')} of each "
            f"trait (seed {options.seed})."
        ),
        *describe_samples(
            search.n_samples,
            usable=cross.n_samples,
            n_left_out=cross.n_traits - len(search.traits),
        ),
        *describe_means(search.loci),
    ]
    claims = {
        "linkage": ("is linked", "are linked", "to a pair of loci, which does not say that both "
                    "are real"),
        "epistasis": ("has", "have", "a pair whose effects do not add up"),
    }  # fmt: skip
    for name, (of_one, of_many, claim) in claims.items():
        sure = getattr(pairs, name)
        if sure is not None:
            paragraphs.append(
                fill(
                    f"{name.capitalize()}: at an FDR of 5%, "
                    f"{count(sure.n_called(0.05), f'trait {of_one}', f'traits {of_many}')} {claim} "
                    f"({sure.n_called(0.01):,} at 1%). {_share(sure)}"
                )
            )
    beware = few_p_values_limit(len(search.traits))
    return "\n\n".join([*paragraphs, *(fill(f"Beware: {limit}.") for limit in beware)])


def _share(sure: PairSignificance) -> str:
    n_traits = int(np.isfinite(sure.p_value).sum())
    if n_traits < FEWEST_P_VALUES:
        return f"{count(n_traits, 'trait is', 'traits are')} too few to estimate a share of all."
    if sure.pi0 == 1.0 and sure.n_called(0.05):
        return "What share of all traits it holds for could not be estimated."
    return f"It is estimated to hold for {percent(1 - sure.pi0)} of all traits, called or not."
