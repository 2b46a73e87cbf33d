"""Tables of linkages that any tool wrote, as claims: trait, chromosome, position, FDR."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd

from crossmap.errors import DataError
from crossmap.io.cells import MISSING, parse_number, shown
from crossmap.io.files import decode_text, read_bytes
from crossmap.io.parquet import parquet_frame
from crossmap.io.records import separator_of

# What a column is called by crossmap, R/qtl, R/qtl2, Matrix eQTL, tensorQTL and QTLtools, in lower
# case and without anything but letters and digits; the first that is there is taken.
COLUMN_NAMES: Mapping[str, Sequence[str]] = MappingProxyType(
    {
        "trait": ("trait", "gene", "phenotypeid", "phenotype", "lodcolumn", "pheno", "pheid"),
        "marker": ("marker", "snps", "snp", "variantid", "varid"),
        "chr": ("chr", "chromosome", "chrom"),
        "pos_cm": ("poscm", "pos", "cm"),
        "pos_bp": ("posbp",),
        "fdr": ("qvalue", "fdr", "qval", "padj"),
        "neglog10_p": ("neglog10p",),
        "p_value": ("pvalue", "pvalnominal", "pvalbeta", "pvalperm", "nompval", "pval", "p"),
        "lod": ("lod",),
    }
)

FOLDER_TABLES = ("joint", "peaks", "linkages")
"""Of a folder of crossmap's own results: the first that is there."""

# A position is no centimorgans beyond this multiple of the map's end and so much more; without a
# map, beyond the length of any chromosome.
_BEYOND, _BEYOND_CM = 1.5, 20.0
_LONGEST_CM = 1e4
_MOST_LISTED = 30


def read_claims(
    path: str | Path, *, columns: Mapping[str, str] = MappingProxyType({})
) -> pd.DataFrame:
    """Read a table of linkages: a folder of crossmap's results, or any tool's table.

    Parameters
    ----------
    path
        A folder with joint.tsv, peaks.tsv or linkages.tsv (or .parquet), or a table: tab-,
        comma- or (QTLtools) space-separated, as R writes it with or without row names, or .parquet.
    columns
        What a column means (a key of `COLUMN_NAMES`) -> its name, where it is not one of those.

    Returns
    -------
    pandas.DataFrame
        Columns as in the file; texts object, columns of numbers float64, missing NaN or None.

    Raises
    ------
    DataError
        If there is no such table, or a row has another length than the header.
    """
    file = claims_file(path)
    if file.suffix == ".parquet":
        table = parquet_frame(read_bytes(file), str(file))
    else:
        table = _read_text(file)
    return table.rename(columns={name: meaning for meaning, name in columns.items()})


def claims_file(path: str | Path) -> Path:
    """Find the table of claims that a path names.

    Parameters
    ----------
    path
        A folder of crossmap's results, or a table.

    Returns
    -------
    pathlib.Path
        The table.

    Raises
    ------
    DataError
        If a folder has none.
    """
    path = Path(path)
    if not path.is_dir():
        return path
    for name in FOLDER_TABLES:
        for ending in ("tsv", "parquet"):
            if (path / f"{name}.{ending}").is_file():
                return path / f"{name}.{ending}"
    expected = " or ".join(f"{name}.tsv" for name in FOLDER_TABLES)
    raise DataError.at(path, expected=expected, found="none of them")


def _read_text(file: Path) -> pd.DataFrame:
    text = decode_text(read_bytes(file), str(file))
    try:
        first = text.split("\n")[0]
        is_spaced = " " in first and not {"\t", ","} & set(first)
        separator = " " if is_spaced else separator_of(first)
        header, *rows = csv.reader(io.StringIO(text), delimiter=separator)
    except csv.Error as error:
        raise DataError.at(file, expected="a table", found=str(error)) from error
    # R's write.table gives row names no header.
    if rows and len(rows[0]) == len(header) + 1:
        header = ["", *header]
    for line, row in enumerate(rows, start=2):
        if len(row) != len(header):
            expected = f"{len(header)} cells as in the header"
            raise DataError.at(file, line=line, expected=expected, found=str(len(row)))
    cells = list(zip(*rows, strict=True)) or [()] * len(header)
    return pd.DataFrame({name: _column(c) for name, c in zip(header, cells, strict=True) if name})


def _column(cells: Sequence[str]) -> np.ndarray:
    try:
        return np.array([np.nan if c in MISSING else parse_number(c) for c in cells], dtype=float)
    except ValueError:
        return np.array([None if c in MISSING else c for c in cells], dtype=object)


