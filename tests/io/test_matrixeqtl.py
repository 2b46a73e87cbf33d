"""Matrix eQTL's text files: read, written, read back."""

import numpy as np
import pandas as pd
import pytest
from same import assert_same_data

from crossmap.cross import make_cross
from crossmap.errors import ArgumentError, CrossmapWarning, DataError
from crossmap.io.matrixeqtl import read_matrixeqtl, write_matrixeqtl
from crossmap.io.plain import read_plain
from crossmap.io.read import read_cross

SAMPLES = [f"s{i}" for i in range(1, 9)]
HEADER = "\t".join(SAMPLES)
FILES = {
    "SNP.txt": f"snpid\t{HEADER}\nm1\t0\t1\tNA\t1\t0\t1\t0\t1\nm2\t0\t0\t1\t1.0\t0\t0\t1\t1\n",
    "GE.txt": f"geneid\t{HEADER}\ng1\t1\t2.5\tNA\t4\t5\t6\t7\t8\n",
    "Covariates.txt": f"id\t{HEADER}\nage\t1\t2\t3\t4\t5\t6\t7\t8\n",
    "snpsloc.txt": "snp\tchrom\tposition\nm1\tchr1\t1500\nm2\tchr1\t1700.5\n",
    "geneloc.txt": "gene\tchrom\ts\te\ng1\tchr1\t1200\t2400\n",
}
OPTIONS = {"crosstype": "haploid", "codes": {"0": "A", "1": "B"}}


@pytest.fixture
def folder(tmp_path):
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def change(folder, name, old, new):
    text = (folder / name).read_text()
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1))


def test_a_whole_cross(folder):
    cross = read_cross(folder, **OPTIONS)
    assert cross.samples == tuple(SAMPLES)
    assert cross.genotypes.tolist() == [[0, 1, -1, 1, 0, 1, 0, 1], [0, 0, 1, 1, 0, 0, 1, 1]]
    assert cross.markers.iloc[:, :3].to_numpy().tolist() == [
        ["m1", "chr1", 1500.0], ["m2", "chr1", 1700.5],
    ]  # fmt: skip
    np.testing.assert_array_equal(cross.traits, [[1, 2.5, np.nan, 4, 5, 6, 7, 8]])
    assert cross.trait_table.to_numpy().tolist() == [["g1", "chr1", 1200.0, 2400.0]]
    assert cross.covariates["age"].tolist() == list(range(1, 9))
    assert len(cross.report.files) == 5


def test_headers_without_a_corner(folder):
    straight = read_cross(folder, **OPTIONS)
    for name, corner in (
        ("SNP.txt", "snpid\t"),
        ("GE.txt", "geneid\t"),
        ("Covariates.txt", "id\t"),
    ):
        change(folder, name, corner, "")
    change(folder, "geneloc.txt", "gene\t", "")
    assert_same_data(read_cross(folder, **OPTIONS), straight)


def test_samples_are_matched_by_name(folder):
    straight = read_cross(folder, **OPTIONS)
    table = pd.read_csv(folder / "GE.txt", sep="\t", dtype=str, keep_default_na=False)
    table[["geneid", *SAMPLES[::-1]]].to_csv(folder / "GE.txt", sep="\t", index=False)
    assert_same_data(read_cross(folder, **OPTIONS), straight)


def test_locations_and_covariates_may_be_absent(folder):
    for name in ("Covariates.txt", "geneloc.txt"):
        (folder / name).unlink()
    cross = read_cross(folder, **OPTIONS)
    assert cross.covariates.columns.empty
    assert cross.trait_table["chr"].tolist() == [None]


def test_centimorgans(folder):
    cross = read_matrixeqtl(
        folder / "SNP.txt", traits=folder / "GE.txt", markers=folder / "snpsloc.txt",
        position_unit="cm", **OPTIONS,
    )  # fmt: skip
    assert cross.markers["pos_cm"].tolist() == [1500, 1700.5]
    assert cross.markers["pos_bp"].isna().all()


def test_codes_may_be_text(folder):
    for old, new in (("\t0", "\tA"), ("\t1.0", "\t1"), ("\t1", "\tB")):
        while old in (folder / "SNP.txt").read_text():
            change(folder, "SNP.txt", old, new)
    cross = read_cross(folder, crosstype="haploid", codes={"A": "BY", "B": "RM"})
    assert cross.genotypes[1].tolist() == [0, 0, 1, 1, 0, 0, 1, 1]


