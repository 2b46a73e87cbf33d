"""Rules that make a linkage, so that they can be held fixed while the data are permuted."""

from dataclasses import replace
from typing import Protocol

import numpy as np
import pandas as pd

from crossmap.architecture.linkage_table import f_of_p, linkage_table, peaks_table
from crossmap.cross import Cross, complete_traits
from crossmap.errors import DataError
from crossmap.execution import Execution
from crossmap.genotypes.loci import Loci
from crossmap.genotypes.probable_loci import ProbableLoci
from crossmap.linkage.f_test import neglog10_p
from crossmap.linkage.probability_passing import shared_scan
from crossmap.linkage.search_traits import search_traits
from crossmap.linkage.searches import searches_of
from crossmap.linkage.sequential import SearchStage
from crossmap.significance.joint import JointLinkage, StageSignificance

Found = tuple[np.ndarray, np.ndarray]


class LinkageRule(Protocol):
    """What makes a linkage, for the data as they are and for permuted ones."""

    loci: Loci
    trait_table: pd.DataFrame

    @property
    def groups(self) -> np.ndarray | None:
        """Samples that change places among themselves alone: int64 [n_samples]; None: all."""

    def observed(self) -> pd.DataFrame:
        """Give the linkages of the data as a linkage table."""

    def permuted(self, order: np.ndarray) -> Found:
        """Give the linkages of permuted data: rows of traits, rows of loci."""


class SingleLocusRule:
    """The best locus of a trait on a chromosome is linked if its p-value is small enough.

    Parameters
    ----------
    cross
        Any cross; traits with missing values are left out.
    loci
        Distinct loci of its calls, or positions with genotype probabilities.
    threshold
        Largest nominal p-value.
    """

    def __init__(self, cross: Cross, loci: Loci, *, threshold: float) -> None:
        f_of_p(threshold, cross.n_samples)  # refuses what is no p-value
        self.loci = loci
        self.groups = groups_of_samples(loci)
        self.trait_table, self._values = complete_traits(cross)
        self._scan = shared_scan(self._values, loci, threshold=threshold)

    def observed(self) -> pd.DataFrame:
        """Give the linkages of the data as a linkage table."""
        peaks = self._scan.tests().peaks(self.loci.chr_index)
        names = self.trait_table["trait"].to_numpy(dtype=object)
        return peaks_table(peaks, self._values, names, self.loci)

    def permuted(self, order: np.ndarray) -> Found:
        """Give the linkages of permuted data: rows of traits, rows of loci."""
        peaks = self._scan.tests(order).peaks(self.loci.chr_index)
        return peaks.trait, peaks.locus


class JointRule:
    """All loci of a trait are linked if their joint probability reaches that of the called.

    What a statistic says of a locus (pi0, the ratio of densities) stays as the data gave it.

    Parameters
    ----------
    joint
        A finished analysis.
    cross
        The cross that was analysed.
    fdr
        Joint-linkage false discovery rate at which traits are called.
    """

    def __init__(self, joint: JointLinkage, cross: Cross, *, fdr: float) -> None:
        self.loci = joint.search.loci
        self.groups = groups_of_samples(self.loci)
        traits = search_traits(cross, joint.covariates)
        self.trait_table, self._values = traits.table, traits.values
        self._joint, self._cross, self._fdr = joint, cross, fdr
        called = joint.joint_prob[joint.is_called(fdr)]
        self._least = float(called.min(initial=np.inf))
        self._options = replace(joint.search.options, n_perm=0)

    def observed(self) -> pd.DataFrame:
        """Give the linkages of the data as a linkage table."""
        return linkage_table(self._joint, self._cross, fdr=self._fdr)

    def permuted(self, order: np.ndarray) -> Found:
        """Give the linkages of permuted data: rows of traits, rows of loci."""
        rows = np.arange(len(self._values) if np.isfinite(self._least) else 0)
        probability = np.ones(len(rows))
        chosen = np.empty((len(rows), 0), dtype=np.int64)
        for sure in self._joint.significance:
            if not len(rows):
                break
            stage = self._next(rows, order, chosen)
            if stage is None:
                rows = rows[:0]
                break
            probability = probability * probability_of(stage, sure)
            # No later locus can raise the product again.
            kept = probability >= self._least
            chosen = np.column_stack([chosen, stage.locus])[kept]
            rows, probability = rows[kept], probability[kept]
        if not len(rows):
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
        return np.repeat(rows, chosen.shape[1]), chosen.reshape(-1)

    def _next(self, rows: np.ndarray, order: np.ndarray, chosen: np.ndarray) -> SearchStage | None:
        try:
            stage = searches_of(self.loci).next(
                self._values[np.ix_(rows, order)],
                self.loci,
                names=[str(row) for row in rows],  # they name permutations, of which there are none
                chosen=chosen,
                options=self._options,
                execution=Execution(threads=1),
            )
        except DataError:  # of a few traits none may have an eligible locus
            return None
        taken = self._joint.search.covariate_df[rows]
        df2 = np.where(stage.eligible, stage.df2 - taken, 0)
        return replace(stage, f=stage.f * df2 / np.maximum(stage.df2, 1), df2=df2)


def groups_of_samples(loci: Loci) -> np.ndarray | None:
    """Samples that permutations leave among themselves: by sex and direction where X tells them.

    Parameters
    ----------
    loci
        Distinct loci of calls, or positions with genotype probabilities.

    Returns
    -------
    numpy.ndarray or None
        int64 [n_samples]; None where all are alike.
    """
    if isinstance(loci, ProbableLoci) and loci.n_groups > 1:
        return loci.group
    return None


def probability_of(stage: SearchStage, sure: StageSignificance) -> np.ndarray:
    """Give new statistics of a stage the probabilities that an analysis gave its own.

    Parameters
    ----------
    stage
        New statistics.
    sure
        Statistics of the analysis and their probabilities.

    Returns
    -------
    numpy.ndarray
        float64 [n_traits]: as `probability_of_f`; 0 where no locus was eligible.
    """
    return probability_of_f(stage.f, stage.df1, stage.df2, sure)


def probability_of_f(
    f: np.ndarray, df1: np.ndarray | int, df2: np.ndarray | int, sure: StageSignificance
) -> np.ndarray:
    """Give F statistics the probabilities that an analysis gave its own.

    Parameters
    ----------
    f
        float64 [n].
    df1, df2
        Their degrees of freedom.
    sure
        Statistics of the analysis and their probabilities.

    Returns
    -------
    numpy.ndarray
        float64 [n]: the probability of the largest analysed statistic that does not exceed the new
        one; 0 below all of them, and for NaN.
    """
    evidence = f if sure.evidence_name == "F" else neglog10_p(f, df1, df2)
    known = np.flatnonzero(~np.isnan(sure.evidence))
    order = known[np.argsort(sure.evidence[known], kind="stable")]
    steps = np.concatenate([[0.0], np.maximum.accumulate(sure.probability[order])])
    place = np.searchsorted(sure.evidence[order], evidence, side="right")
    return np.where(np.isnan(evidence), 0.0, steps[place])
