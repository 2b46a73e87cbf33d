"""Tables and JSON as every command writes them, and where each run's results came from."""

import csv
import json
import math
import platform
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import metadata
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, get_args

import numpy as np
import pandas as pd

import crossmap
from crossmap.arguments import require_one_of
from crossmap.cross import Cross
from crossmap.errors import OutputError
from crossmap.execution import COMMAND_LINE
from crossmap.io.cells import cell_text

if TYPE_CHECKING:
    import pyarrow

TableFormat = Literal["tsv", "parquet"]

FORMAT_VERSION = 1
"""Of summary.json and manifest.json; grows when a key changes its meaning or goes."""

ROWS_WRITTEN = 20_000
"""Rows of a TSV file that are spelled at a time; a cell of text takes some 70 bytes."""

MANIFEST_FILE = "manifest.json"
SUMMARY_FILE = "summary.json"
PROGRAM = "crossmap"
DISTRIBUTION = "crossmap-qtl"


@contextmanager
def writing(place: str | Path) -> Iterator[None]:
    """Turn the operating system's refusals into an `OutputError` that names the place.

    Parameters
    ----------
    place
        The file or folder that is being written.

    Yields
    ------
    None

    Raises
    ------
    OutputError
        If the system refuses.
    """
    try:
        yield
    except OSError as error:
        msg = f"{place}: expected to be able to write, found: {error.strerror or error}"
        raise OutputError(msg) from error


def require_format(format: TableFormat) -> None:
    """Refuse an unknown format of tables before anything is computed or written.

    Parameters
    ----------
    format
        What was given.

    Raises
    ------
    ArgumentError
        If it is none of `TableFormat`.
    """
    require_one_of("format", format, get_args(TableFormat))


def write_table(
    frame: pd.DataFrame, folder: str | Path, name: str, *, format: TableFormat = "tsv"
) -> Path:
    r"""Write a table, the same bytes for the same values.

    Parameters
    ----------
    frame
        Columns of numbers, booleans or text; the index is not written. Missing values of any kind
        (None, NaN, NA) are missing in the file.
    folder
        Where to write.
    name
        File name without its ending, which is the format.
    format
        ``tsv``: UTF-8, lines end in LF, NA where missing, true and false, numbers as short as
        reads back to the same float64 (12.0 as 12); a cell that holds a tab, a quote or a line end
        is quoted. ``parquet``: the same columns and types.

    Returns
    -------
    pathlib.Path
        The file; a table without rows is a header alone.

    Raises
    ------
    ArgumentError
        For an unknown format.
    OutputError
        If it cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> table = pd.DataFrame({"trait": ["a", None], "pos_bp": [0.5, 12.0], "local": [True, False]})
    >>> write_table(table, tempfile.mkdtemp(), "example").read_text()
    'trait\tpos_bp\tlocal\na\t0.5\ttrue\nNA\t12\tfalse\n'
    """
    return write_parts([frame], folder, name, format=format)


def write_parts(
    frames: Iterable[pd.DataFrame], folder: str | Path, name: str, *, format: TableFormat = "tsv"
) -> Path:
    r"""Write a table that comes in parts, so that it need never be in memory whole.

    Parameters
    ----------
    frames
        One or more parts with the same columns and types.
    folder, name, format
        As in `write_table`; in Parquet every part is a row group.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    ArgumentError
        For an unknown format.
    OutputError
        If it cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> parts = (pd.DataFrame({"n": [k]}) for k in range(3))
    >>> write_parts(parts, tempfile.mkdtemp(), "example").read_text()
    'n\n0\n1\n2\n'
    """
    require_format(format)
    file = Path(folder) / f"{name}.{format}"
    with writing(file):
        if format == "parquet":
            _write_parquet(frames, file)
        else:
            _write_tsv(frames, file)
    return file


def _write_parquet(frames: Iterable[pd.DataFrame], file: Path) -> None:
    import pyarrow.parquet

    tables = map(_arrow_table, frames)
    first = next(tables)
    # Without the schema of its maker, so that dictionaries read back as plain text.
    with pyarrow.parquet.ParquetWriter(
        file, first.schema, compression="zstd", store_schema=False
    ) as writer:
        for table in chain([first], tables):
            writer.write_table(table)


def _write_tsv(frames: Iterable[pd.DataFrame], file: Path) -> None:
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter="\t", lineterminator="\n")
        for number, frame in enumerate(frames):
            if number == 0:
                writer.writerow([str(name) for name in frame.columns])
            for start in range(0, len(frame), ROWS_WRITTEN):
                part = frame.iloc[start : start + ROWS_WRITTEN]
                cells = [_texts(part.iloc[:, i]) for i in range(part.shape[1])]
                writer.writerows(zip(*cells, strict=True))


