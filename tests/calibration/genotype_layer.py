"""Joint linkage on genotype probabilities and on filled calls: realised FDR, power, agreement.

    python -m tests.calibration.genotype_layer crosses [CROSSES [CROSSTYPE ...]]
    python -m tests.calibration.genotype_layer removed [CROSSES]
    python -m tests.calibration.genotype_layer yeast SHARED

``crosses``: simulated F2, RIL by selfing and by sib mating with a tenth of the calls missing.
``removed``: simulated haploids with none to half of the calls removed at random. ``yeast``: the
yeast cross likewise, against what the complete data call.
"""

import sys
import warnings
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from crossmap import CrossmapWarning, fill, joint_linkage, simulate_cross
from crossmap.scoring import score_joint
from crossmap.trait_model import TraitModel

NOMINAL = (0.05, 0.10)
WITHIN_CM = (20.0, 40.0)
"""How far from a true locus a claim of it may be: with markers 16 cM apart one in seven of those
that name the right place of the right chromosome lie further than 20 cM off."""
CM_PER_MB = 360.0
"""Of yeast, about."""

# Two loci in half of the traits, none to one in the others, between markers as real ones are.
MODEL = TraitModel(n_loci_shares=(0.25, 0.25, 0.5, 0.0))
SIZE = {"n_samples": 200, "n_markers": 300, "n_traits": 500, "n_parent_replicates": 0}


def without_some(cross, share, seed):
    """The cross with calls removed at random."""
    gone = np.random.default_rng([seed, 77]).random(cross.genotypes.shape) < share
    return replace(cross, genotypes=np.where(gone, np.int8(-1), cross.genotypes))


def analyse(cross, way, seed):
    """Joint linkage on complete calls, on filled ones, or on probabilities."""
    options = {"n_perm": 5, "exclude_r2": 0.1, "variance": "common", "seed": seed}
    rate = CM_PER_MB if cross.markers["pos_cm"].isna().any() else None
    if way == "filled":
        cross = fill(cross, cm_per_mb=rate).cross
    elif way == "probabilities":
        options |= {"genotype_probabilities": True, "cm_per_mb": rate}
    return joint_linkage(cross, **options)


def score_rows(result, truth, **labels):
    """One row for each definition of a true locus and each nominal FDR."""
    for within_cm, nominal in product(WITHIN_CM, NOMINAL):
        found = score_joint(result.called(nominal), truth, within_cm=within_cm)
        yield {
            **labels,
            "within_cm": within_cm,
            "nominal": nominal,
            "n_claims": found.n_claims,
            "n_true": found.n_true,
            "n_findable": found.n_findable,
        }


def pooled(rows):
    """Realised FDR with its standard error, and power, over all crosses."""
    table = pd.DataFrame(rows)
    by = [c for c in table.columns if not c.startswith("n_") and c != "seed"]
    table = table.groupby(by, sort=False)[["n_claims", "n_true", "n_findable"]].sum()
    fdr = 1 - table["n_true"] / table["n_claims"]
    return table.assign(
        fdr=fdr, fdr_se=np.sqrt(fdr * (1 - fdr) / table["n_claims"]),
        power=table["n_true"] / table["n_findable"],
    )  # fmt: skip


def crosses(n_crosses, *crosstypes):
    rows = []
    for crosstype in crosstypes or ("f2", "riself", "risib"):
        for seed in range(n_crosses):
            simulated = simulate_cross(
                **SIZE, crosstype=crosstype, trait_model=MODEL, seed=3_000 + seed
            )
            cross = without_some(simulated.cross, 0.1, seed)
            result = analyse(cross, "probabilities", seed)
            rows += score_rows(result, simulated.truth, crosstype=crosstype, seed=seed)
    return pooled(rows)


def removed(n_crosses):
    rows = []
    for seed in range(n_crosses):
        simulated = simulate_cross(**SIZE, trait_model=MODEL, seed=4_000 + seed)
        for share in (0.0, 0.1, 0.3, 0.5):
            cross = without_some(simulated.cross, share, seed)
            for way in ("filled", "probabilities") if share else ("complete", "probabilities"):
                result = analyse(cross, way, seed)
                rows += score_rows(result, simulated.truth, removed=share, way=way, seed=seed)
    return pooled(rows)


def yeast(shared, n_traits=None):
    from crossmap.io.plain import read_plain

    folder = Path(shared) / "yeast"
    cross = read_plain(
        genotypes=folder / "genotype.tsv.gz",
        markers=folder / "marker_pos.tsv.gz",
        traits=folder / "expression.tsv.gz",
        trait_positions=folder / "gene_pos.tsv.gz",
        crosstype="haploid",
        codes={"1": "BY", "2": "RM"},
    )
    if n_traits is not None:
        cross = cross.subset(traits=cross.trait_names[:n_traits])
    complete = analyse(cross, "complete", 1).called(0.10)
    rows = []
    for share in (0.0, 0.1, 0.3, 0.5):
        for way in ("filled", "probabilities") if share else ("probabilities",):
            called = analyse(without_some(cross, share, 1), way, 1).called(0.10)
            both = complete.merge(called, on="trait", suffixes=("", "_again"))
            same = [_near(both, n) for n in (1, 2)]
            crossed = [_near(both, n, 3 - n) for n in (1, 2)]
            rows.append(
                {
                    "removed": share, "way": way, "called": len(called),
                    "complete": len(complete), "both": len(both),
                    "same loci": int(((same[0] & same[1]) | (crossed[0] & crossed[1])).sum()),
                    "lost": len(complete) - len(both), "new": len(called) - len(both),
                }
            )  # fmt: skip
            print(pd.DataFrame(rows[-1:]).to_string(header=len(rows) == 1), flush=True)
    return pd.DataFrame(rows)


def _near(both, number, other=None, within_bp=50_000):
    """Whether a locus of the complete data was named again, at the same number or the other."""
    other = other or number
    gap = (both[f"start{number}_bp"] - both[f"start{other}_bp_again"]).abs()
    return (both[f"chr{number}"] == both[f"chr{other}_again"]) & (gap <= within_bp)


def main(what, *arguments):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CrossmapWarning)
        if what == "yeast":
            table = yeast(arguments[0], *map(int, arguments[1:]))
        else:
            n_crosses, *rest = arguments or (8,)
            table = {"crosses": crosses, "removed": removed}[what](int(n_crosses), *rest)
    print(table.round(4).to_string())


if __name__ == "__main__":
    main(*sys.argv[1:])
