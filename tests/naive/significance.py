"""Pooled p-values, pi0, posterior, FDR, one definition at a time, in plain loops."""

import numpy as np


def pooled_p(observed, null):
    pool = [x for x in np.ravel(null) if not np.isnan(x)]
    out = []
    for f in observed:
        if np.isnan(f):
            out.append(np.nan)
        else:
            out.append(max(sum(x >= f for x in pool), 1) / len(pool))
    return np.array(out)


def q_values(p, pi0):
    tested = [x for x in p if not np.isnan(x)]
    out = []
    for x in p:
        if np.isnan(x):
            out.append(np.nan)
            continue
        sets = [pi0 * len(tested) * c / sum(y <= c for y in tested) for c in tested if c >= x]
        out.append(min([1.0, *sets]))
    return np.array(out)


def posterior_q(probability):
    out = []
    for p in probability:
        called = [1 - x for x in probability if x >= p]
        out.append(sum(called) / len(called))
    return np.array(out)


def posterior(observed, ratio, pi0):
    raw = {
        f: min(max(1 - pi0 * float(ratio(np.array([f]))[0]), 0.0), 1.0)
        for f in observed
        if not np.isnan(f)
    }
    return np.array(
        [0.0 if np.isnan(f) else min(v for g, v in raw.items() if g >= f) for f in observed]
    )


def floor_rule(probability, floors):
    n, fdr = [], []
    for floor in floors:
        values = []
        for lower in [x for x in floors if x <= floor]:
            called = [1 - np.prod(row) for row in probability if min(row) >= lower]
            values.append(sum(called) / len(called) if called else 0.0)
        n.append(sum(min(row) >= floor for row in probability))
        fdr.append(min(values))
    return np.array(n), np.array(fdr)


def unknown_number(probability, t):
    counts, missed = [], []
    for row in probability:
        best = max([m for m in range(1, len(row) + 1) if np.prod(row[:m]) >= t], default=0)
        counts.append(best)
        if best:
            missed.append(1 - np.prod(row[:best]))
    return np.array(counts), (sum(missed) / len(missed) if missed else 0.0)


def weighted_p(observed, null, weight):
    """Pooled p-values where the nulls of item i count weight_i each."""
    pool = [(x, w) for row, w in zip(null, weight, strict=True) for x in row if not np.isnan(x)]
    total = sum(w for _, w in pool)
    out = []
    for f in observed:
        past = sum(w for x, w in pool if x >= f)
        out.append(np.nan if np.isnan(f) else min(max(past, 1.0) / total, 1.0))
    return np.array(out)


def weighted_pi0_at(p, weight, cut):
    """pi0(a), every p-value counting its weight."""
    kept = [(x, w) for x, w in zip(p, weight, strict=True) if not np.isnan(x)]
    return sum(w for x, w in kept if x >= cut) / ((1 - cut) * sum(w for _, w in kept))
