"""Claims against the truth, as numbers and as drawn."""

from itertools import pairwise

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

import crossmap
from crossmap.plots.scores import distance_counts, plot_distances, plot_rates, rate_points
from crossmap.plots.style import picture
from crossmap.report.score import write_scores

TRUTH = pd.DataFrame(
    {
        "trait": [f"g{i}" for i in range(6)], "locus": [1, 1, 1, 1, 1, 0],
        "chr": ["1", "1", "2", "2", "1", None], "pos_cm": [10.0, 20.0, 30.0, 40.0, 50.0, np.nan],
    }
)  # fmt: skip
CLAIMS = pd.DataFrame(
    {
        "trait": [f"g{i}" for i in range(6)], "chr": ["1", "1", "2", "2", "2", "1"],
        "pos_cm": [10.0, 25.0, 50.0, 140.0, 50.0, 10.0],
        "fdr": [0.001, 0.02, 0.04, 0.15, 0.15, 0.9],
    }
)  # fmt: skip


@pytest.fixture
def scores():
    return crossmap.score(CLAIMS, TRUTH, within_cm=20.0)


def test_every_claimed_locus_has_its_distance(scores):
    # At the loosest rate, 20%: the last claim is not made. One is on a chromosome without a locus.
    table = scores.distances
    assert table["trait"].tolist() == ["g0", "g1", "g2", "g3", "g4"]
    np.testing.assert_array_equal(table["error_cm"], [0.0, 5.0, 20.0, 100.0, np.nan])


def test_two_loci_of_a_claim_take_distinct_true_loci():
    truth = pd.DataFrame({"trait": ["a"] * 2, "locus": [1, 2], "chr": "1", "pos_cm": [10.0, 90.0]})
    claims = pd.DataFrame(
        {"trait": ["a"], "chr1": ["1"], "pos1_cm": [12.0], "chr2": ["1"], "pos2_cm": [15.0],
         "fdr": [0.01]}
    )  # fmt: skip
    table = crossmap.score(claims, truth).distances
    assert table[["locus", "error_cm"]].to_numpy().tolist() == [[1, 2.0], [2, 75.0]]


def test_bins_hold_every_claimed_locus_and_true_ones_are_near(scores):
    counts = distance_counts(scores.distances, within_cm=20.0)
    assert counts["n"].sum() == len(scores.distances)
    assert counts["n"].iloc[[0, 2, 9, -2, -1]].tolist() == [1, 1, 1, 1, 1]
    assert counts.loc[counts["is_near"], "n"].sum() == scores.scores[-1].n_true
    assert counts.loc[counts["is_near"], "high_cm"].max() == pytest.approx(20.0)


def test_rates_are_those_of_the_table_with_intervals_that_hold_them(scores, axes):
    points, table = rate_points(scores), scores.to_frame()
    for name in ("nominal_fdr", "n_claims", "fdr", "fdr_linked"):
        np.testing.assert_array_equal(points[name], table[name])
    assert (points["fdr_low"] <= points["fdr"]).all()
    assert (points["fdr"] <= points["fdr_high"]).all()
    # Wilson (1927): of one claim and no false one up to z^2 / (1 + z^2).
    assert points["fdr_high"].iloc[0] == pytest.approx(1.96**2 / (1 + 1.96**2), abs=1e-4)
    plot_rates(axes, points)
    (bars,) = axes.containers
    np.testing.assert_array_equal(bars.lines[0].get_ydata(), points["fdr"])
    ends = np.array([segment[:, 1] for segment in bars.lines[2][0].get_segments()])
    np.testing.assert_allclose(ends, points[["fdr_low", "fdr_high"]])


def test_bars_are_the_counts_and_differ_by_more_than_colour(scores, axes):
    counts = distance_counts(scores.distances, within_cm=20.0)
    plot_distances(axes, counts)
    heights = [bar.get_height() for bars in axes.containers for bar in bars]
    assert heights == [*counts["n"][counts["is_near"]], *counts["n"][~counts["is_near"]]]
    assert len({bars[0].get_hatch() for bars in axes.containers}) == 2


@pytest.mark.parametrize(
    ("chromosomes", "positions"),
    [pytest.param([None], [np.nan], id="no-true-locus"), pytest.param(["1"], [10.0], id="twice")],
)
def test_the_bar_without_a_distance_says_nothing_of_other_chromosomes(axes, chromosomes, positions):
    truth = pd.DataFrame(
        {"trait": "a", "locus": [int(chromosomes[0] is not None)], "chr": chromosomes,
         "pos_cm": positions}
    )  # fmt: skip
    claims = pd.DataFrame({"trait": ["a", "a"], "chr": "1", "pos_cm": [10.0, 12.0]})
    counts = distance_counts(crossmap.score(claims, truth).distances, within_cm=20.0)
    assert counts["n"].iloc[-1] >= 1
    plot_distances(axes, counts)
    assert axes.get_xticklabels()[-1].get_text() == "none on its\nchromosome"


@pytest.mark.parametrize(("width", "font"), [(10.0, 9.0), (6.85, 7.0)])
def test_names_of_bars_stand_apart_on_the_page_and_in_print(scores, tmp_path, width, font):
    with picture(tmp_path / "a.png", width=width, height=0.42 * width) as figure:
        mpl.rcParams["font.size"] = font
        axes = figure.subplots(1, 2)[1]
        plot_distances(axes, distance_counts(scores.distances, within_cm=20.0))
    boxes = [label.get_window_extent() for label in axes.get_xticklabels()]
    assert all(one.x1 < other.x0 for one, other in pairwise(boxes))


def test_pictures_of_no_claims_or_claims_without_a_rate_say_so(axes):
    nothing = crossmap.score(CLAIMS.iloc[5:], TRUTH)
    plot_rates(axes, rate_points(nothing))
    plot_distances(axes, distance_counts(nothing.distances, within_cm=20.0))
    unrated = crossmap.score(CLAIMS.drop(columns="fdr"), TRUTH)
    plot_rates(axes, rate_points(unrated))
    assert [text.get_text() for text in axes.texts] == [
        "No claim is made at these rates.",
        "No claim is made at these rates.",
        "The claims name no rate to compare with.",
    ]
    assert len(unrated.distances) == len(CLAIMS)


@pytest.mark.parametrize("within_cm", [0.0, 20.0])
def test_the_folder_has_the_picture_and_its_table(tmp_path, within_cm):
    write_scores(crossmap.score(CLAIMS, TRUTH, within_cm=within_cm), tmp_path)
    assert (tmp_path / "score.png").stat().st_size > 5000
    table = pd.read_csv(tmp_path / "distances.tsv", sep="\t")
    assert len(table) == 5
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Claims against the truth (score.png)" in page
