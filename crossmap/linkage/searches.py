"""Which searches belong to which loci: those of calls, or those of genotype probabilities."""

from collections.abc import Callable
from dataclasses import dataclass

from crossmap.genotypes.loci import Loci
from crossmap.genotypes.probable_loci import ProbableLoci
from crossmap.linkage.probability_scan2 import probability_pair_search
from crossmap.linkage.probability_search import next_probable_locus, probability_search
from crossmap.linkage.scan2 import PairSearch, pair_search
from crossmap.linkage.sequential import (
    SearchStage,
    SequentialSearch,
    next_locus,
    sequential_search,
)


@dataclass(frozen=True)
class Searches:
    """The searches that go over one kind of loci.

    Parameters
    ----------
    pairs
        As `crossmap.linkage.scan2.pair_search`.
    loci
        As `crossmap.linkage.sequential.sequential_search`.
    next
        As `crossmap.linkage.sequential.next_locus`.
    """

    pairs: Callable[..., PairSearch]
    loci: Callable[..., SequentialSearch]
    next: Callable[..., SearchStage]


def searches_of(loci: Loci) -> Searches:
    """Choose the searches for some loci.

    Parameters
    ----------
    loci
        Distinct loci of complete calls, or positions with genotype probabilities.

    Returns
    -------
    Searches
    """
    if isinstance(loci, ProbableLoci):
        return Searches(probability_pair_search, probability_search, next_probable_locus)
    return Searches(pair_search, sequential_search, next_locus)
