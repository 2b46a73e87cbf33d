"""Phenotypes with their places in BED: as tensorQTL, FastQTL and QTLtools use it.

Places are half-open and counted from 0 in the file, closed and counted from 1 here. QTLtools'
column ``strand`` keeps a gene's direction; the other layout has none.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from crossmap.cross import Cross
from crossmap.errors import DataError
from crossmap.io.cells import cell_text, number_column, shown
from crossmap.io.delimited import check_names, delimited
from crossmap.io.labels import labelled
from crossmap.io.parquet import parquet_table
from crossmap.io.text import TextTable

TENSORQTL_FILE = "phenotypes.bed"
QTLTOOLS_FILE = "phenotypes.qtltools.bed"

_PARQUET_MAGIC = b"PAR1"
_PLACE = (("chr", "chrom"), ("start",), ("end",))
_QTLTOOLS = ("gid", "strand")
_IDS = frozenset({"phenotype_id", "ID", "pid", "gene_id"})
_MAX_SHOWN = 80
_EXPECTED = "columns #chr, start, end and phenotype_id"


@dataclass(frozen=True)
class BedTraits:
    """Traits with their places.

    Parameters
    ----------
    values
        float64, traits x samples, NaN missing.
    positions
        Columns of `Cross.trait_table`.
    name
        The file as the user named it.
    sha256
        Of its bytes.
    """

    values: pd.DataFrame
    positions: pd.DataFrame
    name: str
    sha256: str


def is_bed(data: bytes) -> bool:
    r"""Whether a file is phenotypes in BED: Parquet, or text whose header begins with #chr.

    Parameters
    ----------
    data
        Its first bytes, unpacked.

    Returns
    -------
    bool

    Examples
    --------
    >>> is_bed(b"#Chr\tstart\tend\tID\ts1\n"), is_bed(b"trait\ts1\n")
    (True, False)
    """
    return data.startswith(_PARQUET_MAGIC) or data[:4].lower() == b"#chr"


def read_bed(data: bytes, name: str) -> BedTraits:
    r"""Read phenotypes in BED.

    Parameters
    ----------
    data
        Text (tab-separated, plain or gzip) or Parquet.
    name
        The file as the user named it.

    Returns
    -------
    BedTraits

    Raises
    ------
    DataError
        For whatever is wrong with the file, naming line and column.

    Examples
    --------
    >>> bed = read_bed(b"#chr\tstart\tend\tphenotype_id\ts1\n1\t1199\t1200\tYAA1\t0.5\n", "p.bed")
    >>> bed.positions.to_numpy().tolist(), bed.values.to_numpy().tolist()
    ([['YAA1', '1', 1200.0, 1200.0]], [[0.5]])
    """
    if data.startswith(_PARQUET_MAGIC):
        return _read_parquet(data, name)
    # A dash is a strand here, no missing value.
    table = TextTable.parse(data, name=name, delimiter="\t", comment="##", missing=("NA",))
    n_labels = _count_labels(table.header)
    if not n_labels:
        found = shown(", ".join(table.header[:4]))
        raise DataError.at(name, expected=_EXPECTED, found=found, line=table.header_line)
    if len(table.header) == n_labels:
        raise DataError.at(name, expected="samples", found="none", line=table.header_line)
    table = replace(table, n_labels=n_labels, name_at=3)
    places = table.labels()
    ends = [number_column(places, column, error=table.error) for column in places.columns[1:3]]
    backwards = np.flatnonzero(~(ends[0] < ends[1]))  # missing ones too
    if len(backwards):
        row = int(backwards[0])
        start, end = (cell_text(values[row]) for values in ends)
        raise table.error(
            places.index[row], places.columns[2], expected=f"an end after the start, {start}",
            found=end,
        )  # fmt: skip
    strand = places[places.columns[5]] if n_labels == 6 else None
    return BedTraits(
        values=table.numbers(),
        positions=_positions(list(places.index), places.iloc[:, 0], ends, strand),
        name=name,
        sha256=table.sha256,
    )


def _count_labels(header: Sequence[str]) -> int:
    """Number of columns before the samples; 0 where the header is none of BED."""
    names = [name.lstrip("#").lower() for name in header[:6]]
    is_place = len(names) > 3 and all(n in known for n, known in zip(names, _PLACE, strict=False))
    if not is_place:
        return 0
    return 6 if tuple(names[4:]) == _QTLTOOLS else 4


def _positions(
    traits: Sequence[str],
    chromosome: pd.Series,
    ends: Sequence[np.ndarray],
    strand: pd.Series | None,
) -> pd.DataFrame:
    """Closed places counted from 1; genes of the reverse strand start past their end."""
    start, end = ends[0] + 1.0, ends[1]
    is_reverse = np.zeros(len(traits), dtype=np.bool_)
    if strand is not None:
        is_reverse = np.array([text == "-" for text in strand], dtype=np.bool_)
    table = pd.DataFrame({"trait": list(traits), "chr": chromosome.tolist()}, dtype=object)
    return table.assign(
        start_bp=np.where(is_reverse, end, start), end_bp=np.where(is_reverse, start, end)
    )


def _read_parquet(data: bytes, name: str) -> BedTraits:
    import pyarrow as pa

    table = parquet_table(data, name)
    header = list(table.column_names)
    # pandas keeps an index as a column behind the others.
    late = next((i for i, c in enumerate(header) if i > 3 and _is_id(c)), None)
    order = [*range(3), late, *range(3, len(header))] if late else list(range(len(header)))
    columns = [table.column(i) for i in dict.fromkeys(order)]
    header = [header[i] for i in dict.fromkeys(order)]
    n_labels = _count_labels(header)
    if not n_labels or len(header) == n_labels:
        raise DataError.at(name, expected=f"{_EXPECTED}, then samples", found=shown(str(header)))

    def numbers(i: int) -> np.ndarray:
        try:
            values = columns[i].cast(pa.float64()).to_numpy()
        except pa.ArrowException as error:
            found = " ".join(str(error).split())[:_MAX_SHOWN]
            raise DataError.at(name, expected="numbers", found=found, column=header[i]) from error
        if np.isinf(values).any():
            raise DataError.at(
                name, expected="finite numbers", found="an infinite one", column=header[i]
            )
        return np.asarray(values, dtype=np.float64)

    def texts(i: int) -> list[str]:
        return [str(value) for value in columns[i].to_pylist()]

    traits, samples = texts(3), header[n_labels:]
    _unique(traits, name, "trait")
    _unique(samples, name, "sample")
    ends = (numbers(1), numbers(2))
    backwards = np.flatnonzero(~(ends[0] < ends[1]))  # missing ones too
    if len(backwards):
        expected = f"an end after the start for {shown(traits[backwards[0]])}"
        found = cell_text(ends[1][backwards[0]])
        raise DataError.at(name, expected=expected, found=found, column=header[2])
    values = np.array([numbers(i) for i in range(n_labels, len(header))]).T
    strand = pd.Series(texts(5), dtype=object) if n_labels == 6 else None
    chromosome = pd.Series(texts(0), dtype=object)
    return BedTraits(
        values=labelled(values.reshape(len(traits), len(samples)), traits, samples),
        positions=_positions(traits, chromosome, ends, strand),
        name=name,
        sha256=hashlib.sha256(data).hexdigest(),
    )


def _is_id(column: str) -> bool:
    return column in _IDS or column.startswith("__index_level_")


def _unique(names: Sequence[str], file: str, what: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise DataError.at(file, expected=f"each {what} once", found=f"{shown(name)} twice")
        seen.add(name)


def bed_files(cross: Cross) -> tuple[dict[str, str], list[str]]:
    """Write the traits of a cross as BED text, for tensorQTL and for QTLtools.

    Parameters
    ----------
    cross
        Any cross.

    Returns
    -------
    tuple of dict of str to str, list of str
        File name -> text, rows by chromosome (in map order), start and end; and what BED cannot
        hold, in plain words.

    Raises
    ------
    DataError
        For names that no table can hold, and if no trait has a place.
    """
    check_names({"trait": cross.trait_names, "sample": cross.samples}, bare=True)
    table = cross.trait_table
    is_placed = table[["chr", "start_bp", "end_bp"]].notna().all(axis=1).to_numpy()
    if not is_placed.any():
        msg = "traits: expected places (BED holds nothing else), found none"
        raise DataError(msg)
    ends = table[["start_bp", "end_bp"]].to_numpy(dtype=np.float64)
    low, high = np.floor(ends.min(axis=1)), np.ceil(ends.max(axis=1))
    lost = []
    if not is_placed.all():
        lost.append(f"{int((~is_placed).sum())} traits without a place")
    if not np.array_equal(
        np.column_stack([low, high])[is_placed], np.sort(ends, axis=1)[is_placed]
    ):
        lost.append("fractions of a base pair")
    names = list(dict.fromkeys([*cross.chromosomes, *table["chr"].dropna()]))
    rank = np.array([names.index(c) if c is not None else -1 for c in table["chr"]])
    order = np.lexsort((high, low, rank))
    rows = [int(row) for row in order if is_placed[row]]
    places = [
        (str(table["chr"][row]), cell_text(low[row] - 1), cell_text(high[row])) for row in rows
    ]
    traits = [cross.trait_names[row] for row in rows]
    strands = ["-" if ends[row, 0] > ends[row, 1] else "+" for row in rows]
    values = [[cell_text(value) for value in cross.traits[row].tolist()] for row in rows]
    texts = {}
    texts[TENSORQTL_FILE] = delimited(
        [
            ["#chr", "start", "end", "phenotype_id", *cross.samples],
            *([*p, t, *v] for p, t, v in zip(places, traits, values, strict=True)),
        ],
        delimiter="\t",
    )
    texts[QTLTOOLS_FILE] = delimited(
        [
            ["#chr", "start", "end", "pid", *_QTLTOOLS, *cross.samples],
            *(
                [*p, t, t, s, *v]
                for p, t, s, v in zip(places, traits, strands, values, strict=True)
            ),
        ],
        delimiter="\t",
    )
    return texts, lost
