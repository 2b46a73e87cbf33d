"""Traits made ready for the searches of several loci: their own samples, covariates taken out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from crossmap.cross import Cross
from crossmap.errors import DataError
from crossmap.kernels.regression import row_squares
from crossmap.linkage.null_model import NullDesign, NullModel, null_design
from crossmap.linkage.predictors import group_patterns

FEWEST_SAMPLES = 8
"""With fewer samples no two-locus model leaves degrees of freedom worth the name."""


@dataclass(frozen=True, eq=False)
class SearchTraits:
    """Traits with enough values to be searched.

    Parameters
    ----------
    table
        Their rows of the trait table.
    values
        float64 [n_traits, n_samples]: residuals on the covariates, or without covariates the values
        as they are; NaN where a sample has no value or lacks a covariate.
    covariate_df
        int64 [n_traits]: degrees of freedom that the covariates took.
    dropped_covariates
        Covariates left out because those before them determine them.
    n_without_covariates
        Samples left out because they lack a covariate.
    """

    table: pd.DataFrame
    values: np.ndarray
    covariate_df: np.ndarray
    dropped_covariates: tuple[str, ...]
    n_without_covariates: int


def search_traits(cross: Cross, covariates: Sequence[str] = ()) -> SearchTraits:
    """Give every trait its own samples, and take covariates out of it.

    Parameters
    ----------
    cross
        Any cross.
    covariates
        Columns of `cross.covariates`: numbers as they are, anything else by its levels. Samples
        without a value are left out.

    Returns
    -------
    SearchTraits
        Traits whose values, less the degrees of freedom of the covariates, number fewer than
        `FEWEST_SAMPLES` are left out.

    Raises
    ------
    ArgumentError
        For a name that is no covariate.
    DataError
        If no trait is left, or a covariate cannot be used.

    Notes
    -----
    Traits with the same samples share one regression on intercept and covariates. Genotypes are
    left as they are, so a search on the residuals approximates the model that has covariates and
    loci side by side: exactly right where the two are uncorrelated, else somewhat too cautious.

    Examples
    --------
    >>> from crossmap import simulate_cross
    >>> cross = simulate_cross(n_samples=20, n_traits=3, n_markers=30).cross
    >>> cross.traits[1, :15] = np.nan
    >>> search_traits(cross).table["trait"].tolist() == [cross.trait_names[i] for i in (0, 2)]
    True
    """
    design = null_design(cross.covariates, covariates=covariates)
    missing = np.isnan(cross.traits)
    values = cross.traits
    if covariates:
        missing = missing | ~design.is_complete
        values = np.where(missing, np.nan, values)
    covariate_df = np.zeros(len(values), dtype=np.int64)
    is_enough = np.zeros(len(values), dtype=np.bool_)
    for rows, samples in group_patterns(missing, np.arange(cross.n_samples)):
        if covariates and len(samples):
            null = design.on(samples)
            values[np.ix_(rows, samples)] = _residuals(null, values[np.ix_(rows, samples)])
            covariate_df[rows] = null.rank - 1
        is_enough[rows] = len(samples) - covariate_df[rows] >= FEWEST_SAMPLES
    if not is_enough.any():
        raise DataError(_why_none(cross, design, covariates))
    return SearchTraits(
        table=cross.trait_table[is_enough].reset_index(drop=True),
        values=values[is_enough],
        covariate_df=covariate_df[is_enough],
        dropped_covariates=design.on(np.flatnonzero(design.is_complete)).dropped
        if covariates
        else (),
        n_without_covariates=int((~design.is_complete).sum()),
    )


def _residuals(null: NullModel, values: np.ndarray) -> np.ndarray:
    """Residuals on the null model; 0 where nothing but rounding is left."""
    left = null.residuals(values)
    squares = np.empty(len(left))
    row_squares(left, squares)
    largest = np.abs(values).max(axis=1, initial=0.0)
    left[squares <= 1e-24 * null.n_samples * largest**2] = 0.0
    return left


def _why_none(cross: Cross, design: NullDesign, covariates: Sequence[str]) -> str:
    if cross.n_samples < FEWEST_SAMPLES:
        return f"samples: expected at least {FEWEST_SAMPLES}, found {cross.n_samples}"
    if covariates:
        usable = np.flatnonzero(design.is_complete)
        taken = design.on(usable).rank - 1 if len(usable) else len(design.columns)
        if len(usable) - taken < FEWEST_SAMPLES:
            return (
                f"covariates: expected to leave at least {FEWEST_SAMPLES} degrees of freedom, "
                f"found {len(usable)} samples that have them all for {taken} coefficients"
            )
    return (
        f"traits: expected one with values in at least {FEWEST_SAMPLES} samples"
        + (" beyond the degrees of freedom of the covariates" if covariates else "")
        + f", found none among {cross.n_traits}"
    )
