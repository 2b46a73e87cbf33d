"""Time of the joint analysis beside the bare matrix products of the same sizes, in one run.

    python tests/benchmarks/joint.py [SHARED]

SHARED is the folder that holds `yeast/` (default: CROSSMAP_SHARED); without it a simulated cross
of the same size is used. Prints ratios; nothing here can fail.
"""

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from timing import best_time, line, load_cross, product_time

from crossmap.genotypes.loci import distinct_loci
from crossmap.linkage.sequential import sequential_search
from crossmap.linkage.stages import SearchOptions
from crossmap.pipeline.joint import joint_linkage

N_PERM = 5

MISSING = 0.05
"""Share of values taken out, so that nearly every trait has samples of its own."""


def import_times():
    def seconds(code):
        runs = []
        for _ in range(5):
            start = time.perf_counter()
            subprocess.run([sys.executable, "-c", code], check=True)
            runs.append(time.perf_counter() - start)
        return min(runs)

    everything = "import crossmap; [getattr(crossmap, n) for n in crossmap.__all__]"
    return seconds(everything), seconds("import numpy, pandas, numba"), seconds("import crossmap")


def demo_times():
    command = [sys.executable, "-m", "crossmap", "demo", "--quiet", "--out"]
    with tempfile.TemporaryDirectory() as scratch:
        env = {**os.environ, "CROSSMAP_CACHE_DIR": str(Path(scratch) / "cache")}
        times = []
        for run in ("first", "second"):
            start = time.perf_counter()
            subprocess.run([*command, str(Path(scratch) / run)], check=True, env=env)
            times.append(time.perf_counter() - start)
    return times


def on_probabilities(cross):
    """The joint analysis on genotype probabilities, beside the products of one column for locus 1
    and of two for locus 2 with every position."""
    rate = 360.0 if cross.markers["pos_cm"].isna().any() else None

    def analysis(some):
        joint_linkage(some, n_perm=N_PERM, genotype_probabilities=True, cm_per_mb=rate)

    analysis(cross.subset(traits=cross.trait_names[:200]))  # compile
    bare = 3 * (1 + N_PERM) * product_time(cross.n_traits, cross.n_samples, cross.n_markers, 10)
    line("18 bare float32 products of all positions", bare)
    line(f"joint analysis on probabilities of {cross.n_markers} positions",
         best_time(lambda: analysis(cross), 1), bare)  # fmt: skip


def main():
    name, cross = load_cross()
    loci = distinct_loci(cross)
    print(f"{name}: {cross.n_traits} traits, {cross.n_samples} samples, {len(loci)} loci")
    options = SearchOptions(n_perm=N_PERM)
    names = cross.trait_names

    def search():
        sequential_search(cross.traits, distinct_loci(cross), names=names, options=options)

    def analysis():
        joint_linkage(cross, n_perm=N_PERM)

    analysis()  # compile
    bare = 2 * (1 + N_PERM) * product_time(cross.n_traits, cross.n_samples, len(loci), 10)
    line("12 bare float32 products", bare)
    line(f"two-stage search, {N_PERM} permutations", best_time(search, 8), bare)
    line(f"joint analysis, {N_PERM} permutations", best_time(analysis, 8), bare)
    holed = cross.traits.copy()
    holed[np.random.default_rng(1).random(holed.shape) < MISSING] = np.nan
    some = replace(cross, traits=holed)
    n_patterns = len({row.tobytes() for row in np.isnan(holed)})
    line(f"the same with {n_patterns} patterns of missing values",
         best_time(lambda: joint_linkage(some, n_perm=N_PERM), 1), bare)  # fmt: skip
    on_probabilities(cross)
    ours, base, alone = import_times()
    line("import numpy, pandas, numba", base)
    line("import crossmap alone", alone)
    line("import of every public name", ours, base)
    first, second = demo_times()
    line("crossmap demo, first run", first)
    line("crossmap demo, second run", second)


if __name__ == "__main__":
    main()
