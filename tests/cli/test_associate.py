"""crossmap associate."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import crossmap
from crossmap.io.rqtl2 import write_rqtl2


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """Folder of a cross in two batches, and a table of four measurements, one behind a trait."""
    folder = tmp_path_factory.mktemp("associate")
    cross = crossmap.simulate_cross(n_samples=60, n_traits=10, n_markers=40, seed=4).cross
    rng = np.random.default_rng(2)
    names = [f"x{k}" for k in range(4)]
    table = pd.DataFrame(rng.normal(size=(4, 60)), index=names, columns=list(cross.samples))
    traits = cross.traits.copy()
    traits[3] = 2.0 * table.loc["x1"].to_numpy() + rng.normal(size=60)
    batch = pd.DataFrame({"batch": [0.0, 1.0] * 30}, index=cross.samples)
    cross = replace(cross, traits=traits, covariates=batch)
    write_rqtl2(cross, folder / "cross")
    # Other samples and another order: names decide.
    shuffled = table.assign(other=0.5)[[*reversed(table.columns), "other"]]
    shuffled.to_csv(folder / "measured.tsv", sep="\t", index_label="id")
    return folder


def read(file):
    return pd.read_csv(file, sep="\t", keep_default_na=False, na_values=["NA"])


def test_the_folder_holds_what_python_returns(cli, measured, tmp_path):
    options = ("--threshold", "0.05", "--covariates", "batch", "--quiet", "--out", tmp_path / "o")
    words = ("--predictors", measured / "measured.tsv", *options)
    done = cli("associate", measured / "cross", *words)
    assert done.status == 0
    assert "1 of 61 samples are not in all tables" in done.err
    cross = crossmap.read_cross(measured / "cross")
    table = pd.read_csv(measured / "measured.tsv", sep="\t", index_col="id").drop(columns="other")
    scan = crossmap.associate(cross, table, covariates=cross.covariates, threshold=0.05)
    expected = scan.to_frame()
    found = read(tmp_path / "o" / "associations.tsv")
    assert list(found.columns) == list(expected.columns)
    assert (
        found[["trait", "predictor"]].values.tolist()
        == expected[["trait", "predictor"]].values.tolist()
    )
    np.testing.assert_allclose(found["beta"], expected["beta"], rtol=1e-14)
    best = read(tmp_path / "o" / "best_by_trait.tsv").set_index("trait")
    assert best.loc[cross.trait_names[3], "predictor"] == "x1"
    summary = json.loads((tmp_path / "o" / "summary.json").read_text())
    assert (summary["n_tests"], summary["n_predictors"]) == (40, 4)
    assert summary["n_associations"] == len(expected)
    manifest = json.loads((tmp_path / "o" / "manifest.json").read_text())
    assert str(measured / "measured.tsv") in manifest["inputs"]
    saved = crossmap.save_associations(scan, cross, tmp_path / "saved")
    assert (tmp_path / "o" / "summary.txt").read_text() == f"{saved}\n"


@pytest.mark.usefixtures("unrendered")
def test_without_predictors_every_trait_meets_every_other(cli, measured, tmp_path):
    options = ("--threshold", "1", "--interactive", "batch", "--out", tmp_path / "o")
    done = cli("associate", measured / "cross", *options)
    assert (done.status, done.err) == (0, "")
    table = read(tmp_path / "o" / "associations.tsv")
    assert len(table) == 90
    assert (table["trait"] != table["predictor"]).all()
    assert "90 tests" in done.out


@pytest.mark.parametrize(
    ("spoil", "options", "status", "message"),
    [
        (None, ("--predictors", "nowhere.tsv"), 3, "nowhere.tsv"),
        (("\t0.5\n", "\thalf\n"), (), 3, "measured.tsv, line 2, column other: expected a number"),
        (("x1\t", "x0\t"), (), 3, "x0"),
        (("seg", "other_"), (), 3, "samples: expected names that all tables share"),
        (None, ("--covariates", "age"), 2, "--covariates: expected a column of the covariates"),
        (None, ("--weights", "age"), 2, "--weights: expected a column of the covariates"),
        (None, ("--threshold", "2"), 2, "--threshold"),
        (None, ("--histogram", "few"), 2, "--histogram"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(
    cli, measured, tmp_path, spoil, options, status, message
):
    text = (measured / "measured.tsv").read_text()
    file = tmp_path / "measured.tsv"
    file.write_text(text if spoil is None else text.replace(*spoil))
    words = options if "--predictors" in options else ("--predictors", file, *options)
    done = cli("associate", measured / "cross", *words, "--out", tmp_path / "out")
    assert done.status == status
    assert message in done.err.splitlines()[-1]
    assert not (tmp_path / "out").exists()
