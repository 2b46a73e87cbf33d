from collections import Counter

import numpy as np
import pytest
from scipy import stats

from crossmap.errors import ArgumentError
from crossmap.meiosis import SimulatedGenome, inherit, stream
from crossmap.simulate import simulate_cross
from crossmap.trait_model import MAX_HERITABILITY, TraitModel, draw_traits, trait_values

FALSE_ALARM = 1e-4  # of each test below, all its comparisons together
N_SAMPLES = 4000


@pytest.fixture(scope="module")
def genome():
    return SimulatedGenome.of({"1": 1_000_000, "2": 2_000_000, "3": 500_000}, 400.0)


def simulate(genome, model, n_traits, seed=3):
    """Traits, the genotypes -1 and +1 at each one's loci, and values [n_traits, n_samples]."""
    traits = draw_traits(model, genome, n_traits, seed=seed)
    sites = np.concatenate([trait.sites for trait in traits])
    ascending, where = np.unique(sites, return_inverse=True)
    genotypes = inherit(genome, ascending, N_SAMPLES, rng=stream(seed, "meiosis"))[where]
    values = trait_values(traits, genotypes, model, seed=seed)
    ends = np.cumsum([len(trait.sites) for trait in traits])[:-1]
    return traits, np.split(2.0 * genotypes - 1, ends), values


def within(z, n_tests):
    """Whether a standard normal deviate is in order, one of n_tests."""
    return abs(z) < stats.norm.isf(FALSE_ALARM / n_tests / 2)


def test_traits_follow_from_their_truth_by_regression(genome):
    model = TraitModel(n_loci_shares=(0.1, 0.3, 0.3, 0.3), pair_kind_shares=(0.4, 0.3, 0.3))
    traits, genotypes, values = simulate(genome, model, 60)
    n_tests = 60 * 6
    for trait, x, y in zip(traits, genotypes, values, strict=True):
        terms = [np.ones(N_SAMPLES), *x] + ([x[0] * x[1]] if len(x) > 1 else [])
        truth = [0.0, *trait.effects] + ([trait.interaction_effect] if len(x) > 1 else [])
        design = np.array(terms).T
        inverse = np.linalg.inv(design.T @ design)
        estimate = inverse @ design.T @ y
        # The noise has standard deviation 1, so the errors are known.
        z = (estimate - truth) / np.sqrt(np.diag(inverse))
        assert all(within(value, n_tests) for value in z), (trait, estimate)
        chi2 = ((y - design @ estimate) ** 2).sum()
        df = N_SAMPLES - len(truth)
        assert within((chi2 - df) / np.sqrt(2 * df), n_tests)


def test_shares_of_variance_add_up_to_heritability(genome):
    model = TraitModel(n_loci_shares=(0.1, 0.2, 0.4, 0.3), pair_kind_shares=(0.3, 0.3, 0.4))
    for trait in draw_traits(model, genome, 300, seed=5):
        # Unlinked genotypes -1 and +1: the variance of a term is its coefficient squared.
        genetic = (trait.effects**2).sum() + trait.interaction_effect**2
        assert genetic / (genetic + 1) == pytest.approx(trait.shares.sum(), rel=1e-12)
        low, high = model.variance_share
        assert trait.shares.sum() <= MAX_HERITABILITY + 1e-5
        scaled = len(trait.shares) > 1 and trait.shares.sum() > MAX_HERITABILITY - 1e-5
        assert (trait.shares >= low * (0.5 if scaled else 1) - 1e-6).all()
        assert (trait.shares <= high).all()
        assert (np.diff(trait.shares) <= 0).all()


def test_realised_shares_of_variance(genome):
    model = TraitModel(n_loci_shares=(0.0, 1.0), variance_share=(0.1, 0.4))
    traits, genotypes, values = simulate(genome, model, 50)
    for trait, x, y in zip(traits, genotypes, values, strict=True):
        share = float(trait.shares[0])
        z = np.arctanh(np.corrcoef(x[0], y)[0, 1]) - np.arctanh(
            np.sqrt(share) * np.sign(trait.effects[0])
        )
        # Fisher's z of a two-point and a normal variable varies less than between two normals.
        assert within(z * np.sqrt(N_SAMPLES - 3), 50)


