"""Local and distant linkages, case by case."""

import numpy as np
import pandas as pd
import pytest
from examples import example_cross

from crossmap.architecture.linkage_table import single_locus_table, support_interval
from crossmap.architecture.local import (
    classify_linkages,
    is_local,
    local_linkage,
    window_of_chance,
)
from crossmap.cross import make_cross
from crossmap.errors import ArgumentError
from crossmap.genotypes.loci import distinct_loci
from crossmap.simulate import simulate_cross


@pytest.fixture(scope="module")
def cross():
    """Two chromosomes; genes forward, reverse, on a chromosome without markers, nowhere."""
    rng = np.random.default_rng(1)
    genes = pd.DataFrame(
        {
            "trait": ["forward", "reverse", "elsewhere"],
            "chr": ["1", "1", "mt"],
            "start_bp": [100e3, 120e3, 5e3],
            "end_bp": [102e3, 118e3, 6e3],
        }
    )
    return make_cross(
        crosstype="haploid",
        genotype_names="AB",
        samples=[f"s{k:02d}" for k in range(30)],
        markers=pd.DataFrame(
            {"marker": list("abcd"), "chr": ["1", "1", "1", "2"], "pos_bp": [0, 2e5, 4e5, 1e5]}
        ),
        genotypes=rng.integers(0, 2, (4, 30)),
        trait_names=["forward", "reverse", "elsewhere", "nowhere"],
        traits=rng.normal(size=(4, 30)),
        trait_positions=genes,
    )


def rows(*places, **more):
    table = pd.DataFrame(places, columns=["trait", "chr", "start_bp", "end_bp"])
    return table.assign(**more)


def test_the_gap_is_between_the_locus_and_either_end_of_the_gene(cross):
    table = classify_linkages(
        cross,
        rows(
            ("forward", "1", 112e3, 113e3),  # 10 kb after the end
            ("forward", "1", 112.1e3, 113e3),
            ("reverse", "1", 100e3, 108e3),  # 10 kb before the end, the gene being reverse
            ("reverse", "1", 90e3, 500e3),  # around the gene
            ("forward", "2", 100e3, 102e3),
            ("elsewhere", "1", 5e3, 6e3),
            ("nowhere", "1", 5e3, 6e3),
        ),
        local_window_bp=10_000,
    ).table
    assert table["by_window"].tolist() == [
        "local", "distant", "local", "local", "distant", "distant", "unplaced",
    ]  # fmt: skip
    assert table["gap_bp"].tolist()[:4] == [10e3, 10.1e3, 10e3, 0.0]
    assert table["gap_bp"].isna().tolist()[4:] == [True] * 3
    assert table["by_interval"].isna().all()


def test_wide_support_intervals_leave_open_whether_the_gene_is_the_cause(cross):
    places = [("forward", "1", 99e3, 99e3)] * 4 + [("nowhere", "1", 1.0, 1.0)]
    lo = [98e3, 20e3, 103e3, np.nan, 0.0]
    hi = [101e3, 121e3, 150e3, np.nan, 9.0]
    found = classify_linkages(cross, rows(*places, lo_bp=lo, hi_bp=hi), wide_bp=100_000)
    assert found.table["by_interval"].tolist()[:3] == ["local", "ambiguous", "distant"]
    assert found.table["by_interval"].isna()[3]
    assert found.table["by_interval"][4] == "unplaced"
    counts = found.counts().set_index(["rule", "class"])["n_linkages"]
    assert counts["by_window", "local"] == 4
    assert counts["by_interval", "ambiguous"] == 1


def test_share_of_local_linkages_by_window_and_what_chance_gives(cross):
    places = [("forward", "1", 130e3, 130e3), ("forward", "1", 390e3, 390e3)] * 50
    found = classify_linkages(cross, rows(*places), windows_bp=(0, 30e3, 1e6)).by_window
    assert found["n_local"].tolist() == [0, 50, 100]
    assert found["share"].tolist() == [0.0, 0.5, 1.0]
    # (2 x 30 kb + 2 kb gene) of 400 kb of genome, for the half that is distant.
    assert found["n_expected"][1] == pytest.approx(100 * 62 / 400 * 0.5)
    assert found["n_expected"][2] == 0.0


def test_chance_is_what_random_linkages_give():
    cross = simulate_cross(n_samples=9, n_traits=300, n_markers=2000, even_markers=True).cross
    rng = np.random.default_rng(3)
    some = cross.markers.iloc[rng.integers(cross.n_markers, size=20_000)]
    traits = rng.choice(np.array(cross.trait_names, dtype=object), 20_000)
    linkages = some[["chr", "pos_bp"]].assign(trait=traits)
    table = classify_linkages(cross, linkages, windows_bp=(1e4, 1e5)).by_window
    # Genes at the ends of chromosomes have less than the window.
    for row in table.itertuples():
        assert abs(row.n_local - row.n_expected) < 4 * row.n_expected**0.5 + 0.12 * row.n_expected


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"local_window_bp": -1}, "local_window_bp: expected a number of at least 0, found -1"),
        ({"wide_bp": -1}, "wide_bp: expected"),
        ({"windows_bp": (1, -2)}, "windows_bp: expected a number of at least 0, found -2"),
    ],
)
def test_windows_below_zero_are_refused(cross, more, message):
    with pytest.raises(ArgumentError, match=message):
        classify_linkages(cross, rows(("forward", "1", 1.0, 1.0)), **more)


