"""A small cross as files, in every format that is read; each test spoils one of them."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from crossmap.io.plain import read_plain
from crossmap.io.read import read_cross

SAMPLES = [f"s{i}" for i in range(1, 9)]
HEADER = "\t".join(SAMPLES)

PLAIN = {
    "genotypes": f"marker\t{HEADER}\n"
    "m1\t1\t2\t1\t2\t1\t2\t1\t2\n"
    "m2\t1\t1\t2\t2\t1\t1\t2\t2\n"
    "m3\t2\t2\t2\t2\t1\t1\t1\t1\n",
    "markers": "marker\tchr\tpos_bp\nm1\t1\t100\nm2\t1\t250.5\nm3\t2\t100\n",
    "traits": f"trait\t{HEADER}\nt1\t1\t2\t3\t4\t5\t6\t7\t8\nt2\t0.1\t-2e-3\tNA\t4\t5\t6\t7\t8.5\n",
    "trait_positions": "trait\tchr\tstart_bp\tend_bp\nt1\t1\t90\t120\nt2\t2\t700\t400\n",
}

RQTL2 = {
    "cross.yaml": """\
description: a small cross
crosstype: riself
geno: geno.csv
gmap: gmap.csv
pmap: pmap.csv
pheno: pheno.csv
phenocovar: phenocovar.csv
covar: covar.csv
genotypes:
  L: 1
  C: 2
na.strings: ['-', 'NA']
""",
    "geno.csv": "id,m1,m2,m3\n" + "".join(f"s{i},{'LC'[i % 2]},C,L\n" for i in range(1, 9)),
    "gmap.csv": "marker,chr,pos\nm1,1,0.0\nm2,1,12.5\nm3,2,4.0\n",
    "pmap.csv": "marker,chr,pos\nm1,1,0.0001\nm2,1,0.0002505\nm3,2,0.0001\n",
    "pheno.csv": "id,t1,t2\n" + "".join(f"s{i},{i},{i / 10}\n" for i in range(1, 9)),
    "phenocovar.csv": "pheno,chr,start_bp,end_bp\nt1,1,90,120\nt2,2,700,400\n",
    "covar.csv": "id,batch,age\n" + "".join(f"s{i},b{i % 2},{i}\n" for i in range(1, 9)),
}


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
