"""One trait and two loci, the whole calculation written out: models, sums of squares, F, p."""

from dataclasses import dataclass, replace
from itertools import product
from typing import NamedTuple

import numpy as np
import pandas as pd

from crossmap.architecture.explain_text import explanation_text
from crossmap.architecture.fit import LocusFit, fit, fit_coded
from crossmap.architecture.fit_tables import SMALLEST_P
from crossmap.architecture.formula import model_terms
from crossmap.architecture.locus_codes import codes_of_probabilities
from crossmap.arguments import did_you_mean, require_known, require_whole
from crossmap.cross import Cross
from crossmap.errors import ArgumentError
from crossmap.execution import Execution
from crossmap.genome import MapFunction
from crossmap.genotypes.chains import x_chain_groups
from crossmap.genotypes.loci import Loci
from crossmap.genotypes.probable_loci import ProbableLoci
from crossmap.genotypes.searched_loci import loci_to_search
from crossmap.linkage.curves import lod_curves
from crossmap.linkage.f_test import neglog10_p
from crossmap.linkage.next_models import next_models
from crossmap.linkage.search_traits import search_traits
from crossmap.linkage.searches import searches_of
from crossmap.linkage.sequential import SearchStage
from crossmap.linkage.stages import LINKED_R2, Model, SearchOptions, Variance
from crossmap.words import OneLine

ALPHA = 0.05
"""Genome-wide error rate of the thresholds that are shown."""


@dataclass(frozen=True, eq=False, repr=False)
class Explanation(OneLine):
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
        statistic (what loci and permutations are compared by: ``f``, or ``neglog10_p_f`` where loci
        differ in degrees of freedom), n_perm, p_adjusted ((1 + permutations whose best locus is
        at least as good)/(1 + n_perm), for a locus found by searching), f_threshold and
        lod_threshold (for a locus of these degrees of freedom: exceeded anywhere in the genome by
        `ALPHA` of the permutations), best_locus, best_f, best_neglog10_p_f and best_lod (of the
        search at this step).
    null
        stage, permutation, f and neglog10_p_f: of the best locus of every permutation; NaN where
        nothing varied.
    curves
        trait, stage, locus, chr, pos_bp, pos_cm, lod: LOD of every locus at each step, NaN where
        it is not eligible.
    fit
        The least squares of both loci and their interaction, with a common variance.
    options
        Of the search.
    first_fit
        The same of locus 1 alone.
    genotype_probabilities
        Whether genotypes are probabilities; those in `fit` are then the most probable.
    n_groups
        Groups of samples, by sex and direction of the cross, that have a mean of their own in every
        model and within which samples are permuted; 1 where there are none.
    """

    trait: str
    steps: pd.DataFrame
    null: pd.DataFrame
    curves: pd.DataFrame
    fit: LocusFit
    options: SearchOptions
    first_fit: LocusFit
    genotype_probabilities: bool
    n_groups: int

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
        return explanation_text(
            self.steps, self.fit, self.options, alpha=ALPHA,
            is_probable=self.genotype_probabilities, n_groups=self.n_groups,
        )  # fmt: skip


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
    exclude_r2: float | None = LINKED_R2,
    genotype_probabilities: bool = False,
    step: float = 0.0,
    error_prob: float = 1e-4,
    map_function: MapFunction = "haldane",
    cm_per_mb: float | None = None,
    seed: int = 1,
    execution: Execution | None = None,
) -> Explanation:
    """Write out how one trait is linked to two loci, for students and referees.

    Parameters
    ----------
    cross
        Two genotypes per locus and complete calls; with `genotype_probabilities` any cross. Samples
        without a value of the trait are left out.
    trait
        Name of the trait.
    locus1, locus2
        Markers of the loci, of probabilities also pseudomarkers; None takes the locus that the
        search chooses.
    n_perm
        B, permutations of the trait at each step: of all samples for locus 1, within the genotype
        groups of locus 1 for locus 2.
    min_cell, model, variance, exclude_r2
        As in `joint_linkage`.
    genotype_probabilities, step, error_prob, map_function, cm_per_mb
        As in `joint_linkage`: the same models, statistics and permutations on the probabilities of
        the genotypes given all calls.
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
        If calls are missing or the cross has three genotypes (without `genotype_probabilities`),
        the trait has too few values or does not vary, or no locus is eligible.

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
    loci = loci_to_search(
        cross, genotype_probabilities, step, error_prob, map_function, cm_per_mb, execution
    )
    for number, name in enumerate((locus1, locus2), start=1):
        if name is not None:
            _row_of_locus(cross, loci, name, number)
    require_known("trait", [trait], cross.trait_names)
    own = cross.subset(traits=[trait])
    values = search_traits(own).values
    has_value = np.flatnonzero(~np.isnan(values[0]))
    data = _Data(trait, values[:, has_value], loci.on(has_value))
    chosen: list[int] = []
    rows, nulls, curves, markers = [], [], [], []
    for number, asked in enumerate((locus1, locus2), start=1):
        before = np.array([chosen], dtype=np.int64).reshape(1, len(chosen))
        if asked is not None:
            locus = _row_of_locus(cross, loci, asked, number)
            markers.append(asked)
            _refuse_ineligible(cross, data, tuple(chosen), locus, asked, options)
        stage = searches_of(loci).next(
            values, loci, names=(trait,), chosen=before, options=options, execution=execution
        )
        curve = lod_curves(data.values, data.loci, before, options=options)[0]
        if asked is None:
            locus = _best(stage, number, trait)
            markers.append(loci.names[locus])
        row, null = _step(data, stage, tuple(chosen), locus, curve, options)
        rows.append(row)
        nulls.append(null)
        curves.append(_curve(loci, curve, trait, number))
        chosen.append(locus)
    steps = pd.DataFrame(rows)
    steps.insert(1, "marker", pd.Series(markers, dtype=object))
    fits = [_fit(own, trait, loci, markers[:size], chosen[:size]) for size in (1, 2)]
    return Explanation(
        trait=trait,
        steps=steps,
        null=pd.concat(nulls, ignore_index=True),
        curves=pd.concat(curves, ignore_index=True),
        fit=fits[1],
        options=options,
        first_fit=fits[0],
        genotype_probabilities=genotype_probabilities,
        n_groups=loci.n_groups if isinstance(loci, ProbableLoci) else 1,
    )


