"""What a cross holds, told and counted."""

from dataclasses import replace

import numpy as np
import pytest
from examples import example_cross
from genotyped import awkward_cross

from crossmap import genotype_probabilities
from crossmap.cross import IngestReport
from crossmap.genotypes.probable_loci import probable_loci
from crossmap.report.cross import (
    cross_summary,
    describe_cross,
    describe_means,
    describe_samples,
    samples_summary,
)


def test_a_whole_cross_is_one_sentence():
    text = describe_cross(example_cross("eight"))
    expected = (
        "8 samples, 10 markers on 2 chromosomes, 8 traits (crosstype haploid, genotypes A and B)."
    )
    assert text.replace("\n", " ") == expected


def test_what_is_missing_and_left_out_is_counted_and_named():
    cross = example_cross("eight")
    calls, values = cross.genotypes.copy(), cross.traits.copy()
    calls[0, :2] = -1
    values[3, 0] = np.nan
    report = IngestReport(
        dropped={"sample without traits": ("a", "b", "c", "d"), "marker without a place": ("m",)},
        notes=("a note",),
    )
    cross = replace(cross, genotypes=calls, traits=values, report=report)
    lines = describe_cross(cross).splitlines()
    assert lines[-4:] == [
        "Missing: 2 genotype calls and 1 trait value.",
        "Left out, sample without traits: 4 (a, b, c, ...).",
        "Left out, marker without a place: 1 (m).",
        "Note: a note.",
    ]
    assert cross_summary(cross) == {
        "crosstype": "haploid", "n_samples": 8, "n_markers": 10, "n_chromosomes": 2, "n_traits": 8,
        "n_missing_calls": 2, "n_missing_values": 1,
        "n_dropped": {"sample without traits": 4, "marker without a place": 1},
    }  # fmt: skip


@pytest.mark.parametrize(("crosstype", "is_told"), [("bc", True), ("f2", True), ("haploid", False)])
def test_means_of_sex_are_told_where_x_has_groups(crosstype, is_told):
    cross = awkward_cross(crosstype)
    loci = probable_loci(genotype_probabilities(cross), cross)
    assert loci.on_x.any()
    assert bool(describe_means(loci)) == is_told
    assert not describe_means(loci.take(np.flatnonzero(~loci.on_x)))


@pytest.mark.parametrize(
    ("n_samples", "numbers", "words"),
    [
        ([8] * 8, {"n_traits_left_out": 0}, []),
        ([8, 6, 7, 8, 8, 8, 8],
         {"n_traits_left_out": 1, "n_traits_on_own_samples": 2, "fewest_samples": 6},
         ["Left out: 1 trait with too few values.",
          "2 traits lack values: each was searched on its own samples (6 at the fewest)."]),
    ],
)  # fmt: skip
def test_samples_of_the_traits_searched_in_words_and_numbers(n_samples, numbers, words):
    cross, searched = example_cross("eight"), np.array(n_samples)
    assert samples_summary(searched, cross) == numbers
    assert describe_samples(searched, usable=8, n_left_out=8 - len(searched)) == words
