"""What every test may use."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import settings

# Programs to run by hand; they import each other as programs do.
collect_ignore_glob = ["benchmarks/*"]


def pytest_addoption(parser):
    parser.addoption("--slow", action="store_true", help="run tests that take minutes")
    parser.addoption("--calibration", action="store_true", help="run the calibration simulations")


def pytest_configure(config):
    """A failing fast suite is the change's doing: the same examples every time, but with --slow.

    No example has a deadline: a busy machine is no fault of the code.
    """
    settings.register_profile("fast", derandomize=True, database=None, deadline=None)
    settings.register_profile("slow", max_examples=1_000, deadline=None)
    settings.load_profile("slow" if config.getoption("--slow") else "fast")


def pytest_collection_modifyitems(config, items):
    for flag in ("slow", "calibration"):
        if not config.getoption(f"--{flag}"):
            skip = pytest.mark.skip(reason=f"needs --{flag}")
            for item in items:
                if item.get_closest_marker(flag):
                    item.add_marker(skip)


@pytest.fixture(scope="session")
def shared():
    """The folder of real data and peers' outputs; named by CROSSMAP_SHARED, else ../shared."""
    default = Path(__file__).parents[2] / "shared"
    folder = Path(os.environ.get("CROSSMAP_SHARED", default))
    if not (folder / "yeast" / "genotype.tsv.gz").exists():
        pytest.skip("the shared data are not here; set CROSSMAP_SHARED to their folder")
    return folder


@pytest.fixture(scope="session")
def in_r():
    """Run a script of R with R/qtl, and give what it printed; skips where either is absent.

    A script that fails is a test that fails.
    """
    if shutil.which("Rscript") is None:
        pytest.skip("R is not installed")
    if subprocess.run(
        ["Rscript", "-e", "library(qtl)"], capture_output=True, check=False
    ).returncode:
        pytest.skip("R/qtl is not installed")

    def run(script, timeout=300):
        done = subprocess.run(
            ["Rscript", "-"],
            input=script, capture_output=True, text=True, check=False, timeout=timeout,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.fixture
def unrendered(monkeypatch):
    """Compose pictures, but write nothing of them into their files.

    Laying out and rendering is nine tenths of what a small analysis costs; this is for tests of
    anything else, of commands whose pictures other tests render.
    """

    def savefig(figure, file, **options):
        Path(file).write_bytes(b"\x89PNG, not rendered: " + Path(file).name.encode())

    monkeypatch.setattr("matplotlib.figure.Figure.savefig", savefig)


@pytest.fixture(scope="session")
def reference():
    """Stored outputs of peers that may be shipped; tests/reference/README.md says how made."""
    return Path(__file__).parent / "reference"


@pytest.fixture(scope="session")
def yeast(shared):
    """The yeast cross of the 2005 paper, read from its plain tables."""
    from crossmap.errors import CrossmapWarning
    from crossmap.io.plain import read_plain

    folder = shared / "yeast"
    with pytest.warns(CrossmapWarning, match="out of map order"):
        return read_plain(
            genotypes=folder / "genotype.tsv.gz",
            markers=folder / "marker_pos.tsv.gz",
            traits=folder / "expression.tsv.gz",
            trait_positions=folder / "gene_pos.tsv.gz",
            crosstype="haploid",
            codes={"1": "BY", "2": "RM"},
        )
