"""Loci that may be the best, from sums over all loci at once, against orthonormal columns."""

import numpy as np
import pytest
from genotyped import awkward_cross

from crossmap import genotype_probabilities
from crossmap.genotypes.probable_loci import probable_loci
from crossmap.kernels.regression import row_squares
from crossmap.kernels.scan1 import exact_tests
from crossmap.linkage.probability_sift import NOT_SURE, sift
from crossmap.linkage.probability_stage import (
    eligible,
    entering_loci,
    model_before,
    probability_stage,
)
from crossmap.linkage.probability_weights import variance_cells

CROSSTYPES = ("haploid", "riself", "risib", "bc", "f2")
MIN_CELL = 3


def unit_rows(rows):
    squares = np.empty(len(rows))
    row_squares(rows, squares)
    return rows / np.sqrt(squares)[:, None]


def all_gains(stage, z):
    """Share explained by every locus of every row, one at a time: [rows, loci]."""
    at, row = np.meshgrid(np.arange(len(stage.rows)), np.arange(len(z)))
    exact = np.empty((at.size, 3))
    exact_tests(stage.columns, z, stage.n_before, at.ravel().astype(np.int32),
                row.ravel().astype(np.int32), exact)  # fmt: skip
    return (exact[:, 1] / (exact[:, 1] + exact[:, 2])).reshape(at.shape)


def assert_best_are_listed(found, stage, gain, *, most_per_row):
    """The best of each kind of locus is there, and few others are."""
    locus, row = found
    kind = stage.df1 * 100 + stage.df_before
    listed = np.zeros((len(gain), stage.rows.max() + 1), dtype=bool)
    keep = locus <= stage.rows.max()
    listed[row[keep], locus[keep]] = True
    for number in np.unique(kind):
        of_kind = np.flatnonzero(kind == number)
        best = of_kind[gain[:, of_kind].argmax(axis=1)]
        assert listed[np.arange(len(gain)), stage.rows[best]].all()
    assert len(locus) <= most_per_row * len(gain)


@pytest.fixture(scope="module", params=CROSSTYPES)
def loci(request):
    cross = awkward_cross(request.param, n_samples=150, n_markers=60)
    return probable_loci(genotype_probabilities(cross, step=5.0, error_prob=0.01), cross)


@pytest.mark.parametrize("interaction", [False, True])
@pytest.mark.parametrize("chosen", [(), (4,), (40,), (4, 26)])
def test_the_best_of_every_row_is_listed(loci, chosen, interaction):
    if interaction and not chosen:
        return
    n_before = loci.main_columns.shape[1] if interaction else 0
    stage = probability_stage(loci, chosen, None, min_cell=MIN_CELL, is_full=True)
    if interaction:
        stage = stage.of_interactions(n_before)
    z = unit_rows(stage.residuals(np.random.default_rng(1).normal(size=(12, 150))))
    is_eligible = eligible(loci, chosen, min_cell=MIN_CELL, is_full=True)
    made = sift(
        model_before(loci, chosen, is_full=True), loci, chosen, is_eligible, cell=None,
        is_full=True, n_before=n_before,
    )  # fmt: skip
    n_unsure = int((made.kind == NOT_SURE).sum())
    if not chosen:
        assert n_unsure == 0
    n_kinds = len(np.unique(made.kind[made.kind >= 0]))
    found = made.near_best(z, np.ones((1, 1)))
    assert_best_are_listed(found, stage, all_gains(stage, z), most_per_row=n_unsure + n_kinds + 2)
    # What may enter is the same, and so are the degrees of freedom that occur.
    assert set(made.df1) <= set(stage.df1)
    assert set(stage.df1) <= set(made.df1) | set(
        stage.df1[np.isin(stage.rows, np.flatnonzero(made.kind == NOT_SURE))]
    )


@pytest.mark.parametrize("is_full", [True, False])
def test_the_best_of_weighted_rows_is_listed(loci, is_full):
    rng, chosen = np.random.default_rng(2), (4,)
    before = model_before(loci, chosen, is_full=is_full)
    cells = variance_cells(loci, before, chosen, min_cell=MIN_CELL)
    traits = rng.normal(size=(6, 150)) * (1.0 + 2.0 * cells.cell)
    weights = cells.weights(before.residuals(traits))
    unit = unit_rows(cells.residuals(traits, weights)) * np.sqrt(weights)[:, cells.cell]
    is_eligible = eligible(loci, chosen, min_cell=MIN_CELL, is_full=is_full)
    stage = entering_loci(before, loci, chosen, np.flatnonzero(is_eligible), is_full=is_full)
    of_stage = variance_cells(loci, stage, chosen, min_cell=MIN_CELL)
    at, row = np.meshgrid(np.arange(len(stage.rows)), np.arange(6))
    gain = of_stage.gains_of(at.ravel(), row.ravel(), unit, weights).reshape(at.shape)
    made = sift(before, loci, chosen, is_eligible, cell=cells.cell, is_full=is_full)
    n_unsure = int((made.kind == NOT_SURE).sum())
    n_kinds = len(np.unique(made.kind[made.kind >= 0]))
    found = made.near_best(unit, weights)
    assert_best_are_listed(found, stage, gain, most_per_row=n_unsure + n_kinds + 2)


def test_rows_of_nothing_list_the_first(loci):
    made = sift(
        model_before(loci, (), is_full=True), loci, (),
        eligible(loci, (), min_cell=MIN_CELL, is_full=True), cell=None, is_full=True,
    )  # fmt: skip
    locus, row = made.near_best(np.zeros((2, 150)), np.ones((1, 1)))
    first = [int(np.flatnonzero(made.kind == k)[0]) for k in np.unique(made.kind[made.kind >= 0])]
    assert sorted(locus[row == 0]) == sorted(first)
