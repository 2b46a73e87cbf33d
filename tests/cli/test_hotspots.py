"""crossmap hotspots, from a folder to a folder."""

import json

import numpy as np
import pandas as pd
import pytest

from crossmap import find_hotspots, joint_linkage, read_cross

TABLES = ("hotspots", "regions", "members", "genes", "components", "permutations", "units")
OTHER = ["hotspots.png", "manifest.json", "report.html", "summary.json", "summary.txt"]
CONTRACT = [
    "chr", "start_bp", "end_bp", "n_traits", "n_loci", "expected", "threshold", "p_value",
    "q_value", "significant",
]  # fmt: skip
QUICK = ("--threshold", "1e-3", "--permutations", "39")


def read(folder, name):
    return pd.read_csv(folder / f"{name}.tsv", sep="\t", dtype={"chr": str})


def test_tables_read_back_to_what_python_returns(small, tmp_path, cli):
    out = tmp_path / "out"
    done = cli("hotspots", small, *QUICK, "--out", out)
    assert (done.status, done.err) == (0, "")
    assert sorted(f.name for f in out.iterdir()) == sorted([*OTHER, *(f"{t}.tsv" for t in TABLES)])
    expected = find_hotspots(read_cross(small), threshold=1e-3, n_perm=39)
    bins = read(out, "hotspots")
    assert list(bins.columns)[:10] == CONTRACT
    np.testing.assert_array_equal(bins["n_traits"], expected.bins["n_traits"])
    np.testing.assert_allclose(bins["p_value"], expected.bins["p_value"], rtol=1e-12)
    assert len(read(out, "members")) == len(expected.members())
    summary = json.loads((out / "summary.json").read_text())
    for name in ("n_hotspots", "n_linkages", "threshold_permutation", "kind", "n_perm", "seed"):
        assert summary[name] == expected.summary()[name]
    assert summary["units"]["all"]["n_linkages"] == len(expected.linkages)
    assert (out / "summary.txt").read_text() in done.out
    assert (out / "hotspots.png").read_bytes().startswith(b"\x89PNG")
    assert json.loads((out / "manifest.json").read_text())["options"]["threshold"] == 1e-3


@pytest.mark.usefixtures("unrendered")
def test_joint_linkages_gene_sets_and_parquet(small, tmp_path, cli):
    cross = read_cross(small)
    sets = tmp_path / "sets.gmt"
    names = "\t".join(cross.trait_names[:40])
    sets.write_text(f"first forty\t-\t{names}\tnowhere\n")
    out = tmp_path / "out"
    asked = ("--joint", "--kind", "all", "--permutations", "19", "--gene-sets", sets)
    done = cli("hotspots", small, *asked, "--format", "parquet", "--out", out)
    assert (done.status, done.err) == (0, "")
    summary = json.loads((out / "summary.json").read_text())
    joint = joint_linkage(cross, seed=1)
    assert summary["n_linkages"] == 2 * joint.is_called(0.10).sum()
    assert summary["source"] == "joint"
    assert summary["n_gene_set_genes_unknown"] == 1
    assert "1 gene of the sets are no traits" in done.out or "n_enrichment_tests" in summary
    assert "enrichment.parquet" in {f.name for f in out.iterdir()}
    inputs = json.loads((out / "manifest.json").read_text())["inputs"]
    assert str(sets) in inputs


def test_nothing_called_is_a_result(small, tmp_path, cli):
    done = cli("hotspots", small, "--threshold", "1e-80", "--permutations", "19",
               "--out", tmp_path / "out")  # fmt: skip
    assert done.status == 0
    assert "No hot spot" in done.out
    for name in ("regions", "members", "genes", "components"):
        assert len(read(tmp_path / "out", name)) == 0


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (
            ["--permutations", "5"],
            2,
            "--permutations: expected 0 or at least 19 for alpha 0.05, found 5",
        ),
        (["--local-window-bp", "-1"], 2, "--local-window-bp: expected a number of at least 0"),
        (["--kind", "cis"], 2, "'cis' is not one of"),
        (["--gene-sets", "nowhere.gmt"], 3, "expected a file, found none of this name"),
    ],
)
def test_what_is_refused_is_one_line_and_writes_nothing(
    small, tmp_path, cli, arguments, status, message
):
    done = cli("hotspots", small, *arguments, "--out", tmp_path / "out")
    assert done.status == status
    assert message in done.err
    assert done.err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_same_seed_same_bytes(small, tmp_path, cli):
    for name, threads in (("a", "1"), ("b", "3")):
        asked = ("--threads", threads, "--out", tmp_path / name, "--quiet")
        assert cli("hotspots", small, *QUICK, *asked).status == 0
    for file in (tmp_path / "a").iterdir():
        if file.name != "manifest.json":
            assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes(), file.name
