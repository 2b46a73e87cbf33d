"""Least squares of one trait on the terms of a model, as the tables that R/qtl's users know."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd

from crossmap.architecture.formula import Terms, term_name
from crossmap.kernels.stages import EXACT_FIT
from crossmap.linkage.f_test import neglog10_p

DEPENDENT = 1e-8
"""Share of a column's length outside the columns before it, below which it adds nothing."""

SMALLEST_P = float(np.finfo(np.float64).tiny)
"""Never a p-value of 0."""


@dataclass(frozen=True, eq=False)
class TermFit:
    """A model fitted to one trait.

    Parameters
    ----------
    terms
        Terms of the model; the constant stands before them, as ``()``.
    design
        The columns of the model.
    estimable
        bool [n_columns]: False for a column that those before it already determine.
    estimate, se
        float64 [n_columns]: coefficients and their standard errors; NaN where not estimable.
    covariance
        float64 [P, P]: of the P coefficients that are estimable.
    mean
        Of the trait.
    fitted, residual
        float64 [n]: values of the model, less the mean, and what they leave of the trait.
    rss, total
        Residual sum of squares, and that without any locus: about the mean, on X about the means of
        groups.
    """

    terms: Terms
    design: "Design"
    estimable: np.ndarray
    estimate: np.ndarray
    se: np.ndarray
    covariance: np.ndarray
    mean: float
    fitted: np.ndarray
    residual: np.ndarray
    rss: float
    total: float

    @property
    def n_samples(self) -> int:
        """Number of samples."""
        return len(self.fitted)

    @property
    def df_null(self) -> int:
        """Parameters without any locus: the constant, on X the means of groups."""
        return int(self.estimable[self.design.owner == 0].sum())

    @property
    def df_model(self) -> int:
        """Degrees of freedom of the model, those without any locus not counted."""
        return int(self.estimable.sum()) - self.df_null

    @property
    def df_error(self) -> int:
        """Residual degrees of freedom."""
        return self.n_samples - self.df_null - self.df_model


@dataclass(frozen=True, eq=False)
class Design:
    """Columns of a model.

    Parameters
    ----------
    columns
        float64 [n, P], the constant first.
    owner
        int64 [P]: number of the term from 1; 0 for the constant and for groups.
    names
        P names: of the term, with the effect of each locus behind it.
    """

    columns: np.ndarray
    owner: np.ndarray
    names: tuple[str, ...]


def term_columns(
    codes: np.ndarray,
    terms: Terms,
    effects: Sequence[Sequence[str]] | None = None,
    groups: np.ndarray | None = None,
) -> Design:
    """Make the columns of a model: products of the loci's codes.

    Parameters
    ----------
    codes
        float64 [n_loci, K, n_samples].
    terms
        Of the model.
    effects
        For each locus names of what its columns code, up to K; None: one without a name.
    groups
        float64 [g, n_samples]: columns that any model has beside the constant.

    Returns
    -------
    Design
        Of an interaction all products, the effects of the first locus changing fastest. Effects on
        X are those of a group, ``[male]``; means of groups, ``Q1a:male``, stand in interactions
        with loci elsewhere alone, so that every combination of genotypes has a mean of its own.
    """
    named = [("",)] * len(codes) if effects is None else effects
    columns, owner, names = [np.ones(codes.shape[2])], [0], [term_name(())]
    for number, column in enumerate([] if groups is None else groups, start=2):
        columns.append(column)
        owner.append(0)
        names.append(f"group {number} of X")
    for number, term in enumerate(terms, start=1):
        for reverse in product(*(range(len(named[q])) for q in term[::-1])):
            kinds = reverse[::-1]
            column = np.prod([codes[q, k] for q, k in zip(term, kinds, strict=True)], axis=0)
            if not _is_column([named[q][k] for q, k in zip(term, kinds, strict=True)]):
                continue
            columns.append(column)
            owner.append(number)
            factors = [(f"Q{q + 1}", named[q][k]) for q, k in zip(term, kinds, strict=True)]
            names.append(
                ":".join(kind[1:-1] if kind[:1] == "(" else locus + kind for locus, kind in factors)
            )
    return Design(np.column_stack(columns), np.array(owner), tuple(names))


