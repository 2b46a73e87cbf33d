"""The single-locus scan against the stored outputs of Matrix eQTL and R/qtl."""

import numpy as np
import pandas as pd
import pytest

from crossmap import scan1
from crossmap.cross import make_cross

STATISTIC = 1e-9  # relative
PROBABILITY = 1e-8  # relative


def read(file, **kw):
    return pd.read_csv(file, sep="\t", **kw)


def matrix(file):
    return read(file, index_col=0)


@pytest.fixture(scope="module")
def synthetic(reference):
    """Folder, and a maker of the cross with haploid or F2 genotypes."""
    folder = reference / "matrixeqtl_synthetic"
    traits = matrix(folder / "in_traits.tsv")

    def cross(kind):
        genotypes = matrix(folder / f"in_{kind}.tsv")
        return make_cross(
            crosstype=kind,
            genotype_names="AB" if kind == "haploid" else "AHB",
            samples=list(traits.columns),
            markers=read(folder / "in_markers.tsv", dtype={"chr": str}),
            genotypes=genotypes[traits.columns].to_numpy(),
            trait_names=list(traits.index),
            traits=traits.to_numpy(),
            trait_positions=read(folder / "in_trait_positions.tsv", dtype={"chr": str}),
            covariates=matrix(folder / "in_covariates.tsv").T,
        )

    return folder, cross


def agree(frame, expected, *, n=None, tested="snps"):
    """The same tests with the same numbers."""
    assert len(frame) == len(expected) == (len(expected) if n is None else n)
    key = [tested, "gene"]
    expected = expected.rename(columns={"snp": "snps"}).set_index(key).sort_index()
    ours = frame.rename(columns={"marker": "snps", "trait": "gene"}).set_index(key).sort_index()
    assert (ours.index == expected.index).all()
    # A t near 0 is a difference of much larger sums: 1e-13 of their size is all there is.
    for mine, theirs, relative, absolute in (
        ("statistic", "statistic", STATISTIC, 1e-13),
        ("beta", "beta", STATISTIC, 1e-13),
        ("p_value", "pvalue", PROBABILITY, 0.0),
        ("fdr", "FDR", PROBABILITY, 0.0),
    ):
        if theirs in expected:
            np.testing.assert_allclose(
                ours[mine], expected[theirs], rtol=relative, atol=absolute, err_msg=mine
            )
    if "beta" not in expected:
        assert ours["beta"].isna().all()


MODELS = {
    "linear": ("haploid", {}),
    "linear_cov": ("haploid", {"covariates": ["batch", "age"]}),
    "linear_cov_errcov": ("haploid", {"covariates": ["batch", "age"], "error_covariance": True}),
    "cross": (
        "haploid",
        {"model": "linear_cross", "covariates": ["batch"], "interactive": ["age"]},
    ),
    "f2_linear": ("f2", {}),
    "f2_anova": ("f2", {"model": "anova"}),
    "f2_anova_cov": ("f2", {"model": "anova", "covariates": ["batch", "age"]}),
    "f2_anova_errcov": ("f2", {"model": "anova", "error_covariance": True}),
    "f2_cross": ("f2", {"model": "linear_cross", "covariates": ["batch"], "interactive": ["age"]}),
}


@pytest.mark.parametrize("name", MODELS)
def test_every_model_and_every_test_of_matrix_eqtl(synthetic, name):
    folder, cross = synthetic
    kind, options = MODELS[name]
    if options.get("error_covariance"):
        options = {**options, "error_covariance": matrix(folder / "in_error_covariance.tsv")}
    scan = scan1(cross(kind), threshold=1.0, **options)
    assert scan.n_tests == 7500
    agree(scan.to_frame(), read(folder / f"out_{name}.tsv.gz"), n=7500)


def test_local_and_distant_tests_of_matrix_eqtl(synthetic):
    folder, cross = synthetic
    scan = scan1(
        cross("haploid"),
        covariates=["batch", "age"],
        threshold=0.01,
        local_threshold=0.05,
        local_window_bp=50_000,
        histogram=20,
        compat="matrixeqtl",
    )
    frame = scan.to_frame()
    for name, is_local in (("local", True), ("distant", False)):
        agree(frame[frame["local"] == is_local], read(folder / f"out_linear_cov_{name}.tsv"))
        bins = read(folder / f"out_linear_cov_{name}_histogram.tsv")
        np.testing.assert_allclose(scan.histogram()[["low", "high"]], bins[["lo", "hi"]])
        assert scan.histogram()[f"n_{name}"].tolist() == bins["n"].tolist()


@pytest.fixture(scope="module")
def yeast_300(shared, yeast):
    """Folder, the first 300 traits of the file with their covariates, marker name -> theirs."""
    folder = shared / "oracles" / "matrixeqtl_yeast"
    names = read(shared / "yeast" / "expression.tsv.gz", usecols=[0]).iloc[:300, 0].astype(str)
    order = read(shared / "yeast" / "genotype.tsv.gz", usecols=[0]).iloc[:, 0].astype(str)
    place = yeast.markers.set_index("marker")
    theirs = {
        name: f"mk{row:04d}_{place.loc[name, 'chr']}_{place.loc[name, 'pos_bp']:.0f}"
        for row, name in enumerate(order, start=1)
    }
    covariates = pd.concat(
        [matrix(folder / f"matrixeqtl_in_{c}.tsv").T for c in ("cov3", "cov1_parity")], axis=1
    )
    cut = yeast.subset(traits=list(names))
    cross = make_cross(
        crosstype="haploid",
        genotype_names=cut.genotype_names,
        samples=cut.samples,
        markers=cut.markers,
        genotypes=cut.genotypes,
        trait_names=cut.trait_names,
        traits=cut.traits,
        trait_positions=cut.trait_table,
        covariates=covariates,
    )
    return folder, cross, theirs


