"""BLAS is held to one thread while ours work, also libraries that are loaded later."""

import subprocess
import sys

LATE = """
from threadpoolctl import threadpool_info
from crossmap.execution import one_blas_thread

def threads():
    return [lib["num_threads"] for lib in threadpool_info() if lib["user_api"] == "blas"]

import numpy
before = threads()
with one_blas_thread():
    assert set(threads()) == {1}
    import scipy.linalg
    with one_blas_thread():
        assert set(threads()) == {1}
assert threads()[: len(before)] == before
"""


def test_blas_has_one_thread_and_gets_its_own_back():
    subprocess.run([sys.executable, "-c", LATE], check=True)
