"""What a permutation depends on, and nothing else: seed, stage, replicate, trait, partition."""

import hashlib
from collections.abc import Sequence

import numpy as np

from crossmap.kernels.philox import fold_cells, shuffle_rows
from crossmap.kernels.probability_search import permute_within_cells
from crossmap.linkage.predictors import group_patterns


def stage_key(seed: int, stage: int) -> np.uint64:
    """Key of the shuffles of one stage; kernels fold the cells into it.

    Parameters
    ----------
    seed
        The run's seed, 0 or more.
    stage
        Which locus is sought, from 1.

    Returns
    -------
    numpy.uint64
    """
    return _hash(f"crossmap/{seed}/{stage}".encode())


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
    digests = b"".join(_digest(name.encode()) for name in names)
    return np.frombuffer(digests, dtype="<u8").astype(np.uint64)


def _hash(text: bytes) -> np.uint64:
    return np.uint64(int.from_bytes(_digest(text), "little"))


def _digest(text: bytes) -> bytes:
    return hashlib.blake2b(text, digest_size=8).digest()


def permuted_traits(
    traits: np.ndarray, names: Sequence[str], *, seed: int, replicate: int
) -> np.ndarray:
    """Permute whole samples, as the first stage of a search does.

    Parameters
    ----------
    traits
        float64 [n_traits, n_samples]; NaN where a sample takes no part, which stay where they are.
    names
        Trait names.
    seed
        The run's seed.
    replicate
        b, from 1; 0 gives the traits as they are.

    Returns
    -------
    numpy.ndarray
        float64 [n_traits, n_samples].
    """
    if replicate == 0:
        return traits
    out, items = np.full_like(traits, np.nan), trait_items(names)
    for rows, samples in group_patterns(np.isnan(traits), np.arange(traits.shape[1])):
        own = np.ascontiguousarray(traits[np.ix_(rows, samples)])
        moved = np.empty_like(own)
        key = whole_key(seed, len(samples))
        shuffle_rows(own, items[rows], np.uint64(replicate), key, moved)
        out[np.ix_(rows, samples)] = moved
    return out


def whole_key(seed: int, n_samples: int) -> np.uint64:
    """Key of the permutations of whole samples: those of the first stage.

    Parameters
    ----------
    seed
        The run's seed.
    n_samples
        How many are permuted.

    Returns
    -------
    numpy.uint64
    """
    one_cell = np.zeros(n_samples, dtype=np.int64)
    return np.uint64(fold_cells(stage_key(seed, 1), one_cell))


def permuted_rows(
    z: np.ndarray,
    cells: tuple[np.ndarray, np.ndarray, np.ndarray],
    *,
    trait: str,
    seed: int,
    first: int,
    n_perm: int,
) -> np.ndarray:
    """Permute one trait within cells, as the first stage of a search does.

    Parameters
    ----------
    z
        float64 [n_samples].
    cells
        (members, start, cell), as `crossmap.kernels.stages.number_cells` makes them.
    trait
        Its name.
    seed
        The run's seed.
    first, n_perm
        Replicates first + 1 to first + n_perm.

    Returns
    -------
    numpy.ndarray
        float64 [n_perm, n_samples].
    """
    members, start, cell = cells
    # numba gives a Python int, which it would take back as a signed one.
    key = np.uint64(fold_cells(stage_key(seed, 1), cell))
    rows = np.empty((1, n_perm + 1, len(z)))
    permute_within_cells(z[None], trait_items([trait]), key, members, start, first, rows)
    permuted: np.ndarray = rows[0, 1:]
    return permuted
