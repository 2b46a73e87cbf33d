"""What the linkages of the yeast cross mean."""

import numpy as np
import pytest

from crossmap import classify_linkages, find_hotspots, joint_linkage
from crossmap.architecture.linkage_table import linkage_table
from crossmap.architecture.pair_bins import pairwise_bins
from crossmap.errors import CrossmapWarning
from crossmap.pipeline.joint import AS_PUBLISHED

# Chromosome, gene that was later shown to be the cause, its place in bp.
KNOWN = (
    ("2", "AMN1", 555_000), ("3", "LEU2", 91_000), ("3", "MAT", 200_000), ("5", "URA3", 116_000),
    ("8", "GPA1", 113_000), ("12", "HAP1", 650_000), ("14", "MKT1", 467_000),
    ("15", "IRA2", 170_000),
)  # fmt: skip


@pytest.fixture(scope="module")
def hotspots(yeast):
    return find_hotspots(yeast, n_perm=200, seed=1)


@pytest.fixture(scope="module")
def linkages(yeast):
    """As published; three seeds."""
    with pytest.warns(CrossmapWarning, match="variance differs twofold"):
        joint = [joint_linkage(yeast, seed=seed, **AS_PUBLISHED) for seed in (1, 2, 3)]
    return [linkage_table(one, yeast) for one in joint]


def test_hot_spots_that_are_known_are_found_within_40_kb(hotspots):
    regions = hotspots.regions()
    found = {
        gene
        for chromosome, gene, place in KNOWN
        for row in regions[regions["chr"] == chromosome].itertuples()
        if row.start_bp - 40_000 <= place <= row.end_bp + 40_000
    }
    missed = {gene for _, gene, _ in KNOWN} - found
    assert len(found) >= 6, f"not found: {missed}"


def test_share_of_traits_with_a_local_linkage(yeast, linkages):
    for table in linkages:
        classes = classify_linkages(yeast, table, local_window_bp=10_000).table
        local = classes.loc[classes["by_window"] == "local", "trait"].nunique()
        assert 0.28 <= local / classes["trait"].nunique() <= 0.40


def test_pairs_of_bins_shared_by_three_traits_or_more(yeast, linkages):
    for table in linkages:
        found = pairwise_bins(yeast, table, bin_bp=50_000, n_simulated=200)
        assert 8 <= found.n_shared <= 14
        uniform, shuffled = found.chance["mean"]
        assert uniform < 0.1 < shuffled < 6
        assert found.chance["p_value"].max() < 0.05
        shared = found.shared()
        ends = shared[(shared["chr1"] == "15") & (shared["chr2"] == "15")]
        assert ((ends["start2_bp"] - ends["start1_bp"]) > 300_000).any()
        # MAT and GPA1 may stand in two neighbouring bins.
        mat = found.table["chr1"].eq("3") & found.table["start1_bp"].eq(200_000)
        gpa1 = found.table["chr2"].eq("8") & found.table["start2_bp"].between(50_000, 100_000)
        held = found.table[mat & gpa1]
        assert 8 <= held["n_traits"].sum() <= 18
        mating = {"MF(ALPHA)2", "SAG1", "STE2", "BAR1", "AGA2", "ASG7", "MF(ALPHA)1", "STE3"}
        assert len(mating & set(",".join(held["traits"]).split(","))) >= 4


def test_more_than_half_of_the_linkages_past_1e_5_are_distant(yeast, hotspots):
    assert np.isclose(hotspots.bins["expected"].sum(), len(hotspots.linkages))
    assert 1500 <= len(hotspots.linkages) <= 2300
