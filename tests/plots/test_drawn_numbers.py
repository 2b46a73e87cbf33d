"""What stands in the pictures is what stands in the tables of results."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

import crossmap
from crossmap.architecture.shared import shared_places
from crossmap.genome import genome_axis
from crossmap.genotypes.quality import cross_quality
from crossmap.plots.beta_tail import beta_points, plot_beta_tail
from crossmap.plots.curves import curve_points
from crossmap.plots.fdr import called_by_fdr, plot_called_by_fdr
from crossmap.plots.hotspots import hotspot_bars, plot_hotspots
from crossmap.plots.linkages import linkage_points, plot_linkages
from crossmap.plots.p_values import plot_p_histogram, plot_qq, qq_points
from crossmap.plots.pair_bins import pair_squares
from crossmap.plots.pairs import pair_points, plot_pairs
from crossmap.plots.peaks import interval_points, plot_peak_curve
from crossmap.plots.quality import plot_closest, plot_crossovers, plot_missing, plot_segregation
from crossmap.plots.searches import called_by_p_value, plot_searches
from crossmap.plots.surface import plot_surface, surface_image


@pytest.fixture(scope="module")
def cross():
    return crossmap.simulate_cross(n_samples=100, n_traits=120, n_markers=90, seed=3).cross


@pytest.fixture(scope="module")
def genome(cross):
    return genome_axis(list(cross.markers["chr"]), cross.markers["pos_bp"].to_numpy())


@pytest.fixture(scope="module")
def chance(cross):
    return crossmap.permute_scan1(cross, n_perm=120)


@pytest.fixture(scope="module")
def peaks(cross, chance):
    return crossmap.find_peaks(cross, chance=chance)


@pytest.fixture(scope="module")
def joint(cross):
    return crossmap.joint_linkage(cross, n_perm=3)


def line(axes, label):
    (found,) = [one for one in axes.lines if one.get_label() == label]
    return found


def offsets(collections):
    """Points of scatters, as rows."""
    return np.concatenate([np.asarray(c.get_offsets()) for c in collections])


def same_rows(drawn, expected):
    assert sorted(map(tuple, drawn)) == sorted(map(tuple, expected))


# Genome-wide p-values.


def test_beta_points_are_the_rows_of_the_traits(chance):
    table = chance.to_frame()
    points = beta_points(table).set_index("trait")
    both = table[table["p_adjusted"].notna() & table["p_beta"].notna()].set_index("trait")
    assert len(points) == len(both) > 100
    for name in ("p_adjusted", "p_beta", "beta_fits"):
        np.testing.assert_array_equal(points[name], both[name])
    np.testing.assert_array_equal(points["is_bounded"], both["n_reached"] == 0)
    # Nothing reached: the counted p is what so many permutations allow.
    smallest = 1.0 / (1.0 + chance.options.n_perm)
    np.testing.assert_allclose(points.loc[points["is_bounded"], "p_adjusted"], smallest)


def test_beta_points_are_drawn_where_they_are_and_each_once(axes, chance):
    points = beta_points(chance.to_frame())
    plot_beta_tail(axes, points)
    drawn = offsets(axes.collections)
    least = points["p_adjusted"].min() / 100.0
    expected = np.column_stack([points["p_adjusted"], np.maximum(points["p_beta"], least)])
    same_rows(drawn, expected)
    markers = {c.get_label(): len(c.get_offsets()) for c in axes.collections}
    bounded = (points["is_bounded"] & points["beta_fits"]).sum()
    assert markers["counted p is only a bound"] == bounded > 0


def test_traits_without_an_approximation_are_left_out():
    table = pd.DataFrame(
        {
            "trait": ["a", "b", "c"], "p_adjusted": [0.1, 0.2, np.nan],
            "p_beta": [0.11, np.nan, np.nan], "beta_fits": [True, False, False],
            "n_reached": [4, 9, 0],
        }
    )  # fmt: skip
    points = beta_points(table)
    assert points.to_numpy().tolist() == [["a", 0.1, 0.11, True, False]]


# Peaks and their intervals.


def test_intervals_are_those_of_the_peaks(peaks, genome):
    table = peaks.to_frame()
    trait = table["trait"].iloc[0]
    rows = table[table["trait"] == trait]
    points = interval_points(table, trait, genome)
    assert len(points) == len(rows) >= 1
    np.testing.assert_array_equal(points["lod"], rows["lod"])
    start = dict(zip(genome.chromosomes, genome.offset, strict=False))
    for end in ("drop_lo", "drop_hi", "bayes_lo", "bayes_hi"):
        expected = [start[c] + x for c, x in zip(rows["chr"], rows[f"{end}_bp"], strict=True)]
        np.testing.assert_array_equal(points[end], expected)
    assert (points["drop_lo"] <= points["drop_hi"]).all()
    assert (points["bayes_lo"] <= points["bayes_hi"]).all()


def test_curve_threshold_and_intervals_are_drawn_as_they_are(axes, peaks, genome):
    trait = peaks.traits[0]
    curve = peaks.curve(trait).dropna(subset=["lod"])
    intervals = interval_points(peaks.to_frame(), trait, genome)
    points = curve_points(curve, trait, genome)
    level = curve_points(curve.assign(lod=curve["threshold"]), trait, genome)
    plot_peak_curve(axes, points, intervals, genome, threshold=level)
    np.testing.assert_array_equal(line(axes, "locus 1").get_ydata(), points["lod"])
    np.testing.assert_array_equal(line(axes, "locus 1").get_xdata(), points["x"])
    np.testing.assert_array_equal(line(axes, "threshold").get_ydata(), level["lod"])
    for name, label in (("drop", "LOD-drop interval"), ("bayes", "Bayes interval")):
        first = line(axes, label).get_xdata()
        assert list(first) == intervals[[f"{name}_lo", f"{name}_hi"]].iloc[0].tolist()
    below = [one for one in axes.lines if one.get_ydata()[0] < 0]
    assert len(below) == 2 * len(intervals)


# Searches.


def test_called_by_p_value_counts_what_it_says():
    p = {"one": np.array([0.0, 0.02, 0.02, 0.04, 0.9, np.nan]), "two": np.full(3, 0.05)}
    table = called_by_p_value(p)
    for name, values in p.items():
        rows = table[table["search"] == name]
        expected = [int((values <= threshold).sum()) for threshold in rows["p_value"]]
        assert rows["n_called"].tolist() == expected
        assert (rows["p_value"].min(), rows["p_value"].max()) == (0.0, 0.05)
    assert called_by_p_value(p, largest=1.0)["n_called"].max() == 5


def test_searches_are_drawn_as_the_comparison_counts_them(axes, cross):
    versus = crossmap.compare_searches(cross, n_perm=2)
    table = versus.called_by_fdr()
    shown = {"sequential": "one after another", "exhaustive": "all pairs"}
    plot_searches(axes, table, by="fdr", label="FDR", searches=shown)
    for column, label in shown.items():
        np.testing.assert_array_equal(line(axes, label).get_xdata(), table["fdr"])
        np.testing.assert_array_equal(line(axes, label).get_ydata(), table[column])
        sure = {"sequential": versus.sequential, "exhaustive": versus.exhaustive_linkage}[column]
        assert table[column].tolist() == [int((sure.q_value <= f).sum()) for f in table["fdr"]]
    assert axes.get_ylabel() == "traits called"
    styles = {line(axes, label).get_linestyle() for label in shown.values()}
    assert len(styles) == 2  # told apart without colour


def test_searches_by_p_value_show_what_chance_gives(axes):
    p = {"one": np.linspace(0, 1, 400), "two": np.linspace(0, 1, 400) ** 3}
    table = called_by_p_value(p).pivot(index="p_value", columns="search", values="n_called")
    shown = {"one": "one", "two": "two"}
    plot_searches(
        axes, table.reset_index(), by="p_value", label="p-value", searches=shown, n_traits=400
    )
    assert line(axes, "by chance").get_xydata().tolist() == [[0, 0], [0.05, 20.0]]
    assert axes.get_ylabel() == "traits with at most this p-value"


def test_lines_that_coincide_are_all_to_be_seen(axes):
    table = pd.DataFrame({"fdr": [0.0, 0.1], "a": [1, 9], "b": [1, 9], "c": [1, 9], "d": [1, 9]})
    plot_searches(axes, table, by="fdr", label="FDR", searches={c: c for c in "abcd"})
    a, b, c, d = (line(axes, name) for name in "abcd")
    assert b.get_linewidth() > c.get_linewidth() > d.get_linewidth()  # narrower on wider
    assert a.get_linestyle() == "-"  # the lowest, seen in the gaps of the others


def test_no_search_that_calls_says_up_to_where(axes):
    table = pd.DataFrame({"fdr": [0.0, 0.1], "a": [0, 0]})
    plot_searches(axes, table, by="fdr", label="false discovery rate", searches={"a": "a"})
    assert axes.texts[0].get_text() == "No trait up to a false discovery rate of 0.1."


# Joint linkage.


def test_the_step_at_each_rate_is_the_number_called(axes, joint):
    table = called_by_fdr(joint.to_frame())
    for fdr in (0.01, 0.05, 0.1, 0.3):
        assert table.loc[table["fdr"] <= fdr, "n_called"].max() == len(joint.called(fdr))
    plot_called_by_fdr(axes, table, fdr=0.1)
    steps = axes.lines[0]
    shown = table[table["fdr"] <= 0.3]
    np.testing.assert_array_equal(steps.get_xdata()[:-1], shown["fdr"])
    np.testing.assert_array_equal(steps.get_ydata()[:-1], shown["n_called"])


def test_pairs_are_drawn_once_each(axes, joint, cross, genome):
    called = joint.called(0.3)
    shared = shared_places(called, chromosomes=cross.chromosomes)
    points = pair_points(called, shared, genome)
    assert points["trait"].tolist() == called["trait"].tolist()
    plot_pairs(axes, points, genome)
    same_rows(offsets(axes.collections[:1]), points[["x", "y"]].to_numpy())


# Scans, hot spots.


def test_linkages_are_drawn_where_the_scan_found_them(axes, cross, genome):
    table = crossmap.scan1(cross, threshold=1e-4).peaks()
    points = linkage_points(table, cross.trait_table, genome)
    assert len(points) == len(table)  # every gene of this cross has a place
    np.testing.assert_array_equal(
        points["x"], genome.place(table["chr"].tolist(), table["pos_bp"].to_numpy())
    )
    plot_linkages(axes, points, genome)
    same_rows(offsets(axes.collections), points[["x", "y"]].to_numpy())


@pytest.mark.parametrize("bins", [100, "qq"])
def test_p_values_are_those_that_the_scan_counted(axes, cross, bins):
    scan = crossmap.scan1(cross, threshold=1e-4, histogram=bins)
    table = scan.histogram()
    assert table["n"].sum() == scan.n_tests
    if bins == "qq":
        points = qq_points(table)
        plot_qq(axes, points)
        np.testing.assert_array_equal(line(axes, "all tests").get_ydata(), points["observed"])
        # A share of the tests at or below p: the smallest p of n tests is expected at 1/n.
        k = int(table["n"].cumsum().iloc[-2])
        expected = -np.log10(k / scan.n_tests)
        assert np.isclose(points["expected"], expected).any()
        return
    plot_p_histogram(axes, table)
    (stairs,) = axes.patches
    heights, edges, _ = stairs.get_data()
    np.testing.assert_allclose(heights * np.diff(edges) * scan.n_tests, table["n"])


def test_bars_are_the_bins_of_the_hot_spots(axes, cross, genome):
    found = crossmap.find_hotspots(cross, n_perm=19)
    bars = hotspot_bars(found.bins, found.regions(), genome)
    np.testing.assert_array_equal(bars["n_traits"], found.bins["n_traits"])
    plot_hotspots(axes, bars, genome)
    rectangles = [p for p in axes.patches if isinstance(p, mpl.patches.Rectangle)]
    drawn = [(p.get_x(), p.get_height()) for p in rectangles if p.get_width() in set(bars["width"])]
    expected = bars[["left", "n_traits"]].to_numpy(dtype=float)
    assert {tuple(row) for row in expected} <= set(drawn)


def test_squares_are_the_pairs_of_bins(joint, cross, genome):
    for bins in crossmap.genetic_architecture(cross, joint).pair_bins:
        squares = pair_squares(bins.table, genome, fewest=bins.fewest)
        np.testing.assert_array_equal(squares["n_traits"], bins.table["n_traits"])
        assert squares["is_shared"].sum() == bins.n_shared
        chromosome = np.searchsorted(genome.offset, squares["x"], side="right") - 1
        assert [genome.chromosomes[c] for c in chromosome] == bins.table["chr1"].tolist()


# Two loci, the cross itself.


def test_both_triangles_of_the_heat_map_are_the_image(axes, cross, genome):
    surface = crossmap.trait_surface(cross, cross.trait_names[0])
    image = surface_image(surface, genome, n_pixels=60)
    plot_surface(axes, image, genome)
    for drawn, values in zip(axes.images, (image.upper, image.lower), strict=True):
        np.testing.assert_array_equal(np.ma.filled(drawn.get_array(), np.nan), values)
        assert drawn.get_clim() == (0.0, np.nanmax(values))


def test_bars_of_the_check_count_samples_and_pairs(cross):
    from matplotlib.figure import Figure

    calls = cross.genotypes.copy()
    calls[::4, :7] = -1
    spoilt = crossmap.make_cross(
        crosstype="haploid", genotype_names=("A", "B"), samples=cross.samples,
        markers=cross.markers, genotypes=calls, trait_names=cross.trait_names,
        traits=cross.traits,
    )  # fmt: skip
    quality = cross_quality(spoilt)
    crossovers, closest, missing, shares = Figure().subplots(4)
    plot_crossovers(crossovers, quality)
    for bar in crossovers.patches:
        low, high = bar.get_x(), bar.get_x() + bar.get_width()
        n = quality.samples["n_crossovers"].between(low, high).sum()
        assert bar.get_height() == n
    plot_closest(closest, quality)
    assert sum(bar.get_height() for bar in closest.patches) == len(quality.pairs)
    plot_missing(missing, quality, spoilt)
    drawn = missing.lines[0].get_ydata()
    assert sorted(drawn, reverse=True) == list(drawn)
    np.testing.assert_allclose(drawn.sum(), (spoilt.genotypes < 0).mean() * spoilt.n_samples)
    plot_segregation(shares, spoilt)
    of_a = (spoilt.genotypes == 0).sum(axis=1) / (spoilt.genotypes >= 0).sum(axis=1)
    np.testing.assert_allclose(shares.lines[0].get_ydata(), of_a)
