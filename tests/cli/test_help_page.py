"""The help of a command: options in groups, and the files and columns that there are."""

import re

import click
import pytest

from crossmap.cli.help_page import PagedCommand, files_section
from crossmap.cli.program import COMMANDS, STORY, program


def page(name):
    context = click.Context(program.get_command(None, name), info_name=name)
    return context.get_help()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_stands_once_and_the_shared_ones_last(name):
    command = program.get_command(None, name)
    assert isinstance(command, PagedCommand)
    text = page(name)
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            flag = parameter.opts[-1]
            assert len(re.findall(rf"^  {flag}(?![\w-])", text, re.M)) == 1, flag
    assert text.count("\n  --help ") == 1
    assert text.index("\n  --help ") > text.index("\nRunning:")
    assert text.index("\n  --quiet ") > text.index("\nRunning:")


def test_the_simulated_cross_type_is_no_option_of_reading():
    assert "Reading the cross:" not in page("simulate")
    assert page("joint").index("--crosstype") > page("joint").index("Reading the cross:")


def test_every_command_is_told_once_in_the_story():
    told = [name for part in STORY.values() for name in part]
    assert sorted(told) == sorted(set(told)) == sorted(COMMANDS)


def test_check_names_its_text_as_it_writes_it():
    assert "check.txt, summary.json" in page("check")
    assert "summary.txt" not in page("check")


def test_sections_are_printed_after_the_options():
    command = PagedCommand("x", sections=files_section({"table": "what it holds"}, of="joint"))
    text = click.Context(command, info_name="x").get_help()
    assert re.search(r"Files in --out.*\n  table  +what it holds\n", text)
