"""What check says of calls that do not fit the genetic map."""

from dataclasses import replace

import numpy as np
import pandas as pd
from genotyped import awkward_cross

from crossmap import simulate_cross
from crossmap.genotypes.map_quality import map_quality
from crossmap.report.check import check_cross, write_check


def kinds(checked):
    return {finding.kind: finding for finding in checked.findings}


def sound(seed=2, n_markers=400):
    return simulate_cross(
        n_samples=100, n_markers=n_markers, n_traits=3, seed=seed, error_prob=0.0
    ).cross


def test_a_sound_cross_has_no_warning():
    for seed in (2, 3, 4):
        checked = check_cross(sound(seed))
        assert checked.n_found("warning") == 0
        assert kinds(checked)["estimated_map"].severity == "note"
    summary = checked.summary()
    assert summary["n_unlikely_calls"] == 0
    assert 0.8 < summary["estimated_cm"] / summary["length_cm"] < 1.2


def test_spoilt_calls_are_found_again():
    cross = sound(n_markers=2500)
    genotypes = cross.genotypes.copy()
    rng = np.random.default_rng(1)
    spoilt = rng.choice(np.arange(100, 2400), 400), rng.choice(100, 400)
    genotypes[spoilt] = 1 - genotypes[spoilt]
    found = map_quality(replace(cross, genotypes=genotypes))
    true = {(cross.markers["marker"][m], cross.samples[s]) for m, s in zip(*spoilt, strict=True)}
    named = set(zip(found.unlikely["marker"], found.unlikely["sample"], strict=True))
    near = [pair for pair in named if pair in true]
    assert len(near) >= 0.8 * len(named) > 0
    finding = kinds(check_cross(replace(cross, genotypes=genotypes)))["unlikely_call"]
    assert finding.severity == "warning"
    assert "hardly fit their neighbours" in finding.text


def test_a_marker_in_the_wrong_place_is_named():
    cross = sound()
    genotypes = cross.genotypes.copy()
    genotypes[200] = cross.genotypes[350]
    finding = kinds(check_cross(replace(cross, genotypes=genotypes)))["misplaced_marker"]
    assert cross.markers["marker"][200] in finding.names
    assert set(finding.names) <= set(cross.markers["marker"][199:202])


def test_a_sample_of_poor_quality_is_named():
    cross = sound()
    genotypes = cross.genotypes.copy()
    wrong = np.random.default_rng(1).random(400) < 0.1
    genotypes[wrong, 17] = 1 - genotypes[wrong, 17]
    finding = kinds(check_cross(replace(cross, genotypes=genotypes)))["double_crossovers"]
    assert finding.names == (cross.samples[17],)


def test_a_map_in_another_unit_is_noticed():
    cross = sound()
    table = cross.markers.assign(pos_cm=cross.markers["pos_cm"] * 5)
    finding = kinds(check_cross(replace(cross, markers=table)))["estimated_map"]
    assert (finding.severity, len(finding.names) > 5) == ("warning", True)


def test_crosses_without_a_map_or_sex(tmp_path):
    cross = sound()
    physical = replace(cross, markers=cross.markers.assign(pos_cm=np.nan))
    assert check_cross(physical).agreement is None
    assert check_cross(physical, cm_per_mb=400.0).agreement is not None
    f2 = awkward_cross("f2", n_samples=60, n_markers=30)
    checked = check_cross(f2)
    assert "genetic_map" not in kinds(checked)
    write_check(checked, tmp_path)
    markers = pd.read_csv(tmp_path / "markers.tsv", sep="\t")
    assert {"n_double_crossovers", "expected_double_crossovers", "n_unlikely"} <= set(
        markers.columns
    )
    assert (tmp_path / "chromosomes.tsv").exists()
    assert (tmp_path / "unlikely_calls.tsv").exists()
    without = check_cross(replace(f2, covariates=f2.covariates[[]]))
    assert "expected a column sex" in kinds(without)["genetic_map"].text
