"""crossmap joint: the main job."""

from datetime import UTC, datetime
from typing import Any

import click

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
from crossmap.pipeline.joint import AS_PUBLISHED, joint_linkage
from crossmap.report.joint import (
    FILES,
    FILES_IF_ASKED,
    PICTURES,
    check_options,
    write_joint,
)


@click.command(
    "joint",
    cls=PagedCommand,
    sections=files_section({**FILES, **FILES_IF_ASKED}, of="joint", pictures=PICTURES),
)
@options_of(
    joint_linkage,
    "n_loci", "n_perm", "min_cell", "model", "variance", "exclude_r2", "exclude_window_bp",
    "exclude_window_cm", "other_chromosome", "covariates", "pi0_method", "posterior",
    "local_window_bp", "seed",
    "genotype_probabilities", "step", "error_prob", "map_function", "cm_per_mb",
    help={"covariates": "Columns of the covariates to take out of the traits first: age,batch."},
)  # fmt: skip
@click.option(
    "--as-published", is_flag=True, help="As in the 2005 paper: common variance, no exclusion."
)
@options_of(write_joint, "fdr", "format", "convergence")
@reads_cross
@execution_options
@output_options()
@click.pass_context
def command(
    ctx: click.Context,
    source: CrossSource,
    as_published: bool,
    fdr: float,
    format: Any,
    convergence: bool,
    out: str,
    threads: int | None,
    memory: int | None,
    quiet: bool,
    **options: Any,
) -> None:
    """Map every trait to several loci, and say how sure it is that all of them are linked.

    With --genotype-probabilities and an X every model has a mean for each sex and direction of the
    cross, on autosomes too; scan1, permute and fit have them at loci on X alone.

    CROSS is an R/qtl2 control file, a .zip of one, R/qtl's .csv, or a folder that crossmap convert
    made.
    """
    started = datetime.now(UTC)
    options["covariates"] = options["covariates"] or ()
    if as_published:
        options |= _published(ctx, options)
    check_options(fdr=fdr, format=format)
    execution = make_execution(threads=threads, memory=memory, quiet=quiet)
    read = source.read()
    provenance = Provenance.of(
        read,
        command="joint",
        options={**source.asked, **options}
        | {"fdr": fdr, "format": format, "convergence": convergence},
        seed=options["seed"],
        started=started,
    )
    with result_folder(out, provenance) as folder:
        result = joint_linkage(read, **options, execution=execution)
        text = write_joint(result, read, folder, fdr=fdr, format=format, convergence=convergence)
    say(f"{text}\n\n{list_files(out, {**FILES, **FILES_IF_ASKED})}", quiet=quiet)


def _published(ctx: click.Context, options: dict[str, Any]) -> dict[str, Any]:
    """Options of the paper; none of them may be asked for otherwise."""
    for name, value in AS_PUBLISHED.items():
        if is_named(ctx, name) and options[name] != value:
            flag = name.replace("_", "-")
            msg = f"--as-published and --{flag} {options[name]} cannot both be had"
            raise click.UsageError(msg, ctx)
    return dict(AS_PUBLISHED)
