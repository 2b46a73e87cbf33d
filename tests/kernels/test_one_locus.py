"""The scan of one cell gives what the general scan gives, to the last bit."""

import numpy as np
import pytest
from examples import KINDS, example_cross

from crossmap.genotypes.loci import distinct_loci
from crossmap.kernels.groups import scan_one_cell
from crossmap.kernels.one_locus import CHUNK, lane_scratch
from crossmap.kernels.sequential import block_scratch, scan_group
from crossmap.linkage.permutation import stage_key, trait_items
from crossmap.linkage.sequential import total_sum_of_squares
from crossmap.linkage.stages import (
    SearchOptions,
    exact_coding,
    search_coding,
    search_margin,
    stage_model,
    stage_residuals,
)
from crossmap.simulate import simulate_cross


def both(cross, chosen, *, n_perm, margin=None, **options):
    """f, locus and what is left, by either kernel."""
    loci = distinct_loci(cross)
    model = stage_model(loci, chosen, SearchOptions(**options))
    assert model.weight.shape[1] == 1
    y = np.ascontiguousarray(cross.traits)
    total, _ = total_sum_of_squares(y)
    z, base, scale = stage_residuals(y, total, model)
    n, results = cross.n_samples, []
    for kernel, scratch in (
        (scan_one_cell, lane_scratch(n, len(loci))),
        (scan_group, block_scratch(n)),
    ):
        out = (np.full((len(y), n_perm + 1), -7.0), np.zeros(len(y), np.int64), np.zeros(len(y)))
        kernel(
            z,
            (trait_items(cross.trait_names), base, scale),
            (n_perm + 1, stage_key(4, 1)),
            exact_coding(loci),
            search_coding(loci),
            model.cells,
            model.search,
            search_margin(loci) if margin is None else np.float32(margin),
            scratch,
            out,
        )
        results.append(out)
    return results


@pytest.mark.parametrize("variance", ["common", "cell"])
@pytest.mark.parametrize("kind", KINDS)
def test_awkward_crosses(kind, variance):
    cross = example_cross(kind, seed=6)
    fast, general = both(cross, (), n_perm=33, min_cell=2, variance=variance)
    for a, b in zip(fast, general, strict=True):
        np.testing.assert_array_equal(a, b)
    assert (fast[1] >= 0).sum() >= 6


@pytest.mark.parametrize("margin", [None, 0.0, 0.2, 1.0])
def test_more_loci_than_a_chunk_and_additive_models(margin):
    cross = simulate_cross(n_samples=70, n_traits=40, n_markers=3 * CHUNK + 5, seed=2).cross
    for chosen, options in (((), {}), ((), {"min_cell": 30}), ((4, 50), {"model": "additive"})):
        fast, general = both(cross, chosen, n_perm=9, margin=margin, **options)
        for a, b in zip(fast, general, strict=True):
            np.testing.assert_array_equal(a, b)


def test_no_eligible_locus():
    cross = example_cross("ordinary")
    fast, general = both(cross, (), n_perm=2, min_cell=21)
    assert np.isnan(fast[0]).all()
    assert (fast[1] == -1).all()
    for a, b in zip(fast, general, strict=True):
        np.testing.assert_array_equal(a, b)
