"""crossmap environment."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from crossmap import condition_linkages, read_cross, save_conditions, simulate_cross
from crossmap.io.rqtl2 import write_rqtl2


@pytest.fixture(scope="module")
def grown(tmp_path_factory):
    """Folder of a cross in two media, the first four traits with opposite effects."""
    made = simulate_cross(n_samples=90, n_traits=8, n_markers=80, seed=2).cross
    is_glucose = np.arange(90) % 2
    values = np.random.default_rng(0).normal(size=(8, 90))
    values[:4] += np.where(is_glucose, 1.5, -1.5) * made.genotypes[30]
    medium = np.where(is_glucose, "glucose", "ethanol")
    table = pd.DataFrame({"medium": medium}, index=pd.Index(made.samples, name="sample"))
    folder = tmp_path_factory.mktemp("grown") / "cross"
    write_rqtl2(replace(made, traits=values, covariates=table), folder)
    return folder


def test_the_folder_holds_what_python_returns(cli, grown, tmp_path):
    arguments = ("--condition", "medium", "--permutations", "99", "--seed", "4")
    done = cli("environment", grown, *arguments, "--out", tmp_path / "out")
    assert (done.status, done.err) == (0, "")
    cross = read_cross(grown)
    found = condition_linkages(cross, condition="medium", n_perm=99, seed=4)
    expected = found.to_frame()
    table = pd.read_csv(tmp_path / "out" / "linkages.tsv", sep="\t", dtype={"chr": str})
    assert table["marker"].tolist() == expected["marker"].tolist()
    np.testing.assert_allclose(table["beta_glucose"], expected["beta_glucose"], rtol=1e-14)
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["conditions"] == {"ethanol": 45, "glucose": 45}
    assert summary["patterns"]["opposite"] == (expected["pattern"] == "opposite").sum() >= 3
    assert summary["n_traits_interaction"] >= 4
    assert len(pd.read_csv(tmp_path / "out" / "thresholds.tsv", sep="\t")) == 16
    counts = pd.read_csv(tmp_path / "out" / "counts.tsv", sep="\t")
    assert counts["n_linkages"].sum() == len(expected)
    assert (tmp_path / "out" / "conditions.png").stat().st_size > 1000
    assert "conditions.png" in (tmp_path / "out" / "report.html").read_text()
    assert "opposite in sign" in " ".join(done.out.split())
    text = save_conditions(found, cross, tmp_path / "saved")
    assert text in done.out
    one, two = (tmp_path / f / "linkages.tsv" for f in ("out", "saved"))
    assert one.read_bytes() == two.read_bytes()


def test_same_bytes_for_any_threads(cli, grown, tmp_path):
    for threads in ("1", "2"):
        out = tmp_path / threads
        arguments = ("--condition", "medium", "--permutations", "19", "--threads", threads)
        assert cli("environment", grown, *arguments, "--out", out).status == 0
    for name in ("linkages.tsv", "thresholds.tsv", "summary.json"):
        one, two = ((tmp_path / t / name).read_bytes() for t in ("1", "2"))
        assert one == two, name


def test_bad_input_is_told_and_nothing_written(cli, grown, tmp_path):
    out = tmp_path / "out"
    done = cli("environment", grown, "--condition", "tissue", "--out", out)
    assert done.status == 2
    assert "condition: expected a column of the covariates (medium), found 'tissue'" in done.err
    done = cli("environment", grown, "--condition", "medium", "--permutations", "9", "--out", out)
    assert done.status == 2
    assert "--permutations: expected at least 19 for alpha 0.05, found 9" in done.err
    assert cli("environment", grown, "--out", out).status == 2
    done = cli(
        "environment", grown, "--condition", "medium", "--individual", "medium", "--out", out
    )
    assert done.status == 3
    assert "expected one measurement in each condition, found" in done.err
    assert not out.exists()
