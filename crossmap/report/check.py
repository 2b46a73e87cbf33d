"""What is in a cross, in plain sentences, as numbers for scripts, and as a folder."""

import textwrap
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from crossmap.cross import Cross
from crossmap.errors import CrossmapWarning, DataError
from crossmap.genome import in_map_units
from crossmap.genotypes.map_quality import MapQuality, map_quality
from crossmap.genotypes.quality import Quality, cross_quality
from crossmap.io.folder import result_folder
from crossmap.io.results import (
    FORMAT_VERSION,
    Provenance,
    write_summary,
    write_table,
    write_text,
)
from crossmap.linkage.search_traits import FEWEST_SAMPLES
from crossmap.plots.genotypes import draw_genotypes_and_map
from crossmap.plots.quality import draw_quality
from crossmap.plots.style import picture
from crossmap.report.cross import cross_summary, describe_cross
from crossmap.report.findings import Finding, by_severity, find
from crossmap.report.html import write_html
from crossmap.report.map_findings import find_on_map
from crossmap.report.words import LINE_WIDTH, count, fill
from crossmap.report.x_findings import find_on_x

PICTURE = "check.png"
TEXT = "check.txt"

PICTURES = ("check", "genotypes")
FILES: Mapping[str, str] = {
    "markers": "segregation, missing calls, agreement with neighbours",
    "samples": "crossovers, missing calls, double crossovers",
    "pairs": "every sample and the one most like it",
    "loci": "distinct loci and their markers",
    "traits": "values missing, constant, extreme",
    "chromosomes": "with a genetic map: its length, and that which the calls make",
    "unlikely_calls": "with a genetic map: calls that hardly fit their neighbours",
    "contradicting_calls": "with a genetic map: pairs of calls of which one is surely wrong",
}

_SHOWN = ("chromosomes", "unlikely_calls", "contradicting_calls", "pairs")
_MARKS = {"error": "ERROR", "warning": "Warning", "note": "Note"}


@dataclass(frozen=True, eq=False)
class Check:
    """A checked cross.

    Parameters
    ----------
    cross
        The cross.
    quality
        Its measures.
    findings
        What deserves a word, errors first.
    agreement
        How well calls and genetic map agree; None without a genetic map.
    """

    cross: Cross
    quality: Quality
    findings: tuple[Finding, ...]
    agreement: MapQuality | None = None

    def n_found(self, severity: str) -> int:
        """Count findings.

        Parameters
        ----------
        severity
            ``error``, ``warning`` or ``note``.

        Returns
        -------
        int
        """
        return sum(finding.severity == severity for finding in self.findings)

    def summary(self) -> dict[str, object]:
        """Give the numbers, for scripts.

        Returns
        -------
        dict
            As `crossmap.report.cross.cross_summary`, and n_distinct_loci, n_interleaved,
            mean_crossovers, expected_crossovers, length_cm, length_bp, estimated_cm (from the
            calls), n_unlikely_calls, n_contradicting_calls (pairs; None where unknown), n_errors,
            n_warnings, findings (severity, kind, text, names), commands (command -> what it takes
            and leaves out).
        """
        samples, patterns = self.quality.samples, self.quality.patterns
        return {
            **cross_summary(self.cross),
            "n_distinct_loci": len(patterns),
            "n_interleaved": int((patterns["n_runs"] > 1).sum()),
            "mean_crossovers": _known(samples["n_crossovers"].mean()),
            "expected_crossovers": _known(samples["expected_crossovers"].mean()),
            "length_cm": _known(self.quality.length_cm),
            "length_bp": _known(self.quality.length_bp),
            "estimated_cm": None
            if self.agreement is None
            else _known(self.agreement.chromosomes["estimated_cm"].sum()),
            "n_unlikely_calls": None if self.agreement is None else len(self.agreement.unlikely),
            "n_contradicting_calls": None
            if self.agreement is None
            else len(self.agreement.contradicting),
            "n_errors": self.n_found("error"),
            "n_warnings": self.n_found("warning"),
            "findings": [asdict(finding) for finding in self.findings],
            "commands": dict(fates(self.cross, self.quality)),
        }

    def text(self) -> str:
        """Say it in plain sentences.

        Returns
        -------
        str
            Lines, without a line end after the last.
        """
        lines = [describe_cross(self.cross, with_notes=False), *map(fill, self._loci())]
        lines += ["", "Findings"]
        lines += [
            _item(f"{_MARKS[finding.severity]}: {finding.text}") for finding in self.findings
        ] or ["  Nothing amiss."]
        lines += ["", "What the commands do with it"]
        lines += [_item(f"{name}: {fate}") for name, fate in fates(self.cross, self.quality)]
        errors = self.n_found("error")
        warned = self.n_found("warning")
        verdict = count(errors, "error") if errors else "No errors"
        lines += ["", f"{verdict}, {count(warned, 'warning') if warned else 'no warnings'}."]
        return "\n".join(lines)

    def _loci(self) -> list[str]:
        patterns, quality = self.quality.patterns, self.quality
        text = (
            f"{count(len(patterns), 'distinct locus', 'distinct loci')} (markers of a chromosome "
            "that no sample tells apart are one locus"
        )
        if (self.cross.genotypes < 0).any():
            text += ", missing calls counting as a genotype"
        interleaved = int((patterns["n_runs"] > 1).sum())
        if interleaved:
            text += f"; between the markers of {interleaved:,} of them lie others"
        sentences = [f"{text})."]
        reach = []
        if np.isfinite(quality.length_bp):
            reach.append(f"{quality.length_bp / 1e6:,.2f} Mb")
        if np.isfinite(quality.length_cm):
            reach.append(f"{quality.length_cm:,.0f} cM")
        sentences.append(
            f"The map reaches over {' or '.join(reach)}; a sample shows "
            f"{quality.samples['n_crossovers'].mean():.1f} crossovers on average."
        )
        return sentences


