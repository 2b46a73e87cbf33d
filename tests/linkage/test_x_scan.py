"""The X chromosome of backcrosses and intercrosses of every make-up: least squares, and R/qtl."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from genotyped import awkward_cross

from crossmap import (
    find_peaks,
    genotype_probabilities,
    joint_linkage,
    permute_scan1,
    scan1,
    to_layout,
)
from crossmap.errors import CrossmapWarning
from crossmap.io.rqtl import write_rqtl
from crossmap.report.scan1 import describe_scan1

MAKE_UP = {
    "both sexes, both directions": lambda c: np.ones(len(c), dtype=bool),
    "both sexes, one direction": lambda c: c["pgm"] == 0,
    "females, both directions": lambda c: c["sex"] == "female",
    "females, one direction": lambda c: (c["sex"] == "female") & (c["pgm"] == 1),
    "males": lambda c: c["sex"] == "male",
}
KINDS = [("f2", name) for name in MAKE_UP] + [
    ("bc", "both sexes, both directions"), ("bc", "females, both directions"), ("bc", "males")
]  # fmt: skip


def made_up(crosstype, name, *, n_samples=80, n_markers=24, missing=0.0, seed=1):
    """So many samples of a make-up; its first trait is linked to X and differs between groups."""
    cross = awkward_cross(
        crosstype, n_samples=8 * n_samples, n_markers=n_markers, missing=missing, seed=seed
    )
    keep = np.flatnonzero(MAKE_UP[name](cross.covariates))[:n_samples]
    cross = cross.subset(samples=[cross.samples[i] for i in keep])
    rng = np.random.default_rng(seed)
    values = rng.normal(size=cross.traits.shape)
    values[0] += 3.0 * (cross.covariates["sex"] == "male") - 2.0 * cross.covariates["pgm"]
    values[0] += 1.6 * cross.genotypes[-3]
    return replace(cross, traits=values)


def group_of(cross):
    """Females of either direction, males; of a backcross the sexes."""
    male, reverse = (cross.covariates["sex"] == "male").to_numpy(), cross.covariates["pgm"] == 1
    return np.where(male, 2, reverse.to_numpy() * (cross.crosstype == "f2"))


def rss(y, columns):
    return ((y - columns @ np.linalg.lstsq(columns, y, rcond=1e-10)[0]) ** 2).sum()


def naive_lod(cross, y, row, model):
    """By least squares on the samples that have a call."""
    calls, is_x = cross.genotypes[row], cross.markers["chr"][row] == "X"
    kept = calls >= 0
    y, calls = y[kept], calls[kept].astype(float)
    null = [np.ones(len(y))]
    tested = [calls] if model == "linear" else [calls == 1, calls == 2]
    if is_x:
        null += [group_of(cross)[kept] == g for g in (0, 1, 2)]
        tested = [calls * column for column in null[1:]]
    null, tested = (np.column_stack(part).astype(float) for part in (null, tested))
    before, after = rss(y, null), rss(y, np.column_stack([null, tested]))
    rank = [np.linalg.matrix_rank(part) for part in (null, np.column_stack([null, tested]))]
    return len(y) / 2 * np.log10(before / after), rank[1] - rank[0]


@pytest.mark.parametrize(("crosstype", "name"), KINDS)
@pytest.mark.parametrize("model", ["linear", "anova"])
@pytest.mark.parametrize("missing", [0.0, 0.1])
def test_scans_of_calls_by_least_squares(crosstype, name, model, missing):
    cross = made_up(crosstype, name, missing=missing)
    if cross.ruled_out is not None:
        cross = replace(cross, ruled_out=None)
    scan = scan1(cross, model=model, threshold=1.0)
    table = scan.to_frame()
    assert len(table) == cross.n_traits * cross.n_markers
    for _, line in table.iterrows():
        row = int(np.flatnonzero(cross.markers["marker"] == line["marker"])[0])
        y = cross.traits[list(cross.trait_names).index(line["trait"])]
        lod, df1 = naive_lod(cross, y, row, model)
        assert line["lod"] == pytest.approx(lod, abs=1e-9)
        assert line.get("df1", 1) == df1
        # One regressor has t and its effect.
        assert np.isnan(line["beta"]) == (model == "anova" or line.get("df1", 1) > 1)
        if not np.isnan(line["beta"]):
            assert line["statistic"] == pytest.approx(line["beta"] / line["se"])


@pytest.mark.parametrize(("crosstype", "name"), KINDS)
def test_permutations_and_peaks_of_every_make_up(crosstype, name):
    cross = made_up(crosstype, name)
    groups = group_of(cross)
    shifted = replace(cross, traits=cross.traits + 40.0 * groups)
    for options in ({"model": "anova"}, {"genotype_probabilities": True}):
        chance = permute_scan1(cross, n_perm=60, alpha=0.05, beta=False, **options)
        assert chance.has_lod_thresholds
        # One sex of a backcross has on X what it has elsewhere.
        assert (chance.x is None) == (crosstype == "bc" and len(set(groups)) == 1)
        assert chance.thresholds(0.05)["lod"].between(1.0, 7.0).all()
        peaks = find_peaks(cross, chance=chance).to_frame()
        assert ("t0", "X") in set(zip(peaks["trait"], peaks["chr"], strict=True))
        if chance.x is not None:
            again = permute_scan1(shifted, n_perm=60, alpha=0.05, beta=False, **options)
            np.testing.assert_allclose(again.x.null, chance.x.null, atol=1e-9)


def test_a_physical_map_shares_the_error_rate_by_its_length():
    cross = made_up("bc", "both sexes, both directions")
    markers = cross.markers.assign(pos_bp=np.round(cross.markers["pos_cm"] * 1e5), pos_cm=np.nan)
    by_cm = permute_scan1(cross, n_perm=60, beta=False)
    by_bp = permute_scan1(replace(cross, markers=markers), n_perm=60, beta=False)
    assert by_bp.x.share == pytest.approx(by_cm.x.share, rel=1e-4)
    assert by_bp.x.share != pytest.approx((cross.markers["chr"] == "X").mean(), rel=1e-2)


def test_the_mean_of_a_missing_call_on_x_is_that_of_the_group():
    cross = made_up("bc", "both sexes, both directions", missing=0.2)
    calls, groups = cross.genotypes.astype(float), group_of(cross)
    for group in set(groups):
        own = np.where(calls[:, groups == group] < 0, np.nan, calls[:, groups == group])
        mean = np.nanmean(own, axis=1, keepdims=True)
        calls[:, groups == group] = np.where(np.isnan(own), mean, own)
    table = scan1(cross, missing="mean", threshold=1.0).to_frame()
    on_x = table[table["chr"] == "X"]
    assert len(on_x) == 16
    for _, line in on_x.iterrows():
        x = calls[int(np.flatnonzero(cross.markers["marker"] == line["marker"])[0])]
        y = cross.traits[list(cross.trait_names).index(line["trait"])]
        null = np.column_stack([groups == g for g in set(groups)]).astype(float)
        lod = 40 * np.log10(rss(y, null) / rss(y, np.column_stack([null, null * x[:, None]])))
        assert line["lod"] == pytest.approx(lod, abs=1e-9)


def test_a_trait_of_sex_is_not_linked_to_x():
    """2,000 traits that differ between the sexes, no locus: nominal rates, four standard errors."""
    cross = made_up("bc", "both sexes, both directions", n_samples=100)
    rng = np.random.default_rng(4)
    # Selection: males have one of the alleles more often.
    on_x = (cross.markers["chr"] == "X").to_numpy()
    male = (cross.covariates["sex"] == "male").to_numpy()
    calls = cross.genotypes.copy()
    calls[np.ix_(on_x, male)] |= rng.random((on_x.sum(), male.sum())) < 0.3
    values = rng.normal(size=(2000, 100)) + 4.0 * male
    names = [f"t{i}" for i in range(2000)]
    table = cross.trait_table.iloc[[0] * 2000].assign(trait=names).reset_index(drop=True)
    cross = replace(cross, genotypes=calls, traits=values, trait_table=table)
    cross = cross.subset(markers=list(cross.markers["marker"][on_x]))
    for options in ({}, {"genotype_probabilities": True}):
        found = scan1(cross, threshold=1.0, **options).to_frame()
        first = found[found["marker"] == cross.markers["marker"].iloc[3]]
        rate = (first["p_value"] < 0.05).mean()
        assert abs(rate - 0.05) < 4 * np.sqrt(0.05 * 0.95 / 2000)
        some = cross.subset(traits=names[:400])
        chance = permute_scan1(some, n_perm=99, beta=False, **options)
        assert (chance.adjusted_p() <= 0.05).mean() < 0.05 + 4 * np.sqrt(0.05 * 0.95 / 400)


@pytest.mark.filterwarnings("ignore::crossmap.errors.CrossmapWarning")
def test_searches_of_calls_with_x_are_those_of_certain_probabilities():
    cross = made_up("bc", "both sexes, both directions", n_samples=120)
    calls = joint_linkage(cross, n_perm=2)
    probabilities = joint_linkage(cross, n_perm=2, genotype_probabilities=True, error_prob=0.0)
    one, other = calls.to_frame(), probabilities.to_frame()
    for number in (1, 2):
        np.testing.assert_allclose(one[f"f{number}"], other[f"f{number}"], rtol=1e-9)
    # Distinct loci keep their extent: markers at one place are one locus.
    assert len(calls.search.loci) < len(probabilities.search.loci)
    assert (calls.search.loci.end_cm > calls.search.loci.start_cm).any()
    alone = made_up("bc", "males")
    with warnings.catch_warnings():
        warnings.simplefilter("error", CrossmapWarning)
        warnings.filterwarnings("ignore", message="(?!genotypes on)")
        joint_linkage(alone, n_perm=1)


@pytest.mark.filterwarnings("ignore::crossmap.errors.CrossmapWarning")
@pytest.mark.parametrize("crosstype", ["bc", "f2"])
def test_searches_and_their_nulls_know_no_means_of_sex_and_direction(crosstype):
    """Observed and permuted statistics of two loci stay, whatever the groups' means."""
    cross = made_up(crosstype, "both sexes, both directions", n_samples=120)
    means = np.random.default_rng(2).normal(scale=20.0, size=(cross.n_traits, 3))
    moved = replace(cross, traits=cross.traits + means[:, group_of(cross)])
    options = {"n_perm": 3, "genotype_probabilities": crosstype == "f2"}
    for one, other in zip(
        joint_linkage(cross, **options).search.stages,
        joint_linkage(moved, **options).search.stages,
        strict=True,
    ):
        np.testing.assert_array_equal(one.locus, other.locus)
        np.testing.assert_allclose(one.f, other.f, rtol=1e-8)
        np.testing.assert_allclose(one.f_null, other.f_null, rtol=1e-8)


