"""The fast way through a large table of text: Arrow parses all cells at once.

Arrow is used because its floats are exact in every version (those of pandas 2 are not by default),
because it is as fast as the parser of pandas, and because it insists on the number of cells in
every row. Whatever it refuses is None here: `crossmap.io.text` then looks at the cells one by one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa

_MAX_BLOCK = 2**31 - 1


@dataclass(frozen=True)
class Layout:
    """How the rows of a table are laid out.

    Parameters
    ----------
    n_cells
        Cells in every row, the name among them.
    delimiter
        What separates them.
    missing
        Cells that stand for a missing value.
    n_labels
        Leading cells that hold labels; the others hold values.
    name_at
        Which of the labels names the row, from 0.
    """

    n_cells: int
    delimiter: str
    missing: tuple[str, ...]
    n_labels: int = 1
    name_at: int = 0

    @property
    def n_values(self) -> int:
        """Values in every row."""
        return self.n_cells - self.n_labels


def parse_numbers(body: str, layout: Layout) -> tuple[list[str], np.ndarray] | None:
    """Parse rows of labels and numbers.

    Parameters
    ----------
    body
        The text below the header.
    layout
        How it is laid out.

    Returns
    -------
    tuple of list of str, numpy.ndarray; or None
        Names and float64 [n_rows, n_values], NaN missing; None if anything is odd: no rows,
        rows of another length, a cell that is no finite number, a name that is empty, repeated or
        broken over lines.
    """
    import pyarrow as pa

    table = _parse(body, layout, pa.float64())
    names = None if table is None else _names(table, layout)
    if table is None or names is None:
        return None
    values = np.empty((layout.n_values, len(names)))
    for row, cells in zip(values, table.columns[layout.n_labels :], strict=True):
        row[:] = cells.to_numpy()
    return None if np.isinf(values).any() else (names, values.T)


def parse_classes(
    body: str, layout: Layout, codes: Mapping[str, int]
) -> tuple[list[str], np.ndarray] | None:
    """Parse rows of labels and codes.

    Parameters
    ----------
    body
        The text below the header.
    layout
        How it is laid out.
    codes
        Text of a cell -> class, missing values included.

    Returns
    -------
    tuple of list of str, numpy.ndarray; or None
        Names and int8 [n_rows, n_values]; None if anything is odd: no rows, rows of another
        length, a cell with another text, a name that is empty, repeated or
        broken over lines.
    """
    import pyarrow as pa

    table = _parse(body, layout, pa.dictionary(pa.int32(), pa.string()))
    names = None if table is None else _names(table, layout)
    if table is None or names is None:
        return None
    values = np.empty((layout.n_values, len(names)), dtype=np.int8)
    for row, cells in zip(values, table.columns[layout.n_labels :], strict=True):
        start = 0
        for chunk in cells.chunks:
            lookup = [codes.get(text.strip()) for text in chunk.dictionary.to_pylist()]
            if None in lookup:
                return None
            stop = start + len(chunk)
            row[start:stop] = np.array(lookup, dtype=np.int8)[chunk.indices.to_numpy()]
            start = stop
    return names, values.T


def cast_numbers(texts: np.ndarray) -> np.ndarray | None:
    """Turn texts into numbers.

    Parameters
    ----------
    texts
        object [n], None missing.

    Returns
    -------
    numpy.ndarray or None
        float64 [n], NaN missing; None if one of them is no finite number, or nan spelt out.
    """
    import pyarrow as pa

    try:
        values = pa.array(texts, type=pa.string()).cast(pa.float64())
    except pa.ArrowException:
        return None
    numbers: np.ndarray = values.to_numpy(zero_copy_only=False)
    is_known = np.array([text is not None for text in texts], dtype=np.bool_)
    return numbers if np.isfinite(numbers[is_known]).all() else None


def _parse(body: str, layout: Layout, kind: "pa.DataType") -> "pa.Table | None":
    """Labels text, the values of one kind; None if Arrow refuses or there are no rows."""
    import pyarrow as pa
    from pyarrow import csv

    data = body.encode()
    labels = [str(i) for i in range(layout.n_cells)]
    try:
        table = csv.read_csv(
            pa.BufferReader(data),
            # One thread: execution.py alone makes threads. One block: no row is cut in two.
            read_options=csv.ReadOptions(
                use_threads=False,
                block_size=min(max(len(data) + 1, 1 << 16), _MAX_BLOCK),
                column_names=labels,
            ),
            parse_options=csv.ParseOptions(
                delimiter=layout.delimiter, newlines_in_values='"' in body
            ),
            convert_options=csv.ConvertOptions(
                column_types={
                    **dict.fromkeys(labels[: layout.n_labels], pa.string()),
                    **dict.fromkeys(labels[layout.n_labels :], kind),
                },
                null_values=list(layout.missing),
                strings_can_be_null=False,
            ),
        )
    except pa.ArrowException:
        return None
    return table if table.num_rows else None


def _names(table: "pa.Table", layout: Layout) -> list[str] | None:
    """Row names; None if one is empty, repeated or broken over lines."""
    names = [name.strip() for name in table.column(layout.name_at).to_pylist()]
    unique = set(names)
    is_odd = len(unique) < len(names) or "" in unique or any("\n" in name for name in unique)
    return None if is_odd else names
