"""R/qtl: csv, csvr, csvs, csvsr and tidy read, csv written.

Files are told apart by how many there are and which way they lie. What R/qtl guesses is asked for
or refused here: the cross type must be named, and positions must be there.
"""

import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import pandas as pd

from crossmap.arguments import require_one_of
from crossmap.cross import Cross
from crossmap.errors import CrossmapWarning, DataError
from crossmap.io.align import UNPLACED, Tables, align_tables
from crossmap.io.cells import (
    MISSING,
    cell_text,
    is_number,
    number_column,
    shown,
    typed_columns,
)
from crossmap.io.codes import (
    RQTL_CODES,
    RQTL_DOMINANT,
    GenotypeCodes,
    genotype_codes,
    require_crosstype,
    settle_x,
)
from crossmap.io.delimited import check_names, delimited, warn_of_loss, write_files
from crossmap.io.faults import Faults
from crossmap.io.grid import Grid
from crossmap.io.labels import labelled
from crossmap.io.rqtl_map import has_map_row, map_of, map_of_order
from crossmap.io.sex import MALE, known_sex
from crossmap.io.text import TextTable

PositionUnit = Literal["cm", "mbp", "bp"]

_BP_PER_UNIT = {"mbp": 1e6, "bp": 1.0}
RQTL_FILE = "cross.csv"
_ID = "id"
_COVARIATES = frozenset({"sex", "pgm"})
_MISSING = frozenset({"", *MISSING})
_LAYOUT = (
    "R/qtl's csv (names; blank under phenotypes, then chromosomes; blank, then positions) or csvr, "
    "its transpose"
)


def read_rqtl(
    genotypes: str | Path,
    *,
    traits: str | Path | None = None,
    markers: str | Path | None = None,
    crosstype: str | None = None,
    codes: Mapping[str, str] | None = None,
    covariates: Sequence[str] = (),
    position_unit: PositionUnit = "cm",
    lenient: bool = False,
) -> Cross:
    r"""Read a cross in one of R/qtl's text formats.

    Parameters
    ----------
    genotypes
        Alone: csv or csvr, phenotypes and genotypes in one file. With `traits`: the genotypes of
        csvs or csvsr. With `markers` too: those of tidy, one row per marker.
    traits
        The phenotypes of csvs, csvsr or tidy.
    markers
        The map of tidy: marker, chromosome, position.
    crosstype
        One of `crossmap.cross.CROSSTYPES`; the files do not name it and it is never guessed.
    codes
        Text of a genotype cell -> name of the genotype, classes in order; None for those of R/qtl
        (`crossmap.io.codes.RQTL_CODES`): A and B, A and H, or A, H, B, D (not BB) and C (not AA).
    covariates
        Phenotypes to read as covariates. Besides them, sex and pgm are read so, and phenotypes
        without any number.
    position_unit
        Of the positions: ``cm``, or, where somebody wrote physical ones, ``mbp`` or ``bp``.
    lenient
        Read genotype cells without a code as missing and leave out positions that are no numbers,
        with a warning.

    Returns
    -------
    Cross
        Individuals are named by the phenotype ``id``, else ind1, ind2, ... with leading zeros.

    Warns
    -----
    CrossmapWarning
        As `crossmap.io.align.align_tables`. If csv or csvr has no row of positions: markers then
        stand 5 cM apart in the order of the file, as in R/qtl.

    Raises
    ------
    ArgumentError
        For a cross type that is unknown or not named, codes that do not fit it, an unknown unit.
    DataError
        For whatever is wrong with a file, naming file, line and column.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "cross.csv"
    >>> rows = [f"{i}.5,s{i},{'AB'[i % 2]},{'BA'[i % 2]}" for i in range(1, 9)]
    >>> _ = file.write_text("\n".join(["growth,id,m1,m2", ",,1,1", ",,0,18.4", *rows]))
    >>> cross = read_rqtl(file, crosstype="riself")
    >>> cross.genotype_names, cross.genotypes[0].tolist(), cross.markers["pos_cm"].tolist()
    (('AA', 'BB'), [1, 0, 1, 0, 1, 0, 1, 0], [0.0, 18.4])
    """
    kind = require_crosstype(crosstype, format="R/qtl's files")
    require_one_of("position_unit", position_unit, get_args(PositionUnit))
    spelled = _codes(kind, codes)
    faults = Faults(lenient=lenient)
    if markers is not None and traits is not None:
        found = _read_tidy(genotypes, traits, markers, spelled, faults)
    else:
        found = _read_grids(genotypes, traits, spelled, faults)
    phenotypes = found.phenotypes
    chromosomes = dict(zip(found.markers["marker"], found.markers["chr"], strict=True))
    calls, notes_of_x = settle_x(
        found.genotypes,
        spelled,
        chromosomes=chromosomes,
        sex=known_sex(phenotypes, crosstype=kind),
        error=found.call_error,
        faults=faults,
    )
    is_covariate = [
        name in covariates or name.casefold() in _COVARIATES or _is_text(phenotypes[name])
        for name in phenotypes.columns
    ]
    trait_names = [
        name for name, no in zip(phenotypes.columns, is_covariate, strict=True) if not no
    ]
    covariate_names = [name for name in phenotypes.columns if name not in trait_names]
    values = [number_column(phenotypes, name, error=found.error) for name in trait_names]
    if not trait_names:
        raise DataError.at(found.trait_file, expected="a phenotype of numbers", found="none")
    notes = [*found.notes, *notes_of_x]
    if covariate_names:
        notes.append(f"phenotypes read as covariates: {', '.join(covariate_names)}")
    return align_tables(
        Tables(
            crosstype=kind,
            genotype_names=spelled.names,
            genotypes=calls,
            markers=_in_unit(found.markers, position_unit if found.has_map else "cm"),
            traits=labelled(np.array(values), trait_names, list(phenotypes.index)),
            trait_positions=None,
            covariates=typed_columns(phenotypes[covariate_names], error=found.error)
            if covariate_names
            else None,
            files=found.files,
            genotype_file=str(genotypes),
            map_file=str(genotypes if markers is None else markers),
            trait_file=found.trait_file,
            notes=tuple(notes),
            faults=faults,
        )
    )


