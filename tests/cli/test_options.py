"""Options: defaults of the functions, sizes, numbers, progress only on a terminal."""

import inspect
from importlib import import_module

import click
import pytest

from crossmap.cli import joint, permute, simulate
from crossmap.cli.options import HELP, MemoryType, NumbersType, options_of
from crossmap.cli.program import COMMANDS
from crossmap.cli.progress import TerminalProgress, progress_on_terminal
from crossmap.pipeline.joint import joint_linkage
from crossmap.report.joint import write_joint
from crossmap.simulate import simulate_cross
from crossmap.trait_model import TraitModel

NOT_OPTIONS = {
    "cross", "crosstype", "codes", "lenient", "out", "threads", "memory", "quiet", "as_published",
    "config", "verbose", "scenario", "list_scenarios",
}  # fmt: skip


def defaults(function):
    parameters = inspect.signature(function).parameters.values()
    return {p.name: p.default for p in parameters if p.default is not p.empty}


@pytest.mark.parametrize(
    ("command", "functions"),
    [
        (joint.command, [joint_linkage, write_joint]),
        (simulate.command, [simulate_cross, TraitModel]),
    ],
)
def test_defaults_are_those_of_the_functions(command, functions):
    expected = {name: value for f in functions for name, value in defaults(f).items()}
    options = {p.name: p for p in command.params if p.name not in NOT_OPTIONS - {"crosstype"}}
    if command is joint.command:
        options.pop("crosstype")
    assert len(options) > 10
    context = click.Context(command)
    for name, option in options.items():
        assert option.get_default(context) == expected[name], name
        assert option.help


def test_every_option_of_joint_linkage_can_be_given():
    flags = {flag for p in joint.command.params for flag in p.opts}
    assert {
        "--loci", "--permutations", "--min-cell", "--model", "--variance", "--exclude-r2",
        "--exclude-window-bp", "--exclude-window-cm", "--other-chromosome", "--pi0-method",
        "--local-window-bp", "--seed", "--as-published", "--fdr", "--format", "--crosstype",
        "--codes", "--out", "--threads", "--memory", "--quiet",
    } <= flags  # fmt: skip
    names = {p.name for p in joint.command.params}
    assert set(defaults(joint_linkage)) - {"execution"} <= names


def test_no_help_is_left_over():
    commands = [import_module(f"crossmap.cli.{name}").command for name in COMMANDS]
    used = {p.name for command in commands for p in command.params}
    assert set(HELP) <= used


def test_choices_are_those_the_function_declares():
    model = next(p for p in joint.command.params if p.name == "model")
    assert tuple(model.type.choices) == ("full", "additive")


def test_an_option_of_one_number_or_several_takes_several():
    alpha = next(p for p in permute.command.params if p.name == "alpha")
    assert isinstance(alpha.type, NumbersType)
    assert alpha.default == (0.05,)


def test_an_option_without_default_is_required():
    def function(*, n_samples: int):
        """Nothing."""

    @click.command()
    @options_of(function, "n_samples")
    def command(n_samples):
        """Nothing."""

    assert command.params[0].required
    assert command.params[0].opts == ["--samples"]


@pytest.mark.parametrize(
    ("text", "size"),
    [("1024", 1024), ("2G", 2 * 2**30), ("1.5k", 1536), ("500 MB", 500 * 2**20), ("1TiB", 2**40)],
)
def test_sizes(text, size):
    assert MemoryType().convert(text, None, None) == size


@pytest.mark.parametrize("text", ["", "G", "-1G", "2X", "1,5G", "2 G B"])
def test_what_is_no_size(text):
    with pytest.raises(click.BadParameter, match="expected a size such as 2G or 500M"):
        MemoryType().convert(text, None, None)


def test_numbers_joined_by_commas():
    assert NumbersType().convert("0.5,1,2e-3", None, None) == (0.5, 1.0, 0.002)
    with pytest.raises(click.BadParameter, match="numbers joined by commas, found '1;2'"):
        NumbersType().convert("1;2", None, None)


def test_progress_only_on_a_terminal(monkeypatch, capsys):
    assert progress_on_terminal() is None
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    assert isinstance(progress_on_terminal(), TerminalProgress)


def test_progress_display_runs_through_its_stages(capsys):
    progress = TerminalProgress()
    for stage in ("locus 1 of 2", "locus 2 of 2"):
        progress.start(stage, 2)
        progress.advance()
        progress.advance()
        progress.finish()
    assert capsys.readouterr().out == ""
