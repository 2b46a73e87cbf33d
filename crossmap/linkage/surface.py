"""The whole two-locus surface of one trait, in R/qtl's terms."""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pandas as pd

from crossmap.arguments import require_known, require_whole
from crossmap.cross import Cross
from crossmap.execution import Execution, one_blas_thread, run_tasks
from crossmap.genome import MapFunction
from crossmap.genotypes.loci import Loci, thin
from crossmap.genotypes.probable_loci import ProbableLoci
from crossmap.genotypes.searched_loci import loci_to_search
from crossmap.kernels.regression import TIE
from crossmap.linkage.pair_blocks import (
    lod_gain,
    lod_of,
    no_eligible_pair,
    pair_block,
    pair_scan,
    shares_left,
    single_shares_left,
    within_memory,
)
from crossmap.linkage.probability_pairs import probability_surface
from crossmap.linkage.surface_thresholds import SurfaceThresholds, surface_thresholds
from crossmap.words import OneLine


@dataclass(frozen=True, eq=False, repr=False)
class Surface(OneLine):
    """LODs of one trait for all pairs of loci.

    Parameters
    ----------
    trait
        Name of the trait.
    loci
        The loci, m of them.
    n_samples
        Samples with a value of the trait.
    lod_one
        float64 [m]: LOD of each single locus; NaN where not eligible.
    lod_full
        float64 [m, m], symmetric: LOD of a mean for every genotype combination that occurs,
        against one mean; NaN on the diagonal and where a pair is not eligible; infinite where a
        model leaves nothing.
    lod_add
        float64 [m, m]: the same of the main effects alone.
    min_cell
        Fewest samples in every genotype combination that occurs of an eligible pair, and in every
        genotype of an eligible locus.
    same_chromosome
        Whether pairs on one chromosome are eligible.
    thresholds
        What chance gives; None where no permutations were asked for.

    Notes
    -----
    M1 of a pair is the larger of the best `lod_one` of the two whole chromosomes. A difference
    from a LOD that is infinite itself is 0: nothing is left to explain.

    References
    ----------
    R/qtl's ``scantwo`` (Broman, Wu, Sen & Churchill 2003, Bioinformatics 19:889).
    """

    trait: str
    loci: Loci
    n_samples: int
    lod_one: np.ndarray
    lod_full: np.ndarray
    lod_add: np.ndarray
    min_cell: int
    same_chromosome: bool
    thresholds: SurfaceThresholds | None = None

    @property
    def lod_int(self) -> np.ndarray:
        """LOD of the interaction, full less additive: float64 [m, m]."""
        return lod_gain(self.lod_full, self.lod_add)

    @property
    def lod_fv1(self) -> np.ndarray:
        """LOD of the full model against the best single locus, full less M1: float64 [m, m]."""
        return lod_gain(self.lod_full, self._best_one)

    @property
    def lod_av1(self) -> np.ndarray:
        """LOD of the additive model against the best single locus: float64 [m, m]."""
        return lod_gain(self.lod_add, self._best_one)

    @property
    def _best_one(self) -> np.ndarray:
        """M1 of every pair."""
        starts = self._chromosome_start
        best = np.fmax.reduceat(self.lod_one, starts)
        of_locus = np.repeat(best, np.diff([*starts, len(self.loci)]))
        return np.fmax(of_locus[:, None], of_locus[None, :])

    @property
    def _chromosome_start(self) -> np.ndarray:
        return np.flatnonzero(np.diff(self.loci.chr_index, prepend=-1))

    def summary(self) -> pd.DataFrame:
        """Give the best pairs of each pair of chromosomes, as R/qtl's ``summary`` does.

        Returns
        -------
        pandas.DataFrame
            A row per pair of chromosomes with an eligible pair of loci, in map order: trait, chr1,
            chr2; locus1f, pos1f_bp, locus2f, pos2f_bp where the full LOD is largest (pos_cm where
            the map has cM), lod_full, lod_fv1, lod_int (difference of the two maxima), lod_int_f
            (interaction at the pair of the full maximum); locus1a ... pos2a_bp where the additive
            LOD is largest, lod_add, lod_av1; and with thresholds p_full .. p_av1, genome-wide.
        """
        edges = [*self._chromosome_start.tolist(), len(self.loci)]
        runs = [slice(start, stop) for start, stop in pairwise(edges)]
        rows = [
            row
            for i, first in enumerate(runs)
            for second in runs[i:]
            if (row := self._best_of(first, second)) is not None
        ]
        table = self._summary_frame(np.array(rows, dtype=np.float64).reshape(len(rows), 8))
        if self.thresholds is not None:
            for kind in ("full", "fv1", "int", "add", "av1"):
                table[f"p_{kind}"] = self.thresholds.p_values(table, kind)
        return table

    def _best_of(self, first: slice, second: slice) -> tuple[float, ...] | None:
        """Pairs with the largest full and additive LOD, both LODs, int and M1."""
        full, additive = self.lod_full[first, second], self.lod_add[first, second]
        if first == second:
            upper = np.triu(np.ones(full.shape, dtype=np.bool_), 1)
            full, additive = np.where(upper, full, np.nan), np.where(upper, additive, np.nan)
        if np.isnan(full).all():
            return None
        (f1, f2), (a1, a2) = _first_best(full), _first_best(additive)
        one = [np.fmax.reduce(self.lod_one[run]) for run in (first, second)]
        return (
            first.start + f1,
            second.start + f2,
            first.start + a1,
            second.start + a2,
            full[f1, f2],
            additive[a1, a2],
            float(lod_gain(full[f1, f2], additive[f1, f2])),
            np.fmax(*one),
        )

    def _summary_frame(self, rows: np.ndarray) -> pd.DataFrame:
        pairs, (full, additive, at_full, one) = rows[:, :4].astype(np.int64).T, rows[:, 4:].T
        columns: dict[str, object] = {
            "trait": pd.Series([self.trait] * len(rows), dtype=object),
            "chr1": pd.Series(self.loci.chr[pairs[0]], dtype=object),
            "chr2": pd.Series(self.loci.chr[pairs[1]], dtype=object),
            **self._places(pairs[:2], "f"),
            "lod_full": full,
            "lod_fv1": lod_gain(full, one),
            "lod_int": lod_gain(full, additive),
            "lod_int_f": at_full,
            **self._places(pairs[2:], "a"),
            "lod_add": additive,
            "lod_av1": lod_gain(additive, one),
        }
        return pd.DataFrame(columns)

    def _places(self, pairs: np.ndarray, suffix: str) -> dict[str, object]:
        """Columns that name two loci and where they are."""
        names = np.array(self.loci.names, dtype=object)
        units = {"bp": self.loci.start_bp, "cm": self.loci.start_cm}
        columns: dict[str, object] = {}
        for number, rows in enumerate(pairs, start=1):
            columns[f"locus{number}{suffix}"] = pd.Series(names[rows], dtype=object)
            for unit, start in units.items():
                if not np.isnan(start).all():
                    columns[f"pos{number}{suffix}_{unit}"] = start[rows]
        return columns

    def to_frame(self) -> pd.DataFrame:
        """Give all eligible pairs, one in a row.

        Returns
        -------
        pandas.DataFrame
            In map order: locus1, chr1, pos1_bp, locus2, chr2, pos2_bp (pos_cm where the map has
            cM), lod_full, lod_fv1, lod_int, lod_add, lod_av1. Names are categorical.
        """
        i, j = np.nonzero(np.triu(~np.isnan(self.lod_full), 1))
        names = pd.Index(self.loci.names, dtype=object)
        chromosomes = list(dict.fromkeys(self.loci.chr))
        columns: dict[str, object] = {}
        for number, rows in ((1, i), (2, j)):
            # Numbers into a list of names: a million strings would cost more than all the rest.
            columns[f"locus{number}"] = pd.Categorical.from_codes(rows, categories=names)
            columns[f"chr{number}"] = pd.Categorical(self.loci.chr[rows], categories=chromosomes)
            for unit, start in (("bp", self.loci.start_bp), ("cm", self.loci.start_cm)):
                if not np.isnan(start).all():
                    columns[f"pos{number}_{unit}"] = start[rows]
        for kind in ("full", "fv1", "int", "add", "av1"):
            columns[f"lod_{kind}"] = getattr(self, f"lod_{kind}")[i, j]
        return pd.DataFrame(columns)


