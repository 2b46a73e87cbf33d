"""Transforms of traits before a scan."""

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np

from crossmap.arguments import require_one_of, require_whole
from crossmap.errors import DataError
from crossmap.execution import one_blas_thread
from crossmap.linkage.predictors import group_patterns

Transform = Literal["log2", "quantile", "normal_scores"]


def transform_traits(
    values: np.ndarray,
    transforms: Sequence[Transform] = (),
    *,
    n_components: int = 0,
    names: Sequence[str] | None = None,
) -> np.ndarray:
    """Transform traits, one transform after another.

    Parameters
    ----------
    values
        float64 [n_traits, n_samples], NaN missing; missing values stay missing.
    transforms
        ``log2``: logarithms; ``quantile``: every sample gets the same distribution of values, the
        mean of the samples' own; ``normal_scores``: every trait's values become the quantiles of
        the standard normal distribution at (rank - 0.5) / n, tied values at their mean rank.
    n_components
        In the end take out the traits' first principal components across samples, found from the
        complete traits that vary, each scaled to variance 1. The degrees of freedom of later tests
        do not know of it; components given as covariates are counted.
    names
        Trait names, for messages.

    Returns
    -------
    numpy.ndarray
        float64 [n_traits, n_samples]; `values` itself if nothing is asked.

    Raises
    ------
    ArgumentError
        For an unknown transform or a number of components below 0.
    DataError
        If a logarithm is asked of a value that is not above 0, or there are not so many components.

    Examples
    --------
    >>> transform_traits(np.array([[3.0, 9.0, 5.0]]), ["normal_scores"]).round(3)
    array([[-0.967,  0.967,  0.   ]])
    """
    for transform in transforms:
        require_one_of("transform", transform, get_args(Transform))
    require_whole("n_components", n_components, least=0)
    result = np.asarray(values, dtype=np.float64)
    for transform in transforms:
        if transform == "log2":
            result = _log2(result, names)
        elif transform == "quantile":
            result = _quantile(result)
        else:
            result = _normal_scores(result)
    return _without_components(result, n_components) if n_components else result


def _log2(values: np.ndarray, names: Sequence[str] | None) -> np.ndarray:
    if (values <= 0).any():
        row, column = np.argwhere(values <= 0)[0]
        name = names[row] if names is not None else f"number {row + 1}"
        msg = (
            f"trait {name}: expected values above 0 for a logarithm, "
            f"found {values[row, column]:g} among {int((values <= 0).sum())} that are not"
        )
        raise DataError(msg)
    return np.log2(values)


def _mean_ranks(values: np.ndarray) -> np.ndarray:
    """Ranks from 1 of the values of one row, ties at their mean."""
    _, which, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    return (last - (count - 1) / 2.0)[which.reshape(-1)]


def _quantile(values: np.ndarray) -> np.ndarray:
    grid = (np.arange(len(values)) + 0.5) / max(len(values), 1)
    reference = np.zeros(len(values))
    columns = [column[~np.isnan(column)] for column in values.T]
    filled = [column for column in columns if len(column)]
    for column in filled:
        own = (np.arange(len(column)) + 0.5) / len(column)
        reference += np.interp(grid, own, np.sort(column)) / len(filled)
    result = np.full(values.shape, np.nan)
    for number, column in enumerate(columns):
        if len(column):
            own = (_mean_ranks(column) - 0.5) / len(column)
            result[~np.isnan(values[:, number]), number] = np.interp(own, grid, reference)
    return result


def _normal_scores(values: np.ndarray) -> np.ndarray:
    from scipy import special

    result = np.full(values.shape, np.nan)
    for row, given in zip(result, values, strict=True):
        there = ~np.isnan(given)
        row[there] = special.ndtri((_mean_ranks(given[there]) - 0.5) / max(int(there.sum()), 1))
    return result


def _without_components(values: np.ndarray, n_components: int) -> np.ndarray:
    complete = values[~np.isnan(values).any(axis=1)]
    centred = complete - complete.mean(axis=1, keepdims=True)
    size = np.sqrt((centred**2).sum(axis=1))
    varies = size > 1e-12 * np.abs(complete).max(axis=1, initial=0.0) * np.sqrt(values.shape[1])
    scaled = centred[varies] / size[varies, None]
    most = min(len(scaled), values.shape[1] - 2)
    if n_components > most:
        msg = (
            f"n_components: expected at most {max(most, 0)} for {len(scaled)} complete traits that "
            f"vary and {values.shape[1]} samples, found {n_components}"
        )
        raise DataError(msg)
    with one_blas_thread():
        _, _, components = np.linalg.svd(scaled, full_matrices=False)
        design = np.vstack([np.ones(values.shape[1]), components[:n_components]])
        result = np.full(values.shape, np.nan)
        samples = np.arange(values.shape[1])
        for rows, kept in group_patterns(np.isnan(values), samples):
            part, columns = values[np.ix_(rows, kept)], design[:, kept].T
            basis, _ = np.linalg.qr(columns)
            part = part - (part @ basis) @ basis.T
            result[np.ix_(rows, kept)] = part - (part @ basis) @ basis.T
    return result
