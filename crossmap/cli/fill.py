"""crossmap fill: hard calls in the place of missing ones."""

from datetime import UTC, datetime
from typing import Any

import click

from crossmap.cli.help_page import PagedCommand
from crossmap.cli.options import (
    execution_options,
    make_execution,
    options_of,
    output_options,
    say,
)
from crossmap.cli.source import CrossSource, reads_cross
from crossmap.genotypes.fill import fill
from crossmap.io.folder import result_folder
from crossmap.io.results import Provenance, write_summary, write_table
from crossmap.io.rqtl2 import write_rqtl2
from crossmap.report.cross import cross_summary, describe_filled


@click.command("fill", cls=PagedCommand)
@options_of(fill, "min_probability", "max_wrong", "error_prob", "map_function", "cm_per_mb")
@reads_cross
@execution_options
@output_options()
def command(
    source: CrossSource,
    out: str,
    threads: int | None,
    memory: int | None,
    quiet: bool,
    **options: Any,
) -> None:
    """Fill missing genotype calls with the most probable genotypes, and write the cross.

    CROSS is an R/qtl2 control file, a .zip of one, R/qtl's .csv, or a folder that crossmap convert
    made. filled_markers.tsv and filled_samples.tsv say how much was filled and how surely.

    What is written can be read by every command. Of an F2, which has three genotypes, scan1 and
    permute analyse calls; joint, scan2, compare and fit refuse them, filled or not: use
    --genotype-probabilities on the cross as it was.
    """
    started = datetime.now(UTC)
    execution = make_execution(threads=threads, memory=memory, quiet=quiet)
    read = source.read()
    provenance = Provenance.of(
        read, command="fill", options={**source.asked, **options}, started=started
    )
    with result_folder(out, provenance) as folder:
        filled = fill(read, **options, execution=execution)
        write_rqtl2(filled.cross, folder)
        write_table(filled.markers, folder, "filled_markers")
        write_table(filled.samples, folder, "filled_samples")
        write_summary({**cross_summary(filled.cross), **filled.summary()}, folder)
    say(f"{describe_filled(filled)}\nWritten as cross.yaml and tables to {out}.", quiet=quiet)
