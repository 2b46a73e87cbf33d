"""Genes and components of hot spots; counting in four units; shared loci."""

import numpy as np
import pandas as pd
import pytest
from examples import example_cross

from crossmap import find_hotspots, simulate_cross
from crossmap.architecture.counting import count_units
from crossmap.architecture.hotspot_details import hotspot_component, hotspot_genes
from crossmap.architecture.linkage_table import single_locus_table
from crossmap.architecture.local import classify_linkages
from crossmap.architecture.shared_loci import colocalised
from crossmap.errors import ArgumentError
from crossmap.trait_model import TraitModel


@pytest.fixture(scope="module")
def simulated():
    model = TraitModel(hotspot_share=0.5, variance_share=(0.12, 0.3), local_share=0.2)
    return simulate_cross(n_samples=112, n_traits=300, n_markers=1200, trait_model=model, seed=11)


@pytest.fixture(scope="module")
def found(simulated):
    return find_hotspots(simulated.cross, n_perm=39)


def test_a_component_of_all_traits_has_a_sharper_interval_that_holds_the_truth(simulated, found):
    table = hotspot_component(found, simulated.cross)
    place = simulated.truth.query("role == 'hotspot'").iloc[0]
    row = table[table["chr"] == place["chr"]].sort_values("n_traits").iloc[-1]
    assert row["width_bp"] < 0.8 * row["median_width_bp"]
    assert row["n_genes"] <= row["median_n_genes"]
    assert row["start_bp"] - 20_000 <= place["pos_bp"] <= row["end_bp"] + 20_000
    assert row["in_hotspot"]
    assert 0 < row["share"] < 1


def test_genes_of_hot_spots_and_which_are_candidates(simulated, found):
    table = hotspot_genes(found, simulated.cross)
    regions = found.regions().set_index("hotspot")
    low = table[["start_bp", "end_bp"]].min(axis=1)
    high = table[["start_bp", "end_bp"]].max(axis=1)
    start, end = (regions[c].loc[table["hotspot"]].to_numpy() for c in ("start_bp", "end_bp"))
    assert ((low <= end) & (high >= start)).all()
    local = classify_linkages(simulated.cross, single_locus_table(simulated.cross)).table
    local = set(local["trait"][local["by_window"] == "local"])
    assert set(table["gene"][table["candidate"]]) == local & set(table["gene"])


def test_no_hot_spots(simulated):
    nothing = find_hotspots(simulated.cross, n_perm=0, threshold=1e-60)
    assert len(hotspot_genes(nothing, simulated.cross)) == 0
    assert len(hotspot_component(nothing, simulated.cross)) == 0


def test_units_add_up(simulated):
    classes = classify_linkages(simulated.cross, single_locus_table(simulated.cross))
    units = count_units(classes.table).set_index("class")
    parts = units.loc[["local", "distant", "unplaced"]]
    assert parts["n_linkages"].sum() == units["n_linkages"]["all"] == len(classes.table)
    assert parts["variance"].sum() == pytest.approx(units["variance"]["all"])
    assert parts["n_traits"].sum() >= units["n_traits"]["all"]
    empty = count_units(classes.table.iloc[:0])
    assert empty["n_linkages"].tolist() == [0, 0, 0, 0]


def test_traits_of_one_hot_spot_share_it_and_their_genetic_values(simulated):
    cross, truth = simulated.cross, simulated.truth
    single = truth[(truth["role"] == "hotspot") & (truth["kind"] == "single")]
    names = single["trait"].tolist()
    table = single_locus_table(cross)
    table = table[table["trait"].isin(names)]
    shared = colocalised(cross, table).set_index(["trait1", "trait2"])
    assert len(shared) > 10
    sign = dict(zip(single["trait"], np.sign(single["effect"]), strict=True))
    strong = shared[shared["n_shared"] >= 1]
    agree = [
        (row["same_direction"] > 0) == (sign[a] == sign[b]) for (a, b), row in strong.iterrows()
    ]
    assert np.mean(agree) > 0.9
    assert shared["r_genetic"].abs().median() > shared["r_residual"].abs().median() + 0.3


def test_pairs_of_two_tables_and_what_overlaps_by_hand():
    cross = example_cross("ordinary")
    names = cross.markers["marker"]
    table = pd.DataFrame(
        {
            "trait": ["t0", "t1", "t1", "t2"], "locus": names[[1, 1, 9, 2]].tolist(),
            "chr": cross.markers["chr"][[1, 1, 9, 2]].tolist(), "pos_bp": [0.0, 0.0, 0.0, 9e3],
            "lo_bp": [0.0, 500.0, 0.0, 5e3], "hi_bp": [1e3, 2e3, 1e3, 9e3],
        }
    )  # fmt: skip
    shared = colocalised(cross, table)
    assert shared[["trait1", "trait2", "n_shared", "start_bp", "end_bp"]].values.tolist() == [
        ["t0", "t1", 1, 500.0, 1000.0]
    ]
    expected = np.corrcoef(cross.traits[0], cross.traits[1])[0, 1]
    assert shared["r_trait"][0] == pytest.approx(expected)
    two = colocalised(cross, table.iloc[:1], table.iloc[1:])
    assert two[["trait1", "trait2"]].values.tolist() == [["t0", "t1"]]
    assert len(colocalised(cross, table.iloc[:0])) == 0
    with pytest.raises(ArgumentError, match="expected a locus of the cross, found 'zz'"):
        colocalised(cross, table.assign(locus="zz"))
    with pytest.raises(ArgumentError, match="expected a column lo_bp"):
        colocalised(cross, table.drop(columns="lo_bp"))
