"""What traits are regressed on: distinct genotype patterns of a cross, or any numeric matrix."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd

from crossmap.cross import Cross

Missing = Literal["drop", "mean"]
Coding = Literal["dosage", "class", "three_class"]


@dataclass(frozen=True, eq=False)
class Predictors:
    """Distinct rows that traits are regressed on, and the markers that share them.

    Parameters
    ----------
    names
        object [n_markers]: names of all markers (or other variables).
    values
        [n_rows, n_samples]: int8 genotype calls, -1 missing; or floats, NaN missing.
    others
        float [n_rows, n_samples] each: more variables tested together with the first.
    chr_index
        int64 [n_rows], ascending: chromosomes; None if the rows lie on no map.
    n_classes
        Number of genotypes of calls; 0 for floats.
    member_start, member
        int64 [n_rows + 1], int64 [n_members]: the markers of row j are
        member[member_start[j]:member_start[j + 1]], ascending.
    marker_sign
        float64 [n_markers]: -1 where a marker names the two alleles the other way round.
    has_missing
        Whether any value is missing.
    """

    names: np.ndarray
    values: np.ndarray
    others: tuple[np.ndarray, ...]
    chr_index: np.ndarray | None
    n_classes: int
    member_start: np.ndarray
    member: np.ndarray
    marker_sign: np.ndarray
    has_missing: bool

    def __len__(self) -> int:
        return len(self.values)

    @cached_property
    def row_of_marker(self) -> np.ndarray:
        """Row of each marker: int64 [n_markers], -1 for one that is not tested."""
        row = np.full(len(self.names), -1, dtype=np.int64)
        row[self.member] = np.repeat(np.arange(len(self)), self.n_members)
        return row

    @property
    def n_constant(self) -> int:
        """Number of markers without a row."""
        return len(self.names) - len(self.member)

    @property
    def n_members(self) -> np.ndarray:
        """Markers of each row: int64 [n_rows]."""
        return np.diff(self.member_start)

    def first_member(self, rows: np.ndarray) -> np.ndarray:
        """Give the first marker of each of some rows: int64 [n]."""
        return self.member[self.member_start[rows]]

    def members_of(self, rows: np.ndarray) -> np.ndarray:
        """Give the markers of some rows, row by row: int64 [sum of their n_members]."""
        count = self.n_members[rows]
        before = np.cumsum(count) - count
        return self.member[
            np.repeat(self.member_start[rows] - before, count) + np.arange(count.sum())
        ]

    def take(self, rows: np.ndarray) -> "Predictors":
        """Some rows alone; the markers keep their numbers."""
        values, others = self.values[rows], tuple(other[rows] for other in self.others)
        start = np.concatenate([[0], np.cumsum(self.n_members[rows])]).astype(np.int64)
        return replace(
            self,
            values=values,
            others=others,
            chr_index=None if self.chr_index is None else self.chr_index[rows],
            member_start=start,
            member=self.members_of(rows),
            has_missing=any(bool(_is_missing(part).any()) for part in (values, *others)),
        )

    def is_missing(self, rows: slice | np.ndarray) -> np.ndarray:
        """Missing values of some rows: bool [len(rows), n_samples]."""
        missing = _is_missing(self.values[rows])
        for other in self.others:
            missing = missing | np.isnan(other[rows])
        return missing

    def patterns(self, samples: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Group rows by which of some samples they miss.

        Parameters
        ----------
        samples
            int64 [n]: the samples looked at.

        Yields
        ------
        rows, kept
            int64, ascending: rows of one pattern, and the samples that none of them misses. The
            pattern of the first row comes first.
        """
        if self.has_missing:
            yield from group_patterns(self.is_missing(slice(None))[:, samples], samples)
        elif len(self):
            yield np.arange(len(self)), samples

    def features(self, rows: np.ndarray, samples: np.ndarray, coding: Coding) -> np.ndarray:
        """Give the numbers that each row contributes to a model.

        Parameters
        ----------
        rows, samples
            int64: which of them.
        coding
            ``dosage``: the values; ``class``: one indicator for each genotype but one;
            ``three_class``: the same, a missing call counted as the most frequent genotype.

        Returns
        -------
        numpy.ndarray
            [n_features, len(rows), len(samples)]; missing values are the mean of the others. int8
            where they are whole numbers.
        """
        values = _cut(self.values, rows, samples)
        if self.others:
            parts = [values, *(_cut(other, rows, samples) for other in self.others)]
            together = np.stack(parts, dtype=np.float64)
            return _filled(together, np.isnan(together)) if self.has_missing else together
        if not self.has_missing and coding == "dosage":
            return values[None]
        missing = _is_missing(values)
        if coding == "dosage" or self.n_classes <= 2:
            return _filled(values[None], missing[None])
        if coding == "three_class" and missing.any():
            counts = np.array([(values == g).sum(axis=1) for g in range(self.n_classes)])
            values = np.where(missing, counts.argmax(axis=0)[:, None], values)
            missing = np.zeros_like(missing)
        # The outer classes: most crossovers of an F2 change one of the two, not both.
        outer = np.stack([values == 0, *(values == g for g in range(2, self.n_classes))])
        return _filled(outer.astype(np.int8), np.broadcast_to(missing, outer.shape))


def _cut(values: np.ndarray, rows: np.ndarray, samples: np.ndarray) -> np.ndarray:
    """Some rows and columns: values[np.ix_(rows, samples)], in a third of the time."""
    part = values[rows]
    if len(samples) < values.shape[1]:
        part = np.take(part, samples, axis=1)
    return part


