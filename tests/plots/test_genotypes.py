"""Genotype image and map, as numbers."""

from dataclasses import replace

import numpy as np
import pytest
from examples import example_cross

from crossmap.plots.genotypes import genotype_image, map_points, plot_genotypes, plot_map


@pytest.mark.parametrize("kind", ["ordinary", "one_chromosome"])
def test_the_image_holds_every_call(axes, kind):
    cross = example_cross(kind)
    cross.genotypes[2, 5] = -1
    image = genotype_image(cross)
    np.testing.assert_array_equal(image.to_numpy(), cross.genotypes.T)
    assert image.loc[cross.samples[5], cross.markers["marker"][2]] == -1
    plot_genotypes(axes, image, cross)
    np.testing.assert_array_equal(axes.images[0].get_array(), cross.genotypes.T)
    assert [t.get_text() for t in axes.get_legend().get_texts()] == ["A", "B", "missing"]
    assert [t.get_text() for t in axes.get_xticklabels()] == list(cross.chromosomes)


def test_shades_differ_in_grey_too(axes):
    cross = example_cross("ordinary")
    plot_genotypes(axes, genotype_image(cross), cross)
    colours = axes.images[0].cmap(np.array([1, 2]))[:, :3]
    light, dark = colours @ [0.299, 0.587, 0.114]
    assert light - dark > 0.4


def test_the_map_is_in_one_unit(axes):
    cross = example_cross("ordinary")  # base pairs alone
    points = map_points(cross)
    assert set(points["unit"]) == {"Mb"}
    np.testing.assert_allclose(points["position"], cross.markers["pos_bp"] / 1e6)
    both = replace(cross, markers=cross.markers.assign(pos_cm=np.arange(cross.n_markers) * 2.0))
    assert set(map_points(both)["unit"]) == {"cM"}
    plot_map(axes, points)
    assert axes.get_ylabel() == "position (Mb)"


def test_no_positions_say_so(axes):
    cross = example_cross("ordinary")
    nowhere = replace(cross, markers=cross.markers.assign(pos_bp=np.nan))
    plot_map(axes, map_points(nowhere))
    assert axes.texts[0].get_text() == "The markers have no positions in one unit."
