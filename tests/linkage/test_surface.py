"""Two-locus surfaces: R/qtl's own numbers, least squares pair by pair, awkward pairs and traits."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from examples import KINDS, example_cross
from naive import surface as naive
from peers import rqtl_yeast_sub

import crossmap
from crossmap.errors import ArgumentError, DataError
from crossmap.execution import Execution
from crossmap.genotypes.loci import distinct_loci, thin
from crossmap.linkage.surface import trait_surface, two_locus_surface

RELATIVE = 1e-10  # sums of at most 40 float64 terms in another order
PEER = 1e-8
DIFFERENCES = ("fv1", "int", "av1")


@pytest.fixture(scope="module")
def peer(shared):
    """Our surface of the trait that R/qtl's scantwo was run on."""
    cross = rqtl_yeast_sub(shared)
    return trait_surface(cross, "GDH3"), shared / "oracles" / "rqtl"


def test_every_pair_is_as_in_rqtl(peer):
    surface, folder = peer
    theirs = pd.read_csv(folder / "rqtl_yeast_scantwo_hk_GDH3.tsv.gz", sep="\t")
    ours = surface.to_frame()
    assert len(ours) == len(theirs) == 205 * 204 // 2
    both = ours.astype({"locus1": object, "locus2": object}).merge(
        theirs, left_on=["locus1", "locus2"], right_on=["m1", "m2"], suffixes=("", "_peer")
    )
    assert len(both) == len(theirs)
    np.testing.assert_allclose(both["lod_full"], both["lod_full_lm"], atol=PEER)
    np.testing.assert_allclose(both["lod_add"], both["lod_add_lm"], atol=PEER)
    # R/qtl's own full LOD is too low in three pairs with a combination that does not occur.
    same = (both["lod_full_peer"] - both["lod_full_lm"]).abs() < PEER
    assert (~same).sum() == 3
    for kind in ("full", *DIFFERENCES):
        np.testing.assert_allclose(
            both.loc[same, f"lod_{kind}"], both.loc[same, f"lod_{kind}_peer"], atol=PEER
        )
    assert (both.loc[~same, "lod_int"] == 0).all()


def test_summary_is_that_of_rqtl(peer):
    surface, folder = peer
    theirs = pd.read_csv(
        folder / "rqtl_yeast_scantwo_hk_GDH3_summary.tsv",
        sep="\t",
        dtype={"chr1": str, "chr2": str},
    )
    ours = surface.summary()
    assert len(ours) == len(theirs) == 16 * 17 // 2
    assert ours["chr1"].tolist() == theirs["chr1"].tolist()
    assert ours["chr2"].tolist() == theirs["chr2"].tolist()
    for kind in ("full", "fv1", "int", "add", "av1"):
        np.testing.assert_allclose(ours[f"lod_{kind}"], theirs[f"lod.{kind}"], atol=PEER)
    for position in ("pos1f", "pos2f", "pos1a", "pos2a"):
        np.testing.assert_allclose(ours[f"{position}_cm"], theirs[position], atol=PEER)
    assert (ours["lod_int_f"] >= ours["lod_int"] - PEER).all()


def surface_of(cross, trait, **options):
    y = cross.traits[cross.trait_names.index(trait)]
    return two_locus_surface(y, distinct_loci(cross), trait=trait, **options)


def compare(surface, expected):
    one, full, additive = expected
    m = len(surface.loci)
    for i in range(m):
        if i in one:
            assert surface.lod_one[i] == pytest.approx(one[i], rel=RELATIVE, abs=1e-12)
        else:
            assert np.isnan(surface.lod_one[i])
    chromosome = surface.loci.chr_index
    derived = {kind: getattr(surface, f"lod_{kind}") for kind in DIFFERENCES}
    for i in range(m):
        assert np.isnan(surface.lod_full[i, i])
        for j in range(i + 1, m):
            pair = i, j
            found = surface.lod_full[pair], surface.lod_add[pair]
            if pair not in full:
                assert np.isnan(found).all()
                assert all(np.isnan(table[pair]) for table in derived.values())
                continue
            single = naive.best_one(one, chromosome, chromosome[i], chromosome[j])
            assert found[0] == pytest.approx(full[pair], rel=RELATIVE, abs=1e-12)
            assert found[1] == pytest.approx(additive[pair], rel=RELATIVE, abs=1e-12)
            expected = {
                "fv1": naive.gain(full[pair], single),
                "int": naive.gain(full[pair], additive[pair]),
                "av1": naive.gain(additive[pair], single),
            }
            for kind, value in expected.items():
                assert derived[kind][pair] == pytest.approx(value, rel=1e-9, abs=1e-10)
                assert derived[kind][j, i] == derived[kind][pair]


