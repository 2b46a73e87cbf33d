"""What every function of genotypes says to arguments and crosses that cannot be."""

from dataclasses import replace

import numpy as np
import pytest
from genotyped import awkward_cross

from crossmap.errors import ArgumentError, CrossmapWarning, DataError
from crossmap.genotypes.fill import fill
from crossmap.genotypes.hmm import (
    draw_genotypes,
    error_lods,
    genotype_probabilities,
    viterbi_genotypes,
)
from crossmap.genotypes.map_estimation import estimate_map

BAD = [float("nan"), float("inf"), -1, "x", [], np.array([1.0, 2.0]), True, 1e300, 3j]


@pytest.mark.parametrize("value", BAD, ids=repr)
def test_arguments_that_are_none(value):
    cross = awkward_cross("bc", n_samples=8, n_markers=9)
    for function, names in (
        (genotype_probabilities, ("step", "error_prob", "map_function", "cm_per_mb")),
        (viterbi_genotypes, ("step", "error_prob", "map_function", "cm_per_mb")),
        (draw_genotypes, ("n_draws", "seed", "step", "error_prob", "map_function", "cm_per_mb")),
        (error_lods, ("error_prob", "map_function", "cm_per_mb")),
        (fill, ("min_probability", "error_prob", "map_function", "cm_per_mb")),
        (estimate_map, ("error_prob", "map_function", "tolerance", "n_iterations")),
    ):
        fixed = {"n_draws": 1} if function is draw_genotypes else {}
        for name in names:
            with pytest.raises(ArgumentError, match=f"^{name}: expected .*, found "):
                function(cross, **(fixed | {name: value}))


def test_steps_that_would_fill_the_memory():
    cross = awkward_cross("bc", n_samples=8, n_markers=9)
    with pytest.raises(ArgumentError, match=r"step: expected 0 or at least .* cM on a map of"):
        genotype_probabilities(cross, step=1e-9)


def test_what_is_no_execution():
    with pytest.raises(ArgumentError, match=r"execution: expected a crossmap.Execution, found 2"):
        genotype_probabilities(awkward_cross("bc", n_samples=8, n_markers=9), execution=2)


@pytest.mark.parametrize(
    "function", [genotype_probabilities, viterbi_genotypes, draw_genotypes, estimate_map]
)
def test_everyone_warns_of_samples_and_chromosomes_without_calls(function):
    cross = awkward_cross("bc", n_samples=10, n_markers=12, missing=0.0)
    options = {"n_draws": 1} if function is draw_genotypes else {}
    genotypes = cross.genotypes.copy()
    genotypes[:, [3, 7]] = -1
    with pytest.warns(CrossmapWarning, match=r"2 of 10 samples have no .* \(s003 and 1 more\)"):
        function(replace(cross, genotypes=genotypes), **options)
    genotypes = cross.genotypes.copy()
    genotypes[cross.markers["chr"] == "2"] = -1
    with pytest.warns(CrossmapWarning) as heard:
        function(replace(cross, genotypes=genotypes), **options)
    said = [str(warning.message) for warning in heard]
    assert "1 of 3 chromosomes have no genotype call (2): all" in said[0]
    if function is estimate_map:
        assert "4 of 12 markers have no genotype call (the first: m0004)" in said[1]
    with pytest.raises(DataError, match="expected calls, found none in any of 10 samples"):
        function(replace(cross, genotypes=np.full_like(genotypes, -1)), **options)
