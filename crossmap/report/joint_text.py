"""What a joint-linkage analysis found: the numbers of summary.json, and plain words."""

import numpy as np
import pandas as pd

from crossmap.architecture.counting import count_units, units_summary
from crossmap.architecture.linkage_table import linkage_table
from crossmap.architecture.local import classify_linkages
from crossmap.architecture.located import LocatedLoci
from crossmap.cross import Cross
from crossmap.report.cross import cross_summary, describe_cross, describe_means, describe_samples
from crossmap.report.joint_tables import JointTables
from crossmap.report.words import count, fill, percent, place, tell_of, unit_of
from crossmap.significance.joint import JointLinkage
from crossmap.significance.limits import pi0_spread
from crossmap.significance.pi0 import FEWEST_P_VALUES

FEWEST_SHARING = 3
"""Traits that must share a place, or a pair, for it to be told."""

MOST_TOLD, MOST_LISTED = 5, 50
"""Shared places told in the text, and listed in summary.json."""

_VARIANCES = {
    "cell": "a residual variance for each combination of genotypes",
    "common": "one residual variance",
}
_BARS = (
    ("exclude_r2", "with r2 above {:g} to", 1.0),
    ("exclude_window_bp", "within {:g} kb of", 1e3),
    ("exclude_window_cm", "within {:g} cM of", 1.0),
)
"""Option that bars loci, how it is said, and the unit it is said in."""

CONTRADICTING = 0.1
"""Share of traits probably linked to a locus that says pi0 = 1 is no estimate, but for safety."""


def joint_summary(
    joint: JointLinkage, cross: Cross, tables: JointTables, located: LocatedLoci, *, fdr: float
) -> dict[str, object]:
    """Gather the numbers of summary.json.

    Parameters
    ----------
    joint
        A finished analysis.
    cross
        The cross that was analysed.
    tables
        Its tables.
    located
        `locate_loci` at the same rate.
    fdr
        Joint-linkage false discovery rate at which traits are called.

    Returns
    -------
    dict
        `JointLinkage.summary` (its n_traits are those analysed), the rest of `cross_summary`,
        n_traits_left_out (for too few values), shared_places (those of `FEWEST_SHARING` traits
        or more), units (the loci of the called traits, counted as `count_units` does; None on a
        map without base pairs) and pi0_spread (standard error of every pi0, by `pi0_spread`; None
        with too few traits), limits (those of the places too) and located (`LocatedLoci.summary`).
    """
    return {
        **cross_summary(cross),
        "n_traits_left_out": cross.n_traits - len(joint.search.traits),
        "shared_places": _often(tables.shared).head(MOST_LISTED).to_dict("records"),
        "units": _units(joint, cross, fdr=fdr),
        "pi0_spread": _pi0_spread(joint, cross),
        **joint.summary(fdr),
        "limits": [*joint.limits, *located.limits],
        "located": located.summary(),
    }


def _units(joint: JointLinkage, cross: Cross, *, fdr: float) -> dict[str, object] | None:
    if np.isnan(joint.search.loci.start_bp).any():
        return None
    linkages = linkage_table(joint, cross, fdr=fdr, interval=None)
    classes = classify_linkages(cross, linkages, local_window_bp=joint.local_window_bp)
    return units_summary(count_units(classes.table))


def _pi0_spread(joint: JointLinkage, cross: Cross) -> list[float | None]:
    row = {name: number for number, name in enumerate(cross.trait_names)}
    values = cross.traits[[row[name] for name in joint.search.traits]]
    spreads = [pi0_spread(s.p_value, values, method=joint.pi0_method) for s in joint.significance]
    return [None if np.isnan(spread) else spread for spread in spreads]


def _often(shared: pd.DataFrame) -> pd.DataFrame:
    return shared[shared["n_traits"] >= FEWEST_SHARING]


