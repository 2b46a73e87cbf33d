"""Two loci at once on genotype probabilities: the columns of every pair, and a trait's surface."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from crossmap.errors import DataError
from crossmap.execution import Execution, one_blas_thread, run_tasks
from crossmap.genotypes.probable_loci import ProbableLoci
from crossmap.kernels.regression import row_squares
from crossmap.linkage.pair_blocks import lod_of
from crossmap.linkage.probability_stage import (
    ProbabilityStage,
    added_columns,
    eligible,
    pair_columns,
    probability_stage,
)

ROWS_PER_BLOCK = 512
"""Pairs made ready at once."""


@dataclass(frozen=True, eq=False)
class PairsOfLocus:
    """One locus with some later ones.

    Parameters
    ----------
    locus
        Its row.
    others
        int64 [m]: rows of the later ones.
    columns
        float64 [m, K, n]: orthonormal columns that each pair adds to the model of `locus` alone:
        main effects of the other, then interactions.
    n_main
        How many of the K are main effects.
    df_main, df_int
        int64 [m]: how many of either add something.
    """

    locus: int
    others: np.ndarray
    columns: np.ndarray
    n_main: int
    df_main: np.ndarray
    df_int: np.ndarray

    def gains(self, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Sums of squares that main effects and interactions explain of residuals.

        Parameters
        ----------
        z
            float64 [C, n].

        Returns
        -------
        main, interaction : numpy.ndarray
            float64 [m, C].
        """
        m, k, n = self.columns.shape
        with one_blas_thread():
            product = (self.columns.reshape(m * k, n) @ z.T).reshape(m, k, len(z))
        product *= product
        return product[:, : self.n_main].sum(axis=1), product[:, self.n_main :].sum(axis=1)


def null_stage(loci: ProbableLoci, *, min_cell: int) -> ProbabilityStage:
    """The model without any locus, and what single loci add to it.

    Parameters
    ----------
    loci
        Of the samples of the traits.
    min_cell
        Least expected size of a genotype; 1 allows all.

    Returns
    -------
    ProbabilityStage
    """
    least = 0 if min_cell <= 1 else min_cell
    return probability_stage(loci, (), None, min_cell=least, is_full=True)


def pairs_of(
    loci: ProbableLoci,
    null: ProbabilityStage,
    locus: int,
    *,
    min_cell: int,
    same_chromosome: bool,
    among: np.ndarray | None = None,
) -> Iterator[PairsOfLocus]:
    """Make the pairs of one locus with later ones ready.

    Parameters
    ----------
    loci
        Of the samples of the traits.
    null
        From `null_stage`.
    locus
        Its row.
    min_cell
        Least expected size of every genotype combination; 1 allows all.
    same_chromosome
        Whether pairs on one chromosome are made.
    among
        bool [n_loci]: loci that it is paired with; None for all.

    Yields
    ------
    PairsOfLocus
        In map order; pairs that may be tested.

    Notes
    -----
    On one chromosome products are expected ones given all calls, not products of expectations.
    """
    if locus not in null.rows:
        return
    place = int(np.searchsorted(null.rows, locus))
    own = null.columns[place]
    basis = np.column_stack([null.basis, own[(own != 0.0).any(axis=1)].T])
    basis = np.ascontiguousarray(basis)
    main = loci.main_columns
    is_paired = np.zeros(len(loci), dtype=np.bool_)
    is_paired[null.rows[null.rows > locus]] = True
    if among is not None:
        is_paired &= among
    if not is_paired.any():
        return
    linked, products = loci.linked_products(locus) if same_chromosome else (None, None)
    if linked is None or products is None:
        is_paired &= loci.chr_index != loci.chr_index[locus]
        linked, products = np.empty(0, dtype=np.int64), np.empty(0)
    if min_cell > 1:
        is_paired &= eligible(loci, (locus,), min_cell=min_cell, is_full=True)
    rows = np.flatnonzero(is_paired)
    for first in range(0, len(rows), ROWS_PER_BLOCK):
        others = rows[first : first + ROWS_PER_BLOCK]
        both = pair_columns(loci.factors(locus), loci.product_columns[others])
        is_linked = np.isin(others, linked)
        if is_linked.any():
            both[is_linked] = products[np.searchsorted(linked, others[is_linked])]
        raw = np.concatenate([main[others], both], axis=1)
        columns, _ = added_columns(raw, basis)
        there = (columns != 0.0).any(axis=2)
        n_main = main.shape[1]
        yield PairsOfLocus(
            locus=locus,
            others=others,
            columns=columns,
            n_main=n_main,
            df_main=there[:, :n_main].sum(axis=1),
            df_int=there[:, n_main:].sum(axis=1),
        )


