"""crossmap check: sentences, JSON, exit statuses."""

import json
import shutil

import pytest

CSV = ["t1,id,m1,m2", ",,1,1", ",,0,12.5", *(f"{i}.5,s{i},{'AB'[i % 2]},A" for i in range(9))]


@pytest.fixture
def csv(tmp_path):
    path = tmp_path / "cross.csv"
    path.write_text("\n".join(CSV))
    return path


def test_a_sound_cross(cli, small):
    done = cli("check", small)
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith("100 samples, 120 markers")
    assert done.out.endswith("No errors, no warnings.\n")
    assert cli("check", small, "--quiet").out == ""


def test_pictures_and_tables_with_out(cli, small, tmp_path):
    done = cli("check", small, "--out", tmp_path / "out")
    assert done.status == 0
    listed = done.out.split(f"Results are in {tmp_path / 'out'}:")[1]
    assert all(file.name in listed for file in (tmp_path / "out").iterdir())
    assert (tmp_path / "out" / "check.png").exists()
    assert (tmp_path / "out" / "report.html").exists()
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["command"] == "check"
    assert manifest["options"]["lenient"] is False


def test_json(cli, small):
    done = cli("check", small, "--format", "json")
    found = json.loads(done.out)
    assert found["format_version"] == 1
    assert (found["n_samples"], found["n_errors"], found["n_warnings"]) == (100, 0, 0)
    assert "joint, scan2, compare" in found["commands"]


def test_errors_in_the_cross_are_status_3(cli, small, tmp_path):
    folder = tmp_path / "flipped"
    shutil.copytree(small, folder)
    lines = (folder / "geno.csv").read_text().splitlines()
    name, *calls = lines[60].split(",")
    lines[60] = ",".join([name, *({"A": "B", "B": "A"}[call] for call in calls)])
    (folder / "geno.csv").write_text("\n".join(lines) + "\n")
    done = cli("check", folder, "--out", tmp_path / "out")
    assert done.status == 3
    assert done.err == ""
    assert f"look exchanged against their neighbours: {name}." in " ".join(done.out.split())
    assert "1 error, no warnings." in done.out
    assert (tmp_path / "out" / "check.txt").exists()
    assert json.loads(cli("check", folder, "--format", "json").out)["n_errors"] == 1


def test_warnings_of_the_reader_are_findings(cli, csv):
    csv.write_text(csv.read_text().replace(",,0,12.5", ",,12.5,0"))
    done = cli("check", csv, "--crosstype", "dh")
    assert (done.status, done.err) == (0, "")
    assert "Warning: 1 marker stood out of map order" in done.out


def test_what_cannot_be_read(cli, csv):
    csv.write_text(csv.read_text().replace("s3,B", "s3,H"))
    done = cli("check", csv, "--crosstype", "dh")
    assert done.status == 3
    assert done.out == ""
    assert "cross.csv, line 7, column m1: expected one of A, B, found 'H'" in done.err
    done = cli("check", csv, "--crosstype", "dh", "--format", "json")
    assert done.status == 3
    (finding,) = json.loads(done.out)["findings"]
    assert finding["severity"] == "error"
    assert "line 7, column m1" in finding["text"]
    done = cli("check", csv, "--crosstype", "dh", "--lenient")
    assert done.status == 0
    assert "Genotype cells that hold no code were read as missing: 1" in " ".join(done.out.split())
    done = cli("check", csv)
    assert done.status == 2
    assert "crosstype: expected one of" in done.err
