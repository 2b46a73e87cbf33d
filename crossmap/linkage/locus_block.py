"""Loci ready to be tested: orthonormal columns, degrees of freedom, what a search looks out for."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from crossmap.genotypes.changes import Changes, feature_changes
from crossmap.genotypes.loci import recombination_coding
from crossmap.kernels.regression import orthonormal_columns, row_squares
from crossmap.linkage.null_model import NullModel
from crossmap.linkage.predictors import Coding, Predictors

Model = Literal["linear", "anova", "linear_cross"]

ADDITIONS_PER_PRODUCT = 4.0
"""One addition of the recombination coding takes as long as this many multiplications of a
single-precision product (tests/benchmarks/scan1.py prints both)."""


@dataclass(frozen=True, eq=False)
class LocusBlock:
    """Some rows of the predictors under one null model.

    Parameters
    ----------
    rows
        int64 [m]: rows of the predictors.
    null
        The null model that all of them share.
    features
        [F, m, n]: numbers of each row.
    multipliers
        float64 [M, n]: 1, then the interactive covariates. Columns m F + f are feature f times
        multiplier m.
    n_before
        Columns of each row that are in its null model (the first ones).
    columns
        float64 [m, K, n]: orthonormal columns, 0 where one adds nothing.
    transform
        float64 [m, K, K]: the columns as multiples of the whitened residuals of the features.
    df1, df2
        int64 [m]: degrees of freedom; 0 where nothing can be tested.
    chr_index
        int64 [m]: chromosomes; None for rows that lie on no map.
    """

    rows: np.ndarray
    null: NullModel
    features: np.ndarray
    multipliers: np.ndarray
    n_before: int
    columns: np.ndarray
    transform: np.ndarray
    df1: np.ndarray
    df2: np.ndarray
    chr_index: np.ndarray | None

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def is_tested(self) -> np.ndarray:
        """Rows that have a test: bool [m]."""
        return self.df1 > 0

    @cached_property
    def coding(self) -> tuple[Changes, np.ndarray] | None:
        """What a search by changes sums, and its sign; None for rows that lie on no map.

        Of two genotypes either may be called 1, whichever leaves fewer changes between neighbours:
        float64 [m], -1 where sums are those of the other genotype.
        """
        if self.chr_index is None:
            return None
        features, sign = self.features, np.ones(len(self))
        is_two_class = features.dtype == np.int8 and len(self) > 0 and features.max() <= 1
        if is_two_class and len(features) == 1:
            code = recombination_coding(features[0], self.chr_index).code
            sign[code[:, 0] != features[0, :, 0]] = -1.0
            features = code[None]
        return feature_changes(features, self.chr_index), sign

    @cached_property
    def is_coded(self) -> bool:
        """Whether changes between neighbours cost less than a matrix product."""
        if self.coding is None or not len(self):
            return False
        additions = self.coding[0].n_changes * len(self.multipliers)
        products = self.columns.size
        return ADDITIONS_PER_PRODUCT * additions < products

    @cached_property
    def degrees(self) -> tuple[np.ndarray, np.ndarray]:
        """Pairs of degrees of freedom that occur, int64 [C, 2], and which each row has."""
        pairs = np.column_stack([self.df1, self.df2])
        kinds, kind_of = np.unique(pairs, axis=0, return_inverse=True)
        return kinds, kind_of.reshape(-1).astype(np.int64)

    def r2_at(self, p: np.ndarray | float) -> np.ndarray:
        """R2 that has a given p-value, for every pair of `degrees`: float64 [C, ...].

        The upper tail of R2 is that of the beta distribution of df1/2 and df2/2.
        """
        from scipy import special

        kinds = self.degrees[0]
        shape = (len(kinds),) + (1,) * np.ndim(p)
        a, b = (np.maximum(kinds[:, i], 1).reshape(shape) / 2.0 for i in (0, 1))
        return special.betainccinv(a, b, np.asarray(p, dtype=np.float64))

    def search_error(self, dtype: np.dtype, longest: np.ndarray | None) -> np.ndarray:
        """Bound on the error of the projections that a search computes.

        Parameters
        ----------
        dtype
            Of the search.
        longest
            float64 [M]: largest norm of what is summed, over traits, for each multiplier; None for
            a search by matrix product.

        Returns
        -------
        numpy.ndarray
            float64 [m]: of the norm of the K projections.

        Notes
        -----
        Deterministic, to first order in the unit roundoff u. A product of n terms of unit vectors:
        n u. A running sum of N additions: N u times the largest partial sum, which is at most
        sqrt(n) ||z|| times half the range of the feature, since z sums to 0 (Higham 2002, Accuracy
        and Stability of Numerical Algorithms, sections 3.1 and 4.2).
        """
        unit = float(np.finfo(dtype).eps) / 2.0
        n, n_columns = self.null.n_samples, self.columns.shape[1]
        if longest is None or self.coding is None:
            error = np.full(len(self), np.sqrt(n_columns) * (n + 4) * unit)
        else:
            changes = self.coding[0]
            steps = 1.0 if (np.abs(changes.step) == 1.0).all() else 2.0
            additions = steps * changes.run_length + 5.0 + n_columns
            flat = self.features.reshape(len(self.features), -1)
            half_range = (flat.max(axis=1, initial=0) - flat.min(axis=1, initial=0)) / 2.0
            sums = np.sqrt(n) * np.outer(longest, half_range).reshape(-1)
            reach = np.abs(self.transform) @ sums
            error = additions * unit * np.sqrt((reach**2).sum(axis=1))
        return 1.05 * error + 8.0 * unit

    def search_rules(
        self, threshold: float | None, dtype: np.dtype, longest: np.ndarray | None
    ) -> tuple:
        """Give the tuple ``rules`` of `crossmap.kernels.scan1.search_coded`.

        Parameters
        ----------
        threshold
            p-value; None keeps no test for its own sake.
        dtype, longest
            As in `search_error`.

        Returns
        -------
        tuple
        """
        error = self.search_error(dtype, longest)
        if threshold is None:
            critical = np.full(len(self), 2.0)
        else:
            critical = self.r2_at(threshold)[self.degrees[1]]
        # Rounded down by more than the comparison itself can err.
        below = 1.0 - 16.0 * float(np.finfo(dtype).eps)
        limit = np.maximum(np.sqrt(critical) - error, 0.0) ** 2 * below
        return (
            self.is_tested,
            critical.astype(dtype),
            limit.astype(dtype),
            self.degrees[1],
            error.astype(dtype),
            self.n_before,
        )


def locus_block(
    predictors: Predictors,
    rows: np.ndarray,
    null: NullModel,
    *,
    model: Model,
    three_class: bool = False,
) -> LocusBlock:
    """Make rows of the predictors ready to be tested.

    Parameters
    ----------
    predictors, rows
        Which rows.
    null
        The null model; its samples are those tested.
    model
        ``linear``, ``anova`` or ``linear_cross``.
    three_class
        Matrix eQTL's ANOVA: always two degrees of freedom, missing calls in the most frequent
        class.

    Returns
    -------
    LocusBlock
    """
    coding: Coding = "dosage" if model != "anova" else "three_class" if three_class else "class"
    features = predictors.features(rows, null.samples, coding)
    n_features, m, n = features.shape
    multipliers = np.ones((1, n))
    if model == "linear_cross":
        multipliers = np.vstack([multipliers, null.interactive])
    n_before = n_features if model == "linear_cross" else 0
    mean = features.mean(axis=2, keepdims=True, dtype=np.float64)
    n_columns = n_features * len(multipliers)
    raw = np.empty((m, n_columns, n))
    for c in range(n_columns):
        np.subtract(features[c % n_features], mean[c % n_features], out=raw[:, c])
        if c >= n_features:
            raw[:, c] *= multipliers[c // n_features]
    flat = raw.reshape(m * n_columns, n)
    reference = np.empty(len(flat))
    row_squares(flat, reference)
    # A spread so small beside the mean is the rounding of the values.
    noise = 1e-24 * n * np.abs(mean).max(axis=0, initial=0.0)[:, 0] ** 2
    reference[reference <= np.repeat(noise, n_columns)] = 0.0
    columns = null.residuals(flat).reshape(m, n_columns, n)
    if null.whitener is not None:
        whitened = np.empty(len(flat))
        row_squares(null.whiten(flat), whitened)
        reference = np.where(reference > 0, whitened, 0.0)
    transform = np.zeros((m, n_columns, n_columns))
    rank = np.zeros((m, 2), dtype=np.int64)
    orthonormal_columns(columns, reference.reshape(m, n_columns), n_before, transform, rank)
    df1 = np.where(rank[:, 1] > 0, 2, 0) if three_class and model == "anova" else rank[:, 1]
    df2 = n - null.rank - rank[:, 0] - df1
    can_test = (df1 > 0) & (df2 > 0) & (rank[:, 0] == n_before)
    return LocusBlock(
        rows=rows,
        null=null,
        features=features,
        multipliers=multipliers,
        n_before=n_before,
        columns=columns,
        transform=transform,
        df1=np.where(can_test, df1, 0),
        df2=np.where(can_test, df2, 0),
        chr_index=None if predictors.chr_index is None else predictors.chr_index[rows],
    )
