"""Time of the exhaustive pair scan beside the bare product that a conventional scan needs.

    python tests/benchmarks/scan2.py [SHARED]

A conventional scan makes 2 x n x pairs x traits operations; that product is timed as blocks of
traits x n by n x 8,000. Then growth with traits, permutations, loci and samples, and, where Rscript
and R/qtl are present, the time per trait beside `scantwo` (method hk, 20 traits, 613 markers).
Prints ratios; nothing here can fail.
"""

import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
from timing import best_time, line, load_cross, product_time

from crossmap.genotypes.loci import distinct_loci, thin
from crossmap.linkage.scan2 import PairOptions, pair_search
from crossmap.simulate import simulate_cross

R_SCRIPT = """
suppressMessages(library(qtl))
cross <- read.cross("csv", file = "cross.csv", genotypes = c("A", "B"), crosstype = "dh",
                    estimate.map = FALSE)
cross <- calc.genoprob(cross, step = 0)
start <- proc.time()[3]
out <- scantwo(cross, pheno.col = 1:{n}, method = "hk", verbose = FALSE)
cat(proc.time()[3] - start)
"""


def seconds(cross, loci, test, n_perm=0, repeats=3):
    def work():
        pair_search(
            cross.traits,
            loci,
            names=cross.trait_names,
            options=PairOptions(n_perm=n_perm, min_cell=1, test=test),
        )

    return best_time(work, repeats)


def growth():
    print("\ngrowth (simulated, seconds): traits, permutations, loci, samples at one map length")

    def cross_of(**kw):
        return simulate_cross(
            **{"n_samples": 112, "n_traits": 1024, "n_markers": 600, "seed": 2} | kw
        ).cross

    base = cross_of()
    loci = distinct_loci(base)
    grid = thin(loci, 300)
    rows = [("1,024 traits, 300 loci, n = 112", seconds(base, grid, "linkage"))]
    doubled = cross_of(n_traits=2048)
    rows.append(("2,048 traits", seconds(doubled, thin(distinct_loci(doubled), 300), "linkage")))
    rows.append(("1 permutation", seconds(base, grid, "linkage", n_perm=1)))
    rows.append(("3 permutations", seconds(base, grid, "linkage", n_perm=3)))
    rows.append(("150 loci", seconds(base, thin(loci, 150), "linkage")))
    for n in (224, 448):
        more = cross_of(n_samples=n)
        rows.append((f"n = {n}", seconds(more, thin(distinct_loci(more), 300), "linkage")))
    for what, took in rows:
        line(f"  {what}", took, rows[0][1])


def beside_rqtl(cross, loci, ours_per_trait, n_traits=20):
    if shutil.which("Rscript") is None:
        print("\nR/qtl: skipped, Rscript is not here")
        return
    with tempfile.TemporaryDirectory() as folder:
        write_csv(cross, loci, n_traits, Path(folder) / "cross.csv")
        script = Path(folder) / "scantwo.R"
        script.write_text(R_SCRIPT.replace("{n}", str(n_traits)))
        started = time.perf_counter()
        done = subprocess.run(
            ["Rscript", str(script)], cwd=folder, capture_output=True, text=True, check=False
        )
        if done.returncode:
            print(f"\nR/qtl: skipped, {done.stderr.strip().splitlines()[-1:]}")
            return
        took = float(done.stdout.split()[-1])
        line(f"\nR/qtl scantwo hk, {n_traits} traits, {len(loci)} markers", took)
        print(f"  whole R run {time.perf_counter() - started:.1f} s")
        print(f"  per trait {took / n_traits:.3f} s, ours {ours_per_trait:.2e} s: "
              f"{took / n_traits / ours_per_trait:,.0f} times faster")  # fmt: skip


def write_csv(cross, loci, n_traits, file):
    codes = np.array(["A", "B"])
    position = loci.start_bp / 3000.0
    head = [f"t{t}" for t in range(n_traits)]
    rows = [
        [*head, *loci.names],
        [""] * n_traits + list(loci.chr),
        [""] * n_traits + [repr(float(p)) for p in position],
    ]
    for k in range(cross.n_samples):
        values = [repr(float(v)) for v in cross.traits[:n_traits, k]]
        rows.append([*values, *codes[loci.genotypes[:, k]]])
    file.write_text("\n".join(",".join(map(str, row)) for row in rows) + "\n")


def main():
    name, cross = load_cross()
    loci = distinct_loci(cross)
    print(f"{name}: {cross.n_traits} traits, {cross.n_samples} samples")
    block = product_time(cross.n_traits, cross.n_samples, 8000, 3)
    per_trait = {}
    for n_loci in (min(613, len(loci)), len(loci)):
        grid = thin(loci, n_loci)
        options = PairOptions(n_perm=0, min_cell=1, test="linkage")
        n_pairs = pair_search(cross.traits[:1], grid, names=["one"], options=options).n_pairs
        bare = block * n_pairs / 8000
        print(f"\n{n_loci} loci, {n_pairs:,} pairs on different chromosomes")
        line("  bare float32 product", bare)
        linkage = seconds(cross, grid, "linkage")
        line("  linkage", linkage, bare)
        both = seconds(cross, grid, "both")
        line("  linkage and epistasis in one pass", both, bare)
        print(f"  both over linkage alone {both / linkage:.2f}")
        per_trait[n_loci] = linkage / cross.n_traits
    growth()
    beside_rqtl(cross, thin(loci, min(613, len(loci))), per_trait[min(613, len(loci))])


if __name__ == "__main__":
    main()
