"""Tests past their threshold, as records, and what is remembered of all the others."""

from dataclasses import dataclass

import numpy as np

from crossmap.linkage.f_test import neglog10_p
from crossmap.linkage.locus_block import LocusBlock
from crossmap.linkage.predictors import Predictors

HIT = np.dtype(
    [
        ("trait", np.int32),
        ("marker", np.int32),
        ("n", np.int32),
        ("df1", np.int32),
        ("df2", np.int32),
        ("local", np.int8),
        ("statistic", np.float64),
        ("beta", np.float64),
        ("se", np.float64),
        ("r2", np.float64),
        ("lod", np.float64),
        ("neglog10_p", np.float64),
    ]
)
"""One test: rows of trait and marker; statistic is t where one regressor is tested, else F; local
is 1, 0, or -1 where the gene's place is not known; beta and se are NaN where several are tested."""

SMALLEST_P = float(np.finfo(np.float64).tiny)
"""What stands for a p-value that a float64 cannot hold; neglog10_p has it in full."""


def p_of(neglog10: np.ndarray) -> np.ndarray:
    """Give p-values, never 0, from their negative decimal logarithms.

    Parameters
    ----------
    neglog10
        float64.

    Returns
    -------
    numpy.ndarray
        float64, same shape, at least `SMALLEST_P`.
    """
    return np.maximum(10.0 ** -np.asarray(neglog10, dtype=np.float64), SMALLEST_P)


@dataclass(frozen=True, eq=False)
class Statistics:
    """Tests decided on in float64.

    Parameters
    ----------
    locus, trait
        int32 [N]: rows of the block and of its traits.
    projection
        float64 [N]: of the trait on the last tested column.
    tested, rest
        float64 [N]: shares of the trait's sum of squares that the tested columns take, and that
        is left.
    """

    locus: np.ndarray
    trait: np.ndarray
    projection: np.ndarray
    tested: np.ndarray
    rest: np.ndarray

    @classmethod
    def none(cls) -> "Statistics":
        """No tests."""
        index, number = np.empty(0, dtype=np.int32), np.empty(0)
        return cls(index, index, number, number, number)

    def take(self, keep: np.ndarray) -> "Statistics":
        """Some of the tests."""
        return Statistics(
            self.locus[keep],
            self.trait[keep],
            self.projection[keep],
            self.tested[keep],
            self.rest[keep],
        )

    @property
    def r2(self) -> np.ndarray:
        """Share of what the null model leaves that the tested columns take: float64 [N]."""
        with np.errstate(invalid="ignore"):
            return self.tested / (self.tested + self.rest)

    def f(self, block: LocusBlock) -> np.ndarray:
        """F statistics: float64 [N], infinite where nothing is left."""
        df1, df2 = block.df1[self.locus], block.df2[self.locus]
        with np.errstate(divide="ignore"):
            return (self.tested / df1) / (self.rest / df2)

    def neglog10_p(self, block: LocusBlock) -> np.ndarray:
        """-log10 of the p-values: float64 [N]."""
        return neglog10_p(self.f(block), block.df1[self.locus], block.df2[self.locus])


def records(
    block: LocusBlock,
    tests: Statistics,
    neglog10: np.ndarray,
    *,
    total: np.ndarray,
    traits: np.ndarray,
    is_t: bool,
) -> np.ndarray:
    """Make a record of every test.

    Parameters
    ----------
    block
        Where the rows come from.
    tests, neglog10
        The tests and -log10 of their p-values.
    total
        float64 [T]: residual sum of squares of the traits.
    traits
        int64 [T]: rows of the traits.
    is_t
        One regressor is tested: t, beta, standard error.

    Returns
    -------
    numpy.ndarray
        `HIT` records; marker and local are -1.
    """
    j, t = tests.locus, tests.trait
    one = np.empty(len(j), dtype=HIT)
    one["trait"] = traits[t]
    one["marker"] = -1
    one["n"] = block.null.n_samples
    one["df1"], one["df2"] = block.df1[j], block.df2[j]
    one["local"] = -1
    one["r2"] = tests.r2
    one["neglog10_p"] = neglog10
    one["beta"] = one["se"] = np.nan
    with np.errstate(divide="ignore", invalid="ignore"):
        unexplained = tests.rest / (tests.tested + tests.rest)
        one["lod"] = -0.5 * block.null.n_samples * np.log10(unexplained)
        if not is_t:
            one["statistic"] = tests.f(block)
            return one
        unit = block.transform[j, -1, -1]
        if block.n_before:
            unit = unit / block.null.interactive_scale[0]
        size = np.sqrt(total[t])
        error = np.sqrt(tests.rest / block.df2[j])
        one["statistic"] = tests.projection / error
        one["beta"] = tests.projection * size * unit
        one["se"] = error * size * unit
    return one


def for_all_members(one: np.ndarray, rows: np.ndarray, predictors: Predictors) -> np.ndarray:
    """Repeat each record for the markers of its row.

    Parameters
    ----------
    one
        `HIT` records.
    rows
        int64 [N]: row of the predictors of each.
    predictors
        They know the members.

    Returns
    -------
    numpy.ndarray
        `HIT` records by trait and marker.
    """
    which = np.repeat(np.arange(len(one)), predictors.n_members[rows])
    return in_order(for_markers(one[which], predictors.members_of(rows), predictors))


def for_markers(hits: np.ndarray, marker: np.ndarray, predictors: Predictors) -> np.ndarray:
    """Say which marker each record is of; its allele names decide the sign of t and beta.

    Parameters
    ----------
    hits
        `HIT` records; changed in place.
    marker
        int64 [N].
    predictors
        They know the signs.

    Returns
    -------
    numpy.ndarray
        `hits`.
    """
    hits["marker"] = marker
    sign = predictors.marker_sign[marker]
    sign[np.isnan(hits["beta"])] = 1.0
    hits["beta"] *= sign
    hits["statistic"] *= sign
    return hits


def in_order(hits: np.ndarray) -> np.ndarray:
    """Sort records by trait and marker.

    Parameters
    ----------
    hits
        `HIT` records.

    Returns
    -------
    numpy.ndarray
        The same, or a sorted copy.
    """
    key = (hits["trait"].astype(np.int64) << 32) + hits["marker"]
    if (np.diff(key) > 0).all():
        return hits
    return hits[np.argsort(key, kind="stable")]


@dataclass(frozen=True, eq=False)
class Smallest:
    """The smallest p-value of each of some traits (or markers), over the tests of a piece.

    Parameters
    ----------
    items
        int64 [n]: the traits or the markers that were tested at all.
    neglog10_p
        float64 [n].
    partner
        int64 [n]: the marker or the trait; the first of several that are equal.
    """

    items: np.ndarray
    neglog10_p: np.ndarray
    partner: np.ndarray


@dataclass(frozen=True, eq=False)
class Piece:
    """What came of the tests of some rows with some traits.

    Parameters
    ----------
    hits
        `HIT` records past their threshold, by trait and marker.
    traits, markers
        Smallest p-values, by trait and by marker.
    n_tests, n_local
        Tests made, each marker counted; of them local ones, where those were told apart.
    counts, local_counts
        int64 [n_bins]: of all tests made and of the local ones, by bins of p, descending.
    """

    hits: np.ndarray
    traits: Smallest
    markers: Smallest
    n_tests: int
    n_local: int
    counts: np.ndarray
    local_counts: np.ndarray
