"""crossmap convert: any cross that can be read, as an R/qtl2 folder."""

import click

from crossmap.cli.options import crosstype_options, output_options, say
from crossmap.cross import Cross
from crossmap.io.folder import result_folder
from crossmap.io.plain import read_plain
from crossmap.io.read import read_cross
from crossmap.io.results import Provenance, write_summary
from crossmap.io.rqtl2 import CONTROL_NAME, write_rqtl2
from crossmap.report.cross import cross_summary, describe_cross

NEEDED = ("genotypes", "markers", "traits", "crosstype", "codes")
TABLES = ("genotypes", "markers", "traits", "trait_positions", "covariates")


@click.command("convert")
@click.argument("cross", required=False)
@click.option("--genotypes", metavar="FILE", help="One row per marker, one column per sample.")
@click.option("--markers", metavar="FILE", help="Columns marker, chr and pos_bp, pos_cm or both.")
@click.option("--traits", metavar="FILE", help="One row per trait, one column per sample.")
@click.option("--trait-positions", metavar="FILE", help="Columns trait, chr, start_bp, end_bp.")
@click.option("--covariates", metavar="FILE", help="One row or column per sample.")
@crosstype_options
@output_options()
def command(
    cross: str | None,
    out: str,
    quiet: bool,
    **options: str | dict[str, str] | None,
) -> None:
    """Read a cross and write it as an R/qtl2 folder with cross.yaml, which all commands read.

    Name either plain tables (--genotypes, --markers, --traits, --crosstype, --codes) or CROSS,
    which is an R/qtl2 control file, a .zip of one, or such a folder.
    """
    read = _read(cross, options)
    provenance = Provenance.of(read, command="convert", options={"cross": cross, **options})
    with result_folder(out, provenance) as folder:
        write_rqtl2(read, folder)
        write_summary(cross_summary(read), folder)
    say(f"{describe_cross(read)}\nWritten as {CONTROL_NAME} and tables to {out}.", quiet=quiet)


def _read(cross: str | None, options: dict) -> Cross:
    if cross is not None:
        named = [name for name in TABLES if options[name] is not None]
        if named:
            msg = f"expected CROSS or plain tables, found {cross} and {_flag(named[0])}"
            raise click.UsageError(msg)
        return read_cross(cross, crosstype=options["crosstype"], codes=options["codes"])
    missing = [_flag(name) for name in NEEDED if options[name] is None]
    if missing:
        msg = f"expected CROSS or {', '.join(map(_flag, NEEDED))}; missing: {', '.join(missing)}"
        raise click.UsageError(msg)
    return read_plain(**options)


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"
