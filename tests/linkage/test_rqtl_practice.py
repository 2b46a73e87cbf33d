"""Thresholds and intervals of R/qtl, which is run where it is installed."""

import numpy as np
import pandas as pd
import pytest
from genotyped import listeria
from peers import rqtl_yeast_sub
from scipy import stats

from crossmap import permute_scan1, read_cross, trait_surface
from crossmap.linkage.intervals import bayes_interval, lod_interval
from crossmap.linkage.null_model import null_design
from crossmap.linkage.predictors import genotype_predictors
from crossmap.linkage.profile import lod_profile
from crossmap.linkage.surface_thresholds import KINDS

N_PERM = 1000
READ = """
suppressMessages(library(qtl))
x <- read.cross("csv", "{folder}", "rqtl_yeast_sub.csv", genotypes=c("A","B"), crosstype="dh",
                estimate.map=FALSE)
x <- calc.genoprob(x, step=0, error.prob=0)
"""
INTERVALS = """
out <- scanone(x, pheno.col=1:20, method="hk")
for (k in 1:20) for (ch in names(x$geno)) {
  l <- rownames(lodint(out, ch, lodcolumn=k)); b <- rownames(bayesint(out, ch, lodcolumn=k))
  e <- rownames(lodint(out, ch, lodcolumn=k, expandtomarkers=TRUE))
  cat(k, ch, l[1], l[length(l)], b[1], b[length(b)], e[1], e[length(e)], sep="\\t")
  cat("\\n")
}
"""
THRESHOLDS = """
set.seed(1)
p <- scanone(x, pheno.col=1:20, method="hk", n.perm=1000, verbose=FALSE)
write.table(unclass(p), "", sep="\\t", row.names=FALSE)
"""
READ_F2 = """
suppressMessages(library(qtl))
x <- read.cross("csv", "{folder}", "rqtl_listeria.csv", alleles=c("C", "B"),
                genotypes=c("CC", "CB", "BB", "not BB", "not CC"), estimate.map=FALSE)
x <- calc.genoprob(subset(x, chr=c("1", "5", "13")), step=0, error.prob=0.001)
"""
PAIR_THRESHOLDS = """
set.seed(1)
p <- scantwo(x, pheno.col=1, method="hk", n.perm=2000, verbose=FALSE)
write.table(do.call(cbind, unclass(p)), "", sep="\\t", row.names=FALSE, col.names=FALSE)
"""


@pytest.fixture(scope="module")
def rqtl(shared, in_r):
    """Run R/qtl on the yeast subset: a function of commands that gives a table."""

    def run(commands, n_columns, read=READ):
        printed = in_r(read.format(folder=shared / "oracles" / "rqtl") + commands)
        cells = [line.replace('"', "").split("\t") for line in printed.splitlines()]
        return pd.DataFrame([row for row in cells if len(row) == n_columns])

    return run


def test_intervals_are_those_of_lodint_and_bayesint(rqtl, shared):
    cross = rqtl_yeast_sub(shared)
    markers = cross.markers
    names = markers["marker"].to_numpy()
    profile = lod_profile(cross.traits, genotype_predictors(cross), null_design(cross.covariates))
    table = rqtl(INTERVALS, 8)
    order = pd.read_csv(shared / "oracles" / "rqtl" / "rqtl_yeast_sub.csv", nrows=0).columns[
        :20
    ]  # R numbers the traits as the file has them
    assert len(table) == 20 * 16
    for _, (number, chromosome, *ends) in table.iterrows():
        trait = cross.trait_names.index(order[int(number) - 1])
        here = np.flatnonzero(markers["chr"] == chromosome)
        lod = profile.lod[trait, here]
        drop = lod_interval(lod)
        bayes = bayes_interval(lod, markers["pos_cm"].to_numpy()[here])
        ends = [end.strip() for end in ends]  # R marks a name that stands twice
        found = [names[here[i]] for i in (drop.low, drop.high, bayes.low, bayes.high)]
        assert found == ends[:4], (number, chromosome)
        assert found[:2] == ends[4:]


