"""From a cross to the peaks of its traits, with intervals."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from inspect import signature

import numpy as np
import pandas as pd

from crossmap.arguments import require_number, require_usual
from crossmap.cross import Cross
from crossmap.errors import ArgumentError
from crossmap.execution import DEFAULT, Execution
from crossmap.genome import MapFunction
from crossmap.linkage.intervals import Ends
from crossmap.linkage.locus_block import Model
from crossmap.linkage.null_model import NullDesign
from crossmap.linkage.predictors import Missing, Predictors
from crossmap.linkage.probabilities import part_design, scanned_parts
from crossmap.linkage.profile import lod_profile
from crossmap.linkage.scan1 import Scan1Options
from crossmap.linkage.transforms import Transform, transform_traits
from crossmap.significance.genome_wide import GenomeWide
from crossmap.significance.peaks import PeakOptions, Peaks, peak_table

TRAITS_AT_ONCE = 2048


def find_peaks(
    cross: Cross,
    *,
    threshold: float | None = None,
    chance: GenomeWide | None = None,
    alpha: float = 0.05,
    drop: float = 1.5,
    peakdrop: float | None = None,
    prob: float = 0.95,
    ends: Ends = "marker",
    expand_to_markers: bool = False,
    model: Model | None = None,
    covariates: Sequence[str] | None = None,
    interactive: Sequence[str] | None = None,
    error_covariance: pd.DataFrame | None = None,
    weights: str | None = None,
    missing: Missing = "drop",
    transform: Sequence[Transform] | None = None,
    n_components: int = 0,
    genotype_probabilities: bool = False,
    step: float = 0.0,
    error_prob: float = 1e-4,
    map_function: MapFunction = "haldane",
    cm_per_mb: float | None = None,
    n_curves: int = 50,
    execution: Execution | None = None,
) -> Peaks:
    """Find the peaks of every trait, with LOD-drop and Bayes intervals.

    Parameters
    ----------
    cross
        Any cross.
    threshold
        LOD that a peak is above, the same for all traits.
    chance
        What `permute_scan1` returned for this cross: each trait has its own threshold, and the
        model is that of the permutations (give their `error_covariance` again).
    alpha
        Genome-wide error rate of the thresholds of `chance`.
    drop
        Width of the LOD support interval.
    peakdrop
        Name several peaks of a chromosome if the curve falls at least so far below the lower of
        them in between; None names the highest. Each then has the part of the chromosome up to the
        lowest point towards the next.
    prob
        Probability of the Bayes interval.
    ends
        ``marker``: intervals end at places that were tested, as R/qtl's, markers or pseudomarkers;
        ``between``: where straight lines between the LODs of such places cross the drop, or half
        way between them.
    expand_to_markers
        Widen intervals to the nearest markers outside, as R/qtl's expandtomarkers; it matters with
        pseudomarkers (`step`) or ends between markers.
    model, covariates, interactive, error_covariance, weights, missing
        As in `scan1`; with `chance` those of the permutations, and only `error_covariance` given.
    transform, n_components
        As in `scan1`; with `chance` those of the permutations.
    genotype_probabilities, step, error_prob, map_function, cm_per_mb
        As in `scan1`; with `chance` those of the permutations.
    n_curves
        Curves to keep, of the traits with the highest peaks.
    execution
        Threads, memory, progress; never changes a result.

    Returns
    -------
    Peaks

    Raises
    ------
    ArgumentError
        For an option out of range or without use, or unless one of `threshold` and `chance` is
        given; if the
        tests of a trait differ in degrees of freedom, so that it has no LOD threshold.

    References
    ----------
    Lander & Botstein (1989) Genetics 121:185; Sen & Churchill (2001) Genetics 159:371.

    Examples
    --------
    >>> from crossmap import find_peaks, simulate_cross
    >>> cross = simulate_cross(n_samples=100, n_traits=40, n_markers=200, seed=7).cross
    >>> table = find_peaks(cross, threshold=4.0).to_frame()
    >>> (table["drop_lo_bp"] <= table["pos_bp"]).all(), (table["lod"] > 4).all()
    (np.True_, np.True_)
    """
    options = PeakOptions(drop, peakdrop, prob, ends, expand_to_markers)
    if (threshold is None) == (chance is None):
        msg = "threshold: expected either it or chance (permutations), found "
        raise ArgumentError(msg + ("neither" if chance is None else "both"))
    given = {
        "model": model, "covariates": covariates, "interactive": interactive,
        "weights": weights, "missing": missing, "transform": transform,
        "n_components": n_components, "genotype_probabilities": genotype_probabilities,
        "step": step, "error_prob": error_prob, "map_function": map_function,
        "cm_per_mb": cm_per_mb,
    }  # fmt: skip
    if chance is None:
        require_usual("alpha", alpha, 0.05, "without chance (permutations)")
        require_number("threshold", threshold, least=0.0)
        scan = Scan1Options.of(cross.n_genotypes, **given)  # type: ignore[arg-type]
        levels, wanted = (
            [np.full(cross.n_traits, float(threshold or 0.0))],
            np.arange(cross.n_traits),
        )
    else:
        for name, value in given.items():
            usual = signature(find_peaks).parameters[name].default
            require_usual(name, value, usual, "with chance, whose scan is that of the permutations")
        scan = chance.options.scan
        levels, wanted = _levels(cross, chance, alpha)
    scanned = scanned_parts(cross, scan, execution=execution)
    if chance is None:  # one threshold for autosomes and X
        levels *= len(scanned.parts)
    values = transform_traits(
        cross.traits, scan.transform, n_components=scan.n_components, names=cross.trait_names
    )
    parts = [
        (part.mapped(scanned.places), part_design(cross, part, scan, error_covariance))
        for part in scanned.parts
    ]
    return _peaks(
        cross, values, parts, levels, wanted, scan=scan, places=scanned.places, options=options,
        n_curves=n_curves, execution=execution or DEFAULT,
    )  # fmt: skip


def _levels(cross: Cross, chance: GenomeWide, alpha: float) -> tuple[list[np.ndarray], np.ndarray]:
    """Thresholds of every trait in each part of the genome, and the traits above any of them."""
    parts = [chance] if chance.x is None else [chance, chance.x]
    levels = [_thresholds(cross, replace(part, x=None), alpha) for part in parts]
    # Permutations have looked already where each trait is highest.
    above = [part.lod(part.r2) > level for part, level in zip(parts, levels, strict=True)]
    return levels, np.flatnonzero(np.any(above, axis=0))


def _peaks(
    cross: Cross,
    values: np.ndarray,
    parts: Sequence[tuple[Predictors, NullDesign]],
    levels: Sequence[np.ndarray],
    wanted: np.ndarray,
    *,
    scan: Scan1Options,
    places: pd.DataFrame,
    options: PeakOptions,
    n_curves: int,
    execution: Execution,
) -> Peaks:
    """Scan the traits that may have a peak, and keep the peaks and the highest curves."""
    names = np.array(cross.trait_names, dtype=object)
    is_marker = places["marker"].isin(cross.markers["marker"]).to_numpy()
    tables, kept = [], _Best(n_curves)
    for start in range(0, max(len(wanted), 1), TRAITS_AT_ONCE):
        block = wanted[start : start + TRAITS_AT_ONCE]
        lod = np.full((len(block), len(places)), np.nan)
        of_block = []
        for (predictors, design), level in zip(parts, levels, strict=True):
            profile = lod_profile(
                values[block], predictors, design, model=scan.engine_model, missing=scan.missing,
                execution=execution,
            )  # fmt: skip
            np.copyto(lod, profile.lod, where=~np.isnan(profile.lod))
            of_block.append(
                peak_table(
                    profile, names[block], level[block], markers=places,
                    is_marker=is_marker, predictors=predictors, options=options,
                )
            )  # fmt: skip
        kept.add(block, lod)
        tables.append(_in_turn(of_block, names[block]))
    table = pd.concat([t for t in tables if len(t)] or tables[:1], ignore_index=True)
    rows, lod = kept.best(set(np.flatnonzero(np.isin(names, table["trait"])).tolist()))
    above = np.full((len(rows), len(places)), np.nan)
    for (predictors, _), level in zip(parts, levels, strict=True):
        above[:, predictors.members_of(np.arange(len(predictors)))] = level[rows, None]
    return Peaks(table, places, names[rows], lod, above)


def _in_turn(tables: list[pd.DataFrame], traits: np.ndarray) -> pd.DataFrame:
    """Peaks of every trait together: autosomes, then X."""
    filled = [table for table in tables if len(table)]
    if len(filled) < 2:
        return (filled or tables)[0]
    both = pd.concat(filled, ignore_index=True)
    place = {name: number for number, name in enumerate(traits)}
    order = np.argsort(both["trait"].map(place).to_numpy(), kind="stable")
    return both.iloc[order].reset_index(drop=True)


def _thresholds(cross: Cross, chance: GenomeWide, alpha: float) -> np.ndarray:
    if chance.options.local_window_bp is not None:
        msg = (
            "chance: expected permutations of the whole genome, found those within "
            f"{chance.options.local_window_bp:g} bp of the traits' genes"
        )
        raise ArgumentError(msg)
    if list(chance.traits) != list(cross.trait_names):
        msg = (
            f"chance: expected permutations of this cross's {cross.n_traits:,} traits, found "
            f"those of {len(chance.traits):,} others"
        )
        raise ArgumentError(msg)
    if not chance.has_lod_thresholds:
        mixed = np.flatnonzero(chance.has_test & ~chance.is_uniform)
        msg = (
            "chance: expected traits whose tests have the same degrees of freedom, which a LOD "
            f"threshold needs, found {chance.traits[mixed[0]]} and {len(mixed) - 1} others with "
            "several (missing genotypes: missing='mean', or fill them in)"
        )
        raise ArgumentError(msg)
    return chance.thresholds(alpha)["lod"].to_numpy(dtype=np.float64)


class _Best:
    """Curves of the traits with the highest peaks."""

    def __init__(self, n: int) -> None:
        self.n = n
        self.rows: list[int] = []
        self.curves: list[np.ndarray] = []

    def add(self, rows: np.ndarray, lod: np.ndarray) -> None:
        top = [np.nanmax(curve, initial=-1.0) for curve in lod]
        for i in np.argsort(np.negative(top), kind="stable")[: self.n]:
            self.rows.append(int(rows[i]))
            self.curves.append(lod[i].copy())

    def best(self, wanted: Collection[int]) -> tuple[np.ndarray, np.ndarray]:
        order = sorted(
            (i for i, row in enumerate(self.rows) if row in wanted),
            key=lambda i: (-np.nanmax(self.curves[i]), self.rows[i]),
        )[: self.n]
        curves = [self.curves[i] for i in order]
        lod = np.array(curves) if curves else np.empty((0, 0))
        return np.array([self.rows[i] for i in order], dtype=np.int64), lod
