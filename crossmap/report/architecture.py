"""The genetic architecture of a cross as a folder of tables, pictures and plain words."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from crossmap.architecture.bins import map_unit
from crossmap.architecture.linkage_table import table_unit
from crossmap.architecture.overview import GeneticArchitecture
from crossmap.architecture.pair_bins import PairBins
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
from crossmap.plots.effects import plot_corrected
from crossmap.plots.linkages import (
    linkage_points,
    linkage_rows,
    plot_linkage_rows,
    plot_linkages,
    say_how_many_are_left_out,
)
from crossmap.plots.local_share import plot_local_share
from crossmap.plots.pair_bins import pair_squares, plot_pair_bins
from crossmap.plots.strips import (
    plot_share_of_variance,
    plot_strips,
    share_counts,
    strip_points,
)
from crossmap.plots.style import picture
from crossmap.report.cross import cross_summary, describe_cross
from crossmap.report.html import write_html
from crossmap.report.words import count, fill, percent, place, tell_of

MOST_TOLD = 6

PICTURES = ("map", "windows", "pair_bins", "effects", "heritability")
FILES: Mapping[str, str] = {
    "linkages": "loci of the traits called by joint linkage, local or distant",
    "single_linkages": "the same of the best loci of a single-locus scan",
    "units": "both counted as traits, loci, linkages and share of variance",
    "windows": "local linkages by window, and what chance gives",
    "local_tests": "every trait tested at its own gene only",
    "effects": "effect of every locus, raw and freed of selection",
    "single_effects": "the same of the single-locus scan",
    "pairs": "cell means, interaction and sign epistasis of every pair",
    "pair_bins_50kb": "traits by pair of bins; pair_bins_550kb the same, coarser; on a map in "
    "centimorgans pair_bins_10cm and pair_bins_50cm",
    "chance": "shared pairs of bins that chance gives",
    "shared": "pairs of places shared by called traits",
    "colocalised": "traits whose support intervals overlap, and how they vary together",
    "power": "detection probability and samples needed",
    "pair_power": "the same of both loci of a pair",
}

MORE_FILES: Mapping[str, str] = {
    "bound": "with replicates: numbers of loci per trait that what was found rules out",
    "heritability": "with replicates: genetic share of every trait's variance",
    "inheritance": "with replicated parents: directional, transgressive, interaction",
    "modes": "with replicated parents: traits by mode of inheritance",
    "enrichment": "with --gene-sets: sets among traits that share a pair of places",
    "locus_enrichment": "with --gene-sets: sets among the genes at the loci",
}

ON_PAGE = ("units", "shared", "pairs", "effects", "power", "modes", "enrichment")
"""Tables whose first rows report.html shows."""


def save_architecture(
    found: GeneticArchitecture, cross: Cross, out: str | Path, *, format: TableFormat = "tsv"
) -> str:
    """Write a genetic architecture into a folder, as ``crossmap architecture`` does.

    Parameters
    ----------
    found
        What `genetic_architecture` returned.
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
    """
    require_format(format)
    options = {"fdr": found.fdr, "threshold": found.threshold,
               "local_window_bp": found.joint.local_window_bp, "wide_bp": found.joint.wide_bp,
               "format": format}  # fmt: skip
    provenance = Provenance.of(cross, command="architecture", options=options, seed=found.seed)
    with result_folder(out, provenance) as folder:
        return write_architecture(found, cross, folder, format=format)


def write_architecture(
    found: GeneticArchitecture, cross: Cross, folder: str | Path, *, format: TableFormat = "tsv"
) -> str:
    """Write tables, pictures, report.html and summaries of a genetic architecture.

    Parameters
    ----------
    found
        What `genetic_architecture` returned.
    cross
        The cross that was analysed.
    folder
        A folder that exists.
    format
        Of the tables: ``tsv`` or ``parquet``.

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
    tables = architecture_tables(found)
    for name, table in tables.items():
        write_table(table, folder, name, format=format)
    _draw(found, cross, Path(folder))
    write_summary({**cross_summary(cross), **found.summary()}, folder)
    text = describe_architecture(found, cross)
    write_text(text, folder, "summary.txt")
    shown = [name for name in ON_PAGE if name in tables]
    write_html(
        folder, title="Genetic architecture", text=text,
        tables={f"{name}.{format}": tables[name] for name in shown},
    )  # fmt: skip
    return text


