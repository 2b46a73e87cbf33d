"""One trait and two loci: every number against the obvious twin, and against the search itself."""

import re
import warnings

import numpy as np
import pytest
from examples import example_cross
from genotyped import awkward_cross, with_traits
from naive.sequential import statistic
from scipy import stats

import crossmap
from crossmap.errors import ArgumentError, CrossmapWarning
from crossmap.genotypes.loci import distinct_loci
from crossmap.linkage.sequential import sequential_search
from crossmap.linkage.stages import SearchOptions


@pytest.fixture(scope="module")
def cross():
    return crossmap.simulate_cross(n_samples=70, n_traits=12, n_markers=90, seed=5).cross


@pytest.mark.parametrize("kind", ["ordinary", "one_chromosome", "skewed"])
@pytest.mark.parametrize("model", ["full", "additive"])
@pytest.mark.parametrize("variance", ["common", "cell"])
def test_steps_agree_with_the_twin(kind, model, variance):
    cross = example_cross(kind)
    loci = distinct_loci(cross)
    for trait in ("t0", "t1", "t2", "t3", "t4"):
        how = {"min_cell": 2, "model": model, "variance": variance}
        found = crossmap.explain(cross, trait, n_perm=5, **how)
        y = cross.traits[cross.trait_names.index(trait)]
        chosen = []
        for step in found.steps.to_dict("records"):
            locus = loci.names.index(step["locus"])
            f, before, after, df1, df2 = statistic(y, loci.genotypes, chosen, locus, **how)
            assert (step["df1"], step["df2"]) == (df1, df2)
            np.testing.assert_allclose(
                [step["f"], step["rss_before"], step["rss_after"]], [f, before, after], rtol=1e-8
            )
            np.testing.assert_allclose(step["p_f"], stats.f.sf(f, df1, df2), rtol=1e-8)
            chosen.append(locus)


def test_it_is_the_search_of_this_trait_with_its_own_permutations(cross):
    options = SearchOptions(n_perm=7, variance="cell", exclude_r2=0.3, seed=4)
    search = sequential_search(
        cross.traits, distinct_loci(cross), names=cross.trait_names, options=options
    )
    for row in (0, 3, 8):
        found = crossmap.explain(cross, cross.trait_names[row], n_perm=7, seed=4)
        for stage, step in zip(search.stages, found.steps.to_dict("records"), strict=True):
            assert step["locus"] == search.loci.names[stage.locus[row]] == step["best_locus"]
            np.testing.assert_allclose(step["f"], stage.f[row], rtol=1e-10)
            null = found.null[found.null["stage"] == step["stage"]]["f"]
            np.testing.assert_array_equal(null, stage.f_null[row])
            n_as_large = (stage.f_null[row] >= stage.f[row]).sum()
            assert step["p_adjusted"] == (1 + n_as_large) / 8


def test_loci_named_by_any_of_their_markers(cross):
    loci = distinct_loci(cross)
    row = int(np.argmax(np.bincount(loci.locus_of_marker[loci.locus_of_marker >= 0])))
    members = cross.markers["marker"].iloc[loci.members(row)].tolist()
    assert len(members) > 1
    other = loci.names[row - 30]
    found = [crossmap.explain(cross, "g0003", m, other, n_perm=3) for m in members[:2]]
    assert [e.steps["marker"][0] for e in found] == members[:2]
    assert found[0].steps["f"].tolist() == found[1].steps["f"].tolist()
    assert set(found[1].steps["locus"]) == {loci.names[row], other}
    best = crossmap.explain(cross, "g0003", n_perm=3).steps.iloc[0]
    assert found[0].steps["best_locus"][0] == best["locus"]
    assert found[0].steps["best_f"][0] == pytest.approx(best["f"])
    if found[0].steps["locus"][0] != best["locus"]:
        assert "not the locus that a search chooses" in found[0].summary()


def test_samples_without_a_value_are_left_out(cross):
    traits = cross.traits.copy()
    traits[2, [1, 5, 9]] = np.nan
    holed = crossmap.make_cross(
        crosstype="haploid", genotype_names=cross.genotype_names, samples=cross.samples,
        markers=cross.markers, genotypes=cross.genotypes, trait_names=cross.trait_names,
        traits=traits,
    )  # fmt: skip
    kept = [s for i, s in enumerate(cross.samples) if i not in (1, 5, 9)]
    one = crossmap.explain(holed, "g0003", n_perm=9)
    other = crossmap.explain(cross.subset(samples=kept), "g0003", n_perm=9)
    assert one.n_samples == 67
    np.testing.assert_allclose(one.steps["f"], other.steps["f"], rtol=1e-10)
    np.testing.assert_array_equal(one.null["f"], other.null["f"])
    assert "3 without a value of the trait" in one.summary()


