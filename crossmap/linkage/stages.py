"""What a search for the next locus needs that depends on the loci already chosen."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from crossmap.arguments import require_number, require_one_of, require_whole
from crossmap.errors import ArgumentError
from crossmap.genotypes.loci import Loci
from crossmap.kernels import stages as kernels

Model = Literal["full", "additive"]
Variance = Literal["common", "cell"]

LINKED_R2 = 0.3
"""Squared correlation of genotypes above which two loci are taken for linked, and one strong locus
may be named twice: what `exclude_r2` usually is."""


@dataclass(frozen=True)
class SearchOptions:
    """How loci are chosen.

    Parameters
    ----------
    n_loci
        L, how many loci are chosen for every trait.
    n_perm
        B, permutations per trait and stage; 0 makes no nulls.
    min_cell
        Fewest samples on either side of a split; cells of fewer than twice as many stay whole.
    model
        ``full`` (a free mean per genotype combination) or ``additive`` (main effects).
    variance
        ``common`` to all cells (the paper's) or each ``cell`` its own.
    exclude_r2
        Loci on the chromosome of a locus already chosen whose squared genotype correlation with
        it is larger are not eligible; None excludes none (the paper's).
    exclude_window_bp, exclude_window_cm
        Loci within this distance of a locus already chosen are not eligible; None excludes none.
    other_chromosome
        Each further locus must lie on a chromosome not used yet.
    seed
        Every permutation is a function of it, the stage, b, the trait's name and the cells.
    """

    n_loci: int = 2
    n_perm: int = 5
    min_cell: int = 3
    model: Model = "full"
    variance: Variance = "common"
    exclude_r2: float | None = None
    exclude_window_bp: float | None = None
    exclude_window_cm: float | None = None
    other_chromosome: bool = False
    seed: int = 1

    def __post_init__(self) -> None:
        for name, least in (("n_loci", 1), ("n_perm", 0), ("min_cell", 1)):
            require_whole(name, getattr(self, name), least=least)
        require_whole("seed", self.seed, least=0)
        require_one_of("model", self.model, ("full", "additive"))
        require_one_of("variance", self.variance, ("common", "cell"))
        if self.exclude_r2 is not None:
            require_number("exclude_r2", self.exclude_r2, least=0.0, most=1.0)
        for name in ("exclude_window_bp", "exclude_window_cm"):
            if getattr(self, name) is not None:
                require_number(name, getattr(self, name), least=0.0)

    @property
    def mode(self) -> int:
        """What a new locus adds, as kernels name it."""
        return kernels.FULL if self.model == "full" else kernels.ADDITIVE

    @property
    def excludes(self) -> bool:
        """Whether any rule bars loci because of those already chosen."""
        rules = (self.exclude_r2, self.exclude_window_bp, self.exclude_window_cm)
        return self.other_chromosome or any(rule is not None for rule in rules)


@dataclass(frozen=True, eq=False)
class StageModel:
    """One group of traits that share the loci already chosen: all a scan needs but the traits.

    Parameters
    ----------
    cells
        (cell, members, start): genotype combinations of the loci already chosen.
    fitted
        (cell, sizes): the cells with a mean of their own in the model before.
    search
        (sum_cell, eligible, weight, split, basis, mode, df1, df2); see
        `crossmap.kernels.stages.group_model`.
    is_common
        One residual variance for all cells.
    """

    cells: tuple
    fitted: tuple
    search: tuple
    is_common: bool

    @property
    def sum_cell(self) -> np.ndarray:
        """Cells of the kernel's sums: int64 [n_samples]."""
        return self.search[0]

    @property
    def eligible(self) -> np.ndarray:
        """Loci that may enter: bool [n_loci]."""
        return self.search[1]

    @property
    def weight(self) -> np.ndarray:
        """1/v of `locus_gain`: float64 [n_loci, n_sum_cells]."""
        return self.search[2]

    @property
    def basis(self) -> np.ndarray:
        """Orthonormal columns of an additive model before: float64 [n_samples, P]."""
        return self.search[4]

    @property
    def mode(self) -> int:
        """FULL, ADDITIVE or INTERACTION."""
        return self.search[5]


def stage_model(loci: Loci, chosen: tuple[int, ...], options: SearchOptions) -> StageModel:
    """Everything about the next locus that depends on the loci already chosen and not on a trait.

    Parameters
    ----------
    loci
        The loci searched.
    chosen
        Rows of the loci already chosen, in the order of choice.
    options
        How loci are chosen.

    Returns
    -------
    StageModel
    """
    rows = np.array([chosen], dtype=np.int64).reshape(1, len(chosen))
    common = options.variance == "common"
    cells, fitted, search = kernels.group_model(
        exact_coding(loci),
        rows[0],
        allowed_loci(loci, rows, options)[0],
        options.min_cell,
        options.mode,
        common,
    )
    return StageModel(cells, fitted, search, common)


def stage_residuals(
    y: np.ndarray, total: np.ndarray, model: StageModel
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Residuals of the model before, in the scale in which they are summed.

    Parameters
    ----------
    y
        float64 [n_traits, n_samples].
    total
        float64 [n_traits]: sum of squares about the mean.
    model
        The group's model.

    Returns
    -------
    z : numpy.ndarray
        float64 [n_traits, n_samples].
    base : numpy.ndarray
        float64 [n_traits]: residual sum of squares; 0 where only rounding is left.
    scale : numpy.ndarray
        float64 [n_traits, n_sum_cells]: c_g of `locus_gain`.
    """
    return kernels.group_residuals(
        y, total, model.cells, model.fitted, model.search, model.is_common
    )


def exact_coding(loci: Loci) -> tuple[np.ndarray, ...]:
    """Give the recombination coding as the tuple that kernels take, signs in float64.

    Parameters
    ----------
    loci
        The loci searched.

    Returns
    -------
    tuple of numpy.ndarray
        restart, offset, sample, sign, code of `RecombinationCoding`.
    """
    c = loci.coding
    return c.restart, c.offset, c.sample, c.sign, c.code


def search_coding(loci: Loci) -> tuple[np.ndarray, ...]:
    """Give the same with signs in float32, for searches.

    Parameters
    ----------
    loci
        The loci searched.

    Returns
    -------
    tuple of numpy.ndarray
        As `exact_coding`.
    """
    c = loci.coding
    return c.restart, c.offset, c.sample, c.sign.astype(np.float32), c.code


def search_margin(loci: Loci, further_terms: int = 0) -> np.float32:
    """Relative difference of two gains that float32 running sums cannot be trusted with.

    Parameters
    ----------
    loci
        The loci searched.
    further_terms
        Terms of a sum besides the changes of the longest chromosome.

    Returns
    -------
    numpy.float32

    Notes
    -----
    Rounding of a sum of N terms stays below 8 sqrt(N) u but for a chance of 2 exp(-32) (Higham &
    Mary 2019, SIAM J Sci Comput 41:A2815); twice that for a square, four times for partial sums
    larger than the best one.
    """
    return np.float32(max(1e-5, 64 * 2.0**-24 * np.sqrt(loci.coding.longest_run + further_terms)))


def allowed_loci(loci: Loci, chosen: np.ndarray, options: SearchOptions) -> np.ndarray:
    """Loci that no rule of exclusion bars, for every group of traits.

    Parameters
    ----------
    loci
        The loci searched.
    chosen
        int64 [n_groups, l]: loci already chosen.
    options
        How loci are chosen.

    Returns
    -------
    numpy.ndarray
        bool [n_groups, n_loci]; [n_groups, 0] where no rule is in force.

    Raises
    ------
    ArgumentError
        If a window is given in a unit that the map lacks.
    """
    if not (chosen.shape[1] and options.excludes):
        return np.empty((len(chosen), 0), dtype=np.bool_)
    return np.array([_allowed(loci, tuple(group), options) for group in chosen])


def _allowed(loci: Loci, chosen: tuple[int, ...], options: SearchOptions) -> np.ndarray:
    """Loci that no exclusion rule bars."""
    allowed = np.ones(len(loci), dtype=np.bool_)
    for locus in chosen:
        same = loci.chr_index == loci.chr_index[locus]
        if options.other_chromosome:
            allowed &= ~same
        if options.exclude_r2 is not None:
            rows = np.flatnonzero(same)
            allowed[rows] &= ~(squared_correlation(loci, locus, rows) > options.exclude_r2)
        for unit, window in (("bp", options.exclude_window_bp), ("cm", options.exclude_window_cm)):
            if window is None:
                continue
            start, end = getattr(loci, f"start_{unit}"), getattr(loci, f"end_{unit}")
            if np.isnan(start).any():
                msg = f"exclude_window_{unit}: expected a map in {unit}, found none in this cross"
                raise ArgumentError(msg)
            gap = np.maximum(start - end[locus], start[locus] - end)
            allowed &= ~(same & (gap <= window))
    return allowed


def squared_correlation(
    loci: Loci, locus: int, among: np.ndarray | slice = slice(None)
) -> np.ndarray:
    """Squared genotype correlation of loci with one of them.

    Parameters
    ----------
    loci
        The loci searched.
    locus
        Row of one of them.
    among
        Rows of the loci that are asked for; all unless given.

    Returns
    -------
    numpy.ndarray
        float64 [n_loci asked for]; NaN for one that does not vary (among samples of a trait's own).
    """
    x, y = loci.dosage[among], loci.dosage[locus]
    centred, own = x - x.mean(axis=1, keepdims=True), y - y.mean()
    dot = centred @ own
    with np.errstate(invalid="ignore"):
        return dot**2 / ((centred**2).sum(axis=1) * (own**2).sum())
