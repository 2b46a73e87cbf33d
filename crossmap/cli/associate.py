"""crossmap associate: traits against any other measurements of the samples."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import click
import pandas as pd

from crossmap.arguments import names_of, require_covariate
from crossmap.cli.file_list import list_files
from crossmap.cli.help_page import PagedCommand, files_section
from crossmap.cli.options import (
    NamesType,
    execution_options,
    make_execution,
    options_of,
    output_options,
    say,
)
from crossmap.cli.scan1 import HELP as SCAN_HELP
from crossmap.cli.scan1 import HistogramType
from crossmap.cli.source import CrossSource, reads_cross
from crossmap.cross import Cross
from crossmap.io.folder import result_folder
from crossmap.io.results import Provenance
from crossmap.io.text import TextTable
from crossmap.pipeline.associate import associate
from crossmap.report.associate import FILES, PICTURES, write_associations

HELP = {
    **{
        name: SCAN_HELP[name]
        for name in ("threshold", "transform", "n_components", "force", "weights")
    },
    "interactive": "Columns whose interaction with the predictor is tested.",
    "missing": "Leave samples without a value of the predictor out, or give them the mean.",
}
TABLES = {
    "predictors": "What traits are regressed on: a table with one row per measurement and one "
    "column per sample. Default: every trait on every other.",
    "joint_with": "A second variable of every predictor, rows and columns named alike: both are "
    "tested together.",
    "error_covariance": "Covariance of the errors between samples: a table with their names on "
    "both sides.",
}


@click.command(
    "associate", cls=PagedCommand, sections=files_section(FILES, of="associate", pictures=PICTURES)
)
@click.option("--predictors", metavar="FILE", type=click.Path(), help=TABLES["predictors"])
@click.option("--joint-with", metavar="FILE", type=click.Path(), help=TABLES["joint_with"])
@click.option(
    "--covariates", type=NamesType(), help="Columns of the covariates for every model: age,batch."
)
@options_of(associate, *HELP, help=HELP)
@click.option(
    "--error-covariance", metavar="FILE", type=click.Path(), help=TABLES["error_covariance"]
)
@click.option(
    "--histogram", type=HistogramType(), default=100, show_default=True,
    help="Count the p-values of all tests: number of bins, qq, or edges such as 0,0.05,1.",
)  # fmt: skip
@options_of(write_associations, "format")
@reads_cross
@execution_options
@output_options()
def command(
    source: CrossSource,
    predictors: str | None,
    joint_with: str | None,
    error_covariance: str | None,
    covariates: Sequence[str] | None,
    format: Any,
    out: str,
    threads: int | None,
    memory: int | None,
    quiet: bool,
    **options: Any,
) -> None:
    """Test every trait with other measurements of the samples: doses, copy numbers, other traits.

    CROSS is an R/qtl2 control file, a .zip of one, R/qtl's .csv, or a folder that crossmap convert
    made. Samples are matched by name.
    """
    started = datetime.now(UTC)
    execution = make_execution(threads=threads, memory=memory, quiet=quiet)
    read = source.read()
    places = {
        "predictors": predictors, "joint_with": joint_with, "error_covariance": error_covariance,
    }  # fmt: skip
    tables = {name: TextTable.read(place) for name, place in places.items() if place is not None}
    asked = {
        **source.asked, **places, "covariates": covariates, **options, "format": format
    }  # fmt: skip
    provenance = Provenance.of(read, command="associate", options=asked, started=started)
    files = {table.name: table.sha256 for table in tables.values()}
    provenance = replace(provenance, files={**provenance.files, **files})
    numbers: dict[str, Any] = {name: table.numbers() for name, table in tables.items()}
    with result_folder(out, provenance) as folder:
        found = associate(
            read,
            covariates=_columns(
                read,
                covariates=covariates,
                interactive=options["interactive"],
                weights=options["weights"],
            ),
            **numbers,
            **options,
            execution=execution,
        )
        text = write_associations(found, read, folder, format=format)
    say(f"{text}\n\n{list_files(out, FILES)}", quiet=quiet)


def _columns(cross: Cross, **asked: Sequence[str] | None) -> pd.DataFrame | None:
    """Columns of the cross's covariates that any option names."""
    names = [(option, name) for option, given in asked.items() for name in names_of(given)]
    for option, name in names:
        require_covariate(option, name, cross.covariates.columns)
    return cross.covariates[list(dict.fromkeys(name for _, name in names))] if names else None
