"""What deserves a word about calls that do not fit the genetic map."""

import numpy as np
import pandas as pd

from crossmap.cross import Cross
from crossmap.genotypes.map_quality import UNLIKELY_LOD, MapQuality
from crossmap.report.findings import Finding, named
from crossmap.report.words import count, percent

# A count that chance makes in fewer than so many crosses out of 1 (all samples, or all markers).
_CHANCE = 0.001
_FEWEST = 3
# Errors happen: so many are expected of every marker and sample anyway.
_LEAST_EXPECTED = 0.05
_MANY_UNLIKELY = 0.0005
_LENGTH_RATIO, _LENGTH_Z = 1.5, 5.0


def find_on_map(cross: Cross, agreement: MapQuality) -> list[Finding]:
    """Judge how well calls and genetic map agree.

    Parameters
    ----------
    cross
        The cross.
    agreement
        Its measures.

    Returns
    -------
    list of Finding
    """
    return [
        *_unlikely(cross, agreement),
        *_contradicting(cross, agreement),
        *_double_crossovers(agreement),
        *_lengths(agreement),
    ]


def _unlikely(cross: Cross, agreement: MapQuality) -> list[Finding]:
    table = agreement.unlikely
    if table.empty:
        return []
    worst = table.iloc[0]
    n_calls = int((cross.genotypes >= 0).sum())
    share = len(table) / max(n_calls, 1)
    text = (
        f"{count(len(table), 'call')} of {n_calls:,} ({percent(share)}) hardly "
        f"{'fits its' if len(table) == 1 else 'fit their'} neighbours "
        f"(error LOD above {UNLIKELY_LOD:g}); the worst is {worst['genotype']} of "
        f"sample {worst['sample']} at marker {worst['marker']} ({worst['error_lod']:.1f})."
    )
    severity = "warning" if share > _MANY_UNLIKELY else "note"
    names = tuple(dict.fromkeys(table["marker"]))
    return [Finding(severity, "unlikely_call", text, names)]  # type: ignore[arg-type]


def _contradicting(cross: Cross, agreement: MapQuality) -> list[Finding]:
    table = agreement.contradicting
    if table.empty:
        return []
    worst = table.iloc[0]
    share = len(table) / max(int((cross.genotypes >= 0).sum()), 1)
    is_one = len(table) == 1
    text = (
        f"{count(len(table), 'pair')} of calls at neighbouring markers "
        f"{'contradicts itself' if is_one else 'contradict each other'}: one of the two is wrong, "
        f"and the others do not tell which; {'it is' if is_one else 'the worst is'} "
        f"{worst['genotype1']} at {worst['marker1']} and {worst['genotype2']} at "
        f"{worst['marker2']} of sample {worst['sample']} (error LOD of the pair "
        f"{worst['error_lod']:.1f})."
    )
    severity = "warning" if share > _MANY_UNLIKELY else "note"
    names = tuple(dict.fromkeys([*table["marker1"], *table["marker2"]]))
    return [Finding(severity, "contradicting_calls", text, names)]  # type: ignore[arg-type]


def _double_crossovers(agreement: MapQuality) -> list[Finding]:
    found = []
    markers, samples = agreement.markers, agreement.samples
    is_odd = _too_many(markers["n_double_crossovers"], markers["expected_double_crossovers"])
    if is_odd.any():
        names = tuple(markers["marker"][is_odd])
        text = (
            f"{count(len(names), 'marker')} with more calls unlike those on both sides than chance "
            f"gives ({named(names)}): a wrong place on the map, or wrong calls?"
        )
        found.append(Finding("warning", "misplaced_marker", text, names))
    is_odd = _too_many(samples["n_double_crossovers"], samples["expected_double_crossovers"])
    if is_odd.any():
        names = tuple(samples["sample"][is_odd])
        text = (
            f"{count(len(names), 'sample')} with more double crossovers around one call than the "
            f"others ({named(names)}): calls of poor quality, or a mixture?"
        )
        found.append(Finding("warning", "double_crossovers", text, names))
    return found


def _too_many(n: pd.Series, expected: pd.Series) -> np.ndarray:
    """Counts that the map, or else most of their kind, make very improbable."""
    from scipy import stats

    seen = n.to_numpy(np.float64)
    # Where all have more than the map lets expect, the map is wrong, not one of them.
    mean = expected.to_numpy() * max(1.0, seen.sum() / max(expected.sum(), 1e-9))
    mean = np.maximum(mean, np.median(seen))
    p = stats.poisson.sf(seen - 1, np.maximum(mean, _LEAST_EXPECTED)) * len(seen)
    is_odd: np.ndarray = (p < _CHANCE) & (seen >= _FEWEST)
    return is_odd


def _lengths(agreement: MapQuality) -> list[Finding]:
    table = agreement.chromosomes
    given, fitted = table["length_cm"].to_numpy(), table["estimated_cm"].to_numpy()
    ratio = np.maximum(given, fitted) / np.maximum(np.minimum(given, fitted), 1e-9)
    is_off = (ratio > _LENGTH_RATIO) & (np.abs(table["z"].to_numpy()) > _LENGTH_Z)
    text = (
        f"The calls make the map {fitted.sum():,.0f} cM long by Haldane's function, the file "
        f"{given.sum():,.0f} cM"
    )
    if not is_off.any():
        return [Finding("note", "estimated_map", f"{text}.")]
    rows = table[is_off]
    some = ", ".join(
        f"{name}: {own:,.0f} instead of {file:,.0f}"
        for name, own, file in zip(
            rows["chr"][:3], rows["estimated_cm"], rows["length_cm"], strict=False
        )
    )
    text += f"; chromosomes differ much ({some})."
    return [Finding("warning", "estimated_map", text, tuple(rows["chr"]))]
