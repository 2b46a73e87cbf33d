"""Phenotypes in BED, PLINK's genotypes, and both together as tensorQTL takes them."""

import gzip
import io
import sys

import numpy as np
import pandas as pd
import pytest
from same import assert_same_data

from crossmap.cross import make_cross
from crossmap.errors import ArgumentError, CrossmapError, CrossmapWarning, DataError
from crossmap.io.bed import bed_files, is_bed, read_bed
from crossmap.io.plain import read_plain
from crossmap.io.read import read_cross
from crossmap.io.tensorqtl import write_bed

SAMPLES = [f"s{i}" for i in range(1, 9)]
VALUES = "\t".join(["1", "2.5", "NA", "-4e-3", "5", "6", "7", "8"])
TENSORQTL = (
    "#chr\tstart\tend\tphenotype_id\t" + "\t".join(SAMPLES) + "\n"
    f"1\t1199\t1200\tg1\t{VALUES}\n"
    f"1\t1999\t2500\tg2\t{VALUES}\n"
)
QTLTOOLS = (
    "#Chr\tstart\tend\tpid\tgid\tstrand\t" + "\t".join(SAMPLES) + "\n"
    f"1\t1199\t1200\tg1\tg1\t+\t{VALUES}\n"
    f"1\t1999\t2500\tg2\tx\t-\t{VALUES}\n"
)
NUMBERS = [1, 2.5, np.nan, -0.004, 5, 6, 7, 8]


def parquet_bytes(frame):
    buffer = io.BytesIO()
    frame.to_parquet(buffer)
    return buffer.getvalue()


def as_frame(text):
    return pd.read_csv(io.StringIO(text), sep="\t", dtype={"#chr": str, "#Chr": str})


@pytest.mark.parametrize(
    ("data", "last"),
    [
        (TENSORQTL.encode(), ["g2", "1", 2000, 2500]),
        (TENSORQTL.replace("#chr", "#Chr").replace("phenotype_id", "ID").encode(),
         ["g2", "1", 2000, 2500]),
        (QTLTOOLS.encode(), ["g2", "1", 2500, 2000]),
        (gzip.compress(QTLTOOLS.encode()), ["g2", "1", 2500, 2000]),
        (b"\xef\xbb\xbf" + b"## made by hand\n" + TENSORQTL.replace("\n", "\r\n").encode(),
         ["g2", "1", 2000, 2500]),
        (parquet_bytes(as_frame(TENSORQTL)), ["g2", "1", 2000, 2500]),
        (parquet_bytes(as_frame(TENSORQTL).set_index("phenotype_id")), ["g2", "1", 2000, 2500]),
        (parquet_bytes(as_frame(QTLTOOLS)), ["g2", "1", 2500, 2000]),
    ],
    ids=["tensorQTL", "FastQTL", "QTLtools", "gzip", "windows", "parquet", "index", "strands"],
)  # fmt: skip
def test_layouts(data, last):
    bed = read_bed(data, "p.bed")
    assert bed.positions.to_numpy().tolist() == [["g1", "1", 1200, 1200], last]
    assert bed.values.columns.tolist() == SAMPLES
    np.testing.assert_array_equal(bed.values.to_numpy(), [NUMBERS, NUMBERS])


