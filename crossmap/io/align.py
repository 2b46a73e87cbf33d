"""What every reader shares once its tables are read: align by name, drop and count, check, `Cross`.

Samples, markers and traits are matched by name, never by position.
"""

import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from crossmap.cross import Cross, IngestReport, make_cross
from crossmap.errors import CrossmapWarning, DataError
from crossmap.io.cells import number_column
from crossmap.io.faults import STRICT, Faults
from crossmap.io.names import examples, look_alikes, spelling_hint
from crossmap.io.units import warn_of_units

MIN_SAMPLES = 8
"""Fewer samples than this cannot be split into genotype groups worth comparing."""


UNPLACED = "positions that are no numbers were left out"
"""What a lenient reader says of them."""


def trait_positions(
    frame: pd.DataFrame, *, error: Callable[..., DataError], faults: Faults = STRICT
) -> pd.DataFrame:
    """Places of traits out of a table of text.

    Parameters
    ----------
    frame
        Index = trait names; columns chr, start_bp, end_bp (others are ignored); object, None
        missing.
    error
        Makes the error of a cell, as `crossmap.io.text.TextTable.error` does.
    faults
        What becomes of positions that are no finite numbers.

    Returns
    -------
    pandas.DataFrame
        Columns of `Cross.trait_table`.

    Raises
    ------
    DataError
        For a position that is no finite number, unless faults are stepped over.
    """
    places = pd.DataFrame({"trait": frame.index, "chr": frame["chr"].to_numpy()}, dtype=object)
    for column in ("start_bp", "end_bp"):
        places[column] = number_column(frame, column, error=error, faults=faults, remedy=UNPLACED)
    return places


@dataclass(frozen=True)
class Tables:
    """What a reader found, in any order and not yet aligned.

    Parameters
    ----------
    crosstype
        One of `crossmap.cross.CROSSTYPES`.
    genotype_names
        Names of the G genotype classes.
    genotypes
        int8, markers x samples, -1 missing.
    markers
        Columns marker, chr, pos_bp, pos_cm, in map order as far as the file keeps it; rows
        without any place are dropped and counted.
    traits
        float64, traits x samples, NaN missing.
    trait_positions
        Columns trait, chr, start_bp, end_bp, or None.
    covariates
        Index = sample names, or None.
    parents
        As `Cross.parents`, or None.
    description
        Free text.
    files
        File name -> sha256 of its bytes.
    dropped_markers
        Reason -> names of the markers that the reader left out already.
    notes
        Other things a user should know.
    genotype_file, map_file, trait_file
        Which files to name where names do not agree.
    faults
        What was stepped over.
    """

    crosstype: str
    genotype_names: tuple[str, ...]
    genotypes: pd.DataFrame
    markers: pd.DataFrame
    traits: pd.DataFrame
    trait_positions: pd.DataFrame | None
    covariates: pd.DataFrame | None
    files: Mapping[str, str]
    genotype_file: str
    map_file: str
    trait_file: str
    parents: pd.DataFrame | None = None
    description: str = ""
    dropped_markers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    faults: Faults = STRICT


def align_tables(tables: Tables) -> Cross:
    """Align what a reader found by name and make a `Cross` of it.

    Parameters
    ----------
    tables
        The tables as read.

    Returns
    -------
    Cross
        Its report says which names were dropped and why.

    Warns
    -----
    CrossmapWarning
        If no trait stands on a chromosome that carries markers, samples or markers were dropped
        whose names look alike, positions can hardly be in their unit, faults were stepped over,
        and as `make_cross`.

    Raises
    ------
    DataError
        If genotypes and traits have no samples in common or fewer than `MIN_SAMPLES`, if no
        marker has both genotypes and a place, and as `make_cross`.
    """
    samples = _common_samples(tables)
    placed, markers = _placed_markers(tables)
    covariates, unused = _covariates_of(samples, tables)
    unmeasured: set[str] = set()
    if tables.trait_positions is not None:
        unmeasured = set(tables.trait_positions["trait"]) - set(tables.traits.index)
        _warn_of_strange_chromosomes(tables, markers)
    left_out = {name for names in tables.dropped_markers.values() for name in names}
    dropped = {
        "sample without traits": set(tables.genotypes.columns) - set(samples),
        "sample without genotypes": set(tables.traits.columns) - set(samples),
        "sample with covariates alone": unused,
        "marker without a place": set(tables.genotypes.index) - set(placed["marker"]) - left_out,
        "marker without genotypes": set(placed["marker"]) - set(tables.genotypes.index),
        "place of a trait that was not measured": unmeasured,
        **tables.dropped_markers,
    }
    _warn_of_look_alikes(dropped)
    warn_of_units(markers, tables.trait_positions, map_file=tables.map_file)
    tables.faults.warn()
    return make_cross(
        crosstype=tables.crosstype,
        genotype_names=tables.genotype_names,
        samples=samples,
        markers=markers,
        genotypes=tables.genotypes.loc[list(markers["marker"]), samples].to_numpy(),
        trait_names=list(tables.traits.index),
        traits=tables.traits[samples].to_numpy(),
        trait_positions=tables.trait_positions,
        covariates=covariates,
        parents=tables.parents,
        description=tables.description,
        report=IngestReport(
            files=dict(tables.files),
            dropped={why: tuple(sorted(names)) for why, names in dropped.items() if names},
            notes=(*tables.notes, *_empty_chromosomes(placed, markers), *tables.faults.notes()),
        ),
    )


