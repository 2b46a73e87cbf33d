"""R/qtl's text formats: csv, csvr, csvs, csvsr, tidy; read, written, read back."""

import math
import warnings

import numpy as np
import pandas as pd
import pytest
from same import assert_same_data

from crossmap.cross import make_cross
from crossmap.errors import ArgumentError, CrossmapWarning, DataError
from crossmap.io.rqtl import read_rqtl, write_rqtl

SAMPLES = [f"s{i}" for i in range(1, 9)]
GROWTH = ["12.1", "14.0", "-", "1e1", "-3", "NA", "7", "0.5"]
BATCH = ["b1", "b2", "b1", "NA", "b2", "b1", "b2", "b1"]
MARKERS = [("mA", "1", "0"), ("mB", "1", "18.4"), ("mC", "2", "6.2")]
CALLS = ["ABA", "B-A", "AAB", "BBB", "AHA", "HHH", "A-B", "BAB"]

CSV = [
    ["growth", "id", "batch", *(m[0] for m in MARKERS)],
    ["", "", "", *(m[1] for m in MARKERS)],
    ["", "", "", *(m[2] for m in MARKERS)],
    *([g, s, b, *c] for g, s, b, c in zip(GROWTH, SAMPLES, BATCH, CALLS, strict=True)),
]
GENOTYPE_SHEET = [
    ["id", *CSV[0][3:]],
    *(["", *row[3:]] for row in CSV[1:3]),
    *([s, *c] for s, c in zip(SAMPLES, CALLS, strict=True)),
]
TRAIT_SHEET = [["growth", "id", "batch"], *map(list, zip(GROWTH, SAMPLES, BATCH, strict=True))]
TIDY = {
    "gen": [
        ["", *SAMPLES],
        *([m[0], *c] for m, c in zip(MARKERS, zip(*CALLS, strict=True), strict=True)),
    ],
    "phe": [["", *SAMPLES], ["growth", *GROWTH], ["batch", *BATCH]],
    "map": [["", "chr", "pos"], *map(list, MARKERS)],
}
F2 = {"crosstype": "f2"}


def turned(rows):
    return list(map(list, zip(*rows, strict=True)))


@pytest.fixture
def write(tmp_path):
    def write(rows, name="cross.csv"):
        path = tmp_path / name
        path.write_text("".join(",".join(row) + "\n" for row in rows))
        return path

    return write


def test_csv(write):
    path = write(CSV)
    cross = read_rqtl(path, **F2)
    assert cross.crosstype == "f2"
    assert cross.genotype_names == ("AA", "AB", "BB")
    assert cross.samples == tuple(SAMPLES)
    assert cross.genotypes.T.tolist() == [
        [{"A": 0, "H": 1, "B": 2, "-": -1}[call] for call in calls] for calls in CALLS
    ]
    assert cross.markers[["marker", "chr"]].to_numpy().tolist() == [list(m[:2]) for m in MARKERS]
    assert cross.markers["pos_cm"].tolist() == [0, 18.4, 6.2]
    assert cross.markers["pos_bp"].isna().all()
    assert cross.trait_names == ("growth",)
    np.testing.assert_array_equal(cross.traits[0], [12.1, 14, np.nan, 10, -3, np.nan, 7, 0.5])
    assert cross.covariates["batch"].tolist() == [b if b != "NA" else None for b in BATCH]
    assert cross.report.notes == ("phenotypes read as covariates: batch",)
    assert list(cross.report.files) == [str(path)]


def test_the_five_layouts_hold_the_same_cross(write):
    straight = read_rqtl(write(CSV), **F2)
    gen, phe, places = (write(TIDY[name], f"{name}.csv") for name in ("gen", "phe", "map"))
    genotypes, traits = write(GENOTYPE_SHEET, "g.csv"), write(TRAIT_SHEET, "p.csv")
    turned_genotypes, turned_traits = (
        write(turned(rows), f"r{i}.csv") for i, rows in enumerate((GENOTYPE_SHEET, TRAIT_SHEET))
    )
    for cross in (
        read_rqtl(write(turned(CSV), "csvr.csv"), **F2),
        read_rqtl(genotypes, traits=traits, **F2),
        read_rqtl(turned_genotypes, traits=turned_traits, **F2),
        read_rqtl(gen, traits=phe, markers=places, **F2),
    ):
        assert_same_data(cross, straight)
        assert cross.report.notes == straight.report.notes


