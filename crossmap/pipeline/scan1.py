"""The stages of the single-locus scan in order: data -> predictors -> linkage -> significance."""

import warnings
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from typing import Literal

import numpy as np
import pandas as pd

from crossmap.cross import Cross
from crossmap.errors import CrossmapWarning
from crossmap.execution import DEFAULT, Execution
from crossmap.genome import MapFunction
from crossmap.genotypes.positions import scan_positions
from crossmap.linkage.block_scan import ScanRequest
from crossmap.linkage.local_tests import (
    LocalRanges,
    local_ranges,
    require_places,
    require_window_of_use,
)
from crossmap.linkage.locus_block import Model
from crossmap.linkage.null_model import NullDesign
from crossmap.linkage.predictors import Missing, Predictors
from crossmap.linkage.probabilities import part_design, scanned_parts
from crossmap.linkage.scan1 import (
    Compat,
    Preflight,
    Scan1Options,
    ScanOutcome,
    gather,
    preflight,
    require_sensible,
)
from crossmap.linkage.single_locus import FEWEST_SAMPLES, scan_pieces
from crossmap.linkage.transforms import Transform, transform_traits
from crossmap.significance.scan1 import Scan1, scan1_significance


def scan1(
    cross: Cross,
    *,
    model: Model | None = None,
    covariates: Sequence[str] | None = None,
    interactive: Sequence[str] | None = None,
    error_covariance: pd.DataFrame | None = None,
    weights: str | None = None,
    missing: Missing = "drop",
    compat: Compat | None = None,
    threshold: float = 1e-5,
    local_threshold: float | None = None,
    local_window_bp: float = 10_000.0,
    local_only: bool = False,
    histogram: int | Literal["qq"] | Sequence[float] | None = None,
    transform: Sequence[Transform] | None = None,
    n_components: int = 0,
    genotype_probabilities: bool = False,
    step: float = 0.0,
    error_prob: float = 1e-4,
    map_function: MapFunction = "haldane",
    cm_per_mb: float | None = None,
    force: bool = False,
    execution: Execution | None = None,
) -> Scan1:
    """Test every trait with every marker, one at a time, and report the tests past a threshold.

    Parameters
    ----------
    cross
        Any cross. A trait with missing values is tested on its own samples. On X of a backcross or
        F2 the sexes, of an F2 also the females of each direction of the cross, have a mean of their
        own in the null model and an effect of their own in the test (F; no beta).
    model
        ``linear``: the number of alleles (0, 1 or 0, 1, 2); ``anova``: a mean for every genotype,
        each marker with the degrees of freedom of the genotypes it has; ``linear_cross``: the
        interaction of the number of alleles with `interactive`, main effects in the null model.
        None takes ``linear``, but ``anova`` for probabilities of three genotypes.
    covariates
        Columns of `cross.covariates`, or one, for the null model of every test: numbers as they
        are, anything else by its levels. Those that others determine are dropped and named. Samples
        without a value are left out.
    interactive
        Columns, or one, whose interaction is tested, together if there are several.
    error_covariance
        Covariance of the traits' errors between samples, up to a factor: symmetric, positive
        definite, sample names on both sides.
    weights
        Column of `cross.covariates`: error variances are divided by it.
    missing
        Samples without a genotype: ``drop`` them from that marker's tests, or give them the
        ``mean`` of the others.
    compat
        ``matrixeqtl``: ANOVA always of three genotypes, missing values of genotypes and traits
        filled with means, its rule for the ends of the local window.
    threshold
        Largest p-value reported, above 0; 1 reports every test.
    local_threshold
        Threshold of its own for local tests, which then have their own number of tests and FDR.
    local_window_bp
        A test is local if the marker is at most this far from the trait's gene.
    local_only
        Make local tests only.
    histogram
        Count the p-values of all tests: in so many equal bins, between the given ascending
        p-values, or (``qq``) in logarithmic bins for a QQ plot.
    transform
        Of the traits, in order: ``log2``, ``quantile``, ``normal_scores``.
    n_components
        Take so many principal components out of the transformed traits.
    genotype_probabilities
        Regress on probabilities of the genotypes given all calls (Haley-Knott regression) instead
        of calls: for missing or dominant calls, wide gaps, errors. ``anova`` is additive and
        dominance in an F2.
    step
        Centimorgans between pseudomarkers, which are tested too; 0 for markers alone.
    error_prob, map_function, cm_per_mb
        As in `crossmap.genotype_probabilities`.
    force
        Permit a threshold that millions of tests pass by chance.
    execution
        Threads, memory, progress; never changes a result.

    Returns
    -------
    Scan1

    Warns
    -----
    CrossmapWarning
        If samples lack covariates; if, in a scan that tells local tests apart, genes have no place.

    Raises
    ------
    ArgumentError
        For an option out of range or an unknown covariate.
    DataError
        If covariates leave no degree of freedom, the error covariance cannot be used, or local
        tests are asked for and markers or genes have no place; for probabilities, as
        `crossmap.genotype_probabilities`.

    References
    ----------
    Shabalin (2012) Bioinformatics 28:1353; Rockman & Kruglyak (2006) Nat Rev Genet 7:862; Haley &
    Knott (1992) Heredity 69:315.

    Examples
    --------
    >>> from crossmap import scan1, simulate_cross
    >>> scan = scan1(simulate_cross(n_traits=40, n_markers=200, seed=7).cross)
    >>> scan.n_tests, scan.to_frame()[["trait", "marker"]].columns.tolist()
    (8000, ['trait', 'marker'])
    """
    options = Scan1Options.of(
        cross.n_genotypes,
        model=model,
        covariates=covariates,
        interactive=interactive,
        weights=weights,
        missing=missing,
        compat=compat,
        threshold=threshold,
        local_threshold=local_threshold,
        local_window_bp=local_window_bp,
        local_only=local_only,
        histogram=histogram,
        transform=transform,
        n_components=n_components,
        genotype_probabilities=genotype_probabilities,
        step=step,
        error_prob=error_prob,
        map_function=map_function,
        cm_per_mb=cm_per_mb,
        force=force,
    )
    scanned = scanned_parts(cross, options, execution=execution)
    local = _local(cross, scanned.places, options)
    require_sensible(options, _size(cross, options, len(scanned.places), local))
    parts = [
        (part.predictors, part_design(cross, part, options, error_covariance))
        for part in scanned.parts
    ]
    values = transform_traits(
        cross.traits, options.transform, n_components=n_components, names=cross.trait_names
    )
    design = parts[0][1]
    found = run_scan(
        values,
        parts,
        options.request(design, local=local),
        options=options,
        trait_names=cross.trait_names,
        predictor_table=scanned.places,
        effect_of=_effect_of(cross, options, design),
        has_error_covariance=error_covariance is not None,
        execution=execution,
    )
    n_constant = found.n_constant_predictors - scanned.n_left_out
    return replace(found, n_constant_predictors=n_constant, n_on_x_left_out=scanned.n_left_out)


