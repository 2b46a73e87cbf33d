"""What each cross type makes of meiosis: the Markov chain of genotypes along a chromosome."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from crossmap.cross import NOT_FIRST, NOT_LAST, Cross
from crossmap.genotypes.x_chromosome import (
    directions,
    has_sexed_x,
    is_x,
    x_groups,
    x_samples,
)

Kind = Literal["two", "selfing", "sibs", "sibs_x", "f2"]

SMALLEST_R = 1e-14
"""Recombination fraction between markers at one place, so that a call against the other is an
error, or a miracle, but not impossible."""

N_CODES = NOT_FIRST + 2
"""Codes of what is seen: 0 nothing, 1 + g genotype g, then the dominant calls."""


@dataclass(frozen=True)
class Chain:
    """A Markov chain along a chromosome.

    Parameters
    ----------
    kind
        How genotypes change: ``two`` (one meiosis, two genotypes), ``selfing`` and ``sibs``
        (inbred lines), ``sibs_x`` (X of lines by sib mating), ``f2`` (two meioses).
    classes
        The genotype of each state.
    initial
        Probability of each state.

    Notes
    -----
    With the recombination fraction r of one meiosis: lines by selfing change with probability
    2r/(1+2r), by sib mating 4r/(1+6r); on X of the latter from the genotype that two thirds of the
    lines have to the other 2r/(1+4r), back 4r/(1+4r) (Haldane & Waddington 1931, Genetics 16:357;
    Broman 2005, Genetics 169:1133).
    """

    kind: Kind
    classes: tuple[int, ...]
    initial: tuple[float, ...]

    def transition(self, r: np.ndarray) -> np.ndarray:
        """Give the transitions of every interval.

        Parameters
        ----------
        r
            float64 [m]: recombination fractions.

        Returns
        -------
        numpy.ndarray
            float64 [m, K, K], from rows to columns.
        """
        r = np.maximum(r, SMALLEST_R)
        if self.kind == "f2":
            s = 1.0 - r
            rows = [[s * s, 2 * r * s, r * r], [r * s, s * s + r * r, r * s],
                    [r * r, 2 * r * s, s * s]]  # fmt: skip
        else:
            up, down = self._changes(r)
            rows = [[1.0 - up, up], [down, 1.0 - down]]
        return np.ascontiguousarray(np.moveaxis(np.array(rows), 2, 0))

    def _changes(self, r: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if self.kind == "sibs_x":
            out_of_common, back = 2.0 * r / (1.0 + 4.0 * r), 4.0 * r / (1.0 + 4.0 * r)
            is_first = self.initial[0] > 0.5
            return (out_of_common, back) if is_first else (back, out_of_common)
        rise, fall = {"two": (1.0, 0.0), "selfing": (2.0, 2.0), "sibs": (4.0, 6.0)}[self.kind]
        change = rise * r / (1.0 + fall * r)
        return change, change

    def emission(self, error_prob: float) -> np.ndarray:
        """Give the probabilities of what is seen.

        Parameters
        ----------
        error_prob
            Probability that a call is wrong; a wrong one is any of the others alike.

        Returns
        -------
        numpy.ndarray
            float64 [K, `N_CODES`]: 1 for nothing seen; for a dominant call the sum over the
            genotypes it leaves; 0 for calls that the chain does not have.
        """
        n_states = len(self.classes)
        wrong = error_prob / (n_states - 1)
        call = np.where(np.eye(n_states, dtype=bool), 1.0 - error_prob, wrong)
        table = np.zeros((n_states, N_CODES))
        table[:, 0] = 1.0
        for seen, genotype in enumerate(self.classes):
            table[:, 1 + genotype] += call[:, seen]
            for code, ruled_out in ((NOT_LAST, 2), (NOT_FIRST, 0)):
                if genotype != ruled_out:
                    table[:, 1 + code] += call[:, seen]
        return table

    def fitted_r(
        self, steps: np.ndarray, r: np.ndarray, n: int | np.ndarray, *, most: float = 0.5
    ) -> np.ndarray:
        """Estimate recombination fractions from expected transitions: the M step of EM.

        Parameters
        ----------
        steps
            float64 [m, K, K]: expected number of individuals that go from row to column.
        r
            float64 [m]: those that the expectations were taken with.
        n
            Number of individuals, of all intervals or of each.
        most
            The largest fraction allowed.

        Returns
        -------
        numpy.ndarray
            float64 [m], 0 to `most`.
        """
        if self.kind == "f2":
            both = r * r / (r * r + (1.0 - r) ** 2)  # both strands changed, of H to H
            change = steps[:, [0, 1, 1, 2], [1, 0, 2, 1]].sum(axis=1)
            change += 2.0 * (steps[:, 0, 2] + steps[:, 2, 0] + both * steps[:, 1, 1])
            return np.clip(change / (2.0 * n), 0.0, most)
        share = (steps[:, 0, 1] + steps[:, 1, 0]) / n
        return one_meiosis(share, self.kind, most=most)


def one_meiosis(share: np.ndarray, kind: Kind, *, most: float = 0.5) -> np.ndarray:
    """Recombination fraction of one meiosis from the share of individuals that changed.

    Parameters
    ----------
    share
        float64: of the individuals, those whose two genotypes come from different parents.
    kind
        As in `Chain`, but for ``f2``.
    most
        The largest fraction allowed.

    Returns
    -------
    numpy.ndarray
        float64, 0 to `most`.
    """
    up, down = {"two": (1.0, 0.0), "selfing": (2.0, 2.0), "sibs": (4.0, 6.0),
                "sibs_x": (8.0 / 3.0, 4.0)}[kind]  # fmt: skip
    room = up - down * share
    r = np.where(room > 0.0, share / np.where(room > 0.0, room, 1.0), most)
    return np.clip(r, 0.0, most)


@dataclass(frozen=True, eq=False)
class ChainGroup:
    """Samples that follow one chain on a chromosome.

    Parameters
    ----------
    name
        Of the samples: ``all``, or as in ``female``.
    samples
        int64, ascending.
    chain
        Their chain.
    """

    name: str
    samples: np.ndarray
    chain: Chain


def chain_groups(cross: Cross, chromosome: str) -> tuple[ChainGroup, ...]:
    """Chains of the samples on one chromosome.

    Parameters
    ----------
    cross
        Any cross.
    chromosome
        Its name. On X, genotypes of an F2 depend on sex (a covariate ``sex``: female or male, 0 or
        1) and on the direction of the cross (``pgm`` or ``cross_info``: 0 if the first strain is
        the mother's side, 1 if the second; without either as
        `crossmap.genotypes.x_chromosome.x_samples` says), those of lines by sib mating on the
        direction (all 0 without it).

    Returns
    -------
    tuple of ChainGroup
        Those that have samples.

    Raises
    ------
    DataError
        If sex or direction of a sample is needed and neither known nor clear from all calls.
    """
    everyone = np.arange(cross.n_samples)
    if not is_x(chromosome) or cross.crosstype not in ("bc", "f2", "risib"):
        return (ChainGroup("all", everyone, _autosome(cross.crosstype)),)
    if cross.crosstype == "bc":
        return (ChainGroup("all", everyone, _autosome("bc")),)
    if cross.crosstype == "risib":
        is_reverse = directions(cross)
        groups = [
            ("forward", ~is_reverse, Chain("sibs_x", (0, 1), (2 / 3, 1 / 3))),
            ("reverse", is_reverse, Chain("sibs_x", (0, 1), (1 / 3, 2 / 3))),
        ]
    else:
        found = x_samples(cross)
        is_male, is_reverse = found.is_male, found.is_reverse
        half = (0.5, 0.5)
        groups = [
            ("female", ~is_male & ~is_reverse, Chain("two", (0, 1), half)),
            ("female, reverse", ~is_male & is_reverse, Chain("two", (1, 2), half)),
            ("male", is_male, Chain("two", (0, 2), half)),
        ]
    return tuple(
        ChainGroup(name, np.flatnonzero(mask), chain) for name, mask, chain in groups if mask.any()
    )


def _autosome(crosstype: str) -> Chain:
    if crosstype == "f2":
        return Chain("f2", (0, 1, 2), (0.25, 0.5, 0.25))
    kinds: dict[str, Kind] = {"riself": "selfing", "risib": "sibs"}
    return Chain(kinds.get(crosstype, "two"), (0, 1), (0.5, 0.5))


def call_codes(cross: Cross) -> np.ndarray:
    """Calls as the chains' emissions number them.

    Parameters
    ----------
    cross
        Any cross.

    Returns
    -------
    numpy.ndarray
        uint8 [n_markers, n_samples]: codes as `N_CODES` has them.
    """
    code = (cross.genotypes + 1).astype(np.uint8)
    if cross.ruled_out is not None:
        code[cross.ruled_out == 2] = 1 + NOT_LAST
        code[cross.ruled_out == 0] = 1 + NOT_FIRST
    return code


def impossible_calls(cross: Cross) -> np.ndarray:
    """Calls on X of an F2 that no sample of that sex and direction can have.

    Parameters
    ----------
    cross
        Any cross.

    Returns
    -------
    numpy.ndarray
        bool [n_markers, n_samples]: heterozygous males, females homozygous for the allele that
        their father does not have.

    Raises
    ------
    DataError
        As `chain_groups`.
    """
    found = np.zeros(cross.genotypes.shape, dtype=np.bool_)
    if cross.crosstype != "f2" or not has_sexed_x(cross):
        return found
    rows = np.flatnonzero([is_x(name) for name in cross.markers["chr"]])
    code = call_codes(cross)[rows]
    for group in chain_groups(cross, "X"):
        never = (group.chain.emission(0.25) == 0.0).all(axis=0)
        found[np.ix_(rows, group.samples)] = never[code[:, group.samples]]
    return found


def x_chain_groups(cross: Cross) -> tuple[ChainGroup, ...]:
    """Give the groups of `x_groups` with their names and the chains of their genotypes on X.

    Parameters
    ----------
    cross
        Any cross.

    Returns
    -------
    tuple of ChainGroup
        Those that have samples.

    Raises
    ------
    DataError
        As `chain_groups`.
    """
    if cross.crosstype == "f2":
        return chain_groups(cross, "X")
    autosome = _autosome(cross.crosstype)
    if cross.crosstype != "bc":
        return (ChainGroup("all", np.arange(cross.n_samples), autosome),)
    is_male = x_samples(cross).is_male
    return tuple(
        ChainGroup("male" if is_male[samples[0]] else "female", samples, autosome)
        for samples in x_groups(cross)
    )
