"""Options of the single-locus scan, and all that comes of it before significance."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from crossmap.arguments import (
    names_of,
    require_number,
    require_one_of,
    require_share,
    require_usual,
    require_whole,
)
from crossmap.cross import Cross
from crossmap.errors import ArgumentError, CrossmapError
from crossmap.genome import MapFunction
from crossmap.genotypes.stretches import refuse_chain_options, require_error_prob
from crossmap.linkage.block_scan import ScanRequest
from crossmap.linkage.hit_store import HitStore
from crossmap.linkage.hits import HIT, Piece
from crossmap.linkage.local_tests import LocalRanges
from crossmap.linkage.locus_block import Model
from crossmap.linkage.null_model import NullDesign, null_design
from crossmap.linkage.predictors import Missing, Predictors
from crossmap.linkage.transforms import Transform

Compat = Literal["matrixeqtl"]

QQ_BINS_PER_DECADE, QQ_DECADES = 100, 50
"""Bins of a QQ plot: 2.3% of p wide, down to 1e-50; one more takes the rest."""

MOST_EXPECTED = 10_000_000
"""Linkages expected by chance beyond which a threshold is taken for a slip."""

ROW_BYTES = 200
"""Of one linkage in a table, about."""


@dataclass(frozen=True)
class Scan1Options:
    """What a scan tests and keeps; the arguments of `scan1` explain each.

    Parameters
    ----------
    model, covariates, interactive, weights, missing, compat, threshold, local_threshold
        As in `scan1`.
    local_window_bp, local_only, histogram, transform, n_components, force
        As in `scan1`.
    genotype_probabilities, step, error_prob, map_function, cm_per_mb
        As in `scan1`.
    """

    model: Model = "linear"
    covariates: tuple[str, ...] = ()
    interactive: tuple[str, ...] = ()
    weights: str | None = None
    missing: Missing = "drop"
    compat: Compat | None = None
    threshold: float = 1e-5
    local_threshold: float | None = None
    local_window_bp: float = 10_000.0
    local_only: bool = False
    histogram: int | Literal["qq"] | tuple[float, ...] | None = None
    transform: tuple[Transform, ...] = ()
    n_components: int = 0
    force: bool = False
    genotype_probabilities: bool = False
    step: float = 0.0
    error_prob: float = 1e-4
    map_function: MapFunction = "haldane"
    cm_per_mb: float | None = None

    def __post_init__(self) -> None:
        require_one_of("model", self.model, get_args(Model))
        require_one_of("missing", self.missing, get_args(Missing))
        if self.compat is not None:
            require_one_of("compat", self.compat, get_args(Compat))
        require_share("threshold", self.threshold)
        if self.local_threshold is not None:
            require_share("local_threshold", self.local_threshold)
        require_number("local_window_bp", self.local_window_bp, least=0.0)
        for name in self.transform:
            require_one_of("transform", name, get_args(Transform))
        require_whole("n_components", self.n_components, least=0)
        if (self.model == "linear_cross") != bool(self.interactive):
            msg = (
                "interactive: expected covariates with model linear_cross and none with others, "
                f"found {', '.join(self.interactive) or 'none'} with model {self.model}"
            )
            raise ArgumentError(msg)
        if self.local_only and self.local_threshold is None:
            msg = "local_only: expected a local_threshold with it, found none"
            raise ArgumentError(msg)
        if self.local_only:
            usual, why = Scan1Options.threshold, "with local_only, whose tests have local_threshold"
            require_usual("threshold", self.threshold, usual, why)
        if self.genotype_probabilities:
            require_usual(
                "missing", self.missing, "drop", "with genotype_probabilities, which have no gaps"
            )
        if self.genotype_probabilities and self.compat is not None:
            msg = f"compat: expected none with genotype_probabilities, found {self.compat}"
            raise ArgumentError(msg)
        if self.genotype_probabilities:
            require_error_prob(self.error_prob)
            require_one_of("map_function", self.map_function, get_args(MapFunction))
        else:
            refuse_chain_options(
                step=self.step, error_prob=self.error_prob, map_function=self.map_function,
                cm_per_mb=self.cm_per_mb,
            )  # fmt: skip
        _ = self.p_edges

    @classmethod
    def of(
        cls,
        n_genotypes: int,
        *,
        model: Model | None = None,
        covariates: Sequence[str] | None = None,
        interactive: Sequence[str] | None = None,
        histogram: int | Literal["qq"] | Sequence[float] | None = None,
        transform: Sequence[Transform] | None = None,
        **others: Any,
    ) -> "Scan1Options":
        """Make options of arguments as users give them: no name, one or several, no model.

        Parameters
        ----------
        n_genotypes
            Of the cross, on which the model depends that is usual for probabilities.
        model, covariates, interactive, histogram, transform, **others
            As in `scan1`.

        Returns
        -------
        Scan1Options

        Raises
        ------
        ArgumentError
            For an option out of range.
        """
        probabilities = others.get("genotype_probabilities", False)
        is_one = histogram is None or isinstance(histogram, int | np.integer | str)
        return cls(
            model=settled_model(
                model, n_genotypes=n_genotypes, genotype_probabilities=probabilities
            ),
            covariates=names_of(covariates),
            interactive=names_of(interactive),
            histogram=histogram if is_one else tuple(histogram),  # type: ignore[arg-type]
            transform=names_of(transform),  # type: ignore[arg-type]
            **others,
        )

    @property
    def p_edges(self) -> np.ndarray | None:
        """Edges of the bins of p that all tests are counted in, ascending; None for no count."""
        bins = self.histogram
        if bins is None:
            return None
        if isinstance(bins, str):
            require_one_of("histogram", bins, ("qq",))
            exponents = np.arange(QQ_BINS_PER_DECADE * QQ_DECADES, -1, -1) / QQ_BINS_PER_DECADE
            return np.concatenate([[0.0], 10.0**-exponents])
        if isinstance(bins, int | np.integer):
            require_whole("histogram", bins, least=1)
            return np.arange(bins + 1) / bins
        edges = np.array(bins, dtype=np.float64)
        if edges.ndim != 1 or len(edges) < 2 or not (np.diff(edges) > 0).all():
            msg = f"histogram: expected ascending p-values, two or more, found {bins!r}"
            raise ArgumentError(msg)
        for edge in edges[[0, -1]].tolist():
            require_number("histogram", edge, least=0.0, most=1.0)
        return edges

    @property
    def is_matrixeqtl(self) -> bool:
        """Whether Matrix eQTL's conventions are followed."""
        return self.compat == "matrixeqtl"

    @property
    def engine_model(self) -> Model:
        """The model as tests make it: the columns of probabilities are made beforehand."""
        return "linear" if self.genotype_probabilities and self.model == "anova" else self.model

    def design(self, cross: Cross, error_covariance: pd.DataFrame | None) -> NullDesign:
        """Make the null design of a cross's samples."""
        return null_design(
            cross.covariates,
            covariates=self.covariates,
            interactive=self.interactive,
            error_covariance=error_covariance,
            weights=self.weights,
        )

    def request(
        self,
        design: NullDesign,
        *,
        local: LocalRanges | None = None,
        own_row: np.ndarray | None = None,
    ) -> ScanRequest:
        """Say what is asked of the engine.

        Parameters
        ----------
        design
            The null design.
        local
            Which tests are local.
        own_row
            As in `ScanRequest`.

        Returns
        -------
        ScanRequest
        """
        model = self.engine_model
        return ScanRequest(
            model=model,
            missing="mean" if self.is_matrixeqtl else self.missing,
            three_class=self.is_matrixeqtl,
            threshold=None if self.local_only else self.threshold,
            local_threshold=self.local_threshold,
            local=local,
            p_edges=self.p_edges,
            own_row=own_row,
            is_t=self.model != "anova" and len(design.interactive_names) < 2,
        )


