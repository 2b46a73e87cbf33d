"""Blocks of columns: how traits share them changes nothing."""

import numpy as np
import pandas as pd
import pytest
from examples import KINDS, example_cross

from crossmap.cross import make_cross
from crossmap.errors import DataError
from crossmap.execution import Execution
from crossmap.genotypes.loci import distinct_loci
from crossmap.kernels import blocks
from crossmap.linkage import sequential
from crossmap.linkage.sequential import sequential_search
from crossmap.linkage.stages import SearchOptions
from crossmap.simulate import simulate_cross

MODELS = (
    {},
    {"n_loci": 3, "min_cell": 2},
    {"variance": "cell"},
    {"model": "additive", "n_loci": 3},
    {"model": "additive", "variance": "cell"},
)


def search(cross, rows=slice(None), **options):
    names = np.array(cross.trait_names)[rows].tolist()
    return sequential_search(
        cross.traits[rows],
        distinct_loci(cross),
        names=names,
        options=SearchOptions(**({"n_perm": 4} | options)),
        execution=Execution(threads=1),
    )


def assert_same(one, other, rows=slice(None), n_perm=None):
    for a, b in zip(one.stages, other.stages, strict=True):
        for name in ("locus", "f", "rss_before", "rss_after", "df1", "df2"):
            left, right = getattr(a, name), getattr(b, name)[rows]
            assert left.tobytes() == right.tobytes(), name
        assert a.f_null[:, :n_perm].tobytes() == b.f_null[rows][:, :n_perm].tobytes()


@pytest.mark.parametrize("options", MODELS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_trait_alone_is_searched_as_among_others(kind, options):
    cross = example_cross(kind, seed=3)
    try:
        together = search(cross, **options)
    except DataError:  # of so few samples no further locus may enter
        assert kind in ("eight", "dozen", "one_chromosome")
        return
    found = np.flatnonzero((together.locus >= 0).all(axis=1))
    for t in found:
        assert_same(search(cross, [t], **options), together, [t])


@pytest.mark.parametrize("options", MODELS)
def test_more_columns_than_a_block_holds(options):
    cross = simulate_cross(n_samples=40, n_traits=2, n_markers=40, seed=2).cross
    n_perm = blocks.BLOCK + 77
    few, many = search(cross, **options), search(cross, **options, n_perm=n_perm)
    assert many.stages[0].f_null.shape == (2, n_perm)
    assert_same(few, many, n_perm=4)


@pytest.mark.parametrize("margin", [0.2, 1.0])
@pytest.mark.parametrize("options", MODELS)
def test_float32_only_searches(monkeypatch, margin, options):
    """However many loci are handed on to float64, it decides the same."""
    cross = simulate_cross(n_samples=40, n_traits=12, n_markers=60, seed=4).cross
    plain = search(cross, **options)
    monkeypatch.setattr(sequential, "search_margin", lambda _: np.float32(margin))
    assert_same(search(cross, **options), plain)


def test_many_samples_make_narrow_blocks_of_the_same_numbers():
    n = blocks.BLOCK_BYTES // (4 * 2 * blocks.TILE) + 10
    columns, segments, _ = blocks.make_block(n, 5, 2, 0)
    assert columns[0].shape == (1, n, 2 * blocks.TILE)
    assert columns[1].shape == (1, 2 * blocks.TILE)
    assert segments[1].shape == (blocks.TILE // blocks.LANES, 5, 2)


def test_too_many_weights_make_fewer_segments():
    segments = blocks.make_block(20, 400_000, 8, 0)[1]
    assert segments[0].nbytes + segments[1].nbytes <= blocks.WEIGHT_BYTES


@pytest.mark.parametrize("n_loci", [1, 2])
def test_float64_decides_between_loci_that_float32_cannot_tell_apart(n_loci):
    """The later of two loci explains more, by 2e-8; the first locus, barred, comes after both."""
    one, two, strong = np.array(np.meshgrid(*[[0, 1]] * 3, range(8))).reshape(4, -1)[:3]
    design = np.array([f * g for f in (1 + 0 * one, one) for g in (1 + 0 * one, two)])
    design = np.vstack([design, design * strong]).T.astype(float)
    noise = np.random.default_rng(8).normal(size=(64, 40))
    noise -= design @ np.linalg.lstsq(design, noise, rcond=None)[0]
    traits = (one + (1 + 1e-8) * two + (5 * strong if n_loci == 2 else 0))[:, None] + noise
    cross = make_cross(
        crosstype="haploid", genotype_names="AB", samples=[f"s{k:02d}" for k in range(64)],
        markers=pd.DataFrame({"marker": list("abc"), "chr": list("123"), "pos_bp": 1.0}),
        genotypes=np.array([one, two, strong], dtype=np.int8),
        trait_names=[f"t{t:02d}" for t in range(40)], traits=traits.T,
    )  # fmt: skip
    found = search(cross, n_loci=n_loci, n_perm=1).locus
    assert (found[:, -1] == 1).all()
    assert n_loci == 1 or (found[:, 0] == 2).all()