def architecture_tables(found: GeneticArchitecture) -> dict[str, pd.DataFrame]:
    """Give every table that is written, by file name.

    Parameters
    ----------
    found
        What `genetic_architecture` returned.

    Returns
    -------
    dict of str to pandas.DataFrame
        Those of parents and of gene sets only where there are any.
    """
    sources = {"joint": found.joint, "single": found.single}
    windows = [classes.by_window.assign(source=name) for name, classes in sources.items()]
    chance = [
        bins.chance.assign(
            **({"bin_bp": bins.bin_bp} if bins.bin_cm is None else {"bin_cm": bins.bin_cm}),
            n_shared=bins.n_shared,
        )
        for bins in found.pair_bins
    ]
    tables: dict[str, pd.DataFrame | None] = {
        "linkages": found.joint.table,
        "single_linkages": found.single.table,
        "units": found.units,
        "windows": pd.concat(windows, ignore_index=True),
        "local_tests": found.local_tests,
        "effects": found.effects.loci,
        "single_effects": found.single_effects.loci,
        "pairs": found.effects.pairs,
        **{_file_of(bins): bins.table for bins in found.pair_bins},
        "chance": pd.concat(chance, ignore_index=True),
        "shared": found.shared,
        "colocalised": found.colocalised,
        "power": found.power,
        "pair_power": found.pair_power,
        "heritability": found.heritability,
        "inheritance": found.inheritance,
        "modes": found.modes,
        "bound": found.bound,
        "enrichment": None if found.enrichment is None else found.enrichment.table,
        "locus_enrichment": None
        if found.locus_enrichment is None
        else found.locus_enrichment.table,
    }
    return {name: table for name, table in tables.items() if table is not None}


def _file_of(bins: PairBins) -> str:
    return f"pair_bins_{bins.bin_name.replace(' ', '').lower()}"


def _draw(found: GeneticArchitecture, cross: Cross, folder: Path) -> None:
    markers = cross.markers
    unit = map_unit(cross)
    genome = genome_axis(list(markers["chr"]), markers[f"pos_{unit}"].to_numpy(), unit=unit)
    with picture(folder / "map.png", width=6, height=6.2) as figure:
        axes = figure.subplots()
        table = found.single.table
        middle = (table[f"start_{unit}"] + table[f"end_{unit}"]) / 2.0
        points = table.assign(**{f"pos_{unit}": middle}, local=table["by_window"] == "local")
        left_out = ""
        if len(points) and unit == "bp" and cross.trait_table["start_bp"].notna().any():
            on_map = linkage_points(points, cross.trait_table, genome)
            plot_linkages(axes, on_map, genome)
            left_out = say_how_many_are_left_out(len(points), on_map)
        else:  # genes have no place on this map, or there is nothing to place
            rows = linkage_rows(points, cross.trait_names, genome)
            plot_linkage_rows(axes, rows, genome, n_traits=cross.n_traits)
        axes.set_title(
            f"Best locus of each trait and chromosome\nat p <= {found.threshold:g}{left_out}"
        )
    with picture(folder / "pair_bins.png", width=11, height=6) as figure:
        figure.suptitle("Joint linkages by the places of both loci")
        for axes, bins in zip(figure.subplots(1, 2), found.pair_bins[::-1], strict=True):
            plot_pair_bins(axes, pair_squares(bins.table, genome, fewest=bins.fewest), genome)
            axes.set_title(f"Bins of {bins.bin_name} (number: traits, {bins.fewest} or more)")
    if unit == "bp":  # else nothing can be local
        with picture(folder / "windows.png", width=5.5, height=4) as figure:
            axes = figure.subplots()
            window = found.single.local_window_bp
            plot_local_share(axes, found.single.by_window, local_window_bp=window)
            axes.set_title("Local linkages of the single-locus scan, by window")
    with picture(folder / "effects.png", width=4.8, height=4.8) as figure:
        axes = figure.subplots()
        plot_corrected(axes, found.effects.loci)
        axes.set_title("Loci of the called traits")
    if found.heritability is not None:
        _draw_heritability(found.heritability, cross, folder / "heritability.png")


