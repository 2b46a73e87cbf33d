"""What a cross holds, told and counted."""

from dataclasses import replace

import numpy as np
from examples import example_cross

from crossmap.cross import IngestReport
from crossmap.report.cross import cross_summary, describe_cross


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
