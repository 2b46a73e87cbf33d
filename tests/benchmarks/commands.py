"""Wall time of whole commands, of their calculations alone, and of R/qtl where it is installed.

    python tests/benchmarks/commands.py [SHARED]

SHARED is the folder that holds `yeast/` (default: CROSSMAP_SHARED); without it a simulated cross
of the same size is used. Each command runs in a process of its own, reads an R/qtl2 folder, writes
its tables, pictures and report.html; the least of three runs counts. Nothing here can fail.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from scan2 import write_csv
from timing import best_time, line, load_cross

import crossmap
from crossmap.genotypes.loci import distinct_loci
from crossmap.io.rqtl2 import write_rqtl2

ROOT = Path(__file__).parents[2]

COMMANDS = (
    "check", "scan1", "permute --permutations 1000", "joint", "joint --as-published",
    "scan2 --grid 613", "compare --grid 613", "hotspots", "architecture",
)  # fmt: skip

N_TRAITS_IN_R = 50
N_PERM_IN_R = 100

IN_R = f"""
suppressMessages(library(qtl))
cross <- read.cross("csv", file="cross.csv", genotypes=c("A", "B"), alleles=c("A", "B"))
class(cross)[1] <- "dh"
cross <- calc.genoprob(cross)
pheno <- seq_len({N_TRAITS_IN_R})
took <- function(x) cat(system.time(x)["elapsed"], "\\n")
took(scanone(cross, method="hk", pheno.col=pheno))
took(scanone(cross, method="hk", pheno.col=pheno, n.perm={N_PERM_IN_R}, verbose=FALSE))
"""


def run(*arguments):
    done = subprocess.run(
        [sys.executable, "-m", "crossmap", *arguments], cwd=ROOT, capture_output=True, text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)}, check=False,
    )  # fmt: skip
    if done.returncode:
        print(done.stderr.strip().splitlines()[-1:])


def alone(cross):
    """The calculations, without reading, tables and pictures."""
    print("in Python:")
    for what, work, repeats in (
        ("scan1", lambda: crossmap.scan1(cross), 3),
        ("joint_linkage", lambda: crossmap.joint_linkage(cross), 3),
        ("scan2, 613 loci", lambda: crossmap.scan2(cross, n_grid=613), 2),
        ("compare_searches, 613 loci", lambda: crossmap.compare_searches(cross, n_grid=613), 2),
        ("permute_scan1, 1,000 permutations", lambda: crossmap.permute_scan1(cross), 1),
    ):
        line(f"  {what}", best_time(work, repeats=repeats))


def r_qtl(cross, folder):
    """Per trait (and permutation), for all traits of the cross."""
    if shutil.which("Rscript") is None:
        print("R/qtl: skipped, Rscript is not here")
        return
    write_csv(cross, distinct_loci(cross), N_TRAITS_IN_R, folder / "cross.csv")
    done = subprocess.run(
        ["Rscript", "-e", IN_R], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        print(f"R/qtl: skipped, {done.stderr.strip().splitlines()[-1:]}")
        return
    scan, permuted = (float(text) for text in done.stdout.splitlines()[-2:])
    share = cross.n_traits / N_TRAITS_IN_R
    line(f"R/qtl scanone hk, of {N_TRAITS_IN_R} traits, for all", scan * share)
    line(
        f"  with 1,000 permutations (of {N_TRAITS_IN_R} traits, {N_PERM_IN_R} permutations)",
        permuted * share * 1000 / N_PERM_IN_R,
    )


def main():
    name, cross = load_cross()
    print(
        f"{name}: {cross.n_traits:,} traits, {cross.n_markers:,} markers, {cross.n_samples} samples"
    )
    with tempfile.TemporaryDirectory() as folder:
        alone(cross)
        r_qtl(cross, Path(folder))
        data = Path(folder) / "cross"
        data.mkdir()
        write_rqtl2(cross, data)
        for command in COMMANDS:
            out = Path(folder) / "out"
            words = [*command.split(), str(data), "--out", str(out), "--quiet"]
            line(f"crossmap {command}", best_time(lambda w=words: run(*w), repeats=3))
        line("crossmap --help", best_time(lambda: run("--help"), repeats=3))


if __name__ == "__main__":
    main()
