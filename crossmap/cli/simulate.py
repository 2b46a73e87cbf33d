"""crossmap simulate: crosses and traits with known truth."""

import shlex
from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import click

from crossmap.cli.help_page import PagedCommand
from crossmap.cli.options import is_named, options_of, output_options, say
from crossmap.cross import Cross
from crossmap.io.folder import result_folder
from crossmap.io.results import Provenance, write_summary
from crossmap.io.rqtl2 import CONTROL_NAME
from crossmap.io.truth import TRUTH_FILE
from crossmap.report.cross import cross_summary, describe_cross
from crossmap.report.truth import describe_truth, n_traits_by_n_loci
from crossmap.scenarios import SCENARIOS, Scenario
from crossmap.simulate import simulate_cross, write_simulation
from crossmap.trait_model import TraitModel

OF_CROSS = (
    "n_samples", "n_traits", "n_markers", "crosstype", "cm_per_mb", "even_markers",
    "error_prob", "n_backcrosses", "n_parent_replicates", "seed",
)  # fmt: skip
OF_TRAITS = tuple(field.name for field in fields(TraitModel))


def _list_scenarios(ctx: click.Context, param: click.Parameter, asked: bool) -> None:
    if asked:
        width = max(map(len, SCENARIOS))
        for scenario in SCENARIOS.values():
            how = f"; {_how_to_search('FOLDER', scenario.search)}" if scenario.search else ""
            click.echo(f"{scenario.name:{width}}  {scenario.description}{how}")
        ctx.exit()


def _how_to_search(folder: str, search: Mapping[str, Any]) -> str:
    """Give the command line that passes `search` to `joint_linkage`."""
    words = ["crossmap", "joint", folder]
    for name, value in search.items():
        words.append("--" + name.replace("_", "-"))
        if value is not True:
            words.append(",".join(value))
    return f"search it with: {shlex.join([*words, '--out', 'results'])}"


def _search_of(scenario: Scenario, cross: Cross) -> dict[str, Any]:
    """What a scenario asks of the search and the cross, if options changed it, still does."""
    needed = {
        "genotype_probabilities": cross.n_genotypes > 2,
        "covariates": not cross.covariates.empty,
    }
    return {name: value for name, value in scenario.search.items() if needed.get(name, True)}


def _without_use(options: Mapping[str, Any]) -> dict[str, Any]:
    """What a scenario asks for beside something that the user took out of it, as it usually is."""
    usual: dict[str, Any] = {}
    if not options["covariate_share"]:
        usual["covariate_r2"] = TraitModel.covariate_r2
    if not options["correlated_share"]:
        usual["n_factors"] = TraitModel.n_factors
    if sum(options["n_loci_shares"][2:]) <= 0:
        usual["pair_distance_cm"] = None
    return usual


@click.command("simulate", cls=PagedCommand)
@click.option(
    "--scenario",
    type=click.Choice(list(SCENARIOS)),
    metavar="NAME",
    help="A named simulation; further options change it. --list-scenarios lists them.",
)
@click.option(
    "--list-scenarios",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_list_scenarios,
    help="List the named simulations, and what they ask of the search.",
)
@options_of(simulate_cross, *OF_CROSS)
@options_of(TraitModel, *OF_TRAITS)
@output_options()
@click.pass_context
def command(
    ctx: click.Context, scenario: str | None, out: str, quiet: bool, **options: Any
) -> None:
    """Simulate a cross and write it as an R/qtl2 folder, with its truth as truth.tsv beside it.

    The defaults make the cross of crossmap demo.
    """
    started = datetime.now(UTC)
    if scenario is not None:
        named = SCENARIOS[scenario]
        chosen = {**named.arguments(), **vars(named.traits)}
        options |= {n: v for n, v in chosen.items() if n in options and not is_named(ctx, n)}
        options |= {n: v for n, v in _without_use(options).items() if not is_named(ctx, n)}
    model = TraitModel(**{name: options[name] for name in OF_TRAITS})
    simulated = simulate_cross(**{name: options[name] for name in OF_CROSS}, trait_model=model)
    provenance = Provenance.of(
        simulated.cross, command="simulate",
        options={"scenario": scenario, **options},
        seed=simulated.seed, started=started,
    )  # fmt: skip
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
    search = _search_of(SCENARIOS[scenario], simulated.cross) if scenario is not None else {}
    if search:
        text.append(f"This scenario asks something of the search; {_how_to_search(out, search)}")
    say("\n".join(text), quiet=quiet)
