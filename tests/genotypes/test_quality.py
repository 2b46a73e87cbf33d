"""Measures of a cross against slow, obvious twins and against what was planted."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from examples import KINDS, example_cross
from genotyped import listeria
from scipy import stats

from crossmap.cross import make_cross
from crossmap.errors import CrossmapWarning
from crossmap.genotypes.loci import distinct_loci
from crossmap.genotypes.quality import cross_quality, is_flip, segregation_p
from crossmap.io.read import read_cross
from crossmap.simulate import simulate_cross


def with_missing(cross, share=0.2, seed=3):
    rng = np.random.default_rng(seed)
    holes = rng.random(cross.genotypes.shape) < share
    return replace(cross, genotypes=np.where(holes, -1, cross.genotypes).astype(np.int8))


def f2_cross(seed=1, n=60, n_markers=12):
    rng = np.random.default_rng(seed)
    calls = np.empty((n_markers, n), dtype=np.int64)
    gametes = np.zeros((2, n), dtype=np.int64)
    for m in range(n_markers):
        # Six markers a chromosome, 10% recombination between them.
        gametes = gametes ^ (rng.random((2, n)) < (0.1 if m % 6 else 0.5))
        calls[m] = gametes.sum(axis=0)
    return make_cross(
        crosstype="f2",
        genotype_names=("AA", "AB", "BB"),
        samples=[f"s{i:02d}" for i in range(n)],
        markers=pd.DataFrame(
            {
                "marker": [f"m{m:02d}" for m in range(n_markers)],
                "chr": [str(1 + m // 6) for m in range(n_markers)],
                "pos_cm": [10.0 * (m % 6) for m in range(n_markers)],
            }
        ),
        genotypes=calls,
        trait_names=["t"],
        traits=rng.normal(size=(1, n)),
    )


def naive_crossovers(cross):
    counts = []
    for sample in range(cross.n_samples):
        n = 0
        for chromosome in cross.chromosomes:
            calls = [
                int(g)
                for g, c in zip(cross.genotypes[:, sample], cross.markers["chr"], strict=True)
                if c == chromosome and g >= 0
            ]
            n += sum(abs(a - b) for a, b in pairwise(calls))
        counts.append(n)
    return counts


def naive_patterns(cross):
    """The set of markers of each pattern."""
    top = cross.n_genotypes - 1
    groups = {}
    for row, name in enumerate(cross.markers["marker"]):
        calls = cross.genotypes[row].tolist()
        if len({g for g in calls if g >= 0}) < 2:
            continue
        exchanged = [g if g < 0 else top - g for g in calls]
        key = (cross.markers["chr"][row], min(tuple(calls), tuple(exchanged)))
        groups.setdefault(key, []).append(name)
    return sorted(groups.values())


CROSSES = {
    **{kind: example_cross(kind) for kind in KINDS},
    **{f"{kind}, calls missing": with_missing(example_cross(kind)) for kind in KINDS},
    "f2": f2_cross(),
    "f2, calls missing": with_missing(f2_cross()),
}


@pytest.mark.parametrize("name", CROSSES)
def test_against_obvious_twins(name):
    cross = CROSSES[name]
    quality = cross_quality(cross)
    assert quality.samples["n_crossovers"].tolist() == naive_crossovers(cross)
    varying = quality.markers[quality.markers["pattern"] >= 0]
    groups = varying.groupby("pattern")["marker"].agg(list)
    assert sorted(groups.tolist()) == naive_patterns(cross)
    assert quality.patterns["n_markers"].tolist() == groups.map(len).tolist()
    assert quality.patterns["marker"].tolist() == groups.map(lambda names: names[0]).tolist()
    assert quality.samples["n_missing"].tolist() == (cross.genotypes < 0).sum(axis=0).tolist()
    for row in quality.intervals.to_dict("records"):
        one, other = (
            cross.genotypes[cross.markers["marker"].tolist().index(row[key])]
            for key in ("marker1", "marker2")
        )
        both = (one >= 0) & (other >= 0)
        assert row["n_compared"] == both.sum()
        assert row["n_changes"] == (one[both] != other[both]).sum()
        if len(set(one[both])) > 1 and len(set(other[both])) > 1:
            expected = np.corrcoef(one[both], other[both])[0, 1]
            assert row["correlation"] == pytest.approx(expected, abs=1e-12)
    for row in quality.pairs.to_dict("records"):
        a, b = (cross.samples.index(row[key]) for key in ("sample1", "sample2"))
        one, other = (cross.genotypes[varying.index, k] for k in (a, b))
        both = (one >= 0) & (other >= 0)
        assert row["n_compared"] == both.sum()
        assert row["share"] == pytest.approx((one == other)[both].mean(), abs=1e-6)


def test_chance_of_two_samples_being_alike():
    """Of unlinked markers it is about the binomial tail, times the number of pairs."""
    lengths = {str(c): 1_000 for c in range(60)}
    cross = simulate_cross(
        n_samples=30, n_traits=1, n_markers=60, chromosome_lengths_bp=lengths, even_markers=True,
        n_parent_replicates=0, seed=3,
    ).cross  # fmt: skip
    assert (cross.markers.groupby("chr").size() == 1).all()
    pairs = cross_quality(cross).pairs
    usual = np.mean([
        (cross.genotypes[:, i] == cross.genotypes[:, j]).mean() for i in range(30) for j in range(i)
    ])  # fmt: skip
    exact = np.minimum(stats.binom.sf(pairs["share"] * 60 - 1, 60, usual) * 435, 1)
    # The number of loci is estimated from the pairs.
    assert (pairs["p_chance"] >= 0.8 * exact).all()
    some = exact < 1
    assert some.any()
    assert (pairs["p_chance"][some] <= 20 * exact[some]).all()
    assert pairs["p_identical"].iloc[0] == pytest.approx(435 * usual**60, rel=10)
    # Ten markers in place of each make no more independent loci of them.
    again = cross.subset(markers=list(cross.markers["marker"][:50]))
    tenfold = make_cross(
        crosstype="haploid", genotype_names=("A", "B"), samples=again.samples,
        markers=pd.DataFrame(
            {"marker": [f"{m}{k}" for m in again.markers["marker"] for k in range(10)],
             "chr": np.repeat(again.markers["chr"].to_numpy(), 10),
             "pos_bp": np.tile(np.arange(10.0), 50)}
        ),
        genotypes=np.repeat(again.genotypes, 10, axis=0), trait_names=["t"],
        traits=again.traits,
    )  # fmt: skip
    one, other = cross_quality(again).pairs, cross_quality(tenfold).pairs
    np.testing.assert_allclose(one["p_chance"], other["p_chance"], rtol=1e-6)


def test_chance_holds_its_level_on_a_small_map():
    """Two metres of map: no more than 5% of crosses have a pair with a chance of 5%."""
    small = {"chromosome_lengths_bp": {"1": 250_000, "2": 250_000}, "n_markers": 40}
    lowest = [
        cross_quality(
            simulate_cross(n_samples=25, n_traits=1, n_parent_replicates=0, seed=s, **small).cross
        ).pairs["p_chance"].min()
        for s in range(60)
    ]  # fmt: skip
    # More than 12 of 60 have a probability below 1e-5 at a level of 5%.
    assert (np.array(lowest) <= 0.05).sum() <= 12


@pytest.mark.parametrize("kind", KINDS)
def test_patterns_are_the_distinct_loci_of_complete_calls(kind):
    cross = example_cross(kind)
    table = distinct_loci(cross).to_frame()
    patterns = cross_quality(cross).patterns
    assert patterns["marker"].tolist() == table["locus"].tolist()
    assert patterns["n_markers"].tolist() == table["n_markers"].tolist()


def test_segregation_against_scipys_own_tests():
    counts = np.array([[0, 0], [3, 9], [50, 50], [0, 12]])
    expected = [
        np.nan if not sum(c) else stats.binomtest(int(c[0]), int(sum(c)), 0.5).pvalue
        for c in counts
    ]
    np.testing.assert_allclose(segregation_p(counts, "bc"), expected, rtol=1e-12)
    counts = np.array([[10, 20, 10], [30, 20, 10], [0, 0, 0]])
    expected = [stats.chisquare(c, np.sum(c) * np.array([0.25, 0.5, 0.25])).pvalue
                for c in counts[:2]]  # fmt: skip
    np.testing.assert_allclose(segregation_p(counts, "f2"), [*expected, np.nan], rtol=1e-12)


def test_no_ratio_is_expected_on_the_x_of_an_f2():
    cross = f2_cross()
    x = cross.markers.assign(chr=cross.markers["chr"].replace("2", "X"))
    p = cross_quality(replace(cross, markers=x)).patterns
    assert p["p_segregation"][p["chr"] == "X"].isna().all()
    assert p["p_segregation"][p["chr"] == "1"].notna().all()


def test_a_pattern_that_comes_back_has_more_runs():
    patterns = [[0, 1] * 8, [0, 0, 1, 1] * 4, [1, 0] * 8, [0] * 16, [0, 1] * 8]
    cross = make_cross(
        crosstype="dh", genotype_names=("A", "B"), samples=[f"s{i:02d}" for i in range(16)],
        markers=pd.DataFrame({"marker": list("abcde"), "chr": "1", "pos_bp": np.arange(5.0)}),
        genotypes=np.array(patterns), trait_names=[], traits=np.empty((0, 16)),
    )  # fmt: skip
    quality = cross_quality(cross)
    assert quality.patterns["n_runs"].tolist() == [2, 1]
    assert quality.markers["pattern"].tolist() == [0, 1, 0, -1, 0]


@pytest.mark.parametrize("crosstype", ["haploid", "bc", "riself"])
@pytest.mark.parametrize("missing", [0.0, 0.3])
def test_crossovers_are_those_the_map_lets_expect(crosstype, missing):
    """Mean of 100 samples within 5 standard errors (Poisson): false alarm below 1e-6."""
    cross = simulate_cross(n_samples=100, n_markers=400, n_traits=1, crosstype=crosstype).cross
    if missing:
        cross = with_missing(cross, missing)
    samples = cross_quality(cross).samples
    expected = samples["expected_crossovers"].mean()
    assert abs(samples["n_crossovers"].mean() - expected) < 5 * np.sqrt(expected / 100)


def test_crossovers_of_an_f2_count_both_gametes():
    samples = cross_quality(f2_cross(n=400)).samples
    # Two gametes, ten intervals with r = 0.1; Haldane makes 10 cM of 0.0906.
    assert samples["expected_crossovers"].iloc[0] == pytest.approx(20 * 0.5 * (1 - np.exp(-0.2)))
    # Changes in both gametes at once may cancel: 2 r (1 - r) of opposite direction half the time.
    assert 0.85 * 2.0 < samples["n_crossovers"].mean() < 1.05 * 2.0


@pytest.mark.parametrize("name", ["haploid", "f2"])
@pytest.mark.parametrize("first", [0, 2])
def test_planted_flips_are_found_and_named(name, first):
    cross = f2_cross(n=120) if name == "f2" else simulate_cross(
        n_samples=100, n_markers=600, n_traits=1).cross  # fmt: skip
    assert not cross_quality(cross).markers["is_flipped"].any()
    chromosome = np.flatnonzero((cross.markers["chr"] == cross.chromosomes[-1]).to_numpy())
    rows = chromosome[first : first + 2]
    genotypes = cross.genotypes.copy()
    genotypes[rows] = cross.n_genotypes - 1 - genotypes[rows]
    quality = cross_quality(replace(cross, genotypes=genotypes))
    assert np.flatnonzero(quality.markers["is_flipped"]).tolist() == rows.tolist()
    assert is_flip(quality.intervals).sum() == (1 if first == 0 else 2)


def test_distorted_neighbours_are_no_flips():
    """Selection for opposite alleles at unlinked neighbours: most samples differ, none is wrong."""
    rng = np.random.default_rng(5)
    one, other = rng.random(300) < 0.9, rng.random(300) < 0.1
    cross = make_cross(
        crosstype="dh", genotype_names=("A", "B"), samples=[f"s{i:03d}" for i in range(300)],
        markers=pd.DataFrame({"marker": ["a", "b"], "chr": "1", "pos_cm": [0.0, 200.0]}),
        genotypes=np.array([one, other], dtype=int), trait_names=[], traits=np.empty((0, 300)),
    )  # fmt: skip
    quality = cross_quality(cross)
    assert quality.intervals["n_changes"].iloc[0] > 200
    assert not is_flip(quality.intervals).any()


def test_traits():
    cross = example_cross("eight")
    traits = cross.traits.copy()
    traits[0, :3] = np.nan
    traits[1] = np.nan
    traits[2, 1:] = np.nan
    table = cross.trait_table.assign(
        chr=["1", "9", *[None] * (cross.n_traits - 2)], start_bp=5.0, end_bp=6.0
    )
    found = cross_quality(replace(cross, traits=traits, trait_table=table)).traits
    assert found["n_missing"].tolist()[:3] == [3, 8, 7]
    assert found["is_constant"].tolist() == [False, True, True, False, False, True, False, False]
    assert found["has_place"].tolist() == [True, True, *[False] * 6]
    assert found["on_map"].tolist() == [True, *[False] * 7]


def test_nothing_to_measure():
    cross = example_cross("eight")
    empty = replace(cross, genotypes=np.full_like(cross.genotypes, -1))
    quality = cross_quality(empty)
    assert quality.markers["is_constant"].all()
    assert len(quality.patterns) == len(quality.intervals) == 0
    assert quality.samples["n_crossovers"].sum() == 0


def test_yeast(yeast):
    quality = cross_quality(yeast)
    assert len(quality.patterns) == 1226
    assert (quality.patterns["n_runs"] > 1).sum() == 39
    assert not quality.markers["is_flipped"].any()


@pytest.mark.filterwarnings("ignore::crossmap.errors.CrossmapWarning")
def test_maps_of_the_peers_agree_with_their_crossovers(shared):
    grav2 = read_cross(shared / "oracles" / "qtl2" / "grav2.zip")
    bc = read_cross(shared / "oracles" / "rqtl" / "rqtl_fakebc.csv", crosstype="bc")
    for cross in (grav2, bc):
        samples = cross_quality(cross).samples
        expected = samples["expected_crossovers"].mean()
        assert samples["n_crossovers"].mean() == pytest.approx(expected, rel=0.1)


def test_warnings_are_not_raised_for_sound_crosses(recwarn):
    for cross in CROSSES.values():
        cross_quality(cross)
    assert not [w for w in recwarn if issubclass(w.category, (RuntimeWarning, CrossmapWarning))]


def test_dominant_calls_are_counted_in_segregation_and_are_not_missing(shared):
    """listeria: D13M59 was taken for distorted, D19M10 for constant."""
    from crossmap.report.check import check_cross

    cross = listeria(shared)
    checked = check_cross(cross)
    texts = {finding.kind: finding.text for finding in checked.findings}
    assert "segregation" not in texts
    assert "constant_marker" not in texts
    assert "besides dominant calls: D19M10" in texts["dominant_marker"]
    markers = checked.quality.markers.set_index("marker")
    assert markers["n_dominant"].sum() == 128  # geno.table of R/qtl: 65 + 63
    assert markers["n_missing"].sum() - 128 == 1840
    patterns = checked.quality.patterns.set_index("marker")
    assert patterns.loc["D13M59", "p_segregation"] == pytest.approx(0.70, abs=0.03)
    assert "1,968 genotype calls (128 of them dominant)" in checked.text()


def test_segregation_with_dominant_calls_holds_its_level_and_finds_distortion():
    rng = np.random.default_rng(7)
    for weights, is_null in (((0.25, 0.5, 0.25), True), ((0.45, 0.4, 0.15), False)):
        true = rng.choice(3, p=weights, size=(2000, 120))
        how = rng.integers(0, 3, (2000, 1))  # codominant and one or the other dominant assay
        dominant = (rng.random(true.shape) < 0.5) & (how > 0)
        partial = np.column_stack(
            [
                (dominant & (how == 1) & (true < 2)).sum(1),
                (dominant & (how == 2) & (true > 0)).sum(1),
            ]
        )
        shows = ~dominant | ((how == 1) & (true == 2)) | ((how == 2) & (true == 0))
        counts = np.column_stack([((true == g) & shows).sum(axis=1) for g in range(3)])
        p = segregation_p(counts, "f2", partial=partial)
        some = partial.any(axis=1)
        if is_null:
            share = (p[some] < 0.05).mean()
            assert abs(share - 0.05) < 4 * np.sqrt(0.05 * 0.95 / some.sum())
        else:
            assert (p[some] < 0.01).mean() > 0.8
    only = segregation_p(np.array([[26, 0, 0]]), "f2", partial=np.array([[0, 63]]))
    expected = stats.chi2.sf(stats.power_divergence([26, 63], [22.25, 66.75], lambda_=0)[0], 1)
    np.testing.assert_allclose(only, expected, rtol=1e-6)
