"""Largest interaction statistic over the genome when traits and covariates move together.

The null of an interaction holds a main effect of its own at every marker, so there are no residuals
of *the* null model to permute. Instead the rows of traits and covariates are permuted together
against the genotypes; the statistic is that of the full against the additive model of the same
permutation (the difference of their LODs). All traits move alike.
"""

from dataclasses import replace
from functools import partial

import numpy as np

from crossmap.execution import DEFAULT, Execution, run_tasks
from crossmap.kernels.philox import shuffle_within_cells
from crossmap.linkage.block_scan import ScanRequest
from crossmap.linkage.hits import p_of
from crossmap.linkage.locus_block import locus_block
from crossmap.linkage.permuted_scan import FEWEST_SAMPLES, STAGE, Maxima, PermutedScan, strata_cells
from crossmap.linkage.predictors import group_patterns
from crossmap.linkage.scan1 import gather
from crossmap.linkage.single_locus import scan_pieces

NO_HITS = 1e-300
"""Threshold of p that next to nothing passes: the best of every trait is found anyway."""


def interaction_maxima(
    scan: PermutedScan, first: int, stop: int, *, execution: Execution | None = None
) -> Maxima:
    """Find the largest interaction statistic of every trait in every replicate.

    Parameters
    ----------
    scan
        With interactive covariates in its design; `is_shared` is taken to be true.
    first, stop
        Replicates first .. stop - 1; number 0 is the data as they are.
    execution
        Threads, memory and progress; never changes a result.

    Returns
    -------
    Maxima
        Of all traits.

    Raises
    ------
    DataError
        If covariates leave no degree of freedom.
    """
    run = execution or DEFAULT
    inner = Execution(threads=1, memory=max(1, run.memory_bytes // run.n_threads))
    found = Maxima.none(len(scan.values), stop - first)
    work = partial(_replicate, scan, inner)
    results = run_tasks(work, list(range(first, stop)), execution=run, stage=STAGE)
    for b, (neglog10, partner) in enumerate(results):
        found.r2[:, b] = neglog10
        if first + b == 0:
            has = partner >= 0
            found.row[has] = scan.predictors.row_of_marker[partner[has]]
    _degrees(scan, found)
    has_test = found.df1 > 0
    from scipy import special

    for t in np.flatnonzero(has_test):
        p = p_of(found.r2[t])
        found.r2[t] = special.betainccinv(found.df1[t] / 2.0, found.df2[t] / 2.0, p)
    found.r2[~has_test] = np.nan
    return found


def _replicate(scan: PermutedScan, run: Execution, b: int) -> tuple[np.ndarray, np.ndarray]:
    """-log10 p of the best marker of every trait, and the marker."""
    usable = np.flatnonzero(scan.design.is_complete)
    (members, start), key = strata_cells(scan, usable, len(usable))
    order = np.arange(len(usable))
    if b:
        word = np.empty(4, dtype=np.uint64)
        shuffle_within_cells(key, np.uint64(0), np.uint64(b), members, start, word, order)
    values = scan.predictors.values.copy()
    values[:, usable[order]] = scan.predictors.values[:, usable]
    predictors = replace(scan.predictors, values=values)
    request = ScanRequest(
        model="linear_cross", missing=scan.missing, threshold=NO_HITS,
        is_t=len(scan.design.interactive) == 1,
    )  # fmt: skip
    outcome = gather(
        scan_pieces(scan.values, predictors, scan.design, request, execution=run),
        n_traits=len(scan.values),
        predictors=predictors,
        request=request,
        memory_bytes=run.memory_bytes,
    )
    return outcome.by_trait.neglog10_p, outcome.by_trait.partner


def _degrees(scan: PermutedScan, found: Maxima) -> None:
    """Degrees of freedom of the test that most markers have, for every trait."""
    usable = np.flatnonzero(scan.design.is_complete)
    for traits, samples in group_patterns(np.isnan(scan.values[:, usable]), usable):
        if len(samples) < FEWEST_SAMPLES:
            continue
        kinds: dict[tuple[int, int, int], int] = {}
        patterns = [(np.arange(len(scan.predictors)), samples)]
        if scan.missing == "drop":
            patterns = list(scan.predictors.patterns(samples))
        for rows, kept in patterns:
            if len(kept) < FEWEST_SAMPLES:
                continue
            block = locus_block(
                scan.predictors, rows, scan.design.on(kept), model="linear_cross"
            )  # fmt: skip
            for number, (df1, df2) in enumerate(block.degrees[0].tolist()):
                if df1 > 0:
                    kind = (df1, df2, len(kept))
                    kinds[kind] = kinds.get(kind, 0) + int((block.degrees[1] == number).sum())
        has = traits[found.row[traits] >= 0] if found.row.max(initial=-1) >= 0 else traits
        if kinds:
            found.df1[has], found.df2[has], found.n_samples[has] = max(kinds, key=kinds.__getitem__)
            found.is_uniform[has] = len(kinds) == 1
