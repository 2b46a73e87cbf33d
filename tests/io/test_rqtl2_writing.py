"""R/qtl2 folders: written, and read back."""

import warnings

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st
from same import assert_same_data

from crossmap.cross import make_cross
from crossmap.errors import CrossmapWarning, DataError, OutputError
from crossmap.io.plain import read_plain
from crossmap.io.read import read_cross
from crossmap.io.rqtl2 import write_rqtl2


def cross_for_writing(**changes):
    options = {
        "crosstype": "haploid",
        "genotype_names": ("BY", "RM"),
        "samples": [f"seg{i}" for i in range(8)],
        "markers": pd.DataFrame(
            {
                "marker": ["m,1", 'm"2', "3", "#4"],
                "chr": ["II", "II", "I", "I"],
                "pos_bp": [10.5, 10.5, 3.0, 1234567.1],
                "pos_cm": [0.1 + 0.2, 1 / 3, 0.0, 7.0],
            }
        ),
        "genotypes": np.array([[0, 1] * 4, [1, 0] * 4, [-1] * 8, [0] * 8]),
        "trait_names": ["b", "a", "007"],
        "traits": np.vstack([np.arange(8) / 3, np.full(8, np.nan), np.arange(8) * 1e-300]),
        "trait_positions": pd.DataFrame(
            {"trait": ["a"], "chr": ["II"], "start_bp": [5.5], "end_bp": [2.0]}
        ),
        "description": "made for the tests: é, 'quotes' # and all",
    }
    return make_cross(**{**options, **changes})


def test_written_and_read_back(tmp_path):
    samples = [f"seg{i}" for i in range(8)]
    cross = cross_for_writing(
        covariates=pd.DataFrame(
            {
                "batch": pd.Series(["x", "y", None, "01"] * 2, index=samples, dtype=object),
                "age": pd.Series([0.1, np.nan] * 4, index=samples),
            }
        ),
        parents=pd.DataFrame(
            {"parent": ["RM", "BY"], "b": [0.25, np.nan], "a": [1 / 7, 2.0]}, index=["r2", "r1"]
        ),
    )
    control = write_rqtl2(cross, tmp_path / "new" / "folder")
    assert control == tmp_path / "new" / "folder" / "cross.yaml"
    back = read_cross(control.parent)
    assert_same_data(back, cross)
    assert back.report.dropped == {}
    assert {path.name for path in control.parent.iterdir()} == {
        *(f"{s}.csv" for s in ("geno", "gmap", "pmap", "pheno", "phenocovar", "covar")),
        "cross.yaml",
    }
    assert b"\r" not in (control.parent / "pheno.csv").read_bytes()


def test_only_what_is_known_is_written(tmp_path):
    markers = pd.DataFrame({"marker": ["m"], "chr": ["1"], "pos_cm": [2.5]})
    cross = cross_for_writing(
        markers=markers, genotypes=np.zeros((1, 8), int), trait_positions=None, description=""
    )
    write_rqtl2(cross, tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "cross.yaml", "geno.csv", "gmap.csv", "pheno.csv",
    ]  # fmt: skip
    assert_same_data(read_cross(tmp_path), cross)


def test_the_written_control_file_is_what_rqtl2_expects(tmp_path):
    cross = cross_for_writing(genotype_names=("NO", "1"))
    write_rqtl2(cross, tmp_path)
    control = yaml.safe_load((tmp_path / "cross.yaml").read_text(encoding="utf-8"))
    assert control["genotypes"] == {"NO": 1, "1": 2}
    assert control["na.strings"] == ["NA", "-"]
    assert control["geno_transposed"] is True
    assert control["crosstype"] == "haploid"
    assert_same_data(read_cross(tmp_path), cross)
    pmap = pd.read_csv(tmp_path / "pmap.csv")
    assert pmap["pos"].tolist() == [10.5 / 1e6, 10.5 / 1e6, 3 / 1e6, 1234567.1 / 1e6]


