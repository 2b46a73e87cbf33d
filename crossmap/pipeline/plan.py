"""What a run will take, from a short calibration on this machine."""

import os
import struct
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from crossmap.arguments import require_number, require_one_of
from crossmap.cross import Cross
from crossmap.errors import CrossmapError, CrossmapWarning
from crossmap.execution import DEFAULT, Execution, usable_cores
from crossmap.genotypes.loci import distinct_loci, thin
from crossmap.genotypes.positions import scan_positions
from crossmap.kernels._numba import cache_folder
from crossmap.linkage.local_tests import local_ranges
from crossmap.linkage.probabilities import x_apart
from crossmap.linkage.scan1 import Scan1Options
from crossmap.linkage.search_traits import FEWEST_SAMPLES
from crossmap.pipeline.joint import joint_linkage
from crossmap.pipeline.permute import part_permutations, permute_scan1
from crossmap.pipeline.scan1 import preflight_scan1, scan1
from crossmap.pipeline.scan2 import scan2
from crossmap.words import count

Verb = Literal["scan1", "permute", "joint", "scan2"]

FIRST_TRAITS, STEP = 64, 16
"""Traits of the first run, and how many times as many a run has, at most, as the one before."""

LAST_SECONDS = 6.0
"""About what a run of the calibration takes, at most, beyond the one before."""

SHARE = 0.25
"""Of the time that a run will take, the most for any but the first two runs that foresee it."""

FAR = 8
"""How many times as many traits the last run may have at most for `SHARE` to end the calibration:
memory grows until blocks are full, and then slowly."""

SURELY = 1.5
"""How far beyond a budget a forecast is when the calibration stops: its usual error."""

BUSY = 1.25
"""How many times longer a run must be, while other programs work, for it to be said."""


@dataclass(frozen=True)
class Plan:
    """What a run will take.

    Parameters
    ----------
    verb
        The command.
    n_traits
        Traits.
    n_tests
        Statistics computed, permutations included.
    n_rows
        Rows of the main table; of scan1 those that chance alone gives.
    seconds
        Wall time with nothing else on the machine.
    memory_bytes
        Largest resident size of the process, what is in memory already included; NaN where the
        system does not tell.
    busy_seconds
        Wall time while other programs go on taking what they took during the calibration's last
        runs.
    """

    verb: str
    n_traits: int
    n_tests: int
    n_rows: float
    seconds: float
    memory_bytes: float
    busy_seconds: float

    def __str__(self) -> str:
        memory = (
            "unknown memory"
            if np.isnan(self.memory_bytes)
            else f"{self.memory_bytes / 1e6:,.0f} MB of memory"
        )
        took = duration(self.seconds)
        if self.busy_seconds > BUSY * self.seconds:
            took += (
                f" (about {duration(self.busy_seconds)} while other programs are as busy as now)"
            )
        rows = f"about {count(round(self.n_rows), 'row')}"
        if self.verb == "scan1":
            rows += " by chance alone (linkages add theirs)"
        return (
            f"{self.verb} of {count(self.n_traits, 'trait')}: {count(self.n_tests, 'test')}, "
            f"{rows}, {took}, {memory}"
        )