@pytest.mark.parametrize("kind", KINDS)
def test_surface_equals_least_squares_on_dummies(kind):
    cross = example_cross(kind, seed=3)
    loci = distinct_loci(cross)
    n_exact = 0
    for trait, y in zip(cross.trait_names, cross.traits, strict=True):
        if np.ptp(y) == 0:
            continue
        expected = naive.surface(y, loci.genotypes, loci.chr_index)
        surface = surface_of(cross, trait)
        compare(surface, expected)
        n_exact += sum(value == np.inf for value in expected[1].values())
        rows = naive.summary(*expected, loci.chr_index.tolist())
        table = surface.summary()
        assert len(table) == len(rows)
        for (_, row), values in zip(table.iterrows(), rows.values(), strict=True):
            for name, value in values.items():
                assert row[f"lod_{name}"] == pytest.approx(value, rel=1e-9, abs=1e-10)
    assert n_exact >= len(loci) - 1  # the trait that one locus explains without remainder


@pytest.mark.parametrize("same_chromosome", [True, False])
@pytest.mark.parametrize("min_cell", [2, 3])
@pytest.mark.parametrize("kind", ["skewed", "ordinary"])
def test_eligibility_is_that_of_the_twin(kind, min_cell, same_chromosome):
    how = {"min_cell": min_cell, "same_chromosome": same_chromosome}
    cross = example_cross(kind, seed=8)
    loci = distinct_loci(cross)
    expected = naive.surface(cross.traits[1], loci.genotypes, loci.chr_index, **how)
    n_pairs = len(loci) * (len(loci) - 1) // 2
    assert 0 < len(expected[1]) < n_pairs
    compare(surface_of(cross, "t1", **how), expected)


def test_missing_values_leave_their_samples_out():
    cross = example_cross("ordinary", seed=4)
    y = cross.traits[1].copy()
    y[[0, 7, 31]] = np.nan
    loci = distinct_loci(cross)
    surface = two_locus_surface(y, loci)
    assert surface.n_samples == 37
    used = ~np.isnan(y)
    compare(surface, naive.surface(y[used], loci.genotypes[:, used], loci.chr_index))


def test_a_locus_that_no_longer_varies_explains_nothing():
    cross = example_cross("skewed", seed=4)
    loci = distinct_loci(cross)
    sizes = loci.genotypes.sum(axis=1)
    rare = int(np.minimum(sizes, cross.n_samples - sizes).argmin())
    minority = int(sizes[rare] * 2 < cross.n_samples)
    y = np.where(loci.genotypes[rare] == minority, np.nan, cross.traits[1])
    used = ~np.isnan(y)
    surface = two_locus_surface(y, loci)
    assert surface.lod_one[rare] == 0.0
    other = np.delete(np.arange(len(loci)), rare)
    np.testing.assert_allclose(surface.lod_full[rare, other], surface.lod_one[other], atol=1e-12)
    compare(surface, naive.surface(y[used], loci.genotypes[:, used], loci.chr_index))


def test_loci_alike_on_two_chromosomes_are_one_as_a_pair():
    cross = example_cross("ordinary", seed=4)
    genotypes = cross.genotypes.copy()
    genotypes[22] = 1 - genotypes[1]
    cross = replace(cross, genotypes=genotypes)
    surface = surface_of(cross, "t1")
    i, j = (surface.loci.names.index(name) for name in ("m01", "m22"))
    assert surface.lod_full[i, j] == pytest.approx(surface.lod_one[i], rel=1e-12)
    assert surface.lod_int[i, j] == 0.0
    assert surface.lod_av1[i, j] <= 0.0


