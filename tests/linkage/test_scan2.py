from dataclasses import replace

import numpy as np
import pytest
from changed import binomial_limits
from examples import KINDS, example_cross
from naive import philox as naive_philox
from naive import scan2 as naive

from crossmap import scan2, simulate_cross
from crossmap.errors import ArgumentError, DataError
from crossmap.execution import Execution
from crossmap.genotypes.loci import distinct_loci, thin
from crossmap.kernels import pair_tiles
from crossmap.kernels import scan2 as kernels
from crossmap.linkage.permutation import stage_key, trait_items
from crossmap.linkage.scan2 import PairOptions, pair_search

RELATIVE = 1e-10


def search(cross, options, **kw):
    return pair_search(
        cross.traits, distinct_loci(cross), names=cross.trait_names, options=options, **kw
    )


@pytest.mark.parametrize("same_chromosome", [False, True])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("min_cell", [1, 3])
def test_best_pairs_equal_least_squares_on_dummies(kind, min_cell, same_chromosome):
    cross = example_cross(kind, seed=4)
    loci = distinct_loci(cross)
    options = PairOptions(n_perm=2, min_cell=min_cell, same_chromosome=same_chromosome, seed=5)
    how = {"min_cell": min_cell, "same_chromosome": same_chromosome}
    expected_pairs = naive.best_pairs(cross.traits[0], loci.genotypes, loci.chr, **how)[1]
    if expected_pairs == 0:
        with pytest.raises(DataError):
            search(cross, options)
        return
    found = search(cross, options)
    assert found.n_pairs == expected_pairs
    items = trait_items(cross.trait_names)
    key = naive_philox.fold_cells(stage_key(5, 1), [0] * cross.n_samples)
    for t, y in enumerate(cross.traits):
        if np.ptp(y) == 0:
            assert found.linkage.locus1[t] == -1
            assert np.isnan(found.linkage.f[t])
            assert np.isnan(found.linkage.f_null[t]).all()
            continue
        for b in range(3):
            order = (
                naive_philox.shuffle_within_cells(key, items[t], b, [0] * len(y))
                if b
                else (list(range(len(y))))
            )
            best, _ = naive.best_pairs(y[order], loci.genotypes, loci.chr, **how)
            for test, (pair, f) in zip((found.linkage, found.epistasis), best, strict=True):
                if b:
                    assert test.f_null[t, b - 1] == pytest.approx(f, rel=RELATIVE, abs=1e-10)
                else:
                    assert test.f[t] == pytest.approx(f, rel=RELATIVE, abs=1e-10)
                    assert (test.locus1[t], test.locus2[t]) == pair


@pytest.mark.parametrize("same_chromosome", [False, True])
def test_incomplete_traits_equal_least_squares_on_their_own_samples(same_chromosome):
    """Loci that do not vary among a trait's samples, and traits of too few, among them."""
    cross = example_cross("ordinary", seed=4)
    loci = distinct_loci(cross)
    traits = cross.traits.copy()
    traits[0, loci.genotypes[4] == 1] = np.nan  # locus 4 does not vary there
    traits[1, 3:6] = np.nan
    traits[2, 3:6] = np.nan
    traits[3, 4:] = np.nan
    traits[6] = np.nan
    options = PairOptions(n_perm=2, min_cell=1, same_chromosome=same_chromosome, seed=5)
    found = pair_search(traits, loci, names=cross.trait_names, options=options)
    assert found.n_samples.tolist() == (~np.isnan(traits)).sum(axis=1).tolist()
    items = trait_items(cross.trait_names)
    for t, y in enumerate(traits):
        samples = np.flatnonzero(~np.isnan(y))
        y, n = y[samples], len(samples)
        if n < 5 or np.ptp(y) == 0:
            assert np.isnan(found.linkage.f[t])
            assert found.linkage.locus1[t] == -1
            continue
        cells = [0] * n
        key = naive_philox.fold_cells(stage_key(5, 1), cells)
        for b in range(3):
            order = naive_philox.shuffle_within_cells(key, items[t], b, cells) if b else range(n)
            best, n_pairs = naive.best_pairs(
                y[list(order)], loci.genotypes[:, samples], loci.chr, min_cell=1,
                same_chromosome=same_chromosome,
            )  # fmt: skip
            assert found.n_eligible[t] == n_pairs
            for test, (pair, f) in zip((found.linkage, found.epistasis), best, strict=True):
                assert test.df2[t] == n - 4
                got = test.f_null[t, b - 1] if b else test.f[t]
                assert got == pytest.approx(f, rel=RELATIVE, abs=1e-10)
                assert b or (test.locus1[t], test.locus2[t]) == pair


