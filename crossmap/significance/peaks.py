"""Peaks of traits past their thresholds, with the intervals in which their loci lie."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from crossmap.arguments import require_number, require_one_of
from crossmap.errors import ArgumentError
from crossmap.genome import in_map_units
from crossmap.linkage.f_test import neglog10_p
from crossmap.linkage.hits import p_of
from crossmap.linkage.intervals import (
    Ends,
    Interval,
    bayes_interval,
    curve_peaks,
    lod_interval,
    own_stretch,
    to_markers,
)
from crossmap.linkage.predictors import Predictors
from crossmap.linkage.profile import Profile
from crossmap.words import OneLine


@dataclass(frozen=True)
class PeakOptions:
    """What counts as a peak and how wide its intervals are.

    Parameters
    ----------
    drop, peakdrop, prob, ends, expand_to_markers
        As in `find_peaks`.
    """

    drop: float = 1.5
    peakdrop: float | None = None
    prob: float = 0.95
    ends: Ends = "marker"
    expand_to_markers: bool = False

    def __post_init__(self) -> None:
        require_number("drop", self.drop, least=0.0)
        require_number("prob", self.prob, least=0.0, most=1.0)
        require_one_of("ends", self.ends, ("marker", "between"))
        if self.peakdrop is not None:
            require_number("peakdrop", self.peakdrop, least=1e-6)
        if not isinstance(self.expand_to_markers, bool):
            msg = f"expand_to_markers: expected True or False, found {self.expand_to_markers!r}"
            raise ArgumentError(msg)


@dataclass(frozen=True, eq=False, repr=False)
class Peaks(OneLine):
    """Peaks of traits, and the LOD curves they were read from.

    Parameters
    ----------
    table
        One row per peak; see `peak_table`.
    markers
        One row per marker, in map order.
    traits
        object [n_kept]: traits whose curves are kept: those with a peak, the highest first.
    lod
        float64 [n_kept, n_markers]: their curves.
    threshold
        float64 [n_kept, n_markers]: what a peak is above at each marker; on X it may be another.
    """

    table: pd.DataFrame
    markers: pd.DataFrame
    traits: np.ndarray
    lod: np.ndarray
    threshold: np.ndarray

    def to_frame(self) -> pd.DataFrame:
        """One row per peak, by trait and place."""
        return self.table.copy()

    def curve(self, trait: str) -> pd.DataFrame:
        """Give the LOD curve of a trait that has a peak.

        Parameters
        ----------
        trait
            Its name.

        Returns
        -------
        pandas.DataFrame
            trait, stage (1), marker, chr, pos_bp, pos_cm, lod (missing where there is no test),
            threshold.

        Raises
        ------
        ArgumentError
            If no curve is kept of it.
        """
        place = np.flatnonzero(self.traits == trait)
        if not len(place):
            msg = f"trait: expected one with a peak whose curve was kept, found {trait!r}"
            raise ArgumentError(msg)
        places = in_map_units(self.markers, self.markers)
        columns = {"trait": trait, "stage": 1, **{c: places[c] for c in places}}
        return pd.DataFrame(columns).assign(
            lod=self.lod[place[0]], threshold=self.threshold[place[0]]
        )


def peak_table(
    profile: Profile,
    traits: np.ndarray,
    threshold: np.ndarray,
    *,
    markers: pd.DataFrame,
    is_marker: np.ndarray,
    predictors: Predictors,
    options: PeakOptions,
) -> pd.DataFrame:
    """Name the peaks of every trait and chromosome.

    Parameters
    ----------
    profile
        LOD of every marker.
    traits
        object [n_traits]: names.
    threshold
        float64 [n_traits]: LOD that a peak is above; NaN for a trait that can have none.
    markers
        One row per marker, in map order.
    is_marker
        bool [n_markers]: False for pseudomarkers.
    predictors
        Which markers no sample tells apart.
    options
        What counts as a peak.

    Returns
    -------
    pandas.DataFrame
        trait, marker, chr, pos_bp, pos_cm, n, lod, r2, p_value and neglog10_p (nominal), threshold,
        n_members, members (markers that no sample tells from the peak's, joined by ;), then for the
        LOD drop and the Bayes interval the positions and markers of their ends: drop_lo_bp,
        drop_hi_bp, drop_lo_cm, drop_hi_cm, drop_lo_marker, drop_hi_marker, bayes_lo_bp ...
        By trait and place.
    """
    names = markers["marker"].to_numpy(dtype=object)
    units = [u for u in ("bp", "cm") if markers[f"pos_{u}"].notna().all()]
    scale = markers[f"pos_{'cm' if 'cm' in units else 'bp'}"].to_numpy(dtype=np.float64)
    rows: list[dict[str, object]] = []
    for t, place in _peaks(profile.lod, threshold, markers, options):
        peak, on_chromosome, (low, high) = place
        stretch = on_chromosome[low : high + 1]
        lod = profile.lod[t, stretch]
        found = {
            "drop": lod_interval(lod, drop=options.drop, ends=options.ends),
            "bayes": bayes_interval(lod, scale[stretch], prob=options.prob, ends=options.ends),
        }
        found = {
            kind: replace(interval, low=low + interval.low, high=low + interval.high)
            for kind, interval in found.items()
        }
        if options.expand_to_markers:
            typed = is_marker[on_chromosome]
            found = {kind: to_markers(interval, typed) for kind, interval in found.items()}
        row = predictors.row_of_marker[peak]
        members = predictors.members_of(np.array([row])) if row >= 0 else np.array([peak])
        df1, df2 = profile.df1[t, peak], profile.df2[t, peak]
        # From the LOD, which does not round to one where hardly anything is left.
        gain = np.expm1(2.0 * np.log(10.0) * profile.lod[t, peak] / profile.n_samples[t, peak])
        neglog10 = float(neglog10_p(gain * df2 / df1, df1, df2))
        rows.append(
            {
                "trait": traits[t],
                "marker": names[peak],
                "chr": markers["chr"].iloc[peak],
                **{f"pos_{u}": float(markers[f"pos_{u}"].iloc[peak]) for u in ("bp", "cm")},
                "n": int(profile.n_samples[t, peak]),
                "lod": float(profile.lod[t, peak]),
                "r2": float(profile.r2[t, peak]),
                "p_value": float(p_of(np.array(neglog10))),
                "neglog10_p": neglog10,
                "threshold": float(threshold[t]),
                "n_members": len(members),
                "members": ";".join(map(str, names[members])),
                **_ends(found, on_chromosome, markers, names, units),
            }
        )
    table = pd.DataFrame(rows, columns=_columns(units))
    table = table if rows else table.astype({c: _type_of(c) for c in table.columns})
    return in_map_units(table, markers)


def _ends(
    found: dict[str, Interval],
    on_chromosome: np.ndarray,
    markers: pd.DataFrame,
    names: np.ndarray,
    units: list[str],
) -> dict[str, object]:
    out: dict[str, object] = {}
    for kind, interval in found.items():
        for unit in units:
            position = markers[f"pos_{unit}"].to_numpy(dtype=np.float64)[on_chromosome]
            out[f"{kind}_lo_{unit}"], out[f"{kind}_hi_{unit}"] = interval.ends(position)
        out[f"{kind}_lo_marker"] = names[on_chromosome[interval.low]]
        out[f"{kind}_hi_marker"] = names[on_chromosome[interval.high]]
    return out


def _columns(units: list[str]) -> list[str]:
    """All columns, so that a table without a row has them too."""
    own = ["trait", "marker", "chr", "pos_bp", "pos_cm", "n", "lod", "r2", "p_value", "neglog10_p",
           "threshold",           "n_members", "members"]  # fmt: skip
    ends = [
        f"{kind}_{side}_{unit}"
        for kind in ("drop", "bayes")
        for unit in [*units, "marker"]
        for side in ("lo", "hi")
    ]
    return [*own, *ends]


def _type_of(column: str) -> type:
    """Of the cells, which a table without a row cannot tell."""
    if column in ("n", "n_members"):
        return np.int64
    is_word = column in ("trait", "chr", "members") or column.endswith("marker")
    return object if is_word else np.float64


def _peaks(
    lod: np.ndarray, threshold: np.ndarray, markers: pd.DataFrame, options: PeakOptions
) -> Iterator[tuple[int, tuple[int, np.ndarray, tuple[int, int]]]]:
    """Trait, then peak (row of the markers), tested markers of its chromosome, its own stretch."""
    chromosome = markers["chr"].to_numpy(dtype=object)
    starts = np.flatnonzero(np.concatenate([[True], chromosome[1:] != chromosome[:-1]]))
    parts = np.split(np.arange(len(markers)), starts[1:])
    for t in np.flatnonzero(~np.isnan(threshold)):
        for part in parts:
            tested = part[~np.isnan(lod[t, part])]
            if not len(tested):
                continue
            curve = lod[t, tested]
            peaks = curve_peaks(curve, threshold=threshold[t], peakdrop=options.peakdrop)
            for number, peak in enumerate(peaks):
                yield int(t), (int(tested[peak]), tested, own_stretch(curve, peaks, number))
