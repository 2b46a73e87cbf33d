"""What each picture of a results folder shows, in plain sentences."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from crossmap.report.words import fill


class Caption(NamedTuple):
    """Words for a picture.

    Parameters
    ----------
    title
        A few words.
    text
        What is drawn, and what to look for.
    """

    title: str
    text: str


CAPTIONS: Mapping[str, Caption] = MappingProxyType(
    {
        "pairs": Caption(
            "Where the pairs are",
            "Each point is a called trait: across is the place of its first locus, up that of its "
            "second. On the diagonal both are at one place. Diamonds are pairs of places that "
            "several traits share: one pair of genes may act on all of them. The number beside it "
            "is that of the traits at this diamond; others may name the two loci in the other "
            "order, across the diagonal.",
        ),
        "curves": Caption(
            "Linkage along the genome",
            "LOD of every locus for the surest traits: the solid line when the first locus is "
            "sought, the broken line when the next one is sought and the first is allowed for. "
            "Triangles mark the loci chosen. A high, narrow peak places a locus well. A line has "
            "gaps where no locus was eligible, as near the locus found before.",
        ),
        "cells": Caption(
            "Trait values by genotype",
            "Every sample by its genotypes at the loci (the most probable ones where calls are "
            "missing), below how many there are; bars are means with standard errors. Of two loci: "
            "if the second shifts all genotypes of the first by the same amount, effects add up; "
            "if not, the loci interact (epistasis).",
        ),
        "densities": Caption(
            "Data and chance",
            "Above, the statistic of each trait's best locus (line) and the same after the values "
            "were permuted (grey), which is what chance gives. Where the line rises over the grey, "
            "traits are linked; the broken line is what linked loci alone would show. Below, the "
            "probability of linkage that follows.",
        ),
        "fdr": Caption(
            "How many traits, at which error",
            "Traits called as more false claims are tolerated. The point marks the rate that was "
            "asked for. A curve that is steep there says that a little more or less tolerance "
            "changes the list much.",
        ),
        "convergence": Caption(
            "Are the permutations enough?",
            "Traits called with a part of the permutations; each circle is a set of them that "
            "shares none with the others of its size, the line their mean. Where circles of one "
            "size lie close together, as many permutations settle the number called.",
        ),
        "map": Caption(
            "Local and distant linkages",
            "Across is the place of the marker, up that of the trait's own gene. Linkages on the "
            "diagonal (crosses) are local: variation at the gene itself. Vertical lines of points "
            "are hot spots: one place that acts on many traits. Where no gene has a place, traits "
            "stand in the order of the file.",
        ),
        "p_values": Caption(
            "p-values of all tests",
            "Without linkage the p-values would lie along the line of chance; small ones in "
            "excess are linkages. A departure everywhere, not only among the small ones, warns of "
            "correlated samples or values that do not suit the test.",
        ),
        "called": Caption(
            "Traits by their best pair",
            "Traits whose best pair of loci has at most this p-value, for linkage and for "
            "epistasis. The straight line is what chance alone would give: what stands above it "
            "is found.",
        ),
        "searches": Caption(
            "Which search finds more",
            "Traits called by each search against the p-value and the false discovery rate. At the "
            "same rate the higher line is the more powerful search. The panel on the right counts "
            "only claims that both loci are linked; the naive two stages do not keep the rate that "
            "they name, so that a high line of theirs says nothing.",
        ),
        "explain": Caption(
            "The calculation at one glance",
            "Above, LOD at both steps with the level that chance exceeds anywhere in the genome in "
            "5% of permutations. In the middle, the largest F of each permutation (the smallest p, "
            "where loci differ in degrees of freedom) and, as a line, that of the trait: far to "
            "the right of the grey, it is no chance. Below, the values by genotype. A line of LOD "
            "has gaps where no locus was eligible, as near the locus found before.",
        ),
        "hotspots": Caption(
            "Hot spots",
            "Traits linked to each stretch of the genome. Numbered bars reach "
            "both lines of chance: more traits are linked there than scatter explains.",
        ),
        "pair_bins": Caption(
            "Pairs of bins",
            "Both loci of each called trait, counted by pairs of stretches of the genome; numbers "
            "stand where several traits share a pair, as far as there is room for them.",
        ),
        "windows": Caption(
            "How near is local",
            "Linkages that count as local, by how far locus and gene may be apart, and how many "
            "distant ones chance would put so near. Where the first line flattens, a wider window "
            "adds chance alone.",
        ),
        "effects": Caption(
            "Effects, raw and corrected",
            "Share of variance that each called locus seems to explain, and what is left once the "
            "luck of being selected is taken out. Points below the diagonal were overestimated.",
        ),
        "heritability": Caption(
            "How much is inherited",
            "How many traits have which share of their variance from genes, told from replicates; "
            "below 0 it is by chance. Beside it the least, a middling and the most inherited "
            "trait: the values of the segregants and of each parent's replicates.",
        ),
        "peaks": Caption(
            "Peaks and their intervals",
            "LOD along the genome for the surest traits, the level that chance seldom exceeds, and "
            "for every peak above it the stretch in which its locus probably lies.",
        ),
        "conditions": Caption(
            "Effects by condition",
            "Effect of every locus in one condition against that in another, in standard "
            "deviations of its trait. On the broken line conditions share the effect; on an axis "
            "only one has it; above left and below right the alleles change places.",
        ),
        "beta": Caption(
            "Small p-values by approximation",
            "p-values counted among the permutations against those of the beta distribution fitted "
            "to them. Points on the diagonal say that the approximation holds. Triangles are "
            "traits that no permutation reached: for them the count is only a bound.",
        ),
        "check": Caption(
            "Quality at one glance",
            "Above, the share of each genotype along the genome: points far outside of the bands "
            "depart from what the cross type gives. Below, crossovers of the samples and how many "
            "are due by the map (one with far more is badly typed, or another's); how well each "
            "sample agrees with the one most like it; and the share of missing calls.",
        ),
        "genotypes": Caption(
            "Genotypes and map",
            "Every sample is a row, every marker a column; one colour runs until a crossover. "
            "Single specks are calls that are probably wrong, empty stretches are missing. Below, "
            "where the markers are.",
        ),
        "score": Caption(
            "Claims against the truth",
            "On the left, the share of claims that are false against the rate at which they were "
            "made: on the line it is what was promised, above it more. Circles ask for the place, "
            "crosses for the chromosome alone. On the right, how far claimed loci lie from the "
            "true ones; those farther than counts as near are false, and so are those with none on "
            "their chromosome that no better claim has taken.",
        ),
        "surface": Caption(
            "All pairs of loci for one trait",
            "Above the diagonal LOD of the interaction, below it that of the full model (or what "
            "--upper and --lower ask for; the colour bars say it). Each triangle has its own "
            "scale; with permutations the line in its bar is what chance exceeds anywhere in the "
            "genome in 5% of them. A dark spot below and a light "
            "one above: two loci whose effects add up; dark in both: their effects depend on each "
            "other. A dark cross below is one strong locus. Circles mark the pairs named in the "
            "text. White, as on the diagonal, is where no pair was eligible.",
        ),
    }
)


def caption_of(stem: str) -> Caption:
    """Find the words for a picture.

    Parameters
    ----------
    stem
        Its file name without the ending; ``surface_NAME`` is a surface.

    Returns
    -------
    Caption
        The file name and no text for a picture that is not known.
    """
    for name in (stem, stem.split("_")[0]):
        if name in CAPTIONS:
            return CAPTIONS[name]
    return Caption(stem, "")


def in_order(stems: Iterable[str]) -> list[str]:
    """Put pictures into the order in which they are best looked at.

    Parameters
    ----------
    stems
        File names without their ending.

    Returns
    -------
    list of str
    """
    known = list(CAPTIONS)
    titles = {caption.title: i for i, caption in enumerate(CAPTIONS.values())}
    return sorted(stems, key=lambda s: (titles.get(caption_of(s).title, len(known)), s))


def describe_pictures(stems: Iterable[str]) -> str:
    """Say of every picture what it shows.

    Parameters
    ----------
    stems
        File names without their ending.

    Returns
    -------
    str
        A paragraph for each, without a line end after the last.
    """
    return "\n".join(fill(f"{stem}.png: {caption_of(stem).text}") for stem in in_order(stems))
