"""Result tables of other tools, written and read."""

import numpy as np
import pandas as pd
import pytest

from crossmap import ArgumentError, DataError, find_peaks, read_results, scan1, simulate_cross
from crossmap.io.layouts import to_layout


@pytest.fixture(scope="module")
def cross():
    return simulate_cross(n_samples=70, n_traits=40, n_markers=120, seed=3).cross


def test_matrixeqtls_own_output_is_read_into_our_columns(reference):
    file = reference / "matrixeqtl_synthetic" / "out_linear.tsv.gz"
    raw = pd.read_csv(file, sep="\t", dtype=str)
    table = read_results(file, layout="matrixeqtl")
    assert list(table)[:2] == ["trait", "marker"]
    assert {"beta", "statistic", "p_value", "neglog10_p", "fdr"} <= set(table)
    p_values = [float(text) for text in raw.filter(regex="pvalue|p-value").iloc[:, 0]]
    np.testing.assert_array_equal(table["p_value"], p_values)


def test_the_same_scan_written_as_matrixeqtl_is_what_matrixeqtl_wrote(shared, yeast):
    """Its 300 first traits: same pairs, statistics and p-values, through the layout."""
    theirs = read_results(
        shared / "oracles" / "matrixeqtl_yeast" / "matrixeqtl_linear.tsv.gz", layout="matrixeqtl"
    )
    names = sorted(set(theirs["trait"]))[:40]
    ours = to_layout(scan1(yeast.subset(traits=names)).to_frame(), "matrixeqtl")
    chosen = theirs[theirs["trait"].isin(names)]
    assert len(ours) == len(chosen) > 50
    one, two = (np.sort(np.abs(t)) for t in (ours["t-stat"], chosen["statistic"]))
    np.testing.assert_allclose(one, two, rtol=1e-9)
    np.testing.assert_allclose(np.sort(ours["p-value"]), np.sort(chosen["p_value"]), rtol=1e-7)


@pytest.mark.parametrize("layout", ["matrixeqtl", "tensorqtl"])
@pytest.mark.parametrize("ending", ["tsv", "csv", "parquet"])
def test_what_is_written_is_read_back(cross, tmp_path, layout, ending):
    frame = scan1(cross, threshold=1e-3).to_frame()
    written = to_layout(frame, layout)
    file = tmp_path / f"out.{ending}"
    if ending == "parquet":
        written.to_parquet(file)
    else:
        written.to_csv(file, sep="\t" if ending == "tsv" else ",", index=False)
    back = read_results(file, layout=layout)
    one = frame.sort_values(["trait", "marker"])
    two = back.sort_values(["trait", "marker"])
    assert one["marker"].tolist() == two["marker"].tolist()
    np.testing.assert_allclose(one["p_value"], two["p_value"], rtol=1e-14)
    np.testing.assert_allclose(one["beta"], two["beta"], rtol=1e-14)


QTLTOOLS = (
    "phe_id phe_chr phe_from phe_to phe_strd n_var_in_cis dist_phe_var var_id var_chr var_from "
    "var_to dof1 dof2 bml1 bml2 nom_pval r_squared slope slope_se adj_emp_pval adj_beta_pval\n"
    "007 1 100 200 + 12 50 m1 1 250 250 96 91.5 1.02 7.5 1e-05 0.18 -0.5 0.1 0.0099 0.00021\n"
    "g2 2 100 200 - 0 NA NA NA NA NA NA NA NA NA NA NA NA NA NA NA\n"
)


def test_permutations_of_qtltools(tmp_path):
    file = tmp_path / "cis.txt"
    file.write_text(QTLTOOLS)
    table = read_results(file, layout="qtltools")
    assert table[["trait", "marker", "chr"]].to_numpy().tolist() == [["007", "m1", "1"]]
    row = table.iloc[0]
    assert row["neglog10_p"] == pytest.approx(5.0)
    numbers = {
        "pos_bp": 250, "n_markers": 12, "df2": 96, "beta_df": 91.5, "beta_shape1": 1.02,
        "beta_shape2": 7.5, "r2": 0.18, "beta": -0.5, "se": 0.1, "p_adjusted": 0.0099,
        "p_beta": 0.00021, "phe_from": 100,
    }  # fmt: skip
    assert {name: row[name] for name in numbers} == numbers
    file.write_text(QTLTOOLS.split("\n", 1)[1])  # as its first versions wrote it
    with pytest.raises(DataError, match="expected a column var_id as in tables of qtltools, found"):
        read_results(file, layout="qtltools")
    with pytest.raises(ArgumentError, match="layout: expected matrixeqtl or tensorqtl or qtl2"):
        to_layout(table, "qtltools")


