"""find_peaks as its users call it."""

import numpy as np
import pandas as pd
import pytest
from changed import remade, with_covariates

from crossmap import ArgumentError, find_peaks, permute_scan1, scan1, simulate_cross


@pytest.fixture(scope="module")
def cross():
    return simulate_cross(n_samples=80, n_traits=60, n_markers=150, seed=6).cross


@pytest.mark.parametrize("covariates", [None, ["age", "batch"]])
def test_peaks_are_those_of_the_scan_with_intervals_around_them(cross, covariates):
    base = cross
    if covariates:
        few = simulate_cross(n_samples=60, n_traits=40, n_markers=100, seed=8).cross
        base = with_covariates(few)
    table = find_peaks(base, threshold=2.5, covariates=covariates).to_frame()
    scan = scan1(base, threshold=1.0, covariates=covariates).peaks()
    high = scan[scan["lod"] > 2.5].reset_index(drop=True)
    assert len(table) == len(high) > 5
    for name in ("trait", "marker", "chr", "n"):
        assert table[name].tolist() == high[name].tolist()
    np.testing.assert_allclose(table["lod"], high["lod"], rtol=1e-9)
    np.testing.assert_allclose(table["p_value"], high["p_value"], rtol=1e-7)
    for kind in ("drop", "bayes"):
        for unit in ("bp", "cm"):
            low, high = table[f"{kind}_lo_{unit}"], table[f"{kind}_hi_{unit}"]
            assert ((low <= table[f"pos_{unit}"]) & (table[f"pos_{unit}"] <= high)).all()
    members = table["members"].str.split(";")
    assert (members.str.len() == table["n_members"]).all()
    assert all(m in names for m, names in zip(table["marker"], members, strict=True))


def test_thresholds_of_permutations_decide_trait_by_trait(cross):
    chance = permute_scan1(cross, n_perm=199, beta=False)
    peaks = find_peaks(cross, chance=chance, alpha=0.05)
    table = peaks.to_frame()
    threshold = chance.thresholds(0.05).set_index("trait")["lod"]
    assert (table["lod"] > threshold[table["trait"]].to_numpy()).all()
    assert set(table["trait"]) == set(chance.traits[chance.adjusted_p() <= 0.05])
    curve = peaks.curve(peaks.traits[0])
    assert curve["lod"].max() == table["lod"].max()
    with pytest.raises(ArgumentError, match="trait: expected one with a peak"):
        peaks.curve("nobody")


def test_between_ends_lie_inside_and_several_peaks_have_stretches_of_their_own(cross):
    wide = find_peaks(cross, threshold=2.0).to_frame()
    exact = find_peaks(cross, threshold=2.0, ends="between").to_frame()
    assert (exact["drop_lo_bp"] >= wide["drop_lo_bp"]).all()
    assert (exact["drop_hi_bp"] <= wide["drop_hi_bp"]).all()
    many = find_peaks(cross, threshold=2.0, peakdrop=1.0).to_frame()
    assert len(many) > len(wide)
    for _, group in many.groupby(["trait", "chr"]):
        ends = group[["drop_lo_bp", "drop_hi_bp"]].to_numpy()
        assert (ends[1:, 0] >= ends[:-1, 1]).all()


def test_no_peak_is_a_table_without_rows(cross):
    peaks = find_peaks(cross, threshold=500.0)
    assert len(peaks.to_frame()) == 0
    assert "bayes_hi_marker" in peaks.to_frame()
    assert len(peaks.traits) == 0


def test_the_end_of_a_chromosome_and_missing_positions(cross):
    first = cross.genotypes[0].astype(float)
    rng = np.random.default_rng(0)
    traits = first + 0.3 * rng.normal(size=(1, cross.n_samples))
    at_end = remade(cross, trait_names=["t"], traits=traits, trait_positions=None)
    row = find_peaks(at_end, threshold=5).to_frame().iloc[0]
    assert row["drop_lo_marker"] == cross.markers["marker"][0]
    no_bp = remade(
        at_end, trait_names=["t"], traits=traits, trait_positions=None,
        markers=cross.markers.drop(columns="pos_bp"),
    )  # fmt: skip
    table = find_peaks(no_bp, threshold=5).to_frame()
    assert "drop_lo_bp" not in table
    assert table["drop_lo_cm"].iloc[0] == row["drop_lo_cm"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "threshold: expected either it or chance"),
        ({"threshold": -1.0}, "threshold: expected a number of at least 0"),
        ({"threshold": 3.0, "prob": 1.5}, "prob: expected a number from 0 to 1"),
        ({"threshold": 3.0, "peakdrop": 0.0}, "peakdrop: expected a number"),
        ({"threshold": 3.0, "ends": "outside"}, "ends: expected"),
    ],
)
def test_bad_options(cross, options, message):
    with pytest.raises(ArgumentError, match=message):
        find_peaks(cross, **options)


def test_permutations_of_another_cross_are_refused(cross):
    other = simulate_cross(n_samples=40, n_traits=3, n_markers=40, seed=1).cross
    chance = permute_scan1(other, n_perm=19, beta=False)
    with pytest.raises(ArgumentError, match="chance: expected permutations of this cross's 60"):
        find_peaks(cross, chance=chance)
    assert isinstance(chance.to_frame(), pd.DataFrame)
