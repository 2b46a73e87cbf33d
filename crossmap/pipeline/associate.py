"""Traits against any numeric matrix: copy number, methylation, dosages, other traits."""

import warnings
from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from crossmap.cross import Cross, refuse_huge
from crossmap.errors import ArgumentError, CrossmapWarning, DataError
from crossmap.execution import Execution
from crossmap.linkage.null_model import null_design
from crossmap.linkage.predictors import Missing, Predictors, matrix_predictors
from crossmap.linkage.scan1 import Scan1Options, preflight, require_sensible
from crossmap.linkage.transforms import Transform, transform_traits
from crossmap.pipeline.scan1 import run_scan
from crossmap.significance.scan1 import Scan1


def associate(
    traits: pd.DataFrame | Cross,
    predictors: pd.DataFrame | Cross | None = None,
    *,
    joint_with: pd.DataFrame | None = None,
    covariates: pd.DataFrame | None = None,
    interactive: Sequence[str] | None = None,
    error_covariance: pd.DataFrame | None = None,
    weights: str | None = None,
    missing: Missing = "drop",
    threshold: float = 1e-5,
    histogram: int | Literal["qq"] | Sequence[float] | None = None,
    transform: Sequence[Transform] | None = None,
    n_components: int = 0,
    force: bool = False,
    execution: Execution | None = None,
) -> Scan1:
    """Regress every trait on every row of a matrix, one at a time.

    Parameters
    ----------
    traits
        One row per trait, one column per sample, NaN missing; or the traits of a cross.
    predictors
        The same for what traits are regressed on; or the number of alleles at every marker of a
        cross. None regresses every trait on every other (both ways, not on itself).
    joint_with
        A second variable for every predictor (its copy number, say), rows and columns named alike:
        the two are tested together, by one F test.
    covariates
        One row per sample; all columns enter the null model, as in `scan1`. None takes none, also
        of a cross.
    interactive
        Columns of `covariates` whose interaction with the predictor is tested instead.
    error_covariance
        As in `scan1`.
    weights
        Column of `covariates` that holds weights and is not a covariate: error variances are
        divided by it.
    missing
        Samples without a value of the predictor: ``drop`` them from its tests, or give them the
        ``mean`` of the others.
    threshold, histogram, transform, n_components, force, execution
        As in `scan1`.

    Returns
    -------
    Scan1
        Its tables have a column predictor, and no places.

    Warns
    -----
    CrossmapWarning
        If samples are not in all tables, or lack covariates, and are left out.

    Raises
    ------
    ArgumentError
        For an option out of range.
    DataError
        If names are repeated, values are not finite numbers, no samples are in common, or
        `joint_with` has other rows.

    References
    ----------
    Shabalin (2012) Bioinformatics 28:1353.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> samples = [f"s{k}" for k in range(20)]
    >>> x = pd.DataFrame(rng.normal(size=(3, 20)), index=["g1", "g2", "g3"], columns=samples)
    >>> y = (x + 0.1 * rng.normal(size=x.shape)).set_axis(["t1", "t2", "t3"])
    >>> associate(y, x).to_frame()[["trait", "predictor"]].values.tolist()
    [['t1', 'g1'], ['t2', 'g2'], ['t3', 'g3']]
    """
    if joint_with is not None and (predictors is None or interactive):
        msg = "joint_with: expected predictors and no interactive covariates with it"
        raise ArgumentError(msg)
    names = [] if covariates is None else [c for c in covariates.columns if c != weights]
    options = Scan1Options.of(
        2,  # numbers, not genotypes
        model="linear_cross" if interactive else "linear",
        covariates=names,
        interactive=interactive,
        weights=weights,
        missing=missing,
        threshold=threshold,
        histogram=histogram,
        transform=transform,
        n_components=n_components,
        force=force,
    )
    y = _table(traits, "traits", traits=True)
    x = None if predictors is None else _table(predictors, "predictors", traits=False)
    z = None if joint_with is None else _table(joint_with, "joint_with", traits=False)
    tables = [t for t in (y, x, z) if t is not None]
    samples = _samples_in_common(tables)
    values = transform_traits(
        _values(y, samples).astype(np.float64, copy=False),
        options.transform,
        n_components=n_components,
        names=list(y.index),
    )
    rows, own_row = _predictors(y, x, z, samples, values)
    size = preflight(options, n_traits=len(y), n_markers=len(rows.names))
    require_sensible(options, size)
    given = pd.DataFrame(index=samples) if covariates is None else _named_by_sample(covariates)
    design = null_design(
        given.reindex(samples),
        covariates=options.covariates,
        interactive=options.interactive,
        error_covariance=error_covariance,
        weights=weights,
    )
    effect = "one unit of the predictor"
    if len(design.interactive_names) == 1:
        effect += f", per unit of {design.interactive_names[0]}"
    return run_scan(
        values,
        [(rows, design)],
        options.request(design, own_row=own_row),
        options=options,
        trait_names=list(y.index),
        predictor_table=pd.DataFrame({"predictor": pd.Series(rows.names, dtype=object)}),
        effect_of=effect,
        has_error_covariance=error_covariance is not None,
        execution=execution,
    )


