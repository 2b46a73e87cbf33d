"""Sizes of effects: of every locus and pair, raw and freed of selection."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from crossmap.architecture.effect_columns import EffectColumns, effect_columns
from crossmap.architecture.linkage_table import check_table, linkage_table, table_unit
from crossmap.architecture.winners_curse import corrected_shares
from crossmap.arguments import did_you_mean, require_number, require_share
from crossmap.cross import Cross
from crossmap.errors import ArgumentError
from crossmap.genotypes.loci import Loci
from crossmap.linkage.f_test import neglog10_p, share_of_p
from crossmap.linkage.hits import p_of
from crossmap.linkage.search_traits import search_traits
from crossmap.significance.joint import JointLinkage

Selection = float | list[tuple[int, int, float]]
"""Nominal p-value that every linkage passed; or degrees of freedom, parameters of the model before
and p-value for each number."""


@dataclass(frozen=True, eq=False)
class Effects:
    """Effects of the loci and pairs of traits.

    Parameters
    ----------
    loci
        A row per trait and locus: trait, number, locus, chr, start_bp, end_bp (or _cm), n
        (samples), effect (mean with the second genotype less mean with the first, in the trait's
        units, other loci of the trait held equal; of three genotypes half the difference between
        the last and the first; NaN on X where genotypes go with sex or direction), se, there
        instead effect_female, effect_female_reverse (direction of the cross) and effect_male, those
        of them that the cross has: mean with the second of the two genotypes that these may have
        less mean with the first, so AB less AA, BB less AB, BY less AY; and se_female and so on:
        columns that are there with such a locus,
        with three genotypes dominance (mean of heterozygotes less the mean of both homozygotes) and
        dominance_se, r2 (share of the trait's variance that the locus added to those
        before it), share_of_genetic (r2 over the trait's heritability; NaN where that is not known
        or not above 0), effect_corrected, r2_corrected (freed of selection), power (of finding a
        locus of the corrected size at the selection's threshold).
    pairs
        A row per trait with two loci or more, of its first two: trait, locus1, locus2, mean_ab for
        genotypes a of locus 1 and b of locus 2 (numbered from 1; NaN without samples, or on X where
        they go with sex or direction), n_ab (expected, of probabilities), interaction (of two
        genotypes: difference of the effects of locus 1 in the two genotypes of locus 2), se,
        p_value (of the interaction of both: all means against effects that add up), r2_both (share
        of variance of all means), r2_interaction, sign_epistasis (a locus has opposite effects in
        the two genotypes of the other; of three genotypes not judged), p_sign (that it does not).
    genotype_names
        What the genotypes numbered 1, 2 (and 3) are.
    least_r2
        Selection thresholds, by locus number: share of what was left, as corrected for.
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
    loci: Loci | None = None,
) -> Effects:
    """Estimate the effects of linked loci, and correct them for having been selected.

    Parameters
    ----------
    cross
        Any cross; without probabilities two genotypes per locus and complete calls.
    linkages
        The result of `joint_linkage` (the traits it calls), or a table with columns trait, locus
        (a marker), number, chr, start_bp, end_bp, as from `single_locus_table`.
    fdr
        Joint-linkage false discovery rate at which traits are called.
    threshold
        Of a table: largest nominal p-value of its linkages.
    h2
        Heritability by trait, as from `heritability`.
    loci
        Of a table: positions with genotype probabilities that its loci are among, as
        `JointLinkage.search` has them. None takes calls; joint linkages bring their own.

    Returns
    -------
    Effects

    Raises
    ------
    ArgumentError
        If an option is out of range, or a locus or trait is not in the cross.
    DataError
        If the cross has three genotypes or missing calls (of calls).

    Notes
    -----
    On probabilities effects are those of Haley-Knott regression on expected codes, means those on
    expected membership of genotype combinations.

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
    selected: Selection
    if isinstance(linkages, JointLinkage):
        traits = search_traits(cross, linkages.covariates)
        table, loci = linkage_table(linkages, cross, fdr=fdr), linkages.search.loci
        names, values = traits.table["trait"].to_numpy(dtype=object), traits.values
        selected = _weakest_called(linkages, fdr)
    else:
        table = check_table(linkages, "locus", "number")
        names, values = np.array(cross.trait_names, dtype=object), cross.traits
        selected = threshold
    row_of = {name: i for i, name in enumerate(names)}
    unknown = [name for name in table["trait"] if name not in row_of]
    if unknown:
        msg = f"linkages: expected a trait of the cross, found {unknown[0]!r}"
        raise ArgumentError(msg + did_you_mean(unknown[0], row_of))
    # Whole traits side by side, in the order of their first appearance, loci by number.
    code = pd.factorize(table["trait"])[0]
    order = np.lexsort((table["number"].to_numpy(), code))
    table, code = table.iloc[order].reset_index(drop=True), code[order]
    starts = np.flatnonzero(np.diff(code, prepend=-1))
    trait_names = table["trait"].to_numpy(dtype=object)
    locus_names = table["locus"].to_numpy(dtype=object)
    coded = effect_columns(cross, loci, locus_names.tolist())
    rows = np.array([coded.row_of[name] for name in locus_names], dtype=np.int64)
    r2 = table["r2"].to_numpy(dtype=np.float64) if "r2" in table else np.full(len(table), np.nan)
    sizes = np.full((5, len(table)), np.nan)
    by_group = np.full((2, len(table), len(coded.group_names)), np.nan)
    pair_rows: list[dict[str, object]] = []
    for start, stop in zip(starts, np.append(starts, len(table))[1:], strict=True):
        y = values[row_of[trait_names[start]]]
        used = ~np.isnan(y)
        y, own = y[used], _Own(coded, rows[start:stop], used)
        sizes[:4, start:stop], by_group[:, start:stop] = _side_by_side(y, own)
        sizes[4, start:stop] = len(y)
        if "r2" not in table:
            r2[start:stop] = _alone(y, own)
        if stop - start >= 2:
            names_of = (trait_names[start], locus_names[start], locus_names[start + 1])
            pair_rows.append(_pair_row(names_of, y, own))
    unit = table_unit(table)
    places = [f"start_{unit}", f"end_{unit}"]
    found = table[["trait", "number", "locus", "chr", *places]].assign(
        n=sizes[4].astype(np.int64), effect=sizes[0], se=sizes[2], r2=r2
    )
    dominance = []
    if coded.n_genotypes == 3:
        found = found.assign(dominance=sizes[1], dominance_se=sizes[3])
        dominance = ["dominance", "dominance_se"]
    of_groups = {
        f"{what}_{name}": by_group[k, :, g]
        for g, name in enumerate(coded.group_names)
        for k, what in enumerate(("effect", "se"))
    }
    found = found.assign(**of_groups)
    found, least = _corrected(found, selected, coded.df[rows], 1 + len(coded.groups))
    known_h2 = pd.Series(dtype=np.float64) if h2 is None else h2
    genetic = known_h2.reindex(found["trait"]).to_numpy(dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        found["share_of_genetic"] = np.where(genetic > 0, found["r2"] / genetic, np.nan)
    pairs = pd.DataFrame(pair_rows, columns=_pair_columns(coded.n_genotypes))
    kinds = {"trait": object, "locus1": object, "locus2": object}
    columns = [
        "trait", "number", "locus", "chr", *places, "n", "effect", "se", *dominance,
        *of_groups, "r2",
        "share_of_genetic", "effect_corrected", "r2_corrected", "power",
    ]  # fmt: skip
    return Effects(
        loci=found[columns],
        pairs=pairs.astype(kinds),
        genotype_names=cross.genotype_names,
        least_r2=least,
    )


class _Own:
    """Columns of a trait's loci on its own samples."""

    def __init__(self, coded: EffectColumns, rows: np.ndarray, used: np.ndarray) -> None:
        self.columns = coded.columns[rows][:, :, used]
        self.cells = coded.cells[rows][:, :, used]
        self.has_effect = coded.has_effect[rows]
        self.group_alleles = coded.group_alleles
        self.n_genotypes = coded.n_genotypes
        one = np.ones((1, int(used.sum())))
        # Groups matter where a locus is on X: else means are those of everyone.
        groups = coded.groups[:, used] if not self.has_effect.all() else coded.groups[:0, used]
        self.null = np.concatenate([one, groups]).T


