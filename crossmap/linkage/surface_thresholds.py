"""What chance gives on a two-locus surface: the largest LODs of permuted traits."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from crossmap.arguments import require_number, require_one_of, require_whole
from crossmap.errors import ArgumentError
from crossmap.execution import DEFAULT, Execution, one_blas_thread, run_tasks
from crossmap.genotypes.loci import Loci
from crossmap.genotypes.probable_loci import ProbableLoci
from crossmap.genotypes.x_chromosome import is_x
from crossmap.linkage.map_regions import (
    WHOLE,
    PairRegion,
    level_of_share,
    p_of_whole_map,
    pair_regions,
)
from crossmap.linkage.pair_blocks import (
    PairScan,
    lod_gain,
    lod_of,
    no_eligible_pair,
    pair_block,
    pair_scan,
    shares_left,
    single_shares_left,
    within_memory,
)
from crossmap.linkage.permutation import permuted_rows
from crossmap.linkage.probability_maxima import permuted_shares
from crossmap.linkage.probability_pairs import no_probable_pair

KINDS = ("full", "fv1", "int", "add", "av1", "one")
"""LODs whose largest value each permutation gives; ``one`` is that of single loci."""

TIE = 1e-10
"""Difference, relative to a LOD of 1 or more, below which a LOD of chance counts as reaching what
was observed: those of the same split of the samples differ by rounding alone."""


@dataclass(frozen=True, eq=False)
class SurfaceThresholds:
    """Largest LODs of permuted traits, over the whole genome or a region of it.

    Parameters
    ----------
    trait
        Name of the trait.
    maxima
        float64 [n_perm, 6], columns `KINDS`. As in R/qtl, fv1, int and av1 are differences of
        maxima within a pair of chromosomes, the largest over all such pairs.
    seed
        Of the permutations.
    region
        Whose pairs these are: all; or, where pairs with X are tested otherwise than pairs of
        autosomes, the first of those that follow in `others`. Single loci are those of its
        chromosomes.
    others
        The same of the other regions with an eligible pair.
    """

    trait: str
    maxima: np.ndarray
    seed: int
    region: PairRegion = WHOLE
    others: tuple["SurfaceThresholds", ...] = ()

    @property
    def n_perm(self) -> int:
        """Number of permutations."""
        return len(self.maxima)

    @property
    def regions(self) -> tuple["SurfaceThresholds", ...]:
        """Those of every region: itself alone where there is one."""
        return (self, *self.others)

    def to_frame(self) -> pd.DataFrame:
        """One row per permutation: permutation (from 1) and lod_full .. lod_one.

        Returns
        -------
        pandas.DataFrame
            Where there are several regions, those of all, one below the other, and region.
        """
        frame = pd.DataFrame(self.maxima, columns=[f"lod_{kind}" for kind in KINDS])
        frame.insert(0, "permutation", np.arange(1, self.n_perm + 1))
        if self.region.name:
            frame.insert(0, "region", self.region.name)
        parts = [frame, *(other.to_frame() for other in self.others)]
        return frame if len(parts) == 1 else pd.concat(parts, ignore_index=True)

    def table(self, alpha: float = 0.05) -> pd.DataFrame:
        """Give the thresholds of every region at a genome-wide error rate.

        Parameters
        ----------
        alpha
            As in `quantiles`.

        Returns
        -------
        pandas.DataFrame
            A row per region: trait, region and share (of the area of the map of pairs; where there
            are several), n_perm, alpha, lod_full .. lod_one.

        Raises
        ------
        ArgumentError
            If `alpha` is out of range.
        """
        rows = []
        for each in self.regions:
            of_region = {"region": each.region.name, "share": each.region.share}
            rows.append(
                {"trait": each.trait}
                | (of_region if each.region.name else {})
                | {"n_perm": each.n_perm, "alpha": alpha}
                | {f"lod_{kind}": value for kind, value in each.quantiles(alpha).items()}
            )
        return pd.DataFrame(rows)

    def quantiles(self, alpha: float = 0.05) -> Mapping[str, float]:
        """Give the thresholds of this region at a genome-wide error rate, each kind by itself.

        Parameters
        ----------
        alpha
            Share of the permutations that exceed each threshold, 0 to 1; in a region of share s of
            the map 1 - (1 - alpha)^s of them do.

        Returns
        -------
        dict of str to float
            One for each of `KINDS`.

        Raises
        ------
        ArgumentError
            If `alpha` is out of range.
        """
        require_number("alpha", alpha, least=0.0, most=1.0)
        level = level_of_share(alpha, self.region.share)
        # Interpolating to an infinite LOD (an exact fit) would give NaN.
        method = "linear" if np.isfinite(self.maxima).all() else "higher"
        found = np.quantile(self.maxima, 1.0 - level, axis=0, method=method)  # type: ignore[call-overload]
        return dict(zip(KINDS, found.tolist(), strict=True))

    def p_value(self, kind: str, lod: np.ndarray) -> np.ndarray:
        """Genome-wide permutation p-values of LODs in this region.

        Parameters
        ----------
        kind
            One of `KINDS`.
        lod
            float64; NaN gives NaN.

        Returns
        -------
        numpy.ndarray
            float64, same shape, never 0: p = (1 + number as large)/(1 + n_perm), in a region of
            share s of the map 1 - (1 - p)^(1/s).

        Raises
        ------
        ArgumentError
            For an unknown kind.
        """
        require_one_of("kind", kind, KINDS)
        null = np.sort(self.maxima[:, KINDS.index(kind)])
        least = _less_tie(np.asarray(lod, dtype=np.float64))
        as_large = self.n_perm - np.searchsorted(null, least, side="left")
        p = np.where(np.isnan(least), np.nan, (1.0 + as_large) / (1.0 + self.n_perm))
        return p_of_whole_map(p, self.region.share)

    def p_values(self, summary: pd.DataFrame, kind: str) -> np.ndarray:
        """Genome-wide permutation p-values of pairs of chromosomes, each in its region.

        Parameters
        ----------
        summary
            As `Surface.summary` gives it, of the same trait.
        kind
            As in `p_value`.

        Returns
        -------
        numpy.ndarray
            float64, one for each row.
        """
        lod = summary[f"lod_{kind}"].to_numpy(np.float64)
        return self._by_region(summary, lambda each, rows: each.p_value(kind, lod[rows]), np.nan)

    def is_called(self, summary: pd.DataFrame, *, alpha: float = 0.05) -> np.ndarray:
        """Say which pairs of chromosomes R/qtl's rule calls.

        Parameters
        ----------
        summary
            As `Surface.summary` gives it, of the same trait.
        alpha
            Genome-wide error rate of each threshold T, those of the pair's region.

        Returns
        -------
        numpy.ndarray
            bool, one for each row: full >= T_full and (fv1 >= T_fv1 or int >= T_int), or
            add >= T_add and av1 >= T_av1.
        """

        def called(each: SurfaceThresholds, rows: np.ndarray) -> np.ndarray:
            reached = {
                kind: summary[f"lod_{kind}"].to_numpy(np.float64)[rows] >= _less_tie(threshold)
                for kind, threshold in each.quantiles(alpha).items()
                if kind != "one"
            }
            interacting = reached["full"] & (reached["fv1"] | reached["int"])
            return interacting | (reached["add"] & reached["av1"])

        return self._by_region(summary, called, fill=False)

    def _by_region(
        self,
        summary: pd.DataFrame,
        of: Callable[["SurfaceThresholds", np.ndarray], np.ndarray],
        fill: float,
    ) -> np.ndarray:
        """What is found of the rows of each region."""
        if not self.others:
            return of(self, np.arange(len(summary)))
        n_x = sum(summary[name].map(is_x).to_numpy(np.int64) for name in ("chr1", "chr2"))
        found = np.full(len(summary), fill)
        for each in self.regions:
            rows = np.flatnonzero(n_x == each.region.n_x)
            found[rows] = of(each, rows)
        return found


def _less_tie(lod: np.ndarray | float) -> np.ndarray:
    """The least LOD that counts as equal."""
    size = np.maximum(np.abs(lod), 1.0)
    return np.where(np.isinf(lod), lod, lod - TIE * np.where(np.isinf(size), 1.0, size))


def surface_thresholds(
    y: np.ndarray,
    loci: Loci,
    *,
    trait: str,
    n_perm: int = 1000,
    min_cell: int = 1,
    same_chromosome: bool = True,
    seed: int = 1,
    execution: Execution | None = None,
) -> SurfaceThresholds:
    """Permute a trait's samples and keep the largest LODs of each two-locus surface.

    Parameters
    ----------
    y
        float64 [n_samples]: the trait; samples where it is NaN are left out.
    loci
        Distinct loci, perhaps thinned, with complete calls of the same samples; or positions with
        probabilities of their genotypes, in any cross.
    trait
        Its name: permutations are keyed by it.
    n_perm
        B, how many permutations. Where an F2, or a backcross of both sexes, has an X, pairs of
        autosomes, of an autosome with X, and on X have thresholds of their own, each at its share
        of the area of the map of pairs, as in R/qtl (``perm.Xsp``); B are those of two autosomes,
        the others have as many times more as their area is smaller.
    min_cell, same_chromosome
        As in `crossmap.linkage.surface.two_locus_surface`.
    seed
        Permutation b is that of the first stage of the sequential search: a function of seed, b
        and the trait's name. On probabilities, where there is an X, residuals on the means of sex
        and direction of the cross move within these groups.
    execution
        Threads, memory budget and progress; never changes a result.

    Returns
    -------
    SurfaceThresholds

    Raises
    ------
    ArgumentError
        For an option out of range.
    DataError
        If the trait does not vary or has no more than 4 values, or no pair is eligible.

    References
    ----------
    Churchill & Doerge (1994) Genetics 138:963.

    Examples
    --------
    >>> from crossmap import simulate_cross
    >>> from crossmap.genotypes.loci import distinct_loci
    >>> cross = simulate_cross(n_samples=40, n_traits=2, n_markers=40).cross
    >>> loci = distinct_loci(cross)
    >>> chance = surface_thresholds(cross.traits[0], loci, trait="t1", n_perm=20)
    >>> thresholds = chance.quantiles(0.05)
    >>> thresholds["full"] > thresholds["add"] > thresholds["one"] > 2
    True
    """
    require_whole("n_perm", n_perm, least=1)
    require_whole("seed", seed, least=0)
    if isinstance(loci, ProbableLoci):
        return _of_probabilities(
            y, loci, trait, (n_perm, seed), min_cell, same_chromosome, execution
        )
    scan = pair_scan(y, loci, trait=trait, min_cell=min_cell, same_chromosome=same_chromosome)
    shares = _shares_of_calls(scan, trait, (n_perm, seed), execution)
    return SurfaceThresholds(trait, _largest_lods(*shares, scan.n_samples), seed)


def _of_probabilities(
    y: np.ndarray,
    loci: ProbableLoci,
    trait: str,
    permutations: tuple[int, int],
    min_cell: int,
    same_chromosome: bool,
    execution: Execution | None,
) -> SurfaceThresholds:
    """The thresholds of each region, by Haley-Knott regression."""
    n_perm, seed = permutations
    samples = np.flatnonzero(~np.isnan(y))
    own = loci.on(samples)
    regions = pair_regions(own, same_chromosome=same_chromosome)
    counts = [region.n_perm(n_perm, regions[0].share) for region in regions]
    _require_room(regions, counts, execution or DEFAULT)
    on_x = own.on_x[np.flatnonzero(np.diff(own.chr_index, prepend=-1))]
    found = []
    for region, count in zip(regions, counts, strict=True):
        maxima, made = np.empty((count, len(KINDS))), 0
        for left, single in permuted_shares(
            y[samples], own, region, trait=trait, n_perm=count, seed=seed, min_cell=min_cell,
            same_chromosome=same_chromosome, execution=execution,
        ):  # fmt: skip
            if region.n_x in (0, 2):
                single[:, on_x != (region.n_x == 2)] = np.inf
            if np.isinf(left).all():
                break
            maxima[made : made + len(single)] = _largest_lods(left, single, len(samples))
            made += len(single)
        else:
            found.append(SurfaceThresholds(trait, maxima, seed, region))
    if not found:
        raise no_probable_pair(own)
    return replace(found[0], others=tuple(found[1:]))


def _require_room(regions: Sequence[PairRegion], counts: Sequence[int], run: Execution) -> None:
    """Refuse more permutations than their largest LODs have room for."""
    needed = 8 * len(KINDS) * sum(counts)
    if needed > run.memory_bytes:
        each = ", ".join(f"{n:,} of {r.name}" for n, r in zip(counts, regions, strict=True))
        msg = (
            f"n_perm: expected as many as fit into {run.memory_bytes / 1e6:,.0f} MB, found {each}, "
            f"which take {needed / 1e6:,.0f} MB (regions of little area need more; a marker "
            f"misplaced far from the others makes such a map)"
        )
        raise ArgumentError(msg)


def _shares_of_calls(
    scan: PairScan, trait: str, permutations: tuple[int, int], execution: Execution | None
) -> tuple[np.ndarray, np.ndarray]:
    """Least shares left in each permutation.

    Float64 [2, n_perm, C, C] of the full and the additive model by pair of the C chromosomes, and
    [n_perm, C] of single loci; infinite where there is none.
    """
    n_perm, seed = permutations
    n_chromosomes = len(scan.chromosome_start)
    run = within_memory(
        execution, scan, kept_bytes=8 * n_perm * (scan.n_samples + 6 * n_chromosomes**2)
    )
    cells = np.arange(scan.n_samples), np.array([0, scan.n_samples])
    permuted = permuted_rows(
        scan.z, (*cells, np.zeros(scan.n_samples, dtype=np.int64)),
        trait=trait, seed=seed, first=0, n_perm=n_perm,
    )  # fmt: skip
    with one_blas_thread():
        single = np.array([_by_chromosome(single_shares_left(scan, z), scan) for z in permuted])
    left = np.full((2, n_perm, n_chromosomes, n_chromosomes), np.inf)

    def work(place: tuple[int, int]) -> np.ndarray:
        block = pair_block(scan, place)
        return np.array(
            [
                [
                    _by_chromosome(share.min(axis=0), scan, place[0])
                    for share in shares_left(block, z)
                ]
                for z in permuted
            ]
        )

    stage = f"{n_perm} permutations of {trait}"
    for found in run_tasks(work, scan.blocks, execution=run, stage=stage):
        row = n_chromosomes - found.shape[2]  # a block has no column before its own chromosome
        for model in (0, 1):
            part = left[model, :, row, row:]
            np.minimum(part, found[:, model], out=part)
    if np.isinf(left).all():
        raise no_eligible_pair(scan)
    return left, single


def _by_chromosome(left: np.ndarray, scan: PairScan, first: int = 0) -> np.ndarray:
    """Smallest value among the loci, from locus `first` on, of each chromosome from its on."""
    starts = scan.chromosome_start
    starts = starts[np.searchsorted(starts, first, side="right") - 1 :]
    return np.minimum.reduceat(left, np.maximum(starts - first, 0))


def _largest_lods(left: np.ndarray, single: np.ndarray, n_samples: int) -> np.ndarray:
    """Largest LODs over the genome, float64 [n_perm, 6], from what is left by chromosome pair."""
    full, additive = lod_of(left, n_samples)
    one = lod_of(single, n_samples)
    best_one = np.fmax(one[:, :, None], one[:, None, :])
    kinds = {
        "full": full,
        "fv1": lod_gain(full, best_one),
        "int": lod_gain(full, additive),
        "add": additive,
        "av1": lod_gain(additive, best_one),
    }
    largest = [np.nanmax(kinds[kind], axis=(1, 2)) for kind in KINDS[:-1]]
    return np.column_stack([*largest, np.nanmax(one, axis=1)])
