"""Plain tables: genotypes, markers, traits and their places in files of their own."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from crossmap.cross import Cross
from crossmap.errors import ArgumentError, DataError
from crossmap.io.align import UNPLACED, Tables, align_tables, trait_positions
from crossmap.io.bed import is_bed, read_bed
from crossmap.io.cells import number_column, typed_columns
from crossmap.io.codes import check_crosstype, genotype_codes
from crossmap.io.faults import Faults
from crossmap.io.files import first_bytes, read_bytes
from crossmap.io.plink import is_plink, read_plink
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
    traits: str | Path,
    crosstype: str,
    codes: Mapping[str, str] | None = None,
    markers: str | Path | None = None,
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
        One row per marker, one column per sample; or PLINK's .bed, which brings its own map.
    traits
        One row per trait, one column per sample; or phenotypes in BED (text or Parquet), which
        bring their places.
    crosstype
        One of `crossmap.cross.CROSSTYPES`; never guessed.
    codes
        Text of a genotype cell -> name of the genotype, classes in order: ``{"1": "A", "2": "B"}``;
        a code named NA is read as missing. Only PLINK's files with alleles A and B need none.
    markers
        Columns marker, chr and pos_bp, pos_cm or both; other columns are ignored.
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
    CrossmapError
        If PLINK's files are given and bed-reader is not installed.
    ArgumentError
        For an unknown cross type, codes that do not fit it, and where codes or a map are needed.
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
    check_crosstype(crosstype)
    faults = Faults(lenient=lenient)
    typed = _read_genotypes(genotypes, crosstype=crosstype, codes=codes, faults=faults)
    files = dict(typed.files)
    marker_frame = typed.markers
    if markers is not None:
        map_table = TextTable.read(markers)
        files[map_table.name] = map_table.sha256
        marker_frame = _map(map_table, faults)
    if marker_frame is None:
        msg = "markers: expected a table of the markers' places, found none"
        raise ArgumentError(msg)
    measured = _read_traits(traits)
    files[measured.name] = measured.sha256
    places = measured.positions
    covariate_frame = None
    if trait_positions is not None:
        position_table = TextTable.read(trait_positions)
        files[position_table.name] = position_table.sha256
        places = _trait_positions(position_table, faults)
    if covariates is not None:
        covariate_table = TextTable.read(covariates)
        files[covariate_table.name] = covariate_table.sha256
        covariate_frame = _oriented_covariates(
            covariate_table, samples=set(typed.genotypes.columns)
        )
    return align_tables(
        Tables(
            crosstype=crosstype,
            genotype_names=typed.genotype_names,
            genotypes=typed.genotypes,
            markers=marker_frame,
            traits=measured.values,
            trait_positions=places,
            covariates=covariate_frame,
            description=description,
            files=files,
            genotype_file=str(genotypes),
            map_file=str(genotypes if markers is None else markers),
            trait_file=measured.name,
            faults=faults,
        )
    )


@dataclass(frozen=True)
class _Genotypes:
    """What the file of genotypes holds; PLINK's bring a map."""

    genotypes: pd.DataFrame
    markers: pd.DataFrame | None
    genotype_names: tuple[str, ...]
    files: Mapping[str, str]


def _read_genotypes(
    path: str | Path, *, crosstype: str, codes: Mapping[str, str] | None, faults: Faults
) -> _Genotypes:
    data = read_bytes(path)
    if is_plink(data) or str(path).endswith(".bed"):
        plink = read_plink(path, crosstype=crosstype, codes=codes, faults=faults)
        return _Genotypes(plink.genotypes, plink.markers, plink.genotype_names, plink.files)
    if codes is None:
        msg = "codes: expected the meaning of the genotype cells, such as 1=A,2=B, found none"
        raise ArgumentError(msg)
    spelled = genotype_codes(codes, crosstype=crosstype)
    table = TextTable.parse(data, name=str(path))
    frame = table.genotypes(spelled, faults=faults)
    return _Genotypes(frame, None, spelled.names, {table.name: table.sha256})


@dataclass(frozen=True)
class _Traits:
    """What the file of traits holds; BED brings places."""

    values: pd.DataFrame
    positions: pd.DataFrame | None
    name: str
    sha256: str


def _read_traits(path: str | Path) -> _Traits:
    data, name = read_bytes(path), str(path)
    if is_bed(first_bytes(data)):
        bed = read_bed(data, name)
        return _Traits(bed.values, bed.positions, bed.name, bed.sha256)
    table = TextTable.parse(data, name=name)
    return _Traits(table.numbers(), None, table.name, table.sha256)


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
