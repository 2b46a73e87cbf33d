"""The package's own source files, as syntax trees."""

import ast
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "crossmap"


def modules():
    """Module name -> path of its file."""
    found = {}
    for file in sorted(PACKAGE.rglob("*.py")):
        parts = file.relative_to(PACKAGE.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return found


def tree(file):
    return ast.parse(file.read_text(encoding="utf-8"), filename=str(file))


def imported(file, known):
    """Names a file imports anywhere in it; `known` modules of the package by their full name."""
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in known else node.module
