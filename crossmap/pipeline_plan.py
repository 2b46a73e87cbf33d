"""What a run will take, from a short calibration on this machine."""

import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from crossmap.arguments import require_number, require_one_of
from crossmap.cross import Cross
from crossmap.errors import CrossmapError, CrossmapWarning
from crossmap.execution import DEFAULT, Execution
from crossmap.genotypes.loci import distinct_loci, thin
from crossmap.linkage.scan1 import Scan1Options
from crossmap.pipeline import joint_linkage, scan2
from crossmap.pipeline_permute import permute_scan1
from crossmap.pipeline_scan1 import preflight_scan1, scan1

Verb = Literal["scan1", "permute", "joint", "scan2"]

ENOUGH_SECONDS = 0.8
"""A calibration run this long is past what starting costs."""

FIRST_TRAITS = 64


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
        Wall time, files not counted.
    memory_bytes
        Largest resident size of the process, what is in memory already included; NaN where the
        system does not tell.
    """

    verb: str
    n_traits: int
    n_tests: int
    n_rows: float
    seconds: float
    memory_bytes: float

    def __str__(self) -> str:
        memory = (
            "unknown memory"
            if np.isnan(self.memory_bytes)
            else f"{self.memory_bytes / 1e6:,.0f} MB of memory"
        )
        return (
            f"{self.verb} of {self.n_traits:,} traits: {self.n_tests:,} tests, about "
            f"{self.n_rows:,.0f} rows, {duration(self.seconds)}, {memory}"
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
        Threads and memory of the run.

    Returns
    -------
    Plan

    Raises
    ------
    ArgumentError
        For an unknown verb, or what the function itself refuses.
    CrossmapError
        If the run would take more than the budget.

    Notes
    -----
    Time grows with the number of traits as a straight line; two runs give it, the larger
    doubled until it takes 0.8 s; memory by what is kept of each trait. Traits are taken evenly
    spaced. The first run after an installation compiles, which takes memory that later ones do not.

    Examples
    --------
    >>> from crossmap import plan, simulate_cross
    >>> cross = simulate_cross(n_samples=60, n_traits=50, n_markers=100).cross
    >>> plan(cross, "scan1").n_tests
    5000
    """
    require_one_of("verb", verb, get_args(Verb))
    for name, value in (("budget_seconds", budget_seconds), ("budget_bytes", budget_bytes)):
        if value is not None:
            require_number(name, value, least=0.0)
    asked = dict(options or {})
    run = execution or DEFAULT
    work: Mapping[str, Callable[[Cross], object]] = {
        "scan1": lambda part: scan1(part, **asked, execution=run).to_frame(),
        "permute": lambda part: permute_scan1(part, **asked, execution=run).to_frame(),
        "joint": lambda part: joint_linkage(part, **asked, execution=run).to_frame(),
        "scan2": lambda part: scan2(part, **asked, execution=run),
    }
    n_tests, n_rows = _size(cross, verb, asked)
    kept = {"scan1": 0, "permute": 2 * asked.get("n_perm", 1000)}
    statistics = kept.get(verb, 8 * (1 + asked.get("n_perm", 5)))
    trait_bytes = 8 * (4 * cross.n_samples + statistics + 64)
    seconds, memory = _calibrate(cross, work[verb], trait_bytes)
    found = Plan(verb, cross.n_traits, n_tests, n_rows, seconds, memory)
    for name, value, limit, text in (
        ("budget_seconds", seconds, budget_seconds, duration),
        ("budget_bytes", memory, budget_bytes, lambda b: f"{b / 1e6:,.0f} MB"),
    ):
        if limit is not None and value > limit:
            msg = f"{name}: expected a run of at most {text(limit)}, found one of {text(value)}"
            raise CrossmapError(msg)
    return found


def _size(cross: Cross, verb: str, asked: Mapping[str, Any]) -> tuple[int, float]:
    """Tests and rows."""
    if verb == "scan1":
        names = set(Scan1Options.__dataclass_fields__)
        size = preflight_scan1(
            cross, Scan1Options(**{k: v for k, v in asked.items() if k in names})
        )  # fmt: skip
        return size.n_tests, size.expected_rows
    n_traits = cross.n_traits
    if verb == "permute":
        return n_traits * cross.n_markers * (1 + asked.get("n_perm", 1000)), n_traits
    loci = distinct_loci(cross)
    columns = 1 + asked.get("n_perm", 5)
    if verb == "joint":
        return n_traits * len(loci) * asked.get("n_loci", 2) * columns, n_traits
    if asked.get("n_grid") is not None:
        loci = thin(loci, asked["n_grid"])
    sizes = np.bincount(loci.chr_index)
    pairs = (len(loci) ** 2 - int((sizes**2).sum())) // 2
    if asked.get("same_chromosome"):
        pairs += int((sizes * (sizes - 1) // 2).sum())
    return n_traits * pairs * columns, n_traits


def _part(cross: Cross, n: int) -> Cross:
    if n >= cross.n_traits:
        return cross
    rows = np.unique(np.linspace(0, cross.n_traits - 1, n).round().astype(np.int64))
    return cross.subset(traits=[cross.trait_names[i] for i in rows])


def _calibrate(
    cross: Cross, work: Callable[[Cross], object], trait_bytes: int
) -> tuple[float, float]:
    """Seconds and bytes for all traits."""
    with warnings.catch_warnings():  # the run itself will say it
        warnings.simplefilter("ignore", CrossmapWarning)
        n = min(FIRST_TRAITS, cross.n_traits)
        work(_part(cross, n))  # compiles, and takes memory that later runs share
        measured = [(n, *_measured(work, _part(cross, n)))]
        while n < cross.n_traits and measured[-1][1] < ENOUGH_SECONDS:
            n = min(2 * n, cross.n_traits)
            measured.append((n, *_measured(work, _part(cross, n))))
        if n < cross.n_traits and len(measured) == 1:
            n = min(2 * n, cross.n_traits)
            measured.append((n, *_measured(work, _part(cross, n))))
    if n == cross.n_traits:
        return measured[-1][1:]
    (few, seconds_few, _), (many, seconds, memory) = measured[-2:]
    more = (cross.n_traits - many) / (many - few)
    least = seconds * (many - few) / many / 2.0  # a slope that noise cannot make 0
    return (
        seconds + max(seconds - seconds_few, least) * more,
        memory + trait_bytes * (cross.n_traits - many),
    )


def _measured(work: Callable[[Cross], object], part: Cross) -> tuple[float, float]:
    """Seconds (the shortest of three) and the largest resident size."""
    took: list[float] = []
    while len(took) < 3 and sum(took) < 2.0 * ENOUGH_SECONDS:
        _forget_peak()
        start = time.perf_counter()
        work(part)
        took.append(time.perf_counter() - start)
    return min(took), _peak()


def _forget_peak() -> None:
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return


def _peak() -> float:
    """Largest resident size in bytes since the last `_forget_peak`; NaN off Linux."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return float("nan")
    sizes = [float(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")]
    return sizes[0] if sizes else float("nan")