def _codes(kind: str, codes: Mapping[str, str] | None) -> GenotypeCodes:
    if codes is not None:
        return genotype_codes(codes, crosstype=kind)
    if kind == "f2":
        return genotype_codes({**RQTL_CODES[kind], **RQTL_DOMINANT}, crosstype=kind)
    usual = genotype_codes(RQTL_CODES[kind], crosstype=kind)
    if kind == "bc":
        return replace(usual, classes={**usual.classes, "B": 2})
    return usual


@dataclass(frozen=True)
class _Found:
    """What the files hold.

    `genotypes` is int8, markers x individuals; `markers` has columns marker, chr, pos;
    `phenotypes` is text, individuals x phenotypes. `call_error` and `error` make the error of a
    cell of `genotypes` and of `phenotypes`.
    """

    genotypes: pd.DataFrame
    markers: pd.DataFrame
    phenotypes: pd.DataFrame
    call_error: Callable[..., DataError]
    error: Callable[..., DataError]
    files: Mapping[str, str]
    trait_file: str
    notes: tuple[str, ...] = ()
    has_map: bool = True


def _read_grids(
    genotypes: str | Path, traits: str | Path | None, spelled: GenotypeCodes, faults: Faults
) -> _Found:
    """csv, csvr, csvs, csvsr: one or two files, either way round."""
    grid = _upright(Grid.read(genotypes))
    n_leading = _count_leading_blanks(grid)
    has_map = has_map_row(grid, n_leading, {*spelled.classes, *_MISSING})
    first_row = 3 if has_map else 2
    if len(grid.cells) == first_row:
        raise DataError.at(grid.name, expected="individuals below the map", found="none")
    of_markers, of_individuals = slice(n_leading, None), slice(first_row, None)
    names = grid.names(0, of_markers, what="marker")
    calls = grid.genotypes(of_individuals, of_markers, spelled, missing=_MISSING, faults=faults)
    notes = []
    if traits is None:
        phenotypes, id_name = _phenotypes(grid, n_leading, first_row=first_row)
        if id_name is None:
            last = phenotypes.frame.index[-1]
            notes = [f"individuals have no {_ID} and are named by their order, up to {last}"]
        individuals = list(phenotypes.frame.index)
    else:
        other = Grid.read(traits)
        other = other.turned() if grid.is_turned else other.headed()
        phenotypes, id_name = _phenotypes(
            other, other.cells.shape[1], first_row=1, id_name=grid.cells[0, 0]
        )
        individuals = grid.turned().names(0, of_individuals, what="individual")

    def call_error(
        marker: str, individual: str, *, expected: str, found: str, hint: str
    ) -> DataError:
        row, column = first_row + individuals.index(individual), n_leading + names.index(marker)
        return grid.error(row, column, expected=expected, found=shown(found) + hint)

    return _Found(
        genotypes=labelled(calls.T, names, individuals),
        markers=map_of(grid, of_markers, names, faults)
        if has_map
        else map_of_order(grid, of_markers, names),
        has_map=has_map,
        phenotypes=phenotypes.frame,
        call_error=call_error,
        error=phenotypes.error,
        files={grid.name: grid.sha256, phenotypes.grid.name: phenotypes.grid.sha256},
        trait_file=phenotypes.grid.name,
        notes=tuple(notes),
    )


