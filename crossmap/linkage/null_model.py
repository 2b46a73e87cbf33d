"""What every test of a scan has in its null model: intercept, covariates, correlated errors."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from crossmap.arguments import require_covariate
from crossmap.cross import refuse_huge
from crossmap.errors import DataError
from crossmap.execution import one_blas_thread
from crossmap.kernels.regression import residual_rows, row_squares
from crossmap.kernels.scan1 import BLOCK

COLLINEAR = 1e-10
"""Share of a covariate's sum of squares below which what is left of it is rounding."""

ASYMMETRY = 1e-8
"""Largest difference across the diagonal, relative to the largest entry, that rounding explains."""

NOT_POSITIVE = 1e-12
"""Share of the largest variance below which a conditional variance is rounding."""

PRODUCT_ROWS = 128
"""Rows of every product with a whitener: with one shape for all, no row's bits depend on how many
rows there are."""


@dataclass(frozen=True, eq=False)
class UnitTraits:
    """Residuals of traits on a null model, scaled to unit length.

    Parameters
    ----------
    y
        float64 [n_traits, n_samples]: residuals of the whitened traits, unit sum of squares; 0 for
        a trait that does not vary.
    z
        float64 [n_traits, n_samples]: what is summed over raw genotypes, W' y; `y` itself where
        errors are not correlated.
    total
        float64 [n_traits]: residual sum of squares before scaling; 0 where nothing varies beyond
        rounding.
    """

    y: np.ndarray
    z: np.ndarray
    total: np.ndarray

    @cached_property
    def _single(self) -> np.ndarray:
        return self._padded(np.dtype(np.float32))

    def _padded(self, dtype: np.dtype) -> np.ndarray:
        n_traits, n = self.y.shape
        padded = np.zeros((_whole_blocks(n_traits), n), dtype=dtype)
        padded[:n_traits] = self.y
        return padded

    def in_blocks(self, dtype: np.dtype) -> np.ndarray:
        """Give `y` as float32 (made once) or float64, with rows of 0 up to a whole block."""
        return self._single if dtype == np.float32 else self._padded(dtype)

    def longest(self, multipliers: np.ndarray) -> np.ndarray:
        """Largest norm over the traits of `z` times each multiplier: float64 [M]."""
        squares = np.einsum("tk,mk->mt", self.z**2, multipliers**2)
        return np.sqrt(squares.max(axis=1, initial=0.0))

    def side_by_side(self, multipliers: np.ndarray, dtype: np.dtype) -> np.ndarray:
        """Lay `z` times each multiplier out in blocks of traits, as a search by changes takes them.

        Parameters
        ----------
        multipliers
            float64 [M, n_samples].
        dtype
            Of the search.

        Returns
        -------
        numpy.ndarray
            [n_blocks, M, n_samples, BLOCK]; the last block is filled up with 0.
        """
        n_traits, n = self.z.shape
        shape = (_whole_blocks(n_traits) // BLOCK, len(multipliers), n, BLOCK)
        blocks = np.zeros(shape, dtype=dtype)
        for number, block in enumerate(blocks):
            part = self.z[number * BLOCK : (number + 1) * BLOCK]
            for m, multiplier in enumerate(multipliers):
                block[m, :, : len(part)] = (part * multiplier if m else part).T
        return blocks


def _whole_blocks(n: int) -> int:
    return -(-n // BLOCK) * BLOCK


@dataclass(frozen=True, eq=False)
class NullModel:
    """The null model of every test on one set of samples.

    Parameters
    ----------
    samples
        int64 [n]: rows of the samples used.
    basis
        float64 [n, rank]: orthonormal columns of the whitened intercept and covariates.
    whitener
        float64 [n, n], lower triangular W with W K W' = I; None for independent errors.
    interactive
        float64 [m, n]: interactive covariates, centred, largest absolute value 1.
    interactive_scale
        float64 [m]: what they were divided by.
    dropped
        Covariates left out because those before them determine them.
    """

    samples: np.ndarray
    basis: np.ndarray
    whitener: np.ndarray | None
    interactive: np.ndarray
    interactive_scale: np.ndarray
    dropped: tuple[str, ...]

    @property
    def n_samples(self) -> int:
        """Number of samples used."""
        return len(self.samples)

    @property
    def rank(self) -> int:
        """Degrees of freedom that the null model takes, the intercept's included."""
        return self.basis.shape[1]

    def whiten(self, rows: np.ndarray) -> np.ndarray:
        """Multiply rows by the whitener: float64 [n_rows, n], W applied to each."""
        return rows if self.whitener is None else product_rows(rows, self.whitener.T)

    def residuals(self, rows: np.ndarray) -> np.ndarray:
        """Whiten rows and take the null model out of them: float64 [n_rows, n]."""
        out = np.empty(rows.shape)
        residual_rows(np.ascontiguousarray(self.whiten(rows)), self.basis, out)
        return out

    def unit_traits(self, traits: np.ndarray) -> UnitTraits:
        """Take the null model out of traits and scale them to unit length.

        Parameters
        ----------
        traits
            float64 [n_traits, n], complete values of these samples.

        Returns
        -------
        UnitTraits
        """
        whitened = np.ascontiguousarray(self.whiten(traits))
        y, total = np.empty(traits.shape), np.empty(len(traits))
        residual_rows(whitened, self.basis, y)
        row_squares(y, total)
        largest = np.abs(whitened).max(axis=1, initial=0.0)
        total[total <= 1e-24 * self.n_samples * largest**2] = 0.0
        with np.errstate(divide="ignore"):
            y *= np.where(total > 0, 1.0 / np.sqrt(total), 0.0)[:, None]
        z = y if self.whitener is None else product_rows(y, self.whitener)
        return UnitTraits(y, z, total)


def product_rows(rows: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Multiply rows by a matrix, so that no row's bits depend on how many rows there are.

    Parameters
    ----------
    rows
        float64 [n_rows, n].
    matrix
        float64 [n, k].

    Returns
    -------
    numpy.ndarray
        float64 [n_rows, k].
    """
    out = np.empty((len(rows), matrix.shape[1]))
    block = np.zeros((PRODUCT_ROWS, rows.shape[1]))
    with one_blas_thread():
        for start in range(0, len(rows), PRODUCT_ROWS):
            part = rows[start : start + PRODUCT_ROWS]
            block[: len(part)] = part
            out[start : start + PRODUCT_ROWS] = (block @ matrix)[: len(part)]
    return out


@dataclass(frozen=True, eq=False)
class NullDesign:
    """Covariates and error covariance of all samples; `on` makes the model of some of them.

    Parameters
    ----------
    names
        Names of the columns: a numeric covariate's own, ``name[level]`` for a level of another.
    columns
        float64 [P, n_samples]; NaN where a sample's covariate is missing.
    interactive_names, interactive
        The same for the covariates that interact with the genotype; they are among `columns` too.
    covariance
        float64 [n_samples, n_samples], of the errors up to a factor; None for independent ones of
        equal variance.
    """

    names: tuple[str, ...]
    columns: np.ndarray
    interactive_names: tuple[str, ...]
    interactive: np.ndarray
    covariance: np.ndarray | None

    @property
    def is_complete(self) -> np.ndarray:
        """Samples without a missing covariate: bool [n_samples]."""
        return ~np.isnan(self.columns).any(axis=0)

    def on(self, samples: np.ndarray) -> NullModel:
        """Make the null model of some samples.

        Parameters
        ----------
        samples
            int64 [n]: their rows, ascending, all with complete covariates.

        Returns
        -------
        NullModel

        Raises
        ------
        DataError
            If the error covariance of these samples is not positive definite.
        """
        whitener = None if self.covariance is None else _whitener(self.covariance, samples)
        columns = np.vstack([np.ones(len(samples)), self.columns[:, samples]])
        centred = columns - columns.mean(axis=1, keepdims=True)
        centred[0] = 1.0
        reference = np.einsum("ij,ij->i", centred, centred)
        if whitener is not None:
            centred = centred @ whitener.T
            scale = np.einsum("ij,ij->i", centred, centred)
            reference = np.where(reference > 0, scale, 0.0)
        # A column that is constant but for rounding: its mean cannot be told from itself.
        largest = np.abs(columns).max(axis=1, initial=0.0)
        reference[reference <= 1e-24 * len(samples) * largest**2] = 0.0
        basis, is_kept = _orthonormal(centred, reference)
        interactive = self.interactive[:, samples]
        interactive = interactive - interactive.mean(axis=1, keepdims=True)
        scale = np.abs(interactive).max(axis=1, initial=0.0)
        scale[scale == 0] = 1.0
        return NullModel(
            samples=samples,
            basis=np.ascontiguousarray(basis.T),
            whitener=whitener,
            interactive=interactive / scale[:, None],
            interactive_scale=scale,
            dropped=tuple(np.array(self.names, dtype=object)[~is_kept[1:]]),
        )


def _orthonormal(rows: np.ndarray, reference: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gram-Schmidt, twice, in the order given, so that the later of two collinear rows goes."""
    basis = np.empty((0, rows.shape[1]))
    is_kept = np.zeros(len(rows), dtype=np.bool_)
    for number, row in enumerate(rows):
        left = row.copy()
        for _ in range(2):
            left -= basis.T @ (basis @ left)
        square = float(left @ left)
        if reference[number] > 0 and square > COLLINEAR * reference[number]:
            basis = np.vstack([basis, left / np.sqrt(square)])
            is_kept[number] = True
    return basis, is_kept


def _whitener(covariance: np.ndarray, samples: np.ndarray) -> np.ndarray:
    """W = L^-1 with L L' = K: any W with W K W' = I gives the same tests."""
    from scipy.linalg import solve_triangular

    part = covariance[np.ix_(samples, samples)]
    with one_blas_thread():
        try:
            root = np.linalg.cholesky(part)
        except np.linalg.LinAlgError:
            root = np.zeros_like(part)
        if not (np.diag(root) ** 2 > NOT_POSITIVE * np.diag(part).max(initial=0.0)).all():
            msg = (
                f"error_covariance: expected a positive definite matrix of the {len(samples)} "
                "samples, found one that is not"
            )
            raise DataError(msg)
        return solve_triangular(root, np.eye(len(samples)), lower=True)


def null_design(
    table: pd.DataFrame,
    *,
    covariates: Sequence[str] = (),
    interactive: Sequence[str] = (),
    error_covariance: pd.DataFrame | None = None,
    weights: str | None = None,
) -> NullDesign:
    """Turn covariates by name, error covariance and weights into columns and a matrix.

    Parameters
    ----------
    table
        Covariates, one row per sample, index = sample names.
    covariates
        Columns of `table` for the null model: numbers as they are, anything else by its levels,
        of which the first (in the order of their names) is the base.
    interactive
        Columns whose product with the genotype is tested; they enter the null model too.
    error_covariance
        Symmetric, positive definite, index and columns = sample names in any order; other samples
        may be in it.
    weights
        Column of `table` with weights above 0: the error variance of a sample is divided by its
        weight.

    Returns
    -------
    NullDesign

    Raises
    ------
    ArgumentError
        For a name that is no column of `table`.
    DataError
        If a covariate has no value or an interactive one only one, a weight is not above 0, or the
        error covariance lacks samples, holds missing values or is not symmetric.

    Examples
    --------
    >>> table = pd.DataFrame({"batch": ["a", "b", "b"], "age": [1.0, 2.0, None]}, index=list("xyz"))
    >>> design = null_design(table, covariates=["batch", "age"])
    >>> design.names, design.is_complete.tolist()
    (('batch[b]', 'age'), [True, True, False])
    """
    names: list[str] = []
    columns: list[np.ndarray] = []
    special_names: list[str] = []
    special: list[np.ndarray] = []
    for name in dict.fromkeys([*covariates, *interactive]):
        for label, column in _columns(table, name):
            names.append(label)
            columns.append(column)
            if name in interactive:
                if not np.nanmax(column) > np.nanmin(column):
                    msg = f"interactive {name}: expected two or more values, found one"
                    raise DataError(msg)
                special_names.append(label)
                special.append(column)
    shape = (-1, len(table))
    return NullDesign(
        names=tuple(names),
        columns=np.array(columns, dtype=np.float64).reshape(shape),
        interactive_names=tuple(special_names),
        interactive=np.array(special, dtype=np.float64).reshape(shape),
        covariance=_covariance(table, error_covariance, weights),
    )


def _columns(
    table: pd.DataFrame, name: str, *, argument: str = "covariates"
) -> list[tuple[str, np.ndarray]]:
    require_covariate(argument, name, table.columns)
    column = table[name]
    missing = column.isna().to_numpy()
    if missing.all():
        msg = f"covariate {name}: expected values, found none for the {len(table)} samples"
        raise DataError(msg)
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        refuse_huge(values[None], [f"covariate {name}"], list(map(str, table.index)))
        return [(name, values)]
    labels = column.astype(object).to_numpy(dtype=object)
    levels = sorted({str(label) for label in labels[~missing]})
    is_level = [np.array([str(label) == level for label in labels]) for level in levels[1:]]
    if not is_level:  # one level: a constant, which the intercept determines
        is_level, levels = [np.ones(len(labels))], ["", levels[0]]
    return [
        (f"{name}[{level}]", np.where(missing, np.nan, column))
        for level, column in zip(levels[1:], is_level, strict=True)
    ]


def _covariance(
    table: pd.DataFrame, error_covariance: pd.DataFrame | None, weights: str | None
) -> np.ndarray | None:
    if error_covariance is None and weights is None:
        return None
    matrix = np.eye(len(table))
    if error_covariance is not None:
        matrix = _aligned_covariance(error_covariance, [str(s) for s in table.index])
    if weights is not None:
        values = _weights(table, weights)
        matrix = matrix / np.sqrt(values[:, None] * values)
    return matrix


def _aligned_covariance(given: pd.DataFrame, samples: list[str]) -> np.ndarray:
    rows, columns = ([str(s) for s in axis] for axis in (given.index, given.columns))
    for axis, have in (("rows", rows), ("columns", columns)):
        absent = [s for s in samples if s not in set(have)]
        if absent:
            msg = (
                f"error_covariance: expected {axis} for all {len(samples)} samples, found none "
                f"for {absent[0]}" + (f" and {len(absent) - 1} more" if absent[1:] else "")
            )
            raise DataError(msg)
        if len(set(have)) < len(have):
            msg = f"error_covariance: expected each sample once, found {axis} with one name twice"
            raise DataError(msg)
    place = [{name: i for i, name in enumerate(have)} for have in (rows, columns)]
    matrix = given.to_numpy(dtype=np.float64)[
        np.ix_(*([where[s] for s in samples] for where in place))
    ]
    if not np.isfinite(matrix).all():
        msg = "error_covariance: expected finite numbers, found missing or infinite ones"
        raise DataError(msg)
    difference = np.abs(matrix - matrix.T)
    if (difference > ASYMMETRY * np.abs(matrix).max(initial=0.0)).any():
        i, k = np.unravel_index(int(difference.argmax()), difference.shape)
        msg = (
            f"error_covariance: expected a symmetric matrix, found {matrix[i, k]:g} for "
            f"{samples[i]}, {samples[k]} and {matrix[k, i]:g} for {samples[k]}, {samples[i]}"
        )
        raise DataError(msg)
    return (matrix + matrix.T) / 2.0


def _weights(table: pd.DataFrame, name: str) -> np.ndarray:
    ((label, values), *others) = _columns(table, name, argument="weights")
    is_levels = bool(others) or label != name
    if is_levels or not (values > 0).all():
        first = int((~(values > 0)).argmax())
        value = "none" if np.isnan(values[first]) else f"{values[first]:g}"
        bad = "levels" if is_levels else f"{value} for {table.index[first]}"
        msg = f"weights {name}: expected a number above 0 for every sample, found {bad}"
        raise DataError(msg)
    return values
