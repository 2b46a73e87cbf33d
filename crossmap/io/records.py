"""Text into rows of cells: comments above the header, separators, quotes, line numbers."""

import csv
import re
from collections.abc import Iterable, Iterator

from crossmap.errors import DataError
from crossmap.io.cells import shown

_SIZE = re.compile(r"\s*(nrow|ncol)\s+([0-9]+)\s*")
_SEPARATORS = {"\t": "tabs", ",": "commas", ";": "semicolons", "|": "bars", " ": "spaces"}

A_NAME = "a name on one line"

Record = tuple[int, list[str], int]
"""Line number from 1, cells without the space around them, number of lines."""


def skip_comments(text: str, comment: str | None) -> tuple[int, int, tuple[int | None, int | None]]:
    """Find where the header starts.

    Parameters
    ----------
    text
        A file.
    comment
        What comment lines begin with, or None.

    Returns
    -------
    tuple of int, int, tuple of int or None
        Offset and line number of the header; numbers of rows and columns that the comments above
        promise (``# nrow 12``, ``# ncol 3``), None where they do not.
    """
    start, line = 0, 1
    size: dict[str, int] = {}
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        content = text[start:end]
        if comment and content.startswith(comment):
            promise = _SIZE.fullmatch(content.removeprefix(comment))
            if promise:
                size[promise[1]] = int(promise[2])
        elif content.strip():
            break
        start, line = end + 1, line + 1
    return start, line, (size.get("nrow"), size.get("ncol"))


def lines_from(text: str, start: int) -> Iterator[str]:
    """Yield the lines of a text with their line ends.

    Parameters
    ----------
    text
        A file.
    start
        Where to begin.

    Yields
    ------
    str
    """
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        yield text[start:end]
        start = end


def records(
    lines: Iterable[str], *, delimiter: str, name: str, first_line: int = 1
) -> Iterator[Record]:
    """Yield the records that are not blank.

    Parameters
    ----------
    lines
        With their line ends.
    delimiter
        What separates cells.
    name
        The file as the user named it.
    first_line
        Number of the first of the lines.

    Yields
    ------
    Record

    Raises
    ------
    DataError
        For text that cannot be cut into cells.
    """
    reader = csv.reader(lines, delimiter=delimiter)
    before = 0
    try:
        for cells in reader:
            if cells:
                yield first_line + before, list(map(str.strip, cells)), reader.line_num - before
            before = reader.line_num
    except csv.Error as error:
        raise DataError.at(
            name, expected="delimited text", found=str(error), line=first_line + before
        ) from error


def separator_of(header: str) -> str:
    """Tell what separates the cells of a header: a tab if it holds one, else a comma.

    Parameters
    ----------
    header
        Its line.

    Returns
    -------
    str
    """
    return "\t" if "\t" in header else ","


def separator_hint(text: str, separator: str) -> str:
    """Guess by what else a line is separated.

    Parameters
    ----------
    text
        What was taken for one cell.
    separator
        What should separate cells.

    Returns
    -------
    str
        Such as ``semicolons``; empty without a guess.
    """
    others = {s: text.count(s) for s in _SEPARATORS if s != separator and s in text}
    # A space is often part of a name: it counts last.
    best = max(others, key=lambda s: (s != " ", others[s]), default=None)
    return "" if best is None else _SEPARATORS[best]


def check_header(header: list[str], *, name: str, line: int, separator: str) -> None:
    """Refuse a header of one cell, and names that are empty, repeated or broken over lines.

    Parameters
    ----------
    header
        Its cells, the corner first.
    name
        The file as the user named it.
    line
        Line number of the header.
    separator
        What separates cells.

    Raises
    ------
    DataError
        For such a header.
    """
    if len(header) < 2:
        what = {"\t": "tabs", ",": "tabs or commas"}.get(separator, repr(separator))
        other = separator_hint(header[0], separator)
        if other == "tabs":  # the file was to be split at commas alone
            what = "commas"
        raise DataError.at(
            name,
            expected=f"a header of two or more cells separated by {what}",
            found=f"{other} in {shown(header[0])}" if other else shown(header[0]),
            line=line,
        )
    seen: dict[str, int] = {}
    for number, cell in enumerate(header[1:], start=2):
        if not cell or "\n" in cell:
            raise DataError.at(name, expected=A_NAME, found=shown(cell), line=line, column=number)
        if cell in seen:
            raise DataError.at(
                name,
                expected="each column name once",
                found=f"{shown(cell)} again (first in column {seen[cell]})",
                line=line,
                column=number,
            )
        seen[cell] = number


def ragged(n_expected: int, row: list[str], *, name: str, line: int, separator: str) -> DataError:
    """Make the error of a row that has another number of cells than the header.

    Parameters
    ----------
    n_expected
        Cells in the header.
    row
        The cells of the row.
    name, line, separator
        As in `check_header`.

    Returns
    -------
    DataError
    """
    hint = ""
    if any("\n" in cell for cell in row):
        hint = " (is a quote not closed?)"
    elif len(row) == 1:
        other = separator_hint(row[0], separator)
        hint = f" ({other} in {shown(row[0])})" if other else ""
    elif separator == "," and len(row) == 2 * n_expected - 1:
        hint = " (are there decimal commas? Write decimal points)"
    return DataError.at(
        name,
        expected=f"{n_expected} cells as in the header",
        found=f"{len(row)}{hint}",
        line=line,
    )
