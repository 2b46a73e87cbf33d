"""What the columns of all written tables mean: the one source of every command's help.

Names stand for a pattern: ``{l}`` is the number of a locus, any other word in braces whatever the
cross puts there (a genotype, a condition). A name in base pairs stands for that in centimorgans
too: tables have the columns of the units that the map has.
"""

from collections.abc import Mapping
from types import MappingProxyType

from crossmap.genome import WITHIN_CM
from crossmap.report.column_words import (
    CURVES,
    EFFECT,
    FIT,
    GENES,
    LINKAGE,
    LOCI,
    MARKER,
    NOMINAL,
    PAIR,
    PEAK,
    SIZE,
    THRESHOLD,
    TRAIT,
    UNITS,
    Columns,
)

JOINT: Columns = {
    "joint, called": {
        **TRAIT,
        "locus{l}, chr{l}, start{l}_bp, end{l}_bp": "the l-th locus: its first marker, and the "
        "first and last position of the markers that no sample tells apart",
        "f{l}": "F statistic of the l-th locus, given those before",
        "prob{l}": "probability that the l-th locus is linked, given that those before are",
        "pair_r2": "squared genotype correlation of the loci; near 1, one may be named twice",
        "joint_prob": "probability that all loci are linked, the product of prob{l}",
        "q_value": "smallest joint false discovery rate at which the trait is called",
        "local": "number of the first locus at the trait's own gene, 0 if none",
        "n": "samples that the trait was searched on; only where traits lack values",
    },
    "called": {
        "lo{l}_bp, hi{l}_bp": "95% Bayes interval of the l-th locus, given the others",
        "near{l}": f"probability that the l-th locus, if linked, lies within {WITHIN_CM:g} cM of "
        "the place named; NA without centimorgans in the map (see --cm-per-mb)",
        "located_prob": "probability that all loci are linked and so near: joint_prob times every "
        "near",
        "located_q": "smallest share of claims false or misplaced at which the trait is called",
    },
    "shared": {"n_traits": "how many share the pair of places", **PAIR},
    **LOCI,
    "densities": {
        "stage": "which locus",
        "statistic, low, high": "F or -log10 p, and the edges of the bin",
        "n_observed, n_null": "traits, and permutations of traits",
        "density_observed, density_null, density_alternative": "per unit of natural log; of linked "
        "loci what is left without the null",
        "probability": "that a locus with such a statistic is linked",
    },
    "rules": {
        "rule": "floor (every locus so probable) or unknown_number (of loci)",
        "threshold": "least probability",
        "n_called, fdr": "traits called, and their false discovery rate",
    },
    "n_linked_loci": {"trait, n_loci": "loci to name"},
    "curves": CURVES,
    "called_data": {
        "trait, sample, value": "as measured",
        "residual": "what covariates leave of it, where there are any",
        "genotype{l}": "at the l-th locus",
    },
    "convergence": {
        "n_perm, subset": "permutations, and which of the sets of so many",
        "n_called": "traits",
    },
}

