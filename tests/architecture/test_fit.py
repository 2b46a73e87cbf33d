"""Models of several loci: R/qtl's own numbers, least squares on dummies, and awkward samples."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from examples import KINDS, example_cross
from genotyped import awkward_cross, with_traits
from naive.sequential import rss as least_squares
from peers import rqtl_yeast_sub

import crossmap
from crossmap.architecture.fit import fit
from crossmap.errors import ArgumentError, CrossmapWarning, DataError
from crossmap.io.read import read_cross

RELATIVE = 1e-10
PEER = 1e-8  # R/qtl solves the normal equations another way


@pytest.fixture(scope="module")
def peer(shared):
    """R/qtl's tables, and our fit of the same model."""
    folder = shared / "oracles" / "rqtl"
    tables = {
        name: pd.read_csv(folder / f"rqtl_yeast_fitqtl_{name}.tsv", sep="\t")
        for name in ("anova", "drop", "ests")
    }
    return tables, fit(rqtl_yeast_sub(shared), "GPB2", ["mk0079_1_51324", "mk1010_7_55458"])


def test_anova_is_that_of_rqtl(peer):
    theirs, ours = peer[0]["anova"], peer[1].anova
    assert ours["source"].tolist() == theirs["source"].tolist()
    assert ours["df"].tolist() == theirs["df"].tolist() == [3, 108, 111]
    for our, their in [("ss", "SS"), ("ms", "MS"), ("lod", "LOD"), ("percent_var", "%var")]:
        np.testing.assert_allclose(ours[our], theirs[their], rtol=PEER)
    # R/qtl prints 0 for a p-value below the rounding of 1.
    np.testing.assert_allclose(ours["p_f"], theirs["Pvalue(F)"], atol=1e-15)
    assert 0 < ours["p_f"][0] < 1e-18


def test_drop_one_rows_are_those_of_rqtl(peer):
    theirs, ours = peer[0]["drop"], peer[1].drop_one
    assert ours["term"].tolist() == ["Q1", "Q2", "Q1:Q2"]
    assert ours["df"].tolist() == theirs["df"].tolist() == [2, 2, 1]
    columns = {
        "ss": "Type III SS", "lod": "LOD", "percent_var": "%var", "f": "F value",
    }  # fmt: skip
    for our, their in columns.items():
        np.testing.assert_allclose(ours[our], theirs[their], rtol=PEER)
    for our, their in [("p_chi2", "Pvalue(Chi2)"), ("p_f", "Pvalue(F)")]:
        np.testing.assert_allclose(ours[our], theirs[their], rtol=PEER, atol=1e-15)


def test_effects_are_those_of_rqtl(peer):
    theirs, ours = peer[0]["ests"], peer[1].effects
    assert ours["term"].tolist() == ["Intercept", "Q1", "Q2", "Q1:Q2"]
    for our, their in [("estimate", "est"), ("se", "SE"), ("t", "t")]:
        np.testing.assert_allclose(ours[our], theirs[their], rtol=PEER)


def test_interaction_is_the_addint_of_rqtl(shared, peer):
    """Adding the interaction to the additive model; R/qtl's F divides as ours does."""
    theirs = pd.read_csv(shared / "oracles" / "rqtl" / "rqtl_yeast_addint.tsv", sep="\t").iloc[0]
    ours = peer[1].drop_one.iloc[2]
    assert ours["lod"] == pytest.approx(theirs["LOD"], rel=PEER)
    assert ours["f"] == pytest.approx(theirs["F.value"], rel=PEER)


MODELS = [
    (2, None, "y ~ Q1 + Q2 + Q1:Q2"),
    (2, "Q1 + Q2", "y ~ Q1 + Q2"),
    (1, None, "y ~ Q1"),
    (3, None, "y ~ Q1 + Q2 + Q3"),
    (3, "Q1*Q2 + Q3", "y ~ Q1 + Q2 + Q3 + Q1:Q2"),
    (3, "Q1:Q2:Q3", "y ~ Q1 + Q2 + Q3 + Q1:Q2 + Q1:Q3 + Q2:Q3 + Q1:Q2:Q3"),
]


