"""LOD of every marker for some traits: the whole curve, where a scan keeps what is significant."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from crossmap.execution import DEFAULT, Execution, run_tasks
from crossmap.kernels.scan1 import exact_tests
from crossmap.linkage.f_test import neglog10_p
from crossmap.linkage.locus_block import LocusBlock, Model, locus_block
from crossmap.linkage.null_model import NullDesign
from crossmap.linkage.permuted_scan import FEWEST_SAMPLES, PermutedScan
from crossmap.linkage.predictors import Missing, Predictors, group_patterns

TRAITS_PER_TASK = 256


@dataclass(frozen=True, eq=False)
class Profile:
    """Statistics of every marker for some traits.

    Parameters
    ----------
    lod, r2
        float64 [n_traits, n_markers]: of what the null model leaves; NaN where there is no test.
    df1, df2, n_samples
        int64 [n_traits, n_markers]; 0 where there is no test.
    """

    lod: np.ndarray
    r2: np.ndarray
    df1: np.ndarray
    df2: np.ndarray
    n_samples: np.ndarray


def lod_profile(
    values: np.ndarray,
    predictors: Predictors,
    design: NullDesign,
    *,
    model: Model = "linear",
    missing: Missing = "drop",
    execution: Execution | None = None,
) -> Profile:
    """Compute the LOD of every marker.

    Parameters
    ----------
    values
        float64 [n_traits, n_samples], NaN missing.
    predictors, design
        Of the same samples.
    model, missing
        As in `scan1`.
    execution
        Threads and progress; never changes a result.

    Returns
    -------
    Profile

    Raises
    ------
    DataError
        If the error covariance is not positive definite.

    Notes
    -----
    LOD = n/2 log10(RSS0/RSS1), in float64; the same numbers as a scan's.
    """
    usable = np.flatnonzero(design.is_complete)
    shape = (len(values), len(predictors.names))
    found = Profile(np.full(shape, np.nan), np.full(shape, np.nan), *_zeros(shape))

    @lru_cache(maxsize=4)
    def block_of(rows: bytes, samples: bytes) -> LocusBlock:
        row, kept = (np.frombuffer(part, dtype=np.int64) for part in (rows, samples))
        return locus_block(predictors, row, design.on(kept), model=model)

    def work(task: tuple[np.ndarray, np.ndarray, np.ndarray]) -> tuple:
        traits, rows, kept = task
        block = block_of(rows.tobytes(), kept.tobytes())
        unit = block.null.unit_traits(np.ascontiguousarray(values[np.ix_(traits, kept)]))
        n_loci, n_traits = len(rows), len(traits)
        locus, trait = (a.ravel().astype(np.int32) for a in np.indices((n_loci, n_traits)))
        out = np.empty((len(locus), 3))
        exact_tests(block.columns, unit.y, block.n_before, locus, trait, out)
        tested, rest = (out[:, i].reshape(n_loci, n_traits).T for i in (1, 2))
        has = (unit.total > 0)[:, None] & block.is_tested
        with np.errstate(divide="ignore", invalid="ignore"):
            lod = 0.5 * len(kept) * np.log10((tested + rest) / rest)
            r2 = tested / (tested + rest)
        return np.where(has, lod, np.nan), np.where(has, r2, np.nan), has, block

    tasks = []
    for traits, samples in group_patterns(np.isnan(values[:, usable]), usable):
        patterns = [(np.arange(len(predictors)), samples)]
        if missing == "drop":
            patterns = list(predictors.patterns(samples))
        for rows, kept in patterns:
            if len(kept) >= FEWEST_SAMPLES:
                starts = range(0, len(traits), TRAITS_PER_TASK)
                tasks += [(traits[i : i + TRAITS_PER_TASK], rows, kept) for i in starts]
    results = run_tasks(work, tasks, execution=execution or DEFAULT, stage="LOD curves")
    for (traits, rows, kept), (lod, r2, has, block) in zip(tasks, results, strict=True):
        markers = predictors.members_of(rows)
        column = np.repeat(np.arange(len(rows)), predictors.n_members[rows])
        at = np.ix_(traits, markers)
        found.lod[at], found.r2[at] = lod[:, column], r2[:, column]
        for name, degrees in (("df1", block.df1), ("df2", block.df2)):
            getattr(found, name)[at] = np.where(has[:, column], degrees[column], 0)
        found.n_samples[at] = np.where(has[:, column], len(kept), 0)
    return found


@dataclass(frozen=True, eq=False)
class BestTests:
    """Statistics of one locus for each trait, on the samples that have both.

    Parameters
    ----------
    lod, r2
        float64 [n_traits]: of what the null model leaves; NaN where there is no test.
    neglog10_p
        float64 [n_traits]: of the nominal p-value; it does not underflow.
    df1, df2, n_samples
        int64 [n_traits]; 0 where there is no test.
    """

    lod: np.ndarray
    r2: np.ndarray
    neglog10_p: np.ndarray
    df1: np.ndarray
    df2: np.ndarray
    n_samples: np.ndarray


def best_tests(scan: PermutedScan, row: np.ndarray) -> BestTests:
    """Test one locus for each trait, in float64, as a scan does.

    Parameters
    ----------
    scan
        Traits, predictors, null model and what missing values do.
    row
        int64 [n_traits]: row of the predictors; -1 for none.

    Returns
    -------
    BestTests

    Raises
    ------
    DataError
        If the error covariance is not positive definite.
    """
    shape = (len(row),)
    lod, r2, neglog10 = (np.full(shape, np.nan) for _ in range(3))
    found = BestTests(lod, r2, neglog10, *_zeros(shape))
    predictors, design = scan.predictors, scan.design
    usable = np.flatnonzero(design.is_complete)
    for of_pattern, samples in group_patterns(np.isnan(scan.values[:, usable]), usable):
        traits = of_pattern[row[of_pattern] >= 0]
        rows = np.unique(row[traits])
        missing = np.zeros((len(rows), len(samples)), dtype=np.bool_)
        if predictors.has_missing and scan.missing == "drop":
            missing = predictors.is_missing(rows)[:, samples]
        for part, kept in group_patterns(missing, samples):
            block = locus_block(predictors, rows[part], design.on(kept), model=scan.model)
            tested = traits[np.isin(row[traits], rows[part])]
            for first in range(0, len(tested), TRAITS_PER_TASK):
                mine = tested[first : first + TRAITS_PER_TASK]
                unit = block.null.unit_traits(np.ascontiguousarray(scan.values[np.ix_(mine, kept)]))
                locus = np.searchsorted(rows[part], row[mine]).astype(np.int32)
                out = np.empty((len(mine), 3))
                number = np.arange(len(mine), dtype=np.int32)
                exact_tests(block.columns, unit.y, block.n_before, locus, number, out)
                gain, rest, df1, df2 = out[:, 1], out[:, 2], block.df1[locus], block.df2[locus]
                with np.errstate(divide="ignore", invalid="ignore"):
                    lod[mine] = 0.5 * len(kept) * np.log10((gain + rest) / rest)
                    r2[mine] = gain / (gain + rest)
                    neglog10[mine] = neglog10_p(
                        (gain / df1) / (rest / df2), np.maximum(df1, 1), np.maximum(df2, 1)
                    )
                found.df1[mine], found.df2[mine] = df1, df2
                found.n_samples[mine] = len(kept)
    return found


def _zeros(shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return tuple(np.zeros(shape, dtype=np.int64) for _ in range(3))  # type: ignore[return-value]
