"""Pictures of a cross: what is drawn, as numbers, and that it draws."""

import warnings
from dataclasses import replace

import numpy as np
import pytest

from crossmap.genotypes.quality import cross_quality
from crossmap.plots.quality import draw_quality, genotype_shares
from crossmap.plots.style import picture
from crossmap.simulate import simulate_cross


@pytest.fixture(scope="module")
def cross():
    return simulate_cross(n_samples=12, n_markers=40, n_traits=2).cross


def test_shares_of_genotypes(cross):
    genotypes = cross.genotypes.copy()
    genotypes[0] = [0] * 3 + [1] * 6 + [-1] * 3
    genotypes[1] = -1
    shares = genotype_shares(replace(cross, genotypes=genotypes))
    assert shares.loc[0, ["n", "A", "B"]].tolist() == [9, 1 / 3, 2 / 3]
    assert shares.loc[1, ["A", "B"]].isna().all()
    np.testing.assert_array_equal(shares["position"], cross.markers["pos_bp"])
    in_cm = replace(cross, markers=cross.markers.assign(pos_bp=np.nan))
    np.testing.assert_array_equal(genotype_shares(in_cm)["position"], cross.markers["pos_cm"])


@pytest.mark.parametrize("change", ["none", "missing", "no map", "all missing", "one place", "f2"])
def test_it_draws_without_complaint(cross, change, tmp_path):
    calls = cross.genotypes.copy()
    if change == "missing":
        calls[::3, :4] = -1
    elif change == "all missing":
        calls[:] = -1
    changed = replace(cross, genotypes=calls)
    if change == "no map":
        changed = replace(changed, markers=cross.markers.assign(pos_cm=np.nan))
    elif change == "one place":
        changed = replace(changed, markers=cross.markers.assign(pos_bp=np.nan, pos_cm=0.0))
    elif change == "f2":
        changed = replace(changed, crosstype="f2", genotype_names=("AA", "AB", "BB"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with picture(tmp_path / "check.png", width=8.0, height=6.0) as figure:
            draw_quality(figure, cross_quality(changed), changed)
    assert len(figure.axes) == 4
    assert (tmp_path / "check.png").stat().st_size > 5000