def _fit(own: Cross, trait: str, loci: Loci, names: list[str], rows: list[int]) -> LocusFit:
    if not isinstance(loci, ProbableLoci):
        return fit(own, trait, names)
    coded = codes_of_probabilities(own, loci.found, [loci.names[row] for row in rows])
    if loci.n_groups > 1 and loci.on_x.any() and not len(coded.groups):
        # The search has a mean for each sex and direction before loci on autosomes too.
        means = np.array([loci.group == g for g in range(1, loci.n_groups)], dtype=np.float64)
        coded = replace(coded, groups=means, certain=np.full_like(coded.certain, np.nan))
    return fit_coded(own, trait, names, coded, model_terms(None, names))


def _row_of_locus(cross: Cross, loci: Loci, name: str, number: int) -> int:
    """The distinct locus of a marker, or the position of that name."""
    if name in loci.names:
        return loci.names.index(name)
    at = np.flatnonzero(cross.markers["marker"].to_numpy(dtype=object) == name)
    if not len(at):
        expected = "a marker of the cross"
        if isinstance(loci, ProbableLoci):
            expected = f"a marker or pseudomarker (such as {loci.names[len(loci) // 2]})"
        msg = f"locus{number}: expected {expected}, found {name!r}"
        raise ArgumentError(msg + did_you_mean(name, [*loci.names, *cross.markers["marker"]]))
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
    cross: Cross,
    data: _Data,
    chosen: tuple[int, ...],
    locus: int,
    asked: str,
    options: SearchOptions,
) -> None:
    models = next_models(data.values, data.loci, chosen, options=options)
    if models.eligible[locus]:
        return
    number = len(chosen) + 1
    if locus in chosen:
        found = "the locus named before"
    elif not models.allowed[locus]:
        found = "one too closely linked to the locus named before (exclude_r2)"
    else:
        sizes = _cell_sizes(cross, data.loci, (*chosen, locus), options.min_cell)
        found = f"one with {sizes} in its genotype combinations"
    where = "on either side of every split"
    if isinstance(data.loci, ProbableLoci):
        where = "expected in every genotype combination"
    msg = (
        f"locus{number}: expected a locus with at least {options.min_cell} samples {where} "
        f"(min_cell), found {asked!r}, {found}"
    )
    raise ArgumentError(msg)


