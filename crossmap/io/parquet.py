"""Parquet tables that others wrote: read whole, or refused in one clear line."""

from typing import Any

import pandas as pd

from crossmap.errors import DataError

_MAX_SHOWN = 200


def parquet_table(data: bytes, name: str) -> Any:
    """Read a Parquet file.

    Parameters
    ----------
    data
        Its bytes.
    name
        Of the file, for messages.

    Returns
    -------
    pyarrow.Table

    Raises
    ------
    DataError
        If the bytes are no whole Parquet file, or two columns have one name.
    """
    import pyarrow as pa
    from pyarrow import parquet

    try:
        table = parquet.read_table(pa.BufferReader(data), use_threads=False)
        table.validate(full=True)
        # Decoding the names checks them; without UTF-8 any later use of the table would fail.
        names = table.column_names
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _damaged(name, error) from error
    twice = next((c for i, c in enumerate(names) if c in names[:i]), None)
    if twice is not None:
        raise DataError.at(name, expected="each column once", found=f"{twice!r} again")
    return table


def parquet_frame(data: bytes, name: str) -> pd.DataFrame:
    """Read a Parquet file as a table of pandas; what pandas kept as an index is a column too.

    Parameters
    ----------
    data
        Its bytes.
    name
        Of the file, for messages.

    Returns
    -------
    pandas.DataFrame

    Raises
    ------
    DataError
        If the bytes are no whole Parquet file, or two columns have one name.
    """
    import pyarrow as pa

    table = parquet_table(data, name)
    try:
        # What pandas noted about itself may be damaged, and is not needed.
        frame: pd.DataFrame = table.to_pandas(ignore_metadata=True, use_threads=False)
    except (pa.ArrowException, ValueError, OverflowError) as error:
        raise _damaged(name, error) from error
    return frame


def _damaged(name: str, error: Exception) -> DataError:
    found = " ".join(str(error).split())[:_MAX_SHOWN]
    return DataError.at(name, expected="a whole Parquet file", found=found)
