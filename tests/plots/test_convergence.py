"""Number called by permutations, as numbers."""

import pandas as pd
import pytest

import crossmap
from crossmap.errors import ArgumentError
from crossmap.plots.convergence import called_by_permutations, plot_convergence


@pytest.fixture(scope="module")
def cross():
    return crossmap.simulate_cross(n_samples=60, n_traits=300, n_markers=50, seed=4).cross


@pytest.mark.filterwarnings("ignore:.*too few to estimate pi0")
@pytest.mark.parametrize("posterior", ["pooled", "weighted"])
def test_the_first_permutations_give_what_a_shorter_run_gives(cross, posterior):
    table = called_by_permutations(crossmap.joint_linkage(cross, n_perm=6, posterior=posterior))
    assert table["n_perm"].tolist() == [1] * 5 + [2] * 3 + [5, 6]
    for n_perm in (2, 5):
        short = crossmap.joint_linkage(cross, n_perm=n_perm, posterior=posterior)
        mine = table[(table["n_perm"] == n_perm) & (table["subset"] == 1)]
        assert mine["n_called"].tolist() == [len(short.called())]


def test_it_is_drawn_as_it_is(axes, cross):
    linked = crossmap.simulate_cross(n_samples=110, n_traits=150, n_markers=80, seed=3).cross
    table = called_by_permutations(crossmap.joint_linkage(linked, n_perm=2))
    assert table["n_called"].any()
    plot_convergence(axes, table)
    assert axes.lines[1].get_ydata().tolist() == table["n_called"].tolist()
    assert axes.lines[1].get_xdata().tolist() == table["n_perm"].tolist()
    axes.clear()
    plot_convergence(axes, table.assign(n_called=0))
    assert "No trait is called" in axes.texts[0].get_text()
    with pytest.raises(ArgumentError, match="fdr"):
        called_by_permutations(crossmap.joint_linkage(cross, n_perm=2), fdr=2.0)


def test_one_permutation_says_so(axes):
    plot_convergence(axes, pd.DataFrame({"n_perm": [1], "subset": [1], "n_called": [5]}))
    assert "One permutation" in axes.texts[0].get_text()


def test_no_permutation_says_so(axes):
    plot_convergence(axes, pd.DataFrame(columns=["n_perm", "subset", "n_called"]))
    assert axes.texts[0].get_text() == "No permutation was made."


@pytest.mark.parametrize("last", [0, 5, 10])
def test_the_legend_stands_clear_of_every_circle(axes, last):
    table = pd.DataFrame(
        {"n_perm": [1, 1, 2, 5], "subset": [1, 2, 1, 1], "n_called": [10, 0, 9, 0]}
    )
    plot_convergence(axes, table.assign(n_called=[10, 0, 10, last]))
    axes.figure.draw_without_rendering()
    legend = axes.get_legend().get_window_extent()
    for x, y in axes.transData.transform(axes.lines[1].get_xydata()):
        assert not legend.padded(3.0).contains(x, y)