@pytest.mark.parametrize("names", [("AA", "AB"), ("hom", "het")])
def test_males_of_a_backcross_have_the_second_homozygote_on_x(names, tmp_path):
    """R/qtl2: 1 and 2 of females, 1 and 3 of males."""
    markers = pd.DataFrame({"marker": ["a", "x"], "chr": ["1", "X"], "pos_cm": [2.5, 3.0]})
    sex = ["female", "male"] * 4
    cross = cross_for_writing(
        crosstype="bc", genotype_names=names, markers=markers, trait_positions=None,
        genotypes=np.array([[0, 1, 1, 0] * 2, [0, 1, 1, 0] * 2]),
        covariates=pd.DataFrame({"sex": sex}, index=[f"seg{i}" for i in range(8)]),
    )  # fmt: skip
    write_rqtl2(cross, tmp_path)
    control = yaml.safe_load((tmp_path / "cross.yaml").read_text(encoding="utf-8"))
    number = {"NA": 0, **control["genotypes"]}
    geno = pd.read_csv(tmp_path / "geno.csv", index_col=0, dtype=str, keep_default_na=False)
    numbers = geno.map(number.get)
    assert numbers.loc["a"].tolist() == [1, 2, 2, 1] * 2
    assert numbers.loc["x"].tolist() == [1, 3, 2, 1] * 2
    assert control["sex"]["covar"] == "sex"
    back = read_cross(tmp_path)
    assert_same_data(back, cross)
    assert back.report.notes == ()


def test_what_cannot_be_kept_is_warned_of(tmp_path):
    cross = cross_for_writing()
    partly = cross.markers.assign(pos_cm=[1.0, np.nan, 2.0, 3.0])
    genotypes = cross.genotypes
    with pytest.warns(CrossmapWarning, match="centimorgans are known for some markers only"):
        write_rqtl2(cross_for_writing(markers=partly, genotypes=genotypes), tmp_path)
    assert read_cross(tmp_path).markers["pos_cm"].isna().all()
    finer = cross.markers.assign(pos_bp=[1.25, 2.0, 3.0, 4.0])
    with pytest.warns(CrossmapWarning, match=r"finer than 0\.1 bp"):
        write_rqtl2(cross_for_writing(markers=finer, genotypes=genotypes), tmp_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"genotype_names": ("NA", "B")}, "genotype names: expected names .* found 'NA'"),
        ({"samples": ["a ", *"bcdefgh"]}, "sample names: expected names .* found 'a '"),
        ({"samples": ["", *"bcdefgh"]}, "sample names: expected names .* found ''"),
        ({"trait_names": ["a\nb", "a", "c"]}, "trait names: expected names .* found 'a.nb'"),
        (
            {"parents": pd.DataFrame({"parent": ["BY"], "a": [1.0]}, index=["seg3"])},
            "parents: expected replicates named unlike samples, found 'seg3'",
        ),
        (
            {
                "parents": pd.DataFrame({"parent": ["BY"], "a": [1.0]}, index=["p1"]),
                "covariates": pd.DataFrame({"parent": ["x"]}, index=["seg1"]),
            },
            "covariates: expected none named 'parent' beside measured parents, found one",
        ),
    ],
)
def test_names_that_cannot_be_written(tmp_path, changes, message):
    with pytest.raises(DataError, match=message):
        write_rqtl2(cross_for_writing(**changes), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="expected to be able to write"):
        write_rqtl2(cross_for_writing(), tmp_path / "file")


names = st.text(
    st.characters(categories=["L", "N", "P", "S"], include_characters=" "), min_size=1, max_size=6
).map(str.strip).filter(lambda name: name and name not in ("NA", "-"))  # fmt: skip


