"""The truth of a simulated cross, as a table in a file: one row per trait and true locus."""

import csv
import io
from pathlib import Path

import numpy as np
import pandas as pd

from crossmap.errors import DataError
from crossmap.io.cells import parse_number
from crossmap.io.files import decode_text, read_bytes

_WHOLE = ("n_loci", "locus")
_NUMBERS = ("pos_bp", "pos_cm", "effect", "interaction_effect", "variance_share")

TRUTH_COLUMNS = (
    "trait", "n_loci", "locus", "chr", "pos_bp", "pos_cm", "role", "kind", "effect",
    "interaction_effect", "variance_share",
)  # fmt: skip

TRUTH_FILE = "truth.tsv"


def truth_table(rows: list[tuple]) -> pd.DataFrame:
    """Make a truth table, its columns always of the same types.

    Parameters
    ----------
    rows
        Tuples with one entry for each of `TRUTH_COLUMNS`.

    Returns
    -------
    pandas.DataFrame
        n_loci and locus int64; positions, effects and shares float64, NaN missing; the rest
        object, None missing.

    Examples
    --------
    >>> nan = float("nan")
    >>> truth_table([("g1", 0, 0, None, nan, nan, None, "none", nan, nan, nan)])["locus"].tolist()
    [0]
    """
    table = pd.DataFrame(rows, columns=list(TRUTH_COLUMNS), dtype=object)
    types = dict.fromkeys(_WHOLE, np.int64) | dict.fromkeys(_NUMBERS, np.float64)
    return table.astype(types)


def write_truth(truth: pd.DataFrame, file: str | Path) -> None:
    """Write a truth table, tab-separated, NA where missing; numbers read back as they were.

    Parameters
    ----------
    truth
        As `truth_table` makes it.
    file
        Overwritten if it is there.
    """
    table = truth.astype({"pos_bp": "Int64"})
    table.to_csv(file, sep="\t", index=False, na_rep="NA", lineterminator="\n", encoding="utf-8")


def read_truth(file: str | Path) -> pd.DataFrame:
    """Read a truth table.

    Parameters
    ----------
    file
        Tab-separated, with at least the columns `TRUTH_COLUMNS`; NA where missing.

    Returns
    -------
    pandas.DataFrame
        As `truth_table` makes it.

    Raises
    ------
    DataError
        If the file cannot be read, is empty, lacks a column, has a row of another length than the
        header or a cell without the number that should stand there.
    """
    text = io.StringIO(decode_text(read_bytes(file), str(file)))
    try:
        header, *records = csv.reader(text, delimiter="\t")
    except csv.Error as error:
        raise DataError.at(file, expected="a table", found=str(error)) from error
    for column in TRUTH_COLUMNS:
        if column not in header:
            raise DataError.at(file, line=1, expected=f"a column {column}", found="none")
    rows = []
    for line, record in enumerate(records, start=2):
        if len(record) != len(header):
            expected = f"{len(header)} cells as in the header"
            raise DataError.at(file, line=line, expected=expected, found=str(len(record)))
        cells = dict(zip(header, record, strict=True))
        rows.append(tuple(_value(file, line, c, cells[c]) for c in TRUTH_COLUMNS))
    return truth_table(rows)


def _value(file: str | Path, line: int, column: str, cell: str) -> str | float | int | None:
    if column in _WHOLE:
        if cell.isdecimal():
            return int(cell)
        raise DataError.at(
            file, line=line, column=column, expected="a whole number", found=repr(cell)
        )
    if column not in _NUMBERS:
        return None if cell == "NA" else cell
    if cell == "NA":
        return np.nan
    try:
        return parse_number(cell)
    except ValueError as error:
        raise DataError.at(
            file, line=line, column=column, expected=str(error), found=repr(cell)
        ) from None
