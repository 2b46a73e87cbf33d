"""The one door to every format: what it opens, what it refuses, and control files of every kind."""

import io
import json
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest
import yaml

import crossmap
from crossmap.errors import CrossmapWarning, DataError
from crossmap.io.read import read_cross


def as_json(rqtl2):
    return json.dumps(yaml.load(rqtl2.text("cross.yaml"), yaml.BaseLoader))


def zipped(rqtl2, *, folder="", extra=(), leave_out=()):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path in sorted(rqtl2.path.glob("*.*")):
            if path.name not in leave_out:
                archive.writestr(folder + path.name, path.read_bytes())
        for name, content in extra:
            archive.writestr(name, content)
    return buffer.getvalue()


def test_a_folder_and_its_control_file(rqtl2):
    by_folder, by_file = read_cross(rqtl2.path), crossmap.read_cross(str(rqtl2.path / "cross.yaml"))
    np.testing.assert_array_equal(by_folder.genotypes, by_file.genotypes)
    assert by_folder.samples == by_file.samples


def test_a_relative_path(rqtl2, monkeypatch):
    monkeypatch.chdir(rqtl2.path)
    assert "pheno.csv" in read_cross("cross.yaml").report.files


@pytest.mark.parametrize("name", ["mine.yml", "mine.YAML", "mine.json"])
def test_other_control_files(rqtl2, name):
    straight = rqtl2.read()
    text = as_json(rqtl2) if name.endswith("json") else rqtl2.text("cross.yaml")
    cross = read_cross(rqtl2.write(name, text))
    np.testing.assert_array_equal(cross.genotypes, straight.genotypes)
    assert cross.genotype_names == straight.genotype_names
    assert cross.description == straight.description


def test_json_with_values_that_are_no_strings(rqtl2):
    rqtl2.write("geno.csv", "\n".join(
        ",".join(cells) for cells in
        zip(*(line.split(",") for line in rqtl2.text("geno.csv").splitlines()), strict=True)
    ))  # fmt: skip
    control = yaml.load(rqtl2.text("cross.yaml"), yaml.BaseLoader)
    control |= {"genotypes": {"L": 1, "C": 2}, "geno_transposed": True, "covar": None}
    cross = read_cross(rqtl2.write("cross.json", json.dumps(control)))
    assert cross.genotypes[0].tolist() == [1, 0] * 4
    assert cross.covariates.columns.empty


@pytest.mark.parametrize("folder", ["", "study/data/"])
def test_a_zip_file(rqtl2, tmp_path, folder):
    straight = rqtl2.read()
    extra = [("__MACOSX/._cross.yaml", b"\0"), (f"{folder}._geno.csv", b"\0"), ("empty/", b"")]
    path = tmp_path / "cross.zip"
    path.write_bytes(zipped(rqtl2, folder=folder, extra=extra))
    cross = read_cross(path)
    np.testing.assert_array_equal(cross.genotypes, straight.genotypes)
    assert f"{path}/{folder}geno.csv" in cross.report.files
    assert cross.report.files[str(path)]


def test_yaml_wins_over_json_in_a_zip_file(rqtl2, tmp_path):
    path = tmp_path / "cross.zip"
    path.write_bytes(zipped(rqtl2, extra=[("a.json", "{}")]))
    with pytest.warns(CrossmapWarning, match=r"two control files; cross\.yaml is read, a\.json"):
        assert read_cross(path).crosstype == "riself"


def test_faults_inside_a_zip_file_are_placed(rqtl2, tmp_path):
    path = tmp_path / "cross.zip"
    rqtl2.replace("pheno.csv", "s2,2,", "s2,x,")
    path.write_bytes(zipped(rqtl2))
    with pytest.raises(DataError) as caught:
        read_cross(path)
    assert str(caught.value) == (
        f"{path}/pheno.csv, line 3, column t1: expected a number, found 'x'"
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"leave_out": ["cross.yaml"]}, "expected a control file .* inside, found none"),
        ({"leave_out": ["pheno.csv"]}, "expected a member pheno.csv, found none"),
        ({"extra": [("b.yml", "")]}, r"expected one control file in YAML, found b.yml, cross.yaml"),
    ],
)
def test_zip_files_that_do_not_hold_a_cross(rqtl2, tmp_path, options, message):
    path = tmp_path / "cross.zip"
    path.write_bytes(zipped(rqtl2, **options))
    with pytest.raises(DataError, match=message):
        read_cross(path)


