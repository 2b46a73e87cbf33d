"""What a permutation depends on, and nothing else: seed, stage, replicate, trait, partition."""

import hashlib
from collections.abc import Sequence

import numpy as np


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
    return np.array([_hash(name.encode()) for name in names], dtype=np.uint64)


def _hash(text: bytes) -> np.uint64:
    return np.uint64(int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little"))
