"""What permutations gave, in plain words."""

import numpy as np
import pandas as pd

from crossmap.cross import Cross
from crossmap.report.cross import describe_cross
from crossmap.report.words import count, fill, percent
from crossmap.significance.beta_tail import FEWEST_FITTED
from crossmap.significance.genome_wide import GenomeWide


def describe_permutations(
    chance: GenomeWide,
    cross: Cross,
    traits: pd.DataFrame,
    pooled: pd.DataFrame,
    *,
    fdr: float = 0.05,
) -> str:
    """Say in plain words what permutations gave.

    Parameters
    ----------
    chance
        What `permute_scan1` returned.
    cross
        The cross that was analysed.
    traits, pooled
        Its tables.
    fdr
        False discovery rate over traits at which they are called.

    Returns
    -------
    str
        Paragraphs, without a line end after the last.
    """
    lines = [_level_in_words(chance, traits, pooled, alpha) for alpha in chance.options.alpha]
    lines += _beta_in_words(chance, traits, fdr)
    if not chance.has_lod_thresholds and chance.options.local_window_bp is None:
        lines.append(
            "No peaks: a LOD threshold needs tests of one number of degrees of freedom, and "
            "where genotypes are missing that differs along the genome. crossmap fill makes "
            "the calls complete, --missing mean gives gaps the mean, and with "
            "--genotype-probabilities every position is tested on all samples."
        )
    paragraph = "\n".join(fill(line) for line in lines)
    return "\n\n".join([describe_cross(cross), fill(_what_was_done(chance)), paragraph])


def _what_was_done(chance: GenomeWide) -> str:
    """The permutations that were made, and the traits that none could be made of."""
    options = chance.options
    window = options.local_window_bp
    done = [f"{count(options.n_perm, 'permutation')} of every trait"]
    if window is not None:
        done.append(
            f", tested with the markers within {window:,.0f} bp of its own gene alone "
            f"({_tested(chance)})"
        )
    if options.strata is not None:
        done.append(f" within {options.strata}")
    if options.shared:
        done.append(", all traits alike")
    if chance.x is not None:
        done.append(
            f" on autosomes and {count(chance.x.n_perm, 'permutation')} on X, within sex and "
            f"direction of the cross; of an error rate X has the share of its map length, "
            f"{percent(chance.x.share)}"
        )
    if chance.is_settled.any():
        done.append(
            f"; {count(int(chance.is_settled.sum()), 'trait')} settled early, when "
            f"{options.stop_after} of them had reached what was observed"
        )
    done.append(".")
    untested = int((~chance.has_test).sum())
    if untested:
        why = "variation" if window is None else "variation, or without a marker that varies there,"
        done.append(f" {count(untested, 'trait')} without {why} could not be tested.")
    return "".join(done)


def _level_in_words(
    chance: GenomeWide, traits: pd.DataFrame, pooled: pd.DataFrame, alpha: float
) -> str:
    """Traits linked at a genome-wide error rate, and its thresholds, of autosomes and X apart."""
    is_local = chance.options.local_window_bp is not None
    n = int((traits["p_adjusted"] <= alpha).sum())
    expected = alpha * int(chance.has_test.sum())
    level = "a p over the markers at their genes" if is_local else "a genome-wide p"
    line = (
        f"{count(n, 'trait')} linked at {level} of {alpha:g}, where chance alone would give "
        f"{expected:,.1f}."
    )
    made = chance.thresholds(alpha)
    at_level = pooled[pooled["alpha"] == alpha]
    for region in ("A", "X") if chance.x is not None else (None,):
        where = "" if region is None else " on X" if region == "X" else " on autosomes"
        own = made if region is None else made[made["region"] == region]
        found = []
        if len(lods := own["lod"].dropna()):
            found.append(_thresholds_in_words(lods, where))
        together = at_level if region is None else at_level[at_level["region"] == region]
        has_lod = together[np.isfinite(together["lod"])]
        if len(has_lod) and not is_local:  # else of traits with few markers and with many
            each = (f"for {row['threshold']}: {row['lod']:.2f}" for _, row in has_lod.iterrows())
            found.append(f"pooled, {', '.join(each)}")
        if found:
            said = "; ".join(found)
            line += f" {said[0].upper()}{said[1:]}."
    return line


def _beta_in_words(chance: GenomeWide, traits: pd.DataFrame, fdr: float) -> list[str]:
    """What the beta approximation calls, if one was asked for."""
    if chance.tail is None:
        return []
    if chance.options.n_perm < FEWEST_FITTED and not traits["q_beta"].notna().any():
        return [
            f"No beta approximation was fitted, so p_beta and q_beta are missing: that needs "
            f"{FEWEST_FITTED} permutations of a trait."
        ]
    bad = int((chance.has_test & ~chance.tail.fits).sum())
    tested = max(int(chance.has_test.sum()), 1)
    doubtful = f"{count(bad, 'trait')} ({percent(bad / tested)})" if bad else "no trait"
    return [
        f"At a false discovery rate of {percent(fdr)} over traits (q_beta), "
        f"{count(int((traits['q_beta'] <= fdr).sum()), 'is', 'are')} called. p_beta "
        f"reaches below 1/permutations; its fit is doubtful for {doubtful}."
    ]


def _thresholds_in_words(lods: "pd.Series[float]", where: str) -> str:
    """The LOD thresholds of the traits, or of the one there is."""
    low, high = np.quantile(lods, [0.05, 0.95])
    if len(lods) == 1:
        return f"the LOD threshold of the trait{where} is {low:.2f}"
    return f"the LOD thresholds of the traits{where} are {low:.2f} to {high:.2f} (90% of them)"


def _tested(chance: GenomeWide) -> str:
    """How many markers the traits that have any were tested with."""
    n = chance.n_tested + (0 if chance.x is None else chance.x.n_tested)
    if not (n > 0).any():
        return "none has any"
    return f"{np.median(n[n > 0]):,.0f} as the median, {n.max():,} at most"
