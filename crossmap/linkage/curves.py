"""LOD along the genome for the next locus of a trait, given those already chosen."""

import numpy as np

from crossmap.execution import one_blas_thread
from crossmap.genotypes.loci import Loci
from crossmap.genotypes.probable_loci import ProbableLoci
from crossmap.kernels import sequential as kernels
from crossmap.kernels.stages import EXACT_FIT, FULL
from crossmap.linkage.predictors import group_patterns
from crossmap.linkage.probability_search import probability_curves
from crossmap.linkage.sequential import total_sum_of_squares
from crossmap.linkage.stages import SearchOptions, StageModel, stage_model, stage_residuals

CANCELLED = 1e-3
"""Below this share of the sum of squares a difference has lost digits; it is summed directly."""


def lod_curves(
    traits: np.ndarray, loci: Loci, chosen: np.ndarray, *, options: SearchOptions
) -> np.ndarray:
    """LOD of every locus as the next one, given the loci already chosen for each trait.

    Parameters
    ----------
    traits
        float64 [n_traits, n_samples]; NaN where a sample takes no part, as in the search.
    loci
        Distinct loci of the same samples.
    chosen
        int64 [n_traits, l - 1]: rows of the loci chosen before the l-th; no columns for the first
        stage; -1 where none could be chosen.
    options
        How loci were chosen.

    Returns
    -------
    numpy.ndarray
        float64 [n_traits, n_loci]: n/2 log10(RSS_{l-1}/RSS_l); infinity where nothing remains,
        NaN where a locus is not eligible or the trait has nothing left to explain.

    Notes
    -----
    The same models as `crossmap.linkage.sequential.sequential_search`, whose choice of locus l is
    the maximum of the curve: RSS_{l-1} - RSS_l = sum_g S_g^2/v_g, here for all
    loci of a group of traits by matrix products.

    Examples
    --------
    >>> from crossmap import simulate_cross
    >>> from crossmap.genotypes.loci import distinct_loci
    >>> cross = simulate_cross(n_samples=40, n_traits=3, n_markers=60).cross
    >>> loci = distinct_loci(cross)
    >>> none_yet = np.empty((3, 0), dtype=np.int64)
    >>> lod_curves(cross.traits, loci, none_yet, options=SearchOptions()).shape == (3, len(loci))
    True
    """
    lod = np.full((len(traits), len(loci)), np.nan)
    n_samples = traits.shape[1]
    for rows, samples in group_patterns(np.isnan(traits), np.arange(n_samples)):
        own = loci if len(samples) == n_samples else loci.on(samples)
        y = np.ascontiguousarray(traits[np.ix_(rows, samples)], dtype=np.float64)
        if isinstance(own, ProbableLoci):
            lod[rows] = probability_curves(y, own, chosen[rows], options=options)
        else:
            lod[rows] = _curves(y, own, chosen[rows], options)
    return lod


def _curves(y: np.ndarray, loci: Loci, chosen: np.ndarray, options: SearchOptions) -> np.ndarray:
    """Curves of traits that share their samples."""
    total, varies = total_sum_of_squares(y)
    lod = np.full((len(y), len(loci)), np.nan)
    groups, group_of = np.unique(chosen, axis=0, return_inverse=True)
    for number, group in enumerate(groups):
        rows = np.flatnonzero((group_of.reshape(-1) == number) & varies)
        if len(rows) and (group >= 0).all():
            model = stage_model(loci, tuple(group.tolist()), options)
            with one_blas_thread():  # the same bytes however many threads BLAS would take
                lod[rows] = _group_curves(y[rows], total[rows], loci, model)
    return lod


def _group_curves(y: np.ndarray, total: np.ndarray, loci: Loci, model: StageModel) -> np.ndarray:
    """Curves of traits that share the loci already chosen."""
    z, base, scale = stage_residuals(y, total, model)
    code = loci.coding.code
    in_class_1 = code.T.astype(np.float64)
    n_cells = model.weight.shape[1]
    sums = np.empty((n_cells, len(y), len(loci)))
    for cell in range(n_cells):
        sums[cell] = np.where(model.sum_cell == cell, z, 0.0) @ in_class_1
    after = base[:, None] - _gain(sums, model, scale)
    order = np.arange(y.shape[1])
    small = (after < CANCELLED * base[:, None]) & model.eligible & (base > 0)[:, None]
    for t, j in np.argwhere(small):
        after[t, j] = kernels.remaining(
            z[t], order, code[j], model.sum_cell, np.ascontiguousarray(sums[:, t, j]),
            model.weight[j], scale[t], model.basis, model.mode,
        )  # fmt: skip
    after[after <= EXACT_FIT * base[:, None]] = 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        lod = 0.5 * y.shape[1] * np.log10(base[:, None] / after)
    lod[:, ~model.eligible] = np.nan
    lod[base == 0] = np.nan
    return lod


def _gain(sums: np.ndarray, model: StageModel, scale: np.ndarray) -> np.ndarray:
    """`kernels.locus_gain` of many traits and loci: sums [n_cells, n_traits, n_loci]."""
    weight = model.weight.T[:, None, :]
    if model.mode == FULL:
        return (sums**2 * weight).sum(axis=0)
    c = np.where(weight > 0, scale.T[:, :, None], 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.where(weight > 0, c**2 / weight, 0.0).sum(axis=0)
        return np.where(spread > 0, (c * sums).sum(axis=0) ** 2 / spread, 0.0)
