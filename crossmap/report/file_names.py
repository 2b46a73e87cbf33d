"""File names for traits, whatever they are called."""

import re
from collections.abc import Iterator, Sequence

LONGEST = 60


def file_stems(prefix: str, names: Sequence[str]) -> dict[str, str]:
    """Make a file name, without its ending, for each of several names.

    Parameters
    ----------
    prefix
        How every file name begins.
    names
        Names of traits, none twice.

    Returns
    -------
    dict of str to str
        Name -> file name of ASCII letters, digits, dots, hyphens and underscores, no two alike
        even where capitals do not count. It depends on the names before in `names` alone.

    Examples
    --------
    >>> file_stems("surface", ["GPA1", "gpa1", "a/b c"])
    {'GPA1': 'surface_GPA1', 'gpa1': 'surface_gpa1_2', 'a/b c': 'surface_a_b_c'}
    """
    taken: set[str] = set()
    stems = {}
    for name in names:
        plain = re.sub(r"[^A-Za-z0-9.-]+", "_", name)[:LONGEST].strip("._") or "trait"
        stem = next(s for s in _candidates(f"{prefix}_{plain}") if s.casefold() not in taken)
        taken.add(stem.casefold())
        stems[name] = stem
    return stems


def _candidates(stem: str) -> Iterator[str]:
    yield stem
    number = 2
    while True:
        yield f"{stem}_{number}"
        number += 1
