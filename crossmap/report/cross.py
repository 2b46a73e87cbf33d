"""What a cross holds and what reading it left out, as numbers and in plain words."""

import numpy as np

from crossmap.cross import Cross
from crossmap.genotypes.fill import SURE, Filled
from crossmap.genotypes.loci import Loci
from crossmap.genotypes.probable_loci import ProbableLoci
from crossmap.report.words import count, fill, percent

MEANS_EVERYWHERE = (
    "Every model has a mean for each sex and direction of the cross, at loci on autosomes too."
)

N_EXAMPLES = 3
"""Names given of those that were dropped."""


def cross_summary(cross: Cross) -> dict[str, object]:
    """Give the sizes of a cross for summary.json.

    Parameters
    ----------
    cross
        Any cross.

    Returns
    -------
    dict
        crosstype, n_samples, n_markers, n_chromosomes, n_traits, n_missing_calls,
        n_missing_values, n_dropped (reason -> how many, on reading).
    """
    return {
        "crosstype": cross.crosstype,
        "n_samples": cross.n_samples,
        "n_markers": cross.n_markers,
        "n_chromosomes": len(cross.chromosomes),
        "n_traits": cross.n_traits,
        "n_missing_calls": int((cross.genotypes < 0).sum()),
        "n_missing_values": int(np.isnan(cross.traits).sum()),
        "n_dropped": {reason: len(names) for reason, names in cross.report.dropped.items()},
    }


def describe_cross(cross: Cross, *, with_notes: bool = True) -> str:
    """Say what a cross holds and what reading it left out.

    Parameters
    ----------
    cross
        Any cross.
    with_notes
        Whether to add what reading noted.

    Returns
    -------
    str
        Lines, without a line end after the last.
    """
    *others, last = cross.genotype_names
    listed = f"{', '.join(others)} and {last}"
    lines = [
        f"{count(cross.n_samples, 'sample')}, {count(cross.n_markers, 'marker')} on "
        f"{count(len(cross.chromosomes), 'chromosome')}, {count(cross.n_traits, 'trait')} "
        f"(crosstype {cross.crosstype}, genotypes {listed})."
    ]
    missing = [
        count(n, what)
        for n, what in (
            (int((cross.genotypes < 0).sum()), "genotype call"),
            (int(np.isnan(cross.traits).sum()), "trait value"),
        )
        if n
    ]
    if cross.ruled_out is not None:
        missing[0] += f" ({int((cross.ruled_out >= 0).sum()):,} of them dominant)"
    if missing:
        lines.append(f"Missing: {' and '.join(missing)}.")
    for reason, names in cross.report.dropped.items():
        examples = ", ".join(names[:N_EXAMPLES]) + (", ..." if len(names) > N_EXAMPLES else "")
        lines.append(f"Left out, {reason}: {len(names):,} ({examples}).")
    if with_notes:
        lines += [f"Note: {note}." for note in cross.report.notes]
    return "\n".join(map(fill, lines))


def describe_written(cross: Cross, target: str, out: str) -> str:
    """Say what `crossmap convert` wrote and how the tool it is for reads it.

    Parameters
    ----------
    cross
        What was written.
    target
        ``rqtl2``, ``rqtl-csv``, ``matrixeqtl`` or ``bed``.
    out
        The folder.

    Returns
    -------
    str
        Lines, without a line end after the last.
    """
    codes = (
        '"A", "B"' if cross.crosstype in ("haploid", "dh", "riself", "risib") else '"A", "H", "B"'
    )
    names = ", ".join(f"{i} is {name}" for i, name in enumerate(cross.genotype_names))
    sentences = {
        "rqtl2": f"Written as cross.yaml and tables to {out}.",
        "rqtl-csv": f'Written as cross.csv to {out}. In R: read.cross("csv", "{out}", '
        f'"cross.csv", genotypes=c({codes}), crosstype="{cross.crosstype}").',
        "matrixeqtl": f"Written as SNP.txt ({names}), GE.txt, snpsloc.txt and what belongs to them "
        f"to {out}.",
        "bed": f"Written to {out}: phenotypes.bed (tensorQTL, FastQTL), phenotypes.qtltools.bed "
        "(QTLtools), genotypes.bed, .bim and .fam (PLINK). FastQTL and QTLtools want the "
        "phenotypes through bgzip and tabix.",
    }
    return sentences[target]


def describe_filled(filled: Filled) -> str:
    """Say how many calls were filled, and how surely.

    Parameters
    ----------
    filled
        From `crossmap.fill`.

    Returns
    -------
    str
        Lines, without a line end after the last.
    """
    n_calls = filled.cross.genotypes.size
    if not filled.n_missing:
        return f"All {n_calls:,} genotype calls were there; nothing was filled."
    text = (
        f"{filled.n_missing:,} of {n_calls:,} genotype calls {_was(filled.n_missing)} missing "
        f"({percent(filled.n_missing / n_calls)}); {filled.n_filled:,} {_was(filled.n_filled)} "
        f"filled, of which {filled.expected_wrong:,.1f} are expected to be wrong and "
        f"{count(filled.n_unsure, 'has', 'have')} a probability below {percent(SURE)}."
    )
    left = filled.n_missing - filled.n_filled
    if left:
        text += f" {count(left, 'stays', 'stay')} missing: nothing there is as "
        text += "probable as was asked for."
    if filled.n_unsure > 0.05 * n_calls:
        text += (
            " So many unsure calls blur the loci: consider an analysis of genotype probabilities "
            "instead."
        )
    return fill(text)


def describe_samples(n_samples: np.ndarray, *, usable: int, n_left_out: int) -> list[str]:
    """Say which traits a search left out, and which it took on samples of their own.

    Parameters
    ----------
    n_samples
        int64 [n_traits]: samples of every trait that was searched.
    usable
        Samples that a trait could have.
    n_left_out
        Traits that were not searched.

    Returns
    -------
    list of str
        Paragraphs; none where all traits have all samples.
    """
    lines = []
    if n_left_out:
        lines.append(f"Left out: {count(n_left_out, 'trait')} with too few values.")
    fewer = n_samples < usable
    if fewer.any():
        lines.append(
            fill(
                f"{count(int(fewer.sum()), 'trait lacks', 'traits lack')} values: "
                f"{'it was' if fewer.sum() == 1 else 'each was'} searched on its own samples "
                f"({n_samples.min()} at the fewest)."
            )
        )
    return lines


def samples_summary(n_samples: np.ndarray, cross: Cross) -> dict[str, object]:
    """Give the numbers of `describe_samples` for summary.json.

    Parameters
    ----------
    n_samples
        int64 [n_traits]: samples of every trait that was searched.
    cross
        The cross.

    Returns
    -------
    dict
        n_traits_left_out (for too few values); where traits were searched on samples of their own
        n_traits_on_own_samples and fewest_samples too.
    """
    numbers: dict[str, object] = {"n_traits_left_out": cross.n_traits - len(n_samples)}
    fewer = int((n_samples < cross.n_samples).sum())
    if fewer:
        numbers |= {"n_traits_on_own_samples": fewer, "fewest_samples": int(n_samples.min())}
    return numbers


def _was(n: int) -> str:
    return "was" if n == 1 else "were"


def describe_means(loci: Loci) -> list[str]:
    """Say that sex and direction of the cross are in models of autosomes too, where they are.

    Parameters
    ----------
    loci
        Those that were searched, several at a time.

    Returns
    -------
    list of str
        A paragraph, or none.
    """
    if isinstance(loci, ProbableLoci) and loci.n_groups > 1 and loci.on_x.any():
        return [fill(MEANS_EVERYWHERE)]
    return []
