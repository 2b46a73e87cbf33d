"""R/qtl2 folders: read, and refused."""

import math

import numpy as np
import pandas as pd
import pytest
from same import assert_same_data

from crossmap.errors import ArgumentError, CrossmapWarning, DataError
from crossmap.io.read import read_cross
from crossmap.io.rqtl2 import write_rqtl2

SAMPLES = tuple(f"s{i}" for i in range(1, 9))


def transpose(text):
    rows = [line.split(",") for line in text.splitlines()]
    return "".join(",".join(cells) + "\n" for cells in zip(*rows, strict=True))


def test_a_whole_cross(rqtl2):
    cross = rqtl2.read()
    assert cross.crosstype == "riself"
    assert cross.description == "a small cross"
    assert cross.genotype_names == ("L", "C")
    assert cross.samples == SAMPLES
    assert cross.genotypes.tolist() == [[1, 0] * 4, [1] * 8, [0] * 8]
    assert cross.markers.to_numpy().tolist() == [
        ["m1", "1", 100.0, 0.0],
        ["m2", "1", 250.5, 12.5],
        ["m3", "2", 100.0, 4.0],
    ]
    np.testing.assert_array_equal(cross.traits, [np.arange(1, 9), np.arange(1, 9) / 10])
    assert cross.trait_table["start_bp"].tolist() == [90.0, 700.0]
    assert cross.covariates["batch"].tolist() == ["b1", "b0"] * 4
    assert cross.covariates["age"].tolist() == list(range(1, 9))
    assert cross.parents.empty
    assert cross.report.dropped == {}
    assert cross.report.notes == ()
    names = ("cross.yaml", "geno.csv", "gmap.csv", "pmap.csv", "pheno.csv", "covar.csv")
    assert {str(rqtl2.path / name) for name in (*names, "phenocovar.csv")} == set(
        cross.report.files
    )


@pytest.mark.parametrize("section", ["geno", "gmap", "pmap", "pheno", "phenocovar", "covar"])
def test_a_transposed_table(rqtl2, section):
    straight = rqtl2.read()
    rqtl2.write(f"{section}.csv", transpose(rqtl2.text(f"{section}.csv")))
    rqtl2.write("cross.yaml", rqtl2.text("cross.yaml") + f"{section}_transposed: true\n")
    assert_same_data(rqtl2.read(), straight)


def test_lists_of_files(rqtl2):
    straight = rqtl2.read()
    rqtl2.write("geno1.csv", "id,m3\n" + "".join(f"{s},L\n" for s in SAMPLES))
    rqtl2.write("geno2.csv", "\n".join(line.rsplit(",", 1)[0] for line in
                                       rqtl2.text("geno.csv").splitlines()))  # fmt: skip
    head, *rows = rqtl2.text("gmap.csv").splitlines()
    rqtl2.write("gmap1.csv", "\n".join([head, *rows[:1]]))
    rqtl2.write("gmap2.csv", "\n".join(["id,chromosome,cM", *rows[1:]]))
    rqtl2.replace("cross.yaml", "geno: geno.csv", "geno: [geno1.csv, geno2.csv]")
    rqtl2.replace("cross.yaml", "gmap: gmap.csv", "gmap: [gmap1.csv, gmap2.csv]")
    cross = rqtl2.read()
    assert_same_data(cross, straight)
    rqtl2.replace("geno1.csv", "s2,L\n", "")
    assert rqtl2.read().genotypes[2].tolist() == [0, -1, *[0] * 6]
    rqtl2.replace("gmap2.csv", "m3,2,4.0", "m1,2,4.0")
    with pytest.raises(DataError, match=r"gmap2.csv: expected each name in one file, found 'm1'"):
        rqtl2.read()


