"""Sets of genes that are over-represented among the traits of a group, or among genes at loci."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from crossmap.architecture.linkage_table import check_table
from crossmap.arguments import require_whole
from crossmap.cross import Cross
from crossmap.genome import interval_gap_bp
from crossmap.significance.fdr import q_values


@dataclass(frozen=True, eq=False)
class Enrichment:
    """Tests of every gene set in every group.

    Parameters
    ----------
    table
        A row per group and set that share a gene, the smallest p-value first: group, set, n_both,
        n_group, n_set (both within the universe), n_universe, expected, p_value (hypergeometric),
        q_value (Benjamini-Hochberg over all groups and sets tested), genes (those of both, joined
        by commas).
    n_tests
        Groups times sets, those without a common gene included.
    n_unknown
        Genes of the sets that are not in the universe.
    n_known
        Genes of the sets that are.
    """

    table: pd.DataFrame
    n_tests: int
    n_unknown: int
    n_known: int


def enrich(
    groups: Mapping[str, Sequence[str]],
    gene_sets: Mapping[str, Sequence[str]],
    *,
    universe: Sequence[str],
    fewest: int = 2,
) -> Enrichment:
    """Test whether gene sets are over-represented in groups of genes.

    Parameters
    ----------
    groups
        Name -> genes; those outside the universe are left out.
    gene_sets
        Name -> genes, as from `read_gmt`; genes outside the universe are left out and counted.
    universe
        All genes that could have been in a group: every trait analysed.
    fewest
        Sets with fewer genes in the universe are not tested.

    Returns
    -------
    Enrichment

    Raises
    ------
    ArgumentError
        If `fewest` is below 1.

    Notes
    -----
    p = Pr(at least so many in common), the group being a draw without replacement. It takes genes
    for independent draws: neighbours on a chromosome that share a function make genes *at* loci
    look enriched.

    Examples
    --------
    >>> found = enrich({"g": ["a", "b"]}, {"s": ["a", "b", "zz"]}, universe=list("abcdefghij"))
    >>> found.table[["n_both", "p_value"]].round(4).values.tolist(), found.n_unknown
    ([[2.0, 0.0222]], 1)
    """
    from scipy import stats

    require_whole("fewest", fewest, least=1)
    known = set(universe)
    of_sets = {name: known & set(genes) for name, genes in gene_sets.items()}
    listed = {gene for genes in gene_sets.values() for gene in genes}
    tested = {name: genes for name, genes in of_sets.items() if len(genes) >= fewest}
    rows, p_values = [], []
    for group, members in groups.items():
        held = known & set(members)
        for name, genes in tested.items():
            both = held & genes
            p = float(stats.hypergeom.sf(len(both) - 1, len(known), len(genes), len(held)))
            p_values.append(min(max(p, np.finfo(np.float64).tiny), 1.0))
            rows.append(
                (group, name, len(both), len(held), len(genes), len(known),
                 len(held) * len(genes) / len(known), p_values[-1], ",".join(sorted(both)))
            )  # fmt: skip
    names = ["group", "set", "n_both", "n_group", "n_set", "n_universe", "expected", "p_value",
             "genes"]  # fmt: skip
    table = pd.DataFrame(rows, columns=names)
    table.insert(8, "q_value", q_values(np.array(p_values, dtype=np.float64), pi0=1.0))
    table = table[table["n_both"] > 0].sort_values(
        ["p_value", "group", "set"], kind="stable", ignore_index=True
    )
    return Enrichment(table, len(rows), len(listed - known), len(listed & known))


def groups_of_places(
    table: pd.DataFrame, *, name: str, fewest: int = 3
) -> dict[str, tuple[str, ...]]:
    """Make groups for `enrich` of a table with a column ``traits``.

    Parameters
    ----------
    table
        As `PairBins.table` or `shared_places`.
    name
        What the groups are called, before their number in the table (from 1).
    fewest
        Fewest traits of a group.

    Returns
    -------
    dict of str to tuple of str
    """
    held = zip(table["traits"], table["n_traits"], strict=True)
    return {
        f"{name} {number}": tuple(str(traits).split(","))
        for number, (traits, n) in enumerate(held, start=1)
        if n >= fewest
    }


def genes_at(cross: Cross, places: pd.DataFrame, *, window_bp: float = 0.0) -> pd.DataFrame:
    """List the genes that lie at places of the genome.

    Parameters
    ----------
    cross
        It knows the places of its traits' genes.
    places
        Columns chr, start_bp, end_bp (other columns are kept).
    window_bp
        Largest gap between a place and a gene that lies at it.

    Returns
    -------
    pandas.DataFrame
        A row per place and gene, by place: row (number of the place, from 0), gene, gene_chr,
        gene_start_bp, gene_end_bp, gap_bp. Genes without a place are in none.
    """
    places = check_table(places.assign(trait=""))
    genes = cross.trait_table
    starts, stops = genes["start_bp"].to_numpy(), genes["end_bp"].to_numpy()
    by_chr = {name: np.asarray(rows) for name, rows in genes.groupby("chr").indices.items()}
    nowhere = np.empty(0, dtype=np.int64)
    ends = places[["start_bp", "end_bp"]].to_numpy(np.float64)
    found, of, gaps = [nowhere], [nowhere], [np.empty(0)]
    for row, name in enumerate(places["chr"]):
        on = by_chr.get(name, nowhere)
        low, high = ends[row : row + 1].T
        gap = interval_gap_bp(low, high, starts[on], stops[on])
        near = gap <= window_bp
        found.append(on[near])
        of.append(np.full(int(near.sum()), row))
        gaps.append(gap[near])
    at = np.concatenate(found)
    return pd.DataFrame(
        {
            "row": np.concatenate(of),
            "gene": pd.Series(genes["trait"].to_numpy(dtype=object)[at], dtype=object),
            "gene_chr": pd.Series(genes["chr"].to_numpy(dtype=object)[at], dtype=object),
            "gene_start_bp": starts[at],
            "gene_end_bp": stops[at],
            "gap_bp": np.concatenate(gaps),
        }
    )