def settled_model(model: Model | None, *, n_genotypes: int, genotype_probabilities: bool) -> Model:
    """What is tested where the user did not say.

    Parameters
    ----------
    model
        What was asked for, if anything.
    n_genotypes
        Of the cross.
    genotype_probabilities
        Whether probabilities are scanned.

    Returns
    -------
    str
        ``anova`` for probabilities of three genotypes (additive and dominance), else ``linear``.
    """
    if model is not None:
        return model
    return "anova" if genotype_probabilities and n_genotypes > 2 else "linear"


def _size_text(n_bytes: int) -> str:
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if n_bytes >= size:
            return f"{n_bytes / size:,.{0 if n_bytes >= 10 * size else 1}f} {unit}"
    return f"{n_bytes} bytes"


@dataclass(frozen=True)
class Preflight:
    """How large a scan is, before it is made.

    Parameters
    ----------
    n_tests
        Tests, but for traits and markers that turn out constant.
    expected_rows
        Linkages expected if no trait were linked to anything: tests times threshold.
    """

    n_tests: int
    expected_rows: float

    @property
    def expected_bytes(self) -> int:
        """Of a table of the expected linkages, about."""
        return int(self.expected_rows * ROW_BYTES)

    def __str__(self) -> str:
        rows = f"{self.expected_rows:,.{0 if self.expected_rows >= 10 else 1}f}"
        return (
            f"{self.n_tests:,} tests; by chance alone {rows} linkages, a table of some "
            f"{_size_text(self.expected_bytes)}; real linkages come on top"
        )


