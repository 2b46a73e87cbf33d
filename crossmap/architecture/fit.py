"""A model of several loci for one trait, as R/qtl's fitqtl gives it."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from crossmap.architecture.fit_tables import (
    Design,
    TermFit,
    anova_table,
    drop_one_table,
    effect_table,
    estimated_means,
    fit_terms,
    independent_columns,
    term_columns,
)
from crossmap.architecture.formula import Terms, model_terms, term_name
from crossmap.architecture.locus_codes import (
    LocusCodes,
    codes_of_calls,
    codes_of_probabilities,
)
from crossmap.arguments import require_known
from crossmap.cross import Cross
from crossmap.errors import ArgumentError, CrossmapWarning, DataError
from crossmap.genome import MapFunction, in_map_units
from crossmap.genotypes.hmm import genotype_probabilities as genotype_probabilities_of
from crossmap.genotypes.stretches import refuse_chain_options
from crossmap.linkage.sequential import total_sum_of_squares
from crossmap.words import OneLine


@dataclass(frozen=True, eq=False, repr=False)
class LocusFit(OneLine):
    """A model of several loci fitted to one trait.

    Parameters
    ----------
    trait
        Name of the trait.
    loci
        term (Q1, Q2, ...), locus, chr, pos_bp, pos_cm, in the order in which they were given.
    formula
        The model, all its terms written out.
    coding
        What the coefficients multiply: genotype name -> code of a locus (not on X); an interaction
        has the product of its loci's codes. Of three genotypes that of additive effects; dominance
        has 1/2 for heterozygotes, -1/2 for the others.
    anova
        The model against the mean, with a locus on X against a mean for each sex and direction of
        the cross: source, df, ss, ms, lod, percent_var, p_chi2, p_f,
        neglog10_p_f; rows Model, Error, Total.
    drop_one
        The model against those without one term and all interactions with it: term, df, ss, lod,
        percent_var, f, p_chi2, p_f, neglog10_p_f.
    effects
        term, loci, estimate, se, t; on X ``Q1[male]`` is the effect of Q1 in males, ``Q2a:male``
        how much an effect of Q2 elsewhere differs in males.
    cell_means
        A row per genotype combination that occurs, in the order of the cross's `genotype_names`:
        genotype1 .. genotypeL, n, mean, se (of the combination's own samples; NaN for a single
        one), fitted (mean of the model's values of them), estimate and estimate_se (what the model
        says of samples that have these genotypes for certain, and its standard error; NaN on X
        where genotypes go with sex).
    data
        A row per sample used: trait, sample, value, genotype1 .. genotypeL (of probabilities the
        most probable; categorical, in the order of `genotype_names`), fitted, residual.
    dropped
        Reason in plain words -> samples left out for it.
    genotype_probabilities
        The model regressed on genotype probabilities, not on calls.
    """

    trait: str
    loci: pd.DataFrame
    formula: str
    coding: Mapping[str, float]
    anova: pd.DataFrame
    drop_one: pd.DataFrame
    effects: pd.DataFrame
    cell_means: pd.DataFrame
    data: pd.DataFrame
    dropped: Mapping[str, tuple[str, ...]]
    genotype_probabilities: bool = False

    @property
    def n_samples(self) -> int:
        """Samples used."""
        return len(self.data)

    @property
    def n_dropped(self) -> int:
        """Samples left out."""
        return sum(map(len, self.dropped.values()))

    @property
    def lod(self) -> float:
        """LOD of the model against the mean, with a locus on X of each sex and direction."""
        return float(self.anova["lod"].iloc[0])

    @property
    def percent_var(self) -> float:
        """Share of the trait's sum of squares that the model explains, in per cent."""
        return float(self.anova["percent_var"].iloc[0])

    @property
    def residual_sd(self) -> float:
        """Standard deviation of what the model leaves, in the units of the trait."""
        return float(np.sqrt(self.anova["ms"].iloc[1]))

    @property
    def _null(self) -> str:
        """What the model is compared with."""
        n_groups = 1 + int(self.effects["term"].str.fullmatch(r"group \d+ of X").sum())
        return "the mean" if n_groups == 1 else "a mean for each sex and direction of the cross"

    def _cells(self) -> dict[str, str]:
        """The title of the cell means, and the means; without estimates where there are none."""
        has_estimate = bool(self.cell_means["estimate"].notna().any())
        if has_estimate or self._null == "the mean":
            return {"Genotype combinations": _text(self.cell_means)}
        title = (
            "Genotype combinations (of all sexes and directions together; without an estimate of"
            "\nthe model, which has one for each sex and direction)"
        )
        return {title: _text(self.cell_means.drop(columns=["estimate", "estimate_se"]))}

    def summary(self) -> str:
        """Write the tables for reading.

        Returns
        -------
        str
            Lines, without a line end after the last.
        """
        used = f"Trait {self.trait}: {self.n_samples} samples"
        if self.dropped:
            reasons = [f"{len(names)} {reason}" for reason, names in self.dropped.items()]
            used += f" ({self.n_dropped} left out: {'; '.join(reasons)})"
        places = self.loci.dropna(axis=1, how="all")
        codes = ", ".join(
            f"{name} {code:+g}" if code else f"{name} 0" for name, code in self.coding.items()
        )
        sections = {
            f"{used}\nModel: {self.formula}": _text(places.round(4), digits=12),
            f"Full model against {self._null}": _text(self.anova, but="neglog10_p_f"),
            "Without one term and all its interactions": _text(self.drop_one, but="neglog10_p_f"),
            f"Effects (coded {codes}; residual standard deviation {self.residual_sd:.4g})": _text(
                self.effects, but="loci"
            ),
            **self._cells(),
        }
        return "\n\n".join(f"{title}\n{table}" for title, table in sections.items())


