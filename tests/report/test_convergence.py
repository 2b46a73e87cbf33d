"""What is said of the permutations of a joint analysis."""

import pandas as pd
import pytest

from crossmap.report.convergence import describe_convergence


@pytest.mark.parametrize(
    ("n_called", "words"),
    [
        ([7, 7, 8], "8 traits are called; 2 separate sets of 1 call 7 each."),
        ([7, 9, 1], "1 trait is called; 2 separate sets of 1 call 7 to 9."),
    ],
)
def test_sets_that_agree_and_sets_that_do_not(n_called, words):
    table = pd.DataFrame({"n_perm": [1, 1, 2], "subset": [1, 2, 1], "n_called": n_called})
    assert " ".join(describe_convergence(table).split()) == (
        f"Permutations: with all 2 of each trait {words}"
    )


def test_one_permutation_tells_nothing_of_more():
    table = pd.DataFrame({"n_perm": [1], "subset": [1], "n_called": [1234]})
    said = " ".join(describe_convergence(table).split())
    assert said == (
        "Permutations: 1,234 traits are called with one of each trait; whether more would change "
        "that needs two or more."
    )
