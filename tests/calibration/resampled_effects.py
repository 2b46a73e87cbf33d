"""Half-split and bootstrap: what effects freed of selection by a likelihood are compared with."""

import numpy as np

from crossmap.arguments import require_number, require_whole


def half_split_share(
    y: np.ndarray, x: np.ndarray, *, n_splits: int = 50, seed: int = 1
) -> np.ndarray:
    """Choose the best locus in one half of the samples and measure it in the other.

    Parameters
    ----------
    y
        float64 [n_traits, n_samples].
    x
        [n_loci, n_samples]: genotypes, 0 or 1.
    n_splits
        Random halves; the mean over them is given.
    seed
        Of the halves.

    Returns
    -------
    numpy.ndarray
        float64 [n_traits]: adjusted share of variance of the chosen locus in the other half.

    Raises
    ------
    ArgumentError
        For fewer than 8 samples.
    """
    require_whole("n_splits", n_splits, least=1)
    n = y.shape[1]
    rng = np.random.default_rng([seed, 1])
    total = np.zeros(len(y))
    for _ in range(n_splits):
        order = rng.permutation(n)
        total += _out_of_sample(y, x, order[: n // 2], order[n // 2 :])[1]
    return total / n_splits


def bootstrap_share(
    y: np.ndarray, x: np.ndarray, *, n_bootstrap: int = 100, seed: int = 1
) -> np.ndarray:
    """Choose the best locus in samples drawn with replacement and measure it in those left out.

    Parameters
    ----------
    y, x
        As in `half_split_share`.
    n_bootstrap
        Draws.
    seed
        Of the draws.

    Returns
    -------
    numpy.ndarray
        float64 [n_traits]: share of the best locus, less the mean difference between the share in
        the draw and the adjusted share in the samples left out.

    Raises
    ------
    ArgumentError
        For fewer than 8 samples.

    References
    ----------
    Sun & Bull (2005) Genet Epidemiol 28:352.
    """
    require_whole("n_bootstrap", n_bootstrap, least=1)
    n = y.shape[1]
    rng = np.random.default_rng([seed, 2])
    gap = np.zeros(len(y))
    for _ in range(n_bootstrap):
        drawn = np.asarray(rng.integers(n, size=n))
        left = np.setdiff1d(np.arange(n), drawn)
        inside, outside = _out_of_sample(y, x, drawn, left)
        gap += inside - outside
    best = _squared_correlations(y, x).max(axis=1)
    return best - gap / n_bootstrap


def _out_of_sample(
    y: np.ndarray, x: np.ndarray, chosen_in: np.ndarray, measured_in: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Share of the best locus where it was chosen, and its adjusted share elsewhere."""
    m = len(measured_in)
    require_number("samples", m, least=4)
    inside = _squared_correlations(y[:, chosen_in], x[:, chosen_in])
    best = inside.argmax(axis=1)
    a = y[:, measured_in] - y[:, measured_in].mean(axis=1, keepdims=True)
    b = x[best][:, measured_in].astype(np.float64)
    b -= b.mean(axis=1, keepdims=True)
    size = (a**2).sum(axis=1) * (b**2).sum(axis=1)
    r2 = np.where(size > 0, (a * b).sum(axis=1) ** 2 / np.maximum(size, 1e-300), 0.0)
    return inside.max(axis=1), r2 - (1.0 - r2) / (m - 2)


def _squared_correlations(y: np.ndarray, x: np.ndarray) -> np.ndarray:
    a = y - y.mean(axis=1, keepdims=True)
    b = x - x.mean(axis=1, keepdims=True, dtype=np.float64)
    size = np.outer((a**2).sum(axis=1), (b**2).sum(axis=1))
    return np.where(size > 0, (a @ b.T) ** 2 / np.maximum(size, 1e-300), 0.0)