@pytest.mark.parametrize(
    ("lines", "codes", "names"),
    [
        ("genotypes: {1: 1, 2: 2}", "12", ("1", "2")),
        ("genotypes: {NO: 1, on: 2}", ("NO", "on"), ("NO", "on")),
        ("genotypes: {1e5: 2, 0x1: 1}", ("0x1", "1e5"), ("0x1", "1e5")),
        ("genotypes: {B: 2, A: 1}", "AB", ("A", "B")),
        ("genotypes: {L: 1, C: 2, l: 1}", "lC", ("L", "C")),
    ],
)
def test_codes_stay_text(rqtl2, lines, codes, names):
    rqtl2.replace("cross.yaml", "genotypes:\n  L: 1\n  C: 2", lines)
    first, second = codes
    rqtl2.write("geno.csv", rqtl2.text("geno.csv").replace(",L", ",@").replace(",C", f",{second}")
                .replace(",@", f",{first}"))  # fmt: skip
    cross = rqtl2.read()
    assert cross.genotype_names == names
    assert cross.genotypes[0].tolist() == [1, 0] * 4


def test_default_codes_of_an_intercross(rqtl2):
    text = rqtl2.text("cross.yaml").replace("riself", "f2")
    rqtl2.write("cross.yaml", text.replace("genotypes:\n  L: 1\n  C: 2\n", "alleles: [S, B]\n"))
    rqtl2.write("geno.csv", "id,m1,m2,m3\n" + "".join(f"{s},A,H,B\n" for s in SAMPLES))
    cross = rqtl2.read()
    assert cross.genotype_names == ("A", "H", "B")
    assert cross.genotypes[:, 0].tolist() == [0, 1, 2]
    assert cross.ruled_out is None
    rqtl2.replace("geno.csv", "s3,A,H,B", "s3,C,H,D")
    cross = rqtl2.read()
    sample = cross.samples.index("s3")
    assert cross.genotypes[:, sample].tolist() == [-1, 1, -1]
    assert cross.ruled_out[:, sample].tolist() == [0, -1, 2]
    again = read_cross(write_rqtl2(cross, rqtl2.path / "written"))
    np.testing.assert_array_equal(again.genotypes, cross.genotypes)
    np.testing.assert_array_equal(again.ruled_out, cross.ruled_out)
    rqtl2.replace("geno.csv", "s3,C,H,D", "s3,A,H,E")
    with pytest.raises(DataError) as caught:
        rqtl2.read()
    assert str(caught.value) == (
        f"{rqtl2.path / 'geno.csv'}, line 4, column m3: expected one of A, H, B, D, C, found 'E'"
    )


def test_genotypes_without_a_code_are_named_by_alleles(rqtl2):
    rqtl2.replace("cross.yaml", "genotypes:\n  L: 1\n  C: 2", "genotypes: {x: 1}\nalleles: [S, B]")
    rqtl2.write("geno.csv", "id,m1,m2,m3\n" + "".join(f"{s},x,x,-\n" for s in SAMPLES))
    cross = rqtl2.read()
    assert cross.genotype_names == ("x", "BB")
    assert cross.genotypes[:, 0].tolist() == [0, 0, -1]


def test_missing_values_are_those_the_file_names(rqtl2):
    rqtl2.replace("cross.yaml", "['-', 'NA']", "[na, '.']")
    rqtl2.replace("geno.csv", "s1,C,C", "s1,na,.")
    rqtl2.replace("pheno.csv", "s1,1,", "s1,.,")
    cross = rqtl2.read()
    assert cross.genotypes[:, 0].tolist() == [-1, -1, 0]
    assert math.isnan(cross.traits[0, 0])
    rqtl2.replace("geno.csv", "s2,L,C", "s2,-,C")
    with pytest.raises(DataError, match=r"line 3, column m1: expected one of L, C, found '-'"):
        rqtl2.read()


def test_separator_and_comments(rqtl2):
    for name in ("geno", "gmap", "pmap", "pheno", "phenocovar", "covar"):
        text = rqtl2.text(f"{name}.csv")
        n_columns = text.splitlines()[0].count(",") + 1
        n_rows = len(text.splitlines()) - 1
        top = f"! made by hand\n! nrow {n_rows}\n! ncol {n_columns}\n"
        rqtl2.write(f"{name}.csv", top + text.replace(",", ";"))
    rqtl2.write("cross.yaml", rqtl2.text("cross.yaml") + "sep: ;\ncomment.char: '!'\n")
    assert rqtl2.read().n_markers == 3


