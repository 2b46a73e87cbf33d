"""Values by genotype combination, as numbers."""

import itertools

import numpy as np
import pandas as pd
import pytest

import crossmap
from crossmap.plots.cells import (
    HALF_WIDTH,
    _brief,
    cell_means,
    cell_points,
    estimated_cells,
    plot_cells,
    value_column,
)


def data(n_loci=2):
    table = pd.DataFrame(
        {
            "trait": ["a"] * 6 + ["b"] * 6,
            "sample": [f"s{i}" for i in range(6)] * 2,
            "value": [5.0, 1.0, 2.0, 3.0, 7.0, 100.0, *[0.0] * 6],
            "genotype1": pd.Series(["A", "B", "B", "B", "A", None] * 2, dtype=object),
            "genotype2": pd.Series(["B", "A", "A", "A", "B", "A"] * 2, dtype=object),
        }
    )
    return table if n_loci == 2 else table.drop(columns="genotype2")


def test_samples_stand_in_the_cell_of_their_genotypes():
    points = cell_points(data(), "a")
    assert points["combination"].tolist() == ["A · B"] * 2 + ["B · A"] * 3
    assert points["value"].tolist() == [5.0, 7.0, 1.0, 2.0, 3.0]
    assert points["sample"].tolist() == ["s0", "s4", "s1", "s2", "s3"]  # s5 has no genotype
    assert (np.abs(points["x"] - [0, 0, 1, 1, 1]) <= HALF_WIDTH).all()
    assert points["x"].nunique() == 5


@pytest.mark.parametrize("names", [("A", "B"), ("B", "A")])
def test_genotypes_stand_in_the_order_of_the_cross(names):
    table = data().replace({"value": {100.0: 4.0}})
    for column in ("genotype1", "genotype2"):
        table[column] = pd.Categorical(table[column], categories=names)
    points = cell_points(table, "a")
    expected = sorted(
        table[(table["trait"] == "a") & table["genotype1"].notna()].to_dict("records"),
        key=lambda r: (names.index(r["genotype1"]), names.index(r["genotype2"]), r["value"]),
    )
    assert points["sample"].tolist() == [r["sample"] for r in expected]
    means = cell_means(points)
    assert means["combination"].tolist() == list(
        dict.fromkeys(f"{r['genotype1']} · {r['genotype2']}" for r in expected)
    )
    assert means["mean"].tolist() == ([6.0, 2.0] if names == ("A", "B") else [2.0, 6.0])


def test_means_and_standard_errors():
    means = cell_means(cell_points(data(), "a"))
    assert means["combination"].tolist() == ["A · B", "B · A"]
    assert means["n"].tolist() == [2, 3]
    assert means["mean"].tolist() == [6.0, 2.0]
    np.testing.assert_allclose(means["se"], [1.0, 1 / np.sqrt(3)])


def test_covariates_leave_residuals_to_draw():
    assert value_column(data()) == "value"
    assert value_column(data().assign(residual=0.5)) == "residual"
    points = cell_points(data().assign(residual=0.5), "a")
    assert (points["value"] == 0.5).all()


def test_estimated_means_are_those_of_the_model():
    cross = crossmap.simulate_cross(
        n_samples=80, n_traits=2, n_markers=40, crosstype="f2", seed=2
    ).cross
    name = cross.markers["marker"].iloc[20]
    found = crossmap.fit(cross, cross.trait_names[0], [name], genotype_probabilities=True)
    cells = estimated_cells(found)
    assert cells["combination"].tolist() == list(cross.genotype_names)
    np.testing.assert_array_equal(cells["mean"], found.cell_means["estimate"])
    np.testing.assert_array_equal(cells["se"], found.cell_means["estimate_se"])
    assert cells["n"].sum() == cross.n_samples


def test_a_single_sample_has_no_standard_error():
    one = data().iloc[[1]]
    assert np.isnan(cell_means(cell_points(one, "a"))["se"][0])


