"""How well the places of called loci are known."""

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from crossmap.architecture.located import locate_loci
from crossmap.cross import make_cross
from crossmap.errors import ArgumentError, CrossmapWarning
from crossmap.linkage.curves import lod_curves
from crossmap.linkage.search_traits import search_traits
from crossmap.pipeline.joint import joint_linkage
from crossmap.scoring import claim_errors
from crossmap.simulate import simulate_cross


@pytest.fixture(scope="module")
def made():
    return simulate_cross(n_samples=100, n_traits=300, n_markers=1000, seed=1)


@pytest.fixture(scope="module")
def joint(made):
    return joint_linkage(made.cross)


@pytest.fixture(scope="module")
def located(joint, made):
    return locate_loci(joint, made.cross)


def test_one_row_per_called_trait_in_their_order(joint, located):
    table = located.to_frame()
    called = joint.called()
    assert table["trait"].tolist() == called["trait"].tolist()
    for number in (1, 2):
        for unit in ("bp", "cm"):
            assert (table[f"lo{number}_{unit}"] <= called[f"start{number}_{unit}"]).all()
            assert (table[f"hi{number}_{unit}"] >= called[f"end{number}_{unit}"]).all()
        assert table[f"near{number}"].between(0, 1).all()
    product = called["joint_prob"] * table["near1"] * table["near2"]
    np.testing.assert_allclose(table["located_prob"], product, rtol=1e-12)
    assert (np.sort(table["located_q"]) >= np.sort(called["q_value"]) - 1e-12).all()
    assert located.misplaced == pytest.approx((called["joint_prob"] - product).mean())
    assert located.n_located == (table["located_q"] <= 0.10).sum() <= len(table)


@pytest.mark.parametrize("n_backcrosses", [0, 2])
def test_probabilities_are_those_of_the_obvious_sum(n_backcrosses):
    """Of locus 2 given locus 1, whose curve is that of the search: a sum over the chromosome.

    After backcrosses many loci have too few samples of one genotype to be chosen."""
    cross = simulate_cross(
        n_traits=200, n_samples=150, n_markers=1000, n_backcrosses=n_backcrosses, seed=1
    ).cross
    joint = joint_linkage(cross)
    loci = joint.search.loci
    row_of = {name: row for row, name in enumerate(joint.search.traits)}
    n_barred = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CrossmapWarning)
        located = locate_loci(joint, cross)
    assert ("could not be chosen" in " ".join(located.limits)) == (n_backcrosses == 2)
    for row in located.to_frame().head(15).to_dict("records"):
        trait = row_of[row["trait"]]
        chosen = joint.search.locus[trait]
        values = search_traits(cross).values[[trait]]
        lod = lod_curves(values, loci, chosen[None, :1], options=joint.search.options)[0]
        on = np.flatnonzero(loci.chr == loci.chr[chosen[1]])
        middle = (loci.start_cm + loci.end_cm) / 2
        on = on[np.argsort(middle[on], kind="stable")]
        places = middle[on]
        # A fine grid: every place has the LOD of the nearest locus.
        grid = np.arange(places[0] - 40, places[-1] + 40, 0.01)
        nearest = np.abs(grid[:, None] - places).argmin(axis=1)
        first, last = places[0], places[-1]
        inside = (grid > first - (places[1] - first) / 2) & (grid < last + (last - places[-2]) / 2)
        likelihood = np.nan_to_num(10.0 ** (lod[on] - np.nanmax(lod[on])))
        weight = np.where(inside, likelihood[nearest], 0.0)
        near = np.abs(grid - middle[chosen[1]]) <= 20.0
        assert row["near2"] == pytest.approx(weight[near].sum() / weight.sum(), abs=2e-3)
        n_barred += np.isnan(lod[on]).sum()
    assert n_barred > 20 * n_backcrosses


def test_a_wider_window_and_a_surer_interval_hold_more(joint, made, located):
    wide = locate_loci(joint, made.cross, within_cm=1e4, prob=0.99)
    np.testing.assert_allclose(wide.table[["near1", "near2"]], 1.0)
    assert wide.misplaced == pytest.approx(0.0, abs=1e-12)
    assert (wide.table["hi1_cm"] >= located.table["hi1_cm"]).all()
    with pytest.warns(CrossmapWarning, match="more than 0 cM from its place"):
        nothing = locate_loci(joint, made.cross, within_cm=0.0)
    assert nothing.table["near1"].max() < 0.2


def test_a_rate_so_small_that_places_matter_more_warns(joint, made):
    with pytest.warns(CrossmapWarning, match="more than 20 cM from its place"):
        strict = locate_loci(joint, made.cross, fdr=0.01)
    assert strict.limits
    assert strict.n_located < len(strict.table)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not locate_loci(joint, made.cross, fdr=0.10).limits


