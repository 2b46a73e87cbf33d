"""crossmap fit, from a folder to a folder."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from crossmap import fit, read_cross

TABLES = ("loci", "anova", "drop_one", "effects", "cell_means", "data")
OTHER = ["cells.png", "manifest.json", "report.html", "summary.json", "summary.txt"]
READ = 1e-12  # pandas 2 reads no more than 15 decimals


@pytest.fixture(scope="module")
def names(small):
    cross = read_cross(small)
    markers = cross.markers["marker"]
    return cross.trait_names[3], [markers[4], markers[70], markers[100]]


def asked(small, trait, loci, out, *more):
    named = [part for locus in loci for part in ("--locus", locus)]
    return ["fit", small, "--trait", trait, *named, "--out", out, *more]


def read(folder, name):
    return pd.read_csv(folder / f"{name}.tsv", sep="\t", dtype={"chr": str})


def test_tables_read_back_to_what_python_returns(small, names, tmp_path, cli):
    trait, loci = names
    done = cli(*asked(small, trait, loci[:2], tmp_path / "out"))
    assert (done.status, done.err) == (0, "")
    out = tmp_path / "out"
    assert sorted(f.name for f in out.iterdir()) == sorted([*OTHER, *(f"{t}.tsv" for t in TABLES)])
    expected = fit(read_cross(small), trait, loci[:2])
    for name in TABLES:
        table, back = getattr(expected, name), read(out, name)
        assert list(back.columns) == list(table.columns)
        for column in table.columns:
            if table[column].dtype.kind == "f":
                np.testing.assert_allclose(back[column], table[column], rtol=READ)
    assert expected.summary() in done.out
    assert (out / "summary.txt").read_text() in done.out
    assert f"Results are in {out}:" in done.out


def test_summary_and_manifest(small, names, tmp_path, cli):
    trait, loci = names
    formula = "Q1*Q2 + Q3"
    out = tmp_path / "out"
    assert cli(*asked(small, trait, loci, out, "--formula", formula)).status == 0
    summary = json.loads((out / "summary.json").read_text())
    expected = fit(read_cross(small), trait, loci, formula=formula)
    assert summary["formula"] == expected.formula == "y ~ Q1 + Q2 + Q3 + Q1:Q2"
    assert summary["loci"] == loci
    assert (summary["n_samples"], summary["n_used"], summary["n_left_out"]) == (100, 100, {})
    assert summary["lod"] == expected.lod
    assert summary["df"] == [4, 95]
    assert summary["effects"]["Q1:Q2"]["estimate"] == expected.effects["estimate"][4]
    assert summary["coding"] == {"A": -1.0, "B": 1.0}
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["command"] == "fit"
    assert manifest["options"]["loci"] == loci
    assert manifest["options"]["formula"] == formula


def test_parquet_and_quiet(small, names, tmp_path, cli):
    trait, loci = names
    done = cli(*asked(small, trait, loci[:1], tmp_path / "o", "--format", "parquet", "--quiet"))
    assert (done.status, done.out, done.err) == (0, "", "")
    effects = pd.read_parquet(tmp_path / "o" / "effects.parquet")
    assert effects["term"].tolist() == ["Intercept", "Q1"]


@pytest.mark.parametrize(
    ("change", "status", "message"),
    [
        ({"trait": "nope"}, 2, "--trait: expected names of the cross, found 'nope'"),
        ({"loci": ["nope"]}, 2, "--locus: expected names of the cross, found 'nope'"),
        ({"more": ["--formula", "Q1*Q9"]}, 2, "found 'Q9'"),
        ({"loci": []}, 2, "Missing option '--locus'"),
    ],
)
def test_what_cannot_be_fitted_is_one_line_and_writes_nothing(
    small, names, tmp_path, cli, change, status, message
):
    how = {"trait": names[0], "loci": names[1][:2], "more": []} | change
    done = cli(*asked(small, how["trait"], how["loci"], tmp_path / "out", *how["more"]))
    assert done.status == status
    assert message in done.err
    assert done.err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_terms_that_cannot_be_told_apart_are_warned_of(small, names, tmp_path, cli):
    cross = read_cross(small)
    genotypes = cross.genotypes.tolist()
    same = next(
        (a, b)
        for a in range(len(genotypes))
        for b in range(a + 1, len(genotypes))
        if genotypes[a] == genotypes[b]
    )
    loci = [cross.markers["marker"][row] for row in same]
    done = cli(*asked(small, names[0], loci, tmp_path / "out"))
    assert done.status == 0
    assert done.err.startswith("crossmap: warning: Q2, Q1:Q2: expected terms that can be told")
    effects = read(tmp_path / "out", "effects")
    assert effects["estimate"].isna().tolist() == [False, False, True, True]


def test_probabilities_of_an_intercross(cli, tmp_path):
    file = Path(__file__).parents[1] / "reference" / "rqtl_fit" / "in_f2.csv"
    out = tmp_path / "out"
    done = cli(
        "fit", file, "--crosstype", "f2", "--trait", "g0001", "--locus", "m01_0112798",
        "--locus", "m02_0083891", "--genotype-probabilities", "--error-prob", "0.001",
        "--out", out,
    )  # fmt: skip
    assert done.status == 0, done.err
    effects = pd.read_csv(out / "effects.tsv", sep="\t", keep_default_na=False)
    assert effects["term"].tolist()[:4] == ["Intercept", "Q1a", "Q1d", "Q2a"]
    assert len(effects) == 9
    done = cli("fit", file, "--crosstype", "f2", "--trait", "g0001", "--locus", "m01_0112798",
               "--out", tmp_path / "calls")  # fmt: skip
    assert done.status == 3
    assert "or --genotype-probabilities" in done.err
