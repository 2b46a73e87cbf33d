"""crossmap hotspots: stretches of the genome to which many traits are linked."""

from datetime import UTC, datetime
from typing import Any

import click

from crossmap.architecture.hotspots import find_hotspots
from crossmap.cli.file_list import list_files
from crossmap.cli.help_page import PagedCommand, files_section
from crossmap.cli.options import (
    execution_options,
    make_execution,
    options_of,
    output_options,
    say,
)
from crossmap.cli.source import CrossSource, reads_cross
from crossmap.genotypes.stretches import refuse_chain_options
from crossmap.io.folder import result_folder
from crossmap.io.gmt import read_gmt
from crossmap.io.results import Provenance
from crossmap.pipeline.joint import joint_linkage
from crossmap.report.hotspots import FILES, PICTURES, write_hotspots

HELP = {
    "kind": "Linkages counted: away from the trait's own gene, at it, or both.",
    "bin_bp": "Length of a bin.",
    "bin_cm": "Length of a bin in cM, instead. Default: none; on a map without base pairs 5.",
    "threshold": "Largest p-value of a linkage of the single-locus scan.",
    "fdr": "With --joint: false discovery rate at which traits are called.",
    "local_window_bp": "Largest gap between a locus and the trait's own gene for a local linkage.",
    "n_perm": "Permutations of the samples, each the same for all traits.",
    "alpha": "Probability that chance makes any bin of the genome significant.",
    "seed": "Seed of all random numbers; the same seed gives the same results.",
}

PROBABILITIES = ("genotype_probabilities", "step", "error_prob", "map_function", "cm_per_mb")


@click.command(
    "hotspots", cls=PagedCommand, sections=files_section(FILES, of="hotspots", pictures=PICTURES)
)
@options_of(find_hotspots, *HELP, *PROBABILITIES, help=HELP)
@click.option(
    "--joint", "is_joint", is_flag=True,
    help="Count the loci of jointly linked traits instead of those of a single-locus scan; with "
    "--genotype-probabilities every permutation is a whole search, so try 20 of them first.",
)  # fmt: skip
@click.option(
    "--gene-sets", metavar="FILE", type=click.Path(),
    help="Gene sets (GMT) to look for among the traits of every hot spot.",
)  # fmt: skip
@options_of(write_hotspots, "format")
@reads_cross
@execution_options
@output_options()
def command(
    source: CrossSource,
    is_joint: bool,
    gene_sets: str | None,
    format: Any,
    out: str,
    threads: int | None,
    memory: int | None,
    quiet: bool,
    **options: Any,
) -> None:
    """Find stretches of the genome to which more traits are linked than chance explains.

    CROSS is an R/qtl2 control file, a .zip of one, R/qtl's .csv, or a folder that crossmap convert
    made.
    """
    started = datetime.now(UTC)
    execution = make_execution(threads=threads, memory=memory, quiet=quiet)
    sets = None if gene_sets is None else read_gmt(gene_sets)
    read = source.read()
    asked = {**source.asked, **options, "joint": is_joint, "gene_sets": gene_sets, "format": format}
    provenance = Provenance.of(
        read, command="hotspots", options=asked, seed=options["seed"], started=started,
        also_read=sets,
    )  # fmt: skip
    with result_folder(out, provenance) as folder:
        joint = None
        if is_joint:  # which brings its probabilities
            chain = {name: options.pop(name) for name in PROBABILITIES}
            if not chain["genotype_probabilities"]:  # distances do nothing here
                refuse_chain_options(**{name: chain[name] for name in PROBABILITIES[1:]})
            joint = joint_linkage(read, **chain, seed=options["seed"], execution=execution)
        found = find_hotspots(read, joint, **options, execution=execution)
        text = write_hotspots(found, read, folder, gene_sets=sets, format=format)
    say(f"{text}\n\n{list_files(out, FILES)}", quiet=quiet)
