"""Bytes spoilt at random: every reader gives a cross or a clear error, never anything else.

Status 0 or 3 on the command line, in 10 seconds and 1 GB at most. A few hundred spoilt files a
reader here, 2,000 with --slow.
"""

import gzip
import importlib.util
import io
import json
import lzma
import signal
import warnings
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from rda import rda_bytes
from small_files import PLAIN, RQTL2, SAMPLES

from crossmap.cli.program import run
from crossmap.cross import Cross
from crossmap.errors import CrossmapError, CrossmapWarning
from crossmap.io.matrixeqtl import read_matrixeqtl
from crossmap.io.plain import read_plain
from crossmap.io.plink import write_plink
from crossmap.io.read import read_cross
from crossmap.io.rqtl import read_rqtl

resource = pytest.importorskip("resource", reason="limits the memory used; not on Windows")

FAST, SLOW = 300, 2_000
MOST_BYTES, MOST_SECONDS = 1 << 30, 10.0

# Bytes that mean something to the formats, and any other.
AWKWARD = st.one_of(
    st.sampled_from([b"\t", b",", b"\n", b"\r", b'"', b"\0", b"\xff", b"NA", b"inf", b"1e999"]),
    st.sampled_from([b"#", b":", b"- ", b"[", b"{", b"&a ", b"*a", b"!!", b"  ", b"\xc3\xa9"]),
    st.binary(min_size=1, max_size=3),
)
EDIT = st.tuples(
    st.sampled_from(["flip", "insert", "delete", "cut", "swap", "repeat"]),
    st.floats(0, 1, exclude_max=True),
    st.floats(0, 1, exclude_max=True),
    AWKWARD,
)
EDITS = st.lists(EDIT, min_size=1, max_size=3)


def spoil(data, edits):
    """Apply edits, each at fractions of the length."""
    for kind, start, stop, new in edits:
        i, j = sorted((int(start * len(data)), int(stop * len(data))))
        near = min(j, i + 12)
        if kind == "flip" and data:
            data = data[:i] + bytes([data[i] ^ (1 << (new[0] % 8))]) + data[i + 1 :]
        elif kind == "insert":
            data = data[:i] + new + data[i:]
        elif kind == "delete":
            data = data[:i] + data[near:]
        elif kind == "cut":
            data = data[:j]
        elif kind == "swap":
            data = data[:i] + data[j : j + 5] + data[i + 5 : j] + data[i : i + 5] + data[j + 5 :]
        elif kind == "repeat":
            data = data[:near] + data[i:]
    return data


def assert_clear(read):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", CrossmapWarning)
        cross = error = None
        try:
            cross = read()
        except CrossmapError as refused:
            error = refused
    if cross is not None:
        assert isinstance(cross, Cross)
        assert cross.n_samples >= 8
        return
    message = str(error)
    assert error.exit_status == 3, message
    assert message
    assert "\n" not in message
    assert len(message) < 600


VALUES = [f"{i}.5" for i in range(8)]
CSV = [
    ["t1", "id", "batch", "m1", "m2", "m3"],
    ["", "", "", "1", "1", "X"],
    ["", "", "", "0", "12.5", "3"],
    *([f"{i}.5", s, f"b{i % 2}", "AB"[i % 2], "B-"[i % 2], "A"] for i, s in enumerate(SAMPLES)),
]
HAPLOID = {"crosstype": "haploid", "codes": {"1": "A", "2": "B"}}
COUNTED = {"crosstype": "haploid", "codes": {"0": "A", "1": "B"}}
CALLS = [[1.0, 2.0] * 4, [1.0] * 4 + [2.0] * 4]


def sheet(rows, delimiter=","):
    return "".join(delimiter.join(row) + "\n" for row in rows).encode()


def turned(rows):
    return list(map(list, zip(*rows, strict=True)))


def as_bytes(tables):
    return {name: text.encode() for name, text in tables.items()}


