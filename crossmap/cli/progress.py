"""Progress on stderr, where that is a terminal."""

import sys
from typing import Any

from crossmap.execution import Progress


class TerminalProgress:
    """A bar for each stage, gone when the stage is done."""

    def __init__(self) -> None:
        self._display: Any = None
        self._stage: Any = None

    def start(self, stage: str, n_tasks: int) -> None:
        """Begin a stage of `n_tasks` equal steps."""
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Display

        self._display = Display(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
            TimeRemainingColumn(), console=Console(stderr=True), transient=True,
        )  # fmt: skip
        self._stage = self._display.add_task(stage, total=n_tasks)
        self._display.start()

    def advance(self) -> None:
        """One step of the stage is done."""
        self._display.advance(self._stage)

    def finish(self) -> None:
        """The stage is done, or was left by an error."""
        self._display.stop()


def progress_on_terminal() -> Progress | None:
    """Make a display, or none where stderr is not a terminal.

    Returns
    -------
    Progress or None
    """
    return TerminalProgress() if sys.stderr.isatty() else None