def test_incomplete_traits_are_the_same_for_threads_and_order():
    cross = example_cross("ordinary", seed=6)
    rng = np.random.default_rng(1)
    traits = np.concatenate([cross.traits, rng.normal(size=(60, cross.n_samples))])
    traits[rng.random(traits.shape) < 0.01] = np.nan
    names = [f"t{i:03d}" for i in range(len(traits))]
    loci, options = distinct_loci(cross), PairOptions(n_perm=2, min_cell=1)
    one = pair_search(traits, loci, names=names, options=options, execution=Execution(threads=1))
    back = np.arange(len(traits))[::-1]
    turned = pair_search(
        traits[back], loci, names=[names[i] for i in back], options=options,
        execution=Execution(threads=3),
    )  # fmt: skip
    for field in ("locus1", "locus2", "f", "rss", "f_null", "df2"):
        a, b = getattr(one.linkage, field), getattr(turned.linkage, field)
        assert a[back].tobytes() == b.tobytes()


def test_permutations_are_those_of_the_sequential_search():
    from crossmap.linkage.sequential import sequential_search
    from crossmap.linkage.stages import SearchOptions

    cross = example_cross("ordinary", seed=9)
    loci = distinct_loci(cross)
    y = cross.traits[:1]
    pairs = pair_search(y, loci, names=["t0"], options=PairOptions(n_perm=3, seed=2, min_cell=1))
    single = sequential_search(
        y, loci, names=["t0"], options=SearchOptions(n_loci=1, n_perm=3, seed=2, min_cell=1)
    )
    rss_pair = 1 / (1 + 3 * pairs.linkage.f_null / pairs.linkage.df2)
    rss_single = 1 / (1 + single.stages[0].f_null / (cross.n_samples - 2))
    assert (rss_pair <= rss_single + 1e-12).all()  # the same shuffled trait, a larger model


def test_same_bytes_for_threads_memory_and_order_of_traits():
    cross = example_cross("ordinary", seed=6)
    rng = np.random.default_rng(1)
    traits = np.concatenate([cross.traits, rng.normal(size=(250, cross.n_samples))])
    names = [f"t{i:03d}" for i in range(len(traits))]
    loci = distinct_loci(cross)
    options = PairOptions(n_perm=2, min_cell=1)
    one = pair_search(traits, loci, names=names, options=options, execution=Execution(threads=1))
    two = pair_search(
        traits, loci, names=names, options=options, execution=Execution(threads=2, memory=1)
    )
    back = np.arange(len(traits))[::-1]
    turned = pair_search(traits[back], loci, names=[names[i] for i in back], options=options)
    for test in ("linkage", "epistasis"):
        for field in ("locus1", "locus2", "f", "rss", "f_null"):
            a = getattr(getattr(one, test), field)
            assert a.tobytes() == getattr(getattr(two, test), field).tobytes()
            assert a[back].tobytes() == getattr(getattr(turned, test), field).tobytes()


def test_one_test_alone_gives_the_same_as_both():
    cross = example_cross("ordinary", seed=6)
    both = search(cross, PairOptions(n_perm=1, min_cell=1))
    linkage = search(cross, PairOptions(n_perm=1, min_cell=1, test="linkage"))
    epistasis = search(cross, PairOptions(n_perm=1, min_cell=1, test="epistasis"))
    assert linkage.epistasis is None
    assert epistasis.linkage is None
    assert linkage.linkage.f.tobytes() == both.linkage.f.tobytes()
    assert linkage.linkage.f_null.tobytes() == both.linkage.f_null.tobytes()
    assert epistasis.epistasis.f.tobytes() == both.epistasis.f.tobytes()


def test_a_trait_of_two_values_ties_many_pairs_and_the_first_is_named():
    """More ties than are kept: every pair is gone through in float64."""
    rng = np.random.default_rng(3)
    cross = example_cross("unlinked", seed=1)
    loci = distinct_loci(cross)
    y = np.zeros((1, cross.n_samples))
    y[0, :2] = 1.0
    found = pair_search(
        y, loci, names=["two"], options=PairOptions(n_perm=1, min_cell=1, same_chromosome=True)
    )
    best, _ = naive.best_pairs(y[0], loci.genotypes, loci.chr, min_cell=1, same_chromosome=True)
    assert (found.linkage.locus1[0], found.linkage.locus2[0]) == best[0][0]
    assert rng is not None
    assert found.n_pairs > kernels.N_KEPT


def test_exact_on_maps_without_linkage_and_with_one_marker_per_chromosome():
    from crossmap.simulate import simulate_cross

    for lengths, rate in (({"1": 1_000_000, "2": 900_000}, 400_000.0), (None, 400.0)):
        kw = {"chromosome_lengths_bp": lengths} if lengths else {}
        n_markers = 40 if lengths else 16
        cross = simulate_cross(
            n_samples=30, n_traits=4, n_markers=n_markers, cm_per_mb=rate, seed=3, **kw
        ).cross
        loci = distinct_loci(cross)
        options = PairOptions(n_perm=0, min_cell=1)
        found = pair_search(cross.traits, loci, names=cross.trait_names, options=options)
        for t, y in enumerate(cross.traits):
            best, n_pairs = naive.best_pairs(
                y, loci.genotypes, loci.chr, min_cell=1, same_chromosome=False
            )
            assert found.n_pairs == n_pairs
            assert found.linkage.f[t] == pytest.approx(best[0][1], rel=RELATIVE)
            assert found.epistasis.f[t] == pytest.approx(best[1][1], rel=RELATIVE)


