"""--config, --verbose and shell completion, which every command has."""

import json
import logging
from importlib import import_module

import click
import pytest
from processes import crossmap

from crossmap.cli.config import add_common_options
from crossmap.cli.program import COMMANDS, program


@pytest.fixture
def config(tmp_path):
    def write(text):
        path = tmp_path / "run.yaml"
        path.write_text(text)
        return path

    return write


def manifest(folder):
    return json.loads((folder / "manifest.json").read_text())


def test_every_command_has_them_once():
    for name in COMMANDS:
        command = program.get_command(click.Context(program), name)
        add_common_options(command)
        flags = [flag for parameter in command.params for flag in parameter.opts]
        assert flags.count("--config") == flags.count("--verbose") == 1
        assert command is import_module(f"crossmap.cli.{name}").command


@pytest.mark.parametrize(
    "text",
    [
        "seed: 7\nsamples: 20\neven-markers: true\nvariance_share: [0.1, 0.3]\n",
        "n_samples: 20\nsimulate:\n  seed: 7\n  even_markers: yes\n  variance-share: 0.1,0.3\n"
        "joint:\n  permutations: 3\n",
        "seed: 5\nsimulate: {seed: 7, samples: 20, even_markers: on, variance_share: '0.1,0.3'}\n",
    ],
    ids=["flags", "by command", "the command's own come first"],
)
def test_options_from_a_file(cli, config, tmp_path, text):
    done = cli("simulate", "--traits", 5, "--markers", 30, "--config", config(text),
               "--out", tmp_path / "out")  # fmt: skip
    assert (done.status, done.err) == (0, "")
    options = manifest(tmp_path / "out")["options"]
    assert (options["seed"], options["n_samples"]) == (7, 20)
    assert options["even_markers"] is True
    assert options["variance_share"] == [0.1, 0.3]


def test_what_is_named_on_the_command_line_comes_first(cli, config, tmp_path):
    path = config("seed: 7\nmarkers: 30\n")
    cli("simulate", "--samples", 20, "--traits", 5, "--config", path, "--seed", 3,
        "--out", tmp_path / "out")  # fmt: skip
    options = manifest(tmp_path / "out")["options"]
    assert (options["seed"], options["n_markers"]) == (3, 30)


def test_required_options_and_arguments_may_stand_in_the_file(cli, config, small, tmp_path):
    path = config(f"cross: {small}\nout: {tmp_path / 'out'}\nlenient: true\nquiet: true\n"
                  "codes: {A: X, B: Y}\nto: matrixeqtl\n")  # fmt: skip
    done = cli("convert", "--config", path)
    assert done.status == 0
    assert done.out == ""
    options = manifest(tmp_path / "out")["options"]
    assert options["codes"] == {"A": "X", "B": "Y"}
    assert options["lenient"] is True
    assert (tmp_path / "out" / "SNP.txt").exists()


@pytest.mark.parametrize(
    ("text", "status", "message"),
    [
        ("sead: 7\n", 2, "expected options of simulate, found 'sead' (did you mean seed?)"),
        ("simulate: {walk: 7}\n", 2, "expected options of simulate, found 'walk'"),
        ("config: other.yaml\n", 2, "expected options of simulate, found 'config'"),
        ("seed: seven\n", 2, "'seven' is not a valid integer"),
        ("seed: 7\nseed: 8\n", 3, "run.yaml, line 2: expected each key once"),
        ("- seed\n", 3, "run.yaml: expected keys and values, found something else"),
        ("seed: [\n", 3, "run.yaml, line 2: expected YAML"),
        ("", 3, "run.yaml: expected a table, found an empty file"),
    ],
)
def test_what_is_wrong_with_the_file(cli, config, tmp_path, text, status, message):
    done = cli("simulate", "--config", config(text), "--out", tmp_path / "out")
    assert done.status == status
    assert message in done.err
    assert done.err.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_file_that_is_not_there(cli, tmp_path):
    done = cli("simulate", "--config", tmp_path / "gone.yaml", "--out", tmp_path / "out")
    assert done.status == 3
    assert "gone.yaml: expected a file, found none of this name" in done.err


def test_as_published_and_a_file_that_says_otherwise(cli, config, small, tmp_path):
    done = cli("joint", small, "--as-published", "--config", config("variance: cell\n"),
               "--out", tmp_path / "out")  # fmt: skip
    assert done.status == 2
    assert "--as-published and --variance cell cannot both be had" in done.err


def test_verbose_says_what_is_done_and_leaves_no_trace(cli, small, tmp_path):
    logger = logging.getLogger("crossmap")
    before = (list(logger.handlers), logger.level)
    done = cli("convert", small, "--verbose", "--quiet", "--out", tmp_path / "out")
    assert done.status == 0
    assert done.out == ""
    lines = done.err.splitlines()
    assert all(line.startswith("crossmap: ") for line in lines)
    assert any(f"read {small}: " in line and "from 7 files" in line for line in lines)
    assert any(f"wrote {tmp_path / 'out'}" in line for line in lines)
    assert (list(logger.handlers), logger.level) == before
    assert cli("convert", small, "--quiet", "--out", tmp_path / "out").err == ""


@pytest.mark.parametrize(
    ("words", "expected"),
    [(["jo"], "joint"), (["joint", "--perm"], "--permutations"), (["convert", "--to", "b"], "bed")],
)
def test_shell_completion(words, expected):
    line = ["crossmap", *words]
    done = crossmap(
        env={
            "_CROSSMAP_COMPLETE": "bash_complete",
            "COMP_WORDS": " ".join(line),
            "COMP_CWORD": str(len(line) - 1),
        }
    )
    assert done.returncode == 0
    assert f"plain,{expected}" in done.stdout.splitlines()


def test_files_are_completed_where_a_file_is_due():
    from crossmap.cli.convert import command

    paths = {p.name for p in command.params if isinstance(p.type, click.Path)}
    assert paths >= {"cross", "genotypes", "markers", "traits", "trait_positions", "out"}
