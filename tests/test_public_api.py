"""The public names, and the shape of their signatures."""

import inspect

import pytest

import crossmap

NAMES = [
    "ArgumentError",
    "Cross",
    "CrossmapError",
    "CrossmapWarning",
    "DataError",
    "Execution",
    "OutputError",
    "__version__",
    "associate",
    "check_cross",
    "classify_linkages",
    "colocalised",
    "compare_searches",
    "condition_linkages",
    "conditional_peaks",
    "detection_bound",
    "draw_genotypes",
    "effects",
    "enrich",
    "error_lods",
    "estimate_map",
    "explain",
    "fill",
    "find_hotspots",
    "find_peaks",
    "fit",
    "gene_action",
    "genetic_architecture",
    "genotype_probabilities",
    "heritability",
    "inheritance",
    "joint_linkage",
    "linkage_table",
    "local_linkage",
    "locate_loci",
    "make_cross",
    "pair_power",
    "pairwise_bins",
    "permute_scan1",
    "plan",
    "power",
    "read_cross",
    "read_gmt",
    "read_matrixeqtl",
    "read_plain",
    "read_results",
    "recombination_fractions",
    "save_architecture",
    "save_associations",
    "save_check",
    "save_comparison",
    "save_conditions",
    "save_explanation",
    "save_fit",
    "save_hotspots",
    "save_joint",
    "save_permutations",
    "save_scan1",
    "save_scan2",
    "save_surface",
    "scan1",
    "scan2",
    "score",
    "simulate_cross",
    "simulate_scenario",
    "single_locus_table",
    "tensorqtl_permutations",
    "to_layout",
    "trait_surface",
    "viterbi_genotypes",
    "window_of_chance",
    "write_rqtl2",
    "write_simulation",
]
FUNCTIONS = [name for name in NAMES if name.islower() and name != "__version__"]


def test_the_names_are_these_and_each_resolves():
    assert crossmap.__all__ == NAMES
    assert dir(crossmap) == NAMES
    for name in NAMES:
        assert getattr(crossmap, name) is not None


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'crossmap' has no attribute 'scan99'"):
        _ = crossmap.scan99


# All that may be given by position; whatever else there is must be named.
DATA = {
    "save_associations": ["scan", "cross", "out"],
    "save_surface": ["surface", "cross", "out"],
    "save_scan2": ["pairs", "cross", "out"],
    "save_fit": ["fit", "cross", "out"],
    "save_explanation": ["found", "cross", "out"],
    "save_comparison": ["versus", "cross", "out"],
    "save_check": ["check", "out"],
    "associate": ["traits", "predictors"],
    "classify_linkages": ["cross", "linkages"],
    "compare_searches": ["cross"],
    "colocalised": ["cross", "linkages", "others"],
    "effects": ["cross", "linkages"],
    "detection_bound": ["h2", "n_detected"],
    "gene_action": ["cross", "linkages"],
    "linkage_table": ["joint", "cross"],
    "locate_loci": ["joint", "cross"],
    "local_linkage": ["cross"],
    "single_locus_table": ["cross"],
    "window_of_chance": ["cross"],
    "enrich": ["groups", "gene_sets"],
    "pairwise_bins": ["cross", "linkages"],
    "read_gmt": ["path"],
    "heritability": ["cross"],
    "inheritance": ["cross"],
    "pair_power": ["joint"],
    "power": ["cross"],
    "explain": ["cross", "trait", "locus1", "locus2"],
    "find_hotspots": ["cross", "linkages"],
    "draw_genotypes": ["cross"],
    "error_lods": ["cross"],
    "estimate_map": ["cross"],
    "fill": ["cross"],
    "genotype_probabilities": ["cross"],
    "recombination_fractions": ["cross"],
    "viterbi_genotypes": ["cross"],
    "conditional_peaks": ["cross"],
    "read_results": ["path"],
    "to_layout": ["table", "layout"],
    "condition_linkages": ["cross"],
    "plan": ["cross", "verb"],
    "find_peaks": ["cross"],
    "fit": ["cross", "trait", "loci"],
    "joint_linkage": ["cross"],
    "make_cross": [],
    "permute_scan1": ["cross"],
    "check_cross": ["cross"],
    "read_cross": ["path"],
    "read_matrixeqtl": ["genotypes"],
    "read_plain": [],
    "write_rqtl2": ["cross", "folder"],
    "write_simulation": ["simulated", "folder"],
    "genetic_architecture": ["cross", "joint"],
    "save_architecture": ["found", "cross", "out"],
    "save_conditions": ["found", "cross", "out"],
    "save_hotspots": ["hotspots", "cross", "out"],
    "save_joint": ["joint", "cross", "out"],
    "save_permutations": ["chance", "cross", "out"],
    "save_scan1": ["scan", "cross", "out"],
    "scan1": ["cross"],
    "scan2": ["cross"],
    "score": ["results", "truth"],
    "simulate_cross": [],
    "simulate_scenario": ["name"],
    "tensorqtl_permutations": ["chance", "cross"],
    "trait_surface": ["cross", "trait"],
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_data_are_positional_and_options_are_keywords(name):
    parameters = inspect.signature(getattr(crossmap, name)).parameters.values()
    assert [p.name for p in parameters if p.kind is not p.KEYWORD_ONLY] == DATA[name]


def test_errors_say_what_to_do_by_their_kind():
    statuses = {kind: getattr(crossmap, kind).exit_status for kind in NAMES if "Error" in kind}
    assert statuses == {
        "ArgumentError": 2, "CrossmapError": 1, "DataError": 3, "OutputError": 1,
    }  # fmt: skip
    assert issubclass(crossmap.DataError, ValueError)
    assert issubclass(crossmap.ArgumentError, ValueError)
    assert issubclass(crossmap.CrossmapWarning, UserWarning)


def test_the_version_is_that_of_the_distribution():
    from importlib.metadata import version

    assert crossmap.__version__ == version("crossmap-qtl")
