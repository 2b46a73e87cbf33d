"""What a command says that it wrote is what is there."""

import re

import pytest

from crossmap.cli.file_list import list_files


def named(text):
    """Files of the list, by the lines that are not continued."""
    listed = text.split("Results are in")[1].split("Not written")[0].splitlines()[1:]
    firsts = [line for line in listed if re.match(r"  \S", line)]
    return sorted(
        name for line in firsts for name in re.split(r" {2,}", line.strip())[0].split(", ")
    )


@pytest.mark.parametrize(
    "options",
    [
        ("permute", "--permutations", "99", "--loci", "2", "--layout", "tensorqtl"),
        ("scan1", "--layout", "matrixeqtl", "--format", "parquet"),
    ],
)
@pytest.mark.usefixtures("unrendered")
def test_every_file_is_listed_and_no_other(cli, small, tmp_path, options):
    out = tmp_path / "out"
    done = cli(options[0], small, *options[1:], "--out", out)
    assert done.status == 0
    assert named(done.out) == sorted(file.name for file in out.iterdir())
    assert all(re.search(r"\S {2,}\S", line.strip()) or line.startswith("    ")
               for line in done.out.split("Results are in")[1].splitlines()[1:])  # fmt: skip


def test_what_could_not_be_written_is_said_with_the_reason(cli, small, tmp_path):
    options = ("--permutations", "19", "--local-window-bp", "50000", "--out", tmp_path / "out")
    done = cli("permute", small, *options)
    assert "Not written:\n  peaks.tsv  peaks are of the genome" in done.out


def test_a_file_without_a_meaning_is_named(tmp_path):
    (tmp_path / "odd.tsv").write_text("x")
    assert list_files(tmp_path, {}).splitlines()[1:] == ["  odd.tsv"]
