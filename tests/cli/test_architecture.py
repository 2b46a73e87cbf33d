"""crossmap architecture, from a folder to a folder."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from crossmap import (
    find_hotspots,
    genetic_architecture,
    joint_linkage,
    read_cross,
    read_gmt,
    save_architecture,
    save_hotspots,
    simulate_cross,
)
from crossmap.io.rqtl2 import write_rqtl2
from crossmap.report.architecture import FILES


@pytest.fixture(scope="module")
def sets(small, tmp_path_factory):
    cross = read_cross(small)
    file = tmp_path_factory.mktemp("sets") / "sets.gmt"
    names = np.array(cross.trait_names)
    lines = [f"set {k}\t-\t" + "\t".join([*names[k::5], "unknown gene"]) for k in range(5)]
    file.write_text("\n".join(lines))
    return file


def read(folder, name):
    return pd.read_csv(folder / f"{name}.tsv", sep="\t", dtype={"chr": str})


def test_tables_pictures_and_words(small, sets, tmp_path, cli):
    out = tmp_path / "out"
    done = cli("architecture", small, "--gene-sets", sets, "--out", out)
    assert (done.status, done.err) == (0, "")
    names = {f.name for f in out.iterdir()}
    assert {f"{name}.tsv" for name in FILES} <= names
    assert {
        "heritability.tsv",
        "inheritance.tsv",
        "modes.tsv",
        "bound.tsv",
        "heritability.png",
    } <= names
    assert {"enrichment.tsv", "locus_enrichment.tsv", "pair_power.tsv"} <= names
    for name in ("map", "pair_bins", "windows", "effects"):
        assert (out / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    cross = read_cross(small)
    joint = joint_linkage(cross)
    expected = genetic_architecture(cross, joint, gene_sets=read_gmt(sets))
    assert len(read(out, "linkages")) == 2 * joint.is_called(0.10).sum() > 20
    summary = json.loads((out / "summary.json").read_text())
    whole = expected.summary()
    for name in ("n_called", "n_called_local", "n_pairs", "n_colocalised_pairs"):
        assert summary[name] == whole[name]
    assert summary["units"]["joint"]["all"]["n_linkages"] == len(expected.joint.table)
    assert summary["enrichment_traits"]["n_unknown_genes"] == 1
    assert [row["mode"] for row in summary["modes"]] == [
        "directional", "transgressive", "interaction",
    ]  # fmt: skip
    assert (out / "summary.txt").read_text() in done.out
    assert "1 gene of the sets unknown here" in done.out.replace("\n", " ")


def test_what_is_listed_is_there_on_a_map_without_base_pairs(tmp_path, cli):
    cross = simulate_cross(n_samples=60, n_traits=10, n_markers=60, seed=1).cross
    made = tmp_path / "cm"
    made.mkdir()
    write_rqtl2(replace(cross, markers=cross.markers.assign(pos_bp=np.nan)), made)
    out = tmp_path / "out"
    done = cli("architecture", made, "--permutations", "2", "--out", out)
    assert done.status == 0, done.err
    listed = done.out.split("Results are in")[1].splitlines()[1:]
    names = {name for line in listed for name in line.strip().split("  ")[0].split(", ")}
    assert {"pair_bins_10cm.tsv", "pair_bins_50cm.tsv"} <= names
    assert names <= {f.name for f in out.iterdir()}
    assert "local: within" not in done.out
    refused = cli("architecture", made, "--wide-bp", "7000", "--out", tmp_path / "no")
    assert refused.status == 2
    assert "--wide-bp: expected 100000 where the map has no base pairs" in refused.err


@pytest.mark.usefixtures("unrendered")
def test_four_units_in_every_summary_agree(small, tmp_path, cli):
    cross = read_cross(small)
    found = genetic_architecture(cross, joint_linkage(cross))
    units = found.units.set_index(["source", "class"])
    table = found.effects.loci
    assert units.loc[("joint", "all"), "n_linkages"] == len(table)
    assert units.loc[("joint", "all"), "n_traits"] == table["trait"].nunique()
    assert units.loc[("joint", "all"), "variance"] == pytest.approx(table["r2"].sum())


def test_nothing_called_and_no_parents_is_a_result(small, tmp_path):
    cross = read_cross(small)
    cross = replace(cross, parents=cross.parents.iloc[:0])
    found = genetic_architecture(cross, joint_linkage(cross), fdr=0.0, threshold=1e-60)
    text = save_architecture(found, cross, tmp_path / "out")
    assert not {"heritability.tsv", "enrichment.tsv"} & {
        f.name for f in (tmp_path / "out").iterdir()
    }
    for name in ("linkages", "effects", "pairs", "pair_bins_50kb", "colocalised", "shared"):
        assert len(read(tmp_path / "out", name)) == 0
    assert "called at joint FDR 0%" in text
    assert "neither parents nor lines are replicated" in text
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["heritability"] is None
    assert summary["n_called"] == 0


@pytest.mark.usefixtures("unrendered")
@pytest.mark.usefixtures("unrendered")
def test_traits_with_missing_values_are_told(small, tmp_path):
    cross = read_cross(small)
    traits = cross.traits.copy()
    traits[:20, 3] = np.nan
    cross = replace(cross, traits=traits)
    joint = joint_linkage(cross)
    text = save_architecture(genetic_architecture(cross, joint), cross, tmp_path / "a")
    assert "20 traits with missing values: left out of the single-locus scan" in text
    hot = find_hotspots(cross, n_perm=19)
    assert (hot.n_traits, hot.n_left_out) == (130, 20)
    assert "Left out: 20 traits" in save_hotspots(hot, cross, tmp_path / "h").replace("\n", " ")


@pytest.mark.usefixtures("unrendered")
def test_heritability_from_lines_where_parents_are_single(small, tmp_path):
    cross = read_cross(small)
    line = pd.DataFrame({"line": np.arange(100) // 2}, index=cross.covariates.index)
    cross = replace(cross, parents=cross.parents.iloc[:1], covariates=line)
    found = genetic_architecture(cross, joint_linkage(cross), lines="line")
    assert found.heritability is not None
    assert found.modes is None
    assert set(found.heritability["df_env"]) == {50}
    assert "Heritability (median)" in save_architecture(found, cross, tmp_path / "out")


@pytest.mark.usefixtures("unrendered")
def test_traits_without_a_place_are_set_beside_expression():
    cross = simulate_cross(n_samples=112, n_traits=200, n_markers=300, seed=2).cross
    genes = cross.trait_table.copy()
    genes.loc[:19, "chr"] = None
    genes.loc[:19, ["start_bp", "end_bp"]] = np.nan
    found = genetic_architecture(replace(cross, trait_table=genes), joint_linkage(cross))
    others = set(cross.trait_names[:20])
    assert set(found.colocalised["trait1"]) <= others
    assert not set(found.colocalised["trait2"]) & others
    assert found.units.set_index(["source", "class"])["n_linkages"]["single", "unplaced"] > 0


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["--local-window-bp", "-1"], 2, "--local-window-bp: expected a number of at least 0"),
        (["--fdr", "2"], 2, "fdr: expected a number from 0 to 1"),
        (["--threshold", "0"], 2, "threshold: expected"),
        (["--gene-sets", "nowhere.gmt"], 3, "expected a file, found none of this name"),
    ],
)
def test_what_is_refused_is_one_line_and_writes_nothing(
    small, tmp_path, cli, arguments, status, message
):
    done = cli("architecture", small, *arguments, "--out", tmp_path / "out")
    assert done.status == status
    assert message in done.err
    assert done.err.count("\n") == 1
    assert not list(tmp_path.iterdir())
