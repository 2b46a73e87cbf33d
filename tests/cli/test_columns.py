"""Every column and file that a command writes is explained in its help, and no other."""

import json
import re
from dataclasses import replace

import click
import numpy as np
import pandas as pd
import pytest

from crossmap import simulate_cross, write_simulation
from crossmap.cli.program import program, run
from crossmap.io.rqtl2 import write_rqtl2
from crossmap.report.columns import OF_COMMAND
from crossmap.trait_model import TraitModel

# Command -> its runs on a cross of two genotypes; together they write every column but those below.
RUNS = {
    "joint": [("--permutations", "2", "--convergence", "--covariates", "medium", "--fdr", "0.5")],
    "scan1": [
        ("--threshold", "1e-3", "--local-threshold", "0.05"),
        ("--model", "linear_cross", "--interactive", "medium", "--covariates", "medium"),
    ],
    "associate": [
        ("--threshold", "0.1", "--covariates", "medium"),
        ("--predictors", "MEASURED", "--joint-with", "MEASURED2", "--threshold", "0.5"),
    ],
    "permute": [
        ("--permutations", "99", "--loci", "2"),
        ("--permutations", "19", "--local-window-bp", "100000"),
    ],
    "scan2": [
        ("--permutations", "2", "--grid", "20", "--by-chromosome", "--all-traits",
         "--trait", "g0001", "--surface-permutations", "5"),
    ],
    "compare": [("--permutations", "2", "--grid", "20")],
    "fit": [("--trait", "g0001", "--locus", "MARKER")],
    "explain": [("--trait", "g0001", "--permutations", "19")],
    "hotspots": [("--permutations", "19", "--threshold", "0.05", "--gene-sets", "SETS")],
    "architecture": [("--permutations", "2", "--fdr", "0.5", "--gene-sets", "SETS")],
    "check": [()],
    "environment": [("--condition", "medium", "--permutations", "19")],
    "score": [()],
}  # fmt: skip

