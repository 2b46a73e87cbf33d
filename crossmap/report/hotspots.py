"""Hot spots as a folder of tables, a picture and plain words."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from crossmap.architecture.counting import count_units, units_summary
from crossmap.architecture.gene_sets import Enrichment, enrich
from crossmap.architecture.hotspot_details import hotspot_component, hotspot_genes
from crossmap.architecture.hotspots import Hotspots
from crossmap.architecture.linkage_table import table_unit
from crossmap.cross import Cross
from crossmap.genome import genome_axis
from crossmap.io.folder import result_folder
from crossmap.io.gmt import GeneSets
from crossmap.io.results import (
    Provenance,
    TableFormat,
    require_format,
    write_summary,
    write_table,
    write_text,
)
from crossmap.plots.hotspots import hotspot_bars, plot_hotspots
from crossmap.plots.style import picture
from crossmap.report.cross import cross_summary, describe_cross
from crossmap.report.html import write_html
from crossmap.report.words import count, fill, percent, place, tell_of

MOST_TOLD = 12
MOST_NAMED = 4

PICTURES = ("hotspots",)
FILES: Mapping[str, str] = {
    "hotspots": "every bin of the genome, its traits, thresholds and p-value",
    "regions": "neighbouring significant bins together",
    "members": "the linkages of every hot spot",
    "genes": "the genes that lie there; candidates have a local linkage of their own",
    "components": "all traits of a hot spot as one, mapped again",
    "permutations": "the best bin of every permutation",
    "units": "linkages counted as traits, loci, linkages",
    "enrichment": "with --gene-sets: sets among the traits of every hot spot",
}


def save_hotspots(
    hotspots: Hotspots,
    cross: Cross,
    out: str | Path,
    *,
    gene_sets: GeneSets | None = None,
    format: TableFormat = "tsv",
) -> str:
    """Write hot spots into a folder of their own, as ``crossmap hotspots`` does.

    Parameters
    ----------
    hotspots
        What `find_hotspots` returned.
    cross
        The cross that was analysed.
    out
        The folder: new, empty, or earlier results of crossmap, which are replaced whole.
    gene_sets
        Sets that are looked for among the traits of every hot spot, as from `read_gmt`.
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
    >>> from crossmap import find_hotspots, simulate_cross
    >>> cross = simulate_cross(n_samples=60, n_traits=40, n_markers=100).cross
    >>> out = Path(tempfile.mkdtemp()) / "results"
    >>> text = save_hotspots(find_hotspots(cross, n_perm=19), cross, out)
    >>> (out / "hotspots.tsv").exists(), (out / "summary.json").exists()
    (True, True)
    """
    require_format(format)
    options = {name: getattr(hotspots, name) for name in (
        "source", "kind", "threshold", "alpha", "bin_bp", "bin_cm", "local_window_bp", "n_perm",
    )}  # fmt: skip
    provenance = Provenance.of(
        cross, command="hotspots", options={**options, "format": format}, seed=hotspots.seed
    )
    with result_folder(out, provenance) as folder:
        return write_hotspots(hotspots, cross, folder, gene_sets=gene_sets, format=format)


def write_hotspots(
    hotspots: Hotspots,
    cross: Cross,
    folder: str | Path,
    *,
    gene_sets: GeneSets | None = None,
    format: TableFormat = "tsv",
) -> str:
    """Write tables, hotspots.png, report.html and summaries of hot spots into a folder.

    Parameters
    ----------
    hotspots
        What `find_hotspots` returned.
    cross
        The cross that was analysed.
    folder
        A folder that exists.
    gene_sets
        Sets that are looked for among the traits of every hot spot, as from `read_gmt`.
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
    regions = hotspots.regions()
    genes = hotspot_genes(hotspots, cross)
    components = hotspot_component(hotspots, cross)
    units = count_units(hotspots.linkages)
    tables = {
        "hotspots": hotspots.bins,
        "regions": regions,
        "members": hotspots.members().drop(columns="bin"),
        "genes": genes,
        "components": components,
        "permutations": pd.DataFrame(
            {"permutation": range(1, hotspots.n_perm + 1), "n_traits": hotspots.largest}
        ),
        "units": units,
    }
    enrichment = None
    if gene_sets is not None:
        enrichment = hotspot_enrichment(hotspots, gene_sets, cross)
        tables["enrichment"] = enrichment.table
    for name, table in tables.items():
        write_table(table, folder, name, format=format)
    _draw(hotspots, cross, regions, Path(folder) / "hotspots.png")
    numbers = {
        **cross_summary(cross),
        **hotspots.summary(),
        "n_candidate_genes": int(genes["candidate"].sum()),
        "units": units_summary(units),
    }
    if enrichment is not None:
        numbers |= {
            "n_enrichment_tests": enrichment.n_tests,
            "n_gene_set_genes_unknown": enrichment.n_unknown,
            "n_enriched_fdr_05": int((enrichment.table["q_value"] <= 0.05).sum()),
        }
    write_summary(numbers, folder)
    text = describe_hotspots(hotspots, cross, genes, components, enrichment)
    write_text(text, folder, "summary.txt")
    # Bins in centimorgans hold no genes.
    shown = [name for name in ("regions", "genes", "components", "enrichment")
             if name in tables and (name != "genes" or hotspots.unit == "bp")]  # fmt: skip
    write_html(
        folder, title="Hot spots", text=text,
        tables={f"{name}.{format}": tables[name] for name in shown},
    )  # fmt: skip
    return text


