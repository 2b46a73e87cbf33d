"""Places that several traits share, on tables small enough to check by eye."""

import numpy as np
import pandas as pd
import pytest

from crossmap.architecture.shared import shared_places

CHROMOSOMES = ["3", "8", "10"]


def called(*rows, unit="bp"):
    """Rows (trait, chr1, middle1, chr2, middle2), every locus 2 wide."""
    columns = {"trait": pd.Series([r[0] for r in rows], dtype=object)}
    for k in (1, 2):
        middle = np.array([r[2 * k] for r in rows], dtype=float)
        columns[f"chr{k}"] = pd.Series([r[2 * k - 1] for r in rows], dtype=object)
        columns[f"start{k}_bp"] = middle - 1 if unit == "bp" else np.full(len(rows), np.nan)
        columns[f"end{k}_bp"] = middle + 1 if unit == "bp" else np.full(len(rows), np.nan)
        if unit == "cm":
            columns[f"start{k}_cm"], columns[f"end{k}_cm"] = middle - 1, middle + 1
    return pd.DataFrame(columns)


def members(table, **options):
    return shared_places(table, chromosomes=CHROMOSOMES, **options)["traits"].tolist()


def test_order_of_the_two_loci_does_not_matter():
    table = called(
        ("a", "3", 200e3, "8", 113e3), ("b", "8", 120e3, "3", 210e3), ("c", "10", 5e3, "3", 200e3)
    )
    found = shared_places(table, chromosomes=CHROMOSOMES)
    assert found["n_traits"].tolist() == [2, 1]
    first = found.iloc[0]
    assert (first["chr1"], first["start1_bp"], first["end1_bp"]) == ("3", 199_999, 210_001)
    assert (first["chr2"], first["start2_bp"], first["end2_bp"]) == ("8", 112_999, 120_001)
    assert found.iloc[1][["chr1", "chr2"]].tolist() == ["3", "10"]  # map order, not alphabet


def test_chromosomes_stand_in_map_order_where_names_sort_otherwise():
    table = called(("a", "10", 1e3, "8", 1e3))
    assert shared_places(table, chromosomes=CHROMOSOMES).iloc[0][["chr1", "chr2"]].tolist() == [
        "8", "10",
    ]  # fmt: skip


def test_both_loci_must_be_near_and_the_window_is_inclusive():
    a = ("a", "3", 100e3, "8", 100e3)
    assert members(called(a, ("b", "3", 150e3, "8", 100e3))) == ["a,b"]
    assert members(called(a, ("b", "3", 150_001, "8", 100e3))) == ["a", "b"]
    assert members(called(a, ("b", "3", 100e3, "8", 150_001))) == ["a", "b"]
    assert members(called(a, ("b", "3", 110e3, "8", 100e3)), window_bp=9e3) == ["a", "b"]
    assert members(called(a, ("b", "3", 100e3, "10", 100e3))) == ["a", "b"]


def test_the_trait_with_most_companions_gathers_them_first():
    places = {"far_left": 0, "left": 40e3, "middle": 80e3, "right": 120e3}
    table = called(*((name, "3", at, "8", 0) for name, at in places.items()))
    # left and middle have two companions each; left stands first, right is left over
    assert members(table) == ["far_left,left,middle", "right"]


def test_two_loci_of_one_chromosome_are_told_apart_by_position():
    table = called(("a", "3", 10e3, "3", 200e3), ("b", "3", 205e3, "3", 12e3))
    found = shared_places(table, chromosomes=CHROMOSOMES)
    assert found["traits"].tolist() == ["a,b"]
    assert found.iloc[0]["end1_bp"] == 12_001


def test_a_map_in_centimorgans_uses_its_own_window():
    table = called(("a", "3", 30.0, "8", 10.0), ("b", "3", 49.0, "8", 10.0), unit="cm")
    found = shared_places(table, chromosomes=CHROMOSOMES)
    assert found["traits"].tolist() == ["a,b"]
    assert found["start1_cm"].tolist() == [29.0]
    assert members(table, window_cm=10) == ["a", "b"]


def test_base_pairs_known_for_some_loci_only_give_way_to_centimorgans():
    table = called(("a", "3", 30.0, "8", 10.0), ("b", "3", 31.0, "8", 10.0), unit="cm")
    table.loc[0, ["start1_bp", "end1_bp"]] = 75e3
    assert shared_places(table, chromosomes=CHROMOSOMES)["end1_cm"].tolist() == [32.0]


def test_a_locus_without_any_place_shares_none():
    table = called(("a", "3", np.nan, "8", 10.0), ("b", "3", 5.0, "8", 10.0))
    assert members(table) == ["b"]


def test_single_places_are_gathered_where_traits_have_one_locus():
    table = called(("a", "3", 10e3, "", 0), ("b", "3", 12e3, "", 0))[
        ["trait", "chr1", "start1_bp", "end1_bp"]
    ]
    found = shared_places(table, chromosomes=CHROMOSOMES)
    assert found["traits"].tolist() == ["a,b"]
    assert "chr2" not in found


def test_traits_without_a_second_locus_share_nothing():
    table = called(("a", "3", 10e3, "8", 0), ("b", "3", 10e3, None, np.nan))
    assert members(table) == ["a"]


def test_nothing_called_gives_no_rows_but_all_columns():
    table = called(("a", "3", 10e3, "8", 0))
    found = shared_places(table.iloc[:0], chromosomes=CHROMOSOMES)
    assert len(found) == 0
    assert list(found.columns) == list(shared_places(table, chromosomes=CHROMOSOMES).columns)


@pytest.mark.parametrize("seed", range(3))
def test_every_trait_stands_in_exactly_one_group(seed):
    rng = np.random.default_rng(seed)
    table = called(
        *(
            (f"t{i}", rng.choice(CHROMOSOMES), 1e6 * rng.random(), rng.choice(CHROMOSOMES), 1e5)
            for i in range(60)
        )
    )
    groups = [names.split(",") for names in members(table)]
    assert sorted(name for group in groups for name in group) == sorted(table["trait"])
    assert [len(g) for g in groups] == sorted((len(g) for g in groups), reverse=True)
