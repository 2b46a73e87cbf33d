"""Meiosis: where markers and loci lie on a genome, and which genotypes the offspring inherit.

A *site* is a whole base pair of all chromosomes laid end to end, counted from 0.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from crossmap.arguments import require_whole
from crossmap.errors import ArgumentError

# Each generation of selfing halves the heterozygosity: one genotype in a million is left.
GENERATIONS_OF_SELFING = 20
# Each generation of sib mating leaves 0.81 of the heterozygosity: likewise.
GENERATIONS_OF_SIBS = 70

Mating = Literal["none", "selfing", "sibs", "intercross"]


# Their numbers are part of the key: new ones come last.
_PURPOSES = (
    "map", "meiosis", "calling", "shared loci", "truth", "noise", "factors", "batches",
    "covariate", "covariate locus", "missing",
)  # fmt: skip


def stream(seed: int, purpose: str, number: int = 0) -> np.random.Generator:
    """Make the source of chance of one choice, independent of all others.

    Parameters
    ----------
    seed
        Seed of the simulation.
    purpose
        What is chosen; one of the purposes this module lists.
    number
        Which of several, for example the trait.

    Returns
    -------
    numpy.random.Generator
    """
    key = (_PURPOSES.index(purpose), number)
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


@dataclass(frozen=True, eq=False)
class SimulatedGenome:
    """Chromosomes, their lengths, and one rate of recombination.

    Make one with `of`, which checks.

    Parameters
    ----------
    names
        Names of the chromosomes.
    lengths_bp
        int64 [n_chromosomes].
    cm_per_mb
        Centimorgans per megabase.

    Examples
    --------
    >>> genome = SimulatedGenome.of({"I": 2_000, "II": 50_000}, 400.0)
    >>> sites = np.array([1_999, 12_000])
    >>> list(genome.chromosome_names(sites)), genome.pos_bp(sites), genome.pos_cm(sites)
    (['I', 'II'], array([ 2000, 10001]), array([0.8   , 4.0004]))
    """

    names: tuple[str, ...]
    lengths_bp: np.ndarray
    cm_per_mb: float

    @classmethod
    def of(cls, lengths_bp: Mapping[str, int], cm_per_mb: float) -> "SimulatedGenome":
        """Check and make a genome.

        Parameters
        ----------
        lengths_bp
            Chromosome name -> length, 2 or more.
        cm_per_mb
            Centimorgans per megabase, above 0.

        Returns
        -------
        SimulatedGenome

        Raises
        ------
        ArgumentError
            If there is no chromosome, or a number is out of range.
        """
        if not lengths_bp:
            msg = "chromosome_lengths_bp: expected at least one chromosome, found none"
            raise ArgumentError(msg)
        for name, length in lengths_bp.items():
            require_whole(f"chromosome_lengths_bp of {name}", length, least=2)
        if not (np.isfinite(cm_per_mb) and cm_per_mb > 0):
            msg = f"cm_per_mb: expected a number above 0, found {cm_per_mb}"
            raise ArgumentError(msg)
        lengths = np.array(list(lengths_bp.values()), dtype=np.int64)
        return cls(tuple(map(str, lengths_bp)), lengths, float(cm_per_mb))

    @property
    def size_bp(self) -> int:
        """Number of sites."""
        return int(self.lengths_bp.sum())

    @property
    def starts(self) -> np.ndarray:
        """First site of every chromosome, int64 [n_chromosomes]."""
        return np.concatenate([[0], np.cumsum(self.lengths_bp)[:-1]])

    def chromosome(self, sites: np.ndarray | int) -> np.ndarray:
        """Number of the chromosome of each site, from 0."""
        return np.searchsorted(self.starts, sites, side="right") - 1

    def chromosome_names(self, sites: np.ndarray) -> np.ndarray:
        """Name of the chromosome of each site, object."""
        return np.array(self.names, dtype=object)[self.chromosome(sites)]

    def pos_bp(self, sites: np.ndarray) -> np.ndarray:
        """Position of each site on its chromosome, from 1, int64."""
        return sites - self.starts[self.chromosome(sites)] + 1

    def pos_cm(self, sites: np.ndarray) -> np.ndarray:
        """Position of each site in centimorgans, float64."""
        # Rounded so that files show 92.0872, not 92.08720000000001.
        return np.round(self.pos_bp(sites) * self.cm_per_mb / 1e6, 6)


def draw_markers(
    genome: SimulatedGenome, n_markers: int, *, even: bool, rng: np.random.Generator
) -> np.ndarray:
    """Choose the sites of the markers.

    Parameters
    ----------
    genome
        Where they lie.
    n_markers
        How many.
    even
        At equal distances; else at random, the outermost in the last hundredth of each chromosome
        if there are two markers for each.
    rng
        Source of chance.

    Returns
    -------
    numpy.ndarray
        int64 [n_markers], ascending, each site once.

    Raises
    ------
    ArgumentError
        If there are more markers than base pairs.
    """
    if n_markers > genome.size_bp:
        msg = f"n_markers: expected at most one per base pair, {genome.size_bp}, found {n_markers}"
        raise ArgumentError(msg)
    if even:
        # Equal steps along the whole line: every chromosome gets its share of the markers.
        return ((np.arange(n_markers) + 0.5) * (genome.size_bp / n_markers)).astype(np.int64)
    ends = np.empty(0, dtype=np.int64)
    if n_markers >= 2 * len(genome.names):
        inset = (rng.random((2, len(genome.names))) * 0.01 * genome.lengths_bp).astype(np.int64)
        last = genome.starts + genome.lengths_bp - 1
        ends = np.unique([genome.starts + inset[0], last - inset[1]])
    drawn = rng.choice(genome.size_bp, size=n_markers, replace=False)
    rest = drawn[~np.isin(drawn, ends)][: n_markers - len(ends)]
    return np.sort(np.concatenate([ends, rest]))


def inherit(
    genome: SimulatedGenome,
    sites: np.ndarray,
    n_samples: int,
    *,
    mating: Mating = "none",
    n_backcrosses: int = 0,
    rng: np.random.Generator,
) -> np.ndarray:
    """Genotypes of the offspring of a hybrid of two inbred parents.

    Crossovers are drawn as a Poisson process (Haldane: no interference), whatever the sites: those
    asked for do not change what is found at any one of them.

    Parameters
    ----------
    genome
        The genome.
    sites
        int64 [n_sites], ascending.
    n_samples
        Number of offspring.
    mating
        ``none``: one meiosis, the genotype being the strand of the gamete; ``selfing``: self each
        line for 20 generations and take one of its two strands; ``sibs``: mate brothers and sisters
        of each line for 70 generations likewise; ``intercross``: two meioses, the genotype being
        the number of strands of parent 1.
    n_backcrosses
        Generations of crossing the hybrid to the parent of genotype 0 before that: each halves
        the frequency of genotype 1.
    rng
        Source of chance.

    Returns
    -------
    numpy.ndarray
        int8 [n_sites, n_samples]: 0 or 1, the parent the genotype comes from; 0, 1 or 2 of an
        intercross.

    References
    ----------
    Haldane (1919) J Genet 8:299; Haldane & Waddington (1931) Genetics 16:357 (selfing leads to
    recombination fractions R = 2r / (1 + 2r), sib mating to 4r / (1 + 6r)).

    Examples
    --------
    >>> genome = SimulatedGenome.of({"I": 1_000_000}, 400.0)
    >>> inherit(genome, np.array([0, 1]), 5, rng=np.random.default_rng(1)).shape
    (2, 5)
    """
    # One strand of each hybrid is always the recurrent parent's, 0.
    hybrid = np.ones((len(sites), n_samples), dtype=np.int8)
    for _ in range(n_backcrosses):
        hybrid &= _strands(genome, sites, n_samples, rng)
    if mating == "none":
        return hybrid & _strands(genome, sites, n_samples, rng)
    if mating == "intercross":
        one, other = (hybrid & _strands(genome, sites, n_samples, rng) for _ in range(2))
        return one + other
    # A chain along the sites with R between neighbours would have it between neighbours only, and
    # depend on which sites are asked for; selfing itself has it between any two.
    first = np.zeros((len(sites), n_samples), dtype=np.int8)

    def gamete(one: np.ndarray, other: np.ndarray) -> np.ndarray:
        return one ^ ((one ^ other) & _strands(genome, sites, n_samples, rng))

    if mating == "sibs":
        brother = sister = (first, hybrid)
        for _ in range(GENERATIONS_OF_SIBS):
            brother, sister = (
                (gamete(*brother), gamete(*sister)),
                (gamete(*brother), gamete(*sister)),
            )
        return brother[0]
    second = hybrid
    for _ in range(GENERATIONS_OF_SELFING):
        first, second = gamete(first, second), gamete(first, second)
    return first


def _strands(
    genome: SimulatedGenome, sites: np.ndarray, n_gametes: int, rng: np.random.Generator
) -> np.ndarray:
    """Which of the two strands each gamete carries at ascending sites, int8 [n_sites, n_gametes].

    What is drawn is the crossovers, whatever the sites.
    """
    coin = rng.integers(0, 2, size=(len(genome.names), n_gametes), dtype=np.int8)
    mean = genome.size_bp * genome.cm_per_mb / 1e6 / 100
    n_crossovers = rng.poisson(mean, n_gametes)
    before = np.searchsorted(sites, rng.random(n_crossovers.sum()) * genome.size_bp)
    flips = np.zeros((len(sites) + 1, n_gametes), dtype=np.int8)
    np.bitwise_xor.at(flips, (before, np.repeat(np.arange(n_gametes), n_crossovers)), 1)
    # Crossovers of earlier chromosomes count here too: a fair coin per chromosome stays fair.
    parity = np.bitwise_xor.accumulate(flips[:-1], axis=0)
    return parity ^ coin[genome.chromosome(sites)]
