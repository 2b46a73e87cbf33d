"""Heat maps of surfaces: what is where, peaks that are not lost, drawing."""

import numpy as np
import pytest
from examples import example_cross

from crossmap.linkage.surface import trait_surface
from crossmap.plots.genome import axis_of_loci
from crossmap.plots.surface import plot_surface, surface_image, surface_marks


@pytest.fixture(scope="module")
def surface():
    return trait_surface(example_cross("ordinary", seed=3), "t1", n_perm=19)


@pytest.fixture(scope="module")
def genome(surface):
    return axis_of_loci(surface.loci.to_frame())


def cell_of(surface, genome, locus, n_pixels):
    at = genome.place([surface.loci.chr[locus]], surface.loci.start_bp[[locus]])[0]
    return min(int(at / genome.offset[-1] * n_pixels), n_pixels - 1)


@pytest.mark.parametrize(
    ("upper", "lower"), [("int", "full"), ("fv1", "int"), ("full", "av1"), ("av1", "add")]
)
def test_values_stand_at_their_places(surface, genome, upper, lower):
    n = 2000  # finer than the loci lie apart
    image = surface_image(surface, genome, upper=upper, lower=lower, n_pixels=n)
    assert (image.upper_kind, image.lower_kind) == (upper, lower)
    above, below = getattr(surface, f"lod_{upper}"), getattr(surface, f"lod_{lower}")
    assert image.upper.shape == image.lower.shape == (n, n)
    shown = [i for i in range(len(surface.loci)) if i % 5 == 1]
    for i in shown:
        for j in shown:
            if i < j:
                x, y = (cell_of(surface, genome, locus, n) for locus in (i, j))
                # Two markers of one place share a cell, which shows the larger of them.
                assert image.upper[y, x] >= above[i, j] - 1e-12
                assert image.upper[y, x] in above
                assert image.lower[x, y] >= below[i, j] - 1e-12
                assert image.lower[x, y] in below


def test_defaults_are_those_of_rqtl(surface, genome):
    """In ``plot.scantwo`` upper is "int" and lower is "full"."""
    image = surface_image(surface, genome, n_pixels=30)
    assert (image.upper_kind, image.lower_kind) == ("int", "full")
    assert np.nanmax(image.upper) == np.nanmax(surface.lod_int)
    assert np.nanmax(image.lower) == np.nanmax(surface.lod_full)


@pytest.mark.parametrize("n_pixels", [3, 10, 57])
def test_no_peak_is_lost_and_triangles_stay_apart(surface, genome, n_pixels):
    image = surface_image(surface, genome, upper="full", lower="int", n_pixels=n_pixels)
    assert np.nanmax(image.upper) == np.nanmax(surface.lod_full)
    assert np.nanmax(image.lower) == np.nanmax(surface.lod_int)
    below = np.tril(np.ones((n_pixels, n_pixels), dtype=bool), -1)
    assert np.isnan(image.upper[below.T]).all()
    assert np.isnan(image.lower[below]).all()


def test_infinite_lods_are_shown_as_the_largest_finite(genome):
    surface = trait_surface(example_cross("ordinary", seed=3), "t7")
    image = surface_image(surface, genome, upper="full", n_pixels=50)
    finite = surface.lod_full[np.isfinite(surface.lod_full)]
    assert np.nanmax(image.upper) == finite.max()
    assert not np.isinf(image.upper).any()


def test_marks_are_what_is_called_or_else_the_best(surface, genome):
    table = surface.summary()
    called = table[surface.thresholds.is_called(table, alpha=1.0)]
    marks = surface_marks(surface, genome, alpha=1.0)
    assert len(marks) == len(called) > 1
    assert marks["locus1f"].tolist() == called["locus1f"].tolist()
    assert (marks["x"] <= marks["y"]).all()
    first = surface.loci.names.index(marks["locus1f"][0])
    expected = genome.place([surface.loci.chr[first]], surface.loci.start_bp[[first]])[0]
    assert marks["x"][0] == expected
    without = trait_surface(example_cross("ordinary", seed=3), "t1")
    best = surface_marks(without, genome)
    top = table.iloc[table["lod_full"].to_numpy().argmax()]
    assert best[["locus1f", "locus2f"]].to_numpy().tolist() == [[top["locus1f"], top["locus2f"]]]


def test_drawing_has_two_bars_and_circles_in_both_triangles(axes, surface, genome):
    image = surface_image(surface, genome, n_pixels=40)
    marks = surface_marks(surface, genome, alpha=1.0)
    assert plot_surface(axes, image, genome, marks=marks) is axes
    labels = [a.get_ylabel() + a.get_xlabel() for a in axes.figure.axes]
    texts = {label.split("\n")[0] for label in labels}
    assert "above the diagonal: LOD, interaction (int)" in texts
    assert "below the diagonal: LOD, full model against the mean (full)" in texts
    (circles,) = axes.collections
    offsets = circles.get_offsets()
    assert len(offsets) == 2 * len(marks)
    np.testing.assert_array_equal(offsets[: len(marks)], offsets[len(marks) :, ::-1])


@pytest.mark.parametrize("alpha", [0.05, 0.4])
def test_what_chance_gives_stays_light_and_the_bars_say_how_much_that_is(
    axes, surface, genome, alpha
):
    image = surface_image(surface, genome, n_pixels=40, alpha=alpha)
    levels = surface.thresholds.quantiles(alpha)
    plot_surface(axes, image, genome)
    bars = axes.figure.axes[1:]
    for drawn, bar, kind in zip(axes.images, bars, ("int", "full"), strict=True):
        largest = np.nanmax(getattr(surface, f"lod_{kind}"))
        assert drawn.get_clim() == (0.0, max(largest, 2.0 * levels[kind]))
        label = bar.get_ylabel() + bar.get_xlabel()
        assert f"{levels[kind]:.3g}, which {100 * alpha:g}% of permutations" in label
        places = [set(np.ravel(one.get_data()[kind == "int"])) for one in bar.lines]
        assert {levels[kind]} in places


def test_drawing_where_only_one_kind_of_pair_is_eligible(axes, genome):
    surface = trait_surface(example_cross("ordinary", seed=3), "t1", same_chromosome=False)
    image = surface_image(surface, genome, n_pixels=40)
    assert np.isnan(image.upper[0, 0])
    plot_surface(axes, image, genome, marks=surface_marks(surface, genome))
