"""Bias of raw and corrected shares of variance of loci that were found; prints tables.

    PYTHONPATH=.:tests python tests/calibration/effect_bias.py

First table: a locus of known share of variance, at its own place, over sample sizes. Second table:
whole genomes of 1,200 markers, the locus between markers, the best locus of the genome taken; half-
split and bootstrap beside the truncated likelihood.
"""

import numpy as np
import pandas as pd
from calibration.resampled_effects import bootstrap_share, half_split_share

from crossmap.architecture.linkage_table import r2_of_p
from crossmap.architecture.winners_curse import corrected_shares
from crossmap.genotypes.loci import distinct_loci
from crossmap.simulate import simulate_cross

SIZES = (50, 112, 200, 500, 1000)
SHARES = (0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3)


def one_locus(threshold=1e-4, n_draws=200_000, most=2000, seed=1):
    """A row per sample size and share: power, and mean shares where the locus was found."""
    rows = []
    for n in SIZES:
        for v in SHARES:
            rng = np.random.default_rng([seed, n, int(1000 * v)])
            f = rng.noncentral_chisquare(1, n * v / (1 - v), n_draws) / rng.chisquare(
                n - 2, n_draws
            )
            r2 = f / (1 + f)
            least = r2_of_p(threshold, n)
            found = r2[r2 >= least][:most]
            if len(found) < 50:
                continue
            share, _ = corrected_shares(found, least_r2=least, n_samples=n)
            rows.append((n, v, (r2 >= least).mean(), found.mean() - v, share.mean() - v,
                         share.std() / np.sqrt(len(found))))  # fmt: skip
    names = ["n", "share", "power", "bias_raw", "bias_corrected", "se"]
    return pd.DataFrame(rows, columns=names)


def genomes(n=112, threshold=1e-4, n_traits=400, seed=1):
    """A row per share: mean of every estimate over the traits that were found."""
    simulated = simulate_cross(n_samples=n, n_traits=1, n_markers=1200, seed=seed)
    loci = distinct_loci(simulated.cross)
    x = loci.genotypes.astype(float)
    rng = np.random.default_rng([seed, 9])
    unit = x - x.mean(axis=1, keepdims=True)
    unit /= np.sqrt((unit**2).sum(axis=1, keepdims=True))
    rows = []
    for v in SHARES[2:]:
        at = rng.integers(len(loci), size=n_traits)
        y = np.sqrt(v) * (2 * x[at] - 1) + np.sqrt(1 - v) * rng.normal(size=(n_traits, n))
        z = y - y.mean(axis=1, keepdims=True)
        z /= np.sqrt((z**2).sum(axis=1, keepdims=True))
        best = ((z @ unit.T) ** 2).max(axis=1)
        least = r2_of_p(threshold, n)
        found = best >= least
        share, _ = corrected_shares(best[found], least_r2=least, n_samples=n)
        half = half_split_share(y[found], loci.genotypes, n_splits=10)
        boot = bootstrap_share(y[found], loci.genotypes, n_bootstrap=20)
        rows.append((v, found.mean(), best[found].mean(), share.mean(), half.mean(), boot.mean()))
    names = ["share", "found", "raw", "truncated", "half_split", "bootstrap"]
    return pd.DataFrame(rows, columns=names)


if __name__ == "__main__":
    print(one_locus().round(4).to_string(index=False))
    print("\nwhole genomes, n = 112: mean share where anything was found")
    print(genomes().round(4).to_string(index=False))
