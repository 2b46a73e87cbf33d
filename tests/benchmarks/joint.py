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
import warnings
from pathlib import Path

import numpy as np

from crossmap.genotypes.loci import distinct_loci
from crossmap.pipeline import joint_linkage

N_PERM = 5


def best_time(work, repeats=5):
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def load(shared):
    warnings.simplefilter("ignore")
    folder = Path(shared or "") / "yeast"
    if shared and folder.exists():
        from crossmap.io.plain import read_plain

        return "yeast", read_plain(
            genotypes=folder / "genotype.tsv.gz",
            markers=folder / "marker_pos.tsv.gz",
            traits=folder / "expression.tsv.gz",
            trait_positions=folder / "gene_pos.tsv.gz",
            crosstype="haploid",
            codes={"1": "BY", "2": "RM"},
        )
    from crossmap.simulate import simulate_cross

    return "simulated", simulate_cross(n_traits=6216, n_markers=1226, seed=1).cross


def products(n_traits, n_samples, n_loci, n_products):
    rng = np.random.default_rng(0)
    traits = rng.random((n_traits, n_samples), dtype=np.float32)
    genotypes = rng.random((n_samples, n_loci), dtype=np.float32)
    out = np.empty((n_traits, n_loci), np.float32)

    def work():
        for _ in range(n_products):
            np.matmul(traits, genotypes, out=out)

    return best_time(work)


def import_ratio():
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


def main():
    shared = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("CROSSMAP_SHARED")
    name, cross = load(shared)
    loci = distinct_loci(cross)
    print(f"{name}: {cross.n_traits} traits, {cross.n_samples} samples, {len(loci)} loci")
    joint_linkage(cross, n_perm=N_PERM)  # compile
    whole = best_time(lambda: joint_linkage(cross, n_perm=N_PERM))
    bare = products(cross.n_traits, cross.n_samples, len(loci), 2 * (1 + N_PERM))
    print(f"joint analysis, {N_PERM} permutations   {whole:8.3f} s")
    print(f"12 bare float32 products        {bare:8.3f} s   ratio {whole / bare:.2f}")
    ours, base, bare_import = import_ratio()
    print(f"import, every public name       {ours:8.3f} s")
    print(f"import crossmap alone           {bare_import:8.3f} s")
    print(f"import numpy, pandas, numba     {base:8.3f} s   ratio {ours / base:.2f}")
    first, second = demo_times()
    print(f"crossmap demo, first run        {first:8.3f} s")
    print(f"crossmap demo, second run       {second:8.3f} s")


if __name__ == "__main__":
    main()
