"""What a permutation depends on, and nothing else: seed, stage, replicate, trait, partition."""

import hashlib
from collections.abc import Sequence

import numpy as np

from crossmap.kernels.philox import fold_cells, shuffle_rows


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
        float64 [n_traits, n_samples].
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
    out = np.empty_like(traits)
    shuffle_rows(traits, trait_items(names), np.uint64(replicate), whole_key(seed, traits), out)
    return out


def whole_key(seed: int, traits: np.ndarray) -> np.uint64:
    """Key of the permutations of whole samples: those of the first stage.

    Parameters
    ----------
    seed
        The run's seed.
    traits
        float64 [n_traits, n_samples]; only the number of samples matters.

    Returns
    -------
    numpy.uint64
    """
    one_cell = np.zeros(traits.shape[1], dtype=np.int64)
    return np.uint64(fold_cells(stage_key(seed, 1), one_cell))
