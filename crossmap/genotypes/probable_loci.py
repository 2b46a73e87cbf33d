"""Loci whose genotypes are probabilities, for the searches of several loci."""

import warnings
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from crossmap.cross import Cross
from crossmap.errors import CrossmapWarning, DataError
from crossmap.genotypes.hmm import GenotypeProbabilities, genotype_probabilities
from crossmap.genotypes.loci import Loci, distinct_loci
from crossmap.genotypes.stretches import Stretch
from crossmap.genotypes.x_chromosome import has_sexed_x, is_x, warn_of_x, x_groups
from crossmap.kernels import hmm


@dataclass(frozen=True, eq=False)
class ProbableLoci(Loci):
    """Positions with probabilities of their genotypes.

    As `Loci`, but that a position starts where it ends and `genotypes` are the most probable.

    Parameters
    ----------
    probability
        float64 [G, n_loci, n_samples].
    group
        int64 [n_samples]: samples whose genotypes on X are alike in kind, by sex and direction of
        the cross, numbered from 0; all 0 where there is no X or it makes no difference.
    on_x
        bool [n_loci].
    found
        The probabilities of all positions and samples that these are taken from.
    rows, samples
        int64: which positions, and which samples, of those.
    """

    probability: np.ndarray
    group: np.ndarray
    on_x: np.ndarray
    found: GenotypeProbabilities
    rows: np.ndarray
    samples: np.ndarray

    @cached_property
    def dosage(self) -> np.ndarray:
        """Expected number of alleles: float64 [n_loci, n_samples]."""
        number = np.arange(len(self.probability), dtype=np.float64)
        return np.tensordot(number, self.probability, axes=1)

    @property
    def n_groups(self) -> int:
        """Number of groups of samples."""
        return int(self.group.max(initial=0)) + 1

    @cached_property
    def main_columns(self) -> np.ndarray:
        """Expected columns of a locus's own effects: float64 [n_loci, K, n_samples].

        Alleles, then dominance; on X alleles within each group. Columns that a locus does not have
        are 0.
        """
        n_genotypes, n_loci, n = self.probability.shape
        dosage = self.dosage
        n_columns = max(n_genotypes - 1, self.n_groups if self.on_x.any() else 1)
        columns = np.zeros((n_loci, n_columns, n))
        columns[:, 0] = dosage
        if n_genotypes == 3:
            columns[:, 1] = self.probability[1]
        x = np.flatnonzero(self.on_x)
        if self.n_groups > 1 and len(x):
            columns[x] = 0.0
            for number in range(self.n_groups):
                columns[x, number] = np.where(self.group == number, dosage[x], 0.0)
        return columns

    @cached_property
    def product_columns(self) -> np.ndarray:
        """`main_columns`, and what else of a locus stands in products: float64 [n_loci, K', n].

        On X indicators of the groups but the first, 0 elsewhere: the genotypes of different groups
        are different ones, so that with these products every combination with the genotypes of an
        autosome has a mean of its own, whichever allele is counted.
        """
        x = np.flatnonzero(self.on_x)
        if self.n_groups == 1 or not 0 < len(x) < len(self):
            return self.main_columns
        n_main = self.main_columns.shape[1]
        room = max(0, 2 * self.n_groups - 1 - n_main)
        columns = np.pad(self.main_columns, ((0, 0), (0, room), (0, 0)))
        for number in range(1, self.n_groups):
            columns[x, self.n_groups + number - 1] = self.group == number
        return columns

    def factors(self, locus: int) -> np.ndarray:
        """The `product_columns` that a locus has: float64 [K, n_samples]."""
        is_split = bool(self.on_x[locus]) and self.n_groups > 1
        n_own = 2 * self.n_groups - 1 if is_split else len(self.probability) - 1
        own: np.ndarray = self.product_columns[locus, :n_own]
        return own

    @cached_property
    def membership(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The cells that a locus makes: its genotypes; on X those of each group.

        Returns
        -------
        is_made : numpy.ndarray
            bool [n_loci, C]: cells that the locus has.
        probability : numpy.ndarray
            float64 [n_loci, C, n_samples]: to be in each; 0 where the locus does not have it.
        size : numpy.ndarray
            float64 [n_loci, C]: how many samples are expected in it.
        """
        n_genotypes, n_loci, n = self.probability.shape
        if self.n_groups == 1:
            cells = np.ascontiguousarray(np.moveaxis(self.probability, 0, 1))
            # On X of an F2 in one direction a homozygote does not occur at all.
            is_made = ~((cells == 0.0).all(axis=2) & self.on_x[:, None])
            return is_made, cells, cells.sum(axis=2)
        cells = np.zeros((n_loci, n_genotypes * self.n_groups, n))
        is_made = np.zeros(cells.shape[:2], dtype=np.bool_)
        cells[~self.on_x, :n_genotypes] = np.moveaxis(self.probability, 0, 1)[~self.on_x]
        is_made[~self.on_x, :n_genotypes] = True
        for number in range(self.n_groups):
            own = self.group == number
            for genotype in range(n_genotypes):
                there = np.where(own, self.probability[genotype], 0.0)
                is_there = self.on_x & (self.probability[genotype][:, own] > 0.0).any(axis=1)
                cells[is_there, number * n_genotypes + genotype] = there[is_there]
                is_made[is_there, number * n_genotypes + genotype] = True
        return is_made, cells, cells.sum(axis=2)

    @cached_property
    def centred_columns(self) -> np.ndarray:
        """`product_columns` less their means, those of a kind together: float64 [K', n_loci, n]."""
        columns = np.moveaxis(self.product_columns, 1, 0)
        return np.ascontiguousarray(columns - columns.mean(axis=2, keepdims=True))

    def on(self, samples: np.ndarray) -> "ProbableLoci":
        """The same loci of some samples."""
        return replace(
            self,
            genotypes=np.ascontiguousarray(self.genotypes[:, samples]),
            probability=np.ascontiguousarray(self.probability[:, :, samples]),
            group=np.unique(self.group[samples], return_inverse=True)[1].astype(np.int64),
            samples=self.samples[samples],
        )

    def _of_rows(self, keep: np.ndarray) -> dict[str, Any]:
        return {
            **super()._of_rows(keep),
            "probability": np.ascontiguousarray(self.probability[:, keep]),
            "on_x": self.on_x[keep],
            "rows": self.rows[keep],
        }

    def linked_products(self, locus: int) -> tuple[np.ndarray, np.ndarray]:
        """Expected products of the columns of one locus and of later ones on its chromosome.

        Neighbours are not independent given the calls: E[x z] is summed over the joint
        probabilities of their genotypes.

        Parameters
        ----------
        locus
            Its row.

        Returns
        -------
        others : numpy.ndarray
            int64 [m]: rows of the later loci of the chromosome.
        products : numpy.ndarray
            float64 [m, K K', n_samples], in the order of `pair_columns` of its `factors`.
        """
        others = locus + 1 + np.flatnonzero(self.chr_index[locus + 1 :] == self.chr_index[locus])
        n_own, n_columns = len(self.factors(locus)), self.product_columns.shape[1]
        products = np.zeros((len(others), n_columns, n_columns, len(self.samples)))
        if not len(others):
            return others, products.reshape(0, n_own * n_columns, len(self.samples))
        value = np.zeros((n_columns, 3))
        value[0] = [0, 1, 2]
        if len(self.probability) == 3:
            value[1] = [0, 1, 0]
        split = bool(self.on_x[locus]) and self.n_groups > 1
        for stretch in self.found.stretches:
            if not stretch.rows.start <= self.rows[locus] < stretch.rows.stop:
                continue
            is_here = np.isin(self.samples, stretch.samples)
            if not is_here.any():
                continue
            own = np.searchsorted(stretch.samples, self.samples[is_here])
            joint = _joint(stretch, int(self.rows[locus]) - stretch.rows.start)
            joint = joint[self.rows[others] - stretch.rows.start][:, :, :, own]
            classes = np.array(stretch.chain.classes)
            if split:
                group = int(self.group[is_here][0])
                dosage = classes.astype(np.float64)
                products[:, group, group, is_here] = np.einsum(
                    "mhkn,h,k->mn", joint, dosage, dosage
                )
                continue
            code = value[:, classes]
            expected = np.einsum("mhkn,ah,bk->mabn", joint, code, code)
            products[:, :, :, is_here] = expected
        return others, products[:, :n_own].reshape(len(others), n_own * n_columns, -1)


def probable_loci(found: GenotypeProbabilities, cross: Cross) -> ProbableLoci:
    """Gather what the searches of several loci need of genotype probabilities.

    Parameters
    ----------
    found
        Genotype probabilities of the cross.
    cross
        The cross.

    Returns
    -------
    ProbableLoci

    Raises
    ------
    DataError
        If no position has genotypes that differ; if sex is needed and unknown.

    Examples
    --------
    >>> from crossmap import genotype_probabilities, simulate_cross
    >>> cross = simulate_cross(n_samples=20, n_markers=40, n_traits=2).cross
    >>> probable_loci(genotype_probabilities(cross, step=10), cross).main_columns.shape[1:]
    (1, 20)
    """
    places = found.positions
    spread = np.ptp(found.probability, axis=2).max(axis=0)
    if not (spread > 1e-6).any():
        msg = "genotypes: expected a position where samples differ, found none"
        raise DataError(msg)
    chromosome = places["chr"].to_numpy(dtype=object)
    numbers = {name: i for i, name in enumerate(dict.fromkeys(chromosome))}
    on_x = np.array([is_x(name) for name in chromosome])
    group = np.zeros(cross.n_samples, dtype=np.int64)
    if on_x.any() and cross.crosstype in ("bc", "f2"):
        for number, samples in enumerate(x_groups(cross)):
            group[samples] = number
    locus_of_marker = np.full(cross.n_markers, -1, dtype=np.int64)
    row = places["row"].to_numpy()
    locus_of_marker[row[row >= 0]] = np.flatnonzero(row >= 0)
    bp, cm = places["pos_bp"].to_numpy(), places["pos_cm"].to_numpy()
    return ProbableLoci(
        names=tuple(places["marker"]),
        chr=chromosome,
        chr_index=np.array([numbers[name] for name in chromosome], dtype=np.int64),
        start_bp=bp,
        end_bp=bp,
        start_cm=cm,
        end_cm=cm,
        genotypes=found.most_probable,
        locus_of_marker=locus_of_marker,
        probability=found.probability,
        group=group,
        on_x=on_x,
        found=found,
        rows=np.arange(len(places)),
        samples=np.arange(cross.n_samples),
    )


def searchable_loci(cross: Cross) -> Loci:
    """Distinct loci of complete calls, as the searches of several loci take them.

    Parameters
    ----------
    cross
        Any cross with complete calls of two genotypes.

    Returns
    -------
    Loci
        Of a backcross with an X and both sexes `ProbableLoci` whose genotypes are certain: there
        means on X differ by sex without any locus, and a locus may act otherwise in either sex.

    Warns
    -----
    CrossmapWarning
        Of what is assumed of sex.

    Raises
    ------
    DataError
        As `crossmap.genotypes.loci.distinct_loci`; if sex is not known of a sample.
    """
    loci = distinct_loci(cross)
    warn_of_x(cross, np.zeros((0, 0), dtype=np.bool_), stacklevel=4)
    if not has_sexed_x(cross) or len(x_groups(cross)) == 1:
        return loci
    # Complete calls without errors are certain on any map.
    members = [loci.members(locus)[0] for locus in range(len(loci))]
    markers = cross.markers.iloc[members].reset_index(drop=True)
    first = replace(
        cross,
        markers=markers.assign(pos_cm=np.arange(len(markers), dtype=np.float64)),
        genotypes=np.ascontiguousarray(cross.genotypes[members]),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CrossmapWarning)  # said already
        found = genotype_probabilities(first, error_prob=0.0)
    certain = probable_loci(found, first)
    return replace(
        certain,
        locus_of_marker=loci.locus_of_marker,
        **{name: getattr(loci, name) for name in ("start_bp", "end_bp", "start_cm", "end_cm")},
    )


@lru_cache(maxsize=2)
def _steps(stretch: Stretch) -> np.ndarray:
    return stretch.posterior_steps()


def _joint(stretch: Stretch, first: int) -> np.ndarray:
    """Joint probabilities of the states at one position and at later ones: [m, K, K, n]."""
    steps = _steps(stretch)
    m, n_states, _, n = steps.shape
    state, likelihood = np.empty((m, n_states, n)), np.empty(n)
    hmm.state_probabilities(stretch.observed, *stretch.model, likelihood, state)
    joint = np.zeros(steps.shape)
    hmm.pair_probabilities(steps, state[first], first, joint)
    return joint