def as_claims(
    table: pd.DataFrame, markers: pd.DataFrame | None = None, *, file: Path | None = None
) -> pd.DataFrame:
    """Claims as `crossmap.scoring.score_joint` takes them, the best first.

    Parameters
    ----------
    table
        One row per claim. Of several loci: ``chr1``, ``pos1_cm`` (or ``start1_cm`` and
        ``end1_cm``), ``chr2``, ...; of one: a column for each of trait, chr and pos_cm under one
        of the names in `COLUMN_NAMES`, or trait and a marker of `markers`.
    markers
        Columns marker, chr, pos_cm and pos_bp of the map, to place markers and base pairs.
    file
        What `table` was read from, for messages.

    Returns
    -------
    pandas.DataFrame
        trait (text), chr{l} (text), pos{l}_cm, joint_prob if it is there, and fdr (NaN if there
        is no such column).

    Raises
    ------
    DataError
        If a column is missing, a marker or chromosome is not on the map, or a position in cM lies
        far beyond its end (without a map: 10,000 cM).
    """
    on_map = _Map(markers, file)
    found = _found(table)
    if "trait" not in found:
        raise _lacking(table, "a column that names the trait")
    claims = pd.DataFrame({"trait": [_text(value) for value in table[found["trait"]]]})
    if "chr1" in table:
        _several_loci(table, claims, on_map)
    else:
        chromosomes, pos_cm = _one_locus(table, found, markers, on_map)
        claims = claims.assign(chr1=pd.Series(chromosomes, dtype=object), pos1_cm=pos_cm)
    if "joint_prob" in table:
        claims["joint_prob"] = _numbers(table, "joint_prob")
    claims["fdr"] = _numbers(table, found["fdr"]) if "fdr" in found else np.nan
    return claims.iloc[_best_first(table, claims, found)].reset_index(drop=True)


def listed(names: Sequence[str]) -> str:
    """Join names for a message, the first 30 of many.

    Parameters
    ----------
    names
        Of chromosomes.

    Returns
    -------
    str
    """
    rest = f" and {len(names) - _MOST_LISTED:,} more" if len(names) > _MOST_LISTED else ""
    return ", ".join(names[:_MOST_LISTED]) + rest


class _Map:
    """Checks chromosomes and positions of a table against the map, if there is one."""

    def __init__(self, markers: pd.DataFrame | None, file: Path | None) -> None:
        self.file = file
        self.ends: dict[str, float] | None = None
        if markers is not None:
            ends = markers.groupby(markers["chr"].astype(str), sort=False)["pos_cm"].max()
            self.ends = {str(chromosome): float(end) for chromosome, end in ends.items()}

    def require_chromosomes(
        self, chromosomes: Sequence[str | None], column: str, position: np.ndarray
    ) -> None:
        """Refuse chromosomes that the map does not have, and positions without one."""
        if self.ends is None:
            return
        for row, (chromosome, pos) in enumerate(zip(chromosomes, position, strict=True)):
            is_empty = chromosome is None and np.isnan(pos)
            if not is_empty and chromosome not in self.ends:
                expected = f"a chromosome of the map ({listed(list(self.ends))})"
                raise self._error(row, column, expected, chromosome)

    def require_cm(
        self, chromosomes: Sequence[str | None], column: str, position: np.ndarray, remedy: str
    ) -> None:
        """Refuse positions that cannot be centimorgans."""
        ends = self.ends or {}
        for row, (chromosome, pos) in enumerate(zip(chromosomes, position, strict=True)):
            end = ends.get(chromosome or "", np.nan)
            limit = _LONGEST_CM if np.isnan(end) else _BEYOND * end + _BEYOND_CM
            if pos > limit:
                where = "" if np.isnan(end) else f" (chromosome {chromosome} ends at {end:.1f} cM)"
                expected = f"a position in cM{where}; positions look like bp{remedy}"
                raise self._error(row, column, expected, f"{pos:.15g}")

    def _error(self, row: int, column: str, expected: str, found: str | None) -> DataError:
        if self.file is not None and self.file.suffix != ".parquet":
            place = f"{self.file}, line {row + 2}"
        else:
            place = f"{self.file or 'claims'}, row {row + 1}"
        what = "none" if found is None else shown(found)
        return DataError.at(place, column=column, expected=expected, found=what)


