"""crossmap plan: what a run will take."""

from typing import Any, get_args

import click

from crossmap.cli.help_page import PagedCommand
from crossmap.cli.options import MemoryType, execution_options, make_execution
from crossmap.cli.source import CrossSource, reads_cross
from crossmap.pipeline_plan import Verb, plan

# Options of the verbs on which time depends, as Python names them.
OPTIONS = {
    "n_perm": ("permute", "joint", "scan2"),
    "n_loci": ("joint",),
    "n_grid": ("scan2",),
}


@click.command("plan", cls=PagedCommand)
@click.argument("verb", type=click.Choice(get_args(Verb)))
@reads_cross
@click.option("--permutations", "n_perm", type=click.INT, help="As of the run.")
@click.option("--loci", "n_loci", type=click.INT, help="As of joint.")
@click.option("--grid", "n_grid", type=click.INT, help="As of scan2.")
@click.option("--most-minutes", type=click.FLOAT, help="Refuse a run that would take longer.")
@click.option("--most-memory", type=MemoryType(), help="Refuse a run that would take more: 2G.")
@execution_options
@click.option("--quiet", is_flag=True, help="No summary: only the refusal.")
def command(
    source: CrossSource,
    verb: Verb,
    most_minutes: float | None,
    most_memory: int | None,
    threads: int | None,
    memory: int | None,
    quiet: bool,
    **options: Any,
) -> None:
    """Say what a run of VERB (scan1, permute, joint, scan2) on CROSS will take.

    CROSS is an R/qtl2 control file, a .zip of one, R/qtl's .csv, or a folder that crossmap convert
    made. A part of the traits is analysed to measure it.
    """
    asked = {name: value for name, value in options.items() if value is not None}
    for name in asked:
        if verb not in OPTIONS[name]:
            flag = name.replace("n_perm", "permutations").removeprefix("n_")
            msg = f"--{flag}: expected it with {', '.join(OPTIONS[name])}, found it with {verb}"
            raise click.UsageError(msg)
    found = plan(
        source.read(),
        verb,
        options=asked,
        budget_seconds=None if most_minutes is None else 60.0 * most_minutes,
        budget_bytes=most_memory,
        execution=make_execution(threads=threads, memory=memory, quiet=True),
    )
    if not quiet:
        click.echo(str(found))
