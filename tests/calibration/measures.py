"""What the analysed crosses of a scenario say of a method: realised rates and their parts."""

from pathlib import Path

import numpy as np
import pandas as pd

from crossmap.significance.fdr import posterior_q_values

LEVELS = (0.01, 0.05, 0.10, 0.20)
NOMINAL = 0.10
EQUAL_FDR = 0.10


def load(work, scenario, method, within_cm=20.0):
    """Arrays of a method, name -> one entry per cross; None if no cross has it."""
    kept, search = [], method.name.rsplit(" ", 1)[0]
    for file in sorted((Path(work) / scenario).glob("[0-9]*[0-9].npz")):
        with np.load(file) as data:
            names = [key for key in data.files if key.startswith(f"{method.name}/")]
            if names:
                kept.append({key.split("/")[-1]: data[key] for key in names})
                kept[-1]["n_loci"] = data["n_loci"]
                kept[-1]["error_cm"] = data[f"{search}/error_within_{within_cm:g}cm"]
    return {key: [cross[key] for cross in kept] for key in kept[0]} if kept else None


def are_true(data):
    """For every cross, whether both loci of each trait are true."""
    return [~np.isnan(error[:, :2]).any(axis=1) for error in data["error_cm"]]


def realised(data, nominal):
    """Realised FDR of the claims of all crosses together, its errors, power, localisation.

    The binomial standard error takes claims as independent; the other is that of a ratio over
    crosses, whose claims share genotypes.
    """
    called = [(q <= nominal) & (p > 0) for q, p in zip(data["q"], data["joint_prob"], strict=True)]
    true = are_true(data)
    n = np.array([c.sum() for c in called])
    false = np.array([(c & ~t).sum() for c, t in zip(called, true, strict=True)])
    total, n_crosses = n.sum(), len(n)
    fdr = false.sum() / total if total else 0.0
    spread = np.sqrt(((false - fdr * n) ** 2).sum() * n_crosses / max(n_crosses - 1, 1))
    findable = sum((loci >= 2).sum() for loci in data["n_loci"])
    error = np.concatenate([e[c] for e, c in zip(data["error_cm"], called, strict=True)])
    wrong = np.isnan(error[:, :2])
    near = error[:, :2][~wrong]
    return {
        "n_crosses": n_crosses,
        "n_traits": sum(map(len, called)),
        "n_claims": int(total),
        "realised_fdr": fdr,
        "binomial_se": np.sqrt(fdr * (1 - fdr) / total) if total else np.nan,
        "se_of_crosses": spread / total if total else np.nan,
        # The mean over crosses of the false share, 0 where nothing is called.
        "mean_fdp": float(np.mean(false / np.maximum(n, 1))),
        "mean_fdp_se": float(np.std(false / np.maximum(n, 1)) / np.sqrt(n_crosses)),
        "locus1_fdr": wrong[:, 0].mean() if total else np.nan,
        "locus2_fdr": wrong[:, 1].mean() if total else np.nan,
        "power": (total - false.sum()) / findable if findable else np.nan,
        "median_error_cm": float(np.median(near)) if near.size else np.nan,
    }


def located_claims(data, nominal):
    """Claims at a rate that counts misplaced ones too, how many of them are false or misplaced, and
    the share of the claims of linkage that was expected to be misplaced."""
    n, false, misplaced = 0, 0, []
    rows = zip(data["q"], data["joint_prob"], data["located_prob"], are_true(data), strict=True)
    for q, linked, located, true in rows:
        called = (posterior_q_values(located) <= nominal) & (located > 0)
        n += called.sum()
        false += (called & ~true).sum()
        of_linkage = (q <= nominal) & (linked > 0)
        misplaced.append((linked - located)[of_linkage])
    together = np.concatenate(misplaced)
    return {
        "n_located": int(n),
        "located_realised_fdr": false / n if n else 0.0,
        "misplaced_estimate": together.mean() if len(together) else np.nan,
    }


def power_at_equal_fdr(data, level=EQUAL_FDR):
    """Share of the findable pairs named where the realised FDR reaches `level`, by q-value."""
    findable = sum((loci >= 2).sum() for loci in data["n_loci"])
    if not findable:
        return np.nan
    q = np.concatenate(data["q"])
    true = np.concatenate(are_true(data))[np.argsort(q, kind="stable")]
    n_true = np.cumsum(true)
    held = np.flatnonzero(1 - n_true / np.arange(1, len(true) + 1) <= level)
    return n_true[held[-1]] / findable if held.size else 0.0


def pi0_against_truth(data):
    """Mean estimate and truth of pi0 for both loci, and the spread of the estimates.

    The truth for the second: the share of traits all of whose true loci the first has taken.
    """
    estimate = np.array(data["pi0"])
    truth = np.array([true_pi0(data, cross) for cross in range(len(estimate))])
    out = {}
    for locus in (1, 2):
        out[f"pi0_{locus}"] = estimate[:, locus - 1].mean()
        out[f"pi0_{locus}_true"] = truth[:, locus - 1].mean()
        out[f"pi0_{locus}_sd"] = (estimate - truth)[:, locus - 1].std()
    return out


def true_pi0(data, cross):
    n_loci, first = data["n_loci"][cross], ~np.isnan(data["error_cm"][cross][:, 2])
    return np.mean(n_loci == 0), np.mean(n_loci - first <= 0)


def reliability(data):
    """Decile of the joint probability -> its mean and the share of true pairs."""
    prob, true = np.concatenate(data["joint_prob"]), np.concatenate(are_true(data))
    decile = np.minimum((prob * 10).astype(int), 9)
    table = pd.DataFrame({"decile": decile, "joint_prob": prob, "true": true})
    groups = table.groupby("decile")
    out = groups.mean().rename(columns={"true": "share_true"})
    out["se"] = np.sqrt(out["share_true"] * (1 - out["share_true"]) / groups.size())
    out.insert(0, "n", groups.size())
    return out.reset_index()


def parts(data, nominal=NOMINAL):
    """Where realised less estimated FDR of the called comes from; the parts add up to it.

    monotone_fit: probabilities made monotone, and cut, less as estimated; pi0: with its estimate
    less with the truth; primary: probability of the first locus less the share that are true;
    product: that of the second among those whose first is true, less the share true.
    """
    rows = []
    for cross, (q, joint) in enumerate(zip(data["q"], data["joint_prob"], strict=True)):
        called = (q <= nominal) & (joint > 0)
        ratio, pi0 = data["ratio"][cross][called].astype(float), data["pi0"][cross]
        raw = 1 - pi0 * ratio
        best = 1 - np.array(true_pi0(data, cross)) * ratio
        first = ~np.isnan(data["error_cm"][cross][called, 2])
        both = ~np.isnan(data["error_cm"][cross][called, :2]).any(axis=1)
        rows.append(
            np.column_stack(
                [
                    joint[called] - raw.prod(axis=1),
                    raw.prod(axis=1) - best.prod(axis=1),
                    (best[:, 0] - first) * best[:, 1],
                    first * (best[:, 1] - both),
                    joint[called] - both,
                    1 - joint[called],
                ]
            )
        )
    together = np.concatenate(rows)
    names = ("monotone_fit", "pi0", "primary", "product", "realised_less_estimated", "estimated")
    means = together.mean(axis=0) if len(together) else np.full(len(names), np.nan)
    return dict(zip(names, means, strict=True))
