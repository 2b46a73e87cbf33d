"""crossmap convert, on plain tables and on R/qtl2 folders."""

import json

import numpy as np
import pytest
from same import assert_same_data

from crossmap import read_cross

HEADER = "\t".join(f"s{i}" for i in range(9))


@pytest.fixture
def tables(tmp_path, monkeypatch):
    """Plain tables in the current folder, and the options that name them."""
    monkeypatch.chdir(tmp_path)
    files = {
        "g.tsv": f"marker\t{HEADER}\n"
        "m1\t1\t2\t1\t2\t1\t2\t1\t2\t1\n"
        "m2\t1\t1\t2\t2\t1\t1\t2\tNA\t2\n"
        "m9\t1\t1\t2\t2\t1\t1\t2\t1\t2\n",
        "m.tsv": "marker\tchr\tpos_bp\nm1\t1\t100\nm2\t2\t250.5\n",
        "t.tsv": "trait\t" + HEADER.replace("s8", "s9") + "\nt1\t1\t2\t3\t4\t5\t6\t7\t8\t9\n",
        "p.tsv": "trait\tchr\tstart_bp\tend_bp\nt1\t1\t90\t120\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    return [
        "--genotypes", "g.tsv", "--markers", "m.tsv", "--traits", "t.tsv", "--trait-positions",
        "p.tsv", "--crosstype", "haploid", "--codes", "1=BY,2=RM",
    ]  # fmt: skip


def test_plain_tables_become_a_folder_that_every_command_reads(cli, tables, tmp_path):
    done = cli("convert", *tables, "--out", "cross")
    assert (done.status, done.err) == (0, "")
    cross = read_cross(tmp_path / "cross")
    assert cross.genotype_names == ("BY", "RM")
    assert cross.samples == tuple(f"s{i}" for i in range(8))
    assert cross.markers["pos_bp"].tolist() == [100.0, 250.5]
    assert cross.trait_table.iloc[0].tolist() == ["t1", "1", 90.0, 120.0]


def test_what_was_read_and_left_out_is_told_and_written_down(cli, tables, tmp_path):
    done = cli("convert", *tables, "--out", "cross")
    assert done.out.splitlines() == [
        "8 samples, 2 markers on 2 chromosomes, 1 trait (crosstype haploid, genotypes BY and RM).",
        "Missing: 1 genotype call.",
        "Left out, sample without traits: 1 (s8).",
        "Left out, sample without genotypes: 1 (s9).",
        "Left out, marker without a place: 1 (m9).",
        "Written as cross.yaml and tables to cross.",
    ]
    summary = json.loads((tmp_path / "cross" / "summary.json").read_text())
    assert summary["n_dropped"]["sample without traits"] == 1
    assert (summary["n_samples"], summary["n_missing_calls"]) == (8, 1)
    manifest = json.loads((tmp_path / "cross" / "manifest.json").read_text())
    assert manifest["command"] == "convert"
    assert set(manifest["inputs"]) == {"g.tsv", "m.tsv", "t.tsv", "p.tsv"}
    assert manifest["dropped"]["marker without a place"] == ["m9"]


