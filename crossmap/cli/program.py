"""The program: which commands there are, and what becomes of errors and warnings.

Nothing here imports numpy, so that ``crossmap --help`` answers at once.
"""

import os
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from types import MappingProxyType
from typing import TextIO

import click

from crossmap import __version__
from crossmap.cli.config import add_common_options, logging_restored
from crossmap.cli.option_names import in_options
from crossmap.errors import CrossmapError, CrossmapWarning
from crossmap.execution import COMMAND_LINE, interrupts_kept

USAGE = 2
FAILURE = 1
INTERRUPTED = 130

# Heading -> command -> what it does, in the order of a study; its module in crossmap.cli has the
# command's name.
STORY: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "First": {
            "demo": "Run the main job on a simulated cross that comes with crossmap.",
        },
        "Bring a cross in and look at it": {
            "convert": "Read any cross and write it for crossmap or for another tool.",
            "check": "Say what is in a cross, and what is wrong with it.",
            "fill": "Fill missing genotype calls with the most probable genotypes.",
        },
        "One locus at a time": {
            "scan1": "Test every trait with every marker.",
            "permute": "Find every trait's genome-wide threshold, p-value and peaks.",
            "associate": "Test every trait with other measurements of the samples.",
            "environment": "Find linkages that differ between conditions, sexes or tissues.",
        },
        "Several loci": {
            "joint": "Find the loci of every trait, and how probable it is that all are linked.",
            "scan2": "Search all pairs of loci for linkage and epistasis.",
            "compare": "Compare the sequential, exhaustive and one-dimensional searches.",
        },
        "One trait": {
            "fit": "Fit a model of several loci to one trait.",
            "explain": "Write out how one trait is linked to two loci.",
        },
        "What the linkages mean": {
            "hotspots": "Find stretches of the genome to which many traits are linked.",
            "architecture": "Say what linkages mean: local, shared, effects, inheritance, power.",
        },
        "Before and besides": {
            "plan": "Say what a run will take: tests, time, memory.",
            "simulate": "Simulate a cross and traits whose loci are known.",
            "score": "Compare any tool's linkages on a simulated cross with the truth.",
        },
    }
)

COMMANDS: Mapping[str, str] = MappingProxyType(
    {name: what for part in STORY.values() for name, what in part.items()}
)


class _InterruptError(Exception):
    """Ctrl-C."""


class _ReaderGoneError(Exception):
    """Whoever read stdout closed it."""


class _Program(click.Group):
    """Imports a command when it is called, not to list it."""

    def invoke(self, ctx: click.Context) -> object:
        # click would write a line of its own for the first and exit with 1 for the second.
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise _InterruptError from None
        except BrokenPipeError:
            raise _ReaderGoneError from None

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"crossmap.cli.{cmd_name}").command
        return add_common_options(command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            from crossmap.arguments import did_you_mean  # which loads numpy

            ctx.fail(f"No such command {name!r}{did_you_mean(name, COMMANDS)}.")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        width = max(map(len, COMMANDS))  # so that the explanations stand in one column
        for title, part in STORY.items():
            with formatter.section(title):
                formatter.write_dl([(f"{name:{width}}", what) for name, what in part.items()])


@click.group(cls=_Program, invoke_without_command=True)
@click.version_option(__version__, prog_name="crossmap", message="%(prog)s %(version)s")
@click.pass_context
def program(ctx: click.Context) -> None:
    """Map the loci behind the traits of an experimental cross, and know how sure you are.

    Try "crossmap demo", then "crossmap COMMAND --help", which names the options of a command and
    the files that it writes. A run looks so: crossmap joint mycross --out results
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def run(arguments: Sequence[str]) -> int:
    """Run the program and tell of errors in one line on stderr.

    Parameters
    ----------
    arguments
        Those of the command line, without the program's name.

    Returns
    -------
    int
        Exit status: 0 done, 1 failure, 2 usage, 3 bad input data, 130 interrupted.
    """
    typed = COMMAND_LINE.set(tuple(arguments))
    try:
        with _warnings_in_one_line(), logging_restored(), interrupts_kept():
            status = program.main(list(arguments), prog_name="crossmap", standalone_mode=False)
    except click.ClickException as error:
        command = getattr(getattr(error, "ctx", None), "command_path", "crossmap")
        message = error.format_message()
        if isinstance(error, click.NoSuchOption) and command == "crossmap":
            message = (  # click's own words differ between its releases
                f"No such option: {error.option_name}. Options stand after the command: "
                "crossmap joint mycross --out results"
            )
        return _fail(f"{message} (see {command} --help)", USAGE)
    except CrossmapError as error:
        return _fail(str(error), error.exit_status)
    except (_InterruptError, KeyboardInterrupt):
        return _fail("interrupted; nothing was written", INTERRUPTED)
    except MemoryError:
        return _fail("out of memory", FAILURE)
    except _ReaderGoneError:
        # The results are in place. What is still buffered must not raise again at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    finally:
        COMMAND_LINE.reset(typed)
    return status if isinstance(status, int) else 0


def _fail(message: str, status: int) -> int:
    click.echo(f"crossmap: error: {_one_line(message)}", err=True)
    return status


def _one_line(message: str) -> str:
    return " ".join(message.split())


@contextmanager
def _warnings_in_one_line() -> Iterator[None]:
    """Write crossmap's own warnings as the errors; leave others as Python has them."""
    with warnings.catch_warnings():
        warnings.simplefilter("default", CrossmapWarning)
        usual = warnings.showwarning
        said = set()  # one run may meet the same thing in several places

        def show(
            message: Warning | str,
            category: type[Warning],
            filename: str,
            lineno: int,
            file: TextIO | None = None,
            line: str | None = None,
        ) -> None:
            if issubclass(category, CrossmapWarning):
                ctx = click.get_current_context(silent=True)
                text = _one_line(str(message))
                text = text if ctx is None else in_options(text, ctx.command)
                if text not in said:
                    click.echo(f"crossmap: warning: {text}", err=True)
                said.add(text)
            else:
                usual(message, category, filename, lineno, file, line)

        warnings.showwarning = show
        yield
