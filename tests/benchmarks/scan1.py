"""Time of the single-locus scan beside bare matrix products of the same sizes, in one run.

    python tests/benchmarks/scan1.py [SHARED]

SHARED is the folder that holds `yeast/` (default: CROSSMAP_SHARED); without it a simulated cross of
about the same size is used. Prints ratios; nothing here can fail. Each time is the best of several
rounds in which ours and the product take turns, so that what else the machine does hits both.
"""

import resource
import time

import numpy as np
import pandas as pd
from timing import load_cross

from crossmap import Execution, associate, permute_scan1, scan1
from crossmap.cross import make_cross
from crossmap.genotypes.loci import distinct_loci
from crossmap.linkage.sequential import sequential_search
from crossmap.linkage.stages import SearchOptions

N_PERM = 1000


def in_turns(*works, rounds):
    """Best time of each piece of work."""
    best = [np.inf] * len(works)
    for _ in range(rounds):
        for number, work in enumerate(works):
            start = time.perf_counter()
            work()
            best[number] = min(best[number], time.perf_counter() - start)
    return best


def product(n_rows, n, n_columns, dtype):
    """A bare matrix product into memory that is there already."""
    rng = np.random.default_rng(0)
    a = rng.random((n_rows, n)).astype(dtype)
    b = rng.random((n, n_columns)).astype(dtype)
    out = np.empty((n_rows, n_columns), dtype)
    return lambda: np.matmul(a, b, out=out)


def report(what, ours, bare, aim):
    print(f"{what:58}{ours:9.4f} s  product {bare:8.4f} s  ratio {ours / bare:5.2f}  (aim {aim})")


def unlinked_dosages():
    """2,201 traits, 57,333 unlinked dosages, 840 samples; memory is looked at first."""
    rng = np.random.default_rng(1)
    n_traits, n_markers, n = 2201, 57_333, 840
    names = [f"s{k:04d}" for k in range(n)]
    x = np.empty((n_markers, n), dtype=np.float32)
    for row in x:
        row[:] = rng.random(n, dtype=np.float32) * 2
    markers = [f"m{j}" for j in range(n_markers)]
    dosages = pd.DataFrame(x, index=markers, columns=names, copy=False)
    traits = pd.DataFrame(
        rng.normal(size=(n_traits, n)), index=[f"t{i:04d}" for i in range(n_traits)], columns=names
    )

    del x

    def ours():
        return associate(traits, dosages).to_frame()

    ours()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    scan, bare = in_turns(ours, product(n_traits, n, n_markers, np.float64), rounds=3)
    report("2,201 x 57,333 unlinked dosages x 840, to a table", scan, bare, "1.0")
    print(f"{'  peak memory of the process, data included':58}{peak:9.2f} GB  (aim 1)")


def with_covariates(cross, n_covariates):
    rng = np.random.default_rng(2)
    table = pd.DataFrame(
        rng.normal(size=(cross.n_samples, n_covariates)),
        index=cross.samples,
        columns=[f"c{i}" for i in range(n_covariates)],
    )
    return make_cross(
        crosstype=cross.crosstype,
        genotype_names=cross.genotype_names,
        samples=cross.samples,
        markers=cross.markers,
        genotypes=cross.genotypes,
        trait_names=cross.trait_names,
        traits=cross.traits,
        trait_positions=cross.trait_table,
        covariates=table,
    )


def main():
    unlinked_dosages()
    name, cross = load_cross()
    n_traits, n, n_markers = cross.n_traits, cross.n_samples, cross.n_markers
    ten = with_covariates(cross, 10)
    names = [f"c{i}" for i in range(10)]
    loci = distinct_loci(cross)
    print(f"{name}: {n_traits} traits, {n} samples, {n_markers} markers, {len(loci)} loci")
    works = (
        lambda: scan1(cross).to_frame(),
        lambda: scan1(ten, covariates=names).to_frame(),
        lambda: scan1(cross, histogram=100).to_frame(),
        product(n_traits, n, n_markers, np.float64),
    )
    for work in works:
        work()  # compile
    scan, covariates, histogram, bare = in_turns(*works, rounds=20)
    report(f"{name}, p <= 1e-5, to a finished table", scan, bare, "2.5, hope 1.5")
    report("  the same with ten covariates", covariates, bare, f"{1.05 * scan / bare:.2f}")
    report("  the same with a histogram of all p-values", histogram, bare, "-")
    one = Execution(threads=1)
    (alone,) = in_turns(lambda: scan1(cross, execution=one).to_frame(), rounds=5)
    report("  the same on one thread", alone, bare, "-")
    options = SearchOptions(n_loci=1, n_perm=N_PERM)
    permuted, single = in_turns(
        lambda: sequential_search(cross.traits, loci, names=cross.trait_names, options=options),
        product(n_traits, n, len(loci), np.float32),
        rounds=3,
    )
    report(f"largest F of every trait, one of {N_PERM} permutations",
           permuted / (N_PERM + 1), single, "0.5")  # fmt: skip
    command = lambda: permute_scan1(cross, n_perm=N_PERM, beta=False)  # noqa: E731
    (permuted,) = in_turns(command, rounds=1)
    report("  the same by permute_scan1, p-values included", permuted / (N_PERM + 1), single, "-")


if __name__ == "__main__":
    main()
