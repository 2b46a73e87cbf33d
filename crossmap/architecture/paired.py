"""The same individuals measured in two conditions: means and differences, one for each of them."""

import warnings
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from crossmap.arguments import require_covariate
from crossmap.cross import Cross
from crossmap.errors import CrossmapWarning, DataError
from crossmap.genotypes.x_chromosome import sex_columns

FEWEST_INDIVIDUALS = 5
"""Measured in both conditions."""


@dataclass(frozen=True, eq=False)
class PairedMeasurements:
    """Two crosses whose samples are individuals.

    Parameters
    ----------
    mean, difference
        Traits (and covariates) as the mean of an individual's two measurements, and as the second
        less the first, conditions in alphabetical order.
    """

    mean: Cross
    difference: Cross


def paired_measurements(
    cross: Cross, *, condition: str, individual: str, covariates: list[str]
) -> PairedMeasurements:
    """Put the two measurements of every individual together.

    What is common to an individual's measurements is gone from their difference, so that a locus
    with the same effect in both conditions has none on it: linkage of the difference *is* the
    interaction of genotype and condition, and individuals are what may be permuted.

    Parameters
    ----------
    cross
        Each sample a measurement of an individual in a condition.
    condition, individual
        Columns of its covariates.
    covariates
        Further columns, kept as means and differences: numbers as they are, anything else as
        indicators of its levels. Sex and direction of the cross are kept as they are in a
        backcross or F2 with an X.

    Returns
    -------
    PairedMeasurements
        Of the individuals measured in both conditions.

    Warns
    -----
    CrossmapWarning
        If individuals were measured in one condition only and are left out.

    Raises
    ------
    ArgumentError
        If there is no such column.
    DataError
        If there are not two conditions, an individual was measured twice in one or has several
        genotypes, or fewer than 5 were measured in both.
    """
    for name, value in (("individual", individual), *(("covariates", c) for c in covariates)):
        require_covariate(name, value, cross.covariates.columns)
    labels = cross.covariates[condition]
    levels = sorted(labels.dropna().astype(str).unique())
    if len(levels) != 2:
        msg = (
            f"condition {condition}: expected 2 conditions of the same individuals, found "
            f"{len(levels)} (choose two with Cross.subset)"
        )
        raise DataError(msg)
    names = cross.covariates[individual]
    known = np.flatnonzero((labels.notna() & names.notna()).to_numpy())
    place = pd.DataFrame(
        {
            "individual": names.iloc[known].astype(str).to_numpy(),
            "level": labels.iloc[known].astype(str).to_numpy(),
            "sample": known,
        }
    )
    twice = np.flatnonzero(place.duplicated(["individual", "level"]).to_numpy())
    if len(twice):
        row = place.iloc[twice[0]]
        msg = (
            f"individual {individual}: expected one measurement in each condition, found "
            f"{row['individual']} twice in {row['level']}"
        )
        raise DataError(msg)
    both = place.pivot(index="individual", columns="level", values="sample").dropna().sort_index()
    n_alone = place["individual"].nunique() - len(both)
    if len(both) < FEWEST_INDIVIDUALS:
        msg = (
            f"individual {individual}: expected {FEWEST_INDIVIDUALS} or more that were measured in "
            f"both conditions, found {len(both)}"
        )
        raise DataError(msg)
    if n_alone:
        warnings.warn(
            f"{n_alone} of {n_alone + len(both)} individuals were measured in one condition only "
            "and are left out",
            CrossmapWarning,
            stacklevel=3,
        )
    one, two = (both[level].to_numpy(dtype=np.int64) for level in levels)
    base = replace(
        cross,
        samples=tuple(both.index),
        genotypes=_genotypes(cross, one, two, list(both.index)),
        parents=cross.parents.iloc[:0],
        ruled_out=None if cross.ruled_out is None else cross.ruled_out[:, one],
    )
    index = pd.Index(both.index, name="sample")
    of_sex = sex_columns(cross)
    numbers = _numbers(cross.covariates[[name for name in covariates if name not in of_sex]])
    kept = cross.covariates[of_sex].iloc[one].set_index(index)
    first, second = numbers.iloc[one].to_numpy(), numbers.iloc[two].to_numpy()
    y, z = cross.traits[:, one], cross.traits[:, two]

    def made(traits: np.ndarray, values: np.ndarray) -> Cross:
        table = pd.DataFrame(values, index=index, columns=numbers.columns)
        columns = pd.concat([table, kept], axis=1)
        return replace(base, traits=np.ascontiguousarray(traits), covariates=columns)

    return PairedMeasurements(
        mean=made((y + z) / 2.0, (first + second) / 2.0), difference=made(z - y, second - first)
    )


def _genotypes(cross: Cross, one: np.ndarray, two: np.ndarray, names: list[str]) -> np.ndarray:
    """Calls of either sample of an individual."""
    a, b = cross.genotypes[:, one], cross.genotypes[:, two]
    differs = np.argwhere((a >= 0) & (b >= 0) & (a != b))
    if len(differs):
        marker, number = differs[0]
        msg = (
            f"individual {names[number]}: expected the same genotypes in both of its samples, "
            f"found others at marker {cross.markers['marker'].iloc[marker]}"
        )
        raise DataError(msg)
    return np.ascontiguousarray(np.where(a >= 0, a, b))


def _numbers(covariates: pd.DataFrame) -> pd.DataFrame:
    """Numbers as they are, anything else as indicators of all levels but the first."""
    columns: dict[str, np.ndarray] = {}
    for name, column in covariates.items():
        if pd.api.types.is_numeric_dtype(column.dtype):
            columns[str(name)] = column.to_numpy(dtype=np.float64)
            continue
        text = column.astype(object).where(column.isna(), column.astype(str))
        for level in sorted(text.dropna().unique())[1:]:
            is_level = np.where(text.isna(), np.nan, text == level)
            columns[f"{name} {level}"] = is_level.astype(np.float64)
    return pd.DataFrame(columns, index=covariates.index)
