"""Print, for pip, the oldest release of everything that pyproject.toml asks for.

python .ci/floors.py > floors.txt && pip install --constraint floors.txt ".[test]"
"""

import re
import sys
import tomllib
from itertools import chain
from pathlib import Path

FLOOR = re.compile(r"([A-Za-z0-9._-]+)\s*>=\s*([0-9][0-9.]*)")


def floors(project):
    """Lines such as ``numpy==2.0`` of the dependencies and of every extra."""
    pinned = {}
    extras = project["optional-dependencies"].values()
    for requirement in chain(project["dependencies"], *extras):
        match = FLOOR.fullmatch(requirement.strip())
        if match is None:
            sys.exit(f"pyproject.toml: expected NAME>=FLOOR, found {requirement!r}")
        name, floor = match.groups()
        if pinned.setdefault(name.lower(), floor) != floor:
            sys.exit(f"pyproject.toml: expected one floor of {name}, found {floor} and another")
    return [f"{name}=={floor}" for name, floor in sorted(pinned.items())]


if __name__ == "__main__":
    pyproject = Path(__file__).resolve().parents[1] / "pyproject.toml"
    found = floors(tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"])
    sys.stdout.write("\n".join(found) + "\n")
