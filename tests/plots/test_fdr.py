"""Number called against the false discovery rate, as numbers."""

import pandas as pd
import pytest

from crossmap.plots.fdr import called_by_fdr, plot_called_by_fdr
from crossmap.significance.fdr import posterior_q_values

JOINT = pd.DataFrame({"joint_prob": [1.0, 0.9, 0.9, 0.5, 0.0, 0.0]})
JOINT["q_value"] = posterior_q_values(JOINT["joint_prob"].to_numpy())


def test_counts_at_every_rate():
    table = called_by_fdr(JOINT)
    assert table["fdr"].round(6).tolist() == [0.0, 0.066667, 0.175]
    assert table["n_called"].tolist() == [1, 3, 4]  # traits of probability 0 are never called


@pytest.mark.parametrize(("fdr", "n"), [(0.05, 1), (0.1, 3), (0.2, 4), (0.9, 4)])
def test_the_rate_asked_for_is_marked(axes, fdr, n):
    plot_called_by_fdr(axes, called_by_fdr(JOINT), fdr=fdr)
    assert axes.get_title() == f"{n} trait{'s' * (n > 1)} called at joint FDR {fdr}"
    assert axes.lines[-1].get_xydata().tolist() == [[fdr, n]]
    assert not axes.texts  # which would stand on the axis where few are called


def test_nothing_called_says_so(axes):
    nothing = pd.DataFrame({"joint_prob": [0.0, 0.01], "q_value": [0.995, 0.99]})
    table = called_by_fdr(nothing)
    assert table["n_called"].tolist() == [0, 1]
    plot_called_by_fdr(axes, table, fdr=0.1)
    assert axes.texts[0].get_text() == "No trait is called at any FDR up to 30%."
