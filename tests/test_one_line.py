"""Crosses and results are shown in one line, not with all of their arrays."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import crossmap


@pytest.fixture(scope="module")
def cross():
    return crossmap.simulate_cross(n_samples=60, n_traits=120, n_markers=80, seed=1).cross


def test_a_cross_says_what_it_holds_and_what_is_missing(cross):
    traits = cross.traits.copy()
    traits[:2, :36] = np.nan
    shown = repr(replace(cross, traits=traits))
    assert shown == (
        "Cross(haploid: 60 samples, 80 markers on 16 chromosomes, 120 traits; "
        "missing 0% of calls, 1% of values)"
    )
    genotypes = cross.genotypes.copy()
    genotypes[:8, :6] = -1
    assert "missing 1% of calls, 0% of values" in repr(replace(cross, genotypes=genotypes))


@pytest.mark.parametrize(
    "call",
    [
        lambda cross: crossmap.joint_linkage(cross),
        lambda cross: crossmap.scan1(cross, threshold=0.01),
        lambda cross: crossmap.permute_scan1(cross, n_perm=20),
        lambda cross: crossmap.find_peaks(cross, threshold=3.0),
        lambda cross: crossmap.find_hotspots(cross, n_perm=19),
        lambda cross: crossmap.fit(cross, "g0001", [str(cross.markers["marker"][3])]),
        lambda cross: crossmap.genetic_architecture(cross, crossmap.joint_linkage(cross)),
        lambda cross: crossmap.condition_linkages(
            replace(cross, covariates=pd.DataFrame({"sex": [0, 1] * 30}, index=cross.samples)),
            condition="sex",
            n_perm=19,
        ),
    ],
)
def test_results_are_one_line(cross, call):
    shown = repr(call(cross))
    assert "\n" not in shown
    assert len(shown) < 900
    assert "array(" not in shown
