"""R/qtl2: a control file and CSVs, read and written.

What crossmap adds, within the format: positions of genes stand in phenocovar as chr, start_bp,
end_bp; replicates of the parents are individuals without genotypes whose column ``parent`` in
covar names their genotype. Stricter than R/qtl2: codes that are not listed and positions that are
no numbers are errors, unless the reader is told to be lenient.
"""

import hashlib
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from crossmap.cross import CROSSTYPES, NOT_FIRST, NOT_LAST, Cross
from crossmap.errors import CrossmapWarning, DataError
from crossmap.io.align import Tables, align_tables, trait_positions
from crossmap.io.cells import MISSING, cell_text, typed_columns
from crossmap.io.codes import GenotypeCodes, check_crosstype, genotype_codes, settle_x
from crossmap.io.control import Control, open_control
from crossmap.io.delimited import check_names, delimited, write_files
from crossmap.io.faults import Faults
from crossmap.io.sections import Section
from crossmap.io.sex import NEEDED_BY, decoded_covariates, known_sex, sex_sections, written_keys

CONTROL_NAME = "cross.yaml"
PARENT = "parent"
"""Column of covar that names the genotype of a replicated parent."""

_SECTIONS = ("geno", "gmap", "pmap", "pheno", "covar", "phenocovar")
_UNUSED = ("founder_geno", "sex", "cross_info")
_KNOWN = frozenset(
    {
        *_SECTIONS, *_UNUSED, "x_chr", *(f"{s}_transposed" for s in (*_SECTIONS, "founder_geno")),
        "description", "comments", "crosstype", "genotypes", "alleles", "sep", "na.strings",
        "comment.char",
    }
)  # fmt: skip
_DEFAULT_GENOTYPES = {"A": "1", "H": "2", "B": "3", "D": "4", "C": "5"}
_PLACE_COLUMNS = ("chr", "start_bp", "end_bp")
_BP_PER_MBP = 1e6


def read_rqtl2(
    path: str | Path,
    *,
    crosstype: str | None = None,
    codes: Mapping[str, str] | None = None,
    lenient: bool = False,
) -> Cross:
    """Read a cross in the format of R/qtl2.

    Parameters
    ----------
    path
        A control file (.yaml, .yml, .json), or a .zip file with one and its tables.
    crosstype
        Overrules the control file.
    codes
        Text of a genotype cell -> name of the genotype, classes in order; overrules the key
        ``genotypes`` of the control file.
    lenient
        Read genotype cells without a code as missing and leave out positions that are no numbers,
        with a warning, as R/qtl2 does.

    Returns
    -------
    Cross
        Markers that stand in genotypes and in every map given, individuals that have genotypes
        and phenotypes; `Cross.report` names the rest. pmap is in Mbp and is rounded to 0.1 bp.

    Warns
    -----
    CrossmapWarning
        For unknown keys, markers out of map order, and what `crossmap.io.align.align_tables`
        warns of.

    Raises
    ------
    ArgumentError
        For an unknown cross type, or codes that do not fit it.
    DataError
        For whatever is wrong with a file, naming file, line and column.
    """
    control, source, data = open_control(path)
    unknown = sorted(set(control.values) - _KNOWN)
    if unknown:
        warnings.warn(
            f"{control.name}: unknown keys are ignored: {', '.join(unknown)}",
            CrossmapWarning,
            stacklevel=2,
        )
    kind = _crosstype(control, crosstype)
    spelled = _genotypes(control, kind, codes)
    faults = Faults(lenient=lenient)
    sections = {key: Section.open(control, source, key) for key in _SECTIONS if control.has(key)}
    for key in ("geno", "pheno"):
        if key not in sections:
            raise control.error(key=key, expected="the name of a file", found="none")
    markers, half_placed = _markers(sections, control, faults)
    calls = sections["geno"].genotypes(spelled, faults=faults).T
    traits = sections["pheno"].numbers().T
    covariates = parents = places = None
    if "covar" in sections:
        covariates = sections["covar"].strings()
        parents = _parents(sections, covariates, calls.columns, traits, spelled)
        if parents is not None:
            traits = traits.drop(columns=parents.index)
            covariates = covariates.drop(index=parents.index)
            if covariates[PARENT].isna().all():
                covariates = covariates.drop(columns=PARENT)
    of_sex = sex_sections(control, source, crosstype=kind)
    of_covar = sections["covar"].error if "covar" in sections else sections["geno"].error
    covariates, used = decoded_covariates(
        control, covariates, crosstype=kind, error=of_covar, files=of_sex
    )
    genotypes, notes_of_x = settle_x(
        calls,
        spelled,
        chromosomes=_chromosomes(markers, control),
        sex=known_sex(covariates, crosstype=kind),
        error=lambda marker, individual, **what: sections["geno"].error(individual, marker, **what),
        faults=faults,
    )
    if covariates is not None:
        covariates = typed_columns(covariates, error=of_covar)
    if "phenocovar" in sections:
        frame = sections["phenocovar"].strings()
        if set(_PLACE_COLUMNS) <= set(frame.columns):
            places = trait_positions(frame, error=sections["phenocovar"].error, faults=faults)
    notes = [*_notes(control, kind, used), *notes_of_x]
    own_x = control.text("x_chr", "X")
    if kind in NEEDED_BY and own_x.upper() != "X" and (markers["chr"] == own_x).any():
        for table in (markers, places):
            if table is not None:
                table["chr"] = table["chr"].mask(table["chr"] == own_x, "X")
        notes.append(f"chromosome {own_x} is X and is called so")
    opened = [*sections.values(), *of_sex.values()]
    tables = [table for section in opened for table in section.tables]
    return align_tables(
        Tables(
            crosstype=kind,
            genotype_names=spelled.names,
            genotypes=genotypes,
            markers=markers,
            traits=traits,
            trait_positions=places,
            covariates=covariates,
            parents=parents,
            description=control.text("description"),
            files={str(path): hashlib.sha256(data).hexdigest()}
            | {table.name: table.sha256 for table in tables},
            genotype_file=sections["geno"].name,
            map_file=sections["gmap" if "gmap" in sections else "pmap"].name,
            trait_file=sections["pheno"].name,
            dropped_markers={"marker in one map alone": half_placed},
            notes=tuple(notes),
            faults=faults,
        )
    )