def hotspot_enrichment(hotspots: Hotspots, gene_sets: GeneSets, cross: Cross) -> Enrichment:
    """Test gene sets among the traits of every hot spot.

    Parameters
    ----------
    hotspots
        What `find_hotspots` returned.
    gene_sets
        As from `read_gmt`.
    cross
        The cross that was analysed: its traits are the universe.

    Returns
    -------
    Enrichment
        Groups are called by the numbers of the hot spots.
    """
    members = hotspots.members()
    groups = {
        f"hotspot {number}": part["trait"].unique().tolist()
        for number, part in members.groupby("hotspot", sort=True)
    }
    return enrich(groups, gene_sets.genes, universe=cross.trait_names)


def _draw(hotspots: Hotspots, cross: Cross, regions: pd.DataFrame, file: Path) -> None:
    markers = cross.markers
    unit = hotspots.unit
    genome = genome_axis(list(markers["chr"]), markers[f"pos_{unit}"].to_numpy(), unit=unit)
    with picture(file, width=9, height=3.6) as figure:
        axes = figure.subplots()
        plot_hotspots(axes, hotspot_bars(hotspots.bins, regions, genome), genome)
        what = {"distant": "distant linkages", "local": "local linkages", "all": "linkages"}
        axes.set_title(f"Traits with {what[hotspots.kind]} in bins of {hotspots.bin_name}")


def describe_hotspots(
    hotspots: Hotspots,
    cross: Cross,
    genes: pd.DataFrame,
    components: pd.DataFrame,
    enrichment: Enrichment | None = None,
) -> str:
    """Say in plain words which hot spots there are.

    Parameters
    ----------
    hotspots
        What `find_hotspots` returned.
    cross
        The cross that was analysed.
    genes, components
        As `hotspot_genes` and `hotspot_component` made them.
    enrichment
        As `hotspot_enrichment` made it.

    Returns
    -------
    str
        Paragraphs, without a line end after the last.
    """
    numbers = hotspots.summary()
    kind = "linkages" if hotspots.kind == "all" else f"{hotspots.kind} linkages"
    how = {
        "single": f"the best locus of a trait on a chromosome, at p <= {hotspots.threshold:g}",
        "joint": f"the loci of the traits called at a joint FDR of {percent(hotspots.threshold)}"
        if hotspots.source == "joint" else "",
        "table": "as given",
    }  # fmt: skip
    made = [
        f"{count(len(hotspots.linkages), kind[:-1], kind)} ({how[hotspots.source]}) of "
        f"{count(int(str(numbers['n_linked_traits'])), 'trait')}, in bins of "
        f"{hotspots.bin_name}."
    ]
    if hotspots.kind == "distant" and table_unit(hotspots.linkages) == "cm":
        made.append(
            "The map has no base pairs, in which genes have their places: no linkage can be told "
            "to be local, and all are counted."
        )
    left_out = f"Left out: {count(hotspots.n_left_out, 'trait')} with missing values."
    if not len(hotspots.linkages):
        none = f"No {kind[:-1]} ({how[hotspots.source]})."
        none = fill(f"{none} {left_out}" if hotspots.n_left_out else none)
        return "\n\n".join([describe_cross(cross), none, _told(hotspots, genes, components)])
    if hotspots.n_left_out:
        made.append(left_out)
    uniform = numbers["threshold_uniform"]
    made.append(
        f"Scattered evenly over the genome they would put "
        f"{count(round(float(str(uniform))), 'trait')} or more into any "
        f"bin with a probability of at most {percent(hotspots.alpha)}."
    )
    if hotspots.n_perm:
        made.append(
            f"In {count(hotspots.n_perm, 'permutation')} of the samples, the same for all "
            "traits so that "
            "their correlation stays, the best bin holds "
            f"{numbers['threshold_permutation']:.0f} or more in at most "
            f"{percent(hotspots.alpha)}. The threshold is the larger of the two."
        )
    lines = [describe_cross(cross), fill(" ".join(made)), _told(hotspots, genes, components)]
    if enrichment is not None:
        lines.append(_enriched(enrichment))
    return "\n\n".join(lines)


