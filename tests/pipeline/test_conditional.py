"""conditional_peaks as its users call it."""

import numpy as np
import pandas as pd
import pytest
from changed import binomial_limits, remade
from genotyped import awkward_cross, with_traits
from naive import permute as naive
from naive.scan1 import one_test, rss, scan_test

from crossmap import (
    ArgumentError,
    Execution,
    conditional_peaks,
    find_peaks,
    genotype_probabilities,
    permute_scan1,
    simulate_cross,
)
from crossmap.genotypes.probable_loci import probable_loci


@pytest.fixture(scope="module")
def two_loci():
    """Traits with two strong additive loci on different chromosomes, and traits with none."""
    cross = simulate_cross(n_samples=90, n_traits=2, n_markers=120, seed=2).cross
    rng = np.random.default_rng(0)
    a, b = cross.genotypes[5], cross.genotypes[100]
    signal = 1.4 * a + 1.2 * b
    traits = rng.normal(size=(40, 90))
    traits[:20] += signal
    names = [f"t{i:02d}" for i in range(40)]
    return remade(cross, trait_names=names, traits=traits, trait_positions=None)


def test_the_first_locus_is_that_of_the_permutations_and_both_are_found(two_loci):
    table = conditional_peaks(two_loci, n_perm=99, n_loci=4)
    chance = permute_scan1(two_loci, n_perm=99, beta=False)
    first = table[table["rank"] == 1]
    called = chance.adjusted_p() <= 0.05
    assert set(first["trait"]) == set(chance.traits[called])
    np.testing.assert_allclose(first["lod"], chance.lod(chance.r2)[called], rtol=1e-12)
    linked = table[table["trait"] < "t20"].groupby("trait")["rank"].max()
    assert (linked >= 2).mean() > 0.8
    assert table.groupby("trait")["rank"].apply(lambda r: list(r) == [*range(1, len(r) + 1)]).all()


def test_every_number_is_that_of_least_squares_within_genotype_groups(two_loci):
    n_perm = 39
    table = conditional_peaks(two_loci, n_perm=n_perm, n_loci=2, alpha=0.05)
    names = list(two_loci.markers["marker"])
    for trait in ("t00", "t03"):
        t = two_loci.trait_names.index(trait)
        one, two = (table[table["trait"] == trait].iloc[i] for i in (0, 1))
        x = two_loci.genotypes[names.index(one["marker"])].astype(float)
        y = two_loci.traits[t]
        tests = [scan_test(y, g, model="linear", covariates=[x]) for g in two_loci.genotypes]
        best = max((v for v in tests if v is not None), key=lambda v: v["r2"])
        assert two["lod"] == pytest.approx(best["lod"], rel=1e-8)
        z = two_loci.genotypes[names.index(two["marker"])].astype(float)
        ones = np.ones(90)
        full = rss(y, [ones, x, z])[0]
        for row, other in ((one, z), (two, x)):
            lod = 45 * np.log10(rss(y, [ones, other])[0] / full)
            assert row["lod_dropped"] == pytest.approx(lod, rel=1e-8)
        assert two["pair_r2"] == pytest.approx(np.corrcoef(x, z)[0, 1] ** 2)
        reached = 0
        for b in range(1, n_perm + 1):
            p = naive.permuted(y, trait, b, covariates=[x], strata=x, stage=2)
            r2 = naive.best(p, two_loci.genotypes, model="linear", covariates=[x])["r2"]
            reached += r2 >= two["r2"] * (1 - 1e-12)
        assert two["p_adjusted"] == (1 + reached) / (1 + n_perm)


