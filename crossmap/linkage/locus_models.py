"""The model of one locus: what it adds to the model without any, for calls and probabilities."""

from dataclasses import dataclass

import numpy as np

from crossmap.genotypes.loci import Loci
from crossmap.genotypes.probable_loci import ProbableLoci
from crossmap.linkage.f_test import neglog10_p
from crossmap.linkage.probability_stage import added_columns


@dataclass(frozen=True, eq=False)
class ModelPart:
    """Loci that are tested under one null model.

    Parameters
    ----------
    rows
        int64 [m]: the loci.
    basis
        float64 [n, rank]: orthonormal columns of the null model.
    columns
        float64 [m, K, n]: orthonormal columns that each locus adds, 0 where one adds nothing.
    """

    rows: np.ndarray
    basis: np.ndarray
    columns: np.ndarray

    def residuals(self, y: np.ndarray) -> np.ndarray:
        """Residuals of traits on the null model: float64 [T, n]."""
        return y - (y @ self.basis) @ self.basis.T


@dataclass(frozen=True, eq=False)
class LocusModels:
    """Single-locus models of all loci.

    Parameters
    ----------
    parts
        By null model: on X, where means go with sex and direction of the cross, every such group
        has a mean of its own without any locus, and the locus an effect in each.
    df1, df2
        int64 [n_loci]: degrees of freedom of F; df1 is 0 where a locus cannot be tested.
    """

    parts: tuple[ModelPart, ...]
    df1: np.ndarray
    df2: np.ndarray

    def r2(self, rows: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Share of one trait's variance that each of some loci explains, alone.

        Parameters
        ----------
        rows
            int64 [N]: the loci.
        y
            float64 [n], no NaN.

        Returns
        -------
        numpy.ndarray
            float64 [N]; 0 where nothing varies or a locus cannot be tested.
        """
        out = np.zeros(len(rows))
        for part in self.parts:
            at = np.searchsorted(part.rows, rows)
            at = np.minimum(at, len(part.rows) - 1)
            mine = np.flatnonzero(part.rows[at] == rows)
            z = part.residuals((y - y.mean())[None])[0]
            base = z @ z
            if base > 0.0:
                out[mine] = ((part.columns[at[mine]] @ z) ** 2).sum(axis=1) / base
        return np.minimum(out, 1.0)

    def neglog10_p(self, rows: np.ndarray, r2: np.ndarray) -> np.ndarray:
        """-log10 of the nominal p-values of shares of variance at some loci: float64 [N]."""
        df1, df2 = np.maximum(self.df1[rows], 1), self.df2[rows]
        with np.errstate(divide="ignore"):
            return neglog10_p((r2 / df1) / ((1.0 - r2) / df2), df1, df2)


def locus_models(loci: Loci) -> LocusModels:
    """Make the single-locus models of all loci.

    Parameters
    ----------
    loci
        Distinct loci of calls, or positions with genotype probabilities: these have as many
        regressors as the genotypes leave free, in an F2 additive and dominance.

    Returns
    -------
    LocusModels

    References
    ----------
    Haley & Knott (1992) Heredity 69:315; Broman et al. (2006) Genetics 174:2151 (X).

    Examples
    --------
    >>> from crossmap import genotype_probabilities, simulate_cross
    >>> from crossmap.genotypes.probable_loci import probable_loci
    >>> cross = simulate_cross(n_samples=30, n_markers=40, n_traits=2, crosstype="f2").cross
    >>> models = locus_models(probable_loci(genotype_probabilities(cross), cross))
    >>> int(models.df1[0]), int(models.df2[0])
    (2, 27)
    """
    n = loci.genotypes.shape[1]
    in_groups, means, raw = np.zeros(len(loci), dtype=np.bool_), np.ones((1, n)), None
    if isinstance(loci, ProbableLoci):
        raw = loci.main_columns
        in_groups = loci.on_x & (loci.n_groups > 1)
        means = np.array([loci.group == g for g in range(loci.n_groups)], dtype=np.float64)
    else:
        raw = loci.dosage[:, None, :]
    parts = []
    every_df1, every_df2 = np.zeros(len(loci), dtype=np.int64), np.ones(len(loci), dtype=np.int64)
    for rows, null in (
        (np.flatnonzero(~in_groups), np.ones((1, n))),
        (np.flatnonzero(in_groups), means),
    ):
        basis = np.ascontiguousarray(np.linalg.qr(null.T)[0])
        columns, df1 = added_columns(raw[rows], basis)
        df2 = n - basis.shape[1] - df1
        tested = (df1 > 0) & (df2 > 0)
        if tested.any():
            every_df1[rows[tested]], every_df2[rows[tested]] = df1[tested], df2[tested]
            parts.append(ModelPart(rows[tested], basis, columns[tested]))
    return LocusModels(tuple(parts), every_df1, every_df2)
