"""What the text of a cell means: a number, a name, nothing."""

import math
import re
from collections.abc import Callable

import numpy as np
import pandas as pd

from crossmap.errors import DataError
from crossmap.io.arrow import cast_numbers
from crossmap.io.faults import STRICT, Faults

MISSING = ("NA", "-")
"""What stands for a missing value where the user has not said otherwise; empty cells always do."""

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_NAN = frozenset({"nan", "+nan", "-nan"})
_INFINITE = re.compile(r"[+-]?inf(inity)?", re.IGNORECASE)
_DECIMAL_COMMA = re.compile(r"[+-]?[0-9]*,[0-9]+([eE][+-]?[0-9]+)?")
_LEADING_ZERO = re.compile(r"[+-]?0[0-9]")
_MAX_SHOWN = 40


def parse_number(cell: str) -> float:
    """Turn the text of one cell into a finite number, NaN for nan.

    Parameters
    ----------
    cell
        Text without surrounding space.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If it is none; the message says what was expected.

    Examples
    --------
    >>> parse_number("1e-3")
    0.001
    """
    if _NUMBER.fullmatch(cell):
        value = float(cell)
        if not math.isinf(value):
            return value
    elif cell.lower() in _NAN:
        return math.nan
    elif not _INFINITE.fullmatch(cell):
        msg = "a number"
        raise ValueError(msg)
    msg = "a finite number"
    raise ValueError(msg)


def is_number(cell: str) -> bool:
    """Whether a cell spells a number.

    Parameters
    ----------
    cell
        Text without surrounding space.

    Returns
    -------
    bool
    """
    return _NUMBER.fullmatch(cell) is not None


def number_column(
    frame: pd.DataFrame,
    column: str,
    *,
    error: Callable[..., DataError],
    faults: Faults = STRICT,
    remedy: str = "",
) -> np.ndarray:
    """Turn one column of text into numbers.

    Parameters
    ----------
    frame
        object, None missing, as from `TextTable.strings`.
    column
        Which one.
    error
        Makes the error of a cell, as `TextTable.error` does.
    faults
        What becomes of cells that are no finite numbers.
    remedy
        What is done about them where faults are stepped over: they are missing.

    Returns
    -------
    numpy.ndarray
        float64 [n_rows], NaN missing.

    Raises
    ------
    DataError
        For a cell that is no finite number, unless faults are stepped over.
    """
    cells = frame[column].to_numpy(dtype=object)
    at_once = cast_numbers(cells)
    if at_once is not None:
        return at_once
    values = np.full(len(frame), np.nan)
    for i, cell in enumerate(cells):
        if cell is None:
            continue
        try:
            values[i] = parse_number(cell)
        except ValueError as refused:
            fault = error(frame.index[i], column, expected=str(refused), found=cell)
            faults.take(fault, remedy=remedy)
    return values


def typed_columns(frame: pd.DataFrame, *, error: Callable[..., DataError]) -> pd.DataFrame:
    """Turn those columns of text into numbers that hold nothing else.

    Parameters
    ----------
    frame
        object, None missing. A column with a leading zero (``001``) holds names, not numbers.
    error
        Makes the error of a cell, as `crossmap.io.text.TextTable.error` does.

    Returns
    -------
    pandas.DataFrame
        Columns of float64 (NaN missing) or object (None missing).

    Raises
    ------
    DataError
        For an infinite number in a column of numbers.

    Examples
    --------
    >>> frame = pd.DataFrame({"age": ["1", None], "batch": ["01", "02"]}, dtype=object)
    >>> typed = typed_columns(frame, error=DataError.at)
    >>> typed["age"].tolist(), typed["batch"].tolist()
    ([1.0, nan], ['01', '02'])
    """
    columns = {}
    for name in frame.columns:
        cells = frame[name].to_numpy()
        columns[name] = frame[name]
        if all(cell is None or _is_quantity(cell) for cell in cells):
            values = number_column(frame, name, error=error)
            columns[name] = pd.Series(values, index=frame.index)
    return pd.DataFrame(columns, index=frame.index, columns=frame.columns)


def _is_quantity(cell: str) -> bool:
    number = _NUMBER.fullmatch(cell) and not _LEADING_ZERO.match(cell)
    return bool(number or cell.lower() in _NAN or _INFINITE.fullmatch(cell))


def cell_text(value: object) -> str:
    """Spell a value so that it reads back the same.

    Parameters
    ----------
    value
        Text, a number, a boolean, None, NaN or NA.

    Returns
    -------
    str
        Text as it is; numbers as short as reads back to the same float64; NA where missing.

    Examples
    --------
    >>> cell_text(12.0), cell_text(0.1), cell_text(True), cell_text(None)
    ('12', '0.1', 'true', 'NA')
    """
    if isinstance(value, str):
        return value
    if value is None or value is pd.NA or value != value:
        return "NA"
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, float | np.floating):
        return repr(float(value)).removesuffix(".0")
    return str(value)  # whole numbers: exact, however large


def shown_number(cell: str) -> str:
    """Quote a cell that should hold a number, and guess why it does not.

    Parameters
    ----------
    cell
        Its text.

    Returns
    -------
    str

    Examples
    --------
    >>> shown_number("8,5"), shown_number("tall")
    ("'8,5' (decimal commas? Write 8.5)", "'tall'")
    """
    is_comma = _DECIMAL_COMMA.fullmatch(cell)
    return shown(cell) + (f" (decimal commas? Write {cell.replace(',', '.')})" if is_comma else "")


def shown(cell: str) -> str:
    """Quote the text of a cell for a message, cut if it is long.

    Parameters
    ----------
    cell
        Its text.

    Returns
    -------
    str
    """
    return repr(cell if len(cell) <= _MAX_SHOWN else cell[:_MAX_SHOWN] + "...")
