"""Genotypes as probabilities: what markers, the map and the cross type say of every place."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from crossmap.arguments import require_whole
from crossmap.cross import Cross
from crossmap.errors import ArgumentError, DataError
from crossmap.execution import Execution, run_tasks
from crossmap.genome import MapFunction
from crossmap.genotypes.chains import impossible_calls
from crossmap.genotypes.positions import scan_positions
from crossmap.genotypes.stretches import Stretch, look_for_calls, require_error_prob, stretches
from crossmap.genotypes.x_chromosome import is_x
from crossmap.kernels import hmm as kernels

STAGE = "genotype probabilities"


@dataclass(frozen=True, eq=False)
class GenotypeProbabilities:
    """Probabilities of the genotypes at markers and between them.

    Parameters
    ----------
    positions
        marker, chr, pos_bp, pos_cm, row (of the marker in the cross, -1 between markers).
    probability
        float64 [G, n_positions, n_samples]: sums to 1 over the G genotypes.
    samples, genotype_names, crosstype
        As in the cross.
    step, error_prob, map_function
        How they were computed.
    stretches
        The chromosomes they were computed from.
    """

    positions: pd.DataFrame
    probability: np.ndarray
    samples: tuple[str, ...]
    genotype_names: tuple[str, ...]
    crosstype: str
    step: float
    error_prob: float
    map_function: MapFunction
    stretches: tuple[Stretch, ...]

    def __len__(self) -> int:
        return len(self.positions)

    @property
    def most_probable(self) -> np.ndarray:
        """Most probable genotype of each sample at each position: int8 [n_positions, n_samples]."""
        return self.probability.argmax(axis=0).astype(np.int8)

    @property
    def dosage(self) -> np.ndarray:
        """Expected number of alleles of the second parent: float64 [n_positions, n_samples]."""
        if len(self.probability) == 2:
            return self.probability[1]
        one, two = self.probability[1:]
        expected: np.ndarray = one + 2.0 * two
        return expected

    def to_frame(self) -> pd.DataFrame:
        """One row per position and sample: marker, chr, pos_cm, sample, then each genotype."""
        n_positions, n = self.probability.shape[1:]
        at = np.repeat(np.arange(n_positions), n)
        table = self.positions[["marker", "chr", "pos_cm"]].iloc[at].reset_index(drop=True)
        table["sample"] = np.tile(np.array(self.samples, dtype=object), n_positions)
        for name, values in zip(self.genotype_names, self.probability, strict=True):
            table[name] = values.reshape(-1)
        return table


def genotype_probabilities(
    cross: Cross,
    *,
    step: float = 0.0,
    error_prob: float = 1e-4,
    map_function: MapFunction = "haldane",
    cm_per_mb: float | None = None,
    execution: Execution | None = None,
) -> GenotypeProbabilities:
    """Probabilities of the genotypes of every sample, given all calls of the chromosome.

    Parameters
    ----------
    cross
        Any cross; calls may be missing or dominant. On X, an F2 needs a covariate ``sex``.
    step
        Centimorgans between pseudomarkers; 0 for markers alone.
    error_prob
        Probability that a call is wrong.
    map_function
        ``haldane``, ``kosambi``, ``carter_falconer`` or ``morgan``.
    cm_per_mb
        Centimorgans per megabase, for markers with a place in base pairs alone.
    execution
        Threads and progress; never changes a result.

    Returns
    -------
    GenotypeProbabilities

    Warns
    -----
    CrossmapWarning
        If calls on X are none that sex and direction allow; they count as missing. If a sample or
        a chromosome has no call at all. If a map in centimorgans has gaps, which are filled as
        `crossmap.genotypes.positions.genetic_map` says.

    Raises
    ------
    ArgumentError
        For an option out of range.
    DataError
        Without a genetic map or a rate; if there is no call at all; if sex is needed and unknown;
        if `error_prob` is 0 and the calls of a sample contradict each other.

    References
    ----------
    Lander & Green (1987) PNAS 84:2363; Lincoln & Lander (1992) Genomics 14:604 (errors).

    Examples
    --------
    >>> from crossmap import genotype_probabilities, simulate_cross
    >>> cross = simulate_cross(n_samples=20, n_markers=40, n_traits=2).cross
    >>> found = genotype_probabilities(cross, step=5)
    >>> found.probability.shape[0], bool((found.probability.sum(axis=0).round(9) == 1).all())
    (2, True)
    """
    require_error_prob(error_prob)
    positions = scan_positions(cross, step=step, cm_per_mb=cm_per_mb)
    look_for_calls(cross)
    shape = (cross.n_genotypes, len(positions), cross.n_samples)
    probability = np.zeros(shape)
    found = list(stretches(cross, positions, error_prob=error_prob, map_function=map_function))
    work = partial(_states, out=probability)
    for block, likelihood in _block_by_block(work, found, execution, STAGE):
        _require_possible(block, likelihood, cross, positions)
    return GenotypeProbabilities(
        positions=positions,
        probability=probability,
        samples=cross.samples,
        genotype_names=cross.genotype_names,
        crosstype=cross.crosstype,
        step=float(step),
        error_prob=float(error_prob),
        map_function=map_function,
        stretches=tuple(found),
    )


def _block_by_block(
    work: Callable[[Stretch], np.ndarray],
    found: Iterable[Stretch],
    execution: Execution | None,
    stage: str,
) -> Iterator[tuple[Stretch, np.ndarray]]:
    """Blocks of the stretches, and what `work` makes of each."""
    blocks = [block for stretch in found for block in stretch.blocks()]
    results = run_tasks(work, blocks, execution=execution, stage=stage)
    return zip(blocks, results, strict=True)


def _states(block: Stretch, *, out: np.ndarray) -> np.ndarray:
    """Put the probabilities of one block in their places; give its log likelihoods."""
    m, n = block.observed.shape
    state = np.empty((m, len(block.chain.classes), n))
    likelihood = np.empty(n)
    kernels.state_probabilities(block.observed, *block.model, likelihood, state)
    for k, genotype in enumerate(block.chain.classes):
        # A block of neighbours is a slice: indexing by an array would copy it twice.
        if block.samples[-1] - block.samples[0] == n - 1:
            place = slice(int(block.samples[0]), int(block.samples[-1]) + 1)
            out[genotype, block.rows, place] = state[:, k]
        else:
            out[genotype, block.rows.start : block.rows.stop, block.samples] = state[:, k].T
    return likelihood


def _require_possible(
    block: Stretch, likelihood: np.ndarray, cross: Cross, positions: pd.DataFrame
) -> None:
    wrong = np.flatnonzero(~np.isfinite(likelihood))
    if len(wrong):
        sample = cross.samples[block.samples[wrong[0]]]
        chromosome = positions["chr"][block.rows.start]
        msg = (
            f"sample {sample}, chromosome {chromosome}: expected calls that can occur together "
            "without errors, found some that cannot (an error_prob above 0 permits them)"
        )
        raise DataError(msg)


def viterbi_genotypes(
    cross: Cross,
    *,
    step: float = 0.0,
    error_prob: float = 1e-4,
    map_function: MapFunction = "haldane",
    cm_per_mb: float | None = None,
    execution: Execution | None = None,
) -> tuple[pd.DataFrame, np.ndarray]:
    """Find the most probable sequence of genotypes along each chromosome of each sample.

    Parameters
    ----------
    cross, step, error_prob, map_function, cm_per_mb, execution
        As in `genotype_probabilities`.

    Returns
    -------
    positions : pandas.DataFrame
        As in `GenotypeProbabilities`.
    genotypes : numpy.ndarray
        int8 [n_positions, n_samples]. Of equally probable sequences one of lower genotypes.

    Warns
    -----
    CrossmapWarning
        As `genotype_probabilities`.

    Raises
    ------
    ArgumentError, DataError
        As `genotype_probabilities`.

    Examples
    --------
    >>> from crossmap import simulate_cross, viterbi_genotypes
    >>> cross = simulate_cross(n_samples=20, n_markers=40, n_traits=2).cross
    >>> _, genotypes = viterbi_genotypes(cross)
    >>> bool((genotypes == cross.genotypes).all())
    True
    """
    require_error_prob(error_prob)
    positions = scan_positions(cross, step=step, cm_per_mb=cm_per_mb)
    look_for_calls(cross)
    genotypes = np.empty((len(positions), cross.n_samples), dtype=np.int8)

    def work(block: Stretch) -> np.ndarray:
        path = np.empty(block.observed.shape, dtype=np.int8)
        with np.errstate(divide="ignore"):
            logs = [np.log(part) for part in block.model]
        kernels.best_path(block.observed, *logs, path)
        return np.array(block.chain.classes, dtype=np.int8)[path]

    found = stretches(cross, positions, error_prob=error_prob, map_function=map_function)
    for block, path in _block_by_block(work, found, execution, "Viterbi"):
        genotypes[block.rows.start : block.rows.stop, block.samples] = path
    return positions, genotypes


def draw_genotypes(
    cross: Cross,
    *,
    n_draws: int,
    seed: int = 1,
    step: float = 0.0,
    error_prob: float = 1e-4,
    map_function: MapFunction = "haldane",
    cm_per_mb: float | None = None,
    execution: Execution | None = None,
) -> tuple[pd.DataFrame, np.ndarray]:
    """Draw genotypes from their joint distribution along each chromosome, given the calls.

    Parameters
    ----------
    cross
        Any cross.
    n_draws
        How often.
    seed
        A whole number of at least 0. What is drawn for a sample on a chromosome depends on it,
        their names and the draw alone.
    step, error_prob, map_function, cm_per_mb, execution
        As in `genotype_probabilities`.

    Returns
    -------
    positions : pandas.DataFrame
        As in `GenotypeProbabilities`.
    genotypes : numpy.ndarray
        int8 [n_draws, n_positions, n_samples].

    Warns
    -----
    CrossmapWarning
        As `genotype_probabilities`.

    Raises
    ------
    ArgumentError, DataError
        As `genotype_probabilities`.

    Examples
    --------
    >>> from crossmap import draw_genotypes, simulate_cross
    >>> cross = simulate_cross(n_samples=20, n_markers=40, n_traits=2).cross
    >>> draw_genotypes(cross, n_draws=3)[1].shape
    (3, 40, 20)
    """
    require_whole("n_draws", n_draws, least=1)
    require_whole("seed", seed, least=0)
    require_error_prob(error_prob)
    positions = scan_positions(cross, step=step, cm_per_mb=cm_per_mb)
    look_for_calls(cross)
    genotypes = np.empty((n_draws, len(positions), cross.n_samples), dtype=np.int8)

    def work(block: Stretch) -> np.ndarray:
        steps = block.posterior_steps()
        m, n = block.observed.shape
        chromosome = positions["chr"][block.rows.start]
        # float64 [n, n_draws, m]
        uniform = np.array(
            [
                _stream(seed, chromosome, cross.samples[i]).random((n_draws, m))
                for i in block.samples
            ]
        )
        drawn = np.empty((n_draws, m, n), dtype=np.int8)
        for d in range(n_draws):
            kernels.draw_states(steps, np.ascontiguousarray(uniform[:, d].T), drawn[d])
        return np.array(block.chain.classes, dtype=np.int8)[drawn]

    found = stretches(cross, positions, error_prob=error_prob, map_function=map_function)
    for block, drawn in _block_by_block(work, found, execution, "draws"):
        genotypes[:, block.rows.start : block.rows.stop, block.samples] = drawn
    return positions, genotypes


def _stream(seed: int, chromosome: str, sample: str) -> np.random.Generator:
    text = f"crossmap/draw/{seed}/{chromosome}/{sample}".encode()
    key = int.from_bytes(hashlib.blake2b(text, digest_size=16).digest(), "little")
    return np.random.Generator(np.random.Philox(key=key))


def error_lods(
    cross: Cross,
    *,
    error_prob: float = 0.01,
    map_function: MapFunction = "haldane",
    cm_per_mb: float | None = None,
    execution: Execution | None = None,
) -> np.ndarray:
    """Evidence that each call is wrong.

    Parameters
    ----------
    cross
        Any cross.
    error_prob
        Probability that a call is wrong before others are looked at, above 0.
    map_function, cm_per_mb, execution
        As in `genotype_probabilities`.

    Returns
    -------
    numpy.ndarray
        float64 [n_markers, n_samples]: log10 of the odds of an error given all calls of the
        chromosome, over those without; NaN where there is no call, or one on X that sex and
        direction of the cross do not allow. Above 4: look at it.

    Notes
    -----
    A dominant call (not BB) is wrong with half of `error_prob` before others are looked at: it
    stands for a call AA or AB, whose other two genotypes are alike likely where it is wrong, and
    rules out one of them.

    Other calls may be wrong too, each with `error_prob`, so that the odds are those of the call
    being wrong. Of two calls at one place that differ each is wrong with probability one half and
    has a LOD near log10((1 - error_prob) / error_prob), 2 by default, however surely one of them is
    wrong: `crossmap check` names such pairs by the error LOD of the two together. R/qtl's
    ``calc.errorlod(version="old")`` computes the same; its ``version="new"`` takes all other calls
    to be right, whatever the error probability, which gives right calls beside a wrong one LODs
    without limit the nearer they are.

    Raises
    ------
    ArgumentError, DataError
        As `genotype_probabilities`; also if `error_prob` is 0.

    References
    ----------
    Lincoln & Lander (1992) Genomics 14:604.

    Examples
    --------
    >>> from crossmap import error_lods, simulate_cross
    >>> cross = simulate_cross(n_samples=50, n_markers=200, n_traits=2).cross
    >>> error_lods(cross).shape
    (200, 50)
    """
    require_error_prob(error_prob)
    if error_prob == 0:
        msg = f"error_prob: expected a number above 0 and below 0.5, found {error_prob!r}"
        raise ArgumentError(msg)
    found = genotype_probabilities(
        cross,
        error_prob=error_prob,
        map_function=map_function,
        cm_per_mb=cm_per_mb,
        execution=execution,
    )
    right = np.full(cross.genotypes.shape, np.nan)
    is_possible = ~impossible_calls(cross)
    for genotype, probability in enumerate(found.probability):
        np.copyto(right, probability, where=is_possible & (cross.genotypes == genotype))
        if cross.ruled_out is not None:
            np.copyto(right, 1.0 - probability, where=is_possible & (cross.ruled_out == genotype))
    wrong = np.full(cross.genotypes.shape, error_prob)
    if cross.ruled_out is not None:
        on_autosome = ~cross.markers["chr"].map(is_x).to_numpy(dtype=np.bool_)
        wrong[(cross.ruled_out >= 0) & on_autosome[:, None]] /= 2.0
    with np.errstate(divide="ignore"):
        odds = np.log10(1.0 - right) - np.log10(right)
    lods: np.ndarray = odds + np.log10((1.0 - wrong) / wrong)
    return lods
