"""Checks of single arguments that every room makes alike."""

import difflib
import re
from collections.abc import Collection, Iterable, Sequence
from typing import TypeGuard

import numpy as np

from crossmap.errors import ArgumentError


def names_of(given: Sequence[str] | None) -> tuple[str, ...]:
    """Give the names of an argument that takes several, one or none.

    Parameters
    ----------
    given
        Names; a single string is one name; None is none.

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> names_of("age"), names_of(["age", "sex"]), names_of(None)
    (('age',), ('age', 'sex'), ())
    """
    return (given,) if isinstance(given, str) else tuple(() if given is None else given)


MOST_HINTS = 3
"""Names that a message suggests."""


def did_you_mean(name: object, known: Iterable[object]) -> str:
    """Suggest known names for one that is not known, for the end of a message.

    Parameters
    ----------
    name
        What was given.
    known
        What it might have been.

    Returns
    -------
    str
        At most `MOST_HINTS` names: those that differ in capitals, punctuation and leading zeros
        alone; else the one spelt most alike; else those that begin so. Empty if there are
        none.

    Examples
    --------
    >>> did_you_mean("g1", ["g0001", "g0002"]), did_you_mean("YAL1C", ["YAL001C", "YBR002W"])
    (' (did you mean g0001?)', ' (did you mean YAL001C?)')
    >>> did_you_mean("m1", ["m10_5", "m11_7"]), did_you_mean("nope", ["g0001"])
    (' (did you mean m10_5 or m11_7?)', '')
    """
    names = list(dict.fromkeys(map(str, known)))
    given = _plain(str(name))
    close = [other for other in names if given and _plain(other) == given]
    close = close or difflib.get_close_matches(str(name), names, n=1)
    close = close or [other for other in names if given and _plain(other).startswith(given)]
    return f" (did you mean {' or '.join(close[:MOST_HINTS])}?)" if close else ""


def require_known(argument: str, names: Iterable[str], known: Collection[str]) -> None:
    """Refuse names that the cross does not have.

    Parameters
    ----------
    argument
        What they were given as, for the message.
    names
        What was given.
    known
        Names that there are.

    Raises
    ------
    ArgumentError
        If one is not known; the nearest that is stands in the message.

    Examples
    --------
    >>> require_known("trait", ["b2"], ["a1", "c3"])
    Traceback (most recent call last):
    ...
    crossmap.errors.ArgumentError: trait: expected names of the cross, found 'b2'
    """
    held = set(known)
    missing = [name for name in names if name not in held]
    if missing:
        others = f" and {len(missing) - 1} others" if len(missing) > 1 else ""
        msg = f"{argument}: expected names of the cross, found {missing[0]!r}{others}"
        raise ArgumentError(msg + did_you_mean(missing[0], known))


def require_covariate(argument: str, name: str, known: Iterable[object]) -> None:
    """Refuse a name that is no column of the covariates.

    Parameters
    ----------
    argument
        Its name.
    name
        What was given.
    known
        The columns there are.

    Raises
    ------
    ArgumentError
        If it is none of them.

    Examples
    --------
    >>> from crossmap.errors import ArgumentError
    >>> try:
    ...     require_covariate("strata", "bach", ["age", "batch"])
    ... except ArgumentError as error:
    ...     print(str(error)[33:])
    covariates (age, batch), found 'bach' (did you mean batch?)
    """
    columns = list(known)
    if name not in columns:
        have = ", ".join(map(str, columns)) or "none"
        msg = f"{argument}: expected a column of the covariates ({have}), found {name!r}"
        raise ArgumentError(msg + did_you_mean(name, columns))


def _plain(name: str) -> str:
    return re.sub(r"(?<!\d)0+(?=\d)", "", re.sub(r"[\W_]+", "", name.casefold()))


def require_whole(name: str, value: object, *, least: int) -> None:
    """Refuse an argument that is not a whole number.

    Parameters
    ----------
    name
        The argument, for the message.
    value
        What was given.
    least
        The smallest number allowed.

    Raises
    ------
    ArgumentError
        If it is not a whole number of at least `least`.
    """
    if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < least:
        msg = f"{name}: expected a whole number of at least {least}, found {value!r}"
        raise ArgumentError(msg)


def require_one_of(name: str, value: object, allowed: Sequence[str]) -> None:
    """Refuse an argument that is none of the words allowed.

    Parameters
    ----------
    name
        The argument, for the message.
    value
        What was given.
    allowed
        The words.

    Raises
    ------
    ArgumentError
        If it is not among them.
    """
    if not isinstance(value, str) or value not in allowed:
        msg = f"{name}: expected {' or '.join(allowed)}, found {value!r}"
        raise ArgumentError(msg)


def is_number(value: object) -> TypeGuard[int | float | np.number]:
    """Whether an argument is a number; True and False are none.

    Parameters
    ----------
    value
        What was given.

    Returns
    -------
    bool

    Examples
    --------
    >>> is_number(np.float32(1)), is_number(True), is_number("1")
    (True, False, False)
    """
    return isinstance(value, int | float | np.number) and not isinstance(value, bool)


def require_number(
    name: str, value: object, *, least: float = -np.inf, most: float = np.inf
) -> None:
    """Refuse an argument that is not a number within limits.

    Parameters
    ----------
    name
        The argument, for the message.
    value
        What was given.
    least, most
        Smallest and largest number allowed.

    Raises
    ------
    ArgumentError
        If it is not a number (NaN is none) or out of range.
    """
    number = float(value) if is_number(value) else np.nan
    if not least <= number <= most:
        span = f" of at least {least:g}" if most == np.inf else f" from {least:g} to {most:g}"
        msg = f"{name}: expected a number{span}, found {value!r}"
        raise ArgumentError(msg)


def require_share(name: str, value: object) -> None:
    """Refuse an argument that is not a number above 0 and at most 1.

    Parameters
    ----------
    name
        The argument, for the message.
    value
        What was given.

    Raises
    ------
    ArgumentError
        If it is not.
    """
    if not is_number(value) or not 0.0 < float(value) <= 1.0:
        msg = f"{name}: expected a number above 0 and at most 1, found {value!r}"
        raise ArgumentError(msg)


def require_usual(name: str, value: object, usual: object, why: str) -> None:
    """Refuse an argument that would do nothing.

    Parameters
    ----------
    name
        The argument, for the message.
    value
        What was given.
    usual
        What it is by default.
    why
        When it does nothing, as ``without genotype_probabilities``.

    Raises
    ------
    ArgumentError
        If it is not what it is by default.

    Examples
    --------
    >>> require_usual("fdr", 0.1, 0.1, "without joint linkages")
    >>> require_usual("fdr", 0.2, 0.1, "without joint linkages")
    Traceback (most recent call last):
    ...
    crossmap.errors.ArgumentError: fdr: expected 0.1 without joint linkages, found 0.2
    """
    same = value is usual or (value == usual and isinstance(value, bool) == isinstance(usual, bool))
    if not same:
        msg = f"{name}: expected {_written(usual)} {why}, found {_written(value)}"
        raise ArgumentError(msg)


def _written(value: object) -> str:
    if value is None or value == ():
        return "none"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return f"{value:g}" if is_number(value) else str(value)
