"""What a scan regresses traits on: calls or probabilities of genotypes; X apart if it differs."""

import warnings
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from crossmap.cross import MARKER_COLUMNS, Cross
from crossmap.errors import CrossmapWarning
from crossmap.execution import Execution
from crossmap.genotypes.chains import impossible_calls
from crossmap.genotypes.hmm import GenotypeProbabilities, genotype_probabilities
from crossmap.genotypes.probable_loci import ProbableLoci
from crossmap.genotypes.x_chromosome import (
    has_sexed_x,
    is_x,
    warn_of_calls_without_sex,
    warn_of_x,
    x_groups,
)
from crossmap.linkage.locus_block import Model
from crossmap.linkage.null_model import NullDesign, null_design
from crossmap.linkage.predictors import Missing, Predictors, genotype_predictors
from crossmap.linkage.scan1 import Scan1Options


@dataclass(frozen=True, eq=False)
class ProbabilityPart:
    """Positions that are tested under one null model.

    Parameters
    ----------
    predictors
        Their expected columns; named by all positions of the scan.
    groups
        Samples whose means may differ without any locus: one intercept each in the null model
        where there are two groups or more.
    """

    predictors: Predictors
    groups: tuple[np.ndarray, ...]

    def mapped(self, places: pd.DataFrame) -> Predictors:
        """Give the predictors with their chromosomes, which permutations sum along.

        Scans do without: between neighbours every probability changes, and a product is faster.

        Parameters
        ----------
        places
            Of the scan.

        Returns
        -------
        Predictors
        """
        if self.predictors.chr_index is not None:
            return self.predictors
        chromosome = pd.factorize(places["chr"])[0].astype(np.int64)
        return replace(self.predictors, chr_index=chromosome[self.predictors.member])

    def covariates(self, n_samples: int) -> pd.DataFrame:
        """Indicators of the groups but the first, one column each, rows from 0."""
        table = {}
        for number, group in enumerate(self.groups[1:], start=2):
            table[f"group {number} of X"] = np.isin(np.arange(n_samples), group).astype(np.float64)
        return pd.DataFrame(table, index=np.arange(n_samples))


def probability_parts(
    found: GenotypeProbabilities, cross: Cross, *, model: Model
) -> tuple[ProbabilityPart, ...]:
    """Make the columns that a scan of genotype probabilities regresses traits on.

    Parameters
    ----------
    found
        Genotype probabilities of the cross.
    cross
        The cross.
    model
        ``anova``: as many columns as the genotypes leave free (in an F2 additive and dominance);
        otherwise the expected number of alleles alone.

    Returns
    -------
    tuple of ProbabilityPart
        One; or two, X apart, if there means differ by sex and direction of the cross or an F2 has
        other genotypes: every group has a mean and a slope of its own, as the genotypes of
        different groups are different ones.

    References
    ----------
    Haley & Knott (1992) Heredity 69:315; Broman et al. (2006) Genetics 174:2151 (X).
    """
    # Any two genotypes of an F2 span what additive and dominance columns do, and are there already.
    columns = (
        [found.probability[1], found.probability[2]] if _is_f2(found, model) else [found.dosage]
    )
    on_x, groups = x_apart(cross, found.positions["chr"])
    if not on_x.any():
        return (ProbabilityPart(_rows(found, np.arange(len(found)), columns), ()),)
    rows, autosomes = np.flatnonzero(on_x), np.flatnonzero(~on_x)
    of_groups = _by_group(found.dosage[rows], groups)
    parts = [
        ProbabilityPart(_rows(found, autosomes, [column[autosomes] for column in columns]), ()),
        ProbabilityPart(_rows(found, rows, of_groups), groups),
    ]
    return tuple(part for part in parts if len(part.predictors))


def part_of_whole_map(loci: ProbableLoci, *, model: Model) -> ProbabilityPart:
    """Make one part of autosomes and X, whose null model has a mean for each group everywhere.

    Parameters
    ----------
    loci
        All positions.
    model
        ``anova``: additive and dominance columns; otherwise the expected number of alleles. On X
        alleles within each group.

    Returns
    -------
    ProbabilityPart
    """
    columns = loci.main_columns
    if model != "anova" and len(loci.probability) > 2:
        columns = columns.copy()
        columns[~loci.on_x, 1:] = 0.0
        n_kept = loci.n_groups if loci.on_x.any() else 1
        columns = columns[:, :n_kept]
    groups: tuple[np.ndarray, ...] = ()
    if loci.on_x.any() and loci.n_groups > 1:
        groups = tuple(np.flatnonzero(loci.group == g) for g in range(loci.n_groups))
    predictors = Predictors(
        names=np.array(loci.names, dtype=object),
        values=np.ascontiguousarray(columns[:, 0]),
        others=tuple(np.ascontiguousarray(columns[:, k]) for k in range(1, columns.shape[1])),
        chr_index=loci.chr_index,
        n_classes=0,
        member_start=np.arange(len(loci) + 1),
        member=np.arange(len(loci)),
        marker_sign=np.ones(len(loci)),
        has_missing=False,
    )
    return ProbabilityPart(predictors, groups)


