"""Permutations of the single-locus scan, from a cross to genome-wide thresholds and p-values."""

import warnings
from collections.abc import Sequence
from dataclasses import replace
from math import ceil

import numpy as np
import pandas as pd

from crossmap.arguments import require_share
from crossmap.cross import Cross
from crossmap.errors import ArgumentError, CrossmapError, CrossmapWarning
from crossmap.execution import DEFAULT, Execution
from crossmap.genome import MapFunction
from crossmap.genotypes.x_chromosome import has_sexed_x
from crossmap.kernels.regression import TIE
from crossmap.linkage.local_tests import local_ranges, require_places
from crossmap.linkage.locus_block import Model
from crossmap.linkage.map_regions import level_of_share, map_lengths
from crossmap.linkage.permute_options import PermuteOptions, strata_of
from crossmap.linkage.permuted_interaction import interaction_maxima
from crossmap.linkage.permuted_scan import Maxima, PermutedScan
from crossmap.linkage.predictors import Missing
from crossmap.linkage.probabilities import (
    ProbabilityPart,
    part_design,
    scanned_parts,
)
from crossmap.linkage.profile import best_tests
from crossmap.linkage.scan1 import Scan1Options
from crossmap.linkage.transforms import Transform, transform_traits
from crossmap.significance.beta_tail import fit_beta_tail
from crossmap.significance.genome_wide import (
    GenomeWide,
    permutations_needed,
    require_permutations,
)

FIRST_ROUND = 100
"""Permutations after which it is first looked which traits are settled; then doubled."""


X_GROUP = "group of X"
"""Covariate that holds sex and direction of the cross, within which values on X are permuted."""


