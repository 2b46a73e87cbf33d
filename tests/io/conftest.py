"""A small cross as files; each test spoils one of them."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from small_files import PLAIN, RQTL2

from crossmap.io.plain import read_plain
from crossmap.io.read import read_cross


@dataclass
class PlainFiles:
    """Paths of plain tables, as `read_plain` takes them."""

    folder: Path
    options: dict

    def write(self, name, content):
        path = self.folder / f"{name}.tsv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        self.options[name] = path
        return path

    def read(self, **changes):
        return read_plain(**{**self.options, **changes})


@pytest.fixture
def plain(tmp_path):
    files = PlainFiles(tmp_path, {"crosstype": "haploid", "codes": {"1": "A", "2": "B"}})
    for name, content in PLAIN.items():
        files.write(name, content)
    return files


@dataclass
class Rqtl2Folder:
    """A folder with a control file and its tables."""

    path: Path

    def write(self, name, content):
        place = self.path / name
        place.write_bytes(content if isinstance(content, bytes) else content.encode())
        return place

    def text(self, name):
        return (self.path / name).read_text()

    def replace(self, name, old, new):
        text = self.text(name)
        assert old in text
        self.write(name, text.replace(old, new))

    def read(self, **options):
        return read_cross(self.path / "cross.yaml", **options)


@pytest.fixture
def rqtl2(tmp_path):
    folder = Rqtl2Folder(tmp_path)
    for name, content in RQTL2.items():
        folder.write(name, content)
    return folder
