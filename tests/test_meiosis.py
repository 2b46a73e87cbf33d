import numpy as np
import pytest
from scipy import stats

from crossmap.arguments import require_whole
from crossmap.errors import ArgumentError
from crossmap.genome import recombination_fraction
from crossmap.meiosis import SimulatedGenome, draw_markers, inherit, stream

FALSE_ALARM = 1e-4  # of each test below, all its comparisons together
N_SAMPLES = 4000
CM_PER_MB = 400.0
DISTANCES_CM = (0.5, 2.0, 10.0, 30.0, 80.0)


def assert_binomial(counts, n, probability):
    """Each count is what n trials give, with a false-alarm probability of FALSE_ALARM in all."""
    counts = np.atleast_1d(counts)
    tail = FALSE_ALARM / counts.size / 2
    low, high = stats.binom.ppf([tail, 1 - tail], n, probability)
    assert counts.min() >= low, (counts / n, probability)
    assert counts.max() <= high, (counts / n, probability)


@pytest.fixture(scope="module")
def genome():
    return SimulatedGenome.of({"I": 2_000_000, "II": 1_000_000}, CM_PER_MB)


@pytest.fixture(scope="module")
def sites():
    """A first site, sites at known distances from it, and one on the other chromosome."""
    return np.array([0, *(int(d * 1e6 / CM_PER_MB) for d in DISTANCES_CM), 2_000_000])


@pytest.mark.parametrize("mating", ["none", "selfing", "sibs"])
@pytest.mark.parametrize("n_backcrosses", [1, 2])
def test_each_backcross_halves_the_frequency_of_the_other_genotype(
    genome, sites, mating, n_backcrosses
):
    genotypes = inherit(
        genome, sites, N_SAMPLES, mating=mating, n_backcrosses=n_backcrosses,
        rng=stream(11, "meiosis"),
    )  # fmt: skip
    share = 0.5 ** (n_backcrosses + 1)
    assert_binomial(genotypes.sum(axis=1), N_SAMPLES, share)
    # Chromosomes are inherited apart.
    assert_binomial((genotypes[0] & genotypes[-1]).sum(), N_SAMPLES, share**2)


@pytest.mark.parametrize("mating", ["none", "selfing", "sibs"])
def test_two_genotypes_are_equally_frequent(genome, sites, mating):
    genotypes = inherit(genome, sites, N_SAMPLES, mating=mating, rng=stream(11, "meiosis"))
    assert genotypes.dtype == np.int8
    assert set(np.unique(genotypes)) == {0, 1}
    assert_binomial(genotypes.sum(axis=1), N_SAMPLES, 0.5)


@pytest.mark.parametrize("mating", ["none", "selfing", "sibs"])
def test_recombination_fractions_are_those_of_haldane(genome, sites, mating):
    genotypes = inherit(genome, sites, N_SAMPLES, mating=mating, rng=stream(12, "meiosis"))
    r = recombination_fraction(np.array([*DISTANCES_CM, np.inf]))
    expected = {
        "none": r, "selfing": 2 * r / (1 + 2 * r), "sibs": 4 * r / (1 + 6 * r),
    }[mating]  # fmt: skip
    for there, fraction in zip(genotypes[1:], expected, strict=True):
        # Six comparisons, each at FALSE_ALARM / 6.
        count = int((there != genotypes[0]).sum())
        low, high = stats.binom.interval(1 - FALSE_ALARM / 6, N_SAMPLES, fraction)
        assert low <= count <= high, (count / N_SAMPLES, fraction)


def test_an_intercross_has_two_strands(genome, sites):
    genotypes = inherit(genome, sites, N_SAMPLES, mating="intercross", rng=stream(15, "meiosis"))
    assert set(np.unique(genotypes)) == {0, 1, 2}
    for genotype, share in enumerate((0.25, 0.5, 0.25)):
        assert_binomial((genotypes == genotype).sum(axis=1), N_SAMPLES, share)
    r = float(recombination_fraction(DISTANCES_CM[0]))
    step = genotypes[1, genotypes[0] == 0]
    assert_binomial((step == 0).sum(), len(step), (1 - r) ** 2)


def test_crossovers_do_not_interfere(genome):
    a, b, c = inherit(genome, np.array([0, 50_000, 100_000]), 20_000, rng=stream(13, "meiosis"))
    r = float(recombination_fraction(20.0))
    assert_binomial(((a != b) & (b != c)).sum(), 20_000, r * r)


