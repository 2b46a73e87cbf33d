"""Joint linkage on genotype probabilities and on filled calls: realised FDR, power, agreement.

    python -m tests.calibration.genotype_layer --work DIR [--seconds N] [--shared SHARED]

Analyses simulated F2 (without and with an X), RIL by selfing and by sib mating with a tenth of the
calls missing, simulated haploids with none to half of the calls removed at random, and, with
SHARED, the yeast cross likewise (several times over) against what the complete data call. Every
analysis is kept in DIR; started again, it goes on where it stopped. Then it writes
missing_calls.tsv and missing_calls_yeast.tsv.
"""

import argparse
import json
import time
import warnings
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from crossmap import CrossmapWarning, fill, joint_linkage, simulate_cross
from crossmap.io.results import write_table
from crossmap.scoring import score_joint
from crossmap.trait_model import TraitModel
from tests.calibration.x_chromosome import f2_with_x

NOMINAL = (0.05, 0.10)
WITHIN_CM = (20.0, 40.0, 1e6)
"""How far from a true locus a claim of it may be: with markers 16 cM apart one in seven of those
that name the right place of the right chromosome lie further than 20 cM off. The last takes any
place on its chromosome."""
CM_PER_MB = 360.0
"""Of yeast, about."""

SHARES = (0.0, 0.1, 0.3, 0.5)
"""Of the calls, removed at random."""

MAPS = {300: (70, SHARES), 1200: (30, (0.0, 0.5))}
"""Markers of the haploids, 16 and 4 cM apart: how many crosses, and the shares removed."""

FEW_CROSSES = 12
"""Of the other cross types each."""

N_YEAST = 5
"""How often calls of the yeast cross are removed anew."""

CROSSTYPES = ("f2", "f2 with X", "riself", "risib")
"""That with X has both sexes and directions, and traits that differ between them."""

# Two loci in half of the traits, none to one in the others, between markers as real ones are.
MODEL = TraitModel(n_loci_shares=(0.25, 0.25, 0.5, 0.0))
SIZE = {"n_samples": 200, "n_markers": 300, "n_traits": 500, "n_parent_replicates": 0}


def without_some(cross, share, seed):
    """The cross with calls removed at random."""
    gone = np.random.default_rng([seed, 77]).random(cross.genotypes.shape) < share
    return replace(cross, genotypes=np.where(gone, np.int8(-1), cross.genotypes))


def analyse(cross, way, seed, **options):
    """Joint linkage on complete calls, on filled ones, or on probabilities."""
    options = {"n_perm": 5, "seed": seed} | options
    rate = CM_PER_MB if cross.markers["pos_cm"].isna().any() else None
    if way == "filled":
        cross = fill(cross, cm_per_mb=rate, max_wrong=1.0).cross  # to know what that costs
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
    counts = ["n_claims", "n_true", "n_findable"]
    by = [c for c in table.columns if c not in (*counts, "seed")]
    table = table.groupby(by, sort=False)[counts].sum()
    fdr = 1 - table["n_true"] / table["n_claims"]
    return table.assign(
        fdr=fdr, fdr_se=np.sqrt(fdr * (1 - fdr) / table["n_claims"]),
        power=table["n_true"] / table["n_findable"],
    )  # fmt: skip


def crosses(n_crosses, **options):
    rows = []
    for crosstype, seed in product(CROSSTYPES, range(n_crosses)):
        rows += one_cross(crosstype, seed, **options)
    return pooled(rows)


def one_cross(crosstype, seed, **options):
    if crosstype == "f2 with X":
        size = {name: SIZE[name] for name in ("n_samples", "n_markers", "n_traits")}
        simulated = f2_with_x(**size, model=MODEL, seed=3_000 + seed)
    else:
        simulated = simulate_cross(
            **SIZE, crosstype=crosstype, trait_model=MODEL, seed=3_000 + seed
        )
    cross = without_some(simulated.cross, 0.1, seed)
    result = analyse(cross, "probabilities", seed, **options)
    labels = {"crosstype": crosstype, "n_markers": SIZE["n_markers"], "removed": 0.1}
    return list(score_rows(result, simulated.truth, **labels, way="probabilities", seed=seed))


def removed(n_crosses):
    rows = []
    for seed, share in product(range(n_crosses), SHARES):
        for way in ways(share):
            rows += one_removed(seed, share, way)
    return pooled(rows)


def ways(share):
    return ("filled", "probabilities") if share else ("complete", "probabilities")


def one_removed(seed, share, way, n_markers=SIZE["n_markers"]):
    size = SIZE | {"n_markers": n_markers}
    simulated = simulate_cross(**size, trait_model=MODEL, seed=4_000 + seed)
    result = analyse(without_some(simulated.cross, share, seed), way, seed)
    labels = {"crosstype": "haploid", "n_markers": n_markers, "removed": share, "way": way}
    return list(score_rows(result, simulated.truth, **labels, seed=seed))


