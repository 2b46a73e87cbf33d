"""Delimited text into labelled tables, with the exact place of whatever is wrong.

Large tables are parsed at once by `crossmap.io.arrow`. What it refuses is read again here, cell by
cell, which finds the line and the column, or reads the few spellings that Arrow does not know
(spaces around NA).
"""

import hashlib
import io
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from crossmap.errors import DataError
from crossmap.io.arrow import Layout, parse_classes, parse_numbers
from crossmap.io.cells import MISSING, parse_number, shown, shown_number
from crossmap.io.codes import UNLISTED, GenotypeCodes
from crossmap.io.faults import STRICT, Faults
from crossmap.io.files import decode_text, read_bytes
from crossmap.io.labels import labelled
from crossmap.io.records import (
    A_NAME,
    Record,
    check_header,
    lines_from,
    ragged,
    records,
    separator_of,
    skip_comments,
)


@dataclass(frozen=True)
class TextTable:
    r"""One delimited text file: a header row, a column of row names, cells.

    Make one with `parse`, which checks the header; the methods that read the cells check the rest.

    Parameters
    ----------
    name
        The file as the user named it.
    sha256
        Of the bytes of the file as it lies there, packed or not.
    header
        The cells of the header row, the corner first; names are not repeated.
    header_line, body_line
        Line numbers of the header and of what follows it, from 1.
    delimiter
        Tab, comma or what the user named.
    missing
        Cells that stand for a missing value.
    size
        Numbers of rows and columns that comment lines promise, None where they do not.
    body
        The text below the header.
    n_labels
        Leading columns that hold labels; the others are the columns of the table.
    name_at
        Which of the labels names the row, from 0.

    Examples
    --------
    >>> table = TextTable.parse(b"id,s1,s2\nm1,1,2\n", name="geno.csv")
    >>> table.classes({"1": 0, "2": 1}).to_numpy().tolist()
    [[0, 1]]
    """

    name: str
    sha256: str
    header: tuple[str, ...]
    header_line: int
    body_line: int
    delimiter: str
    missing: frozenset[str]
    size: tuple[int | None, int | None]
    body: str
    n_labels: int = 1
    name_at: int = 0

    @classmethod
    def parse(
        cls,
        data: bytes,
        *,
        name: str,
        delimiter: str | None = None,
        comment: str | None = None,
        missing: Sequence[str] = MISSING,
        may_lack_corner: bool = False,
    ) -> "TextTable":
        """Read the header of a file.

        Parameters
        ----------
        data
            The bytes of the file.
        name
            The file as the user named it.
        delimiter
            What separates cells; None takes a tab if the header holds one, else a comma.
        comment
            Lines above the header that begin so are left out, but ``# nrow 12`` and ``# ncol 3``
            among them are checked; None: there are none.
        missing
            Cells that stand for a missing value, besides empty ones.
        may_lack_corner
            Whether a header one cell shorter than the first row names the columns alone, as R
            writes it.

        Returns
        -------
        TextTable

        Raises
        ------
        DataError
            For what `decode_text` refuses, a header of one cell, empty or repeated names.
        """
        text = decode_text(data, name)
        start, line, size = skip_comments(text, comment)
        if start >= len(text):
            raise DataError.at(name, expected="a header row", found="comments alone")
        end_of_line = text.find("\n", start)
        first = text[start : end_of_line if end_of_line >= 0 else len(text)]
        separator = delimiter or separator_of(first)
        rows = records(lines_from(text, start), delimiter=separator, name=name, first_line=line)
        _, header, n_lines = next(rows)
        if may_lack_corner and len(next(rows, (0, [], 0))[1]) == len(header) + 1:
            header = ["", *header]
        body = start
        for _ in range(n_lines):
            body = text.find("\n", body) + 1 or len(text)
        check_header(header, name=name, line=line, separator=separator)
        return cls(
            name=name,
            sha256=hashlib.sha256(data).hexdigest(),
            header=tuple(header),
            header_line=line,
            body_line=line + n_lines,
            delimiter=separator,
            missing=frozenset({"", *missing}),
            size=size,
            body=text[body:],
        )

    @classmethod
    def read(
        cls,
        path: str | Path,
        *,
        delimiter: str | None = None,
        missing: Sequence[str] = MISSING,
        may_lack_corner: bool = False,
    ) -> "TextTable":
        """Read the header of a file on this machine, as `parse` does.

        Parameters
        ----------
        path
            Where the file is.
        delimiter, missing, may_lack_corner
            As in `parse`.

        Returns
        -------
        TextTable

        Raises
        ------
        DataError
            As `read_bytes` and `parse`.
        """
        return cls.parse(
            read_bytes(path),
            name=str(path),
            delimiter=delimiter,
            missing=missing,
            may_lack_corner=may_lack_corner,
        )

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns, those of the labels left out."""
        return self.header[self.n_labels :]

    def numbers(self) -> pd.DataFrame:
        """Read all cells as numbers.

        Returns
        -------
        pandas.DataFrame
            float64 [n_rows, n_columns], NaN missing, names as object labels.

        Raises
        ------
        DataError
            For a cell that is no finite number, and for whatever is wrong with the rows: none,
            of unequal length, nameless, of one name, of another number than promised.
        """
        parsed = parse_numbers(self.body, self._layout())
        if parsed is not None and self._keeps_promise(len(parsed[0])):
            return labelled(parsed[1], parsed[0], self.columns)
        return self._cell_by_cell(self._number, np.float64)

    def classes(
        self,
        codes: Mapping[str, int],
        *,
        expected: str | None = None,
        hint: Callable[[Collection[str]], str] | None = None,
        faults: Faults = STRICT,
    ) -> pd.DataFrame:
        """Read all cells as codes of classes.

        Parameters
        ----------
        codes
            Text of a cell -> its class; what stands for a missing value has none.
        expected
            What to say of cells with another text; None lists the codes.
        hint
            Told of all the texts that are no codes, guesses why they are there.
        faults
            What becomes of such cells.

        Returns
        -------
        pandas.DataFrame
            int8 [n_rows, n_columns], -1 missing, names as object labels.

        Raises
        ------
        DataError
            For a cell with another text (unless faults are stepped over: then it is missing), and
            for what is wrong with the rows as in `numbers`.
        """
        known = dict(codes) | dict.fromkeys(self.missing, -1)
        parsed = parse_classes(self.body, self._layout(), known)
        if parsed is not None and self._keeps_promise(len(parsed[0])):
            return labelled(parsed[1], parsed[0], self.columns)
        words = expected or f"one of {', '.join(codes)}"
        guess: list[str] = []  # made once, when it is needed

        def code(cell: str, line: int, column: str) -> int:
            if cell in known:
                return known[cell]
            if not guess:
                guess.append(hint(self._texts() - set(known)) if hint else "")
            found = shown(cell) + guess[0]
            error = DataError.at(self.name, expected=words, found=found, line=line, column=column)
            faults.take(error, remedy=UNLISTED)
            return -1

        return self._cell_by_cell(code, np.int8)

    def genotypes(self, codes: GenotypeCodes, *, faults: Faults = STRICT) -> pd.DataFrame:
        """Read all cells as genotypes.

        Parameters
        ----------
        codes
            How they are spelled.
        faults
            What becomes of cells that are spelled otherwise.

        Returns
        -------
        pandas.DataFrame
            As `classes`.

        Raises
        ------
        DataError
            As `classes`.
        """
        return self.classes(codes.classes, expected=codes.words, hint=codes.hint, faults=faults)

    def strings(self) -> pd.DataFrame:
        """Read all cells as text.

        Returns
        -------
        pandas.DataFrame
            object [n_rows, n_columns], None missing, names as object labels.

        Raises
        ------
        DataError
            For what is wrong with the rows as in `numbers`.
        """
        names, cells = [], []
        for _, row in self._rows():
            names.append(row[self.name_at])
            cells.append([None if cell in self.missing else cell for cell in row[self.n_labels :]])
        values = np.empty((len(cells), len(self.columns)), dtype=object)
        values[:] = cells
        return labelled(values, names, self.columns)

    def labels(self) -> pd.DataFrame:
        """Read the labels as text.

        Returns
        -------
        pandas.DataFrame
            object [n_rows, n_labels], None missing, headed as in the file; index = row names.

        Raises
        ------
        DataError
            For what is wrong with the rows as in `numbers`.
        """
        rows = [cells[: self.n_labels] for _, cells in self._rows()]
        values = np.empty((len(rows), self.n_labels), dtype=object)
        values[:] = [[None if cell in self.missing else cell for cell in row] for row in rows]
        return labelled(values, [row[self.name_at] for row in rows], self.header[: self.n_labels])

    def require(self, *columns: str) -> None:
        """Refuse a table that has none of these columns.

        Parameters
        ----------
        columns
            Names, one of which must head a column.

        Raises
        ------
        DataError
            If none does.
        """
        if set(columns) & set(self.columns):
            return
        is_turned = any(
            cells[:1] == [name] for _, cells, _ in self._body_records() for name in columns
        )
        raise DataError.at(
            self.name,
            expected=f"a column {' or '.join(columns)}",
            found="it as a row: exchange rows and columns"
            if is_turned
            else shown(", ".join(self.columns)),
            line=self.header_line,
        )

    def has_row(self, row: str) -> bool:
        """Whether a row has this name.

        Parameters
        ----------
        row
            Name of a row.

        Returns
        -------
        bool
        """
        return any(cells[self.name_at] == row for _, cells in self._rows())

    def error(
        self, row: str, column: str, *, expected: str, found: object, hint: str = ""
    ) -> DataError:
        """Make the error of one cell.

        Parameters
        ----------
        row, column
            Names of the row and the column.
        expected, found
            What should stand there, and the text (None for a missing value) that does.
        hint
            What to add.

        Returns
        -------
        DataError
            Naming file, line and column.
        """
        line = next((n for n, cells in self._rows() if cells[self.name_at] == row), None)
        quoted = shown_number if "number" in expected else shown
        what = "a missing value" if found is None else quoted(str(found))
        return DataError.at(
            self.name, expected=expected, found=what + hint, line=line, column=column
        )

    def _layout(self) -> Layout:
        return Layout(
            n_cells=len(self.header),
            delimiter=self.delimiter,
            missing=tuple(sorted(self.missing)),
            n_labels=self.n_labels,
            name_at=self.name_at,
        )

    def _keeps_promise(self, n_rows: int) -> bool:
        return self.size[0] in (None, n_rows) and self.size[1] in (None, len(self.header))

    def _number(self, cell: str, line: int, column: str) -> float:
        try:
            return np.nan if cell in self.missing else parse_number(cell)
        except ValueError as error:
            raise DataError.at(
                self.name,
                expected=str(error),
                found=shown_number(cell),
                line=line,
                column=column,
            ) from None

    def _texts(self) -> set[str]:
        """The distinct texts of all cells."""
        return {cell for _, cells in self._rows() for cell in cells[self.n_labels :]}

    def _cell_by_cell(self, parse: Callable[[str, int, str], float], dtype: type) -> pd.DataFrame:
        names: list[str] = []
        values: list[np.ndarray] = []
        for line, cells in self._rows():
            names.append(cells[self.name_at])
            parsed = [
                parse(cell, line, column)
                for cell, column in zip(cells[self.n_labels :], self.columns, strict=True)
            ]
            values.append(np.array(parsed, dtype=dtype))
        return labelled(np.array(values), names, self.columns)

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yield line number and cells of every row, checked in number and name."""
        n_cells = len(self.header)
        n_rows = 0
        seen: dict[str, int] = {}
        for line, cells, _ in self._body_records():
            if len(cells) != n_cells:
                raise self._ragged(line, cells)
            name = cells[self.name_at]
            if not name or "\n" in name:
                raise DataError.at(
                    self.name,
                    expected=A_NAME,
                    found=shown(name),
                    line=line,
                    column=self.name_at + 1,
                )
            if name in seen:
                raise DataError.at(
                    self.name,
                    expected="each row name once",
                    found=f"{shown(name)} again (first in line {seen[name]})",
                    line=line,
                )
            seen[name] = line
            n_rows += 1
            yield line, cells
        if not n_rows:
            raise DataError.at(
                self.name, expected="rows below the header", found="none", line=self.header_line
            )
        for what, promised, found in (
            ("rows", self.size[0], n_rows),
            ("columns", self.size[1], n_cells),
        ):
            if promised not in (None, found):
                raise DataError.at(
                    self.name,
                    expected=f"{promised} {what} as its comment lines say",
                    found=str(found),
                )

    def _body_records(self) -> Iterator[Record]:
        return records(
            io.StringIO(self.body),
            delimiter=self.delimiter,
            name=self.name,
            first_line=self.body_line,
        )

    def _ragged(self, line: int, row: list[str]) -> DataError:
        lengths = [len(cells) for _, cells, _ in self._body_records()]
        error = ragged(len(self.header), row, name=self.name, line=line, separator=self.delimiter)
        # All rows agree against the header, so the header is what is wrong; but not where they
        # are of one cell, or of twice as many (another separator, decimal commas).
        if len(lengths) > 1 and set(lengths) == {len(row)} and "(" not in str(error):
            return DataError.at(
                self.name,
                expected=f"{len(row)} cells as in every row below",
                found=f"{len(self.header)} (the first cell heads the row names)",
                line=self.header_line,
            )
        return error
