"""Two loci on probabilities: R/qtl's scantwo, least squares, and the search of calls."""

import numpy as np
import pandas as pd
import pytest
from genotyped import awkward_cross, listeria, with_traits

from crossmap import genotype_probabilities, scan2, simulate_cross, trait_surface
from crossmap.errors import ArgumentError, DataError
from crossmap.execution import Execution
from crossmap.genotypes.loci import distinct_loci
from crossmap.genotypes.probable_loci import probable_loci
from crossmap.linkage.curves import lod_curves
from crossmap.linkage.f_test import neglog10_p
from crossmap.linkage.probability_pairs import unit_residuals
from crossmap.linkage.probability_scan2 import probability_pair_search
from crossmap.linkage.scan2 import PairOptions, pair_search
from crossmap.linkage.stages import SearchOptions
from crossmap.linkage.surface import two_locus_surface


def test_scantwo_of_rqtl(shared):
    cross = listeria(shared)
    theirs = pd.read_csv(shared / "oracles" / "rqtl" / "rqtl_listeria_scantwo_hk.tsv.gz", sep="\t")
    surface = trait_surface(cross, "T264", genotype_probabilities=True, error_prob=1e-3)
    ours = surface.to_frame()
    assert len(ours) == len(theirs) == 133 * 132 // 2
    both = theirs.merge(ours, left_on=["m1", "m2"], right_on=["locus1", "locus2"])
    assert len(both) == len(theirs)
    np.testing.assert_allclose(both["lod_add_y"], both["lod_add_x"], atol=1e-8)
    differ = (both["lod_full_y"] - both["lod_full_x"]).abs() > 1e-6
    # Where a product adds 1e-9 of itself, R/qtl fits that too: a combination of genotypes that a
    # millionth of an individual is expected to have. That is so of four pairs of near markers.
    assert differ.sum() == 4
    near = both[differ]
    assert (near["chr1"].astype(str) == near["chr2"].astype(str)).all()
    assert ((near["pos2_cm"] - near["pos1_cm"]) < 1.5).all()
    assert (near["lod_full_y"] < near["lod_full_x"]).all()
    for kind in ("full", "int"):
        ours, r_qtl = both[f"lod_{kind}_y"], both[f"lod_{kind}_x"]
        np.testing.assert_allclose(ours[~differ], r_qtl[~differ], atol=1e-6)


def test_certain_genotypes_give_the_surface_of_calls():
    cross = simulate_cross(n_samples=60, n_markers=60, n_traits=3, seed=5).cross
    calls = distinct_loci(cross)
    loci = probable_loci(genotype_probabilities(cross, error_prob=0.0), cross)
    for same_chromosome in (True, False):
        options = {"min_cell": 3, "same_chromosome": same_chromosome}
        theirs = two_locus_surface(cross.traits[0], calls, **options)
        ours = two_locus_surface(cross.traits[0], loci, **options)
        rows = np.array([loci.names.index(name) for name in calls.names])
        for kind in ("lod_full", "lod_add"):
            expected = getattr(theirs, kind)
            found = getattr(ours, kind)[np.ix_(rows, rows)]
            there = ~np.isnan(expected) & ~np.isnan(found)
            assert there.mean() > 0.7
            np.testing.assert_allclose(found[there], expected[there], atol=1e-8)
        np.testing.assert_allclose(ours.lod_one[rows], theirs.lod_one, atol=1e-9)


@pytest.mark.parametrize("unit", [1e-40, 1e30])
def test_a_trait_varies_in_any_unit(unit):
    cross = with_traits(awkward_cross("f2"))
    loci = probable_loci(genotype_probabilities(cross), cross)
    plain = unit_residuals(cross.traits[0], loci, trait="t0", min_cell=3)[1]
    scaled = unit_residuals(unit * cross.traits[0], loci, trait="t0", min_cell=3)[1]
    np.testing.assert_allclose(scaled, plain, atol=1e-12)
    with pytest.raises(DataError, match="t3: expected values that vary"):
        unit_residuals(unit * cross.traits[3], loci, trait="t3", min_cell=3)


def test_certain_genotypes_give_the_pairs_of_calls():
    cross = simulate_cross(n_samples=70, n_markers=50, n_traits=12, seed=6).cross
    calls = distinct_loci(cross)
    loci = probable_loci(genotype_probabilities(cross, error_prob=0.0), cross)
    options = PairOptions(n_perm=2, min_cell=3)
    theirs = pair_search(cross.traits, calls, names=cross.trait_names, options=options)
    ours = probability_pair_search(cross.traits, loci, names=cross.trait_names, options=options)
    for name in ("linkage", "epistasis"):
        one, other = getattr(ours, name), getattr(theirs, name)
        assert np.array_equal(one.df1, other.df1)
        assert np.array_equal(one.df2, other.df2)
        np.testing.assert_allclose(one.f, other.f, rtol=1e-9)
        np.testing.assert_allclose(one.f_null, other.f_null, rtol=1e-9)
        np.testing.assert_allclose(one.rss, other.rss, rtol=1e-9)
        assert np.array_equal(calls.locus_of_marker[one.locus1], other.locus1)
        assert np.array_equal(calls.locus_of_marker[one.locus2], other.locus2)