def _rss(y: np.ndarray, design: np.ndarray) -> tuple[float, int]:
    """Residual sum of squares and rank."""
    coefficient, _, rank, _ = np.linalg.lstsq(design, y, rcond=1e-10)
    rest = y - design @ coefficient
    return float(rest @ rest), int(rank)


def _weakest_called(joint: JointLinkage, fdr: float) -> list[tuple[int, int, float]]:
    """Of each stage among the called: degrees of freedom, parameters before, weakest p-value."""
    called = joint.is_called(fdr)
    selected = []
    for stage in joint.search.stages:
        held = called & stage.eligible
        f, a, b = stage.f[held], stage.df1[held], stage.df2[held]
        if held.any():
            before = joint.search.n_samples[held] - a - b
            weakest = float(p_of(neglog10_p(f, a, b)).max())
            selected.append((int(np.median(a)), int(np.median(before)), weakest))
    return selected


def _side_by_side(y: np.ndarray, own: _Own) -> tuple[np.ndarray, np.ndarray]:
    """Effects of a trait's loci in one model, and their standard errors.

    Float64 [4, n_loci]: effect (additive), dominance, and the standard error of each; and
    [2, n_loci, g]: effect in each group of samples, where these have their own, and its error.
    Loci whose genotypes say the same share their effect alike: the smallest effects that fit, which
    do not depend on which genotype is which (with the intercept among them they would).
    """
    n = len(y)
    m, k = own.columns.shape[:2]
    both_sides = np.column_stack([own.columns.reshape(m * k, n).T, y - y.mean()])
    left = both_sides - own.null @ np.linalg.lstsq(own.null, both_sides, rcond=None)[0]
    design, rest = left[:, :-1], left[:, -1]
    inverse = np.linalg.pinv(design.T @ design, rcond=1e-12, hermitian=True)
    coefficient = inverse @ (design.T @ rest)
    rest = rest - design @ coefficient
    df = n - np.linalg.matrix_rank(own.null) - np.linalg.matrix_rank(design, tol=1e-6)
    variance = rest @ rest / df if df > 0 else np.nan
    se = np.sqrt(np.maximum(np.diag(inverse), 0.0) * variance)
    both = np.stack([coefficient, se]).reshape(2, m, k)
    by_group = np.full((2, m, len(own.group_alleles)), np.nan)
    if len(own.group_alleles):
        on_x = ~own.has_effect
        by_group[:, on_x] = both[:, on_x, : len(own.group_alleles)] * own.group_alleles
        # A group that is all of one genotype tells of no effect.
        size = (design**2).sum(axis=0).reshape(m, k)[:, : len(own.group_alleles)]
        by_group[:, size <= 1e-12 * n] = np.nan
    both[:, ~own.has_effect] = np.nan
    dominance = both[:, :, 1] if own.n_genotypes == 3 else np.full((2, m), np.nan)
    return np.stack([both[0, :, 0], dominance[0], both[1, :, 0], dominance[1]]), by_group


