"""Genotypes that no cross can have, through every command that reads and through Python.

One line on stderr, status 3 for bad data and 2 for a bad option, and nothing written.
"""

import numpy as np
import pytest

from crossmap import joint_linkage, permute_scan1, read_cross, scan1, scan2
from crossmap.errors import ArgumentError, DataError

N = 24
SAMPLES = [f"s{i:02d}" for i in range(N)]
MARKERS = [("m0", "1", 0), ("m1", "1", 10), ("m2", "1", 20), ("m3", "2", 0), ("m4", "2", 10),
           ("m5", "X", 0), ("m6", "X", 10)]  # fmt: skip
CLASSES = {"riself": ("AA", "BB"), "f2": ("AA", "AB", "BB")}

# Command -> what it needs besides a cross; a folder to write, but for plan.
COMMANDS = {
    "convert": [], "check": [], "fill": [], "scan1": [], "permute": ["--permutations", "19"],
    "environment": ["--condition", "batch", "--permutations", "19"],
    "joint": [], "scan2": [], "compare": [], "fit": ["--trait", "t1", "--locus", "m0"],
    "explain": ["--trait", "t1", "--permutations", "19"], "hotspots": ["--permutations", "19"],
    "architecture": [],
}  # fmt: skip
ON_PROBABILITIES = ("scan1", "permute", "joint", "scan2", "compare", "fit")


def files(crosstype="riself", *, sex=True, cm=None):
    """An R/qtl2 folder; the map has centimorgans alone."""
    rng = np.random.default_rng(1)
    names = CLASSES[crosstype]
    calls = rng.integers(0, len(names), (len(MARKERS), N))
    is_male = np.arange(N) % 2 == 1
    on_x = np.minimum(calls[5:], 1)  # males have both homozygotes, so that all cannot be females
    calls[5:] = np.where(is_male & (crosstype == "f2"), 2 * on_x, on_x)
    rows = "".join(f"{s},{','.join(names[k] for k in own)}\n" for s, own in
                   zip(SAMPLES, calls.T, strict=True))  # fmt: skip
    places = [(m, c, p if cm is None else cm) for m, c, p in MARKERS]
    return {
        "cross.yaml": f"crosstype: {crosstype}\ngeno: geno.csv\ngmap: gmap.csv\n"
        "pheno: pheno.csv\ncovar: covar.csv\ngenotypes:\n"
        + "".join(f"  {name}: {k}\n" for k, name in enumerate(names, start=1)),
        "geno.csv": f"id,{','.join(m for m, _, _ in MARKERS)}\n{rows}",
        "gmap.csv": "marker,chr,pos\n" + "".join(f"{m},{c},{p}\n" for m, c, p in places),
        "pheno.csv": "id,t1,t2\n" + "".join(f"{s},{i},{i % 7}\n" for i, s in enumerate(SAMPLES)),
        "covar.csv": f"id,batch,{'sex' if sex else 'age'}\n"
        + "".join(f"{s},b{i // 2 % 2},{'fm'[i % 2]}\n" for i, s in enumerate(SAMPLES)),
    }  # fmt: skip


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Write files of a cross, by names relative to here."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x").mkdir()

    def write(texts):
        for name, text in texts.items():
            (tmp_path / "x" / name).write_text(text)
        return "x"

    return write


def with_base_pairs(texts):
    pmap = "marker,chr,pos\n" + "".join(f"{m},{c},{p / 10}\n" for m, c, p in MARKERS)
    control = texts["cross.yaml"] + "pmap: pmap.csv\n"
    return texts | {"pmap.csv": pmap, "cross.yaml": control}


def changed(texts, name, old, new):
    assert old in texts[name]
    return texts | {name: texts[name].replace(old, new)}


def refused(cli, tmp_path, path, commands, *options):
    """What the commands says; it wrote nothing and ended as it should."""
    said = {}
    for command in commands:
        done = cli(command, path, *COMMANDS[command], *options, "--out", "out")
        assert done.out == "", command
        assert [p.name for p in tmp_path.iterdir()] == ["x"], command
        *before, last = done.err.splitlines()
        assert last.startswith("crossmap: error: "), (command, done.err)
        # Of the size of a scan one line may come before.
        assert all("tests; by chance alone" in line for line in before), (command, before)
        said[command] = (done.status, last.removeprefix("crossmap: error: "))
    return said


IMPOSSIBLE = {
    "BB = 3 in lines": (
        changed(files(), "cross.yaml", "BB: 2", "BB: 3"),
        "(riself has genotypes 1 and 2, an F2 1 to 3: of BB: 3 the second homozygote should have 2",
    ),
    "three genotypes in lines": (
        changed(files("f2"), "cross.yaml", "crosstype: f2", "crosstype: riself"),
        "(AA, AB, BB are three genotypes, as of crosstype f2;",
    ),
    "two individuals of one name": (
        changed(files(), "geno.csv", "s05,", "s04,"),
        "geno.csv, line 7: expected each row name once, found 's04' again (first in line 6)",
    ),
    "two individuals of one name, traits": (
        changed(files(), "pheno.csv", "s05,", "s04,"),
        "pheno.csv, line 7: expected each row name once, found 's04' again (first in line 6)",
    ),
}


@pytest.mark.parametrize("case", IMPOSSIBLE)
def test_what_no_command_reads(cli, folder, tmp_path, case):
    texts, message = IMPOSSIBLE[case]
    path = folder(texts)
    for command, (status, line) in refused(cli, tmp_path, path, COMMANDS).items():
        assert status == 3, command
        assert message in line, command
    planned = cli("plan", "scan1", path)
    assert (planned.status, planned.out) == (3, "")
    assert message in planned.err
    with pytest.raises(DataError) as caught:
        read_cross(path)
    assert message in str(caught.value)


