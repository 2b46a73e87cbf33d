"""What the text of a cell means."""

import math

import numpy as np
import pandas as pd
import pytest

from crossmap.errors import DataError
from crossmap.io.cells import cell_text, number_column, parse_number, shown, typed_columns


def frame_of(**columns):
    return pd.DataFrame(columns, dtype=object)


@pytest.mark.parametrize(
    "cell", ["", "x", "1 2", "1,5", "1_0", "0x1", "1d5", "--1", "e5", ".", "١"]
)
def test_what_is_no_number(cell):
    with pytest.raises(ValueError, match=r"^a number$"):
        parse_number(cell)


@pytest.mark.parametrize("cell", ["inf", "-Inf", "+INFINITY", "1e400", "-1e309"])
def test_what_is_infinite(cell):
    with pytest.raises(ValueError, match=r"^a finite number$"):
        parse_number(cell)


def test_columns_of_numbers_and_of_names():
    frame = frame_of(
        age=["1", None, "-2.5e1"],
        batch=["1", "b", None],
        plate=["01", "02", "10"],
        empty=[None, None, None],
        share=["0", "0.5", "nan"],
    )
    typed = typed_columns(frame, error=DataError.at)
    assert typed.dtypes.tolist() == [np.float64, object, object, np.float64, np.float64]
    np.testing.assert_array_equal(typed["age"], [1, np.nan, -25])
    assert typed["batch"].tolist() == ["1", "b", None]
    assert typed["plate"].tolist() == ["01", "02", "10"]
    assert typed["empty"].isna().all()
    np.testing.assert_array_equal(typed["share"], [0, 0.5, np.nan])


def test_an_infinite_number_among_numbers_is_an_error_but_not_among_names():
    def error(row, column, *, expected, found):
        return DataError(f"{row} {column} {expected} {found}")

    with pytest.raises(DataError, match="1 age a finite number inf"):
        typed_columns(frame_of(age=["1", "inf"]), error=error)
    assert typed_columns(frame_of(who=["ann", "inf"]), error=error)["who"].tolist() == [
        "ann",
        "inf",
    ]
    with pytest.raises(DataError, match="0 who a number ann"):
        number_column(frame_of(who=["ann", "inf"]), "who", error=error)


@pytest.mark.parametrize(
    "value", [0.1 + 0.2, 5e-324, 1.7976931348623157e308, -0.0, 1e22, 123456789.0, 1 / 3]
)
def test_numbers_read_back_to_the_same_float64(value):
    back = parse_number(cell_text(value))
    assert back == value
    assert math.copysign(1, back) == math.copysign(1, value)


@pytest.mark.parametrize("value", [None, float("nan"), np.nan, pd.NA, pd.NaT])
def test_missing_values_are_spelt_alike(value):
    assert cell_text(value) == "NA"


def test_whole_numbers_have_no_point():
    assert [cell_text(v) for v in (12, 12.0, np.int8(3), np.float64(-7))] == ["12", "12", "3", "-7"]
    assert cell_text(2**60 + 1) == "1152921504606846977"


def test_shown():
    assert shown("a\nb") == r"'a\nb'"
    assert len(shown("x" * 1000)) < 50
