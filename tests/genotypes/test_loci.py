import numpy as np
import pandas as pd
import pytest
from examples import KINDS, example_cross

from crossmap.cross import make_cross
from crossmap.errors import ArgumentError, DataError
from crossmap.genotypes.loci import distinct_loci, recombination_coding, thin


def cross_of(patterns, chromosomes, crosstype="haploid"):
    patterns = np.array(patterns)
    return make_cross(
        crosstype=crosstype,
        genotype_names="AB" if crosstype != "f2" else ("AA", "AB", "BB"),
        samples=[f"s{k}" for k in range(patterns.shape[1])],
        markers=pd.DataFrame(
            {
                "marker": [f"m{i}" for i in range(len(patterns))],
                "chr": chromosomes,
                "pos_bp": np.arange(float(len(patterns))),
            }
        ),
        genotypes=patterns,
        trait_names=[],
        traits=np.empty((0, patterns.shape[1])),
    )


def test_equal_and_complementary_patterns_of_a_chromosome_are_one_locus():
    a, b = [0, 0, 1, 1], [0, 1, 1, 0]
    not_a = [1, 1, 0, 0]
    loci = distinct_loci(cross_of([a, b, not_a, [0, 0, 0, 0], a], ["1", "1", "1", "1", "2"]))
    frame = loci.to_frame()
    assert frame["locus"].tolist() == ["m0", "m1", "m4"]
    assert frame["chr"].tolist() == ["1", "1", "2"]
    assert frame["end_bp"].tolist() == [2.0, 1.0, 4.0]  # another locus lies inside the first
    assert frame["n_markers"].tolist() == [2, 1, 1]
    assert loci.locus_of_marker.tolist() == [0, 1, 0, -1, 2]
    assert loci.members(0).tolist() == [0, 2]


@pytest.mark.parametrize("kind", KINDS)
def test_coding_rebuilds_the_genotypes_and_sums(kind):
    loci = distinct_loci(example_cross(kind, seed=2))
    coding = loci.coding
    n = loci.genotypes.shape[1]
    y = np.random.default_rng(0).normal(size=n)
    state, total = np.zeros(n), 0.0
    for j in range(len(loci)):
        if coding.restart[j]:
            state[:], total = 0, 0.0
            assert j == 0 or loci.chr[j] != loci.chr[j - 1]
        here = slice(coding.offset[j], coding.offset[j + 1])
        for sample, sign in zip(coding.sample[here], coding.sign[here], strict=True):
            state[sample] += sign
            total += sign * y[sample]
        assert np.array_equal(state, coding.code[j])
        same = np.array_equal(state, loci.genotypes[j])
        assert same or np.array_equal(1 - state, loci.genotypes[j])
        assert total == pytest.approx(y @ state)
        assert here.stop - here.start <= n / 2 + 1


def test_swapped_labels_cost_no_additions():
    x = np.array([[0, 0, 1, 1, 0], [1, 1, 0, 0, 1]], dtype=np.int8)
    coding = recombination_coding(x, np.zeros(2, dtype=np.int64))
    assert coding.offset.tolist() == [0, 2, 2]


def test_thinning_takes_every_m_over_k_th():
    loci = distinct_loci(example_cross("ordinary"))
    kept = thin(loci, 5)
    assert kept.names == tuple(loci.names[i * len(loci) // 5] for i in range(5))
    assert set(np.unique(kept.locus_of_marker)) == {-1, 0, 1, 2, 3, 4}
    for wrong in (0, len(loci) + 1):
        with pytest.raises(ArgumentError, match="n_grid: expected 1 to"):
            thin(loci, wrong)


def test_what_cannot_be_analysed_is_refused_with_a_count():
    with pytest.raises(DataError, match=r"2 missing of 8 .*marker m0, sample s1"):
        distinct_loci(cross_of([[0, -1, 1, 1], [0, 1, -1, 0]], ["1", "1"]))
    with pytest.raises(DataError, match="expected a cross with two genotypes per locus"):
        distinct_loci(cross_of([[0, 2, 1, 1]], ["1"], "f2"))
    with pytest.raises(DataError, match="at least one marker with both genotypes"):
        distinct_loci(cross_of([[0, 0, 0], [1, 1, 1]], ["1", "1"]))


def test_yeast_has_the_papers_number_of_loci(yeast):
    loci = distinct_loci(yeast)
    assert (yeast.n_markers, len(loci)) == (3244, 1226)
    of_marker = loci.locus_of_marker
    runs = 1 + (np.diff(of_marker) != 0).sum()
    assert runs == 1274
    around_others = [j for j in range(len(loci)) if (np.diff(loci.members(j)) > 1).any()]
    assert len(around_others) == 39
    assert len(thin(loci, 613)) == 613
