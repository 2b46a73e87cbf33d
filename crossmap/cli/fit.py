"""crossmap fit: a model of several loci for one trait."""

from datetime import UTC, datetime
from typing import Any

import click

from crossmap.architecture.fit import fit
from crossmap.cli.options import crosstype_options, options_of, output_options, say
from crossmap.io.folder import result_folder
from crossmap.io.read import read_cross
from crossmap.io.results import Provenance
from crossmap.report.fit import describe_fit_files, write_fit


@click.command("fit")
@click.argument("cross")
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
@options_of(write_fit, "format")
@crosstype_options
@output_options()
def command(
    cross: str,
    trait: str,
    loci: tuple[str, ...],
    formula: str | None,
    format: Any,
    crosstype: str | None,
    codes: dict[str, str] | None,
    out: str,
    quiet: bool,
) -> None:
    """Fit a model of several loci to one trait: ANOVA, drop-one rows, effects, cell means.

    CROSS is an R/qtl2 control file, a .zip of one, or a folder that crossmap convert made.
    """
    started = datetime.now(UTC)
    read = read_cross(cross, crosstype=crosstype, codes=codes)
    options = {"trait": trait, "loci": loci, "formula": formula, "format": format}
    asked = {"cross": cross, "crosstype": crosstype, "codes": codes, **options}
    provenance = Provenance.of(read, command="fit", options=asked, started=started)
    with result_folder(out, provenance) as folder:
        found = fit(read, trait, loci, formula=formula)
        text = write_fit(found, read, folder, format=format)
    say(f"{text}\n\n{describe_fit_files(out, format=format)}", quiet=quiet)