def columns_of(genotypes, terms):
    """0/1 products, the constant first: not the coding under test, the same models."""
    n = genotypes.shape[1]
    return np.column_stack(
        [
            np.ones(n),
            *(np.prod([genotypes[int(q[1:]) - 1] for q in t.split(":")], 0) for t in terms),
        ]
    )


@pytest.mark.filterwarnings("ignore::crossmap.errors.CrossmapWarning")
@pytest.mark.parametrize(("n_loci", "formula", "written"), MODELS)
@pytest.mark.parametrize("kind", KINDS)
def test_tables_equal_least_squares_on_dummies(kind, n_loci, formula, written):
    cross = example_cross(kind, seed=3)
    names = cross.markers["marker"].tolist()
    chosen = [names[1], names[-2], names[9]][:n_loci]
    genotypes = cross.genotypes[[1, len(names) - 2, 9][:n_loci]].astype(float)
    terms = written.removeprefix("y ~ ").split(" + ")
    n = cross.n_samples
    design = columns_of(genotypes, terms)
    n_compared = 0
    for trait, y in zip(cross.trait_names, cross.traits, strict=True):
        if np.ptp(y) == 0 or least_squares(y, design)[1] >= n:
            continue
        found = fit(cross, trait, chosen, formula=formula)
        assert found.formula == written
        total = ((y - y.mean()) ** 2).sum()
        rss, rank = least_squares(y, design)
        if rss < 1e-20 * total:
            assert found.anova["ss"][1] == 0.0
            assert found.lod == np.inf
            assert (found.anova["p_f"][0], found.anova["neglog10_p_f"][0]) == (
                np.finfo(float).tiny, np.inf,
            )  # fmt: skip
            continue
        n_compared += 1
        assert found.anova["df"].tolist() == [rank - 1, n - rank, n - 1]
        np.testing.assert_allclose(found.anova["ss"], [total - rss, rss, total], rtol=RELATIVE)
        assert found.lod == pytest.approx(n / 2 * np.log10(total / rss), rel=RELATIVE)
        assert found.residual_sd**2 == pytest.approx(rss / (n - rank), rel=RELATIVE)
        for row, term in enumerate(terms):
            stays = [t for t in terms if not set(term.split(":")) <= set(t.split(":"))]
            smaller, rank_smaller = least_squares(y, columns_of(genotypes, stays))
            dropped = found.drop_one.iloc[row]
            assert (dropped["term"], dropped["df"]) == (term, rank - rank_smaller)
            if rank > rank_smaller:
                gained = smaller - rss
                assert dropped["ss"] == pytest.approx(gained, rel=RELATIVE, abs=1e-12 * total)
                expected = (gained / (rank - rank_smaller)) / (rss / (n - rank))
                assert dropped["f"] == pytest.approx(expected, rel=1e-9, abs=1e-9)
            else:
                assert dropped["lod"] == 0.0
                assert dropped[["f", "p_f", "p_chi2"]].isna().all()
        assert (found.data["residual"] ** 2).sum() == pytest.approx(rss, rel=RELATIVE)
    assert n_compared >= (5 if kind != "eight" else 0)


