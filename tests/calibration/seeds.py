"""How much the result depends on the seed.

    python tests/calibration/seeds.py CROSS [N_PERM [N_SEEDS]]

CROSS is anything `crossmap joint` reads. One row per seed, then mean and standard deviation.
"""

import sys

import pandas as pd

from crossmap.pipeline.joint import joint_linkage


def spread(cross, *, n_perm=5, n_seeds=10, variance="common"):
    """Summary numbers of the joint analysis, one row per seed."""
    rows = []
    for seed in range(1, n_seeds + 1):
        result = joint_linkage(cross, n_perm=n_perm, variance=variance, seed=seed)
        s = result.summary(0.10)
        rows.append(
            {
                "seed": seed,
                "pi0_primary": s["pi0"][0],
                "pi0_secondary": s["pi0"][1],
                "expected_joint": s["expected_joint"],
                "n_called": s["n_called"],
                "threshold": s["threshold"],
                "primary_fdr": s["locus_fdr"][0],
                "n_090": s["prob_090"]["n"],
                "fdr_090": s["prob_090"]["fdr"],
            }
        )
    return pd.DataFrame(rows).set_index("seed")


if __name__ == "__main__":
    from crossmap.io.read import read_cross

    the_cross = read_cross(sys.argv[1])
    numbers = [int(a) for a in sys.argv[2:4]]
    keywords = dict(zip(("n_perm", "n_seeds"), numbers, strict=False))
    for how in ("common", "cell"):
        table = spread(the_cross, variance=how, **keywords)
        print(f"\nvariance = {how}")
        print(table.round(4).to_string())
        print(table.agg(["mean", "std"]).round(4).to_string())
