"""Genome-wide thresholds and p-values of a single-locus scan from its permutations."""

from dataclasses import dataclass, replace
from math import ceil

import numpy as np
import pandas as pd

from crossmap.arguments import require_share
from crossmap.errors import ArgumentError
from crossmap.kernels.regression import TIE
from crossmap.linkage.hits import p_of
from crossmap.linkage.map_regions import level_of_share, p_of_whole_map
from crossmap.linkage.permute_options import PermuteOptions
from crossmap.linkage.permuted_scan import p_of_r2
from crossmap.linkage.profile import BestTests
from crossmap.significance.beta_tail import BetaTail
from crossmap.significance.fdr import q_values
from crossmap.significance.pi0 import storey_q_values
from crossmap.words import OneLine


def permutations_needed(alpha: float) -> int:
    """Fewest permutations that a threshold at a level can be read from.

    Parameters
    ----------
    alpha
        Genome-wide error rate, above 0.

    Returns
    -------
    int
        The least B with alpha (B + 1) >= 1.

    Examples
    --------
    >>> permutations_needed(0.05), permutations_needed(0.01)
    (19, 99)
    """
    return ceil(round(1.0 / alpha, 9)) - 1


def require_permutations(n_perm: int, alpha: float) -> None:
    """Refuse a level that cannot be read from so few permutations.

    Parameters
    ----------
    n_perm
        Permutations of each trait.
    alpha
        Genome-wide error rate.

    Raises
    ------
    ArgumentError
        If `alpha` is out of range, or the permutations are too few.
    """
    require_share("alpha", alpha)
    needed = permutations_needed(alpha)
    if n_perm < needed:
        msg = f"n_perm: expected at least {needed:,} for alpha {alpha:g}, found {n_perm:,}"
        raise ArgumentError(msg)