def _texts(column: pd.Series) -> Sequence[str]:
    """The cells of a column as they stand in a TSV file."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        texts = np.array([*_texts(pd.Series(column.cat.categories)), "NA"], dtype=object)
        return texts[column.cat.codes.to_numpy()].tolist()  # -1, missing, takes the last
    kind = column.dtype.kind if isinstance(column.dtype, np.dtype) else ""
    if kind and kind in "iu":
        return list(map(str, column.tolist()))
    if kind == "b":
        return np.where(column, "true", "false").tolist()
    if kind == "f":
        return _float_texts(column.to_numpy())
    return [cell if type(cell) is str else cell_text(cell) for cell in column.tolist()]


def _float_texts(values: np.ndarray) -> list[str]:
    """`cell_text` of floats, in a third of the time."""
    texts = list(map(repr, values.tolist()))
    for i in np.flatnonzero(values == np.floor(values)).tolist():
        texts[i] = texts[i].removesuffix(".0")
    for i in np.flatnonzero(np.isnan(values)).tolist():
        texts[i] = "NA"
    return texts


def _arrow_table(frame: pd.DataFrame) -> "pyarrow.Table":
    import pyarrow

    columns = {}
    for i, name in enumerate(frame.columns):
        column = frame.iloc[:, i]
        is_text = pd.api.types.is_object_dtype(column) or pd.api.types.is_string_dtype(column)
        is_dictionary = isinstance(column.dtype, pd.CategoricalDtype)
        # Named outright: a column of missing text would else have no type.
        kind = pyarrow.string() if is_text and not is_dictionary else None
        columns[str(name)] = pyarrow.Array.from_pandas(column, type=kind)
    return pyarrow.table(columns)


def write_json(content: Mapping[str, object], folder: str | Path, name: str) -> Path:
    r"""Write JSON with sorted keys; NaN and infinities, which JSON does not have, become null.

    Parameters
    ----------
    content
        Mappings, sequences, arrays, text, numbers, booleans, None, nested as you like.
    folder
        Where to write.
    name
        File name with its ending.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    OutputError
        If it cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> file = write_json({"pi0": np.array([0.5, np.nan])}, tempfile.mkdtemp(), "summary.json")
    >>> json.loads(file.read_text())
    {'pi0': [0.5, None]}
    """
    text = json.dumps(_plain(content), indent=2, sort_keys=True, allow_nan=False)
    return write_text(text, folder, name)


def write_text(text: str, folder: str | Path, name: str) -> Path:
    """Write a text file: UTF-8, lines end in LF.

    Parameters
    ----------
    text
        Without a line end after the last line.
    folder
        Where to write.
    name
        File name with its ending.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    file = Path(folder) / name
    with writing(file):
        file.write_text(f"{text}\n", encoding="utf-8", newline="\n")
    return file


def _plain(value: object) -> object:
    """What the json module can write, of the same value."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return str(value) if isinstance(value, Path) else value


def write_summary(content: Mapping[str, object], folder: str | Path) -> Path:
    """Write summary.json: what was found, without times or paths.

    Parameters
    ----------
    content
        Numbers of the run; the version of the format is added.
    folder
        Where to write.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    return write_json({"format_version": FORMAT_VERSION, **content}, folder, SUMMARY_FILE)


class ReadFile(Protocol):
    """A file that was read."""

    @property
    def name(self) -> str:
        """As the user gave it."""

    @property
    def sha256(self) -> str:
        """Of its bytes."""


@dataclass(frozen=True)
class Provenance:
    """Where the results of a run come from: all of manifest.json but the times of its end.

    Parameters
    ----------
    command
        What was run, for example ``joint``.
    options
        Every option with its value, defaults included, named as in Python.
    seed
        Of the random numbers; None where there are none.
    files
        Input file (as the user named it) -> sha256 of its bytes.
    samples
        Samples used.
    dropped
        Reason in plain words -> names left out for it.
    notes
        Other things a user should know.
    started
        When the run began.
    command_line
        Words after ``crossmap``, as the user typed them; None if it was called from Python.
    """

    command: str
    options: Mapping[str, object] = field(default_factory=dict)
    seed: int | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    samples: tuple[str, ...] = ()
    dropped: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    command_line: tuple[str, ...] | None = field(default_factory=COMMAND_LINE.get)

    @classmethod
    def of(
        cls,
        cross: Cross,
        *,
        command: str,
        options: Mapping[str, object],
        seed: int | None = None,
        started: datetime | None = None,
        also_read: ReadFile | None = None,
    ) -> "Provenance":
        """Provenance of what was made of a cross.

        Parameters
        ----------
        cross
            Its report names files, samples and what was dropped.
        command, options, seed
            As the fields.
        started
            When the run began; None for now.
        also_read
            A file beside those of the cross, if there was one.

        Returns
        -------
        Provenance
        """
        more = {} if also_read is None else {also_read.name: also_read.sha256}
        return cls(
            command=command,
            options=options,
            seed=seed,
            files={**cross.report.files, **more},
            samples=cross.samples,
            dropped=cross.report.dropped,
            notes=cross.report.notes,
            started=started or datetime.now(UTC),
        )

    def to_manifest(self) -> dict[str, object]:
        """Give the content of manifest.json, the run ending now.

        Returns
        -------
        dict
        """
        finished = datetime.now(UTC)
        return {
            "program": PROGRAM,
            "format_version": FORMAT_VERSION,
            "version": crossmap.__version__,
            "command": self.command,
            "command_line": None if self.command_line is None else list(self.command_line),
            "options": self.options,
            "seed": self.seed,
            "inputs": self.files,
            "samples_used": self.samples,
            "dropped": self.dropped,
            "notes": self.notes,
            "times": {
                "started": self.started.isoformat(timespec="milliseconds"),
                "finished": finished.isoformat(timespec="milliseconds"),
                "seconds": round((finished - self.started).total_seconds(), 3),
            },
            "packages": package_versions(),
            "python": sys.version.split()[0],
            "platform": platform.platform(),
        }


def package_versions() -> dict[str, str]:
    """Versions of the packages that crossmap needs, as installed.

    Returns
    -------
    dict of str to str
        Empty where crossmap runs from a bare clone that was never installed.
    """
    try:
        needed = metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        return {}
    names = [line.split(">=")[0].strip() for line in needed if "extra ==" not in line]
    return {name: metadata.version(name) for name in sorted(names, key=str.lower)}
