"""One block of loci tested with one block of traits: search, decide, record, count."""

from dataclasses import dataclass

import numpy as np

from crossmap.kernels import scan1 as kernels
from crossmap.kernels.regression import TIE
from crossmap.linkage.hits import (
    Piece,
    Smallest,
    Statistics,
    for_all_members,
    for_markers,
    in_order,
    p_of,
    records,
)
from crossmap.linkage.local_tests import LocalRanges
from crossmap.linkage.locus_block import LocusBlock, Model
from crossmap.linkage.null_model import UnitTraits
from crossmap.linkage.predictors import Missing, Predictors

NEAR = 1e-9
"""Relative distance from the critical R2 within which the p-value itself is looked at."""

GUIDE_CELLS = 4096
"""Cells of R2 that tell where to start looking for a bin."""


@dataclass(frozen=True, eq=False)
class ScanRequest:
    """What is tested and what is kept.

    Parameters
    ----------
    model
        ``linear``, ``anova`` or ``linear_cross``.
    missing
        Samples with a missing genotype: ``drop`` them from the marker's tests, or ``mean``.
    three_class
        As in `locus_block`.
    threshold
        Largest p-value kept; None makes local tests only.
    local_threshold
        Largest p-value kept of local tests; None does not tell them apart.
    local
        Which tests are local; None where nobody knows.
    p_edges
        float64 [n_bins + 1], ascending: bins of p in which all tests are counted, (low, high].
    own_row
        int64 [n_traits]: row of the predictors that is the trait itself and not tested with it,
        -1 where none; None for none at all.
    is_t
        One regressor is tested: t rather than F.
    """

    model: Model = "linear"
    missing: Missing = "drop"
    three_class: bool = False
    threshold: float | None = 1e-5
    local_threshold: float | None = None
    local: LocalRanges | None = None
    p_edges: np.ndarray | None = None
    own_row: np.ndarray | None = None
    is_t: bool = True

    @property
    def n_bins(self) -> int:
        """Bins counted, those below the first edge and above the last included."""
        return 0 if self.p_edges is None else len(self.p_edges) + 1


