"""Surfaces as files: what is written, what it says, names of traits that no file can have."""

import json

import numpy as np
import pandas as pd
import pytest
from examples import example_cross
from genotyped import awkward_cross, with_traits

from crossmap.errors import ArgumentError
from crossmap.io.results import write_summary
from crossmap.linkage.surface import trait_surface
from crossmap.report.surface import write_surfaces

TRAITS = ("t1", "t0", "t7")
READ = 1e-12  # pandas 2 reads no more than 15 decimals


@pytest.fixture(scope="module")
def surfaces():
    cross = example_cross("ordinary", seed=3)
    return [trait_surface(cross, name, n_perm=19) for name in TRAITS]


@pytest.fixture(scope="module")
def written(surfaces, tmp_path_factory):
    folder = tmp_path_factory.mktemp("surfaces")
    return folder, write_surfaces(iter(surfaces), folder, traits=TRAITS, alpha=0.1)


def read(folder, name):
    return pd.read_csv(
        folder / f"{name}.tsv",
        sep="\t",
        dtype={"chr1": str, "chr2": str},
    )


def test_files(written):
    assert sorted(file.name for file in written[0].iterdir()) == sorted(
        ["surface_summary.tsv", "surface_thresholds.tsv", "surface_null.tsv"]
        + [f"surface_{name}.{ending}" for name in TRAITS for ending in ("parquet", "png")]
    )


def test_summary_holds_all_traits_and_what_is_called(surfaces, written):
    table = read(written[0], "surface_summary")
    assert table["trait"].drop_duplicates().tolist() == list(TRAITS)
    for surface in surfaces:
        mine = surface.summary()
        rows = table[table["trait"] == surface.trait].reset_index(drop=True)
        called = surface.thresholds.is_called(mine, alpha=0.1)
        assert rows["called"].tolist() == called.tolist()
        for column in mine.columns:
            if mine[column].dtype.kind == "f":
                np.testing.assert_allclose(rows[column], mine[column], rtol=READ)
            else:
                assert rows[column].tolist() == mine[column].tolist()


def test_pairs_read_back(surfaces, written):
    back = pd.read_parquet(written[0] / "surface_t1.parquet")
    pairs = surfaces[0].to_frame()
    assert list(back.columns) == list(pairs.columns)
    np.testing.assert_array_equal(back["lod_full"], pairs["lod_full"])
    assert back["locus2"].tolist() == pairs["locus2"].tolist()


def test_thresholds_and_their_permutations(surfaces, written):
    limits, null = (read(written[0], f"surface_{name}") for name in ("thresholds", "null"))
    assert limits["trait"].tolist() == list(TRAITS)
    assert (limits["n_perm"] == 19).all()
    assert (limits["alpha"] == 0.1).all()
    full = surfaces[0].thresholds.quantiles(0.1)["full"]
    assert limits["lod_full"][0] == pytest.approx(full, rel=READ)
    assert len(null) == 3 * 19
    of_second = null[null["trait"] == "t0"]
    np.testing.assert_allclose(of_second["lod_int"], surfaces[1].thresholds.maxima[:, 2], rtol=READ)


def test_numbers_and_words(surfaces, written, tmp_path):
    report = written[1]
    entry = report.summary[0]
    table = surfaces[0].summary()
    best = table.iloc[table["lod_full"].to_numpy().argmax()]
    assert entry["trait"] == "t1"
    assert entry["best"]["loci"] == [best["locus1f"], best["locus2f"]]
    assert entry["best"]["lod_full"] == best["lod_full"]
    assert entry["n_pairs"] == len(surfaces[0].to_frame())
    assert entry["files"] == ["surface_t1.parquet", "surface_t1.png"]
    assert entry["n_called"] == surfaces[0].thresholds.is_called(table, alpha=0.1).sum()
    summary = json.loads(write_summary({"surfaces": report.summary}, tmp_path).read_text())
    assert summary["surfaces"][2]["best"]["lod_full"] is None  # infinite: JSON has none
    first = report.text.split("\n\n")[0].replace("\n", " ")
    assert first.startswith("Trait t1: 210 pairs of 21 loci, 40 samples. The full")
    assert f"LOD {best['lod_full']:.2f}" in first
    assert "Thresholds of 19 permutations at a genome-wide error rate of 0.1: full" in first
    assert len(report.text.split("\n\n")) == 3


@pytest.mark.usefixtures("unrendered")
def test_without_permutations_nothing_is_called_and_nothing_claimed(tmp_path):
    cross = example_cross("ordinary", seed=3)
    report = write_surfaces(
        [trait_surface(cross, "t1")], tmp_path, traits=["t1"], upper="full", format="parquet"
    )
    table = pd.read_parquet(tmp_path / "surface_summary.parquet")
    assert table["called"].isna().all()
    assert len(pd.read_parquet(tmp_path / "surface_null.parquet")) == 0
    assert "hreshold" not in report.text
    assert report.summary[0]["thresholds"] is None


@pytest.mark.usefixtures("unrendered")
def test_names_that_no_file_can_have(tmp_path):
    cross = example_cross("ordinary", seed=3)
    names = ["t1", "../T1", "t/1"]
    renamed = cross.trait_table.assign(trait=[*names, *cross.trait_names[3:]])
    cross = type(cross)(**{**vars(cross), "trait_table": renamed})
    write_surfaces((trait_surface(cross, n) for n in names), tmp_path, traits=names)
    pictures = sorted(file.name for file in tmp_path.glob("*.png"))
    assert pictures == ["surface_T1_2.png", "surface_t1.png", "surface_t_1.png"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"alpha": 2}, "alpha: expected"),
        ({"upper": "f"}, "upper: expected full or add or int or fv1 or av1, found 'f'"),
        ({"lower": "x"}, "lower: expected full or add or int or fv1 or av1, found 'x'"),
        ({"format": "csv"}, "format: expected tsv or parquet"),
    ],
)  # fmt: skip
def test_options_out_of_range_are_refused_before_anything_is_written(tmp_path, options, message):
    with pytest.raises(ArgumentError, match=message):
        write_surfaces([], tmp_path, traits=[], **options)
    assert not list(tmp_path.iterdir())


def test_thresholds_of_pairs_with_x_are_told_and_written_apart(tmp_path):
    cross = with_traits(awkward_cross("f2", n_samples=90, n_markers=12))
    surface = trait_surface(cross, "t1", n_perm=19, genotype_probabilities=True)
    report = write_surfaces(iter([surface]), tmp_path, traits=["t1"], alpha=0.2)
    entry = report.summary[0]
    assert entry["thresholds"] is None
    assert [one["region"] for one in entry["regions"]] == ["A:A", "A:X", "X:X"]
    assert sum(one["share_of_area"] for one in entry["regions"]) == pytest.approx(1.0)
    text = " ".join(report.text.split())
    for one in entry["regions"]:
        assert f"{one['region']} ({one['n_perm']:,} permutations, " in text
        assert f"full {one['thresholds']['full']:.2f}" in text
    limits, null = (read(tmp_path, f"surface_{name}") for name in ("thresholds", "null"))
    assert limits["region"].tolist() == ["A:A", "A:X", "X:X"]
    assert limits["n_perm"].tolist() == null["region"].value_counts(sort=False).tolist()
    write_summary({"surfaces": report.summary}, tmp_path)
