"""Modes of inheritance on crosses whose modes are known."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from crossmap import Execution, make_cross, simulate_cross
from crossmap.architecture.inheritance import gene_action, inheritance, mode_shares
from crossmap.errors import ArgumentError, DataError

N_EACH = 100
KINDS = ("none", "dispersed", "single", "directional", "transgressive", "interaction")


def cross_of_modes(n=112, n_replicates=6, seed=1):
    """100 traits of every kind; dispersed: alleles that raise the trait at random."""
    rng = np.random.default_rng(seed)
    kinds = np.repeat(KINDS, N_EACH)
    traits, parents = [], []
    for kind in kinds:
        x = 2.0 * rng.integers(0, 2, (24, n)) - 1
        effect, pair = np.zeros(24), 0.0
        if kind == "dispersed":
            effect[:] = 0.4 * rng.choice([-1.0, 1.0], 24)
        elif kind == "single":
            effect[0] = 1.0
        elif kind == "directional":
            effect[:] = 0.4
        elif kind == "transgressive":
            effect[:8] = 1.0 * np.array([1, -1] * 4)
        elif kind == "interaction":
            pair = 2.0
        genetic = effect @ x + pair * x[0] * x[1]
        traits.append(genetic + rng.normal(size=n))
        sides = np.repeat([-1.0, 1.0], n_replicates) * effect.sum() + pair
        parents.append(sides + rng.normal(size=2 * n_replicates))
    names = [f"{kind}{i:03d}" for i, kind in enumerate(kinds)]
    table = pd.DataFrame(
        np.array(parents).T, columns=names, index=[f"p{i}" for i in range(2 * n_replicates)]
    )
    table.insert(0, "parent", np.repeat(["A", "B"], n_replicates))
    return make_cross(
        crosstype="haploid", genotype_names="AB", samples=[f"s{k:03d}" for k in range(n)],
        markers=pd.DataFrame({"marker": ["m1"], "chr": ["1"], "pos_bp": [1.0]}),
        genotypes=rng.integers(0, 2, (1, n)), trait_names=names, traits=np.array(traits),
        parents=table,
    )  # fmt: skip


@pytest.fixture(scope="module")
def modes():
    table = inheritance(cross_of_modes(), n_bootstrap=999)
    return table.assign(kind=table["trait"].str.rstrip("0123456789"))


def test_every_mode_is_recovered_and_the_others_are_left_alone(modes):
    called = {
        mode: (modes[f"q_{mode}"] <= 0.05).groupby(modes["kind"]).mean()
        for mode in ("directional", "transgressive", "interaction")
    }
    for mode, share in called.items():
        assert share[mode] >= 0.9, (mode, share)
        others = share.drop(mode)
        if mode == "transgressive":
            others = others.drop(["interaction", "dispersed"])  # they do lie beyond the parents
        assert others.max() <= 0.05, (mode, share)


def test_false_alarms_where_there_is_nothing(modes):
    error = 3 * np.sqrt(0.05 * 0.95 / N_EACH)
    for mode in ("directional", "transgressive", "interaction"):
        for kind in ("none", "single", *(["dispersed"] if mode != "transgressive" else [])):
            p = modes[f"p_{mode}"][modes["kind"] == kind]
            assert (p <= 0.05).mean() <= 0.05 + error, (mode, kind)


def test_shares_of_the_modes(modes):
    shares = mode_shares(modes).set_index("mode")
    assert shares["n_tested"].tolist() == [600] * 3
    assert abs(shares["share"]["directional"] - 1 / 6) < 0.03
    assert shares["share_estimated"]["interaction"] == pytest.approx(1 / 6, abs=0.08)
    with pytest.raises(ArgumentError, match="fdr: expected"):
        mode_shares(modes, fdr=2)


def test_counts_are_of_samples_between_and_beyond():
    cross = cross_of_modes(seed=3)
    table = inheritance(cross, n_bootstrap=19)
    row = 330
    name = cross.trait_names[row]
    means = cross.parents.groupby("parent")[name].mean().sort_values()
    within = cross.parents[name] - cross.parents.groupby("parent")[name].transform("mean")
    sd = np.sqrt((within**2).sum() / 10)
    y = cross.traits[row]
    assert table["sd_parents"][row] == pytest.approx(sd)
    assert table["n_between"][row] == ((y >= means.iloc[0]) & (y <= means.iloc[1])).sum()
    beyond = (y > means.iloc[1] + 2 * sd) | (y < means.iloc[0] - 2 * sd)
    assert table["n_beyond"][row] == beyond.sum()


def test_seed_threads_and_company_of_other_traits():
    cross = simulate_cross(n_samples=60, n_traits=90, n_markers=30).cross
    one = inheritance(cross, n_bootstrap=49, seed=4)
    two = inheritance(cross, n_bootstrap=49, seed=4, execution=Execution(threads=3))
    pd.testing.assert_frame_equal(one, two, check_exact=True)
    part = inheritance(cross.subset(traits=cross.trait_names[10:20]), n_bootstrap=49, seed=4)
    np.testing.assert_array_equal(part["p_directional"], one["p_directional"][10:20])
    flipped = replace(cross, traits=-cross.traits, parents=cross.parents.assign(
        **{name: -cross.parents[name] for name in cross.trait_names}))  # fmt: skip
    other = inheritance(flipped, n_bootstrap=49, seed=4)
    np.testing.assert_allclose(other["p_interaction"], one["p_interaction"])


def test_parents_that_are_missing():
    cross = simulate_cross(n_samples=30, n_traits=5, n_markers=30).cross
    with pytest.raises(DataError, match="expected replicated measurements of the parents"):
        inheritance(replace(cross, parents=cross.parents.iloc[:0]))
    with pytest.raises(DataError, match=r"parents: expected both \(A and B\), found one"):
        inheritance(replace(cross, parents=cross.parents.iloc[:6]))
    holed = cross.parents.copy()
    holed.iloc[:6, 1] = np.nan
    table = inheritance(replace(cross, parents=holed), n_bootstrap=19)
    assert table["p_directional"].isna().tolist() == [True, False, False, False, False]


def test_gene_action_of_an_intercross():
    rng = np.random.default_rng(1)
    x = rng.integers(0, 3, (1, 400))
    heterozygote = {"additive": 1.0, "dominant": 2.0, "over": 4.0, "under": -2.0}
    traits = [
        np.array([0.0, h, 2.0])[x[0]] + 0.2 * rng.normal(size=400) for h in heterozygote.values()
    ]
    cross = make_cross(
        crosstype="f2", genotype_names=("AA", "AB", "BB"),
        samples=[f"s{k:03d}" for k in range(400)],
        markers=pd.DataFrame({"marker": ["m1"], "chr": ["1"], "pos_bp": [1.0]}),
        genotypes=x, trait_names=list(heterozygote), traits=np.array(traits),
    )  # fmt: skip
    linkages = pd.DataFrame({"trait": list(heterozygote), "locus": "m1", "chr": "1", "pos_bp": 1.0})
    table = gene_action(cross, linkages).set_index("trait")
    assert table["action"].to_dict() == {
        "additive": "additive", "dominant": "dominant", "over": "overdominant",
        "under": "underdominant",
    }  # fmt: skip
    assert table["additive"]["over"] == pytest.approx(1.0, abs=0.05)
    assert table["dominance"]["over"] == pytest.approx(3.0, abs=0.1)
    for column, name, hint in (("trait", "dominnt", "dominant"), ("locus", "m01", "m1")):
        with pytest.raises(ArgumentError, match=rf"did you mean {hint}\?"):
            gene_action(cross, linkages.assign(**{column: name}))
    two = simulate_cross(n_samples=20, n_traits=2, n_markers=20).cross
    with pytest.raises(DataError, match="expected a cross with three genotypes, found 2"):
        gene_action(two, linkages)
