"""What check says of a cross, and how it judges."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from same import assert_same_data

from crossmap.architecture.hotspots import find_hotspots
from crossmap.cross import IngestReport
from crossmap.errors import DataError
from crossmap.genotypes.loci import distinct_loci
from crossmap.genotypes.quality import cross_quality
from crossmap.report.check import as_json, check_cross, fates, write_check
from crossmap.report.findings import named
from crossmap.simulate import simulate_cross


@pytest.fixture(scope="module")
def sound():
    return simulate_cross(n_samples=80, n_markers=300, n_traits=12, seed=4).cross


def kinds(cross, severity, **options):
    return {f.kind: f for f in check_cross(cross, **options).findings if f.severity == severity}


def test_a_sound_cross_has_no_errors_and_no_warnings(sound):
    checked = check_cross(sound)
    assert checked.n_found("error") == checked.n_found("warning") == 0
    text = checked.text()
    assert text.startswith("80 samples, 300 markers on 16 chromosomes, 12 traits (crosstype hap")
    assert "joint, scan2, compare: take 12 traits and" in text
    assert text.endswith("No errors, no warnings.")
    assert max(map(len, text.splitlines())) <= 88


def test_flipped_alleles_are_an_error(sound):
    genotypes = sound.genotypes.copy()
    genotypes[40] = 1 - genotypes[40]
    found = kinds(replace(sound, genotypes=genotypes), "error")
    assert list(found) == ["flipped_alleles"]
    assert found["flipped_alleles"].names == (sound.markers["marker"][40],)


def test_nothing_to_map_is_an_error(sound):
    alike = replace(sound, genotypes=np.zeros_like(sound.genotypes))
    assert list(kinds(alike, "error")) == ["constant_marker"]
    flat = replace(sound, traits=np.ones_like(sound.traits))
    assert list(kinds(flat, "error")) == ["constant_trait"]


def test_lines_named_an_f2_are_an_error(sound):
    lines = replace(
        sound, crosstype="f2", genotype_names=("AA", "AB", "BB"), genotypes=2 * sound.genotypes
    )
    assert "crosstype" in kinds(lines, "error")


def test_one_sample_twice_is_warned_of(sound):
    genotypes = sound.genotypes.copy()
    genotypes[:, 7] = genotypes[:, 3]
    genotypes[:2, 7] = 1 - genotypes[:2, 3]  # typed twice, two errors in 300
    found = kinds(replace(sound, genotypes=genotypes), "warning")["duplicate_samples"]
    assert found.names == (sound.samples[3], sound.samples[7])
    assert "agree in 99.3% of 300 markers" in found.text


def test_three_markers_cannot_tell_samples_apart(sound):
    few = sound.subset(markers=sound.markers["marker"].tolist()[:2])
    assert "duplicate_samples" in kinds(few, "note")
    assert "duplicate_samples" not in kinds(few, "warning")


@pytest.mark.parametrize("n_samples", [8, 40])
@pytest.mark.parametrize("chromosomes", [1, 2, 5])
def test_brothers_on_a_small_map_are_not_taken_for_one(n_samples, chromosomes):
    """A metre of map for each chromosome: brothers without a crossover between them are common."""
    lengths = {str(c): 250_000 for c in range(chromosomes)}
    n_alike = 0
    for seed in range(20):
        cross = simulate_cross(
            n_samples=n_samples, n_traits=1, n_markers=12 * chromosomes, n_parent_replicates=0,
            chromosome_lengths_bp=lengths, seed=seed,
        ).cross  # fmt: skip
        n_alike += (cross_quality(cross).pairs["share"] >= 0.98).any()
        assert "duplicate_samples" not in kinds(cross, "warning")
    if (n_samples, chromosomes) == (40, 2):
        assert n_alike > 15  # which agreement alone would have called one


def test_too_many_and_too_few_crossovers(sound):
    rng = np.random.default_rng(2)
    genotypes = sound.genotypes.copy()
    genotypes[:, 5] ^= (rng.random(300) < 0.3).astype(np.int8)
    genotypes[:, 6] = 0
    found = kinds(replace(sound, genotypes=genotypes), "warning")
    assert found["many_crossovers"].names == (sound.samples[5],)
    assert found["few_crossovers"].names == (sound.samples[6],)


def test_a_map_that_does_not_fit_the_crossovers(sound):
    stretched = sound.markers.assign(pos_cm=sound.markers["pos_cm"] / 10)
    found = kinds(replace(sound, markers=stretched), "warning")
    assert "map_length" in found
    assert "map_length" in kinds(sound, "note")
    without = sound.markers.assign(pos_cm=np.nan)
    assert "map_length" not in kinds(replace(sound, markers=without), "note")


def test_distorted_segregation(sound):
    genotypes = sound.genotypes.copy()
    genotypes[10] = np.arange(80) < 8
    found = kinds(replace(sound, genotypes=genotypes), "warning")["segregation"]
    assert found.names == (sound.markers["marker"][10],)
    assert f"the worst is {sound.markers['marker'][10]} with 72 : 8 (A : B" in " ".join(
        found.text.split()
    )


def test_missing_calls_and_values(sound):
    genotypes, traits = sound.genotypes.copy(), sound.traits.copy()
    genotypes[:200, 3], genotypes[17], traits[2, :50], traits[4] = -1, -1, np.nan, 2.0
    table = sound.trait_table.copy()
    table.loc[0, "chr"] = None
    table.loc[1, "chr"] = "99"
    cross = replace(sound, genotypes=genotypes, traits=traits, trait_table=table)
    warned, noted = kinds(cross, "warning"), kinds(cross, "note")
    assert warned["missing_in_sample"].names == (sound.samples[3],)
    assert warned["missing_in_marker"].names == (sound.markers["marker"][17],)
    assert warned["missing_in_trait"].names == (sound.trait_names[2],)
    assert warned["constant_trait"].names == (sound.trait_names[4],)
    assert noted["placeless_trait"].names == (sound.trait_names[0],)
    assert noted["off_map_trait"].names == (sound.trait_names[1],)
    assert noted["constant_marker"].names == (sound.markers["marker"][17],)


def test_what_reading_said_is_told(sound):
    noted = replace(sound, report=IngestReport(notes=("a note", "heard")))
    checked = check_cross(noted, heard=["heard"])
    told = [(f.severity, f.text) for f in checked.findings if f.kind == "reading"]
    assert told == [("warning", "Heard."), ("note", "A note.")]


@pytest.mark.filterwarnings("ignore:.*too few:crossmap.errors.CrossmapWarning")
def test_what_commands_do_agrees_with_what_they_do(sound):
    """The sentences, held to the rules that the commands themselves apply."""
    from crossmap import joint_linkage, scan2

    traits, genotypes = sound.traits.copy(), sound.genotypes.copy()
    traits[:5, 0] = np.nan
    traits[:2, 7:] = np.nan
    genotypes[3] = 1
    cross = replace(sound, traits=traits, genotypes=genotypes)
    said = dict(fates(cross, check_cross(cross).quality))
    found = scan2(cross, n_grid=12, n_perm=1, min_cell=1)
    assert len(found.search.traits) == cross.n_traits - 2
    assert joint_linkage(cross, n_perm=1).search.traits == found.search.traits
    assert said["joint, scan2, compare"] == (
        f"take {cross.n_traits - 2} traits, each on the samples with a value, and "
        f"{len(distinct_loci(cross))} loci; left out: 1 marker with one genotype alone and "
        "2 traits with values in fewer than 8 samples."
    )
    holes = replace(cross, genotypes=genotypes.copy())
    holes.genotypes[0, 0] = -1
    with pytest.raises(DataError, match="found 1 missing"):
        distinct_loci(holes)
    said = dict(fates(holes, check_cross(holes).quality))
    assert said["joint, scan2, compare"].startswith(
        "refuse it while it has 1 missing genotype call: crossmap fill fills them"
    )
    nothing = replace(cross, traits=np.full_like(traits, np.nan))
    with pytest.raises(DataError, match="values in at least 8 samples"):
        scan2(nothing)
    said = dict(fates(nothing, check_cross(nothing).quality))
    assert said["joint, scan2, compare"] == (
        "refuse it: no trait has values in at least 8 samples."
    )
    said = dict(fates(sound, check_cross(sound).quality))
    assert said["joint, scan2, compare"].endswith("; nothing left out.")
    f2 = replace(cross, crosstype="f2", genotype_names=("AA", "AB", "BB"))
    with pytest.raises(DataError, match="two genotypes per locus"):
        distinct_loci(f2)
    assert "has three genotypes" in dict(fates(f2, check_cross(f2).quality))["fit"]


def test_what_is_left_out_is_said_of_every_command_that_takes_a_cross(sound):
    traits = sound.traits.copy()
    traits[:3, 0] = np.nan
    cross = replace(sound, traits=traits)
    said = dict(fates(cross, check_cross(cross).quality))
    named = {name for names in said for name in names.split(", ")}
    reading = {"joint", "scan1", "scan2", "compare", "permute", "environment", "fit", "explain"}
    assert named == reading | {"hotspots", "architecture", "fill"}
    hot = find_hotspots(cross, n_perm=0)
    n_loci = len(distinct_loci(cross))
    assert (hot.n_traits, hot.n_left_out) == (9, 3)
    takes = f"takes the 9 traits without missing values and {n_loci} loci; left out: 3 traits with"
    assert said["hotspots"] == f"{takes} missing values."
    assert said["architecture"] == f"pairs as joint; its single-locus scan {said['hotspots']}"
    assert said["fill"] == "nothing to fill."
    assert said["environment"].startswith("as scan1, on the samples whose condition is known")
    genotypes = sound.genotypes.copy()
    genotypes[0, :2] = -1
    holes = replace(cross, genotypes=genotypes)
    said = dict(fates(holes, check_cross(holes).quality))
    assert said["fill"] == "fills 2 missing calls."
    for name in ("hotspots", "architecture", "explain"):
        assert said[name].startswith("refuses it while it has 2 missing genotype calls")
    with pytest.raises(DataError, match="found 2 missing"):
        find_hotspots(holes, n_perm=0)


def test_the_folder_holds_what_is_said(sound, tmp_path):
    checked = check_cross(sound)
    before = replace(sound)
    text = write_check(checked, tmp_path)
    assert_same_data(sound, before)
    assert {path.name for path in tmp_path.iterdir()} == {
        "check.txt", "check.png", "genotypes.png", "report.html", "summary.json", "markers.tsv",
        "loci.tsv",
        "samples.tsv", "chromosomes.tsv", "unlikely_calls.tsv",
        "contradicting_calls.tsv", "pairs.tsv",
        "traits.tsv",
    }  # fmt: skip
    assert (tmp_path / "check.txt").read_text() == f"{text}\n"
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["format_version"] == 1
    assert summary["n_distinct_loci"] == len(pd.read_csv(tmp_path / "loci.tsv", sep="\t"))
    assert len(pd.read_csv(tmp_path / "samples.tsv", sep="\t")) == 80
    assert json.loads(json.dumps(as_json(checked))) == summary
    assert (tmp_path / "check.png").read_bytes().startswith(b"\x89PNG")


def test_same_bytes(sound, tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        write_check(check_cross(sound), tmp_path / name)
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_a_sentence_begins_with_a_capital_and_a_file_with_its_own(sound):
    heard = ["nomap.csv: no row of positions", "sexes are taken from the calls."]
    texts = [f.text for f in check_cross(sound, heard=heard).findings]
    assert "nomap.csv: no row of positions." in texts
    assert "Sexes are taken from the calls." in texts


def test_lists_of_names():
    assert named(["a"]) == "a"
    assert named([str(i) for i in range(7)]) == "0, 1, 2, 3, 4 and 2 more"