def test_the_user_overrules_the_file(rqtl2):
    cross = rqtl2.read(crosstype="haploid", codes={"C": "RM", "L": "BY"})
    assert (cross.crosstype, cross.genotype_names) == ("haploid", ("RM", "BY"))
    assert cross.genotypes[0].tolist() == [0, 1] * 4
    assert cross.report.notes == ("crosstype haploid as named, not riself as in the file",)
    with pytest.raises(ArgumentError, match="crosstype: expected one of"):
        rqtl2.read(crosstype="magic")


@pytest.mark.parametrize(
    ("value", "description"),
    [
        ("null", ""),
        ("~", ""),
        ("Null", ""),
        ("'null'", "null"),
        ('"~"', "~"),
        ("nullable", "nullable"),
    ],
)
def test_a_word_in_quotes_is_not_the_absence_of_one(rqtl2, value, description):
    rqtl2.replace("cross.yaml", "description: a small cross", f"description: {value}")
    assert rqtl2.read().description == description


def test_no_cross_type_is_guessed(rqtl2):
    rqtl2.replace("cross.yaml", "crosstype: riself\n", "")
    with pytest.raises(DataError, match=r"cross.yaml: expected crosstype: one of .*found none"):
        rqtl2.read()
    assert rqtl2.read(crosstype="dh").crosstype == "dh"


def test_unknown_keys_are_warned_of_and_unused_ones_noted(rqtl2):
    text = rqtl2.text("cross.yaml")
    rqtl2.write("cross.yaml", text + "genno: x.csv\nsex: {covar: batch}\ncomments: [a, b]\n")
    with pytest.warns(CrossmapWarning, match=r"unknown keys are ignored: genno$"):
        cross = rqtl2.read()
    assert cross.report.notes == ("keys of the control file that are not used: sex",)


def test_names_that_do_not_agree_are_dropped(rqtl2):
    rqtl2.write("geno.csv", rqtl2.text("geno.csv") + "g9,L,L,L\n")
    rqtl2.write("pheno.csv", rqtl2.text("pheno.csv") + "p9,1,1\n")
    rqtl2.write("covar.csv", rqtl2.text("covar.csv") + "c9,b0,1\n")
    rqtl2.replace("pmap.csv", "m2,1,0.0002505\n", "x2,1,0.5\n")
    rqtl2.replace("gmap.csv", "m3,2,4.0", "m3,2,NA")
    rqtl2.replace("pmap.csv", "m3,2,0.0001", "m3,2,-")
    cross = rqtl2.read()
    assert cross.markers["marker"].tolist() == ["m1"]
    assert cross.samples == SAMPLES
    assert cross.report.dropped == {
        "marker in one map alone": ("m2", "x2"),
        "marker without a place": ("m3",),
        "sample with covariates alone": ("c9",),
        "sample without genotypes": ("p9",),
        "sample without traits": ("g9",),
    }


def test_one_map_is_enough(rqtl2):
    rqtl2.replace("cross.yaml", "gmap: gmap.csv\n", "")
    cross = rqtl2.read()
    assert cross.markers["pos_bp"].tolist() == [100.0, 250.5, 100.0]
    assert cross.markers["pos_cm"].isna().all()
    rqtl2.replace("cross.yaml", "pmap: pmap.csv\n", "")
    with pytest.raises(DataError, match=r"expected gmap: the name of a file \(or pmap\)"):
        rqtl2.read()


def test_phenocovar_without_places_is_fine(rqtl2):
    rqtl2.write("phenocovar.csv", "pheno,time\nt1,0\nt2,x\n")
    assert rqtl2.read().trait_table["chr"].tolist() == [None, None]


PARENT_ROWS = {
    "pheno.csv": "C.2,0.5,NA\nL.1,1.5,2.5\nC.1,-1,3\n",
    "covar.csv": "L.1,NA,NA,L\nC.1,NA,NA,C\nC.2,NA,NA,C\n",
}


@pytest.fixture
def with_parents(rqtl2):
    text = rqtl2.text("covar.csv").replace("\n", ",NA\n").replace("age,NA", "age,parent")
    rqtl2.write("covar.csv", text + PARENT_ROWS["covar.csv"])
    rqtl2.write("pheno.csv", rqtl2.text("pheno.csv") + PARENT_ROWS["pheno.csv"])
    return rqtl2


