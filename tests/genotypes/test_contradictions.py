"""Pairs of calls that cannot both be right, against enumeration and on R/qtl's intercross."""

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from genotyped import awkward_cross, listeria
from naive import hmm as naive

from crossmap import simulate_cross
from crossmap.genotypes.contradictions import SURELY, contradictions
from crossmap.genotypes.hmm import error_lods
from crossmap.genotypes.map_quality import map_quality
from crossmap.genotypes.positions import scan_positions
from crossmap.genotypes.stretches import stretches
from crossmap.report.check import check_cross

ERROR = 0.01


def enumerated(cross):
    """Error LOD of every pair of successive calls that differ, by every path of genotypes."""
    positions = scan_positions(cross, step=0.0)
    found = {}
    for stretch in stretches(cross, positions, error_prob=ERROR, map_function="haldane"):
        fits = stretch.chain.emission(0.0) > 0
        for i, sample in enumerate(stretch.samples):
            seen = stretch.observed[:, i]
            called = np.flatnonzero(seen)
            for a, b in itertools.pairwise(called):
                left, right = fits[:, seen[a]], fits[:, seen[b]]
                if (left & right).any():
                    continue
                pair = naive.pair_probabilities(seen, *stretch.model, a, b)
                both = pair[np.ix_(left, right)].sum()
                prior = (1 - (1 - ERROR) ** 2) / (1 - ERROR) ** 2
                names = cross.markers["marker"][stretch.rows].to_numpy()
                lod = np.log10((1 - both) / both / prior)
                wrong = 1 - pair[left].sum(), 1 - pair[:, right].sum()
                if max(wrong) <= SURELY:
                    found[names[a], names[b], cross.samples[sample]] = (lod, *wrong)
    return found


@pytest.mark.parametrize("crosstype", ["haploid", "risib", "bc", "f2"])
def test_as_enumeration(crosstype):
    cross = awkward_cross(crosstype, n_samples=30, n_markers=21, missing=0.3)
    table = contradictions(cross, above=-np.inf, error_prob=ERROR)
    expected = enumerated(cross)
    assert len(table) == len(expected) > 8
    for row in table.itertuples():
        found = row.error_lod, row.prob_wrong1, row.prob_wrong2
        assert found == pytest.approx(expected[row.marker1, row.marker2, row.sample], rel=1e-6)
    assert (np.diff(table["error_lod"]) <= 0).all()


def test_two_calls_at_one_place_share_the_blame():
    """Neither has an error LOD, however near they are: the pair has."""
    cross = simulate_cross(n_samples=40, n_markers=200, n_traits=2, seed=3, error_prob=0.0).cross
    # An end of a chromosome, so that no neighbour beyond tells which of the two is wrong.
    cm = cross.markers["pos_cm"].to_numpy().copy()
    cm[1] = cm[0] + 1e-6
    cm[2] = max(cm[2], cm[1] + 60.0)
    end = cross.markers["chr"].to_numpy() == cross.markers["chr"][0]
    cm[3:][end[3:]] = np.maximum(cm[3:], cm[2] + np.arange(1, len(cm) - 2))[end[3:]]
    genotypes = cross.genotypes.copy()
    genotypes[1] = genotypes[0]
    genotypes[0, 7] = 1 - genotypes[0, 7]
    spoilt = replace(cross, genotypes=genotypes, markers=cross.markers.assign(pos_cm=cm))
    assert error_lods(spoilt)[:2, 7].max() < 3.0
    pair = map_quality(spoilt).contradicting.iloc[0]
    names = cross.markers["marker"]
    assert (pair["marker1"], pair["marker2"]) == (names[0], names[1])
    assert pair["sample"] == cross.samples[7]
    assert pair["error_lod"] > 5.0
    checked = check_cross(spoilt)
    found = {finding.kind: finding for finding in checked.findings}["contradicting_calls"]
    assert {names[0], names[1]} <= set(found.names)
    assert checked.summary()["n_contradicting_calls"] >= 1


def test_crossovers_between_close_markers_contradict_nothing():
    """A dense map: neighbours on both sides tell a crossover from an error."""
    cross = simulate_cross(
        n_samples=150, n_markers=12_000, n_traits=1, seed=5, error_prob=0.0
    ).cross
    n_changes = (np.diff(cross.genotypes, axis=0) != 0).sum()
    gap = np.diff(cross.markers["pos_cm"])
    assert (np.abs(np.diff(cross.genotypes, axis=0))[(gap > 0) & (gap < 0.1)]).sum() > 100
    assert len(contradictions(cross, above=4.0)) <= n_changes * 1e-3
    rows, samples = np.random.default_rng(2).integers(0, (12_000, 150), (60, 2)).T
    genotypes = cross.genotypes.copy()
    genotypes[rows, samples] = 1 - genotypes[rows, samples]
    assert len(map_quality(replace(cross, genotypes=genotypes)).unlikely) >= 50


def test_error_lods_are_those_of_rqtl_that_doubts_every_call(shared):
    """R/qtl 1.58, calc.errorlod(error.prob=0.01, version="old"), individual 86 on 13."""
    cross = listeria(shared)
    theirs = {
        "D13M88": 0.837, "D13M39": 1.305, "D13M167": 2.698, "D13M99": -0.591, "D13M106": -2.934,
        "D13M147": -3.518, "D13M290": -2.739, "D13M151": -1.104,
    }  # fmt: skip
    ours = pd.Series(
        error_lods(cross, error_prob=0.01)[:, cross.samples.index("ind086")],
        index=cross.markers["marker"],
    )
    for marker, lod in theirs.items():
        assert ours[marker] == pytest.approx(lod, abs=6e-4)
    # D13M59 is dominant: wrong with half of the error probability.
    first, fourth = error_lods(cross, error_prob=0.01)[
        cross.markers["marker"].tolist().index("D13M59"),
        [cross.samples.index("ind001"), cross.samples.index("ind004")],
    ]
    assert (first, fourth) == pytest.approx((-0.7312796, -2.1727526), abs=1e-4)
    pairs = map_quality(cross).contradicting
    worst = pairs.iloc[0]
    assert worst[["marker1", "marker2", "sample"]].tolist() == ["D13M39", "D13M167", "ind086"]
    assert worst["error_lod"] > 8.0
