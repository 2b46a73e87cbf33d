"""Why variances per cell: a trait's own nulls against the pooled 1% point, by variance ratio.

    python tests/calibration/unequal_variance.py CROSS

CROSS is anything `crossmap joint` reads. For the secondary locus, the share of each trait's own
permutation statistics beyond the 1% point of the pooled ones, by how much the variances of the two
genotype groups of its primary locus differ. A pivotal null gives 1% in every row.
"""

import sys

import numpy as np
import pandas as pd

from crossmap.cross import complete_traits
from crossmap.pipeline.joint import joint_linkage

EDGES = (0.0, 0.25, 0.5, 1.0, 2.0, np.inf)


def exceedance(cross, *, variance, n_perm=100, seed=1):
    """One row per class of |log2 variance ratio|: traits, share of own nulls past the 1% point."""
    result = joint_linkage(cross, n_perm=n_perm, variance=variance, seed=seed)
    _, traits = complete_traits(cross)
    primary, secondary = result.search.stages
    keep = np.flatnonzero(secondary.eligible)
    in_one = result.search.loci.genotypes[primary.locus[keep]] == 1
    ratio = np.array(
        [
            abs(np.log2(y[g].var(ddof=1) / y[~g].var(ddof=1)))
            for y, g in zip(traits[keep], in_one, strict=True)
        ]
    )
    null = secondary.f_null[keep]
    point = np.quantile(null, 0.99)
    own = (null > point).mean(axis=1)
    group = pd.cut(ratio, EDGES, right=False)
    frame = pd.DataFrame({"log2_variance_ratio": group, "own_share": own})
    table = frame.groupby("log2_variance_ratio", observed=False)["own_share"]
    return table.agg(n_traits="size", share_past_1pct="mean").reset_index()


if __name__ == "__main__":
    from crossmap.io.read import read_cross

    the_cross = read_cross(sys.argv[1])
    for how in ("common", "cell"):
        print(f"\nvariance = {how}")
        print(exceedance(the_cross, variance=how).to_string(index=False))