def test_a_folder_can_be_converted_again_and_stays_the_same(cli, tables, tmp_path):
    cli("convert", *tables, "--out", "one")
    assert cli("convert", "one", "--out", "two").status == 0
    assert cli("convert", "two/cross.yaml", "--out", "one").status == 0
    for name in ("cross.yaml", "geno.csv", "pheno.csv", "pmap.csv", "phenocovar.csv"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_names_of_genotypes_can_be_overruled(cli, tables, tmp_path):
    cli("convert", *tables, "--out", "one")
    done = cli("convert", "one", "--crosstype", "dh", "--codes", "BY=B,RM=R", "--out", "two")
    assert done.status == 0
    cross = read_cross(tmp_path / "two")
    assert (cross.crosstype, cross.genotype_names) == ("dh", ("B", "R"))
    np.testing.assert_array_equal(cross.genotypes, read_cross(tmp_path / "one").genotypes)


RQTL_CSV = ["t1,age,m1,m2", ",,1,1", ",,0,12.5", *(f"{i}.5,{i},{'AB'[i % 2]},A" for i in range(8))]


@pytest.mark.parametrize(
    ("target", "files", "back"),
    [
        ("rqtl2", {"cross.yaml", "geno.csv"}, []),
        ("rqtl-csv", {"cross.csv"}, ["--crosstype", "haploid", "--codes", "A=BY,B=RM"]),
        ("matrixeqtl", {"SNP.txt", "GE.txt"}, ["--crosstype", "haploid", "--codes", "0=BY,1=RM"]),
        ("bed", {"phenotypes.bed", "genotypes.bed"},
         ["--crosstype", "haploid", "--codes", "AA=BY,BB=RM"]),
    ],
)  # fmt: skip
def test_the_same_cross_for_every_peer_and_back(cli, tables, tmp_path, target, files, back):
    (tmp_path / "m.tsv").write_text("marker\tchr\tpos_bp\nm1\t1\t100\nm2\t2\t250\n")
    cli("convert", *tables, "--out", "straight")
    done = cli("convert", *tables, "--to", target, "--out", "peer")
    assert done.status == 0
    assert "to peer" in done.out.replace("\n", " ")
    assert files <= {file.name for file in (tmp_path / "peer").iterdir()}
    unit = ["--position-unit", "mbp"] if target == "rqtl-csv" else []
    path = "peer/cross.csv" if target == "rqtl-csv" else "peer"
    assert cli("convert", path, *back, *unit, "--out", "again").status == 0
    lost = ("trait_table",) if target == "rqtl-csv" else ()
    assert_same_data(read_cross(tmp_path / "again"), read_cross(tmp_path / "straight"), but=lost)


def test_tables_of_rqtl_and_matrix_eqtl(cli, tables, tmp_path):
    (tmp_path / "one.csv").write_text("\n".join(RQTL_CSV))
    assert (
        cli("convert", "one.csv", "--crosstype", "dh", "--covariate", "age", "--out", "a").status
        == 0
    )
    assert list(read_cross(tmp_path / "a").covariates) == ["age"]
    rows = [line.split(",") for line in RQTL_CSV]
    sheets = {
        "g.csv": [["id", *rows[0][2:]], *(["", *row[2:]] for row in rows[1:3]),
                  *([f"i{n}", *row[2:]] for n, row in enumerate(rows[3:]))],
        "p.csv": [["id", *rows[0][:2]],
                  *([f"i{n}", *row[:2]] for n, row in enumerate(rows[3:]))],
    }  # fmt: skip
    for name, sheet in sheets.items():
        (tmp_path / name).write_text("\n".join(map(",".join, sheet)))
    done = cli(
        "convert", "--from", "rqtl", "--genotypes", "g.csv", "--traits", "p.csv", "--covariate",
        "age", "--crosstype", "dh", "--out", "b",
    )  # fmt: skip
    assert done.status == 0
    assert read_cross(tmp_path / "b").samples == tuple(f"i{n}" for n in range(8))
    cli("convert", *tables, "--to", "matrixeqtl", "--out", "peer")
    done = cli(
        "convert", "--from", "matrixeqtl", "--genotypes", "peer/SNP.txt", "--traits", "peer/GE.txt",
        "--markers", "peer/snpsloc.txt", "--crosstype", "haploid", "--codes", "0=BY,1=RM", "--out",
        "c",
    )  # fmt: skip
    assert done.status == 0
    assert read_cross(tmp_path / "c").n_markers == 2


def test_a_lenient_convert_warns_and_goes_on(cli, tables, tmp_path):
    text = (tmp_path / "g.tsv").read_text().replace("m2\t1\t1", "m2\t1\t3")
    (tmp_path / "g.tsv").write_text(text)
    done = cli("convert", *tables, "--lenient", "--out", "x")
    assert done.status == 0
    assert done.err.startswith("crossmap: warning: genotype cells that hold no code were read as")
    assert "Missing: 2 genotype calls." in done.out
    manifest = json.loads((tmp_path / "x" / "manifest.json").read_text())
    assert manifest["options"]["lenient"] is True
    assert manifest["notes"][0].startswith("genotype cells that hold no code")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--from", "rqtl", "--genotypes", "g.tsv"], "missing: --traits, --crosstype"),
        (["--genotypes", "g.bed"], "missing: --traits, --crosstype"),
        (["--from", "matrixeqtl", "--traits", "t.tsv"],
         "missing: --genotypes, --markers, --crosstype, --codes"),
        (["--from", "rqtl", "--genotypes", "g.tsv", "--traits", "t.tsv", "--crosstype", "dh",
          "--covariates", "c.tsv"], "R/qtl has no file for --covariates; --covariate names"),
        (["--covariate", "age", "--genotypes", "g.tsv", "--traits", "t.tsv", "--markers", "m.tsv",
          "--crosstype", "dh", "--codes", "1=A,2=B"], "are for --from rqtl"),
        (["one.csv", "--codes", "A=A,B=B"], "crosstype: expected one of haploid, dh"),
    ],
)  # fmt: skip
def test_what_each_format_needs(cli, tables, tmp_path, arguments, message):
    (tmp_path / "one.csv").write_text("\n".join(RQTL_CSV))
    done = cli("convert", *arguments, "--out", "x")
    assert done.status == 2
    assert message in done.err
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--genotypes", "g.tsv"], "missing: --markers, --traits, --crosstype, --codes"),
        ([], "missing: --genotypes, --markers, --traits, --crosstype, --codes"),
        (["one", "--traits", "t.tsv"], "expected CROSS or tables, found one and --traits"),
    ],
)
def test_what_to_read_must_be_said_fully_and_once(cli, tables, tmp_path, arguments, message):
    done = cli("convert", *arguments, "--out", "x")
    assert done.status == 2
    assert message in done.err
    assert not (tmp_path / "x").exists()


def test_a_fault_is_named_with_its_place_and_nothing_is_written(cli, tables, tmp_path):
    text = (tmp_path / "g.tsv").read_text().replace("m2\t1\t1", "m2\t1\t3")
    (tmp_path / "g.tsv").write_text(text)
    before = sorted(tmp_path.iterdir())
    done = cli("convert", *tables, "--out", "x")
    assert done.status == 3
    assert "g.tsv, line 3, column s1: expected" in done.err
    assert "found '3'" in done.err
    assert done.err.count("\n") == 1
    assert sorted(tmp_path.iterdir()) == before


def test_a_foreign_folder_is_left_alone(cli, tables, tmp_path):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "thesis.txt").write_text("years of work")
    done = cli("convert", *tables, "--out", "x")
    assert done.status == 1
    assert "found a folder that holds 'thesis.txt'" in done.err
    assert [file.name for file in (tmp_path / "x").iterdir()] == ["thesis.txt"]
