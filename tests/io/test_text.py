"""Delimited text: the fast way and the slow way read the same."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmap.errors import DataError
from crossmap.io.text import TextTable

NUMBERS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.integers(-(10**20), 10**20).map(str),
    st.sampled_from(["1.", ".5", "-.5e3", "1E5", "+2", "-0", "007", "1e-400", " 3 ", '"4"']),
)
GAPS = st.sampled_from(["NA", "-", "", "nan", "NaN", " NA", '"NA"', '""'])


def table_of(cells, *, header=("id", "a", "b", "c"), delimiter="\t"):
    rows = [[f"r{i}", *row] for i, row in enumerate(cells)]
    text = "\n".join(delimiter.join(row) for row in [header, *rows])
    return TextTable.parse(text.encode(), name="t.tsv")


@given(st.lists(st.tuples(*[st.one_of(NUMBERS, GAPS)] * 3), min_size=1, max_size=6))
def test_numbers_are_those_of_python(cells):
    def value(cell):
        cell = cell.strip().strip('"')
        return np.nan if cell in ("", "NA", "-") else float(cell)

    frame = table_of(cells).numbers()
    expected = np.array([[value(cell) for cell in row] for row in cells])
    np.testing.assert_array_equal(frame.to_numpy(), expected)
    np.testing.assert_array_equal(np.signbit(frame), np.signbit(expected))
    assert list(frame.index) == [f"r{i}" for i in range(len(cells))]
    assert frame.columns.tolist() == ["a", "b", "c"]


@given(st.lists(st.tuples(*[st.one_of(NUMBERS, GAPS)] * 3), min_size=1, max_size=6))
def test_both_ways_to_numbers_agree(cells):
    table = table_of(cells)
    slow = table._cell_by_cell(table._number, np.float64)
    pd.testing.assert_frame_equal(table.numbers(), slow, check_exact=True)


CODES = st.sampled_from(["A", "B", "A ", "NA", "-", "", '"B"', "H"])


@given(st.lists(st.tuples(*[CODES] * 3), min_size=1, max_size=6))
def test_classes(cells):
    codes = {"A": 0, "B": 1, "H": 1}
    known = codes | dict.fromkeys(("", "NA", "-"), -1)
    frame = table_of(cells).classes(codes)
    assert frame.to_numpy().dtype == np.int8
    expected = [[known[cell.strip().strip('"')] for cell in row] for row in cells]
    assert frame.to_numpy().tolist() == expected


@pytest.fixture
def no_slow_way(monkeypatch):
    def refuse(self, *_):
        msg = "the slow way was taken"
        raise AssertionError(msg)

    monkeypatch.setattr(TextTable, "_cell_by_cell", refuse)


@pytest.mark.parametrize("shape", [(3, 5), (150_000, 2), (2, 30_000)])
def test_sound_tables_are_read_the_fast_way(no_slow_way, shape):
    n_rows, n_columns = shape
    header = ",".join(["id", *(f"c{j}" for j in range(n_columns))])
    row = ",".join(["1", "NA", *["2"] * n_columns][:n_columns])
    text = "\n".join([header, *(f"r{i},{row}" for i in range(n_rows))])
    table = TextTable.parse(text.encode(), name="t.csv")
    numbers = table.numbers().to_numpy()
    assert numbers.shape == shape
    assert (numbers[:, 0] == 1).all()
    assert np.isnan(numbers[:, 1]).all()
    classes = table.classes({"1": 0, "2": 1}).to_numpy()
    assert classes.shape == shape
    assert (classes[:, 0] == 0).all()
    assert (classes[:, 1] == -1).all()
    assert (classes[:, 2:] == 1).all()


def test_names_are_python_strings():
    for frame in (
        table_of([["1", "2", "3"]]).numbers(),
        table_of([["1", "2", "3"]]).strings(),
        table_of([["1", "2", "3"]]).classes({"1": 0, "2": 1, "3": 2}),
    ):
        assert frame.index.dtype == object
        assert frame.columns.dtype == object


def test_text_keeps_its_spelling_and_its_gaps():
    frame = table_of([["01", "NA", "x y"], ["", "1e5", " z "]]).strings()
    assert frame.dtypes.map(lambda dtype: dtype.kind).tolist() == ["O"] * 3
    assert frame.to_numpy().tolist() == [["01", None, "x y"], [None, "1e5", "z"]]


def test_the_file_is_known_by_the_hash_of_its_bytes():
    table = TextTable.parse(b"id,a\nx,1\n", name="t.csv")
    # sha256sum of the file
    assert table.sha256 == "7b7632720276a966b87b05671d575c61156d61634a199ed0bd5b27671b2fdf6b"


def test_promised_size():
    sound = b"# nrow 1\n#ncol 2 \n# anything 5\n\nid,a\nx,1\n"
    assert TextTable.parse(sound, name="t", comment="#").numbers().shape == (1, 1)
    for promise in (b"# nrow 2", b"# ncol 3"):
        table = TextTable.parse(promise + b"\nid,a\nx,1\n", name="t", comment="#")
        for read in (table.numbers, table.strings, lambda t=table: t.classes({"1": 0})):
            with pytest.raises(DataError, match="as its comment lines say"):
                read()


def test_a_byte_order_mark_is_no_part_of_the_first_line():
    marked = b'\xef\xbb\xbf# nrow 1\n"i,d",a\nx,1\n'
    assert TextTable.parse(marked, name="t", comment="#").columns == ("a",)
    assert TextTable.parse(b'\xef\xbb\xbf"i,d",a\nx,1\n', name="t").columns == ("a",)


@pytest.mark.parametrize("cell", ["-", " - "], ids=["at once", "cell by cell"])
def test_a_code_that_stands_for_a_missing_value_is_missing(cell):
    frame = table_of([["A", cell, ""]]).classes({"A": 0, "-": 1})
    assert frame.to_numpy().tolist() == [[0, -1, -1]]


def test_the_error_of_a_cell_names_its_line():
    table = TextTable.parse(b'id,a,b\n\n"x",1,2\ny,3,4\n', name="t.csv")
    assert str(table.error("y", "b", expected="five", found="4")) == (
        "t.csv, line 4, column b: expected five, found '4'"
    )
    assert str(table.error("x", "a", expected="a value", found=None)) == (
        "t.csv, line 3, column a: expected a value, found a missing value"
    )
    assert table.has_row("x")
    assert not table.has_row("id")


def test_long_cells_are_cut_in_messages():
    with pytest.raises(DataError) as caught:
        table_of([["1", "x" * 10_000, "2"]]).numbers()
    assert len(str(caught.value)) < 150
