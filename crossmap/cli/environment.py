"""crossmap environment: linkages that differ between conditions."""

from datetime import UTC, datetime
from typing import Any

import click

from crossmap.cli.file_list import list_files
from crossmap.cli.help_page import PagedCommand, files_section
from crossmap.cli.options import (
    execution_options,
    make_execution,
    options_of,
    output_options,
    say,
)
from crossmap.cli.scan1 import HELP as SCAN_HELP
from crossmap.cli.source import CrossSource, reads_cross
from crossmap.io.folder import result_folder
from crossmap.io.results import Provenance
from crossmap.pipeline.conditions import condition_linkages
from crossmap.report.conditions import FILES, PICTURES, write_conditions

HELP = {
    "condition": "Column of the covariates: conditions, sexes, tissues or batches.",
    "individual": "Column of the covariates: which samples are one individual (or line), measured "
    "in both of two conditions.",
    "covariates": SCAN_HELP["covariates"],
    "alpha": "Genome-wide error rate of each scan, and level of the tests that class a locus.",
    "n_perm": "Permutations of each trait in each scan.",
    "transform": SCAN_HELP["transform"],
    "n_components": SCAN_HELP["n_components"],
}
LISTS = ("covariates", "transform")


@click.command(
    "environment",
    cls=PagedCommand,
    sections=files_section(FILES, of="environment", pictures=PICTURES),
)
@options_of(condition_linkages, *HELP, "seed", help=HELP)
@options_of(write_conditions, "format")
@reads_cross
@execution_options
@output_options()
def command(
    source: CrossSource,
    format: Any,
    out: str,
    threads: int | None,
    memory: int | None,
    quiet: bool,
    **options: Any,
) -> None:
    """Find linkages that differ between conditions, and say which conditions share a locus.

    CROSS is an R/qtl2 control file, a .zip of one, R/qtl's .csv, or a folder that crossmap convert
    made. Every sample was measured in the condition that its covariate names. Of every trait each
    of the two scans gives its best marker; linked ones (r2 above 0.3) are one locus, in one row.
    """
    started = datetime.now(UTC)
    options = {k: () if v is None and k in LISTS else v for k, v in options.items()}
    execution = make_execution(threads=threads, memory=memory, quiet=quiet)
    read = source.read()
    provenance = Provenance.of(
        read, command="environment", options={**source.asked, **options, "format": format},
        seed=options["seed"], started=started,
    )  # fmt: skip
    with result_folder(out, provenance) as folder:
        found = condition_linkages(read, **options, execution=execution)
        text = write_conditions(found, read, folder, format=format)
    say(f"{text}\n\n{list_files(out, FILES)}", quiet=quiet)
