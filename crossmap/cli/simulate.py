"""crossmap simulate: crosses and traits with known truth."""

from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import click

from crossmap.cli.options import options_of, output_options, say
from crossmap.io.folder import result_folder
from crossmap.io.results import Provenance, write_summary
from crossmap.io.rqtl2 import CONTROL_NAME
from crossmap.io.truth import TRUTH_FILE
from crossmap.report.cross import cross_summary, describe_cross
from crossmap.report.truth import describe_truth, n_traits_by_n_loci
from crossmap.simulate import simulate_cross, write_simulation
from crossmap.trait_model import TraitModel

OF_CROSS = (
    "n_samples", "n_traits", "n_markers", "crosstype", "cm_per_kb", "even_markers",
    "genotype_error", "n_parent_replicates", "seed",
)  # fmt: skip
OF_TRAITS = tuple(field.name for field in fields(TraitModel))


@click.command("simulate")
@options_of(simulate_cross, *OF_CROSS)
@options_of(TraitModel, *OF_TRAITS)
@output_options()
def command(out: str, quiet: bool, **options: Any) -> None:
    """Simulate a cross and write it as an R/qtl2 folder, with its truth as truth.tsv beside it.

    The defaults make the cross of crossmap demo.
    """
    started = datetime.now(UTC)
    model = TraitModel(**{name: options[name] for name in OF_TRAITS})
    simulated = simulate_cross(**{name: options[name] for name in OF_CROSS}, trait_model=model)
    provenance = Provenance.of(
        simulated.cross, command="simulate", options=options, seed=simulated.seed, started=started
    )
    with result_folder(out, provenance) as folder:
        write_simulation(simulated, folder)
        write_summary(
            {
                **cross_summary(simulated.cross),
                "n_traits_by_n_loci": n_traits_by_n_loci(simulated.truth),
                "seed": simulated.seed,
            },
            folder,
        )
    text = [
        describe_cross(simulated.cross),
        describe_truth(simulated.truth),
        f"Written as {CONTROL_NAME}, tables and {TRUTH_FILE} to {out}.",
    ]
    say("\n".join(text), quiet=quiet)
