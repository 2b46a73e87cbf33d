"""Peaks and intervals on one chromosome."""

import numpy as np
import pytest

from crossmap.linkage.intervals import (
    Interval,
    bayes_interval,
    curve_peaks,
    lod_interval,
    own_stretch,
    to_markers,
)

PLACE = np.array([0.0, 10.0, 20.0, 30.0, 50.0])


def naive_bayes(lod, position, prob):
    """Markers from the highest LOD down until the probability is reached."""
    middle = (position[1:] + position[:-1]) / 2
    edges = [2 * position[0] - middle[0], *middle, 2 * position[-1] - middle[-1]]
    weights = [10**v * (edges[i + 1] - edges[i]) for i, v in enumerate(lod)]
    taken, share = [], 0.0
    for i in sorted(range(len(lod)), key=lambda i: (-lod[i], i)):
        taken.append(i)
        share += weights[i] / sum(weights)
        if share >= prob:
            break
    return min(taken), max(taken)


def test_the_drop_reaches_the_marker_outside_or_the_place_between():
    lod = np.array([1.0, 3.0, 6.0, 4.6, 2.0])
    found = lod_interval(lod)
    assert (found.low, found.high) == (1, 4)
    assert found.ends(PLACE) == (10.0, 50.0)
    low, high = lod_interval(lod, ends="between").ends(PLACE)
    assert np.interp(low, PLACE, lod) == pytest.approx(4.5)
    assert np.interp(high, PLACE, lod) == pytest.approx(4.5)


@pytest.mark.parametrize("ends", ["marker", "between"])
def test_a_peak_at_a_chromosomes_end_stays_on_it(ends):
    for lod in (np.array([6.0, 2.0, 1.0, 1.0, 0.0]), np.array([0.0, 0.0, 0.0, 2.0, 6.0])):
        for found in (lod_interval(lod, ends=ends), bayes_interval(lod, PLACE, ends=ends)):
            low, high = found.ends(PLACE)
            assert PLACE[0] <= low <= PLACE[lod.argmax()] <= high <= PLACE[-1]
    alone = np.array([4.0])
    for found in (lod_interval(alone, ends=ends), bayes_interval(alone, np.zeros(1), ends=ends)):
        assert found.ends(np.array([7.0])) == (7.0, 7.0)


def test_bayes_intervals_are_those_of_the_obvious_loop():
    rng = np.random.default_rng(0)
    for n in (1, 2, 5, 40):
        position = np.sort(rng.uniform(0, 100, n))
        lod = rng.gamma(2, 1.5, n)
        for prob in (0.5, 0.95, 0.99):
            found = bayes_interval(lod, position, prob=prob)
            if n > 1:
                assert (found.low, found.high) == naive_bayes(lod, position, prob)
            wide = bayes_interval(lod, position, prob=prob, ends="between").ends(position)
            assert wide[0] <= position[found.low] <= position[found.high] <= wide[1]


def test_several_peaks_fall_between_each_other():
    lod = np.array([5.0, 3.5, 4.0, 1.0, 6.0, 5.9, 6.0, 2.0, 3.1])
    assert curve_peaks(lod, threshold=3.0) == [4]
    assert curve_peaks(lod, threshold=3.0, peakdrop=1.0) == [0, 4, 8]
    assert curve_peaks(lod, threshold=3.0, peakdrop=0.4) == [0, 2, 4, 8]
    assert curve_peaks(lod, threshold=3.0, peakdrop=4.5) == [4]
    assert curve_peaks(lod, threshold=6.0) == []
    peaks = [0, 4, 8]
    assert [own_stretch(lod, peaks, i) for i in range(3)] == [(0, 3), (3, 7), (7, 8)]


def test_a_trait_explained_without_remainder_has_intervals_too():
    lod = np.array([1.0, np.inf, np.inf, 2.0])
    place = np.arange(4.0)
    assert lod_interval(lod).ends(place) == (0.0, 3.0)
    assert lod_interval(lod, ends="between").ends(place) == (0.0, 3.0)
    assert bayes_interval(lod, place).ends(place) == (1.0, 2.0)


def test_no_drop_is_the_peak_and_any_drop_is_the_chromosome():
    lod = np.array([1.0, 3.0, 6.0, 4.6, 2.0])
    found = lod_interval(lod, drop=0.0)
    assert (found.low, found.high) == (1, 3)  # the markers outside of it
    assert lod_interval(lod, drop=0.0, ends="between").ends(PLACE) == (20.0, 20.0)
    assert lod_interval(lod, drop=np.inf).ends(PLACE) == (0.0, 50.0)


@pytest.mark.parametrize(
    ("is_marker", "ends"),
    [
        ([1, 0, 0, 0, 1], (0.0, 50.0)), ([0, 1, 0, 1, 0], (10.0, 30.0)),
        ([0, 0, 0, 1, 1], (15.0, 30.0)), ([1, 1, 1, 0, 0], (10.0, 25.0)),
        ([0, 0, 1, 0, 0], (15.0, 25.0)),
    ],
)  # fmt: skip
def test_an_interval_between_places_widens_to_markers_where_there_are_some(is_marker, ends):
    found = Interval(1, 3, 0.5, 0.5)
    assert found.ends(PLACE) == (15.0, 25.0)
    assert to_markers(found, np.array(is_marker, dtype=bool)).ends(PLACE) == ends
