"""File names for traits with any name."""

import string

from crossmap.report.file_names import LONGEST, file_stems

ALLOWED = set(string.ascii_letters + string.digits + "._-")


def test_names_that_files_can_have_stay():
    assert file_stems("surface", ["YAL001C", "HO-1", "a.b"]) == {
        "YAL001C": "surface_YAL001C", "HO-1": "surface_HO-1", "a.b": "surface_a.b",
    }  # fmt: skip


def test_any_name_becomes_one_of_its_own():
    names = [
        "", ".", "..", "/", "../../x", "a/b", "a\\b", "a b", "a:b", "A B", "näm", "x" * 300,
        "x" * 299 + "y", "tab\t", "new\nline", "%s", "a_b_2", "-rf", "con", "日本",
    ]  # fmt: skip
    stems = file_stems("fit", names)
    assert list(stems) == names
    assert len({stem.casefold() for stem in stems.values()}) == len(names)
    for stem in stems.values():
        assert stem.startswith("fit_")
        assert set(stem) <= ALLOWED
        assert len(stem) < LONGEST + 10


def test_a_name_does_not_depend_on_those_after_it():
    assert file_stems("s", ["a b"])["a b"] == file_stems("s", ["a b", "a/b"])["a b"] == "s_a_b"
