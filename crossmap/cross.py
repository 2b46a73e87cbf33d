"""The data model: one `Cross` whatever file it came from.

Definitions
-----------
sample      one individual or line that was genotyped and measured; named, never known by position
marker      a place on the map with a genotype for every sample
genotype    class 0..G-1 (G = 2 for haploid, dh, riself, risib and bc; 3 for f2), -1 where missing;
            class g is named ``genotype_names[g]``
dominant    a call of an F2 that only rules one homozygote out, as a dominant marker gives it
trait       one measured quantity; NaN where missing
place       chromosome and position; bp and cM stand side by side, NaN where unknown
"""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from crossmap.arguments import require_known
from crossmap.errors import ArgumentError, CrossmapWarning, DataError
from crossmap.words import count

CROSSTYPES: Mapping[str, int] = {
    "haploid": 2, "dh": 2, "riself": 2, "risib": 2, "bc": 2, "f2": 3,
}  # fmt: skip
"""Cross types and their number of genotypes on autosomes."""

LARGEST_NUMBER = 1e70
"""Largest size of a trait's value: the fourth powers of ten thousand must fit a float64."""

NOT_LAST, NOT_FIRST = 3, 4
"""Codes of dominant calls in an F2, as `make_cross` takes them: AA or AB, and AB or BB."""

MARKER_COLUMNS = ("marker", "chr", "pos_bp", "pos_cm")


@dataclass(frozen=True)
class IngestReport:
    """What reading did to the data.

    Parameters
    ----------
    files
        File name (as the user named it) -> sha256 of its bytes.
    dropped
        Reason in plain words -> the names dropped for it, in name order.
    notes
        Other things a user should know, one sentence each.
    """

    files: Mapping[str, str] = field(default_factory=dict)
    dropped: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Cross:
    """An experimental cross: genotypes, maps, traits and their places, covariates.

    Make one with `make_cross`, which aligns and checks; the constructor trusts its arguments.

    Parameters
    ----------
    crosstype
        One of `CROSSTYPES`.
    genotype_names
        The G names of the genotype classes, for example ``("BY", "RM")``.
    samples
        Names of the samples, in name order.
    markers
        Columns `MARKER_COLUMNS` in map order: chromosomes in order of first appearance, positions
        ascending (by bp where every marker of the map has bp, else by cM); RangeIndex.
    genotypes
        int8 [n_markers, n_samples]; 0..G-1, -1 missing.
    trait_table
        Columns trait, chr, start_bp and end_bp in name order; chr is None and positions NaN where
        unknown; start_bp > end_bp on the reverse strand; RangeIndex.
    traits
        float64 [n_traits, n_samples], C order; NaN missing, never infinite or beyond
        `LARGEST_NUMBER` in size.
    covariates
        One row per sample, in the order of `samples`, index named "sample"; may have no columns.
    parents
        Replicated measurements of the parents: index = replicate name, column ``parent`` (one of
        `genotype_names`), then one column per trait in the order of `trait_table`; may be empty.
    description
        Free text.
    report
        What reading dropped and noted.
    ruled_out
        int8 [n_markers, n_samples]: the homozygote that a dominant call rules out (0 or 2;
        `genotypes` is -1 there), -1 elsewhere; None if there is no dominant call.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> cross = make_cross(
    ...     crosstype="haploid", genotype_names=("BY", "RM"), samples=["s2", "s1"],
    ...     markers=pd.DataFrame({"marker": ["m1"], "chr": ["1"], "pos_bp": [10.0]}),
    ...     genotypes=np.array([[0, 1]]), trait_names=["growth"], traits=np.array([[1.5, 2.5]]))
    >>> list(cross.samples), cross.genotypes.tolist(), cross.traits.tolist()
    (['s1', 's2'], [[1, 0]], [[2.5, 1.5]])
    >>> cross
    Cross(haploid: 2 samples, 1 marker on 1 chromosome, 1 trait; missing 0% of calls, 0% of values)
    """

    crosstype: str
    genotype_names: tuple[str, ...]
    samples: tuple[str, ...]
    markers: pd.DataFrame
    genotypes: np.ndarray
    trait_table: pd.DataFrame
    traits: np.ndarray
    covariates: pd.DataFrame
    parents: pd.DataFrame
    description: str = ""
    report: IngestReport = field(default_factory=IngestReport)
    ruled_out: np.ndarray | None = None

    def __repr__(self) -> str:
        calls = 100 * (self.genotypes < 0).sum() / max(self.genotypes.size, 1)
        values = 100 * np.isnan(self.traits).sum() / max(self.traits.size, 1)
        return (
            f"Cross({self.crosstype}: {count(self.n_samples, 'sample')}, "
            f"{count(self.n_markers, 'marker')} on {count(len(self.chromosomes), 'chromosome')}, "
            f"{count(self.n_traits, 'trait')}; "
            f"missing {calls:.2g}% of calls, {values:.2g}% of values)"
        )

    @property
    def n_samples(self) -> int:
        """Number of samples."""
        return len(self.samples)

    @property
    def n_markers(self) -> int:
        """Number of markers."""
        return len(self.markers)

    @property
    def n_traits(self) -> int:
        """Number of traits."""
        return len(self.trait_table)

    @property
    def n_genotypes(self) -> int:
        """Number of genotype classes, G."""
        return CROSSTYPES[self.crosstype]

    @property
    def trait_names(self) -> tuple[str, ...]:
        """Names of the traits, in name order."""
        return tuple(self.trait_table["trait"].to_numpy(dtype=object))

    @property
    def chromosomes(self) -> tuple[str, ...]:
        """Chromosomes that carry markers, in map order."""
        return tuple(self.markers["chr"].unique())

    def subset(
        self,
        *,
        samples: Sequence[str] | None = None,
        traits: Sequence[str] | None = None,
        markers: Sequence[str] | None = None,
    ) -> "Cross":
        """Keep the named samples, traits, markers (all of those not named); order stays.

        Parameters
        ----------
        samples, traits, markers
            Names to keep; None keeps all.

        Returns
        -------
        Cross

        Raises
        ------
        ArgumentError
            If a name is not in the cross.
        """
        keep_s = _positions(self.samples, samples, "sample")
        keep_t = _positions(self.trait_names, traits, "trait")
        keep_m = _positions(tuple(self.markers["marker"]), markers, "marker")
        parents = self.parents
        if not parents.empty:
            parents = parents.iloc[:, [0, *(1 + keep_t)]]
        return replace(
            self,
            samples=tuple(self.samples[i] for i in keep_s),
            markers=self.markers.iloc[keep_m].reset_index(drop=True),
            genotypes=np.ascontiguousarray(self.genotypes[np.ix_(keep_m, keep_s)]),
            trait_table=self.trait_table.iloc[keep_t].reset_index(drop=True),
            traits=np.ascontiguousarray(self.traits[np.ix_(keep_t, keep_s)]),
            covariates=self.covariates.iloc[keep_s],
            parents=parents,
            ruled_out=None
            if self.ruled_out is None
            else np.ascontiguousarray(self.ruled_out[np.ix_(keep_m, keep_s)]),
        )