def test_tables_say_which_tests_are_of_several_effects():
    cross = made_up("bc", "both sexes, both directions")
    scan = scan1(cross, threshold=1.0)
    table = scan.to_frame()
    on_x = table["chr"] == "X"
    assert set(table.loc[on_x, "df1"]) == {2}
    assert set(table.loc[~on_x, "df1"]) == {1}
    assert "On X each sex" in describe_scan1(scan, cross)
    theirs = to_layout(table, "matrixeqtl")
    assert (theirs["t-stat"].isna() == theirs["beta"].isna()).all()
    alone = scan1(made_up("bc", "males"), threshold=1.0)
    assert "df1" not in alone.to_frame()
    assert "On X" not in describe_scan1(alone, cross)


@pytest.mark.parametrize("options", [{}, {"genotype_probabilities": True}])
def test_an_interaction_with_sex_is_in_the_model_of_x_already(options):
    cross = made_up("bc", "both sexes, both directions")
    asked = {"model": "linear_cross", "interactive": "sex", **options}
    with pytest.warns(CrossmapWarning, match="^X is left out: sex is in its model already"):
        scan = scan1(cross, threshold=1.0, **asked)
    on_x = int((cross.markers["chr"] == "X").sum())
    assert set(scan.to_frame()["chr"]) == {"1", "2"}
    numbers = scan.summary()
    assert (numbers["n_monomorphic_markers"], numbers["n_on_x_left_out"]) == (0, on_x)
    words = " ".join(describe_scan1(scan, cross).split())
    assert f"{on_x} positions on X, which has sex in its model already" in words
    with pytest.warns(CrossmapWarning, match="^X is left out"):
        chance = permute_scan1(cross, n_perm=20, beta=False, **asked)
    assert chance.x is None  # nothing is permuted there, and nothing taken from autosomes for it
    assert (chance.options.n_perm, chance.null.shape[1]) == (20, 20)


