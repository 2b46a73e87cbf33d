"""Two-locus surfaces of chosen traits as tables, pictures and plain words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import pandas as pd

from crossmap.arguments import require_number, require_one_of
from crossmap.genome import GenomeAxis
from crossmap.io.results import TableFormat, require_format, write_table
from crossmap.linkage.surface import Surface
from crossmap.linkage.surface_thresholds import KINDS, SurfaceThresholds
from crossmap.plots.genome import axis_of_loci
from crossmap.plots.style import picture, short
from crossmap.plots.surface import Kind, SurfaceImage, plot_surface, surface_image, surface_marks
from crossmap.report.file_names import file_stems
from crossmap.report.words import count, fill, percent, place

ALPHA = 0.05

MOST_TOLD = 5
"""Called pairs of chromosomes that the text names."""


@dataclass(frozen=True, eq=False)
class SurfaceReport:
    """What was written of some surfaces.

    Parameters
    ----------
    summary
        For summary.json, one per trait: trait, n_samples, n_loci, n_pairs, n_perm, alpha,
        thresholds (by kind; None without permutations, and where X has its own), regions (None, or
        where X has its own: region, share_of_area, n_perm, thresholds), n_called (pairs of
        chromosomes), best (of the pair with the largest full LOD: loci, lod_full, lod_fv1,
        lod_int), files.
    text
        In plain words, a paragraph for each trait.
    table
        As surface_summary.
    """

    summary: list[dict[str, object]]
    text: str
    table: pd.DataFrame


def check_surface_options(*, upper: Kind, lower: Kind, format: TableFormat) -> None:
    """Refuse options of `write_surfaces` that are out of range, before the work begins.

    Parameters
    ----------
    upper, lower, format
        As in `write_surfaces`.

    Raises
    ------
    ArgumentError
        If one is.
    """
    require_one_of("upper", upper, get_args(Kind))
    require_one_of("lower", lower, get_args(Kind))
    require_format(format)


def write_surfaces(
    surfaces: Iterable[Surface],
    folder: str | Path,
    *,
    traits: Sequence[str],
    alpha: float = ALPHA,
    upper: Kind = "int",
    lower: Kind = "full",
    format: TableFormat = "tsv",
) -> SurfaceReport:
    """Write tables and pictures of surfaces into a folder.

    Parameters
    ----------
    surfaces
        One for each trait; made as they are asked for, so that only one is held at a time.
    folder
        A folder that exists.
    traits
        Names of the traits, in the order of `surfaces`.
    alpha
        Genome-wide error rate of the thresholds.
    upper, lower
        Which LOD the picture shows above and below the diagonal: ``full``, ``add``, ``int``,
        ``fv1`` or ``av1``.
    format
        Of surface_summary (`Surface.summary` of all traits, and whether R/qtl's rule calls a row:
        missing without permutations), surface_thresholds and surface_null (`KINDS` of every
        permutation): ``tsv`` or ``parquet``. For each trait surface_NAME.parquet holds all pairs
        and surface_NAME.png the picture; NAME is that of the trait as far as files can have it.

    Returns
    -------
    SurfaceReport

    Raises
    ------
    ArgumentError
        For an option out of range.
    OutputError
        If a file cannot be written.
    """
    require_number("alpha", alpha, least=0.0, most=1.0)
    check_surface_options(upper=upper, lower=lower, format=format)
    stems = file_stems("surface", traits)
    tables: list[pd.DataFrame] = []
    nulls: list[pd.DataFrame] = []
    limits: list[pd.DataFrame] = []
    summary: list[dict[str, object]] = []
    texts: list[str] = []
    for surface in surfaces:
        stem = stems[surface.trait]
        genome = axis_of_loci(surface.loci.to_frame())
        pairs = surface.to_frame()
        write_table(pairs, folder, stem, format="parquet")
        image = surface_image(surface, genome, upper=upper, lower=lower, alpha=alpha)
        _draw(Path(folder) / f"{stem}.png", surface, image, genome, alpha=alpha)
        table = _with_calls(surface, alpha)
        tables.append(table)
        if surface.thresholds is not None:
            null = surface.thresholds.to_frame()
            null.insert(0, "trait", pd.Series([surface.trait] * len(null), dtype=object))
            nulls.append(null)
            limits.append(surface.thresholds.table(alpha))
        entry = _entry(surface, table, len(pairs), alpha)
        summary.append({**entry, "files": [f"{stem}.parquet", f"{stem}.png"]})
        texts.append(_describe(surface, table, len(pairs), genome, alpha))
    lods = [f"lod_{kind}" for kind in KINDS]
    table = _stacked(tables, ["trait"])
    write_table(table, folder, "surface_summary", format=format)
    write_table(
        _stacked(limits, ["trait", "n_perm", "alpha", *lods]),
        folder,
        "surface_thresholds",
        format=format,
    )
    null_table = _stacked(nulls, ["trait", "permutation", *lods])
    write_table(null_table, folder, "surface_null", format=format)
    return SurfaceReport(summary, "\n\n".join(texts), table)


def _stacked(tables: list[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=columns)


def _draw(
    file: Path, surface: Surface, image: SurfaceImage, genome: GenomeAxis, *, alpha: float
) -> None:
    with picture(file, width=7.6, height=7.9) as figure:
        # The plain layout forgets the title of a square between two colour bars.
        figure.set_layout_engine("compressed")
        axes = figure.subplots()
        marks = surface_marks(surface, genome, alpha=alpha)
        plot_surface(axes, image, genome, marks=marks)
        circles = (
            "circles: the largest full LOD"
            if surface.thresholds is None
            else f"circles: called at a genome-wide error rate of {alpha:g}"
            if len(marks)
            else f"no pair is called at a genome-wide error rate of {alpha:g}"
        )
        axes.set_title(
            f"trait {short(surface.trait)}: LOD {image.upper_kind} above the diagonal, "
            f"{image.lower_kind} below\n{circles}"
        )


def _with_calls(surface: Surface, alpha: float) -> pd.DataFrame:
    table = surface.summary()
    if surface.thresholds is None:
        called = [None] * len(table)
    else:
        called = surface.thresholds.is_called(table, alpha=alpha).tolist()
    return table.assign(called=pd.Series(called, dtype=object))


def _entry(surface: Surface, table: pd.DataFrame, n_pairs: int, alpha: float) -> dict[str, object]:
    best = table.iloc[int(table["lod_full"].to_numpy().argmax())]
    chance = surface.thresholds
    return {
        "trait": surface.trait,
        "n_samples": surface.n_samples,
        "n_loci": len(surface.loci),
        "n_pairs": n_pairs,
        "n_perm": 0 if chance is None else chance.n_perm,
        "alpha": alpha,
        "thresholds": None if chance is None or chance.region.name else chance.quantiles(alpha),
        "regions": _regions(chance, alpha) if chance is not None and chance.region.name else None,
        "n_called": None if chance is None else int(table["called"].sum()),
        "best": {
            "loci": [best["locus1f"], best["locus2f"]],
            **{name: float(best[name]) for name in ("lod_full", "lod_fv1", "lod_int")},
        },
    }


def _regions(chance: SurfaceThresholds, alpha: float) -> list[dict[str, object]]:
    return [
        {
            "region": each.region.name,
            "share_of_area": each.region.share,
            "n_perm": each.n_perm,
            "thresholds": each.quantiles(alpha),
        }
        for each in chance.regions
    ]


def _limits_in_words(chance: SurfaceThresholds, alpha: float) -> str:
    """Thresholds, of each region by itself, and what chance they are of."""
    words = [
        ", ".join(f"{kind} {value:.2f}" for kind, value in each.quantiles(alpha).items())
        for each in chance.regions
    ]
    rate = f"at a genome-wide error rate of {alpha:g}"
    if not chance.region.name:
        return f"Thresholds of {count(chance.n_perm, 'permutation')} {rate}: {words[0]}."
    each = "; ".join(
        f"{one.region.name} ({count(one.n_perm, 'permutation')}, {percent(one.region.share)} of "
        f"the area) {said}"
        for one, said in zip(chance.regions, words, strict=True)
    )
    return (
        f"Thresholds {rate}, of which pairs of autosomes (A) and with X have the shares of their "
        f"area on the map of pairs: {each}."
    )


def _describe(
    surface: Surface, table: pd.DataFrame, n_pairs: int, genome: GenomeAxis, alpha: float
) -> str:
    best = table.iloc[int(table["lod_full"].to_numpy().argmax())]
    unit = genome.unit
    lines = [
        f"Trait {surface.trait}: {count(n_pairs, 'pair')} of {len(surface.loci):,} loci, "
        f"{count(surface.n_samples, 'sample')}{_without_value(surface)}. The full model is best "
        f"for {_pair(best, 'f', unit)}: LOD {best['lod_full']:.2f}, {best['lod_fv1']:.2f} more "
        f"than the best single locus of these chromosomes."
    ]
    chance = surface.thresholds
    if chance is None:
        return fill(lines[0])
    called = table[table["called"].astype(bool)]
    lines.append(
        f"{_limits_in_words(chance, alpha)} {count(len(called), 'pair')} of chromosomes "
        f"{'passes' if len(called) == 1 else 'pass'} (full and fv1 or int; or add and av1)"
        f"{':' if len(called) else '.'}"
    )
    text = fill(" ".join(lines))
    told = called.sort_values("lod_full", ascending=False, kind="stable").head(MOST_TOLD)
    for _, row in told.iterrows():
        lods = ", ".join(f"{k} {row[f'lod_{k}']:.2f}" for k in ("full", "fv1", "int", "add", "av1"))
        text += f"\n  {_pair(row, 'f', unit)}: {lods}"
    return text


def _without_value(surface: Surface) -> str:
    n = surface.loci.genotypes.shape[1] - surface.n_samples
    if not n:
        return ""
    return f"; {n:,} {'has no value and was' if n == 1 else 'have no value and were'} left out"


def _pair(row: pd.Series, suffix: str, unit: str) -> str:
    names = []
    for k in (1, 2):
        at = float(row[f"pos{k}{suffix}_{unit}"])
        names.append(f"{row[f'locus{k}{suffix}']} ({place(str(row[f'chr{k}']), at, at, unit)})")
    return " with ".join(names)
