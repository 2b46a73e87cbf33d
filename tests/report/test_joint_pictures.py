"""Pictures of a joint analysis as they are written: nothing of them is cut off."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from matplotlib.image import imread

from crossmap.architecture.shared import shared_places
from crossmap.genome import genome_axis
from crossmap.report.joint_pictures import _draw_pairs


@pytest.mark.parametrize("n_chromosomes", [1, 3, 16])
@pytest.mark.parametrize("length", [4e5, 6.1e7])
def test_the_map_of_pairs_is_whole(tmp_path, n_chromosomes, length):
    names = [f"{k + 1}" for k in range(n_chromosomes)]
    genome = genome_axis(names, np.full(n_chromosomes, length))
    called = pd.DataFrame(
        {
            "trait": ["a", "b"], "chr1": names[0], "start1_bp": [0.1 * length, 0.3 * length],
            "chr2": names[-1], "start2_bp": [0.6 * length, 1.0 * length],
        }
    )  # fmt: skip
    called = called.assign(end1_bp=called["start1_bp"], end2_bp=called["start2_bp"])
    tables = SimpleNamespace(
        joint=called, called=called, shared=shared_places(called, chromosomes=names)
    )
    _draw_pairs(tmp_path / "pairs.png", tables, genome, 0.1)
    grey = imread(tmp_path / "pairs.png")[:, :, :3].mean(axis=2)
    for border in (grey[0], grey[-1], grey[:, 0], grey[:, -1]):
        assert (border > 0.8).all()
    title = grey[: grey.shape[0] // 12]
    assert (title < 0.5).any()
