"""Exhaustive search of all pairs of positions on genotype probabilities, trait by trait."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from crossmap.errors import DataError
from crossmap.execution import Execution, one_blas_thread, run_tasks
from crossmap.genotypes.probable_loci import ProbableLoci
from crossmap.kernels.philox import fold_cells
from crossmap.kernels.probability_search import permute_within_cells
from crossmap.kernels.regression import TIE, row_squares
from crossmap.linkage.f_test import neglog10_p
from crossmap.linkage.permutation import stage_key
from crossmap.linkage.probability_pairs import null_stage, pairs_of
from crossmap.linkage.probability_stage import ProbabilityStage
from crossmap.linkage.scan2 import PairOptions, PairSearch, PairTest, no_test
from crossmap.linkage.sequential import search_data

COLUMNS_PER_TASK = 1024
"""Columns of one task, traits times permutations: enough that making the pairs ready costs little
beside their products."""


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
        float64 [n_traits, n_samples]; NaN where a sample does not take part in the search of a
        trait.
    loci
        Positions with probabilities of the genotypes of the same samples.
    names, options, execution
        As in `crossmap.linkage.scan2.pair_search`. `min_cell` bounds the expected size of every
        genotype combination.

    Returns
    -------
    PairSearch
        Where pairs differ in degrees of freedom, they are compared on the p-value, and F is the one
        with that p-value at the degrees of freedom most pairs of the trait's samples have.

    Raises
    ------
    DataError
        If no pair is eligible for any trait.

    Notes
    -----
    The null permutes residuals on the means of sex and direction, where there is an X, within these
    groups; else whole samples, by the permutations of `pair_search`.
    """
    choice = options or PairOptions()
    data = search_data(traits, names)
    n_columns = choice.n_perm + 1
    per_task = max(1, COLUMNS_PER_TASK // n_columns)

    @lru_cache(maxsize=2)  # where traits miss many different samples, each has its own
    def ready(pattern: int) -> tuple[ProbableLoci, ProbabilityStage, np.ndarray, np.ndarray]:
        rows, samples = data.patterns[pattern]
        own = loci if len(samples) == data.y.shape[1] else loci.on(samples)
        null = null_stage(own, min_cell=choice.min_cell)
        y = data.values(rows, samples)
        residual, base = null.residuals(y), np.empty(len(y))
        row_squares(residual, base)
        base[base <= 1e-24 * len(samples) * np.abs(y).max(axis=1, initial=0.0) ** 2] = 0.0
        return own, null, residual, base

    def work(task: tuple[int, int]) -> tuple[_Best, _Best, np.ndarray]:
        pattern, first = task
        own, null, residual, base = ready(pattern)
        part = slice(first, first + per_task)
        members, start, cell = null.cells
        key = np.uint64(fold_cells(stage_key(choice.seed, 1), cell))
        columns = np.empty((len(residual[part]), n_columns, residual.shape[1]))
        items = data.items[data.patterns[pattern][0][part]]
        permute_within_cells(residual[part], items, key, members, start, 0, columns)
        z = null.residuals(columns.reshape(-1, residual.shape[1]))
        scale = np.sqrt(np.repeat(base[part], n_columns))
        z = np.divide(z, scale[:, None], out=np.zeros_like(z), where=scale[:, None] > 0)
        return (*_search_columns(z, own, null, choice), base[part])

    tasks = [
        (pattern, first)
        for pattern, (rows, samples) in enumerate(data.patterns)
        if len(samples)
        for first in range(0, len(rows), per_task)
    ]
    results = run_tasks(work, tasks, execution=execution, stage="pairs of loci")
    found: dict[int, list[tuple[_Best, _Best]]] = {}
    n_pairs, rss0 = np.zeros(len(data.y), dtype=np.int64), np.zeros(len(data.y))
    for (pattern, first), (linkage, epistasis, base) in zip(tasks, results, strict=True):
        found.setdefault(pattern, []).append((linkage, epistasis))
        rss0[data.patterns[pattern][0][first : first + per_task]] = base
    tests = [no_test(len(data.y), choice.n_perm) for _ in range(2)]
    for pattern, parts in found.items():
        rows = data.patterns[pattern][0]
        n_pairs[rows] = sum(parts[0][0].n_pairs.values())
        for number, test in enumerate(tests):
            of_test = [part[number] for part in parts]
            test.put(rows, _pair_test(of_test, rss0[rows], n_columns, len(loci)))
    if not n_pairs.any():
        msg = (
            f"genotypes: expected a pair of loci with at least {choice.min_cell} samples expected "
            f"in each genotype combination (min_cell), found none among {len(loci)} positions"
        )
        raise DataError(msg)
    return PairSearch(
        loci=loci,
        traits=tuple(names),
        n_eligible=n_pairs,
        n_samples=data.n_samples,
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
    n = null.columns.shape[2]
    with one_blas_thread():
        single = null.gains(z)
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
        return no_test(len(rss0), n_columns - 1)
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
        df1=np.full(len(rss0), reference[0]),
        df2=np.full(len(rss0), reference[1]),
        f_null=np.ascontiguousarray(by_trait[:, 1:]),
    )


def _of(
    table: dict[tuple[int, int], np.ndarray], kind: tuple[int, int], n: int, otherwise: float
) -> np.ndarray:
    return table[kind] if kind in table else np.full(n, otherwise)


def f_with(neglog10: np.ndarray, kind: tuple[int, int] | np.ndarray) -> np.ndarray:
    """F that has a given p-value at given degrees of freedom.

    Parameters
    ----------
    neglog10
        float64 [m]: -log10 of the p-value.
    kind
        Degrees of freedom (df1, df2), or int64 [m, 2].

    Returns
    -------
    numpy.ndarray
        float64 [m]; p-values below 1e-300 count as that.
    """
    from scipy import special

    df1, df2 = np.asarray(kind).T
    p = 10.0 ** -np.clip(neglog10, 0.0, 300.0)
    r2 = special.betainccinv(df1 / 2.0, df2 / 2.0, p)
    with np.errstate(divide="ignore"):
        f: np.ndarray = (r2 / df1) / ((1.0 - r2) / df2)
    return f
