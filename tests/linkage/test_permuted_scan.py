"""Permuted single-locus scans against least squares, permutation by permutation."""

import numpy as np
import pandas as pd
import pytest
from examples import KINDS, example_cross
from linkage.test_single_locus import awkward_cross
from naive import permute as naive
from scipy import stats

from crossmap.execution import Execution
from crossmap.linkage import permuted_scan
from crossmap.linkage.null_model import null_design
from crossmap.linkage.permuted_scan import PermutedScan, f_of_r2, p_of_r2, same_p
from crossmap.linkage.predictors import genotype_predictors

N = 12


def prepared(cross, *, covariates=(), covariance=None, **how):
    design = null_design(cross.covariates, covariates=covariates, error_covariance=covariance)
    return PermutedScan(
        cross.traits, cross.trait_names, genotype_predictors(cross), design, **how
    )  # fmt: skip


def check(cross, *, covariates=(), columns=(), strata=None, traits=None, **how):
    scan = prepared(cross, covariates=covariates, strata=strata, **how)
    found = scan.maxima(0, N)
    model = how.get("model", "linear")
    for t in range(cross.n_traits) if traits is None else traits:
        y = cross.traits[t]
        if np.isnan(found.r2[t]).any():
            assert np.isnan(found.r2[t]).all()
            left = naive.residuals(y, columns)
            assert np.abs(left).max() <= 1e-9 * max(1.0, np.abs(y).max())
            continue
        for b in range(N):
            z = naive.permuted(
                y, cross.trait_names[t], b, covariates=columns, strata=strata,
                shared=how.get("is_shared", False),
            )  # fmt: skip
            test = naive.best(z, cross.genotypes, model=model, covariates=columns)
            p = p_of_r2(found.r2[t, b], found.df1[t], found.df2[t])
            assert p == pytest.approx(test["p"], rel=1e-6, abs=1e-12), (t, b)
            if found.is_uniform[t]:
                assert found.r2[t, b] == pytest.approx(test["r2"], rel=1e-8, abs=1e-9)
                kinds = (found.n_samples[t], found.df1[t], found.df2[t])
                assert kinds == (test["n"], test["df1"], test["df2"])


@pytest.mark.parametrize("kind", KINDS)
def test_awkward_crosses(kind):
    check(example_cross(kind))


@pytest.mark.parametrize(
    ("classes", "model", "missing"),
    [(2, "linear", 0.0), (2, "linear", 0.15), (3, "linear", 0.1), (3, "anova", 0.0),
     (3, "anova", 0.1)],
)  # fmt: skip
def test_models_missing_values_covariates_and_strata(classes, model, missing):
    cross = awkward_cross(3, classes=classes, missing=missing)
    table = cross.covariates
    columns = [table["age"], table["batch"] == "b", table["batch"] == "c"]
    strata = (np.arange(cross.n_samples) * 7 % 5 > 2).astype(np.int64)
    few = [0, 1, 4, 6]
    check(cross, model=model, traits=few)
    check(cross, model=model, covariates=["age", "batch"], columns=columns, traits=few)
    check(cross, model=model, strata=strata, is_shared=True, traits=few)


def test_the_trait_as_it_is_has_the_best_marker_of_the_scan():
    from crossmap import scan1

    for cross in (awkward_cross(1), awkward_cross(2, classes=3, missing=0.1)):
        scan = prepared(cross, covariates=["dose"])
        found = scan.maxima(0, 1)
        best = scan1(cross, covariates=["dose"]).by_trait()
        rows = scan.predictors.row_of_marker
        for t, marker in enumerate(best["marker"]):
            if marker is None:
                assert found.row[t] == -1
                continue
            assert found.row[t] == rows[list(scan.predictors.names).index(marker)]
            p = p_of_r2(found.r2[t, 0], found.df1[t], found.df2[t])
            assert p == pytest.approx(best["p_value"][t], rel=1e-9)


def covariance_of(cross, seed=0):
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(cross.n_samples, 2 * cross.n_samples))
    matrix = root @ root.T / cross.n_samples
    return pd.DataFrame(matrix, index=cross.samples, columns=cross.samples)


