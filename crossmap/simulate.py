"""Crosses and traits whose truth is known; the shipped demonstration cross is made here.

Every random choice has a stream of its own, keyed by the seed and by what is chosen. So a trait's
truth does not change when traits, samples or markers are added, and the genotypes at its loci do
not depend on which markers are looked at.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd

from crossmap.arguments import require_number, require_whole
from crossmap.cross import Cross, make_cross
from crossmap.errors import ArgumentError, DataError
from crossmap.io.rqtl2 import write_rqtl2
from crossmap.io.truth import TRUTH_FILE, truth_table, write_truth
from crossmap.meiosis import Mating, SimulatedGenome, draw_markers, inherit, stream
from crossmap.trait_model import (
    SimulatedTrait,
    TraitModel,
    covariate_values,
    draw_traits,
    trait_values,
    with_missing_values,
)

# Chromosome lengths of the S. cerevisiae reference sequence (S288C, R64), 1 to 16.
YEAST_CHROMOSOME_LENGTHS_BP: Mapping[str, int] = MappingProxyType(
    {
        "1": 230_218, "2": 813_184, "3": 316_620, "4": 1_531_933, "5": 576_874, "6": 270_161,
        "7": 1_090_940, "8": 562_643, "9": 439_888, "10": 745_751, "11": 666_816,
        "12": 1_078_177, "13": 924_431, "14": 784_333, "15": 1_091_291, "16": 948_066,
    }
)  # fmt: skip

GENOTYPE_NAMES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "haploid": ("A", "B"),
        "dh": ("AA", "BB"),
        "riself": ("AA", "BB"),
        "risib": ("AA", "BB"),
        "bc": ("AA", "AB"),
        "f2": ("AA", "AB", "BB"),
    }
)
"""Cross types that can be simulated, and the names of their genotypes."""

_MATINGS: Mapping[str, Mating] = MappingProxyType(
    {"riself": "selfing", "risib": "sibs", "f2": "intercross"}
)


@dataclass(frozen=True, eq=False)
class SimulatedCross:
    """A simulated cross and the truth about its traits.

    Parameters
    ----------
    cross
        The cross, as any reader would return it.
    truth
        Columns `TRUTH_COLUMNS`, one row per trait and true locus, traits in name order; a trait
        without loci has one row with locus 0 and missing values. ``effect`` is half the
        difference between the means of the two genotypes of the locus, ``interaction_effect`` the
        coefficient of the product of loci 1 and 2, both coded -1 and +1, in units of the trait
        (noise has standard deviation 1). In an F2 genotypes are coded -sqrt 2, 0 and +sqrt 2, which
        has variance 1 too, and ``effect`` is the coefficient of that code. ``variance_share`` is
        the locus' share of the trait's variance with the loci unlinked and the two genotypes
        equally frequent, an interaction counted with the loci it joins: a trait's shares add up to
        its heritability. ``role`` is local, hotspot, pair (one that traits share), linked (to the
        trait's other locus) or scattered; ``kind`` none, single, additive, epistatic or
        epistasis_only.
    seed
        The seed that made it.
    """

    cross: Cross
    truth: pd.DataFrame
    seed: int


def simulate_cross(
    *,
    n_samples: int = 112,
    n_traits: int = 800,
    n_markers: int = 1200,
    chromosome_lengths_bp: Mapping[str, int] = YEAST_CHROMOSOME_LENGTHS_BP,
    cm_per_mb: float = 400.0,
    crosstype: str = "haploid",
    even_markers: bool = False,
    error_prob: float = 0.0,
    n_backcrosses: int = 0,
    n_parent_replicates: int = 6,
    trait_model: TraitModel | None = None,
    seed: int = 1,
) -> SimulatedCross:
    """Simulate a cross of two parents, with traits whose loci are known.

    The defaults make the demonstration cross that crossmap ships.

    Parameters
    ----------
    n_samples, n_traits, n_markers
        Numbers of samples, traits, markers.
    chromosome_lengths_bp
        Chromosome name -> length.
    cm_per_mb
        Centimorgans per megabase, the same everywhere.
    crosstype
        ``haploid``, ``dh``, ``bc``, ``f2``, ``riself`` (20 generations of selfing, as they happen)
        or ``risib`` (70 of sib mating). All chromosomes are autosomes.
    even_markers
        Markers at equal distances; else at random, the outermost in the last hundredth of each
        chromosome. True loci lie uniformly over the map, so between markers, either way.
    error_prob
        Probability that a genotype call at a marker is the wrong one.
    n_backcrosses
        Crosses of the F1 to the parent of genotype 0 before its gametes are taken: genotype 1 has
        frequency one half, halved by each.
    n_parent_replicates
        Measurements of each parent (in a backcross: of the recurrent parent and of the F1).
    trait_model
        Loci, effects and noise of the traits; None for ``TraitModel()``.
    seed
        A whole number of 0 or more; the same seed gives the same cross.

    Returns
    -------
    SimulatedCross
        Positions in whole base pairs; trait values rounded to four decimals.

    Raises
    ------
    ArgumentError
        If a number is out of range, a cross type cannot be simulated, or there are more markers
        than base pairs.

    Notes
    -----
    Meiosis without interference (Haldane): crossovers are a Poisson process on each chromosome.

    Examples
    --------
    >>> simulated = simulate_cross(n_samples=20, n_traits=3, n_markers=40)
    >>> simulated.cross.genotypes.shape, simulated.cross.traits.shape
    ((40, 20), (3, 20))
    >>> list(simulated.truth["trait"].unique())
    ['g0001', 'g0002', 'g0003']
    """
    for name, value, least in (
        ("n_samples", n_samples, 1),
        ("n_traits", n_traits, 1),
        ("n_markers", n_markers, 1),
        ("n_backcrosses", n_backcrosses, 0),
        ("n_parent_replicates", n_parent_replicates, 0),
        ("seed", seed, 0),
    ):
        require_whole(name, value, least=least)
    if crosstype not in GENOTYPE_NAMES:
        msg = f"crosstype: expected one of {', '.join(GENOTYPE_NAMES)}, found {crosstype!r}"
        raise ArgumentError(msg)
    require_number("error_prob", error_prob, least=0.0, most=0.5)
    model = trait_model or TraitModel()
    genome = SimulatedGenome.of(chromosome_lengths_bp, cm_per_mb)

    sites = draw_markers(genome, n_markers, even=even_markers, rng=stream(seed, "map"))
    traits = draw_traits(model, genome, n_traits, seed=seed)
    of_covariate = stream(seed, "covariate locus").integers(genome.size_bp, size=1)
    of_covariate = of_covariate[: int(model.covariate_share > 0)]
    all_sites, where = np.unique(
        np.concatenate([sites, of_covariate, *(trait.sites for trait in traits)]),
        return_inverse=True,
    )
    inherited = inherit(
        genome,
        all_sites,
        n_samples,
        mating=_MATINGS.get(crosstype, "none"),
        n_backcrosses=n_backcrosses,
        rng=stream(seed, "meiosis"),
    )
    calls = inherited[where[: len(sites)]]
    genotype_names = GENOTYPE_NAMES[crosstype]
    n_genotypes = len(genotype_names)
    calls = _with_errors(calls, error_prob, n_genotypes, stream(seed, "calling"))

    # Parents are individuals too, of one genotype throughout.
    at_loci = inherited[where[len(sites) :]]  # of the covariate, if there is one, and the traits
    parents = np.tile(np.repeat([0, n_genotypes - 1], n_parent_replicates), (len(at_loci), 1))
    individuals = np.concatenate([at_loci, parents], axis=1)
    names = _numbered("g", n_traits, 4)
    covariate = covariates = None
    samples = _numbered("seg", n_samples, 3)
    if len(of_covariate):
        covariate = covariate_values(model, individuals[0], n_genotypes=n_genotypes, seed=seed)
        index = pd.Index(samples, dtype=object)
        covariates = pd.DataFrame({"covariate": covariate[:n_samples]}, index=index)
    values = trait_values(
        traits,
        individuals[len(of_covariate) :],
        model,
        n_genotypes=n_genotypes,
        covariate=covariate,
        seed=seed,
    )
    values = np.round(values, 4)
    cross = make_cross(
        crosstype=crosstype,
        genotype_names=genotype_names,
        samples=samples,
        markers=_marker_table(genome, sites),
        genotypes=calls,
        trait_names=names,
        traits=with_missing_values(values[:, :n_samples], model, seed=seed),
        trait_positions=_gene_table(genome, names, traits),
        covariates=covariates,
        parents=_parent_table(genotype_names, names, values[:, n_samples:]),
        description=f"Simulated {crosstype} cross, seed {seed}",
    )
    return SimulatedCross(cross=cross, truth=_truth_table(genome, names, traits), seed=seed)


def _with_errors(
    calls: np.ndarray, error: float, n_genotypes: int, rng: np.random.Generator
) -> np.ndarray:
    """Calls of which a share is wrong, each with any of the other genotypes."""
    wrong = (rng.random(calls.shape) < error).astype(np.int8)
    if n_genotypes > 2:
        wrong *= rng.integers(1, n_genotypes, calls.shape, dtype=np.int8)
    return (calls + wrong) % n_genotypes


def _numbered(prefix: str, n: int, width: int) -> list[str]:
    # Padded, so that the order of names is the order of numbers.
    width = max(width, len(str(n)))
    return [f"{prefix}{i:0{width}d}" for i in range(1, n + 1)]


def _marker_table(genome: SimulatedGenome, sites: np.ndarray) -> pd.DataFrame:
    chromosomes, pos_bp = genome.chromosome_names(sites), genome.pos_bp(sites)
    return pd.DataFrame(
        {
            "marker": [f"m{c:0>2}_{bp:07d}" for c, bp in zip(chromosomes, pos_bp, strict=True)],
            "chr": chromosomes,
            "pos_bp": pos_bp,
            "pos_cm": genome.pos_cm(sites),
        }
    )


def _gene_table(
    genome: SimulatedGenome, names: list[str], traits: list[SimulatedTrait]
) -> pd.DataFrame:
    start, end = np.array([trait.gene_sites for trait in traits]).T
    return pd.DataFrame(
        {
            "trait": names,
            "chr": genome.chromosome_names(start),
            "start_bp": genome.pos_bp(start),
            "end_bp": genome.pos_bp(end),
        }
    )


def _parent_table(
    genotype_names: tuple[str, ...], names: list[str], values: np.ndarray
) -> pd.DataFrame | None:
    """Replicates of the parents; `values` [n_traits, 2 n_replicates], the parent of 0 first."""
    n_replicates = values.shape[1] // 2
    if n_replicates == 0:
        return None
    parent = np.repeat(np.array(genotype_names, dtype=object)[[0, -1]], n_replicates)
    numbers = _numbered("_", n_replicates, 2) * 2
    index = [f"parent_{name}{number}" for name, number in zip(parent, numbers, strict=True)]
    table = pd.DataFrame(values.T, index=pd.Index(index, dtype=object), columns=names)
    table.insert(0, "parent", pd.Series(parent, index=table.index, dtype=object))
    return table


def _truth_table(
    genome: SimulatedGenome, names: list[str], traits: list[SimulatedTrait]
) -> pd.DataFrame:
    rows: list[tuple] = []
    missing = (None, *[np.nan] * 2, None)
    for name, trait in zip(names, traits, strict=True):
        n_loci = len(trait.sites)
        if n_loci == 0:
            rows.append((name, 0, 0, *missing, trait.kind, *[np.nan] * 3))
        places = zip(
            genome.chromosome_names(trait.sites),
            genome.pos_bp(trait.sites).astype(float),
            genome.pos_cm(trait.sites),
            trait.roles,
            strict=True,
        )
        for locus, place in enumerate(places):
            # Only loci 1 and 2 interact.
            interaction_effect = trait.interaction_effect if locus < 2 else 0.0
            effect, share = float(trait.effects[locus]), float(trait.shares[locus])
            rows.append(
                (name, n_loci, locus + 1, *place, trait.kind, effect, interaction_effect, share)
            )
    return truth_table(rows)


def write_simulation(simulated: SimulatedCross, folder: str | Path) -> None:
    """Write the cross in R/qtl2's format and, beside it, its truth as ``truth.tsv``.

    Parameters
    ----------
    simulated
        What `simulate_cross` returned.
    folder
        Made if it is not there.

    Examples
    --------
    >>> import tempfile
    >>> from crossmap import read_cross
    >>> folder = Path(tempfile.mkdtemp()) / "made"
    >>> write_simulation(simulate_cross(n_samples=9, n_traits=2, n_markers=40), folder)
    >>> read_cross(folder).n_markers, (folder / "truth.tsv").is_file()
    (40, True)
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    # The control file comes last: a folder that has one is whole.
    write_truth(simulated.truth, folder / TRUTH_FILE)
    write_rqtl2(simulated.cross, folder)


def demo_folder() -> Path:
    """Find the demonstration cross that crossmap ships: ``cross.yaml`` and ``truth.tsv``.

    Returns
    -------
    pathlib.Path
        ``crossmap/_data`` of an installed package, else ``data`` beside the package in a clone.

    Raises
    ------
    DataError
        If neither holds the cross: the installation is incomplete.

    Examples
    --------
    >>> (demo_folder() / "cross.yaml").is_file()
    True
    """
    package = Path(__file__).parent
    for folder in (package / "_data", package.parent / "data"):
        if (folder / "cross.yaml").is_file():
            return folder
    raise DataError.at(package / "_data", expected="the shipped cross", found="none")
