"""Scores of claims against a known truth: tables and plain words."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np

from crossmap.io.results import write_summary, write_table, write_text
from crossmap.plots.scores import distance_counts, plot_distances, plot_rates, rate_points
from crossmap.plots.style import picture
from crossmap.report.html import write_html
from crossmap.report.words import fill, percent
from crossmap.scoring import Scores

PICTURES = ("score",)
FILES: Mapping[str, str] = {
    "score": "claims, true ones, realised FDR, power and distance at every level",
    "distances": "how far each claimed locus lies from the true one, at the highest level",
    "reliability": "of joint linkage: share of true claims by tenths of the joint probability",
}


def describe_scores(scores: Scores) -> str:
    """Say how claims compare with the truth at each nominal rate.

    Parameters
    ----------
    scores
        What `score` returned.

    Returns
    -------
    str
        A table and what its words mean; no line end after the last.
    """
    lines = ["nominal  claims    true  realised FDR  binomial error  linked   power  median error"]
    for level, one in zip(scores.levels, scores.scores, strict=True):
        cells = (
            "-" if np.isnan(level) else percent(level),
            f"{one.n_claims:,}",
            f"{one.n_true:,}",
            percent(one.fdr) if one.n_claims else "-",
            percent(one.fdr_se) if one.n_claims else "-",
            percent(one.fdr_linked) if one.n_claims else "-",
            "-" if np.isnan(one.power) else percent(one.power),
            "-" if np.isnan(one.median_error_cm) else f"{one.median_error_cm:.1f} cM",
        )
        lines.append("{:>7}  {:>6}  {:>6}  {:>12}  {:>14}  {:>6}  {:>6}  {:>12}".format(*cells))
    n_loci = len(scores.scores[0].locus_fdr)
    loci = "its locus lies" if n_loci == 1 else f"its {n_loci} loci lie"
    twice = (
        "a locus named twice counts once."
        if scores.repeats == "merged"
        else "a locus named twice is a false claim."
    )
    every = ", however many of its loci are claimed" if n_loci == 1 else ""
    meaning = (
        f"A claim is true if {loci} within {scores.within_cm:g} cM of true loci that no better "
        f"claim of the trait has taken; {twice} Linked is the realised FDR where a place "
        f"anywhere on the chromosome of a true locus is true. Power is the share of the traits "
        f"with as many true loci that have a true claim{every}."
    )
    return "\n".join([*lines, "", fill(meaning)])


def write_scores(scores: Scores, folder: str | Path) -> None:
    """Write score.tsv, distances.tsv, a picture, report.html, summaries; reliability.tsv of joint.

    Parameters
    ----------
    scores
        What `score` returned.
    folder
        A folder that exists.

    Raises
    ------
    OutputError
        If a file cannot be written.
    """
    write_table(scores.to_frame(), folder, "score")
    write_table(scores.distances, folder, "distances")
    if scores.reliability is not None:
        write_table(scores.reliability, folder, "reliability")
    rows = zip(scores.levels, scores.scores, strict=True)
    write_summary(
        {
            "within_cm": scores.within_cm,
            "repeats": scores.repeats,
            "scores": [{"nominal_fdr": level, **asdict(one)} for level, one in rows],
        },
        folder,
    )
    _draw(scores, Path(folder))
    text = describe_scores(scores)
    write_text(text, folder, "summary.txt")
    tables = {"score.tsv": scores.to_frame()}
    if scores.reliability is not None:
        tables["reliability.tsv"] = scores.reliability
    write_html(folder, title="Claims and truth", text=text, tables=tables)


def _draw(scores: Scores, folder: Path) -> None:
    with picture(folder / "score.png", width=10, height=4.2) as figure:
        left, right = figure.subplots(1, 2)
        plot_rates(left, rate_points(scores))
        left.set_title("False discovery rates")
        plot_distances(right, distance_counts(scores.distances, within_cm=scores.within_cm))
        level = max(scores.levels)
        at = "" if np.isnan(level) else f" at nominal FDR {percent(level)}"
        right.set_title(f"Claimed loci{at}")
