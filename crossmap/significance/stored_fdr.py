"""FDR of the records of a scan, also of more than fit into memory."""

from collections.abc import Callable

import numpy as np

from crossmap.linkage.hit_store import HitStore
from crossmap.significance.fdr import fdr_of_ranks, recorded_fdr

KEPT_BITS = 20
"""Leading bits of a float64 by which records are told apart first: sign, exponent, 8 of the
fraction. The bits of floats of 0 and above sort as they do."""

ROW_BYTES = 64
"""Memory for one record while its FDR is found: value, number, order, FDR and their copies."""


def store_fdr(
    store: HitStore,
    is_member: Callable[[np.ndarray], np.ndarray],
    *,
    n_tests: int,
    memory_bytes: int,
) -> None:
    """Put the Benjamini-Hochberg FDR of a set of records into their store.

    Parameters
    ----------
    store
        The records.
    is_member
        Tells which records of an array belong to the set: bool [n].
    n_tests
        N, all tests made in the set.
    memory_bytes
        What this may take; a store in memory takes what it needs.

    Notes
    -----
    Records on file are counted by the leading bits of -log10 p, then taken a range of values at a
    time from the largest p-value down, so that each range's ranks and the running minimum are
    known.
    """
    if store.is_in_memory:
        (hits,) = store.blocks()
        number = np.flatnonzero(is_member(hits))
        store.set_fdr(number, recorded_fdr(hits["neglog10_p"][number], n_tests=n_tests))
        return
    count = np.zeros(1 << KEPT_BITS, dtype=np.int64)
    for hits in store.blocks():
        bits, times = np.unique(
            _leading_bits(hits["neglog10_p"][is_member(hits)]), return_counts=True
        )
        count[bits] += times
    above = int(count.sum())
    least = 1.0
    for low, high in _ranges(count, max(1, memory_bytes // ROW_BYTES)):
        number, value = _between(store, is_member, low, high)
        above -= len(number)
        order = np.argsort(-value, kind="stable")
        fdr = np.empty(len(value))
        fdr[order], least = fdr_of_ranks(value[order], first=above, n_tests=n_tests, least=least)
        store.set_fdr(number, fdr)


def _leading_bits(value: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(value + 0.0).view(np.int64) >> (64 - KEPT_BITS)


def _ranges(count: np.ndarray, rows: int) -> list[tuple[int, int]]:
    """Cut the bits into ranges of at most so many records (or one value of the bits)."""
    filled = np.flatnonzero(count)
    ranges: list[tuple[int, int]] = []
    so_far = rows + 1
    for bits in filled.tolist():
        if so_far + count[bits] > rows:
            ranges.append((bits, bits + 1))
            so_far = 0
        ranges[-1] = (ranges[-1][0], bits + 1)
        so_far += int(count[bits])
    return ranges


def _between(
    store: HitStore, is_member: Callable[[np.ndarray], np.ndarray], low: int, high: int
) -> tuple[np.ndarray, np.ndarray]:
    numbers, values = [np.empty(0, dtype=np.int64)], [np.empty(0)]
    start = 0
    for hits in store.blocks():
        bits = _leading_bits(hits["neglog10_p"])
        here = np.flatnonzero((bits >= low) & (bits < high) & is_member(hits))
        numbers.append(start + here)
        values.append(hits["neglog10_p"][here])
        start += len(hits)
    return np.concatenate(numbers), np.concatenate(values)
