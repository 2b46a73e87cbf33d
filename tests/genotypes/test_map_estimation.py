"""Estimated maps and recombination fractions against R/qtl, R/qtl2 and the truth."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from genotyped import awkward_cross, listeria

from crossmap.execution import Execution
from crossmap.genome import map_distance, recombination_fraction
from crossmap.genotypes.chains import Chain, one_meiosis
from crossmap.genotypes.map_estimation import estimate_map, recombination_fractions
from crossmap.io.read import read_cross


def rqtl_cross(shared, name):
    if name == "listeria":
        return listeria(shared)
    return read_cross(shared / "oracles" / "rqtl" / "rqtl_fakebc.csv", crosstype="bc")


@pytest.mark.parametrize("name", ["listeria", "fakebc"])
def test_maps_of_rqtl(shared, name):
    theirs = pd.read_csv(
        shared / "oracles" / "rqtl" / f"rqtl_{name}_estmap.tsv", sep="\t", dtype={"chr": str}
    )
    cross = rqtl_cross(shared, name)
    for tolerance, column, close in ((1e-6, "cM", 1e-3), (1e-10, "cM_tol1e10", 1e-7)):
        found = estimate_map(cross, tolerance=tolerance, error_prob=1e-3)
        assert found.markers["marker"].tolist() == theirs["marker"].tolist()
        np.testing.assert_allclose(found.markers["pos_cm"], theirs[column], atol=close)
    # R/qtl leaves individuals with fewer than two calls out of a chromosome's likelihood.
    first = theirs.drop_duplicates("chr").set_index("chr")["loglik_tol1e10"]
    ours = found.chromosomes.set_index("chr")["log10_likelihood"] * np.log(10)
    for chromosome in cross.chromosomes:
        calls = cross.genotypes[(cross.markers["chr"] == chromosome).to_numpy()]
        known = calls >= 0 if cross.ruled_out is None else (
            (calls >= 0) | (cross.ruled_out[(cross.markers["chr"] == chromosome).to_numpy()] >= 0)
        )  # fmt: skip
        if (known.sum(axis=0) >= 2).all():
            np.testing.assert_allclose(ours[chromosome], first[chromosome], atol=1e-6)
    kosambi = estimate_map(cross, tolerance=1e-10, error_prob=1e-3, map_function="kosambi")
    np.testing.assert_allclose(kosambi.markers["pos_cm"], theirs["kosambi_tol1e10"], atol=1e-7)


def test_the_map_of_rqtl2(shared):
    folder = shared / "oracles" / "qtl2"
    theirs = pd.read_csv(folder / "qtl2_grav2_estmap.tsv", sep="\t")
    found = estimate_map(read_cross(folder / "grav2.zip"), error_prob=2e-3, tolerance=1e-10)
    np.testing.assert_allclose(found.markers["pos_cm"], theirs["cM"], atol=1e-6)


@pytest.mark.parametrize("name", ["listeria", "fakebc"])
def test_recombination_fractions_of_rqtl(shared, name):
    theirs = pd.read_csv(shared / "oracles" / "rqtl" / f"rqtl_{name}_estrf.tsv", sep="\t")
    found = recombination_fractions(rqtl_cross(shared, name))
    both = theirs.merge(found, left_on=["m1", "m2"], right_on=["marker1", "marker2"])
    assert len(both) == len(theirs) == len(found)
    np.testing.assert_allclose(both["recombination"], both["rf"], atol=2e-6)
    np.testing.assert_allclose(both["lod_y"], both["lod_x"], atol=1e-6)


@pytest.mark.parametrize("crosstype", ["dh", "riself", "risib", "bc", "f2"])
def test_a_map_is_found_again(crosstype):
    cross = awkward_cross(crosstype, n_samples=1500, n_markers=30, missing=0.1)
    if crosstype in ("riself", "risib"):  # of one meiosis, as the example makes them
        cross = replace(cross, crosstype="dh")
    cross = cross.subset(markers=list(cross.markers["marker"][2:]))
    found = estimate_map(cross, error_prob=1e-6)
    lengths = [
        table.groupby("chr", sort=False)["pos_cm"].agg(lambda cm: cm.max() - cm.min())
        for table in (found.markers, cross.markers)
    ]
    np.testing.assert_allclose(lengths[0], lengths[1], rtol=0.15)
    blind = replace(cross, markers=cross.markers.assign(pos_cm=np.nan, pos_bp=1.0))
    again = estimate_map(blind, error_prob=1e-6)
    np.testing.assert_allclose(
        again.markers["recombination"], found.markers["recombination"], atol=2e-5
    )


def test_threads_change_nothing():
    cross = awkward_cross("f2", n_samples=80, n_markers=30)
    one, many = (estimate_map(cross, execution=Execution(threads=k)).markers for k in (1, 4))
    assert one["pos_cm"].to_numpy().tobytes() == many["pos_cm"].to_numpy().tobytes()


def test_lines_are_counted_back_to_one_meiosis():
    r = np.array([0.0, 0.01, 0.2, 0.5])
    for kind in ("two", "selfing", "sibs"):
        chain = Chain(kind, (0, 1), (0.5, 0.5))
        share = chain.transition(r)[:, 0, 1]
        np.testing.assert_allclose(one_meiosis(share, kind), r, atol=1e-13)
        np.testing.assert_allclose(chain.transition(r).sum(axis=2), 1.0)
    for first in (2 / 3, 1 / 3):
        chain = Chain("sibs_x", (0, 1), (first, 1 - first))
        step, start = chain.transition(r), np.array(chain.initial)
        np.testing.assert_allclose(np.einsum("h,mhk->mk", start, step), np.tile(start, (4, 1)))
        share = start[0] * step[:, 0, 1] + start[1] * step[:, 1, 0]
        np.testing.assert_allclose(one_meiosis(share, "sibs_x"), r, atol=1e-13)


def test_an_f2_has_two_independent_strands():
    r = np.array([0.0, 0.13, 0.5])
    strand = Chain("two", (0, 1), (0.5, 0.5)).transition(r)
    f2 = Chain("f2", (0, 1, 2), (0.25, 0.5, 0.25)).transition(r)
    for m in range(3):
        both = np.kron(strand[m], strand[m])  # states 00, 01, 10, 11
        gather = np.array([[1, 0, 0], [0, 1, 0], [0, 1, 0], [0, 0, 1]])
        spread = np.array([[1, 0, 0, 0], [0, 0.5, 0.5, 0], [0, 0, 0, 1]])
        np.testing.assert_allclose(f2[m], spread @ both @ gather, atol=1e-14)


@pytest.mark.parametrize("name", ["haldane", "kosambi", "carter_falconer", "morgan"])
def test_map_functions_and_their_inverses(name):
    cm = np.array([0.0, 1e-9, 0.1, 1.0, 10.0, 49.0])
    r = recombination_fraction(cm, name)
    np.testing.assert_allclose(map_distance(r, name), cm, atol=1e-10)
    assert np.isfinite(map_distance(0.5, name))
    if name == "carter_falconer":  # mf.cf of R/qtl
        theirs = [9.99999968016241e-03, 9.99680227368066e-02, 4.24922668589984e-01]
        np.testing.assert_allclose(r[3:], theirs, rtol=1e-9)


# R/qtl 1.58: mf.h, mf.k, mf.cf, mf.m of DISTANCES_CM, and their inverses imf.* of FRACTIONS.
DISTANCES_CM = (1.0, 25.0, 50.0, 75.0, 100.0, 200.0)
FRACTIONS = (0.01, 0.25, 0.4, 0.499, 0.4999999, 0.5)
RQTL = {
    "haldane": (
        (
            0.00990066334662237,
            0.196734670143683,
            0.316060279414279,
            0.388434919925785,
            0.432332358381694,
            0.490842180555633,
        ),
        (
            1.01013536587597,
            34.6573590279973,
            80.471895621705,
            310.73040492111,
            771.247423518481,
            1577.19218593934,
        ),
    ),
    "kosambi": (
        (
            0.00999866687996546,
            0.231058578630005,
            0.380797077977882,
            0.452574126822433,
            0.482013790037908,
            0.499664649869534,
        ),
        (
            1.00013336534248,
            27.4653072167027,
            54.9306144334055,
            172.668869466214,
            402.952388773239,
            805.924772483671,
        ),
    ),
    "carter_falconer": (
        (
            0.00999999968016241,
            0.246959102273254,
            0.429589589438666,
            0.48848475488905,
            0.498394031110027,
            0.499999458653155,
        ),
        (
            1.000000032,
            25.3238438333715,
            44.3338307722916,
            105.944363801376,
            221.111145971555,
            422.597340326771,
        ),
    ),
    "morgan": ((0.01, 0.25, 0.5, 0.5, 0.5, 0.5), (1, 25, 40, 49.9, 49.99999, 50)),
}


@pytest.mark.parametrize("name", RQTL)
def test_map_functions_of_rqtl(name):
    fractions, distances = RQTL[name]
    np.testing.assert_allclose(recombination_fraction(DISTANCES_CM, name), fractions, rtol=1e-9)
    np.testing.assert_allclose(map_distance(FRACTIONS, name), distances, rtol=1e-12)


EST_MAP = """
suppressMessages(library(qtl))
data({data}); x <- {data}
for (f in c("haldane", "kosambi", "c-f", "morgan")) {{
  m <- est.map(x, map.function=f, error.prob=1e-4, tol=1e-8, maxit=100000)
  one <- function(z) if (is.matrix(z)) z[1, ] else z
  cat(f, sprintf("%.9f", unlist(lapply(m, one))), "\\n")
}}
"""


@pytest.mark.slow
@pytest.mark.parametrize(("name", "data"), [("listeria", "listeria"), ("fakebc", "fake.bc")])
def test_maps_of_rqtl_by_every_map_function(shared, in_r, name, data):
    cross = rqtl_cross(shared, name)
    rows = [line.split() for line in in_r(EST_MAP.format(data=data)).splitlines() if line]
    assert len(rows) == 4
    for function, *theirs in rows:
        found = estimate_map(
            cross,
            error_prob=1e-4,
            tolerance=1e-8,
            n_iterations=100_000,
            map_function={"c-f": "carter_falconer"}.get(function, function),
        )
        np.testing.assert_allclose(found.markers["pos_cm"], np.array(theirs, float), atol=1e-5)
