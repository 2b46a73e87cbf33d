"""Options that would do nothing are refused, with the reason; nothing is silently ignored."""

from dataclasses import replace
from importlib import import_module

import numpy as np
import pandas as pd
import pytest

import crossmap
from crossmap import ArgumentError, simulate_cross
from crossmap.cli.option_names import in_options
from crossmap.io.rqtl2 import write_rqtl2
from crossmap.trait_model import TraitModel


@pytest.fixture(scope="module")
def cross():
    return simulate_cross(n_samples=40, n_traits=6, n_markers=60, seed=2).cross


@pytest.fixture(scope="module")
def placeless(cross):
    """No trait has a gene with a place."""
    table = cross.trait_table.assign(chr=None, start_bp=np.nan, end_bp=np.nan)
    return replace(cross, trait_table=table)


PROBABILITIES = {"step": 2.0, "error_prob": 0.01, "map_function": "kosambi", "cm_per_mb": 300.0}
SCANS = ("scan1", "permute_scan1", "joint_linkage", "scan2", "compare_searches",
         "conditional_peaks")  # fmt: skip
MEAN = {"genotype_probabilities": True, "missing": "mean"}
ONE_LOCUS = {"exclude_r2": 0.1, "exclude_window_bp": 1e5, "exclude_window_cm": 30.0,
             "other_chromosome": True, "posterior": "weighted"}  # fmt: skip
OF_CHANCE = {"model": "anova", "covariates": ["x"], "interactive": ["x"], "weights": "x",
             "missing": "mean", "transform": ["log2"], "n_components": 1,
             "genotype_probabilities": True, **PROBABILITIES}  # fmt: skip

CALLS = [
    *((name, {option: value}, option, "without genotype_probabilities")
      for name in SCANS for option, value in PROBABILITIES.items()
      if (name, option) != ("joint_linkage", "cm_per_mb")),  # gives distances between calls
    ("joint_linkage", {"cm_per_mb": 300.0}, "cm_per_mb", "as every marker has a position"),
    *((name, MEAN, "missing", "with genotype_probabilities, which have no gaps")
      for name in ("scan1", "permute_scan1", "conditional_peaks")),
    ("find_peaks", {**MEAN, "threshold": 3.0}, "missing", "with genotype_probabilities"),
    ("find_peaks", {"threshold": 3.0, "alpha": 0.1}, "alpha", "without chance"),
    ("scan1", {"local_threshold": 0.01, "local_only": True, "threshold": 1e-3}, "threshold",
     "with local_only"),
    ("scan1", {"local_only": True}, "local_only", "a local_threshold with it"),
    ("scan1", {"interactive": ["x"]}, "interactive", "with model linear_cross"),
    ("scan1", {"genotype_probabilities": True, "compat": "matrixeqtl"}, "compat",
     "with genotype_probabilities"),
    ("permute_scan1", {"model": "linear_cross", "interactive": ["x"], "stop_after": 5},
     "stop_after", "with model linear_cross"),
    *(("joint_linkage", {"n_loci": 1, option: value}, option, "with n_loci 1")
      for option, value in ONE_LOCUS.items()),
    ("find_hotspots", {"fdr": 0.2}, "fdr", "without joint linkages"),
    ("find_hotspots", {"bin_bp": 3e4, "bin_cm": 5.0}, "bin_bp", "with bins in cent"),
    ("find_hotspots", {"linkages": pd.DataFrame(), "n_perm": 0, "fdr": 0.2}, "fdr",
     "without joint linkages"),
    ("find_hotspots", {"linkages": pd.DataFrame(), "n_perm": 0, "threshold": 1e-3}, "threshold",
     "without a single-locus scan"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "options", "option", "why"), CALLS)
def test_python_refuses_what_would_do_nothing(cross, name, options, option, why):
    with pytest.raises(ArgumentError, match=f"^{option}: expected .*{why}.*, found"):
        getattr(crossmap, name)(cross, **options)


