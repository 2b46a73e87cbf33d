"""Sex and direction of the cross: every spelling, what is assumed, what is refused."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from genotyped import awkward_cross

from crossmap import error_lods, genotype_probabilities, scan1
from crossmap.errors import CrossmapWarning, DataError
from crossmap.genotypes.chains import impossible_calls, x_chain_groups
from crossmap.genotypes.x_chromosome import sexes, x_groups, x_samples
from crossmap.report.check import check_cross


def f2(*, sex=None, direction=None, n_samples=160, seed=1, missing=0.0):
    """Samples of one sex and direction, or of those that are there."""
    cross = awkward_cross("f2", n_samples=n_samples, missing=missing, seed=seed)
    keep = np.ones(n_samples, dtype=bool)
    if sex is not None:
        keep &= (cross.covariates["sex"] == sex).to_numpy()
    if direction is not None:
        keep &= (cross.covariates["pgm"] == direction).to_numpy()
    return cross.subset(samples=[cross.samples[i] for i in np.flatnonzero(keep)])


def with_column(cross, name, values):
    return replace(cross, covariates=cross.covariates.assign(**{name: values}))


def without(cross, *names):
    return replace(cross, covariates=cross.covariates.drop(columns=list(names)))


def on_x(cross):
    return np.flatnonzero(cross.markers["chr"] == "X")


@pytest.mark.parametrize(
    "words",
    [("0", "1"), (0, 1), (0.0, 1.0), ("F", "M"), ("f", "m"), ("female", "male"), ("FEMALE", "Male"),
     ("Fem", "mal"), (" females", "males ")],
)  # fmt: skip
@pytest.mark.parametrize("column", ["sex", "Sex", "SEX"])
def test_spellings_of_sex(words, column):
    cross = f2()
    male = (cross.covariates["sex"] == "male").to_numpy()
    said = with_column(without(cross, "sex"), column, [words[int(m)] for m in male])
    np.testing.assert_array_equal(sexes(said), male)


@pytest.mark.parametrize("wrong", ["x", "2", None, np.nan, ""])
@pytest.mark.parametrize("crosstype", ["bc", "f2"])
def test_what_is_no_sex_names_the_sample(wrong, crosstype):
    cross = awkward_cross(crosstype)
    values = cross.covariates["sex"].astype(object).copy()
    values.iloc[7] = wrong
    with pytest.raises(DataError, match=f"sample {cross.samples[7]}: expected female or male"):
        scan1(with_column(cross, "sex", values), genotype_probabilities=True)
    finding = next(f for f in check_cross(with_column(cross, "sex", values)).findings
                   if f.kind == "sex")  # fmt: skip
    assert finding.severity == "error"
    assert cross.samples[7] in finding.text


@pytest.mark.parametrize("wrong", ["2", "AxB", None, np.nan])
def test_what_is_no_direction_names_the_sample(wrong):
    cross = f2()
    values = cross.covariates["pgm"].astype(object).copy()
    values.iloc[7] = wrong
    with pytest.raises(DataError, match=f"pgm, sample {cross.samples[7]}: expected 0 or 1"):
        scan1(with_column(cross, "pgm", values))
    for numbers in ([0, 1], ["0", "1"], [0.0, 1.0]):
        said = with_column(cross, "pgm", [numbers[i] for i in cross.covariates["pgm"]])
        np.testing.assert_array_equal(x_samples(said).is_reverse, x_samples(cross).is_reverse)


@pytest.mark.parametrize(
    ("sex", "direction", "drop", "assumed"),
    [
        ("female", 0, ("pgm",), None),
        ("female", 1, ("pgm",), "the females are of direction 1"),
        ("female", 0, ("sex", "pgm"), "all samples are female, of direction 0"),
        ("female", 1, ("sex", "pgm"), "all samples are female, of direction 1"),
        ("female", None, ("sex",), "all samples are female (there"),
        ("male", None, ("sex",), "all samples are male"),
        ("male", None, ("sex", "pgm"), "all samples are male"),
        (None, 1, ("pgm",), "the females are of direction 1"),
    ],
)
def test_what_nobody_says_is_what_all_calls_allow(sex, direction, drop, assumed):
    cross = f2(sex=sex, direction=direction)
    less = without(cross, *drop)
    found, known = x_samples(less), x_samples(cross)
    np.testing.assert_array_equal(found.is_male, known.is_male)
    female = ~known.is_male
    np.testing.assert_array_equal(found.is_reverse[female], known.is_reverse[female])
    assert [assumed in text for text in found.assumed] == [True] * (assumed is not None)
    expected = genotype_probabilities(cross).probability
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        np.testing.assert_array_equal(genotype_probabilities(less).probability, expected)
    assert len(heard) == (assumed is not None)


def test_a_direction_the_wrong_way_round_is_turned():
    cross = f2()
    turned = with_column(cross, "pgm", 1 - cross.covariates["pgm"])
    with pytest.warns(CrossmapWarning, match="0 and 1 of the direction of the cross are exchanged"):
        found = genotype_probabilities(turned).probability
    np.testing.assert_array_equal(found, genotype_probabilities(cross).probability)
    assert "exchanged" in str([f.text for f in check_cross(turned).findings if f.kind == "sex"])


@pytest.mark.parametrize("drop", [("sex",), ("sex", "pgm"), ("pgm",)])
def test_what_calls_do_not_settle_is_asked_for(drop):
    less = without(f2(), *drop)
    column = "sex" if "sex" in drop else "pgm"
    with pytest.raises(DataError, match=f"expected a column {column}"):
        scan1(less)
    finding = next(f for f in check_cross(less).findings if f.kind == "sex")
    assert f"expected a column {column}" in finding.text


@pytest.mark.filterwarnings("ignore:genotypes on chromosome X")
def test_a_few_stray_calls_make_no_second_direction():
    cross = without(f2(sex="female", direction=1), "pgm")
    calls = cross.genotypes.copy()
    calls[on_x(cross)[2], 5] = 0
    with pytest.warns(CrossmapWarning, match="1 calls on X are none"):
        found = genotype_probabilities(replace(cross, genotypes=calls))
    assert found.probability[0][on_x(cross)].max() == 0.0


def test_a_backcross_without_sex_is_of_one_sex_and_says_so():
    cross = without(awkward_cross("bc", missing=0.0), "sex")
    assert len(x_groups(cross)) == 1
    with pytest.warns(CrossmapWarning, match="all samples are of one sex"):
        scan1(cross)
    finding = next(f for f in check_cross(cross).findings if f.kind == "sex")
    assert finding.severity == "warning"
    assert "covariate sex" in finding.text


def test_impossible_calls_are_named_and_have_no_error_lod():
    cross = f2()
    male = np.flatnonzero(cross.covariates["sex"] == "male")
    calls = cross.genotypes.copy()
    rows = on_x(cross)
    calls[rows[1], male[3]] = 1
    calls[rows[4:6], male[9]] = 1
    wrong = replace(cross, genotypes=calls)
    assert np.argwhere(impossible_calls(wrong)).tolist() == sorted(
        [[rows[1], male[3]], [rows[4], male[9]], [rows[5], male[9]]]
    )
    with pytest.warns(CrossmapWarning, match="3 calls on X are none"):
        lods = error_lods(wrong)
    assert np.isfinite(lods[~impossible_calls(wrong)]).all()
    assert np.isnan(lods[impossible_calls(wrong)]).all()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        checked = check_cross(wrong)
    finding = next(f for f in checked.findings if f.kind == "impossible_call")
    worst, other = cross.samples[male[9]], cross.samples[male[3]]
    assert finding.names == (worst, other)
    marker = cross.markers["marker"][rows[4]]
    assert f"AB of sample {worst} at marker {marker}" in finding.text
    assert f"Sample {worst} has 2 of them" in finding.text
    # Scans of calls leave them out: as if they were missing.
    missing = replace(wrong, genotypes=np.where(impossible_calls(wrong), -1, calls).astype(np.int8))
    with pytest.warns(CrossmapWarning, match="3 calls on X are none"):
        ours = scan1(wrong, threshold=1.0).to_frame()
    assert ours.equals(scan1(missing, threshold=1.0).to_frame())


def test_other_cross_types_and_autosomes_have_nothing_to_say():
    for crosstype in ("haploid", "riself", "risib"):
        cross = awkward_cross(crosstype)
        assert not impossible_calls(cross).any()
        assert not [f for f in check_cross(cross).findings if f.kind == "sex"]
    cross = f2()
    autosomes = cross.subset(markers=list(cross.markers["marker"].drop(on_x(cross))))
    scan1(without(autosomes, "sex", "pgm"))


@pytest.mark.parametrize(
    ("crosstype", "names", "classes"),
    [
        ("f2", ["female", "female, reverse", "male"], [(0, 1), (1, 2), (0, 2)]),
        ("bc", ["female", "male"], [(0, 1), (0, 1)]),
        ("riself", ["all"], [(0, 1)]),
    ],
)
def test_groups_on_x_have_names_and_chains(crosstype, names, classes):
    cross = awkward_cross(crosstype, missing=0.0)
    groups = x_chain_groups(cross)
    assert [group.name for group in groups] == names
    assert [group.chain.classes for group in groups] == classes
    together = np.sort(np.concatenate([group.samples for group in groups]))
    np.testing.assert_array_equal(together, np.arange(cross.n_samples))
    if len(names) > 1:
        is_male = (cross.covariates["sex"] == "male").to_numpy()
        for group in groups:
            assert (is_male[group.samples] == (group.name == "male")).all()
