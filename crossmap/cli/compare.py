"""crossmap compare: which search is more powerful on this cross."""

from datetime import UTC, datetime
from typing import Any

import click

from crossmap.cli.file_list import list_files
from crossmap.cli.help_page import PagedCommand, files_section
from crossmap.cli.options import (
    execution_options,
    is_named,
    make_execution,
    options_of,
    output_options,
    say,
)
from crossmap.cli.source import CrossSource, reads_cross
from crossmap.compare import compare_searches
from crossmap.io.folder import result_folder
from crossmap.io.results import Provenance
from crossmap.report.compare import FILES, PICTURES, write_comparison

PROBABILITIES = ("genotype_probabilities", "step", "error_prob", "map_function", "cm_per_mb")


@click.command(
    "compare", cls=PagedCommand, sections=files_section(FILES, of="compare", pictures=PICTURES)
)
@options_of(
    compare_searches, "n_grid", "n_perm", "min_cell", *PROBABILITIES, "seed",
    help={"n_perm": "Permutations of each trait, the same for all searches."},
)  # fmt: skip
@click.option("--as-published", is_flag=True, help="As in the 2005 paper: one sample a cell.")
@options_of(write_comparison, "format")
@reads_cross
@execution_options
@output_options()
@click.pass_context
def command(
    ctx: click.Context,
    source: CrossSource,
    as_published: bool,
    format: Any,
    out: str,
    threads: int | None,
    memory: int | None,
    quiet: bool,
    **options: Any,
) -> None:
    """Compare the sequential search with the exhaustive one and with two peaks of a 1D scan.

    CROSS is an R/qtl2 control file, a .zip of one, R/qtl's .csv, or a folder that crossmap convert
    made.
    """
    started = datetime.now(UTC)
    if as_published:
        if is_named(ctx, "min_cell") and options["min_cell"] != 1:
            msg = f"--as-published and --min-cell {options['min_cell']} cannot both be had"
            raise click.UsageError(msg, ctx)
        options["min_cell"] = 1
    execution = make_execution(threads=threads, memory=memory, quiet=quiet)
    read = source.read()
    asked = {**source.asked, "format": format, **options}
    provenance = Provenance.of(
        read, command="compare", options=asked, seed=options["seed"], started=started
    )
    with result_folder(out, provenance) as folder:
        versus = compare_searches(read, **options, execution=execution)
        text = write_comparison(versus, read, folder, format=format)
    say(f"{text}\n\n{list_files(out, FILES)}", quiet=quiet)