@pytest.mark.parametrize(("option", "value"), OF_CHANCE.items())
def test_peaks_of_permutations_take_the_scan_from_there(cross, option, value):
    chance = crossmap.permute_scan1(cross, n_perm=19, beta=False)
    with pytest.raises(ArgumentError, match=f"^{option}: expected .* with chance, whose scan"):
        crossmap.find_peaks(cross, chance=chance, **{option: value})


@pytest.mark.filterwarnings("ignore::crossmap.errors.CrossmapWarning")
def test_a_joint_search_has_no_scan_to_threshold(cross):
    joint = crossmap.joint_linkage(cross, n_perm=1)
    with pytest.raises(ArgumentError, match=r"^threshold: expected 1e-05 without a single-locus"):
        crossmap.find_hotspots(cross, joint, threshold=1e-3)


@pytest.mark.parametrize("name", ["scan1", "joint_linkage", "find_hotspots"])
def test_a_local_window_needs_genes_with_places(placeless, name):
    with pytest.raises(ArgumentError, match=r"^local_window_bp: expected 10000 where no trait has"):
        getattr(crossmap, name)(placeless, local_window_bp=5e4)


@pytest.mark.parametrize("unknown", ["chr", "start_bp"])
def test_half_a_place_is_none(cross, unknown):
    half = replace(cross, trait_table=cross.trait_table.assign(**{unknown: None}))
    with pytest.raises(ArgumentError, match=r"^local_window_bp: expected 10000 where no trait has"):
        crossmap.scan1(half, local_window_bp=5e4)


@pytest.mark.parametrize("name", ["scan1", "joint_linkage"])
def test_a_local_window_needs_base_pairs(cross, name):
    in_cm = replace(cross, markers=cross.markers.assign(pos_bp=np.nan))
    with pytest.raises(ArgumentError, match=r"^local_window_bp: expected 10000 where the map is"):
        getattr(crossmap, name)(in_cm, local_window_bp=5e4)


def test_bins_in_base_pairs_need_a_map_in_them(cross):
    in_cm = replace(cross, markers=cross.markers.assign(pos_bp=np.nan))
    with pytest.raises(ArgumentError, match=r"^bin_bp: expected 20000 with bins in centi"):
        crossmap.find_hotspots(in_cm, bin_bp=5e4)


@pytest.mark.filterwarnings("ignore::crossmap.errors.CrossmapWarning")
def test_widths_of_intervals_in_base_pairs_need_a_map_in_them(cross):
    in_cm = replace(cross, markers=cross.markers.assign(pos_bp=np.nan))
    joint = crossmap.joint_linkage(in_cm, n_perm=1)
    why = "where the map has no base pairs"
    with pytest.raises(ArgumentError, match=f"^wide_bp: expected 100000 {why}, found 7000"):
        crossmap.genetic_architecture(in_cm, joint, wide_bp=7000.0)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"covariate_r2": 0.3}, "without covariate_share"),
        ({"n_factors": 3}, "without correlated_share"),
        ({"pair_distance_cm": (5.0, 20.0), "n_loci_shares": (0.5, 0.5)}, "where no trait has two"),
    ],
)
def test_traits_to_simulate(options, why):
    with pytest.raises(ArgumentError, match=f"^{next(iter(options))}: expected .* {why}"):
        TraitModel(**options)


