"""Many shuffles at once are the shuffles one by one."""

from itertools import pairwise

import numpy as np
import pytest

from crossmap.kernels.philox import philox4x32, shuffle_within_cells
from crossmap.kernels.shuffles import philox_lanes, shuffle_lanes

LANES = 64
KEY = np.uint64(0x9E3779B97F4A7C15)


@pytest.fixture
def lanes():
    rng = np.random.default_rng(3)
    item = rng.integers(0, 2**64, LANES, dtype=np.uint64)
    replicate = rng.integers(0, 2**32, LANES, dtype=np.uint64)
    replicate[[0, 7]] = 0
    return item, replicate


def test_every_lane_draws_the_words_of_its_own_counter(lanes):
    item, replicate = lanes
    words, word = np.zeros((4, LANES), np.uint64), np.zeros(4, np.uint64)
    low, shift = np.uint64(2**32 - 1), np.uint64(32)
    for block in (0, 1, 2**31):
        philox_lanes(np.uint64(block), replicate, item, KEY, words, LANES)
        for c in range(LANES):
            philox4x32(
                np.uint64(block), replicate[c], item[c] & low, item[c] >> shift, KEY & low,
                KEY >> shift, word,
            )  # fmt: skip
            assert words[:, c].tolist() == word.tolist()


@pytest.mark.parametrize("n_lanes", [LANES, 19, 1])
@pytest.mark.parametrize("sizes", [[1], [2], [9], [40], [3, 1, 12, 2]])
def test_every_lane_is_permuted_as_alone_and_replicate_0_stays(lanes, sizes, n_lanes):
    item, replicate = lanes
    rng = np.random.default_rng(5)
    n = sum(sizes)
    start = np.concatenate([[0], np.cumsum(sizes)])
    mixed = rng.permutation(n)
    members = np.concatenate([np.sort(mixed[a:b]) for a, b in pairwise(start)])
    order = np.zeros((n_lanes, n), np.int32)
    shuffle_lanes(KEY, item, replicate, members, start, np.zeros((4, LANES), np.uint64), order)
    alone, word = np.zeros(n, np.int64), np.zeros(4, np.uint64)
    for c in range(n_lanes):
        if replicate[c] == 0:
            alone[:] = np.arange(n)
        else:
            shuffle_within_cells(KEY, item[c], replicate[c], members, start, word, alone)
        assert order[c].tolist() == alone.tolist()