def duration(seconds: float) -> str:
    """Write a time in the unit that fits.

    Parameters
    ----------
    seconds
        0 or more.

    Returns
    -------
    str

    Examples
    --------
    >>> duration(0.31), duration(42.0), duration(600.0), duration(9000.0)
    ('0.3 s', '42 s', '10 min', '2.5 h')
    """
    if seconds < 100:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def plan(
    cross: Cross,
    verb: Verb,
    *,
    options: Mapping[str, Any] | None = None,
    budget_seconds: float | None = None,
    budget_bytes: float | None = None,
    execution: Execution | None = None,
) -> Plan:
    """Say what a run will take, from short runs of a part of its traits.

    Parameters
    ----------
    cross
        The cross.
    verb
        ``scan1``, ``permute``, ``joint`` or ``scan2``.
    options
        Of the Python function behind it.
    budget_seconds, budget_bytes
        Refuse a run that would take more.
    execution
        Threads and memory of the run; what it would take on threads of this machine.

    Returns
    -------
    Plan
        Of the function and its table; ``crossmap plan`` tells what the whole command takes, with
        starting, reading and the folder of results.

    Raises
    ------
    ArgumentError
        For an unknown verb, or what the function itself refuses.
    CrossmapError
        If the run would take more than the budget.

    Notes
    -----
    Runs of ever more traits, evenly spaced, give a straight line for time and one for memory. What
    is measured is the processor time of the main thread and of the others, which are shared out
    over the cores, so that other programs hardly disturb it. The first run after an installation
    compiles: some 20 seconds more, which are not counted.

    Examples
    --------
    >>> from crossmap import plan, simulate_cross
    >>> cross = simulate_cross(n_samples=60, n_traits=50, n_markers=100).cross
    >>> plan(cross, "scan1").n_tests
    5000
    """
    require_one_of("verb", verb, get_args(Verb))
    asked = dict(options or {})
    run = replace(execution or DEFAULT, progress=None, executor=None)
    work: Mapping[str, Callable[[Cross], object]] = {
        "scan1": lambda part: scan1(part, **asked, execution=run).to_frame(),
        "permute": lambda part: permute_scan1(part, **asked, execution=run).to_frame(),
        "joint": lambda part: joint_linkage(part, **asked, execution=run).to_frame(),
        "scan2": lambda part: scan2(part, **asked, execution=run),
    }
    return plan_of(
        cross, verb, work[verb], options=asked, budget_seconds=budget_seconds,
        budget_bytes=budget_bytes, execution=run,
    )  # fmt: skip


def plan_of(
    cross: Cross,
    verb: Verb,
    work: Callable[[Cross], object],
    *,
    options: Mapping[str, Any],
    is_command: bool = False,
    budget_seconds: float | None = None,
    budget_bytes: float | None = None,
    execution: Execution,
) -> Plan:
    """Say what some work on a cross will take.

    Parameters
    ----------
    cross, verb
        As in `plan`.
    work
        What is done, of a cross with all traits or some.
    options
        As in `plan`.
    is_command
        Count also what this process has taken so far and what loading code takes: a command of its
        own will take them again.
    budget_seconds, budget_bytes, execution
        As in `plan`.

    Returns
    -------
    Plan

    Raises
    ------
    CrossmapError
        If the run would take more than the budget.
    """
    for name, value in (("budget_seconds", budget_seconds), ("budget_bytes", budget_bytes)):
        if value is not None:
            require_number(name, value, least=0.0)
    n_tests, n_rows = run_size(cross, verb, options)
    n_threads = min(execution.n_threads, usable_cores())
    spent, memory_before = (time.process_time(), _peak()) if is_command else (0.0, 0.0)
    measured = partial(_measured_apart if is_command else _measured, work)
    n_compiled = _n_compiled()
    if not is_command or n_compiled == 0:
        measured(_part(cross, FIRST_TRAITS))  # loads code, which a command does each time

    def is_beyond(run: _Run) -> bool:
        seconds, limit = run.seconds(n_threads) + spent, budget_seconds
        too_long = limit is not None and seconds > SURELY * limit
        return too_long or (budget_bytes is not None and run.peak > SURELY * budget_bytes)

    found = _calibrate(cross, measured, n_threads, is_beyond)
    if _n_compiled() > n_compiled:
        found = _calibrate(cross, measured, n_threads, is_beyond)
    seconds = spent + found.seconds(n_threads)
    memory = max(found.peak, memory_before) if found.peak == found.peak else found.peak
    slower = seconds * max(found.wall / found.seconds(n_threads), 1.0)
    least = "at least " if found.n < cross.n_traits else ""
    for name, value, limit, text in (
        ("budget_seconds", seconds, budget_seconds, duration),
        ("budget_bytes", memory, budget_bytes, lambda b: f"{b / 1e6:,.0f} MB"),
    ):
        if limit is not None and value > limit:
            found_one = f"found one of {least}{text(value)}"
            msg = f"{name}: expected a run of at most {text(limit)}, {found_one}"
            raise CrossmapError(msg)
    return Plan(verb, cross.n_traits, n_tests, n_rows, seconds, memory, slower)


