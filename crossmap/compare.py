"""Which search is more powerful: sequential, exhaustive, or the best peaks of a 1D scan.

Every search sees the same loci, eligibility and permutations of whole samples.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from crossmap.cross import Cross
from crossmap.errors import DataError
from crossmap.execution import Execution
from crossmap.genome import MapFunction
from crossmap.genotypes.loci import Loci, thin
from crossmap.genotypes.probable_loci import ProbableLoci
from crossmap.genotypes.searched_loci import loci_to_search
from crossmap.linkage.f_test import neglog10_p
from crossmap.linkage.permutation import permuted_traits
from crossmap.linkage.predictors import group_patterns
from crossmap.linkage.probability_scan2 import f_with
from crossmap.linkage.probability_stage import eligible
from crossmap.linkage.scan2 import PairOptions, PairSearch, PairTest
from crossmap.linkage.search_traits import search_traits
from crossmap.linkage.searches import searches_of
from crossmap.linkage.sequential import SearchStage
from crossmap.linkage.stages import SearchOptions
from crossmap.significance.fdr import q_values
from crossmap.significance.joint import JointLinkage, joint_significance
from crossmap.significance.pairs import PairSignificance, pair_places, pair_significance
from crossmap.words import OneLine

FDRS = tuple(k / 100 for k in range(1, 11))
"""False discovery rates at which the searches are compared."""

SAME_PLACE_BP = 50_000.0
SAME_PLACE_CM = 20.0
"""Two loci are one place within this distance (cM where the map has no bp)."""

TOP_TRAITS = 3000
"""Best traits of the exhaustive scan whose pairs are compared with the sequential ones."""


@dataclass(frozen=True, eq=False, repr=False)
class Comparison(OneLine):
    """The searches side by side, on one cross.

    Parameters
    ----------
    loci
        The loci that every search saw.
    traits
        Trait names.
    n_grid
        Distinct loci asked for, None for all. Kept are those of which both genotypes have at
        least twice min_cell samples.
    exhaustive
        The exhaustive scan.
    sequential_pair
        Pairs chosen one locus after the other; F of the full two-locus model against the mean.
    sequential, exhaustive_linkage
        Significance of a pair being linked, by either search.
    sequential_epistasis, exhaustive_epistasis
        Significance of epistasis: `1 - pi0` estimates the share of traits under it.
    top_two, top_two_pi0_1
        Significance of the lower of the two best peaks on two chromosomes, with pi0 estimated and
        with pi0 = 1.
    joint_additive
        The joint method under additive models.
    naive
        float64 [n_traits]: q-value of the two-stage procedure the paper warns of, Benjamini and
        Hochberg at stage 1 and again at stage 2 among the survivors; see `n_called`.
    same_pair
        bool [n_traits]: sequential and exhaustive name the same two places.
    n_tests
        Search -> tests made, permutations included.
    n_perm, min_cell, seed
        As asked for.

    References
    ----------
    Storey, Akey & Kruglyak (2005) PLoS Biol 3:e267, figure 1.
    """

    loci: Loci
    traits: tuple[str, ...]
    n_grid: int | None
    exhaustive: PairSearch
    sequential_pair: PairTest
    sequential: PairSignificance
    exhaustive_linkage: PairSignificance
    sequential_epistasis: PairSignificance
    exhaustive_epistasis: PairSignificance
    top_two: PairSignificance
    top_two_pi0_1: PairSignificance
    joint_additive: JointLinkage
    naive: tuple[np.ndarray, np.ndarray]
    same_pair: np.ndarray
    n_tests: dict[str, int]
    n_perm: int
    min_cell: int
    seed: int

    def overlap_top(self) -> tuple[int, float]:
        """Traits best in the exhaustive scan, and the share whose pair is the sequential one."""
        n = min(TOP_TRAITS, int((self.exhaustive.linkage_test.locus1 >= 0).sum()))
        evidence = self.exhaustive.linkage_test.evidence()[0]
        order = np.lexsort((np.arange(len(self.traits)), -evidence))
        best = order[:n]
        return n, float(self.same_pair[best].mean()) if n else 0.0

    @property
    def same_place(self) -> str:
        """How near two loci of `same_pair` lie, in words: 50 kb, or 20 cM without base pairs."""
        if _has_bp(self.loci):
            return f"{SAME_PLACE_BP / 1000:g} kb"
        return f"{SAME_PLACE_CM:g} cM"

    def naive_called(self, fdr: float) -> int:
        """Traits that the two-stage procedure calls at `fdr` in both stages."""
        p1, p2 = self.naive
        first = q_values(p1, pi0=1.0) <= fdr
        second = np.full(len(p2), np.nan)
        second[first] = q_values(p2[first], pi0=1.0)
        return int((second <= fdr).sum())

    def called_by_fdr(self) -> pd.DataFrame:
        """Traits called by every search at 1% to 10%.

        Returns
        -------
        pandas.DataFrame
            fdr, sequential, exhaustive, sequential_epistasis, exhaustive_epistasis,
            joint_additive, top_two, top_two_pi0_1, naive_two_stage.
        """
        searches = {
            "sequential": self.sequential.n_called,
            "exhaustive": self.exhaustive_linkage.n_called,
            "sequential_epistasis": self.sequential_epistasis.n_called,
            "exhaustive_epistasis": self.exhaustive_epistasis.n_called,
            "joint_additive": lambda fdr: int(self.joint_additive.is_called(fdr).sum()),
            "top_two": self.top_two.n_called,
            "top_two_pi0_1": self.top_two_pi0_1.n_called,
            "naive_two_stage": self.naive_called,
        }
        table = {name: [count(fdr) for fdr in FDRS] for name, count in searches.items()}
        return pd.DataFrame({"fdr": FDRS, **table})

    def to_frame(self) -> pd.DataFrame:
        """One row per trait: the pair of either search, its F, p-value and q-value, epistasis."""
        table = pd.DataFrame({"trait": pd.Series(self.traits, dtype=object)})
        for name, test, sure, epistasis in (
            ("sequential", self.sequential_pair, self.sequential, self.sequential_epistasis),
            (
                "exhaustive",
                self.exhaustive.linkage_test,
                self.exhaustive_linkage,
                self.exhaustive_epistasis,
            ),
        ):
            places = pair_places(self.loci, test)
            places["f"], places["p_value"], places["q_value"] = test.f, sure.p_value, sure.q_value
            places["epistasis_p_value"] = epistasis.p_value
            table = table.join(places.add_prefix(f"{name}_"))
        table["same_pair"] = self.same_pair
        table["top_two_p_value"] = self.top_two.p_value
        table["top_two_q_value"] = self.top_two.q_value
        table["joint_additive_prob"] = self.joint_additive.joint_prob
        return table

    def summary(self) -> dict[str, object]:
        """Numbers of the comparison, as in summary.json."""
        called = self.called_by_fdr().set_index("fdr")
        n, fraction = self.overlap_top()

        def search(sure: PairSignificance) -> dict[str, object]:
            return {
                "fdr_0.01": sure.n_called(0.01),
                "fdr_0.05": sure.n_called(0.05),
                "pi0": sure.pi0,
            }

        joint = called["joint_additive"].to_numpy()
        ratios = {
            name: [float(a / b) if b else None for a, b in zip(joint, called[name], strict=True)]
            for name in ("top_two", "top_two_pi0_1")
        }
        return {
            "n_traits": len(self.traits),
            "n_grid": self.n_grid,
            "n_grid_kept": len(self.loci),
            "n_pairs": self.exhaustive.n_pairs,
            "n_perm": self.n_perm,
            "min_cell": self.min_cell,
            "seed": self.seed,
            "sequential": search(self.sequential),
            "exhaustive": search(self.exhaustive_linkage),
            "overlap_top": {"n": n, "fraction": fraction},
            "epistasis": {
                "sequential": 1.0 - self.sequential_epistasis.pi0,
                "exhaustive": 1.0 - self.exhaustive_epistasis.pi0,
            },
            "joint_over_top_two": {
                "fdr": list(FDRS),
                "ratio": ratios["top_two"],
                "ratio_pi0_1": ratios["top_two_pi0_1"],
            },
            "n_tests": self.n_tests,
        }


def compare_searches(
    cross: Cross,
    *,
    n_grid: int | None = None,
    n_perm: int = 5,
    min_cell: int = 3,
    genotype_probabilities: bool = False,
    step: float = 0.0,
    error_prob: float = 1e-4,
    map_function: MapFunction = "haldane",
    cm_per_mb: float | None = None,
    seed: int = 1,
    execution: Execution | None = None,
) -> Comparison:
    """Compare the sequential search with the exhaustive one and with a 1D scan's two best peaks.

    Parameters
    ----------
    cross
        Two genotypes per locus, complete calls; with `genotype_probabilities` any cross. Every
        trait is searched on the samples that have a value of it; with fewer than 8 it is left out.
    n_grid
        Thin the distinct loci to so many, evenly in map order; None keeps all.
    n_perm
        B, permutations of the samples per trait, the same for every search.
    min_cell
        Fewest samples in each of the genotype combinations of a pair (the paper: 1).
    genotype_probabilities
        Search probabilities of the genotypes given all calls (Haley-Knott regression) instead of
        calls. `min_cell` bounds expected sizes; statistics that differ in degrees of freedom are
        compared on their p-values.
    step, error_prob, map_function, cm_per_mb
        As in `crossmap.genotype_probabilities`.
    seed
        Every permutation is a function of it, b and the trait's name.
    execution
        Threads, memory budget and progress; never changes a result.

    Returns
    -------
    Comparison

    Raises
    ------
    ArgumentError
        For an option out of range.
    DataError
        If calls are missing, no trait has enough values, there is one chromosome only, or no pair
        is eligible.

    References
    ----------
    Storey, Akey & Kruglyak (2005) PLoS Biol 3:e267, figure 1 and "Comparison to existing methods".

    Examples
    --------
    >>> from crossmap import compare_searches, simulate_cross
    >>> cross = simulate_cross(n_samples=80, n_traits=120, n_markers=120, seed=3).cross
    >>> versus = compare_searches(cross, n_grid=40, n_perm=2)
    >>> len(versus.called_by_fdr())
    10
    """
    pairs = PairOptions(n_perm=n_perm, min_cell=min_cell, seed=seed)
    loci = loci_to_search(
        cross, genotype_probabilities, step, error_prob, map_function, cm_per_mb, execution
    )
    search = searches_of(loci)
    if n_grid is not None:
        loci = thin(loci, n_grid)
    if len(np.unique(loci.chr_index)) < 2:
        msg = "genotypes: expected loci on at least two chromosomes to compare searches, found one"
        raise DataError(msg)
    loci = _splittable(loci, min_cell)
    ready = search_traits(cross)
    table, y = ready.table, ready.values
    names = tuple(table["trait"])
    exhaustive = search.pairs(y, loci, names=names, options=pairs, execution=execution)
    single = SearchOptions(
        n_loci=1, n_perm=n_perm, min_cell=min_cell, other_chromosome=True, seed=seed
    )
    primary = search.loci(y, loci, names=names, options=single, execution=execution).stages[0]
    sequential_pair = _sequential_pairs(y, loci, names, single, execution)
    epistasis = search.next(
        y, loci, names=names, chosen=primary.locus[:, None], options=single, interaction=True,
        execution=execution,
    )  # fmt: skip
    second = search.next(
        y, loci, names=names, chosen=primary.locus[:, None], options=single, execution=execution
    )
    lower_peak = _second_peak(y, loci, names, primary, single, execution)
    additive = SearchOptions(
        n_loci=2, n_perm=n_perm, min_cell=min_cell, model="additive", other_chromosome=True,
        seed=seed,
    )  # fmt: skip
    joint = search.loci(y, loci, names=names, options=additive, execution=execution)
    linkage, both = exhaustive.linkage_test, exhaustive.epistasis_test
    columns = len(y) * (1 + n_perm)
    return Comparison(
        loci=loci,
        traits=names,
        n_grid=n_grid,
        exhaustive=exhaustive,
        sequential_pair=sequential_pair,
        sequential=pair_significance(*sequential_pair.evidence()),
        exhaustive_linkage=pair_significance(*linkage.evidence()),
        sequential_epistasis=_stage_significance(epistasis),
        exhaustive_epistasis=pair_significance(*both.evidence()),
        top_two=_top_two(lower_peak, primary),
        top_two_pi0_1=_top_two(lower_peak, primary, pi0=1.0),
        joint_additive=joint_significance(joint, trait_table=table),
        naive=(
            _stage_significance(primary, pi0=1.0).p_value,
            _stage_significance(second, pi0=1.0).p_value,
        ),
        same_pair=same_places(loci, sequential_pair, linkage),
        n_tests={
            "sequential": columns * 2 * len(loci),
            "exhaustive": (1 + n_perm) * int(exhaustive.n_eligible.sum()),
            "top_two": (columns + len(y)) * len(loci),
        },
        n_perm=n_perm,
        min_cell=min_cell,
        seed=seed,
    )


def _splittable(loci: Loci, min_cell: int) -> Loci:
    """Loci that some pair could split into cells of `min_cell`, so that all searches agree."""
    if isinstance(loci, ProbableLoci):
        least = len(loci.probability) * min_cell
        has_enough = eligible(loci, (), min_cell=least, is_full=True)
    else:
        least = 2 * min_cell
        ones = loci.genotypes.sum(axis=1, dtype=np.int64)
        has_enough = np.minimum(ones, loci.genotypes.shape[1] - ones) >= least
    if not has_enough.any():
        times = "twice" if least == 2 * min_cell else "three times"
        msg = (
            f"genotypes: expected loci with at least {least} samples of either genotype "
            f"({times} min_cell), found none among {len(loci)}"
        )
        raise DataError(msg)
    return loci.take(np.flatnonzero(has_enough))


def _sequential_pairs(
    y: np.ndarray,
    loci: Loci,
    names: tuple[str, ...],
    options: SearchOptions,
    execution: Execution | None,
) -> PairTest:
    """Pairs chosen one after the other, in the data and in every permutation of whole samples."""
    search = SearchOptions(
        n_loci=2, n_perm=0, min_cell=options.min_cell, other_chromosome=True, seed=options.seed
    )
    f = np.empty((len(y), options.n_perm + 1))
    df = np.zeros((options.n_perm + 1, len(y), 2), dtype=np.int64)
    observed: tuple[SearchStage, ...] = ()
    for b in range(options.n_perm + 1):
        moved = permuted_traits(y, names, seed=options.seed, replicate=b)
        stages = (
            searches_of(loci)
            .loci(moved, loci, names=names, options=search, execution=execution)
            .stages
        )
        df[b] = np.column_stack([stages[0].df1 + stages[1].df1, stages[1].df2])
        f[:, b] = _pair_f(stages)
        observed = observed or stages
    first, second = observed
    is_found = ~np.isnan(f.T)
    reference = np.zeros((len(y), 2), dtype=np.int64)
    for rows, _ in group_patterns(np.isnan(y), np.arange(y.shape[1])):
        kinds, count = np.unique(df[:, rows][is_found[:, rows]], axis=0, return_counts=True)
        if len(kinds):
            reference[rows] = kinds[count.argmax()]
    differs = is_found & (df != reference).any(axis=2)
    if differs.any():
        p = neglog10_p(f.T[differs], df[differs][:, 0], df[differs][:, 1])
        f.T[differs] = f_with(p, np.broadcast_to(reference, df.shape)[differs])
    return PairTest(
        locus1=np.where(second.locus < 0, -1, first.locus),
        locus2=second.locus,
        f=f[:, 0],
        rss=second.rss_after,
        df1=reference[:, 0],
        df2=reference[:, 1],
        f_null=f[:, 1:],
    )


def _pair_f(stages: tuple[SearchStage, ...]) -> np.ndarray:
    """F of the full two-locus model against the mean; NaN where a locus is missing."""
    first, second = stages
    df1 = first.df1 + second.df1
    with np.errstate(divide="ignore", invalid="ignore"):
        gain = (first.rss_before - second.rss_after) / df1
        return gain / (second.rss_after / second.df2)


def _stage_significance(stage: SearchStage, pi0: float | None = None) -> PairSignificance:
    """Significance of one stage, on a scale that different degrees of freedom share."""
    null = stage.neglog10_p_null
    if null is None:
        null = neglog10_p(stage.f_null, stage.df1[:, None], stage.df2[:, None])
    return pair_significance(neglog10_p(stage.f, stage.df1, stage.df2), null, pi0=pi0)


def _top_two(
    lower: SearchStage, primary: SearchStage, pi0: float | None = None
) -> PairSignificance:
    """Significance of the lower of two peaks among the highest of permuted traits."""
    null = primary.neglog10_p_null
    if null is None:
        if len(np.unique(primary.df2[primary.eligible])) <= 1:
            return pair_significance(lower.f, primary.f_null, pi0=pi0)
        df1, df2 = np.maximum(primary.df1, 1)[:, None], np.maximum(primary.df2, 1)[:, None]
        null = neglog10_p(primary.f_null, df1, df2)
    evidence = neglog10_p(lower.f, np.maximum(lower.df1, 1), np.maximum(lower.df2, 1))
    return pair_significance(evidence, null, pi0=pi0)


def _second_peak(
    y: np.ndarray,
    loci: Loci,
    names: tuple[str, ...],
    primary: SearchStage,
    options: SearchOptions,
    execution: Execution | None,
) -> SearchStage:
    """The best locus of a 1D scan off the chromosome of the best one."""
    barred = np.where(primary.locus < 0, -1, loci.chr_index[primary.locus])
    nothing_chosen = np.empty((len(y), 0), dtype=np.int64)
    no_null = SearchOptions(n_loci=1, n_perm=0, min_cell=options.min_cell, seed=options.seed)
    return searches_of(loci).next(
        y, loci, names=names, chosen=nothing_chosen, options=no_null, barred_chromosome=barred,
        execution=execution,
    )  # fmt: skip


def _has_bp(loci: Loci) -> bool:
    return not np.isnan(loci.start_bp).any()


def same_places(loci: Loci, one: PairTest, other: PairTest) -> np.ndarray:
    """Traits whose two pairs name the same two chromosomes and each locus near its counterpart.

    Parameters
    ----------
    loci
        The loci searched.
    one, other
        Pairs of the same traits, in either order of the loci.

    Returns
    -------
    numpy.ndarray
        bool [n_traits].

    References
    ----------
    Storey, Akey & Kruglyak (2005) PLoS Biol 3:e267.
    """
    in_bp = _has_bp(loci)
    place = loci.start_bp if in_bp else loci.start_cm
    within = SAME_PLACE_BP if in_bp else SAME_PLACE_CM

    def near(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return (loci.chr_index[a] == loci.chr_index[b]) & (np.abs(place[a] - place[b]) <= within)

    found = (one.locus1 >= 0) & (one.locus2 >= 0) & (other.locus1 >= 0) & (other.locus2 >= 0)
    straight = near(one.locus1, other.locus1) & near(one.locus2, other.locus2)
    crossed = near(one.locus1, other.locus2) & near(one.locus2, other.locus1)
    return found & (straight | crossed)