BAD = {
    "no id": (TENSORQTL.replace("\tphenotype_id", ""),
              "line 1: expected 12 cells as in every row below, found 11"),
    "other columns": (TENSORQTL.replace("start", "begin"), "p.bed, line 1: expected columns #chr, "
                      "start, end and phenotype_id, found '#chr, begin, end, phenotype_id'"),
    "no samples": ("#chr\tstart\tend\tid\n1\t1\t2\tg\n", "line 1: expected samples, found none"),
    "no number": (TENSORQTL.replace("1999", "here"),
                  "p.bed, line 3, column start: expected a number, found 'here'"),
    "a value": (TENSORQTL.replace("2.5", "x", 1),
                "p.bed, line 2, column s2: expected a number, found 'x'"),
    "backwards": (TENSORQTL.replace("2500", "1999"),
                  "p.bed, line 3, column end: expected an end after the start, 1999, found '1999'"),
    "an end missing": (TENSORQTL.replace("2500", "NA"),
                       "line 3, column end: expected an end after the start, 1999, found 'NA'"),
    "twice": (TENSORQTL.replace("g2", "g1"), "line 3: expected each row name once, found 'g1'"),
    "nameless": (TENSORQTL.replace("g2", ""), "line 3, column 4: expected a name on one line"),
    "ragged": (TENSORQTL.replace("\tg2", ""), "line 3: expected 12 cells as in the header, found"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_named(case):
    text, message = BAD[case]
    with pytest.raises(DataError) as caught:
        read_bed(text.encode(), "p.bed")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (as_frame(TENSORQTL).drop(columns="start"), "expected columns #chr, start, end and"),
        (as_frame(TENSORQTL).iloc[:, :4], "then samples, found"),
        (
            as_frame(TENSORQTL).assign(s2="tall"),
            "column s2: expected numbers, found Failed to parse",
        ),
        (as_frame(TENSORQTL).assign(s2=np.inf), "column s2: expected finite numbers, found an inf"),
        (as_frame(TENSORQTL).assign(s2=[[1.0]] * 2), "column s2: expected numbers, found"),
        (
            as_frame(TENSORQTL).assign(end=1999),
            "column end: expected an end after the start for 'g2'",
        ),
        (as_frame(TENSORQTL).assign(phenotype_id="g"), "expected each trait once, found 'g' twice"),
    ],
)
def test_parquet_that_is_no_bed(frame, message):
    with pytest.raises(DataError, match=message):
        read_bed(parquet_bytes(frame), "p.bed.parquet")


@pytest.mark.parametrize("data", [b"PAR1", b"PAR1" + bytes(50) + b"PAR1"])
def test_damaged_parquet(data):
    assert is_bed(data)
    with pytest.raises(DataError, match="expected a whole Parquet file, found"):
        read_bed(data, "p.bed.parquet")


def cross_for_writing(**changes):
    options = {
        "crosstype": "haploid",
        "genotype_names": ("A", "B"),
        "samples": SAMPLES,
        "markers": pd.DataFrame(
            {"marker": ["m1", "m2", "m3"], "chr": ["II", "II", "I"],
             "pos_bp": [100.0, 250.0, 7.0], "pos_cm": [0.1 + 0.2, 1 / 3, 5.0]}
        ),
        "genotypes": np.array([[0, 1] * 4, [1, -1] * 4, [0] * 8]),
        "trait_names": ["b", "a", "007"],
        "traits": np.vstack([np.arange(8) / 3, [np.nan, *range(7)], np.arange(8) * 1e-300]),
        "trait_positions": pd.DataFrame(
            {"trait": ["a", "b", "007"], "chr": ["I", "II", "M"], "start_bp": [90.0, 5.0, 1.0],
             "end_bp": [20.0, 5.0, 9.0]}
        ),
        "covariates": pd.DataFrame(
            {"batch": ["x", "01"] * 4, "age": [0.1, np.nan] * 4}, index=SAMPLES
        ),
    }  # fmt: skip
    return make_cross(**{**options, **changes})


def test_rows_stand_in_the_order_that_tensorqtl_asks_for():
    cross = cross_for_writing(
        trait_positions=pd.DataFrame(
            {"trait": ["a", "b", "007"], "chr": ["I", "II", "II"], "start_bp": [90, 50, 60.0],
             "end_bp": [20, 51, 40.0]}
        )
    )  # fmt: skip
    texts, lost = bed_files(cross)
    table = pd.read_csv(io.StringIO(texts["phenotypes.bed"]), sep="\t", dtype={"#chr": str})
    assert table.iloc[:, :4].to_numpy().tolist() == [
        ["II", 39, 60, "007"], ["II", 49, 51, "b"], ["I", 19, 90, "a"],
    ]  # fmt: skip
    tools = pd.read_csv(io.StringIO(texts["phenotypes.qtltools.bed"]), sep="\t")
    assert tools["strand"].tolist() == ["-", "+", "-"]
    assert lost == []


