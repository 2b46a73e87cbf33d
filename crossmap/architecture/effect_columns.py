"""What effects are estimated from: codes of loci and who is in which genotype, sure or probable."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from crossmap.arguments import did_you_mean
from crossmap.cross import Cross
from crossmap.errors import ArgumentError
from crossmap.genotypes.chains import x_chain_groups
from crossmap.genotypes.loci import Loci, require_complete_two_class
from crossmap.genotypes.probable_loci import ProbableLoci
from crossmap.linkage.locus_models import locus_models


@dataclass(frozen=True, eq=False)
class EffectColumns:
    """Columns of some loci.

    Parameters
    ----------
    row_of
        Name of a locus -> its row.
    columns
        float64 [n_loci, K, n_samples]: of two genotypes the number (or probability) of the second;
        of three -1, 0, 1 and, for dominance, 0, 1, 0, or their expectations; on X, where genotypes
        go with sex and direction of the cross, alleles in a column for each such group. Columns
        that a locus does not have are 0.
    has_effect
        bool [n_loci]: whether the first column's coefficient is the effect of the locus.
    group_names
        Of the groups that have a column each on X; empty where none has.
    group_alleles
        float64 [g]: by how many alleles the two genotypes differ that each of them may have.
    cells
        float64 [n_loci, C, n_samples]: probability of being in each genotype; NaN for one that the
        locus does not have.
    groups
        float64 [g, n_samples]: columns of the model without any locus, beside the constant.
    df
        int64 [n_loci]: degrees of freedom of each alone.
    n_genotypes
        Of a locus that is not on X.
    """

    row_of: dict[str, int]
    columns: np.ndarray
    has_effect: np.ndarray
    group_names: tuple[str, ...]
    group_alleles: np.ndarray
    cells: np.ndarray
    groups: np.ndarray
    df: np.ndarray
    n_genotypes: int


def effect_columns(cross: Cross, loci: Loci | None, names: Sequence[str]) -> EffectColumns:
    """Code some loci for the estimation of effects.

    Parameters
    ----------
    cross
        The cross.
    loci
        Positions with genotype probabilities; anything else takes calls, which must be complete and
        of two genotypes.
    names
        Markers, or positions.

    Returns
    -------
    EffectColumns

    Raises
    ------
    ArgumentError
        For a name that is not known.
    DataError
        If the cross has three genotypes or missing calls (of calls).
    """
    is_probable = isinstance(loci, ProbableLoci)
    if not is_probable:
        require_complete_two_class(cross)
    known = loci.names if isinstance(loci, ProbableLoci) else cross.markers["marker"].tolist()
    place = {name: row for row, name in enumerate(known)}
    unknown = [name for name in names if name not in place]
    if unknown:
        msg = f"linkages: expected a locus of the cross, found {unknown[0]!r}"
        raise ArgumentError(msg + did_you_mean(unknown[0], place))
    rows = np.unique(np.array([place[name] for name in names], dtype=np.int64))
    row_of = {str(known[row]): at for at, row in enumerate(rows)}
    if not isinstance(loci, ProbableLoci):
        one = cross.genotypes[rows] == 1
        return EffectColumns(
            row_of=row_of,
            columns=one[:, None].astype(np.float64),
            has_effect=np.ones(len(rows), dtype=np.bool_),
            group_names=(),
            group_alleles=np.empty(0),
            cells=np.stack([~one, one], axis=1).astype(np.float64),
            groups=np.empty((0, cross.n_samples)),
            df=np.ones(len(rows), dtype=np.int64),
            n_genotypes=2,
        )
    own = loci.take(rows)
    columns, n_genotypes = own.main_columns.copy(), len(own.probability)
    if n_genotypes == 3:
        columns[~own.on_x, 0] -= 1.0
    is_made, cells, _ = own.membership
    groups = [own.group == g for g in range(1, own.n_groups)] if own.on_x.any() else []
    has_effect = ~own.on_x | ((n_genotypes == 2) & (own.n_groups == 1))
    on_x = () if has_effect.all() else x_chain_groups(cross)
    return EffectColumns(
        row_of=row_of,
        columns=columns,
        has_effect=has_effect,
        group_names=tuple(group.name.replace(", ", "_") for group in on_x),
        group_alleles=np.array([float(np.ptp(group.chain.classes)) for group in on_x]),
        cells=np.where(is_made[:, :, None], cells, np.nan),
        groups=np.array(groups, dtype=np.float64).reshape(len(groups), cross.n_samples),
        df=locus_models(own).df1,
        n_genotypes=n_genotypes,
    )
