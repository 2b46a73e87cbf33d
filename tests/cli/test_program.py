"""The program itself: help, version, exit statuses, errors and warnings of one line."""

import getpass
import json
import os
import platform
import re
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import pytest
from processes import ROOT, crossmap, python

import crossmap as package
from crossmap.cli import program
from crossmap.errors import ArgumentError, CrossmapWarning, DataError, OutputError

HEAVY = {"numpy", "pandas", "numba", "scipy", "matplotlib", "pyarrow", "rich", "yaml", "jinja2"}


def loaded(code):
    """Top-level modules that some code loads."""
    done = python("-c", f"{code}\nimport sys, json\nprint(json.dumps(list(sys.modules)))")
    assert done.returncode == 0, done.stderr
    return {name.partition(".")[0] for name in json.loads(done.stdout.splitlines()[-1])}


def test_help_and_version_load_nothing_heavy():
    call = "from crossmap.cli.program import run; assert run([{!r}]) == 0"
    assert "click" in loaded(call.format("--help"))
    assert not loaded(call.format("--help")) & HEAVY
    assert not loaded(call.format("--version")) & HEAVY


def test_help_lists_every_command_and_every_command_has_help(cli):
    done = cli("--help")
    assert done.status == 0
    assert list(program.COMMANDS) == [
        "demo", "convert", "check", "fill", "scan1", "permute", "associate", "environment", "joint",
        "scan2", "compare", "fit", "explain", "hotspots", "architecture", "plan", "simulate",
        "score",
    ]  # fmt: skip
    for name, what in program.COMMANDS.items():
        assert name in done.out
        assert what.split()[0] in done.out
        of_command = cli(name, "--help")
        assert of_command.status == 0
        assert f"crossmap {name}" in of_command.out
        assert "--out" in of_command.out or name == "plan"  # which writes nothing


def test_version_and_no_arguments(cli):
    assert cli("--version").out == f"crossmap {package.__version__}\n"
    bare = cli()
    assert bare.status == 0
    assert bare.out == cli("--help").out


def test_python_dash_m_is_the_program():
    done = crossmap("--version")
    assert (done.returncode, done.stdout) == (0, f"crossmap {package.__version__}\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["walk"], "No such command 'walk'."),
        (["join"], "No such command 'join' (did you mean joint?)."),
        (["compar"], "(did you mean compare?)."),
        (["joint"], "Missing argument 'CROSS'"),
        (["joint", "x"], "Missing option '--out'"),
        (["joint", "x", "--out", "y", "--loci", "two"], "'two' is not a valid integer"),
        (["joint", "x", "--out", "y", "--model", "cubic"], "'cubic' is not one of"),
        (["joint", "x", "--out", "y", "--memory", "lots"], "expected a size such as 2G"),
        (["joint", "x", "--out", "y", "--codes", "1"], "codes: expected pairs such as 1=A,2=B"),
        (["joint", "x", "--out", "y", "--no-such"], "No such option"),
        (["--no-such"], "No such option"),
    ],
)
def test_usage_errors_are_one_line_and_status_2(cli, arguments, message):
    done = cli(*arguments)
    assert done.status == 2
    assert done.out == ""
    assert done.err.startswith("crossmap: error: ")
    assert message in done.err
    assert "--help)" in done.err
    assert done.err.count("\n") == 1


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (OutputError("no room"), 1),
        (ArgumentError("too many"), 2),
        (DataError("f.tsv, line 3:\n found x"), 3),
        (KeyboardInterrupt(), 130),
        (MemoryError(), 1),
    ],
)
def test_every_kind_of_error_has_its_status_and_one_line(cli, monkeypatch, error, status):
    def fail(*_args, **_options):
        raise error

    monkeypatch.setattr(program.program, "main", fail)
    done = cli("joint")
    assert done.status == status
    assert done.err.startswith("crossmap: error: ")
    assert done.err.count("\n") == 1


def test_a_bug_is_not_hidden(monkeypatch):
    def fail(*_args, **_options):
        raise ZeroDivisionError

    monkeypatch.setattr(program.program, "main", fail)
    with pytest.raises(ZeroDivisionError):
        program.run([])


def test_warnings_are_one_line_each_and_others_keep_their_form(cli, monkeypatch):
    def warn(*_args, **_options):
        warnings.warn("first\nin two lines", CrossmapWarning, stacklevel=1)
        warnings.warn("old name", FutureWarning, stacklevel=1)

    monkeypatch.setattr(program.program, "main", warn)
    with pytest.warns(FutureWarning, match="old name"):
        done = cli("joint")
    assert done.status == 0
    assert done.err == "crossmap: warning: first in two lines\n"


def test_a_reader_of_stdout_that_goes_away_is_no_failure():
    with subprocess.Popen(
        [sys.executable, "-m", "crossmap", "joint", "--help"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT,
    ) as process:  # fmt: skip
        process.stdout.close()
        error = process.stderr.read()
        assert process.wait(timeout=60) == 0
    assert error == b""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
def test_ctrl_c_ends_with_130_one_line_and_nothing_written(small, tmp_path):
    # So many permutations that it cannot have finished before the interrupt.
    arguments = ["joint", small, "--permutations", "100000", "--out", tmp_path / "out"]
    with subprocess.Popen(
        [sys.executable, "-m", "crossmap", *map(str, arguments)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT, text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        # What is started in the background by a script may ignore it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:  # fmt: skip
        deadline = time.monotonic() + 60
        while not (tmp_path / ".out.partial").exists():
            assert time.monotonic() < deadline, "the work never began"
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)
    assert process.returncode == 130
    assert out == ""
    assert err == "crossmap: error: interrupted; nothing was written\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("unrendered")
def test_the_manifest_has_the_words_that_were_typed_and_nothing_of_the_machine(
    cli, small, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    Path("mycross").symlink_to(small)
    words = ["check", "mycross", "--out", "checked", "--quiet"]
    assert cli(*words).status == 0
    text = Path("checked/manifest.json").read_text()
    assert json.loads(text)["command_line"] == words
    here = {getpass.getuser(), platform.node(), str(Path.home()), str(tmp_path)}
    words_of_it = set(re.findall(r"[\w./-]+", text))
    assert not {name for name in here if len(name) > 1 and name in words_of_it}
    package.save_check(package.check_cross(package.read_cross("mycross")), "again")
    assert json.loads(Path("again/manifest.json").read_text())["command_line"] is None


def test_an_option_before_the_command_is_told_where_options_stand(cli):
    done = cli("--out", "x", "joint", "mycross")
    assert done.status == 2
    assert "No such option: --out. Options stand after the command: crossmap joint" in done.err