def _table(data: pd.DataFrame | Cross, name: str, *, traits: bool) -> pd.DataFrame:
    """Rows and columns named by text, each once."""
    if isinstance(data, Cross):
        if traits:
            return pd.DataFrame(data.traits, index=data.trait_names, columns=data.samples)
        calls = np.where(data.genotypes < 0, np.nan, data.genotypes).astype(np.float32)
        return pd.DataFrame(calls, index=data.markers["marker"], columns=data.samples)
    table = data.set_axis([str(c) for c in data.columns], axis=1)
    table = table.set_axis([str(r) for r in table.index], axis=0)
    for axis, kind in ((table.index, "rows"), (table.columns, "samples")):
        if axis.has_duplicates:
            msg = f"{name}: expected {kind} named once, found {axis[axis.duplicated()][0]!r} twice"
            raise DataError(msg)
    return table


def _named_by_sample(covariates: pd.DataFrame) -> pd.DataFrame:
    table = covariates.set_axis([str(s) for s in covariates.index], axis=0)
    if table.index.has_duplicates:
        name = table.index[table.index.duplicated()][0]
        msg = f"covariates: expected each sample once, found {name!r} twice"
        raise DataError(msg)
    return table


def _samples_in_common(tables: Sequence[pd.DataFrame]) -> list[str]:
    common = set(tables[0].columns).intersection(*(t.columns for t in tables[1:]))
    every = set().union(*(t.columns for t in tables))
    if not common:
        msg = (
            "samples: expected names that all tables share, found none (the traits have "
            f"{tables[0].columns[0] if len(tables[0].columns) else 'no samples'!r})"
        )
        raise DataError(msg)
    if len(common) < len(every):
        warnings.warn(
            f"{len(every) - len(common)} of {len(every)} samples are not in all tables and were "
            "left out",
            CrossmapWarning,
            stacklevel=3,
        )
    return sorted(common)


def _values(table: pd.DataFrame, samples: list[str]) -> np.ndarray:
    """Numbers [n_rows, n_samples] of the samples, NaN missing; float32 stays float32."""
    if list(table.columns) != samples:
        table = table[samples]
    kinds = {np.dtype(kind) if isinstance(kind, np.dtype) else None for kind in table.dtypes}
    dtype = np.float32 if kinds == {np.dtype(np.float32)} else np.float64
    try:
        values = table.to_numpy(dtype=dtype, na_value=np.nan)
    except (TypeError, ValueError) as error:
        msg = f"{table.index.name or 'table'}: expected numbers, found other things ({error})"
        raise DataError(msg) from error
    refuse_huge(values, list(map(str, table.index)), samples)
    return np.ascontiguousarray(values)


def _predictors(
    y: pd.DataFrame,
    x: pd.DataFrame | None,
    z: pd.DataFrame | None,
    samples: list[str],
    values: np.ndarray,
) -> tuple[Predictors, np.ndarray | None]:
    """Rows to regress on, and for each trait the row that is itself."""
    if x is None:
        rows = matrix_predictors(list(y.index), values)
        return rows, rows.row_of_marker
    others = []
    if z is not None:
        if set(z.index) != set(x.index):
            odd = sorted(set(z.index) ^ set(x.index))[0]
            msg = f"joint_with: expected the rows of predictors, found {odd!r} in one of them only"
            raise DataError(msg)
        others = [_values(z.loc[x.index], samples)]
    return matrix_predictors(list(x.index), _values(x, samples), *others), None
