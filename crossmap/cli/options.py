"""Options that commands share, named and explained once; defaults are those of the functions."""

import re
from collections.abc import Callable, Mapping, Sequence
from inspect import Parameter, signature
from types import MappingProxyType, NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import click
from click.core import ParameterSource

from crossmap.cli.progress import progress_on_terminal
from crossmap.errors import ArgumentError
from crossmap.execution import Execution
from crossmap.io.plain import parse_codes

Command = TypeVar("Command", bound=Callable[..., Any])

# Argument of a Python function -> what its option does.
HELP: Mapping[str, str] = MappingProxyType(
    {
        "n_loci": "Loci to choose for every trait, one after another.",
        "n_perm": "Permutations of each trait at each stage.",
        "n_grid": "Thin the distinct loci to so many, evenly along the map.",
        "test": "Full two-locus model against the mean, against the additive model, or both.",
        "by_chromosome": "Keep the best pair of every two chromosomes too.",
        "same_chromosome": "Search pairs on one chromosome too.",
        "min_cell": "Fewest samples of each genotype in a group that a locus divides.",
        "model": "Free means for all genotype combinations, or main effects only.",
        "variance": "One residual variance, or one for each genotype combination.",
        "exclude_r2": "Bar loci on the chromosome of a chosen one with a larger squared genotype "
        "correlation; 1 bars none.",
        "exclude_window_bp": "Bar loci within so many base pairs of a chosen one.",
        "exclude_window_cm": "Bar loci within so many centimorgans of a chosen one.",
        "other_chromosome": "Every locus on a chromosome of its own.",
        "pi0_method": "How the proportion of unlinked traits is estimated.",
        "posterior": "Learn the probability of a further locus from all traits alike, or from each "
        "as far as its earlier loci are linked.",
        "local_window_bp": "Largest gap between a locus and the trait's own gene for a local "
        "linkage.",
        "min_probability": "Least probability of a call that is filled; others stay missing.",
        "max_wrong": "Largest share of all calls that may be expected to be wrong once filled.",
        "genotype_probabilities": "Analyse genotype probabilities (Haley-Knott) instead of calls.",
        "step": "Centimorgans between pseudomarkers, with genotype probabilities.",
        "error_prob": "Probability that a genotype call is wrong.",
        "map_function": "From centimorgans to recombination fractions.",
        "cm_per_mb": "Centimorgans per megabase, for markers placed in base pairs alone.",
        "seed": "Seed of all random numbers; the same seed gives the same results.",
        "fdr": "Joint-linkage false discovery rate at which traits are called.",
        "format": "Format of the tables.",
        "convergence": "Draw how the number called settles as permutations are added; no further "
        "ones are made.",
        "upper": "With --trait: LOD drawn above the diagonal.",
        "lower": "With --trait: LOD drawn below the diagonal.",
        "levels": "Nominal false discovery rates to score at.",
        "within_cm": "How near a true locus a claimed one must be, in centimorgans.",
        "repeats": "A locus named twice for a trait is a false claim, or counts once.",
        "crosstype": "haploid, dh, riself, risib, bc or f2.",
        "n_samples": "Number of samples.",
        "n_traits": "Number of traits.",
        "n_markers": "Number of markers.",
        "even_markers": "Markers at equal distances instead of at random.",
        "n_backcrosses": "Crosses of the F1 to the first parent; each halves the frequency of the "
        "other's genotype.",
        "n_parent_replicates": "Measurements of each parent.",
        "n_loci_shares": "Shares of the traits with 0, 1, 2 ... loci.",
        "variance_share": "Smallest and largest share of variance that one locus explains.",
        "pair_kind_shares": "Shares of pairs that are additive, epistatic, epistatic only.",
        "local_share": "Share of the traits with a locus that have one in their own gene.",
        "hotspot_share": "Share of the traits with a locus that have one at the hot spot.",
        "shared_pair_share": "Share of the traits with two loci that have one and the same pair.",
        "variance_ratio": "Noise variance in genotype 1 of the first locus over that in 0.",
        "correlated_share": "Share of the noise that comes from common factors.",
        "n_factors": "Number of common factors.",
        "noise": "Shape of the noise that is not common.",
        "batch_share": "Share of the noise that comes from two batches of samples.",
        "covariate_share": "Share of the noise that comes from a covariate of the samples.",
        "covariate_r2": "Share of the covariate's variance that a locus explains.",
        "missing_share": "Share of the trait values that are missing.",
        "pair_distance_cm": "Smallest and largest distance of two loci on one chromosome.",
    }
)

SHORT_NAMES: Mapping[str, str] = MappingProxyType({"n_perm": "permutations"})


def options_of(
    function: Callable[..., Any], *names: str, help: Mapping[str, str] = MappingProxyType({})
) -> Callable[[Command], Command]:
    """Turn arguments of a function into options, with its defaults and the types it declares.

    Parameters
    ----------
    function
        Whose arguments.
    names
        Which of them. ``n_loci`` becomes ``--loci``, ``min_cell`` ``--min-cell``.
    help
        What they do, where `HELP` does not say it or says it of another command.

    Returns
    -------
    callable
        Decorates a command, which receives the values under the names of the arguments.
    """
    arguments = signature(function).parameters
    types = get_type_hints(function)

    def decorate(command: Command) -> Command:
        for name in reversed(names):
            text = help[name] if name in help else HELP[name]
            command = _option(name, arguments[name].default, types[name], text)(command)
        return command

    return decorate


