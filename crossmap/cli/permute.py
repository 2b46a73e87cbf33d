"""crossmap permute: genome-wide thresholds and p-values."""

from datetime import UTC, datetime
from typing import Any

import click

from crossmap.arguments import require_share
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
from crossmap.cli.scan1 import HELP as SCAN_HELP
from crossmap.cli.source import CrossSource, reads_cross
from crossmap.io.folder import result_folder
from crossmap.io.layouts import to_layout
from crossmap.io.results import Provenance, write_table
from crossmap.io.text import TextTable
from crossmap.linkage.scan1 import settled_model
from crossmap.pipeline.conditional import conditional_peaks
from crossmap.pipeline.peaks import find_peaks
from crossmap.pipeline.permute import permute_scan1
from crossmap.report.permute import FILES, MORE_FILES, PICTURES, write_permutations
from crossmap.significance.tensorqtl_table import tensorqtl_permutations

HELP = {
    **{
        name: SCAN_HELP[name]
        for name in (
            "model", "covariates", "interactive", "weights", "missing", "transform", "n_components",
        )
    },
    "n_perm": "Permutations of each trait.",
    "alpha": "Genome-wide error rates of the thresholds: 0.05,0.01.",
    "strata": "Column of the covariates: values move only within its levels.",
    "stop_after": "Settle a trait once so many permutations have reached what was observed.",
    "fdr": "False discovery rate over traits at which they are called, by the beta approximation.",
    "drop": "Width of the LOD support intervals of peaks.",
    "peakdrop": "Name several peaks of a chromosome if the LOD falls so far in between.",
    "prob": "Probability of the Bayes intervals of peaks.",
    "ends": "Intervals end at markers, or between them where the LOD crosses the drop.",
    "expand_to_markers": "Widen the intervals to markers, where they end at pseudomarkers.",
    "local_window_bp": "Test and permute each trait only with the markers so near its own gene.",
    "shared": "Permute all traits alike, for a threshold of the whole experiment too.",
}  # fmt: skip
PEAKS = ("drop", "peakdrop", "prob", "ends", "expand_to_markers")
PROBABILITIES = ("genotype_probabilities", "step", "error_prob", "map_function", "cm_per_mb")
SHARED = (
    *PROBABILITIES, "model", "n_perm", "covariates", "weights", "missing", "strata", "stop_after",
    "shared", "transform", "n_components", "seed",
)  # fmt: skip
NO_PEAKS = (
    "peaks are of the genome, not of the markers at each gene (--local-window-bp)",
    "a LOD threshold needs tests of one number of degrees of freedom",
)


@click.command(
    "permute",
    cls=PagedCommand,
    sections=files_section({**FILES, **MORE_FILES}, of="permute", pictures=PICTURES),
)
@options_of(
    permute_scan1, *(name for name in HELP if name not in (*PEAKS, "fdr")), "seed", help=HELP
)
@options_of(permute_scan1, *PROBABILITIES)
@options_of(find_peaks, *PEAKS, help=HELP)
@click.option(
    "--error-covariance", metavar="FILE", type=click.Path(),
    help="Covariance of the errors between samples: a table with their names on both sides.",
)  # fmt: skip
@options_of(write_permutations, "fdr", "format", help=HELP)
@click.option(
    "--loci", "n_loci", type=click.IntRange(min=1), default=1, show_default=True,
    help="Loci of each trait at the first level, the further ones given those before "
    "(conditional.tsv).",
)  # fmt: skip
@click.option(
    "--layout", type=click.Choice(["qtl2", "tensorqtl"]),
    help="Write the peaks also as R/qtl2's find_peaks, or the traits as tensorQTL's map_cis.",
)  # fmt: skip
@reads_cross
@execution_options
@output_options()
@click.pass_context
def command(
    ctx: click.Context,
    source: CrossSource,
    error_covariance: str | None,
    fdr: float,
    format: Any,
    n_loci: int,
    layout: Any,
    out: str,
    threads: int | None,
    memory: int | None,
    quiet: bool,
    **options: Any,
) -> None:
    """Find what chance gives anywhere on the genome: thresholds and p-values of every trait.

    With --loci and an X every model has a mean for each sex and direction of the cross, on
    autosomes too; without --loci at loci on X alone.

    CROSS is an R/qtl2 control file, a .zip of one, R/qtl's .csv, or a folder that crossmap convert
    made.
    """
    started = datetime.now(UTC)
    of_peaks = {name: options.pop(name) for name in PEAKS}
    require_share("fdr", fdr)
    execution = make_execution(threads=threads, memory=memory, quiet=quiet)
    named = [f"--{n.replace('_', '-')}, for peaks" for n in PEAKS if is_named(ctx, n)]
    if options["local_window_bp"] is not None and (n_loci > 1 or layout == "qtl2" or named):
        found = "--layout qtl2, which needs peaks of the genome"
        found = "--loci" if n_loci > 1 else found if layout == "qtl2" else named[0]
        msg = f"--local-window-bp: expected without {found.split(',')[0]}, found with {found}"
        raise click.UsageError(msg)
    read = source.read()
    options["model"] = settled_model(
        options["model"], n_genotypes=read.n_genotypes,
        genotype_probabilities=options["genotype_probabilities"],
    )  # fmt: skip
    covariance = None if error_covariance is None else TextTable.read(error_covariance)
    asked = {
        **source.asked,
        **options,
        **of_peaks,
        "error_covariance": error_covariance,
        "fdr": fdr,
        "format": format,
        "n_loci": n_loci,
        "layout": layout,
    }
    provenance = Provenance.of(
        read, command="permute", options=asked, seed=options["seed"], started=started,
        also_read=covariance,
    )  # fmt: skip
    with result_folder(out, provenance) as folder:
        matrix = None if covariance is None else covariance.numbers()
        # What cannot be done for further loci is refused before the permutations are made.
        further = None
        if n_loci > 1:
            same = {name: options[name] for name in SHARED}
            further = conditional_peaks(
                read, **same, n_loci=n_loci, alpha=options["alpha"][0],
                error_covariance=matrix, execution=execution,
            )  # fmt: skip
        chance = permute_scan1(read, **options, error_covariance=matrix, execution=execution)
        peaks = None
        if chance.has_lod_thresholds and options["local_window_bp"] is None:
            peaks = find_peaks(
                read, chance=chance, alpha=chance.options.alpha[0], error_covariance=matrix,
                execution=execution, **of_peaks,
            )  # fmt: skip
            if layout == "qtl2":
                theirs = to_layout(peaks.to_frame(), layout, traits=read.trait_names)
                write_table(theirs, folder, "find_peaks", format=format)
        if layout == "tensorqtl":
            theirs = tensorqtl_permutations(chance, read, fdr=fdr, error_covariance=matrix)
            write_table(theirs, folder, "map_cis", format=format)
        text = write_permutations(
            chance, read, folder, peaks=peaks, conditional=further, fdr=fdr, format=format
        )
    not_written = {}
    if peaks is None:
        is_local = options["local_window_bp"] is not None
        why = NO_PEAKS[0 if is_local else 1]
        names = ["peaks", *(["find_peaks"] if layout == "qtl2" else [])]
        not_written = {f"{name}.{format}": why for name in names}
    names_written = list_files(out, {**FILES, **MORE_FILES}, not_written=not_written)
    say(f"{text}\n\n{names_written}", quiet=quiet)
