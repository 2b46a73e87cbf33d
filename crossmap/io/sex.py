"""R/qtl2's keys sex and cross_info: whose column says it, or which file, and what codes mean."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import pandas as pd

from crossmap.cross import Cross
from crossmap.errors import DataError
from crossmap.io.cells import cell_text
from crossmap.io.control import Control
from crossmap.io.sections import Section
from crossmap.io.sources import Source

NEEDED_BY = frozenset({"bc", "f2", "risib"})
"""Cross types whose genotypes on X depend on sex or on the direction of the cross."""

KEYS = ("sex", "cross_info")

FEMALE = frozenset({"f", "fem", "female", "females", "0", "0.0"})
MALE = frozenset({"m", "mal", "male", "males", "1", "1.0"})
FORWARD, REVERSE = frozenset({"0", "0.0"}), frozenset({"1", "1.0"})
COLUMNS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"sex": ("sex",), "cross_info": ("pgm", "cross_info")}
)
"""Covariates that are understood, whatever their case."""

_WORDS: Mapping[str, tuple[tuple[frozenset[str], str], ...]] = MappingProxyType(
    {
        "sex": ((FEMALE, "female"), (MALE, "male")),
        "cross_info": ((FORWARD, "0"), (REVERSE, "1")),
    }
)

_SEX_NUMBERS: Mapping[str, str] = MappingProxyType({"0": "female", "1": "male"})
_DIRECTIONS: Mapping[str, str] = MappingProxyType({"0": "0", "1": "1"})


def sex_sections(control: Control, source: Source, *, crosstype: str) -> dict[str, Section]:
    """Open the files that the keys name, as in ``sex: {file: sex.csv, f: female, m: male}``.

    Parameters
    ----------
    control
        The control file.
    source
        Where its files are.
    crosstype
        Of the cross; types that do not need either have none.

    Returns
    -------
    dict
        Key -> the file; a key that names a column of covar is not there.

    Raises
    ------
    DataError
        If a file cannot be read, or a key names both a file and a column.
    """
    found = {}
    for key in KEYS if crosstype in NEEDED_BY else ():
        value = control.values.get(key)
        has_column = isinstance(value, dict) and "covar" in value
        if not control.has(key) or (isinstance(value, dict) and "file" not in value):
            continue
        if has_column:
            raise control.error(key=key, expected="a file or a column of covar", found="both")
        found[key] = Section.open(control, source, key)
    return found


def decoded_covariates(
    control: Control,
    covariates: pd.DataFrame | None,
    *,
    crosstype: str,
    error: Callable[..., DataError],
    files: Mapping[str, Section] = MappingProxyType({}),
) -> tuple[pd.DataFrame | None, frozenset[str]]:
    """Put sex and direction of the cross into covariates ``sex`` and ``cross_info``.

    Parameters
    ----------
    control
        The control file.
    covariates
        Texts, one row per individual; None where there are none.
    crosstype
        Of the cross; types that do not need either are left as they are.
    error
        Makes the error of a cell of `covariates`, given individual and column.
    files
        From `sex_sections`.

    Returns
    -------
    covariates : pandas.DataFrame
        With ``sex`` as female or male and ``cross_info`` as 0 or 1, where the control file names a
        column or a file for them; None where there is no covariate at all.
    used : frozenset of str
        The keys that were used.

    Raises
    ------
    DataError
        If a key names a column that is not there, or a cell holds no code of it.
    """
    used: set[str] = set()
    if crosstype not in NEEDED_BY:
        return covariates, frozenset()
    for key, numbers, allowed in (
        ("sex", _SEX_NUMBERS, ("female", "male")),
        ("cross_info", _DIRECTIONS, ("0", "1")),
    ):
        value = control.values.get(key)
        if key in files:
            texts, of_cell = _column_of(files[key]), files[key].error
        elif isinstance(value, dict) and "covar" in value:
            if covariates is None or str(value["covar"]) not in covariates:
                raise control.error(
                    key=key, expected="a column of covar", found=repr(str(value["covar"]))
                )
            texts, of_cell = covariates[str(value["covar"])], error
        else:
            continue
        named = value if isinstance(value, dict) else {}
        codes = {str(k): str(v) for k, v in named.items() if k not in ("covar", "file")}
        wrong = next((v for v in codes.values() if v not in allowed), None)
        if wrong is not None:
            raise control.error(key=key, expected=f"{' or '.join(allowed)}", found=repr(wrong))
        meaning = codes or numbers
        cells: list[str | None] = []
        for individual, cell in texts.items():
            if cell is not None and cell not in meaning:
                expected = f"one of {', '.join(meaning)}"
                raise of_cell(str(individual), str(texts.name), expected=expected, found=cell)
            cells.append(None if cell is None else meaning[cell])
        column = pd.Series(cells, texts.index, dtype=object)
        used.add(key)
        if (
            key not in files
            and texts.name in COLUMNS[key]
            and _own_words(key, texts).equals(column)
        ):
            continue  # it says so itself, and stays as it is written
        if covariates is None:
            covariates = pd.DataFrame(index=column.index)
        fresh = column.index[~column.index.isin(covariates.index)]
        everyone = covariates.reindex([*covariates.index, *fresh])
        everyone = everyone.astype(object).where(everyone.notna(), None)
        own = column.reindex(everyone.index)
        covariates = everyone.assign(**{key: own.astype(object).where(own.notna(), None)})
    return covariates, frozenset(used)


def _column_of(section: Section) -> "pd.Series[str]":
    """The one column of a file."""
    frame = section.strings()
    if frame.shape[1] != 1:
        raise DataError.at(
            section.name, expected="a column beside the individuals",
            found=f"{frame.shape[1]} columns",
        )  # fmt: skip
    return frame.iloc[:, 0]


def written_keys(cross: Cross) -> dict[str, dict[str, object]]:
    """Say to R/qtl2 which covariates hold sex and direction of the cross.

    Parameters
    ----------
    cross
        Any cross.

    Returns
    -------
    dict
        Keys ``sex`` and ``cross_info`` of the control file: column and meaning of its cells; only
        for cross types that need them, and where every cell is understood.
    """
    keys: dict[str, dict[str, object]] = {}
    for key in KEYS if cross.crosstype in NEEDED_BY else ():
        names = [c for c in cross.covariates.columns if str(c).casefold() in COLUMNS[key]]
        if not names:
            continue
        column = cross.covariates[names[0]]
        texts = list(dict.fromkeys(map(cell_text, column.dropna().tolist())))
        own = _own_words(key, pd.Series(texts, dtype=object))
        meaning = dict(zip(texts, own, strict=True))
        if len(meaning) and None not in meaning.values():
            # Without meanings, R/qtl2 takes 0 and 1 as they are.
            codes = {} if set(meaning) <= {"0", "1"} else meaning
            numbers = {text: int(word) if word in ("0", "1") else word
                       for text, word in codes.items()}  # fmt: skip
            keys[key] = {"covar": str(names[0]), **numbers}
    return keys


def known_sex(table: pd.DataFrame | None, *, crosstype: str) -> dict[str, str | None]:
    """Read the sex of individuals from a column that says it itself.

    Parameters
    ----------
    table
        Texts, one row per individual; None where there are none.
    crosstype
        Of the cross.

    Returns
    -------
    dict
        Individual -> female, male or None; empty without a column ``sex``, and for cross types
        other than a backcross, whose codes on X alone depend on it.
    """
    names = [] if table is None else [c for c in table.columns if str(c).casefold() == "sex"]
    if table is None or not names or crosstype != "bc":
        return {}
    words = _own_words("sex", table[names[0]])
    return dict(zip(map(str, table.index), words, strict=True))


def _own_words(key: str, texts: "pd.Series[str]") -> "pd.Series[str]":
    """What cells say without a key: female or male, 0 or 1; None for what is not understood."""
    found = []
    for cell in texts:
        text = None if cell is None else cell.strip().casefold()
        found.append(next((word for spellings, word in _WORDS[key] if text in spellings), None))
    return pd.Series(found, texts.index, dtype=object)