def _draw_heritability(table: pd.DataFrame, cross: Cross, file: Path) -> None:
    ranked = table.dropna(subset=["h2"]).sort_values("h2", kind="stable")["trait"].tolist()
    chosen = [ranked[i] for i in (0, len(ranked) // 2, -1)] if len(ranked) > 2 else ranked
    with picture(file, width=10, height=4) as figure:
        left, right = figure.subplots(1, 2)
        plot_share_of_variance(left, share_counts(table))
        left.set_title("Genetic share of the traits' variance")
        plot_strips(right, strip_points(cross, chosen))
        if len(ranked) > 2:
            h2 = ", ".join(f"{one:.2f}" for one in table.set_index("trait")["h2"][chosen])
            right.set_title(f"The least, a middling, the most inherited\n(share genetic: {h2})")


def describe_architecture(found: GeneticArchitecture, cross: Cross) -> str:
    """Say in plain words what the linkages mean together.

    Parameters
    ----------
    found
        What `genetic_architecture` returned.
    cross
        The cross that was analysed.

    Returns
    -------
    str
        Paragraphs, without a line end after the last.
    """
    parts = [describe_cross(cross), _counted(found)]
    n_holed = int(np.isnan(cross.traits).any(axis=1).sum())
    if n_holed:
        parts.append(
            fill(
                f"{count(n_holed, 'trait')} with missing values: left out of the single-locus scan "
                "and of the tests at their own genes."
            )
        )
    if len(found.joint.table):
        parts += [_shared(found), _sized(found)]
    parts += [_inherited(found), _powerful(found), _annotated(found)]
    return "\n\n".join(part for part in parts if part)


def _counted(found: GeneticArchitecture) -> str:
    has_local = table_unit(found.single.table) == "bp"
    window = f"{found.joint.local_window_bp / 1000:g} kb"
    local = f"local: within {window} of the trait's own gene; " if has_local else ""
    lines = [
        fill(
            f"Linkages counted in four units, which do not mix ({local}variance: sum of the "
            "shares that the loci explain, in traits):"
        ),
        f"  {'':28}{'traits':>9}{'loci':>9}{'linkages':>10}{'variance':>10}",
    ]
    names = {
        "joint": f"called at joint FDR {percent(found.fdr)}",
        "single": f"single locus, p <= {found.threshold:g}",
    }
    for row in found.units.to_dict("records"):
        if row["class"] != "all" and not has_local:
            continue  # nothing can be told of it
        if row["class"] == "unplaced" and not row["n_linkages"]:
            continue
        name = names[row["source"]] if row["class"] == "all" else f"  {row['class']}"
        variance = f"{row['variance']:,.1f}"
        lines.append(
            f"  {name:28}{row['n_traits']:>9,}{row['n_loci']:>9,}{row['n_linkages']:>10,}"
            f"{variance:>10}"
        )
    if not has_local:
        lines.append(
            fill(
                "Local and distant linkages cannot be told apart, since the map has no base pairs, "
                "in which genes have their places: all are unplaced."
            )
        )
        return "\n".join(lines)
    n = int((found.local_tests["q_value"] <= 0.05).sum())
    lines.append(
        fill(
            f"Tested at their own genes alone, which takes far fewer tests, {n:,} of "
            f"{count(len(found.local_tests), 'trait')} {'has' if n == 1 else 'have'} a local "
            "linkage at an FDR of 5%."
        )
    )
    table = found.single.table
    if len(table):
        by_interval = table["by_interval"].value_counts()
        lines.append(
            fill(
                "By support interval instead of by window the single-locus scan has "
                f"{count(int(by_interval.get('local', 0)), 'local linkage')} and "
                f"{count(int(by_interval.get('ambiguous', 0)), 'ambiguous one')}, the gene in an "
                f"interval wider than {found.single.wide_bp / 1000:g} kb."
            )
        )
    return "\n".join(lines)


def _shared(found: GeneticArchitecture) -> str:
    bins = found.pair_bins[0]
    shared = bins.shared()
    unit = "bp" if bins.bin_cm is None else "cm"
    by_null = bins.chance.set_index("null")["mean"]
    lines = [
        fill(
            f"{count(bins.n_shared, 'pair')} of {bins.bin_name.replace(' ', '-')} bins "
            f"{'holds' if bins.n_shared == 1 else 'hold'} the loci of "
            f"{count(bins.fewest, 'trait')} or more. Loci anywhere on the genome would give "
            f"{by_null['uniform']:.2f}; secondary loci dealt out anew among the traits, so that "
            f"hot spots stay, {by_null['shuffled']:.1f}{tell_of(len(shared), MOST_TOLD)}"
        )
    ]
    for row in shared.head(MOST_TOLD).to_dict("records"):
        places = " with ".join(
            place(row[f"chr{k}"], row[f"start{k}_{unit}"], row[f"end{k}_{unit}"], unit)
            for k in (1, 2)
        )
        lines.append(f"  {count(int(row['n_traits']), 'trait'):>11}  {places}")
    return "\n".join(lines)


def _sized(found: GeneticArchitecture) -> str:
    loci, pairs = found.effects.loci, found.effects.pairs
    text = (
        f"Their loci explain {percent(loci['r2'].mean())} of a trait's variance on average as they "
        f"stand, {percent(loci['r2_corrected'].mean())} once the selection by a threshold is taken "
        "out."
    )
    if len(pairs):
        n_interacting, n_sign = (int((pairs[name] <= 0.05).sum()) for name in ("p_value", "p_sign"))
        text += (
            f" Of {count(len(pairs), 'pair')}, {count(n_interacting, 'interacts', 'interact')} "
            "(p <= 0.05, not corrected for the choice of loci) and "
            f"{count(n_sign, 'shows', 'show')} sign epistasis: a locus whose effect turns round "
            "with the genotype of the other."
        )
    return fill(text)


def _inherited(found: GeneticArchitecture) -> str:
    if found.heritability is None or found.bound is None:
        return "Nothing can be said of heritability: neither parents nor lines are replicated."
    h2 = found.heritability
    text = [
        f"Heritability (median) {h2['h2'].median():.2f}; above 0 at an FDR of 5% in "
        f"{count(int((h2['q_value'] <= 0.05).sum()), 'trait')}."
    ]
    if found.modes is not None:
        shares = ", ".join(
            f"{row['mode']} {percent(row['share'])}" for row in found.modes.to_dict("records")
        )
        text.append(f"Traits by mode of inheritance at an FDR of 5%: {shares}.")
    possible = found.bound[~found.bound["excluded"]]
    if len(possible) and possible["n_loci"].iloc[0] > 1:
        text.append(
            f"If every trait had its heritability at k equal loci, k of "
            f"{possible['n_loci'].iloc[0] - 1} or fewer would have given more linkages than were "
            "found."
        )
    return fill(" ".join(text))


def _powerful(found: GeneticArchitecture) -> str:
    table = found.power.set_index("variance_share")
    told = [
        f"{percent(float(row['power']))} for {percent(float(share))}"
        for share, row in table.iterrows()
        if share in (0.05, 0.1, 0.2, 0.3)
    ]
    return fill(
        f"Probability that the single-locus scan finds a locus, by the share of the variance that "
        f"it explains: {', '.join(told)}."
    )


def _annotated(found: GeneticArchitecture) -> str:
    lines = []
    for name, test in (("traits that share a pair of places", found.enrichment),
                       ("genes at the loci", found.locus_enrichment)):  # fmt: skip
        if test is None:
            continue
        hits = test.table[test.table["q_value"] <= 0.05]
        lines.append(
            fill(
                f"Gene sets over-represented among {name} at an FDR of 5%: {len(hits):,} "
                f"({count(test.n_unknown, 'gene')} of the sets unknown here and left out)"
                f"{tell_of(len(hits), MOST_TOLD, which='most significant')}"
            )
        )
        lines += [
            f"  {row['group']}: {row['set']} ({row['n_both']} of {row['n_group']}, "
            f"{row['expected']:.1f} expected)"
            for row in hits.head(MOST_TOLD).to_dict("records")
        ]
    return "\n".join(lines)
