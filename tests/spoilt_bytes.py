"""Spoil bytes at random, and hold a reader to an answer: what it reads, or one clear error."""

import gzip
import signal
import warnings
from contextlib import contextmanager
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as with_seed
from hypothesis import strategies as st

from crossmap.cross import Cross
from crossmap.errors import CrossmapError, CrossmapWarning

try:
    import resource
except ImportError:  # Windows
    resource = None

MOST_BYTES, MOST_SECONDS = 1 << 30, 10.0

# Bytes that mean something to the formats, and any other.
AWKWARD = st.one_of(
    st.sampled_from([b"\t", b",", b"\n", b"\r", b'"', b"\0", b"\xff", b"NA", b"inf", b"1e999"]),
    st.sampled_from([b"#", b":", b"- ", b"[", b"{", b"&a ", b"*a", b"!!", b"  ", b"\xc3\xa9"]),
    st.binary(min_size=1, max_size=3),
)
EDIT = st.tuples(
    st.sampled_from(["flip", "insert", "delete", "cut", "swap", "repeat"]),
    st.floats(0, 1, exclude_max=True),
    st.floats(0, 1, exclude_max=True),
    AWKWARD,
)
EDITS = st.lists(EDIT, min_size=1, max_size=3)


def spoil(data, edits):
    """Apply edits, each at fractions of the length."""
    for kind, start, stop, new in edits:
        i, j = sorted((int(start * len(data)), int(stop * len(data))))
        near = min(j, i + 12)
        if kind == "flip" and data:
            data = data[:i] + bytes([data[i] ^ (1 << (new[0] % 8))]) + data[i + 1 :]
        elif kind == "insert":
            data = data[:i] + new + data[i:]
        elif kind == "delete":
            data = data[:i] + data[near:]
        elif kind == "cut":
            data = data[:j]
        elif kind == "swap":
            data = data[:i] + data[j : j + 5] + data[i + 5 : j] + data[i : i + 5] + data[j + 5 :]
        elif kind == "repeat":
            data = data[:near] + data[i:]
    return data


def answer(reader, folder):
    """Read: True if that gave what the reader gives, False for one clear error; else it fails."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", CrossmapWarning)
        found = error = None
        try:
            found = reader.read(folder)
        except CrossmapError as refused:
            error = refused
    if error is None:
        assert isinstance(found, reader.gives)
        assert not isinstance(found, Cross) or found.n_samples >= 8
        return True
    message = str(error)
    assert error.exit_status in reader.statuses, message
    assert message
    assert "\n" not in message
    assert len(message) < 600
    return False


def spoil_often(reader, files, folder, n_inputs, *, seed=None, told=None):
    """Spoil one of the reader's files so many times and hold it to answers.

    The same inputs each time for a seed (None: those of the tests). `told`, if given, is called
    after each with what `answer` gave.
    """
    names = reader.spoilt or tuple(files)
    packs = all(name.endswith(".gz") for name in names)

    @given(name=st.sampled_from(names), edits=EDITS)
    def spoilt_files_are_answered(name, edits):
        data = spoil(files[name], edits)
        (folder / name).write_bytes(gzip.compress(data, mtime=0) if packs else data)
        try:
            with in_time():
                found = answer(reader, folder)
        finally:
            (folder / name).write_bytes(files[name])
        if told is not None:
            told(found)

    if seed is not None:
        spoilt_files_are_answered = with_seed(seed)(spoilt_files_are_answered)
    spoilt_files_are_answered = settings(
        max_examples=n_inputs, deadline=None, derandomize=seed is None, database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )(spoilt_files_are_answered)  # fmt: skip
    with in_memory():
        spoilt_files_are_answered()


class Late(BaseException):
    """No Exception: what catches those must not take the end of the time for a damaged file."""


@contextmanager
def in_time():
    """End what takes longer, and fail; processor time, of which a busy machine takes none away."""

    def ring(*_):
        raise Late

    before = signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, MOST_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


@contextmanager
def in_memory():
    """Let allocations fail that go beyond the most, where the system can (Linux)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    held = data_bytes()
    if held is None:
        yield
        return
    resource.setrlimit(resource.RLIMIT_DATA, (held + MOST_BYTES, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def data_bytes():
    """What this process holds of what RLIMIT_DATA counts; None where Linux does not tell."""
    status = Path("/proc/self/status")
    if not status.exists():
        return None
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmData"))
    return int(line.split()[1]) * 1024
