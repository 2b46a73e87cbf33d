"""The joint analysis in order: cross -> loci -> sequential search -> joint significance."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import get_args

from crossmap.arguments import (
    names_of,
    require_number,
    require_one_of,
    require_usual,
    require_whole,
)
from crossmap.cross import Cross
from crossmap.errors import CrossmapWarning
from crossmap.execution import Execution
from crossmap.genome import MapFunction
from crossmap.genotypes.positions import on_genetic_map
from crossmap.genotypes.searched_loci import loci_to_search
from crossmap.linkage.local_tests import require_window_of_use
from crossmap.linkage.search_traits import search_traits
from crossmap.linkage.searches import searches_of
from crossmap.linkage.stages import LINKED_R2, Model, SearchOptions, Variance
from crossmap.significance.joint import JointLinkage, Posterior, joint_significance
from crossmap.significance.limits import linked_pairs_limit, search_limits
from crossmap.significance.pi0 import Pi0Method

AS_PUBLISHED: Mapping[str, object] = MappingProxyType(
    {
        "variance": "common",
        "exclude_r2": None,
        "exclude_window_bp": None,
        "exclude_window_cm": None,
        "other_chromosome": False,
        "posterior": "pooled",
    }
)
"""Options of `joint_linkage` as in the 2005 paper, whatever the defaults are or become."""


LIMITS_FDR = 0.10
"""Rate at which traits are called to see whether their loci are one."""


def joint_linkage(
    cross: Cross,
    *,
    n_loci: int = 2,
    n_perm: int = 5,
    min_cell: int = 3,
    model: Model = "full",
    variance: Variance = "cell",
    exclude_r2: float | None = LINKED_R2,
    exclude_window_bp: float | None = None,
    exclude_window_cm: float | None = None,
    other_chromosome: bool = False,
    covariates: Sequence[str] | None = None,
    genotype_probabilities: bool = False,
    step: float = 0.0,
    error_prob: float = 1e-4,
    map_function: MapFunction = "haldane",
    cm_per_mb: float | None = None,
    pi0_method: Pi0Method = "smoother",
    posterior: Posterior = "pooled",
    local_window_bp: float = 10_000.0,
    seed: int = 1,
    execution: Execution | None = None,
) -> JointLinkage:
    """Map every trait to L loci and say how probable it is that all of them are linked.

    Parameters
    ----------
    cross
        Two genotypes per locus and complete calls; with `genotype_probabilities` any cross. A trait
        with missing values is searched on its own samples; with fewer than 8 it is left out (the
        result's `search.traits` names those that were analysed).
    n_loci
        L, loci chosen for every trait, one after another.
    n_perm
        B, permutations per trait and stage; nulls are pooled over traits.
    min_cell
        Fewest samples on either side of a split; smaller cells stay whole.
    model
        ``full``: a mean for every genotype combination; ``additive``: main effects.
    variance
        ``cell``: a residual variance for each genotype combination of the loci already chosen (with
        `genotype_probabilities` for each group of the most probable one, as weights);
        ``common``: one for all (the paper's).
    exclude_r2
        Bar loci on the chromosome of a chosen one with a larger squared genotype correlation (on a
        cross, those nearer than some 30 cM), lest one strong locus be named twice; None bars none
        (the paper's).
    exclude_window_bp, exclude_window_cm
        Bar loci within this distance of a chosen one.
    other_chromosome
        Every locus on a chromosome of its own.
    covariates
        Columns of `cross.covariates` to take out of the traits first: numbers as they are, anything
        else by its levels. Samples without a value are left out.
    genotype_probabilities
        Search probabilities of the genotypes given all calls instead of calls: for missing or
        dominant calls, three genotypes, wide gaps, errors. In an F2 a locus has additive and
        dominance effects, and two loci all their products. `min_cell` bounds the expected size of
        every genotype combination.
    step, error_prob, map_function
        As in `crossmap.genotype_probabilities`.
    cm_per_mb
        Centimorgans per megabase, for markers placed in base pairs alone. Of calls only distances
        need it: `exclude_window_cm`, and how near a locus lies to its place (`locate_loci`).
    pi0_method
        ``smoother`` or ``bootstrap``.
    posterior
        ``pooled``: the probability of a locus, given those before, is learnt from all traits alike
        (the paper's); ``weighted``: from each trait as far as its earlier loci are linked.
    local_window_bp
        Largest gap between a locus and the trait's own gene for a local linkage.
    seed
        Every permutation is a function of it, the stage, b, the trait's name and the cells.
    execution
        Threads and progress; never changes a result.

    Returns
    -------
    JointLinkage

    Warns
    -----
    CrossmapWarning
        If samples lack a covariate and are left out.

    Warns
    -----
    CrossmapWarning
        Where the error rates cannot be relied on, as far as the run can tell: too few traits, cells
        too small, nulls that differ between groups of traits, many pairs of linked loci. The
        sentences are in the result's `limits`.

    Raises
    ------
    ArgumentError
        For an option out of range, or one that would do nothing: exclusions or the posterior with
        one locus, a window where no trait has a place; for an unknown covariate.
    DataError
        If calls are missing or the cross has three genotypes (without `genotype_probabilities`;
        with it, as `crossmap.genotype_probabilities`), no trait has values in 8 samples (and
        as many more as the covariates take degrees of freedom), or no locus is eligible.

    Notes
    -----
    Covariates are regressed out of every trait on its own samples, and the degrees of freedom of F
    reduced by their rank; genotypes are left as they are. That is approximate: a locus correlated
    with a covariate loses some of its effect, and permuted residuals are not quite exchangeable.
    Where degrees of freedom differ between traits or loci, observed and null statistics are pooled
    as -log10 of their nominal p-values.

    On probabilities the null of a stage permutes the residuals of the model before within groups of
    the most probable genotypes of its loci (and, where there is an X, of sex and direction of the
    cross, whose means are in every model, of loci on autosomes too: `scan1`, `permute_scan1`,
    `find_peaks` and `fit` have them at loci on X alone), and fits that model to them anew.

    References
    ----------
    Storey, Akey & Kruglyak (2005) PLoS Biol 3:e267.

    Examples
    --------
    >>> from crossmap import joint_linkage, simulate_cross
    >>> simulated = simulate_cross(n_traits=150, n_markers=200, seed=7)
    >>> result = joint_linkage(simulated.cross, n_perm=2)
    >>> result.to_frame().shape
    (150, 21)
    """
    options = SearchOptions(
        n_loci=n_loci,
        n_perm=n_perm,
        min_cell=min_cell,
        model=model,
        variance=variance,
        exclude_r2=exclude_r2,
        exclude_window_bp=exclude_window_bp,
        exclude_window_cm=exclude_window_cm,
        other_chromosome=other_chromosome,
        seed=seed,
    )
    require_whole("n_perm", n_perm, least=1)
    require_one_of("posterior", posterior, get_args(Posterior))
    require_number("local_window_bp", local_window_bp, least=0.0)
    require_window_of_use(
        local_window_bp,
        trait_table=cross.trait_table,
        position_bp=cross.markers["pos_bp"],
    )
    if n_loci == 1:
        why = "with n_loci 1: there is no locus before"
        if exclude_r2 is not None:
            require_usual("exclude_r2", exclude_r2, LINKED_R2, why)
        require_usual("exclude_window_bp", exclude_window_bp, None, why)
        require_usual("exclude_window_cm", exclude_window_cm, None, why)
        require_usual("other_chromosome", other_chromosome, False, why)
        require_usual("posterior", posterior, "pooled", why)
    if cm_per_mb is not None:
        cross = on_genetic_map(cross, cm_per_mb)
    loci = loci_to_search(
        cross, genotype_probabilities, step, error_prob, map_function, None, execution
    )
    named = names_of(covariates)
    traits = search_traits(cross, named)
    if traits.n_without_covariates:
        warnings.warn(
            f"{traits.n_without_covariates} of {cross.n_samples} samples lack a covariate and were "
            "left out",
            CrossmapWarning,
            stacklevel=2,
        )
    searched = searches_of(loci).loci(
        traits.values,
        loci,
        names=tuple(traits.table["trait"]),
        options=options,
        covariate_df=traits.covariate_df,
        execution=execution,
    )
    joint = joint_significance(
        searched,
        trait_table=traits.table,
        pi0_method=pi0_method,
        posterior=posterior,
        local_window_bp=local_window_bp,
        covariates=named,
        dropped_covariates=traits.dropped_covariates,
    )
    limits = search_limits(searched, traits.values)
    limits += linked_pairs_limit(joint.pair_r2, joint.is_called(LIMITS_FDR))
    for limit in limits:
        warnings.warn(limit, CrossmapWarning, stacklevel=2)
    return replace(joint, limits=limits)