def preflight_scan1(cross: Cross, options: Scan1Options) -> Preflight:
    """Say how large a scan is, before it is made.

    Parameters
    ----------
    cross
        The cross.
    options
        Of the scan.

    Returns
    -------
    Preflight

    Raises
    ------
    DataError
        If local tests are asked for and markers or genes have no place.
    """
    with warnings.catch_warnings():  # the scan itself will say it
        warnings.simplefilter("ignore", CrossmapWarning)
        places = cross.markers
        if options.genotype_probabilities:
            places = scan_positions(cross, step=options.step, cm_per_mb=options.cm_per_mb)
        return _size(cross, options, len(places), _local(cross, places, options))


def _size(
    cross: Cross, options: Scan1Options, n_markers: int, local: LocalRanges | None
) -> Preflight:
    n_local = 0 if local is None else int((local.stop - local.start).sum())
    return preflight(options, n_traits=cross.n_traits, n_markers=n_markers, n_local=n_local)


def run_scan(
    values: np.ndarray,
    parts: Sequence[tuple[Predictors, NullDesign]],
    request: ScanRequest,
    *,
    options: Scan1Options,
    trait_names: Sequence[str],
    predictor_table: pd.DataFrame,
    effect_of: str | None,
    has_error_covariance: bool,
    execution: Execution | None,
) -> Scan1:
    """Scan, gather, and give every linkage its FDR.

    Parameters
    ----------
    values
        float64 [n_traits, n_samples], NaN missing.
    parts
        Predictors and the null design they are tested under; all parts name the same markers.
    request
        As in `scan_pieces`; parts that test several variables at once have F instead of t.
    options
        How the scan is made.
    trait_names, predictor_table, effect_of, has_error_covariance
        As in `Scan1`.
    execution
        Threads, memory, progress.

    Returns
    -------
    Scan1
    """
    run = execution or DEFAULT
    predictors, design = parts[0]
    left_out = int((~design.is_complete).sum())
    if left_out:
        warnings.warn(
            f"{left_out} of {len(design.is_complete)} samples lack a covariate and were left out",
            CrossmapWarning,
            stacklevel=3,
        )
    if options.is_matrixeqtl:
        values = _filled_with_means(values)
    memory_bytes = run.memory_bytes
    requests = [replace(request, is_t=request.is_t and not rows.others) for rows, _ in parts]
    pieces = (
        scan_pieces(values, rows, null, own, execution=run)
        for (rows, null), own in zip(parts, requests, strict=True)
    )
    outcome = gather(
        chain.from_iterable(pieces),
        n_traits=len(values),
        predictors=predictors,
        request=request,
        memory_bytes=memory_bytes,
    )
    scan1_significance(outcome, options, memory_bytes=memory_bytes)
    usable = np.flatnonzero(design.is_complete)
    tested = values[:, usable] if left_out else values
    spread = np.fmax.reduce(tested, axis=1) - np.fmin.reduce(tested, axis=1)
    is_sparse = (~np.isnan(tested)).sum(axis=1) < FEWEST_SAMPLES
    return Scan1(
        traits=np.array(trait_names, dtype=object),
        predictors=predictor_table,
        outcome=outcome,
        options=options,
        effect_of=effect_of if any(own.is_t for own in requests) else None,
        is_mixed=len({own.is_t for own in requests}) > 1,
        has_error_covariance=has_error_covariance,
        all_placed=request.local is not None and bool(request.local.is_placed.all()),
        n_samples=len(usable),
        n_constant_traits=int((~(spread > 0) & ~is_sparse).sum()),
        n_sparse_traits=int(is_sparse.sum()),
        n_constant_predictors=_n_constant([rows for rows, _ in parts], outcome),
        dropped_covariates=design.on(usable).dropped,
        memory_bytes=memory_bytes,
    )