def fit(
    cross: Cross,
    trait: str,
    loci: Sequence[str],
    *,
    formula: str | None = None,
    genotype_probabilities: bool = False,
    step: float = 0.0,
    error_prob: float = 1e-4,
    map_function: MapFunction = "haldane",
    cm_per_mb: float | None = None,
) -> LocusFit:
    """Fit a model of several loci to one trait.

    Parameters
    ----------
    cross
        Two genotypes per locus; with `genotype_probabilities` any cross. Samples without a value of
        the trait, or without a call at one of the loci, are left out and counted.
    trait
        Name of the trait.
    loci
        Names of markers (a distinct locus has the name of its first marker): Q1, Q2, ... in this
        order.
    formula
        Terms of the model, such as ``Q1 * Q2 + Q3`` or with the loci's own names; see
        `crossmap.architecture.formula.model_terms`. None: all main effects and, for two loci,
        their interaction. An interaction brings all terms within it.
    genotype_probabilities
        Regress on the expected codes given all calls (Haley-Knott regression) instead of calls: for
        missing calls, three genotypes, loci between markers. No sample is left out for its calls.
    step, error_prob, map_function, cm_per_mb
        As in `crossmap.genotype_probabilities`; pseudomarkers may be loci.

    Returns
    -------
    LocusFit

    Warns
    -----
    CrossmapWarning
        If a term cannot be told from those before it: genotype combinations that do not occur, or
        loci with the same genotypes in all samples used. It gets no estimate.

    Raises
    ------
    ArgumentError
        For an unknown trait or locus, a locus given twice, or a formula that cannot be read.
    DataError
        If the cross has three genotypes (without `genotype_probabilities`), the trait does not
        vary, the model has as many parameters as there are samples, or a locus is on X and sex is
        needed and unknown.

    Notes
    -----
    Loci are coded as in R/qtl: -1 and +1, so that a coefficient is half the difference between
    the two genotypes; in a backcross -1/2 and +1/2, so that it is the difference; in an F2 with an
    additive code -1, 0, +1 and dominance -1/2, +1/2, -1/2. On X of a backcross or F2 the genotypes
    that a sample may have go with its sex and the direction of the cross: with a locus there every
    such group has a mean of its own in all models, and the locus an effect in each, the difference
    between the group's two genotypes.

    References
    ----------
    Broman, Wu, Sen & Churchill (2003) Bioinformatics 19:889 (R/qtl, whose ``fitqtl`` it follows).

    Examples
    --------
    >>> from crossmap import simulate_cross
    >>> cross = simulate_cross(n_samples=40, n_traits=3, n_markers=60).cross
    >>> names = cross.markers["marker"][[5, 40]].tolist()
    >>> found = fit(cross, cross.trait_names[0], names)
    >>> found.formula, found.anova["df"].tolist(), found.drop_one["df"].tolist()
    ('y ~ Q1 + Q2 + Q1:Q2', [3, 36, 39], [2, 2, 1])
    """
    names = _checked_loci(loci)
    require_known("trait", [trait], cross.trait_names)
    part = cross.subset(traits=[trait])
    terms = model_terms(formula, names)
    if genotype_probabilities:
        probabilities = genotype_probabilities_of(
            cross, step=step, error_prob=error_prob, map_function=map_function, cm_per_mb=cm_per_mb
        )
        coded = codes_of_probabilities(cross, probabilities, names)
    else:
        refuse_chain_options(
            step=step, error_prob=error_prob, map_function=map_function, cm_per_mb=cm_per_mb
        )
        coded = codes_of_calls(cross, names)
    found = fit_coded(part, trait, names, coded, terms)
    return replace(found, genotype_probabilities=genotype_probabilities)