def test_chance_alone_is_called_as_often_as_it_should_be():
    """200 traits without loci: the genome-wide p of locus 1 is uniform (binomial error 1.5%)."""
    rng = np.random.default_rng(2)
    small = crossmap.simulate_cross(n_samples=40, n_traits=1, n_markers=40, seed=2).cross
    cross = crossmap.make_cross(
        crosstype="haploid", genotype_names=("A", "B"), samples=small.samples,
        markers=small.markers, genotypes=small.genotypes,
        trait_names=[f"t{i}" for i in range(200)], traits=rng.normal(size=(200, 40)),
    )  # fmt: skip
    p = np.array(
        [crossmap.explain(cross, t, n_perm=39).steps["p_adjusted"] for t in cross.trait_names]
    )
    assert stats.kstest(p[:, 0] - rng.random(200) / 40, "uniform").pvalue > 0.001
    assert (p[:, 0] <= 0.05).mean() < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 200)


def test_the_text_holds_the_numbers(cross):
    found = crossmap.explain(cross, "g0003", n_perm=99)
    text = found.summary()
    for step in found.steps.to_dict("records"):
        assert f"= {step['f']:.4g}\n" in text
        assert f"LOD = 70/2 log10(RSS{step['stage'] - 1}/RSS{step['stage']})" in text
    assert max(map(len, text.splitlines())) <= 100
    scaled = crossmap.explain(cross, "g0003", n_perm=9, variance="cell").summary()
    assert "divided by its standard deviation" in scaled


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (("nope",), {}, "trait: expected names of the cross, found 'nope'"),
        (("g0003", "nope"), {}, "locus1: expected a marker of the cross, found 'nope'"),
        (("g0003", "{0}", "{0}"), {}, "locus2: expected .* the locus named before"),
        (
            ("g0003", "{0}", "{1}"),
            {"min_cell": 17},
            r"\(min_cell\), found .* samples in its genotype comb",
        ),
        (("g0003", "{0}", "{1}"), {"exclude_r2": 0.0}, "too closely linked"),
        (("g0003",), {"n_perm": 0}, "n_perm"),
    ],
)
def test_what_cannot_be_explained_is_refused(cross, arguments, options, message):
    loci = distinct_loci(cross).names
    named = [a.format(loci[0], loci[1]) for a in arguments]
    with pytest.raises(ArgumentError, match=message):
        crossmap.explain(cross, *named, **options)


def test_a_marker_without_variation_is_refused():
    cross = example_cross("ordinary")
    with pytest.raises(ArgumentError, match="both genotypes, found 'm07'"):
        crossmap.explain(cross, "t0", "m07")


def test_a_trait_explained_without_remainder_or_constant():
    cross = example_cross("ordinary")
    with pytest.raises(ArgumentError, match="nothing left to explain"):
        crossmap.explain(cross, "t7", n_perm=3)  # locus 1 leaves nothing
    with pytest.raises(ArgumentError, match="nothing left to explain"):
        crossmap.explain(cross, "t5", n_perm=3)  # constant


PROBABLE = [
    ("f2", "cell", "full"), ("f2", "common", "additive"), ("bc", "cell", "full"),
    ("riself", "cell", "full"),
]  # fmt: skip


@pytest.mark.parametrize(("crosstype", "variance", "model"), PROBABLE)
def test_on_probabilities_it_is_the_joint_analysis_of_this_trait(crosstype, variance, model):
    """X, sexes, both directions, dominant and missing calls among them."""
    cross = with_traits(awkward_cross(crosstype, n_samples=80))
    how = {"genotype_probabilities": True, "step": 5.0, "n_perm": 9, "variance": variance,
           "model": model, "seed": 3}  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CrossmapWarning)
        joint = crossmap.joint_linkage(cross, **how)
    for trait in ("t0", "t1", "t5"):
        row = joint.search.traits.index(trait)
        found = crossmap.explain(cross, trait, **how)
        assert found.n_groups == joint.search.loci.n_groups
        for stage, step in zip(joint.search.stages, found.steps.to_dict("records"), strict=True):
            assert step["locus"] == joint.search.loci.names[stage.locus[row]] == step["best_locus"]
            assert (step["df1"], step["df2"]) == (stage.df1[row], stage.df2[row])
            ours = [step[name] for name in ("f", "rss_before", "rss_after")]
            theirs = [getattr(stage, name)[row] for name in ("f", "rss_before", "rss_after")]
            np.testing.assert_allclose(ours, theirs, rtol=1e-9)
            null = found.null[found.null["stage"] == step["stage"]]
            np.testing.assert_allclose(null["f"], stage.f_null[row], rtol=1e-9)
            np.testing.assert_allclose(
                step["p_f"], stats.f.sf(step["f"], step["df1"], step["df2"]), rtol=1e-9
            )
            chance, own = stage.f_null[row], stage.f[row]
            if step["statistic"] != "f":
                chance, own = stage.neglog10_p_null[row], step["neglog10_p_f"]
                np.testing.assert_allclose(null["neglog10_p_f"], chance, rtol=1e-9)
            assert step["p_adjusted"] == (1 + (chance >= own * (1 - 1e-12)).sum()) / 10
        text = found.summary()
        assert "Haley-Knott" in text
        assert ("within sex and direction" in text) == (found.n_groups > 1)