def call_parts(cross: Cross, *, missing: Missing) -> tuple[ProbabilityPart, ...]:
    """Make what a scan of calls regresses traits on.

    Parameters
    ----------
    cross
        The cross. Calls on X that sex and direction do not allow count as missing.
    missing
        As in `crossmap.linkage.block_scan.ScanRequest`: of a call missing on X, the ``mean`` is
        that of the sample's own group.

    Returns
    -------
    tuple of ProbabilityPart
        As `probability_parts`.

    Warns
    -----
    CrossmapWarning
        Of such calls, and of what is assumed of sex and direction.
    """
    calls, on_x, groups = _calls(cross)
    if not on_x.any():
        return (ProbabilityPart(calls, ()),)
    autosomes, x = calls.take(np.flatnonzero(~on_x)), calls.take(np.flatnonzero(on_x))
    if len(groups) > 1:
        dosage = np.where(x.values < 0, np.nan, x.values)
        if missing == "mean":
            dosage = _filled_by_group(dosage, groups)
        values, *others = _by_group(dosage, groups)
        x = replace(
            x, values=values, others=tuple(others), n_classes=0,
            has_missing=bool(np.isnan(dosage).any()),
        )  # fmt: skip
    parts = (ProbabilityPart(autosomes, ()), ProbabilityPart(x, groups))
    return tuple(part for part in parts if len(part.predictors))


def calls_of_whole_map(
    cross: Cross, *, model: Model, missing: Missing
) -> tuple[ProbabilityPart, np.ndarray]:
    """Make one part of calls on autosomes and X, with a mean for each group everywhere.

    Parameters
    ----------
    cross
        As in `call_parts`.
    model
        ``anova``: additive and dominance columns of an F2's autosomes; otherwise the number of
        alleles. On X alleles within each group, as `part_of_whole_map` has them.
    missing
        As in `call_parts`.

    Returns
    -------
    part : ProbabilityPart
    genotypes : numpy.ndarray
        int8 [n_rows, n_samples]: the calls of its rows, -1 missing.

    Warns
    -----
    CrossmapWarning
        As `call_parts`.
    """
    calls, on_x, groups = _calls(cross)
    if not on_x.any() or len(groups) < 2:
        return ProbabilityPart(calls, ()), calls.values
    dosage = np.where(calls.values < 0, np.nan, calls.values)
    columns = [dosage]
    if model == "anova" and calls.n_classes > 2:
        columns.append(np.where(np.isnan(dosage), np.nan, dosage == 1.0))
    columns += [np.where(np.isnan(dosage), np.nan, 0.0) for _ in groups[len(columns) :]]
    of_x = dosage[on_x]
    if missing == "mean":
        of_x = _filled_by_group(of_x, groups)
    by_group = _by_group(of_x, groups)
    for k, column in enumerate(columns):
        empty = np.where(np.isnan(of_x), np.nan, 0.0)
        column[on_x] = by_group[k] if k < len(groups) else empty
    whole = replace(calls, values=columns[0], others=tuple(columns[1:]), n_classes=0)
    return ProbabilityPart(whole, groups), calls.values


def _calls(cross: Cross) -> tuple[Predictors, np.ndarray, tuple[np.ndarray, ...]]:
    """Calls that can be; which rows are on an X tested otherwise than autosomes; the groups."""
    if has_sexed_x(cross):
        impossible = impossible_calls(cross)
        warn_of_x(cross, impossible, stacklevel=6)
        cross = replace(cross, genotypes=np.where(impossible, np.int8(-1), cross.genotypes))
    calls = genotype_predictors(cross)
    first = calls.first_member(np.arange(len(calls)))
    on_x, groups = x_apart(cross, cross.markers["chr"].iloc[first])
    return calls, on_x, groups


def x_apart(
    cross: Cross, chromosomes: "pd.Series[str]"
) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
    """Find the positions on an X that is tested otherwise than autosomes.

    Parameters
    ----------
    cross
        Any cross.
    chromosomes
        Of the positions.

    Returns
    -------
    on_x : numpy.ndarray
        bool [n_positions].
    groups : tuple of numpy.ndarray
        int64: samples by sex and direction, as `crossmap.genotypes.x_chromosome.x_groups`.
    """
    number, names = pd.factorize(chromosomes)
    nowhere = np.zeros(len(number), dtype=np.bool_)
    if not has_sexed_x(cross):
        return nowhere, ()
    groups = x_groups(cross)
    if len(groups) == 1 and cross.crosstype == "bc":
        return nowhere, ()
    return np.array([*map(is_x, names), False])[number], groups