@dataclass(frozen=True)
class _Phenotypes:
    """A table of text, individuals x phenotypes, and where it stands."""

    grid: Grid
    frame: pd.DataFrame
    first_row: int

    def error(self, individual: str, column: str, *, expected: str, found: object) -> DataError:
        row = self.first_row + list(self.frame.index).index(individual)
        return self.grid.cell_error(row, column, expected=expected, found=found)


def _phenotypes(
    grid: Grid, n_phenotypes: int, *, first_row: int, id_name: str | None = None
) -> tuple[_Phenotypes, str | None]:
    """The phenotypes of a file, and which of them names the individuals.

    `id_name` must be among them if it is given; else ``id`` may.
    """
    headed = grid.names(0, slice(0, n_phenotypes), what="phenotype")
    rows = slice(first_row, None)
    if id_name is not None and id_name not in headed:
        expected = f"a phenotype {shown(id_name)}, as the file of genotypes names individuals"
        raise grid.error(0, 0, expected=expected, found=shown(", ".join(headed)))
    if id_name is None:
        id_name = next((name for name in headed if name.casefold() == _ID), None)
    if id_name is not None:
        individuals = grid.turned().names(headed.index(id_name), rows, what="individual")
    else:
        n = len(grid.cells) - first_row
        individuals = [f"ind{i:0{len(str(n))}d}" for i in range(1, n + 1)]
    columns = [i for i, name in enumerate(headed) if name != id_name]
    frame = grid.frame(rows, columns, index=individuals, missing=_MISSING)
    return _Phenotypes(grid, frame, first_row), id_name


def _upright(grid: Grid) -> Grid:
    """The grid with individuals as rows; csvr lies the other way."""
    n_rows, n_columns = grid.cells.shape
    if n_columns > 1 and not grid.cells[0, 1]:
        return grid.turned()
    if n_rows > 1 and not grid.cells[1, 0]:
        return grid.headed()
    found = shown(grid.cells[1, 0]) if n_rows > 1 else "one row"
    raise grid.error(
        min(1, n_rows - 1), 0, expected=_LAYOUT,
        found=f"{found} (plain tables are named one by one: genotypes, markers, traits)",
    )  # fmt: skip


def _count_leading_blanks(grid: Grid) -> int:
    """Number of phenotypes: the columns without a chromosome, all of them before the markers."""
    chromosomes = grid.cells[1].tolist()
    n_phenotypes = next((i for i, name in enumerate(chromosomes) if name), len(chromosomes))
    if n_phenotypes == len(chromosomes):
        raise grid.error(1, 0, expected="chromosomes of the markers", found="none")
    for column, name in enumerate(chromosomes[n_phenotypes:], start=n_phenotypes):
        if not name:
            raise grid.error(1, column, expected="a chromosome", found="''")
    return n_phenotypes


def _read_tidy(
    genotypes: str | Path,
    traits: str | Path,
    markers: str | Path,
    spelled: GenotypeCodes,
    faults: Faults,
) -> _Found:
    tables = [TextTable.read(path, delimiter=",") for path in (genotypes, traits, markers)]
    genotype_table, trait_table, map_table = tables
    frame = map_table.strings()
    if frame.shape[1] < 2:
        raise DataError.at(
            map_table.name, expected="columns marker, chr and pos", found="fewer columns"
        )
    chromosome, position = frame.columns[:2]
    places = pd.DataFrame(
        {"marker": frame.index, "chr": frame[chromosome].to_numpy()}, dtype=object
    )
    phenotypes = trait_table.strings()

    def error(individual: str, phenotype: str, *, expected: str, found: object) -> DataError:
        return trait_table.error(phenotype, individual, expected=expected, found=found)

    return _Found(
        genotypes=genotype_table.genotypes(spelled, faults=faults),
        markers=places.assign(
            pos=number_column(
                frame, position, error=map_table.error, faults=faults, remedy=UNPLACED
            )
        ),
        phenotypes=phenotypes.T,
        call_error=genotype_table.error,
        error=error,
        files={table.name: table.sha256 for table in tables},
        trait_file=trait_table.name,
    )


def _is_text(cells: pd.Series) -> bool:
    """Whether a column holds something, but no number at all."""
    known = cells.dropna().tolist()
    return bool(known) and not any(map(is_number, known))


def _in_unit(markers: pd.DataFrame, unit: PositionUnit) -> pd.DataFrame:
    position = markers["pos"].to_numpy(dtype=np.float64)
    unknown = np.full(len(markers), np.nan)
    places = markers[["marker", "chr"]]
    if unit == "cm":
        return places.assign(pos_bp=unknown, pos_cm=position)
    return places.assign(pos_bp=np.round(position * _BP_PER_UNIT[unit], 1), pos_cm=unknown)


