"""Crosses of every scenario, analysed in every way: one file per cross, so a run can be resumed.

What is kept is what every measure is made of: for every trait the probabilities, and which of the
loci named for it are true.
"""

import time
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
from calibration.methods import CELL_SEARCHES, MAIN_SEARCHES, SEARCHES

from crossmap.architecture.located import locate_loci
from crossmap.errors import CrossmapWarning, DataError
from crossmap.execution import Execution
from crossmap.pipeline.joint import joint_linkage
from crossmap.scenarios import SCENARIOS
from crossmap.scoring import claim_errors
from crossmap.significance.joint import joint_significance

N_PERM = 5
WITHIN_CM = (20.0, 40.0, 1e6)
"""How near a true locus has to be; of the main methods also anywhere on its chromosome."""

LOCATED_FDR = 0.25
"""Traits called at this rate have their places judged."""

FEWEST_CLAIMS = 1_000
"""Of the paper's method and of the candidate, at nominal 10%: the binomial standard error there is
then under 1%."""

FEWEST_CROSSES, MANY_CROSSES = 10, 40
MOST_CROSSES = {"no-loci": 80, "one-locus": 80, "weak-loci": 80}
"""Scenarios where no claim of a pair is true, or none is made: the share of crosses with a claim is
what counts, so crosses do: none of 80 with a claim leaves a rate of at most 4%."""


SMALL_CELLS = ("samples-50", "allele-frequency-0.25", "allele-frequency-0.125")


SLOW = ("missing-values", "f2")
"""Every trait is searched for itself; three genotypes are searched on their probabilities."""


def searches(scenario):
    if scenario in MOST_CROSSES or scenario in SLOW:
        return MAIN_SEARCHES
    return SEARCHES + (CELL_SEARCHES if scenario in SMALL_CELLS else ())


def seed_of(scenario, number):
    """Seed of a cross: scenarios share none."""
    return 1_000 * (zlib.crc32(scenario.encode()) % 1_000_000) + number


def cross_file(work, scenario, number):
    return Path(work) / scenario / f"{number:04d}.npz"


def analyse(scenario, number):
    """Name -> array of one cross; the name begins with that of the method."""
    import warnings

    seed = seed_of(scenario, number)
    named = SCENARIOS[scenario]
    simulated = named.simulate(seed=seed)
    truth = simulated.truth
    kept = {"n_loci": truth.drop_duplicates("trait")["n_loci"].to_numpy(np.int16)}
    execution = Execution(threads=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CrossmapWarning)
        for method in searches(scenario):
            try:
                result = joint_linkage(
                    simulated.cross,
                    n_perm=N_PERM,
                    seed=seed,
                    execution=execution,
                    **method.search,
                    **named.search,
                )
            except DataError:  # no locus is eligible: nothing is claimed
                continue
            within = WITHIN_CM if method in MAIN_SEARCHES else WITHIN_CM[:-1]
            found = claimed_and_true(result, truth, within)
            kept |= {
                f"{method.name.rsplit(' ', 1)[0]}/{key}": value for key, value in found.items()
            }
            table = simulated.cross.trait_table
            for posterior in ("pooled", "weighted"):
                joint = joint_significance(
                    result.search,
                    trait_table=table,
                    posterior=posterior,
                    covariates=result.covariates,
                )
                name = replace(method, posterior=posterior).name
                kept |= {f"{name}/{key}": value for key, value in measures(joint).items()}
                if method in MAIN_SEARCHES and posterior == "pooled":
                    kept[f"{name}/located_prob"] = located_probability(joint, simulated.cross)
    return kept


def located_probability(joint, cross):
    """Of every trait, the probability that its loci are linked and where they are named; 0 for
    those that are not called."""
    table = locate_loci(joint, cross, fdr=LOCATED_FDR).to_frame()
    out = np.zeros(len(joint.search.traits))
    out[np.searchsorted(joint.search.traits, table["trait"])] = table["located_prob"]
    return out


def claimed_and_true(result, truth, definitions=WITHIN_CM):
    """For every trait: whether a pair is named, and by each definition of a true locus the error
    in cM of each locus of the pair, and of the first taken alone."""
    table = result.to_frame()
    named = (table["chr1"].notna() & table["chr2"].notna()).to_numpy()
    first = table.loc[named, ["trait", "chr1", "start1_cm", "end1_cm"]]
    out = {}
    for within_cm in definitions:
        errors = np.full((len(table), 3), np.nan, dtype=np.float32)
        _, pair = claim_errors(table[named], truth, within_cm=within_cm)
        _, alone = claim_errors(first, truth, within_cm=within_cm)
        errors[named] = np.column_stack([pair, alone])
        out[f"error_within_{within_cm:g}cm"] = errors
    return out


def measures(joint):
    """Arrays of one analysis."""
    stages = joint.significance
    nothing = np.ones(len(joint.joint_prob))
    ratios = [nothing if s.ratio is None else s.ratio(s.evidence) for s in stages]
    return {
        "joint_prob": joint.joint_prob,
        "q": joint.q_value,
        "prob": joint.probability.astype(np.float32),
        "ratio": np.column_stack(ratios).astype(np.float32),
        "pi0": np.array([s.pi0 for s in stages]),
        "pair_r2": joint.pair_r2.astype(np.float32),
    }


def n_claims(work, scenario, nominal=0.10):
    """Crosses done, and the claims of each main method in them."""
    files = sorted((Path(work) / scenario).glob("*.npz"))
    counts = np.zeros(len(MAIN_SEARCHES), dtype=int)
    for file in files:
        with np.load(file) as data:
            for m, method in enumerate(MAIN_SEARCHES):
                q, prob = data[f"{method.name}/q"], data[f"{method.name}/joint_prob"]
                counts[m] += ((q <= nominal) & (prob > 0)).sum()
    return len(files), counts


def run(work, scenarios, *, seconds=np.inf, most_crosses=100):
    """Analyse crosses until every scenario has enough, or the time is over."""
    start = time.monotonic()
    for scenario in scenarios:
        done, counts = n_claims(work, scenario)
        most = MOST_CROSSES.get(scenario, most_crosses)
        while True:
            enough = counts.max() >= FEWEST_CLAIMS and done >= FEWEST_CROSSES
            enough = enough and (counts.min() >= FEWEST_CLAIMS or done >= MANY_CROSSES)
            if done >= most or (enough and scenario not in MOST_CROSSES):
                break
            if time.monotonic() - start > seconds:
                print(f"{scenario}: {done} crosses, {counts.tolist()} claims; time is over")
                return False
            kept = analyse(scenario, done)
            file = cross_file(work, scenario, done)
            file.parent.mkdir(parents=True, exist_ok=True)
            np.savez_compressed(file.with_suffix(".part.npz"), **kept)
            file.with_suffix(".part.npz").rename(file)
            for m, method in enumerate(MAIN_SEARCHES):
                called = kept[f"{method.name}/q"] <= 0.10
                counts[m] += (called & (kept[f"{method.name}/joint_prob"] > 0)).sum()
            done += 1
        print(f"{scenario}: {done} crosses, {counts.tolist()} claims", flush=True)
    return True
