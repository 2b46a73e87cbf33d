"""Haley-Knott regression: traits on the expected columns of a genotype model."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from crossmap.cross import MARKER_COLUMNS, Cross
from crossmap.execution import Execution
from crossmap.genotypes.chains import is_x, warn_of_calls_on_x, x_groups
from crossmap.genotypes.hmm import GenotypeProbabilities, genotype_probabilities
from crossmap.genotypes.probable_loci import ProbableLoci
from crossmap.linkage.locus_block import Model
from crossmap.linkage.null_model import NullDesign
from crossmap.linkage.predictors import Predictors, genotype_predictors
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
        One, or two if on X means differ by sex and direction of the cross: there every group has a
        mean and a slope of its own, as the genotypes of different groups are different ones.

    References
    ----------
    Haley & Knott (1992) Heredity 69:315; Broman et al. (2006) Genetics 174:2151 (X).
    """
    # Any two genotypes of an F2 span what additive and dominance columns do, and are there already.
    columns = (
        [found.probability[1], found.probability[2]] if _is_f2(found, model) else [found.dosage]
    )
    number, names = pd.factorize(found.positions["chr"])
    on_x = np.array([is_x(name) for name in names])[number]
    groups: tuple[np.ndarray, ...] = ()
    if on_x.any() and cross.crosstype in ("bc", "f2"):
        groups = x_groups(cross)
    if len(groups) < 2:
        return (ProbabilityPart(_rows(found, np.arange(len(found)), columns), ()),)
    rows = np.flatnonzero(on_x)
    dosage = found.dosage[rows]
    of_groups = []
    for group in groups:
        column = np.zeros((len(rows), cross.n_samples))
        column[:, group] = dosage[:, group]
        of_groups.append(column)
    autosomes = np.flatnonzero(~on_x)
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
    """

    places: pd.DataFrame
    parts: tuple[ProbabilityPart, ...]


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
    """
    if not options.genotype_probabilities:
        warn_of_calls_on_x(cross)
        return Scanned(cross.markers, (ProbabilityPart(genotype_predictors(cross), ()),))
    found = genotype_probabilities(
        cross,
        step=options.step,
        error_prob=options.error_prob,
        map_function=options.map_function,
        cm_per_mb=options.cm_per_mb,
        execution=execution,
    )
    places = found.positions[list(MARKER_COLUMNS)]
    return Scanned(places, probability_parts(found, cross, model=options.model))


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
