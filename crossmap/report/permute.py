"""Genome-wide thresholds and p-values as a folder of tables, a picture and plain words."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from crossmap.architecture.counting import units_of_linkages
from crossmap.cross import Cross
from crossmap.genome import genome_axis
from crossmap.io.folder import result_folder
from crossmap.io.results import (
    Provenance,
    TableFormat,
    require_format,
    write_summary,
    write_table,
    write_text,
)
from crossmap.linkage.probabilities import x_apart
from crossmap.plots.beta_tail import beta_points, plot_beta_tail
from crossmap.plots.curves import curve_points
from crossmap.plots.genome import genome_words, name_last_panel_alone
from crossmap.plots.peaks import interval_points, plot_peak_curve
from crossmap.plots.style import NO_PLACES, picture, say_why_empty, short
from crossmap.report.cross import MEANS_EVERYWHERE, cross_summary
from crossmap.report.html import write_html
from crossmap.report.permute_text import describe_permutations
from crossmap.report.words import count, fill
from crossmap.significance.genome_wide import GenomeWide
from crossmap.significance.peaks import Peaks

N_DRAWN = 4
"""Traits whose LOD curve is drawn."""


PICTURES = ("peaks", "beta")
FILES: Mapping[str, str] = {
    "traits": "best marker of every trait and its p-values by permutation",
    "thresholds": "threshold of every trait at every level of --alpha",
    "peaks": "peaks past the trait's threshold at the first level, with intervals",
    "pooled_thresholds": "thresholds from the permutations of all traits together",
}

MORE_FILES: Mapping[str, str] = {
    "fdr_thresholds": "nominal p and LOD that call a trait's markers at --fdr over traits",
    "conditional": "with --loci: further loci of each trait, given those before",
    "find_peaks": "with --layout qtl2: the peaks as R/qtl2 has them",
    "map_cis": "with --layout tensorqtl: traits.tsv as tensorQTL and FastQTL have it",
}

ON_PAGE = ("pooled_thresholds", "peaks", "conditional", "traits")
"""Tables whose first rows report.html shows."""


def save_permutations(
    chance: GenomeWide,
    cross: Cross,
    out: str | Path,
    *,
    peaks: Peaks | None = None,
    format: TableFormat = "tsv",
) -> str:
    """Write permutations into a folder of their own, as ``crossmap permute`` does.

    Parameters
    ----------
    chance
        What `permute_scan1` returned.
    cross
        The cross that was analysed.
    out
        The folder: new, empty, or earlier results of crossmap, which are replaced whole.
    peaks
        What `find_peaks` found with these thresholds, to be written too.
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
    >>> from crossmap import permute_scan1, simulate_cross
    >>> cross = simulate_cross(n_samples=60, n_traits=20, n_markers=100).cross
    >>> out = Path(tempfile.mkdtemp()) / "results"
    >>> text = save_permutations(permute_scan1(cross, n_perm=99), cross, out)
    >>> (out / "thresholds.tsv").exists(), (out / "summary.json").exists()
    (True, True)
    """
    require_format(format)
    options = {**asdict(chance.options), "format": format}
    seed = chance.options.seed
    provenance = Provenance.of(cross, command="permute", options=options, seed=seed)
    with result_folder(out, provenance) as folder:
        return write_permutations(chance, cross, folder, peaks=peaks, format=format)


def write_permutations(
    chance: GenomeWide,
    cross: Cross,
    folder: str | Path,
    *,
    peaks: Peaks | None = None,
    conditional: pd.DataFrame | None = None,
    fdr: float = 0.05,
    format: TableFormat = "tsv",
) -> str:
    """Write tables, pictures, report.html and summaries of permutations into a folder.

    Parameters
    ----------
    chance
        What `permute_scan1` returned.
    cross
        The cross that was analysed.
    folder
        A folder that exists.
    peaks
        What `find_peaks` found with these thresholds, to be written too.
    conditional
        What `conditional_peaks` found, to be written too.
    fdr
        With the beta approximation: false discovery rate over traits at which they are called.
    format
        Of the tables: ``tsv`` or ``parquet``.

    Returns
    -------
    str
        The text of summary.txt: what was found, in plain words.

    Raises
    ------
    ArgumentError
        For an unknown format.
    OutputError
        If a file cannot be written.
    """
    require_format(format)
    levels = chance.options.alpha
    traits = chance.to_frame()
    pooled = pd.concat([chance.pooled_thresholds(a) for a in levels], ignore_index=True)
    tables = {
        "traits": traits,
        "thresholds": pd.concat([chance.thresholds(a) for a in levels], ignore_index=True),
        "pooled_thresholds": pooled,
    }
    if peaks is not None:
        tables["peaks"] = peaks.to_frame()
        _draw_peaks(peaks, Path(folder))
    if conditional is not None:
        tables["conditional"] = conditional
    if chance.tail is not None:
        tables["fdr_thresholds"] = chance.fdr_thresholds(fdr)
    for name, table in tables.items():
        write_table(table, folder, name, format=format)
    if chance.tail is not None:
        with picture(Path(folder) / "beta.png", width=4.5, height=4.5) as figure:
            plot_beta_tail(figure.subplots(), beta_points(traits))
    numbers = permute_summary(chance, traits, pooled, fdr=fdr, conditional=conditional)
    write_summary(
        {**cross_summary(cross), **numbers, "units": _units(traits, chance, cross)}, folder
    )
    text = describe_permutations(chance, cross, traits, pooled, fdr=fdr)
    if conditional is not None:
        text += f"\n\n{describe_conditional(conditional, chance, cross)}"
    write_text(text, folder, "summary.txt")
    # On the page the surest come first.
    tables["traits"] = traits.sort_values("p_adjusted", kind="stable")
    if peaks is not None:
        tables["peaks"] = tables["peaks"].sort_values("lod", ascending=False, kind="stable")
    shown = [name for name in ON_PAGE if name in tables]
    is_local = chance.options.local_window_bp is not None
    write_html(
        folder, text=text,
        title="Thresholds at each trait's own gene" if is_local else "Genome-wide thresholds",
        tables={f"{name}.{format}": tables[name] for name in shown},
    )  # fmt: skip
    return text


def _units(traits: pd.DataFrame, chance: GenomeWide, cross: Cross) -> dict[str, object]:
    """Best linkages of the traits called at each level, in four units; by level."""
    best = traits.assign(
        **{f"{end}_bp": traits["pos_bp"] for end in ("start", "end") if "pos_bp" in traits}
    )
    return {
        f"{alpha:g}": units_of_linkages(cross, best[best["p_adjusted"] <= alpha])
        for alpha in chance.options.alpha
    }


def _draw_peaks(peaks: Peaks, folder: Path) -> None:
    """LOD curves of the traits with the highest peaks."""
    markers, traits = peaks.markers, peaks.traits[:N_DRAWN]
    has_bp, has_cm = (bool(markers[f"pos_{u}"].notna().all()) for u in ("bp", "cm"))
    if not len(traits) or not (has_bp or has_cm):
        why = "No peak is above its threshold." if has_bp or has_cm else NO_PLACES
        with picture(folder / "peaks.png", width=7, height=2.4) as figure:
            say_why_empty(figure.subplots(), why)
        return
    unit: Literal["bp", "cm"] = "bp" if has_bp else "cm"
    genome = genome_axis(list(markers["chr"]), markers[f"pos_{unit}"].to_numpy(), unit=unit)
    with picture(folder / "peaks.png", width=8, height=1.9 * len(traits) + 0.8) as figure:
        panels = figure.subplots(len(traits), squeeze=False)[:, 0]
        for axes, trait in zip(panels, traits, strict=True):
            curve = peaks.curve(trait).dropna(subset=["lod"])
            level = curve.assign(lod=curve["threshold"])
            plot_peak_curve(
                axes, curve_points(curve, trait, genome),
                interval_points(peaks.table, trait, genome), genome,
                threshold=curve_points(level, trait, genome),
            )  # fmt: skip
            axes.set_title(f"trait {short(trait)}")
        name_last_panel_alone(panels)
        panels[-1].set_xlabel(f"{genome_words(genome)}; triangles mark the highest peak")
        shown = {label: line for axes in panels
                 for line, label in zip(*axes.get_legend_handles_labels(), strict=True)
                 if label != "locus 1"}  # fmt: skip
        figure.legend(shown.values(), shown.keys(), loc="outside upper right", ncols=len(shown))


def permute_summary(
    chance: GenomeWide,
    traits: pd.DataFrame,
    pooled: pd.DataFrame,
    *,
    fdr: float = 0.05,
    conditional: pd.DataFrame | None = None,
) -> dict[str, object]:
    """Give the numbers of the run for summary.json.

    Parameters
    ----------
    chance
        What `permute_scan1` returned.
    traits, pooled
        Its tables.
    fdr
        False discovery rate over traits at which they are called.
    conditional
        What `conditional_peaks` found.

    Returns
    -------
    dict
        Options, and at every level the traits with a genome-wide p-value as small, and the pooled
        thresholds; under conditional the traits with a locus of each rank, None where not sought.
    """
    options = chance.options
    p = traits["p_adjusted"].to_numpy()
    return {
        "n_perm": options.n_perm,
        "seed": options.seed,
        "model": options.scan.model,
        "covariates": list(options.scan.covariates),
        "interactive": list(options.scan.interactive),
        "weights": options.scan.weights,
        "missing": options.scan.missing,
        "transform": list(options.scan.transform),
        "n_components": options.scan.n_components,
        "strata": options.strata,
        "stop_after": options.stop_after,
        "local_window_bp": options.local_window_bp,
        "shared": options.shared,
        "genotype_probabilities": options.scan.genotype_probabilities,
        "x": None
        if chance.x is None
        else {"n_perm": chance.x.n_perm, "share_of_map": chance.x.share},
        "n_untested_traits": int((~chance.has_test).sum()),
        "n_settled_traits": int(chance.is_settled.sum()),
        "n_bad_beta": None
        if chance.tail is None
        else int((chance.has_test & ~chance.tail.fits).sum()),
        "fdr": fdr,
        "n_called": None if chance.tail is None else int((traits["q_beta"] <= fdr).sum()),
        "conditional": None
        if conditional is None
        else {"n_traits_by_rank": _traits_by_rank(conditional), "n_loci": len(conditional)},
        "levels": [
            {
                "alpha": alpha,
                "n_significant": int((p <= alpha).sum()),
                "pooled": {
                    _name_of(row): {"lod": row["lod"], "p_value": row["p_value"]}
                    for _, row in pooled[pooled["alpha"] == alpha].iterrows()
                },
            }
            for alpha in options.alpha
        ],
    }


def _traits_by_rank(conditional: pd.DataFrame) -> list[int]:
    """Traits with a first locus, a second one, and so on."""
    return np.bincount(conditional["rank"].to_numpy(dtype=np.int64))[1:].tolist()


def describe_conditional(conditional: pd.DataFrame, chance: GenomeWide, cross: Cross) -> str:
    """Say in plain words what further loci were found.

    Parameters
    ----------
    conditional
        What `conditional_peaks` found.
    chance
        The permutations of the first locus.
    cross
        The cross that was analysed.

    Returns
    -------
    str
        A paragraph, without a line end after it.
    """
    numbers = _traits_by_rank(conditional)
    alpha, scan = chance.options.alpha[0], chance.options.scan
    if not numbers:
        return fill(f"Loci one after another: no trait has any at a genome-wide p of {alpha:g}.")
    each = [f"{count(numbers[0], 'trait has', 'traits have')} a first locus"]
    each += [f"{n:,} a further one given {_so_many(k)}" for k, n in enumerate(numbers[1:], start=1)]
    text = (
        f"Loci one after another, each at a genome-wide p of {alpha:g} given those before: "
        f"{', '.join(each)}. That all loci of a trait are real is what crossmap joint asks."
    )
    on_x, groups = x_apart(cross, cross.markers["chr"])
    if on_x.any() and len(groups) > 1:
        text += f" {MEANS_EVERYWHERE}"
    if (cross.genotypes < 0).any() and not scan.genotype_probabilities:
        text += (
            " A sample without a call at a locus chosen took no further part for its trait; "
            "--genotype-probabilities uses all samples."
            if scan.missing == "drop"
            else " Missing calls at loci chosen were given the mean of the others."
        )
    return fill(text)


def _so_many(k: int) -> str:
    return "the first" if k == 1 else f"the {k} before"


def _name_of(row: pd.Series) -> str:
    return f"{row['threshold']}, {row['region']}" if "region" in row else str(row["threshold"])
