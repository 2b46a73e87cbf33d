"""How much the comparison of searches depends on the seed.

    python tests/calibration/compare_seeds.py CROSS [GRID [N_PERM [N_SEEDS]]]

CROSS is anything `crossmap compare` reads; GRID distinct loci are kept (613, as in the paper's
exhaustive scan). One row per seed, then mean and standard deviation: pairs called at 1% and 5% by
either search, how many of the best 3,000 lie in one place, the share of traits under epistasis by
either test, joint linkage under additive models over the two best peaks.
"""

import sys

import pandas as pd

from crossmap.compare import compare_searches


def spread(cross, *, n_grid=613, n_perm=5, n_seeds=10, min_cell=1):
    """Summary numbers of the comparison, one row per seed."""
    rows = []
    for seed in range(1, n_seeds + 1):
        s = compare_searches(
            cross, n_grid=n_grid, n_perm=n_perm, min_cell=min_cell, seed=seed
        ).summary()
        ratio = s["joint_over_top_two"]["ratio"]
        rows.append(
            {
                "seed": seed,
                "sequential_1": s["sequential"]["fdr_0.01"],
                "sequential_5": s["sequential"]["fdr_0.05"],
                "exhaustive_1": s["exhaustive"]["fdr_0.01"],
                "exhaustive_5": s["exhaustive"]["fdr_0.05"],
                "overlap": s["overlap_top"]["fraction"],
                "epistasis_sequential": s["epistasis"]["sequential"],
                "epistasis_exhaustive": s["epistasis"]["exhaustive"],
                "joint_over_top_two_min": min(x for x in ratio if x),
                "joint_over_top_two_max": max(x for x in ratio if x),
            }
        )
    return pd.DataFrame(rows).set_index("seed")


if __name__ == "__main__":
    from crossmap.io.read import read_cross

    numbers = [int(a) for a in sys.argv[2:5]]
    keywords = dict(zip(("n_grid", "n_perm", "n_seeds"), numbers, strict=False))
    table = spread(read_cross(sys.argv[1]), **keywords)
    print(table.round(4).to_string())
    print(table.agg(["mean", "std"]).round(4).to_string())
