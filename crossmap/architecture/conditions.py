"""Gene by environment: what linkage by condition found, and which conditions share a locus."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from crossmap.significance.genome_wide import GenomeWide
from crossmap.words import OneLine

PATTERNS = ("shared", "specific", "opposite", "different")


@dataclass(frozen=True, eq=False, repr=False)
class ConditionLinkages(OneLine):
    """Loci of traits that were measured in several conditions.

    Parameters
    ----------
    table
        As `to_frame` gives it.
    condition
        Column of the covariates.
    individual
        Column that says which samples are one individual in several conditions; None if each sample
        is an individual.
    conditions
        Its levels, in the order of the table's columns.
    n_samples
        Samples (with `individual`: measurements) of each.
    alpha
        Genome-wide error rate of each scan, and level of the tests that class a locus.
    common, interaction
        Permutations of the two scans.
    """

    table: pd.DataFrame
    condition: str
    individual: str | None
    conditions: tuple[str, ...]
    n_samples: tuple[int, ...]
    alpha: float
    common: GenomeWide
    interaction: GenomeWide

    def to_frame(self) -> pd.DataFrame:
        """One row per trait and locus found: linked best markers of both scans are one.

        Returns
        -------
        pandas.DataFrame
            trait, marker, chr, pos_bp, pos_cm, found_by (``common``, ``interaction`` or ``both``,
            then at the best marker of the scan with the smaller p-value), p_common and
            p_interaction (genome-wide, of the trait), p_marker (of the interaction at this marker
            alone), q_marker (Benjamini-Hochberg over rows), pattern, and per condition n_, beta_
            (per allele), se_, p_. The pattern is ``shared`` unless the interaction is significant
            (genome-wide where that found the locus, else q_marker at most alpha); then ``opposite``
            if two conditions have significant effects of opposite sign, ``specific`` if some but
            not all have a significant effect, else ``different`` (of one sign but not one size, or
            none significant by itself).
        """
        return self.table

    def thresholds(self) -> pd.DataFrame:
        """Genome-wide thresholds of every trait, of both scans.

        Returns
        -------
        pandas.DataFrame
            scan (``common`` or ``interaction``) and the columns of `GenomeWide.thresholds`; the LOD
            of the interaction is that of the full less the additive model.
        """
        tables = []
        for name, chance in (("common", self.common), ("interaction", self.interaction)):
            table = chance.thresholds(self.alpha)
            table.insert(0, "scan", name)
            tables.append(table)
        return pd.concat(tables, ignore_index=True)

    def counts(self) -> pd.DataFrame:
        """Count linkages by pattern and by the scan that found them.

        Returns
        -------
        pandas.DataFrame
            pattern, found_by, n_linkages, n_traits; every pattern, found or not.
        """
        found = ("common", "interaction", "both")
        rows = []
        for pattern in PATTERNS:
            for name in found:
                part = self.table[
                    (self.table["pattern"] == pattern) & (self.table["found_by"] == name)
                ]
                rows.append((pattern, name, len(part), part["trait"].nunique()))
        columns = ["pattern", "found_by", "n_linkages", "n_traits"]
        return pd.DataFrame(rows, columns=columns)


def pattern_of(effect: np.ndarray, p: np.ndarray, *, alpha: float) -> str:
    """Class a locus whose effect differs between conditions.

    Parameters
    ----------
    effect, p
        float64 [n_conditions]: effect in each condition by itself, and its p-value.
    alpha
        Level of significance.

    Returns
    -------
    str
        ``opposite``, ``specific`` or ``different``, as in `ConditionLinkages.to_frame`.

    Examples
    --------
    >>> import numpy as np
    >>> pattern_of(np.array([1.0, -0.8]), np.array([0.001, 0.01]), alpha=0.05)
    'opposite'
    >>> pattern_of(np.array([1.0, 0.1]), np.array([0.001, 0.6]), alpha=0.05)
    'specific'
    """
    significant = p <= alpha
    if len(set(np.sign(effect[significant]).tolist())) > 1:
        return "opposite"
    if 0 < significant.sum() < len(p):
        return "specific"
    return "different"
