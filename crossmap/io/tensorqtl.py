"""A cross for tensorQTL, FastQTL and QTLtools: BED phenotypes, PLINK genotypes, covariates."""

from pathlib import Path

from crossmap.cross import Cross
from crossmap.io.bed import bed_files
from crossmap.io.cells import cell_text
from crossmap.io.delimited import check_names, delimited, warn_of_loss, write_files
from crossmap.io.plink import write_plink

COVARIATE_FILE = "covariates.txt"


def write_bed(cross: Cross, folder: str | Path) -> None:
    """Write a cross as tensorQTL and its kin take it.

    Parameters
    ----------
    cross
        Any cross with positions in base pairs.
    folder
        Where to write: phenotypes.bed (tensorQTL, FastQTL), phenotypes.qtltools.bed (QTLtools, with
        the direction of genes), genotypes.bed, .bim and .fam (PLINK), and covariates.txt if there
        are covariates.

    Warns
    -----
    CrossmapWarning
        If there is something that these formats cannot hold.

    Raises
    ------
    CrossmapError
        If bed-reader, which writes PLINK's files, is not installed.
    DataError
        For names that the formats cannot hold, and without places in base pairs.
    OutputError
        If the files cannot be written.
    """
    texts, lost = bed_files(cross)
    if len(cross.covariates.columns):
        names = list(map(str, cross.covariates.columns))
        check_names({"covariate": names}, bare=True)
        rows = [
            [name, *map(cell_text, cross.covariates[column].tolist())]
            for name, column in zip(names, cross.covariates.columns, strict=True)
        ]
        texts[COVARIATE_FILE] = delimited([["id", *cross.samples], *rows], delimiter="\t")
    if len(cross.parents):
        lost.append("measurements of the parents")
    write_files(folder, {})
    lost += write_plink(cross, folder)
    write_files(folder, texts)
    warn_of_loss(list(dict.fromkeys(lost)), format="BED")
