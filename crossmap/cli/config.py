"""What every command has: ``--config FILE.yaml`` and ``--verbose``.

Nothing here imports numpy, so that ``crossmap --help`` answers at once.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import click

LOGGER = "crossmap"


def add_common_options(command: click.Command) -> click.Command:
    """Give a command the options that all have, unless it has them already.

    Parameters
    ----------
    command
        Any command.

    Returns
    -------
    click.Command
        The same.
    """
    common = (
        click.Option(
            ["--config"], metavar="FILE.yaml", type=click.Path(), is_eager=True,
            expose_value=False, callback=_read_config,
            help="Options from a file, by the same names; those named here come before them.",
        ),
        click.Option(
            ["--verbose"], is_flag=True, is_eager=True, expose_value=False,
            callback=_log_to_stderr, help="Say on stderr what is being done.",
        ),
    )  # fmt: skip
    has = {parameter.name for parameter in command.params}
    command.params += [option for option in common if option.name not in has]
    return command


def _log_to_stderr(_ctx: click.Context, _param: click.Parameter, is_verbose: bool) -> None:
    if is_verbose:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("crossmap: %(asctime)s %(message)s", "%H:%M:%S"))
        logger = logging.getLogger(LOGGER)
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)


@contextmanager
def logging_restored() -> Iterator[None]:
    """Take away, at the end, what ``--verbose`` added to the logger of crossmap."""
    logger = logging.getLogger(LOGGER)
    handlers, level = list(logger.handlers), logger.level
    try:
        yield
    finally:
        logger.handlers[:] = handlers
        logger.setLevel(level)


def _read_config(ctx: click.Context, param: click.Parameter, path: str | None) -> None:
    """Make what a file says the defaults of the command."""
    if path is None:
        return
    from crossmap.io.control import parse_control
    from crossmap.io.files import read_bytes

    values = parse_control(read_bytes(path), path).values
    known = _names(ctx.command)
    group = ctx.parent.command if ctx.parent is not None else None
    commands = set(group.list_commands(ctx)) if isinstance(group, click.Group) else set()
    chosen: dict[str, Any] = {}
    for key, value in values.items():
        if key in commands and isinstance(value, Mapping):
            if key == ctx.info_name:
                chosen |= value
        else:
            chosen = {key: value, **chosen}  # what stands under the command's name comes first
    defaults: dict[str, Any] = {}
    for key, value in chosen.items():
        parameter = known.get(key.replace("-", "_"))
        if parameter is None:
            from crossmap.arguments import did_you_mean

            hint = did_you_mean(key.replace("-", "_"), known)
            msg = f"{path}: expected options of {ctx.info_name}, found {key!r}{hint}"
            raise click.BadParameter(msg, ctx=ctx, param=param)
        defaults[str(parameter.name)] = _value(parameter, value)
    ctx.default_map = defaults


def _names(command: click.Command) -> dict[str, click.Parameter]:
    """Every spelling of an option -> the option: as on the command line, and as in Python."""
    names: dict[str, click.Parameter] = {}
    for parameter in command.params:
        if not parameter.expose_value:
            continue
        names[str(parameter.name)] = parameter
        for flag in parameter.opts:
            names[flag.lstrip("-").replace("-", "_")] = parameter
    return names


def _value(parameter: click.Parameter, value: Any) -> Any:
    """A value of the file as the option takes it."""
    if isinstance(value, Mapping) and parameter.type.name != "codes":
        msg = f"expected one value, found a table with the keys {', '.join(map(str, value))}"
        raise click.BadParameter(msg, param=parameter)
    if isinstance(value, list) and not getattr(parameter, "multiple", False):
        return ",".join(map(str, value))
    if isinstance(value, str) and getattr(parameter, "multiple", False):
        return [value]
    return value
