"""What benchmarks share: the yeast cross or a simulated one of its size, and bare products."""

import os
import sys
import time
import warnings
from pathlib import Path

import numpy as np


def best_time(work, repeats=5):
    """Least of several wall times, in seconds."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def load_cross(shared=None):
    """Name and cross: yeast from `shared`, the command line's folder or CROSSMAP_SHARED."""
    warnings.simplefilter("ignore")
    if shared is None:
        shared = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("CROSSMAP_SHARED")
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


def product_time(n_traits, n_samples, n_columns, repeats=5):
    """Seconds of one bare float32 product, n_traits x n_samples by n_samples x n_columns."""
    rng = np.random.default_rng(0)
    left = rng.random((n_traits, n_samples), dtype=np.float32)
    right = rng.random((n_samples, n_columns), dtype=np.float32)
    out = np.empty((n_traits, n_columns), np.float32)
    return best_time(lambda: np.matmul(left, right, out=out), repeats)


def line(what, seconds, bare=None):
    """Print one row: seconds, and the ratio to the bare product if there is one."""
    ratio = "" if bare is None else f"   ratio {seconds / bare:6.3f}"
    print(f"{what:58s} {seconds:9.3f} s{ratio}", flush=True)
