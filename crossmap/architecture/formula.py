"""Formulas of multi-locus models: which main effects and interactions a model has."""

import re
from collections.abc import Sequence
from itertools import combinations

from crossmap.errors import ArgumentError

Terms = tuple[tuple[int, ...], ...]
"""Terms of a model, each the numbers (from 0) of its loci in ascending order."""


def model_terms(formula: str | None, loci: Sequence[str]) -> Terms:
    """Read which terms a model has.

    Parameters
    ----------
    formula
        Loci are Q1, Q2, ... in the order of `loci` (which always means these numbers), or their
        own names; a name is read as long as it can be, and may stand in backticks. ``Q1:Q2`` is an
        interaction, ``Q1 * Q2`` is ``Q1 + Q2 + Q1:Q2``, ``(Q1 + Q2 + Q3)^2`` all main effects and
        pairs, and ``-`` takes a term out. ``y ~`` may stand before. None: all main effects and,
        for two loci, their interaction.
    loci
        Names of the loci, none twice.

    Returns
    -------
    tuple of tuple of int
        By number of loci, then in the order of `loci`. The constant is always in the model and
        stands for itself. With an interaction come all terms within it, as in R/qtl.

    Raises
    ------
    ArgumentError
        If the formula cannot be read, names an unknown locus, or leaves one out.

    Examples
    --------
    >>> model_terms("Q1 * mk9", ["mk4", "mk9"])
    ((0,), (1,), (0, 1))
    >>> model_terms("y ~ Q3 + Q1:Q2", ["a", "b", "c"])
    ((0,), (1,), (2,), (0, 1))
    """
    if formula is None:
        found: set[tuple[int, ...]] = {(i,) for i in range(len(loci))}
        if len(loci) == 2:
            found.add((0, 1))
    else:
        found = _parse(formula, loci)
    whole = {
        part
        for term in found
        for size in range(1, len(term) + 1)
        for part in combinations(term, size)
    }
    for number, name in enumerate(loci):
        if (number,) not in whole:
            msg = f"formula: expected a term for every locus, found none for Q{number + 1} ({name})"
            raise ArgumentError(msg)
    return tuple(sorted(whole, key=lambda term: (len(term), term)))


def term_name(term: Sequence[int], names: Sequence[str] | None = None) -> str:
    """Write a term.

    Parameters
    ----------
    term
        Numbers of its loci, from 0; none for the constant.
    names
        Names of the loci; None writes Q1, Q2, ...

    Returns
    -------
    str

    Examples
    --------
    >>> term_name((0, 2)), term_name((0, 2), ["a", "b", "c"]), term_name(())
    ('Q1:Q3', 'a:c', 'Intercept')
    """
    return ":".join(names[i] if names else f"Q{i + 1}" for i in term) or "Intercept"


def _parse(formula: str, loci: Sequence[str]) -> set[tuple[int, ...]]:
    import patsy

    words = _words(formula, loci)
    try:
        terms = patsy.ModelDesc.from_formula(" ".join(words)).rhs_termlist
    except patsy.PatsyError as error:
        reason = str(error).splitlines()[0]
        msg = f"formula: expected a model such as Q1 * Q2 + Q3, found {formula!r} ({reason})"
        raise ArgumentError(msg) from error
    factors = {f"Q{i + 1}": i for i in range(len(loci))}
    found = set()
    for term in terms:
        names = [factor.name() for factor in term.factors]
        strange = [name for name in names if name not in factors]
        if strange:  # patsy takes Q1 Q2 and Q1(Q2) for Python, which it is not given to run
            msg = f"formula: expected an operator between loci, found {strange[0]!r}"
            raise ArgumentError(msg)
        found.add(tuple(sorted(factors[name] for name in names)))
    return found - {()}


def _words(formula: str, loci: Sequence[str]) -> list[str]:
    """Cut a formula into operators and loci, the latter as Q1, Q2, ..."""
    number = {name: f"Q{i + 1}" for i, name in enumerate(loci)}
    longest_first = sorted(map(re.escape, loci), key=len, reverse=True)
    # Nothing but these words reaches patsy, which would run anything else as Python.
    word = re.compile(
        r"(?P<power>(?:\*\*|\^)\s*\d+)|(?P<operator>[-+*:()])|[Qq](?P<number>\d+)(?![\w.])"
        rf"|`(?P<quoted>[^`]*)`|(?P<name>{'|'.join(longest_first)})(?![\w.])"
    )
    rest = re.sub(r"^\s*y?\s*~", "", formula).strip()
    words = []
    while rest:
        match = word.match(rest)
        if match is None:
            found = re.split(r"[\s+*:()^-]", rest, maxsplit=1)[0]
            raise ArgumentError(_unknown(found or rest[0], loci))
        kind = str(match.lastgroup)
        text = match[kind]
        if kind == "power":
            words.append("**" + text.lstrip("*^ \t"))
        elif kind == "operator":
            words.append(text)
        else:
            name = f"Q{int(text)}" if kind == "number" else number.get(text, "")
            if name not in number.values():
                raise ArgumentError(_unknown(match[0], loci))
            words.append(name)
        rest = rest[match.end() :].lstrip()
    return words


def _unknown(found: str, loci: Sequence[str]) -> str:
    last = f" to Q{len(loci)}" if len(loci) > 1 else ""
    return (
        f"formula: expected Q1{last} or their names ({', '.join(loci)}) "
        f"joined by + * : - ( ) ^, found {found!r}"
    )
