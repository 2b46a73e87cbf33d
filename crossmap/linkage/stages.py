"""What a search for the next locus needs that depends on the loci already chosen."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from crossmap.arguments import require_number, require_one_of, require_whole
from crossmap.errors import ArgumentError
from crossmap.genotypes.loci import Loci
from crossmap.kernels import sequential as kernels
from crossmap.linkage.permutation import Partition, make_partition, refine

Model = Literal["full", "additive"]
Variance = Literal["common", "cell"]


@dataclass(frozen=True)
class SearchOptions:
    """How loci are chosen.

    Parameters
    ----------
    n_loci
        L, how many loci are chosen for every trait.
    n_perm
        B, permutations per trait and stage.
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
        for name in ("n_loci", "n_perm", "min_cell"):
            require_whole(name, getattr(self, name), least=1)
        require_whole("seed", self.seed, least=0)
        require_one_of("model", self.model, ("full", "additive"))
        require_one_of("variance", self.variance, ("common", "cell"))
        if self.exclude_r2 is not None:
            require_number("exclude_r2", self.exclude_r2, least=0.0, most=1.0)
        for name in ("exclude_window_bp", "exclude_window_cm"):
            if getattr(self, name) is not None:
                require_number(name, getattr(self, name), least=0.0)


@dataclass(frozen=True, eq=False)
class StageModel:
    """One group of traits that share the loci already chosen: all a scan needs but the traits.

    Parameters
    ----------
    partition
        Genotype combinations of the loci already chosen.
    fitted
        The cells with a mean of their own in the model before (small cells stay whole).
    sum_cell
        int64 [n_samples]: cells of the kernel's sums.
    eligible
        bool [n_loci].
    weight
        float64 [n_loci, n_sum_cells]: 1/v of `kernels.locus_gain`.
    split
        bool [n_sum_cells]: cells in which the next locus gets a term.
    basis
        float64 [n_samples, P]: orthonormal columns of an additive model before; P = 0 else.
    mode
        `kernels.FULL` or `kernels.ADDITIVE`.
    df1, df2
        Degrees of freedom of the next locus and of the residual with it.
    """

    partition: Partition
    fitted: Partition
    sum_cell: np.ndarray
    eligible: np.ndarray
    weight: np.ndarray
    split: np.ndarray
    basis: np.ndarray
    mode: int
    df1: int
    df2: int


