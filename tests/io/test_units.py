"""Positions in another unit than their column says."""

import warnings

import numpy as np
import pandas as pd
import pytest

from crossmap.errors import CrossmapWarning
from crossmap.io.units import warn_of_units

NAN = np.full(20, np.nan)
YEAST_BP = np.linspace(300, 1.5e6, 20)
MOUSE_BP = np.linspace(3e6, 1.95e8, 20)


def markers(bp=NAN, cm=NAN):
    return pd.DataFrame({"chr": "1", "pos_bp": bp, "pos_cm": cm})


def genes(start):
    return pd.DataFrame({"chr": ["1", None], "start_bp": [start, 1e12], "end_bp": [start, 1e12]})


@pytest.mark.parametrize(
    ("table", "places"),
    [
        (markers(YEAST_BP), genes(1.4e6)),
        (markers(YEAST_BP, YEAST_BP / 3000), None),
        (markers(MOUSE_BP, MOUSE_BP / 2e6), genes(1.9e8)),
        (markers(cm=np.linspace(0, 400, 20)), genes(1e6)),
        (markers(cm=np.zeros(20)), None),
        (markers(np.linspace(0, 9e9, 20)), None),  # lungfish
        (markers(YEAST_BP), genes(np.nan)),
        (markers(YEAST_BP / 1e6)[:7], None),
    ],
)
def test_sound_positions(table, places):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_of_units(table, places, map_file="map.csv")


@pytest.mark.parametrize(
    ("table", "places", "message"),
    [
        (
            markers(YEAST_BP * 1e6),
            None,
            r"reach 1.5e\+12 bp: were base pairs given where megabases",
        ),
        (markers(MOUSE_BP / 1e6), None, "end at 195 bp: were they given in kilobases or megabases"),
        (markers(YEAST_BP / 1e3), None, "end at 1500 bp: were they given in kilobases"),
        (markers(cm=YEAST_BP), None, r"reach 1.5e\+06 cM: were base pairs given for centimorgans"),
        (markers(MOUSE_BP, MOUSE_BP / 2e9), None, "0.0005 cM per megabase"),
        (markers(YEAST_BP / 10, YEAST_BP / 300), None, r"3.33e\+04 cM per megabase"),
        (markers(YEAST_BP), genes(1.4), "but traits 1.4 bp: are both in base pairs"),
        (markers(YEAST_BP), genes(1.4e9), r"but traits 1.4e\+09 bp: are both in base pairs"),
    ],
)
def test_thousand_fold_mistakes(table, places, message):
    with pytest.warns(CrossmapWarning, match=message):
        warn_of_units(table, places, map_file="map.csv")
