"""A single-locus scan: its linkages with their FDR, and what is known of all other tests."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from crossmap.linkage.hit_store import ROWS_READ
from crossmap.linkage.hits import p_of
from crossmap.linkage.scan1 import Scan1Options, ScanOutcome, records_in_memory
from crossmap.significance.stored_fdr import store_fdr
from crossmap.words import OneLine


@dataclass(frozen=True, eq=False, repr=False)
class Scan1(OneLine):
    """Linkages of traits to single loci (or to other predictors).

    Parameters
    ----------
    traits
        object [n_traits]: trait names.
    predictors
        One row per marker, in map order: marker, chr, pos_bp, pos_cm; or one row per predictor:
        predictor.
    outcome
        Records past their threshold, counts, smallest p-values.
    options
        How the scan was made.
    effect_of
        What beta is the effect of, in words; None where several regressors are tested at once.
    has_error_covariance
        Whether one was given.
    all_placed
        Whether the gene of every trait has a place, so that every test is local or distant.
    n_samples
        Samples with complete covariates.
    n_constant_traits, n_constant_predictors
        Left out because they do not vary.
    n_sparse_traits
        Left out because they have fewer than three values.
    dropped_covariates
        Left out because others determine them.
    memory_bytes
        Budget for tables.
    is_mixed
        Whether some tests are of one regressor (t, beta) and others of several (F).
    n_on_x_left_out
        Places on X, left out because its model holds the interaction that is tested.
    """

    traits: np.ndarray
    predictors: pd.DataFrame
    outcome: ScanOutcome
    options: Scan1Options
    effect_of: str | None
    has_error_covariance: bool
    all_placed: bool
    n_samples: int
    n_constant_traits: int
    n_constant_predictors: int
    n_sparse_traits: int
    dropped_covariates: tuple[str, ...]
    memory_bytes: int
    is_mixed: bool = False
    n_on_x_left_out: int = 0

    @property
    def n_tests(self) -> int:
        """Tests made."""
        return self.outcome.n_tests

    @property
    def n_linkages(self) -> int:
        """Tests past their threshold."""
        return len(self.outcome.store)

    @property
    def _item(self) -> str:
        """What a predictor is called in tables."""
        return str(self.predictors.columns[0])

    def to_frame(self) -> pd.DataFrame:
        """All linkages, by trait and place.

        Returns
        -------
        pandas.DataFrame
            trait, marker, chr, pos_bp (pos_cm) or trait, predictor; then n, df (of the residual),
            beta, se, statistic (t; or, where there is no beta, F, with df1 before df), r2, lod,
            p_value, neglog10_p, fdr, local (missing where the gene has no place). r2 and lod are
            of what the null model leaves.

        Raises
        ------
        CrossmapError
            If they do not fit into memory.
        """
        hits = records_in_memory(self.outcome.store, memory_bytes=self.memory_bytes)
        frames = [self.frame_of(h, f) for h, f in self._chunks(max(len(hits), 1))]
        return frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)

    def frames(self) -> Iterator[pd.DataFrame]:
        """Give all linkages as `to_frame` does, in parts of whole traits that fit into memory."""
        for hits, fdr in self._chunks(min(ROWS_READ, max(1, self.memory_bytes // 4000))):
            yield self.frame_of(hits, fdr)

    def _chunks(self, rows: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        yield from self.outcome.store.chunks(n_traits=len(self.traits), rows=rows)

    def frame_of(self, hits: np.ndarray, fdr: np.ndarray) -> pd.DataFrame:
        """Write records out as rows of `to_frame`."""
        columns: dict[str, object] = {"trait": _names(self.traits, hits["trait"])}
        columns |= self._places(hits["marker"])
        columns["n"] = hits["n"].astype(np.int64)
        if self.effect_of is None or self.is_mixed:
            columns["df1"] = hits["df1"].astype(np.int64)
        columns["df"] = hits["df2"].astype(np.int64)
        for name in ("beta", "se", "statistic", "r2", "lod"):
            columns[name] = np.ascontiguousarray(hits[name])
        columns["p_value"] = p_of(hits["neglog10_p"])
        columns["neglog10_p"] = np.ascontiguousarray(hits["neglog10_p"])
        columns["fdr"] = fdr
        if "chr" in self.predictors:
            is_local = hits["local"] == 1
            if not self.all_placed:
                is_local = pd.arrays.BooleanArray(is_local, hits["local"] < 0)
            columns["local"] = is_local
        return pd.DataFrame(columns)

    def _places(self, marker: np.ndarray) -> dict[str, object]:
        places: dict[str, object] = {}
        for name in self.predictors.columns:
            values = self.predictors[name].to_numpy()
            if values.dtype != object and np.isnan(values).all():
                continue  # the map has no places in this unit
            places[name] = _names(values, marker) if values.dtype == object else values[marker]
        return places

    def peaks(self) -> pd.DataFrame:
        """The best linkage of every trait on every chromosome that has any.

        Returns
        -------
        pandas.DataFrame
            Columns of `to_frame` and n_linkages, how many the trait has on the chromosome; ties go
            to the first in map order. For predictors without a map, the best of every trait.
        """
        return pd.concat([peaks_of(frame) for frame in self.frames()], ignore_index=True)

    def histogram(self) -> pd.DataFrame:
        """How the p-values of all tests are distributed.

        Returns
        -------
        pandas.DataFrame
            low, high (a bin holds low < p <= high), n; and n_local, n_distant where those were
            told apart. Without rows if no histogram was asked for.
        """
        edges = self.options.p_edges
        if edges is None:
            edges = np.empty(1)
        columns = {"low": edges[:-1], "high": edges[1:], "n": self.outcome.counts}
        if self.options.local_threshold is not None:
            columns["n_local"] = self.outcome.local_counts
            columns["n_distant"] = self.outcome.counts - self.outcome.local_counts
        return pd.DataFrame(columns)

    def by_trait(self) -> pd.DataFrame:
        """The smallest p-value of every trait, past the threshold or not.

        Returns
        -------
        pandas.DataFrame
            trait, marker (or predictor), p_value, neglog10_p; missing where nothing was tested.
        """
        best = self.outcome.by_trait
        return self._smallest("trait", self.traits, self._item, best.neglog10_p, best.partner)

    def by_marker(self) -> pd.DataFrame:
        """The smallest p-value of every marker (or predictor), past the threshold or not.

        Returns
        -------
        pandas.DataFrame
            marker (or predictor), trait, p_value, neglog10_p; missing where nothing was tested.
        """
        best = self.outcome.by_marker
        names = self.predictors[self._item].to_numpy(dtype=object)
        return self._smallest(self._item, names, "trait", best.neglog10_p, best.partner)

    def _smallest(
        self, own: str, names: np.ndarray, other: str, neglog10: np.ndarray, partner: np.ndarray
    ) -> pd.DataFrame:
        source = self.traits if other == "trait" else self.predictors[other].to_numpy(dtype=object)
        return pd.DataFrame(
            {
                own: pd.Series(names, dtype=object),
                other: _names(np.array([*source, None], dtype=object), partner),  # -1: the last
                "p_value": np.where(np.isnan(neglog10), np.nan, p_of(neglog10)),
                "neglog10_p": neglog10,
            }
        )

    def summary(self) -> dict[str, object]:
        """Numbers of the run.

        Returns
        -------
        dict
            Keys as in summary.json; `local` and `distant` are None where they were not told apart.
        """
        options, outcome = self.options, self.outcome
        n_linkages, n_local = self.n_linkages, None
        if options.local_threshold is not None:
            n_local = sum(int((hits["local"] == 1).sum()) for hits in outcome.store.blocks())
        found: dict[str, object] = {"local": None, "distant": None}
        if n_local is not None:
            found["local"] = {
                "n_tests": outcome.n_local,
                "n_linkages": n_local,
                "threshold": options.local_threshold,
            }
        if n_local is not None and not options.local_only:
            found["distant"] = {
                "n_tests": outcome.n_tests - outcome.n_local,
                "n_linkages": n_linkages - n_local,
                "threshold": options.threshold,
            }
        return {
            "n_samples": self.n_samples,
            "n_traits": len(self.traits),
            "n_constant_traits": self.n_constant_traits,
            "n_sparse_traits": self.n_sparse_traits,
            "n_markers": len(self.predictors),
            "n_monomorphic_markers": self.n_constant_predictors,
            "n_on_x_left_out": self.n_on_x_left_out,
            "n_tests": outcome.n_tests,
            "n_linkages": n_linkages,
            "n_linked_traits": int((_linked(outcome) > 0).sum()),
            **found,
            "model": options.model,
            "beta_is": self.effect_of,
            "covariates": list(options.covariates),
            "dropped_covariates": list(self.dropped_covariates),
            "interactive": list(options.interactive),
            "weights": options.weights,
            "error_covariance": self.has_error_covariance,
            "missing": options.missing,
            "compat": options.compat,
            "threshold": options.threshold,
            "local_threshold": options.local_threshold,
            "local_window_bp": options.local_window_bp,
            "local_only": options.local_only,
            "transform": list(options.transform),
            "n_components": options.n_components,
            "genotype_probabilities": options.genotype_probabilities,
            **(
                {
                    "step": options.step,
                    "error_prob": options.error_prob,
                    "map_function": options.map_function,
                }
                if options.genotype_probabilities
                else {}
            ),
        }


def _linked(outcome: ScanOutcome) -> np.ndarray:
    count = np.zeros(len(outcome.by_trait.partner), dtype=np.int64)
    for hits in outcome.store.blocks():
        count += np.bincount(hits["trait"], minlength=len(count))
    return count


def _names(names: np.ndarray, rows: np.ndarray) -> pd.Series:
    return pd.Series(names[rows], dtype=object)


def peaks_of(frame: pd.DataFrame) -> pd.DataFrame:
    """Keep the best linkage of every trait on every chromosome.

    Parameters
    ----------
    frame
        Rows of `Scan1.to_frame`, all linkages of every trait that is in it.

    Returns
    -------
    pandas.DataFrame
        As `Scan1.peaks`.
    """
    keys = ["trait", "chr"] if "chr" in frame else ["trait"]
    group = frame.groupby(keys, sort=False, observed=True)["neglog10_p"]
    best = np.sort(group.idxmax().to_numpy(dtype=np.int64))
    peaks = frame.iloc[best].reset_index(drop=True)
    return peaks.assign(n_linkages=group.transform("size").to_numpy(dtype=np.int64)[best])


def scan1_significance(outcome: ScanOutcome, options: Scan1Options, *, memory_bytes: int) -> None:
    """Put the FDR of every linkage into the store: local and distant apart where asked for.

    Parameters
    ----------
    outcome
        A finished scan.
    options
        How it was made.
    memory_bytes
        Budget.
    """
    if options.local_threshold is None:
        parts = [(lambda hits: np.ones(len(hits), dtype=np.bool_), outcome.n_tests)]
    else:
        parts = [
            (lambda hits: hits["local"] == 1, outcome.n_local),
            (lambda hits: hits["local"] != 1, outcome.n_tests - outcome.n_local),
        ]
    for is_member, n_tests in parts:
        store_fdr(outcome.store, is_member, n_tests=n_tests, memory_bytes=memory_bytes // 4)