def test_individuals_of_two_files_are_matched_by_name(write):
    straight = read_rqtl(write(CSV), **F2)
    traits = [TRAIT_SHEET[0], *TRAIT_SHEET[:0:-1], ["1", "x9", "b1"]]
    cross = read_rqtl(write(GENOTYPE_SHEET, "g.csv"), traits=write(traits, "p.csv"), **F2)
    assert_same_data(cross, straight)
    assert cross.report.dropped == {"sample without genotypes": ("x9",)}


def test_individuals_without_names_are_named_by_their_order(write):
    rows = [[row[0], *row[2:]] for row in CSV] + [["1", "b1", *"AAA"]] * 4
    cross = read_rqtl(write(rows), **F2)
    assert cross.samples == tuple(f"ind{i:02d}" for i in range(1, 13))
    assert cross.genotypes[:, 0].tolist() == [0, 2, 0]
    assert (
        cross.report.notes[0] == "individuals have no id and are named by their order, up to ind12"
    )


def test_which_phenotypes_are_covariates(write):
    sex = ["0", "1"] * 4
    plate = ["01", "2"] * 4
    rows = [
        ["Sex", "plate", "empty", *CSV[0]],
        *(["", "", "", *row] for row in CSV[1:3]),
        *([s, p, "-", *row] for s, p, row in zip(sex, plate, CSV[3:], strict=True)),
    ]
    cross = read_rqtl(write(rows), covariates=["plate"], **F2)
    assert list(cross.covariates) == ["Sex", "plate", "batch"]
    assert cross.covariates["Sex"].tolist() == [0.0, 1.0] * 4
    assert cross.covariates["plate"].tolist() == plate
    assert cross.trait_names == ("empty", "growth")
    assert np.isnan(cross.traits[0]).all()


def test_codes_and_cross_types(write):
    path = write(
        [row if i < 3 else [c.replace("H", "-") for c in row] for i, row in enumerate(CSV)]
    )
    assert read_rqtl(path, crosstype="riself").genotype_names == ("AA", "BB")
    assert read_rqtl(path, crosstype="haploid").genotype_names == ("A", "B")
    named = read_rqtl(path, crosstype="dh", codes={"B": "RM", "A": "BY"})
    assert named.genotype_names == ("RM", "BY")
    assert named.genotypes[0].tolist() == [1, 0, 1, 0, 1, -1, 1, 0]
    with pytest.raises(ArgumentError, match=r"found none \(R/qtl's files do not name it, and it"):
        read_rqtl(path)
    with pytest.raises(ArgumentError, match="position_unit: expected cm or mbp or bp, found 'kb'"):
        read_rqtl(path, position_unit="kb", **F2)


def test_males_of_a_backcross_have_b_on_their_x(write):
    rows = [row[:] for row in CSV]
    rows[1][5] = "x"
    for row in rows[3:]:
        row[3:5] = [call.replace("B", "H") for call in row[3:5]]
    cross = read_rqtl(write(rows), crosstype="bc")
    assert cross.genotype_names == ("AA", "AB")
    assert cross.genotypes[2].tolist() == [0, 0, 1, 1, 0, 1, 1, 1]
    rows[6][4] = "B"
    with pytest.raises(DataError) as caught:
        read_rqtl(write(rows), crosstype="bc")
    assert str(caught.value).endswith(
        "cross.csv, line 7, column mB: expected one of A, H, B (but on X), "
        "found 'B' (a genotype of an F2)"
    )
    with pytest.warns(CrossmapWarning, match="hold no code were read as missing: 1"):
        assert read_rqtl(write(rows), crosstype="bc", lenient=True).genotypes[1, 3] == -1


OF_SEX = "fmfmfmfm"


