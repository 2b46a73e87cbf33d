import numpy as np
import pandas as pd
import pytest

from crossmap.errors import ArgumentError, DataError
from crossmap.linkage.null_model import null_design

N = 12
SAMPLES = [f"s{k:02d}" for k in range(N)]


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    return (
        pd.DataFrame(
            {
                "age": rng.normal(40, 5, N),
                "months": 0.0,
                "batch": pd.Series(["b", "a", "c"] * 4, index=range(N), dtype=object),
                "sex": [True, False] * 6,
                "one": 3.0,
                "plate": pd.Categorical(["x", "y"] * 6),
                "trust": np.linspace(0.5, 2, N),
                "holes": np.where(np.arange(N) == 4, np.nan, rng.normal(size=N)),
                "empty": np.nan,
            }
        )
        .assign(months=lambda t: 12 * t["age"])
        .set_axis(SAMPLES)
    )


def whole(design):
    return design.on(np.flatnonzero(design.is_complete))


def test_the_basis_is_orthonormal_and_spans_intercept_and_covariates(table):
    design = null_design(table, covariates=["age", "batch", "sex", "plate"])
    assert design.names == ("age", "batch[b]", "batch[c]", "sex[True]", "plate[y]")
    null = whole(design)
    np.testing.assert_allclose(null.basis.T @ null.basis, np.eye(null.rank), atol=1e-14)
    assert null.rank == 5
    assert null.dropped == ("plate[y]",)  # sex says the same
    columns = np.vstack([np.ones(N), design.columns])
    np.testing.assert_allclose(null.residuals(columns), 0, atol=1e-12)


def test_collinear_and_constant_covariates_go_by_name_the_later_first(table):
    for names, gone in (
        (["age", "months", "one"], ("months", "one")),
        (["months", "age"], ("age",)),
        (["one", "batch"], ("one",)),
    ):
        assert whole(null_design(table, covariates=names)).dropped == gone


def test_a_covariate_with_a_large_offset_is_no_constant(table):
    table["year"] = 1e9 + np.arange(N)
    null = whole(null_design(table, covariates=["year"]))
    assert null.rank == 2
    y = np.arange(N) * 3.0 + 1.0
    assert null.unit_traits(y[None]).total[0] == 0.0


def test_numbers_kept_as_text_are_levels_and_missing_ones_leave_samples_out(table):
    design = null_design(table, covariates=["holes"])
    assert design.is_complete.sum() == N - 1
    table["tank"] = pd.Series([1, 2, None] * 4, index=SAMPLES, dtype=object)
    design = null_design(table, covariates=["tank"])
    assert design.names == ("tank[2]",)
    assert design.is_complete.sum() == 8


def test_interactive_covariates_enter_the_null_model_once(table):
    design = null_design(table, covariates=["age", "batch"], interactive=["age", "sex"])
    assert design.interactive_names == ("age", "sex[True]")
    assert design.names == ("age", "batch[b]", "batch[c]", "sex[True]")
    null = whole(design)
    assert np.abs(null.interactive).max() == 1.0
    np.testing.assert_allclose(null.interactive.mean(axis=1), 0, atol=1e-15)


def test_whitening_makes_errors_independent(table):
    rng = np.random.default_rng(2)
    root = rng.normal(size=(N, 20))
    k = root @ root.T / 20
    shuffled = [*rng.permutation(SAMPLES), "other"]
    given = pd.DataFrame(np.eye(N + 1), index=shuffled, columns=shuffled)
    given.loc[SAMPLES, SAMPLES] = k
    given = given[[*SAMPLES[::-1], "other"]]  # rows and columns in different orders
    null = whole(null_design(table, covariates=["age"], error_covariance=given))
    np.testing.assert_allclose(null.whitener @ k @ null.whitener.T, np.eye(N), atol=1e-12)
    unit = null.unit_traits(rng.normal(size=(3, N)))
    np.testing.assert_allclose((unit.y**2).sum(axis=1), 1.0)
    np.testing.assert_allclose(unit.z, unit.y @ null.whitener, atol=1e-14)
    assert abs(unit.z @ np.vstack([np.ones(N), table["age"]]).T).max() < 1e-10


def test_weights_are_inverse_variances(table):
    by_weight = whole(null_design(table, weights="trust"))
    by_matrix = whole(null_design(
        table, error_covariance=pd.DataFrame(np.diag(1 / table["trust"]), SAMPLES, SAMPLES)
    ))  # fmt: skip
    y = np.random.default_rng(1).normal(size=(2, N))
    np.testing.assert_allclose(by_weight.unit_traits(y).y, by_matrix.unit_traits(y).y, atol=1e-14)


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ({"covariates": ["height"]}, ArgumentError, r"found 'height'"),
        ({"covariates": ["empty"]}, DataError, r"covariate empty: expected values, found none"),
        (
            {"weights": "batch"},
            DataError,
            r"weights batch: expected a number.*found levels",
        ),
        ({"weights": "one_gone"}, DataError, r"weights one_gone: .*above 0.*found none for s04"),
        ({"weights": "one_less"}, DataError, r"found -2 for s00"),
        ({"weights": "one_word"}, DataError, r"weights one_word: .*found levels"),
        ({"weights": "height"}, ArgumentError, r"weights: expected a column.*found 'height'"),
    ],
)
def test_bad_covariates_and_weights(table, arguments, kind, message):
    table["one_less"] = np.arange(N) - 2.0
    table["one_word"] = "a"
    table["one_gone"] = np.where(np.arange(N) == 4, np.nan, 1.0)
    with pytest.raises(kind, match=message):
        null_design(table, **arguments)


def spoil(frame, how):
    if how == "asymmetric":
        frame.loc["s01", "s02"] = 0.3
    elif how == "indefinite":
        frame.loc["s01", "s02"] = frame.loc["s02", "s01"] = 2.0
    elif how == "singular":
        frame.loc["s02"] = frame.loc["s01"]
        frame["s02"] = frame["s01"]
    elif how == "short":
        frame = frame.drop(index="s03", columns="s03").drop(index="s04")
    elif how == "missing":
        frame.loc["s01", "s01"] = np.nan
    elif how == "twice":
        frame = frame.rename(index={"s05": "s06"}, columns={"s05": "s06"})
        frame.loc["s05"] = 0.0
        frame["s05"] = 0.0
    elif how == "negative":
        frame *= -1.0
    return frame


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("asymmetric", r"symmetric matrix, found 0.3 for s01, s02 and 0 for s02, s01"),
        ("indefinite", r"positive definite matrix of the 12 samples"),
        ("singular", r"positive definite"),
        ("negative", r"positive definite"),
        ("short", r"rows for all 12 samples, found none for s03 and 1 more"),
        ("missing", r"finite numbers, found missing"),
        ("twice", r"each sample once, found rows with one name twice"),
    ],
)
def test_bad_error_covariances(table, how, message):
    given = spoil(pd.DataFrame(np.eye(N), index=SAMPLES, columns=SAMPLES), how)
    with pytest.raises(DataError, match=message):
        whole(null_design(table, error_covariance=given))
