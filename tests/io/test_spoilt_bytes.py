"""Bytes spoilt at random: every reader gives a cross or a clear error, never anything else.

Status 0 or 3 on the command line, in 10 seconds and 1 GB at most. A hundred spoilt files a
reader here, 2,000 with --slow; `python -m tests.record_spoilt_bytes` did 10,000 (spoilt_bytes.tsv).
"""

import signal
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from spoilt_bytes import (
    EDITS,
    MOST_BYTES,
    MOST_SECONDS,
    Late,
    data_bytes,
    in_memory,
    in_time,
    spoil,
    spoil_often,
)
from spoilt_readers import READERS, RQTL2_FILES, lay_files

from crossmap.cli.program import run

pytest.importorskip("resource", reason="limits the memory used; not on Windows")

FAST, SLOW = 100, 2_000


@pytest.fixture(params=READERS)
def reader(request, tmp_path):
    """A reader whose files lie in the folder, sound."""
    laid = lay_files(request.param, tmp_path)
    if laid is None:
        pytest.skip("a library is not here")
    return *laid, tmp_path


@pytest.mark.skipif(data_bytes() is None, reason="needs Linux")
def test_the_limits_hold():
    """A limit that nothing can reach would prove nothing."""
    with in_memory():
        bytes(MOST_BYTES // 2)
        with pytest.raises(MemoryError):
            bytes(MOST_BYTES * 2)
    with in_time():
        signal.setitimer(signal.ITIMER_PROF, 0.01)
        with pytest.raises(Late):
            next(i for i in iter(int, 1) if i)  # zeros without end


def test_a_hundred_spoilt_files(reader):
    spoil_often(*reader, FAST)


@pytest.mark.slow
def test_thousands_of_spoilt_files(reader):
    spoil_often(*reader, SLOW)


@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(name=st.sampled_from(list(RQTL2_FILES)), edits=EDITS)
def test_the_command_line_answers_with_0_or_3(tmp_path, capsys, name, edits):
    for other, data in RQTL2_FILES.items():
        (tmp_path / other).write_bytes(data)
    (tmp_path / name).write_bytes(spoil(RQTL2_FILES[name], edits))
    with in_time(), in_memory():
        status = run(["check", str(tmp_path)])
    out, err = capsys.readouterr()
    assert status in (0, 3)
    assert "Traceback" not in err
    assert err.count("crossmap: error: ") == (status == 3 and not out)


def test_every_reader_has_a_record_of_ten_thousand():
    table = pd.read_csv(Path(__file__).with_name("spoilt_bytes.tsv"), sep="\t").set_index("reader")
    assert list(table.index) == list(READERS)
    assert (table["inputs"] >= 10_000).all()
    assert (table["read"] + table["refused"] == table["inputs"]).all()
    assert (table["slowest_s"] < MOST_SECONDS).all()
    assert (table["largest_mb"] * 1e6 < MOST_BYTES).all()
