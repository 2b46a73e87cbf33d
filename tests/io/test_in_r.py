"""What R makes of the files written for it. Skipped where Rscript, or R/qtl in it, is absent."""

import json
import shutil
import subprocess

import numpy as np
import pandas as pd
import pytest

from crossmap.cross import make_cross
from crossmap.io.matrixeqtl import write_matrixeqtl
from crossmap.io.rqtl import write_rqtl

RSCRIPT = shutil.which("Rscript")
SAMPLES = [f"r{i}" for i in range(9)]

pytestmark = pytest.mark.skipif(RSCRIPT is None, reason="Rscript is not here")

# read.cross as a user would call it; genotypes come back as their numbers in R/qtl.
READ_CROSS = r"""
arguments <- commandArgs(trailingOnly = TRUE)
cross <- qtl::read.cross("csv", arguments[1], "cross.csv",
                         genotypes = strsplit(arguments[2], ",")[[1]], crosstype = arguments[3])
genotypes <- qtl::pull.geno(cross)
cat("RESULT", class(cross)[1], qtl::nind(cross), qtl::totmar(cross), qtl::nphe(cross), "\n")
cat("MARKERS", paste(colnames(genotypes), collapse = "\t"), "\n", sep = "\t")
cat("POSITIONS", format(unlist(qtl::pull.map(cross)), digits = 15), "\n", sep = "\t")
cat("GENOTYPES", ifelse(is.na(t(genotypes)), 0, t(genotypes)), "\n", sep = "\t")
cat("TRAIT", format(cross$pheno[[2]], digits = 17), "\n", sep = "\t")
cat("IDS", as.character(cross$pheno$id), "\n", sep = "\t")
"""

# SlicedData's conventions: the last ncol labels of the header are the samples, the first column
# names the rows, NA is missing; here in base R, as Matrix eQTL is not packaged everywhere.
READ_SLICED = r"""
for (file in commandArgs(trailingOnly = TRUE)) {
  lines <- strsplit(readLines(file), "\t", fixed = TRUE)
  values <- do.call(rbind, lapply(lines[-1], function(cells)
    as.numeric(ifelse(cells[-1] == "NA", NA, cells[-1]))))
  labels <- tail(lines[[1]], ncol(values))
  cat("SLICED", paste(labels, collapse = " "), "\n", sep = "\t")
  cat("ROWS", sapply(lines[-1], `[`, 1), "\n", sep = "\t")
  cat("VALUES", format(t(values), digits = 17), "\n", sep = "\t")
}
"""


