"""Words for columns that several tables have; `crossmap.report.columns` says which."""

from collections.abc import Mapping

Columns = Mapping[str, Mapping[str, str]]
"""Tables, joined by commas -> columns, joined by commas -> what they hold."""

TRAIT = {"trait": "name"}
MARKER = {"marker, chr, pos_bp": "the marker and its place"}
LOCUS = {"locus, chr, start_bp, end_bp": "the locus: its first marker, and its ends"}
PAIR = {
    "chr{l}, start{l}_bp, end{l}_bp": "the two places",
    "traits": "names, joined by commas",
}
NOMINAL = {"p_value, neglog10_p": "nominal, as if there were no other test; and -log10 of it"}
SIZE = {
    "r2": "share of the variance left by the null model that the locus explains",
    "lod": "log10 of the likelihood ratio with and without the locus",
}
TEST = {"n": "samples", **SIZE, **NOMINAL}
UNITS = {
    "class": "all, local, distant, or unplaced (of a gene without a place), by the window",
    "n_traits, n_loci, n_linkages": "distinct traits and loci, and pairs of both",
    "variance, variance_mean": "sum over linkages of shares of the trait's variance, and per "
    "linkage",
}
LINKAGE = {
    "number": "which of the trait's loci",
    **LOCUS,
    "r2": "share of the trait's variance that the locus adds to those before",
    "neglog10_p": "-log10 of the nominal p-value, given those before",
    "lo_bp, hi_bp": "ends of the support interval",
    "gene_chr, gene_start_bp, gene_end_bp": "the trait's own gene",
    "gap_bp": "between locus and gene; NA on another chromosome",
    "by_window, by_interval": "local, distant or unplaced: within --local-window-bp of the gene; "
    "the gene in the support interval",
}
EFFECT = {
    "number": "which of the trait's loci",
    **LOCUS,
    "n": "samples",
    "effect, se": "mean with the second genotype less that with the first, other loci equal (of "
    "three genotypes half the difference of the homozygotes), and its standard error",
    "dominance, dominance_se": "of three genotypes: heterozygotes less the mean of both others",
    "r2": "share of the trait's variance that the locus adds to those before",
    "share_of_genetic": "r2 over the trait's heritability",
    "effect_corrected, r2_corrected": "freed of the selection by a threshold",
    "power": "of finding a locus of the corrected size",
}
FIT: Columns = {
    "anova": {
        "source": "Model, Error or Total",
        "df, ss, ms": "degrees of freedom, sum of squares, mean square",
        "lod": "log10 of the likelihood ratio of the model and the mean",
        "percent_var": "per cent of the trait's variance",
        "p_chi2, p_f, neglog10_p_f": "p-value of the LOD by chi-square, of F, and -log10 of that",
    },
    "drop_one": {
        "term": "left out, with all its interactions",
        "df, ss, lod, percent_var, f": "what is lost",
        "p_chi2, p_f, neglog10_p_f": "as in anova",
    },
    "effects": {
        "term, loci": "of the model, and the markers it is of",
        "estimate, se, t": "coefficient, its standard error, their ratio",
    },
    "cell_means": {
        "genotype{l}": "at the l-th locus",
        "n, mean, se": "samples, their mean and its standard error",
        "fitted": "mean of what the model says of these samples",
        "estimate, estimate_se": "what it says of samples surely of these genotypes",
    },
    "loci": {"term": "Q1, Q2, ...", "locus, chr, pos_bp": "the marker and its place"},
    "data": {
        "trait, sample, value": "as measured",
        "genotype{l}": "at the l-th locus (the most probable)",
        "fitted, residual": "by the model, and what it leaves",
    },
}
CURVES = {
    **TRAIT,
    "stage": "which locus is sought",
    "locus, chr, pos_bp": "where",
    "lod": "given the loci before; NA where the locus could not be chosen",
}
GENES = {
    "group": "traits of one hot spot, or genes of one place",
    "set": "name of the gene set",
    "n_both, n_group, n_set, n_universe": "genes in both, in the group, in the set, in all",
    "expected": "in both by chance",
    "p_value, q_value": "hypergeometric test, and its false discovery rate",
    "genes": "those in both, joined by commas",
}
LOCI: Columns = {
    "loci": {**LOCUS, "n_markers": "markers that no sample tells apart"},
}
PEAK = {
    **TRAIT,
    **MARKER,
    **TEST,
    "threshold": "LOD that it had to pass",
    "n_members, members": "markers that no sample tells from it",
    "drop_lo_bp, drop_hi_bp, drop_lo_marker, drop_hi_marker": "ends of the LOD-drop interval",
    "bayes_lo_bp, bayes_hi_bp, bayes_lo_marker, bayes_hi_marker": "ends of the Bayes interval",
}
THRESHOLD = {
    "region": "with X apart: A (autosomes) or X",
    "level": "with X apart: its share of alpha",
    "n_perm": "permutations",
    "r2, lod, p_value, neglog10_p": "a linkage is significant above these (p below)",
}
