"""Effects of loci that were found because their effects looked large, made smaller again.

A locus is reported where its estimate passes a threshold, so estimates of reported loci are too
large on average, the more the lower the power (Beavis). The truncated likelihood knows the
threshold; half-split and bootstrap re-select in fewer or repeated samples and correct too much at
the sizes of most crosses.
"""

import numpy as np

from crossmap.errors import ArgumentError

GRID = 1500
"""Points at which the truncated likelihood is evaluated; four times as many change no corrected
share by more than 1e-4."""


def corrected_shares(
    r2: np.ndarray, *, least_r2: float, n_samples: int, df_before: int = 1, df_tested: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Shares of variance of loci that were selected by a threshold, freed of the selection.

    Parameters
    ----------
    r2
        float64 [n]: share of what was left that each locus took, at least `least_r2`.
    least_r2
        The threshold, above 0 and below 1.
    n_samples
        n.
    df_before
        Coefficients of the model before, the mean among them.
    df_tested
        k, coefficients that the locus brought.

    Returns
    -------
    share : numpy.ndarray
        float64 [n]: mean of rho^2 under the truncated likelihood.
    ratio : numpy.ndarray
        float64 [n]: mean of rho over the raw correlation: what effects are multiplied by.

    Raises
    ------
    ArgumentError
        If the threshold is out of range or there are too few samples.

    Notes
    -----
    With x = atanh(sqrt(r2)) sqrt(n - df_before - 2), x^2 is about noncentral chi-square with k
    degrees of freedom and noncentrality delta^2, delta = atanh(rho) sqrt(n - df_before - 2). Given
    that it passed the threshold c, its likelihood is f(x^2; k, delta^2) / Pr(x^2 >= c^2; k,
    delta^2). Its normalised mean (delta with a flat weight) is biased less than its maximum, and
    less than the raw estimate wherever the power is below one half; where the power is higher it
    may err on the low side by more than the raw estimate on the high. A flat weight on each of the
    k coordinates, of which delta is the length, would add to k what chance adds to the raw share
    already: with k = 12 corrected shares would be larger than raw ones.

    References
    ----------
    Beavis (1994) Proc Corn Sorghum Res Conf 49:250; Zhong & Prentice (2008) Biostatistics 9:621,
    section 2.2; Xu (2003) Genetics 165:2259. The weight: Berger, Philippe & Robert (1998) Stat
    Sinica 8:359.

    Examples
    --------
    >>> share, ratio = corrected_shares(np.array([0.2, 0.6]), least_r2=0.16, n_samples=112)
    >>> share.round(3), ratio.round(2)
    (array([0.112, 0.597]), array([0.68, 1.  ]))
    """
    from scipy import special, stats

    if not 0.0 < least_r2 < 1.0:
        msg = f"least_r2: expected a share above 0 and below 1, found {least_r2!r}"
        raise ArgumentError(msg)
    free = n_samples - df_before - 2
    if free < 1:
        msg = f"n_samples: expected more than {df_before + 2}, found {n_samples}"
        raise ArgumentError(msg)
    r2 = np.asarray(r2, dtype=np.float64)
    root = np.sqrt(free)
    x = np.arctanh(np.sqrt(np.clip(r2, 0.0, 1.0 - 1e-12))) * root
    c = np.arctanh(np.sqrt(least_r2)) * root
    delta = np.linspace(1e-6, max(float(x.max(initial=0.0)), c) + 8.0, GRID)
    # As a tail, not as 1 - cdf: at strict thresholds that would be all rounding.
    log_power = stats.ncx2.logsf(c**2, df_tested, delta**2)
    weight = -log_power
    half = df_tested / 2.0 - 1.0
    shares, ratios = np.empty(r2.shape), np.empty(r2.shape)
    for i, one in enumerate(x):
        product = np.maximum(delta * one, 1e-300)
        with np.errstate(divide="ignore"):
            log_density = (
                -0.5 * (one - delta) ** 2
                + half * np.log(max(one, 1e-300) / delta)
                + np.log(special.ive(half, product))
            )
        log_w = log_density + weight
        w = np.exp(log_w - log_w.max())
        rho = np.tanh(delta / root)
        shares[i] = (w * rho**2).sum() / w.sum()
        ratios[i] = (w * rho).sum() / w.sum() / max(np.sqrt(r2[i]), 1e-300)
    return shares, ratios
