"""Which loci may be the best next ones, from sums over all loci at once.

Columns that are orthonormal given a model cost a pass over all samples of all loci for every group
of traits; the sums here are matrix products of columns that no group changes.
"""

from dataclasses import dataclass

import numpy as np

from crossmap.execution import one_blas_thread
from crossmap.genotypes.probable_loci import ProbableLoci
from crossmap.kernels.cell_weights import factor
from crossmap.kernels.probability_search import LOCI, factor_of_loci, gains_of_loci, near_best
from crossmap.linkage.probability_stage import ProbabilityStage

MARGIN = 1e-6
"""Relative difference of two gains that may be in either order: rounding is below 1e-15 of the
columns' sums of squares, and of a locus that is judged `SURE` of one is left."""

SURE = 1e-5
"""Least share of a column's sum of squares that is left by the others of a locus judged here."""

NOT_SURE, BARRED = -1, -2

MOST_PRODUCTS = 500_000
"""Sums made at once, 4 MB."""


@dataclass(frozen=True, eq=False)
class Sift:
    """Sums of all loci given the loci chosen before, of traits that share samples and these loci.

    Parameters
    ----------
    columns
        float64 [K, m, n]: centred columns of all loci, main effects and what stands in products.
    by
        float64 [q, n]: what they are multiplied by, centred: the intercept, the columns of the loci
        chosen where there are interactions.
    cell
        int64 [n]: cells of samples with weights of their own.
    sums
        (bb, (bx, xx)) as `crossmap.kernels.probability_search.gains_of_loci` takes them.
    kind
        int64 [m]: numbers of columns that a locus adds, counted together; `NOT_SURE` if that cannot
        be told here, `BARRED` if the locus may not enter.
    df1
        int64: how many columns are tested, of all kinds there are.
    n_before
        As in `ProbabilityStage`.
    """

    columns: np.ndarray
    by: np.ndarray
    cell: np.ndarray
    sums: tuple
    kind: np.ndarray
    df1: np.ndarray
    n_before: int

    def near_best(self, z: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Loci that may be the best of every row.

        Parameters
        ----------
        z
            float64 [T C, n]: W e / sqrt(e' W e), e what the model before leaves.
        weights
            float64 [T, G].

        Returns
        -------
        locus, row : numpy.ndarray
            int64 [N]: rows of the loci and of `z`, the latter and then the former ascending.
        """
        n_main, m, n = self.columns.shape
        n_z, n_rows = len(self.by), len(z)
        factors = (self.by[:, None, :] * z).reshape(n_z * n_rows, n)
        gain = np.empty((n_rows, m))
        step = max(LOCI, MOST_PRODUCTS // (n_main * len(factors)) // LOCI * LOCI)
        bb, sums = self.sums
        for first in range(0, m, step):
            part = self.columns[:, first : first + step]
            product = np.empty((n_main, n_z, n_rows, part.shape[1]))
            with one_blas_thread():
                for k in range(n_main):
                    np.dot(factors, part[k].T, out=product[k].reshape(len(factors), -1))
            gains_of_loci(product, weights, bb, sums, self.n_before, first, gain)
        start = np.empty(n_rows + 1, dtype=np.int64)
        locus = np.empty(4 * n_rows, dtype=np.int64)
        near_best(gain, self.kind, MARGIN, start, locus)
        if start[-1] > len(locus):
            locus = np.empty(start[-1], dtype=np.int64)
            near_best(gain, self.kind, MARGIN, start, locus)
        return locus[: start[-1]], np.repeat(np.arange(n_rows), np.diff(start))


def sift(
    before: ProbabilityStage,
    loci: ProbableLoci,
    chosen: tuple[int, ...],
    is_eligible: np.ndarray,
    *,
    cell: np.ndarray | None,
    is_full: bool,
    n_before: int = 0,
) -> Sift:
    """Sum what is the same for all traits that share samples and the loci chosen.

    Parameters
    ----------
    before
        The model of the loci chosen.
    loci, chosen
        As in `crossmap.linkage.probability_stage.probability_stage`.
    is_eligible
        bool [n_loci]: loci that may enter.
    cell
        int64 [n]: cells of samples with weights of their own; None if there are none.
    is_full
        As in `crossmap.linkage.probability_stage.probability_stage`.
    n_before
        As in `ProbabilityStage`.

    Returns
    -------
    Sift

    Notes
    -----
    The columns are centred, which changes no model, since a model with a product holds its factors.
    """
    columns = loci.centred_columns
    n_main, m, n = columns.shape
    by = np.ones((1, n))
    if is_full and chosen:
        factors = [columns[: len(loci.factors(locus)), locus] for locus in chosen]
        by = np.concatenate([by, *factors])
    cell = np.zeros(n, dtype=np.int64) if cell is None else cell
    in_cell = (cell == np.arange(int(cell.max()) + 1)[:, None]).astype(np.float64)
    basis = before.basis.T
    of_model = np.einsum("gk,pk->gpk", in_cell, basis)
    bb = of_model @ before.basis
    one, other = np.tril_indices(len(by))
    pairs = np.einsum("zk,gk->zgk", by[one] * by[other], in_cell).reshape(-1, n)
    model = np.einsum("zk,gpk->zgpk", by, of_model).reshape(-1, n)
    bx = np.empty((n_main, len(model), m))
    xx = np.empty((n_main * (n_main + 1) // 2, len(pairs), m))
    with one_blas_thread():
        for k in range(n_main):
            np.dot(model, columns[k].T, out=bx[k])
            for i in range(k + 1):
                np.dot(pairs, (columns[k] * columns[i]).T, out=xx[k * (k + 1) // 2 + i])
    sums = (
        bx.reshape(n_main, len(by), len(in_cell), len(basis), m),
        xx.reshape(len(xx), len(one), len(in_cell), m),
    )
    for k in range(loci.main_columns.shape[1] if loci.n_groups == 1 else loci.n_groups, n_main):
        # Indicators of groups are in the model before: exactly nothing, not rounding, is left.
        sums[1][k * (k + 3) // 2, 0][:, loci.on_x] = 0.0
    least, n_added = _unweighted(bb, sums)
    n_first, n_tested = n_added[:n_before].sum(axis=0), n_added[n_before:].sum(axis=0)
    is_judged = is_eligible & (least > SURE)
    usable = is_judged & (n_tested > 0) & (n - before.rank - n_first - n_tested > 0)
    kind = np.where(usable, n_tested + (len(n_added) + 1) * n_first, BARRED)
    kind[is_eligible & ~is_judged] = NOT_SURE
    return Sift(columns, by, cell, (bb, sums), kind, np.unique(n_tested[usable]), n_before)


def _unweighted(bb: np.ndarray, sums: tuple) -> tuple[np.ndarray, np.ndarray]:
    """Least share of a column that is left, float64 [m], and which columns add, int64 [Q, m]."""
    bx, _ = sums
    n_main, n_z, n_cells, rank, m = bx.shape
    n_columns = n_main * n_z
    gram = bb.sum(axis=0)
    model = np.zeros((rank, rank))
    factor(gram, np.diag(gram).copy(), model)
    least, n_added = np.empty(m), np.empty((n_columns, m), dtype=np.int64)
    reach, lower = np.empty((n_columns, rank, LOCI)), np.empty((n_columns, n_columns, LOCI))
    share, adds = np.empty(LOCI), np.empty((n_columns, LOCI), dtype=np.int64)
    for first in range(0, m, LOCI):
        width = min(LOCI, m - first)
        factor_of_loci(np.ones(n_cells), model, sums, first, width, reach, lower, share, adds)
        least[first : first + width] = share[:width]
        n_added[:, first : first + width] = adds[:, :width]
    return least, n_added
