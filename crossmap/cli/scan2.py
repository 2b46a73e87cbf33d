"""crossmap scan2: all pairs of loci."""

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
from crossmap.io.folder import result_folder
from crossmap.io.read import read_cross
from crossmap.io.results import Provenance
from crossmap.pipeline import scan2
from crossmap.report.scan2 import write_scan2


@click.command("scan2")
@click.argument("cross")
@options_of(scan2, "n_grid", "n_perm", "test", "same_chromosome", "min_cell", "seed")
@options_of(write_scan2, "format")
@crosstype_options
@execution_options
@output_options()
def command(
    cross: str,
    format: Any,
    crosstype: str | None,
    codes: dict[str, str] | None,
    out: str,
    threads: int | None,
    memory: int | None,
    quiet: bool,
    **options: Any,
) -> None:
    """Search all pairs of loci for linkage and epistasis, for every trait.

    CROSS is an R/qtl2 control file, a .zip of one, or a folder that crossmap convert made.
    """
    started = datetime.now(UTC)
    execution = make_execution(threads=threads, memory=memory, quiet=quiet)
    read = read_cross(cross, crosstype=crosstype, codes=codes)
    asked = {"cross": cross, "crosstype": crosstype, "codes": codes, "format": format, **options}
    provenance = Provenance.of(
        read, command="scan2", options=asked, seed=options["seed"], started=started
    )
    with result_folder(out, provenance) as folder:
        pairs = scan2(read, **options, execution=execution)
        text = write_scan2(pairs, read, folder, format=format)
    say(f"{text}\n\nTables and called.png are in {out}.", quiet=quiet)
