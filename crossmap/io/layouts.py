"""Result tables in the layouts of other tools, and theirs in ours."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from crossmap.arguments import require_one_of
from crossmap.errors import ArgumentError, DataError
from crossmap.io.cells import shown
from crossmap.io.files import decode_text, read_bytes
from crossmap.io.parquet import parquet_frame

Layout = Literal["matrixeqtl", "tensorqtl", "qtl2"]
ReadLayout = Literal["matrixeqtl", "tensorqtl", "qtltools", "qtl2"]

# Our column -> theirs, in their order.
MATRIXEQTL = {
    "marker": "SNP", "trait": "gene", "beta": "beta", "statistic": "t-stat", "p_value": "p-value",
    "fdr": "FDR",
}  # fmt: skip
MATRIXEQTL_ANOVA = {
    "marker": "SNP", "trait": "gene", "statistic": "F-test", "p_value": "p-value", "fdr": "FDR",
}  # fmt: skip
TENSORQTL = {
    "marker": "variant_id", "trait": "phenotype_id", "p_value": "pval", "beta": "b", "se": "b_se",
    "r2": "r2",
}  # fmt: skip

# Their column -> ours, all spellings that a version of the tool has used.
THEIRS: Mapping[str, Mapping[str, str]] = {
    "matrixeqtl": {
        "SNP": "marker", "snps": "marker", "snp": "marker", "gene": "trait", "beta": "beta",
        "t-stat": "statistic", "F-test": "statistic", "statistic": "statistic",
        "p-value": "p_value", "pvalue": "p_value", "FDR": "fdr",
    },
    "tensorqtl": {
        "variant_id": "marker", "phenotype_id": "trait", "pval": "p_value",
        "pval_nominal": "p_value", "b": "beta", "slope": "beta", "b_se": "se", "slope_se": "se",
        "r2": "r2", "pval_perm": "p_adjusted", "pval_beta": "p_beta", "qval": "q_beta",
        "num_var": "n_markers", "pval_nominal_threshold": "p_nominal_threshold",
        "beta_shape1": "beta_shape1", "beta_shape2": "beta_shape2", "true_df": "beta_df",
        "rank": "rank",
    },
    "qtltools": {
        "phe_id": "trait", "var_id": "marker", "var_chr": "chr", "var_from": "pos_bp",
        "nom_pval": "p_value", "slope": "beta", "slope_se": "se", "r_squared": "r2",
        "dof1": "df2", "dof2": "beta_df", "bml1": "beta_shape1", "bml2": "beta_shape2",
        "n_var_in_cis": "n_markers", "adj_emp_pval": "p_adjusted", "adj_beta_pval": "p_beta",
    },
    "qtl2": {
        "lodcolumn": "trait", "chr": "chr", "pos": "pos_cm", "lod": "lod",
        "ci_lo": "lo_cm", "ci_hi": "hi_cm",
    },
}  # fmt: skip
NEEDED = {
    "matrixeqtl": ("marker", "trait", "p_value"),
    "tensorqtl": ("marker", "trait", "p_value"),
    "qtltools": ("marker", "trait", "p_value"),
    "qtl2": ("trait", "chr", "pos_cm", "lod"),
}
WORDS = ("trait", "marker", "chr")


def to_layout(
    table: pd.DataFrame, layout: Layout, *, traits: Sequence[str] | None = None
) -> pd.DataFrame:
    """Write a table of results as another tool does.

    Parameters
    ----------
    table
        For ``matrixeqtl`` (its output file) and ``tensorqtl`` (its trans pairs) as
        `Scan1.to_frame` gives it; for ``qtl2`` (its find_peaks) as `Peaks.to_frame`.
    layout
        Whose.
    traits
        All traits that were scanned, in their order (`cross.trait_names`): lodindex of ``qtl2`` is
        the place among them, as in R/qtl2. Without them only traits with peaks are counted, in the
        order of the table.

    Returns
    -------
    pandas.DataFrame
        matrixeqtl: SNP, gene, beta, t-stat, p-value, FDR, the smallest p-value first (of an ANOVA
        F-test and no beta); tensorqtl: variant_id, phenotype_id, pval, b, b_se, r2; qtl2:
        lodindex, lodcolumn, chr, pos, lod, ci_lo, ci_hi, the interval being the LOD drop's, in cM
        where there is a genetic map, else in Mb.

    Raises
    ------
    DataError
        If the table lacks a column that the layout needs.
    ArgumentError
        For an unknown layout, or if a trait of the table is not among `traits`.

    Examples
    --------
    >>> from crossmap import scan1, simulate_cross
    >>> scan = scan1(simulate_cross(n_traits=40, n_markers=200, seed=7).cross, threshold=1e-4)
    >>> to_layout(scan.to_frame(), "matrixeqtl").columns.tolist()
    ['SNP', 'gene', 'beta', 't-stat', 'p-value', 'FDR']
    """
    require_one_of("layout", layout, get_args(Layout))
    if layout == "qtl2":
        return _find_peaks(table, traits)
    names = TENSORQTL
    if layout == "matrixeqtl":
        is_anova = "df1" in table and not table["beta"].notna().any()
        names = MATRIXEQTL_ANOVA if is_anova else MATRIXEQTL
    _require(table, names, layout)
    if layout == "matrixeqtl":
        if not is_anova and "df1" in table:  # a test of several effects has F, and no t
            table = table.assign(statistic=table["statistic"].where(table["beta"].notna()))
        table = table.sort_values("neglog10_p", ascending=False, kind="stable")
    return table[list(names)].rename(columns=names).reset_index(drop=True)


def _find_peaks(peaks: pd.DataFrame, traits: Sequence[str] | None) -> pd.DataFrame:
    unit = "cm" if "drop_lo_cm" in peaks else "bp"
    scale = 1.0 if unit == "cm" else 1e-6
    _require(peaks, ("trait", "chr", f"pos_{unit}", "lod", f"drop_lo_{unit}"), "qtl2")
    names = dict.fromkeys(peaks["trait"]) if traits is None else traits
    index = {name: i for i, name in enumerate(names, start=1)}
    if absent := [name for name in peaks["trait"] if name not in index]:
        msg = f"traits: expected all that have peaks, found none named {absent[0]!r}"
        raise ArgumentError(msg)
    return pd.DataFrame(
        {
            "lodindex": peaks["trait"].map(index).astype(np.int64),
            "lodcolumn": peaks["trait"],
            "chr": peaks["chr"],
            "pos": peaks[f"pos_{unit}"] * scale,
            "lod": peaks["lod"],
            "ci_lo": peaks[f"drop_lo_{unit}"] * scale,
            "ci_hi": peaks[f"drop_hi_{unit}"] * scale,
        }
    )


def _require(table: pd.DataFrame, names: "Mapping[str, str] | tuple[str, ...]", what: str) -> None:
    absent = [name for name in names if name not in table]
    if absent:
        msg = f"layout {what}: expected a table with {', '.join(names)}, found none of {absent[0]}"
        raise DataError(msg)


def read_results(
    path: str | Path, *, layout: ReadLayout, position_unit: Literal["cm", "mbp"] = "cm"
) -> pd.DataFrame:
    """Read results of another tool into our columns.

    Parameters
    ----------
    path
        Matrix eQTL's output file or its table written by R; tensorQTL's trans or cis pairs or
        permutations (text or Parquet); QTLtools' cis pass with its header, with permutations or
        nominal, of phenotypes that are not grouped; R/qtl2's find_peaks written by R. Text may be
        gzipped, with tabs, commas or spaces between columns.
    layout
        Whose.
    position_unit
        Of the places in R/qtl2's find_peaks, which does not say it: ``cm`` if the scan was given
        the genetic map, ``mbp`` if the physical one; then pos_bp, lo_bp and hi_bp are given.

    Returns
    -------
    pandas.DataFrame
        trait, marker, beta, se, statistic, p_value, neglog10_p, fdr ... as far as the tool gives
        them, under the names of `Scan1.to_frame`, `GenomeWide.to_frame` and `Peaks.to_frame`;
        columns that we have no name for are kept under theirs. Phenotypes that QTLtools has no
        variant for have no row.

    Raises
    ------
    ArgumentError
        For an unknown layout or unit, or a unit in megabases of a layout without places.
    DataError
        If the file cannot be read as a table, or is not in that layout.
    """
    require_one_of("layout", layout, get_args(ReadLayout))
    require_one_of("position_unit", position_unit, ("cm", "mbp"))
    if position_unit == "mbp" and layout != "qtl2":
        msg = f"position_unit: expected cm with layout {layout}, without places, found mbp"
        raise ArgumentError(msg)
    table = _table(
        Path(path), words=[name for name, ours in THEIRS[layout].items() if ours in WORDS]
    )
    table.columns = [str(c).strip('"') for c in table.columns]
    names = {theirs: ours for theirs, ours in THEIRS[layout].items() if theirs in table}
    table = table.rename(columns=names)
    absent = [name for name in NEEDED[layout] if name not in table]
    if layout == "qtltools" and not absent:
        table = table[table["marker"].notna()].reset_index(drop=True)
    if absent:
        spelt = [theirs for theirs, ours in THEIRS[layout].items() if ours == absent[0]]
        msg = (
            f"{path}: expected a column {' or '.join(spelt)} as in tables of {layout}, found "
            f"{shown(', '.join(map(str, table.columns)))}"
        )
        raise DataError(msg)
    for name in table:
        if name in WORDS:
            table[name] = table[name].astype(str).astype(object)
    if position_unit == "mbp":
        for name in ("pos", "lo", "hi"):
            if f"{name}_cm" in table:
                table[f"{name}_cm"] = _megabases(table[f"{name}_cm"], path)
                table = table.rename(columns={f"{name}_cm": f"{name}_bp"})
    if "p_value" in table:
        _numbers(table, "p_value", path)
        with np.errstate(divide="ignore"):
            table["neglog10_p"] = -np.log10(table["p_value"].to_numpy(dtype=np.float64))
    first = [name for name in ("trait", "marker") if name in table]
    return table[[*first, *(c for c in table.columns if c not in first)]]


def _megabases(column: pd.Series, path: str | Path) -> pd.Series:
    """Places in megabases as base pairs, to a tenth."""
    try:
        return (column.astype(np.float64) * 1e6).round(1)
    except ValueError as error:
        msg = f"{path}, column {column.name}: expected positions in megabases, {error}"
        raise DataError(msg) from None


def _numbers(table: pd.DataFrame, name: str, path: str | Path) -> None:
    values = pd.to_numeric(table[name], errors="coerce")
    bad = np.flatnonzero(values.isna().to_numpy() & table[name].notna().to_numpy())
    out = np.flatnonzero(((values < 0) | (values > 1)).to_numpy())
    for rows, what in ((bad, "a number"), (out, "a p-value from 0 to 1")):
        if len(rows):
            found = shown(str(table[name].iloc[rows[0]]))
            msg = f"{path}, row {rows[0] + 1}, column {name}: expected {what}, found {found}"
            raise DataError(msg)
    table[name] = values.astype(np.float64)


def _table(path: Path, *, words: Sequence[str]) -> pd.DataFrame:
    data = read_bytes(path)
    if path.suffix == ".parquet":
        return parquet_frame(data, str(path))
    text = decode_text(data, str(path))
    header = next(line for line in text.split("\n") if line.strip())
    separator = next((s for s in ("\t", ",") if s in header), r"\s+")
    # Before pandas 3 the default rounds last digits away; since then the word is deprecated.
    is_old = int(pd.__version__.split(".")[0]) < 3
    exact: dict[str, Any] = {"float_precision": "round_trip"} if is_old else {}
    try:
        with pd.option_context("mode.string_storage", "python"):
            return pd.read_csv(
                io.StringIO(text), sep=separator, low_memory=False,
                dtype=dict.fromkeys(words, str), **exact,
            )  # fmt: skip
    except (ValueError, IndexError, OverflowError) as error:
        found = f"something that cannot be read as one ({' '.join(str(error).split())[:200]})"
        raise DataError.at(path, expected="a table", found=found) from error
