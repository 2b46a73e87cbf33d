"""The model before the next locus and what every locus would add to it, on probabilities."""

from dataclasses import dataclass, replace

import numpy as np

from crossmap.genotypes.probable_loci import ProbableLoci
from crossmap.kernels.regression import orthonormal_columns, residual_rows, row_squares
from crossmap.kernels.stages import number_cells

FINER = 1e-8
"""How much smaller a column of probabilities may be than one of calls and still count: those of
calls are whole numbers."""


@dataclass(frozen=True, eq=False)
class ProbabilityStage:
    """One group of traits that share samples and the loci already chosen.

    Parameters
    ----------
    basis
        float64 [n, rank]: orthonormal columns of the model before: intercept, group means where
        there is an X, expected columns of the loci chosen.
    cells
        (members int64 [n], start int64 [C + 1], cell int64 [n]): groups of the most probable
        genotypes of the loci chosen, within which residuals are permuted.
    rows
        int64 [m]: the loci that may enter.
    columns
        float64 [m, K, n]: orthonormal columns that each adds, 0 where one adds nothing.
    df1
        int64 [m]: how many those are, 1 or more.
    n_before
        The first so many columns of each locus are in its own model before.
    """

    basis: np.ndarray
    cells: tuple[np.ndarray, np.ndarray, np.ndarray]
    rows: np.ndarray
    columns: np.ndarray
    df1: np.ndarray
    n_before: int = 0

    @property
    def df_before(self) -> np.ndarray:
        """int64 [m]: columns of each locus that its own model before has."""
        return (self.columns[:, : self.n_before] != 0.0).any(axis=2).sum(axis=1)

    def of_interactions(self, n_main: int) -> "ProbabilityStage":
        """The same, but that main effects of a locus are in its model before.

        Parameters
        ----------
        n_main
            Columns of main effects, the first ones.
        """
        df1 = (self.columns[:, n_main:] != 0.0).any(axis=2).sum(axis=1)
        kept = df1 > 0
        return replace(
            self, rows=self.rows[kept], columns=self.columns[kept], df1=df1[kept], n_before=n_main
        )

    def gains(self, z: np.ndarray) -> np.ndarray:
        """Sums of squares that each locus explains of residuals: float64 [m, C] of z [C, n]."""
        m, k, n = self.columns.shape
        product = (self.columns.reshape(m * k, n) @ z.T).reshape(m, k, len(z))
        return (product * product).sum(axis=1)

    @property
    def rank(self) -> int:
        """Degrees of freedom of the model before."""
        return self.basis.shape[1]

    def residuals(self, rows: np.ndarray) -> np.ndarray:
        """Residuals of traits on the model before: float64 [T, n]."""
        out = np.empty(rows.shape)
        residual_rows(np.ascontiguousarray(rows, dtype=np.float64), self.basis, out)
        return out


