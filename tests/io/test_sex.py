"""Sex and direction of the cross, as R/qtl2's control file names them."""

import pytest
from genotyped import awkward_cross

from crossmap.errors import DataError
from crossmap.genotypes.x_chromosome import directions, sexes
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


IN_FILES = {
    "keys": ("{covar: Sex, f: female, m: male}", "{covar: dir, ab: 0, ba: 1}"),
    "sex.csv": "id,sex\n" + "".join(f"s{i},{'mf'[i % 2]}\n" for i in range(8, 0, -1)),
    "dir.csv": "id,dir\n" + "".join(f"s{i},{int(i > 4)}\n" for i in range(1, 9)),
}


@pytest.fixture
def separate(folder):
    """Sex and direction in files of their own, no covar."""
    (folder / "covar.csv").unlink()
    text = (folder / "cross.yaml").read_text().replace(" covar: covar.csv,", "")
    sex, direction = IN_FILES["keys"]
    text = text.replace(sex, "{file: sex.csv, f: female, m: male}").replace(direction, "dir.csv")
    (folder / "cross.yaml").write_text(text)
    for name in ("sex.csv", "dir.csv"):
        (folder / name).write_text(IN_FILES[name])
    return folder


def test_files_of_their_own(separate, tmp_path):
    cross = read_cross(separate / "cross.yaml")
    assert cross.covariates["sex"].tolist() == ["female", "male"] * 4
    assert directions(cross).tolist() == [False] * 4 + [True] * 4
    assert not [note for note in cross.report.notes if "not used" in note]
    assert {"sex.csv", "dir.csv"} <= {name.rsplit("/", 1)[-1] for name in cross.report.files}
    control = write_rqtl2(cross, tmp_path / "again")
    again = read_cross(control)
    assert sexes(again).tolist() == sexes(cross).tolist()
    assert directions(again).tolist() == directions(cross).tolist()


def test_a_file_beside_covar(separate):
    (separate / "covar.csv").write_text("id,batch\n" + "".join(f"s{i},b{i}\n" for i in range(1, 7)))
    text = (separate / "cross.yaml").read_text()
    (separate / "cross.yaml").write_text(text.replace("{crosstype", "{covar: covar.csv, crosstype"))
    cross = read_cross(separate / "cross.yaml")
    assert cross.covariates["batch"].tolist() == ["b1", "b2", "b3", "b4", "b5", "b6", None, None]
    assert sexes(cross).tolist() == [False, True] * 4


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        (
            "sex.csv",
            "s3,f",
            "s3,x",
            r"sex.csv, line 7, column sex: expected one of f, m, found 'x'",
        ),
        ("sex.csv", "id,sex", "id,sex,no", r"sex.csv"),
        (
            "dir.csv",
            "s3,0",
            "s3,2",
            r"dir.csv, line 4, column dir: expected one of 0, 1, found '2'",
        ),
        ("cross.yaml", "sex.csv", "gone.csv", r"gone.csv"),
        ("cross.yaml", "sex.csv", "../sex.csv", r"sex: a file in the folder of this one"),
        ("cross.yaml", "file: sex.csv", "file: sex.csv, covar: Sex", r"sex: a file or a column"),
        ("cross.yaml", "file: sex.csv", "file: [sex.csv]", r"sex: file: the name of a file"),
    ],
)
def test_files_that_are_wrong(separate, name, old, new, message):
    text = (separate / name).read_text()
    assert old in text
    (separate / name).write_text(text.replace(old, new))
    with pytest.raises(DataError, match=message):
        read_cross(separate / "cross.yaml")


def test_a_file_without_everyone(separate):
    text = (separate / "sex.csv").read_text()
    (separate / "sex.csv").write_text(text.replace("s3,f\n", ""))
    cross = read_cross(separate / "cross.yaml")
    with pytest.raises(DataError, match="covariate sex, sample s3: expected female or male"):
        sexes(cross)


def test_the_control_file_tells_rqtl2_what_columns_mean(folder, tmp_path):
    import yaml

    cross = read_cross(folder / "cross.yaml")
    control = yaml.safe_load(write_rqtl2(cross, tmp_path / "again").read_text())
    assert control["sex"] == {"covar": "Sex", "f": "female", "m": "male"}
    assert control["cross_info"] == {"covar": "cross_info"}


def test_columns_that_say_it_themselves_come_back_as_they_are(tmp_path):
    cross = awkward_cross("f2")  # sex in words, pgm 0 and 1
    again = read_cross(write_rqtl2(cross, tmp_path))
    assert list(again.covariates) == ["sex", "pgm"]
    assert again.covariates["sex"].tolist() == cross.covariates["sex"].tolist()
    assert again.covariates["pgm"].tolist() == cross.covariates["pgm"].tolist()
