"""Gene by environment: linkages that differ between conditions, and the same loci in each."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from crossmap.architecture.conditions import ConditionLinkages, pattern_of
from crossmap.architecture.paired import paired_measurements
from crossmap.arguments import names_of, require_covariate, require_share
from crossmap.cross import Cross
from crossmap.errors import CrossmapWarning, DataError
from crossmap.execution import Execution
from crossmap.genome import in_map_units
from crossmap.genotypes.x_chromosome import sex_columns
from crossmap.io.cells import cell_text
from crossmap.linkage.null_model import NullDesign, null_design
from crossmap.linkage.stages import LINKED_R2
from crossmap.linkage.transforms import Transform, transform_traits
from crossmap.pipeline.permute import permute_scan1
from crossmap.significance.fdr import q_values
from crossmap.significance.genome_wide import GenomeWide

FEWEST_SAMPLES = 5
"""Of one condition."""

MOST_CONDITIONS = 12

MANY_TWINS = 0.25
"""Share of samples with the calls of one of another condition from which `individual` is missed."""


def condition_linkages(
    cross: Cross,
    *,
    condition: str,
    individual: str | None = None,
    covariates: Sequence[str] | None = None,
    alpha: float = 0.05,
    n_perm: int = 1000,
    transform: Sequence[Transform] | None = None,
    n_components: int = 0,
    seed: int = 1,
    execution: Execution | None = None,
) -> ConditionLinkages:
    """Find linkages by condition, and say of each locus whether conditions share it.

    Two scans of every trait find loci: one for an effect common to all conditions, one for an
    interaction of genotype and condition. The effect of each locus found is then estimated in every
    condition by itself.

    Parameters
    ----------
    cross
        Any cross whose samples were each measured in one condition.
    condition
        Column of `cross.covariates`: two or more levels (conditions, sexes, tissues, batches).
    individual
        Column of `cross.covariates` if the same individuals (or lines) were measured in both of two
        conditions, each measurement being a sample: what these are called. Means of the two are
        then scanned for common effects and their differences for interactions, and individuals are
        permuted. None: every sample is an individual of its own.
    covariates
        Further columns for every null model; sex and direction of the cross are, too, in a
        backcross or F2 with an X.
    alpha
        Genome-wide error rate of each scan, and level of the tests that class a locus.
    n_perm
        Permutations: within conditions for the common effect; for the interaction traits and
        covariates move together.
    transform, n_components
        As in `scan1`.
    seed
        Of the permutations.
    execution
        Threads, memory, progress; never changes a result.

    Returns
    -------
    ConditionLinkages

    Warns
    -----
    CrossmapWarning
        If `individual` is None and a quarter of the samples or more have exactly the calls of a
        sample of another condition.

    Raises
    ------
    ArgumentError
        For an unknown column or an option out of range.
    DataError
        If there are fewer than two conditions, more than 12, or one has fewer than 5 samples; if
        samples of one individual differ in their genotypes or share a condition, or individuals
        were measured in more than two conditions.

    Notes
    -----
    Of every trait each scan gives its best marker, so that a trait has two loci at most. Best
    markers of both scans on one chromosome whose squared genotype correlation (of what sex,
    direction and covariates leave) is above 0.3 are one locus, found by both: at the marker of the
    scan with the smaller genome-wide p-value, of equal ones with the smaller nominal one.

    "Specific" rests on a test of the difference, not on one condition being significant and the
    other not. Loci found by their interaction have effects that selection exaggerates.

    References
    ----------
    Smith & Kruglyak (2008) PLoS Biol 6:e83; Rockman & Kruglyak (2006) Nat Rev Genet 7:862.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from dataclasses import replace
    >>> from crossmap import condition_linkages, simulate_cross
    >>> cross = simulate_cross(n_samples=100, n_traits=10, n_markers=100, seed=3).cross
    >>> medium = pd.DataFrame({"medium": ["glucose", "ethanol"] * 50}, index=cross.samples)
    >>> found = condition_linkages(replace(cross, covariates=medium), condition="medium", n_perm=19)
    >>> set(found.to_frame()["pattern"]) <= {"shared", "specific", "opposite", "different"}
    True
    """
    require_share("alpha", alpha)
    require_covariate("condition", condition, cross.covariates.columns)
    labels = _labels(cross.covariates[condition])
    levels = _levels(labels, condition)
    others = [name for name in names_of(covariates) if name != condition]
    others += [name for name in sex_columns(cross) if name not in (condition, *others)]
    cross = replace(cross, covariates=cross.covariates.assign(**{condition: labels}))
    values = transform_traits(
        cross.traits, tuple(transform or ()), n_components=n_components, names=cross.trait_names
    )
    how = _How(alpha, n_perm, seed, execution)
    if individual is None:
        _warn_of_twins(cross, condition)
        common, inter = _unpaired(replace(cross, traits=values), condition, others, how)
        tests = partial(_interaction_p, cross, condition=condition, others=others)
    else:
        pairs = paired_measurements(
            replace(cross, traits=values), condition=condition, individual=individual,
            covariates=others,
        )  # fmt: skip
        common = how.permute(pairs.mean, covariates=_names(pairs.mean))
        inter = how.permute(pairs.difference, covariates=_names(pairs.difference))
        tests = partial(_difference_p, pairs.difference)
    rows = _found(cross, common, inter, alpha, null_design(cross.covariates, covariates=others))
    found = [
        [
            tests(values[t], t, m),
            *_in_conditions(cross, values[t], m, condition, levels, others),
        ]
        for t, m in zip(rows["number"], rows["place"], strict=True)
    ]
    columns = ["p_marker", *(f"{k}_{level}" for level in levels for k in ("n", "beta", "se", "p"))]
    table = pd.concat([rows, pd.DataFrame(found, columns=columns)], axis=1)
    q = q_values(table["p_marker"].to_numpy(dtype=np.float64), pi0=1.0)
    table.insert(list(table).index("p_marker") + 1, "q_marker", q)
    differs = (q <= alpha) | table["found_by"].isin(["interaction", "both"]).to_numpy()
    effect, p = (
        table[[f"{k}_{level}" for level in levels]].to_numpy(dtype=np.float64)
        for k in ("beta", "p")
    )
    patterns = [
        pattern_of(effect[i], p[i], alpha=alpha) if d else "shared" for i, d in enumerate(differs)
    ]
    table.insert(list(table).index("q_marker") + 1, "pattern", patterns)
    sizes = cross.covariates[condition].value_counts()
    return ConditionLinkages(
        table=in_map_units(table.drop(columns=["number", "place"]), cross.markers),
        condition=condition,
        individual=individual,
        conditions=tuple(levels),
        n_samples=tuple(int(sizes[level]) for level in levels),
        alpha=alpha,
        common=common,
        interaction=inter,
    )


@dataclass(frozen=True)
class _How:
    """Options of both scans."""

    alpha: float
    n_perm: int
    seed: int
    execution: Execution | None

    def permute(self, cross: Cross, **options: Any) -> GenomeWide:
        return permute_scan1(
            cross, **options, n_perm=self.n_perm, alpha=(self.alpha,), beta=False, seed=self.seed,
            execution=self.execution,
        )  # fmt: skip


def _names(cross: Cross) -> list[str]:
    return [str(name) for name in cross.covariates.columns]


def _unpaired(
    cross: Cross, condition: str, others: list[str], how: _How
) -> tuple[GenomeWide, GenomeWide]:
    common = how.permute(cross, covariates=[condition, *others], strata=condition)
    inter = how.permute(
        cross, model="linear_cross", covariates=others, interactive=[condition]
    )  # fmt: skip
    return common, inter


def _labels(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """Names of the conditions; 0 and 1 are these though a table of numbers holds 0.0 and 1.0."""
    labels = column.astype(object).map(cell_text, na_action="ignore")
    return labels.where(column.notna(), None)


def _levels(labels: "pd.Series[Any]", condition: str) -> list[str]:
    sizes = labels.dropna().value_counts()
    if not 2 <= len(sizes) <= MOST_CONDITIONS:
        msg = (
            f"condition {condition}: expected 2 to {MOST_CONDITIONS} conditions, found {len(sizes)}"
        )
        raise DataError(msg)
    if sizes.min() < FEWEST_SAMPLES:
        msg = (
            f"condition {condition}: expected {FEWEST_SAMPLES} or more samples of each, found "
            f"{sizes.min()} of {sizes.idxmin()}"
        )
        raise DataError(msg)
    return sorted(map(str, sizes.index))


def _warn_of_twins(cross: Cross, condition: str) -> None:
    """Say so if the same individuals seem to have been measured in several conditions.

    Where samples of one condition are as often alike, there are too few loci to tell by.
    """
    label = cross.covariates[condition].to_numpy(dtype=object)
    samples = np.flatnonzero(pd.notna(label) & (cross.genotypes >= 0).any(axis=0))
    calls = [cross.genotypes[:, i].tobytes() for i in samples]
    twins = pd.DataFrame({"calls": calls, "condition": label[samples]})
    alike = twins.groupby("calls")["condition"].transform("size")
    here = twins.groupby(["calls", "condition"])["condition"].transform("size")
    n_apart, n_together = int((alike > here).sum()), int((here > 1).sum())
    if n_apart >= max(MANY_TWINS * len(samples), 2 * n_together, 2 * FEWEST_SAMPLES):
        warnings.warn(
            f"{n_apart} of {len(samples)} samples have exactly the genotypes of a sample of "
            "another condition: if the same individuals were measured in two conditions, name "
            "the column that says which (individual=, on the command line --individual), else "
            "common loci are called far too often",
            CrossmapWarning,
            stacklevel=3,
        )


def _found(
    cross: Cross, common: GenomeWide, inter: GenomeWide, alpha: float, null: NullDesign
) -> pd.DataFrame:
    """Traits and markers that either scan found, by trait and place; linked ones are one locus."""
    scans = {"common": common, "interaction": inter}
    p = {kind: scan.adjusted_p() for kind, scan in scans.items()}
    best = {kind: scan.best_marker for kind, scan in scans.items()}
    nominal = {kind: scan.to_frame()["neglog10_p"].to_numpy() for kind, scan in scans.items()}
    found: list[tuple[int, int, str]] = []
    for t in range(cross.n_traits):
        mine = {kind: int(best[kind][t]) for kind in scans if p[kind][t] <= alpha}
        if len(mine) == 2 and _is_one_locus(cross, mine["common"], mine["interaction"], null):
            surer = min(mine, key=lambda kind: (p[kind][t], -nominal[kind][t]))
            mine = {"both": mine[surer]}
        found += sorted((t, marker, kind) for kind, marker in mine.items())
    traits = np.array([t for t, _, _ in found], dtype=np.int64)
    markers = np.array([m for _, m, _ in found], dtype=np.int64)
    places = cross.markers.iloc[markers].reset_index(drop=True)
    return pd.DataFrame(
        {
            "number": traits,
            "place": markers,
            "trait": pd.Series([cross.trait_names[t] for t in traits], dtype=object),
            **{name: places[name] for name in ("marker", "chr", "pos_bp", "pos_cm")},
            "found_by": pd.Series([kind for _, _, kind in found], dtype=object),
            "p_common": p["common"][traits],
            "p_interaction": p["interaction"][traits],
        }
    )


def _is_one_locus(cross: Cross, one: int, two: int, null: NullDesign) -> bool:
    """Whether markers are so closely linked that they name one locus.

    Samples of different sex or direction differ everywhere on X: the null model takes that away.
    """
    if one == two:
        return True
    chromosomes = cross.markers["chr"].to_numpy()
    if chromosomes[one] != chromosomes[two]:
        return False
    x = cross.genotypes[[one, two]].astype(np.float64)
    samples = np.flatnonzero(null.is_complete & (x >= 0).all(axis=0))
    a, b = null.on(samples).residuals(x[:, samples])
    return float(a @ b) ** 2 > LINKED_R2 * float(a @ a) * float(b @ b)


def _in_conditions(
    cross: Cross, y: np.ndarray, marker: int, condition: str, levels: list[str], others: list[str]
) -> list[float]:
    """n, effect, standard error, p in every condition by itself."""
    from scipy import special

    x = cross.genotypes[marker].astype(np.float64)
    label = cross.covariates[condition].to_numpy(dtype=object)
    design = null_design(cross.covariates, covariates=others)
    usable = design.is_complete & ~np.isnan(y) & (x >= 0) & pd.notna(label)
    out: list[float] = []
    for level in levels:
        samples = np.flatnonzero(usable & (label == level))
        null = design.on(samples)
        e, g = null.residuals(np.vstack([y[samples], x[samples]]))
        df, square = len(samples) - null.rank - 1, float(g @ g)
        if df < 1 or square <= 1e-10 * max(float(x[samples] @ x[samples]), 1.0):
            out += [len(samples), np.nan, np.nan, np.nan]
            continue
        beta = float(e @ g) / square
        se = np.sqrt(float(((e - beta * g) ** 2).sum()) / df / square)
        with np.errstate(divide="ignore", invalid="ignore"):
            p = 2.0 * special.stdtr(df, -abs(beta / se))  # NaN where the trait does not vary
        out += [len(samples), beta, se, float(np.maximum(p, np.finfo(np.float64).tiny))]
    return out


def _interaction_p(
    cross: Cross, y: np.ndarray, trait: int, marker: int, *, condition: str, others: list[str]
) -> float:
    """P of the interaction of a marker with the condition."""
    x = cross.genotypes[marker].astype(np.float64)
    usable = null_design(cross.covariates, covariates=[condition, *others]).is_complete
    samples = np.flatnonzero(usable & ~np.isnan(y) & (x >= 0))
    design = null_design(cross.covariates, covariates=others, interactive=[condition])
    level = design.interactive[:, samples]
    base = np.vstack([np.ones(len(samples)), design.columns[:, samples], x[samples]])
    return _nested_p(y[samples], base, level * x[samples])


def _difference_p(difference: Cross, y: np.ndarray, trait: int, marker: int) -> float:
    """P of a marker's effect on the difference between two conditions."""
    x, y = difference.genotypes[marker].astype(np.float64), difference.traits[trait]
    design = null_design(difference.covariates, covariates=_names(difference))
    samples = np.flatnonzero(design.is_complete & ~np.isnan(y) & (x >= 0))
    base = np.vstack([np.ones(len(samples)), design.columns[:, samples]])
    return _nested_p(y[samples], base, x[None, samples])


def _nested_p(y: np.ndarray, base: np.ndarray, more: np.ndarray) -> float:
    """P of the F test of more columns."""
    from scipy import special

    rss, rank = [], []
    for columns in (base, np.vstack([base, more])):
        fit, _, r, _ = np.linalg.lstsq(columns.T, y, rcond=1e-10)
        rss.append(float(((y - fit @ columns) ** 2).sum()))
        rank.append(int(r))
    df1, df2 = rank[1] - rank[0], len(y) - rank[1]
    if df1 < 1 or df2 < 1 or not rss[1] > 0:
        return float("nan")
    p = special.fdtrc(df1, df2, (rss[0] - rss[1]) / df1 / (rss[1] / df2))
    return float(np.maximum(p, np.finfo(np.float64).tiny))
