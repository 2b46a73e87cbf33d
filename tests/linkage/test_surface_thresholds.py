"""Permuted surfaces: the twin's largest LODs, the same permutations as the search, R/qtl's rule."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from examples import example_cross
from genotyped import awkward_cross, with_traits
from naive import philox as naive_philox
from naive import surface as naive

from crossmap import genotype_probabilities, simulate_cross
from crossmap.errors import ArgumentError, CrossmapError, DataError
from crossmap.execution import Execution
from crossmap.genotypes.loci import distinct_loci
from crossmap.genotypes.probable_loci import probable_loci
from crossmap.linkage.permutation import stage_key, trait_items
from crossmap.linkage.sequential import sequential_search
from crossmap.linkage.stages import SearchOptions
from crossmap.linkage.surface import two_locus_surface
from crossmap.linkage.surface_thresholds import (
    KINDS,
    SurfaceThresholds,
    surface_thresholds,
)


def largest(y, loci, **how):
    """Largest LODs over pairs of chromosomes, by least squares."""
    chromosome = loci.chr_index.tolist()
    one, full, additive = naive.surface(y, loci.genotypes, chromosome, **how)
    rows = naive.summary(one, full, additive, chromosome).values()
    return [max(row[kind] for row in rows) for kind in KINDS[:-1]] + [max(one.values())]


@pytest.mark.parametrize(
    ("kind", "trait", "how"),
    [
        ("ordinary", 1, {}),
        ("ordinary", 2, {"min_cell": 3, "same_chromosome": False}),
        ("one_chromosome", 3, {}),
        ("unlinked", 4, {}),
        ("eight", 0, {}),
    ],
)
def test_maxima_equal_least_squares_of_permuted_traits(kind, trait, how):
    cross = example_cross(kind, seed=3)
    loci = distinct_loci(cross)
    name, y = cross.trait_names[trait], cross.traits[trait]
    found = surface_thresholds(y, loci, trait=name, n_perm=3, seed=11, **how)
    cells = [0] * len(y)
    key = naive_philox.fold_cells(stage_key(11, 1), cells)
    for b in range(1, 4):
        order = naive_philox.shuffle_within_cells(key, trait_items([name])[0], b, cells)
        expected = largest(y[order], loci, **how)
        np.testing.assert_allclose(found.maxima[b - 1], expected, rtol=1e-9, atol=1e-10)


def test_permutations_are_those_of_the_first_stage_of_the_search():
    cross = example_cross("ordinary", seed=3)
    loci = distinct_loci(cross)
    n = cross.n_samples
    search = sequential_search(
        cross.traits[:4], loci, names=cross.trait_names[:4],
        options=SearchOptions(n_loci=1, n_perm=6, min_cell=3, seed=5),
    )  # fmt: skip
    for t in range(4):
        found = surface_thresholds(
            cross.traits[t], loci, trait=cross.trait_names[t], n_perm=6, min_cell=3, seed=5
        )
        lod = n / 2 * np.log10(1 + search.stages[0].f_null[t] / (n - 2))
        np.testing.assert_allclose(found.maxima[:, KINDS.index("one")], lod, rtol=1e-9)


def test_same_bytes_for_threads_memory_and_more_permutations():
    cross = example_cross("ordinary", seed=3)
    loci = distinct_loci(cross)
    how = {"trait": "t1", "seed": 2}
    one, two, tight = (
        surface_thresholds(cross.traits[1], loci, n_perm=7, execution=execution, **how)
        for execution in (Execution(threads=1), Execution(threads=2), Execution(2, 500_000))
    )
    np.testing.assert_array_equal(one.maxima, two.maxima)
    np.testing.assert_array_equal(one.maxima, tight.maxima)
    more = surface_thresholds(cross.traits[1], loci, n_perm=9, **how)
    np.testing.assert_array_equal(more.maxima[:7], one.maxima)
    other_seed = surface_thresholds(cross.traits[1], loci, n_perm=7, trait="t1", seed=3)
    assert (other_seed.maxima != one.maxima).all()


@pytest.mark.parametrize("crosstype", ["haploid", "riself", "bc", "f2"])
@pytest.mark.parametrize("how", [{}, {"min_cell": 2, "same_chromosome": False}])
def test_maxima_on_probabilities_are_those_of_surfaces_of_permuted_traits(crosstype, how):
    """X, where sexes and directions move apart; dominant markers; missing values."""
    cross = with_traits(awkward_cross(crosstype, n_samples=90, n_markers=12))
    loci = probable_loci(genotype_probabilities(cross, error_prob=0.01, step=8), cross)
    y = cross.traits[0].copy()
    y[[2, 30]] = np.nan
    found = surface_thresholds(y, loci, trait="t0", n_perm=3, seed=11, **how)
    samples = np.flatnonzero(~np.isnan(y))
    own = loci.on(samples)
    group = own.group if loci.on_x.any() else np.zeros(len(samples), dtype=np.int64)
    assert (crosstype in ("bc", "f2")) == (group.max() > 0)
    _, first, cells = np.unique(group, return_index=True, return_inverse=True)
    cells = np.argsort(np.argsort(first))[cells].tolist()
    residual = y[samples].copy()
    for g in set(cells):
        here = np.array(cells) == g
        residual[here] -= residual[here].mean()
    key = naive_philox.fold_cells(stage_key(11, 1), cells)
    names = [each.region.name for each in found.regions]
    table = two_locus_surface(y[samples], own, trait="t0", **how).summary()
    n_x = (table["chr1"] == "X").astype(int) + (table["chr2"] == "X")
    there = np.array(["A:A", "A:X", "X:X"])[np.unique(n_x)].tolist()
    assert names == (there if group.max() else [""])
    for b in range(1, 4):
        order = naive_philox.shuffle_within_cells(key, trait_items(["t0"])[0], b, cells)
        surface = two_locus_surface(residual[order], own, trait="t0", **how)
        table = surface.summary()
        for each in found.regions:
            kept = of_region(each.region, table["chr1"], table["chr2"])
            expected = [table.loc[kept, f"lod_{kind}"].max() for kind in KINDS[:-1]]
            chromosomes = {*table.loc[kept, "chr1"], *table.loc[kept, "chr2"]}
            expected.append(np.nanmax(surface.lod_one[np.isin(own.chr, list(chromosomes))]))
            np.testing.assert_allclose(each.maxima[b - 1], expected, rtol=1e-8, atol=1e-9)


def of_region(region, chr1, chr2):
    n_x = (chr1 == "X").astype(int) + (chr2 == "X").astype(int)
    return (n_x == region.n_x) | (region.name == "")


def test_certain_genotypes_give_the_thresholds_of_calls():
    cross = simulate_cross(n_samples=60, n_markers=60, n_traits=3, seed=5).cross
    loci = probable_loci(genotype_probabilities(cross, error_prob=0.0), cross)
    for how in ({}, {"same_chromosome": False}):
        ours = surface_thresholds(cross.traits[0], loci, trait="t", n_perm=20, **how)
        theirs = surface_thresholds(
            cross.traits[0], distinct_loci(cross), trait="t", n_perm=20, **how
        )
        np.testing.assert_allclose(ours.maxima, theirs.maxima, atol=1e-8)


def test_same_bytes_on_probabilities_for_threads_and_more_permutations():
    cross = with_traits(awkward_cross("f2", n_samples=90, n_markers=12))
    loci = probable_loci(genotype_probabilities(cross, error_prob=0.01), cross)
    one, two, tight, more = (
        surface_thresholds(
            cross.traits[1], loci, trait="t1", n_perm=n, execution=Execution(threads=k, memory=size)
        )
        for n, k, size in ((70, 1, None), (70, 3, None), (70, 1, 2_200_000), (130, 2, None))
    )
    assert one.others[1].n_perm > 400  # in several batches where memory is tight
    for k, each in enumerate(one.regions):
        assert each.maxima.tobytes() == two.regions[k].maxima.tobytes()
        assert each.maxima.tobytes() == tight.regions[k].maxima.tobytes()
        np.testing.assert_array_equal(more.regions[k].maxima[: each.n_perm], each.maxima)


def test_pairs_with_x_have_thresholds_at_their_share_of_the_area():
    """Rows of 100 cM and 60 cM, X of 40 cM: areas 160^2/2, 160 x 40, 40^2/2."""
    cross = with_traits(awkward_cross("f2", n_samples=90, n_markers=12))
    length = {"1": 100.0, "2": 60.0, "X": 40.0}
    at = cross.markers.groupby("chr").cumcount() / 3
    cross = replace(
        cross, markers=cross.markers.assign(pos_cm=at * cross.markers["chr"].map(length))
    )
    loci = probable_loci(genotype_probabilities(cross), cross)
    found = surface_thresholds(cross.traits[1], loci, trait="t1", n_perm=64)
    assert [each.n_perm for each in found.regions] == [64, 128, 1024]
    area = np.array([160**2 / 2, 160 * 40, 40**2 / 2])
    np.testing.assert_allclose([e.region.share for e in found.regions], area / area.sum())
    across = surface_thresholds(cross.traits[1], loci, trait="t1", n_perm=5, same_chromosome=False)
    area = np.array([100.0 * 60, 160 * 40])
    np.testing.assert_allclose([e.region.share for e in across.regions], area / area.sum())
    table = found.table(0.1)
    assert table["region"].tolist() == ["A:A", "A:X", "X:X"]
    for each, row in zip(found.regions, table.to_dict("records"), strict=True):
        level = 1 - 0.9**each.region.share
        for number, kind in enumerate(KINDS):
            assert row[f"lod_{kind}"] == pytest.approx(
                np.quantile(each.maxima[:, number], 1 - level)
            )
    surface = replace(two_locus_surface(cross.traits[1], loci, trait="t1"), thresholds=found)
    summary = surface.summary()
    called = found.is_called(summary, alpha=0.9)
    for row, is_called in zip(summary.to_dict("records"), called, strict=True):
        n_x = (row["chr1"] == "X") + (row["chr2"] == "X")
        own = found.regions[n_x]
        own = replace(own, others=())
        p = (1 + (own.maxima[:, 1] >= row["lod_fv1"] - 1e-9).sum()) / (1 + own.n_perm)
        assert row["p_fv1"] == pytest.approx(1 - (1 - p) ** (1 / own.region.share))
        assert own.is_called(pd.DataFrame([row]), alpha=0.9).tolist() == [is_called]
    assert len(found.to_frame()) == 64 + 128 + 1024


def test_more_permutations_than_memory_holds_are_refused():
    cross = with_traits(awkward_cross("f2", n_samples=90, n_markers=12))
    loci = probable_loci(genotype_probabilities(cross, error_prob=0.01), cross)
    far = replace(loci, start_cm=np.where(loci.chr == "1", 1e4 * loci.start_cm, loci.start_cm))
    with pytest.raises(ArgumentError, match="misplaced far from the others"):
        surface_thresholds(
            cross.traits[1], far, trait="t1", n_perm=7, execution=Execution(memory=10**7)
        )
    with pytest.raises(ArgumentError, match="memory: expected room for 7 permutations"):
        surface_thresholds(
            cross.traits[1], loci, trait="t1", n_perm=7, execution=Execution(memory=100_000)
        )
    with pytest.raises(DataError, match="expected values that vary"):
        surface_thresholds(cross.traits[3], loci, trait="t3", n_perm=7)


def test_missing_values_are_left_out_before_permuting():
    cross = example_cross("ordinary", seed=3)
    loci = distinct_loci(cross)
    y = cross.traits[1].copy()
    y[[2, 30]] = np.nan
    kept = cross.subset(samples=[s for k, s in enumerate(cross.samples) if k not in (2, 30)])
    holed = surface_thresholds(y, loci, trait="t1", n_perm=4)
    used = replace(loci, genotypes=kept.genotypes[[kept_row(cross, n) for n in loci.names]])
    whole = surface_thresholds(kept.traits[1], used, trait="t1", n_perm=4)
    np.testing.assert_array_equal(holed.maxima, whole.maxima)


def kept_row(cross, name):
    return cross.markers["marker"].tolist().index(name)


def test_exact_fits_among_permutations_give_infinite_thresholds_not_nan():
    cross = example_cross("eight", seed=3)
    y = np.array([0, 0, 0, 0, 0, 0, 0, 1.0])  # permuted, it is often a combination of its own
    found = surface_thresholds(y, distinct_loci(cross), trait="rare", n_perm=40)
    assert np.isposinf(found.maxima[:, 0]).any()
    assert not np.isnan(found.maxima).any()
    thresholds = found.quantiles(0.0)
    assert thresholds["full"] == np.inf
    assert not np.isnan(list(thresholds.values())).any()


def thresholds_of(rows):
    return SurfaceThresholds("t", np.array(rows, dtype=float), seed=1)


def test_quantiles_are_those_of_r():
    found = thresholds_of([[k, 2 * k, 0, k, -k, 5] for k in range(1, 6)])
    # R: quantile(1:5, 0.9) is 4.6 (type 7)
    quantiles = found.quantiles(0.1)
    assert quantiles == pytest.approx(
        {"full": 4.6, "fv1": 9.2, "int": 0.0, "add": 4.6, "av1": -1.4, "one": 5.0}
    )
    assert found.quantiles(0.0)["full"] == 5.0
    assert found.quantiles(1.0)["full"] == 1.0
    assert found.n_perm == 5
    for alpha in (-0.1, 1.1, np.nan):
        with pytest.raises(ArgumentError, match="alpha: expected a number from 0 to 1"):
            found.quantiles(alpha)


def test_p_values_count_what_is_as_large():
    found = thresholds_of([[k] * 6 for k in (3, 1, 2, 2)])
    lod = np.array([0.5, 2.0, 2.5, 9.0, np.nan])
    np.testing.assert_allclose(
        found.p_value("full", lod), [1.0, 4 / 5, 2 / 5, 1 / 5, np.nan], equal_nan=True
    )
    scaled = thresholds_of([[k * (1 - 1e-13)] * 6 for k in (3, 1, 2, 2)])  # rounded otherwise
    np.testing.assert_array_equal(scaled.p_value("full", lod), found.p_value("full", lod))
    with pytest.raises(ArgumentError, match="kind: expected full or fv1 or"):
        found.p_value("best", lod)


def test_rule_of_r_qtl():
    """Thresholds 10 full, 4 fv1, 3 int, 8 add, 2 av1."""
    found = thresholds_of([[10, 4, 3, 8, 2, 5]])
    cases = {
        (10, 4, 0, 0, 0): True,  # full and fv1
        (10, 0, 3, 0, 0): True,  # full and int
        (10, 3.9, 2.9, 0, 0): False,  # full alone
        (9.9, 4, 3, 0, 0): False,  # fv1 and int without full
        (0, 0, 0, 8, 2): True,  # add and av1
        (0, 0, 0, 8, 1.9): False,
        (0, 0, 0, 7.9, 2): False,
        (10, 0, 0, 8, 0): False,
        (np.inf, 0, 3, 0, 0): True,
    }
    columns = [f"lod_{kind}" for kind in KINDS[:-1]]
    summary = pd.DataFrame(list(cases), columns=columns, dtype=float)
    assert found.is_called(summary).tolist() == list(cases.values())


def test_a_pair_without_main_effects_is_called_by_its_interaction():
    cross = example_cross("ordinary", seed=3)
    a, b = cross.genotypes[1] * 2.0 - 1, cross.genotypes[22] * 2.0 - 1
    y = a * b + 0.4 * np.random.default_rng(0).normal(size=cross.n_samples)
    loci = distinct_loci(cross)
    summary = two_locus_surface(y, loci, trait="x").summary()
    chance = surface_thresholds(y, loci, trait="x", n_perm=100)
    called = summary[chance.is_called(summary, alpha=0.05)]
    assert called[["chr1", "chr2"]].to_numpy().tolist() == [["1", "4"]]
    assert called["locus1f"].tolist() == ["m01"]


def test_table_of_maxima():
    frame = thresholds_of([[1, 2, 3, 4, 5, 6], [7, 8, 9, 10, 11, 12]]).to_frame()
    assert list(frame.columns) == ["permutation", *(f"lod_{kind}" for kind in KINDS)]
    assert frame["permutation"].tolist() == [1, 2]
    assert frame["lod_one"].tolist() == [6.0, 12.0]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"n_perm": 0}, ArgumentError, "n_perm: expected a whole number of at least 1"),
        ({"seed": -1}, ArgumentError, "seed: expected a whole number of at least 0"),
        ({"min_cell": 30}, DataError, "found none among"),
        ({"execution": Execution(memory=1000)}, ArgumentError, "memory: expected room"),
    ],
)
def test_what_cannot_be_done_is_refused(options, error, message):
    cross = example_cross("ordinary", seed=3)
    with pytest.raises(CrossmapError, match=message) as caught:
        surface_thresholds(cross.traits[1], distinct_loci(cross), trait="t1", **options)
    assert isinstance(caught.value, error)
