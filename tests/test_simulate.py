from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from crossmap import simulate
from crossmap.errors import ArgumentError, DataError
from crossmap.io.read import read_cross
from crossmap.io.truth import TRUTH_COLUMNS, TRUTH_FILE, read_truth
from crossmap.simulate import GENOTYPE_NAMES, simulate_cross, write_simulation
from crossmap.trait_model import TraitModel

FALSE_ALARM = 1e-4  # of each test that states a bound, all its comparisons together
SMALL = {"n_samples": 30, "n_traits": 12, "n_markers": 60, "n_parent_replicates": 2}


def assert_same_cross(a, b):
    """All data alike; the report of reading left aside."""
    for name in ("crosstype", "genotype_names", "samples", "description"):
        assert getattr(a, name) == getattr(b, name), name
    assert np.array_equal(a.genotypes, b.genotypes)
    assert np.array_equal(a.traits, b.traits)
    for name in ("markers", "trait_table", "parents", "covariates"):
        pd.testing.assert_frame_equal(
            getattr(a, name),
            getattr(b, name),
            check_exact=True,
            check_names=False,
            check_column_type=False,
        )


def test_same_seed_same_bytes_and_another_seed_others(tmp_path):
    for folder, seed in (("one", 5), ("two", 5), ("other", 6)):
        write_simulation(simulate_cross(**SMALL, seed=seed), tmp_path / folder)
    names = sorted(p.name for p in (tmp_path / "one").iterdir())
    assert {TRUTH_FILE, "cross.yaml", "geno.csv", "pheno.csv"} <= set(names)
    for name in names:
        one, two, other = ((tmp_path / f / name).read_bytes() for f in ("one", "two", "other"))
        assert one == two, name
        assert (one != other) == (name != "covar.csv"), name


def test_more_traits_or_other_markers_leave_the_rest_alone():
    few = simulate_cross(**SMALL)
    more = simulate_cross(**(SMALL | {"n_traits": 20, "n_parent_replicates": 0}))
    assert np.array_equal(few.cross.genotypes, more.cross.genotypes)
    assert np.array_equal(few.cross.traits, more.cross.traits[:12])
    first = more.truth[more.truth["trait"] <= "g0012"].reset_index(drop=True)
    pd.testing.assert_frame_equal(few.truth, first)

    other_markers = simulate_cross(**(SMALL | {"n_markers": 61}), even_markers=True)
    assert np.array_equal(few.cross.traits, other_markers.cross.traits)
    pd.testing.assert_frame_equal(few.truth, other_markers.truth)

    larger = simulate_cross(**(SMALL | {"n_samples": 31}))
    pd.testing.assert_frame_equal(few.truth, larger.truth)


def test_truth_and_cross_survive_writing(tmp_path):
    made = simulate_cross(**SMALL, crosstype="riself", seed=2)
    write_simulation(made, tmp_path / "new" / "folder")
    assert_same_cross(read_cross(tmp_path / "new" / "folder"), made.cross)
    truth = read_truth(tmp_path / "new" / "folder" / TRUTH_FILE)
    pd.testing.assert_frame_equal(truth, made.truth, check_exact=True)


def test_truth_table_is_whole():
    made = simulate_cross(**(SMALL | {"n_traits": 200}))
    truth = made.truth
    assert tuple(truth.columns) == TRUTH_COLUMNS
    assert tuple(truth["trait"].unique()) == made.cross.trait_names
    for _, rows in truth.groupby("trait"):
        n_loci = len(rows) if rows["locus"].iloc[0] else 0
        assert set(rows["n_loci"]) == {n_loci}
        assert rows["locus"].tolist() == (list(range(1, n_loci + 1)) or [0])
    without = truth[truth["locus"] == 0]
    assert len(without) > 20
    assert set(without["kind"]) == {"none"}
    assert (
        without[["pos_bp", "pos_cm", "effect", "interaction_effect", "variance_share"]]
        .isna()
        .all(axis=None)
    )
    assert without["chr"].isna().all()
    assert truth.loc[truth["locus"] > 0].notna().all(axis=None)
    local = truth[truth["role"] == "local"].merge(made.cross.trait_table, on="trait")
    assert len(local) > 10
    assert (local["chr_x"] == local["chr_y"]).all()
    low, high = local[["start_bp", "end_bp"]].min(axis=1), local[["start_bp", "end_bp"]].max(axis=1)
    assert local["pos_bp"].between(low, high).all()