BAD = {
    "dosages": ("SNP.txt", "m1\t0\t1", "m1\t0.37\t1", DataError, "{file}, line 2, column s1: "
                "expected one of 0, 1, found '0.37'"),
    "three genotypes": ("SNP.txt", "m1\t0\t1", "m1\t2\t1", DataError, "{file}, line 2, column s1: "
                        "expected one of 0, 1, found '2' (0, 1, 2 are three genotypes, as of "
                        "crosstype f2; a code named NA is read as missing)"),
    "a word": ("SNP.txt", "m1\t0", "m1\tx", DataError,
               "{file}, line 2, column s1: expected a number, found 'x'"),
    "spaces": ("GE.txt", FILES["GE.txt"], FILES["GE.txt"].replace("\t", " "), DataError,
               "{file}, line 1: expected a header of two or more cells separated by tabs, found "
               "spaces in 'geneid s1 s2 s3 s4 s5 s6 s7 s8'"),
    "three columns": ("geneloc.txt", "\t2400", "", DataError, "{file}, line 2: expected 4 cells as "
                      "in the header, found 3"),
    "no positions": ("snpsloc.txt", FILES["snpsloc.txt"], "snp\tchrom\nm1\t1\n", DataError,
                     "{file}, line 1: expected 3 columns (name, chromosome, positions), found 2"),
    "place no number": ("geneloc.txt", "2400", "end", DataError,
                        "{file}, line 2, column e: expected a number, found 'end'"),
    "covariate infinite": ("Covariates.txt", "\t8", "\tinf", DataError,
                           "{file}, line 2, column s8: expected a finite number, found 'inf'"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_named(folder, case):
    name, old, new, kind, message = BAD[case]
    change(folder, name, old, new)
    with pytest.raises(kind) as caught:
        read_cross(folder, **OPTIONS)
    assert str(caught.value) == message.format(file=folder / name)


def test_what_must_be_named(folder):
    with pytest.raises(ArgumentError, match="Matrix eQTL's files do not name it, and it is never"):
        read_cross(folder, codes=OPTIONS["codes"])
    with pytest.raises(ArgumentError, match="such as 0=A,1=B, found none"):
        read_cross(folder, crosstype="haploid")


def test_a_lenient_reader(folder):
    change(folder, "SNP.txt", "m1\t0\t1", "m1\t0.37\t1")
    change(folder, "geneloc.txt", "2400", "?")
    with pytest.warns(CrossmapWarning) as caught:
        cross = read_cross(folder, lenient=True, **OPTIONS)
    assert len(caught) == 2
    assert cross.genotypes[0, 0] == -1
    assert np.isnan(cross.trait_table["end_bp"][0])


def cross_for_writing(**changes):
    options = {
        "crosstype": "f2",
        "genotype_names": ("SS", "SB", "BB"),
        "samples": SAMPLES,
        "markers": pd.DataFrame(
            {"marker": ["m 1", "m2", "#3"], "chr": ["II", "II", "I"], "pos_bp": [100.5, 250.0, 7.0]}
        ),
        "genotypes": np.array([[0, 1] * 4, [2, -1] * 4, [0] * 8]),
        "trait_names": ["b", "a", "007"],
        "traits": np.vstack([np.arange(8) / 3, [np.nan, *range(7)], np.arange(8) * 1e-300]),
        "trait_positions": pd.DataFrame(
            {"trait": ["a"], "chr": ["II"], "start_bp": [5.0], "end_bp": [9.5]}
        ),
        "covariates": pd.DataFrame({"age": [0.1 + 0.2, 2.0] * 4}, index=SAMPLES),
    }
    return make_cross(**{**options, **changes})


def test_written_and_read_back(tmp_path):
    cross = cross_for_writing()
    write_matrixeqtl(cross, tmp_path / "new")
    back = read_cross(tmp_path / "new", crosstype="f2", codes={"0": "SS", "1": "SB", "2": "BB"})
    assert_same_data(back, cross)
    assert b"\r" not in (tmp_path / "new" / "GE.txt").read_bytes()


def test_what_is_lost_is_said(tmp_path):
    cross = cross_for_writing(
        markers=cross_for_writing().markers.assign(pos_cm=[1.0, 2.0, 3.0]),
        genotypes=cross_for_writing().genotypes,
        trait_positions=pd.DataFrame(
            {"trait": ["a"], "chr": ["II"], "start_bp": [9.0], "end_bp": [5.0]}
        ),
        covariates=pd.DataFrame({"age": [1.0, np.nan] * 4, "batch": list("abababab")},
                                index=SAMPLES),
        parents=pd.DataFrame({"parent": ["SS"], "a": [1.0]}, index=["SS.1"]),
    )  # fmt: skip
    with pytest.warns(CrossmapWarning) as caught:
        write_matrixeqtl(cross, tmp_path)
    assert [str(warning.message) for warning in caught] == [
        "Matrix eQTL's files cannot hold centimorgans, covariates that are no complete numbers, "
        "the direction of genes, measurements of the parents; not written"
    ]
    assert not (tmp_path / "Covariates.txt").exists()
    in_cm = cross.markers.assign(pos_bp=np.nan)
    with pytest.warns(CrossmapWarning, match=r"base pairs \(centimorgans stand in their place\)"):
        write_matrixeqtl(cross_for_writing(markers=in_cm, genotypes=cross.genotypes), tmp_path)


def test_matrix_eqtls_own_names_are_plain_tables_too(folder):
    """SNP.txt and GE.txt lie as plain tables do, so BED and plain maps may stand beside them."""
    (folder / "map.tsv").write_text("marker\tchr\tpos_bp\nm1\tchr1\t1500\nm2\tchr1\t1700.5\n")
    change(folder, "SNP.txt", "1.0", "1")
    cross = read_plain(
        genotypes=folder / "SNP.txt", traits=folder / "GE.txt", markers=folder / "map.tsv",
        covariates=folder / "Covariates.txt", **OPTIONS,
    )  # fmt: skip
    assert_same_data(cross, read_cross(folder, **OPTIONS), but=("trait_table",))


def test_peers_own_input(shared):
    """The tables that Matrix eQTL itself was run on."""
    folder = shared / "oracles" / "matrixeqtl_synthetic"
    cross = read_matrixeqtl(
        folder / "in_f2.tsv", traits=folder / "in_traits.tsv", markers=folder / "in_markers.tsv",
        trait_positions=folder / "in_trait_positions.tsv", covariates=folder / "in_covariates.tsv",
        crosstype="f2", codes={"0": "AA", "1": "AB", "2": "BB"},
    )  # fmt: skip
    assert (cross.n_samples, cross.n_markers, cross.n_traits) == (90, 150, 50)
    assert len(cross.covariates.columns) == 2
