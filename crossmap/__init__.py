"""Map the loci behind thousands of traits in experimental crosses, and know how sure you are.

The public names, and nothing else; each loads its module when first used.
"""

from importlib import import_module

__version__ = "0.1.0"

_HOME = {
    "ArgumentError": "crossmap.errors",
    "Cross": "crossmap.cross",
    "CrossmapError": "crossmap.errors",
    "CrossmapWarning": "crossmap.errors",
    "DataError": "crossmap.errors",
    "Execution": "crossmap.execution",
    "OutputError": "crossmap.errors",
    "associate": "crossmap.pipeline.associate",
    "classify_linkages": "crossmap.architecture.local",
    "explain": "crossmap.architecture.explain",
    "find_hotspots": "crossmap.architecture.hotspots",
    "draw_genotypes": "crossmap.genotypes.hmm",
    "error_lods": "crossmap.genotypes.hmm",
    "estimate_map": "crossmap.genotypes.map_estimation",
    "fill": "crossmap.genotypes.fill",
    "genotype_probabilities": "crossmap.genotypes.hmm",
    "recombination_fractions": "crossmap.genotypes.map_estimation",
    "viterbi_genotypes": "crossmap.genotypes.hmm",
    "colocalised": "crossmap.architecture.shared_loci",
    "enrich": "crossmap.architecture.gene_sets",
    "pairwise_bins": "crossmap.architecture.pair_bins",
    "read_gmt": "crossmap.io.gmt",
    "detection_bound": "crossmap.architecture.power",
    "gene_action": "crossmap.architecture.inheritance",
    "linkage_table": "crossmap.architecture.linkage_table",
    "local_linkage": "crossmap.architecture.local",
    "locate_loci": "crossmap.architecture.located",
    "single_locus_table": "crossmap.architecture.linkage_table",
    "condition_linkages": "crossmap.pipeline.conditions",
    "conditional_peaks": "crossmap.pipeline.conditional",
    "window_of_chance": "crossmap.architecture.local",
    "effects": "crossmap.architecture.effects",
    "find_peaks": "crossmap.pipeline.peaks",
    "fit": "crossmap.architecture.fit",
    "heritability": "crossmap.architecture.heritability",
    "inheritance": "crossmap.architecture.inheritance",
    "pair_power": "crossmap.architecture.power",
    "power": "crossmap.architecture.power",
    "compare_searches": "crossmap.compare",
    "joint_linkage": "crossmap.pipeline.joint",
    "scan2": "crossmap.pipeline.scan2",
    "score": "crossmap.scoring",
    "make_cross": "crossmap.cross",
    "permute_scan1": "crossmap.pipeline.permute",
    "read_results": "crossmap.io.layouts",
    "to_layout": "crossmap.io.layouts",
    "plan": "crossmap.pipeline.plan",
    "check_cross": "crossmap.report.check",
    "read_cross": "crossmap.io.read",
    "read_matrixeqtl": "crossmap.io.matrixeqtl",
    "read_plain": "crossmap.io.plain",
    "write_rqtl2": "crossmap.io.rqtl2",
    "write_simulation": "crossmap.simulate",
    "genetic_architecture": "crossmap.architecture.overview",
    "save_associations": "crossmap.report.associate",
    "save_architecture": "crossmap.report.architecture",
    "save_conditions": "crossmap.report.conditions",
    "save_check": "crossmap.report.check",
    "save_comparison": "crossmap.report.compare",
    "save_explanation": "crossmap.report.explain",
    "save_fit": "crossmap.report.fit",
    "save_scan2": "crossmap.report.scan2",
    "save_surface": "crossmap.report.scan2",
    "save_hotspots": "crossmap.report.hotspots",
    "save_joint": "crossmap.report.joint",
    "save_permutations": "crossmap.report.permute",
    "save_scan1": "crossmap.report.scan1",
    "scan1": "crossmap.pipeline.scan1",
    "simulate_cross": "crossmap.simulate",
    "simulate_scenario": "crossmap.scenarios",
    "tensorqtl_permutations": "crossmap.significance.tensorqtl_table",
    "trait_surface": "crossmap.linkage.surface",
}

__all__ = sorted([*_HOME, "__version__"])


def __getattr__(name: str) -> object:
    if name not in _HOME:
        msg = f"module 'crossmap' has no attribute {name!r}"
        raise AttributeError(msg)
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return list(__all__)