def _told(hotspots: Hotspots, genes: pd.DataFrame, components: pd.DataFrame) -> str:
    regions = hotspots.regions()
    if regions.empty:
        return "No hot spot: no bin holds more traits than chance explains."
    n_held = hotspots.members()["trait"].nunique()
    lines = [
        fill(
            f"{count(len(regions), 'hot spot')}, to which "
            f"{count(n_held, 'trait is', 'traits are')} linked"
            f"{tell_of(len(regions), MOST_TOLD)}"
        )
    ]
    by_size = regions.sort_values(["n_traits", "hotspot"], ascending=[False, True]).head(MOST_TOLD)
    sharper = components.set_index("hotspot")
    for row in by_size.to_dict("records"):
        unit = hotspots.unit
        where = place(row["chr"], row[f"start_{unit}"], row[f"end_{unit}"], unit)
        own = genes[(genes["hotspot"] == row["hotspot"]) & genes["candidate"]]
        own = own.sort_values("neglog10_p", ascending=False)["gene"].head(MOST_NAMED)
        line = f"  {row['hotspot']:>3}  {where:22}{count(int(row['n_traits']), 'trait'):>12}"
        if row["hotspot"] in sharper.index:
            part = sharper.loc[row["hotspot"]]
            own_unit = table_unit(components)
            ends = place(row["chr"], part[f"start_{own_unit}"], part[f"end_{own_unit}"], own_unit)
            line += f"  as one: {ends.split(maxsplit=2)[2]}"
        if len(own):
            line += f"  candidates {', '.join(own)}"
        lines.append(line)
    words = (
        "As one: where the traits of a hot spot lead when what varies together in them, their "
        "first principal component, is mapped."
    )
    if genes["candidate"].any():
        words += " Candidates: genes in it with a local linkage of their own."
    return "\n".join(lines) + f"\n\n{fill(words)}"


def _enriched(enrichment: Enrichment) -> str:
    found = enrichment.table[enrichment.table["q_value"] <= 0.05]
    unknown = f"{count(enrichment.n_unknown, 'gene')} of the sets" if enrichment.n_unknown else ""
    text = f"Gene sets over-represented at an FDR of 5%: {len(found):,}"
    text += tell_of(len(found), MOST_TOLD, which="most significant")
    if unknown:
        text = (
            f"{unknown} {'is no trait' if enrichment.n_unknown == 1 else 'are no traits'} of this "
            f"cross and {'was' if enrichment.n_unknown == 1 else 'were'} left out. {text}"
        )
    lines = [fill(text)]
    lines += [
        f"  {row['group']}: {row['set']} ({row['n_both']} of "
        f"{count(int(row['n_group']), 'trait')}, "
        f"{row['expected']:.1f} expected)"
        for row in found.head(MOST_TOLD).to_dict("records")
    ]
    return "\n".join(lines)
