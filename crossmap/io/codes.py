"""Genotype codes: which text in a file stands for which genotype of a cross type."""

import warnings
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd

from crossmap.cross import CROSSTYPES, NOT_FIRST, NOT_LAST
from crossmap.errors import ArgumentError, CrossmapWarning, DataError
from crossmap.io.cells import MISSING, shown
from crossmap.io.faults import Faults

UNLISTED = "genotype cells that hold no code were read as missing"
"""What a lenient reader says of them."""

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

RQTL_DOMINANT: Mapping[str, str] = MappingProxyType({"D": "not BB", "C": "not AA"})
"""What D and C stand for in an F2 there."""

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
        Text in the file -> class 0..G-1, -1 for codes that are read as missing; of two classes G
        for the code of hemizygous males, which `settle_x` turns into a class; in an F2 the codes
        of dominant calls, `crossmap.cross.NOT_LAST` and `NOT_FIRST`.
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
        listed = [code for code, index in self.classes.items() if 0 <= index < len(self.names)]
        if len(self.names) == 2 and len(unlisted) == 1 and _is_third(min(unlisted), listed):
            three = ", ".join([*listed, *unlisted])
            return (
                f" ({three} are three genotypes, as of crosstype f2; "
                "a code named NA is read as missing)"
            )
        if len(unlisted) > 1:
            some = sorted(unlisted)[:_MAX_LISTED]
            more = ", ..." if len(unlisted) > len(some) else ""
            return f" (cells hold {', '.join(map(shown, some))}{more}; codes= says what they mean)"
        return ""


def _is_third(text: str, listed: Collection[str]) -> bool:
    """Whether a text looks like a third genotype: H, a number, two letters of the others."""
    letters = {letter for code in listed for letter in code}
    return text in _THIRD or (len(text) == 2 and text.isalpha() and letters.issuperset(text))


def settle_x(
    calls: pd.DataFrame,
    codes: GenotypeCodes,
    *,
    chromosomes: Mapping[str, str],
    sex: Mapping[str, str | None],
    error: Callable[..., DataError],
    faults: Faults,
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Give hemizygous males their class; refuse their code anywhere but on X.

    In a backcross, files code them AA and BB, as the male has the one or the other X; BB counts
    as the class that carries B. What is none of either sex is missing, as in R/qtl: BB of females,
    and AB of males where males have BB; where none has, AB is what the file calls B.

    Parameters
    ----------
    calls
        int8, markers x samples, with the class G where the code of such males stands.
    codes
        How genotypes are spelled.
    chromosomes
        Marker -> chromosome.
    sex
        Sample -> female or male; others where nobody knows.
    error
        Makes the error of a cell, given marker and sample.
    faults
        What becomes of the code on other chromosomes.

    Returns
    -------
    calls : pandas.DataFrame
        int8 in -1..G-1.
    notes : tuple of str
        What was read otherwise than it stands there.

    Warns
    -----
    CrossmapWarning
        If calls on X are none of the sample's sex.

    Raises
    ------
    DataError
        If the code stands on another chromosome, unless faults are stepped over.
    """
    n_classes = len(codes.names)
    rows, columns = np.nonzero(calls.to_numpy() == n_classes)
    if n_classes > 2 or ("male" not in sex.values() and not len(rows)):
        return calls, ()
    settled, notes = _settled_by_sex(calls, codes, chromosomes=chromosomes, sex=sex)
    if not len(rows):
        return pd.DataFrame(settled, index=calls.index, columns=calls.columns), notes
    text = next(text for text, index in codes.classes.items() if index == n_classes)
    markers, samples = calls.index.tolist(), calls.columns.tolist()
    for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
        marker, sample = markers[row], samples[column]
        is_x = chromosomes.get(marker, "X").upper() == "X"
        if not is_x:
            settled[row, column] = -1
            expected = f"{codes.words} (but on X)"
            hint = " (a genotype of an F2)"
            fault = error(marker, sample, expected=expected, found=text, hint=hint)
            faults.take(fault, remedy=UNLISTED)
    return pd.DataFrame(settled, index=calls.index, columns=calls.columns), notes


def _settled_by_sex(
    calls: pd.DataFrame,
    codes: GenotypeCodes,
    *,
    chromosomes: Mapping[str, str],
    sex: Mapping[str, str | None],
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Calls of a backcross, on X as sex has them, and what is to be said of it."""
    given = calls.to_numpy()
    on_x = np.array([chromosomes.get(m, "X").upper() == "X" for m in calls.index], dtype=np.bool_)
    of_sex = {
        word: on_x[:, None] & np.array([sex.get(s) == word for s in calls.columns], dtype=np.bool_)
        for word in ("female", "male")
    }
    settled = np.where((given == 2) & on_x[:, None], 1, given).astype(np.int8)
    hets = of_sex["male"] & (given == 1)
    strange = of_sex["female"] & (given == 2)
    notes: tuple[str, ...] = ()
    if (of_sex["male"] & (given == 2)).any():
        strange |= hets
    elif hets.any():
        notes = (
            f"on X males have {codes.names[0]} and {codes.names[1]}: the latter is read as the "
            f"allele it has beside {codes.names[0]}",
        )
    if strange.any():
        settled[strange] = -1
        row, column = np.argwhere(strange)[0]
        warnings.warn(
            f"{strange.sum():,} calls on X are none of the individual's sex and were read as "
            f"missing: heterozygous males or females homozygous for the allele of the other parent "
            f"(the first: marker {calls.index[row]}, individual {calls.columns[column]})",
            CrossmapWarning,
            stacklevel=5,
        )
    return settled, notes


def genotype_codes(codes: Mapping[str, str], *, crosstype: str) -> GenotypeCodes:
    """Check the user's genotype codes against the cross type.

    Parameters
    ----------
    codes
        Text in the file -> name of the genotype, classes in order of first appearance; several
        codes may name one genotype, and a code named NA is read as missing. In an F2 "not BB" and
        "not AA" (whatever the homozygotes are called) name dominant calls.
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
    named = dict.fromkeys(name for name in codes.values() if name != "NA")
    names = tuple(name for name in named if not (n_classes == 3 and _is_negation(name, named)))
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
    number = {name: index for index, name in enumerate(names)} | {"NA": -1}
    if n_classes == 3:
        number |= {f"not {names[-1]}": NOT_LAST, f"not {names[0]}": NOT_FIRST}
    wrong = next((name for name in named if name not in number), None)
    if wrong is not None:
        msg = (
            f"codes: expected dominant calls named 'not {names[0]}' or 'not {names[-1]}', "
            f"found {wrong!r}"
        )
        raise ArgumentError(msg)
    return GenotypeCodes(names, {code: number[name] for code, name in codes.items()})


def _is_negation(name: str, named: Collection[str]) -> bool:
    return name.startswith("not ") and name.removeprefix("not ") in named


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