def test_positions_are_whole_base_pairs_and_their_centimorgans():
    lengths = {"I": 50_000, "II": 400_000}
    made = simulate_cross(**SMALL, chromosome_lengths_bp=lengths, cm_per_mb=370.0)
    for table in (made.cross.markers, made.truth[made.truth["locus"] > 0]):
        assert (table["pos_bp"] % 1 == 0).all()
        assert table["pos_bp"].between(1, table["chr"].map(lengths)).all()
        assert np.allclose(table["pos_cm"], table["pos_bp"] * 0.37 / 1000, rtol=0, atol=1e-6)
    assert made.cross.chromosomes == ("I", "II")
    assert made.cross.markers["marker"][0].startswith("m0I_")


@pytest.mark.parametrize("crosstype", list(GENOTYPE_NAMES))
def test_each_cross_type_has_its_genotypes(crosstype):
    cross = simulate_cross(**SMALL, crosstype=crosstype).cross
    assert cross.crosstype == crosstype
    assert cross.genotype_names == GENOTYPE_NAMES[crosstype]
    assert set(np.unique(cross.genotypes)) == set(range(cross.n_genotypes))
    assert set(cross.parents["parent"]) == {cross.genotype_names[0], cross.genotype_names[-1]}


def test_names_stand_in_the_order_of_numbers():
    cross = simulate_cross(n_samples=1001, n_traits=2, n_markers=2, n_parent_replicates=0).cross
    assert cross.samples[:2] == ("seg0001", "seg0002")
    assert cross.samples[-1] == "seg1001"
    assert cross.trait_names == ("g0001", "g0002")
    assert cross.parents.empty


def test_parents_have_the_genetic_value_of_their_genotype():
    n = 2000
    model = TraitModel(n_loci_shares=(0.1, 0.2, 0.4, 0.3), variance_ratio=2.0)
    made = simulate_cross(
        n_samples=5, n_traits=30, n_markers=2, n_parent_replicates=n, trait_model=model
    )
    means = made.cross.parents.groupby("parent").mean()
    loci = made.truth.fillna({"effect": 0.0, "interaction_effect": 0.0}).groupby("trait")
    main, product = loci["effect"].sum(), loci["interaction_effect"].first()
    assert (made.cross.parents["parent"] == "A").sum() == n
    # Noise variances 2/3 and 4/3 of the genotypes of locus 1, rounding aside; 60 comparisons.
    bound = stats.norm.isf(FALSE_ALARM / 60 / 2) * np.sqrt(4 / 3 / n)
    assert (means.loc["A"] - (product - main)).abs().max() < bound
    assert (means.loc["B"] - (product + main)).abs().max() < bound
    assert (means.loc["A"] - means.loc["B"]).abs().max() > 10 * bound


def test_traits_follow_from_the_genotypes_of_the_nearest_markers():
    model = TraitModel(n_loci_shares=(0.0, 0.5, 0.5), pair_kind_shares=(0.5, 0.4, 0.1))
    lengths = {"1": 300_000, "2": 300_000}
    n = 3000
    made = simulate_cross(
        n_samples=n, n_traits=25, n_markers=1200, chromosome_lengths_bp=lengths,
        even_markers=True, trait_model=model, n_parent_replicates=0, seed=4,
    )  # fmt: skip
    markers, x = made.cross.markers, 2.0 * made.cross.genotypes - 1
    bound = stats.norm.isf(FALSE_ALARM / 100 / 2)
    for row, (_, loci) in enumerate(made.truth.groupby("trait")):
        nearest = [
            (markers["pos_bp"] - pos_bp).abs().where(markers["chr"] == chromosome).idxmin()
            for chromosome, pos_bp in zip(loci["chr"], loci["pos_bp"], strict=True)
        ]
        terms = [np.ones(n), *x[nearest]]
        truth = [0.0, *loci["effect"]]
        if len(nearest) == 2:
            terms.append(terms[1] * terms[2])
            truth.append(loci["interaction_effect"].iloc[0])
        inverse = np.linalg.inv(np.array(terms) @ np.array(terms).T)
        estimate = inverse @ np.array(terms) @ made.cross.traits[row]
        # A marker at most 0.1 cM away recombines with its locus once in 1,000: 0.2% per locus.
        slack = 0.004 * np.abs(truth).sum()
        assert (np.abs(estimate - truth) < bound * np.sqrt(np.diag(inverse)) + slack).all()


def test_genotype_errors_come_at_their_rate_and_leave_traits_alone():
    without = simulate_cross(**SMALL)
    wrong = simulate_cross(**SMALL, error_prob=0.05)
    n = without.cross.genotypes.size
    count = int((without.cross.genotypes != wrong.cross.genotypes).sum())
    low, high = stats.binom.interval(1 - FALSE_ALARM, n, 0.05)
    assert low <= count <= high
    assert np.array_equal(without.cross.traits, wrong.cross.traits)