def near_exact(scale):
    """A trait that two loci and their interaction explain but for noise of a given size."""
    cross = example_cross("ordinary", seed=9)
    a, b = cross.genotypes[1].astype(float), cross.genotypes[22].astype(float)
    noise = np.random.default_rng(0).normal(size=cross.n_samples)
    return cross, a - 2 * b + a * b + scale * noise


@pytest.mark.parametrize("scale", [1e-2, 1e-5, 1e-8])
def test_fits_that_leave_almost_nothing_do_not_cancel(scale):
    cross, y = near_exact(scale)
    loci = distinct_loci(cross)
    surface = two_locus_surface(y, loci)
    i, j = loci.names.index("m01"), loci.names.index("m22")
    one, full, additive = naive.surface(y, loci.genotypes, loci.chr_index)
    assert full[i, j] > 30
    # The trait itself is rounded to 1e-16 of its size, a share 1e-16/scale of its noise.
    assert surface.lod_full[i, j] == pytest.approx(full[i, j], rel=max(RELATIVE, 1e-15 / scale))
    assert surface.lod_add[i, j] == pytest.approx(additive[i, j], rel=RELATIVE)
    assert surface.lod_one[i] == pytest.approx(one[i], rel=RELATIVE)


def test_an_exact_fit_has_infinite_lod_and_nothing_more_to_gain():
    surface = surface_of(example_cross("ordinary", seed=3), "t7")  # the genotypes of m01
    i = surface.loci.names.index("m01")
    others = np.delete(np.arange(len(surface.loci)), i)
    assert surface.lod_one[i] == np.inf
    assert np.isposinf(surface.lod_full[i, others]).all()
    for kind in DIFFERENCES:
        assert (getattr(surface, f"lod_{kind}")[i, others] == 0.0).all()
    assert not np.isnan(surface.summary().filter(like="lod_").to_numpy()).any()