def test_kinds_of_pairs_are_what_they_say(genome):
    model = TraitModel(n_loci_shares=(0.0, 0.2, 0.5, 0.3), pair_kind_shares=(0.3, 0.4, 0.3))
    seen = Counter()
    for trait in draw_traits(model, genome, 400, seed=6):
        seen[trait.kind] += 1
        if trait.kind == "single":
            assert len(trait.sites) == 1
            assert trait.interaction_effect == 0
            continue
        if trait.kind == "additive":
            assert trait.interaction_effect == 0
            assert (trait.effects != 0).all()
        elif trait.kind == "epistatic":
            # In one genotype of locus 1, locus 2 does nothing.
            assert abs(trait.effects[1]) == abs(trait.interaction_effect) > 0
            assert trait.effects[0] != 0
        else:
            assert trait.effects[:2].tolist() == [0, 0]
            assert trait.interaction_effect != 0
        assert (trait.effects[2:] != 0).all()
    assert set(seen) == {"single", "additive", "epistatic", "epistasis_only"}


def test_stated_proportions(genome):
    model = TraitModel(
        n_loci_shares=(0.1, 0.4, 0.3, 0.2),
        pair_kind_shares=(0.5, 0.3, 0.2),
        local_share=0.3,
        hotspot_share=0.2,
        shared_pair_share=0.1,
    )
    traits = draw_traits(model, genome, 3000, seed=7)
    linked = [t for t in traits if len(t.sites)]
    single = [t for t in traits if len(t.sites) == 1]
    several = [t for t in traits if len(t.sites) > 1]
    own = [t for t in several if "pair" not in t.roles]
    checks = [
        (sum(len(t.sites) == n for t in traits), len(traits), share)
        for n, share in enumerate(model.n_loci_shares)
    ]
    kinds = ("additive", "epistatic", "epistasis_only")
    checks += [
        (sum(t.kind == kind for t in own), len(own), share)
        for kind, share in zip(kinds, model.pair_kind_shares, strict=True)
    ]
    checks += [
        (sum("pair" in t.roles for t in several), len(several), 0.1),
        (sum("hotspot" in t.roles for t in single), len(single), 0.2),
        (sum("local" in t.roles for t in single), len(single), 0.8 * 0.3),
        (sum("hotspot" in t.roles for t in own), len(own), 0.2),
        (sum("local" in t.roles for t in own), len(own), 0.3),
    ]
    assert len(linked) == len(single) + len(several)
    for count, n, share in checks:
        low, high = stats.binom.interval(1 - FALSE_ALARM / len(checks), n, share)
        assert low <= count <= high, (count, n, share)


def test_roles_put_loci_where_they_belong(genome):
    model = TraitModel(local_share=0.5, hotspot_share=0.5, shared_pair_share=0.3)
    traits = draw_traits(model, genome, 300, seed=8)
    places = {"hotspot": set(), "pair": set()}
    for trait in traits:
        low, high = sorted(trait.gene_sites)
        assert genome.chromosome(low) == genome.chromosome(high)
        for site, role in zip(trait.sites, trait.roles, strict=True):
            if role == "local":
                assert low <= site <= high
            elif role in places:
                places[role].add(int(site))
        assert max(Counter(trait.roles)[r] for r in ("local", "hotspot")) <= 1
        if "pair" in trait.roles:
            assert trait.roles[:2] == ("pair", "pair")
            assert trait.kind == "epistatic"
    assert len(places["hotspot"]) == 1
    assert len(places["pair"]) == 2
    assert len(set(genome.chromosome(np.array(sorted(places["pair"]))))) == 2
    strands = {np.sign(t.gene_sites[1] - t.gene_sites[0]) for t in traits}
    assert strands >= {-1, 1}


def test_one_chromosome_can_hold_the_shared_pair():
    one = SimulatedGenome.of({"1": 1_000}, 400.0)
    model = TraitModel(n_loci_shares=(0.0, 0.0, 1.0), shared_pair_share=1.0, hotspot_share=1.0)
    traits = draw_traits(model, one, 20, seed=1)
    assert all(t.roles == ("pair", "pair") for t in traits)
    # Genes longer than the chromosome are cut at its end.
    assert all(0 <= site < 1000 for t in traits for site in t.gene_sites)


def test_a_truth_does_not_depend_on_the_number_of_traits(genome):
    few = draw_traits(TraitModel(), genome, 4, seed=9)
    many = draw_traits(TraitModel(), genome, 40, seed=9)
    for a, b in zip(few, many, strict=False):
        assert a.gene_sites == b.gene_sites
        assert a.sites.tolist() == b.sites.tolist()
        assert a.effects.tolist() == b.effects.tolist()


