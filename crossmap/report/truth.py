"""Claims of a simulated cross beside its truth, in plain words."""

import numpy as np
import pandas as pd

from crossmap.report.words import count, fill, percent
from crossmap.scoring import Score


def n_traits_by_n_loci(truth: pd.DataFrame) -> list[int]:
    """Count traits by their number of true loci.

    Parameters
    ----------
    truth
        As `SimulatedCross.truth`.

    Returns
    -------
    list of int
        Traits with 0, 1, 2 ... loci.
    """
    n_loci = truth.drop_duplicates("trait")["n_loci"].to_numpy(np.int64)
    return np.bincount(n_loci).tolist()


def describe_truth(truth: pd.DataFrame) -> str:
    """Say how many loci the traits of a simulated cross have.

    Parameters
    ----------
    truth
        As `SimulatedCross.truth`.

    Returns
    -------
    str
    """
    numbers = enumerate(n_traits_by_n_loci(truth))
    each = [f"{count(k, 'locus', 'loci')} {n:,}" for k, n in numbers]
    return fill(f"Traits by true loci: {', '.join(each)}.")


def describe_score(score: Score, *, fdr: float) -> str:
    """Say how the traits called compare with the truth.

    Parameters
    ----------
    score
        Of the traits called.
    fdr
        Joint-linkage false discovery rate at which they were called.

    Returns
    -------
    str
        One paragraph.
    """
    n_loci = len(score.locus_fdr)
    loci = "locus" if n_loci == 1 else f"{n_loci} loci"
    true = count(n_loci, "true locus", "true loci")
    findable = (
        f"Of {count(score.n_findable, 'trait')} with {true} or more "
        f"{percent(score.power)} were found."
        if score.n_findable
        else f"No trait has {true}."
    )
    if not score.n_claims:
        return fill(
            f"The cross is simulated, so the truth is known. Nothing was called. {findable}"
        )
    error = f" (standard error {percent(score.fdr_se)})" if score.fdr_se else ""
    text = (
        f"The cross is simulated, so the truth is known. Of {count(score.n_claims, 'trait')} "
        f"called {count(score.n_true, 'names', 'name')} {loci} that "
        f"{'is' if n_loci == 1 else 'are'} "
        f"true (within {score.within_cm:g} cM): the "
        f"realised false discovery rate is {percent(score.fdr)}{error}, where at most "
        f"{percent(fdr)} was asked for. {findable}"
    )
    if score.n_true:
        text += f" True loci are named {score.median_error_cm:.1f} cM from their place (median)."
    return fill(text)
