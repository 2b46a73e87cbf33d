"""Plain tables: what is read."""

import gzip
import math
import warnings

import numpy as np
import pandas as pd
import pytest

from crossmap.errors import ArgumentError, CrossmapWarning
from crossmap.io.plain import parse_codes, read_plain

SAMPLES = [f"s{i}" for i in range(1, 9)]


def test_a_whole_cross(plain):
    cross = plain.read(description="tiny")
    assert cross.samples == tuple(SAMPLES)
    assert cross.genotype_names == ("A", "B")
    assert cross.genotypes.dtype == np.int8
    assert cross.genotypes.tolist() == [
        [0, 1, 0, 1, 0, 1, 0, 1],
        [0, 0, 1, 1, 0, 0, 1, 1],
        [1, 1, 1, 1, 0, 0, 0, 0],
    ]
    assert cross.traits[0].tolist() == [1, 2, 3, 4, 5, 6, 7, 8]
    assert cross.traits[1, :2].tolist() == [0.1, -0.002]
    assert math.isnan(cross.traits[1, 2])
    assert cross.markers["chr"].tolist() == ["1", "1", "2"]
    assert cross.markers["pos_bp"].tolist() == [100.0, 250.5, 100.0]
    assert cross.markers["pos_cm"].isna().all()
    assert cross.trait_table.to_numpy().tolist() == [
        ["t1", "1", 90.0, 120.0],
        ["t2", "2", 700.0, 400.0],
    ]
    assert cross.description == "tiny"
    assert cross.report.dropped == {}
    assert set(cross.report.files) == {
        str(plain.options[n]) for n in ("genotypes", "markers", "traits", "trait_positions")
    }


def test_names_that_look_like_numbers_stay_names(plain):
    header = "\t".join(f"00{i}" for i in range(1, 9))
    plain.write("genotypes", f"marker\t{header}\n1e3\t1\t2\t1\t2\t1\t2\t1\t2\n")
    plain.write("markers", "marker\tchr\tpos_bp\n1e3\t01\t7\n")
    plain.write("traits", f"trait\t{header}\n007\t1\t2\t3\t4\t5\t6\t7\t8\n")
    plain.write("trait_positions", "trait\tchr\tstart_bp\tend_bp\n007\t01\t1\t2\n")
    cross = plain.read()
    assert cross.samples[0] == "001"
    assert cross.trait_names == ("007",)
    assert cross.markers[["marker", "chr"]].to_numpy().tolist() == [["1e3", "01"]]
    assert cross.trait_table["chr"].tolist() == ["01"]


@pytest.mark.parametrize("order", [[3, 1, 2, 0, 7, 6, 5, 4], [7, 6, 5, 4, 3, 2, 1, 0]])
def test_samples_are_matched_by_name(plain, order):
    straight = plain.read()
    table = pd.read_csv(plain.options["traits"], sep="\t", dtype=str, keep_default_na=False)
    shuffled = table[["trait", *(SAMPLES[i] for i in order)]].iloc[::-1]
    shuffled.to_csv(plain.options["traits"], sep="\t", index=False)
    cross = plain.read()
    assert cross.samples == straight.samples
    assert cross.trait_names == straight.trait_names
    np.testing.assert_array_equal(cross.traits, straight.traits)


def test_what_is_not_in_common_is_dropped_and_named(plain):
    def widened(name, sample):
        """The table with one more sample and, for genotypes, one more marker."""
        header, *rows = plain.options[name].read_text().splitlines()
        return "\n".join([f"{header}\t{sample}", *(f"{row}\t1" for row in rows)]) + "\n"

    plain.write("genotypes", widened("genotypes", "g9") + "m4" + "\t1" * 9)
    plain.write("traits", widened("traits", "x9"))
    plain.write("markers", "marker\tchr\tpos_bp\nm1\t1\t1\nm3\t1\tNA\nm2\t1\t3\nm9\t2\t3\n")
    plain.write("trait_positions", "trait\tchr\tstart_bp\tend_bp\nt7\t1\t1\t2\nt1\t1\t1\t2\n")
    cross = plain.read()
    assert cross.samples == tuple(SAMPLES)
    assert cross.markers["marker"].tolist() == ["m1", "m2"]
    assert cross.trait_table["chr"].tolist() == ["1", None]
    assert cross.report.dropped == {
        "sample without traits": ("g9",),
        "sample without genotypes": ("x9",),
        "marker without a place": ("m3", "m4"),
        "marker without genotypes": ("m9",),
        "place of a trait that was not measured": ("t7",),
    }


@pytest.mark.parametrize("spelling", ["NA", "-", "", " NA ", "  "])
def test_missing_values(plain, spelling):
    text = plain.options["genotypes"].read_text().replace("m1\t1\t", f"m1\t{spelling}\t")
    plain.write("genotypes", text)
    text = plain.options["traits"].read_text().replace("t1\t1\t", f"t1\t{spelling}\t")
    plain.write("traits", text)
    cross = plain.read()
    assert cross.genotypes[0].tolist() == [-1, 1, 0, 1, 0, 1, 0, 1]
    assert math.isnan(cross.traits[0, 0])
    assert cross.traits[0, 1:].tolist() == [2, 3, 4, 5, 6, 7, 8]


