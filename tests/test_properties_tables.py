"""What must hold of tables made of linkages, of power, of files of results, whatever is in them."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from property_crosses import crosses, few, many, property_of, shares, slow

import crossmap
from crossmap import CrossmapError, DataError, Execution

pytestmark = pytest.mark.filterwarnings("ignore::crossmap.errors.CrossmapWarning")
windows = st.lists(st.floats(0, 2e4), min_size=2, max_size=5).map(sorted)
genes = st.lists(st.sampled_from([f"g{i}" for i in range(20)]), max_size=12)


def single(cross):
    return crossmap.single_locus_table(cross, threshold=0.5)


@property_of("classify_linkages")
@given(cross=crosses(), windows=windows)
@few
def test_a_wider_window_makes_more_linkages_local(cross, windows):
    table = single(cross)
    local = []
    for window in windows:
        found = crossmap.classify_linkages(cross, table, local_window_bp=window)
        assert found.counts()["n_linkages"].sum() == 2 * len(table)
        local.append(set(found.table.index[found.table["by_window"] == "local"]))
        on_chromosome = found.table["gap_bp"].notna()
        assert (found.table["gap_bp"][on_chromosome] >= 0).all()
    assert all(one <= other for one, other in pairwise(local))
    by_window = crossmap.classify_linkages(cross, table, windows_bp=windows).by_window
    assert by_window["n_local"].is_monotonic_increasing
    assert (by_window["n_expected"] >= 0).all()


@property_of("local_linkage")
@given(cross=crosses(), windows=windows)
@few
def test_a_wider_window_has_more_tests_at_a_gene(cross, windows):
    few_, more = (crossmap.local_linkage(cross, local_window_bp=w) for w in windows[:2])
    assert set(few_["trait"]) <= set(more["trait"])
    both = few_.merge(more, on="trait", suffixes=("", "_more"))
    assert (both["n_tests"] <= both["n_tests_more"]).all()
    assert (both["r2"] <= both["r2_more"] + 1e-12).all()
    assert (both["p_adjusted"] >= both["p_value"]).all()


@property_of("window_of_chance")
@given(cross=crosses(), chances=st.lists(st.floats(1e-6, 0.5), min_size=2, max_size=5))
@few
def test_windows_grow_with_the_chance_allowed(cross, chances):
    found = [crossmap.window_of_chance(cross, chance=c) for c in sorted(chances)]
    assert found[0] >= 0
    assert found == sorted(found)


@property_of("single_locus_table", "find_peaks")
@given(cross=crosses(), thresholds=st.tuples(st.floats(1e-4, 0.9), st.floats(1e-4, 0.9)))
@few
def test_a_laxer_threshold_names_more_linkages(cross, thresholds):
    strict, lax = (crossmap.single_locus_table(cross, threshold=p) for p in sorted(thresholds))
    keys = ["trait", "locus"]
    assert set(map(tuple, strict[keys].to_numpy())) <= set(map(tuple, lax[keys].to_numpy()))
    assert (lax["lo_bp"] <= lax["start_bp"]).all()
    assert (lax["hi_bp"] >= lax["end_bp"]).all()
    high, low = (
        crossmap.find_peaks(cross, threshold=t).to_frame() for t in (max(thresholds), 1e-5)
    )
    for kind in ("drop", "bayes"):
        assert (low[f"{kind}_lo_cm"] <= low["pos_cm"]).all()
        assert (low[f"{kind}_hi_cm"] >= low["pos_cm"]).all()
    assert (high["lod"] > max(thresholds)).all()
    keys = ["trait", "chr", "lod"]
    assert set(map(tuple, high[keys].to_numpy())) <= set(map(tuple, low[keys].to_numpy()))


@property_of("conditional_peaks")
@given(cross=crosses(), levels=st.tuples(st.floats(0.05, 1), st.floats(0.05, 1)))
@few
def test_a_stricter_level_ends_forward_selection_earlier(cross, levels):
    strict, lax = (
        crossmap.conditional_peaks(cross, n_loci=3, n_perm=19, alpha=a) for a in sorted(levels)
    )
    for trait, loci in strict.groupby("trait"):
        of_lax = lax[lax["trait"] == trait]
        assert list(loci["rank"]) == list(range(1, len(loci) + 1))
        assert list(loci["marker"]) == list(of_lax["marker"][: len(loci)])
    assert (strict["p_adjusted"] <= min(levels)).all()


@property_of("condition_linkages")
@given(cross=crosses())
@few
def test_names_of_conditions_change_nothing_but_names(cross):
    other = cross.covariates.assign(
        medium=cross.covariates["medium"].map({"glucose": "a", "ethanol": "b"})
    )
    options = {"condition": "medium", "n_perm": 19, "alpha": 0.3}
    found = crossmap.condition_linkages(cross, **options).to_frame()
    renamed = crossmap.condition_linkages(replace(cross, covariates=other), **options).to_frame()
    assert list(found["trait"]) == list(renamed["trait"])
    assert list(found["pattern"]) == list(renamed["pattern"])
    for what in ("n", "beta", "p"):
        for one, two in (("glucose", "a"), ("ethanol", "b")):
            np.testing.assert_allclose(
                found[f"{what}_{one}"].astype(float), renamed[f"{what}_{two}"].astype(float),
                rtol=1e-8, atol=1e-12,
            )  # fmt: skip


@property_of("fit")
@given(cross=crosses())
@few
def test_a_model_with_more_terms_fits_better(cross):
    names = ["m00", "m01", str(cross.markers["marker"].iloc[-1])]
    small = crossmap.fit(cross, "t2", names[:2], formula="Q1 + Q2")
    large = crossmap.fit(cross, "t2", names, formula="Q1 * Q2 + Q3")
    assert small.lod <= large.lod + 1e-9
    for found in (small, large):
        ss = found.anova.set_index("source")["ss"]
        np.testing.assert_allclose(ss["Model"] + ss["Error"], ss["Total"], rtol=1e-9)
        assert 0 <= found.percent_var <= 100 + 1e-9
        assert (found.drop_one["lod"].dropna() <= found.lod + 1e-9).all()
        np.testing.assert_allclose(
            found.data["fitted"] + found.data["residual"], found.data["value"], atol=1e-9
        )
        np.testing.assert_allclose(found.data["residual"].sum(), 0, atol=1e-8)


@property_of("associate")
@given(cross=crosses())
@few
def test_correlation_has_no_direction(cross):
    traits = pd.DataFrame(cross.traits, index=cross.trait_names, columns=cross.samples)
    both = crossmap.associate(traits, threshold=1.0).to_frame()
    r2 = both.set_index(["trait", "predictor"])["r2"]
    assert all(np.isclose(r2[a, b], r2[b, a], rtol=1e-9, atol=1e-12) for a, b in r2.index)
    of_markers = crossmap.associate(cross, cross, threshold=1.0).to_frame()
    scanned = crossmap.scan1(cross, threshold=1.0).to_frame()
    one = of_markers.set_index(["trait", "predictor"])["r2"].sort_index()
    other = scanned.set_index(["trait", "marker"])["r2"].sort_index()
    np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)


@property_of("colocalised")
@given(cross=crosses())
@few
def test_pairs_of_traits_have_no_order(cross):
    table = single(cross)
    of_two = crossmap.colocalised(cross, table, table)
    pairs = {frozenset(p) for p in of_two[["trait1", "trait2"]].to_numpy()}
    once = crossmap.colocalised(cross, table)
    assert {frozenset(p) for p in once[["trait1", "trait2"]].to_numpy()} == pairs
    assert len(of_two) == 2 * len(once)
    for column in ("r_trait", "r_genetic", "r_residual"):
        assert once[column].dropna().between(-1, 1).all()
    assert (once["same_direction"] <= once["n_shared"]).all()


@property_of("effects")
@given(cross=crosses())
@few
def test_corrected_effects_have_the_same_sign_and_order(cross):
    table = single(cross)
    assume(len(table))
    found = crossmap.effects(cross, table, threshold=0.5).loci
    assert (found["effect"] * found["effect_corrected"] >= 0).all()
    assert (found["n"] == cross.n_samples).all()
    assert found["r2_corrected"].between(0, 1).all()
    # Of loci that passed one threshold the stronger stays the stronger.
    first = found[found["number"] == 1].sort_values("r2")
    assert (np.diff(first["r2_corrected"]) >= -1e-9).all()
    assert found["power"].dropna().between(0, 1).all()


@property_of("find_hotspots")
@given(cross=crosses(), alpha=st.floats(0.06, 0.5))
@few
def test_counts_of_hot_spots(cross, alpha):
    found = crossmap.find_hotspots(
        cross, kind="all", threshold=0.3, bin_bp=2000, n_perm=19, alpha=alpha
    )
    bins = found.bins
    assert bins["n_traits"].between(0, cross.n_traits).all()
    assert (bins["n_loci"] <= found.linkages["locus"].nunique()).all()
    np.testing.assert_allclose(bins["expected"].sum(), len(found.linkages), rtol=1e-9)
    assert (bins["significant"] == (bins["n_traits"] >= bins["threshold"])).all()
    stricter = crossmap.find_hotspots(
        cross, kind="all", threshold=0.3, bin_bp=2000, n_perm=19, alpha=0.05
    )
    assert (stricter.bins["threshold"] >= bins["threshold"]).all()


@property_of("pairwise_bins")
@given(cross=crosses(), fewest=st.integers(1, 4))
@few
def test_pairs_of_bins(cross, fewest):
    found = crossmap.pairwise_bins(cross, single(cross), bin_bp=3000, fewest=fewest, n_simulated=9)
    assert found.table["n_traits"].sum() == found.n_linked
    assert found.n_shared == (found.table["n_traits"] >= fewest).sum()
    assert found.table["n_traits"].is_monotonic_decreasing
    assert (found.chance["lo"] <= found.chance["hi"]).all()
    assert found.chance["p_value"].between(0.1, 1).all()


@property_of("heritability")
@given(cross=crosses(), confidence=st.floats(0.5, 0.99))
@few
def test_intervals_of_heritability(cross, confidence):
    narrow = crossmap.heritability(cross, confidence=confidence)
    wide = crossmap.heritability(cross, confidence=(1 + confidence) / 2)
    known = narrow["h2"].notna()
    assert (narrow["h2"][known] <= 1).all()
    assert (wide["h2_lo"] <= narrow["h2_lo"])[known].all()
    assert (wide["h2_hi"] >= narrow["h2_hi"])[known].all()


@property_of("inheritance")
@given(cross=crosses())
@few
def test_either_parent_may_be_the_first(cross):
    other = dict(zip(cross.genotype_names, cross.genotype_names[::-1], strict=True))
    exchanged = replace(
        cross, parents=cross.parents.assign(parent=cross.parents["parent"].map(other))
    )
    one, two = (crossmap.inheritance(c, n_bootstrap=99) for c in (cross, exchanged))
    assert list(one["n_between"]) == list(two["n_between"])
    assert list(one["n_beyond"]) == list(two["n_beyond"])
    np.testing.assert_allclose(one["p_interaction"], two["p_interaction"], rtol=1e-9)
    assert one["n_between"].between(0, cross.n_samples).all()


sizes = st.lists(st.floats(0.01, 0.9), min_size=2, max_size=6).map(sorted)


@property_of("power")
@given(n=st.integers(10, 3000), sizes=sizes, threshold=st.floats(1e-8, 0.5))
@many
def test_power_grows_with_the_locus_the_sample_and_the_threshold(n, sizes, threshold):
    options = {"variance_share": sizes, "threshold": threshold}
    found = crossmap.power(n, **options)
    assert found["power"].between(0, 1).all()
    assert (np.diff(found["power"]) >= -1e-9).all()
    assert (np.diff(found["n_needed"].dropna()) <= 0).all()
    assert (crossmap.power(n + 10, **options)["power"] >= found["power"] - 1e-9).all()
    laxer = crossmap.power(n, variance_share=sizes, threshold=threshold * 1.5)
    assert (laxer["power"] >= found["power"] - 1e-9).all()
    enough = found.dropna(subset="n_needed").iloc[:1]
    for needed, share in zip(enough["n_needed"], enough["variance_share"], strict=True):
        reached = crossmap.power(int(needed), variance_share=[share], threshold=threshold)
        assert reached["power"].iloc[0] >= 0.8 - 1e-6


@property_of("detection_bound")
@given(
    found=st.lists(st.tuples(st.floats(-0.5, 1), st.integers(0, 4)), min_size=1, max_size=30),
    n=st.integers(10, 500),
)
@many
def test_bounds_of_the_number_of_loci(found, n):
    h2, detected = np.array([h for h, _ in found]), np.array([d for _, d in found])
    assume((h2 > 0).any())
    table = crossmap.detection_bound(h2, detected, n_samples=n, most_loci=12)
    assert table["power"].between(0, 1).all()
    assert (np.diff(table["power"]) <= 1e-9).all()
    assert (table["expected_traits"] <= (h2 > 0).sum() + 1e-9).all()
    backwards = crossmap.detection_bound(h2[::-1], detected[::-1], n_samples=n, most_loci=12)
    pd.testing.assert_frame_equal(table, backwards, rtol=1e-9)


@pytest.fixture(scope="module")
def joint():
    cross = crossmap.simulate_cross(n_samples=100, n_traits=200, n_markers=150, seed=1).cross
    return crossmap.joint_linkage(cross, n_perm=3), cross


@property_of("pair_power")
@given(share=st.floats(0.02, 0.3), seed=st.integers(0, 100))
@few
def test_power_for_pairs_grows_with_the_loci(joint, share, seed):
    found = crossmap.pair_power(
        joint[0], variance_share=(share, 1.5 * share), fdr=0.2, n_draws=2000, seed=seed
    )
    assert (found["power_both"] <= found["power_first"] + 1e-12).all()
    assert found["power_first"].between(0, 1).all()
    weakest = found.iloc[found["variance_share1"].argmin()]
    strongest = found.iloc[(found["variance_share1"] + found["variance_share2"]).argmax()]
    error = 6 * np.hypot(weakest["se_both"], strongest["se_both"]) + 0.02
    assert strongest["power_both"] >= weakest["power_both"] - error


@property_of("linkage_table", "genetic_architecture")
@given(levels=st.tuples(shares, shares))
@few
def test_a_laxer_rate_calls_more(joint, levels):
    strict, lax = (crossmap.linkage_table(*joint, fdr=f) for f in sorted(levels))
    keys = ["trait", "number", "locus"]
    assert set(map(tuple, strict[keys].to_numpy())) <= set(map(tuple, lax[keys].to_numpy()))
    assert lax.groupby("trait")["number"].apply(list).map(lambda n: n == [1, 2]).all()
    assert (lax["lo_bp"].isna() | (lax["lo_bp"] <= lax["start_bp"])).all()
    assert lax["r2"].between(0, 1).all()


@property_of("enrich")
@given(
    groups=st.dictionaries(st.text(max_size=3), genes, max_size=4),
    sets=st.dictionaries(st.text(max_size=3), genes, max_size=4),
    universe=genes,
)
@many
def test_enrichment(groups, sets, universe):
    found = crossmap.enrich(groups, sets, universe=universe)
    table = found.table
    assert ((table["p_value"] > 0) & (table["p_value"] <= 1)).all()
    assert (table["q_value"] >= table["p_value"] - 1e-15).all()
    assert table["p_value"].is_monotonic_increasing
    assert (table["n_both"] <= table[["n_group", "n_set"]].min(axis=1)).all()
    assert (table["n_group"] <= table["n_universe"]).all()
    twice = crossmap.enrich(
        {k: v[::-1] + v for k, v in groups.items()}, sets, universe=universe[::-1] + universe
    )
    pd.testing.assert_frame_equal(twice.table, table)


words = st.text(st.characters(codec="ascii", exclude_categories=["C"]), min_size=1, max_size=6)
names = words.map(str.strip).filter(bool)


@property_of("read_gmt")
@given(sets=st.dictionaries(names, st.lists(names, max_size=5, unique=True), min_size=1))
@few
def test_gene_sets_that_were_written_are_read_as_they_were(tmp_path_factory, sets):
    file = tmp_path_factory.mktemp("sets") / "sets.gmt"
    lines = ["\t".join([name, "what", *of_set]) for name, of_set in sets.items()]
    file.write_text("\n".join(lines))
    assert {k: list(v) for k, v in crossmap.read_gmt(file).genes.items()} == sets


@property_of("to_layout", "read_results")
@given(cross=crosses(), layout=st.sampled_from(["matrixeqtl", "tensorqtl", "qtl2"]))
@few
def test_a_table_in_another_layout_is_read_back(tmp_path_factory, cross, layout):
    if layout == "qtl2":
        table = crossmap.find_peaks(cross, threshold=0.2).to_frame()
        kept = ["trait", "chr", "pos_cm", "lod"]
    else:
        table = crossmap.scan1(cross, threshold=0.5).to_frame()
        kept = ["trait", "marker", "p_value", "beta"]
    assume(len(table))
    for ending in ("tsv", "parquet"):
        file = tmp_path_factory.mktemp("layout") / f"found.{ending}"
        theirs = crossmap.to_layout(table, layout)
        if ending == "tsv":
            theirs.to_csv(file, sep="\t", index=False)
        else:
            theirs.to_parquet(file)
        back = crossmap.read_results(file, layout=layout)[kept].sort_values(kept[:2])
        pd.testing.assert_frame_equal(
            back.reset_index(drop=True),
            table[kept].sort_values(kept[:2]).reset_index(drop=True),
            check_dtype=False, rtol=1e-12,
        )  # fmt: skip


@property_of("plan")
@given(cross=crosses(), n_perm=st.integers(19, 50))
@few
def test_plans_count_the_tests(cross, n_perm):
    found = crossmap.plan(cross, "permute", options={"n_perm": n_perm})
    assert found.n_traits == cross.n_traits
    more = crossmap.plan(cross, "permute", options={"n_perm": n_perm + 1})
    assert 0 < found.n_tests < more.n_tests
    assert found.seconds >= 0
    with pytest.raises(CrossmapError):
        crossmap.plan(cross, "permute", options={"n_perm": n_perm}, budget_seconds=1e-12)


@property_of("score")
@given(cross=crosses(), fdr=st.lists(shares, min_size=4, max_size=4))
@few
def test_scores_do_not_depend_on_the_order_of_claims(cross, fdr):
    names = list(cross.trait_names)
    truth = pd.DataFrame(
        {"trait": names, "locus": [1, 1, 0, 0], "chr": ["1", "2", None, None],
         "pos_cm": [10.0, 20.0, np.nan, np.nan]}
    )  # fmt: skip
    claims = pd.DataFrame({"trait": names, "chr1": "1", "pos1_cm": 15.0, "fdr": fdr})
    found = crossmap.score(claims, truth).to_frame()
    pd.testing.assert_frame_equal(crossmap.score(claims.iloc[::-1], truth).to_frame(), found)
    wider = crossmap.score(claims, truth, within_cm=1000.0).to_frame()
    assert (wider["n_true"] >= found["n_true"]).all()


@property_of("locate_loci")
@given(levels=st.tuples(shares, shares))
@few
def test_places_of_loci(joint, levels):
    strict, lax = (crossmap.locate_loci(*joint, fdr=f).table for f in sorted(levels))
    assert set(strict["trait"]) <= set(lax["trait"])
    near, far = (crossmap.locate_loci(*joint, within_cm=w).n_located for w in (5.0, 50.0))
    assert 0 <= near <= far


@property_of("tensorqtl_permutations")
@given(cross=crosses())
@few
def test_permutations_as_tensorqtl_writes_them(cross):
    chance = crossmap.permute_scan1(cross, n_perm=19)
    table = crossmap.tensorqtl_permutations(chance, cross)
    for column in ("pval_nominal", "pval_perm", "pval_beta", "qval", "af"):
        assert table[column].dropna().between(0, 1).all(), column
    ours = chance.to_frame().set_index("trait").loc[table["phenotype_id"]]
    np.testing.assert_allclose(table["pval_perm"], ours["p_adjusted"], rtol=1e-12)


def contents(folder):
    """Every file that has to be the same bytes for the same data and seed."""
    kept = [f for f in Path(folder).rglob("*") if f.suffix in (".tsv", ".parquet")]
    return {
        str(f.relative_to(folder)): f.read_bytes() for f in [*kept, Path(folder) / "summary.json"]
    }


def saved(name, cross, out, execution):
    if name == "save_scan1":
        return crossmap.save_scan1(
            crossmap.scan1(cross, threshold=0.5, execution=execution), cross, out
        )
    if name == "save_associations":
        found = crossmap.associate(cross, cross, threshold=0.5, execution=execution)
        return crossmap.save_associations(found, cross, out)
    if name == "save_permutations":
        chance = crossmap.permute_scan1(cross, n_perm=19, execution=execution)
        return crossmap.save_permutations(chance, cross, out)
    if name == "save_conditions":
        found = crossmap.condition_linkages(
            cross, condition="medium", n_perm=19, alpha=0.3, execution=execution
        )
        return crossmap.save_conditions(found, cross, out)
    if name == "save_hotspots":
        found = crossmap.find_hotspots(cross, threshold=0.3, n_perm=19, execution=execution)
        return crossmap.save_hotspots(found, cross, out)
    if name == "save_scan2":
        return crossmap.save_scan2(crossmap.scan2(cross, n_perm=2, execution=execution), cross, out)
    if name == "save_comparison":
        versus = crossmap.compare_searches(cross, n_perm=2, execution=execution)
        return crossmap.save_comparison(versus, cross, out)
    trait = cross.trait_names[0]
    if name == "save_surface":
        surface = crossmap.trait_surface(cross, trait, n_perm=5, execution=execution)
        return crossmap.save_surface(surface, cross, out)
    if name == "save_explanation":
        found = crossmap.explain(cross, trait, n_perm=9, execution=execution)
        return crossmap.save_explanation(found, cross, out)
    if name == "save_fit":
        found = crossmap.fit(cross, trait, [str(cross.markers["marker"][0])])
        return crossmap.save_fit(found, cross, out)
    if name == "save_check":
        return crossmap.save_check(crossmap.check_cross(cross), out)
    joint = crossmap.joint_linkage(cross, n_perm=2, execution=execution)
    if name == "save_joint":
        return crossmap.save_joint(joint, cross, out, fdr=0.5)
    found = crossmap.genetic_architecture(cross, joint, threshold=0.3, execution=execution)
    return crossmap.save_architecture(found, cross, out)


SAVED = (
    "save_scan1", "save_permutations", "save_hotspots", "save_joint", "save_architecture",
    "save_conditions", "save_scan2", "save_comparison", "save_surface", "save_explanation",
    "save_fit", "save_check", "save_associations",
)  # fmt: skip


@property_of(*SAVED)
@pytest.mark.parametrize("name", SAVED)
@given(cross=crosses())
@slow
def test_folders_hold_the_same_bytes_for_any_threads(tmp_path_factory, name, cross):
    folder = tmp_path_factory.mktemp("saved")
    try:
        text = saved(name, cross, folder / "one", Execution(threads=1))
    except DataError:
        return
    assert saved(name, cross, folder / "two", Execution(threads=3, memory=1 << 20)) == text
    assert contents(folder / "one") == contents(folder / "two")
