"""Exhaustive search of all pairs of positions on genotype probabilities, trait by trait."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from crossmap.errors import DataError
from crossmap.execution import Execution, one_blas_thread, run_tasks
from crossmap.genotypes.probable_loci import ProbableLoci
from crossmap.kernels.philox import fold_cells
from crossmap.kernels.probability_search import permute_within_cells
from crossmap.kernels.regression import row_squares
from crossmap.linkage.f_test import neglog10_p
from crossmap.linkage.permutation import stage_key, trait_items
from crossmap.linkage.probability_pairs import null_stage, pairs_of
from crossmap.linkage.probability_stage import ProbabilityStage
from crossmap.linkage.scan2 import PairOptions, PairSearch, PairTest

COLUMNS_PER_TASK = 1024
"""Columns of one task, traits times permutations: enough that making the pairs ready costs little
beside their products."""

TIE = 1e-12
"""Relative difference below which two shares count as equal; the first pair then stands."""


@dataclass
class _Best:
    """Best pairs of some columns by one test, for each number of degrees of freedom."""

    n_columns: int
    share: dict[tuple[int, int], np.ndarray] = field(default_factory=dict)
    pair: dict[tuple[int, int], np.ndarray] = field(default_factory=dict)
    rest: dict[tuple[int, int], np.ndarray] = field(default_factory=dict)
    n_pairs: dict[tuple[int, int], int] = field(default_factory=dict)

    def offer(
        self, degrees: np.ndarray, share: np.ndarray, rest: np.ndarray, pair: np.ndarray
    ) -> None:
        """Take what is better: degrees int64 [m, 2]; share, rest float64 [m, C]; pair [m]."""
        column = np.arange(self.n_columns)
        for kind in np.unique(degrees, axis=0):
            if kind[0] < 1 or kind[1] < 1:
                continue
            rows = np.flatnonzero((degrees == kind).all(axis=1))
            key = (int(kind[0]), int(kind[1]))
            if key not in self.share:
                self.share[key] = np.full(self.n_columns, -1.0)
                self.pair[key] = np.full(self.n_columns, -1, dtype=np.int64)
                self.rest[key] = np.full(self.n_columns, np.nan)
                self.n_pairs[key] = 0
            self.n_pairs[key] += len(rows)
            best = rows[share[rows].argmax(axis=0)]
            value = share[best, column]
            better = value > self.share[key] * (1.0 + TIE)
            self.share[key][better] = value[better]
            self.pair[key][better] = pair[best][better]
            self.rest[key][better] = rest[best, column][better]


def probability_pair_search(
    traits: np.ndarray,
    loci: ProbableLoci,
    *,
    names: Sequence[str],
    options: PairOptions | None = None,
    execution: Execution | None = None,
) -> PairSearch:
    """Search all pairs of positions for the best of every trait, by Haley-Knott regression.

    Parameters
    ----------
    traits
        float64 [n_traits, n_samples], no NaN.
    loci
        Positions with probabilities of the genotypes of the same samples.
    names, options, execution
        As in `crossmap.linkage.scan2.pair_search`. `min_cell` bounds the expected size of every
        genotype combination.

    Returns
    -------
    PairSearch
        Where pairs differ in degrees of freedom, they are compared on the p-value, and F is the one
        with that p-value at the degrees of freedom most pairs have.

    Raises
    ------
    DataError
        If traits have missing values, or no pair is eligible.

    Notes
    -----
    The null permutes residuals on the means of sex and direction, where there is an X, within these
    groups; else whole samples, by the permutations of `pair_search`.
    """
    choice = options or PairOptions()
    y = np.ascontiguousarray(traits, dtype=np.float64)
    if np.isnan(y).any():
        msg = f"traits: expected complete values, found {int(np.isnan(y).sum())} missing"
        raise DataError(msg)
    n = y.shape[1]
    null = null_stage(loci, min_cell=choice.min_cell)
    residual = null.residuals(y)
    rss0 = np.empty(len(y))
    row_squares(residual, rss0)
    rss0[rss0 <= 1e-24 * n * np.abs(y).max(axis=1, initial=0.0) ** 2] = 0.0
    n_columns = choice.n_perm + 1
    members, start, cell = null.cells
    key = np.uint64(fold_cells(stage_key(choice.seed, 1), cell))
    items = trait_items(names)
    per_task = max(1, COLUMNS_PER_TASK // n_columns)

    def work(first: int) -> tuple[_Best, _Best]:
        part = slice(first, first + per_task)
        columns = np.empty((len(residual[part]), n_columns, n))
        permute_within_cells(residual[part], items[part], key, members, start, columns)
        z = null.residuals(columns.reshape(-1, n))
        scale = np.sqrt(np.repeat(rss0[part], n_columns))
        z = np.divide(z, scale[:, None], out=np.zeros_like(z), where=scale[:, None] > 0)
        return _search_columns(z, loci, null, choice)

    firsts = range(0, len(y), per_task)
    parts = list(run_tasks(work, firsts, execution=execution, stage="pairs of loci"))
    tests = [
        _pair_test([part[number] for part in parts], rss0, n_columns, len(loci))
        for number in (0, 1)
    ]
    n_pairs = sum(parts[0][0].n_pairs.values()) if parts else 0
    if n_pairs == 0:
        msg = (
            f"genotypes: expected a pair of loci with at least {choice.min_cell} samples expected "
            f"in each genotype combination (min_cell), found none among {len(loci)} positions"
        )
        raise DataError(msg)
    return PairSearch(
        loci=loci,
        traits=tuple(names),
        n_pairs=n_pairs,
        rss0=rss0,
        linkage=tests[0] if choice.test != "epistasis" else None,
        epistasis=tests[1] if choice.test != "linkage" else None,
        options=choice,
    )


def _search_columns(
    z: np.ndarray, loci: ProbableLoci, null: ProbabilityStage, options: PairOptions
) -> tuple[_Best, _Best]:
    """Best pairs of unit residuals, by linkage and by epistasis."""
    linkage, epistasis = _Best(len(z)), _Best(len(z))
    m, k, n = null.columns.shape
    with one_blas_thread():
        one = null.columns.reshape(m * k, n) @ z.T
    single = (one.reshape(m, k, -1) ** 2).sum(axis=1)
    for place, locus in enumerate(null.rows):
        for pairs in pairs_of(
            loci,
            null,
            int(locus),
            min_cell=options.min_cell,
            same_chromosome=options.same_chromosome,
        ):
            main, interaction = pairs.gains(z)
            full = single[place] + main + interaction
            rest = np.maximum(1.0 - full, 0.0)
            number = locus * len(loci) + pairs.others
            df_full = null.df1[place] + pairs.df_main + pairs.df_int
            df2 = n - null.rank - df_full
            linkage.offer(np.column_stack([df_full, df2]), full, rest, number)
            with np.errstate(divide="ignore", invalid="ignore"):
                share = np.where(interaction > 0, interaction / (interaction + rest), 0.0)
            epistasis.offer(np.column_stack([pairs.df_int, df2]), share, rest, number)
    return linkage, epistasis


def _pair_test(parts: list[_Best], rss0: np.ndarray, n_columns: int, n_loci: int) -> PairTest:
    """Put the best of all columns together, on the scale of the commonest degrees of freedom."""
    kinds = sorted({kind for part in parts for kind in part.share})
    if not kinds:
        none = np.full(len(rss0), -1, dtype=np.int64)
        nothing = np.full(len(rss0), np.nan)
        return PairTest(none, none, nothing, nothing, 0, 0, np.empty((len(rss0), n_columns - 1)))
    reference = max(kinds, key=lambda kind: parts[0].n_pairs.get(kind, 0))
    width = len(rss0) * n_columns
    largest, f = np.full(width, -1.0), np.full(width, np.nan)
    pair, rest = np.full(width, -1, dtype=np.int64), np.full(width, np.nan)
    for kind in kinds:
        share = np.concatenate([_of(part.share, kind, part.n_columns, -1.0) for part in parts])
        with np.errstate(divide="ignore", invalid="ignore"):
            own = np.where(share >= 0, (share / kind[0]) / ((1.0 - share) / kind[1]), np.nan)
        p = np.where(share >= 0, neglog10_p(own, *kind), -1.0)
        better = p > largest * (1.0 + TIE)
        largest[better] = p[better]
        f[better] = (own if kind == reference else f_with(p, reference))[better]
        pair[better] = np.concatenate(
            [_of(part.pair, kind, part.n_columns, -1) for part in parts]
        ).astype(np.int64)[better]
        rest[better] = np.concatenate(
            [_of(part.rest, kind, part.n_columns, np.nan) for part in parts]
        )[better]
    varies = np.repeat(rss0 > 0, n_columns)
    f[~varies], pair[~varies] = np.nan, -1
    own_pair, own_rest = pair[::n_columns], rest[::n_columns]
    by_trait = f.reshape(len(rss0), n_columns)
    return PairTest(
        locus1=np.where(own_pair >= 0, own_pair // n_loci, -1),
        locus2=np.where(own_pair >= 0, own_pair % n_loci, -1),
        f=np.ascontiguousarray(by_trait[:, 0]),
        rss=np.where(own_pair >= 0, own_rest * rss0, np.nan),
        df1=reference[0],
        df2=reference[1],
        f_null=np.ascontiguousarray(by_trait[:, 1:]),
    )


def _of(
    table: dict[tuple[int, int], np.ndarray], kind: tuple[int, int], n: int, otherwise: float
) -> np.ndarray:
    return table[kind] if kind in table else np.full(n, otherwise)


def f_with(neglog10: np.ndarray, kind: tuple[int, int]) -> np.ndarray:
    """F that has a given p-value at given degrees of freedom.

    Parameters
    ----------
    neglog10
        float64: -log10 of the p-value.
    kind
        Degrees of freedom (df1, df2).

    Returns
    -------
    numpy.ndarray
        float64, same shape; p-values below 1e-300 count as that.
    """
    from scipy import special

    df1, df2 = kind
    p = 10.0 ** -np.clip(neglog10, 0.0, 300.0)
    r2 = special.betainccinv(df1 / 2.0, df2 / 2.0, p)
    with np.errstate(divide="ignore"):
        f: np.ndarray = (r2 / df1) / ((1.0 - r2) / df2)
    return f
