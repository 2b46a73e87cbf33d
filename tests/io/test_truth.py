import numpy as np
import pandas as pd
import pytest

from crossmap.errors import DataError
from crossmap.io.truth import TRUTH_COLUMNS, read_truth, truth_table, write_truth

NAN = np.nan
ROWS = [
    ("001", 2, 1, "01", 1_500_000.0, 0.1 + 0.2, "local", "additive", -1 / 3, 0.0, 0.25),
    ("001", 2, 2, "X", 7.0, 1e-300, "scattered", "additive", 1e17, 0.0, 0.1),
    ("none", 0, 0, None, NAN, NAN, None, "none", NAN, NAN, NAN),
]
HEADER = "\t".join(TRUTH_COLUMNS)
LINE = "g1\t1\t1\t4\t100\t0.04\tlocal\tsingle\t0.5\t0\t0.2"


def test_truth_reads_back_to_the_same_bits(tmp_path):
    truth = truth_table(ROWS)
    write_truth(truth, tmp_path / "truth.tsv")
    again = read_truth(tmp_path / "truth.tsv")
    pd.testing.assert_frame_equal(again, truth, check_exact=True)
    assert again["trait"].tolist() == ["001", "001", "none"]
    assert again["chr"].tolist() == ["01", "X", None]
    text = (tmp_path / "truth.tsv").read_bytes()
    assert b"\r" not in text
    assert b"\t1500000\t0.30000000000000004\t" in text


def test_no_trait_is_a_header_without_rows(tmp_path):
    write_truth(truth_table([]), tmp_path / "truth.tsv")
    assert (tmp_path / "truth.tsv").read_text() == HEADER + "\n"
    assert read_truth(tmp_path / "truth.tsv").shape == (0, len(TRUTH_COLUMNS))


def test_other_columns_and_their_order_do_not_matter(tmp_path):
    names = ["note", *reversed(TRUTH_COLUMNS)]
    cells = ["x", *reversed(LINE.split("\t"))]
    (tmp_path / "truth.tsv").write_text("\t".join(names) + "\r\n" + "\t".join(cells) + "\r\n")
    table = read_truth(tmp_path / "truth.tsv")
    assert tuple(table.columns) == TRUTH_COLUMNS
    assert table.iloc[0].tolist() == [
        "g1", 1, 1, "4", 100.0, 0.04, "local", "single", 0.5, 0.0, 0.2,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "truth.tsv: expected a table, found an empty file"),
        (HEADER.replace("\tchr", ""), "truth.tsv, line 1: expected a column chr, found none"),
        (
            f"{HEADER}\n{LINE}\tx\n",
            "truth.tsv, line 2: expected 11 cells as in the header, found 12",
        ),
        (
            f"{HEADER}\n{LINE}\n\n",
            "truth.tsv, line 3: expected 11 cells as in the header, found 0",
        ),
        (
            f"{HEADER}\n{LINE}\n{LINE.replace('0.04', 'far')}\n",
            "truth.tsv, line 3, column pos_cm: expected a number, found 'far'",
        ),
        (
            f"{HEADER}\n{LINE.replace('0.5', 'inf')}\n",
            "truth.tsv, line 2, column effect: expected a finite number, found 'inf'",
        ),
        (
            HEADER + "\n" + LINE.replace("g1\t1", "g1\t1.5") + "\n",
            "truth.tsv, line 2, column n_loci: expected a whole number, found '1.5'",
        ),
    ],
)
def test_what_is_wrong_is_named(tmp_path, text, message):
    (tmp_path / "truth.tsv").write_text(text)
    with pytest.raises(DataError) as error:
        read_truth(tmp_path / "truth.tsv")
    assert str(error.value).endswith(message)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"truth\.tsv"):
        read_truth(tmp_path / "truth.tsv")