@pytest.mark.parametrize("ratio", [0.25, 1.0, 4.0])
def test_noise_variance_differs_between_genotypes_of_locus_1(genome, ratio):
    model = TraitModel(n_loci_shares=(0.0, 1.0), variance_ratio=ratio)
    traits, genotypes, values = simulate(genome, model, 20)
    bound = FALSE_ALARM / 40
    for trait, x, y in zip(traits, genotypes, values, strict=True):
        residual = y - trait.effects[0] * x[0]
        low, high = residual[x[0] < 0], residual[x[0] > 0]
        f = high.var(ddof=1) / low.var(ddof=1) / ratio
        assert stats.f.ppf(bound, len(high) - 1, len(low) - 1) < f
        assert f < stats.f.isf(bound, len(high) - 1, len(low) - 1)
        mean_variance = (low.var(ddof=1) + high.var(ddof=1)) / 2
        assert within((mean_variance - 1) / np.sqrt((1 + ratio**2) * 4 / N_SAMPLES), 20)


def test_common_factors_correlate_traits(genome):
    one_factor = TraitModel(n_loci_shares=(1.0,), correlated_share=0.6, n_factors=1)
    _, _, values = simulate(genome, one_factor, 6)
    correlation = np.abs(np.corrcoef(values)[np.triu_indices(6, 1)])
    z = (np.arctanh(correlation) - np.arctanh(0.6)) * np.sqrt(N_SAMPLES - 3)
    assert all(within(value, 15) for value in z)
    assert all(within((v - 1) / np.sqrt(2 / N_SAMPLES), 6) for v in values.var(axis=1))

    _, _, values = simulate(genome, TraitModel(n_loci_shares=(1.0,)), 6)
    z = np.arctanh(np.corrcoef(values)[np.triu_indices(6, 1)]) * np.sqrt(N_SAMPLES - 3)
    assert all(within(value, 15) for value in z)


# Distribution function of each kind of noise, with mean 0 and variance 1.
NOISE = {
    "gaussian": stats.norm().cdf,
    "skewed": stats.expon(loc=-1).cdf,
    "heavy_tailed": stats.t(3, scale=np.sqrt(1 / 3)).cdf,
}


@pytest.mark.parametrize("noise", NOISE)
def test_noise_has_the_distribution_it_is_named_for(genome, noise):
    _, _, values = simulate(genome, TraitModel(n_loci_shares=(1.0,), noise=noise), 10)
    p = stats.kstest(values.ravel(), NOISE[noise]).pvalue
    assert p > FALSE_ALARM
    others = [kind for kind in NOISE if kind != noise]
    assert all(stats.kstest(values.ravel(), NOISE[kind]).pvalue < FALSE_ALARM for kind in others)


def test_two_batches_of_samples_differ_in_every_trait(genome):
    model = TraitModel(n_loci_shares=(1.0,), batch_share=0.3)
    n_traits = 400
    _, _, values = simulate(genome, model, n_traits)
    batch = np.sign(np.linalg.svd(values, full_matrices=False)[2][0])
    assert abs(batch.sum()) <= 0.01 * N_SAMPLES  # as equal as their estimate can tell
    shift = (values * batch).mean(axis=1)
    # E shift^2 = 0.3, up to the trait noise; shift^2/0.3 is chi-square of one degree of freedom.
    z = ((shift**2).mean() / 0.3 - 1) / np.sqrt(2 / n_traits)
    assert within(z, 1)
    z = (values.var(axis=1).mean() - 1) / (0.3 * np.sqrt(2 / n_traits))
    assert within(z, 1)


