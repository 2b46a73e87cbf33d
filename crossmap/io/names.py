"""Names that do not agree between files: examples for messages, and guesses at why."""

import re
from collections.abc import Collection, Iterable, Sequence

import pandas as pd

_PUNCTUATION = re.compile(r"[\s_.\-]+")
_LEADING_ZEROS = re.compile(r"(?<![0-9])0+(?=[0-9])")
_R_PREFIX = re.compile(r"x(?=[0-9])")
_N_SHOWN = 2


def folded(name: str) -> str:
    """Reduce a name to what survives the usual ways of spelling it differently.

    Case, spaces and punctuation, leading zeros, and the X that R puts before a number go.

    Parameters
    ----------
    name
        Any name.

    Returns
    -------
    str

    Examples
    --------
    >>> folded("Seg 007"), folded("X12.1"), folded("seg7")
    ('seg7', '121', 'seg7')
    """
    bare = _PUNCTUATION.sub("", name.casefold())
    bare = _R_PREFIX.sub("", bare) if _R_PREFIX.match(bare) else bare
    return _LEADING_ZEROS.sub("", bare)


def look_alikes(names: Iterable[str], others: Iterable[str]) -> list[tuple[str, str]]:
    """Pair names that are spelled differently but look alike.

    Parameters
    ----------
    names, others
        Of two files.

    Returns
    -------
    list of tuple of str
        In name order; names that fold to the same as another of their own file are left out.

    Examples
    --------
    >>> look_alikes(["s1", "s2", "x"], ["S1", "S2 ", "y"])
    [('s1', 'S1'), ('s2', 'S2 ')]
    """
    first, second = _by_fold(names), _by_fold(others)
    pairs = [(name, second[fold]) for fold, name in first.items() if fold in second]
    return sorted(pair for pair in pairs if pair[0] != pair[1])


def _by_fold(names: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    ambiguous = set()
    for name in names:
        fold = folded(name)
        if fold in found:
            ambiguous.add(fold)
        found[fold] = name
    return {fold: name for fold, name in found.items() if fold and fold not in ambiguous}


def examples(names: "Sequence[str] | pd.Index | pd.Series") -> str:
    """Quote the first names of a list.

    Parameters
    ----------
    names
        Any number of them.

    Returns
    -------
    str
    """
    if not len(names):
        return "no names"
    some = [repr(name) for name in list(names)[:_N_SHOWN]]
    return ", ".join(some) + (", ..." if len(names) > _N_SHOWN else "")


def spelling_hint(names: Collection[str], others: Collection[str]) -> str:
    """Say which names of two files look alike.

    Parameters
    ----------
    names, others
        Of two files.

    Returns
    -------
    str
        A clause, empty if none do.

    Examples
    --------
    >>> spelling_hint(["s1", "s2"], ["S1", "S2"])
    "'s1' and 'S1' look alike but for case, spaces, punctuation or zeros (so do 1 more)"
    """
    pairs = look_alikes(names, others)
    if not pairs:
        return ""
    more = f" (so do {len(pairs) - 1} more)" if len(pairs) > 1 else ""
    one, other = pairs[0]
    return f"{one!r} and {other!r} look alike but for case, spaces, punctuation or zeros{more}"
