"""What every writer of a cross shares: names a table can hold, delimited text, what is lost."""

import csv
import io
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from crossmap.errors import CrossmapWarning, DataError
from crossmap.io.cells import MISSING
from crossmap.io.results import writing

# Line ends, null bytes and halves of characters (which UTF-8 does not have).
_UNWRITABLE = re.compile("[\n\r\0\ud800-\udfff]")


def check_names(
    names_of: Mapping[str, Iterable[object]],
    *,
    never_missing: Sequence[str] = (),
    bare: bool = False,
) -> None:
    """Refuse names that would not read back.

    Parameters
    ----------
    names_of
        Kind of name -> the names.
    never_missing
        Kinds that stand where a missing value could.
    bare
        Whether the format has no quotes: then no name may hold a tab.

    Raises
    ------
    DataError
        For a name that is empty, has space around it, or holds what a table cannot.
    """
    for kind, names in names_of.items():
        for name in names:
            held = str(name)
            is_fine = bool(held) and held == held.strip() and not _UNWRITABLE.search(held)
            if kind in never_missing:
                is_fine = is_fine and held not in MISSING
            if bare:
                is_fine = is_fine and "\t" not in held and '"' not in held
            if not is_fine:
                msg = f"{kind} names: expected names that a table can hold, found {held!r}"
                raise DataError(msg)


def delimited(lines: Iterable[Sequence[str]], *, delimiter: str = ",", for_r: bool = False) -> str:
    r"""Write rows of cells; those that need quotes get them.

    Parameters
    ----------
    lines
        Rows of cells.
    delimiter
        What separates them.
    for_r
        Whether R is to read them, which takes an apostrophe for a quote unless the whole cell is
        quoted.

    Returns
    -------
    str
        Lines end in a line feed.

    Examples
    --------
    >>> delimited([["a,b", "1"], ["c", "2"]])
    '"a,b",1\nc,2\n'
    """
    buffer = io.StringIO()
    plain = csv.writer(buffer, delimiter=delimiter, lineterminator="\n")
    if not for_r:
        plain.writerows(lines)
        return buffer.getvalue()
    quoted = csv.writer(buffer, delimiter=delimiter, lineterminator="\n", quoting=csv.QUOTE_ALL)
    for line in lines:
        writer = quoted if any("'" in cell for cell in line) else plain
        writer.writerow(line)
    return buffer.getvalue()


def write_files(folder: str | Path, contents: Mapping[str, str]) -> None:
    """Write text files into a folder, in the order given.

    Parameters
    ----------
    folder
        Made if it is not there; files of the same names are replaced.
    contents
        File name -> text.

    Raises
    ------
    OutputError
        If they cannot be written.
    """
    place = Path(folder)
    with writing(folder):
        place.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            (place / name).write_text(content, encoding="utf-8", newline="\n")


def warn_of_loss(lost: Sequence[str], *, format: str) -> None:
    """Warn of what a format cannot hold.

    Parameters
    ----------
    lost
        What, in plain words; nothing is said of nothing.
    format
        Which format.

    Warns
    -----
    CrossmapWarning
        Once.
    """
    if lost:
        warnings.warn(
            f"{format} cannot hold {', '.join(lost)}; not written", CrossmapWarning, stacklevel=3
        )