@pytest.mark.parametrize("mating", ["none", "selfing", "sibs"])
def test_what_is_found_at_a_site_does_not_depend_on_the_others(genome, mating):
    many = np.arange(0, genome.size_bp, 7_919)
    few = many[[3, 100, 101, 300]]
    everywhere = inherit(genome, many, 50, mating=mating, rng=stream(14, "meiosis"))
    somewhere = inherit(genome, few, 50, mating=mating, rng=stream(14, "meiosis"))
    assert np.array_equal(somewhere, everywhere[[3, 100, 101, 300]])


def test_sites_and_positions_by_hand():
    genome = SimulatedGenome.of({"a": 3, "b": 2}, 1e6)
    sites = np.arange(5)
    assert genome.size_bp == 5
    assert list(genome.chromosome_names(sites)) == ["a", "a", "a", "b", "b"]
    assert genome.pos_bp(sites).tolist() == [1, 2, 3, 1, 2]
    assert genome.pos_cm(sites).tolist() == [1.0, 2.0, 3.0, 1.0, 2.0]


@pytest.mark.parametrize("even", [False, True])
@pytest.mark.parametrize("n_markers", [1, 2, 3, 4, 57, 1000])
def test_markers_ascend_and_stand_apart(genome, n_markers, even):
    sites = draw_markers(genome, n_markers, even=even, rng=stream(1, "map"))
    assert len(sites) == n_markers
    assert (np.diff(sites) > 0).all()
    assert sites[0] >= 0
    assert sites[-1] < genome.size_bp


def test_random_markers_reach_the_ends_and_lie_uniformly(genome):
    sites = draw_markers(genome, 2000, even=False, rng=stream(2, "map"))
    for chromosome, length in enumerate(genome.lengths_bp):
        pos_bp = genome.pos_bp(sites[genome.chromosome(sites) == chromosome])
        assert pos_bp[0] <= 0.01 * length + 1
        assert pos_bp[-1] >= 0.99 * length
    assert stats.kstest(sites / genome.size_bp, "uniform").pvalue > FALSE_ALARM


def test_even_markers_stand_at_equal_distances(genome):
    gaps = np.diff(draw_markers(genome, 300, even=True, rng=stream(1, "map")))
    assert gaps.max() - gaps.min() <= 1


def test_every_base_pair_can_carry_a_marker_but_not_two():
    tiny = SimulatedGenome.of({"1": 3, "2": 4}, 400.0)
    assert draw_markers(tiny, 7, even=False, rng=stream(1, "map")).tolist() == list(range(7))
    with pytest.raises(ArgumentError, match=r"n_markers: expected .* 7, found 8"):
        draw_markers(tiny, 8, even=False, rng=stream(1, "map"))


def test_streams_are_told_apart_by_all_their_parts():
    draws = [
        stream(seed, purpose, number).random()
        for seed in (1, 2)
        for purpose in ("truth", "noise")
        for number in (0, 1)
    ]
    assert len(set(draws)) == 8
    assert stream(1, "truth", 1).random() == draws[1]


@pytest.mark.parametrize("value", [True, 1.0, "1", None, 0, -1, np.int64(0)])
def test_no_whole_number_is_refused(value):
    with pytest.raises(ArgumentError, match="n_x: expected a whole number of at least 1, found"):
        require_whole("n_x", value, least=1)


@pytest.mark.parametrize("whole", [np.int64, np.int8, np.uint32, int])
def test_whole_numbers_of_numpy_are_whole_numbers(whole):
    assert require_whole("n_x", whole(1), least=1) is None
    with pytest.raises(ArgumentError, match="at least 2, found"):
        require_whole("n_x", whole(1), least=2)
    sites = draw_markers(
        SimulatedGenome.of({"1": 30}, 400.0), whole(3), even=True, rng=stream(1, "map")
    )
    assert len(sites) == 3


@pytest.mark.parametrize(
    ("lengths", "rate", "message"),
    [
        ({}, 0.4, "chromosome_lengths_bp: expected at least one"),
        ({"1": 1}, 0.4, "chromosome_lengths_bp of 1: expected"),
        ({"1": 1e6}, 0.4, "chromosome_lengths_bp of 1: expected"),
        ({"1": 100}, 0.0, "cm_per_mb: expected"),
        ({"1": 100}, float("nan"), "cm_per_mb: expected"),
        ({"1": 100}, float("inf"), "cm_per_mb: expected"),
    ],
)
def test_impossible_genomes_are_refused(lengths, rate, message):
    with pytest.raises(ArgumentError, match=message):
        SimulatedGenome.of(lengths, rate)
