"""Messages in the words of the command line: ``--min-cell`` for the argument ``min_cell``.

Nothing here imports numpy, so that ``crossmap --help`` answers at once.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import click

from crossmap.errors import ArgumentError, CrossmapError

# A name of several words, or one with a value: force=True, codes=. Not in quotes, a path or a file.
_NAMED = re.compile(
    r"(?<![\w./'\"-])(?:(?P<set>[a-z][a-z0-9_]*)=(?:True\b|(?!\w))"
    r"|(?P<long>[a-z][a-z0-9]*(?:_[a-z0-9]+)+)(?![\w/'\"=-]|\.\w))"
)
# True and False are Python's words for a switch, which on the command line is named or not.
_SWITCHED = re.compile(r": expected (?P<expected>True|False)(?P<why>.*), found (True|False)$")
_LEADING = re.compile(r"(?P<lead>[a-z][a-z0-9_]*)(?=: )")


def in_options(message: str, command: click.Command, *, of_argument: bool = False) -> str:
    """Name the options of a command in a message that names arguments of Python functions.

    Parameters
    ----------
    message
        What a function said. Arguments are told from other words by ``_`` between the words of
        their name, or by what follows: ``force=True``, ``codes=``.
    command
        Whose options take the place of arguments.
    of_argument
        Whether the message begins with an argument and a colon, as that of an `ArgumentError` does.

    Returns
    -------
    str

    Examples
    --------
    >>> from crossmap.cli.scan1 import command
    >>> said = "threshold: expected 1e-05 with local_only, found 1 (force=True permits it)"
    >>> in_options(said, command, of_argument=True)
    '--threshold: expected 1e-05 with --local-only, found 1 (--force permits it)'
    """
    flags = {
        str(option.name): max(option.opts, key=len)
        for option in command.params
        if isinstance(option, click.Option)
    }

    switches = {str(p.name) for p in command.params if getattr(p, "is_flag", False)}

    def flag(match: re.Match[str]) -> str:
        name = next(name for name in match.groups() if name)
        return flags.get(name, match[0])

    if of_argument and (leading := _LEADING.match(message)):
        if leading["lead"] in switches:
            message = _SWITCHED.sub(_of_switch, message)
        message = _LEADING.sub(flag, message, count=1)
    return _NAMED.sub(flag, message)


def _of_switch(match: re.Match[str]) -> str:
    wanted, found = ("none", "it") if match["expected"] == "False" else ("it", "none")
    return f": expected {wanted}{match['why']}, found {found}"


@contextmanager
def errors_in_options(command: click.Command) -> Iterator[None]:
    """Name the options of a command in whatever the block raises.

    Parameters
    ----------
    command
        Whose options.

    Yields
    ------
    None
    """
    try:
        yield
    except CrossmapError as error:
        of_argument = isinstance(error, ArgumentError)
        error.args = (in_options(str(error), command, of_argument=of_argument),)
        raise
