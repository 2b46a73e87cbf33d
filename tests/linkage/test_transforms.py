import numpy as np
import pytest
from scipy import stats

from crossmap.errors import ArgumentError, DataError
from crossmap.linkage.transforms import transform_traits


@pytest.fixture
def values():
    rng = np.random.default_rng(5)
    y = np.exp(rng.normal(size=(30, 12)))
    y[3, 4] = y[7, :3] = np.nan
    y[5, :6] = 2.0  # ties
    return y


def test_nothing_asked_changes_nothing(values):
    assert transform_traits(values) is values


@pytest.mark.parametrize("how", ["log2", "quantile", "normal_scores"])
def test_the_values_given_stay_as_they_were(values, how):
    before = values.copy()
    transform_traits(values, [how], n_components=1)
    np.testing.assert_array_equal(values, before)


def test_logarithms(values):
    np.testing.assert_array_equal(transform_traits(values, ["log2"]), np.log2(values))


def test_normal_scores_are_quantiles_of_mean_ranks(values):
    scores = transform_traits(values, ["normal_scores"])
    for row, given in zip(scores, values, strict=True):
        there = ~np.isnan(given)
        expected = stats.norm.ppf((stats.rankdata(given[there]) - 0.5) / there.sum())
        np.testing.assert_allclose(row[there], expected, rtol=1e-12, atol=1e-14)
        assert np.isnan(row[~there]).all()


def test_quantile_gives_every_sample_one_distribution_and_keeps_order(values):
    complete = values[~np.isnan(values).any(axis=1)]
    result = transform_traits(complete, ["quantile"])
    reference = np.sort(complete, axis=0).mean(axis=1)
    for given, column in zip(complete.T, result.T, strict=True):
        if len(np.unique(given)) == len(given):
            np.testing.assert_allclose(np.sort(column), reference)
        assert (stats.rankdata(column) == stats.rankdata(given)).all()
    with_gaps = transform_traits(values, ["quantile"])
    np.testing.assert_array_equal(np.isnan(with_gaps), np.isnan(values))


def test_transforms_follow_each_other(values):
    both = transform_traits(values, ["log2", "quantile"])
    np.testing.assert_array_equal(both, transform_traits(np.log2(values), ["quantile"]))


def test_components_taken_out_leave_residuals_of_them(values):
    rng = np.random.default_rng(6)
    factors = rng.normal(size=(2, 12))
    factors -= factors.mean(axis=1, keepdims=True)
    y = rng.normal(size=(40, 2)) @ factors + 5
    y[0, 2] = np.nan
    left = transform_traits(y, n_components=2)
    assert np.nanmax(np.abs(left)) < 1e-10  # there was nothing else
    np.testing.assert_array_equal(np.isnan(left), np.isnan(y))
    left = transform_traits(values, n_components=3)
    there = ~np.isnan(values).any(axis=1)
    scaled = values[there] - values[there].mean(axis=1, keepdims=True)
    scaled /= np.sqrt((scaled**2).sum(axis=1, keepdims=True))
    components = np.linalg.svd(scaled)[2][:3]
    assert np.abs(left[there] @ components.T).max() < 1e-12
    assert np.abs(left[there].sum(axis=1)).max() < 1e-12


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ({"transforms": ["sqrt"]}, ArgumentError, "transform: expected log2 or quantile or"),
        ({"n_components": -1}, ArgumentError, "n_components: expected a whole number"),
        ({"n_components": 11}, DataError, "expected at most 10 for 28 complete traits"),
    ],
)
def test_bad_arguments(values, arguments, kind, message):
    with pytest.raises(kind, match=message):
        transform_traits(values, **arguments)


def test_a_logarithm_of_nothing_names_the_trait(values):
    values[2, 1] = 0.0
    values[4, 1] = -3.0
    with pytest.raises(DataError, match=r"trait b: expected values above 0.* found 0 among 2"):
        transform_traits(values, ["log2"], names=["x", "a", "b", *map(str, range(27))])
