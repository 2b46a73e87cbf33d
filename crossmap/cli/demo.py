"""crossmap demo: the main job on the cross that comes with crossmap."""

from datetime import UTC, datetime

import click

from crossmap.cli.file_list import list_files
from crossmap.cli.help_page import PagedCommand
from crossmap.cli.options import execution_options, make_execution, output_options, say
from crossmap.io.folder import result_folder
from crossmap.io.read import read_cross
from crossmap.io.results import Provenance
from crossmap.io.truth import TRUTH_FILE, read_truth
from crossmap.pipeline.joint import joint_linkage
from crossmap.report.captions import describe_pictures
from crossmap.report.joint import FILES, joint_options, write_joint
from crossmap.report.joint_pictures import PICTURES
from crossmap.simulate import demo_folder


@click.command("demo", cls=PagedCommand)
@execution_options
@output_options(out="crossmap-demo")
def command(out: str, threads: int | None, memory: int | None, quiet: bool) -> None:
    """Map the traits of a simulated yeast cross and compare what is found with the truth."""
    started = datetime.now(UTC)
    execution = make_execution(threads=threads, memory=memory, quiet=quiet)
    data = demo_folder()
    cross = read_cross(data)
    truth = read_truth(data / TRUTH_FILE)
    result = joint_linkage(cross, execution=execution)
    provenance = Provenance.of(
        cross,
        command="demo",
        options=joint_options(result),
        seed=result.search.options.seed,
        started=started,
    )
    with result_folder(out, provenance) as folder:
        text = write_joint(result, cross, folder, truth=truth)
    pictures = describe_pictures(PICTURES)
    say(f"{text}\n\nWhat the pictures show\n{pictures}\n\n{list_files(out, FILES)}", quiet=quiet)
