"""Result folders: whole or not at all, one run at a time, nobody else's files touched."""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from crossmap.errors import OutputError
from crossmap.io.folder import result_folder
from crossmap.io.results import Provenance

RUN = Provenance("test")


def make(out, content="new", provenance=RUN, stop=None):
    with result_folder(out, provenance) as folder:
        (folder / "table.tsv").write_text(content)
        if stop is not None:
            raise stop


def tree(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_the_folder_appears_at_the_end_with_its_manifest_and_nothing_beside_it(tmp_path):
    out = tmp_path / "out"
    with result_folder(out, RUN) as folder:
        (folder / "table.tsv").write_text("x")
        assert not out.exists()
        assert folder.parent == tmp_path
        assert folder.name.startswith(".")
    assert tree(tmp_path) == ["out", "out/manifest.json", "out/table.tsv"]
    assert json.loads((out / "manifest.json").read_text())["command"] == "test"


def test_missing_parents_are_made_and_taken_away_again_on_an_error(tmp_path):
    out = tmp_path / "a" / "b" / "out"
    with pytest.raises(ZeroDivisionError):
        make(out, stop=ZeroDivisionError)
    assert tree(tmp_path) == []
    make(out)
    assert (out / "table.tsv").exists()


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_an_error_or_interrupt_leaves_the_old_results_as_they_were(tmp_path, error):
    out = tmp_path / "out"
    make(out, "old")
    before = {name: (out / name).read_bytes() for name in ("table.tsv", "manifest.json")}
    with pytest.raises(error):
        make(out, "half", stop=error)
    assert {name: (out / name).read_bytes() for name in before} == before
    assert tree(tmp_path) == ["out", "out/manifest.json", "out/table.tsv"]


def test_finished_results_are_replaced_whole(tmp_path):
    out = tmp_path / "out"
    make(out, "old")
    (out / "stale.tsv").write_text("from an older version")
    make(out, "new")
    assert tree(tmp_path) == ["out", "out/manifest.json", "out/table.tsv"]
    assert (out / "table.tsv").read_text() == "new"


def test_an_interrupt_between_the_two_renames_brings_the_old_results_back(tmp_path, monkeypatch):
    out = tmp_path / "out"
    make(out, "old")
    rename = Path.rename

    def interrupted(self, target):
        if self.name.endswith(".partial"):
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        make(out, "new")
    assert (out / "table.tsv").read_text() == "old"
    assert tree(tmp_path) == ["out", "out/manifest.json", "out/table.tsv"]


def test_an_empty_folder_is_taken(tmp_path):
    (tmp_path / "out").mkdir()
    make(tmp_path / "out")
    assert (tmp_path / "out" / "table.tsv").exists()


@pytest.mark.parametrize(
    "manifest", [None, "", "[]", '{"program": "another"}', "{", '"crossmap"', "\xff"]
)
def test_a_foreign_folder_is_refused_and_untouched(tmp_path, manifest):
    out = tmp_path / "out"
    out.mkdir()
    (out / "a_thesis.txt").write_text("years of work")
    if manifest is not None:
        (out / "manifest.json").write_text(manifest, encoding="latin-1")
    before = tree(tmp_path)
    with pytest.raises(OutputError, match=r"out: expected .*, found a folder that holds 'a_thesis"):
        make(out)
    assert tree(tmp_path) == before


@pytest.mark.parametrize("command", ["convert", "fill", "simulate"])
def test_a_cross_is_replaced_by_a_cross_only(tmp_path, command):
    out = tmp_path / "out"
    make(out, "calls", Provenance(command))
    message = f"out: expected .*, found a cross that crossmap {command} made.*choose another folder"
    with pytest.raises(OutputError, match=message):
        make(out, "results", Provenance("hotspots"))
    assert tree(tmp_path) == ["out", "out/manifest.json", "out/table.tsv"]
    assert (out / "table.tsv").read_text() == "calls"
    make(out, "other calls", Provenance("fill"))
    assert (out / "table.tsv").read_text() == "other calls"


def test_a_folder_that_became_foreign_meanwhile_is_refused(tmp_path):
    out = tmp_path / "out"
    block = result_folder(out, RUN)
    block.__enter__()
    out.mkdir()
    (out / "thesis.txt").write_text("years of work")
    with pytest.raises(OutputError, match=r"holds 'thesis\.txt'"):
        block.__exit__(None, None, None)
    assert tree(tmp_path) == ["out", "out/thesis.txt"]


def test_a_file_is_refused(tmp_path):
    (tmp_path / "out").write_text("keep")
    with pytest.raises(OutputError, match=r"out: expected .*, found a file"):
        make(tmp_path / "out")
    assert (tmp_path / "out").read_text() == "keep"
    with pytest.raises(OutputError, match="out: expected to be able to write, found: File exists"):
        make(tmp_path / "out" / "deeper")


def test_the_current_folder_is_refused(tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    for out in (".", "..", ""):
        with pytest.raises(OutputError, match="found the folder you are in"):
            make(out)


def test_the_folder_of_an_input_is_refused_even_if_crossmap_made_it(tmp_path):
    cross = tmp_path / "cross"
    make(cross)
    run = Provenance("joint", files={str(cross / "cross.yaml"): "00"})
    with pytest.raises(OutputError, match=r"found the folder of the input .*cross\.yaml"):
        make(cross, provenance=run)
    assert (cross / "table.tsv").exists()
    make(tmp_path / "elsewhere", provenance=run)


def test_a_link_to_a_folder_stays_a_link(tmp_path):
    make(tmp_path / "real", "old")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    make(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "table.tsv").read_text() == "new"


def test_a_folder_in_use_is_refused(tmp_path):
    out = tmp_path / "out"
    busy = r"out: expected a folder that is not in use, found another run writing to it"
    with result_folder(out, RUN) as folder:
        (folder / "table.tsv").write_text("first")
        with pytest.raises(OutputError, match=busy):
            make(out, "second")
        refused = in_another_process(tmp_path, "with result_folder('out', RUN): pass")
        assert refused.returncode == 1
        assert "not in use" in refused.stderr
        make(tmp_path / "other")  # another folder beside it is free
    assert (out / "table.tsv").read_text() == "first"
    make(out, "second")
    assert (out / "table.tsv").read_text() == "second"


def in_another_process(cwd, code):
    script = f"""
        import os
        from crossmap.io.folder import result_folder
        from crossmap.io.results import Provenance
        RUN = Provenance("test")
        {code}
    """
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
        capture_output=True,
        text=True,
        timeout=60,
    )


KILLED = """with result_folder("out", RUN) as folder:
            (folder / "half.tsv").write_text("half")
            os._exit(9)"""


def test_the_lock_dies_with_its_process_and_its_litter_is_cleared(tmp_path):
    make(tmp_path / "out", "old")
    killed = in_another_process(tmp_path, KILLED)
    assert killed.returncode == 9
    assert (tmp_path / "out" / "table.tsv").read_text() == "old"
    assert ".out.partial" in tree(tmp_path)  # what the next run has to clear
    make(tmp_path / "out", "new")
    assert tree(tmp_path) == ["out", "out/manifest.json", "out/table.tsv"]


def test_results_moved_aside_by_a_killed_run_come_back(tmp_path):
    make(tmp_path / "out", "old")
    (tmp_path / "out").rename(tmp_path / ".out.old")
    with pytest.raises(ZeroDivisionError):
        make(tmp_path / "out", stop=ZeroDivisionError)
    assert tree(tmp_path) == ["out", "out/manifest.json", "out/table.tsv"]
    assert (tmp_path / "out" / "table.tsv").read_text() == "old"


def test_a_place_where_no_file_can_be_made_is_not_called_in_use(monkeypatch, tmp_path):
    def denied(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "touch", denied)
    with (
        pytest.raises(OutputError, match="expected to be able to write, found: Permission denied"),
        result_folder(tmp_path / "out", RUN),
    ):
        pass