def test_relabelled_genotypes_shift_and_scale_change_nothing_but_rounding():
    cross = example_cross("ordinary", seed=5)
    flipped = cross.genotypes ^ (np.arange(cross.n_markers) % 2)[:, None].astype(np.int8)
    plain = surface_of(cross, "t1")
    for other in (
        surface_of(replace(cross, genotypes=flipped), "t1"),
        surface_of(replace(cross, traits=5.0 - 37.0 * cross.traits), "t1"),
    ):
        np.testing.assert_allclose(other.lod_full, plain.lod_full, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(other.lod_add, plain.lod_add, rtol=1e-9, atol=1e-12)


def test_same_bytes_for_threads_and_memory():
    cross = example_cross("ordinary", seed=5)
    loci = distinct_loci(cross)
    results = [
        two_locus_surface(cross.traits[1], loci, execution=execution)
        for execution in (Execution(threads=1), Execution(threads=2), Execution(2, 500_000))
    ]
    for other in results[1:]:
        np.testing.assert_array_equal(other.lod_full, results[0].lod_full)
        np.testing.assert_array_equal(other.lod_add, results[0].lod_add)


@pytest.mark.parametrize("trait", ["t2", "t7"])  # t7 is an exact fit in some pairs
def test_blocks_of_any_size_agree(monkeypatch, trait):
    cross = example_cross("one_chromosome", seed=5)
    whole = surface_of(cross, trait)
    monkeypatch.setattr("crossmap.linkage.pair_blocks.ROWS", 3)
    monkeypatch.setattr("crossmap.linkage.pair_blocks.PAIRS_AT_ONCE", 2)
    cut = surface_of(cross, trait)
    np.testing.assert_allclose(cut.lod_full, whole.lod_full, rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(cut.lod_add, whole.lod_add, rtol=1e-11, atol=1e-12)


def test_ties_go_to_the_first_pair_in_map_order():
    # Every pair with m01 fits this trait, its genotypes, without remainder.
    surface = surface_of(example_cross("ordinary", seed=3), "t7")
    table = surface.summary().set_index(["chr1", "chr2"])
    assert table.loc[("1", "1"), ["locus1f", "locus2f"]].tolist() == ["m00", "m01"]
    of_4 = surface.loci.names[surface.loci.chr.tolist().index("4")]
    assert table.loc[("1", "4"), ["locus1f", "locus2f"]].tolist() == ["m01", of_4]
    assert (table.loc["1", "lod_full"] == np.inf).all()


def test_long_form_has_every_eligible_pair_once_in_map_order():
    cross = example_cross("ordinary", seed=3)
    surface = surface_of(cross, "t1", same_chromosome=False)
    frame = surface.to_frame()
    expected = ["locus1", "chr1", "pos1_bp", "locus2", "chr2", "pos2_bp"]
    lods = [f"lod_{kind}" for kind in ("full", "fv1", "int", "add", "av1")]
    assert list(frame.columns) == expected + lods
    assert (frame["chr1"].astype(str) != frame["chr2"].astype(str)).all()
    assert len(frame) == (~np.isnan(surface.lod_full)).sum() / 2 < 23 * 22 / 2
    rows = [[surface.loci.names.index(name) for name in frame[f"locus{k}"]] for k in (1, 2)]
    pairs = list(zip(*rows, strict=True))
    assert pairs == sorted(set(pairs))
    assert all(i < j for i, j in pairs)
    first = frame.iloc[0]
    names = surface.loci.names
    i, j = names.index(first["locus1"]), names.index(first["locus2"])
    assert i == 0
    assert first["pos2_bp"] == surface.loci.start_bp[j]
    for kind in ("full", "fv1", "int", "add", "av1"):
        assert first[f"lod_{kind}"] == getattr(surface, f"lod_{kind}")[i, j]


def test_trait_surface_thins_and_is_public():
    cross = example_cross("ordinary", seed=3)
    surface = crossmap.trait_surface(cross, "t1", n_grid=8)
    assert surface.loci.names == thin(distinct_loci(cross), 8).names
    assert surface.thresholds is None
    assert not any(name.startswith("p_") for name in surface.summary())
    with_chance = crossmap.trait_surface(cross, "t1", n_grid=8, n_perm=19)
    np.testing.assert_array_equal(with_chance.lod_full, surface.lod_full)
    table = with_chance.summary()
    assert table["p_full"].between(1 / 20, 1).all()
    assert (table["p_full"].rank() + table["lod_full"].rank()).std() < 4


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"trait": "nope"}, ArgumentError, "trait: expected names of the cross, found 'nope'"),
        ({"n_grid": 1}, DataError, "expected at least 2 distinct loci, found 1"),
        ({"n_grid": 99}, ArgumentError, "n_grid: expected 1 to"),
        ({"min_cell": 0}, ArgumentError, "min_cell: expected a whole number of at least 1"),
        ({"n_perm": -1}, ArgumentError, "n_perm: expected a whole number of at least 0"),
        ({"min_cell": 30}, DataError, r"every genotype combination that occurs \(min_cell\)"),
        ({"trait": "t5"}, DataError, r"trait t5: expected values that vary, found 0\.1"),
        ({"execution": Execution(memory=10_000)}, ArgumentError, r"memory: .*thin the loci"),
    ],
)
def test_what_cannot_be_done_is_refused(options, error, message):
    options = {"trait": "t1", **options}
    with pytest.raises(error, match=message):
        trait_surface(example_cross("ordinary", seed=3), **options)


def test_one_chromosome_without_its_own_pairs_is_refused():
    cross = example_cross("one_chromosome", seed=3)
    with pytest.raises(DataError, match="a pair of loci on different chromosomes"):
        trait_surface(cross, "t1", same_chromosome=False)
    assert trait_surface(cross, "t1").summary()["chr1"].tolist() == ["1"]


def test_too_few_values_and_a_wrong_length_are_refused():
    cross = example_cross("ordinary", seed=3)
    loci = distinct_loci(cross)
    y = np.full(cross.n_samples, np.nan)
    y[:4] = [1, 2, 3, 4]
    with pytest.raises(DataError, match="trait w: expected values of more than 4 samples, found 4"):
        two_locus_surface(y, loci, trait="w")
    with pytest.raises(ArgumentError, match=r"y: expected shape \(40,\), found \(4,\)"):
        two_locus_surface(y[:4], loci)