def test_a_second_locus_is_not_invented_where_there_is_one():
    """400 traits with one locus between markers' patterns: second locus at 5%, 99.9% limits."""
    cross = simulate_cross(n_samples=80, n_traits=2, n_markers=80, seed=4).cross
    rng = np.random.default_rng(1)
    traits = rng.normal(size=(800, 80)) + 1.5 * cross.genotypes[30]
    one = remade(cross, trait_names=[f"t{i:03d}" for i in range(800)], traits=traits,
                 trait_positions=None)  # fmt: skip
    table = conditional_peaks(one, n_perm=99, n_loci=2)
    n_first = (table["rank"] == 1).sum()
    low, high = binomial_limits(n_first)
    assert n_first > 700
    assert 0.5 * low < (table["rank"] == 2).sum() / n_first < high


def test_same_table_for_any_threads_and_settled_early_or_not(two_loci):
    one, two = (
        conditional_peaks(two_loci, n_perm=120, n_loci=2, execution=Execution(threads=n))
        for n in (1, 2)
    )
    pd.testing.assert_frame_equal(one, two, check_exact=True)
    early = conditional_peaks(two_loci, n_perm=120, n_loci=2, stop_after=10)
    key = ["trait", "rank", "marker"]
    assert early[key].values.tolist() == one[key].values.tolist()


def test_false_discovery_rate_instead_of_a_level(two_loci):
    table = conditional_peaks(two_loci, n_perm=199, n_loci=2, fdr=0.05)
    assert (table["q_value"] <= 0.05).all()
    assert len(table) > 20


def test_nothing_found_and_bad_options():
    cross = simulate_cross(n_samples=40, n_traits=3, n_markers=40, seed=1).cross
    null = remade(cross, traits=np.random.default_rng(5).normal(size=(3, 40)))
    table = conditional_peaks(null, n_perm=999, alpha=0.001)
    assert len(table) == 0
    assert "lod_dropped" in table
    with pytest.raises(ArgumentError, match="n_loci: expected a whole number"):
        conditional_peaks(cross, n_loci=0)
    with pytest.raises(ArgumentError, match="n_perm: expected at least 19 for alpha"):
        conditional_peaks(cross, n_perm=5)
    with pytest.raises(ArgumentError, match="fdr: expected a number above 0"):
        conditional_peaks(cross, fdr=0.0)


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_a_trait_that_is_a_marker_has_one_locus_without_bound(two_loci):
    values = two_loci.traits.copy()
    values[3] = two_loci.genotypes[5]
    table = conditional_peaks(remade(two_loci, traits=values), n_perm=39, n_loci=2)
    own = table[table["trait"] == "t03"]
    assert own["rank"].tolist() == [1]
    assert own["lod_dropped"].tolist() == [np.inf]
    assert np.isfinite(table["lod_dropped"].drop(own.index)).all()


def with_gaps(cross, share=0.06, seed=8):
    genotypes = cross.genotypes.copy()
    genotypes[np.random.default_rng(seed).random(genotypes.shape) < share] = -1
    return remade(cross, genotypes=genotypes)


def test_missing_calls_are_left_out_pair_by_pair(two_loci):
    """As the first locus: each test has the samples with a call of its marker and those before."""
    cross = with_gaps(two_loci)
    table = conditional_peaks(cross, n_perm=39, n_loci=2)
    chance = permute_scan1(cross, n_perm=39, beta=False).to_frame().set_index("trait")
    first = table[table["rank"] == 1].set_index("trait")
    for name in ("marker", "n", "df2", "lod", "p_adjusted", "neglog10_p"):
        assert (first[name] == chance.loc[first.index, name]).all()
    names = list(cross.markers["marker"])
    seconds = table[table["rank"] == 2]
    assert len(seconds) > 15
    for _, two in seconds.head(4).iterrows():
        t = cross.trait_names.index(two["trait"])
        x, z = (
            cross.genotypes[names.index(m)].astype(float)
            for m in (first.loc[two["trait"], "marker"], two["marker"])
        )
        there = x >= 0
        y = cross.traits[t]
        tests = [
            scan_test(y[there], g[there], model="linear", covariates=[x[there]])
            for g in cross.genotypes
        ]
        best = min((v for v in tests if v is not None), key=lambda v: v["p"])
        assert two["lod"] == pytest.approx(best["lod"], rel=1e-8)
        assert (two["n"], two["df2"]) == (best["n"], best["df2"])
        assert two["n"] == (there & (z >= 0)).sum()
        assert two["p_value"] == pytest.approx(best["p"], rel=1e-6)
        own = there & (z >= 0)
        ones = np.ones(own.sum())
        full = rss(y[own], [ones, x[own], z[own]])[0]
        lod = own.sum() / 2 * np.log10(rss(y[own], [ones, x[own]])[0] / full)
        assert two["lod_dropped"] == pytest.approx(lod, rel=1e-8)
    filled = conditional_peaks(cross, n_perm=39, n_loci=2, missing="mean")
    assert (filled["n"] == cross.n_samples).all()


