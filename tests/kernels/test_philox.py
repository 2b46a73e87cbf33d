from itertools import permutations

import numpy as np
import pytest
from naive import philox as naive

from crossmap.kernels.philox import fold_cells, philox4x32, shuffle_within_cells
from crossmap.kernels.stages import number_cells, refine_cells
from crossmap.linkage.permutation import stage_key

U = np.uint64


@pytest.mark.parametrize(
    ("counter", "key", "answer"),
    [
        # Random123 1.14.0, kat_vectors, philox4x32 10
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_known_answers(counter, key, answer):
    out = np.zeros(4, np.uint64)
    philox4x32(*map(U, counter), *map(U, key), out)
    assert tuple(int(x) for x in out) == answer
    assert tuple(naive.philox4x32(counter, key)) == answer


def partition(labels):
    """Cells by first appearance, their members and where each begins."""
    labels = np.array(labels, dtype=np.int64)
    cell, members = np.empty_like(labels), np.empty_like(labels)
    start = np.empty(labels.max() + 2, np.int64)
    n_cells = number_cells(labels, np.empty(labels.max() + 1, np.int64), cell, members, start)
    return cell, members, start[: n_cells + 1]


def shuffled(cells, key=5, item=2**63 + 17, replicate=3):
    _, members, start = partition(cells)
    order = np.empty(len(cells), np.int64)
    shuffle_within_cells(
        U(key), U(item), U(replicate), members, start, np.zeros(4, np.uint64), order
    )
    return order


@pytest.mark.parametrize("cells", [[0] * 7, [0, 1] * 9, [3, 1, 1, 2, 3, 3, 1, 9], [0]])
def test_shuffle_equals_its_twin_and_keeps_cells(cells):
    for replicate in (1, 2, 99):
        order = shuffled(cells, replicate=replicate)
        assert order.tolist() == naive.shuffle_within_cells(5, 2**63 + 17, replicate, cells)
        assert sorted(order) == list(range(len(cells)))
        assert [cells[k] for k in order] == list(cells)


def test_labels_of_cells_do_not_matter():
    assert shuffled([0, 1, 1, 0, 2]).tolist() == shuffled([9, 4, 4, 9, 7]).tolist()
    assert [a.tolist() for a in partition([9, 4, 4, 9, 7])] == [
        [0, 1, 1, 0, 2],
        [0, 3, 1, 2, 4],
        [0, 2, 4, 5],
    ]


def test_key_depends_on_seed_stage_and_cells_and_equals_its_twin():
    keys = set()
    for seed in (1, 2):
        for stage in (1, 2):
            for labels in ([0, 0, 1], [0, 1, 1], [0, 0, 0]):
                key = fold_cells(stage_key(seed, stage), partition(labels)[0])
                assert int(key) == naive.fold_cells(stage_key(seed, stage), labels)
                keys.add(int(key))
    assert len(keys) == 12


def test_all_permutations_are_equally_likely():
    """Chi-square over the 24 orders of 4 samples; false alarm 1e-4."""
    seen = dict.fromkeys(permutations(range(4)), 0)
    draws = 24_000
    for replicate in range(draws):
        seen[tuple(shuffled([0, 0, 0, 0], replicate=replicate).tolist())] += 1
    expected = draws / 24
    chi2 = sum((n - expected) ** 2 / expected for n in seen.values())
    assert chi2 < 57.1  # 1 - 1e-4 quantile on 23 degrees of freedom


def test_refine_splits_only_large_cells():
    cell, members, start = partition([0, 0, 0, 1, 1])
    sizes = np.array([3, 2, 0, 0, 0])
    labels, scratch, start = np.empty(5, np.int64), np.empty(10, np.int64), np.empty(11, np.int64)
    code = np.array([0, 1, 0, 1, 0], np.uint8)
    assert refine_cells(cell, sizes, code, 3, labels, scratch, members, start) == 3
    assert cell.tolist() == [0, 1, 0, 2, 2]
    assert sizes[:3].tolist() == [2, 1, 2]
