"""crossmap check: what is in a cross, and what is wrong with it."""

import json
import warnings
from datetime import UTC, datetime

import click

from crossmap.cli.file_list import list_files
from crossmap.cli.help_page import PagedCommand, files_section
from crossmap.cli.options import options_of, output_options, say
from crossmap.cli.source import CrossSource, reads_cross
from crossmap.errors import CrossmapWarning, DataError
from crossmap.io.folder import result_folder
from crossmap.io.results import Provenance
from crossmap.report.check import (
    FILES,
    PICTURES,
    TEXT,
    as_json,
    check_cross,
    unreadable,
    write_check,
)

WITH_ERRORS = DataError.exit_status


@click.command(
    "check",
    cls=PagedCommand,
    sections=files_section(FILES, of="check", pictures=PICTURES, text=TEXT, only_tsv=True),
)
@reads_cross
@click.option(
    "--format", type=click.Choice(["text", "json"]), default="text", show_default=True,
    help="What is printed: sentences, or JSON for scripts.",
)  # fmt: skip
@options_of(check_cross, "cm_per_mb")
@output_options(out=None)
def command(
    source: CrossSource, format: str, cm_per_mb: float | None, out: str | None, quiet: bool
) -> int:
    """Say what is in a cross, what is wrong with it, and what each command would leave out.

    CROSS is an R/qtl2 control file, a .zip of one, R/qtl's .csv, or a folder that crossmap convert
    made. With --out, tables and pictures are written too. The exit status is 0 if there are no
    errors (warnings are none), 3 if there are.
    """
    started = datetime.now(UTC)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", CrossmapWarning)
        try:
            cross = source.read()
        except DataError as error:
            if format == "json":
                say(json.dumps(unreadable(str(error)), indent=2), quiet=quiet)
            raise
    heard = [str(w.message) for w in caught if issubclass(w.category, CrossmapWarning)]
    checked = check_cross(cross, heard=heard, cm_per_mb=cm_per_mb)
    if out is not None:
        provenance = Provenance.of(
            cross,
            command="check",
            options={**source.asked, "format": format, "cm_per_mb": cm_per_mb},
            started=started,
        )
        with result_folder(out, provenance) as folder:
            write_check(checked, folder)
    if format == "json":
        say(json.dumps(as_json(checked), indent=2), quiet=quiet)
    else:
        written = "" if out is None else f"\n\n{list_files(out, FILES, text=TEXT)}"
        say(f"{checked.text()}{written}", quiet=quiet)
    return WITH_ERRORS if checked.n_found("error") else 0
