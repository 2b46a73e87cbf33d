"""Draw the pictures of the README anew: ``python notebooks/gallery.py`` (a minute)."""

from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
from PIL import Image

import crossmap
from crossmap.genome import genome_axis
from crossmap.plots.cells import cell_points, plot_cells
from crossmap.plots.curves import stage_words
from crossmap.plots.densities import density_table, plot_densities
from crossmap.plots.explain import draw_explanation
from crossmap.plots.genome import axis_of_loci
from crossmap.plots.genotypes import genotype_image, plot_genotypes
from crossmap.plots.hotspots import hotspot_bars, plot_hotspots
from crossmap.plots.linkages import linkage_points, plot_linkages
from crossmap.plots.pairs import pair_points, plot_pairs
from crossmap.plots.style import use_style
from crossmap.plots.surface import plot_surface, surface_image, surface_marks
from crossmap.report.joint_tables import joint_tables
from crossmap.significance.scan1 import peaks_of
from crossmap.simulate import demo_folder

FOLDER = Path(__file__).parent / "gallery"
SIZE = (6.0, 4.6)
DPI = 72


def draw() -> dict:
    """Name of a picture -> function that draws it on a figure."""
    cross = crossmap.read_cross(demo_folder())
    joint = crossmap.joint_linkage(cross)
    tables = joint_tables(joint, cross, crossmap.locate_loci(joint, cross), fdr=0.10)
    genome = axis_of_loci(tables.loci)
    markers = genome_axis(list(cross.markers["chr"]), cross.markers["pos_bp"].to_numpy())
    trait = tables.called["trait"].iloc[0]

    def pairs(figure):
        figure.set_size_inches(6, 6.6)
        axes = figure.subplots()
        plot_pairs(axes, pair_points(tables.called, tables.shared, genome), genome)
        axes.set_title(f"Loci of {len(tables.called)} traits called at joint FDR 0.1")
        figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=2)

    def densities(figure):
        upper, lower = figure.subplots(2)
        table = density_table(joint)
        for axes, stage in ((upper, 1), (lower, 2)):
            plot_densities(axes, table[table["stage"] == stage])
            axes.set_title(stage_words(stage))
        upper.set_xlabel("")  # the panel below has it

    def linkages(figure):
        scan = crossmap.scan1(cross, threshold=1e-4)
        points = linkage_points(peaks_of(next(iter(scan.frames()))),
                                cross.trait_table, markers)  # fmt: skip
        plot_linkages(figure.subplots(), points, markers)

    def hotspots(figure):
        figure.set_size_inches(8, 4)
        found = crossmap.find_hotspots(cross, n_perm=200)
        plot_hotspots(
            figure.subplots(), hotspot_bars(found.bins, found.regions(), markers), markers
        )

    def surface(figure):
        figure.set_size_inches(6.8, 7.2)
        found = crossmap.trait_surface(cross, trait, n_perm=100)
        plot_surface(figure.subplots(), surface_image(found, genome), genome,
                     marks=surface_marks(found, genome))  # fmt: skip

    def genotypes(figure):
        plot_genotypes(figure.subplots(), genotype_image(cross), cross)

    def cells(figure):
        axes = figure.subplots()
        plot_cells(axes, cell_points(tables.called_data, trait))
        axes.set_title(f"trait {trait}")
        best = tables.called.iloc[0]
        axes.set_xlabel("\n".join(
            f"locus {k}: {best[f'locus{k}']} (chr {best[f'chr{k}']})" for k in (1, 2)
        ))  # fmt: skip

    def explained(figure):
        figure.set_size_inches(9, 6.9)
        draw_explanation(figure, crossmap.explain(cross, trait))

    return {
        "genotypes": genotypes, "map": linkages, "pairs": pairs, "densities": densities,
        "cells": cells, "surface": surface, "hotspots": hotspots, "explain": explained,
    }  # fmt: skip


def main() -> None:
    """Write every picture."""
    mpl.use("agg")
    use_style()
    FOLDER.mkdir(exist_ok=True)
    for name, paint in draw().items():
        figure = plt.figure(figsize=SIZE)
        paint(figure)
        file = FOLDER / f"{name}.png"
        figure.savefig(file, dpi=DPI, metadata={"Software": None})
        plt.close(figure)
        # A palette makes the files a third as large.
        with Image.open(file) as image:
            image.convert("RGB").quantize(256).save(file, optimize=True)


if __name__ == "__main__":
    main()
