"""Names that do not agree between files."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmap.io.names import folded, look_alikes, spelling_hint


@pytest.mark.parametrize(
    ("one", "other"),
    [("s1", "S1"), ("s1", " s1"), ("seg 1", "seg_1"), ("s01", "s1"), ("X1", "1"), ("A.1-2", "a12")],
)
def test_look_alikes(one, other):
    assert look_alikes([one, "y"], ["z", other]) == [(one, other)]


@pytest.mark.parametrize(("one", "other"), [("s1", "s10"), ("s0", "s00x"), ("Xa", "a"), ("-", "_")])
def test_unlike(one, other):
    assert look_alikes([one], [other]) == []


def test_equal_and_ambiguous_names_are_no_pairs():
    assert look_alikes(["s1"], ["s1"]) == []
    assert look_alikes(["s1", "S1"], ["s_1"]) == []
    assert look_alikes(["s_1"], ["s1", "S1"]) == []


@given(st.text(max_size=8))
def test_case_and_spaces_never_matter(name):
    assert folded(name) == folded(name.replace(" ", "")) == folded(f" {name.casefold()} ")


def test_hint():
    assert spelling_hint(["a"], ["b"]) == ""
    assert spelling_hint(["a"], ["A"]) == (
        "'a' and 'A' look alike but for case, spaces, punctuation or zeros"
    )
