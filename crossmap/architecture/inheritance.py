"""Modes of inheritance: how the offspring stand to their parents."""

from functools import partial

import numpy as np
import pandas as pd

from crossmap.architecture.heritability import (
    environmental_variance,
    parent_values,
    sample_moments,
)
from crossmap.architecture.linkage_table import check_table
from crossmap.arguments import did_you_mean, require_number, require_whole
from crossmap.cross import Cross
from crossmap.errors import ArgumentError, DataError
from crossmap.execution import Execution, run_tasks
from crossmap.significance.fdr import q_values

MODES = ("directional", "transgressive", "interaction")

TRAITS_PER_TASK = 64


def inheritance(
    cross: Cross, *, n_bootstrap: int = 1000, seed: int = 1, execution: Execution | None = None
) -> pd.DataFrame:
    """Test every trait for directional, transgressive and interacting inheritance.

    Parameters
    ----------
    cross
        With replicated measurements of both parents.
    n_bootstrap
        Draws of the parametric bootstrap; the smallest p-value is 1/(1 + n_bootstrap).
    seed
        Of the draws, which all traits share.
    execution
        Threads and progress; never changes a result.

    Returns
    -------
    pandas.DataFrame
        A row per trait: trait, mean_parent1, mean_parent2, mean_samples, sd_parents (pooled, within
        parents), n_between (samples between the parents' means), n_beyond (samples above the higher
        parent + 2 sd or below the lower - 2 sd), then for each of `MODES` p_ and q_ (of
        Benjamini-Hochberg). NaN where a trait cannot be tested.

    Raises
    ------
    ArgumentError
        If `n_bootstrap` is below 1.
    DataError
        If there are no measurements of both parents, or none is replicated.

    Notes
    -----
    Directional: most alleles that raise the trait come from one parent. Null: each locus gives its
    raising allele to either parent at random, so that the parents, who differ at every locus, stand
    at mean + d and mean - d, d normal with the genetic variance of the samples, V_seg - V_env (one
    locus alone stands at one standard deviation); statistic: the distance between the parents'
    means over the standard deviation of the samples, which says what n_between says but is not at
    its end once all samples lie between the parents.

    Transgressive: samples reach beyond the parents. Null: one locus makes all of the difference,
    every sample is like either parent, which leaves the most beyond them without transgression;
    statistic: n_beyond. Both nulls are simulated with normal errors, the parents' means and
    standard deviation estimated anew in every draw. (Permuting the labels of parents and offspring
    would test that they are alike.)

    Genetic interaction: the mean of the samples off the middle of the parents, by Welch's t.

    References
    ----------
    Brem & Kruglyak (2005) PNAS 102:1572.

    Examples
    --------
    >>> from crossmap import simulate_cross
    >>> table = inheritance(simulate_cross(n_traits=4, n_markers=40).cross, n_bootstrap=99)
    >>> table.shape, bool((table["p_transgressive"] >= 0.01).all())
    ((4, 13), True)
    """
    require_whole("n_bootstrap", n_bootstrap, least=1)
    require_whole("seed", seed, least=0)
    v_env, df_env = environmental_variance(cross)
    values, parent = parent_values(cross)
    sides = [sample_moments(values[:, parent == name]) for name in cross.genotype_names[:1]]
    sides.append(sample_moments(values[:, parent == cross.genotype_names[-1]]))
    if any((n == 0).all() for n, _, _ in sides):
        msg = f"parents: expected both ({' and '.join(cross.genotype_names)}), found one"
        raise DataError(msg)
    n, mean, v_seg = sample_moments(cross.traits)
    usable = (n > 2) & (df_env > 0) & (sides[0][0] > 0) & (sides[1][0] > 0) & (v_seg > 0)
    sd = np.sqrt(v_env)
    low, high = np.fmin(sides[0][1], sides[1][1]), np.fmax(sides[0][1], sides[1][1])
    y = cross.traits
    with np.errstate(invalid="ignore"):
        between = ((y >= low[:, None]) & (y <= high[:, None])).sum(axis=1)
        beyond = ((y > (high + 2 * sd)[:, None]) | (y < (low - 2 * sd)[:, None])).sum(axis=1)
    facts = np.column_stack(
        [n, mean, v_seg, v_env, df_env, sides[0][0], sides[0][1], sides[1][0], sides[1][1],
         beyond]
    )  # fmt: skip
    draws = _draws(cross.n_samples, n_bootstrap, seed)
    rows = np.flatnonzero(usable)
    tasks = [facts[rows[i : i + TRAITS_PER_TASK]] for i in range(0, len(rows), TRAITS_PER_TASK)]
    p = {mode: np.full(cross.n_traits, np.nan) for mode in MODES}
    if tasks:
        found = run_tasks(partial(_bootstrap, draws), tasks, execution=execution,
                          stage=f"{n_bootstrap} bootstrap draws")  # fmt: skip
        both = np.concatenate(list(found))
        p["directional"][rows], p["transgressive"][rows] = both.T
        p["interaction"][rows] = _welch(facts[rows])
    return pd.DataFrame(
        {
            "trait": cross.trait_table["trait"],
            "mean_parent1": sides[0][1],
            "mean_parent2": sides[1][1],
            "mean_samples": mean,
            "sd_parents": sd,
            "n_between": between,
            "n_beyond": beyond,
            **{
                f"{kind}_{mode}": p[mode] if kind == "p" else q_values(p[mode], pi0=1.0)
                for mode in MODES
                for kind in ("p", "q")
            },
        }
    )