def _n_constant(parts: Sequence[Predictors], outcome: ScanOutcome) -> int:
    """Markers without variation; of a matrix, whose rows are not looked through: without a test."""
    if any(predictors.chr_index is None for predictors in parts):
        return int((outcome.by_marker.partner < 0).sum())
    return len(parts[0].names) - sum(len(predictors.member) for predictors in parts)


def _filled_with_means(values: np.ndarray) -> np.ndarray:
    missing = np.isnan(values)
    count = np.maximum((~missing).sum(axis=1, keepdims=True), 1)
    mean = np.where(missing, 0.0, values).sum(axis=1, keepdims=True) / count
    return np.where(missing, mean, values)


def _local(cross: Cross, places: pd.DataFrame, options: Scan1Options) -> LocalRanges | None:
    """Which tests are local; None where places are not known and nobody asked."""
    is_asked = options.local_threshold is not None
    if not is_asked:
        require_window_of_use(
            options.local_window_bp,
            trait_table=cross.trait_table,
            position_bp=places["pos_bp"],
        )
    if not is_asked and places["pos_bp"].isna().any():
        return None
    without = require_places(places, cross.trait_table) if is_asked else None
    if without is not None and len(without):
        warnings.warn(
            f"{len(without)} of {cross.n_traits} traits have no place (the first: "
            f"{cross.trait_names[without[0]]}); all of their tests count as distant",
            CrossmapWarning,
            stacklevel=3,
        )
    ranges = local_ranges(
        places,
        cross.trait_table,
        window_bp=options.local_window_bp,
        open_start=options.is_matrixeqtl,
    )
    return ranges if ranges.is_placed.any() else None


def _effect_of(cross: Cross, options: Scan1Options, design: NullDesign) -> str:
    names = cross.genotype_names
    allele = (
        f"{names[1]} instead of {names[0]}"
        if len(names) == 2
        else f"one step from {names[0]} by {names[1]} to {names[-1]}"
    )
    if options.model == "linear_cross" and len(design.interactive_names) == 1:
        return f"{allele}, per unit of {design.interactive_names[0]}"
    return allele
