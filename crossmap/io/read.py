"""One door for every format: `read_cross`."""

from collections.abc import Mapping
from pathlib import Path

from crossmap.cross import Cross
from crossmap.errors import DataError
from crossmap.io.files import refuse_url
from crossmap.io.rqtl2 import CONTROL_NAME, read_rqtl2

_TABLES = (".csv", ".tsv", ".txt", ".gz", ".rda", ".rdata")


def read_cross(
    path: str | Path,
    *,
    crosstype: str | None = None,
    codes: Mapping[str, str] | None = None,
) -> Cross:
    r"""Read a cross from a control file, a zip file or a folder that holds ``cross.yaml``.

    Parameters
    ----------
    path
        An R/qtl2 control file (``.yaml``, ``.yml``, ``.json``), a ``.zip`` file with one such file
        and its tables, or a folder made by ``crossmap convert``.
    crosstype
        One of `crossmap.cross.CROSSTYPES`, if the file does not name it or is to be overruled.
    codes
        Text of a genotype cell -> name of the genotype, classes in order, if the file does not say
        or is to be overruled.

    Returns
    -------
    Cross

    Warns
    -----
    CrossmapWarning
        For keys of the control file that crossmap does not know, and markers out of order.

    Raises
    ------
    ArgumentError
        For an unknown cross type, or codes that do not fit it.
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
    place = Path(path)
    if place.is_dir():
        control = place / CONTROL_NAME
        if not control.is_file():
            raise DataError.at(path, expected=f"a folder that holds {CONTROL_NAME}", found="none")
        return read_rqtl2(control, crosstype=crosstype, codes=codes)
    suffix = place.suffix.lower()
    if suffix in (".yaml", ".yml", ".json", ".zip"):
        return read_rqtl2(path, crosstype=crosstype, codes=codes)
    found = f"a file that ends in {suffix!r}" if suffix else "a file without an ending"
    if suffix in _TABLES:
        found += " (crossmap convert makes such a folder of plain tables)"
    raise DataError.at(
        path,
        expected="an R/qtl2 control file (.yaml, .yml, .json), a .zip of one, or a folder",
        found=found,
    )
