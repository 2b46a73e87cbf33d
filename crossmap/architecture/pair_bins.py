"""Pairs of bins of the genome to which several traits are jointly linked, and what chance gives."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from crossmap.architecture.bins import GenomeBins, genome_bins
from crossmap.architecture.linkage_table import check_table
from crossmap.arguments import require_whole
from crossmap.cross import Cross

FEWEST = 3


@dataclass(frozen=True, eq=False)
class PairBins:
    """Traits by the pair of bins that holds their first two loci.

    Parameters
    ----------
    table
        A row per pair of bins with a trait, the fullest first: n_traits, chr1, start1_bp, end1_bp,
        chr2, start2_bp, end2_bp (in map order; _cm of bins in cM), traits (names joined by commas).
    n_linked
        Traits with two loci.
    n_shared
        Pairs of bins with `fewest` traits or more.
    chance
        Two null hypotheses: null (``uniform``: every locus anywhere on the genome; ``shuffled``:
        the secondary loci dealt out anew among the traits, so that hot spots stay), mean, lo and
        hi (2.5% and 97.5%) of the number of pairs of bins with `fewest` traits or more, p_value
        of `n_shared`, (1 + #)/(1 + n_simulated).
    bin_bp, fewest, n_simulated, seed
        As asked for; `bin_bp` is NaN for bins in cM.
    bin_cm
        Length of bins in cM; None for bins in bp.
    """

    table: pd.DataFrame
    n_linked: int
    n_shared: int
    chance: pd.DataFrame
    bin_bp: float
    fewest: int
    n_simulated: int
    seed: int
    bin_cm: float | None = None

    @property
    def bin_name(self) -> str:
        """Length of a bin in words."""
        return f"{self.bin_bp / 1000:g} kb" if self.bin_cm is None else f"{self.bin_cm:g} cM"

    def shared(self) -> pd.DataFrame:
        """Rows of `table` with `fewest` traits or more."""
        return self.table[self.table["n_traits"] >= self.fewest].reset_index(drop=True)


def pairwise_bins(
    cross: Cross,
    linkages: pd.DataFrame,
    *,
    bin_bp: float = 50_000.0,
    bin_cm: float | None = None,
    fewest: int = FEWEST,
    n_simulated: int = 1000,
    seed: int = 1,
) -> PairBins:
    """Count traits by the pair of bins that holds their first two loci.

    Parameters
    ----------
    cross
        It has the map.
    linkages
        Columns trait, number, chr, start_bp, end_bp (or start_cm, end_cm), as from `linkage_table`;
        a locus lies in the bin of its middle. Traits with fewer than two loci are left out.
    bin_bp
        Length of a bin.
    bin_cm
        Length of a bin in cM, instead, for a table in cM.
    fewest
        Traits that make a pair of bins shared.
    n_simulated
        Simulations of either null hypothesis.
    seed
        Of the simulations.

    Returns
    -------
    PairBins

    Raises
    ------
    ArgumentError
        If an option is out of range or a column is missing.
    DataError
        If the map lacks positions in the unit of the bins.

    References
    ----------
    Storey, Akey & Kruglyak (2005) PLoS Biol 3:e267, figure 3 (bins of 550 and of 50 kb).

    Examples
    --------
    >>> from crossmap import simulate_cross
    >>> cross = simulate_cross(n_samples=9, n_traits=1).cross
    >>> place = {"chr": ["1", "2"] * 3, "start_bp": [4e4, 1e5] * 3, "end_bp": [4e4, 1.1e5] * 3}
    >>> linkages = pd.DataFrame({"trait": list("aabbcc"), "number": [1, 2] * 3, **place})
    >>> pairwise_bins(cross, linkages).table[["n_traits", "start2_bp", "traits"]].values.tolist()
    [[3, 100000.0, 'a,b,c']]
    """
    require_whole("fewest", fewest, least=1)
    require_whole("n_simulated", n_simulated, least=1)
    require_whole("seed", seed, least=0)
    bins = genome_bins(cross, bin_bp=bin_bp, bin_cm=bin_cm)
    table = check_table(linkages, "number", f"start_{bins.unit}")
    names, first, second = _two_loci(table, bins)
    low, high = np.minimum(first, second), np.maximum(first, second)
    pairs, of = np.unique(low * len(bins) + high, return_inverse=True)
    n_traits = np.bincount(of, minlength=len(pairs))
    order = np.lexsort((pairs, -n_traits))
    a, b = np.divmod(pairs[order], len(bins))
    columns: dict[str, object] = {"n_traits": n_traits[order]}
    for k, rows in ((1, a), (2, b)):
        columns[f"chr{k}"] = pd.Series(bins.chr[rows], dtype=object)
        columns[f"start{k}_{bins.unit}"] = bins.start[rows]
        columns[f"end{k}_{bins.unit}"] = bins.end[rows]
    columns["traits"] = pd.Series([",".join(names[of == i]) for i in order], dtype=object)
    n_shared = int((n_traits >= fewest).sum())
    chance = _chance(bins, first, second, n_shared, fewest, n_simulated, seed)
    return PairBins(
        pd.DataFrame(columns), len(names), n_shared, chance,
        float(bin_bp) if bin_cm is None else float("nan"), fewest, n_simulated, seed, bin_cm,
    )  # fmt: skip


def _two_loci(table: pd.DataFrame, bins: GenomeBins) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Traits with two loci in bins, and the bins of the first and of the second."""
    ends = table[[f"start_{bins.unit}", f"end_{bins.unit}"]].to_numpy(np.float64)
    middle = ends.mean(axis=1)
    table = table.assign(bin=bins.of(table["chr"].to_numpy(dtype=object), middle))
    wide = table[table["number"] <= 2].pivot(index="trait", columns="number", values="bin")
    wide = wide.reindex(columns=[1, 2]).dropna()
    wide = wide[(wide >= 0).all(axis=1)].astype(np.int64)
    return wide.index.to_numpy(dtype=object), np.array(wide[1]), np.array(wide[2])


def _chance(
    bins: GenomeBins,
    first: np.ndarray,
    second: np.ndarray,
    n_shared: int,
    fewest: int,
    n_simulated: int,
    seed: int,
) -> pd.DataFrame:
    rng = np.random.default_rng([seed, 4])
    edges = np.cumsum(bins.share)
    edges[-1] = 1.0
    found = np.zeros((2, n_simulated), dtype=np.int64)
    for s in range(n_simulated):
        places = np.searchsorted(edges, rng.random((2, len(first))), side="right")
        dealt = np.stack([first, rng.permutation(second)])
        for null, (a, b) in enumerate((places, dealt)):
            pairs = np.minimum(a, b) * len(bins) + np.maximum(a, b)
            found[null, s] = (np.unique(pairs, return_counts=True)[1] >= fewest).sum()
    return pd.DataFrame(
        {
            "null": pd.Series(["uniform", "shuffled"], dtype=object),
            "mean": found.mean(axis=1),
            "lo": np.quantile(found, 0.025, axis=1),
            "hi": np.quantile(found, 0.975, axis=1),
            "p_value": (1 + (found >= n_shared).sum(axis=1)) / (1 + n_simulated),
        }
    )
