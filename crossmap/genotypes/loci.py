"""Distinct loci of a cross, and their recombination coding."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self, get_args

import numpy as np
import pandas as pd

from crossmap.cross import Cross
from crossmap.errors import ArgumentError, DataError
from crossmap.genome import Unit


@dataclass(frozen=True, eq=False)
class RecombinationCoding:
    """Genotypes of loci in map order as the samples that change from one locus to the next.

    Parameters
    ----------
    restart
        bool [n_loci]: sums start afresh at this locus (the first of a chromosome).
    offset
        int64 [n_loci + 1]: the changes at locus j stand at offset[j]:offset[j + 1].
    sample
        int64 [n_changes]: which sample changes.
    sign
        float64 [n_changes]: +1 where it enters class 1, -1 where it leaves it.
    code
        uint8 [n_loci, n_samples]: the coded genotypes. The labels of the two classes are chosen
        per locus so that few samples change; statistics do not depend on them.

    Notes
    -----
    A sum S(j) = sum_k y_k x_jk over the samples of class 1 needs no matrix product:
    S(j) = S(j-1) + sum of sign * y over the changes at j.
    """

    restart: np.ndarray
    offset: np.ndarray
    sample: np.ndarray
    sign: np.ndarray
    code: np.ndarray

    def on(self, samples: np.ndarray) -> "RecombinationCoding":
        """The same coding of some samples, in ascending order."""
        number = np.full(self.code.shape[1], -1, dtype=np.int64)
        number[samples] = np.arange(len(samples))
        sample = number[self.sample]
        is_kept = sample >= 0
        before = np.concatenate([[0], np.cumsum(is_kept)])
        return RecombinationCoding(
            restart=self.restart,
            offset=before[self.offset],
            sample=sample[is_kept],
            sign=self.sign[is_kept],
            code=np.ascontiguousarray(self.code[:, samples]),
        )

    @property
    def longest_run(self) -> int:
        """Largest number of additions between two restarts; bounds the rounding of a search."""
        starts = np.flatnonzero(self.restart)
        edges = np.append(self.offset[starts], self.offset[-1])
        return int(np.diff(edges).max(initial=1))


@dataclass(frozen=True, eq=False)
class Loci:
    """Distinct loci: classes of markers of one chromosome that no sample tells apart.

    Parameters
    ----------
    names
        Name of the first member marker of each locus.
    chr
        object [n_loci]: chromosome names.
    chr_index
        int64 [n_loci]: chromosomes numbered in map order.
    start_bp, end_bp, start_cm, end_cm
        float64 [n_loci]: first and last member; NaN where the map has no such unit. Other loci
        may lie inside.
    genotypes
        int8 [n_loci, n_samples]: calls of the first member, 0 or 1.
    locus_of_marker
        int64 [n_markers]: locus of each marker of the cross; -1 for a marker without variation.

    References
    ----------
    Storey, Akey & Kruglyak (2005) PLoS Biol 3:e267, Materials and Methods.
    """

    names: tuple[str, ...]
    chr: np.ndarray
    chr_index: np.ndarray
    start_bp: np.ndarray
    end_bp: np.ndarray
    start_cm: np.ndarray
    end_cm: np.ndarray
    genotypes: np.ndarray
    locus_of_marker: np.ndarray

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def dosage(self) -> np.ndarray:
        """Number of alleles of each sample at each locus: float64 [n_loci, n_samples]."""
        return self.genotypes.astype(np.float64)

    @cached_property
    def coding(self) -> RecombinationCoding:
        """Recombination coding of the loci; made once."""
        return recombination_coding(self.genotypes, self.chr_index)

    @property
    def unit(self) -> Unit:
        """Of places on the map: base pairs where every locus has them, else centimorgans."""
        return "cm" if np.isnan(self.start_bp + self.end_bp).any() else "bp"

    @property
    def units(self) -> tuple[Unit, ...]:
        """Those in which the map has places: tables have columns of these alone."""
        return tuple(u for u in get_args(Unit) if not np.isnan(getattr(self, f"start_{u}")).all())

    def members(self, locus: int) -> np.ndarray:
        """Rows (of the marker table) of the markers of one locus, in map order."""
        return np.flatnonzero(self.locus_of_marker == locus)

    def to_frame(self) -> pd.DataFrame:
        """Say where they are, one row per locus.

        Returns
        -------
        pandas.DataFrame
            locus, chr, start_bp, end_bp (where the map has base pairs), start_cm, end_cm (where it
            has cM), n_markers.
        """
        counts = np.bincount(self.locus_of_marker[self.locus_of_marker >= 0], minlength=len(self))
        return pd.DataFrame(
            {
                "locus": pd.Series(self.names, dtype=object),
                "chr": pd.Series(self.chr, dtype=object),
                **{f"{end}_{unit}": getattr(self, f"{end}_{unit}")
                   for unit in self.units for end in ("start", "end")},
                "n_markers": counts,
            }
        )  # fmt: skip

    def on(self, samples: np.ndarray) -> "Loci":
        """The same loci of some samples; they may no longer differ from each other, or vary."""
        part = replace(self, genotypes=np.ascontiguousarray(self.genotypes[:, samples]))
        # A tenth of the time that making it anew takes: traits may each have samples of their own.
        vars(part)["coding"] = self.coding.on(samples)
        return part

    def take(self, rows: Sequence[int] | np.ndarray) -> Self:
        """The named rows, in ascending order; markers of the others belong to no locus."""
        return replace(self, **self._of_rows(np.unique(np.asarray(rows, dtype=np.int64))))

    def _of_rows(self, keep: np.ndarray) -> dict[str, Any]:
        """Of every field that has a value for each locus those of some rows, ascending."""
        renumber = np.full(len(self) + 1, -1, dtype=np.int64)
        renumber[keep] = np.arange(len(keep))
        names = ("chr", "chr_index", "start_bp", "end_bp", "start_cm", "end_cm")
        return {
            **{name: getattr(self, name)[keep] for name in names},
            "names": tuple(self.names[i] for i in keep),
            "genotypes": np.ascontiguousarray(self.genotypes[keep]),
            "locus_of_marker": renumber[self.locus_of_marker],  # -1 reads the last entry, -1
        }


def distinct_loci(cross: Cross) -> Loci:
    """Gather the markers of each chromosome that have equal or complementary genotype patterns.

    Parameters
    ----------
    cross
        A cross with two genotypes per locus and complete calls.

    Returns
    -------
    Loci
        In map order of their first members. Markers without variation belong to no locus;
        patterns on different chromosomes are never merged.

    Raises
    ------
    DataError
        If calls are missing, the cross has three genotypes, or no marker varies.

    References
    ----------
    Storey, Akey & Kruglyak (2005) PLoS Biol 3:e267: 1,226 such loci among their markers.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from crossmap.cross import make_cross
    >>> cross = make_cross(
    ...     crosstype="haploid", genotype_names="AB", samples=["s1", "s2", "s3"],
    ...     markers=pd.DataFrame({"marker": ["m1", "m2", "m3"], "chr": "1",
    ...                           "pos_bp": [1.0, 2.0, 3.0]}),
    ...     genotypes=np.array([[0, 1, 1], [1, 0, 0], [0, 0, 1]]), trait_names=[],
    ...     traits=np.empty((0, 3)))
    >>> distinct_loci(cross).to_frame()[["locus", "end_bp", "n_markers"]].values.tolist()
    [['m1', 2.0, 2], ['m3', 3.0, 1]]
    """
    require_complete_two_class(cross)
    calls = cross.genotypes
    varies = (calls != calls[:, :1]).any(axis=1)
    if not varies.any():
        msg = "genotypes: expected at least one marker with both genotypes, found none"
        raise DataError(msg)
    chromosome = pd.factorize(cross.markers["chr"])[0]
    # Equal or complementary patterns agree once the first sample's call is made 0.
    packed = np.packbits(calls ^ calls[:, :1], axis=1)
    locus_of_marker = np.full(cross.n_markers, -1, dtype=np.int64)
    seen: dict[tuple[int, bytes], int] = {}
    for row in np.flatnonzero(varies):
        key = (int(chromosome[row]), packed[row].tobytes())
        locus_of_marker[row] = seen.setdefault(key, len(seen))
    rows = np.flatnonzero(locus_of_marker >= 0)
    _, first = np.unique(locus_of_marker[rows], return_index=True)
    _, last = np.unique(locus_of_marker[rows][::-1], return_index=True)
    first_row, last_row = rows[first], rows[::-1][last]
    table = cross.markers
    return Loci(
        names=tuple(table["marker"].to_numpy(dtype=object)[first_row]),
        chr=table["chr"].to_numpy(dtype=object)[first_row],
        chr_index=chromosome[first_row].astype(np.int64),
        start_bp=table["pos_bp"].to_numpy()[first_row],
        end_bp=table["pos_bp"].to_numpy()[last_row],
        start_cm=table["pos_cm"].to_numpy()[first_row],
        end_cm=table["pos_cm"].to_numpy()[last_row],
        genotypes=np.ascontiguousarray(calls[first_row]),
        locus_of_marker=locus_of_marker,
    )


def require_complete_two_class(cross: Cross) -> None:
    """Refuse what the analyses cannot use yet.

    Parameters
    ----------
    cross
        Any cross.

    Raises
    ------
    DataError
        If genotype calls are missing (with their count), or the cross has three genotypes.
    """
    if cross.n_genotypes != 2:
        msg = (
            f"crosstype {cross.crosstype}: expected a cross with two genotypes per locus "
            f"(haploid, dh, riself, risib, bc), found {cross.n_genotypes} "
            "(searches and what follows from them take it with genotype_probabilities)"
        )
        raise DataError(msg)
    missing = int((cross.genotypes < 0).sum())
    if missing:
        row, column = np.argwhere(cross.genotypes < 0)[0]
        msg = (
            f"genotypes: expected complete calls, found {missing} missing of "
            f"{cross.genotypes.size} (the first: marker {cross.markers['marker'][row]}, "
            f"sample {cross.samples[column]}); fill them (crossmap fill), or analyse their "
            "probabilities (genotype_probabilities)"
        )
        raise DataError(msg)


def thin(loci: Loci, n_loci: int) -> Loci:
    """Keep K = `n_loci` loci evenly in map order: rows floor(k m / K) of m.

    Parameters
    ----------
    loci
        Loci in map order.
    n_loci
        How many to keep, 1 to ``len(loci)``.

    Returns
    -------
    Loci

    Raises
    ------
    ArgumentError
        If `n_loci` is out of range.
    """
    is_whole = isinstance(n_loci, int | np.integer) and not isinstance(n_loci, bool)
    if not is_whole or not 1 <= n_loci <= len(loci):
        msg = f"n_grid: expected 1 to {len(loci)} distinct loci, found {n_loci!r}"
        raise ArgumentError(msg)
    return loci.take(np.arange(n_loci) * len(loci) // n_loci)


def recombination_coding(genotypes: np.ndarray, chr_index: np.ndarray) -> RecombinationCoding:
    """Code loci by the samples that change between neighbours.

    Parameters
    ----------
    genotypes
        int8 [n_loci, n_samples], 0 or 1, in map order.
    chr_index
        int64 [n_loci], ascending.

    Returns
    -------
    RecombinationCoding
    """
    n_loci, n_samples = genotypes.shape
    restart = np.ones(n_loci, dtype=np.bool_)
    restart[1:] = np.diff(chr_index) != 0
    # Differences do not depend on labels; swap a locus's labels where most samples would change.
    differs = np.zeros((n_loci, n_samples), dtype=np.bool_)
    differs[1:] = genotypes[1:] != genotypes[:-1]
    differs[restart] = genotypes[restart] == 1
    differs ^= differs.sum(axis=1, keepdims=True) * 2 > n_samples
    code = np.empty((n_loci, n_samples), dtype=np.uint8)
    for start, stop in zip(
        np.flatnonzero(restart), np.append(np.flatnonzero(restart)[1:], n_loci), strict=True
    ):
        code[start:stop] = np.cumsum(differs[start:stop], axis=0) % 2
    locus, sample = np.nonzero(differs)
    return RecombinationCoding(
        restart=restart,
        offset=np.searchsorted(locus, np.arange(n_loci + 1)).astype(np.int64),
        sample=sample.astype(np.int64),
        sign=np.where(code[locus, sample] == 1, 1.0, -1.0),
        code=code,
    )