def _is_column(effects: Sequence[str]) -> bool:
    """Whether a product of effects is in the model: of one group, and nothing that is there."""
    slopes = {name for name in effects if name.startswith("[")}
    n_means = sum(name.startswith("(") for name in effects)
    n_on_x = n_means + sum(name.startswith("[") for name in effects)
    return len(slopes) <= 1 and (not n_means or (len(effects) > 1 and n_on_x == 1))


def independent_columns(design: np.ndarray) -> np.ndarray:
    """Say which columns are no combination of those before them.

    Parameters
    ----------
    design
        float64 [n, P].

    Returns
    -------
    numpy.ndarray
        bool [P].
    """
    basis = np.empty((len(design), 0))
    independent = np.zeros(design.shape[1], dtype=np.bool_)
    for p, column in enumerate(design.T):
        rest = column - basis @ (basis.T @ column)
        rest -= basis @ (basis.T @ rest)
        length = np.sqrt(rest @ rest)
        if length > DEPENDENT * np.sqrt(column @ column):
            independent[p] = True
            basis = np.column_stack([basis, rest / length])
    return independent


def fit_terms(y: np.ndarray, design: Design, terms: Terms) -> TermFit:
    """Fit a model by least squares.

    Parameters
    ----------
    y
        float64 [n], no NaN, not constant.
    design
        As `term_columns` made it, with fewer independent columns than samples.
    terms
        Of the model.

    Returns
    -------
    TermFit
    """
    from statsmodels.regression.linear_model import OLS

    mean = float(y.mean())
    z = y - mean  # so that a large common offset of a trait costs no digits
    total = _outside(z, design.columns[:, design.owner == 0])[1]
    estimable = independent_columns(design.columns)
    found = OLS(z, design.columns[:, estimable]).fit(method="qr")
    is_exact = found.ssr <= EXACT_FIT * total
    estimate, se = np.full((2, len(estimable)), np.nan)
    estimate[estimable] = found.params
    estimate[0] += mean
    se[estimable] = 0.0 if is_exact else found.bse
    rss = 0.0 if is_exact else float(found.ssr)
    return TermFit(
        terms=terms,
        design=design,
        estimable=estimable,
        estimate=estimate,
        se=se,
        covariance=np.asarray(found.cov_params()) * (0.0 if is_exact else 1.0),
        mean=mean,
        fitted=np.asarray(found.fittedvalues),
        residual=np.asarray(found.resid),
        rss=rss,
        total=total,
    )


def estimated_means(
    fit: TermFit, codes: np.ndarray, effects: Sequence[Sequence[str]]
) -> tuple[np.ndarray, np.ndarray]:
    """Say what a model expects of samples whose genotypes are certain.

    Parameters
    ----------
    fit
        A fitted model.
    codes
        float64 [n_loci, C, K]: codes of the genotypes of C combinations; NaN where one alone does
        not say what the model expects.
    effects
        As in `term_columns`.

    Returns
    -------
    estimate, se : numpy.ndarray
        float64 [C]; NaN where codes are.
    """
    known = ~np.isnan(codes).any(axis=(0, 2))
    estimate, se = np.full((2, len(known)), np.nan)
    if known.any():
        of_loci = term_columns(np.moveaxis(codes[:, known], 2, 1), fit.terms, effects).columns
        columns = of_loci[:, fit.estimable]
        estimate[known] = columns @ fit.estimate[fit.estimable]
        variance = np.einsum("cp,pq,cq->c", columns, fit.covariance, columns)
        se[known] = np.sqrt(np.maximum(variance, 0.0))
    return estimate, se


def anova_table(fit: TermFit) -> pd.DataFrame:
    """Compare the model with the mean alone.

    Parameters
    ----------
    fit
        A fitted model.

    Returns
    -------
    pandas.DataFrame
        Rows Model, Error, Total; columns source, df, ss (sum of squares), ms (mean square), lod,
        percent_var (share of the sum of squares in per cent), p_chi2 (of the likelihood ratio),
        p_f, neglog10_p_f. NaN where a column does not apply.
    """
    gained = fit.total - fit.rss
    test = _tests(fit, np.array([fit.df_model]), np.array([fit.total]))
    nan = np.nan
    return pd.DataFrame(
        {
            "source": pd.Series(["Model", "Error", "Total"], dtype=object),
            "df": [fit.df_model, fit.df_error, fit.n_samples - fit.df_null],
            "ss": [gained, fit.rss, fit.total],
            "ms": [gained / fit.df_model if fit.df_model else nan, fit.rss / fit.df_error, nan],
            **{
                name: [float(test[name][0]), nan, nan]
                for name in ("lod", "percent_var", "p_chi2", "p_f", "neglog10_p_f")
            },
        }
    )


