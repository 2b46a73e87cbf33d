"""Kernels as plain Python too: NUMBA_DISABLE_JIT=1 pytest tests/kernels."""

import numba
import numpy as np
import pytest


@pytest.fixture(autouse=True)
def machine_arithmetic():
    """Products that wrap around and quotients that are infinite are as silent as compiled ones."""
    quiet = "ignore" if numba.config.DISABLE_JIT else "warn"
    with np.errstate(over=quiet, divide=quiet, invalid=quiet):
        yield
