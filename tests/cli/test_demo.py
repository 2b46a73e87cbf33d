"""crossmap demo: everything the README promises of it."""

import json

import pandas as pd
from processes import crossmap


def test_demo_runs_anywhere_compares_with_the_truth_and_replaces_its_folder(
    cli, tmp_path, monkeypatch
):
    done = crossmap("demo", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert [file.name for file in tmp_path.iterdir()] == ["crossmap-demo"]
    out = tmp_path / "crossmap-demo"
    assert "Results are in crossmap-demo:" in done.stdout
    summary = json.loads((out / "summary.json").read_text())
    truth = summary["truth"]
    assert (
        truth["n_claims"] == summary["n_called"] == len(pd.read_csv(out / "called.tsv", sep="\t"))
    )
    # 221 called, 8.6% of them false, when this was written.
    assert summary["n_called"] > 150
    assert truth["fdr"] < 0.2
    words = " ".join(done.stdout.split())
    assert "The cross is simulated, so the truth is known." in words
    assert f"realised false discovery rate is {100 * truth['fdr']:.1f}%" in words
    for picture in ("pairs", "curves", "cells", "densities", "fdr"):
        assert (out / f"{picture}.png").read_bytes().startswith(b"\x89PNG")
    assert json.loads((out / "manifest.json").read_text())["command"] == "demo"
    before = {file.name: file.read_bytes() for file in out.iterdir()}
    (out / "stale.txt").write_text("of an older version")
    monkeypatch.chdir(tmp_path)
    again = cli("demo", "--threads", "1")
    assert again.out == done.stdout
    after = {file.name: file.read_bytes() for file in out.iterdir()}
    del before["manifest.json"], after["manifest.json"]
    assert before == after
