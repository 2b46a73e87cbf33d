"""Where the loci of called traits lie: intervals, and how sure it is that a place is right."""

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd

from crossmap.arguments import require_number
from crossmap.cross import Cross
from crossmap.errors import CrossmapWarning
from crossmap.genome import WITHIN_CM, Unit
from crossmap.genotypes.loci import Loci
from crossmap.linkage.curves import lod_curves
from crossmap.linkage.intervals import bayes_interval, probability_near
from crossmap.linkage.search_traits import search_traits
from crossmap.linkage.sequential import SequentialSearch
from crossmap.significance.fdr import posterior_q_values
from crossmap.significance.joint import JointLinkage

MOST_BARRED = 0.3

NOT_ELIGIBLE = -1e6
"""LOD of a locus that could not have been chosen: its stretch has probability 0, and its neighbours
do not grow into it."""


@dataclass(frozen=True, eq=False)
class LocatedLoci:
    """Places of the loci of called traits.

    Parameters
    ----------
    table
        One row per called trait, the most probable first: trait, for every locus l lo{l}_bp and
        hi{l}_bp (lo{l}_cm, hi{l}_cm where the map has cM), its interval, and near{l}, the
        probability that a locus which is linked lies within `within_cm` of the place named; then
        located_prob, the joint probability times all of these, and located_q, the smallest share of
        claims expected to be false or misplaced in a set that holds the trait. Without cM in the
        map near{l}, located_prob and located_q are NaN.
    fdr, within_cm, prob
        As asked for.
    misplaced
        Share of the called traits expected to name a place further than `within_cm` from the locus
        it stands for, all their loci being linked; NaN without calls or without cM.
    gap_cm
        Mean width of the gap between distinct loci that a random place lies in; NaN without cM.
    barred
        Share of the loci on the chromosomes of those named that could not have been chosen, given
        the other loci of the trait; they are taken not to be the place. NaN without calls.
    """

    table: pd.DataFrame
    fdr: float
    within_cm: float
    prob: float
    misplaced: float
    gap_cm: float
    barred: float

    def to_frame(self) -> pd.DataFrame:
        """One row per called trait, the most probable first."""
        return self.table.copy()

    @property
    def n_located(self) -> int:
        """How many are called with their places at `fdr`."""
        return int((self.table["located_q"] <= self.fdr).sum())

    @property
    def limits(self) -> tuple[str, ...]:
        """Sentences without their full stops where places are less sure than linkage."""
        found: list[str] = []
        rate = f"{100 * self.fdr:.3g}%"
        if self.misplaced > self.fdr:
            why = ""
            if self.gap_cm > self.within_cm:
                why = f" (a place lies in a gap of {self.gap_cm:.0f} cM, on average)"
            found.append(
                f"of the traits called at {rate}, {100 * self.misplaced:.2g}% are expected to be "
                f"linked but with a locus named more than {self.within_cm:g} cM from its place"
                f"{why}, which that rate does not count; located_q counts both ({self.n_located:,} "
                f"traits at {rate})"
            )
        if self.barred > MOST_BARRED:
            found.append(
                f"{self.barred:.0%} of the places on the chromosomes of the loci called could not "
                "be chosen (genotype combinations too small); intervals and located_q take the "
                "locus to lie elsewhere"
            )
        return tuple(found)

    @property
    def unit(self) -> Unit:
        """Of `median_width`: cM where the map has them."""
        return "cm" if "lo1_cm" in self.table else "bp"

    @property
    def median_width(self) -> float:
        """Median width of all intervals; NaN without calls."""
        ends = [f"{end}(.*)_{self.unit}$" for end in ("^hi", "^lo")]
        high, low = (self.table.filter(regex=end).to_numpy() for end in ends)
        return float(np.median(high - low)) if high.size else np.nan

    def summary(self) -> dict[str, object]:
        """Numbers for summary.json; None where there are none."""
        numbers = {"misplaced": self.misplaced, f"median_width_{self.unit}": self.median_width}
        return {
            "within_cm": self.within_cm,
            "interval_prob": self.prob,
            "n_located": self.n_located,
            **{name: None if np.isnan(value) else value for name, value in numbers.items()},
        }


