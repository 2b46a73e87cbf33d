"""Nothing that is written reaches beyond its picture."""

from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from genotyped import awkward_cross

import crossmap
from crossmap.genome import genome_axis
from crossmap.plots.beta_tail import plot_beta_tail
from crossmap.plots.convergence import plot_convergence
from crossmap.plots.effects import plot_corrected
from crossmap.plots.genotypes import genotype_image, plot_genotypes
from crossmap.plots.linkages import plot_linkages
from crossmap.plots.p_values import plot_p_histogram, plot_qq, qq_points
from crossmap.plots.quality import genotype_shares, plot_segregation
from crossmap.plots.strips import plot_strips
from crossmap.report import explain, fit, surface
from crossmap.simulate import demo_folder

SLACK = 0.02  # inches

LONG = "a_trait_whose_name_no_title_of_a_picture_has_the_room_for"


@pytest.fixture
def drawn(monkeypatch):
    """Figures that are drawn from here on."""
    figures = []
    for module in (explain, fit, surface):

        @contextmanager
        def picture(*arguments, original=module.picture, **options):
            with original(*arguments, **options) as figure:
                yield figure
            figures.append(figure)

        monkeypatch.setattr(module, "picture", picture)
    return figures


def assert_within(figure):
    # As it was saved: to draw it once more would lay it out once more.
    box, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
    assert min(box.x0, box.y0) > -SLACK
    assert box.x1 < width + SLACK
    assert box.y1 < height + SLACK


@pytest.fixture(scope="module")
def simulated():
    return crossmap.simulate_cross(n_samples=60, n_traits=3, n_markers=60)


def test_the_title_over_all_pairs_of_loci(drawn, tmp_path):
    # Of this trait the numbers of both colour bars are short, and the square as large as can be.
    cross = crossmap.read_cross(demo_folder())
    found = crossmap.trait_surface(cross, "g0559", n_perm=0)
    surface.write_surfaces([found], tmp_path, traits=["g0559"])
    assert_within(drawn[0])


def test_the_title_of_a_fit_of_three_loci(drawn, simulated, tmp_path):
    cross = simulated.cross
    table = cross.trait_table.assign(trait=[LONG, "b", "c"])
    cross = replace(cross, trait_table=table, parents=cross.parents.iloc[:0])
    found = crossmap.fit(cross, LONG, list(cross.markers["marker"][[1, 20, 50]]))
    fit.write_fit(found, cross, tmp_path)
    assert_within(drawn[0])


@pytest.mark.filterwarnings("ignore::crossmap.errors.CrossmapWarning")
def test_the_titles_of_an_explanation_on_probabilities_with_x(drawn, tmp_path):
    cross = awkward_cross("f2", n_samples=150, n_markers=45, missing=0.1)
    cross.traits[0] += 2.0 * np.clip(cross.genotypes[38], 0, 2)
    hmm = {"genotype_probabilities": True, "step": 5.0}
    found = crossmap.explain(cross, "t0", n_perm=19, **hmm)
    explain.write_explanation(found, cross, tmp_path)
    assert_within(drawn[0])


def is_clear_of(legend, axes):
    """Whether a legend stands outside of the panel that it explains."""
    axes.figure.draw_without_rendering()
    return not legend.get_window_extent().overlaps(axes.get_window_extent())


@pytest.mark.parametrize("name", ["histogram", "qq", "beta", "effects", "convergence", "strips"])
def test_legends_stand_outside_of_what_they_explain(name, axes):
    """Wherever the data lie: in a full histogram no corner is free of bars."""
    uniform = pd.DataFrame({"low": [0.0, 0.5], "high": [0.5, 1.0], "n": [5, 5]})
    if name == "histogram":
        plot_p_histogram(axes, uniform)
    elif name == "qq":
        plot_qq(axes, qq_points(uniform))
        assert axes.get_xlim()[1] > max(line.get_xdata().max() for line in axes.lines)
    elif name == "beta":
        points = pd.DataFrame(
            {"trait": ["a", "b", "c"], "p_adjusted": [0.01, 0.5, 0.02], "p_beta": [1e-9, 0.4, 0.03],
             "beta_fits": [True, True, False], "is_bounded": [True, False, False]}
        )  # fmt: skip
        plot_beta_tail(axes, points)
        # What lies below the picture is said to.
        assert "lower edge: that or less" in axes.get_ylabel()
        axes.clear()
        plot_beta_tail(axes, points.iloc[1:])
        assert "lower edge" not in axes.get_ylabel()
    elif name == "effects":
        loci = pd.DataFrame({"number": [1, 2], "r2": [0.3, 0.2], "r2_corrected": [0.25, 0.1]})
        plot_corrected(axes, loci)
    elif name == "convergence":
        table = pd.DataFrame({"n_perm": [1, 2], "subset": [1, 1], "n_called": [5, 0]})
        plot_convergence(axes, table)
    else:
        columns = {"trait": ["a", "a"], "group": ["segregants", "A"], "value": [0.0, 1.0]}
        plot_strips(axes, pd.DataFrame({**columns, "sample": ["s", "A.1"], "x": [0.0, 0.8]}))
    assert is_clear_of(axes.get_legend(), axes)


def test_points_at_the_edge_of_the_map_are_whole(axes):
    genome = genome_axis(["1", "2"], np.array([10.0, 10.0]))
    points = pd.DataFrame({"x": [20.0, 0.0], "y": [0.0, 20.0], "is_local": [True, False]})
    plot_linkages(axes, points, genome)
    assert not any(marks.get_clip_on() for marks in axes.collections if len(marks.get_offsets()))


def test_chromosomes_without_a_ratio_have_no_band_of_chance(axes):
    cross = awkward_cross("f2", n_samples=60, n_markers=45, missing=0.1)
    plot_segregation(axes, cross)
    shares = genotype_shares(cross)
    length = shares.groupby("chr", sort=False)["position"].max()
    bands = [bar for bars in axes.containers for bar in bars]
    assert length.index[-1] == "X"
    assert len(bands) == 3 * (len(length) - 1)
    assert max(bar.get_x() + bar.get_width() for bar in bands) <= length.iloc[:-1].sum()
    assert "(none is due on X)" in axes.title.get_text()
    assert is_clear_of(axes.get_legend(), axes)


def test_genotypes_and_their_long_names_stay_apart(axes):
    names = tuple(f"{name} of a strain with a long name" for name in ("AA", "AB", "BB"))
    cross = awkward_cross("f2", n_samples=60, n_markers=45, missing=0.1)
    plot_genotypes(axes, genotype_image(cross), replace(cross, genotype_names=names))
    axes.set_title("Genotypes: 60 samples, 45 markers")
    axes.figure.draw_without_rendering()
    legend = axes.get_legend()
    assert not legend.get_window_extent().overlaps(axes.title.get_window_extent())
    assert is_clear_of(legend, axes)
