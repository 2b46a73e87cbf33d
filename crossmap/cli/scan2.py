"""crossmap scan2: all pairs of loci."""

from datetime import UTC, datetime
from typing import Any

import click
from click.core import ParameterSource

from crossmap.cli.file_list import list_files
from crossmap.cli.help_page import PagedCommand, files_section
from crossmap.cli.options import (
    execution_options,
    is_named,
    make_execution,
    options_of,
    output_options,
    say,
)
from crossmap.cli.source import CrossSource, reads_cross
from crossmap.io.folder import result_folder
from crossmap.io.results import Provenance
from crossmap.linkage.surface import trait_surface
from crossmap.pipeline.scan2 import scan2
from crossmap.report.scan2 import FILES, PICTURES, write_scan2
from crossmap.report.surface import write_surfaces

OF_PROBABILITIES = (
    "genotype_probabilities", "step", "error_prob", "map_function", "cm_per_mb",
)  # fmt: skip

OF_SEARCH = {
    "--permutations": "n_perm", "--test": "test", "--same-chromosome": "same_chromosome",
    "--min-cell": "min_cell", "--by-chromosome": "by_chromosome",
}  # fmt: skip

OF_SURFACE = {
    "--surface-permutations": "surface_permutations", "--upper": "upper", "--lower": "lower",
    "--all-traits": "all_traits",
}  # fmt: skip


@click.command(
    "scan2", cls=PagedCommand, sections=files_section(FILES, of="scan2", pictures=PICTURES)
)
@options_of(
    scan2, "n_grid", "n_perm", "test", "same_chromosome", "min_cell", "by_chromosome", "seed",
    *OF_PROBABILITIES,
    help={"n_perm": "Permutations of each trait."},
)  # fmt: skip
@click.option(
    "--trait",
    "traits",
    multiple=True,
    metavar="NAME",
    help="Draw and write the whole surface of this trait alone, in R/qtl's terms, of all pairs on "
    "one chromosome or two; may be repeated.",
)
@click.option(
    "--all-traits",
    is_flag=True,
    help="With --trait: search and judge the best pair of every trait too.",
)
@click.option(
    "--surface-permutations",
    type=click.INT,
    default=0,
    show_default=True,
    help="With --trait: permutations for the thresholds of a surface (1,000 for a 5% level). Where "
    "X goes with sex, pairs of autosomes, of an autosome with X, and on X "
    "have thresholds of their own; those with X take as many times more as their area of the map "
    "of pairs is smaller.",
)
@options_of(write_surfaces, "upper", "lower")
@options_of(write_scan2, "format")
@reads_cross
@execution_options
@output_options()
@click.pass_context
def command(
    ctx: click.Context,
    source: CrossSource,
    traits: tuple[str, ...],
    all_traits: bool,
    surface_permutations: int,
    upper: Any,
    lower: Any,
    format: Any,
    out: str,
    threads: int | None,
    memory: int | None,
    quiet: bool,
    **options: Any,
) -> None:
    """Search all pairs of loci for linkage and epistasis, for every trait or for one.

    With --trait only that trait is searched, and no pairs table is written: its p-values and FDR
    are learnt from all traits. Thresholds of one trait come from --surface-permutations.

    With --genotype-probabilities and an X every model has a mean for each sex and direction of the
    cross, on autosomes too; scan1, permute and fit have them at loci on X alone.

    CROSS is an R/qtl2 control file, a .zip of one, R/qtl's .csv, or a folder that crossmap convert
    made.
    """
    started = datetime.now(UTC)
    execution = make_execution(threads=threads, memory=memory, quiet=quiet)
    for flag, name in OF_SURFACE.items():
        if is_named(ctx, name) and not traits:
            msg = f"{flag}: expected none without --trait, whose surface it is for"
            raise click.UsageError(msg, ctx)
    searches = all_traits or not traits
    for flag, name in OF_SEARCH.items():
        # A file of options may serve several commands.
        if not searches and ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            msg = f"{flag}: expected none with --trait alone; it is of the search of --all-traits"
            raise click.UsageError(msg, ctx)
    read = source.read()
    used = {k: v for k, v in options.items() if searches or k not in OF_SEARCH.values()}
    asked = {**source.asked, "format": format, **used, "all_traits": all_traits}
    asked |= {"traits": list(traits), "surface_permutations": surface_permutations}
    asked |= {"upper": upper, "lower": lower}
    provenance = Provenance.of(
        read, command="scan2", options=asked, seed=options["seed"], started=started
    )
    with result_folder(out, provenance) as folder:
        surfaces = (
            trait_surface(
                read, trait, n_grid=options["n_grid"], n_perm=surface_permutations,
                seed=options["seed"], execution=execution,
                **{name: options[name] for name in OF_PROBABILITIES},
            )
            for trait in traits
        )  # fmt: skip
        drawn = (
            write_surfaces(surfaces, folder, traits=traits, upper=upper, lower=lower, format=format)
            if traits
            else None
        )
        pairs = scan2(read, **options, execution=execution) if searches else None
        text = write_scan2(pairs, read, folder, format=format, surfaces=drawn)
    say(f"{text}\n\n{list_files(out, FILES)}", quiet=quiet)