SCAN1: Columns = {
    "linkages, peaks": {
        **TRAIT,
        **MARKER,
        "n, df": "samples, and residual degrees of freedom",
        "df1": "degrees of freedom of F, where tests have several",
        "beta, se": "effect of the genotype as coded, and its standard error",
        "statistic": "t; F where there is no beta",
        **SIZE,
        **NOMINAL,
        "fdr": "Benjamini-Hochberg false discovery rate (q-value) over all tests made",
        "local": "whether the marker is near the trait's own gene; NA without a place of the gene",
    },
    "peaks": {"n_linkages": "tests past the threshold on the chromosome"},
    "best_by_trait, best_by_marker": {
        "trait, marker": "the pair",
        "p_value, neglog10_p": "smallest, past the threshold or not",
    },
    "histogram": {
        "low, high": "edges of the bin: low < p <= high",
        "n": "tests in it",
        "n_local, n_distant": "with --local-threshold: the local ones, and the others",
    },
}
ASSOCIATE: Columns = {
    "associations": {
        "trait, predictor": "the pair",
        "n, df": "samples, and residual degrees of freedom",
        "df1": "degrees of freedom of F, where tests have several",
        "beta, se": "effect of one unit of the predictor, and its standard error",
        "statistic": "t; F where there is no beta",
        **SIZE,
        **NOMINAL,
        "fdr": "Benjamini-Hochberg false discovery rate (q-value) over all tests made",
    },
    "best_by_trait, best_by_predictor": {
        "trait, predictor": "the pair",
        "p_value, neglog10_p": "smallest, past the threshold or not",
    },
    "histogram": {"low, high": "edges of the bin: low < p <= high", "n": "tests in it"},
}
PERMUTE: Columns = {
    "traits": {
        **TRAIT,
        **MARKER,
        "region": "with X apart: where the p-value is smaller, A (autosomes) or X",
        "n_markers": "with --local-window-bp: markers tested",
        "n, df1, df2": "samples and degrees of freedom of the best marker's test",
        **SIZE,
        **NOMINAL,
        "n_perm, n_reached": "permutations, and those whose best marker was as good",
        "p_adjusted": "genome-wide (with --local-window-bp: over the gene's markers), by "
        "permutation",
        "q_value": "false discovery rate over traits, of p_adjusted",
        "p_pooled": "against the permutations of all traits together",
        "p_beta, q_beta": "p_adjusted by the beta approximation, and Storey's q-value of it",
        "beta_shape1, beta_shape2, beta_df": "the approximation",
        "beta_distance, beta_fits": "how far it is from the permutations, and whether it fits",
    },
    "thresholds": {**TRAIT, "alpha": "genome-wide error rate", **THRESHOLD},
    "pooled_thresholds": {
        "threshold": "of each trait, or of all traits together",
        "alpha": "error rate",
        "n": "samples",
        **THRESHOLD,
    },
    "fdr_thresholds": {
        **TRAIT,
        "region": "with X apart: A or X",
        "fdr": "over traits, as asked for",
        "p_beta": "half way between the last trait called and the first that is not",
        "r2, lod, p_value, neglog10_p": "that p_beta, of this trait's markers",
    },
    "peaks": PEAK,
    "conditional": {
        **TRAIT,
        "rank": "first locus, second given the first, ...",
        **MARKER,
        "n, df1, df2": "samples and degrees of freedom",
        **SIZE,
        **NOMINAL,
        "n_perm": "permutations, within the genotypes of the loci before",
        "p_adjusted": "genome-wide, given those before",
        "q_value": "false discovery rate over traits with a locus of this rank",
        "pair_r2": "largest squared genotype correlation with those before",
        "lod_dropped": "LOD of the locus given all others of the trait",
    },
}
ENVIRONMENT: Columns = {
    "linkages": {
        **TRAIT,
        **MARKER,
        "found_by": "scan: common (one effect in all conditions), interaction, or both",
        "p_common, p_interaction": "genome-wide, of the trait",
        "p_marker, q_marker": "interaction at this marker alone; false discovery rate over rows",
        "pattern": "shared, different, specific or opposite effects in the conditions",
        "n_{condition}, beta_{condition}, se_{condition}, p_{condition}": "samples, effect per "
        "allele, its standard error and p-value in each condition",
    },
    "thresholds": {
        "scan": "common or interaction",
        **TRAIT,
        "alpha": "genome-wide error rate",
        **THRESHOLD,
    },
    "counts": {
        "pattern, found_by": "as in linkages",
        "n_linkages, n_traits": "how many",
    },
}
SCAN2: Columns = {
    "pairs, chromosome_pairs": {
        **TRAIT,
        "test": "linkage (full model against the mean) or epistasis (against the additive model)",
        "locus{l}, chr{l}, start{l}_bp, end{l}_bp": "the two loci",
        "n": "samples",
        "f, df1, df2, lod": "F statistic, its degrees of freedom, and LOD",
        "neglog10_p_nominal": "-log10 of the p-value of F, as if no other pair had been tested",
    },
    "pairs": {
        "p_value": "against the best pairs of the permutations of all traits",
        "q_value": "false discovery rate",
    },
    **LOCI,
    "surface_summary": {
        **TRAIT,
        "chr1, chr2": "the chromosomes",
        "locus1f, pos1f_bp, locus2f, pos2f_bp": "where the full LOD is largest",
        "lod_full, lod_fv1": "full model against the mean, against the best single locus",
        "lod_int": "interaction: largest full less largest additive LOD",
        "lod_int_f": "interaction where the full LOD is largest",
        "locus1a, pos1a_bp, locus2a, pos2a_bp": "where the additive LOD is largest",
        "lod_add, lod_av1": "additive model against the mean, against the best single locus",
        "p_full, p_fv1, p_int, p_add, p_av1": "genome-wide, by permutation",
        "called": "LODs above their threshold",
    },
    "surface_null, surface_thresholds": {
        **TRAIT,
        "lod_full, lod_fv1, lod_int, lod_add, lod_av1, lod_one": "largest anywhere, of pairs and "
        "of single loci; or the threshold",
    },
    "surface_null": {"permutation": "number"},
    "surface_thresholds": {"n_perm": "permutations", "alpha": "genome-wide error rate"},
    "surface_NAME": {
        "locus{l}, chr{l}, pos{l}_bp": "the two loci",
        "lod_full, lod_fv1, lod_int, lod_add, lod_av1": "as in surface_summary",
    },
}
COMPARE: Columns = {
    "called_by_fdr": {
        "fdr": "nominal false discovery rate",
        "sequential, exhaustive": "traits with a linked pair, by search",
        "sequential_epistasis, exhaustive_epistasis": "with an interacting pair",
        "joint_additive, top_two, top_two_pi0_1, naive_two_stage": "with two linked loci: joint "
        "linkage of additive models; the two best peaks of one scan (pi0 estimated, and taken "
        "as 1); a scan after a scan, which is biased",
    },
    "called_by_p_value": {
        "search": "sequential or exhaustive",
        "p_value": "largest p-value of a call",
        "n_called": "traits",
    },
    "pairs": {
        **TRAIT,
        "{search}_locus{l}, {search}_chr{l}, {search}_start{l}_bp, {search}_end{l}_bp": "pair of "
        "the sequential or exhaustive search",
        "{search}_f, {search}_p_value, {search}_q_value": "of its linkage",
        "{search}_epistasis_p_value": "of the best interaction",
        "same_pair": "whether both searches name one pair",
        "top_two_p_value, top_two_q_value": "of the lower of the two best peaks",
        "joint_additive_prob": "probability that both loci of additive models are linked",
    },
}
EXPLAIN: Columns = {
    "steps": {
        "stage": "1, or 2 given the first locus",
        "marker, locus, chr, pos_bp": "marker asked for, the locus it belongs to, its place",
        "rss_before, rss_after": "residual sum of squares without and with the locus",
        "df1, df2, f, lod": "degrees of freedom, F and LOD",
        "p_f, neglog10_p_f": "of F, as if the locus had been named beforehand; and -log10 of it",
        "statistic": "what loci and permutations are compared by",
        "n_perm": "permutations",
        "p_adjusted": "genome-wide, by permutation",
        "f_threshold, lod_threshold": "exceeded by 5% of the permutations",
        "best_locus, best_f, best_neglog10_p_f, best_lod": "of the search at this step",
    },
    "null": {
        "stage, permutation": "step, and number",
        "f, neglog10_p_f": "of its best locus",
    },
    "curves": CURVES,
    **FIT,
}
HOTSPOTS: Columns = {
    "hotspots": {
        "chr, start_bp, end_bp": "the bin",
        "n_traits, n_loci": "distinct traits linked there, and loci they are linked to",
        "expected": "traits if linkages were scattered evenly",
        "threshold": "smallest significant number: the larger of the next two",
        "threshold_uniform, threshold_permutation": "of even scatter, and of permutations",
        "p_value, q_value": "of the bin, and its false discovery rate",
        "significant": "whether it reaches the threshold",
        "p_adjusted": "genome-wide: permutations whose best bin has as many",
    },
    "regions": {
        "hotspot": "number",
        "chr, start_bp, end_bp, n_bins": "neighbouring significant bins",
        "n_traits, n_loci": "distinct, in all of them",
        "peak_start_bp, peak_end_bp, peak_n_traits": "the bin with the most traits",
    },
    "members": {"hotspot": "number", **TRAIT, **LINKAGE},
    "genes": {
        "hotspot": "number",
        "gene, chr, start_bp, end_bp": "a gene in it",
        "candidate, neglog10_p": "whether it has a local linkage of its own, and how strong",
    },
    "components": {
        "hotspot": "number",
        "chr, n_traits": "its chromosome and traits",
        "share": "of the traits' variance in their first principal component",
        "lod, locus": "of the component at its best locus (chosen traits: too large)",
        "start_bp, end_bp, width_bp": "its support interval",
        "median_width_bp": "of the traits' own intervals",
        "n_genes, median_n_genes": "genes in these intervals",
        "in_hotspot": "whether the interval touches the hot spot",
    },
    "permutations": {
        "permutation": "number",
        "n_traits": "in its best bin",
    },
    "units": UNITS,
    "enrichment": GENES,
}
ARCHITECTURE: Columns = {
    "linkages, single_linkages": {**TRAIT, **LINKAGE},
    "units": {"source": "joint or single-locus linkage", **UNITS},
    "windows": {
        "window_bp": "largest gap between locus and gene",
        "n_local, n_placed, share": "linkages so near, of genes with a place, and their ratio",
        "n_expected, n_excess": "so near by chance, and more than that",
        "source": "joint or single-locus linkage",
    },
    "local_tests": {
        **TRAIT,
        "locus, r2": "best locus at the gene, and its share of the variance",
        "n_tests": "loci at the gene",
        "p_value, p_adjusted": "nominal, and for so many tests (Sidak)",
        "q_value": "false discovery rate over traits",
    },
    "effects, single_effects": {**TRAIT, **EFFECT},
    "pairs": {
        **TRAIT,
        "locus1, locus2": "its first two loci",
        "mean_{ab}, n_{ab}": "mean and samples of genotype a at locus 1 and b at locus 2 (1 is the "
        "first named by the cross)",
        "interaction, se, p_value": "difference of the effects of locus 1 between the genotypes of "
        "locus 2, its standard error and test",
        "r2_both, r2_interaction": "shares of variance of all means, and of the interaction",
        "sign_epistasis, p_sign": "whether a locus has opposite effects, and the p-value that not",
    },
    "pair_bins_NAME, shared": {"n_traits": "how many share the pair of places", **PAIR},
    "chance": {
        "null": "uniform (loci anywhere) or shuffled (second loci dealt out anew)",
        "mean, lo, hi": "pairs of bins shared by chance, and 95% of the draws",
        "p_value": "of as many as were found",
        "bin_bp, n_shared": "length of a bin, and pairs of bins shared",
    },
    "colocalised": {
        "trait1, trait2": "two traits whose support intervals overlap",
        "n_shared, chr, start_bp, end_bp": "places where they do, and the first of them",
        "same_direction": "places where one genotype raises both",
        "r_trait, r_genetic, r_residual": "correlation of the traits, of what their loci explain, "
        "and of the rest",
    },
    "power": {
        "variance_share": "of a locus",
        "n_samples, threshold": "of this cross, and the nominal p-value to pass",
        "power, n_needed": "probability to pass it, and samples for a probability of 80%",
    },
    "pair_power": {
        "variance_share1, variance_share2, interaction_share": "of the loci and the interaction",
        "power_first, power_both, se_both": "of finding the first, both, and simulation error",
    },
    "bound": {
        "n_loci, power": "loci of equal size, and the power to find one",
        "expected_traits, observed_traits": "with a linkage",
        "expected_linkages, observed_linkages": "in all",
        "excluded": "whether far fewer traits have a linkage than so many loci would give",
    },
    "heritability": {
        **TRAIT,
        "h2, h2_lo, h2_hi": "genetic share of the variance, and its 95% interval",
        "v_total, v_env": "variance of the samples, and within parents or lines",
        "df_total, df_env": "degrees of freedom",
        "p_value, q_value": "of no genetic variance, and its false discovery rate",
    },
    "inheritance": {
        **TRAIT,
        "mean_parent1, mean_parent2, mean_samples, sd_parents": "means, and pooled deviation",
        "n_between, n_beyond": "samples between the parents, and more than 2 sd beyond",
        "p_directional, q_directional": "more between the parents than chance gives",
        "p_transgressive, q_transgressive": "more beyond them",
        "p_interaction, q_interaction": "mean of the samples off that of the parents",
    },
    "modes": {
        "mode": "directional, transgressive or interaction",
        "n_tested, n_called, share": "traits",
        "share_estimated": "1 - pi0, called or not",
    },
    "enrichment, locus_enrichment": GENES,
}
CHECK: Columns = {
    "markers": {
        **MARKER,
        "n_missing, n_dominant": "missing calls, and the dominant among them",
        "is_constant, is_flipped": "without variation; alleles seem exchanged",
        "n_double_crossovers, expected_double_crossovers": "calls unlike both neighbours; by map",
        "n_unlikely": "calls that hardly fit",
    },
    "loci": {
        "marker, chr": "first marker of the locus",
        "n_markers, n_runs": "markers, and stretches of neighbours they come in",
        "n_{genotype}": "samples of each genotype",
        "n_dominant": "dominant calls",
        "p_segregation": "of the ratio that the cross type lets expect",
    },
    "samples": {
        "sample": "name",
        "n_missing, n_dominant": "missing calls, and the dominant among them",
        "n_crossovers, expected_crossovers": "fewest that explain the calls; by the map",
        "n_double_crossovers, expected_double_crossovers": "calls unlike both neighbours; by map",
        "n_unlikely": "calls that hardly fit",
    },
    "pairs": {
        "sample1, sample2": "a sample and the one most like it",
        "n_compared, share": "markers called in both, and how many of them agree",
        "p_chance": "that any two of unrelated samples agree so much",
        "p_identical": "that two agree in every marker: near 1 the map cannot tell samples apart",
    },
    "traits": {
        **TRAIT,
        "n_missing, is_constant": "missing values; without variation",
        "has_place, on_map": "whether its gene has a place, on a chromosome with markers",
    },
    "chromosomes": {
        "chr": "name",
        "length_cm, estimated_cm": "of the map, and of that which the calls make",
        "z": "their difference in standard errors",
    },
    "unlikely_calls": {
        "marker, chr, sample, genotype": "the call",
        "error_lod": "log10 of the odds that it is wrong",
    },
    "contradicting_calls": {
        "marker1, marker2, chr, sample, genotype1, genotype2": "the two calls",
        "error_lod": "log10 of the odds that one is wrong",
        "prob_wrong1, prob_wrong2": "which",
    },
}
SCORE: Columns = {
    "score": {
        "nominal_fdr": "false discovery rate that the claims name",
        "n_claims, n_true, n_findable": "claims, true ones, and traits that could be found",
        "fdr, fdr_se": "realised, and its binomial standard error",
        "fdr_linked": "the same if the right chromosome is enough",
        "power": "share of what could be found that was",
        "median_error_cm": "distance of true claims from their locus",
        "within_cm": "how near a true claim must be",
        "locus_fdr{l}": "realised, of the l-th locus",
    },
    "distances": {
        "trait, locus": "a claim at the highest rate, and which of its loci",
        "error_cm": "from the true locus on its chromosome that no other claim has taken",
    },
    "reliability": {
        "decile, n": "tenth of the joint probability, and its traits",
        "joint_prob": "mean",
        "share_true, se": "of them, and its standard error",
    },
}

OF_COMMAND: Mapping[str, Columns] = MappingProxyType(
    {
        "joint": JOINT,
        "scan1": SCAN1,
        "associate": ASSOCIATE,
        "permute": PERMUTE,
        "environment": ENVIRONMENT,
        "scan2": SCAN2,
        "compare": COMPARE,
        "fit": FIT,
        "explain": EXPLAIN,
        "hotspots": HOTSPOTS,
        "architecture": ARCHITECTURE,
        "check": CHECK,
        "score": SCORE,
    }
)
