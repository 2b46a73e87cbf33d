"""Which loci a search of two or more goes over: distinct calls, or probabilities."""

from crossmap.cross import Cross
from crossmap.execution import Execution
from crossmap.genome import MapFunction
from crossmap.genotypes.hmm import genotype_probabilities as genotype_probabilities_of
from crossmap.genotypes.loci import Loci
from crossmap.genotypes.probable_loci import probable_loci, searchable_loci
from crossmap.genotypes.stretches import refuse_chain_options


def loci_to_search(
    cross: Cross,
    genotype_probabilities: bool,
    step: float,
    error_prob: float,
    map_function: MapFunction,
    cm_per_mb: float | None,
    execution: Execution | None,
) -> Loci:
    """Distinct loci of complete calls, or positions with genotype probabilities.

    Parameters
    ----------
    cross
        With complete calls, unless `genotype_probabilities`.
    genotype_probabilities
        Probabilities given all calls of a chromosome instead of the calls.
    step, error_prob, map_function, cm_per_mb
        As in `crossmap.genotype_probabilities`; refused without them.
    execution
        Threads, memory budget and progress.

    Returns
    -------
    Loci
        Of a backcross with an X and both sexes certain calls count as probabilities of 0 and 1:
        means on X differ by sex without any locus.

    Raises
    ------
    ArgumentError
        For an option of probabilities where calls are searched.
    DataError
        If calls are missing where they are searched.
    """
    if not genotype_probabilities:
        refuse_chain_options(
            step=step, error_prob=error_prob, map_function=map_function, cm_per_mb=cm_per_mb
        )
        return searchable_loci(cross)
    found = genotype_probabilities_of(
        cross,
        step=step,
        error_prob=error_prob,
        map_function=map_function,
        cm_per_mb=cm_per_mb,
        execution=execution,
    )
    return probable_loci(found, cross)
