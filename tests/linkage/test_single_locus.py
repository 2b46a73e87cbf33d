"""The engine of the single-locus scan against least squares, test by test."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from examples import KINDS, example_cross
from naive import scan1 as naive
from scipy import special

from crossmap.cross import make_cross
from crossmap.execution import Execution
from crossmap.linkage.block_scan import ScanRequest
from crossmap.linkage.hits import HIT, p_of
from crossmap.linkage.local_tests import local_ranges
from crossmap.linkage.null_model import null_design
from crossmap.linkage.predictors import genotype_predictors, matrix_predictors
from crossmap.linkage.scan1 import gather
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
    if request["threshold"] == 1.0 and "local_threshold" not in request:
        assert sum(p.n_tests for p in pieces) == len(hits)
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
    for model, with_ in (("linear", []), ("linear_cross", ["dose"]), ("linear_cross", ["batch"])):
        design = null_design(cross.covariates, interactive=with_)
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


def planted(rng, columns, critical, n_traits):
    """Traits whose R2 with a column lies at or next to a critical value."""
    n = columns.shape[1]
    y = np.empty((n_traits, n))
    for t in range(n_traits):
        q = columns[rng.integers(len(columns))]
        q = (q - q.mean()) / np.sqrt(((q - q.mean()) ** 2).sum())
        e = rng.normal(size=n)
        e -= e.mean() + (e @ q) * q
        e /= np.sqrt(e @ e)
        off = 0.0 if t % 7 == 0 else 10.0 ** rng.uniform(-16, -4) * rng.choice([-1, 1])
        r2 = critical * (1 + off)
        y[t] = np.sqrt(r2) * q + np.sqrt(1 - r2) * e
    return y


@pytest.mark.parametrize("path", ["changes", "product"])
@pytest.mark.parametrize("threshold", [1e-3, 1e-8])
def test_the_search_loses_and_adds_nothing_at_the_edge(path, threshold, monkeypatch):
    cost = {"changes": 0.0, "product": np.inf}[path]
    monkeypatch.setattr("crossmap.linkage.locus_block.ADDITIONS_PER_PRODUCT", cost)
    rng = np.random.default_rng(8)
    cross = awkward_cross(6, n=112)
    critical = special.betainccinv(0.5, 55.0, threshold)
    values = planted(rng, cross.genotypes[[0, 1, 3, 8, 14]].astype(float), critical, 700)
    cross = replaced(cross, values)
    everything, _ = engine(cross)
    some, _ = engine(cross, threshold=threshold)
    expected = {k for k, h in everything.items() if p_of(h["neglog10_p"]) <= threshold}
    assert some.keys() == expected
    assert all(some[key] == everything[key] for key in expected)
    # What float32 alone would have said is not the same: the test can fail.
    x = cross.genotypes.astype(np.float32)
    x -= x.mean(axis=1, keepdims=True)
    with np.errstate(invalid="ignore"):
        x /= np.sqrt((x**2).sum(axis=1, keepdims=True))
    y = values.astype(np.float32)
    y /= np.sqrt((y**2).sum(axis=1, keepdims=True))
    naive_set = {(t, m) for t, m in np.argwhere((y @ x.T) ** 2 >= critical)}
    assert naive_set ^ expected


def replaced(cross, values, **changes):
    """The cross with other traits."""
    return make_cross(
        crosstype=cross.crosstype,
        genotype_names=cross.genotype_names,
        samples=cross.samples,
        markers=changes.get("markers", cross.markers),
        genotypes=changes.get("genotypes", cross.genotypes),
        trait_names=[f"t{t:04d}" for t in range(len(values))],
        traits=values,
        covariates=cross.covariates,
    )


@pytest.mark.parametrize("model", ["linear", "anova", "linear_cross"])
def test_bins_and_smallest_p_are_those_of_all_tests(model):
    cross = awkward_cross(7, n=50, classes=3, missing=0.03)
    edges = np.array([0.0, 1e-6, 0.01, 0.05, 0.5, 0.9])
    design = null_design(cross.covariates, interactive=["dose"] if model == "linear_cross" else [])
    how = {"model": model, "design": design, "is_t": model != "anova"}
    everything, _ = engine(cross, **how)
    _, pieces = engine(cross, threshold=1e-9, p_edges=edges, **how)
    p = np.array([p_of(h["neglog10_p"]) for h in everything.values()])
    counts = sum(piece.counts for piece in pieces)[::-1]
    inner = [int(((p > a) & (p <= b)).sum()) for a, b in pairwise(edges)]
    assert counts.tolist() == [0, *inner, int((p > 0.9).sum())]
    for axis, name in ((0, "traits"), (1, "markers")):
        best = {}
        for key, h in everything.items():
            best[key[axis]] = max(best.get(key[axis], -1.0), h["neglog10_p"])
        found = {}
        for piece in pieces:
            one = getattr(piece, name)
            for item, value in zip(one.items, one.neglog10_p, strict=True):
                found[item] = max(found.get(item, -1.0), value)
        assert found.keys() == best.keys()
        assert all(found[key] == pytest.approx(best[key], rel=1e-11, abs=1e-12) for key in best)


def test_local_tests_alone_and_beside_the_others():
    cross = awkward_cross(2, n=40)
    genes = pd.DataFrame({
        "trait": cross.trait_names, "chr": ["1", "1", "2", "2", None, "3", "3", "9", "2"],
        "start_bp": [0, 4500, 9000, 6000, np.nan, 17_000, 13_500, 0, 7000],
        "end_bp": [500, 3900, 9000, 6000, np.nan, 19_000, 13_200, 10, 8000],
    })  # fmt: skip
    near = local_ranges(cross.markers, genes, window_bp=1000.0)
    expected = set()
    for t, gene in genes.iterrows():
        for m, marker in cross.markers.iterrows():
            low, high = sorted((gene["start_bp"], gene["end_bp"]))
            if marker["chr"] == gene["chr"] and low - 1000 <= marker["pos_bp"] <= high + 1000:
                expected.add((t, m))
    everything, _ = engine(cross)
    tested = expected & everything.keys()
    assert 0 < len(tested) < len(expected)  # some are monomorphic or of a constant trait
    for threshold in (1.0, None):
        found, pieces = engine(
            cross, local=near, local_threshold=0.5, threshold=threshold, p_edges=np.arange(5) / 4
        )
        local = {k for k, h in found.items() if h["local"] == 1}
        assert local == {k for k in tested if p_of(everything[k]["neglog10_p"]) <= 0.5}
        assert sum(p.n_local for p in pieces) == len(tested)
        p = np.array([p_of(everything[k]["neglog10_p"]) for k in tested])
        counts = sum(p.local_counts for p in pieces)[-2:0:-1]
        assert counts.tolist() == [int(((p > i / 4) & (p <= (i + 1) / 4)).sum()) for i in range(4)]
        if threshold is None:
            assert local == found.keys()
            assert sum(p.n_tests for p in pieces) == len(tested)
            least = {m for piece in pieces for m in piece.markers.items}
            assert least == {m for _, m in tested}
        else:
            assert found.keys() - local == everything.keys() - tested
            assert {found[k]["local"] for k in found.keys() - tested} == {0, -1}


@pytest.fixture(scope="module", params=["complete", "gaps", "f2"])
def settings_cross(request):
    classes = 3 if request.param == "f2" else 2
    return awkward_cross(11, n=48, classes=classes, missing=0.02 * (request.param == "gaps"))


@pytest.mark.parametrize(
    "setting",
    [
        {"single_locus.SMALL_PANEL": 0},
        {"single_locus.SMALL_PANEL": 0, "single_locus.TRAITS_PER_TASK": 1},
        {"single_locus.SMALL_PANEL": 0, "locus_block.ADDITIONS_PER_PRODUCT": np.inf},
        {"single_locus.SMALL_PANEL": 0, "locus_block.ADDITIONS_PER_PRODUCT": np.inf,
         "single_locus.ROWS_PER_PRODUCT": 3, "single_locus.TRAITS_PER_PRODUCT": 2},
        {"threads": 1}, {"threads": 3}, {"memory": 1},
    ],
)  # fmt: skip
@pytest.mark.parametrize("model", ["linear", "linear_cross"])
def test_same_bytes_however_the_work_is_cut(settings_cross, setting, model, monkeypatch):
    cross = settings_cross
    design = null_design(
        cross.covariates,
        covariates=["age"],
        interactive=["dose"] if model == "linear_cross" else [],
        error_covariance=pd.DataFrame(np.eye(48) + 0.1, index=cross.samples, columns=cross.samples),
    )

    def whole(execution=None):
        pieces = scan_pieces(
            cross.traits,
            genotype_predictors(cross),
            design,
            ScanRequest(model=model, threshold=0.3, p_edges=np.linspace(0, 1, 11)),
            execution=execution,
        )
        request = ScanRequest(p_edges=np.linspace(0, 1, 11))
        found = gather(
            pieces,
            n_traits=cross.n_traits,
            predictors=genotype_predictors(cross),
            request=request,
            memory_bytes=1 << 30,
        )
        (hits,) = found.store.blocks()
        best = [found.by_trait.neglog10_p, found.by_marker.neglog10_p]
        best += [found.by_trait.partner, found.by_marker.partner]
        return [hits.tobytes(), found.counts.tobytes(), found.n_tests, *(b.tobytes() for b in best)]

    expected = whole()
    run = {k: setting[k] for k in ("threads", "memory") if k in setting}
    for name, value in setting.items():
        if name not in run:
            monkeypatch.setattr(f"crossmap.linkage.{name}", value)
    assert whole(Execution(**run) if run else None) == expected


def test_a_subset_of_traits_and_another_order_change_no_number():
    cross = awkward_cross(12, n=44, missing=0.02)
    whole, _ = engine(cross)
    names = [cross.trait_names[t] for t in (6, 1, 8)]
    part, _ = engine(cross.subset(traits=names))
    for (t, m), hit in part.items():
        one = whole[(1, 6, 8)[t], m]
        assert all(hit[name] == one[name] for name in HIT.names if name != "trait")


def test_labels_units_and_directions_change_only_what_they_should():
    cross = awkward_cross(13, n=44, classes=3)
    whole, _ = engine(cross)
    scaled, _ = engine(replaced(cross, 1e-3 * cross.traits - 7))
    swapped, _ = engine(replaced(cross, cross.traits, genotypes=np.where(
        cross.genotypes < 0, -1, 2 - cross.genotypes)))  # fmt: skip
    for key, hit in whole.items():
        assert scaled[key]["neglog10_p"] == pytest.approx(hit["neglog10_p"], rel=1e-8, abs=1e-10)
        assert scaled[key]["beta"] == pytest.approx(1e-3 * hit["beta"], rel=1e-7, abs=1e-12)
        assert swapped[key]["neglog10_p"] == pytest.approx(hit["neglog10_p"], rel=1e-9, abs=1e-11)
        assert swapped[key]["beta"] == pytest.approx(-hit["beta"], rel=1e-9, abs=1e-9)
        assert swapped[key]["se"] == pytest.approx(hit["se"], rel=1e-9)


def test_a_p_value_that_no_float_holds_still_has_its_logarithm():
    rng = np.random.default_rng(3)
    n = 2000
    x = rng.normal(size=(2, n))
    y = np.vstack([x[0] + 1e-3 * rng.normal(size=n), x[1]])
    pieces = list(
        scan_pieces(y, matrix_predictors(["a", "b"], x), null_design(pd.DataFrame(index=range(n))),
                    ScanRequest())
    )  # fmt: skip
    hits = np.concatenate([piece.hits for piece in pieces])
    near = hits[(hits["trait"] == 0) & (hits["marker"] == 0)][0]
    assert 5000 < near["neglog10_p"] < 7000
    assert p_of(near["neglog10_p"]) > 0
    assert near["lod"] == pytest.approx(n / 2 * np.log10(1 + near["statistic"] ** 2 / (n - 2)))
    same = hits[(hits["trait"] == 1) & (hits["marker"] == 1)][0]
    assert same["r2"] == 1.0
    assert same["neglog10_p"] == np.inf
    assert p_of(same["neglog10_p"]) > 0
    assert same["beta"] == pytest.approx(1.0)
