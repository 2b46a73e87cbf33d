"""Formulas: what they mean, by whatever name loci are called, and what is refused."""

import pytest

from crossmap.architecture.formula import model_terms, term_name
from crossmap.errors import ArgumentError

A, B, C = (0,), (1,), (2,)
AB, AC, BC, ABC = (0, 1), (0, 2), (1, 2), (0, 1, 2)


@pytest.mark.parametrize(
    ("formula", "terms"),
    [
        ("Q1 + Q2 + Q3", (A, B, C)),
        ("Q3+Q1+Q2", (A, B, C)),
        ("Q1*Q2 + Q3", (A, B, C, AB)),
        ("y ~ Q1*Q2 + Q3", (A, B, C, AB)),
        ("~ q1*q2 + q3", (A, B, C, AB)),
        ("Q1 * Q2:Q3", (A, B, C, AB, AC, BC, ABC)),
        ("Q1*Q2*Q3 - Q1:Q2:Q3", (A, B, C, AB, AC, BC)),
        ("(Q1 + Q2 + Q3)^2", (A, B, C, AB, AC, BC)),
        ("(Q1 + Q2 + Q3) ** 2 - Q1:Q3", (A, B, C, AB, BC)),
        ("Q1*(Q2+Q3)", (A, B, C, AB, AC)),
        ("Q2:Q1 + Q3", (A, B, C, AB)),
        ("Q1:Q2:Q3", (A, B, C, AB, AC, BC, ABC)),
        ("Q1 + Q2 + Q3 - Q3:Q3 + Q3", (A, B, C)),
        ("mk-1 * mk1.5 + 7", (A, B, C, AB)),
        ("`mk-1`*`mk1.5` + `7`", (A, B, C, AB)),
        ("Q1*mk1.5 + 7", (A, B, C, AB)),
    ],
)
def test_terms(formula, terms):
    assert model_terms(formula, ["mk-1", "mk1.5", "7"]) == terms


def test_defaults():
    assert model_terms(None, ["a"]) == (A,)
    assert model_terms(None, ["a", "b"]) == (A, B, AB)
    assert model_terms(None, ["a", "b", "c"]) == (A, B, C)


def test_names_are_read_as_long_as_they_can_be():
    assert model_terms("a-b + a + b", ["a", "b", "a-b"]) == (A, B, C)
    assert model_terms("mk10*mk1", ["mk1", "mk10"]) == (A, B, AB)
    assert model_terms("Q1_x*y", ["Q1_x", "y"]) == (A, B, AB)
    # Q numbers always count, also where a locus has such a name.
    assert model_terms("Q1 + `Q1`", ["Q2", "Q1"]) == (A, B)


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("Q1 * Q3", r"expected Q1 to Q2 or their names \(a, b\).* found 'Q3'"),
        ("Q0 + Q1 + Q2", "found 'Q0'"),
        ("Q1 * nothere", "found 'nothere'"),
        ("Q1 * `c`", "found '`c`'"),
        ("Q1", r"expected a term for every locus, found none for Q2 \(b\)"),
        ("", r"found none for Q1 \(a\)"),
        ("Q1 - Q1", r"found none for Q1 \(a\)"),
        ("Q1 + Q2 - 1", "found '1'"),
        ("0 + Q1 + Q2", "found '0'"),
        ("Q1 Q2", "expected an operator between loci, found 'Q1 Q2'"),
        ("Q1(Q2)", "expected an operator between loci"),
        ("(Q1)(Q2)", "expected a"),
        ("Q1 +* Q2", "expected a model such as"),
        ("Q1 + (Q2", "expected a model such as"),
        ("Q1 + Q2)", "expected a model such as"),
        ("Q1 + Q2 ~ Q1", "found '~'"),
        ("log(Q1) + Q2", "found 'log'"),
        ("__import__('os') + Q1 + Q2", "found '__import__'"),
        ("Q1 / Q2", "found '/'"),
        ("Q1 ^ Q2", r"found '\^'"),
        ("(Q1 + Q2)**0", "expected"),
    ],
)
def test_what_cannot_be_read_is_refused(formula, message):
    with pytest.raises(ArgumentError, match=message):
        model_terms(formula, ["a", "b"])


def test_names_of_terms():
    assert term_name((1,), ["a", "b"]) == "b"
    assert term_name(()) == "Intercept"