def pair_columns(one: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Products of the columns of one locus with those of others: the columns of interactions.

    Parameters
    ----------
    one
        float64 [K, n].
    others
        float64 [m, K', n].

    Returns
    -------
    numpy.ndarray
        float64 [m, K K', n].
    """
    product = one[None, :, None, :] * others[:, None, :, :]
    return product.reshape(len(others), one.shape[0] * others.shape[1], one.shape[1])


def model_before(loci: ProbableLoci, chosen: tuple[int, ...], *, is_full: bool) -> ProbabilityStage:
    """Make the model of the loci already chosen, no locus entering yet.

    Parameters
    ----------
    loci, chosen, is_full
        As in `probability_stage`.

    Returns
    -------
    ProbabilityStage
    """
    n = loci.genotypes.shape[1]
    main = loci.main_columns
    before = [np.ones((1, n))]
    if loci.on_x.any():
        before += [(loci.group == g).astype(np.float64)[None] for g in range(1, loci.n_groups)]
    for number, locus in enumerate(chosen):
        before.append(main[locus])
        if is_full:
            own = loci.factors(locus)[None]
            before += [pair_columns(loci.factors(other), own)[0] for other in chosen[:number]]
    return ProbabilityStage(
        basis=_orthonormal(np.concatenate(before)),
        cells=most_probable_cells(loci, chosen),
        rows=np.empty(0, dtype=np.int64),
        columns=np.empty((0, main.shape[1], n)),
        df1=np.empty(0, dtype=np.int64),
    )


def entering_loci(
    before: ProbabilityStage,
    loci: ProbableLoci,
    chosen: tuple[int, ...],
    rows: np.ndarray,
    *,
    is_full: bool,
) -> ProbabilityStage:
    """Let some loci enter a model, those that add something to it and leave something.

    Parameters
    ----------
    before
        The model of the loci already chosen.
    loci, chosen
        As in `probability_stage`.
    rows
        int64, ascending: the loci.
    is_full
        As in `probability_stage`.

    Returns
    -------
    ProbabilityStage
    """
    main = loci.main_columns
    new = [main[rows]]
    if is_full and chosen:
        own = loci.product_columns[rows]
        new += [pair_columns(loci.factors(other), own) for other in chosen]
    columns, df1 = added_columns(np.concatenate(new, axis=1), before.basis)
    usable = (df1 > 0) & (len(before.basis) - before.rank - df1 > 0)
    if not usable.all():
        rows, columns, df1 = rows[usable], columns[usable], df1[usable]
    return replace(before, rows=rows, columns=columns, df1=df1)


def probability_stage(
    loci: ProbableLoci,
    chosen: tuple[int, ...],
    allowed: np.ndarray | None,
    *,
    min_cell: int,
    is_full: bool,
) -> ProbabilityStage:
    """Everything about the next locus that depends on the loci already chosen and not on a trait.

    Parameters
    ----------
    loci
        The loci searched, of the samples of the traits.
    chosen
        Rows of the loci already chosen.
    allowed
        bool [n_loci]: loci that no rule of exclusion bars; None bars none.
    min_cell
        Least expected size of every cell that a locus makes, alone and with each locus chosen.
    is_full
        Interactions of every two loci, or main effects alone.

    Returns
    -------
    ProbabilityStage

    Notes
    -----
    M_l holds the main effects of l loci and, if full, all products of the columns of every two: for
    two loci a free mean for every combination of genotypes, those on X being other ones in every
    group of samples (Broman et al. 2006, Genetics 174:2151). The expected size of a cell of two
    loci is sum_k p_k1(g1) p_k2(g2).
    """
    is_eligible = eligible(loci, chosen, min_cell=min_cell, is_full=is_full)
    if allowed is not None:
        is_eligible &= allowed
    before = model_before(loci, chosen, is_full=is_full)
    return entering_loci(before, loci, chosen, np.flatnonzero(is_eligible), is_full=is_full)


def added_columns(raw: np.ndarray, basis: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What columns of each locus add to a model, orthonormal.

    Parameters
    ----------
    raw
        float64 [m, K, n].
    basis
        float64 [n, rank]: orthonormal columns of the model.

    Returns
    -------
    columns : numpy.ndarray
        float64 [m, K, n]; 0 where one adds nothing.
    df1 : numpy.ndarray
        int64 [m]: how many add something.
    """
    m, n_columns, n = raw.shape
    flat = raw.reshape(m * n_columns, n)
    reference = np.empty(len(flat))
    row_squares(flat - flat.mean(axis=1, keepdims=True), reference)
    # A spread so small beside the values is their rounding. Between loci 0.001 cM apart what one
    # adds to the other is as small as 1e-11 of it, and still 1e20 times its rounding.
    largest = np.abs(flat).max(axis=1, initial=0.0)
    reference[reference <= 1e-20 * n * largest**2] = 0.0
    reference *= FINER
    left = np.empty(flat.shape)
    residual_rows(flat, basis, left)
    columns = left.reshape(m, n_columns, n)
    rank = np.zeros((m, 2), dtype=np.int64)
    transform = np.zeros((m, n_columns, n_columns))
    orthonormal_columns(columns, reference.reshape(m, n_columns), 0, transform, rank)
    return columns, rank[:, 1]


def _orthonormal(rows: np.ndarray) -> np.ndarray:
    """Orthonormal columns that span the rows, the first being the intercept: [n, rank]."""
    n = rows.shape[1]
    intercept = np.full((n, 1), 1.0 / np.sqrt(n))
    if len(rows) == 1:
        return intercept
    columns, _ = added_columns(rows[None, 1:], intercept)
    there = columns[0][(columns[0] != 0.0).any(axis=1)]
    return np.ascontiguousarray(np.column_stack([intercept, there.T]))


def eligible(
    loci: ProbableLoci, chosen: tuple[int, ...], *, min_cell: int, is_full: bool
) -> np.ndarray:
    """Loci every cell of which is expected to be large enough.

    Parameters
    ----------
    loci, chosen, min_cell, is_full
        As in `probability_stage`.

    Returns
    -------
    numpy.ndarray
        bool [n_loci].
    """
    is_made, cells, size = loci.membership
    enough = ((size >= min_cell) | ~is_made).all(axis=1) & is_made.any(axis=1)
    if not is_full:
        return enough
    for locus in chosen:
        size = np.tensordot(cells, cells[locus], axes=([2], [1]))  # [n_loci, C, C]
        both = is_made[:, :, None] & is_made[locus]
        if loci.n_groups > 1 and loci.on_x[locus]:
            # Genotypes of two groups are never found together.
            of_group = np.arange(cells.shape[1]) // len(loci.probability)
            apart = of_group[:, None] != of_group
            both &= ~(loci.on_x[:, None, None] & apart)
        enough &= ((size >= min_cell) | ~both).all(axis=(1, 2))
    return enough


def most_probable_cells(
    loci: ProbableLoci, chosen: tuple[int, ...]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Group samples by the most probable genotypes of some loci (and by sex and direction).

    Parameters
    ----------
    loci, chosen
        As in `probability_stage`.

    Returns
    -------
    members, start, cell : numpy.ndarray
        As in `crossmap.kernels.stages.number_cells`.
    """
    n = loci.genotypes.shape[1]
    label = loci.group.copy() if loci.on_x.any() else np.zeros(n, dtype=np.int64)
    for locus in chosen:
        label = label * len(loci.probability) + loci.genotypes[locus]
    _, label = np.unique(label, return_inverse=True)
    n_labels = int(label.max(initial=0)) + 1
    cell, members = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64)
    start = np.empty(n_labels + 1, dtype=np.int64)
    number_cells(label.astype(np.int64), np.empty(n_labels, dtype=np.int64), cell, members, start)
    return members, start, cell