def backcross_with_sex(of_males, of_females="AHAH"):
    """CSV with an X, whose calls are those of four females and four males in turn."""
    rows = [[cell.replace("B", "H") if i > 2 else cell for cell in row]
            for i, row in enumerate(CSV)]  # fmt: skip
    rows[0][2], rows[1][5] = "sex", "X"
    for number, row in enumerate(rows[3:]):
        row[2] = OF_SEX[number]
        row[5] = (of_males if OF_SEX[number] == "m" else of_females)[number // 2]
    return rows


def test_codes_of_males_on_the_x_of_a_backcross(write):
    """A and B as R/qtl wants them; A and H throughout; a heterozygous male among the former."""
    expected = [0, 0, 1, 1, 0, 1, 1, 0]
    cross = read_rqtl(write(backcross_with_sex("ABBA")), crosstype="bc")
    assert cross.genotypes[2].tolist() == expected
    assert not [note for note in cross.report.notes if "on X" in note]
    cross = read_rqtl(write(backcross_with_sex("AHHA")), crosstype="bc")
    assert cross.genotypes[2].tolist() == expected
    assert "on X males have AA and AB" in " ".join(cross.report.notes)
    with pytest.warns(CrossmapWarning, match=r"1 calls on X are none .* marker mC, individual s4"):
        cross = read_rqtl(write(backcross_with_sex("AHBA")), crosstype="bc")
    assert cross.genotypes[2].tolist() == [0, 0, 1, -1, 0, 1, 1, 0]
    with pytest.warns(CrossmapWarning, match=r"1 calls on X are none .* marker mC, individual s7"):
        cross = read_rqtl(write(backcross_with_sex("ABBA", "AHAB")), crosstype="bc")
    assert cross.genotypes[2].tolist() == [0, 0, 1, 1, 0, 1, -1, 0]


@pytest.mark.parametrize(("unit", "position"), [("mbp", "0.0000105"), ("bp", "10.5")])
def test_physical_positions(write, unit, position):
    rows = [row[:] for row in CSV]
    rows[2][3] = position
    cross = read_rqtl(write(rows), position_unit=unit, **F2)
    assert cross.markers["pos_bp"][0] == 10.5
    assert cross.markers["pos_cm"].isna().all()


def test_a_lenient_reader(write):
    rows = [row[:] for row in CSV]
    rows[2][4] = "far"
    rows[3][3] = "E"
    with pytest.warns(CrossmapWarning) as caught:
        cross = read_rqtl(write(rows), lenient=True, **F2)
    assert [str(w.message).split(":")[0] for w in caught] == [
        "genotype cells that hold no code were read as missing",
        "positions that are no numbers were left out",
    ]
    assert cross.genotypes[0, 0] == -1
    assert cross.report.dropped == {"marker without a place": ("mB",)}


# Row and column from 0 and what to put there (None: another table altogether), the message.
BAD = {
    "unlisted code": ((3, 3, "E"), "line 4, column mA: expected one of A, H, B, D, C, found 'E'"),
    "unlisted codes": ((3, 3, "AB"), "line 4, column mA: expected one of A, H, B, D, C, "
                       "found 'AB'"),
    "no number": ((4, 0, "tall"), "line 5, column growth: expected a number, found 'tall'"),
    "decimal comma": ((4, 0, '"1,5"'), "line 5, column growth: expected a number, found '1,5' "
                      "(decimal commas? Write 1.5)"),
    "infinite": ((4, 0, "inf"), "line 5, column growth: expected a finite number, found 'inf'"),
    "position no number": ((2, 4, "far"), "line 3, column mB: expected a number, found 'far'"),
    "position missing": ((2, 4, ""), "line 3, column mB: expected a number, found ''"),
    "no chromosome": ((1, 4, ""), "line 2, column mB: expected a chromosome, found ''"),
    "marker twice": ((0, 4, "mA"), "line 1, column 5: expected each name (marker) once, found "
                     "'mA' again (first in column 4)"),
    "nameless marker": ((0, 4, ""), "line 1, column 5: expected a name (marker) on one line, "
                        "found ''"),
    "phenotype twice": ((0, 2, "growth"), "line 1, column 3: expected each name (phenotype) "
                        "once, found 'growth' again (first in column 1)"),
    "individual twice": ((4, 1, "s1"), "line 5, column id: expected each name (individual) "
                         "once, found 's1' again (first in line 4)"),
    "nameless individual": ((4, 1, ""), "line 5, column id: expected a name (individual) on "
                            "one line, found ''"),
    "an extra cell": ((4, 5, "A,A"), "line 5: expected 6 cells as in the header, found 7"),
    "no map and strange codes": (
        [CSV[0], CSV[1], *(row[:3] + ["E"] * len(MARKERS) for row in CSV[3:])],
        "line 3, column growth: expected positions of the markers, blank under phenotypes, found "
        "'12.1'"),
    "headers alone": (CSV[:3], "expected individuals below the map, found none"),
    "names alone": (CSV[:1], "line 1, column 1: expected R/qtl's csv (names; blank under "
                    "phenotypes, then chromosomes; blank, then positions) or csvr, its transpose, "
                    "found one row (plain tables are named one by one: genotypes, markers, "
                    "traits)"),
    "a plain table": ([["marker", "s1"], ["m1", "A"]], "line 2, column 1: expected R/qtl's "
                      "csv (names; blank under phenotypes, then chromosomes; blank, then "
                      "positions) or csvr, its transpose, found 'm1' (plain tables are named one "
                      "by one: genotypes, markers, traits)"),
    "no markers": ([row[:3] for row in CSV],
                   "line 2, column growth: expected chromosomes of the markers, found none"),
    "no traits": ([row[1:] for row in CSV], "expected a phenotype of numbers, found none"),
    "semicolons": ([[";".join(row)] for row in CSV], "line 1: expected a header of two or more "
                   "cells separated by tabs or commas, found semicolons in "
                   "'growth;id;batch;mA;mB;mC'"),
}  # fmt: skip


@pytest.mark.parametrize("turn", [False, True])
@pytest.mark.parametrize("unit", ["cm", "mbp"])
def test_a_file_without_positions_has_its_order(write, turn, unit):
    rows = [CSV[0], CSV[1], *CSV[3:]]
    path = write(turned(rows) if turn else rows)
    with pytest.warns(CrossmapWarning, match="no row of positions: markers were put 5 cM apart"):
        found = read_rqtl(path, position_unit=unit, **F2)
    whole = read_rqtl(write(CSV), **F2)
    assert found.markers["marker"].tolist() == CSV[0][3:]
    assert found.markers["chr"].tolist() == whole.markers["chr"].tolist()
    of_chromosome = found.markers.groupby("chr", sort=False)["pos_cm"]
    assert all(place.tolist() == [5.0 * i for i in range(len(place))] for _, place in of_chromosome)
    assert found.samples == whole.samples
    np.testing.assert_array_equal(found.genotypes, whole.genotypes)
    np.testing.assert_array_equal(found.traits, whole.traits)


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_named(write, case):
    change, message = BAD[case]
    rows = [row[:] for row in CSV]
    if isinstance(change, tuple):
        row, column, cell = change
        rows[row][column] = cell
    else:
        rows = change
    path = write(rows)
    with pytest.raises(DataError) as caught:
        read_rqtl(path, **F2)
    assert str(caught.value).removeprefix(str(path)).lstrip(",: ") == message


@pytest.mark.parametrize(
    ("row", "column", "cell", "message"),
    [
        (3, 3, "E", "line 4, column 4: expected one of A, H, B, D, C"),
        (4, 0, "tall", "line 1, column 5: expected a number, found 'tall'"),
        (2, 4, "far", "line 5, column 3: expected a number, found 'far'"),
        (0, 4, "mA", "line 5, column 1: .* found 'mA' again \\(first in line 4\\)"),
        (4, 1, "s1", "line 2, column 5: .* found 's1' again \\(first in column 4\\)"),
    ],
)
def test_places_in_a_transposed_file(write, row, column, cell, message):
    rows = [row[:] for row in CSV]
    rows[row][column] = cell
    with pytest.raises(DataError, match=message):
        read_rqtl(write(turned(rows)), **F2)


def test_two_files_without_a_common_name_for_individuals(write):
    genotypes = write([["line", *GENOTYPE_SHEET[0][1:]], *GENOTYPE_SHEET[1:]], "g.csv")
    with pytest.raises(
        DataError, match=r"p.csv, .*expected a phenotype 'line', as the file of gen"
    ):
        read_rqtl(genotypes, traits=write(TRAIT_SHEET, "p.csv"), **F2)


REFERENCE = {
    "listeria": (
        120, 133, 1, {"crosstype": "f2", "codes": {"CC": "CC", "CB": "CB", "BB": "BB",
                                                   "not CC": "not CC"}}, 1840 + 128,
    ),
    "fakebc": (400, 91, 3, {"crosstype": "bc"}, 9926),
    "yeast_sub": (112, 205, 20, {"crosstype": "dh"}, 0),
}  # fmt: skip


@pytest.mark.parametrize("name", REFERENCE)
def test_files_of_rqtl_itself(shared, name):
    folder = shared / "oracles" / "rqtl"
    n_samples, n_markers, n_traits, options, n_missing = REFERENCE[name]
    cross = read_rqtl(folder / f"rqtl_{name}.csv", **options)
    assert (cross.n_samples, cross.n_markers, cross.n_traits) == (n_samples, n_markers, n_traits)
    assert (cross.genotypes < 0).sum() == n_missing
    n_dominant = 0 if cross.ruled_out is None else (cross.ruled_out == 0).sum()
    assert n_dominant == (128 if name == "listeria" else 0)
    theirs = pd.read_csv(folder / f"rqtl_{name}_map.tsv", sep="\t", dtype={"chr": str})
    assert cross.markers["marker"].tolist() == theirs["marker"].tolist()
    np.testing.assert_allclose(cross.markers["pos_cm"], theirs.iloc[:, -1], rtol=1e-12)


def test_yeast_in_rqtls_format_is_the_yeast_of_the_plain_tables(shared, yeast):
    cross = read_rqtl(shared / "oracles" / "rqtl" / "rqtl_yeast_sub.csv", crosstype="dh")
    for row, name in enumerate(cross.trait_names):
        np.testing.assert_array_equal(
            cross.traits[row], yeast.traits[yeast.trait_names.index(name)]
        )


def cross_for_writing(**changes):
    options = {
        "crosstype": "riself",
        "genotype_names": ("L", "C"),
        "samples": [f"r{i}" for i in range(8)],
        "markers": pd.DataFrame(
            {
                "marker": ["m,1", 'm"2', "#3"],
                "chr": ["1", "1", "X"],
                "pos_cm": [0.1 + 0.2, 1 / 3, 0],
            }
        ),
        "genotypes": np.array([[0, 1] * 4, [1, -1] * 4, [0] * 8]),
        "trait_names": ["b", "a b", "7"],
        "traits": np.vstack([np.arange(8) / 3, np.full(8, np.nan), np.arange(8) * 1e-300]),
        "covariates": pd.DataFrame(
            {
                "sex": ["f", "m"] * 4,
                "age": [1.5, np.nan] * 4,
            },
            index=[f"r{i}" for i in range(8)],
        ),
    }
    return make_cross(**{**options, **changes})


def test_written_and_read_back(tmp_path):
    cross = cross_for_writing()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        path = write_rqtl(cross, tmp_path / "new")
    back = read_rqtl(
        path, crosstype="riself", codes={"A": "L", "B": "C"}, covariates=["age", "sex"]
    )
    assert_same_data(back, cross)
    assert b"\r" not in path.read_bytes()


@pytest.mark.parametrize(
    ("crosstype", "names", "classes", "codes"),
    [
        ("f2", ("SS", "SB", "BB"), [0, 1, 2, -1], {"A": "SS", "H": "SB", "B": "BB"}),
        ("bc", ("AA", "AB"), [0, 1, 1, -1], None),
        ("haploid", ("A", "B"), [0, 1, 0, -1], None),
    ],
)
def test_every_cross_type_survives_the_round_trip(tmp_path, crosstype, names, classes, codes):
    cross = cross_for_writing(
        crosstype=crosstype, genotype_names=names, genotypes=np.array([classes * 2] * 3)
    )
    path = write_rqtl(cross, tmp_path)
    back = read_rqtl(path, crosstype=crosstype, codes=codes, covariates=["age"])
    assert_same_data(back, cross)


def test_what_is_lost_is_said(tmp_path):
    cross = cross_for_writing(
        markers=pd.DataFrame(
            {"marker": ["m1", "m2", "m3"], "chr": ["1", "1", "2"], "pos_bp": [10.5, 20, 30]}
        ),
        trait_positions=pd.DataFrame(
            {"trait": ["b"], "chr": ["1"], "start_bp": [1.0], "end_bp": [2.0]}
        ),
        parents=pd.DataFrame({"parent": ["L"], "b": [1.0]}, index=["L.1"]),
    )
    with pytest.warns(CrossmapWarning) as caught:
        path = write_rqtl(cross, tmp_path)
    assert [str(warning.message) for warning in caught] == [
        "no genetic map: positions were written in megabases, where R/qtl expects centimorgans",
        "R/qtl's csv cannot hold places of traits, measurements of the parents; not written",
    ]
    back = read_rqtl(
        path, crosstype="riself", codes={"A": "L", "B": "C"}, covariates=["age"],
        position_unit="mbp",
    )  # fmt: skip
    assert_same_data(back, cross, but=("trait_table", "parents"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"samples": ["NA", *(f"r{i}" for i in range(1, 8))]}, "sample names: .* found 'NA'"),
        ({"trait_names": ["ID", "a", "b"]}, "named apart, found two 'id'"),
        ({"trait_names": ["age", "a", "b"]}, "named apart, found two 'age'"),
        ({"trait_names": ["a\nb", "a", "b"]}, "phenotype names: expected names that a table"),
    ],
)
def test_names_that_cannot_be_written(tmp_path, changes, message):
    with pytest.raises(DataError, match=message):
        write_rqtl(cross_for_writing(**changes), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_numbers_survive(tmp_path):
    values = np.array([[5e-324, -0.0, 9.999999999999999e69, 0.1 + 0.2, 1 / 3, 1e22, -7, math.pi]])
    cross = cross_for_writing(trait_names=["t"], traits=values, covariates=None)
    back = read_rqtl(write_rqtl(cross, tmp_path), crosstype="riself")
    np.testing.assert_array_equal(back.traits, cross.traits)
