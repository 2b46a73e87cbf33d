"""What importing costs: nothing that is not used, and no compilation."""

import json
from pathlib import Path

from processes import python
from sources import PACKAGE

import crossmap
from crossmap import errors

HEAVY = (
    "matplotlib", "statsmodels", "scipy.stats", "scipy.interpolate", "pyarrow", "yaml", "jinja2",
    "rich", "click", "filelock",
)  # fmt: skip
REPORT = "\nimport sys, json\nprint(json.dumps(sorted(sys.modules)))"


def loaded(code):
    done = python("-c", code + REPORT)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_the_package_alone_loads_nothing():
    modules = loaded("import crossmap")
    assert not {name.partition(".")[0] for name in modules} & {"numpy", "pandas", "numba", "scipy"}


def test_all_public_names_cost_no_more_than_numpy_pandas_and_numba():
    # pandas itself loads pyarrow where it is installed; what it loads anyway is not ours.
    anyway = loaded("import numpy, pandas, numba")
    ours = loaded("import crossmap\nfor name in crossmap.__all__: getattr(crossmap, name)")
    assert "crossmap.pipeline.joint" in ours
    assert not {name for name in HEAVY if name in ours - anyway}


def test_importing_every_module_compiles_nothing():
    code = """
import importlib, pkgutil
from numba.core import event
import crossmap
with event.install_recorder("numba:compile") as recorder:
    for module in pkgutil.walk_packages(crossmap.__path__, "crossmap."):
        if module.name != "crossmap.__main__":
            importlib.import_module(module.name)
assert not recorder.buffer, recorder.buffer
from crossmap.kernels.philox import philox4x32
import numpy as np
with event.install_recorder("numba:compile") as recorder:
    philox4x32(*[np.uint64(1)] * 6, np.zeros(4, np.uint64))
assert recorder.buffer or sum(philox4x32.stats.cache_hits.values()), "the recorder records nothing"
"""
    assert "crossmap.kernels.sequential" in loaded(code)


def test_the_tests_import_the_clone_and_nothing_else():
    # After a plain "pip install ." there is another copy in site-packages.
    assert Path(crossmap.__file__).parent == PACKAGE
    assert Path(errors.__file__).parent == PACKAGE