def _crosstype(control: Control, named: str | None) -> str:
    if named is not None:
        check_crosstype(named)
        return named
    kind = control.text("crosstype")
    if kind not in CROSSTYPES:
        expected = f"one of {', '.join(CROSSTYPES)}"
        raise control.error(
            key="crosstype", expected=expected, found=repr(kind) if kind else "none"
        )
    return kind


def _genotypes(control: Control, kind: str, codes: Mapping[str, str] | None) -> GenotypeCodes:
    """How the genotypes are spelled."""
    if codes is not None:
        return genotype_codes(codes, crosstype=kind)
    n_classes = CROSSTYPES[kind]
    numbers: dict[str, int] = {}
    for text, number in control.mapping("genotypes", _DEFAULT_GENOTYPES).items():
        if not (number.isascii() and number.isdigit()):
            expected = f"whole numbers, 0 for missing, from 1 for genotypes; {text!r}"
            raise control.error(key="genotypes", expected=expected, found=repr(number))
        numbers[text] = int(number[:9])
    # In a backcross, 3 is the code of males that carry B on their one X; in an F2, 4 and 5 are
    # those of dominant calls.
    highest = {"bc": 3, "f2": 5}.get(kind, n_classes)
    classes = {text: number - 1 for text, number in numbers.items() if number <= highest}
    names = []
    for index, built in enumerate(_built_names(control, kind)):
        spellings = [text for text, number in classes.items() if number == index]
        names.append(spellings[0] if spellings else built)
    if len({*names} - {""}) < n_classes:
        expected = f"a name for each of {n_classes} genotypes"
        raise control.error(key="genotypes", expected=expected, found=names)
    too_high = [f"{text}: {number}" for text, number in numbers.items() if number > highest]
    note = ""
    if too_high:
        note = f" ({kind} has genotypes 1 to {highest}, not {', '.join(too_high)})"
    if highest == 2 and 3 in numbers.values():
        note = (
            f" ({kind} has genotypes 1 and 2, an F2 1 to 3: of {', '.join(too_high)} the second "
            "homozygote should have 2, heterozygotes 0 for missing)"
        )
    return GenotypeCodes(tuple(names), classes, note)