def test_replicates_of_the_parents(with_parents):
    cross = with_parents.read()
    assert list(cross.parents.index) == ["C.1", "C.2", "L.1"]
    assert cross.parents["parent"].tolist() == ["C", "C", "L"]
    np.testing.assert_array_equal(cross.parents["t1"], [-1, 0.5, 1.5])
    np.testing.assert_array_equal(cross.parents["t2"], [3, np.nan, 2.5])
    assert cross.samples == SAMPLES
    assert cross.covariates.columns.tolist() == ["batch", "age"]
    assert cross.covariates["age"].dtype == np.float64
    assert cross.report.dropped == {}


def test_parents_follow_the_names_that_the_user_gives(with_parents):
    cross = with_parents.read(codes={"L": "BY", "C": "RM"})
    assert cross.parents["parent"].tolist() == ["RM", "RM", "BY"]
    with_parents.replace("covar.csv", "C.1,NA,NA,C", "C.1,NA,NA,RM")
    assert with_parents.read(codes={"L": "BY", "C": "RM"}).parents["parent"].iloc[0] == "RM"


def test_a_parent_without_phenotypes_is_no_replicate(with_parents):
    with_parents.replace("pheno.csv", "L.1,1.5,2.5\n", "")
    cross = with_parents.read()
    assert list(cross.parents.index) == ["C.1", "C.2"]
    assert cross.report.dropped == {"sample with covariates alone": ("L.1",)}


def test_a_genotyped_individual_is_no_replicate(with_parents):
    with_parents.write("geno.csv", with_parents.text("geno.csv") + "L.1,L,L,L\n")
    cross = with_parents.read()
    assert list(cross.parents.index) == ["C.1", "C.2"]
    assert cross.samples == ("L.1", *SAMPLES)
    assert cross.covariates["parent"].tolist() == ["L", *[None] * 8]


def test_an_unknown_parent(with_parents):
    with_parents.replace("covar.csv", "C.1,NA,NA,C", "C.1,NA,NA,c")
    with pytest.raises(DataError) as caught:
        with_parents.read()
    assert str(caught.value) == (
        f"{with_parents.path / 'covar.csv'}, line 11, column parent: "
        "expected a genotype (L, C), found 'c'"
    )


def test_a_trait_named_parent(with_parents):
    with_parents.replace("pheno.csv", "id,t1", "id,parent")
    with pytest.raises(DataError, match=r"pheno.csv: expected no phenotype named 'parent'"):
        with_parents.read()