def fit_coded(
    part: Cross, trait: str, names: Sequence[str], coded: LocusCodes, terms: Terms
) -> LocusFit:
    """Fit a model of loci that are coded already.

    Parameters
    ----------
    part
        The cross, with no other trait.
    trait
        Its name.
    names
        Of the loci.
    coded
        What is regressed on.
    terms
        Of the model.

    Returns
    -------
    LocusFit

    Warns
    -----
    CrossmapWarning
        As `fit`.

    Raises
    ------
    DataError
        If the trait does not vary, or the model has as many parameters as there are samples.
    """
    used, dropped = _usable(part, coded.calls, names)
    y, calls = part.traits[0, used], coded.calls[:, used]
    design = term_columns(coded.codes[:, :, used], terms, coded.effects, coded.groups[:, used])
    _check_design(y, design, trait)
    fitted = fit_terms(y, design, terms)
    aliased = [n for n, ok in zip(design.names, fitted.estimable, strict=True) if not ok]
    if aliased:
        warnings.warn(
            f"{', '.join(aliased)}: expected terms that can be told from those before them, found "
            "genotype combinations that do not occur or loci that do not differ; not estimated",
            CrossmapWarning,
            stacklevel=3,
        )
    data = _data(part, y, calls, used, fitted)
    places = coded.markers[["chr", "pos_bp", "pos_cm"]]
    return LocusFit(
        trait=trait,
        loci=pd.DataFrame(
            {
                "term": pd.Series([f"Q{i + 1}" for i in range(len(names))], dtype=object),
                "locus": pd.Series(names, dtype=object),
                **in_map_units(places, places),
            }
        ),
        formula="y ~ " + " + ".join(map(term_name, terms)),
        coding=coded.coding,
        anova=anova_table(fitted),
        drop_one=drop_one_table(fitted),
        effects=effect_table(fitted, names),
        cell_means=_cell_means(part, data, coded, fitted),
        data=data,
        dropped=dropped,
    )


def _checked_loci(loci: Sequence[str]) -> list[str]:
    names = [loci] if isinstance(loci, str) else list(loci)
    if not names:
        msg = "loci: expected names of one or more loci, found none"
        raise ArgumentError(msg)
    for name in names:
        if names.count(name) > 1:
            msg = f"loci: expected different loci, found {name!r} twice"
            raise ArgumentError(msg)
    return names


def _usable(
    part: Cross, calls: np.ndarray, names: Sequence[str]
) -> tuple[np.ndarray, dict[str, tuple[str, ...]]]:
    """Samples with a value and all calls, and the others by reason."""
    samples = np.array(part.samples, dtype=object)
    left = np.ones(len(samples), dtype=np.bool_)
    dropped = {}
    reasons = {"without a value of the trait": np.isnan(part.traits[0])}
    reasons |= {
        f"without a genotype at {name}": row < 0 for name, row in zip(names, calls, strict=True)
    }
    for reason, lacks in reasons.items():
        if (lacks & left).any():
            dropped[reason] = tuple(samples[lacks & left])
        left &= ~lacks
    return np.flatnonzero(left), dropped


def _check_design(y: np.ndarray, design: Design, trait: str) -> None:
    """Refuse too few samples and a trait that does not vary."""
    n_parameters = int(independent_columns(design.columns).sum())
    if len(y) <= max(n_parameters, 1):
        msg = (
            f"samples: expected more than {max(n_parameters, 1)}, the parameters of the model, "
            f"found {len(y)} with a value of trait {trait} and all genotypes"
        )
        raise DataError(msg)
    if not total_sum_of_squares(y[None])[1][0]:
        msg = f"trait {trait}: expected values that vary, found {y[0]:g} in all samples used"
        raise DataError(msg)


def _data(
    part: Cross, y: np.ndarray, calls: np.ndarray, used: np.ndarray, fitted: TermFit
) -> pd.DataFrame:
    genotype_names = pd.Index(part.genotype_names, dtype=object)
    samples = np.array(part.samples, dtype=object)[used]
    return pd.DataFrame(
        {
            "trait": pd.Series([part.trait_names[0]] * len(y), dtype=object),
            "sample": pd.Series(samples, dtype=object),
            "value": y,
            **{
                f"genotype{number}": pd.Categorical.from_codes(row, categories=genotype_names)
                for number, row in enumerate(calls, start=1)
            },
            "fitted": fitted.mean + fitted.fitted,
            "residual": fitted.residual,
        }
    )


def _cell_means(
    part: Cross, data: pd.DataFrame, coded: LocusCodes, fitted: TermFit
) -> pd.DataFrame:
    keys = [f"genotype{number + 1}" for number in range(len(coded.codes))]
    mean = fitted.mean
    # Deviations from the mean, so that a large common offset of a trait costs no digits.
    deviation = data[keys].assign(value=data["value"] - mean, fitted=data["fitted"] - mean)
    cells = deviation.groupby(keys, sort=True, observed=True)
    means = pd.DataFrame(
        {
            "n": cells.size(),
            "mean": mean + cells["value"].mean(),
            "se": cells["value"].sem(),
            "fitted": mean + cells["fitted"].mean(),
        }
    ).reset_index()
    number_of = {name: number for number, name in enumerate(part.genotype_names)}
    classes = np.array([[number_of[name] for name in means[key]] for key in keys], dtype=np.int64)
    means["estimate"], means["estimate_se"] = estimated_means(
        fitted, coded.certain[np.arange(len(keys))[:, None], classes], coded.effects
    )
    return means.astype(dict.fromkeys(keys, object))


def _text(table: pd.DataFrame, *, but: str | None = None, digits: int = 5) -> str:
    shown = table if but is None else table.drop(columns=but)
    return shown.to_string(index=False, float_format=lambda x: f"{x:.{digits}g}", na_rep="")
