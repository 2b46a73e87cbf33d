"""One trait and two loci, the whole calculation written out: models, sums of squares, F, p."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from crossmap.architecture.explain_text import explanation_text
from crossmap.architecture.fit import LocusFit, fit
from crossmap.architecture.fit_tables import SMALLEST_P
from crossmap.arguments import require_whole
from crossmap.cross import Cross
from crossmap.errors import ArgumentError
from crossmap.execution import Execution
from crossmap.genotypes.loci import Loci, distinct_loci
from crossmap.linkage.curves import lod_curves
from crossmap.linkage.f_test import neglog10_p
from crossmap.linkage.search_traits import search_traits
from crossmap.linkage.sequential import SearchStage, next_locus, total_sum_of_squares
from crossmap.linkage.stages import (
    Model,
    SearchOptions,
    Variance,
    allowed_loci,
    stage_model,
    stage_residuals,
)

ALPHA = 0.05
"""Genome-wide error rate of the thresholds that are shown."""


@dataclass(frozen=True, eq=False)
class Explanation:
    """The two steps by which one trait is linked to two loci.

    Parameters
    ----------
    trait
        Its name.
    steps
        A row for locus 1 and one for locus 2, given locus 1: stage, marker (as asked for), locus
        (the distinct locus it belongs to), chr, pos_bp, pos_cm, rss_before and rss_after (residual
        sums of squares without and with the locus; of residuals divided by the standard deviation
        of their genotype group where each has its own variance), df1, df2, f, lod, p_f and
        neglog10_p_f (of the F distribution, as if the locus had been named beforehand),
        n_perm, p_genome_wide ((1 + permutations whose largest F is at least f)/(1 + n_perm), for a
        locus found by searching), f_threshold and lod_threshold (exceeded anywhere in the genome by
        `ALPHA` of the permutations), best_locus, best_f and best_lod (of the search at this step).
    null
        stage, permutation, f: the largest F of every permutation; NaN where nothing varied.
    curves
        trait, stage, locus, chr, pos_bp, pos_cm, lod: LOD of every locus at each step, NaN where
        it is not eligible.
    fit
        The least squares of both loci and their interaction, with a common variance.
    options
        Of the search.
    """

    trait: str
    steps: pd.DataFrame
    null: pd.DataFrame
    curves: pd.DataFrame
    fit: LocusFit
    options: SearchOptions

    @property
    def n_samples(self) -> int:
        """Samples used."""
        return self.fit.n_samples

    def summary(self) -> str:
        """Write the calculation for reading.

        Returns
        -------
        str
            Lines, without a line end after the last.
        """
        return explanation_text(self.steps, self.fit, self.options, alpha=ALPHA)


class _Data(NamedTuple):
    """One trait and the loci, on the samples that have a value."""

    name: str
    values: np.ndarray
    loci: Loci


def explain(
    cross: Cross,
    trait: str,
    locus1: str | None = None,
    locus2: str | None = None,
    *,
    n_perm: int = 1000,
    min_cell: int = 3,
    model: Model = "full",
    variance: Variance = "cell",
    exclude_r2: float | None = 0.3,
    seed: int = 1,
    execution: Execution | None = None,
) -> Explanation:
    """Write out how one trait is linked to two loci, for students and referees.

    Parameters
    ----------
    cross
        Two genotypes per locus, complete calls. Samples without a value of the trait are left out.
    trait
        Name of the trait.
    locus1, locus2
        Markers of the loci; None takes the locus that the search chooses.
    n_perm
        B, permutations of the trait at each step: of all samples for locus 1, within the genotype
        groups of locus 1 for locus 2.
    min_cell, model, variance, exclude_r2
        As in `joint_linkage`.
    seed
        Of the permutations; the first B are those that `joint_linkage` gives this trait.
    execution
        Threads and progress; never changes a result.

    Returns
    -------
    Explanation

    Raises
    ------
    ArgumentError
        For an unknown trait or marker, a marker that does not vary, a locus that no search could
        choose (too few samples on one side of a split), or an option out of range.
    DataError
        If calls are missing, the cross has three genotypes, the trait has too few values or does
        not vary, or no locus is eligible.

    Notes
    -----
    M0 is a common mean, M1 a mean for each genotype of locus 1, M2 a mean for each combination of
    genotypes of both (or, additive, their two effects). Step l has
    F = ((RSS_{l-1} - RSS_l)/df1)/(RSS_l/df2) and LOD = n/2 log10(RSS_{l-1}/RSS_l).

    References
    ----------
    Storey, Akey & Kruglyak (2005) PLoS Biol 3:e267, "Sequential Search".

    Examples
    --------
    >>> from crossmap import simulate_cross
    >>> cross = simulate_cross(n_samples=60, n_traits=3, n_markers=80).cross
    >>> found = explain(cross, cross.trait_names[1], n_perm=99)
    >>> found.steps[["stage", "df1", "df2"]].values.tolist()
    [[1, 1, 58], [2, 2, 56]]
    >>> bool(found.steps["f"][0] == found.steps["best_f"][0])
    True
    """
    require_whole("n_perm", n_perm, least=1)
    options = SearchOptions(
        n_perm=n_perm, min_cell=min_cell, model=model, variance=variance, exclude_r2=exclude_r2,
        seed=seed,
    )  # fmt: skip
    loci = distinct_loci(cross)
    for number, name in enumerate((locus1, locus2), start=1):
        if name is not None:
            _row_of_marker(cross, loci, name, number)
    own = cross.subset(traits=[trait])
    values = search_traits(own).values
    has_value = np.flatnonzero(~np.isnan(values[0]))
    data = _Data(trait, values[:, has_value], loci.on(has_value))
    chosen: list[int] = []
    rows, nulls, curves, markers = [], [], [], []
    for number, asked in enumerate((locus1, locus2), start=1):
        before = np.array([chosen], dtype=np.int64).reshape(1, len(chosen))
        stage = next_locus(
            values, loci, names=(trait,), chosen=before, options=options, execution=execution
        )
        curve = lod_curves(data.values, data.loci, before, options=options)[0]
        if asked is None:
            locus = _best(stage, number, trait)
            markers.append(loci.names[locus])
        else:
            locus = _row_of_marker(cross, loci, asked, number)
            markers.append(asked)
            _refuse_ineligible(data, tuple(chosen), locus, asked, options)
        rows.append(_step(data, stage, tuple(chosen), locus, curve, options))
        nulls.append(
            pd.DataFrame(
                {"stage": number, "permutation": np.arange(1, n_perm + 1), "f": stage.f_null[0]}
            )
        )
        curves.append(_curve(loci, curve, trait, number))
        chosen.append(locus)
    steps = pd.DataFrame(rows)
    steps.insert(1, "marker", pd.Series(markers, dtype=object))
    return Explanation(
        trait=trait,
        steps=steps,
        null=pd.concat(nulls, ignore_index=True),
        curves=pd.concat(curves, ignore_index=True),
        fit=fit(own, trait, markers),
        options=options,
    )


def _row_of_marker(cross: Cross, loci: Loci, name: str, number: int) -> int:
    """The distinct locus of a marker."""
    at = np.flatnonzero(cross.markers["marker"].to_numpy(dtype=object) == name)
    if not len(at):
        msg = f"locus{number}: expected a marker of the cross, found {name!r}"
        raise ArgumentError(msg)
    locus = int(loci.locus_of_marker[at[0]])
    if locus < 0:
        msg = f"locus{number}: expected a marker with both genotypes, found {name!r}, with one"
        raise ArgumentError(msg)
    return locus


def _best(stage: SearchStage, number: int, trait: str) -> int:
    locus = int(stage.locus[0])
    if locus < 0:
        msg = (
            f"trait {trait}: expected values that vary enough to choose locus {number}, found "
            "nothing left to explain"
        )
        raise ArgumentError(msg)
    return locus


def _refuse_ineligible(
    data: _Data, chosen: tuple[int, ...], locus: int, asked: str, options: SearchOptions
) -> None:
    model = stage_model(data.loci, chosen, options)
    if model.eligible[locus]:
        return
    number = len(chosen) + 1
    barred = allowed_loci(data.loci, np.array([chosen], dtype=np.int64), options)[0]
    if locus in chosen:
        found = "the locus named before"
    elif len(barred) and not barred[locus]:
        found = "one too closely linked to the locus named before (exclude_r2)"
    else:
        combinations = data.loci.genotypes[[*chosen, locus]]
        sizes = np.unique(combinations, axis=1, return_counts=True)[1]
        found = f"one with {', '.join(map(str, sizes))} samples in its genotype combinations"
    msg = (
        f"locus{number}: expected a locus with at least {options.min_cell} samples on either side "
        f"of every split (min_cell), found {asked!r}, {found}"
    )
    raise ArgumentError(msg)


def _step(
    data: _Data,
    stage: SearchStage,
    chosen: tuple[int, ...],
    locus: int,
    curve: np.ndarray,
    options: SearchOptions,
) -> dict[str, object]:
    """The row of `Explanation.steps`, but for the marker's name."""
    loci, n = data.loci, data.values.shape[1]
    model = stage_model(loci, chosen, options)
    df1, df2 = (int(df) for df in model.search[6:8])
    total, _ = total_sum_of_squares(data.values)
    before = float(stage_residuals(data.values, total, model)[1][0])
    # F and RSS from the LOD, which is summed with care where little is left.
    share_left = 10.0 ** (-2.0 * curve[locus] / n)
    with np.errstate(divide="ignore"):
        f = float(np.expm1(2.0 * np.log(10.0) * curve[locus] / n)) * df2 / df1
    strength = neglog10_p(np.array([f]), df1, df2)[0]
    null = stage.f_null[0][~np.isnan(stage.f_null[0])]
    threshold = float(np.quantile(null, 1.0 - ALPHA, method="higher")) if len(null) else np.nan
    n_as_large = int((null >= f * (1.0 - 1e-12)).sum())
    best = int(stage.locus[0])
    return {
        "stage": len(chosen) + 1,
        "locus": loci.names[locus],
        "chr": loci.chr[locus],
        "pos_bp": loci.start_bp[locus],
        "pos_cm": loci.start_cm[locus],
        "rss_before": before,
        "rss_after": before * share_left,
        "df1": df1,
        "df2": df2,
        "f": f,
        "lod": float(curve[locus]),
        "p_f": max(10.0**-strength, SMALLEST_P),
        "neglog10_p_f": float(strength),
        "n_perm": len(null),
        "p_genome_wide": (1 + n_as_large) / (1 + len(null)),
        "f_threshold": threshold,
        "lod_threshold": float(_lod_of_f(np.array([threshold]), df1, df2, n)[0]),
        "best_locus": loci.names[best] if best >= 0 else None,
        "best_f": float(stage.f[0]) if locus != best else f,
        "best_lod": float(curve[best]) if best >= 0 else np.nan,
    }


def _lod_of_f(f: np.ndarray, df1: int, df2: int, n: int) -> np.ndarray:
    return 0.5 * n * np.log10(1.0 + f * df1 / df2)


def _curve(loci: Loci, lod: np.ndarray, trait: str, stage: int) -> pd.DataFrame:
    frame = loci.to_frame()
    return pd.DataFrame(
        {
            "trait": pd.Series([trait] * len(frame), dtype=object),
            "stage": stage,
            "locus": frame["locus"],
            "chr": frame["chr"],
            "pos_bp": frame["start_bp"],
            "pos_cm": frame["start_cm"],
            "lod": lod,
        }
    )
