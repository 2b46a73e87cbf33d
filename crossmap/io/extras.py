"""Libraries that only some files need, and what to say where they are missing."""

from importlib import import_module
from typing import Any

from crossmap.errors import CrossmapError


def load_extra(module: str, *, extra: str, needed_for: str) -> Any:
    """Import a library that an extra of crossmap installs.

    Parameters
    ----------
    module
        Its name.
    extra
        Which extra.
    needed_for
        What, in the plural, for the message.

    Returns
    -------
    module

    Raises
    ------
    CrossmapError
        If it is not installed.

    Examples
    --------
    >>> load_extra("json", extra="none", needed_for="examples").loads("[1]")
    [1]
    """
    try:
        return import_module(module)
    except ImportError as error:
        msg = f"{needed_for} need {module}: pip install 'crossmap-qtl[{extra}]'"
        raise CrossmapError(msg) from error