UNUSABLE = {
    "a map of length zero": (
        files(cm=5), "markers: expected a genetic map, found every marker of a chromosome at one "
        "place"),
    "no call at all": (
        files() | {"geno.csv": f"id,{','.join(m for m, _, _ in MARKERS)}\n"
                   + "".join(f"{s}{',NA' * len(MARKERS)}\n" for s in SAMPLES)},
        f"genotypes: expected calls, found none in any of {N} samples"),
    "no sex in an intercross": (
        files("f2", sex=False), "covariates: expected a column sex (female or male, 0 or 1), for "
        "the X chromosome of crosstype f2, found batch, age"),
    "one sex not known": (
        changed(files("f2"), "covar.csv", "s03,b1,m", "s03,b1,NA"),
        "covariate sex, sample s03: expected female or male (0 or 1), found none"),
}  # fmt: skip


@pytest.mark.parametrize("case", UNUSABLE)
def test_what_has_no_genotype_probabilities(cli, folder, tmp_path, case):
    texts, message = UNUSABLE[case]
    path = folder(texts)
    said = refused(cli, tmp_path, path, ON_PROBABILITIES, "--genotype-probabilities")
    said |= refused(cli, tmp_path, path, ["fill"])
    for command, answer in said.items():
        assert answer == (3, message), command
    told = " ".join(cli("check", path).out.split())
    assert message in told or "No marker has two genotypes" in told
    cross = read_cross(path)
    for analysis in (scan1, permute_scan1, joint_linkage, scan2):
        with pytest.raises(DataError) as caught:
            analysis(cross, genotype_probabilities=True)
        assert str(caught.value) == message


@pytest.mark.parametrize("value", ["0.5", "-0.1", "nan", "1"])
def test_error_probabilities_that_are_none(cli, folder, tmp_path, value):
    path = folder(files())
    said = refused(cli, tmp_path, path, ON_PROBABILITIES, "--genotype-probabilities",
                   "--error-prob", value)  # fmt: skip
    said |= refused(cli, tmp_path, path, ["fill"], "--error-prob", value)
    message = f"--error-prob: expected a number of at least 0 and below 0.5, found {float(value)}"
    assert set(said.values()) == {(2, message)}
    cross = read_cross(path)
    for analysis in (scan1, permute_scan1, joint_linkage, scan2):
        with pytest.raises(ArgumentError, match="error_prob: expected a number of at least 0"):
            analysis(cross, genotype_probabilities=True, error_prob=float(value))


def test_a_rate_beside_a_genetic_map(cli, folder, tmp_path):
    path = folder(files())
    said = refused(cli, tmp_path, path, ON_PROBABILITIES, "--genotype-probabilities",
                   "--cm-per-mb", "2")  # fmt: skip
    said |= refused(cli, tmp_path, path, ["fill", "check"], "--cm-per-mb", "2")
    message = "--cm-per-mb: expected none, as every marker has a position in centimorgans, found 2"
    assert set(said.values()) == {(2, message)}


def test_a_map_that_falls(cli, folder, tmp_path):
    # Beside base pairs the two maps contradict each other; alone it is sorted, and said.
    texts = with_base_pairs(files())
    path = folder(changed(texts, "gmap.csv", "m2,1,20", "m2,1,5"))
    message = (
        "chromosome 1: expected a genetic map that rises with base pairs, found m2 at 5 cM after "
        "m1 at 10 cM"
    )
    said = refused(cli, tmp_path, path, ON_PROBABILITIES, "--genotype-probabilities")
    said |= refused(cli, tmp_path, path, ["fill"])
    assert set(said.values()) == {(3, message)}
    assert message in " ".join(cli("check", path).out.split())


@pytest.mark.parametrize("what", ["sample", "marker"])
def test_a_sample_or_a_marker_without_any_call(cli, folder, tmp_path, what):
    rows = [line.split(",") for line in files()["geno.csv"].split()]
    for i, row in enumerate(rows[1:], start=1):
        for j in range(1, len(row)):
            if (i == 4) if what == "sample" else (j == 3):
                row[j] = "NA"
    geno = "\n".join(",".join(row) for row in rows) + "\n"
    path = folder(with_base_pairs(files() | {"geno.csv": geno}))
    n, first = (7, "marker m0, sample s03") if what == "sample" else (N, "marker m2, sample s00")
    message = (
        f"genotypes: expected complete calls, found {n} missing of {N * len(MARKERS)} (the first: "
        f"{first}); fill them (crossmap fill), or analyse their probabilities "
        "(--genotype-probabilities)"
    )
    said = refused(cli, tmp_path, path, ["joint", "scan2", "compare", "explain", "hotspots",
                                         "architecture"])  # fmt: skip
    assert set(said.values()) == {(3, message)}
    name = "s03" if what == "sample" else "m2"
    assert name in " ".join(cli("check", path).out.split()).partition("What the commands")[0]
    done = cli("fill", path, "--out", "out")
    assert (done.status, "at most 2% of all calls to be wrong" in done.err) == (3, True)
    done = cli("fill", path, "--max-wrong", "1", "--out", "out")
    assert done.status == 0
    told = "1 of 24 samples have no genotype call (s03)"
    assert (told in done.err) == (what == "sample")
