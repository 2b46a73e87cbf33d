import numpy as np
import pandas as pd
import pytest

from crossmap import scan2, simulate_cross
from crossmap.architecture.counting import linkages_of_pairs, units_of_linkages
from crossmap.errors import CrossmapWarning


def test_loci_of_pairs_are_counted_in_four_units():
    cross = simulate_cross(n_samples=60, n_traits=3, n_markers=40, seed=1).cross
    gene = cross.trait_table.iloc[0]
    pairs = pd.DataFrame(
        {
            "trait": list(cross.trait_names),
            "chr1": [gene["chr"], "5", "5"], "start1_bp": [gene["end_bp"], 10.0, 10.0],
            "end1_bp": [gene["end_bp"], 20.0, 20.0],
            "chr2": ["7", "7", None], "start2_bp": [1.0, 2.0, np.nan],
            "end2_bp": [1.0, 2.0, np.nan],
        }
    )  # fmt: skip
    table = linkages_of_pairs(pairs)
    assert len(table) == 5
    units = units_of_linkages(cross, table)
    assert (units["all"]["n_traits"], units["all"]["n_loci"], units["all"]["n_linkages"]) == (
        3, 4, 5,
    )  # fmt: skip
    assert units["local"]["n_linkages"] == 1
    assert units["distant"]["n_traits"] == 3
    prefixed = pairs.add_prefix("x_").rename(columns={"x_trait": "trait"})
    pd.testing.assert_frame_equal(linkages_of_pairs(prefixed, prefix="x_"), table)


def test_no_pair_called_and_a_map_in_centimorgans():
    cross = simulate_cross(n_samples=60, n_traits=4, n_markers=40, seed=1).cross
    with pytest.warns(CrossmapWarning, match="too few to estimate pi0"):
        none = scan2(cross, n_perm=1, n_grid=10).to_frame().head(0)
    units = units_of_linkages(cross, linkages_of_pairs(none))
    assert units["all"]["n_linkages"] == 0
    in_cm = cross.markers.assign(pos_bp=np.nan)
    object.__setattr__(cross, "markers", in_cm)
    assert units_of_linkages(cross, linkages_of_pairs(none)) is None
