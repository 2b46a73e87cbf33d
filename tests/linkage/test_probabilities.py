"""Haley-Knott scans against R/qtl, R/qtl2 and least squares."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from genotyped import awkward_cross, listeria

from crossmap import (
    compare_searches,
    find_peaks,
    fit,
    genotype_probabilities,
    joint_linkage,
    permute_scan1,
    scan1,
    scan2,
    simulate_cross,
    trait_surface,
)
from crossmap.errors import ArgumentError, CrossmapWarning, DataError
from crossmap.execution import Execution
from crossmap.io.read import read_cross
from crossmap.linkage.intervals import bayes_interval, lod_interval, to_markers


def lods(cross, **options):
    """LOD of every trait at every position, by chromosome and position."""
    scan = scan1(cross, genotype_probabilities=True, threshold=1.0, **options)
    table = scan.to_frame()
    keys = ["chr", "pos_cm", "trait"]
    return table.assign(pos_cm=table["pos_cm"].round(6)).set_index(keys)["lod"], scan


def naive_lod(y, columns, null):
    """By least squares, one model at a time."""

    def rss(x):
        return ((y - x @ np.linalg.lstsq(x, y, rcond=1e-10)[0]) ** 2).sum()

    return len(y) / 2 * np.log10(rss(null) / rss(np.column_stack([null, columns])))


def test_the_intercross_of_rqtl(shared):
    cross = listeria(shared)
    for step in (0, 1):
        theirs = pd.read_csv(
            shared / "oracles" / "rqtl" / f"rqtl_listeria_scanone_hk_step{step}.tsv",
            sep="\t", dtype={"chr": str},
        )  # fmt: skip
        ours, scan = lods(cross, step=step, error_prob=1e-3)
        at = ours.reset_index()
        both = theirs.assign(pos_cm=theirs["pos"].round(6)).merge(at, on=["chr", "pos_cm"])
        assert len(both) == len(at) >= len(theirs) - 3
        np.testing.assert_allclose(both["lod"], both["T264"], atol=1e-9)
        frame = scan.to_frame()
        assert set(frame.loc[frame["chr"] == "X", "df1"]) == {1}
        assert set(frame.loc[frame["chr"] != "X", "df1"]) == {2}


def test_the_lines_of_rqtl2(shared):
    folder = shared / "oracles" / "qtl2"
    cross = read_cross(folder / "grav2.zip")
    theirs = pd.read_csv(folder / "qtl2_grav2_scan1_hk.tsv", sep="\t").set_index("name")
    scan = scan1(cross, genotype_probabilities=True, step=1, error_prob=2e-3, threshold=1.0)
    ours = scan.to_frame().pivot_table(index="marker", columns="trait", values="lod")
    assert set(ours.index) == set(theirs.index)
    np.testing.assert_allclose(ours.loc[theirs.index, theirs.columns], theirs, atol=1e-9)


@pytest.mark.parametrize("crosstype", ["bc", "f2", "risib"])
@pytest.mark.parametrize("model", [None, "linear"])
def test_least_squares_also_on_x(crosstype, model):
    cross = awkward_cross(crosstype, n_samples=70, n_markers=24)
    ours, _ = lods(cross, model=model, step=4.0, error_prob=0.01)
    found = genotype_probabilities(cross, step=4.0, error_prob=0.01)
    is_male = (cross.covariates["sex"] == "male").to_numpy()
    is_reverse = cross.covariates["pgm"].to_numpy() == 1
    groups = {
        "bc": [~is_male, is_male],
        "f2": [is_male, ~is_male & is_reverse, ~is_male & ~is_reverse],
        "risib": [np.ones(70, dtype=bool)],
    }[crosstype]
    p = found.probability
    for j, place in found.positions.iterrows():
        null, columns = np.ones((70, 1)), p[1:, j].T
        if crosstype == "f2" and model == "linear":
            columns = (p[1, j] + 2 * p[2, j])[:, None]
        if place["chr"] == "X":
            null = np.column_stack([g.astype(float) for g in groups])
            columns = np.column_stack([g * p[k, j] for g in groups for k in range(1, len(p))])
        for trait, y in zip(cross.trait_names, cross.traits, strict=True):
            expected = naive_lod(y, columns, null)
            key = (place["chr"], round(place["pos_cm"], 6), trait)
            np.testing.assert_allclose(np.atleast_1d(ours.loc[[key]])[0], expected, atol=1e-8)


def test_complete_calls_give_the_scan_of_calls():
    cross = simulate_cross(n_samples=80, n_markers=150, n_traits=40, seed=2).cross
    calls = scan1(cross, threshold=1e-2)
    found = scan1(cross, genotype_probabilities=True, error_prob=0.0, threshold=1e-2)
    assert found.n_linkages == calls.n_linkages
    pd.testing.assert_frame_equal(
        found.to_frame().drop(columns=["beta", "se"]),
        calls.to_frame().drop(columns=["beta", "se"]),
        rtol=1e-9,
    )
    np.testing.assert_allclose(found.to_frame()["beta"], calls.to_frame()["beta"], rtol=1e-9)
    assert found.summary()["genotype_probabilities"] is True


def test_threads_and_memory_change_nothing():
    cross = awkward_cross("f2", n_samples=60, n_markers=40)
    values = np.random.default_rng(1).normal(size=(30, 60))
    values[3, :5] = np.nan
    table = cross.trait_table.iloc[[0] * 30].assign(trait=[f"t{i:02d}" for i in range(30)])
    cross = replace(cross, traits=values, trait_table=table.reset_index(drop=True))
    one, many = (
        scan1(cross, genotype_probabilities=True, step=2.0, threshold=0.05, execution=execution)
        for execution in (Execution(threads=1), Execution(threads=4, memory=1 << 20))
    )
    pd.testing.assert_frame_equal(one.to_frame(), many.to_frame(), check_exact=True)


def test_covariates_and_interactions_of_probabilities():
    cross = awkward_cross("f2", n_samples=80, n_markers=24)
    rng = np.random.default_rng(3)
    age = rng.normal(size=80)
    cross = replace(cross, covariates=cross.covariates.assign(age=age))
    ours, _ = lods(cross, covariates=["age", "sex"])
    found = genotype_probabilities(cross)
    is_male = (cross.covariates["sex"] == "male").to_numpy().astype(float)
    null = np.column_stack([np.ones(80), age, is_male])
    expected = naive_lod(cross.traits[0], found.probability[1:, 4].T, null)
    place = found.positions.iloc[4]
    key = (place["chr"], round(place["pos_cm"], 6), "t0")
    np.testing.assert_allclose(np.atleast_1d(ours.loc[[key]])[0], expected, atol=1e-8)
    crossed = scan1(
        cross, genotype_probabilities=True, model="linear_cross", covariates=["age"],
        interactive=["age"], threshold=1.0,
    )  # fmt: skip
    table = crossed.to_frame()
    row = table[(table["marker"] == place["marker"]) & (table["trait"] == "t0")].iloc[0]
    dosage = found.probability[1, 4] + 2 * found.probability[2, 4]
    null = np.column_stack([np.ones(80), age, dosage])
    expected = naive_lod(cross.traits[0], (dosage * age)[:, None], null)
    np.testing.assert_allclose(row["lod"], expected, atol=1e-8)


def test_options_that_do_not_go_together():
    cross = awkward_cross("f2", n_samples=30, n_markers=12)
    with pytest.raises(ArgumentError, match="step: expected 0 without genotype_probabilities"):
        scan1(cross, step=1.0)
    with pytest.raises(ArgumentError, match="compat: expected none with genotype_probabilities"):
        scan1(cross, genotype_probabilities=True, compat="matrixeqtl")
    with pytest.raises(ArgumentError, match="error_prob: expected a number"):
        scan1(cross, genotype_probabilities=True, error_prob=0.5)
    with pytest.raises(DataError, match="expected a column sex"):
        scan1(replace(cross, covariates=cross.covariates[[]]), genotype_probabilities=True)


def profile(cross, trait, **options):
    """Chromosome, positions and LOD curve of one trait, chromosome by chromosome."""
    scan = scan1(
        cross.subset(traits=[trait]), genotype_probabilities=True, threshold=1.0, **options
    )
    for chromosome, curve in scan.to_frame().groupby("chr", sort=False):
        yield chromosome, curve["pos_cm"].to_numpy(), curve["lod"].to_numpy()


def test_intervals_of_rqtl(shared):
    cross = listeria(shared)
    for step in (0, 1):
        theirs = pd.read_csv(
            shared / "oracles" / "rqtl" / f"rqtl_listeria_intervals_step{step}.tsv",
            sep="\t", dtype={"chr": str},
        )  # fmt: skip
        widened = theirs[theirs["expandtomarkers"]].set_index("chr")
        theirs = theirs[~theirs["expandtomarkers"]].set_index("chr")
        n_compared = 0
        for chromosome, cm, lod in profile(cross, "T264", step=step, error_prob=1e-3):
            if chromosome not in theirs.index:
                continue
            row = theirs.loc[chromosome]
            drop, bayes = lod_interval(lod), bayes_interval(lod, cm)
            np.testing.assert_allclose(drop.ends(cm), (row["lodint_lo"], row["lodint_hi"]))
            np.testing.assert_allclose(bayes.ends(cm), (row["bayes_lo"], row["bayes_hi"]))
            np.testing.assert_allclose(cm[lod.argmax()], row["lodint_max"])
            typed = np.isin(cm, cross.markers["pos_cm"][cross.markers["chr"] == chromosome])
            row = widened.loc[chromosome]
            for name, interval in (("lodint", drop), ("bayes", bayes)):
                found = to_markers(interval, typed)
                np.testing.assert_allclose(found.ends(cm), (row[f"{name}_lo"], row[f"{name}_hi"]))
            n_compared += 1
        assert n_compared == len(theirs) >= 19


def test_peaks_of_rqtl_expanded_to_markers(shared):
    """The table of find_peaks, on probabilities with pseudomarkers, against lodint and bayesint."""
    file = shared / "oracles" / "rqtl" / "rqtl_listeria_intervals_step1.tsv"
    theirs = pd.read_csv(file, sep="\t", dtype={"chr": str}).set_index(["chr", "expandtomarkers"])
    cross = listeria(shared).subset(traits=["T264"])
    options = {"threshold": 1.0, "genotype_probabilities": True, "step": 1, "error_prob": 1e-3}
    moved = 0
    for widen in (False, True):
        found = find_peaks(cross, expand_to_markers=widen, **options).to_frame()
        for _, peak in found.iterrows():
            row = theirs.loc[peak["chr"], widen]
            for ours, their in (("drop", "lodint"), ("bayes", "bayes")):
                ends = peak[[f"{ours}_lo_cm", f"{ours}_hi_cm"]].to_numpy(dtype=float)
                np.testing.assert_allclose(
                    ends, row[[f"{their}_lo", f"{their}_hi"]].to_numpy(dtype=float)
                )
            markers = peak[["drop_lo_marker", "drop_hi_marker"]]
            moved += int(markers.str.contains(".loc", regex=False).sum())
        assert len(found) > 3
        assert (moved > 0) is not widen
        moved = 0


def test_intervals_of_rqtl2(shared):
    folder = shared / "oracles" / "qtl2"
    cross = read_cross(folder / "grav2.zip")
    for name in ("drop15", "bayes95"):
        peaks = pd.read_csv(folder / f"qtl2_grav2_peaks_{name}.tsv", sep="\t", dtype={"chr": str})
        for _, peak in peaks.iterrows():
            curves = profile(cross, peak["lodcolumn"], step=1, error_prob=2e-3)
            cm, lod = next((cm, lod) for c, cm, lod in curves if c == peak["chr"])
            found = lod_interval(lod) if name == "drop15" else bayes_interval(lod, cm)
            low, high = found.ends(cm)
            # R/qtl2 widens its intervals to markers.
            markers = cross.markers["pos_cm"][cross.markers["chr"] == peak["chr"]].to_numpy()
            ends = markers[markers <= low + 1e-9].max(), markers[markers >= high - 1e-9].min()
            np.testing.assert_allclose(ends, (peak["ci_lo"], peak["ci_hi"]))
            np.testing.assert_allclose(cm[lod.argmax()], peak["pos"])
            np.testing.assert_allclose(lod.max(), peak["lod"], atol=1e-9)


def test_permutations_and_peaks_of_probabilities():
    cross = awkward_cross("f2", n_samples=80, n_markers=24)
    found = genotype_probabilities(cross, step=4.0).most_probable.astype(float)
    cross.traits[0] += 2.0 * found[3]
    names = cross.markers["marker"]
    on_x = (cross.markers["chr"] == "X").to_numpy()
    for part, df1 in ((cross.subset(markers=list(names[~on_x])), 2),
                      (cross.subset(markers=list(names[on_x])), 3)):  # fmt: skip
        chance = permute_scan1(
            part, genotype_probabilities=True, step=4.0, n_perm=100, alpha=(0.05,), beta=False
        )
        assert set(chance.df1) == {df1}
        ours, _ = lods(part, step=4.0)
        np.testing.assert_allclose(
            chance.lod(chance.r2), ours.groupby("trait").max().loc[list(cross.trait_names)]
        )
        assert chance.thresholds(0.05)["lod"].between(1.5, 6.0).all()
        peaks = find_peaks(part, chance=chance, alpha=0.05).to_frame()
        assert ("t0" in set(peaks["trait"])) == (df1 == 2)
    # Values of X move within sex and direction of the cross alone.
    values = cross.traits + 50.0 * (cross.covariates["sex"] == "male").to_numpy()
    again = permute_scan1(
        replace(part, traits=values), genotype_probabilities=True, step=4.0, n_perm=100,
        alpha=(0.05,), beta=False,
    )  # fmt: skip
    np.testing.assert_allclose(again.null, chance.null, atol=1e-9)


@pytest.fixture(scope="module")
def with_x():
    """An intercross with a locus on an autosome and one on X, permuted."""
    cross = awkward_cross("f2", n_samples=90, n_markers=24)
    found = genotype_probabilities(cross, step=4.0).most_probable.astype(float)
    cross.traits[0] += 2.0 * found[3]
    cross.traits[1] += 3.0 * found[-2] + 4.0 * (cross.covariates["sex"] == "male").to_numpy()
    options = {"genotype_probabilities": True, "step": 4.0, "n_perm": 100, "alpha": (0.1, 0.05)}
    return cross, options, permute_scan1(cross, **options)


def test_permutations_of_a_cross_are_those_of_its_autosomes_and_of_x(with_x):
    cross, options, chance = with_x
    names = cross.markers["marker"].to_numpy()
    on_x = (cross.markers["chr"] == "X").to_numpy()
    length = [
        sum(np.ptp(t["pos_cm"]) for _, t in cross.markers[rows].groupby("chr"))
        for rows in (~on_x, on_x)
    ]
    assert chance.x.n_perm == np.ceil(100 * length[0] / length[1]) > 100
    assert (chance.share, chance.x.share) == pytest.approx(np.array(length) / sum(length))
    autosomes = permute_scan1(cross.subset(markers=list(names[~on_x])), **options)
    np.testing.assert_array_equal(chance.null, autosomes.null)
    x = permute_scan1(
        cross.subset(markers=list(names[on_x])), **{**options, "n_perm": chance.x.n_perm}
    )
    np.testing.assert_array_equal(chance.x.null, x.null)
    for region, part in (("A", chance), ("X", chance.x)):
        level = 1 - 0.95**part.share
        made = chance.thresholds(0.05).set_index(["region", "trait"])["r2"][region]
        kth = int(level * (part.n_perm + 1))
        np.testing.assert_array_equal(made, np.sort(part.null, axis=1)[:, -kth])


def test_p_values_with_x_apart_agree_with_thresholds(with_x):
    cross, options, chance = with_x
    table = chance.to_frame().set_index("trait")
    assert table["region"].tolist() == ["A", "X"]
    for alpha in options["alpha"]:
        levels = chance.thresholds(alpha)
        for trait, p in table["p_adjusted"].items():
            own = levels[levels["trait"] == trait]["r2"].to_numpy()
            place = list(cross.trait_names).index(trait)
            is_above = chance.r2[place] > own[0] or chance.x.r2[place] > own[1]
            assert is_above == (p <= alpha + 1e-12)
    again = permute_scan1(cross, **options, execution=Execution(threads=1))
    pd.testing.assert_frame_equal(again.to_frame(), chance.to_frame())


def test_peaks_with_x_apart_have_thresholds_of_their_own(with_x):
    cross, _, chance = with_x
    peaks = find_peaks(cross, chance=chance, alpha=0.05)
    table = peaks.to_frame()
    assert {("t0", False), ("t1", True)} <= set(
        zip(table["trait"], table["chr"] == "X", strict=True)
    )
    levels = chance.thresholds(0.05).set_index(["trait", "region"])["lod"]
    for _, row in table.iterrows():
        region = "X" if row["chr"] == "X" else "A"
        assert row["lod"] > row["threshold"] == levels[row["trait"], region]
    curve = peaks.curve("t1")
    ours, _ = lods(cross, step=4.0)
    np.testing.assert_allclose(curve["lod"].max(), ours.xs("t1", level="trait").max())
    is_x = (curve["chr"] == "X").to_numpy()
    assert set(curve["threshold"][is_x]) == {levels["t1", "X"]}
    assert set(curve["threshold"][~is_x]) == {levels["t1", "A"]}
    # The same peaks at a threshold given by hand.
    low = table["threshold"].min() - 1e-9
    by_hand = find_peaks(cross, threshold=low, genotype_probabilities=True, step=4.0).to_frame()
    assert set(table["marker"]) <= set(by_hand["marker"])


def test_x_with_strata_moves_values_within_both(with_x):
    cross, options, _ = with_x
    batch = cross.covariates.assign(batch=np.arange(cross.n_samples) % 2)
    shifted = replace(
        cross,
        covariates=batch,
        traits=cross.traits + 50.0 * batch["batch"].to_numpy(dtype=float),
    )
    names = cross.markers["marker"].to_numpy()[(cross.markers["chr"] == "X").to_numpy()]
    of_x = shifted.subset(markers=list(names))
    both = {**options, "covariates": ["batch"], "strata": "batch", "beta": False}
    one = permute_scan1(of_x, **both)
    other = permute_scan1(replace(of_x, traits=cross.traits), **both)
    np.testing.assert_allclose(one.null, other.null, atol=1e-9)


def test_too_few_permutations_for_the_autosomes_share(with_x):
    cross, options, _ = with_x
    with pytest.raises(
        ArgumentError, match=r"expected at least \d+ for alpha 0.05, of which autosom"
    ):
        permute_scan1(cross, **{**options, "n_perm": 19})


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ({"step": 2.0}, "step: expected 0 without genotype_probabilities, found 2"),
        ({"error_prob": 0.9}, "error_prob: expected 0.0001 without genotype_probabilities"),
        ({"map_function": "kosambi"}, "map_function: expected haldane without"),
        ({"cm_per_mb": 3.0}, "cm_per_mb: expected none(, as every marker| without genotype_prob)"),
    ],
)
def test_what_only_probabilities_use_is_refused_of_calls(option, expected):
    cross = simulate_cross(n_samples=40, n_traits=20, n_markers=40).cross
    trait, marker = cross.trait_names[0], str(cross.markers["marker"].iloc[0])
    for analysis in (
        scan1,
        permute_scan1,
        joint_linkage,
        scan2,
        compare_searches,
        lambda c, **o: trait_surface(c, trait, **o),
        lambda c, **o: fit(c, trait, [marker], **o),
    ):
        with pytest.raises(ArgumentError, match=expected):
            analysis(cross, **option)


@pytest.mark.filterwarnings("ignore:20 p-values")
@pytest.mark.parametrize("analysis", [scan1, joint_linkage])
def test_calls_on_x_of_a_backcross_are_warned_of(analysis):
    cross = simulate_cross(
        n_samples=40, n_traits=20, n_markers=40, crosstype="bc", n_parent_replicates=0
    ).cross
    last = cross.markers["chr"] == cross.chromosomes[-1]
    with_x = replace(cross, markers=cross.markers.assign(chr=cross.markers["chr"].mask(last, "X")))
    with pytest.warns(CrossmapWarning, match="chromosome X go with sex"):
        analysis(with_x)
