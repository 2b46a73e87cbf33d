"""Nothing that is written reaches beyond its picture."""

from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
from genotyped import awkward_cross

import crossmap
from crossmap.report import explain, fit, surface
from crossmap.simulate import demo_folder

SLACK = 0.02  # inches

LONG = "a_trait_whose_name_no_title_of_a_picture_has_the_room_for"


@pytest.fixture
def drawn(monkeypatch):
    """Figures that are drawn from here on."""
    figures = []
    for module in (explain, fit, surface):

        @contextmanager
        def picture(*arguments, original=module.picture, **options):
            with original(*arguments, **options) as figure:
                yield figure
            figures.append(figure)

        monkeypatch.setattr(module, "picture", picture)
    return figures


def assert_within(figure):
    # As it was saved: to draw it once more would lay it out once more.
    box, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
    assert min(box.x0, box.y0) > -SLACK
    assert box.x1 < width + SLACK
    assert box.y1 < height + SLACK


@pytest.fixture(scope="module")
def simulated():
    return crossmap.simulate_cross(n_samples=60, n_traits=3, n_markers=60)


def test_the_title_over_all_pairs_of_loci(drawn, tmp_path):
    # Of this trait the numbers of both colour bars are short, and the square as large as can be.
    cross = crossmap.read_cross(demo_folder())
    found = crossmap.trait_surface(cross, "g0559", n_perm=0)
    surface.write_surfaces([found], tmp_path, traits=["g0559"])
    assert_within(drawn[0])


def test_the_title_of_a_fit_of_three_loci(drawn, simulated, tmp_path):
    cross = simulated.cross
    table = cross.trait_table.assign(trait=[LONG, "b", "c"])
    cross = replace(cross, trait_table=table, parents=cross.parents.iloc[:0])
    found = crossmap.fit(cross, LONG, list(cross.markers["marker"][[1, 20, 50]]))
    fit.write_fit(found, cross, tmp_path)
    assert_within(drawn[0])


@pytest.mark.filterwarnings("ignore::crossmap.errors.CrossmapWarning")
def test_the_titles_of_an_explanation_on_probabilities_with_x(drawn, tmp_path):
    cross = awkward_cross("f2", n_samples=150, n_markers=45, missing=0.1)
    cross.traits[0] += 2.0 * np.clip(cross.genotypes[38], 0, 2)
    hmm = {"genotype_probabilities": True, "step": 5.0}
    found = crossmap.explain(cross, "t0", n_perm=19, **hmm)
    explain.write_explanation(found, cross, tmp_path)
    assert_within(drawn[0])