def _built_names(control: Control, kind: str) -> tuple[str, ...]:
    """Names of the genotypes out of the alleles, as R/qtl2 prints them."""
    a, b = [*control.texts("alleles"), "A", "B"][:2] if control.has("alleles") else ("A", "B")
    if kind == "haploid":
        return (a, b)
    return {"bc": (a + a, a + b), "f2": (a + a, a + b, b + b)}.get(kind, (a + a, b + b))


def _markers(
    sections: Mapping[str, Section], control: Control, faults: Faults
) -> tuple[pd.DataFrame, list[str]]:
    """Places of the markers that stand in every map, and the names of the others."""
    maps = {
        key: sections[key].positions(faults=faults) for key in ("gmap", "pmap") if key in sections
    }
    if not maps:
        raise control.error(key="gmap", expected="the name of a file (or pmap)", found="none")
    first = next(iter(maps.values()))
    kept = first
    if len(maps) == 2:
        kept = first[first.index.isin(maps["pmap"].index)]
        chromosomes = maps["pmap"]["chr"].reindex(kept.index)
        for marker, of_gmap, of_pmap in zip(kept.index, kept["chr"], chromosomes, strict=True):
            if of_gmap != of_pmap:
                raise DataError.at(
                    sections["pmap"].name,
                    expected=f"marker {marker} on chromosome {of_gmap} as in the genetic map",
                    found=str(of_pmap),
                )
    markers = pd.DataFrame({"marker": kept.index, "chr": kept["chr"].to_numpy()}, dtype=object)
    for key, column in (("pmap", "pos_bp"), ("gmap", "pos_cm")):
        markers[column] = np.nan
        if key in maps:
            markers[column] = maps[key]["pos"].reindex(kept.index).to_numpy()
    markers["pos_bp"] = np.round(markers["pos_bp"] * _BP_PER_MBP, 1)
    everywhere = set(kept.index)
    return markers, [m for frame in maps.values() for m in frame.index if m not in everywhere]


def _chromosomes(markers: pd.DataFrame, control: Control) -> dict[str, str]:
    """Chromosome of each marker; that of the key x_chr is called X."""
    named = control.text("x_chr", "X")
    return {
        marker: "X" if name == named else str(name)
        for marker, name in zip(markers["marker"], markers["chr"], strict=True)
    }


def _parents(
    sections: Mapping[str, Section],
    covariates: pd.DataFrame,
    genotyped: pd.Index,
    traits: pd.DataFrame,
    codes: GenotypeCodes,
) -> pd.DataFrame | None:
    """Measured individuals without genotypes whose covariate names them a parent's replicate."""
    if PARENT not in covariates:
        return None
    named = covariates[PARENT].dropna()
    of_parent = named[named.index.isin(traits.columns) & ~named.index.isin(genotyped)]
    if of_parent.empty:
        return None
    # By name, or by code where the user names genotypes otherwise than the file.
    names = {text: codes.names[k] for text, k in codes.classes.items() if 0 <= k < len(codes.names)}
    names |= {name: name for name in codes.names}
    for individual, parent in of_parent.items():
        if parent not in names:
            expected = f"a genotype ({', '.join(codes.names)})"
            raise sections["covar"].error(str(individual), PARENT, expected=expected, found=parent)
    if PARENT in traits.index:
        msg = f"{sections['pheno'].name}: expected no phenotype named {PARENT!r}, found one"
        raise DataError(msg)
    replicates = traits[list(of_parent.index)].T
    replicates.insert(0, PARENT, of_parent.map(names).astype(object))
    return replicates


def _notes(control: Control, kind: str, used: frozenset[str]) -> tuple[str, ...]:
    notes = []
    unused = [key for key in _UNUSED if control.has(key) and key not in used]
    if unused:
        notes.append(f"keys of the control file that are not used: {', '.join(unused)}")
    if control.text("crosstype", kind) != kind:
        notes.append(f"crosstype {kind} as named, not {control.text('crosstype')} as in the file")
    return tuple(notes)