def test_an_interaction_with_what_differs_within_sexes_is_tested_on_x():
    cross = made_up("bc", "both sexes, both directions")
    table = cross.covariates.assign(age=np.arange(cross.n_samples) % 7)
    cross = replace(cross, covariates=table)
    scan = scan1(cross, threshold=1.0, model="linear_cross", interactive="age")
    assert "X" in set(scan.to_frame()["chr"])


RQTL = """
suppressMessages(library(qtl)); options(warn=-1, digits=15); set.seed(3)
x <- read.cross("csv", "{folder}", "cross.csv", genotypes=c("A","H","B"), crosstype="{type}",
                estimate.map=FALSE)
x <- calc.genoprob(x, step=0, error.prob=1e-4)
out <- scanone(x, pheno.col=1:2, method="hk")
cat("#lod\\n"); cat(t(as.matrix(out[,3:4])), sep="\\n"); cat("\\n")
sp <- getsex(x); g <- rep(0, nind(x))
if (!is.null(sp$sex)) g <- g + 2*sp$sex
if (!is.null(sp$pgm) && "{type}" == "f2") g <- g + ifelse(is.null(sp$sex) | sp$sex == 0, sp$pgm, 0)
p <- scanone(x, pheno.col=2, method="hk", n.perm={n_perm}, perm.Xsp={xsp}, perm.strata=g,
             verbose=FALSE)
cat("#A\\n"); cat(if ({xsp}) p$A else p, sep="\\n"); cat("\\n")
cat("#X\\n"); cat(if ({xsp}) p$X else NULL, sep="\\n"); cat("\\n")
"""