def test_peaks_as_qtl2_writes_them(cross, shared, tmp_path):
    peaks = find_peaks(cross, threshold=3.0).to_frame()
    written = to_layout(peaks, "qtl2")
    file = shared / "oracles" / "qtl2" / "qtl2_grav2_peaks_drop15.tsv"
    assert list(written) == list(pd.read_csv(file, sep="\t"))
    written.to_csv(tmp_path / "peaks.csv", index=False)
    back = read_results(tmp_path / "peaks.csv", layout="qtl2")
    np.testing.assert_allclose(back["lo_cm"], peaks["drop_lo_cm"])
    theirs = read_results(file, layout="qtl2")
    assert {"trait", "chr", "pos_cm", "lod", "lo_cm", "hi_cm"} <= set(theirs)


def test_peaks_of_qtl2_on_a_physical_map(tmp_path):
    file = tmp_path / "peaks.csv"
    file.write_text("lodindex,lodcolumn,chr,pos,lod,ci_lo,ci_hi\n1,t1,2,10.5,4.5,9.25,11.000001\n")
    found = read_results(file, layout="qtl2", position_unit="mbp")
    places = found[["pos_bp", "lo_bp", "hi_bp"]]
    assert places.to_numpy().tolist() == [[10_500_000.0, 9_250_000.0, 11_000_001.0]]
    assert not [name for name in found if name.endswith("_cm")]
    with pytest.raises(ArgumentError, match="position_unit: expected cm or mbp, found 'bp'"):
        read_results(file, layout="qtl2", position_unit="bp")
    with pytest.raises(ArgumentError, match="position_unit: expected cm with layout tensorqtl"):
        read_results(file, layout="tensorqtl", position_unit="mbp")
    file.write_text(file.read_text().replace("9.25", "far"))
    with pytest.raises(DataError, match="expected positions in megabases, could not convert"):
        read_results(file, layout="qtl2", position_unit="mbp")


def test_the_index_of_qtl2_counts_all_traits_where_they_are_given(cross):
    peaks = find_peaks(cross, threshold=3.0).to_frame()
    place = [cross.trait_names.index(name) + 1 for name in peaks["trait"]]
    assert to_layout(peaks, "qtl2", traits=cross.trait_names)["lodindex"].tolist() == place
    own = to_layout(peaks, "qtl2")["lodindex"]
    assert own.max() == peaks["trait"].nunique() < max(place)
    with pytest.raises(ArgumentError, match="traits: expected all that have peaks, found none na"):
        to_layout(peaks, "qtl2", traits=[n for n in cross.trait_names if n != peaks["trait"][0]])


def test_an_anova_has_an_f_test_and_no_beta(cross):
    frame = scan1(cross, model="anova", threshold=1e-3).to_frame()
    frame = frame.assign(df1=1, beta=np.nan)
    assert list(to_layout(frame, "matrixeqtl")) == ["SNP", "gene", "F-test", "p-value", "FDR"]


def test_files_that_are_not_what_they_should_be(tmp_path, cross):
    file = tmp_path / "x.tsv"
    file.write_text("a\tb\n1\t2\n")
    with pytest.raises(DataError, match="expected a column SNP or snps or snp as in tables of"):
        read_results(file, layout="matrixeqtl")
    file.write_text("SNP\tgene\tp-value\nm1\tt1\tmuch\n")
    with pytest.raises(DataError, match="row 1, column p_value: expected a number, found 'much'"):
        read_results(file, layout="matrixeqtl")
    file.write_text("SNP\tgene\tp-value\nm1\tt1\t1.5\n")
    with pytest.raises(DataError, match="row 1, column p_value: expected a p-value from 0 to 1"):
        read_results(file, layout="matrixeqtl")
    file.write_text("")
    with pytest.raises(DataError, match="expected a table"):
        read_results(file, layout="qtl2")
    with pytest.raises(DataError, match="expected a file, found none"):
        read_results(tmp_path / "none.tsv", layout="qtl2")
    with pytest.raises(ArgumentError, match="layout: expected"):
        read_results(file, layout="excel")
    with pytest.raises(DataError, match="layout tensorqtl: expected a table with marker"):
        to_layout(pd.DataFrame({"trait": []}), "tensorqtl")