@dataclass(frozen=True, eq=False)
class BlockScan:
    """Some rows of the predictors, some traits that vary, and what is asked of them.

    Parameters
    ----------
    block, predictors
        The rows.
    unit
        Residuals of the traits on the same samples.
    traits
        int64 [T]: rows of the traits.
    request
        What is tested and what is kept.
    """

    block: LocusBlock
    predictors: Predictors
    unit: UnitTraits
    traits: np.ndarray
    request: ScanRequest

    def run(self) -> Piece:
        """Test them."""
        weight = self.predictors.n_members[self.block.rows] * self.block.is_tested
        bins = self.bins(weight)
        near, marker = self.local_statistics()
        local_counts = self.count(near, bins)
        n_local = len(near.locus)
        if self.request.threshold is None:
            found, counts, n_tests = Statistics.none(), local_counts, n_local
        else:
            own_row, own_trait = self.own_tests()
            found, counts = self.search((own_row, own_trait), bins), bins[3]
            n_tests = int(weight.sum()) * len(self.traits) - int(weight[own_row].sum())
        local_only = self.request.threshold is None
        of_trait, of_marker = self.smallest(*(near, marker) if local_only else (found, None))
        return Piece(
            hits=self.hits(found, near, marker),
            traits=of_trait,
            markers=of_marker,
            n_tests=n_tests,
            n_local=n_local,
            counts=counts,
            local_counts=local_counts,
        )

    def own_tests(self) -> tuple[np.ndarray, np.ndarray]:
        """Tests of a trait with itself: rows of the block, numbers of the traits."""
        if self.request.own_row is None:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
        return self._in_block(self.request.own_row[self.traits])

    def _in_block(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Find tested rows of the predictors in the block: where they stand, which were found."""
        if not len(self.block):
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
        place = np.minimum(np.searchsorted(self.block.rows, rows), len(self.block) - 1)
        is_here = (self.block.rows[place] == rows) & self.block.is_tested[place]
        return place[is_here], np.flatnonzero(is_here)

    def local_statistics(self) -> tuple[Statistics, np.ndarray]:
        """Decide all local tests: the tests, and the marker of each."""
        local = self.request.local
        if self.request.local_threshold is None or local is None:
            return Statistics.none(), np.empty(0, dtype=np.int64)
        trait, marker = local.pairs(self.traits)
        place, kept = self._in_block(self.predictors.row_of_marker[marker])
        return self.decide(place, trait[kept]), marker[kept]

    def decide(self, locus: np.ndarray, trait: np.ndarray) -> Statistics:
        """Decide tests in float64."""
        locus, trait = locus.astype(np.int32), trait.astype(np.int32)
        out = np.empty((len(locus), 3))
        kernels.exact_tests(self.block.columns, self.unit.y, self.block.n_before, locus, trait, out)
        return Statistics(locus, trait, out[:, 0], out[:, 1], out[:, 2])

    def bins(self, weight: np.ndarray) -> tuple:
        """Give the tuple ``bins`` of `kernels.count_bins`, its counts at 0."""
        kinds = self.block.degrees[0]
        if self.request.p_edges is None:
            edges = np.zeros((len(kinds), 0))
            guide = np.zeros((len(kinds), 0), dtype=np.int64)
        else:
            # Outside of all R2, so that the bins beyond the last edges take the rest.
            beyond = np.ones((len(kinds), 1))
            p_down = self.request.p_edges[::-1]
            inner = np.where(p_down > 0, self.block.r2_at(p_down), 1.5)  # R2 = 1 is no p of 0
            edges = np.hstack([-beyond, inner, 2.0 * beyond])
            cells = np.arange(GUIDE_CELLS + 1) / GUIDE_CELLS
            guide = np.array([np.searchsorted(row, cells, side="right") - 1 for row in edges])
        return edges, guide, weight, np.zeros(self.request.n_bins, dtype=np.int64)

    def count(self, tests: Statistics, bins: tuple) -> np.ndarray:
        """Count decided tests by bins: int64 [n_bins]."""
        counts = np.zeros(self.request.n_bins, dtype=np.int64)
        if len(counts):
            kind = self.block.degrees[1][tests.locus]
            for number, edges in enumerate(bins[0]):
                r2 = tests.r2[kind == number]
                place = np.searchsorted(edges, r2, side="right") - 1
                counts += np.bincount(place, minlength=len(counts))
        return counts

    def search(self, own: tuple[np.ndarray, np.ndarray], bins: tuple) -> Statistics:
        """Find what may matter and decide it.

        A search that counts bins is made in float64: in float32 a good part of the tests would lie
        too near an edge.
        """
        block, unit, n_traits = self.block, self.unit, len(self.traits)
        dtype = np.dtype(np.float64 if self.request.n_bins else np.float32)
        is_coded = block.is_coded and not len(own[0])
        blocks = unit.side_by_side(block.multipliers, dtype) if is_coded else None
        longest = unit.longest(block.multipliers) if is_coded else None
        rules = block.search_rules(self.request.threshold, dtype, longest)
        n_kinds = len(block.degrees[0])
        padded = -(-n_traits // kernels.BLOCK) * kernels.BLOCK
        state = (
            np.zeros((n_kinds, padded), dtype=dtype),
            np.zeros((n_kinds, padded), dtype=dtype),
            np.zeros(len(block), dtype=dtype),
            np.zeros(len(block), dtype=dtype),
            rules[4].max(initial=0, keepdims=True),
        )
        room = len(block) * n_traits
        n_found = np.zeros(1, np.int64)
        found = (
            np.empty(room, np.int32), np.empty(room, np.int32), np.empty((room, 2), dtype), n_found,
        )  # fmt: skip
        exact = (block.columns, unit.y)
        if blocks is not None and block.coding is not None:
            changes, sign = block.coding
            kernels.search_coded(
                blocks,
                n_traits,
                (changes.restart, changes.offset, changes.sample, changes.step.astype(dtype)),
                (block.transform * sign[:, None, None]).astype(dtype),
                rules,
                state,
                bins,
                exact,
                found,
            )
        else:
            n_columns = block.columns.shape[1]
            flat = block.columns.reshape(-1, block.null.n_samples).astype(dtype, copy=False)
            product = flat @ unit.in_blocks(dtype).T
            for c in range(n_columns):
                product[own[0] * n_columns + c, own[1]] = np.nan  # passes no comparison
            kernels.search_product(product, n_traits, n_columns, rules, state, bins, exact, found)
        return self.decide(found[0][: n_found[0]], found[1][: n_found[0]])

    def smallest(self, tests: Statistics, marker: np.ndarray | None) -> tuple[Smallest, Smallest]:
        """Smallest p-values by trait and by marker, and where they are.

        Markers are those of the rows tested, or for each test the one given.
        """
        block, n_traits = self.block, len(self.traits)
        kind = block.degrees[1]
        if marker is None:
            item, n_items = tests.locus, len(block)
        else:
            markers, first, item = np.unique(marker, return_index=True, return_inverse=True)
            kind, n_items = kind[tests.locus[first]], len(markers)
        of_trait = np.empty((max(1, len(block.degrees[0])), n_traits), dtype=np.int64)
        of_item = np.empty(n_items, dtype=np.int64)
        best = (of_trait, of_item)
        kernels.keep_best(item.astype(np.int32), tests.trait, tests.r2, kind, TIE, best)
        neglog10 = np.full(of_trait.shape, -1.0)
        there = of_trait >= 0
        neglog10[there] = tests.take(of_trait[there]).neglog10_p(block)
        chosen_kind = neglog10.argmax(axis=0)
        number = of_trait[chosen_kind, np.arange(n_traits)]
        is_tested = np.flatnonzero(number >= 0)
        number = number[is_tested]
        items = np.flatnonzero(of_item >= 0)
        per_item = tests.take(of_item[items])
        item_p, item_trait = per_item.neglog10_p(block), self.traits[per_item.trait]
        if marker is None:
            partner = self.predictors.first_member(block.rows[tests.locus[number]])
            rows, count = block.rows[items], self.predictors.n_members[block.rows[items]]
            names = self.predictors.members_of(rows)
            item_p, item_trait = np.repeat(item_p, count), np.repeat(item_trait, count)
        else:
            partner, names = marker[number], markers[items]
        return (
            Smallest(self.traits[is_tested], neglog10.max(axis=0)[is_tested], partner),
            Smallest(names, item_p, item_trait),
        )

    def hits(self, found: Statistics, near: Statistics, marker: np.ndarray) -> np.ndarray:
        """Records of the tests past their threshold, by trait and marker."""
        hits, rows = self._past(found, self.request.threshold)
        hits = for_all_members(hits, rows, self.predictors)
        local = self.request.local
        if local is not None:
            hits["local"] = local.is_local(hits["trait"], hits["marker"])
        if self.request.local_threshold is None:
            return hits
        keep = self._candidates(near, self.request.local_threshold)
        near_hits = self._records(near.take(keep))
        near_hits = for_markers(near_hits, marker[keep], self.predictors)
        near_hits["local"] = 1
        near_hits = near_hits[p_of(near_hits["neglog10_p"]) <= self.request.local_threshold]
        return in_order(np.concatenate([hits[hits["local"] != 1], near_hits]))

    def _past(self, tests: Statistics, threshold: float | None) -> tuple[np.ndarray, np.ndarray]:
        """Records of tests past a threshold, and their rows of the predictors."""
        if threshold is None:
            threshold = 0.0
        tests = tests.take(self._candidates(tests, threshold))
        hits = self._records(tests)
        is_past = p_of(hits["neglog10_p"]) <= threshold
        return hits[is_past], self.block.rows[tests.locus[is_past]]

    def _candidates(self, tests: Statistics, threshold: float) -> np.ndarray:
        critical = self.block.r2_at(threshold)[self.block.degrees[1]]
        return np.flatnonzero(tests.r2 >= critical[tests.locus] * (1.0 - NEAR))

    def _records(self, tests: Statistics) -> np.ndarray:
        return records(
            self.block,
            tests,
            tests.neglog10_p(self.block),
            total=self.unit.total,
            traits=self.traits,
            is_t=self.request.is_t,
        )


def scan_block(
    block: LocusBlock,
    predictors: Predictors,
    unit: UnitTraits,
    traits: np.ndarray,
    request: ScanRequest,
) -> Piece:
    """Test some traits with some rows of the predictors; traits that do not vary are left out.

    Parameters
    ----------
    block, predictors, unit, traits, request
        As in `BlockScan`.

    Returns
    -------
    Piece
    """
    varies = np.flatnonzero(unit.total > 0)
    if len(varies) < len(traits):
        unit = UnitTraits(unit.y[varies], unit.z[varies], unit.total[varies])
        traits = traits[varies]
    return BlockScan(block, predictors, unit, traits, request).run()
