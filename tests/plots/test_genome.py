"""The genome as an axis."""

import numpy as np
import pandas as pd
import pytest

from crossmap.plots.genome import axis_of_loci, draw_chromosome_grid, draw_chromosomes


def loci(unit):
    nan = np.full(3, np.nan)
    ends = np.array([10.0, 30.0, 20.0])
    return pd.DataFrame(
        {
            "chr": ["2", "2", "1"],
            "end_bp": ends * 1000 if unit == "bp" else nan,
            "end_cm": ends,
        }
    )


@pytest.mark.parametrize(("unit", "factor"), [("bp", 1000), ("cm", 1)])
def test_unit_is_bp_where_known(unit, factor):
    genome = axis_of_loci(loci(unit))
    assert genome.unit == unit
    assert genome.chromosomes == ("2", "1")
    assert (genome.offset / factor).tolist() == [0, 30, 50]


def test_chromosomes_are_named_in_their_middle(axes):
    genome = axis_of_loci(loci("cm"))
    draw_chromosomes(axes, genome)
    assert axes.get_xticks().tolist() == [15, 40]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["2", "1"]
    assert axes.get_xlim() == (0, 50)


def test_grid_has_a_line_at_every_border(axes):
    draw_chromosome_grid(axes, axis_of_loci(loci("cm")))
    assert len(axes.lines) == 2 * 3
    assert axes.get_xlim() == axes.get_ylim() == (0, 50)