COMMANDS = [
    (("scan2", "--surface-permutations", "10"), "--surface-permutations: expected none without"),
    (("scan2", "--upper", "full"), "--upper: expected none without --trait"),
    (("scan2", "--lower", "add"), "--lower: expected none without --trait"),
    (("scan2", "--all-traits"), "--all-traits: expected none without --trait"),
    (("scan2", "--step", "1"), "--step: expected 0 without --genotype-probabilities"),
    (("scan1", "--genotype-probabilities", "--missing", "mean"), "--missing: expected drop with"),
    (("scan1", "--local-threshold", "0.1", "--local-only", "--threshold", "0.01"),
     "--threshold: expected 1e-05 with --local-only"),
    (("permute", "--genotype-probabilities", "--missing", "mean"), "missing: expected drop with"),
    (("permute", "--loci", "2", "--error-prob", "0.01"), "--error-prob: expected 0.0001 without"),
    (("permute", "--local-window-bp", "1e5", "--drop", "2"),
     "--local-window-bp: expected without --drop, found with --drop, for peaks"),
    (("joint", "--loci", "1", "--other-chromosome"), "--other-chromosome: expected none with"),
    (("joint", "--as-published", "--variance", "cell"), "cannot both be had"),
    (("compare", "--as-published", "--min-cell", "5"), "--as-published and --min-cell 5 cannot"),
    (("hotspots", "--fdr", "0.2"), "--fdr: expected 0.1 without joint linkages"),
    (("hotspots", "--joint", "--cm-per-mb", "300"), "--cm-per-mb: expected none without --g"),
    (("hotspots", "--bin-bp", "30000", "--bin-cm", "5"), "expected 20000 with "),
    (("hotspots", "--joint", "--threshold", "0.001"), "threshold: expected 1e-05 without"),
    (("check", "--cm-per-mb", "300"), "--cm-per-mb: expected none, as every marker"),
    (("fill", "--cm-per-mb", "300"), "--cm-per-mb: expected none, as every marker"),
    (("fit", "--trait", "g0001", "--locus", "m", "--step", "2"), "step: expected 0 without"),
    (("convert", "--from", "matrixeqtl"), "--from: expected with tables, found with CROSS"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "said"), COMMANDS)
def test_commands_refuse_with_status_2_and_write_nothing(cli, folder, tmp_path, arguments, said):
    verb, *options = arguments
    done = cli(verb, folder, *options, "--out", tmp_path / "out")
    assert done.status == 2, done.err
    assert said in done.err
    assert not (tmp_path / "out").exists()


@pytest.fixture(scope="module")
def folder(cross, tmp_path_factory):
    place = tmp_path_factory.mktemp("crosses") / "small"
    place.mkdir()
    write_rqtl2(cross, place)
    return place


NAMED = [
    (("fill", "--lenient", "--cm-per-mb", "3"), "--cm-per-mb: expected none, as every marker"),
    (("scan1", "--local-only"), "--local-only: expected a --local-threshold with it"),
    (("scan1", "--threshold", "2"), "--threshold: expected a number"),
    (("joint", "--permutations", "0"), "--permutations: expected a whole number"),
    (("permute", "--alpha", "0.0001", "--permutations", "20"), "--permutations: expected"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "said"), NAMED)
def test_the_command_line_names_options_and_python_arguments(
    cli, folder, tmp_path, arguments, said
):
    verb, *options = arguments
    done = cli(verb, folder, *options, "--out", tmp_path / "out")
    assert done.status == 2
    assert f"error: {said}" in done.err


def test_only_names_of_arguments_become_options():
    command = import_module("crossmap.cli.scan1").command
    said = "traits 'local_only', a/local_only.tsv, local_only.tsv, threshold and pos_bp"
    assert in_options(said, command, of_argument=True) == said
    assert in_options("threshold: expected codes", command) == "threshold: expected codes"
    named = in_options("codes= says it, force=True permits it, missing=mean is none", command)
    assert named == "--codes says it, --force permits it, missing=mean is none"


def test_a_switch_is_named_or_not_on_the_command_line(cli, small, tmp_path):
    options = ("--loci", "1", "--other-chromosome", "--out", tmp_path / "out")
    done = cli("joint", small, *options)
    why = "with --loci 1: there is no locus before"
    said = f"crossmap: error: --other-chromosome: expected none {why}, found it"
    assert (done.status, done.err.splitlines()[-1]) == (2, said)
