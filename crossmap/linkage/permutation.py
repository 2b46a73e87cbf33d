"""What a permutation depends on, and nothing else: seed, stage, replicate, trait, partition."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from crossmap.kernels import sequential as kernels


@dataclass(frozen=True, eq=False)
class Partition:
    """Samples in cells, numbered by first appearance, so that labels do not matter.

    Parameters
    ----------
    cell
        int64 [n_samples]: 0..n_cells-1.
    members
        int64 [n_samples]: samples cell by cell, in sample order within a cell.
    start
        int64 [n_cells + 1]: where each cell begins in `members`.
    """

    cell: np.ndarray
    members: np.ndarray
    start: np.ndarray

    @property
    def n_cells(self) -> int:
        """Number of cells."""
        return len(self.start) - 1

    @property
    def sizes(self) -> np.ndarray:
        """int64 [n_cells]: samples in each cell."""
        return np.diff(self.start)


def make_partition(labels: np.ndarray) -> Partition:
    """Group samples by label.

    Parameters
    ----------
    labels
        Integers [n_samples], 0 or more and not large; only which are equal matters.

    Returns
    -------
    Partition

    Examples
    --------
    >>> make_partition(np.array([7, 2, 7])).cell
    array([0, 1, 0])
    """
    labels = np.asarray(labels, dtype=np.int64)
    n, n_labels = len(labels), int(labels.max(initial=0)) + 1
    cell, members = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64)
    start = np.empty(n_labels + 1, dtype=np.int64)
    scratch = np.empty(n_labels, dtype=np.int64)
    n_cells = kernels.number_cells(labels, scratch, cell, members, start)
    return Partition(cell=cell, members=members, start=start[: n_cells + 1])


def refine(partition: Partition, genotypes: np.ndarray, splits: np.ndarray) -> Partition:
    """Split the marked cells by genotype.

    Parameters
    ----------
    partition
        Cells so far.
    genotypes
        Integers [n_samples] of the locus that splits.
    splits
        bool [n_cells]: cells to split; the others stay whole.

    Returns
    -------
    Partition
    """
    labels = partition.cell * 2 + np.where(splits[partition.cell], genotypes, 0)
    return make_partition(labels)


def shuffle_key(seed: int, stage: int, partition: Partition) -> np.uint64:
    """Key of the shuffles of one stage and partition.

    Parameters
    ----------
    seed
        The run's seed, 0 or more.
    stage
        Which locus is sought, from 1.
    partition
        The cells within which samples are shuffled.

    Returns
    -------
    numpy.uint64
    """
    text = f"crossmap/{seed}/{stage}/".encode() + partition.cell.astype("<i4").tobytes()
    return _hash(text)


def trait_items(names: Sequence[str]) -> np.ndarray:
    """Hash trait names for the shuffles: uint64 [n_traits].

    Parameters
    ----------
    names
        Trait names.

    Returns
    -------
    numpy.ndarray
    """
    return np.array([_hash(name.encode()) for name in names], dtype=np.uint64)


def _hash(text: bytes) -> np.uint64:
    return np.uint64(int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little"))
