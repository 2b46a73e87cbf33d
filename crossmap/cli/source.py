"""The cross that a command works on: its argument, the options of its reader, and reading it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

import click

from crossmap.cli.options import crosstype_options
from crossmap.cross import Cross
from crossmap.io.read import read_cross


@dataclass(frozen=True)
class CrossSource:
    """Where the cross is, and how to read it.

    Parameters
    ----------
    cross, crosstype, codes, lenient
        As the arguments of `crossmap.io.read.read_cross`.
    """

    cross: str
    crosstype: str | None
    codes: dict[str, str] | None
    lenient: bool

    def read(self) -> Cross:
        """Read the cross.

        Returns
        -------
        Cross
        """
        return read_cross(
            self.cross, crosstype=self.crosstype, codes=self.codes, lenient=self.lenient
        )

    @property
    def asked(self) -> dict[str, object]:
        """The options, for the manifest."""
        return {
            "cross": self.cross,
            "crosstype": self.crosstype,
            "codes": self.codes,
            "lenient": self.lenient,
        }


def lenient_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--lenient``.

    Parameters
    ----------
    command
        To decorate.

    Returns
    -------
    callable
    """
    return click.option(
        "--lenient", is_flag=True,
        help="Read unknown genotype codes as missing and leave out positions that are no numbers.",
    )(command)  # fmt: skip


def reads_cross(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add CROSS, ``--crosstype``, ``--codes`` and ``--lenient``; the command gets a `CrossSource`.

    Parameters
    ----------
    command
        Takes an argument ``source``.

    Returns
    -------
    callable
    """

    @wraps(command)
    def with_source(
        *arguments: Any,
        cross: str | CrossSource,
        crosstype: str | None,
        codes: dict[str, str] | None,
        lenient: bool,
        **options: Any,
    ) -> Any:
        # plan hands over a source of its own, which reads a part of the traits.
        source = (
            cross
            if isinstance(cross, CrossSource)
            else CrossSource(cross, crosstype, codes, lenient)
        )
        return command(*arguments, source=source, **options)

    with_options = crosstype_options(lenient_option(with_source))
    return click.argument("cross", type=click.Path())(with_options)
