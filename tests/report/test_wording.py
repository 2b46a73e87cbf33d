"""Sentences of reports: what they say of one, of a list cut short, and of another statistic."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from crossmap import scan1, simulate_cross
from crossmap.architecture.explain_text import _step_lines
from crossmap.report.check import check_cross
from crossmap.report.joint_text import MOST_TOLD, _every, _where
from crossmap.report.scan1 import describe_scan1


def test_one_trait_is_not_each_of_one():
    assert _every(1) == "the one trait"
    assert _every(1200) == "each of 1,200 traits"


@pytest.mark.parametrize(
    ("n", "said"), [(3, "more: 3:"), (9, f"more: 9; the {MOST_TOLD} largest:")]
)
def test_a_list_that_is_cut_says_so(n, said):
    place = {"n_traits": 4, "chr1": "1", "start1_bp": 1e3, "end1_bp": 2e3}
    (text,) = _where(pd.DataFrame([place] * n))
    assert text.splitlines()[0].endswith(said)
    assert len(text.splitlines()) == 1 + min(n, MOST_TOLD)


def test_a_threshold_by_p_is_told_as_a_p():
    step = {
        "stage": 1, "rss_before": 2.0, "rss_after": 1.0, "df1": 2, "df2": 113, "f": 9.0,
        "lod": 3.0, "p_f": 1e-4, "p_adjusted": 0.01, "n_perm": 999, "f_threshold": 8.828,
        "statistic": "neglog10_p", "best_locus": None,
    }  # fmt: skip
    text = " ".join(" ".join(_step_lines(step, "Locus 1", "samples", 116, 0.05)).split())
    assert "5% of them had a p smaller than that of F = 8.828 with 2 and 113 degrees" in text
    text = " ".join(_step_lines({**step, "statistic": "f"}, "Locus 1", "samples", 116, 0.05))
    assert "5% of them exceeded 8.828." in " ".join(text.split())


def test_the_fdr_of_local_tests_is_told_as_theirs():
    cross = simulate_cross(n_samples=60, n_traits=40, n_markers=100, seed=2).cross
    apart = scan1(cross, threshold=1e-3, local_threshold=0.5)
    said = " ".join(describe_scan1(apart, cross).split())
    assert "among all local tests for a local linkage" in said
    assert "tests made" not in said
    together = " ".join(describe_scan1(scan1(cross, threshold=0.01), cross).split())
    assert "among all tests made" in together


def test_check_says_what_a_map_in_base_pairs_leaves_unchecked():
    cross = simulate_cross(n_samples=40, n_traits=5, n_markers=100, seed=2).cross
    in_bp = replace(cross, markers=cross.markers.assign(pos_cm=np.nan))
    assert "--cm-per-mb" in check_cross(in_bp).text()
    assert "was not checked" in " ".join(check_cross(in_bp).text().split())
    for checked in (check_cross(cross), check_cross(in_bp, cm_per_mb=400.0)):
        assert "--cm-per-mb" not in checked.text()
