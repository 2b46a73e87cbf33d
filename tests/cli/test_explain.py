"""crossmap explain, from a folder to a folder."""

import json

import numpy as np
import pandas as pd
import pytest
from genotyped import awkward_cross, with_traits

from crossmap import explain, read_cross
from crossmap.io.rqtl2 import write_rqtl2

TABLES = (
    "steps", "null", "curves", "loci", "anova", "drop_one", "effects", "cell_means", "data",
)  # fmt: skip


def test_the_folder_holds_what_python_returns(small, tmp_path, cli):
    cross = read_cross(small)
    trait, locus = cross.trait_names[3], cross.markers["marker"][4]
    out = tmp_path / "out"
    done = cli(
        "explain", small, "--trait", trait, "--locus1", locus, "--permutations", 19, "--out", out
    )
    assert (done.status, done.err) == (0, "")
    expected = explain(cross, trait, locus, n_perm=19)
    assert expected.summary() in done.out
    files = {file.name for file in out.iterdir()}
    assert files == {
        "explain.png", "manifest.json", "report.html", "summary.json", "summary.txt",
        *(f"{name}.tsv" for name in TABLES),
    }  # fmt: skip
    steps = pd.read_csv(out / "steps.tsv", sep="\t")
    np.testing.assert_allclose(steps["f"], expected.steps["f"], rtol=1e-12)
    assert json.loads((out / "summary.json").read_text())["steps"][0]["marker"] == locus


@pytest.mark.parametrize(
    ("more", "status", "message"),
    [
        (["--trait", "nope"], 2, "--trait: expected names of the cross, found 'nope'"),
        (["--trait", "g0001", "--locus2", "nope"], 2, "locus2: expected a marker"),
        (["--trait", "g1"], 2, "found 'g1' (did you mean g0001?)\n"),
        (["--trait", "g0001", "--locus1", "M01"], 2, "found 'M01' (did you mean m01_"),
        ([], 2, "Missing option '--trait'"),
    ],
)
def test_what_cannot_be_explained_is_one_line_and_writes_nothing(
    small, tmp_path, cli, more, status, message
):
    done = cli("explain", small, *more, "--out", tmp_path / "out")
    assert (done.status, done.err.count("\n")) == (status, 1)
    assert message in done.err
    assert not list(tmp_path.iterdir())


def test_an_intercross_with_x_and_missing_calls(tmp_path, cli):
    cross = with_traits(awkward_cross("f2", n_samples=80))
    write_rqtl2(cross, tmp_path / "f2")
    out = tmp_path / "out"
    more = ("--trait", "t0", "--permutations", 9, "--out", out)
    refused = cli("explain", tmp_path / "f2" / "cross.yaml", *more)
    assert (refused.status, refused.err.count("\n")) == (3, 1)
    assert "--genotype-probabilities" in refused.err
    assert not out.exists()
    done = cli("explain", tmp_path / "f2" / "cross.yaml", *more, "--genotype-probabilities")
    assert (done.status, done.err) == (0, "")
    expected = explain(read_cross(tmp_path / "f2" / "cross.yaml"), "t0", n_perm=9,
                       genotype_probabilities=True)  # fmt: skip
    assert expected.summary() in done.out
    assert (out / "explain.png").exists()
    cells = pd.read_csv(out / "cell_means.tsv", sep="\t")
    np.testing.assert_allclose(cells["estimate"], expected.fit.cell_means["estimate"], rtol=1e-12)
    assert json.loads((out / "summary.json").read_text())["genotype_probabilities"] is True