def _common_samples(tables: Tables) -> list[str]:
    genotyped = set(tables.genotypes.columns)
    samples = sorted(name for name in tables.traits.columns if name in genotyped)
    both = f"{tables.genotype_file} and {tables.trait_file}"
    if not samples:
        hint = _sample_hint(tables)
        msg = (
            f"{both}: expected samples in common, found none "
            f"({examples(tables.genotypes.columns)} against {examples(tables.traits.columns)}"
            f"{'; ' + hint if hint else ''})"
        )
        raise DataError(msg)
    if len(samples) < MIN_SAMPLES:
        hint = spelling_hint(genotyped - set(samples), set(tables.traits.columns) - set(samples))
        msg = (
            f"{both}: expected {MIN_SAMPLES} or more samples in common, found {len(samples)}"
            f"{' (' + hint + ')' if hint else ''}"
        )
        raise DataError(msg)
    return samples


def _sample_hint(tables: Tables) -> str:
    """Guess why genotypes and traits have no samples in common."""
    for frame, other, file in (
        (tables.genotypes, tables.traits, tables.genotype_file),
        (tables.traits, tables.genotypes, tables.trait_file),
    ):
        if not set(frame.index).isdisjoint(other.columns):
            return f"rows and columns of {file} look exchanged"
    return spelling_hint(list(tables.genotypes.columns), list(tables.traits.columns))


def _placed_markers(tables: Tables) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Markers that have a place, and those of them that have genotypes."""
    known = tables.markers[["pos_bp", "pos_cm"]].notna()
    placed = tables.markers[tables.markers["chr"].notna() & known.any(axis=1)]
    markers = placed[placed["marker"].isin(set(tables.genotypes.index))]
    if markers.empty:
        hint = spelling_hint(list(tables.genotypes.index), list(placed["marker"]))
        if set(tables.genotypes.columns) & set(placed["marker"]):
            hint = f"rows and columns of {tables.genotype_file} look exchanged"
        msg = (
            f"{tables.genotype_file} and {tables.map_file}: expected markers in common, found none "
            f"({examples(tables.genotypes.index)} against {examples(placed['marker'])}"
            f"{'; ' + hint if hint else ''})"
        )
        raise DataError(msg)
    known = markers[["pos_bp", "pos_cm"]].notna()
    if not known.all(axis=0).any():
        lacking = markers["marker"][~known["pos_bp" if known["pos_bp"].any() else "pos_cm"]].iloc[0]
        msg = (
            f"{tables.map_file}: marker {lacking}: expected positions of all markers in one unit "
            "(bp or cM), found it without"
        )
        raise DataError(msg)
    return placed, markers


def _covariates_of(samples: list[str], tables: Tables) -> tuple[pd.DataFrame | None, set[str]]:
    """Covariates of the samples, and the names of those that are neither measured nor typed."""
    if tables.covariates is None:
        return None, set()
    unused = set(tables.covariates.index)
    unused -= {*tables.genotypes.columns, *tables.traits.columns}
    if tables.parents is not None:
        unused -= set(tables.parents.index)
    return tables.covariates.reindex(pd.Index(samples, dtype=object)), unused


def _warn_of_strange_chromosomes(tables: Tables, markers: pd.DataFrame) -> None:
    positions = tables.trait_positions
    if positions is None:
        return
    of_traits = positions["chr"].dropna()
    if len(of_traits) and not of_traits.isin(set(markers["chr"])).any():
        warnings.warn(
            f"no trait stands on a chromosome that carries markers ({examples(of_traits)} against "
            f"{examples(markers['chr'])}): no linkage can be local",
            CrossmapWarning,
            stacklevel=2,
        )


def _warn_of_look_alikes(dropped: Mapping[str, Collection[str]]) -> None:
    for what, (one, other) in {
        "samples": ("sample without traits", "sample without genotypes"),
        "markers": ("marker without a place", "marker without genotypes"),
    }.items():
        pairs = look_alikes(dropped[one], dropped[other])
        if pairs:
            warnings.warn(
                f"{len(pairs)} {what} were dropped though two files name them alike but for "
                f"case, spaces, punctuation or zeros (the first: {pairs[0][0]!r} and "
                f"{pairs[0][1]!r})",
                CrossmapWarning,
                stacklevel=3,
            )


def _empty_chromosomes(placed: pd.DataFrame, markers: pd.DataFrame) -> list[str]:
    without = dict.fromkeys(placed["chr"][~placed["chr"].isin(set(markers["chr"]))])
    return [f"chromosome {name} of the map has no marker with genotypes" for name in without]