@pytest.mark.parametrize("spelling", ["nan", "NaN"])
def test_nan_is_a_missing_number(plain, spelling):
    text = plain.options["traits"].read_text().replace("t1\t1\t", f"t1\t{spelling}\t")
    plain.write("traits", text)
    assert math.isnan(plain.read().traits[0, 0])


@pytest.mark.parametrize(
    "change",
    [
        lambda data: b"\xef\xbb\xbf" + data,
        lambda data: data.replace(b"\n", b"\r\n"),
        lambda data: data.replace(b"\n", b"\r"),
        lambda data: data.rstrip(b"\n"),
        lambda data: b"\n" + data.replace(b"\n", b"\n\n"),
        lambda data: data.replace(b"\t", b","),
        lambda data: data.replace(b"\t", b" \t "),
        lambda data: b"".join(
            b"\t".join(b'"' + cell + b'"' for cell in line.split(b"\t")) + b"\n"
            for line in data.splitlines()
        ),
        gzip.compress,
        lambda data: gzip.compress(b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n")),
    ],
    ids=["bom", "windows", "old mac", "no last line end", "blank lines", "commas", "spaces",
         "quotes", "gzip", "gzip bom windows"],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore:.*out of map order")
def test_spellings_of_the_same_tables(plain, change):
    straight = plain.read()
    for name in ("genotypes", "markers", "traits", "trait_positions"):
        plain.write(name, change(plain.options[name].read_bytes()))
    cross = plain.read()
    np.testing.assert_array_equal(cross.genotypes, straight.genotypes)
    np.testing.assert_array_equal(cross.traits, straight.traits)
    pd.testing.assert_frame_equal(cross.markers, straight.markers)
    pd.testing.assert_frame_equal(cross.trait_table, straight.trait_table)


def test_floats_are_exact(plain):
    rng = np.random.default_rng(7)
    numbers = [*rng.normal(size=6) * 10.0 ** rng.integers(-300, 69, size=6), 0.1 + 0.2, 5e-324]
    text = "\t".join(repr(float(x)) for x in numbers)
    plain.write("traits", "trait\t" + "\t".join(SAMPLES) + f"\nt\t{text}\n")
    assert plain.read(trait_positions=None).traits[0].tolist() == numbers


def test_several_codes_may_name_one_genotype(plain):
    text = plain.options["genotypes"].read_text().replace("m1\t1\t", "m1\t0\t")
    plain.write("genotypes", text)
    cross = plain.read(codes={"2": "RM", "1": "BY", "0": "BY"})
    assert cross.genotype_names == ("RM", "BY")
    assert cross.genotypes[0].tolist() == [1, 0, 1, 0, 1, 0, 1, 0]


def test_three_genotypes(plain):
    text = plain.options["genotypes"].read_text().replace("m1\t1\t", "m1\t3\t")
    plain.write("genotypes", text)
    cross = plain.read(crosstype="f2", codes=parse_codes("1=AA, 2=AB, 3=BB"))
    assert cross.genotype_names == ("AA", "AB", "BB")
    assert cross.genotypes[0].tolist() == [2, 1, 0, 1, 0, 1, 0, 1]


def test_positions_in_centimorgans(plain):
    plain.write("markers", "name\tpos_cm\tchr\tnote\nm1\t0.5\t1\tx\nm2\t1.25\t1\t\nm3\t0\t2\ty\n")
    cross = plain.read()
    assert cross.markers["pos_cm"].tolist() == [0.5, 1.25, 0.0]
    assert cross.markers["pos_bp"].isna().all()


def test_markers_out_of_order_are_sorted_with_a_warning(plain):
    plain.write("markers", "marker\tchr\tpos_bp\nm1\t1\t300\nm2\t1\t200\nm3\t2\t1\n")
    with pytest.warns(CrossmapWarning, match="1 marker stood out of map order"):
        cross = plain.read()
    assert cross.markers["marker"].tolist() == ["m2", "m1", "m3"]
    assert cross.genotypes[1].tolist() == [0, 1, 0, 1, 0, 1, 0, 1]


def test_two_markers_at_one_place_are_fine(plain):
    plain.write("markers", "marker\tchr\tpos_bp\nm1\t1\t300\nm2\t1\t300\nm3\t2\t1\n")
    assert plain.read().markers["pos_bp"].tolist() == [300, 300, 1]


def test_chromosomes_named_differently_are_warned_of(plain):
    plain.write("trait_positions", "trait\tchr\tstart_bp\tend_bp\nt1\tchr1\t1\t2\n")
    with pytest.warns(CrossmapWarning, match="'chr1' against '1'"):
        plain.read()


COVARIATES_BY_ROW = "covariate\t{}\nbatch\t{}\nage\t{}\nplate\t{}\n".format(
    "\t".join(SAMPLES), "\t".join("abababab"), "1\t2\tNA\t4\t5\t6\t7\t8.5", "\t".join(["01"] * 8)
)
COVARIATES_BY_SAMPLE = "".join(
    ",".join(cells) + "\n"
    for cells in zip(*(line.split("\t") for line in COVARIATES_BY_ROW.splitlines()), strict=True)
)


@pytest.mark.parametrize("text", [COVARIATES_BY_ROW, COVARIATES_BY_SAMPLE], ids=["rows", "columns"])
def test_covariates_either_way_round(plain, text):
    plain.write("covariates", text)
    covariates = plain.read().covariates
    assert list(covariates.index) == SAMPLES
    assert covariates.columns.tolist() == ["batch", "age", "plate"]
    assert covariates["batch"].tolist() == list("abababab")
    assert covariates["age"].dtype == np.float64
    np.testing.assert_array_equal(covariates["age"], [1, 2, np.nan, 4, 5, 6, 7, 8.5])
    assert covariates["plate"].tolist() == ["01"] * 8


def test_covariates_of_some_samples(plain):
    plain.write("covariates", "id,batch\ns2,a\nz1,b\n")
    cross = plain.read()
    assert cross.covariates["batch"].tolist() == [None, "a", *[None] * 6]
    assert cross.report.dropped == {"sample with covariates alone": ("z1",)}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1", "codes: expected pairs such as 1=A,2=B, found '1'"),
        ("1=A,", "codes: expected pairs such as 1=A,2=B, found ''"),
        ("=A", "codes: expected pairs such as 1=A,2=B, found '=A'"),
        ("1=", "codes: expected pairs such as 1=A,2=B, found '1='"),
        ("1=A,1=B", "codes: expected each code once, found '1' twice"),
    ],
)
def test_codes_that_cannot_be_read(text, message):
    with pytest.raises(ArgumentError) as caught:
        parse_codes(text)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("crosstype", "codes", "message"),
    [
        ("tetrad", {"1": "A", "2": "B"}, "crosstype: expected one of haploid, dh"),
        ("f2", {"1": "A", "2": "B"}, "expected 3 genotypes for crosstype f2, found 2 (A, B)"),
        ("haploid", {}, "expected 2 genotypes for crosstype haploid, found 0 (none)"),
        ("haploid", {"1": "A", "2": "NA"}, "expected 2 genotypes for crosstype haploid, found 1"),
        ("haploid", {"1": "A", "2": "-"}, "found '-' (a missing value)"),
        ("haploid", {"-": "A", "2": "B"}, "found '-' (a missing value)"),
    ],
)
def test_codes_that_do_not_fit(plain, crosstype, codes, message):
    with pytest.raises(ArgumentError) as caught:
        plain.read(crosstype=crosstype, codes=codes)
    assert message in str(caught.value)