@pytest.mark.parametrize(
    ("crosstype", "names", "classes"),
    [
        ("haploid", ("A", "B"), [0, 1, -1, 1]),
        ("riself", ("AA", "BB"), [0, 1, -1, 1]),
        ("bc", ("AA", "AB"), [0, 1, -1, 1]),
        ("f2", ("AA", "AB", "BB"), [0, 1, 2, -1]),
    ],
)
def test_written_and_read_back(tmp_path, crosstype, names, classes):
    pytest.importorskip("bed_reader")
    cross = cross_for_writing(
        crosstype=crosstype, genotype_names=names, genotypes=np.array([classes * 2] * 3)
    )
    write_bed(cross, tmp_path / "new")
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == [
        "covariates.txt", "genotypes.bed", "genotypes.bim", "genotypes.fam", "phenotypes.bed",
        "phenotypes.qtltools.bed",
    ]  # fmt: skip
    assert_same_data(read_cross(tmp_path / "new", crosstype=crosstype), cross)


def test_what_is_lost_is_said(tmp_path):
    pytest.importorskip("bed_reader")
    cross = cross_for_writing(
        markers=pd.DataFrame(
            {"marker": ["m1", "m2", "m3"], "chr": ["1"] * 3, "pos_bp": [1.5, 2.0, 3.0]}
        ),
        trait_positions=pd.DataFrame(
            {"trait": ["a"], "chr": ["1"], "start_bp": [5.0], "end_bp": [9.0]}
        ),
        parents=pd.DataFrame({"parent": ["A"], "a": [1.0]}, index=["A.1"]),
    )
    with pytest.warns(CrossmapWarning) as caught:
        write_bed(cross, tmp_path)
    assert [str(warning.message) for warning in caught] == [
        "BED cannot hold 2 traits without a place, measurements of the parents, fractions of a "
        "base pair; not written"
    ]
    back = read_cross(tmp_path, crosstype="haploid")
    assert back.trait_names == ("a",)
    assert back.markers["pos_bp"].tolist() == [2.0, 2.0, 3.0]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"trait_positions": None}, "traits: expected places .* found none"),
        ({"samples": ["a b", *SAMPLES[1:]]}, "names without spaces .* found 'a b'"),
        ({"samples": ["a\tb", *SAMPLES[1:]]}, "sample names: .* found"),
        (
            {"markers": pd.DataFrame({"marker": list("abc"), "chr": "1", "pos_cm": [1.0, 2, 3]})},
            "positions in base pairs .*, found centimorgans alone",
        ),
    ],
)
def test_what_cannot_be_written(tmp_path, changes, message):
    pytest.importorskip("bed_reader")
    cross = cross_for_writing(covariates=None, **changes)
    with pytest.raises(DataError, match=message):
        write_bed(cross, tmp_path / "out")
    assert not list(tmp_path.glob("out/*"))


@pytest.fixture
def plink(tmp_path):
    pytest.importorskip("bed_reader")
    write_bed(cross_for_writing(), tmp_path)

    class Files:
        folder = tmp_path

        def read(self, **options):
            return read_plain(
                genotypes=tmp_path / "genotypes.bed", traits=tmp_path / "phenotypes.bed",
                **{"crosstype": "haploid", **options},
            )  # fmt: skip

        def replace(self, suffix, old, new):
            path = tmp_path / f"genotypes.{suffix}"
            assert old in path.read_text()
            path.write_text(path.read_text().replace(old, new, 1))

    return Files()


