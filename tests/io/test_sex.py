"""Sex and direction of the cross, as R/qtl2's control file names them."""

import pytest

from crossmap.errors import DataError
from crossmap.genotypes.chains import directions, sexes
from crossmap.io.read import read_cross
from crossmap.io.rqtl2 import write_rqtl2

F2_FILES = {
    "cross.yaml": (
        "{crosstype: f2, geno: geno.csv, gmap: gmap.csv, pheno: pheno.csv, covar: covar.csv,\n"
        " sex: {covar: Sex, f: female, m: male}, cross_info: {covar: dir, ab: 0, ba: 1}}\n"
    ),
    "geno.csv": "id,m1,x1\n" + "".join(f"s{i},{'AHB'[i % 3]},A\n" for i in range(1, 9)),
    "gmap.csv": "marker,chr,pos\nm1,1,0.0\nx1,X,3.0\n",
    "pheno.csv": "id,growth\n" + "".join(f"s{i},{i}.5\n" for i in range(1, 9)),
    "covar.csv": "id,Sex,dir\n"
    + "".join(f"s{i},{'mf'[i % 2]},{'ab' if i < 5 else 'ba'}\n" for i in range(1, 9)),
}


@pytest.fixture
def folder(tmp_path):
    for name, text in F2_FILES.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def test_codes_are_put_into_words(folder, tmp_path):
    cross = read_cross(folder / "cross.yaml")
    assert cross.covariates["sex"].tolist() == ["female", "male"] * 4
    assert sexes(cross).tolist() == [False, True] * 4
    assert directions(cross).tolist() == [False] * 4 + [True] * 4
    assert not [note for note in cross.report.notes if "not used" in note]
    again = read_cross(write_rqtl2(cross, tmp_path / "again"))
    assert sexes(again).tolist() == sexes(cross).tolist()
    assert directions(again).tolist() == directions(cross).tolist()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("{covar: Sex, f", "{covar: gender, f", "expected sex: a column of covar, found 'gender'"),
        ("m: male", "m: boy", "expected sex: female or male, found 'boy'"),
        ("ba: 1", "ba: 7", "expected cross_info: 0 or 1, found '7'"),
    ],
)
def test_keys_that_name_nothing(folder, old, new, message):
    text = (folder / "cross.yaml").read_text()
    assert old in text
    (folder / "cross.yaml").write_text(text.replace(old, new))
    with pytest.raises(DataError, match=message):
        read_cross(folder / "cross.yaml")


def test_a_cell_without_a_code(folder):
    text = (folder / "covar.csv").read_text()
    (folder / "covar.csv").write_text(text.replace("s3,f", "s3,x"))
    with pytest.raises(DataError, match=r"covar.csv, line 4, column Sex: expected one of f, m"):
        read_cross(folder / "cross.yaml")


def test_x_may_have_another_name(folder):
    text = (folder / "cross.yaml").read_text()
    (folder / "cross.yaml").write_text(text.replace("{crosstype", "{x_chr: '20', crosstype"))
    maps = (folder / "gmap.csv").read_text()
    (folder / "gmap.csv").write_text(maps.replace("x1,X", "x1,20"))
    cross = read_cross(folder / "cross.yaml")
    assert cross.chromosomes == ("1", "X")
    assert "chromosome 20 is X and is called so" in cross.report.notes