def _alone(y: np.ndarray, own: _Own) -> np.ndarray:
    """Share of variance of each locus alone."""
    z = y - y.mean()
    total = _rss(z, own.null)[0]
    left = [_rss(z, np.column_stack([own.null, columns.T]))[0] for columns in own.columns]
    return np.clip(1.0 - np.array(left) / total, 0.0, 1.0) if total > 0 else np.zeros(len(left))


def _pair_columns(n_genotypes: int) -> list[str]:
    kinds = range(1, n_genotypes + 1)
    cells = [f"{what}_{a}{b}" for what in ("mean", "n") for a in kinds for b in kinds]
    return ["trait", "locus1", "locus2", *cells, "interaction", "se", "p_value", "r2_both",
            "r2_interaction", "sign_epistasis", "p_sign"]  # fmt: skip


def _pair_row(names: tuple[str, str, str], y: np.ndarray, own: _Own) -> dict[str, object]:
    from scipy import special

    row: dict[str, object] = dict(zip(("trait", "locus1", "locus2"), names, strict=True))
    row |= dict.fromkeys(_pair_columns(own.n_genotypes)[3:], np.nan) | {"sign_epistasis": False}
    centred = y - y.mean()
    one, two = own.cells[0], own.cells[1]
    kinds = [(a, b) for a in range(len(one)) for b in range(len(two))]
    cells = np.nan_to_num(np.array([one[a] * two[b] for a, b in kinds]))
    size = cells.sum(axis=1)
    held = size > 0
    member = cells[held].T
    total, rank0 = _rss(centred, own.null)
    rss, rank = _rss(centred, np.column_stack([own.null, member]))
    df = len(y) - rank
    row["r2_both"] = 1.0 - rss / total if total > 0 else np.nan
    variance = rss / df if df > 0 else np.nan
    if own.has_effect[:2].all():
        mean, inverse = np.full(len(size), np.nan), np.linalg.pinv(member.T @ member)
        if rank == held.sum():
            mean[held] = inverse @ (member.T @ centred)
        is_sure = bool(((cells == 0) | (cells == 1)).all())
        for (a, b), value, n in zip(kinds, mean, size, strict=True):
            row[f"mean_{a + 1}{b + 1}"] = value + y.mean()
            row[f"n_{a + 1}{b + 1}"] = int(n) if is_sure else float(n)
        if len(size) == 4 and rank == 4 and df > 0 and total > 0:
            row |= _two_by_two(mean, inverse, variance, df)
    sizes = own.columns[:2].reshape(-1, len(y))
    additive, rank_additive = _rss(centred, np.column_stack([own.null, sizes.T]))
    tested = rank - rank_additive
    is_whole = rank0 > 1 or rank == own.n_genotypes**2
    if df < 1 or total <= 0 or tested < 1 or not is_whole:
        return row
    row["r2_interaction"] = max(additive - rss, 0.0) / total
    if rss > 0:
        f = max(additive - rss, 0.0) / tested / variance
        row["p_value"] = max(float(special.fdtrc(tested, df, f)), 1e-300)
    return row


