"""The pictures of a joint-linkage analysis, drawn from its tables alone."""

from pathlib import Path

import numpy as np
import pandas as pd

from crossmap.genome import GenomeAxis
from crossmap.plots.cells import cell_points, plot_cells, value_column
from crossmap.plots.curves import curve_points, plot_curves, stage_words
from crossmap.plots.densities import plot_densities, plot_posterior
from crossmap.plots.fdr import called_by_fdr, plot_called_by_fdr
from crossmap.plots.genome import axis_of_loci, genome_words, name_last_panel_alone
from crossmap.plots.pairs import pair_points, plot_pairs
from crossmap.plots.style import characters_across, picture, say_why_empty, short
from crossmap.report.joint_tables import JointTables
from crossmap.words import count

N_SHOWN = 6
"""Called traits, the most probable first, whose curves and values are drawn."""

PICTURES = ("pairs", "curves", "cells", "densities", "fdr")

NOTHING_CALLED = "No trait is called, so there is none to show."


def draw_joint(tables: JointTables, folder: str | Path, *, fdr: float) -> list[Path]:
    """Draw pairs.png, curves.png, cells.png, densities.png and fdr.png.

    Parameters
    ----------
    tables
        Tables of the analysis.
    folder
        Where to write.
    fdr
        Joint-linkage false discovery rate at which traits were called.

    Returns
    -------
    list of pathlib.Path
        The files.

    Raises
    ------
    OutputError
        If one cannot be written.
    """
    genome = axis_of_loci(tables.loci)
    files = [Path(folder) / f"{name}.png" for name in PICTURES]
    _draw_pairs(files[0], tables, genome, fdr)
    _draw_curves(files[1], tables, genome)
    _draw_cells(files[2], tables)
    _draw_densities(files[3], tables.densities)
    with picture(files[4], width=5.5, height=4) as figure:
        plot_called_by_fdr(figure.subplots(), called_by_fdr(tables.joint), fdr=fdr)
    return files


def _draw_pairs(file: Path, tables: JointTables, genome: GenomeAxis, fdr: float) -> None:
    with picture(file, width=7, height=7.6) as figure:
        axes = figure.subplots()
        if "chr2" not in tables.joint:
            say_why_empty(axes, "One locus was sought for each trait, so there are no pairs.")
            return
        points = pair_points(tables.called, tables.shared, genome)
        plot_pairs(axes, points, genome)
        if not points.empty:
            figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=2)
        axes.set_title(
            f"Loci of {count(len(tables.called), 'trait')} called at joint FDR {fdr:.3g}"
        )


def _shown(tables: JointTables) -> pd.DataFrame:
    return tables.called.head(N_SHOWN)


def _draw_curves(file: Path, tables: JointTables, genome: GenomeAxis) -> None:
    shown = _shown(tables)
    with picture(file, width=10, height=1.0 + 1.7 * max(len(shown), 1)) as figure:
        if shown.empty:
            say_why_empty(figure.subplots(), NOTHING_CALLED)
            return
        panels = figure.subplots(len(shown), squeeze=False)[:, 0]
        for axes, trait in zip(panels, shown["trait"], strict=True):
            plot_curves(axes, curve_points(tables.curves, trait, genome), genome)
            axes.set_title(f"trait {short(trait)}")
        name_last_panel_alone(panels)
        figure.align_ylabels(panels)
        panels[-1].set_xlabel(f"{genome_words(genome)}; triangles mark the loci chosen")
        lines, labels = panels[0].get_legend_handles_labels()
        figure.legend(lines, labels, loc="outside upper right", ncols=len(labels))


def _draw_cells(file: Path, tables: JointTables) -> None:
    shown = _shown(tables)
    with picture(file, width=10, height=7.0 if len(shown) > 3 else 3.6) as figure:
        if shown.empty:
            say_why_empty(figure.subplots(), NOTHING_CALLED)
            return
        columns = min(3, len(shown))
        panels = figure.subplots(-(-len(shown) // columns), columns, squeeze=False).ravel()
        for axes, row in zip(panels, shown.to_dict("records"), strict=False):
            plot_cells(axes, cell_points(tables.called_data, row["trait"]))
            room = characters_across(axes)
            axes.set_title(f"trait {short(row['trait'], longest=max(8, room - 9))}")
            if value_column(tables.called_data) == "residual":
                axes.set_ylabel("trait value less covariates")
            axes.set_xlabel(
                "\n".join(_locus_label(row, k, room) for k in (1, 2) if f"locus{k}" in row)
            )
        for axes in panels[len(shown) :]:
            axes.set_axis_off()


def _locus_label(row: dict, number: int, room: int) -> str:
    """Name a locus in so many characters of the width of capitals."""
    name = row[f"locus{number}"]
    if name is None:
        return f"locus {number}: none"
    chromosome = short(row[f"chr{number}"], longest=6)
    longest = min(16, max(12, room - 9 - len(chromosome)))
    return f"locus {number}: {short(name, longest=longest)} (chr {chromosome})"


def _draw_densities(file: Path, densities: pd.DataFrame) -> None:
    stages = np.unique(densities["stage"].to_numpy())
    with picture(file, width=4.2 * max(len(stages), 1), height=5.6) as figure:
        if not len(stages):
            say_why_empty(figure.subplots(), "No locus was eligible.")
            return
        panels = figure.subplots(2, len(stages), sharex="col", squeeze=False)
        for (upper, lower), stage in zip(panels.T, stages, strict=True):
            of_stage = densities[densities["stage"] == stage]
            plot_densities(upper, of_stage)
            plot_posterior(lower, of_stage)
            upper.set_xlabel("")  # the panel below has it
            upper.set_title(stage_words(stage))
