"""Numbers at loci in map order, as the samples that change from one locus to the next."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Changes:
    """Features of loci (a genotype code, or one per genotype class) as changes between neighbours.

    Parameters
    ----------
    restart
        bool [n_loci]: the locus before counts as all 0 (the first of a chromosome).
    offset
        int64 [n_features, n_loci + 1]: the changes of feature f at locus j stand at
        offset[f, j]:offset[f, j + 1].
    sample
        int64 [n_changes]: which sample changes.
    step
        float64 [n_changes]: by how much.

    Notes
    -----
    A sum S(j) = sum_k y_k x_jk needs no matrix product: S(j) = S(j-1) + sum of step * y over the
    changes at j.
    """

    restart: np.ndarray
    offset: np.ndarray
    sample: np.ndarray
    step: np.ndarray

    @property
    def n_changes(self) -> int:
        """Additions that one pass over all loci and features costs."""
        return len(self.sample)

    @property
    def run_length(self) -> np.ndarray:
        """Additions behind the sums of each locus since their restart: int64 [n_loci].

        The most of its features; it bounds the rounding of a search.
        """
        starts = np.flatnonzero(self.restart)
        start_of = starts[np.cumsum(self.restart) - 1]
        return (self.offset[:, 1:] - self.offset[:, start_of]).max(axis=0, initial=0)


def feature_changes(features: np.ndarray, chr_index: np.ndarray) -> Changes:
    """Code features by the samples that change between neighbouring loci.

    Parameters
    ----------
    features
        [n_features, n_loci, n_samples], any numbers without NaN, loci in map order.
    chr_index
        int64 [n_loci], ascending: chromosomes.

    Returns
    -------
    Changes

    Examples
    --------
    >>> changes = feature_changes(np.array([[[0, 1, 2], [0, 1, 1]]]), np.array([0, 0]))
    >>> changes.sample.tolist(), changes.step.tolist(), changes.run_length.tolist()
    ([1, 2, 2], [1.0, 2.0, -1.0], [2, 3])
    """
    n_features, n_loci, _ = features.shape
    restart = np.ones(n_loci, dtype=np.bool_)
    restart[1:] = np.diff(chr_index) != 0
    # uint8 differences would wrap around.
    signed = features.astype(np.int8) if features.dtype == np.uint8 else features
    step = signed.copy()
    step[:, 1:] -= signed[:, :-1]
    step[:, restart] = signed[:, restart]
    feature, locus, sample = np.nonzero(step)
    edges = np.arange(n_features * n_loci + 1)
    position = np.searchsorted(feature * n_loci + locus, edges)
    offset = np.empty((n_features, n_loci + 1), dtype=np.int64)
    for f in range(n_features):
        offset[f] = position[f * n_loci : (f + 1) * n_loci + 1]
    return Changes(
        restart=restart,
        offset=offset,
        sample=sample.astype(np.int64),
        step=step[feature, locus, sample].astype(np.float64),
    )
