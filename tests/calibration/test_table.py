"""The shipped table of the calibration run: what it must show, and that the README's is its own."""

import numpy as np
import pandas as pd
import pytest
from calibration.tables import BEGIN, DEFAULT, END, ROOT, readme_table

from crossmap.pipeline import joint_linkage
from crossmap.scenarios import SCENARIOS

ENOUGH_CLAIMS = 100
"""With fewer a scenario says nothing of its rate (pairs that this search hardly ever finds)."""


@pytest.fixture(scope="module")
def table():
    return pd.read_csv(ROOT / "data" / "calibration.tsv", sep="\t")


@pytest.fixture(scope="module")
def default(table):
    own = table[(table["variance"] == DEFAULT.variance) & (table["posterior"] == DEFAULT.posterior)]
    return own[own["nominal"] == 0.10].set_index("scenario")


def test_the_readme_has_this_table(table):
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert text.split(BEGIN)[1].split(END)[0] == readme_table(table)


def test_it_is_of_the_default_and_of_known_scenarios(table):
    defaults = joint_linkage.__kwdefaults__
    for option, value in vars(DEFAULT).items():
        assert defaults[option] == value
    assert set(table["scenario"]) <= set(SCENARIOS)


def test_twenty_scenarios_and_more_are_known_to_one_per_cent(default):
    assert (default["binomial_se"] < 0.01).sum() >= 20


def test_the_realised_rate_is_not_above_nominal_by_two_standard_errors(default):
    judged = default[default["n_claims"] >= ENOUGH_CLAIMS]
    error = np.sqrt(0.10 * 0.90 / judged["n_claims"])
    assert (judged["realised_fdr"] <= 0.10 + 2 * error).all()