# Columns of other crosses: those with an X, with three genotypes.
ELSEWHERE = {
    "permute": {"region", "level"},
    "environment": {"region", "level"},
    "architecture": {"dominance", "dominance_se"},
    "joint": {"n"},  # where traits have samples of their own
    "scan1": {"df1"},
}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Folder with a cross in two media, with parents and a map in both units, and gene sets."""
    made = simulate_cross(
        n_samples=80, n_traits=40, n_markers=80, seed=3, n_parent_replicates=4,
        trait_model=TraitModel(n_loci_shares=(0.1, 0.3, 0.6)),
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("columns")
    cross = made.cross
    medium = np.array(["a", "b"])[np.arange(cross.n_samples) % 2]
    table = cross.covariates.assign(medium=medium)
    write_simulation(replace(made, cross=replace(cross, covariates=table)), folder / "cross")
    (folder / "sets.gmt").write_text("one\tx\t" + "\t".join(cross.trait_names[:20]) + "\n")
    rng = np.random.default_rng(1)
    for name in ("measured", "measured2"):
        rows = pd.DataFrame(rng.normal(size=(3, 80)), ["x1", "x2", "x3"], list(cross.samples))
        rows.to_csv(folder / f"{name}.tsv", sep="\t", index_label="id")
    return folder


def explained(command):
    """Stem pattern -> patterns of the columns that the help explains of such tables."""
    found = {}
    for tables, meanings in OF_COMMAND[command].items():
        for table in tables.split(", "):
            names = [name for names in meanings for name in names.split(", ")]
            found.setdefault(table, []).extend(names)
    return found


def is_named(pattern, name):
    """Whether a name is what a pattern stands for; base pairs stand for centimorgans too."""
    loose = re.escape(pattern).replace("NAME", ".+")
    loose = re.sub(r"\\\{(\w+)\\\}", lambda m: r"\d+" if m[1] == "l" else ".+", loose)
    return re.fullmatch(re.sub(r"_bp$", "_(bp|cm)", loose), name) is not None


def headers(folder):
    for file in sorted(folder.iterdir()):
        if file.suffix == ".tsv":
            yield file.stem, file.read_text().splitlines()[0].split("\t")
        elif file.suffix == ".parquet":
            yield file.stem, list(pd.read_parquet(file).columns)


@pytest.mark.parametrize("command", RUNS)
@pytest.mark.usefixtures("unrendered")
@pytest.mark.filterwarnings("ignore")
def test_every_column_and_file_is_explained_and_no_other(command, place, tmp_path, capsys):
    known, used = explained(command), set()
    context = click.Context(program.get_command(None, command), info_name=command)
    text = context.get_help()
    marker = pd.read_csv(place / "cross" / "gmap.csv", comment="#")["marker"][3]
    words = {"MARKER": marker, "SETS": str(place / "sets.gmt")}
    words |= {name: str(place / f"{name.lower()}.tsv") for name in ("MEASURED", "MEASURED2")}
    for number, options in enumerate(RUNS[command]):
        out = tmp_path / str(number)
        source = [str(place / "cross")]
        if command == "score":
            assert run(["joint", *source, "--permutations", "2", "--out", str(tmp_path / "j")]) == 0
            source = [str(tmp_path / "j"), *source]
        arguments = [words.get(word, word) for word in options]
        assert run([command, *source, *arguments, "--out", str(out)]) == 0, capsys.readouterr().err
        for file in out.iterdir():
            stem = file.name if file.suffix in (".png", ".html", ".txt", ".json") else file.stem
            shown = re.sub(r"surface_g\w+", "surface_NAME", stem)
            assert re.search(rf"^  (.*, )?{re.escape(shown)}\b", text, re.M) or shown.startswith(
                "pair_bins_"
            ), file
        for stem, columns in headers(out):
            mine = [table for table in known if is_named(table, stem)]
            exact = [table for table in mine if table == stem] or mine
            assert exact, stem
            for column in columns:
                fitting = [(t, n) for t in exact for n in known[t] if is_named(n, column)]
                assert fitting, (stem, column)
                used |= set(fitting)
    all_names = {(table, name) for table, names in known.items() for name in names}
    unused = {(t, n) for t, n in all_names - used if n not in ELSEWHERE.get(command, ())}
    assert not unused
    assert all(name in text for _, name in all_names)


def test_commands_with_tables_have_their_columns_in_the_help():
    assert set(RUNS) == set(OF_COMMAND)


@pytest.mark.parametrize("unit", ["bp", "cm"])
@pytest.mark.parametrize(
    "options",
    [
        ("joint", "--permutations", "1", "--fdr", "0.5"),
        ("scan1", "--threshold", "1e-2"),
        ("permute", "--permutations", "19", "--loci", "2"),
        ("scan2", "--permutations", "1", "--grid", "20"),
        ("compare", "--permutations", "1", "--grid", "20"),
        ("explain", "--trait", "g0001", "--permutations", "5"),
        ("fit", "--trait", "g0001", "--locus", "MARKER"),
        ("environment", "--condition", "medium", "--permutations", "19"),
        ("check",),
    ],
    ids=lambda options: options[0] if isinstance(options, tuple) else options,
)
@pytest.mark.usefixtures("unrendered")
@pytest.mark.filterwarnings("ignore")
def test_tables_have_columns_of_the_units_of_the_map_alone(unit, options, tmp_path, capsys):
    cross = simulate_cross(n_samples=60, n_traits=12, n_markers=50, seed=2).cross
    absent = "cm" if unit == "bp" else "bp"
    genes = cross.trait_table
    if unit == "cm":
        genes = genes.assign(chr=None, start_bp=np.nan, end_bp=np.nan)
    medium = pd.DataFrame({"medium": ["a", "b"] * 30}, index=cross.samples)
    part = replace(
        cross, markers=cross.markers.assign(**{f"pos_{absent}": np.nan}), trait_table=genes,
        covariates=medium,
    )  # fmt: skip
    write_rqtl2(part, tmp_path / "cross")
    words = [str(cross.markers["marker"][3]) if word == "MARKER" else word for word in options]
    arguments = [words[0], str(tmp_path / "cross"), *words[1:], "--out", str(tmp_path / "out")]
    assert run(arguments) == 0, capsys.readouterr().err
    place = rf"(pos|start|end|lo|hi|drop_lo|bayes_hi)\d?_{absent}$"
    for stem, columns in headers(tmp_path / "out"):
        assert not [c for c in columns if re.search(place, c)], stem
    assert json.loads((tmp_path / "out" / "summary.json").read_text())
