"""Tables, JSON and provenance of results."""

import io
import json
import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import crossmap
from crossmap.cross import IngestReport, make_cross
from crossmap.errors import ArgumentError, OutputError
from crossmap.io.results import (
    Provenance,
    package_versions,
    write_json,
    write_parts,
    write_summary,
    write_table,
)


def tsv(frame, folder):
    return write_table(frame, folder, "t").read_bytes().decode()


def test_every_kind_of_cell(tmp_path):
    frame = pd.DataFrame(
        {
            "name": pd.Series(["a", None, "c d", "ü"], dtype=object),
            "whole": np.array([1, -2, 3, 2**62]),
            "number": [12.0, 0.5, np.nan, np.inf],
            "yes": [True, False, True, False],
            "maybe": pd.array([True, None, False, True], dtype="boolean"),
            "count": pd.array([1, None, 3, 4], dtype="Int64"),
            "class": pd.Categorical(["x", None, "y", "x"]),
            "mixed": pd.Series([1.0, "b", None, False], dtype=object),
        }
    )
    assert tsv(frame, tmp_path).splitlines() == [
        "name\twhole\tnumber\tyes\tmaybe\tcount\tclass\tmixed",
        "a\t1\t12\ttrue\ttrue\t1\tx\t1",
        "NA\t-2\t0.5\tfalse\tNA\tNA\tNA\tb",
        "c d\t3\tNA\ttrue\tfalse\t3\ty\tNA",
        f"ü\t{2**62}\tinf\tfalse\ttrue\t4\tx\tfalse",
    ]


def test_lines_end_in_lf_and_an_empty_table_is_its_header(tmp_path):
    frame = pd.DataFrame({"trait": pd.Series(dtype=object), "f1": pd.Series(dtype=float)})
    assert tsv(frame, tmp_path) == "trait\tf1\n"
    assert "\r" not in tsv(pd.DataFrame({"a": [1, 2]}), tmp_path)


def test_awkward_names_read_back(tmp_path):
    names = ["tab\there", 'quote"d', "two\nlines", "007", "1e5"]
    text = tsv(pd.DataFrame({"trait": names}), tmp_path)
    back = pd.read_csv(io.StringIO(text), sep="\t", dtype=str, keep_default_na=False)
    assert list(back["trait"]) == names


@given(st.lists(st.floats(allow_nan=False), min_size=1, max_size=30))
def test_numbers_read_back_to_the_same_float64(tmp_path_factory, values):
    folder = tmp_path_factory.getbasetemp()
    lines = tsv(pd.DataFrame({"x": np.array(values)}), folder).splitlines()[1:]
    back = [float(line) for line in lines]
    assert np.array(back).tobytes() == np.array(values).tobytes()  # -0.0 included
    assert not any(line.endswith(".0") for line in lines)


@pytest.mark.parametrize("format", ["tsv", "parquet"])
def test_both_formats_hold_the_same(tmp_path, format):
    frame = pd.DataFrame(
        {
            "trait": pd.Series(["a", None, "b"], dtype=object),
            "never": pd.Series([None, None, None], dtype=object),
            "f1": [0.1, np.nan, 1e-300],
            "local": np.array([0, 1, 2]),
            "class": pd.Categorical(["x", "y", None]),
        }
    )
    file = write_table(frame, tmp_path, "t", format=format)
    assert file.name == f"t.{format}"
    back = pd.read_csv(file, sep="\t") if format == "tsv" else pd.read_parquet(file)
    assert list(back.columns) == list(frame.columns)
    assert back["trait"].fillna("-").tolist() == ["a", "-", "b"]
    assert back["never"].isna().all()
    np.testing.assert_array_equal(back["f1"], frame["f1"])
    assert back["local"].tolist() == [0, 1, 2]
    assert back["class"].fillna("-").tolist() == ["x", "y", "-"]


@pytest.mark.parametrize("format", ["tsv", "parquet"])
def test_a_table_in_parts_reads_as_one(tmp_path, format):
    frame = pd.DataFrame(
        {
            "trait": pd.Series(["a", None, "b", "c"], dtype=object),
            "p": [0.1, np.nan, 1e-300, 2.0],
            "local": pd.array([True, None, None, False], dtype="boolean"),
        }
    )
    whole = write_table(frame, tmp_path, "whole", format=format)
    parts = [frame.iloc[:1], frame.iloc[1:3], frame.iloc[3:3], frame.iloc[3:]]
    file = write_parts(iter(parts), tmp_path, "parts", format=format)
    if format == "tsv":
        assert file.read_bytes() == whole.read_bytes()
    else:
        pd.testing.assert_frame_equal(pd.read_parquet(file), pd.read_parquet(whole))


