"""Imports point down the layers, without cycles; kernels stay kernels."""

import ast
from graphlib import TopologicalSorter

import pytest
from sources import imported, modules, tree

# Rooms from the bottom up. A room may import rooms below it and its own modules.
LAYERS = (
    ("errors", "words"),
    ("arguments",),
    ("kernels",),
    ("execution", "genome"),
    ("cross",),
    ("io",),
    ("genotypes", "meiosis"),
    ("trait_model",),
    ("simulate",),
    ("scenarios",),
    ("linkage",),
    ("significance",),
    ("architecture",),
    ("compare", "scoring"),
    ("plots",),
    ("report",),
    ("pipeline",),
    ("cli",),
    ("__main__",),
)
LEVEL = {room: level for level, rooms in enumerate(LAYERS) for room in rooms}
MODULES = modules()
KERNELS = sorted(name for name in MODULES if name.startswith("crossmap.kernels."))
MOST_LINES = 500
MOST_KERNEL_LINES = 80


def room(module):
    return module.split(".")[1]


def own_imports(module):
    """Modules of the package that a module imports, lazily or not (not the bare package)."""
    names = set(imported(MODULES[module], MODULES))
    return {name for name in names if name.startswith("crossmap.")}


def test_every_module_has_a_room_in_the_plan():
    assert len(MODULES) > 30
    unknown = {room(m) for m in MODULES if m != "crossmap"} - set(LEVEL)
    assert not unknown, f"rooms without a layer, give them one: {unknown}"


@pytest.mark.parametrize("module", sorted(set(MODULES) - {"crossmap"}))
def test_imports_point_down_or_stay_in_the_room(module):
    own = LEVEL[room(module)]
    wrong = {
        name
        for name in own_imports(module)
        if room(name) != room(module) and LEVEL[room(name)] >= own
    }
    assert not wrong, f"{module} imports upward or sideways: {sorted(wrong)}"


def test_no_module_imports_itself_by_way_of_others():
    graph = {module: own_imports(module) & set(MODULES) for module in MODULES}
    order = tuple(TopologicalSorter(graph).static_order())  # raises CycleError, which names it
    assert set(order) == set(MODULES)


def test_the_facade_imports_nothing():
    assert not own_imports("crossmap")


@pytest.mark.parametrize("module", KERNELS)
def test_kernels_import_only_numpy_and_each_other(module):
    allowed = {"math", "numpy", "collections.abc"}
    names = set(imported(MODULES[module], MODULES))
    if module == "crossmap.kernels._numba":
        assert "pandas" not in names
        return
    foreign = {n for n in names if n not in allowed and not n.startswith("crossmap.kernels.")}
    assert not foreign, f"{module} imports {foreign}"


def test_only_the_wrapper_says_how_kernels_are_compiled():
    compilers = {"njit", "jit", "vectorize", "guvectorize", "cfunc", "prange", "stencil"}
    for module, file in MODULES.items():
        if module == "crossmap.kernels._numba":
            continue
        for node in ast.walk(tree(file)):
            names = {
                ast.Name: lambda n: n.id,
                ast.Attribute: lambda n: n.attr,
                ast.alias: lambda n: n.name,
            }.get(type(node), lambda n: "")
            assert names(node) not in compilers, f"{module}, line {node.lineno}: {names(node)}"


def test_only_execution_makes_threads():
    for module in set(MODULES) - {"crossmap.execution"}:
        names = set(imported(MODULES[module], MODULES))
        assert not names & {"threading", "multiprocessing", "concurrent.futures"}, module


@pytest.mark.parametrize("module", sorted(MODULES))
def test_files_stay_short_and_are_named_for_what_they_do(module):
    assert len(MODULES[module].read_text(encoding="utf-8").splitlines()) <= MOST_LINES
    assert MODULES[module].stem not in {"utils", "util", "helpers", "misc", "common"}


@pytest.mark.parametrize("module", KERNELS)
def test_functions_of_kernels_stay_short(module):
    text = MODULES[module].read_text(encoding="utf-8").splitlines()
    for node in tree(MODULES[module]).body:
        if isinstance(node, ast.FunctionDef):
            body = node.body[ast.get_docstring(node) is not None :]
            lines = text[body[0].lineno - 1 : node.end_lineno] if body else []
            code = [line for line in lines if line.strip() and not line.strip().startswith("#")]
            assert len(code) <= MOST_KERNEL_LINES, f"{module}.{node.name}: {len(code)} lines"


def test_the_walk_sees_lazy_imports():
    inside_a_function = "import psutil"
    assert f"        {inside_a_function}" in MODULES["crossmap.execution"].read_text("utf-8")
    assert "psutil" in set(imported(MODULES["crossmap.execution"], MODULES))
