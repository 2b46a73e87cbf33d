"""FDR of recorded tests, in memory and on file."""

from itertools import pairwise

import numpy as np
import pytest
from naive.scan1 import benjamini_hochberg

from crossmap.linkage import hit_store
from crossmap.linkage.hit_store import HitStore
from crossmap.linkage.hits import HIT
from crossmap.significance.fdr import recorded_fdr
from crossmap.significance.stored_fdr import store_fdr

N_TRAITS = 23


def hits_of(rng, n, *, ties=False):
    hits = np.zeros(n, dtype=HIT)
    key = rng.choice(N_TRAITS * 50, n, replace=False)
    hits["trait"], hits["marker"] = key // 50, key % 50
    hits["neglog10_p"] = rng.exponential(2.0, n)
    hits["local"] = rng.integers(-1, 2, n)
    if ties:
        hits["neglog10_p"] = np.round(hits["neglog10_p"])
        hits["neglog10_p"][:2] = 0.0
        hits["neglog10_p"][2] = np.inf
        hits["neglog10_p"][3] = 500.0
    return hits


def filled(hits, budget, pieces=5):
    """A store of the records, spread over runs that are each in order."""
    store = HitStore(budget)
    for part in np.array_split(hits, pieces):
        store.add(np.sort(part, order=["trait", "marker"]))
    return store


@pytest.mark.parametrize("ties", [False, True])
def test_recorded_fdr_is_benjamini_hochberg_over_all_tests(ties):
    x = hits_of(np.random.default_rng(1), 200, ties=ties)["neglog10_p"]
    expected = benjamini_hochberg(list(10.0**-x), 5000)
    np.testing.assert_allclose(recorded_fdr(x, n_tests=5000), expected, rtol=1e-12, atol=1e-300)
    assert recorded_fdr(np.empty(0), n_tests=9).shape == (0,)


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("rows", [1, 7, 10_000])
def test_a_store_on_file_gives_what_one_in_memory_gives(ties, rows, monkeypatch):
    hits = hits_of(np.random.default_rng(2), 700, ties=ties)
    results = []
    for budget, block in ((1 << 30, 1 << 18), (5000, 64)):
        monkeypatch.setattr(hit_store, "ROWS_READ", block)
        store = filled(hits, budget)
        assert store.is_in_memory == (budget > 5000)
        assert len(store) == 700
        for local, n_tests in ((1, 400), (0, 9000)):
            store_fdr(
                store,
                lambda h, local=local: (h["local"] == 1) == bool(local),
                n_tests=n_tests,
                memory_bytes=64 * rows,
            )
        chunks = list(store.chunks(n_traits=N_TRAITS, rows=100))
        for (before, _), (after, _) in pairwise(chunks):
            assert before["trait"].max() < after["trait"].min()  # whole traits at a time
        assert len(chunks) > 1
        results.append([np.concatenate(c).tobytes() for c in zip(*chunks, strict=True)])
    assert results[0] == results[1]
    got = np.frombuffer(results[0][0], dtype=HIT)
    np.testing.assert_array_equal(got, np.sort(hits, order=["trait", "marker"]))
    fdr = np.frombuffer(results[0][1])
    near = got["local"] == 1
    np.testing.assert_allclose(fdr[near], recorded_fdr(got["neglog10_p"][near], n_tests=400))


@pytest.mark.parametrize("budget", [1 << 20, 1])
def test_an_empty_store(budget):
    store = HitStore(budget)
    store.add(np.empty(0, dtype=HIT))
    store_fdr(store, lambda h: h["local"] == 1, n_tests=10, memory_bytes=1)
    ((hits, fdr),) = store.chunks(n_traits=3)
    assert len(hits) == len(fdr) == len(store) == 0
