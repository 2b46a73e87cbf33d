"""The models that one more locus is chosen between: who may enter, and with how many effects."""

from dataclasses import dataclass

import numpy as np

from crossmap.genotypes.loci import Loci
from crossmap.genotypes.probable_loci import ProbableLoci
from crossmap.kernels.regression import row_squares
from crossmap.linkage.probability_stage import probability_stage
from crossmap.linkage.probability_weights import variance_cells
from crossmap.linkage.sequential import total_sum_of_squares
from crossmap.linkage.stages import SearchOptions, allowed_loci, stage_model, stage_residuals


@dataclass(frozen=True, eq=False)
class NextModels:
    """What does not depend on the statistic of a locus.

    Parameters
    ----------
    allowed
        bool [n_loci]: loci that no rule of exclusion bars.
    eligible
        bool [n_loci]: those among them that may enter.
    df1, df2
        int64 [n_loci]: degrees of freedom of their F; 0 where a locus may not enter.
    rss_before
        float64 [n_traits]: residual sums of squares of the model before, in the scale in which the
        search sums them.
    """

    allowed: np.ndarray
    eligible: np.ndarray
    df1: np.ndarray
    df2: np.ndarray
    rss_before: np.ndarray


def next_models(
    traits: np.ndarray, loci: Loci, chosen: tuple[int, ...], *, options: SearchOptions
) -> NextModels:
    """Say what the search for the next locus goes over.

    Parameters
    ----------
    traits
        float64 [n_traits, n_samples], no NaN: traits that share their samples.
    loci
        Loci of the same samples: distinct ones of calls, or of genotype probabilities.
    chosen
        Rows of the loci already chosen.
    options
        How loci are chosen.

    Returns
    -------
    NextModels
    """
    n_loci = len(loci)
    rows = np.array([chosen], dtype=np.int64).reshape(1, len(chosen))
    barring = allowed_loci(loci, rows, options)[0]
    allowed = barring if len(barring) else np.ones(n_loci, dtype=np.bool_)
    if not isinstance(loci, ProbableLoci):
        model = stage_model(loci, chosen, options)
        total, _ = total_sum_of_squares(traits)
        before = stage_residuals(traits, total, model)[1]
        df1, df2 = (np.where(model.eligible, df, 0) for df in model.search[6:8])
        return NextModels(allowed, model.eligible, df1, df2, before)
    stage = probability_stage(
        loci, chosen, allowed, min_cell=options.min_cell, is_full=options.model == "full"
    )
    z = stage.residuals(traits)
    if options.variance == "cell" and chosen:
        cells = variance_cells(loci, stage, chosen, min_cell=options.min_cell)
        if cells is not None:
            z = cells.residuals(traits, cells.weights(z))
    before = np.empty(len(z))
    row_squares(z, before)
    eligible = np.zeros(n_loci, dtype=np.bool_)
    eligible[stage.rows] = True
    df1, df2 = np.zeros((2, n_loci), dtype=np.int64)
    df1[stage.rows] = stage.df1
    df2[stage.rows] = traits.shape[1] - stage.rank - stage.df1
    return NextModels(allowed, eligible, df1, df2, before)