def test_two_loci_of_a_trait_lie_as_far_apart_as_asked(genome):
    model = TraitModel(
        n_loci_shares=(0.0, 0.0, 0.5, 0.5), local_share=1.0, hotspot_share=1.0,
        shared_pair_share=0.0, pair_distance_cm=(300.0, 500.0),
    )  # fmt: skip
    traits = draw_traits(model, genome, 500, seed=1)
    sites = np.array([t.sites[:2] for t in traits])
    chromosome = genome.chromosome(sites)
    assert (chromosome[:, 0] == chromosome[:, 1]).all()
    apart_cm = np.abs(np.diff(sites, axis=1)) * 0.4 / 1000
    assert apart_cm.min() >= 299.999
    assert apart_cm.max() <= 500.001
    assert all(t.roles[:2] == ("linked", "linked") for t in traits)
    # Chromosomes of 400, 800 and 200 cM: places for the pair on the first two alone.
    assert set(chromosome[:, 0]) == {0, 1}
    first_is_left = (sites[:, 0] < sites[:, 1]).sum()
    assert stats.binomtest(int(first_is_left), 500).pvalue > FALSE_ALARM
    too_far = TraitModel(n_loci_shares=(0.0, 0.0, 1.0), pair_distance_cm=(900.0, 900.0))
    with pytest.raises(ArgumentError, match="none longer than 800 cM"):
        draw_traits(too_far, genome, 5, seed=1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_loci_shares": ()}, "n_loci_shares: expected shares"),
        ({"n_loci_shares": (0.5, 0.6)}, "n_loci_shares: expected shares .* add up to 1"),
        ({"n_loci_shares": (1.5, -0.5)}, "n_loci_shares: expected shares of 0 or more"),
        ({"n_loci_shares": (float("nan"), 1.0)}, "n_loci_shares: expected"),
        ({"pair_kind_shares": (0.5, 0.5)}, "pair_kind_shares: expected 3 shares, found 2"),
        ({"variance_share": (0.0, 0.2)}, "variance_share: expected"),
        ({"variance_share": (0.3, 0.2)}, "variance_share: expected"),
        ({"variance_share": (0.3, 0.9)}, "variance_share: expected"),
        ({"variance_share": (0.3,)}, "variance_share: expected"),
        ({"local_share": 1.1}, "local_share: expected a share between 0 and 1, found 1.1"),
        ({"hotspot_share": -0.1}, "hotspot_share: expected"),
        ({"shared_pair_share": float("nan")}, "shared_pair_share: expected"),
        ({"correlated_share": 2}, "correlated_share: expected"),
        ({"variance_ratio": 0.0}, "variance_ratio: expected a ratio above 0, found 0.0"),
        ({"variance_ratio": float("inf")}, "variance_ratio: expected"),
        ({"batch_share": 1.5}, "batch_share: expected a share"),
        (
            {"batch_share": 0.6, "correlated_share": 0.5},
            "correlated_share, batch_share, covariate_share: expected at most 1 together",
        ),
        ({"noise": "cauchy"}, "noise: expected gaussian or skewed or heavy_tailed"),
        ({"pair_distance_cm": (20.0, 10.0)}, "pair_distance_cm: expected a smallest and a largest"),
        ({"pair_distance_cm": (0.0, 10.0)}, "pair_distance_cm: expected"),
        ({"pair_distance_cm": (5.0,)}, "pair_distance_cm: expected"),
        ({"n_factors": 0}, "n_factors: expected a whole number of at least 1, found 0"),
    ],
)
def test_impossible_models_are_refused(options, message):
    with pytest.raises(ArgumentError, match=message):
        TraitModel(**options)


def test_a_covariate_goes_together_with_a_locus_and_moves_the_traits():
    model = TraitModel(n_loci_shares=(1.0,), covariate_share=0.5, covariate_r2=0.4)
    cross = simulate_cross(n_samples=1000, n_traits=30, n_markers=2000, trait_model=model).cross
    covariate = cross.covariates["covariate"].to_numpy()
    assert covariate.std() == pytest.approx(1.0, abs=0.06)
    r2 = np.array([np.corrcoef(covariate, x)[0, 1] ** 2 for x in cross.genotypes])
    assert 0.25 < r2.max() < 0.45
    moved = np.array([np.corrcoef(covariate, y)[0, 1] ** 2 for y in cross.traits])
    assert moved.max() > 0.4
    assert moved.min() < 0.1


def test_a_covariate_and_missing_values_change_nothing_else():
    plain = simulate_cross(n_samples=50, n_traits=20, n_markers=60)
    gaps = simulate_cross(
        n_samples=50, n_traits=20, n_markers=60, trait_model=TraitModel(missing_share=0.2)
    )
    missing = np.isnan(gaps.cross.traits)
    assert 0.15 < missing.mean() < 0.25
    np.testing.assert_array_equal(gaps.cross.traits[~missing], plain.cross.traits[~missing])
    assert gaps.cross.parents.equals(plain.cross.parents)
    with_covariate = simulate_cross(
        n_samples=50, n_traits=20, n_markers=60, trait_model=TraitModel(covariate_share=0.3)
    )
    np.testing.assert_array_equal(with_covariate.cross.genotypes, plain.cross.genotypes)
    assert with_covariate.truth.equals(plain.truth)
    assert len(plain.cross.covariates.columns) == 0
