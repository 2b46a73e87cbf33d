"""Hot spots: stretches of the genome to which more traits are linked than chance explains."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd

from crossmap.architecture.bins import GenomeBins, genome_bins, map_unit
from crossmap.architecture.linkage_rules import JointRule, LinkageRule, SingleLocusRule
from crossmap.architecture.linkage_table import check_table, table_unit
from crossmap.architecture.local import classify_linkages, is_local
from crossmap.arguments import (
    require_number,
    require_one_of,
    require_share,
    require_usual,
    require_whole,
)
from crossmap.cross import Cross
from crossmap.errors import ArgumentError, DataError
from crossmap.execution import Execution, run_tasks
from crossmap.genome import MapFunction, Unit
from crossmap.genotypes.loci import Loci
from crossmap.genotypes.searched_loci import loci_to_search
from crossmap.genotypes.stretches import refuse_chain_options
from crossmap.linkage.local_tests import require_window_of_use
from crossmap.linkage.passing import shared_order
from crossmap.significance.fdr import q_values
from crossmap.significance.joint import JointLinkage
from crossmap.words import OneLine

Kind = Literal["distant", "local", "all"]

BIN_BP, BIN_CM = 20_000.0, 5.0  # length of bins; the latter on a map without base pairs

PERMUTATIONS_PER_TASK = 8
"""Long enough that calling costs little, short enough to share out and to show progress."""


@dataclass(frozen=True, eq=False, repr=False)
class Hotspots(OneLine):
    """Bins of the genome, the traits linked to each, and which hold more than chance explains.

    Parameters
    ----------
    bins
        A row per bin, in map order: chr, start_bp, end_bp (start_cm, end_cm of bins in cM),
        n_traits (distinct, with a linkage there), n_loci (distinct loci of those linkages),
        expected (under uniform scatter), threshold (smallest significant number of traits: the
        larger of the two that follow), p_value (of the bin; the larger of that of uniform scatter
        and that of the permutations, pooled over bins), q_value (Benjamini-Hochberg over bins),
        significant (n_traits reaches the threshold), threshold_uniform, threshold_permutation (NaN
        without permutations), p_adjusted (permutation p-value of so many traits in the best bin of
        the genome).
    linkages
        The linkages counted: as `linkage_table`, with the columns of `classify_linkages` and
        bin (row of `bins`).
    largest
        int64 [n_perm]: number of traits in the best bin of every permutation.
    n_traits
        Traits searched.
    n_left_out
        Traits with missing values, which were not.
    kind, source, threshold, alpha, local_window_bp, bin_bp, seed
        How it was made: linkages counted, ``single`` or ``joint`` or ``table``, largest p-value or
        FDR of a linkage (NaN for a table), genome-wide error rate, window, bin (NaN for bins in
        cM), seed.
    bin_cm
        Length of bins in cM; None for bins in bp.
    loci
        The loci searched; None for a table.
    """

    bins: pd.DataFrame
    linkages: pd.DataFrame
    largest: np.ndarray
    n_traits: int
    n_left_out: int
    kind: Kind
    source: str
    threshold: float
    alpha: float
    local_window_bp: float
    bin_bp: float
    seed: int
    bin_cm: float | None = None
    loci: Loci | None = None

    @property
    def unit(self) -> Unit:
        """Of places: ``bp`` or ``cm``."""
        return "bp" if self.bin_cm is None else "cm"

    @property
    def bin_name(self) -> str:
        """Length of a bin in words."""
        return f"{self.bin_bp / 1000:g} kb" if self.bin_cm is None else f"{self.bin_cm:g} cM"

    @property
    def n_perm(self) -> int:
        """Number of permutations."""
        return len(self.largest)

    def regions(self) -> pd.DataFrame:
        """Hot spots: neighbouring significant bins together.

        Returns
        -------
        pandas.DataFrame
            hotspot (from 1, in map order), chr, start_bp, end_bp, n_bins, n_traits and n_loci
            (distinct, in all its bins), peak_start_bp, peak_end_bp, peak_n_traits (its bin with
            the most traits; the first of several). Places are in cM where bins are.
        """
        table, start, end = self.bins, f"start_{self.unit}", f"end_{self.unit}"
        of_bin = self.region_of_bin()
        region = of_bin[self.linkages["bin"].to_numpy(dtype=np.int64)]
        rows = []
        for number in range(1, of_bin.max(initial=0) + 1):
            part = table[of_bin == number]
            held = self.linkages[region == number]
            peak = part.loc[part["n_traits"].idxmax()]
            rows.append(
                (
                    number, part["chr"].iloc[0], part[start].iloc[0], part[end].iloc[-1],
                    len(part), held["trait"].nunique(), held["locus"].nunique(),
                    peak[start], peak[end], peak["n_traits"],
                )
            )  # fmt: skip
        columns = [
            "hotspot", "chr", start, end, "n_bins", "n_traits", "n_loci",
            f"peak_{start}", f"peak_{end}", "peak_n_traits",
        ]  # fmt: skip
        kinds = dict.fromkeys(columns, np.int64) | {"chr": object}
        kinds |= {name: np.float64 for name in columns if name.endswith(f"_{self.unit}")}
        return pd.DataFrame(rows, columns=columns).astype(kinds)

    def region_of_bin(self) -> np.ndarray:
        """Number of the hot spot that each bin belongs to, 0 for none: int64 [n_bins]."""
        held = self.bins["significant"].to_numpy(dtype=np.bool_)
        chromosome = self.bins["chr"].to_numpy(dtype=object)
        fresh = held.copy()
        fresh[1:] &= ~(held[:-1] & (chromosome[1:] == chromosome[:-1]))
        return np.where(held, np.cumsum(fresh), 0)

    def members(self) -> pd.DataFrame:
        """The linkages of every hot spot, the strongest first: hotspot, then as `linkages`."""
        region = self.region_of_bin()[self.linkages["bin"].to_numpy(dtype=np.int64)]
        table = self.linkages.assign(hotspot=region)[region > 0]
        by = ["hotspot", *(["neglog10_p"] if "neglog10_p" in table else []), "trait"]
        ascending = [name != "neglog10_p" for name in by]
        table = table.sort_values(by, ascending=ascending, kind="stable", ignore_index=True)
        return table[["hotspot", *self.linkages.columns]]

    def summary(self) -> dict[str, object]:
        """Numbers of the run, as in summary.json."""
        regions = self.regions()
        return {
            "source": self.source,
            "kind": self.kind,
            "threshold": self.threshold,
            "alpha": self.alpha,
            "bin_bp": None if self.bin_cm is not None else self.bin_bp,
            "bin_cm": self.bin_cm,
            "local_window_bp": self.local_window_bp,
            "n_perm": self.n_perm,
            "seed": self.seed,
            "n_traits": self.n_traits,
            "n_traits_left_out": self.n_left_out,
            "n_linkages": len(self.linkages),
            "n_linked_traits": int(self.linkages["trait"].nunique()),
            "n_bins": len(self.bins),
            "n_significant_bins": int(self.bins["significant"].sum()),
            "n_bins_fdr_05": int((self.bins["q_value"] <= 0.05).sum()),
            "threshold_uniform": float(self.bins["threshold_uniform"].max()),
            "threshold_permutation": float(self.bins["threshold_permutation"].max()),
            "n_hotspots": len(regions),
            "n_traits_in_hotspots": int(self.members()["trait"].nunique()),
            "hotspots": regions.to_dict("records"),
        }


def find_hotspots(
    cross: Cross,
    linkages: JointLinkage | pd.DataFrame | None = None,
    *,
    kind: Kind = "distant",
    bin_bp: float = BIN_BP,
    bin_cm: float | None = None,
    threshold: float = 1e-5,
    fdr: float = 0.10,
    local_window_bp: float = 10_000.0,
    n_perm: int = 1000,
    alpha: float = 0.05,
    genotype_probabilities: bool = False,
    step: float = 0.0,
    error_prob: float = 1e-4,
    map_function: MapFunction = "haldane",
    cm_per_mb: float | None = None,
    seed: int = 1,
    execution: Execution | None = None,
) -> Hotspots:
    """Find stretches of the genome to which more traits are linked than chance explains.

    Parameters
    ----------
    cross
        Two genotypes per locus and complete calls; with `genotype_probabilities`, or the joint
        linkages of probabilities, any cross. Traits with missing values are left out of the
        single-locus scan.
    linkages
        None: the best locus of every trait on every chromosome of a single-locus scan. The result
        of `joint_linkage`: all loci of the traits it calls. Or a table with columns trait, chr,
        start_bp and end_bp (or pos_bp), which has no permutations: `n_perm` must be 0.
    kind
        Linkages counted: ``distant``; ``local``, for neighbourhood effects (genes side by side
        that vary together); or ``all``. Traits whose gene has no place count as distant.
    bin_bp
        Length of a bin. A linkage lies in the bin of the middle of its locus.
    bin_cm
        Length of a bin in cM, instead. None takes `bin_bp`, on a map without base pairs 5 cM.
    threshold
        Largest nominal p-value of a linkage of the single-locus scan.
    fdr
        Joint-linkage false discovery rate at which traits are called.
    local_window_bp
        Largest gap between a locus and the trait's own gene for a local linkage.
    n_perm
        B, permutations of the samples; 0 leaves the uniform threshold alone.
    alpha
        Probability that chance makes any bin of the genome significant.
    genotype_probabilities, step, error_prob, map_function, cm_per_mb
        Of the single-locus scan, as in `crossmap.scan1`; joint linkages bring their own.
    seed
        Permutation b is a function of it and b.
    execution
        Threads and progress; never changes a result.

    Returns
    -------
    Hotspots

    Raises
    ------
    ArgumentError
        For an option out of range, or too few permutations for `alpha`.
    DataError
        If the cross has three genotypes or missing calls (without probabilities), no complete
        trait, or local linkages are asked for and the map has no base pairs.

    Notes
    -----
    Two thresholds, of which the larger counts. Uniform scatter: the smallest c with
    n_bins Pr(Binomial(N, share of the bin) >= c) <= alpha, N the number of linkages counted; it
    takes linkages for independent. Permutation: the samples are permuted for all traits alike,
    which keeps their correlation, the rule that makes a linkage is held fixed, and c is the
    smallest count with (1 + #{b: best bin >= c}) / (1 + B) <= alpha. At strict linkage thresholds
    permuted data hold hardly any linkage, and the permutation alone would be lax. Where genotypes
    on X go with sex and direction of the cross, samples are permuted within these groups.

    References
    ----------
    Rockman & Kruglyak (2006) Nat Rev Genet 7:862; Brem et al. (2002) Science 296:752 (uniform
    scatter); Breitling et al. (2008) PLoS Genet 4:e1000232 (permutation of all traits together).

    Examples
    --------
    >>> from crossmap import simulate_cross
    >>> cross = simulate_cross(n_samples=100, n_traits=300, n_markers=300, seed=2).cross
    >>> found = find_hotspots(cross, n_perm=19)
    >>> bool(found.bins["n_traits"].sum() <= len(found.linkages)), len(found.regions()) >= 1
    (True, True)
    """
    _check(kind, threshold, fdr, local_window_bp, n_perm, alpha, seed)
    if linkages is None or isinstance(linkages, pd.DataFrame):
        require_usual("fdr", fdr, 0.10, "without joint linkages")
    if linkages is not None:
        require_usual("threshold", threshold, 1e-5, "without a single-locus scan of its own")
    require_window_of_use(
        local_window_bp, trait_table=cross.trait_table, position_bp=cross.markers["pos_bp"]
    )
    in_cm = map_unit(cross) == "cm"
    bin_cm = BIN_CM if bin_cm is None and in_cm else bin_cm
    if bin_cm is not None:
        require_usual("bin_bp", bin_bp, BIN_BP, "with bins in centimorgans")
    if kind == "local" and in_cm:
        msg = "markers: expected positions in bp, in which genes have theirs, found some without"
        raise DataError(msg)
    bins = genome_bins(cross, bin_bp=bin_bp, bin_cm=bin_cm)
    rule: LinkageRule | None = None
    if linkages is not None:
        if genotype_probabilities:
            msg = "genotype_probabilities: expected without linkages, which bring their own"
            raise ArgumentError(msg)
        refuse_chain_options(
            step=step, error_prob=error_prob, map_function=map_function, cm_per_mb=cm_per_mb
        )
    if isinstance(linkages, pd.DataFrame):
        if n_perm:
            msg = f"n_perm: expected 0 with a table of linkages, found {n_perm}"
            raise ArgumentError(msg)
        source, limit, found = "table", float("nan"), check_table(linkages)
        if "locus" not in found:
            found = found.assign(locus=_place_names(found))
    elif linkages is None:
        loci = loci_to_search(
            cross, genotype_probabilities, step, error_prob, map_function, cm_per_mb, execution
        )
        source, limit = "single", threshold
        rule = SingleLocusRule(cross, loci, threshold=threshold)
    else:
        source, limit, rule = "joint", fdr, JointRule(linkages, cross, fdr=fdr)
    per_bin, n_traits = np.empty((0, len(bins)), dtype=np.int64), cross.n_traits
    if rule is not None:
        found, n_traits = rule.observed(), len(rule.trait_table)
        per_bin = _permuted_counts(
            rule, bins, kind=kind, local_window_bp=local_window_bp, n_perm=n_perm, seed=seed,
            n_samples=cross.n_samples, execution=execution,
        )  # fmt: skip
    searched = None if rule is None else rule.loci
    counted = _counted(cross, found, bins, searched, kind=kind, local_window_bp=local_window_bp)
    return Hotspots(
        bins=_bin_table(bins, counted, per_bin, alpha=alpha),
        linkages=counted,
        largest=per_bin.max(axis=1, initial=0),
        n_traits=n_traits,
        n_left_out=cross.n_traits - n_traits,
        kind=kind,
        source=source,
        threshold=limit,
        alpha=alpha,
        local_window_bp=float(local_window_bp),
        bin_bp=float(bin_bp) if bin_cm is None else float("nan"),
        seed=seed,
        bin_cm=bin_cm if bin_cm is None else float(bin_cm),
        loci=searched,
    )


def _check(
    kind: Kind,
    threshold: float,
    fdr: float,
    local_window_bp: float,
    n_perm: int,
    alpha: float,
    seed: int,
) -> None:
    require_one_of("kind", kind, get_args(Kind))
    require_share("threshold", threshold)
    require_number("fdr", fdr, least=0.0, most=1.0)
    require_number("local_window_bp", local_window_bp, least=0.0)
    require_whole("n_perm", n_perm, least=0)
    require_share("alpha", alpha)
    require_whole("seed", seed, least=0)
    if n_perm and (1.0 + n_perm) * alpha < 1.0 - 1e-9:
        fewest = int(np.ceil(1.0 / alpha - 1e-9)) - 1
        msg = f"n_perm: expected 0 or at least {fewest} for alpha {alpha:g}, found {n_perm}"
        raise ArgumentError(msg)


def _place_names(table: pd.DataFrame) -> pd.Series:
    """Names for the loci of a table that has none: their places."""
    ends = [table[f"{side}_{table_unit(table)}"] for side in ("start", "end")]
    places = zip(table["chr"], *ends, strict=True)
    return pd.Series([f"{c}:{start:.12g}-{end:.12g}" for c, start, end in places], dtype=object)


def _counted(
    cross: Cross,
    found: pd.DataFrame,
    bins: GenomeBins,
    loci: Loci | None,
    *,
    kind: Kind,
    local_window_bp: float,
) -> pd.DataFrame:
    """The linkages of the kind asked for, with their classes and bins."""
    table = classify_linkages(cross, found, local_window_bp=local_window_bp).table
    if table_unit(table) != bins.unit:  # bins in cM on a map that has base pairs too
        if loci is None:
            msg = f"linkages: expected columns start_{bins.unit} and end_{bins.unit}, found none"
            raise ArgumentError(msg)
        row_of = {name: row for row, name in enumerate(loci.names)}
        at = np.array([row_of[name] for name in table["locus"]], dtype=np.int64)
        middle = _middles(loci, bins.unit)[at]
    else:
        ends = table[[f"start_{bins.unit}", f"end_{bins.unit}"]].to_numpy(np.float64)
        middle = ends.mean(axis=1)
    table = table.assign(bin=bins.of(table["chr"].to_numpy(dtype=object), middle))
    if kind != "all":
        table = table[(table["by_window"] == "local") == (kind == "local")]
    return table[table["bin"] >= 0].reset_index(drop=True)


def _middles(loci: Loci, unit: Unit) -> np.ndarray:
    start, end = (getattr(loci, f"{side}_{unit}") for side in ("start", "end"))
    return (start + end) / 2.0


def _permuted_counts(
    rule: LinkageRule,
    bins: GenomeBins,
    *,
    kind: Kind,
    local_window_bp: float,
    n_perm: int,
    seed: int,
    n_samples: int,
    execution: Execution | None,
) -> np.ndarray:
    """Distinct traits of every bin in every permutation: int64 [n_perm, n_bins]."""
    loci, genes = rule.loci, rule.trait_table
    bin_of_locus = bins.of(loci.chr, _middles(loci, bins.unit))

    def work(first: int) -> np.ndarray:
        last = min(first + PERMUTATIONS_PER_TASK, n_perm)
        counts = np.empty((last - first, len(bins)), dtype=np.int64)
        for row, replicate in enumerate(range(first + 1, last + 1)):
            trait, locus = rule.permuted(shared_order(seed, replicate, n_samples, rule.groups))
            if kind != "all":
                local = is_local(loci, locus, genes.iloc[trait], window_bp=local_window_bp)
                kept = local == (kind == "local")
                trait, locus = trait[kept], locus[kept]
            counts[row] = bins.counts(trait, bin_of_locus[locus])
        return counts

    tasks = range(0, n_perm, PERMUTATIONS_PER_TASK)
    stage = f"{n_perm} permutations"
    parts = list(run_tasks(work, tasks, execution=execution, stage=stage)) if n_perm else []
    return np.concatenate([np.empty((0, len(bins)), dtype=np.int64), *parts])


def _bin_table(
    bins: GenomeBins, counted: pd.DataFrame, per_bin: np.ndarray, *, alpha: float
) -> pd.DataFrame:
    codes = pd.factorize(counted["trait"])[0].astype(np.int64)
    loci = pd.factorize(counted["locus"])[0].astype(np.int64)
    of = counted["bin"].to_numpy(dtype=np.int64)
    n_traits = bins.counts(codes, of)
    uniform, p_value = _uniform(bins, len(counted), n_traits, alpha)
    permutation = np.nan
    p_adjusted = np.full(len(bins), np.nan)
    if len(per_bin):
        largest = per_bin.max(axis=1)
        permutation = _smallest_significant(largest, alpha)
        p_adjusted = (1.0 + _at_least(largest, n_traits)) / (1.0 + len(largest))
        pooled = _at_least(per_bin.reshape(-1), n_traits) / per_bin.size
        p_value = np.maximum(p_value, np.maximum(pooled, 1.0 / per_bin.size))
    threshold = np.fmax(uniform, permutation)
    return pd.DataFrame(
        {
            "chr": pd.Series(bins.chr, dtype=object),
            f"start_{bins.unit}": bins.start,
            f"end_{bins.unit}": bins.end,
            "n_traits": n_traits,
            "n_loci": bins.counts(loci, of),
            "expected": len(counted) * bins.share,
            "threshold": threshold,
            "p_value": p_value,
            "q_value": q_values(p_value, pi0=1.0),
            "significant": n_traits >= threshold,
            "threshold_uniform": uniform,
            "threshold_permutation": permutation,
            "p_adjusted": p_adjusted,
        }
    )


def _at_least(null: np.ndarray, count: np.ndarray) -> np.ndarray:
    """How many of the null counts reach each count."""
    null = np.sort(null)
    return len(null) - np.searchsorted(null, count, side="left")


def _smallest_significant(largest: np.ndarray, alpha: float) -> float:
    """Smallest count c >= 1 with (1 + #{largest >= c}) / (1 + B) <= alpha."""
    most_above = int(np.floor(alpha * (1 + len(largest)) + 1e-9)) - 1
    # c must exceed the (most_above + 1)-th largest.
    return float(max(1, np.sort(largest)[::-1][most_above] + 1))


def _uniform(
    bins: GenomeBins, n_linkages: int, count: np.ndarray, alpha: float
) -> tuple[np.ndarray, np.ndarray]:
    """Smallest significant count of every bin under uniform scatter, and p-values of the counts."""
    from scipy import special

    def tail(c: np.ndarray) -> np.ndarray:
        # Pr(Binomial(N, s) >= c); betainc has no value at c = 0 or beyond N.
        inside = (c >= 1) & (c <= n_linkages)
        safe = np.where(inside, c, 1)
        p = special.betainc(safe, np.maximum(n_linkages - safe + 1, 1), bins.share)
        return np.where(c < 1, 1.0, np.where(inside, p, 0.0))

    threshold = np.ones(len(bins), dtype=np.int64)
    while (short := tail(threshold) * len(bins) > alpha).any():
        threshold[short] += 1
    p = np.clip(tail(count), np.finfo(np.float64).tiny, 1.0)
    return threshold.astype(np.float64), p
