"""What deserves a word about a cross: errors, warnings and notes, from its measures."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from crossmap.cross import Cross
from crossmap.genotypes.quality import Quality, is_flip
from crossmap.report.words import count, percent

Severity = Literal["error", "warning", "note"]

# A finding that chance makes in fewer than so many crosses out of 1 (all tests of its kind).
_CHANCE = 0.001
_SEGREGATION = 0.05
# Shares of missing calls and values worth a warning.
_MANY_MISSING = 0.10
_ONE_MISSING = 0.50
# Samples that agree so well are one, where chance does not make two so alike on this map.
_SAME_SAMPLE = 0.98
_MAP_RATIO = (0.5, 2.0)
_N_NAMED = 5


@dataclass(frozen=True)
class Finding:
    """One thing that deserves a word.

    Parameters
    ----------
    severity
        ``error``: analyses would be wrong or impossible; ``warning``: look at it before you trust
        them; ``note``: good to know.
    kind
        What it is about, one word for scripts.
    text
        In a sentence or two.
    names
        Of all samples, markers or traits concerned.
    """

    severity: Severity
    kind: str
    text: str
    names: tuple[str, ...] = ()


def find(cross: Cross, quality: Quality, *, heard: Sequence[str] = ()) -> list[Finding]:
    """Judge the measures of a cross.

    Parameters
    ----------
    cross, quality
        The cross and its measures.
    heard
        Warnings that came while it was read.

    Returns
    -------
    list of Finding
        Errors first, then warnings, then notes.
    """
    found = [
        *_of_genotypes(cross, quality),
        *_of_samples(cross, quality),
        *_of_map(quality),
        *_of_traits(cross, quality),
        *(Finding("warning", "reading", _sentence(text)) for text in heard),
        *(
            Finding("note", "reading", _sentence(note))
            for note in cross.report.notes
            if note not in heard
        ),
    ]
    return by_severity(found)


def by_severity(findings: Sequence[Finding]) -> list[Finding]:
    """Put errors first, then warnings, then notes.

    Parameters
    ----------
    findings
        Any.

    Returns
    -------
    list of Finding
    """
    order = ("error", "warning", "note")
    return sorted(findings, key=lambda finding: order.index(finding.severity))


def _sentence(text: str) -> str:
    first = text.split(maxsplit=1)[0] if text else ""
    start = text[:1] if "." in first.rstrip(".,:;") else text[:1].upper()  # a file has its own case
    return start + text[1:].rstrip(".") + "."


def named(names: Sequence[str]) -> str:
    """List some names.

    Parameters
    ----------
    names
        Any number of them.

    Returns
    -------
    str
        The first few, and how many more.

    Examples
    --------
    >>> named(["a", "b"]), named(list("abcdefgh"))
    ('a, b', 'a, b, c, d, e and 3 more')
    """
    some = ", ".join(names[:_N_NAMED])
    return some + (f" and {len(names) - _N_NAMED} more" if len(names) > _N_NAMED else "")


def _of_genotypes(cross: Cross, quality: Quality) -> list[Finding]:
    found = []
    markers, patterns = quality.markers, quality.patterns
    is_dominant = markers["is_constant"] & (markers["n_dominant"] > 0)
    constant = tuple(markers["marker"][markers["is_constant"] & ~is_dominant])
    if len(constant) == len(markers):
        text = "No marker has two genotypes: there is nothing to map with."
        return [Finding("error", "constant_marker", text, constant)]
    if constant:
        text = f"{count(len(constant), 'marker')} with one genotype alone: {named(constant)}."
        found.append(Finding("note", "constant_marker", text, constant))
    if is_dominant.any():
        names = tuple(markers["marker"][is_dominant])
        text = (
            f"{count(len(names), 'marker')} with one genotype alone besides dominant calls: "
            f"{named(names)}. Genotype probabilities use them; analyses of calls do not."
        )
        found.append(Finding("note", "dominant_marker", text, names))
    flips = quality.intervals[is_flip(quality.intervals)]
    if len(flips):
        flipped = tuple(markers["marker"][markers["is_flipped"]])
        worst = flips.sort_values("correlation").iloc[0]
        text = (
            f"The alleles of {count(len(flipped), 'marker')} look exchanged against their "
            f"neighbours: {named(flipped)}. Between {worst['marker1']} and {worst['marker2']} "
            f"{worst['n_changes']} of {worst['n_compared']} samples change genotype, more than "
            "unlinked markers would. Exchange their codes, or mend the order of the map."
        )
        found.append(Finding("error", "flipped_alleles", text, flipped))
    if cross.crosstype == "f2":
        het = float((cross.genotypes == 1).sum() / max((cross.genotypes >= 0).sum(), 1))
        if het < 0.2:
            text = (
                f"Only {percent(het)} of the calls are {cross.genotype_names[1]}, where half are "
                "due in an F2: is it a cross of lines (riself, risib, dh), or are the codes wrong?"
            )
            found.append(Finding("error", "crosstype", text))
    tested = patterns["p_segregation"].dropna()
    off = patterns.loc[tested.index[tested * len(tested) < _SEGREGATION]]
    if len(off):
        worst = off.sort_values("p_segregation").iloc[0]
        counts = " : ".join(f"{worst[f'n_{g}']}" for g in cross.genotype_names)
        due = "1:2:1" if cross.crosstype == "f2" else "1:1"
        text = (
            f"{count(len(off), 'distinct locus', 'distinct loci')} of {len(tested):,} "
            f"{'departs' if len(off) == 1 else 'depart'} from "
            f"{due} (p < {_SEGREGATION} after Bonferroni), on "
            f"chromosome{'' if off['chr'].nunique() == 1 else 's'} "
            f"{named(list(dict.fromkeys(off['chr'])))}; the worst is {worst['marker']} with "
            f"{counts} ({' : '.join(cross.genotype_names)}"
            f"{f', {n_dominant} dominant' if (n_dominant := worst['n_dominant']) else ''}, "
            f"p = {worst['p_segregation']:.1g}). "
            "Selection does this, and so do typing errors."
        )
        found.append(Finding("warning", "segregation", text, tuple(off["marker"])))
    return found + _missing_calls(cross, quality)


def _missing_calls(cross: Cross, quality: Quality) -> list[Finding]:
    found = []
    n_lacking = quality.markers["n_missing"].sum() - quality.markers["n_dominant"].sum()
    share = float(n_lacking / cross.genotypes.size) if cross.genotypes.size else 0.0
    if share > _MANY_MISSING:
        text = f"{percent(share)} of the genotype calls are missing."
        found.append(Finding("warning", "missing_calls", text))
    for table, total, what in (
        (quality.samples, cross.n_markers, "sample"),
        (quality.markers, cross.n_samples, "marker"),
    ):
        n_none = table["n_missing"] - table["n_dominant"]
        lacking = tuple(table[what][n_none > _ONE_MISSING * total])
        if lacking:
            text = (
                f"{count(len(lacking), what)} with more than half of the calls missing: "
                f"{named(lacking)}."
            )
            found.append(Finding("warning", f"missing_in_{what}", text, lacking))
    return found


def _of_samples(cross: Cross, quality: Quality) -> list[Finding]:
    from scipy import stats

    found = []
    pairs = quality.pairs
    if len(pairs) and pairs["p_identical"].iloc[0] <= _CHANCE:
        alike = pairs[(pairs["share"] >= _SAME_SAMPLE) & (pairs["p_chance"] <= _CHANCE)]
        for pair in alike.to_dict("records"):
            text = (
                f"Samples {pair['sample1']} and {pair['sample2']} agree in "
                f"{100 * pair['share']:.1f}% of {pair['n_compared']:,} markers: are they one, or "
                "taken twice?"
            )
            names = (pair["sample1"], pair["sample2"])
            found.append(Finding("warning", "duplicate_samples", text, names))
    elif cross.n_samples > 1:
        text = "There are too few markers to tell whether two samples are one."
        found.append(Finding("note", "duplicate_samples", text))
    samples = quality.samples
    due = _changes_due(samples, cross.n_markers)
    if due is not None:
        n, crossovers = len(samples), samples["n_crossovers"].to_numpy()
        for p, word, why in (
            (
                stats.poisson.sf(crossovers - 1, due),
                "many",
                "Typing errors look so, and mixtures of two samples",
            ),
            (stats.poisson.cdf(crossovers, due), "few", "A parent among the offspring looks so"),
        ):
            odd = samples[p * n < _CHANCE]
            if len(odd):
                each = [
                    f"{s} ({k})" for s, k in zip(odd["sample"], odd["n_crossovers"], strict=True)
                ]
                text = (
                    f"{count(len(odd), 'sample')} with too {word} crossovers: {named(each)}, where "
                    f"the median is {np.median(crossovers):g}. {why}."
                )
                found.append(Finding("warning", f"{word}_crossovers", text, tuple(odd["sample"])))
    return found


def _changes_due(samples: pd.DataFrame, n_markers: int) -> np.ndarray | None:
    """Crossovers due in each sample by what the others have; None where too few show."""
    weight = samples["expected_crossovers"].to_numpy()
    if np.isnan(weight).any() or not weight.any():
        weight = n_markers - samples["n_missing"].to_numpy(dtype=np.float64)
    weight = np.maximum(weight, 1e-9)
    rate = float(np.median(samples["n_crossovers"].to_numpy() / weight))
    due: np.ndarray = rate * weight
    return due if np.median(due) >= 2.0 else None


def _of_map(quality: Quality) -> list[Finding]:
    expected = float(quality.samples["expected_crossovers"].mean())
    seen = float(quality.samples["n_crossovers"].mean())
    if np.isnan(expected) or expected < 1.0:
        return []
    text = (
        f"The genetic map of {quality.length_cm:,.0f} cM lets expect {expected:.1f} crossovers a "
        f"sample; there are {seen:.1f}"
    )
    low, high = _MAP_RATIO
    if low <= seen / expected <= high:
        return [Finding("note", "map_length", f"{text}.")]
    why = "positions in another unit, a wrong order of markers, or another cross type"
    return [Finding("warning", "map_length", f"{text}: {why}?")]


def _of_traits(cross: Cross, quality: Quality) -> list[Finding]:
    traits = quality.traits
    found = []
    constant = tuple(traits["trait"][traits["is_constant"]])
    if cross.n_traits and len(constant) == cross.n_traits:
        text = "No trait has two different values: there is nothing to map."
        found.append(Finding("error", "constant_trait", text, constant))
    elif constant:
        text = f"{count(len(constant), 'trait')} without two different values: {named(constant)}."
        found.append(Finding("warning", "constant_trait", text, constant))
    lacking = tuple(traits["trait"][traits["n_missing"] > _ONE_MISSING * cross.n_samples])
    if lacking:
        text = (
            f"{count(len(lacking), 'trait')} with more than half of the values missing: "
            f"{named(lacking)}."
        )
        found.append(Finding("warning", "missing_in_trait", text, lacking))
    placeless = tuple(traits["trait"][~traits["has_place"]])
    if placeless:
        text = (
            f"{count(len(placeless), 'trait')} without a place ({named(placeless)}): none of "
            "their linkages can be called local."
        )
        found.append(Finding("note", "placeless_trait", text, placeless))
    off_map = tuple(traits["trait"][traits["has_place"] & ~traits["on_map"]])
    if off_map:
        text = f"{count(len(off_map), 'trait')} on a chromosome without markers: {named(off_map)}."
        found.append(Finding("note", "off_map_trait", text, off_map))
    return found
