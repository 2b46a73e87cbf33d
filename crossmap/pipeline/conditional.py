"""Conditional peaks: further loci of each trait, one after another, each with its permutations."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from crossmap.arguments import names_of, require_share, require_whole
from crossmap.cross import Cross
from crossmap.execution import DEFAULT, Execution, run_tasks
from crossmap.linkage.null_model import NullDesign
from crossmap.linkage.permute_options import PermuteOptions, strata_of
from crossmap.linkage.permuted_scan import PermutedScan, p_of_r2
from crossmap.linkage.predictors import Missing, Predictors, genotype_predictors
from crossmap.linkage.scan1 import Scan1Options
from crossmap.linkage.transforms import Transform, transform_traits
from crossmap.pipeline.permute import permute_in_rounds
from crossmap.significance.fdr import q_values
from crossmap.significance.genome_wide import TIE, require_permutations

COLUMNS = [
    "trait", "rank", "marker", "chr", "pos_bp", "pos_cm", "n", "df1", "df2", "r2", "lod",
    "p_value", "n_perm", "p_adjusted", "q_value", "pair_r2", "lod_dropped",
]  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Stage:
    """What one stage found for the traits that were scanned."""

    row: np.ndarray
    r2: np.ndarray
    p: np.ndarray
    n_perm: np.ndarray
    df1: np.ndarray
    df2: np.ndarray
    n_samples: np.ndarray


def conditional_peaks(
    cross: Cross,
    *,
    n_loci: int = 5,
    n_perm: int = 1000,
    alpha: float = 0.05,
    fdr: float | None = None,
    covariates: Sequence[str] | None = None,
    error_covariance: pd.DataFrame | None = None,
    weights: str | None = None,
    missing: Missing = "drop",
    strata: str | None = None,
    stop_after: int | None = None,
    transform: Sequence[Transform] | None = None,
    n_components: int = 0,
    seed: int = 1,
    execution: Execution | None = None,
) -> pd.DataFrame:
    """Choose loci for each trait by forward selection with permutation thresholds.

    The loci already chosen enter the null model additively; the next is the best given those, and
    stays if its genome-wide permutation p-value is small enough. What QTLtools and tensorQTL call
    independent QTL; `joint_linkage` says with what probability *all* of a trait's loci are real.

    Parameters
    ----------
    cross
        Any cross.
    n_loci
        Most loci of a trait.
    n_perm
        Permutations of a trait at each stage.
    alpha
        Largest genome-wide p-value of a locus.
    fdr
        Instead of `alpha`: largest false discovery rate among the traits scanned at a stage
        (Benjamini-Hochberg over their genome-wide p-values).
    covariates, error_covariance, weights, missing
        As in `permute_scan1`.
    strata, stop_after
        As in `permute_scan1`.
    transform, n_components
        As in `scan1`.
    seed
        Of the permutations; they differ between stages.
    execution
        Threads and progress; never changes a result.

    Returns
    -------
    pandas.DataFrame
        One row per trait and locus chosen: trait, rank (from 1), marker, chr, pos_bp, pos_cm, n,
        df1, df2, r2, lod and p_value (nominal) given the loci before, n_perm, p_adjusted
        (genome-wide), q_value (over traits of this rank), pair_r2 (largest squared genotype
        correlation with the loci before; near 1 a locus may have been named twice), lod_dropped
        (LOD of the locus given all others of the trait, earlier and later).

    Raises
    ------
    ArgumentError
        For an option out of range, or a level that so few permutations cannot give.
    DataError
        If covariates leave no degree of freedom or the error covariance cannot be used.

    Notes
    -----
    Residuals are permuted within the genotype combinations of the loci already chosen, and the
    model is fitted anew: permuting them freely would credit the next locus with what selection
    overfitted at the one before. With an error covariance there are no such groups.

    References
    ----------
    Doerge & Churchill (1996) Genetics 142:285; Delaneau et al. (2017) Nat Commun 8:15452.

    Examples
    --------
    >>> from crossmap import conditional_peaks, simulate_cross
    >>> cross = simulate_cross(n_samples=100, n_traits=30, n_markers=150, seed=3).cross
    >>> table = conditional_peaks(cross, n_loci=3, n_perm=99)
    >>> (table.groupby("trait")["rank"].max() <= 3).all()
    np.True_
    """
    require_whole("n_loci", n_loci, least=1)
    level = alpha
    if fdr is not None:
        require_share("fdr", fdr)
        level = 1.0
    options = PermuteOptions(
        scan=Scan1Options(
            covariates=names_of(covariates),
            weights=weights,
            missing=missing,
            transform=tuple(transform or ()),
            n_components=n_components,
        ),
        n_perm=n_perm,
        strata=strata,
        stop_after=stop_after,
        seed=seed,
    )
    require_permutations(n_perm, alpha if fdr is None else 1.0)
    design = options.scan.design(cross, error_covariance)
    options.require_exchangeable(has_error_covariance=design.covariance is not None)
    base = PermutedScan(
        transform_traits(
            cross.traits, options.scan.transform, n_components=n_components,
            names=cross.trait_names,
        ),
        cross.trait_names,
        genotype_predictors(cross),
        design,
        missing=missing,
        strata=strata_of(cross, strata, design.is_complete)[0],
        seed=seed,
    )  # fmt: skip
    run = execution or DEFAULT
    chosen = np.empty((cross.n_traits, 0), dtype=np.int64)
    tables: list[pd.DataFrame] = []
    active = np.arange(cross.n_traits)
    for rank in range(1, n_loci + 1):
        stage = _search(base, chosen, active, options, run)
        has = stage.row >= 0
        q = q_values(np.where(has, stage.p, np.nan), pi0=1.0)
        stays = has & ((stage.p <= level) if fdr is None else (q <= fdr))
        if tables and not stays.any():
            break
        # Without a row too: it says what columns hold.
        tables.append(_table(cross, base.predictors, stage, q, stays, active, chosen, rank))
        if not stays.any():
            break
        chosen = np.column_stack([chosen, np.full(cross.n_traits, -1)])
        chosen[active[stays], -1] = stage.row[stays]
        active = active[stays]
    table = pd.concat(tables, ignore_index=True)
    table = table.sort_values(["number", "rank"], kind="stable", ignore_index=True)
    return table.assign(lod_dropped=_dropped(base, table, chosen))[COLUMNS]


def _given(base: PermutedScan, loci: tuple[int, ...], stage: int) -> PermutedScan:
    """Put the loci chosen into the null model, and permute within their genotypes."""
    if not loci:
        return base
    predictors, design = base.predictors, base.design
    samples = np.arange(base.values.shape[1])
    rows = np.array(loci)
    dosage = predictors.features(rows, samples, "dosage")[0].astype(np.float64)
    names = tuple(f"locus {predictors.names[predictors.first_member(rows)[i]]}"
                  for i in range(len(rows)))  # fmt: skip
    wider = NullDesign(
        names=(*design.names, *names),
        columns=np.vstack([design.columns, dosage]),
        interactive_names=design.interactive_names,
        interactive=design.interactive,
        covariance=design.covariance,
    )
    cells = None
    if design.covariance is None:
        parts = [predictors.values[rows].T.astype(np.float64)]
        if base.strata is not None:
            parts.append(base.strata[:, None].astype(np.float64))
        cells = np.unique(np.hstack(parts), axis=0, return_inverse=True)[1].reshape(-1)
    return replace(base, design=wider, strata=cells, stage=stage)


def _search(
    base: PermutedScan,
    chosen: np.ndarray,
    active: np.ndarray,
    options: PermuteOptions,
    run: Execution,
) -> _Stage:
    """Scan and permute the traits that go on, those with the same loci together."""
    rank = chosen.shape[1] + 1
    groups: dict[tuple[int, ...], list[int]] = {}
    for i, t in enumerate(active.tolist()):
        groups.setdefault(tuple(chosen[t].tolist()), []).append(i)
    tasks = list(groups.items())
    inner = Execution(threads=1, memory=run.memory) if len(tasks) > 1 else run

    def work(task: tuple[tuple[int, ...], list[int]]) -> tuple[np.ndarray, ...]:
        loci, members = task
        traits = active[members]
        scan = replace(
            _given(base, loci, rank),
            values=base.values[traits],
            names=[base.names[t] for t in traits],
        )
        found, n_used, is_settled = permute_in_rounds(
            scan, n_perm=options.n_perm, stop_after=options.stop_after, execution=inner
        )
        observed, null = found.r2[:, :1], found.r2[:, 1:]
        counts = np.arange(null.shape[1]) < n_used[:, None]
        reached = ((null >= observed * (1.0 - TIE)) & counts).sum(axis=1)
        one = np.where(is_settled, 0, 1)
        p = (one + reached) / np.maximum(one + n_used, 1)
        return (
            found.row, observed[:, 0], p, n_used, found.df1, found.df2, found.n_samples,
        )  # fmt: skip

    if len(tasks) == 1:  # threads share out the permutations
        results = iter([work(tasks[0])])
    else:
        results = run_tasks(work, tasks, execution=run, stage=f"locus {rank}")
    arrays: list[np.ndarray] = []
    for (_, members), parts in zip(tasks, results, strict=True):
        arrays = arrays or [np.zeros(len(active), dtype=part.dtype) for part in parts]
        for array, part in zip(arrays, parts, strict=True):
            array[members] = part
    return _Stage(*arrays)


def _table(
    cross: Cross,
    predictors: Predictors,
    stage: _Stage,
    q: np.ndarray,
    stays: np.ndarray,
    active: np.ndarray,
    chosen: np.ndarray,
    rank: int,
) -> pd.DataFrame:
    traits, rows = active[stays], stage.row[stays]
    markers = predictors.first_member(rows)
    places = cross.markers.iloc[markers].reset_index(drop=True)
    n = stage.n_samples[stays]
    r2, df1, df2 = stage.r2[stays], stage.df1[stays], stage.df2[stays]
    with np.errstate(divide="ignore"):
        lod = -0.5 * n * np.log10(1.0 - np.minimum(r2, 1.0))
    correlation = [
        max((_pair_r2(predictors, row, other) for other in chosen[t].tolist()), default=np.nan)
        for t, row in zip(traits.tolist(), rows.tolist(), strict=True)
    ]
    return pd.DataFrame(
        {
            "number": traits,
            "trait": pd.Series([cross.trait_names[t] for t in traits], dtype=object),
            "rank": rank,
            **{name: places[name] for name in ("marker", "chr", "pos_bp", "pos_cm")},
            "n": n,
            "df1": df1,
            "df2": df2,
            "r2": r2,
            "lod": lod,
            "p_value": np.maximum(p_of_r2(r2, df1, df2), np.finfo(np.float64).tiny),
            "n_perm": stage.n_perm[stays],
            "p_adjusted": stage.p[stays],
            "q_value": q[stays],
            "pair_r2": np.array(correlation, dtype=np.float64),
        }
    )


def _pair_r2(predictors: Predictors, one: int, other: int) -> float:
    values = predictors.values[[one, other]].astype(np.float64)
    kept = (values >= 0).all(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation = np.asarray(np.corrcoef(values[:, kept]))
    return float(correlation[0, 1] ** 2)


def _dropped(base: PermutedScan, table: pd.DataFrame, chosen: np.ndarray) -> np.ndarray:
    """LOD of every chosen locus given all others of its trait."""
    out = np.empty(len(table))
    numbers, ranks = table["number"].to_numpy(), table["rank"].to_numpy()

    def rss(t: int, loci: tuple[int, ...]) -> tuple[np.float64, int]:
        design = _given(base, loci, 1).design
        samples = np.flatnonzero(design.is_complete & ~np.isnan(base.values[t]))
        total = design.on(samples).unit_traits(base.values[t : t + 1, samples]).total[0]
        return np.float64(total), len(samples)  # a quotient by 0 is inf

    for i, (t, rank) in enumerate(zip(numbers.tolist(), ranks.tolist(), strict=True)):
        loci = tuple(j for j in chosen[t].tolist() if j >= 0)
        whole, n = rss(t, loci)
        without, _ = rss(t, loci[: rank - 1] + loci[rank:])
        with np.errstate(divide="ignore", invalid="ignore"):
            out[i] = 0.5 * n * np.log10(without / whole) if without > 0 else np.nan
    return out
