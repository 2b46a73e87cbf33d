"""crossmap scan1."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from crossmap import read_cross, scan1
from crossmap.report.scan1 import save_scan1

TABLES = ("linkages", "peaks", "best_by_trait", "best_by_marker", "histogram")


def read(folder, name):
    """A table with its numbers to the last bit, which pandas 2 does not promise."""
    text = pd.read_csv(folder / f"{name}.tsv", sep="\t", dtype=str, keep_default_na=False)
    words = {"trait", "marker", "chr"}
    values = {"true": True, "false": False}
    return pd.DataFrame(
        {
            key: pd.Series([None if cell == "NA" else cell for cell in column], dtype=object)
            if key in words
            else [values[cell] for cell in column]
            if key == "local"
            else [np.nan if cell == "NA" else float(cell) for cell in column]
            for key, column in text.items()
        }
    )


def test_the_folder_holds_what_python_returns(cli, small, tmp_path):
    out = tmp_path / "out"
    done = cli("scan1", small, "--threshold", "1e-3", "--local-threshold", "0.05", "--out", out)
    assert done.status == 0
    scan = scan1(read_cross(small), threshold=1e-3, local_threshold=0.05, histogram=100)
    for name, table in (
        ("linkages", scan.to_frame()),
        ("peaks", scan.peaks()),
        ("best_by_trait", scan.by_trait()),
        ("best_by_marker", scan.by_marker()),
        ("histogram", scan.histogram()),
    ):
        pd.testing.assert_frame_equal(read(out, name), table, check_dtype=False, check_exact=True)
    summary = json.loads((out / "summary.json").read_text())
    for key, value in scan.summary().items():
        assert summary[key] == value
    assert summary["format_version"] == 1
    assert set(summary["local"]) == {"n_tests", "n_linkages", "threshold"}
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["command"] == "scan1"
    assert manifest["options"]["threshold"] == 1e-3
    assert manifest["options"]["transform"] == []
    for name in ("map.png", "p_values.png", "summary.txt"):
        assert (out / name).stat().st_size > 100


@pytest.mark.usefixtures("unrendered")
def test_stdout_says_what_was_found_and_stderr_how_much_there_is_to_do(cli, small, tmp_path):
    done = cli("scan1", small, "--out", tmp_path / "out")
    cross = read_cross(small)
    n_tests = cross.n_traits * cross.n_markers
    assert done.err == (
        f"crossmap: {n_tests:,} tests; by chance alone {n_tests * 1e-5:,.1f} linkages, a table of "
        f"some {int(n_tests * 1e-5 * 200)} bytes; real linkages come on top\n"
    )
    assert f"of {n_tests:,} tests, where chance alone" in done.out.replace("\n", " ")
    assert "beta is the effect of B instead of A" in done.out.replace("\n", " ")
    assert "linkages.tsv" in done.out
    quiet = cli("scan1", small, "--out", tmp_path / "out", "--quiet")
    assert (quiet.status, quiet.out, quiet.err) == (0, "", "")


@pytest.mark.parametrize("format", ["tsv", "parquet"])
def test_same_bytes_for_any_threads_and_memory(cli, small, tmp_path, format):
    folders = []
    for threads, memory in (("1", "1G"), ("2", "600K")):
        out = tmp_path / threads
        done = cli(
            "scan1", small, "--threshold", "0.5", "--threads", threads, "--memory", memory,
            "--format", format, "--out", out, "--histogram", "qq",
        )  # fmt: skip
        assert done.status == 0
        folders.append(out)
    for name in TABLES:
        one, two = (folder / f"{name}.{format}" for folder in folders)
        if format == "tsv":
            assert one.read_bytes() == two.read_bytes(), name
        else:
            pd.testing.assert_frame_equal(pd.read_parquet(one), pd.read_parquet(two))
    assert len({(folder / "summary.json").read_bytes() for folder in folders}) == 1


def test_an_empty_result_is_a_header_and_no_failure(cli, small, tmp_path):
    out = tmp_path / "out"
    done = cli("scan1", small, "--threshold", "1e-200", "--out", out)
    assert done.status == 0
    assert (out / "linkages.tsv").read_text().startswith("trait\tmarker\tchr\tpos_bp\tpos_cm\tn\t")
    assert len((out / "linkages.tsv").read_text().splitlines()) == 1
    assert len((out / "peaks.tsv").read_text().splitlines()) == 1
    assert (out / "map.png").exists()


def test_local_tests_alone(cli, small, tmp_path):
    out = tmp_path / "out"
    done = cli("scan1", small, "--local-only", "--local-threshold", "1", "--local-window-bp",
               "200000", "--out", out)  # fmt: skip
    assert done.status == 0
    summary = json.loads((out / "summary.json").read_text())
    assert summary["n_tests"] == summary["local"]["n_tests"] == summary["n_linkages"] > 0
    assert summary["distant"] is None
    assert read(out, "linkages")["local"].all()


@pytest.mark.usefixtures("unrendered")
def test_models_and_error_covariance_by_options(cli, small, tmp_path):
    cross = read_cross(small)
    samples = list(cross.samples)
    rng = np.random.default_rng(0)
    root = rng.normal(size=(len(samples), 3 * len(samples)))
    covariance = pd.DataFrame(root @ root.T, index=samples[::-1], columns=samples[::-1])
    file = tmp_path / "k.tsv"
    covariance.to_csv(file, sep="\t", index_label="sample")
    out = tmp_path / "out"
    done = cli("scan1", small, "--model", "anova", "--error-covariance", file,
               "--transform", "normal_scores", "--components", "2", "--threshold", "0.01",
               "--out", out)  # fmt: skip
    assert done.status == 0
    expected = scan1(
        cross, model="anova", error_covariance=covariance, transform=["normal_scores"],
        n_components=2, threshold=0.01,
    ).to_frame()  # fmt: skip
    pd.testing.assert_frame_equal(read(out, "linkages"), expected, check_dtype=False)
    manifest = json.loads((out / "manifest.json").read_text())
    assert str(file) in manifest["inputs"]
    assert manifest["options"]["transform"] == ["normal_scores"]
    assert manifest["options"]["n_components"] == 2


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["--threshold", "0"], 2, "threshold: expected a number above 0 and at most 1, found 0.0"),
        (["--threshold", "many"], 2, "'many' is not a valid float"),
        (["--histogram", "fine"], 2, "expected 100, qq, or 0,0.001,0.05,1, found 'fine'"),
        (["--histogram", "0.5,0.1"], 2, "histogram: expected ascending p-values"),
        (["--covariates", "age"], 2, "expected a column of the covariates (none), found 'age'"),
        (["--covariates", "a,,b"], 2, "expected names joined by commas"),
        (["--local-only"], 2, "--local-only: expected a --local-threshold with it"),
        (["--transform", "log2"], 3, "expected values above 0 for a logarithm"),
    ],
)
def test_bad_options(cli, small, tmp_path, arguments, status, message):
    done = cli("scan1", small, *arguments, "--out", tmp_path / "out")
    assert done.status == status
    assert message in done.err
    assert done.out == ""
    assert not (tmp_path / "out").exists()


def test_a_spoilt_error_covariance_is_bad_data(cli, small, tmp_path):
    (tmp_path / "k.tsv").write_text("sample\ta\tb\na\t1\t0\nb\t0\tx\n")
    done = cli("scan1", small, "--error-covariance", tmp_path / "k.tsv", "--out", tmp_path / "o")
    assert done.status == 3
    assert "k.tsv, line 3, column b: expected" in done.err
    (tmp_path / "k.tsv").write_text("sample\ta\tb\na\t1\t0\nb\t0\t1\n")
    done = cli("scan1", small, "--error-covariance", tmp_path / "k.tsv", "--out", tmp_path / "o")
    assert done.status == 3
    assert "--error-covariance: expected rows for all" in done.err
    assert not (tmp_path / "o").exists()


def test_python_saves_what_the_command_writes(cli, small, tmp_path):
    cross = read_cross(small)
    text = save_scan1(scan1(cross, histogram=100), cross, tmp_path / "python")
    assert text == (tmp_path / "python" / "summary.txt").read_text().removesuffix("\n")
    cli("scan1", small, "--out", tmp_path / "command")
    for name in TABLES:
        files = [tmp_path / who / f"{name}.tsv" for who in ("python", "command")]
        assert files[0].read_bytes() == files[1].read_bytes()


@pytest.mark.usefixtures("unrendered")
def test_the_summary_says_what_was_done_to_traits_errors_and_gaps(cli, small, tmp_path):
    folder = tmp_path / "cross"
    shutil.copytree(small, folder)
    values = pd.read_csv(folder / "pheno.csv", dtype=str)
    values.iloc[4, 3:] = "NA"
    values.iloc[5, 4:] = "NA"
    values.iloc[6, 2:] = "NA"
    values.to_csv(folder / "pheno.csv", index=False)
    samples = values.columns[1:]
    age = np.round(np.random.default_rng(1).normal(size=len(samples)), 3)
    table = pd.DataFrame({"id": samples, "age": age, "twice": 2 * age, "w": 1 + age**2})
    table["age"] = table["age"].astype(object)
    table.loc[3, "age"] = "NA"
    table.to_csv(folder / "covar.csv", index=False)
    done = cli(
        "scan1", folder, "--covariates", "age,twice", "--weights", "w", "--missing", "mean",
        "--transform", "quantile,normal_scores", "--components", "1", "--threshold", "1e-9",
        "--out", tmp_path / "out",
    )  # fmt: skip
    assert done.status == 0
    said = " ".join(done.out.split())
    assert "beside age, twice in at most 99 samples (errors weighted by w)." in said
    assert (
        "Traits were changed first: one distribution for all samples, normal scores, 1 principal "
        "component taken out. Samples without a genotype were given the mean of the others." in said
    )
    assert "1 covariate that others determine (twice)." in said
    assert "2 traits with fewer than 3 values" in said
    assert "1 of 100 samples lack a covariate" in done.err
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert (summary["n_samples"], summary["n_sparse_traits"]) == (99, 2)
    assert summary["error_covariance"] is False
    assert summary["weights"] == "w"
