"""Tail of the F distribution, also where ordinary p-values underflow."""

import numpy as np


def neglog10_p(f: np.ndarray, df1: np.ndarray | float, df2: np.ndarray | float) -> np.ndarray:
    """-log10 of the upper tail of F, finite however small the p-value.

    Parameters
    ----------
    f
        float64, F statistics, 0 or more; NaN gives NaN, infinity gives infinity.
    df1, df2
        Degrees of freedom, above 0, broadcast with `f`.

    Returns
    -------
    numpy.ndarray
        float64, broadcast shape.

    Notes
    -----
    With x = df2/(df2 + df1 F), a = df2/2, b = df1/2: p = I_x(a, b), and
    ln I_x(a, b) = a ln x + b ln(1 - x) - ln a - ln B(a, b) + ln 2F1(a + b, 1; a + 1; x).
    The series is used only where the ordinary tail underflows; there x is small and it converges
    fast.

    References
    ----------
    NIST Digital Library of Mathematical Functions, 8.17.8.

    Examples
    --------
    >>> neglog10_p(np.array([4.0, 1e6]), 1, 800).round(2)
    array([   1.34, 1240.45])
    """
    from scipy import special

    f, df1, df2 = np.broadcast_arrays(
        np.asarray(f, np.float64), np.asarray(df1, np.float64), np.asarray(df2, np.float64)
    )
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        p = special.fdtrc(df1, df2, f)
        result = np.array(-np.log10(p))
        tiny = (p < 1e-290) & np.isfinite(f)
        if tiny.any():
            a, b, ratio = df2[tiny] / 2, df1[tiny] / 2, df1[tiny] * f[tiny] / df2[tiny]
            x = 1.0 / (1.0 + ratio)
            log_p = (
                a * np.log(x)
                + b * np.log1p(-x)
                - np.log(a)
                - special.betaln(a, b)
                + np.log(special.hyp2f1(a + b, 1.0, a + 1.0, x))
            )
            result[tiny] = -log_p / np.log(10.0)
    return np.where(np.isposinf(f), np.inf, result + 0.0)


def f_of_p(p_value: float, df2: int, *, df1: int = 1) -> float:
    """F at which its test has a given p-value.

    Parameters
    ----------
    p_value
        Above 0 and below 1.
    df2, df1
        Degrees of freedom, of the residuals and of what is tested.

    Returns
    -------
    float
        Upper quantile of F(df1, df2).

    Notes
    -----
    p = I_x(df2/2, df1/2), x = df2/(df2 + df1 F); unlike that of 1 - p this inverse keeps its
    digits, as does the square of a t quantile.

    Examples
    --------
    >>> round(f_of_p(0.05, 20), 3), round(f_of_p(0.05, 20, df1=2), 3)
    (4.351, 3.493)
    """
    from scipy import special

    if df1 == 1:
        return float(special.stdtrit(df2, p_value / 2.0)) ** 2
    x = float(special.betaincinv(df2 / 2.0, df1 / 2.0, p_value))
    return df2 * (1.0 - x) / (df1 * x)


def share_of_p(p_value: float, df2: int, *, df1: int = 1) -> float:
    """Share of variance at which an F test has a given p-value.

    Parameters
    ----------
    p_value, df2, df1
        As in `f_of_p`.

    Returns
    -------
    float
        df1 F / (df1 F + df2).

    Examples
    --------
    >>> round(share_of_p(1e-5, 110), 4), round(share_of_p(1e-5, 109, df1=2), 4)
    (0.1632, 0.1904)
    """
    f = df1 * f_of_p(p_value, df2, df1=df1)
    return f / (f + df2)
