"""Every reader with small sound files of its format, for tests that spoil them."""

import gzip
import importlib.util
import io
import json
import lzma
import warnings
import zipfile
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass

import pandas as pd
import yaml
from rda import rda_bytes
from small_files import PLAIN, RQTL2, SAMPLES

from crossmap.cli.program import run
from crossmap.cross import Cross
from crossmap.errors import ArgumentError, CrossmapWarning, DataError
from crossmap.io.gmt import GeneSets, read_gmt
from crossmap.io.layouts import read_results
from crossmap.io.matrixeqtl import read_matrixeqtl
from crossmap.io.plain import read_plain
from crossmap.io.plink import write_plink
from crossmap.io.read import read_cross
from crossmap.io.rqtl import read_rqtl
from crossmap.scoring import Scores, score

VALUES = [f"{i}.5" for i in range(8)]
CSV = [
    ["t1", "id", "batch", "m1", "m2", "m3"],
    ["", "", "", "1", "1", "X"],
    ["", "", "", "0", "12.5", "3"],
    *([f"{i}.5", s, f"b{i % 2}", "AB"[i % 2], "B-"[i % 2], "A"] for i, s in enumerate(SAMPLES)),
]
HAPLOID = {"crosstype": "haploid", "codes": {"1": "A", "2": "B"}}
COUNTED = {"crosstype": "haploid", "codes": {"0": "A", "1": "B"}}
CALLS = [[1.0, 2.0] * 4, [1.0] * 4 + [2.0] * 4]


def sheet(rows, delimiter=","):
    return "".join(delimiter.join(row) + "\n" for row in rows).encode()


def turned(rows):
    return list(map(list, zip(*rows, strict=True)))


def as_bytes(tables):
    return {name: text.encode() for name, text in tables.items()}


