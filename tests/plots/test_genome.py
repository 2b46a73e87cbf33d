"""The genome as an axis."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from crossmap.genome import genome_axis
from crossmap.plots.genome import (
    LONGEST_NAME,
    axis_of_loci,
    draw_chromosome_grid,
    draw_chromosomes,
    genome_words,
    position_ticks,
)
from crossmap.plots.style import legend_below, short


def loci(unit):
    nan = np.full(3, np.nan)
    ends = np.array([10.0, 30.0, 20.0])
    return pd.DataFrame(
        {
            "chr": ["2", "2", "1"],
            "end_bp": ends * 1000 if unit == "bp" else nan,
            "end_cm": ends,
        }
    )


@pytest.mark.parametrize(("unit", "factor"), [("bp", 1000), ("cm", 1)])
def test_unit_is_bp_where_known(unit, factor):
    genome = axis_of_loci(loci(unit))
    assert genome.unit == unit
    assert genome.chromosomes == ("2", "1")
    assert (genome.offset / factor).tolist() == [0, 30, 50]


def test_chromosomes_are_named_in_their_middle(axes):
    genome = axis_of_loci(loci("cm"))
    draw_chromosomes(axes, genome)
    assert axes.get_xticks().tolist() == [15, 40]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["2", "1"]
    assert axes.get_xlim() == (0, 50)


@pytest.mark.parametrize(
    ("ends", "unit", "label", "written"),
    [
        ([2.3e6], "bp", "chromosome, position in Mb", ["0", "0.5", "1", "1.5", "2"]),
        ([230_000.0], "bp", "chromosome, position in kb", ["0", "50", "100", "150", "200"]),
        ([80.0], "cm", "chromosome, position in cM", ["0", "20", "40", "60", "80"]),
        ([80.0, 45.0], "cm", "chromosome, position in cM", ["0", "50", "0"]),
    ],
)
def test_positions_stand_where_they_are_with_their_unit(ends, unit, label, written):
    genome = genome_axis([str(i) for i in range(len(ends))], np.array(ends), unit=unit)
    ticks = position_ticks(genome, most=5)
    assert genome_words(genome) == label
    assert ticks["label"].tolist() == written
    scale = {"Mb": 1e6, "kb": 1e3, "cM": 1.0}[label.split()[-1]]
    place = genome.place(ticks["chr"].tolist(), ticks["label"].astype(float).to_numpy() * scale)
    np.testing.assert_allclose(ticks["at"], place)


@pytest.mark.parametrize("n", [1, 2, 3, 4])
@pytest.mark.parametrize("size", [1e-9, 3.0, 77.0, 1234.0])
def test_positions_are_apart_and_only_on_few_chromosomes(axes, n, size):
    genome = genome_axis([str(i) for i in range(n)], size * np.arange(1.0, n + 1), unit="cm")
    draw_chromosome_grid(axes, genome)
    axes.figure.canvas.draw()
    for axis in (axes.xaxis, axes.yaxis):
        positions = axis.get_ticklabels(minor=True)
        assert bool(positions) == (n <= 3)
        assert apart([*positions, *axis.get_ticklabels()])
    assert ("cM" in genome_words(genome)) == (n <= 3)


def test_grid_has_a_line_at_every_border(axes):
    draw_chromosome_grid(axes, axis_of_loci(loci("cm")))
    assert len(axes.lines) == 2 * 3
    assert axes.get_xlim() == axes.get_ylim() == (0, 50)


def apart(labels):
    boxes = [label.get_window_extent() for label in labels if label.get_text()]
    return all(
        not a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[i + 1 :]
    )  # fmt: skip


@pytest.mark.parametrize("width", [3.3, 10.0])
@pytest.mark.parametrize("names", ["{}", "chr{}", "NW_{:03d}.1_scaffold_{}"])
@pytest.mark.parametrize("n", [1, 16, 60])
def test_names_do_not_overlap_at_any_size(width, names, n):
    figure = Figure(figsize=(width, width), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    chromosomes = [names.format(i, i) for i in range(n)]
    length = np.random.default_rng(n).uniform(0.2, 1.5, n)
    draw_chromosome_grid(axes, genome_axis(chromosomes, length, unit="cm"))
    figure.canvas.draw()
    assert apart(axes.get_xticklabels())
    assert apart(axes.get_yticklabels())
    written = [label.get_text() for label in axes.get_xticklabels()]
    assert sum(map(bool, written)) >= min(n, 10)
    if n == 1:
        assert written == [short(chromosomes[0], longest=LONGEST_NAME)]


def test_a_legend_stands_below_names_however_deep(axes):
    genome = genome_axis([f"a_long_name_{i}" for i in range(30)], np.ones(30), unit="cm")
    axes.plot([0, 1], [0, 1], label="line")
    draw_chromosomes(axes, genome)
    axes.set_xlabel("chromosome")
    legend_below(axes, ncols=1)
    axes.figure.canvas.draw()
    assert axes.get_legend().get_window_extent().y1 <= axes.xaxis.label.get_window_extent().y0 + 1
