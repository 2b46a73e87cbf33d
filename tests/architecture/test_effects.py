"""Effects of loci and pairs against plain least squares and against known truth."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from examples import example_cross

from crossmap import joint_linkage, simulate_cross
from crossmap.architecture.effects import effects
from crossmap.architecture.linkage_table import single_locus_table
from crossmap.errors import ArgumentError


def table_of(cross, trait, *markers):
    rows = cross.markers.set_index("marker").loc[list(markers)]
    return pd.DataFrame(
        {
            "trait": trait, "number": range(1, len(markers) + 1), "locus": markers,
            "chr": rows["chr"].to_numpy(), "pos_bp": rows["pos_bp"].to_numpy(),
        }
    )  # fmt: skip


@pytest.fixture(scope="module")
def holed():
    cross = example_cross("ordinary", seed=4)
    traits = cross.traits.copy()
    traits[1, [3, 5]] = np.nan
    return replace(cross, traits=traits)


def test_effects_are_those_of_least_squares_with_the_traits_loci_side_by_side(holed):
    found = effects(holed, table_of(holed, "t1", "m01", "m22"))
    y = holed.traits[1]
    used = ~np.isnan(y)
    x = holed.genotypes[[1, 22]].T.astype(float)
    model = sm.OLS(y[used], sm.add_constant(x[used])).fit()
    np.testing.assert_allclose(found.loci["effect"], model.params[1:], rtol=1e-9)
    np.testing.assert_allclose(found.loci["se"], model.bse[1:], rtol=1e-9)
    assert found.loci["n"].tolist() == [38, 38]
    alone = [np.corrcoef(y[used], column)[0, 1] ** 2 for column in x[used].T]
    np.testing.assert_allclose(found.loci["r2"], alone, rtol=1e-9)


def test_pairs_are_two_way_tables(holed):
    row = effects(holed, table_of(holed, "t2", "m01", "m22")).pairs.iloc[0]
    y, a, b = holed.traits[2], *holed.genotypes[[1, 22]]
    for i in (0, 1):
        for j in (0, 1):
            cell = y[(a == i) & (b == j)]
            assert row[f"n_{i + 1}{j + 1}"] == len(cell)
            assert row[f"mean_{i + 1}{j + 1}"] == pytest.approx(cell.mean(), rel=1e-12)
    x = np.column_stack([a, b, a * b]).astype(float)
    model = sm.OLS(y - y.mean(), sm.add_constant(x)).fit()
    assert row["interaction"] == pytest.approx(model.params[3])
    assert row["p_value"] == pytest.approx(model.pvalues[3])
    assert row["r2_both"] == pytest.approx(model.rsquared)
    reduced = sm.OLS(y - y.mean(), sm.add_constant(x[:, :2])).fit()
    assert row["r2_interaction"] == pytest.approx(model.rsquared - reduced.rsquared)


@pytest.mark.parametrize(
    ("means", "is_sign"),
    [((0, 1, 1, 0), True), ((0, 1, 2, 3), False), ((0, 1, 2, 2.5), False), ((0, 2, 1, 0), True)],
)
def test_sign_epistasis(means, is_sign):
    cross = example_cross("unlinked", seed=2)
    a, b = cross.genotypes[[1, 10]]
    rng = np.random.default_rng(1)
    y = np.array(means, dtype=float)[2 * a + b] * 10 + 0.1 * rng.normal(size=len(a))
    cross = replace(cross, traits=np.tile(y, (cross.n_traits, 1)))
    row = effects(cross, table_of(cross, "t0", "m01", "m10")).pairs.iloc[0]
    assert row["sign_epistasis"] == is_sign
    assert (row["p_sign"] < 1e-3) == is_sign


def test_sign_epistasis_is_seldom_found_where_there_is_none():
    rng = np.random.default_rng(5)
    cross = example_cross("unlinked", seed=2)
    a, b = cross.genotypes[[1, 10]]
    n_traits = 250
    y = 1.0 * (a * 1.0 + b) + rng.normal(size=(n_traits, len(a)))
    names = [f"u{i:03d}" for i in range(n_traits)]
    cross = replace(
        cross,
        traits=y,
        trait_table=pd.DataFrame(
            {"trait": pd.Series(names, dtype=object), "chr": None, "start_bp": np.nan,
             "end_bp": np.nan}
        ),
    )  # fmt: skip
    table = pd.concat([table_of(cross, name, "m01", "m10") for name in names])
    pairs = effects(cross, table).pairs
    assert (pairs["p_sign"] <= 0.05).mean() <= 0.03
    assert 0.02 <= (pairs["p_value"] <= 0.05).mean() <= 0.08


def test_effects_of_a_simulated_cross_and_share_of_genetic_variance():
    simulated = simulate_cross(n_samples=400, n_traits=80, n_markers=600, seed=6)
    cross, truth = simulated.cross, simulated.truth
    h2 = truth.groupby("trait")["variance_share"].sum()
    found = effects(cross, single_locus_table(cross), h2=h2)
    single = truth[(truth["kind"] == "single")].set_index("trait")
    ours = found.loci[found.loci["trait"].isin(single.index)].drop_duplicates("trait")
    true = single.loc[ours["trait"]]
    assert len(ours) > 8
    assert np.abs(ours["effect"].to_numpy() - 2 * true["effect"].to_numpy()).max() < 0.6
    assert np.median(ours["share_of_genetic"]) == pytest.approx(1, abs=0.15)


def test_joint_linkages_have_effects_and_pairs():
    cross = simulate_cross(n_samples=112, n_traits=300, n_markers=400, seed=2).cross
    joint = joint_linkage(cross, variance="common")
    found = effects(cross, joint)
    n = int(joint.is_called(0.10).sum())
    assert (len(found.loci), len(found.pairs)) == (2 * n, n)
    assert len(found.least_r2) == 2
    for trait, part in found.loci.groupby("trait"):
        both = found.pairs.set_index("trait")["r2_both"][trait]
        assert part["r2"].sum() == pytest.approx(both, abs=1e-6)
    assert (found.loci["r2_corrected"] <= found.loci["r2"] * 1.02).all()
    scaled = effects(replace(cross, traits=cross.traits * 3 + 5), joint)
    np.testing.assert_allclose(scaled.loci["effect"], 3 * found.loci["effect"], rtol=1e-8)
    assert len(effects(cross, joint, fdr=0.0).loci) == 0


def test_nothing_and_what_is_not_in_the_cross(holed):
    nothing = effects(holed, table_of(holed, "t1"))
    assert len(nothing.loci) == len(nothing.pairs) == 0
    with pytest.raises(ArgumentError, match="expected a locus of the cross, found 'zz'"):
        effects(holed, table_of(holed, "t1", "m01").assign(locus="zz"))
    with pytest.raises(ArgumentError, match="expected a trait of the cross, found 'zz'"):
        effects(holed, table_of(holed, "zz", "m01"))


@pytest.mark.parametrize("unit", [1.0, 0.1, 0.7, 3.3])
@pytest.mark.parametrize("swap", [False, True])
def test_loci_alike_in_strength_stand_in_the_order_of_the_map(unit, swap):
    """Samples of each pair have one value; two loci part the pairs alike, so rounding decides."""
    cross = example_cross("ordinary", seed=4)
    n_pairs = cross.n_samples // 2
    values = np.random.default_rng(5).integers(0, 50, n_pairs)
    first = np.random.default_rng(6).permutation(2 * n_pairs)
    value = np.zeros(cross.n_samples)
    value[first] = np.repeat(values, 2)
    one = (np.arange(n_pairs) % 3 == 0) * 1
    genotypes = cross.genotypes.copy()
    chromosome = cross.markers["chr"].to_numpy()
    rows = [int(np.flatnonzero(chromosome == name)[0]) for name in dict.fromkeys(chromosome)]
    for row, (a, b) in zip(rows[:2], ((0, 1), (1, 0)), strict=True):
        own = np.zeros(cross.n_samples, dtype=np.int8)
        own[first[a::2]], own[first[b::2]] = one, np.roll(one, 3)
        genotypes[row] = 1 - own if swap else own
    kept = list(cross.markers["marker"].to_numpy()[rows[:2]])
    made = replace(cross, genotypes=genotypes, traits=np.tile(value * unit, (cross.n_traits, 1)))
    table = single_locus_table(made.subset(markers=kept), threshold=0.999)
    for _, own in table.groupby("trait"):
        assert list(own["locus"]) == kept


def test_loci_that_say_the_same_share_their_effect_whichever_genotype_is_which(holed):
    genotypes = holed.genotypes.copy()
    genotypes[22] = 1 - genotypes[1]
    swapped = replace(holed, genotypes=1 - genotypes)
    one, other = (
        effects(cross, table_of(cross, "t0", "m01", "m22")).loci
        for cross in (replace(holed, genotypes=genotypes), swapped)
    )
    np.testing.assert_allclose(one["effect"], -other["effect"], rtol=1e-9)
    np.testing.assert_allclose(one["se"], other["se"], rtol=1e-9)
    x = genotypes[1] - genotypes[1].mean()
    slope = x @ holed.traits[0] / (x @ x)
    np.testing.assert_allclose(one["effect"], [slope / 2, -slope / 2], rtol=1e-9)


@pytest.mark.parametrize("unit", [0.1, 0.3, 0.7, 1.0, 1.1, 3.3])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_an_effect_of_nought_has_no_sign(holed, unit, sign):
    """In one genotype of the other locus both groups hold the same values, in another order."""
    a, b = holed.genotypes[1].astype(int), holed.genotypes[22].astype(int)
    y = np.where(a == 1, 2.0, 1.0) * sign
    for group in (0, 1):
        own = np.flatnonzero((b == 0) & (a == group))
        y[own] = np.resize([0.1, 0.2, 0.6], len(own) // 3 * 3).tolist() + [0.3] * (len(own) % 3)
    y[(b == 1) & (np.arange(len(y)) % 2 == 0)] += 0.4
    cross = replace(holed, traits=np.tile(y * unit, (holed.traits.shape[0], 1)))
    pair = effects(cross, table_of(cross, "t0", "m01", "m22")).pairs.iloc[0]
    assert abs(pair["mean_21"] - pair["mean_11"]) < 1e-12 * unit
    of_other = (pair["mean_12"] - pair["mean_11"]) * (pair["mean_22"] - pair["mean_21"])
    assert pair["sign_epistasis"] == (of_other < 0)
