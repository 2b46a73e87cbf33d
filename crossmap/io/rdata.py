"""R's saved data: the list that holds the yeast cross in the R package trigger."""

import bz2
import hashlib
import lzma
import warnings
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from crossmap.cross import Cross
from crossmap.errors import DataError
from crossmap.io.align import Tables, align_tables
from crossmap.io.cells import cell_text
from crossmap.io.codes import UNLISTED, GenotypeCodes, genotype_codes, require_crosstype
from crossmap.io.extras import load_extra
from crossmap.io.faults import Faults
from crossmap.io.files import read_bytes, too_much, unpack_gzip, unpacked_limit
from crossmap.io.labels import labelled

_PARTS = ("marker", "exp", "marker.pos", "exp.pos")
_RDATA_MAGIC = (b"RDX2\n", b"RDX3\n")
_GZIP_MAGIC = b"\x1f\x8b"
_MAX_SEQUENCE = 100_000_000
# What a parser meets in damaged data.
_PARSE_ERRORS = (
    ArithmeticError, AssertionError, AttributeError, EOFError, LookupError, MemoryError, OSError,
    RuntimeError, TypeError, ValueError, zlib.error, lzma.LZMAError,
)  # fmt: skip


def read_rdata(
    path: str | Path,
    *,
    crosstype: str | None = None,
    codes: Mapping[str, str] | None = None,
    lenient: bool = False,
) -> Cross:
    """Read the cross in an R data file: a list of marker, exp, marker.pos and exp.pos.

    Parameters
    ----------
    path
        The .rda file.
    crosstype
        One of `crossmap.cross.CROSSTYPES`; the file does not name it and it is never guessed.
    codes
        Genotype (a number) -> its name, classes in order.
    lenient
        Read genotypes without a code as missing, with a warning.

    Returns
    -------
    Cross
        Markers without names are named by their place (``c01_358``, a second one there
        ``c01_358.2``), samples without names by their order (``seg001``).

    Warns
    -----
    CrossmapWarning
        As `crossmap.io.align.align_tables`.

    Raises
    ------
    CrossmapError
        If rdata is not installed.
    ArgumentError
        For a cross type or codes that are unknown, not named or do not fit.
    DataError
        If the file is damaged or holds anything else.
    """
    kind = require_crosstype(crosstype, format="R data files")
    spelled = genotype_codes(codes or {}, crosstype=kind)
    faults = Faults(lenient=lenient)
    data, name = read_bytes(path), str(path)
    parts = _parts(_converted(data, name), name)
    markers, marker_names, _ = _matrix(parts["marker"], name, "marker")
    traits, trait_names, samples = _matrix(parts["exp"], name, "exp")
    places, _, _ = _matrix(parts["marker.pos"], name, "marker.pos")
    gene_places, placed_traits, _ = _matrix(parts["exp.pos"], name, "exp.pos")
    if places.shape != (len(markers), 2) or markers.shape[1] != traits.shape[1]:
        expected = "marker and exp with a column per sample, marker.pos with a row per marker"
        found = f"{markers.shape}, {traits.shape}, {places.shape}"
        raise DataError.at(name, expected=expected, found=found)
    if gene_places.shape != (len(traits), 3) or trait_names is None:
        expected = "exp with row names, exp.pos with a row per trait: chromosome, start, end"
        raise DataError.at(name, expected=expected, found=f"{gene_places.shape}")
    n = markers.shape[1]
    sample_names = samples or [f"seg{i:0{len(str(n))}d}" for i in range(1, n + 1)]
    chromosomes = [cell_text(value) for value in places[:, 0].tolist()]
    return align_tables(
        Tables(
            crosstype=kind,
            genotype_names=spelled.names,
            genotypes=labelled(
                _classes(markers, spelled, name, faults),
                marker_names or _names_by_place(places),
                sample_names,
            ),
            markers=pd.DataFrame(
                {"marker": marker_names or _names_by_place(places), "chr": chromosomes},
                dtype=object,
            ).assign(pos_bp=places[:, 1], pos_cm=np.nan),
            traits=labelled(traits, trait_names, sample_names),
            trait_positions=pd.DataFrame(
                {
                    "trait": placed_traits or trait_names,
                    "chr": [cell_text(value) for value in gene_places[:, 0].tolist()],
                },
                dtype=object,
            ).assign(start_bp=gene_places[:, 1], end_bp=gene_places[:, 2]),
            covariates=None,
            files={name: hashlib.sha256(data).hexdigest()},
            genotype_file=name,
            map_file=name,
            trait_file=name,
            notes=() if samples else ("samples have no names and are named by their order",),
            faults=faults,
        )
    )


