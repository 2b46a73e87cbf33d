"""The exhaustive search of pairs in order: cross -> loci -> pairs -> significance."""

from crossmap.arguments import require_whole
from crossmap.cross import Cross
from crossmap.execution import Execution
from crossmap.genome import MapFunction
from crossmap.genotypes.loci import thin
from crossmap.genotypes.searched_loci import loci_to_search
from crossmap.linkage.scan2 import (
    PairOptions,
    PairSearch,
    PairTests,
    pairs_by_chromosome,
)
from crossmap.linkage.search_traits import search_traits
from crossmap.linkage.searches import searches_of
from crossmap.significance.pairs import Scan2, scan2_significance


def scan2(
    cross: Cross,
    *,
    n_grid: int | None = None,
    n_perm: int = 5,
    test: PairTests = "both",
    same_chromosome: bool = False,
    min_cell: int = 3,
    by_chromosome: bool = False,
    genotype_probabilities: bool = False,
    step: float = 0.0,
    error_prob: float = 1e-4,
    map_function: MapFunction = "haldane",
    cm_per_mb: float | None = None,
    seed: int = 1,
    execution: Execution | None = None,
) -> Scan2:
    """Search all pairs of loci for the best of every trait.

    Parameters
    ----------
    cross
        Two genotypes per locus and complete calls; with `genotype_probabilities` any cross. Every
        trait is searched on the samples that have a value of it; with fewer than 8 it is left out.
        Traits that lack the same samples share the work: where each lacks others, a search takes
        some twenty times as long.
    n_grid
        Thin the distinct loci to so many, evenly in map order; None keeps all.
    n_perm
        B, permutations of the samples per trait; nulls are pooled over traits.
    test
        ``linkage`` (full two-locus model against the mean), ``epistasis`` (against the additive
        model), or ``both``.
    same_chromosome
        Search pairs on one chromosome too.
    min_cell
        Fewest samples in each of the four genotype combinations of a pair (the paper: 1).
    by_chromosome
        Keep the best pair of every two chromosomes too.
    genotype_probabilities
        Search probabilities of the genotypes given all calls (Haley-Knott regression) instead of
        calls. `min_cell` bounds expected sizes; pairs that differ in degrees of freedom are
        compared on their p-values.
    step, error_prob, map_function, cm_per_mb
        As in `crossmap.genotype_probabilities`.
    seed
        Every permutation is a function of it, b and the trait's name.
    execution
        Threads, memory budget and progress; never changes a result.

    Returns
    -------
    Scan2

    Raises
    ------
    ArgumentError
        For an option out of range.
    DataError
        If calls are missing, no trait has enough values, or no pair is eligible.

    Notes
    -----
    On probabilities, where there is an X, every model has a mean for each sex and direction of the
    cross, at loci on autosomes too; `scan1`, `permute_scan1`, `find_peaks` and `fit` have these
    means at loci on X alone.

    References
    ----------
    Storey, Akey & Kruglyak (2005) PLoS Biol 3:e267, "Exhaustive Two-Dimensional Search".

    Examples
    --------
    >>> from crossmap import scan2, simulate_cross
    >>> cross = simulate_cross(n_samples=80, n_traits=120, n_markers=100, seed=3).cross
    >>> scan2(cross, n_grid=30, n_perm=2).to_frame()["test"].value_counts().to_dict()
    {'linkage': 120, 'epistasis': 120}
    """
    require_whole("n_perm", n_perm, least=1)
    options = PairOptions(
        n_perm=n_perm, min_cell=min_cell, same_chromosome=same_chromosome, test=test, seed=seed
    )
    loci = loci_to_search(
        cross, genotype_probabilities, step, error_prob, map_function, cm_per_mb, execution
    )
    if n_grid is not None:
        loci = thin(loci, n_grid)
    ready = search_traits(cross)
    names, traits = tuple(ready.table["trait"]), ready.values
    search = searches_of(loci).pairs
    searched = search(traits, loci, names=names, options=options, execution=execution)
    parts: tuple[PairSearch, ...] = ()
    if by_chromosome:
        parts = tuple(
            pairs_by_chromosome(
                traits, loci, names=names, options=options, search=search, execution=execution
            )
        )
    return scan2_significance(searched, n_grid=n_grid, by_chromosome=parts)
