"""A residual variance for each genotype combination of the loci chosen, on probabilities."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from crossmap.execution import one_blas_thread
from crossmap.genotypes.probable_loci import ProbableLoci
from crossmap.kernels.cell_weights import chosen_gains, sums_by_cell, weighted_gains
from crossmap.kernels.regression import residual_rows, row_squares
from crossmap.linkage.probability_stage import ProbabilityStage

NO_SPREAD = 1e-20
"""Share of a trait's mean square below which the residuals of a cell are rounding."""


@dataclass(frozen=True, eq=False)
class VarianceCells:
    """Cells of samples with variances of their own, and what a stage needs to weight by them.

    Parameters
    ----------
    stage
        The model before, and what each locus adds to it.
    cell
        int64 [n]: cell of each sample.
    """

    stage: ProbabilityStage
    cell: np.ndarray

    @cached_property
    def sums(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Of the stage's loci, as `crossmap.kernels.cell_weights.sums_by_cell` gives them."""
        m, k, _ = self.stage.columns.shape
        n_cells, rank = int(self.cell.max()) + 1, self.stage.rank
        sums = (
            np.empty((n_cells, rank, rank)),
            np.empty((n_cells, m, k, rank)),
            np.empty((n_cells, m, k, k)),
        )
        sums_by_cell(self.stage.columns, self.stage.basis, self.cell, *sums)
        return sums

    def weights(self, residual: np.ndarray) -> np.ndarray:
        """Weigh the cells of every trait by the inverse of their residual variances.

        Parameters
        ----------
        residual
            float64 [T, n]: least-squares residuals on the model before.

        Returns
        -------
        numpy.ndarray
            float64 [T, G]: 1/s_g^2, s_g^2 = SS_g/(n_g - 1), SS_g about the cell's own mean; a cell
            without spread has the variance of all together.
        """
        size = np.bincount(self.cell)
        variance = np.empty((len(residual), len(size)))
        for g, n in enumerate(size):
            variance[:, g] = _squares(residual[:, self.cell == g], is_centred=False) / (n - 1)
        common = _squares(residual, is_centred=True)[:, None] / (residual.shape[1] - 1)
        variance = np.where(variance > NO_SPREAD * common, variance, common)
        with np.errstate(divide="ignore"):
            return np.where(common > 0.0, 1.0 / variance, 1.0)

    def residuals(self, rows: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Residuals of weighted least squares on the model before, times the roots of the weights.

        Parameters
        ----------
        rows
            float64 [T C, n]: C rows of each trait.
        weights
            float64 [T, G].

        Returns
        -------
        numpy.ndarray
            float64 [T C, n]: W^(1/2) e.
        """
        n_each = len(rows) // len(weights)
        root = np.sqrt(weights)[:, self.cell]
        out = np.repeat(root, n_each, axis=0) * rows
        with one_blas_thread():
            for t, scale in enumerate(root):
                own = slice(t * n_each, (t + 1) * n_each)
                basis = np.linalg.qr(self.stage.basis * scale[:, None])[0]
                residual_rows(out[own].copy(), np.ascontiguousarray(basis), out[own])
        return out

    def gains(self, product: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """What every locus explains: float64 [m, T C].

        Parameters
        ----------
        product
            float64 [m, K, T C]: the columns of each locus times W e.
        weights
            float64 [T, G].
        """
        m, _, n_all = product.shape
        out = np.empty((m, n_all))
        weighted_gains(product, weights, self.sums, out)
        return out

    def gains_of(
        self, locus: np.ndarray, row: np.ndarray, z: np.ndarray, weights: np.ndarray
    ) -> np.ndarray:
        """What loci explain of rows, summed in a fixed order: float64 [N].

        Parameters
        ----------
        locus, row
            int64 [N]: places in `stage.rows`, and rows of `z`.
        z
            float64 [T C, n]: W e.
        weights
            float64 [T, G].
        """
        out = np.empty(len(locus))
        chosen_gains(self.stage.columns, z, locus, row, weights, self.sums, out)
        return out


def _squares(rows: np.ndarray, *, is_centred: bool) -> np.ndarray:
    """Sums of squares of rows about 0 or their means, the same whatever rows stand beside one."""
    left = np.ascontiguousarray(rows)  # numpy sums rows of another memory order in another order
    if not is_centred:
        n = left.shape[1]
        rows, left = left, np.empty(left.shape)
        residual_rows(rows, np.full((n, 1), 1.0 / np.sqrt(n)), left)
    squares = np.empty(len(left))
    row_squares(left, squares)
    return squares


def variance_cells(
    loci: ProbableLoci, stage: ProbabilityStage, chosen: tuple[int, ...], *, min_cell: int
) -> VarianceCells | None:
    """Group samples by the most probable genotypes of the loci chosen.

    Parameters
    ----------
    loci
        As in `crossmap.linkage.probability_stage.probability_stage`.
    stage
        What it gave.
    chosen
        As there.
    min_cell
        Cells of fewer than twice as many samples have a variance together.

    Returns
    -------
    VarianceCells or None
        None where one cell holds all.
    """
    label = np.zeros(loci.genotypes.shape[1], dtype=np.int64)
    for locus in chosen:
        label = label * len(loci.probability) + loci.genotypes[locus]
    size = np.bincount(label)
    label = np.where(size[label] < 2 * max(min_cell, 2), -1, label)
    if 0 < (label < 0).sum() < 2 * max(min_cell, 2):
        label = np.where(label < 0, np.argmax(size), label)
    cell = np.unique(label, return_inverse=True)[1].astype(np.int64)
    if cell.max() < 1:
        return None
    return VarianceCells(stage, cell)
