"""Permutations of a scan as tensorQTL's map_cis writes them."""

import numpy as np
import pandas as pd

from crossmap.cross import Cross
from crossmap.errors import ArgumentError
from crossmap.linkage.transforms import transform_traits
from crossmap.significance.genome_wide import GenomeWide


def tensorqtl_permutations(
    chance: GenomeWide,
    cross: Cross,
    *,
    fdr: float = 0.05,
    error_covariance: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Write permutations as tensorQTL's map_cis does, with the q-values that follow it.

    Parameters
    ----------
    chance
        What `permute_scan1` returned, with the beta approximation, of the number of alleles
        (``linear``) of called genotypes.
    cross
        The cross that was permuted.
    fdr
        Rate at which traits are called, for pval_nominal_threshold.
    error_covariance
        As given to `permute_scan1`.

    Returns
    -------
    pandas.DataFrame
        One row per trait with a test: phenotype_id, num_var (markers tested that vary),
        beta_shape1, beta_shape2, true_df, pval_true_df, variant_id, start_distance (bp from the
        start of the trait's gene to the marker; missing on another chromosome), ma_samples,
        ma_count, af (of the last genotype's allele), pval_nominal, slope and slope_se (per allele),
        pval_perm,
        pval_beta, qval, pval_nominal_threshold.

    Raises
    ------
    ArgumentError
        For permutations without the beta approximation, of another model, of probabilities, or
        with X apart.

    Notes
    -----
    Permutations with a `local_window_bp` test the markers near the gene, as map_cis does; of others
    all markers of the genome take their place. `read_results` reads such a table back.

    References
    ----------
    Taylor-Weiner et al. (2019) Genome Biol 20:228 (tensorQTL).

    Examples
    --------
    >>> from crossmap import permute_scan1, simulate_cross
    >>> cross = simulate_cross(n_samples=60, n_traits=20, n_markers=100).cross
    >>> table = tensorqtl_permutations(permute_scan1(cross, n_perm=99), cross)
    >>> table.columns[:3].tolist(), len(table)
    (['phenotype_id', 'num_var', 'beta_shape1'], 20)
    """
    scan = chance.options.scan
    if chance.x is not None:
        msg = (
            "layout tensorqtl: expected permutations of one kind, found X permuted apart from "
            "autosomes, by sex and direction of the cross, which map_cis does not know; leave X "
            "out of the cross for this table"
        )
        raise ArgumentError(msg)
    is_plain = scan.model == "linear" and not scan.genotype_probabilities
    if chance.tail is None or not is_plain:
        msg = (
            "layout tensorqtl: expected permutations of model linear on called genotypes, with the "
            "beta approximation, found others"
        )
        raise ArgumentError(msg)
    ours, cuts = chance.to_frame(), chance.fdr_thresholds(fdr)
    rows = np.flatnonzero(chance.has_test)
    markers = chance.marker[rows]
    design = scan.design(cross, error_covariance)
    values = transform_traits(
        cross.traits, scan.transform, n_components=scan.n_components, names=cross.trait_names
    )
    calls = cross.genotypes[markers].astype(np.float64)
    slopes, allele = np.full((len(rows), 2), np.nan), np.full((len(rows), 3), np.nan)
    for i, t in enumerate(rows.tolist()):
        use = design.is_complete & ~np.isnan(values[t])
        x = np.where(calls[i] < 0, np.nan, calls[i])
        if scan.missing == "mean":
            x = np.where(np.isnan(x), np.nanmean(x[use]), x)
        samples = np.flatnonzero(use & ~np.isnan(x))
        null = design.on(samples)
        e, g = null.residuals(np.vstack([values[t, samples], x[samples]]))
        square = float(g @ g)
        slope = float(e @ g) / square
        df = len(samples) - null.rank - 1
        slopes[i] = slope, np.sqrt(float(((e - slope * g) ** 2).sum()) / df / square)
        allele[i] = _alleles(calls[i][use & (calls[i] >= 0)], cross.n_genotypes)
    genes = cross.trait_table.iloc[rows]
    places = chance.markers.iloc[markers]
    is_near = genes["chr"].to_numpy() == places["chr"].to_numpy()
    distance = places["pos_bp"].to_numpy(dtype=np.float64) - genes["start_bp"].to_numpy(
        dtype=np.float64
    )
    return pd.DataFrame(
        {
            "phenotype_id": ours["trait"].iloc[rows].to_numpy(),
            "num_var": chance.n_tested[rows],
            "beta_shape1": chance.tail.shape1[rows],
            "beta_shape2": chance.tail.shape2[rows],
            "true_df": chance.tail.df2[rows],
            "pval_true_df": _p_true(chance)[rows],
            "variant_id": ours["marker"].iloc[rows].to_numpy(),
            "start_distance": np.where(is_near, distance, np.nan),
            "ma_samples": allele[:, 0],
            "ma_count": allele[:, 1],
            "af": allele[:, 2],
            "pval_nominal": ours["p_value"].iloc[rows].to_numpy(),
            "slope": slopes[:, 0],
            "slope_se": slopes[:, 1],
            "pval_perm": ours["p_adjusted"].iloc[rows].to_numpy(),
            "pval_beta": ours["p_beta"].iloc[rows].to_numpy(),
            "qval": ours["q_beta"].iloc[rows].to_numpy(),
            "pval_nominal_threshold": cuts["p_value"].iloc[rows].to_numpy(),
        }
    )


def _p_true(chance: GenomeWide) -> np.ndarray:
    """p-value of the best marker with the effective degrees of freedom."""
    from crossmap.linkage.permuted_scan import p_of_r2

    assert chance.tail is not None
    return p_of_r2(chance.r2, np.maximum(chance.df1, 1), chance.tail.df2)


def _alleles(calls: np.ndarray, n_genotypes: int) -> tuple[float, float, float]:
    """Samples with the rarer allele, its copies, and the frequency of the last genotype's."""
    copies = n_genotypes - 1
    frequency = float(calls.mean() / copies)
    rare = calls if frequency <= 0.5 else copies - calls
    return float((rare > 0).sum()), float(rare.sum()), frequency
