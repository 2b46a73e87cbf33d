"""Peaks of a LOD curve on one chromosome, and the intervals in which their loci lie."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

Ends = Literal["marker", "between"]


@dataclass(frozen=True)
class Interval:
    """A stretch of a chromosome, as places between markers.

    Parameters
    ----------
    low, high
        Markers (numbers along the curve) at the ends; where an end lies between two markers, the
        outer of them.
    low_share, high_share
        How far from the inner marker towards the outer one the end lies: 1 at a marker.
    """

    low: int
    high: int
    low_share: float = 1.0
    high_share: float = 1.0

    def ends(self, position: np.ndarray) -> tuple[float, float]:
        """Give the positions of both ends in the unit of `position` (float64, one per marker)."""
        inner_low = min(self.low + 1, len(position) - 1) if self.low_share < 1 else self.low
        inner_high = max(self.high - 1, 0) if self.high_share < 1 else self.high
        low = position[inner_low] + self.low_share * (position[self.low] - position[inner_low])
        high = position[inner_high] + self.high_share * (position[self.high] - position[inner_high])
        return float(low), float(high)


def to_markers(interval: Interval, is_marker: np.ndarray) -> Interval:
    """Widen an interval to the nearest typed markers outside, as R/qtl's expandtomarkers.

    Parameters
    ----------
    interval
        From `lod_interval` or `bayes_interval`.
    is_marker
        bool [n_places] of the whole chromosome: False for pseudomarkers.

    Returns
    -------
    Interval
        Ends at markers; where none is further out, the end as it was.

    Examples
    --------
    >>> to_markers(Interval(2, 3, 0.5), np.array([True, False, False, False, True]))
    Interval(low=0, high=4, low_share=1.0, high_share=1.0)
    """
    rows = np.flatnonzero(is_marker)
    before, after = rows[rows <= interval.low], rows[rows >= interval.high]
    low, low_share = interval.low, interval.low_share
    high, high_share = interval.high, interval.high_share
    if len(before):
        low, low_share = int(before[-1]), 1.0
    if len(after):
        high, high_share = int(after[0]), 1.0
    return Interval(low, high, low_share, high_share)


def curve_peaks(lod: np.ndarray, *, threshold: float, peakdrop: float | None = None) -> list[int]:
    """Find the peaks of a LOD curve above a threshold.

    Parameters
    ----------
    lod
        float64 [n_markers] of one chromosome in map order, no NaN.
    threshold
        A peak is above it.
    peakdrop
        Between two peaks the curve falls at least so far below the lower of them; None for the
        highest alone.

    Returns
    -------
    list of int
        Markers, in map order; of equal ones the first.

    Examples
    --------
    >>> curve = np.array([0.0, 5.0, 2.5, 4.5, 4.0])
    >>> curve_peaks(curve, threshold=3, peakdrop=1.8), curve_peaks(curve, threshold=3)
    ([1, 3], [1])
    """
    best = int(np.argmax(lod))
    if not lod[best] > threshold:
        return []
    if peakdrop is None:
        return [best]
    above = np.flatnonzero(lod > threshold).tolist()
    return [j for j in above if j == best or _stands_out(lod, j, peakdrop)]


def _stands_out(lod: np.ndarray, j: int, peakdrop: float) -> bool:
    """Whether the curve falls by `peakdrop` on the way from a marker to any as high."""
    sides = []
    before, after = np.flatnonzero(lod[:j] >= lod[j]), np.flatnonzero(lod[j + 1 :] > lod[j])
    if len(before):
        sides.append(lod[before[-1] : j + 1])
    if len(after):
        sides.append(lod[j : j + after[0] + 2])
    with np.errstate(invalid="ignore"):
        return all(lod[j] - side.min() >= peakdrop for side in sides)


def own_stretch(lod: np.ndarray, peaks: list[int], number: int) -> tuple[int, int]:
    """Give the part of a chromosome in which a peak's interval is sought.

    Parameters
    ----------
    lod
        float64 [n_markers].
    peaks
        From `curve_peaks`.
    number
        Which of them.

    Returns
    -------
    tuple of int
        First and last marker: the chromosome, cut at the lowest point between two peaks.
    """
    cuts = [a + int(np.argmin(lod[a : b + 1])) for a, b in pairwise(peaks)]
    edges = [0, *cuts, len(lod) - 1]
    return edges[number], edges[number + 1]


def lod_interval(lod: np.ndarray, *, drop: float = 1.5, ends: Ends = "marker") -> Interval:
    """Find the LOD support interval of the highest peak.

    Parameters
    ----------
    lod
        float64 [n_markers] of one chromosome in map order, no NaN.
    drop
        How far below the peak.
    ends
        ``marker``: the markers just outside of all that is above peak - drop; ``between``: where
        the straight lines between markers cross it.

    Returns
    -------
    Interval

    References
    ----------
    Lander & Botstein (1989) Genetics 121:185; as R/qtl's lodint.

    Examples
    --------
    >>> curve, place = np.array([0.0, 2.0, 5.0, 3.0]), np.array([0.0, 10.0, 20.0, 30.0])
    >>> lod_interval(curve).ends(place), lod_interval(curve, ends="between").ends(place)
    ((10.0, 30.0), (15.0, 27.5))
    """
    top = lod.max()
    level = top - drop
    # Nothing is above a level that is the peak itself: no drop, or a LOD without bound.
    above = np.flatnonzero(lod > level if level < top else lod == top)
    first, last = int(above[0]), int(above[-1])
    low, high = max(first - 1, 0), min(last + 1, len(lod) - 1)
    shares = []
    for inner, outer in ((first, low), (last, high)):
        fall = lod[inner] - lod[outer]
        is_between = ends == "between" and outer != inner and np.isfinite(fall)
        shares.append(float((lod[inner] - level) / fall) if is_between else 1.0)
    return Interval(low, high, *shares)


def place_probabilities(lod: np.ndarray, position: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give the probability that a locus lies in the stretch each marker stands for.

    Parameters
    ----------
    lod
        float64 [n_markers] of one chromosome in map order, no NaN.
    position
        float64 [n_markers], ascending.

    Returns
    -------
    edges : numpy.ndarray
        float64 [n_markers + 1]: the stretches reach half way to the neighbours, and for the first
        and last marker as much beyond it.
    probability : numpy.ndarray
        float64 [n_markers], proportional to 10^LOD times the width of the stretch.

    References
    ----------
    Sen & Churchill (2001) Genetics 159:371, with a locus anywhere alike beforehand.

    Examples
    --------
    >>> place_probabilities(np.array([0.0, 1.0]), np.array([0.0, 10.0]))[1].round(3)
    array([0.091, 0.909])
    """
    middle = (position[1:] + position[:-1]) / 2.0
    beyond = (2.0 * position[:1] - middle[:1], 2.0 * position[-1:] - middle[-1:])
    edges = np.concatenate([beyond[0], middle, beyond[1]]) if len(lod) > 1 else position[[0, 0]]
    width = np.diff(edges) if len(lod) > 1 else np.ones(1)
    with np.errstate(invalid="ignore"):
        weight = np.where(np.isinf(lod), 1.0, 10.0 ** (lod - lod.max())) * width
    if np.isinf(lod.max()):
        weight = np.isinf(lod) * np.maximum(width, np.finfo(np.float64).tiny)
    if not weight.sum() > 0:  # all at one place
        weight = np.ones(len(lod))
    return edges, weight / weight.sum()


