"""Time of permutations of all traits beside as many bare products, and the beta approximation.

    python tests/benchmarks/permute.py [SHARED [N_PERM [PICTURE.png]]]

SHARED is the folder that holds `yeast/` (default: CROSSMAP_SHARED); without it a simulated cross of
about the same size is used. Prints ratios; nothing here can fail. The beta approximation, fitted to
1,000 permutations, stands against 100,000 direct ones for 50 traits.
"""

import sys
import time

import numpy as np
from timing import line, load_cross, product_time

from crossmap.linkage.null_model import null_design
from crossmap.linkage.permuted_scan import PermutedScan
from crossmap.linkage.predictors import genotype_predictors
from crossmap.significance.beta_tail import fit_beta_tail

N_TRAITS, N_DIRECT, N_FITTED = 50, 100_000, 1_000


def timing(scan, n_perm):
    n_loci, (n_traits, n) = len(scan.predictors), scan.values.shape
    scan.maxima(0, 3)  # compile
    before = product_time(n_traits, n, n_loci, 20)
    start = time.perf_counter()
    scan.maxima(0, n_perm + 1)
    seconds = time.perf_counter() - start
    bare = min(before, product_time(n_traits, n, n_loci, 20)) * n_perm
    line(f"{n_perm:,} permutations of {n_traits:,} traits x {n_loci:,} loci", seconds, bare)


def spread_over_evidence(scan):
    """Traits whose genome-wide p is between 1 and what 100,000 permutations can count."""
    complete = np.flatnonzero(~np.isnan(scan.values).any(axis=1))
    first = scan.maxima(0, N_FITTED + 1, traits=complete)
    tail = fit_beta_tail(first.r2[:, 1:], first.df1, first.df2)
    p = tail.p_value(first.r2[:, 0], first.df1)
    usable = np.flatnonzero((p > 1e-4) & (p < 0.9))
    targets = np.geomspace(1e-4, 0.9, N_TRAITS)
    order = usable[np.argsort(p[usable])]
    place = np.searchsorted(p[order], targets).clip(0, len(order) - 1)
    return complete[np.unique(order[place])]


def approximation(scan, picture):
    traits = spread_over_evidence(scan)
    direct = scan.maxima(0, N_DIRECT + 1, traits=traits)
    observed, null = direct.r2[:, 0], direct.r2[:, 1:]
    counted = (1 + (null >= observed[:, None]).sum(axis=1)) / (1 + N_DIRECT)
    tail = fit_beta_tail(null[:, -N_FITTED:], direct.df1, direct.df2)
    p = tail.p_value(observed, direct.df1)
    x, y = np.log10(counted), np.log10(p)
    slope, intercept = np.polyfit(x, y, 1)
    print(
        f"beta approximation of {N_FITTED:,} permutations against {N_DIRECT:,}, {len(traits)} "
        f"traits: log-log slope {slope:.3f}, intercept {intercept:+.3f}, rms difference "
        f"{np.sqrt(np.mean((x - y) ** 2)):.3f} decades; fit doubtful {int((~tail.fits).sum())}"
    )
    if picture:
        import matplotlib as mpl

        mpl.use("Agg")
        from matplotlib import pyplot as plt

        figure, axes = plt.subplots(figsize=(4, 4))
        axes.loglog(counted, p, "o", markersize=3)
        axes.plot([1e-5, 1], [1e-5, 1], color="black", linewidth=0.8)
        axes.set(xlabel="p of 100,000 permutations", ylabel="beta approximation of 1,000")
        figure.tight_layout()
        figure.savefig(picture, dpi=120)


def on_x(n_traits=300, n_perm=1000):
    """An intercross of a mouse's map lengths: time and memory of permutations on X."""
    import tracemalloc
    import warnings
    from dataclasses import replace

    from crossmap import permute_scan1, simulate_cross
    from crossmap.execution import Execution

    made = simulate_cross(
        crosstype="f2", n_samples=200, n_traits=n_traits, n_markers=400, seed=1,
        chromosome_lengths_bp={**{str(k): 70_000 for k in range(1, 20)}, "20": 70_000},
        cm_per_mb=1000.0,
    ).cross  # fmt: skip
    on_last = (made.markers["chr"] == "20").to_numpy()
    sex = np.arange(200) % 2
    calls = made.genotypes.copy()
    calls[on_last] = np.where(sex, 2 * (calls[on_last] > 0), np.minimum(calls[on_last], 1))
    cross = replace(
        made, genotypes=calls, markers=made.markers.replace({"chr": {"20": "X"}}),
        covariates=made.covariates.assign(sex=np.where(sex, "male", "female"), pgm=0),
    )  # fmt: skip
    seconds = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        few = cross.subset(traits=cross.trait_names[:2])
        permute_scan1(few, genotype_probabilities=True, n_perm=19, alpha=0.9)  # compile
        for name, part in (("autosomes", ~on_last), ("autosomes and X", on_last | True)):
            markers = cross.markers["marker"][part].tolist()
            tracemalloc.start()
            start = time.perf_counter()
            chance = permute_scan1(
                cross.subset(markers=markers), genotype_probabilities=True, n_perm=n_perm,
                beta=False, execution=Execution(threads=2),
            )  # fmt: skip
            seconds[name] = time.perf_counter() - start
            peak = tracemalloc.get_traced_memory()[1] / 1e6
            tracemalloc.stop()
            of_x = 0 if chance.x is None else chance.x.null.nbytes / 1e6
            print(
                f"{name}: {seconds[name]:.1f} s, peak {peak:,.0f} MB, of which the largest "
                f"statistics {chance.null.nbytes / 1e6:,.0f} MB and on X {of_x:,.0f} MB"
                + ("" if chance.x is None else f" ({chance.x.n_perm:,} permutations)")
            )
    print(f"X takes {seconds['autosomes and X'] / seconds['autosomes'] - 1:.2f} of the autosomes")


def main():
    name, cross = load_cross()
    n_perm = int(sys.argv[2]) if len(sys.argv) > 2 else 10_000
    scan = PermutedScan(
        cross.traits, cross.trait_names, genotype_predictors(cross), null_design(cross.covariates)
    )
    print(name)
    timing(scan, n_perm)
    approximation(scan, sys.argv[3] if len(sys.argv) > 3 else None)
    on_x()


if __name__ == "__main__":
    main()
