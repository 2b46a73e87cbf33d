"""crossmap score: any tool's linkages against the truth of a simulated cross."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from crossmap.cli.file_list import list_files
from crossmap.cli.help_page import PagedCommand, files_section
from crossmap.cli.options import CodesType, options_of, output_options, say
from crossmap.io.claims import claims_file
from crossmap.io.files import read_bytes
from crossmap.io.folder import result_folder
from crossmap.io.results import Provenance
from crossmap.io.truth import TRUTH_FILE
from crossmap.report.score import FILES, PICTURES, describe_scores, write_scores
from crossmap.scoring import score


@click.command(
    "score",
    cls=PagedCommand,
    sections=files_section(FILES, of="score", pictures=PICTURES, only_tsv=True),
)
@click.argument("results", type=click.Path())
@click.argument("truth", type=click.Path())
@options_of(score, "levels", "within_cm", "repeats")
@click.option(
    "--columns", type=CodesType(), default=None, metavar="MEANING=NAME,...",
    help="Columns of other names: trait=probe,marker=site,fdr=q.",
)  # fmt: skip
@output_options(out=None)
def command(results: str, truth: str, out: str | None, quiet: bool, **options: Any) -> None:
    """Score linkages on a simulated cross: how many are true, and how many were found.

    RESULTS is a folder of crossmap's results or a table of R/qtl2, Matrix eQTL, tensorQTL, QTLtools
    or any other tool; TRUTH is the folder that crossmap simulate made, or its truth.tsv. Claims are
    rows of the table; power counts traits, also where a row names one locus of several. With --out,
    tables are written too.
    """
    started = datetime.now(UTC)
    options["columns"] = options["columns"] or {}
    scores = score(results, truth, **options)
    text = describe_scores(scores)
    if out is not None:
        true = Path(truth) / TRUTH_FILE if Path(truth).is_dir() else Path(truth)
        files = {
            str(file): hashlib.sha256(read_bytes(file)).hexdigest()
            for file in (claims_file(results), true)
        }
        provenance = Provenance(command="score", options=options, files=files, started=started)
        with result_folder(out, provenance) as folder:
            write_scores(scores, folder)
        text += f"\n\n{list_files(out, FILES)}"
    say(text, quiet=quiet)
