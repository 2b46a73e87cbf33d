"""Compiled kernels are kept where that can be done, and never outlive their sources."""

import shutil

import numba
import pytest
from processes import python
from sources import PACKAGE

pytestmark = pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="nothing is compiled")

# Two small kernels in files of their own, the one calling the other: numba by itself would go on
# using the caller's old machine code when only the callee's file is edited.
INNER = (
    "from crossmap.kernels._numba import kernel\n@kernel\ndef inner(x):\n    return x + {step}\n"
)
OUTER = """from crossmap.kernels._numba import kernel
from crossmap.kernels.inner import inner
@kernel
def outer(x):
    return inner(x) * 10
"""
RUN = """
from crossmap.kernels.inner import inner
from crossmap.kernels.outer import outer
from crossmap.kernels._numba import cache_folder
print(inner(1), outer(1), sum(outer.stats.cache_hits.values()), cache_folder())
"""


@pytest.fixture
def installed(tmp_path):
    """A copy of the package, as in site-packages, and how to run in it."""
    site = tmp_path / "site-packages"
    shutil.copytree(PACKAGE, site / "crossmap", ignore=shutil.ignore_patterns("__pycache__"))
    (site / "crossmap" / "kernels" / "inner.py").write_text(INNER.format(step=1))
    (site / "crossmap" / "kernels" / "outer.py").write_text(OUTER)
    home = tmp_path / "home"
    home.mkdir()
    unset = dict.fromkeys(("CROSSMAP_CACHE_DIR", "NUMBA_CACHE_DIR", "XDG_CACHE_HOME"))

    def run(**env):
        environment = {**unset, "HOME": str(home), "LOCALAPPDATA": str(home)} | env
        environment |= {"PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1"}
        done = python("-W", "always", "-c", RUN, cwd=tmp_path, env=environment)
        assert done.returncode == 0, done.stderr
        inner, outer, hits, folder = done.stdout.split(maxsplit=3)
        return (int(inner), int(outer)), int(hits), folder.strip(), done.stderr

    run.site, run.home = site / "crossmap", home
    return run


def make_read_only(run):
    # Even root cannot make a folder where a file stands.
    (run.site / "kernels" / "__pycache__").write_text("")


def test_code_is_kept_beside_the_kernels_and_used_by_the_next_process(installed):
    values, hits, folder, err = installed()
    assert (values, hits, err) == ((2, 20), 0, "")
    assert folder.startswith(str(installed.site / "kernels" / "__pycache__"))
    assert installed() == (values, 1, folder, "")


def test_a_read_only_installation_keeps_code_in_the_users_cache(installed):
    make_read_only(installed)
    values, hits, folder, err = installed()
    assert (values, hits, err) == ((2, 20), 0, "")
    assert folder.startswith(str(installed.home))
    assert installed()[1] == 1


def test_where_nothing_can_be_written_one_warning_and_the_right_result(installed, tmp_path):
    make_read_only(installed)
    (tmp_path / "file").write_text("")
    values, hits, folder, err = installed(HOME=str(tmp_path / "file" / "home"))
    assert (values, hits, folder) == ((2, 20), 0, "None")
    assert err.count("compiled kernels are not kept") == 1
    assert "CROSSMAP_CACHE_DIR" in err
    assert list(installed.home.iterdir()) == []


@pytest.mark.parametrize("variable", ["CROSSMAP_CACHE_DIR", "NUMBA_CACHE_DIR"])
def test_the_user_names_the_folder(installed, tmp_path, variable):
    named = tmp_path / "named"
    assert installed(**{variable: str(named)})[2].startswith(str(named))
    assert list(named.rglob("*.nbi"))
    assert installed(**{variable: str(named)})[1] == 1


def test_an_edit_to_any_kernel_file_changes_the_folder_and_a_callee_is_never_stale(installed):
    _, _, before, _ = installed()
    (installed.site / "kernels" / "inner.py").write_text(INNER.format(step=2))
    values, hits, after, _ = installed()
    assert values == (3, 30)
    assert hits == 0
    assert after != before
    sources = sorted((installed.site / "kernels").glob("*.py"))
    assert len(sources) > 4
    seen = {before, after}
    for source in sources[:3]:
        source.write_text(source.read_text() + "\n# edited\n")
        folder = installed()[2]
        assert folder not in seen
        seen.add(folder)
