"""The genetic architecture of a cross: all that its linkages say together."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from crossmap.architecture.bins import map_unit
from crossmap.architecture.counting import count_units
from crossmap.architecture.effects import Effects, effects
from crossmap.architecture.gene_sets import Enrichment, enrich, genes_at, groups_of_places
from crossmap.architecture.heritability import heritability
from crossmap.architecture.inheritance import inheritance, mode_shares
from crossmap.architecture.linkage_table import (
    IntervalKind,
    linkage_table,
    single_locus_table,
    table_unit,
)
from crossmap.architecture.local import (
    LOCAL_TESTS,
    WIDE_BP,
    LinkageClasses,
    classify_linkages,
    local_linkage,
)
from crossmap.architecture.pair_bins import PairBins, pairwise_bins
from crossmap.architecture.power import SHARES, detection_bound, has_pair_power, pair_power, power
from crossmap.architecture.shared import shared_places
from crossmap.architecture.shared_loci import colocalised
from crossmap.arguments import require_number, require_share, require_usual
from crossmap.cross import Cross
from crossmap.execution import Execution
from crossmap.genotypes.loci import Loci
from crossmap.io.gmt import GeneSets
from crossmap.significance.joint import JointLinkage
from crossmap.words import OneLine

PAIR_BINS_BP = (50_000.0, 550_000.0)
PAIR_BINS_CM = (10.0, 50.0)
"""On a map without base pairs."""

MOST_COLOCALISED = 400
"""Called traits, the strongest first, of which pairs are looked for where none lacks a place."""


@dataclass(frozen=True, eq=False, repr=False)
class GeneticArchitecture(OneLine):
    """What the linkages of a cross say together.

    Parameters
    ----------
    joint
        Loci of the traits called by joint linkage, local and distant.
    single
        Best loci by chromosome of a single-locus scan, local and distant.
    units
        Both counted in four units: source (joint, single), then as `count_units`.
    local_tests
        As `local_linkage`: every trait tested at its own gene only; empty on a map without base
        pairs, in which genes have their places.
    effects
        Of the joint linkages.
    single_effects
        Of the single-locus linkages.
    pair_bins
        One `PairBins` for each of `PAIR_BINS_BP`, or of `PAIR_BINS_CM`.
    shared
        As `shared_places` of the called traits.
    colocalised
        As `colocalised`: of traits without a gene's place with expression traits where there are
        any, else of the called traits with each other.
    enrichment
        Of gene sets among the traits that share a pair of places; None without gene sets.
    locus_enrichment
        Of gene sets among the genes at the loci, inside support intervals no wider than `wide_bp`;
        None without gene sets, or on a map without base pairs.
    heritability, bound
        As `heritability` and `detection_bound`; None where neither parents nor lines are
        replicated.
    inheritance, modes
        As `inheritance` and `mode_shares`; None where parents are not replicated.
    power
        As `power`, at the threshold of the single-locus scan.
    pair_power
        As `pair_power`; None where the joint analysis has other models than it can do.
    fdr, threshold, seed
        As asked for.
    """

    joint: LinkageClasses
    single: LinkageClasses
    units: pd.DataFrame
    local_tests: pd.DataFrame
    effects: Effects
    single_effects: Effects
    pair_bins: tuple[PairBins, ...]
    shared: pd.DataFrame
    colocalised: pd.DataFrame
    enrichment: Enrichment | None
    locus_enrichment: Enrichment | None
    heritability: pd.DataFrame | None
    inheritance: pd.DataFrame | None
    modes: pd.DataFrame | None
    bound: pd.DataFrame | None
    power: pd.DataFrame
    pair_power: pd.DataFrame | None
    fdr: float
    threshold: float
    seed: int

    def summary(self) -> dict[str, object]:
        """Numbers of the run, as in summary.json."""
        table = self.joint.table
        local = table.loc[table["by_window"] == "local", "trait"].nunique()
        found: dict[str, object] = {
            "fdr": self.fdr,
            "threshold": self.threshold,
            "seed": self.seed,
            "local_window_bp": self.joint.local_window_bp,
            "wide_bp": self.joint.wide_bp,
            "n_called": int(table["trait"].nunique()),
            "n_called_local": int(local),
            "units": {
                source: part.drop(columns="source").set_index("class").to_dict("index")
                for source, part in self.units.groupby("source", sort=False)
            },
            "classes": {
                name: classes.counts().to_dict("records")
                for name, classes in (("joint", self.joint), ("single", self.single))
            },
            "local_tests": {
                "n_tested": len(self.local_tests),
                "n_local_fdr_05": int((self.local_tests["q_value"] <= 0.05).sum()),
            },
            "pair_bins": [
                {
                    "bin_bp": bins.bin_bp if bins.bin_cm is None else None,
                    "bin_cm": bins.bin_cm,
                    "n_linked": bins.n_linked,
                    "fewest": bins.fewest,
                    "n_shared": bins.n_shared,
                    "chance": bins.chance.to_dict("records"),
                }
                for bins in self.pair_bins
            ],
            "n_pairs": len(self.effects.pairs),
            "n_interacting_p_05": int((self.effects.pairs["p_value"] <= 0.05).sum()),
            "n_sign_epistasis_p_05": int((self.effects.pairs["p_sign"] <= 0.05).sum()),
            "r2_mean": _mean(self.effects.loci["r2"]),
            "r2_corrected_mean": _mean(self.effects.loci["r2_corrected"]),
            "n_colocalised_pairs": len(self.colocalised),
            "heritability": None,
            "modes": None,
            "n_loci_at_least": None,
        }
        if self.modes is not None:
            found["modes"] = self.modes.to_dict("records")
        if self.heritability is not None and self.bound is not None:
            h2, q = self.heritability["h2"], self.heritability["q_value"]
            possible = np.flatnonzero(~self.bound["excluded"].to_numpy())
            found |= {
                "heritability": {
                    "median": float(h2.median()),
                    "n_heritable_fdr_05": int((q <= 0.05).sum()),
                },
                "n_loci_at_least": int(possible[0]) + 1 if len(possible) else None,
            }
        for name, test in (("traits", self.enrichment), ("loci", self.locus_enrichment)):
            if test is not None:
                found[f"enrichment_{name}"] = {
                    "n_tests": test.n_tests,
                    "n_unknown_genes": test.n_unknown,
                    "n_fdr_05": int((test.table["q_value"] <= 0.05).sum()),
                }
        return found


def _mean(values: pd.Series) -> float | None:
    return float(values.mean()) if len(values) else None


def genetic_architecture(
    cross: Cross,
    joint: JointLinkage,
    *,
    fdr: float = 0.10,
    threshold: float = 1e-5,
    local_window_bp: float = 10_000.0,
    wide_bp: float = WIDE_BP,
    interval: IntervalKind = "lod",
    gene_sets: GeneSets | None = None,
    lines: str | None = None,
    seed: int = 1,
    execution: Execution | None = None,
) -> GeneticArchitecture:
    """Say what the linkages of a cross mean together.

    Parameters
    ----------
    cross
        Any cross, as `joint` was made of.
    joint
        The result of `joint_linkage` on it. Of genotype probabilities the single-locus scan, local
        tests and effects are on them too.
    fdr
        Joint-linkage false discovery rate at which traits are called.
    threshold
        Largest nominal p-value of a linkage of the single-locus scan.
    local_window_bp
        Largest gap between a locus and the trait's own gene for a local linkage.
    wide_bp
        Support intervals wider than this leave open whether a gene inside is the cause.
    interval
        Support interval: ``lod`` (drop of 1.5) or ``bayes`` (probability 95%).
    gene_sets
        Annotation to look for, as from `read_gmt`.
    lines
        Column of `cross.covariates` that names the line of each sample: heritability is then that
        of lines, not of replicated parents.
    seed
        Of simulations and bootstraps.
    execution
        Threads and progress; never changes a result.

    Returns
    -------
    GeneticArchitecture

    Raises
    ------
    ArgumentError
        If an option is out of range.
    DataError
        If its parents or lines cannot be used.

    References
    ----------
    Rockman & Kruglyak (2006) Nat Rev Genet 7:862, whose questions these are.

    Examples
    --------
    >>> from crossmap import joint_linkage, simulate_cross
    >>> cross = simulate_cross(n_samples=100, n_traits=200, n_markers=300, seed=1).cross
    >>> found = genetic_architecture(cross, joint_linkage(cross))
    >>> found.summary()["n_called"] == found.joint.table["trait"].nunique()
    True
    """
    require_number("fdr", fdr, least=0.0, most=1.0)
    require_share("threshold", threshold)
    require_width_of_use(cross, wide_bp)
    classified = partial(classify_linkages, cross, local_window_bp=local_window_bp, wide_bp=wide_bp)
    table = linkage_table(joint, cross, fdr=fdr, interval=interval)
    classes = classified(table)
    loci = joint.search.loci
    single = classified(
        single_locus_table(cross, threshold=threshold, interval=interval, loci=loci)
    )
    h2 = modes = inherited = bound = None
    has_parents = _has_replicated_parents(cross)
    if has_parents:
        inherited = inheritance(cross, seed=seed, execution=execution)
        modes = mode_shares(inherited)
    if has_parents or lines is not None:
        h2 = heritability(cross, lines=lines)
        n_found = single.table.groupby("trait").size().reindex(h2["trait"], fill_value=0)
        bound = detection_bound(
            h2["h2"].to_numpy(), n_found.to_numpy(), n_samples=cross.n_samples,
            threshold=threshold, df=cross.n_genotypes - 1,
        )  # fmt: skip
    by_trait = None if h2 is None else h2.set_index("trait")["h2"]
    shared = shared_places(joint.called(fdr), chromosomes=cross.chromosomes)
    of_traits, of_loci = _enrichments(cross, shared, table, gene_sets, wide_bp)
    if loci.unit == "bp":
        local_tests = local_linkage(cross, local_window_bp=local_window_bp, loci=loci)
        pair_bins = [pairwise_bins(cross, table, bin_bp=bp, seed=seed) for bp in PAIR_BINS_BP]
    else:
        local_tests = pd.DataFrame({name: pd.Series(dtype=object) for name in LOCAL_TESTS})
        pair_bins = [pairwise_bins(cross, table, bin_cm=cm, seed=seed) for cm in PAIR_BINS_CM]
    return GeneticArchitecture(
        joint=classes,
        single=single,
        units=pd.concat(
            [count_units(c.table).assign(source=name) for name, c in (("joint", classes),
                                                                ("single", single))],
            ignore_index=True,
        )[["source", "class", "n_traits", "n_loci", "n_linkages", "variance", "variance_mean"]],
        local_tests=local_tests,
        effects=effects(cross, joint, fdr=fdr, h2=by_trait),
        single_effects=effects(
            cross, single.table, threshold=threshold, h2=by_trait, loci=loci
        ),
        pair_bins=tuple(pair_bins),
        shared=shared,
        colocalised=_colocalised(cross, classes.table, single.table, loci),
        enrichment=of_traits,
        locus_enrichment=of_loci,
        heritability=h2,
        inheritance=inherited,
        modes=modes,
        bound=bound,
        power=power(cross, variance_share=SHARES, threshold=threshold),
        pair_power=pair_power(joint, fdr=fdr, seed=seed) if has_pair_power(joint) else None,
        fdr=fdr,
        threshold=threshold,
        seed=seed,
    )  # fmt: skip


def require_width_of_use(cross: Cross, wide_bp: float) -> None:
    """Refuse a width of intervals that would do nothing.

    Parameters
    ----------
    cross
        Any cross.
    wide_bp
        As in `genetic_architecture`.

    Raises
    ------
    ArgumentError
        If the map has no base pairs.
    """
    if map_unit(cross) == "cm":
        require_usual("wide_bp", wide_bp, WIDE_BP, "where the map has no base pairs")


def _has_replicated_parents(cross: Cross) -> bool:
    """Whether both parents were measured, and one of them more than once."""
    counts = cross.parents["parent"].value_counts()
    return len(counts) == 2 and int(counts.max()) > 1


def _colocalised(
    cross: Cross, joint: pd.DataFrame, single: pd.DataFrame, loci: Loci
) -> pd.DataFrame:
    unplaced = cross.trait_table["start_bp"].isna() & (cross.trait_table["chr"].isna())
    if unplaced.any() and not unplaced.all():
        others = set(cross.trait_table["trait"][unplaced])
        is_other = single["trait"].isin(others)
        return colocalised(cross, single[is_other], single[~is_other], loci=loci)
    strongest = joint.groupby("trait")["neglog10_p"].sum().sort_values(ascending=False)
    kept = joint["trait"].isin(strongest.index[:MOST_COLOCALISED])
    return colocalised(cross, joint[kept], loci=loci)


def _enrichments(
    cross: Cross,
    shared: pd.DataFrame,
    table: pd.DataFrame,
    gene_sets: GeneSets | None,
    wide_bp: float,
) -> tuple[Enrichment | None, Enrichment | None]:
    """Gene sets among traits that share a pair of places, and among genes at the loci."""
    if gene_sets is None:
        return None, None
    of_traits = enrich(
        groups_of_places(shared, name="pair"), gene_sets.genes, universe=cross.trait_names
    )
    if table_unit(table) == "cm":
        return of_traits, None
    narrow = table[table["hi_bp"] - table["lo_bp"] <= wide_bp]
    places = narrow[["chr", "lo_bp", "hi_bp"]].drop_duplicates()
    at = genes_at(cross, places.rename(columns={"lo_bp": "start_bp", "hi_bp": "end_bp"}))
    placed = cross.trait_table["trait"][cross.trait_table["start_bp"].notna()].tolist()
    of_loci = enrich(
        {"genes at loci": at["gene"].unique().tolist()}, gene_sets.genes, universe=placed
    )
    return of_traits, of_loci