def check_cross(
    cross: Cross, *, heard: Sequence[str] = (), cm_per_mb: float | None = None
) -> Check:
    """Check a cross.

    Parameters
    ----------
    cross
        Any cross.
    heard
        Warnings that came while it was read.
    cm_per_mb
        Centimorgans per megabase: makes a genetic map of one in base pairs alone.

    Returns
    -------
    Check

    Examples
    --------
    >>> from crossmap.simulate import simulate_cross
    >>> checked = check_cross(simulate_cross(n_samples=40, n_markers=200, n_traits=5).cross)
    >>> checked.n_found("error"), checked.text().splitlines()[-1]
    (0, 'No errors, no warnings.')
    """
    quality = cross_quality(cross)
    findings = [*find(cross, quality, heard=heard), *find_on_x(cross)]
    agreement = None
    can_fit = cm_per_mb is not None or bool(cross.markers["pos_cm"].notna().any())
    if not can_fit:
        text = (
            "The map has no centimorgans: whether calls and map fit each other was not checked. "
            "A rate (cm_per_mb, --cm-per-mb) makes a genetic map of the base pairs."
        )
        findings.append(Finding("note", "no_genetic_map", text))
    if can_fit and not quality.markers["is_constant"].all():
        try:
            with warnings.catch_warnings():  # what they say are findings already
                warnings.simplefilter("ignore", CrossmapWarning)
                agreement = map_quality(cross, cm_per_mb=cm_per_mb)
            # Exchanged alleles are an error of their own and explain what else looks odd.
            if not quality.markers["is_flipped"].any():
                findings += find_on_map(cross, agreement)
        except DataError as error:
            text = f"Genotype probabilities cannot be computed: {error}."
            findings.append(Finding("warning", "genetic_map", text))
    return Check(cross, quality, tuple(by_severity(findings)), agreement)


def fates(cross: Cross, quality: Quality) -> list[tuple[str, str]]:
    """Say what each command takes of a cross and what it leaves out.

    Parameters
    ----------
    cross, quality
        The cross and its measures.

    Returns
    -------
    list of tuple of str
        Commands, and a sentence.
    """
    traits = quality.traits
    n_missing = int((cross.genotypes < 0).sum())
    n_constant = int(quality.markers["is_constant"].sum())
    n_incomplete = int((traits["n_missing"] > 0).sum())
    n_few = int((cross.n_samples - traits["n_missing"] < FEWEST_SAMPLES).sum())
    left_out = [
        count(n, what) + why
        for n, what, why in (
            (n_constant, "marker", " with one genotype alone"),
            (n_few, "trait", f" with values in fewer than {FEWEST_SAMPLES} samples"),
        )
        if n
    ]
    loci = count(len(quality.patterns), "locus", "loci")
    refusal = _refusal(cross, n_missing)
    if refusal:
        searches = f"refuse {refusal}; they take it with --genotype-probabilities."
    elif n_few == cross.n_traits:
        searches = f"refuse it: no trait has values in at least {FEWEST_SAMPLES} samples."
    else:
        n_traits = count(cross.n_traits - n_few, "trait")
        each = ", each on the samples with a value," if n_incomplete else ""
        searches = f"take {n_traits}{each} and {loci}"
        searches += f"; left out: {' and '.join(left_out)}." if left_out else "; nothing left out."
    varying = count(cross.n_markers - n_constant, "marker")
    scan = f"test {count(cross.n_traits, 'trait')} with {varying}"
    if n_incomplete or n_missing:
        scan += ", each on the samples that have both"
    if cross.n_genotypes != 2:
        models = f"refuses {refusal}; takes it with --genotype-probabilities."
    else:
        models = "takes one trait; samples without its value or a call at its loci are left out."
    explained = "takes one trait, on the samples with its value, and all loci."
    n_complete = cross.n_traits - n_incomplete
    together = f"the {count(n_complete, 'trait')} without missing values and {loci}"
    if n_incomplete:
        together += f"; left out: {count(n_incomplete, 'trait')} with missing values"
    hot = f"takes {together}." if n_complete else "refuses it: every trait has missing values."
    if refusal:
        explained = hot = f"refuses {refusal}; it takes it with --genotype-probabilities."
    return [
        ("joint, scan2, compare", searches),
        ("scan1, permute", f"{scan}."),
        ("environment", f"as scan1, on the samples whose condition is known{_conditions(cross)}."),
        ("fit", models),
        ("explain", explained),
        ("hotspots", hot),
        ("architecture", hot if refusal else f"pairs as joint; its single-locus scan {hot}"),
        ("fill", f"fills {count(n_missing, 'missing call')}." if n_missing else "nothing to fill."),
    ]


