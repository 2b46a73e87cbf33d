"""A fitted model as files: samples left out are told, one locus and three have a picture too."""

import json
from dataclasses import replace

import numpy as np
import pytest
from examples import example_cross

from crossmap.architecture.fit import fit
from crossmap.errors import ArgumentError
from crossmap.plots.cells import cell_means
from crossmap.report.fit import TABLES, write_fit
from crossmap.simulate import simulate_cross


@pytest.fixture
def holed():
    cross = example_cross("ordinary", seed=4)
    traits = cross.traits.copy()
    traits[1, [3, 5]] = np.nan
    return replace(cross, traits=traits)


@pytest.mark.parametrize("loci", [["m01"], ["m01", "m22", "m09"]])
def test_files_and_what_they_say(holed, tmp_path, loci):
    found = fit(holed, "t1", loci)
    text = write_fit(found, holed, tmp_path)
    assert {f.name for f in tmp_path.iterdir()} == {
        "cells.png", "report.html", "summary.json", "summary.txt",
        *(f"{name}.tsv" for name in TABLES),
    }  # fmt: skip
    assert text.startswith("40 samples, 24 markers on 4 chromosomes")
    assert "38 samples (2 left out: 2 without a value of the trait)" in text
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["n_left_out"] == {"without a value of the trait": 2}
    assert (summary["n_samples"], summary["n_used"]) == (40, 38)
    assert summary["percent_var"] == found.percent_var
    assert (tmp_path / "cells.png").read_bytes().startswith(b"\x89PNG")


def test_the_picture_shows_the_values_not_what_the_model_left(holed, tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(
        "crossmap.report.fit.plot_cells",
        lambda axes, points, loci: drawn.append(cell_means(points)),
    )
    found = fit(holed, "t1", ["m01", "m22"])
    write_fit(found, holed, tmp_path)
    assert np.ptp(found.cell_means["mean"]) > 0.1
    for name in ("n", "mean", "se"):
        np.testing.assert_allclose(drawn[0][name], found.cell_means[name], rtol=1e-12)


def test_of_probabilities_the_picture_shows_the_means_of_the_table(tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(
        "crossmap.report.fit.plot_cells",
        lambda axes, points, means=None, *, loci: drawn.append((means, loci)),
    )
    made = simulate_cross(n_samples=90, n_traits=2, n_markers=60, crosstype="f2", seed=3).cross
    names = made.markers["marker"].iloc[[5, 40, 50]].tolist()
    for n_loci in (1, 2, 3):
        found = fit(made, "g0001", names[:n_loci], genotype_probabilities=True)
        assert found.genotype_probabilities
        write_fit(found, made, tmp_path)
        means, loci = drawn[-1]
        assert list(loci) == ["Q1", "Q2"][:n_loci]
        if n_loci == 3:  # whose combinations are not those that are drawn
            assert means is None
        else:
            np.testing.assert_array_equal(means["mean"], found.cell_means["estimate"])


def test_an_exact_fit_has_no_infinity_in_json(tmp_path):
    cross = example_cross("ordinary", seed=4)
    write_fit(fit(cross, "t7", ["m01", "m22"]), cross, tmp_path)
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["lod"] is None
    assert summary["p_f"] == np.finfo(float).tiny


def test_an_unknown_format_is_refused_before_anything_is_written(holed, tmp_path):
    with pytest.raises(ArgumentError, match="format: expected tsv or parquet"):
        write_fit(fit(holed, "t1", ["m01"]), holed, tmp_path, format="csv")
    assert not list(tmp_path.iterdir())