@dataclass(frozen=True, eq=False, repr=False)
class GenomeWide(OneLine):
    """The best marker of every trait, and what permutations of the trait give.

    Parameters
    ----------
    traits
        object [n_traits]: trait names.
    markers
        One row per marker, in map order: marker, chr, pos_bp, pos_cm.
    marker
        int64 [n_traits]: row of the best marker; -1 where a trait has no test.
    r2
        float64 [n_traits]: its partial R2 (of what the null model leaves), on the scale of `null`.
    null
        float64 [n_traits, n_perm]: the largest partial R2 of every permutation; NaN where none was
        made or a trait has no test.
    n_used
        int64 [n_traits]: permutations that count; fewer than made where a trait was settled early.
    is_settled
        bool [n_traits]: whether permuting stopped because enough of them had reached what was
        observed.
    df1, df2, n_samples
        int64 [n_traits]: degrees of freedom and samples of the test that most markers have; other
        tests enter with the R2 that has the same p-value there.
    n_tested
        int64 [n_traits]: markers that vary and that the trait was tested with: all, or those within
        the window of its gene.
    is_uniform
        bool [n_traits]: whether all tests of the trait have these, so that LOD thresholds hold for
        all.
    best
        The best marker's own test, on the samples that have it.
    tail
        Fitted beta approximation; None if it was not asked for.
    options
        How it was made.
    share
        Of the map's length, what these markers make: thresholds are read at the level
        1 - (1 - alpha)^share, so that A and X together err at alpha.
    x
        The same of the X chromosome, where its permutations are others; these are then autosomes.
    """

    traits: np.ndarray
    markers: pd.DataFrame
    marker: np.ndarray
    r2: np.ndarray
    null: np.ndarray
    n_used: np.ndarray
    is_settled: np.ndarray
    df1: np.ndarray
    df2: np.ndarray
    n_samples: np.ndarray
    n_tested: np.ndarray
    is_uniform: np.ndarray
    best: BestTests
    tail: BetaTail | None
    options: PermuteOptions
    share: float = 1.0
    x: "GenomeWide | None" = None

    @property
    def n_perm(self) -> int:
        """Permutations made of the traits that were not settled early."""
        return self.null.shape[1]

    @property
    def has_test(self) -> np.ndarray:
        """Traits with a test: bool [n_traits]."""
        return self.marker >= 0

    @property
    def has_lod_thresholds(self) -> bool:
        """Whether a threshold in LOD holds for all tests of every trait (on X, all there)."""
        own = bool(self.is_uniform[self.has_test].all())
        return own and (self.x is None or self.x.has_lod_thresholds)

    def level(self, alpha: float) -> float:
        """Error rate on these markers that makes one of `alpha` on the whole map.

        Parameters
        ----------
        alpha
            Genome-wide error rate.

        Returns
        -------
        float
            1 - (1 - alpha)^share (Broman et al. 2006, Genetics 174:2151).
        """
        return level_of_share(alpha, self.share)

    @property
    def n_common(self) -> int:
        """Permutations made of every trait: what pooling uses, whoever was settled early."""
        if not self.has_test.any():
            return 0
        return int((~np.isnan(self.null[self.has_test])).sum(axis=1).min())

    def lod(self, r2: np.ndarray) -> np.ndarray:
        """LOD of partial R2, -n/2 log10(1 - R2), with the samples of each trait."""
        with np.errstate(divide="ignore"):
            return -0.5 * self.n_samples * np.log10(1.0 - np.minimum(r2, 1.0)) + 0.0

    def n_reached(self) -> np.ndarray:
        """Permutations that count and reach what was observed: int64 [n_traits]."""
        counts = np.arange(self.n_perm)[None, :] < self.n_used[:, None]
        return ((self.null >= (self.r2 * (1.0 - TIE))[:, None]) & counts).sum(axis=1)

    def adjusted_p(self) -> np.ndarray:
        """Genome-wide p-values: float64 [n_traits], NaN where there is no test.

        Returns
        -------
        numpy.ndarray
            (1 + #)/(1 + B), # of B permutations reaching what was observed; of a trait that was
            settled early #/B, B being the permutation at which # was reached (Besag & Clifford
            1991, Biometrika 78:301). With X apart the smaller of p' = 1 - (1 - p)^(1/share) of
            either.
        """
        reached = self.n_reached()
        one = np.where(self.is_settled, 0, 1)
        p = (one + reached) / np.maximum(one + self.n_used, 1)
        p = np.where(self.has_test, p_of_whole_map(p, self.share), np.nan)
        return p if self.x is None else np.fmin(p, self.x.adjusted_p())

    def pooled_p(self) -> np.ndarray:
        """p-values from the permutations of all traits together: float64 [n_traits].

        Returns
        -------
        numpy.ndarray
            Share of all permutations whose best nominal p-value is as small, at least 1/number;
            with X apart that of these markers alone, as a genome-wide one.
        """
        observed, null = self._comparable()
        has = np.flatnonzero(self.has_test)
        p = np.full(len(self.traits), np.nan)
        if not len(has):
            return p
        cuts = np.sort(observed[has] * (1.0 - TIE))
        at_least = np.zeros(len(cuts) + 1, dtype=np.int64)
        for row in null[has]:
            at_least += np.bincount(np.searchsorted(cuts, row, "right"), minlength=len(cuts) + 1)
        reached = at_least[::-1].cumsum()[::-1][1:]
        place = np.searchsorted(cuts, observed[has] * (1.0 - TIE))
        p[has] = np.maximum(reached[place], 1) / (len(has) * null.shape[1])
        return p_of_whole_map(p, self.share)

    def _comparable(self) -> tuple[np.ndarray, np.ndarray]:
        """Statistics that can be pooled: R2, or where traits differ in df -log10 p."""
        null = self.null[:, : self.n_common]
        kinds = np.unique(np.column_stack([self.df1, self.df2])[self.has_test], axis=0)
        if len(kinds) <= 1:
            return self.r2, null
        df1, df2 = (np.maximum(df, 1)[:, None] for df in (self.df1, self.df2))
        tiny = np.finfo(np.float64).tiny
        p = (np.maximum(p_of_r2(x, df1, df2), tiny) for x in (self.r2[:, None], null))
        observed, permuted = (-np.log10(x) for x in p)
        return observed[:, 0], permuted

    @property
    def best_marker(self) -> np.ndarray:
        """Row of the best marker, on autosomes or X: int64 [n_traits], -1 without a test."""
        if self.x is None:
            return self.marker
        return np.where(self._is_on_x(), self.x.marker, self.marker)

    def _is_on_x(self) -> np.ndarray:
        """Where the genome-wide p-value is smaller on X, which has to be apart: bool [n_traits]."""
        assert self.x is not None
        p, nominal = np.empty((2, 2, len(self.traits)))
        for i, part in enumerate((replace(self, x=None), self.x)):
            p[i], nominal[i] = part.adjusted_p(), -part.best.neglog10_p
        p, nominal = np.nan_to_num(p, nan=2.0), np.nan_to_num(nominal, nan=2.0)
        is_on_x: np.ndarray = (p[1] < p[0]) | ((p[1] == p[0]) & (nominal[1] < nominal[0]))
        return is_on_x

    def to_frame(self) -> pd.DataFrame:
        """One row per trait.

        Returns
        -------
        pandas.DataFrame
            trait, marker, chr, pos_bp (pos_cm), n_markers (tested: of local permutations alone),
            n, df1, df2, r2, lod, p_value and neglog10_p
            (nominal, of the best marker), n_perm, n_reached, p_adjusted (genome-wide), q_value (of
            p_adjusted over traits, the proportion of nulls taken as 1), p_pooled; with the beta
            approximation p_beta, q_beta (Storey's q-value of p_beta over traits, what FastQTL's
            users call qval), beta_shape1, beta_shape2, beta_df, beta_distance, beta_fits. With X
            apart also region, A or X: where the genome-wide p-value is smaller. n to neglog10_p
            are the marker's own, as in `crossmap.scan1`. Where markers of a trait have different
            samples (missing calls), permutations are compared on one scale: the R2 that has a
            test's p-value at the degrees of freedom most markers have; so are `thresholds`.
        """
        if self.x is None:
            return self._own_frame()
        tables = {"A": replace(self, x=None)._own_frame(), "X": self.x._own_frame()}
        is_x = pd.Series(self._is_on_x())
        found = tables["A"].where(~is_x, tables["X"]).astype(tables["A"].dtypes)
        found.insert(3, "region", np.where(is_x, "X", "A"))
        found["q_value"] = q_values(found["p_adjusted"].to_numpy(), pi0=1.0)
        if "p_beta" in found:
            found["q_beta"] = storey_q_values(found["p_beta"].to_numpy())
        return found

    def _own_frame(self) -> pd.DataFrame:
        place = np.where(self.has_test, self.marker, 0)
        columns: dict[str, object] = {"trait": pd.Series(self.traits, dtype=object)}
        for name in ("marker", "chr", "pos_bp", "pos_cm"):
            values = self.markers[name].to_numpy()
            if name in ("pos_bp", "pos_cm") and pd.isna(values).all():
                continue
            column = pd.Series(values[place])
            columns[name] = column.where(self.has_test, np.nan if "pos" in name else None)
        best, adjusted = self.best, self.adjusted_p()
        neglog10 = best.neglog10_p
        columns |= {
            **({} if self.options.local_window_bp is None else {"n_markers": self.n_tested}),
            "n": best.n_samples,
            "df1": best.df1,
            "df2": best.df2,
            "r2": best.r2,
            "lod": best.lod,
            "p_value": np.where(np.isnan(neglog10), np.nan, p_of(neglog10)),
            "neglog10_p": neglog10,
            "n_perm": self.n_used,
            "n_reached": self.n_reached(),
            "p_adjusted": adjusted,
            "q_value": q_values(adjusted, pi0=1.0),
            "p_pooled": self.pooled_p(),
        }
        if self.tail is not None:
            p_beta = p_of_whole_map(self.tail.p_value(self.r2, np.maximum(self.df1, 1)), self.share)
            columns |= {
                "p_beta": p_beta,
                "q_beta": storey_q_values(p_beta),
                "beta_shape1": self.tail.shape1,
                "beta_shape2": self.tail.shape2,
                "beta_df": self.tail.df2,
                "beta_distance": self.tail.distance,
                "beta_fits": self.tail.fits,
            }
        return pd.DataFrame(columns)

    def thresholds(self, alpha: float = 0.05) -> pd.DataFrame:
        """Genome-wide threshold of every trait: a linkage is significant if it is *above* it.

        Parameters
        ----------
        alpha
            Genome-wide error rate of each trait.

        Returns
        -------
        pandas.DataFrame
            trait, alpha, n_perm, r2, lod (missing where the tests of a trait differ in degrees of
            freedom), p_value, neglog10_p. Missing too for traits without a test or settled before
            there were enough permutations. With X apart two rows for each trait, and region, A or
            X: each at its share of `alpha`, `level`.

        Raises
        ------
        ArgumentError
            If `alpha` cannot be read from so many permutations.

        Notes
        -----
        The k-th largest of B permutations, k the whole part of alpha (B + 1): what is above has
        (1 + #)/(1 + B) <= alpha (Churchill & Doerge 1994, Genetics 138:963).
        """
        level = self.level(alpha)
        require_permutations(self.n_perm, level)
        made = (~np.isnan(self.null)).sum(axis=1)
        r2 = np.full(len(self.traits), np.nan)
        for n in np.unique(made[self.has_test]):
            k = _rank(level, n)
            rows = np.flatnonzero((made == n) & self.has_test)
            if k and len(rows):
                r2[rows] = np.partition(self.null[rows, :n], n - k, axis=1)[:, n - k]
        p = p_of_r2(r2, np.maximum(self.df1, 1), np.maximum(self.df2, 1))
        own = pd.DataFrame(
            {
                "trait": pd.Series(self.traits, dtype=object),
                "alpha": alpha,
                "n_perm": made,
                "r2": r2,
                "lod": np.where(self.is_uniform, self.lod(r2), np.nan),
                "p_value": p,
                "neglog10_p": -np.log10(p) + 0.0,
            }
        )
        return own if self.x is None else _by_region(own, self.x.thresholds(alpha))

    def fdr_thresholds(self, fdr: float = 0.05) -> pd.DataFrame:
        """Threshold of every trait's markers once traits are called at a false discovery rate.

        Parameters
        ----------
        fdr
            Largest q_beta of the traits that are called.

        Returns
        -------
        pandas.DataFrame
            trait, fdr, p_beta (half way between the last trait called and the first that is not;
            the same for all), r2, lod, p_value and neglog10_p (nominal) to which it corresponds in
            the beta approximation of the trait. Missing where none was fitted, and everywhere if no
            trait is called. With X apart two rows for each trait, and region.

        Raises
        ------
        ArgumentError
            If `fdr` is out of range, or the beta approximation was not asked for.

        References
        ----------
        Ongen et al. (2016) Bioinformatics 32:1479: the nominal thresholds of FastQTL, there with
        nominal instead of effective degrees of freedom.
        """
        require_share("fdr", fdr)
        if self.tail is None:
            msg = "fdr: expected permutations with the beta approximation (beta=True), found none"
            raise ArgumentError(msg)
        table = self.to_frame()
        p, is_called = table["p_beta"].dropna(), table["q_beta"].dropna() <= fdr
        cut = np.nan
        if is_called.any():
            cut = p[is_called].max()
            if not is_called.all():
                cut = (cut + p[~is_called].min()) / 2.0
        own = replace(self, x=None)._at_p_beta(fdr, cut)
        if self.x is None:
            return own
        return _by_region(own, self.x._at_p_beta(fdr, cut))

    def _at_p_beta(self, fdr: float, cut: float) -> pd.DataFrame:
        assert self.tail is not None
        df1, df2 = np.maximum(self.df1, 1), np.maximum(self.df2, 1)
        r2 = self.tail.r2_at(np.full(len(self.traits), self.level(cut)), df1)
        p = p_of_r2(r2, df1, df2)
        return pd.DataFrame(
            {
                "trait": pd.Series(self.traits, dtype=object),
                "fdr": fdr,
                "p_beta": cut,
                "r2": r2,
                "lod": np.where(self.is_uniform, self.lod(r2), np.nan),
                "p_value": p,
                "neglog10_p": -np.log10(p) + 0.0,
            }
        )

    def pooled_thresholds(self, alpha: float = 0.05) -> pd.DataFrame:
        """Thresholds from the permutations of all traits together.

        Parameters
        ----------
        alpha
            Error rate.

        Returns
        -------
        pandas.DataFrame
            One row for ``each trait`` (a trait without a locus passes with probability alpha on
            average) and, if all traits were permuted alike, one for ``all traits`` (chance passes
            anywhere in the experiment with probability alpha): threshold, alpha, n_perm, n, r2,
            lod, p_value, neglog10_p. r2 and lod are missing where traits differ in degrees of
            freedom. With X apart rows for A and X, as in `thresholds`.

        Raises
        ------
        ArgumentError
            If `alpha` cannot be read from so many permutations.
        """
        level = self.level(alpha)
        require_permutations(self.n_perm, level)
        has = np.flatnonzero(self.has_test)
        observed, null = self._comparable()
        null = null[has]
        is_same = null.size > 0 and observed is self.r2
        sets = {"each trait": null.ravel()}
        if self.options.shared and len(has):
            sets["all traits"] = null.max(axis=0)
        rows = []
        for name, values in sets.items():
            k = _rank(level, len(values))
            found = np.partition(values, len(values) - k)[len(values) - k] if k else np.nan
            r2 = found if is_same else np.nan
            p = p_of_r2(r2, self.df1[has[0]], self.df2[has[0]]) if is_same else 10.0**-found
            same_n = (
                len(has) > 0 and np.ptp(self.n_samples[has]) == 0 and self.is_uniform[has].all()
            )
            lod = self.lod(np.full(len(self.traits), r2))[has[0]] if is_same and same_n else np.nan
            rows.append((name, alpha, null.shape[1], len(values), r2, lod, p, -np.log10(p)))
        names = ("threshold", "alpha", "n_perm", "n", "r2", "lod", "p_value", "neglog10_p")
        own = pd.DataFrame(rows, columns=list(names))
        return own if self.x is None else _by_region(own, self.x.pooled_thresholds(alpha))


def _by_region(autosomes: pd.DataFrame, x: pd.DataFrame) -> pd.DataFrame:
    """Rows of autosomes and X in turn, told by a second column."""
    both = pd.concat([autosomes, x], ignore_index=True)
    both.insert(1, "region", np.repeat(["A", "X"], [len(autosomes), len(x)]))
    turn = np.concatenate([np.arange(len(autosomes)), np.arange(len(x)) + 0.5])
    return both.iloc[np.argsort(turn, kind="stable")].reset_index(drop=True)


def _rank(alpha: float, n: int) -> int:
    """Which of n null statistics, from the largest, is the threshold; 0 if there is none."""
    return int(alpha * (n + 1) + 1e-9)
