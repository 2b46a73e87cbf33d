"""The one place that says how kernels are compiled, and where the compiled code is kept.

Kernels are compiled at first use, never at import. Compiled code is cached on disk under a folder
named by a hash of all kernel sources: numba itself looks only at the file of the function it
compiles and would go on using machine code of a callee that has since been edited elsewhere.
"""

import hashlib
import os
import sys
import tempfile
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numba
from numba.core import caching

from crossmap.errors import CrossmapWarning

_HERE = Path(__file__).parent


def kernel(function: Callable) -> Callable:
    """Compile `function` at its first call: nopython, GIL released, cached on disk.

    Parameters
    ----------
    function
        The kernel, in Python.

    Returns
    -------
    callable

    Notes
    -----
    No fastmath: sums must be added in the order that is written, so that the bytes of a result do
    not depend on how a compiler vectorises; and no ``parallel=True``: execution.py makes threads.
    """
    return _compile(function, fastmath=False)


def search_kernel(function: Callable) -> Callable:
    """Compile as `kernel` does, but let a product and a sum round once (fused multiply-add).

    Parameters
    ----------
    function
        The kernel, in Python.

    Returns
    -------
    callable

    Notes
    -----
    For float32 searches alone: their margin covers the rounding whichever way it falls, and float64
    decides afterwards, so that what is reported does not depend on what the compiler fuses. On the
    pair scan it saves 7% (tests/benchmarks/scan2.py).
    """
    return _compile(function, fastmath={"contract"})


def row_kernel(function: Callable) -> Callable:
    """Compile as `search_kernel` does, with the word that no two arguments overlap.

    Parameters
    ----------
    function
        The kernel, in Python: one loop over rows. What it writes must be reachable through one
        argument alone.

    Returns
    -------
    callable

    Notes
    -----
    Else every call begins with a comparison of all addresses, which costs a short loop as much as
    its work. numba has the flag but no word for it; where it does not take ours, the
    kernel is only slower.
    """
    return _compile(function, fastmath={"contract"}, noalias=True)


def _compile(function: Callable, fastmath: bool | set[str], noalias: bool = False) -> Callable:
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": fastmath}
    if noalias and _knows_noalias():
        options["noalias"] = True
    compiled = numba.njit(**options)(function)
    if hasattr(compiled, "_cache"):  # not under NUMBA_DISABLE_JIT
        compiled._cache = _LazyCache(function)
    return compiled


@cache
def _knows_noalias() -> bool:
    """Whether numba takes the option `noalias`; it is given a name there if it has none."""
    try:
        from numba.core.compiler import Flags
        from numba.core.cpu import CPUTargetOptions
        from numba.core.options import TargetOptions

        if not hasattr(Flags, "noalias"):
            return False
        if not hasattr(CPUTargetOptions, "noalias"):
            CPUTargetOptions.noalias = TargetOptions.Mapping("noalias")
    except (ImportError, AttributeError):
        return False
    return True


class _LazyCache(caching.NullCache):
    """Looks for a cache folder only when something is first compiled or loaded."""

    def __init__(self, function: Callable) -> None:
        self._function = function
        self._real: Any = None

    def _cache(self) -> Any:
        if self._real is None:
            folder = cache_folder()
            if folder is None:
                self._real = caching.NullCache()
            else:
                self._real = _FunctionCache(self._function)
        return self._real

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        return self._cache().load_overload(sig, target_context)

    def save_overload(self, sig: Any, data: Any) -> None:
        try:
            self._cache().save_overload(sig, data)
        except OSError as error:  # a full disk or a folder that vanished must not stop a run
            _warn_uncached(str(error))

    @property
    def cache_path(self) -> Any:
        return self._cache().cache_path


class _Locator(caching._CacheLocator):
    """Keeps the code of one function in the folder of `cache_folder`."""

    def __init__(self, py_func: Callable, py_file: str) -> None:
        self._py_func = py_func
        self._py_file = py_file
        self._lineno = py_func.__code__.co_firstlineno

    @classmethod
    def from_function(cls, py_func: Callable, py_file: str) -> "_Locator":
        return cls(py_func, py_file)

    def get_cache_path(self) -> str:
        return str(cache_folder())

    def get_source_stamp(self) -> str:
        return source_hash()

    def get_disambiguator(self) -> str:
        return str(self._lineno)


class _CacheImpl(caching.CompileResultCacheImpl):
    _locator_classes = [_Locator]  # noqa: RUF012 (numba's own attribute)


class _FunctionCache(caching.FunctionCache):
    _impl_class = _CacheImpl


@cache
def source_hash() -> str:
    """Hash of the sources of all kernels, 16 hexadecimal digits."""
    digest = hashlib.sha256()
    for file in sorted(_HERE.glob("*.py")):
        digest.update(file.name.encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


@cache
def cache_folder() -> Path | None:
    """First folder that can be written among the candidates; None (with one warning) if none can.

    ``CROSSMAP_CACHE_DIR``, else ``NUMBA_CACHE_DIR``, else beside the kernels, else the user's
    cache folder.
    """
    candidates = _candidates()
    for candidate in candidates:
        folder = candidate / f"crossmap-{source_hash()}"
        if _can_write(folder):
            return folder
    _warn_uncached("none of " + ", ".join(map(str, candidates)) + " can be written")
    return None


def _candidates() -> list[Path]:
    for variable in ("CROSSMAP_CACHE_DIR", "NUMBA_CACHE_DIR"):
        if os.environ.get(variable):
            return [Path(os.environ[variable])]
    home = os.path.expanduser("~")  # noqa: PTH111 (Path.expanduser raises where there is no home)
    if sys.platform == "win32":
        user = Path(os.environ.get("LOCALAPPDATA", home))
    elif sys.platform == "darwin":
        user = Path(home) / "Library" / "Caches"
    else:
        user = Path(os.environ.get("XDG_CACHE_HOME") or Path(home) / ".cache")
    return [_HERE / "__pycache__", user / "crossmap"]


def _can_write(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


@cache
def _warn_uncached(reason: str) -> None:
    warnings.warn(
        f"compiled kernels are not kept ({reason}); every run compiles them anew, which takes "
        "some 30 s; set CROSSMAP_CACHE_DIR to a folder that can be written",
        CrossmapWarning,
        stacklevel=2,
    )
