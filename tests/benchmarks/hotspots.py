"""Time of 1,000 hot-spot permutations in units of one scan, in one run.

    python tests/benchmarks/hotspots.py [SHARED]

A scan is what `scan1` takes to a finished table, and the bare matrix product of that size; both are
printed beside one permutation.
"""

import time

import numpy as np
from timing import best_time, load_cross, product_time

from crossmap import Execution, find_hotspots, scan1

N_PERM = 1000


def main():
    name, cross = load_cross()
    execution = Execution(threads=1)
    find_hotspots(cross, n_perm=19, execution=execution)  # compile
    scan1(cross, execution=execution).to_frame()
    scan = best_time(lambda: scan1(cross, execution=execution).to_frame(), 5)
    bare = product_time(cross.n_traits, cross.n_samples, 1226)
    none = best_time(lambda: find_hotspots(cross, n_perm=0, execution=execution), 3)
    start = time.perf_counter()
    find_hotspots(cross, n_perm=N_PERM, execution=execution)
    permuted = time.perf_counter() - start - none
    print(f"{name}: {cross.n_traits} traits, {cross.n_samples} samples, one thread")
    print(f"one scan to a finished table {scan:8.4f} s, bare product {bare:8.4f} s")
    print(f"{N_PERM} permutations {permuted:8.2f} s, one {permuted / N_PERM:8.4f} s")
    print(f"ratio to {N_PERM} scans {permuted / N_PERM / scan:6.3f} (aim 1), to products "
          f"{permuted / N_PERM / bare:6.3f}")  # fmt: skip
    assert np.isfinite(permuted)


if __name__ == "__main__":
    main()
