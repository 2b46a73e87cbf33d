"""LOD curves: least squares at every locus, and the search's choice at their maximum."""

import numpy as np
import pytest
from examples import KINDS, example_cross
from naive import sequential as naive

from crossmap.errors import DataError
from crossmap.genotypes.loci import distinct_loci
from crossmap.linkage.curves import lod_curves
from crossmap.linkage.sequential import sequential_search
from crossmap.linkage.stages import SearchOptions

MIN_CELL = {"eight": 1, "dozen": 2}


def searched(kind, model, variance, **other):
    cross = example_cross(kind, seed=5)
    loci = distinct_loci(cross)
    for n_loci in (3, 2, 1):  # small crosses have no room for a third locus
        options = SearchOptions(
            n_loci=n_loci, n_perm=1, min_cell=MIN_CELL.get(kind, 3), model=model,
            variance=variance, **other,
        )  # fmt: skip
        try:
            found = sequential_search(cross.traits, loci, names=cross.trait_names, options=options)
        except DataError:
            continue
        return cross, loci, found
    raise AssertionError


@pytest.mark.parametrize("variance", ["common", "cell"])
@pytest.mark.parametrize("model", ["full", "additive"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_maximum_is_the_lod_of_the_locus_that_was_chosen(kind, model, variance):
    cross, loci, found = searched(kind, model, variance)
    n_checked = 0
    for number, stage in enumerate(found.stages):
        chosen = found.locus[:, :number]
        lod = lod_curves(cross.traits, loci, chosen, options=found.options)
        reported = stage.lod(cross.n_samples)
        for t in range(cross.n_traits):
            if stage.locus[t] < 0:
                assert np.isnan(lod[t]).all()
                continue
            n_checked += 1
            assert lod[t, stage.locus[t]] == pytest.approx(reported[t], rel=1e-9)
            assert np.nanmax(lod[t]) == pytest.approx(reported[t], rel=1e-9)
    assert n_checked >= 6


@pytest.mark.parametrize("variance", ["common", "cell"])
@pytest.mark.parametrize("model", ["full", "additive"])
@pytest.mark.parametrize("kind", ["ordinary", "skewed", "eight"])
def test_every_locus_equals_least_squares_on_dummies(kind, model, variance):
    cross, loci, found = searched(kind, model, variance)
    how = {"min_cell": found.options.min_cell, "model": model, "variance": variance}
    n_checked = 0
    for number in range(len(found.stages)):
        chosen = found.locus[:, :number]
        lod = lod_curves(cross.traits, loci, chosen, options=found.options)
        for t, y in enumerate(cross.traits):
            if found.stages[number].locus[t] < 0:
                continue
            for j in range(len(loci)):
                before = chosen[t].tolist()
                eligible = naive.is_eligible(
                    loci.genotypes, before, j, len(y), found.options.min_cell
                )
                if not eligible:
                    assert np.isnan(lod[t, j])
                    continue
                _, rss0, rss1, _, df2 = naive.statistic(y, loci.genotypes, before, j, **how)
                if df2 <= 0:
                    assert np.isnan(lod[t, j])
                elif rss1 > 1e-12 * rss0:
                    expected = 0.5 * len(y) * np.log10(rss0 / rss1)
                    assert lod[t, j] == pytest.approx(expected, rel=1e-9, abs=1e-9)
                    n_checked += 1
                else:
                    assert lod[t, j] > 100
    assert n_checked >= 30


def test_barred_loci_have_no_lod():
    cross, loci, found = searched("ordinary", "full", "common", other_chromosome=True)
    lod = lod_curves(cross.traits, loci, found.locus[:, :1], options=found.options)
    same = loci.chr_index[None, :] == loci.chr_index[found.locus[:, 0]][:, None]
    alive = found.stages[1].locus >= 0
    assert same[alive].any()
    assert np.isnan(lod[alive][same[alive]]).all()
    assert np.isfinite(np.nanmax(lod[alive], axis=1)).any()


def test_a_trait_without_an_earlier_locus_has_no_later_curve():
    cross, loci, found = searched("ordinary", "full", "common")
    chosen = np.array([[found.locus[1, 0]], [-1]])
    lod = lod_curves(cross.traits[[1, 1]], loci, chosen, options=found.options)
    assert np.isfinite(np.nanmax(lod[0]))
    assert np.isnan(lod[1]).all()


def test_no_traits_give_no_curves():
    cross, loci, found = searched("ordinary", "full", "common")
    lod = lod_curves(cross.traits[:0], loci, found.locus[:0, :1], options=found.options)
    assert lod.shape == (0, len(loci))
