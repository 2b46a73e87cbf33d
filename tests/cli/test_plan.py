"""crossmap plan."""

import pytest

from crossmap import ArgumentError, CrossmapError, plan, read_cross, simulate_cross
from crossmap.genotypes.loci import distinct_loci


@pytest.mark.parametrize("verb", ["scan1", "permute", "joint", "scan2"])
def test_every_verb_is_counted_and_measured(verb):
    cross = simulate_cross(n_samples=40, n_traits=20, n_markers=60, seed=1).cross
    options = {} if verb == "scan1" else {"n_perm": 19 if verb == "permute" else 2}
    found = plan(cross, verb, options=options)
    n_loci = len(distinct_loci(cross))
    sizes = distinct_loci(cross).chr_index
    pairs = sum(a != b for i, a in enumerate(sizes) for b in sizes[:i])
    expected = {
        "scan1": 20 * 60, "permute": 20 * 60 * 20, "joint": 20 * n_loci * 2 * 3,
        "scan2": 20 * pairs * 3,
    }  # fmt: skip
    assert found.n_tests == expected[verb]
    assert found.seconds > 0
    assert not found.memory_bytes < 1e6


def test_a_run_beyond_the_budget_is_refused(cli, small):
    done = cli("plan", "scan1", small)
    assert done.status == 0
    cross = read_cross(small)
    assert f"{cross.n_traits * cross.n_markers:,} tests" in done.out
    done = cli("plan", "joint", small, "--permutations", "3", "--most-minutes", "0")
    assert done.status == 1
    assert "budget_seconds: expected a run of at most 0.0 s, found one of" in done.err
    assert cli("plan", "joint", small, "--most-memory", "1K").status == 1
    assert cli("plan", "scan1", small, "--loci", "3").status == 2
    assert cli("plan", "nothing", small).status == 2
    with pytest.raises(ArgumentError, match="verb: expected"):
        plan(cross, "nothing")
    with pytest.raises(CrossmapError, match="budget_bytes"):
        plan(cross, "scan1", budget_bytes=1)