def read_yeast(shared):
    from crossmap.io.plain import read_plain

    folder = Path(shared) / "yeast"
    return read_plain(
        genotypes=folder / "genotype.tsv.gz",
        markers=folder / "marker_pos.tsv.gz",
        traits=folder / "expression.tsv.gz",
        trait_positions=folder / "gene_pos.tsv.gz",
        crosstype="haploid",
        codes={"1": "BY", "2": "RM"},
    )


PLACES = ["trait", "chr1", "start1_bp", "end1_bp", "chr2", "start2_bp", "end2_bp"]


def one_yeast(shared, share, way, number):
    """Traits called at 10% and their loci; pi0 and the traits expected to have all loci."""
    result = analyse(without_some(read_yeast(shared), share, 1 + number), way, 1)
    called = result.called(0.10)[PLACES]
    return {
        "called": json.loads(called.to_json(orient="records", double_precision=1)),
        "pi0": [stage.pi0 for stage in result.significance],
        "expected_joint": result.expected_joint,
    }


def agreement(complete, called):
    """Calls of a spoilt cross against those of the complete data."""
    both = complete.merge(called, on="trait", suffixes=("", "_again"))
    same = [_near(both, n) for n in (1, 2)]
    crossed = [_near(both, n, 3 - n) for n in (1, 2)]
    return {
        "called": len(called),
        "called_complete": len(complete),
        "in_both": len(both),
        "same_loci": int(((same[0] & same[1]) | (crossed[0] & crossed[1])).sum()),
        "lost": len(complete) - len(both),
        "new": len(called) - len(both),
    }


def _near(both, number, other=None, within_bp=50_000):
    """Whether a locus of the complete data was named again, at the same number or the other."""
    other = other or number
    gap = (both[f"start{number}_bp"] - both[f"start{other}_bp_again"]).abs()
    return (both[f"chr{number}"] == both[f"chr{other}_again"]) & (gap <= within_bp)


def tasks(shared):
    """Name of the file and the work of every analysis."""
    for n_markers, (n_crosses, shares) in MAPS.items():
        for seed, share in product(range(n_crosses), shares):
            for way in ways(share):
                name = f"haploid-{n_markers}-{share}-{way}-{seed}"
                yield name, (lambda a=(seed, share, way, n_markers): one_removed(*a))
    for seed, crosstype in product(range(FEW_CROSSES), CROSSTYPES):
        yield f"{crosstype}-{seed}", (lambda a=(crosstype, seed): one_cross(*a))
    for number, share in product(range(N_YEAST), SHARES if shared else ()):
        if share or not number:
            for way in ways(share):
                name = f"yeast-{share}-{way}-{number}"
                yield name, (lambda a=(share, way, number): one_yeast(shared, *a))


def write_tables(work, out):
    """Tables of what is in the folder."""
    Path(out).mkdir(parents=True, exist_ok=True)
    rows, yeast = [], []
    for file in sorted(Path(work).glob("*.json")):
        found = json.loads(file.read_text())
        if file.stem.startswith("yeast-"):
            _, share, way, _ = file.stem.split("-")
            yeast.append(((float(share), way), found))
        else:
            rows += found
    table = pooled(rows).reset_index()
    write_table(table.round(4), out, "missing_calls")
    print(table.round(4).to_string())
    if yeast:
        table = yeast_table(yeast)
        write_table(table.round(4), out, "missing_calls_yeast")
        print(table.round(3).to_string())


def yeast_table(found):
    """One row for each share and way: means over the removals, and the spread of the calls."""
    complete = next(f for label, f in found if label == (0.0, "complete"))
    complete = pd.DataFrame(complete["called"], columns=PLACES)
    rows = [
        {"removed": share, "way": way}
        | agreement(complete, pd.DataFrame(f["called"], columns=PLACES))
        | {f"pi0_{n}": pi0 for n, pi0 in enumerate(f["pi0"], start=1)}
        | {"expected_joint": f["expected_joint"]}
        for (share, way), f in found
    ]
    groups = pd.DataFrame(rows).groupby(["removed", "way"])
    table = groups.mean()
    table.insert(0, "n_removals", groups.size())
    table.insert(2, "called_sd", groups["called"].std())
    return table.reset_index()


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", required=True, type=Path)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--shared")
    parser.add_argument("--out", default="data")
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    for name, work in tasks(given.shared):
        file = given.work / f"{name}.json"
        if file.exists():
            continue
        if time.monotonic() - start > given.seconds:
            print("time is over")
            break
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CrossmapWarning)
            found = work()
        part = file.with_suffix(".part")
        part.write_text(json.dumps(found))
        part.rename(file)
        print(f"{name}: {time.monotonic() - start:.0f} s", flush=True)
    write_tables(given.work, given.out)


if __name__ == "__main__":
    main()