def _draws(n_samples: int, n_bootstrap: int, seed: int) -> tuple[np.ndarray, ...]:
    """Standard deviates that all traits share: samples, who is whose, parents, their genotypes."""
    from scipy import special

    rng = np.random.default_rng([seed, 3])
    # Quantiles in random order: what decides the directional test has no luck of the draw, which
    # all traits would share.
    stratified = special.ndtri((rng.permutation(n_bootstrap) + 0.5) / n_bootstrap)[:, None]
    return (
        rng.standard_normal((n_bootstrap, n_samples)),
        rng.random((n_bootstrap, n_samples)) < 0.5,
        rng.standard_normal((n_bootstrap, 2)),
        stratified * [1.0, -1.0],
        rng.random(n_bootstrap),
    )


def _bootstrap(draws: tuple[np.ndarray, ...], facts: np.ndarray) -> np.ndarray:
    """p-values of the directional and the transgressive test: float64 [n_traits, 2]."""
    from scipy import special

    z, is_second, z_parent, z_genotype, u = draws
    out = np.empty((len(facts), 2))
    for i, (n, mean, v_seg, v_env, df, n1, m1, n2, m2, beyond) in enumerate(facts):
        m = int(n)
        sd, error = np.sqrt(v_env), np.sqrt(v_env / np.array([n1, n2])) * z_parent
        # Directional: the parents differ at every locus, each time in a random direction.
        parents = mean + np.sqrt(max(v_seg - v_env, 0.0)) * z_genotype + error
        spread = (mean + np.sqrt(v_seg) * z[:, :m]).std(axis=1, ddof=1)
        distance = np.abs(parents[:, 0] - parents[:, 1]) / spread
        far = distance >= abs(m1 - m2) / np.sqrt(v_seg) * (1.0 - 1e-12)
        out[i, 0] = (1 + far.sum()) / (1 + len(z))
        # Transgressive: every sample is like one of the parents.
        parents = np.array([m1, m2]) + error
        low, high = parents.min(axis=1, keepdims=True), parents.max(axis=1, keepdims=True)
        sample = np.where(is_second[:, :m], m2, m1) + sd * z[:, :m]
        reach = 2.0 * sd * np.sqrt(special.chdtri(df, u) / df)[:, None]
        count = ((sample > high + reach) | (sample < low - reach)).sum(axis=1)
        out[i, 1] = (1 + (count >= beyond).sum()) / (1 + len(z))
    return out


def _welch(facts: np.ndarray) -> np.ndarray:
    """Two-sided p-values of the mean of the samples against the middle of the parents."""
    from scipy import special

    n, mean, v_seg, v_env, df, n1, m1, n2, m2 = facts[:, :9].T
    ours, theirs = v_seg / n, v_env * (1.0 / n1 + 1.0 / n2) / 4.0
    t = (mean - (m1 + m2) / 2.0) / np.sqrt(ours + theirs)
    freedom = (ours + theirs) ** 2 / (ours**2 / (n - 1) + theirs**2 / df)
    return np.maximum(2.0 * special.stdtr(freedom, -np.abs(t)), np.finfo(np.float64).tiny)


