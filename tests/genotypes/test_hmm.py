"""Genotype probabilities against enumeration, R/qtl and R/qtl2."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from genotyped import awkward_cross, listeria
from naive import hmm as naive

from crossmap.cross import NOT_FIRST, NOT_LAST
from crossmap.errors import ArgumentError, CrossmapWarning, DataError
from crossmap.execution import Execution
from crossmap.genotypes.hmm import (
    draw_genotypes,
    error_lods,
    genotype_probabilities,
    viterbi_genotypes,
)
from crossmap.genotypes.positions import scan_positions
from crossmap.genotypes.stretches import stretches
from crossmap.io.read import read_cross
from crossmap.kernels import hmm as kernels

CROSSTYPES = ("haploid", "dh", "riself", "risib", "bc", "f2")


def cut(cross, *, step=0.0, error_prob=0.01):
    positions = scan_positions(cross, step=step)
    return list(stretches(cross, positions, error_prob=error_prob, map_function="haldane"))


@pytest.mark.parametrize("crosstype", CROSSTYPES)
def test_kernels_do_as_enumeration(crosstype):
    cross = awkward_cross(crosstype, n_samples=7, n_markers=9)
    for stretch in cut(cross):
        model = stretch.model
        m, k, n = len(stretch.observed), len(stretch.chain.classes), len(stretch.samples)
        state, likelihood = np.empty((m, k, n)), np.empty(n)
        kernels.state_probabilities(stretch.observed, *model, likelihood, state)
        steps = stretch.posterior_steps()
        pairs = np.empty_like(steps)
        kernels.pair_probabilities(steps, state[0], 0, pairs)
        with np.errstate(divide="ignore"):
            path = np.empty((m, n), dtype=np.int8)
            kernels.best_path(stretch.observed, *map(np.log, model), path)
        both = np.zeros((m, k, k))
        kernels.expected_steps(steps, both)
        summed = np.zeros((m, k, k))
        for i in range(n):
            seen = stretch.observed[:, i]
            expected, log_likelihood = naive.state_probabilities(seen, *model)
            np.testing.assert_allclose(state[:, :, i], expected, atol=1e-12)
            np.testing.assert_allclose(likelihood[i], log_likelihood, atol=1e-10)
            for j in range(1, m):
                expected = naive.pair_probabilities(seen, *model, 0, j)
                np.testing.assert_allclose(pairs[j, :, :, i], expected, atol=1e-12)
                summed[j] += naive.pair_probabilities(seen, *model, j - 1, j)
            best = naive.best_probability(seen, *model)
            np.testing.assert_allclose(naive.path_probability(path[:, i], seen, *model), best)
        np.testing.assert_allclose(both[1:], summed[1:], atol=1e-11)


def test_rqtl_on_its_own_intercross(shared):
    cross = listeria(shared)
    folder = shared / "oracles" / "rqtl"
    for step, n, n_near in ((0, 120, 0), (1, 25, 3)):
        theirs = pd.read_csv(folder / f"rqtl_listeria_genoprob_step{step}.tsv.gz", sep="\t")
        columns = iter(theirs.columns[1:])
        found = genotype_probabilities(cross, step=step, error_prob=1e-3)
        cm = found.positions["pos_cm"].to_numpy()
        name = "genoprob_step1_map" if step else "map"
        places = pd.read_csv(folder / f"rqtl_listeria_{name}.tsv", sep="\t", dtype={"chr": str})
        n_missed = 0
        for chromosome, place in zip(places["chr"], places["cM"], strict=True):
            here = (found.positions["chr"] == chromosome).to_numpy() & (np.abs(cm - place) < 1e-9)
            of_place = [next(columns) for _ in range(1 if chromosome == "X" else 2)]
            if not here.any():
                n_missed += 1
                continue
            ours = found.probability[: len(of_place), np.flatnonzero(here)[0], :n]
            np.testing.assert_allclose(ours, theirs[of_place].to_numpy().T, atol=1e-10)
        # R/qtl has pseudomarkers within 0.01 cM of markers, R/qtl2 has not.
        assert n_missed == len(places) - len(found) == n_near


def test_rqtl2_on_its_own_lines(shared):
    folder = shared / "oracles" / "qtl2"
    cross = read_cross(folder / "grav2.zip")
    for step, name in ((0, "markers"), (1, "step1")):
        theirs = pd.read_csv(
            folder / f"qtl2_grav2_genoprob_{name}.tsv.gz", sep="\t", dtype={"ind": str}
        ).set_index("ind")
        found = genotype_probabilities(cross, step=step, error_prob=2e-3)
        called = [name.split(":", 1)[1].rsplit(":", 1)[0] for name in theirs.columns]
        rows = pd.Index(found.positions["marker"]).get_indexer(called)
        who = [cross.samples.index(name) for name in theirs.index]
        assert len(found) == len(rows)
        ours = found.probability[0][np.ix_(rows, who)]
        np.testing.assert_allclose(ours, theirs.to_numpy().T, atol=1e-10)


@pytest.mark.parametrize("crosstype", CROSSTYPES)
def test_neither_threads_nor_the_company_of_others_change_a_bit(crosstype):
    cross = awkward_cross(crosstype, n_samples=150, n_markers=40)
    one = genotype_probabilities(cross, step=3.0, execution=Execution(threads=1)).probability
    many = genotype_probabilities(cross, step=3.0, execution=Execution(threads=4)).probability
    assert one.tobytes() == many.tobytes()
    part = cross.subset(samples=cross.samples[::3])
    alone = genotype_probabilities(part, step=3.0).probability
    assert np.array_equal(alone, one[:, :, ::3])
    np.testing.assert_allclose(one.sum(axis=0), 1.0, atol=1e-12)


def test_thousands_of_markers_do_not_underflow():
    cross = awkward_cross("f2", n_samples=20, n_markers=6000)
    found = genotype_probabilities(cross, error_prob=1e-3).probability
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found.sum(axis=0), 1.0, atol=1e-12)


@pytest.mark.parametrize("error", [0.3, 1e-3, 1e-60, 1e-99, 1e-101, 1e-160, 1e-300])
def test_likelihoods_however_small(error):
    """One genotype throughout and calls that alternate: half of them are errors, whichever it is.

    The second individual has one error. Without errors, both are impossible.
    """
    m = 600
    observed = np.ones((m, 2), dtype=np.uint8)
    observed[::2, 0] = 2
    observed[7, 1] = 2
    together = np.tile(np.eye(2), (m, 1, 1))
    emission = np.array([[1.0, 1 - error, error], [1.0, error, 1 - error]])
    state, likelihood = np.empty((m, 2, 2)), np.empty(2)
    kernels.state_probabilities(observed, np.full(2, 0.5), together, emission, likelihood, state)
    right, wrong = np.log1p(-error), np.log(error)
    one_wrong = np.logaddexp((m - 1) * right + wrong, (m - 1) * wrong + right) - np.log(2)
    np.testing.assert_allclose(likelihood, [m / 2 * (right + wrong), one_wrong])
    np.testing.assert_allclose(state[:, :, 0], 0.5)
    emission[emission == error] = 0.0
    kernels.state_probabilities(observed, np.full(2, 0.5), together, emission, likelihood, state)
    assert (likelihood == -np.inf).all()


def test_labels_exchanged_and_maps_turned_round():
    cross = awkward_cross("f2", n_samples=40, n_markers=24)
    found = genotype_probabilities(cross).probability
    rows = (cross.markers["chr"] != "X").to_numpy()
    swapped = np.where(cross.genotypes < 0, -1, 2 - cross.genotypes).astype(np.int8)
    ruled_out = np.where(cross.ruled_out < 0, -1, 2 - cross.ruled_out).astype(np.int8)
    other = replace(
        cross.subset(markers=list(cross.markers["marker"][rows])),
        genotypes=swapped[rows],
        ruled_out=ruled_out[rows],
    )
    mirrored = genotype_probabilities(other).probability[::-1]
    np.testing.assert_allclose(mirrored, found[:, rows], atol=1e-12)


def test_complete_calls_without_errors_are_certain():
    cross = awkward_cross("riself", n_samples=30, n_markers=20, missing=0.0)
    found = genotype_probabilities(cross, error_prob=0.0)
    np.testing.assert_array_equal(found.most_probable, cross.genotypes)
    assert found.probability.max(axis=0).min() == 1.0


def test_dominant_calls_leave_two_genotypes():
    cross = awkward_cross("f2", n_samples=30, n_markers=20)
    assert (cross.ruled_out == 0).any()
    assert (cross.ruled_out == 2).any()
    found = genotype_probabilities(cross, error_prob=0.0).probability
    for homozygote in (0, 2):
        assert found[homozygote][cross.ruled_out == homozygote].max() == 0.0
    assert (NOT_LAST, NOT_FIRST) == (3, 4)


def test_draws_have_the_probabilities():
    cross = awkward_cross("f2", n_samples=12, n_markers=10)
    positions, drawn = draw_genotypes(cross, n_draws=4000, error_prob=0.01, seed=3)
    found = genotype_probabilities(cross, error_prob=0.01).probability
    assert drawn.shape == (4000, len(positions), 12)
    for genotype in range(3):
        share = (drawn == genotype).mean(axis=0)
        sd = np.sqrt(found[genotype] * (1 - found[genotype]) / 4000)
        assert (np.abs(share - found[genotype]) < 5 * sd + 1e-3).all()
    again = draw_genotypes(
        cross.subset(samples=cross.samples[3:6]), n_draws=4000, error_prob=0.01, seed=3
    )[1]
    assert np.array_equal(again, drawn[:, :, 3:6])


def test_error_lods_point_at_the_call_that_was_spoilt():
    cross = awkward_cross("riself", n_samples=60, n_markers=80, missing=0.0)
    genotypes = cross.genotypes.copy()
    genotypes[30, 17] = 1 - genotypes[30, 17]
    lods = error_lods(replace(cross, genotypes=genotypes))
    assert np.unravel_index(lods.argmax(), lods.shape) == (30, 17)
    assert lods.max() > 1.0
    assert np.isnan(error_lods(awkward_cross("f2", n_samples=9, n_markers=9))).any()


def test_viterbi_between_markers():
    cross = awkward_cross("bc", n_samples=20, n_markers=20)
    positions, genotypes = viterbi_genotypes(cross, step=2.0)
    assert genotypes.shape == (len(positions), 20)
    assert set(np.unique(genotypes)) == {0, 1}


def test_x_needs_sex_and_says_so():
    cross = awkward_cross("f2", n_samples=20, n_markers=20)
    without = replace(cross, covariates=cross.covariates.drop(columns="sex"))
    with pytest.raises(DataError, match=r"expected a column sex .* found pgm"):
        genotype_probabilities(without)
    covariates = cross.covariates.copy()
    covariates.loc[cross.samples[4], "sex"] = None
    with pytest.raises(DataError, match=f"sex, sample {cross.samples[4]}: expected female or male"):
        genotype_probabilities(replace(cross, covariates=covariates))
    genotypes = cross.genotypes.copy()
    is_male = (cross.covariates["sex"] == "male").to_numpy()
    row = int(np.flatnonzero(cross.markers["chr"] == "X")[0])
    genotypes[row, is_male] = 1
    with pytest.warns(CrossmapWarning, match=r"calls on X are none that .* allow"):
        found = genotype_probabilities(replace(cross, genotypes=genotypes))
    assert found.probability[1, row, is_male].max() == 0.0


@pytest.mark.parametrize("error_prob", [-0.1, 0.5, 1, float("nan"), "0.1", True])
def test_error_probabilities_that_are_none(error_prob):
    with pytest.raises(ArgumentError, match="error_prob: expected a number of at least 0 and bel"):
        genotype_probabilities(awkward_cross("bc"), error_prob=error_prob)


def test_maps_that_cannot_be_used():
    cross = awkward_cross("haploid", n_samples=10, n_markers=10)
    markers = cross.markers.assign(pos_bp=np.arange(10) * 1e5)
    physical = replace(cross, markers=markers.assign(pos_cm=np.nan))
    with pytest.raises(DataError, match="expected positions in centimorgans or a rate, cm_per_mb"):
        genotype_probabilities(physical)
    found = genotype_probabilities(physical, cm_per_mb=300.0)
    np.testing.assert_allclose(found.positions["pos_cm"], np.arange(10) * 30.0)
    falling = markers.assign(pos_cm=markers["pos_cm"].to_numpy()[::-1])
    with pytest.raises(DataError, match="chromosome 1: expected a genetic map that rises with"):
        genotype_probabilities(replace(cross, markers=falling.assign(chr="1")))
    with pytest.raises(DataError, match="found every marker of a chromosome at one place"):
        genotype_probabilities(replace(cross, markers=markers.assign(pos_cm=3.0)))


def test_calls_that_cannot_occur_together():
    cross = awkward_cross("haploid", n_samples=10, n_markers=10, missing=0.0)
    genotypes = np.zeros_like(cross.genotypes)
    found = genotype_probabilities(replace(cross, genotypes=genotypes), error_prob=0.0)
    assert found.probability[0].min() == 1.0
    table = found.to_frame()
    assert table.columns.tolist() == ["marker", "chr", "pos_cm", "sample", "A", "B"]
    assert len(table) == 100


def test_a_dominant_call_is_a_call():
    """Of either allele: such samples are not said to have none."""
    cross = awkward_cross("f2", n_samples=10, n_markers=12, missing=0.0)
    for homozygote in (0, 2):
        genotypes = cross.genotypes.copy()
        genotypes[:, 3] = -1
        ruled_out = np.full_like(genotypes, -1)
        ruled_out[:, 3] = homozygote
        one = replace(cross, genotypes=genotypes, ruled_out=ruled_out)
        found = genotype_probabilities(one)  # a warning would be an error here
        on_autosomes = found.probability[homozygote, :8, 3]
        assert (on_autosomes < 0.05).all()


def test_samples_and_markers_without_any_call():
    cross = awkward_cross("bc", n_samples=10, n_markers=12, missing=0.0)
    genotypes = cross.genotypes.copy()
    genotypes[:, 3] = -1
    genotypes[5] = -1
    with pytest.warns(CrossmapWarning, match=r"1 of 10 samples have no genotype call \(s003\)"):
        found = genotype_probabilities(replace(cross, genotypes=genotypes))
    np.testing.assert_allclose(found.probability[:, :, 3], 0.5)
    assert found.probability[:, 5].max(axis=0)[[0, 1, 2, 4]].min() > 0.5  # from its neighbours