def _cell_sizes(cross: Cross, loci: Loci, rows: tuple[int, ...], min_cell: int) -> str:
    """Samples in the genotype combinations of one locus or of two; expected ones if too few."""
    if not isinstance(loci, ProbableLoci):
        sizes = np.unique(loci.genotypes[list(rows)], axis=1, return_counts=True)[1]
        return f"{', '.join(map(str, sizes))} samples"
    is_made, cells, _ = loci.membership
    names, n_genotypes = cross.genotype_names, len(loci.probability)
    groups = [group.name for group in x_chain_groups(cross)] if loci.n_groups > 1 else ["all"]
    small = []
    for made in product(*(np.flatnonzero(is_made[row]) for row in rows)):
        at = {
            int(cell) // n_genotypes for row, cell in zip(rows, made, strict=True) if loci.on_x[row]
        }
        size = np.prod(
            [cells[row, cell] for row, cell in zip(rows, made, strict=True)], axis=0
        ).sum()
        if len(at) < 2 and size < min_cell:  # genotypes of two groups are never found together
            where = f" ({groups[at.pop()]})" if at and loci.n_groups > 1 else ""
            small.append(
                f"{'/'.join(names[cell % n_genotypes] for cell in made)}{where} {size:.2g}"
            )
    return f"{', '.join(small)} samples expected"


def _step(
    data: _Data,
    stage: SearchStage,
    chosen: tuple[int, ...],
    locus: int,
    curve: np.ndarray,
    options: SearchOptions,
) -> tuple[dict[str, object], pd.DataFrame]:
    """The row of `Explanation.steps`, but for the marker's name, and the rows of its `null`."""
    loci, n = data.loci, data.values.shape[1]
    models = next_models(data.values, loci, chosen, options=options)
    df1, df2 = int(models.df1[locus]), int(models.df2[locus])
    before = float(models.rss_before[0])
    # F and RSS from the LOD, which is summed with care where little is left.
    share_left = 10.0 ** (-2.0 * curve[locus] / n)
    with np.errstate(divide="ignore"):
        f = float(np.expm1(2.0 * np.log(10.0) * curve[locus] / n)) * df2 / df1
    strength = float(neglog10_p(np.array([f]), df1, df2)[0])
    null = _null(stage, df1, df2, number=len(chosen) + 1)
    # Where loci differ in degrees of freedom the best of a permutation has its own.
    statistic, own = ("f", f) if stage.neglog10_p_null is None else ("neglog10_p_f", strength)
    chance = null[statistic].dropna().to_numpy()
    limit = float(np.quantile(chance, 1.0 - ALPHA, method="higher")) if len(chance) else np.nan
    threshold = limit if statistic == "f" else _f_of_neglog10_p(limit, df1, df2)
    n_as_large = int((chance >= own * (1.0 - 1e-12)).sum())
    best = int(stage.locus[0])
    best_f = float(stage.f[0]) if locus != best else f
    best_df = (max(int(stage.df1[0]), 1), max(int(stage.df2[0]), 1))
    row = {
        "stage": len(chosen) + 1,
        "locus": loci.names[locus],
        "chr": loci.chr[locus],
        **{f"pos_{unit}": getattr(loci, f"start_{unit}")[locus] for unit in loci.units},
        "rss_before": before,
        "rss_after": before * share_left,
        "df1": df1,
        "df2": df2,
        "f": f,
        "lod": float(curve[locus]),
        "p_f": max(10.0**-strength, SMALLEST_P),
        "neglog10_p_f": strength,
        "statistic": statistic,
        "n_perm": len(chance),
        "p_adjusted": (1 + n_as_large) / (1 + len(chance)),
        "f_threshold": threshold,
        "lod_threshold": float(_lod_of_f(np.array([threshold]), df1, df2, n)[0]),
        "best_locus": loci.names[best] if best >= 0 else None,
        "best_f": best_f,
        "best_neglog10_p_f": float(neglog10_p(np.array([best_f]), *best_df)[0]),
        "best_lod": float(curve[best]) if best >= 0 else np.nan,
    }
    return row, null


def _null(stage: SearchStage, df1: int, df2: int, *, number: int) -> pd.DataFrame:
    f, evidence = stage.f_null[0], stage.neglog10_p_null
    return pd.DataFrame(
        {
            "stage": number,
            "permutation": np.arange(1, len(f) + 1),
            "f": f,
            "neglog10_p_f": neglog10_p(f, df1, df2) if evidence is None else evidence[0],
        }
    )


def _f_of_neglog10_p(strength: float, df1: int, df2: int) -> float:
    from scipy import special

    return float(special.fdtri(df1, df2, 1.0 - 10.0**-strength))


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
            **{f"pos_{unit}": frame[f"start_{unit}"] for unit in loci.units},
            "lod": lod,
        }
    )
