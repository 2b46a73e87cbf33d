"""Delimited text in which several rows or columns are headers, as in R/qtl's files."""

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from crossmap.errors import DataError
from crossmap.io.cells import shown, shown_number
from crossmap.io.codes import UNLISTED, GenotypeCodes
from crossmap.io.faults import Faults
from crossmap.io.files import decode_text, read_bytes
from crossmap.io.labels import labelled
from crossmap.io.records import check_header, ragged, records


@dataclass(frozen=True)
class Grid:
    """Rows and columns of cells; each knows where in the file it stands.

    Parameters
    ----------
    name
        The file as the user named it.
    sha256
        Of its bytes.
    cells
        object [n_rows, n_columns]: texts without the space around them.
    lines
        Line numbers of the rows of the file, from 1.
    is_turned
        Whether the rows of the file are the columns here.
    heads
        What heads the columns of the file, if anything does: errors name them.
    """

    name: str
    sha256: str
    cells: np.ndarray
    lines: tuple[int, ...]
    is_turned: bool = False
    heads: tuple[str, ...] = ()

    @classmethod
    def read(cls, path: str | Path) -> "Grid":
        """Read a file.

        Parameters
        ----------
        path
            Comma-separated text, plain or gzip.

        Returns
        -------
        Grid

        Raises
        ------
        DataError
            If it cannot be read, or its rows differ in length.
        """
        data, name = read_bytes(path), str(path)
        rows: list[Sequence[str]] = []
        lines: list[int] = []
        text = io.StringIO(decode_text(data, name))
        for line, row, _ in records(text, delimiter=",", name=name):
            if not rows:
                # Names are checked by whoever knows which cells are names; here, one cell alone.
                check_header([*row[:1], *map(str, range(len(row) - 1))], name=name, line=line,
                             separator=",")  # fmt: skip
            elif len(row) != len(rows[0]):
                raise ragged(len(rows[0]), row, name=name, line=line, separator=",")
            rows.append(row)
            lines.append(line)
        cells = np.empty((len(rows), len(rows[0])), dtype=object)
        cells[:] = rows
        return cls(name, hashlib.sha256(data).hexdigest(), cells, tuple(lines))

    def turned(self) -> "Grid":
        """Exchange rows and columns.

        Returns
        -------
        Grid
        """
        return replace(self, cells=self.cells.T, is_turned=not self.is_turned)

    def headed(self) -> "Grid":
        """Take the first row for what heads the columns.

        Returns
        -------
        Grid
        """
        return replace(self, heads=tuple(self.cells[0]))

    def error(self, row: int, column: int, *, expected: str, found: str) -> DataError:
        """Make the error of one cell.

        Parameters
        ----------
        row, column
            Here, from 0.
        expected, found
            What should stand there and what does.

        Returns
        -------
        DataError
            Naming line and column of the file.
        """
        if self.is_turned:
            row, column = column, row
        headed = self.heads[column] if self.heads and row > 0 else column + 1
        return DataError.at(
            self.name, expected=expected, found=found, line=self.lines[row], column=headed
        )

    def names(self, row: int, columns: slice, *, what: str) -> list[str]:
        """Read names along a row.

        Parameters
        ----------
        row
            Which row, from 0.
        columns
            Which columns.
        what
            What they name, for messages.

        Returns
        -------
        list of str

        Raises
        ------
        DataError
            If one is empty, broken over lines or repeated.
        """
        names: list[str] = self.cells[row, columns].tolist()
        seen: dict[str, int] = {}
        for column, name in enumerate(names, start=columns.start or 0):
            if not name or "\n" in name:
                expected = f"a name ({what}) on one line"
                raise self.error(row, column, expected=expected, found=shown(name))
            if name in seen:
                place = "line" if self.is_turned else "column"
                first = self.lines[seen[name]] if self.is_turned else seen[name] + 1
                found = f"{shown(name)} again (first in {place} {first})"
                expected = f"each name ({what}) once"
                raise self.error(row, column, expected=expected, found=found)
            seen[name] = column
        return names

    def genotypes(
        self, rows: slice, columns: slice, codes: GenotypeCodes, *, missing: frozenset[str],
        faults: Faults,
    ) -> np.ndarray:  # fmt: skip
        """Read a block of genotypes.

        Parameters
        ----------
        rows, columns
            Where it stands.
        codes
            How they are spelled.
        missing
            Cells that stand for a missing value.
        faults
            What becomes of cells that are spelled otherwise.

        Returns
        -------
        numpy.ndarray
            int8 [n_rows, n_columns], -1 missing.

        Raises
        ------
        DataError
            For a cell that is no code, unless faults are stepped over.
        """
        block = self.cells[rows, columns]
        known = {**codes.classes, **dict.fromkeys(missing, -1)}
        which, texts = pd.factorize(block.ravel())
        unlisted = {text for text in texts if text not in known}
        if unlisted:
            strange = np.isin(which, [i for i, text in enumerate(texts) if text in unlisted])
            hint = codes.hint(unlisted)
            for place in np.flatnonzero(strange):
                i, j = divmod(int(place), block.shape[1])
                found = shown(block[i, j]) + hint
                error = self.error(
                    (rows.start or 0) + i, (columns.start or 0) + j,
                    expected=codes.words, found=found,
                )  # fmt: skip
                faults.take(error, remedy=UNLISTED)
        classes = np.array([known.get(text, -1) for text in texts], dtype=np.int8)
        return classes[which].reshape(block.shape)

    def frame(
        self, rows: slice, columns: Sequence[int], *, index: Sequence[str], missing: frozenset[str]
    ) -> pd.DataFrame:
        """Take columns of text, headed by the first row.

        Parameters
        ----------
        rows
            Which rows.
        columns
            Which columns.
        index
            Names of those rows.
        missing
            Cells that stand for a missing value.

        Returns
        -------
        pandas.DataFrame
            object, None missing.
        """
        block = self.cells[rows][:, list(columns)].copy()
        block[np.isin(block, list(missing))] = None
        headers = self.cells[0, list(columns)].tolist()
        return labelled(block, index, headers)

    def cell_error(self, row: int, column: str, *, expected: str, found: object) -> DataError:
        """Make the error of a cell in a column that the first row heads.

        Parameters
        ----------
        row
            Here, from 0.
        column
            What heads it.
        expected, found
            What should stand there, and the text (None for a missing value) that does.

        Returns
        -------
        DataError
        """
        number = self.cells[0].tolist().index(column)
        what = "a missing value" if found is None else shown_number(str(found))
        return self.error(row, number, expected=expected, found=what)
