"""Joint linkage: probability that all loci named for a trait are linked to it, and its FDR."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd

from crossmap.arguments import require_one_of
from crossmap.genome import interval_gap_bp
from crossmap.genotypes.loci import Loci
from crossmap.genotypes.probable_loci import ProbableLoci
from crossmap.linkage.f_test import neglog10_p
from crossmap.linkage.predictors import group_patterns
from crossmap.linkage.sequential import SearchStage, SequentialSearch
from crossmap.significance.density_ratio import DensityRatio, fit_density_ratio, posterior_linked
from crossmap.significance.fdr import (
    floor_rule,
    pooled_p_values,
    posterior_q_values,
    q_values,
    unknown_number_of_loci,
)
from crossmap.significance.pi0 import Pi0Method, estimate_pi0
from crossmap.words import OneLine

Posterior = Literal["pooled", "weighted"]

FEW_TRAITS = 20  # below this the permutations of all together bound a probability


@dataclass(frozen=True, eq=False)
class StageSignificance:
    """How sure the l-th locus of every trait is, given that those before are linked.

    Parameters
    ----------
    evidence
        float64 [n_traits]: what was pooled: F, or -log10 of its nominal p-value where degrees of
        freedom differ between traits; NaN where no locus was eligible.
    evidence_null
        float64 [n_traits, n_perm]: the same of the permutations.
    evidence_name
        ``F`` or ``-log10 p``.
    p_value
        float64 [n_traits]: pooled permutation p-value; NaN where no locus was eligible.
    pi0
        Estimated proportion of traits without this locus.
    ratio
        Null over observed density of the evidence; None if nothing was eligible.
    probability
        float64 [n_traits]: Pr(locus linked | those before linked); 0 where none was eligible.
    """

    evidence: np.ndarray
    evidence_null: np.ndarray
    evidence_name: str
    p_value: np.ndarray
    pi0: float
    ratio: DensityRatio | None
    probability: np.ndarray


@dataclass(frozen=True, eq=False, repr=False)
class JointLinkage(OneLine):
    """The loci of every trait and the probability that all of them are linked.

    Parameters
    ----------
    search
        Loci chosen and their statistics; `search.options` says how.
    significance
        One `StageSignificance` per locus.
    joint_prob
        float64 [n_traits]: product of the probabilities of the loci.
    q_value
        float64 [n_traits]: smallest joint-linkage FDR of a set of calls that holds the trait.
    pair_r2
        float64 [n_traits]: largest squared genotype correlation between two of its loci; NaN with
        fewer than two.
    local
        int64 [n_traits]: number (from 1) of the first locus within `local_window_bp` of the
        trait's own gene, 0 if none.
    pi0_method, posterior, local_window_bp, covariates
        As asked for.
    dropped_covariates
        Covariates left out because those before them determine them.
    limits
        Sentences that say where the error rates cannot be relied on.

    References
    ----------
    Storey, Akey & Kruglyak (2005) PLoS Biol 3:e267.
    """

    search: SequentialSearch
    significance: tuple[StageSignificance, ...]
    joint_prob: np.ndarray
    q_value: np.ndarray
    pair_r2: np.ndarray
    local: np.ndarray
    pi0_method: Pi0Method
    posterior: Posterior
    local_window_bp: float
    covariates: tuple[str, ...] = ()
    dropped_covariates: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()

    @property
    def has_own_samples(self) -> bool:
        """Whether some trait was searched on fewer samples than the cross has."""
        return not self.search.is_used.all()

    @property
    def n_loci(self) -> int:
        """L, how many loci were chosen for every trait."""
        return len(self.significance)

    @property
    def probability(self) -> np.ndarray:
        """Probability of each locus given those before: float64 [n_traits, n_loci]."""
        return np.column_stack([stage.probability for stage in self.significance])

    @property
    def expected_joint(self) -> float:
        """Expected number of traits with joint linkage, the sum of their probabilities."""
        return float(np.sort(self.joint_prob).sum())

    @property
    def expected_share(self) -> list[float]:
        """Expected share of the traits linked to each locus, given those before: n_loci numbers.

        The mean of the probabilities of a stage, of which none is below the share of joint
        linkage. `StageSignificance.pi0` is another estimate, from p-values near 1 alone: where
        these heap, 1 - pi0 is smaller, since no probability is below 0 to make up for them.
        """
        return [float(np.sort(s.probability).mean()) for s in self.significance]

    @property
    def genotype_options(self) -> dict[str, object]:
        """Whether probabilities of genotypes were searched, and how they were computed."""
        loci = self.search.loci
        if not isinstance(loci, ProbableLoci):
            return {"genotype_probabilities": False}
        return {
            "genotype_probabilities": True,
            "step": loci.found.step,
            "error_prob": loci.found.error_prob,
            "map_function": loci.found.map_function,
        }

    def is_called(self, fdr: float) -> np.ndarray:
        """Traits called at a joint-linkage FDR: bool [n_traits]."""
        return (self.q_value <= fdr) & (self.joint_prob > 0)

    def other_rules(self) -> pd.DataFrame:
        """Traits called by the other two rules of the paper, at a range of thresholds.

        Returns
        -------
        pandas.DataFrame
            rule, threshold, n_called, fdr. ``floor``: every locus has at least this probability
            (FDR made monotone). ``unknown_number``: the probability of the first locus alone is at
            least this; such a trait is called linked to its top `n_linked_loci`.

        References
        ----------
        Storey, Akey & Kruglyak (2005) PLoS Biol 3:e267, "Generalization".
        """
        thresholds = np.arange(50, 100) / 100
        n_floor, fdr_floor = floor_rule(self.probability, thresholds)
        unknown = [unknown_number_of_loci(self.probability, threshold=t) for t in thresholds]
        return pd.DataFrame(
            {
                "rule": np.repeat(["floor", "unknown_number"], len(thresholds)),
                "threshold": np.tile(thresholds, 2),
                "n_called": [*n_floor, *((n_loci > 0).sum() for n_loci, _ in unknown)],
                "fdr": [*fdr_floor, *(fdr for _, fdr in unknown)],
            }
        )

    def n_linked_loci(self, threshold: float) -> np.ndarray:
        """Number of loci of each trait when it is not known beforehand: int64 [n_traits].

        Parameters
        ----------
        threshold
            t in (0, 1]: the largest l with prod_{k <= l} Pr_k >= t, 0 if none; the share of traits
            of which a named locus is false is at most 1 - t.

        Raises
        ------
        ArgumentError
            If `threshold` is out of range.
        """
        return unknown_number_of_loci(self.probability, threshold=threshold)[0]

    def to_frame(self) -> pd.DataFrame:
        """One row per trait, in name order.

        Returns
        -------
        pandas.DataFrame
            trait, then for l = 1..L locus{l}, chr{l}, start{l}_bp, end{l}_bp (where the map has
            base pairs), start{l}_cm, end{l}_cm (where it has cM), f{l}, prob{l}, then pair_r2,
            joint_prob, q_value, local, and where traits were searched on samples of their own, n,
            how many. A locus that could not be chosen is None or NaN.
        """
        loci = self.search.loci
        columns: dict[str, object] = {"trait": pd.Series(self.search.traits, dtype=object)}
        rows = zip(self.search.stages, self.significance, strict=True)
        for number, (stage, sure) in enumerate(rows, start=1):
            columns[f"locus{number}"] = _labels(np.array(loci.names, dtype=object), stage.locus)
            columns[f"chr{number}"] = _labels(loci.chr, stage.locus)
            for unit in loci.units:
                for end in ("start", "end"):
                    place = getattr(loci, f"{end}_{unit}")
                    columns[f"{end}{number}_{unit}"] = np.where(
                        stage.eligible, place[stage.locus], np.nan
                    )
            columns[f"f{number}"] = stage.f
            columns[f"prob{number}"] = sure.probability
        columns["pair_r2"] = self.pair_r2
        columns["joint_prob"] = self.joint_prob
        columns["q_value"] = self.q_value
        columns["local"] = self.local
        if self.has_own_samples:
            columns["n"] = self.search.n_samples
        return pd.DataFrame(columns)

    def called(self, fdr: float = 0.10) -> pd.DataFrame:
        """Rows of `to_frame` called at `fdr`, the most probable first, then by name."""
        table = self.to_frame()[self.is_called(fdr)]
        return table.sort_values(
            ["joint_prob", "trait"], ascending=[False, True], kind="stable", ignore_index=True
        )

    def summary(self, fdr: float = 0.10) -> dict[str, object]:
        """Numbers of the run: what was found at `fdr`.

        Parameters
        ----------
        fdr
            Joint-linkage FDR at which traits are called.

        Returns
        -------
        dict
            Keys as in summary.json; `threshold` is None where nothing is called. With covariates
            there are covariates, dropped_covariates and covariate_df (the most that a trait lost)
            too, and where traits were searched on samples of their own n_traits_on_own_samples and
            fewest_samples.
        """
        options = self.search.options
        called = self.is_called(fdr)
        n_called = int(called.sum())
        missed = 1.0 - self.probability[called]
        at_090 = np.sort(self.joint_prob[self.joint_prob >= 0.90])
        more: dict[str, object] = {}
        if self.covariates:
            more["covariates"] = list(self.covariates)
            more["dropped_covariates"] = list(self.dropped_covariates)
            more["covariate_df"] = int(self.search.covariate_df.max())
        if self.has_own_samples:
            n_samples = self.search.n_samples
            n_all = self.search.is_used.shape[1]
            more["n_traits_on_own_samples"] = int((n_samples < n_all).sum())
            more["fewest_samples"] = int(n_samples.min())
        return {
            "n_traits": len(self.search.traits),
            "n_distinct_loci": len(self.search.loci),
            "n_selected": self.n_loci,
            "n_perm": options.n_perm,
            "seed": options.seed,
            "model": options.model,
            "variance": options.variance,
            "min_cell": options.min_cell,
            "exclude_r2": options.exclude_r2,
            "exclude_window_bp": options.exclude_window_bp,
            "exclude_window_cm": options.exclude_window_cm,
            "other_chromosome": options.other_chromosome,
            **self.genotype_options,
            "pi0_method": self.pi0_method,
            "posterior": self.posterior,
            "pi0": [stage.pi0 for stage in self.significance],
            "n_eligible": [int(stage.eligible.sum()) for stage in self.search.stages],
            "expected_share": self.expected_share,
            "expected_joint": self.expected_joint,
            "limits": list(self.limits),
            "fdr": fdr,
            "threshold": float(self.joint_prob[called].min()) if n_called else None,
            "n_called": n_called,
            "locus_fdr": [float(np.sort(m).mean()) if n_called else 0.0 for m in missed.T],
            "local_window_bp": self.local_window_bp,
            "n_called_local": int((self.local[called] > 0).sum()),
            "prob_090": {
                "n": len(at_090),
                "fdr": float((1.0 - at_090).mean()) if len(at_090) else 0.0,
            },
            **more,
        }


def _labels(names: np.ndarray, locus: np.ndarray) -> pd.Series:
    return pd.Series([names[i] if i >= 0 else None for i in locus], dtype=object)


def joint_significance(
    search: SequentialSearch,
    *,
    trait_table: pd.DataFrame,
    pi0_method: Pi0Method = "smoother",
    posterior: Posterior = "pooled",
    local_window_bp: float = 10_000.0,
    covariates: tuple[str, ...] = (),
    dropped_covariates: tuple[str, ...] = (),
) -> JointLinkage:
    """From the statistics of a sequential search to joint-linkage probabilities and q-values.

    Parameters
    ----------
    search
        A finished search.
    trait_table
        Places of its traits, as `Cross.trait_table`.
    pi0_method
        As in `estimate_pi0`.
    posterior
        How Pr(locus l linked | those before) is estimated: ``pooled`` over all traits alike (the
        paper's), or ``weighted``: every trait and its nulls count with the probability that its
        earlier loci are linked, in the p-values, pi0 and the density ratio.
    local_window_bp
        A locus is local to a trait if the gap between its interval and the gene is at most this.
    covariates, dropped_covariates
        What was taken out of the traits before the search, as `JointLinkage` keeps it.

    Returns
    -------
    JointLinkage

    Raises
    ------
    ArgumentError
        For an unknown way of estimating.

    References
    ----------
    Storey, Akey & Kruglyak (2005) PLoS Biol 3:e267, equations 1 to 4.
    """
    require_one_of("posterior", posterior, get_args(Posterior))
    joint = np.ones(len(search.traits))
    sure: list[StageSignificance] = []
    for stage in search.stages:
        # The first stage has none before it: its weights are 1 either way.
        weight = joint.copy() if sure and posterior == "weighted" else None
        sure.append(stage_significance(stage, pi0_method=pi0_method, weight=weight))
        joint *= sure[-1].probability
    return JointLinkage(
        search=search,
        significance=tuple(sure),
        joint_prob=joint,
        q_value=posterior_q_values(joint),
        pair_r2=_pair_r2(search),
        local=first_local(search.loci, search.locus, trait_table, window_bp=local_window_bp),
        pi0_method=pi0_method,
        posterior=posterior,
        local_window_bp=float(local_window_bp),
        covariates=covariates,
        dropped_covariates=dropped_covariates,
    )


def _pair_r2(search: SequentialSearch) -> np.ndarray:
    """`largest_pair_r2` of every trait on its own samples."""
    r2, n_samples = np.full(len(search.traits), np.nan), search.is_used.shape[1]
    for rows, samples in group_patterns(~search.is_used, np.arange(n_samples)):
        loci = search.loci if len(samples) == n_samples else search.loci.on(samples)
        r2[rows] = largest_pair_r2(loci, search.locus[rows])
    return r2


def stage_significance(
    stage: SearchStage, *, pi0_method: Pi0Method, weight: np.ndarray | None = None
) -> StageSignificance:
    """Pooled p-values, pi0 and posterior probabilities of one stage.

    Parameters
    ----------
    stage
        Observed and null statistics.
    pi0_method
        As in `estimate_pi0`.
    weight
        float64 [n_traits]: how much each trait and its nulls count; None counts all alike.

    Returns
    -------
    StageSignificance
        Of fewer than `FEW_TRAITS` traits no probability exceeds 1 - the q-value of the pooled
        p-values, of which none is below 1/(1 + null statistics).
    """
    eligible = stage.eligible
    observed, null, name = stage.f, stage.f_null, "F"
    degrees = np.unique(np.column_stack([stage.df1, stage.df2])[eligible], axis=0)
    if len(degrees) > 1 or stage.neglog10_p_null is not None:
        observed = neglog10_p(observed, stage.df1, stage.df2)
        if stage.neglog10_p_null is None:
            null = neglog10_p(null, stage.df1[:, None], stage.df2[:, None])
        else:
            null = stage.neglog10_p_null
        name = "-log10 p"
    if not (eligible.any() if weight is None else weight[eligible].any()):
        nothing = np.full(len(observed), np.nan)
        return StageSignificance(observed, null, name, nothing, 1.0, None, np.zeros(len(nothing)))
    of_null = None if weight is None else weight[:, None]
    p = pooled_p_values(observed, null, weight=of_null)
    pi0 = estimate_pi0(p, method=pi0_method, weight=weight)
    ratio = fit_density_ratio(observed, null, weight=weight)
    probability = posterior_linked(observed, ratio, pi0=pi0)
    if np.count_nonzero(eligible) < FEW_TRAITS:
        # So few are told from their nulls perfectly. Where the local rate of false claims falls
        # with F, it is at least the rate among all beyond: what permutations alone say of that.
        n_null = np.isfinite(null).sum()
        beyond = q_values((p * n_null + 1.0) / (n_null + 1.0), pi0=pi0)
        probability = np.fmin(probability, 1.0 - beyond)
    return StageSignificance(
        evidence=observed,
        evidence_null=null,
        evidence_name=name,
        p_value=p,
        pi0=pi0,
        ratio=ratio,
        probability=probability,
    )


def largest_pair_r2(loci: Loci, locus: np.ndarray) -> np.ndarray:
    """Largest squared genotype correlation between two loci of a trait.

    Parameters
    ----------
    loci
        Distinct loci.
    locus
        int64 [n_traits, n_loci], -1 where none.

    Returns
    -------
    numpy.ndarray
        float64 [n_traits]; NaN where fewer than two loci were chosen.
    """
    x = loci.dosage.copy()
    x -= x.mean(axis=1, keepdims=True)
    with np.errstate(invalid="ignore"):  # loci that do not vary; none of them was chosen
        x /= np.sqrt((x**2).sum(axis=1, keepdims=True))
    largest = np.full(len(locus), np.nan)
    for a in range(locus.shape[1]):
        for b in range(a + 1, locus.shape[1]):
            both = np.flatnonzero((locus[:, a] >= 0) & (locus[:, b] >= 0))
            r2 = np.einsum("ij,ij->i", x[locus[both, a]], x[locus[both, b]]) ** 2
            largest[both] = np.fmax(largest[both], r2)
    return largest


def first_local(
    loci: Loci, locus: np.ndarray, trait_table: pd.DataFrame, *, window_bp: float
) -> np.ndarray:
    """Number of the first locus that lies at the trait's own gene.

    Parameters
    ----------
    loci
        Distinct loci.
    locus
        int64 [n_traits, n_loci], -1 where none.
    trait_table
        As `Cross.trait_table`, one row per row of `locus`.
    window_bp
        Largest gap between the locus interval (first to last member) and the gene.

    Returns
    -------
    numpy.ndarray
        int64 [n_traits]: from 1; 0 if none is local or the place is unknown.

    References
    ----------
    Rockman & Kruglyak (2006) Nat Rev Genet 7:862 (local and distant).
    """
    first = np.zeros(len(locus), dtype=np.int64)
    gene_chr = trait_table["chr"].to_numpy(dtype=object)
    start = trait_table["start_bp"].to_numpy(dtype=np.float64)
    end = trait_table["end_bp"].to_numpy(dtype=np.float64)
    for number in range(locus.shape[1], 0, -1):
        rows = locus[:, number - 1]
        gap = interval_gap_bp(loci.start_bp[rows], loci.end_bp[rows], start, end)
        near = (rows >= 0) & (loci.chr[rows] == gene_chr) & (gap <= window_bp)
        first[near] = number
    return first
