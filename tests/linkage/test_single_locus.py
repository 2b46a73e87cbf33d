"""The engine of the single-locus scan against least squares, test by test."""

import numpy as np
import pandas as pd
import pytest
from examples import KINDS, example_cross
from naive import scan1 as naive

from crossmap.cross import make_cross
from crossmap.linkage.block_scan import ScanRequest
from crossmap.linkage.hits import p_of
from crossmap.linkage.null_model import null_design
from crossmap.linkage.predictors import genotype_predictors
from crossmap.linkage.single_locus import scan_pieces

RELATIVE = 1e-8  # of statistics; the twin's SVD loses digits on traits with a large offset


def covariate_table(n, seed):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "age": rng.normal(50, 10, n),
            "batch": np.array(["a", "b", "c"], dtype=object)[np.arange(n) % 3],
            "age_in_days": 0.0,
            "dose": rng.normal(size=n),
            "trust": rng.uniform(0.5, 2, n),
        }
    ).assign(age_in_days=lambda t: 365.25 * t["age"] + 3)


def awkward_cross(seed=0, *, n=30, classes=2, missing=0.0):
    """Three genotypes or two, missing calls and trait values, swapped alleles, everything."""
    rng = np.random.default_rng(seed)
    n_markers = 18
    genotypes = np.empty((n_markers, n), dtype=np.int8)
    for m in range(n_markers):
        fresh = rng.integers(0, classes, n)
        genotypes[m] = (
            fresh if m % 6 == 0 else np.where(rng.random(n) < 0.1, fresh, genotypes[m - 1])
        )
    genotypes[2] = classes - 1 - genotypes[1]
    genotypes[4] = genotypes[3]
    genotypes[5] = 1
    if classes == 3:
        genotypes[8] = np.where(genotypes[8] == 1, 0, genotypes[8])  # two classes only
        genotypes[9] = np.where(genotypes[9] == 0, 1, genotypes[9])
    traits = rng.normal(size=(9, n))
    traits[1] += genotypes[1]
    traits[2] = 1e5 + genotypes[12] * genotypes[1]
    traits[3] = 4.0
    traits[4:7, 3] = np.nan
    traits[6, 5:9] = np.nan
    if missing:
        gone = rng.random(genotypes.shape) < missing
        gone[10:] = False
        gone[7] = gone[6]
        genotypes[gone] = -1
    return make_cross(
        crosstype={2: "haploid", 3: "f2"}[classes],
        genotype_names="AHB" if classes == 3 else "AB",
        samples=[f"s{k:02d}" for k in range(n)],
        markers=pd.DataFrame(
            {
                "marker": [f"m{m:02d}" for m in range(n_markers)],
                "chr": [str(1 + m // 6) for m in range(n_markers)],
                "pos_bp": 1000.0 * np.arange(n_markers),
            }
        ),
        genotypes=genotypes,
        trait_names=[f"t{t}" for t in range(len(traits))],
        traits=traits,
        covariates=covariate_table(n, seed).set_axis([f"s{k:02d}" for k in range(n)]),
    )


def engine(cross, *, design=None, **request):
    request.setdefault("threshold", 1.0)
    pieces = list(
        scan_pieces(
            cross.traits,
            genotype_predictors(cross),
            design or null_design(cross.covariates),
            ScanRequest(**request),
        )
    )
    hits = np.concatenate([piece.hits for piece in pieces])
    assert sum(p.n_tests for p in pieces) == len(hits) or request["threshold"] != 1.0
    return {(h["trait"], h["marker"]): h for h in hits}, pieces


def compare(found, expected, *, is_t):
    for name in ("n", "df1", "df2"):
        assert found[name] == expected[name], name
    explained = expected["r2"] > 1 - 1e-12
    if not explained:
        f = found["statistic"] ** 2 if is_t else found["statistic"]
        assert f == pytest.approx(expected["f"], rel=RELATIVE, abs=1e-9)
        assert found["lod"] == pytest.approx(expected["lod"], rel=RELATIVE, abs=1e-9)
        assert p_of(found["neglog10_p"]) == pytest.approx(expected["p"], rel=1e-6)
    assert found["r2"] == pytest.approx(expected["r2"], rel=RELATIVE, abs=1e-10)
    if is_t:
        assert found["beta"] == pytest.approx(
            expected["beta"], rel=RELATIVE, abs=1e-8 * expected["se"] + 1e-12
        )
        if not explained:
            assert found["statistic"] == pytest.approx(expected["t"], rel=RELATIVE, abs=1e-6)
            assert found["se"] == pytest.approx(expected["se"], rel=RELATIVE)
    else:
        assert np.isnan(found["beta"])


def check_against_twin(cross, *, model, covariates=(), interactive=(), covariance=None, **request):
    table = cross.covariates
    design = null_design(
        table,
        covariates=covariates,
        interactive=interactive,
        error_covariance=None
        if covariance is None
        else pd.DataFrame(covariance, cross.samples, cross.samples),
    )
    is_t = model == "linear" or (model == "linear_cross" and len(design.interactive) == 1)
    found, _ = engine(cross, design=design, model=model, is_t=is_t, **request)
    checked = 0
    for t, y in enumerate(cross.traits):
        for m, x in enumerate(cross.genotypes):
            expected = naive.scan_test(
                y,
                x,
                model=model,
                covariates=[
                    c
                    for n, c in zip(design.names, design.columns, strict=True)
                    if n not in design.interactive_names
                ],
                interactive=list(design.interactive),
                covariance=covariance,
            )
            if expected is None:
                assert (t, m) not in found
            else:
                compare(found[t, m], expected, is_t=is_t)
                checked += 1
    assert checked == len(found) > 0
    return found


@pytest.mark.parametrize("model", ["linear", "anova"])
@pytest.mark.parametrize("kind", KINDS)
def test_awkward_crosses(kind, model):
    check_against_twin(example_cross(kind, seed=5), model=model)


@pytest.mark.parametrize("missing", [0.0, 0.08])
@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize(
    ("model", "covariates", "interactive"),
    [
        ("linear", [], []),
        ("linear", ["age", "batch", "age_in_days"], []),
        ("anova", ["dose"], []),
        ("linear_cross", ["age"], ["dose"]),
        ("linear_cross", [], ["batch", "dose"]),
    ],
)
@pytest.mark.parametrize("correlated", [False, True])
def test_every_model_on_every_pattern_of_missing_values(
    missing, classes, model, covariates, interactive, correlated
):
    cross = awkward_cross(3, classes=classes, missing=missing)
    covariance = None
    if correlated:
        root = np.random.default_rng(1).normal(size=(30, 60))
        covariance = root @ root.T / 60
    check_against_twin(
        cross, model=model, covariates=covariates, interactive=interactive, covariance=covariance
    )


def test_the_search_by_changes_and_by_products_find_the_same(monkeypatch):
    cross = awkward_cross(4, n=60)
    for model, special in (("linear", []), ("linear_cross", ["dose"]), ("linear_cross", ["batch"])):
        design = null_design(cross.covariates, interactive=special)
        results = []
        for cost in (0.0, np.inf):
            monkeypatch.setattr("crossmap.linkage.locus_block.ADDITIONS_PER_PRODUCT", cost)
            found, pieces = engine(
                cross, design=design, model=model, threshold=0.2, p_edges=np.linspace(0, 1, 21)
            )
            results.append((found, pieces))
        (a, pa), (b, pb) = results
        assert a.keys() == b.keys()
        assert all(a[key] == b[key] for key in a)
        for name in ("counts", "n_tests"):
            assert np.array_equal(
                sum(getattr(p, name) for p in pa), sum(getattr(p, name) for p in pb)
            )