def test_tables_that_lack_something_are_refused(cross):
    with pytest.raises(ArgumentError, match="expected a column chr"):
        classify_linkages(cross, pd.DataFrame({"trait": ["forward"], "pos_bp": [1.0]}))
    with pytest.raises(ArgumentError, match="row 1: expected chr, start_bp and end_bp"):
        classify_linkages(cross, rows(("forward", "1", np.nan, 1.0)))
    with pytest.raises(ArgumentError, match="expected names of the cross, found 'who'"):
        classify_linkages(cross, rows(("who", "1", 1.0, 1.0)))


def test_no_linkages_at_all(cross):
    found = classify_linkages(cross, rows())
    assert len(found.table) == 0
    assert found.by_window["n_local"].sum() == 0
    assert found.counts()["n_linkages"].sum() == 0


def test_loci_and_tables_are_judged_alike():
    cross = simulate_cross(n_samples=80, n_traits=120, n_markers=300, seed=5).cross
    table = single_locus_table(cross, threshold=1e-3)
    classes = classify_linkages(cross, table).table
    loci = distinct_loci(cross)
    number = {name: j for j, name in enumerate(loci.names)}
    genes = cross.trait_table.set_index("trait").loc[table["trait"]].reset_index()
    at_gene = is_local(
        loci, np.array([number[n] for n in table["locus"]]), genes, window_bp=10_000.0
    )
    np.testing.assert_array_equal(at_gene, classes["by_window"] == "local")
    assert 3 < at_gene.sum() < len(table)


def test_support_intervals_reach_to_the_locus_beyond_the_drop():
    cross = example_cross("one_chromosome")
    loci = distinct_loci(cross)
    on = np.flatnonzero(loci.chr_index == 0)
    lod = np.zeros((1, len(loci)))
    lod[0, on[2:4]] = [5.0, 4.0]
    ((low, high),) = support_interval(lod, loci, np.array([on[2]]), drop=1.5)
    assert (low, high) == (loci.start_bp[on[1]], loci.end_bp[on[4]])
    lod[0, on] = 5.0
    ((low, high),) = support_interval(lod, loci, np.array([on[2]]), drop=1.5)
    assert (low, high) == (loci.start_bp[on[0]], loci.end_bp[on[-1]])
    assert np.isnan(support_interval(lod, loci, np.array([-1]))).all()
    lod[0, on] = np.nan  # not eligible: passed over
    lod[0, on[[0, 2, 5]]] = [0.0, 5.0, 0.0]
    ((low, high),) = support_interval(lod, loci, np.array([on[2]]))
    assert (low, high) == (loci.start_bp[on[0]], loci.end_bp[on[5]])


def test_both_kinds_of_interval_hold_the_locus_and_most_of_the_truth():
    simulated = simulate_cross(n_samples=200, n_traits=300, n_markers=1200, seed=4)
    truth = simulated.truth[simulated.truth["kind"] == "single"].set_index("trait")
    for kind in ("lod", "bayes"):
        table = single_locus_table(simulated.cross, interval=kind)
        assert (table["lo_bp"] <= table["start_bp"]).all()
        assert (table["hi_bp"] >= table["end_bp"]).all()
        table = table[table["trait"].isin(truth.index)]
        true = truth.loc[table["trait"]].reset_index()
        same = table["chr"].to_numpy() == true["chr"].to_numpy()
        held = (table["lo_bp"].to_numpy() <= true["pos_bp"]) & (
            true["pos_bp"] <= table["hi_bp"].to_numpy()
        )
        assert held[same].mean() > 0.88


def test_local_tests_are_the_best_of_the_few_loci_at_the_gene():
    cross = simulate_cross(n_samples=90, n_traits=100, n_markers=900, seed=8).cross
    table = local_linkage(cross, local_window_bp=20_000).set_index("trait")
    loci = distinct_loci(cross)
    genes = cross.trait_table
    for row in range(0, 100, 7):
        near = is_local(
            loci, np.arange(len(loci)), genes.iloc[[row] * len(loci)], window_bp=20_000.0
        )
        name = genes["trait"][row]
        if not near.any():
            assert name not in table.index
            continue
        r2 = [np.corrcoef(cross.traits[row], g)[0, 1] ** 2 for g in loci.genotypes[near]]
        assert table["r2"][name] == pytest.approx(max(r2))
        assert table["n_tests"][name] == near.sum()
        p, n = table["p_value"][name], table["n_tests"][name]
        assert table["p_adjusted"][name] == pytest.approx(1 - (1 - p) ** n)


def test_the_window_of_a_chance():
    cross = simulate_cross(n_samples=9, n_traits=1).cross
    assert window_of_chance(cross, chance=0.004) == 2 * window_of_chance(cross, chance=0.002)
    with pytest.raises(ArgumentError, match="chance: expected"):
        window_of_chance(cross, chance=2)
