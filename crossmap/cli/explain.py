"""crossmap explain: one trait and two loci, the calculation written out."""

from datetime import UTC, datetime
from typing import Any

import click

from crossmap.architecture.explain import explain
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
from crossmap.io.results import Provenance
from crossmap.report.explain import FILES, PICTURES, write_explanation


@click.command(
    "explain", cls=PagedCommand, sections=files_section(FILES, of="explain", pictures=PICTURES)
)
@click.option("--trait", metavar="NAME", required=True, help="The trait.")
@click.option("--locus1", metavar="NAME", help="Marker of locus 1. Default: the search chooses.")
@click.option("--locus2", metavar="NAME", help="Marker of locus 2. Default: the search chooses.")
@options_of(
    explain, "n_perm", "min_cell", "model", "variance", "exclude_r2", "seed",
    "genotype_probabilities", "step", "error_prob", "map_function", "cm_per_mb",
)  # fmt: skip
@options_of(write_explanation, "format")
@reads_cross
@execution_options
@output_options()
def command(
    source: CrossSource,
    trait: str,
    locus1: str | None,
    locus2: str | None,
    format: Any,
    out: str,
    threads: int | None,
    memory: int | None,
    quiet: bool,
    **options: Any,
) -> None:
    """Write out how one trait is linked to two loci: models, sums of squares, F, p, their null.

    CROSS is an R/qtl2 control file, a .zip of one, R/qtl's .csv, or a folder that crossmap convert
    made.
    """
    started = datetime.now(UTC)
    execution = make_execution(threads=threads, memory=memory, quiet=quiet)
    read = source.read()
    asked = {**source.asked, "trait": trait, "locus1": locus1, "locus2": locus2, **options}
    provenance = Provenance.of(
        read, command="explain", options={**asked, "format": format}, seed=options["seed"],
        started=started,
    )  # fmt: skip
    with result_folder(out, provenance) as folder:
        found = explain(read, trait, locus1, locus2, **options, execution=execution)
        text = write_explanation(found, read, folder, format=format)
    say(f"{text}\n\n{list_files(out, FILES)}", quiet=quiet)
