"""crossmap fill: what is written, read by other commands."""

import json

import pandas as pd
import pytest


@pytest.mark.usefixtures("unrendered")
def test_a_cross_with_missing_calls(cli, small, tmp_path):
    import shutil

    folder = tmp_path / "cross"
    shutil.copytree(small, folder)
    table = pd.read_csv(folder / "geno.csv", dtype=str)
    table.iloc[3:20:4, 1:30:3] = "NA"
    table.to_csv(folder / "geno.csv", index=False)
    done = cli("joint", folder, "--out", tmp_path / "joint")
    assert (done.status, "fill them (crossmap fill)" in done.err) == (3, True)
    done = cli("fill", folder, "--out", tmp_path / "filled")
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith("50 of 12,000 genotype calls were missing")
    summary = json.loads((tmp_path / "filled" / "summary.json").read_text())
    assert (summary["n_missing"], summary["n_filled"], summary["n_left"]) == (50, 50, 0)
    assert 0 < summary["expected_wrong"] < 0.4 * 50
    markers = pd.read_csv(tmp_path / "filled" / "filled_markers.tsv", sep="\t")
    assert markers["n_filled"].sum() == 50
    assert cli("joint", tmp_path / "filled", "--out", tmp_path / "joint").status == 0
    assert cli("fill", folder, "--error-prob", "0.7", "--out", tmp_path / "x").status == 2


@pytest.mark.usefixtures("unrendered")
def test_calls_of_three_genotypes_are_refused_as_the_help_says(cli, tmp_path):
    made = ("--crosstype", "f2", "--samples", 40, "--traits", 3, "--markers", 60)
    assert cli("simulate", *made, "--out", tmp_path / "f2").status == 0
    assert cli("fill", tmp_path / "f2", "--out", tmp_path / "filled").status == 0
    statuses = {
        name: cli(name, tmp_path / "filled", "--out", tmp_path / name).status
        for name in ("check", "scan1", "joint", "scan2", "compare")
    }
    assert statuses == {"check": 0, "scan1": 0, "joint": 3, "scan2": 3, "compare": 3}
    assert "refuse them, filled or not" in " ".join(cli("fill", "--help").out.split())


def test_too_many_doubtful_calls_are_refused_and_may_be_asked_for(cli, tmp_path):
    made = ("--crosstype", "riself", "--samples", 40, "--traits", 3, "--markers", 40)
    assert cli("simulate", *made, "--out", tmp_path / "lines").status == 0
    table = pd.read_csv(tmp_path / "lines" / "geno.csv", dtype=str)
    table.iloc[::2, 1:] = "NA"
    table.to_csv(tmp_path / "lines" / "geno.csv", index=False)
    done = cli("fill", tmp_path / "lines", "--out", tmp_path / "filled")
    assert done.status == 3
    assert "--max-wrong" in done.err
    assert "--genotype-probabilities" in done.err
    assert not (tmp_path / "filled").exists()
    done = cli("fill", tmp_path / "lines", "--max-wrong", 1, "--out", tmp_path / "filled")
    assert (done.status, done.err) == (0, "")