def quantile_error(values, alpha):
    """Standard error of a quantile of LOD maxima, from the density around it."""
    low, high = np.quantile(values, [1 - alpha - 0.02, 1 - alpha + 0.02])
    return np.sqrt(alpha * (1 - alpha) / len(values)) * (high - low) / 0.04


@pytest.mark.slow
def test_thresholds_are_those_of_scanone_within_monte_carlo_error(rqtl, shared):
    """20 traits, 1,000 permutations each: differences in units of their standard error."""
    cross = rqtl_yeast_sub(shared)
    theirs = rqtl(THRESHOLDS, 20)
    names, theirs = list(theirs.iloc[0]), theirs.iloc[1:].to_numpy(dtype=np.float64)
    chance = permute_scan1(cross, n_perm=N_PERM, alpha=(0.05,), beta=False)
    for alpha in (0.05, 0.1):
        ours = chance.thresholds(alpha).set_index("trait")["lod"]
        z = []
        for i, name in enumerate(names):
            null = -cross.n_samples / 2 * np.log10(1 - chance.null[cross.trait_names.index(name)])
            error = np.hypot(quantile_error(theirs[:, i], alpha), quantile_error(null, alpha))
            z.append((ours[name] - np.quantile(theirs[:, i], 1 - alpha)) / error)
        assert np.abs(z).max() < 3.5  # of 20
        # R/qtl permutes all traits alike, so its errors are correlated: no tight mean.
        assert abs(np.mean(z)) < 1.0


@pytest.mark.slow
def test_pooled_threshold_of_simulated_data_is_that_of_scanone(rqtl, shared):
    """Normal traits of the same cross: the 5% LOD of both tools, within 4 standard errors."""
    commands = """
    set.seed(2)
    x$pheno <- as.data.frame(matrix(rnorm(nind(x) * 40), nind(x)))
    p <- scanone(x, pheno.col=1:40, method="hk", n.perm=500, verbose=FALSE)
    write.table(unclass(p), "", sep="\\t", row.names=FALSE)
    """
    theirs = np.quantile(rqtl(commands, 40).iloc[1:].to_numpy(dtype=np.float64), 0.95)
    base = rqtl_yeast_sub(shared)
    from crossmap.cross import make_cross

    values = np.random.default_rng(0).normal(size=(40, base.n_samples))
    cross = make_cross(
        crosstype="dh", genotype_names=("A", "B"), samples=base.samples, markers=base.markers,
        genotypes=base.genotypes, trait_names=[f"t{i}" for i in range(40)], traits=values,
    )  # fmt: skip
    ours = permute_scan1(cross, n_perm=500, beta=False).pooled_thresholds(0.05)["lod"][0]
    assert ours == pytest.approx(theirs, abs=0.06)


WITH_X = """
suppressMessages(library(qtl)); data(fake.f2); set.seed(3)
write.cross(fake.f2, "csv", "{file}")
x <- calc.genoprob(fake.f2, step=0, error.prob=1e-4)
group <- x$pheno$sex * 2 + x$pheno$pgm
p <- scanone(x, pheno.col=1, method="hk", n.perm=500, perm.Xsp=TRUE, perm.strata=group,
             verbose=FALSE)
cat(attr(p, "L"), sep="\n"); cat(p$A, sep="\n"); cat(p$X, sep="\n")
"""


@pytest.mark.slow
def test_thresholds_of_autosomes_and_x_are_those_of_scanone(tmp_path, in_r):
    """R/qtl's own intercross, both sexes and directions: L, permutations, quantiles."""
    printed = in_r(WITH_X.format(file=tmp_path / "f2"))
    numbers = np.array(printed.split(), dtype=np.float64)
    length, theirs = numbers[:2], {"A": numbers[2:502], "X": numbers[502:]}
    cross = read_cross(tmp_path / "f2.csv", crosstype="f2")
    chance = permute_scan1(cross, genotype_probabilities=True, n_perm=500, alpha=(0.1,))
    np.testing.assert_allclose(chance.share, length[0] / length.sum(), rtol=1e-9)
    assert chance.x.n_perm == len(theirs["X"])
    for alpha in (0.05, 0.1, 0.2):
        ours = chance.thresholds(alpha).set_index("region")["lod"]
        for region, part in (("A", chance), ("X", chance.x)):
            level = 1 - (1 - alpha) ** part.share
            null = part.lod(part.null[0])
            error = np.hypot(*(_level_error(values, level) for values in (null, theirs[region])))
            assert abs(ours[region] - np.quantile(theirs[region], 1 - level)) < 4 * error


