"""Runs warn where a limit of the error rates is met, and are silent on ordinary crosses."""

import warnings

import pytest
from calibration.grid import seed_of
from calibration.limits import BENIGN, LIMITS

from crossmap.architecture.located import locate_loci
from crossmap.errors import CrossmapWarning
from crossmap.pipeline.joint import joint_linkage
from crossmap.scenarios import SCENARIOS

pytestmark = pytest.mark.calibration


def warnings_of(scenario, *, fdr, search, cross, number=0):
    """What a run says, as `crossmap joint` does it."""
    seed = seed_of(scenario, number)
    named = SCENARIOS[scenario]
    made = named.simulate(seed=seed, **cross).cross
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        joint = joint_linkage(made, seed=seed, **{**named.search, **search})
        locate_loci(joint, made, fdr=fdr)
    return [str(w.message) for w in caught if issubclass(w.category, CrossmapWarning)]


@pytest.mark.parametrize(
    ("limit", "scenario"), [(limit, name) for limit in LIMITS for name in limit.scenarios]
)
def test_a_limit_is_told(limit, scenario):
    """In two of six crosses: which side of a threshold one falls is chance."""
    told = 0
    for number in range(6):
        texts = warnings_of(
            scenario, fdr=limit.fdr, search=limit.search, cross=limit.cross, number=number
        )
        told += any(limit.warning in text for text in texts)
        if told == 2:
            return
    assert told >= 2


@pytest.mark.parametrize("scenario", BENIGN)
def test_ordinary_crosses_are_not_complained_of(scenario):
    assert not warnings_of(scenario, fdr=0.10, search={}, cross={})