def _positions(have: Sequence[str], wanted: Sequence[str] | None, kind: str) -> np.ndarray:
    if wanted is None:
        return np.arange(len(have))
    require_known(f"{kind}s", wanted, have)
    known = {name: i for i, name in enumerate(have)}
    return np.array(sorted(known[name] for name in set(wanted)), dtype=np.int64)


def make_cross(
    *,
    crosstype: str,
    genotype_names: Sequence[str],
    samples: Sequence[str],
    markers: pd.DataFrame,
    genotypes: np.ndarray,
    trait_names: Sequence[str],
    traits: np.ndarray,
    trait_positions: pd.DataFrame | None = None,
    covariates: pd.DataFrame | None = None,
    parents: pd.DataFrame | None = None,
    description: str = "",
    report: IngestReport | None = None,
) -> Cross:
    """Put aligned arrays into a `Cross`: samples and traits in name order, markers in map order.

    Parameters
    ----------
    crosstype
        One of `CROSSTYPES`.
    genotype_names
        Names of the G genotype classes.
    samples
        Sample names: the columns of `genotypes` and of `traits`.
    markers
        Columns marker, chr and at least one of pos_bp, pos_cm; rows as in `genotypes`.
    genotypes
        Integers [n_markers, n_samples] in 0..G-1, -1 missing. In an F2 also the dominant calls
        `NOT_LAST` (3: not the last genotype) and `NOT_FIRST` (4: not the first).
    trait_names
        Rows of `traits`.
    traits
        Floats [n_traits, n_samples]; NaN missing.
    trait_positions
        Columns trait, chr, start_bp, end_bp; rows for unknown traits are ignored, traits without
        a row get no place.
    covariates
        Index = sample names; samples absent there get missing values.
    parents
        As `Cross.parents`, columns in any order; traits absent there get NaN.
    description, report
        Kept as they are.

    Returns
    -------
    Cross

    Warns
    -----
    CrossmapWarning
        If markers were not in map order and had to be sorted.

    Raises
    ------
    ArgumentError
        For an unknown cross type or arrays whose shapes do not agree.
    DataError
        For repeated names, markers without a position, genotypes outside the classes of the cross
        type, traits that are infinite or beyond 1e70 in size.
    """
    if crosstype not in CROSSTYPES:
        msg = f"crosstype: expected one of {', '.join(CROSSTYPES)}, found {crosstype!r}"
        raise ArgumentError(msg)
    n_classes = CROSSTYPES[crosstype]
    if len(genotype_names) != n_classes:
        msg = (
            f"genotype_names: expected {n_classes} names for crosstype {crosstype}, "
            f"found {len(genotype_names)}"
        )
        raise ArgumentError(msg)
    sample_list = [str(s) for s in samples]
    trait_list = [str(t) for t in trait_names]
    genotypes = np.asarray(genotypes)
    traits = np.asarray(traits, dtype=np.float64)
    for name, array, shape in (
        ("genotypes", genotypes, (len(markers), len(sample_list))),
        ("traits", traits, (len(trait_list), len(sample_list))),
    ):
        if array.shape != shape:
            msg = f"{name}: expected shape {shape}, found {array.shape}"
            raise ArgumentError(msg)
    _unique(sample_list, "sample")
    _unique(trait_list, "trait")
    _unique([str(m) for m in markers["marker"]], "marker")
    highest = NOT_FIRST if crosstype == "f2" else n_classes - 1
    if genotypes.size and (genotypes.min() < -1 or genotypes.max() > highest):
        msg = (
            f"genotypes: expected classes 0..{highest} (-1 missing) for crosstype "
            f"{crosstype}, found {int(genotypes.min())}..{int(genotypes.max())}"
        )
        raise DataError(msg)
    refuse_huge(traits, [f"trait {name}" for name in trait_list], sample_list)

    by_sample = np.argsort(np.array(sample_list, dtype=object), kind="stable")
    by_trait = np.argsort(np.array(trait_list, dtype=object), kind="stable")
    marker_table, by_place = _map_order(markers)
    ordered_samples = tuple(sample_list[i] for i in by_sample)
    ordered_traits = [trait_list[i] for i in by_trait]
    calls = np.ascontiguousarray(genotypes[np.ix_(by_place, by_sample)], dtype=np.int8)
    ruled_out = None
    if calls.size and calls.max() >= n_classes:
        ruled_out = np.full(calls.shape, -1, dtype=np.int8)
        ruled_out[calls == NOT_LAST] = n_classes - 1
        ruled_out[calls == NOT_FIRST] = 0
        calls[calls >= n_classes] = -1
    return Cross(
        crosstype=crosstype,
        genotype_names=tuple(str(g) for g in genotype_names),
        samples=ordered_samples,
        markers=marker_table,
        genotypes=calls,
        trait_table=_place_traits(ordered_traits, trait_positions),
        traits=np.ascontiguousarray(traits[np.ix_(by_trait, by_sample)]),
        covariates=_covariates(covariates, ordered_samples),
        parents=_parents(parents, ordered_traits, tuple(genotype_names)),
        description=description,
        report=report or IngestReport(),
        ruled_out=ruled_out,
    )