def r(script, *arguments):
    """Run R; lines of tab-separated results by their first word."""
    done = subprocess.run(
        [RSCRIPT, "--vanilla", "-e", script, *map(str, arguments)],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    if "there is no package called" in done.stderr:
        pytest.skip("R/qtl is not here")
    assert done.returncode == 0, done.stderr
    lines = [line.strip().split("\t") for line in done.stdout.splitlines()]
    return [(line[0], [cell.strip() for cell in line[1:]]) for line in lines]


def cross_of(crosstype, names, **changes):
    rng = np.random.default_rng(7)
    genotypes = rng.integers(-1, len(names), size=(6, 9))
    options = {
        "crosstype": crosstype,
        "genotype_names": names,
        "samples": SAMPLES,
        "markers": pd.DataFrame(
            {
                "marker": ["m 1", "m,2", "#3", "m4", "5", "x'6"],
                "chr": ["1", "1", "1", "2", "2", "X"],
                "pos_cm": [0.1, 1 / 3, 70.25, 0.0, 5.0, 1.0],
            }
        ),
        "genotypes": genotypes,
        "trait_names": ["b c", "a"],
        "traits": np.vstack([rng.normal(size=9), np.full(9, np.nan)]),
        "covariates": pd.DataFrame({"sex": ["female"] * 9}, index=SAMPLES),
    }
    return make_cross(**{**options, **changes})


@pytest.mark.parametrize(
    ("crosstype", "names", "codes"),
    [
        ("dh", ("AA", "BB"), "A,B"),
        ("haploid", ("A", "B"), "A,B"),
        ("riself", ("AA", "BB"), "A,B"),
        ("risib", ("AA", "BB"), "A,B"),
        ("bc", ("AA", "AB"), "A,H,B"),
        ("f2", ("AA", "AB", "BB"), "A,H,B"),
    ],
)
def test_rqtl_reads_our_csv(tmp_path, crosstype, names, codes):
    cross = cross_of(crosstype, names)
    if crosstype in ("f2", "risib"):  # on their X R/qtl recodes by sex and direction
        cross = cross.subset(markers=[m for m in cross.markers["marker"] if m != "x'6"])
    write_rqtl(cross, tmp_path)
    found = dict(r(READ_CROSS, tmp_path, codes, crosstype))
    n_phenotypes = 4  # two traits, sex, id
    summary = next(line for line in found if line.startswith("RESULT"))
    assert summary.split()[1:] == [
        crosstype, str(cross.n_samples), str(cross.n_markers), str(n_phenotypes),
    ]  # fmt: skip
    assert found["MARKERS"] == cross.markers["marker"].tolist()
    np.testing.assert_allclose(
        np.array(found["POSITIONS"], dtype=float), cross.markers["pos_cm"], rtol=1e-14
    )
    calls = np.array(found["GENOTYPES"], dtype=int).reshape(cross.genotypes.shape[::-1])
    # R/qtl numbers genotypes from 1; cat() walked through t(genotypes) marker by marker.
    np.testing.assert_array_equal(calls, cross.genotypes.T + 1)
    np.testing.assert_allclose(np.array(found["TRAIT"], dtype=float), cross.traits[1], rtol=1e-14)
    assert found["IDS"] == SAMPLES


def test_matrix_eqtl_reads_our_tables(tmp_path):
    markers = pd.DataFrame(
        {"marker": ["m 1", "m,2", "#3", "m4", "5", "6"], "chr": "1", "pos_bp": np.arange(6.0)}
    )
    cross = cross_of("f2", ("AA", "AB", "BB"), markers=markers, covariates=None)
    write_matrixeqtl(cross, tmp_path)
    lines = r(READ_SLICED, tmp_path / "SNP.txt", tmp_path / "GE.txt")
    assert [cells for kind, cells in lines if kind == "SLICED"] == [[" ".join(SAMPLES)]] * 2
    rows = [cells for kind, cells in lines if kind == "ROWS"]
    assert rows == [cross.markers["marker"].tolist(), list(cross.trait_names)]
    values = [
        np.array([cell.replace("NA", "nan") for cell in cells], dtype=float)
        for kind, cells in lines
        if kind == "VALUES"
    ]
    calls = np.where(cross.genotypes < 0, np.nan, cross.genotypes)
    np.testing.assert_array_equal(values[0].reshape(calls.shape), calls)
    np.testing.assert_allclose(values[1].reshape(cross.traits.shape), cross.traits, rtol=1e-15)


def test_convert_names_the_call_that_reads_its_csv(tmp_path):
    """The line that convert prints is R code that runs."""
    from click.testing import CliRunner

    from crossmap.cli.convert import command
    from crossmap.io.rqtl2 import write_rqtl2

    write_rqtl2(cross_of("dh", ("AA", "BB")), tmp_path / "cross")
    out = tmp_path / "peer"
    done = CliRunner().invoke(
        command, [str(tmp_path / "cross"), "--to", "rqtl-csv", "--out", str(out)]
    )
    assert done.exit_code == 0, done.output
    text = " ".join(done.output.split())
    call = text[text.index("read.cross(") :].removesuffix(".")
    lines = r(f"library(qtl); x <- {call}; cat('N\\t', nind(x), '\\n', sep = '')")
    assert dict(lines)["N"] == ["9"]
    assert json.loads((out / "summary.json").read_text())["n_samples"] == 9