def test_so_few_calls_at_the_first_locus_that_none_can_follow(two_loci):
    values, genotypes = two_loci.traits[:1].copy(), two_loci.genotypes.copy()
    values[0] = 5.0 * genotypes[5] + 0.01 * values[0]
    genotypes[:, 3:] = -1
    genotypes[5] = two_loci.genotypes[5]
    genotypes[5, 40:] = -1
    cross = remade(two_loci, genotypes=genotypes, trait_names=["t00"], traits=values)
    table = conditional_peaks(cross, n_perm=39, n_loci=3)
    assert table["rank"].tolist() == [1]


def test_certain_probabilities_give_the_peaks_of_calls(two_loci):
    ours = conditional_peaks(
        two_loci, n_perm=59, n_loci=3, genotype_probabilities=True, error_prob=0.0
    )
    theirs = conditional_peaks(two_loci, n_perm=59, n_loci=3)
    assert ours[["trait", "rank", "n_perm"]].equals(theirs[["trait", "rank", "n_perm"]])
    for name in ("r2", "lod", "neglog10_p", "p_adjusted", "pair_r2", "lod_dropped"):
        np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-6, err_msg=name)


@pytest.mark.parametrize(("crosstype", "model"), [("f2", None), ("f2", "linear"), ("bc", None)])
def test_peaks_on_probabilities_are_those_of_least_squares(crosstype, model):
    """Additive and dominance columns; X, whose groups have means of their own in every null."""
    cross = with_traits(awkward_cross(crosstype, n_samples=150, n_markers=18))
    options = {"genotype_probabilities": True, "error_prob": 0.01, "step": 10.0, "model": model}
    table = conditional_peaks(cross, n_perm=59, n_loci=3, alpha=0.3, **options)
    found = genotype_probabilities(cross, error_prob=0.01, step=10.0)
    loci = probable_loci(found, cross)
    main = loci.main_columns.copy()
    if model == "linear":
        main[~loci.on_x, 1:] = 0.0
    groups = [(loci.group == g).astype(float) for g in range(loci.n_groups)]
    assert len(groups) == (3 if crosstype == "f2" else 2)
    names = list(loci.names)
    assert (table["rank"] == 2).any()
    for trait, rows in table.groupby("trait"):
        y = cross.traits[cross.trait_names.index(trait)]
        before = list(groups)
        for _, row in rows.iterrows():
            tests = [one_test(y, before, [c for c in columns if c.any()]) for columns in main]
            evidence = [np.inf if v is None else v["p"] for v in tests]
            best = tests[int(np.argmin(evidence))]
            own = tests[names.index(row["marker"])]
            assert own["p"] == pytest.approx(best["p"], rel=1e-6)
            for name in ("df1", "df2", "n"):
                assert row[name] == own[name]
            assert row["lod"] == pytest.approx(own["lod"], rel=1e-7)
            assert row["p_value"] == pytest.approx(own["p"], rel=1e-6)
            before += list(main[names.index(row["marker"])])