def _first_best(lod: np.ndarray) -> tuple[int, int]:
    """Row and column of the largest value; ties go to the first in map order."""
    best = np.nanmax(lod)
    least = best if np.isinf(best) else best - TIE * abs(best)
    row, column = np.divmod(int(np.flatnonzero(lod.ravel() >= least)[0]), lod.shape[1])
    return int(row), int(column)


def two_locus_surface(
    y: np.ndarray,
    loci: Loci,
    *,
    trait: str = "trait",
    min_cell: int = 1,
    same_chromosome: bool = True,
    execution: Execution | None = None,
) -> Surface:
    """Compute the LODs of one trait for all pairs of loci.

    Parameters
    ----------
    y
        float64 [n_samples]: the trait; samples where it is NaN are left out.
    loci
        Distinct loci, perhaps thinned, with complete calls of the same samples.
    trait
        Its name, for tables and messages.
    min_cell
        Fewest samples in every genotype combination that occurs; a pair with a smaller one is not
        eligible, nor is a single locus with a smaller genotype. 1 (R/qtl's) allows all pairs: a
        combination that does not occur gets no mean, and such a pair no interaction.
    same_chromosome
        Whether pairs on one chromosome are eligible.
    execution
        Threads, memory budget and progress; never changes a result.

    Returns
    -------
    Surface

    Raises
    ------
    ArgumentError
        For an option out of range, or if the surface does not fit into the memory budget.
    DataError
        If the trait does not vary or has no more than 4 values, or no pair is eligible.

    Examples
    --------
    >>> from crossmap import simulate_cross
    >>> from crossmap.genotypes.loci import distinct_loci
    >>> cross = simulate_cross(n_samples=40, n_traits=2, n_markers=40).cross
    >>> surface = two_locus_surface(cross.traits[0], distinct_loci(cross))
    >>> bool((surface.to_frame()["lod_full"] >= surface.to_frame()["lod_add"]).all())
    True
    """
    if isinstance(loci, ProbableLoci):
        return _of_probabilities(y, loci, trait, min_cell, same_chromosome, execution)
    scan = pair_scan(y, loci, trait=trait, min_cell=min_cell, same_chromosome=same_chromosome)
    m = len(loci)
    lod_full, lod_add = np.full((2, m, m), np.nan)
    run = within_memory(execution, scan, kept_bytes=4 * 8 * m * m)

    def work(place: tuple[int, int]) -> tuple[np.ndarray, ...]:
        left = shares_left(pair_block(scan, place), scan.z)
        return tuple(lod_of(share, scan.n_samples) for share in left)

    places = scan.blocks
    results = run_tasks(work, places, execution=run, stage=f"pairs of loci for {trait}")
    for (start, stop), parts in zip(places, results, strict=True):
        for whole, part in zip((lod_full, lod_add), parts, strict=True):
            whole[start:stop, start:] = part
    if np.isnan(lod_full).all():
        raise no_eligible_pair(scan)
    with one_blas_thread():
        single = single_shares_left(scan, scan.z)
    return Surface(
        trait=trait,
        loci=loci,
        n_samples=scan.n_samples,
        lod_one=lod_of(single, scan.n_samples),
        lod_full=np.fmax(lod_full, lod_full.T),
        lod_add=np.fmax(lod_add, lod_add.T),
        min_cell=min_cell,
        same_chromosome=same_chromosome,
    )


