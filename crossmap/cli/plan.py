"""crossmap plan: what a run will take."""

import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from inspect import signature
from pathlib import Path
from typing import Any, get_args

import click

from crossmap.cli.help_page import PagedCommand
from crossmap.cli.option_names import errors_in_options
from crossmap.cli.options import MemoryType, make_execution
from crossmap.cli.source import CrossSource
from crossmap.cross import Cross
from crossmap.io.results import TableFormat
from crossmap.pipeline.joint import joint_linkage
from crossmap.pipeline.permute import permute_scan1
from crossmap.pipeline.plan import Verb, plan_of
from crossmap.pipeline.scan1 import scan1
from crossmap.pipeline.scan2 import scan2

PRINTED = ("text", "json")

FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "scan1": scan1,
    "permute": permute_scan1,
    "joint": joint_linkage,
    "scan2": scan2,
}


@dataclass(frozen=True)
class _Part(CrossSource):
    """A cross that has been read, or some of its traits."""

    part: Cross

    def read(self) -> Cross:
        return self.part


@click.command(
    "plan",
    cls=PagedCommand,
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": True},
    options_metavar="[OPTIONS] [OPTIONS OF VERB]",
)
@click.argument("verb", type=click.Choice(get_args(Verb)))
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="CROSS")
@click.option("--most-minutes", type=click.FLOAT, help="Refuse a run that would take longer.")
@click.option("--most-memory", type=MemoryType(), help="Refuse a run that would take more: 2G.")
@click.option(
    "--format", "formats", type=click.Choice([*PRINTED, *get_args(TableFormat)]), multiple=True,
    default=["text"], show_default=True,
    help="What is printed: sentences, or JSON for scripts; tsv and parquet are of VERB.",
)  # fmt: skip
@click.option("--quiet", is_flag=True, help="No summary: only the refusal.")
@click.option("--config", metavar="FILE.yaml", help="Options of VERB from a file.")
@click.pass_context
def command(
    ctx: click.Context,
    verb: Verb,
    arguments: tuple[str, ...],
    most_minutes: float | None,
    most_memory: int | None,
    formats: tuple[str, ...],
    quiet: bool,
    config: str | None,
) -> None:
    """Say what a run of VERB (scan1, permute, joint, scan2) on CROSS will take.

    Put the word plan before the command that you would run: options of VERB are taken as they are,
    and nothing is written. Ever larger parts of the traits are analysed to measure what the whole
    command takes, with starting, reading and its folder of results.
    """
    with tempfile.TemporaryDirectory(prefix="crossmap-plan-") as scratch:
        of_file = [] if config is None else ["--config", config]
        out = str(Path(scratch) / "run")
        of_tables = [word for name in formats if name not in PRINTED for word in ("--format", name)]
        words = [*arguments, *of_tables, *of_file, "--quiet", "--out", out]
        of_verb = _context(ctx, verb, words)
        options = of_verb.params
        asked = {name: options[name] for name in ("cross", "crosstype", "codes", "lenient")}
        cross = CrossSource(**asked).read()
        execution = make_execution(threads=options["threads"], memory=options["memory"], quiet=True)
        kept = set(options.get("traits", ()))  # surfaces are drawn of these, whatever the part
        searched = cross
        counted = {k: v for k, v in options.items() if k != "cross"}
        if kept and not options["all_traits"]:
            searched = cross.subset(traits=list(dict.fromkeys(options["traits"])))
            counted |= {"n_perm": options["surface_permutations"], "same_chromosome": True}

        def work(part: Cross) -> None:
            if not kept <= set(part.trait_names):
                names = [n for n in cross.trait_names if n in kept or n in set(part.trait_names)]
                part = cross.subset(traits=names)
            with errors_in_options(of_verb.command):
                of_verb.invoke(of_verb.command, **{**options, "cross": _Part(**asked, part=part)})

        known = signature(FUNCTIONS[verb]).parameters
        found = plan_of(
            searched,
            verb,
            work,
            options={k: v for k, v in counted.items() if k in known},
            is_command=True,
            budget_seconds=None if most_minutes is None else 60.0 * most_minutes,
            budget_bytes=most_memory,
            execution=execution,
        )
    if not quiet:
        click.echo(json.dumps(asdict(found)) if "json" in formats else str(found))


def _context(ctx: click.Context, verb: str, arguments: list[str]) -> click.Context:
    """Parse what is meant for another command, as that command does."""
    program: Any = ctx.parent.command if ctx.parent is not None else None
    of_verb: click.Command = program.get_command(ctx.parent, verb)
    return of_verb.make_context(verb, arguments, parent=ctx.parent)