@st.composite
def crosses(draw):
    n_samples = draw(st.integers(8, 10))
    n_traits = draw(st.integers(1, 3))
    n_markers = draw(st.integers(1, 4))
    floats = st.floats(-1e70, 1e70, width=64) | st.just(float("nan"))

    def unique(n):
        return draw(st.lists(names, min_size=n, max_size=n, unique=True))

    everyone = unique(n_samples + 2)
    samples, replicates = everyone[:n_samples], everyone[n_samples:]
    genotype_names, traits = unique(2), unique(n_traits)
    values = st.lists(floats, min_size=n_samples, max_size=n_samples)
    chromosomes = draw(st.lists(names, min_size=n_markers, max_size=n_markers))
    positions = st.lists(st.integers(0, 10**9), min_size=n_markers, max_size=n_markers)
    classes = st.lists(st.integers(-1, 1), min_size=n_samples, max_size=n_samples)
    options = {}
    if draw(st.booleans()) and "parent" not in traits:
        replicate_values = st.lists(floats, min_size=2, max_size=2)
        options["parents"] = pd.DataFrame(
            {"parent": genotype_names, **{t: draw(replicate_values) for t in traits}},
            index=replicates,
        )
    if draw(st.booleans()):
        options["covariates"] = pd.DataFrame({"age": draw(values)}, index=samples)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CrossmapWarning)
        return make_cross(
            crosstype="dh",
            genotype_names=genotype_names,
            samples=samples,
            markers=pd.DataFrame(
                {
                    "marker": unique(n_markers),
                    "chr": chromosomes,
                    "pos_bp": np.array(draw(positions)) / 10,
                }
            ),
            genotypes=np.array([draw(classes) for _ in range(n_markers)]),
            trait_names=traits,
            traits=np.array([draw(values) for _ in range(n_traits)]),
            description=draw(st.text(st.characters(exclude_categories=["C"]), max_size=20)),
            **options,
        )


@settings(max_examples=60, deadline=None)
@given(cross=crosses())
@example(cross=cross_for_writing(description="null"))
def test_any_cross_survives_the_round_trip(cross, tmp_path_factory):
    folder = tmp_path_factory.mktemp("cross")
    write_rqtl2(cross, folder)
    assert_same_data(read_cross(folder), cross)


@pytest.mark.filterwarnings("ignore:3 markers stood out of map order")
def test_yeast_survives_the_round_trip(shared, tmp_path):
    folder = shared / "yeast"
    cross = read_plain(
        genotypes=folder / "genotype.tsv.gz",
        markers=folder / "marker_pos.tsv.gz",
        traits=folder / "expression.tsv.gz",
        trait_positions=folder / "gene_pos.tsv.gz",
        crosstype="haploid",
        codes={"1": "A", "2": "B"},
    )
    write_rqtl2(cross, tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        back = read_cross(tmp_path)
    assert_same_data(back, cross)
    assert (back.markers["pos_bp"] % 1 == 0.5).sum() == 21


@pytest.mark.parametrize(
    ("crosstype", "chromosome", "expected"),
    [("f2", "X", "X"), ("bc", "x", "x"), ("risib", "X", "X"), ("haploid", "X", None),
     ("f2", "IX", None)],
)  # fmt: skip
def test_the_key_x_chr_names_the_x_of_crosses_that_have_one(
    tmp_path, crosstype, chromosome, expected
):
    """Yeast's tenth chromosome is X in Roman numerals, and no sex chromosome."""
    names = ("AA", "AB", "BB") if crosstype == "f2" else ("AA", "BB")
    names = ("AA", "AB") if crosstype == "bc" else names
    cross = cross_for_writing(
        crosstype=crosstype,
        genotype_names=names,
        markers=pd.DataFrame(
            {"marker": list("abcd"), "chr": ["1", "1", chromosome, chromosome],
             "pos_cm": [0.0, 5.0, 0.0, 5.0]}
        ),
        trait_positions=None,
        covariates=pd.DataFrame({"sex": ["female"] * 8}, index=[f"seg{i}" for i in range(8)]),
    )  # fmt: skip
    control = write_rqtl2(cross, tmp_path)
    assert yaml.safe_load(control.read_text()).get("x_chr") == expected
    assert_same_data(read_cross(control), cross)
