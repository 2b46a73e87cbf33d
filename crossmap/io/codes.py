"""Genotype codes: which text in a file stands for which genotype of a cross type."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from crossmap.cross import CROSSTYPES
from crossmap.errors import ArgumentError
from crossmap.io.cells import MISSING, shown

RQTL_CODES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "f2": {"A": "AA", "H": "AB", "B": "BB"},
        "bc": {"A": "AA", "H": "AB"},
        "haploid": {"A": "A", "B": "B"},
        "dh": {"A": "AA", "B": "BB"},
        "riself": {"A": "AA", "B": "BB"},
        "risib": {"A": "AA", "B": "BB"},
    }
)
"""What A, H and B stand for in R/qtl's files where nobody says otherwise."""

_MAX_LISTED = 6
_THIRD = frozenset("Hh0123")


@dataclass(frozen=True)
class GenotypeCodes:
    """How a file spells the genotypes of a cross type.

    Parameters
    ----------
    names
        Names of the G classes.
    classes
        Text in the file -> class 0..G-1, -1 for codes that are read as missing.
    note
        What to add where another text is refused.
    """

    names: tuple[str, ...]
    classes: Mapping[str, int]
    note: str = ""

    @property
    def words(self) -> str:
        """What to say was expected of a cell that holds anything else."""
        return f"one of {', '.join(self.classes) or 'no codes'}{self.note}"

    def hint(self, unlisted: Collection[str]) -> str:
        """Guess why cells hold texts that are no codes.

        Parameters
        ----------
        unlisted
            Those texts.

        Returns
        -------
        str
            In brackets after a space, or empty.

        Examples
        --------
        >>> GenotypeCodes(("A", "B"), {"A": 0, "B": 1}).hint({"H"})
        ' (A, B, H are three genotypes, as of crosstype f2; a code named NA is read as missing)'
        >>> GenotypeCodes(("A", "B"), {"A": 0, "B": 1}).hint({"b"})
        ' (codes are told apart by case)'
        """
        folded = {code.casefold() for code in self.classes}
        if any(text.casefold() in folded for text in unlisted):
            return " (codes are told apart by case)"
        listed = [code for code, index in self.classes.items() if index >= 0]
        if len(self.names) == 2 and len(unlisted) == 1 and _is_third(min(unlisted), listed):
            three = ", ".join([*listed, *unlisted])
            return (
                f" ({three} are three genotypes, as of crosstype f2; "
                "a code named NA is read as missing)"
            )
        if len(unlisted) > 1:
            some = sorted(unlisted)[:_MAX_LISTED]
            more = ", ..." if len(unlisted) > len(some) else ""
            return f" (cells hold {', '.join(map(shown, some))}{more})"
        return ""


def _is_third(text: str, listed: Collection[str]) -> bool:
    """Whether a text looks like a third genotype: H, a number, two letters of the others."""
    letters = {letter for code in listed for letter in code}
    return text in _THIRD or (len(text) == 2 and text.isalpha() and letters.issuperset(text))


def genotype_codes(codes: Mapping[str, str], *, crosstype: str) -> GenotypeCodes:
    """Check the user's genotype codes against the cross type.

    Parameters
    ----------
    codes
        Text in the file -> name of the genotype, classes in order of first appearance; several
        codes may name one genotype, and a code named NA is read as missing.
    crosstype
        One of `crossmap.cross.CROSSTYPES`.

    Returns
    -------
    GenotypeCodes

    Raises
    ------
    ArgumentError
        For an unknown cross type, another number of genotypes than it has, a code that stands for
        a missing value already.

    Examples
    --------
    >>> genotype_codes({"1": "BY", "2": "RM", "9": "NA"}, crosstype="haploid").classes
    {'1': 0, '2': 1, '9': -1}
    """
    n_classes = check_crosstype(crosstype)
    names = tuple(dict.fromkeys(name for name in codes.values() if name != "NA"))
    if len(names) != n_classes:
        msg = (
            f"codes: expected {n_classes} genotypes for crosstype {crosstype}, "
            f"found {len(names)} ({', '.join(names) or 'none'})"
        )
        raise ArgumentError(msg)
    for text in (*codes, *names):
        if text in ("", *MISSING):
            msg = f"codes: expected codes and names of genotypes, found {text!r} (a missing value)"
            raise ArgumentError(msg)
    classes = {code: -1 if name == "NA" else names.index(name) for code, name in codes.items()}
    return GenotypeCodes(names, classes)


def require_crosstype(crosstype: str | None, *, format: str) -> str:
    """Ask for the cross type where the format does not name it.

    Parameters
    ----------
    crosstype
        What the user named, if anything.
    format
        What the file is, in the plural, for the message.

    Returns
    -------
    str

    Raises
    ------
    ArgumentError
        If it is not named, or unknown.
    """
    if crosstype is None:
        msg = (
            f"crosstype: expected one of {', '.join(CROSSTYPES)}, found none "
            f"({format} do not name it, and it is never guessed)"
        )
        raise ArgumentError(msg)
    check_crosstype(crosstype)
    return crosstype


def check_crosstype(crosstype: str) -> int:
    """Refuse an unknown cross type.

    Parameters
    ----------
    crosstype
        What the user named.

    Returns
    -------
    int
        Its number of genotypes.

    Raises
    ------
    ArgumentError
        If it is unknown.
    """
    if crosstype not in CROSSTYPES:
        msg = f"crosstype: expected one of {', '.join(CROSSTYPES)}, found {crosstype!r}"
        raise ArgumentError(msg)
    return CROSSTYPES[crosstype]