def zipped(files, method=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def parquet(columns):
    buffer = io.BytesIO()
    pd.DataFrame(columns).to_parquet(buffer)
    return buffer.getvalue()


RQTL2_FILES = as_bytes(RQTL2)
JSON_CONTROL = json.dumps(yaml.load(RQTL2["cross.yaml"], yaml.BaseLoader)).encode()
PLAIN_FILES = {f"{name}.tsv": text.encode() for name, text in PLAIN.items()}
MATRIXEQTL = {
    "SNP.txt": sheet([["id", *SAMPLES], ["m1", *"01010101"], ["m2", *"0011001", "NA"]], "\t"),
    "GE.txt": sheet([SAMPLES, ["t1", *VALUES]], "\t"),
    "snpsloc.txt": b"snp\tchr\tpos\nm1\t1\t100\nm2\t1\t200.5\n",
    "geneloc.txt": b"gene\tchr\tleft\tright\nt1\t1\t90\t120\n",
    "Covariates.txt": sheet([["id", *SAMPLES], ["age", *VALUES]], "\t"),
}
BED = sheet(
    [
        ["#chr", "start", "end", "pid", "gid", "strand", *SAMPLES],
        ["1", "90", "120", "t1", "t1", "-", *VALUES],
        ["2", "90", "120", "t2", "t2", "+", *VALUES],
    ],
    "\t",
)
BED_PARQUET = parquet(
    {"#chr": ["1"], "start": [90], "end": [120], "phenotype_id": ["t1"]}
    | {sample: [1.5] for sample in SAMPLES}
)
RDA = rda_bytes(
    "yeast",
    {
        "marker": (CALLS, ([*"ab"], SAMPLES)),
        "exp": ([[float(v) for v in VALUES]], (["t1"], SAMPLES)),
        "marker.pos": [[1.0, 100.0], [1.0, 250.5]],
        "exp.pos": {"chr": [1.0], "start": [90.0], "end": [120.0], "row.names": ["t1"]},
    },
)
TIDY = {
    "g.csv": sheet([["", *SAMPLES], ["m1", *"ABABABAB"], ["m2", *"AABBAAB-"]]),
    "p.csv": sheet([["", *SAMPLES], ["t1", *VALUES], ["sex", *"01010101"]]),
    "m.csv": b",chr,pos\nm1,1,0\nm2,1,12.5\n",
}
CSVS = {
    "g.csv": sheet([["id", *CSV[0][3:]], *(["", *row[3:]] for row in CSV[1:3]),
                    *([row[1], *row[3:]] for row in CSV[3:])]),
    "p.csv": sheet([row[:3] for row in (CSV[0], *CSV[3:])]),
}  # fmt: skip
CSVSR = {
    name: sheet(turned([line.split(",") for line in data.decode().splitlines()]))
    for name, data in CSVS.items()
}


def plain_tables(folder, ending=".tsv"):
    return read_plain(**{name: folder / f"{name}{ending}" for name in PLAIN}, **HAPLOID)


TRUTH = sheet(
    [
        [
            "trait",
            "n_loci",
            "locus",
            "chr",
            "pos_bp",
            "pos_cm",
            "role",
            "kind",
            "effect",
            "interaction_effect",
            "variance_share",
        ],
        ["t1", "2", "1", "1", "100", "12.5", "primary", "full", "1.5", "0.5", "0.25"],
        ["t1", "2", "2", "2", "900", "3", "secondary", "full", "-2e-3", "NA", "0.125"],
        ["t2", "0", "0", "NA", "NA", "NA", "NA", "none", "NA", "NA", "NA"],
    ],
    "\t",
)
CLAIMS = sheet(
    [["trait", "chr", "pos_cm", "q_value"], ["t1", "1", "12", "0.01"], ["t2", "2", "3", "0.5"]],
    "\t",
)
GENE_SETS = b"mating\tof yeast\tSTE2\tMFA1\ncell wall\t\tFLO1\tt1\n"
FOUND = sheet(
    [["SNP", "gene", "beta", "t-stat", "p-value", "FDR"], ["m1", "t1", "1.5", "4", "1e-8", "1e-6"]],
    "\t",
)
PAIRS = {"variant_id": ["m1"], "phenotype_id": ["t1"], "pval": [1e-8], "b": [1.5], "b_se": [0.25]}
OPTIONS = b"lenient: true\ncheck:\n  crosstype: riself\n  codes: {L: L, C: C}\n"


def asked_for(folder):
    """`crossmap check` with the options that a file names."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        status = run(["check", str(folder), "--config", str(folder / "options.yaml")])
    said = err.getvalue()
    assert "Traceback" not in said
    if status == 3 and out.getvalue():  # read, and told what is wrong with the cross
        raise DataError(out.getvalue().splitlines()[0])
    if status:
        assert said.count("rror: ") == 1, said
        raise {2: ArgumentError, 3: DataError}[status](said.strip().splitlines()[-1])
    return out.getvalue()


@dataclass
class Reader:
    """Sound files, those of them that are spoilt (all if none is named), and how to read them."""

    files: dict
    read: object
    spoilt: tuple = ()
    gives: type = Cross
    statuses: tuple = (3,)


READERS = {
    "plain": Reader(PLAIN_FILES, plain_tables),
    "plain, packed after": Reader(
        {f"{name}.gz": data for name, data in PLAIN_FILES.items()},
        lambda folder: plain_tables(folder, ".tsv.gz"),
    ),
    "plain, packed before": Reader(
        {**PLAIN_FILES, "traits.tsv": gzip.compress(PLAIN_FILES["traits.tsv"], mtime=0)},
        plain_tables,
        ("traits.tsv",),
    ),
    "rqtl2 control file": Reader(RQTL2_FILES, read_cross, ("cross.yaml",)),
    "rqtl2 json": Reader(
        {**RQTL2_FILES, "cross.json": JSON_CONTROL},
        lambda folder: read_cross(folder / "cross.json"),
        ("cross.json",),
    ),
    "rqtl2 tables": Reader(
        RQTL2_FILES, read_cross, tuple(name for name in RQTL2_FILES if name.endswith("csv"))
    ),
    "rqtl2 zip": Reader(
        {"cross.zip": zipped(RQTL2_FILES)}, lambda folder: read_cross(folder / "cross.zip")
    ),
    "rqtl2 zip, stored": Reader(
        {"cross.zip": zipped(RQTL2_FILES, zipfile.ZIP_STORED)},
        lambda folder: read_cross(folder / "cross.zip"),
    ),
    "rqtl csv": Reader(
        {"cross.csv": sheet(CSV)}, lambda folder: read_cross(folder / "cross.csv", crosstype="f2")
    ),
    "rqtl csvr": Reader(
        {"cross.csv": sheet(turned(CSV))},
        lambda folder: read_cross(folder / "cross.csv", crosstype="dh"),
    ),
    "rqtl csvs": Reader(
        CSVS, lambda folder: read_rqtl(folder / "g.csv", traits=folder / "p.csv", crosstype="dh")
    ),
    "rqtl csvsr": Reader(
        CSVSR, lambda folder: read_rqtl(folder / "g.csv", traits=folder / "p.csv", crosstype="dh")
    ),
    "rqtl tidy": Reader(
        TIDY,
        lambda folder: read_rqtl(
            folder / "g.csv", traits=folder / "p.csv", markers=folder / "m.csv", crosstype="dh"
        ),
    ),
    "matrix eqtl": Reader(
        MATRIXEQTL,
        lambda folder: read_matrixeqtl(
            folder / "SNP.txt", traits=folder / "GE.txt", markers=folder / "snpsloc.txt",
            trait_positions=folder / "geneloc.txt", covariates=folder / "Covariates.txt",
            **COUNTED,
        ),
    ),
    "bed": Reader(
        {**PLAIN_FILES, "p.bed": BED},
        lambda folder: read_plain(
            genotypes=folder / "genotypes.tsv", markers=folder / "markers.tsv",
            traits=folder / "p.bed", **HAPLOID,
        ),
        ("p.bed",),
    ),
    "bed parquet": Reader(
        {**PLAIN_FILES, "p.bed.parquet": BED_PARQUET},
        lambda folder: read_plain(
            genotypes=folder / "genotypes.tsv", markers=folder / "markers.tsv",
            traits=folder / "p.bed.parquet", **HAPLOID,
        ),
        ("p.bed.parquet",),
    ),
    "rda": Reader(
        {"yeast.rda": RDA}, lambda folder: read_cross(folder / "yeast.rda", **HAPLOID)
    ),
    "rda, packed": Reader(
        {"yeast.rda": lzma.compress(RDA)},
        lambda folder: read_cross(folder / "yeast.rda", **HAPLOID),
    ),
    "plink": Reader(
        {},
        lambda folder: read_plain(
            genotypes=folder / "genotypes.bed", traits=folder / "traits.tsv", crosstype="haploid"
        ),
        ("genotypes.bed", "genotypes.bim", "genotypes.fam"),
    ),
    "claims and truth": Reader(
        {"claims.tsv": CLAIMS, "truth.tsv": TRUTH},
        lambda folder: score(folder / "claims.tsv", folder / "truth.tsv"), gives=Scores,
    ),
    "claims parquet": Reader(
        {"claims.parquet": parquet({"trait": ["t1"], "chr": ["1"], "pos_cm": [12.0]}),
         "truth.tsv": TRUTH},
        lambda folder: score(folder / "claims.parquet", folder / "truth.tsv"),
        ("claims.parquet",), gives=Scores,
    ),
    "gene sets": Reader(
        {"sets.gmt": GENE_SETS}, lambda folder: read_gmt(folder / "sets.gmt"), gives=GeneSets
    ),
    "matrix eqtl results": Reader(
        {"found.txt": FOUND},
        lambda folder: read_results(folder / "found.txt", layout="matrixeqtl"),
        gives=pd.DataFrame,
    ),
    "tensorqtl results parquet": Reader(
        {"pairs.parquet": parquet(PAIRS)},
        lambda folder: read_results(folder / "pairs.parquet", layout="tensorqtl"),
        gives=pd.DataFrame,
    ),
    "options": Reader(
        {**RQTL2_FILES, "options.yaml": OPTIONS}, asked_for, ("options.yaml",), gives=str,
        statuses=(2, 3),
    ),
}  # fmt: skip
NEEDS = {"rda": "rdata", "rda, packed": "rdata", "plink": "bed_reader"}


def lay_files(name, folder):
    """Write the sound files of a reader into a folder, and return the reader and those files.

    None where a library that the reader needs is not here.
    """
    library = NEEDS.get(name)
    if library and importlib.util.find_spec(library) is None:
        return None
    reader = READERS[name]
    files = dict(reader.files)
    if name == "plink":
        for stem, data in PLAIN_FILES.items():
            (folder / stem).write_bytes(data)
        write_plink(plain_tables(folder), folder)
        files = {stem: (folder / stem).read_bytes() for stem in (*reader.spoilt, "traits.tsv")}
    for stem, data in files.items():
        (folder / stem).write_bytes(data)
    if name != "plain, packed after":
        assert_sound(reader, folder)
    return reader, files


def assert_sound(reader, folder):
    """A test that spoils what was never read would prove nothing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CrossmapWarning)
        found = reader.read(folder)
    assert isinstance(found, reader.gives)
    assert not isinstance(found, Cross) or found.n_samples == 8
