"""associate: traits against any matrix."""

import numpy as np
import pandas as pd
import pytest
from naive import scan1 as naive

from crossmap import ArgumentError, CrossmapWarning, DataError, associate, scan1, simulate_cross

N = 26
SAMPLES = [f"s{k:02d}" for k in range(N)]


def frame(values, prefix):
    return pd.DataFrame(values, index=[f"{prefix}{i}" for i in range(len(values))], columns=SAMPLES)


@pytest.fixture
def tables():
    rng = np.random.default_rng(9)
    x = rng.normal(size=(7, N)) * 10.0 ** rng.integers(-3, 4, (7, 1)) + 100
    z = rng.normal(size=(7, N))
    z[2] = 2 * x[2] - 5  # says the same
    x[3] = 4.0
    y = rng.normal(size=(5, N)) + (x - 100)[:5] * 1e-3
    y[1, 4] = y[2, :3] = x[5, 7] = z[6, 9] = np.nan
    return frame(y, "t"), frame(x, "g"), frame(z, "g")


def twin(y, before, tested):
    keep = ~np.isnan(np.vstack([y, *before, *tested])).any(axis=0)
    if np.ptp(tested[0][keep]) == 0 and len(tested) == 1:
        return None
    cut = [[c[keep] for c in columns] for columns in (before, tested)]
    return naive.one_test(y[keep], [np.ones(keep.sum()), *cut[0]], cut[1], None)


def check(scan, y, expected_of):
    found = scan.to_frame().set_index(["trait", "predictor"])
    checked = 0
    for t in y.index:
        for g in scan.predictors["predictor"]:
            expected = expected_of(t, g)
            assert ((t, g) in found.index) == (expected is not None), (t, g)
            if expected is not None:
                row = found.loc[t, g]
                assert (row["n"], row["df"]) == (expected["n"], expected["df2"])
                f = row["statistic"] if "df1" in row else row["statistic"] ** 2
                assert f == pytest.approx(expected["f"], rel=1e-7, abs=1e-9)
                if "df1" in row:
                    assert row["df1"] == expected["df1"]
                else:
                    assert row["beta"] == pytest.approx(expected["beta"], rel=1e-7)
                checked += 1
    assert checked == len(found) == scan.n_tests
    return found


def test_every_trait_with_every_row(tables):
    y, x, _ = tables
    scan = associate(y, x, threshold=1.0)
    check(scan, y, lambda t, g: twin(y.loc[t].to_numpy(), [], [x.loc[g].to_numpy()]))
    assert scan.effect_of == "one unit of the predictor"
    assert scan.summary()["n_monomorphic_markers"] == 1
    single = associate(y, x.astype(np.float32).astype(float), threshold=1.0).to_frame()
    pd.testing.assert_frame_equal(
        associate(y, x.astype(np.float32), threshold=1.0).to_frame(), single
    )


def test_two_variables_of_each_row_are_tested_together(tables):
    y, x, z = tables
    scan = associate(y, x, joint_with=z.iloc[::-1, ::-1], threshold=1.0)

    def expected(t, g):
        both = [table.loc[g].to_numpy() for table in (x, z)]
        return twin(y.loc[t].to_numpy(), [], both)

    found = check(scan, y, expected)
    assert (found.xs("g2", level=1)["df1"] == 1).all()  # the second says the same
    assert (found.xs("g3", level=1)["df1"] == 1).all()  # the first does not vary
    assert (found.xs("g0", level=1)["df1"] == 2).all()
    assert found["beta"].isna().all()


def test_covariates_and_their_interaction(tables):
    y, x, _ = tables
    rng = np.random.default_rng(1)
    table = pd.DataFrame(
        {"age": rng.normal(size=N), "dose": rng.normal(size=N), "w": 1.0}, index=SAMPLES[::-1]
    )
    age, dose = (table.loc[SAMPLES, c].to_numpy() for c in ("age", "dose"))
    scan = associate(y, x, covariates=table, weights="w", interactive=["dose"], threshold=1.0)

    def expected(t, g):
        values = x.loc[g].to_numpy()
        if np.nanmin(values) == np.nanmax(values):
            return None
        return twin(y.loc[t].to_numpy(), [age, dose, values], [values * dose])

    check(scan, y, expected)
    assert scan.effect_of == "one unit of the predictor, per unit of dose"


