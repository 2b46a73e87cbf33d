"""Sizes of effects: of every locus and pair, raw and freed of selection."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from crossmap.architecture.linkage_table import check_table, linkage_table, r2_of_p
from crossmap.architecture.winners_curse import corrected_shares
from crossmap.arguments import did_you_mean, require_number, require_share
from crossmap.cross import Cross
from crossmap.errors import ArgumentError
from crossmap.genotypes.loci import require_complete_two_class
from crossmap.linkage.f_test import neglog10_p
from crossmap.linkage.hits import p_of
from crossmap.linkage.search_traits import search_traits
from crossmap.significance.joint import JointLinkage

LOCUS_COLUMNS = (
    "trait", "number", "locus", "chr", "start_bp", "end_bp", "n", "effect", "se", "r2",
    "share_of_genetic", "effect_corrected", "r2_corrected", "power",
)  # fmt: skip


Selection = float | list[tuple[int, float]]
"""Nominal p-value that every linkage passed; or degrees of freedom and p-value for each number."""


@dataclass(frozen=True, eq=False)
class Effects:
    """Effects of the loci and pairs of traits.

    Parameters
    ----------
    loci
        A row per trait and locus: trait, number, locus, chr, start_bp, end_bp, n (samples), effect
        (mean with the second genotype less mean with the first, in the trait's units, other loci of
        the trait held equal), se, r2 (share of the trait's variance that the locus added to those
        before it), share_of_genetic (r2 over the trait's heritability; NaN where that is not known
        or not above 0), effect_corrected, r2_corrected (freed of selection), power (of finding a
        locus of the corrected size at the selection's threshold).
    pairs
        A row per trait with two loci or more, of its first two: trait, locus1, locus2, mean_ab for
        genotypes a of locus 1 and b of locus 2 (numbered 1 and 2; NaN without samples), n_ab,
        interaction (difference of the effects of locus 1 in the two genotypes of locus 2), se,
        p_value, r2_both (share of variance of all four means), r2_interaction, sign_epistasis (a
        locus has opposite effects in the two genotypes of the other), p_sign (that it does not).
    genotype_names
        What genotypes 1 and 2 are.
    least_r2
        Selection threshold of each locus number: share of what was left, as corrected for.
    """

    loci: pd.DataFrame
    pairs: pd.DataFrame
    genotype_names: tuple[str, ...]
    least_r2: tuple[float, ...]


def effects(
    cross: Cross,
    linkages: JointLinkage | pd.DataFrame,
    *,
    fdr: float = 0.10,
    threshold: float = 1e-5,
    h2: pd.Series | None = None,
) -> Effects:
    """Estimate the effects of linked loci, and correct them for having been selected.

    Parameters
    ----------
    cross
        Two genotypes per locus, complete calls.
    linkages
        The result of `joint_linkage` (the traits it calls), or a table with columns trait, locus
        (a marker), number, chr, start_bp, end_bp, as from `single_locus_table`.
    fdr
        Joint-linkage false discovery rate at which traits are called.
    threshold
        Of a table: largest nominal p-value of its linkages.
    h2
        Heritability by trait, as from `heritability`.

    Returns
    -------
    Effects

    Raises
    ------
    ArgumentError
        If an option is out of range, or a locus or trait is not in the cross.
    DataError
        If the cross has three genotypes or missing calls.

    Notes
    -----
    The corrected values are means under the likelihood truncated at the selection threshold
    (`corrected_shares`). Linkages of a table passed its nominal p-value. A joint linkage passed no
    single threshold; taken for one is the weakest called statistic of the same locus number, by
    its nominal p-value. Where power is high the correction is small; claim less bias only where it
    is below one half.

    Sign epistasis is tested by the intersection of two one-sided t tests, for each locus: its
    effect is above 0 in one genotype of the other and below 0 in the other.

    References
    ----------
    Beavis (1994) Proc Corn Sorghum Res Conf 49:250; Zhong & Prentice (2008) Biostatistics 9:621;
    Weinreich, Watson & Chao (2005) Evolution 59:1165 (sign epistasis); Gail & Simon (1985)
    Biometrics 41:361.

    Examples
    --------
    >>> from crossmap import simulate_cross
    >>> from crossmap.architecture.linkage_table import single_locus_table
    >>> cross = simulate_cross(n_samples=100, n_traits=60, n_markers=200, seed=3).cross
    >>> found = effects(cross, single_locus_table(cross))
    >>> bool((found.loci["r2_corrected"] <= found.loci["r2"] + 0.01).all())
    True
    """
    require_share("threshold", threshold)
    require_number("fdr", fdr, least=0.0, most=1.0)
    require_complete_two_class(cross)
    selected: Selection
    if isinstance(linkages, JointLinkage):
        traits = search_traits(cross, linkages.covariates)
        table = linkage_table(linkages, cross, fdr=fdr)
        names, values = traits.table["trait"].to_numpy(dtype=object), traits.values
        selected = _weakest_called(linkages, fdr)
    else:
        table = check_table(linkages, "locus", "number")
        names, values = np.array(cross.trait_names, dtype=object), cross.traits
        selected = threshold
    row_of = {name: i for i, name in enumerate(names)}
    call_of = {name: i for i, name in enumerate(cross.markers["marker"])}
    for kind, known in (("trait", row_of), ("locus", call_of)):
        unknown = [name for name in table[kind] if name not in known]
        if unknown:
            msg = f"linkages: expected a {kind} of the cross, found {unknown[0]!r}"
            raise ArgumentError(msg + did_you_mean(unknown[0], known))
    # Whole traits side by side, in the order of their first appearance, loci by number.
    code = pd.factorize(table["trait"])[0]
    order = np.lexsort((table["number"].to_numpy(), code))
    table, code = table.iloc[order].reset_index(drop=True), code[order]
    starts = np.flatnonzero(np.diff(code, prepend=-1))
    trait_names = table["trait"].to_numpy(dtype=object)
    locus_names = table["locus"].to_numpy(dtype=object)
    rows = np.array([call_of[name] for name in locus_names], dtype=np.int64)
    r2 = table["r2"].to_numpy(dtype=np.float64) if "r2" in table else np.full(len(table), np.nan)
    sizes = np.full((3, len(table)), np.nan)
    pair_rows: list[dict[str, object]] = []
    for start, stop in zip(starts, np.append(starts, len(table))[1:], strict=True):
        y, calls = values[row_of[trait_names[start]]], cross.genotypes[rows[start:stop]]
        used = ~np.isnan(y)
        y, calls = y[used], calls[:, used]
        sizes[:2, start:stop] = _side_by_side(y, calls)
        sizes[2, start:stop] = len(y)
        if "r2" not in table:
            r2[start:stop] = _alone(y - y.mean(), calls)
        if stop - start >= 2:
            names_of = (trait_names[start], locus_names[start], locus_names[start + 1])
            pair_rows.append(_pair_row(names_of, y, calls[:2]))
    loci = table[["trait", "number", "locus", "chr", "start_bp", "end_bp"]].assign(
        n=sizes[2].astype(np.int64), effect=sizes[0], se=sizes[1], r2=r2
    )
    loci, least = _corrected(loci, selected)
    known_h2 = pd.Series(dtype=np.float64) if h2 is None else h2
    genetic = known_h2.reindex(loci["trait"]).to_numpy(dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        loci["share_of_genetic"] = np.where(genetic > 0, loci["r2"] / genetic, np.nan)
    pairs = pd.DataFrame(pair_rows, columns=_pair_columns())
    kinds = {"trait": object, "locus1": object, "locus2": object}
    return Effects(
        loci=loci[list(LOCUS_COLUMNS)],
        pairs=pairs.astype(kinds),
        genotype_names=cross.genotype_names,
        least_r2=least,
    )


def _weakest_called(joint: JointLinkage, fdr: float) -> list[tuple[int, float]]:
    """Degrees of freedom and weakest nominal p-value of each stage among the called."""
    called = joint.is_called(fdr)
    selected = []
    for stage in joint.search.stages:
        held = called & stage.eligible
        f, a, b = stage.f[held], stage.df1[held], stage.df2[held]
        if held.any():
            selected.append((int(np.median(a)), float(p_of(neglog10_p(f, a, b)).max())))
    return selected


def _side_by_side(y: np.ndarray, calls: np.ndarray) -> np.ndarray:
    """Effects of a trait's loci in one model, and their standard errors: float64 [2, n_loci]."""
    n = len(y)
    design = np.column_stack([np.ones(n), calls.T.astype(np.float64)])
    inverse = np.linalg.pinv(design.T @ design)
    coefficient = inverse @ (design.T @ (y - y.mean()))
    rest = y - y.mean() - design @ coefficient
    df = n - np.linalg.matrix_rank(design)
    variance = rest @ rest / df if df > 0 else np.nan
    se = np.sqrt(np.maximum(np.diag(inverse), 0.0) * variance)
    return np.stack([coefficient[1:], se[1:]])


def _alone(y: np.ndarray, calls: np.ndarray) -> np.ndarray:
    """Share of variance of each locus alone."""
    x = calls - calls.mean(axis=1, keepdims=True)
    size = (x**2).sum(axis=1) * (y @ y)
    return np.where(size > 0, (x @ y) ** 2 / np.maximum(size, 1e-300), 0.0)


def _pair_columns() -> list[str]:
    cells = [f"{what}_{a}{b}" for what in ("mean", "n") for a in (1, 2) for b in (1, 2)]
    return ["trait", "locus1", "locus2", *cells, "interaction", "se", "p_value", "r2_both",
            "r2_interaction", "sign_epistasis", "p_sign"]  # fmt: skip


def _pair_row(names: tuple[str, str, str], y: np.ndarray, calls: np.ndarray) -> dict[str, object]:
    from scipy import special

    row: dict[str, object] = dict(zip(("trait", "locus1", "locus2"), names, strict=True))
    cell = 2 * calls[0] + calls[1]
    n = np.bincount(cell, minlength=4)
    centred = y - y.mean()
    with np.errstate(invalid="ignore"):
        mean = np.bincount(cell, weights=centred, minlength=4) / n
    row |= {f"mean_{1 + c // 2}{1 + c % 2}": mean[c] + y.mean() for c in range(4)}
    row |= {f"n_{1 + c // 2}{1 + c % 2}": int(n[c]) for c in range(4)}
    total = centred @ centred
    within = centred - np.nan_to_num(mean)[cell]
    rss, df = within @ within, len(y) - int((n > 0).sum())
    row["r2_both"] = 1.0 - rss / total if total > 0 else np.nan
    row |= {"interaction": np.nan, "se": np.nan, "p_value": np.nan, "r2_interaction": np.nan}
    row |= {"sign_epistasis": False, "p_sign": np.nan}
    if (n == 0).any() or df < 1 or total <= 0:
        return row
    variance = rss / df
    interaction = mean[3] - mean[2] - mean[1] + mean[0]
    spread = (1.0 / n).sum()
    row |= {"interaction": interaction, "se": np.sqrt(variance * spread),
            "r2_interaction": interaction**2 / spread / total}  # fmt: skip
    if variance <= 0:
        return row
    t = interaction / np.sqrt(variance * spread)
    row["p_value"] = max(float(2.0 * special.stdtr(df, -abs(t))), 1e-300)
    # Effects of locus 1 in each genotype of locus 2, and the reverse.
    p_sign = []
    for (a, b), (c, d) in (((2, 0), (3, 1)), ((1, 0), (3, 2))):
        t_of = [
            (mean[u] - mean[v]) / np.sqrt(variance * (1.0 / n[u] + 1.0 / n[v]))
            for u, v in ((a, b), (c, d))
        ]
        low = [special.stdtr(df, -t_of[0]), special.stdtr(df, t_of[1])]
        high = [special.stdtr(df, t_of[0]), special.stdtr(df, -t_of[1])]
        p_sign.append(min(max(low), max(high)))
        row["sign_epistasis"] = bool(row["sign_epistasis"]) or t_of[0] * t_of[1] < 0
    row["p_sign"] = min(1.0, 2.0 * float(min(p_sign)) * 2.0)  # two loci, two directions
    return row


def _corrected(loci: pd.DataFrame, selected: Selection) -> tuple[pd.DataFrame, tuple[float, ...]]:
    """Add corrected effects; loci of one number and one sample size share their threshold."""
    from scipy import stats

    r2_corrected, ratio, power = (np.full(len(loci), np.nan) for _ in range(3))
    thresholds: list[float] = []
    r2 = loci["r2"].to_numpy(dtype=np.float64)
    before = _explained_before(loci)
    numbers = loci["number"].to_numpy(dtype=np.int64)
    for number in np.unique(numbers):
        joint = not isinstance(selected, float)
        k, p = selected[number - 1] if not isinstance(selected, float) else (1, selected)
        left = 1.0 - before if joint else np.ones(len(loci))
        for n in np.unique(loci["n"].to_numpy()[numbers == number]):
            rows = np.flatnonzero((numbers == number) & (loci["n"] == n).to_numpy())
            n_before = 2 ** (number - 1) if joint and k > 1 else number if joint else 1
            if k == 1 and n_before == 1:
                least = r2_of_p(p, int(n))
            else:
                df2 = int(n) - n_before - k
                f = stats.f.isf(p, k, df2)
                least = k * f / (k * f + df2)
            thresholds.append(float(least))
            partial = np.clip(r2[rows] / np.maximum(left[rows], 1e-12), 0.0, 1.0)
            share, ratio[rows] = corrected_shares(
                partial, least_r2=least, n_samples=int(n), df_before=n_before, df_tested=k
            )
            r2_corrected[rows] = share * left[rows]
            root = np.sqrt(max(int(n) - n_before - 2, 1))
            delta = np.arctanh(np.sqrt(np.clip(share, 0, 1 - 1e-12))) * root
            power[rows] = stats.ncx2.sf((np.arctanh(np.sqrt(least)) * root) ** 2, k, delta**2)
    corrected = loci["effect"].to_numpy(dtype=np.float64) * ratio
    return loci.assign(r2_corrected=r2_corrected, effect_corrected=corrected, power=power), tuple(
        thresholds
    )


def _explained_before(loci: pd.DataFrame) -> np.ndarray:
    """Share of variance that a trait's earlier loci took: float64 [n]."""
    total = loci.groupby("trait", sort=False)["r2"].cumsum().to_numpy(dtype=np.float64)
    return np.clip(total - loci["r2"].to_numpy(dtype=np.float64), 0.0, 1.0 - 1e-12)
