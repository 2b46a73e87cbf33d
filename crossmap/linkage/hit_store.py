"""Records of a scan as they come: in memory while they fit, else in a temporary file."""

import tempfile
import weakref
from collections.abc import Iterator
from itertools import pairwise
from typing import IO

import numpy as np

from crossmap.linkage.hits import HIT, in_order

ROWS_READ = 1 << 18
"""Records read from the file at a time, unless the budget is small."""


class HitStore:
    """Keeps records in any order and gives them back by trait and marker, with their FDR.

    Parameters
    ----------
    budget_bytes
        What may be kept in memory; beyond it all records go to a temporary file (in the folder
        that TMPDIR names), which goes when the store does.

    Notes
    -----
    Each array added must be sorted by trait and marker, and no test may be in two of them.
    """

    def __init__(self, budget_bytes: int) -> None:
        self._budget = budget_bytes
        self._rows_read = max(64, min(ROWS_READ, budget_bytes // (4 * HIT.itemsize)))
        self._runs: list[np.ndarray] = []
        self._bytes = 0
        self._file: IO[bytes] | None = None
        self._fdr_file: IO[bytes] | None = None
        self._starts = [0]  # of the runs in the file, and its end, in records
        self._whole: tuple[np.ndarray, np.ndarray] | None = None

    def __len__(self) -> int:
        return self._starts[-1] + sum(map(len, self._runs))

    @property
    def is_in_memory(self) -> bool:
        """Whether no record had to go to the file."""
        return self._file is None

    def add(self, hits: np.ndarray) -> None:
        """Keep more records.

        Parameters
        ----------
        hits
            `HIT` records by trait and marker.
        """
        if not len(hits):
            return
        self._runs.append(hits)
        self._bytes += hits.nbytes
        if self._bytes > self._budget:
            self._spill()

    def _spill(self) -> None:
        if self._file is None:
            self._file = self._new_file()
        self._file.seek(0, 2)
        for run in self._runs:
            self._file.write(run.tobytes())
            self._starts.append(self._starts[-1] + len(run))
        self._runs, self._bytes = [], 0

    def _new_file(self) -> IO[bytes]:
        file = tempfile.TemporaryFile()  # noqa: SIM115 (it lives as long as the store)
        weakref.finalize(self, file.close)
        return file

    def blocks(self) -> Iterator[np.ndarray]:
        """Give all records, block by block, in the order in which `set_fdr` takes their FDR.

        Yields
        ------
        numpy.ndarray
            `HIT` records.
        """
        if self._file is None:
            yield self._in_memory()[0]
            return
        self._spill()
        for start in range(0, len(self), self._rows_read):
            yield self._read(start, min(self._rows_read, len(self) - start))

    def _in_memory(self) -> tuple[np.ndarray, np.ndarray]:
        if self._whole is None:
            hits = in_order(np.concatenate([np.empty(0, dtype=HIT), *self._runs]))
            self._runs = [hits]
            self._whole = hits, np.full(len(hits), np.nan)
        return self._whole

    def _read(self, start: int, count: int) -> np.ndarray:
        assert self._file is not None
        self._file.seek(start * HIT.itemsize)
        return np.frombuffer(self._file.read(count * HIT.itemsize), dtype=HIT)

    def set_fdr(self, number: np.ndarray, fdr: np.ndarray) -> None:
        """Keep the FDR of some records.

        Parameters
        ----------
        number
            int64 [n]: which records, counted through `blocks`, ascending.
        fdr
            float64 [n].
        """
        if self._file is None:
            self._in_memory()[1][number] = fdr
            return
        if self._fdr_file is None:
            self._fdr_file = self._new_file()
            self._fdr_file.truncate(8 * len(self))
        edges = np.arange(0, len(self) + self._rows_read, self._rows_read)
        cuts = np.searchsorted(number, edges)
        for start, a, b in zip(edges[:-1], cuts[:-1], cuts[1:], strict=True):
            if a == b:
                continue
            values = self._read_fdr(int(start), self._rows_read)
            values[number[a:b] - start] = fdr[a:b]
            self._fdr_file.seek(8 * int(start))
            self._fdr_file.write(values.tobytes())

    def _read_fdr(self, start: int, count: int) -> np.ndarray:
        assert self._fdr_file is not None
        self._fdr_file.seek(8 * start)
        return np.frombuffer(self._fdr_file.read(8 * count), dtype=np.float64).copy()

    def chunks(self, *, n_traits: int, rows: int = ROWS_READ) -> Iterator[tuple]:
        """Give all records by trait and marker, whole traits at a time.

        Parameters
        ----------
        n_traits
            Number of traits.
        rows
            About how many records a chunk should have.

        Yields
        ------
        hits, fdr : numpy.ndarray
            `HIT` records and float64 of the same length.
        """
        if self._file is None:
            all_hits, all_fdr = self._in_memory()
            trait = np.ascontiguousarray(all_hits["trait"])
            edges = _cuts(np.bincount(trait, minlength=n_traits), rows)
            for start, stop in pairwise(np.searchsorted(trait, edges)):
                yield all_hits[start:stop], all_fdr[start:stop]
            return
        count = np.zeros(n_traits, dtype=np.int64)
        for block in self.blocks():
            count += np.bincount(block["trait"], minlength=n_traits)
        edges = _cuts(count, rows)
        places = [
            start + np.searchsorted(self._traits_of(start, stop), edges)
            for start, stop in zip(self._starts[:-1], self._starts[1:], strict=True)
        ]
        for i in range(len(edges) - 1):
            spans = [(int(p[i]), int(p[i + 1] - p[i])) for p in places if p[i + 1] > p[i]]
            hits = np.concatenate(
                [np.empty(0, dtype=HIT), *(self._read(start, n) for start, n in spans)]
            )
            fdr = np.concatenate([np.empty(0), *(self._read_fdr(*span) for span in spans)])
            order = np.lexsort((hits["marker"], hits["trait"]))
            yield hits[order], fdr[order]

    def _traits_of(self, start: int, stop: int) -> np.ndarray:
        return np.concatenate(
            [
                self._read(a, min(self._rows_read, stop - a))["trait"].copy()
                for a in range(start, stop, self._rows_read)
            ]
        )


def _cuts(count: np.ndarray, rows: int) -> np.ndarray:
    """Cut traits where about so many records have come together: the first trait of each chunk."""
    group = np.maximum(np.cumsum(count) - 1, 0) // rows
    changes = np.flatnonzero(np.diff(group)) + 1
    return np.concatenate([[0], changes, [len(count)]])
