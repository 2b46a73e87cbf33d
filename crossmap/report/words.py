"""Numbers, names and places as they stand in a sentence."""

import math
import textwrap

import pandas as pd

from crossmap.words import count as count  # read from here by what writes sentences

LINE_WIDTH = 88


def fill(text: str) -> str:
    """Break a paragraph into lines that a terminal holds.

    Parameters
    ----------
    text
        One paragraph.

    Returns
    -------
    str
    """
    return textwrap.fill(text, LINE_WIDTH, break_long_words=False, break_on_hyphens=False)


def percent(share: float) -> str:
    """Write a share with two significant digits.

    Parameters
    ----------
    share
        From 0 to 1.

    Returns
    -------
    str

    Examples
    --------
    >>> percent(0.1), percent(0.00123), percent(7.44e-6), percent(0.0)
    ('10%', '0.12%', '0.00074%', '0%')
    """
    if share == 0 or abs(share) >= 0.0995:
        return f"{100 * share + 0.0:.0f}%"
    rounded = abs(float(f"{100 * share:.1e}"))
    digits = 1 - math.floor(math.log10(rounded))
    return f"{100 * share:.{digits}f}%"


def place(chromosome: str, start: float, end: float, unit: str) -> str:
    """Write a stretch of a chromosome.

    Parameters
    ----------
    chromosome
        Its name.
    start, end
        Its ends.
    unit
        ``bp`` (written in kb) or ``cm``.

    Returns
    -------
    str

    Examples
    --------
    >>> place("3", 175_000.0, 201_499.0, "bp"), place("X", 12.31, 12.31, "cm")
    ('chr 3 175-201 kb', 'chr X 12.3 cM')
    """
    if unit == "bp":
        ends, name = [f"{x / 1000:.0f}" for x in (start, end)], "kb"
    else:
        ends, name = [f"{x:.1f}" for x in (start, end)], "cM"
    return f"chr {chromosome} {'-'.join(dict.fromkeys(ends))} {name}"


def tell_of(n: int, most: int, *, which: str = "largest") -> str:
    """Write what stands before a list of which no more than the first are told.

    Parameters
    ----------
    n, most
        How many there are, and how many are told at most.
    which
        What those told are, of all.

    Returns
    -------
    str

    Examples
    --------
    >>> tell_of(0, 5), tell_of(5, 5), tell_of(34, 5)
    ('.', ':', '; the 5 largest:')
    """
    if n <= most:
        return ":" if n else "."
    return f"; the {most} {which}:"


def unit_of(table: pd.DataFrame) -> str:
    """Name the unit of a table's places: ``bp`` where columns say so, else ``cm``.

    Parameters
    ----------
    table
        With columns such as ``start1_bp``.

    Returns
    -------
    str
    """
    return "bp" if "start1_bp" in table else "cm"