def test_traits_with_each_other_but_not_with_themselves(tables, monkeypatch):
    y, _, _ = tables
    for block in (1, 2, 512):
        monkeypatch.setattr("crossmap.linkage.single_locus.SMALL_PANEL", 0)
        monkeypatch.setattr("crossmap.linkage.single_locus.ROWS_PER_PRODUCT", block)
        monkeypatch.setattr("crossmap.linkage.single_locus.TRAITS_PER_PRODUCT", block)
        scan = associate(y, threshold=1.0, histogram=4)

        def expected(t, g):
            return None if t == g else twin(y.loc[t].to_numpy(), [], [y.loc[g].to_numpy()])

        found = check(scan, y, expected)
        assert len(found) == 20
        assert scan.histogram()["n"].sum() == 20
        best = scan.by_trait().set_index("trait")["p_value"]
        least = found.groupby(level=0)["p_value"].min()
        np.testing.assert_allclose(best, least, rtol=1e-12)
        few = associate(y, threshold=0.3).to_frame()
        assert len(few) == (found["p_value"] <= 0.3).sum()


def test_a_cross_stands_for_its_traits_and_for_its_genotypes():
    cross = simulate_cross(n_samples=50, n_traits=30, n_markers=60, seed=3).cross
    ours = scan1(cross, threshold=1e-2).to_frame()
    same = associate(cross, cross, threshold=1e-2).to_frame()
    assert list(zip(ours["trait"], ours["marker"], strict=True)) == list(
        zip(same["trait"], same["predictor"], strict=True)
    )
    np.testing.assert_allclose(same["statistic"], ours["statistic"], rtol=1e-11)
    np.testing.assert_allclose(same["beta"], ours["beta"], rtol=1e-11)


def test_samples_go_by_name_and_those_not_in_all_tables_are_left_out(tables):
    y, x, _ = tables
    shuffled = x[SAMPLES[::-1]]
    pd.testing.assert_frame_equal(
        associate(y, shuffled, threshold=1.0).to_frame(), associate(y, x, threshold=1.0).to_frame()
    )
    with pytest.warns(CrossmapWarning, match="2 of 26 samples are not in all tables"):
        scan = associate(y, x.drop(columns=["s00", "s05"]), threshold=1.0)
    assert scan.n_samples == 24


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda y, x: (y, x.set_axis([f"q{k}" for k in range(N)], axis=1)), "samples: expected"),
        (lambda y, x: (y.rename(index={"t1": "t0"}), x), "traits: expected rows named once"),
        (lambda y, x: (y, x.rename(columns={"s01": "s00"})), "predictors: expected samples named"),
        (lambda y, x: (y, x.replace(4.0, np.inf)), "g3, sample s00: expected a finite number"),
        (lambda y, x: (y * 1e200, x), r"sample s00: expected a number up to 1e\+70 in size"),
        (lambda y, x: (y, x.astype(object).replace(4.0, "four")), "expected numbers, found other"),
    ],
)
def test_tables_that_cannot_be_used(tables, spoil, message):
    y, x, _ = tables
    with pytest.raises(DataError, match=message):
        associate(*spoil(y, x))


def test_arguments_that_do_not_go_together(tables):
    y, x, z = tables
    with pytest.raises(ArgumentError, match="joint_with: expected predictors"):
        associate(y, joint_with=z)
    with pytest.raises(DataError, match="joint_with: expected the rows of predictors, found 'g6'"):
        associate(y, x.drop(index="g6"), joint_with=z)
    with pytest.raises(DataError, match="covariates: expected each sample once, found 's00' twice"):
        associate(y, x, covariates=pd.DataFrame({"a": 1.0}, index=["s00", "s00"]))
