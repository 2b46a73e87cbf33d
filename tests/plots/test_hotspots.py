"""What the pictures of hot spots, pairs of bins, windows and effects show."""

import numpy as np
import pandas as pd
import pytest

from crossmap.genome import genome_axis
from crossmap.plots.effects import plot_corrected
from crossmap.plots.hotspots import hotspot_bars, plot_hotspots
from crossmap.plots.local_share import plot_local_share
from crossmap.plots.pair_bins import pair_squares, plot_pair_bins

GENOME = genome_axis(["1", "1", "2"], np.array([0.0, 50_000.0, 30_000.0]))


@pytest.fixture
def bins():
    return pd.DataFrame(
        {
            "chr": ["1", "1", "1", "2", "2"], "start_bp": [0.0, 2e4, 4e4, 0.0, 2e4],
            "end_bp": [2e4, 4e4, 6e4, 2e4, 4e4], "n_traits": [1, 7, 0, 2, 0],
            "threshold_uniform": 4.0, "threshold_permutation": 5.0,
            "significant": [False, True, False, False, False],
        }
    )  # fmt: skip


def test_bars_lie_within_their_chromosomes(bins):
    regions = pd.DataFrame({"hotspot": [1], "chr": ["1"], "peak_start_bp": [2e4]})
    bars = hotspot_bars(bins, regions, GENOME)
    assert bars["left"].tolist() == [0, 2e4, 4e4, 5e4, 7e4]
    assert bars["width"].tolist() == [2e4, 2e4, 1e4, 2e4, 1e4]
    assert bars["hotspot"].tolist() == [0, 1, 0, 0, 0]


def test_both_thresholds_are_drawn_and_hot_spots_have_numbers(bins, axes):
    regions = pd.DataFrame({"hotspot": [1], "chr": ["1"], "peak_start_bp": [2e4]})
    plot_hotspots(axes, hotspot_bars(bins, regions, GENOME), GENOME)
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert "uniform scatter: 4 traits" in labels
    assert "permutation: 5 traits" in labels
    assert [text.get_text() for text in axes.texts] == ["1"]


def test_a_narrow_bin_at_the_end_is_as_visible_as_one_within(axes):
    genome = genome_axis(["1", "1"], np.array([0.0, 20_001_000.0]))
    start = np.arange(0.0, 20_001_000.0, 20_000.0)
    bins = pd.DataFrame(
        {
            "chr": "1", "start_bp": start, "end_bp": start + 20_000.0,
            "n_traits": (np.arange(len(start)) % 500 == 0).astype(int),  # the last has 1 kb
            "threshold_uniform": 3.0, "threshold_permutation": 2.0, "significant": False,
        }
    )  # fmt: skip
    plot_hotspots(axes, hotspot_bars(bins, pd.DataFrame({"hotspot": []}), genome), genome)
    axes.figure.canvas.draw()
    image = np.asarray(axes.figure.canvas.buffer_rgba())[:, :, :3].astype(int)
    height = image.shape[0] - round(axes.transData.transform((0.0, 0.5))[1])
    blue = np.flatnonzero(image[height, :, 2] - image[height, :, 0] > 100)
    within, end = axes.transData.transform([(10_000_000.0, 0.5), (20_001_000.0, 0.5)])[:, 0]
    assert (np.abs(blue - within) < 3).any()
    assert (np.abs(blue - end) < 3).any()


def test_pairs_of_bins_are_squares_with_numbers(axes):
    table = pd.DataFrame(
        {
            "n_traits": [5, 1], "chr1": ["1", "1"], "start1_bp": [0.0, 4e4], "end1_bp": [2e4, 6e4],
            "chr2": ["2", "1"], "start2_bp": [0.0, 4e4], "end2_bp": [2e4, 6e4],
        }
    )  # fmt: skip
    squares = pair_squares(table, GENOME, fewest=3)
    assert squares["x"].tolist() == [1e4, 4.5e4]
    assert squares["y"].tolist() == [6e4, 4.5e4]
    assert squares["is_shared"].tolist() == [True, False]
    plot_pair_bins(axes, squares, GENOME)
    assert [text.get_text() for text in axes.texts] == ["5"]
    assert len(axes.patches) == 2


def test_windows_and_effects(axes):
    by_window = pd.DataFrame(
        {"window_bp": [0.0, 1e4], "n_local": [1, 5], "n_expected": [0.1, 0.4], "n_placed": 9}
    )
    plot_local_share(axes, by_window, local_window_bp=1e4)
    assert axes.lines[0].get_ydata().tolist() == [1, 5]
    axes.clear()
    loci = pd.DataFrame({"number": [1, 2], "r2": [0.3, 0.2], "r2_corrected": [0.25, 0.1]})
    plot_corrected(axes, loci)
    assert axes.collections[0].get_offsets().tolist() == [[0.3, 0.25]]


def test_empty_pictures_say_why(bins, axes):
    nothing = bins.assign(n_traits=0)
    plot_hotspots(axes, hotspot_bars(nothing, pd.DataFrame(), GENOME), GENOME)
    assert axes.texts[0].get_text() == "No linkage of this kind."
