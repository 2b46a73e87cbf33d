"""What must hold of genotype probabilities, maps and crosses, whatever the calls."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from property_crosses import crosses, few, property_of, reversed_map, seeds, swapped
from same import assert_same_data

import crossmap
from crossmap import Execution
from crossmap.cross import make_cross
from crossmap.io.matrixeqtl import write_matrixeqtl

pytestmark = pytest.mark.filterwarnings("ignore::crossmap.errors.CrossmapWarning")
kinds = st.sampled_from(["haploid", "dh", "riself", "risib", "bc", "f2"])
called = kinds.flatmap(lambda kind: crosses(crosstype=kind, missing=True))
errors = st.sampled_from([1e-4, 0.01, 0.1])


@property_of("genotype_probabilities")
@given(cross=called, error_prob=errors, step=st.sampled_from([0.0, 2.5]))
@few
def test_genotype_probabilities(cross, error_prob, step):
    options = {"error_prob": error_prob, "step": step}
    found = crossmap.genotype_probabilities(cross, **options)
    p = found.probability
    assert ((p >= 0) & (p <= 1)).all()
    np.testing.assert_allclose(p.sum(axis=0), 1, atol=1e-12)
    of_swapped = crossmap.genotype_probabilities(swapped(cross), **options).probability
    np.testing.assert_allclose(of_swapped[::-1], p, atol=1e-10)
    backwards = crossmap.genotype_probabilities(reversed_map(cross), **options)
    at = {name: i for i, name in enumerate(backwards.positions["marker"])}
    markers = found.positions["row"] >= 0
    mirrored = backwards.probability[:, [at[m] for m in found.positions["marker"][markers]]]
    np.testing.assert_allclose(mirrored, p[:, markers], atol=1e-9)
    threads = crossmap.genotype_probabilities(cross, **options, execution=Execution(threads=3))
    assert threads.probability.tobytes() == p.tobytes()
    part = crossmap.genotype_probabilities(cross.subset(samples=cross.samples[2:9]), **options)
    assert part.probability.tobytes() == p[:, :, 2:9].tobytes()


@property_of("genotype_probabilities")
@given(cross=called)
@few
def test_a_call_makes_its_genotype_more_probable(cross):
    known = np.argwhere(cross.genotypes >= 0)
    marker, sample = known[len(known) // 2]
    without = cross.genotypes.copy()
    without[marker, sample] = -1
    call = cross.genotypes[marker, sample]
    p, before = (
        crossmap.genotype_probabilities(c, error_prob=0.01).probability[call, marker, sample]
        for c in (cross, replace(cross, genotypes=without))
    )
    assert p >= before - 1e-12


@property_of("viterbi_genotypes")
@given(cross=called, error_prob=errors)
@few
def test_most_probable_paths(cross, error_prob):
    positions, path = crossmap.viterbi_genotypes(cross, error_prob=error_prob)
    assert path.shape == (len(positions), cross.n_samples)
    assert ((path >= 0) & (path < cross.n_genotypes)).all()
    again = crossmap.viterbi_genotypes(
        cross, error_prob=error_prob, execution=Execution(threads=3)
    )[1]
    assert again.tobytes() == path.tobytes()
    # A path taken for the calls is the most probable one given them.
    _, sure = crossmap.viterbi_genotypes(replace(cross, genotypes=path), error_prob=1e-6)
    assert (sure == path).all()


@property_of("draw_genotypes")
@given(cross=called, seed=st.integers(0, 1000))
@few
def test_draws(cross, seed):
    positions, drawn = crossmap.draw_genotypes(cross, n_draws=3, seed=seed, step=5.0)
    assert drawn.shape == (3, len(positions), cross.n_samples)
    possible = crossmap.genotype_probabilities(cross, step=5.0).probability > 0
    for one in drawn:
        assert np.take_along_axis(possible, one[None].astype(int), axis=0).all()
    more = crossmap.draw_genotypes(
        cross, n_draws=4, seed=seed, step=5.0, execution=Execution(threads=3)
    )[1]
    assert more[:3].tobytes() == drawn.tobytes()
    part = crossmap.draw_genotypes(
        cross.subset(samples=cross.samples[3:8]), n_draws=3, seed=seed, step=5.0
    )[1]
    assert (part == drawn[:, :, 3:8]).all()


@property_of("fill")
@given(cross=called, low=st.floats(0, 1), high=st.floats(0, 1))
@few
def test_filled_calls(cross, low, high):
    low, high = sorted((low, high))
    lenient, strict = (crossmap.fill(cross, min_probability=p, max_wrong=1.0) for p in (low, high))
    was = cross.genotypes >= 0
    for filled in (lenient, strict):
        assert (filled.cross.genotypes[was] == cross.genotypes[was]).all()
        assert 0 <= filled.n_filled <= (~was).sum() == filled.n_missing
        assert (filled.markers["n_filled"] <= filled.markers["n_missing"]).all()
        assert filled.markers["expected_wrong"].between(0, filled.markers["n_filled"]).all()
    assert strict.n_filled <= lenient.n_filled
    whole = crossmap.fill(cross, max_wrong=1.0)
    assert whole.n_filled == (~was).sum()
    assert crossmap.fill(whole.cross).n_missing == 0


@property_of("error_lods")
@given(cross=called, error_prob=errors)
@few
def test_evidence_of_errors(cross, error_prob):
    lod = crossmap.error_lods(cross, error_prob=error_prob)
    assert (np.isnan(lod) == (cross.genotypes < 0)).all()
    of_swapped = crossmap.error_lods(swapped(cross), error_prob=error_prob)
    np.testing.assert_allclose(of_swapped, lod, rtol=1e-6, atol=1e-8)
    backwards = crossmap.error_lods(reversed_map(cross), error_prob=error_prob)
    order = [list(reversed_map(cross).markers["marker"]).index(m) for m in cross.markers["marker"]]
    np.testing.assert_allclose(backwards[order], lod, rtol=1e-6, atol=1e-8)


@property_of("estimate_map")
@given(cross=called)
@few
def test_estimated_maps(cross):
    found = crossmap.estimate_map(cross, error_prob=0.01)
    r = found.markers["recombination"].dropna()
    assert r.between(0, 0.5).all()
    for _, pos_cm in found.markers.groupby("chr")["pos_cm"]:
        assert pos_cm.is_monotonic_increasing
    assert (found.chromosomes["log10_likelihood"] <= 1e-9).all()
    again = crossmap.estimate_map(swapped(cross), error_prob=0.01).chromosomes
    np.testing.assert_allclose(
        again["log10_likelihood"], found.chromosomes["log10_likelihood"], atol=1e-4
    )
    backwards = crossmap.estimate_map(reversed_map(cross), error_prob=0.01).chromosomes
    likelihood = backwards.set_index("chr")["log10_likelihood"]
    np.testing.assert_allclose(
        likelihood[found.chromosomes["chr"]], found.chromosomes["log10_likelihood"], atol=1e-4
    )


@property_of("recombination_fractions")
@given(cross=called)
@few
def test_recombination_fractions(cross):
    found = crossmap.recombination_fractions(cross)
    sizes = cross.markers.groupby("chr").size()
    assert len(found) == (sizes * (sizes - 1) // 2).sum()
    assert found["n"].between(0, cross.n_samples).all()
    known = found.dropna(subset="recombination")
    assert known["recombination"].between(0, 1).all()
    assert (known["lod"] >= -1e-9).all()
    again = crossmap.recombination_fractions(swapped(cross), execution=Execution(threads=3))
    np.testing.assert_allclose(again["recombination"], found["recombination"], atol=1e-6)
    np.testing.assert_allclose(again["lod"], found["lod"], atol=1e-6)


@property_of("make_cross")
@given(cross=called, seed=seeds)
@few
def test_the_order_in_which_a_cross_is_given_does_not_matter(cross, seed):
    rng = np.random.default_rng(seed)
    s, t = rng.permutation(cross.n_samples), rng.permutation(cross.n_traits)
    # Chromosomes stay in order; within them markers are put into the order of the map.
    m = np.lexsort((rng.random(cross.n_markers), cross.markers["chr"]))
    other = make_cross(
        crosstype=cross.crosstype, genotype_names=cross.genotype_names,
        samples=[cross.samples[k] for k in s], markers=cross.markers.iloc[m],
        genotypes=cross.genotypes[np.ix_(m, s)],
        trait_names=[cross.trait_names[k] for k in t], traits=cross.traits[np.ix_(t, s)],
        trait_positions=cross.trait_table.iloc[t],
        covariates=cross.covariates.sample(frac=1, random_state=seed % 1000),
        parents=cross.parents[cross.parents.columns[::-1]],
    )  # fmt: skip
    assert_same_data(cross, other)


@property_of("read_cross", "write_rqtl2")
@given(cross=called)
@few
def test_a_cross_that_was_written_is_read_as_it_was(tmp_path_factory, cross):
    folder = tmp_path_factory.mktemp("cross")
    crossmap.write_rqtl2(cross, folder)
    assert_same_data(cross, crossmap.read_cross(folder))


@property_of("write_simulation")
@given(seed=seeds)
@few
def test_a_simulation_that_was_written_is_read_with_its_truth(tmp_path_factory, seed):
    made = crossmap.simulate_cross(
        n_samples=8, n_traits=4, n_markers=20, n_parent_replicates=0, seed=seed % 1000
    )
    folder = tmp_path_factory.mktemp("simulated")
    crossmap.write_simulation(made, folder)
    assert_same_data(made.cross, crossmap.read_cross(folder), but=("description",))
    truth = pd.read_csv(folder / "truth.tsv", sep="\t")
    assert truth["pos_bp"].tolist() == pytest.approx(made.truth["pos_bp"].tolist(), nan_ok=True)


@property_of("read_plain", "read_matrixeqtl")
@given(cross=called)
@few
def test_tables_of_numbers_are_read_alike_as_plain_ones(tmp_path_factory, cross):
    folder = tmp_path_factory.mktemp("tables")
    write_matrixeqtl(replace(cross, ruled_out=None), folder)
    codes = {str(k): name for k, name in enumerate(cross.genotype_names)}
    known = {"crosstype": cross.crosstype, "codes": codes}
    theirs = crossmap.read_matrixeqtl(
        folder / "SNP.txt", traits=folder / "GE.txt", markers=folder / "snpsloc.txt", **known
    )
    np.testing.assert_array_equal(theirs.genotypes, cross.genotypes)
    np.testing.assert_array_equal(theirs.traits, cross.traits)
    markers = theirs.markers[["marker", "chr", "pos_bp"]]
    markers.to_csv(folder / "markers.tsv", sep="\t", index=False)
    plain = crossmap.read_plain(
        genotypes=folder / "SNP.txt", traits=folder / "GE.txt", markers=folder / "markers.tsv",
        **known,
    )  # fmt: skip
    np.testing.assert_array_equal(plain.genotypes, theirs.genotypes)
    np.testing.assert_array_equal(plain.traits, theirs.traits)


@property_of("check_cross")
@given(cross=called)
@few
def test_what_check_finds_hangs_on_neither_units_nor_names_of_genotypes(cross):
    found = crossmap.check_cross(cross)
    for other in (replace(cross, traits=4 * cross.traits), swapped(cross)):
        again = crossmap.check_cross(other)
        for severity in ("error", "warning", "note"):
            assert again.n_found(severity) == found.n_found(severity)


@property_of("gene_action")
@given(cross=crosses(crosstype="f2"))
@few
def test_action_of_genes(cross):
    names = list(cross.markers["marker"])
    linkages = pd.DataFrame(
        [
            {"trait": t, "locus": m, "chr": "1", "start_bp": 0.0, "end_bp": 0.0}
            for t in cross.trait_names for m in names
        ]
    )  # fmt: skip
    found = crossmap.gene_action(cross, linkages)
    other = crossmap.gene_action(swapped(cross), linkages)
    np.testing.assert_allclose(other["additive"], -found["additive"], atol=1e-9)
    np.testing.assert_allclose(other["dominance"], found["dominance"], atol=1e-9)
    assert list(other["action"]) == list(found["action"])
    shifted = crossmap.gene_action(replace(cross, traits=2 * cross.traits + 8), linkages)
    np.testing.assert_allclose(shifted["additive"], 2 * found["additive"], atol=1e-9)
    np.testing.assert_allclose(shifted["dominance"], 2 * found["dominance"], atol=1e-9)
    three = [all((cross.genotypes[names.index(m)] == g).any() for g in (0, 1, 2))
             for m in linkages["locus"]]  # fmt: skip
    assert (found["action"].notna().to_numpy() <= np.array(three)).all()


@property_of("simulate_scenario")
@given(seed=st.integers(0, 10**6))
@few
def test_scenarios_depend_on_their_seed_alone(seed):
    made, again, other = (
        crossmap.simulate_scenario("traits-50", seed=s) for s in (seed, seed, seed + 1)
    )
    assert_same_data(made.cross, again.cross)
    pd.testing.assert_frame_equal(made.truth, again.truth)
    assert not np.array_equal(made.cross.traits, other.cross.traits)
    assert set(made.truth["trait"]) == set(made.cross.trait_names)


@property_of("make_cross")
@pytest.mark.parametrize("big", [1e308, -1e160, 1e71])
@pytest.mark.parametrize("where", ["traits", "parents"])
def test_numbers_too_large_to_compute_with_are_refused_at_the_boundary(big, where):
    cross = crossmap.simulate_cross(n_samples=12, n_traits=3, n_markers=20).cross
    traits, parents = cross.traits.copy(), cross.parents.copy()
    if where == "traits":
        traits[1, 4] = big
    else:
        parents.iloc[4, 2] = big
    with pytest.raises(
        crossmap.DataError,
        match=r"trait g0002, sample \w+: expected a number up to 1e\+70 in size, found -?1e\+\d+ ",
    ):
        make_cross(
            crosstype=cross.crosstype, genotype_names=cross.genotype_names, samples=cross.samples,
            markers=cross.markers, genotypes=cross.genotypes, trait_names=cross.trait_names,
            traits=traits, parents=parents,
        )  # fmt: skip


@given(scale=st.sampled_from([1e-60, 1e-30, 1e60, 9e69]))
@few
def test_large_and_small_numbers_change_no_statistic(scale):
    cross = crossmap.simulate_cross(n_samples=60, n_traits=30, n_markers=60, seed=2).cross
    top = np.abs(cross.traits).max()
    scaled = replace(cross, traits=cross.traits / top * scale, parents=cross.parents.iloc[:0])
    runs = {
        "scan1": lambda c: crossmap.scan1(c, threshold=0.5).to_frame()["r2"],
        "anova": lambda c: crossmap.scan1(c, model="anova", threshold=0.5).to_frame()["r2"],
        "joint": lambda c: crossmap.joint_linkage(c, n_perm=1).to_frame()["f1"],
        "additive": lambda c: crossmap.joint_linkage(
            c, n_perm=1, model="additive", variance="common"
        ).to_frame()["f2"],
        "scan2": lambda c: crossmap.scan2(c, n_perm=1, n_grid=20).to_frame()["p_value"],
        "fit": lambda c: crossmap.fit(c, "g0001", list(c.markers["marker"][[0, 30]])).anova["lod"],
        "permute": lambda c: crossmap.permute_scan1(c, n_perm=19).to_frame()["lod"],
        "coloc": lambda c: crossmap.colocalised(
            c, crossmap.single_locus_table(c, threshold=0.1)
        )["r_genetic"],
    }  # fmt: skip
    for name, run in runs.items():
        np.testing.assert_allclose(run(scaled), run(cross), rtol=1e-6, atol=1e-9, err_msg=name)
