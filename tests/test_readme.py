"""The README's commands and code are what is tested."""

import doctest
import re

import yaml
from processes import ROOT

import crossmap

README = (ROOT / "README.md").read_text(encoding="utf-8")


def section(heading):
    """From a heading to the next one."""
    return re.split(r"^#", README.split(heading)[1], maxsplit=1, flags=re.M)[0]


def block(mark):
    return re.search(rf"^<!-- {mark} -->\n```bash\n(.*?)^```$", README, re.M | re.S)[1]


def test_the_two_commands_stand_where_the_ci_script_reads_them():
    assert block("demo") == "pip install . && crossmap demo\n"
    assert block("tests") == 'pip install ".[test]" && pytest\n'
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "run_readme demo" in script
    assert "run_readme tests" in script


def test_the_python_code_runs_as_printed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = doctest.testfile(str(ROOT / "README.md"), module_relative=False)
    assert result.failed == 0
    assert result.attempted >= 5
    assert (tmp_path / "results" / "called.tsv").exists()


def test_every_option_and_command_the_readme_names_exists():
    from crossmap.cli.program import COMMANDS, program

    known = {"--help", "--version"}
    for name in COMMANDS:
        known |= {flag for p in program.get_command(None, name).params for flag in p.opts}
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z0-9-]+", README)) <= known
    assert set(re.findall(r"\bcrossmap ([a-z]+) (?=-|my|`)", README)) <= set(COMMANDS)


def test_it_is_short_and_its_links_lead_somewhere():
    assert len(README.splitlines()) < 400
    headings = re.findall(r"^#+ (.*)$", README, re.M)
    anchors = {re.sub(r"[^a-z0-9 -]", "", h.lower()).replace(" ", "-") for h in headings}
    linked = re.findall(r"\]\(#([^)]*)\)", README)
    assert len(linked) > 10
    assert set(linked) <= anchors
    for file in re.findall(r"\]\(([^#)][^):]*)\)", README):
        assert (ROOT / file).exists(), file


def test_every_command_has_its_line_and_every_function_exists():
    from crossmap.cli.program import COMMANDS

    rows = section("## What do you want to know?")
    assert set(re.findall(r"`crossmap ([a-z0-9]+)", rows)) == set(COMMANDS) - {"demo"}
    functions = re.findall(r"`([a-z_0-9]+)`", rows)
    assert len(functions) > 12
    assert set(functions) <= set(crossmap.__all__)


def test_it_names_the_commands_that_can_be_planned():
    from typing import get_args

    from crossmap.pipeline.plan import Verb

    words = re.search(r"word `plan` before ([^(]*)\(", README)[1]
    assert set(re.findall(r"`(\w+)`", words)) == set(get_args(Verb))


def test_the_citation_names_this_version():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert str(citation["version"]) == crossmap.__version__
    assert citation["license"] == "BSD-3-Clause"


def test_the_pictures_of_the_gallery_are_there_and_small():
    named = re.findall(r"!\[\w+\]\(([^)]+\.png)\)", README)
    assert len(named) >= 8
    drawn = {f"notebooks/gallery/{f.name}" for f in (ROOT / "notebooks" / "gallery").glob("*.png")}
    assert set(named) == drawn
    assert all((ROOT / name).stat().st_size < 120_000 for name in named)
