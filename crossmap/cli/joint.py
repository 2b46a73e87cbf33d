"""crossmap joint: the main job."""

from datetime import UTC, datetime
from typing import Any

import click

from crossmap.cli.options import (
    crosstype_options,
    execution_options,
    make_execution,
    options_of,
    output_options,
    say,
)
from crossmap.io.folder import result_folder
from crossmap.io.read import read_cross
from crossmap.io.results import Provenance
from crossmap.pipeline import AS_PUBLISHED, joint_linkage
from crossmap.report.joint import check_options, describe_files, write_joint


@click.command("joint")
@click.argument("cross")
@options_of(
    joint_linkage,
    "n_loci", "n_perm", "min_cell", "model", "variance", "exclude_r2", "exclude_window_bp",
    "exclude_window_cm", "other_chromosome", "pi0_method", "local_window_bp", "seed",
)  # fmt: skip
@click.option(
    "--as-published", is_flag=True, help="As in the 2005 paper: common variance, no exclusion."
)
@options_of(write_joint, "fdr", "format")
@crosstype_options
@execution_options
@output_options()
@click.pass_context
def command(
    ctx: click.Context,
    cross: str,
    as_published: bool,
    fdr: float,
    format: Any,
    crosstype: str | None,
    codes: dict[str, str] | None,
    out: str,
    threads: int | None,
    memory: int | None,
    quiet: bool,
    **options: Any,
) -> None:
    """Map every trait to several loci, and say how sure it is that all of them are linked.

    CROSS is an R/qtl2 control file, a .zip of one, or a folder that crossmap convert made.
    """
    started = datetime.now(UTC)
    if as_published:
        options |= _published(ctx, options)
    check_options(fdr=fdr, format=format)
    execution = make_execution(threads=threads, memory=memory, quiet=quiet)
    read = read_cross(cross, crosstype=crosstype, codes=codes)
    provenance = Provenance.of(
        read,
        command="joint",
        options={"cross": cross, "crosstype": crosstype, "codes": codes, **options}
        | {"fdr": fdr, "format": format},
        seed=options["seed"],
        started=started,
    )
    with result_folder(out, provenance) as folder:
        result = joint_linkage(read, **options, execution=execution)
        text = write_joint(result, read, folder, fdr=fdr, format=format)
    say(f"{text}\n\n{describe_files(out, format=format)}", quiet=quiet)


def _published(ctx: click.Context, options: dict[str, Any]) -> dict[str, Any]:
    """Options of the paper; none of them may be asked for otherwise."""
    for name, value in AS_PUBLISHED.items():
        named = ctx.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
        if named and options[name] != value:
            flag = name.replace("_", "-")
            msg = f"--as-published and --{flag} {options[name]} cannot both be had"
            raise click.UsageError(msg, ctx)
    return dict(AS_PUBLISHED)