def _option(name: str, default: object, declared: Any, text: str) -> Callable[[Command], Command]:
    flag = "--" + SHORT_NAMES.get(name, name.removeprefix("n_")).replace("_", "-")
    if declared is bool:
        return click.option(flag, name, is_flag=True, default=default, help=text)
    kind = _click_type(declared)
    return click.option(
        flag, name, type=kind, help=text, metavar="NAME" if kind is click.STRING else None,
        **_default_or_required(default),
    )  # fmt: skip


def _default_or_required(default: object) -> dict[str, Any]:
    # A default of None is a default: click would not ask for the option.
    if default is Parameter.empty:
        return {"required": True}
    return {"default": default, "show_default": True}


def _click_type(declared: Any) -> click.ParamType:
    if get_origin(declared) in (Union, UnionType):  # Literal | None is a Union up to Python 3.13
        kinds = [kind for kind in get_args(declared) if kind is not NoneType]
        # Of a number or several, an option takes several.
        (declared,) = [kind for kind in kinds if get_origin(kind) is tuple] or kinds
    if get_origin(declared) is Literal:
        return click.Choice(get_args(declared))
    if get_origin(declared) is tuple:
        return NumbersType()
    if get_origin(declared) is Sequence:
        return NumbersType() if get_args(declared) == (float,) else NamesType()
    plain: dict[type, click.ParamType] = {
        int: click.INT, float: click.FLOAT, str: click.STRING,
    }  # fmt: skip
    return plain[declared]


class NumbersType(click.ParamType):
    """Numbers joined by commas."""

    name = "numbers"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[float, ...]:
        """Give the numbers as a tuple."""
        if isinstance(value, tuple):
            return value
        try:
            return tuple(float(part) for part in str(value).split(","))
        except ValueError:
            self.fail(f"expected numbers joined by commas, found {value!r}", param, ctx)


class NamesType(click.ParamType):
    """Names joined by commas."""

    name = "names"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[str, ...]:
        """Give the names as a tuple."""
        if isinstance(value, tuple):
            return value
        names = tuple(part.strip() for part in str(value).split(","))
        if not all(names):
            self.fail(f"expected names joined by commas, found {value!r}", param, ctx)
        return names


class MemoryType(click.ParamType):
    """Bytes, as a number with K, M, G or T for powers of 1024."""

    name = "size"
    _PATTERN = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?", re.IGNORECASE)

    def convert(self, value: Any, param: Any, ctx: Any) -> int:
        """Give the number of bytes."""
        match = self._PATTERN.fullmatch(str(value).strip())
        if match is None:
            self.fail(f"expected a size such as 2G or 500M, found {value!r}", param, ctx)
        power = " KMGT".index(match[2].upper() or " ")
        return int(float(match[1]) * 1024**power)


class CodesType(click.ParamType):
    """Genotype codes such as 1=A,2=B."""

    name = "codes"

    def convert(self, value: Any, param: Any, ctx: Any) -> dict[str, str]:
        """Give code -> name of the genotype."""
        try:
            return value if isinstance(value, dict) else parse_codes(value)
        except ArgumentError as error:
            self.fail(str(error), param, ctx)


def crosstype_options(command: Command) -> Command:
    """Add ``--crosstype`` and ``--codes``.

    Parameters
    ----------
    command
        To decorate.

    Returns
    -------
    callable
    """
    for option in (
        click.option(
            "--codes", type=CodesType(), metavar="CODE=NAME,...",
            help="What genotype cells mean, in the order of the genotypes: 1=A,2=B.",
        ),
        click.option(
            "--crosstype", metavar="NAME",
            help="haploid, dh, riself, risib, bc or f2; never guessed.",
        ),
    ):  # fmt: skip
        command = option(command)
    return command


def execution_options(command: Command) -> Command:
    """Add ``--threads`` and ``--memory``.

    Parameters
    ----------
    command
        To decorate.

    Returns
    -------
    callable
    """
    for option in (
        click.option("--memory", type=MemoryType(), help="Budget for working arrays, such as 2G."),
        click.option("--threads", type=click.INT, help="Default: the cores there are."),
    ):
        command = option(command)
    return command


def output_options(*, out: object = Parameter.empty) -> Callable[[Command], Command]:
    """Add ``--out`` and ``--quiet``.

    Parameters
    ----------
    out
        Default of ``--out``, which is required without one.

    Returns
    -------
    callable
        Decorates a command.
    """
    place = "Folder for the results: new, empty, or earlier results, which are replaced whole."

    def decorate(command: Command) -> Command:
        for option in (
            click.option("--quiet", is_flag=True, help="No summary and no progress."),
            click.option(
                "--out", metavar="DIR", type=click.Path(), help=place, **_default_or_required(out)
            ),
        ):
            command = option(command)
        return command

    return decorate


def is_named(ctx: click.Context, name: str) -> bool:
    """Whether the user named an option, on the command line or in a file.

    Parameters
    ----------
    ctx
        Of the command.
    name
        The option, as an argument.

    Returns
    -------
    bool
    """
    given = (ParameterSource.COMMANDLINE, ParameterSource.DEFAULT_MAP)
    return ctx.get_parameter_source(name) in given


def make_execution(*, threads: int | None, memory: int | None, quiet: bool) -> Execution:
    """Make an `Execution` of the options that every command has.

    Parameters
    ----------
    threads, memory
        As in `Execution`.
    quiet
        No progress.

    Returns
    -------
    Execution

    Raises
    ------
    ArgumentError
        If one is out of range.
    """
    progress = None if quiet else progress_on_terminal()
    return Execution(threads=threads, memory=memory, progress=progress)


def say(text: str, *, quiet: bool) -> None:
    """Write to stdout, unless the user wants none of it.

    Parameters
    ----------
    text
        Lines, without a line end after the last.
    quiet
        Whether to keep silent.
    """
    if not quiet:
        click.echo(text)