def _several_loci(table: pd.DataFrame, claims: pd.DataFrame, on_map: _Map) -> None:
    """Add chr{l} and pos{l}_cm for l = 1, 2, ..."""
    for number in count(1):
        if f"chr{number}" not in table:
            return
        exact = f"pos{number}_cm"
        ends = [exact] if exact in table else [f"start{number}_cm", f"end{number}_cm"]
        for column in ends:
            if column not in table:
                raise _lacking(table, f"a column {exact}, or {ends[0]} and {ends[-1]}")
        chromosomes = [_text(value) for value in table[f"chr{number}"]]
        positions = [_numbers(table, column) for column in ends]
        on_map.require_chromosomes(chromosomes, f"chr{number}", positions[0])
        for column, position in zip(ends, positions, strict=True):
            on_map.require_cm(chromosomes, column, position, "")
        claims[f"chr{number}"] = chromosomes
        claims[exact] = np.mean(positions, axis=0)


def _found(table: pd.DataFrame) -> dict[str, str]:
    """Meaning -> column that has it."""
    plain = {re.sub("[^a-z0-9]", "", str(c).lower()): c for c in reversed(list(table.columns))}
    return {
        meaning: next(plain[name] for name in names if name in plain)
        for meaning, names in COLUMN_NAMES.items()
        if any(name in plain for name in names)
    }


def _lacking(table: pd.DataFrame, what: str) -> DataError:
    names = shown(", ".join(map(str, table.columns))) if len(table.columns) else "none"
    return DataError(f"claims: expected {what}, found columns {names}")


def _text(value: object) -> str | None:
    """Names that look like numbers were read as such: 4.0 is 4 again."""
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return None
    return f"{value:g}" if isinstance(value, float) else str(value)


def _numbers(table: pd.DataFrame, column: str) -> np.ndarray:
    values = pd.to_numeric(table[column], errors="coerce").to_numpy(np.float64)
    if (np.isnan(values) & table[column].notna().to_numpy()).any():
        msg = f"claims, column {column}: expected numbers, found other cells"
        raise DataError(msg)
    return values


def _one_locus(
    table: pd.DataFrame, found: dict[str, str], markers: pd.DataFrame | None, on_map: _Map
) -> tuple[list[str | None], np.ndarray]:
    """Chromosome and position of every claim: as given, or of the marker named."""
    if "chr" in found and "pos_cm" in found:
        chromosomes, column = [_text(v) for v in table[found["chr"]]], found["pos_cm"]
        pos_cm = _numbers(table, column)
        on_map.require_chromosomes(chromosomes, found["chr"], pos_cm)
        remedy = f": name their column pos_bp (columns: pos_bp={column})"
        if markers is None:
            remedy += " and give the folder of the cross, which has its map"
        on_map.require_cm(chromosomes, column, pos_cm, remedy)
        return chromosomes, pos_cm
    if markers is not None and "marker" in found:
        place = markers.set_index(markers["marker"].astype(str))
        names = [_text(value) for value in table[found["marker"]]]
        unknown = [name for name in names if name is not None and name not in place.index]
        if unknown:
            msg = f"claims: expected markers of the map, found {unknown[0]!r}"
            raise DataError(msg)
        at = place.reindex(names)  # a trait that nothing was tested for names no marker
        chromosomes = [_text(value) for value in at["chr"]]
        return chromosomes, at["pos_cm"].to_numpy(np.float64)
    if markers is not None and "chr" in found and "pos_bp" in found:
        chromosomes = [_text(value) for value in table[found["chr"]]]
        pos_bp = _numbers(table, found["pos_bp"])
        on_map.require_chromosomes(chromosomes, found["chr"], pos_bp)
        return chromosomes, _cm_of(chromosomes, pos_bp, markers)
    raise _lacking(table, "chr and pos_cm, or markers and the folder that has their map")


def _cm_of(
    chromosomes: Sequence[str | None], pos_bp: np.ndarray, markers: pd.DataFrame
) -> np.ndarray:
    pos_cm = np.full(len(pos_bp), np.nan)
    for chromosome, of_one in markers.groupby(markers["chr"].astype(str)):
        ordered = of_one.sort_values("pos_bp")
        own = np.array([c == chromosome for c in chromosomes])
        pos_cm[own] = np.interp(pos_bp[own], ordered["pos_bp"], ordered["pos_cm"])
    return pos_cm


def _best_first(table: pd.DataFrame, claims: pd.DataFrame, found: dict[str, str]) -> np.ndarray:
    """Order by FDR, then by what is stronger, then as they stand."""
    keys = [claims["fdr"].to_numpy()]
    if "joint_prob" in claims:
        keys.append(-claims["joint_prob"].to_numpy())
    for meaning, sign in (("neglog10_p", -1), ("p_value", 1), ("lod", -1)):
        if meaning in found:
            keys.append(sign * _numbers(table, found[meaning]))
    return np.lexsort(keys[::-1])