def test_a_map_sparser_than_the_window_warns_and_says_how_wide_its_gaps_are():
    sparse = simulate_cross(n_samples=100, n_traits=300, n_markers=300, seed=1).cross
    joint = joint_linkage(sparse)
    with pytest.warns(CrossmapWarning, match=r"its place \(a place lies in a gap of 32 cM"):
        located = locate_loci(joint, sparse)
    assert located.gap_cm > 20
    assert located.misplaced > 0.10


def test_nothing_called_and_no_centimorgans(joint, made):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        empty = locate_loci(joint, made.cross, fdr=0.0)
        assert len(empty.to_frame()) == empty.n_located == 0
        assert empty.summary()["misplaced"] is None
        cross = made.cross
        bare = make_cross(
            crosstype=cross.crosstype,
            genotype_names=cross.genotype_names,
            samples=list(cross.samples),
            markers=cross.markers.drop(columns="pos_cm"),
            genotypes=cross.genotypes,
            trait_names=list(cross.trait_names),
            traits=cross.traits,
        )
        found = locate_loci(joint_linkage(bare), bare)
    assert found.unit == "bp"
    assert found.table["located_q"].isna().all()
    assert (found.table["hi2_bp"] > found.table["lo2_bp"]).all()
    assert found.n_located == 0


def test_three_loci_and_own_samples(made):
    values = made.cross.traits.copy()
    values[::3, :5] = np.nan
    cross = made.cross
    gaps = make_cross(
        crosstype=cross.crosstype, genotype_names=cross.genotype_names,
        samples=list(cross.samples), markers=cross.markers, genotypes=cross.genotypes,
        trait_names=list(cross.trait_names), traits=values,
    )  # fmt: skip
    joint = joint_linkage(gaps, n_loci=3)
    table = locate_loci(joint, gaps, fdr=0.3).to_frame()
    assert len(table) > 5
    assert table[["near1", "near2", "near3"]].notna().all(axis=None)


def test_options_out_of_range_are_refused(joint, made):
    for wrong in ({"fdr": 2.0}, {"within_cm": -1.0}, {"prob": 1.5}):
        with pytest.raises(ArgumentError, match=next(iter(wrong))):
            locate_loci(joint, made.cross, **wrong)


def test_probabilities_of_places_mean_what_they_say():
    """Of loci that lie on the chromosome named: by classes of the probability, the share near.

    Four binomial standard errors, and .05 for what the model leaves out: a false alarm in some
    thousand runs."""
    parts = []
    for seed in range(8):
        made = simulate_cross(seed=seed)
        joint = joint_linkage(made.cross)
        called = joint.called(0.2)
        table = locate_loci(joint, made.cross, fdr=0.2).to_frame()
        _, near = claim_errors(called, made.truth, within_cm=20.0)
        _, linked = claim_errors(called, made.truth, within_cm=1e6)
        for number in (1, 2):
            kept = ~np.isnan(linked[:, number - 1])
            parts.append(
                pd.DataFrame(
                    {
                        "said": table[f"near{number}"][kept],
                        "near": ~np.isnan(near[kept, number - 1]),
                    }
                )
            )
    table = pd.concat(parts)
    classes = table.groupby(pd.cut(table["said"], [0.0, 0.7, 0.9, 0.97, 0.995, 1.001]))
    for _, part in classes:
        said, found = part["said"].mean(), part["near"].mean()
        assert len(part) > 30
        assert found > said - 0.05 * (1 - said) ** 0.5 - 4 * np.sqrt(said * (1 - said) / len(part))
        assert found < said + 0.25


@pytest.mark.slow
@pytest.mark.parametrize(("crosstype", "n_samples"), [("f2", 150), ("riself", 120)])
def test_intervals_on_probabilities_hold_the_locus_as_often_as_they_say(crosstype, n_samples):
    """95% intervals of loci that lie on the chromosome named, a tenth of the calls missing.

    They reach out to the next positions, so that they hold more; four binomial standard errors
    below 95% is a false alarm in some thirty thousand runs."""
    held = []
    for seed in range(2):
        made = simulate_cross(
            crosstype=crosstype, n_samples=n_samples, n_traits=250, n_markers=300, seed=seed
        )
        calls = made.cross.genotypes.copy()
        calls[np.random.default_rng(seed).random(calls.shape) < 0.1] = -1
        cross = replace(made.cross, genotypes=calls)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CrossmapWarning)
            joint = joint_linkage(cross, genotype_probabilities=True, n_perm=3, step=5.0)
            table = locate_loci(joint, cross).to_frame()
        called = joint.called()
        true = made.truth[made.truth["locus"] > 0]
        for row, place in zip(table.to_dict("records"), called.to_dict("records"), strict=True):
            for number in (1, 2):
                same = true[
                    (true["trait"] == row["trait"]) & (true["chr"] == place[f"chr{number}"])
                ]
                if len(same):
                    low, high = row[f"lo{number}_cm"], row[f"hi{number}_cm"]
                    held.append(same["pos_cm"].between(low, high).any())
    rate = np.mean(held)
    assert len(held) > 100, rate
    assert rate > 0.95 - 4 * np.sqrt(0.95 * 0.05 / len(held)), f"{rate:.3f} of {len(held)}"
