"""Where work runs: threads, memory budget, progress. The only place that makes threads."""

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from types import FrameType
from typing import TYPE_CHECKING, Protocol, TypeVar

from crossmap.errors import ArgumentError

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

_log = logging.getLogger(__name__)

COMMAND_LINE: ContextVar[tuple[str, ...] | None] = ContextVar("COMMAND_LINE", default=None)
"""Words after ``crossmap`` while the program runs; None where Python calls."""

Task = TypeVar("Task")
Result = TypeVar("Result")


class Progress(Protocol):
    """What a progress display must be able to do."""

    def start(self, stage: str, n_tasks: int) -> None:
        """Begin a stage of `n_tasks` equal steps."""

    def advance(self) -> None:
        """One step of the stage is done."""

    def finish(self) -> None:
        """The stage is done, or was left by an error."""


@dataclass(frozen=True)
class Execution:
    """Where and how work runs; it never changes a result.

    Parameters
    ----------
    threads
        Number of threads; None takes the cores this process may use.
    memory
        Budget in bytes for working arrays; None takes half of what is free now.
    progress
        Told about stages and steps, or None.
    executor
        Any `concurrent.futures.Executor` to run the tasks on instead of own threads.

    Examples
    --------
    >>> Execution(threads=2).n_threads
    2
    """

    threads: int | None = None
    memory: int | None = None
    progress: Progress | None = None
    executor: Executor | None = None

    def __post_init__(self) -> None:
        if self.threads is not None and self.threads < 1:
            msg = f"threads: expected 1 or more, found {self.threads}"
            raise ArgumentError(msg)
        if self.memory is not None and self.memory < 1:
            msg = f"memory: expected a number of bytes above 0, found {self.memory}"
            raise ArgumentError(msg)

    @property
    def n_threads(self) -> int:
        """Threads to use."""
        return usable_cores() if self.threads is None else self.threads

    @property
    def memory_bytes(self) -> int:
        """Bytes that working arrays may take."""
        if self.memory is not None:
            return self.memory
        import psutil

        return int(psutil.virtual_memory().available // 2)


DEFAULT = Execution()


def usable_cores() -> int:
    """Count the cores that this process may use.

    Returns
    -------
    int
    """
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


_interrupted = threading.Event()


@contextmanager
def interrupts_kept() -> Iterator[None]:
    """Make sure that Ctrl-C ends the work of the block, whatever code it falls on.

    Python raises KeyboardInterrupt wherever it happens to be, and where that is a callback from
    compiled code (llvmlite loading a kernel, say) it is printed and swallowed. There the signal is
    sent again a moment later; wherever else it may be lost, `run_tasks` raises it at its next
    step.
    """

    def handle(number: int, frame: FrameType | None) -> None:
        _interrupted.set()
        while frame is not None:
            if "llvmlite" in frame.f_code.co_filename:
                threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()
                return
            frame = frame.f_back
        raise KeyboardInterrupt

    ours = (
        threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    )
    if not ours:
        yield
        return
    _interrupted.clear()
    signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        _interrupted.clear()


def run_tasks(
    function: Callable[[Task], Result],
    tasks: Sequence[Task],
    *,
    execution: Execution | None = None,
    stage: str = "",
) -> Iterator[Result]:
    """Apply `function` to every task and yield the results in the order of the tasks.

    Parameters
    ----------
    function
        Works on one task; must release the GIL to gain from threads, and must not depend on what
        other tasks do, so that the number of threads cannot change a result.
    tasks
        The tasks; at most a few per thread are under way at once, so results not yet consumed
        stay few.
    execution
        Threads, progress, executor.
    stage
        What the work is, in the user's words, for progress.

    Yields
    ------
    Result
        ``function(task)``, in the order of `tasks`.

    Raises
    ------
    KeyboardInterrupt
        If Ctrl-C was pressed meanwhile; see `interrupts_kept`.

    Notes
    -----
    BLAS is held to one thread meanwhile: threads are made here and nowhere else.
    """
    if execution is not None and not isinstance(execution, Execution):
        msg = f"execution: expected a crossmap.Execution, found {execution!r}"
        raise ArgumentError(msg)
    run = execution or DEFAULT
    progress = run.progress
    if progress is not None:
        progress.start(stage, len(tasks))
    started = time.monotonic()
    try:
        for result in _results(function, tasks, run):
            if _interrupted.is_set():
                raise KeyboardInterrupt
            if progress is not None:
                progress.advance()
            yield result
    finally:
        if progress is not None:
            progress.finish()
        seconds = time.monotonic() - started
        _log.info("%s: %d blocks, %.2f s", stage or "work", len(tasks), seconds)


def _results(
    function: Callable[[Task], Result], tasks: Sequence[Task], run: Execution
) -> Iterator[Result]:
    workers = min(run.n_threads, len(tasks))
    if run.executor is None and workers <= 1:
        with one_blas_thread():
            for task in tasks:
                yield function(task)
        return
    if run.executor is not None:
        yield from _windowed(run.executor, function, tasks, 4 * run.n_threads)
        return
    with one_blas_thread(), ThreadPoolExecutor(workers) as pool:
        yield from _windowed(pool, function, tasks, 4 * workers)


def _windowed(
    pool: Executor, function: Callable[[Task], Result], tasks: Iterable[Task], window: int
) -> Iterator[Result]:
    """Keep `window` tasks under way, yield in order, cancel the rest on an error."""
    pending: list[Future[Result]] = []
    source = iter(tasks)
    try:
        for task in source:
            pending.append(pool.submit(function, task))
            if len(pending) >= window:
                yield pending.pop(0).result()
        while pending:
            yield pending.pop(0).result()
    finally:
        for future in pending:
            future.cancel()


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Hold BLAS to one thread: several threads of ours must not each start several of its own."""
    with _blas_libraries(len(sys.modules)).limit(limits=1, user_api="blas"):
        yield


@lru_cache(maxsize=1)
def _blas_libraries(_n_modules: int) -> "ThreadpoolController":
    """Find the BLAS libraries of this process, anew once another module has been imported.

    Looking for them takes 0.6 ms with numpy and scipy loaded, and more with every library.
    """
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