def _is_missing(values: np.ndarray) -> np.ndarray:
    return values < 0 if values.dtype == np.int8 else np.isnan(values)


def _filled(features: np.ndarray, missing: np.ndarray) -> np.ndarray:
    """Put the mean of what is there in the place of what is missing; floats where any is."""
    if not missing.any():
        return features
    there = np.where(missing, 0.0, features)
    count = (~missing).sum(axis=-1, keepdims=True)
    return np.where(missing, there.sum(axis=-1, keepdims=True) / np.maximum(count, 1), there)


def group_patterns(
    missing: np.ndarray, samples: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Group rows by their pattern of missing values.

    Parameters
    ----------
    missing
        bool [n_rows, n].
    samples
        int64 [n]: what the columns are.

    Yields
    ------
    rows, kept
        int64, ascending: rows of one pattern, and those of `samples` that it does not miss.

    Examples
    --------
    >>> missing = np.array([[0, 0], [1, 0], [0, 0]], dtype=bool)
    >>> [(r.tolist(), k.tolist()) for r, k in group_patterns(missing, np.array([4, 7]))]
    [([0, 2], [4, 7]), ([1], [7])]
    """
    if not missing.any():
        if len(missing):
            yield np.arange(len(missing)), samples
        return
    groups: dict[bytes, list[int]] = {}
    for row, pattern in enumerate(np.packbits(missing, axis=1)):
        groups.setdefault(pattern.tobytes(), []).append(row)
    for rows in groups.values():
        yield np.array(rows, dtype=np.int64), samples[~missing[rows[0]]]


def genotype_predictors(cross: Cross) -> Predictors:
    """Gather the markers of each chromosome whose calls no sample tells apart.

    Parameters
    ----------
    cross
        Any cross; calls may be missing.

    Returns
    -------
    Predictors
        Rows in map order of their first markers. Markers share a row if their calls are equal, or
        equal once the two homozygotes are swapped; missing calls must be the same. A marker
        without variation has none.

    Examples
    --------
    >>> from crossmap.cross import make_cross
    >>> cross = make_cross(
    ...     crosstype="haploid", genotype_names="AB", samples=["s1", "s2", "s3"],
    ...     markers=pd.DataFrame({"marker": ["m1", "m2", "m3"], "chr": "1",
    ...                           "pos_bp": [1.0, 2.0, 3.0]}),
    ...     genotypes=np.array([[0, 1, -1], [1, 0, -1], [0, 0, 0]]), trait_names=[],
    ...     traits=np.empty((0, 3)))
    >>> found = genotype_predictors(cross)
    >>> found.member.tolist(), found.marker_sign.tolist(), found.row_of_marker.tolist()
    ([0, 1], [1.0, -1.0, 1.0], [0, 0, -1])
    """
    calls = cross.genotypes
    n_classes = cross.n_genotypes
    chromosome = pd.factorize(cross.markers["chr"])[0]
    low, high = (
        np.where(calls < 0, n_classes, calls).min(axis=1, initial=n_classes),
        calls.max(axis=1, initial=-1),
    )
    # Swapping the homozygotes maps g to G-1-g; the pattern whose first call off the middle is 0
    # stands for both.
    middle = (n_classes - 1) / 2.0
    off = (calls >= 0) & (calls != middle)
    first = off.argmax(axis=1)
    rows = np.arange(len(calls))
    is_swapped = off.any(axis=1) & (calls[rows, first] > middle)
    canonical = np.where(
        is_swapped[:, None] & (calls >= 0), np.int8(n_classes - 1) - calls, calls
    ).astype(np.int8)
    row_of: dict[tuple[int, bytes], int] = {}
    members: list[list[int]] = []
    for marker in np.flatnonzero(low < high):
        key = (int(chromosome[marker]), canonical[marker].tobytes())
        row = row_of.setdefault(key, len(members))
        if row == len(members):
            members.append([])
        members[row].append(int(marker))
    firsts = np.array([m[0] for m in members], dtype=np.int64)
    start, member = _flat(members)
    sign = np.ones(len(calls))
    sign[member] = np.where(
        is_swapped[member] == is_swapped[np.repeat(firsts, np.diff(start))], 1, -1
    )
    return Predictors(
        names=cross.markers["marker"].to_numpy(dtype=object),
        values=np.ascontiguousarray(calls[firsts]),
        others=(),
        chr_index=chromosome[firsts].astype(np.int64),
        n_classes=n_classes,
        member_start=start,
        member=member,
        marker_sign=sign,
        has_missing=bool((calls < 0).any()),
    )


def _flat(members: Sequence[Sequence[int]]) -> tuple[np.ndarray, np.ndarray]:
    start = np.zeros(len(members) + 1, dtype=np.int64)
    start[1:] = np.cumsum([len(m) for m in members])
    return start, np.array([i for m in members for i in m], dtype=np.int64)


def matrix_predictors(names: Sequence[str], values: np.ndarray, *others: np.ndarray) -> Predictors:
    """Take the rows of any numeric matrix as predictors.

    Parameters
    ----------
    names
        Names of the rows.
    values
        float [n_rows, n_samples]; NaN missing.
    others
        The same shape: more variables tested together with the first.

    Returns
    -------
    Predictors
    """
    return Predictors(
        names=np.array(names, dtype=object),
        values=values,
        others=others,
        chr_index=None,
        n_classes=0,
        member_start=np.arange(len(values) + 1),
        member=np.arange(len(values)),
        marker_sign=np.ones(len(values)),
        has_missing=any(
            bool(np.isnan(np.add.reduce(part, axis=None))) for part in (values, *others)
        ),
    )