@pytest.mark.parametrize("missing", [0.0, 0.1])
def test_correlated_errors_are_permuted_where_they_are_exchangeable(missing):
    """The trait that the permuted coordinates stand for, tested by generalised least squares."""
    cross = awkward_cross(5, missing=missing)
    covariance = covariance_of(cross)
    scan = prepared(cross, covariates=["age"], covariance=covariance)
    found = scan.maxima(0, N)
    for t in (0, 6):
        samples = np.flatnonzero(~np.isnan(cross.traits[t]))
        group = permuted_scan._TraitGroup(scan, np.array([t]), samples)
        null = scan.design.on(samples)
        u, basis = group.e[0], group.complement
        assert np.allclose(basis.T @ basis, np.eye(len(u)), atol=1e-12)
        assert np.allclose(null.basis.T @ basis, 0, atol=1e-12)
        key = naive.philox.fold_cells(naive.stage_key(1, 1), [0] * len(u))
        for b in range(3):
            order = naive.philox.shuffle_within_cells(
                key, naive.trait_items([cross.trait_names[t]])[0], b, [0] * len(u)
            )
            z = np.full(cross.n_samples, np.nan)
            moved = u[order] if b else u
            z[samples] = np.linalg.solve(null.whitener, basis @ moved)
            test = naive.best(
                z, cross.genotypes, model="linear", covariates=[cross.covariates["age"]],
                covariance=covariance.to_numpy(),
            )  # fmt: skip
            p = p_of_r2(found.r2[t, b], found.df1[t], found.df2[t])
            assert p == pytest.approx(test["p"], rel=1e-6)


@pytest.mark.parametrize("how", ["plain", "covariates", "covariance"])
def test_same_bytes_however_the_work_is_cut(how, monkeypatch):
    cross = awkward_cross(7, missing=0.05)
    options = {
        "plain": {},
        "covariates": {"covariates": ["age", "dose"]},
        "covariance": {"covariance": covariance_of(cross)},
    }[how]
    scan = prepared(cross, **options)
    whole = scan.maxima(0, 40, execution=Execution(threads=1))
    order = np.array([6, 2, 8, 0])
    some = scan.maxima(0, 40, traits=order)
    late = scan.maxima(17, 40, execution=Execution(threads=2))
    monkeypatch.setattr(permuted_scan, "COLUMNS_PER_TASK", 7)
    cut = scan.maxima(0, 40, execution=Execution(threads=2))
    for other, mine in (
        (cut.r2, whole.r2), (some.r2, whole.r2[order]), (late.r2, whole.r2[:, 17:]),
        (cut.row, whole.row), (some.row, whole.row[order]),
    ):  # fmt: skip
        assert np.ascontiguousarray(other).tobytes() == np.ascontiguousarray(mine).tobytes()


def test_units_and_swapped_alleles_change_nothing():
    from crossmap.cross import make_cross

    cross = awkward_cross(2)
    other = make_cross(
        crosstype="haploid", genotype_names=("B", "A"), samples=cross.samples,
        markers=cross.markers, genotypes=1 - cross.genotypes, trait_names=cross.trait_names,
        traits=3 - 0.25 * cross.traits, covariates=cross.covariates,
    )  # fmt: skip
    one, two = (prepared(c, covariates=["age"]).maxima(0, 20) for c in (cross, other))
    np.testing.assert_allclose(two.r2, one.r2, rtol=1e-9)
    assert two.row.tolist() == one.row.tolist()


def test_r2_with_other_degrees_of_freedom_has_the_same_p():
    r2 = np.array([0.0, 0.1, 0.5, 0.9, np.nan])
    other = same_p(r2, (2, 30), (1, 25))
    f = other / (1 - other) * 25
    np.testing.assert_allclose(
        stats.f.sf(f, 1, 25), stats.f.sf(r2 / 2 / ((1 - r2) / 30), 2, 30), rtol=1e-9
    )


def test_f_of_a_partial_r2_and_of_more_than_all_of_it():
    r2 = np.array([0.0, 0.2, 0.9])
    np.testing.assert_allclose(stats.f.sf(f_of_r2(r2, 2, 30), 2, 30), p_of_r2(r2, 2, 30))
    # Rounding may leave less than nothing.
    np.testing.assert_array_equal(f_of_r2(np.array([1.0, 1 + 1e-15, np.nan]), 1, 9)[:2], np.inf)