def preflight(
    options: Scan1Options, *, n_traits: int, n_markers: int, n_local: int = 0
) -> Preflight:
    """Count the tests of a scan.

    Parameters
    ----------
    options
        Of the scan.
    n_traits, n_markers
        How many there are.
    n_local
        Local tests.

    Returns
    -------
    Preflight

    Examples
    --------
    >>> preflight(Scan1Options(), n_traits=6216, n_markers=3244)
    Preflight(n_tests=20164704, expected_rows=201.64704)
    """
    every = n_traits * n_markers
    n_near = 0 if options.local_threshold is None else n_local
    near = n_near * (options.local_threshold or 0.0)
    if options.local_only:
        return Preflight(n_near, near)
    return Preflight(every, (every - n_near) * options.threshold + near)


def require_sensible(options: Scan1Options, size: Preflight) -> None:
    """Refuse a threshold that would report next to everything.

    Parameters
    ----------
    options
        Of the scan; `force` permits anything.
    size
        How large it is.

    Raises
    ------
    ArgumentError
        If more than `MOST_EXPECTED` linkages are expected by chance.
    """
    if size.expected_rows > MOST_EXPECTED and not options.force:
        name = "local_threshold" if options.local_only else "threshold"
        msg = (
            f"{name}: expected one that at most {MOST_EXPECTED:,} of {size.n_tests:,} tests pass "
            f"by chance, found {getattr(options, name):g}, which {size.expected_rows:,.0f} would, "
            f"a table of some {_size_text(size.expected_bytes)} (force=True permits it)"
        )
        raise ArgumentError(msg)


@dataclass(frozen=True, eq=False)
class SmallestP:
    """The smallest p-value of every trait, or of every marker, over all tests made.

    Parameters
    ----------
    neglog10_p
        float64 [n]: NaN where there was no test.
    partner
        int64 [n]: row of the marker, or of the trait; -1 where there was no test.
    """

    neglog10_p: np.ndarray
    partner: np.ndarray


@dataclass(frozen=True, eq=False)
class ScanOutcome:
    """All that came of a scan.

    Parameters
    ----------
    store
        The tests past their threshold.
    n_tests, n_local
        Tests made; of them local, where those were told apart.
    counts, local_counts
        int64 [n_bins]: of all tests and of the local ones, in bins of p, ascending.
    by_trait, by_marker
        Smallest p-values.
    """

    store: HitStore
    n_tests: int
    n_local: int
    counts: np.ndarray
    local_counts: np.ndarray
    by_trait: SmallestP
    by_marker: SmallestP


def gather(
    pieces: Iterable[Piece],
    *,
    n_traits: int,
    predictors: Predictors,
    request: ScanRequest,
    memory_bytes: int,
) -> ScanOutcome:
    """Put together what came of the pieces of a scan.

    Parameters
    ----------
    pieces
        In an order that depends on the data alone.
    n_traits
        Number of traits.
    predictors, request
        Of the scan.
    memory_bytes
        Budget; beyond a quarter of it records wait in a file.

    Returns
    -------
    ScanOutcome
    """
    store = HitStore(memory_bytes // 4)
    best = [
        SmallestP(np.full(n, np.nan), np.full(n, -1, dtype=np.int64))
        for n in (n_traits, len(predictors.names))
    ]
    counts = np.zeros((2, request.n_bins), dtype=np.int64)
    n_tests = n_local = 0
    for piece in pieces:
        store.add(piece.hits)
        n_tests += piece.n_tests
        n_local += piece.n_local
        counts += [piece.counts, piece.local_counts]
        for so_far, new in zip(best, (piece.traits, piece.markers), strict=True):
            old = so_far.neglog10_p[new.items]
            better = ~(new.neglog10_p <= old)  # also where there was nothing yet
            so_far.neglog10_p[new.items[better]] = new.neglog10_p[better]
            so_far.partner[new.items[better]] = new.partner[better]
    # Bins were counted by ascending R2, with one more at either end for what lies beyond.
    ascending = counts[:, -2:0:-1]
    return ScanOutcome(store, n_tests, n_local, ascending[0], ascending[1], best[0], best[1])


def records_in_memory(store: HitStore, *, memory_bytes: int) -> np.ndarray:
    """Give all records of a store at once.

    Parameters
    ----------
    store
        A finished one.
    memory_bytes
        Budget.

    Returns
    -------
    numpy.ndarray
        `HIT` records in the order of `HitStore.blocks`.

    Raises
    ------
    CrossmapError
        If a table of them would not fit.
    """
    if not store.is_in_memory and len(store) * ROW_BYTES > memory_bytes:
        msg = (
            f"linkages: expected as many as fit into {memory_bytes / 1e6:,.0f} MB, found "
            f"{len(store):,}; write them to files, or lower the threshold"
        )
        raise CrossmapError(msg)
    return np.concatenate([np.empty(0, dtype=HIT), *store.blocks()])