def _unique(names: Sequence[str], kind: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            msg = f"{kind} names: expected each once, found {name!r} twice"
            raise DataError(msg)
        seen.add(name)


def _map_order(markers: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray]:
    table = pd.DataFrame(
        {
            "marker": markers["marker"].astype(str).to_numpy(dtype=object),
            "chr": markers["chr"].astype(str).to_numpy(dtype=object),
            "pos_bp": _floats(markers, "pos_bp"),
            "pos_cm": _floats(markers, "pos_cm"),
        }
    )
    in_bp = bool(table["pos_bp"].notna().all())
    position = table["pos_bp" if in_bp else "pos_cm"].to_numpy()
    if not np.isfinite(position).all():
        marker = table["marker"][int(np.flatnonzero(~np.isfinite(position))[0])]
        msg = f"marker {marker}: expected a finite position (bp or cM for all markers), found none"
        raise DataError(msg)
    codes = pd.factorize(table["chr"])[0]
    order = np.lexsort((np.arange(len(table)), position, codes))
    if not np.array_equal(order, np.arange(len(table))):
        moved = int((np.diff(position) < 0)[np.diff(codes) == 0].sum())
        what = f"{moved} markers stood" if moved != 1 else "1 marker stood"
        if np.any(np.diff(codes) < 0):
            what = "markers of one chromosome stood apart, or"
        warnings.warn(
            f"{what} out of map order; markers were sorted by chromosome and position",
            CrossmapWarning,
            stacklevel=3,
        )
    return table.iloc[order].reset_index(drop=True), order


def _floats(table: pd.DataFrame, column: str) -> np.ndarray:
    if column not in table:
        return np.full(len(table), np.nan)
    return table[column].to_numpy(dtype=np.float64)


def _place_traits(traits: list[str], positions: pd.DataFrame | None) -> pd.DataFrame:
    placed = pd.DataFrame({"trait": pd.Series(traits, dtype=object)})
    if positions is None or positions.empty:
        placed["chr"] = pd.Series([None] * len(traits), dtype=object)
        placed["start_bp"] = np.full(len(traits), np.nan)
        placed["end_bp"] = np.full(len(traits), np.nan)
        return placed
    _unique([str(t) for t in positions["trait"]], "trait position")
    rows = positions.set_index(positions["trait"].astype(str)).reindex(traits)
    chromosome = rows["chr"].astype(object).to_numpy(dtype=object)
    placed["chr"] = pd.Series([None if pd.isna(c) else str(c) for c in chromosome], dtype=object)
    placed["start_bp"] = rows["start_bp"].to_numpy(dtype=np.float64)
    placed["end_bp"] = rows["end_bp"].to_numpy(dtype=np.float64)
    return placed


def _covariates(covariates: pd.DataFrame | None, samples: tuple[str, ...]) -> pd.DataFrame:
    index = pd.Index(samples, dtype=object, name="sample")
    if covariates is None:
        return pd.DataFrame(index=index)
    table = covariates.copy()
    table.index = table.index.astype(str).astype(object)
    _unique(list(table.index), "covariate sample")
    table = table.reindex(index)
    for position, column in enumerate(table.columns):
        if not pd.api.types.is_numeric_dtype(table.dtypes.iloc[position]):
            # Objects, None missing, in every version of pandas.
            cells = [None if pd.isna(cell) else cell for cell in table.iloc[:, position]]
            table[column] = pd.Series(cells, index=index, dtype=object)
    return table


def refuse_huge(values: np.ndarray, rows: Sequence[str], samples: Sequence[str]) -> None:
    """Refuse numbers that are infinite or too large to compute with.

    Parameters
    ----------
    values
        float [n_rows, n_samples]; NaN missing.
    rows, samples
        What the message calls them.

    Raises
    ------
    DataError
        If there is one; it names the first.
    """
    # The ends are a cheap look: no array of sizes is made.
    ends = (values.max(initial=0.0), -values.min(initial=0.0)) if values.size else ()
    if np.isnan(ends).any():
        ends = (np.nanmax(values, initial=0.0), -np.nanmin(values, initial=0.0))
    if not len(ends) or float(max(ends)) <= LARGEST_NUMBER:
        return
    row, column = np.argwhere(np.abs(values).astype(np.float64) > LARGEST_NUMBER)[0]
    found = values[row, column]
    what = (
        "a finite number, found an infinite one" if np.isinf(found)
        else f"a number up to {LARGEST_NUMBER:g} in size, found {found:g} (a mark for missing?)"
    )  # fmt: skip
    msg = f"{rows[row]}, sample {samples[column]}: expected {what}"
    raise DataError(msg)


def _parents(
    parents: pd.DataFrame | None, traits: list[str], genotype_names: tuple[str, ...]
) -> pd.DataFrame:
    if parents is None or parents.empty:
        return pd.DataFrame({"parent": pd.Series(dtype=object)})
    unknown = set(parents["parent"]) - set(genotype_names)
    if unknown:
        msg = (
            f"parents: expected parents named {' or '.join(genotype_names)}, "
            f"found {sorted(map(str, unknown))[0]!r}"
        )
        raise DataError(msg)
    ordered = parents.sort_index()
    values = ordered.drop(columns="parent").reindex(columns=traits).astype(np.float64)
    refuse_huge(
        values.to_numpy().T, [f"trait {name}" for name in traits], list(map(str, ordered.index))
    )
    # Objects, not the strings that pandas 3 would make: names look the same in every version.
    values.index = pd.Index([str(name) for name in ordered.index], dtype=object)
    named = ordered["parent"].tolist()
    values.insert(0, "parent", pd.Series(named, index=values.index, dtype=object))
    return values


def complete_traits(cross: Cross) -> tuple[pd.DataFrame, np.ndarray]:
    """Traits without missing values.

    Parameters
    ----------
    cross
        Any cross.

    Returns
    -------
    table : pandas.DataFrame
        Their rows of the trait table.
    values : numpy.ndarray
        float64 [n_complete, n_samples]; no rows where every trait lacks values.
    """
    complete = ~np.isnan(cross.traits).any(axis=1)
    return cross.trait_table[complete].reset_index(drop=True), cross.traits[complete]
