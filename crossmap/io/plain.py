"""Plain tables: genotypes, markers, traits and their places in files of their own."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from crossmap.cross import Cross
from crossmap.errors import ArgumentError, DataError
from crossmap.io.align import UNPLACED, Tables, align_tables, trait_positions
from crossmap.io.cells import number_column, typed_columns
from crossmap.io.codes import genotype_codes
from crossmap.io.faults import Faults
from crossmap.io.text import TextTable


def parse_codes(text: str) -> dict[str, str]:
    """Read genotype codes in the form of the command line.

    Parameters
    ----------
    text
        ``code=name`` pairs, comma-separated, in the order of the genotype classes.

    Returns
    -------
    dict of str to str
        Text in the file -> name of the genotype, in the order given.

    Raises
    ------
    ArgumentError
        For a pair without ``=``, an empty code or name, a repeated code.

    Examples
    --------
    >>> parse_codes("1=A,2=B")
    {'1': 'A', '2': 'B'}
    """
    codes: dict[str, str] = {}
    for pair in text.split(","):
        code, equals, name = (part.strip() for part in pair.partition("="))
        if not (code and equals and name):
            msg = f"codes: expected pairs such as 1=A,2=B, found {pair!r}"
            raise ArgumentError(msg)
        if code in codes:
            msg = f"codes: expected each code once, found {code!r} twice"
            raise ArgumentError(msg)
        codes[code] = name
    return codes


def read_plain(
    *,
    genotypes: str | Path,
    markers: str | Path,
    traits: str | Path,
    crosstype: str,
    codes: Mapping[str, str],
    trait_positions: str | Path | None = None,
    covariates: str | Path | None = None,
    description: str = "",
    lenient: bool = False,
) -> Cross:
    r"""Read a cross from plain tables.

    All tables are tab- or comma-separated UTF-8 text, plain or gzip, with a header row; the first
    column holds the row names. NA, - and empty cells are missing values.

    Parameters
    ----------
    genotypes
        One row per marker, one column per sample.
    markers
        Columns marker, chr and pos_bp, pos_cm or both; other columns are ignored.
    traits
        One row per trait, one column per sample.
    crosstype
        One of `crossmap.cross.CROSSTYPES`; never guessed.
    codes
        Text of a genotype cell -> name of the genotype, classes in order: ``{"1": "A", "2": "B"}``.
    trait_positions
        Columns trait, chr, start_bp, end_bp (start past end on the reverse strand).
    covariates
        One row per covariate and one column per sample, or the other way round: whichever way
        the names of the samples stand.
    description
        Free text kept with the cross.
    lenient
        Read genotype cells without a code as missing and leave out positions that are no numbers,
        with a warning.

    Returns
    -------
    Cross
        Samples that stand in genotypes and traits both, markers with genotypes and a place;
        `Cross.report` names the rest.

    Warns
    -----
    CrossmapWarning
        If markers were not in map order, and as `crossmap.io.align.align_tables`.

    Raises
    ------
    ArgumentError
        For an unknown cross type, or codes that do not fit it.
    DataError
        For whatever is wrong with a file, naming file, line and column.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> header = "id," + ",".join(f"s{i}" for i in range(8))
    >>> _ = (folder / "geno.csv").write_text(header + "\nm1,A,B,A,B,A,B,A,B")
    >>> _ = (folder / "map.csv").write_text("marker,chr,pos_bp\nm1,1,10.5")
    >>> _ = (folder / "traits.csv").write_text(header + "\ngrowth,1,2,3,4,5,6,7,8")
    >>> cross = read_plain(
    ...     genotypes=folder / "geno.csv", markers=folder / "map.csv",
    ...     traits=folder / "traits.csv", crosstype="haploid", codes={"A": "BY", "B": "RM"})
    >>> cross.genotypes.tolist(), cross.markers["pos_bp"].tolist()
    ([[0, 1, 0, 1, 0, 1, 0, 1]], [10.5])
    """
    spelled = genotype_codes(codes, crosstype=crosstype)
    faults = Faults(lenient=lenient)
    genotype_table = TextTable.read(genotypes)
    map_table = TextTable.read(markers)
    trait_table = TextTable.read(traits)
    tables = [genotype_table, map_table, trait_table]
    genotype_frame = genotype_table.genotypes(spelled, faults=faults)
    trait_frame = trait_table.numbers()
    places = covariate_frame = None
    if trait_positions is not None:
        tables.append(position_table := TextTable.read(trait_positions))
        places = _trait_positions(position_table, faults)
    if covariates is not None:
        tables.append(covariate_table := TextTable.read(covariates))
        covariate_frame = _oriented_covariates(covariate_table, samples=set(genotype_frame.columns))
    return align_tables(
        Tables(
            crosstype=crosstype,
            genotype_names=spelled.names,
            genotypes=genotype_frame,
            markers=_map(map_table, faults),
            traits=trait_frame,
            trait_positions=places,
            covariates=covariate_frame,
            description=description,
            files={table.name: table.sha256 for table in tables},
            genotype_file=genotype_table.name,
            map_file=map_table.name,
            trait_file=trait_table.name,
            faults=faults,
        )
    )


def _map(table: TextTable, faults: Faults) -> pd.DataFrame:
    table.require("chr")
    table.require("pos_bp", "pos_cm")
    frame = table.strings()
    markers = pd.DataFrame({"marker": frame.index, "chr": frame["chr"].to_numpy()}, dtype=object)
    for column in ("pos_bp", "pos_cm"):
        if column in frame:
            markers[column] = number_column(
                frame, column, error=table.error, faults=faults, remedy=UNPLACED
            )
        else:
            markers[column] = np.full(len(frame), np.nan)
    return markers


def _trait_positions(table: TextTable, faults: Faults) -> pd.DataFrame:
    for column in ("chr", "start_bp", "end_bp"):
        table.require(column)
    return trait_positions(table.strings(), error=table.error, faults=faults)


def _oriented_covariates(table: TextTable, *, samples: set[str]) -> pd.DataFrame:
    frame = table.strings()
    if samples.isdisjoint(table.columns) and not samples.isdisjoint(frame.index):
        return typed_columns(frame, error=table.error)

    def error(sample: str, covariate: str, *, expected: str, found: object) -> DataError:
        return table.error(covariate, sample, expected=expected, found=found)

    return typed_columns(frame.T, error=error)
