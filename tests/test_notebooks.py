"""The notebooks run from top to bottom, and are kept without outputs."""

import ast
import json
import re

import pytest
from processes import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))

N = r"\*\*(-?[\d.,]+?)%?\*\*"

# What each promises under "You should see", as sentences with numbers and what must hold of these.
SEEN = {
    1: [
        (f"shows {N} crossovers .* expect {N}", lambda had, due: abs(had / due - 1) < 0.1),
        (f"traits have more than {N} of their variance", lambda share: 10 < share < 90),
        (f"mean {N} with .* and {N} with", lambda one, other: abs(one - other) > 1),
    ],
    2: [
        (f"5% threshold is a LOD of {N}, not the ([\\d.]+)", lambda all_, one: all_ > 2 * one),
        (f"tests gave {N} .* would give about {N}", lambda found, chance: found > 10 * chance),
    ],
    3: [
        (f"is {N} as measured, still {N} .* and {N} after", lambda gap, within, over_all:
            gap == within > 1.5 * over_all),
        (f"{N} of the traits have a first locus and {N}", lambda first, second: first > second > 5),
        (f"{N} traits are called; {N} of these", lambda n, false: n > 100 and false < 15),
    ],
    4: [
        (r"search made ([\d,]+) tests, the exhaustive one ([\d,]+)", lambda few, all_:
            50 * few < all_),
        (f"FDR of 1%: sequential {N}, exhaustive {N}", lambda one, two: one > 0.95 * two),
        (f"the joint method {N}, two best peaks {N}", lambda joint, peaks: joint > 1.5 * peaks),
    ],
    5: [
        (f"Of {N} linkages of called traits {N} are local", lambda n, local: n > 2 * local > 20),
        (f"both thresholds: {N}.*simulated with one: {N}", lambda found, true: found >= true > 0),
        (f"to explain {N} of the variance, corrected {N}", lambda seen, real: real < seen),
        (f"about {N} of the variance is found half", lambda share: 5 < share < 30),
    ],
    6: [
        (r"model A\. .* 10% (\d+) traits? were called", lambda called: called < 5),
        (r"model C\. .* 10% (\d+) traits were called; ([\d.]+) were expected .* wrong, (\d+) was",
            lambda called, expected, wrong: called > 30 and wrong < expected + 10),
    ],
    7: [
        (f"realised rate of (\\d+) scenarios ranges from {N} to {N}", lambda n, least, most:
            n > 20 and least < 10 and most < 20),
        (f"mean probability of ([\\d.]+), {N} are true", lambda said, true:
            abs(100 * said - true) < 4),
    ],
}  # fmt: skip


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
    """As `.ci/run` does, with the extra ``notebooks`` installed; and shows what it promises."""
    said = "\n".join(run(file, tmp_path, monkeypatch))
    for pattern, holds in SEEN[int(file.name[:2])]:
        found = re.search(pattern, said)
        assert found, f"{pattern} in {said}"
        numbers = [float(number.replace(",", "")) for number in found.groups()]
        assert holds(*numbers), found[0]


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
