"""Single-locus tests past a fixed threshold, with one permutation of the samples for all traits.

Traits keep their correlation only if all are permuted alike. Then it is the loci that are permuted,
once, and every permutation costs what a scan costs.
"""

from dataclasses import dataclass

import numpy as np

from crossmap.genotypes.loci import Loci
from crossmap.kernels.passing import passing_tests
from crossmap.kernels.philox import shuffle_within_cells
from crossmap.kernels.regression import TIE
from crossmap.kernels.tile_search import CHUNK, TILE
from crossmap.linkage.permutation import whole_key
from crossmap.linkage.sequential import total_sum_of_squares
from crossmap.linkage.stages import search_coding, search_margin

SAFE_R2 = 1.0 / 16.0
"""Share of variance down to which the margin of `search_margin` holds: four times for partial sums
larger than the sum in question."""


@dataclass(frozen=True, eq=False)
class PassingTests:
    """Tests that reach a threshold.

    Parameters
    ----------
    trait, locus
        int64 [N]: rows, by trait and then by place.
    r2
        float64 [N]: share of the trait's variance.
    neglog10_p
        float64 [N]: -log10 of their p-values, where loci may differ in degrees of freedom; None
        where they do not.
    """

    trait: np.ndarray
    locus: np.ndarray
    r2: np.ndarray
    neglog10_p: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.trait)

    def take(self, keep: np.ndarray) -> "PassingTests":
        """Some of the tests."""
        strength = None if self.neglog10_p is None else self.neglog10_p[keep]
        return PassingTests(self.trait[keep], self.locus[keep], self.r2[keep], strength)

    def peaks(self, chr_index: np.ndarray) -> "PassingTests":
        """The best test of every trait on every chromosome.

        Parameters
        ----------
        chr_index
            int64 [n_loci]: chromosomes, ascending.

        Returns
        -------
        PassingTests
            Loci within `TIE` of the best count as equal; the first in map order stands.
        """
        if not len(self):
            return self
        chromosome = chr_index[self.locus]
        fresh = np.ones(len(self), dtype=np.bool_)
        fresh[1:] = (np.diff(self.trait) != 0) | (np.diff(chromosome) != 0)
        start = np.flatnonzero(fresh)
        group = np.cumsum(fresh) - 1
        strength = self.r2 if self.neglog10_p is None else self.neglog10_p
        best = np.maximum.reduceat(strength, start)[group]
        near = np.flatnonzero(strength >= best * (1.0 - TIE))
        _, first = np.unique(group[near], return_index=True)
        return self.take(near[first])


class SharedScan:
    """Traits and loci made ready for scans under permutations that all traits share.

    Parameters
    ----------
    traits
        float64 [n_traits, n_samples], no NaN.
    loci
        Distinct loci with complete calls of the same samples.
    least_r2
        Smallest share of variance that is kept, above 0.
    """

    def __init__(self, traits: np.ndarray, loci: Loci, *, least_r2: float) -> None:
        y = np.ascontiguousarray(traits, dtype=np.float64)
        n_traits, n = y.shape
        _, varies = total_sum_of_squares(y)
        z = y - y.mean(axis=1, keepdims=True)
        z -= z.mean(axis=1, keepdims=True)
        z[~varies] = 0.0
        base = np.einsum("tk,tk->t", z, z)
        self._traits = (z, base)
        self._blocks = _side_by_side(z, base)
        self._coding = search_coding(loci)
        in_one = loci.coding.code.sum(axis=1, dtype=np.int64)
        weight = n / (in_one * (n - in_one))
        self._weights = (weight.astype(np.float32), weight)
        margin = float(search_margin(loci)) * max(1.0, float(np.sqrt(SAFE_R2 / least_r2)))
        self._limits = (float(least_r2), np.float32(least_r2 * max(0.0, 1.0 - margin)))
        self.n_loci = len(loci)
        self.n_samples = n
        self.n_traits = n_traits

    def tests(self, order: np.ndarray | None = None) -> PassingTests:
        """Find the tests that pass.

        Parameters
        ----------
        order
            int64 [n_samples]: sample k gets the values of sample order[k]; None leaves all as it
            is.

        Returns
        -------
        PassingTests
        """
        if order is None:
            order = np.arange(self.n_samples)
        n_changes = len(self._coding[2])
        scratch = (
            np.empty(n_changes, dtype=np.int64),
            np.empty((self.n_loci, TILE), dtype=np.float32),
            np.empty((-(-self.n_loci // CHUNK), TILE), dtype=np.float32),
            np.empty(TILE, dtype=np.float32),
        )
        room = 4 * self.n_traits + 1024
        while True:
            found = (
                np.empty(room, dtype=np.int32),
                np.empty(room, dtype=np.int32),
                np.empty(room),
            )
            n_found = passing_tests(
                self._blocks, self._traits, order, self._coding, self._weights, self._limits,
                scratch, found,
            )  # fmt: skip
            if n_found <= room:
                trait, locus, r2 = (array[:n_found] for array in found)
                return PassingTests(trait.astype(np.int64), locus.astype(np.int64), r2.copy())
            room = int(n_found)


def _side_by_side(z: np.ndarray, base: np.ndarray) -> np.ndarray:
    """float32 [n_blocks, n_samples, TILE]: each trait of unit sum of squares."""
    n_traits, n = z.shape
    with np.errstate(divide="ignore"):
        scale = np.where(base > 0, 1.0 / np.sqrt(base), 0.0)
    blocks = np.zeros((-(-n_traits // TILE), n, TILE), dtype=np.float32)
    for number, block in enumerate(blocks):
        rows = slice(number * TILE, (number + 1) * TILE)
        part = z[rows] * scale[rows, None]
        block[:, : len(part)] = part.T
    return blocks


def shared_order(
    seed: int, replicate: int, n_samples: int, group: np.ndarray | None = None
) -> np.ndarray:
    """Permute samples for all traits alike: a function of seed, replicate and groups alone.

    Parameters
    ----------
    seed
        The run's seed.
    replicate
        b, from 1.
    n_samples
        Number of samples.
    group
        int64 [n_samples]: samples change places within these alone; None makes no groups.

    Returns
    -------
    numpy.ndarray
        int64 [n_samples]: sample k gets the values of sample order[k].

    Examples
    --------
    >>> sorted(shared_order(1, 1, 5).tolist())
    [0, 1, 2, 3, 4]
    """
    order, word = np.empty(n_samples, dtype=np.int64), np.empty(4, dtype=np.uint64)
    key = whole_key(seed, n_samples)
    label = np.zeros(n_samples, dtype=np.int64) if group is None else group
    members = np.argsort(label, kind="stable").astype(np.int64)
    start = np.concatenate([[0], np.cumsum(np.unique(label, return_counts=True)[1])])
    shuffle_within_cells(key, np.uint64(0), np.uint64(replicate), members, start, word, order)
    return order