def test_a_zip_file_packed_in_another_way(rqtl2, tmp_path):
    path = tmp_path / "cross.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("cross.yaml", rqtl2.text("cross.yaml"))
    with pytest.raises(DataError, match="expected a whole zip file, found a packing of kind 12"):
        read_cross(path)


def link(name):
    """A member that claims to be a symbolic link, as Unix packs one."""
    member = zipfile.ZipInfo(name)
    member.create_system, member.external_attr = 3, 0o120777 << 16
    return member


@pytest.mark.parametrize(
    ("member", "message"),
    [
        ("../secret.csv", "expected members inside its own folder, found '../secret.csv'"),
        ("a/../../b.csv", "expected members inside its own folder, found 'a/../../b.csv'"),
        ("..\\secret.csv", "expected members inside its own folder, found '../secret.csv'"),
        ("/etc/passwd", "expected members inside its own folder, found '/etc/passwd'"),
        ("C:\\secret.csv", "expected members inside its own folder, found 'C:/secret.csv'"),
        (link("secret.csv"), "expected files alone, found a link, 'secret.csv'"),
    ],
)
def test_a_zip_file_cannot_reach_out(rqtl2, tmp_path, member, message):
    path = tmp_path / "cross.zip"
    path.write_bytes(zipped(rqtl2, extra=[(member, "id,m1\ns1,L\n")]))
    with pytest.raises(DataError) as caught:
        read_cross(path)
    assert str(caught.value) == f"{path}: {message}"


def test_a_control_file_in_a_zip_file_cannot_reach_out(rqtl2, tmp_path):
    rqtl2.replace("cross.yaml", "geno.csv", "../secret.csv")
    path = tmp_path / "cross.zip"
    path.write_bytes(zipped(rqtl2))
    with pytest.raises(DataError, match="geno: a file in the folder of this one"):
        read_cross(path)


