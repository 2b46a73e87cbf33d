"""Conditional peaks: further loci of each trait, one after another, each with its permutations."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from crossmap.arguments import require_share, require_whole
from crossmap.cross import MARKER_COLUMNS, Cross
from crossmap.errors import ArgumentError
from crossmap.execution import DEFAULT, Execution, run_tasks
from crossmap.genome import MapFunction, in_map_units
from crossmap.genotypes.hmm import genotype_probabilities as genotype_probabilities_of
from crossmap.genotypes.probable_loci import probable_loci
from crossmap.kernels.regression import TIE
from crossmap.linkage.hits import p_of
from crossmap.linkage.locus_block import Model
from crossmap.linkage.null_model import NullDesign
from crossmap.linkage.permute_options import PermuteOptions, strata_of
from crossmap.linkage.permuted_scan import PermutedScan
from crossmap.linkage.predictors import Coding, Missing
from crossmap.linkage.probabilities import calls_of_whole_map, part_design, part_of_whole_map
from crossmap.linkage.profile import BestTests, best_tests
from crossmap.linkage.scan1 import Scan1Options
from crossmap.linkage.transforms import Transform, transform_traits
from crossmap.pipeline.permute import X_GROUP, permute_in_rounds, with_x_groups
from crossmap.significance.fdr import q_values
from crossmap.significance.genome_wide import require_permutations

COLUMNS = [
    "trait", "rank", "marker", "chr", "pos_bp", "pos_cm", "n", "df1", "df2", "r2", "lod",
    "p_value", "neglog10_p", "n_perm", "p_adjusted", "q_value", "pair_r2", "lod_dropped",
]  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Stage:
    """What one stage found for the traits that were scanned."""

    row: np.ndarray
    p: np.ndarray
    n_perm: np.ndarray
    best: BestTests


@dataclass(frozen=True, eq=False)
class _Base:
    """The first stage's scan, and what later stages take of the loci chosen.

    `dosage` and `genotypes` (calls, or the most probable; -1 missing) have the rows of the
    predictors; `places` of their markers.
    """

    scan: PermutedScan
    dosage: np.ndarray
    genotypes: np.ndarray
    places: pd.DataFrame


def conditional_peaks(
    cross: Cross,
    *,
    n_loci: int = 5,
    n_perm: int = 1000,
    alpha: float = 0.05,
    fdr: float | None = None,
    model: Model | None = None,
    covariates: Sequence[str] | None = None,
    error_covariance: pd.DataFrame | None = None,
    weights: str | None = None,
    missing: Missing = "drop",
    strata: str | None = None,
    stop_after: int | None = None,
    shared: bool = False,
    transform: Sequence[Transform] | None = None,
    n_components: int = 0,
    genotype_probabilities: bool = False,
    step: float = 0.0,
    error_prob: float = 1e-4,
    map_function: MapFunction = "haldane",
    cm_per_mb: float | None = None,
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
    model
        ``linear`` or ``anova``, of the loci chosen too; None as in `permute_scan1`.
    covariates, error_covariance, weights
        As in `permute_scan1`.
    missing
        ``drop``: a sample without a call at a locus chosen takes no further part for its trait, nor
        one without a call at a marker in the test of this marker; ``mean``: gaps get the mean of
        the other calls, at loci chosen too. Genotype probabilities have no gaps.
    strata, stop_after, shared
        As in `permute_scan1`.
    transform, n_components
        As in `scan1`.
    genotype_probabilities, step, error_prob, map_function, cm_per_mb
        As in `scan1`; in an F2 a locus has additive and dominance effects. Of calls and
        probabilities alike: where means on X differ by sex and direction of the cross, every null
        model has them and values move within these groups, on autosomes too (`permute_scan1` has
        them on X alone): one genome-wide p-value for the whole map.
    seed
        Of the permutations; they differ between stages.
    execution
        Threads and progress; never changes a result.

    Returns
    -------
    pandas.DataFrame
        One row per trait and locus chosen: trait, rank (from 1), marker, chr, pos_bp, pos_cm, n,
        df1, df2, r2, lod, p_value and neglog10_p (nominal) given the loci before, on the samples
        that have the locus and those before, n_perm, p_adjusted
        (genome-wide), q_value (over traits of this rank), pair_r2 (largest squared genotype
        correlation with the loci before; near 1 a locus may have been named twice), lod_dropped
        (LOD of the locus given all others of the trait, earlier and later).

    Raises
    ------
    ArgumentError
        For an option out of range, model linear_cross, or a level that so few permutations cannot
        give.
    DataError
        If covariates leave no degree of freedom or the error covariance cannot be used.

    Notes
    -----
    Residuals are permuted within the genotype combinations (on probabilities: of the most probable
    genotypes) of the loci already chosen, and the model is fitted anew: permuting them freely would
    credit the next locus with what selection overfitted at the one before. With an error covariance
    there are no such groups.

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
    if model == "linear_cross":
        msg = (
            "model: expected linear or anova, found linear_cross: what a locus adds to an "
            "interaction chosen before is not defined here"
        )
        raise ArgumentError(msg)
    options = PermuteOptions(
        scan=Scan1Options.of(
            cross.n_genotypes,
            model=model,
            covariates=covariates,
            weights=weights,
            missing=missing,
            transform=transform,
            n_components=n_components,
            genotype_probabilities=genotype_probabilities,
            step=step,
            error_prob=error_prob,
            map_function=map_function,
            cm_per_mb=cm_per_mb,
        ),
        n_perm=n_perm,
        strata=strata,
        stop_after=stop_after,
        shared=shared,
        seed=seed,
    )
    require_permutations(n_perm, alpha if fdr is None else 1.0)
    run = execution or DEFAULT
    base = _base(cross, options, error_covariance, run)
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
        tables.append(_table(base, stage, q, stays, active, chosen, rank))
        if not stays.any():
            break
        chosen = np.column_stack([chosen, np.full(cross.n_traits, -1)])
        chosen[active[stays], -1] = stage.row[stays]
        active = active[stays]
    table = pd.concat(tables, ignore_index=True)
    table = table.sort_values(["number", "rank"], kind="stable", ignore_index=True)
    table = table.assign(lod_dropped=_dropped(base, table, chosen))[COLUMNS]
    return in_map_units(table, base.places)


def _base(
    cross: Cross,
    options: PermuteOptions,
    error_covariance: pd.DataFrame | None,
    run: Execution,
) -> _Base:
    """Make calls or probabilities ready: the scan without any locus in its null model."""
    scan = options.scan
    if scan.genotype_probabilities:
        found = genotype_probabilities_of(
            cross, step=scan.step, error_prob=scan.error_prob, map_function=scan.map_function,
            cm_per_mb=scan.cm_per_mb, execution=run,
        )  # fmt: skip
        loci = probable_loci(found, cross)
        part = part_of_whole_map(loci, model=scan.model)
        dosage, genotypes = loci.dosage, loci.genotypes
        places = found.positions[list(MARKER_COLUMNS)]
    else:
        part, genotypes = calls_of_whole_map(cross, model=scan.model, missing=scan.missing)
        dosage = np.where(genotypes < 0, np.nan, genotypes)
        places = cross.markers
    if part.groups:
        cross = with_x_groups(cross, part, options.strata)
        options = replace(options, strata=X_GROUP)
    design = part_design(cross, part, scan, error_covariance)
    options.require_exchangeable(has_error_covariance=design.covariance is not None)
    values = transform_traits(
        cross.traits, scan.transform, n_components=scan.n_components, names=cross.trait_names
    )
    base = PermutedScan(
        values,
        cross.trait_names,
        part.predictors,
        design,
        model=scan.engine_model,
        missing=scan.missing,
        strata=strata_of(cross, options.strata, design.is_complete)[0],
        seed=options.seed,
        is_shared=options.shared,
    )
    return _Base(base, dosage, genotypes, places)


def _given(base: _Base, loci: tuple[int, ...], stage: int) -> PermutedScan:
    """Put the loci chosen into the null model, and permute within their genotypes."""
    if not loci:
        return base.scan
    predictors, design = base.scan.predictors, base.scan.design
    samples = np.arange(base.scan.values.shape[1])
    rows = np.array(loci)
    coding: Coding = "class" if base.scan.model == "anova" else "dosage"
    columns = predictors.features(rows, samples, coding).astype(np.float64)
    if base.scan.missing == "drop":
        columns[:, predictors.is_missing(rows)] = np.nan
    markers = predictors.names[predictors.first_member(rows)]
    names = tuple(f"locus {name}" for _ in columns for name in markers)
    wider = NullDesign(
        names=(*design.names, *names),
        columns=np.vstack([design.columns, columns.reshape(-1, len(samples))]),
        interactive_names=design.interactive_names,
        interactive=design.interactive,
        covariance=design.covariance,
    )
    cells = None
    if design.covariance is None:
        parts = [base.genotypes[rows].T.astype(np.float64)]
        if base.scan.strata is not None:
            parts.append(base.scan.strata[:, None].astype(np.float64))
        cells = np.unique(np.hstack(parts), axis=0, return_inverse=True)[1].reshape(-1)
    return replace(base.scan, design=wider, strata=cells, stage=stage)


def _can_test(scan: PermutedScan) -> bool:
    """Whether the samples with all loci chosen leave a degree of freedom."""
    usable = np.flatnonzero(scan.design.is_complete)
    return len(usable) > 0 and len(usable) - scan.design.on(usable).rank > 1


def _search(
    base: _Base,
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
            values=base.scan.values[traits],
            names=[base.scan.names[t] for t in traits],
        )
        if loci and not _can_test(scan):
            none = np.zeros(len(traits), dtype=np.int64)
            row = none - 1
            return row, none.astype(np.float64), none, *vars(best_tests(scan, row)).values()
        found, n_used, is_settled = permute_in_rounds(
            scan, n_perm=options.n_perm, stop_after=options.stop_after, execution=inner
        )
        observed, null = found.r2[:, :1], found.r2[:, 1:]
        counts = np.arange(null.shape[1]) < n_used[:, None]
        reached = ((null >= observed * (1.0 - TIE)) & counts).sum(axis=1)
        one = np.where(is_settled, 0, 1)
        p = (one + reached) / np.maximum(one + n_used, 1)
        return found.row, p, n_used, *vars(best_tests(scan, found.row)).values()

    if len(tasks) == 1:  # threads share out the permutations
        results = iter([work(tasks[0])])
    else:
        results = run_tasks(work, tasks, execution=run, stage=f"locus {rank}")
    arrays: list[np.ndarray] = []
    for (_, members), parts in zip(tasks, results, strict=True):
        arrays = arrays or [np.zeros(len(active), dtype=part.dtype) for part in parts]
        for array, part in zip(arrays, parts, strict=True):
            array[members] = part
    row, p, n_perm, *best = arrays
    return _Stage(row, p, n_perm, BestTests(*best))


def _table(
    base: _Base,
    stage: _Stage,
    q: np.ndarray,
    stays: np.ndarray,
    active: np.ndarray,
    chosen: np.ndarray,
    rank: int,
) -> pd.DataFrame:
    traits, rows = active[stays], stage.row[stays]
    places = base.places.iloc[base.scan.predictors.first_member(rows)].reset_index(drop=True)
    correlation = [
        max((_pair_r2(base.dosage, row, other) for other in chosen[t].tolist()), default=np.nan)
        for t, row in zip(traits.tolist(), rows.tolist(), strict=True)
    ]
    best = {name: values[stays] for name, values in vars(stage.best).items()}
    return pd.DataFrame(
        {
            "number": traits,
            "trait": pd.Series([base.scan.names[t] for t in traits], dtype=object),
            "rank": rank,
            **{name: places[name] for name in ("marker", "chr", "pos_bp", "pos_cm")},
            "n": best.pop("n_samples"),
            **best,
            "p_value": p_of(best["neglog10_p"]),
            "n_perm": stage.n_perm[stays],
            "p_adjusted": stage.p[stays],
            "q_value": q[stays],
            "pair_r2": np.array(correlation, dtype=np.float64),
        }
    )


def _pair_r2(dosage: np.ndarray, one: int, other: int) -> float:
    values = dosage[[one, other]]
    kept = ~np.isnan(values).any(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation = np.asarray(np.corrcoef(values[:, kept]))
    return float(correlation[0, 1] ** 2)


def _dropped(base: _Base, table: pd.DataFrame, chosen: np.ndarray) -> np.ndarray:
    """LOD of every chosen locus given all others of its trait, on samples that have them all."""
    out = np.empty(len(table))
    numbers, ranks = table["number"].to_numpy(), table["rank"].to_numpy()
    values = base.scan.values

    def rss(t: int, loci: tuple[int, ...], samples: np.ndarray) -> np.float64:
        null = _given(base, loci, 1).design.on(samples)
        return np.float64(null.unit_traits(values[t : t + 1, samples]).total[0])

    for i, (t, rank) in enumerate(zip(numbers.tolist(), ranks.tolist(), strict=True)):
        loci = tuple(j for j in chosen[t].tolist() if j >= 0)
        has_all = _given(base, loci, 1).design.is_complete & ~np.isnan(values[t])
        samples = np.flatnonzero(has_all)
        n = len(samples)
        whole = rss(t, loci, samples)
        without = rss(t, loci[: rank - 1] + loci[rank:], samples)  # a quotient by 0 is inf
        with np.errstate(divide="ignore", invalid="ignore"):
            out[i] = 0.5 * n * np.log10(without / whole) if without > 0 else np.nan
    return out