@pytest.mark.parametrize(("crosstype", "half"), [("dh", 1), ("haploid", 1), ("bc", 0.5)])
def test_coefficients_are_contrasts_of_cell_means(crosstype, half):
    cross = replace(example_cross("ordinary", seed=4), crosstype=crosstype)
    found = fit(cross, "t2", ["m01", "m22"])
    x1, x2 = cross.genotypes[[1, 22]]
    y = cross.traits[2]
    mean = {(a, b): y[(x1 == a) & (x2 == b)].mean() for a in (0, 1) for b in (0, 1)}
    expected = [
        (mean[0, 0] + mean[0, 1] + mean[1, 0] + mean[1, 1]) / 4,
        (mean[1, 0] + mean[1, 1] - mean[0, 0] - mean[0, 1]) / 4 / half,
        (mean[0, 1] + mean[1, 1] - mean[0, 0] - mean[1, 0]) / 4 / half,
        (mean[1, 1] + mean[0, 0] - mean[0, 1] - mean[1, 0]) / 4 / half**2,
    ]
    np.testing.assert_allclose(found.effects["estimate"], expected, rtol=1e-9)
    assert found.coding == {"A": -half, "B": half}
    cells = found.cell_means
    assert cells[["genotype1", "genotype2"]].to_numpy().tolist() == [
        ["A", "A"], ["A", "B"], ["B", "A"], ["B", "B"],
    ]  # fmt: skip
    np.testing.assert_allclose(cells["mean"], [mean[k] for k in sorted(mean)], rtol=1e-14)
    np.testing.assert_allclose(cells["fitted"], cells["mean"], rtol=1e-12)
    inside = y[(x1 == 0) & (x2 == 1)]
    assert cells["n"].sum() == cross.n_samples
    assert cells["se"][1] == pytest.approx(inside.std(ddof=1) / np.sqrt(len(inside)), rel=1e-12)


def test_combinations_stand_in_the_order_of_the_genotypes():
    cross = example_cross("ordinary", seed=4)
    renamed = replace(cross, genotype_names=("wild", "mutant"))
    expected = fit(cross, "t2", ["m01", "m22"]).cell_means.replace({"A": "wild", "B": "mutant"})
    found = fit(renamed, "t2", ["m01", "m22"])
    pd.testing.assert_frame_equal(found.cell_means, expected)
    assert found.data["genotype1"].cat.categories.tolist() == ["wild", "mutant"]


def test_an_additive_model_need_not_go_through_the_means():
    cross = example_cross("ordinary", seed=4)
    cells = fit(cross, "t2", ["m01", "m22"], formula="m01 + m22").cell_means
    fitted = cells["fitted"].to_numpy()
    assert np.abs(fitted - cells["mean"]).max() > 0.05
    assert fitted[0] - fitted[1] == pytest.approx(fitted[2] - fitted[3], rel=1e-6)


def test_order_of_loci_is_the_users():
    cross = example_cross("ordinary", seed=4)
    one, other = fit(cross, "t1", ["m22", "m01"]), fit(cross, "t1", ["m01", "m22"])
    assert one.loci["locus"].tolist() == ["m22", "m01"]
    assert one.loci["chr"].tolist() == ["4", "1"]
    np.testing.assert_allclose(
        one.effects["estimate"][[0, 2, 1, 3]], other.effects["estimate"], rtol=1e-9
    )
    assert one.effects["loci"].tolist() == [None, "m22", "m01", "m22:m01"]


def missing(cross, trait_holes=(), call_holes=()):
    traits, genotypes = cross.traits.copy(), cross.genotypes.copy()
    for sample in trait_holes:
        traits[1, sample] = np.nan
    for marker, sample in call_holes:
        genotypes[marker, sample] = -1
    return replace(cross, traits=traits, genotypes=genotypes)


def test_samples_without_value_or_call_are_left_out_and_counted():
    cross = example_cross("ordinary", seed=4)
    holed = missing(cross, [3, 5], [(1, 5), (1, 7), (22, 9), (22, 7), (4, 0)])
    found = fit(holed, "t1", ["m01", "m22"])
    assert found.dropped == {
        "without a value of the trait": ("s03", "s05"),
        "without a genotype at m01": ("s07",),
        "without a genotype at m22": ("s09",),
    }
    assert (found.n_samples, found.n_dropped) == (36, 4)
    keep = [s for s in cross.samples if s not in {"s03", "s05", "s07", "s09"}]
    whole = fit(cross.subset(samples=keep), "t1", ["m01", "m22"])
    pd.testing.assert_frame_equal(found.anova, whole.anova, check_exact=True)
    pd.testing.assert_frame_equal(found.data, whole.data, check_exact=True)
    assert not whole.dropped
    assert "36 samples (4 left out: 2 without a value of the trait; 1 without" in found.summary()


