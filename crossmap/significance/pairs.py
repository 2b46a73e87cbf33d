"""Pairs of loci named by a search: pooled p-values, q-values, pi0."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from crossmap.genotypes.loci import Loci
from crossmap.linkage.f_test import neglog10_p
from crossmap.linkage.scan2 import PairSearch, PairTest
from crossmap.significance.fdr import pooled_p_values, q_values
from crossmap.significance.pi0 import Pi0Method, estimate_pi0
from crossmap.words import OneLine


@dataclass(frozen=True, eq=False)
class PairSignificance:
    """How sure the best pair of every trait is, by one test.

    Parameters
    ----------
    p_value
        float64 [n_traits]: pooled permutation p-value; NaN where no pair.
    q_value
        float64 [n_traits].
    pi0
        Estimated proportion of traits without.
    """

    p_value: np.ndarray
    q_value: np.ndarray
    pi0: float

    def n_called(self, fdr: float) -> int:
        """Number of traits with a q-value of at most `fdr`."""
        return int((self.q_value <= fdr).sum())


def pair_significance(
    statistic: np.ndarray, null: np.ndarray, *, pi0: float | None = None,
    pi0_method: Pi0Method = "smoother",
) -> PairSignificance:  # fmt: skip
    """Pooled p-values, pi0 and q-values of the largest statistic of every trait.

    Parameters
    ----------
    statistic
        float64 [n_traits], larger is more significant; NaN where there is none.
    null
        Null statistics, pooled over traits; NaN are left out.
    pi0
        Proportion of nulls; None estimates it.
    pi0_method
        As in `estimate_pi0`.

    Returns
    -------
    PairSignificance

    Raises
    ------
    ArgumentError
        If there is no null statistic.
    """
    p = pooled_p_values(statistic, null)
    share = estimate_pi0(p, method=pi0_method) if pi0 is None else pi0
    return PairSignificance(p, q_values(p, pi0=share), share)


@dataclass(frozen=True, eq=False, repr=False)
class Scan2(OneLine):
    """All pairs of loci searched for every trait, and how sure the best are.

    Parameters
    ----------
    search
        Best pairs and null statistics; `search.options` says how.
    n_grid
        Loci asked for; None for all.
    linkage, epistasis
        Significance of either test; None where it was not asked for.
    by_chromosome
        Best pairs of every two chromosomes; empty where not asked for.

    References
    ----------
    Storey, Akey & Kruglyak (2005) PLoS Biol 3:e267, "Exhaustive Two-Dimensional Search".
    """

    search: PairSearch
    n_grid: int | None
    linkage: PairSignificance | None
    epistasis: PairSignificance | None
    by_chromosome: tuple[PairSearch, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """One row per trait and test.

        Returns
        -------
        pandas.DataFrame
            trait, test (linkage or epistasis), locus1, chr1, start1_bp, end1_bp (where the map has
            base pairs), start1_cm, end1_cm (where it has cM), the same of locus 2, n (samples), f,
            df1, df2, lod, neglog10_p_nominal (of F, one pair), p_value (pooled permutations),
            q_value; by test, then trait.
        """
        parts = []
        for name in ("linkage", "epistasis"):
            test, sure = getattr(self.search, name), getattr(self, name)
            if test is not None:
                part = pair_table(self.search, name)
                part["p_value"], part["q_value"] = sure.p_value, sure.q_value
                parts.append(part)
        return pd.concat(parts, ignore_index=True)

    def chromosome_frame(self) -> pd.DataFrame:
        """Best pair of every trait, test and two chromosomes.

        Returns
        -------
        pandas.DataFrame
            Columns of `to_frame` without p_value and q_value; no rows where not asked for.
        """
        parts = [
            pair_table(search, name)
            for search in self.by_chromosome
            for name in ("linkage", "epistasis")
            if getattr(search, name) is not None
        ]
        return pd.concat(parts or [pair_table(self.search, "linkage").head(0)], ignore_index=True)

    def summary(self) -> dict[str, object]:
        """Numbers of the run."""
        options = self.search.options
        numbers: dict[str, object] = {
            "n_grid": self.n_grid,
            "n_grid_kept": len(self.search.loci),
            "n_pairs": self.search.n_pairs,
            "n_traits": len(self.search.traits),
            "n_perm": options.n_perm,
            "min_cell": options.min_cell,
            "same_chromosome": options.same_chromosome,
            "test": options.test,
            "seed": options.seed,
        }
        for name in ("linkage", "epistasis"):
            sure = getattr(self, name)
            if sure is not None:
                called = {f"fdr_{fdr:.2f}": sure.n_called(fdr) for fdr in (0.01, 0.05, 0.10)}
                numbers[name] = {"pi0": sure.pi0, **called}
        return numbers


def pair_table(search: PairSearch, name: str) -> pd.DataFrame:
    """Best pairs of every trait by one test, with their statistics.

    Parameters
    ----------
    search
        A finished search.
    name
        ``linkage`` or ``epistasis``.

    Returns
    -------
    pandas.DataFrame
        trait, test, the places of `pair_places`, n, f, df1, df2, lod, neglog10_p_nominal.
    """
    test: PairTest = getattr(search, f"{name}_test")
    table = pair_places(search.loci, test)
    table.insert(0, "trait", pd.Series(search.traits, dtype=object))
    table.insert(1, "test", name)
    df1, df2 = np.maximum(test.df1, 1), np.maximum(test.df2, 1)
    table["n"] = search.n_samples
    table["f"], table["df1"], table["df2"] = test.f, test.df1, test.df2
    table["lod"] = 0.5 * search.n_samples * np.log10(1 + df1 * test.f / df2)
    table["neglog10_p_nominal"] = neglog10_p(test.f, df1, df2)
    return table


def pair_places(loci: Loci, test: PairTest) -> pd.DataFrame:
    """Names and places of the pairs of a test, one row per trait.

    Parameters
    ----------
    loci
        The loci searched.
    test
        Pairs of every trait.

    Returns
    -------
    pandas.DataFrame
        locus1, chr1, start1_bp, end1_bp (where the map has base pairs), start1_cm, end1_cm (where
        it has cM), and the same of locus 2; None and NaN where no pair.
    """
    columns: dict[str, object] = {}
    for number, rows in ((1, test.locus1), (2, test.locus2)):
        none = rows < 0
        for name, values in (("locus", np.array(loci.names, dtype=object)), ("chr", loci.chr)):
            column = values[rows].astype(object)
            column[none] = None
            columns[f"{name}{number}"] = pd.Series(column, dtype=object)
        for unit in loci.units:
            for end in ("start", "end"):
                place = getattr(loci, f"{end}_{unit}")[rows]
                columns[f"{end}{number}_{unit}"] = np.where(none, np.nan, place)
    return pd.DataFrame(columns)


def scan2_significance(
    search: PairSearch,
    *,
    n_grid: int | None = None,
    by_chromosome: tuple[PairSearch, ...] = (),
) -> Scan2:
    """Pooled p-values and q-values of a pair search.

    Parameters
    ----------
    search
        A finished search with permutations.
    n_grid
        Loci asked for; None for all.
    by_chromosome
        Searches of every two chromosomes.

    Returns
    -------
    Scan2
    """
    linkage, epistasis = (
        None if test is None else pair_significance(*test.evidence())
        for test in (search.linkage, search.epistasis)
    )
    return Scan2(search, n_grid, linkage, epistasis, by_chromosome)