def test_the_smallest_cross_can_be_made():
    made = simulate_cross(n_samples=1, n_traits=1, n_markers=1, n_parent_replicates=0)
    assert made.cross.genotypes.shape == (1, 1)
    assert np.isfinite(made.cross.traits).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_samples": 0}, "n_samples: expected a whole number of at least 1, found 0"),
        ({"n_traits": 2.5}, "n_traits: expected a whole number"),
        ({"n_markers": 0}, "n_markers: expected a whole number"),
        ({"n_parent_replicates": -1}, "n_parent_replicates: expected .* at least 0, found -1"),
        ({"seed": -1}, "seed: expected a whole number of at least 0, found -1"),
        (
            {"crosstype": "ail"},
            "crosstype: expected one of haploid, dh, riself, risib, bc, f2, found",
        ),
        ({"error_prob": 0.6}, "error_prob: expected"),
        ({"error_prob": float("nan")}, "error_prob: expected"),
        ({"chromosome_lengths_bp": {}}, "chromosome_lengths_bp: expected"),
        ({"cm_per_mb": -1.0}, "cm_per_mb: expected"),
        ({"n_markers": 11, "chromosome_lengths_bp": {"1": 10}}, "n_markers: expected at most"),
    ],
)
def test_impossible_arguments_are_refused(options, message):
    with pytest.raises(ArgumentError, match=message):
        simulate_cross(**(SMALL | options))


@pytest.fixture(scope="module")
def demo():
    return simulate_cross()


def test_shipped_cross_is_what_the_defaults_make(demo):
    folder = simulate.demo_folder()
    assert_same_cross(read_cross(folder / "cross.yaml"), demo.cross)
    pd.testing.assert_frame_equal(read_truth(folder / TRUTH_FILE), demo.truth, rtol=1e-12)


def test_shipped_cross_is_small_and_named_in_its_readme():
    folder = simulate.demo_folder()
    files = {path.name: path.stat().st_size for path in folder.iterdir()}
    assert sum(files.values()) < 3e6
    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert [name for name in files if f"`{name}`" not in readme and name != "README.md"] == []


def test_shipped_cross_is_worth_a_demonstration(demo):
    assert demo.cross.n_samples == 112
    assert demo.cross.n_markers == 1200
    assert demo.cross.n_traits == 800
    assert len(demo.cross.chromosomes) == 16
    assert demo.cross.parents["parent"].tolist() == ["A"] * 6 + ["B"] * 6
    per_trait = demo.truth.drop_duplicates("trait")
    assert set(per_trait["n_loci"]) == {0, 1, 2, 3}
    assert (per_trait["n_loci"] >= 2).sum() >= 250
    assert set(per_trait["kind"]) == {
        "none", "single", "additive", "epistatic", "epistasis_only",
    }  # fmt: skip
    roles = demo.truth["role"].value_counts()
    assert roles["hotspot"] >= 45
    assert roles["pair"] >= 30
    assert roles["local"] >= 80


def test_shipped_cross_is_found_in_a_wheel_first_then_in_the_clone(tmp_path, monkeypatch):
    package = tmp_path / "crossmap"
    monkeypatch.setattr(simulate, "__file__", str(package / "simulate.py"))
    with pytest.raises(DataError, match="expected the shipped cross, found none"):
        simulate.demo_folder()
    for folder in (tmp_path / "data", package / "_data"):
        folder.mkdir(parents=True)
        (folder / "cross.yaml").touch()
        assert simulate.demo_folder() == folder


def test_a_simulated_cross_can_be_changed_but_not_in_place(demo):
    with pytest.raises(AttributeError):
        demo.seed = 2
    assert replace(demo, seed=2).seed == 2
    assert isinstance(simulate.demo_folder(), Path)


@pytest.mark.parametrize("crosstype", ["risib", "f2"])
def test_crosses_of_every_type_have_the_variance_they_promise(crosstype):
    model = TraitModel(n_loci_shares=(0.0, 0.0, 1.0, 0.0), variance_share=(0.2, 0.2))
    simulated = simulate_cross(
        n_samples=400, n_traits=60, n_markers=200, crosstype=crosstype, trait_model=model, seed=9,
        error_prob=0.01,
    )  # fmt: skip
    cross = simulated.cross
    n_genotypes = 3 if crosstype == "f2" else 2
    assert cross.genotypes.max() == n_genotypes - 1
    share = (cross.genotypes == 0).mean()
    assert abs(share - 0.5 ** (n_genotypes - 1)) < 0.02
    # Two loci of a fifth each leave noise of variance 1 three fifths.
    assert abs(np.median(cross.traits.var(axis=1)) - 1 / 0.6) < 0.1
    assert set(cross.parents["parent"]) == {cross.genotype_names[0], cross.genotype_names[-1]}
