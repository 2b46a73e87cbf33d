"""The list in which the R package trigger keeps the yeast cross."""

import bz2
import gzip
import lzma
import sys

import numpy as np
import pytest
from rda import rda_bytes
from same import assert_same_data

from crossmap.errors import ArgumentError, CrossmapError, CrossmapWarning, DataError
from crossmap.io.rdata import read_rdata
from crossmap.io.read import read_cross

pytest.importorskip("rdata")

MARKERS = np.array([[1, 2] * 4, [1, 1, 2, 2] * 2, [2] * 4 + [1] * 4, [1] * 8], dtype=float)
PARTS = {
    "marker": MARKERS,
    "exp": (np.arange(16.0).reshape(2, 8) / 3, (["t1", "t2"], None)),
    "marker.pos": np.array([[1, 100], [1, 250.5], [2, 100], [2, 100]], dtype=float),
    "exp.pos": {
        "Chromosome.No.": [1, 2], "Start": [90, 700], "End": [120, 400], "row.names": ["t1", "t2"],
    },
}  # fmt: skip
OPTIONS = {"crosstype": "haploid", "codes": {"1": "BY", "2": "RM"}}


@pytest.fixture
def write(tmp_path):
    def write(parts=PARTS, *, pack=lambda data: data, name="yeast", **changes):
        path = tmp_path / "yeast.rda"
        path.write_bytes(pack(rda_bytes(name, {**parts, **changes})))
        return path

    return write


def test_a_whole_cross(write):
    cross = read_rdata(write(), **OPTIONS)
    assert cross.samples == tuple(f"seg{i}" for i in range(1, 9))
    np.testing.assert_array_equal(cross.genotypes, MARKERS - 1)
    assert cross.markers.iloc[:, :3].to_numpy().tolist() == [
        ["c01_100", "1", 100.0],
        ["c01_250", "1", 250.5],
        ["c02_100", "2", 100.0],
        ["c02_100.2", "2", 100.0],
    ]
    np.testing.assert_array_equal(cross.traits, PARTS["exp"][0])
    assert cross.trait_table.to_numpy().tolist() == [["t1", "1", 90, 120], ["t2", "2", 700, 400]]
    assert cross.report.notes == ("samples have no names and are named by their order",)


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_packed_files(write, pack):
    assert_same_data(read_rdata(write(pack=pack), **OPTIONS), read_rdata(write(), **OPTIONS))


def test_names_of_the_file_are_kept(write):
    names = [[f"m{i}" for i in range(4)], [f"s{i}" for i in range(8)]]
    expression = (PARTS["exp"][0], (["t1", "t2"], names[1]))
    cross = read_rdata(write(marker=(MARKERS, names), exp=expression), **OPTIONS)
    assert cross.markers["marker"].tolist() == names[0]
    assert cross.samples == tuple(names[1])
    assert cross.report.notes == ()


def test_missing_calls_and_codes(write):
    calls = MARKERS.copy()
    calls[0, 0], calls[1, 0] = np.nan, 3
    path = write(marker=calls)
    with pytest.raises(DataError, match="expected one of 1, 2 in marker, found 3 in row 2, col"):
        read_rdata(path, **OPTIONS)
    with pytest.warns(CrossmapWarning, match="hold no code were read as missing: 1"):
        cross = read_rdata(path, lenient=True, **OPTIONS)
    assert cross.genotypes[:2, 0].tolist() == [-1, -1]
    with pytest.raises(ArgumentError, match="R data files do not name it, and it is never guessed"):
        read_rdata(path, codes=OPTIONS["codes"])
    with pytest.raises(ArgumentError, match="codes: expected 2 genotypes"):
        read_rdata(path, crosstype="haploid")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"exp": (np.ones((2, 7)), (["t1", "t2"], None))}, "with a column per sample"),
        ({"marker.pos": np.ones((3, 2))}, "marker.pos with a row per marker"),
        ({"exp": np.ones((2, 8))}, "exp with row names"),
        ({"exp": (np.ones((2, 8)), (["t1", "t1"], None))}, "names in exp once each, found some"),
        ({"exp.pos": np.ones((2, 2))}, "exp.pos with a row per trait"),
        ({"marker": np.ones((0, 8))}, "a matrix marker, found the shape"),
    ],
)
def test_parts_that_do_not_fit(write, changes, message):
    with pytest.raises(DataError, match=message):
        read_rdata(write(**changes), **OPTIONS)


def test_other_lists(write):
    with pytest.raises(DataError, match=r"a list of marker, exp, .*found geno"):
        read_rdata(write({"geno": MARKERS}, name="geno"), **OPTIONS)


DAMAGED = {
    "empty": (b"", "R data as save"),
    "text": (b"text", "R data as save"),
    "packed text": (gzip.compress(b"text"), "R data as save"),
    "a head alone": (b"RDX2\nX\n\0\0\0\2", "a whole R data file"),
    "ones": (b"RDX2\nX\n" + b"\xff" * 100, "a whole R data file"),
    "a bzip2 bomb": (bz2.compress(bytes(1 << 26)), "at most 32 MB once unpacked"),
    "an xz bomb": (lzma.compress(bytes(1 << 26)), "at most 32 MB once unpacked"),
    "a gzip bomb": (gzip.compress(bytes(1 << 26)), "at most 32 MB once unpacked"),
    "no xz": (b"\xfd7zXZ\0junk" * 9, "a whole packed file, found"),
    "a cut xz": (lzma.compress(b"RDX2")[:-8], "found one that is cut short"),
    "no bzip2": (b"BZhjunk", "a whole packed file"),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_damaged_files(tmp_path, case):
    data, message = DAMAGED[case]
    path = tmp_path / "yeast.rda"
    path.write_bytes(data)
    with pytest.raises(DataError, match=message):
        read_rdata(path, **OPTIONS)


def test_what_to_do_without_the_library(write, monkeypatch):
    monkeypatch.setitem(sys.modules, "rdata", None)
    with pytest.raises(CrossmapError, match=r"pip install 'crossmap-qtl\[rdata\]'"):
        read_rdata(write(), **OPTIONS)


@pytest.mark.filterwarnings("ignore:3 markers stood out of map order")
def test_yeast_rda_and_the_plain_tables_are_one_cross(shared, yeast):
    cross = read_cross(shared / "yeast" / "yeast.rda", **OPTIONS)
    assert_same_data(cross, yeast)
