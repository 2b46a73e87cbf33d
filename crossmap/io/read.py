"""One door for every format: `read_cross`."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TypedDict

from crossmap.arguments import did_you_mean
from crossmap.cross import Cross
from crossmap.errors import DataError
from crossmap.io import matrixeqtl
from crossmap.io.bed import QTLTOOLS_FILE, TENSORQTL_FILE
from crossmap.io.codes import require_crosstype
from crossmap.io.files import refuse_url
from crossmap.io.matrixeqtl import read_matrixeqtl
from crossmap.io.plain import read_plain
from crossmap.io.plink import GENOTYPE_FILE
from crossmap.io.rdata import read_rdata
from crossmap.io.rqtl import RQTL_FILE, read_rqtl
from crossmap.io.rqtl2 import CONTROL_NAME, read_rqtl2
from crossmap.io.tensorqtl import COVARIATE_FILE

_log = logging.getLogger(__name__)

_CONTROL = (".yaml", ".yml", ".json", ".zip")
_RDATA = (".rda", ".rdata")
_TABLES = (".tsv", ".txt", ".bed", ".parquet", ".bim", ".fam")
_EXPECTED = (
    "an R/qtl2 control file (.yaml, .yml, .json), a .zip of one, R/qtl's .csv, an .rda file, or a "
    "folder"
)


def read_cross(
    path: str | Path,
    *,
    crosstype: str | None = None,
    codes: Mapping[str, str] | None = None,
    lenient: bool = False,
) -> Cross:
    r"""Read a cross from any file or folder that holds a whole one.

    Parameters
    ----------
    path
        An R/qtl2 control file (``.yaml``, ``.yml``, ``.json``) or a ``.zip`` file with one and its
        tables; R/qtl's ``.csv`` (csv or csvr, plain or ``.gz``); an ``.rda`` file with the yeast
        cross of the R package trigger; or a folder, as ``crossmap convert`` writes it, of R/qtl2
        (``cross.yaml``), R/qtl (``cross.csv``), Matrix eQTL (``SNP.txt`` and others) or tensorQTL
        (``genotypes.bed`` and ``phenotypes.bed``).
    crosstype
        One of `crossmap.cross.CROSSTYPES`, if the file does not name it or is to be overruled.
    codes
        Text of a genotype cell -> name of the genotype, classes in order, if the file does not say
        or is to be overruled. A code named NA is read as missing.
    lenient
        Read genotype cells without a code as missing and leave out positions that are no numbers,
        with a warning; else they are errors.

    Returns
    -------
    Cross

    Warns
    -----
    CrossmapWarning
        For markers out of order, positions that can hardly be in their unit, names that look alike
        but were dropped, and keys of a control file that crossmap does not know.

    Raises
    ------
    CrossmapError
        If a library is not installed that the format needs.
    ArgumentError
        For a cross type or codes that are unknown, do not fit, or are needed.
    DataError
        For whatever is wrong with a file, naming file, line and column.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> header = "id," + ",".join(f"s{i}" for i in range(8))
    >>> _ = (folder / "geno.csv").write_text(header + "\nm1,A,B,A,B,A,B,A,B")
    >>> _ = (folder / "pheno.csv").write_text(header + "\ngrowth,1,2,3,4,5,6,7,8")
    >>> _ = (folder / "gmap.csv").write_text("marker,chr,pos\nm1,1,10.5")
    >>> _ = (folder / "cross.yaml").write_text(
    ...     "{crosstype: haploid, geno: geno.csv, pheno: pheno.csv, gmap: gmap.csv,"
    ...     " geno_transposed: true, pheno_transposed: true, genotypes: {A: 1, B: 2}}")
    >>> read_cross(folder).markers["pos_cm"].tolist()
    [10.5]
    """
    refuse_url(path)
    cross = _read(path, {"crosstype": crosstype, "codes": codes, "lenient": lenient})
    _log.info(
        "read %s: %d samples, %d markers, %d traits from %d files",
        path, cross.n_samples, cross.n_markers, cross.n_traits, len(cross.report.files),
    )  # fmt: skip
    for reason, names in cross.report.dropped.items():
        _log.info("left out, %s: %d", reason, len(names))
    return cross


class _Options(TypedDict):
    """What every reader is told."""

    crosstype: str | None
    codes: Mapping[str, str] | None
    lenient: bool


def _read(path: str | Path, options: _Options) -> Cross:
    place = Path(path)
    if place.is_dir():
        return _read_folder(place, options)
    if not place.exists():
        raise DataError.at(path, expected="a file or folder", found=_none_of_this_name(place))
    suffix = place.suffix.lower()
    if suffix == ".gz":
        suffix = Path(place.stem).suffix.lower()
    if suffix in _CONTROL:
        return read_rqtl2(path, **options)
    if suffix == ".csv":
        return read_rqtl(path, **options)
    if suffix in _RDATA:
        return read_rdata(path, **options)
    found = f"a file that ends in {place.suffix!r}" if suffix else "a file without an ending"
    if suffix in _TABLES:
        found += " (crossmap convert takes such tables by --genotypes, --markers and --traits)"
    raise DataError.at(path, expected=_EXPECTED, found=found)


def _none_of_this_name(place: Path) -> str:
    """What is there instead of a file or folder that is not."""
    try:
        beside = sorted(other.name for other in place.parent.iterdir())
    except OSError:  # nor is the folder, or it may not be listed
        beside = []
    return f"none of this name{did_you_mean(place.name, beside)}"


def _read_folder(folder: Path, options: _Options) -> Cross:
    def there(*names: str) -> list[Path]:
        return [folder / name for name in names if (folder / name).is_file()]

    if there(CONTROL_NAME):
        return read_rqtl2(folder / CONTROL_NAME, **options)
    if len(there(matrixeqtl.GENOTYPE_FILE, matrixeqtl.TRAIT_FILE, matrixeqtl.MARKER_FILE)) == 3:
        return read_matrixeqtl(
            folder / matrixeqtl.GENOTYPE_FILE,
            traits=folder / matrixeqtl.TRAIT_FILE,
            markers=folder / matrixeqtl.MARKER_FILE,
            trait_positions=next(iter(there(matrixeqtl.PLACE_FILE)), None),
            covariates=next(iter(there(matrixeqtl.COVARIATE_FILE)), None),
            **options,
        )
    if there(RQTL_FILE):
        return read_rqtl(folder / RQTL_FILE, **options)
    phenotypes = there(QTLTOOLS_FILE, TENSORQTL_FILE)
    if phenotypes and there(GENOTYPE_FILE):
        kind = require_crosstype(options["crosstype"], format="PLINK and BED files")
        return read_plain(
            genotypes=folder / GENOTYPE_FILE,
            traits=phenotypes[0],
            covariates=next(iter(there(COVARIATE_FILE)), None),
            crosstype=kind,
            codes=options["codes"],
            lenient=options["lenient"],
        )
    raise DataError.at(
        folder,
        expected=f"a folder that holds {CONTROL_NAME}, {RQTL_FILE}, {matrixeqtl.GENOTYPE_FILE} or "
        f"{GENOTYPE_FILE} and what belongs to it",
        found="none",
    )
