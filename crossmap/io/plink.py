"""PLINK's binary genotypes: .bed through bed-reader, .bim and .fam here, for exact messages."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from crossmap.cross import Cross
from crossmap.errors import DataError
from crossmap.io.cells import cell_text, parse_number, shown
from crossmap.io.codes import RQTL_CODES, UNLISTED, GenotypeCodes, genotype_codes
from crossmap.io.delimited import check_names, delimited, write_files
from crossmap.io.extras import load_extra
from crossmap.io.faults import Faults
from crossmap.io.files import decode_text, read_bytes
from crossmap.io.labels import labelled
from crossmap.io.results import writing

GENOTYPE_FILE = "genotypes.bed"

_MAGIC = b"\x6c\x1b"
_SNP_MAJOR = b"\x01"
_MISSING_CALL = -127
_SPACE = re.compile(r"[ \t]+")
_COUNTS = ("0", "1", "2")
# Copies of allele 1, by cross type and class; allele 1 is B, so that they grow with the class.
_COPIES: Mapping[str, tuple[int, ...]] = {"f2": (0, 1, 2), "bc": (0, 1)}
_HOMOZYGOTES = (0, 2)


@dataclass(frozen=True)
class PlinkGenotypes:
    """Genotypes and their map.

    Parameters
    ----------
    genotypes
        int8, markers x samples, -1 missing.
    markers
        Columns marker, chr, pos_bp, pos_cm; NaN where unknown.
    genotype_names
        Names of the classes.
    files
        File name -> sha256 of its bytes.
    """

    genotypes: pd.DataFrame
    markers: pd.DataFrame
    genotype_names: tuple[str, ...]
    files: Mapping[str, str]


def is_plink(data: bytes) -> bool:
    """Whether a file is PLINK's .bed.

    Parameters
    ----------
    data
        Its first bytes.

    Returns
    -------
    bool
    """
    return data.startswith(_MAGIC)


def read_plink(
    path: str | Path, *, crosstype: str, codes: Mapping[str, str] | None, faults: Faults
) -> PlinkGenotypes:
    """Read PLINK's binary genotypes.

    Parameters
    ----------
    path
        The .bed file; .bim and .fam lie beside it.
    crosstype
        One of `crossmap.cross.CROSSTYPES`.
    codes
        Name of the genotype by its alleles (``AA``, ``AB``, ``GG``), or by how many copies of
        allele 1 it has (``0``, ``1``, ``2``). None where the alleles are A and B.
    faults
        What becomes of genotypes without a code.

    Returns
    -------
    PlinkGenotypes
        Individuals are named by their IID; a map of zeros alone is unknown.

    Raises
    ------
    CrossmapError
        If bed-reader is not installed.
    ArgumentError
        For codes that do not fit the cross type.
    DataError
        For whatever is wrong with a file, naming file, line and column.
    """
    bed_reader = load_extra("bed_reader", extra="plink", needed_for="PLINK files")
    bed = Path(path)
    fam, bim = (_rows(bed.with_suffix(suffix), 6) for suffix in (".fam", ".bim"))
    samples = fam.unique(1, "individual")
    markers = bim.unique(1, "marker")
    data = read_bytes(bed)
    expected_size = 3 + len(markers) * ((len(samples) + 3) // 4)
    if data[:2] != _MAGIC or data[2:3] != _SNP_MAJOR:
        raise DataError.at(
            path, expected="PLINK's .bed, one marker after the other (plink --make-bed)",
            found=shown(data[:3].hex()),
        )  # fmt: skip
    if len(data) != expected_size:
        expected = (
            f"{expected_size:,} bytes for {len(markers):,} markers and {len(samples):,} individuals"
        )
        raise DataError.at(path, expected=expected, found=f"{len(data):,}")
    with bed_reader.open_bed(bed, iid_count=len(samples), sid_count=len(markers)) as opened:
        copies = opened.read(dtype="int8", num_threads=1).T
    spelled = genotype_codes(codes or _usual_codes(crosstype), crosstype=crosstype)
    alleles = [(row[4], row[5]) for row in bim.rows]
    calls = _classes(copies, alleles, spelled, bim=bim, samples=samples, faults=faults)
    return PlinkGenotypes(
        genotypes=labelled(calls, markers, samples),
        markers=_map_of(bim, markers),
        genotype_names=spelled.names,
        files={str(path): hashlib.sha256(data).hexdigest()}
        | {table.name: table.sha256 for table in (bim, fam)},
    )


@dataclass(frozen=True)
class _Rows:
    """Rows of cells separated by space, without a header."""

    name: str
    sha256: str
    rows: list[list[str]]
    lines: list[int]

    def error(self, row: int, column: int, *, expected: str, found: str) -> DataError:
        return DataError.at(
            self.name, expected=expected, found=found, line=self.lines[row], column=column + 1
        )

    def unique(self, column: int, what: str) -> list[str]:
        seen: dict[str, int] = {}
        for i, row in enumerate(self.rows):
            if row[column] in seen:
                found = f"{shown(row[column])} again (first in line {seen[row[column]]})"
                raise self.error(i, column, expected=f"each name ({what}) once", found=found)
            seen[row[column]] = self.lines[i]
        return list(seen)

    def numbers(self, column: int) -> np.ndarray:
        values = np.empty(len(self.rows))
        for i, row in enumerate(self.rows):
            try:
                values[i] = parse_number(row[column])
            except ValueError as error:
                raise self.error(i, column, expected=str(error), found=shown(row[column])) from None
        return values


def _rows(path: Path, n_cells: int) -> _Rows:
    data, name = read_bytes(path), str(path)
    rows, lines = [], []
    for line, text in enumerate(decode_text(data, name).split("\n"), start=1):
        if not text.strip():
            continue
        cells = _SPACE.split(text.strip())
        if len(cells) != n_cells:
            raise DataError.at(name, expected=f"{n_cells} cells", found=str(len(cells)), line=line)
        rows.append(cells)
        lines.append(line)
    return _Rows(name, hashlib.sha256(data).hexdigest(), rows, lines)


def _usual_codes(crosstype: str) -> dict[str, str]:
    """Codes by alleles A and B, with the names that R/qtl gives the genotypes."""
    pairs = {"A": "AA", "H": "AB", "B": "BB"}
    return {pairs[code]: name for code, name in RQTL_CODES[crosstype].items()}


def _classes(
    copies: np.ndarray,
    alleles: list[tuple[str, str]],
    codes: GenotypeCodes,
    *,
    bim: _Rows,
    samples: list[str],
    faults: Faults,
) -> np.ndarray:
    """Classes of copies of allele 1, by their number or by the alleles themselves."""
    by_count = set(codes.classes) <= set(_COUNTS)
    calls = np.full(copies.shape, -1, dtype=np.int8)
    for row, (one, other) in enumerate(alleles):
        texts = _COUNTS if by_count else (other + other, other + one, one + one)
        for n, text in enumerate(texts):
            is_this = copies[row] == n
            found = codes.classes.get(text, codes.classes.get(text[::-1], None))
            if found is not None:
                calls[row, is_this] = found
            elif is_this.any():
                sample = samples[int(np.flatnonzero(is_this)[0])]
                what = f"{shown(text)} in {sample}{codes.hint({text})}"
                faults.take(bim.error(row, 4, expected=codes.words, found=what), remedy=UNLISTED)
    return calls


def _map_of(bim: _Rows, markers: list[str]) -> pd.DataFrame:
    table = pd.DataFrame({"marker": markers, "chr": [row[0] for row in bim.rows]}, dtype=object)
    for column, place in (("pos_bp", 3), ("pos_cm", 2)):
        position = bim.numbers(place)
        table[column] = position if position.any() else np.nan
    return table


def write_plink(cross: Cross, folder: str | Path) -> list[str]:
    """Write the genotypes of a cross as genotypes.bed, .bim and .fam.

    Parameters
    ----------
    cross
        Any cross with positions in base pairs. Parents' alleles are A and B; allele 1 is B, so
        that the copies counted grow with the class.
    folder
        Where to write; it must be there.

    Returns
    -------
    list of str
        What the files cannot hold, in plain words.

    Raises
    ------
    CrossmapError
        If bed-reader is not installed.
    DataError
        For names with spaces, and without positions in base pairs.
    OutputError
        If the files cannot be written.
    """
    bed_reader = load_extra("bed_reader", extra="plink", needed_for="PLINK files")
    markers = cross.markers
    names = {"sample": cross.samples, "marker": markers["marker"], "chromosome": markers["chr"]}
    check_names(names, bare=True)
    for kind, held in names.items():
        spaced = next((name for name in held if _SPACE.search(str(name))), None)
        if spaced is not None:
            msg = f"{kind} names: expected names without spaces (PLINK), found {spaced!r}"
            raise DataError(msg)
    if not markers["pos_bp"].notna().all():
        msg = "markers: expected positions in base pairs (PLINK), found centimorgans alone"
        raise DataError(msg)
    position = np.round(markers["pos_bp"].to_numpy())
    lost = []
    if not np.array_equal(position, markers["pos_bp"].to_numpy()):
        lost.append("fractions of a base pair")
    copies = np.array([*_COPIES.get(cross.crosstype, _HOMOZYGOTES), _MISSING_CALL], dtype=np.int8)
    in_cm = markers["pos_cm"].to_numpy()
    centimorgans = np.zeros(len(in_cm)) if np.isnan(in_cm).any() else in_cm
    columns = (markers["chr"], markers["marker"], centimorgans, position)
    bim = [
        [chromosome, name, cell_text(cm), cell_text(bp), "B", "A"]
        for chromosome, name, cm, bp in zip(*columns, strict=True)
    ]
    fam = [["0", name, "0", "0", "0", "-9"] for name in cross.samples]
    with writing(folder):
        # .bim and .fam are written anew below: bed-reader rounds centimorgans.
        bed_reader.to_bed(Path(folder) / GENOTYPE_FILE, copies[cross.genotypes].T, num_threads=1)
    texts = {".bim": delimited(bim, delimiter="\t"), ".fam": delimited(fam, delimiter=" ")}
    stem = Path(GENOTYPE_FILE).stem
    write_files(folder, {f"{stem}{suffix}": text for suffix, text in texts.items()})
    return lost