def number(frame, theirs):
    """Markers by their number in the file: places are written in several ways."""
    return frame.assign(marker=[theirs[name][:6] for name in frame["marker"]])


def numbered(table):
    return table.assign(snp=table["snp"].str[:6])


THREE = ["cov1", "cov2", "cov3"]
YEAST = {
    "linear": {},
    "linear_cov3": {"covariates": THREE},
    "linear_errcov": {"error_covariance": True},
    "anova": {"model": "anova", "compat": "matrixeqtl"},
    "cross": {"model": "linear_cross", "interactive": ["parity"], "threshold": 1e-4},
    "cross_cov4": {
        "model": "linear_cross", "covariates": THREE, "interactive": ["parity"], "threshold": 1e-4,
    },
}  # fmt: skip


@pytest.mark.parametrize("name", YEAST)
def test_yeast_as_matrix_eqtl_has_it(yeast_300, name):
    folder, cross, theirs = yeast_300
    options = dict(YEAST[name])
    if options.get("error_covariance"):
        options["error_covariance"] = matrix(folder / "matrixeqtl_in_errorcov.tsv.gz")
    scan = scan1(cross, **options)
    assert scan.n_tests == 973_200
    agree(
        number(scan.to_frame(), theirs),
        numbered(read(folder / f"matrixeqtl_{name}.tsv.gz")),
    )


def test_yeast_local_and_distant(yeast_300):
    folder, cross, theirs = yeast_300
    scan = scan1(cross, local_threshold=1e-2, local_window_bp=1e5)
    assert scan.summary()["local"]["n_tests"] == 19_064
    assert scan.summary()["distant"]["n_tests"] == 954_136
    frame = number(scan.to_frame(), theirs)
    for name, is_local in (("cis", True), ("trans", False)):
        agree(
            frame[frame["local"] == is_local], numbered(read(folder / f"matrixeqtl_{name}.tsv.gz"))
        )
    alone = scan1(cross, local_threshold=1e-2, local_window_bp=1e5, local_only=True)
    pd.testing.assert_frame_equal(
        number(alone.to_frame(), theirs), frame[frame["local"]].reset_index(drop=True)
    )
    assert alone.n_tests == 19_064


def test_yeast_histogram_and_smallest_p(yeast_300):
    folder, cross, _ = yeast_300
    scan = scan1(cross, histogram=100)
    bins = read(folder / "matrixeqtl_linear_pvhist.tsv")
    assert scan.histogram()["n"].tolist() == bins["count"].tolist()
    least = read(folder / "matrixeqtl_linear_minpv_gene.tsv").set_index("gene")["min_p"]
    ours = scan.by_trait().set_index("trait")["p_value"]
    np.testing.assert_allclose(ours[least.index.astype(str)], least, rtol=PROBABILITY)
    assert scan.by_marker()["p_value"].min() == pytest.approx(least.min(), rel=PROBABILITY)


@pytest.mark.parametrize("name", ["anova", "anova_cov3", "linear_cov3"])
def test_three_genotypes_on_yeast_traits(yeast_300, name):
    folder, cross, _ = yeast_300
    genotypes = matrix(folder / "matrixeqtl_in_dosage3.tsv.gz")
    f2 = make_cross(
        crosstype="f2",
        genotype_names=("AA", "AB", "BB"),
        samples=cross.samples,
        markers=pd.DataFrame(
            {
                "marker": genotypes.index,
                "chr": [m.split("_")[1] for m in genotypes.index],
                "pos_bp": [float(m.split("_")[2]) for m in genotypes.index],
            }
        ),
        genotypes=genotypes[list(cross.samples)].to_numpy(),
        trait_names=cross.trait_names,
        traits=cross.traits,
        covariates=cross.covariates,
    )
    model, _, covariates = name.partition("_")
    scan = scan1(f2, model=model, covariates=THREE if covariates else None, threshold=1e-3)
    assert scan.n_tests == 121_800
    expected = read(folder / f"matrixeqtl_dosage3_{name}.tsv.gz").rename(columns={"snp": "snps"})
    agree(scan.to_frame(), expected)


def test_lod_scores_of_rqtl(shared):
    folder = shared / "oracles" / "rqtl"
    table = pd.read_csv(folder / "rqtl_yeast_sub.csv", header=None, low_memory=False)
    n_traits = int(table.iloc[1].isna().sum())
    expected = read(folder / "rqtl_yeast_scanone_hk.tsv")
    cross = make_cross(
        crosstype="dh",
        genotype_names="AB",
        samples=[f"s{k:03d}" for k in range(len(table) - 3)],
        markers=pd.DataFrame(
            {
                "marker": table.iloc[0, n_traits:],
                "chr": table.iloc[1, n_traits:].astype(str),
                "pos_cm": table.iloc[2, n_traits:].astype(float),
            }
        ),
        genotypes=(table.iloc[3:, n_traits:].T == "B").to_numpy().astype(int),
        trait_names=list(table.iloc[0, :n_traits]),
        traits=table.iloc[3:, :n_traits].astype(float).to_numpy().T,
    )
    frame = scan1(cross, threshold=1.0).to_frame()
    assert len(frame) == 205 * n_traits
    ours = frame.pivot(index="marker", columns="trait", values="lod")
    theirs = expected.set_index("marker")[list(ours.columns)].loc[ours.index]
    np.testing.assert_allclose(ours, theirs, rtol=STATISTIC, atol=1e-11)