def test_parquet_of_no_rows_keeps_its_types_and_bytes_are_stable(tmp_path):
    import pyarrow
    import pyarrow.parquet

    frame = pd.DataFrame({"trait": pd.Series(dtype=object), "lod": pd.Series(dtype=float)})
    first = write_table(frame, tmp_path, "t", format="parquet").read_bytes()
    schema = pyarrow.parquet.read_schema(tmp_path / "t.parquet")
    assert schema.field("trait").type == pyarrow.string()
    assert schema.field("lod").type == pyarrow.float64()
    assert write_table(frame, tmp_path, "t", format="parquet").read_bytes() == first


def test_a_yeast_sized_table_takes_no_longer_than_pandas_own_writer(tmp_path):
    rng = np.random.default_rng(1)
    columns = {f"c{i}": rng.normal(size=6216) for i in range(11)}
    columns |= {f"n{i}": [f"name{k}" for k in range(6216)] for i in range(6)}
    frame = pd.DataFrame(columns)

    def seconds(write):
        start = time.perf_counter()
        write()
        return time.perf_counter() - start

    ours = min(seconds(lambda: write_table(frame, tmp_path, "t")) for _ in range(3))
    bare = min(seconds(lambda: frame.to_csv(tmp_path / "p", sep="\t")) for _ in range(3))
    assert ours < 2 * bare, f"{ours:.3f} s against {bare:.3f} s"  # here 0.09 and 0.09


def test_unknown_format_is_refused(tmp_path):
    with pytest.raises(ArgumentError, match="format: expected tsv or parquet, found 'csv'"):
        write_table(pd.DataFrame({"a": [1]}), tmp_path, "t", format="csv")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("format", ["tsv", "parquet"])
def test_a_place_that_cannot_be_written_is_named(tmp_path, format):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=rf"file/t\.{format}: expected to be able to write"):
        write_table(pd.DataFrame({"a": [1]}), tmp_path / "file", "t", format=format)
    with pytest.raises(OutputError, match=r"file/s\.json"):
        write_json({}, tmp_path / "file", "s.json")


def test_json_is_sorted_and_strict(tmp_path):
    content = {
        "b": np.float64("nan"),
        "a": [np.int64(3), (1.5, -np.inf), np.array([True, False])],
        "c": {2: None, 1: "é"},
        "tiny": 5e-324,
    }
    text = write_json(content, tmp_path, "x.json").read_text(encoding="utf-8")

    def refuse(token):
        raise AssertionError(token)

    assert json.loads(text, parse_constant=refuse) == {
        "a": [3, [1.5, None], [True, False]],
        "b": None,
        "c": {"1": "é", "2": None},
        "tiny": 5e-324,
    }
    assert text.index('"a"') < text.index('"b"') < text.index('"c"')
    assert text.endswith("}\n")


def test_summary_says_its_version_and_nothing_else_of_its_own(tmp_path):
    file = write_summary({"n_traits": 3}, tmp_path)
    assert file.name == "summary.json"
    assert json.loads(file.read_text()) == {"format_version": 1, "n_traits": 3}


def test_manifest_says_where_results_come_from():
    cross = make_cross(
        crosstype="haploid",
        genotype_names=("A", "B"),
        samples=["s2", "s1"],
        markers=pd.DataFrame({"marker": ["m"], "chr": ["1"], "pos_bp": [1.0]}),
        genotypes=np.array([[0, 1]]),
        trait_names=["t"],
        traits=np.array([[1.0, 2.0]]),
        report=IngestReport(
            files={"geno.csv": "ab12"},
            dropped={"sample without traits": ("s3",)},
            notes=("a note",),
        ),
    )
    provenance = Provenance.of(cross, command="joint", options={"n_loci": 2}, seed=7)
    manifest = provenance.to_manifest()
    assert manifest["program"] == "crossmap"
    assert manifest["version"] == crossmap.__version__
    assert (manifest["command"], manifest["options"], manifest["seed"]) == (
        "joint", {"n_loci": 2}, 7,
    )  # fmt: skip
    assert manifest["inputs"] == {"geno.csv": "ab12"}
    assert manifest["samples_used"] == ("s1", "s2")
    assert manifest["dropped"] == {"sample without traits": ("s3",)}
    assert manifest["notes"] == ("a note",)
    assert manifest["times"]["finished"] >= manifest["times"]["started"]
    assert manifest["times"]["seconds"] >= 0
    assert manifest["python"].startswith("3.")
    assert manifest["packages"] == package_versions()


def test_package_versions_are_those_installed_and_no_extras():
    versions = package_versions()
    assert versions["numpy"] == np.__version__
    assert "click" in versions
    assert "pytest" not in versions
