"""crossmap scan1: the single-locus scan."""

from datetime import UTC, datetime
from typing import Any

import click

from crossmap.cli.file_list import list_files
from crossmap.cli.help_page import PagedCommand, files_section
from crossmap.cli.options import (
    execution_options,
    make_execution,
    options_of,
    output_options,
    say,
)
from crossmap.cli.source import CrossSource, reads_cross
from crossmap.io.folder import result_folder
from crossmap.io.results import Provenance
from crossmap.io.text import TextTable
from crossmap.linkage.scan1 import Scan1Options
from crossmap.pipeline.scan1 import preflight_scan1, scan1
from crossmap.report.scan1 import FILES, PICTURES, write_scan1

HELP = {
    "model": "Number of alleles; a mean for every genotype; interaction with --interactive.",
    "covariates": "Columns of the covariates for every null model: age,batch.",
    "interactive": "Columns whose interaction with the genotype is tested.",
    "weights": "Column of the covariates: error variances are divided by it.",
    "missing": "Leave samples without a genotype out, or give them the mean.",
    "compat": "Three genotypes in every ANOVA, means in all gaps, as that tool has it.",
    "threshold": "Largest p-value reported; 1 reports every test.",
    "local_threshold": "Threshold of local tests, which then have an FDR of their own.",
    "local_window_bp": "Largest distance of a marker from the trait's own gene in a local test.",
    "local_only": "Make local tests only.",
    "transform": "Of the traits, in order: log2, quantile, normal_scores.",
    "n_components": "Principal components to take out of the traits.",
    "force": "Permit a threshold that millions of tests pass by chance.",
}


LAYOUT_HELP = {"layout": "Write the linkages also as this tool does."}


class HistogramType(click.ParamType):
    """A number of bins, the word qq, or ascending p-values joined by commas."""

    name = "bins"

    def convert(self, value: Any, param: Any, ctx: Any) -> int | str | tuple[float, ...]:
        """Give what `scan1` takes."""
        if not isinstance(value, str) or value == "qq":
            return value
        try:
            return int(value) if "," not in value else tuple(map(float, value.split(",")))
        except ValueError:
            self.fail(f"expected 100, qq, or 0,0.001,0.05,1, found {value!r}", param, ctx)


@click.command(
    "scan1", cls=PagedCommand, sections=files_section(FILES, of="scan1", pictures=PICTURES)
)
@options_of(scan1, *HELP, help=HELP)
@options_of(scan1, "genotype_probabilities", "step", "error_prob", "map_function", "cm_per_mb")
@click.option(
    "--error-covariance", metavar="FILE", type=click.Path(),
    help="Covariance of the errors between samples: a table with their names on both sides.",
)  # fmt: skip
@click.option(
    "--histogram", type=HistogramType(), default=100, show_default=True,
    help="Count the p-values of all tests: number of bins, qq, or edges such as 0,0.05,1.",
)  # fmt: skip
@options_of(write_scan1, "format", "layout", help=LAYOUT_HELP)
@reads_cross
@execution_options
@output_options()
def command(
    source: CrossSource,
    error_covariance: str | None,
    format: Any,
    layout: Any,
    out: str,
    threads: int | None,
    memory: int | None,
    quiet: bool,
    **options: Any,
) -> None:
    """Test every trait with every marker, one at a time, and report the tests past a threshold.

    CROSS is an R/qtl2 control file, a .zip of one, R/qtl's .csv, or a folder that crossmap convert
    made.
    """
    started = datetime.now(UTC)
    _ = Scan1Options.of(2, **options)  # refuses bad ones before anything is read
    execution = make_execution(threads=threads, memory=memory, quiet=quiet)
    read = source.read()
    settled = Scan1Options.of(read.n_genotypes, **options)
    covariance = None if error_covariance is None else TextTable.read(error_covariance)
    asked = {
        **source.asked,
        **vars(settled),
        "error_covariance": error_covariance,
        "format": format,
        "layout": layout,
    }
    provenance = Provenance.of(
        read, command="scan1", options=asked, started=started, also_read=covariance
    )
    if not quiet:
        click.echo(f"crossmap: {preflight_scan1(read, settled)}", err=True)
    with result_folder(out, provenance) as folder:
        scan = scan1(
            read,
            **options,
            error_covariance=None if covariance is None else covariance.numbers(),
            execution=execution,
        )
        text = write_scan1(scan, read, folder, format=format, layout=layout)
    say(f"{text}\n\n{list_files(out, FILES)}", quiet=quiet)
