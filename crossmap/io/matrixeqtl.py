"""Matrix eQTL's text files: SNP.txt, GE.txt, Covariates.txt, snpsloc.txt and geneloc.txt.

Samples are matched by name here, where Matrix eQTL compares nothing but their number.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import pandas as pd

from crossmap.arguments import require_one_of
from crossmap.cross import Cross
from crossmap.errors import ArgumentError, DataError
from crossmap.io.align import UNPLACED, Tables, align_tables
from crossmap.io.cells import cell_text, is_number, number_column, typed_columns
from crossmap.io.codes import UNLISTED, GenotypeCodes, genotype_codes, require_crosstype
from crossmap.io.delimited import check_names, delimited, warn_of_loss, write_files
from crossmap.io.faults import Faults
from crossmap.io.labels import labelled
from crossmap.io.text import TextTable

GENOTYPE_FILE = "SNP.txt"
TRAIT_FILE = "GE.txt"
COVARIATE_FILE = "Covariates.txt"
MARKER_FILE = "snpsloc.txt"
PLACE_FILE = "geneloc.txt"

Unit = Literal["bp", "cm"]

_FORMAT = "Matrix eQTL's files"
_MISSING = ("NA",)


def read_matrixeqtl(
    genotypes: str | Path,
    *,
    traits: str | Path,
    markers: str | Path,
    crosstype: str | None = None,
    codes: Mapping[str, str] | None = None,
    trait_positions: str | Path | None = None,
    covariates: str | Path | None = None,
    position_unit: Unit = "bp",
    lenient: bool = False,
) -> Cross:
    r"""Read a cross from the text files of Matrix eQTL.

    Tables are tab-separated; their header may name the samples alone, without a corner. NA and
    empty cells are missing.

    Parameters
    ----------
    genotypes
        One row per marker, one column per sample: numbers.
    traits
        One row per gene, one column per sample.
    markers
        snpsloc.txt: name, chromosome, position, whatever their headers.
    crosstype
        One of `crossmap.cross.CROSSTYPES`; the files do not name it and it is never guessed.
    codes
        Genotype -> its name, classes in order: ``{"0": "A", "1": "B"}``; numbers are compared as
        numbers.
    trait_positions
        geneloc.txt: name, chromosome, left, right, whatever their headers.
    covariates
        One row per covariate, one column per sample.
    position_unit
        Of the markers: ``bp``, or ``cm`` where somebody wrote a genetic map.
    lenient
        Read genotypes without a code as missing and leave out positions that are no numbers, with
        a warning.

    Returns
    -------
    Cross

    Warns
    -----
    CrossmapWarning
        As `crossmap.io.align.align_tables`.

    Raises
    ------
    ArgumentError
        For a cross type or codes that are unknown, not named or do not fit.
    DataError
        For whatever is wrong with a file, naming file, line and column.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> header = "\t".join(f"s{i}" for i in range(8))
    >>> _ = (folder / "SNP.txt").write_text(f"{header}\nm1" + "\t0\t1" * 4)
    >>> _ = (folder / "GE.txt").write_text(f"id\t{header}\ng1" + "\t0.5\t1.5" * 4)
    >>> _ = (folder / "snpsloc.txt").write_text("snp\tchr\tpos\nm1\tchr1\t1500")
    >>> cross = read_matrixeqtl(
    ...     folder / "SNP.txt", traits=folder / "GE.txt", markers=folder / "snpsloc.txt",
    ...     crosstype="haploid", codes={"0": "A", "1": "B"})
    >>> cross.genotypes.tolist(), cross.markers["pos_bp"].tolist()
    ([[0, 1, 0, 1, 0, 1, 0, 1]], [1500.0])
    """
    kind = require_crosstype(crosstype, format=_FORMAT)
    require_one_of("position_unit", position_unit, get_args(Unit))
    if codes is None:
        msg = (
            "codes: expected the meaning of the genotypes, such as 0=A,1=B, found none "
            f"({_FORMAT} do not name it)"
        )
        raise ArgumentError(msg)
    spelled = genotype_codes(codes, crosstype=kind)
    faults = Faults(lenient=lenient)
    named = {
        "genotypes": genotypes,
        "traits": traits,
        "markers": markers,
        "trait_positions": trait_positions,
        "covariates": covariates,
    }
    tables = {role: _table(path) for role, path in named.items() if path is not None}
    places = covariate_frame = None
    if "trait_positions" in tables:
        places = _places(tables["trait_positions"], ("start_bp", "end_bp"), faults)
    if "covariates" in tables:
        covariate_frame = _covariates(tables["covariates"])
    table = _places(tables["markers"], ("pos",), faults).rename(columns={"trait": "marker"})
    unknown = np.full(len(table), np.nan)
    in_bp = position_unit == "bp"
    return align_tables(
        Tables(
            crosstype=kind,
            genotype_names=spelled.names,
            genotypes=_calls(tables["genotypes"], spelled, faults),
            markers=table[["marker", "chr"]].assign(
                pos_bp=table["pos"] if in_bp else unknown,
                pos_cm=unknown if in_bp else table["pos"],
            ),
            traits=tables["traits"].numbers(),
            trait_positions=places,
            covariates=covariate_frame,
            files={table.name: table.sha256 for table in tables.values()},
            genotype_file=str(genotypes),
            map_file=str(markers),
            trait_file=str(traits),
            faults=faults,
        )
    )


def _table(path: str | Path) -> TextTable:
    return TextTable.read(path, delimiter="\t", missing=_MISSING, may_lack_corner=True)


def _calls(table: TextTable, codes: GenotypeCodes, faults: Faults) -> pd.DataFrame:
    """Genotypes by the number they are, or, where codes are no numbers, by their text."""
    if not all(map(is_number, codes.classes)):
        return table.genotypes(codes, faults=faults)
    frame = table.numbers()
    values = frame.to_numpy()
    calls = np.full(values.shape, -1, dtype=np.int8)
    is_known = np.isnan(values)
    for text, index in codes.classes.items():
        is_this = values == float(text)
        calls[is_this] = index
        is_known |= is_this
    unlisted = [cell_text(value) for value in np.unique(values[~is_known])]
    for row, column in np.argwhere(~is_known):
        marker, sample = str(frame.index[row]), str(frame.columns[column])
        found = cell_text(values[row, column])
        fault = table.error(
            marker, sample, expected=codes.words, found=found, hint=codes.hint(unlisted)
        )
        faults.take(fault, remedy=UNLISTED)
    return labelled(calls, list(frame.index), list(frame.columns))


def _places(table: TextTable, names: tuple[str, ...], faults: Faults) -> pd.DataFrame:
    """Chromosomes and positions by the order of their columns; the name is called trait."""
    frame = table.strings()
    if frame.shape[1] < 1 + len(names):
        raise DataError.at(
            table.name, expected=f"{2 + len(names)} columns (name, chromosome, positions)",
            found=str(1 + frame.shape[1]), line=table.header_line,
        )  # fmt: skip
    places = pd.DataFrame(
        {"trait": list(frame.index), "chr": frame.iloc[:, 0].tolist()}, dtype=object
    )
    for name, column in zip(names, frame.columns[1:], strict=False):
        places[name] = number_column(
            frame, column, error=table.error, faults=faults, remedy=UNPLACED
        )
    return places


def _covariates(table: TextTable) -> pd.DataFrame:
    def error(sample: str, covariate: str, *, expected: str, found: object) -> DataError:
        return table.error(covariate, sample, expected=expected, found=found)

    return typed_columns(table.strings().T, error=error)


def write_matrixeqtl(cross: Cross, folder: str | Path) -> None:
    """Write a cross as the text files that Matrix eQTL reads.

    Parameters
    ----------
    cross
        Any cross. Genotypes are written as the numbers of their classes, 0 to G-1.
    folder
        Where to write; made if it is not there. `read_matrixeqtl` gives the cross back if it is
        told the cross type and the names of the genotypes.

    Warns
    -----
    CrossmapWarning
        If there is something that the files cannot hold: a second map, the direction of genes,
        measurements of the parents, covariates that are no complete numbers; and if positions are
        known in centimorgans alone, which are written.

    Raises
    ------
    DataError
        For names that the files cannot hold.
    OutputError
        If the files cannot be written.
    """
    markers, table = cross.markers, cross.trait_table
    check_names(
        {
            "sample": cross.samples,
            "marker": markers["marker"],
            "chromosome": markers["chr"],
            "trait": cross.trait_names,
            "covariate": cross.covariates.columns,
        },
        never_missing=("chromosome",),
        bare=True,
    )
    in_bp = bool(markers["pos_bp"].notna().all())
    position = markers["pos_bp" if in_bp else "pos_cm"]
    lost = []
    if not in_bp:
        lost.append("base pairs (centimorgans stand in their place)")
    elif markers["pos_cm"].notna().any():
        lost.append("centimorgans")
    numbers = [
        name
        for name in cross.covariates.columns
        if pd.api.types.is_numeric_dtype(cross.covariates[name].dtype)
        and cross.covariates[name].notna().all()
    ]
    if len(numbers) < len(cross.covariates.columns):
        lost.append("covariates that are no complete numbers")
    ends = np.sort(table[["start_bp", "end_bp"]].to_numpy(dtype=np.float64), axis=1)
    is_placed = table["chr"].notna().to_numpy() & ~np.isnan(ends).any(axis=1)
    if (table["start_bp"] > table["end_bp"]).any():
        lost.append("the direction of genes")
    if len(cross.parents):
        lost.append("measurements of the parents")
    spelled = np.array([*map(str, range(cross.n_genotypes)), "NA"], dtype=object)  # -1: the last
    calls = spelled[cross.genotypes].tolist()
    texts = {
        GENOTYPE_FILE: _sheet("snpid", cross, markers["marker"].tolist(), calls),
        TRAIT_FILE: _sheet("geneid", cross, cross.trait_names, _texts(cross.traits)),
        MARKER_FILE: delimited(
            [
                ("snpid", "chr", "pos"),
                *zip(markers["marker"], markers["chr"], map(cell_text, position), strict=True),
            ],
            delimiter="\t",
        ),
    }
    if is_placed.any():
        rows = [
            (cross.trait_names[i], table["chr"][i], *map(cell_text, ends[i].tolist()))
            for i in np.flatnonzero(is_placed)
        ]
        texts[PLACE_FILE] = delimited([("geneid", "chr", "left", "right"), *rows], delimiter="\t")
    if numbers:
        values = cross.covariates[numbers].to_numpy(dtype=np.float64).T
        texts[COVARIATE_FILE] = _sheet("id", cross, list(map(str, numbers)), _texts(values))
    write_files(folder, texts)
    warn_of_loss(lost, format=_FORMAT)


def _texts(values: np.ndarray) -> list[list[str]]:
    return [list(map(cell_text, row)) for row in values.tolist()]


def _sheet(
    corner: str, cross: Cross, names: "list[str] | tuple[str, ...]", cells: list[list[str]]
) -> str:
    rows = ([name, *row] for name, row in zip(names, cells, strict=True))
    return delimited([[corner, *cross.samples], *rows], delimiter="\t")
