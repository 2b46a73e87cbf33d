"""What a model of several loci regresses a trait on: codes of calls, or their expectations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from crossmap.arguments import did_you_mean, require_known
from crossmap.cross import MARKER_COLUMNS, Cross
from crossmap.errors import ArgumentError, DataError
from crossmap.genotypes.chains import x_chain_groups
from crossmap.genotypes.hmm import GenotypeProbabilities
from crossmap.genotypes.x_chromosome import is_x

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
        For each locus names to write behind it, one for each of its columns (the first ones): none,
        ``a`` and ``d``, or on X ``[group]`` of samples whose genotypes it codes, ``(group)`` whose
        mean.
    coding
        Genotype name -> code in the first column of a locus that is not on X.
    certain
        float64 [n_loci, G, K]: codes of each genotype; NaN on X where they go with the group.
    groups
        float64 [g - 1, n_samples]: indicators of the groups of samples but the first, whose means
        may differ on X without any locus; no rows where none is on X.
    """

    markers: pd.DataFrame
    calls: np.ndarray
    codes: np.ndarray
    effects: tuple[tuple[str, ...], ...]
    coding: Mapping[str, float]
    certain: np.ndarray
    groups: np.ndarray


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
    require_known("loci", names, cross.markers["marker"].tolist())
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
        effects=(("",),) * len(names),
        coding={first: -half, second: half},
        certain=np.full((len(names), 2, 1), [[-half], [half]]),
        groups=np.empty((0, cross.n_samples)),
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
        for the others. On X of a backcross or F2, where the two genotypes that a sample may have go
        with its sex and the direction of the cross, -1/2 and 1/2 in a column for each such group, 0
        for the other samples; then indicators of these groups but the first.

    Raises
    ------
    ArgumentError
        For an unknown position.
    DataError
        If a locus is on X and sex is needed and unknown.

    References
    ----------
    Haley & Knott (1992) Heredity 69:315.
    """
    row_of = {name: row for row, name in enumerate(found.positions["marker"])}
    for name in names:
        if name not in row_of:
            example = found.positions["marker"].iloc[len(found) // 2]
            msg = f"loci: expected markers or pseudomarkers (such as {example}), found {name!r}"
            raise ArgumentError(msg + did_you_mean(name, row_of))
    rows = [row_of[name] for name in names]
    places = found.positions.iloc[rows].reset_index(drop=True)[list(MARKER_COLUMNS)]
    p = found.probability[:, rows]
    if len(p) == 3:
        codes = np.stack([p[2] - p[0], p[1] - 0.5], axis=1)
        coding = dict(zip(cross.genotype_names, (-1.0, 0.0, 1.0), strict=True))
        own_names: tuple[str, ...] = ("a", "d")
        own_codes = np.array([[-1.0, -0.5], [0.0, 0.5], [1.0, -0.5]])
    else:
        half = HALF_STEP[cross.crosstype]
        codes = (half * (2.0 * p[1] - 1.0))[:, None]
        coding = dict(zip(cross.genotype_names, (-half, half), strict=True))
        own_names = ("",)
        own_codes = np.array([[-half], [half]])
    effects = [own_names] * len(names)
    certain = np.full((len(names), *own_codes.shape), own_codes)
    indicators = np.empty((0, cross.n_samples))
    on_x = np.array([is_x(name) for name in places["chr"]], dtype=np.bool_)
    if on_x.any() and cross.crosstype in ("bc", "f2"):
        groups = x_chain_groups(cross)
        indicators = np.zeros((len(groups), cross.n_samples))
        room = max(0, 2 * len(groups) - 1 - codes.shape[1])
        codes = np.pad(codes, ((0, 0), (0, room), (0, 0)))
        codes[on_x] = 0.0
        for number, group in enumerate(groups):
            indicators[number, group.samples] = 1.0
            second = p[group.chain.classes[1]][on_x]
            codes[on_x, number] = indicators[number] * (second - 0.5)
        suffixes: tuple[str, ...] = ("",)
        if len(groups) > 1:
            codes[on_x, len(groups) : 2 * len(groups) - 1] = indicators[1:]
            suffixes = tuple(f"[{group.name}]" for group in groups)
            suffixes += tuple(f"({group.name})" for group in groups[1:])
        effects = [suffixes if is_there else own_names for is_there in on_x]
        certain = np.pad(certain, ((0, 0), (0, 0), (0, room)))
        certain[on_x] = np.nan
        if len(groups) == 1:
            certain[on_x] = 0.0
            for code, genotype in zip((-0.5, 0.5), groups[0].chain.classes, strict=True):
                certain[on_x, genotype, 0] = code
        indicators = indicators[1:]
    calls = p.argmax(axis=0).astype(np.int8)
    return LocusCodes(places, calls, codes, tuple(effects), coding, certain, indicators)
