"""The folder of a joint-linkage analysis from Python: tables, words, pictures."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from examples import example_cross
from genotyped import awkward_cross

import crossmap
from crossmap.architecture.located import locate_loci
from crossmap.errors import ArgumentError, CrossmapWarning, OutputError
from crossmap.pipeline.joint import joint_linkage
from crossmap.plots.convergence import called_by_permutations
from crossmap.report import joint_tables
from crossmap.report.cross import describe_means
from crossmap.report.joint import save_joint, write_joint
from crossmap.report.joint_pictures import draw_joint
from crossmap.report.joint_text import _what_is_expected, describe_joint, joint_summary
from crossmap.report.words import percent
from crossmap.simulate import simulate_cross
from crossmap.trait_model import TraitModel

PICTURES = ["cells.png", "curves.png", "densities.png", "fdr.png", "pairs.png"]


def simulated(**options):
    model = TraitModel(
        n_loci_shares=(0.3, 0.2, 0.5), variance_share=(0.2, 0.4), shared_pair_share=0.5
    )
    return simulate_cross(
        n_samples=100, n_traits=150, n_markers=800, trait_model=model, seed=4, **options
    ).cross


@pytest.fixture(scope="module")
def cross():
    return simulated()


@pytest.fixture(scope="module")
def joint(cross):
    return joint_linkage(cross, n_perm=2)


def told(joint, cross, fdr=0.1):
    located = locate_loci(joint, cross, fdr=fdr)
    tables = joint_tables.joint_tables(joint, cross, located, fdr=fdr)
    return " ".join(describe_joint(joint, cross, tables, located, fdr=fdr).split())


@pytest.mark.usefixtures("unrendered")
def test_save_joint_makes_the_folder_of_the_command(cross, joint, tmp_path):
    text = save_joint(joint, cross, tmp_path / "out")
    assert (tmp_path / "out" / "summary.txt").read_text() == text + "\n"
    names = {file.name for file in (tmp_path / "out").iterdir()}
    assert {*PICTURES, "joint.tsv", "summary.json", "manifest.json"} <= names
    assert crossmap.save_joint is save_joint


@pytest.mark.parametrize("function", [save_joint, write_joint])
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fdr": -0.1}, "fdr: expected a number from 0 to 1"),
        ({"format": "xls"}, "format: expected"),
    ],
)
def test_options_out_of_range_are_refused_before_anything_is_written(
    cross, joint, tmp_path, function, options, message
):
    with pytest.raises(ArgumentError, match=message):
        function(joint, cross, tmp_path / "out", **options)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_named(cross, joint, tmp_path):
    with pytest.raises(OutputError, match="expected to be able to write, found: No such file"):
        write_joint(joint, cross, tmp_path / "nowhere")


def test_words_and_numbers_agree(cross, joint):
    text = told(joint, cross)
    called = joint.called(0.1)
    assert len(called) > 10
    assert f"At a joint false discovery rate of 10%, {len(called)} traits are called" in text
    assert f"about {(1 - called['joint_prob']).sum():.1f} of these claims" in text
    assert f"joint probability of {called['joint_prob'].min():.2f} or more" in text
    assert f"{(called['local'] > 0).sum()} called traits have a locus within 10 kb" in text
    assert f"about {joint.expected_joint:,.0f} traits" in text
    located = locate_loci(joint, cross)
    tables = joint_tables.joint_tables(joint, cross, located, fdr=0.1)
    assert f"Of the traits called {percent(located.misplaced)} are expected" in text
    assert f"counts as false, {located.n_located} traits can be called at 10%" in text
    assert tables.called["located_q"].tolist() == located.table["located_q"].tolist()
    assert tables.shared["n_traits"].iloc[0] >= 3
    assert f"{tables.shared['n_traits'].iloc[0]} traits chr" in text
    summary = joint_summary(joint, cross, tables, located, fdr=0.1)
    assert summary["n_called"] == len(called)
    assert summary["located"]["n_located"] == located.n_located
    listed = summary["shared_places"]
    assert [place["n_traits"] for place in listed] == [
        n for n in tables.shared["n_traits"] if n >= 3
    ]


def test_shares_of_single_loci_are_no_smaller_than_that_of_all_of_them(cross, joint):
    first, second = joint.significance
    # pi0 need not agree with the probabilities of the same stage.
    other = replace(joint, significance=(first, replace(second, pi0=0.999)))
    shares = [float(stage.probability.mean()) for stage in other.significance]
    assert other.expected_share == pytest.approx(shares)
    assert min(shares) >= joint.expected_joint / 150 > 0.001
    assert (
        f"an estimated {percent(shares[0])} are linked to their first locus, "
        f"{percent(shares[1])} to locus 2"
    ) in " ".join(told(other, cross).split())


def test_one_called_trait_is_one_trait(cross, joint):
    best = np.argmax(joint.joint_prob)
    alone = replace(
        joint, joint_prob=np.where(np.arange(150) == best, 0.99, 0.0),
        q_value=np.where(np.arange(150) == best, 0.01, 1.0),
    )  # fmt: skip
    assert "1 trait is called: each is claimed" in told(alone, cross)


def test_nothing_called_is_told_as_a_result(cross, joint):
    nothing = replace(joint, joint_prob=np.full(150, 0.2), q_value=np.full(150, 0.8))
    text = told(nothing, cross)
    assert "no trait is called" in text
    assert "largest joint probability of a trait is 0.20" in text


def test_options_and_traits_left_out_are_told(cross):
    values = cross.traits.copy()
    values[:3, 7:] = np.nan
    values[5:10, 0] = np.nan
    values[20, :2] = np.nan
    joint = joint_linkage(
        replace(cross, traits=values), n_perm=1, exclude_r2=0.1, other_chromosome=True,
        variance="cell",
    )  # fmt: skip
    text = told(joint, replace(cross, traits=values))
    assert "Left out: 3 traits with too few values." in text
    assert "6 traits lack values: each was searched on its own samples (98 at the fewest)." in text
    assert "genotypes, none with r2 above 0.1 to one chosen before on its chromosome, each" in text
    assert "For each of 147 traits the best 2 loci" in text
    assert "Taken out" not in text


def test_covariates_are_told_and_drawn(cross, tmp_path):
    rng = np.random.default_rng(1)
    age = rng.normal(size=cross.n_samples)
    table = pd.DataFrame({"age": age, "twice": 2 * age}, index=cross.samples)
    values = cross.traits + 3 * age * cross.traits.std(axis=1, keepdims=True)
    values[:, 4] = np.nan
    spoilt = replace(cross, traits=values, covariates=table)
    joint = joint_linkage(spoilt, n_perm=1, covariates=["age", "twice"])
    text = " ".join(write_joint(joint, spoilt, tmp_path).split())
    assert (
        "Taken out of the traits first: age and twice (1 degree of freedom, by which those of "
        "every F are fewer)." in text
    )
    assert "approximate. Determined by those before: twice." in text
    data = pd.read_parquet(tmp_path / "called_data.parquet")
    assert data["trait"].nunique() == len(joint.called(0.1)) > 10
    first = data[data["trait"] == data["trait"][0]]
    assert len(first) == 99
    assert spoilt.samples[4] not in set(first["sample"])
    assert abs(np.corrcoef(first["residual"], np.delete(age, 4))[0, 1]) < 1e-9
    row = spoilt.trait_names.index(first["trait"].iloc[0])
    np.testing.assert_array_equal(first["value"], np.delete(values[row], 4))
    curves = pd.read_parquet(tmp_path / "curves.parquet")
    chosen = joint.called(0.1).iloc[0]
    own = curves[(curves["trait"] == chosen["trait"]) & (curves["stage"] == 1)]
    assert own.loc[own["lod"].idxmax(), "locus"] == chosen["locus1"]
    f = (10 ** (2 * own["lod"].max() / 99) - 1) * (99 - 2 - 1)
    assert chosen["f1"] == pytest.approx(f, rel=1e-9)


@pytest.mark.parametrize("n_loci", [1, 2, 3])
def test_any_number_of_loci_gives_a_whole_folder(cross, tmp_path, n_loci):
    joint = joint_linkage(cross, n_loci=n_loci, n_perm=1)
    text = write_joint(joint, cross, tmp_path)
    assert sorted(file.name for file in tmp_path.glob("*.png")) == PICTURES
    data = pd.read_parquet(tmp_path / "called_data.parquet")
    assert [c for c in data if c.startswith("genotype")] == [
        f"genotype{k}" for k in range(1, n_loci + 1)
    ]
    claim = {1: "the locus named", 2: "both loci named", 3: "all 3 loci named"}[n_loci]
    assert claim in " ".join(text.split())
    shared = pd.read_csv(tmp_path / "shared.tsv", sep="\t")
    assert ("chr2" in shared) == (n_loci > 1)


@pytest.mark.parametrize("n_perm", [1, 4])
@pytest.mark.usefixtures("unrendered")
def test_convergence_is_written_where_it_is_asked_for(cross, tmp_path, n_perm):
    joint = joint_linkage(cross, n_perm=n_perm)
    text = write_joint(joint, cross, tmp_path, convergence=True)
    table = pd.read_csv(tmp_path / "convergence.tsv", sep="\t")
    pd.testing.assert_frame_equal(table, called_by_permutations(joint))
    assert table["n_called"].iloc[-1] == len(joint.called())
    assert (tmp_path / "convergence.png").exists()
    assert "Are the permutations enough?" in (tmp_path / "report.html").read_text("utf-8")
    said = f"with all {n_perm} of each" if n_perm > 1 else "called with one of each trait"
    assert said in text


@pytest.mark.usefixtures("unrendered")
def test_truth_is_compared_where_it_is_known(tmp_path):
    made = simulate_cross(n_samples=60, n_traits=120, n_markers=100, seed=4)
    joint = joint_linkage(made.cross, n_perm=1)
    text = write_joint(joint, made.cross, tmp_path, truth=made.truth)
    assert "so the truth is known" in text
    assert '"n_findable"' in (tmp_path / "summary.json").read_text()


@pytest.mark.usefixtures("unrendered")
def test_a_map_in_centimorgans_alone(cross, tmp_path):
    nan = np.full(cross.n_markers, np.nan)
    in_cm = replace(
        cross,
        markers=cross.markers.assign(pos_bp=nan),
        trait_table=cross.trait_table.assign(chr=None, start_bp=np.nan, end_bp=np.nan),
    )
    joint = joint_linkage(in_cm, n_perm=1)
    text = write_joint(joint, in_cm, tmp_path)
    assert " cM with chr" in text
    curves = pd.read_parquet(tmp_path / "curves.parquet")
    assert "pos_cm" in curves
    assert "pos_bp" not in curves
    assert list(pd.read_csv(tmp_path / "shared.tsv", sep="\t").columns[1:4]) == [
        "chr1", "start1_cm", "end1_cm",
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["eight", "one_chromosome", "unlinked"])
def test_awkward_crosses_give_a_whole_folder(kind, tmp_path):
    cross = example_cross(kind)
    with pytest.warns(CrossmapWarning, match="too few to estimate pi0"):
        joint = joint_linkage(cross, n_perm=2, min_cell=1 if kind == "eight" else 3)
    write_joint(joint, cross, tmp_path, fdr=1.0)
    assert sorted(file.name for file in tmp_path.glob("*.png")) == PICTURES
    text = (tmp_path / "summary.json").read_text()
    assert "NaN" not in text
    assert "Infinity" not in text


def test_at_most_a_thousand_curves_are_kept(cross, joint, monkeypatch):
    assert joint_tables.MOST_CURVES == 1000
    monkeypatch.setattr(joint_tables, "MOST_CURVES", 3)
    located = locate_loci(joint, cross)
    tables = joint_tables.joint_tables(joint, cross, located, fdr=0.1)
    assert list(tables.curves["trait"].unique()) == list(tables.called["trait"][:3])
    assert tables.called_data["trait"].nunique() == len(tables.called)


def test_pictures_need_nothing_but_the_tables(cross, joint, tmp_path):
    (tmp_path / "again").mkdir()
    write_joint(joint, cross, tmp_path, format="parquet")
    names = joint_tables.JointTables.__dataclass_fields__
    read = {name: pd.read_parquet(tmp_path / f"{name}.parquet") for name in names}
    draw_joint(joint_tables.JointTables(**read), tmp_path / "again", fdr=0.1)
    for picture in PICTURES:
        assert (tmp_path / "again" / picture).read_bytes() == (tmp_path / picture).read_bytes()


def test_a_share_that_was_not_estimated_is_not_told_as_none():
    """Where hardly any p-value is near 1, pi0 is taken as 1 though most traits are linked."""
    cross = simulate_cross(n_samples=80, n_traits=110, n_markers=60, seed=2).cross
    joint = joint_linkage(cross)
    assert "that is no estimate" not in _what_is_expected(joint)
    first, second = joint.significance
    safe = replace(joint, significance=(replace(first, pi0=1.0), second))
    assert "Of locus 1 that is no estimate" in _what_is_expected(safe)


def test_a_rate_places_calls_in_base_pairs(cross, joint):
    """As if the map had them all along; without it the text says what is missing, and why."""
    rate = 250.0
    in_bp = replace(cross, markers=cross.markers.assign(pos_cm=np.nan))
    in_cm = replace(
        cross, markers=cross.markers.assign(pos_cm=cross.markers["pos_bp"] * 1e-6 * rate)
    )
    bare = joint_linkage(in_bp, n_perm=2)
    pd.testing.assert_frame_equal(
        bare.to_frame(), joint.to_frame().drop(columns=joint.to_frame().filter(like="_cm"))
    )
    assert locate_loci(bare, in_bp).table["located_q"].isna().all()
    assert "--cm-per-mb" in told(bare, in_bp)
    for options in ({}, {"exclude_window_cm": 40.0}):
        rated = joint_linkage(in_bp, n_perm=2, cm_per_mb=rate, **options)
        mapped = joint_linkage(in_cm, n_perm=2, **options)
        pd.testing.assert_frame_equal(rated.to_frame(), mapped.to_frame())
        pd.testing.assert_frame_equal(
            locate_loci(rated, in_bp).table, locate_loci(mapped, in_cm).table
        )
        assert told(rated, in_bp).split("For each")[1] == told(mapped, in_cm).split("For each")[1]
    assert "--cm-per-mb" not in told(rated, in_bp)
    with pytest.raises(ArgumentError, match="cm_per_mb: expected none, as every marker"):
        joint_linkage(cross, cm_per_mb=rate)


@pytest.mark.filterwarnings("ignore::crossmap.errors.CrossmapWarning")
def test_means_of_sex_and_direction_are_told_where_they_are():
    cross = awkward_cross("f2", n_samples=100)
    on_autosomes = cross.subset(
        markers=cross.markers["marker"][cross.markers["chr"] != "X"].tolist()
    )
    for made, is_told in ((cross, True), (on_autosomes, False)):
        loci = joint_linkage(
            made, n_perm=1, n_loci=1, min_cell=1, genotype_probabilities=True
        ).search.loci
        assert bool(describe_means(loci)) is is_told


@pytest.mark.usefixtures("unrendered")
def test_where_nothing_can_be_local_it_is_not_counted(tmp_path):
    """Nought called traits at their own genes would be said of a map without base pairs."""
    made = crossmap.simulate_cross(n_samples=60, n_traits=100, n_markers=60, seed=1).cross
    bare = made.trait_table.assign(chr=None, start_bp=np.nan, end_bp=np.nan)
    in_cm = made.markers.assign(pos_bp=np.nan)
    crosses = made, replace(made, trait_table=bare), replace(made, markers=in_cm)
    for cross, is_said in zip(crosses, (True, False, False), strict=True):
        text = write_joint(crossmap.joint_linkage(cross, n_perm=2), cross, tmp_path, fdr=0.9)
        assert " called: each is claimed" in text
        assert ("of the trait's own gene" in text) == is_said
