"""The X chromosome of a backcross or F2: samples by sex and by direction of the cross."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from crossmap.cross import Cross
from crossmap.errors import CrossmapWarning, DataError
from crossmap.io.sex import COLUMNS, FEMALE, FORWARD, MALE, REVERSE

SEXED = ("bc", "f2")
"""Cross types whose means may differ on X by sex and direction without any locus there."""

EXCHANGED = "0 and 1 of the direction of the cross are exchanged, as all calls say"

MOST_STRAY = 0.05
"""Share of the homozygous calls of females that errors explain: with more of both kinds, the
females are of both directions."""


@dataclass(frozen=True, eq=False)
class XSamples:
    """Sex and direction of the cross of every sample.

    Parameters
    ----------
    is_male
        bool [n_samples].
    is_reverse
        bool [n_samples]: whether the second strain is on the mother's side; means nothing of males,
        nor in a backcross.
    assumed
        What no covariate says and calls on X have to, in words.
    """

    is_male: np.ndarray
    is_reverse: np.ndarray
    assumed: tuple[str, ...] = ()


def is_x(chromosome: str) -> bool:
    """Tell the sex chromosome X by its name.

    Parameters
    ----------
    chromosome
        The name.

    Returns
    -------
    bool
    """
    return chromosome.upper() == "X"


def has_sexed_x(cross: Cross) -> bool:
    """Whether genotypes, or the means of traits, go with sex on a chromosome of the cross.

    Parameters
    ----------
    cross
        Any cross.

    Returns
    -------
    bool
        A backcross or F2 with a chromosome X.
    """
    return cross.crosstype in SEXED and any(map(is_x, cross.chromosomes))


def x_samples(cross: Cross) -> XSamples:
    """Find out sex and direction of the cross of every sample.

    Parameters
    ----------
    cross
        A backcross or F2.

    Returns
    -------
    XSamples
        As the covariates ``sex`` and ``pgm`` (or ``cross_info``) say. Without the one, the other or
        both, as the calls on X allow, of all samples alike: a backcross is of one sex; an F2 has
        females with AA or AB (direction 0) or with AB or BB (direction 1), or males with AA or BB.
        Directions that all calls contradict are exchanged. What is assumed is R/qtl's, but that
        nothing is where samples would have to differ.

    Raises
    ------
    DataError
        If a covariate holds anything else, or calls on X do not settle what no covariate says.
    """
    male, reverse = _given(cross, "sex"), _given(cross, "cross_info")
    nobody = np.zeros(cross.n_samples, dtype=np.bool_)
    if cross.crosstype != "f2":
        if male is not None:
            return XSamples(male, nobody)
        return XSamples(nobody, nobody, ("all samples are of one sex (there is no column sex)",))
    calls = cross.genotypes[[is_x(name) for name in cross.markers["chr"]]]
    if male is None:
        return _of_one_sex(cross, calls, reverse)
    female = calls[:, ~male]
    first, last = int((female == 0).sum()), int((female == 2).sum())
    if reverse is None:
        if min(first, last) > MOST_STRAY * (first + last):
            names = cross.genotype_names
            msg = (
                "covariates: expected a column pgm or cross_info (0 or 1, the direction of the "
                f"cross), as females have {first:,} calls {names[0]} and {last:,} calls "
                f"{names[2]} on X, found {_listed(cross.covariates.columns)}"
            )
            raise DataError(msg)
        words = ("the females are of direction 1 (there is no column pgm)",)
        return XSamples(male, ~nobody, words) if last > first else XSamples(male, nobody)
    backward = ((calls == 2) & ~reverse) | ((calls == 0) & reverse)
    forward = ((calls == 0) & ~reverse) | ((calls == 2) & reverse)
    if backward[:, ~male].any() and not forward[:, ~male].any():
        return XSamples(male, ~reverse, (EXCHANGED,))
    return XSamples(male, reverse)


def _of_one_sex(cross: Cross, calls: np.ndarray, reverse: np.ndarray | None) -> XSamples:
    """All of one sex, of a direction if no covariate says it, that makes every call possible."""
    nobody = np.zeros(cross.n_samples, dtype=np.bool_)
    has_het, has_last = bool((calls == 1).any()), bool((calls == 2).any())
    choices = (nobody, ~nobody) if reverse is None else (reverse, ~reverse)
    for number, is_reverse in enumerate(choices):
        fits = not (((calls == 2) & ~is_reverse) | ((calls == 0) & is_reverse)).any()
        if fits and (has_het or not has_last):
            direction = f", of direction {number}" if reverse is None else ""
            words = f"all samples are female{direction} (there is no column sex)"
            is_exchanged = reverse is not None and number == 1
            return XSamples(nobody, is_reverse, (words, *[EXCHANGED][:is_exchanged]))
    if not has_het:
        return XSamples(~nobody, nobody, ("all samples are male (there is no column sex)",))
    return XSamples(sexes(cross), nobody)  # says that it has to be known


def x_groups(cross: Cross) -> tuple[np.ndarray, ...]:
    """Samples whose means may differ on X without any locus there: by sex and direction.

    Parameters
    ----------
    cross
        Any cross.

    Returns
    -------
    tuple of numpy.ndarray
        int64, ascending: of a backcross by sex, of an F2 females by direction and males; everyone
        together in other crosses.

    Raises
    ------
    DataError
        As `x_samples`.

    References
    ----------
    Broman et al. (2006) Genetics 174:2151.
    """
    if cross.crosstype not in SEXED:
        return (np.arange(cross.n_samples),)
    found = x_samples(cross)
    groups = (~found.is_male & ~found.is_reverse, ~found.is_male & found.is_reverse, found.is_male)
    return tuple(np.flatnonzero(mask) for mask in groups if mask.any())


def sexes(cross: Cross) -> np.ndarray:
    """Which samples are male, as a covariate says.

    Parameters
    ----------
    cross
        Any cross.

    Returns
    -------
    numpy.ndarray
        bool [n_samples].

    Raises
    ------
    DataError
        If there is no covariate ``sex``, or a sample has neither of the values it may have.
    """
    given = _given(cross, "sex")
    if given is None:
        msg = (
            f"covariates: expected a column sex (female or male, 0 or 1), for the X chromosome of "
            f"crosstype {cross.crosstype}, found {_listed(cross.covariates.columns)}"
        )
        raise DataError(msg)
    return given


def directions(cross: Cross) -> np.ndarray:
    """Which samples come from the cross in reverse direction, as a covariate says.

    Parameters
    ----------
    cross
        Any cross.

    Returns
    -------
    numpy.ndarray
        bool [n_samples]; all False without a covariate ``pgm`` or ``cross_info``.

    Raises
    ------
    DataError
        If a sample has neither 0 nor 1.
    """
    given = _given(cross, "cross_info")
    return np.zeros(cross.n_samples, dtype=np.bool_) if given is None else given


def sex_columns(cross: Cross) -> list[str]:
    """Name the covariates of sex and direction, where X makes them matter.

    Parameters
    ----------
    cross
        Any cross.

    Returns
    -------
    list of str
        Of a backcross or F2 with a chromosome X those of its covariates that are one or the other.
    """
    wanted = [*COLUMNS["sex"], *(COLUMNS["cross_info"] if cross.crosstype == "f2" else ())]
    names = map(str, cross.covariates.columns if has_sexed_x(cross) else ())
    return [name for name in names if name.casefold() in wanted]


def warn_of_x(cross: Cross, impossible: np.ndarray, *, stacklevel: int = 3) -> None:
    """Warn of what is assumed of sex and direction, and of calls on X that neither allows.

    Parameters
    ----------
    cross
        Any cross.
    impossible
        bool [n_markers, n_samples], as `crossmap.genotypes.chains.impossible_calls` gives it.
    stacklevel
        Of the warnings.
    """
    if not has_sexed_x(cross):
        return
    for words in x_samples(cross).assumed:
        text = (
            f"genotypes on chromosome X go with sex and with the direction of the cross; taken "
            f"from the calls: {words}"
        )
        if cross.crosstype == "bc":
            text += "; a trait that differs between sexes is linked to X falsely"
        warnings.warn(text, CrossmapWarning, stacklevel=stacklevel + 1)
    if impossible.any():
        marker, sample = np.argwhere(impossible)[0]
        warnings.warn(
            f"{impossible.sum():,} calls on X are none that the samples' sex and direction of the "
            f"cross allow and count as missing (the first: marker "
            f"{cross.markers['marker'].iloc[marker]}, sample {cross.samples[sample]})",
            CrossmapWarning,
            stacklevel=stacklevel + 1,
        )


def warn_of_calls_without_sex(cross: Cross, *, stacklevel: int = 4) -> None:
    """Warn that calls on X are about to be analysed as if on an autosome.

    Parameters
    ----------
    cross
        Any cross; only a backcross or F2 with a chromosome X is warned of.
    stacklevel
        Of the warning.
    """
    if has_sexed_x(cross):
        warnings.warn(
            "genotypes on chromosome X go with sex and with the direction of the cross, and calls "
            "are analysed without either: a trait that differs between the sexes is linked to X "
            "falsely; use genotype_probabilities, take sex as a covariate, or leave X out",
            CrossmapWarning,
            stacklevel=stacklevel,
        )


def _given(cross: Cross, key: str) -> np.ndarray | None:
    """What a covariate says, True for males and for the reverse direction; None without it."""
    column = _column(cross, key)
    if column is None:
        return None
    if key == "sex":
        return _binary(column, cross.samples, FEMALE, MALE, "female or male (0 or 1)")
    return _binary(column, cross.samples, FORWARD, REVERSE, "0 or 1")


def _column(cross: Cross, key: str) -> pd.Series | None:
    for name in cross.covariates.columns:
        if str(name).casefold() in COLUMNS[key]:
            column: pd.Series = cross.covariates[name]
            return column
    return None


def _listed(names: Sequence[object] | pd.Index) -> str:
    return ", ".join(map(str, names)) or "none"


def _binary(
    column: pd.Series,
    samples: Sequence[str],
    zero: frozenset[str],
    one: frozenset[str],
    expected: str,
) -> np.ndarray:
    values = np.empty(len(samples), dtype=np.bool_)
    for i, (sample, cell) in enumerate(zip(samples, column.tolist(), strict=True)):
        text = str(cell).strip().casefold()
        if text not in zero and text not in one:
            found = "none" if pd.isna(cell) else repr(cell)
            msg = f"covariate {column.name}, sample {sample}: expected {expected}, found {found}"
            raise DataError(msg)
        values[i] = text in one
    return values
