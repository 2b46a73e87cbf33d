"""Time of genotype probabilities beside R/qtl's, and of scans of them beside matrix products.

    python tests/benchmarks/genotypes.py

An F2 of 1,000 individuals and 5,000 markers with a tenth of the calls missing. R/qtl is asked where
Rscript and its library are there. Prints ratios; nothing here can fail.
"""

import re
import shutil
import subprocess

import numpy as np
import pandas as pd
from scan1 import in_turns, product, report

from crossmap import Execution, genotype_probabilities, scan1
from crossmap.cross import make_cross
from crossmap.genotypes.chains import Chain

N, N_MARKERS, N_CHROMOSOMES, N_TRAITS = 1000, 5000, 20, 2000

IN_R = """
suppressMessages(library(qtl)); set.seed(1)
map <- sim.map(rep(100, 20), 250, include.x=FALSE, eq.spacing=TRUE)
cross <- sim.cross(map, n.ind=1000, type="f2", missing.prob=0.1)
best <- min(sapply(1:3, function(i) system.time(calc.genoprob(cross, error.prob=1e-4))["elapsed"]))
cat("seconds", best, "\\n")
"""


def intercross():
    """An F2 on 20 chromosomes of 100 cM."""
    rng = np.random.default_rng(1)
    per = N_MARKERS // N_CHROMOSOMES
    cm = np.linspace(0, 100, per)
    r = 0.5 * (1 - np.exp(-2 * (cm[1] - cm[0]) / 100))
    step = np.cumsum(Chain("f2", (0, 1, 2), (0.25, 0.5, 0.25)).transition(np.array([r]))[0], axis=1)
    genotypes = np.empty((N_MARKERS, N), dtype=np.int8)
    for m in range(N_MARKERS):
        u = rng.random(N)
        edges = np.array([[0.25, 0.75]] * N) if m % per == 0 else step[genotypes[m - 1]][:, :2]
        genotypes[m] = (u[:, None] >= edges).sum(axis=1)
    genotypes[rng.random(genotypes.shape) < 0.1] = -1
    return make_cross(
        crosstype="f2",
        genotype_names=("AA", "AB", "BB"),
        samples=[f"s{k:04d}" for k in range(N)],
        markers=pd.DataFrame(
            {
                "marker": [f"m{m:04d}" for m in range(N_MARKERS)],
                "chr": np.repeat([str(c + 1) for c in range(N_CHROMOSOMES)], per),
                "pos_cm": np.tile(cm, N_CHROMOSOMES),
            }
        ),
        genotypes=genotypes,
        trait_names=[f"t{i:04d}" for i in range(N_TRAITS)],
        traits=rng.normal(size=(N_TRAITS, N)),
    )


def seconds_in_r():
    if shutil.which("Rscript") is None:
        return None
    done = subprocess.run(["Rscript", "-e", IN_R], capture_output=True, text=True, check=False)
    match = re.search(r"seconds ([\d.]+)", done.stdout)
    return float(match[1]) if match else None


def main():
    cross = intercross()
    one = Execution(threads=1)
    genotype_probabilities(cross.subset(markers=list(cross.markers["marker"][:50])))  # compile
    alone, both = in_turns(
        lambda: genotype_probabilities(cross, execution=one),
        lambda: genotype_probabilities(cross),
        rounds=5,
    )
    theirs = seconds_in_r()
    print(f"probabilities of {N:,} x {N_MARKERS:,} in an F2: {alone:.3f} s on one thread, "
          f"{both:.3f} s on all")  # fmt: skip
    if theirs is not None:
        print(f"R/qtl's calc.genoprob: {theirs:.2f} s, {theirs / alone:.1f} and "
              f"{theirs / both:.1f} times as long (aim 5)")  # fmt: skip

    def scan(**options):
        return scan1(cross, genotype_probabilities=True, **options)

    scan(threshold=1e-9)
    whole, ready, double, single = in_turns(
        scan,
        lambda: genotype_probabilities(cross),
        product(2 * N_MARKERS, N, N_TRAITS, np.float64),
        product(2 * N_MARKERS, N, N_TRAITS, np.float32),
        rounds=3,
    )
    report(f"{N_TRAITS:,} traits, additive and dominance, probabilities included", whole, double,
           "1.3")  # fmt: skip
    report("  the scan alone", whole - ready, double, "1.3")
    report("  beside the product in single precision", whole - ready, single, "-")


if __name__ == "__main__":
    main()
