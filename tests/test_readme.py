"""The README's commands and code are what is tested."""

import doctest
import re

import yaml
from processes import ROOT

import crossmap

README = (ROOT / "README.md").read_text(encoding="utf-8")


def section(start):
    """From some words to the next heading."""
    return re.split(r"^#", README.split(start)[1], maxsplit=1, flags=re.M)[0]


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


def test_every_file_of_a_result_folder_that_the_readme_names_is_written(tmp_path):
    named = set(re.findall(r"`(\w+\.(?:tsv|parquet|json))`", section("**3. Read")))
    assert len(named) >= 8
    made = crossmap.simulate_cross(n_samples=60, n_traits=120, n_markers=60)
    joint = crossmap.joint_linkage(made.cross, n_perm=1)
    crossmap.save_joint(joint, made.cross, tmp_path / "out")
    assert named - {"summary.txt"} <= {file.name for file in (tmp_path / "out").iterdir()}


def test_every_column_the_readme_explains_is_in_the_table_and_the_reverse():
    made = crossmap.simulate_cross(n_samples=60, n_traits=120, n_markers=60)
    columns = crossmap.joint_linkage(made.cross, n_perm=1).to_frame().columns
    table = README.split("Columns of `joint.tsv`")[1].split("Missing values")[0]
    explained = {
        name.replace("{l}", str(number))
        for row in re.findall(r"^\| (`.*?`) \|", table, re.M)
        for name in re.findall(r"`([a-z0-9_{}]+)`", row)
        for number in (1, 2)
    }
    assert {c for c in columns if not c.endswith("_cm")} == explained


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