def stage_residuals(
    y: np.ndarray, total: np.ndarray, model: StageModel, variance: Variance
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Residuals of the model before, in the scale the kernel sums them.

    Parameters
    ----------
    y
        float64 [n_traits, n_samples].
    total
        float64 [n_traits]: sum of squares about the mean.
    model
        The group's model.
    variance
        ``common`` or ``cell``.

    Returns
    -------
    z : numpy.ndarray
        float64 [n_traits, n_samples].
    base : numpy.ndarray
        float64 [n_traits]: residual sum of squares; 0 where only rounding is left.
    scale : numpy.ndarray
        float64 [n_traits, n_sum_cells]: c_g of `kernels.locus_gain`.
    """
    z = np.empty_like(y)
    squares = np.empty((len(y), model.fitted.n_cells))
    kernels.residuals(y, model.fitted.cell, model.fitted.n_cells, z, squares)
    n_sum_cells = model.weight.shape[1]
    scale = np.ones((len(y), n_sum_cells))
    if variance == "common" or model.partition.n_cells == 1:
        base = squares.sum(axis=1)
        if model.basis.shape[1]:
            for _ in range(2):  # the second pass takes out the rounding of the first
                source = y if _ == 0 else z
                z = np.ascontiguousarray(source - (source @ model.basis) @ model.basis.T)
            base = np.einsum("ij,ij->i", z, z)
        base[base <= kernels.EXACT_FIT * total] = 0.0
        return z, base, scale
    sizes = model.fitted.sizes
    squares[squares <= kernels.EXACT_FIT * total[:, None]] = 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.where(squares > 0, np.sqrt((sizes - 1) / squares), 0.0)
    z *= scale[:, model.fitted.cell]
    # sum_g SS_g/s_g^2 = sum_g (n_g - 1) over the cells that vary
    base = ((sizes - 1) * (squares > 0)).sum(axis=1).astype(np.float64)
    # A genotype combination that is split is a fitted cell of its own, with that cell's scale.
    combos = model.partition
    scale = np.ascontiguousarray(scale[:, model.fitted.cell[combos.members[combos.start[:-1]]]])
    base[~((scale > 0) & model.split).any(axis=1)] = 0.0
    return z, base, scale


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
    n = loci.genotypes.shape[1]
    combos = make_partition(np.zeros(n, dtype=np.int64))
    fitted = combos
    for locus in chosen:
        splits = fitted.sizes >= 2 * options.min_cell
        fitted = refine(fitted, loci.genotypes[locus], splits)
        combos = refine(combos, loci.genotypes[locus], np.ones(combos.n_cells, dtype=np.bool_))
    coding = loci.coding
    split = combos.sizes >= 2 * options.min_cell
    weight = np.empty((len(loci), combos.n_cells))
    eligible = np.empty(len(loci), dtype=np.bool_)
    kernels.cell_weights(
        coding.restart,
        coding.offset,
        coding.sample,
        coding.sign,
        combos.cell,
        combos.sizes,
        options.min_cell,
        weight,
        eligible,
    )
    eligible &= _allowed(loci, chosen, options)

    additive_common = options.model == "additive" and options.variance == "common"
    if additive_common and chosen:
        x = loci.genotypes[list(chosen)].T.astype(np.float64)
        basis = _orthonormal(np.column_stack([np.ones(n), x]))
        code = coding.code.astype(np.float64)
        spread = (code**2).sum(axis=1) - ((code @ basis) ** 2).sum(axis=1)
        eligible &= spread > 1e-8  # a locus that the chosen ones determine adds nothing
        with np.errstate(divide="ignore"):
            weight = np.where(eligible, 1.0 / spread, 0.0)[:, None]
        return StageModel(
            partition=combos,
            fitted=combos,
            sum_cell=np.zeros(n, dtype=np.int64),
            eligible=eligible & (n - basis.shape[1] - 1 > 0),
            weight=np.ascontiguousarray(weight),
            split=np.ones(1, dtype=np.bool_),
            basis=basis,
            mode=kernels.FULL,
            df1=1,
            df2=n - basis.shape[1] - 1,
        )
    additive = options.model == "additive"
    rank = combos.n_cells if additive else fitted.n_cells
    df1 = 1 if additive else int(split.sum())
    df2 = n - rank - df1
    return StageModel(
        partition=combos,
        fitted=combos if additive else fitted,
        sum_cell=combos.cell,
        eligible=eligible & (df2 > 0),
        weight=weight,
        split=split,
        basis=np.empty((n, 0)),
        mode=kernels.ADDITIVE if additive else kernels.FULL,
        df1=df1,
        df2=df2,
    )


def _orthonormal(design: np.ndarray) -> np.ndarray:
    """Orthonormal basis of the columns, dropping those that add nothing."""
    columns: list[np.ndarray] = []
    for raw in design.T:
        v = raw / np.linalg.norm(raw)
        for _ in range(2):
            for c in columns:
                v = v - c * (c @ v)
        length = np.linalg.norm(v)
        if length > 1e-8:
            columns.append(v / length)
    return np.ascontiguousarray(np.column_stack(columns))


def _allowed(loci: Loci, chosen: tuple[int, ...], options: SearchOptions) -> np.ndarray:
    """Loci that no exclusion rule bars."""
    allowed = np.ones(len(loci), dtype=np.bool_)
    for locus in chosen:
        same = loci.chr_index == loci.chr_index[locus]
        if options.other_chromosome:
            allowed &= ~same
        if options.exclude_r2 is not None:
            allowed &= ~(same & (squared_correlation(loci, locus) > options.exclude_r2))
        for unit, window in (("bp", options.exclude_window_bp), ("cm", options.exclude_window_cm)):
            if window is None:
                continue
            start, end = getattr(loci, f"start_{unit}"), getattr(loci, f"end_{unit}")
            if np.isnan(start).any():
                msg = f"exclude_window_{unit}: expected a map in {unit}, found none in this cross"
                raise ArgumentError(msg)
            gap = np.maximum(start - end[locus], start[locus] - end)
            allowed &= ~(same & (gap <= window))
        allowed[locus] = False
    return allowed


def squared_correlation(loci: Loci, locus: int) -> np.ndarray:
    """Squared genotype correlation of all loci with one of them: float64 [n_loci]."""
    x = loci.genotypes.astype(np.float64)
    centred = x - x.mean(axis=1, keepdims=True)
    dot = centred @ centred[locus]
    return dot**2 / ((centred**2).sum(axis=1) * (centred[locus] ** 2).sum())