def _by_group(dosage: np.ndarray, groups: tuple[np.ndarray, ...]) -> list[np.ndarray]:
    """The number of alleles in each group, 0 elsewhere; what is missing is missing in all."""
    columns = []
    for group in groups:
        column = np.where(np.isnan(dosage), np.nan, 0.0)
        column[:, group] = dosage[:, group]
        columns.append(column)
    return columns


def _filled_by_group(dosage: np.ndarray, groups: tuple[np.ndarray, ...]) -> np.ndarray:
    """Give samples without a call the mean of the others of their group, 0 if there are none."""
    filled = dosage.copy()
    for group in groups:
        own = dosage[:, group]
        there = ~np.isnan(own)
        total = np.where(there, own, 0.0).sum(axis=1, keepdims=True)
        mean = total / np.maximum(there.sum(axis=1, keepdims=True), 1)
        filled[:, group] = np.where(there, own, mean)
    return filled


def _is_f2(found: GenotypeProbabilities, model: Model) -> bool:
    return len(found.probability) == 3 and model == "anova"


def _rows(found: GenotypeProbabilities, rows: np.ndarray, columns: list[np.ndarray]) -> Predictors:
    return Predictors(
        names=found.positions["marker"].to_numpy(dtype=object),
        values=columns[0],
        others=tuple(columns[1:]),
        chr_index=None,
        n_classes=0,
        member_start=np.arange(len(rows) + 1),
        member=rows,
        marker_sign=np.ones(len(found)),
        has_missing=False,
    )


@dataclass(frozen=True, eq=False)
class Scanned:
    """What traits are tested with.

    Parameters
    ----------
    places
        Columns `crossmap.cross.MARKER_COLUMNS`: markers, and pseudomarkers.
    parts
        Predictors by null model.
    n_left_out
        Places on an X that is left out, as nothing is tested there.
    """

    places: pd.DataFrame
    parts: tuple[ProbabilityPart, ...]
    n_left_out: int = 0

    def without_determined_x(self, cross: Cross, options: Scan1Options) -> "Scanned":
        """Leave out an X whose model without a locus holds the interaction that is asked for.

        Parameters
        ----------
        cross, options
            Of the scan.

        Returns
        -------
        Scanned

        Warns
        -----
        CrossmapWarning
            If it is left out.

        Notes
        -----
        On X every group of sex and direction has a mean and an effect of its own. What is the same
        in all samples of a group interacts with nothing that is not there.
        """
        if options.model != "linear_cross" or len(self.parts) < 2:
            return self
        autosomes, x = self.parts
        columns = null_design(cross.covariates, interactive=options.interactive).interactive
        there = ~np.isnan(columns).any(axis=0)
        for group in x.groups or (np.arange(cross.n_samples),):
            own = columns[:, group[there[group]]]
            if (own != own[:, :1]).any():
                return self
        names = ", ".join(options.interactive)
        warnings.warn(
            f"X is left out: {names} {'is' if len(options.interactive) == 1 else 'are'} in its "
            "model already, where each sex and direction of the cross has an effect of its own",
            CrossmapWarning,
            stacklevel=5,
        )
        return replace(self, parts=(autosomes,), n_left_out=len(x.predictors.member))


def scanned_parts(
    cross: Cross, options: Scan1Options, *, execution: Execution | None = None
) -> Scanned:
    """Gather what a scan tests: calls, or probabilities of genotypes.

    Parameters
    ----------
    cross
        Any cross.
    options
        Of the scan.
    execution
        Threads and progress; never changes a result.

    Returns
    -------
    Scanned

    Warns
    -----
    CrossmapWarning
        As `call_parts`, and where X is left out.
    """
    if options.is_matrixeqtl:  # it knows of no sex
        warn_of_calls_without_sex(cross)
        return Scanned(cross.markers, (ProbabilityPart(genotype_predictors(cross), ()),))
    if not options.genotype_probabilities:
        of_calls = Scanned(cross.markers, call_parts(cross, missing=options.missing))
        return of_calls.without_determined_x(cross, options)
    found = genotype_probabilities(
        cross,
        step=options.step,
        error_prob=options.error_prob,
        map_function=options.map_function,
        cm_per_mb=options.cm_per_mb,
        execution=execution,
    )
    places = found.positions[list(MARKER_COLUMNS)]
    scanned = Scanned(places, probability_parts(found, cross, model=options.model))
    return scanned.without_determined_x(cross, options)


def part_design(
    cross: Cross,
    part: ProbabilityPart,
    options: Scan1Options,
    error_covariance: pd.DataFrame | None,
) -> NullDesign:
    """Make the null design of a part: covariates, and a mean for each of its groups.

    Parameters
    ----------
    cross, part, options, error_covariance
        Of the scan.

    Returns
    -------
    NullDesign
    """
    groups = part.covariates(cross.n_samples).set_index(cross.covariates.index)
    if groups.empty:
        return options.design(cross, error_covariance)
    table = pd.concat([cross.covariates, groups], axis=1)
    own = replace(options, covariates=(*groups.columns, *options.covariates))
    return own.design(replace(cross, covariates=table), error_covariance)