def write_rqtl(cross: Cross, folder: str | Path) -> Path:
    r"""Write a cross as R/qtl's csv, with the codes that R/qtl knows: A, H, B, D, C and NA.

    Parameters
    ----------
    cross
        Any cross. Traits, then covariates, then ``id`` are the phenotypes.
    folder
        Where ``cross.csv`` is written; made if it is not there.

    Returns
    -------
    pathlib.Path
        The file. `read_rqtl` gives the cross back if it is told the names of the genotypes and
        which phenotypes are covariates.

    Warns
    -----
    CrossmapWarning
        If there is something that the format cannot hold: places of traits, measurements of the
        parents, base pairs beside centimorgans; and if positions are known in base pairs alone,
        which are written as megabases.

    Raises
    ------
    DataError
        For names that no table can hold, and phenotypes of one name.
    OutputError
        If the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from crossmap.cross import make_cross
    >>> cross = make_cross(
    ...     crosstype="dh", genotype_names=("AA", "BB"), samples=list("abcdefgh"),
    ...     markers=pd.DataFrame({"marker": ["m1"], "chr": ["1"], "pos_cm": [12.5]}),
    ...     genotypes=np.array([[0, 1] * 4]), trait_names=["growth"],
    ...     traits=np.arange(8.0)[None, :])
    >>> file = write_rqtl(cross, tempfile.mkdtemp())
    >>> file.read_text().splitlines()[:4]
    ['growth,id,m1', ',,1', ',,12.5', '0,a,A']
    """
    phenotypes = [*cross.trait_names, *map(str, cross.covariates.columns), _ID]
    check_names(
        {
            "sample": cross.samples,
            "marker": cross.markers["marker"],
            "chromosome": cross.markers["chr"],
            "phenotype": phenotypes,
        },
        never_missing=("sample", "chromosome"),
    )
    spellings = Counter(_ID if name.casefold() == _ID else name for name in phenotypes)
    twice = next((name for name, n in spellings.items() if n > 1), None)
    if twice is not None:
        msg = f"phenotypes: expected traits, covariates and {_ID} named apart, found two {twice!r}"
        raise DataError(msg)
    position, lost = _written_positions(cross)
    if cross.trait_table["chr"].notna().any():
        lost.append("places of traits")
    if len(cross.parents):
        lost.append("measurements of the parents")
    warn_of_loss(lost, format="R/qtl's csv")
    covariates = [map(cell_text, cross.covariates[name].tolist()) for name in cross.covariates]
    columns = [*(map(cell_text, row) for row in cross.traits.tolist()), *covariates, cross.samples]
    blank = [""] * len(phenotypes)
    lines = [
        [*phenotypes, *cross.markers["marker"]],
        [*blank, *cross.markers["chr"]],
        [*blank, *map(cell_text, position.tolist())],
        *map(_joined, zip(*columns, strict=True), _written_calls(cross).tolist()),
    ]
    write_files(folder, {RQTL_FILE: delimited(lines, for_r=True)})
    return Path(folder) / RQTL_FILE


def _written_calls(cross: Cross) -> np.ndarray:
    """Codes, samples x markers; males of a backcross have B on X where they carry it."""
    spelled = np.array([*RQTL_CODES[cross.crosstype], "NA"], dtype=object)  # -1 takes the last
    texts = spelled[cross.genotypes.T]
    if cross.ruled_out is not None:
        not_last, not_first = RQTL_DOMINANT
        texts[cross.ruled_out.T == 0] = not_first
        texts[cross.ruled_out.T > 0] = not_last
    sex = next((c for c in cross.covariates if str(c).casefold() == "sex"), None)
    if cross.crosstype == "bc" and sex is not None:
        is_male = np.array([cell_text(s).casefold() in MALE for s in cross.covariates[sex]])
        is_x = np.array([name.upper() == "X" for name in cross.markers["chr"]])
        texts[np.ix_(is_male, is_x)] = np.where(
            texts[np.ix_(is_male, is_x)] == "H", "B", texts[np.ix_(is_male, is_x)]
        )
    return texts


def _joined(phenotypes: tuple[str, ...], genotypes: list[str]) -> list[str]:
    return [*phenotypes, *genotypes]


def _written_positions(cross: Cross) -> tuple[np.ndarray, list[str]]:
    """The row of positions, and what it leaves out."""
    markers = cross.markers
    if markers["pos_cm"].notna().all():
        lost = ["base pairs of markers"] if markers["pos_bp"].notna().any() else []
        return markers["pos_cm"].to_numpy(), lost
    warnings.warn(
        "no genetic map: positions were written in megabases, where R/qtl expects centimorgans",
        CrossmapWarning,
        stacklevel=3,
    )
    return markers["pos_bp"].to_numpy() / _BP_PER_UNIT["mbp"], []
