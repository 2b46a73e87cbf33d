"""Broad-sense heritability, from replicated parents or from replicated lines."""

import numpy as np
import pandas as pd

from crossmap.arguments import require_covariate, require_number
from crossmap.cross import Cross
from crossmap.errors import DataError
from crossmap.significance.fdr import q_values


def heritability(
    cross: Cross, *, lines: str | None = None, confidence: float = 0.95
) -> pd.DataFrame:
    """Estimate the share of each trait's variance that is genetic.

    Parameters
    ----------
    cross
        With replicated measurements of its parents, or samples that are replicates of lines.
    lines
        Column of `cross.covariates` that names the line of each sample; None compares the samples
        with the replicates of the parents.
    confidence
        Of the interval, below 1.

    Returns
    -------
    pandas.DataFrame
        A row per trait: trait, h2 (negative values kept; NaN where it cannot be estimated),
        h2_lo, h2_hi, v_total (variance of the samples, or of lines and replicates), v_env
        (within parents, or within lines), df_total, df_env, p_value (of no genetic variance, by the
        F test), q_value (Benjamini-Hochberg).

    Raises
    ------
    ArgumentError
        If `confidence` is out of range or `lines` is no covariate.
    DataError
        If there are no parents, or nothing is replicated.

    Notes
    -----
    Parents: H2 = (V_seg - V_env)/V_seg; the interval comes from V_env/V_seg, whose ratio to the
    truth has an F distribution. Lines: one-way analysis of variance; V_g = (MS_between -
    MS_within)/n0 and H2 = V_g/(V_g + MS_within), of a single measurement; the interval from
    MS_between/MS_within is exact where lines have equal numbers.

    References
    ----------
    Brem & Kruglyak (2005) PNAS 102:1572; Lynch & Walsh (1998) Genetics and Analysis of
    Quantitative Traits, ch. 18 (lines).

    Examples
    --------
    >>> from crossmap import simulate_cross
    >>> table = heritability(simulate_cross(n_traits=3, n_markers=40).cross)
    >>> table["trait"].tolist(), bool((table["h2_lo"] <= table["h2"]).all())
    (['g0001', 'g0002', 'g0003'], True)
    """
    require_number("confidence", confidence, least=0.0, most=1.0 - 1e-12)
    tail = (1.0 - confidence) / 2.0
    columns = _from_parents(cross, tail) if lines is None else _from_lines(cross, lines, tail)
    p = columns["p_value"]
    return pd.DataFrame(
        {
            "trait": cross.trait_table["trait"],
            **{name: columns[name] for name in (
                "h2", "h2_lo", "h2_hi", "v_total", "v_env", "df_total", "df_env",
            )},
            "p_value": p,
            "q_value": q_values(p, pi0=1.0),
        }
    )  # fmt: skip


def environmental_variance(cross: Cross) -> tuple[np.ndarray, np.ndarray]:
    """Pool the variance of replicates within the parents.

    Parameters
    ----------
    cross
        With replicated measurements of its parents.

    Returns
    -------
    variance : numpy.ndarray
        float64 [n_traits]; NaN without a degree of freedom.
    df : numpy.ndarray
        int64 [n_traits].

    Raises
    ------
    DataError
        If there are no parents, or none has two replicates.
    """
    if cross.parents.empty:
        msg = "parents: expected replicated measurements of the parents, found none in this cross"
        raise DataError(msg)
    values, parent = parent_values(cross)
    squares, df = np.zeros(cross.n_traits), np.zeros(cross.n_traits, dtype=np.int64)
    for name in np.unique(parent):
        part = values[:, parent == name]
        n = (~np.isnan(part)).sum(axis=1)
        mean = np.where(n > 0, np.nansum(part, axis=1) / np.maximum(n, 1), 0.0)
        squares += np.nansum((part - mean[:, None]) ** 2, axis=1)
        df += np.maximum(n - 1, 0)
    if not (df > 0).any():
        counts = ", ".join(f"{(parent == name).sum()} of {name}" for name in np.unique(parent))
        msg = f"parents: expected two replicates of one of them at least, found {counts}"
        raise DataError(msg)
    return np.where(df > 0, squares / np.maximum(df, 1), np.nan), df