def test_one_locus_gives_its_genotypes():
    assert cell_points(data(n_loci=1), "a")["combination"].unique().tolist() == ["A", "B"]


@pytest.mark.parametrize("n_loci", [1, 2])
def test_every_cell_is_labelled_with_its_number(axes, n_loci):
    plot_cells(axes, cell_points(data(n_loci), "a"))
    labels = [label.get_text() for label in axes.get_xticklabels()]
    assert [label.split("n = ")[1] for label in labels] == ["2", "3"]


def test_genotypes_of_the_first_locus_differ_in_shape_as_in_colour(axes):
    plot_cells(axes, cell_points(data(), "a"))
    shapes = {tuple(map(tuple, c.get_paths()[0].vertices.round(3))) for c in axes.collections[:2]}
    assert len(shapes) == 2


def test_no_loci_say_so(axes):
    plot_cells(axes, cell_points(data().iloc[:0], "a"))
    assert axes.texts[0].get_text() == "No loci were chosen."


def test_long_names_of_genotypes_do_not_overlap(axes):
    long = data().replace({"A": "A" * 30, "B": "B" * 30})
    plot_cells(axes, cell_points(long, "a"))
    axes.figure.canvas.draw()
    boxes = [label.get_window_extent() for label in axes.get_xticklabels()]
    assert all(one.x1 < other.x0 for one, other in itertools.pairwise(boxes))


def test_names_of_genotypes_that_are_cut_stay_apart(axes):
    plot_cells(
        axes, cell_points(data().replace({"A": "CAST" * 9 + "J", "B": "C57BL" * 9 + "J"}), "a")
    )
    names = {line for label in axes.get_xticklabels() for line in label.get_text().split("\n")[:2]}
    assert len(names) == 2


@pytest.mark.parametrize(
    "names",
    [
        ["A", "B"],
        ["first of many of the same strain", "other of many of the same strain"],
        ["the same strain of many, kept 1", "the same strain of many, kept 2"],
        ["the same strain of many A of x", "the same strain of many B of x"],
    ],
)
def test_long_names_of_genotypes_are_cut_where_they_differ(names):
    brief = _brief([*names, *names], 6)
    assert list(brief) == names
    assert len(set(brief.values())) == 2
    assert max(map(len, brief.values())) <= 6


def test_lines_that_do_not_say_what_they_are_are_named(axes):
    long = data().replace({"A": "A" * 30, "B": "B" * 30})
    plot_cells(axes, cell_points(long, "a"), loci=("Q1", "Q2"))
    axes.figure.canvas.draw()
    (names,) = axes.texts
    assert names.get_text() == "Q1\nQ2\nn"
    labels = axes.get_xticklabels()
    assert [label.get_text().split("\n")[-1] for label in labels] == ["2", "3"]
    mine = names.get_window_extent()
    assert all(mine.x1 < label.get_window_extent().x0 for label in labels)
    low, high = axes.get_ylim()
    for value, label in zip(axes.get_yticks(), axes.get_yticklabels(), strict=True):
        assert not (low <= value <= high and mine.overlaps(label.get_window_extent()))
    first = labels[0].get_window_extent()
    assert abs(mine.y0 - first.y0) < 1.5  # line beside line
    assert abs(mine.y1 - first.y1) < 1.5


def test_lines_that_say_what_they_are_need_no_names(axes):
    plot_cells(axes, cell_points(data(), "a"))
    assert not axes.texts


def test_short_names_of_genotypes_keep_their_beginning():
    brief = _brief(["C57BL/6J-derived allele", "DBA/2J-derived allele"], 4)
    assert list(brief.values()) == ["C57B", "DBA"]
    assert len(set(_brief(["strain one", "strain two"], 4).values())) == 2
    assert list(_brief(["-", "+"], 4).values()) == ["-", "+"]  # no name is cut to nothing
    assert all(_brief(["------", "++++++"], 4).values())