def zipped(files, method=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def parquet():
    table = pd.DataFrame({"#chr": ["1"], "start": [90], "end": [120], "phenotype_id": ["t1"]})
    for sample in SAMPLES:
        table[sample] = [1.5]
    buffer = io.BytesIO()
    table.to_parquet(buffer)
    return buffer.getvalue()


RQTL2_FILES = as_bytes(RQTL2)
JSON_CONTROL = json.dumps(yaml.load(RQTL2["cross.yaml"], yaml.BaseLoader)).encode()
PLAIN_FILES = {f"{name}.tsv": text.encode() for name, text in PLAIN.items()}
MATRIXEQTL = {
    "SNP.txt": sheet([["id", *SAMPLES], ["m1", *"01010101"], ["m2", *"0011001", "NA"]], "\t"),
    "GE.txt": sheet([SAMPLES, ["t1", *VALUES]], "\t"),
    "snpsloc.txt": b"snp\tchr\tpos\nm1\t1\t100\nm2\t1\t200.5\n",
    "geneloc.txt": b"gene\tchr\tleft\tright\nt1\t1\t90\t120\n",
    "Covariates.txt": sheet([["id", *SAMPLES], ["age", *VALUES]], "\t"),
}
BED = sheet(
    [
        ["#chr", "start", "end", "pid", "gid", "strand", *SAMPLES],
        ["1", "90", "120", "t1", "t1", "-", *VALUES],
        ["2", "90", "120", "t2", "t2", "+", *VALUES],
    ],
    "\t",
)
RDA = rda_bytes(
    "yeast",
    {
        "marker": (CALLS, ([*"ab"], SAMPLES)),
        "exp": ([[float(v) for v in VALUES]], (["t1"], SAMPLES)),
        "marker.pos": [[1.0, 100.0], [1.0, 250.5]],
        "exp.pos": {"chr": [1.0], "start": [90.0], "end": [120.0], "row.names": ["t1"]},
    },
)
TIDY = {
    "g.csv": sheet([["", *SAMPLES], ["m1", *"ABABABAB"], ["m2", *"AABBAAB-"]]),
    "p.csv": sheet([["", *SAMPLES], ["t1", *VALUES], ["sex", *"01010101"]]),
    "m.csv": b",chr,pos\nm1,1,0\nm2,1,12.5\n",
}
CSVS = {
    "g.csv": sheet([["id", *CSV[0][3:]], *(["", *row[3:]] for row in CSV[1:3]),
                    *([row[1], *row[3:]] for row in CSV[3:])]),
    "p.csv": sheet([row[:3] for row in (CSV[0], *CSV[3:])]),
}  # fmt: skip
CSVSR = {
    name: sheet(turned([line.split(",") for line in data.decode().splitlines()]))
    for name, data in CSVS.items()
}


def plain_tables(folder, ending=".tsv"):
    return read_plain(**{name: folder / f"{name}{ending}" for name in PLAIN}, **HAPLOID)


@dataclass
class Reader:
    """Sound files, those of them that are spoilt (all if none is named), and how to read them."""

    files: dict
    read: object
    spoilt: tuple = ()


READERS = {
    "plain": Reader(PLAIN_FILES, plain_tables),
    "plain, packed after": Reader(
        {f"{name}.gz": data for name, data in PLAIN_FILES.items()},
        lambda folder: plain_tables(folder, ".tsv.gz"),
    ),
    "plain, packed before": Reader(
        {**PLAIN_FILES, "traits.tsv": gzip.compress(PLAIN_FILES["traits.tsv"], mtime=0)},
        plain_tables,
        ("traits.tsv",),
    ),
    "rqtl2 control file": Reader(RQTL2_FILES, read_cross, ("cross.yaml",)),
    "rqtl2 json": Reader(
        {**RQTL2_FILES, "cross.json": JSON_CONTROL},
        lambda folder: read_cross(folder / "cross.json"),
        ("cross.json",),
    ),
    "rqtl2 tables": Reader(
        RQTL2_FILES, read_cross, tuple(name for name in RQTL2_FILES if name.endswith("csv"))
    ),
    "rqtl2 zip": Reader(
        {"cross.zip": zipped(RQTL2_FILES)}, lambda folder: read_cross(folder / "cross.zip")
    ),
    "rqtl2 zip, stored": Reader(
        {"cross.zip": zipped(RQTL2_FILES, zipfile.ZIP_STORED)},
        lambda folder: read_cross(folder / "cross.zip"),
    ),
    "rqtl csv": Reader(
        {"cross.csv": sheet(CSV)}, lambda folder: read_cross(folder / "cross.csv", crosstype="f2")
    ),
    "rqtl csvr": Reader(
        {"cross.csv": sheet(turned(CSV))},
        lambda folder: read_cross(folder / "cross.csv", crosstype="dh"),
    ),
    "rqtl csvs": Reader(
        CSVS, lambda folder: read_rqtl(folder / "g.csv", traits=folder / "p.csv", crosstype="dh")
    ),
    "rqtl csvsr": Reader(
        CSVSR, lambda folder: read_rqtl(folder / "g.csv", traits=folder / "p.csv", crosstype="dh")
    ),
    "rqtl tidy": Reader(
        TIDY,
        lambda folder: read_rqtl(
            folder / "g.csv", traits=folder / "p.csv", markers=folder / "m.csv", crosstype="dh"
        ),
    ),
    "matrix eqtl": Reader(
        MATRIXEQTL,
        lambda folder: read_matrixeqtl(
            folder / "SNP.txt", traits=folder / "GE.txt", markers=folder / "snpsloc.txt",
            trait_positions=folder / "geneloc.txt", covariates=folder / "Covariates.txt",
            **COUNTED,
        ),
    ),
    "bed": Reader(
        {**PLAIN_FILES, "p.bed": BED},
        lambda folder: read_plain(
            genotypes=folder / "genotypes.tsv", markers=folder / "markers.tsv",
            traits=folder / "p.bed", **HAPLOID,
        ),
        ("p.bed",),
    ),
    "bed parquet": Reader(
        {**PLAIN_FILES, "p.bed.parquet": parquet()},
        lambda folder: read_plain(
            genotypes=folder / "genotypes.tsv", markers=folder / "markers.tsv",
            traits=folder / "p.bed.parquet", **HAPLOID,
        ),
        ("p.bed.parquet",),
    ),
    "rda": Reader(
        {"yeast.rda": RDA}, lambda folder: read_cross(folder / "yeast.rda", **HAPLOID)
    ),
    "rda, packed": Reader(
        {"yeast.rda": lzma.compress(RDA)},
        lambda folder: read_cross(folder / "yeast.rda", **HAPLOID),
    ),
    "plink": Reader(
        {},
        lambda folder: read_plain(
            genotypes=folder / "genotypes.bed", traits=folder / "traits.tsv", crosstype="haploid"
        ),
        ("genotypes.bed", "genotypes.bim", "genotypes.fam"),
    ),
}  # fmt: skip
NEEDS = {"rda": "rdata", "rda, packed": "rdata", "plink": "bed_reader"}


@pytest.fixture(params=READERS)
def reader(request, tmp_path):
    """A reader whose files lie in the folder, sound."""
    library = NEEDS.get(request.param)
    if library and importlib.util.find_spec(library) is None:
        pytest.skip(f"{library} is not here")
    reader = READERS[request.param]
    files = dict(reader.files)
    if request.param == "plink":
        for name, data in PLAIN_FILES.items():
            (tmp_path / name).write_bytes(data)
        write_plink(plain_tables(tmp_path), tmp_path)
        files = {name: (tmp_path / name).read_bytes() for name in (*reader.spoilt, "traits.tsv")}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    if request.param != "plain, packed after":
        assert_sound(reader, tmp_path)
    return reader, files, tmp_path


def assert_sound(reader, folder):
    """A test that spoils what was never read would prove nothing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CrossmapWarning)
        assert reader.read(folder).n_samples == 8


def check(reader, n_examples):
    """Spoil one of the files so many times."""
    how, files, folder = reader
    names = how.spoilt or tuple(files)
    packs = all(name.endswith(".gz") for name in names)

    @settings(
        max_examples=n_examples, deadline=None, derandomize=True, database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )  # fmt: skip
    @given(name=st.sampled_from(names), edits=EDITS)
    def spoilt_files_are_answered(name, edits):
        data = spoil(files[name], edits)
        (folder / name).write_bytes(gzip.compress(data, mtime=0) if packs else data)
        try:
            with in_time():
                assert_clear(lambda: how.read(folder))
        finally:
            (folder / name).write_bytes(files[name])

    with in_memory():
        spoilt_files_are_answered()


class Late(BaseException):
    """No Exception: what catches those must not take the end of the time for a damaged file."""


@contextmanager
def in_time():
    """End what takes longer, and fail; processor time, of which a busy machine takes none away."""

    def ring(*_):
        raise Late

    before = signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, MOST_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


@contextmanager
def in_memory():
    """Let allocations fail that go beyond the most, where the system can (Linux)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    held = data_bytes()
    if held is None:
        yield
        return
    resource.setrlimit(resource.RLIMIT_DATA, (held + MOST_BYTES, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def data_bytes():
    """What this process holds of what RLIMIT_DATA counts; None where Linux does not tell."""
    status = Path("/proc/self/status")
    if not status.exists():
        return None
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmData"))
    return int(line.split()[1]) * 1024


@pytest.mark.skipif(data_bytes() is None, reason="needs Linux")
def test_the_limits_hold():
    """A limit that nothing can reach would prove nothing."""
    with in_memory():
        bytes(MOST_BYTES // 2)
        with pytest.raises(MemoryError):
            bytes(MOST_BYTES * 2)
    with in_time():
        signal.setitimer(signal.ITIMER_PROF, 0.01)
        with pytest.raises(Late):
            next(i for i in iter(int, 1) if i)  # zeros without end


def test_a_few_hundred_spoilt_files(reader):
    check(reader, FAST)


@pytest.mark.slow
def test_thousands_of_spoilt_files(reader):
    check(reader, SLOW)


@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(name=st.sampled_from(list(RQTL2_FILES)), edits=EDITS)
def test_the_command_line_answers_with_0_or_3(tmp_path, capsys, name, edits):
    for other, data in RQTL2_FILES.items():
        (tmp_path / other).write_bytes(data)
    (tmp_path / name).write_bytes(spoil(RQTL2_FILES[name], edits))
    with in_time(), in_memory():
        status = run(["check", str(tmp_path)])
    out, err = capsys.readouterr()
    assert status in (0, 3)
    assert "Traceback" not in err
    assert err.count("crossmap: error: ") == (status == 3 and not out)
