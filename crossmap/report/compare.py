"""A comparison of searches as a folder of tables, pictures and plain words."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from crossmap.architecture.counting import linkages_of_pairs, units_of_linkages
from crossmap.compare import Comparison
from crossmap.cross import Cross
from crossmap.io.folder import result_folder
from crossmap.io.results import (
    Provenance,
    TableFormat,
    require_format,
    write_summary,
    write_table,
    write_text,
)
from crossmap.plots.searches import called_by_p_value, plot_searches
from crossmap.plots.style import picture
from crossmap.report.cross import (
    cross_summary,
    describe_cross,
    describe_samples,
    samples_summary,
)
from crossmap.report.html import write_html
from crossmap.report.words import count, fill, percent
from crossmap.significance.pi0 import FEWEST_P_VALUES, few_p_values_limit

PICTURES = ("searches",)
FILES: Mapping[str, str] = {
    "called_by_fdr": "traits that each search calls at each FDR",
    "called_by_p_value": "the same by p-value, of linked pairs",
    "pairs": "the best pair of every trait by every search",
}

PAIRS = {"sequential": "sequential", "exhaustive": "exhaustive 2D"}
CALLED_FDR = 0.05
"""At which summary.json counts linkages."""
TWO_LOCI = {
    "joint_additive": "joint, additive models",
    "top_two": "two best 1D peaks",
    "top_two_pi0_1": "two best 1D peaks, pi0 = 1",
    "naive_two_stage": "naive (rate not kept)",
}


def save_comparison(
    versus: Comparison, cross: Cross, out: str | Path, *, format: TableFormat = "tsv"
) -> str:
    """Write a comparison of searches into a folder of its own, as ``crossmap compare`` does.

    Parameters
    ----------
    versus
        What `compare_searches` returned.
    cross
        The cross that was analysed.
    out
        The folder: new, empty, or earlier results of crossmap, which are replaced whole.
    format
        Of the tables: ``tsv`` or ``parquet``.

    Returns
    -------
    str
        What was found, in plain words.

    Raises
    ------
    ArgumentError
        For an unknown format.
    OutputError
        If the folder is refused or cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from crossmap import compare_searches, simulate_cross
    >>> cross = simulate_cross(n_samples=60, n_traits=120, n_markers=40).cross
    >>> out = Path(tempfile.mkdtemp()) / "results"
    >>> text = save_comparison(compare_searches(cross, n_perm=2), cross, out)
    >>> (out / "called_by_fdr.tsv").exists(), (out / "report.html").exists()
    (True, True)
    """
    require_format(format)
    options = {
        "n_grid": versus.n_grid, "n_perm": versus.n_perm, "min_cell": versus.min_cell,
        "seed": versus.seed, "format": format,
    }  # fmt: skip
    provenance = Provenance.of(cross, command="compare", options=options, seed=versus.seed)
    with result_folder(out, provenance) as folder:
        return write_comparison(versus, cross, folder, format=format)


def write_comparison(
    versus: Comparison, cross: Cross, folder: str | Path, *, format: TableFormat = "tsv"
) -> str:
    """Write tables, pictures, summary.json and summary.txt of a comparison into a folder.

    Parameters
    ----------
    versus
        What `compare_searches` returned.
    cross
        The cross that was analysed.
    folder
        A folder that exists.
    format
        Of the tables called_by_fdr, called_by_p_value, pairs: ``tsv`` or ``parquet``.

    Returns
    -------
    str
        The text of summary.txt.

    Raises
    ------
    ArgumentError
        For an unknown format.
    OutputError
        If a file cannot be written.
    """
    require_format(format)
    by_fdr = versus.called_by_fdr()
    by_p = called_by_p_value(
        {
            "sequential": versus.sequential.p_value,
            "exhaustive": versus.exhaustive_linkage.p_value,
        }
    )
    write_table(versus.to_frame(), folder, "pairs", format=format)
    write_table(by_fdr, folder, "called_by_fdr", format=format)
    write_table(by_p, folder, "called_by_p_value", format=format)
    wide = by_p.pivot(index="p_value", columns="search", values="n_called").reset_index()
    with picture(Path(folder) / "searches.png", width=10, height=3.8) as figure:
        left, middle, right = figure.subplots(1, 3)
        plot_searches(
            left, wide, by="p_value", label="p-value", searches=PAIRS, n_traits=len(versus.traits)
        )
        left.set_title("Linked pairs by p-value")
        fdr = "false discovery rate"
        plot_searches(middle, by_fdr, by="fdr", label=fdr, searches=PAIRS)
        middle.set_title("Linked pairs by FDR")
        plot_searches(right, by_fdr, by="fdr", label=fdr, searches=TWO_LOCI)
        right.set_title("Both loci linked")
    summary = {
        **cross_summary(cross),
        **versus.summary(),
        **samples_summary(versus.exhaustive.n_samples, cross),
        "units": _units(versus, cross),
    }
    write_summary(summary, folder)
    text = describe_comparison(versus, cross)
    write_text(text, folder, "summary.txt")
    write_html(
        folder, title="Searches compared", text=text, tables={f"called_by_fdr.{format}": by_fdr}
    )
    return text


def _units(versus: Comparison, cross: Cross) -> dict[str, object]:
    """Loci of the pairs that either search calls at an FDR of 5%, in four units."""
    table = versus.to_frame()
    return {
        name: units_of_linkages(
            cross,
            linkages_of_pairs(table[table[f"{name}_q_value"] <= CALLED_FDR], prefix=f"{name}_"),
        )
        for name in PAIRS
    }


def describe_comparison(versus: Comparison, cross: Cross) -> str:
    """Say in plain words which search found more.

    Parameters
    ----------
    versus
        What `compare_searches` returned.
    cross
        The cross that was analysed.

    Returns
    -------
    str
        Paragraphs, without a line end after the last.
    """
    called = versus.called_by_fdr().set_index("fdr")
    at_1, at_5 = called.loc[0.01], called.loc[0.05]
    n_sequential, n_joint = (int(called[name][0.05]) for name in ("sequential", "joint_additive"))
    n, same = versus.overlap_top()
    tests = versus.n_tests
    ahead = versus.sequential.n_called(0.05) - versus.exhaustive_linkage.n_called(0.05)
    verdict = (
        "both call as many" if ahead == 0
        else f"the {'sequential' if ahead > 0 else 'exhaustive'} search calls more"
    )  # fmt: skip
    paragraphs = [
        describe_cross(cross),
        fill(
            f"All searches saw the same {len(versus.loci):,} loci, "
            f"{count(versus.exhaustive.n_pairs, 'pair')} on different chromosomes with at least "
            f"{count(versus.min_cell, 'sample')} in "
            f"each genotype combination, and the same {count(versus.n_perm, 'permutation')} of "
            f"each trait (seed {versus.seed})."
        ),
        *describe_samples(
            versus.exhaustive.n_samples,
            usable=cross.n_samples,
            n_left_out=cross.n_traits - len(versus.traits),
        ),
        fill(
            f"A linked pair: at an FDR of 5% the sequential search calls "
            f"{count(n_sequential, 'trait')} and the exhaustive one "
            f"{at_5['exhaustive']:,.0f}: {verdict}. At 1% they call "
            f"{at_1['sequential']:,.0f} and {at_1['exhaustive']:,.0f}. Of the "
            f"{count(n, 'trait')} best in the exhaustive scan {percent(same)} "
            f"{'has' if n == 1 else 'have'} the same pair in both ({versus.same_place}). The "
            f"sequential search makes {tests['sequential']:,} tests, the exhaustive one "
            f"{tests['exhaustive']:,}. What linkage of a pair does not say is that both loci are "
            f"real."
        ),
        fill(f"Epistasis: {_epistasis(versus)}."),
        fill(
            f"Both loci real, additive models, FDR 5%: the joint method calls "
            f"{count(n_joint, 'trait')}, the two best peaks of a 1D scan "
            f"{at_5['top_two']:,.0f} ({at_5['top_two_pi0_1']:,.0f} with pi0 = 1). The naive "
            f"two-stage procedure calls {at_5['naive_two_stage']:,.0f}; its error rate is not "
            f"what it claims."
        ),
    ]
    beware = few_p_values_limit(len(versus.exhaustive.traits))
    return "\n\n".join([*paragraphs, *(fill(f"Beware: {limit}.") for limit in beware)])


def _epistasis(versus: Comparison) -> str:
    tests = (versus.sequential_epistasis, versus.exhaustive_epistasis)
    n_traits = min(int(np.isfinite(test.p_value).sum()) for test in tests)
    if n_traits < FEWEST_P_VALUES:
        traits = count(n_traits, "trait is", "traits are")
        return f"{traits} too few to estimate the share of all that is under it"
    by_sequential, by_exhaustive = (percent(1 - test.pi0) for test in tests)
    return (
        f"an estimated {by_sequential} of the traits by the sequential test, {by_exhaustive} by "
        f"the exhaustive one"
    )
