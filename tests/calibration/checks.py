"""What the suite checks, each as a function that gives a p-value of the method being right.

The tests call them on the methods as they are, and on methods that are broken on purpose.
"""

import itertools
import warnings

import numpy as np
from scipy import stats

from crossmap.errors import CrossmapWarning
from crossmap.genotypes.loci import distinct_loci
from crossmap.linkage import sequential
from crossmap.linkage.stages import SearchOptions
from crossmap.significance import fdr, pi0
from crossmap.significance.density_ratio import fit_density_ratio
from crossmap.simulate import simulate_cross
from crossmap.trait_model import TraitModel

NULL = TraitModel(n_loci_shares=(1.0,))


def names_of(n):
    return tuple(f"t{i:05d}" for i in range(n))


def uniform_ranks(f, f_null):
    """P-value of all ranks of the observed among its own permutations being equally frequent."""
    rank = (f_null > f[:, None]).sum(axis=1)
    counts = np.bincount(rank, minlength=f_null.shape[1] + 1)
    return stats.chisquare(counts).pvalue


def second_stage(*, variance, ratio, n_traits=2000, n_perm=19, noise="gaussian", seed=1):
    """Observed and null statistics of a second locus where only the first is linked.

    The first locus is the true one, named and not searched for, and strong; the noise variances of
    its two genotypes differ by `ratio`.
    """
    rng = np.random.default_rng(seed)
    loci = distinct_loci(simulate_cross(n_samples=60, n_traits=1, n_markers=120, seed=seed).cross)
    first = rng.integers(len(loci), size=n_traits)
    x = loci.genotypes[first]
    e = rng.standard_normal(x.shape) if noise == "gaussian" else rng.standard_t(3, x.shape)
    y = 2.0 * x + e * np.where(x == 1, np.sqrt(ratio), 1.0)
    return sequential.next_locus(
        y,
        loci,
        names=names_of(n_traits),
        chosen=first[:, None],
        options=SearchOptions(n_perm=n_perm, variance=variance, seed=seed),
    )


def enumerated(*, first, variance="common", n_perm=6000, seed=3):
    """P-value of the drawn null statistics having the distribution that enumeration gives.

    Eight samples; where `first` is set, permuted within the two genotypes of that locus.
    """
    n = 8
    genotypes = np.array(
        [[0, 0, 0, 0, 1, 1, 1, 1], [0, 1, 0, 1, 0, 1, 0, 1], [0, 1, 1, 0, 0, 0, 1, 1]],
        dtype=np.int8,
    )
    loci = _loci(genotypes)
    y = np.array([0.0, 1.0, 2.5, 4.5, 7.0, 9.1, 13.0, 18.0])
    cells = [range(n)] if first is None else [range(4), range(4, 8)]
    orders = [
        list(itertools.chain(*parts))
        for parts in itertools.product(*(itertools.permutations(cell) for cell in cells))
    ]
    options = SearchOptions(n_perm=0, min_cell=1, variance=variance, seed=seed)
    exact = _search(y[np.array(orders)], loci, first, options).f
    options = SearchOptions(n_perm=n_perm, min_cell=1, variance=variance, seed=seed)
    drawn = _search(y[None], loci, first, options).f_null[0]
    values = np.unique(np.round(exact, 8))
    expected = np.bincount(
        np.searchsorted(values, np.round(exact, 8) - 1e-7), minlength=len(values)
    )
    place = np.searchsorted(values, drawn - 1e-7)
    if (place >= len(values)).any() or (np.abs(values[place] - drawn) > 1e-6).any():
        return 0.0  # a value that no permutation gives
    found = np.bincount(place, minlength=len(values))
    return stats.chisquare(found, expected * (n_perm / len(orders))).pvalue


def _search(y, loci, first, options):
    names = names_of(len(y))
    if first is None:
        return sequential.sequential_search(
            y, loci, names=names, options=SearchOptions(**{**vars(options), "n_loci": 1})
        ).stages[0]
    chosen = np.full((len(y), 1), first)
    return sequential.next_locus(y, loci, names=names, chosen=chosen, options=options)


def _loci(genotypes):
    import pandas as pd

    from crossmap.cross import make_cross

    n_loci, n = genotypes.shape
    cross = make_cross(
        crosstype="haploid",
        genotype_names=("A", "B"),
        samples=[f"s{k}" for k in range(n)],
        markers=pd.DataFrame(
            {
                "marker": [f"m{j}" for j in range(n_loci)],
                "chr": [str(j + 1) for j in range(n_loci)],
                "pos_bp": np.ones(n_loci),
            }
        ),
        genotypes=genotypes,
        trait_names=["t"],
        traits=np.zeros((1, n)),
    )
    return distinct_loci(cross)


def null_p_values(*, n_traits=2000, n_perm=5, seed=5):
    """P-value of pooled p-values being uniform where no trait has a locus.

    The pool is finite: its own chance is in the two-sample test.
    """
    made = simulate_cross(
        n_samples=60, n_traits=n_traits, n_markers=100, trait_model=NULL, seed=seed
    ).cross
    stage = sequential.sequential_search(
        made.traits,
        distinct_loci(made),
        names=names_of(n_traits),
        options=SearchOptions(n_loci=1, n_perm=n_perm, seed=seed),
    ).stages[0]
    p = fdr.pooled_p_values(stage.f, stage.f_null)
    effective = n_traits * n_perm / (n_perm + 1)  # of a two-sample Kolmogorov-Smirnov test
    return float(stats.kstwobign.sf(stats.kstest(p, "uniform").statistic * np.sqrt(effective)))


def mean_ratio(*, n_perm, seed=7):
    """Mean of the ratio g0/g over observed statistics, which is 1 whatever the truth."""
    rng = np.random.default_rng(seed)
    observed = np.concatenate([rng.f(1, 100, 1500), 8 * rng.f(3, 100, 1500)])
    ratio = fit_density_ratio(observed, rng.f(1, 100, (3000, n_perm)))
    return float(ratio(observed).mean())


def small_sets(*, nominal, n_sets=600, n_tests=100, share_null=0.1, seed=11):
    """Mean realised FDR of q-values in many small sets, and its standard error."""
    rng = np.random.default_rng(seed)
    realised = []
    for _ in range(n_sets):
        null = rng.random(n_tests) < share_null
        p = np.where(null, rng.random(n_tests), rng.beta(0.15, 8, n_tests))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CrossmapWarning)
            estimate = pi0.estimate_pi0(p)
        called = fdr.q_values(p, pi0=estimate) <= nominal
        realised.append((null & called).sum() / max(called.sum(), 1))
    return float(np.mean(realised)), float(np.std(realised) / np.sqrt(n_sets))
