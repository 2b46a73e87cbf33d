"""Realised joint FDR on genotype probabilities, by cross type and by share of calls removed."""

import pytest
from scipy import stats

from tests.calibration.genotype_layer import crosses, removed

FALSE_ALARM = 1e-4


def assert_held(table):
    for key, row in table.xs(40.0, level="within_cm").iterrows():
        nominal = key[-1]
        n_false = row["n_claims"] - row["n_true"]
        p = stats.binom.sf(n_false - 1, row["n_claims"], nominal)
        assert p > FALSE_ALARM, f"{key}: realised {row['fdr']:.4f} of {row['n_claims']:.0f}"


@pytest.mark.calibration
@pytest.mark.parametrize("options", [{}, {"exclude_r2": 0.1, "variance": "common"}])
def test_every_cross_type_keeps_its_fdr(options):
    table = crosses(8, **options)
    print("\n" + table.round(4).to_string())
    assert_held(table)
    assert (table.xs(0.10, level="nominal")["power"] > 0.2).all()


@pytest.mark.calibration
def test_removed_calls_do_not_raise_the_fdr():
    table = removed(8)
    print("\n" + table.round(4).to_string())
    assert_held(table)