def drop_one_table(fit: TermFit) -> pd.DataFrame:
    """Compare the model with those that lack one term and all interactions with it.

    Parameters
    ----------
    fit
        A fitted model.

    Returns
    -------
    pandas.DataFrame
        A row per term: term, df (of all that is dropped), ss (by how much the residual sum of
        squares grows, "Type III"), lod, percent_var, f, p_chi2, p_f, neglog10_p_f. A term that
        cannot be told from the others has df 0 and no test (NaN).
    """
    df, rss = [], []
    for term in fit.terms:
        stays = np.array([True, *(not set(term) <= set(other) for other in fit.terms)])
        kept = fit.design.columns[:, stays[fit.design.owner]]
        rank, beyond = _outside(fit.fitted, kept)
        df.append(fit.df_model + fit.df_null - rank)
        # The residual of the whole model is at right angles to all that smaller models fit.
        rss.append(fit.rss + beyond)
    test = _tests(fit, np.array(df), np.array(rss))
    names = pd.Series([term_name(term) for term in fit.terms], dtype=object)
    return pd.DataFrame({"term": names, **test})


def _outside(z: np.ndarray, design: np.ndarray) -> tuple[int, float]:
    """Rank of a design, and the sum of squares of z outside it."""
    q = np.linalg.qr(design[:, independent_columns(design)])[0]
    rest = z - q @ (q.T @ z)
    rest -= q @ (q.T @ rest)
    return q.shape[1], float(rest @ rest)


def _tests(fit: TermFit, df: np.ndarray, rss_without: np.ndarray) -> dict[str, np.ndarray]:
    """Tests of the model against smaller ones with these residual sums of squares."""
    from scipy import special

    ss = np.where(df > 0, rss_without - fit.rss, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        # log1p keeps the digits of a small gain.
        lod = 0.5 * fit.n_samples * np.log1p(ss / fit.rss) / np.log(10.0)
        f = (ss / df) / (fit.rss / fit.df_error)
    lod[df == 0] = 0.0
    f[df == 0] = np.nan
    p_chi2 = special.chdtrc(df, 2.0 * np.log(10.0) * lod)
    p_f = special.fdtrc(df, fit.df_error, f)
    p_chi2[df == 0] = np.nan
    return {
        "df": df,
        "ss": ss,
        "lod": lod,
        "percent_var": 100.0 * ss / fit.total,
        "f": f,
        "p_chi2": np.maximum(p_chi2, SMALLEST_P),
        "p_f": np.maximum(p_f, SMALLEST_P),
        "neglog10_p_f": neglog10_p(f, np.maximum(df, 1), fit.df_error),
    }


def effect_table(fit: TermFit, loci: Sequence[str]) -> pd.DataFrame:
    """Give the coefficients of a model.

    Parameters
    ----------
    fit
        A fitted model.
    loci
        Names of its loci.

    Returns
    -------
    pandas.DataFrame
        Intercept and a row per column: term (with three genotypes Q1a, its additive effect, and
        Q1d, dominance; on X Q1[male] and the like), loci (names joined by colons; None for the
        intercept), estimate, se, t; NaN for a column that cannot be told from those before it.
    """
    terms: tuple[tuple[int, ...], ...] = ((), *fit.terms)
    owners = [terms[number] for number in fit.design.owner]
    with np.errstate(divide="ignore", invalid="ignore"):
        t = fit.estimate / fit.se
    return pd.DataFrame(
        {
            "term": pd.Series(fit.design.names, dtype=object),
            "loci": pd.Series(
                [term_name(term, loci) if term else None for term in owners], dtype=object
            ),
            "estimate": fit.estimate,
            "se": fit.se,
            "t": t,
        }
    )
