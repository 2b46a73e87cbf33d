"""Chromosomes of individuals that follow one chain, as the kernels see them."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from crossmap.arguments import is_number, require_usual
from crossmap.cross import Cross
from crossmap.errors import ArgumentError, CrossmapWarning, DataError
from crossmap.genome import MapFunction, recombination_fraction
from crossmap.genotypes.chains import Chain, call_codes, chain_groups, impossible_calls
from crossmap.genotypes.x_chromosome import warn_of_x
from crossmap.kernels import hmm as kernels

BLOCK = 64
"""Individuals side by side: their probabilities at a position stay in the first-level cache."""

CHAIN_DEFAULTS = {"step": 0, "error_prob": 1e-4, "map_function": "haldane", "cm_per_mb": None}
"""Of the options of genotype probabilities, in every analysis that has them."""


@dataclass(frozen=True, eq=False)
class Stretch:
    """One chromosome of some individuals, as the kernels see it.

    Parameters
    ----------
    rows
        slice of the positions.
    samples
        int64: the individuals.
    chain
        Their chain.
    observed
        uint8 [m, n]: codes as `crossmap.genotypes.chains.N_CODES` has them.
    r
        float64 [m]: recombination fraction from the position before; [0] is 0.
    error_prob
        Probability that a call is wrong.
    """

    rows: slice
    samples: np.ndarray
    chain: Chain
    observed: np.ndarray
    r: np.ndarray
    error_prob: float

    @property
    def model(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Initial probabilities, transitions and emissions."""
        return (
            np.array(self.chain.initial),
            self.chain.transition(self.r),
            self.chain.emission(self.error_prob),
        )

    def block(self, start: int) -> "Stretch":
        """Give `BLOCK` of the individuals."""
        cut = slice(start, start + BLOCK)
        return Stretch(
            self.rows, self.samples[cut], self.chain,
            np.ascontiguousarray(self.observed[:, cut]), self.r, self.error_prob,
        )  # fmt: skip

    def blocks(self) -> "list[Stretch]":
        """All individuals, `BLOCK` at a time."""
        return [self.block(start) for start in range(0, len(self.samples), BLOCK)]

    def posterior_steps(self) -> np.ndarray:
        """Transitions given all calls: float64 [m, K, K, n]."""
        n_states = len(self.chain.classes)
        steps = np.empty((len(self.observed), n_states, n_states, len(self.samples)))
        kernels.posterior_steps(self.observed, *self.model, steps)
        return steps


def require_error_prob(error_prob: float) -> None:
    """Refuse what is no error probability.

    Parameters
    ----------
    error_prob
        What was given.

    Raises
    ------
    ArgumentError
        If it is not at least 0 and below 0.5.
    """
    if not is_number(error_prob) or not 0.0 <= float(error_prob) < 0.5:
        msg = f"error_prob: expected a number of at least 0 and below 0.5, found {error_prob!r}"
        raise ArgumentError(msg)


def look_for_calls(cross: Cross) -> None:
    """Warn of samples and chromosomes of which nothing is known but the cross type.

    Parameters
    ----------
    cross
        Any cross.

    Warns
    -----
    CrossmapWarning
        If a sample, or a chromosome, has no call.

    Raises
    ------
    DataError
        If there is no call at all.
    """
    is_called = _is_called(cross)
    without = np.flatnonzero(~is_called.any(axis=0))
    if len(without) == cross.n_samples:
        msg = f"genotypes: expected calls, found none in any of {cross.n_samples} samples"
        raise DataError(msg)
    if len(without):
        names = cross.samples[without[0]]
        if len(without) > 1:
            names += f" and {len(without) - 1} more"
        warnings.warn(
            f"{len(without)} of {cross.n_samples} samples have no genotype call ({names}): all "
            "that is known of them is the cross type",
            CrossmapWarning,
            stacklevel=3,
        )
    called = set(cross.markers["chr"].to_numpy(dtype=object)[is_called.any(axis=1)])
    empty = [name for name in cross.chromosomes if name not in called]
    if empty:
        names = empty[0] + (f" and {len(empty) - 1} more" if len(empty) > 1 else "")
        warnings.warn(
            f"{len(empty)} of {len(cross.chromosomes)} chromosomes have no genotype call "
            f"({names}): all that is known of them is the cross type",
            CrossmapWarning,
            stacklevel=3,
        )


def warn_of_markers_without_calls(cross: Cross) -> None:
    """Warn of markers whose distances no call tells of.

    Parameters
    ----------
    cross
        Any cross.

    Warns
    -----
    CrossmapWarning
        If there are some.
    """
    without = np.flatnonzero(~_is_called(cross).any(axis=1))
    if len(without):
        marker = cross.markers["marker"][int(without[0])]
        warnings.warn(
            f"{len(without)} of {cross.n_markers} markers have no genotype call (the first: "
            f"{marker}): their distances from their neighbours are arbitrary",
            CrossmapWarning,
            stacklevel=3,
        )


def _is_called(cross: Cross) -> np.ndarray:
    is_called: np.ndarray = cross.genotypes >= 0
    if cross.ruled_out is not None:
        is_called |= cross.ruled_out >= 0
    return is_called


def refuse_chain_options(
    *, step: float, error_prob: float, map_function: str, cm_per_mb: float | None
) -> None:
    """Refuse options of genotype probabilities where calls are analysed: they would do nothing.

    Parameters
    ----------
    step, error_prob, map_function, cm_per_mb
        What was given, as `crossmap.genotype_probabilities` takes it.

    Raises
    ------
    ArgumentError
        If one is not what it is by default.
    """
    given = {"step": step, "error_prob": error_prob, "map_function": map_function,
             "cm_per_mb": cm_per_mb}  # fmt: skip
    for name, usual in CHAIN_DEFAULTS.items():
        require_usual(name, given[name], usual, "without genotype_probabilities")


def stretches(
    cross: Cross,
    positions: pd.DataFrame,
    *,
    error_prob: float,
    map_function: MapFunction,
) -> Iterator[Stretch]:
    """Cut a cross into chromosomes and, on X, groups of individuals.

    Parameters
    ----------
    cross
        Any cross.
    positions
        As `crossmap.genotypes.positions.scan_positions` gives them.
    error_prob, map_function
        As in `genotype_probabilities`.

    Yields
    ------
    Stretch
        In map order.

    Warns
    -----
    CrossmapWarning
        If calls on X are none that sex and direction allow; they count as missing.

    Raises
    ------
    DataError
        As `crossmap.genotypes.chains.chain_groups`.
    """
    impossible = impossible_calls(cross)
    warn_of_x(cross, impossible, stacklevel=4)
    code = np.where(impossible, np.uint8(0), call_codes(cross))
    row = positions["row"].to_numpy()
    observed = np.zeros((len(row), cross.n_samples), dtype=np.uint8)
    observed[row >= 0] = code[row[row >= 0]]
    chromosome = positions["chr"].to_numpy(dtype=object)
    cm = positions["pos_cm"].to_numpy()
    for name in cross.chromosomes:
        there = np.flatnonzero(chromosome == name)
        rows = slice(int(there[0]), int(there[-1]) + 1)
        r = np.zeros(len(there))
        r[1:] = recombination_fraction(np.diff(cm[rows]), map_function)
        for group in chain_groups(cross, name):
            seen = np.ascontiguousarray(observed[rows][:, group.samples])
            yield Stretch(rows, group.samples, group.chain, seen, r, error_prob)
