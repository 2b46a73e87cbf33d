from dataclasses import replace

import numpy as np
import pytest
from examples import KINDS, example_cross
from naive import philox as naive_philox
from naive import sequential as naive

from crossmap.errors import ArgumentError, DataError
from crossmap.execution import Execution
from crossmap.genotypes.loci import distinct_loci
from crossmap.kernels import sequential as kernels
from crossmap.kernels.stages import ADDITIVE, FULL, INTERACTION
from crossmap.linkage.permutation import stage_key, trait_items
from crossmap.linkage.sequential import sequential_search
from crossmap.linkage.stages import SearchOptions, squared_correlation

RELATIVE = 1e-10  # sums of at most 40 float64 terms in another order


def search(cross, options, **kw):
    return sequential_search(
        cross.traits, distinct_loci(cross), names=cross.trait_names, options=options, **kw
    )


def options_for(kind, model, variance, n_loci=2):
    return SearchOptions(
        n_loci=n_loci,
        n_perm=2,
        min_cell={"eight": 1, "dozen": 2}.get(kind, 3),
        model=model,
        variance=variance,
        seed=11,
    )


@pytest.mark.parametrize("variance", ["common", "cell"])
@pytest.mark.parametrize("model", ["full", "additive"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n_loci", [2, 3])
def test_search_equals_least_squares_on_dummies(kind, model, variance, n_loci):
    cross = example_cross(kind, seed=3)
    options = options_for(kind, model, variance, n_loci)
    try:
        found = search(cross, options)
    except DataError:
        found = search(cross, options_for(kind, model, variance, n_loci - 1))
        n_loci -= 1
    for t, y in enumerate(cross.traits):
        assert_is_least_squares(found, t, y, distinct_loci(cross).genotypes)
    assert found.stages[0].eligible.sum() >= 6


def assert_is_least_squares(found, t, y, x, lost_df=0):
    """Loci, F and nulls of one trait, from its own samples' values and genotypes alone."""
    options, item = found.options, trait_items(found.traits)[t]
    model, variance = options.model, options.variance
    how = {"min_cell": options.min_cell, "model": model, "variance": variance}
    chosen = []
    for number, stage in enumerate(found.stages, start=1):
        if np.ptp(y) == 0:
            assert stage.locus[t] == -1
            break
        locus, expected = naive.best_locus(y, x, chosen, **how)
        nothing_left = locus >= 0 and expected[1] <= 1e-18 * ((y - y.mean()) ** 2).sum()
        if locus < 0 or nothing_left or expected[4] <= lost_df:
            assert stage.locus[t] == -1
            assert np.isnan(stage.f[t])
            assert np.isnan(stage.f_null[t]).all()
            break
        assert stage.locus[t] == locus
        f, rss0, rss1, df1, df2 = expected
        share = (df2 - lost_df) / df2
        assert (stage.df1[t], stage.df2[t]) == (df1, df2 - lost_df)
        assert stage.f[t] == pytest.approx(f * share, rel=RELATIVE, abs=1e-12)
        assert stage.rss_before[t] == pytest.approx(rss0, rel=RELATIVE)
        assert stage.rss_after[t] == pytest.approx(rss1, rel=RELATIVE)
        cells = naive.combinations(x, chosen, len(y))
        key = naive_philox.fold_cells(stage_key(options.seed, number), cells)
        for b in range(1, options.n_perm + 1):
            order = naive_philox.shuffle_within_cells(key, item, b, cells)
            moved = naive.permuted(y, chosen, x, order, model=model, variance=variance)
            _, null = naive.best_locus(moved, x, chosen, **how)
            expected_null = pytest.approx(null[0] * share, rel=RELATIVE, abs=1e-12)
            assert stage.f_null[t, b - 1] == expected_null
        chosen.append(locus)


def with_holes(cross, seed=1):
    """Traits 0, 2 and 5 lack the same samples, the others some of their own, 3 none, 4 most."""
    rng = np.random.default_rng(seed)
    traits = cross.traits.copy()
    for t in range(len(traits)):
        traits[t, rng.choice(cross.n_samples, 1 + t, replace=False)] = np.nan
    for t in (0, 2, 5):
        traits[t] = np.where(np.isnan(traits[1]), np.nan, cross.traits[t])
    traits[3] = cross.traits[3]
    traits[4] = np.where(np.arange(cross.n_samples) < 5, cross.traits[4], np.nan)
    return replace(cross, traits=traits)


@pytest.mark.parametrize("variance", ["common", "cell"])
@pytest.mark.parametrize("model", ["full", "additive"])
@pytest.mark.parametrize("kind", ["ordinary", "skewed", "one_chromosome"])
def test_traits_are_searched_on_their_own_samples(kind, model, variance):
    cross = with_holes(example_cross(kind, seed=3))
    found = search(cross, options_for(kind, model, variance))
    x = distinct_loci(cross).genotypes
    for t, y in enumerate(cross.traits):
        there = ~np.isnan(y)
        np.testing.assert_array_equal(found.is_used[t], there)
        assert_is_least_squares(found, t, y[there], x[:, there])
    assert found.n_samples[4] == 5
    assert found.stages[1].eligible.sum() >= 4


@pytest.mark.parametrize("rule", [{"exclude_r2": 0.1}, {"other_chromosome": True}])
def test_rules_of_exclusion_look_at_a_traits_own_samples(rule):
    cross = with_holes(example_cross("ordinary", seed=4))
    found = search(cross, SearchOptions(n_perm=1, **rule))
    loci = distinct_loci(cross)
    n_compared = 0
    for t in range(cross.n_traits):
        alone = np.flatnonzero(~np.isnan(cross.traits[t]))
        own = sequential_search(
            cross.traits[t : t + 1, alone], loci.on(alone), names=[cross.trait_names[t]],
            options=SearchOptions(n_loci=1, n_perm=1, **rule),
        ) if len(alone) > 8 and np.ptp(cross.traits[t, alone]) else None  # fmt: skip
        if own is not None:
            assert own.stages[0].f.tobytes() == found.stages[0].f[t : t + 1].tobytes()
            n_compared += 1
        a, b = found.locus[t]
        if b >= 0 and "exclude_r2" in rule and loci.chr[a] == loci.chr[b]:
            assert squared_correlation(loci.on(alone), a)[b] <= 0.1
    assert n_compared > 3


def test_holes_change_no_byte_for_traits_without_them_or_for_threads(monkeypatch):
    cross = example_cross("ordinary", seed=6)
    rng = np.random.default_rng(1)
    traits = np.concatenate([cross.traits, rng.normal(size=(60, cross.n_samples))])
    names = [f"t{i:03d}" for i in range(len(traits))]
    loci = distinct_loci(cross)
    holes = traits.copy()
    holes[::2] = np.where(rng.random(holes[::2].shape) < 0.05, np.nan, holes[::2])

    def found(y, **kw):
        return sequential_search(y, loci, names=names, options=SearchOptions(n_perm=3), **kw)

    whole, some = found(traits), found(holes, execution=Execution(threads=1))
    monkeypatch.setattr("crossmap.linkage.sequential.COLUMNS_PER_TASK", 9)
    cut = found(holes, execution=Execution(threads=2))
    for number in range(2):
        for field in ("locus", "f", "f_null", "rss_before", "rss_after", "df2"):
            one = getattr(some.stages[number], field)
            assert one.tobytes() == getattr(cut.stages[number], field).tobytes()
            assert one[1::2].tobytes() == getattr(whole.stages[number], field)[1::2].tobytes()


@pytest.mark.parametrize("variance", ["common", "cell"])
@pytest.mark.parametrize("model", ["full", "additive"])
def test_degrees_of_freedom_that_covariates_took_are_missing_from_every_f(model, variance):
    cross = with_holes(example_cross("ordinary", seed=5))
    loci = distinct_loci(cross)
    lost = np.array([0, 3, 1, 33, 0, 2, 36, 60])
    found = sequential_search(
        cross.traits, loci, names=cross.trait_names, covariate_df=lost,
        options=options_for("ordinary", model, variance),
    )  # fmt: skip
    for t, y in enumerate(cross.traits):
        there = ~np.isnan(y)
        assert_is_least_squares(found, t, y[there], loci.genotypes[:, there], lost[t])
    assert (found.stages[0].df2[[1, 2]] == found.n_samples[[1, 2]] - 2 - lost[[1, 2]]).all()
    assert found.locus[7].tolist() == [-1, -1]


@pytest.mark.parametrize("model", ["full", "additive"])
@pytest.mark.parametrize("variance", ["common", "cell"])
def test_shift_scale_and_relabelling_change_nothing_but_rounding(model, variance):
    cross = example_cross("ordinary", seed=5)
    options = SearchOptions(n_perm=3, model=model, variance=variance)
    loci = distinct_loci(cross)
    keep = [0, 1, 3, 4]
    names = [cross.trait_names[i] for i in keep]
    plain = sequential_search(cross.traits[keep], loci, names=names, options=options)
    moved = sequential_search(cross.traits[keep] * -37.0 + 5.0, loci, names=names, options=options)
    swapped_genotypes = cross.genotypes ^ (np.arange(cross.n_markers) % 2)[:, None].astype(np.int8)
    swapped = sequential_search(
        cross.traits[keep],
        distinct_loci(type(cross)(**{**vars(cross), "genotypes": swapped_genotypes})),
        names=names,
        options=options,
    )
    for other in (moved, swapped):
        for a, b in zip(plain.stages, other.stages, strict=True):
            np.testing.assert_array_equal(a.locus, b.locus)
            np.testing.assert_allclose(a.f, b.f, rtol=1e-9)
            np.testing.assert_allclose(a.f_null, b.f_null, rtol=1e-9)


def test_same_bytes_for_threads_blocks_and_order_of_traits(monkeypatch):
    cross = example_cross("ordinary", seed=6)
    rng = np.random.default_rng(1)
    traits = np.concatenate([cross.traits, rng.normal(size=(300, cross.n_samples))])
    names = [f"t{i:03d}" for i in range(len(traits))]
    loci = distinct_loci(cross)
    options = SearchOptions(n_perm=4)
    reference = sequential_search(
        traits, loci, names=names, options=options, execution=Execution(threads=1)
    )
    monkeypatch.setattr("crossmap.linkage.sequential.COLUMNS_PER_TASK", 37)
    cut = sequential_search(
        traits, loci, names=names, options=options, execution=Execution(threads=2)
    )
    back = np.arange(len(traits))[::-1]
    turned = sequential_search(traits[back], loci, names=[names[i] for i in back], options=options)
    some = np.arange(0, len(traits), 3)
    subset = sequential_search(traits[some], loci, names=[names[i] for i in some], options=options)
    for number in range(2):
        for field in ("locus", "f", "f_null", "rss_before", "rss_after"):
            one = getattr(reference.stages[number], field)
            assert one.tobytes() == getattr(cut.stages[number], field).tobytes()
            assert one[back].tobytes() == getattr(turned.stages[number], field).tobytes()
            assert one[some].tobytes() == getattr(subset.stages[number], field).tobytes()


def test_float32_search_is_corrected_at_near_ties():
    """Loci whose gains differ by less than float32 can see; and exact ties go to the first."""
    rng = np.random.default_rng(2)
    n = 60
    base = rng.random(n) < 0.5
    y = rng.normal(size=n) + 2 * base
    genotypes = [base ^ (np.arange(n) == k) for k in range(12)]
    y[:12] = y[0] + 1e-9 * np.arange(12)[::-1] * (1 - 2 * base[:12])  # nearly equal samples
    from crossmap.genotypes.loci import recombination_coding

    x = np.array(genotypes, dtype=np.int8)
    loci = distinct_loci(example_cross("ordinary"))
    coded = type(loci)(
        names=tuple(f"l{i}" for i in range(12)),
        chr=np.array(["1"] * 12, dtype=object),
        chr_index=np.zeros(12, dtype=np.int64),
        start_bp=np.arange(12.0),
        end_bp=np.arange(12.0),
        start_cm=np.arange(12.0),
        end_cm=np.arange(12.0),
        genotypes=x,
        locus_of_marker=np.arange(12),
    )
    assert recombination_coding(x, coded.chr_index).longest_run > 0
    traits = np.array([y, np.where(base, 1.0, 0.0)])
    found = sequential_search(
        traits, coded, names=["near", "tied"], options=SearchOptions(n_loci=1, n_perm=1)
    )
    exact = [
        naive.statistic(y, x, [], j, min_cell=3, model="full", variance="common")[0]
        for j in range(12)
    ]
    assert found.stages[0].locus[0] == int(np.argmax(exact))
    ties = [
        naive.statistic(traits[1], x, [], j, min_cell=3, model="full", variance="common")[0]
        for j in range(12)
    ]
    first = next(j for j in range(12) if ties[j] >= max(ties) * (1 - 1e-9))
    assert found.stages[0].locus[1] == first


def test_exclusions_bar_linked_loci():
    cross = example_cross("ordinary", seed=8)
    loci = distinct_loci(cross)
    for extra in (
        {"exclude_r2": 0.1},
        {"exclude_window_bp": 2000.0},
        {"other_chromosome": True},
    ):
        found = search(cross, SearchOptions(n_perm=1, **extra)).locus
        pairs = found[(found >= 0).all(axis=1)]
        assert len(pairs)
        for first, second in pairs:
            same = loci.chr[first] == loci.chr[second]
            if "exclude_r2" in extra:
                assert not same or squared_correlation(loci, first)[second] <= 0.1
            elif "exclude_window_bp" in extra:
                assert not same or abs(loci.start_bp[first] - loci.start_bp[second]) > 2000
            else:
                assert not same


def test_window_in_a_unit_the_map_lacks_is_refused():
    with pytest.raises(ArgumentError, match="exclude_window_cm: expected a map in cm"):
        search(example_cross("ordinary"), SearchOptions(exclude_window_cm=5.0))


def test_no_eligible_locus_is_an_error_that_names_the_stage():
    cross = example_cross("dozen")
    with pytest.raises(DataError, match="eligible as number 1"):
        search(cross, SearchOptions(min_cell=7))
    with pytest.raises(DataError, match="eligible as number 2"):
        search(cross, SearchOptions(min_cell=5))


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"n_loci": 0}, "n_loci: expected a whole number of at least 1, found 0"),
        ({"n_perm": 2.5}, "n_perm: expected a whole number of at least 0, found 2.5"),
        ({"min_cell": 0}, "min_cell"),
        ({"model": "fulll"}, "model: expected full or additive, found 'fulll'"),
        ({"variance": "none"}, "variance: expected common or cell"),
        ({"exclude_r2": 1.5}, "exclude_r2: expected a number from 0 to 1"),
        ({"exclude_window_bp": -1}, "exclude_window_bp: expected a number of at least 0, found -1"),
        ({"seed": -1}, "seed: expected a whole number of at least 0, found -1"),
    ],
)
def test_options_out_of_range_are_refused(bad, says):
    with pytest.raises(ArgumentError, match=says):
        SearchOptions(**bad)


def test_lod_is_the_likelihood_ratio():
    cross = example_cross("ordinary")
    stage = search(cross, SearchOptions(n_perm=1)).stages[0]
    lod = stage.lod(cross.n_samples)
    f_from_lod = (10 ** (2 * lod / cross.n_samples) - 1) * stage.df2 / stage.df1
    np.testing.assert_allclose(f_from_lod[:4], stage.f[:4], rtol=1e-9)


def test_interaction_mode_is_full_less_additive():
    rng = np.random.default_rng(0)
    sums, weight, scale = rng.normal(size=4), rng.random(4) + 0.1, rng.random(4) + 0.5
    full = kernels.locus_gain(sums, weight, scale, FULL)
    additive = kernels.locus_gain(sums, weight, scale, ADDITIVE)
    difference = kernels.locus_gain(sums, weight, scale, INTERACTION)
    assert full[0] == full[1] == pytest.approx(sum(sums**2 * weight), rel=1e-14)
    assert additive[0] == pytest.approx((scale @ sums) ** 2 / sum(scale**2 / weight), rel=1e-14)
    assert difference[0] == pytest.approx(full[0] - additive[0], rel=1e-12)
    assert difference[1] == full[0]
