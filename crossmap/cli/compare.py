"""crossmap compare: which search is more powerful on this cross."""

from datetime import UTC, datetime
from typing import Any

import click

from crossmap.cli.options import (
    crosstype_options,
    execution_options,
    make_execution,
    options_of,
    output_options,
    say,
)
from crossmap.compare import compare_searches
from crossmap.io.folder import result_folder
from crossmap.io.read import read_cross
from crossmap.io.results import Provenance
from crossmap.report.compare import write_comparison


@click.command("compare")
@click.argument("cross")
@options_of(compare_searches, "n_grid", "n_perm", "min_cell", "seed")
@click.option("--as-published", is_flag=True, help="As in the 2005 paper: one sample a cell.")
@options_of(write_comparison, "format")
@crosstype_options
@execution_options
@output_options()
@click.pass_context
def command(
    ctx: click.Context,
    cross: str,
    as_published: bool,
    format: Any,
    crosstype: str | None,
    codes: dict[str, str] | None,
    out: str,
    threads: int | None,
    memory: int | None,
    quiet: bool,
    **options: Any,
) -> None:
    """Compare the sequential search with the exhaustive one and with two peaks of a 1D scan.

    CROSS is an R/qtl2 control file, a .zip of one, or a folder that crossmap convert made.
    """
    started = datetime.now(UTC)
    source = ctx.get_parameter_source("min_cell")
    if as_published and source is not click.core.ParameterSource.COMMANDLINE:
        options["min_cell"] = 1
    execution = make_execution(threads=threads, memory=memory, quiet=quiet)
    read = read_cross(cross, crosstype=crosstype, codes=codes)
    asked = {"cross": cross, "crosstype": crosstype, "codes": codes, "format": format, **options}
    provenance = Provenance.of(
        read, command="compare", options=asked, seed=options["seed"], started=started
    )
    with result_folder(out, provenance) as folder:
        versus = compare_searches(read, **options, execution=execution)
        text = write_comparison(versus, read, folder, format=format)
    say(f"{text}\n\nTables and searches.png are in {out}.", quiet=quiet)
