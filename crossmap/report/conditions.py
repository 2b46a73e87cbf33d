"""Linkage by condition as a folder of tables, a picture and plain words."""

import warnings
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from crossmap.architecture.conditions import PATTERNS, ConditionLinkages
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
from crossmap.plots.conditions import condition_points, plot_conditions
from crossmap.plots.style import picture
from crossmap.report.cross import cross_summary, describe_cross
from crossmap.report.html import write_html
from crossmap.report.words import count, fill

MOST_PANELS = 3
"""Conditions that are drawn against the first."""

PICTURES = ("conditions",)
FILES: Mapping[str, str] = {
    "linkages": "loci of traits, the scan that found each, its effect in every condition",
    "thresholds": "genome-wide thresholds of every trait, of both scans",
    "counts": "linkages by pattern and by the scan that found them",
}


def save_conditions(
    found: ConditionLinkages, cross: Cross, out: str | Path, *, format: TableFormat = "tsv"
) -> str:
    """Write linkage by condition into a folder of its own, as ``crossmap environment`` does.

    Parameters
    ----------
    found
        What `condition_linkages` returned.
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
    """
    require_format(format)
    seed = found.common.options.seed
    options = {
        "condition": found.condition,
        "individual": found.individual,
        "alpha": found.alpha,
        "n_perm": found.common.options.n_perm,
        "seed": seed,
        "format": format,
    }
    provenance = Provenance.of(cross, command="environment", options=options, seed=seed)
    with result_folder(out, provenance) as folder:
        return write_conditions(found, cross, folder, format=format)


def write_conditions(
    found: ConditionLinkages, cross: Cross, folder: str | Path, *, format: TableFormat = "tsv"
) -> str:
    """Write tables, conditions.png, report.html and the summaries into a folder.

    Parameters
    ----------
    found
        What `condition_linkages` returned.
    cross
        The cross that was analysed.
    folder
        A folder that exists.
    format
        Of the tables: ``tsv`` or ``parquet``.

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
    tables = {
        "linkages": found.to_frame(), "counts": found.counts(), "thresholds": found.thresholds(),
    }  # fmt: skip
    for name, table in tables.items():
        write_table(table, folder, name, format=format)
    _draw(found, cross, Path(folder) / "conditions.png")
    write_summary({**cross_summary(cross), **conditions_summary(found)}, folder)
    text = describe_conditions(found, cross)
    write_text(text, folder, "summary.txt")
    shown = {f"{name}.{format}": tables[name] for name in ("linkages", "counts")}
    write_html(folder, title="Gene by environment", text=text, tables=shown)
    return text


def _draw(found: ConditionLinkages, cross: Cross, file: Path) -> None:
    first, *others = found.conditions[: 1 + MOST_PANELS]
    spread = {name: float(sd) for name, sd in zip(cross.trait_names, _sd(cross), strict=True)}
    with picture(file, width=4.6 * len(others), height=4.6) as figure:
        for axes, other in zip(np.atleast_1d(figure.subplots(1, len(others))), others, strict=True):
            pair = (first, other)
            points = condition_points(found.table, pair, spread)
            plot_conditions(axes, points, pair)


def _sd(cross: Cross) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # traits without values
        return np.nanstd(cross.traits, axis=1)


def conditions_summary(found: ConditionLinkages) -> dict[str, object]:
    """Give the numbers of the run for summary.json.

    Parameters
    ----------
    found
        What `condition_linkages` returned.

    Returns
    -------
    dict
    """
    table = found.table
    return {
        "condition": found.condition,
        "individual": found.individual,
        "conditions": dict(zip(found.conditions, found.n_samples, strict=True)),
        "alpha": found.alpha,
        "n_perm": found.common.options.n_perm,
        "seed": found.common.options.seed,
        "n_traits_common": _n_below(found.common.adjusted_p(), found.alpha),
        "n_traits_interaction": _n_below(found.interaction.adjusted_p(), found.alpha),
        "n_linkages": len(table),
        "patterns": {name: int((table["pattern"] == name).sum()) for name in PATTERNS},
    }


def _n_below(p: np.ndarray, alpha: float) -> int:
    with np.errstate(invalid="ignore"):
        return int((p <= alpha).sum())


def describe_conditions(found: ConditionLinkages, cross: Cross) -> str:
    """Say in plain words what linkage by condition found.

    Parameters
    ----------
    found
        What `condition_linkages` returned.
    cross
        The cross that was analysed.

    Returns
    -------
    str
        Paragraphs, without a line end after the last.
    """
    sizes = ", ".join(
        f"{name} ({n:,})" for name, n in zip(found.conditions, found.n_samples, strict=True)
    )
    how = "samples by condition"
    if found.individual is not None:
        how = f"measurements of the same individuals ({found.individual}) by condition"
    numbers = conditions_summary(found)
    expected = found.alpha * int(found.interaction.has_test.sum())
    n_perm = found.common.options.n_perm
    done = (
        f"{found.condition}, {how}: {sizes}. {count(n_perm, 'permutation')} of each of two scans, "
        f"for an effect common to all conditions and for one that depends on the condition."
    )
    scans = (
        f"At a genome-wide p of {found.alpha:g}, "
        f"{count(int(str(numbers['n_traits_common'])), 'trait has', 'traits have')} a locus "
        f"with a common effect, and "
        f"{count(int(str(numbers['n_traits_interaction'])), 'has', 'have')} one whose effect "
        f"depends on {found.condition}; chance alone would give {expected:,.1f} of either."
    )
    parts = [describe_cross(cross), fill(done), fill(scans)]
    n_by = found.table["pattern"].value_counts()
    if len(found.table):
        told = {
            "shared": "shared by all conditions as far as the data tell",
            "specific": "specific to some of the conditions",
            "opposite": "opposite in sign in two of them",
            "different": "different in size only, or too weak in each to say where",
        }
        words = "; ".join(f"{n_by.get(name, 0):,} {what}" for name, what in told.items())
        parts.append(
            fill(
                f"Of {count(len(found.table), 'linkage')}: {words}. Effects of loci found by their "
                "interaction are exaggerated by the choice of the best."
            )
        )
    return "\n\n".join(parts)