def _of_probabilities(
    y: np.ndarray,
    loci: ProbableLoci,
    trait: str,
    min_cell: int,
    same_chromosome: bool,
    execution: Execution | None,
) -> Surface:
    samples = np.flatnonzero(~np.isnan(y))
    lod_one, lod_full, lod_add = probability_surface(
        y[samples],
        loci.on(samples),
        trait=trait,
        min_cell=min_cell,
        same_chromosome=same_chromosome,
        execution=execution,
    )
    return Surface(
        trait=trait,
        loci=loci,
        n_samples=len(samples),
        lod_one=lod_one,
        lod_full=lod_full,
        lod_add=lod_add,
        min_cell=min_cell,
        same_chromosome=same_chromosome,
    )


def trait_surface(
    cross: Cross,
    trait: str,
    *,
    n_grid: int | None = None,
    n_perm: int = 0,
    min_cell: int = 1,
    same_chromosome: bool = True,
    genotype_probabilities: bool = False,
    step: float = 0.0,
    error_prob: float = 1e-4,
    map_function: MapFunction = "haldane",
    cm_per_mb: float | None = None,
    seed: int = 1,
    execution: Execution | None = None,
) -> Surface:
    """Compute the two-locus surface of one trait of a cross, and what chance gives.

    Parameters
    ----------
    cross
        Two genotypes per locus and complete calls; with `genotype_probabilities` any cross. Samples
        without a value of the trait are left out.
    trait
        Name of the trait.
    n_grid
        Thin the distinct loci to so many; None takes all.
    n_perm
        Permutations for genome-wide thresholds; 0 makes none. Those of pairs with an X as in
        `crossmap.linkage.surface_thresholds.surface_thresholds`: they take about three times as
        long as without X, and their largest LODs 48 bytes each.
    min_cell, same_chromosome
        As in `two_locus_surface`; on probabilities it bounds expected sizes.
    genotype_probabilities
        Regress on probabilities of the genotypes given all calls (Haley-Knott regression) instead
        of calls; in an F2 on additive and dominance effects and all their products, as R/qtl's
        ``scantwo`` does where sexes and directions do not differ. Where there is an X, every model
        has a mean for each sex and direction of the cross, at pairs of autosomes too (R/qtl at
        loci on X alone).
    step, error_prob, map_function, cm_per_mb
        As in `crossmap.genotype_probabilities`.
    seed
        Of the permutations.
    execution
        Threads, memory budget and progress; never changes a result.

    Returns
    -------
    Surface

    Raises
    ------
    ArgumentError
        For an unknown trait, an option out of range, or if the surface does not fit into the
        memory budget.
    DataError
        If calls are missing, the cross has three genotypes, the trait does not vary or has no more
        than 4 values, or no pair is eligible.

    Examples
    --------
    >>> from crossmap import simulate_cross
    >>> cross = simulate_cross(n_samples=60, n_traits=2, n_markers=60).cross
    >>> surface = trait_surface(cross, cross.trait_names[0], n_grid=30, n_perm=10)
    >>> surface.summary().shape, surface.thresholds.n_perm
    ((130, 26), 10)
    """
    require_whole("n_perm", n_perm, least=0)
    require_known("trait", [trait], cross.trait_names)
    y = cross.subset(traits=[trait]).traits[0]
    loci = loci_to_search(
        cross, genotype_probabilities, step, error_prob, map_function, cm_per_mb, execution
    )
    if n_grid is not None:
        loci = thin(loci, n_grid)
    surface = two_locus_surface(
        y,
        loci,
        trait=trait,
        min_cell=min_cell,
        same_chromosome=same_chromosome,
        execution=execution,
    )
    if not n_perm:
        return surface
    chance = surface_thresholds(
        y,
        loci,
        trait=trait,
        n_perm=n_perm,
        min_cell=min_cell,
        same_chromosome=same_chromosome,
        seed=seed,
        execution=execution,
    )
    return replace(surface, thresholds=chance)
