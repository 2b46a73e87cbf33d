"""crossmap score, from folders to a table."""

import json

import pandas as pd

from crossmap import score


def test_a_joint_analysis_is_scored(cli, small, analysed, tmp_path):
    done = cli("score", analysed, small, "--out", tmp_path / "scores")
    assert (done.status, done.err) == (0, "")
    expected = score(analysed, small)
    table = pd.read_csv(tmp_path / "scores" / "score.tsv", sep="\t")
    pd.testing.assert_frame_equal(table, expected.to_frame(), check_dtype=False)
    reliability = pd.read_csv(tmp_path / "scores" / "reliability.tsv", sep="\t")
    assert reliability["n"].sum() == 150
    summary = json.loads((tmp_path / "scores" / "summary.json").read_text())
    assert [row["nominal_fdr"] for row in summary["scores"]] == [0.01, 0.05, 0.1, 0.2]
    manifest = json.loads((tmp_path / "scores" / "manifest.json").read_text())
    assert len(manifest["inputs"]) == 2
    assert "within 20 cM" in done.out
    assert f"{expected.scores[2].n_claims:,}" in done.out


def test_other_tools_tables_and_options(cli, small, tmp_path):
    truth = pd.read_csv(small / "truth.tsv", sep="\t", dtype={"chr": str}).query("locus == 1")
    markers = pd.read_csv(small / "gmap.csv", comment="#")
    first = truth["trait"].iloc[0]
    (tmp_path / "eqtl.txt").write_text(
        "snps\tgene\tstatistic\tpvalue\tFDR\tbeta\n"
        f"{markers['marker'][0]}\t{first}\t5\t1e-6\t0.03\t1\n"
    )
    done = cli("score", tmp_path / "eqtl.txt", small, "--levels", "0.02,0.05", "--within-cm", 1e6)
    assert done.status == 0
    rows = [line.split() for line in done.out.splitlines()[1:3]]
    assert [row[:2] for row in rows] == [["2.0%", "0"], ["5.0%", "1"]]
    renamed = tmp_path / "t.csv"
    renamed.write_text(f"probe,chr,pos_cm\n{first},1,5\n")
    done = cli("score", renamed, small / "truth.tsv", "--columns", "trait=probe")
    assert (done.status, done.err) == (0, "")


def test_what_cannot_be_scored_is_refused(cli, small, tmp_path):
    done = cli("score", tmp_path, small)
    assert (done.status, "expected joint.tsv" in done.err) == (3, True)
    (tmp_path / "t.csv").write_text("trait,chr,pos_cm\nnobody,1,5\n")
    done = cli("score", tmp_path / "t.csv", small)
    assert (done.status, "found 'nobody'" in done.err) == (3, True)
    first = pd.read_csv(small / "truth.tsv", sep="\t")["trait"][0]
    for cells, message in (
        ("IV,5", "column chr: expected a chromosome of"),
        ("1,9e5", "look like bp"),
    ):
        (tmp_path / "u.csv").write_text(f"trait,chr,pos\n{first},1,5\n{first},{cells}\n")
        done = cli("score", tmp_path / "u.csv", small)
        assert (done.status, f"{tmp_path / 'u.csv'}, line 3, column" in done.err) == (3, True)
        assert message in done.err
    done = cli("score", tmp_path / "t.csv", small, "--levels", "2")
    assert (done.status, "levels: expected" in done.err) == (2, True)
