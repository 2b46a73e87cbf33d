"""R/qtl2's keys sex and cross_info: whose column says it, and what its codes mean."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import pandas as pd

from crossmap.errors import DataError
from crossmap.io.control import Control

NEEDED_BY = frozenset({"bc", "f2", "risib"})
"""Cross types whose genotypes on X depend on sex or on the direction of the cross."""

_SEX_NUMBERS: Mapping[str, str] = MappingProxyType({"0": "female", "1": "male"})
_DIRECTIONS: Mapping[str, str] = MappingProxyType({"0": "0", "1": "1"})


def decoded_covariates(
    control: Control,
    covariates: pd.DataFrame,
    *,
    crosstype: str,
    error: Callable[..., DataError],
) -> tuple[pd.DataFrame, frozenset[str]]:
    """Put sex and direction of the cross into covariates ``sex`` and ``cross_info``.

    Parameters
    ----------
    control
        The control file.
    covariates
        Texts, one row per individual.
    crosstype
        Of the cross; types that do not need either are left as they are.
    error
        Makes the error of a cell, given individual and column.

    Returns
    -------
    covariates : pandas.DataFrame
        With ``sex`` as female or male and ``cross_info`` as 0 or 1, where the control file names a
        column for them.
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
        if not isinstance(value, dict) or "covar" not in value:
            continue
        column = str(value["covar"])
        if column not in covariates:
            raise control.error(key=key, expected="a column of covar", found=repr(column))
        codes = {str(k): str(v) for k, v in value.items() if k not in ("covar", "file")}
        wrong = next((v for v in codes.values() if v not in allowed), None)
        if wrong is not None:
            raise control.error(key=key, expected=f"{' or '.join(allowed)}", found=repr(wrong))
        meaning = codes or numbers
        cells: list[str | None] = []
        for individual, cell in covariates[column].items():
            if cell is not None and cell not in meaning:
                raise error(individual, column, expected=f"one of {', '.join(meaning)}", found=cell)
            cells.append(None if cell is None else meaning[cell])
        covariates = covariates.assign(**{key: pd.Series(cells, covariates.index, dtype=object)})
        used.add(key)
    return covariates, frozenset(used)