@pytest.fixture(scope="module")
def yeast(shared):
    folder = shared / "yeast"
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        cross = read_plain(
            genotypes=folder / "genotype.tsv.gz",
            markers=folder / "marker_pos.tsv.gz",
            traits=folder / "expression.tsv.gz",
            trait_positions=folder / "gene_pos.tsv.gz",
            crosstype="haploid",
            codes={"1": "BY", "2": "RM"},
        )
    return cross, [str(warning.message) for warning in caught]


def test_yeast(yeast, shared):
    cross, messages = yeast
    assert messages == [
        "3 markers stood out of map order; markers were sorted by chromosome and position"
    ]
    assert (cross.n_markers, cross.n_samples, cross.n_traits) == (3244, 112, 6216)
    assert cross.report.dropped == {}
    assert np.unique(cross.genotypes).tolist() == [0, 1]
    assert cross.chromosomes == tuple(str(i) for i in range(1, 17))
    same_place = cross.markers.duplicated(["chr", "pos_bp"])
    assert same_place.sum() == 2
    assert cross.markers["marker"][same_place].str.endswith(".2").all()
    assert (cross.markers["pos_bp"] % 1 == 0.5).sum() == 21
    reverse = cross.trait_table["start_bp"] > cross.trait_table["end_bp"]
    assert 0.4 < reverse.mean() < 0.6


def test_yeast_values_against_pandas(yeast, shared):
    cross, _ = yeast
    folder = shared / "yeast"
    values = pd.read_csv(folder / "expression.tsv.gz", sep="\t", index_col=0)
    values = values.loc[list(cross.trait_names), list(cross.samples)]
    np.testing.assert_array_equal(cross.traits, values.to_numpy())
    genotypes = pd.read_csv(folder / "genotype.tsv.gz", sep="\t", index_col=0)
    genotypes = genotypes.loc[list(cross.markers["marker"]), list(cross.samples)]
    np.testing.assert_array_equal(cross.genotypes, genotypes.to_numpy() - 1)