@pytest.mark.slow
@pytest.mark.parametrize(("crosstype", "name"), KINDS)
def test_lods_and_thresholds_are_those_of_rqtl(tmp_path, in_r, crosstype, name):
    """LODs of autosomes and X to 1e-7, thresholds within four Monte Carlo errors."""
    cross = made_up(crosstype, name, n_samples=100, n_markers=30, missing=0.1)
    cross = replace(cross, ruled_out=None)
    write_rqtl(cross, tmp_path)
    is_apart = crosstype == "f2" or len(set(group_of(cross))) > 1
    script = RQTL.format(
        folder=tmp_path, type=crosstype, n_perm=400, xsp="TRUE" if is_apart else "FALSE"
    )
    parts = {}
    for block in in_r(script).split("#")[1:]:
        title, *numbers = block.split()
        parts[title] = np.array(numbers, dtype=float)
    table = scan1(cross, genotype_probabilities=True, threshold=1.0).to_frame()
    ours = table.pivot(index="marker", columns="trait", values="lod").loc[cross.markers["marker"]]
    np.testing.assert_allclose(ours.to_numpy().ravel(), parts["lod"], atol=1e-7)
    chance = permute_scan1(
        cross.subset(traits=["t1"]), genotype_probabilities=True, n_perm=400, alpha=0.1, beta=False
    )
    for region, part in (("A", chance), ("X", chance.x)):
        if part is None:
            assert not len(parts["X"])
            continue
        level = part.level(0.1)
        theirs, null = parts[region], part.lod(part.null)[0]
        error = np.hypot(*(1 / (np.log(10) * np.sqrt(level * len(v))) for v in (null, theirs)))
        assert abs(np.quantile(theirs, 1 - level) - np.quantile(null, 1 - level)) < 4 * error


GENOPROB = """
suppressMessages(library(qtl)); options(warn=-1, digits=15)
x <- read.cross("csv", "{folder}", "cross.csv", genotypes=c("A","H","B"), crosstype="f2",
                estimate.map=FALSE)
x <- calc.genoprob(x, step=0, error.prob=0.001)
p <- x$geno$X$prob; cat("#\\n"); cat(p[,,1], sep="\\n")
"""


@pytest.mark.slow
@pytest.mark.parametrize("drop", [[], ["pgm"], ["sex", "pgm"]])
@pytest.mark.parametrize("name", ["females, both directions", "females, one direction", "males"])
def test_probabilities_on_x_without_sex_or_direction_are_those_of_rqtl(tmp_path, in_r, name, drop):
    if name == "females, both directions" and drop:
        pytest.skip("what nobody says has to be asked for")
    cross = replace(made_up("f2", name, missing=0.1), ruled_out=None)
    cross = replace(cross, covariates=cross.covariates.drop(columns=drop))
    write_rqtl(cross, tmp_path)
    printed = in_r(GENOPROB.format(folder=tmp_path))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CrossmapWarning)
        found = genotype_probabilities(cross, error_prob=0.001)
    on_x = (found.positions["chr"] == "X").to_numpy()
    # R/qtl's first genotype on X: AA of females of direction 0 and of males, BB of the others.
    first = found.probability[0, on_x]
    if name == "females, one direction":
        first = found.probability[2, on_x]
    elif name == "females, both directions":
        mask = (cross.covariates["pgm"] == 1).to_numpy()
        first = np.where(mask, found.probability[2, on_x], first)
    theirs = np.array(printed.split("#")[1].split(), dtype=float).reshape(first.shape)
    np.testing.assert_allclose(first, theirs, atol=1e-8)