@pytest.mark.parametrize("name", ["geno.csv", "unused.csv"])
def test_a_zip_file_that_unpacks_to_far_more_is_refused(rqtl2, tmp_path, name):
    path = tmp_path / "cross.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for table in rqtl2.path.glob("*.[cy]*"):
            archive.writestr(table.name, table.read_bytes())
        archive.writestr(f"big/{name}", bytes(200_000_000))
    tracemalloc.start()
    with pytest.raises(DataError) as caught:
        read_cross(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert str(caught.value).startswith(f"{path}: expected at most ")
    assert "MB once unpacked, found more" in str(caught.value)
    assert peak < 10_000_000


def test_a_member_without_a_name(tmp_path):
    """Which the zipfile module of Python 3.11 trips over."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("z", "x")
    data = buffer.getvalue()
    # Signature, where the length of the name stands, where the name begins.
    for signature, length, name in ((b"PK\1\2", 28, 46), (b"PK\3\4", 26, 30)):
        at = data.rfind(signature)
        start, rest = data[: at + length], data[at + length + 2 : at + name]
        data = start + b"\0\0" + rest + data[at + name + 1 :]
    end = data.rfind(b"PK\5\6") + 12  # size and place of the directory, each one less now
    size, place = struct.unpack("<LL", data[end : end + 8])
    data = data[:end] + struct.pack("<LL", size - 1, place - 1) + data[end + 8 :]
    assert [member.filename for member in zipfile.ZipFile(io.BytesIO(data)).infolist()] == [""]
    path = tmp_path / "cross.zip"
    path.write_bytes(data)
    with pytest.raises(DataError):
        read_cross(path)


def test_a_zip_file_that_lies_about_its_size(rqtl2, tmp_path):
    path = tmp_path / "cross.zip"
    data = bytearray(zipped(rqtl2, extra=[("z.csv", b"x" * 1000)]))
    # The size once unpacked, in the header of the member and in the directory at the end.
    for start in (data.rfind(b"PK\x03\x04"), data.rfind(b"PK\x01\x02")):
        at = start + (22 if data[start + 2] == 3 else 24)
        assert int.from_bytes(data[at : at + 4], "little") == 1000
        data[at : at + 4] = (10).to_bytes(4, "little")
    path.write_bytes(data)
    with pytest.raises(DataError, match="expected a whole zip file"):
        read_cross(path)


@pytest.mark.parametrize("data", [b"PK", b"PK\x03\x04 nothing", b"text"])
def test_no_zip_file_at_all(tmp_path, data):
    path = tmp_path / "cross.zip"
    path.write_bytes(data)
    with pytest.raises(DataError, match="expected a whole zip file"):
        read_cross(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 1', "line 1: expected JSON, found Expecting ',' delimiter"),
        ("[1]", "expected keys and values, found something else"),
        ('{"geno": "a", "geno": "b"}', "expected each key once, found 'geno' twice"),
        ('{"a": ' + "[" * 100_000, "expected a control file, found endless nesting"),
    ],
)
def test_json_that_is_no_control_file(tmp_path, text, message):
    path = tmp_path / "cross.json"
    path.write_text(text)
    with pytest.raises(DataError) as caught:
        read_cross(path)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("table.tsv.gz", "found a file that ends in '.gz' (crossmap convert takes such tables by"),
        ("plink.bed", "found a file that ends in '.bed' (crossmap convert takes such tables by"),
        ("table.xlsx", "found a file that ends in '.xlsx'"),
        ("table", "found a file without an ending"),
    ],
)
def test_other_files_are_refused(tmp_path, name, found):
    path = tmp_path / name
    path.write_text("")
    with pytest.raises(DataError) as caught:
        read_cross(path)
    assert str(caught.value).startswith(f"{path}: expected an R/qtl2 control file")
    assert found in str(caught.value)


def test_what_is_not_there(tmp_path):
    with pytest.raises(
        DataError, match=r"gone.yaml: expected a file or folder, found none of this"
    ):
        read_cross(tmp_path / "gone.yaml")
    with pytest.raises(DataError, match=r"nothere: expected a file or folder, found none of this"):
        read_cross(tmp_path / "nothere")
    with pytest.raises(DataError, match=r"found none of this name$"):
        read_cross(tmp_path / "no" / "folder")
    (tmp_path / "mycross").mkdir()
    with pytest.raises(DataError, match=r"found none of this name \(did you mean mycross\?\)"):
        read_cross(tmp_path / "mycros")
    (tmp_path / "mycross").rmdir()
    with pytest.raises(DataError, match=r"expected a folder that holds cross.yaml, cross.csv"):
        read_cross(tmp_path)


@pytest.mark.parametrize("url", ["https://example.org/cross.yaml", "http://a/b", "file:///x.zip"])
def test_urls_are_refused(url):
    with pytest.raises(DataError, match="expected a file on this machine, found a URL"):
        read_cross(url)


@pytest.mark.parametrize("key", ["geno", "crosstype", "genotypes", "sep"])
def test_aliases_that_grow_without_end_are_refused_in_one_short_line(tmp_path, key):
    bomb = ["a0: &a0 [x, x]"]
    bomb += [f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}, *a{i - 1}]" for i in range(1, 40)]
    fine = {"crosstype": "haploid", "geno": "geno.csv", "sep": "','"}
    lines = [*bomb, *(f"{k}: {v}" for k, v in fine.items() if k != key), f"{key}: *a39"]
    path = tmp_path / "cross.yaml"
    path.write_text("\n".join(lines))
    (tmp_path / "geno.csv").write_text("id,m1\ns1,A\n")
    with (
        pytest.warns(CrossmapWarning, match="unknown keys") as caught,
        pytest.raises(DataError) as refused,
    ):
        read_cross(path)
    assert len(str(refused.value)) < 300
    assert len(str(caught[0].message)) < 600