def parent_values(cross: Cross) -> tuple[np.ndarray, np.ndarray]:
    """Give the parents' measurements as arrays.

    Parameters
    ----------
    cross
        With parents.

    Returns
    -------
    values : numpy.ndarray
        float64 [n_traits, n_replicates].
    parent : numpy.ndarray
        object [n_replicates]: names of the genotypes.
    """
    values = cross.parents.drop(columns="parent").to_numpy(dtype=np.float64).T
    return values, cross.parents["parent"].to_numpy(dtype=object)


def sample_moments(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Number, mean and variance of every row, NaN left out.

    Parameters
    ----------
    values
        float64 [n_traits, n].

    Returns
    -------
    n, mean, variance : numpy.ndarray
        [n_traits]; NaN where there are too few.
    """
    n = (~np.isnan(values)).sum(axis=1)
    mean = np.where(n > 0, np.nansum(values, axis=1) / np.maximum(n, 1), np.nan)
    squares = np.nansum((values - mean[:, None]) ** 2, axis=1)
    return n, mean, np.where(n > 1, squares / np.maximum(n - 1, 1), np.nan)


def _from_parents(cross: Cross, tail: float) -> dict[str, np.ndarray]:
    from scipy import special

    v_env, df_env = environmental_variance(cross)
    n, _, v_seg = sample_moments(cross.traits)
    df_seg = np.maximum(n - 1, 0)
    usable = (df_env > 0) & (df_seg > 0) & (v_seg > 0)
    a, b = np.where(usable, df_env, 1), np.where(usable, df_seg, 1)
    ratio = np.where(usable, v_env / np.where(usable, v_seg, 1.0), np.nan)
    low, high = special.fdtri(a, b, tail), special.fdtri(a, b, 1.0 - tail)
    with np.errstate(divide="ignore", invalid="ignore"):
        p = np.where(usable, special.fdtrc(b, a, 1.0 / ratio), np.nan)
    return {
        "h2": 1.0 - ratio, "h2_lo": 1.0 - ratio / low, "h2_hi": 1.0 - ratio / high,
        "v_total": v_seg, "v_env": v_env, "df_total": df_seg, "df_env": df_env,
        "p_value": np.maximum(p, np.finfo(np.float64).tiny),
    }  # fmt: skip


def _from_lines(cross: Cross, lines: str, tail: float) -> dict[str, np.ndarray]:
    from scipy import special

    require_covariate("lines", lines, cross.covariates.columns)
    line, names = pd.factorize(cross.covariates[lines])
    values = np.where(line >= 0, cross.traits, np.nan)
    member = np.zeros((len(names), cross.n_samples))
    member[line[line >= 0], np.flatnonzero(line >= 0)] = 1.0
    held = (~np.isnan(values)).astype(np.float64)
    n_line = held @ member.T
    n = n_line.sum(axis=1)
    k = (n_line > 0).sum(axis=1)
    df_between, df_within = k - 1, (n - k).astype(np.int64)
    usable = (df_between > 0) & (df_within > 0)
    if not usable.any():
        msg = f"{lines}: expected lines with two measurements or more, found none"
        raise DataError(msg)
    grand = np.nansum(values, axis=1) / np.maximum(n, 1)
    centred = np.nan_to_num(values - grand[:, None])
    sums = centred @ member.T
    between = (sums**2 / np.maximum(n_line, 1)).sum(axis=1)
    within = np.maximum((centred**2).sum(axis=1) - between, 0.0)
    ms_between, ms_within = between / np.maximum(df_between, 1), within / np.maximum(df_within, 1)
    n0 = (n - (n_line**2).sum(axis=1) / np.maximum(n, 1)) / np.maximum(df_between, 1)
    a, b = np.where(usable, df_between, 1), np.where(usable, df_within, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        f = np.where(usable, ms_between / ms_within, np.nan)
        p = special.fdtrc(a, b, f)

    def share(ratio: np.ndarray) -> np.ndarray:
        with np.errstate(invalid="ignore"):
            return np.where(np.isinf(ratio), 1.0, (ratio - 1.0) / (ratio - 1.0 + n0))

    v_g = (ms_between - ms_within) / np.maximum(n0, 1e-300)
    return {
        "h2": share(f), "h2_lo": share(f / special.fdtri(a, b, 1.0 - tail)),
        "h2_hi": share(f / special.fdtri(a, b, tail)),
        "v_total": np.where(usable, v_g + ms_within, np.nan),
        "v_env": np.where(usable, ms_within, np.nan),
        "df_total": df_between, "df_env": df_within,
        "p_value": np.maximum(np.where(np.isnan(f), np.nan, p), np.finfo(np.float64).tiny),
    }  # fmt: skip
