"""Gene sets in GMT: a set per line, its name, a description, its genes, separated by tabs."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from crossmap.errors import DataError
from crossmap.io.files import decode_text, read_bytes


@dataclass(frozen=True)
class GeneSets:
    """Named sets of genes.

    Parameters
    ----------
    name
        The file as the user named it.
    sha256
        Of its bytes.
    genes
        Set -> its genes, each once, in the order of the file.
    descriptions
        Set -> its second field.
    """

    name: str
    sha256: str
    genes: Mapping[str, tuple[str, ...]]
    descriptions: Mapping[str, str]


def read_gmt(path: str | Path) -> GeneSets:
    r"""Read gene sets.

    Parameters
    ----------
    path
        Of a GMT file, packed by gzip or not. Empty lines and empty fields are skipped.

    Returns
    -------
    GeneSets

    Raises
    ------
    DataError
        If the file cannot be read, a line has no tab, a set has no name or stands twice, or there
        is no set.

    References
    ----------
    Liberzon et al. (2011) Bioinformatics 27:1739 (MSigDB, whose format it is).

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "sets.gmt"
    >>> _ = file.write_text("mating\tof yeast\tSTE2\tMFA1\n")
    >>> read_gmt(file).genes
    {'mating': ('STE2', 'MFA1')}
    """
    data = read_bytes(path)
    genes: dict[str, tuple[str, ...]] = {}
    descriptions: dict[str, str] = {}
    for number, line in enumerate(decode_text(data, str(path)).splitlines(), start=1):
        if not line.strip():
            continue
        fields = [field.strip() for field in line.split("\t")]
        if len(fields) < 2 or not fields[0]:
            raise DataError.at(
                path, line=number, expected="a set: its name, a description, genes, with tabs",
                found=repr(line[:40]),
            )  # fmt: skip
        if fields[0] in genes:
            raise DataError.at(
                path, line=number, expected="each set once", found=f"{fields[0]!r} again"
            )
        genes[fields[0]] = tuple(dict.fromkeys(field for field in fields[2:] if field))
        descriptions[fields[0]] = fields[1]
    if not genes:
        raise DataError.at(path, expected="gene sets, one per line", found="none")
    return GeneSets(str(path), hashlib.sha256(data).hexdigest(), genes, descriptions)