@pytest.mark.parametrize(("crosstype", "model"), [("f2", "anova"), ("f2", "linear"), ("bc", None)])
def test_complete_calls_on_x_are_treated_as_probabilities_without_errors_are(crosstype, model):
    cross = with_traits(awkward_cross(crosstype, n_samples=90, n_markers=18, missing=0.0))
    options = {"n_perm": 39, "n_loci": 3, "alpha": 0.4, "model": model}
    calls = conditional_peaks(cross, **options)
    theirs = conditional_peaks(cross, genotype_probabilities=True, error_prob=0.0, **options)
    assert (calls["rank"] == 2).any()
    same = ["trait", "rank", "marker", "n", "df1", "df2", "n_perm"]
    assert calls[same].equals(theirs[same])
    for name in ("lod", "p_value", "p_adjusted", "lod_dropped"):
        np.testing.assert_allclose(calls[name], theirs[name], rtol=1e-6, err_msg=name)


@pytest.mark.parametrize("crosstype", ["f2", "bc"])
def test_a_difference_between_the_sexes_is_no_locus_on_x(crosstype):
    cross = with_traits(awkward_cross(crosstype, n_samples=90, n_markers=18, missing=0.1))
    values = np.random.default_rng(4).normal(size=cross.traits.shape)
    values += 4.0 * (cross.covariates["sex"] == "male").to_numpy()
    for missing in ("drop", "mean"):
        table = conditional_peaks(remade(cross, traits=values), n_perm=99, missing=missing)
        assert not ((table["chr"] == "X") & (table["lod"] > 4.0)).any()


def test_p_values_that_underflow_are_told_by_their_logarithm():
    cross = simulate_cross(n_samples=1200, n_traits=1, n_markers=40, seed=4).cross
    rng = np.random.default_rng(2)
    y = cross.genotypes[20] + 0.05 * rng.normal(size=1200)
    strong = remade(cross, traits=y[None])
    table = conditional_peaks(strong, n_perm=19, n_loci=1)
    assert table["neglog10_p"].tolist()[0] > 400
    assert 0 < table["p_value"].tolist()[0] < 1e-300
    peaks = find_peaks(strong, threshold=3.0).to_frame()
    assert peaks["neglog10_p"].max() == pytest.approx(table["neglog10_p"][0], rel=1e-9)
    with pytest.raises(ArgumentError, match="model: expected linear or anova, found linear_cross"):
        conditional_peaks(strong, n_perm=19, model="linear_cross")


def test_a_second_locus_is_not_invented_on_probabilities_of_an_f2():
    """300 traits with one locus, 20% of calls missing: second locus at 5%, 99.9% limits."""
    cross = with_traits(awkward_cross("f2", n_samples=120, n_markers=18))
    rng = np.random.default_rng(1)
    likely = genotype_probabilities(cross, error_prob=0.01).most_probable[4]
    traits = rng.normal(size=(300, 120)) + 1.5 * (likely >= 1)
    one = remade(cross, trait_names=[f"t{i:03d}" for i in range(300)], traits=traits,
                 trait_positions=None)  # fmt: skip
    table = conditional_peaks(
        one, n_perm=59, n_loci=2, genotype_probabilities=True, error_prob=0.01
    )
    n_first = (table["rank"] == 1).sum()
    assert n_first > 280
    low, high = binomial_limits(n_first)
    assert low / 2 < (table["rank"] == 2).sum() / n_first < high


def test_a_second_locus_is_not_invented_where_calls_are_missing():
    """200 traits with one locus, 10% of calls missing: second locus at 5%, 99.9% limits."""
    cross = simulate_cross(n_samples=90, n_traits=2, n_markers=32, seed=4).cross
    rng = np.random.default_rng(3)
    traits = rng.normal(size=(200, 90)) + 1.8 * cross.genotypes[14]
    one = remade(with_gaps(cross, 0.1), trait_names=[f"t{i:03d}" for i in range(200)],
                 traits=traits, trait_positions=None)  # fmt: skip
    table = conditional_peaks(one, n_perm=39, n_loci=2)
    n_first = (table["rank"] == 1).sum()
    assert n_first > 180
    low, high = binomial_limits(n_first)
    assert low / 2 < (table["rank"] == 2).sum() / n_first < high