def probability_near(
    lod: np.ndarray, position: np.ndarray, *, place: float, within: float
) -> float:
    """Give the probability that a locus lies near a place.

    Parameters
    ----------
    lod, position
        As in `place_probabilities`.
    place
        In the unit of `position`.
    within
        Largest distance from it, in the same unit.

    Returns
    -------
    float
        From 0 to 1; a stretch that is near in part counts in part.

    Examples
    --------
    >>> lod, position = np.array([0.0, 1.0, 1.0]), np.array([0.0, 10.0, 20.0])
    >>> round(probability_near(lod, position, place=20.0, within=10.0), 3)
    0.714
    """
    edges, probability = place_probabilities(lod, position)
    low, high = edges[:-1], edges[1:]
    width = high - low
    covered = np.minimum(high, place + within) - np.maximum(low, place - within)
    share = np.where(width > 0, covered / np.where(width > 0, width, 1.0), covered >= 0)
    return float(min((probability * np.clip(share, 0.0, 1.0)).sum(), 1.0))


def bayes_interval(
    lod: np.ndarray, position: np.ndarray, *, prob: float = 0.95, ends: Ends = "marker"
) -> Interval:
    """Find the approximate Bayes credible interval of a locus.

    Parameters
    ----------
    lod
        float64 [n_markers] of one chromosome in map order, no NaN.
    position
        float64 [n_markers], ascending.
    prob
        Its probability.
    ends
        ``marker``: the outermost markers needed; ``between``: halfway to the next.

    Returns
    -------
    Interval

    Notes
    -----
    Probabilities as in `place_probabilities`; markers enter from the highest LOD downward.

    References
    ----------
    Sen & Churchill (2001) Genetics 159:371; as R/qtl's bayesint.

    Examples
    --------
    >>> bayes_interval(np.array([0.0, 2.0, 5.0, 4.5]), np.array([0.0, 10.0, 20.0, 30.0]))
    Interval(low=2, high=3, low_share=1.0, high_share=1.0)
    """
    _, share_of = place_probabilities(lod, position)
    order = np.argsort(-lod, kind="stable")
    share = np.cumsum(share_of[order])
    taken = order[: int(np.argmax(share >= prob * (1.0 - 1e-12))) + 1]
    first, last = int(taken.min()), int(taken.max())
    if ends == "marker":
        return Interval(first, last)
    low, high = max(first - 1, 0), min(last + 1, len(lod) - 1)
    return Interval(low, high, 0.5 if low < first else 1.0, 0.5 if high > last else 1.0)