def write_rqtl2(cross: Cross, folder: str | Path) -> Path:
    """Write a cross in the format of R/qtl2, so that `read_rqtl2` gives it back exactly.

    Parameters
    ----------
    cross
        Any cross. Markers stand as rows of geno.csv and traits as rows of pheno.csv, which reads
        fastest; genotypes are spelled by their names, but males of a backcross that have the second
        strain's X by that of its homozygote (AB: BB), numbered 3 as in R/qtl2. Of a backcross, an
        F2 or lines by sib mating the key x_chr names the X.
    folder
        Where to write; made if it is not there, files of the same names are replaced. The control
        file ``cross.yaml`` is written last, so that a folder without it is not whole.

    Returns
    -------
    pathlib.Path
        The control file.

    Warns
    -----
    CrossmapWarning
        If positions are known for some markers only, or finer than 0.1 bp: they are not kept.

    Raises
    ------
    DataError
        For names that no table can hold (empty, with space around, a missing value), and for a
        parent's replicate named like a sample.
    OutputError
        If the files cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from crossmap.cross import make_cross
    >>> cross = make_cross(
    ...     crosstype="haploid", genotype_names=("BY", "RM"), samples=list("abcdefgh"),
    ...     markers=pd.DataFrame({"marker": ["m1"], "chr": ["1"], "pos_bp": [10.5]}),
    ...     genotypes=np.array([[0, 1] * 4]), trait_names=["growth"],
    ...     traits=np.arange(8.0)[None, :])
    >>> control = write_rqtl2(cross, tempfile.mkdtemp())
    >>> read_rqtl2(control).markers["pos_bp"].tolist()
    [10.5]
    """
    import yaml

    _check_names(cross)
    files = {
        "geno": _genotype_lines(cross),
        "gmap": _map_lines(cross, "pos_cm"),
        "pmap": _map_lines(cross, "pos_bp"),
        "pheno": _trait_lines(cross),
        "phenocovar": _place_lines(cross),
        "covar": _covariate_lines(cross),
    }
    tables = {key: delimited(lines) for key, lines in files.items() if lines}
    control: dict[str, Any] = {
        "description": cross.description,
        "crosstype": cross.crosstype,
        **{key: f"{key}.csv" for key in tables},
        "geno_transposed": True,
        "pheno_transposed": True,
        "genotypes": {name: i + 1 for i, name in enumerate(cross.genotype_names)},
        "na.strings": list(MISSING),
    }
    if cross.ruled_out is not None:
        dominant = _dominant_spellings(cross)
        control["genotypes"] |= {dominant[2]: NOT_LAST + 1, dominant[0]: NOT_FIRST + 1}
    if _hemizygous(cross).any():
        control["genotypes"][_of_males(cross)] = 3
    x = [name for name in cross.chromosomes if name.upper() == "X"]
    if x and cross.crosstype in NEEDED_BY:  # of others it may be the tenth, in Roman numerals
        control["x_chr"] = x[0]
    if not cross.description:
        del control["description"]
    if "covar" in tables:
        control |= written_keys(cross)
    text = yaml.safe_dump(control, sort_keys=False, allow_unicode=True)
    contents = {f"{key}.csv": content for key, content in tables.items()}
    write_files(folder, {**contents, CONTROL_NAME: text})
    return Path(folder) / CONTROL_NAME


def _check_names(cross: Cross) -> None:
    replicates = list(cross.parents.index)
    check_names(
        {
            "genotype": cross.genotype_names,
            "sample": cross.samples,
            "marker": cross.markers["marker"],
            "chromosome": cross.markers["chr"],
            "trait": cross.trait_names,
            "parent": replicates,
            "covariate": cross.covariates.columns,
        },
        never_missing=("genotype", "chromosome"),
    )
    both = sorted(set(replicates) & set(cross.samples))
    if both:
        msg = f"parents: expected replicates named unlike samples, found {both[0]!r}"
        raise DataError(msg)
    if replicates and PARENT in cross.covariates:
        msg = f"covariates: expected none named {PARENT!r} beside measured parents, found one"
        raise DataError(msg)


