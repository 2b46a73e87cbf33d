"""Traits made ready for a search: their own samples, covariates taken out."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from examples import example_cross

from crossmap.errors import ArgumentError, CrossmapWarning, DataError
from crossmap.genotypes.loci import distinct_loci
from crossmap.linkage.search_traits import search_traits
from crossmap.linkage.sequential import sequential_search
from crossmap.linkage.stages import SearchOptions
from crossmap.pipeline.joint import joint_linkage
from crossmap.simulate import simulate_cross
from crossmap.trait_model import TraitModel


def with_covariates(cross, seed=2, **more):
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        {"age": rng.normal(size=cross.n_samples), "batch": rng.choice(list("abc"), cross.n_samples)}
        | more,
        index=cross.samples,
    )
    return replace(cross, covariates=table)


def test_complete_traits_without_covariates_are_taken_as_they_are():
    cross = example_cross("ordinary")
    ready = search_traits(cross)
    assert ready.values.tobytes() == cross.traits.tobytes()
    assert not ready.covariate_df.any()
    assert ready.table["trait"].tolist() == list(cross.trait_names)


def test_residuals_are_those_of_least_squares_on_each_traits_own_samples():
    cross = with_covariates(example_cross("ordinary", seed=3), flat=1.0)
    traits = cross.traits.copy()
    traits[1, :4] = traits[2, 30:] = np.nan
    traits[6, 7:] = np.nan  # seven values
    cross.covariates.loc["s09", "age"] = np.nan
    is_b = (cross.covariates["batch"] == "b").to_numpy()
    traits[2, is_b] = np.nan  # for this trait one level fewer
    cross = replace(cross, traits=traits)
    ready = search_traits(cross, ["age", "batch", "flat"])
    names = ready.table["trait"].tolist()
    assert names == [f"t{t}" for t in (0, 1, 2, 3, 4, 5, 7)]
    assert (ready.dropped_covariates, ready.n_without_covariates) == (("flat",), 1)
    assert ready.covariate_df.tolist() == [3, 3, 2, 3, 3, 3, 3]
    table = cross.covariates
    design = np.column_stack(
        [np.ones(40), table["age"], table["batch"] == "b", table["batch"] == "c"]
    ).astype(float)
    for name, left in zip(names, ready.values, strict=True):
        y = traits[cross.trait_names.index(name)]
        there = ~np.isnan(y) & table["age"].notna().to_numpy()
        np.testing.assert_array_equal(~np.isnan(left), there)
        b = np.linalg.lstsq(design[there], y[there], rcond=None)[0]
        size = np.abs(y[there]).max()
        np.testing.assert_allclose(left[there], y[there] - design[there] @ b, atol=1e-12 * size)
    assert not ready.values[names.index("t5")][~np.isnan(ready.values[5])].any()  # constant: 0


@pytest.mark.parametrize(
    ("spoil", "covariates", "error", "message"),
    [
        (lambda c: c, ["agee"], ArgumentError,
         r"a column of the covariates \(age, batch\), found 'agee' \(did you mean age\?\)"),
        (lambda c: replace(c, traits=np.full_like(c.traits, np.nan)), [], DataError,
         "traits: expected one with values in at least 8 samples, found none among 8"),
        (lambda c: replace(c, traits=np.where(np.arange(40) < 9, c.traits, np.nan)),
         ["age", "batch"], DataError, "beyond the degrees of freedom of the covariates"),
        (lambda c: replace(c, covariates=c.covariates[:9].reindex(c.covariates.index)),
         ["age", "batch"], DataError,
         "covariates: expected to leave at least 8 degrees of freedom, found 9 samples that have "
         "them all for"),
        (lambda c: replace(c, covariates=c.covariates.assign(age=np.nan)), ["age"], DataError,
         "covariate age: expected values, found none"),
    ],
)  # fmt: skip
def test_what_cannot_be_searched_is_named(spoil, covariates, error, message):
    cross = spoil(with_covariates(example_cross("ordinary")))
    with pytest.raises(error, match=message):
        joint_linkage(cross, covariates=covariates, n_perm=1)


def test_few_samples_are_told_as_such():
    cross = example_cross("eight")
    few = replace(
        cross, samples=cross.samples[:7], genotypes=cross.genotypes[:, :7],
        traits=cross.traits[:, :7], covariates=cross.covariates.iloc[:7],
    )  # fmt: skip
    with pytest.raises(DataError, match="samples: expected at least 8, found 7"):
        joint_linkage(few, n_perm=1)


def test_moving_a_trait_along_its_covariates_changes_nothing():
    cross = with_covariates(example_cross("ordinary", seed=4))
    moved = cross.traits + 3.0 * cross.covariates["age"].to_numpy()
    moved = moved - 5.0 * (cross.covariates["batch"] == "b").to_numpy()
    loci, options = distinct_loci(cross), SearchOptions(n_perm=2)
    keep = [0, 1, 3, 4]
    found = []
    for traits in (cross.traits, moved):
        ready = search_traits(replace(cross, traits=traits), ["batch", "age"])
        found.append(
            sequential_search(
                ready.values[keep], loci, names=[cross.trait_names[i] for i in keep],
                options=options, covariate_df=ready.covariate_df[keep],
            )
        )  # fmt: skip
    for a, b in zip(found[0].stages, found[1].stages, strict=True):
        np.testing.assert_array_equal(a.locus, b.locus)
        np.testing.assert_allclose(a.f, b.f, rtol=1e-9)
        np.testing.assert_allclose(a.f_null, b.f_null, rtol=1e-9)


@pytest.fixture(scope="module")
def confounded():
    """Pairs of loci in half of the traits, and a batch that moves every trait by three sd."""
    model = TraitModel(n_loci_shares=(0.3, 0.2, 0.5), variance_share=(0.25, 0.4))
    clean = simulate_cross(
        n_samples=100, n_traits=200, n_markers=150, trait_model=model, seed=9
    ).cross
    rng = np.random.default_rng(5)
    batch = rng.choice(list("ab"), clean.n_samples)
    shift = rng.normal(size=(clean.n_traits, 1)) * 3 * clean.traits.std(axis=1, keepdims=True)
    traits = clean.traits + shift * (batch == "b")
    traits[::3] = np.where(rng.random(traits[::3].shape) < 0.04, np.nan, traits[::3])
    table = pd.DataFrame({"batch": batch}, index=clean.samples)
    return clean, replace(clean, traits=traits, covariates=table)


def test_covariates_and_own_samples_give_back_most_of_what_a_batch_hid(confounded):
    clean, spoilt = confounded
    best = joint_linkage(clean, n_perm=3)
    hidden = joint_linkage(spoilt, n_perm=3)
    freed = joint_linkage(spoilt, n_perm=3, covariates=["batch"])
    n_best, n_hidden, n_freed = (j.is_called(0.1).sum() for j in (best, hidden, freed))
    assert n_best > 30
    assert n_hidden < 0.4 * n_best
    assert n_freed > 0.8 * n_best
    assert {s.evidence_name for s in freed.significance} == {"-log10 p"}
    table = freed.to_frame()
    assert table["n"].between(85, 100).all()
    assert (table["n"][1::3] == 100).all()
    summary = freed.summary(0.1)
    assert summary["covariates"] == ["batch"]
    assert (summary["covariate_df"], summary["dropped_covariates"]) == (1, [])
    n_fewer = (np.isnan(spoilt.traits).any(axis=1)).sum()
    assert summary["n_traits_on_own_samples"] == n_fewer
    assert summary["fewest_samples"] == table["n"].min()
    assert not {"covariates", "fewest_samples"} & set(best.summary(0.1))
    assert "n" not in best.to_frame()
    loci, t = freed.search.loci, 0
    there = ~np.isnan(spoilt.traits[t])
    a, b = freed.search.locus[t]
    r = np.corrcoef(loci.genotypes[a][there], loci.genotypes[b][there])[0, 1]
    assert table["pair_r2"][t] == pytest.approx(r**2, rel=1e-9)


def test_samples_without_covariates_are_told(confounded):
    _, spoilt = confounded
    table = spoilt.covariates.copy()
    table.iloc[[3, 5], 0] = None
    with pytest.warns(CrossmapWarning, match="2 of 100 samples lack a covariate and were left out"):
        joint = joint_linkage(replace(spoilt, covariates=table), n_perm=1, covariates=["batch"])
    assert not joint.search.is_used[:, [3, 5]].any()
