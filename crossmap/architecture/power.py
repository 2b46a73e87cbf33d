"""Power: what a cross can find, and what follows from what it did not find."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from crossmap.architecture.linkage_rules import probability_of_f
from crossmap.architecture.linkage_table import f_of_p
from crossmap.arguments import require_number, require_share, require_whole
from crossmap.cross import Cross
from crossmap.errors import ArgumentError
from crossmap.genotypes.probable_loci import ProbableLoci
from crossmap.significance.joint import JointLinkage

SHARES = (0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5)

MOST_SAMPLES = 1_000_000
_SURE = 1e5  # noncentrality


def detection_probability(
    variance_share: np.ndarray, n_samples: np.ndarray | int, *, threshold: float, df: int = 1
) -> np.ndarray:
    """Probability that a locus passes a nominal p-value.

    Parameters
    ----------
    variance_share
        float64, v: share of the trait's variance that the locus explains, 0 or more, below 1.
    n_samples
        n, at least 3, broadcast with it.
    threshold
        Nominal p-value.
    df
        Degrees of freedom of a locus: 1 of two genotypes, 2 of three.

    Returns
    -------
    numpy.ndarray
        float64, broadcast shape.

    Raises
    ------
    ArgumentError
        If something is out of range.

    Notes
    -----
    Pr(F' >= F_threshold), F' noncentral with df and n - 1 - df degrees of freedom and noncentrality
    (n - 1) v / (1 - v), genotypes being as frequent as they are on average.

    Examples
    --------
    >>> detection_probability(np.array([0.0, 0.1, 0.3]), 112, threshold=1e-5).round(3)
    array([0.   , 0.145, 0.985])
    """
    from scipy import special, stats

    v, n = np.broadcast_arrays(np.asarray(variance_share, dtype=np.float64), n_samples)
    if not ((v >= 0) & (v < 1)).all():
        msg = f"variance_share: expected shares of 0 or more and below 1, found {v.min():g}"
        raise ArgumentError(msg)
    sizes = [f_of_p(threshold, int(size), df=df) for size in n.reshape(-1)]
    f, df2 = np.array(sizes).reshape(n.shape), n - 1.0 - df
    # Not scipy.special.ncfdtr, which is NaN for strong loci of many samples.
    centre = (n - 1.0) * v / (1.0 - v)
    power = stats.ncf.sf(f, df, df2, np.minimum(centre, _SURE))
    # Beyond, its series may not converge, and nothing varies but the residual variance.
    power = np.where(centre > _SURE, special.chdtr(df2, df2 * centre / (df * f)), power)
    return np.where(v == 0, threshold, power)


def power(
    cross: Cross | int,
    *,
    variance_share: Sequence[float] = SHARES,
    threshold: float = 1e-5,
    target: float = 0.8,
    df: int | None = None,
) -> pd.DataFrame:
    """Probability of finding a locus of given size, and the samples that would be needed.

    Parameters
    ----------
    cross
        A cross, or a number of samples.
    variance_share
        Shares of a trait's variance that the locus explains.
    threshold
        The scan's: largest nominal p-value of a linkage.
    target
        Power for which the number of samples is sought.
    df
        Degrees of freedom of a locus; None takes those that the cross gives: 1 of two genotypes, 2
        of three (1 for a number of samples).

    Returns
    -------
    pandas.DataFrame
        variance_share, n_samples, threshold, power, n_needed (samples for the target; NaN beyond a
        million).

    Raises
    ------
    ArgumentError
        If something is out of range.

    Examples
    --------
    >>> power(112, variance_share=(0.05, 0.2))[["power", "n_needed"]].round(2).values.tolist()
    [[0.02, 537.0], [0.73, 122.0]]
    """
    n = cross if isinstance(cross, int) else cross.n_samples
    if df is None:
        df = 1 if isinstance(cross, int) else cross.n_genotypes - 1
    require_whole("df", df, least=1)
    require_whole("n_samples", n, least=2 + df)
    require_share("threshold", threshold)
    require_number("target", target, least=threshold, most=1.0 - 1e-9)
    shares = np.array(variance_share, dtype=np.float64)
    return pd.DataFrame(
        {
            "variance_share": shares,
            "n_samples": n,
            "threshold": threshold,
            "power": detection_probability(shares, n, threshold=threshold, df=df),
            "n_needed": [_n_needed(v, threshold, target, df) for v in shares],
        }
    )


def _n_needed(share: float, threshold: float, target: float, df: int) -> float:
    def enough(n: int) -> bool:
        found = detection_probability(np.array(share), n, threshold=threshold, df=df)
        return float(found) >= target

    if share <= 0 or not enough(MOST_SAMPLES):
        return float("nan")
    low, high = 2 + df, 3 + df
    while not enough(high):
        low, high = high, min(2 * high, MOST_SAMPLES)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return float(high)


def pair_power(
    joint: JointLinkage,
    *,
    variance_share: Sequence[float] = (0.05, 0.1, 0.2, 0.3),
    interaction_share: float = 0.0,
    fdr: float = 0.10,
    n_draws: int = 20_000,
    seed: int = 1,
) -> pd.DataFrame:
    """Probability of finding both loci of a pair by joint linkage, at the analysis's own rule.

    Parameters
    ----------
    joint
        A finished analysis of two loci, full model.
    variance_share
        Shares of variance of the main effects; every pair of them is a row.
    interaction_share
        Share of the variance that the interaction of the two explains on top.
    fdr
        Joint-linkage false discovery rate at which traits are called.
    n_draws
        Simulated traits per row.
    seed
        Of the draws.

    Returns
    -------
    pandas.DataFrame
        variance_share1 (the larger), variance_share2, interaction_share, power_first (at least the
        first locus has a probability as large as the joint probability of the called), power_both,
        se_both (of the simulation).

    Raises
    ------
    ArgumentError
        If shares add up to 1 or more, or the analysis is not of two loci, full model, or not of two
        genotypes.

    Notes
    -----
    For two unlinked loci with equally frequent genotypes the estimates of both main effects and of
    the interaction are independent normal, so a trait is three normal deviates and a chi-square:
    the stronger main effect is chosen first (F with 1 and n - 2 degrees of freedom, the rest of
    the genetic variance counting as noise), then the other with the interaction (F with 2 and
    n - 4; with a variance for each cell, from the squared correlations within the two genotypes of
    the first locus). That a wrong locus may outdo them is left out.

    References
    ----------
    Storey, Akey & Kruglyak (2005) PLoS Biol 3:e267; Rockman & Kruglyak (2006) Nat Rev Genet 7:862.
    """
    options = joint.search.options
    if not has_pair_power(joint):
        msg = "joint: expected an analysis of two loci, full model, two genotypes, found another"
        raise ArgumentError(msg)
    require_number("fdr", fdr, least=0.0, most=1.0)
    require_whole("n_draws", n_draws, least=1)
    shares = sorted({float(v) for v in variance_share})
    require_number("interaction_share", interaction_share, least=0.0, most=1.0)
    if 2 * max(shares) + interaction_share >= 1 or min(shares) < 0:
        msg = (
            "variance_share: expected shares of 0 or more that leave some variance unexplained, "
            f"found {max(shares):g} twice and {interaction_share:g}"
        )
        raise ArgumentError(msg)
    called = joint.joint_prob[joint.is_called(fdr)]
    least = float(called.min(initial=np.inf))
    n = int(np.median(joint.search.n_samples))
    rng = np.random.default_rng(seed)
    noise, chi2 = rng.standard_normal((3, n_draws)), rng.chisquare((n - 4) / 2.0, (2, n_draws))
    rows = []
    for a, first in enumerate(shares):
        for second in shares[: a + 1]:
            left = 1.0 - first - second - interaction_share
            size = np.sqrt((n - 1) * np.array([first, second, interaction_share]) / left)
            estimate = size[:, None] + noise
            f1, f2 = _pair_f(estimate, chi2, n, per_cell=options.variance == "cell")
            p1 = probability_of_f(f1, 1, n - 2, joint.significance[0])
            both = p1 * probability_of_f(f2, 2, n - 4, joint.significance[1]) >= least
            share = float(both.mean())
            se = np.sqrt(share * (1 - share) / n_draws)
            rows.append((first, second, interaction_share, (p1 >= least).mean(), share, se))
    names = ["variance_share1", "variance_share2", "interaction_share", "power_first",
             "power_both", "se_both"]  # fmt: skip
    return pd.DataFrame(rows, columns=names)


def has_pair_power(joint: JointLinkage) -> bool:
    """Tell whether `pair_power` can be had: two loci of two genotypes, full model.

    Parameters
    ----------
    joint
        A finished analysis.

    Returns
    -------
    bool
    """
    loci = joint.search.loci
    is_two_class = not isinstance(loci, ProbableLoci) or len(loci.probability) == 2
    return joint.n_loci == 2 and joint.search.options.model == "full" and is_two_class


def _pair_f(
    estimate: np.ndarray, chi2: np.ndarray, n: int, *, per_cell: bool
) -> tuple[np.ndarray, np.ndarray]:
    """F of the first and of the second locus, from standardised effects and residual squares.

    `estimate` float64 [3, n_draws]: both main effects and the interaction; `chi2` float64
    [2, n_draws]: residual sums of squares in the two genotypes of the first locus.
    """
    squares, rest = estimate**2, chi2.sum(axis=0)
    best = squares[:2].max(axis=0)
    is_second = squares[1] > squares[0]
    other = np.where(is_second, estimate[0], estimate[1])
    f1 = best / ((other**2 + squares[2] + rest) / (n - 2))
    if not per_cell:
        return f1, (other**2 + squares[2]) / 2.0 / (rest / (n - 4))
    # Effect of the other locus in either genotype of the first; gain = sum of (n_g - 1) r_g^2.
    within = np.stack([other + estimate[2], other - estimate[2]]) ** 2 / 2.0
    gain = (n / 2.0 - 1.0) * (within / (within + chi2)).sum(axis=0)
    return f1, gain / 2.0 / ((n - 2.0 - gain) / (n - 4))


def detection_bound(
    h2: np.ndarray,
    n_detected: np.ndarray,
    *,
    n_samples: int,
    threshold: float = 1e-5,
    most_loci: int = 50,
    df: int = 1,
) -> pd.DataFrame:
    """Compare the linkages found with those expected if every trait had k equal loci.

    Parameters
    ----------
    h2
        float64 [n_traits]: broad-sense heritabilities; NaN and values of 0 or less are left out.
    n_detected
        int64 [n_traits]: linkages found for each.
    n_samples, threshold
        Of the scan.
    most_loci
        Largest k.
    df
        As in `detection_probability`.

    Returns
    -------
    pandas.DataFrame
        A row per k = 1 ..: n_loci, power (mean over traits, of one of k equal loci),
        expected_traits (with at least one linkage), observed_traits, expected_linkages,
        observed_linkages, excluded (more traits are expected with a linkage than are found, by
        three standard errors: traits have more loci than that, or smaller ones).

    Raises
    ------
    ArgumentError
        If arrays differ in length or an option is out of range.

    Notes
    -----
    A trait of heritability H2 with k equal loci has H2/k at each. Few linkages among heritable
    traits mean many loci, each too small to be found.

    References
    ----------
    Brem & Kruglyak (2005) PNAS 102:1572; Rockman & Kruglyak (2006) Nat Rev Genet 7:862.

    Examples
    --------
    >>> table = detection_bound(np.full(100, 0.6), np.repeat([1, 0], 50), n_samples=112)
    >>> int((~table["excluded"]).idxmax()) + 1  # the smallest number of loci that is possible
    6
    """
    require_whole("most_loci", most_loci, least=1)
    h2, n_detected = np.asarray(h2, dtype=np.float64), np.asarray(n_detected)
    if h2.shape != n_detected.shape:
        msg = f"n_detected: expected shape {h2.shape}, found {n_detected.shape}"
        raise ArgumentError(msg)
    kept = np.nan_to_num(h2) > 0
    h2, n_detected = np.minimum(h2[kept], 0.999), n_detected[kept]
    rows = []
    for k in range(1, most_loci + 1):
        one = detection_probability(h2 / k, n_samples, threshold=threshold, df=df)
        any_ = 1.0 - (1.0 - one) ** k
        se = np.sqrt((any_ * (1.0 - any_)).sum())
        observed = int((n_detected > 0).sum())
        rows.append(
            (k, float(one.mean()) if len(one) else np.nan, any_.sum(), observed, k * one.sum(),
             int(n_detected.sum()), bool(any_.sum() - observed > 3.0 * se))
        )  # fmt: skip
    names = ["n_loci", "power", "expected_traits", "observed_traits", "expected_linkages",
             "observed_linkages", "excluded"]  # fmt: skip
    return pd.DataFrame(rows, columns=names)
