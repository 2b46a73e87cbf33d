"""Neighbouring calls of a sample that cannot both be right, whichever of them is wrong."""

import numpy as np
import pandas as pd

from crossmap.cross import Cross
from crossmap.execution import Execution, run_tasks
from crossmap.genotypes.positions import scan_positions
from crossmap.genotypes.stretches import Stretch, stretches

COLUMNS = ("marker1", "marker2", "chr", "sample", "genotype1", "genotype2", "error_lod",
           "prob_wrong1", "prob_wrong2")  # fmt: skip

SURELY = 0.95
"""Probability of one call being wrong from which it is told which of the two it is."""


def contradictions(
    cross: Cross,
    *,
    above: float,
    error_prob: float = 0.01,
    cm_per_mb: float | None = None,
    execution: Execution | None = None,
) -> pd.DataFrame:
    """Find neighbouring calls of which one at least must be wrong.

    Two calls at one place that differ share the blame: each is wrong with probability one half, so
    that neither has an error LOD much above log10((1 - error_prob) / error_prob). Of the two
    together there is no doubt.

    Parameters
    ----------
    cross
        A cross with a genetic map, or one in base pairs and a rate.
    above
        Error LOD of a pair that is reported.
    error_prob
        Probability that a call is wrong before others are looked at, above 0.
    cm_per_mb, execution
        As in `crossmap.genotype_probabilities`.

    Returns
    -------
    pandas.DataFrame
        One row per pair of successive calls of a sample that are not the same (of dominant calls:
        that no genotype satisfies), the worst first: `COLUMNS`. error_lod is log10 of the odds that
        at least one is wrong given all calls of the chromosome, over those without; prob_wrong1 and
        prob_wrong2 are the probabilities of each being wrong, none above `SURELY`.

    Raises
    ------
    ArgumentError, DataError
        As `crossmap.genotype_probabilities`.

    References
    ----------
    Lincoln & Lander (1992) Genomics 14:604, for two calls instead of one.

    Examples
    --------
    >>> from crossmap.simulate import simulate_cross
    >>> cross = simulate_cross(n_samples=20, n_markers=60, n_traits=2).cross
    >>> len(contradictions(cross, above=4.0))
    0
    """
    positions = scan_positions(cross, step=0.0, cm_per_mb=cm_per_mb)
    found = stretches(cross, positions, error_prob=error_prob, map_function="haldane")
    blocks = [block for stretch in found for block in stretch.blocks()]
    right_before = (1.0 - error_prob) ** 2
    prior = np.log10((1.0 - right_before) / right_before)
    pairs: list[np.ndarray] = []
    measures: list[np.ndarray] = []
    tasks = run_tasks(_both_right, blocks, execution=execution, stage="contradicting calls")
    for block, (left, right, sample, both, wrong) in zip(blocks, tasks, strict=True):
        with np.errstate(divide="ignore"):
            lod = np.log10(1.0 - both) - np.log10(both) - prior
        kept = (lod > above) & (wrong.max(axis=0) <= SURELY)
        rows = np.stack([left, right]) + block.rows.start
        pairs.append(np.vstack([rows, block.samples[sample]])[:, kept])
        measures.append(np.vstack([lod, wrong])[:, kept])
    left, right, sample = np.hstack([np.zeros((3, 0), dtype=np.int64), *pairs])
    measured = np.hstack([np.zeros((3, 0)), *measures])
    order = np.lexsort((sample, left, -measured[0]))
    left, right, sample, measured = left[order], right[order], sample[order], measured[:, order]
    names = cross.markers["marker"].to_numpy(dtype=object)
    genotypes = np.array([*cross.genotype_names, "dominant"], dtype=object)
    values = (
        names[left], names[right], cross.markers["chr"].to_numpy(dtype=object)[left],
        np.array(cross.samples, dtype=object)[sample], genotypes[cross.genotypes[left, sample]],
        genotypes[cross.genotypes[right, sample]],
    )  # fmt: skip
    columns = [pd.Series(v, dtype=object) for v in values] + [pd.Series(v) for v in measured]
    return pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)))


def _both_right(block: Stretch) -> tuple[np.ndarray, ...]:
    """Successive calls that differ: rows, rows, samples, Pr(both right), Pr(each wrong) [2, c].

    Right are the genotypes that a call leaves, two of them where it is dominant. The chain given
    all calls stays a Markov chain, whose steps are carried from the one to the other.
    """
    fits = block.chain.emission(0.0) > 0.0  # [K, codes]
    left, right, sample = _successive(block.observed, fits)
    steps = block.posterior_steps()
    right_state = np.empty((len(steps), len(fits), len(block.samples)))  # 0 where it does not fit
    state = steps[0, 0]
    for j, seen in enumerate(block.observed):
        if j:
            state = np.einsum("hn,hkn->kn", state, steps[j])
        right_state[j] = state * fits[:, seen]
    given = right_state[left, :, sample]
    wrong = 1.0 - np.stack([right_state[end, :, sample].sum(axis=1) for end in (left, right)])
    for ahead in range(1, int((right - left).max(initial=0)) + 1):
        on = np.flatnonzero(right - left >= ahead)
        step = steps[left[on] + ahead, :, :, sample[on]]  # [c, K, K]
        given[on] = np.einsum("ch,chk->ck", given[on], step)
    both = (given * fits[:, block.observed[right, sample]].T).sum(axis=1)
    return left, right, sample, np.clip(both, 0.0, 1.0), np.clip(wrong, 0.0, 1.0)


def _successive(
    observed: np.ndarray, fits: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Calls and the sample's next ones, where no genotype satisfies both."""
    is_called = observed > 0
    row = np.where(is_called, np.arange(len(observed))[:, None], -1)
    before = np.full(row.shape, -1, dtype=np.int64)
    before[1:] = np.maximum.accumulate(row, axis=0)[:-1]
    right, sample = np.nonzero(is_called & (before >= 0))
    left = before[right, sample]
    agree = (fits[:, observed[left, sample]] & fits[:, observed[right, sample]]).any(axis=0)
    return left[~agree], right[~agree], sample[~agree]