def run_size(cross: Cross, verb: str, options: Mapping[str, Any]) -> tuple[int, float]:
    """Count the tests that a run makes and the rows that it writes.

    Parameters
    ----------
    cross, verb, options
        As in `plan`.

    Returns
    -------
    n_tests : int
        Statistics, permutations included; those of loci that turn out not to be eligible too.
    n_rows : float
        Of scan1 by chance alone.
    """
    probable = bool(options.get("genotype_probabilities"))
    if verb == "scan1":
        names = set(Scan1Options.__dataclass_fields__)
        known = {k: v for k, v in options.items() if k in names and v is not None}
        size = preflight_scan1(cross, Scan1Options(**known))
        return size.n_tests, size.expected_rows
    n_traits = cross.n_traits
    positions = cross.markers
    if probable:
        step, cm_per_mb = options.get("step", 0.0), options.get("cm_per_mb")
        positions = scan_positions(cross, step=step, cm_per_mb=cm_per_mb)
    if verb == "permute":
        if (window := options.get("local_window_bp")) is not None:
            near = local_ranges(positions, cross.trait_table, window_bp=window)
            n_pairs = int((near.stop - near.start).sum())
            return n_pairs * (1 + options.get("n_perm", 1000)), n_traits
        on_x, _ = x_apart(cross, positions["chr"])
        rows = [own for own in (np.flatnonzero(~on_x), np.flatnonzero(on_x)) if len(own)]
        alpha = options.get("alpha", (0.05,))
        counts = part_permutations(
            positions, rows, n_perm=options.get("n_perm", 1000),
            alpha=(alpha,) if isinstance(alpha, int | float) else alpha,
        )  # fmt: skip
        n_tests = sum(len(own) * (1 + n) for own, n in zip(rows, counts, strict=True))
        return n_traits * n_tests, n_traits
    columns = 1 + options.get("n_perm", 5)
    if probable:
        chromosome = np.unique(positions["chr"].astype(str), return_inverse=True)[1]
    else:
        loci = distinct_loci(cross)
        if verb == "scan2" and options.get("n_grid") is not None:
            loci = thin(loci, options["n_grid"])
        chromosome = loci.chr_index
    if verb == "joint":
        return n_traits * len(chromosome) * options.get("n_loci", 2) * columns, n_traits
    n_traits = int(((~np.isnan(cross.traits)).sum(axis=1) >= FEWEST_SAMPLES).sum())
    if probable and options.get("n_grid") is not None:
        kept = min(options["n_grid"], len(chromosome))
        chromosome = chromosome[np.arange(kept) * len(chromosome) // kept]
    sizes = np.bincount(chromosome)
    pairs = (len(chromosome) ** 2 - int((sizes**2).sum())) // 2
    if options.get("same_chromosome"):
        pairs += int((sizes * (sizes - 1) // 2).sum())
    return n_traits * pairs * columns, n_traits


@dataclass(frozen=True)
class _Run:
    """Seconds: processor's of the main thread and of all others, wall; largest resident size."""

    n: int
    main: float
    threads: float
    wall: float
    peak: float

    def seconds(self, n_threads: int) -> float:
        """Wall time with nothing else on the machine."""
        return self.main + self.threads / n_threads

    def onward(self, before: "_Run", n: int) -> "_Run":
        """Go on to more traits along the line through this run and a smaller one."""
        more = (n - self.n) / (self.n - before.n)
        values = (
            (getattr(self, name), getattr(before, name))
            for name in ("main", "threads", "wall", "peak")
        )
        return _Run(n, *(last + max(last - first, 0.0) * more for last, first in values))


def _part(cross: Cross, n: int) -> Cross:
    if n >= cross.n_traits:
        return cross
    rows = np.unique(np.linspace(0, cross.n_traits - 1, n).round().astype(np.int64))
    names = cross.trait_names  # made anew each time
    return cross.subset(traits=[names[i] for i in rows])


def _calibrate(
    cross: Cross,
    run: Callable[[Cross], _Run],
    n_threads: int,
    is_beyond: Callable[[_Run], bool],
) -> _Run:
    """Run ever larger parts, and go on along a straight line to all traits.

    A part that is beyond a budget by itself ends it, and is what is returned.
    """
    whole, n = cross.n_traits, min(FIRST_TRAITS, cross.n_traits)

    def of(n: int) -> _Run:
        part = _part(cross, n)
        copied = 0 if part is cross else part.traits.nbytes  # beside the whole
        found = run(part)
        return replace(found, peak=found.peak - copied)

    last = of(n)
    took = max(last.seconds(n_threads), 1e-9)
    # The run of so few may be all starting and pictures: a quarter of the traits if it is none.
    most = max(2 * n, min(int(SHARE * whole), int(STEP * n * min(LAST_SECONDS / took, 1.0))))
    while n < whole:
        if is_beyond(last):
            return last
        before, n = last, min(most, whole)
        last = of(n)
        took = last.seconds(n_threads)
        forecast = last.onward(before, whole) if n < whole else last
        more = max(took - before.seconds(n_threads), 1e-9) / (n - before.n)
        left = LAST_SECONDS
        if whole <= FAR * n:
            left = min(left, SHARE * forecast.seconds(n_threads) - took)
        most = min(STEP * n, n + int(left / more))
        if most < min(2 * n, whole) or is_beyond(forecast):
            return forecast
    return last


def _n_compiled() -> int:
    """Functions whose machine code is kept."""
    folder = cache_folder()
    return 0 if folder is None else sum(1 for _ in folder.glob("*.nbc"))


def _measured(work: Callable[[Cross], object], part: Cross) -> _Run:
    """Run in this process."""
    _forget_peak()
    start = time.perf_counter(), time.process_time(), time.thread_time()
    with warnings.catch_warnings():  # the run itself will say it
        warnings.simplefilter("ignore", CrossmapWarning)
        work(part)
    now = time.perf_counter(), time.process_time(), time.thread_time()
    wall, whole, main = (after - before for after, before in zip(now, start, strict=True))
    return _Run(part.n_traits, main, max(whole - main, 0.0), wall, _peak())


def _measured_apart(work: Callable[[Cross], object], part: Cross) -> _Run:
    """Run in a process that has read the cross and done nothing else, as a command is.

    There is such a process on Linux alone, as nowhere else is it safe to fork.
    """
    if sys.platform != "linux":
        return _measured(work, part)
    reader, writer = os.pipe()
    files = _file_pages()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # no threads of ours are under way
        child = os.fork()
    if not child:
        status = 1
        try:
            found = _measured(work, part)
            seen = _file_pages()  # of what was loaded before, a child has what it uses again
            unused = sum(max(size - seen.get(at, 0.0), 0.0) for at, size in files.items())
            numbers = (found.main, found.threads, found.wall, found.peak + unused)
            os.write(writer, struct.pack("4d", *numbers))
            status = 0
        finally:
            os._exit(status)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    if not answer:  # the error, whatever it is, is raised here
        return _measured(work, part)
    return _Run(part.n_traits, *struct.unpack("4d", answer))


def _forget_peak() -> None:
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return


def _peak() -> float:
    """Largest resident size in bytes since the last `_forget_peak`."""
    return _resident("VmHWM")


def _resident(which: str) -> float:
    """Bytes of this process in memory; NaN off Linux."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return float("nan")
    sizes = [float(line.split()[1]) * 1024 for line in lines if line.startswith(f"{which}:")]
    return sizes[0] if sizes else float("nan")


def _file_pages() -> dict[str, float]:
    """Bytes in memory of every mapping of a file, by its addresses."""
    pages: dict[str, float] = {}
    at = ""
    for line in Path("/proc/self/smaps").read_text(encoding="utf-8").splitlines():
        word, *rest = line.split()
        if not word.endswith(":"):
            at = word if len(rest) > 4 and rest[4].startswith("/") else ""
        elif word == "Rss:" and at:
            pages[at] = float(rest[0]) * 1024
    return pages