@pytest.mark.parametrize("crosstype", ["riself", "bc", "f2"])
def test_the_best_pair_of_the_surface_is_that_of_the_search(crosstype):
    cross = with_traits(awkward_cross(crosstype, n_samples=140, n_markers=18))
    loci = probable_loci(genotype_probabilities(cross, error_prob=0.01), cross)
    options = PairOptions(n_perm=1, min_cell=2, same_chromosome=True)
    one, many = (
        probability_pair_search(
            cross.traits, loci, names=cross.trait_names, options=options, execution=execution
        )
        for execution in (Execution(threads=1), Execution(threads=3))
    )
    assert np.array_equal(one.linkage.f_null, many.linkage.f_null, equal_nan=True)
    for t in (0, 1, 5):
        surface = two_locus_surface(cross.traits[t], loci, min_cell=2)
        i, j = one.linkage.locus1[t], one.linkage.locus2[t]
        lod = surface.n_samples / 2 * np.log10(one.rss0[t] / one.linkage.rss[t])
        np.testing.assert_allclose(surface.lod_full[i, j], lod, rtol=1e-9)
        if crosstype == "riself":  # one number of degrees of freedom: the largest LOD
            np.testing.assert_allclose(np.nanmax(surface.lod_full), lod, rtol=1e-9)
        # F is that of the commonest degrees of freedom, with the p-value of the pair's own.
        linkage = one.linkage
        assert float(neglog10_p(linkage.f[t], linkage.df1[t], linkage.df2[t])) > 0
    assert one.linkage.locus1[3] == -1  # constant


def test_scan2_of_every_cross_type():
    cross = with_traits(awkward_cross("f2", n_samples=150, n_markers=15), n_traits=125)
    found = scan2(cross, genotype_probabilities=True, n_perm=2, min_cell=2, by_chromosome=True)
    table = found.to_frame()
    assert len(table) == 250
    assert table.loc[table["trait"] == "t0", "f"].notna().all()
    with pytest.raises(ArgumentError, match="step: expected 0 without genotype_probabilities"):
        scan2(cross, step=1.0)
    table = found.to_frame()
    lod = np.log10(1 + table["df1"] * table["f"] / table["df2"]) * cross.n_samples / 2
    np.testing.assert_allclose(table["lod"], lod, rtol=1e-12)


@pytest.mark.parametrize("crosstype", ["riself", "f2"])
def test_every_trait_is_searched_on_its_own_samples(crosstype):
    """As if the others were not in the cross: pairs, nulls, degrees of freedom."""
    cross = with_traits(awkward_cross(crosstype, n_samples=150, n_markers=12), n_traits=5)
    holed = cross.traits.copy()
    holed[0, :30] = np.nan
    holed[2, 5:9] = np.nan
    loci = probable_loci(genotype_probabilities(cross, error_prob=0.01), cross)
    options = PairOptions(n_perm=2, min_cell=2)
    found = probability_pair_search(holed, loci, names=cross.trait_names, options=options)
    assert found.n_samples.tolist() == [120, 150, 146, 150, 150]
    for t in range(5):
        samples = np.flatnonzero(~np.isnan(holed[t]))
        alone = probability_pair_search(
            holed[t : t + 1, samples], loci.on(samples), names=[cross.trait_names[t]],
            options=options,
        )  # fmt: skip
        assert found.n_eligible[t] == alone.n_pairs
        for name in ("linkage", "epistasis"):
            one, other = getattr(found, name), getattr(alone, name)
            for field in ("locus1", "locus2", "df1", "df2"):
                assert getattr(one, field)[t] == getattr(other, field)[0]
            for field in ("f", "rss", "f_null"):
                a, b = getattr(one, field)[t], getattr(other, field)[0]
                np.testing.assert_allclose(a, b, rtol=1e-9, equal_nan=True)
    if crosstype == "riself":
        assert not found.linkage.is_uniform
        observed, null = found.linkage.evidence()
        p = neglog10_p(found.linkage.f_null[0], found.linkage.df1[0], found.linkage.df2[0])
        np.testing.assert_array_equal(null[0], p)
        assert observed[0] == neglog10_p(found.linkage.f[0], 3, 116)


def test_a_cell_larger_than_any_locus_leaves_no_pair():
    """No locus at all, not only no pair: m = 0 has no shape that could be inferred."""
    cross = awkward_cross("f2", n_samples=40, n_markers=12)
    with pytest.raises(DataError, match=r"^genotypes: expected a pair of loci with at least 30"):
        scan2(cross, genotype_probabilities=True, min_cell=30, n_perm=2)


@pytest.mark.parametrize("crosstype", ["f2", "riself"])
def test_same_bytes_for_threads_memory_and_order_of_traits(crosstype):
    """Statistics and curves come from matrix products, whose shapes these must not change."""
    cross = with_traits(awkward_cross(crosstype, n_samples=61), n_traits=13)
    loci = probable_loci(genotype_probabilities(cross, error_prob=0.01), cross)

    def found(order, **how):
        names = [cross.trait_names[t] for t in order]
        options = PairOptions(n_perm=3, min_cell=1, same_chromosome=True)
        pairs = probability_pair_search(
            cross.traits[order], loci, names=names, options=options, execution=Execution(**how)
        )
        back = np.argsort(order)
        arrays = [
            value[back]
            for test in (pairs.linkage, pairs.epistasis)
            for value in vars(test).values()
            if isinstance(value, np.ndarray) and len(value) == len(order)
        ]
        none_yet = np.empty((len(order), 0), dtype=np.int64)
        lod = lod_curves(cross.traits[order], loci, none_yet, options=SearchOptions())
        return [array.tobytes() for array in (*arrays, lod[back])]

    order = np.arange(13)
    expected = found(order, threads=1)
    assert len(expected) > 8
    assert found(order, threads=3) == expected
    assert found(order, threads=2, memory=10**6) == expected
    assert found(order[::-1], threads=1) == expected
