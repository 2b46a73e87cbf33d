"""Single-locus tests of genotype probabilities past a p-value, all traits permuted alike."""

import numpy as np

from crossmap.execution import one_blas_thread
from crossmap.genotypes.loci import Loci
from crossmap.genotypes.probable_loci import ProbableLoci
from crossmap.linkage.f_test import share_of_p
from crossmap.linkage.locus_models import locus_models
from crossmap.linkage.passing import PassingTests, SharedScan
from crossmap.linkage.sequential import total_sum_of_squares

PRODUCT_BYTES = 32_000_000
"""Of one matrix product; the same whatever else is done, so that results are."""


class SharedProbabilityScan:
    """Traits and probabilities made ready for scans under permutations that all traits share.

    Every locus has as many regressors as its genotypes leave free, as in Haley-Knott regression by
    `crossmap.scan1`: in an F2 additive and dominance. On X, where means go with sex and direction
    of the cross, every such group has a mean of its own in the null model and an effect in the
    test.

    Parameters
    ----------
    traits
        float64 [n_traits, n_samples], no NaN.
    loci
        Positions with probabilities of the genotypes of the same samples.
    threshold
        Largest nominal p-value of a test that is kept.

    References
    ----------
    Haley & Knott (1992) Heredity 69:315; Broman et al. (2006) Genetics 174:2151 (X).
    """

    def __init__(self, traits: np.ndarray, loci: ProbableLoci, *, threshold: float) -> None:
        y = np.ascontiguousarray(traits, dtype=np.float64)
        varies = total_sum_of_squares(y)[1]
        self._y = np.where(varies[:, None], y - y.mean(axis=1, keepdims=True), 0.0)
        self._models = locus_models(loci)
        df = np.stack([self._models.df1, self._models.df2])
        kinds, of = np.unique(df, axis=1, return_inverse=True)
        least = [share_of_p(threshold, int(b), df1=int(a)) if a else np.inf for a, b in kinds.T]
        self._least = np.array(least)[of.reshape(-1)]

    def tests(self, order: np.ndarray | None = None) -> PassingTests:
        """Find the tests that pass.

        Parameters
        ----------
        order
            int64 [n_samples]: sample k gets the values of sample order[k]; None leaves all as it
            is.

        Returns
        -------
        PassingTests
            With `neglog10_p`.
        """
        y = self._y if order is None else self._y[:, order]
        found = [(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))]
        for model in self._models.parts:
            m, k, n = model.columns.shape
            with one_blas_thread():
                z = model.residuals(y)
            base = np.einsum("tk,tk->t", z, z)[:, None]
            flat = model.columns.reshape(m * k, n)
            per_block = max(1, PRODUCT_BYTES // (8 * m * k))
            for first in range(0, len(z), per_block):
                part = slice(first, first + per_block)
                with one_blas_thread():
                    gain = ((flat @ z[part].T).reshape(m, k, len(z[part])) ** 2).sum(axis=1).T
                with np.errstate(divide="ignore", invalid="ignore"):
                    r2 = np.where(base[part] > 0.0, gain / base[part], 0.0)
                trait, at = np.nonzero(r2 >= self._least[model.rows])
                found.append((trait + first, model.rows[at], np.minimum(r2[trait, at], 1.0)))
        trait, locus, share = (np.concatenate([part[i] for part in found]) for i in range(3))
        by_trait = np.lexsort((locus, trait))
        trait, locus, share = trait[by_trait], locus[by_trait], share[by_trait]
        return PassingTests(trait, locus, share, self._models.neglog10_p(locus, share))


def shared_scan(
    traits: np.ndarray, loci: Loci, *, threshold: float
) -> SharedScan | SharedProbabilityScan:
    """Make the scan for some loci: of calls, or of genotype probabilities.

    Parameters
    ----------
    traits
        float64 [n_traits, n_samples], no NaN.
    loci
        Of the same samples.
    threshold
        Largest nominal p-value of a test that is kept.

    Returns
    -------
    SharedScan or SharedProbabilityScan
    """
    if isinstance(loci, ProbableLoci):
        return SharedProbabilityScan(traits, loci, threshold=threshold)
    return SharedScan(traits, loci, least_r2=share_of_p(threshold, traits.shape[1] - 2))