def _genotype_lines(cross: Cross) -> list[Sequence[str]]:
    # Class -1, missing, takes the last of the spellings.
    spelled = np.array([*cross.genotype_names, "NA"], dtype=object)
    texts = spelled[cross.genotypes]
    if cross.ruled_out is not None:
        for homozygote, text in _dominant_spellings(cross).items():
            texts[cross.ruled_out == homozygote] = text
    texts[_hemizygous(cross)] = _of_males(cross)
    rows = texts.tolist()
    lines: list[Sequence[str]] = [("marker", *cross.samples)]
    lines.extend((m, *row) for m, row in zip(cross.markers["marker"], rows, strict=True))
    return lines


def _hemizygous(cross: Cross) -> np.ndarray:
    """Calls of a backcross's males that have the second strain's X: bool, as the genotypes."""
    on_x = cross.markers["chr"].str.upper().to_numpy() == "X"
    texts = cross.covariates.astype(object).map(cell_text, na_action="ignore")
    sex = known_sex(texts.where(texts.notna(), None), crosstype=cross.crosstype)
    is_male = np.array([sex.get(name) == "male" for name in cross.samples], dtype=np.bool_)
    hemizygous: np.ndarray = (cross.genotypes == 1) & on_x[:, None] & is_male
    return hemizygous


def _of_males(cross: Cross) -> str:
    """How they are written: R/qtl2 knows them by the number of the second homozygote."""
    first, second = cross.genotype_names[:2]
    own = [letter for letter in second if letter not in first]
    return 2 * own[0] if len(second) == 2 and len(own) == 1 else f"{second} of males"


def _dominant_spellings(cross: Cross) -> dict[int, str]:
    """How dominant calls are written, by the homozygote they rule out."""
    first, _, last = cross.genotype_names
    return {2: f"not {last}", 0: f"not {first}"}


def _map_lines(cross: Cross, column: str) -> list[Sequence[str]]:
    position = cross.markers[column].to_numpy()
    unit = {"pos_bp": "base pairs", "pos_cm": "centimorgans"}[column]
    if not np.isfinite(position).all():
        if not np.isnan(position).all():
            warnings.warn(
                f"positions in {unit} are known for some markers only and were not written",
                CrossmapWarning,
                stacklevel=3,
            )
        return []
    if column == "pos_bp":
        written = position / _BP_PER_MBP
        if not np.array_equal(np.round(written * _BP_PER_MBP, 1), position):
            warnings.warn(
                "positions finer than 0.1 bp will be read back rounded",
                CrossmapWarning,
                stacklevel=3,
            )
        position = written
    table = zip(
        cross.markers["marker"], cross.markers["chr"], map(cell_text, position), strict=True
    )
    return [("marker", "chr", "pos"), *table]


def _trait_lines(cross: Cross) -> list[Sequence[str]]:
    values = cross.traits
    if len(cross.parents):
        of_parents = cross.parents.drop(columns=PARENT).to_numpy(dtype=np.float64).T
        values = np.hstack([values, of_parents])
    lines: list[Sequence[str]] = [("pheno", *cross.samples, *cross.parents.index)]
    for name, row in zip(cross.trait_names, values.tolist(), strict=True):
        lines.append((name, *map(cell_text, row)))
    return lines


def _place_lines(cross: Cross) -> list[Sequence[str]]:
    table = cross.trait_table
    if not table[list(_PLACE_COLUMNS)].notna().any(axis=None):
        return []
    columns = [map(cell_text, table[name].tolist()) for name in ("trait", *_PLACE_COLUMNS)]
    return [("pheno", *_PLACE_COLUMNS), *zip(*columns, strict=True)]


def _covariate_lines(cross: Cross) -> list[Sequence[str]]:
    columns = {str(name): cross.covariates[name].tolist() for name in cross.covariates.columns}
    individuals = list(cross.samples)
    if len(cross.parents):
        columns = {name: [*cells, *[None] * len(cross.parents)] for name, cells in columns.items()}
        columns[PARENT] = [None] * cross.n_samples + cross.parents[PARENT].tolist()
        individuals += list(cross.parents.index)
    if not columns:
        return []
    texts = [map(cell_text, cells) for cells in columns.values()]
    return [("id", *columns), *zip(individuals, *texts, strict=True)]
