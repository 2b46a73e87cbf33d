"""Numbers and places in sentences."""

import pandas as pd
import pytest

from crossmap.report.words import LINE_WIDTH, count, fill, percent, place, unit_of


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0%"), (1.0, "100%"), (0.1, "10%"), (0.0999, "10%"), (0.0862, "8.6%"),
        (0.05, "5.0%"), (0.00999, "1.0%"), (0.0017, "0.17%"), (0.00001, "0.0010%"),
        (7.44e-6, "0.00074%"), (-0.02, "-2.0%"),
    ],
)  # fmt: skip
def test_shares(share, text):
    assert percent(share) == text


def test_counts():
    assert count(0, "trait") == "0 traits"
    assert count(1, "distinct locus", "distinct loci") == "1 distinct locus"
    assert count(1226, "distinct locus", "distinct loci") == "1,226 distinct loci"


def test_places():
    assert place("3", 75_800, 105_042, "bp") == "chr 3 76-105 kb"
    assert place("3", 201_166, 201_166, "bp") == "chr 3 201 kb"
    assert place("X", 0.0, 12.34, "cm") == "chr X 0.0-12.3 cM"
    assert unit_of(pd.DataFrame({"start1_bp": []})) == "bp"
    assert unit_of(pd.DataFrame({"start1_cm": []})) == "cm"


def test_lines_fit_and_names_stay_whole():
    name = "x" * 100
    lines = fill(f"{'word ' * 40}{name} false-discovery").splitlines()
    assert name in lines
    assert max(len(line) for line in lines if line != name) <= LINE_WIDTH
    assert any("false-discovery" in line for line in lines)
