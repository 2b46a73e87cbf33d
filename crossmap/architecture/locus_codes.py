"""What a model of several loci regresses a trait on: codes of calls, or their expectations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from crossmap.cross import MARKER_COLUMNS, Cross
from crossmap.errors import ArgumentError, DataError
from crossmap.genotypes.chains import is_x
from crossmap.genotypes.hmm import GenotypeProbabilities

HALF_STEP: Mapping[str, float] = {"bc": 0.5, "haploid": 1.0, "dh": 1.0, "riself": 1.0, "risib": 1.0}
"""Code of the second genotype by cross type; the first has its negative."""


@dataclass(frozen=True, eq=False)
class LocusCodes:
    """Some loci of a cross, coded for regression.

    Parameters
    ----------
    markers
        marker, chr, pos_bp, pos_cm: a row for each locus.
    calls
        int8 [n_loci, n_samples]: genotypes, -1 missing; of probabilities the most probable.
    codes
        float64 [n_loci, K, n_samples]: K columns for each locus; of a missing call anything.
    effects
        K names to write behind a locus: none, or ``a`` and ``d``.
    coding
        Genotype name -> code in the first column.
    """

    markers: pd.DataFrame
    calls: np.ndarray
    codes: np.ndarray
    effects: tuple[str, ...]
    coding: Mapping[str, float]


def codes_of_calls(cross: Cross, names: Sequence[str]) -> LocusCodes:
    """Code the calls at some markers.

    Parameters
    ----------
    cross
        Two genotypes per locus.
    names
        Markers.

    Returns
    -------
    LocusCodes

    Raises
    ------
    ArgumentError
        For an unknown marker.
    DataError
        If the cross has three genotypes.
    """
    if cross.n_genotypes != 2:
        msg = (
            f"crosstype {cross.crosstype}: expected a cross with two genotypes per locus "
            f"({', '.join(HALF_STEP)}), or genotype_probabilities, found {cross.n_genotypes}"
        )
        raise DataError(msg)
    part = cross.subset(markers=list(names))
    row_of = {name: row for row, name in enumerate(part.markers["marker"])}
    rows = [row_of[name] for name in names]
    calls = part.genotypes[rows]
    half = HALF_STEP[cross.crosstype]
    first, second = cross.genotype_names
    return LocusCodes(
        markers=part.markers.iloc[rows].reset_index(drop=True),
        calls=calls,
        codes=half * np.where(calls == 1, 1.0, -1.0)[:, None],
        effects=("",),
        coding={first: -half, second: half},
    )


def codes_of_probabilities(
    cross: Cross, found: GenotypeProbabilities, names: Sequence[str]
) -> LocusCodes:
    """Take the expectation of the codes at some positions.

    Parameters
    ----------
    cross
        Any cross.
    found
        Genotype probabilities of the cross.
    names
        Markers or pseudomarkers.

    Returns
    -------
    LocusCodes
        Of an F2 the additive code -1, 0, 1 and that of dominance, 1/2 for heterozygotes and -1/2
        for the others.

    Raises
    ------
    ArgumentError
        For an unknown position.
    DataError
        For a locus on X of a cross whose genotypes there depend on sex.

    References
    ----------
    Haley & Knott (1992) Heredity 69:315.
    """
    row_of = {name: row for row, name in enumerate(found.positions["marker"])}
    for name in names:
        if name not in row_of:
            example = found.positions["marker"].iloc[len(found) // 2]
            msg = f"loci: expected markers or pseudomarkers (such as {example}), found {name!r}"
            raise ArgumentError(msg)
    rows = [row_of[name] for name in names]
    places = found.positions.iloc[rows].reset_index(drop=True)[list(MARKER_COLUMNS)]
    if cross.crosstype in ("bc", "f2"):
        for name, chromosome in zip(names, places["chr"], strict=True):
            if is_x(chromosome):
                msg = f"loci: expected loci on autosomes in crosstype {cross.crosstype}, found "
                raise DataError(msg + f"{name} on {chromosome}")
    p = found.probability[:, rows]
    if len(p) == 3:
        codes = np.stack([p[2] - p[0], p[1] - 0.5], axis=1)
        coding = dict(zip(cross.genotype_names, (-1.0, 0.0, 1.0), strict=True))
        effects: tuple[str, ...] = ("a", "d")
    else:
        half = HALF_STEP[cross.crosstype]
        codes = (half * (2.0 * p[1] - 1.0))[:, None]
        coding = dict(zip(cross.genotype_names, (-half, half), strict=True))
        effects = ("",)
    return LocusCodes(places, p.argmax(axis=0).astype(np.int8), codes, effects, coding)