def _two_by_two(
    mean: np.ndarray, inverse: np.ndarray, variance: float, df: int
) -> dict[str, object]:
    """Interaction and sign epistasis of two loci of two genotypes, from the means of the cells."""
    from scipy import special

    def contrast(*weights: float) -> tuple[float, float]:
        w = np.array(weights)
        return float(w @ mean), float(np.sqrt(w @ inverse @ w * variance))

    interaction, se = contrast(1.0, -1.0, -1.0, 1.0)
    row: dict[str, object] = {"interaction": interaction, "se": se}
    if variance <= 0:
        return row
    # Effects of locus 1 in each genotype of locus 2, and the reverse.
    p_sign, is_sign = [], False
    for pair in (((-1, 0, 1, 0), (0, -1, 0, 1)), ((-1, 1, 0, 0), (0, 0, -1, 1))):
        effect = [contrast(*weights) for weights in pair]
        t = [value / error for value, error in effect]
        low = [special.stdtr(df, -t[0]), special.stdtr(df, t[1])]
        high = [special.stdtr(df, t[0]), special.stdtr(df, -t[1])]
        p_sign.append(min(max(low), max(high)))
        # An effect of exactly 0 has the sign of its rounding, which depends on the trait's unit.
        is_sign |= t[0] * t[1] < 0 and min(abs(t[0]), abs(t[1])) > 1e-9
    row["sign_epistasis"] = bool(is_sign)
    row["p_sign"] = min(1.0, 2.0 * float(min(p_sign)) * 2.0)  # two loci, two directions
    return row


def _corrected(
    loci: pd.DataFrame, selected: Selection, df: np.ndarray, n_null: int
) -> tuple[pd.DataFrame, tuple[float, ...]]:
    """Add corrected effects; loci of one number, size and kind share their threshold."""
    from scipy import stats

    r2_corrected, ratio, power = (np.full(len(loci), np.nan) for _ in range(3))
    thresholds: list[float] = []
    r2 = loci["r2"].to_numpy(dtype=np.float64)
    numbers, sizes = (loci[name].to_numpy(dtype=np.int64) for name in ("number", "n"))
    if isinstance(selected, float):
        kinds = np.stack([numbers, sizes, df, np.full(len(loci), n_null)])
        p_of_number, left = dict.fromkeys(numbers.tolist(), selected), np.ones(len(loci))
    else:
        of = np.array([one[:2] for one in selected], dtype=np.int64).reshape(-1, 2)[numbers - 1]
        kinds = np.stack([numbers, sizes, *of.T])
        p_of_number = {i + 1: one[2] for i, one in enumerate(selected)}
        left = 1.0 - _explained_before(loci)
    for number, n, k, n_before in np.unique(kinds, axis=1).T.tolist():
        rows = np.flatnonzero((kinds == [[number], [n], [k], [n_before]]).all(axis=0))
        if k < 1 or n - n_before - k < 1:
            continue
        least = share_of_p(p_of_number[number], n - n_before - k, df1=k)
        thresholds.append(least)
        partial = np.clip(r2[rows] / np.maximum(left[rows], 1e-12), 0.0, 1.0)
        share, ratio[rows] = corrected_shares(
            partial, least_r2=least, n_samples=n, df_before=n_before, df_tested=k
        )
        r2_corrected[rows] = share * left[rows]
        root = np.sqrt(max(n - n_before - 2, 1))
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
