"""Bytes spoilt at random: every reader gives a cross or a clear error, never anything else."""

import gzip
import io
import warnings
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crossmap.cross import Cross
from crossmap.errors import CrossmapError, CrossmapWarning

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
FAST = settings(
    max_examples=250,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


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
        try:
            cross = read()
        except CrossmapError as error:
            message = str(error)
            assert message
            assert "\n" not in message
            assert len(message) < 600
        else:
            assert isinstance(cross, Cross)
            assert cross.n_samples >= 8


@pytest.mark.parametrize("name", ["genotypes", "markers", "traits", "trait_positions"])
@settings(FAST, max_examples=100)
@given(edits=st.lists(EDIT, min_size=1, max_size=3))
def test_plain_tables(plain, name, edits):
    whole = plain.options[name].read_bytes()
    try:
        plain.write(name, spoilt := spoil(whole, edits))
        assert_clear(plain.read)
        plain.write(name, gzip.compress(spoilt, mtime=0))
        assert_clear(plain.read)
    finally:
        plain.write(name, whole)


@FAST
@given(edits=st.lists(EDIT, min_size=1, max_size=3))
def test_packed_tables(plain, edits):
    whole = plain.options["traits"].read_bytes()
    try:
        plain.write("traits", spoil(gzip.compress(whole, mtime=0), edits))
        assert_clear(plain.read)
    finally:
        plain.write("traits", whole)


@FAST
@given(edits=st.lists(EDIT, min_size=1, max_size=3))
def test_control_files(rqtl2, edits):
    whole = (rqtl2.path / "cross.yaml").read_bytes()
    try:
        rqtl2.write("cross.yaml", spoil(whole, edits))
        assert_clear(rqtl2.read)
    finally:
        rqtl2.write("cross.yaml", whole)


@FAST
@given(
    name=st.sampled_from(["geno", "gmap", "pmap", "pheno", "phenocovar", "covar"]),
    edits=st.lists(EDIT, min_size=1, max_size=3),
)
def test_tables_of_a_control_file(rqtl2, name, edits):
    whole = (rqtl2.path / f"{name}.csv").read_bytes()
    try:
        rqtl2.write(f"{name}.csv", spoil(whole, edits))
        assert_clear(rqtl2.read)
    finally:
        rqtl2.write(f"{name}.csv", whole)


@FAST
@given(
    edits=st.lists(EDIT, min_size=1, max_size=3),
    method=st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]),
)
def test_zip_files(rqtl2, edits, method):
    from crossmap.io.read import read_cross

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for path in sorted(rqtl2.path.glob("*.[cy]*")):
            archive.writestr(path.name, path.read_bytes())
    spoilt = rqtl2.write("spoilt.zip", spoil(buffer.getvalue(), edits))
    assert_clear(lambda: read_cross(spoilt))
