"""The calculation of two-locus linkage of one trait, written out with its numbers."""

import textwrap

import numpy as np
import pandas as pd

from crossmap.architecture.fit import LocusFit
from crossmap.linkage.stages import SearchOptions

LINE_WIDTH = 88


def explanation_text(
    steps: pd.DataFrame,
    fit: LocusFit,
    options: SearchOptions,
    *,
    alpha: float,
    is_probable: bool = False,
    n_groups: int = 1,
) -> str:
    """Write the two steps of an explanation.

    Parameters
    ----------
    steps, fit, options
        As the fields of `Explanation`.
    alpha
        Genome-wide error rate of the thresholds.
    is_probable
        Whether genotypes are probabilities.
    n_groups
        As in `Explanation`.

    Returns
    -------
    str
        Lines, without a line end after the last.
    """
    first, second = steps.to_dict("records")
    additive = options.model == "additive"
    n = fit.n_samples
    means = (
        "one mean for all samples" if n_groups == 1 else "a mean for each sex and direction",
        "a mean for each genotype of locus 1" + (", added to these" if n_groups > 1 else ""),
    )
    after_2 = (
        "the effects of both loci, added up"
        if additive
        else "a mean for each combination of genotypes of loci 1 and 2"
    )
    lines = [f"Trait {fit.trait}, {n} samples"]
    if fit.dropped:
        lines.append(f"Left out: {'; '.join(f'{len(v)} {k}' for k, v in fit.dropped.items())}.")
    lines += [_locus_line(number, step) for number, step in ((1, first), (2, second))]
    lines += [
        "",
        "Models",
        f"  M0  {means[0]}",
        f"  M1  {means[1]}",
        f"  M2  {after_2}",
    ]
    if is_probable:
        lines += _fold(
            "A sample has each genotype with the probability that all its calls give: the model's "
            "means are weighted by it (Haley-Knott regression).",
            "  ",
        )
    groups = "samples" if n_groups == 1 else "samples within sex and direction"
    everyone = "all samples" if n_groups == 1 else groups
    if is_probable:
        everyone = "the residuals of M0" + (" within sex and direction" if n_groups > 1 else "")
    lines += ["", *_step_lines(first, "Locus 1: M1 against M0", everyone, n, alpha)]
    if options.variance == "cell":
        scaled = (
            "From here on values are taken from the mean of their genotype group of locus 1 and "
            "divided by its standard deviation, because the groups may differ in variance."
        )
        if is_probable:
            scaled = (
                "From here on samples are weighted by the inverse of the residual variance of "
                "their group of the most probable genotype of locus 1, because the groups may "
                "differ in variance."
            )
        lines += ["", *_fold(scaled)]
    what = f"the residuals of M1 of {groups}" if is_probable else groups
    kind = "most probable genotypes" if is_probable else "genotype groups"
    within = f"{what} {'and' if n_groups > 1 else 'within the'} {kind} of locus 1"
    kept = f"{within}, so that its linkage stays"
    lines += ["", *_step_lines(second, "Locus 2 given locus 1: M2 against M1", kept, n, alpha)]
    lines += ["", *_interaction(fit), ""]
    if not is_probable:
        cells = fit.cell_means.drop(columns=["fitted", "estimate", "estimate_se"])
        lines += ["Genotype combinations", _table(cells)]
        return "\n".join(lines)
    lines.append("Genotype combinations (n, mean, se: where each is the most probable)")
    cells = fit.cell_means.drop(columns="fitted")
    if cells["estimate"].isna().all():  # the model has one for each sex and direction
        cells = cells.drop(columns=["estimate", "estimate_se"])
    lines.append(_table(cells))
    return "\n".join(lines)


def _fold(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(
        text, LINE_WIDTH, initial_indent=indent, subsequent_indent=indent,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip


def _locus_line(number: int, step: dict) -> str:
    place = f"chr {step['chr']}"
    if np.isfinite(step.get("pos_bp", np.nan)):
        place += f" {step['pos_bp'] / 1000:,.0f} kb"
    elif np.isfinite(step.get("pos_cm", np.nan)):
        place += f" {step['pos_cm']:.1f} cM"
    return f"Locus {number}: {step['marker']} ({place})"


def _step_lines(step: dict, title: str, shuffled: str, n: int, alpha: float) -> list[str]:
    k = int(step["stage"])
    before, after = (f"{step[name]:.5g}" for name in ("rss_before", "rss_after"))
    df1, df2 = step["df1"], step["df2"]
    lines = [
        title,
        f"  residual sums of squares: RSS{k - 1} = {before}, RSS{k} = {after}",
        f"  F{k} = ((RSS{k - 1} - RSS{k})/{df1}) / (RSS{k}/{df2})"
        f" = (({before} - {after})/{df1}) / ({after}/{df2}) = {step['f']:.4g}",
        f"  LOD = {n}/2 log10(RSS{k - 1}/RSS{k}) = {step['lod']:.3f}",
        *_fold(
            f"p = {step['p_f']:.3g} for F with {df1} and {df2} degrees of freedom, had this locus "
            "been named beforehand",
            indent="  ",
        ),
    ]
    n_as_large = round(step["p_adjusted"] * (1 + step["n_perm"])) - 1
    as_large, passed = "an F as large", f"exceeded {step['f_threshold']:.4g}"
    if step["statistic"] != "f":  # loci differ in degrees of freedom
        as_large = "a p as small"
        passed = (
            f"had a p smaller than that of F = {step['f_threshold']:.4g} with {df1} and {df2} "
            "degrees of freedom"
        )
    lines += _fold(
        f"genome-wide p = {step['p_adjusted']:.3g}: permuting {shuffled}, and searching all "
        f"loci each time, gave {as_large} in {n_as_large:,} of {step['n_perm']:,} permutations "
        f"((1 + {n_as_large:,})/(1 + {step['n_perm']:,})); {alpha:.0%} of them "
        f"{passed}.",
        "  ",
    )
    if step["best_locus"] is None:
        return lines
    if step[f"best_{step['statistic']}"] > step[step["statistic"]] * (1.0 + 1e-9):
        lines += _fold(
            f"This is not the locus that a search chooses here: {step['best_locus']} has "
            f"F = {step['best_f']:.4g}. The genome-wide p is that of the locus named.",
            "  ",
        )
    else:
        lines.append("  It is the locus that a search chooses here.")
    return lines


def _interaction(fit: LocusFit) -> list[str]:
    row = fit.drop_one.iloc[-1]
    if not np.isfinite(row["f"]):
        return ["The interaction of the two loci cannot be told from their main effects."]
    df2 = int(fit.anova["df"].iloc[1])
    return _fold(
        f"Do the effects add up? The interaction alone: F = {row['f']:.4g} with {int(row['df'])} "
        f"and {df2} degrees of freedom, p = {row['p_f']:.3g} (as if this pair had been named "
        f"beforehand). Both loci and their interaction explain {fit.percent_var:.1f}% of the "
        f"trait's sum of squares, an overestimate if they were chosen for explaining much."
    )


def _table(frame: pd.DataFrame) -> str:
    return frame.to_string(index=False, float_format=lambda x: f"{x:.5g}", na_rep="")