def mode_shares(table: pd.DataFrame, *, fdr: float = 0.05) -> pd.DataFrame:
    """Count the traits of every mode of inheritance.

    Parameters
    ----------
    table
        As `inheritance` gives it.
    fdr
        Largest q-value of a trait that is counted.

    Returns
    -------
    pandas.DataFrame
        mode, n_tested, n_called, share (of those tested), share_estimated (1 - pi0, called or not).

    Raises
    ------
    ArgumentError
        If `fdr` is out of range.
    """
    require_number("fdr", fdr, least=0.0, most=1.0)
    rows = []
    for mode in MODES:
        p, q = table[f"p_{mode}"].to_numpy(), table[f"q_{mode}"].to_numpy()
        tested = int((~np.isnan(p)).sum())
        called = int((q <= fdr).sum())
        pi0 = float("nan")
        if tested:
            pi0 = _pi0(p[~np.isnan(p)])
        rows.append((mode, tested, called, called / tested if tested else np.nan, 1.0 - pi0))
    names = ["mode", "n_tested", "n_called", "share", "share_estimated"]
    return pd.DataFrame(rows, columns=names)


def _pi0(p: np.ndarray) -> float:
    """pi0 = #{p >= 1/2} / (T/2): a plain count, since bootstrap p-values are discrete."""
    return min(1.0, 2.0 * float((p >= 0.5).mean()))


def gene_action(cross: Cross, linkages: pd.DataFrame) -> pd.DataFrame:
    """Compare the heterozygote with the homozygotes at the loci of an intercross.

    Parameters
    ----------
    cross
        Three genotypes per locus.
    linkages
        Columns trait, locus (a marker), chr, start_bp, end_bp.

    Returns
    -------
    pandas.DataFrame
        A row per linkage: trait, locus, additive (a, half the difference of the homozygotes),
        dominance (d, heterozygote less their middle), se_additive, se_dominance, ratio (d/|a|),
        action: additive (|d/a| at most 1/2), dominant (at most 5/4), overdominant or underdominant;
        NaN and None where a genotype has no sample.

    Raises
    ------
    DataError
        If the cross has two genotypes.
    ArgumentError
        If a trait or marker is not in the cross.

    References
    ----------
    Stuber et al. (1987) Crop Sci 27:639 (classes by d/a).
    """
    if cross.n_genotypes != 3:
        msg = f"crosstype {cross.crosstype}: expected a cross with three genotypes, found 2"
        raise DataError(msg)
    table = check_table(linkages, "locus")
    trait_of = {name: i for i, name in enumerate(cross.trait_names)}
    marker_of = {name: i for i, name in enumerate(cross.markers["marker"])}
    rows = []
    for trait, locus in zip(table["trait"], table["locus"], strict=True):
        if trait not in trait_of or locus not in marker_of:
            msg = (
                f"linkages: expected a trait and a marker of the cross, found {trait!r}, {locus!r}"
            )
            name, known = (locus, marker_of) if trait in trait_of else (trait, trait_of)
            raise ArgumentError(msg + did_you_mean(name, known))
        y, x = cross.traits[trait_of[trait]], cross.genotypes[marker_of[locus]]
        rows.append((trait, locus, *_action(y[~np.isnan(y)], x[~np.isnan(y)])))
    names = ["trait", "locus", "additive", "dominance", "se_additive", "se_dominance", "ratio",
             "action"]  # fmt: skip
    return pd.DataFrame(rows, columns=names)


def _action(y: np.ndarray, x: np.ndarray) -> tuple[float, float, float, float, float, str | None]:
    groups = [y[x == g] for g in range(3)]
    n = np.array([len(g) for g in groups])
    if (n == 0).any() or n.sum() < 4:
        nan = float("nan")
        return nan, nan, nan, nan, nan, None
    mean = np.array([g.mean() for g in groups])
    variance = sum(((g - g.mean()) ** 2).sum() for g in groups) / (n.sum() - 3)
    a, d = (mean[2] - mean[0]) / 2.0, mean[1] - (mean[0] + mean[2]) / 2.0
    se_a = np.sqrt(variance * (1.0 / n[0] + 1.0 / n[2])) / 2.0
    se_d = np.sqrt(variance * (1.0 / n[1] + (1.0 / n[0] + 1.0 / n[2]) / 4.0))
    ratio = d / abs(a) if a else float(np.inf) * (np.sign(d) or 1.0)
    size = abs(ratio)
    action = "additive" if size <= 0.5 else "dominant" if size <= 1.25 else (
        "overdominant" if d > 0 else "underdominant"
    )  # fmt: skip
    return a, d, se_a, se_d, ratio, action