def _level_error(values, level):
    """Standard error of a quantile: of LOD maxima the tail falls by a tenth in about one LOD."""
    return 1 / (np.log(10) * np.sqrt(level * len(values)))


@pytest.mark.slow
def test_two_locus_thresholds_on_probabilities_of_an_f2_are_those_of_scantwo(rqtl, shared):
    """2,000 permutations each: a 5% threshold has a standard error of some 0.05 LOD."""
    whole = listeria(shared)
    cross = whole.subset(
        markers=whole.markers["marker"][whole.markers["chr"].isin(["1", "5", "13"])]
    )
    theirs = rqtl(PAIR_THRESHOLDS, 6, READ_F2).astype(float).to_numpy()
    found = trait_surface(
        cross, "T264", genotype_probabilities=True, error_prob=1e-3, n_perm=2000
    ).thresholds
    assert theirs.shape == found.maxima.shape == (2000, 6)
    for kind, ours, r_qtl in zip(KINDS, found.maxima.T, theirs.T, strict=True):
        assert stats.ks_2samp(ours, r_qtl).pvalue > 1e-3, kind
        for alpha in (0.05, 0.10):
            one, other = (np.quantile(lods, 1 - alpha) for lods in (ours, r_qtl))
            error = np.hypot(*(quantile_error(lods, alpha) for lods in (ours, r_qtl)))
            assert abs(one - other) < 4 * error, (kind, alpha, one, other, error)


PAIRS_WITH_X = """
suppressMessages(library(qtl)); data(fake.f2); set.seed(4)
x <- subset(fake.f2, chr=c("1", "13", "X"))
write.cross(x, "csv", "{file}")
x <- calc.genoprob(x, step=0, error.prob=1e-4)
group <- x$pheno$sex * 2 + (1 - x$pheno$sex) * x$pheno$pgm
means <- cbind(group == 1, group == 2) * 1.0
a <- scantwo(subset(x, chr=c("1", "13")), method="hk", n.perm=100, addcovar=means,
             perm.strata=group, verbose=FALSE)
p <- scantwo(x, method="hk", n.perm=100, perm.Xsp=TRUE, perm.strata=group, verbose=FALSE)
cat(attr(p, "LL"), "\n")
for (part in list(p$AA, a, p$AX, p$XX)) cat(length(part$full), unlist(unclass(part)[1:5]), "\n")
"""


@pytest.mark.slow
def test_thresholds_of_pairs_with_x_are_those_of_scantwo(tmp_path, in_r):
    """Areas, numbers of permutations, and the largest LODs of each region.

    Of autosomes R/qtl takes sex and direction as covariates where it is told to; ours always.
    """
    printed = in_r(PAIRS_WITH_X.format(file=tmp_path / "f2"))
    numbers = np.array(printed.split(), dtype=np.float64)
    area, rest, parts = numbers[:3], numbers[3:], []
    while len(rest):
        n = int(rest[0])
        parts.append(rest[1 : 1 + 5 * n].reshape(5, n))
        rest = rest[1 + 5 * n :]
    cross = read_cross(tmp_path / "f2.csv", crosstype="f2")
    found = trait_surface(
        cross, cross.trait_names[0], genotype_probabilities=True, n_perm=100
    ).thresholds
    shares = [each.region.share for each in found.regions]
    np.testing.assert_allclose(shares, area / area.sum(), rtol=1e-6)  # written with few digits
    assert [each.n_perm for each in found.regions] == [parts[k].shape[1] for k in (0, 2, 3)]
    for each, theirs in zip(found.regions, parts[1:], strict=True):
        for kind, ours, r_qtl in zip(KINDS, each.maxima.T, theirs, strict=False):
            assert stats.ks_2samp(ours, r_qtl).pvalue > 1e-4, (each.region.name, kind)
