"""Hot spots among traits that vary together but are linked to nothing; prints its table with -s.

The traits of each data set are drawn with the correlation that the yeast traits have once their
linked loci are taken out: residuals times a random normal matrix. No trait is linked to anything,
so every hot spot is false. With 39 permutations the permutation test has a level of exactly 5%.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from crossmap import find_hotspots
from crossmap.architecture.linkage_table import single_locus_table
from crossmap.genotypes.loci import distinct_loci
from crossmap.trait_model import TraitModel
from tests.calibration.x_chromosome import f2_with_x

N_SETS = 200
N_PERM = 39
FALSE_ALARM = 1e-4


def residuals(cross, *, threshold=1e-3):
    """Traits less the fit of all loci (best of each chromosome) that pass a lax threshold."""
    loci = distinct_loci(cross)
    row_of = {name: j for j, name in enumerate(loci.names)}
    trait_of = {name: t for t, name in enumerate(cross.trait_names)}
    left = cross.traits - cross.traits.mean(axis=1, keepdims=True)
    for name, part in single_locus_table(cross, threshold=threshold).groupby("trait"):
        x = loci.genotypes[[row_of[locus] for locus in part["locus"]]].T.astype(float)
        x -= x.mean(axis=0)
        y = left[trait_of[name]]
        y -= x @ np.linalg.lstsq(x, y, rcond=None)[0]
    return left / left.std(axis=1, keepdims=True)


def false_alarms(cross, *, threshold, n_sets, n_perm=N_PERM, seed=1):
    """One row per data set: whether each threshold calls a hot spot anywhere."""
    root = residuals(cross)
    rows = []
    for number in range(n_sets):
        rng = np.random.default_rng([seed, number])
        traits = root @ rng.standard_normal((cross.n_samples, cross.n_samples))
        found = find_hotspots(
            replace(cross, traits=traits), threshold=threshold, n_perm=n_perm, seed=number
        )
        bins = found.bins
        rows.append(
            {
                "uniform": (bins["n_traits"] >= bins["threshold_uniform"]).any(),
                "permutation": (bins["n_traits"] >= bins["threshold_permutation"]).any(),
                "larger": bins["significant"].any(),
                "n_linkages": len(found.linkages),
                "largest": bins["n_traits"].max(),
            }
        )
    return pd.DataFrame(rows)


@pytest.mark.calibration
@pytest.mark.parametrize("threshold", [1e-3, 1e-5])
def test_correlated_traits_without_linkage(yeast, threshold):
    table = false_alarms(yeast, threshold=threshold, n_sets=N_SETS)
    called = table[["uniform", "permutation", "larger"]].sum()
    share = called / N_SETS
    error = np.sqrt(share * (1 - share) / N_SETS)
    print(
        f"\nthreshold {threshold:g}: share of {N_SETS} data sets with a hot spot (standard error)"
    )
    print(pd.DataFrame({"share": share, "se": error}).round(4).to_string())
    print(table[["n_linkages", "largest"]].describe().round(1).to_string())
    for name in ("permutation", "larger"):
        p_value = stats.binom.sf(called[name] - 1, N_SETS, 0.05)
        assert p_value > FALSE_ALARM, f"{name}: {called[name]} of {N_SETS}"
    assert share["uniform"] > 0.25


def intercross_false_alarms(*, n_sets, n_traits=150, n_factors=5, threshold=1e-3):
    """The same of intercrosses with an X, on genotype probabilities with a tenth missing.

    Half of each trait's variance is that of five factors; sexes and directions differ.
    """
    rows = []
    for number in range(n_sets):
        rng = np.random.default_rng([77, number])
        made = f2_with_x(
            n_samples=120, n_markers=120, n_traits=n_traits, model=TraitModel(), seed=number
        ).cross
        means = made.covariates["sex"].eq("male").to_numpy() + 2.0 * made.covariates["pgm"]
        factors = rng.normal(size=(n_factors, made.n_samples))
        loading = rng.normal(size=(n_traits, n_factors)) / np.sqrt(n_factors)
        noise = rng.normal(size=(n_traits, made.n_samples))
        traits = loading @ factors + noise + rng.normal(size=(n_traits, 1)) * means.to_numpy()
        calls = made.genotypes.copy()
        calls[rng.random(calls.shape) < 0.1] = -1
        found = find_hotspots(
            replace(made, traits=traits, genotypes=calls), threshold=threshold, kind="all",
            n_perm=N_PERM, seed=number, genotype_probabilities=True, bin_bp=50_000,
        )  # fmt: skip
        bins = found.bins
        rows.append(
            {
                "uniform": (bins["n_traits"] >= bins["threshold_uniform"]).any(),
                "permutation": (bins["n_traits"] >= bins["threshold_permutation"]).any(),
                "larger": bins["significant"].any(),
                "n_linkages": len(found.linkages),
            }
        )
    return pd.DataFrame(rows)


@pytest.mark.calibration
def test_correlated_traits_of_an_intercross_without_linkage():
    table = intercross_false_alarms(n_sets=100)
    called = table[["uniform", "permutation", "larger"]].sum()
    print(f"\nintercross with X: share of {len(table)} data sets with a hot spot")
    print((called / len(table)).to_string(), table["n_linkages"].mean())
    for name in ("permutation", "larger"):
        p_value = stats.binom.sf(called[name] - 1, len(table), 0.05)
        assert p_value > FALSE_ALARM, f"{name}: {called[name]} of {len(table)}"
