"""What property tests share: small random crosses, ways to change them that must not matter.

`few` and `many` say how many examples; --slow tries ten times as many, and others each time.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from crossmap.cross import make_cross
from crossmap.errors import CrossmapError

SCALE = settings.default.max_examples / 100
_ODD = list(HealthCheck)
few = settings(max_examples=int(6 * SCALE), deadline=None, suppress_health_check=_ODD)
many = settings(max_examples=int(60 * SCALE), deadline=None)
slow = settings(few, max_examples=int(2 * SCALE))

seeds = st.integers(0, 2**32 - 1)
shares = st.floats(0, 1)

PROPERTY_TESTS: dict[str, list[str]] = {}
"""Public name -> the property tests it has."""


def property_of(*names):
    """Say which public functions a property test is of."""

    def register(test):
        for name in names:
            PROPERTY_TESTS.setdefault(name.split(",")[0], []).append(test.__name__)
        return test

    return register


@st.composite
def crosses(draw, *, crosstype="haploid", missing=False):
    """A small cross: some loci linked, some traits with loci, some constant or tied.

    Genes have places, some of them unknown; both parents were measured, one more often; samples
    have a condition, an age and a weight.
    """
    n = draw(st.integers(10, 36))
    n_markers = draw(st.integers(3, 10))
    rng = np.random.default_rng(draw(seeds))
    chromosome = np.sort(rng.integers(0, 3, n_markers))
    share = draw(st.floats(0.3, 0.7))
    strands = (rng.random((2, n_markers, n)) < share).astype(np.int8)
    for m in range(1, n_markers):
        if chromosome[m] == chromosome[m - 1]:
            strands[:, m] = strands[:, m - 1] ^ (rng.random((2, n)) < 0.2)
    genotypes = strands.sum(axis=0) if crosstype == "f2" else strands[0]
    a, b = genotypes[0].astype(float), genotypes[-1].astype(float)
    # Multiples of 1/1024, which stay exact in another unit.
    traits = np.round(
        1024 * np.array(
            [
                rng.normal(size=n),
                rng.normal(size=n) + 2.0 * a,
                rng.normal(size=n) + 1.5 * a * b,
                rng.integers(0, 4, n),
            ]
        )
    ) / 1024  # fmt: skip
    names = [f"t{t}" for t in range(len(traits))]
    samples = [f"s{k:02d}" for k in range(n)]
    if missing:
        genotypes = np.where(rng.random(genotypes.shape) < 0.15, -1, genotypes)
    genotype_names = ("AA", "AB", "BB") if crosstype == "f2" else ("A", "B")
    start = rng.integers(0, n_markers * 1000, len(names)).astype(float)
    return make_cross(
        crosstype=crosstype,
        genotype_names=genotype_names,
        samples=samples,
        markers=pd.DataFrame(
            {
                "marker": [f"m{m:02d}" for m in range(n_markers)],
                "chr": [str(c) for c in chromosome],
                "pos_bp": np.arange(n_markers) * 1000.0,
                "pos_cm": np.arange(n_markers) * 10.0,
            }
        ),
        genotypes=genotypes.astype(np.int8),
        trait_names=names,
        traits=traits,
        trait_positions=pd.DataFrame(
            {
                "trait": names, "chr": [str(c) for c in rng.integers(0, 3, len(names))],
                "start_bp": start, "end_bp": start + 500.0,
            }
        ).iloc[: draw(st.integers(0, len(names)))],
        covariates=pd.DataFrame(
            {
                "medium": np.where(np.arange(n) % 2, "glucose", "ethanol"),
                "age": np.round(rng.uniform(1, 9, n), 1),
                "weight": np.round(rng.uniform(0.5, 2, n), 2),
            },
            index=samples,
        ),
        parents=pd.DataFrame(
            np.round(1024 * rng.normal(size=(5, len(names)))) / 1024
            + np.repeat([0.0, 1.0], [3, 2])[:, None],
            columns=names, index=["a1", "a2", "a3", "b1", "b2"],
        ).assign(parent=[genotype_names[0]] * 3 + [genotype_names[-1]] * 2),
    )  # fmt: skip


def swapped(cross):
    """The genotypes called by each other's name."""
    last = cross.n_genotypes - 1
    calls = np.where(cross.genotypes >= 0, last - cross.genotypes, -1).astype(np.int8)
    return replace(cross, genotypes=calls)


def rescaled(cross):
    """Traits in another unit, from another zero; of the parents too."""
    parents = cross.parents.copy()
    parents[list(cross.trait_names)] = parents[list(cross.trait_names)] * 4.0 + 32.0
    return replace(cross, traits=cross.traits * 4.0 + 32.0, parents=parents)  # exact in binary


def reversed_map(cross):
    """Every chromosome read from its other end."""
    markers = cross.markers.copy()
    for column in ("pos_bp", "pos_cm"):
        markers[column] = 1e6 - markers[column]
    return make_cross(
        crosstype=cross.crosstype, genotype_names=cross.genotype_names, samples=cross.samples,
        markers=markers.iloc[::-1], genotypes=cross.genotypes[::-1],
        trait_names=cross.trait_names, traits=cross.traits, covariates=cross.covariates,
    )  # fmt: skip


def outcome(analysis, *arguments):
    """Name -> table, or the kind of error: a cross may be too small for an analysis."""
    try:
        found = analysis(*arguments)
    except CrossmapError as error:
        return type(error)
    return found if isinstance(found, dict) else {"table": found}


def assert_alike(one, other, *, but=(), unsigned=(), rtol=1e-6):
    """The same tables, or the same kind of error."""
    if isinstance(one, type) or isinstance(other, type):
        assert one is other
        return
    assert list(one) == list(other)
    for name in one:
        assert_tables_alike(one[name], other[name], but=but, unsigned=unsigned, rtol=rtol)


def assert_tables_alike(one, other, *, but=(), unsigned=(), rtol=1e-6):
    assert list(one.columns) == list(other.columns)
    assert len(one) == len(other)
    for column in one.columns:
        if column in but:
            continue
        a, b = one[column].to_numpy(), other[column].to_numpy()
        if a.dtype.kind == "f":
            a, b = (np.abs(a), np.abs(b.astype(float))) if column in unsigned else (a, b)
            np.testing.assert_allclose(a, b, rtol=rtol, atol=1e-9, err_msg=column)
        else:
            assert list(a) == list(b), column