def test_a_combination_that_does_not_occur_leaves_the_interaction_out():
    cross = example_cross("ordinary", seed=4)
    genotypes = cross.genotypes.copy()
    genotypes[22] &= genotypes[1]  # A, B never together
    cross = replace(cross, genotypes=genotypes)
    with pytest.warns(CrossmapWarning, match=r"^Q1:Q2: expected terms that can be told"):
        found = fit(cross, "t1", ["m01", "m22"])
    assert found.anova["df"].tolist() == [2, 37, 39]
    assert found.effects["estimate"].isna().tolist() == [False, False, False, True]
    assert found.drop_one["df"].tolist() == [1, 1, 0]
    assert found.drop_one["f"].isna().tolist() == [False, False, True]
    assert len(found.cell_means) == 3
    np.testing.assert_allclose(found.cell_means["fitted"], found.cell_means["mean"], rtol=1e-12)
    additive = fit(cross, "t1", ["m01", "m22"], formula="Q1 + Q2")
    assert additive.lod == pytest.approx(found.lod, rel=1e-12)


def test_loci_that_do_not_differ_are_told_apart_by_nothing():
    cross = example_cross("ordinary", seed=4)
    genotypes = cross.genotypes.copy()
    genotypes[22] = 1 - genotypes[1]
    with pytest.warns(CrossmapWarning, match=r"^Q2, Q1:Q2: "):
        found = fit(replace(cross, genotypes=genotypes), "t1", ["m01", "m22"])
    assert found.lod == pytest.approx(fit(cross, "t1", ["m01"]).lod, rel=1e-12)
    assert found.drop_one["df"].tolist() == [0, 0, 0]
    with pytest.warns(CrossmapWarning, match="^Q1: "):
        nothing = fit(cross, "t1", ["m07"])  # monomorphic
    assert nothing.anova["df"].tolist() == [0, 39, 39]
    assert nothing.lod == 0.0
    assert np.isnan(nothing.anova["p_f"][0])


def test_a_large_offset_costs_no_digits():
    cross = example_cross("ordinary", seed=4)
    moved = replace(cross, traits=cross.traits + 1e6)
    one, other = fit(cross, "t1", ["m01", "m22"]), fit(moved, "t1", ["m01", "m22"])
    np.testing.assert_allclose(other.anova["ss"], one.anova["ss"], rtol=1e-8)
    np.testing.assert_allclose(other.effects["se"], one.effects["se"], rtol=1e-8)
    assert other.effects["estimate"][0] == pytest.approx(1e6 + one.effects["estimate"][0])


def test_summary_shows_every_table():
    found = fit(example_cross("ordinary", seed=4), "t1", ["m01", "m22"])
    text = found.summary()
    assert text.startswith("Trait t1: 40 samples\nModel: y ~ Q1 + Q2 + Q1:Q2\n")
    for part in ("Full model", "Without one term", "coded A -1, B +1", "Genotype combinations"):
        assert part in text
    assert f"{found.lod:.5g}" in text
    assert "pos_cm" not in text  # the map has none
    assert "nan" not in text.lower().replace("none", "")
    assert max(map(len, text.splitlines())) <= 100


def test_one_locus_may_be_named_alone_and_fit_is_public():
    cross = example_cross("ordinary", seed=4)
    assert crossmap.fit(cross, "t1", "m01").formula == "y ~ Q1"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nope", ["m01"]), "trait: expected names of the cross, found 'nope'"),
        (("t1", ["m01", "mX"]), "loci: expected names of the cross, found 'mX'"),
        (("t1", ["m01", "m01"]), "loci: expected different loci, found 'm01' twice"),
        (("t1", []), "loci: expected names of one or more loci, found none"),
    ],
)
def test_unknown_names_are_refused(arguments, message):
    with pytest.raises(ArgumentError, match=message):
        fit(example_cross("ordinary"), *arguments)


def test_a_formula_naming_an_unknown_locus_is_refused():
    with pytest.raises(ArgumentError, match="found 'Q3'"):
        fit(example_cross("ordinary"), "t1", ["m01", "m22"], formula="Q1*Q3")