def probability_surface(
    y: np.ndarray,
    loci: ProbableLoci,
    *,
    trait: str,
    min_cell: int,
    same_chromosome: bool,
    execution: Execution | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """LODs of one trait for single loci and all pairs.

    Parameters
    ----------
    y
        float64 [n]: the trait, no NaN.
    loci
        Of the same samples.
    trait
        Its name, for messages.
    min_cell, same_chromosome
        As in `pairs_of`.
    execution
        Threads and progress; never changes a result.

    Returns
    -------
    lod_one : numpy.ndarray
        float64 [m].
    lod_full, lod_add : numpy.ndarray
        float64 [m, m], symmetric; NaN on the diagonal and where a pair is not eligible.

    Raises
    ------
    DataError
        If the trait does not vary, or no pair is eligible.
    """
    n, m = len(y), len(loci)
    null, z = unit_residuals(y, loci, trait=trait, min_cell=min_cell)
    unit = z[None]
    share_one = np.full(m, np.nan)
    share_one[null.rows] = (np.einsum("mkn,n->mk", null.columns, z) ** 2).sum(axis=1)
    lod_full, lod_add = np.full((2, m, m), np.nan)

    def work(locus: int) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        found = []
        for pairs in pairs_of(
            loci, null, locus, min_cell=min_cell, same_chromosome=same_chromosome
        ):
            main, interaction = pairs.gains(unit)
            add = share_one[locus] + main[:, 0]
            found.append((pairs.others, add, add + interaction[:, 0]))
        return found

    results = run_tasks(work, range(m), execution=execution, stage=f"pairs of loci for {trait}")
    for locus, parts in enumerate(results):
        for others, add, full in parts:
            lod_add[locus, others] = lod_add[others, locus] = lod_of(1.0 - add, n)
            lod_full[locus, others] = lod_full[others, locus] = lod_of(1.0 - full, n)
    if np.isnan(lod_full).all():
        raise no_probable_pair(loci)
    return lod_of(1.0 - share_one, n), lod_full, lod_add


def unit_residuals(
    y: np.ndarray, loci: ProbableLoci, *, trait: str, min_cell: int
) -> tuple[ProbabilityStage, np.ndarray]:
    """Take the model without any locus out of a trait, and scale what is left to length 1.

    Parameters
    ----------
    y
        float64 [n]: the trait, no NaN.
    loci
        Of the same samples.
    trait
        Its name, for messages.
    min_cell
        As in `null_stage`.

    Returns
    -------
    null : ProbabilityStage
    unit : numpy.ndarray
        float64 [n].

    Raises
    ------
    DataError
        If the trait does not vary beyond that model.
    """
    null = null_stage(loci, min_cell=min_cell)
    z = null.residuals(y[None])
    base = np.empty(1)
    row_squares(z, base)
    if not base[0] > 1e-24 * len(y) * np.abs(y).max(initial=0.0) ** 2:
        msg = f"trait {trait}: expected values that vary, found none"
        raise DataError(msg)
    return null, z[0] / np.sqrt(base[0])


def no_probable_pair(loci: ProbableLoci) -> DataError:
    """Make the error of a scan of probabilities without a pair.

    Parameters
    ----------
    loci
        Those searched.

    Returns
    -------
    DataError
    """
    return DataError(
        f"genotypes: expected an eligible pair of loci, found none among {len(loci)} positions"
    )
