"""Gene sets in GMT."""

import gzip

import pytest

from crossmap.errors import DataError
from crossmap.io.gmt import read_gmt


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_sets_are_read_as_they_stand(tmp_path, pack):
    file = tmp_path / "sets.gmt"
    file.write_bytes(pack(b"a\twhat a is\tG1\tG2\tG1\t\n\r\nempty\t\nb\t\tG3 \tG\xc3\xa9n\n"))
    sets = read_gmt(file)
    assert sets.genes == {"a": ("G1", "G2"), "empty": (), "b": ("G3", "Gén")}
    assert sets.descriptions["a"] == "what a is"
    assert len(sets.sha256) == 64


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b,c\n", "line 1: expected a set: its name, a description, genes, with tabs"),
        ("x\td\tG1\n\td\tG1\n", "line 2: expected a set"),
        ("x\td\tG1\nx\td\tG2\n", "line 2: expected each set once, found 'x' again"),
        (" \n", "found"),
    ],
)
def test_what_is_no_gmt(tmp_path, text, message):
    file = tmp_path / "sets.gmt"
    file.write_text(text)
    with pytest.raises(DataError, match=message):
        read_gmt(file)
    with pytest.raises(DataError, match="expected a file, found none of this name"):
        read_gmt(tmp_path / "none.gmt")