def test_data_that_cannot_be_fitted_are_refused():
    cross = example_cross("ordinary", seed=4)
    with pytest.raises(DataError, match=r"trait t5: expected values that vary, found 0\.1 in all"):
        fit(cross, "t5", ["m01"])
    four = _all_cells(missing(cross, range(4, 40)))
    with pytest.raises(DataError, match=r"expected more than 4, the parameters .* found 4 with"):
        fit(four, "t1", ["m01", "m22"])
    with pytest.raises(DataError, match="found 0 with a value of trait t1"):
        fit(missing(cross, range(40)), "t1", ["m01"])
    three = replace(cross, crosstype="f2", genotype_names=("A", "H", "B"))
    with pytest.raises(DataError, match="crosstype f2: expected a cross with two genotypes"):
        fit(three, "t1", ["m01"])


def _all_cells(cross):
    """The first four samples in the four genotype combinations."""
    genotypes = cross.genotypes.copy()
    genotypes[1, :4], genotypes[22, :4] = [0, 0, 1, 1], [0, 1, 0, 1]
    return replace(cross, genotypes=genotypes)


@pytest.fixture(scope="module")
def intercross():
    """A simulated F2 with missing calls, and what R/qtl's fitqtl says by Haley-Knott regression."""
    folder = Path(__file__).parents[1] / "reference" / "rqtl_fit"
    rows = [line.split("\t") for line in (folder / "out_fitqtl.tsv").read_text().splitlines()]
    found = {}
    for trait, model, kind, _, *values in (row for row in rows if len(row) > 4):
        found.setdefault((trait, model, kind), []).append(list(map(float, values)))
    return read_cross(folder / "in_f2.csv", crosstype="f2"), found


@pytest.mark.parametrize("trait", ["g0001", "g0002"])
@pytest.mark.parametrize("model", ["y~Q1*Q2+Q3", "y~Q1+Q2", "y~Q1"])
def test_probabilities_are_fitted_as_by_fitqtl(intercross, trait, model):
    cross, theirs = intercross
    loci = ["m01_0112798", "m02_0083891", "m03_0033926"]
    used = loci[: {"y~Q1": 1, "y~Q1+Q2": 2}.get(model, 3)]
    ours = fit(cross, trait, used, formula=model, genotype_probabilities=True, error_prob=1e-3)
    columns = ["df", "ss", "lod", "percent_var", "p_f"]
    row = ours.anova.loc[0, columns].to_numpy(dtype=float)
    np.testing.assert_allclose(row, theirs[trait, model, "model"][0], rtol=1e-8, atol=1e-14)
    columns = ["df", "ss", "lod", "f", "p_f"]
    for mine, their in zip(
        ours.drop_one[columns].to_numpy(), theirs.get((trait, model, "drop"), []), strict=False
    ):
        np.testing.assert_allclose(mine, their, rtol=1e-8, atol=1e-14)  # R: 1 - p
    effects = ours.effects[["estimate", "se", "t"]].to_numpy()
    np.testing.assert_allclose(effects, theirs[trait, model, "effect"], rtol=1e-7)
    assert ours.n_dropped == (trait == "g0002")
    assert ours.effects["term"].tolist()[:3] == ["Intercept", "Q1a", "Q1d"]
    assert ours.coding == {name: k - 1.0 for k, name in enumerate(cross.genotype_names)}
    assert "Q1d" in ours.summary()


def test_certain_genotypes_are_fitted_as_calls():
    cross = crossmap.simulate_cross(n_samples=60, n_markers=40, n_traits=3, seed=2).cross
    names = cross.markers["marker"].iloc[[3, 30]].tolist()
    one = fit(cross, cross.trait_names[0], names)
    other = fit(cross, cross.trait_names[0], names, genotype_probabilities=True, error_prob=0.0)
    for table in ("loci", "anova", "drop_one", "effects", "cell_means", "data"):
        pd.testing.assert_frame_equal(getattr(one, table), getattr(other, table), rtol=1e-9)
    assert one.coding == other.coding


