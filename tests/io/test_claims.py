"""Tables of linkages as tools write them."""

import re

import numpy as np
import pandas as pd
import pytest

from crossmap.errors import DataError
from crossmap.io.claims import as_claims, read_claims

MARKERS = pd.DataFrame(
    {
        "marker": ["m1", "m2", "m3", "7", "m5", "m6", "m7"],
        "chr": ["1", "1", "1", "4", "4", "3", "II"],
        "pos_bp": [1000.0, 3000.0, 9000.0, 500.0, 90000.0, 7000.0, 8000.0],
        "pos_cm": [0.0, 4.0, 10.0, 1.0, 60.0, 50.0, 50.0],
    }
)
MATRIX_EQTL = "snps\tgene\tstatistic\tpvalue\tFDR\tbeta\n"


def claims_of(tmp_path, text, name="table.tsv", **columns):
    (tmp_path / name).write_text(text)
    return as_claims(read_claims(tmp_path / name, columns=columns), MARKERS)


def test_matrix_eqtl_names_markers(tmp_path):
    text = MATRIX_EQTL + "m2\tg1\t-6.5\t2e-9\t0.02\t1\n7\tg2\t7\t1e-9\t0.01\t1\n"
    claims = claims_of(tmp_path, text)
    assert claims.to_dict("list") == {
        "trait": ["g2", "g1"], "chr1": ["4", "1"], "pos1_cm": [1.0, 4.0], "fdr": [0.01, 0.02],
    }  # fmt: skip


def test_qtltools_has_spaces_and_genes_without_a_variant(tmp_path):
    text = "phe_id var_id nom_pval adj_beta_pval\ng1 m2 1e-3 0.1\ng2 7 1e-9 1e-7\ng3 NA NA NA\n"
    claims = claims_of(tmp_path, text).dropna(subset="pos1_cm")
    assert claims[["trait", "chr1", "pos1_cm"]].to_numpy().tolist() == [
        ["g2", "4", 1.0], ["g1", "1", 4.0],
    ]  # fmt: skip


def test_peaks_of_rqtl2_with_and_without_row_names(tmp_path):
    rows = ["2\tT96\t4\t36\t2.79", "3\tT192\t3\t14\t4.59"]
    plain = "lodindex\tlodcolumn\tchr\tpos\tlod\n" + "\n".join(rows) + "\n"
    named = "lodindex\tlodcolumn\tchr\tpos\tlod\n" + "\n".join(
        f"{i}\t{r}" for i, r in enumerate(rows)
    )
    first, second = claims_of(tmp_path, plain), claims_of(tmp_path, named)
    assert first.equals(second)
    assert first["trait"].tolist() == ["T192", "T96"]  # by LOD
    assert first[["chr1", "pos1_cm"]].to_numpy().tolist() == [["3", 14.0], ["4", 36.0]]
    assert first["fdr"].isna().all()


def test_base_pairs_are_placed_on_the_map(tmp_path):
    claims = claims_of(tmp_path, "trait,chr,pos_bp,q_value\na,1,2000,0.5\na,1,99999,0.6\n", "t.csv")
    assert claims["pos1_cm"].tolist() == [2.0, 10.0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("trait,chr,pos_bp\na,9,2000\n", "row 1, column chr: expected {known}, found '9'"),
        ("trait,chr,pos\na,1,2\nb,chr1,2\n", "row 2, column chr: expected {known}, found 'chr1'"),
        ("trait,chr,pos_bp\na,NA,2000\n", "row 1, column chr: expected {known}, found none"),
        (
            "trait,chr1,pos1_cm,chr2,start2_cm,end2_cm\na,1,2,iv,3,4\n",
            "row 1, column chr2: expected {known}, found 'iv'",
        ),
    ],
)
def test_chromosomes_that_the_map_does_not_have_are_refused(tmp_path, text, message):
    known = "a chromosome of the map (1, 4, 3, II)"
    with pytest.raises(DataError, match=re.escape("claims, " + message.format(known=known))):
        claims_of(tmp_path, text, "t.csv")
    frame = pd.DataFrame({"trait": ["a"], "chr": ["9"], "pos_cm": [1.0]})
    with pytest.raises(DataError, match=r"t\.csv, line 2, column chr: expected a chromosome"):
        as_claims(frame, MARKERS, file=tmp_path / "t.csv")
    with pytest.raises(DataError, match=r"t\.parquet, row 1, column chr: expected a chromosome"):
        as_claims(frame, MARKERS, file=tmp_path / "t.parquet")
    assert as_claims(frame)["chr1"].tolist() == ["9"]  # no map, no check