def _refusal(cross: Cross, n_missing: int) -> str:
    """What commands refuse that search calls alone, and why; empty if they take it."""
    if cross.n_genotypes != 2:
        return f"calls of crosstype {cross.crosstype}, which has three genotypes"
    if n_missing:
        missing = count(n_missing, "missing genotype call")
        return f"it while it has {missing}: crossmap fill fills them"
    return ""


def _conditions(cross: Cross) -> str:
    if cross.covariates.empty:
        return "; this cross has no covariate that could name it"
    return f" (--condition: one of {', '.join(map(str, cross.covariates.columns))})"


def save_check(check: Check, out: str | Path) -> str:
    """Write what was found into a folder of its own, as ``crossmap check --out`` does.

    Parameters
    ----------
    check
        What `check_cross` returned.
    out
        The folder: new, empty, or earlier results of crossmap, which are replaced whole.

    Returns
    -------
    str
        The text of check.txt.

    Raises
    ------
    OutputError
        If the folder is refused or cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from crossmap import check_cross, simulate_cross
    >>> checked = check_cross(simulate_cross(n_samples=40, n_markers=200, n_traits=5).cross)
    >>> out = Path(tempfile.mkdtemp()) / "results"
    >>> text = save_check(checked, out)
    >>> (out / "markers.tsv").exists(), (out / "report.html").exists()
    (True, True)
    """
    with result_folder(out, Provenance.of(check.cross, command="check", options={})) as folder:
        return write_check(check, folder)


def write_check(check: Check, folder: str | Path) -> str:
    """Write what was found into a folder.

    Parameters
    ----------
    check
        As `check_cross` gives it.
    folder
        A folder that exists: check.txt, check.png, genotypes.png, report.html, summary.json and
        the tables markers, loci, samples, pairs and traits; with a genetic map chromosomes,
        unlikely_calls and contradicting_calls.

    Returns
    -------
    str
        The text of check.txt.

    Raises
    ------
    OutputError
        If something cannot be written.
    """
    quality, text = check.quality, check.text()
    tables = {
        "markers": in_map_units(quality.markers.drop(columns="pattern"), check.cross.markers),
        "loci": quality.patterns,
        "samples": quality.samples,
        "pairs": quality.pairs,
        "traits": quality.traits,
    }
    if check.agreement is not None:
        agreement = check.agreement
        for name, own in (("markers", agreement.markers), ("samples", agreement.samples)):
            key = own.columns[0]
            tables[name] = tables[name].merge(own.drop(columns="chr", errors="ignore"), on=key)
        tables["chromosomes"] = agreement.chromosomes
        tables["unlikely_calls"] = agreement.unlikely
        tables["contradicting_calls"] = agreement.contradicting
    for name, table in tables.items():
        write_table(table, folder, name)
    with picture(Path(folder) / PICTURE, width=10.0, height=7.0) as figure:
        draw_quality(figure, quality, check.cross)
    with picture(Path(folder) / "genotypes.png", width=10.0, height=8.0) as figure:
        draw_genotypes_and_map(figure, check.cross)
    write_text(text, folder, TEXT)
    write_summary(check.summary(), folder)
    shown = [name for name in _SHOWN if name in tables]
    write_html(
        folder, title="The cross", text=text, tables={f"{name}.tsv": tables[name] for name in shown}
    )
    return text


def as_json(check: Check) -> dict[str, object]:
    """Give what ``crossmap check --format json`` prints.

    Parameters
    ----------
    check
        As `check_cross` gives it.

    Returns
    -------
    dict
    """
    return {"format_version": FORMAT_VERSION, **check.summary()}


def unreadable(message: str) -> dict[str, object]:
    """Give what ``crossmap check --format json`` prints of a cross that cannot be read.

    Parameters
    ----------
    message
        Why not.

    Returns
    -------
    dict
    """
    finding = Finding("error", "unreadable", message)
    return {
        "format_version": FORMAT_VERSION,
        "n_errors": 1,
        "n_warnings": 0,
        "findings": [asdict(finding)],
    }


def _item(text: str) -> str:
    return textwrap.fill(
        text, LINE_WIDTH, initial_indent="  ", subsequent_indent="    ",
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
