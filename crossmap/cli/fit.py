"""crossmap fit: a model of several loci for one trait."""

from datetime import UTC, datetime
from typing import Any

import click

from crossmap.architecture.fit import fit
from crossmap.cli.file_list import list_files
from crossmap.cli.help_page import PagedCommand, files_section
from crossmap.cli.options import options_of, output_options, say
from crossmap.cli.source import CrossSource, reads_cross
from crossmap.io.folder import result_folder
from crossmap.io.results import Provenance
from crossmap.report.fit import FILES, PICTURES, write_fit

PROBABILITIES = ("genotype_probabilities", "step", "error_prob", "map_function", "cm_per_mb")


@click.command("fit", cls=PagedCommand, sections=files_section(FILES, of="fit", pictures=PICTURES))
@click.option("--trait", metavar="NAME", required=True, help="The trait.")
@click.option(
    "--locus", "loci", metavar="NAME", multiple=True, required=True,
    help="Marker of a locus, Q1, Q2, ... in this order; once for each.",
)  # fmt: skip
@click.option(
    "--formula", metavar="MODEL",
    help='Such as "Q1 * Q2 + Q3", or with the names of the loci. Default: all main effects and, '
    "for two loci, their interaction.",
)  # fmt: skip
@options_of(fit, *PROBABILITIES)
@options_of(write_fit, "format")
@reads_cross
@output_options()
def command(
    source: CrossSource,
    trait: str,
    loci: tuple[str, ...],
    formula: str | None,
    format: Any,
    out: str,
    quiet: bool,
    **probabilities: Any,
) -> None:
    """Fit a model of several loci to one trait: ANOVA, drop-one rows, effects, cell means.

    CROSS is an R/qtl2 control file, a .zip of one, R/qtl's .csv, or a folder that crossmap convert
    made.
    """
    started = datetime.now(UTC)
    read = source.read()
    options = {"trait": trait, "loci": loci, "formula": formula, "format": format}
    options |= probabilities
    asked = {**source.asked, **options}
    provenance = Provenance.of(read, command="fit", options=asked, started=started)
    with result_folder(out, provenance) as folder:
        found = fit(read, trait, loci, formula=formula, **probabilities)
        text = write_fit(found, read, folder, format=format)
    say(f"{text}\n\n{list_files(out, FILES)}", quiet=quiet)