def test_base_pairs_as_centimorgans_are_refused(tmp_path):
    near = claims_of(tmp_path, "trait,chr,pos\na,1,35\na,4,110\n", "t.csv")  # 1.5 times and 20 cM
    assert near["pos1_cm"].tolist() == [35.0, 110.0]
    message = (
        "claims, row 2, column pos: expected a position in cM (chromosome 1 ends at 10.0 cM); "
        "positions look like bp: name their column pos_bp (columns: pos_bp=pos), found '2000'"
    )
    text = "trait,chr,pos\na,1,2\na,1,2000\n"
    with pytest.raises(DataError, match=re.escape(message)):
        claims_of(tmp_path, text, "t.csv")
    assert claims_of(tmp_path, text, "t.csv", pos_bp="pos")["pos1_cm"].tolist() == [0.0, 2.0]
    pair = "trait,chr1,start1_cm,end1_cm\na,1,2,2000\n"
    with pytest.raises(DataError, match="row 1, column end1_cm: expected a position in cM"):
        claims_of(tmp_path, pair, "t.csv")
    frame = pd.DataFrame({"trait": ["a"], "chr": ["9"], "pos_cm": [9e3]})
    assert len(as_claims(frame)) == 1
    with pytest.raises(DataError, match="and give the folder of the cross, which has its map"):
        as_claims(frame.assign(pos_cm=2e4))


def test_columns_of_other_names(tmp_path):
    text = "probe\tsite\tq\nx\tm3\t0.2\n"
    claims = claims_of(tmp_path, text, trait="probe", marker="site", fdr="q")
    assert claims.to_numpy().tolist() == [["x", "1", 10.0, 0.2]]
    with pytest.raises(DataError, match="a column that names the trait, found columns 'probe"):
        claims_of(tmp_path, text)


def test_several_loci_as_in_a_table_of_joint_linkages(tmp_path):
    text = (
        "trait\tchr1\tstart1_cm\tend1_cm\tchr2\tpos2_cm\tjoint_prob\tq_value\n"
        "a\t1\t10\t20\tII\t5\t0.8\t0.1\nb\t1\t0\t0\tNA\tNA\t0\t1\nc\t1\t1\t1\tII\t5\t0.9\t0.1\n"
    )
    claims = claims_of(tmp_path, text)
    assert claims["trait"].tolist() == ["c", "a", "b"]
    assert claims.loc[1, ["chr1", "pos1_cm", "chr2", "pos2_cm"]].tolist() == ["1", 15.0, "II", 5.0]
    assert pd.isna(claims["chr2"][2])
    assert np.isnan(claims["pos2_cm"][2])


def test_folders_of_results(tmp_path):
    for name in ("linkages", "peaks"):
        (tmp_path / f"{name}.tsv").write_text(f"trait\tchr\tpos_cm\n{name}\t1\t2\n")
    assert read_claims(tmp_path)["trait"].tolist() == ["peaks"]
    pd.DataFrame({"trait": ["p"], "chr1": ["1"], "pos1_cm": [1.0]}).to_parquet(
        tmp_path / "joint.parquet"
    )
    assert read_claims(tmp_path)["trait"].tolist() == ["p"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a table, found an empty file"),
        ("trait,chr,pos_cm\na,1\n", "line 2: expected 3 cells as in the header, found 2"),
        ("trait,marker\na,m9\n", "expected markers of the map, found 'm9'"),
        ("trait,chr,pos_cm\na,1,x\n", "column pos_cm: expected numbers, found other cells"),
        ("trait,chr1\na,1\n", "expected a column pos1_cm, or start1_cm and end1_cm"),
        ("trait,beta\na,1\n", "expected chr and pos_cm, or markers"),
    ],
)
def test_what_cannot_be_read_is_refused(tmp_path, text, message):
    with pytest.raises(DataError, match=message):
        claims_of(tmp_path, text, "t.csv")


def test_folders_without_a_table_and_spoilt_parquet_are_refused(tmp_path):
    with pytest.raises(DataError, match=r"expected joint\.tsv or peaks\.tsv or linkages\.tsv"):
        read_claims(tmp_path)
    (tmp_path / "joint.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(DataError, match="expected a whole Parquet file"):
        read_claims(tmp_path)
