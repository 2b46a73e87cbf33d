"""crossmap architecture: what the linkages of a cross say together."""

from datetime import UTC, datetime
from typing import Any

import click

from crossmap.architecture.overview import genetic_architecture, require_width_of_use
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
from crossmap.io.folder import result_folder
from crossmap.io.gmt import read_gmt
from crossmap.io.results import Provenance
from crossmap.pipeline.joint import joint_linkage
from crossmap.report.architecture import (
    FILES,
    MORE_FILES,
    PICTURES,
    write_architecture,
)

JOINT = (
    "n_perm", "min_cell", "variance", "exclude_r2", "seed", "genotype_probabilities", "step",
    "error_prob", "map_function", "cm_per_mb",
)  # fmt: skip

HELP = {
    "fdr": "Joint-linkage false discovery rate at which traits are called.",
    "threshold": "Largest p-value of a linkage of the single-locus scan.",
    "local_window_bp": "Largest gap between a locus and the trait's own gene for a local linkage.",
    "lines": "Covariate that names the line of each sample, for heritability from lines.",
    "interval": "Support interval: LOD drop of 1.5, or Bayes of probability 95%.",
    "wide_bp": "Support intervals wider than this leave open whether a gene inside is the cause.",
}


@click.command(
    "architecture",
    cls=PagedCommand,
    sections=files_section({**FILES, **MORE_FILES}, of="architecture", pictures=PICTURES),
)
@options_of(joint_linkage, *JOINT)
@options_of(genetic_architecture, *HELP, help=HELP)
@click.option(
    "--gene-sets", metavar="FILE", type=click.Path(),
    help="Gene sets (GMT) to look for among traits that share loci, and among genes at loci.",
)  # fmt: skip
@options_of(write_architecture, "format")
@reads_cross
@execution_options
@output_options()
def command(
    source: CrossSource,
    gene_sets: str | None,
    format: Any,
    out: str,
    threads: int | None,
    memory: int | None,
    quiet: bool,
    **options: Any,
) -> None:
    """Say what linkages mean: local or distant, shared loci, effects, inheritance, power.

    CROSS is an R/qtl2 control file, a .zip of one, R/qtl's .csv, or a folder that crossmap convert
    made.
    """
    started = datetime.now(UTC)
    execution = make_execution(threads=threads, memory=memory, quiet=quiet)
    sets = None if gene_sets is None else read_gmt(gene_sets)
    read = source.read()
    require_width_of_use(read, options["wide_bp"])  # before the search
    asked = {**source.asked, **options, "gene_sets": gene_sets, "format": format}
    provenance = Provenance.of(
        read, command="architecture", options=asked, seed=options["seed"], started=started,
        also_read=sets,
    )  # fmt: skip
    with result_folder(out, provenance) as folder:
        joint = joint_linkage(
            read,
            **{name: options[name] for name in JOINT},
            local_window_bp=options["local_window_bp"],
            execution=execution,
        )
        found = genetic_architecture(
            read,
            joint,
            **{name: options[name] for name in HELP},
            gene_sets=sets,
            seed=options["seed"],
            execution=execution,
        )
        text = write_architecture(found, read, folder, format=format)
    bins = {"pair_bins_NAME": "traits by pair of bins"}
    files = list_files(out, {**FILES, **MORE_FILES, **bins})
    say(f"{text}\n\n{files}", quiet=quiet)
