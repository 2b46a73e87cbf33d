"""A small simulated cross on disk, and its analysis, made once."""

from types import SimpleNamespace

import pytest
from processes import SMALL

from crossmap.cli.program import run


@pytest.fixture(scope="session")
def small(tmp_path_factory):
    """Folder of a small cross."""
    out = tmp_path_factory.mktemp("cli") / "small"
    assert run(["simulate", *SMALL, "--out", str(out), "--quiet"]) == 0
    return out


@pytest.fixture(scope="session")
def analysed(small, tmp_path_factory):
    """Folder of its analysis."""
    out = tmp_path_factory.mktemp("cli") / "analysed"
    arguments = ["joint", str(small), "--out", str(out), "--quiet", "--threads", "1"]
    assert run(arguments) == 0
    return out


@pytest.fixture
def cli(capsys):
    """Run the program here: status, lines of stdout, lines of stderr."""

    def call(*arguments):
        capsys.readouterr()
        status = run([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return SimpleNamespace(status=status, out=out, err=err)

    return call
