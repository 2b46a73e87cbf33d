"""What lies behind the traits of a simulated cross: loci, effects, noise."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from crossmap.arguments import require_one_of, require_usual, require_whole
from crossmap.errors import ArgumentError
from crossmap.meiosis import SimulatedGenome, stream

PairKind = Literal["additive", "epistatic", "epistasis_only"]
NoiseKind = Literal["gaussian", "skewed", "heavy_tailed"]

HEAVY_TAIL_DF = 3

# More would leave so little noise that effects explode; three strong loci are scaled down to this.
MAX_HERITABILITY = 0.8
GENE_LENGTH_BP = (500, 3000)


@dataclass(frozen=True)
class TraitModel:
    """What lies behind the traits of a simulated cross.

    Parameters
    ----------
    n_loci_shares
        Shares of the traits with 0, 1, 2 ... loci; they add up to 1.
    variance_share
        Smallest and largest share of a trait's variance that one locus explains; drawn uniformly.
        Where a trait's loci together pass `MAX_HERITABILITY` they are scaled down to it.
    pair_kind_shares
        Of the traits with two loci or more, the shares whose first two loci are ``additive``,
        ``epistatic`` (locus 2 acts in one genotype of locus 1 only), ``epistasis_only`` (the
        product of the two acts, neither has an effect of its own).
    local_share
        Share, of the traits with a locus, that have one in their own gene.
    hotspot_share
        Share, of the traits with a locus, that have one at the hot spot, a place they all share.
    shared_pair_share
        Share, of the traits with two loci or more, whose first two are one epistatic pair of
        places that all these traits share.
    variance_ratio
        Noise variance in genotype 1 of a trait's first locus over that in genotype 0. The mean of
        the two variances stays 1.
    correlated_share
        Share of the noise variance that comes from common factors, so that traits correlate.
    n_factors
        Number of common factors.
    noise
        Shape of what is not common, its mean 0 and its variance as with ``gaussian``: ``skewed``
        (exponential) or ``heavy_tailed`` (Student's t with `HEAVY_TAIL_DF` degrees of freedom).
    batch_share
        Share of the noise variance that comes from two batches of samples of equal size, drawn at
        random and the same for all traits; how far apart they are differs from trait to trait.
    covariate_share
        Share of the noise variance that comes from a covariate of the samples, ``covariate`` in the
        cross; how strongly it acts differs from trait to trait.
    covariate_r2
        Share of the covariate's own variance that a locus explains, the same place for all traits.
    missing_share
        Share of the values that are missing, at random.
    pair_distance_cm
        Smallest and largest distance of locus 2 from locus 1 on one chromosome, drawn uniformly;
        None places it anywhere in the genome.

    Raises
    ------
    ArgumentError
        If a share lies outside 0 to 1, shares do not add up to 1, or a range is empty.

    Examples
    --------
    >>> TraitModel(n_loci_shares=(0.5, 0.5)).n_loci_shares
    (0.5, 0.5)
    """

    n_loci_shares: tuple[float, ...] = (0.3, 0.25, 0.3, 0.15)
    variance_share: tuple[float, float] = (0.06, 0.35)
    pair_kind_shares: tuple[float, float, float] = (0.6, 0.3, 0.1)
    local_share: float = 0.25
    hotspot_share: float = 0.11
    shared_pair_share: float = 0.04
    variance_ratio: float = 1.0
    correlated_share: float = 0.0
    n_factors: int = 5
    noise: NoiseKind = "gaussian"
    batch_share: float = 0.0
    covariate_share: float = 0.0
    covariate_r2: float = 0.0
    missing_share: float = 0.0
    pair_distance_cm: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        for name, size in (("n_loci_shares", None), ("pair_kind_shares", len(get_args(PairKind)))):
            shares = getattr(self, name)
            if size is not None and len(shares) != size:
                msg = f"{name}: expected {size} shares, found {len(shares)}"
                raise ArgumentError(msg)
            if not (shares and min(shares) >= 0 and abs(sum(shares) - 1) < 1e-9):
                msg = f"{name}: expected shares of 0 or more that add up to 1, found {shares}"
                raise ArgumentError(msg)
        ends = self.variance_share
        if len(ends) != 2 or not 0 < ends[0] <= ends[1] <= MAX_HERITABILITY:
            msg = (
                "variance_share: expected a smallest and a largest share above 0 and at most "
                f"{MAX_HERITABILITY}, found {self.variance_share}"
            )
            raise ArgumentError(msg)
        for name in (
            "local_share", "hotspot_share", "shared_pair_share", "correlated_share", "batch_share",
            "covariate_share", "covariate_r2", "missing_share",
        ):  # fmt: skip
            if not 0 <= getattr(self, name) <= 1:
                msg = f"{name}: expected a share between 0 and 1, found {getattr(self, name)}"
                raise ArgumentError(msg)
        common = self.correlated_share + self.batch_share + self.covariate_share
        if common > 1:
            msg = (
                "correlated_share, batch_share, covariate_share: expected at most 1 together, "
                f"found {common}"
            )
            raise ArgumentError(msg)
        require_one_of("noise", self.noise, get_args(NoiseKind))
        if self.pair_distance_cm is not None:
            distances = self.pair_distance_cm
            if len(distances) != 2 or not 0 < distances[0] <= distances[1] < np.inf:
                msg = (
                    "pair_distance_cm: expected a smallest and a largest distance above 0, found "
                    f"{distances}"
                )
                raise ArgumentError(msg)
        if not (np.isfinite(self.variance_ratio) and self.variance_ratio > 0):
            msg = f"variance_ratio: expected a ratio above 0, found {self.variance_ratio}"
            raise ArgumentError(msg)
        require_whole("n_factors", self.n_factors, least=1)
        if not self.covariate_share:
            require_usual("covariate_r2", self.covariate_r2, 0.0, "without covariate_share")
        if not self.correlated_share:
            usual = TraitModel.n_factors
            require_usual("n_factors", self.n_factors, usual, "without correlated_share")
        if sum(self.n_loci_shares[2:]) <= 0:
            why = "where no trait has two loci (n_loci_shares)"
            require_usual("pair_distance_cm", self.pair_distance_cm, None, why)


@dataclass(frozen=True, eq=False)
class SimulatedTrait:
    """One trait's truth; arrays have one entry per locus.

    Parameters
    ----------
    gene_sites
        Sites of the start and the end of its gene; start past end on the reverse strand.
    sites
        int64, sites of the loci.
    roles
        ``hotspot``, ``pair``, ``linked``, ``local`` or ``scattered``.
    kind
        ``none``, ``single``, or how the first two loci act together.
    effects, interaction_effect
        Coefficients of the genotypes, coded -1 and +1, and of the product of the first two.
    shares
        Shares of the trait's variance, largest first.
    """

    gene_sites: tuple[int, int]
    sites: np.ndarray
    roles: tuple[str, ...]
    kind: str
    effects: np.ndarray
    interaction_effect: float
    shares: np.ndarray


def draw_traits(
    model: TraitModel, genome: SimulatedGenome, n_traits: int, *, seed: int
) -> list[SimulatedTrait]:
    """Draw the truth of each trait, which does not depend on the number of traits.

    Parameters
    ----------
    model
        What to draw from.
    genome
        Where loci and genes lie.
    n_traits
        How many.
    seed
        Seed of the simulation.

    Returns
    -------
    list of SimulatedTrait
    """
    shared = _shared_sites(genome, stream(seed, "shared loci"))
    return [_draw_trait(model, genome, shared, stream(seed, "truth", t)) for t in range(n_traits)]


def _shared_sites(genome: SimulatedGenome, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """The hot spot, and the two loci of the shared pair, on two chromosomes if there are two."""
    hotspot, first = rng.integers(genome.size_bp, size=2)
    chromosome = genome.chromosome(first)
    length = genome.lengths_bp[chromosome]
    if length == genome.size_bp:
        second = rng.integers(genome.size_bp)
    else:
        second = rng.integers(genome.size_bp - length)
        second += length if second >= genome.starts[chromosome] else 0
    return {"hotspot": np.array([hotspot]), "pair": np.array([first, second])}


def _draw_trait(
    model: TraitModel,
    genome: SimulatedGenome,
    shared: Mapping[str, np.ndarray],
    rng: np.random.Generator,
) -> SimulatedTrait:
    gene_sites = _draw_gene(genome, rng)
    n_loci, kind_number = (
        int(np.searchsorted(np.cumsum(shares[:-1]), rng.random(), side="right"))
        for shares in (model.n_loci_shares, model.pair_kind_shares)
    )
    sites = rng.integers(genome.size_bp, size=n_loci)
    roles = ["scattered"] * n_loci
    kind = "none" if n_loci == 0 else "single" if n_loci == 1 else get_args(PairKind)[kind_number]
    if n_loci >= 2 and rng.random() < model.shared_pair_share:
        sites[:2], roles[:2], kind = shared["pair"], ["pair", "pair"], "epistatic"
    elif n_loci >= 2 and model.pair_distance_cm is not None:
        sites[:2], roles[:2] = _linked_sites(model.pair_distance_cm, genome, rng), ["linked"] * 2
    for role, share, site in (
        ("hotspot", model.hotspot_share, shared["hotspot"][0]),
        ("local", model.local_share, sum(gene_sites) // 2),
    ):
        free = [locus for locus in range(n_loci) if roles[locus] == "scattered"]
        if free and rng.random() < share:
            locus = free[rng.integers(len(free))]
            sites[locus], roles[locus] = site, role

    shares = np.sort(rng.uniform(*model.variance_share, n_loci))[::-1]
    shares = np.round(shares * min(1.0, MAX_HERITABILITY / max(shares.sum(), 1e-9)), 6)
    effects, interaction_effect = _effects(shares, kind, rng)
    return SimulatedTrait(
        gene_sites, sites, tuple(roles), kind, effects, interaction_effect, shares
    )


def _linked_sites(
    distance_cm: tuple[float, float], genome: SimulatedGenome, rng: np.random.Generator
) -> np.ndarray:
    """Two sites of one chromosome, so far apart, in random order."""
    apart = max(1, round(rng.uniform(*distance_cm) * 1e6 / genome.cm_per_mb))
    room = np.maximum(genome.lengths_bp - apart, 0)
    if not room.any():
        msg = (
            "pair_distance_cm: expected a chromosome longer than that, found none longer than "
            f"{genome.lengths_bp.max() * genome.cm_per_mb / 1e6:g} cM"
        )
        raise ArgumentError(msg)
    place = int(rng.integers(room.sum()))
    chromosome = int(np.searchsorted(np.cumsum(room), place, side="right"))
    first = int(genome.starts[chromosome]) + place - int(room[:chromosome].sum())
    return rng.permutation([first, first + apart])


def _draw_gene(genome: SimulatedGenome, rng: np.random.Generator) -> tuple[int, int]:
    """Sites of a gene's start and end; the start is the larger on the reverse strand."""
    low = int(rng.integers(genome.size_bp))
    length = int(rng.integers(*GENE_LENGTH_BP))
    reverse = bool(rng.integers(2))
    chromosome = genome.chromosome(low)
    last = int(genome.starts[chromosome] + genome.lengths_bp[chromosome] - 1)
    high = min(low + length - 1, last)
    return (high, low) if reverse else (low, high)


def _effects(shares: np.ndarray, kind: str, rng: np.random.Generator) -> tuple[np.ndarray, float]:
    """Main effects and interaction that give the shares when noise has variance 1.

    Genotypes are coded x = -1, +1, so that a term's variance is its coefficient squared.
    """
    sign = rng.choice([-1.0, 1.0], size=len(shares) + 1)
    effects = sign[:-1] * np.sqrt(shares / (1 - shares.sum()))
    if kind == "epistatic":
        # a x2 (1 +- x1) / sqrt(2): locus 2 acts in one genotype of locus 1 only.
        effects[1] /= np.sqrt(2)
        return effects, float(sign[-1] * abs(effects[1]))
    if kind == "epistasis_only":
        interaction_effect = float(sign[-1] * np.hypot(effects[0], effects[1]))
        effects[:2] = 0.0
        return effects, interaction_effect
    return effects, 0.0


def trait_values(
    traits: Sequence[SimulatedTrait],
    genotypes: np.ndarray,
    model: TraitModel,
    *,
    n_genotypes: int = 2,
    covariate: np.ndarray | None = None,
    seed: int,
) -> np.ndarray:
    """Values of the traits: their loci's effects and noise.

    Parameters
    ----------
    traits
        Truths.
    genotypes
        0 or 1 (in an F2 to 2) at the loci of all traits, trait after trait: int [n_loci,
        n_individuals].
    model
        Its noise.
    n_genotypes
        2, or 3 in an F2, where heterozygotes lie in the middle.
    covariate
        float64 [n_individuals] of variance 1; None without one.
    seed
        Seed of the simulation.

    Returns
    -------
    numpy.ndarray
        float64 [n_traits, n_individuals].
    """
    n_individuals = genotypes.shape[1]
    factors = np.array(
        [stream(seed, "factors", f).standard_normal(n_individuals) for f in range(model.n_factors)]
    )
    batch = 2.0 * (stream(seed, "batches").permutation(n_individuals) % 2) - 1.0
    own_share = 1 - model.correlated_share - model.batch_share - model.covariate_share
    variance = np.linspace(1.0, model.variance_ratio, n_genotypes)
    sd = np.sqrt(2 * variance / (1 + model.variance_ratio))
    code = np.linspace(-1.0, 1.0, n_genotypes) * np.sqrt(n_genotypes - 1)  # variance 1
    values = np.empty((len(traits), n_individuals))
    first_row = 0
    for t, trait in enumerate(traits):
        own = genotypes[first_row : first_row + len(trait.sites)]
        first_row += len(trait.sites)
        rng = stream(seed, "noise", t)
        loadings = rng.standard_normal(model.n_factors)
        loadings *= np.sqrt(model.correlated_share) / np.linalg.norm(loadings)
        noise = np.sqrt(own_share) * _own_noise(model.noise, n_individuals, rng)
        # Sums in a fixed order: a matrix product's would depend on the machine's BLAS.
        noise += (loadings[:, None] * factors).sum(axis=0)
        noise += np.sqrt(model.batch_share) * rng.standard_normal() * batch
        if covariate is not None:
            noise += np.sqrt(model.covariate_share) * rng.standard_normal() * covariate
        x = code[own]
        values[t] = (trait.effects[:, None] * x).sum(axis=0)
        values[t] += noise * sd[own[0]] if len(own) else noise
        if trait.interaction_effect:
            values[t] += trait.interaction_effect * x[0] * x[1]
    return values


def covariate_values(
    model: TraitModel, genotypes: np.ndarray, *, n_genotypes: int = 2, seed: int
) -> np.ndarray:
    """Values of the covariate that goes together with a locus.

    Parameters
    ----------
    model
        Its `covariate_r2` says how closely.
    genotypes
        0 or 1 (in an F2 to 2) at the locus: int [n_individuals].
    n_genotypes
        2, or 3 in an F2.
    seed
        Seed of the simulation.

    Returns
    -------
    numpy.ndarray
        float64 [n_individuals], of variance 1, four decimals.
    """
    x = (np.linspace(-1.0, 1.0, n_genotypes) * np.sqrt(n_genotypes - 1))[genotypes]
    own = stream(seed, "covariate").standard_normal(len(x))
    return np.round(np.sqrt(model.covariate_r2) * x + np.sqrt(1 - model.covariate_r2) * own, 4)


def with_missing_values(values: np.ndarray, model: TraitModel, *, seed: int) -> np.ndarray:
    """Put NaN for the missing share of each trait's values.

    Parameters
    ----------
    values
        float64 [n_traits, n_samples].
    model
        Its `missing_share`.
    seed
        Seed of the simulation.

    Returns
    -------
    numpy.ndarray
        float64 [n_traits, n_samples].
    """
    if not model.missing_share:
        return values
    out = values.copy()
    for t, row in enumerate(out):
        row[stream(seed, "missing", t).random(len(row)) < model.missing_share] = np.nan
    return out


def _own_noise(kind: NoiseKind, n: int, rng: np.random.Generator) -> np.ndarray:
    """Noise of one trait alone, with mean 0 and variance 1."""
    if kind == "skewed":
        return rng.standard_exponential(n) - 1.0
    if kind == "heavy_tailed":
        return rng.standard_t(HEAVY_TAIL_DF, n) * np.sqrt((HEAVY_TAIL_DF - 2) / HEAVY_TAIL_DF)
    return rng.standard_normal(n)