def describe_joint(
    joint: JointLinkage, cross: Cross, tables: JointTables, located: LocatedLoci, *, fdr: float
) -> str:
    """Say in plain words what was found.

    Parameters
    ----------
    joint
        A finished analysis.
    cross
        The cross that was analysed.
    tables
        Its tables.
    located
        `locate_loci` at the same rate.
    fdr
        Joint-linkage false discovery rate at which traits are called.

    Returns
    -------
    str
        Paragraphs; no line end after the last.
    """
    is_called = joint.is_called(fdr)
    has_places = cross.trait_table["start_bp"].notna().any()
    can_be_local = bool(has_places and cross.markers["pos_bp"].notna().any())
    if is_called.any():
        called = _what_was_called(joint, is_called, fdr, can_be_local=can_be_local)
    else:
        called = _nothing(joint, fdr)
    return "\n\n".join(
        [
            _what_was_done(joint, cross),
            called,
            *_how_well_located(located, has_cm=not np.isnan(joint.search.loci.start_cm).any()),
            *(fill(f"Beware: {limit}.") for limit in [*joint.limits, *located.limits]),
            _what_is_expected(joint),
            *_where(tables.shared),
        ]
    )


def _what_was_done(joint: JointLinkage, cross: Cross) -> str:
    options = joint.search.options
    lines = [describe_cross(cross)]
    lines += _on_which_samples(joint, cross)
    lines += describe_means(joint.search.loci)
    how = [f"{options.model} models", _VARIANCES[options.variance]]
    bars = [
        words.format(getattr(options, name) / scale)
        for name, words, scale in _BARS
        if getattr(options, name) is not None
    ]
    if bars and joint.n_loci > 1:
        how.append(f"none {' or '.join(bars)} one chosen before on its chromosome")
    if options.other_chromosome:
        how.append("each locus on a chromosome of its own")
    sought = (
        "locus was sought" if joint.n_loci == 1 else f"{joint.n_loci} loci were sought, in turn,"
    )
    distinct = count(len(joint.search.loci), "distinct locus", "distinct loci")
    lines.append(
        fill(
            f"For {_every(len(joint.search.traits))} the best {sought} among "
            f"{distinct}: {', '.join(how)}. What chance alone gives was learnt from "
            f"{count(options.n_perm, 'permutation')} of each trait at each stage "
            f"(seed {options.seed})."
        )
    )
    return "\n".join(lines)


def _every(n_traits: int) -> str:
    return "the one trait" if n_traits == 1 else f"each of {n_traits:,} traits"


def _on_which_samples(joint: JointLinkage, cross: Cross) -> list[str]:
    """Say which traits were left out or have samples of their own, and what covariates did."""
    search = joint.search
    lines = describe_samples(
        search.n_samples,
        usable=int(search.is_used.any(axis=0).sum()),
        n_left_out=cross.n_traits - len(search.traits),
    )
    if joint.covariates:
        taken = int(search.covariate_df.max())
        text = (
            f"Taken out of the traits first: {_join(list(joint.covariates))} "
            f"({count(taken, 'degree', 'degrees')} of freedom, by which those of every F are "
            "fewer). Genotypes are left as they are, so F and what follows from it are approximate."
        )
        if joint.dropped_covariates:
            text += f" Determined by those before: {_join(list(joint.dropped_covariates))}."
        lines.append(fill(text))
    return lines


def _whole(n_loci: int) -> str:
    """What a claim says."""
    if n_loci == 1:
        return "linked to the locus named"
    return f"linked to {'both loci' if n_loci == 2 else f'all {n_loci} loci'} named"


def _what_was_called(
    joint: JointLinkage, is_called: np.ndarray, fdr: float, *, can_be_local: bool
) -> str:
    n_called = int(is_called.sum())
    probability = np.sort(joint.joint_prob[is_called])
    n_local = int((joint.local[is_called] > 0).sum())
    sentences = [
        f"At a joint false discovery rate of {percent(fdr)}, {count(n_called, 'trait')} "
        f"{'is' if n_called == 1 else 'are'} called: each is claimed to be "
        f"{_whole(joint.n_loci)}, and about {(1.0 - probability).sum():.1f} of these claims are "
        f"expected to be false.",
        f"Called are those with a joint probability of {probability[0]:.2f} or more.",
    ]
    if joint.n_loci > 1:
        false = [percent(float(np.sort(1.0 - p).mean())) for p in joint.probability[is_called].T]
        parts = [f"locus {number} in {share}" for number, share in enumerate(false, start=1)]
        sentences.append(f"Expected to be false among them: {_join(parts)} of the traits.")
    if can_be_local:
        sentences.append(
            f"{count(n_local, 'called trait has', 'called traits have')} a locus within "
            f"{joint.local_window_bp / 1000:g} kb of the trait's own gene."
        )
    return fill(" ".join(sentences))