def test_probabilities_leave_nobody_out_and_know_places_between_markers():
    cross = awkward_cross("f2", n_samples=80)
    trait = cross.trait_names[0]
    places = crossmap.genotype_probabilities(cross, step=4.0).positions
    between = places[(places["row"] < 0) & (places["chr"] == "2")]["marker"].iloc[0]
    found = fit(cross, trait, ["m0002", between], genotype_probabilities=True, step=4.0)
    assert found.n_dropped == 0
    assert found.anova["df"].tolist() == [8, 71, 79]
    with pytest.raises(ArgumentError, match="expected markers or pseudomarkers"):
        fit(cross, trait, ["nowhere"], genotype_probabilities=True)
    with pytest.raises(ArgumentError, match="step: expected 0 without genotype_probabilities"):
        fit(cross, trait, ["m0002"], step=1.0)
    with pytest.raises(DataError, match="or genotype_probabilities, found 3"):
        fit(cross, trait, ["m0002"])


@pytest.mark.parametrize(("crosstype", "n_groups"), [("f2", 3), ("bc", 2)])
def test_on_x_every_group_has_a_mean_and_an_effect_of_its_own(crosstype, n_groups):
    """Against dummies of sex, direction and genotype, complete calls being certain."""
    cross = awkward_cross(crosstype, n_samples=150, missing=0.0)
    names, kinds = ["m0002", "m0020"], cross.n_genotypes
    found = fit(cross, "t0", names, genotype_probabilities=True, error_prob=0.0)
    auto, x = (cross.genotypes[cross.markers["marker"].tolist().index(name)] for name in names)
    male = (cross.covariates["sex"] == "male").to_numpy()
    group = np.where(male, 2, cross.covariates["pgm"]) if crosstype == "f2" else male.astype(int)
    of_x, cell = kinds * group + x, (kinds * group + x) * kinds + auto

    def rss(*labels):
        columns = np.column_stack(
            [np.ones(150)] + [(label == v) * 1.0 for label in labels for v in np.unique(label)]
        )
        z = cross.traits[0] - columns @ np.linalg.lstsq(columns, cross.traits[0], rcond=None)[0]
        return float(z @ z), int(np.linalg.matrix_rank(columns))

    (total, null), (left, full) = rss(group), rss(cell)
    assert null == n_groups
    assert found.anova["df"].tolist() == [full - null, 150 - full, 150 - null]
    np.testing.assert_allclose(found.anova["ss"], [total - left, left, total], rtol=RELATIVE)
    without = [rss(of_x), rss(group, auto), rss(of_x, auto)]
    assert found.drop_one["df"].tolist() == [full - rank for _, rank in without]
    np.testing.assert_allclose(found.drop_one["ss"], [r - left for r, _ in without], rtol=1e-7)
    # One locus on X: its effect in each group is the difference between the group's genotypes.
    alone = fit(cross, "t0", names[1:], genotype_probabilities=True, error_prob=0.0).effects
    means = pd.Series(cross.traits[0]).groupby([group, x]).mean().unstack().T
    theirs = [column.dropna().iloc[-1] - column.dropna().iloc[0] for _, column in means.items()]
    is_own = alone["term"].str.startswith("Q1[")
    np.testing.assert_allclose(alone["estimate"][is_own], theirs, rtol=1e-8)
    assert is_own.sum() == n_groups


def test_a_locus_on_x_is_compared_with_means_of_sex_and_direction():
    cross = with_traits(awkward_cross("f2", n_samples=200))
    text = fit(cross, "t0", ["m0002", "m0020"], genotype_probabilities=True).summary()
    assert "Full model against a mean for each sex and direction of the cross\n" in text
    assert " Q1a:male " in text
    assert "Q2(male)" not in text
    assert "of all sexes and directions together" in text
    assert "estimate_se" not in text
    text = fit(cross, "t0", ["m0002", "m0010"], genotype_probabilities=True).summary()
    assert "Full model against the mean\n" in text
    assert "estimate_se" in text
