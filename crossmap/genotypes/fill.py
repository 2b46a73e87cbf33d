"""Hard calls in the place of missing ones: the fast way through crosses with few of them."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from crossmap.arguments import require_number
from crossmap.cross import Cross, IngestReport
from crossmap.errors import DataError
from crossmap.execution import Execution
from crossmap.genome import MapFunction
from crossmap.genotypes.hmm import genotype_probabilities

SURE = 0.95
"""Probability below which a filled call is counted as unsure."""

MOST_WRONG = 0.02
"""Share of all calls that may be expected to be wrong. With 1% in the simulations of
`data/missing_calls.tsv` joint linkage makes no more false claims than with all calls, of linkage
and of place; with 3% it finds a twentieth fewer loci than by probabilities and misplaces more, with
7% a tenth fewer."""


@dataclass(frozen=True, eq=False)
class Filled:
    """A cross whose missing calls were filled, and how surely.

    Parameters
    ----------
    cross
        The cross; calls that were there are as they were.
    markers
        marker, chr, n_missing (dominant calls among them), n_filled, n_unsure (filled with a
        probability below `SURE`), expected_wrong (of those filled).
    samples
        sample, and the same counts.
    min_probability, error_prob
        As asked for.
    """

    cross: Cross
    markers: pd.DataFrame
    samples: pd.DataFrame
    min_probability: float
    error_prob: float

    @property
    def n_missing(self) -> int:
        """Calls that were missing or dominant."""
        return int(self.markers["n_missing"].sum())

    @property
    def n_filled(self) -> int:
        """Calls filled."""
        return int(self.markers["n_filled"].sum())

    @property
    def n_unsure(self) -> int:
        """Calls filled with a probability below `SURE`."""
        return int(self.markers["n_unsure"].sum())

    @property
    def expected_wrong(self) -> float:
        """Expected number of filled calls that are wrong: the sum of 1 - probability."""
        return float(self.markers["expected_wrong"].sum())

    def summary(self) -> dict[str, object]:
        """Numbers of the run."""
        return {
            "n_calls": self.cross.genotypes.size,
            "n_missing": self.n_missing,
            "n_filled": self.n_filled,
            "n_unsure": self.n_unsure,
            "n_left": self.n_missing - self.n_filled,
            "expected_wrong": self.expected_wrong,
            "min_probability": self.min_probability,
            "error_prob": self.error_prob,
        }


def fill(
    cross: Cross,
    *,
    min_probability: float = 0.0,
    max_wrong: float = MOST_WRONG,
    error_prob: float = 1e-4,
    map_function: MapFunction = "haldane",
    cm_per_mb: float | None = None,
    execution: Execution | None = None,
) -> Filled:
    """Fill missing calls with the most probable genotype, given all calls of the chromosome.

    Of two genotypes, every analysis of complete calls can use the result; of three (F2) only those
    that take such calls (`scan1` and `permute` do; `joint_linkage`, `scan2`, `compare`, `fit`
    and others refuse them, filled or not). It takes a filled call for a certain one; where
    many are missing, or markers stand far apart, and in an F2, analyse genotype probabilities
    instead (`genotype_probabilities=True`).

    Parameters
    ----------
    cross
        Any cross. Dominant calls of an F2 are filled too.
    min_probability
        Least probability of a call that is filled; the others stay missing. 0 fills all.
    max_wrong
        Largest share of all calls that may be expected to be wrong afterwards. Past the default
        of 2% loci are lost and misplaced; 1 fills whatever is missing.
    error_prob, map_function, cm_per_mb, execution
        As in `crossmap.genotype_probabilities`.

    Returns
    -------
    Filled

    Raises
    ------
    ArgumentError, DataError
        As `crossmap.genotype_probabilities`.
    DataError
        If more than `max_wrong` of all calls are expected to be wrong afterwards.

    Examples
    --------
    >>> import numpy as np
    >>> from dataclasses import replace
    >>> from crossmap import fill, simulate_cross
    >>> cross = simulate_cross(n_samples=50, n_markers=300, n_traits=2).cross
    >>> calls = cross.genotypes.copy()
    >>> calls[100, :5] = -1
    >>> filled = fill(replace(cross, genotypes=calls))
    >>> filled.n_filled, bool((filled.cross.genotypes >= 0).all())
    (5, True)
    """
    require_number("min_probability", min_probability, least=0.0, most=1.0)
    require_number("max_wrong", max_wrong, least=0.0, most=1.0)
    missing = cross.genotypes < 0
    found = genotype_probabilities(
        cross,
        error_prob=error_prob,
        map_function=map_function,
        cm_per_mb=cm_per_mb,
        execution=execution,
    )
    best, surest = found.most_probable, found.probability.max(axis=0)
    is_filled = missing & (surest >= min_probability)
    genotypes = np.where(is_filled, best, cross.genotypes)
    doubt = np.where(is_filled, 1.0 - surest, 0.0)
    is_unsure = is_filled & (surest < SURE)
    ruled_out = cross.ruled_out
    if ruled_out is not None:
        ruled_out = np.where(is_filled, np.int8(-1), ruled_out)
        ruled_out = ruled_out if (ruled_out >= 0).any() else None

    def counts(axis: int) -> dict[str, np.ndarray]:
        return {
            "n_missing": missing.sum(axis=axis),
            "n_filled": is_filled.sum(axis=axis),
            "n_unsure": is_unsure.sum(axis=axis),
            "expected_wrong": doubt.sum(axis=axis),
        }

    wrong = float(doubt.sum() / doubt.size) if doubt.size else 0.0
    if wrong > max_wrong:
        msg = (
            f"genotypes: expected at most {100 * max_wrong:.3g}% of all calls to be wrong once "
            f"missing ones are filled (max_wrong), found {100 * wrong:.3g}%: loci would be lost "
            "and misplaced; analyse genotype probabilities instead (genotype_probabilities=True, "
            "--genotype-probabilities)"
        )
        raise DataError(msg)
    note = f"{int(is_filled.sum())} of {int(missing.sum())} missing genotype calls were filled"
    report: IngestReport = replace(cross.report, notes=(*cross.report.notes, note))
    return Filled(
        cross=replace(cross, genotypes=genotypes, ruled_out=ruled_out, report=report),
        markers=cross.markers[["marker", "chr"]].assign(**counts(1)),
        samples=pd.DataFrame({"sample": pd.Series(cross.samples, dtype=object), **counts(0)}),
        min_probability=float(min_probability),
        error_prob=float(error_prob),
    )