def test_one_chromosome_needs_leave_to_pair_within_it():
    cross = example_cross("one_chromosome")
    with pytest.raises(DataError, match="--same-chromosome"):
        search(cross, PairOptions())
    assert search(cross, PairOptions(same_chromosome=True, min_cell=1)).n_pairs > 0


def test_no_eligible_pair_is_an_error():
    with pytest.raises(DataError, match="each of its four genotype combinations"):
        search(example_cross("dozen"), PairOptions(min_cell=5))


def test_thinned_loci_are_searched():
    cross = example_cross("ordinary")
    loci = thin(distinct_loci(cross), 8)
    found = pair_search(
        cross.traits, loci, names=cross.trait_names, options=PairOptions(n_perm=0, min_cell=1)
    )
    assert found.linkage.locus2.max() < 8
    assert found.linkage.f_null.shape == (cross.n_traits, 0)


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"test": "all"}, "test: expected linkage or epistasis or both, found 'all'"),
        ({"min_cell": 0}, "min_cell: expected a whole number of at least 1"),
        ({"n_perm": -1}, "n_perm: expected a whole number of at least 0"),
    ],
)
def test_options_out_of_range_are_refused(bad, says):
    with pytest.raises(ArgumentError, match=says):
        PairOptions(**bad)


def test_best_pair_of_every_two_chromosomes():
    from crossmap.pipeline.scan2 import scan2

    cross = simulate_small()
    pairs = scan2(cross, n_perm=1, min_cell=1, by_chromosome=True)
    table = pairs.chromosome_frame()
    whole = pairs.to_frame()
    best = table.groupby(["trait", "test"])["f"].max()
    for row in whole.itertuples():
        assert best[(row.trait, row.test)] == row.f
    assert not table.duplicated(["trait", "test", "chr1", "chr2"]).any()
    assert (table["chr1"] != table["chr2"]).all()


def simulate_small():
    from crossmap.simulate import simulate_cross

    lengths = {"1": 300_000, "2": 200_000, "3": 250_000}
    return simulate_cross(
        n_samples=40, n_traits=110, n_markers=30, chromosome_lengths_bp=lengths, seed=3
    ).cross


@pytest.mark.parametrize("same_chromosome", [False, True])
def test_chromosomes_longer_than_a_tile_and_shorter_ones(same_chromosome):
    """Sums start anew at the edges of tiles and of chromosomes; both are crossed here."""
    from crossmap.simulate import simulate_cross

    lengths = {"1": 3_000_000, "2": 40_000, "3": 500_000}
    cross = simulate_cross(
        n_samples=90, n_traits=3, n_markers=110, chromosome_lengths_bp=lengths, seed=5
    ).cross
    loci = distinct_loci(cross)
    runs = np.unique(loci.chr_index, return_counts=True)[1]
    assert runs.max() > pair_tiles.TILE_I > pair_tiles.TILE_J > runs.min()
    options = PairOptions(n_perm=0, min_cell=2, same_chromosome=same_chromosome)
    found = pair_search(cross.traits, loci, names=cross.trait_names, options=options)
    y = cross.traits[0]
    best, n_pairs = naive.best_pairs(
        y, loci.genotypes, loci.chr, min_cell=2, same_chromosome=same_chromosome
    )
    assert found.n_pairs == n_pairs
    for test, (pair, f) in zip((found.linkage, found.epistasis), best, strict=True):
        assert (test.locus1[0], test.locus2[0]) == pair
        assert test.f[0] == pytest.approx(f, rel=RELATIVE)


def test_widths_of_blocks_change_nothing():
    cross = example_cross("ordinary", seed=6)
    rng = np.random.default_rng(2)
    loci = distinct_loci(cross)
    traits = rng.normal(size=(1000, cross.n_samples))
    names = [f"t{i:04d}" for i in range(len(traits))]
    options = PairOptions(n_perm=0, min_cell=1)
    one, many = (
        pair_search(traits, loci, names=names, options=options, execution=Execution(threads=k))
        for k in (1, 7)
    )
    assert one.linkage.f.tobytes() == many.linkage.f.tobytes()
    assert one.epistasis.f.tobytes() == many.epistasis.f.tobytes()
    assert (one.epistasis.locus2 == many.epistasis.locus2).all()


def test_p_values_of_null_traits_are_uniform_whatever_their_samples():
    """Half of 600 traits lack a third of the samples: 5% and 10%, 99.9% limits of either half."""
    cross = simulate_cross(n_samples=80, n_traits=600, n_markers=120).cross
    traits = np.random.default_rng(5).normal(size=cross.traits.shape)
    traits[:300, :28] = np.nan
    found = scan2(replace(cross, traits=traits), n_grid=40, n_perm=5)
    for sure in (found.linkage, found.epistasis):
        for half in (sure.p_value[:300], sure.p_value[300:]):
            for alpha in (0.05, 0.10):
                low, high = binomial_limits(300, alpha)
                assert low < (half <= alpha).mean() < high