def permute_scan1(
    cross: Cross,
    *,
    model: Model | None = None,
    covariates: Sequence[str] | None = None,
    interactive: Sequence[str] | None = None,
    error_covariance: pd.DataFrame | None = None,
    weights: str | None = None,
    missing: Missing = "drop",
    n_perm: int = 1000,
    alpha: float | tuple[float, ...] = (0.05,),
    strata: str | None = None,
    stop_after: int | None = None,
    shared: bool = False,
    beta: bool = True,
    transform: Sequence[Transform] | None = None,
    n_components: int = 0,
    genotype_probabilities: bool = False,
    step: float = 0.0,
    error_prob: float = 1e-4,
    map_function: MapFunction = "haldane",
    cm_per_mb: float | None = None,
    local_window_bp: float | None = None,
    seed: int = 1,
    execution: Execution | None = None,
) -> GenomeWide:
    """Permute every trait to find what chance gives anywhere on the genome, or at its gene.

    Parameters
    ----------
    cross
        Any cross. A trait with missing values is permuted among its own samples. Where an F2, or a
        backcross of both sexes, has an X, values move there only within sex and direction of the
        cross, n_perm L_A / L_X times (L the lengths of the maps), and autosomes and X have
        thresholds of their own, each at its share of `alpha`.
    model, covariates, interactive, error_covariance, weights, missing
        As in `scan1`. With covariates the residuals of the null model are permuted and the model is
        fitted to them anew. With an error covariance or weights their coordinates in an orthonormal
        basis of what the null model leaves are permuted. For an interaction (``linear_cross``)
        traits and covariates are permuted together, all traits alike, and the statistic is that of
        the full against the additive model of the same permutation.
    n_perm
        Permutations of each trait. The largest statistic of each is held, 8 bytes: of 1,000 traits
        and permutations 8 MB, and 20 times as much on an X of a twentieth of the map. What does not
        fit into the memory allowed is refused before the work begins.
    alpha
        Genome-wide error rates of the thresholds, or one; more permutations than 1/alpha - 1 are
        needed.
    strata
        Column of `cross.covariates`: values move only between samples of one stratum.
    stop_after
        Stop permuting a trait once so many permutations have reached what was observed; None makes
        them all.
    shared
        Permute all traits alike, so that what correlates them survives: needed for a threshold of
        the whole experiment.
    beta
        Fit the beta approximation, which gives p-values below 1/n_perm.
    transform, n_components
        As in `scan1`.
    genotype_probabilities, step, error_prob, map_function, cm_per_mb
        As in `scan1`.
    local_window_bp
        Test and permute each trait with the markers within so many base pairs of its own gene
        alone (both ends counted), as tensorQTL and FastQTL do (``--mode cis``); None for all
        markers. What is called genome-wide then holds for these markers; traits without a place,
        or without a marker that varies there, have no test. Not with ``linear_cross``.
    seed
        Permutation b of a trait is a function of the seed, b, the trait's name and the strata.
    execution
        Threads, memory, progress; never changes a result.

    Returns
    -------
    GenomeWide

    Warns
    -----
    CrossmapWarning
        If samples lack covariates, or strata hold a single sample; if traits have no place, where
        local markers alone are tested.

    Raises
    ------
    ArgumentError
        For an option out of range, an unknown covariate, or a level that so few permutations
        cannot give.
    DataError
        If covariates leave no degree of freedom, the error covariance cannot be used, every
        stratum is a single sample, or places are lacking that local tests need.
    CrossmapError
        If the statistics of so many permutations do not fit into memory.

    Notes
    -----
    The beta approximation of a trait with few, correlated markers (`local_window_bp`) is rougher
    than that of a genome: 75 yeast genes, markers within 10 kb, fitted to 1,000 permutations, at a
    true p (of 100,000) of 0.01 and 0.001 have a p_beta smaller by 0.06 and 0.07 decades on average,
    with standard deviations of 0.14 and 0.27 (0.12 and 0.22 where beta_fits).

    References
    ----------
    Churchill & Doerge (1994) Genetics 138:963; Freedman & Lane (1983) J Bus Econ Stat 1:292; Ongen
    et al. (2016) Bioinformatics 32:1479; Broman et al. (2006) Genetics 174:2151 (X).

    Examples
    --------
    >>> from crossmap import permute_scan1, simulate_cross
    >>> cross = simulate_cross(n_samples=80, n_traits=20, n_markers=100, seed=3).cross
    >>> chance = permute_scan1(cross, n_perm=200)
    >>> chance.thresholds(0.05)["lod"].between(1.5, 4.0).all()
    np.True_
    """
    options = PermuteOptions(
        scan=Scan1Options.of(
            cross.n_genotypes,
            model=model,
            covariates=covariates,
            interactive=interactive,
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
        alpha=(alpha,) if isinstance(alpha, int | float | np.number) else tuple(alpha),
        strata=strata,
        stop_after=stop_after,
        shared=shared or model == "linear_cross",
        beta=beta,
        seed=seed,
        local_window_bp=local_window_bp,
    )
    for level in options.alpha:
        require_share("alpha", level)
        if not has_sexed_x(cross):  # else autosomes have a share of it, and need more
            require_permutations(n_perm, level)
    return _permute(cross, options, error_covariance, execution or DEFAULT)


def _permute(
    cross: Cross, options: PermuteOptions, error_covariance: pd.DataFrame | None, run: Execution
) -> GenomeWide:
    is_local = options.local_window_bp is not None
    if is_local:
        _require_genes(cross)
    scanned = scanned_parts(cross, options.scan, execution=run)
    rows = [part.predictors.member for part in scanned.parts]
    # A gene lies on autosomes or on X: the whole error rate is its own.
    shares = [1.0] * len(rows) if is_local else _shares(scanned.places, rows)
    counts = [options.n_perm] * len(rows)
    if not is_local:
        counts = part_permutations(scanned.places, rows, n_perm=options.n_perm, alpha=options.alpha)
    for alpha in sorted(options.alpha):
        if shares[0] == 1.0:
            require_permutations(options.n_perm, alpha)
            continue
        level = level_of_share(alpha, shares[0])
        if options.n_perm < permutations_needed(level):
            msg = (
                f"n_perm: expected at least {permutations_needed(level):,} for alpha {alpha:g}, of "
                f"which autosomes have {level:.3g} and X the rest, found {options.n_perm:,}"
            )
            raise ArgumentError(msg)
    needed = sum(8 * cross.n_traits * (count + 1) for count in counts)
    if needed > run.memory_bytes:
        msg = (
            f"n_perm: expected as many as fit into {run.memory_bytes / 1e6:,.0f} MB, found "
            f"{sum(counts):,} of {cross.n_traits:,} traits, which take {needed / 1e6:,.0f} MB"
        )
        if len(counts) > 1:
            length, unit = _lengths(scanned.places, rows)
            msg += (
                f" ({counts[1]:,} of them on X, which has {length[1]:.4g} of the map's "
                f"{length.sum():,.4g} {unit}; a marker misplaced far from the others makes such a "
                "map)"
            )
        raise CrossmapError(msg)
    found = []
    for part, share, count in zip(scanned.parts, shares, counts, strict=True):
        own = replace(options, n_perm=count)
        chance = _permute_part(cross, part, scanned.places, own, error_covariance, run)
        found.append(replace(chance, share=share))
    return found[0] if len(found) == 1 else replace(found[0], x=found[1])


def _require_genes(cross: Cross) -> None:
    """Warn of traits without a place; refuse a cross without places."""
    without = require_places(cross.markers, cross.trait_table)
    if len(without):
        warnings.warn(
            f"{len(without)} of {cross.n_traits} traits have no place (the first: "
            f"{cross.trait_names[without[0]]}) and no local test",
            CrossmapWarning,
            stacklevel=4,
        )


def part_permutations(
    places: pd.DataFrame,
    rows: Sequence[np.ndarray],
    *,
    n_perm: int,
    alpha: Sequence[float],
) -> list[int]:
    """Count the permutations of autosomes and of X.

    Parameters
    ----------
    places
        Of all positions.
    rows
        int64: the positions of each part, autosomes first; one part, or two.
    n_perm, alpha
        As in `permute_scan1`.

    Returns
    -------
    list of int
        Of each part: n_perm, and on X n_perm L_A / L_X, or what its share of each alpha needs.

    References
    ----------
    Broman et al. (2006) Genetics 174:2151.
    """
    shares = _shares(places, rows)
    counts = [n_perm] * len(rows)
    if len(shares) > 1:
        least = max(permutations_needed(level_of_share(a, shares[1])) for a in alpha)
        counts[1] = max(n_perm, least, ceil(n_perm * shares[0] / shares[1]))
    return counts


def _shares(places: pd.DataFrame, parts: Sequence[np.ndarray]) -> list[float]:
    """Share of the map that each part has."""
    use, _ = _lengths(places, parts)
    return [1.0] if len(use) == 1 else (use / use.sum()).tolist()


def _lengths(places: pd.DataFrame, parts: Sequence[np.ndarray]) -> tuple[np.ndarray, str]:
    """Length of the map (cM, else bp, else positions) of each part, and its unit."""
    cm, bp = (places[name].to_numpy(dtype=np.float64) for name in ("pos_cm", "pos_bp"))
    return map_lengths(places["chr"].to_numpy(dtype=object), cm, bp, parts)


def _permute_part(
    cross: Cross,
    part: ProbabilityPart,
    places: pd.DataFrame,
    options: PermuteOptions,
    error_covariance: pd.DataFrame | None,
    run: Execution,
) -> GenomeWide:
    if len(part.groups) > 1:
        cross = with_x_groups(cross, part, options.strata)
        options = replace(options, strata=X_GROUP)
    design = part_design(cross, part, options.scan, error_covariance)
    options.require_exchangeable(has_error_covariance=design.covariance is not None)
    strata, n_alone = strata_of(cross, options.strata, design.is_complete)
    _warn(int((~design.is_complete).sum()), cross.n_samples, n_alone)
    scan = PermutedScan(
        transform_traits(
            cross.traits,
            options.scan.transform,
            n_components=options.scan.n_components,
            names=cross.trait_names,
        ),
        cross.trait_names,
        part.mapped(places),
        design,
        model=options.scan.engine_model,
        missing=options.scan.missing,
        strata=strata,
        seed=options.seed,
        is_shared=options.shared,
        local=None
        if options.local_window_bp is None
        else local_ranges(places, cross.trait_table, window_bp=options.local_window_bp),
    )
    if options.is_interaction:
        found = interaction_maxima(scan, 0, options.n_perm + 1, execution=run)
        n_used = np.where(found.row >= 0, options.n_perm, 0)
        is_settled = np.zeros(cross.n_traits, dtype=np.bool_)
    else:
        found, n_used, is_settled = permute_in_rounds(
            scan, n_perm=options.n_perm, stop_after=options.stop_after, execution=run
        )
    has = found.row >= 0
    null = found.r2[:, 1:]
    tail = fit_beta_tail(null, found.df1, found.df2, execution=run) if options.beta else None
    return GenomeWide(
        traits=np.array(cross.trait_names, dtype=object),
        markers=places,
        marker=scan.best_marker(found.row),
        r2=np.where(has, found.r2[:, 0], np.nan),
        null=null,
        n_used=n_used,
        is_settled=is_settled,
        df1=found.df1,
        df2=found.df2,
        n_samples=found.n_samples,
        n_tested=scan.n_tested(),
        is_uniform=found.is_uniform,
        best=best_tests(scan, found.row),
        tail=tail,
        options=options,
    )


def with_x_groups(cross: Cross, part: ProbabilityPart, strata: str | None) -> Cross:
    """Add a covariate of the groups of X, within the strata that were asked for.

    Parameters
    ----------
    cross
        The cross.
    part
        Whose groups.
    strata
        Column of the covariates; None for none.

    Returns
    -------
    Cross
        With the covariate `X_GROUP`.
    """
    group = np.zeros(cross.n_samples, dtype=np.int64)
    for number, samples in enumerate(part.groups):
        group[samples] = number
    label = pd.Series(group, index=cross.covariates.index).astype(str).astype(object)
    if strata is not None:
        strata_of(cross, strata, np.ones(cross.n_samples, dtype=np.bool_))  # refuses what is none
        label = label + "/" + cross.covariates[strata].astype(str)
    return replace(cross, covariates=cross.covariates.assign(**{X_GROUP: label}))


def _warn(n_incomplete: int, n_samples: int, n_alone: int) -> None:
    if n_incomplete:
        warnings.warn(
            f"{n_incomplete} of {n_samples} samples lack a covariate and were left out",
            CrossmapWarning,
            stacklevel=4,
        )
    if n_alone:
        warnings.warn(
            f"{n_alone} strata hold one sample each; its values never move",
            CrossmapWarning,
            stacklevel=4,
        )


def permute_in_rounds(
    scan: PermutedScan, *, n_perm: int, stop_after: int | None, execution: Execution
) -> tuple[Maxima, np.ndarray, np.ndarray]:
    """Permute, and leave out of later rounds the traits that are settled.

    Parameters
    ----------
    scan
        What is permuted.
    n_perm
        Most permutations of a trait.
    stop_after
        As in `permute_scan1`.
    execution
        Threads and progress.

    Returns
    -------
    found : Maxima
        Replicates 0 .. n_perm; NaN where none was made.
    n_used : numpy.ndarray
        int64 [n_traits]: permutations that count.
    is_settled : numpy.ndarray
        bool [n_traits].
    """
    n_traits = len(scan.values)
    n_used, is_settled = np.zeros(n_traits, dtype=np.int64), np.zeros(n_traits, dtype=np.bool_)
    if stop_after is None:
        found = scan.maxima(0, n_perm + 1, execution=execution)
        n_used[found.row >= 0] = n_perm
        return found, n_used, is_settled
    found = Maxima.none(n_traits, n_perm + 1)
    active, first, last = np.arange(n_traits), 0, min(FIRST_ROUND, n_perm)
    while len(active):
        label = f"permutations to {last:,} of {len(active):,} traits"
        part = scan.maxima(first, last + 1, traits=active, execution=execution, label=label)
        found.put(active, part, slice(first, last + 1))
        active = active[found.row[active] >= 0]
        reached = found.r2[active, 1 : last + 1] >= found.r2[active, :1] * (1.0 - TIE)
        enough = reached.cumsum(axis=1) >= stop_after
        done = enough[:, -1]
        is_settled[active[done]] = True
        n_used[active] = np.where(done, enough.argmax(axis=1) + 1, last)
        if last == n_perm:
            break
        active, first, last = active[~done], last + 1, min(2 * last, n_perm)
    return found, n_used, is_settled
