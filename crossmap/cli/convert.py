"""crossmap convert: any cross that can be read, as files for crossmap and its peers."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_args

import click

from crossmap.cli.help_page import PagedCommand
from crossmap.cli.options import crosstype_options, is_named, output_options, say
from crossmap.cli.source import lenient_option
from crossmap.cross import Cross
from crossmap.io.folder import result_folder
from crossmap.io.matrixeqtl import read_matrixeqtl, write_matrixeqtl
from crossmap.io.plain import read_plain
from crossmap.io.read import read_cross
from crossmap.io.results import Provenance, write_summary
from crossmap.io.rqtl import PositionUnit, read_rqtl, write_rqtl
from crossmap.io.rqtl2 import write_rqtl2
from crossmap.io.tensorqtl import write_bed
from crossmap.report.cross import cross_summary, describe_cross, describe_written

TABLES = ("genotypes", "markers", "traits", "trait_positions", "covariates")
# Which tables a whole cross of each format needs; the map and the codes may be in them.
NEEDED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "plain": ("genotypes", "markers", "traits", "crosstype", "codes"),
        "plink": ("genotypes", "traits", "crosstype"),
        "rqtl": ("genotypes", "traits", "crosstype"),
        "matrixeqtl": ("genotypes", "markers", "traits", "crosstype", "codes"),
    }
)
WRITERS: Mapping[str, Callable[[Cross, str | Path], object]] = MappingProxyType(
    {
        "rqtl2": write_rqtl2,
        "rqtl-csv": write_rqtl,
        "matrixeqtl": write_matrixeqtl,
        "bed": write_bed,
    }
)


@click.command("convert", cls=PagedCommand)
@click.argument("cross", required=False, type=click.Path())
@click.option(
    "--genotypes", metavar="FILE", type=click.Path(),
    help="One row per marker, one column per sample; or PLINK's .bed.",
)  # fmt: skip
@click.option(
    "--markers",
    metavar="FILE",
    type=click.Path(),
    help="Columns marker, chr and pos_bp, pos_cm or both.",
)
@click.option(
    "--traits",
    metavar="FILE",
    type=click.Path(),
    help="One row per trait, one column per sample; or BED.",
)
@click.option(
    "--trait-positions",
    metavar="FILE",
    type=click.Path(),
    help="Columns trait, chr, start_bp, end_bp.",
)
@click.option(
    "--covariates", metavar="FILE", type=click.Path(), help="One row or column per sample."
)
@click.option(
    "--from", "source", type=click.Choice(["plain", "rqtl", "matrixeqtl"]), default="plain",
    show_default=True,
    help="What the tables are: plain; R/qtl's csvs, csvsr (genotypes, traits) or tidy (and "
    "markers); SNP.txt, GE.txt, snpsloc.txt, geneloc.txt and Covariates.txt of Matrix eQTL.",
)  # fmt: skip
@click.option(
    "--covariate", "phenotypes", multiple=True, metavar="NAME",
    help="R/qtl: read this phenotype as a covariate; may be repeated.",
)  # fmt: skip
@click.option(
    "--position-unit", type=click.Choice(get_args(PositionUnit)),
    help="Of the markers in files of R/qtl (default cm) and Matrix eQTL (default bp).",
)  # fmt: skip
@crosstype_options
@lenient_option
@click.option(
    "--to", "target", type=click.Choice(list(WRITERS)), default="rqtl2", show_default=True,
    help="R/qtl2 (which all commands read), R/qtl csv, Matrix eQTL, or BED and PLINK for "
    "tensorQTL, FastQTL and QTLtools.",
)  # fmt: skip
@output_options()
def command(cross: str | None, target: str, out: str, quiet: bool, **options: Any) -> None:
    """Read a cross and write it as an R/qtl2 folder, or as the files that another tool reads.

    Name either tables (--genotypes, --traits and so on, with --from) or CROSS: an R/qtl2 control
    file, a .zip of one, R/qtl's .csv, the yeast cross of trigger as .rda, or a folder that crossmap
    convert made.
    """
    read = _read(cross, options)
    provenance = Provenance.of(
        read, command="convert", options={"cross": cross, "to": target, **options}
    )
    with result_folder(out, provenance) as folder:
        WRITERS[target](read, folder)
        write_summary(cross_summary(read), folder)
    say(f"{describe_cross(read)}\n{describe_written(read, target, out)}", quiet=quiet)


def _read(cross: str | None, options: dict[str, Any]) -> Cross:
    told = {name: options[name] for name in ("crosstype", "codes", "lenient")}
    unit = {"position_unit": options["position_unit"]} if options["position_unit"] else {}
    of_rqtl = unit | ({"covariates": options["phenotypes"]} if options["phenotypes"] else {})
    tables = {name: options[name] for name in TABLES if options[name] is not None}
    if cross is not None:
        if is_named(click.get_current_context(), "source"):
            msg = f"--from: expected with tables, found with CROSS {cross}, which says what it is"
            raise click.UsageError(msg)
        if tables:
            msg = f"expected CROSS or tables, found {cross} and {_flag(next(iter(tables)))}"
            raise click.UsageError(msg)
        return read_rqtl(cross, **told, **of_rqtl) if of_rqtl else read_cross(cross, **told)
    kind = options["source"]
    is_plink = kind == "plain" and str(options["genotypes"]).endswith(".bed")
    needed = NEEDED["plink" if is_plink else kind]
    missing = [_flag(name) for name in needed if options[name] is None]
    if missing:
        msg = f"expected CROSS or {', '.join(map(_flag, needed))}; missing: {', '.join(missing)}"
        raise click.UsageError(msg)
    if kind == "matrixeqtl":
        return read_matrixeqtl(tables.pop("genotypes"), **tables, **told, **unit)
    if kind == "rqtl":
        foreign = next((_flag(t) for t in ("trait_positions", "covariates") if t in tables), None)
        if foreign:
            msg = f"R/qtl has no file for {foreign}; --covariate names a phenotype"
            raise click.UsageError(msg)
        return read_rqtl(tables.pop("genotypes"), **tables, **told, **of_rqtl)
    if of_rqtl:
        msg = "--covariate and --position-unit are for --from rqtl (the unit for matrixeqtl too)"
        raise click.UsageError(msg)
    return read_plain(**tables, **told)


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"
