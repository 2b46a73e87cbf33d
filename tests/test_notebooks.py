"""The notebooks run from top to bottom, and are kept without outputs."""

import ast
import json
import re

import pytest
from processes import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def cells(file, kind):
    content = json.loads(file.read_text(encoding="utf-8"))
    return [c for c in content["cells"] if c["cell_type"] == kind]


def source(cell):
    return "".join(cell["source"])


def test_they_are_numbered_from_one():
    numbers = [int(file.name[:2]) for file in NOTEBOOKS]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) >= 6


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda f: f.stem)
def test_outputs_are_stripped_and_the_reader_is_told_what_to_see(file):
    for cell in cells(file, "code"):
        assert cell["outputs"] == []
        assert cell["execution_count"] is None
    text = "\n".join(map(source, cells(file, "markdown")))
    assert text.startswith(f"# {int(file.name[:2])}. ")
    assert "**You should see**" in text


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda f: f.stem)
def test_logic_belongs_in_the_package(file):
    """Short cells, and no definitions but a line or two for a picture."""
    for cell in cells(file, "code"):
        tree = ast.parse(source(cell))
        assert len(source(cell).splitlines()) <= 30
        for node in ast.walk(tree):
            assert not isinstance(node, ast.ClassDef)
            if isinstance(node, ast.FunctionDef):
                assert len(node.body) <= 3


def test_students_of_the_teaching_lab_share_no_cross():
    text = "".join(map(source, cells(NOTEBOOKS[5], "code")))
    seed = re.search(r"\bseed=([^,)]*)", text)[1]
    seeds = [eval(seed, {"SEED": student, "k": k}) for student in range(50) for k in (1, 2, 3)]
    assert len(set(seeds)) == 150


@pytest.mark.slow
@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda f: f.stem)
def test_every_cell_runs(file, tmp_path, monkeypatch):
    """As `.ci/run` does, with the extra ``notebooks`` installed."""
    run(file, tmp_path, monkeypatch)


@pytest.mark.slow
def test_the_fourth_runs_on_the_shipped_cross_without_the_yeast_data(tmp_path, monkeypatch):
    monkeypatch.delenv("CROSSMAP_SHARED", raising=False)
    said = run(NOTEBOOKS[3], tmp_path, monkeypatch)
    assert "the shipped, simulated cross" in said[0]
    assert any("Matrix eQTL's tables are not here" in text for text in said)


def run(file, folder, monkeypatch):
    """What a notebook says in numbers."""
    nbclient = pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    monkeypatch.setenv("PYTHONWARNINGS", "ignore")
    notebook = nbformat.read(file, as_version=4)
    client = nbclient.NotebookClient(
        notebook, timeout=240, kernel_name="python3", resources={"metadata": {"path": folder}}
    )
    client.execute()
    said = [
        output["data"]["text/markdown"]
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if "text/markdown" in output.get("data", {})
    ]
    assert any(character.isdigit() for text in said for character in text)
    return said
