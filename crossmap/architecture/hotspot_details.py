"""What a hot spot holds: genes, candidates, and one phenotype made of all its traits."""

import numpy as np
import pandas as pd

from crossmap.architecture.gene_sets import genes_at
from crossmap.architecture.hotspots import Hotspots
from crossmap.architecture.linkage_table import single_locus_table, support_interval
from crossmap.arguments import require_number
from crossmap.cross import Cross, complete_traits
from crossmap.execution import one_blas_thread
from crossmap.genotypes.probable_loci import searchable_loci
from crossmap.linkage.curves import lod_curves
from crossmap.linkage.stages import SearchOptions

FEWEST_TRAITS = 3
"""A principal component of fewer traits is hardly more than one of them."""


def hotspot_genes(
    hotspots: Hotspots, cross: Cross, *, local: pd.DataFrame | None = None
) -> pd.DataFrame:
    """List the genes that lie in hot spots, and name those with a local linkage as candidates.

    Parameters
    ----------
    hotspots
        What `find_hotspots` returned.
    cross
        The cross that was analysed.
    local
        Linkages among which local ones are looked for: columns trait, chr, start_bp, end_bp,
        neglog10_p. None: those of a single-locus scan at p <= 1e-5.

    Returns
    -------
    pandas.DataFrame
        hotspot, gene, chr, start_bp, end_bp (of the gene), candidate (its own expression is linked
        to a locus at the gene, so that the hot spot may act through it), neglog10_p (of that
        linkage; NaN without). No rows where bins are in cM, since genes have their places in bp.

    Raises
    ------
    DataError
        If the cross has three genotypes or missing calls.
    """
    from crossmap.architecture.local import classify_linkages

    regions = hotspots.regions()
    columns = ["hotspot", "gene", "chr", "start_bp", "end_bp", "candidate", "neglog10_p"]
    if hotspots.unit == "cm":
        return pd.DataFrame({name: pd.Series(dtype=object) for name in columns})
    found = genes_at(cross, regions[["chr", "start_bp", "end_bp"]])
    linkages = single_locus_table(cross, loci=hotspots.loci) if local is None else local
    classes = classify_linkages(cross, linkages, local_window_bp=hotspots.local_window_bp).table
    own = classes[classes["by_window"] == "local"].groupby("trait")["neglog10_p"].max()
    table = pd.DataFrame(
        {
            "hotspot": regions["hotspot"].to_numpy()[found["row"].to_numpy(dtype=np.int64)],
            "gene": found["gene"].to_numpy(dtype=object),
            "chr": found["gene_chr"].to_numpy(dtype=object),
            "start_bp": found["gene_start_bp"].to_numpy(dtype=np.float64),
            "end_bp": found["gene_end_bp"].to_numpy(dtype=np.float64),
        }
    )
    strength = own.reindex(table["gene"]).to_numpy(dtype=np.float64)
    return table.assign(candidate=~np.isnan(strength), neglog10_p=strength)


def hotspot_component(
    hotspots: Hotspots, cross: Cross, *, drop: float = 1.5, fewest: int = FEWEST_TRAITS
) -> pd.DataFrame:
    """Combine the traits of every hot spot into one phenotype and map it again.

    Parameters
    ----------
    hotspots
        What `find_hotspots` returned.
    cross
        The cross that was analysed.
    drop
        LOD drop of the support intervals.
    fewest
        Hot spots of fewer traits are left out.

    Returns
    -------
    pandas.DataFrame
        A row per hot spot: hotspot, chr, n_traits, share (of their variance in the first principal
        component), lod (of the component at its best locus on the chromosome), locus, start_bp,
        end_bp (support interval), width_bp, median_width_bp (of the traits' own intervals on the
        chromosome), n_genes and median_n_genes (genes in these intervals), in_hotspot (the interval
        touches the hot spot; None where they differ in units). On a map without bp in cM.

    Raises
    ------
    ArgumentError
        If `drop` is below 0.
    DataError
        If the cross has three genotypes or missing calls.

    Notes
    -----
    Traits are standardised; the component is that of the largest singular value. Its LOD is
    inflated, since its traits were chosen for their linkage here; the place of its peak is not.
    An interval that the traits' common noise narrows too much is possible: where one of many
    traits has a second locus nearby, look at the traits themselves.

    References
    ----------
    Jiang & Zeng (1995) Genetics 140:1111 (joint mapping of several traits is sharper); Mangin,
    Thoquet & Grimsley (1998) Biometrics 54:88 (principal components).
    """
    require_number("drop", drop, least=0.0)
    loci = searchable_loci(cross) if hotspots.loci is None else hotspots.loci
    names, values = complete_traits(cross)
    unit = loci.unit
    row_of = {name: i for i, name in enumerate(names["trait"])}
    members = hotspots.members()
    rows = []
    for region in hotspots.regions().itertuples():
        traits = members["trait"][members["hotspot"] == region.hotspot].unique()
        of = np.array([row_of[name] for name in traits if name in row_of], dtype=np.int64)
        if len(of) < fewest:
            continue
        y = values[of] - values[of].mean(axis=1, keepdims=True)
        y /= np.sqrt((y**2).sum(axis=1, keepdims=True))
        with one_blas_thread():  # the same bytes however many threads BLAS would take
            _, size, component = np.linalg.svd(y, full_matrices=False)
        both = np.vstack([component[:1], y])
        none_yet = np.empty((len(both), 0), dtype=np.int64)
        lod = lod_curves(both, loci, none_yet, options=SearchOptions(min_cell=1))
        on = np.flatnonzero(loci.chr == region.chr)
        best = on[np.nanargmax(lod[:, on], axis=1)]
        interval = support_interval(lod, loci, best, drop=drop)
        width = interval[:, 1] - interval[:, 0]
        places = pd.DataFrame(
            {"chr": region.chr, "start_bp": interval[:, 0], "end_bp": interval[:, 1]}
        )
        held = genes_at(cross, places if unit == "bp" else places[:0])
        n_genes = np.bincount(held["row"].to_numpy(dtype=np.int64), minlength=len(both))
        low, high = interval[0]
        start, end = (getattr(region, f"{side}_{hotspots.unit}") for side in ("start", "end"))
        touches = bool(low <= end and high >= start) if unit == hotspots.unit else None
        rows.append(
            (region.hotspot, region.chr, len(of), size[0] ** 2 / (size**2).sum(),
             lod[0, best[0]], loci.names[best[0]], low, high, width[0],
             float(np.median(width[1:])), int(n_genes[0]), float(np.median(n_genes[1:])),
             touches)
        )  # fmt: skip
    columns = [
        "hotspot", "chr", "n_traits", "share", "lod", "locus", f"start_{unit}", f"end_{unit}",
        f"width_{unit}", f"median_width_{unit}", "n_genes", "median_n_genes", "in_hotspot",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)
