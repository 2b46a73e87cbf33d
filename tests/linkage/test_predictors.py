import numpy as np
import pytest
from examples import KINDS, example_cross

from crossmap.genotypes.changes import feature_changes
from crossmap.genotypes.loci import distinct_loci
from crossmap.linkage.predictors import genotype_predictors, group_patterns


def of_calls(calls, *, crosstype="haploid", chromosome=None):
    import pandas as pd

    from crossmap.cross import make_cross

    calls = np.array(calls)
    return make_cross(
        crosstype=crosstype,
        genotype_names="AHB" if crosstype == "f2" else "AB",
        samples=[f"s{k}" for k in range(calls.shape[1])],
        markers=pd.DataFrame({
            "marker": [f"m{j}" for j in range(len(calls))],
            "chr": chromosome or ["1"] * len(calls),
            "pos_bp": np.arange(len(calls), dtype=float),
        }),
        genotypes=calls,
        trait_names=[],
        traits=np.empty((0, calls.shape[1])),
    )  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_rows_are_the_distinct_loci_where_calls_are_complete(kind):
    cross = example_cross(kind, seed=2)
    found, loci = genotype_predictors(cross), distinct_loci(cross)
    assert found.row_of_marker.tolist() == loci.locus_of_marker.tolist()
    assert (found.values == loci.genotypes).all()
    for marker, row in enumerate(found.row_of_marker):
        if row >= 0:
            same = (cross.genotypes[marker] == found.values[row]).all()
            assert found.marker_sign[marker] == (1.0 if same else -1.0)
    assert found.n_constant == 1


def test_swapped_homozygotes_and_equal_gaps_share_a_row():
    cross = of_calls(
        [[0, 1, 2, -1], [2, 1, 0, -1], [0, 1, 2, 2], [1, 1, 1, -1], [1, 1, 2, -1], [1, 1, 0, -1]],
        crosstype="f2",
    )
    found = genotype_predictors(cross)
    assert found.row_of_marker.tolist() == [0, 0, 1, -1, 2, 2]
    assert found.marker_sign.tolist() == [1, -1, 1, 1, 1, -1]
    assert found.members_of(np.array([2, 0])).tolist() == [4, 5, 0, 1]
    assert [(r.tolist(), k.tolist()) for r, k in found.patterns(np.arange(4))] == [
        ([0, 2], [0, 1, 2]),
        ([1], [0, 1, 2, 3]),
    ]


def test_no_row_spans_two_chromosomes():
    found = genotype_predictors(of_calls([[0, 1, 1], [1, 0, 0]], chromosome=["1", "2"]))
    assert found.row_of_marker.tolist() == [0, 1]


def test_features_fill_gaps_as_asked():
    cross = of_calls([[0, 1, 2, -1, 2], [-1, 1, 1, 0, 0]], crosstype="f2")
    found = genotype_predictors(cross)
    rows, samples = np.arange(2), np.arange(5)
    dosage = found.features(rows, samples, "dosage")
    assert dosage[0].tolist() == [[0, 1, 2, 1.25, 2], [0.5, 1, 1, 0, 0]]
    outer = found.features(rows, samples, "class")
    assert outer[:, 0].tolist() == [[1, 0, 0, 0.25, 0], [0, 0, 1, 0.5, 1]]
    three = found.features(rows, samples, "three_class")
    assert three[:, 0].tolist() == [[1, 0, 0, 0, 0], [0, 0, 1, 1, 1]]  # into the commonest, 2
    assert three[:, 1].tolist() == [[1, 0, 0, 1, 1], [0, 0, 0, 0, 0]]  # of two, into the first


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.float64])
def test_changes_add_up_to_the_features(dtype):
    rng = np.random.default_rng(4)
    features = rng.integers(0, 3, (2, 9, 7)).astype(dtype)
    changes = feature_changes(features, np.array([0, 0, 0, 1, 1, 1, 1, 4, 4]))
    assert np.flatnonzero(changes.restart).tolist() == [0, 3, 7]
    most = np.zeros(9, dtype=int)
    for f in range(2):
        now = np.zeros(7)
        since = 0
        for j in range(9):
            if changes.restart[j]:
                now[:], since = 0, 0
            for e in range(changes.offset[f, j], changes.offset[f, j + 1]):
                now[changes.sample[e]] += changes.step[e]
                since += 1
            assert now.tolist() == features[f, j].tolist()
            most[j] = max(most[j], since)
    assert changes.run_length.tolist() == most.tolist()


def test_patterns_of_nothing():
    assert list(group_patterns(np.zeros((0, 3), dtype=bool), np.arange(3))) == []
