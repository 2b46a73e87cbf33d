"""What a docstring says of a function is what the function does: arguments, Returns, Raises."""

import ast
import re

import pytest
from sources import modules, tree

SECTION = re.compile(r"^(\w[\w ]*)\n-{3,}$", re.MULTILINE)
# "name" or "a, b" alone on its line, or before " : " there or after a semicolon.
ENTRY = re.compile(r"(?:^|; )((?:\*{0,2}\w+, )*\*{0,2}\w+)(?: :(?= |$)|$)", re.MULTILINE)


def sections(docstring):
    """Heading -> text of a numpydoc docstring."""
    parts = SECTION.split(docstring)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def documented(text):
    """Names of the entries of a Parameters section, in order."""
    lines = [line for line in text.splitlines() if line and not line.startswith(" ")]
    names = []
    for line in lines:
        for found in ENTRY.findall(line):
            names += [name.strip("*") for name in found.split(", ")]
    return names


def arguments(function):
    a = function.args
    ordered = [*a.posonlyargs, *a.args, a.vararg, *a.kwonlyargs, a.kwarg]
    return [argument.arg for argument in ordered if argument is not None]


def own_nodes(function):
    """Nodes of a function's body without those of functions and classes inside it."""
    waiting = list(function.body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            waiting += ast.iter_child_nodes(node)


def functions():
    for module, file in modules().items():
        for node in tree(file).body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                commands = any("click" in ast.dump(d) for d in node.decorator_list)
                if not commands:  # what click prints as help is no numpydoc
                    yield pytest.param(node, module, id=f"{module}.{node.name}")


FUNCTIONS = list(functions())


@pytest.mark.parametrize(("function", "module"), FUNCTIONS)
def test_docstring_matches_the_function(function, module):
    docstring = ast.get_docstring(function)
    assert docstring, "no docstring"
    summary = docstring.splitlines()[0]
    assert summary.endswith("."), f"the first line is no sentence: {summary}"
    parts = sections(docstring)
    names, expected = documented(parts.get("Parameters", "")), arguments(function)
    if module.startswith("crossmap.kernels."):  # arrays of one kind are explained together
        names, expected = sorted(names), sorted(expected)
    assert names == expected
    nodes = list(own_nodes(function))
    returns = any(isinstance(n, ast.Return) and n.value is not None for n in nodes)
    yields = any(isinstance(n, ast.Yield | ast.YieldFrom) for n in nodes)
    if expected:  # of a function without arguments the summary can say it all
        assert ("Returns" in parts) == (returns and not yields)
        assert ("Yields" in parts) == yields
    raised = [n for n in nodes if isinstance(n, ast.Raise) and n.exc is not None]
    if raised:
        assert "Raises" in parts
    if "Examples" in parts:
        assert ">>>" in parts["Examples"]


def test_public_classes_and_their_methods_have_docstrings():
    for module, file in modules().items():
        for cls in tree(file).body:
            if not isinstance(cls, ast.ClassDef) or cls.name.startswith("_"):
                continue
            assert ast.get_docstring(cls), f"{module}.{cls.name}"
            for method in cls.body:
                if isinstance(method, ast.FunctionDef) and not method.name.startswith("_"):
                    assert ast.get_docstring(method), f"{module}.{cls.name}.{method.name}"


def test_fields_of_public_dataclasses_are_documented():
    n_checked = 0
    for module, file in modules().items():
        for cls in tree(file).body:
            if not isinstance(cls, ast.ClassDef) or cls.name.startswith("_"):
                continue
            if not any("dataclass" in ast.dump(d) for d in cls.decorator_list):
                continue
            fields = [
                node.target.id
                for node in cls.body
                if isinstance(node, ast.AnnAssign) and not node.target.id.startswith("_")
            ]
            parts = sections(ast.get_docstring(cls) or "")
            named = documented(parts.get("Parameters", ""))
            assert sorted(named) == sorted(fields), f"{module}.{cls.name}"
            n_checked += 1
    assert n_checked > 10


def test_the_reader_of_docstrings_reads():
    text = (
        "Add.\n\nParameters\n----------\na, b : int. One; c : str. Two.\n    More.\nd\n    Last.\n"
    )
    assert documented(sections(text)["Parameters"]) == ["a", "b", "c", "d"]