# File spoilt, its new content (or what to replace by what), the message.
BAD = {
    "missing table": ("cross.yaml", ("geno.csv", "gone.csv"),
                      "{folder}/gone.csv: expected a file, found none of this name"),
    "empty control file": ("cross.yaml", "", "{file}: expected a table, found an empty file"),
    "no yaml": ("cross.yaml", "a: [1\nb: 2\n", "{file}, line 2: expected YAML, found expected ',' "
                "or ']', but got ':'"),
    "a control character": ("cross.yaml", "a: \x07\n", "{file}: expected YAML, found unacceptable "
                            "character #x0007: special characters are not allowed"),
    "a list": ("cross.yaml", "- a\n- b\n",
               "{file}: expected keys and values, found something else"),
    "a comment alone": ("cross.yaml", "# a\n",
                        "{file}: expected keys and values, found something else"),
    "endless nesting": ("cross.yaml", "a: " + "[" * 1000,
                        "{file}: expected a control file, found endless nesting"),
    "a key twice": ("cross.yaml", ("gmap: gmap", "geno: gmap"), "{file}, line 4: expected each key "
                    "once, found 'geno' again (first in line 3)"),
    "a code twice": ("cross.yaml", ("  C: 2", "  L: 2"), "{file}, line 11: expected each key "
                     "once, found 'L' again (first in line 10)"),
    "no genotypes": ("cross.yaml", ("geno: geno.csv\n", ""),
                     "{file}: expected geno: the name of a file, found none"),
    "no phenotypes": ("cross.yaml", ("pheno: pheno.csv", "pheno:"),
                      "{file}, line 6: expected pheno: the name of a file, found none"),
    "unknown cross type": ("cross.yaml", ("riself", "magic19"), "{file}, line 2: expected "
                           "crosstype: one of haploid, dh, riself, risib, bc, f2, found "
                           "'magic19'"),
    "an absolute path": ("cross.yaml", ("geno.csv", "/etc/passwd"), "{file}, line 3: expected "
                         "geno: a file in the folder of this one, found /etc/passwd"),
    "a drive": ("cross.yaml", ("geno.csv", "C:\\geno.csv"), "{file}, line 3: expected geno: a file "
                "in the folder of this one, found C:/geno.csv"),
    "a path out": ("cross.yaml", ("geno.csv", "a/../../geno.csv"), "{file}, line 3: expected geno: "
                   "a file in the folder of this one, found a/../../geno.csv"),
    "a path out backwards": ("cross.yaml", ("geno.csv", "..\\geno.csv"), "{file}, line 3: expected "
                             "geno: a file in the folder of this one, found ../geno.csv"),
    "a map for a file": ("cross.yaml", ("geno: geno.csv", "geno: {a: b}"), "{file}, line 3: "
                         "expected geno: one value or a list, found {{'a': 'b'}}"),
    "a list for a word": ("cross.yaml", ("riself", "[riself]"), "{file}, line 2: expected "
                          "crosstype: one value, found ['riself']"),
    "a word for codes": ("cross.yaml", ("genotypes:\n  L: 1\n  C: 2", "genotypes: L"), "{file}, "
                         "line 9: expected genotypes: keys with one value each, found L"),
    "a code no number": ("cross.yaml", ("C: 2", "C: two"), "{file}, line 9: expected genotypes: "
                         "whole numbers, 0 for missing, from 1 for genotypes; 'C', found 'two'"),
    "two genotypes of one name": ("cross.yaml", ("  L: 1\n  C: 2", "  BB: 1"), "{file}, line "
                                  "9: expected genotypes: a name for each of 2 genotypes, found "
                                  "['BB', 'BB']"),
    "a genotype without a name": ("cross.yaml", ("  C: 2", "alleles: [L, '']"), "{file}, line 9: "
                                  "expected genotypes: a name for each of 2 genotypes, found "
                                  "['L', '']"),
    "a flag no flag": ("cross.yaml", ("na.str", "geno_transposed: 2\nna.str"), "{file}, line 12: "
                       "expected geno_transposed: true or false, found 2"),
    "a separator of two": ("cross.yaml", ("na.str", "sep: ab\nna.str"), "{file}, line 12: "
                           "expected sep: one character, found 'ab'"),
    "unlisted code": ("geno.csv", ("s3,C,C,L", "s3,C,H,L"),
                      "{file}, line 4, column m2: expected one of L, C, found 'H' (L, C, H "
                      "are three genotypes, as of crosstype f2; a code named NA is read as "
                      "missing)"),
    "short row": ("geno.csv", ("s3,C,C,L", "s3,C,C"),
                  "{file}, line 4: expected 4 cells as in the header, found 3"),
    "rows promised": ("geno.csv", ("id,", "# nrow 9\nid,"),
                      "{file}: expected 9 rows as its comment lines say, found 8"),
    "columns promised": ("pheno.csv", ("id,", "# ncol 2\nid,"),
                         "{file}: expected 2 columns as its comment lines say, found 3"),
    "rows promised in a map": ("gmap.csv", ("marker,", "#nrow 4\nmarker,"),
                               "{file}: expected 4 rows as its comment lines say, found 3"),
    "line under comments": ("pheno.csv", ("id,t1,t2\ns1,1", "# a\n# b\nid,t1,t2\ns1,x"),
                            "{file}, line 4, column t1: expected a number, found 'x'"),
    "comments alone": ("pheno.csv", "# a\n# b\n", "{file}: expected a header row, found comments "
                       "alone"),
    "marker twice": ("geno.csv", ("m1,m2", "m1,m1"), "{file}, line 1, column 3: expected each "
                     "column name once, found 'm1' again (first in column 2)"),
    "individual twice": ("geno.csv", ("s3,", "s2,"), "{file}, line 4: expected each row name "
                         "once, found 's2' again (first in line 3)"),
    "position no number": ("gmap.csv", ("12.5", "12.5 cM"),
                           "{file}, line 3, column pos: expected a number, found '12.5 cM'"),
    "physical position no number": ("pmap.csv", ("0.0002505", "?"),
                                    "{file}, line 3, column pos: expected a number, found '?'"),
    "a map of two columns": ("gmap.csv", "marker,chr\nm1,1\n",
                             "{file}: expected columns marker, chr and pos, found fewer columns"),
    "maps that differ": ("pmap.csv", ("m2,1", "m2,2"), "{file}: expected marker m2 on chromosome "
                         "1 as in the genetic map, found 2"),
    "phenotype no number": ("pheno.csv", ("s4,4", "s4,tall"),
                            "{file}, line 5, column t1: expected a number, found 'tall'"),
    "phenotype infinite": ("pheno.csv", ("s4,4", "s4,-Inf"),
                           "{file}, line 5, column t1: expected a finite number, found '-Inf'"),
    "covariate infinite": ("covar.csv", ("s4,b0,4", "s4,b0,inf"),
                           "{file}, line 5, column age: expected a finite number, found 'inf'"),
    "gene position no number": ("phenocovar.csv", ("700", "seven"),
                                "{file}, line 3, column start_bp: expected a number, found "
                                "'seven'"),
    "nobody in common": ("geno.csv", "id,m1\nx1,L\n", "{file} and {folder}/pheno.csv: expected "
                         "samples in common, found none ('x1' against 's1', 's2', ...)"),
    "seven in common": ("geno.csv", ("s8,", "x8,"), "{file} and {folder}/pheno.csv: expected 8 or "
                        "more samples in common, found 7"),
    "no markers in common": ("geno.csv", ("m1,m2,m3", "x1,x2,x3"), "{file} and {folder}/gmap.csv: "
                             "expected markers in common, found none ('x1', 'x2', ... against "
                             "'m1', 'm2', ...)"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_named(rqtl2, case):
    name, content, message = BAD[case]
    if isinstance(content, tuple):
        text = rqtl2.text(name)
        assert content[0] in text
        rqtl2.write(name, text.replace(*content, 1))
    else:
        rqtl2.write(name, content)
    with pytest.raises(DataError) as caught:
        rqtl2.read()
    assert str(caught.value) == message.format(file=rqtl2.path / name, folder=rqtl2.path)


@pytest.mark.parametrize("section", ["gmap", "phenocovar", "covar"])
def test_places_in_transposed_tables(rqtl2, section):
    spoilt = {"gmap": ("12.5", "x"), "phenocovar": ("700", "x"), "covar": (",4\n", ",inf\n")}
    rqtl2.replace(f"{section}.csv", *spoilt[section])
    rqtl2.write(f"{section}.csv", transpose(rqtl2.text(f"{section}.csv")))
    rqtl2.write("cross.yaml", rqtl2.text("cross.yaml") + f"{section}_transposed: true\n")
    with pytest.raises(DataError) as caught:
        rqtl2.read()
    places = {
        "gmap": "line 3, column m2: expected a number, found 'x'",
        "phenocovar": "line 3, column t2: expected a number, found 'x'",
        "covar": "line 3, column s4: expected a finite number, found 'inf'",
    }
    assert str(caught.value) == f"{rqtl2.path / section}.csv, {places[section]}"


def test_the_example_of_rqtl2(shared):
    """grav2, R/qtl2's own example, against what R/qtl2 itself read from it."""
    folder = shared / "oracles" / "qtl2"
    cross = read_cross(folder / "grav2.zip")
    assert (cross.crosstype, cross.genotype_names) == ("riself", ("L", "C"))

    def theirs(name):
        table = pd.read_csv(folder / f"qtl2_grav2_{name}", sep="\t", dtype={"ind": str})
        return table.set_index("ind").loc[list(cross.samples)]

    phenotypes = theirs("pheno.tsv")
    rows = [cross.trait_names.index(name) for name in phenotypes.columns]
    np.testing.assert_allclose(cross.traits[rows], phenotypes.to_numpy().T, rtol=1e-14)
    genotypes = theirs("geno.tsv.gz")[list(cross.markers["marker"])].fillna(0).to_numpy().T
    np.testing.assert_array_equal(cross.genotypes, genotypes - 1)
    gmap = pd.read_csv(folder / "qtl2_grav2_gmap.tsv", sep="\t")
    assert cross.markers["marker"].tolist() == gmap["marker"].tolist()
    np.testing.assert_allclose(cross.markers["pos_cm"], gmap["cM"], rtol=1e-14)