def _how_well_located(located: LocatedLoci, *, has_cm: bool) -> list[str]:
    """How sure places are: one paragraph, or none."""
    if not len(located.table):
        return []
    width = located.median_width
    wide = f"{width / 1000:,.0f} kb" if located.unit == "bp" else f"{width:.1f} cM"
    text = (
        f"That a trait is linked is one claim, where the locus lies another. Intervals that hold "
        f"it with a probability of {percent(located.prob)} (columns lo and hi of the table "
        f"called) are {wide} wide in the median."
    )
    if not np.isnan(located.misplaced):
        text += (
            f" Of the traits called {percent(located.misplaced)} are expected to be linked as "
            f"claimed, but with a locus named more than {located.within_cm:g} cM from its place. "
            f"If that too counts as false, {count(located.n_located, 'trait')} can be called at "
            f"{percent(located.fdr)} (column located_q)."
        )
    elif not has_cm:
        text += (
            f" How often a locus named is within {located.within_cm:g} cM of its place cannot be "
            "said, as the map has no centimorgans: near, located_prob and located_q are NA "
            "(cm_per_mb, --cm-per-mb, gives a rate)."
        )
    return [fill(text)]


def _join(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _nothing(joint: JointLinkage, fdr: float) -> str:
    best = float(joint.joint_prob.max(initial=0.0))
    return fill(
        f"At a joint false discovery rate of {percent(fdr)} no trait is called: there is no set of "
        f"traits of which at most {percent(fdr)} are expected not to be {_whole(joint.n_loci)}. "
        f"The largest joint probability of a trait is {best:.2f}. This is a result, not a failure."
    )


def _what_is_expected(joint: JointLinkage) -> str:
    n_traits = len(joint.search.traits)
    expected = joint.expected_joint
    shares = joint.expected_share  # as the share of all loci is made of these probabilities
    sentences = [
        f"Of all traits, an estimated {percent(shares[0])} are linked to their first locus"
    ]
    for number, share in enumerate(shares[1:], start=2):
        sentences[0] += f", {percent(share)} to locus {number} once those before are allowed for"
    sentences[0] += "."
    strange = [
        str(number)
        for number, stage in enumerate(joint.significance, start=1)
        if stage.pi0 == 1.0 and (stage.probability > 0.5).mean() > CONTRADICTING
    ]
    if strange:
        sentences.append(
            f"Of locus {' and '.join(strange)} that is no estimate but too little: none could be "
            "made, and for safety the probabilities suppose that hardly any trait is linked."
        )
    if joint.n_loci > 1:
        sentences.append(
            f"All in all about {count(round(expected), 'trait')} ({percent(expected / n_traits)}) "
            f"are expected to be {_whole(joint.n_loci)}, called or not."
        )
    if n_traits < FEWEST_P_VALUES:
        sentences = [
            f"Beware: these probabilities are learnt from all traits together, and "
            f"{count(n_traits, 'trait is', 'traits are')} too few for it ({FEWEST_P_VALUES} are "
            "needed). To judge single traits use crossmap permute, with --loci for further loci, "
            "or crossmap explain, which permute each by itself."
        ]
    return fill(" ".join(sentences))


def _where(shared: pd.DataFrame) -> list[str]:
    """Tell which places, or pairs, most called traits share: one paragraph, or none."""
    often = _often(shared)
    if often.empty:
        return []
    unit = unit_of(shared)
    loci = [k for k in (1, 2) if f"chr{k}" in shared]
    what = "Pairs of places" if len(loci) == 2 else "Places"
    told = tell_of(len(often), MOST_TOLD)
    lines = [f"{what} shared by {FEWEST_SHARING} called traits or more: {len(often):,}{told}"]
    for row in often.head(MOST_TOLD).to_dict("records"):
        places = [
            place(str(row[f"chr{k}"]), row[f"start{k}_{unit}"], row[f"end{k}_{unit}"], unit)
            for k in loci
        ]
        lines.append(f"  {count(int(row['n_traits']), 'trait'):>11}  {' with '.join(places)}")
    return ["\n".join(lines)]
