"""The tables of a joint-linkage analysis."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from crossmap.architecture.located import LocatedLoci
from crossmap.architecture.shared import shared_places
from crossmap.cross import Cross
from crossmap.linkage.curves import lod_curves
from crossmap.linkage.search_traits import search_traits
from crossmap.plots.densities import density_table
from crossmap.significance.joint import JointLinkage

MOST_CURVES = 1000
"""Called traits, the most probable first, whose curves are kept: some 20 MB on yeast."""


@dataclass(frozen=True, eq=False)
class JointTables:
    """Every table that `write_joint` writes; pictures and text are made from them.

    Parameters
    ----------
    joint
        `JointLinkage.to_frame`.
    called
        `JointLinkage.called`, and beside each trait what `locate_loci` says of it.
    loci
        `Loci.to_frame`.
    shared
        `shared_places` of the called traits.
    densities
        `density_table`.
    rules
        `JointLinkage.other_rules`.
    n_linked_loci
        trait, n_loci: loci to name if their number is not known, each trait with at least
        probability 1 - fdr.
    curves
        LOD along all distinct loci at each stage, for the `MOST_CURVES` best called traits: trait,
        stage (from 1), locus, chr, pos_bp (pos_cm too where the map has cM), lod (NaN where the
        locus was not eligible).
    called_data
        Values and genotypes at the chosen loci of the called traits, on the samples that each was
        searched on: trait, sample, value, with covariates residual (what they left of it),
        genotype1 .. genotypeL (genotype names, None where no locus was chosen).
    """

    joint: pd.DataFrame
    called: pd.DataFrame
    loci: pd.DataFrame
    shared: pd.DataFrame
    densities: pd.DataFrame
    rules: pd.DataFrame
    n_linked_loci: pd.DataFrame
    curves: pd.DataFrame
    called_data: pd.DataFrame


def joint_tables(
    joint: JointLinkage, cross: Cross, located: LocatedLoci, *, fdr: float
) -> JointTables:
    """Make the tables of an analysis.

    Parameters
    ----------
    joint
        A finished analysis.
    cross
        The cross that was analysed.
    located
        `locate_loci` at the same rate.
    fdr
        Joint-linkage false discovery rate at which traits are called.

    Returns
    -------
    JointTables
    """
    called = joint.called(fdr)
    names = called["trait"].tolist()
    searched = {name: i for i, name in enumerate(joint.search.traits)}
    rows = np.array([searched[name] for name in names], dtype=np.int64)
    values = search_traits(cross, joint.covariates).values[rows]
    loci = joint.search.loci
    return JointTables(
        joint=joint.to_frame(),
        called=called.merge(located.table, on="trait", how="left", validate="1:1"),
        loci=loci.to_frame(),
        shared=shared_places(called, chromosomes=cross.chromosomes),
        densities=density_table(joint),
        rules=joint.other_rules(),
        n_linked_loci=pd.DataFrame(
            {
                "trait": pd.Series(joint.search.traits, dtype=object),
                "n_loci": joint.n_linked_loci(max(1.0 - fdr, 1e-12)),
            }
        ),
        curves=_curve_table(joint, values[:MOST_CURVES], rows[:MOST_CURVES]),
        called_data=_data_table(joint, cross, values, rows),
    )


def _curve_table(joint: JointLinkage, values: np.ndarray, rows: np.ndarray) -> pd.DataFrame:
    loci = joint.search.loci
    chosen = joint.search.locus[rows]
    n, n_stages, n_loci = len(rows), joint.n_loci, len(loci)
    lod = np.empty((n, n_stages, n_loci))
    for stage in range(n_stages):
        lod[:, stage] = lod_curves(values, loci, chosen[:, :stage], options=joint.search.options)
    # Names as numbers into a list of them: a million strings would cost more than all the rest.
    locus = np.tile(np.arange(n_loci), n * n_stages)
    traits = np.array(joint.search.traits, dtype=object)[rows]
    columns: dict[str, object] = {
        "trait": pd.Categorical.from_codes(
            np.repeat(np.arange(n), n_stages * n_loci), categories=pd.Index(traits, dtype=object)
        ),
        "stage": np.tile(np.repeat(np.arange(1, n_stages + 1), n_loci), n),
        "locus": pd.Categorical.from_codes(locus, categories=pd.Index(loci.names, dtype=object)),
        "chr": pd.Categorical(loci.chr[locus], categories=list(dict.fromkeys(loci.chr))),
    }
    for unit, start in (("bp", loci.start_bp), ("cm", loci.start_cm)):
        if not np.isnan(start).all():
            columns[f"pos_{unit}"] = start[locus]
    columns["lod"] = lod.reshape(-1)
    return pd.DataFrame(columns)


def _data_table(
    joint: JointLinkage, cross: Cross, values: np.ndarray, rows: np.ndarray
) -> pd.DataFrame:
    row, sample = np.nonzero(joint.search.is_used[rows])
    traits = np.array(joint.search.traits, dtype=object)[rows]
    in_cross = {name: i for i, name in enumerate(cross.trait_names)}
    raw = cross.traits[[in_cross[name] for name in traits]]
    columns: dict[str, object] = {
        "trait": pd.Series(traits[row], dtype=object),
        "sample": pd.Series(np.array(cross.samples, dtype=object)[sample], dtype=object),
        "value": raw[row, sample],
    }
    if joint.covariates:
        columns["residual"] = values[row, sample]
    names = pd.Index(cross.genotype_names, dtype=object)
    for number, chosen in enumerate(joint.search.locus[rows].T, start=1):
        classes = np.where(chosen[:, None] >= 0, joint.search.loci.genotypes[chosen], -1)
        columns[f"genotype{number}"] = pd.Categorical.from_codes(
            classes[row, sample], categories=names
        )
    return pd.DataFrame(columns)