def test_codes_by_alleles_or_by_copies(plink):
    usual = plink.read()
    assert usual.genotypes.tolist() == [[0, 1] * 4, [1, -1] * 4, [0] * 8]
    counted = plink.read(codes={"2": "RM", "0": "BY"})
    assert counted.genotype_names == ("RM", "BY")
    assert counted.genotypes.tolist() == [[1, 0] * 4, [0, -1] * 4, [1] * 8]
    plink.replace("bim", "\tB\tA", "\tG\tT")
    with pytest.raises(
        DataError, match=r"bim, line 1, column 5: expected one of AA, BB, found 'TT'"
    ):
        plink.read()
    with pytest.warns(CrossmapWarning, match="hold no code were read as missing"):
        assert (plink.read(lenient=True).genotypes[0] == -1).all()
    with pytest.raises(ArgumentError, match="codes: expected 2 genotypes"):
        plink.read(codes={"AA": "A"})


@pytest.mark.parametrize(
    ("suffix", "old", "new", "message"),
    [
        ("bim", "m2", "m1", "bim, line 2, column 2: expected each name .* found 'm1' again"),
        ("bim", "250", "here", "bim, line 2, column 4: expected a number, found 'here'"),
        ("bim", "\tB\tA", "\tB", "bim, line 1: expected 6 cells, found 5"),
        ("fam", "s2", "s1", "fam, line 2, column 2: expected each name .* found 's1' again"),
        ("fam", "0 s1 0 0 0 -9\n", "", "bed: expected 9 bytes for 3 markers and 7 individuals"),
        ("fam", "0 s1", "0 s1 x", "fam, line 1: expected 6 cells, found 7"),
    ],
)
def test_bad_bim_and_fam(plink, suffix, old, new, message):
    plink.replace(suffix, old, new)
    if "9 bytes" in message:
        path = plink.folder / "genotypes.bed"
        path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DataError, match=message):
        plink.read()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\x6c\x1b\x00" + bytes(6), "one marker after the other"),
        (b"\x6c\x1b\x01" + bytes(5), "expected 9 bytes for 3 markers and 8 individuals, found 8"),
        (b"\x6c\x1b", "one marker after the other"),
    ],
)
def test_bad_bed(plink, data, message):
    (plink.folder / "genotypes.bed").write_bytes(data)
    with pytest.raises(DataError, match=message):
        plink.read()
    (plink.folder / "genotypes.bim").unlink()
    with pytest.raises(DataError, match=r"genotypes.bim: expected a file, found none"):
        plink.read()


def test_without_a_map_or_codes_or_the_library(plink, monkeypatch):
    folder = plink.folder
    with pytest.raises(ArgumentError, match="PLINK and BED files do not name it"):
        read_cross(folder)
    (folder / "g.tsv").write_text("m\ts1\nm1\tA\n")
    table = {"genotypes": folder / "g.tsv", "traits": folder / "phenotypes.bed"}
    with pytest.raises(ArgumentError, match="markers: expected a table of the markers' places"):
        read_plain(**table, crosstype="haploid", codes={"A": "A", "B": "B"})
    with pytest.raises(ArgumentError, match="codes: expected the meaning of the genotype cells"):
        read_plain(**table, crosstype="haploid")
    monkeypatch.setitem(sys.modules, "bed_reader", None)
    with pytest.raises(CrossmapError, match=r"pip install 'crossmap-qtl\[plink\]'"):
        plink.read()


def test_a_map_of_ones_own_comes_before_that_of_plink(plink):
    (plink.folder / "map.tsv").write_text("marker\tchr\tpos_cm\nm1\tI\t5\nm2\tI\t6\nm3\tI\t7\n")
    cross = plink.read(markers=plink.folder / "map.tsv")
    assert cross.markers["pos_cm"].tolist() == [5, 6, 7]
    assert cross.markers["pos_bp"].isna().all()