def _converted(data: bytes, name: str) -> Any:
    """Parse and convert the bytes of an R data file; nothing in it is run."""
    rdata = load_extra("rdata", extra="rdata", needed_for="R data files")
    unpacked = _unpacked(data, name)
    if not unpacked.startswith(_RDATA_MAGIC):
        raise DataError.at(name, expected="R data as save() writes them", found="something else")
    constructors = {
        key: _bounded(constructor) if key.startswith(b"compact") else constructor
        for key, constructor in rdata.parser.DEFAULT_ALTREP_MAP.items()
    }
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of attributes that rdata does not know
            parsed = rdata.parser.parse_data(unpacked, altrep_constructor_dict=constructors)
            return rdata.conversion.convert(parsed, default_encoding="utf8")
    except _PARSE_ERRORS as error:
        found = " ".join(str(error).split())[:80] or type(error).__name__
        raise DataError.at(name, expected="a whole R data file", found=found) from error


def _unpacked(data: bytes, name: str) -> bytes:
    if data.startswith(_GZIP_MAGIC):
        return unpack_gzip(data, name)
    decompressor: Any = None
    if data.startswith(b"BZh"):
        decompressor = bz2.BZ2Decompressor()
    elif data.startswith(b"\xfd7zXZ\0"):
        decompressor = lzma.LZMADecompressor()
    if decompressor is None:
        return data
    limit = unpacked_limit(len(data))
    try:
        unpacked: bytes = decompressor.decompress(data, limit + 1)
    except (OSError, EOFError, ValueError, lzma.LZMAError) as error:
        raise DataError.at(name, expected="a whole packed file", found=str(error)) from error
    if len(unpacked) > limit:
        raise too_much(name, limit)
    if not decompressor.eof:
        raise DataError.at(name, expected="a whole packed file", found="one that is cut short")
    return unpacked


def _bounded(constructor: Any) -> Any:
    """Refuse sequences that R writes as their ends alone, and that would fill the memory."""

    def build(state: Any) -> Any:
        if not 0 <= state.value[0] <= _MAX_SEQUENCE:
            msg = "a sequence too long"
            raise ValueError(msg)
        return constructor(state)

    return build


def _parts(converted: Any, name: str) -> dict[str, Any]:
    """The parts of the one list that holds them all."""
    candidates = [converted, *converted.values()] if isinstance(converted, dict) else []
    for candidate in candidates:
        if isinstance(candidate, dict):
            parts = {str(key): value for key, value in candidate.items()}
            if set(_PARTS) <= set(parts):
                return parts
    found = ", ".join(map(str, converted))[:80] if isinstance(converted, dict) else "no list"
    raise DataError.at(
        name, expected=f"a list of {', '.join(_PARTS)} (save a cross of R/qtl by write.cross)",
        found=found or "nothing",
    )  # fmt: skip


def _matrix(
    part: Any, name: str, what: str
) -> tuple[np.ndarray, list[str] | None, list[str] | None]:
    """Numbers and the names of rows and columns, None where they have none."""
    names: list[list[str] | None] = [None, None]
    if isinstance(part, pd.DataFrame):
        if not isinstance(part.index, pd.RangeIndex):
            names[0] = [str(label) for label in part.index]
        part = part.to_numpy()
    elif hasattr(part, "coords"):  # an xarray, for a matrix with names
        for axis, dimension in enumerate(part.dims[:2]):
            if dimension in part.coords:
                names[axis] = [str(label) for label in part.coords[dimension].to_numpy()]
        part = part.to_numpy()
    try:
        values = np.asarray(part, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError.at(name, expected=f"numbers in {what}", found=str(error)[:80]) from error
    if values.ndim != 2 or not values.size:
        found = f"the shape {values.shape}"
        raise DataError.at(name, expected=f"a matrix {what}", found=found)
    for labels in names:
        if labels is not None and len(set(labels)) < len(labels):
            raise DataError.at(name, expected=f"names in {what} once each", found="some twice")
    return values, names[0], names[1]


def _names_by_place(places: np.ndarray) -> list[str]:
    """Chromosome and position; the second marker of a place is told apart by ``.2``."""
    names: list[str] = []
    seen: dict[str, int] = {}
    for chromosome, position in places.tolist():
        number = f"{chromosome:02.0f}" if np.isfinite(chromosome) else "NA"
        name = f"c{number}_{int(position) if np.isfinite(position) else 'NA'}"
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name}.{seen[name]}")
    return names


def _classes(values: np.ndarray, codes: GenotypeCodes, name: str, faults: Faults) -> np.ndarray:
    calls = np.full(values.shape, -1, dtype=np.int8)
    by_text = {text: codes.classes[text] for text in codes.classes}
    for value in np.unique(values[~np.isnan(values)]):
        text, is_this = cell_text(value), values == value
        if text in by_text:
            calls[is_this] = by_text[text]
            continue
        row, column = np.argwhere(is_this)[0] + 1
        fault = DataError.at(
            name, expected=f"{codes.words} in marker", found=f"{text} in row {row}, column {column}"
        )
        faults.take(fault, remedy=UNLISTED)
    return calls
