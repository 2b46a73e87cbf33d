"""Permutations within cells for searches of genotype probabilities."""

import numpy as np

from crossmap.kernels._numba import kernel
from crossmap.kernels.philox import shuffle_within_cells


@kernel
def permute_within_cells(y, item, key, members, cell_start, out):
    """Permute the samples of every trait within cells, each trait and replicate its own way.

    Parameters
    ----------
    y : float64[T, n]. Traits.
    item : uint64[T]; key : uint64; members, cell_start : as in
        `crossmap.kernels.philox.shuffle_within_cells`.
    out : float64[T, B1, n]. Overwritten: [:, 0] the traits as they are, then the replicates.
    """
    n_traits, n_columns, n = out.shape
    word = np.zeros(4, np.uint64)
    order = np.zeros(n, np.int64)
    for t in range(n_traits):
        for k in range(n):
            out[t, 0, k] = y[t, k]
        for b in range(1, n_columns):
            shuffle_within_cells(key, item[t], np.uint64(b), members, cell_start, word, order)
            for k in range(n):
                out[t, b, k] = y[t, order[k]]