def locate_loci(
    joint: JointLinkage,
    cross: Cross,
    *,
    fdr: float = 0.10,
    within_cm: float = WITHIN_CM,
    prob: float = 0.95,
) -> LocatedLoci:
    """Say how well the places of the loci of called traits are known.

    A joint-linkage FDR is about linkage: a true locus of the chromosome, however far the peak has
    strayed from it, makes no false claim. With some hundred samples one peak in a hundred lies more
    than 20 cM away, which matters where the FDR asked for is as small as that.

    Parameters
    ----------
    joint
        What `joint_linkage` returned.
    cross
        The cross that was analysed.
    fdr
        Joint-linkage false discovery rate at which traits are called.
    within_cm
        How near the true locus has to be for a place to be right.
    prob
        Probability of the intervals.

    Returns
    -------
    LocatedLoci

    Warns
    -----
    CrossmapWarning
        If more than `fdr` of the called traits are expected to be linked and misplaced; or if many
        places on their chromosomes could not be chosen.

    Raises
    ------
    ArgumentError
        For an option out of range.

    Notes
    -----
    A locus' LOD is taken given all other loci of its trait, under the models of the search, and the
    locus lies anywhere on the chromosome alike beforehand: probabilities are proportional to 10^LOD
    times the width of the stretch that a distinct locus stands for, 0 where it could not have been
    chosen. Intervals reach out to the loci
    beyond, since the place may lie between two.

    References
    ----------
    Sen & Churchill (2001) Genetics 159:371.

    Examples
    --------
    >>> from crossmap import joint_linkage, simulate_cross
    >>> cross = simulate_cross(n_samples=100, n_traits=200, n_markers=1200, seed=1).cross
    >>> joint = joint_linkage(cross)
    >>> located = locate_loci(joint, cross)
    >>> located.n_located < len(located.table) == len(joint.called())
    True
    """
    require_number("fdr", fdr, least=0.0, most=1.0)
    require_number("within_cm", within_cm, least=0.0)
    require_number("prob", prob, least=0.0, most=1.0)
    search = joint.search
    row_of = {name: row for row, name in enumerate(search.traits)}
    rows = np.array([row_of[name] for name in joint.called(fdr)["trait"]], dtype=np.int64)
    values = search_traits(cross, joint.covariates).values[rows]
    chosen = search.locus[rows]
    columns: dict[str, object] = {
        "trait": pd.Series(np.array(search.traits, dtype=object)[rows], dtype=object)
    }
    located = joint.joint_prob[rows]
    barred = np.zeros(2)
    for locus in range(joint.n_loci):
        lod = _curves_given_others(values, search, chosen, locus)
        own = search.loci.chr_index == search.loci.chr_index[chosen[:, [locus]]]
        barred += [np.isnan(lod[own]).sum(), own.sum()]
        ends, near = _places(lod, search.loci, chosen[:, locus], within_cm=within_cm, prob=prob)
        for unit, place in ends.items():
            columns[f"lo{locus + 1}_{unit}"], columns[f"hi{locus + 1}_{unit}"] = place.T
        columns[f"near{locus + 1}"] = near
        located = located * near
    known = not np.isnan(located).any()
    columns["located_prob"] = located
    columns["located_q"] = posterior_q_values(located) if known else located
    misplaced = joint.joint_prob[rows] - located
    result = LocatedLoci(
        table=pd.DataFrame(columns),
        fdr=float(fdr),
        within_cm=float(within_cm),
        prob=float(prob),
        misplaced=float(np.sort(misplaced).mean()) if len(rows) else np.nan,
        gap_cm=_gap_of_a_place(search.loci),
        barred=float(barred[0] / barred[1]) if barred[1] else np.nan,
    )
    for limit in result.limits:
        warnings.warn(limit, CrossmapWarning, stacklevel=2)
    return result


def _gap_of_a_place(loci: Loci) -> float:
    order = np.lexsort((loci.start_cm, loci.chr_index))
    gaps = np.diff(loci.start_cm[order])[np.diff(loci.chr_index[order]) == 0]
    return float((gaps**2).sum() / gaps.sum()) if (gaps > 0).any() else np.nan


def _curves_given_others(
    values: np.ndarray, search: SequentialSearch, chosen: np.ndarray, locus: int
) -> np.ndarray:
    """LOD of one of the loci of each trait given all others: float64 [n, n_loci]."""
    others = np.delete(chosen, locus, axis=1)
    lod = lod_curves(values, search.loci, others, options=search.options)
    # In another order genotype combinations may be too small for the locus named.
    barred = np.isnan(lod[np.arange(len(lod)), chosen[:, locus]])
    if barred.any():
        before = chosen[barred, :locus]
        lod[barred] = lod_curves(values[barred], search.loci, before, options=search.options)
    return lod


def _places(
    lod: np.ndarray, loci: Loci, locus: np.ndarray, *, within_cm: float, prob: float
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Ends of intervals, unit -> float64 [n, 2], and the probability near, of one locus each."""
    units = [unit for unit in ("bp", "cm") if not np.isnan(getattr(loci, f"start_{unit}")).any()]
    ends = {unit: np.full((len(locus), 2), np.nan) for unit in units}
    near = np.full(len(locus), np.nan)
    unit = "cm" if "cm" in units else "bp"
    middle = (getattr(loci, f"start_{unit}") + getattr(loci, f"end_{unit}")) / 2.0
    for row, best in enumerate(locus):
        on = np.flatnonzero(loci.chr_index == loci.chr_index[best])
        on = on[np.argsort(middle[on], kind="stable")]
        curve = np.where(np.isnan(lod[row, on]), NOT_ELIGIBLE, lod[row, on])
        with np.errstate(invalid="ignore"):  # an exact fit has an infinite LOD
            found = bayes_interval(curve, middle[on], prob=prob, ends="between")
            if unit == "cm":
                near[row] = probability_near(
                    curve, middle[on], place=middle[best], within=within_cm
                )
        low, high = on[found.low], on[found.high]
        for name in units:
            start, end = getattr(loci, f"start_{name}"), getattr(loci, f"end_{name}")
            ends[name][row] = min(start[low], start[best]), max(end[high], end[best])
    return ends, near
