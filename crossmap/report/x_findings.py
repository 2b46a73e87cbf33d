"""What deserves a word about the X chromosome of a backcross or F2: sex, direction, calls."""

import numpy as np

from crossmap.cross import Cross
from crossmap.errors import DataError
from crossmap.genotypes.chains import impossible_calls
from crossmap.genotypes.x_chromosome import EXCHANGED, has_sexed_x, x_samples
from crossmap.report.findings import Finding
from crossmap.report.words import count

_N_CALLS = 3


def find_on_x(cross: Cross) -> list[Finding]:
    """Judge what is known of sex and direction, and whether calls on X agree with it.

    Parameters
    ----------
    cross
        Any cross; only of a backcross or F2 with a chromosome X there is anything to say.

    Returns
    -------
    list of Finding
        Kinds ``sex`` (not known, or assumed) and ``impossible_call``.
    """
    if not has_sexed_x(cross):
        return []
    try:
        samples = x_samples(cross)
    except DataError as error:
        text = f"Sex or direction of the cross, which X goes with, is not known: {error}."
        return [Finding("error", "sex", text)]
    found = []
    for assumed in samples.assumed:
        text = f"Genotypes on X go with sex and direction of the cross. Assumed: {assumed}."
        if assumed != EXCHANGED:
            column = "pgm" if "pgm" in assumed else "sex"
            text += f" Say it in a covariate {column}"
            more = ": a trait that differs between the sexes is linked to X falsely without it."
            text += more if cross.crosstype == "bc" else "."
        found.append(Finding("warning", "sex", text))
    return found + _impossible(cross)


def _impossible(cross: Cross) -> list[Finding]:
    """Calls that sex and direction of their samples rule out, named by sample and marker."""
    impossible = impossible_calls(cross)
    if not impossible.any():
        return []
    markers = cross.markers["marker"].to_numpy(dtype=object)
    per_sample = impossible.sum(axis=0)
    # Samples with the most of them first.
    order = np.argsort(-per_sample, kind="stable")[: int((per_sample > 0).sum())]
    names = tuple(cross.samples[i] for i in order)
    some = [
        f"{cross.genotype_names[cross.genotypes[row, i]]} of sample {cross.samples[i]} at marker "
        f"{markers[row]}"
        for i in order[:_N_CALLS]
        for row in np.flatnonzero(impossible[:, i])[:1]
    ]
    n_calls = count(int(impossible.sum()), "call")
    text = (
        f"{n_calls} on X of {count(len(names), 'sample')} that sex and direction of the cross rule "
        f"out (such as {', '.join(some)}); they count as missing. Sample {names[0]} has "
        f"{int(per_sample.max())} of them: is its sex right?"
    )
    return [Finding("warning", "impossible_call", text, names)]
