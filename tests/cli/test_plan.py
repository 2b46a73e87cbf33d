"""crossmap plan."""

import json
import sys

import numpy as np
import pytest
from changed import with_many_traits
from genotyped import awkward_cross
from processes import python

from crossmap import (
    ArgumentError,
    CrossmapError,
    Execution,
    joint_linkage,
    permute_scan1,
    plan,
    read_cross,
    simulate_cross,
)
from crossmap.genotypes.loci import distinct_loci
from crossmap.genotypes.positions import scan_positions
from crossmap.pipeline.plan import SHARE, _calibrate, _Run, run_size


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
    assert (" rows by chance alone" in str(found)) == (verb == "scan1")
    assert found.seconds > 0
    assert found.busy_seconds >= found.seconds
    assert not found.memory_bytes < 1e6


def test_positions_traits_and_pairs_are_counted_as_the_options_have_them():
    cross = simulate_cross(n_samples=40, n_traits=6, n_markers=60, seed=1, crosstype="f2").cross
    positions = scan_positions(cross, step=5.0)
    probable = {"genotype_probabilities": True, "step": 5.0}
    n = len(positions)
    assert n > 60
    assert run_size(cross, "permute", {**probable, "n_perm": 9})[0] == 6 * n * 10
    assert run_size(cross, "joint", {**probable, "n_loci": 3, "n_perm": 2})[0] == 6 * n * 3 * 3
    one, two = np.triu_indices(n, 1)
    chromosome = positions["chr"].to_numpy()
    apart = int((chromosome[one] != chromosome[two]).sum())
    assert run_size(cross, "scan2", {**probable, "n_perm": 1})[0] == 6 * apart * 2
    both = run_size(cross, "scan2", {**probable, "n_perm": 1, "same_chromosome": True})[0]
    assert both == 6 * (n * (n - 1) // 2) * 2
    assert run_size(cross, "scan1", {"threshold": 0.01})[1] == pytest.approx(6 * 60 * 0.01)


@pytest.mark.parametrize("probable", [False, True])
def test_the_further_permutations_of_x_are_counted(probable):
    cross = awkward_cross("bc", n_samples=40, n_markers=30)
    options = {"n_perm": 39, "genotype_probabilities": probable}
    chance = permute_scan1(cross, **options)
    assert chance.x is not None
    on_x = int((cross.markers["chr"] == "X").sum())
    made = chance.null.shape[1], chance.x.null.shape[1]
    assert made[1] > made[0] == 39
    n_tests = len(cross.trait_names) * ((30 - on_x) * 40 + on_x * (1 + made[1]))
    assert run_size(cross, "permute", options)[0] == n_tests


@pytest.mark.skipif(sys.platform != "linux", reason="the largest resident size is Linux's")
@pytest.mark.parametrize(
    "arguments",
    [
        ("scan1",),
        pytest.param(("joint", "--permutations", "10"), marks=pytest.mark.slow),
        pytest.param(("scan2", "--grid", "40"), marks=pytest.mark.slow),
    ],
)
def test_the_memory_of_a_command_is_within_a_quarter(tmp_path, arguments):
    """A process of its own, as its largest resident size then is; a part of the traits planned."""
    verb, *options = arguments
    made = tmp_path / "made"

    # A process counts what its parent had when it began: let that be little.
    script = """
import resource, subprocess, sys
subprocess.run([sys.executable, "-m", "crossmap", *sys.argv[1:]], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""

    def crossmap(*words):
        done = python("-c", script, *words)
        assert done.returncode == 0, done.stderr
        *text, size = done.stdout.splitlines()
        return "\n".join(text), int(size) * 1024

    crossmap("simulate", "--samples", 60, "--traits", 1200, "--markers", 150, "--out", made)
    found = json.loads(crossmap("plan", verb, made, *options, "--format", "json")[0])
    _, measured = crossmap(verb, made, *options, "--out", tmp_path / "out")
    assert 0.75 < found["memory_bytes"] / measured < 1.25
    assert found["n_traits"] == 1200


@pytest.mark.slow
def test_memory_that_grows_with_permutations_is_foreseen():
    """200 MB of permuted statistics of all traits, from runs of a part of them."""
    if sys.platform != "linux":
        pytest.skip("the largest resident size is Linux's")
    cross = simulate_cross(n_samples=30, n_traits=5000, n_markers=20, seed=1).cross
    few, many = (plan(cross, "permute", options={"n_perm": n, "beta": False}) for n in (19, 5000))
    assert 0.8e8 < many.memory_bytes - few.memory_bytes < 8e8


def test_a_plan_tells_of_errors_as_the_run_would(cli, small, tmp_path):
    cross = read_cross(small)
    with pytest.raises(ArgumentError, match="covariates: expected a column"):
        joint_linkage(cross, covariates=["age"])
    done = cli("plan", "joint", small, "--covariates", "age")
    assert done.status == 2
    assert "covariates: expected a column" in done.err
    with pytest.raises(ArgumentError, match="n_perm: expected at least 19"):
        permute_scan1(cross, n_perm=5)
    assert cli("plan", "permute", small, "--permutations", "5").status == 2
    done = cli("plan", "scan2", small, "--trait", "nothing")
    assert (done.status, "found 'nothing'" in done.err) == (2, True)
    assert cli("plan", "scan1", tmp_path / "none").status == 3
    assert not list(tmp_path.iterdir())


def test_the_command_is_planned_by_putting_plan_before_it(cli, small, tmp_path):
    config = tmp_path / "run.yaml"
    config.write_text("permutations: 7\nscan2:\n  grid: 12\n")
    arguments = ("scan2", small, "--config", config, "--threads", "1", "--out", tmp_path / "no")
    done = cli("plan", *arguments, "--format", "json")
    assert done.status == 0
    cross = read_cross(small)
    found = json.loads(done.out)
    assert found["n_tests"] == run_size(cross, "scan2", {"n_perm": 7, "n_grid": 12})[0]
    assert 0 < found["n_tests"] <= cross.n_traits * 66 * 8
    assert not (tmp_path / "no").exists()
    assert cli("plan", "joint", small, "--nothing").status == 2
    assert cli("plan", "joint").status == 2


@pytest.fixture(scope="module", params=[40, 1500, 6000, 40_000])
def any_size(request):
    cross = simulate_cross(n_samples=10, n_traits=40, n_markers=16, n_parent_replicates=0).cross
    return with_many_traits(cross, request.param)


@pytest.mark.parametrize(("fixed", "each"), [(0.1, 1e-5), (2.0, 1e-3), (0.5, 0.01), (1.0, 0.5)])
def test_a_forecast_costs_a_share_of_the_run(any_size, fixed, each):
    """But for the starting of two runs; and it is right."""
    cross, whole, spent = any_size, any_size.n_traits, []

    def run(part):
        spent.append(fixed + each * part.n_traits)
        size = 1e8 + 1e4 * part.n_traits + (0 if part is cross else part.traits.nbytes)
        return _Run(part.n_traits, spent[-1], 0.0, spent[-1], size)

    took = fixed + each * whole
    found = _calibrate(cross, run, 1, lambda _: False)
    assert (found.n, found.main) == (whole, pytest.approx(took))
    assert found.peak == pytest.approx(1e8 + 1e4 * whole)
    if len(spent) > 1:
        assert spent[1] <= fixed + each * max(128, SHARE * whole)
    if whole <= 6000:
        assert all(seconds <= SHARE * took for seconds in spent[2:])
    n_runs = len(spent)
    spent.clear()
    stopped = _calibrate(cross, run, 1, lambda r: r.main > 0.3 * took)
    if n_runs > 1 and fixed + 64 * each > 0.3 * took:
        assert (len(spent), stopped.n) == (1, 64)
    elif n_runs > 1:
        assert (len(spent), stopped.n) == (2, whole)


def test_a_surface_is_planned_as_one_trait(cli, small):
    cross = read_cross(small)
    options = ("--trait", cross.trait_names[3], "--grid", "12", "--surface-permutations", "4")
    found = json.loads(cli("plan", "scan2", small, *options, "--format", "json").out)
    assert (found["n_traits"], found["n_tests"]) == (1, 66 * 5)
    everything = cli("plan", "scan2", small, *options, "--all-traits", "--format", "json")
    assert json.loads(everything.out)["n_traits"] == cross.n_traits


def test_a_run_beyond_the_budget_is_refused(cli, small):
    done = cli("plan", "scan1", small)
    assert done.status == 0
    cross = read_cross(small)
    assert f"{cross.n_traits * cross.n_markers:,} tests" in done.out
    done = cli("plan", "scan2", small, "--grid", "8", "--most-minutes", "0")
    assert done.status == 1
    assert "budget_seconds: expected a run of at most 0.0 s, found one of" in done.err
    if sys.platform == "linux":
        assert cli("plan", "scan1", small, "--most-memory", "1K").status == 1
    assert cli("plan", "scan1", small, "--loci", "3").status == 2
    assert cli("plan", "nothing", small).status == 2
    with pytest.raises(ArgumentError, match="verb: expected"):
        plan(cross, "nothing")
    with pytest.raises(CrossmapError, match="budget_bytes"):
        plan(cross, "scan1", budget_bytes=1, execution=Execution(threads=1))


def test_the_format_of_what_is_printed_and_that_of_the_tables_have_one_name(cli, small):
    done = cli("plan", "scan1", small, "--format", "json", "--format", "parquet")
    assert done.status == 0
    assert json.loads(done.out)["verb"] == "scan1"
    told = cli("plan", "scan1", small, "--format", "parquet")
    assert told.status == 0
    assert not told.out.startswith("{")
    wrong = cli("plan", "scan1", small, "--format", "xml")
    assert wrong.status == 2
    assert "xml" in wrong.err