def test_on_probabilities_every_number_is_that_of_least_squares():
    """An F2 without an X: the models written out, with weights for the second."""
    whole = with_traits(awkward_cross("f2", n_samples=90))
    cross = whole.subset(markers=whole.markers["marker"][whole.markers["chr"] != "X"].tolist())
    found = crossmap.explain(
        cross, "t0", "m0003", "m0012", genotype_probabilities=True, n_perm=3, min_cell=1
    )
    p = crossmap.genotype_probabilities(cross)
    one, two = (p.probability[:, p.positions["marker"].tolist().index(m)] for m in (
        "m0003", "m0012"))  # fmt: skip
    y = cross.traits[cross.trait_names.index("t0")]
    m1 = np.column_stack([one[g] for g in range(3)])
    m2 = np.column_stack([one[g] * two[h] for g in range(3) for h in range(3)])

    def rss(x, root):
        x, z = x * root[:, None], y * root
        rest = z - x @ np.linalg.lstsq(x, z, rcond=None)[0]
        return rest @ rest, rest

    flat = np.ones(len(y))
    before, (after, rest) = ((y - y.mean()) ** 2).sum(), rss(m1, flat)
    steps = found.steps
    np.testing.assert_allclose(steps.loc[0, ["rss_before", "rss_after"]].tolist(), [before, after])
    assert steps.loc[0, "f"] == pytest.approx((before - after) / 2 / (after / (90 - 3)))
    best = one.argmax(axis=0)
    variance = np.array([rest[best == g].var(ddof=1) for g in range(3)])
    root = 1 / np.sqrt(variance)[best]
    before, after = rss(m1, root)[0], rss(m2, root)[0]
    np.testing.assert_allclose(steps.loc[1, ["rss_before", "rss_after"]].tolist(), [before, after])
    assert (steps.loc[1, "df1"], steps.loc[1, "df2"]) == (6, 81)
    assert steps.loc[1, "f"] == pytest.approx((before - after) / 6 / (after / 81))
    means = np.linalg.lstsq(m2, y, rcond=None)[0]
    cells = found.fit.cell_means
    number = {name: g for g, name in enumerate(cross.genotype_names)}
    at = [3 * number[a] + number[b] for a, b in zip(cells["genotype1"], cells["genotype2"],
                                                    strict=True)]  # fmt: skip
    np.testing.assert_allclose(cells["estimate"], means[at], rtol=1e-8)
    scale = ((y - m2 @ means) ** 2).sum() / 81
    se = np.sqrt(scale * np.diag(np.linalg.inv(m2.T @ m2)))
    np.testing.assert_allclose(cells["estimate_se"], se[at], rtol=1e-8)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (("t0", "nope"), {}, "locus1: expected a marker or pseudomarker .*, found 'nope'"),
        (("t0", "m0002", "m0002"), {}, "the locus named before"),
        (("t0", "m0002", "m0010"), {"min_cell": 30}, r"samples expected in its genotype comb"),
        (("t0",), {"genotype_probabilities": False, "step": 2.0}, "step: expected 0 without"),
    ],
)
def test_what_cannot_be_explained_on_probabilities_is_refused(arguments, options, message):
    cross = with_traits(awkward_cross("f2", n_samples=120))
    with pytest.raises(ArgumentError, match=message):
        crossmap.explain(
            cross, *arguments, **({"genotype_probabilities": True, "n_perm": 2} | options)
        )


def test_the_interaction_is_that_of_the_model_shown():
    """Two autosomal loci of a cross with an X: the means of sex and direction are in both."""
    cross = with_traits(awkward_cross("f2", n_samples=200))
    found = crossmap.explain(
        cross, "t0", "m0002", "m0010", n_perm=2, min_cell=1, genotype_probabilities=True
    )
    df2 = int(found.steps["df2"].iloc[1])
    assert found.fit.anova["df"].tolist()[1] == df2
    text = " ".join(found.summary().split())
    assert f"with 4 and {df2} degrees of freedom, p =" in text
    assert " estimate " not in text  # of samples of all sexes and directions together there is none


def test_only_cells_that_can_be_and_are_too_small_are_named():
    cross = with_traits(awkward_cross("f2", n_samples=200))
    with pytest.raises(ArgumentError, match=r"^locus2: .* samples expected") as refused:
        crossmap.explain(
            cross, "t0", "m0016", "m0022", n_perm=2, min_cell=12, exclude_r2=None,
            genotype_probabilities=True,
        )  # fmt: skip
    cells = str(refused.value).split("one with ")[1].split(" samples expected")[0]
    named = re.findall(r"(\w\w/\w\w) \((.*?)\) ([\d.]+)", cells)
    assert 0 < len(named) <= 12  # two genotypes of either locus in each of three groups
    possible = {"female": "AA AB", "female, reverse": "AB BB", "male": "AA BB"}
    for cell, group, size in named:
        assert set(cell.split("/")) <= set(possible[group].split())
        assert float(size) < 12
